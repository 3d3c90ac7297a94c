/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_metrics and get_metric_data when AWS answers in odd shapes; what they
 * answer in good days is in test_tools.c.
 */
#include "test.h"

#include "tool_room.h"

#define LIST(name, more) "{\"Metrics\":[{\"Namespace\":\"N\"," \
	"\"MetricName\":\"" name "\",\"Dimensions\":[]}]" more "}"
#define DATA(values, more) "{\"MetricDataResults\":[{\"Id\":\"m1\"," \
	"\"Label\":\"l\",\"StatusCode\":\"Complete\"," values "}]" more "}"
#define CPU "{\"namespace\":\"N\",\"metric_name\":\"M\"}"
#define REFUSED "!{\"__type\":\"InvalidParameterValueException\"," \
	"\"message\":\"bad token\"}"

static size_t
metric_n(void)
{
	const struct json *v = json_get(room.data, S("metrics"));

	return v == NULL ? 0 : v->n;
}

static const struct json *
series(void)
{
	return json_at(json_get(room.data, S("metricDataResults")), 0);
}

TEST(a_list_that_fails_on_its_second_page_keeps_the_first)
{
	CHECK(tool_room_open());
	tool_room_answer(LIST("A", ",\"NextToken\":\"t\""));
	tool_room_answer(REFUSED);
	CHECK(tool_room_call("list_metrics", "{}"));
	CHECK(!room.is_error);
	CHECK_INT(metric_n(), 1);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	CHECK(tool_room_says("The rest is missing: "));
	CHECK(tool_room_says("bad token"));
}

TEST(a_list_with_the_same_token_for_ever_ends)
{
	size_t i;

	CHECK(tool_room_open());
	for (i = 0; i < 5; i++) {
		tool_room_answer("{\"Metrics\":[],\"NextToken\":\"t\"}");
	}
	CHECK(tool_room_call("list_metrics", "{}"));
	CHECK(!room.is_error && room.answer_at <= 3);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
}

TEST(an_empty_page_with_a_token_is_not_the_end_of_the_list)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"NextToken\":\"a\"}");
	tool_room_answer("{\"Metrics\":null,\"NextToken\":\"b\"}");
	tool_room_answer(LIST("A", ",\"NextToken\":null"));
	CHECK(tool_room_call("list_metrics", "{}"));
	CHECK_INT(metric_n(), 1);
	CHECK(!json_get_bool(room.data, S("has_more_results"), true));
}

TEST(odd_members_of_a_metric_cost_only_themselves)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"Metrics\":[{\"Namespace\":7},null,"
	    "{\"MetricName\":\"B\",\"Dimensions\":[null,{\"Name\":\"d\"}]}]}");
	CHECK(tool_room_call("list_metrics", "{}"));
	CHECK(!room.is_error);
	CHECK_INT(metric_n(), 3);
	CHECK(tool_room_says("\"metric_name\":\"B\""));
}

TEST(datapoints_before_a_failed_page_are_given_with_the_reason)
{
	CHECK(tool_room_open());
	tool_room_answer(DATA("\"Timestamps\":[60,120],\"Values\":[1,2]",
	    ",\"NextToken\":\"t\""));
	tool_room_answer(REFUSED);
	CHECK(tool_room_call("get_metric_data", CPU));
	CHECK(!room.is_error);
	CHECK_INT(json_get(series(), S("datapoints"))->n, 2);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	CHECK(tool_room_says("The rest is missing: "));
	tool_room_answer(REFUSED);
	CHECK(tool_room_call("get_metric_data", CPU));
	CHECK(room.is_error && tool_room_says("bad token"));
}

TEST(data_with_the_same_token_for_ever_ends)
{
	size_t i;

	CHECK(tool_room_open());
	for (i = 0; i < 5; i++) {
		tool_room_answer(DATA("\"Timestamps\":[],\"Values\":[]",
		    ",\"NextToken\":\"t\""));
	}
	CHECK(tool_room_call("get_metric_data", CPU));
	CHECK(!room.is_error && room.answer_at <= 3);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
}

TEST(values_that_are_no_numbers_are_null)
{
	CHECK(tool_room_open());
	tool_room_answer(DATA("\"Timestamps\":[60,120,180,240],"
	    "\"Values\":[1e308,\"NaN\",null,-0.5]", ""));
	CHECK(tool_room_call("get_metric_data", CPU));
	CHECK_STR(json_get(series(), S("datapoints"))->text, S("["
	    "{\"timestamp\":\"1970-01-01T00:01:00Z\",\"value\":1e308},"
	    "{\"timestamp\":\"1970-01-01T00:02:00Z\",\"value\":null},"
	    "{\"timestamp\":\"1970-01-01T00:03:00Z\",\"value\":null},"
	    "{\"timestamp\":\"1970-01-01T00:04:00Z\",\"value\":-0.5}]"));
	tool_room_answer("{\"MetricDataResults\":[null,{}]}");
	CHECK(tool_room_call("get_metric_data", CPU));
	CHECK(!room.is_error);
}

TEST(unsorted_points_come_out_oldest_first)
{
	CHECK(tool_room_open());
	tool_room_answer(DATA("\"Timestamps\":[240,60],\"Values\":[4,1]",
	    ",\"NextToken\":\"t\""));
	tool_room_answer(DATA("\"Timestamps\":[120,\"x\",180],"
	    "\"Values\":[2,9,3]", ""));
	CHECK(tool_room_call("get_metric_data", CPU));
	CHECK_STR(json_get(series(), S("datapoints"))->text, S("["
	    "{\"timestamp\":\"1970-01-01T00:01:00Z\",\"value\":1},"
	    "{\"timestamp\":\"1970-01-01T00:02:00Z\",\"value\":2},"
	    "{\"timestamp\":\"1970-01-01T00:03:00Z\",\"value\":3},"
	    "{\"timestamp\":\"1970-01-01T00:04:00Z\",\"value\":4}]"));
}

TEST(unsorted_points_are_cut_like_sorted_ones)
{
	static char answer[60000];
	size_t len, i;

	len = (size_t)snprintf(answer, sizeof(answer), "{\"MetricDataResults"
	    "\":[{\"Id\":\"m1\",\"Label\":\"l\",\"Timestamps\":[");
	for (i = 0; i < 600; i++) {
		len += (size_t)snprintf(answer + len, sizeof(answer) - len,
		    "%s%zu", i > 0 ? "," : "", 60 * (600 - i));
	}
	len += (size_t)snprintf(answer + len, sizeof(answer) - len,
	    "],\"Values\":[");
	for (i = 0; i < 600; i++) {
		len += (size_t)snprintf(answer + len, sizeof(answer) - len,
		    "%s%zu", i > 0 ? "," : "", 600 - i);
	}
	(void)snprintf(answer + len, sizeof(answer) - len, "]}]}");
	CHECK(tool_room_open());
	tool_room_answer(answer);
	CHECK(tool_room_call("get_metric_data", "{\"namespace\":\"N\","
	    "\"metric_name\":\"M\",\"max_bytes\":6000}"));
	CHECK(room.text.len <= 6000);
	CHECK(tool_room_says("\"value\":600}]"));
	CHECK(!tool_room_says("\"value\":1}"));
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
}
