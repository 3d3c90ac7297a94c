#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Faults that other CloudWatch servers have, each shown not to be here, from
the outside. Those that need odd answers of AWS are in tests/test_tools.c and
tests/test_metric_query.c under the same numbers.

usage: test_defects.py PROGRAM
"""
import json
import os
import sys
import threading
import time

from world import DENIED, Server, World, run

GROUP = "/ecs/shop-prod/checkout"
QUERY = {"log_group_names": [GROUP], "start_time": "-1h", "end_time": "now",
         "query_string": "fields @timestamp | limit 2"}
CALLS = {
    "whoami": {},
    "get_active_alarms": {},
    "describe_alarms": {"max_items": 1},
    "get_alarm_history": {"alarm_name": "checkout-down"},
    "list_metrics": {"max_items": 1},
    "get_metric_data": {"namespace": "AWS/Lambda", "metric_name": "Errors",
                        "statistic": "Sum"},
    "get_metric_statistics": {"namespace": "AWS/Lambda",
                              "metric_name": "Errors"},
    "describe_log_groups": {"max_items": 1},
    "execute_log_insights_query": QUERY,
    "get_logs_insight_query_results": {"query_id": "none"},
    "cancel_logs_insight_query": {"query_id": "none"},
}


def ok(result):
    assert not result.get("isError"), result["content"]
    return result["structuredContent"]


def defect_1_aws_region_is_honoured(world):
    """...and before AWS_DEFAULT_REGION, which counts where it is alone."""
    for env, region in (
            ({"AWS_REGION": "eu-north-1"}, "eu-north-1"),
            ({"AWS_REGION": "eu-north-1",
              "AWS_DEFAULT_REGION": "eu-west-3"}, "eu-north-1"),
            ({"AWS_REGION": None, "AWS_DEFAULT_REGION": "eu-west-3"},
             "eu-west-3"),
            ({"AWS_REGION": None}, "us-east-1")):
        server = Server(world, world.aws(**env))
        for tool in ("whoami", "get_active_alarms", "describe_log_groups"):
            answer = ok(server.call(tool, **CALLS[tool]))
            assert answer["region"] == region, (env, tool, answer["region"])
        group = answer["log_group_metadata"][0]["logGroupArn"]
        assert f":{region}:" in group, group
        server.stop()


def defect_2_the_profile_reaches_every_call(world):
    """The profile's keys may do nothing: a tool that drops it succeeds."""
    path = os.path.join(world.folder, "defect-2-config")
    with open(path, "w", encoding="ascii") as f:
        f.write(f"[profile other]\naws_access_key_id = {DENIED[0]}\n"
                f"aws_secret_access_key = {DENIED[1]}\n")
    server = Server(world, world.aws(AWS_CONFIG_FILE=path))
    for tool, arguments in CALLS.items():
        result = server.call(tool, profile_name="other", **arguments)
        if tool == "whoami":
            assert "demo-denied" in ok(result)["arn"], result
        else:
            text = result["content"][0]["text"]
            assert result["isError"] and "demo-denied" in text, (tool, text)
    server.stop()


def defect_10_a_slow_call_does_not_stop_the_others(world):
    server = Server(world, world.aws())
    world.faults("slow:3000@DescribeLogGroups")
    slow = threading.Thread(target=server.call, args=("describe_log_groups",))
    slow.start()
    time.sleep(0.2)
    began = time.monotonic()
    ok(server.call("get_active_alarms"))
    assert server.rpc("ping")["result"] == {}
    assert time.monotonic() - began < 2
    slow.join()
    server.stop()


def defect_11_a_failure_is_an_error(world):
    server = Server(world, world.aws())
    for arguments in (dict(QUERY, query_string="nonsense"),
                      dict(QUERY, log_group_names=["/no/such/group"]),
                      dict(QUERY, log_group_names=None)):
        result = server.call("execute_log_insights_query", **arguments)
        assert result["isError"] is True, result
    for tool in ("get_logs_insight_query_results",
                 "cancel_logs_insight_query"):
        result = server.call(tool, query_id="none")
        assert result["isError"] is True, result
    server.stop()


