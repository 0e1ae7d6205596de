"""Operations on Microsoft Sentinel through the official Python SDK, once in each era. The SDK checks results against the
tools' output schemas.

usage: sentinel.py SERVER [ARGUMENT...]
"""

import os
import sys

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters

WORKSPACE = "law-contoso"


async def lists(client):
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert {"list_workspaces", "get_sentinel_incidents", "disable_analytics_rule", "undo_change"} <= tools.keys()
    assert tools["get_analytics_rules"].annotations.read_only_hint is True
    assert tools["get_analytics_rules"].output_schema["properties"]["values"]["type"] == "array"
    assert tools["disable_analytics_rule"].annotations.read_only_hint is False


async def reads(client):
    seen = []

    async def note(value, total, message):
        seen.append(value)

    result = await client.call_tool("get_analytics_rules", {"workspace_name": "*", "include_query": True}, progress_callback=note)
    assert not result.is_error, result
    kept = result.structured_content["result"]
    rest = await client.call_tool("get_result", {"result": kept["id"], "group_by": ["WorkspaceName"]})
    assert len(rest.structured_content["values"]) > 1, rest
    assert seen == sorted(set(seen)), seen
    wrong = await client.call_tool("get_analytics_rules", {"workspace_name": "nowhere"})
    assert wrong.is_error and wrong.structured_content["error"]["code"] == "E721", wrong


async def changes(client):
    rules = await client.call_tool("get_analytics_rules", {"workspace_name": WORKSPACE, "enabled": True, "kind": ["Scheduled"]})
    arguments = {"workspace_name": WORKSPACE, "rule_id": [rules.structured_content["values"][0]["RuleId"]]}
    plan = (await client.call_tool("disable_analytics_rule", arguments)).structured_content["plan"]
    assert plan["applied"] is False and plan["undo"] == "exact", plan
    stale = await client.call_tool("disable_analytics_rule", {**arguments, "plan_digest": "0"})
    assert stale.is_error and stale.structured_content["plan"]["digest"] == plan["digest"], stale
    applied = await client.call_tool("disable_analytics_rule", {**arguments, "plan_digest": plan["digest"]})
    assert not applied.is_error and applied.structured_content["plan"]["applied"] is True, applied
    entry = applied.structured_content["plan"]["journal"]
    back = (await client.call_tool("undo_change", {"entry": entry})).structured_content["plan"]
    undone = await client.call_tool("undo_change", {"entry": entry, "plan_digest": back["digest"]})
    assert undone.structured_content["values"][0]["State"] == "applied", undone


async def drive(server, mode, version):
    async with Client(server, mode=mode, read_timeout_seconds=60) as client:
        assert client.protocol_version == version, client.protocol_version
        for check in [lists, reads, changes]:
            print(f"{mode}: {check.__name__}", flush=True)
            with anyio.fail_after(90):
                await check(client)


async def main():
    command, *arguments = sys.argv[1:]
    for mode, version in [("legacy", "2025-11-25"), ("auto", "2026-07-28")]:
        await drive(StdioServerParameters(command=command, args=arguments, env=dict(os.environ)), mode, version)


anyio.run(main)
