/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tools against the demo account, through the engine, the credential chain
 * and the signer, without a socket: what they answer, that the peer's defects
 * are not there, and the published schema (golden file, size).
 */
#include "test.h"

#include <stdlib.h>

#include "aws/call.h"
#include "base/timefmt.h"
#include "demo/demo.h"
#include "fake_sys.h"
#include "mcp/mcp.h"
#include "tools/tools.h"

#define CALLS "tests/cases/tools/calls.txt"
#define GOLDEN "tests/golden/tools_list.json"

static struct fake_sys fake;
static struct demo demo;
static struct transport transport;
static struct aws aws;
static struct arena start;
static struct arena work;
static struct mcp *mcp;
static struct mcp_message m;

/* The last answer. */
static const struct json *data;  /* structuredContent */
static struct str text;          /* text block */
static bool is_error;

/* What AWS would have to say; NULL: the demo account answers. */
static const char *canned;
static size_t canned_n; /* how many of the next requests get it */
static const char *canned_last; /* what the request behind them gets */
static char sent[65536]; /* bodies of all requests, a line each */
static size_t sent_len;

static void
roundtrip(void *ctx, struct exchange *const *x, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		size_t len = x[i]->body.len;

		if (sent_len + len + 1 < sizeof(sent)) {
			memcpy(sent + sent_len, x[i]->body.p, len);
			sent_len += len;
			sent[sent_len++] = '\n';
		}
		if (canned != NULL && canned_n > 0) {
			canned_n--;
			x[i]->err = ERR_OK;
			x[i]->status = 200;
			x[i]->response_n = 0;
			x[i]->response_body = str_from_z(canned);
			if (canned_n == 0 && canned_last != NULL) {
				canned = canned_last;
				canned_last = NULL;
				canned_n = 1;
			}
			continue;
		}
		transport.roundtrip(transport.ctx, &x[i], 1);
	}
}

static struct transport recorder = { .roundtrip = roundtrip };

static bool
begin_test(void)
{
	struct creds_setup setup = { .sys = &fake.sys,
	    .transport = &recorder };
	struct mcp_config config = {
		.name = S("cloudwatch-mcp"), .title = S("t"),
		.version = S("0"), .instructions = tools_instructions,
		.tools = tools_table, .tool_n = tools_n,
	};
	struct fail f;

	/* Both hold arenas of their own. */
	if (aws.creds != NULL) {
		creds_free(aws.creds);
		demo_free(&demo);
	}
	arena_free(&start);
	arena_init(&start, (size_t)16 << 20);
	fail_init(&f, &start);
	fake_sys_init(&fake);
	fake.now_ms = INT64_C(1795000000000);
	fake_sys_env(&fake, "AWS_ACCESS_KEY_ID", DEMO_ACCESS_KEY);
	fake_sys_env(&fake, "AWS_SECRET_ACCESS_KEY", DEMO_SECRET_KEY);
	fake_sys_env(&fake, "HOME", "/home/app");
	demo_init(&demo, &fake.sys);
	demo_transport(&demo, &transport);
	aws = (struct aws){ .sys = &fake.sys, .transport = &recorder,
	    .region = S("eu-central-1"), .user_agent = S("test") };
	aws.creds = creds_new(&start, &setup);
	canned = NULL;
	canned_last = NULL;
	sent_len = 0;
	return aws.creds != NULL && aws_init(&aws, &f) == ERR_OK &&
	    mcp_new(&mcp, &config, &start, &f) == ERR_OK;
}

/* Calls a tool; false when there was no result at all. */
static bool
call(const char *tool, const char *arguments)
{
	struct json *args;
	struct json *result;
	struct fail f;

	arena_free(&work);
	arena_init(&work, (size_t)64 << 20);
	fail_init(&f, &work);
	m = (struct mcp_message){ .arena = &work, .sys = &fake.sys,
	    .aws = &aws, .deadline_ms = fake.mono_ms + 120000 };
	if (json_parse(&work, str_from_z(arguments), 0, &args, &f) != ERR_OK ||
	    mcp_call_tool(mcp, &m, str_from_z(tool), args, &f) != ERR_OK ||
	    json_parse(&work, m.reply, 0, &result, &f) != ERR_OK) {
		return false;
	}
	data = json_get(result, S("structuredContent"));
	text = json_str(json_get(json_at(json_get(result, S("content")), 0),
	    S("text")));
	is_error = json_get_bool(result, S("isError"), false);
	if (is_error) {
		printf("    %s: %.*s\n", tool, STR_ARG(text));
	}
	return true;
}

static bool
was_sent(const char *part)
{
	return str_find(str_of(sent, sent_len), str_from_z(part), 0) <
	    sent_len;
}

static bool
says(const char *part)
{
	return str_find(text, str_from_z(part), 0) < text.len;
}

static struct str
first_alarm(const char *list)
{
	return json_get_str(json_at(json_get(data, str_from_z(list)), 0),
	    S("alarm_name"), STR_NONE);
}

