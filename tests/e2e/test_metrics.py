#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""/metrics, read by the parsers of Prometheus's own client, and by promtool
where it is installed: a known sequence of calls gives exactly the numbers it
has to give.

usage: test_metrics.py PROGRAM
"""
import json
import re
import shutil
import socket
import subprocess
import sys
import time

# The distribution's, whatever python3 this is.
sys.path.append("/usr/lib/python3/dist-packages")
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from world import DENIED, Server, World, run


def scrape(server, port=None):
    """{(sample, labels): value} of the page, after both parsers took it."""
    server_port, server.port = server.port, port or server.port
    try:
        response, data = server.request("GET", "/metrics")
        assert response.status == 200, data
        assert response.getheader("Content-Type").startswith("text/plain; ver")
        other, text = server.request(
            "GET", "/metrics", headers={"Accept": "application/"
                                        "openmetrics-text; version=1.0.0"})
    finally:
        server.port = server_port
    assert other.getheader("Content-Type").startswith("application/openm")
    assert list(openmetrics.text_string_to_metric_families(text.decode()))
    lint(data)
    found = {}
    for family in text_string_to_metric_families(data.decode()):
        assert family.documentation and family.type != "unknown", family
        for s in family.samples:
            key = (s.name, tuple(sorted(s.labels.items())))
            assert key not in found, key
            found[key] = s.value
    return found


def lint(page):
    if shutil.which("promtool") is None:
        return
    done = subprocess.run(["promtool", "check", "metrics"], input=page,
                          capture_output=True, check=False)
    complaints = [line for line in
                  (done.stdout + done.stderr).decode().splitlines()
                  # Its taste, not the format: a path is a fine label.
                  if line and "label name" not in line]
    assert done.returncode in (0, 3) and not complaints, complaints


def value(found, name, **labels):
    if not name.startswith("process_"):
        name = "cloudwatch_mcp_" + name
    return found.get((name, tuple(sorted(labels.items()))))


def every(found, name):
    """{values of the labels, by falling name: number} of all that are not
    zero."""
    return {tuple(v for _, v in reversed(labels)): number
            for (n, labels), number in found.items()
            if n == "cloudwatch_mcp_" + name and number}


def a_known_sequence_gives_exactly_these_numbers(world):
    server = Server(world, world.aws())
    for _ in range(3):
        server.rpc("ping")
    assert not server.call("get_active_alarms").get("isError")
    assert not server.call("get_active_alarms").get("isError")
    assert not server.call("describe_log_groups").get("isError")
    assert server.call("get_log_events",
                       log_group_name="/no/such", log_stream_name="x",
                       )["isError"]
    assert server.call("get_active_alarms", max_items="many")["isError"]
    world.faults("throttle:1@ListDashboards")
    assert not server.call("list_dashboards").get("isError")
    server.request("GET", "/nowhere")
    response, _ = server.request("DELETE", "/mcp")
    assert response.status == 405
    found = scrape(server)

    def requests(route, method, code):
        return value(found, "http_requests_total", route=route,
                     method=method, code=code)
    assert requests("/mcp", "POST", "2xx") == 9, found
    assert requests("/mcp", "other", "4xx") == 1
    assert requests("other", "GET", "4xx") == 1
    assert value(found, "http_request_duration_seconds_count",
                 route="/mcp") == 10
    assert every(found, "tool_calls_total") == {
        ("get_active_alarms", "ok"): 2, ("get_active_alarms", "error"): 1,
        ("describe_log_groups", "ok"): 1, ("get_log_events", "error"): 1,
        ("list_dashboards", "ok"): 1}, found
    assert value(found, "tool_call_duration_seconds_bucket",
                 tool="get_active_alarms", le="+Inf") == 3

    def aws(name, operation, service="monitoring", **labels):
        return value(found, name, service=service, operation=operation,
                     **labels)
    calls = "aws_calls_total"
    assert aws(calls, "DescribeAlarms", outcome="ok") == 2
    assert aws(calls, "DescribeLogGroups", "logs", outcome="ok") == 1
    assert aws(calls, "GetLogEvents", "logs", outcome="error") == 1
    assert aws(calls, "ListDashboards", outcome="ok") == 1
    assert aws("aws_throttles_total", "ListDashboards") == 1
    assert aws("aws_retries_total", "ListDashboards") == 1
    assert aws("aws_call_duration_seconds_count", "DescribeAlarms") == 2
    assert every(found, "aws_retries_total") == {
        ("monitoring", "ListDashboards"): 1}
    assert value(found, "credential_lookups_total", outcome="ok") == 1
    assert value(found, "credentials_ready") == 1
    assert value(found, "credentials_expiry_timestamp_seconds") is None
    # Two services were signed for.
    assert value(found, "cache_requests_total", cache="signing_key",
                 result="miss") == 2
    assert value(found, "cache_requests_total", cache="connection",
                 result="hit") > 0
    assert value(found, "build_info", version="0.1.0") == 1
    assert 1e6 < value(found, "process_resident_memory_bytes") < 1e9
    assert abs(value(found, "process_start_time_seconds") - time.time()) < 300
    assert value(found, "memory_used_bytes") < \
        value(found, "memory_budget_bytes") < \
        value(found, "memory_ceiling_bytes")
    assert value(found, "workers") == 8 and value(found, "workers_busy") == 0
    assert server.stop() == 0


def denied_and_unreachable_are_told_apart(world):
    server = Server(world, world.aws(DENIED))
    assert server.call("get_active_alarms")["isError"]
    found = scrape(server)
    assert value(found, "aws_calls_total", service="monitoring",
                 operation="DescribeAlarms", outcome="denied") == 1, found
    assert server.stop() == 0
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    server = Server(world, world.aws(
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}", AWS_MAX_ATTEMPTS="1"))
    assert server.call("get_active_alarms")["isError"]
    found = scrape(server)
    assert value(found, "aws_calls_total", service="monitoring",
                 operation="DescribeAlarms", outcome="unavailable") == 1, found
    assert value(found, "tool_calls_total", tool="get_active_alarms",
                 outcome="unavailable") == 1, found
    assert server.stop() == 0


def busy_workers_and_a_full_queue_show(world):
    server = Server(world, world.aws(), "--workers", "1", "--queue", "2")
    world.faults("slow:2000@DescribeAlarms")
    call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                       "params": {"name": "get_active_alarms"}}).encode()
    sockets = []
    for _ in range(5):
        s = socket.create_connection(("127.0.0.1", server.port))
        s.sendall(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                  b"application/json\r\nContent-Length: %d\r\n\r\n" %
                  len(call) + call)
        sockets.append(s)
    time.sleep(0.3)
    found = scrape(server)
    assert value(found, "workers_busy") == 1, found
    assert value(found, "queue_length") == 2
    assert value(found, "queue_capacity") == 2
    assert value(found, "http_refused_total", reason="busy") == 2
    assert value(found, "connections") == 6
    for s in sockets:
        s.close()
    assert server.stop() == 0


def broken_requests_and_callers_have_reasons(world):
    path = world.folder + "/tokens"
    with open(path, "w", encoding="ascii") as f:
        f.write("ci:0123456789abcdef\n")
    server = Server(world, world.aws(AUTH_TOKENS_FILE=path))
    for text in (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
                 b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            s.sendall(text)
            assert s.recv(100).startswith(b"HTTP/1.1 4")
    server.rpc("ping")
    server.request("POST", "/mcp", "{}",
                   {"Authorization": "Bearer wrong-wrong-wrong"})
    server.request("GET", "/mcp/tools",
                   headers={"Authorization": "Bearer 0123456789abcdef"})
    found = scrape(server)
    assert value(found, "http_refused_total", reason="malformed") == 1, found
    assert value(found, "http_refused_total", reason="too_large") == 1

    def auth(kind, outcome):
        return value(found, "auth_requests_total", kind=kind, outcome=outcome)
    assert auth("token", "ok") == 1
    assert auth("nobody", "missing") == 1
    assert auth("nobody", "invalid") == 1
    assert server.stop() == 0


def a_port_of_its_own_is_the_only_one(world):
    server = Server(world, world.aws(CLOUDWATCH_MCP_METRICS_PORT="0"))
    port = [e for e in server.log() if e["event"] == "start"][0][
        "metrics_port"]
    response, _ = server.request("GET", "/metrics")
    assert response.status == 404
    server.rpc("ping")
    found = scrape(server, port)
    assert value(found, "http_requests_total", route="/mcp", method="POST",
                 code="2xx") == 1, found
    main, server.port = server.port, port
    for path in ("/mcp", "/health", "/"):
        response, _ = server.request("GET", path)
        assert response.status == 404, path
    server.port = main
    assert server.stop() == 0


def metrics_can_be_switched_off(world):
    server = Server(world, world.aws(CLOUDWATCH_MCP_METRICS="false"))
    assert not server.call("get_active_alarms").get("isError")
    response, data = server.request("GET", "/metrics")
    assert response.status == 404 and b"switched off" in data
    assert server.stop() == 0


def a_port_in_use_stops_the_start(world):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [world.program, "--demo", "--port", "0", "--metrics-port",
             str(port)], capture_output=True, timeout=20, check=False)
    assert done.returncode == 2, done
    assert re.search(rb"port \d+ on '127.0.0.1' is in use", done.stderr), done


TESTS = [v for k, v in list(globals().items())
         if callable(v) and getattr(v, "__code__", None) is not None and
         v.__code__.co_varnames[:1] == ("world",) and v.__module__ == __name__]


def main():
    world = World(sys.argv[1])
    try:
        failed = run(TESTS, world)
    finally:
        world.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
