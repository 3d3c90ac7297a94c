/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_tail against the demo account and against streams of every odd shape.
 */
#include "test.h"

#include "base/buf.h"
#include "proto/eventstream.h"
#include "tool_room.h"

#define ARN "arn:aws:logs:eu-central-1:111122223333:log-group:"
#define CALL "{\"log_group_identifiers\":[\"" ARN "g\"]}"

static char memory[65536];
static struct buf wire;

static bool
open_room(void)
{
	wire = buf_fixed(memory, sizeof(memory));
	return tool_room_open();
}

static void
add_event(const char *type, const char *payload)
{
	struct eventstream_pair pairs[] = {
		{ S(":message-type"), S("event") },
		{ S(":event-type"), str_from_z(type) },
	};

	eventstream_write(&wire, pairs, 2, str_from_z(payload));
}

static void
add_exception(const char *type)
{
	struct eventstream_pair pairs[] = {
		{ S(":message-type"), S("exception") },
		{ S(":exception-type"), str_from_z(type) },
	};

	eventstream_write(&wire, pairs, 2, S("{\"message\":\"sorry\"}"));
}

/* Calls the tool on what was added, in pieces of so many bytes. */
static bool
tail(size_t piece, enum err then, const char *args)
{
	MUST(buf_ok(&wire));
	room.stream = buf_str(&wire);
	room.stream_piece = piece;
	room.stream_err = then;
	return tool_room_call("live_tail", args);
}

static size_t
event_n(void)
{
	const struct json *v = json_get(room.data, S("events"));

	return v == NULL ? SIZE_MAX : v->n;
}

static bool
ended(const char *why)
{
	return str_eq(json_get_str(room.data, S("ended"), S("")),
	    str_from_z(why));
}

#define UPDATE "{\"sessionResults\":[{\"logStreamName\":\"s\"," \
	"\"logGroupIdentifier\":\"111122223333:g\",\"message\":\"m\"," \
	"\"timestamp\":1795000000123,\"ingestionTime\":1795000000200}]," \
	"\"sessionMetadata\":{\"sampled\":false}}"

TEST(the_demo_account_is_tailed_for_the_time_asked)
{
	int64_t from;

	CHECK(open_room());
	from = room.fake.mono_ms;
	CHECK(tool_room_call("live_tail", "{\"log_group_identifiers\":["
	    "\"/ecs/shop-prod/checkout\",\"" ARN "/ecs/shop-prod/cart:*\"],"
	    "\"seconds\":60,\"max_events\":10000}"));
	CHECK(!room.is_error && ended("seconds"));
	CHECK(event_n() > 10);
	CHECK_INT(room.fake.mono_ms - from, 60000);
	CHECK(tool_room_sent("\"logGroupIdentifiers\":[\"" ARN
	    "/ecs/shop-prod/checkout\",\"" ARN "/ecs/shop-prod/cart\"]"));
	CHECK(tool_room_call("live_tail", "{\"log_group_identifiers\":["
	    "\"/ecs/shop-prod/checkout\"],\"seconds\":60,"
	    "\"max_events\":3}"));
	CHECK(ended("max_events"));
	CHECK_INT(event_n(), 3);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	CHECK(tool_room_call("live_tail", "{\"log_group_identifiers\":["
	    "\"/aws/lambda/nightly-report\"],\"seconds\":5}"));
	CHECK(ended("seconds") && event_n() == 0);
	CHECK(tool_room_says("No event came"));
}

TEST(a_session_is_the_same_however_its_bytes_come)
{
	for (size_t piece = 1; piece < 400; piece += 1 + piece / 2) {
		CHECK(open_room());
		add_event("initial-response", "{}");
		add_event("sessionStart", "{\"sessionId\":\"x\"}");
		add_event("sessionUpdate", UPDATE);
		add_event("somethingNew", "not even json");
		add_event("sessionUpdate", UPDATE);
		CHECK(tail(piece, ERR_TIMEOUT, CALL));
		CHECK(!room.is_error && ended("seconds"));
		CHECK_INT(event_n(), 2);
		CHECK_STR(json_get_str(json_at(json_get(room.data,
		    S("events")), 1), S("timestamp"), S("")),
		    S("2026-11-18T11:06:40.123Z"));
		CHECK_STR(json_get_str(json_at(json_get(room.data,
		    S("events")), 1), S("logGroupName"), S("")), S("g"));
	}
}

