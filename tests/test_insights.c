/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs Insights tools as a client calls them: languages, prices, cut messages,
 * many rows, odd answers.
 */
#include "test.h"

#include "tool_room.h"

#define WINDOW "\"start_time\":\"-2h\",\"end_time\":\"now\","
#define GROUP "\"log_group_names\":[\"/ecs/shop-prod/checkout\"],"
#define STARTED "{\"queryId\":\"q-1\"}"

TEST(an_answer_says_what_was_scanned_and_what_it_costs)
{
	double bytes, usd;

	CHECK(tool_room_open());
	CHECK(tool_room_call("execute_log_insights_query", "{" WINDOW GROUP
	    "\"query_string\":\"stats count(*) as n\"}"));
	CHECK(!room.is_error);
	CHECK(json_f64(json_get(room.data, S("bytes_scanned")), &bytes));
	CHECK(bytes > 100000);
	CHECK(json_f64(json_get(room.data, S("estimated_cost_usd")), &usd));
	CHECK(usd > 0 && usd < 0.01);
	tool_room_answer(STARTED);
	tool_room_answer("{\"status\":\"Complete\",\"statistics\":{"
	    "\"bytesScanned\":1099511627776},\"results\":[]}");
	CHECK(tool_room_call("execute_log_insights_query", "{" WINDOW GROUP
	    "\"query_string\":\"fields a\"}"));
	CHECK(tool_room_says("\"estimated_cost_usd\":5.12,"));
}

TEST(other_languages_reach_aws)
{
	CHECK(tool_room_open());
	tool_room_answer(STARTED);
	tool_room_answer("{\"status\":\"Complete\",\"results\":[]}");
	CHECK(tool_room_call("execute_log_insights_query", "{" WINDOW GROUP
	    "\"query_language\":\"PPL\",\"query_string\":\"where a = 1\"}"));
	CHECK(!room.is_error);
	CHECK(tool_room_sent("\"queryLanguage\":\"PPL\""));
	CHECK(tool_room_sent("\"logGroupNames\":["
	    "\"/ecs/shop-prod/checkout\"]"));
	tool_room_answer(STARTED);
	tool_room_answer("{\"status\":\"Complete\",\"results\":[]}");
	CHECK(tool_room_call("execute_log_insights_query", "{" WINDOW
	    "\"query_string\":\"SELECT a FROM `g`\"}"));
	CHECK(!room.is_error);
	CHECK(tool_room_sent("\"queryLanguage\":\"SQL\""));
	CHECK(tool_room_call("execute_log_insights_query", "{" WINDOW GROUP
	    "\"query_string\":\"SELECT a FROM `g`\"}"));
	CHECK(room.is_error && tool_room_says("FROM `group`"));
	CHECK(tool_room_call("execute_log_insights_query", "{" WINDOW
	    "\"query_language\":\"KQL\",\"query_string\":\"a\"}"));
	CHECK(room.is_error && tool_room_says("PPL"));
}

TEST(the_demo_account_says_which_language_it_speaks)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("execute_log_insights_query", "{" WINDOW
	    "\"query_string\":\"SELECT a FROM `g`\"}"));
	CHECK(room.is_error && tool_room_says("CWLI"));
}

TEST(defect_15_a_time_without_zone_is_utc)
{
	CHECK(tool_room_open());
	tool_room_answer(STARTED);
	tool_room_answer("{\"status\":\"Complete\",\"results\":[]}");
	CHECK(tool_room_call("execute_log_insights_query", "{" GROUP
	    "\"start_time\":\"2026-11-18T00:00:00\","
	    "\"end_time\":\"2026-11-18T02:00:00+02:00\","
	    "\"query_string\":\"fields a\"}"));
	CHECK(room.is_error);
	CHECK(tool_room_call("execute_log_insights_query", "{" GROUP
	    "\"start_time\":\"2026-11-18T00:00:00\","
	    "\"end_time\":\"2026-11-18T00:00:01Z\","
	    "\"query_string\":\"fields a\"}"));
	CHECK(!room.is_error);
	CHECK(tool_room_sent("\"startTime\":1794960000,"
	    "\"endTime\":1794960001"));
}

TEST(a_query_may_choose_its_groups_itself)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("execute_log_insights_query", "{" WINDOW
	    "\"query_string\":\"SOURCE logGroups(namePrefix: ['/ecs/']) | "
	    "fields @message | limit 2\"}"));
	CHECK(!room.is_error);
	CHECK_INT(json_get(room.data, S("results"))->n, 2);
	CHECK(!tool_room_sent("logGroupNames"));
	CHECK(tool_room_call("execute_log_insights_query", "{" WINDOW GROUP
	    "\"query_string\":\"SOURCE logGroups() | fields @message\"}"));
	CHECK(room.is_error && tool_room_says("leave log_group_names"));
	CHECK(tool_room_call("execute_log_insights_query", "{" WINDOW
	    "\"query_string\":\"fields @message\"}"));
	CHECK(room.is_error && tool_room_says("describe_log_groups"));
}

TEST(a_long_message_names_the_tool_that_shows_it_whole)
{
	static char answer[4096];
	char text[1200];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	(void)snprintf(answer, sizeof(answer), "{\"status\":\"Complete\","
	    "\"results\":[[{\"field\":\"@message\",\"value\":\"%s\"},"
	    "{\"field\":\"@ptr\",\"value\":\"p-1\"}]]}", text);
	CHECK(tool_room_open());
	tool_room_answer(STARTED);
	tool_room_answer(answer);
	CHECK(tool_room_call("execute_log_insights_query", "{" WINDOW GROUP
	    "\"query_string\":\"fields @message\"}"));
	CHECK(!room.is_error);
	CHECK(tool_room_says("\"@ptr\":\"p-1\""));
	CHECK(tool_room_says("get_log_record with a row's @ptr"));
}

