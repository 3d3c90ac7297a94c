/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP+SSE transport without a socket: the test plays the front, which
 * knows connections by numbers.
 */
#include "test.h"

#include "app.h"
#include "app_legacy.h"
#include "auth/auth.h"
#include "base/limits.h"
#include "fake_sys.h"
#include "fake_transport.h"
#include "jwt_maker.h"
#include "jwt_vectors.h"
#include "mcp/mcp.h"
#include "proto/http1.h"

static enum err
run_slow(struct call *c)
{
	c->progress(c, 1, 2, S("half"));
	json_begin_object(c->out);
	json_put_string(c->out, S("word"), S("done"));
	json_end_object(c->out);
	return ERR_OK;
}

static const struct tool slow = {
	.name = STR_INIT("slow"), .title = STR_INIT("Slow"),
	.description = STR_INIT("Takes its time."),
	.flags = TOOL_READ_ONLY | TOOL_SLOW, .run = run_slow,
};

static const struct tool *const tools[] = { &slow };

static struct fake_sys fake;
static struct arena start;
static struct app app;
static struct log log_to;
static struct app_job job;
static struct http1_request request;
static enum app_verdict verdict;
static char emitted[4096];
static size_t emitted_len;
static char cancelled[64];
static uint64_t cancelled_on;

static bool
emit(struct app_job *j, struct str bytes)
{
	(void)j;
	memcpy(emitted + emitted_len, bytes.p, bytes.len);
	emitted_len += bytes.len;
	return true;
}

static bool
cancel_call(struct app_job *j, struct str rpc_id)
{
	memcpy(cancelled, rpc_id.p, rpc_id.len);
	cancelled[rpc_id.len] = '\0';
	cancelled_on = j->stream;
	return true;
}

static bool
begin_test(const char *prefix)
{
	struct mcp_config config = { .name = S("n"), .title = S("t"),
	    .version = S("9.9"), .tools = tools, .tool_n = 1 };
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
	    .call_ms = 60000, .loopback = true,
	    .legacy = app_legacy_new(&start, str_from_z(prefix)) };
	return app.legacy != NULL;
}

/* One request on a connection; the reply is in job. */
static bool
send_on(uint64_t conn, struct str head, const char *body)
{
	struct app_calls calls = app_calls(&app);

	arena_free(&job.arena);
	job = (struct app_job){ .front = APP_HTTP, .keep_alive = true,
	    .emit = emit, .cancel_call = cancel_call, .conn = conn,
	    .start_ms = fake.mono_ms, .deadline_ms = fake.mono_ms + 1000000,
	    .peer = S("127.0.0.1") };
	arena_init(&job.arena, 1 << 20);
	emitted_len = 0;
	if (http1_request_parse(str_dup(&job.arena, head), &request, NULL) <=
	    0) {
		return false;
	}
	job.http = &request;
	job.body = str_from_z(body);
	do {
		job.again = false;
		verdict = calls.begin(calls.app, &job);
		if (verdict == APP_DEFER) {
			calls.run(calls.app, &job);
		}
	} while (job.again);
	return true;
}

static int
status_in(struct str head)
{
	struct http1_response r;

	return http1_response_parse(head, request.method, &r, NULL) <= 0 ? -1 :
	    r.status;
}

static int
status(void)
{
	return status_in(job.reply_head);
}

static bool
has(struct str s, const char *text)
{
	return str_find(s, str_from_z(text), 0) < s.len;
}

#define SSE "GET /sse HTTP/1.1\r\nHost: localhost\r\n" \
	"Accept: text/event-stream\r\n"
#define PING "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"ping\"}"
#define CALL "{\"jsonrpc\":\"2.0\",\"id\":\"c\",\"method\":\"tools/call\"," \
	"\"params\":{\"name\":\"slow\",\"_meta\":{\"progressToken\":7}}}"

/* The address that the last stream said to POST to. */
static char where[512];

static bool
open_stream(uint64_t conn, const char *more)
{
	struct str parts[] = { S(SSE), str_from_z(more), S("\r\n") };
	struct str key = S("event: endpoint\ndata: ");
	struct str event;

	if (!send_on(conn, str_join(&start, parts, 3), "") ||
	    verdict != APP_STREAM) {
		return false;
	}
	event = job.reply_body;
	if (!str_starts(event, key) || !str_ends(event, S("\n\n"))) {
		return false;
	}
	event = str_sub(event, key.len, event.len - 2);
	memcpy(where, event.p, event.len);
	where[event.len] = '\0';
	return true;
}

