/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Investigations of alarms: the demo account's incident has a cause, and the
 * answer names it; what cannot be had is said and costs nothing else.
 */
#include "test.h"
#include "tool_room.h"

#define TOOL "investigate_alarm"
#define DENIED "!{\"__type\":\"AccessDenied\",\"message\":\"no\"}"
#define ALARM(more) "{\"MetricAlarms\":[{\"AlarmName\":\"a\"," \
	"\"StateValue\":\"ALARM\",\"StateUpdatedTimestamp\":1794999000," \
	"\"Namespace\":\"AWS/RDS\",\"MetricName\":\"DatabaseConnections\"," \
	"\"Dimensions\":[{\"Name\":\"DBInstanceIdentifier\"," \
	"\"Value\":\"checkout-db\"}],\"Statistic\":\"Maximum\"," \
	"\"Period\":60,\"EvaluationPeriods\":3,\"Threshold\":180," \
	"\"ComparisonOperator\":\"GreaterThanThreshold\"" more "}]}"

/* "complete", "cut" or "failed"; absent: no such part. */
static struct str
status(const char *part)
{
	const struct json *p = json_at(json_get(room.data, S("parts")), 0);

	while (p != NULL && !str_eq(json_get_str(p, S("part"), S("")),
	    str_from_z(part))) {
		p = p->next;
	}
	return json_get_str(p, S("status"), STR_NONE);
}

/* A sentence of the summary has all of these words. */
static bool
sums_up(const char *a, const char *b)
{
	const struct json *s = json_at(json_get(room.data, S("summary")), 0);

	for (; s != NULL; s = s->next) {
		struct str text = json_str(s);

		if (str_find(text, str_from_z(a), 0) < text.len &&
		    str_find(text, str_from_z(b), 0) < text.len) {
			return true;
		}
	}
	return false;
}

static bool
advises(const char *tool, const char *argument, const char *value)
{
	const struct json *s = json_at(json_get(room.data, S("next_steps")),
	    0);

	for (; s != NULL; s = s->next) {
		if (str_eq(json_get_str(s, S("tool"), S("")),
		    str_from_z(tool)) && str_eq(json_get_str(json_get(s,
		    S("arguments")), str_from_z(argument), S("")),
		    str_from_z(value))) {
			return true;
		}
	}
	return false;
}

TEST(the_cause_of_the_incident_is_named)
{
	static const char *const parts[] = { "history", "alarms", "metrics",
		"log_groups", "errors", "changes" };
	static const char *const alarms[] = { "checkout-latency-p99",
		"checkout-5xx-rate", "checkout-latency-anomaly",
		"orders-retry-queue-age" };
	char arguments[128];

	CHECK(tool_room_open());
	for (size_t i = 0; i < 4; i++) {
		snprintf(arguments, sizeof(arguments),
		    "{\"alarm_name\":\"%s\"}", alarms[i]);
		CHECK(tool_room_call(TOOL, arguments));
		CHECK(!room.is_error);
		CHECK_STR(json_get_str(room.data, S("turned_first"), S("")),
		    S("checkout-db-connections-high"));
		CHECK(sums_up("first to turn", "DatabaseConnections"));
		CHECK(sums_up("error pattern",
		    "remaining connection slots are reserved"));
		CHECK(sums_up("change logged before", "db.pool.max"));
		CHECK(advises(TOOL, "alarm_name",
		    "checkout-db-connections-high"));
	}
	CHECK(tool_room_call(TOOL,
	    "{\"alarm_name\":\"checkout-db-connections-high\"}"));
	for (size_t i = 0; i < 6; i++) {
		CHECK_STR(status(parts[i]), S("complete"));
	}
	CHECK(tool_room_says("/aws/rds/instance/checkout-db/postgresql"));
	CHECK(tool_room_says("\"sparkline_week_earlier\""));
	CHECK(json_is(json_get(room.data, S("estimated_cost_usd")),
	    JSON_NUMBER));
}

TEST(a_composite_alarm_is_its_components_in_alarm)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call(TOOL, "{\"alarm_name\":\"checkout-database\"}"));
	CHECK(sums_up("checkout-database", "ALARM"));
	CHECK(tool_room_says("\"relation\":\"component\""));
	CHECK(sums_up("DatabaseConnections", "a week earlier"));
	CHECK(tool_room_call(TOOL,
	    "{\"alarm_name\":\"shop-major-incident\"}"));
	CHECK(sums_up("Of its components", "DatabaseConnections"));
	CHECK(sums_up("error pattern", "remaining connection slots"));
	CHECK(advises("describe_alarms", "children_of",
	    "shop-major-incident"));
	/* One that is over: all of its components. */
	CHECK(tool_room_call(TOOL, "{\"alarm_name\":\"checkout-compute\"}"));
	CHECK(sums_up("checkout-compute", "OK"));
	CHECK(json_get(room.data, S("metrics"))->n == 3);
	CHECK_STR(status("metrics"), S("complete"));
}

