/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prompts by name, their messages, and the candidates of a completion.
 */
#include "mcp/prompt.h"

#include "test.h"

static const struct prompt prompts[] = {
	{ .name = STR_INIT("investigate_alarm") },
	{ .name = STR_INIT("summarise_errors") },
};

TEST(prompts_are_found_by_exact_name_and_suggested_by_a_near_one)
{
	CHECK(prompt_find(prompts, 2, S("summarise_errors")) == &prompts[1]);
	CHECK(prompt_find(prompts, 2, S("Summarise_errors")) == NULL);
	CHECK_STR(prompt_nearest(prompts, 2, S("summarize_error")),
	    S("summarise_errors"));
	CHECK(prompt_nearest(prompts, 2, S("other")).p == NULL);
}

TEST(a_message_is_one_block_of_text)
{
	char text[256];
	struct buf b = buf_fixed(text, sizeof(text));
	struct json_writer w = json_writer(&b);

	json_begin_array(&w);
	prompt_text(&w, S("user"), S("a \"b\"\n"));
	prompt_text(&w, S("assistant"), S(""));
	json_end_array(&w);
	CHECK_STR(buf_str(&b), S("[{\"role\":\"user\",\"content\":{\"type\":"
	    "\"text\",\"text\":\"a \\\"b\\\"\\n\"}},{\"role\":\"assistant\","
	    "\"content\":{\"type\":\"text\",\"text\":\"\"}}]"));
}

TEST(candidates_begin_with_what_was_typed)
{
	struct completion c = { .value = S("aw") };

	prompt_complete(&c, S("AWS/EC2"));
	prompt_complete(&c, S("Custom"));
	prompt_complete(&c, S("a"));
	prompt_complete(&c, S("awk"));
	CHECK_INT(c.n, 2);
	CHECK_INT(c.total, 2);
	CHECK_STR(c.values[0], S("AWS/EC2"));
	CHECK_STR(c.values[1], S("awk"));
}

TEST(candidates_beyond_the_limit_are_counted_only)
{
	struct completion c = { .value = S("") };

	for (int i = 0; i < MCP_COMPLETION_MAX_N + 5; i++) {
		prompt_complete(&c, S("x"));
	}
	CHECK_INT(c.n, MCP_COMPLETION_MAX_N);
	CHECK_INT(c.total, MCP_COMPLETION_MAX_N + 5);
}
