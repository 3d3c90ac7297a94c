/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arena: cap, alignment, zeroing, growth in place, reset, the shared
 * budget, and failing on purpose.
 */
#include "test.h"

#include "base/limits.h"

TEST(memory_is_zeroed_and_aligned)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	for (size_t align = 1; align <= 16; align *= 2) {
		char *p = arena_alloc(&a, 33, align);

		CHECK(p != NULL && (uintptr_t)p % align == 0);
		for (size_t i = 0; i < 33; i++) {
			CHECK(p[i] == 0);
		}
		memset(p, 0xff, 33);
	}
	arena_reset(&a);
	CHECK(*(char *)arena_alloc(&a, 1, 1) == 0);
	arena_free(&a);
}

TEST(an_empty_arena_holds_nothing)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	CHECK_INT(a.held, 0);
	arena_reset(&a);
	arena_free(&a);
	CHECK(!a.failed);
}

TEST(the_cap_counts_every_byte_held)
{
	struct arena a;

	arena_init(&a, 3 * ARENA_CHUNK_MIN);
	while (arena_alloc(&a, 1000, 8) != NULL) {
		CHECK(a.held <= a.cap);
	}
	CHECK(a.failed);
	CHECK(a.held <= a.cap);
	arena_reset(&a);
	CHECK(!a.failed);
	CHECK(arena_alloc(&a, 1000, 8) != NULL);
	arena_free(&a);
}

TEST(a_request_larger_than_the_cap_fails_and_sticks)
{
	struct arena a;

	arena_init(&a, ARENA_CHUNK_MIN);
	CHECK(arena_alloc(&a, ARENA_CHUNK_MIN, 1) == NULL);
	CHECK(arena_alloc(&a, SIZE_MAX, 1) == NULL);
	CHECK(arena_array(&a, SIZE_MAX / 2, 4, 1) == NULL);
	CHECK(a.failed);
	CHECK(arena_alloc(&a, 10, 1) != NULL);
	CHECK(a.failed);
	arena_free(&a);
}

TEST(no_bytes_still_have_an_address)
{
	struct arena a;

	arena_init(&a, 1 << 16);
	CHECK(arena_alloc(&a, 0, 1) != NULL);
	arena_free(&a);
}

TEST(the_newest_allocation_grows_in_place)
{
	struct arena a;
	char *p, *q;

	arena_init(&a, 1 << 20);
	p = arena_alloc(&a, 100, 1);
	memset(p, 'x', 100);
	CHECK(arena_extend(&a, p, 100, 5000));
	CHECK(p[99] == 'x' && p[100] == 0 && p[4999] == 0);
	q = arena_alloc(&a, 10, 1);
	CHECK(q != NULL);
	CHECK(!arena_extend(&a, p, 5000, 6000));
	CHECK(!arena_extend(&a, q, 10, 1 << 20));
	arena_free(&a);
}

TEST(reset_keeps_a_small_chunk_and_gives_back_large_ones)
{
	struct arena a;

	arena_init(&a, 1 << 24);
	CHECK(arena_alloc(&a, 100, 1) != NULL);
	arena_reset(&a);
	CHECK_INT(a.held, ARENA_CHUNK_MIN);
	CHECK(arena_alloc(&a, 1 << 20, 1) != NULL);
	arena_reset(&a);
	CHECK(a.held <= ARENA_KEEP_MAX);
	CHECK(arena_alloc(&a, 100, 1) != NULL);
	arena_free(&a);
	CHECK_INT(a.held, 0);
}

TEST(what_took_several_chunks_takes_one_the_next_time_and_keeps_it)
{
	struct arena a;
	struct arena_chunk *one;

	arena_init(&a, 1 << 24);
	for (int i = 0; i < 3; i++) {
		one = a.chunks;
		CHECK(arena_alloc(&a, ARENA_CHUNK_MIN / 2, 1) != NULL);
		CHECK(arena_alloc(&a, ARENA_CHUNK_MIN / 2, 1) != NULL);
		CHECK(a.held <= ARENA_KEEP_MAX);
		CHECK(i != 2 || (one != NULL && a.chunks == one));
		arena_reset(&a);
	}
	CHECK_INT(a.held, 2 * ARENA_CHUNK_MIN);
	arena_free(&a);
	CHECK_INT(a.held, 0);
}

TEST(the_peak_outlives_a_reset)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	CHECK(arena_alloc(&a, 5000, 1) != NULL);
	arena_reset(&a);
	CHECK_INT(a.used, 0);
	CHECK_INT(a.peak, 5000);
	arena_free(&a);
}

TEST(fail_at_makes_that_allocation_fail)
{
	struct arena a;

	arena_init(&a, 1 << 20);
	a.fail_at = 1;
	CHECK(arena_alloc(&a, 1, 1) != NULL);
	CHECK(arena_alloc(&a, 1, 1) == NULL);
	CHECK(arena_alloc(&a, 1, 1) != NULL);
	CHECK(a.failed);
	arena_free(&a);
}

