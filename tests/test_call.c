/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls against scripted answers: every reason to retry, every reason not to,
 * the two repairs, several calls at once, and what the user is told.
 */
#include "test.h"

#include "aws/call.h"
#include "aws/operation.h"
#include "base/timefmt.h"
#include "fake_sys.h"
#include "fake_transport.h"

#define MONITORING "POST https://monitoring.eu-west-1.amazonaws.com/"
#define LOGS "POST https://logs.eu-west-1.amazonaws.com/"

static struct fake_sys world;
static struct fake_transport wire;
static struct aws aws;
static struct log log_all;
static struct arena arena;
static struct fail fail;
static struct aws_scope scope;
static struct aws_reply reply;
static unsigned call_n;

static const struct creds_keys keys = { .access_key_id = STR_INIT("AKID"),
    .secret = STR_INIT("topsecret"), .token = STR_INIT("toptoken"),
    .source = STR_INIT("a test") };
static const struct aws_op describe = { ENDPOINT_CLOUDWATCH,
    STR_INIT("DescribeAlarms") };
static const struct aws_op start = { ENDPOINT_LOGS, STR_INIT("StartQuery") };

/* A fresh world. 60 s are left. */
static void
begin(void)
{
	fake_sys_init(&world);
	fake_transport_init(&wire, &world);
	arena_init(&arena, JOB_ARENA_CAP);
	fail_init(&fail, &arena);
	log_all = (struct log){ &world.sys, LOG_INFO };
	aws = (struct aws){ .sys = &world.sys, .transport = &wire.transport,
	    .log = &log_all, .keys = &keys, .region = S("eu-west-1"),
	    .user_agent = S("cloudwatch-mcp/test") };
	MUST(aws_init(&aws, &fail) == ERR_OK);
	call_n = 0;
	aws_scope_init(&scope, &aws, &arena, &fail, world.mono_ms + 60000,
	    NULL, &call_n);
	MUST(aws_scope_open(&scope, STR_NONE, STR_NONE) == ERR_OK);
}

/* Ends it; false when something did not go by the script. */
static bool
end(void)
{
	bool ok = fake_transport_ok(&wire) && fake_sys_ok(&world);

	arena_free(&arena);
	fake_sys_free(&world);
	return ok;
}

static enum err
call(const struct aws_op *op)
{
	return aws_call(&scope, op, S("{}"), &reply);
}

static bool
says(const char *text)
{
	struct str t = fail_text(&fail);
	bool found = str_find(t, str_from_z(text), 0) < t.len;

	if (!found) {
		printf("    \"%.*s\"\n    has no \"%s\"\n", STR_ARG(t), text);
	}
	return found;
}

TEST(a_call_is_signed_and_answered)
{
	begin();
	fake_transport_reply(&wire, MONITORING, 200, "{\"MetricAlarms\":[]}");
	CHECK_INT(call(&describe), ERR_OK);
	CHECK(json_is(json_get(reply.json, S("MetricAlarms")), JSON_ARRAY));
	CHECK(fake_transport_saw(&wire, "X-Amz-Target: "
	    "GraniteServiceVersion20100801.DescribeAlarms\n"));
	CHECK(fake_transport_saw(&wire, "application/x-amz-json-1.0\n"));
	CHECK(fake_transport_saw(&wire, "Credential=AKID/20261120/eu-west-1/"
	    "monitoring/aws4_request, SignedHeaders=amz-sdk-invocation-id;"
	    "amz-sdk-request;content-type;host;x-amz-date;x-amz-security-token"
	    ";x-amz-target;x-amzn-query-mode, Signature="));
	CHECK(fake_transport_saw(&wire, "X-Amz-Security-Token: toptoken\n"));
	CHECK(fake_transport_saw(&wire, "amz-sdk-request: attempt=1; max=3\n"));
	CHECK(fake_transport_saw(&wire, "User-Agent: cloudwatch-mcp/test\n"));
	CHECK(!fake_transport_saw(&wire, "topsecret"));
	CHECK_INT(call_n, 1);
	CHECK_INT(reply.attempt_n, 1);
	CHECK(end());
}

TEST(logs_speaks_json_1_1)
{
	begin();
	fake_transport_reply(&wire, LOGS, 200, "{\"queryId\":\"x\"}");
	CHECK_INT(call(&start), ERR_OK);
	CHECK(fake_transport_saw(&wire,
	    "X-Amz-Target: Logs_20140328.StartQuery\n"));
	CHECK(fake_transport_saw(&wire, "application/x-amz-json-1.1\n"));
	CHECK(!fake_transport_saw(&wire, "x-amzn-query-mode"));
	CHECK(end());
}

/* ---- counters ---- */

static struct meter meter;

static const struct meter_operation *
counted(enum endpoint_service service, const char *name)
{
	return &meter.operations[operation_index(service, str_from_z(name))];
}

TEST(calls_repeats_and_throttles_are_counted_by_operation)
{
	const struct meter_operation *n = counted(ENDPOINT_CLOUDWATCH,
	    "DescribeAlarms");

	begin();
	meter = (struct meter){ .lookups = { 0 } };
	aws.meter = &meter;
	for (int i = 0; i < 2; i++) {
		fake_transport_reply(&wire, MONITORING, 400,
		    "{\"__type\":\"ThrottlingException\"}");
	}
	fake_transport_reply(&wire, MONITORING, 200, "{}")->ms = 30;
	fake_transport_reply(&wire, MONITORING, 403,
	    "{\"__type\":\"AccessDeniedException\"}");
	fake_transport_reply(&wire, LOGS, 200, "{}");
	CHECK_INT(call(&describe), ERR_OK);
	CHECK_INT(call(&describe), ERR_AWS_ACCESS);
	CHECK_INT(call(&start), ERR_OK);
	CHECK_INT(meter_get(&n->outcomes[METER_OK]), 1);
	CHECK_INT(meter_get(&n->outcomes[METER_DENIED]), 1);
	CHECK_INT(meter_get(&n->throttles), 2);
	CHECK_INT(meter_get(&n->retries), 2);
	/* With the pauses between the attempts. */
	CHECK(meter_get(&n->times.sum_ms) > 30);
	CHECK_INT(meter_get(&n->times.n[0]), 1);
	n = counted(ENDPOINT_LOGS, "StartQuery");
	CHECK_INT(meter_get(&n->outcomes[METER_OK]), 1);
	CHECK_INT(meter_get(&n->retries), 0);
	CHECK_INT(meter_get(&meter.caches[METER_CACHE_SIGNING_KEY][1]), 3);
	CHECK_INT(meter_get(&meter.caches[METER_CACHE_SIGNING_KEY][0]), 2);
	CHECK(end());
}

TEST(requests_that_wait_for_their_turn_are_counted)
{
	begin();
	meter = (struct meter){ .lookups = { 0 } };
	aws.meter = &meter;
	aws.quota_percent = 100;
	fake_transport_reply(&wire, MONITORING, 200, "{}")->forever = true;
	for (int i = 0; i < 12; i++) {
		CHECK_INT(call(&describe), ERR_OK);
	}
	CHECK(meter_get(&counted(ENDPOINT_CLOUDWATCH, "DescribeAlarms")->paced)
	    > 0);
	CHECK(end());
}

