"""Drives an MCP server with the official Python SDK, once in each era.

usage: drive.py SERVER [ARGUMENT...]
       drive.py URL TOKEN
"""

import json
import sys

import anyio
from mcp import Client, MCPError, types
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

TOOLS = {"get_echo", "get_half", "stop_early", "wait_long", "write_noise", "write_steps"}


async def lists(client):
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert TOOLS <= tools.keys(), sorted(tools)
    assert tools["get_echo"].input_schema["required"] == ["Text"]
    assert tools["get_echo"].annotations.read_only_hint is True


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
        tool = "write_noise" if number % 10 == 0 else "get_echo"
        result = await client.call_tool(tool, {"Text": f"t{number}"})
        assert not result.is_error, result
        answers[number] = result.structured_content["values"][-1]

    async with anyio.create_task_group() as group:
        for number in range(200):
            group.start_soon(one, number)
    for number, value in answers.items():
        text = value if number % 10 == 0 else value["Text"]
        assert text == f"t{number}", (number, value)
    assert len(answers) == 200


async def replaced(client):
    """A script ends the process; a fresh one goes on with this client."""
    await client.call_tool("set_marker", {"Value": "first"})
    assert (await client.call_tool("end_process", {})).is_error
    for _ in range(300):
        result = await client.call_tool("get_marker", {})
        if result.structured_content["values"] == [""]:
            break
        await anyio.sleep(0.1)
    else:
        raise AssertionError("the process was not replaced")
    await lists(client)
    await calls(client)
    await progress(client)


async def questions(client):
    """The person below answers."""
    result = await client.call_tool("read_both", {})
    assert not result.is_error, result
    assert result.structured_content["values"][0].startswith("ann/0/"), result
    result = await client.call_tool("remove_thing", {"Name": "x"})
    assert result.structured_content["values"] == ["removed x"], result
    result = await client.call_tool("read_secret", {})
    assert result.is_error and "secret" in result.content[0].text


async def person(context, params):
    answers = {"Name": "ann", "Colour\nWhich colour, ann?": "Red"}
    answer = answers.get(params.message, "Yes")
    return types.ElicitResult(action="accept", content={"answer": answer})


async def results(client):
    result = await client.call_tool("get_rows", {"Count": 3000})
    kept = result.structured_content["result"]
    assert kept["rows"] == 3000 and 0 < kept["next"] < 3000, kept
    question = {"result": kept["id"], "sort_by": ["-Id"], "first": 1, "fields": ["Id"]}
    last = await client.call_tool("get_result", question)
    assert last.structured_content["values"] == [{"Id": 3000}]
    listed = (await client.list_resources()).resources
    uri = next(str(resource.uri) for resource in listed if kept["id"] in str(resource.uri))
    content = (await client.read_resource(uri)).contents[0]
    assert len(json.loads(content.text)) == 3000
    few = await client.call_tool("get_rows", {"_first": 2, "_fields": ["Id"]})
    assert few.structured_content["values"] == [{"Id": 1}, {"Id": 2}]


async def extras(client):
    prompts = (await client.list_prompts()).prompts
    assert [prompt.name for prompt in prompts] == ["harvest"], prompts
    prompt = await client.get_prompt("harvest", {"kind": "Plum"})
    assert prompt.messages[0].content.text == "Pick Plum."
    reference = types.PromptReference(name="harvest")
    completion = await client.complete(reference, {"name": "kind", "value": "p"})
    assert completion.completion.values == ["Pear", "Plum"], completion
    content = (await client.read_resource("runspaced://command/get_fruit?Kind=Pear")).contents[0]
    assert json.loads(content.text)["values"] == ["Pear"]


LINES = []


async def note_line(params):
    LINES.append(params.data)


async def log(client):
    LINES.clear()
    if client.protocol_version < "2026":
        await client.set_logging_level("info")
    await client.call_tool("write_words", {})
    assert LINES == ["news", "careful"], LINES


async def drive(server, mode, version):
    checks = [lists, calls, errors, progress, questions, results, extras, log, cancel, many]
    if isinstance(server, StdioServerParameters) and sys.platform != "win32":
        checks.append(replaced)
    async with Client(
        server,
        mode=mode,
        read_timeout_seconds=60,
        elicitation_callback=person,
        logging_callback=note_line,
        log_level="info",
    ) as client:
        assert client.protocol_version == version, client.protocol_version
        for check in checks:
            print(f"{mode}: {check.__name__}", flush=True)
            with anyio.fail_after(90):
                await check(client)


async def main():
    first, *rest = sys.argv[1:]

    def server():
        if not first.startswith("http"):
            return StdioServerParameters(command=first, args=rest)
        headers = {"Authorization": f"Bearer {rest[0]}"}
        return streamable_http_client(first, http_client=create_mcp_http_client(headers=headers))

    await drive(server(), "legacy", "2025-11-25")
    await drive(server(), "auto", "2026-07-28")


anyio.run(main)
