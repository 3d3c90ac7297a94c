/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calling tools in tests as a client does: through the engine, the credential
 * chain and the signer, to the demo account or to a script of AWS answers.
 *
 *	CHECK(tool_room_open());
 *	tool_room_answer("{\"MetricDataResults\":[]}");    (the next request)
 *	CHECK(tool_room_call("get_metric_data", "{...}"));
 *	CHECK(json_get(room.data, S("period")) != NULL);
 *
 * Answers are used in their order; behind the last one, or with none, the demo
 * account answers. An answer that begins with '!' is an error: status 400
 * with the rest as its body; "@Operation " in front of either keeps it for that
 * operation, and the demo account answers others until then.
 */
#ifndef TESTS_TOOL_ROOM_H
#define TESTS_TOOL_ROOM_H

#include "aws/caller.h"
#include "base/arena.h"
#include "base/str.h"
#include "fake_sys.h"
#include "proto/json.h"

#define TOOL_ROOM_ANSWER_MAX 400

struct tool_room {
	struct fake_sys fake;
	const struct json *data; /* structuredContent of the last call */
	const struct json *content; /* its blocks */
	struct str text;         /* its text block: the last one */
	bool is_error;
	char sent[65536];        /* bodies of all requests, a line each; the
	                          * targets of those by GET */
	size_t sent_len;
	size_t request_n;        /* but those to STS */
	const char *answers[TOOL_ROOM_ANSWER_MAX];
	size_t answer_n, answer_at;
	/* What a request with a sink gets, in pieces of so many bytes, a second
	 * each; then err, ERR_TIMEOUT at the deadline. Absent: the demo
	 * account's. */
	struct str stream;
	size_t stream_piece;
	enum err stream_err;
	size_t at_once_n;        /* most requests that went out together */
	size_t cancel_at;        /* the call is cancelled when so many requests
	                          * were answered; 0: never */
	bool verify;             /* the demo account checks signatures, and
	                          * knows roles by their keys */
	struct str profiles;     /* CLOUDWATCH_MCP_PROFILES */
	const struct aws_caller *caller; /* on whose behalf; NULL: nobody's */
	size_t fail_at;          /* this allocation of a call fails */
};

extern struct tool_room room;

/* A new world; keys and region are set. false: it could not be made. */
bool tool_room_open(void);
/* The answer to the next request that has none yet. Not copied. */
void tool_room_answer(const char *json);
/* Calls a tool with arguments as JSON text; false without a result at all. */
bool tool_room_call(const char *tool, const char *arguments);
/* Sends a JSON-RPC request of the legacy era, "method" and params as JSON
 * text; its result is room.data, NULL when it was refused. */
bool tool_room_ask(const char *method, const char *params);
/* It occurs in what was sent, or in the text of the last result. */
bool tool_room_sent(const char *part);
bool tool_room_says(const char *part);

#endif
