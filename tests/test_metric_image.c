/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A graph as a client gets it: image beside words, and one without the other.
 */
#include "base/enc.h"
#include "test.h"
#include "tool_room.h"

#define TOOL "get_metric_image"
#define METRIC "\"namespace\":\"AWS/RDS\",\"metric_name\":" \
	"\"DatabaseConnections\",\"dimensions\":[{\"name\":" \
	"\"DBInstanceIdentifier\",\"value\":\"checkout-db\"}]," \
	"\"statistic\":\"MAX\""
#define POINTS "{\"MetricDataResults\":[{\"Id\":\"s0\",\"Timestamps\":" \
	"[1794999960,1794999900],\"Values\":[4,2]}]}"

/* The data of the image block; absent: there is none. */
static struct str
image(void)
{
	const struct json *block = json_at(room.content, 0);

	return str_eq(json_get_str(block, S("type"), S("")), S("image")) ?
	    json_get_str(block, S("data"), STR_NONE) : STR_NONE;
}

TEST(a_graph_is_a_png_with_its_series_in_words)
{
	char room_for[65536];
	struct buf png = buf_fixed(room_for, sizeof(room_for));

	CHECK(tool_room_open());
	CHECK(tool_room_call(TOOL, "{" METRIC ",\"threshold\":180,"
	    "\"width\":300,\"height\":100}"));
	CHECK(enc_base64_decode(&png, image()));
	CHECK(str_starts(buf_str(&png), S("\x89PNG\r\n\x1a\n")));
	/* Width and height of IHDR, big-endian. */
	CHECK(memcmp(png.p + 16, "\0\0\1\x2c\0\0\0\x64", 8) == 0);
	CHECK_STR(json_get_str(json_at(room.content, 0), S("mimeType"),
	    S("")), S("image/png"));
	CHECK_INT(json_get_i64(room.data, S("image_bytes"), 0) / 3,
	    (int64_t)png.len / 3);
	CHECK(json_get_i64(room.data, S("max"), 0) >= 195);
	CHECK(json_get_i64(room.data, S("min"), 0) < 120);
	CHECK(json_get_str(room.data, S("sparkline"), S("")).len > 60);
	CHECK_STR(json_get_str(room.data, S("statistic"), S("")),
	    S("Maximum"));
	CHECK(tool_room_sent("\\\"stat\\\":\\\"Maximum\\\""));
	CHECK(tool_room_sent("\\\"value\\\":180"));
}

TEST(the_words_are_the_answer_when_the_image_fails)
{
	CHECK(tool_room_open());
	tool_room_answer("!{\"__type\":\"AccessDenied\",\"message\":\"no\"}");
	tool_room_answer(POINTS);
	CHECK(tool_room_call(TOOL, "{" METRIC "}"));
	CHECK(!room.is_error && image().p == NULL);
	CHECK(tool_room_says("GetMetricWidgetImage"));
	CHECK_INT(json_get_i64(room.data, S("last"), 0), 4);
	tool_room_answer("{\"MetricWidgetImage\":\"PGh0bWw+\"}");
	tool_room_answer(POINTS);
	CHECK(tool_room_call(TOOL, "{" METRIC "}"));
	CHECK(!room.is_error && tool_room_says("no PNG image"));
	tool_room_answer("{}");
	tool_room_answer(POINTS);
	CHECK(tool_room_call(TOOL, "{" METRIC "}"));
	CHECK(!room.is_error && tool_room_says("no PNG image"));
}

TEST(an_image_above_the_bound_is_left_out)
{
	static char answer[1100000];
	size_t len = (size_t)snprintf(answer, sizeof(answer),
	    "{\"MetricWidgetImage\":\"iVBORw0KGgo");

	memset(answer + len, 'A', 1050000);
	memcpy(answer + len + 1050000, "\"}", 3);
	CHECK(tool_room_open());
	tool_room_answer(answer);
	tool_room_answer(POINTS);
	CHECK(tool_room_call(TOOL, "{" METRIC "}"));
	CHECK(!room.is_error && image().p == NULL);
	CHECK(tool_room_says("larger than 1 MiB"));
}

TEST(the_image_is_the_answer_when_the_series_fails)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"MetricWidgetImage\":\"iVBORw0KGgoA\"}");
	tool_room_answer("!{\"__type\":\"AccessDenied\",\"message\":\"no\"}");
	CHECK(tool_room_call(TOOL, "{" METRIC "}"));
	CHECK(!room.is_error && image().len > 0);
	CHECK(json_is(json_get(room.data, S("series_error")), JSON_STRING));
	tool_room_answer("!{\"__type\":\"AccessDenied\",\"message\":\"no\"}");
	tool_room_answer("!{\"__type\":\"AccessDenied\",\"message\":\"no\"}");
	CHECK(tool_room_call(TOOL, "{" METRIC "}"));
	CHECK(room.is_error);
}

TEST(odd_series_are_summed_up_or_said_to_be_empty)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"MetricWidgetImage\":\"iVBORw0KGgoA\"}");
	tool_room_answer("{\"MetricDataResults\":[{\"Id\":\"s0\","
	    "\"Timestamps\":[1794999900,1794999960],"
	    "\"Values\":[1e308,1e308]}]}");
	CHECK(tool_room_call(TOOL, "{" METRIC "}"));
	CHECK(json_is(json_get(room.data, S("mean")), JSON_NUMBER));
	tool_room_answer("{\"MetricWidgetImage\":\"iVBORw0KGgoA\"}");
	tool_room_answer("{\"MetricDataResults\":null}");
	CHECK(tool_room_call(TOOL, "{" METRIC "}"));
	CHECK(tool_room_says("No datapoints"));
	CHECK(tool_room_call(TOOL, "{\"namespace\":\"N\",\"metric_name\":"
	    "\"m\",\"statistic\":\"median\"}"));
	CHECK(room.is_error && tool_room_says("statistic is 'median'"));
}