TEST(an_operation_that_may_not_be_sent_is_not_counted)
{
	static const struct aws_op bad = { ENDPOINT_LOGS,
	    STR_INIT("DeleteLogGroup") };

	begin();
	meter = (struct meter){ .lookups = { 0 } };
	aws.meter = &meter;
	CHECK_INT(call(&bad), ERR_INTERNAL);
	for (size_t i = 0; i < METER_OPERATION_N; i++) {
		CHECK_INT(meter_get(&meter.operations[i].outcomes[METER_ERROR]),
		    0);
	}
	CHECK(end());
}

/* ---- trace context ---- */

#define TRACE_ID "0af7651916cd43dd8448eb211c80319c"
#define TRACE_SPAN "b7ad6b7169203331"

/* The parent-id of the n-th request from 1; absent: it has no context. */
static struct str
sent_span(unsigned n)
{
	struct str log = fake_transport_log(&wire);
	struct str key = S("traceparent: 00-" TRACE_ID "-");
	size_t at = 0;

	for (unsigned i = 0; i < n; i++) {
		at = str_find(log, key, at);
		if (at == log.len) {
			return STR_NONE;
		}
		at += key.len;
	}
	return str_sub(log, at, at + TRACE_SPAN_LEN);
}

TEST(a_sampled_trace_gets_a_span_for_each_attempt_that_is_not_signed)
{
	struct trace trace;
	struct str first, second;

	begin();
	CHECK(trace_parse(S("00-" TRACE_ID "-" TRACE_SPAN "-01"),
	    S("rojo=1"), &trace));
	scope.trace = &trace;
	fake_transport_reply(&wire, MONITORING, 503, "");
	fake_transport_reply(&wire, MONITORING, 200, "{}");
	CHECK_INT(call(&describe), ERR_OK);
	first = sent_span(1);
	second = sent_span(2);
	CHECK(first.p != NULL && second.p != NULL && sent_span(3).p == NULL);
	CHECK(!str_eq(first, second) && !str_eq(first, S(TRACE_SPAN)));
	CHECK(fake_transport_saw(&wire, "-01\ntracestate: rojo=1\n"));
	CHECK(!fake_transport_saw(&wire, ";trace"));
	CHECK(end());
}

TEST(a_trace_that_is_not_sampled_goes_on_as_it_came)
{
	struct trace trace;

	begin();
	CHECK(trace_parse(S("00-" TRACE_ID "-" TRACE_SPAN "-00"), STR_NONE,
	    &trace));
	scope.trace = &trace;
	fake_transport_reply(&wire, MONITORING, 200, "{}");
	CHECK_INT(call(&describe), ERR_OK);
	CHECK(fake_transport_saw(&wire,
	    "traceparent: 00-" TRACE_ID "-" TRACE_SPAN "-00\n"));
	CHECK(!fake_transport_saw(&wire, "tracestate"));
	CHECK(end());
}

TEST(without_a_trace_none_is_made_up)
{
	struct trace none = { .flags = 0 };

	begin();
	scope.trace = &none;
	fake_transport_reply(&wire, MONITORING, 200, "{}");
	CHECK_INT(call(&describe), ERR_OK);
	CHECK(!fake_transport_saw(&wire, "trace"));
	CHECK(end());
}

/* ---- GET ---- */

#define PROM "GET https://monitoring.eu-west-1.amazonaws.com/api/v1/query" \
	"?query=up&time=1"

static const struct aws_op query_metrics = { ENDPOINT_CLOUDWATCH,
    STR_INIT("QueryMetrics") };

static enum err
get(void)
{
	struct aws_get g = { S("/api/v1/query"), S("query=up&time=1") };

	return aws_call_get(&scope, &query_metrics, &g, &reply);
}

TEST(a_get_is_signed_and_has_no_body)
{
	begin();
	fake_transport_reply(&wire, PROM, 200, "{\"status\":\"success\"}");
	CHECK_INT(get(), ERR_OK);
	CHECK(!fake_transport_saw(&wire, "X-Amz-Target"));
	CHECK(!fake_transport_saw(&wire, "Content-Type"));
	CHECK(fake_transport_saw(&wire, "Credential=AKID/20261120/eu-west-1/"
	    "monitoring/aws4_request, SignedHeaders=accept;amz-sdk-invocation"
	    "-id;amz-sdk-request;host;x-amz-date;x-amz-security-token, "));
	CHECK(end());
	begin();
	log_all.level = LOG_DEBUG;
	fake_transport_reply(&wire, PROM, 200, "{}");
	CHECK_INT(get(), ERR_OK);
	CHECK(str_find(fake_sys_log(&world), S("GET\\n/api/v1/query\\n"
	    "query=up&time=1\\n"), 0) < fake_sys_log(&world).len);
	CHECK(end());
}

TEST(a_get_is_repeated_for_the_same_reasons_as_a_post)
{
	static const struct { int status; const char *body; enum err err; }
	    rows[] = {
		{ 400, "{\"status\":\"error\",\"errorType\":\"bad_data\","
		    "\"error\":\"1:3: unexpected end\"}", ERR_AWS_REQUEST },
		{ 422, "{\"status\":\"error\",\"errorType\":\"execution\","
		    "\"error\":\"1:3: unexpected end\"}", ERR_AWS_REQUEST },
		{ 404, "<html>", ERR_AWS_REPLY },
	};

	for (size_t i = 0; i < 3; i++) {
		begin();
		fake_transport_reply(&wire, PROM, rows[i].status,
		    rows[i].body);
		CHECK_INT(get(), rows[i].err);
		CHECK(rows[i].err != ERR_AWS_REQUEST ||
		    says("1:3: unexpected end"));
		CHECK_INT(call_n, 1);
		CHECK(end());
	}
	begin();
	fake_transport_reply(&wire, PROM, 503, "{\"status\":\"error\","
	    "\"errorType\":\"timeout\",\"error\":\"too slow\"}");
	fake_transport_reply(&wire, PROM, 400,
	    "{\"__type\":\"ThrottlingException\"}");
	fake_transport_reply(&wire, PROM, 200, "{}");
	CHECK_INT(get(), ERR_OK);
	CHECK_INT(call_n, 3);
	CHECK(end());
	begin();
	fake_transport_fail(&wire, PROM, ERR_CLOSED);
	fake_transport_reply(&wire, PROM, 200, "{}");
	CHECK_INT(get(), ERR_OK);
	CHECK(end());
}

TEST(a_get_goes_below_a_configured_path_and_to_the_partition)
{
	begin();
	fake_sys_env(&world, "AWS_ENDPOINT_URL", "http://127.0.0.1:4566/x/");
	fake_transport_reply(&wire, "GET http://127.0.0.1:4566/x/api/v1/query"
	    "?query=up&time=1", 200, "{}");
	CHECK_INT(get(), ERR_OK);
	CHECK(end());
	begin();
	MUST(aws_scope_region(&scope, S("cn-north-1"), &scope) == ERR_OK);
	fake_transport_reply(&wire, "GET https://monitoring.cn-north-1."
	    "amazonaws.com.cn/api/v1/query?", 200, "{}");
	CHECK_INT(get(), ERR_OK);
	CHECK(end());
}

