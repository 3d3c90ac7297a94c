/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The app without a socket: HTTP heads and bodies in, whole responses out,
 * through the real parser and the real engine with two small tools.
 */
#include "test.h"

#include <stdlib.h>

#include "app.h"
#include "auth/auth.h"
#include "auth/rate.h"
#include "fake_transport.h"
#include "jwt_maker.h"
#include "jwt_vectors.h"
#include "mcp/mcp.h"
#include "proto/http1.h"

static struct app_job job;

static enum err
run_echo(struct call *c)
{
	json_begin_object(c->out);
	json_put_string(c->out, S("word"), tool_arg_str(c, S("word")));
	json_end_object(c->out);
	c->region = S("eu-central-1");
	return ERR_OK;
}

/* The loop may not begin an event stream: when the request was deferred, and
 * when its tool ran. */
static bool held, held_in_tool;

static enum err
run_slow(struct call *c)
{
	held_in_tool = atomic_load(&job.begun);
	c->progress(c, 1, 2, S("half"));
	return run_echo(c);
}

static const struct param words[] = {
	{ .name = STR_INIT("word"), .type = PARAM_STRING, .max = 100,
	    .fallback = "\"none\"" },
};

static const struct tool echo = {
	.name = STR_INIT("echo"), .title = STR_INIT("Echo"),
	.description = STR_INIT("Says the word."), .params = words,
	.param_n = 1, .flags = TOOL_LOCAL | TOOL_READ_ONLY, .run = run_echo,
};

static const struct tool slow = {
	.name = STR_INIT("slow"), .title = STR_INIT("Slow"),
	.description = STR_INIT("Says the word later."), .params = words,
	.param_n = 1, .flags = TOOL_READ_ONLY | TOOL_SLOW, .run = run_slow,
};

static const struct tool *const tools[] = { &echo, &slow };

static struct fake_sys fake;
static struct arena start;
static struct app app;
static struct log log_to;
static struct mcp_session session;
static struct http1_request request;
static char emitted[65536];
static size_t emitted_len;
static bool has_keys;

static bool
credentials(void *ctx, struct buf *why)
{
	(void)ctx;
	if (!has_keys) {
		buf_add(why, S("nothing anywhere"));
	}
	return has_keys;
}

static bool
emit(struct app_job *j, struct str bytes)
{
	(void)j;
	memcpy(emitted + emitted_len, bytes.p, bytes.len);
	emitted_len += bytes.len;
	return true;
}

static bool
begin_test(void)
{
	struct mcp_config config = {
		.name = S("cloudwatch-mcp"), .title = S("t"),
		.version = S("9.9"), .instructions = S("i"), .tools = tools,
		.tool_n = 2,
	};
	struct mcp *mcp;
	struct fail f;

	arena_free(&start);
	arena_init(&start, 4 << 20);
	fail_init(&f, &start);
	fake_sys_free(&fake);
	fake_sys_init(&fake);
	if (mcp_new(&mcp, &config, &start, &f) != ERR_OK) {
		return false;
	}
	log_to = (struct log){ &fake.sys, LOG_DEBUG };
	app = (struct app){ .sys = &fake.sys, .log = &log_to, .mcp = mcp,
	    .name = S("cloudwatch-mcp"), .version = S("9.9"),
	    .call_ms = 60000, .loopback = true, .credentials = credentials,
	    .session = &session };
	has_keys = true;
	return true;
}

/* The loop has begun an event stream before the worker said anything. */
static bool loop_first;

/* How requests come. */
static const char *from = "127.0.0.1";
static bool over_tls;

/* Sends one request; the reply is in job, whole. */
static bool
send(const char *head, const char *body)
{
	struct app_calls calls = app_calls(&app);
	struct buf text;

	arena_free(&job.arena);
	job = (struct app_job){ .front = APP_HTTP, .keep_alive = true,
	    .emit = emit, .start_ms = fake.mono_ms,
	    .deadline_ms = fake.mono_ms + 1000000, .peer = str_from_z(from),
	    .tls = over_tls };
	arena_init(&job.arena, 1 << 20);
	emitted_len = 0;
	text = buf_in(&job.arena, 65536);
	buf_add(&text, str_from_z(head));
	buf_add(&text, S("\r\n"));
	if (http1_request_parse(buf_str(&text), &request, NULL) <= 0) {
		return false;
	}
	job.http = &request;
	job.body = str_from_z(body);
	if (calls.begin(calls.app, &job) == APP_DEFER) {
		held = atomic_load(&job.begun);
		if (loop_first) {
			atomic_store(&job.begun, true);
		}
		calls.run(calls.app, &job);
	}
	return true;
}

static int
status(void)
{
	struct http1_response r;

	if (http1_response_parse(job.reply_head, request.method, &r, NULL)
	    <= 0) {
		return -1;
	}
	return r.status;
}

