/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP+SSE transport of 2024-11-05, for clients that speak no other one.
 *
 *	GET  /sse                         an event stream; its first event is
 *	                                  `endpoint` with the address to POST to
 *	POST /messages?sessionId=...      one message: 202; the reply is a
 *	     (or /message)                `message` event on the stream
 *
 * A session is a stream: it begins and ends with it, and what it still had to
 * say is dropped. Its id is 128 bits of the kernel's generator and counts only
 * for the caller that opened the stream. A session lives in one process, so
 * unlike /mcp this needs one replica, or a balancer that keeps clients at
 * theirs.
 *
 * All here runs on the loop thread but app_legacy_run().
 */
#ifndef APP_LEGACY_H
#define APP_LEGACY_H

#include "base/arena.h"
#include "visit.h"

/* No session yet; NULL: no memory. `prefix` is the path under which clients see
 * this server, "" or "/tools"; it has to live as long. */
struct app_legacy *app_legacy_new(struct arena *a, struct str prefix)
    MUST_USE;

/* The route is one of these, whose begin may not run anywhere else. */
bool app_legacy_is(const struct route *route);

/* GET /sse. */
enum app_verdict app_legacy_begin(struct visit *v);
/* POST /messages. */
enum app_verdict app_legacy_message(struct visit *v);
void app_legacy_run(struct visit *v);
/* The stream has ended. */
void app_legacy_closed(struct app_legacy *l, uint64_t stream);

#endif
