/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo account's front: protocols, errors, faults, the transport.
 */
#include "demo_ask.h"
#include "test.h"

TEST(describe_alarms_answers_metric_alarms_only_unless_asked)
{
	struct demo_ask q;
	const struct json *v;

	demo_ask_init(&q);
	v = demo_ask_call(&q, false, "DescribeAlarms", "{\"MaxRecords\":100}");
	CHECK_INT(q.reply.status, 200);
	CHECK(json_get(v, S("MetricAlarms"))->n >= 35);
	CHECK_INT(json_get(v, S("CompositeAlarms"))->n, 0);
	v = demo_ask_call(&q, false, "DescribeAlarms", "{\"MaxRecords\":100,"
	    "\"AlarmTypes\":[\"MetricAlarm\",\"CompositeAlarm\","
	    "\"LogAlarm\"]}");
	CHECK(json_get(v, S("CompositeAlarms"))->n >= 5);
	CHECK(json_get(v, S("LogAlarms"))->n >= 1);
	demo_ask_free(&q);
}

TEST(an_incident_is_open_when_the_account_is_opened)
{
	struct demo_ask q;
	const struct json *v;

	demo_ask_init(&q);
	v = demo_ask_call(&q, false, "DescribeAlarms", "{\"AlarmTypes\":"
	    "[\"CompositeAlarm\"],\"StateValue\":\"ALARM\"}");
	CHECK(json_get(v, S("CompositeAlarms"))->n >= 3);
	v = demo_ask_call(&q, true, "FilterLogEvents",
	    "{\"logGroupName\":\"/ecs/shop-prod/checkout\",\"startTime\":"
	    "1795172400000,\"filterPattern\":\"{ $.level = ERROR }\"}");
	CHECK(json_get(v, S("events"))->n > 50);
	demo_ask_free(&q);
}

TEST(unknown_operations_and_bodies_are_refused_in_the_services_shape)
{
	struct demo_ask q;

	demo_ask_init(&q);
	(void)demo_ask_call(&q, true, "DeleteLogGroup", "{}");
	CHECK_INT(q.reply.status, 400);
	CHECK_STR(demo_ask_error(&q), S("UnknownOperationException"));
	(void)demo_ask_call(&q, true, "DescribeLogGroups", "{\"a\":");
	CHECK_STR(demo_ask_error(&q), S("SerializationException"));
	(void)demo_ask_call(&q, false, "DescribeAlarms",
	    "{\"MaxRecords\":101}");
	CHECK_STR(demo_ask_header(&q, "x-amzn-query-error"),
	    S("ValidationError;Sender"));
	demo_ask_free(&q);
}

static void
set_faults(struct demo_ask *q, const char *list)
{
	struct fail f;

	fail_init(&f, NULL);
	CHECK_INT(demo_faults(&q->demo, str_from_z(list), &f), ERR_OK);
}

