/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The alarm tools on what AWS may answer: relatives, pages that fail or never
 * end, odd members, log alarms; and the ranges that a history suggests.
 */
#include "test.h"

#include "base/timefmt.h"
#include "tool_room.h"

static struct arena arena;

#define BASE INT64_C(1755000000)

static size_t
list_n(const char *name)
{
	const struct json *list = json_get(room.data, str_from_z(name));

	return list == NULL ? 999 : list->n;
}

static struct str
message(void)
{
	return json_get_str(room.data, S("message"), S(""));
}

static bool
more(void)
{
	return json_get_bool(room.data, S("has_more_results"), false);
}

TEST(children_are_asked_for_alone_and_come_with_their_details)
{
	const struct json *first;

	CHECK(tool_room_open());
	CHECK(tool_room_call("describe_alarms",
	    "{\"children_of\":\"checkout-symptoms\"}"));
	CHECK(!room.is_error);
	CHECK_INT(list_n("metric_alarms"), 4);
	CHECK(tool_room_sent("{\"ChildrenOfAlarmName\":\"checkout-symptoms\","
	    "\"MaxRecords\":100}"));
	first = json_at(json_get(room.data, S("metric_alarms")), 0);
	CHECK(json_get_str(first, S("metric_name"), STR_NONE).p != NULL);
	CHECK(json_is(json_get(first, S("alarm_actions")), JSON_ARRAY));
	/* Filters apply to the children. */
	CHECK(tool_room_call("describe_alarms",
	    "{\"children_of\":\"checkout-symptoms\",\"state_value\":\"OK\","
	    "\"max_items\":1}"));
	CHECK(!room.is_error && list_n("metric_alarms") <= 1);
	CHECK(tool_room_sent("\"StateValue\":\"OK\""));
}

TEST(parents_are_found_by_the_alarm_they_name)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("describe_alarms",
	    "{\"parents_of\":\"checkout-symptoms\"}"));
	CHECK(!room.is_error);
	CHECK_INT(list_n("composite_alarms"), 1);
	CHECK_STR(json_get_str(json_at(json_get(room.data,
	    S("composite_alarms")), 0), S("alarm_rule"), S("")),
	    S("ALARM(\"checkout-symptoms\") AND NOT "
	    "ALARM(\"maintenance-window\")"));
	/* An alarm without parents: nothing more is asked. */
	CHECK(tool_room_call("describe_alarms",
	    "{\"parents_of\":\"build-host-disk\"}"));
	CHECK(!room.is_error);
	CHECK_INT(list_n("composite_alarms"), 0);
	CHECK(message().len > 0);
	CHECK(tool_room_call("describe_alarms", "{\"parents_of\":\"a\","
	    "\"alarm_names\":[\"b\"]}"));
	CHECK(room.is_error);
}

TEST(a_token_that_comes_again_ends_the_list)
{
	CHECK(tool_room_open());
	/* A third request would get the demo account's alarms. */
	for (size_t i = 0; i < 2; i++) {
		tool_room_answer("{\"MetricAlarms\":[],\"NextToken\":\"t\"}");
	}
	CHECK(tool_room_call("get_active_alarms", "{}"));
	CHECK(!room.is_error && more());
	CHECK_INT(list_n("metric_alarms"), 0);
	CHECK(tool_room_open());
	tool_room_answer("{\"MetricAlarms\":[{\"AlarmName\":\"a\"}]}");
	for (size_t i = 0; i < 2; i++) {
		tool_room_answer("{\"NextToken\":\"t\"}");
	}
	CHECK(tool_room_call("get_alarm_history",
	    "{\"alarm_name\":\"a\"}"));
	CHECK(!room.is_error && more());
	CHECK_INT(list_n("history_items"), 0);
}

TEST(empty_pages_with_new_tokens_are_read_on_for_a_while)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"NextToken\":\"t\"}");
	tool_room_answer("{\"MetricAlarms\":null,\"NextToken\":\"u\"}");
	tool_room_answer("{\"CompositeAlarms\":[{\"AlarmName\":\"c\"}]}");
	CHECK(tool_room_call("get_active_alarms", "{}"));
	CHECK_INT(list_n("composite_alarms"), 1);
	CHECK(!more());
}

