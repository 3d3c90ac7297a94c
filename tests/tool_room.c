/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See tool_room.h.
 */
#include "tool_room.h"

#include <stdio.h>

#include "aws/call.h"
#include "demo/demo.h"
#include "mcp/mcp.h"
#include "tools/prompts.h"
#include "tools/tools.h"

struct tool_room room;

static struct demo demo;
static struct transport transport;
static struct aws aws;
static struct arena start;
static struct arena work;
static struct mcp *mcp;
static struct cancel cancel;

/* Feeds an exchange's sink with room.stream. */
static void
give_stream(struct exchange *x)
{
	x->err = ERR_OK;
	x->status = 200;
	x->response_n = 0;
	for (size_t at = 0; at < room.stream.len; at += room.stream_piece) {
		x->sink->began = true;
		if (!x->sink->take(x->sink->ctx, str_sub(room.stream, at,
		    at + room.stream_piece))) {
			return;
		}
		room.fake.mono_ms += 1000;
		room.fake.now_ms += 1000;
	}
	if (room.stream_err == ERR_TIMEOUT) {
		room.fake.mono_ms = x->deadline_ms;
	}
	if (room.stream_err != ERR_OK) {
		fail_init(&x->fail, x->arena);
		x->err = fail_set(&x->fail, room.stream_err, 0, STR_NONE);
	}
}

/* The next answer if it is one for this request; else NULL. */
static const char *
take_answer(const struct exchange *x)
{
	struct str name = STR_NONE, rest;
	const char *answer;

	if (room.answer_at == room.answer_n) {
		return NULL;
	}
	answer = room.answers[room.answer_at];
	if (answer[0] == '@') {
		for (size_t i = 0; i < x->header_n; i++) {
			if (str_eq(x->headers[i].name, S("X-Amz-Target"))) {
				name = x->headers[i].value;
			}
		}
		rest = str_from_z(answer + 1);
		if (!str_ends(name, str_cut(&rest, ' '))) {
			return NULL;
		}
		answer = rest.p;
	}
	room.answer_at++;
	return answer;
}

static void
one(struct exchange *x)
{
	const char *answer;

	if (x->deadline_ms <= room.fake.mono_ms) {
		fail_init(&x->fail, x->arena);
		x->err = fail_set(&x->fail, ERR_TIMEOUT, 0, STR_NONE);
		return;
	}
	if (x->body.len > 0 &&
	    room.sent_len + x->body.len + 1 < sizeof(room.sent)) {
		memcpy(room.sent + room.sent_len, x->body.p, x->body.len);
		room.sent_len += x->body.len;
		room.sent[room.sent_len++] = '\n';
	}
	if (str_eq(x->method, S("GET")) &&
	    room.sent_len + x->target.len < sizeof(room.sent)) {
		memcpy(room.sent + room.sent_len, x->target.p, x->target.len);
		room.sent_len += x->target.len;
	}
	room.request_n += !str_starts(x->host, S("sts."));
	if (room.cancel_at > 0 && room.request_n >= room.cancel_at) {
		atomic_store(&cancel.raised, true);
	}
	if (x->sink != NULL && room.stream.p != NULL) {
		give_stream(x);
		return;
	}
	answer = take_answer(x);
	if (answer == NULL) {
		transport.roundtrip(transport.ctx, &x, 1);
		return;
	}
	x->err = ERR_OK;
	x->status = answer[0] == '!' ? 400 : 200;
	x->response_n = 0;
	x->response_body = str_from_z(answer + (answer[0] == '!'));
}

static void
roundtrip(void *ctx, struct exchange *const *x, size_t n)
{
	(void)ctx;
	room.at_once_n = n > room.at_once_n ? n : room.at_once_n;
	for (size_t i = 0; i < n; i++) {
		one(x[i]);
	}
}

static struct transport recorder = { .roundtrip = roundtrip };

