#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Faults that other CloudWatch servers have, each shown not to be here, from
the outside. Those that need odd answers of AWS are unit tests in tests/ under
the same numbers; each of the twenty has a test at one of the two places.

usage: test_defects.py PROGRAM
"""
import glob
import json
import os
import re
import sys
import threading
import time

from world import DENIED, Server, World, run

GROUP = "/ecs/shop-prod/checkout"
QUERY = {"log_group_names": [GROUP], "start_time": "-1h", "end_time": "now",
         "query_string": "fields @timestamp | limit 2"}
CALLS_FILE = "tests/cases/tools/calls.txt"


def first_calls():
    """One call of each tool; what an earlier answer would fill in is a name
    that does not exist."""
    calls = {}
    with open(CALLS_FILE, encoding="utf-8") as f:
        for line in f:
            if not line.startswith("#"):
                tool, arguments = line.lstrip("?").strip().split(" ", 1)
                calls.setdefault(tool, json.loads(
                    re.sub(r"\$[\w@]+", "none", arguments)))
    return calls


CALLS = first_calls()


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
    server = Server(world, world.aws(AWS_CONFIG_FILE=path), "--images")
    for tool in server.rpc("tools/list")["result"]["tools"]:
        name = tool["name"]
        if "profile_name" not in tool["inputSchema"]["properties"]:
            continue
        result = server.call(name, **dict(CALLS[name], profile_name="other"))
        text = result["content"][0]["text"]
        assert "demo-denied" in text, (name, text)
        # What is known without AWS may still be said.
        assert result.get("isError") or name in ("whoami", "list_profiles",
            "get_recommended_metric_alarms"), (name, text)
    server.stop()


def defect_3_no_threshold_is_invented(world):
    """Absent where it depends on the workload, unless it is derived."""
    server = Server(world, world.aws())
    arguments = {"namespace": "AWS/RDS", "metric_name": "DatabaseConnections",
                 "dimensions": [{"name": "DBInstanceIdentifier",
                                 "value": "checkout-db"}]}
    plain, = ok(server.call("get_recommended_metric_alarms", derive=False,
                            **arguments))["recommendations"]
    assert "staticValue" not in plain["threshold"], plain
    assert plain["threshold"]["justification"].startswith("depends on: ")
    assert plain["cloudformation_template"]["Parameters"]["Threshold"]
    assert "variable" in plain["terraform"]
    derived, = ok(server.call("get_recommended_metric_alarms",
                              **arguments))["recommendations"]
    assert derived["threshold"]["derived"] is True, derived
    assert 100 < derived["threshold"]["staticValue"] < 198, derived
    # The incident of the demo account is what it would have been for.
    assert 1 <= derived["back_test"]["times_fired"] <= 5, derived
    assert derived["back_test"]["in_alarm_at_the_end"] is True, derived
    server.stop()


def defect_4_an_anomaly_alarm_is_complete(world):
    server = Server(world, world.aws())
    dimensions = [{"name": "LoadBalancer",
                   "value": "app/shop-prod/50dc6c495c0c9188"}]
    advice, = ok(server.call("get_recommended_metric_alarms",
                             namespace="AWS/ApplicationELB",
                             metric_name="RequestCount", statistic="SUM",
                             dimensions=dimensions))["recommendations"]
    assert advice["dimensions"] == dimensions, advice
    assert advice["statistic"] == "Sum", advice
    assert advice["threshold"]["sensitivity"] >= 2, advice
    resources = advice["cloudformation_template"]["Resources"]
    want = [{"Name": d["name"], "Value": d["value"]} for d in dimensions]
    kinds = {r["Type"]: r["Properties"] for r in resources.values()}
    detector = kinds["AWS::CloudWatch::AnomalyDetector"]
    assert (detector["Dimensions"], detector["Stat"]) == (want, "Sum")
    stat = kinds["AWS::CloudWatch::Alarm"]["Metrics"][1]["MetricStat"]
    assert (stat["Metric"]["Dimensions"], stat["Stat"]) == (want, "Sum")
    assert '"LoadBalancer" = "app/shop-prod/' in advice["terraform"]
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
    server = Server(world, world.aws(), "--images")
    tools = server.rpc("tools/list")["result"]["tools"]
    for tool in tools:
        assert tool["annotations"]["readOnlyHint"] is True, tool["name"]
        assert tool["title"] and tool["outputSchema"]["type"] == "object"
    assert {t["name"] for t in tools} == set(CALLS), tools
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


def every_defect_has_a_test(_world):
    found = set()
    for path in glob.glob("tests/*.c") + glob.glob("tests/e2e/*.py"):
        with open(path, encoding="utf-8") as f:
            found |= {int(n) for n in re.findall(r"\bdefect_(\d+)_",
                                                 f.read())}
    assert found == set(range(1, 21)), sorted(set(range(1, 21)) - found)


def main():
    world = World(sys.argv[1])
    try:
        failed = run([
            defect_1_aws_region_is_honoured,
            defect_2_the_profile_reaches_every_call,
            defect_3_no_threshold_is_invented,
            defect_4_an_anomaly_alarm_is_complete,
            defect_10_a_slow_call_does_not_stop_the_others,
            defect_11_a_failure_is_an_error,
            defect_13_the_order_is_always_the_same,
            defect_14_dimensions_have_one_shape,
            defect_15_times_without_a_zone_are_utc,
            defect_18_the_server_says_what_it_is,
            every_defect_has_a_test,
        ], world)
    finally:
        world.close()
    sys.exit(1 if failed else 0)


main()
