/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event streams: what is written reads back; the reader gives the same events
 * however the bytes are cut.
 */
#include "test.h"

#include "base/err.h"
#include "base/limits.h"
#include "proto/sse.h"

/* Reads the stream in pieces of `step` bytes and lists its events as
 * "[name|data|id]". Returns false on an error, with its code in *err. */
static bool
read_all(struct arena *a, struct str stream, size_t step, size_t data_max,
    struct buf *log, enum err *err)
{
	struct sse_reader r;
	size_t used = 0;

	sse_reader_init(&r, a, data_max);
	while (used < stream.len) {
		struct str part = test_guarded(str_sub(stream, used,
		    used + step));
		struct sse_event event;
		bool got;
		long n = sse_read(&r, part, &event, &got);

		if (n <= 0) {
			*err = (enum err)-n;
			return false;
		}
		MUST((size_t)n == part.len || got);
		used += (size_t)n;
		if (got) {
			buf_addf(log, "[%s|%s|%s]", event.name, event.data,
			    event.id);
		}
	}
	if (r.retry_ms > 0) {
		buf_addf(log, "retry %u", r.retry_ms);
	}
	*err = ERR_OK;
	return true;
}

/* The same events at every step width. */
static bool
reads(struct str stream, const char *want)
{
	for (size_t step = 1; step <= stream.len + 1; step++) {
		struct arena a;
		struct buf log;
		enum err err;
		bool ok;

		arena_init(&a, 1 << 20);
		log = buf_in(&a, 4096);
		ok = read_all(&a, stream, step, 4096, &log, &err) &&
		    str_eq(buf_str(&log), str_from_z(want));
		if (!ok) {
			printf("    step %zu: %.*s\n", step,
			    STR_ARG(buf_str(&log)));
		}
		arena_free(&a);
		if (!ok) {
			return false;
		}
	}
	return true;
}

/* ---- writing ---- */

TEST(an_event_is_written_line_by_line)
{
	char memory[256];
	struct buf b = buf_fixed(memory, sizeof(memory));

	sse_event(&b, S("message"), S("{\"a\":1}"));
	CHECK_STR(buf_str(&b), S("event: message\ndata: {\"a\":1}\n\n"));
	buf_clear(&b);
	sse_event(&b, STR_NONE, S("a\nb\r\nc\rd\n"));
	CHECK_STR(buf_str(&b),
	    S("data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"));
	buf_clear(&b);
	sse_event(&b, STR_NONE, S("a\r"));
	CHECK_STR(buf_str(&b), S("data: a\ndata: \n\n"));
	buf_clear(&b);
	sse_event(&b, S(""), STR_NONE);
	CHECK_STR(buf_str(&b), S("data: \n\n"));
	buf_clear(&b);
	sse_comment(&b, S("still here"));
	CHECK_STR(buf_str(&b), S(": still here\n\n"));
	CHECK(buf_ok(&b));
}

TEST(line_ends_cannot_be_injected)
{
	char memory[256];
	struct buf b = buf_fixed(memory, sizeof(memory));

	sse_event(&b, S("a\ndata: b"), S("c"));
	CHECK(!buf_ok(&b));
	buf_clear(&b);
	sse_event(&b, S("a\rdata: b"), S("c"));
	CHECK(!buf_ok(&b));
	buf_clear(&b);
	sse_comment(&b, S("a\nb"));
	CHECK(!buf_ok(&b));
}

TEST(what_is_written_reads_back)
{
	char memory[256];
	struct buf b = buf_fixed(memory, sizeof(memory));

	sse_comment(&b, S("hello"));
	sse_event(&b, S("progress"), S(" leading blank: kept\n\nthird"));
	sse_comment(&b, S(""));
	sse_event(&b, STR_NONE, S(""));
	CHECK(buf_ok(&b));
	CHECK(reads(buf_str(&b),
	    "[progress| leading blank: kept\n\nthird|][message||]"));
}

/* ---- reading ---- */

TEST(all_three_line_ends_are_read)
{
	CHECK(reads(S("data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\r\n\n"),
	    "[message|a|][message|b|][message|c|][message|d|]"));
	CHECK(reads(S("data: a\r\ndata: b\r\n\r\n"), "[message|a\nb|]"));
	CHECK(reads(S("data: a\r\rdata: b\n\r"), "[message|a|][message|b|]"));
}

TEST(fields_follow_the_standard)
{
	CHECK(reads(S(": comment\ndata:a\ndata:  b\ndata\nid: 7\nevent: x\n"
	    "unknown: y\nnocolon\n\n"), "[x|a\n b\n|7]"));
	CHECK(reads(S("data:\n\n"), "[message||]"));
	CHECK(reads(S("data\n\n"), "[message||]"));
}

