/* SPDX-License-Identifier: Apache-2.0 */
/*
 * get_log_events and get_log_record against the demo account and odd answers.
 */
#include "test.h"

#include "tool_room.h"

#define CHECKOUT "\"log_group_name\":\"/ecs/shop-prod/checkout\""
#define GROUP "\"log_group_name\":\"g\",\"log_stream_name\":\"s\""

static const struct json *
events(void)
{
	return json_get(room.data, S("events"));
}

static char stream[256], token[256], args[2048];

static bool
find_stream(void)
{
	struct str name;

	if (!tool_room_call("filter_log_streams", "{" CHECKOUT
	    ",\"max_items\":1}")) {
		return false;
	}
	name = json_get_str(json_at(json_get(room.data, S("log_streams")), 0),
	    S("logStreamName"), S(""));
	snprintf(stream, sizeof(stream), "%.*s", STR_ARG(name));
	return name.len > 0;
}

static bool
read_events(const char *more)
{
	snprintf(args, sizeof(args), "{" CHECKOUT ",\"log_stream_name\":\"%s\""
	    "%s%s%s%s}", stream, more, token[0] != 0 ? ",\"next_token\":\"" :
	    "", token, token[0] != 0 ? "\"" : "");
	return tool_room_call("get_log_events", args) && !room.is_error;
}

static void
keep_token(struct str key)
{
	snprintf(token, sizeof(token), "%.*s", STR_ARG(json_get_str(room.data,
	    key, S(""))));
}

/* Reads from token to token and counts the events. */
static size_t
read_all(const char *more, const char *key)
{
	size_t n = 0;

	token[0] = '\0';
	for (size_t i = 0; i < 300; i++) {
		if (!read_events(more)) {
			return SIZE_MAX;
		}
		n += events()->n;
		if (json_get_bool(room.data, S("at_end"), false)) {
			return n;
		}
		keep_token(str_from_z(key));
	}
	return SIZE_MAX;
}

#define WINDOW ",\"start_time\":\"-30m\",\"end_time\":\"-1m\""

TEST(both_directions_and_every_page_size_read_the_same_events)
{
	size_t all;

	CHECK(tool_room_open());
	CHECK(find_stream());
	all = read_all(WINDOW ",\"start_from_head\":true,\"limit\":10000",
	    "next_forward_token");
	CHECK(all > 20 && all < 10000);
	CHECK_INT(read_all(WINDOW ",\"start_from_head\":true,\"limit\":13",
	    "next_forward_token"), all);
	CHECK_INT(read_all(WINDOW ",\"limit\":13", "next_backward_token"),
	    all);
	/* Pages that are cut to the answer's size lose nothing. */
	CHECK_INT(read_all(WINDOW ",\"start_from_head\":true,"
	    "\"max_bytes\":4000", "next_forward_token"), all);
	CHECK_INT(read_all(WINDOW ",\"max_bytes\":4000",
	    "next_backward_token"), all);
}

TEST(the_newest_page_is_in_the_order_of_time)
{
	struct str before = S("");

	CHECK(tool_room_open());
	CHECK(find_stream());
	token[0] = '\0';
	CHECK(read_events(",\"max_bytes\":5000,\"limit\":100"));
	CHECK(events()->n > 3);
	CHECK(tool_room_says("cut at max_bytes"));
	for (const struct json *e = events()->child; e != NULL; e = e->next) {
		struct str at = json_get_str(e, S("timestamp"), S(""));

		CHECK(str_cmp(before, at) <= 0);
		before = at;
	}
}

TEST(one_long_message_is_cut_and_says_how_long_it_is)
{
	static char answer[200000];
	size_t n;

	CHECK(tool_room_open());
	n = (size_t)snprintf(answer, sizeof(answer), "{\"events\":[{"
	    "\"timestamp\":1795000000000,\"message\":\"");
	memset(answer + n, 'x', 100000);
	snprintf(answer + n + 100000, 100, "\"}],"
	    "\"nextForwardToken\":\"f/1\",\"nextBackwardToken\":\"b/1\"}");
	tool_room_answer(answer);
	CHECK(tool_room_call("get_log_events", "{" GROUP "}"));
	CHECK_INT(json_get_i64(json_at(events(), 0), S("message_bytes"), 0),
	    100000);
	CHECK_INT(json_get_str(json_at(events(), 0), S("message"),
	    S("")).len, 2000);
	CHECK(tool_room_says("max_message_bytes"));
	/* More than the answer may have: it still gets the most that fits. */
	tool_room_answer(answer);
	CHECK(tool_room_call("get_log_events", "{" GROUP
	    ",\"max_message_bytes\":1000000}"));
	CHECK_INT(events()->n, 1);
	CHECK(json_get_str(json_at(events(), 0), S("message"), S("")).len >
	    50000);
}