static bool
reply_has(const char *text)
{
	return str_find(job.reply_head, str_from_z(text), 0) <
	    job.reply_head.len || str_find(job.reply_body, str_from_z(text), 0)
	    < job.reply_body.len;
}

#define POST "POST /mcp HTTP/1.1\r\nHost: localhost:1\r\n" \
	"Content-Type: application/json\r\n"
#define PING "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"ping\"}"

TEST(a_ping_is_answered_with_its_id)
{
	CHECK(begin_test());
	CHECK(send(POST, PING));
	CHECK_INT(status(), 200);
	CHECK_STR(job.reply_body,
	    S("{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{}}"));
	CHECK(reply_has("Content-Type: application/json\r\n"));
	CHECK(reply_has("Date: "));
}

TEST(a_notification_is_accepted_without_a_body)
{
	CHECK(begin_test());
	CHECK(send(POST, "{\"jsonrpc\":\"2.0\",\"method\":"
	    "\"notifications/initialized\"}"));
	CHECK_INT(status(), 202);
	CHECK_INT(job.reply_body.len, 0);
	CHECK(reply_has("Content-Length: 0\r\n"));
	CHECK(!reply_has("\r\nContent-Type"));
}

TEST(get_and_delete_on_the_endpoint_are_not_allowed)
{
	CHECK(begin_test());
	CHECK(send("GET /mcp HTTP/1.1\r\nHost: localhost\r\n"
	    "Accept: text/event-stream\r\n", ""));
	CHECK_INT(status(), 405);
	CHECK(reply_has("Allow: POST, OPTIONS\r\n"));
	CHECK(send("DELETE /mcp HTTP/1.1\r\nHost: localhost\r\n", ""));
	CHECK_INT(status(), 405);
	CHECK(send("POST /health HTTP/1.1\r\nHost: localhost\r\n", ""));
	CHECK_INT(status(), 405);
}

TEST(an_unknown_path_is_404_with_a_json_error)
{
	CHECK(begin_test());
	CHECK(send("GET /nope HTTP/1.1\r\nHost: localhost\r\n", ""));
	CHECK_INT(status(), 404);
	CHECK(reply_has("{\"error\":{\"code\":\"HTTP_NOT_FOUND\""));
}

TEST(a_body_that_is_not_json_by_its_type_is_415)
{
	CHECK(begin_test());
	CHECK(send("POST /mcp HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Type: text/plain\r\n", PING));
	CHECK_INT(status(), 415);
	CHECK(send("POST /mcp HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Type: Application/JSON; charset=utf-8\r\n", PING));
	CHECK_INT(status(), 200);
}

TEST(accept_must_allow_one_of_the_two_answers)
{
	CHECK(begin_test());
	CHECK(send(POST "Accept: text/html\r\n", PING));
	CHECK_INT(status(), 406);
	CHECK(send(POST "Accept: application/json;q=0\r\n", PING));
	CHECK_INT(status(), 406);
	CHECK(send(POST "Accept: */*\r\n", PING));
	CHECK_INT(status(), 200);
	CHECK(send(POST "Accept: application/*\r\n", PING));
	CHECK_INT(status(), 200);
	CHECK(send(POST "Accept: text/html, text/event-stream\r\n", PING));
	CHECK_INT(status(), 200);
}

TEST(foreign_origins_and_hosts_are_refused)
{
	CHECK(begin_test());
	CHECK(send("POST /mcp HTTP/1.1\r\nHost: evil.example.com\r\n"
	    "Content-Type: application/json\r\n", PING));
	CHECK_INT(status(), 403);
	CHECK(send(POST "Origin: http://evil.example.com\r\n", PING));
	CHECK_INT(status(), 403);
	CHECK(send(POST "Origin: null\r\n", PING));
	CHECK_INT(status(), 403);
	CHECK(send(POST "Origin: http://localhost.evil.example\r\n", PING));
	CHECK_INT(status(), 403);
	CHECK(send("GET /health HTTP/1.1\r\nHost: localhost\r\n"
	    "Origin: http://evil.example.com\r\n", ""));
	CHECK_INT(status(), 403);
	/* Loopback only at first sight. */
	CHECK(send(POST "Origin: http://localhost:80@evil.example\r\n", PING));
	CHECK_INT(status(), 403);
	CHECK(send(POST "Origin: http://[::1]evil.example\r\n", PING));
	CHECK_INT(status(), 403);
}

