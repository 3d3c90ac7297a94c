/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One query over many groups and regions: against the demo account, and with
 * scripted answers for what it never does.
 */
#include "test.h"

#include <stdlib.h>

#include "tool_room.h"

#define WINDOW "\"start_time\":\"-2h\",\"end_time\":\"now\","
#define STARTED "{\"queryId\":\"q-1\"}"
#define ROW(time, text) "[{\"field\":\"@timestamp\",\"value\":\"2026-01-01 " \
	time "\"},{\"field\":\"m\",\"value\":\"" text "\"}]"
#define DONE(rows) "{\"status\":\"Complete\",\"statistics\":{" \
	"\"bytesScanned\":1000,\"recordsMatched\":50000}," \
	"\"results\":[" rows "]}"

static int64_t
summary(const char *member)
{
	return json_get_i64(json_get(room.data, S("summary")),
	    str_from_z(member), -1);
}

static size_t
count_sent(const char *part)
{
	struct str log = str_of(room.sent, room.sent_len);
	size_t n = 0;

	for (size_t i = 0; (i = str_find(log, str_from_z(part), i)) < log.len;
	    i++) {
		n++;
	}
	return n;
}

TEST(rows_of_regions_are_merged_newest_first)
{
	const struct json *row;
	struct str before = STR_NONE;
	size_t n = 0;

	CHECK(tool_room_open());
	CHECK(tool_room_call("execute_cwl_insights_batch", "{" WINDOW
	    "\"log_group_names\":[\"/ecs/shop-prod/cart\","
	    "\"/ecs/shop-prod/checkout\",\"/ecs/shop-prod/cart\"],"
	    "\"regions\":[\"eu-central-1\",\"us-east-1\",\"us-east-1\"],"
	    "\"account_label\":\"prod\",\"limit\":30,"
	    "\"query_string\":\"fields @timestamp, @message\"}"));
	CHECK(!room.is_error);
	CHECK_INT(summary("total_log_groups"), 2);
	CHECK_INT(summary("total_regions"), 2);
	CHECK_INT(summary("total_chunks"), 2);
	CHECK_INT(summary("successful_chunks"), 2);
	CHECK_INT(summary("total_records_returned"), 30);
	CHECK_INT(count_sent("\"queryString\""), 2);
	row = json_at(json_get(room.data, S("results")), 0);
	for (; row != NULL; row = row->next, n++) {
		struct str at = json_get_str(row, S("@timestamp"), STR_NONE);

		CHECK(before.p == NULL || str_cmp(at, before) <= 0);
		before = at;
		CHECK_STR(json_get_str(row, S("_account"), S("")), S("prod"));
		CHECK_STR(json_get_str(row, S("_logGroups"), S("")),
		    S("2 log groups"));
		CHECK(json_get_str(row, S("_region"), S("")).len > 0);
	}
	CHECK_INT(n, 30);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	CHECK(json_get(room.data, S("estimated_cost_usd")) != NULL);
}

TEST(defect_6_arns_are_sent_as_identifiers_to_their_own_region)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("execute_cwl_insights_batch", "{" WINDOW
	    "\"log_group_names\":[\"arn:aws:logs:us-east-1:111122223333:"
	    "log-group:/ecs/shop-prod/cart:*\"],\"regions\":[\"eu-central-1\","
	    "\"us-east-1\"],\"query_string\":\"fields @message | limit 2\"}"));
	CHECK(!room.is_error);
	CHECK(tool_room_sent("\"logGroupIdentifiers\":[\"arn:aws:logs:us-east"
	    "-1:111122223333:log-group:/ecs/shop-prod/cart\"]"));
	CHECK_INT(count_sent("\"queryString\""), 1);
	CHECK_INT(summary("total_chunks"), 1);
	CHECK_STR(json_get_str(room.data, S("region"), S("")), S("us-east-1"));
	CHECK_INT(summary("total_records_returned"), 2);
	CHECK(tool_room_says("eu-central-1: none of the ARNs"));
	CHECK(!tool_room_sent("logGroupNames"));
}

TEST(defect_6_records_that_matched_do_not_split_a_query)
{
	CHECK(tool_room_open());
	tool_room_answer(STARTED);
	tool_room_answer(DONE(ROW("00:00:01", "a")));
	CHECK(tool_room_call("execute_cwl_insights_batch", "{" WINDOW
	    "\"log_group_names\":[\"g\"],\"limit\":1,"
	    "\"query_string\":\"fields m\"}"));
	CHECK(!room.is_error);
	CHECK_INT(count_sent("\"queryString\""), 1);
	CHECK_INT(summary("re_chunked"), 0);
	CHECK_INT(summary("total_records_returned"), 1);
}

