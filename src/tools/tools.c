/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tool table.
 */
#include "tools/tools.h"

/* see tools.h */
const struct tool *const tools_table[] = {
	&tools_whoami,
	&tools_get_active_alarms,
	&tools_describe_alarms,
	&tools_get_alarm_history,
	&tools_list_metrics,
	&tools_get_metric_data,
	&tools_describe_log_groups,
	&tools_execute_log_insights_query,
	&tools_get_logs_insight_query_results,
	&tools_cancel_logs_insight_query,
};

/* see tools.h */
const size_t tools_n = sizeof(tools_table) / sizeof(tools_table[0]);

/* see tools.h */
const struct str tools_instructions = STR_INIT(
    "Read-only access to AWS CloudWatch alarms, metrics and logs. "
    "For \"what is wrong\": get_active_alarms, then get_alarm_history of the "
    "suspect (its time_range_suggestions say where to look), then "
    "get_metric_data around that time, then execute_log_insights_query on the "
    "log groups found with describe_log_groups. "
    "Find exact metric names and dimensions with list_metrics: a dimension set "
    "must match exactly, and an empty answer usually means that it does not. "
    "Times: ISO 8601 (UTC unless a zone is given), epoch seconds, or relative "
    "such as -3h; answers are RFC 3339 UTC. Keep windows to 1-3 hours and use "
    "limit in log queries; they cost money per byte scanned. A query still "
    "running returns its queryId for get_logs_insight_query_results. Every "
    "answer names the region and account it came from; region or profile_name "
    "look elsewhere. Answers are cut between rows at max_bytes (60000).");
