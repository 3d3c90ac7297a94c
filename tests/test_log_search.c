/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search_log_events against the demo account and odd answers.
 */
#include "test.h"

#include "tool_room.h"

static size_t
count(const char *list)
{
	const struct json *v = json_get(room.data, str_from_z(list));

	return v == NULL ? SIZE_MAX : v->n;
}

static const struct json *
event(size_t i)
{
	return json_at(json_get(room.data, S("events")), i);
}

static struct str
member(size_t i, const char *name)
{
	return json_get_str(event(i), str_from_z(name), S(""));
}

static const struct json *
group(size_t i)
{
	return json_at(json_get(room.data, S("groups")), i);
}

TEST(several_groups_are_searched_newest_first)
{
	bool checkout = false, retry = false;
	struct str before = S("9");

	CHECK(tool_room_open());
	CHECK(tool_room_call("search_log_events", "{\"log_group_names\":["
	    "\"/ecs/shop-prod/checkout\",\"/aws/lambda/orders-retry\"],"
	    "\"filter_pattern\":\"?ERROR ?TooManyRequests\","
	    "\"max_events\":100}"));
	CHECK(!room.is_error);
	CHECK_INT(count("events"), 100);
	for (size_t i = 0; i < 100; i++) {
		struct str at = member(i, "timestamp");

		CHECK(str_cmp(at, before) <= 0);
		before = at;
		checkout |= str_eq(member(i, "logGroupName"),
		    S("/ecs/shop-prod/checkout"));
		retry |= str_eq(member(i, "logGroupName"),
		    S("/aws/lambda/orders-retry"));
	}
	CHECK(checkout && retry);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	CHECK(tool_room_says("set end_time to the last timestamp shown"));
}

TEST(groups_are_found_by_prefix_and_pattern)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("search_log_events",
	    "{\"log_group_name_prefix\":\"/ecs/shop-prod/\","
	    "\"log_group_name_pattern\":\"CHECKOUT\","
	    "\"filter_pattern\":\"nothing like this\"}"));
	CHECK(!room.is_error && count("events") == 0);
	/* Four by prefix, four by pattern, one in both. */
	CHECK_INT(count("groups"), 7);
	CHECK(tool_room_says("No event matches"));
	CHECK(json_get_bool(group(0), S("complete"), false));
	CHECK(tool_room_call("search_log_events",
	    "{\"log_group_name_prefix\":\"/nope\"}"));
	CHECK(room.is_error && tool_room_says("no log group matches"));
	CHECK(tool_room_call("search_log_events", "{}"));
	CHECK(room.is_error && tool_room_says("say which log groups"));
}

TEST(one_failing_group_is_named_beside_the_others)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("search_log_events", "{\"log_group_names\":["
	    "\"/ecs/shop-prod/checkout\",\"/nope\"],\"max_events\":5}"));
	CHECK(!room.is_error && count("events") == 5);
	CHECK_STR(json_get_str(group(1), S("logGroupName"), S("")),
	    S("/nope"));
	CHECK(str_icontains(json_get_str(group(1), S("error"), S("")),
	    S("does not exist")));
	CHECK(tool_room_says("1 of 2 log groups failed"));
	CHECK(tool_room_call("search_log_events",
	    "{\"log_group_names\":[\"/nope\",\"/neither\"]}"));
	CHECK(room.is_error && tool_room_says("/nope: "));
}

TEST(groups_of_another_class_are_not_asked_for_nothing)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("search_log_events",
	    "{\"log_group_name_pattern\":\"shop-prod\",\"max_events\":3,"
	    "\"filter_pattern\":\"ERROR\"}"));
	CHECK(!room.is_error && count("events") == 3);
	CHECK(tool_room_says("execute_log_insights_query"));
}

TEST(lines_around_a_hit_are_its_neighbours_in_the_stream)
{
	const struct json *before, *after;
	struct str first;

	CHECK(tool_room_open());
	CHECK(tool_room_call("search_log_events", "{\"log_group_names\":["
	    "\"/ecs/shop-prod/checkout\"],\"filter_pattern\":\"ERROR\","
	    "\"end_time\":\"-5m\",\"max_events\":2,\"context_lines\":3}"));
	CHECK(!room.is_error && count("events") == 2);
	before = json_get(event(0), S("before"));
	after = json_get(event(0), S("after"));
	CHECK(before != NULL && before->n == 3);
	CHECK(after != NULL && after->n == 3);
	first = str_sub(member(0, "message"), 0, 60);
	for (const struct json *v = before->child; v != NULL; v = v->next) {
		/* Messages begin with their time. */
		CHECK(str_cmp(str_sub(v->text, 0, 36), first) <= 0);
	}
	for (const struct json *v = after->child; v != NULL; v = v->next) {
		CHECK(str_cmp(str_sub(first, 0, 36), v->text) <= 0);
	}
}

/* Answers for one group; STS and the rest come from the demo account. */
#define ONE "{\"log_group_names\":[\"g\"],\"start_time\":\"1794990000\"," \
	"\"end_time\":\"1795000000\",\"max_events\":3}"

