/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MCP messages in and out. Each pair is the begin and run of struct app_calls
 * (app.h) for one way in: begin on the loop thread, run on a worker after
 * APP_DEFER.
 */
#ifndef APP_MCP_H
#define APP_MCP_H

#include "visit.h"

/* POST /mcp: one message, answered with JSON or an event stream. */
enum app_verdict app_mcp_begin(struct visit *v);
void app_mcp_run(struct visit *v);

/* POST /mcp/tools/call: {"name", "arguments"} -> the tool result. */
enum app_verdict app_mcp_shim_begin(struct visit *v);
void app_mcp_shim_run(struct visit *v);

/* One line of standard input. */
enum app_verdict app_mcp_stdio_begin(struct visit *v);
void app_mcp_stdio_run(struct visit *v);

#endif
