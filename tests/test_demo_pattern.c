/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filter patterns: what the service's documentation says matches, matches.
 */
#include "test.h"

#include "demo/demo_pattern.h"

/* 1 it matches, 0 not, -1 the pattern is refused. */
static int
match(const char *pattern, const char *message)
{
	struct arena a, scratch;
	struct demo_pattern p;
	int result = -1;

	arena_init(&a, 1 << 20);
	arena_init(&scratch, 1 << 20);
	if (demo_pattern_parse(&a, test_guarded(str_from_z(pattern)), &p)) {
		result = demo_pattern_match(&p, str_from_z(message), &scratch);
	}
	arena_free(&a);
	arena_free(&scratch);
	return result;
}

TEST(words_must_all_be_there_but_optional_and_excluded_ones)
{
	CHECK_INT(match("", "anything"), 1);
	CHECK_INT(match("ERROR code", "ERROR: code 5"), 1);
	CHECK_INT(match("ERROR code", "ERROR"), 0);
	CHECK_INT(match("error", "ERROR"), 0);
	CHECK_INT(match("\"INTERNAL SERVER\"", "[INTERNAL SERVER ERROR]"), 1);
	CHECK_INT(match("?ERROR ?WARN", "a WARN b"), 1);
	CHECK_INT(match("?ERROR ?WARN", "INFO"), 0);
	CHECK_INT(match("ERROR -EXITING", "ERROR EXITING"), 0);
	CHECK_INT(match("ERROR -\"EXITING NOW\"", "ERROR EXITING"), 1);
	CHECK_INT(match("a ?", "a b"), -1);
	CHECK_INT(match("\"\"", "a"), -1);
}

TEST(json_members_are_compared)
{
	const char *m = "{\"level\":\"ERROR\",\"n\":5,\"a\":{\"b\":\"x-y\"},"
	    "\"none\":null,\"yes\":true}";

	CHECK_INT(match("{ $.level = ERROR }", m), 1);
	CHECK_INT(match("{$.level=\"ERR*\"}", m), 1);
	CHECK_INT(match("{ $.level != ERROR }", m), 0);
	CHECK_INT(match("{ $.n >= 5 && $.n < 5.5 }", m), 1);
	CHECK_INT(match("{ $.a.b = *-y }", m), 1);
	CHECK_INT(match("{ $.nope != 1 }", m), 0);
	CHECK_INT(match("{ $.none IS NULL }", m), 1);
	CHECK_INT(match("{ $.yes IS TRUE }", m), 1);
	CHECK_INT(match("{ $.yes IS FALSE }", m), 0);
	CHECK_INT(match("{ $.nope NOT EXISTS }", m), 1);
	CHECK_INT(match("{ $.n NOT EXISTS }", m), 0);
	CHECK_INT(match("{ $.n = 5 }", "no json"), 0);
}

TEST(and_binds_closer_than_or_and_parentheses_closest)
{
	const char *m = "{\"a\":1,\"b\":2,\"c\":3}";

	CHECK_INT(match("{ $.a = 1 || $.b = 0 && $.c = 0 }", m), 1);
	CHECK_INT(match("{ ($.a = 1 || $.b = 0) && $.c = 0 }", m), 0);
	CHECK_INT(match("{ ($.a = 1) && ($.b = 2 && ($.c = 3)) }", m), 1);
	CHECK_INT(match("{ $.a = 0 || $.b = 0 || $.c = 3 }", m), 1);
}

TEST(fields_are_counted_and_compared)
{
	const char *m = "127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "
	    "\"GET /index.html HTTP/1.0\" 404 1534";

	CHECK_INT(match("[ip, user, name, time, request, status, bytes]", m),
	    1);
	CHECK_INT(match("[ip, user, name, time, request, status]", m), 0);
	CHECK_INT(match("[ip, user, name, time, request, status=4*, bytes]",
	    m), 1);
	CHECK_INT(match("[..., status = 404 || status = 410, bytes > 1000]",
	    m), 1);
	CHECK_INT(match("[..., status=200, bytes]", m), 0);
	CHECK_INT(match("[ip, ..., bytes>1000]", m), 1);
	CHECK_INT(match("[ip=\"10*\", ...]", m), 0);
	CHECK_INT(match("[a, b]", "x \"y z\""), 1);
	CHECK_INT(match("[a, b]", ""), 0);
	CHECK_INT(match("[...]", ""), 1);
}

TEST(a_regex_stands_between_percent_signs)
{
	CHECK_INT(match("%ERR[A-Z]+ \\d%", "an ERROR 5"), 1);
	CHECK_INT(match("%ERR[A-Z]+ \\d%", "an ERROR x"), 0);
	CHECK_INT(match("%(%", "("), -1);
	CHECK_INT(match("%", "%"), -1);
}

TEST(malformed_patterns_are_refused)
{
	static const char *const bad[] = { "{ }", "{ $.a }", "{ $.a = }",
	    "{ a = 1 }", "{ $.a = 1 && }", "{ ($.a = 1 }", "{ $.a = 1) }",
	    "{ $.a = 1 $.b = 2 }", "{ && }", "[]", "[a,]", "[a=1 &&]" };
	char deep[400] = "{ ";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (match(bad[i], "{\"a\":1}") != -1) {
			printf("    %s\n", bad[i]);
			CHECK(false);
		}
	}
	memset(deep + 2, '(', 300);
	CHECK_INT(match(deep, "{}"), 0);
	deep[302] = '}';
	CHECK_INT(match(deep, "{}"), -1);
}
