/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stdio front: one JSON-RPC message a line on standard input, whole lines
 * on standard output (MCP, transport "stdio").
 *
 * One thread reads and writes; what waits for AWS runs on the pool, so a long
 * call blocks neither ping nor cancellation. Lines of different calls are never
 * mixed: one writer, whole messages. A line over HTTP_BODY_MAX is answered
 * with an error and skipped up to its newline. The output descriptor is not
 * made non-blocking, since it may be shared: writes are cut to what poll()
 * promises (PIPE_BUF), so a client that stops reading cannot stop signals.
 *
 * It ends on the end of input (a dead parent is one), on SIGTERM or SIGINT, and
 * when nobody reads the output: calls in flight get drain_ms to finish, then
 * they are cancelled. Calls cancelled by notifications/cancelled send nothing
 * any more.
 */
#ifndef NET_STDIO_H
#define NET_STDIO_H

#include <stdbool.h>
#include <stdint.h>

#include "app.h"
#include "base/err.h"
#include "net/pool.h"

struct stdio_config {
	int in_fd;         /* 0 */
	int out_fd;        /* 1 */
	struct pool_config pool;
	int64_t call_ms;   /* a job's deadline */
	int64_t drain_ms;  /* for calls in flight after the end of input */
	bool signals;      /* react to SIGTERM and SIGINT */
	size_t line_max;   /* bytes, HTTP_BODY_MAX */
};

/* Fills the defaults of limits.h, descriptors 0 and 1. */
void stdio_config_default(struct stdio_config *config);
/* Serves until the end. ERR_OK after end of input or a signal; ERR_NOMEM or
 * ERR_IO when it could not start. */
enum err stdio_run(const struct stdio_config *config, struct app_calls calls)
    MUST_USE;

#endif
