/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of tools and the page of one tool, as a person reads them.
 */
#include "cli/cli.h"
#include "test.h"

static const struct str choices[] = { STR_INIT("up"), STR_INIT("down") };

static const struct param params[] = {
	{ .name = STR_INIT("s"), .type = PARAM_STRING, .required = true,
	    .text = STR_INIT("Some text") },
	{ .name = STR_INIT("i"), .type = PARAM_INTEGER,
	    .fallback = "7", .text = STR_INIT("How many") },
	{ .name = STR_INIT("f"), .type = PARAM_NUMBER },
	{ .name = STR_INIT("b"), .type = PARAM_BOOLEAN },
	{ .name = STR_INIT("t"), .type = PARAM_TIME },
	{ .name = STR_INIT("list"), .type = PARAM_STRINGS },
	{ .name = STR_INIT("rows"), .type = PARAM_OBJECTS },
	{ .name = STR_INIT("row"), .type = PARAM_OBJECT },
	{ .name = STR_INIT("way"), .type = PARAM_STRING, .choices = choices,
	    .choice_n = 2, .text = STR_INIT("Where to") },
	{ .name = STR_INIT("other_way"), .type = PARAM_STRING,
	    .choices = choices, .choice_n = 2 },
	{ .name = STR_INIT("a_name_that_is_wider_than_its_column"),
	    .type = PARAM_STRING, .text = STR_INIT("Still apart") },
};
static const struct tool lift = { .name = STR_INIT("lift"),
    .title = STR_INIT("Lift"), .params = params,
    .param_n = sizeof(params) / sizeof(params[0]),
    .description = STR_INIT("Moves a thing. Asks nobody.") };
static const struct tool drop = { .name = STR_INIT("drop"),
    .title = STR_INIT("Drop"), .description = STR_INIT("Lets go") };
static const struct tool *const tools[] = { &lift, &drop };
static const struct mcp_config config = { .tools = tools, .tool_n = 2 };

static char out_text[4096], complaint[4096];
static struct buf out, err;

static int
run(struct str name)
{
	out = buf_fixed(out_text, sizeof(out_text));
	err = buf_fixed(complaint, sizeof(complaint));
	return cli_tools(&config, name, &out, &err);
}

static bool
has_line(struct str line)
{
	struct str rest = buf_str(&out);

	while (rest.p != NULL) {
		if (str_eq(str_cut(&rest, '\n'), line)) {
			return true;
		}
	}
	return false;
}

TEST(the_list_has_a_line_a_tool_with_its_first_sentence)
{
	CHECK_INT(run(STR_NONE), CLI_OK);
	CHECK_STR(buf_str(&out),
	    S("lift                              Moves a thing.\n"
	    "drop                              Lets go\n"));
	CHECK_INT(err.len, 0);
}

TEST(one_tool_shows_its_arguments)
{
	CHECK_INT(run(S("lift")), CLI_OK);
	CHECK(str_starts(buf_str(&out),
	    S("lift: Lift\nMoves a thing. Asks nobody.\n\n")));
	CHECK(has_line(S("  s string                            "
	    "required  Some text")));
	CHECK(has_line(S("  i integer                           "
	    "How many; default: 7")));
	CHECK(has_line(S("  way string                          "
	    "Where to; up | down")));
	CHECK(has_line(S("  other_way string                    up | down")));
	CHECK(has_line(S("  f number")));
	CHECK(has_line(S("  a_name_that_is_wider_than_its_column string "
	    "Still apart")));
	CHECK(str_ends(buf_str(&out),
	    S("\n\ncloudwatch-mcp call lift '{...}'\n")));
	CHECK_INT(err.len, 0);
}

TEST(every_type_has_a_name)
{
	static const char *const types[] = { "f number", "b boolean", "t time",
	    "list strings", "rows objects", "row object" };

	CHECK_INT(run(S("lift")), CLI_OK);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct str all = buf_str(&out);

		CHECK(str_find(all, str_from_z(types[i]), 0) < all.len);
	}
}

TEST(an_unknown_tool_gets_the_nearest_name)
{
	CHECK_INT(run(S("lifd")), CLI_USAGE);
	CHECK_STR(buf_str(&err),
	    S("there is no tool 'lifd'; did you mean 'lift'?\n"));
	CHECK_INT(out.len, 0);
}

TEST(an_unknown_tool_far_from_all_gets_no_guess)
{
	CHECK_INT(run(S("xyzzy_plugh")), CLI_USAGE);
	CHECK_STR(buf_str(&err), S("there is no tool 'xyzzy_plugh'\n"));
}

TEST(the_reference_in_markdown_marks_what_is_required)
{
	out = buf_fixed(out_text, sizeof(out_text));
	cli_markdown(&config, &out);
	CHECK(has_line(S("| `drop` | Lets go |  |")));
	CHECK(has_line(S("| `lift` | Moves a thing. Asks nobody. | "
	    "**`s`**, `i` = 7, `f`, `b`, `t`, `list`, `rows`, `row`, `way`, "
	    "`other_way`, `a_name_that_is_wider_than_its_column` |")));
}
