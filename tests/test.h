/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small test harness: one binary per tests/test_<unit>.c.
 *
 *	TEST(bare_lf_is_rejected)
 *	{
 *		CHECK(parse(S("GET / HTTP/1.1\n")) == -ERR_HTTP_SYNTAX);
 *	}
 *
 * Tests register themselves and run in order of appearance. A failed CHECK
 * prints file, line and values, marks the test red and returns from it
 * (CHECK in a helper function returns from the helper: use test_failed()).
 * The binary ends with "N passed, N failed" and exits 1 when any failed, or
 * when no test ran. `./test_x name` runs only the tests whose name contains it.
 *
 * test_five_ways() and test_fail_sweep() are the house rules for parsers and
 * for allocation failures (see the functions).
 */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"

struct test {
	const char *name;
	void (*run)(void);
	struct test *next;
};

void test_register(struct test *t);
void test_fail(const char *file, int line, const char *what);
void test_fail_str(const char *file, int line, const char *what,
    struct str got, struct str want);
void test_fail_int(const char *file, int line, const char *what,
    intmax_t got, intmax_t want);
/* The running test has failed already. */
bool test_failed(void);

#define TEST(id) \
	static void id(void); \
	static struct test id##_test = { #id, id, NULL }; \
	__attribute__((constructor)) static void id##_register(void) \
	{ test_register(&id##_test); } \
	static void id(void)

#define CHECK(cond) do { \
	if (!(cond)) { test_fail(__FILE__, __LINE__, #cond); return; } \
} while (0)
#define CHECK_STR(got, want) do { \
	struct str got_ = (got), want_ = (want); \
	if (!str_eq(got_, want_)) { \
		test_fail_str(__FILE__, __LINE__, #got, got_, want_); \
		return; \
	} \
} while (0)
#define CHECK_INT(got, want) do { \
	intmax_t got_ = (intmax_t)(got), want_ = (intmax_t)(want); \
	if (got_ != want_) { \
		test_fail_int(__FILE__, __LINE__, #got, got_, want_); \
		return; \
	} \
} while (0)

/* Copies s to the end of a readable region whose next page is PROT_NONE, so
 * that one byte read too far faults in any build. One copy is live at a time:
 * the next call reuses the region. */
struct str test_guarded(struct str s);

/* How a parser under the five-ways rule is fed: `more` tells whether further
 * bytes may follow. Writes its observable result into `log` (any text: events,
 * values, error name) and returns > 0 when complete, 0 when it needs more,
 * < 0 on error. Must be a pure function of the bytes given so far. */
typedef int (*test_feed_fn)(void *ctx, struct str bytes, bool more,
    char *log, size_t log_size);

/* Runs a whole-message parser five ways over `input`: whole, growing byte by
 * byte, at every two-part split, flush against a guard page, and truncated at
 * every length. The result of the whole input must not change, and no true
 * prefix may succeed unless `prefix_ok`. Returns false after printing why. */
bool test_five_ways(test_feed_fn feed, void *ctx, struct str input,
    bool prefix_ok);

/* Replays `scenario` with arena.fail_at = 0, 1, 2, ... until it returns true
 * ("succeeded"). Each earlier run must return false and neither crash nor
 * leak. Returns the number of allocations swept, or -1 when 10,000 were not
 * enough. */
int test_fail_sweep(bool (*scenario)(struct arena *a, void *ctx), void *ctx,
    size_t arena_cap);

/* Repeatable pseudo-random numbers (xorshift64*), never zero state. */
uint64_t test_random(uint64_t *state);

#endif