static const char *
arguments_with(const char *before, struct str name, const char *after)
{
	static char args[2048];

	(void)snprintf(args, sizeof(args), "%s%.*s%s", before, STR_ARG(name),
	    after);
	return args;
}

TEST(the_published_schema_is_the_golden_one)
{
	static char golden[128 * 1024];
	struct str now;
	FILE *f;

	CHECK(begin_test());
	now = mcp_tools_json(mcp, NULL, NULL);
	if (getenv("GOLDEN_UPDATE") != NULL) {
		f = fopen(GOLDEN, "w");
		CHECK(f != NULL);
		(void)fprintf(f, "%.*s\n", STR_ARG(now));
		(void)fclose(f);
	}
	f = fopen(GOLDEN, "r");
	CHECK(f != NULL);
	golden[fread(golden, 1, sizeof(golden) - 1, f)] = '\0';
	(void)fclose(f);
	CHECK_STR(str_trim_ws(str_from_z(golden)), now);
}

TEST(tools_list_costs_a_model_at_most_40000_bytes)
{
	CHECK(begin_test());
	printf("    tools/list: %zu bytes, %zu tools\n",
	    mcp_tools_json(mcp, NULL, NULL).len, tools_n);
	CHECK(mcp_tools_json(mcp, NULL, NULL).len <= 40000);
	for (size_t i = 0; i < tools_n; i++) {
		struct mcp_config config = { .name = S("n"), .title = S("t"),
		    .version = S("0"), .tools = &tools_table[i], .tool_n = 1 };
		struct mcp *one;
		struct fail f;

		fail_init(&f, &start);
		CHECK_INT(mcp_new(&one, &config, &start, &f), ERR_OK);
		if (mcp_tools_json(one, NULL, NULL).len > 2400) {
			printf("    %.*s: %zu bytes\n",
			    STR_ARG(tools_table[i]->name),
			    mcp_tools_json(one, NULL, NULL).len);
		}
		CHECK(mcp_tools_json(one, NULL, NULL).len <= 2400);
	}
	CHECK(tools_instructions.len < 900);
}

/* The last string member of that name in an answer seen before. */
static struct str
remember(struct str name, struct str answer)
{
	static char held[64][2][256];
	static size_t held_n;
	char find[128];
	size_t from, to, i;

	(void)snprintf(find, sizeof(find), "\"%.*s\":\"", STR_ARG(name));
	from = str_find(answer, str_from_z(find), 0);
	for (i = 0; i < held_n && !str_eq(str_from_z(held[i][0]), name);) {
		i++;
	}
	if (from == answer.len || i == 64) {
		return i < held_n ? str_from_z(held[i][1]) : STR_NONE;
	}
	from += strlen(find);
	to = str_find_byte(answer, '"', from);
	held_n += i == held_n;
	(void)snprintf(held[i][0], 256, "%.*s", STR_ARG(name));
	(void)snprintf(held[i][1], 256, "%.*s",
	    STR_ARG(str_sub(answer, from, to)));
	return str_from_z(held[i][1]);
}

/* Arguments of a line of the file with what "$member" stands for, and
 * max_bytes where it is not 0. */
static bool
fill_in(struct str args, unsigned max_bytes, struct buf *out)
{
	size_t at = 0;

	for (;;) {
		size_t dollar = str_find_byte(args, '$', at);
		size_t end;
		struct str value;

		buf_add(out, str_sub(args, at, dollar));
		if (dollar == args.len) {
			break;
		}
		end = str_find_byte(args, '"', dollar);
		value = remember(str_sub(args, dollar + 1, end), text);
		if (value.p == NULL) {
			return false;
		}
		buf_add(out, value);
		at = end;
	}
	if (max_bytes > 0) {
		buf_cut(out, out->len - 1);
		buf_addf(out, args.len > 2 ? ",\"max_bytes\":%u}" :
		    "\"max_bytes\":%u}", (uint64_t)max_bytes);
	}
	return buf_ok(out);
}

