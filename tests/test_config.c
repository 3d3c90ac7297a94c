/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings: precedence, bad values and their sentences, Kubernetes' port trap,
 * and that help and README come from the same table.
 */
#include "test.h"

#include "base/log.h"
#include "config.h"

struct pair {
	const char *name, *value;
};

static struct str
lookup(void *ctx, struct str name)
{
	for (const struct pair *p = ctx; p != NULL && p->name != NULL; p++) {
		if (str_eq(name, str_from_z(p->name))) {
			return str_from_z(p->value);
		}
	}
	return STR_NONE;
}

static struct arena arena;
static struct fail fail;

/* Parses up to eight words, the last one NULL. */
static enum err
parse(struct config *c, const struct pair *env, const char *const *words)
{
	struct str list[8];
	size_t n = 0;

	arena_free(&arena);
	arena_init(&arena, 65536);
	fail_init(&fail, &arena);
	for (; words[n] != NULL; n++) {
		list[n] = str_from_z(words[n]);
	}
	return config_parse(c, list, n, lookup, (void *)(uintptr_t)env, &arena,
	    &fail);
}

#define WORDS(...) (const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL }

TEST(defaults_are_those_of_the_documentation)
{
	struct config c;

	CHECK_INT(parse(&c, NULL, WORDS()), ERR_OK);
	CHECK_INT(c.command, CONFIG_SERVE);
	CHECK_STR(c.host, S("127.0.0.1"));
	CHECK_INT(c.port, 3334);
	CHECK_INT(c.log_level, LOG_INFO);
	CHECK(c.region.p == NULL);
	CHECK(!c.stdio && !c.demo);
}

TEST(a_flag_wins_over_the_environment)
{
	static const struct pair env[] = {
		{ "CLOUDWATCH_MCP_PORT", "4000" },
		{ "AWS_REGION", "eu-west-1" },
		{ NULL, NULL },
	};
	struct config c;

	CHECK_INT(parse(&c, env, WORDS("--port=5000")), ERR_OK);
	CHECK_INT(c.port, 5000);
	CHECK_STR(c.region, S("eu-west-1"));
	CHECK(!c.region_given);
	CHECK_INT(parse(&c, env, WORDS("--region", "us-west-2")), ERR_OK);
	CHECK_STR(c.region, S("us-west-2"));
	CHECK(c.region_given);
}

TEST(an_empty_variable_counts_as_unset)
{
	static const struct pair env[] = {
		{ "CLOUDWATCH_MCP_PORT", "" }, { "AWS_REGION", "" },
		{ "AWS_DEFAULT_REGION", "eu-north-1" }, { NULL, NULL },
	};
	struct config c;

	CHECK_INT(parse(&c, env, WORDS()), ERR_OK);
	CHECK_INT(c.port, 3334);
	CHECK_STR(c.region, S("eu-north-1"));
}

TEST(metrics_have_a_port_of_their_own_only_where_it_is_set)
{
	static const struct pair env[] = {
		{ "CLOUDWATCH_MCP_METRICS_PORT", "tcp://10.0.0.1:9090" },
		{ "CLOUDWATCH_MCP_METRICS", "false" }, { NULL, NULL },
	};
	struct config c;

	CHECK_INT(parse(&c, NULL, WORDS()), ERR_OK);
	CHECK_INT(c.metrics_port, -1);
	CHECK(c.metrics);
	CHECK_INT(parse(&c, NULL, WORDS("--metrics-port=0")), ERR_OK);
	CHECK_INT(c.metrics_port, 0);
	CHECK_INT(parse(&c, env, WORDS()), ERR_OK);
	CHECK_INT(c.metrics_port, 9090);
	CHECK(!c.metrics);
}

TEST(the_port_is_taken_from_the_form_that_kubernetes_sets)
{
	static const struct pair env[] = {
		{ "CLOUDWATCH_MCP_PORT", "tcp://10.0.0.1:3399" },
		{ NULL, NULL },
	};
	static const struct pair odd[] = {
		{ "CLOUDWATCH_MCP_PORT", "tcp://10.0.0.1" }, { NULL, NULL },
	};
	struct config c;

	CHECK_INT(parse(&c, env, WORDS()), ERR_OK);
	CHECK_INT(c.port, 3399);
	CHECK_INT(parse(&c, odd, WORDS()), ERR_CONFIG);
}

TEST(our_log_level_variable_wins_over_fastmcps)
{
	static const struct pair env[] = {
		{ "FASTMCP_LOG_LEVEL", "DEBUG" }, { NULL, NULL },
	};
	static const struct pair both[] = {
		{ "FASTMCP_LOG_LEVEL", "DEBUG" },
		{ "CLOUDWATCH_MCP_LOG_LEVEL", "error" }, { NULL, NULL },
	};
	struct config c;

	CHECK_INT(parse(&c, env, WORDS()), ERR_OK);
	CHECK_INT(c.log_level, LOG_DEBUG);
	CHECK_INT(parse(&c, both, WORDS()), ERR_OK);
	CHECK_INT(c.log_level, LOG_ERROR);
	CHECK_INT(parse(&c, NULL, WORDS("--log-level", "critical")), ERR_OK);
	CHECK_INT(c.log_level, LOG_ERROR);
}