/* ---- streams ---- */

#define STREAM "POST https://stream-logs.eu-west-1.amazonaws.com/"

static size_t taken_len;

static bool
take(void *ctx, struct str bytes)
{
	taken_len += bytes.len;
	return taken_len < *(size_t *)ctx;
}

static enum err
call_stream(size_t enough)
{
	static const struct aws_op tail = { ENDPOINT_LOGS_STREAM,
	    STR_INIT("StartLiveTail") };
	struct transport_sink sink = { .ctx = &enough, .take = take };

	taken_len = 0;
	return aws_call_stream(&scope, &tail, S("{}"), &sink, &reply);
}

TEST(a_stream_has_a_host_of_its_own_and_goes_to_the_sink)
{
	struct fake_reply *r;

	begin();
	r = fake_transport_reply(&wire, STREAM, 200, "hello world");
	r->piece_len = 1;
	r->piece_ms = 5000;
	CHECK_INT(call_stream(10), ERR_OK);
	CHECK_INT(taken_len, 10);
	CHECK(reply.json == NULL && reply.attempt_n == 1);
	CHECK_INT(world.slept_ms, 0);
	CHECK(fake_transport_saw(&wire, "X-Amz-Target: "
	    "Logs_20140328.StartLiveTail\n"));
	CHECK(fake_transport_saw(&wire, "/eu-west-1/logs/aws4_request"));
	CHECK(end());
}

TEST(a_stream_is_repeated_only_before_its_first_byte)
{
	struct fake_reply *r;

	begin();
	fake_transport_reply(&wire, STREAM, 503, "");
	r = fake_transport_reply(&wire, STREAM, 200, "hello");
	r->endless = true;
	CHECK_INT(call_stream(SIZE_MAX), ERR_TIMEOUT);
	CHECK_INT(taken_len, 5);
	CHECK_INT(reply.attempt_n, 2);
	CHECK_INT(world.mono_ms, scope.deadline_ms);
	CHECK(end());
	begin();
	fake_transport_reply(&wire, STREAM, 200, "hello")->after = ERR_CLOSED;
	CHECK_INT(call_stream(SIZE_MAX), ERR_CLOSED);
	CHECK_INT(taken_len, 5);
	CHECK_INT(reply.attempt_n, 1);
	CHECK(end());
	begin();
	fake_transport_reply(&wire, STREAM, 400,
	    "{\"__type\":\"AccessDeniedException\",\"message\":\"no\"}");
	CHECK_INT(call_stream(SIZE_MAX), ERR_AWS_ACCESS);
	CHECK(says("logs:StartLiveTail"));
	CHECK(end());
}

TEST(what_is_worth_repeating_is_repeated)
{
	static const struct { int status; const char *body; } rows[] = {
		{ 500, "{\"__type\":\"InternalServiceFault\"}" },
		{ 502, "<html>" }, { 503, "" }, { 504, "" }, { 429, "" },
		{ 400, "{\"__type\":\"Throttling\"}" },
		{ 400, "{\"__type\":\"com.amazon.coral.availability"
		    "#ThrottlingException\",\"message\":\"Rate exceeded\"}" },
		{ 400, "{\"__type\":\"LimitExceededException\"}" },
		{ 400, "{\"__type\":\"RequestTimeoutException\"}" }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		fake_transport_reply(&wire, MONITORING, rows[i].status,
		    rows[i].body);
		fake_transport_reply(&wire, MONITORING, rows[i].status,
		    rows[i].body);
		fake_transport_reply(&wire, MONITORING, 200, "{}");
		CHECK_INT(call(&describe), ERR_OK);
		CHECK_INT(reply.attempt_n, 3);
		CHECK_INT(call_n, 3);
		CHECK(reply.code.p == NULL);
		CHECK(world.slept_ms > 0 && world.slept_ms <= 3000);
		CHECK(fake_transport_saw(&wire,
		    "amz-sdk-request: attempt=3; max=3\n"));
		CHECK(end());
	}
}

TEST(broken_connections_are_repeated)
{
	static const enum err errs[] = { ERR_DNS, ERR_CONNECT, ERR_CLOSED,
	    ERR_IO, ERR_TLS };

	for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
		begin();
		fake_transport_fail(&wire, MONITORING, errs[i])->sent = true;
		fake_transport_reply(&wire, MONITORING, 200, "{}");
		CHECK_INT(call(&describe), ERR_OK);
		CHECK_INT(reply.attempt_n, 2);
		CHECK(end());
	}
}

TEST(what_repeating_cannot_help_is_not_repeated)
{
	static const struct { const char *body; int status; enum err want; }
	    rows[] = {
		{ "{\"__type\":\"ValidationError\",\"message\":\"no\"}", 400,
		    ERR_AWS_REQUEST },
		{ "{\"__type\":\"x#ResourceNotFoundException\"}", 400,
		    ERR_AWS_MISSING },
		{ "{\"__type\":\"AccessDeniedException\"}", 403,
		    ERR_AWS_ACCESS },
		{ "{\"__type\":\"UnrecognizedClientException\"}", 400,
		    ERR_AWS_EXPIRED },
		{ "{\"__type\":\"ExpiredTokenException\"}", 400,
		    ERR_AWS_EXPIRED },
		{ "{\"__type\":\"IncompleteSignatureException\"}", 400,
		    ERR_AWS_EXPIRED },
		{ "{\"__type\":\"InvalidSignatureException\"}", 400,
		    ERR_AWS_EXPIRED },
		{ "<html>proxy says no</html>", 403, ERR_AWS_REPLY },
		{ "", 401, ERR_AWS_REPLY }, { "", 301, ERR_AWS_REPLY },
		{ "", 501, ERR_AWS_SERVICE }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		fake_transport_reply(&wire, MONITORING, rows[i].status,
		    rows[i].body);
		CHECK_INT(call(&describe), rows[i].want);
		CHECK_INT(reply.attempt_n, 1);
		CHECK_INT(world.slept_ms, 0);
		CHECK(reply.json == NULL);
		CHECK(says("cloudwatch:DescribeAlarms in eu-west-1"));
		CHECK(end());
	}
}

TEST(certificates_are_not_tried_again)
{
	static const enum err errs[] = { ERR_TLS_UNTRUSTED, ERR_TLS_EXPIRED,
	    ERR_TLS_NAME, ERR_HTTP_BODY_LIMIT, ERR_HTTP_SYNTAX, ERR_PROXY };

	for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
		begin();
		fake_transport_fail(&wire, MONITORING, errs[i]);
		CHECK_INT(call(&describe), errs[i]);
		CHECK(says("cloudwatch:DescribeAlarms in eu-west-1 got no "
		    "answer from monitoring.eu-west-1.amazonaws.com"));
		CHECK(end());
	}
}

