/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter_log_streams against the demo account and odd answers.
 */
#include "test.h"

#include "tool_room.h"

#define CHECKOUT "\"log_group_name\":\"/ecs/shop-prod/checkout\""

static size_t
stream_n(void)
{
	const struct json *v = json_get(room.data, S("log_streams"));

	return v == NULL ? SIZE_MAX : v->n;
}

TEST(streams_come_newest_first_or_by_prefix)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("filter_log_streams", "{" CHECKOUT "}"));
	CHECK_INT(stream_n(), 6);
	CHECK(tool_room_sent("\"orderBy\":\"LastEventTime\""));
	CHECK(!json_get_bool(room.data, S("has_more_results"), true));
	CHECK(tool_room_call("filter_log_streams", "{" CHECKOUT
	    ",\"log_stream_name_prefix\":\"checkout/app/\","
	    "\"max_items\":2}"));
	CHECK_INT(stream_n(), 2);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	CHECK(tool_room_says("max_items"));
	CHECK(tool_room_call("filter_log_streams", "{" CHECKOUT
	    ",\"log_stream_name_prefix\":\"nope\"}"));
	CHECK_INT(stream_n(), 0);
}

TEST(a_window_keeps_the_streams_with_events_in_it)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("filter_log_streams", "{\"log_group_name\":"
	    "\"/aws/lambda/nightly-report\",\"start_time\":\"-3h\"}"));
	CHECK_INT(stream_n(), 0);
	CHECK(tool_room_says("No stream of the group has events"));
	CHECK(tool_room_call("filter_log_streams", "{" CHECKOUT
	    ",\"start_time\":\"-3h\",\"log_stream_name_prefix\":\"c\"}"));
	CHECK_INT(stream_n(), 6);
}

TEST(prefix_and_order_by_time_exclude_each_other)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("filter_log_streams", "{" CHECKOUT
	    ",\"order_by\":\"LastEventTime\","
	    "\"log_stream_name_prefix\":\"a\"}"));
	CHECK(room.is_error && tool_room_says("leave one out"));
	CHECK(tool_room_call("filter_log_streams", "{" CHECKOUT
	    ",\"start_time\":\"-1h\",\"end_time\":\"-2h\"}"));
	CHECK(room.is_error && tool_room_says("must be before"));
}

TEST(a_token_that_stays_the_same_ends_the_list)
{
	CHECK(tool_room_open());
	for (int i = 0; i < 2; i++) {
		tool_room_answer("{\"logStreams\":[{\"logStreamName\":\"a\"}],"
		    "\"nextToken\":\"t\"}");
	}
	CHECK(tool_room_call("filter_log_streams", "{" CHECKOUT "}"));
	CHECK_INT(stream_n(), 2);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
}

TEST(odd_members_cost_themselves_only)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"nextToken\":\"t\"}");
	tool_room_answer("{\"logStreams\":[{\"logStreamName\":null,"
	    "\"lastEventTimestamp\":\"x\"},{},7,{\"logStreamName\":\"b\","
	    "\"firstEventTimestamp\":1e308}]}");
	CHECK(tool_room_call("filter_log_streams", "{" CHECKOUT "}"));
	CHECK(!room.is_error);
	CHECK_INT(stream_n(), 4);
	tool_room_answer("{\"logStreams\":null}");
	CHECK(tool_room_call("filter_log_streams", "{" CHECKOUT "}"));
	CHECK_INT(stream_n(), 0);
}

TEST(reading_by_time_stops_behind_the_window)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"logStreams\":[{\"logStreamName\":\"a\","
	    "\"firstEventTimestamp\":1795000000000,"
	    "\"lastEventTimestamp\":1795000000000},"
	    "{\"logStreamName\":\"old\",\"firstEventTimestamp\":1,"
	    "\"lastEventTimestamp\":5}],\"nextToken\":\"t\"}");
	CHECK(tool_room_call("filter_log_streams", "{" CHECKOUT
	    ",\"start_time\":\"1794999999\",\"end_time\":\"1795000001\"}"));
	CHECK_INT(stream_n(), 1);
	CHECK_INT(room.answer_at, 1);
	CHECK(!json_get_bool(room.data, S("has_more_results"), true));
}
