// What a server has to do for a TypeScript client, whichever SDK drives it.

import assert from "node:assert/strict";

const TOOLS = ["get_echo", "get_half", "stop_early", "wait_long", "write_noise", "write_steps"];

// The transport to a server given as SERVER [ARGUMENT...] or as URL TOKEN.
export function transport({ Stdio, Http }) {
  const [first, ...rest] = process.argv.slice(2);
  if (!first.startsWith("http")) return new Stdio({ command: first, args: rest });
  return new Http(new URL(first), { requestInit: { headers: { Authorization: `Bearer ${rest[0]}` } } });
}

// `call(params, options)` and `list()` are the SDK's own.
export async function check({ call, list }) {
  const echo = (text) => call({ name: "get_echo", arguments: { Text: text } }, {});

  const { tools } = await list();
  const names = tools.map((tool) => tool.name);
  for (const name of TOOLS) assert.ok(names.includes(name), `${name} is not among ${names}`);
  assert.deepEqual(tools.find((tool) => tool.name === "get_echo").inputSchema.required, ["Text"]);

  let result = await echo("grüße");
  assert.ok(!result.isError);
  assert.deepEqual(result.structuredContent.values, [{ Text: "grüße", Times: 1 }]);

  result = await call({ name: "get_half", arguments: {} }, {});
  assert.deepEqual(result.structuredContent.values, ["before", "after"]);
  assert.equal(result.structuredContent.errors[0].message, "boom");

  result = await call({ name: "stop_early", arguments: {} }, {});
  assert.equal(result.isError, true);
  assert.match(result.content[0].text, /enough of it/);

  result = await call({ name: "get_echo", arguments: { Text: "x", Times: 1000 } }, {});
  assert.equal(result.isError, true);
  await assert.rejects(call({ name: "no_such_tool", arguments: {} }, {}), /no_such_tool/);

  const seen = [];
  await call({ name: "write_steps", arguments: {} }, { onprogress: ({ progress }) => seen.push(progress) });
  assert.ok(seen.length >= 2, `progress: ${seen}`);
  assert.ok(seen.every((value, index) => index === 0 || value > seen[index - 1]), `progress: ${seen}`);

  await assert.rejects(
    call({ name: "wait_long", arguments: { Seconds: 60 } }, { signal: AbortSignal.timeout(500) }),
  );
  await echo("after the cancel");

  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, number) => {
      const name = number % 10 === 0 ? "write_noise" : "get_echo";
      return call({ name, arguments: { Text: `t${number}` } }, {});
    }),
  );
  answers.forEach(({ isError, structuredContent }, number) => {
    assert.ok(!isError, JSON.stringify(structuredContent));
    const last = structuredContent.values.at(-1);
    assert.equal(number % 10 === 0 ? last : last.Text, `t${number}`);
  });
}
