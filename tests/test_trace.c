/* SPDX-License-Identifier: Apache-2.0 */
/* Trace context: the examples of the standard, and what it calls invalid. */
#include "test.h"

#include "proto/trace.h"

#define ID "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"
#define GOOD "00-" ID "-" SPAN "-01"

static struct trace t;

static bool
parse(const char *parent)
{
	return trace_parse(str_from_z(parent), STR_NONE, &t);
}

TEST(a_context_of_version_00_is_read)
{
	CHECK(parse(GOOD));
	CHECK_STR(t.id, S(ID));
	CHECK_STR(t.span, S(SPAN));
	CHECK_INT(t.flags, TRACE_SAMPLED);
	CHECK(t.state.p == NULL);
	CHECK(parse("00-" ID "-" SPAN "-00"));
	CHECK_INT(t.flags, 0);
}

TEST(flags_that_nobody_knows_are_dropped)
{
	CHECK(parse("00-" ID "-" SPAN "-ff"));
	CHECK_INT(t.flags, TRACE_SAMPLED | TRACE_RANDOM);
	CHECK(parse("00-" ID "-" SPAN "-fc"));
	CHECK_INT(t.flags, 0);
}

TEST(a_later_version_may_have_more_behind_a_dash)
{
	CHECK(parse("cc-" ID "-" SPAN "-01"));
	CHECK(parse("cc-" ID "-" SPAN "-01-what-the-future-brings"));
	CHECK_STR(t.id, S(ID));
	CHECK(!parse("cc-" ID "-" SPAN "-01.what-the-future-brings"));
	CHECK(!parse("00-" ID "-" SPAN "-01-what-the-future-brings"));
	CHECK(!parse("00-" ID "-" SPAN "-01-"));
}

TEST(what_is_not_exactly_a_context_is_none)
{
	static const char *const bad[] = {
		"", "00", "ff-" ID "-" SPAN "-01",
		"00-00000000000000000000000000000000-" SPAN "-01",
		"00-" ID "-0000000000000000-01",
		"00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01",
		"00-" ID "-B7AD6B7169203331-01",
		"0A-" ID "-" SPAN "-01", "0-" ID "-" SPAN "-001",
		"00-" ID "-" SPAN "-0", "00-" ID "-" SPAN "-0g",
		"00-" ID "-" SPAN "-0B", "00 " ID "-" SPAN "-01",
		"00-" ID "_" SPAN "-01", "00-" ID "-" SPAN "+01",
		" " GOOD, GOOD " ", "00-" ID "-" SPAN,
		"00-0af7651916cd43dd8448eb211c80319-" SPAN "1-01",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		t.id = S("left over");
		if (parse(bad[i]) || t.id.p != NULL) {
			CHECK_STR(str_from_z(bad[i]), S("refused"));
		}
	}
}

TEST(a_state_is_kept_when_it_is_printable_and_short)
{
	static char text[513];

	CHECK(trace_parse(S(GOOD), S("rojo=00f0,congo=t61"), &t));
	CHECK_STR(t.state, S("rojo=00f0,congo=t61"));
	memset(text, 'a', sizeof(text));
	CHECK(trace_parse(S(GOOD), str_of(text, 512), &t));
	CHECK_INT(t.state.len, 512);
	CHECK(trace_parse(S(GOOD), str_of(text, 513), &t));
	CHECK(t.state.p == NULL);
	CHECK(trace_parse(S(GOOD), S("a=1\r\nX-Evil: 1"), &t));
	CHECK(t.state.p == NULL);
	CHECK(trace_parse(S(GOOD), S("a=\xc3\xa4"), &t));
	CHECK(t.state.p == NULL);
	CHECK(!trace_parse(STR_NONE, S("rojo=00f0"), &t));
	CHECK(t.state.p == NULL);
}

TEST(header_fields_that_come_twice_do_not_count)
{
	struct http1_header h[] = {
		{ S("TraceParent"), S(GOOD) }, { S("tracestate"), S("a=1") },
		{ S("tracestate"), S("b=2") }, { S("traceparent"), S(GOOD) },
	};

	CHECK(trace_from_headers(h, 2, &t));
	CHECK_STR(t.id, S(ID));
	CHECK_STR(t.state, S("a=1"));
	CHECK(trace_from_headers(h, 3, &t));
	CHECK(t.state.p == NULL);
	CHECK(!trace_from_headers(h, 4, &t));
	CHECK(!trace_from_headers(h + 1, 1, &t));
}

TEST(what_is_written_is_read_again)
{
	char text[TRACE_PARENT_LEN];
	struct buf b = buf_fixed(text, sizeof(text));

	CHECK(parse("cc-" ID "-" SPAN "-0b-more"));
	trace_write(&b, &t, S("00f067aa0ba902b7"));
	CHECK(buf_ok(&b));
	CHECK_STR(buf_str(&b), S("00-" ID "-00f067aa0ba902b7-03"));
	CHECK(trace_parse(buf_str(&b), STR_NONE, &t));
}