TEST(every_answer_stays_within_max_bytes_and_says_when_it_was_cut)
{
	static const unsigned budgets[] = { 0, 4000, 5000, 9000, 30000 };
	static char file[64 * 1024];
	static bool seen[128];
	struct str left;
	FILE *f = fopen(CALLS, "r");

	CHECK(f != NULL);
	left = str_of(file, fread(file, 1, sizeof(file), f));
	(void)fclose(f);
	CHECK(begin_test());
	while (left.len > 0) {
		size_t end = str_find_byte(left, '\n', 0);
		bool may_fail = str_starts(left, S("?"));
		struct str line = str_sub(left, may_fail ? 1 : 0, end);
		size_t space = str_find_byte(line, ' ', 0);
		struct str name = str_sub(line, 0, space);
		size_t whole_len = 0;

		left = str_sub(left, end + 1, left.len);
		for (size_t i = 0; i < tools_n; i++) {
			seen[i] = seen[i] || str_eq(name,
			    tools_table[i]->name);
		}
		for (size_t i = 0; line.p[0] != '#' && i < 5; i++) {
			char args[4096], tool[64];
			struct buf b = buf_fixed(args, sizeof(args) - 1);
			size_t limit = i == 0 ? 60000 : budgets[i];

			if (!fill_in(str_sub(line, space + 1, line.len),
			    budgets[i], &b)) {
				printf("    nothing to fill in: %.*s\n",
				    STR_ARG(line));
				CHECK(false);
			}
			args[b.len] = '\0';
			(void)snprintf(tool, sizeof(tool), "%.*s",
			    STR_ARG(name));
			CHECK(call(tool, args));
			CHECK(!is_error || may_fail);
			if (text.len > limit) {
				printf("    %s: %zu bytes, not %zu\n", tool,
				    text.len, limit);
			}
			CHECK(text.len <= limit);
			whole_len = i == 0 ? text.len : whole_len;
			if (whole_len > limit) {
				CHECK(json_get_bool(data,
				    S("has_more_results"), false));
				CHECK(says("max_bytes"));
			}
		}
	}
	for (size_t i = 0; i < tools_n; i++) {
		if (!seen[i]) {
			printf("    %.*s has no line in " CALLS "\n",
			    STR_ARG(tools_table[i]->name));
		}
		CHECK(seen[i]);
	}
}

static struct tools_set set;
static struct fail failure;

static enum err
choose(const char *allowed, const char *denied)
{
	arena_free(&work);
	arena_init(&work, (size_t)1 << 20);
	fail_init(&failure, &work);
	return tools_select(str_from_z(allowed), str_from_z(denied), false,
	    &work, &set, &failure);
}

static bool
has(const char *name)
{
	return tool_find(set.tools, set.n, str_from_z(name)) != NULL;
}

static bool
complains(const char *part)
{
	struct str said = fail_text(&failure);

	return str_find(said, str_from_z(part), 0) < said.len;
}

static bool
instructs(const char *part)
{
	return str_find(set.instructions, str_from_z(part), 0) <
	    set.instructions.len;
}

TEST(without_settings_all_tools_are_offered)
{
	CHECK_INT(choose("", ""), ERR_OK);
	CHECK_INT(set.n, tools_n - 1);
	CHECK_STR(set.instructions, tools_instructions);
}

TEST(images_are_offered_where_they_are_asked_for)
{
	CHECK_INT(choose("metrics", ""), ERR_OK);
	CHECK(!has("get_metric_image"));
	CHECK_INT(choose("get_metric_image", ""), ERR_CONFIG);
	CHECK_INT(tools_select(STR_NONE, STR_NONE, true, &work, &set,
	    &failure), ERR_OK);
	CHECK(has("get_metric_image"));
}

TEST(families_and_tools_are_chosen_and_denied)
{
	CHECK_INT(choose("alarms, list_metrics", "describe_alarms"), ERR_OK);
	CHECK(has("get_active_alarms") && has("get_alarm_history"));
	CHECK(has("list_metrics"));
	CHECK(!has("describe_alarms") && !has("get_metric_data"));
	CHECK(!has("whoami"));
	CHECK_INT(choose("", "logs"), ERR_OK);
	CHECK(has("whoami") && !has("describe_log_groups"));
	CHECK_STR(tools_family(tool_find(tools_table, tools_n,
	    S("describe_log_groups"))), S("logs"));
}

TEST(an_unknown_name_in_the_settings_is_refused_with_the_nearest)
{
	CHECK_INT(choose("alarm", ""), ERR_CONFIG);
	CHECK(complains("CLOUDWATCH_MCP_TOOLS"));
	CHECK(complains("did you mean 'alarms'?"));
	CHECK_INT(choose("", "describe_alarm"), ERR_CONFIG);
	CHECK(complains("CLOUDWATCH_MCP_TOOLS_DENY"));
	CHECK(complains("did you mean 'describe_alarms'?"));
	CHECK_INT(choose("xyzzy", ""), ERR_CONFIG);
	CHECK(complains("Families: account, alarms, metrics, logs"));
	CHECK_INT(choose("alarms", "alarms"), ERR_CONFIG);
	CHECK(complains("no tool is left"));
}

TEST(instructions_name_only_tools_that_are_offered)
{
	CHECK_INT(choose("alarms", ""), ERR_OK);
	CHECK(instructs("get_active_alarms"));
	CHECK(instructs("RFC 3339"));
	CHECK(!instructs("get_metric_data"));
	CHECK(!instructs("describe_log_groups"));
	for (size_t i = 0; i < tools_n; i++) {
		CHECK_INT(tools_select(tools_table[i]->name, STR_NONE, true,
		    &work, &set, &failure), ERR_OK);
		CHECK_INT(set.n, 1);
		CHECK(!tools_names_other(set.instructions, set.tools, 1));
	}
}

TEST(families_stand_together)
{
	for (size_t i = 2; i < tools_n; i++) {
		struct str family = tools_family(tools_table[i]);

		for (size_t k = 0; k + 1 < i; k++) {
			CHECK(!str_eq(tools_family(tools_table[k]), family) ||
			    str_eq(tools_family(tools_table[i - 1]), family));
		}
	}
}

