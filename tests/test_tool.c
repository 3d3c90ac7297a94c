/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Typed access to arguments, defaults, and look-up by name.
 */
#include "mcp/tool.h"

#include "mcp/args.h"
#include "test.h"

static const struct param params[] = {
	{ .name = STR_INIT("s"), .type = PARAM_STRING,
	    .fallback = "\"plain\"" },
	{ .name = STR_INIT("t"), .type = PARAM_STRING },
	{ .name = STR_INIT("i"), .type = PARAM_INTEGER,
	    .fallback = "7" },
	{ .name = STR_INIT("j"), .type = PARAM_INTEGER },
	{ .name = STR_INIT("f"), .type = PARAM_NUMBER,
	    .fallback = "0.25" },
	{ .name = STR_INIT("g"), .type = PARAM_NUMBER },
	{ .name = STR_INIT("b"), .type = PARAM_BOOLEAN,
	    .fallback = "true" },
	{ .name = STR_INIT("a"), .type = PARAM_STRINGS },
};
static const struct tool first = { .name = STR_INIT("get_metric_data"),
    .params = params, .param_n = sizeof(params) / sizeof(params[0]) };
static const struct tool second = { .name = STR_INIT("list_metrics") };
static const struct tool *const tools[] = { &first, &second };

static struct arena arena;

static struct call
call_with(struct str text)
{
	struct call c = { .tool = &first, .arena = &arena };
	struct fail f;
	struct json *v;

	arena_free(&arena);
	arena_init(&arena, 65536);
	fail_init(&f, &arena);
	if (json_parse(&arena, text, 0, &v, &f) != ERR_OK ||
	    args_check(&arena, params, first.param_n, v, &c.args, &f) !=
	    ERR_OK) {
		test_fail(__FILE__, __LINE__, "the test's arguments are wrong");
	}
	return c;
}

TEST(absent_arguments_have_their_defaults)
{
	struct call c = call_with(S("{\"i\":null}"));

	CHECK_STR(tool_arg_str(&c, S("s")), S("plain"));
	CHECK(tool_arg_str(&c, S("t")).p == NULL);
	CHECK_INT(tool_arg_i64(&c, S("i")), 7);
	CHECK_INT(tool_arg_i64(&c, S("j")), 0);
	CHECK(tool_arg_f64(&c, S("f")) == 0.25);
	CHECK(tool_arg_f64(&c, S("g")) == 0);
	CHECK(tool_arg_bool(&c, S("b")));
	CHECK(tool_arg(&c, S("a")) == NULL);
	arena_free(&arena);
}

TEST(given_arguments_win_over_defaults)
{
	struct call c = call_with(S("{\"s\":\"x\",\"t\":\"\",\"i\":-5.0,"
	    "\"f\":3,\"b\":false,\"a\":\"one\"}"));

	CHECK_STR(tool_arg_str(&c, S("s")), S("x"));
	CHECK(tool_arg_str(&c, S("t")).p != NULL);
	CHECK_INT(tool_arg_i64(&c, S("i")), -5);
	CHECK(tool_arg_f64(&c, S("f")) == 3);
	CHECK(!tool_arg_bool(&c, S("b")));
	CHECK_INT(tool_arg(&c, S("a"))->n, 1);
	arena_free(&arena);
}

TEST(tools_are_found_by_exact_name)
{
	CHECK(tool_find(tools, 2, S("list_metrics")) == &second);
	CHECK(tool_find(tools, 2, S("List_metrics")) == NULL);
	CHECK(tool_find(tools, 0, S("list_metrics")) == NULL);
}

TEST(a_near_name_is_suggested_and_a_far_one_is_not)
{
	CHECK_STR(tool_nearest(tools, 2, S("list_metric")), S("list_metrics"));
	CHECK_STR(tool_nearest(tools, 2, S("getMetricData")),
	    S("get_metric_data"));
	CHECK(tool_nearest(tools, 2, S("whoami")).p == NULL);
	CHECK(tool_nearest(tools, 2, S("")).p == NULL);
}
