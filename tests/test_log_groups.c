/* SPDX-License-Identifier: Apache-2.0 */
/*
 * describe_log_groups with answers that AWS gives now and then.
 */
#include "test.h"

#include "tool_room.h"

#define EMPTY "{\"queryDefinitions\":[]}"

static const struct json *
groups(void)
{
	return json_get(room.data, S("log_group_metadata"));
}

TEST(every_class_and_both_ways_of_searching_reach_aws)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("describe_log_groups",
	    "{\"log_group_class\":\"DELIVERY\","
	    "\"log_group_name_pattern\":\"Lambda\"}"));
	CHECK(!room.is_error);
	CHECK(tool_room_sent("\"logGroupNamePattern\":\"Lambda\","
	    "\"logGroupClass\":\"DELIVERY\""));
	CHECK(tool_room_says("No log group matches"));
	CHECK(tool_room_call("describe_log_groups",
	    "{\"log_group_name_pattern\":\"LAMBDA\"}"));
	CHECK(groups()->n > 2);
}

TEST(defect_17_a_group_without_members_is_a_row_with_nulls)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"logGroups\":[null,{},{\"logGroupName\":7},"
	    "{\"logGroupName\":\"g\",\"storedBytes\":1e308,\"creationTime\":"
	    "\"NaN\",\"retentionInDays\":null,\"inheritedProperties\":{}}]}");
	tool_room_answer(EMPTY);
	CHECK(tool_room_call("describe_log_groups", "{}"));
	CHECK(!room.is_error);
	CHECK_INT(groups()->n, 4);
	CHECK(json_is(json_get(json_at(groups(), 1), S("logGroupName")),
	    JSON_NULL));
}

TEST(the_same_token_for_ever_ends)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"logGroups\":[{\"logGroupName\":\"a\"}],"
	    "\"nextToken\":\"t\"}");
	tool_room_answer("{\"logGroups\":[],\"nextToken\":\"t\"}");
	tool_room_answer("{\"queryDefinitions\":[],\"nextToken\":\"s\"}");
	tool_room_answer("{\"queryDefinitions\":[],\"nextToken\":\"s\"}");
	CHECK(tool_room_call("describe_log_groups", "{}"));
	CHECK(!room.is_error);
	CHECK_INT(groups()->n, 1);
}

TEST(an_empty_page_with_a_token_is_not_the_end)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"logGroups\":[],\"nextToken\":\"t\"}");
	tool_room_answer("{\"nextToken\":\"u\"}");
	tool_room_answer("{\"logGroups\":[{\"logGroupName\":\"a\"}]}");
	tool_room_answer(EMPTY);
	CHECK(tool_room_call("describe_log_groups", "{}"));
	CHECK_INT(groups()->n, 1);
	CHECK(!json_get_bool(room.data, S("has_more_results"), true));
}

TEST(groups_are_shown_when_saved_queries_cannot_be_read)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"logGroups\":[{\"logGroupName\":\"a\"}]}");
	tool_room_answer("!{\"__type\":\"AccessDeniedException\","
	    "\"message\":\"no\"}");
	CHECK(tool_room_call("describe_log_groups", "{}"));
	CHECK(!room.is_error);
	CHECK_INT(groups()->n, 1);
	CHECK(tool_room_says("saved_queries_error"));
	CHECK(tool_room_says("DescribeQueryDefinitions"));
}

TEST(saved_queries_of_every_language_are_shown)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"logGroups\":[{\"logGroupName\":\"a\"}]}");
	tool_room_answer("{\"queryDefinitions\":[{\"name\":\"n\","
	    "\"queryLanguage\":\"PPL\",\"queryString\":\"where a = 1\","
	    "\"logGroupNames\":[\"a\",\"b\"]},{\"name\":\"other\","
	    "\"logGroupNames\":[\"c\"]},null]}");
	CHECK(tool_room_call("describe_log_groups", "{}"));
	CHECK(!room.is_error);
	CHECK(!tool_room_sent("queryLanguage"));
	CHECK_INT(json_get(room.data, S("saved_queries"))->n, 1);
	CHECK(tool_room_says("\"queryLanguage\":\"PPL\""));
}
