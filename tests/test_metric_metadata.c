/* SPDX-License-Identifier: Apache-2.0 */
/*
 * get_metric_metadata and search_metric_metadata through the engine.
 */
#include "test.h"

#include "fake_sys.h"
#include "mcp/mcp.h"
#include "tools/metric_table.h"
#include "tools/tools.h"

static const struct tool *const tools[] = {
	&tools_get_metric_metadata, &tools_search_metric_metadata,
};

static struct fake_sys fake;
static struct arena start, work;
static struct mcp *mcp;
static const struct json *data;
static struct str message;

/* Calls a tool; false when the result is none or an error. */
static bool
call(const struct tool *tool, const char *arguments)
{
	struct mcp_config config = { .name = S("n"), .title = S("t"),
	    .version = S("0"), .tools = tools, .tool_n = 2 };
	struct mcp_message m;
	struct json *args;
	struct json *result;
	struct fail f;

	arena_free(&start);
	arena_free(&work);
	arena_init(&start, (size_t)4 << 20);
	arena_init(&work, (size_t)16 << 20);
	fail_init(&f, &work);
	fake_sys_init(&fake);
	m = (struct mcp_message){ .arena = &work, .sys = &fake.sys,
	    .deadline_ms = fake.mono_ms + 1000 };
	if (mcp_new(&mcp, &config, &start, &f) != ERR_OK ||
	    json_parse(&work, str_from_z(arguments), 0, &args, &f) != ERR_OK ||
	    mcp_call_tool(mcp, &m, tool->name, args, &f) != ERR_OK ||
	    json_parse(&work, m.reply, 0, &result, &f) != ERR_OK) {
		return false;
	}
	data = json_get(result, S("structuredContent"));
	message = json_get_str(data, S("message"), S("(null)"));
	return !json_get_bool(result, S("isError"), false);
}

static bool
get(const char *arguments)
{
	return call(&tools_get_metric_metadata, arguments);
}

static bool
search(const char *arguments)
{
	return call(&tools_search_metric_metadata, arguments);
}

static struct str
member(const char *name)
{
	return json_get_str(data, str_from_z(name), STR_NONE);
}

/* "NAMESPACE NAME" of a row of a list. */
static struct str
row(const char *list, size_t i)
{
	const struct json *r = json_at(json_get(data, str_from_z(list)), i);
	struct str parts[3] = { json_get_str(r, S("namespace"), S("")),
	    S(" "), json_get_str(r, S("metric_name"), S("")) };

	return str_join(&work, parts, 3);
}

static bool
says(const char *part)
{
	struct str needle = str_from_z(part);

	return str_find(message, needle, 0) < message.len;
}

TEST(an_exact_name_gives_unit_statistics_and_dimension_sets)
{
	CHECK(get("{\"namespace\":\"AWS/EC2\","
	    "\"metric_name\":\"CPUUtilization\"}"));
	CHECK_STR(member("unit"), S("Percent"));
	CHECK_STR(member("recommendedStatistics"),
	    S("Average, Minimum, Maximum"));
	CHECK(member("description").p != NULL);
	CHECK_STR(json_get(data, S("dimension_sets"))->text,
	    S("[[\"InstanceId\"],[],[\"AutoScalingGroupName\"],"
	    "[\"ImageId\"],[\"InstanceType\"]]"));
	CHECK_INT(json_get_i64(data, S("recommended_alarms"), -1), 1);
	CHECK_STR(message, S("(null)"));
	CHECK(json_get(data, S("nearest")) == NULL);
}

TEST(a_name_in_the_wrong_case_is_read_as_the_right_one_and_says_so)
{
	CHECK(get("{\"namespace\":\"ec2\","
	    "\"metric_name\":\"cpuutilization\"}"));
	CHECK_STR(member("namespace"), S("AWS/EC2"));
	CHECK_STR(member("metric_name"), S("CPUUtilization"));
	CHECK(says("Read 'ec2' 'cpuutilization' as this metric"));
}

TEST(an_unknown_name_is_never_a_bare_null)
{
	CHECK(get("{\"namespace\":\"AWS/EC2\","
	    "\"metric_name\":\"CPUUtilizatoin\"}"));
	CHECK(member("description").p == NULL);
	CHECK_STR(member("metric_name"), S("CPUUtilizatoin"));
	CHECK_STR(row("nearest", 0), S("AWS/EC2 CPUUtilization"));
	CHECK(says("Nothing is known of 'CPUUtilizatoin' in AWS/EC2"));
	/* Known, but of another service. */
	CHECK(get("{\"namespace\":\"AWS/EC2\","
	    "\"metric_name\":\"ApproximateAgeOfOldestMessage\"}"));
	CHECK_STR(row("nearest", 0),
	    S("AWS/SQS ApproximateAgeOfOldestMessage"));
	CHECK(get("{\"namespace\":\"AWS/SQZ\","
	    "\"metric_name\":\"ApproximateAgeOfOldestMessage\"}"));
	CHECK_STR(row("nearest", 0),
	    S("AWS/SQS ApproximateAgeOfOldestMessage"));
	CHECK(says("namespace 'AWS/SQZ'. Nearest: AWS/SQS"));
	CHECK(get("{\"namespace\":\"Shop/Orders\","
	    "\"metric_name\":\"qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq\"}"));
	CHECK_INT(json_get(data, S("nearest"))->n, 0);
	CHECK(says("list_metrics"));
}

