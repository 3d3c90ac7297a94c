#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finds out what is wrong in the demo account the way a person on call would,
with nothing but the tools: alarms, their history, metrics, logs.

usage: test_incident.py PROGRAM
"""
import json
import sys

from world import Server, World, run


class OnCall:
    """The tools over HTTP; every step starts from what an earlier one said."""

    def __init__(self, world):
        self.server = Server(world, {}, "--demo")

    def ask(self, tool, **arguments):
        result = self.server.call(tool, **arguments)
        text = result["content"][0]["text"]
        assert not result.get("isError"), text
        assert json.loads(text) == result["structuredContent"]
        return result["structuredContent"]

    def alarm(self, name):
        """An active alarm, by the name that was listed."""
        found = self.ask("get_active_alarms")
        return [a for a in found["metric_alarms"] +
                found["composite_alarms"] if a["alarm_name"] == name][0]

    def when(self, alarm):
        """The time range that the history suggests to look at."""
        history = self.ask("get_alarm_history", alarm_name=alarm,
                           start_time="-3d")
        newest = history["history_items"][0]
        assert newest["new_state"] == "ALARM", newest
        assert newest["state_reason"].startswith("Threshold Crossed: ")
        return history["time_range_suggestions"][0]

    def values(self, alarm, metric, statistic, start, end):
        """Values of a metric of the thing that the alarm watches."""
        data = self.ask("get_metric_data", namespace=alarm["namespace"],
                        metric_name=metric, statistic=statistic, period=60,
                        dimensions=alarm["dimensions"], start_time=start,
                        end_time=end)
        assert data["period"] == 60, data["period"]
        points = data["metricDataResults"][0]["datapoints"]
        times = [p["timestamp"] for p in points]
        assert times and times == sorted(times), times
        return [p["value"] for p in points]

    def query(self, group, text, start, end="now"):
        answer = self.ask("execute_log_insights_query",
                          log_group_names=[group], start_time=start,
                          end_time=end, query_string=text)
        assert answer["status"] == "Complete", answer
        return answer["results"]

    def saved(self, group, words):
        """A saved query that applies to the group."""
        found = self.ask("describe_log_groups", log_group_name_prefix=group)
        assert group in [g["logGroupName"]
                         for g in found["log_group_metadata"]]
        return [q["queryString"] for q in found["saved_queries"]
                if words in q["name"]][0]

    def close(self):
        assert self.server.stop() == 0


def checkout_is_down_because_its_database_is_out_of_connections(world):
    me = OnCall(world)
    # From the alarm that pages down to the one that is no composite.
    name = "shop-major-incident"
    for part in ("checkout-database", "checkout-db-connections-high"):
        parts = me.ask("get_alarm_history", alarm_name=name,
                       include_component_alarms=True)
        firing = [c["alarm_name"] for c in parts["component_details"]
                  if c["current_state"] == "ALARM"]
        assert part in firing, parts
        name = part
    alarm = me.alarm(name)
    assert alarm["metric_name"] == "DatabaseConnections", alarm
    # The connections rose to the limit within the suggested range.
    suggested = me.when(name)
    values = me.values(alarm, "DatabaseConnections", "Maximum",
                       suggested["start_time"], suggested["end_time"])
    assert values[0] < 150 and values[-1] > alarm["threshold"], values
    # Not its load: the processor has time.
    assert max(me.values(alarm, "CPUUtilization", "Average", "-1h",
                         "now")) < 85
    # The database says so itself, from then on and not before.
    group = "/aws/rds/instance/checkout-db/postgresql"
    refused = "filter @message like /remaining connection slots/ | stats "\
        "count(*) as refused"
    before = me.query(group, refused, "-4h", suggested["start_time"])
    assert before == [] or before[0]["refused"] == "0", before
    after = me.query(group, refused, suggested["start_time"])
    assert int(after[0]["refused"]) > 10, after
    # What customers get, by the query that the team saved.
    group = "/ecs/shop-prod/checkout"
    rows = me.query(group, me.saved(group, "errors by message"), "-2h")
    assert {"order failed", "FATAL: remaining connection slots are reserved "
            "for non-replication superuser connections"} <= {
                r["msg"] for r in rows}, rows
    # And what was changed shortly before.
    rows = me.query("/aws/events/deployments",
                    "filter detail.service = 'checkout' | sort @timestamp",
                    "-3h")
    assert "db.pool.max from 18 to 40" in rows[0]["@message"], rows
    assert rows[0]["@timestamp"].replace(" ", "T") < suggested["end_time"]
    me.close()


def one_call_names_the_cause(world):
    me = OnCall(world)
    for alarm in ("shop-major-incident", "checkout-5xx-rate",
                  "orders-retry-queue-age", "checkout-latency-anomaly"):
        answer = me.ask("investigate_alarm", alarm_name=alarm)
        assert answer["turned_first"] == "checkout-db-connections-high", alarm
        told = " ".join(answer["summary"])
        for words in ("DatabaseConnections", "checkout-db", "remaining "
                      "connection slots", "db.pool.max"):
            assert words in told, (alarm, words, told)
        # What it advises can be done.
        for step in answer["next_steps"]:
            me.ask(step["tool"], **step["arguments"])
    answer = me.ask("investigate_alarm",
                    alarm_name="platform-recommender-restarts")
    assert "out of memory" in json.dumps(answer["errors"]), answer["errors"]
    me.close()


def the_recommender_pod_runs_out_of_memory_again_and_again(world):
    me = OnCall(world)
    alarm = me.alarm("platform-recommender-restarts")
    pod = {d["name"]: d["value"] for d in alarm["dimensions"]}["PodName"]
    listed = me.ask("list_metrics", namespace="ContainerInsights", dimensions=[
        {"name": "PodName", "value": pod}])
    names = {m["metric_name"] for m in listed["metrics"]}
    memory = "pod_memory_utilization_over_pod_limit"
    assert memory in names, names
    # A saw: up to the limit, then from the start again.
    values = me.values(alarm, memory, "Maximum", "-3h", "now")
    falls = sum(b < a - 20 for a, b in zip(values, values[1:]))
    assert max(values) > 95 and falls >= 3, values
    # The container was not stopped by anybody: it was killed.
    group = "/aws/containerinsights/platform/performance"
    rows = me.query(group, me.saved(group, "out of memory"), "-3h")
    assert [r["kubernetes.pod_name"].startswith(pod) for r in rows] == [True]
    assert int(rows[0]["kills"]) >= 3, rows
    rows = me.query("/aws/containerinsights/platform/application",
                    "filter @message like /EMBEDDING_CACHE_MAX/ | limit 1",
                    "-3h")
    assert "is not set" in rows[0]["@message"], rows
    me.close()


def retries_are_throttled_at_their_reserved_concurrency(world):
    me = OnCall(world)
    alarm = me.alarm("orders-retry-throttles")
    assert alarm["namespace"] == "AWS/Lambda", alarm
    suggested = me.when("orders-retry-throttles")
    values = me.values(alarm, "Throttles", "Sum", suggested["start_time"],
                       "now")
    assert values[0] < max(values) > alarm["threshold"], values
    values = me.values(alarm, "ConcurrentExecutions", "Maximum", "-15m",
                       "now")
    assert max(values) == 50, values
    group = "/aws/lambda/orders-retry"
    rows = me.query(group, me.saved(group, "throttles"),
                    suggested["start_time"])
    assert sum(int(r["throttles"]) for r in rows) >= 3, rows
    # It is a symptom: what it retries is checkout, which answers 503.
    rows = me.query(group, "filter @message like /ERROR/ | limit 1", "-30m")
    assert "checkout answered 503" in rows[0]["@message"], rows
    me.close()


def what_is_well_is_not_accused(world):
    me = OnCall(world)
    names = [a["alarm_name"] for a in
             me.ask("get_active_alarms")["metric_alarms"]]
    for part in ("catalog-", "cart-", "payments-", "sessions-"):
        assert not [n for n in names if n.startswith(part)], names
    data = me.ask("get_metric_data", namespace="AWS/RDS",
                  metric_name="DatabaseConnections", statistic="MAX",
                  schema_dimension_keys=["DBInstanceIdentifier"],
                  group_by_dimension="DBInstanceIdentifier",
                  order_by_statistic="MAX", sort_order="DESC")
    worst = data["metricDataResults"][0]
    assert "checkout-db" in worst["label"], worst["label"]
    assert len(data["metricDataResults"]) >= 2
    me.close()


def main():
    world = World(sys.argv[1])
    try:
        failed = run([
            checkout_is_down_because_its_database_is_out_of_connections,
            one_call_names_the_cause,
            the_recommender_pod_runs_out_of_memory_again_and_again,
            retries_are_throttled_at_their_reserved_concurrency,
            what_is_well_is_not_accused,
        ], world)
    finally:
        world.close()
    sys.exit(1 if failed else 0)


main()
