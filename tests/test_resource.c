/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URIs against templates.
 */
#include "mcp/resource.h"

#include "test.h"

/* The values joined by '|', or "no". */
static struct str
matched(struct str uri_template, struct str uri)
{
	static char log[512];
	struct buf b = buf_fixed(log, sizeof(log));
	struct resource_match match;
	struct arena a;

	arena_init(&a, 65536);
	if (resource_template_match(&a, uri_template, uri, &match)) {
		for (size_t i = 0; i < match.value_n; i++) {
			buf_addf(&b, i == 0 ? "%s" : "|%s", match.values[i]);
		}
	} else {
		buf_add(&b, S("no"));
	}
	arena_free(&a);
	return buf_str(&b);
}

TEST(variables_take_what_stands_between_the_literals)
{
	CHECK_STR(matched(S("t://{a}"), S("t://x")), S("x"));
	CHECK_STR(matched(S("t://{a}/{b}"), S("t://x/y")), S("x|y"));
	CHECK_STR(matched(S("t://{a}.{b}/end"), S("t://x.y/end")), S("x|y"));
	CHECK_STR(matched(S("{a}:{b}"), S("k:v")), S("k|v"));
	CHECK_STR(matched(S("t://fixed"), S("t://fixed")), S(""));
}

TEST(a_variable_is_never_empty_and_never_holds_a_slash)
{
	CHECK_STR(matched(S("t://{a}"), S("t://")), S("no"));
	CHECK_STR(matched(S("t://{a}"), S("t://x/y")), S("no"));
	CHECK_STR(matched(S("t://{a}/{b}"), S("t:///y")), S("no"));
	CHECK_STR(matched(S("t://{a}/end"), S("t://x/en")), S("no"));
	CHECK_STR(matched(S("t://{a}/end"), S("t://x/endless")), S("no"));
	CHECK_STR(matched(S("t://{a}"), S("")), S("no"));
}

TEST(values_are_percent_decoded_once)
{
	CHECK_STR(matched(S("t://{a}/x"), S("t://a%2Fb%20c/x")), S("a/b c"));
	CHECK_STR(matched(S("t://{a}"), S("t://%2541")), S("%41"));
	CHECK_STR(matched(S("t://{a}"), S("t://%4")), S("no"));
	CHECK_STR(matched(S("t://{a}"), S("t://a+b")), S("a+b"));
}

TEST(a_template_knows_its_variables)
{
	CHECK(resource_template_has(S("t://{id}/data/{part}"), S("part")));
	CHECK(resource_template_has(S("t://{id}/data/{part}"), S("id")));
	CHECK(!resource_template_has(S("t://{id}/data"), S("data")));
	CHECK(!resource_template_has(S("t://fixed"), S("")));
}

static bool
sweep(struct arena *a, void *ctx)
{
	struct resource_match match;

	(void)ctx;
	return resource_template_match(a, S("t://{a}/{b}"), S("t://%41/%42"),
	    &match);
}

TEST(without_memory_nothing_matches)
{
	CHECK(test_fail_sweep(sweep, NULL, 65536) == 2);
}