TEST(a_code_may_stand_in_the_header)
{
	begin();
	wire.quiet = false;
	struct fake_reply *r = fake_transport_reply(&wire, MONITORING, 400,
	    "{\"Message\":\"gone\"}");
	r->header = "x-amzn-errortype";
	r->value = "ResourceNotFound:http://internal/";
	CHECK_INT(call(&describe), ERR_AWS_MISSING);
	CHECK_STR(reply.code, S("ResourceNotFound"));
	CHECK_STR(reply.message, S("gone"));
	CHECK(end());
	begin();
	r = fake_transport_reply(&wire, MONITORING, 400, "{}");
	r->header = "x-amzn-query-error";
	r->value = "InvalidParameterValue;Sender";
	CHECK_INT(call(&describe), ERR_AWS_REQUEST);
	CHECK_STR(reply.code, S("InvalidParameterValue"));
	CHECK(says("AWS rejected cloudwatch:DescribeAlarms in eu-west-1 with "
	    "InvalidParameterValue."));
	CHECK(end());
}

TEST(three_attempts_are_the_end)
{
	begin();
	fake_transport_reply(&wire, MONITORING, 503, "")->forever = true;
	CHECK_INT(call(&describe), ERR_AWS_SERVICE);
	CHECK_INT(reply.attempt_n, 3);
	CHECK(says("CloudWatch failed at cloudwatch:DescribeAlarms in "
	    "eu-west-1 with HTTP 503 (3 attempts in "));
	CHECK(end());
}

TEST(max_attempts_comes_from_environment_or_profile)
{
	begin();
	fake_sys_env(&world, "AWS_MAX_ATTEMPTS", "1");
	CHECK_INT(aws_init(&aws, &fail), ERR_OK);
	CHECK_INT(aws_scope_open(&scope, STR_NONE, STR_NONE), ERR_OK);
	fake_transport_reply(&wire, MONITORING, 503, "");
	CHECK_INT(call(&describe), ERR_AWS_SERVICE);
	CHECK_INT(reply.attempt_n, 1);
	CHECK(end());
	begin();
	fake_sys_env(&world, "HOME", "/h");
	fake_sys_file(&world, "/h/.aws/config",
	    "[default]\nmax_attempts = 2\nregion = eu-west-1\n");
	CHECK_INT(aws_scope_open(&scope, STR_NONE, STR_NONE), ERR_OK);
	fake_transport_reply(&wire, MONITORING, 503, "")->forever = true;
	CHECK_INT(call(&describe), ERR_AWS_SERVICE);
	CHECK_INT(reply.attempt_n, 2);
	CHECK(end());
	begin();
	fake_sys_env(&world, "AWS_MAX_ATTEMPTS", "0");
	CHECK_INT(aws_init(&aws, &fail), ERR_CONFIG);
	fail_clear(&fail);
	fake_sys_env(&world, "AWS_MAX_ATTEMPTS", "many");
	CHECK_INT(aws_init(&aws, &fail), ERR_CONFIG);
	CHECK(says("AWS_MAX_ATTEMPTS is \"many\""));
	fail_clear(&fail);
	fake_sys_env(&world, "AWS_MAX_ATTEMPTS", "99");
	CHECK_INT(aws_init(&aws, &fail), ERR_OK);
	CHECK_INT(aws.attempt_max, 10);
	fake_sys_env(&world, "AWS_RETRY_MODE", "hopeful");
	CHECK_INT(aws_init(&aws, &fail), ERR_CONFIG);
	CHECK(end());
}

TEST(retry_after_is_honoured_within_bounds)
{
	static const struct { const char *name, *value; int64_t min, max; }
	    rows[] = {
		{ "x-amz-retry-after", "2500", 2500, 2500 },
		{ "Retry-After", "3", 3000, 3000 },
		{ "Retry-After", "3600", 5000, 6000 },
		{ "Retry-After", "soon", 0, 1000 },
		{ "Retry-After", "0", 0, 1000 }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		struct fake_reply *r = fake_transport_reply(&wire, MONITORING,
		    503, "");

		r->header = rows[i].name;
		r->value = rows[i].value;
		fake_transport_reply(&wire, MONITORING, 200, "{}");
		CHECK_INT(call(&describe), ERR_OK);
		CHECK(world.slept_ms >= rows[i].min);
		CHECK(world.slept_ms <= rows[i].max);
		CHECK(end());
	}
}

TEST(no_retry_starts_behind_the_deadline)
{
	begin();
	struct fake_reply *r = fake_transport_reply(&wire, MONITORING, 503, "");

	r->header = "x-amz-retry-after";
	r->value = "5000";
	scope.deadline_ms = world.mono_ms + 3000;
	CHECK_INT(call(&describe), ERR_AWS_SERVICE);
	CHECK_INT(world.slept_ms, 0);
	CHECK(end());
}

TEST(a_slow_attempt_times_out_alone)
{
	begin();
	fake_transport_reply(&wire, MONITORING, 200, "{}")->ms = 45000;
	fake_transport_reply(&wire, MONITORING, 200, "{}");
	CHECK_INT(call(&describe), ERR_OK);
	CHECK_INT(reply.attempt_n, 2);
	CHECK_INT(aws.tokens, 500);
	CHECK(end());
}

TEST(the_deadline_ends_the_call)
{
	begin();
	scope.deadline_ms = world.mono_ms + 2000;
	fake_transport_reply(&wire, MONITORING, 200, "{}")->ms = 45000;
	CHECK_INT(call(&describe), ERR_TIMEOUT);
	CHECK_INT(reply.attempt_n, 1);
	CHECK_INT(world.mono_ms, scope.deadline_ms);
	CHECK(says("Check that outbound TCP 443 is open"));
	CHECK(end());
}

TEST(the_bucket_limits_retries_and_refills)
{
	begin();
	aws.tokens = 5;
	fake_transport_reply(&wire, MONITORING, 503, "");
	fake_transport_reply(&wire, MONITORING, 503, "");
	CHECK_INT(call(&describe), ERR_AWS_SERVICE);
	CHECK_INT(reply.attempt_n, 2);
	CHECK_INT(aws.tokens, 0);
	fake_transport_reply(&wire, MONITORING, 200, "{}");
	fail_clear(&fail);
	CHECK_INT(call(&describe), ERR_OK);
	CHECK_INT(aws.tokens, 1);
	aws.tokens = 9;
	fake_transport_fail(&wire, MONITORING, ERR_TIMEOUT);
	CHECK_INT(call(&describe), ERR_TIMEOUT);
	CHECK_INT(reply.attempt_n, 1);
	fail_clear(&fail);
	aws.tokens = 10;
	fake_transport_reply(&wire, MONITORING, 503, "");
	fake_transport_reply(&wire, MONITORING, 200, "{}");
	CHECK_INT(call(&describe), ERR_OK);
	CHECK_INT(aws.tokens, 10);
	CHECK(end());
}

TEST(cancelling_ends_the_pause)
{
	struct cancel cancel = { 0 };

	begin();
	scope.cancel = &cancel;
	world.cancel_at_wait = &cancel;
	fake_transport_reply(&wire, MONITORING, 503, "");
	CHECK_INT(call(&describe), ERR_CANCELLED);
	CHECK(end());
	begin();
	fake_transport_fail(&wire, MONITORING, ERR_CANCELLED);
	CHECK_INT(call(&describe), ERR_CANCELLED);
	CHECK_INT(reply.attempt_n, 1);
	CHECK(end());
}