TEST(an_origin_that_only_begins_like_loopback_is_refused)
{
	static const char *const lies[] = {
		"Origin: http://[::1].evil.example\r\n",
		"Origin: http://localhost:80@evil.example\r\n",
		"Origin: http://127.0.0.1:x.evil.example\r\n",
		"Origin: http://localhost:\\@evil.example\r\n",
	};

	CHECK(begin_test());
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		char head[512];
		struct buf b = buf_fixed(head, sizeof(head) - 1);

		buf_add(&b, S(POST));
		buf_add(&b, str_from_z(lies[i]));
		head[b.len] = '\0';
		CHECK(send(head, PING));
		CHECK_INT(status(), 403);
	}
}

TEST(loopback_origins_are_allowed_and_echoed)
{
	CHECK(begin_test());
	CHECK(send(POST "Origin: http://localhost:8080\r\n", PING));
	CHECK_INT(status(), 200);
	CHECK(reply_has("Access-Control-Allow-Origin: http://localhost:8080"));
	CHECK(send(POST "Origin: http://[::1]:5\r\n", PING));
	CHECK_INT(status(), 200);
	CHECK(send(POST, PING));
	CHECK(!reply_has("Access-Control"));
}

TEST(configured_origins_and_hosts_are_allowed)
{
	CHECK(begin_test());
	app.origins = S("https://a.example, https://b.example");
	app.hosts = S("mcp.example");
	CHECK(send("POST /mcp HTTP/1.1\r\nHost: mcp.example:80\r\n"
	    "Content-Type: application/json\r\n"
	    "Origin: https://b.example\r\n", PING));
	CHECK_INT(status(), 200);
	CHECK(send(POST "Origin: https://c.example\r\n", PING));
	CHECK_INT(status(), 403);
	app.origins = S("*");
	CHECK(send(POST "Origin: https://c.example\r\n", PING));
	CHECK_INT(status(), 200);
}

TEST(the_origin_of_the_public_url_is_allowed)
{
	static const char *const good[] = { "https://mcp.example.com",
	    "https://mcp.example.com/", "https://mcp.example.com/prefix" };

	CHECK(begin_test());
	for (size_t i = 0; i < 3; i++) {
		app.public_url = str_from_z(good[i]);
		CHECK(send(POST "Origin: https://mcp.example.com\r\n", PING));
		CHECK_INT(status(), 200);
		CHECK(send(POST "Origin: https://mcp.example.com.evil\r\n",
		    PING));
		CHECK_INT(status(), 403);
		CHECK(send(POST "Origin: http://mcp.example.com\r\n", PING));
		CHECK_INT(status(), 403);
	}
	app.public_url = STR_NONE;
	CHECK(send(POST "Origin: \r\n", PING));
	CHECK_INT(status(), 403);
}

TEST(the_host_is_free_when_bound_beyond_loopback)
{
	CHECK(begin_test());
	app.loopback = false;
	CHECK(send("POST /mcp HTTP/1.1\r\nHost: cloudwatch-mcp.svc:3334\r\n"
	    "Content-Type: application/json\r\n", PING));
	CHECK_INT(status(), 200);
	app.hosts = S("only.example");
	CHECK(send("POST /mcp HTTP/1.1\r\nHost: other.example\r\n"
	    "Content-Type: application/json\r\n", PING));
	CHECK_INT(status(), 403);
}

TEST(a_preflight_is_answered)
{
	CHECK(begin_test());
	CHECK(send("OPTIONS /mcp HTTP/1.1\r\nHost: localhost\r\n"
	    "Origin: http://127.0.0.1:3\r\n"
	    "Access-Control-Request-Method: POST\r\n", ""));
	CHECK_INT(status(), 204);
	CHECK(reply_has("Access-Control-Allow-Headers: Authorization"));
	CHECK(!reply_has("Content-Length"));
}

TEST(health_lives_and_ready_tells_why_not)
{
	CHECK(begin_test());
	CHECK(send("GET /health HTTP/1.1\r\nHost: localhost\r\n", ""));
	CHECK_INT(status(), 200);
	CHECK(send("GET /ready HTTP/1.1\r\nHost: localhost\r\n", ""));
	CHECK_INT(status(), 200);
	has_keys = false;
	CHECK(send("GET /ready HTTP/1.1\r\nHost: localhost\r\n", ""));
	CHECK_INT(status(), 503);
	CHECK(reply_has("nothing anywhere"));
	has_keys = true;
	atomic_store(&app.draining, true);
	CHECK(send("GET /ready HTTP/1.1\r\nHost: localhost\r\n", ""));
	CHECK_INT(status(), 503);
	CHECK(reply_has("draining"));
	CHECK(reply_has("Connection: close\r\n"));
	CHECK(job.close_after);
}

TEST(head_has_the_length_but_no_body)
{
	CHECK(begin_test());
	CHECK(send("HEAD /health HTTP/1.1\r\nHost: localhost\r\n", ""));
	CHECK_INT(status(), 200);
	CHECK(reply_has("Content-Length: 15\r\n"));
	CHECK_INT(job.reply_body.len, 0);
}