TEST(math_and_band_alarms_are_asked_for_with_their_own_queries)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call(TOOL, "{\"alarm_name\":\"checkout-5xx-rate\"}"));
	CHECK(tool_room_sent("\"Expression\":\"100*m1/m2\""));
	CHECK(sums_up("100*m1/m2 over", "out of its usual range"));
	CHECK(tool_room_call(TOOL,
	    "{\"alarm_name\":\"checkout-orders-anomaly\"}"));
	CHECK(tool_room_sent("ANOMALY_DETECTION_BAND(m1, 2)"));
	CHECK(sums_up("OrdersPlaced", "min"));
}

TEST(log_and_promql_alarms_say_what_is_missing)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call(TOOL,
	    "{\"alarm_name\":\"checkout-db-refusals\"}"));
	CHECK(tool_room_says("the alarm's own query"));
	CHECK(sums_up("first to turn", "DatabaseConnections"));
	CHECK(tool_room_call(TOOL,
	    "{\"alarm_name\":\"platform-oom-kills-promql\"}"));
	CHECK_STR(status("metrics"), S("cut"));
	CHECK(tool_room_says("PromQL"));
	CHECK(advises("execute_promql_range_query", "step", "60"));
	/* No dimension: the words of its name find the cluster's groups. */
	CHECK(tool_room_says("/aws/containerinsights/platform/"));
}

TEST(flapping_is_counted)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call(TOOL,
	    "{\"alarm_name\":\"platform-recommender-memory\"}"));
	CHECK(json_get_bool(json_get(room.data, S("history")), S("flapping"),
	    false));
	CHECK(json_get_i64(json_get(room.data, S("history")),
	    S("to_alarm_24h"), 0) > 50);
	CHECK(sums_up("flaps", "24 h"));
}

TEST(an_alarm_that_does_not_exist_is_an_error_that_names_it)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call(TOOL, "{\"alarm_name\":\"nope\"}"));
	CHECK(room.is_error && tool_room_says("no alarm 'nope'"));
	tool_room_answer(DENIED);
	CHECK(tool_room_call(TOOL, "{\"alarm_name\":\"nope\"}"));
	CHECK(room.is_error && tool_room_says("DescribeAlarms"));
}

TEST(a_failing_part_never_loses_the_others)
{
	CHECK(tool_room_open());
	tool_room_answer(ALARM(""));
	tool_room_answer(DENIED);
	tool_room_answer(DENIED);
	CHECK(tool_room_call(TOOL, "{\"alarm_name\":\"a\"}"));
	CHECK(!room.is_error);
	CHECK_STR(status("history"), S("failed"));
	CHECK_STR(status("alarms"), S("failed"));
	CHECK_STR(status("metrics"), S("complete"));
	CHECK_STR(status("errors"), S("complete"));
	CHECK(tool_room_says("DescribeAlarmHistory"));
	CHECK(sums_up("DatabaseConnections", "mean"));
	/* Everything but the alarm. */
	CHECK(tool_room_open());
	tool_room_answer(ALARM(""));
	for (int i = 0; i < 30; i++) {
		tool_room_answer(DENIED);
	}
	CHECK(tool_room_call(TOOL, "{\"alarm_name\":\"a\"}"));
	CHECK(!room.is_error);
	CHECK_STR(status("metrics"), S("failed"));
	CHECK_STR(status("log_groups"), S("failed"));
	CHECK_STR(status("errors"), S("cut"));
	CHECK(advises("get_alarm_history", "alarm_name", "a"));
}

TEST(without_a_budget_no_log_is_read)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call(TOOL, "{\"alarm_name\":\"checkout-latency-p99\","
	    "\"max_scan_bytes\":0}"));
	CHECK_STR(status("errors"), S("cut"));
	CHECK_STR(status("changes"), S("cut"));
	CHECK(tool_room_says("beyond max_scan_bytes"));
	CHECK(!tool_room_sent("queryString"));
	CHECK_STR(json_get_str(room.data, S("turned_first"), S("")),
	    S("checkout-db-connections-high"));
}

