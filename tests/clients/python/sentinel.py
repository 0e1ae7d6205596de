"""Operations on Microsoft Sentinel through the official Python SDK, once in each era. The SDK checks results against the
tools' output schemas.

usage: sentinel.py SERVER [ARGUMENT...]
       sentinel.py URL TOKEN
"""

import os
import sys

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

WORKSPACE = "law-contoso"
# Its incidents are never answered.
SILENT = "law-fabrikam"


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


async def cancel(client):
    with anyio.move_on_after(0.5) as scope:
        await client.call_tool("get_sentinel_incidents", {"workspace_name": SILENT})
    assert scope.cancelled_caught
    names = await client.call_tool("list_workspace_names", {})
    assert len(names.structured_content["values"]) > 3, names


async def drive(server, mode, version):
    async with Client(server, mode=mode, read_timeout_seconds=60) as client:
        assert client.protocol_version == version, client.protocol_version
        for check in [lists, reads, changes, cancel]:
            print(f"{mode}: {check.__name__}", flush=True)
            with anyio.fail_after(90):
                await check(client)


async def main():
    first, *rest = sys.argv[1:]

    def server():
        if not first.startswith("http"):
            return StdioServerParameters(command=first, args=rest, env=dict(os.environ))
        headers = {"Authorization": f"Bearer {rest[0]}"}
        return streamable_http_client(first, http_client=create_mcp_http_client(headers=headers))

    await drive(server(), "legacy", "2025-11-25")
    await drive(server(), "auto", "2026-07-28")


anyio.run(main)