TEST(faults_hit_as_often_and_where_they_should)
{
	struct demo_ask q;
	struct fail f;

	demo_ask_init(&q);
	set_faults(&q, "throttle:2, 500*1@ListMetrics");
	for (int i = 0; i < 2; i++) {
		(void)demo_ask_call(&q, true, "DescribeLogGroups", "{}");
		CHECK_STR(demo_ask_error(&q), S("ThrottlingException"));
	}
	(void)demo_ask_call(&q, true, "DescribeLogGroups", "{}");
	CHECK_INT(q.reply.status, 200);
	(void)demo_ask_call(&q, false, "ListMetrics", "{}");
	CHECK_INT(q.reply.status, 500);
	CHECK_STR(demo_ask_header(&q, "x-amzn-query-error"),
	    S("InternalServiceError;Receiver"));
	(void)demo_ask_call(&q, false, "ListMetrics", "{}");
	CHECK_INT(q.reply.status, 200);
	set_faults(&q, "slow:250");
	(void)demo_ask_call(&q, false, "ListMetrics", "{}");
	CHECK_INT(q.reply.delay_ms, 250);
	set_faults(&q, "cut:10");
	(void)demo_ask_call(&q, false, "ListMetrics", "{}");
	CHECK_INT(q.reply.cut_len, 10);
	set_faults(&q, "truncated,");
	(void)demo_ask_call(&q, false, "ListMetrics", "{}");
	CHECK(q.json == NULL && q.reply.body.len > 1000);
	set_faults(&q, "notjson");
	(void)demo_ask_call(&q, false, "ListMetrics", "{}");
	CHECK(q.json == NULL && q.reply.status == 200);
	set_faults(&q, "missing");
	(void)demo_ask_call(&q, false, "ListMetrics", "{}");
	CHECK_STR(q.reply.body, S("{}"));
	set_faults(&q, "oversized");
	(void)demo_ask_call(&q, false, "ListMetrics", "{}");
	CHECK(q.reply.body.len > HTTP_RESPONSE_MAX);
	set_faults(&q, "");
	(void)demo_ask_call(&q, false, "ListMetrics", "{}");
	CHECK_INT(q.reply.status, 200);
	fail_init(&f, NULL);
	CHECK_INT(demo_faults(&q.demo, S("explode"), &f), ERR_CONFIG);
	CHECK_INT(demo_faults(&q.demo, S("slow"), NULL), ERR_CONFIG);
	demo_ask_free(&q);
}

TEST(tests_can_set_faults_and_count_requests_over_http)
{
	struct demo_ask q;
	struct demo_request r = { S("POST"), S("/demo/faults"), NULL, 0,
		S("503:1") };

	demo_ask_init(&q);
	q.demo.verify = true;
	demo_serve(&q.demo, &r, &q.arena, &q.reply);
	CHECK_INT(q.reply.status, 200);
	(void)demo_ask_call(&q, true, "DescribeLogGroups", "{}");
	CHECK_INT(q.reply.status, 503);
	(void)demo_ask_call(&q, true, "DescribeLogGroups", "{}");
	CHECK_INT(q.reply.status, 400);
	r = (struct demo_request){ S("GET"), S("/demo/stats"), NULL, 0,
		STR_NONE };
	demo_serve(&q.demo, &r, &q.arena, &q.reply);
	CHECK_STR(q.reply.body, S("{\"requests\":2,\"rejected\":1,"
	    "\"live_tails\":0}"));
	r.target = S("/");
	demo_serve(&q.demo, &r, &q.arena, &q.reply);
	CHECK_INT(q.reply.status, 404);
	demo_ask_free(&q);
}

TEST(cloudwatch_in_the_query_protocol_is_refused_by_name)
{
	struct demo_ask q;
	struct demo_request r = { S("POST"), S("/"), NULL, 0,
		S("Action=DescribeAlarms&Version=2010-08-01") };

	demo_ask_init(&q);
	q.demo.verify = true;
	demo_serve(&q.demo, &r, &q.arena, &q.reply);
	CHECK_INT(q.reply.status, 400);
	CHECK(str_find(q.reply.body, S("<Code>InvalidAction</Code>"), 0) <
	    q.reply.body.len);
	CHECK(str_find(q.reply.body, S("not its query protocol"), 0) <
	    q.reply.body.len);
	demo_ask_free(&q);
}