TEST(defect_18_every_tool_is_annotated_and_has_a_short_name)
{
	for (size_t i = 0; i < tools_n; i++) {
		CHECK(tools_table[i]->flags & TOOL_READ_ONLY);
		CHECK(tools_table[i]->name.len <= 40);
		CHECK(tools_table[i]->output_schema.len > 0);
		CHECK(tools_table[i]->title.len > 0);
	}
}

TEST(whoami_works_without_arguments)
{
	CHECK(begin_test());
	CHECK(call("whoami", "{}"));
	CHECK(!is_error);
	CHECK_INT(json_get_str(data, S("account_id"), S("")).len, 12);
	CHECK_STR(json_get_str(data, S("region"), S("")), S("eu-central-1"));
	CHECK(str_starts(json_get_str(data, S("arn"), S("")), S("arn:aws:")));
}

TEST(region_argument_wins_and_is_named_in_the_answer)
{
	CHECK(begin_test());
	CHECK(call("get_active_alarms", "{\"region\":\"us-west-2\"}"));
	CHECK_STR(json_get_str(data, S("region"), S("")), S("us-west-2"));
	CHECK(call("get_active_alarms", "{\"region\":null}"));
	CHECK_STR(json_get_str(data, S("region"), S("")), S("eu-central-1"));
}

TEST(active_alarms_are_cut_at_max_items_and_say_so)
{
	CHECK(begin_test());
	CHECK(call("get_active_alarms", "{\"max_items\":2}"));
	CHECK_INT(json_get(data, S("metric_alarms"))->n +
	    json_get(data, S("composite_alarms"))->n, 2);
	CHECK(json_get_bool(data, S("has_more_results"), false));
	CHECK(says("There is more than is shown"));
	CHECK(call("get_active_alarms", "{}"));
	CHECK(!json_get_bool(data, S("has_more_results"), true));
	CHECK(json_get(data, S("composite_alarms"))->n > 0);
}

TEST(defect_3_an_alarm_without_threshold_shows_null)
{
	const struct json *alarm;
	size_t without = 0;

	CHECK(begin_test());
	CHECK(call("describe_alarms", "{\"max_items\":1000}"));
	alarm = json_at(json_get(data, S("metric_alarms")), 0);
	for (; alarm != NULL; alarm = alarm->next) {
		const struct json *t = json_get(alarm, S("threshold"));

		CHECK(t != NULL);
		without += t->type == JSON_NULL;
	}
	CHECK(without > 0);
}

TEST(alarms_are_filtered_by_state_name_and_type)
{
	CHECK(begin_test());
	CHECK(call("describe_alarms", "{\"state_value\":\"OK\","
	    "\"alarm_types\":\"CompositeAlarm\"}"));
	CHECK(!is_error);
	CHECK_INT(json_get(data, S("metric_alarms"))->n, 0);
	CHECK(was_sent("\"AlarmTypes\":[\"CompositeAlarm\"]"));
	CHECK(call("describe_alarms", "{\"alarm_names\":[\"a\"],"
	    "\"alarm_name_prefix\":\"b\"}"));
	CHECK(is_error && says("not both"));
}

TEST(defect_5_a_composite_alarm_has_history)
{
	struct str name;

	CHECK(begin_test());
	CHECK(call("get_active_alarms", "{}"));
	name = first_alarm("composite_alarms");
	CHECK(name.len > 0);
	CHECK(call("get_alarm_history", arguments_with("{\"alarm_name\":\"",
	    name, "\",\"start_time\":\"-14d\"}")));
	CHECK(!is_error);
	CHECK(was_sent("\"AlarmTypes\":[\"MetricAlarm\",\"CompositeAlarm\"]"));
	CHECK(json_get(data, S("history_items"))->n > 0);
	CHECK(json_get(data, S("time_range_suggestions"))->n > 0);
}

TEST(defect_13_components_and_saved_queries_keep_their_order)
{
	struct str name;
	const struct json *names, *details;

	CHECK(begin_test());
	CHECK(call("get_active_alarms", "{}"));
	name = first_alarm("composite_alarms");
	CHECK(call("get_alarm_history", arguments_with("{\"alarm_name\":\"",
	    name, "\",\"include_component_alarms\":true}")));
	CHECK(!is_error);
	names = json_get(data, S("component_alarms"));
	details = json_get(data, S("component_details"));
	CHECK(names->n > 0);
	CHECK_INT(names->n, details->n);
	CHECK_STR(json_get_str(json_at(details, 0), S("alarm_name"), S("")),
	    json_str(json_at(names, 0)));
}

TEST(an_unknown_alarm_is_an_error_that_says_where_it_looked)
{
	CHECK(begin_test());
	CHECK(call("get_alarm_history", "{\"alarm_name\":\"no-such\"}"));
	CHECK(is_error);
	CHECK(says("'no-such'") && says("eu-central-1"));
}

