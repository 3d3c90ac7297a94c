/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live tail of the demo account: what comes over ten minutes is what the
 * journal holds of them.
 */
#include "demo_ask.h"
#include "test.h"

#include "demo/demo_tail.h"
#include "proto/eventstream.h"

#define ARN "arn:aws:logs:eu-west-1:111122223333:log-group:"

/* Reads the messages and counts their events; -1: malformed. */
static int
count_events(struct arena *a, struct str in, struct str *types)
{
	struct eventstream_reader r;
	struct buf b = buf_in(a, 4096);
	int n = 0;

	eventstream_reader_init(&r, a);
	while (in.len > 0) {
		struct eventstream_message m;
		struct json *v;
		bool got;
		long used = eventstream_read(&r, in, &m, &got, NULL);

		if (used <= 0 || !got || json_parse(a, str_dup(a, m.payload),
		    0, &v, NULL) != ERR_OK) {
			return -1;
		}
		buf_addf(&b, "%s ", eventstream_header(&m,
		    S(":event-type")));
		if (json_get(v, S("sessionResults")) != NULL) {
			n += (int)json_get(v, S("sessionResults"))->n;
		}
		in = str_sub(in, (size_t)used, in.len);
	}
	*types = buf_str(&b);
	return n;
}

TEST(ten_minutes_of_tail_are_ten_minutes_of_events)
{
	struct demo_ask q;
	struct arena a;
	struct str types;
	struct demo_tail *t;
	int64_t from;
	char body[512];
	int n = 0, want;

	demo_ask_init(&q);
	arena_init(&a, (size_t)64 << 20);
	from = q.sys.now_ms;
	(void)demo_ask_call(&q, true, "StartLiveTail",
	    "{\"logGroupIdentifiers\":[\"" ARN "/ecs/shop-prod/checkout\"],"
	    "\"logEventFilterPattern\":\"{ $.level = ERROR }\"}");
	t = q.reply.tail;
	CHECK(t != NULL);
	CHECK_INT(count_events(&a, q.reply.body, &types), 0);
	CHECK_STR(types, S("initial-response sessionStart "));
	for (int i = 0; i < 600; i++) {
		struct buf b = buf_in(&a, 1 << 20);
		int k;

		q.sys.now_ms += 1000;
		demo_tail_next(t, q.sys.now_ms, &b);
		k = count_events(&a, buf_str(&b), &types);
		CHECK(k >= 0);
		CHECK_STR(types, S("sessionUpdate "));
		n += k;
	}
	snprintf(body, sizeof(body), "{\"logGroupName\":"
	    "\"/ecs/shop-prod/checkout\",\"startTime\":%" PRId64
	    ",\"filterPattern\":\"{ $.level = ERROR }\"}", from + 1);
	want = (int)json_get(demo_ask_call(&q, true, "FilterLogEvents", body),
	    S("events"))->n;
	/* An event may show a minute's worth of others when it is added, so
	 * the present minute is told as it grows. */
	CHECK(want > 0 && n > want / 2);
	CHECK_INT(n, want);
	arena_free(&a);
	demo_ask_free(&q);
}

TEST(what_the_service_refuses_is_refused)
{
	static const char *const bad[] = {
		"{}", "{\"logGroupIdentifiers\":[\"/ecs/shop-prod/cart\"]}",
		"{\"logGroupIdentifiers\":[\"" ARN "/ecs/shop-prod/cart:*\"]}",
		"{\"logGroupIdentifiers\":[\"" ARN "/ecs/shop-prod/cart\",\""
		ARN "/ecs/shop-prod/checkout\"],\"logStreamNames\":[\"x\"]}",
		"{\"logGroupIdentifiers\":[\"" ARN "/ecs/shop-prod/cart\"],"
		"\"logEventFilterPattern\":\"{ \"}",
	};
	struct demo_ask q;

	demo_ask_init(&q);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]) - 1; i++) {
		(void)demo_ask_call(&q, true, "StartLiveTail", bad[i]);
		CHECK_STR(demo_ask_error(&q),
		    S("InvalidParameterException"));
		CHECK(q.reply.tail == NULL);
	}
	(void)demo_ask_call(&q, true, "StartLiveTail",
	    "{\"logGroupIdentifiers\":[\"" ARN "/nope\"]}");
	CHECK_STR(demo_ask_error(&q), S("ResourceNotFoundException"));
	demo_ask_free(&q);
}
