/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person types: tools, call, health, doctor. Each writes text for
 * standard output and standard error into buffers and returns the exit status,
 * so that all of it runs in tests without a terminal.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/call.h"
#include "aws/transport.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/sys.h"
#include "mcp/mcp.h"

/* Exit statuses. */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1, /* the tool, the server or AWS said no */
	CLI_USAGE = 2,  /* the command line is wrong */
	CLI_CANCELLED = 130 /* a signal ended the call, as shells say it */
};

/* Who looks at the output of a command. */
struct cli_terminal {
	/* Shows a line of at most CLI_STATUS_MAX bytes in the place of the one
	 * before; an empty one clears it. NULL: standard error is no
	 * terminal. */
	void (*status)(void *ctx, struct str line);
	void *ctx;
	bool draw; /* standard output is a terminal: series are drawn */
};

/* One line of a terminal without its last column. */
#define CLI_STATUS_MAX ((size_t)79)

/* Lists the tools, a line each; with a name that tool and its arguments. */
int cli_tools(const struct mcp_config *config, struct str name,
    struct buf *out, struct buf *err);

/* The tools as the README shows them: a table for each family. */
void cli_markdown(const struct mcp_config *config, struct buf *out);

/* Runs one tool with a JSON object of arguments (empty: none) and writes its
 * result, indented, and what it holds of series as one line each. Progress
 * goes to the terminal while it runs. m needs arena, sys, aws and
 * deadline_ms. */
int cli_call(const struct mcp *mcp, struct mcp_message *m, struct str name,
    struct str arguments, struct cli_terminal *terminal,
    struct buf *out, struct buf *err);

/* Asks GET /health of the server on host and port through the transport. An
 * unspecified host (0.0.0.0, ::, empty) means this machine. */
int cli_health(const struct transport *transport, const struct sys *sys,
    struct arena *a, struct str host, uint16_t port, struct buf *out,
    struct buf *err);

/* What the doctor looks at besides AWS. */
struct cli_doctor_setup {
	bool json;           /* the report as one JSON object */
	bool region_given;   /* aws->region is the flag's */
	const struct auth_setup *inbound; /* who may call; NULL: nobody asks */
	struct str public_url; /* of this server, for clients; may be absent */
	bool loopback;       /* it listens on this machine only */
};

/* Looks at everything a first deployment can get wrong and writes a line for
 * each thing, "ok", "failed" or "skipped", with the next step below it; as one
 * JSON object {checks: [{check, status, detail, next}], failed} where json is
 * set. Calls AWS, for two minutes at most, and replaces aws->keys. CLI_FAILED:
 * something failed. */
int cli_doctor(struct aws *aws, struct arena *a,
    const struct cli_doctor_setup *setup, struct buf *out);

/* What the program is made of, as an SPDX 2.3 document in JSON. */
void cli_sbom(struct buf *out);
/* Its licence, and the notices of what it contains. */
void cli_notices(struct buf *out);

/* What a demo server prints at its start: its URL, a request to try, and how
 * to point LibreChat, Cursor and Claude at it. out must be in an arena. */
void cli_banner(struct buf *out, struct str host, uint16_t port);

#endif
