#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What --demo prints works as printed, and fits on one screen.

usage: test_demo.py PROGRAM
"""
import json
import re
import subprocess
import sys

from world import World, run


def banner_of(process):
    """The lines up to the one that says how to stop."""
    lines = []
    while not lines or "Ctrl-C" not in lines[-1]:
        line = process.stdout.readline()
        assert line, lines
        lines.append(line.decode().rstrip("\n"))
    return lines


def the_banner_is_one_screen_that_works(world):
    process = world.start(["--demo", "--port", "0"], {})
    lines = banner_of(process)
    assert len(lines) <= 24, len(lines)
    assert max(len(line) for line in lines) <= 80, lines
    text = "\n".join(lines)
    url = re.search(r"http://127\.0\.0\.1:(\d+)/mcp", text)
    # The curl line, given to a shell as it stands.
    command = text[text.index("curl "):text.index("LibreChat")]
    done = subprocess.run(["sh", "-c", command], capture_output=True,
                          check=True)
    result = json.loads(done.stdout)["result"]
    assert result["structuredContent"]["metric_alarms"], result
    # The settings of clients, one object each.
    start = text.index("{", text.index("Cursor"))
    cursor, _ = json.JSONDecoder().raw_decode(text[start:])
    assert cursor["mcpServers"]["cloudwatch"] == {"url": url[0]}, cursor
    start = text.index("{", text.index("Claude Desktop"))
    desktop, _ = json.JSONDecoder().raw_decode(text[start:])
    server = desktop["mcpServers"]["cloudwatch"]
    ask = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"})
    done = subprocess.run([world.program, *server["args"]], check=True,
                          input=ask.encode() + b"\n", capture_output=True)
    assert json.loads(done.stdout) == {"jsonrpc": "2.0", "id": 1,
                                       "result": {}}, done.stdout
    assert f"claude mcp add --transport http cloudwatch {url[0]}\n" in text
    assert "type: streamable-http" in text
    assert f'allowedAddresses: ["127.0.0.1:{url[1]}"]' in text
    process.send_signal(2)
    assert process.wait(20) == 0


def a_port_in_use_is_one_sentence(world):
    process = world.start(["--demo", "--port", "0"], {})
    port = re.search(r":(\d+)/mcp", "\n".join(banner_of(process)))[1]
    second = world.start(["--demo", "--port", port], {}, stderr=-1)
    _, err = second.communicate(timeout=20)
    assert second.returncode == 2
    # The thread that finds the keys may log before or after it.
    said = [line for line in err.decode().splitlines()
            if not line.startswith("{")]
    assert len(said) == 1 and port in said[0] and "in use" in said[0], said


def main():
    world = World(sys.argv[1])
    try:
        failed = run([
            the_banner_is_one_screen_that_works,
            a_port_in_use_is_one_sentence,
        ], world)
    finally:
        world.close()
    sys.exit(1 if failed else 0)


main()
