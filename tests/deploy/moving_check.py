#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""deploy/MOVING.md against both servers.

Every tool of the Python server has a row; the tools it is said to have become
exist, take its arguments, need no others, and declare its answers' members.
All our tools, settings and files that the page names exist, and each tool of
ours is on it.

usage: moving_check.py
"""
import json
import os
import re
import sys

PAGE = "deploy/MOVING.md"
# The Python server 0.1.8: arguments besides region and profile_name (those
# before the bar are required), and members of the answers.
PEER = {
    "describe_log_groups": (
        "| account_identifiers include_linked_accounts log_group_class "
        "log_group_name_prefix max_items", "log_group_metadata saved_queries"),
    "analyze_log_group": (
        "log_group_arn start_time end_time |",
        "log_anomaly_results top_patterns top_patterns_containing_errors"),
    "execute_log_insights_query": (
        "start_time end_time query_string | log_group_names "
        "log_group_identifiers limit max_timeout",
        "queryId status statistics results"),
    "get_logs_insight_query_results": (
        "query_id |", "queryId status statistics results"),
    "cancel_logs_insight_query": ("query_id |", "success"),
    "execute_cwl_insights_batch": (
        "log_group_names regions start_time end_time query_string | limit "
        "max_timeout account_label", "summary results"),
    "recommend_indexes_loggroup": (
        "log_group_identifier |",
        "recommendations already_indexed fields_not_found queries_analyzed "
        "unique_queries time_range_days log_group warnings"),
    "recommend_indexes_account": (
        "| max_queries",
        "log_group_results total_log_groups_analyzed total_queries_analyzed "
        "time_range_days warnings"),
    "get_metric_data": (
        "| namespace metric_name start_time end_time dimensions statistic "
        "target_datapoints group_by_dimension schema_dimension_keys limit "
        "sort_order order_by_statistic queries", "metricDataResults messages"),
    "get_metric_metadata": (
        "namespace metric_name |", "description recommendedStatistics unit"),
    "analyze_metric": (
        "namespace metric_name | dimensions statistic",
        "message data_points_found seasonality_seconds trend statistics "
        "data_quality metric_info"),
    "get_recommended_metric_alarms": (
        "namespace metric_name | dimensions statistic",
        "recommendations message"),
    "execute_promql_query": ("query | time", "resultType result"),
    "execute_promql_range_query": (
        "query start end step |", "resultType result"),
    "get_promql_label_values": ("label_name | match start end", "values"),
    "get_promql_series": ("match | start end", "series"),
    "get_promql_labels": ("| match start end", "labels"),
    "get_active_alarms": (
        "| max_items",
        "metric_alarms composite_alarms has_more_results message"),
    "get_alarm_history": (
        "alarm_name | start_time end_time history_item_type max_items "
        "include_component_alarms",
        "alarm_details history_items time_range_suggestions has_more_results "
        "message composite_alarm_name component_alarms alarm_rule "
        "component_details"),
}


def faults(page, tools, settings):
    """Everything that is not as the page says."""
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.+) \|$", page, re.M)
    if [old for old, _, _ in rows] != list(PEER):
        yield "the rows are not the tools of the Python server"
    for old, new, _ in rows:
        if old not in PEER:
            continue
        if new not in tools:
            yield f"{new} does not exist"
            continue
        schema = tools[new]["inputSchema"]
        required, optional = (part.split() for part in
                              PEER[old][0].split("|"))
        for name in (*required, *optional, "region", "profile_name"):
            if name not in schema["properties"] and not (
                    old == "get_metric_metadata" or
                    (old == "execute_cwl_insights_batch" and
                     name == "region")):
                yield f"{new} does not take {name}"
        more = set(schema.get("required", [])) - set(required)
        if more:
            yield f"{new} needs {sorted(more)}"
        for name in PEER[old][1].split():
            if name not in tools[new]["outputSchema"]["properties"]:
                yield f"{new} does not answer {name}"
    only = page[page.index("Only here:"):].split(";")[0]
    named = set(re.findall(r"`(\w+)`", only))
    new_here = set(tools) - {new for _, new, _ in rows}
    if named != new_here:
        yield f"only here: {sorted(named ^ new_here)} differ"
    for name in re.findall(r"`(CLOUDWATCH_MCP_\w+|--\w[\w-]*)\b", page):
        if name not in settings and name != "--healthEndpoint":
            yield f"there is no setting {name}"
    for name in re.findall(r"\]\(([\w./-]+)\)", page):
        if not os.path.exists(os.path.join("deploy", name)):
            yield f"there is no file {name}"


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def main():
    page = read(PAGE)
    tools = {t["name"]: t for t in
             json.loads(read("tests/golden/tools_list.json"))["tools"]}
    settings = read("src/config.c")
    # A tool that is offered by a setting is not in the golden list.
    for name in re.findall(r"^TOOL\(\w+, (\w+)\)",
                           read("src/tools/tools.def"), re.M):
        tools.setdefault(name, {"inputSchema": {"properties": {}}})
    settings = set(re.findall(r'STR_INIT\("(CLOUDWATCH_MCP_\w+|--[\w-]+)"',
                              settings))
    settings |= {"--" + s for s in re.findall(r'STR_INIT\("([a-z-]+)"',
                                              read("src/config.c"))}
    found = list(faults(page, tools, settings))
    for sentence in found:
        print("FAIL", sentence)
    spoiled = 0
    for old, new in (("`live_tail`, ", ""), ("| `get_active_alarms` | `get_a",
                                             "| `get_active_alarms` | `got_a"),
                     ("LEGACY_SSE", "OLD_SSE"), ("`--stdio`", "`--stdin`"),
                     ("iam/read-only", "iam/read-any"),
                     ("| `analyze_metric` |", "| `analyse` |")):
        assert old in page, old
        if list(faults(page.replace(old, new, 1), tools, settings)):
            spoiled += 1
        else:
            print(f"FAIL '{new}' in the place of '{old}' is not found out")
    for tool, part in (("get_metric_data", "inputSchema"),
                       ("get_promql_labels", "outputSchema")):
        poorer = json.loads(json.dumps(tools))
        poorer[tool][part]["properties"] = {}
        if list(faults(page, poorer, settings)):
            spoiled += 1
        else:
            print(f"FAIL {tool} without its {part} is not found out")
    print(f"{spoiled + (not found)} passed, "
          f"{8 - spoiled + bool(found)} failed")
    sys.exit(1 if found or spoiled < 8 else 0)


main()
