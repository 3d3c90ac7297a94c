/* SPDX-License-Identifier: Apache-2.0 */
/* The page of metrics, whole and line by line. */
#include "test.h"

#include <time.h>

#include "app.h"
#include "app_metrics.h"
#include "aws/operation.h"
#include "base/limits.h"
#include "base/meter.h"
#include "fake_sys.h"
#include "mcp/mcp.h"
#include "tools/tools.h"

static struct fake_sys fake;
static struct arena start;
static struct app app;
static struct app_gauges gauges;
static struct meter meter;
static struct log log_to;
static struct app_job job;
static struct http1_request request;

static void
give_gauges(void *ctx, struct app_gauges *out)
{
	(void)ctx;
	*out = gauges;
}

static bool
begin_test(void)
{
	struct mcp_config config = { .name = S("n"), .title = S("t"),
	    .version = S("v") };
	struct tools_set set;
	struct mcp *mcp;
	struct fail f;

	arena_free(&start);
	arena_init(&start, 8 << 20);
	fail_init(&f, &start);
	fake_sys_free(&fake);
	fake_sys_init(&fake);
	if (tools_select(STR_NONE, STR_NONE, true, &start, &set, &f) !=
	    ERR_OK) {
		return false;
	}
	config.tools = set.tools;
	config.tool_n = set.n;
	if (mcp_new(&mcp, &config, &start, &f) != ERR_OK) {
		return false;
	}
	meter = (struct meter){ .lookups = { 0 } };
	gauges = (struct app_gauges){ .accepted_n = 0 };
	log_to = (struct log){ &fake.sys, LOG_ERROR };
	app = (struct app){ .sys = &fake.sys, .log = &log_to, .mcp = mcp,
	    .version = S("1.2.3"), .meter = &meter, .call_ms = 60000,
	    .gauges = give_gauges, .loopback = true, .side_loopback = true };
	return true;
}

static bool
send(bool side, const char *head, const char *body)
{
	struct app_calls calls = app_calls(&app);
	struct str parts[] = { str_from_z(head), S("\r\n") };

	arena_free(&job.arena);
	job = (struct app_job){ .front = APP_HTTP, .keep_alive = true,
	    .side = side, .conn = 1, .body = str_from_z(body),
	    .start_ms = fake.mono_ms, .deadline_ms = fake.mono_ms + 1000000 };
	arena_init(&job.arena, 4 << 20);
	if (http1_request_parse(str_join(&job.arena, parts, 2), &request, NULL)
	    <= 0) {
		return false;
	}
	job.http = &request;
	if (calls.begin(calls.app, &job) == APP_DEFER) {
		calls.run(calls.app, &job);
	}
	return true;
}

#define GET "GET /metrics HTTP/1.1\r\nHost: localhost\r\n"
#define POST "POST /mcp HTTP/1.1\r\nHost: localhost\r\n" \
	"Content-Type: application/json\r\n"

static int
status(void)
{
	struct http1_response r;

	return http1_response_parse(job.reply_head, request.method, &r, NULL)
	    <= 0 ? -1 : r.status;
}

/* The page has this line. */
static bool
has(const char *line)
{
	struct str parts[] = { S("\n"), str_from_z(line), S("\n") };
	struct str want = str_join(&job.arena, parts, 3);
	bool found = str_find(job.reply_body, want, 0) < job.reply_body.len;

	if (!found) {
		printf("    no line %s\n", line);
	}
	return found;
}

static bool
mentions(const char *text)
{
	return str_find(job.reply_body, str_from_z(text), 0) <
	    job.reply_body.len;
}

TEST(switched_off_there_is_no_page_and_nothing_is_counted)
{
	CHECK(begin_test());
	app.meter = NULL;
	CHECK(send(false, GET, ""));
	CHECK_INT(status(), 404);
	CHECK(mentions("switched off"));
}

TEST(a_port_of_its_own_has_the_page_and_nothing_else)
{
	CHECK(begin_test());
	app.meter_aside = true;
	CHECK(send(false, GET, ""));
	CHECK_INT(status(), 404);
	CHECK(send(true, GET, ""));
	CHECK_INT(status(), 200);
	CHECK(send(true, POST, "{}"));
	CHECK_INT(status(), 404);
	CHECK(send(true, "GET /health HTTP/1.1\r\nHost: localhost\r\n", ""));
	CHECK_INT(status(), 404);
	CHECK(send(true, "GET /metrics HTTP/1.1\r\nHost: evil.example\r\n",
	    ""));
	CHECK_INT(status(), 403);
	app.side_loopback = false;
	CHECK(send(true, "GET /metrics HTTP/1.1\r\nHost: 10.0.0.7:9090\r\n",
	    ""));
	CHECK_INT(status(), 200);
	CHECK(send(false, "GET /health HTTP/1.1\r\nHost: 10.0.0.7\r\n", ""));
	CHECK_INT(status(), 403);
}

