/* SPDX-License-Identifier: Apache-2.0 */
/*
 * get_metric_statistics against the demo account and odd answers of AWS.
 */
#include "test.h"

#include "tool_room.h"

#define CPU "\"namespace\":\"AWS/RDS\",\"metric_name\":\"CPUUtilization\"," \
	"\"dimensions\":[{\"name\":\"DBInstanceIdentifier\"," \
	"\"value\":\"checkout-db\"}]"
#define POINT(t, rest) "{\"Timestamp\":" #t "," rest "\"Unit\":\"Percent\"}"

static bool
ask(const char *arguments)
{
	return tool_room_call("get_metric_statistics", arguments);
}

static const struct json *
point(size_t i)
{
	return json_at(json_get(room.data, S("datapoints")), i);
}

static struct str
message(void)
{
	return json_get_str(room.data, S("message"), S("(null)"));
}

static bool
has(struct str s, const char *part)
{
	return str_find(s, str_from_z(part), 0) < s.len;
}

TEST(several_statistics_come_side_by_side_with_the_unit)
{
	double average, maximum, p99;

	CHECK(tool_room_open());
	CHECK(ask("{" CPU ",\"statistics\":[\"AVG\",\"Maximum\",\"p99\","
	    "\"Average\"]}"));
	CHECK(tool_room_sent("\"Statistics\":[\"Average\",\"Maximum\"]"));
	CHECK(tool_room_sent("\"ExtendedStatistics\":[\"p99\"]"));
	CHECK(tool_room_sent("\"Period\":180"));
	CHECK_INT(json_get(room.data, S("datapoints"))->n, 60);
	CHECK_STR(json_get_str(room.data, S("unit"), S("")), S("Percent"));
	CHECK(json_f64(json_get(point(0), S("Average")), &average) &&
	    json_f64(json_get(point(0), S("Maximum")), &maximum) &&
	    json_f64(json_get(point(0), S("p99")), &p99));
	CHECK(average <= p99 && p99 <= maximum);
	CHECK(json_get(point(0), S("unit")) == NULL);
	CHECK_STR(message(), S("(null)"));
}

TEST(points_are_sorted_and_merged_by_time)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"Datapoints\":["
	    POINT(300, "\"Sum\":3,") "," POINT(100, "\"Sum\":1,") ","
	    POINT(200, "\"Sum\":1e308,") "]}");
	tool_room_answer("{\"Datapoints\":["
	    POINT(200, "\"ExtendedStatistics\":{\"p50\":2.5},") ","
	    POINT(400, "\"ExtendedStatistics\":{\"p50\":4.5},") "]}");
	CHECK(ask("{" CPU ",\"statistics\":[\"Sum\",\"p50\"]}"));
	CHECK_STR(json_get(room.data, S("datapoints"))->text, S("["
	    "{\"timestamp\":\"1970-01-01T00:01:40Z\",\"Sum\":1,\"p50\":null},"
	    "{\"timestamp\":\"1970-01-01T00:03:20Z\",\"Sum\":1e308,"
	    "\"p50\":2.5},"
	    "{\"timestamp\":\"1970-01-01T00:05:00Z\",\"Sum\":3,\"p50\":null},"
	    "{\"timestamp\":\"1970-01-01T00:06:40Z\",\"Sum\":null,"
	    "\"p50\":4.5}]"));
}

TEST(an_odd_datapoint_costs_only_itself)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"Datapoints\":[{\"Average\":1},null,"
	    "{\"Timestamp\":\"x\"},{\"Timestamp\":60,\"Average\":\"NaN\"},"
	    "{\"Timestamp\":120},{\"Timestamp\":180,\"Average\":7}]}");
	CHECK(ask("{" CPU "}"));
	CHECK_INT(json_get(room.data, S("datapoints"))->n, 3);
	CHECK(json_is(json_get(point(0), S("Average")), JSON_NULL));
	CHECK(json_is(json_get(point(1), S("Average")), JSON_NULL));
	CHECK_STR(json_get(point(2), S("Average"))->text, S("7"));
	CHECK_STR(message(),
	    S("3 datapoints without a time were left out."));
	CHECK(json_is(json_get(room.data, S("unit")), JSON_NULL));
	tool_room_answer("{}");
	CHECK(ask("{" CPU "}"));
	CHECK_INT(json_get(room.data, S("datapoints"))->n, 0);
	CHECK(has(message(), "No datapoints in this window."));
}