TEST(a_sampled_session_says_so)
{
	CHECK(open_room());
	add_event("sessionUpdate", "{\"sessionMetadata\":{\"sampled\":true}}");
	CHECK(tail(100000, ERR_TIMEOUT, CALL));
	CHECK(json_get_bool(room.data, S("sampled"), false));
	CHECK(tool_room_says("AWS left events out"));
}

TEST(exceptions_are_sentences_and_keep_what_came_before)
{
	CHECK(open_room());
	add_event("sessionStart", "{}");
	add_event("sessionUpdate", UPDATE);
	add_exception("SessionTimeoutException");
	CHECK(tail(7, ERR_OK, CALL));
	CHECK(!room.is_error && ended("aws") && event_n() == 1);
	CHECK(tool_room_says("three hours at most. It said: sorry"));
	CHECK(open_room());
	add_exception("SessionStreamingException");
	CHECK(tail(7, ERR_OK, CALL));
	CHECK(room.is_error && tool_room_says("could not go on"));
}

TEST(damaged_and_broken_streams_keep_what_came_before)
{
	CHECK(open_room());
	add_event("sessionStart", "{}");
	add_event("sessionUpdate", UPDATE);
	add_event("sessionUpdate", UPDATE);
	memory[wire.len - 1]++;
	CHECK(tail(100000, ERR_OK, CALL));
	CHECK(!room.is_error && event_n() == 1);
	CHECK(tool_room_says("checksum"));
	CHECK(open_room());
	add_event("sessionUpdate", UPDATE);
	CHECK(tail(100000, ERR_CLOSED, CALL));
	CHECK(!room.is_error && event_n() == 1 && ended("aws"));
	CHECK(json_is(json_get(room.data, S("error")), JSON_STRING));
	CHECK(open_room());
	add_event("sessionUpdate", UPDATE);
	CHECK(tail(100000, ERR_OK, CALL));
	CHECK(tool_room_says("AWS closed the session"));
	CHECK(open_room());
	add_event("sessionUpdate", "no json");
	CHECK(tail(100000, ERR_OK, CALL));
	CHECK(room.is_error && tool_room_says("not JSON"));
	CHECK(open_room());
	CHECK(tail(100000, ERR_OK, CALL));
	CHECK(room.is_error && tool_room_says("before it began"));
}

TEST(odd_updates_cost_themselves_only)
{
	CHECK(open_room());
	add_event("sessionStart", "{}");
	add_event("sessionUpdate", "{\"sessionResults\":null}");
	add_event("sessionUpdate", "{\"sessionResults\":[null,{},"
	    "{\"timestamp\":1e308,\"message\":5}]}");
	add_event("sessionUpdate", "[]");
	CHECK(tail(100000, ERR_TIMEOUT, CALL));
	CHECK(!room.is_error && event_n() == 3);
}

TEST(the_answer_stays_within_its_bytes)
{
	CHECK(open_room());
	for (int i = 0; i < 100; i++) {
		add_event("sessionUpdate", UPDATE);
	}
	CHECK(tail(1000, ERR_TIMEOUT, "{\"log_group_identifiers\":[\"" ARN
	    "g\"],\"max_bytes\":4000}"));
	CHECK(ended("max_bytes") && room.text.len <= 4000);
	CHECK(event_n() > 3 && tool_room_says("cut at max_bytes"));
}

TEST(what_aws_would_refuse_is_refused_with_a_sentence)
{
	CHECK(open_room());
	CHECK(tool_room_call("live_tail", "{\"log_group_identifiers\":[]}"));
	CHECK(room.is_error);
	CHECK(tool_room_call("live_tail", "{\"log_group_identifiers\":[\"a\","
	    "\"b\"],\"log_stream_names\":[\"x\"]}"));
	CHECK(room.is_error && tool_room_says("with one log group only"));
	CHECK(tool_room_call("live_tail", "{\"log_group_identifiers\":[\"a\"],"
	    "\"log_stream_names\":[\"x\"],"
	    "\"log_stream_name_prefixes\":[\"x\"]}"));
	CHECK(room.is_error);
	CHECK(tool_room_call("live_tail",
	    "{\"log_group_identifiers\":[\"/nope\"]}"));
	CHECK(room.is_error && tool_room_says("StartLiveTail"));
}

TEST(no_memory_is_an_orderly_error_at_every_allocation)
{
	size_t n = 0;

	do {
		CHECK(n < 5000 && open_room());
		add_event("sessionStart", "{}");
		add_event("sessionUpdate", UPDATE);
		room.fail_at = n++;
	} while (!tail(9, ERR_TIMEOUT, CALL) || room.is_error);
	CHECK(n > 20);
	CHECK_INT(event_n(), 1);
}
