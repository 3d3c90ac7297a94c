/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to the demo account: the first byte chooses the operation, the rest
 * is the body. Every reply is complete: a status, and JSON (or XML for STS).
 */
#include <string.h>

#include "base/must.h"
#include "demo/demo.h"
#include "demo/demo_tail.h"
#include "proto/eventstream.h"
#include "proto/json.h"
#include "proto/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *const TARGETS[] = {
	"GraniteServiceVersion20100801.DescribeAlarms",
	"GraniteServiceVersion20100801.DescribeAlarmHistory",
	"GraniteServiceVersion20100801.DescribeAlarmsForMetric",
	"GraniteServiceVersion20100801.GetMetricData",
	"GraniteServiceVersion20100801.GetMetricStatistics",
	"GraniteServiceVersion20100801.ListMetrics",
	"Logs_20140328.DescribeLogGroups", "Logs_20140328.DescribeLogStreams",
	"Logs_20140328.DescribeQueryDefinitions",
	"Logs_20140328.FilterLogEvents", "Logs_20140328.GetLogEvents",
	"Logs_20140328.StartQuery", "Logs_20140328.GetQueryResults",
	"Logs_20140328.DescribeQueries", "Logs_20140328.StopQuery", NULL,
	"Logs_20140328.StartLiveTail", "Logs_20140328.GetLogRecord",
	"Logs_20140328.ListLogAnomalyDetectors", "Logs_20140328.ListAnomalies",
};

static int64_t
noon(void *ctx)
{
	(void)ctx;
	return 1795176000000;
}

static void
no_lock(void *ctx, enum sys_lock which)
{
	MUST(ctx == NULL && which == SYS_LOCK_DEMO);
}

/* A live tail begins and goes on with whole event messages. */
static void
check_tail(const struct demo_reply *reply, struct arena *a)
{
	struct buf b = buf_in(a, HTTP_RESPONSE_MAX);
	struct eventstream_message m;
	struct eventstream_reader r;
	bool got = true;

	buf_add(&b, reply->body);
	demo_tail_next(reply->tail, noon(NULL) + 60000, &b);
	eventstream_reader_init(&r, a);
	for (size_t at = 0; at < b.len && buf_ok(&b);) {
		long n = eventstream_read(&r, str_sub(buf_str(&b), at, b.len),
		    &m, &got, NULL);

		MUST((n > 0 && got) || a->failed);
		at = n > 0 ? at + (size_t)n : b.len;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct sys sys = { .now_ms = noon, .mono_ms = noon,
		.lock = no_lock, .unlock = no_lock };
	const char *target;
	struct http1_header h = { S("X-Amz-Target"), STR_NONE };
	struct demo_request r = { S("POST"), S("/"), &h, 1, STR_NONE };
	struct demo_reply reply;
	struct arena a;
	struct json *v;
	struct xml_pick pick = { S("x"), STR_NONE };
	struct demo d;

	if (len == 0) {
		return 0;
	}
	target = TARGETS[data[0] % (sizeof(TARGETS) / sizeof(TARGETS[0]))];
	h.value = str_from_z(target);
	r.header_n = target != NULL;
	r.body = str_of((const char *)data + 1, len - 1);
	arena_init(&a, JOB_ARENA_CAP);
	demo_init(&d, &sys);
	demo_serve(&d, &r, &a, &reply);
	MUST(reply.status >= 200 && reply.status <= 503);
	MUST(reply.body.p != NULL && reply.delay_ms == 0);
	if (reply.tail != NULL) {
		check_tail(&reply, &a);
	} else if (target != NULL) {
		struct arena b;

		arena_init(&b, (size_t)256 << 20);
		MUST(json_parse(&b, reply.body, JSON_REJECT_DUPLICATES, &v,
		    NULL) == ERR_OK || b.failed || a.failed ||
		    reply.body.len > 2000000);
		arena_free(&b);
	} else {
		MUST(reply.status != 200 || xml_pick(&a, reply.body, &pick, 1,
		    NULL) == ERR_OK);
	}
	demo_free(&d);
	arena_free(&a);
	return 0;
}
