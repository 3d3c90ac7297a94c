/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the engine share: the engine itself, one message in work,
 * and a row of the method table. Nothing outside src/mcp includes this.
 *
 * A message passes three steps. mcp.c reads it and finds era and method;
 * the method's `prepare` checks all parameters on the loop thread and says
 * whether answering would wait; its `write` makes the result, on the loop
 * thread or a worker. Only `write` may wait, and only when deferred.
 */
#ifndef MCP_ENGINE_H
#define MCP_ENGINE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "mcp/era.h"
#include "mcp/mcp.h"
#include "proto/json.h"
#include "proto/jsonrpc.h"

struct mcp_item;

/* Milliseconds for which a client may keep a list, and what it read: lists
 * change only with a new version of this program, so five minutes bound how
 * long a client shows an old one. */
#define ENGINE_LIST_TTL_MS 300000

/* The lists that are rendered at start, for both eras. */
enum engine_list {
	ENGINE_TOOLS,
	ENGINE_RESOURCES,
	ENGINE_TEMPLATES,
	ENGINE_PROMPTS,
	ENGINE_LIST_N
};

struct mcp {
	struct mcp_config config;
	struct str lists[ENGINE_LIST_N][2]; /* result objects: [0] legacy, [1]
	                                     * modern */
	struct str *tools;     /* the entry of each tool in those lists */
	struct str discover;   /* modern result object */
	struct str handshake;  /* members of the legacy initialize result but
	                        * its version, as an object */
	struct str meta;       /* value of _meta on modern results */
};

/* What has to be configured for a method to exist. */
enum method_needs {
	METHOD_ALWAYS,
	METHOD_TOOLS,
	METHOD_RESOURCES,
	METHOD_PROMPTS,
	METHOD_COMPLETIONS,
	METHOD_LOGGING,
	METHOD_SUBSCRIBE
};

enum method_era {
	METHOD_LEGACY = 1,
	METHOD_MODERN = 2,
	METHOD_BOTH = 3
};

struct method {
	struct str name;
	unsigned eras;           /* enum method_era */
	enum method_needs needs;
	enum engine_list list;   /* the list it answers with, see write */
	/* Checks the parameters; sets item->deferred when write would wait.
	 * An error becomes the reply. NULL: nothing to check. */
	enum err (*prepare)(const struct mcp *mcp, struct mcp_item *item);
	/* Writes the result, one value. */
	enum err (*write)(const struct mcp *mcp, struct mcp_item *item,
	    struct json_writer *w);
};

struct mcp_item {
	struct mcp_message *m;
	struct jsonrpc rpc;
	struct era era;
	const struct method *method; /* NULL: nothing to answer, or refused */
	bool deferred;           /* write has to run on a worker */
	struct fail fail;        /* why the message is refused */
	struct str missing_uri;  /* resource not found: data.uri */

	/* ---- what prepare found ---- */
	const struct tool *tool;
	const struct prompt *prompt;
	const struct json *args; /* checked */
	struct fail bad_args;    /* tools: the result is this sentence */
	enum err ended;          /* tools: what the result says */
	resource_read_fn read;
	struct str mime_type;
	struct resource_match match;
	enum err (*complete)(struct completion *c);
	struct str argument, value; /* completion */

	/* ---- while it runs ---- */
	struct str progress_token; /* raw JSON; absent: not asked for */
	double progress_last;
	bool progress_begun;
	bool log_on;
	enum tool_level log_level; /* the least important one sent */
};

/* Opens the result object, with resultType in the modern era (absent:
 * "complete"). */
void mcp_begin_members(const struct mcp_item *item, struct json_writer *w,
    struct str result_type);
/* Closes it, with _meta and, when the result may be cached, for how long;
 * ttl_ms < 0: it may not. */
void mcp_end_members(const struct mcp *mcp, const struct mcp_item *item,
    struct json_writer *w, int64_t ttl_ms);

#endif