/* see tool_room.h */
bool
tool_room_open(void)
{
	struct creds_setup setup = { .sys = &room.fake.sys,
	    .transport = &recorder };
	struct mcp_config config = {
		.name = S("cloudwatch-mcp"), .title = S("t"),
		.version = S("0"), .instructions = tools_instructions,
		.tools = tools_table, .tool_n = tools_n,
		.prompts = prompts_table, .prompt_n = prompts_n,
	};
	struct fail f;

	if (aws.creds != NULL) {
		creds_free(aws.creds);
		demo_free(&demo);
	}
	arena_free(&start);
	arena_init(&start, (size_t)16 << 20);
	fail_init(&f, &start);
	fake_sys_free(&room.fake);
	fake_sys_init(&room.fake);
	room.fake.now_ms = INT64_C(1795000000000);
	fake_sys_env(&room.fake, "AWS_ACCESS_KEY_ID", DEMO_ACCESS_KEY);
	fake_sys_env(&room.fake, "AWS_SECRET_ACCESS_KEY", DEMO_SECRET_KEY);
	fake_sys_env(&room.fake, "HOME", "/home/app");
	demo_init(&demo, &room.fake.sys);
	demo_transport(&demo, &transport);
	aws = (struct aws){ .sys = &room.fake.sys, .transport = &recorder,
	    .region = S("eu-central-1"), .user_agent = S("test") };
	aws.creds = creds_new(&start, &setup);
	room.answer_n = room.answer_at = 0;
	room.verify = false;
	room.cancel_at = room.at_once_n = 0;
	room.sent_len = room.request_n = 0;
	room.stream = room.profiles = STR_NONE;
	room.fail_at = SIZE_MAX;
	return aws.creds != NULL && aws_init(&aws, &f) == ERR_OK &&
	    mcp_new(&mcp, &config, &start, &f) == ERR_OK;
}

/* see tool_room.h */
void
tool_room_answer(const char *json)
{
	MUST(room.answer_n < TOOL_ROOM_ANSWER_MAX);
	room.answers[room.answer_n++] = json;
}

/* see tool_room.h */
bool
tool_room_call(const char *tool, const char *arguments)
{
	struct mcp_message m;
	struct json *args;
	struct json *result;
	struct fail f;

	arena_free(&work);
	arena_init(&work, (size_t)64 << 20);
	aws.profiles = room.profiles;
	demo.verify = room.verify;
	atomic_store(&cancel.raised, false);
	work.fail_at = room.fail_at;
	fail_init(&f, &work);
	m = (struct mcp_message){ .arena = &work, .sys = &room.fake.sys,
	    .aws = &aws, .aws_caller = room.caller, .cancel = &cancel,
	    .deadline_ms = room.fake.mono_ms + 120000 };
	if (json_parse(&work, str_from_z(arguments), 0, &args, &f) != ERR_OK ||
	    mcp_call_tool(mcp, &m, str_from_z(tool), args, &f) != ERR_OK ||
	    json_parse(&work, m.reply, 0, &result, &f) != ERR_OK) {
		return false;
	}
	room.data = json_get(result, S("structuredContent"));
	room.content = json_get(result, S("content"));
	room.text = json_str(json_get(json_at(room.content,
	    room.content->n - 1), S("text")));
	room.is_error = json_get_bool(result, S("isError"), false);
	if (room.is_error && room.fail_at == SIZE_MAX) {
		printf("    %s: %.*s\n", tool, STR_ARG(room.text));
	}
	return true;
}

/* see tool_room.h */
bool
tool_room_ask(const char *method, const char *params)
{
	struct mcp_message m;
	struct json *reply;
	struct buf b;
	struct fail f;

	arena_free(&work);
	arena_init(&work, (size_t)64 << 20);
	fail_init(&f, &work);
	b = buf_in(&work, 65536);
	buf_addf(&b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\","
	    "\"params\":%s}", str_from_z(method), str_from_z(params));
	m = (struct mcp_message){ .front = MCP_HTTP, .arena = &work,
	    .sys = &room.fake.sys, .aws = &aws, .body = buf_str(&b),
	    .deadline_ms = room.fake.mono_ms + 120000 };
	if (mcp_begin(mcp, &m) == MCP_DEFER) {
		mcp_run(mcp, &m);
	}
	room.data = NULL;
	room.text = m.reply;
	if (json_parse(&work, m.reply, 0, &reply, &f) != ERR_OK) {
		return false;
	}
	room.data = json_get(reply, S("result"));
	return room.data != NULL;
}

/* see tool_room.h */
bool
tool_room_sent(const char *part)
{
	return str_find(str_of(room.sent, room.sent_len), str_from_z(part),
	    0) < room.sent_len;
}

/* see tool_room.h */
bool
tool_room_says(const char *part)
{
	return str_find(room.text, str_from_z(part), 0) < room.text.len;
}
