#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Live tail over real connections: events come while the call runs, progress
is told, and the session in AWS ends when the call does.

usage: test_live_tail.py PROGRAM
"""
import sys
import time

from world import DENIED, Stdio, World, run

GROUPS = ["/ecs/shop-prod/checkout", "/ecs/shop-prod/catalog",
          "/aws/containerinsights/platform/application"]


def ask(stdio, number, **arguments):
    stdio.send({"jsonrpc": "2.0", "id": number, "method": "tools/call",
                "params": {"name": "live_tail",
                           "arguments": {"log_group_identifiers": GROUPS,
                                         **arguments},
                           "_meta": {"progressToken": "p"}}})


def open_stdio(world, **more):
    stdio = Stdio(world, world.aws(**more))
    stdio.ask("initialize", {"protocolVersion": "2025-06-18",
                             "capabilities": {},
                             "clientInfo": {"name": "t", "version": "0"}})
    stdio.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    return stdio


def sessions(world, want):
    """Waits until so many sessions are open."""
    until = time.monotonic() + 10
    while world.stats()["live_tails"] != want:
        assert time.monotonic() < until, world.stats()
        time.sleep(0.05)


def events_come_with_progress_and_the_session_ends(world):
    stdio = open_stdio(world)
    start = time.monotonic()
    ask(stdio, 2, seconds=4, max_events=1000)
    sessions(world, 1)
    told = []
    while True:
        message = stdio.read()
        if message.get("method") == "notifications/progress":
            told.append(message["params"])
            continue
        break
    took = time.monotonic() - start
    result = message["result"]["structuredContent"]
    assert 3.5 < took < 8, took
    assert result["ended"] == "seconds", result
    assert result["error"] is None, result
    assert len(told) >= 2, told
    assert "events so far" in told[-1]["message"], told
    assert all(a["progress"] < b["progress"] for a, b in zip(told, told[1:]))
    assert all(e["logGroupName"] in GROUPS for e in result["events"])
    sessions(world, 0)
    assert stdio.close() == 0


def a_cancelled_call_ends_the_session(world):
    stdio = open_stdio(world)
    ask(stdio, 3, seconds=60)
    sessions(world, 1)
    stdio.send({"jsonrpc": "2.0", "method": "notifications/cancelled",
                "params": {"requestId": 3, "reason": "enough"}})
    sessions(world, 0)
    assert stdio.close() == 0


def a_few_events_are_enough(world):
    stdio = open_stdio(world)
    start = time.monotonic()
    ask(stdio, 4, seconds=60, max_events=1)
    while True:
        message = stdio.read()
        if "result" in message:
            break
    result = message["result"]["structuredContent"]
    assert result["ended"] == "max_events", result
    assert len(result["events"]) == 1, result
    assert time.monotonic() - start < 55
    sessions(world, 0)
    assert stdio.close() == 0


def a_refusal_is_a_sentence(world):
    stdio = open_stdio(world, key=DENIED)
    ask(stdio, 5, seconds=60)
    message = stdio.read()
    assert message["result"]["isError"] is True, message
    text = message["result"]["content"][0]["text"]
    assert "logs:StartLiveTail" in text or "DescribeLogGroups" in text, text
    assert stdio.close() == 0


def main():
    world = World(sys.argv[1])
    try:
        failed = run([
            events_come_with_progress_and_the_session_ends,
            a_cancelled_call_ends_the_session,
            a_few_events_are_enough,
            a_refusal_is_a_sentence,
        ], world)
    finally:
        world.close()
    sys.exit(1 if failed else 0)


main()
