// What a server of PowerShell commands has to do for a TypeScript client, whichever SDK drives it.

import assert from "node:assert/strict";

const TOOLS = ["get_echo", "get_half", "stop_early", "wait_long", "write_noise", "write_steps"];

async function extras({ call, client }) {
  let result = await call({ name: "read_both", arguments: {} }, {});
  assert.match(result.structuredContent.values[0], /^ann\/0\//, JSON.stringify(result));
  result = await call({ name: "remove_thing", arguments: { Name: "x" } }, {});
  assert.deepEqual(result.structuredContent.values, ["removed x"]);

  result = await call({ name: "get_rows", arguments: {} }, {});
  const kept = result.structuredContent.result;
  assert.equal(kept.rows, 3000);
  result = await call({ name: "get_result", arguments: { result: kept.id, sort_by: ["-Id"], first: 1, fields: ["Id"] } }, {});
  assert.deepEqual(result.structuredContent.values, [{ Id: 3000 }]);
  const { contents } = await client.readResource({ uri: `runspaced://result/${kept.id}` });
  assert.equal(JSON.parse(contents[0].text).length, 3000);

  const { prompts } = await client.listPrompts();
  assert.deepEqual(prompts.map(({ name }) => name), ["harvest"]);
  const { messages } = await client.getPrompt({ name: "harvest", arguments: { kind: "Plum" } });
  assert.equal(messages[0].content.text, "Pick Plum.");
  const { completion } = await client.complete({
    ref: { type: "ref/prompt", name: "harvest" },
    argument: { name: "kind", value: "p" },
  });
  assert.deepEqual(completion.values, ["Pear", "Plum"]);
}

// `call(params, options)` and `list()` are the SDK's own.
export async function check({ call, list, client }) {
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

  await extras({ call, client });

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