TEST(the_account_is_a_transport)
{
	struct demo_ask q;
	struct transport t;
	struct transport_header h[2] = {
		{ S("Host"), S("logs.us-west-2.amazonaws.com") },
		{ S("X-Amz-Target"), S("Logs_20140328.DescribeLogGroups") },
	};
	struct exchange one = { 0 }, two;
	struct exchange *both[2] = { &one, &two };

	demo_ask_init(&q);
	demo_transport(&q.demo, &t);
	one.arena = &q.arena;
	one.method = S("POST");
	one.target = S("/");
	one.headers = h;
	one.header_n = 2;
	one.body = S("{}");
	one.deadline_ms = q.sys.mono_ms + 1000;
	two = one;
	t.roundtrip(t.ctx, both, 2);
	CHECK_INT(one.err, ERR_OK);
	CHECK_INT(two.status, 200);
	CHECK(one.sent);
	CHECK(str_find(one.response_body, S(":us-west-2:"), 0) < 1000);
	CHECK_STR(transport_response_header(&one, S("content-type")),
	    S("application/x-amz-json-1.1"));
	set_faults(&q, "cut:5*1,slow:5000");
	t.roundtrip(t.ctx, both, 1);
	CHECK_INT(one.err, ERR_CLOSED);
	t.roundtrip(t.ctx, both, 1);
	CHECK_INT(one.err, ERR_TIMEOUT);
	CHECK(fake_sys_ok(&q.sys));
	demo_ask_free(&q);
}

/* Every name of a listing, page by page, as one text. */
static size_t
walk(struct demo_ask *q, bool logs, const char *operation, const char *list,
    const char *token_name, const char *fixed, struct buf *names)
{
	char token[64] = "", body[512];
	size_t pages = 0;

	do {
		const struct json *v;
		struct str next;

		snprintf(body, sizeof(body), "{%s%s%s%s%s%s}", fixed,
		    token[0] != 0 ? ",\"" : "", token[0] != 0 ? token_name :
		    "", token[0] != 0 ? "\":\"" : "", token,
		    token[0] != 0 ? "\"" : "");
		v = demo_ask_call(q, logs, operation, body);
		if (q->reply.status != 200) {
			return 0;
		}
		pages++;
		for (v = json_get(v, str_from_z(list))->child; v != NULL;
		    v = v->next) {
			buf_add(names, json_get_str(v, logs ?
			    S("logGroupName") : S("AlarmName"), S("?")));
			buf_add_byte(names, '\n');
		}
		next = json_get_str(q->json, str_from_z(token_name),
		    S(""));
		snprintf(token, sizeof(token), "%.*s", STR_ARG(next));
	} while (token[0] != 0 && pages < 100);
	return pages;
}

TEST(pages_put_together_are_the_whole_listing)
{
	static char a[20000], b[20000];
	struct demo_ask q;
	struct buf whole = buf_fixed(a, sizeof(a));
	struct buf parts = buf_fixed(b, sizeof(b));

	demo_ask_init(&q);
	CHECK_INT(walk(&q, false, "DescribeAlarms", "MetricAlarms",
	    "NextToken", "\"MaxRecords\":100", &whole), 1);
	CHECK(walk(&q, false, "DescribeAlarms", "MetricAlarms", "NextToken",
	    "\"MaxRecords\":7", &parts) >= 6);
	CHECK_STR(buf_str(&parts), buf_str(&whole));
	buf_clear(&whole);
	buf_clear(&parts);
	CHECK_INT(walk(&q, true, "DescribeLogGroups", "logGroups",
	    "nextToken", "\"limit\":50", &whole), 1);
	CHECK(walk(&q, true, "DescribeLogGroups", "logGroups", "nextToken",
	    "\"limit\":4", &parts) >= 7);
	CHECK_STR(buf_str(&parts), buf_str(&whole));
	buf_clear(&whole);
	buf_clear(&parts);
	CHECK(walk(&q, false, "DescribeAlarmHistory", "AlarmHistoryItems",
	    "NextToken", "\"AlarmName\":\"platform-recommender-memory\"",
	    &whole) > 1);
	CHECK(walk(&q, false, "DescribeAlarmHistory", "AlarmHistoryItems",
	    "NextToken", "\"MaxRecords\":9,"
	    "\"AlarmName\":\"platform-recommender-memory\"", &parts) > 10);
	CHECK_STR(buf_str(&parts), buf_str(&whole));
	(void)demo_ask_call(&q, false, "DescribeAlarms",
	    "{\"NextToken\":\"nonsense\"}");
	CHECK_STR(demo_ask_header(&q, "x-amzn-query-error"),
	    S("InvalidNextToken;Sender"));
	demo_ask_free(&q);
}

