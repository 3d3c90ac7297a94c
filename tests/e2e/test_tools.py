#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every tool keeps what tools/list promises about it.

Each tool is called as tests/cases/tools/calls.txt says; a tool that has no line
there fails. Schemas have to be JSON Schema, arguments and answers have to
conform to them, hints have to be those of tools that only read, and wrong
arguments have to be answered with isError and a sentence.

usage: test_tools.py PROGRAM
"""
import json
import re
import sys

from jsonschema import Draft202012Validator

from world import Server, World, run

CALLS = "tests/cases/tools/calls.txt"

# What a value of each type is not.
WRONG = {"string": {}, "integer": "many", "number": "many", "boolean": "maybe",
         "array": {"a": 1}, "object": "text"}


def calls():
    """(tool, arguments as text, whether AWS may refuse) of each line."""
    with open(CALLS, encoding="utf-8") as f:
        for line in f:
            if line.startswith("#"):
                continue
            tool, arguments = line.strip().split(" ", 1)
            yield tool.lstrip("?"), arguments, tool.startswith("?")


def remember(seen, value):
    """Notes the first string member of each name in an answer."""
    found = {}

    def walk(node):
        if isinstance(node, dict):
            for key, inner in node.items():
                if isinstance(inner, str):
                    found.setdefault(key, inner)
                else:
                    walk(inner)
        elif isinstance(node, list):
            for inner in node:
                walk(inner)

    walk(value)
    seen.update(found)


def filled_in(arguments, seen):
    return json.loads(re.sub(r"\$([\w@]+)", lambda m: seen[m[1]], arguments))


def says_what_is_wrong(result, about):
    assert result.get("isError") is True, (about, result)
    assert "structuredContent" not in result, about
    assert len(result["content"]) == 1, about
    assert len(result["content"][0]["text"]) > 10, about
    return result["content"][0]["text"]


def tools_of(server):
    return {tool["name"]: tool
            for tool in server.rpc("tools/list")["result"]["tools"]}


def schemas_are_json_schema(world):
    server = Server(world, {}, "--demo", "--images")
    for name, tool in tools_of(server).items():
        for which in ("inputSchema", "outputSchema"):
            assert tool[which]["type"] == "object", (name, which)
            Draft202012Validator.check_schema(tool[which])
        assert tool["outputSchema"]["properties"], name
    assert server.stop() == 0


def hints_are_those_of_tools_that_only_read(world):
    server = Server(world, {}, "--demo", "--images")
    for name, tool in tools_of(server).items():
        hints = {"destructiveHint": True, "openWorldHint": True}
        hints.update(tool["annotations"])
        assert hints["readOnlyHint"] is True, name
        assert hints["destructiveHint"] is False, name
        # Repeating a read changes nothing: not to be denied.
        assert hints.get("idempotentHint", True) is True, name
        # Whatever talks to AWS is open; a look-up in this program is not.
        local = "region" not in tool["inputSchema"]["properties"]
        assert hints["openWorldHint"] is not local or \
            name == "list_profiles", (name, hints)
        assert tool["title"] and tool["description"], name
    assert server.stop() == 0


def every_answer_conforms_to_its_schema(world):
    server = Server(world, {}, "--demo", "--images")
    tools = tools_of(server)
    seen = {}
    called = set()
    undeclared = {}
    for name, text, may_fail in calls():
        arguments = filled_in(text, seen)
        Draft202012Validator(tools[name]["inputSchema"]).validate(arguments)
        result = server.call(name, **arguments)
        called.add(name)
        if may_fail and result.get("isError"):
            says_what_is_wrong(result, name)
            continue
        assert not result.get("isError"), (name, arguments, result)
        answer = result["structuredContent"]
        schema = tools[name]["outputSchema"]
        Draft202012Validator(schema).validate(answer)
        more = set(answer) - set(schema["properties"])
        if more:
            undeclared.setdefault(name, set()).update(more)
        texts = [block["text"] for block in result["content"]
                 if block["type"] == "text"]
        assert any(text[:1] == "{" and json.loads(text) == answer
                   for text in texts), name
        remember(seen, answer)
    assert not undeclared, f"members without a schema: {undeclared}"
    missing = set(tools) - called
    assert not missing, f"{sorted(missing)} have no line in {CALLS}"
    assert server.stop() == 0


def wrong_arguments_are_errors_that_say_what_is_right(world):
    server = Server(world, {}, "--demo", "--images")
    for name, tool in tools_of(server).items():
        schema = tool["inputSchema"]
        text = says_what_is_wrong(server.call(name, no_such_argument=1), name)
        assert "no_such_argument" in text, (name, text)
        for argument, about in schema["properties"].items():
            wrong = {argument: WRONG[about["type"]]}
            text = says_what_is_wrong(server.call(name, **wrong), name)
            assert argument in text, (name, argument, text)
        for argument in schema.get("required", []):
            given = {other: "x" for other in schema["required"]
                     if other != argument}
            text = says_what_is_wrong(server.call(name, **given), name)
            assert '"' in text, (name, argument, text)
    assert server.stop() == 0


def tools_that_are_not_offered_do_not_exist(world):
    server = Server(world, {"CLOUDWATCH_MCP_TOOLS": "alarms,whoami",
                            "CLOUDWATCH_MCP_TOOLS_DENY": "describe_alarms"},
                    "--demo")
    assert set(tools_of(server)) == {"whoami", "get_active_alarms",
                                     "get_alarm_history"} | \
        (set(tools_of(server)) & {"get_recommended_metric_alarms"})
    reply = server.rpc("tools/call", {"name": "describe_alarms",
                                      "arguments": {}})
    assert reply["error"]["code"] == -32602, reply
    assert "unknown tool" in reply["error"]["message"], reply
    start = server.rpc("initialize", {"protocolVersion": "2025-06-18",
                                      "capabilities": {},
                                      "clientInfo": {"name": "t",
                                                     "version": "0"}})
    instructions = start["result"]["instructions"]
    assert "get_active_alarms" in instructions
    assert "get_metric_data" not in instructions
    assert server.stop() == 0


def main():
    world = World(sys.argv[1])
    try:
        sys.exit(run([
            schemas_are_json_schema,
            hints_are_those_of_tools_that_only_read,
            every_answer_conforms_to_its_schema,
            wrong_arguments_are_errors_that_say_what_is_right,
            tools_that_are_not_offered_do_not_exist,
        ], world) and 1)
    finally:
        world.close()


if __name__ == "__main__":
    main()