/* 10,000 short rows, as the service ends at. */
static const char *
full_answer(void)
{
	static char text[2000000];
	size_t n = (size_t)snprintf(text, sizeof(text),
	    "{\"status\":\"Complete\",\"results\":[");

	for (unsigned i = 0; i < 10000; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s[{"
		    "\"field\":\"@timestamp\",\"value\":\"2026-01-01 00:00:%02u"
		    "\"}]", i == 0 ? "" : ",", 59 - i / 200);
	}
	(void)snprintf(text + n, sizeof(text) - n, "]}");
	return text;
}

TEST(defect_6_halves_share_no_second)
{
	CHECK(tool_room_open());
	tool_room_answer(STARTED);
	tool_room_answer(full_answer());
	tool_room_answer(STARTED);
	tool_room_answer(STARTED);
	tool_room_answer(DONE(ROW("00:00:59", "late")));
	tool_room_answer(DONE(ROW("00:00:01", "early")));
	CHECK(tool_room_call("execute_cwl_insights_batch",
	    "{\"log_group_names\":[\"g\"],\"start_time\":1000,"
	    "\"end_time\":1009,\"max_bytes\":4000000,"
	    "\"query_string\":\"fields m\"}"));
	CHECK(!room.is_error);
	CHECK_INT(summary("re_chunked"), 1);
	CHECK_INT(summary("total_records_returned"), 2);
	CHECK(tool_room_sent("\"startTime\":1000,\"endTime\":1009"));
	CHECK(tool_room_sent("\"startTime\":1005,\"endTime\":1009"));
	CHECK(tool_room_sent("\"startTime\":1000,\"endTime\":1004"));
	CHECK_STR(json_get_str(json_at(json_get(room.data, S("results")), 0),
	    S("m"), S("")), S("late"));
}

TEST(a_full_chunk_is_not_split_when_the_answer_is_full_too)
{
	CHECK(tool_room_open());
	tool_room_answer(STARTED);
	tool_room_answer(full_answer());
	CHECK(tool_room_call("execute_cwl_insights_batch",
	    "{\"log_group_names\":[\"g\"],\"start_time\":1000,"
	    "\"end_time\":1009,\"query_string\":\"fields m\"}"));
	CHECK(!room.is_error);
	CHECK_INT(summary("re_chunked"), 0);
	CHECK(room.text.len <= 60000);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
}

TEST(defect_6_statistics_are_never_split)
{
	CHECK(tool_room_open());
	tool_room_answer(STARTED);
	tool_room_answer(full_answer());
	CHECK(tool_room_call("execute_cwl_insights_batch",
	    "{\"log_group_names\":[\"g\"],\"start_time\":1000,"
	    "\"end_time\":1009,\"max_bytes\":4000000,"
	    "\"query_string\":\"stats count(*) by @timestamp\"}"));
	CHECK(!room.is_error);
	CHECK_INT(summary("re_chunked"), 0);
	CHECK_INT(count_sent("\"queryString\""), 1);
	CHECK(tool_room_says("there may be more"));
}

TEST(one_failing_region_leaves_the_rest_and_is_named)
{
	CHECK(tool_room_open());
	tool_room_answer("!{\"__type\":\"AccessDeniedException\","
	    "\"message\":\"no\"}");
	tool_room_answer(STARTED);
	tool_room_answer(DONE(ROW("00:00:01", "a")));
	CHECK(tool_room_call("execute_cwl_insights_batch", "{" WINDOW
	    "\"log_group_names\":[\"g\"],\"regions\":[\"eu-west-1\","
	    "\"eu-west-2\"],\"query_string\":\"fields m\"}"));
	CHECK(!room.is_error);
	CHECK_INT(summary("failed_chunks"), 1);
	CHECK_INT(summary("successful_chunks"), 1);
	CHECK(tool_room_says("eu-west-1, g, "));
	CHECK(tool_room_says("logs:StartQuery"));
	CHECK_INT(summary("total_records_returned"), 1);
}

TEST(a_region_that_cannot_be_is_one_failing_part)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("execute_cwl_insights_batch", "{" WINDOW
	    "\"log_group_names\":[\"/ecs/shop-prod/cart\"],"
	    "\"regions\":[\"not a region\",\"us-east-1\"],"
	    "\"query_string\":\"fields @message | limit 1\"}"));
	CHECK(!room.is_error);
	CHECK_INT(summary("failed_chunks"), 1);
	CHECK_INT(summary("total_records_returned"), 1);
}

