/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person types: tools, call, health. Each writes text for standard
 * output and standard error into buffers and returns the exit status, so that
 * all of it runs in tests without a terminal.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdint.h>

#include "aws/transport.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/sys.h"
#include "mcp/mcp.h"

/* Exit statuses. */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1, /* the tool, the server or AWS said no */
	CLI_USAGE = 2   /* the command line is wrong */
};

/* Lists the tools, a line each; with a name that tool and its arguments. */
int cli_tools(const struct mcp_config *config, struct str name,
    struct buf *out, struct buf *err);

/* Runs one tool with a JSON object of arguments (empty: none) and writes its
 * result, indented. m needs arena, sys, aws and deadline_ms. */
int cli_call(const struct mcp *mcp, struct mcp_message *m, struct str name,
    struct str arguments, struct buf *out, struct buf *err);

/* Asks GET /health of the server on host and port through the transport. An
 * unspecified host (0.0.0.0, ::, empty) means this machine. */
int cli_health(const struct transport *transport, const struct sys *sys,
    struct arena *a, struct str host, uint16_t port, struct buf *out,
    struct buf *err);

/* What a demo server prints at its start: its URL, a request to try, and how
 * to point LibreChat, Cursor and Claude at it. out must be in an arena. */
void cli_banner(struct buf *out, struct str host, uint16_t port);

#endif