#define HISTORY(time, state) \
	"{\"AlarmName\":\"a\",\"Timestamp\":" time ",\"HistoryItemType\":" \
	"\"StateUpdate\",\"HistoryData\":\"{\\\"newState\\\":{" \
	"\\\"stateValue\\\":\\\"" state "\\\"}}\"}"

TEST(flapping_gives_one_range_over_the_episode)
{
	const struct json *ranges;

	CHECK(begin_test());
	/* The alarm is described first: the same text serves both requests,
	 * because each reads only its own members. */
	canned = "{\"MetricAlarms\":[{\"AlarmName\":\"a\",\"Period\":60,"
	    "\"EvaluationPeriods\":2}],\"AlarmHistoryItems\":["
	    HISTORY("1755090000", "ALARM") ","
	    HISTORY("1755001200", "ALARM") ","
	    HISTORY("1755000600", "OK") ","
	    HISTORY("1755000000", "ALARM") "]}";
	canned_n = 2;
	CHECK(call("get_alarm_history", "{\"alarm_name\":\"a\"}"));
	ranges = json_get(data, S("time_range_suggestions"));
	CHECK_INT(ranges->n, 4);
	CHECK_STR(json_get_str(json_at(ranges, 2), S("start_time"), S("")),
	    S("2025-08-12T11:50:00Z"));
	CHECK_STR(json_get_str(json_at(ranges, 2), S("end_time"), S("")),
	    S("2025-08-12T12:02:00Z"));
	CHECK_STR(json_get_str(json_at(ranges, 3), S("start_time"), S("")),
	    S("2025-08-12T11:50:00Z"));
	CHECK_STR(json_get_str(json_at(ranges, 3), S("end_time"), S("")),
	    S("2025-08-12T12:22:00Z"));
}

TEST(defect_17_one_odd_member_costs_only_itself)
{
	CHECK(begin_test());
	canned = "{\"logGroups\":[{\"logGroupName\":\"/a\"},"
	    "{\"logGroupName\":7,\"storedBytes\":\"x\",\"creationTime\":{}},"
	    "{\"logGroupName\":\"/c\",\"storedBytes\":5}]}";
	canned_n = 1;
	CHECK(call("describe_log_groups", "{}"));
	CHECK(!is_error);
	CHECK_INT(json_get(data, S("log_group_metadata"))->n, 3);
	CHECK(says("\"storedBytes\":null"));
	CHECK(says("\"storedBytes\":5"));
}

TEST(log_groups_come_with_saved_queries)
{
	CHECK(begin_test());
	CHECK(call("describe_log_groups", "{}"));
	CHECK(json_get(data, S("log_group_metadata"))->n >= 25);
	CHECK(json_get(data, S("saved_queries"))->n > 0);
	CHECK(call("describe_log_groups", "{\"max_items\":3}"));
	CHECK_INT(json_get(data, S("log_group_metadata"))->n, 3);
	CHECK(json_get_bool(data, S("has_more_results"), false));
}

TEST(metrics_are_listed_and_their_data_read)
{
	const struct json *metric, *result;
	static char args[2048];
	struct json_writer w;
	struct buf b;

	CHECK(begin_test());
	CHECK(call("list_metrics", "{\"namespace\":\"AWS/ApplicationELB\","
	    "\"metric_name\":\"TargetResponseTime\"}"));
	metric = json_at(json_get(data, S("metrics")), 0);
	CHECK(metric != NULL);
	b = buf_fixed(args, sizeof(args));
	w = json_writer(&b);
	json_begin_object(&w);
	json_put_string(&w, S("namespace"), S("AWS/ApplicationELB"));
	json_put_string(&w, S("metric_name"), S("TargetResponseTime"));
	json_put_value(&w, S("dimensions"), json_get(metric,
	    S("dimensions")));
	json_put_string(&w, S("statistic"), S("p99"));
	json_put_string(&w, S("start_time"), S("-1h"));
	json_end_object(&w);
	buf_add_byte(&b, '\0');
	CHECK(buf_ok(&b));
	CHECK(call("get_metric_data", args));
	CHECK(!is_error);
	CHECK(was_sent("\"Stat\":\"p99\""));
	CHECK_INT(json_get_i64(data, S("period"), 0), 60);
	result = json_at(json_get(data, S("metricDataResults")), 0);
	CHECK(json_get(result, S("datapoints"))->n >= 55);
	CHECK_STR(json_get_str(result, S("statusCode"), S("")),
	    S("Complete"));
}