TEST(history_of_composite_alarms_needs_their_type)
{
	struct demo_ask q;
	const struct json *v, *data;
	struct json *inner;

	demo_ask_init(&q);
	v = demo_ask_call(&q, false, "DescribeAlarmHistory",
	    "{\"AlarmName\":\"checkout-down\"}");
	CHECK_INT(json_get(v, S("AlarmHistoryItems"))->n, 0);
	v = demo_ask_call(&q, false, "DescribeAlarmHistory",
	    "{\"AlarmName\":\"checkout-down\",\"HistoryItemType\":"
	    "\"StateUpdate\",\"AlarmTypes\":[\"CompositeAlarm\"]}");
	CHECK(json_get(v, S("AlarmHistoryItems"))->n >= 1);
	data = json_get(json_at(json_get(v, S("AlarmHistoryItems")), 0),
	    S("HistoryData"));
	CHECK_INT(json_parse(&q.arena, json_str(data),
	    JSON_REJECT_DUPLICATES, &inner, NULL), ERR_OK);
	CHECK_STR(json_str(json_path(inner, S("newState.stateValue"))),
	    S("ALARM"));
	CHECK(str_starts(json_str(json_path(inner,
	    S("newState.stateReason"))), S("arn:aws:cloudwatch:eu-west-1:"
	    "111122223333:alarm:")));
	demo_ask_free(&q);
}

TEST(composites_name_the_alarm_that_set_them_off)
{
	struct demo_ask q;
	const struct json *v;
	size_t n = 0;

	demo_ask_init(&q);
	v = demo_ask_call(&q, false, "DescribeAlarms", "{\"AlarmTypes\":"
	    "[\"CompositeAlarm\"],\"StateValue\":\"ALARM\"}");
	for (v = json_at(json_get(v, S("CompositeAlarms")), 0); v != NULL;
	    v = v->next) {
		struct str why = json_get_str(v, S("StateReason"), S(""));

		CHECK(str_find(why, S(" transitioned to ALARM at "), 0) <
		    why.len);
		n++;
	}
	CHECK(n >= 4);
	demo_ask_free(&q);
}

TEST(the_same_moment_gives_the_same_bytes)
{
	static const char *const ASKED[][2] = {
		{ "DescribeAlarms", "{\"MaxRecords\":100}" },
		{ "DescribeAlarmHistory", "{}" }, { "ListMetrics", "{}" },
	};
	struct demo_ask p, q;

	demo_ask_init(&p);
	demo_ask_init(&q);
	for (size_t i = 0; i < 3; i++) {
		(void)demo_ask_call(&p, false, ASKED[i][0], ASKED[i][1]);
		(void)demo_ask_call(&q, false, ASKED[i][0], ASKED[i][1]);
		CHECK(p.reply.body.len > 1000);
		CHECK_STR(p.reply.body, q.reply.body);
	}
	demo_ask_free(&p);
	demo_ask_free(&q);
}

static bool
serve_once(struct arena *a, void *ctx)
{
	struct demo_ask *q = ctx;
	struct http1_header h = { S("X-Amz-Target"),
		S("GraniteServiceVersion20100801.DescribeAlarms") };
	struct demo_request r = { S("POST"), S("/"), &h, 1,
		S("{\"MaxRecords\":3}") };

	demo_serve(&q->demo, &r, a, &q->reply);
	return q->reply.status == 200 && !a->failed;
}

TEST(without_memory_the_answer_is_503)
{
	struct demo_ask q;

	demo_ask_init(&q);
	CHECK(test_fail_sweep(serve_once, &q, (size_t)1024 * 1024) > 10);
	demo_ask_free(&q);
}