TEST(empty_pages_with_a_token_are_read_on)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"events\":[],\"nextToken\":\"a\"}");
	tool_room_answer("{\"nextToken\":\"b\"}");
	tool_room_answer("{\"events\":[{\"timestamp\":1794999000000,"
	    "\"logStreamName\":\"s\",\"message\":\"m\"}]}");
	CHECK(tool_room_call("search_log_events", ONE));
	CHECK(!room.is_error && count("events") == 1);
	CHECK(json_get_bool(group(0), S("complete"), false));
	CHECK(!json_get_bool(room.data, S("has_more_results"), true));
}

TEST(the_same_token_for_ever_ends)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"events\":[],\"nextToken\":\"a\"}");
	tool_room_answer("{\"events\":[],\"nextToken\":\"a\"}");
	CHECK(tool_room_call("search_log_events", ONE));
	CHECK(!room.is_error && count("events") == 0);
	CHECK(!json_get_bool(group(0), S("complete"), true));
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
}

TEST(new_tokens_for_ever_end_as_well)
{
	static char answers[40][64];

	CHECK(tool_room_open());
	for (int i = 0; i < 40; i++) {
		snprintf(answers[i], 64, "{\"nextToken\":\"t%d\"}", i);
		tool_room_answer(answers[i]);
	}
	CHECK(tool_room_call("search_log_events", ONE));
	CHECK(!room.is_error);
	CHECK_INT(room.answer_at, 40);
	CHECK(!json_get_bool(group(0), S("complete"), true));
}

TEST(answers_that_come_oldest_first_still_give_the_newest)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"events\":[{\"timestamp\":1794990001000,"
	    "\"message\":\"1\"},{\"timestamp\":1794990002000,"
	    "\"message\":\"2\"},{\"timestamp\":1794990003000,"
	    "\"message\":\"3\"}],\"nextToken\":\"a\"}");
	tool_room_answer("{\"events\":[{\"timestamp\":1794990005000,"
	    "\"message\":\"5\"},{\"timestamp\":1794990004000,"
	    "\"message\":\"4\"}]}");
	CHECK(tool_room_call("search_log_events", ONE));
	CHECK_STR(member(0, "message"), S("5"));
	CHECK_STR(member(1, "message"), S("4"));
	CHECK_STR(member(2, "message"), S("3"));
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
}

TEST(odd_events_cost_themselves_only)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"events\":[null,7,{},{\"timestamp\":\"NaN\"},"
	    "{\"timestamp\":1e308},{\"timestamp\":1794990001000,"
	    "\"message\":null,\"logStreamName\":5},"
	    "{\"timestamp\":1794990000500.0,\"message\":\"x\"}],"
	    "\"nextToken\":null,\"searchedLogStreams\":7}");
	CHECK(tool_room_call("search_log_events", ONE));
	CHECK(!room.is_error);
	CHECK_INT(count("events"), 2);
}

TEST(long_messages_are_cut_and_counted)
{
	static char answer[9000];
	size_t n;

	CHECK(tool_room_open());
	n = (size_t)snprintf(answer, sizeof(answer), "{\"events\":[{"
	    "\"timestamp\":1794990001000,\"message\":\"");
	memset(answer + n, 'x', 5000);
	snprintf(answer + n + 5000, 100, "\"}]}");
	tool_room_answer(answer);
	CHECK(tool_room_call("search_log_events", ONE));
	CHECK_INT(member(0, "message").len, 2000);
	CHECK_INT(json_get_i64(event(0), S("message_bytes"), 0), 5000);
	CHECK(tool_room_says("max_message_bytes"));
}

TEST(older_windows_are_not_asked_backwards)
{
	CHECK(tool_room_open());
	tool_room_answer("{}");
	CHECK(tool_room_call("search_log_events", "{\"log_group_names\":"
	    "[\"g\"],\"start_time\":\"2023-12-31T23:00:00\","
	    "\"end_time\":\"2024-01-02\"}"));
	CHECK(!tool_room_sent("startFromHead"));
	/* A time without a zone is UTC. */
	CHECK(tool_room_sent("\"startTime\":1704063600000"));
}

TEST(the_time_asked_for_ends_the_search)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("search_log_events", "{\"log_group_names\":"
	    "[\"g\"],\"start_time\":\"-1h\",\"end_time\":\"-2h\"}"));
	CHECK(room.is_error && tool_room_says("must be before"));
	CHECK(tool_room_call("search_log_events", "{\"log_group_names\":"
	    "[\"g\"],\"log_stream_names\":[\"a\"],"
	    "\"log_stream_name_prefix\":\"b\"}"));
	CHECK(room.is_error && tool_room_says("not both"));
}

TEST(no_memory_is_an_orderly_error_at_every_allocation)
{
	size_t ok_n = 0;

	for (size_t n = 0; n < 80; n++) {
		CHECK(tool_room_open());
		tool_room_answer("{\"events\":[{\"timestamp\":1794999000000,"
		    "\"logStreamName\":\"s\",\"message\":\"m\"}]}");
		room.fail_at = n;
		/* The account may stay unnamed; events may not be missing. */
		if (tool_room_call("search_log_events", ONE) &&
		    !room.is_error) {
			CHECK_INT(count("events"), 1);
			ok_n++;
		}
	}
	CHECK(ok_n > 0 && ok_n < 70);
}