TEST(what_came_before_a_page_that_fails_is_kept)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"MetricAlarms\":[{\"AlarmName\":\"a\"}],"
	    "\"NextToken\":\"t\"}");
	tool_room_answer("!{\"__type\":\"AccessDeniedException\","
	    "\"message\":\"no\"}");
	CHECK(tool_room_call("get_active_alarms", "{}"));
	CHECK(!room.is_error && more());
	CHECK_INT(list_n("metric_alarms"), 1);
	CHECK(str_starts(message(), S("The rest is missing: ")));
	CHECK(tool_room_open());
	tool_room_answer("{\"MetricAlarms\":[{\"AlarmName\":\"a\"}]}");
	tool_room_answer("{\"AlarmHistoryItems\":[{\"AlarmName\":\"a\","
	    "\"Timestamp\":1}],\"NextToken\":\"t\"}");
	tool_room_answer("!{\"__type\":\"AccessDeniedException\","
	    "\"message\":\"no\"}");
	CHECK(tool_room_call("get_alarm_history",
	    "{\"alarm_name\":\"a\"}"));
	CHECK(!room.is_error && more());
	CHECK_INT(list_n("history_items"), 1);
	CHECK(str_starts(message(), S("The rest is missing: ")));
}

TEST(odd_members_cost_only_themselves)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"MetricAlarms\":[{},{\"AlarmName\":7,"
	    "\"Threshold\":\"NaN\",\"Dimensions\":{},\"Metrics\":\"x\","
	    "\"StateUpdatedTimestamp\":1e308},null,{\"AlarmName\":\"good\","
	    "\"Threshold\":1e308}],\"CompositeAlarms\":\"none\"}");
	CHECK(tool_room_call("describe_alarms", "{}"));
	CHECK(!room.is_error);
	CHECK_INT(list_n("metric_alarms"), 4);
	CHECK(tool_room_says("\"good\""));
	CHECK(tool_room_open());
	tool_room_answer("{\"MetricAlarms\":[{\"Period\":-1,"
	    "\"EvaluationPeriods\":1e18}]}");
	tool_room_answer("{\"AlarmHistoryItems\":[null,{\"HistoryItemType\":"
	    "\"StateUpdate\",\"HistoryData\":\"{nonsense\",\"Timestamp\":"
	    "\"x\"},{\"HistoryItemType\":\"StateUpdate\",\"HistoryData\":"
	    "\"{\\\"newState\\\":{\\\"stateValue\\\":\\\"ALARM\\\"}}\","
	    "\"Timestamp\":1755000000}]}");
	CHECK(tool_room_call("get_alarm_history",
	    "{\"alarm_name\":\"a\"}"));
	CHECK(!room.is_error);
	CHECK_INT(list_n("history_items"), 3);
	CHECK_INT(list_n("time_range_suggestions"), 1);
}

TEST(a_log_alarm_has_a_history_too)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("get_alarm_history",
	    "{\"alarm_name\":\"checkout-db-refusals\"}"));
	CHECK(!room.is_error);
	CHECK_STR(json_str(json_path(room.data,
	    S("alarm_details.alarm_type"))), S("LogAlarm"));
	CHECK(tool_room_sent("\"AlarmTypes\":[\"LogAlarm\"]"));
	CHECK(list_n("history_items") > 0);
}

/* Where log alarms are not known the other kinds still are. */
TEST(a_region_without_log_alarms_is_no_error)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"MetricAlarms\":[]}");
	tool_room_answer("!{\"__type\":\"ValidationException\","
	    "\"message\":\"alarmTypes\"}");
	tool_room_answer("{\"AlarmHistoryItems\":[{\"AlarmName\":\"a\","
	    "\"Timestamp\":1755000000}]}");
	CHECK(tool_room_call("get_alarm_history",
	    "{\"alarm_name\":\"a\"}"));
	CHECK(!room.is_error);
	CHECK(str_starts(message(), S("The alarm does not exist any more")));
}

TEST(the_details_of_a_math_alarm_name_its_metrics)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("get_alarm_history",
	    "{\"alarm_name\":\"checkout-5xx-rate\"}"));
	CHECK(!room.is_error);
	CHECK_INT(json_path(room.data, S("alarm_details.metrics"))->n, 3);
	CHECK(tool_room_says("\"expression\":\"100*m1/m2\""));
}

/* One history: the alarm's members, times of state changes after BASE ('A' to
 * ALARM, 'O' to OK), and the ranges that follow. */
struct ranges {
	const char *alarm;
	struct {
		int64_t at;
		char to;
	} items[6];
	struct {
		int64_t start, end;
	} want[8];
};

