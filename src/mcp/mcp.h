/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MCP engine: one message in, one reply out, both protocol eras.
 *
 * Modern (2026-07-28) requests carry their version and capabilities in
 * params._meta and are answered without any memory of earlier ones. Legacy
 * requests (2024-11-05 to 2025-11-25) begin with `initialize`, but no session
 * is kept for them either: any process answers any request. Which era a
 * message belongs to is decided by its body first and its headers second
 * (mcp/era.h).
 *
 * mcp_begin() runs on the loop thread. It parses, checks, and answers what
 * needs no waiting: lists, handshakes, tools marked TOOL_LOCAL, and all
 * errors. For the rest it returns MCP_DEFER with the call prepared, and
 * mcp_run() answers it on a worker. Neither knows sockets: what a front has to
 * do is told in struct mcp_message.
 *
 * Left to the caller, because it needs no JSON: path, method, Content-Type,
 * Accept, Origin, Host, authentication (ladder steps 1 to 4), and the framing
 * of events.
 *
 * Not supported on purpose: sessions, subscriptions/listen (nothing changes
 * while the server runs), tasks, requests to the client.
 */
#ifndef MCP_MCP_H
#define MCP_MCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/sys.h"
#include "mcp/prompt.h"
#include "mcp/resource.h"
#include "mcp/tool.h"
#include "proto/http1.h"
#include "proto/trace.h"

struct mcp;
struct meter;

enum mcp_flag {
	MCP_LOGGING = 1,  /* declare and serve logging (fixtures) */
	MCP_SUBSCRIBE = 2 /* accept legacy resources/subscribe (fixtures) */
};

/* What is served. Everything it points to outlives the engine. An empty table
 * means that the capability is not declared and its methods do not exist. */
struct mcp_config {
	struct str name, title, version; /* serverInfo */
	struct str instructions; /* for the model; absent: none */
	const struct tool *const *tools;
	size_t tool_n;
	const struct resource *resources;
	size_t resource_n;
	const struct resource_template *templates;
	size_t template_n;
	const struct prompt *prompts;
	size_t prompt_n;
	unsigned flags; /* enum mcp_flag */
};

enum mcp_front {
	MCP_HTTP, /* one POST to /mcp */
	MCP_STDIO, /* one line */
	MCP_EVENTS /* one POST of the HTTP+SSE transport of 2024-11-05, which
	            * has the legacy era only */
};

enum mcp_verdict {
	MCP_DONE, /* the reply is complete, or there is none to send */
	MCP_DEFER /* call mcp_run() on a worker */
};

/* What one stdio process remembers of its handshake; loop thread only. Start
 * with a zeroed struct. HTTP has none. */
struct mcp_session {
	bool batches;             /* negotiated 2025-03-26 */
	bool level_set;           /* logging/setLevel came */
	enum tool_level level;
};

/* What one caller may do, where that is not everything. */
struct mcp_gate {
	void *ctx;
	/* Whether the tool is there for this caller, in lists and in calls.
	 * NULL: all are. */
	bool (*offers)(void *ctx, const struct tool *tool);
	/* Asked once for each call of a tool, on the thread that checks it.
	 * An error's sentence becomes the tool's result. Also for completions
	 * that ask AWS (tool NULL): those have no candidates then. */
	enum err (*admit)(void *ctx, const struct tool *tool, struct fail *f);
};

/* What happened, for the log. */
struct mcp_log {
	struct str method;  /* as received, echo with care; absent: none */
	struct str tool;    /* name of a tool that exists, or of a completion
	                     * that asked AWS; absent: none */
	bool modern;        /* era of the (last) request */
	bool tool_error;    /* the result has isError */
	enum err code;      /* why: an error reply's or the tool's; ERR_OK */
	unsigned aws_calls;
	struct str region;  /* effective AWS region of the call; absent: none */
	struct str account; /* account it asked; absent: none, or not known */
	size_t reply_len;   /* bytes of the reply */
	int64_t duration_ms; /* spent in mcp_begin() or mcp_run() */
};