TEST(the_root_says_what_this_is)
{
	CHECK(begin_test());
	CHECK(send("GET / HTTP/1.1\r\nHost: localhost\r\n", ""));
	CHECK(reply_has("\"endpoint\":\"/mcp\""));
	CHECK(reply_has("\"version\":\"9.9\""));
}

TEST(the_shim_runs_a_tool_and_lists_them)
{
	CHECK(begin_test());
	CHECK(send("POST /mcp/tools/call HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Type: application/json\r\n",
	    "{\"name\":\"echo\",\"arguments\":{\"word\":\"hi\"}}"));
	CHECK_INT(status(), 200);
	CHECK(reply_has("\"structuredContent\":{\"word\":\"hi\"}"));
	CHECK(send("POST /mcp/tools/call HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Type: application/json\r\n", "{\"name\":\"ecko\"}"));
	CHECK_INT(status(), 404);
	CHECK(reply_has("echo"));
	CHECK(send("POST /mcp/tools/call HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Type: application/json\r\n", "{\"name\":3}"));
	CHECK_INT(status(), 400);
	CHECK(send("POST /mcp/tools/call HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Type: application/json\r\n", "{"));
	CHECK_INT(status(), 400);
	CHECK(send("GET /mcp/tools HTTP/1.1\r\nHost: localhost\r\n", ""));
	CHECK(reply_has("\"name\":\"slow\""));
}

TEST(progress_turns_the_answer_into_an_event_stream)
{
	struct str sent;

	CHECK(begin_test());
	CHECK(send(POST "Accept: application/json, text/event-stream\r\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/call\","
	    "\"params\":{\"name\":\"slow\",\"_meta\":"
	    "{\"progressToken\":\"p\"}}}"));
	sent = str_of(emitted, emitted_len);
	CHECK(str_starts(sent, S("HTTP/1.1 200 OK\r\nContent-Type: "
	    "text/event-stream\r\n")));
	CHECK(str_find(sent, S("Transfer-Encoding: chunked"), 0) < sent.len);
	CHECK(str_find(sent, S("notifications/progress"), 0) < sent.len);
	CHECK(str_ends(job.reply_body, S("}\n\n\r\n0\r\n\r\n")));
	CHECK(reply_has("\"id\":5"));
}

TEST(without_a_progress_token_the_answer_is_json)
{
	CHECK(begin_test());
	CHECK(send(POST "Accept: application/json, text/event-stream\r\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/call\","
	    "\"params\":{\"name\":\"slow\"}}"));
	CHECK_INT(emitted_len, 0);
	CHECK_INT(status(), 200);
	CHECK(reply_has("application/json"));
}

#define SLOW_CALL "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":" \
	"\"tools/call\",\"params\":{\"name\":\"slow\""

TEST(a_stream_that_the_loop_began_is_gone_on_with)
{
	CHECK(begin_test());
	loop_first = true;
	CHECK(send(POST "Accept: application/json, text/event-stream\r\n",
	    SLOW_CALL "}}"));
	CHECK(str_starts(job.stream_head, S("HTTP/1.1 200 OK\r\n"
	    "Content-Type: text/event-stream\r\n")));
	CHECK(str_ends(job.stream_head, S("\r\n\r\n")));
	CHECK_INT(emitted_len, 0);
	CHECK(!str_starts(job.reply_head, S("HTTP/1.1")));
	CHECK(str_ends(job.reply_head, S("\r\nevent: message\ndata: ")));
	CHECK(str_starts(job.reply_body, S("{\"jsonrpc\"")));
	CHECK_INT(strtoul(job.reply_head.p, NULL, 16),
	    job.reply_head.len + job.reply_body.len -
	    str_find(job.reply_head, S("event"), 0) - 7);
	CHECK(str_ends(job.reply_body, S("}\n\n\r\n0\r\n\r\n")));
	CHECK(!job.close_after);
	/* An event of the worker's brings no second head. */
	CHECK(send(POST "Accept: application/json, text/event-stream\r\n",
	    SLOW_CALL ",\"_meta\":{\"progressToken\":1}}}"));
	loop_first = false;
	CHECK(emitted_len > 0);
	CHECK(str_find(str_of(emitted, emitted_len), S("HTTP/1.1"), 0) ==
	    emitted_len);
}

TEST(only_who_names_event_streams_gets_one_unasked)
{
	CHECK(begin_test());
	CHECK(send(POST "Accept: */*\r\n", SLOW_CALL "}}"));
	CHECK_INT(job.stream_head.len, 0);
	CHECK(send(POST, SLOW_CALL "}}"));
	CHECK_INT(job.stream_head.len, 0);
	CHECK(send("POST /mcp HTTP/1.0\r\nHost: localhost\r\n"
	    "Content-Type: application/json\r\nConnection: keep-alive\r\n"
	    "Accept: application/json, text/event-stream\r\n",
	    SLOW_CALL "}}"));
	CHECK(str_find(job.stream_head, S("Connection: close\r\n"), 0) <
	    job.stream_head.len);
	/* The answer was no stream. */
	CHECK(!job.close_after);
	CHECK_INT(status(), 200);
}

