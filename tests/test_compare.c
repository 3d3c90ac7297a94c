/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/compare.c: the demo account's incident, and windows that lack data.
 */
#include "test.h"

#include "base/timefmt.h"
#include "demo/account.h"
#include "tool_room.h"

#define METRIC(ns, name, dims) "\"namespace\":\"" ns "\",\"metric_name\":\"" \
	name "\",\"dimensions\":[" dims "]"
#define CONNECTIONS METRIC("AWS/RDS", "DatabaseConnections", \
	"{\"name\":\"DBInstanceIdentifier\",\"value\":\"checkout-db\"}")
#define CALM METRIC("AWS/RDS", "CPUUtilization", \
	"{\"name\":\"DBInstanceIdentifier\",\"value\":\"catalog-db\"}")

static const struct json *
baseline(size_t i)
{
	return json_at(json_get(room.data, S("baselines")), i);
}

static double
number(const struct json *v, const char *path)
{
	double d = -1;

	return json_f64(json_path(v, str_from_z(path)), &d) ? d : -1;
}

TEST(the_incident_is_told_with_its_size_and_beginning)
{
	struct account account;
	int64_t began, onset;

	CHECK(tool_room_open());
	CHECK(tool_room_call("compare_metric_windows", "{" CONNECTIONS
	    ",\"start_time\":\"-2h\",\"baselines\":[\"previous\","
	    "\"yesterday\",\"last_week\"]}"));
	CHECK(!room.is_error);
	account = account_at(NULL, room.fake.now_ms, room.fake.now_ms);
	onset = account.onset_min * ACCOUNT_MINUTE_MS;
	CHECK_INT(json_get(room.data, S("baselines"))->n, 3);
	for (size_t i = 0; i < 3; i++) {
		CHECK(json_get_bool(baseline(i), S("significant"), false));
		CHECK(number(baseline(i), "change.mean.percent") > 20);
		CHECK(timefmt_parse_iso(json_get_str(baseline(i), S("began"),
		    S("")), &began));
		CHECK(began >= onset && began <= onset + 10 * 60000);
	}
	CHECK_STR(json_get_str(baseline(2), S("baseline"), S("")),
	    S("last_week"));
	CHECK(tool_room_says("up "));
	CHECK(tool_room_says("since "));
	CHECK(json_get(json_get(room.data, S("current")), S("sparkline")) !=
	    NULL);
	/* All windows came out of one request. */
	CHECK_INT(room.request_n, 1);
}

TEST(an_incident_older_than_the_window_is_told)
{
	struct account account;
	struct str verdict;
	int64_t ms, onset;
	size_t at;

	CHECK(tool_room_open());
	account = account_at(NULL, room.fake.now_ms, room.fake.now_ms);
	onset = account.onset_min * ACCOUNT_MINUTE_MS;
	CHECK(tool_room_call("compare_metric_windows", "{" CONNECTIONS
	    ",\"start_time\":\"-40m\",\"baselines\":\"previous\"}"));
	CHECK(!room.is_error);
	verdict = json_get_str(room.data, S("verdict"), S(""));
	CHECK(str_icontains(verdict, S("already within that one, at ")));
	at = str_find(verdict, S("one, at "), 0) + 8;
	CHECK(timefmt_parse_iso(str_sub(verdict, at, at + 20), &ms));
	CHECK(ms >= onset && ms <= onset + 10 * 60000);
}

TEST(the_same_hours_of_a_calm_metric_do_not_differ)
{
	int told = 0;

	CHECK(tool_room_open());
	for (int i = 1; i <= 20; i++) {
		char args[512];

		(void)snprintf(args, sizeof(args), "{" CALM ",\"start_time\":"
		    "\"-%dh\",\"end_time\":\"-%dh\",\"baselines\":"
		    "\"last_week\"}", 6 * i + 2, 6 * i);
		CHECK(tool_room_call("compare_metric_windows", args));
		CHECK(!room.is_error);
		CHECK_INT(json_get(room.data, S("baselines"))->n, 1);
		told += json_get_bool(baseline(0), S("significant"), true);
	}
	CHECK(told <= 1);
}

TEST(windows_without_data_are_named)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"MetricDataResults\":[{\"Id\":\"s0\","
	    "\"Timestamps\":[1794999000,1794999060,1794999120],"
	    "\"Values\":[1,2,3]}]}");
	CHECK(tool_room_call("compare_metric_windows", "{" CALM "}"));
	CHECK(!room.is_error);
	CHECK(tool_room_says("there is no data for the window before"));
	CHECK(json_is(json_get(baseline(0), S("mean")), JSON_NULL));
	CHECK(!json_get_bool(baseline(0), S("significant"), true));
	CHECK(json_is(json_get(baseline(0), S("p_value")), JSON_NULL));
	tool_room_answer("{}");
	CHECK(tool_room_call("compare_metric_windows", "{" CALM "}"));
	CHECK(tool_room_says("No data in this window"));
}

TEST(long_windows_are_asked_for_one_by_one)
{
	CHECK(tool_room_open());
	for (int i = 0; i < 4; i++) {
		tool_room_answer("{}");
	}
	CHECK(tool_room_call("compare_metric_windows", "{" CALM
	    ",\"period\":5,\"start_time\":\"-1h\",\"baselines\":"
	    "[\"previous\",\"last_week\"]}"));
	CHECK(!room.is_error);
	CHECK_INT(room.request_n, 1);
	CHECK(tool_room_sent("\"Period\":60"));
	CHECK(tool_room_open());
	for (int i = 0; i < 4; i++) {
		tool_room_answer("{}");
	}
	CHECK(tool_room_call("compare_metric_windows", "{" CALM
	    ",\"period\":60,\"start_time\":\"-60d\",\"baselines\":"
	    "[\"previous\",\"last_week\"]}"));
	CHECK(!room.is_error);
	CHECK(tool_room_sent("\"Period\":3600"));
	CHECK_INT(room.request_n, 1);
}

TEST(baselines_are_the_known_ones)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("compare_metric_windows", "{" CALM
	    ",\"baselines\":[\"last_year\"]}") == false || room.is_error);
	CHECK_INT(room.request_n, 0);
}