TEST(a_query_that_does_not_end_in_time_gives_its_id)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"MetricAlarms\":[{\"AlarmName\":\"a\","
	    "\"StateValue\":\"ALARM\",\"StateUpdatedTimestamp\":1794999000,"
	    "\"Namespace\":\"AWS/Lambda\",\"MetricName\":\"Errors\","
	    "\"Dimensions\":[{\"Name\":\"FunctionName\",\"Value\":\"fn\"}],"
	    "\"Statistic\":\"Sum\",\"Period\":60}]}");
	tool_room_answer("{}");
	tool_room_answer("{}");
	for (int i = 0; i < 3; i++) {
		tool_room_answer("{\"MetricDataResults\":[]}");
	}
	tool_room_answer("{\"logGroups\":[{\"logGroupName\":"
	    "\"/aws/lambda/fn\"}]}");
	tool_room_answer("{}");
	tool_room_answer("{\"queryId\":\"id-1\"}");
	tool_room_answer("{\"queryId\":\"id-2\"}");
	for (int i = 0; i < 25; i++) {
		tool_room_answer("{\"status\":\"Running\",\"results\":[]}");
	}
	CHECK(tool_room_call(TOOL, "{\"alarm_name\":\"a\","
	    "\"max_seconds\":3}"));
	CHECK(!room.is_error);
	CHECK_STR(status("errors"), S("cut"));
	CHECK(tool_room_says("did not end within max_seconds"));
	CHECK(advises("get_logs_insight_query_results", "query_id", "id-1"));
	CHECK(room.fake.mono_ms < 6000 + 1000000);
}

TEST(odd_answers_cost_themselves_only)
{
	static const char *const alarms[] = {
		"{\"MetricAlarms\":[{}]}",
		"{\"MetricAlarms\":[{\"AlarmName\":7,\"StateValue\":null,"
		"\"Dimensions\":{},\"Metrics\":7,\"Period\":1e308,"
		"\"EvaluationPeriods\":-4,\"StateUpdatedTimestamp\":\"x\"}]}",
		"{\"MetricAlarms\":[{\"StateValue\":\"ALARM\",\"Metrics\":"
		"[{},null,{\"Id\":\"e\",\"Expression\":7}]}]}",
		"{\"CompositeAlarms\":[{\"StateValue\":\"ALARM\","
		"\"AlarmRule\":\"AND NOT ((\"}]}",
		"{\"CompositeAlarms\":[{\"StateValue\":\"ALARM\","
		"\"AlarmRule\":\"ALARM(b)\",\"StateTransitionedTimestamp\":"
		"9e12}]}",
	};

	for (size_t i = 0; i < sizeof(alarms) / sizeof(alarms[0]); i++) {
		CHECK(tool_room_open());
		tool_room_answer(alarms[i]);
		CHECK(tool_room_call(TOOL, "{\"alarm_name\":\"a\"}"));
		CHECK(!room.is_error);
		CHECK(json_get(room.data, S("parts"))->n == 6);
	}
}

/* A scripted alarm on one metric with these values, a minute apart, the last
 * two minutes before the alarm; then nothing else is known. */
static bool
with_values(const double *values, size_t n, const char *operator)
{
	static char alarm[512], points[8192];
	struct buf b = buf_fixed(points, sizeof(points) - 1);

	snprintf(alarm, sizeof(alarm), "{\"MetricAlarms\":[{\"AlarmName\":"
	    "\"a\",\"StateValue\":\"ALARM\",\"StateUpdatedTimestamp\":"
	    "1794999000,\"Namespace\":\"N\",\"MetricName\":\"m\","
	    "\"Statistic\":\"Sum\",\"Period\":60,"
	    "\"EvaluationPeriods\":2,\"ComparisonOperator\":\"%s\"}]}",
	    operator);
	buf_add(&b, S("{\"MetricDataResults\":[{\"Id\":\"s0\","
	    "\"Timestamps\":["));
	/* Newest first, as AWS may send them. */
	for (size_t i = 0; i < n; i++) {
		buf_addf(&b, i == 0 ? "%d" : ",%d",
		    1794998880 - (int64_t)i * 60);
	}
	buf_add(&b, S("],\"Values\":["));
	for (size_t i = n; i > 0; i--) {
		buf_addf(&b, i == n ? "%d" : ",%d", (int64_t)values[i - 1]);
	}
	buf_add(&b, S("]}]}"));
	points[b.len] = '\0';
	if (!tool_room_open()) {
		return false;
	}
	tool_room_answer(alarm);
	tool_room_answer("{}");
	tool_room_answer("{}");
	tool_room_answer(points);
	return tool_room_call(TOOL, "{\"alarm_name\":\"a\"}") &&
	    !room.is_error;
}