/* An error answer with a Date that is `off_ms` from our clock. */
static void
skewed(const char *code, int64_t off_ms, char *body, char *date)
{
	struct buf b = buf_fixed(date, 64);
	struct fake_reply *r;

	timefmt_http(&b, world.now_ms + off_ms);
	date[b.len] = '\0';
	(void)snprintf(body, 128, "{\"__type\":\"%s\"}", code);
	r = fake_transport_reply(&wire, MONITORING, 403, body);
	r->header = "Date";
	r->value = date;
}

TEST(a_wrong_clock_is_corrected_once_and_for_all)
{
	static const char *codes[] = { "RequestExpired", "RequestInTheFuture",
	    "RequestTimeTooSkewed", "AuthFailure",
	    "InvalidSignatureException", "SignatureDoesNotMatch" };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		char body[128], date[65];

		begin();
		skewed(codes[i], 3600 * 1000, body, date);
		fake_transport_reply(&wire, MONITORING, 200, "{}")->forever =
		    true;
		CHECK_INT(call(&describe), ERR_OK);
		CHECK_INT(reply.attempt_n, 2);
		CHECK_INT(aws.clock_offset_ms, 3600 * 1000);
		CHECK_INT(world.slept_ms, 0);
		CHECK(fake_transport_saw(&wire,
		    "X-Amz-Date: 20261120T120000Z\n"));
		CHECK(fake_transport_saw(&wire,
		    "X-Amz-Date: 20261120T130000Z\n"));
		CHECK_INT(call(&describe), ERR_OK);
		CHECK_INT(reply.attempt_n, 1);
		CHECK(end());
	}
}

TEST(a_clock_that_stays_wrong_is_reported)
{
	char body[2][128], date[2][65];

	begin();
	skewed("RequestTimeTooSkewed", -900 * 1000, body[0], date[0]);
	skewed("RequestTimeTooSkewed", -1800 * 1000, body[1], date[1]);
	CHECK_INT(call(&describe), ERR_AWS_CLOCK);
	CHECK_INT(reply.attempt_n, 2);
	CHECK(says("The clock of this machine is 900 s ahead of AWS's"));
	CHECK(end());
}

TEST(a_correction_is_corrected_when_the_clock_is_set)
{
	char body[128], date[65];

	begin();
	aws.clock_offset_ms = 3600 * 1000;
	skewed("RequestInTheFuture", 5000, body, date);
	fake_transport_reply(&wire, MONITORING, 200, "{}");
	CHECK_INT(call(&describe), ERR_OK);
	CHECK_INT(aws.clock_offset_ms, 5000);
	CHECK(end());
}

TEST(a_small_difference_is_not_the_clock)
{
	char body[128], date[65];

	begin();
	skewed("InvalidSignatureException", 239 * 1000, body, date);
	CHECK_INT(call(&describe), ERR_AWS_EXPIRED);
	CHECK_INT(reply.attempt_n, 1);
	CHECK_INT(aws.clock_offset_ms, 0);
	CHECK(says("AWS does not accept the credentials for "
	    "cloudwatch:DescribeAlarms in eu-west-1 (InvalidSignatureException"
	    "); they came from a test."));
	CHECK(end());
}

/* A world whose keys come from the chain. */
static void
begin_with_chain(void)
{
	struct creds_setup setup;

	begin();
	fake_sys_env(&world, "AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT12345");
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY",
	    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
	fake_sys_env(&world, "AWS_SESSION_TOKEN", "first");
	setup = (struct creds_setup){ .sys = &world.sys,
	    .transport = &wire.transport };
	aws.keys = NULL;
	aws.creds = creds_new(&arena, &setup);
	MUST(aws.creds != NULL);
}

static void
rotate(void *ctx)
{
	(void)ctx;
	fake_sys_env(&world, "AWS_SESSION_TOKEN", "second");
}

TEST(expired_keys_are_looked_up_again_once)
{
	begin_with_chain();
	fake_transport_reply(&wire, MONITORING, 403,
	    "{\"__type\":\"ExpiredTokenException\"}")->hook = rotate;
	fake_transport_reply(&wire, MONITORING, 200, "{}");
	CHECK_INT(call(&describe), ERR_OK);
	CHECK_INT(reply.attempt_n, 2);
	CHECK(fake_transport_saw(&wire, "X-Amz-Security-Token: first\n"));
	CHECK(fake_transport_saw(&wire, "X-Amz-Security-Token: second\n"));
	fake_transport_reply(&wire, MONITORING, 403,
	    "{\"__type\":\"ExpiredTokenException\"}");
	fake_transport_reply(&wire, MONITORING, 403,
	    "{\"__type\":\"ExpiredTokenException\",\"message\":\"The security "
	    "token included in the request is expired\"}");
	CHECK_INT(call(&describe), ERR_AWS_EXPIRED);
	CHECK_INT(reply.attempt_n, 2);
	CHECK(says("They have expired: renew them there."));
	creds_free(aws.creds);
	CHECK(end());
}

TEST(without_keys_nothing_is_sent)
{
	struct creds_setup setup;

	begin();
	wire.quiet = true;
	setup = (struct creds_setup){ .sys = &world.sys,
	    .transport = &wire.transport };
	fake_sys_env(&world, "AWS_EC2_METADATA_DISABLED", "true");
	aws.keys = NULL;
	aws.creds = creds_new(&arena, &setup);
	CHECK_INT(call(&describe), ERR_CREDENTIALS);
	CHECK(!fake_transport_saw(&wire, "monitoring"));
	creds_free(aws.creds);
	CHECK(end());
}

TEST(answers_that_are_not_json_name_the_operation)
{
	static const struct { const char *body; const char *text; } rows[] = {
		{ "", "the answer of cloudwatch:DescribeAlarms in eu-west-1 "
		    "(0 bytes) is not JSON" },
		{ "<ErrorResponse/>", "is not JSON" },
		{ "{\"MetricAlarms\":[", "is not JSON" },
		{ "{\"a\":\"\xff\"}", "is not JSON" },
		{ "[1]", "is not a JSON object" },
		{ "null", "is not a JSON object" }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		fake_transport_reply(&wire, MONITORING, 200, rows[i].body);
		CHECK_INT(call(&describe), ERR_AWS_REPLY);
		CHECK(says(rows[i].text));
		CHECK(says("cloudwatch:DescribeAlarms"));
		CHECK(end());
	}
}