def defect_13_the_order_is_always_the_same(world):
    server = Server(world, world.aws())
    arguments = {"alarm_name": "checkout-symptoms",
                 "include_component_alarms": True}
    answers = [ok(server.call("get_alarm_history", **arguments))
               ["component_alarms"] for _ in range(5)]
    assert answers == [["checkout-latency-p99", "checkout-5xx",
                        "checkout-5xx-rate", "checkout-unhealthy-hosts"]] * 5
    answers = [ok(server.call("describe_log_groups"))["saved_queries"]
               for _ in range(5)]
    assert all(a == answers[0] for a in answers)
    server.stop()


def defect_14_dimensions_have_one_shape(world):
    server = Server(world, world.aws())
    name = "checkout-db-connections-high"
    alarm = [a for a in ok(server.call("get_active_alarms"))["metric_alarms"]
             if a["alarm_name"] == name][0]
    history = ok(server.call("get_alarm_history", alarm_name=name))
    listed = ok(server.call("list_metrics", namespace=alarm["namespace"],
                            metric_name=alarm["metric_name"],
                            dimensions=alarm["dimensions"]))
    shape = [{"name": "DBInstanceIdentifier", "value": "checkout-db"}]
    assert alarm["dimensions"] == shape, alarm
    assert history["alarm_details"]["dimensions"] == shape, history
    assert listed["metrics"][0]["dimensions"] == shape, listed
    # What one tool gives, the other takes.
    data = ok(server.call("get_metric_data", namespace=alarm["namespace"],
                          metric_name=alarm["metric_name"],
                          dimensions=alarm["dimensions"]))
    assert data["metricDataResults"][0]["datapoints"], data
    server.stop()


def defect_15_times_without_a_zone_are_utc(world):
    """Also for logs, whatever zone the machine is in."""
    hour = time.gmtime(time.time() - 3600)
    plain = time.strftime("%Y-%m-%dT%H:%M:%S", hour)
    server = Server(world, world.aws(TZ="Asia/Tokyo"))
    text = "fields @timestamp | sort @timestamp asc | limit 5"
    answers = [ok(server.call("execute_log_insights_query",
                              **dict(QUERY, query_string=text,
                                     start_time=start)))["results"]
               for start in (plain, plain + "Z", plain + "+00:00",
                             plain.replace("T", " "))]
    assert len(answers[0]) == 5 and all(a == answers[0] for a in answers)
    first = answers[0][0]["@timestamp"]
    assert first >= plain.replace("T", " "), (first, plain)
    server.stop()


def defect_18_the_server_says_what_it_is(world):
    server = Server(world, world.aws())
    tools = server.rpc("tools/list")["result"]["tools"]
    for tool in tools:
        assert tool["annotations"]["readOnlyHint"] is True, tool["name"]
        assert tool["title"] and tool["outputSchema"]["type"] == "object"
    assert set(CALLS) <= {t["name"] for t in tools}
    assert len(json.dumps(tools, separators=(",", ":"))) <= 40000
    answer = server.rpc("initialize", {
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"}})["result"]
    version = world.start(["version"], {}).communicate()[0].decode().split()
    assert [answer["serverInfo"][k] for k in ("name", "version")] == version
    for capability, method in (("prompts", "prompts/list"),
                               ("resources", "resources/list")):
        reply = server.rpc(method)
        assert (capability in answer["capabilities"]) == ("result" in reply)
    assert len(answer["instructions"]) < 900
    server.stop()


def main():
    world = World(sys.argv[1])
    try:
        failed = run([
            defect_1_aws_region_is_honoured,
            defect_2_the_profile_reaches_every_call,
            defect_10_a_slow_call_does_not_stop_the_others,
            defect_11_a_failure_is_an_error,
            defect_13_the_order_is_always_the_same,
            defect_14_dimensions_have_one_shape,
            defect_15_times_without_a_zone_are_utc,
            defect_18_the_server_says_what_it_is,
        ], world)
    finally:
        world.close()
    sys.exit(1 if failed else 0)


main()