TEST(an_empty_answer_is_not_taken_for_zero)
{
	const struct json *result;
	struct str why;

	CHECK(begin_test());
	CHECK(call("get_metric_data", "{\"namespace\":\"AWS/RDS\","
	    "\"metric_name\":\"DatabaseConnections\"}"));
	CHECK(!is_error);
	result = json_at(json_get(data, S("metricDataResults")), 0);
	CHECK_INT(json_get(result, S("datapoints"))->n, 0);
	why = json_str(json_at(json_get(result, S("messages")), 0));
	CHECK(str_find(why, S("list_metrics"), 0) < why.len);
	CHECK(call("get_metric_data", "{\"namespace\":\"AWS/RDS\","
	    "\"metric_name\":\"Nope\",\"schema_dimension_keys\":"
	    "[\"DBInstanceIdentifier\"],\"group_by_dimension\":"
	    "\"DBInstanceIdentifier\"}"));
	CHECK_INT(json_get(data, S("metricDataResults"))->n, 0);
	CHECK_INT(json_get(data, S("messages"))->n, 1);
}

TEST(a_quiet_history_says_since_when_the_alarm_is_as_it_is)
{
	struct str why;

	CHECK(begin_test());
	CHECK(call("get_alarm_history", "{\"alarm_name\":"
	    "\"platform-oom-kills-promql\"}"));
	CHECK(!is_error);
	CHECK_INT(json_get(data, S("history_items"))->n, 0);
	why = json_get_str(data, S("message"), S(""));
	CHECK(str_starts(why, S("No StateUpdate between 20")));
	CHECK(str_find(why, S("the state, ALARM, was last set at 20"), 0) <
	    why.len);
}

TEST(an_alarm_on_a_promql_query_shows_the_query)
{
	const struct json *alarm;

	CHECK(begin_test());
	CHECK(call("describe_alarms", "{\"alarm_names\":"
	    "[\"platform-oom-kills-promql\"]}"));
	alarm = json_at(json_get(data, S("metric_alarms")), 0);
	CHECK(str_starts(json_get_str(alarm, S("promql_query"), S("")),
	    S("sum by (PodName)")));
}

TEST(defect_16_all_pages_of_a_metric_are_read)
{
	CHECK(begin_test());
	canned = "{\"MetricDataResults\":[{\"Id\":\"m1\",\"Label\":\"l\","
	    "\"Timestamps\":[1.5],\"Values\":[2],\"StatusCode\":"
	    "\"PartialData\"}],\"NextToken\":\"t\"}";
	canned_n = 1;
	canned_last = "{\"MetricDataResults\":[{\"Id\":\"m1\",\"Label\":"
	    "\"l\",\"Timestamps\":[3],\"Values\":[4],\"StatusCode\":"
	    "\"Complete\"}]}";
	CHECK(call("get_metric_data", "{\"namespace\":\"a\",\"metric_name\":"
	    "\"b\"}"));
	CHECK(!is_error);
	CHECK(was_sent("\"NextToken\":\"t\""));
	CHECK_INT(json_get(json_at(json_get(data, S("metricDataResults")), 0),
	    S("datapoints"))->n, 2);
}

TEST(insights_arguments_become_a_metrics_insights_query)
{
	CHECK(begin_test());
	CHECK(call("get_metric_data", "{\"namespace\":\"AWS/ECS\","
	    "\"metric_name\":\"CPUUtilization\",\"schema_dimension_keys\":"
	    "[\"ClusterName\",\"ServiceName\"],\"group_by_dimension\":"
	    "\"ServiceName\",\"statistic\":\"MAX\",\"limit\":3}"));
	CHECK(!is_error);
	CHECK(was_sent("SELECT MAX(\\\"CPUUtilization\\\")"));
	CHECK(json_get(data, S("metricDataResults"))->n >= 2);
}

TEST(queries_are_checked_one_by_one)
{
	CHECK(begin_test());
	CHECK(call("get_metric_data", "{\"queries\":[{\"id\":\"a\"}]}"));
	CHECK(is_error && says("'a'") && says("exactly one"));
	CHECK(call("get_metric_data", "{\"queries\":[{\"id\":\"a\","
	    "\"metric_stat\":{\"namespace\":\"n\",\"metric_name\":\"m\","
	    "\"statistic\":\"p999\"}}]}"));
	CHECK(is_error && says("p999"));
	CHECK(call("get_metric_data", "{}"));
	CHECK(is_error && says("namespace"));
	CHECK(call("get_metric_data", "{\"namespace\":\"n\",\"metric_name\":"
	    "\"m\",\"statistic\":\"mean\"}"));
	CHECK(is_error && says("'mean'"));
}

TEST(a_range_that_runs_backwards_is_refused)
{
	CHECK(begin_test());
	CHECK(call("get_metric_data", "{\"namespace\":\"n\",\"metric_name\":"
	    "\"m\",\"start_time\":\"2026-01-02\",\"end_time\":"
	    "\"2026-01-01\"}"));
	CHECK(is_error && says("2026-01-02T00:00:00Z"));
}

#define QUERY "{\"log_group_names\":[\"/ecs/shop-prod/checkout\"]," \
	"\"start_time\":\"-1h\",\"end_time\":\"now\",\"query_string\":"

