/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log groups, streams and events of the demo account on the wire.
 */
#include "demo_ask.h"
#include "test.h"

#define CHECKOUT "\"logGroupName\":\"/ecs/shop-prod/checkout\""

/* Events of the last hour that pass a filter pattern. */
static size_t
filtered(struct demo_ask *q, const char *pattern)
{
	char body[512];
	const struct json *v;

	snprintf(body, sizeof(body), "{" CHECKOUT ",\"startTime\":"
	    "1795172400000,\"filterPattern\":\"%s\"}", pattern);
	v = json_get(demo_ask_call(q, true, "FilterLogEvents", body),
	    S("events"));
	return v == NULL ? 0 : v->n;
}

TEST(groups_are_found_by_prefix_pattern_and_class)
{
	struct demo_ask q;
	const struct json *v;

	demo_ask_init(&q);
	v = demo_ask_call(&q, true, "DescribeLogGroups",
	    "{\"logGroupNamePrefix\":\"/aws/lambda/\"}");
	CHECK_INT(json_get(v, S("logGroups"))->n, 4);
	v = demo_ask_call(&q, true, "DescribeLogGroups",
	    "{\"logGroupNamePattern\":\"CHECKOUT\"}");
	CHECK_INT(json_get(v, S("logGroups"))->n, 4);
	v = demo_ask_call(&q, true, "DescribeLogGroups",
	    "{\"logGroupClass\":\"INFREQUENT_ACCESS\"}");
	CHECK_INT(json_get(v, S("logGroups"))->n, 5);
	CHECK_STR(json_get_str(json_at(json_get(v, S("logGroups")), 0),
	    S("logGroupArn"), S("")), S("arn:aws:logs:eu-west-1:111122223333:"
	    "log-group:/aws/elasticache/sessions"));
	(void)demo_ask_call(&q, true, "DescribeLogGroups",
	    "{\"logGroupNamePattern\":\"a\",\"logGroupNamePrefix\":\"b\"}");
	CHECK_STR(demo_ask_error(&q), S("InvalidParameterException"));
	(void)demo_ask_call(&q, true, "DescribeLogGroups", "{\"limit\":51}");
	CHECK_STR(demo_ask_error(&q), S("ValidationException"));
	demo_ask_free(&q);
}

TEST(streams_come_by_name_or_by_time)
{
	struct demo_ask q;
	const struct json *v;
	int64_t a, b;

	demo_ask_init(&q);
	v = json_get(demo_ask_call(&q, true, "DescribeLogStreams", "{" CHECKOUT
	    "}"), S("logStreams"));
	CHECK_INT(v->n, 6);
	CHECK(str_cmp(json_get_str(json_at(v, 0), S("logStreamName"), S("")),
	    json_get_str(json_at(v, 1), S("logStreamName"), S(""))) < 0);
	v = json_get(demo_ask_call(&q, true, "DescribeLogStreams", "{" CHECKOUT
	    ",\"orderBy\":\"LastEventTime\",\"descending\":true}"),
	    S("logStreams"));
	a = json_get_i64(json_at(v, 0), S("lastEventTimestamp"), 0);
	b = json_get_i64(json_at(v, 5), S("lastEventTimestamp"), 0);
	CHECK(a >= b && b > 0);
	(void)demo_ask_call(&q, true, "DescribeLogStreams",
	    "{\"logGroupName\":\"/nope\"}");
	CHECK_STR(demo_ask_error(&q), S("ResourceNotFoundException"));
	demo_ask_free(&q);
}

TEST(filter_patterns_choose_events)
{
	struct demo_ask q;
	size_t all, errors, warnings;

	demo_ask_init(&q);
	all = filtered(&q, "");
	errors = filtered(&q, "{ $.level = \\\"ERROR\\\" }");
	warnings = filtered(&q, "{ $.level = WARN }");
	CHECK(all > 1000 && errors > 100 && warnings > 50);
	CHECK_INT(filtered(&q, "{ $.level = ERROR || $.level = WARN }"),
	    errors + warnings);
	CHECK_INT(filtered(&q, "{ $.level != ERROR }"), all - errors);
	CHECK_INT(filtered(&q, "{ $.level = E* && $.durationMs >= 5000 }"),
	    errors);
	CHECK_INT(filtered(&q, "ERROR"), errors);
	CHECK_INT(filtered(&q, "-ERROR"), all - errors);
	CHECK_INT(filtered(&q, "?ERROR ?WARN"), errors + warnings);
	CHECK(filtered(&q, "ERROR \\\"order failed\\\"") < errors);
	CHECK_INT(filtered(&q, "{ $.nope = 1 }"), 0);
	CHECK_INT(filtered(&q, "[..., last]"), all);
	(void)filtered(&q, "[a,]");
	CHECK_STR(demo_ask_error(&q), S("InvalidParameterException"));
	(void)demo_ask_call(&q, true, "FilterLogEvents",
	    "{\"logGroupName\":\"/aws/vpc/flowlogs/shop-prod\"}");
	CHECK_STR(demo_ask_error(&q), S("InvalidParameterException"));
	demo_ask_free(&q);
}