TEST(a_secret_arena_is_wiped)
{
	struct arena a;
	char *p;

	arena_init(&a, 1 << 20);
	a.secret = true;
	p = arena_alloc(&a, 16, 1);
	memcpy(p, "very secret data", 16);
	arena_reset(&a);
	/* The chunk is kept, so the place can be looked at again. */
	CHECK(arena_alloc(&a, 16, 1) == p);
	CHECK(p[0] == 0 && p[15] == 0);
	arena_free(&a);
}

TEST(arenas_that_share_a_budget_never_hold_more_together)
{
	struct arena_budget budget = { .max = 4 * ARENA_CHUNK_MIN };
	struct arena a, b;

	arena_init(&a, 1 << 24);
	arena_init(&b, 1 << 24);
	arena_share(&a, &budget);
	arena_share(&b, &budget);
	CHECK(arena_alloc(&a, 2 * ARENA_CHUNK_MIN, 1) != NULL);
	CHECK(arena_alloc(&b, 100, 1) != NULL);
	CHECK_INT(atomic_load(&budget.used), a.held + b.held);
	CHECK(arena_alloc(&b, 2 * ARENA_CHUNK_MIN, 1) == NULL);
	CHECK(atomic_load(&budget.used) <= budget.max);
	arena_free(&a);
	CHECK(arena_alloc(&b, 2 * ARENA_CHUNK_MIN, 1) != NULL);
	arena_free(&b);
	CHECK_INT(atomic_load(&budget.used), 0);
}

TEST(at_the_edge_of_the_budget_a_smaller_chunk_is_taken)
{
	struct arena_budget budget = { .max = ARENA_CHUNK_MIN / 2 };
	struct arena a;

	arena_init(&a, 1 << 24);
	arena_share(&a, &budget);
	CHECK(arena_alloc(&a, 100, 1) != NULL);
	CHECK(a.held < ARENA_CHUNK_MIN / 2);
	arena_free(&a);
}

TEST(a_lone_large_allocation_moves_without_leaving_anything_behind)
{
	struct arena a;
	char *p, *q;

	arena_init(&a, (size_t)8 << 20);
	CHECK(arena_alloc(&a, 100, 1) != NULL);
	p = arena_alloc(&a, (size_t)2 << 20, 1);
	CHECK(p != NULL);
	p[0] = 'a';
	p[((size_t)2 << 20) - 1] = 'z';
	q = arena_regrow(&a, p, (size_t)2 << 20, (size_t)5 << 20);
	CHECK(q != NULL);
	CHECK(q[0] == 'a' && q[((size_t)2 << 20) - 1] == 'z');
	CHECK_INT(q[(size_t)2 << 20], 0);
	CHECK_INT(q[((size_t)5 << 20) - 1], 0);
	CHECK(a.held < ((size_t)5 << 20) + 65536);
	/* Not beyond the cap, and then it is as it was. */
	CHECK(arena_regrow(&a, q, (size_t)5 << 20, (size_t)9 << 20) == NULL);
	CHECK(!a.failed);
	CHECK(q[0] == 'a');
	/* No longer the newest. */
	CHECK(arena_alloc(&a, (size_t)1 << 20, 1) != NULL);
	CHECK(arena_regrow(&a, q, (size_t)5 << 20, (size_t)6 << 20) == NULL);
	arena_free(&a);
	CHECK_INT(a.held, 0);
}

TEST(a_child_counts_in_its_parent_and_gives_back)
{
	struct arena parent, child;
	struct arena_budget budget = { .max = (size_t)4 << 20 };

	arena_init(&parent, (size_t)2 << 20);
	arena_share(&parent, &budget);
	CHECK(arena_alloc(&parent, (size_t)1 << 20, 1) != NULL);
	arena_child(&child, &parent);
	CHECK(arena_alloc(&child, 1000, 1) != NULL);
	CHECK(child.held >= 1000 && parent.held > child.held);
	/* The cap is one for both. */
	CHECK(arena_alloc(&child, (size_t)1 << 20, 1) == NULL);
	CHECK(child.failed && !parent.failed);
	arena_free(&child);
	CHECK_INT(child.held, 0);
	CHECK(arena_alloc(&parent, (size_t)900 << 10, 1) != NULL);
	arena_free(&parent);
	CHECK_INT(atomic_load(&budget.used), 0);
}

TEST(a_planned_failure_of_the_parent_hits_its_child)
{
	struct arena parent, child;

	arena_init(&parent, 65536 * 4);
	parent.fail_at = 1;
	CHECK(arena_alloc(&parent, 1, 1) != NULL);
	arena_child(&child, &parent);
	CHECK(arena_alloc(&child, 1, 1) == NULL);
	CHECK(child.failed);
	CHECK(arena_alloc(&child, 1, 1) != NULL);
	arena_free(&child);
	arena_free(&parent);
}
