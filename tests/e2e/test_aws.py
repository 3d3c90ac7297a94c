#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole way: client -> HTTP or stdio -> signing -> TLS -> an endpoint that
verifies the signature; and what a user is told when a part of it breaks.

usage: test_aws.py PROGRAM
"""
import http.client
import json
import os
import re
import signal
import socket
import sys
import threading
import time

from world import DENIED, READER, Server, Stdio, TlsFront, World, run

# One call of every tool that the account answers.
CALLS = {
    "whoami": {},
    "get_active_alarms": {},
    "describe_alarms": {"max_items": 5},
    "get_alarm_history": {"alarm_name": None},
    "list_metrics": {"namespace": "AWS/ECS"},
    "get_metric_data": {"namespace": "AWS/Lambda", "metric_name": "Errors",
                        "statistic": "Sum"},
    "describe_log_groups": {},
    "execute_promql_query": {
        "query": 'sum by (FunctionName) (histogram_sum({"Errors"}))'},
    "execute_promql_range_query": {
        "query": 'histogram_avg({"CPUUtilization",ServiceName=~"c.+"})',
        "start": "-3h", "end": "now", "step": "5m"},
    "get_promql_label_values": {
        "label_name": "@instrumentation.@name",
        "match": ['{"Errors"}', '{"CPUUtilization"}']},
    "get_promql_series": {"match": ['{"Errors"}', '{"Throttles"}']},
    "get_promql_labels": {"start": "-1h"},
}


def text_of(result):
    return result["content"][0]["text"]


def check_ok(result):
    assert not result.get("isError"), text_of(result)
    data = result["structuredContent"]
    assert json.loads(text_of(result)) == data
    assert data["region"] == "eu-central-1", data["region"]
    assert re.fullmatch(r"\d{12}", data["account_id"]), data["account_id"]
    return data


def check_error(result, *parts):
    assert result.get("isError") is True, result
    assert "structuredContent" not in result
    for part in parts:
        assert part in text_of(result), f"{part!r} not in {text_of(result)!r}"
    for word in ("401", "429", "nauthorized", "ate limit"):
        assert word not in text_of(result), text_of(result)


def every_tool(call):
    """Runs each tool; the Insights trio works on one query."""
    alarms = None
    for name, arguments in CALLS.items():
        if "alarm_name" in arguments:
            arguments = {"alarm_name": alarms["metric_alarms"][0]["alarm_name"]}
        data = check_ok(call(name, arguments))
        if name == "get_active_alarms":
            alarms = data
        if name == "describe_log_groups":
            group = data["log_group_metadata"][0]["logGroupName"]
    query = {"log_group_names": [group], "start_time": "-1h",
             "end_time": "now", "query_string":
             "fields @timestamp, @message | sort @timestamp desc | limit 5"}
    data = check_ok(call("execute_log_insights_query", query))
    assert data["status"] == "Complete", data
    assert data["statistics"]["bytesScanned"] > 0
    data = check_ok(call("get_logs_insight_query_results",
                         {"query_id": data["queryId"]}))
    assert data["status"] == "Complete"


def all_tools_over_http_and_tls(world):
    before = world.stats()
    server = Server(world, world.aws())
    every_tool(lambda name, args: server.call(name, **args))
    after = world.stats()
    assert after["rejected"] == before["rejected"], after
    assert after["requests"] > before["requests"] + len(CALLS)
    assert server.stop() == 0


def all_tools_over_stdio_and_tls(world):
    client = Stdio(world, world.aws())
    client.ask("initialize", {"protocolVersion": "2025-11-25",
                              "capabilities": {}, "clientInfo":
                              {"name": "t", "version": "1"}})
    client.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def call(name, arguments):
        return client.ask("tools/call", {"name": name, "arguments":
                                         arguments})["result"]
    every_tool(call)
    assert client.close() == 0


def connections_are_kept_and_sessions_resumed(world):
    front = TlsFront(world.certificates.leaf("kept", "localhost"),
                     world.endpoint_port)
    server = Server(world, world.aws(
        AWS_ENDPOINT_URL=f"https://localhost:{front.port}"))
    for _ in range(5):
        check_ok(server.call("get_active_alarms"))
    assert front.connections <= 2, front.connections
    server.stop()
    front.close()


def a_wrong_secret_is_explained(world):
    server = Server(world, world.aws((READER[0], "wrong")))
    check_error(server.call("get_active_alarms"), "DescribeAlarms")
    server.stop()


def denied_calls_name_the_action_and_the_iam_line(world):
    server = Server(world, world.aws(DENIED))
    check_error(server.call("get_active_alarms"), "cloudwatch:DescribeAlarms",
                '"Action"')
    check_error(server.call("describe_log_groups"), "logs:DescribeLogGroups")
    check_error(server.call("execute_promql_query", query="DBLoad"),
                "cloudwatch:GetMetricData", "cloudwatch:ListMetrics")
    check_error(server.call("get_promql_labels"), "cloudwatch:ListMetrics")
    server.stop()


def a_bad_promql_query_is_explained_and_not_repeated(world):
    server = Server(world, world.aws())
    before = world.stats()["requests"]
    check_error(server.call("execute_promql_query", query="rate(DBLoad[5m])"),
                "bad_data", "rate")
    assert world.stats()["requests"] == before + 1
    server.stop()


def profiles_are_checked_beside_each_other(world):
    path = os.path.join(world.folder, "profile-list")
    with open(path, "w", encoding="utf-8") as out:
        for i, (key, secret) in enumerate([READER, DENIED,
                                           ("AKIDNOBODY", "topsecret")]):
            out.write(f"[p{i}] # number {i}\naws_access_key_id = {key}\n"
                      f"aws_secret_access_key = {secret}\n")
    server = Server(world, world.aws(AWS_SHARED_CREDENTIALS_FILE=path))
    result = server.call("list_profiles", check=True)
    rows = result["structuredContent"]["profiles"]
    assert [row["profile_name"] for row in rows] == ["p0", "p1", "p2"], rows
    assert [row["works"] for row in rows] == [True, True, False], rows
    assert rows[0]["account_id"] == "111122223333"
    assert rows[0]["description"] == "number 0"
    assert "InvalidClientTokenId" in rows[2]["problem"], rows
    assert "topsecret" not in text_of(result)
    assert READER[1] not in text_of(result)
    server.stop()


def throttling_is_waited_out(world):
    server = Server(world, world.aws())
    world.faults("throttle:2@DescribeAlarms")
    check_ok(server.call("get_active_alarms"))
    world.faults("throttle@DescribeAlarms")
    check_error(server.call("get_active_alarms"), "throttl",
                "DescribeAlarms")
    world.faults("")
    check_ok(server.call("get_active_alarms"))
    server.stop()


def broken_answers_name_the_operation(world):
    server = Server(world, world.aws(AWS_MAX_ATTEMPTS="1"))
    for fault in ("500", "503", "cut:10", "truncated", "notjson",
                  "oversized"):
        world.faults(fault + "@DescribeAlarms")
        check_error(server.call("get_active_alarms"), "DescribeAlarms")
    world.faults("missing@DescribeAlarms")
    data = server.call("get_active_alarms")["structuredContent"]
    assert data["metric_alarms"] == []
    world.faults("")
    check_ok(server.call("get_active_alarms"))
    server.stop()


def a_slow_service_ends_at_the_call_timeout(world):
    server = Server(world, world.aws(), "--call-timeout", "2")
    world.faults("slow:20000@DescribeAlarms")
    began = time.monotonic()
    check_error(server.call("get_active_alarms"), "DescribeAlarms")
    assert time.monotonic() - began < 5
    server.stop()


def an_investigation_keeps_its_time_when_aws_is_slow(world):
    server = Server(world, world.aws())
    world.faults("slow:1100")
    began = time.monotonic()
    result = server.call("investigate_alarm", max_seconds=5,
                         alarm_name="checkout-latency-p99")
    took = time.monotonic() - began
    world.faults("")
    assert not result.get("isError"), result
    answer = result["structuredContent"]
    how = {part["part"]: part["status"] for part in answer["parts"]}
    assert how["history"] == how["alarms"] == "complete", answer["parts"]
    assert how["errors"] == how["changes"] == "cut", answer["parts"]
    assert "checkout-latency-p99 is ALARM" in answer["summary"][0]
    # The account's number is asked for at the end.
    assert took < 9, took
    server.stop()


def certificates_are_verified(world):
    make = world.certificates.leaf
    cases = [
        (make("wrong", "elsewhere.test"), "localhost"),
        (make("foreign", "localhost", authority="other"), "AWS_CA_BUNDLE"),
        (make("old", "localhost", days=-1), "expired"),
    ]
    before = world.stats()["requests"]
    for certificate, part in cases:
        front = TlsFront(certificate, world.endpoint_port)
        server = Server(world, world.aws(
            AWS_ENDPOINT_URL=f"https://localhost:{front.port}",
            AWS_MAX_ATTEMPTS="1"))
        check_error(server.call("get_active_alarms"), part)
        server.stop()
        front.close()
    assert world.stats()["requests"] == before, "a request got through"


def the_compiled_in_authorities_do_not_trust_a_stranger(world):
    server = Server(world, world.aws(AWS_CA_BUNDLE=None,
                                     AWS_MAX_ATTEMPTS="1"))
    check_error(server.call("get_active_alarms"), "authority",
                "AWS_CA_BUNDLE")
    server.stop()


def unreachable_hosts_are_named(world):
    server = Server(world, world.aws(
        AWS_ENDPOINT_URL="https://nowhere.invalid", AWS_MAX_ATTEMPTS="1"))
    check_error(server.call("get_active_alarms"), "nowhere.invalid")
    server.stop()
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    server = Server(world, world.aws(
        AWS_ENDPOINT_URL=f"https://localhost:{port}", AWS_MAX_ATTEMPTS="1"))
    result = server.call("get_active_alarms")
    # The port may be any number, also one that clients look for.
    result["content"][0]["text"] = text_of(result).replace(str(port), "PORT")
    check_error(result, "localhost", "PORT")
    server.stop()


def no_credentials_lists_every_place(world):
    server = Server(world, {"AWS_REGION": "eu-central-1"})
    check_error(server.call("whoami"), "environment", "credentials", "config",
                "container", world.folder)
    response, _ = server.request("GET", "/ready")
    assert response.status == 503
    response, _ = server.request("GET", "/health")
    assert response.status == 200
    server.stop()


def a_missing_profile_names_the_ones_there(world):
    folder = os.path.join(world.folder, ".aws")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "config")
    with open(path, "w", encoding="ascii") as f:
        f.write("[default]\nregion = eu-west-1\n[profile sandbox]\n"
                f"aws_access_key_id = {READER[0]}\n"
                f"aws_secret_access_key = {READER[1]}\n")
    try:
        env = world.aws()
        server = Server(world, env)
        check_error(server.call("whoami", profile_name="saas"), "'saas'",
                    path, "sandbox", "default")
        data = server.call("whoami", profile_name="sandbox")
        assert data["structuredContent"]["profile_name"] == "sandbox"
        server.stop()
    finally:
        os.remove(path)


def arguments_are_explained(world):
    server = Server(world, world.aws())
    check_error(server.call("get_active_alarms", max_itms=3), "max_itms",
                "max_items")
    check_error(server.call("get_active_alarms", max_items="many"),
                "max_items", "many")
    check_error(server.call("get_active_alarms", max_items=0), "max_items",
                "0")
    check_error(server.call("get_metric_data", namespace="a",
                            metric_name="b", start_time="yesterday"),
                "start_time", "yesterday")
    check_error(server.call("get_metric_data", namespace="a", metric_name="b",
                            start_time="now", end_time="-1h"),
                "start_time", "before")
    check_error(server.call("whoami", region="not a region"), "region")
    reply = server.rpc("tools/call", {"name": "get_activ_alarms"})
    assert reply["error"]["code"] == -32602
    assert "get_active_alarms" in reply["error"]["message"]
    check_ok(server.call("get_active_alarms", max_items=None, region=None))
    server.stop()


def a_malformed_query_is_shown_where(world):
    server = Server(world, world.aws())
    check_error(server.call(
        "execute_log_insights_query", log_group_names=["/ecs/shop-prod/checkout"],
        start_time="-1h", end_time="now", query_string="fieldz @message"),
        "malformed", "fieldz")
    server.stop()


def ping_is_not_delayed_by_calls_that_wait(world):
    server = Server(world, world.aws(), "--workers", "32")
    alone = [ping_ms(server) for _ in range(50)]
    world.faults("slow:3000@DescribeAlarms")
    callers = [threading.Thread(target=server.call,
                                args=("get_active_alarms",))
               for _ in range(32)]
    for caller in callers:
        caller.start()
    time.sleep(0.5)
    busy = [ping_ms(server) for _ in range(50)]
    for caller in callers:
        caller.join()
    assert sorted(busy)[25] < 3 * sorted(alone)[25] + 5, (alone, busy)
    server.stop()


def ping_ms(server):
    began = time.monotonic()
    assert server.rpc("ping")["result"] == {}
    return (time.monotonic() - began) * 1000


def a_full_queue_says_so_at_once(world):
    server = Server(world, world.aws(), "--workers", "1", "--queue", "1")
    world.faults("slow:3000@DescribeAlarms")
    statuses = []

    def post():
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                           "params": {"name": "get_active_alarms"}})
        response, _ = server.request("POST", "/mcp", body,
                                     {"Content-Type": "application/json"})
        statuses.append((response.status, response.getheader("Retry-After")))
    threads = [threading.Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join()
    refused = [s for s in statuses if s[0] == 503]
    assert len(refused) >= 3, statuses
    assert all(s[1] for s in refused), statuses
    server.stop()


def sigterm_finishes_what_is_in_flight(world):
    server = Server(world, world.aws())
    world.faults("slow:1500@DescribeAlarms")
    results = []
    caller = threading.Thread(
        target=lambda: results.append(server.call("get_active_alarms")))
    caller.start()
    time.sleep(0.5)
    server.process.send_signal(signal.SIGTERM)
    caller.join()
    check_ok(results[0])
    assert server.process.wait(20) == 0


def readiness_turns_503_while_the_server_still_answers(world):
    server = Server(world, world.aws(), "--drain-grace", "2")
    wait_until_ready(server)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    response, _ = server.request("GET", "/ready")
    assert response.status == 503
    response, _ = server.request("GET", "/health")
    assert response.status == 200
    assert server.process.wait(20) == 0


def wait_until_ready(server):
    for _ in range(100):
        if server.request("GET", "/ready")[0].status == 200:
            return
        time.sleep(0.05)
    raise AssertionError("never ready")


def a_silent_call_becomes_a_stream_of_comments(world):
    """No progress was asked for: proxies still must not cut the call."""
    server = Server(world, world.aws())
    world.faults("slow:11500@DescribeAlarms")
    body = json.dumps({"jsonrpc": "2.0", "id": 7, "method": "tools/call",
                       "params": {"name": "get_active_alarms",
                                  "arguments": {}}})
    connection = http.client.HTTPConnection("127.0.0.1", server.port,
                                            timeout=30)
    begun = time.monotonic()
    connection.request("POST", "/mcp", body=body, headers={
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream"})
    response = connection.getresponse()
    assert 9 < time.monotonic() - begun < 11.4, time.monotonic() - begun
    assert response.getheader("Content-Type") == "text/event-stream"
    text = response.read().decode()
    assert text.startswith(":\n\nevent: message\ndata: {"), text[:80]
    reply = json.loads(text.split("data: ", 1)[1])
    assert reply["id"] == 7 and not reply["result"].get("isError"), reply
    # The same connection goes on.
    world.faults("")
    connection.request("GET", "/health")
    assert connection.getresponse().status == 200
    connection.close()
    assert server.stop() == 0


def closing_a_modern_stream_cancels_the_call(world):
    server = Server(world, world.aws())
    world.faults("slow:20000@DescribeAlarms")
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                       "params": {"name": "get_active_alarms",
                                  "_meta": meta}}).encode()
    s = socket.create_connection(("127.0.0.1", server.port))
    s.sendall(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\n"
              b"Content-Type: application/json\r\n"
              b"Accept: application/json, text/event-stream\r\n"
              b"MCP-Protocol-Version: 2026-07-28\r\n"
              b"Mcp-Method: tools/call\r\nMcp-Name: get_active_alarms\r\n"
              b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    time.sleep(0.5)
    s.close()
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 5, "the call went on"


def stdio_cancels_and_stays_silent(world):
    client = Stdio(world, world.aws())
    world.faults("slow:20000@DescribeAlarms")
    client.send({"jsonrpc": "2.0", "id": 7, "method": "tools/call",
                 "params": {"name": "get_active_alarms"}})
    time.sleep(0.3)
    client.send({"jsonrpc": "2.0", "method": "notifications/cancelled",
                 "params": {"requestId": 7}})
    reply = client.ask("ping", number=8)
    assert reply["id"] == 8, reply
    began = time.monotonic()
    assert client.close() == 0
    assert time.monotonic() - began < 5


def the_log_is_json_without_secrets(world):
    server = Server(world, world.aws(), "--log-level", "DEBUG")
    check_ok(server.call("get_active_alarms"))
    server.stop()
    entries = server.log()
    request = [e for e in entries if e["event"] == "request"
               and e.get("tool") == "get_active_alarms"][0]
    assert request["region"] == "eu-central-1", request
    assert request["aws_calls"] >= 1
    assert request["bytes"] > 100
    with open(server.log_path, encoding="utf-8") as f:
        text = f.read()
    assert READER[1] not in text
    assert not re.search(r"Signature=[0-9a-f]{16}", text)


def a_signal_stops_the_query_of_a_command(world):
    """Its answer is on its way when the signal comes; AWS hears StopQuery."""
    world.faults("slow:20000@GetQueryResults")
    before = world.stats()["requests"]
    process = world.start(["call", "execute_log_insights_query", json.dumps({
        "log_group_names": ["/ecs/shop-prod/checkout"], "start_time": "-1h",
        "end_time": "now", "query_string": "fields @message | limit 1"})],
        world.aws())
    end = time.monotonic() + 15
    while world.stats()["requests"] < before + 2:
        assert time.monotonic() < end, "no look at the results"
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=15)
    world.faults("")
    assert process.returncode == 130, process.returncode
    assert world.stats()["requests"] == before + 3


def commands_answer_and_exit(world):
    process = world.start(["call", "whoami"], world.aws())
    data = json.loads(process.communicate(timeout=30)[0])
    assert process.returncode == 0
    assert data["region"] == "eu-central-1"
    process = world.start(["call", "get_alarm_history",
                           '{"alarm_name": "no such alarm"}'], world.aws())
    process.communicate(timeout=30)
    assert process.returncode == 1
    server = Server(world, world.aws())
    process = world.start(["health", "--port", str(server.port)], {})
    assert process.wait(10) == 0
    server.stop()
    process = world.start(["health", "--port", str(server.port)], {})
    assert process.wait(10) == 1


def bad_settings_stop_the_start(world):
    for words, env in ((["--port", "x"], {}), (["--nonsense"], {}),
                       ([], {"CLOUDWATCH_MCP_WORKERS": "0"}),
                       ([], {"AWS_REGION": "no region"}),
                       ([], {"AWS_ENDPOINT_URL_STS": "nourl"}),
                       ([], {"AWS_CA_BUNDLE": "/no/such/file"})):
        process = world.start(words, env)
        assert process.wait(10) == 2, (words, env)


TESTS = [
    all_tools_over_http_and_tls,
    all_tools_over_stdio_and_tls,
    connections_are_kept_and_sessions_resumed,
    a_wrong_secret_is_explained,
    denied_calls_name_the_action_and_the_iam_line,
    a_bad_promql_query_is_explained_and_not_repeated,
    profiles_are_checked_beside_each_other,
    throttling_is_waited_out,
    broken_answers_name_the_operation,
    a_slow_service_ends_at_the_call_timeout,
    an_investigation_keeps_its_time_when_aws_is_slow,
    certificates_are_verified,
    the_compiled_in_authorities_do_not_trust_a_stranger,
    unreachable_hosts_are_named,
    no_credentials_lists_every_place,
    a_missing_profile_names_the_ones_there,
    arguments_are_explained,
    a_malformed_query_is_shown_where,
    ping_is_not_delayed_by_calls_that_wait,
    a_full_queue_says_so_at_once,
    sigterm_finishes_what_is_in_flight,
    readiness_turns_503_while_the_server_still_answers,
    a_silent_call_becomes_a_stream_of_comments,
    closing_a_modern_stream_cancels_the_call,
    stdio_cancels_and_stays_silent,
    the_log_is_json_without_secrets,
    a_signal_stops_the_query_of_a_command,
    commands_answer_and_exit,
    bad_settings_stop_the_start,
]


def main():
    world = World(sys.argv[1])
    wanted = sys.argv[2:]
    try:
        tests = [t for t in TESTS if not wanted or t.__name__ in wanted]
        failed = run(tests, world)
    finally:
        world.close()
    sys.exit(1 if failed else 0)


main()
