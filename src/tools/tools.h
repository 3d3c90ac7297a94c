/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tool table: every tool the server offers, in the order clients see.
 *
 * To add a tool: write its handler and its row (a `const struct tool
 * tools_<name>`) in the file of its family, declare it here, and add it to the
 * table in tools.c. Validation, schema, help, README and command line follow.
 */
#ifndef TOOLS_TOOLS_H
#define TOOLS_TOOLS_H

#include "mcp/tool.h"

/* The table and its length. Static; pointers in it are link-time constants. */
extern const struct tool *const tools_table[];
extern const size_t tools_n;

/* Text for the model on how to work with these tools; under 900 bytes. */
extern const struct str tools_instructions;

/* account.c */
extern const struct tool tools_whoami;
/* alarms.c */
extern const struct tool tools_get_active_alarms;
extern const struct tool tools_describe_alarms;
/* alarm_history.c */
extern const struct tool tools_get_alarm_history;
/* metrics.c */
extern const struct tool tools_list_metrics;
/* metric_data.c */
extern const struct tool tools_get_metric_data;
/* log_groups.c */
extern const struct tool tools_describe_log_groups;
/* insights.c */
extern const struct tool tools_execute_log_insights_query;
extern const struct tool tools_get_logs_insight_query_results;
extern const struct tool tools_cancel_logs_insight_query;

#endif