/* POSTs a message to a path and query. */
static bool
say_to(const char *path, const char *more, const char *body)
{
	struct str parts[] = { S("POST "), str_from_z(path),
	    S(" HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Type: application/json\r\n"), str_from_z(more),
	    S("\r\n") };

	return send_on(99, str_join(&start, parts, 5), body);
}

static bool
say(const char *body)
{
	return say_to(where, "", body);
}

TEST(a_transport_that_is_off_says_how_it_is_switched_on)
{
	CHECK(begin_test(""));
	app.legacy = NULL;
	CHECK(send_on(5, S(SSE "\r\n"), ""));
	CHECK_INT(verdict, APP_DONE);
	CHECK_INT(status(), 404);
	CHECK(has(job.reply_body, "CLOUDWATCH_MCP_LEGACY_SSE=true"));
	CHECK(say_to("/messages?sessionId=1", "", PING));
	CHECK_INT(status(), 404);
	CHECK(say_to("/message", "", PING));
	CHECK_INT(status(), 404);
}

TEST(a_stream_begins_with_the_address_for_messages)
{
	CHECK(begin_test(""));
	CHECK(open_stream(5, ""));
	CHECK_INT(status(), 200);
	CHECK(has(job.reply_head, "Content-Type: text/event-stream\r\n"));
	CHECK(has(job.reply_head, "Connection: close\r\n"));
	CHECK(!has(job.reply_head, "Transfer-Encoding"));
	CHECK(!has(job.reply_head, "Content-Length"));
	CHECK(str_starts(str_from_z(where), S("/messages?sessionId=")));
	CHECK_INT(strlen(where), strlen("/messages?sessionId=") + 36);
}

TEST(two_streams_have_nothing_in_common)
{
	char first[512];
	size_t same = 0;

	CHECK(begin_test(""));
	CHECK(open_stream(5, ""));
	memcpy(first, where, sizeof(first));
	CHECK(open_stream(6, ""));
	for (size_t i = strlen(where) - 32; i < strlen(where); i++) {
		same += where[i] == first[i];
	}
	CHECK(same < 12);
	CHECK(say(PING));
	CHECK_INT(job.stream, 6);
	CHECK(say_to(first, "", PING));
	CHECK_INT(job.stream, 5);
}

TEST(the_path_that_clients_see_stands_before_the_address)
{
	CHECK(begin_test("/tools/cw"));
	CHECK(open_stream(5, ""));
	CHECK(str_starts(str_from_z(where),
	    S("/tools/cw/messages?sessionId=")));
}

TEST(a_stream_needs_a_client_that_takes_one)
{
	CHECK(begin_test(""));
	CHECK(send_on(5, S("GET /sse HTTP/1.1\r\nHost: localhost\r\n"
	    "Accept: application/json\r\n\r\n"), ""));
	CHECK_INT(status(), 406);
	CHECK(send_on(5, S("HEAD /sse HTTP/1.1\r\nHost: localhost\r\n\r\n"),
	    ""));
	CHECK_INT(verdict, APP_DONE);
	CHECK_INT(status(), 200);
	CHECK(send_on(5, S("POST /sse HTTP/1.1\r\nHost: localhost\r\n\r\n"),
	    ""));
	CHECK_INT(status(), 405);
	CHECK(send_on(5, S("GET /messages HTTP/1.1\r\nHost: localhost\r\n"
	    "\r\n"), ""));
	CHECK_INT(status(), 405);
}

TEST(a_message_is_accepted_and_answered_on_the_stream)
{
	CHECK(begin_test(""));
	CHECK(open_stream(5, ""));
	CHECK(say(PING));
	CHECK_INT(verdict, APP_DONE);
	CHECK_INT(job.stream, 5);
	CHECK_INT(status_in(job.answer), 202);
	CHECK(str_ends(job.answer, S("\r\n\r\nAccepted")));
	CHECK_STR(job.reply_head, S("event: message\ndata: "));
	CHECK_STR(job.reply_body,
	    S("{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{}}\n\n"));
}

TEST(the_path_of_supergateway_will_do_too)
{
	char other[512] = "/message?transport=sse&";

	CHECK(begin_test(""));
	CHECK(open_stream(5, ""));
	memcpy(other + strlen(other), strchr(where, '?') + 1,
	    strlen(strchr(where, '?')));
	CHECK(say_to(other, "", PING));
	CHECK_INT(job.stream, 5);
}

