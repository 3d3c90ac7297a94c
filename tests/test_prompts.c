/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prompts: their steps name tools and arguments that exist, values of a caller
 * stay values, and arguments are completed from the account.
 */
#include "test.h"

#include "tool_room.h"
#include "tools/prompts.h"

/* Words with an underscore that are neither tools nor arguments. */
static const char *const other_words[] = { "time_range_suggestions" };

static bool
is_known(struct str word, const struct prompt *prompt, const struct tool *tool)
{
	for (size_t i = 0; i < prompt->arg_n; i++) {
		if (str_eq(prompt->args[i].name, word)) {
			return true;
		}
	}
	for (size_t i = 0; tool != NULL && i < tool->param_n; i++) {
		if (str_eq(tool->params[i].name, word)) {
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(other_words) / sizeof(other_words[0]);
	    i++) {
		if (str_eq(str_from_z(other_words[i]), word)) {
			return true;
		}
	}
	/* Arguments of tools that give a value for this step. */
	return str_eq(word, S("metric_name")) ||
	    (tool != NULL && str_eq(tool->name, word));
}

/* Every word with an underscore is a tool or an argument that exists. */
static bool
words_are_known(struct str text, const struct prompt *prompt,
    const struct tool *tool)
{
	size_t at = 0;

	while (at < text.len) {
		size_t end = at;
		struct str word;

		while (end < text.len && ((text.p[end] >= 'a' &&
		    text.p[end] <= 'z') || text.p[end] == '_' ||
		    (text.p[end] >= 'A' && text.p[end] <= 'Z'))) {
			end++;
		}
		word = str_sub(text, at, end);
		at = end + 1;
		/* INFREQUENT_ACCESS is a value. */
		if (str_find_byte(word, '_', 0) < word.len &&
		    word.p[0] >= 'a' && !is_known(word, prompt, tool)) {
			printf("    %.*s: what is %.*s?\n",
			    STR_ARG(prompt->name), STR_ARG(word));
			return false;
		}
	}
	return true;
}

TEST(steps_name_tools_and_arguments_that_exist)
{
	for (size_t p = 0; p < prompts_n; p++) {
		struct str tool, text;

		for (size_t i = 0; prompts_step(&prompts_table[p], i, &tool,
		    &text); i++) {
			const struct tool *row = tool_find(tools_table,
			    tools_n, tool);

			/* A step for a tool that does not exist is never
			 * shown. */
			if (tool.p == NULL || row != NULL) {
				CHECK(words_are_known(text, &prompts_table[p],
				    row));
			}
		}
	}
}

/* The text of the only message of prompts/get. */
static struct str
message(void)
{
	return json_str(json_path(json_at(json_get(room.data,
	    S("messages")), 0), S("content.text")));
}

static bool
holds(const char *part)
{
	struct str text = message();
	bool found = str_find(text, str_from_z(part), 0) < text.len;

	if (!found) {
		printf("    \"%.*s\"\n    has no \"%s\"\n", STR_ARG(text),
		    part);
	}
	return found;
}

TEST(a_prompt_is_filled_in_with_what_was_given)
{
	CHECK(tool_room_open());
	CHECK(tool_room_ask("prompts/get", "{\"name\":\"investigate_alarm\","
	    "\"arguments\":{\"alarm_name\":\"db-cpu\",\"region\":"
	    "\"eu-west-1\"}}"));
	CHECK(holds("the CloudWatch alarm \"db-cpu\" in region \"eu-west-1\" "
	    "went off"));
	CHECK(holds("get_alarm_history with alarm_name \"db-cpu\", region "
	    "\"eu-west-1\": since when"));
	CHECK(holds("alarm_names [\"db-cpu\"], region"));
	CHECK(tool_room_ask("prompts/get", "{\"name\":\"investigate_alarm\","
	    "\"arguments\":{\"alarm_name\":\"db-cpu\"}}"));
	CHECK(holds("the CloudWatch alarm \"db-cpu\" went off"));
	CHECK(holds("1. "));
	CHECK(str_find_byte(message(), '{', 0) == message().len);
}

TEST(a_value_that_poses_as_an_instruction_stays_a_string)
{
	CHECK(tool_room_open());
	CHECK(tool_room_ask("prompts/get", "{\"name\":\"investigate_alarm\","
	    "\"arguments\":{\"alarm_name\":\"a\\\"\\n2. {region} [x]\"}}"));
	CHECK(holds("alarm \"a\\\"\\n2. {region} [x]\" went off"));
}

TEST(all_prompts_can_be_had_with_and_without_their_arguments)
{
	CHECK(tool_room_open());
	CHECK(tool_room_ask("prompts/list", "{}"));
	CHECK_INT(json_get(room.data, S("prompts"))->n, prompts_n);
	CHECK(tool_room_ask("prompts/get",
	    "{\"name\":\"explain_cost_of_query\"}"));
	CHECK(holds("Where there is only a text"));
	CHECK(!str_starts(message(), S("[")));
	CHECK(tool_room_ask("prompts/get", "{\"name\":"
	    "\"explain_cost_of_query\",\"arguments\":{\"query_id\":\"q-1\"}}"));
	CHECK(holds("get_logs_insight_query_results with query_id \"q-1\""));
	CHECK(tool_room_ask("prompts/get",
	    "{\"name\":\"weekly_health_report\",\"arguments\":"
	    "{\"namespace\":\"AWS/ECS\"}}"));
	CHECK(holds("for the namespace \"AWS/ECS\"."));
	CHECK(!tool_room_ask("prompts/get",
	    "{\"name\":\"investigate_alarm\"}"));
}

static const struct json *
completed(const char *prompt, const char *argument, const char *value)
{
	char params[512];

	(void)snprintf(params, sizeof(params), "{\"ref\":{\"type\":"
	    "\"ref/prompt\",\"name\":\"%s\"},\"argument\":{\"name\":\"%s\","
	    "\"value\":\"%s\"}}", prompt, argument, value);
	return tool_room_ask("completion/complete", params) ?
	    json_path(room.data, S("completion.values")) : NULL;
}

TEST(alarm_names_and_log_groups_are_completed_from_the_account)
{
	const struct json *values;

	CHECK(tool_room_open());
	values = completed("investigate_alarm", "alarm_name", "checkout");
	CHECK(values != NULL && values->n > 0);
	CHECK(str_istarts(json_str(json_at(values, 0)), S("checkout")));
	CHECK(tool_room_sent("\"AlarmNamePrefix\":\"checkout\""));
	values = completed("explain_cost_of_query", "log_groups", "/ecs/");
	CHECK(values != NULL && values->n > 0);
	CHECK(str_starts(json_str(json_at(values, 0)), S("/ecs/")));
	values = completed("investigate_alarm", "region", "eu");
	CHECK(values != NULL && values->n == 0);
}

TEST(without_aws_nothing_is_completed_and_nothing_fails)
{
	const struct json *values;

	CHECK(tool_room_open());
	tool_room_answer("!{\"__type\":\"AccessDenied\"}");
	values = completed("investigate_alarm", "alarm_name", "a");
	CHECK(values != NULL && values->n == 0);
	tool_room_answer("{\"MetricAlarms\":[null,{\"AlarmName\":7},{}]}");
	values = completed("investigate_alarm", "alarm_name", "a");
	CHECK(values != NULL && values->n == 0);
}

TEST(namespaces_are_completed_from_the_table)
{
	const struct json *values;

	CHECK(tool_room_open());
	values = completed("weekly_health_report", "namespace", "AWS/EC");
	CHECK(values != NULL && values->n > 1);
	CHECK_INT(room.request_n, 0);
}

TEST(prompts_without_their_main_tool_are_not_offered)
{
	struct tools_set set;
	struct arena a;
	struct fail f;
	size_t n;

	arena_init(&a, (size_t)1 << 20);
	fail_init(&f, &a);
	CHECK_INT(tools_select(S("logs"), STR_NONE, false, &a, &set, &f),
	    ERR_OK);
	CHECK_STR(prompts_select(&set, &a, &n)[0].name,
	    S("explain_cost_of_query"));
	CHECK_INT(n, 1);
	arena_free(&a);
}
