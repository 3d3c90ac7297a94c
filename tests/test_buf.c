/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The buffer: cap, sticky failure, growth, numbers, sentences.
 */
#include "test.h"

#include "base/buf.h"

TEST(a_fixed_buffer_fails_when_full_and_stays_failed)
{
	char mem[8];
	struct buf b = buf_fixed(mem, sizeof(mem));

	buf_add(&b, S("12345678"));
	CHECK(buf_ok(&b));
	buf_add_byte(&b, '9');
	CHECK(!buf_ok(&b));
	CHECK_STR(buf_str(&b), S("12345678"));
	buf_clear(&b);
	CHECK(buf_ok(&b));
	buf_add(&b, S("123456789"));
	CHECK(!buf_ok(&b));
	CHECK_INT(b.len, 0);
	buf_add(&b, S("1"));
	CHECK_INT(b.len, 0);
}

TEST(a_growing_buffer_keeps_its_bytes)
{
	struct arena a;
	struct buf b;

	arena_init(&a, 1 << 20);
	b = buf_in(&a, 100000);
	for (int i = 0; i < 10000; i++) {
		buf_add(&b, S("0123456789"));
		if (i % 100 == 0) {
			/* Something in between: no growth in place. */
			CHECK(arena_alloc(&a, 1, 1) != NULL);
		}
	}
	CHECK(buf_ok(&b));
	CHECK_INT(b.len, 100000);
	for (size_t i = 0; i < b.len; i++) {
		CHECK(b.p[i] == (char)('0' + i % 10));
	}
	buf_add_byte(&b, 'x');
	CHECK(!buf_ok(&b));
	arena_free(&a);
}

TEST(an_arena_that_is_full_fails_the_buffer)
{
	struct arena a;
	struct buf b;

	arena_init(&a, 32768);
	b = buf_in(&a, 1 << 20);
	buf_fill(&b, 'x', 100000);
	CHECK(!buf_ok(&b));
	arena_free(&a);
}

TEST(numbers_are_written_whole)
{
	char mem[128];
	struct buf b = buf_fixed(mem, sizeof(mem));

	buf_add_u64(&b, 0);
	buf_add_byte(&b, ' ');
	buf_add_u64(&b, UINT64_MAX);
	buf_add_byte(&b, ' ');
	buf_add_i64(&b, INT64_MIN);
	buf_add_byte(&b, ' ');
	buf_add_i64(&b, 7);
	buf_add_byte(&b, ' ');
	buf_add_padded(&b, 7, 3);
	buf_add_padded(&b, 12345, 3);
	CHECK_STR(buf_str(&b), S("0 18446744073709551615 "
	    "-9223372036854775808 7 00712345"));
}

TEST(a_sentence_takes_slices_and_numbers)
{
	char mem[128];
	struct buf b = buf_fixed(mem, sizeof(mem));

	buf_addf(&b, "%s is %u of %d, 100%%", S("x"), (uint64_t)3,
	    (int64_t)-4);
	CHECK_STR(buf_str(&b), S("x is 3 of -4, 100%"));
}

TEST(a_cut_forgets_what_came_after)
{
	char mem[16];
	struct buf b = buf_fixed(mem, sizeof(mem));

	buf_add(&b, S("abcdef"));
	buf_cut(&b, 2);
	buf_add(&b, S("x"));
	CHECK_STR(buf_str(&b), S("abx"));
}

TEST(reserved_room_is_counted)
{
	char mem[4];
	struct buf b = buf_fixed(mem, sizeof(mem));
	char *p = buf_reserve(&b, 3);

	CHECK(p == mem && b.len == 3);
	CHECK(buf_reserve(&b, 2) == NULL);
	CHECK(!buf_ok(&b));
}

TEST(an_unused_buffer_reads_as_empty)
{
	struct arena a;
	struct buf b;

	arena_init(&a, 1024);
	b = buf_in(&a, 10);
	CHECK(buf_str(&b).p != NULL && buf_str(&b).len == 0);
	buf_add(&b, S(""));
	CHECK(buf_ok(&b));
	arena_free(&a);
}