static const struct ranges cases[] = {
	{ "\"Period\":60,\"EvaluationPeriods\":2", { { 0, 'A' } },
	    { { -600, 120 } } },
	{ "\"Period\":60,\"EvaluationPeriods\":2", { { 0, 'A' }, { 600, 'O' },
	    { 1200, 'A' }, { 90000, 'A' } }, { { -600, 120 }, { 600, 1320 },
	    { 89400, 90120 }, { -600, 1320 } } },
	{ "\"Period\":300,\"EvaluationPeriods\":1", { { 0, 'A' },
	    { 3600, 'A' }, { 7201, 'A' } }, { { -1500, 600 }, { 2100, 4200 },
	    { 5701, 7801 }, { -1500, 4200 } } },
	{ "\"Period\":300,\"EvaluationPeriods\":3", { { 1200, 'A' },
	    { 0, 'A' } }, { { -3300, 1800 }, { -4500, 600 },
	    { -4500, 1800 } } },
	{ "\"Period\":60", { { 0, 'O' } }, { { 0, 0 } } },
	{ "\"X\":0", { { 0, 'A' } }, { { -1500, 600 } } },
	{ "\"Period\":60,\"EvaluationPeriods\":1", { { 0, 'A' }, { 100, 'A' },
	    { 10000, 'A' }, { 10100, 'A' }, { 10200, 'A' } },
	    { { -300, 120 }, { -200, 220 }, { 9700, 10120 },
	    { 9800, 10220 }, { 9900, 10320 }, { -300, 220 },
	    { 9700, 10320 } } },
	/* Metric math: the longest period of its metrics. */
	{ "\"EvaluationPeriods\":2,\"Metrics\":[{\"Id\":\"e\",\"Expression\":"
	    "\"m\"},{\"Id\":\"m\",\"MetricStat\":{\"Period\":900}}]",
	    { { 0, 'A' } }, { { -9000, 1800 } } },
};

static void
answer_history(const struct ranges *r)
{
	struct buf alarm = buf_in(&arena, 2000);
	struct buf b = buf_in(&arena, 8000);

	buf_addf(&alarm, "{\"MetricAlarms\":[{\"AlarmName\":\"a\",%s}]}",
	    str_from_z(r->alarm));
	buf_add(&b, S("{\"AlarmHistoryItems\":["));
	for (size_t i = 0; r->items[i].to != '\0'; i++) {
		buf_addf(&b, "%s{\"HistoryItemType\":\"StateUpdate\","
		    "\"Timestamp\":%d,\"HistoryData\":\"{\\\"newState\\\":{"
		    "\\\"stateValue\\\":\\\"%s\\\"}}\"}", i == 0 ? S("") :
		    S(","), BASE + r->items[i].at, r->items[i].to == 'A' ?
		    S("ALARM") : S("OK"));
	}
	buf_add(&b, S("]}"));
	tool_room_answer(str_z(&arena, buf_str(&alarm)));
	tool_room_answer(str_z(&arena, buf_str(&b)));
}

static struct str
iso(int64_t at)
{
	struct buf b = buf_in(&arena, 40);

	timefmt_iso(&b, at * 1000);
	return buf_str(&b);
}

TEST(ranges_cover_every_transition_and_every_flapping_episode)
{
	arena_free(&arena);
	arena_init(&arena, (size_t)1 << 20);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct json *r;
		size_t n = 0;

		CHECK(tool_room_open());
		answer_history(&cases[i]);
		CHECK(tool_room_call("get_alarm_history",
		    "{\"alarm_name\":\"a\"}"));
		r = json_at(json_get(room.data,
		    S("time_range_suggestions")), 0);
		for (; r != NULL; r = r->next, n++) {
			CHECK_STR(json_get_str(r, S("start_time"), S("")),
			    iso(BASE + cases[i].want[n].start));
			CHECK_STR(json_get_str(r, S("end_time"), S("")),
			    iso(BASE + cases[i].want[n].end));
		}
		CHECK(cases[i].want[n].start == cases[i].want[n].end);
	}
}

TEST(defect_14_dimensions_have_one_shape_everywhere)
{
	struct str want = S("[{\"name\":\"DBInstanceIdentifier\","
	    "\"value\":\"checkout-db\"}]");

	CHECK(tool_room_open());
	CHECK(tool_room_call("get_alarm_history",
	    "{\"alarm_name\":\"checkout-db-cpu-high\"}"));
	CHECK_STR(json_path(room.data, S("alarm_details.dimensions"))->text,
	    want);
	CHECK(tool_room_call("describe_alarms",
	    "{\"alarm_names\":\"checkout-db-cpu-high\"}"));
	CHECK_STR(json_get(json_at(json_get(room.data, S("metric_alarms")),
	    0), S("dimensions"))->text, want);
	CHECK(tool_room_call("get_recommended_metric_alarms",
	    "{\"namespace\":\"AWS/RDS\",\"metric_name\":\"CPUUtilization\","
	    "\"derive\":false,\"dimensions\":[{\"name\":"
	    "\"DBInstanceIdentifier\",\"value\":\"checkout-db\"}]}"));
	CHECK_STR(json_get(json_at(json_get(room.data,
	    S("recommendations")), 0), S("dimensions"))->text, want);
}