TEST(several_calls_run_at_once_and_fail_alone)
{
	struct aws_scope other;
	struct aws_job jobs[4];

	begin();
	CHECK_INT(aws_scope_region(&scope, S("us-east-2"), &other), ERR_OK);
	CHECK_STR(other.region, S("us-east-2"));
	fake_transport_reply(&wire, "monitoring.eu-west-1", 503, "");
	fake_transport_reply(&wire, "monitoring.us-east-2", 200, "{\"a\":1}");
	fake_transport_reply(&wire, "logs.us-east-2", 400,
	    "{\"__type\":\"InvalidParameterException\"}");
	fake_transport_reply(&wire, "logs.eu-west-1", 200, "{\"b\":2}");
	fake_transport_reply(&wire, "monitoring.eu-west-1", 200, "{\"c\":3}");
	jobs[0] = (struct aws_job){ .scope = &scope, .op = &describe,
	    .body = S("{}") };
	jobs[1] = (struct aws_job){ .scope = &other, .op = &describe,
	    .body = S("{}") };
	jobs[2] = (struct aws_job){ .scope = &other, .op = &start,
	    .body = S("{}") };
	jobs[3] = (struct aws_job){ .scope = &scope, .op = &start,
	    .body = S("{}") };
	aws_call_many(jobs, 4);
	CHECK_INT(jobs[0].err, ERR_OK);
	CHECK_INT(json_get_i64(jobs[0].reply.json, S("c"), 0), 3);
	CHECK_INT(jobs[0].reply.attempt_n, 2);
	CHECK_INT(jobs[1].err, ERR_OK);
	CHECK_INT(jobs[2].err, ERR_AWS_REQUEST);
	CHECK(jobs[2].fail.what.p != NULL);
	CHECK_INT(jobs[3].err, ERR_OK);
	CHECK_INT(fail.code, ERR_OK);
	CHECK_INT(call_n, 5);
	CHECK(end());
}

/* Answers all requests of a test. */
static void
always(const char *match)
{
	fake_transport_reply(&wire, match, 200, "{}")->forever = true;
}

TEST(calls_wait_for_their_turn_under_the_quota)
{
	int64_t from_ms;

	begin();
	aws.quota_percent = 90;
	always("monitoring.");
	from_ms = world.mono_ms;
	for (int i = 0; i < 9; i++) {
		CHECK_INT(call(&describe), ERR_OK);
	}
	/* The first second's worth passes at once. */
	CHECK_INT(world.mono_ms, from_ms);
	for (int i = 0; i < 81; i++) {
		CHECK_INT(call(&describe), ERR_OK);
	}
	CHECK(world.mono_ms - from_ms >= 10000);
	CHECK(world.mono_ms - from_ms < 10200);
	CHECK(end());
}

TEST(two_regions_and_two_operations_do_not_disturb_each_other)
{
	struct aws_scope other;
	int64_t from_ms;

	begin();
	aws.quota_percent = 90;
	always("amazonaws.com");
	CHECK_INT(aws_scope_region(&scope, S("us-east-2"), &other), ERR_OK);
	from_ms = world.mono_ms;
	for (int i = 0; i < 9; i++) {
		CHECK_INT(call(&describe), ERR_OK);
		CHECK_INT(aws_call(&other, &describe, S("{}"), &reply),
		    ERR_OK);
	}
	for (int i = 0; i < 5; i++) {
		CHECK_INT(call(&start), ERR_OK);
	}
	CHECK_INT(world.mono_ms, from_ms);
	CHECK_INT(call(&describe), ERR_OK);
	CHECK(world.mono_ms > from_ms);
	CHECK(end());
}

TEST(a_turn_behind_the_deadline_is_refused_at_once)
{
	int64_t from_ms;

	begin();
	aws.quota_percent = 1;
	always("monitoring.");
	from_ms = world.mono_ms;
	for (int i = 0; i < 9; i++) {
		CHECK_INT(call(&describe), ERR_OK);
	}
	scope.deadline_ms = world.mono_ms + 3000;
	CHECK_INT(call(&describe), ERR_AWS_THROTTLED);
	CHECK(says("so many calls of DescribeAlarms in eu-west-1 are under way "
	    "that this one would have to wait 12 s"));
	CHECK_INT(world.mono_ms, from_ms);
	CHECK_INT(call_n, 9);
	CHECK(end());
}

TEST(waiting_for_a_turn_can_be_cancelled)
{
	struct cancel cancel = { 0 };

	begin();
	aws.quota_percent = 90;
	scope.cancel = &cancel;
	always("monitoring.");
	for (int i = 0; i < 9; i++) {
		CHECK_INT(call(&describe), ERR_OK);
	}
	world.cancel_at_wait = &cancel;
	CHECK_INT(call(&describe), ERR_CANCELLED);
	CHECK_INT(call_n, 9);
	CHECK(end());
}

TEST(repeats_wait_for_their_turn_too)
{
	begin();
	aws.quota_percent = 90;
	for (int i = 0; i < 5; i++) {
		fake_transport_reply(&wire, LOGS, 200, "{}");
		CHECK_INT(call(&start), ERR_OK);
	}
	world.seed = 0;
	fake_transport_reply(&wire, LOGS, 503, "");
	fake_transport_reply(&wire, LOGS, 200, "{}");
	CHECK_INT(call(&start), ERR_OK);
	CHECK_INT(reply.attempt_n, 2);
	CHECK(end());
}

TEST(a_configured_endpoint_is_used_with_its_path)
{
	begin();
	fake_sys_env(&world, "AWS_ENDPOINT_URL", "http://127.0.0.1:4566/x/");
	fake_transport_reply(&wire, "POST http://127.0.0.1:4566/x", 200, "{}");
	CHECK_INT(call(&describe), ERR_OK);
	CHECK(fake_transport_saw(&wire, "Host: 127.0.0.1:4566\n"));
	CHECK(end());
	begin();
	fake_sys_env(&world, "AWS_ENDPOINT_URL", "not a url");
	CHECK_INT(call(&describe), ERR_CONFIG);
	CHECK(says("AWS_ENDPOINT_URL is \"not a url\""));
	CHECK(end());
}

TEST(region_and_profile_follow_their_order)
{
	begin();
	fake_sys_env(&world, "HOME", "/h");
	fake_sys_file(&world, "/h/.aws/config", "[profile saas]\nregion = "
	    "ap-south-1\n[default]\nregion = eu-north-1\n");
	CHECK_INT(aws_scope_open(&scope, S("saas"), S("us-west-2")), ERR_OK);
	CHECK_STR(scope.region, S("us-west-2"));
	CHECK_STR(scope.profile, S("saas"));
	CHECK_INT(aws_scope_open(&scope, S("saas"), STR_NONE), ERR_OK);
	CHECK_STR(scope.region, S("eu-west-1"));
	aws.region = STR_NONE;
	CHECK_INT(aws_scope_open(&scope, S("saas"), S("")), ERR_OK);
	CHECK_STR(scope.region, S("ap-south-1"));
	CHECK_INT(aws_scope_open(&scope, S(""), STR_NONE), ERR_OK);
	CHECK_STR(scope.region, S("eu-north-1"));
	CHECK_STR(scope.profile, S("default"));
	fake_sys_env(&world, "AWS_PROFILE", "saas");
	CHECK_INT(aws_scope_open(&scope, STR_NONE, STR_NONE), ERR_OK);
	CHECK_STR(scope.profile, S("saas"));
	fake_sys_env(&world, "AWS_EC2_METADATA_DISABLED", "true");
	aws.profile = S("flag");
	CHECK_INT(aws_scope_open(&scope, STR_NONE, STR_NONE), ERR_OK);
	CHECK_STR(scope.profile, S("flag"));
	CHECK_STR(scope.region, S("us-east-1"));
	CHECK_INT(aws_scope_open(&scope, STR_NONE, S("evil.example/")),
	    ERR_REGION);
	CHECK(says("\"evil.example/\" (from the argument region)"));
	CHECK(end());
}