TEST(several_units_are_told_apart)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"Datapoints\":["
	    "{\"Timestamp\":60,\"Average\":1,\"Unit\":\"Seconds\"},"
	    "{\"Timestamp\":60,\"Average\":2,\"Unit\":\"Count\"}]}");
	CHECK(ask("{" CPU "}"));
	CHECK_STR(json_get_str(point(0), S("unit"), S("")), S("Count"));
	CHECK_STR(json_get_str(point(1), S("unit"), S("")), S("Seconds"));
	CHECK(json_is(json_get(room.data, S("unit")), JSON_NULL));
	CHECK(has(message(), "several units"));
	CHECK(ask("{" CPU ",\"unit\":\"Percent\"}"));
	CHECK(tool_room_sent("\"Unit\":\"Percent\""));
}

TEST(more_points_than_aws_answers_are_refused_with_the_period_that_works)
{
	CHECK(tool_room_open());
	CHECK(ask("{" CPU ",\"start_time\":\"-30d\",\"period\":60}"));
	CHECK(room.is_error && room.request_n == 0);
	CHECK(tool_room_says("use at least 1800,"));
	CHECK(ask("{" CPU ",\"start_time\":\"-1d\",\"period\":60}"));
	CHECK(!room.is_error);
	CHECK(ask("{" CPU ",\"start_time\":\"-455d\",\"target_datapoints\":"
	    "1440}"));
	CHECK(!room.is_error && tool_room_sent("\"Period\":28800"));
}

TEST(old_data_says_how_finely_it_is_kept)
{
	CHECK(tool_room_open());
	CHECK(ask("{" CPU ",\"start_time\":\"-100d\",\"end_time\":\"-99d\","
	    "\"period\":60}"));
	CHECK(has(message(), "Data that old is kept at 3600 s"));
	CHECK(ask("{" CPU ",\"start_time\":\"-100d\",\"end_time\":\"-99d\"}"));
	CHECK(tool_room_sent("\"Period\":3600"));
}

TEST(the_newest_points_are_kept_when_not_all_fit)
{
	const struct json *points;

	CHECK(tool_room_open());
	CHECK(ask("{" CPU ",\"start_time\":\"-1d\",\"period\":60,"
	    "\"end_time\":\"now\",\"max_bytes\":9000}"));
	points = json_get(room.data, S("datapoints"));
	CHECK(points->n > 50 && points->n < 300);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	CHECK(has(message(), "The newest datapoints are shown."));
	CHECK(room.text.len <= 9000);
}

TEST(half_an_answer_is_given_with_what_failed)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"Datapoints\":[" POINT(60, "\"Sum\":1,") "]}");
	tool_room_answer("!{\"__type\":\"InvalidParameterValueException\","
	    "\"message\":\"no percentiles here\"}");
	CHECK(ask("{" CPU ",\"statistics\":[\"Sum\",\"p50\"]}"));
	CHECK(!room.is_error);
	CHECK_INT(json_get(room.data, S("datapoints"))->n, 1);
	CHECK(has(message(), "no percentiles here"));
	tool_room_answer("!{\"__type\":\"InvalidParameterValueException\","
	    "\"message\":\"nothing here\"}");
	CHECK(ask("{" CPU ",\"statistics\":[\"Sum\",\"p50\"]}"));
	CHECK(room.is_error && tool_room_says("nothing here"));
}

TEST(what_is_no_statistic_is_refused)
{
	CHECK(tool_room_open());
	CHECK(ask("{" CPU ",\"statistics\":[\"Median\"]}"));
	CHECK(room.is_error && tool_room_says("statistic is 'Median'"));
	CHECK(ask("{" CPU ",\"statistics\":[\"p1\",\"p2\",\"p3\",\"p4\","
	    "\"p5\",\"p6\",\"p7\",\"p8\",\"p9\",\"p10\",\"p11\"]}"));
	CHECK(room.is_error && tool_room_says("at most 10"));
	CHECK(ask("{" CPU ",\"start_time\":\"now\",\"end_time\":\"-1h\"}"));
	CHECK(room.is_error);
}