TEST(rows_behind_the_first_page_are_read)
{
	CHECK(tool_room_open());
	tool_room_answer(STARTED);
	tool_room_answer("{\"status\":\"Complete\",\"results\":[[{\"field\":"
	    "\"a\",\"value\":\"1\"}]],\"nextToken\":\"t\"}");
	tool_room_answer("{\"status\":\"Complete\",\"results\":[[{\"field\":"
	    "\"a\",\"value\":\"2\"}]]}");
	CHECK(tool_room_call("execute_log_insights_query", "{" WINDOW GROUP
	    "\"limit\":20000,\"query_string\":\"fields a\"}"));
	CHECK(!room.is_error);
	CHECK_INT(json_get(room.data, S("results"))->n, 2);
	CHECK(tool_room_sent("\"limit\":20000"));
	CHECK(!json_get_bool(room.data, S("has_more_results"), true));
}

TEST(a_limit_that_was_reached_is_said)
{
	CHECK(tool_room_open());
	tool_room_answer(STARTED);
	tool_room_answer("{\"status\":\"Complete\",\"statistics\":{"
	    "\"recordsMatched\":50.0},\"results\":[[{\"field\":\"a\","
	    "\"value\":\"1\"}]]}");
	CHECK(tool_room_call("execute_log_insights_query", "{" WINDOW GROUP
	    "\"limit\":1,\"query_string\":\"fields a\"}"));
	CHECK(!room.is_error);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	CHECK(tool_room_says("Raise limit"));
}

TEST(ten_thousand_rows_are_cut_at_max_bytes_and_at_no_other_place)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("execute_log_insights_query",
	    "{\"start_time\":\"-24h\",\"end_time\":\"now\"," GROUP
	    "\"query_string\":\"fields @timestamp, @message\"}"));
	CHECK(!room.is_error);
	CHECK(room.text.len <= 60000 && room.text.len > 50000);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	CHECK(tool_room_says("max_bytes"));
	CHECK(tool_room_call("execute_log_insights_query",
	    "{\"start_time\":\"-24h\",\"end_time\":\"now\"," GROUP
	    "\"max_bytes\":4000000,"
	    "\"query_string\":\"fields @timestamp\"}"));
	CHECK(!room.is_error);
	CHECK_INT(json_get(room.data, S("results"))->n, 10000);
	CHECK(tool_room_call("execute_log_insights_query",
	    "{\"start_time\":\"-24h\",\"end_time\":\"now\"," GROUP
	    "\"max_bytes\":4000000,\"limit\":15000,"
	    "\"query_string\":\"fields @timestamp\"}"));
	CHECK(!room.is_error);
	CHECK_INT(json_get(room.data, S("results"))->n, 15000);
}

TEST(defect_11_no_status_but_complete_and_running_is_a_result)
{
	static const char *const ODD[] = { "{}", "[]",
		"{\"status\":\"Unknown\"}", "{\"status\":\"Cancelled\"}",
		"{\"status\":\"Failed\",\"results\":[[]]}", "{\"status\":7}",
		"{\"status\":\"Timeout\"}", "{\"status\":\"Finished\"}" };

	for (size_t i = 0; i < sizeof(ODD) / sizeof(ODD[0]); i++) {
		CHECK(tool_room_open());
		tool_room_answer(ODD[i]);
		CHECK(tool_room_call("get_logs_insight_query_results",
		    "{\"query_id\":\"q-1\"}"));
		CHECK(room.is_error);
	}
}

TEST(a_running_query_shows_the_rows_it_has)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"status\":\"Running\",\"statistics\":{"
	    "\"bytesScanned\":5},\"results\":[[{\"field\":\"a\",\"value\":"
	    "\"1\"}]]}");
	CHECK(tool_room_call("get_logs_insight_query_results",
	    "{\"query_id\":\"q-1\"}"));
	CHECK(!room.is_error);
	CHECK_STR(json_get_str(room.data, S("status"), S("")), S("Running"));
	CHECK_STR(json_get_str(room.data, S("queryId"), S("")), S("q-1"));
	CHECK_INT(json_get(room.data, S("results"))->n, 1);
	CHECK(tool_room_says("still running"));
	CHECK(tool_room_says("\"bytes_scanned\":5,"));
}

TEST(odd_rows_and_statistics_are_survived)
{
	CHECK(tool_room_open());
	tool_room_answer(STARTED);
	tool_room_answer("{\"status\":\"Complete\",\"statistics\":{\"x\":\""
	    "\\u0000\",\"bytesScanned\":-1},\"results\":[null,{},[null],"
	    "[{\"field\":7,\"value\":8}],[{\"field\":\"a\",\"value\":\"NaN\"},"
	    "{\"field\":\"a\",\"value\":\"2\"}]]}");
	CHECK(tool_room_call("execute_log_insights_query", "{" WINDOW GROUP
	    "\"query_string\":\"fields a\"}"));
	CHECK(!room.is_error);
	CHECK_INT(json_get(room.data, S("results"))->n, 5);
	CHECK(tool_room_says("{\"a\":\"NaN\"}"));
	CHECK(tool_room_says("\"bytes_scanned\":0,"));
}

TEST(a_stop_that_aws_refuses_is_an_error)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("cancel_logs_insight_query",
	    "{\"query_id\":\"no-such\"}"));
	CHECK(room.is_error);
	tool_room_answer("{}");
	CHECK(tool_room_call("cancel_logs_insight_query",
	    "{\"query_id\":\"q\"}"));
	CHECK(!room.is_error && tool_room_says("\"success\":false"));
}