TEST(an_http_1_0_client_gets_its_stream_without_chunks)
{
	CHECK(begin_test());
	CHECK(send("POST /mcp HTTP/1.0\r\nHost: localhost\r\n"
	    "Content-Type: application/json\r\n"
	    "Accept: text/event-stream\r\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/call\","
	    "\"params\":{\"name\":\"slow\",\"_meta\":"
	    "{\"progressToken\":1}}}"));
	CHECK(str_find(str_of(emitted, emitted_len), S("chunked"), 0) ==
	    emitted_len);
	CHECK_STR(job.reply_head, S("event: message\ndata: "));
	CHECK(str_ends(job.reply_body, S("}\n\n")));
	CHECK(job.close_after);
}

TEST(a_closing_connection_is_announced)
{
	CHECK(begin_test());
	CHECK(send(POST, PING));
	CHECK(!reply_has("Connection:"));
	CHECK(send("GET /health HTTP/1.0\r\n", ""));
	CHECK(reply_has("Connection: keep-alive"));
}

TEST(the_log_names_tool_region_and_duration)
{
	struct str text;

	CHECK(begin_test());
	CHECK(send(POST, "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":"
	    "\"tools/call\",\"params\":{\"name\":\"echo\"}}"));
	text = fake_sys_log(&fake);
	CHECK(str_find(text, S("\"tool\":\"echo\""), 0) < text.len);
	CHECK(str_find(text, S("\"region\":\"eu-central-1\""), 0) < text.len);
	CHECK(str_find(text, S("\"duration_ms\":"), 0) < text.len);
}

#define TRACE_ID "0af7651916cd43dd8448eb211c80319c"
#define TRACE(span) "00-" TRACE_ID "-" span "-01"

TEST(the_log_names_the_trace_of_the_header_or_rather_of_the_message)
{
	struct str text;

	CHECK(begin_test());
	CHECK(send(POST "traceparent: " TRACE("1111111111111111") "\r\n",
	    PING));
	text = fake_sys_log(&fake);
	CHECK(str_find(text, S("\"trace_id\":\"" TRACE_ID "\",\"span_id\":"
	    "\"1111111111111111\""), 0) < text.len);
	CHECK(send(POST "traceparent: " TRACE("1111111111111111") "\r\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{"
	    "\"_meta\":{\"traceparent\":\"" TRACE("2222222222222222") "\"}}}"));
	text = fake_sys_log(&fake);
	CHECK(str_find(text, S("\"span_id\":\"2222222222222222\""), 0) <
	    text.len);
	CHECK(begin_test());
	CHECK(send(POST "traceparent: " TRACE("111111111111111G") "\r\n",
	    PING));
	text = fake_sys_log(&fake);
	CHECK(str_find(text, S("trace_id"), 0) == text.len);
}

static bool
scenario(struct arena *a, void *ctx)
{
	struct app_calls calls = app_calls(&app);

	(void)ctx;
	job = (struct app_job){ .front = APP_HTTP, .keep_alive = true,
	    .http = &request, .emit = emit, .body = str_from_z(PING) };
	job.arena = *a;
	if (calls.begin(calls.app, &job) == APP_DEFER) {
		calls.run(calls.app, &job);
	}
	*a = job.arena;
	arena_init(&job.arena, 0);
	return status() == 200;
}

TEST(running_out_of_memory_always_leaves_a_whole_reply)
{
	struct arena head;

	CHECK(begin_test());
	CHECK(send(POST, PING));
	/* The request's slices lie there. */
	head = job.arena;
	CHECK(test_fail_sweep(scenario, NULL, 65536) > 0);
	arena_free(&head);
}

TEST(a_line_of_stdio_gets_a_line)
{
	struct app_calls calls;

	CHECK(begin_test());
	calls = app_calls(&app);
	arena_free(&job.arena);
	job = (struct app_job){ .front = APP_STDIO, .emit = emit,
	    .body = str_from_z(PING) };
	arena_init(&job.arena, 65536);
	CHECK_INT(calls.begin(calls.app, &job), APP_DONE);
	CHECK_STR(job.reply_body,
	    S("{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{}}\n"));
}

/* ---- authentication ---- */

