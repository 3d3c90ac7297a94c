/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chunked coding: every vector is decoded at every step width, each piece
 * flush against a guard page, and has to give the same answer.
 */
#include "test.h"

#include "base/err.h"
#include "proto/http1.h"

/* Decodes in pieces of `step` bytes. Returns bytes consumed in all, or minus
 * an error; appends to out. */
static long
decode(struct str in, size_t step, uint64_t body_max, struct buf *out)
{
	struct http1_chunked c;
	size_t used = 0;

	http1_chunked_init(&c, body_max);
	while (used < in.len && !c.done) {
		struct str part = str_sub(in, used, used + step);
		long n = http1_chunked_feed(&c, test_guarded(part), out, NULL);

		if (n < 0) {
			/* An error is final, and says so again. */
			MUST(http1_chunked_feed(&c, part, out, NULL) == n);
			return n;
		}
		used += (size_t)n;
		MUST((size_t)n == part.len || c.done);
	}
	MUST(c.body_len == out->len);
	return c.done ? (long)used : 0;
}

/* All step widths give the same result and, on success, the same body. */
static bool
decodes(struct str in, long want, struct str body)
{
	static char memory[4096];

	for (size_t step = 1; step <= in.len; step++) {
		struct buf out = buf_fixed(memory, sizeof(memory));
		long got = decode(in, step, sizeof(memory), &out);

		if (got != want || (want > 0 && !str_eq(buf_str(&out), body))) {
			printf("    step %zu: %ld, \"%.*s\"\n", step, got,
			    STR_ARG(buf_str(&out)));
			return false;
		}
	}
	return true;
}

TEST(chunks_are_joined_and_the_rest_is_left)
{
	struct str s = S("5\r\nhello\r\n00A\r\n, world!!!\r\n0\r\n\r\nGET /");

	CHECK(decodes(s, (long)s.len - 5, S("hello, world!!!")));
}

TEST(extensions_and_trailers_are_dropped)
{
	struct str s = S("3;a=b\r\nabc\r\n3 \t;x=\"y z\"\r\ndef\r\n0;q\r\n"
	    "Trailer: x\r\nContent-Length: 7\r\nE:\r\n\r\n");

	CHECK(decodes(s, (long)s.len, S("abcdef")));
}

TEST(an_empty_chunked_body_is_empty)
{
	CHECK(decodes(S("0\r\n\r\n"), 5, S("")));
	CHECK(decodes(S("0000\r\n\r\n"), 8, S("")));
}

TEST(a_cut_chunked_body_is_not_done)
{
	struct str s = S("3\r\nabc\r\n0\r\nT: x\r\n\r\n");

	for (size_t n = 0; n < s.len; n++) {
		char memory[16];
		struct buf out = buf_fixed(memory, sizeof(memory));

		CHECK_INT(decode(str_sub(s, 0, n), n, 16, &out), 0);
	}
}

TEST(binary_data_passes_unchanged)
{
	struct str s = S("4\r\n\r\n\0\n\r\n0\r\n\r\n");

	CHECK(decodes(s, (long)s.len, S("\r\n\0\n")));
}

#define CHUNKS_REFUSED(id, text) \
	TEST(id) { CHECK(decodes(S(text), -(long)ERR_HTTP_FRAMING, S(""))); }