TEST(requests_and_calls_of_tools_are_counted)
{
	static const char call[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
	    "\"tools/call\",\"params\":{\"name\":"
	    "\"search_metric_metadata\",\"arguments\":{\"query\":\"cpu\"}}}";
	static const char bad[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
	    "\"tools/call\",\"params\":{\"name\":"
	    "\"search_metric_metadata\",\"arguments\":{\"max_items\":-1}}}";

	CHECK(begin_test());
	CHECK(send(false, POST, call));
	CHECK_INT(status(), 200);
	CHECK(send(false, POST, call));
	CHECK(send(false, POST, bad));
	CHECK(send(false, POST, "{"));
	CHECK(send(false, "GET /nothing HTTP/1.1\r\nHost: localhost\r\n", ""));
	CHECK(send(false, "HEAD /health HTTP/1.1\r\nHost: localhost\r\n",
	    ""));
	CHECK(send(false, GET, ""));
	CHECK_INT(status(), 200);
	CHECK(has("cloudwatch_mcp_http_requests_total{route=\"/mcp\","
	    "method=\"POST\",code=\"2xx\"} 3"));
	CHECK(has("cloudwatch_mcp_http_requests_total{route=\"/mcp\","
	    "method=\"POST\",code=\"4xx\"} 1"));
	CHECK(has("cloudwatch_mcp_http_requests_total{route=\"other\","
	    "method=\"GET\",code=\"4xx\"} 1"));
	CHECK(has("cloudwatch_mcp_http_requests_total{route=\"/health\","
	    "method=\"other\",code=\"2xx\"} 1"));
	CHECK(has("cloudwatch_mcp_http_request_duration_seconds_count{"
	    "route=\"/mcp\"} 4"));
	CHECK(has("cloudwatch_mcp_tool_calls_total{tool="
	    "\"search_metric_metadata\",outcome=\"ok\"} 2"));
	CHECK(has("cloudwatch_mcp_tool_calls_total{tool="
	    "\"search_metric_metadata\",outcome=\"error\"} 1"));
	CHECK(has("cloudwatch_mcp_tool_call_duration_seconds_bucket{tool="
	    "\"search_metric_metadata\",le=\"+Inf\"} 3"));
	/* What never happened has no line. */
	CHECK(!mentions("whoami"));
	/* This page itself is counted once it is written. */
	CHECK(!mentions("route=\"/metrics\""));
	CHECK(send(false, GET, ""));
	CHECK(has("cloudwatch_mcp_http_requests_total{route=\"/metrics\","
	    "method=\"GET\",code=\"2xx\"} 1"));
}

TEST(a_histogram_is_cumulative_and_in_seconds)
{
	size_t i = operation_index(ENDPOINT_LOGS, S("StartQuery"));

	CHECK(begin_test());
	meter_time(&meter.operations[i].times, 3);
	meter_time(&meter.operations[i].times, 90);
	meter_time(&meter.operations[i].times, 1500);
	meter_time(&meter.operations[i].times, 200000);
	meter_add(&meter.operations[i].throttles);
	CHECK(send(false, GET, ""));
#define SERIES(what) "cloudwatch_mcp_aws_call_duration_seconds_" what \
	"{service=\"logs\",operation=\"StartQuery\""
	CHECK(has(SERIES("bucket") ",le=\"0.005\"} 1"));
	CHECK(has(SERIES("bucket") ",le=\"0.1\"} 2"));
	CHECK(has(SERIES("bucket") ",le=\"1.0\"} 2"));
	CHECK(has(SERIES("bucket") ",le=\"2.5\"} 3"));
	CHECK(has(SERIES("bucket") ",le=\"120.0\"} 3"));
	CHECK(has(SERIES("bucket") ",le=\"+Inf\"} 4"));
	CHECK(has(SERIES("sum") "} 201.593"));
	CHECK(has(SERIES("count") "} 4"));
	CHECK(has("cloudwatch_mcp_aws_throttles_total{service=\"logs\","
	    "operation=\"StartQuery\"} 1"));
}

TEST(gauges_come_from_where_they_are_known)
{
	CHECK(begin_test());
	gauges = (struct app_gauges){ .queue_n = 3, .queue_max = 64,
	    .running_n = 8, .worker_n = 8, .resident = 4096, .reuse_n = 5,
	    .connect_n = 2, .handshake_n = 9, .resume_n = 7,
	    .keys_ready = true, .keys_until_ms = 1795179600999 };
	app.started_ms = 1795170000500;
	CHECK(send(false, GET, ""));
	CHECK(has("cloudwatch_mcp_queue_length 3"));
	CHECK(has("cloudwatch_mcp_queue_capacity 64"));
	CHECK(has("cloudwatch_mcp_workers_busy 8"));
	CHECK(has("process_resident_memory_bytes 4096"));
	CHECK(has("process_start_time_seconds 1795170000"));
	CHECK(has("cloudwatch_mcp_credentials_expiry_timestamp_seconds "
	    "1795179600"));
	CHECK(has("cloudwatch_mcp_cache_requests_total{cache=\"connection\","
	    "result=\"hit\"} 5"));
	CHECK(has("cloudwatch_mcp_cache_requests_total{cache=\"tls_session\","
	    "result=\"miss\"} 2"));
	gauges.keys_until_ms = 0;
	gauges.resident = 0;
	CHECK(send(false, GET, ""));
	CHECK(!mentions("expiry_timestamp") && !mentions("resident"));
}

TEST(label_values_are_escaped)
{
	CHECK(begin_test());
	app.version = S("a\"b\\c\nd");
	CHECK(send(false, GET, ""));
	CHECK(has("cloudwatch_mcp_build_info{version=\"a\\\"b\\\\c\\nd\"} 1"));
}

TEST(open_metrics_is_for_those_that_ask)
{
	CHECK(begin_test());
	CHECK(send(false, GET, ""));
	CHECK(str_icontains(job.reply_head,
	    S("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n")));
	CHECK(has("# TYPE cloudwatch_mcp_connections_accepted_total counter"));
	CHECK(!mentions("# EOF"));
	CHECK(send(false, GET "Accept: application/openmetrics-text; "
	    "version=1.0.0,text/plain;q=0.5\r\n", ""));
	CHECK(str_icontains(job.reply_head,
	    S("Content-Type: application/openmetrics-text; version=1.0.0")));
	CHECK(has("# TYPE cloudwatch_mcp_connections_accepted counter"));
	CHECK(has("cloudwatch_mcp_connections_accepted_total 0"));
	CHECK(str_ends(job.reply_body, S("\n# EOF\n")));
}

/* Every counter is not zero. */
static void
fill(void)
{
	meter_n *n = (meter_n *)(void *)&meter;

	for (size_t i = 0; i < sizeof(meter) / sizeof(*n); i++) {
		atomic_store(&n[i], UINT64_C(1234567890123));
	}
}

TEST(the_fullest_page_fits_and_is_quick)
{
	struct timespec from, to;
	int64_t us;

	CHECK(begin_test());
	CHECK(mcp_config(app.mcp)->tool_n <= METER_TOOL_N);
	CHECK(operation_n <= METER_OPERATION_N);
	fill();
	CHECK(send(false, GET, ""));
	CHECK_INT(status(), 200);
	CHECK(job.reply_body.len < METRICS_PAGE_MAX * 3 / 4);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	for (int i = 0; i < 10; i++) {
		CHECK(send(false, GET, ""));
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	us = ((to.tv_sec - from.tv_sec) * 1000000 +
	    (to.tv_nsec - from.tv_nsec) / 1000) / 10;
	printf("    %d bytes in %d us\n", (int)job.reply_body.len, (int)us);
	/* This build may be ten times slower than the one that is shipped. */
	CHECK(us < 20000);
}

TEST(without_memory_for_the_page_there_is_503)
{
	struct app_calls calls = app_calls(&app);
	struct arena head;

	CHECK(begin_test());
	CHECK(send(false, GET, ""));
	head = job.arena;
	job.arena = (struct arena){ .cap = 0 };
	arena_init(&job.arena, 20000);
	fill();
	job.state = NULL;
	CHECK_INT(calls.begin(calls.app, &job), APP_DONE);
	CHECK_INT(status(), 503);
	arena_free(&head);
}
