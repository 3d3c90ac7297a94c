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
	    "\"AlarmTypes\":[\"MetricAlarm\",\"CompositeAlarm\",\"LogAlarm\"]}");
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
	(void)demo_ask_call(&q, false, "DescribeAlarms", "{\"MaxRecords\":101}");
	CHECK_STR(demo_ask_header(&q, "x-amzn-query-error"),
	    S("ValidationError;Sender"));
	demo_ask_free(&q);
}