TEST(a_bad_value_is_named_with_its_origin_and_range)
{
	static const struct pair env[] = {
		{ "CLOUDWATCH_MCP_WORKERS", "many" }, { NULL, NULL },
	};
	struct config c;

	CHECK_INT(parse(&c, env, WORDS()), ERR_CONFIG);
	CHECK_STR(fail_text(&fail), S("CLOUDWATCH_MCP_WORKERS is 'many'; it "
	    "must be a whole number from 1 to 256"));
	CHECK_INT(parse(&c, NULL, WORDS("--port", "70000")), ERR_CONFIG);
	CHECK_STR(fail_text(&fail), S("--port is '70000'; it must be a whole "
	    "number from 0 to 65535"));
	CHECK_INT(parse(&c, NULL, WORDS("--log-level=loud")), ERR_CONFIG);
	CHECK_STR(fail_text(&fail), S("--log-level is 'loud'; it must be "
	    "ERROR, WARNING, INFO or DEBUG"));
}

TEST(an_unknown_option_names_the_nearest_one)
{
	struct config c;

	CHECK_INT(parse(&c, NULL, WORDS("--prot", "1")), ERR_CONFIG);
	CHECK_STR(fail_text(&fail), S("option '--prot' is not known; did you "
	    "mean 'port'? See --help"));
	CHECK_INT(parse(&c, NULL, WORDS("cal")), ERR_CONFIG);
	CHECK_STR(fail_text(&fail), S("command 'cal' is not known; did you "
	    "mean 'call'? See --help"));
	CHECK_INT(parse(&c, NULL, WORDS("--zzzzzzzzzz")), ERR_CONFIG);
	CHECK_STR(fail_text(&fail), S("option '--zzzzzzzzzz' is not known; "
	    "see --help"));
}

TEST(switches_take_no_value_and_values_must_follow)
{
	struct config c;

	CHECK_INT(parse(&c, NULL, WORDS("--demo=yes")), ERR_CONFIG);
	CHECK_INT(parse(&c, NULL, WORDS("--port")), ERR_CONFIG);
	CHECK_STR(fail_text(&fail), S("--port needs a value"));
	CHECK_INT(parse(&c, NULL, WORDS("--host=")), ERR_CONFIG);
}

TEST(a_switch_in_the_environment_is_true_or_false)
{
	static const struct { const char *value; bool good, on; } cases[] = {
		{ "true", true, true }, { "TRUE", true, true },
		{ "1", true, true }, { "false", true, false },
		{ "0", true, false }, { "", true, false },
		{ "yes please", false, false },
	};
	struct config c;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair env[] = { { "CLOUDWATCH_MCP_IMAGES",
			cases[i].value }, { NULL, NULL } };

		CHECK_INT(parse(&c, env, WORDS()), cases[i].good ? ERR_OK :
		    ERR_CONFIG);
		CHECK(!cases[i].good || c.images == cases[i].on);
	}
	CHECK_STR(fail_text(&fail), S("CLOUDWATCH_MCP_IMAGES is 'yes please'; "
	    "it must be true or false"));
	CHECK_INT(parse(&c, NULL, WORDS("--images")), ERR_OK);
	CHECK(c.images);
}

TEST(commands_check_the_number_of_their_words)
{
	struct config c;

	CHECK_INT(parse(&c, NULL, WORDS("call")), ERR_CONFIG);
	CHECK_STR(fail_text(&fail),
	    S("usage: cloudwatch-mcp call TOOL ['JSON']"));
	CHECK_INT(parse(&c, NULL, WORDS("call", "whoami", "{}", "--demo")),
	    ERR_OK);
	CHECK_INT(c.command, CONFIG_CALL);
	CHECK_INT(c.arg_n, 2);
	CHECK_STR(c.args[0], S("whoami"));
	CHECK(c.demo);
	CHECK_INT(parse(&c, NULL, WORDS("health", "x")), ERR_CONFIG);
	CHECK_INT(parse(&c, NULL, WORDS("call", "--", "--x")), ERR_OK);
	CHECK_STR(c.args[0], S("--x"));
}

TEST(help_and_version_win_over_later_mistakes)
{
	struct config c;

	CHECK_INT(parse(&c, NULL, WORDS("--help", "--nonsense")), ERR_OK);
	CHECK_INT(c.command, CONFIG_HELP);
	CHECK_INT(parse(&c, NULL, WORDS("-h")), ERR_OK);
	CHECK_INT(c.command, CONFIG_HELP);
	CHECK_INT(parse(&c, NULL, WORDS("--version")), ERR_OK);
	CHECK_INT(c.command, CONFIG_VERSION);
}

TEST(help_shows_every_setting_within_80_columns)
{
	static char text[16384];
	struct buf out = buf_fixed(text, sizeof(text));
	struct str rest;

	config_help(&out);
	CHECK(buf_ok(&out));
	rest = buf_str(&out);
	CHECK(str_find(rest, S("--max-connections"), 0) < rest.len);
	CHECK(str_find(rest, S("FASTMCP_LOG_LEVEL"), 0) < rest.len);
	CHECK(str_find(rest, S("AWS_CA_BUNDLE"), 0) < rest.len);
	while (rest.p != NULL) {
		CHECK(str_cut(&rest, '\n').len <= 80);
	}
}

static bool
scenario(struct arena *a, void *ctx)
{
	struct str words[] = { S("call"), S("x") };
	struct config c;
	struct fail f;

	fail_init(&f, a);
	return config_parse(&c, words, 2, lookup, ctx, a, &f) == ERR_OK;
}

TEST(running_out_of_memory_is_an_orderly_error)
{
	CHECK_INT(test_fail_sweep(scenario, NULL, 4096), 1);
}