CHUNKS_REFUSED(chunk_size_missing, "\r\nabc\r\n0\r\n\r\n")
CHUNKS_REFUSED(chunk_size_with_0x, "0x3\r\nabc\r\n0\r\n\r\n")
CHUNKS_REFUSED(chunk_size_with_plus, "+3\r\nabc\r\n0\r\n\r\n")
CHUNKS_REFUSED(chunk_size_with_minus, "-3\r\nabc\r\n0\r\n\r\n")
CHUNKS_REFUSED(chunk_size_with_a_blank_before, " 3\r\nabc\r\n0\r\n\r\n")
CHUNKS_REFUSED(chunk_size_with_a_blank_behind, "3 \r\nabc\r\n0\r\n\r\n")
CHUNKS_REFUSED(chunk_size_with_a_letter, "3g\r\nabc\r\n0\r\n\r\n")
CHUNKS_REFUSED(chunk_size_with_17_digits, "00000000000000003\r\nabc\r\n")
CHUNKS_REFUSED(chunk_size_line_with_bare_lf, "3\nabc\r\n0\r\n\r\n")
CHUNKS_REFUSED(chunk_size_line_with_bare_cr, "3\rabc\r\n0\r\n\r\n")
CHUNKS_REFUSED(chunk_extension_with_bare_lf, "3;a\nabc\r\n0\r\n\r\n")
CHUNKS_REFUSED(chunk_extension_with_a_control_byte, "3;\x01\r\nabc\r\n")
CHUNKS_REFUSED(chunk_extension_with_bare_cr, "3;a\rb\r\nabc\r\n")
CHUNKS_REFUSED(chunk_blank_without_extension, "3 x\r\nabc\r\n")
CHUNKS_REFUSED(chunk_data_longer_than_its_size, "3\r\nabcd\r\n0\r\n\r\n")
CHUNKS_REFUSED(chunk_data_shorter_than_its_size, "3\r\nab\r\n0\r\n\r\n")
CHUNKS_REFUSED(chunk_data_ended_by_bare_lf, "3\r\nabc\n0\r\n\r\n")
CHUNKS_REFUSED(chunk_data_ended_by_bare_cr, "3\r\nabc\r0\r\n\r\n")
CHUNKS_REFUSED(chunk_data_ended_by_two_bytes, "3\r\nabcxx0\r\n\r\n")
CHUNKS_REFUSED(chunked_end_with_bare_lf, "0\r\n\n")
CHUNKS_REFUSED(chunked_end_with_bare_cr, "0\r\n\rGET")
CHUNKS_REFUSED(trailer_folded, "0\r\nA: b\r\n c\r\n\r\n")
CHUNKS_REFUSED(trailer_with_a_blank_before_the_colon, "0\r\nA : b\r\n\r\n")
CHUNKS_REFUSED(trailer_without_a_colon, "0\r\nA\r\n\r\n")
CHUNKS_REFUSED(trailer_name_that_is_not_a_token, "0\r\n(: b\r\n\r\n")
CHUNKS_REFUSED(trailer_name_with_a_slash, "0\r\nA/: b\r\n\r\n")
CHUNKS_REFUSED(trailer_without_a_name, "0\r\n: b\r\n\r\n")
CHUNKS_REFUSED(trailer_with_a_nul, "0\r\nA: \0\r\n\r\n")
CHUNKS_REFUSED(trailer_with_bare_lf, "0\r\nA: b\n\r\n")
CHUNKS_REFUSED(trailer_with_bare_cr, "0\r\nA: b\rC: d\r\n\r\n")

TEST(a_chunked_body_above_its_limit_is_refused_by_its_size_line)
{
	char memory[16];
	struct buf out = buf_fixed(memory, sizeof(memory));
	struct http1_chunked c;
	struct fail f;

	CHECK_INT(decode(S("4\r\nabcd\r\n1\r\n"), 99, 4, &out),
	    -ERR_HTTP_BODY_LIMIT);
	CHECK_STR(buf_str(&out), S("abcd"));
	buf_clear(&out);
	CHECK_INT(decode(S("4\r\nabcd\r\n0\r\n\r\n"), 99, 4, &out), 14);
	buf_clear(&out);
	CHECK_INT(decode(S("ffffffffffffffff\r\n"), 99, 4, &out),
	    -ERR_HTTP_BODY_LIMIT);
	http1_chunked_init(&c, 4);
	fail_init(&f, NULL);
	CHECK_INT(http1_chunked_feed(&c, S("5\r\n"), &out, &f),
	    -ERR_HTTP_BODY_LIMIT);
	CHECK_INT(f.code, ERR_HTTP_BODY_LIMIT);
	CHECK_INT(f.pos, 2);
}

TEST(the_largest_chunk_size_is_counted_without_overflow)
{
	char memory[16];
	struct buf out = buf_fixed(memory, sizeof(memory));

	CHECK_INT(decode(S("1\r\na\r\nffffffffffffffff\r\nb"), 99, UINT64_MAX,
	    &out), -ERR_HTTP_BODY_LIMIT);
	buf_clear(&out);
	CHECK_INT(decode(S("ffffffffffffffff\r\nab"), 99, UINT64_MAX, &out),
	    0);
}

TEST(a_body_that_does_not_fit_its_buffer_is_refused)
{
	char memory[3];
	struct buf out = buf_fixed(memory, sizeof(memory));
	struct http1_chunked c;

	http1_chunked_init(&c, 100);
	CHECK_INT(http1_chunked_feed(&c, S("4\r\nabcd\r\n"), &out, NULL),
	    -ERR_HTTP_BODY_LIMIT);
	CHECK_INT(http1_chunked_feed(&c, S("x"), &out, NULL),
	    -ERR_HTTP_BODY_LIMIT);
}

TEST(a_done_body_takes_nothing_more)
{
	struct http1_chunked c;
	struct str data;

	http1_chunked_init(&c, 100);
	CHECK_INT(http1_chunked_next(&c, S("0\r\n\r\nX"), &data, NULL), 5);
	CHECK(c.done);
	CHECK_INT(http1_chunked_next(&c, S("X"), &data, NULL), 0);
	CHECK_INT(data.len, 0);
}