static bool
begin_locked(void)
{
	struct auth_setup setup = { .sys = &fake.sys,
	    .tokens_file = S("/tokens") };
	struct fail f;

	if (!begin_test()) {
		return false;
	}
	fail_init(&f, &start);
	fake_sys_file(&fake, "/tokens", "ci:0123456789abcdef\n");
	return auth_new(&app.auth, &setup, &start, &f) == ERR_OK &&
	    app.auth != NULL;
}

TEST(without_a_token_the_endpoint_answers_401_whatever_is_asked)
{
	static const char *const heads[] = {
		POST, "HEAD /mcp HTTP/1.1\r\nHost: localhost\r\n",
		"GET /mcp HTTP/1.1\r\nHost: localhost\r\n",
		"DELETE /mcp HTTP/1.1\r\nHost: localhost\r\n",
		"POST /mcp HTTP/1.1\r\nHost: localhost\r\n",
		"GET /mcp/tools HTTP/1.1\r\nHost: localhost\r\n",
		"POST /mcp/tools/call HTTP/1.1\r\nHost: localhost\r\n",
	};

	CHECK(begin_locked());
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		CHECK(send(heads[i], "{}"));
		CHECK_INT(status(), 401);
		CHECK(reply_has("WWW-Authenticate: Bearer\r\n"));
		CHECK(i == 1 || reply_has("\"AUTH_MISSING\""));
	}
	CHECK(send(POST "Authorization: Bearer wrong-wrong-wrong\r\n", PING));
	CHECK_INT(status(), 401);
	CHECK(reply_has("WWW-Authenticate: Bearer error=\"invalid_token\""));
	CHECK(!reply_has("wrong-wrong"));
	CHECK(send(POST "Authorization: Bearer a b\r\n", PING));
	CHECK_INT(status(), 400);
	CHECK(str_find(fake_sys_log(&fake), S("wrong-wrong"), 0) ==
	    fake_sys_log(&fake).len);
}

TEST(with_a_token_all_is_as_it_was_and_the_log_names_the_caller)
{
	struct str lines;

	CHECK(begin_locked());
	CHECK(send(POST "Authorization: Bearer 0123456789abcdef\r\n", PING));
	CHECK_INT(status(), 200);
	CHECK(send("HEAD /mcp HTTP/1.1\r\nHost: localhost\r\n"
	    "Authorization: Bearer 0123456789abcdef\r\n", ""));
	CHECK_INT(status(), 405);
	CHECK(send("POST /mcp/tools/call HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Type: application/json\r\n"
	    "Authorization: Bearer 0123456789abcdef\r\n",
	    "{\"name\":\"slow\",\"arguments\":{\"word\":\"w\"}}"));
	CHECK_INT(status(), 200);
	lines = fake_sys_log(&fake);
	CHECK(str_find(lines, S("\"caller\":\"ci\""), 0) < lines.len);
	CHECK(str_find(lines, S("0123456789abcdef"), 0) == lines.len);
}

TEST(health_readiness_and_preflights_stay_open)
{
	CHECK(begin_locked());
	CHECK(send("GET /health HTTP/1.1\r\nHost: localhost\r\n", ""));
	CHECK_INT(status(), 200);
	CHECK(send("OPTIONS /mcp HTTP/1.1\r\nHost: localhost\r\n"
	    "Origin: http://localhost:3000\r\n", ""));
	CHECK_INT(status(), 204);
	CHECK(reply_has("Access-Control-Allow-Headers: Authorization"));
	has_keys = false;
	CHECK(send("GET /ready HTTP/1.1\r\nHost: localhost\r\n", ""));
	CHECK_INT(status(), 503);
	CHECK(!reply_has("nothing anywhere"));
}

TEST(a_caller_sees_and_calls_only_what_is_for_it)
{
	CHECK(begin_locked());
	fake_sys_file(&fake, "/tokens", "ci:0123456789abcdef:e*\n");
	(void)auth_refresh(app.auth, NULL);
	CHECK(send("GET /mcp/tools HTTP/1.1\r\nHost: localhost\r\n"
	    "Authorization: Bearer 0123456789abcdef\r\n", ""));
	CHECK(reply_has("\"echo\"") && !reply_has("\"slow\""));
	CHECK(send(POST "Authorization: Bearer 0123456789abcdef\r\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\","
	    "\"params\":{\"name\":\"slow\"}}"));
	CHECK(reply_has("is not one that this caller may use"));
	CHECK(send("POST /mcp/tools/call HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Type: application/json\r\n"
	    "Authorization: Bearer 0123456789abcdef\r\n",
	    "{\"name\":\"slow\"}"));
	CHECK(reply_has("is not one that this caller may use"));
	CHECK(!str_icontains(fake_sys_log(&fake), S("\"outcome\":\"ok\"")));
}

