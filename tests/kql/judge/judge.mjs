// Reads texts, one JSON string a line; answers each with a line: the first syntax error, or null.
// Syntax alone counts: the text is parsed without a schema and without semantic analysis.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runInThisContext } from 'node:vm';

const folder = dirname(createRequire(import.meta.url).resolve('@kusto/language-service-next/package.json'));
for (const file of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
  runInThisContext(readFileSync(join(folder, file), 'utf8'), file);
}

for (const line of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const errors = globalThis.Bridge.getEnumerator(globalThis.Kusto.Language.KustoCode.Parse(JSON.parse(line)).GetSyntaxDiagnostics());
  const first = errors.moveNext() ? { start: errors.Current.Start, message: errors.Current.Message } : null;
  process.stdout.write(JSON.stringify(first) + '\n');
}