TEST(a_query_runs_to_its_end_and_can_be_fetched_again)
{
	struct str id;

	CHECK(begin_test());
	CHECK(call("execute_log_insights_query",
	    QUERY "\"stats count(*) as n by bin(5m)\"}"));
	CHECK(!is_error);
	CHECK_STR(json_get_str(data, S("status"), S("")), S("Complete"));
	CHECK(json_get(data, S("results"))->n > 0);
	CHECK(fake.sleep_n > 0);
	id = str_dup(&start, json_get_str(data, S("queryId"), S("")));
	CHECK(call("get_logs_insight_query_results",
	    arguments_with("{\"query_id\":\"", id, "\"}")));
	CHECK_STR(json_get_str(data, S("status"), S("")), S("Complete"));
}

TEST(defect_12_a_query_that_is_too_slow_returns_its_id_and_runs_on)
{
	CHECK(begin_test());
	canned = "{\"queryId\":\"q-1\",\"status\":\"Running\",\"results\":[]}";
	canned_n = 1000;
	CHECK(call("execute_log_insights_query",
	    QUERY "\"fields a\",\"max_timeout\":3}"));
	CHECK(!is_error);
	CHECK_STR(json_get_str(data, S("status"), S("")),
	    S("Polling Timeout"));
	CHECK_STR(json_get_str(data, S("queryId"), S("")), S("q-1"));
	CHECK(says("get_logs_insight_query_results"));
	CHECK(fake.slept_ms <= 3000);
}

TEST(a_cancelled_query_is_stopped_in_aws)
{
	static struct cancel cancel;
	struct json *args;
	struct fail f;

	CHECK(begin_test());
	canned = "{\"queryId\":\"q-1\",\"status\":\"Running\",\"results\":[],"
	    "\"success\":true}";
	canned_n = 1000;
	fake.cancel_at_wait = &cancel;
	arena_free(&work);
	arena_init(&work, (size_t)64 << 20);
	fail_init(&f, &work);
	m = (struct mcp_message){ .arena = &work, .sys = &fake.sys,
	    .aws = &aws, .deadline_ms = fake.mono_ms + 120000,
	    .cancel = &cancel };
	CHECK_INT(json_parse(&work, S(QUERY "\"fields a\"}"), 0, &args, &f),
	    ERR_OK);
	CHECK_INT(mcp_call_tool(mcp, &m, S("execute_log_insights_query"),
	    args, &f), ERR_OK);
	CHECK(str_ends(str_of(sent, sent_len),
	    S("{\"queryId\":\"q-1\"}\n{\"queryId\":\"q-1\"}\n")));
}

TEST(defect_11_a_failed_query_is_an_error)
{
	CHECK(begin_test());
	canned = "{\"queryId\":\"q-1\",\"status\":\"Timeout\",\"results\":[]}";
	canned_n = 2;
	CHECK(call("execute_log_insights_query", QUERY "\"fields a\"}"));
	CHECK(is_error && says("Timeout"));
	CHECK(call("execute_log_insights_query", "{\"start_time\":\"-1h\","
	    "\"end_time\":\"now\",\"query_string\":\"fields a\"}"));
	CHECK(is_error && says("log_group_names"));
}

TEST(a_malformed_query_shows_where)
{
	CHECK(begin_test());
	CHECK(call("execute_log_insights_query", QUERY "\"fieldz x\"}"));
	CHECK(is_error && says("malformed") && says("fieldz"));
}

TEST(a_query_is_stopped_by_its_id)
{
	CHECK(begin_test());
	canned = "{\"success\":true}";
	canned_n = 1;
	CHECK(call("cancel_logs_insight_query", "{\"query_id\":\"q-1\"}"));
	CHECK(json_get_bool(data, S("success"), false));
}

TEST(every_filter_of_list_metrics_reaches_aws)
{
	const struct json *list;

	CHECK(begin_test());
	canned = "{\"Metrics\":[{\"Namespace\":\"n\",\"MetricName\":\"a\"},"
	    "{\"Namespace\":\"n\",\"MetricName\":\"b\"}],"
	    "\"OwningAccounts\":[\"111122223333\",\"444455556666\"]}";
	canned_n = 1;
	CHECK(call("list_metrics", "{\"dimensions\":[{\"name\":\"any\"},"
	    "{\"name\":\"one\",\"value\":\"v\"}],\"recently_active\":true,"
	    "\"include_linked_accounts\":true,\"max_items\":1}"));
	CHECK(!is_error);
	CHECK(was_sent("\"Dimensions\":[{\"Name\":\"any\"},"
	    "{\"Name\":\"one\",\"Value\":\"v\"}]"));
	CHECK(was_sent("\"RecentlyActive\":\"PT3H\""));
	CHECK(was_sent("\"IncludeLinkedAccounts\":true"));
	list = json_get(data, S("metrics"));
	CHECK_INT(list->n, 1);
	CHECK_STR(json_get_str(json_at(list, 0), S("owning_account"), S("")),
	    S("111122223333"));
	CHECK(json_get_bool(data, S("has_more_results"), false));
	CHECK(says("Narrow by namespace"));
}