TEST(words_find_metrics_best_first)
{
	CHECK(search("{\"query\":\"ec2 cpu utilization\"}"));
	CHECK_STR(row("metrics", 0), S("AWS/EC2 CPUUtilization"));
	CHECK(search("{\"query\":\"CPUUtilization\","
	    "\"namespace\":\"rds\"}"));
	CHECK_STR(row("metrics", 0), S("AWS/RDS CPUUtilization"));
	CHECK(search("{\"query\":\"the oldest message of sqs\"}"));
	CHECK_STR(row("metrics", 0),
	    S("AWS/SQS ApproximateAgeOfOldestMessage"));
	CHECK(search("{\"query\":\"lambda errors\"}"));
	CHECK_STR(row("metrics", 0), S("AWS/Lambda Errors"));
	CHECK(search("{\"query\":\"elb 5xx\"}"));
	CHECK(str_find(row("metrics", 0), S("5XX"), 0) <
	    row("metrics", 0).len);
}

TEST(a_word_of_the_description_counts_less_than_one_of_the_name)
{
	const struct json *r;
	size_t at = 0;

	CHECK(search("{\"query\":\"throttled\",\"max_items\":2000}"));
	CHECK(str_icontains(row("metrics", 0), S("throttled")));
	for (r = json_at(json_get(data, S("metrics")), 0); r != NULL;
	    r = r->next, at++) {
		if (!str_icontains(json_get_str(r, S("metric_name"), S("")),
		    S("throttle"))) {
			CHECK(str_icontains(json_get_str(r, S("description"),
			    S("")), S("throttle")));
		}
	}
	CHECK_INT(at, json_get_i64(data, S("total"), 0));
}

TEST(a_slip_is_mended_and_named)
{
	CHECK(search("{\"query\":\"cpu utilisation ec2\"}"));
	CHECK_STR(row("metrics", 0), S("AWS/EC2 CPUUtilization"));
	CHECK(says("No metric has 'utilisation': searched for"));
	CHECK(search("{\"query\":\"invocatoins\",\"namespace\":"
	    "\"AWS/Lambda\"}"));
	CHECK_STR(row("metrics", 0), S("AWS/Lambda Invocations"));
}

TEST(words_that_no_metric_has_together_find_those_with_the_most)
{
	CHECK(search("{\"query\":\"lambda iterator age snorkel\"}"));
	CHECK_STR(row("metrics", 0), S("AWS/Lambda IteratorAge"));
	CHECK(says("No metric fits every word; these fit the most."));
}

TEST(what_nothing_fits_gives_near_names_and_a_sentence)
{
	CHECK(search("{\"query\":\"qqqqqqqqqq\"}"));
	CHECK_INT(json_get(data, S("metrics"))->n, 0);
	CHECK_INT(json_get_i64(data, S("total"), -1), 0);
	CHECK(says("No metric of the built-in table fits."));
	CHECK(search("{\"query\":\"cpu\",\"namespace\":\"AWS/EKZ\"}"));
	CHECK(says("Nothing is known of namespace 'AWS/EKZ'. Nearest: "));
	CHECK(says("AWS/EKS"));
}

TEST(every_row_is_reached_by_offset)
{
	char args[128];
	size_t total, at;

	CHECK(search("{\"query\":\"latency\"}"));
	total = (size_t)json_get_i64(data, S("total"), 0);
	CHECK(total > 20);
	CHECK_INT(json_get(data, S("metrics"))->n, 20);
	CHECK(json_get_bool(data, S("has_more_results"), false));
	CHECK(says("offset=20."));
	for (at = 0; at < total; at += json_get(data, S("metrics"))->n) {
		(void)snprintf(args, sizeof(args), "{\"query\":\"latency\","
		    "\"offset\":%zu,\"max_bytes\":4000}", at);
		CHECK(search(args));
		CHECK(json_get(data, S("metrics"))->n > 0);
	}
	CHECK_INT(at, total);
	CHECK(!json_get_bool(data, S("has_more_results"), true));
	CHECK(search("{\"query\":\"latency\",\"offset\":100000}"));
	CHECK_INT(json_get(data, S("metrics"))->n, 0);
}

TEST(a_namespace_alone_lists_its_metrics_and_nothing_lists_the_namespaces)
{
	size_t ns = metric_table_find_namespace(S("AWS/SQS"));

	CHECK(search("{\"namespace\":\"AWS/SQS\",\"max_items\":100}"));
	CHECK_INT(json_get(data, S("metrics"))->n,
	    metric_table_namespace_metric_n(ns));
	CHECK_STR(json_get_str(json_at(json_get(data, S("metrics")), 0),
	    S("metric_name"), S("")),
	    metric_table_name(metric_table_namespace_first(ns)));
	CHECK(search("{}"));
	CHECK_INT(json_get(data, S("namespaces"))->n,
	    metric_table_namespace_n());
	CHECK(json_get(data, S("metrics")) == NULL);
}

TEST(hostile_queries_are_answered)
{
	static const char *const args[] = {
		"{\"query\":\" \"}", "{\"query\":\"...\"}",
		"{\"query\":\"the of\"}", "{\"query\":\"\\u0000\\u0001\"}",
		"{\"query\":\"a b c d e f g h i j k l m n o p q r s t\"}",
		"{\"query\":\"\\u00fc\\u20ac\"}",
		"{\"query\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
	};
	size_t i;

	for (i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		CHECK(search(args[i]));
		CHECK(json_get(data, S("metrics")) != NULL);
	}
}