TEST(odd_pages_are_read)
{
	CHECK(tool_room_open());
	tool_room_answer("{}");
	CHECK(tool_room_call("get_log_events", "{" GROUP "}"));
	CHECK(!room.is_error && events()->n == 0);
	CHECK(json_get_bool(room.data, S("at_end"), false));
	tool_room_answer("{\"events\":[null,{},{\"timestamp\":\"NaN\","
	    "\"message\":7},{\"timestamp\":-1,\"message\":null}],"
	    "\"nextForwardToken\":null}");
	CHECK(tool_room_call("get_log_events", "{" GROUP "}"));
	CHECK(!room.is_error && events()->n == 4);
	tool_room_answer("{\"events\":[],\"nextForwardToken\":\"f/9\","
	    "\"nextBackwardToken\":\"b/9\"}");
	CHECK(tool_room_call("get_log_events", "{" GROUP
	    ",\"next_token\":\"f/9\"}"));
	CHECK(json_get_bool(room.data, S("at_end"), false));
	CHECK(tool_room_sent("\"startFromHead\":true"));
	tool_room_answer("{\"events\":[],\"nextForwardToken\":\"f/9\","
	    "\"nextBackwardToken\":\"b/9\"}");
	CHECK(tool_room_call("get_log_events", "{" GROUP
	    ",\"next_token\":\"f/8\"}"));
	CHECK(!json_get_bool(room.data, S("at_end"), true));
}

/* ---- get_log_record ---- */

TEST(a_record_of_a_query_is_shown_whole)
{
	struct str ptr;

	CHECK(tool_room_open());
	CHECK(tool_room_call("execute_log_insights_query",
	    "{\"log_group_names\":[\"/ecs/shop-prod/checkout\"],"
	    "\"start_time\":\"-1h\",\"end_time\":\"now\","
	    "\"query_string\":\"fields @message | filter level = 'ERROR' | "
	    "limit 1\"}"));
	ptr = json_get_str(json_at(json_get(room.data, S("results")), 0),
	    S("@ptr"), S(""));
	CHECK(ptr.len > 0);
	snprintf(args, sizeof(args), "{\"log_record_pointer\":\"%.*s\"}",
	    STR_ARG(ptr));
	CHECK(tool_room_call("get_log_record", args));
	CHECK(!room.is_error);
	CHECK(str_icontains(json_get_str(room.data, S("log_message"), S("")),
	    S("ERROR")));
	CHECK_STR(json_get_str(json_get(room.data, S("log_record")),
	    S("level"), S("")), S("ERROR"));
	CHECK(json_is(json_get(room.data, S("next_offset")), JSON_NULL));
	CHECK(tool_room_call("get_log_record",
	    "{\"log_record_pointer\":\"nonsense\"}"));
	CHECK(room.is_error);
}

TEST(a_message_longer_than_an_answer_comes_in_parts)
{
	static char answer[40000];
	size_t n, offset = 0, got = 0;

	CHECK(tool_room_open());
	n = (size_t)snprintf(answer, sizeof(answer), "{\"logRecord\":{"
	    "\"@ptr\":\"p\",\"@message\":\"");
	for (size_t i = 0; i < 3000; i++) {
		memcpy(answer + n + 6 * i, "\xe2\x82\xac\\\"x", 6);
	}
	snprintf(answer + n + 18000, 20, "\"}}");
	for (size_t i = 0; i < 20; i++) {
		struct str part;
		int64_t next;

		tool_room_answer(answer);
		snprintf(args, sizeof(args), "{\"log_record_pointer\":\"p\","
		    "\"max_bytes\":4000,\"offset\":%zu}", offset);
		CHECK(tool_room_call("get_log_record", args));
		CHECK(!room.is_error && room.text.len <= 4000);
		part = json_get_str(room.data, S("log_message"), S(""));
		CHECK(part.len > 1000 && (unsigned char)part.p[0] != 0x82);
		got += part.len;
		if (!json_i64(json_get(room.data, S("next_offset")), 0,
		    INT64_MAX, &next)) {
			break;
		}
		CHECK_INT(next, got);
		offset = (size_t)next;
	}
	CHECK_INT(got, 15000);
	tool_room_answer(answer);
	CHECK(tool_room_call("get_log_record",
	    "{\"log_record_pointer\":\"p\",\"offset\":15001}"));
	CHECK(room.is_error && tool_room_says("15000"));
}

TEST(odd_records_are_read)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"logRecord\":{}}");
	CHECK(tool_room_call("get_log_record",
	    "{\"log_record_pointer\":\"p\"}"));
	CHECK(!room.is_error);
	tool_room_answer("{\"logRecord\":{\"@message\":null,\"n\":5,"
	    "\"o\":{\"a\":[1]}}}");
	CHECK(tool_room_call("get_log_record",
	    "{\"log_record_pointer\":\"p\"}"));
	CHECK(!room.is_error);
	tool_room_answer("{}");
	CHECK(tool_room_call("get_log_record",
	    "{\"log_record_pointer\":\"p\"}"));
	CHECK(room.is_error && tool_room_says("without a logRecord"));
}
