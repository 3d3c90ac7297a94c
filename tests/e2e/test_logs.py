#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The log: what every line carries, what ties the lines of a request together,
and what never gets into it.

usage: test_logs.py PROGRAM
"""
import json
import re
import sys

from world import DENIED, READER, Server, Stdio, World, run

TOKEN = "demo-session-token-that-nobody-may-see"


def lines(path):
    """Every line is one JSON object with the three first members in order."""
    entries = []
    with open(path, encoding="ascii") as f:
        for line in f:
            entry = json.loads(line)
            assert list(entry)[:3] == ["time", "level", "event"], line
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
                                entry["time"]), line
            assert entry["level"] in ("ERROR", "WARNING", "INFO", "DEBUG",
                                      "AUDIT")
            entries.append(entry)
    return entries


def check_no_secrets(path, *secrets):
    with open(path, encoding="ascii") as f:
        text = f.read()
    for secret in (READER[1], DENIED[1], TOKEN, *secrets):
        assert secret not in text, secret
    assert not re.search(r"Signature=[0-9a-f]", text)


def info_has_one_line_for_a_call(world):
    server = Server(world, world.aws())
    server.call("get_active_alarms", region="us-west-2")
    server.call("get_active_alarms", max_items=0)
    server.rpc("ping")
    server.stop()
    requests = [e for e in lines(server.log_path) if e["event"] == "request"]
    assert len(requests) == 2, requests
    good, bad = requests
    assert good["tool"] == "get_active_alarms" and good["level"] == "INFO"
    assert good["region"] == "us-west-2", good
    assert good["status"] == 200 and good["aws_calls"] >= 1, good
    assert good["duration_ms"] >= 0 and good["bytes"] > 100, good
    assert good["request_id"] == 1 and bad["request_id"] == 2, requests
    assert "error" not in good and bad["error"] == "ARGUMENT", requests
    assert bad["aws_calls"] == 0, bad
    check_no_secrets(server.log_path)


def debug_ties_aws_calls_to_their_request(world):
    server = Server(world, world.aws(), "--log-level", "debug")
    server.call("whoami")
    server.call("describe_log_groups", max_items=1)
    server.stop()
    entries = lines(server.log_path)
    for number, operation in ((1, "GetCallerIdentity"),
                              (2, "DescribeLogGroups")):
        mine = [e for e in entries if e.get("request_id") == number]
        sent = [e for e in mine if e["event"] == "aws_request"
                and e["operation"] == operation][0]
        assert sent["canonical"].startswith("POST\n/\n"), sent
        assert "x-amz-date:" in sent["canonical"], sent
        reply = [e for e in mine if e["event"] == "aws_reply"
                 and e["operation"] == operation][0]
        assert reply["status"] == 200 and reply["bytes"] > 0, reply
        assert reply["aws_request_id"], reply
        assert [e["event"] for e in mine[-2:]] == ["request", "audit"], mine
    check_no_secrets(server.log_path)


def secrets_stay_out_of_every_level(world):
    server = Server(world, world.aws(AWS_SESSION_TOKEN=TOKEN),
                    "--log-level", "DEBUG")
    result = server.call("get_active_alarms")
    assert result["isError"], result
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"})
    server.request("POST", "/mcp?token=hidden-in-the-query", body, {
        "Content-Type": "application/json",
        "Authorization": "Bearer hidden-bearer",
        "Cookie": "session=hidden-cookie"})
    server.stop()
    entries = lines(server.log_path)
    sent = [e for e in entries if e["event"] == "aws_request"]
    assert any("x-amz-security-token:***" in e["canonical"] for e in sent)
    check_no_secrets(server.log_path, "hidden-bearer", "hidden-cookie",
                     "hidden-in-the-query")


def debug_says_why_a_request_was_refused(world):
    server = Server(world, world.aws(), "--log-level", "DEBUG")
    for path, headers, status in (
            ("/nothing", {}, 404),
            ("/health", {"Origin": "https://evil.example"}, 403),
            ("/mcp", {}, 405)):
        response, _ = server.request("GET", path, headers=headers)
        assert response.status == status, (path, response.status)
    server.stop()
    refused = [e for e in lines(server.log_path) if e["event"] == "refused"]
    assert [e["status"] for e in refused] == [404, 403, 405], refused
    assert refused[1]["origin"] == "https://evil.example", refused


def error_is_quiet_when_all_is_well(world):
    server = Server(world, world.aws())
    port = server.port
    server.stop()
    server = world.start(["--port", str(port), "--log-level", "ERROR"],
                         world.aws(), stderr=-1)
    probe = world.start(["health", "--port", str(port)], {})
    for _ in range(50):
        if probe.wait(10) == 0:
            break
        probe = world.start(["health", "--port", str(port)], {})
    server.terminate()
    out, err = server.communicate(timeout=20)
    assert out == b"" and err == b"", (out, err)


def stdout_of_stdio_is_the_protocol_and_nothing_else(world):
    client = Stdio(world, world.aws(), "--log-level", "DEBUG")
    client.send_raw(b"this is no JSON\n")
    assert client.read()["error"]["code"] == -32700
    reply = client.ask("tools/call", {"name": "whoami"}, 2)
    assert reply["id"] == 2 and not reply["result"].get("isError"), reply
    client.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    reply = client.ask("ping", number=3)
    assert reply["id"] == 3, reply
    client.process.stdin.close()
    assert client.process.stdout.read() == b""
    assert client.process.wait(30) == 0


def main():
    world = World(sys.argv[1])
    try:
        failed = run([
            info_has_one_line_for_a_call,
            debug_ties_aws_calls_to_their_request,
            secrets_stay_out_of_every_level,
            debug_says_why_a_request_was_refused,
            error_is_quiet_when_all_is_well,
            stdout_of_stdio_is_the_protocol_and_nothing_else,
        ], world)
    finally:
        world.close()
    sys.exit(1 if failed else 0)


main()
