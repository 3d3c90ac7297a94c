/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments: what is accepted, the exact sentence of every refusal, and the
 * schema that the same table gives.
 */
#include "mcp/args.h"

#include "test.h"

#define CAP ((size_t)1024 * 1024)

static const struct str statistics[] = {
	STR_INIT("Average"), STR_INIT("Sum"), STR_INIT("Maximum"),
};
static const struct param dimension[] = {
	{ .name = STR_INIT("name"), .type = PARAM_STRING, .required = true },
	{ .name = STR_INIT("value"), .type = PARAM_STRING },
};
static const struct param inner[] = {
	{ .name = STR_INIT("deep"), .type = PARAM_BOOLEAN },
};
static const struct param params[] = {
	{ .name = STR_INIT("namespace"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 10,
	    .text = STR_INIT("The namespace") },
	{ .name = STR_INIT("max_items"), .type = PARAM_INTEGER, .min = 1,
	    .max = 100, .fallback = "50" },
	{ .name = STR_INIT("factor"), .type = PARAM_NUMBER, .min = 0,
	    .max = 5 },
	{ .name = STR_INIT("any"), .type = PARAM_NUMBER },
	{ .name = STR_INIT("recent"), .type = PARAM_BOOLEAN,
	    .fallback = "true" },
	{ .name = STR_INIT("statistic"), .type = PARAM_STRING,
	    .choices = statistics, .choice_n = 3,
	    .fallback = "\"Average\"" },
	{ .name = STR_INIT("start"), .type = PARAM_TIME },
	{ .name = STR_INIT("names"), .type = PARAM_STRINGS, .min = 1,
	    .max = 2 },
	{ .name = STR_INIT("kinds"), .type = PARAM_STRINGS,
	    .choices = statistics, .choice_n = 3 },
	{ .name = STR_INIT("dimensions"), .type = PARAM_OBJECTS,
	    .fields = dimension, .field_n = 2 },
	{ .name = STR_INIT("filter"), .type = PARAM_OBJECT, .fields = inner,
	    .field_n = 1, .header = "Filter" },
	{ .name = STR_INIT("positive"), .type = PARAM_INTEGER, .min = 1,
	    .max = INT64_MAX },
};
#define PARAM_N (sizeof(params) / sizeof(params[0]))

/* The checked object, or the sentence. */
static struct str
checked(struct str in)
{
	static char log[8192];
	struct buf b = buf_fixed(log, sizeof(log));
	struct json_writer w = json_writer(&b);
	struct arena a;
	struct fail f;
	struct json *v = NULL;
	const struct json *out;

	arena_init(&a, CAP);
	fail_init(&f, &a);
	if (in.len > 0 && json_parse(&a, in, 0, &v, &f) != ERR_OK) {
		return S("the test's JSON is wrong");
	}
	if (args_check(&a, params, PARAM_N, v, &out, &f) == ERR_OK) {
		json_value(&w, out);
	} else {
		buf_addf(&b, "%s: %s", err_name(f.code), fail_text(&f));
	}
	arena_free(&a);
	return buf_str(&b);
}

#define NS "{\"namespace\":\"a\","

TEST(good_arguments_pass_unchanged)
{
	CHECK_STR(checked(S(NS "\"max_items\":100,\"factor\":0.5,\"any\":-1e9,"
	    "\"recent\":false,\"statistic\":\"Sum\",\"start\":\"-3h\","
	    "\"names\":[\"x\",\"y\"],\"kinds\":[],\"dimensions\":[{\"name\":"
	    "\"n\",\"value\":\"v\"}],\"filter\":{\"deep\":true}}")),
	    S(NS "\"max_items\":100,\"factor\":0.5,\"any\":-1e9,"
	    "\"recent\":false,\"statistic\":\"Sum\",\"start\":\"-3h\","
	    "\"names\":[\"x\",\"y\"],\"kinds\":[],\"dimensions\":[{\"name\":"
	    "\"n\",\"value\":\"v\"}],\"filter\":{\"deep\":true}}"));
}

TEST(null_counts_as_absent_at_every_level)
{
	CHECK_STR(checked(S(NS "\"max_items\":null,\"dimensions\":[{\"name\":"
	    "\"n\",\"value\":null}],\"names\":null}")),
	    S(NS "\"dimensions\":[{\"name\":\"n\"}]}"));
	CHECK_STR(checked(S("{\"namespace\":null}")), S("ARGUMENT: argument "
	    "\"namespace\" is missing; it must be a string of from 1 to 10 "
	    "bytes"));
}

TEST(harmless_variants_are_understood)
{
	CHECK_STR(checked(S(NS "\"max_items\":42.0}")),
	    S(NS "\"max_items\":42.0}"));
	CHECK_STR(checked(S(NS "\"names\":\"one\"}")),
	    S(NS "\"names\":[\"one\"]}"));
	CHECK_STR(checked(S(NS "\"start\":1700000000}")),
	    S(NS "\"start\":\"1700000000\"}"));
}

TEST(a_missing_argument_is_named)
{
	struct str want = S("ARGUMENT: argument \"namespace\" is missing; it "
	    "must be a string of from 1 to 10 bytes");

	CHECK_STR(checked(S("{}")), want);
	CHECK_STR(checked(S("")), want);
	CHECK_STR(checked(S(NS "\"dimensions\":[{\"value\":\"x\"}]}")),
	    S("ARGUMENT: argument \"dimensions[0].name\" is missing; it must "
	    "be a string"));
}

TEST(an_unknown_argument_names_the_nearest)
{
	CHECK_STR(checked(S(NS "\"max_item\":5}")), S("ARGUMENT: unknown "
	    "argument \"max_item\"; did you mean \"max_items\"? The arguments "
	    "are: namespace, max_items, factor, any, recent, statistic, start,"
	    " names, kinds, dimensions, filter, positive"));
	CHECK_STR(checked(S(NS "\"zzzzzzzzz\":5}")), S("ARGUMENT: unknown "
	    "argument \"zzzzzzzzz\"; the arguments are: namespace, max_items, "
	    "factor, any, recent, statistic, start, names, kinds, dimensions, "
	    "filter, positive"));
	CHECK_STR(checked(S(NS "\"dimensions\":[{\"name\":\"n\"},{\"Nam\":1}]}"
	    )), S("ARGUMENT: unknown argument \"dimensions[1].Nam\"; did you "
	    "mean \"name\"? The arguments are: name, value"));
	CHECK_STR(checked(S(NS "\"filter\":{\"0123456789012345678901234567890"
	    "12345678901234567890123456789012345678901234567890\":1}}")),
	    S("ARGUMENT: unknown argument \"filter.01234567890123456789012345"
	    "6789012345678901234567890123456789\"; the arguments are: deep"));
}

TEST(a_wrong_type_says_what_came_and_what_is_allowed)
{
	CHECK_STR(checked(S("{\"namespace\":5}")), S("ARGUMENT: argument "
	    "\"namespace\" must be a string of from 1 to 10 bytes; it was the "
	    "number 5"));
	CHECK_STR(checked(S(NS "\"max_items\":\"42\"}")), S("ARGUMENT: "
	    "argument \"max_items\" must be an integer from 1 to 100; it was "
	    "the string \"42\""));
	CHECK_STR(checked(S(NS "\"recent\":\"true\"}")), S("ARGUMENT: argument"
	    " \"recent\" must be true or false; it was the string \"true\""));
	CHECK_STR(checked(S(NS "\"any\":[1,2]}")), S("ARGUMENT: argument "
	    "\"any\" must be a number; it was an array of 2"));
	CHECK_STR(checked(S(NS "\"names\":{}}")), S("ARGUMENT: argument "
	    "\"names\" must be an array of strings, from 1 to 2 of them; it "
	    "was an object"));
	CHECK_STR(checked(S(NS "\"names\":[1]}")), S("ARGUMENT: argument "
	    "\"names[0]\" must be a string; it was the number 1"));
	CHECK_STR(checked(S(NS "\"names\":[null]}")), S("ARGUMENT: argument "
	    "\"names[0]\" must be a string; it was null"));
	CHECK_STR(checked(S(NS "\"start\":true}")), S("ARGUMENT: argument "
	    "\"start\" must be a time as a string: ISO 8601, epoch seconds, "
	    "\"now\" or relative such as \"-3h\"; it was true"));
	CHECK_STR(checked(S(NS "\"dimensions\":\"x\"}")), S("ARGUMENT: "
	    "argument \"dimensions\" must be an array of objects; it was the "
	    "string \"x\""));
	CHECK_STR(checked(S(NS "\"dimensions\":[7]}")), S("ARGUMENT: argument "
	    "\"dimensions[0]\" must be an object; it was the number 7"));
	CHECK_STR(checked(S(NS "\"filter\":1}")), S("ARGUMENT: argument "
	    "\"filter\" must be an object; it was the number 1"));
}

TEST(a_time_that_cannot_be_read_is_refused)
{
	CHECK_STR(checked(S(NS "\"start\":\"yesterday\"}")), S("ARGUMENT: "
	    "argument \"start\" must be a time as a string: ISO 8601, epoch "
	    "seconds, \"now\" or relative such as \"-3h\"; it was the string "
	    "\"yesterday\""));
	CHECK_STR(checked(S(NS "\"start\":\"2026-01-31T23:59:59Z\"}")),
	    S(NS "\"start\":\"2026-01-31T23:59:59Z\"}"));
}

TEST(out_of_bounds_says_the_bounds)
{
	CHECK_STR(checked(S("{\"namespace\":\"\"}")), S("ARGUMENT: argument "
	    "\"namespace\" must be a string of from 1 to 10 bytes; it was the "
	    "string \"\""));
	CHECK_STR(checked(S(NS "\"max_items\":0}")), S("ARGUMENT: argument "
	    "\"max_items\" must be an integer from 1 to 100; it was the number "
	    "0"));
	CHECK_STR(checked(S(NS "\"max_items\":1.5}")), S("ARGUMENT: argument "
	    "\"max_items\" must be an integer from 1 to 100; it was the number "
	    "1.5"));
	CHECK_STR(checked(S(NS "\"max_items\":1e999}")), S("ARGUMENT: argument"
	    " \"max_items\" must be an integer from 1 to 100; it was the number"
	    " 1e999"));
	CHECK_STR(checked(S(NS "\"factor\":5.01}")), S("ARGUMENT: argument "
	    "\"factor\" must be a number from 0 to 5; it was the number 5.01"
	    ));
	CHECK_STR(checked(S(NS "\"any\":1e999}")), S("ARGUMENT: argument "
	    "\"any\" must be a number; it was the number 1e999"));
	CHECK_STR(checked(S(NS "\"names\":[\"a\",\"b\",\"c\"]}")),
	    S("ARGUMENT: argument \"names\" must be an array of strings, from "
	    "1 to 2 of them; it was an array of 3"));
	CHECK_STR(checked(S(NS "\"positive\":0}")), S("ARGUMENT: argument "
	    "\"positive\" must be an integer at least 1; it was the number 0"
	    ));
}

TEST(a_wrong_choice_names_the_nearest)
{
	CHECK_STR(checked(S(NS "\"statistic\":\"Avrage\"}")), S("ARGUMENT: "
	    "argument \"statistic\" must be \"Average\", \"Sum\" or "
	    "\"Maximum\"; it was the string \"Avrage\"; did you mean "
	    "\"Average\"?"));
	CHECK_STR(checked(S(NS "\"statistic\":\"p99\"}")), S("ARGUMENT: "
	    "argument \"statistic\" must be \"Average\", \"Sum\" or "
	    "\"Maximum\"; it was the string \"p99\""));
	CHECK_STR(checked(S(NS "\"kinds\":[\"Sum\",\"sum\"]}")), S("ARGUMENT: "
	    "argument \"kinds[1]\" must be \"Average\", \"Sum\" or \"Maximum\""
	    "; it was the string \"sum\"; did you mean \"Sum\"?"));
}

TEST(a_long_value_is_shortened_at_a_character)
{
	CHECK_STR(checked(S(NS "\"max_items\":\"01234567890123456789012345678"
	    "901234567890123456789012345678\xe2\x82\xac" "9\"}")),
	    S("ARGUMENT: argument \"max_items\" must be an integer from 1 to "
	    "100; it was the string \"01234567890123456789012345678901234567"
	    "890123456789012345678...\""));
}

static bool
sweep(struct arena *a, void *ctx)
{
	struct fail f;
	struct json *v;
	const struct json *out;
	struct str in = S(NS "\"dimensions\":[{\"name\":\"a\"},{\"name\":\"b\"}"
	    "],\"names\":\"x\"}");

	(void)ctx;
	fail_init(&f, a);
	if (json_parse(a, in, 0, &v, &f) != ERR_OK) {
		return false;
	}
	return args_check(a, params, PARAM_N, v, &out, &f) == ERR_OK;
}

static bool
sweep_refused(struct arena *a, void *ctx)
{
	struct fail f;
	struct json *v;
	const struct json *out;

	(void)ctx;
	fail_init(&f, a);
	if (json_parse(a, S(NS "\"statistic\":\"Som\"}"), 0, &v, &f) !=
	    ERR_OK) {
		return false;
	}
	return args_check(a, params, PARAM_N, v, &out, &f) == ERR_ARGUMENT &&
	    !a->failed;
}

TEST(every_failing_allocation_is_an_orderly_error)
{
	CHECK(test_fail_sweep(sweep, NULL, CAP) > 5);
	CHECK(test_fail_sweep(sweep_refused, NULL, CAP) > 2);
}

TEST(the_table_is_a_plain_json_schema)
{
	char text[4096];
	struct buf b = buf_fixed(text, sizeof(text));
	struct json_writer w = json_writer(&b);

	args_schema(&w, params, PARAM_N);
	CHECK_STR(buf_str(&b), S("{\"type\":\"object\",\"properties\":{"
	    "\"namespace\":{\"type\":\"string\",\"description\":"
	    "\"The namespace\"},"
	    "\"max_items\":{\"type\":\"integer\",\"maximum\":100,"
	    "\"default\":50},"
	    "\"factor\":{\"type\":\"number\",\"maximum\":5},"
	    "\"any\":{\"type\":\"number\"},"
	    "\"recent\":{\"type\":\"boolean\",\"default\":true},"
	    "\"statistic\":{\"type\":\"string\",\"enum\":[\"Average\",\"Sum\","
	    "\"Maximum\"],\"default\":\"Average\"},"
	    "\"start\":{\"type\":\"string\"},"
	    "\"names\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},"
	    "\"maxItems\":2},"
	    "\"kinds\":{\"type\":\"array\",\"items\":{\"type\":\"string\","
	    "\"enum\":[\"Average\",\"Sum\",\"Maximum\"]}},"
	    "\"dimensions\":{\"type\":\"array\",\"items\":{\"type\":\"object\""
	    ",\"properties\":{\"name\":{\"type\":\"string\"},\"value\":{"
	    "\"type\":\"string\"}},\"required\":[\"name\"]}},"
	    "\"filter\":{\"type\":\"object\",\"properties\":{\"deep\":{"
	    "\"type\":\"boolean\"}},\"x-mcp-header\":\"Filter\"},"
	    "\"positive\":{\"type\":\"integer\"}},"
	    "\"required\":[\"namespace\"]}"));
}

TEST(no_parameters_give_an_empty_object_schema)
{
	char text[128];
	struct buf b = buf_fixed(text, sizeof(text));
	struct json_writer w = json_writer(&b);

	args_schema(&w, NULL, 0);
	CHECK_STR(buf_str(&b), S("{\"type\":\"object\",\"properties\":{}}"));
}
