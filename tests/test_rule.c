/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in composite alarm rules. Each case is a rule and the names in it, in
 * order, joined by '|'.
 */
#include "test.h"

#include "tools/rule.h"

static void
joined(const char *rule, char *out, size_t size)
{
	struct str names[RULE_NAME_MAX];
	size_t n = rule_names(test_guarded(str_from_z(rule)), names,
	    RULE_NAME_MAX);
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		at += (size_t)snprintf(out + at, size - at, "%s%.*s",
		    i == 0 ? "" : "|", STR_ARG(names[i]));
	}
}

#define CHECK_RULE(rule, want) do { \
	char got_names[1024]; \
	joined(rule, got_names, sizeof(got_names)); \
	CHECK_STR(str_from_z(got_names), S(want)); \
} while (0)

TEST(quoted_names_are_found_in_every_state_function)
{
	CHECK_RULE("ALARM(\"alarm1\") OR ALARM(\"alarm2\")", "alarm1|alarm2");
	CHECK_RULE("OK(\"only-ok\")", "only-ok");
	CHECK_RULE("(ALARM(\"x\") OR ALARM(\"y\")) AND NOT ALARM(\"z\")",
	    "x|y|z");
}

TEST(bare_names_are_found_in_every_state_function)
{
	CHECK_RULE("ALARM(\"a 1\") AND NOT OK(b2) OR ALARM(c3) AND "
	    "INSUFFICIENT_DATA(\"d4\")", "a 1|b2|c3|d4");
	CHECK_RULE("ALARM( spaced )", "spaced");
	CHECK_RULE("ALARM (x)", "x");
}

TEST(a_quoted_name_may_hold_a_parenthesis)
{
	CHECK_RULE("ALARM(\"cpu (prod)\") OR OK('b')", "cpu (prod)|b");
}

TEST(an_arn_stands_for_the_name_at_its_end)
{
	CHECK_RULE("ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:"
	    "db-cpu)", "db-cpu");
}

TEST(at_least_lists_are_read)
{
	CHECK_RULE("AT_LEAST(2, ALARM, (a, \"b,1\", c)) AND NOT ALARM(d)",
	    "a|b,1|c|d");
	CHECK_RULE("AT_LEAST(50%, NOT OK, (a,b))", "a|b");
}

TEST(a_name_appears_once)
{
	CHECK_RULE("ALARM(a) OR (OK(a) AND ALARM(\"a\"))", "a");
}

TEST(text_that_is_no_rule_gives_nothing)
{
	CHECK_RULE("", "");
	CHECK_RULE("FALSE", "");
	CHECK_RULE("ALARM", "");
	CHECK_RULE("ALARM(", "");
	CHECK_RULE("ALARM(\"", "");
	CHECK_RULE("NOT (TRUE)", "");
	CHECK_RULE("arn:aws:x", "");
}

TEST(no_more_names_than_asked_for_are_written)
{
	struct str names[2];

	CHECK_INT(rule_names(S("ALARM(a) OR ALARM(b) OR ALARM(c)"), names, 2),
	    2);
	CHECK_STR(names[1], S("b"));
}