TEST(a_caller_that_asks_too_often_is_told_to_wait)
{
	CHECK(begin_test());
	app.rate = rate_new(&fake.sys, 2, &start);
	for (int i = 0; i < 3; i++) {
		CHECK(send(POST, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
		    "\"tools/call\",\"params\":{\"name\":\"echo\"}}"));
		CHECK_INT(status(), 200);
		CHECK(reply_has("\"isError\":true") == (i == 2));
	}
	CHECK(reply_has("wait 30 s before the next one"));
	CHECK(send(POST, PING));
	CHECK(!reply_has("isError"));
}

/* The one line of the log that has this text. */
static struct str
line_with(const char *text)
{
	struct str rest = fake_sys_log(&fake);

	while (rest.p != NULL) {
		struct str one = str_cut(&rest, '\n');

		if (str_icontains(one, str_from_z(text))) {
			return one;
		}
	}
	return STR_NONE;
}

TEST(every_call_leaves_an_audit_line_at_every_level)
{
	struct str l;

	CHECK(begin_locked());
	log_to.level = LOG_ERROR;
	CHECK(send(POST "Authorization: Bearer 0123456789abcdef\r\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\","
	    "\"params\":{\"name\":\"slow\"}}"));
	l = line_with("\"event\":\"audit\"");
	CHECK(str_icontains(l, S("\"level\":\"AUDIT\"")));
	CHECK(str_icontains(l, S("\"kind\":\"token\",\"caller\":\"ci\"")));
	CHECK(str_icontains(l, S("\"tool\":\"slow\"")));
	CHECK(str_icontains(l, S("\"region\":\"eu-central-1\"")));
	CHECK(str_icontains(l, S("\"outcome\":\"ok\"")));
	CHECK(line_with("\"event\":\"request\"").p == NULL);
}

TEST(each_call_of_a_batch_leaves_an_audit_line)
{
	struct str log;
	size_t n = 0;

	CHECK(begin_locked());
	CHECK(send(POST "MCP-Protocol-Version: 2025-03-26\r\n"
	    "Authorization: Bearer 0123456789abcdef\r\n",
	    "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\","
	    "\"params\":{\"name\":\"slow\"}},{\"jsonrpc\":\"2.0\",\"id\":2,"
	    "\"method\":\"tools/call\",\"params\":{\"name\":\"echo\"}}]"));
	CHECK(reply_has("\"id\":2"));
	CHECK(str_icontains(line_with("\"tool\":\"slow\""), S("\"audit\"")));
	log = fake_sys_log(&fake);
	for (size_t at = 0; (at = str_find(log, S("\"event\":\"audit\""), at)) <
	    log.len; at++) {
		n++;
	}
	CHECK_INT(n, 2);
}

/* ---- tokens of an issuer ---- */

#define CLAIMS "{\"iss\":\"https://id.example.com\",\"sub\":\"alice\"," \
	"\"aud\":\"cw\",\"exp\":1795179600}"

static struct fake_transport net;

static bool
begin_issuer(int keys_status)
{
	struct auth_setup setup = { .sys = &fake.sys,
	    .transport = &net.transport, .issuers = {
	    .issuer = S("https://id.example.com"), .audience = S("cw"),
	    .jwks_uri = S("https://id.example.com/keys") } };
	struct fail f;

	if (!begin_test()) {
		return false;
	}
	fail_init(&f, &start);
	fake_transport_init(&net, &fake);
	fake_transport_reply(&net, "/keys", keys_status, JWT_KEYS)
	    ->forever = true;
	return auth_new(&app.auth, &setup, &start, &f) == ERR_OK &&
	    app.auth != NULL;
}

static bool
send_token(const char *body)
{
	static char head[4096];
	struct str token = jwt_make(&start, "{\"alg\":\"ES256\",\"kid\":"
	    "\"p256\"}", CLAIMS);

	(void)snprintf(head, sizeof(head), POST "Authorization: Bearer "
	    "%.*s\r\n", STR_ARG(token));
	return send(head, body);
}

TEST(an_unknown_token_is_verified_on_a_worker_and_then_known)
{
	CHECK(begin_issuer(200));
	/* Answered on the loop's thread otherwise: here on the worker's. */
	CHECK(send_token(PING));
	CHECK_INT(status(), 200);
	CHECK_INT(net.request_n, 1);
	CHECK(send_token("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
	    "\"tools/call\",\"params\":{\"name\":\"slow\"}}"));
	CHECK_INT(status(), 200);
	CHECK_INT(net.request_n, 1);
	CHECK(str_icontains(line_with("\"event\":\"audit\""),
	    S("\"issuer\":\"https://id.example.com\"")));
}

TEST(a_call_that_waited_for_its_caller_may_still_become_a_stream)
{
	CHECK(begin_issuer(200));
	CHECK(send_token("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
	    "\"tools/call\",\"params\":{\"name\":\"slow\",\"_meta\":{"
	    "\"progressToken\":7}}}"));
	CHECK(str_starts(str_of(emitted, emitted_len),
	    S("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream")));
	CHECK(str_icontains(str_of(emitted, emitted_len),
	    S("notifications/progress")));
}