TEST(a_call_reports_progress_and_result_as_events)
{
	CHECK(begin_test(""));
	CHECK(open_stream(5, ""));
	CHECK(say(CALL));
	CHECK_INT(verdict, APP_DEFER);
	CHECK_INT(job.stream, 5);
	CHECK_STR(job.rpc_id, S("\"c\""));
	CHECK_STR(str_of(emitted, emitted_len), S("event: message\n"
	    "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\","
	    "\"params\":{\"progressToken\":7,\"progress\":1,\"total\":2,"
	    "\"message\":\"half\"}}\n\n"));
	CHECK_STR(job.reply_head, S("event: message\ndata: "));
	CHECK(has(job.reply_body, "\"id\":\"c\",\"result\":{"));
	CHECK(str_ends(job.reply_body, S("}\n\n")));
}

TEST(a_notification_needs_no_event_and_a_cancel_finds_its_stream)
{
	CHECK(begin_test(""));
	CHECK(open_stream(5, ""));
	CHECK(say("{\"jsonrpc\":\"2.0\",\"method\":"
	    "\"notifications/initialized\"}"));
	CHECK_INT(verdict, APP_DONE);
	CHECK_INT(job.stream, 0);
	CHECK_INT(status(), 202);
	CHECK_INT(cancelled_on, 0);
	CHECK(say("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\""
	    ",\"params\":{\"requestId\":\"c\"}}"));
	CHECK_INT(status(), 202);
	CHECK_INT(job.stream, 0);
	CHECK_INT(cancelled_on, 5);
	CHECK_STR(str_from_z(cancelled), S("\"c\""));
}

TEST(what_is_no_message_is_refused_where_it_was_sent)
{
	CHECK(begin_test(""));
	CHECK(open_stream(5, ""));
	CHECK(say("{\"jsonrpc\":"));
	CHECK_INT(status(), 400);
	CHECK_INT(job.stream, 0);
	CHECK(has(job.reply_body, "-32700"));
	CHECK(send_on(9, S("POST /messages HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Type: text/plain\r\n\r\n"), PING));
	CHECK_INT(status(), 415);
}

TEST(the_modern_era_does_not_exist_here)
{
	CHECK(begin_test(""));
	CHECK(open_stream(5, ""));
	CHECK(say("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
	    "\"server/discover\",\"params\":{\"_meta\":{"
	    "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
	    "\"io.modelcontextprotocol/clientCapabilities\":{}}}}"));
	CHECK_INT(job.stream, 5);
	CHECK(has(job.reply_body, "\"id\":1,\"error\":{\"code\":-32601"));
	CHECK(say_to(where, "MCP-Protocol-Version: 2024-11-05\r\n", PING));
	CHECK(has(job.reply_body, "\"result\":{}"));
}

TEST(only_the_whole_id_of_an_open_stream_counts)
{
	static const char *const bad[] = {
		"/messages", "/messages?", "/messages?sessionId=",
		"/messages?sessionId=0000", "/messages?session=1",
		"/messages?sessionId=zz",
		"/messages?sessionId=ffff00000000000000000000000000000000",
		"/messages?sessionId=040000000000000000000000000000000000",
		"/messages?sessionId=000000000000000000000000000000000000",
	};
	size_t len;

	CHECK(begin_test(""));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(say_to(bad[i], "", PING));
		CHECK_INT(status(), 404);
		CHECK_INT(job.stream, 0);
	}
	CHECK(open_stream(5, ""));
	len = strlen(where);
	where[len - 1] = where[len - 1] == '0' ? '1' : '0';
	CHECK(say(PING));
	CHECK_INT(status(), 404);
	CHECK(open_stream(6, ""));
	where[len] = '0';
	where[len + 1] = '\0';
	CHECK(say(PING));
	CHECK_INT(status(), 404);
	CHECK(open_stream(7, ""));
	app_calls(&app).closed(&app, 7);
	CHECK(say(PING));
	CHECK_INT(status(), 404);
}

#define BEARER(secret) "Authorization: Bearer " secret "\r\n"
#define ONE BEARER("1111111111111111")
#define TWO BEARER("2222222222222222")