TEST(an_event_without_data_is_not_delivered)
{
	CHECK(reads(S("event: lost\n\n\n\ndata: a\n\n"), "[message|a|]"));
	CHECK(reads(S(":\n\n"), ""));
}

TEST(the_id_stays_until_it_changes)
{
	CHECK(reads(S("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n"),
	    "[message|a|1][message|b|1][message|c|]"));
	CHECK(reads(S("id: 1\nid: 2\0" "3\ndata: a\n\n"), "[message|a|1]"));
}

TEST(retry_takes_digits_only)
{
	CHECK(reads(S("retry: 1500\n"), "retry 1500"));
	CHECK(reads(S("retry: 1500x\n"), ""));
	CHECK(reads(S("retry: -1\n"), ""));
	CHECK(reads(S("retry:\n"), ""));
}

TEST(a_byte_order_mark_is_skipped_once)
{
	CHECK(reads(S("\xef\xbb\xbf" "data: a\n\n"), "[message|a|]"));
	CHECK(reads(S("\n\xef\xbb\xbf" "data: a\n\n"), ""));
}

TEST(a_cut_event_is_not_delivered)
{
	CHECK(reads(S("data: a\n\ndata: b\n"), "[message|a|]"));
	CHECK(reads(S("data: a\n\ndata: b"), "[message|a|]"));
}

TEST(reading_stops_behind_an_event)
{
	struct arena a;
	struct sse_reader r;
	struct sse_event event;
	bool got;

	arena_init(&a, 1 << 16);
	sse_reader_init(&r, &a, 100);
	CHECK_INT(sse_read(&r, S("data: a\n\ndata: b\n\n"), &event, &got), 9);
	CHECK(got);
	CHECK_STR(event.data, S("a"));
	CHECK_INT(sse_read(&r, S(""), &event, &got), 0);
	CHECK(!got);
	arena_free(&a);
}

/* ---- limits ---- */

TEST(data_above_its_limit_is_refused_for_good)
{
	struct arena a;
	struct buf log;
	struct sse_reader r;
	struct sse_event event;
	enum err err;
	bool got;

	arena_init(&a, 1 << 16);
	log = buf_in(&a, 4096);
	CHECK(read_all(&a, S("data: 1234\n\n"), 99, 4, &log, &err));
	CHECK(!read_all(&a, S("data: 12345\n\n"), 99, 4, &log, &err));
	CHECK_INT(err, ERR_LIMIT);
	CHECK(!read_all(&a, S("data: 12\ndata: 34\n\n"), 99, 4, &log, &err));
	CHECK_INT(err, ERR_LIMIT);
	sse_reader_init(&r, &a, 4);
	CHECK_INT(sse_read(&r, S("data: 12345\n"), &event, &got), -ERR_LIMIT);
	CHECK_INT(sse_read(&r, S("data: 1\n\n"), &event, &got), -ERR_LIMIT);
	CHECK(!got);
	arena_free(&a);
}

TEST(a_line_without_an_end_is_refused)
{
	static char block[64 * 1024];
	struct arena a;
	struct sse_reader r;
	struct sse_event event;
	size_t used = 0;
	long n = 1;
	bool got;

	memset(block, 'x', sizeof(block));
	arena_init(&a, 4 * SSE_LINE_MAX);
	sse_reader_init(&r, &a, 100);
	while (n > 0 && used < 2 * SSE_LINE_MAX) {
		n = sse_read(&r, str_of(block, sizeof(block)), &event, &got);
		used += sizeof(block);
	}
	CHECK_INT(n, -ERR_LIMIT);
	CHECK_INT(used, SSE_LINE_MAX + sizeof(block));
	CHECK_INT(sse_read(&r, S("\n"), &event, &got), -ERR_LIMIT);
	arena_free(&a);
}

static bool
read_scenario(struct arena *a, void *ctx)
{
	char memory[256];
	struct buf log = buf_fixed(memory, sizeof(memory));
	enum err err;
	bool ok = read_all(a, S("id: 1\nevent: x\ndata: y\n\n"), 5, 100, &log,
	    &err);

	(void)ctx;
	MUST(ok ? str_eq(buf_str(&log), S("[x|y|1]")) : err == ERR_NOMEM);
	return ok;
}

TEST(reading_survives_every_failed_allocation)
{
	CHECK(test_fail_sweep(read_scenario, NULL, 1 << 16) >= 4);
}