struct mcp_message {
	/* ---- set by the caller before mcp_begin() ---- */
	enum mcp_front front;
	struct arena *arena;     /* this message's memory; the reply's too */
	const struct sys *sys;
	struct aws *aws;         /* handed to tools; may be NULL */
	const struct aws_caller *aws_caller; /* the same */
	const struct mcp_gate *gate; /* NULL: everything is for this caller */
	const struct http1_header *headers; /* MCP_HTTP; may be NULL */
	size_t header_n;
	struct mcp_session *session; /* MCP_STDIO; may be NULL */
	struct str body;         /* must outlive the message */
	int64_t deadline_ms;     /* absolute, monotonic */
	const struct cancel *cancel; /* may be NULL */
	uint64_t number;         /* of the request in the log; 0: none */
	struct meter *meter;     /* counts calls; may be NULL */
	struct trace trace;      /* of the header; mcp_begin() replaces it by
	                          * the one in params._meta, if there is one */
	/* Sends one notification (one line of JSON, valid during the call) on
	 * this call's own stream, before the reply. false: the client is gone.
	 * NULL: this client takes no events, so none are made. Called only
	 * within mcp_run(). */
	bool (*emit)(struct mcp_message *m, struct str json);
	/* Told of each call of a tool in a batch, when it has ended: what log
	 * says of tool, code, region and account is that call's. May be
	 * NULL. */
	void (*each)(struct mcp_message *m);
	void *ctx;               /* the caller's own */

	/* ---- set by mcp_begin() ---- */
	bool survives_close;     /* MCP_DEFER: a client that closes does not
	                          * cancel the call (legacy era) */
	struct str rpc_id;       /* MCP_DEFER: the request's id as raw JSON;
	                          * absent for a batch */
	struct str cancel_id;    /* but for MCP_HTTP: cancel the oldest call in
	                          * flight with this raw id; absent: no */

	/* ---- set when the reply is complete ---- */
	struct str reply;        /* JSON in the arena, one line without its end;
	                          * absent: nothing to send (HTTP: no body) */
	struct buf reply_buf;    /* holds the reply, but for constant ones: the
	                          * front may append what its framing puts
	                          * behind it, without a copy */
	int http_status;         /* of the reply: 200, 202, 400, 404, ... */
	struct mcp_log log;

	/* ---- the engine's own ---- */
	struct mcp_item *items;
	size_t item_n;
	bool batch;
};

/* Makes an engine in a long-lived arena and renders its lists once. The config
 * is copied, what it points to is not. ERR_LIMIT when a list is larger than
 * MCP_LIST_MAX, ERR_NOMEM. */
enum err mcp_new(struct mcp **out, const struct mcp_config *config,
    struct arena *a, struct fail *f) MUST_USE;

/* Answers or prepares a message; loop thread. Never waits. */
enum mcp_verdict mcp_begin(const struct mcp *mcp, struct mcp_message *m);
/* Runs what mcp_begin() deferred; worker thread. Always leaves a reply. */
void mcp_run(const struct mcp *mcp, struct mcp_message *m);

/* Runs one tool by name outside the protocol (the plain HTTP shim, the command
 * line): checks `arguments` (JSON object, NULL: none) and writes the
 * CallToolResult to m->reply, with 200; an unknown tool gives ERR_RPC_PARAMS
 * with the sentence in f. m needs arena, sys, aws, deadline_ms and cancel; with
 * m->emit progress is reported, under the token 0. */
enum err mcp_call_tool(const struct mcp *mcp, struct mcp_message *m,
    struct str name, const struct json *arguments, struct fail *f) MUST_USE;
/* The ListToolsResult, as in the legacy era: {"tools":[...]}, of the tools that
 * the gate offers (NULL: all). In the arena or constant; absent: no memory. */
struct str mcp_tools_json(const struct mcp *mcp, const struct mcp_gate *gate,
    struct arena *a);
/* The configuration the engine was made with. */
const struct mcp_config *mcp_config(const struct mcp *mcp);

#endif
