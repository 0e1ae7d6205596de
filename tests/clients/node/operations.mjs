// What a server of operations on Microsoft Sentinel has to do for a TypeScript client, whichever SDK drives it. The SDKs
// check results against the tools' output schemas.

import assert from "node:assert/strict";

const WORKSPACE = "law-contoso";
// Its incidents are never answered.
const SILENT = "law-fabrikam";

export async function check({ call, list }) {
  const tool = (name, args, options = {}) => call({ name, arguments: args }, options);
  const rows = ({ structuredContent }) => structuredContent.values;
  const plan = ({ structuredContent }) => structuredContent.plan;

  const { tools } = await list();
  const named = (name) => tools.find((tool) => tool.name === name);
  for (const name of ["list_workspaces", "get_sentinel_incidents", "disable_analytics_rule", "undo_change"]) {
    assert.ok(named(name), `${name} is not among ${tools.map(({ name }) => name)}`);
  }
  assert.equal(named("get_analytics_rules").annotations.readOnlyHint, true);
  assert.equal(named("get_analytics_rules").outputSchema.properties.values.type, "array");
  assert.equal(named("disable_analytics_rule").annotations.readOnlyHint, false);

  const seen = [];
  let result = await tool(
    "get_analytics_rules",
    { workspace_name: "*", include_query: true },
    { onprogress: ({ progress }) => seen.push(progress) },
  );
  assert.ok(!result.isError, JSON.stringify(result));
  assert.ok(seen.every((value, index) => index === 0 || value > seen[index - 1]), `progress: ${seen}`);
  const groups = await tool("get_result", {
    result: result.structuredContent.result.id,
    group_by: ["WorkspaceName"],
  });
  assert.ok(rows(groups).length > 1, JSON.stringify(groups));

  result = await tool("get_analytics_rules", { workspace_name: "law-contso" });
  assert.equal(result.isError, true);
  assert.equal(result.structuredContent.error.code, "E721");
  assert.ok(result.structuredContent.error.candidates.includes(WORKSPACE), JSON.stringify(result));
  result = await tool("get_analytics_rules", { workspace_name: WORKSPACE, kind: ["Schedule"] });
  assert.equal(result.isError, true);
  assert.match(result.content[0].text, /Scheduled/);

  const enabled = async (id) => {
    const found = rows(await tool("get_analytics_rules", { workspace_name: WORKSPACE, no_cache: true }));
    return found.find(({ RuleId }) => RuleId === id).Enabled;
  };
  const rule = rows(
    await tool("get_analytics_rules", { workspace_name: WORKSPACE, enabled: true, kind: ["Scheduled"] }),
  )[0].RuleId;
  const change = { workspace_name: WORKSPACE, rule_id: [rule] };
  const planned = plan(await tool("disable_analytics_rule", change));
  assert.equal(planned.applied, false);
  assert.equal(planned.undo, "exact");
  assert.equal(await enabled(rule), true);
  const stale = await tool("disable_analytics_rule", { ...change, plan_digest: "0" });
  assert.equal(stale.isError, true);
  assert.equal(plan(stale).digest, planned.digest);
  const applied = await tool("disable_analytics_rule", { ...change, plan_digest: planned.digest });
  assert.ok(!applied.isError && plan(applied).applied, JSON.stringify(applied));
  assert.equal(await enabled(rule), false);
  const entry = plan(applied).journal;
  const back = plan(await tool("undo_change", { entry }));
  const undone = await tool("undo_change", { entry, plan_digest: back.digest });
  assert.equal(rows(undone)[0].State, "applied", JSON.stringify(undone));
  assert.equal(await enabled(rule), true);

  await assert.rejects(
    tool("get_sentinel_incidents", { workspace_name: SILENT }, { signal: AbortSignal.timeout(500) }),
  );
  assert.ok(rows(await tool("list_workspace_names", {})).length > 3);
}