TEST(pages_of_events_put_together_are_all_of_them)
{
	struct demo_ask q;
	char body[512], token[64] = "";
	size_t n = 0, pages = 0, all;

	demo_ask_init(&q);
	all = filtered(&q, "ERROR");
	do {
		struct str next;

		snprintf(body, sizeof(body), "{" CHECKOUT ",\"startTime\":"
		    "1795172400000,\"filterPattern\":\"ERROR\",\"limit\":13"
		    "%s%s%s}", token[0] != 0 ? ",\"nextToken\":\"" : "", token,
		    token[0] != 0 ? "\"" : "");
		n += json_get(demo_ask_call(&q, true, "FilterLogEvents", body),
		    S("events"))->n;
		next = json_get_str(q.json, S("nextToken"), S(""));
		snprintf(token, sizeof(token), "%.*s", STR_ARG(next));
		pages++;
	} while (token[0] != 0 && pages < 500);
	CHECK_INT(n, all);
	CHECK(pages > 5);
	demo_ask_free(&q);
}

TEST(events_come_newest_first_where_asked)
{
	struct demo_ask q;
	char body[512], token[64] = "";
	int64_t before = INT64_MAX;
	size_t n = 0, all;

	demo_ask_init(&q);
	all = filtered(&q, "ERROR");
	do {
		const struct json *v;
		struct str next;

		snprintf(body, sizeof(body), "{" CHECKOUT ",\"startTime\":"
		    "1795172400000,\"endTime\":1795176000000,\"limit\":50,"
		    "\"filterPattern\":\"ERROR\",\"startFromHead\":false"
		    "%s%s%s}", token[0] != 0 ? ",\"nextToken\":\"" : "", token,
		    token[0] != 0 ? "\"" : "");
		v = json_at(json_get(demo_ask_call(&q, true, "FilterLogEvents",
		    body), S("events")), 0);
		for (; v != NULL; v = v->next, n++) {
			int64_t at = json_get_i64(v, S("timestamp"), 0);

			CHECK(at <= before);
			before = at;
		}
		next = json_get_str(q.json, S("nextToken"), S(""));
		snprintf(token, sizeof(token), "%.*s", STR_ARG(next));
	} while (token[0] != 0);
	CHECK_INT(n, all);
	demo_ask_free(&q);
}

TEST(a_stream_is_read_to_its_end_where_the_token_stays_the_same)
{
	struct demo_ask q;
	const struct json *v;
	char body[1024], stream[128], token[64] = "";
	size_t n = 0, last = 1;
	int64_t before = 0;

	demo_ask_init(&q);
	v = json_get(demo_ask_call(&q, true, "DescribeLogStreams", "{" CHECKOUT
	    ",\"limit\":1}"), S("logStreams"));
	snprintf(stream, sizeof(stream), "%.*s", STR_ARG(json_get_str(
	    json_at(v, 0), S("logStreamName"), S(""))));
	for (size_t i = 0; i < 100 && last > 0; i++) {
		struct str next;

		snprintf(body, sizeof(body), "{" CHECKOUT ",\"logStreamName\":"
		    "\"%s\",\"startTime\":1795174000000,\"limit\":50,"
		    "\"startFromHead\":true%s%s%s}", stream, token[0] != 0 ?
		    ",\"nextToken\":\"" : "", token, token[0] != 0 ? "\"" :
		    "");
		v = json_get(demo_ask_call(&q, true, "GetLogEvents", body),
		    S("events"));
		last = v->n;
		n += last;
		for (v = v->child; v != NULL; v = v->next) {
			int64_t at = json_get_i64(v, S("timestamp"), 0);

			CHECK(at >= before);
			before = at;
		}
		next = json_get_str(q.json, S("nextForwardToken"), S(""));
		CHECK(next.len > 0);
		CHECK(last > 0 || str_eq(next, str_from_z(token)));
		snprintf(token, sizeof(token), "%.*s", STR_ARG(next));
	}
	CHECK(n > 60 && last == 0);
	demo_ask_free(&q);
}