TEST(the_instance_says_the_region_when_nothing_else_does)
{
	begin();
	aws.region = STR_NONE;
	fake_transport_reply(&wire, "PUT http://169.254.169.254/latest/api/"
	    "token", 200, "tok");
	fake_transport_reply(&wire, "GET http://169.254.169.254/latest/"
	    "meta-data/placement/region", 200, "ap-southeast-2\n");
	CHECK_INT(aws_scope_open(&scope, STR_NONE, S("eu-west-3")), ERR_OK);
	CHECK_INT((int)wire.request_n, 0);
	for (size_t i = 0; i < 3; i++) {
		CHECK_INT(aws_scope_open(&scope, STR_NONE, STR_NONE), ERR_OK);
		CHECK_STR(scope.region, S("ap-southeast-2"));
	}
	CHECK(wire.direct);
	CHECK(end());
}

TEST(a_metadata_service_without_a_usable_region_is_not_asked_again_soon)
{
	begin();
	aws.region = STR_NONE;
	fake_transport_reply(&wire, "PUT ", 200, "tok");
	fake_transport_reply(&wire, "placement/region", 200, "evil.example/");
	CHECK_INT(aws_scope_open(&scope, STR_NONE, STR_NONE), ERR_OK);
	CHECK_STR(scope.region, S("us-east-1"));
	CHECK_INT(aws_scope_open(&scope, STR_NONE, STR_NONE), ERR_OK);
	CHECK_INT((int)wire.request_n, 2);
	world.mono_ms += AWS_INSTANCE_AGAIN_MS;
	scope.deadline_ms = world.mono_ms + 60000;
	fake_transport_reply(&wire, "PUT ", 200, "tok")->ms = 5000;
	CHECK_INT(aws_scope_open(&scope, STR_NONE, STR_NONE), ERR_OK);
	CHECK_STR(scope.region, S("us-east-1"));
	CHECK_INT((int)wire.request_n, 3);
	CHECK(end());
}

TEST(a_switched_off_metadata_service_is_never_asked)
{
	begin();
	aws.region = STR_NONE;
	fake_sys_env(&world, "AWS_EC2_METADATA_DISABLED", "true");
	CHECK_INT(aws_scope_open(&scope, STR_NONE, STR_NONE), ERR_OK);
	CHECK_STR(scope.region, S("us-east-1"));
	CHECK_INT((int)wire.request_n, 0);
	CHECK(end());
}

#define WHO "<GetCallerIdentityResponse><GetCallerIdentityResult>" \
	"<Arn>arn:aws:iam::123456789012:user/x</Arn><UserId>U</UserId>" \
	"<Account>123456789012</Account></GetCallerIdentityResult>" \
	"</GetCallerIdentityResponse>"

TEST(the_account_is_asked_for_once)
{
	struct sts_identity who;

	begin();
	fake_transport_reply(&wire, "https://sts.eu-west-1.amazonaws.com", 200,
	    WHO);
	CHECK_STR(aws_account_id(&scope), S("123456789012"));
	CHECK_INT(aws_scope_open(&scope, STR_NONE, STR_NONE), ERR_OK);
	scope.account_id = STR_NONE;
	CHECK_STR(aws_account_id(&scope), S("123456789012"));
	fake_transport_reply(&wire, "https://sts.eu-west-1.amazonaws.com", 200,
	    WHO);
	CHECK_INT(aws_identity(&scope, &who), ERR_OK);
	CHECK_STR(who.arn, S("arn:aws:iam::123456789012:user/x"));
	CHECK(end());
}

TEST(an_account_that_sts_does_not_name_is_left_out)
{
	begin();
	fake_transport_fail(&wire, "https://sts.", ERR_TLS_UNTRUSTED);
	CHECK(aws_account_id(&scope).p == NULL);
	CHECK(aws_account_id(&scope).p == NULL);
	CHECK_INT(fail.code, ERR_OK);
	CHECK_INT(wire.request_n, 1);
	world.mono_ms += AWS_ACCOUNT_AGAIN_MS + 1;
	scope.deadline_ms = world.mono_ms + 60000;
	fake_transport_reply(&wire, "https://sts.", 200, WHO);
	CHECK_STR(aws_account_id(&scope), S("123456789012"));
	CHECK(end());
}

TEST(the_account_may_be_known_or_unknowable)
{
	begin_with_chain();
	fake_sys_env(&world, "AWS_ACCOUNT_ID", "999988887777");
	CHECK_STR(aws_account_id(&scope), S("999988887777"));
	CHECK_STR(aws_account_id(&scope), S("999988887777"));
	CHECK_INT(wire.request_n, 0);
	creds_free(aws.creds);
	CHECK(end());
	begin_with_chain();
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY", "");
	CHECK(aws_account_id(&scope).p == NULL);
	CHECK_INT(fail.code, ERR_OK);
	creds_free(aws.creds);
	CHECK(end());
	begin();
	fake_sys_env(&world, "AWS_ENDPOINT_URL_STS", "nonsense");
	CHECK(aws_account_id(&scope).p == NULL);
	CHECK_INT(wire.request_n, 0);
	CHECK(end());
}

TEST(without_entropy_pauses_are_longest)
{
	begin();
	fake_transport_reply(&wire, MONITORING, 503, "");
	fake_transport_reply(&wire, MONITORING, 200, "{}");
	world.random_err = ERR_IO;
	CHECK_INT(call(&describe), ERR_OK);
	CHECK_INT(world.slept_ms, 999);
	CHECK(fake_transport_saw(&wire, "amz-sdk-invocation-id: "
	    "00000000-0000-4000-8000-000000000000\n"));
	CHECK(end());
}

TEST(pauses_grow_to_twenty_seconds)
{
	begin();
	aws.attempt_max = 10;
	CHECK_INT(aws_scope_open(&scope, STR_NONE, STR_NONE), ERR_OK);
	scope.deadline_ms = world.mono_ms + 1000000;
	world.random_err = ERR_IO;
	fake_transport_reply(&wire, MONITORING, 500,
	    "{\"__type\":\"InternalServiceFault\"}")->forever = true;
	CHECK_INT(call(&describe), ERR_AWS_SERVICE);
	CHECK_INT(reply.attempt_n, 10);
	CHECK(world.slept_ms > 110900 && world.slept_ms <= 111000);
	CHECK(says("CloudWatch failed at cloudwatch:DescribeAlarms in "
	    "eu-west-1 with InternalServiceFault (10 attempts in 111 s)"));
	CHECK(end());
}

TEST(a_token_that_aws_repeats_is_not_passed_on)
{
	begin();
	fake_transport_reply(&wire, MONITORING, 403, "{\"__type\":"
	    "\"InvalidSignatureException\",\"message\":\"Does not match.\\n"
	    "\\nThe Canonical String for this request should have been\\n'"
	    "POST\\nx-amz-security-token:toptoken\\n'\"}");
	CHECK_INT(call(&describe), ERR_AWS_EXPIRED);
	CHECK_STR(reply.message, S("Does not match."));
	CHECK(str_ends(fail_text(&fail), S(" AWS said: Does not match.")));
	CHECK(end());
	begin();
	struct sts_identity who;
	fake_transport_reply(&wire, "https://sts.", 403, "<ErrorResponse>"
	    "<Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code>"
	    "<Message>No.\n\nThe Canonical String for this request should have "
	    "been\n'toptoken'</Message></Error></ErrorResponse>");
	CHECK(aws_identity(&scope, &who) != ERR_OK);
	CHECK(str_find(fail_text(&fail), S("toptoken"), 0) ==
	    fail_text(&fail).len);
	CHECK(end());
}