static struct str
began(void)
{
	return json_get_str(json_at(json_get(room.data, S("metrics")), 0),
	    S("began"), STR_NONE);
}

TEST(a_metric_began_where_it_left_its_usual_range_for_good)
{
	double v[50];

	for (size_t i = 0; i < 50; i++) {
		v[i] = 10 + (double)(i % 3);
	}
	/* A spike of its own, then a climb with one hole in it. */
	v[20] = 90;
	v[43] = 30;
	v[44] = 40;
	v[45] = 11;
	v[46] = 50;
	v[47] = v[48] = v[49] = 80;
	CHECK(with_values(v, 50, "GreaterThanThreshold"));
	/* 49 is at 1794998880; 43 six minutes before. */
	CHECK_STR(began(), S("2026-11-18T10:42:00Z"));
	CHECK(sums_up("m (N)", "from a mean of"));
	/* It rose: an alarm on falling did not begin here. */
	CHECK(with_values(v, 50, "LessThanThreshold"));
	CHECK(began().p == NULL);
	/* Two points inside end what is outside. */
	v[44] = 12;
	CHECK(with_values(v, 50, "GreaterThanThreshold"));
	CHECK_STR(began(), S("2026-11-18T10:45:00Z"));
	/* Steady. */
	for (size_t i = 0; i < 50; i++) {
		v[i] = 7;
	}
	CHECK(with_values(v, 50, "GreaterThanThreshold"));
	CHECK(began().p == NULL);
	/* Too little to know what is usual. */
	CHECK(with_values(v + 46, 4, "GreaterThanThreshold"));
	CHECK(began().p == NULL);
}

TEST(tokens_that_stay_and_values_of_any_size_end)
{
	CHECK(tool_room_open());
	tool_room_answer(ALARM(""));
	for (int i = 0; i < 2; i++) {
		tool_room_answer("{\"AlarmHistoryItems\":[{},null,7,"
		    "{\"Timestamp\":1794990000,\"HistoryData\":\"{\"},"
		    "{\"Timestamp\":1794990000,\"HistoryData\":"
		    "\"{\\\"newState\\\":{\\\"stateValue\\\":\\\"ALARM\\\"}}\"}"
		    "],\"NextToken\":\"t\"}");
	}
	for (int i = 0; i < 2; i++) {
		tool_room_answer("{\"MetricAlarms\":[{\"AlarmName\":\"b\"},"
		    "null,7],\"NextToken\":\"t\"}");
	}
	tool_room_answer("{\"MetricDataResults\":[{\"Id\":\"s0\","
	    "\"Timestamps\":[1794999060,1794996000,1794996060,1794996120,"
	    "1794996180,1794996240,1794996300],"
	    "\"Values\":[1e308,-1e308,\"NaN\",1,null,2,3]}]}");
	tool_room_answer("{}");
	tool_room_answer("{\"MetricDataResults\":null}");
	CHECK(tool_room_call(TOOL, "{\"alarm_name\":\"a\"}"));
	CHECK(!room.is_error);
	CHECK_STR(status("history"), S("cut"));
	CHECK_STR(status("alarms"), S("cut"));
	CHECK_INT(json_get_i64(json_get(room.data, S("history")),
	    S("to_alarm_24h"), 0), 2);
}

TEST(no_memory_is_an_orderly_error_at_every_allocation)
{
	size_t ok_n = 0;

	for (size_t n = 0; n < 600; n += 7) {
		CHECK(tool_room_open());
		tool_room_answer(ALARM(""));
		room.fail_at = n;
		if (tool_room_call(TOOL, "{\"alarm_name\":\"a\"}") &&
		    !room.is_error) {
			CHECK_INT(json_get(room.data, S("parts"))->n, 6);
			ok_n++;
		}
	}
	CHECK(ok_n < 80);
}

TEST(an_answer_stays_within_max_bytes)
{
	static const int bounds[] = { 4000, 6000, 9000, 15000 };
	char arguments[128];

	CHECK(tool_room_open());
	for (size_t i = 0; i < 4; i++) {
		snprintf(arguments, sizeof(arguments), "{\"alarm_name\":"
		    "\"shop-major-incident\",\"max_bytes\":%d}", bounds[i]);
		CHECK(tool_room_call(TOOL, arguments));
		CHECK(!room.is_error && room.text.len <= (size_t)bounds[i]);
		CHECK(json_get_bool(room.data, S("has_more_results"), false));
		CHECK(json_get(room.data, S("parts"))->n > 0);
	}
}
