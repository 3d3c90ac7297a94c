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

/* A request that is deferred before it is known who sent it: the loop may not
 * begin an event stream yet. Loop thread. */
void app_mcp_hold(struct visit *v);
/* It is known, and app_mcp_begin() said APP_DEFER: now it may. Worker. */
void app_mcp_release(struct visit *v);

/* POST /mcp/tools/call: {"name", "arguments"} -> the tool result. */
enum app_verdict app_mcp_shim_begin(struct visit *v);
void app_mcp_shim_run(struct visit *v);

/* What the ways in share: fills v->message for mcp_begin(), */
void app_mcp_init(struct visit *v, enum mcp_front front);
/* writes the head of an event stream, which without chunks (RFC 9112 7.1) lasts
 * until the connection closes, */
void app_mcp_stream_head(struct visit *v, bool chunked, struct buf *b);
/* and gives the reply of the engine, one line, with what ends it on the wire,
 * in place where that can be: replies may be large. Absent: no memory. */
struct str app_mcp_with_end(struct visit *v, struct str end);

/* One line of standard input. */
enum app_verdict app_mcp_stdio_begin(struct visit *v);
void app_mcp_stdio_run(struct visit *v);

#endif