TEST(debug_logs_hold_no_secret)
{
	begin();
	log_all.level = LOG_DEBUG;
	fake_transport_reply(&wire, MONITORING, 200, "{}");
	CHECK_INT(call(&describe), ERR_OK);
	struct str text = fake_sys_log(&world);
	CHECK(str_find(text, S("\"event\":\"aws_request\""), 0) < text.len);
	CHECK(str_find(text, S("x-amz-security-token:***"), 0) < text.len);
	CHECK(str_find(text, S("\"event\":\"aws_reply\""), 0) < text.len);
	CHECK(str_find(text, S("toptoken"), 0) == text.len);
	CHECK(str_find(text, S("topsecret"), 0) == text.len);
	CHECK(str_find(text, S("Signature="), 0) == text.len);
	fake_transport_fail(&wire, MONITORING, ERR_TLS_NAME);
	CHECK_INT(call(&describe), ERR_TLS_NAME);
	text = fake_sys_log(&world);
	CHECK(str_find(text, S("\"error\":\"TLS_NAME\""), 0) < text.len);
	CHECK(end());
}

/* A call with a retry, in an arena that fails. */
static bool
scenario(struct arena *a, void *ctx)
{
	struct aws_scope s;
	struct aws_reply r;
	struct fail f;
	bool done = true;

	(void)ctx;
	begin();
	log_all.level = LOG_DEBUG;
	wire.quiet = true;
	fake_transport_reply(&wire, MONITORING, 503, "{\"__type\":\"X\"}");
	fake_transport_reply(&wire, MONITORING, 200, "{\"a\":[1,2]}");
	fail_init(&f, a);
	aws_scope_init(&s, &aws, a, &f, world.mono_ms + 60000, NULL, NULL);
	if (aws_scope_open(&s, STR_NONE, STR_NONE) != ERR_OK ||
	    aws_call(&s, &describe, S("{}"), &r) != ERR_OK) {
		done = false;
	} else {
		MUST(json_is(r.json, JSON_OBJECT));
	}
	arena_free(&arena);
	fake_sys_free(&world);
	return done;
}

TEST(a_call_that_runs_out_of_memory_ends_in_order)
{
	CHECK(test_fail_sweep(scenario, NULL, JOB_ARENA_CAP) > 20);
}

/* ---- on behalf of a caller ---- */

static unsigned looked_n;
static unsigned dropped_n;

static enum err
own_keys(void *ctx, int64_t deadline_ms, const struct cancel *cancel,
    struct arena *a, struct creds_keys *out, struct fail *f)
{
	(void)cancel;
	(void)a;
	MUST(deadline_ms == scope.deadline_ms);
	looked_n++;
	if (ctx != NULL) {
		return fail_set(f, ERR_CREDENTIALS, 0, S("no role for you"));
	}
	*out = (struct creds_keys){ .access_key_id = S("ASIAOWN"),
	    .secret = S("s"), .token = S("t"),
	    .account_id = S("222222222222") };
	return ERR_OK;
}

static void
drop(void *ctx, struct str access_key_id)
{
	(void)ctx;
	MUST(str_eq(access_key_id, S("ASIAOWN")));
	dropped_n++;
}

TEST(a_callers_own_keys_are_the_only_ones)
{
	struct aws_caller caller = { .keys = own_keys, .drop = drop };

	begin();
	scope.caller = &caller;
	looked_n = dropped_n = 0;
	fake_transport_reply(&wire, MONITORING, 400,
	    "{\"__type\":\"ExpiredTokenException\",\"message\":\"x\"}");
	fake_transport_reply(&wire, MONITORING, 200, "{}");
	CHECK_INT(call(&describe), ERR_OK);
	CHECK(fake_transport_saw(&wire, "Credential=ASIAOWN/"));
	CHECK(!fake_transport_saw(&wire, "Credential=AKID/"));
	CHECK_INT(looked_n, 2);
	CHECK_INT(dropped_n, 1);
	CHECK_STR(scope.account_id, S("222222222222"));
	CHECK(end());

	begin();
	scope.caller = &caller;
	caller.ctx = &caller;
	CHECK_INT(call(&describe), ERR_CREDENTIALS);
	CHECK(says("no role for you"));
	CHECK_INT(call_n, 0);
	CHECK(end());
}

TEST(a_caller_with_own_keys_names_no_profile)
{
	struct aws_caller caller = { .keys = own_keys };

	begin();
	scope.caller = &caller;
	CHECK_INT(aws_scope_open(&scope, S("prod"), STR_NONE), ERR_PROFILE);
	CHECK(says("leave profile_name out"));
	CHECK_INT(aws_scope_open(&scope, S("default"), STR_NONE), ERR_OK);
	CHECK(end());
}

TEST(a_caller_with_own_keys_sees_no_profile_in_lists)
{
	struct aws_caller caller = { .keys = own_keys };

	begin();
	CHECK(aws_profile_allowed(&scope, S("prod")));
	scope.caller = &caller;
	CHECK(!aws_profile_allowed(&scope, S("prod")));
	CHECK(end());
}

TEST(a_caller_names_only_the_profiles_that_are_for_it)
{
	struct str patterns[] = { S("dev-*"), S("test") };
	struct aws_caller caller = { .profiles = patterns, .profile_n = 2 };

	begin();
	fake_sys_env(&world, "HOME", "/h");
	fake_sys_file(&world, "/h/.aws/config", "[profile dev-1]\n"
	    "region = us-west-2\n[profile prod]\n");
	scope.caller = &caller;
	CHECK_INT(aws_scope_open(&scope, S("dev-1"), STR_NONE), ERR_OK);
	CHECK_INT(aws_scope_open(&scope, S("prod"), STR_NONE), ERR_PROFILE);
	CHECK(says("profile 'prod' is not one that may be named here (by "
	    "you); those that may: dev-1"));
	fail_clear(&fail);
	/* One that is not there tells of no others. */
	aws.keys = NULL;
	CHECK_INT(aws_scope_open(&scope, S("dev-9"), STR_NONE), ERR_PROFILE);
	CHECK(!str_icontains(fail_text(&fail), S("prod")));
	CHECK(says("those that may: dev-1"));
	aws.keys = &keys;
	fail_clear(&fail);
	/* Naming none is no way around. */
	CHECK_INT(aws_scope_open(&scope, STR_NONE, STR_NONE), ERR_PROFILE);
	CHECK(says("you may not read with the profile of calls that name "
	    "none; those that may: dev-1"));
	patterns[1] = S("default");
	fail_clear(&fail);
	CHECK_INT(aws_scope_open(&scope, STR_NONE, STR_NONE), ERR_OK);
	CHECK(end());
}