TEST(all_pages_of_the_metrics_are_read)
{
	CHECK(begin_test());
	canned = "{\"Metrics\":[{\"Namespace\":\"n\",\"MetricName\":\"a\"}],"
	    "\"NextToken\":\"t\"}";
	canned_n = 1;
	canned_last = "{\"Metrics\":[{\"Namespace\":\"n\",\"MetricName\":"
	    "\"b\"}]}";
	CHECK(call("list_metrics", "{}"));
	CHECK(was_sent("\"NextToken\":\"t\""));
	CHECK_INT(json_get(data, S("metrics"))->n, 2);
	CHECK(!json_get_bool(data, S("has_more_results"), true));
}

TEST(no_metric_at_all_is_said_in_words)
{
	CHECK(begin_test());
	CHECK(call("list_metrics", "{\"namespace\":\"No/Such\"}"));
	CHECK(!is_error && says("No metric with data"));
}

TEST(a_metric_list_that_aws_cuts_off_is_an_error)
{
	CHECK(begin_test());
	canned = "{\"Metrics\":[";
	canned_n = 1;
	CHECK(call("list_metrics", "{}"));
	CHECK(is_error && says("ListMetrics"));
}

TEST(log_groups_take_a_prefix_or_a_pattern)
{
	CHECK(begin_test());
	CHECK(call("describe_log_groups", "{\"log_group_name_prefix\":\"a\","
	    "\"log_group_name_pattern\":\"b\"}"));
	CHECK(is_error && says("not both"));
}

TEST(all_pages_of_the_log_groups_and_linked_accounts_are_read)
{
	CHECK(begin_test());
	canned = "{\"logGroups\":[{\"logGroupName\":\"a\"}],"
	    "\"nextToken\":\"t\"}";
	canned_n = 1;
	canned_last = "{\"logGroups\":[{\"logGroupName\":\"b\"}]}";
	CHECK(call("describe_log_groups", "{\"log_group_name_prefix\":"
	    "\"p\",\"include_linked_accounts\":true,"
	    "\"account_identifiers\":[\"111122223333\"]}"));
	CHECK(!is_error);
	CHECK(was_sent("\"logGroupNamePrefix\":\"p\""));
	CHECK(was_sent("\"includeLinkedAccounts\":true,"
	    "\"accountIdentifiers\":[\"111122223333\"]"));
	CHECK(was_sent("\"nextToken\":\"t\""));
	CHECK(says("\"a\"") && says("\"b\""));
}

TEST(queries_of_both_kinds_reach_aws)
{
	CHECK(begin_test());
	CHECK(call("get_metric_data", "{\"queries\":[{\"id\":\"m\","
	    "\"return_data\":false,\"metric_stat\":{\"namespace\":\"n\","
	    "\"metric_name\":\"m\",\"statistic\":\"Sum\",\"period\":300}},"
	    "{\"id\":\"e\",\"expression\":\"m * 2\",\"label\":\"twice\","
	    "\"account_id\":\"111122223333\"}]}"));
	CHECK(was_sent("\"Id\":\"m\",\"MetricStat\":{"));
	CHECK(was_sent("\"ReturnData\":false"));
	CHECK(was_sent("\"Id\":\"e\",\"Expression\":\"m * 2\""));
	CHECK(was_sent("\"Label\":\"twice\",\"AccountId\":\"111122223333\","
	    "\"ReturnData\":true"));
}

TEST(messages_of_aws_and_uneven_answers_are_passed_on)
{
	CHECK(begin_test());
	canned = "{\"MetricDataResults\":[{\"Id\":\"m1\",\"Timestamps\":[1,2],"
	    "\"Values\":[3],\"Messages\":[{\"Code\":\"c\",\"Value\":"
	    "\"inner\"}]}],\"Messages\":[{\"Code\":\"c\",\"Value\":"
	    "\"outer\"}]}";
	canned_n = 1;
	CHECK(call("get_metric_data", "{\"namespace\":\"a\",\"metric_name\":"
	    "\"b\"}"));
	CHECK(!is_error);
	CHECK(says("inner") && says("outer"));
	CHECK(says("different numbers of timestamps"));
}

TEST(a_query_names_its_groups_in_one_way)
{
	CHECK(begin_test());
	CHECK(call("execute_log_insights_query", "{\"log_group_names\":[\"a\"],"
	    "\"log_group_identifiers\":[\"b\"],\"start_time\":\"-1h\","
	    "\"end_time\":\"now\",\"query_string\":\"fields @message\"}"));
	CHECK(is_error && says("not both"));
	canned = "{}";
	canned_n = 1;
	CHECK(call("execute_log_insights_query", "{\"log_group_identifiers\":"
	    "[\"arn:b\"],\"start_time\":\"-1h\",\"end_time\":\"now\","
	    "\"limit\":7,\"query_string\":\"fields @message\"}"));
	CHECK(is_error && says("without a queryId"));
	CHECK(was_sent("\"logGroupIdentifiers\":[\"arn:b\"]"));
	CHECK(was_sent("\"limit\":7"));
}