TEST(next_gives_slices_of_its_input)
{
	struct http1_chunked c;
	struct str in = S("3\r\nabc\r\n");
	struct str data;

	http1_chunked_init(&c, 100);
	CHECK_INT(http1_chunked_next(&c, in, &data, NULL), 6);
	CHECK(data.p == in.p + 3 && data.len == 3);
	CHECK_INT(http1_chunked_next(&c, str_sub(in, 6, in.len), &data, NULL),
	    2);
	CHECK_INT(data.len, 0);
	CHECK_INT(http1_chunked_next(&c, S(""), &data, NULL), 0);
}

/* Feeds `unit` again and again; the total taken before the refusal. */
static size_t
taken_before_refusal(struct str first, struct str unit, size_t most)
{
	struct http1_chunked c;
	struct buf out = { .failed = false };
	struct arena a;
	size_t used = first.len;
	long n;

	arena_init(&a, 1 << 20);
	out = buf_in(&a, 1 << 20);
	http1_chunked_init(&c, 1 << 20);
	n = http1_chunked_feed(&c, first, &out, NULL);
	while (n >= 0 && used < most) {
		n = http1_chunked_feed(&c, unit, &out, NULL);
		used += unit.len;
	}
	arena_free(&a);
	return n < 0 ? used : SIZE_MAX;
}

TEST(endless_extensions_and_trailers_are_refused)
{
	static char ext[200];
	static char one[256];
	struct buf b = buf_fixed(one, sizeof(one));

	memset(ext, 'e', sizeof(ext));
	/* One line may not be long. */
	CHECK_INT(taken_before_refusal(S("1;"), S("e"), 1000),
	    HTTP_CHUNK_LINE_MAX + 1);
	CHECK_INT(taken_before_refusal(S("0\r\nA:"), S("e"), 10000),
	    3 + HTTP_TRAILER_MAX + 1);
	CHECK_INT(taken_before_refusal(S("0\r\n"), S("A: b\r\n"), 10000),
	    3 + HTTP_TRAILER_MAX / 6 * 6 + 6);
	/* Many short chunks with long extensions are padding. */
	buf_add(&b, S("1;"));
	buf_add(&b, str_of(ext, sizeof(ext)));
	buf_add(&b, S("\r\na\r\n"));
	CHECK(taken_before_refusal(S(""), buf_str(&b), 1 << 20) < 32 * 1024);
	CHECK(taken_before_refusal(S(""), buf_str(&b), 1 << 20) >
	    HTTP_CHUNK_OVERHEAD_MAX);
	/* Many one-byte chunks are merely silly. */
	CHECK(taken_before_refusal(S(""), S("1\r\na\r\n"), 1 << 20) ==
	    SIZE_MAX);
}

TEST(written_chunks_decode_to_the_same_bytes)
{
	static char memory[70000];
	static char data[66000];
	static char decoded[70000];
	uint64_t seed = 7;

	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] = (char)test_random(&seed);
	}
	for (size_t n = 0; n <= sizeof(data); n = n * 3 + 1) {
		struct buf b = buf_fixed(memory, sizeof(memory));
		struct buf out = buf_fixed(decoded, sizeof(decoded));

		http1_chunk(&b, str_of(data, n / 2));
		http1_chunk(&b, S(""));
		http1_chunk(&b, str_of(data + n / 2, n - n / 2));
		http1_chunk_end(&b);
		CHECK(buf_ok(&b));
		CHECK_INT(decode(buf_str(&b), b.len, n, &out), b.len);
		CHECK_STR(buf_str(&out), str_of(data, n));
	}
}

static bool
decode_scenario(struct arena *a, void *ctx)
{
	struct buf out = buf_in(a, 1 << 16);
	struct http1_chunked c;
	long n;

	(void)ctx;
	http1_chunked_init(&c, 100);
	n = http1_chunked_feed(&c, S("1\r\na\r\n0\r\n\r\n"), &out, NULL);
	MUST(n > 0 || n == -(long)ERR_NOMEM);
	return n > 0;
}

TEST(a_full_arena_is_not_taken_for_a_body_limit)
{
	struct http1_chunked c;
	struct arena a;
	struct buf out;

	CHECK_INT(test_fail_sweep(decode_scenario, NULL, 1 << 16), 1);
	arena_init(&a, 1 << 16);
	out = buf_in(&a, 1);
	http1_chunked_init(&c, 100);
	CHECK_INT(http1_chunked_feed(&c, S("2\r\nab\r\n"), &out, NULL),
	    -ERR_HTTP_BODY_LIMIT);
	arena_free(&a);
}