TEST(a_session_belongs_to_the_caller_that_opened_it)
{
	struct auth_setup setup = { .sys = &fake.sys,
	    .tokens_file = S("/tokens") };
	struct fail f;

	CHECK(begin_test(""));
	fail_init(&f, &start);
	fake_sys_file(&fake, "/tokens", "one:1111111111111111\n"
	    "two:2222222222222222\n");
	CHECK_INT(auth_new(&app.auth, &setup, &start, &f), ERR_OK);
	CHECK(!open_stream(5, ""));
	CHECK_INT(status(), 401);
	CHECK(open_stream(5, ONE));
	CHECK(say(PING));
	CHECK_INT(status(), 401);
	CHECK(say_to(where, TWO, PING));
	CHECK_INT(status(), 404);
	CHECK_INT(job.stream, 0);
	CHECK(say_to(where, ONE, PING));
	CHECK_INT(job.stream, 5);
}

TEST(a_caller_who_has_to_be_asked_for_comes_back_to_the_loop)
{
	static struct fake_transport net;
	static char head[4096];
	struct auth_setup setup = { .sys = &fake.sys,
	    .transport = &net.transport, .issuers = {
	    .issuer = S("https://id.example.com"), .audience = S("cw"),
	    .jwks_uri = S("https://id.example.com/keys") } };
	struct str token;
	struct fail f;

	CHECK(begin_test(""));
	fail_init(&f, &start);
	fake_transport_init(&net, &fake);
	fake_transport_reply(&net, "/keys", 200, JWT_KEYS)->forever = true;
	CHECK_INT(auth_new(&app.auth, &setup, &start, &f), ERR_OK);
	token = jwt_make(&start, "{\"alg\":\"ES256\",\"kid\":\"p256\"}",
	    "{\"iss\":\"https://id.example.com\",\"sub\":\"alice\","
	    "\"aud\":\"cw\",\"exp\":1795179600}");
	(void)snprintf(head, sizeof(head), "Authorization: Bearer %.*s\r\n",
	    STR_ARG(token));
	/* Without a token in the cache the first one is verified by run(). */
	CHECK(open_stream(5, head));
	CHECK_INT(net.request_n, 1);
	CHECK(say_to(where, head, PING));
	CHECK_INT(job.stream, 5);
	CHECK(say(PING));
	CHECK_INT(status(), 401);
}

TEST(when_all_places_are_taken_more_get_503)
{
	CHECK(begin_test(""));
	for (uint64_t i = 1; i <= SERVER_STREAM_MAX_N; i++) {
		CHECK(open_stream(i, ""));
	}
	CHECK(say(PING));
	CHECK_INT(job.stream, SERVER_STREAM_MAX_N);
	CHECK(!open_stream(5000, ""));
	CHECK_INT(status(), 503);
	CHECK(has(job.reply_head, "Retry-After: 1\r\n"));
	app_calls(&app).closed(&app, 17);
	CHECK(open_stream(5000, ""));
	CHECK(say(PING));
	CHECK_INT(job.stream, 5000);
}

static bool
scenario(struct arena *a, void *ctx)
{
	struct app_calls calls = app_calls(&app);

	job = (struct app_job){ .front = APP_HTTP, .keep_alive = true,
	    .http = &request, .emit = emit, .cancel_call = cancel_call,
	    .body = str_from_z(ctx), .conn = 5 };
	job.arena = *a;
	verdict = calls.begin(calls.app, &job);
	if (verdict == APP_DEFER) {
		calls.run(calls.app, &job);
	}
	*a = job.arena;
	arena_init(&job.arena, 0);
	if (job.stream == 0 && verdict != APP_STREAM) {
		/* A whole answer that tells. */
		MUST(status() == 503);
		return false;
	}
	MUST(verdict == APP_STREAM || status_in(job.answer) == 202);
	MUST(verdict == APP_STREAM || str_ends(job.reply_body, S("\n\n")));
	if (verdict == APP_STREAM) {
		calls.closed(calls.app, 5);
		return true;
	}
	return !has(job.reply_body, "-32603") && has(job.reply_body, "done");
}

TEST(running_out_of_memory_always_leaves_a_whole_reply)
{
	static char call[] = CALL;
	static char none[] = "";
	struct arena head;

	CHECK(begin_test(""));
	CHECK(open_stream(5, ""));
	CHECK(say(CALL));
	head = job.arena;
	job.arena = (struct arena){ .cap = 0 };
	CHECK(test_fail_sweep(scenario, call, 65536) > 0);
	arena_free(&head);
	CHECK(open_stream(5, ""));
	head = job.arena;
	job.arena = (struct arena){ .cap = 0 };
	CHECK(test_fail_sweep(scenario, none, 65536) > 0);
	arena_free(&head);
}