TEST(a_batch_of_which_nothing_works_is_an_error)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("execute_cwl_insights_batch", "{" WINDOW
	    "\"log_group_names\":[\"/no/such\"],"
	    "\"query_string\":\"fields @message\"}"));
	CHECK(room.is_error);
	CHECK(tool_room_says("/no/such"));
	CHECK(tool_room_call("execute_cwl_insights_batch", "{" WINDOW
	    "\"log_group_names\":[\"/ecs/shop-prod/cart\"],"
	    "\"query_string\":\"fieldz @message\"}"));
	CHECK(room.is_error);
	CHECK(tool_room_says("malformed at characters 0 to"));
	CHECK(tool_room_call("execute_cwl_insights_batch", "{" WINDOW
	    "\"log_group_names\":[\"g\"],\"query_string\":"
	    "\"SOURCE logGroups() | fields a\"}"));
	CHECK(room.is_error);
}

TEST(a_query_that_takes_too_long_is_stopped_and_its_time_halved)
{
	CHECK(tool_room_open());
	tool_room_answer(STARTED);
	for (unsigned i = 0; i < 5; i++) {
		tool_room_answer("{\"status\":\"Running\"}");
	}
	tool_room_answer("{\"success\":true}");
	tool_room_answer(STARTED);
	tool_room_answer(STARTED);
	tool_room_answer(DONE(ROW("00:00:02", "b")));
	tool_room_answer(DONE(ROW("00:00:01", "a")));
	CHECK(tool_room_call("execute_cwl_insights_batch",
	    "{\"log_group_names\":[\"g\"],\"start_time\":1000,"
	    "\"end_time\":1009,\"max_timeout\":2,"
	    "\"query_string\":\"fields m\"}"));
	CHECK(!room.is_error);
	CHECK_INT(summary("re_chunked"), 1);
	CHECK_INT(summary("total_records_returned"), 2);
	CHECK_INT(summary("failed_chunks"), 0);
}

TEST(rows_follow_the_field_that_the_query_sorts_by)
{
	CHECK(tool_room_open());
	tool_room_answer(STARTED);
	tool_room_answer(STARTED);
	tool_room_answer(DONE("[{\"field\":\"d\",\"value\":\"9\"}],"
	    "[{\"field\":\"d\",\"value\":\"100\"}],[]"));
	tool_room_answer(DONE("[{\"field\":\"d\",\"value\":\"20\"}]"));
	CHECK(tool_room_call("execute_cwl_insights_batch", "{" WINDOW
	    "\"log_group_names\":[\"g\"],\"regions\":[\"eu-west-1\","
	    "\"eu-west-2\"],\"query_string\":\"fields d | sort d\"}"));
	CHECK(!room.is_error);
	CHECK(strstr(room.text.p, "\"d\":\"9\"") <
	    strstr(room.text.p, "\"d\":\"20\""));
	CHECK(strstr(room.text.p, "\"d\":\"20\"") <
	    strstr(room.text.p, "\"d\":\"100\""));
}

TEST(odd_rows_cost_only_themselves)
{
	CHECK(tool_room_open());
	tool_room_answer(STARTED);
	tool_room_answer("{\"status\":\"Complete\",\"statistics\":[],"
	    "\"results\":[null,[null,{}],[{\"field\":\"@timestamp\"}],"
	    "[{\"field\":\"@timestamp\",\"value\":1e308}],7]}");
	CHECK(tool_room_call("execute_cwl_insights_batch", "{" WINDOW
	    "\"log_group_names\":[\"g\"],\"query_string\":\"fields d\"}"));
	CHECK(!room.is_error);
	CHECK_INT(summary("total_records_returned"), 5);
}

TEST(seventy_five_groups_are_two_chunks)
{
	static char args[8192];
	size_t n = (size_t)snprintf(args, sizeof(args), "{" WINDOW
	    "\"query_string\":\"fields d\",\"log_group_names\":[\"g0\"");

	for (unsigned i = 1; i < 75; i++) {
		n += (size_t)snprintf(args + n, sizeof(args) - n, ",\"g%u\"",
		    i);
	}
	(void)snprintf(args + n, sizeof(args) - n, "]}");
	CHECK(tool_room_open());
	tool_room_answer(STARTED);
	tool_room_answer(STARTED);
	tool_room_answer(DONE(""));
	tool_room_answer(DONE(""));
	CHECK(tool_room_call("execute_cwl_insights_batch", args));
	CHECK(!room.is_error);
	CHECK_INT(summary("total_chunks"), 2);
	CHECK(tool_room_sent("\"g49\"]"));
	CHECK(tool_room_sent("[\"g50\""));
	CHECK(tool_room_says("No record matched"));
}
