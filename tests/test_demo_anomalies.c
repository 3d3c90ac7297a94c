/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anomalies of the demo account are those of its events.
 */
#include "demo_ask.h"
#include "test.h"

#define CHECKOUT "arn:aws:logs:eu-west-1:111122223333:log-group:" \
	"/ecs/shop-prod/checkout"

TEST(detectors_are_found_by_group_and_paged)
{
	struct demo_ask q;
	const struct json *v;

	demo_ask_init(&q);
	v = demo_ask_call(&q, true, "ListLogAnomalyDetectors",
	    "{\"filterLogGroupArn\":\"" CHECKOUT "\"}");
	CHECK_INT(json_get(v, S("anomalyDetectors"))->n, 1);
	v = demo_ask_call(&q, true, "ListLogAnomalyDetectors",
	    "{\"limit\":1}");
	CHECK_INT(json_get(v, S("anomalyDetectors"))->n, 1);
	CHECK(json_get_str(v, S("nextToken"), S("")).len > 0);
	demo_ask_free(&q);
}

TEST(anomalies_count_the_events_of_the_journal)
{
	struct demo_ask q;
	const struct json *v, *a;
	int64_t n = 0, first;
	char body[512];

	demo_ask_init(&q);
	v = json_get(demo_ask_call(&q, true, "ListAnomalies",
	    "{\"anomalyDetectorArn\":\"arn:aws:logs:eu-west-1:111122223333:"
	    "anomaly-detector:0000a11e-0000-4000-8000-000000000001\","
	    "\"suppressionState\":\"UNSUPPRESSED\"}"), S("anomalies"));
	CHECK_INT(v->n, 2);
	a = json_at(v, 0);
	first = json_get_i64(a, S("firstSeen"), 0);
	for (v = json_get(a, S("histogram"))->child; v != NULL; v = v->next) {
		int64_t part;

		CHECK(json_i64(v, 1, 100000, &part));
		n += part;
	}
	snprintf(body, sizeof(body), "{\"logGroupName\":"
	    "\"/ecs/shop-prod/checkout\",\"startTime\":%" PRId64
	    ",\"filterPattern\":\"\\\"remaining connection slots\\\"\"}",
	    first);
	CHECK_INT(n, json_get(demo_ask_call(&q, true, "FilterLogEvents", body),
	    S("events"))->n);
	(void)demo_ask_call(&q, true, "ListAnomalies",
	    "{\"anomalyDetectorArn\":\"arn:none\"}");
	CHECK_STR(demo_ask_error(&q), S("ResourceNotFoundException"));
	demo_ask_free(&q);
}

TEST(a_record_is_read_by_its_pointer)
{
	struct demo_ask q;
	const struct json *v;

	demo_ask_init(&q);
	(void)demo_ask_call(&q, true, "GetLogRecord",
	    "{\"logRecordPointer\":\"ClQKGdemo000000000000000000000\"}");
	CHECK_STR(demo_ask_error(&q), S("InvalidParameterException"));
	v = demo_ask_call(&q, true, "GetLogRecord",
	    "{\"logRecordPointer\":\"nonsense\"}");
	CHECK_STR(demo_ask_error(&q), S("InvalidParameterException"));
	(void)v;
	demo_ask_free(&q);
}
