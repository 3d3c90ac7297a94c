/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One tool called from the command line: exit status, what goes to standard
 * output and what to standard error.
 */
#include "cli/cli.h"
#include "fake_sys.h"
#include "test.h"

static enum err
nest(struct call *c)
{
	json_begin_object(c->out);
	json_put_string(c->out, S("text"), tool_arg_str(c, S("text")));
	json_key(c->out, S("list"));
	json_begin_array(c->out);
	json_integer(c->out, 1);
	json_begin_object(c->out);
	json_end_object(c->out);
	json_end_array(c->out);
	json_key(c->out, S("none"));
	json_begin_array(c->out);
	json_end_array(c->out);
	json_end_object(c->out);
	return ERR_OK;
}

static enum err
refuse(struct call *c)
{
	return fail_set(c->fail, ERR_AWS_ACCESS, 0, S("AWS said no"));
}

/* A result without structuredContent. */
static enum err
raw(struct call *c)
{
	json_begin_object(c->out);
	json_key(c->out, S("content"));
	json_begin_array(c->out);
	json_end_array(c->out);
	json_end_object(c->out);
	return ERR_OK;
}

/* A slow tool with a series of numbers. */
static enum err
series(struct call *c)
{
	c->progress(c, 1, 3, S("reading"));
	c->progress(c, 2.5, 0, STR_NONE);
	json_begin_object(c->out);
	json_key(c->out, S("list"));
	json_begin_array(c->out);
	json_begin_object(c->out);
	json_put_string(c->out, S("label"), S("Load"));
	json_key(c->out, S("datapoints"));
	json_begin_array(c->out);
	for (int i = 0; i < 4; i++) {
		static const char *const times[] = { "2026-01-01T00:01:00Z",
		    "2026-01-01T00:00:00Z", "2026-01-01T00:02:00Z",
		    "2026-01-01T00:04:00Z" };

		json_begin_object(c->out);
		json_put_string(c->out, S("timestamp"),
		    str_from_z(times[i]));
		json_put_integer(c->out, S("value"), i == 3 ? 80 : i * 10);
		json_end_object(c->out);
	}
	json_end_array(c->out);
	json_end_object(c->out);
	json_end_array(c->out);
	json_end_object(c->out);
	return ERR_OK;
}

static const struct param text_param = { .name = STR_INIT("text"),
    .type = PARAM_STRING };
static const struct tool nest_tool = { .name = STR_INIT("nest"),
    .params = &text_param, .param_n = 1, .run = nest };
static const struct tool refuse_tool = { .name = STR_INIT("refuse"),
    .run = refuse };
static const struct tool raw_tool = { .name = STR_INIT("raw"),
    .flags = TOOL_RAW_RESULT, .run = raw };
static const struct tool series_tool = { .name = STR_INIT("series"),
    .run = series };
static const struct tool *const tools[] = { &nest_tool, &refuse_tool,
    &raw_tool, &series_tool };

static char out_text[4096], complaint[4096];
static struct buf out, err;
static struct cli_terminal terminal;
static char lines[1024];

static void
note_line(void *ctx, struct str line)
{
	size_t len = strlen(lines);

	(void)ctx;
	(void)snprintf(lines + len, sizeof(lines) - len, "%.*s|",
	    STR_ARG(line));
}

static int
call(struct str name, struct str arguments)
{
	static struct fake_sys fake;
	struct mcp_config config = { .name = S("n"), .title = S("t"),
		.version = S("0"), .tools = tools, .tool_n = 4 };
	struct arena start, work;
	struct mcp_message m;
	struct mcp *mcp = NULL;
	struct fail f;
	int status = -1;

	out = buf_fixed(out_text, sizeof(out_text));
	err = buf_fixed(complaint, sizeof(complaint));
	arena_init(&start, (size_t)1 << 20);
	arena_init(&work, (size_t)1 << 20);
	fake_sys_init(&fake);
	fail_init(&f, &start);
	m = (struct mcp_message){ .arena = &work, .sys = &fake.sys,
	    .deadline_ms = fake.mono_ms + 1000 };
	if (mcp_new(&mcp, &config, &start, &f) == ERR_OK) {
		status = cli_call(mcp, &m, name, arguments, &terminal, &out,
		    &err);
	}
	fake_sys_free(&fake);
	arena_free(&work);
	arena_free(&start);
	return status;
}

TEST(a_result_is_printed_with_a_member_a_line)
{
	CHECK_INT(call(S("nest"), S("{\"text\":\"a\\\"b\"}")), CLI_OK);
	CHECK_STR(buf_str(&out), S("{\n"
	    "  \"text\": \"a\\\"b\",\n"
	    "  \"list\": [\n"
	    "    1,\n"
	    "    {}\n"
	    "  ],\n"
	    "  \"none\": []\n"
	    "}\n"));
	CHECK_INT(err.len, 0);
}

TEST(arguments_may_be_left_out)
{
	CHECK_INT(call(S("nest"), S("")), CLI_OK);
	CHECK(str_starts(buf_str(&out), S("{\n  \"text\": ")));
}

TEST(a_result_without_structured_content_is_printed_whole)
{
	CHECK_INT(call(S("raw"), S("{}")), CLI_OK);
	CHECK_STR(buf_str(&out), S("{\n  \"content\": []\n}\n"));
}

TEST(an_error_result_goes_to_standard_error_with_status_1)
{
	CHECK_INT(call(S("refuse"), S("")), CLI_FAILED);
	CHECK_STR(buf_str(&err), S("AWS said no\n"));
	CHECK_INT(out.len, 0);
}

TEST(arguments_that_are_not_json_are_refused_with_their_place)
{
	CHECK_INT(call(S("nest"), S("{\"text\":}")), CLI_USAGE);
	CHECK(str_starts(buf_str(&err), S("the arguments are not JSON: ")));
	CHECK(str_ends(buf_str(&err), S(" (at byte 8)\n")));
	CHECK_INT(call(S("nest"), S("{\"text\":\"a\",\"text\":\"b\"}")),
	    CLI_USAGE);
}

TEST(arguments_have_to_be_an_object)
{
	CHECK_INT(call(S("nest"), S("[]")), CLI_USAGE);
	CHECK(str_starts(buf_str(&err),
	    S("the arguments must be a JSON object")));
}

TEST(an_unknown_tool_is_a_mistake_of_the_caller)
{
	CHECK_INT(call(S("nets"), S("")), CLI_USAGE);
	CHECK(str_find(buf_str(&err), S("nets"), 0) < err.len);
}

TEST(a_person_at_a_terminal_sees_progress_and_series)
{
	terminal = (struct cli_terminal){ .status = note_line, .draw = true };
	lines[0] = '\0';
	CHECK_INT(call(S("series"), S("")), CLI_OK);
	CHECK_STR(str_from_z(lines), S("reading: 1 of 3|working: 2||"));
	/* Sorted by time, a gap where nothing was. */
	CHECK(str_ends(buf_str(&out), S("}\n"
	    "Load\n"
	    "  \xe2\x96\x82\xe2\x96\x81\xe2\x96\x83\xc2\xb7\xe2\x96\x88"
	    "  0 to 80\n")));
	terminal = (struct cli_terminal){ .draw = false };
}

TEST(a_script_sees_json_only)
{
	lines[0] = '\0';
	CHECK_INT(call(S("series"), S("")), CLI_OK);
	CHECK_INT(strlen(lines), 0);
	CHECK(str_ends(buf_str(&out), S("\n}\n")));
	CHECK_INT(err.len, 0);
}
