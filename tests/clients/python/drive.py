"""Drives an MCP server with the official Python SDK, once in each era.

usage: drive.py SERVER [ARGUMENT...]
"""

import sys

import anyio
from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters

TOOLS = {"get_echo", "get_half", "stop_early", "wait_long", "write_noise", "write_steps"}


async def lists(client):
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert TOOLS <= tools.keys(), sorted(tools)
    assert tools["get_echo"].input_schema["required"] == ["Text"]
    # Its verb says that it reads; nobody has said so in policy.reading.
    assert tools["get_echo"].annotations.read_only_hint is False


async def calls(client):
    result = await client.call_tool("get_echo", {"Text": "grüße", "Times": 2})
    assert not result.is_error
    assert result.structured_content["values"] == [{"Text": "grüße", "Times": 2}]
    assert "Text: grüße" in result.content[0].text


async def errors(client):
    result = await client.call_tool("get_half", {})
    assert not result.is_error
    assert result.structured_content["values"] == ["before", "after"]
    assert result.structured_content["errors"][0]["message"] == "boom"
    result = await client.call_tool("stop_early", {})
    assert result.is_error and "enough of it" in result.content[0].text
    result = await client.call_tool("get_echo", {"Text": "x", "Times": 1000})
    assert result.is_error and "at most 100" in result.content[0].text
    try:
        await client.call_tool("no_such_tool", {})
    except MCPError as error:
        assert error.code == -32602, error
    else:
        raise AssertionError("an unknown tool was called")


async def progress(client):
    seen = []

    async def note(value, total, message):
        seen.append(value)

    await client.call_tool("write_steps", {}, progress_callback=note)
    assert len(seen) >= 2 and seen == sorted(set(seen)), seen


async def cancel(client):
    with anyio.move_on_after(0.5) as scope:
        await client.call_tool("wait_long", {"Seconds": 60})
    assert scope.cancelled_caught
    await calls(client)


async def many(client):
    """Concurrent calls, some of which write to the console and run a child that reads the standard input."""
    answers = {}

    async def one(number):
        tool = "write_noise" if number % 5 == 0 else "get_echo"
        result = await client.call_tool(tool, {"Text": f"t{number}"})
        assert not result.is_error, result
        answers[number] = result.structured_content["values"][-1]

    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(one, number)
    for number, value in answers.items():
        text = value if number % 5 == 0 else value["Text"]
        assert text == f"t{number}", (number, value)
    assert len(answers) == 50


async def drive(server, mode, version):
    async with Client(server, mode=mode, read_timeout_seconds=60) as client:
        assert client.protocol_version == version, client.protocol_version
        for check in (lists, calls, errors, progress, cancel, many):
            print(f"{mode}: {check.__name__}", flush=True)
            with anyio.fail_after(90):
                await check(client)


async def main():
    command, *arguments = sys.argv[1:]
    server = StdioServerParameters(command=command, args=arguments)
    await drive(server, "legacy", "2025-11-25")
    await drive(server, "auto", "2026-07-28")


anyio.run(main)