TEST(brought_credentials_need_an_encrypted_connection)
{
	/* {"accessKeyId":"ASIAEXAMPLE0000EXMP",...}, good until 2100 */
	static const char head[] = POST "X-AWS-Credentials: "
	    "eyJhY2Nlc3NLZXlJZCI6IkFTSUFFWEFNUExFMDAwMEVYTVAiLCJzZWNy"
	    "ZXRBY2Nlc3NLZXkiOiIwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3"
	    "ODkwMTIzNDU2Nzg5Iiwic2Vzc2lvblRva2VuIjoiZEc5clpXND0iLCJl"
	    "eHBpcmVzQXQiOjQxMDI0NDQ4MDAwMDB9" "\r\n";
	struct auth_setup setup = { .sys = &fake.sys, .credentials = true };
	struct fail f;

	CHECK(begin_test());
	fail_init(&f, &start);
	CHECK_INT(auth_new(&app.auth, &setup, &start, &f), ERR_OK);
	app.loopback = false;
	from = "203.0.113.7";
	CHECK(send(head, PING));
	CHECK_INT(status(), 401);
	CHECK(reply_has("not encrypted"));
	over_tls = true;
	CHECK(send(head, PING));
	CHECK_INT(status(), 200);
	CHECK(job.arena.secret);
	/* Neither they nor their header are in the log, at any level. */
	CHECK(!str_icontains(fake_sys_log(&fake), S("ASIAEXAMPLE")));
	CHECK(!str_icontains(fake_sys_log(&fake), S("eyJhY2Nl")));
	CHECK(!str_icontains(fake_sys_log(&fake), S("dG9rZW4")));
	from = "127.0.0.1";
	over_tls = false;
}

TEST(the_loop_begins_no_stream_before_the_caller_is_known)
{
	CHECK(begin_issuer(200));
	CHECK(send_token("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
	    "\"tools/call\",\"params\":{\"name\":\"slow\"}}"));
	CHECK(held && !held_in_tool);
	/* Known by now: nothing is held. */
	CHECK(send_token("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
	    "\"tools/call\",\"params\":{\"name\":\"slow\"}}"));
	CHECK(!held && !held_in_tool);
}

TEST(keys_that_cannot_be_had_are_503_and_no_challenge)
{
	CHECK(begin_issuer(500));
	CHECK(send_token(PING));
	CHECK_INT(status(), 503);
	CHECK(reply_has("Retry-After: 10\r\n"));
	CHECK(!reply_has("WWW-Authenticate"));
}

TEST(clients_are_led_from_401_to_the_metadata)
{
	CHECK(begin_issuer(200));
	CHECK(send("HEAD /mcp HTTP/1.1\r\nHost: localhost:3334\r\n", ""));
	CHECK_INT(status(), 401);
	CHECK(reply_has("WWW-Authenticate: Bearer resource_metadata=\"http://"
	    "localhost:3334/.well-known/oauth-protected-resource/mcp\"\r\n"));
	CHECK(send("GET /.well-known/oauth-protected-resource/mcp HTTP/1.1\r\n"
	    "Host: localhost:3334\r\n", ""));
	CHECK_INT(status(), 200);
	CHECK(reply_has("\"resource\":\"http://localhost:3334/mcp\""));
	CHECK(reply_has("Access-Control-Allow-Origin: *\r\n"));
	CHECK(send("GET /.well-known/oauth-protected-resource HTTP/1.1\r\n"
	    "Host: localhost\r\nOrigin: https://inspector.example\r\n", ""));
	CHECK_INT(status(), 200);
	CHECK(reply_has("Access-Control-Allow-Origin: "
	    "https://inspector.example\r\n"));
	CHECK(send(POST "Origin: https://inspector.example\r\n", "{}"));
	CHECK_INT(status(), 403);
	app.public_url = S("https://mcp.example.com/");
	CHECK(send("GET /.well-known/oauth-protected-resource HTTP/1.1\r\n"
	    "Host: localhost\r\n", ""));
	CHECK(reply_has("\"resource\":\"https://mcp.example.com/mcp\""));
	CHECK(send(POST, "{}"));
	CHECK_INT(status(), 401);
	CHECK(reply_has("resource_metadata=\"https://mcp.example.com/."));
}

TEST(without_issuers_there_is_no_metadata)
{
	CHECK(begin_locked());
	CHECK(send("GET /.well-known/oauth-protected-resource HTTP/1.1\r\n"
	    "Host: localhost\r\n", ""));
	CHECK_INT(status(), 404);
}
