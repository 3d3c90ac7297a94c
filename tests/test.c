/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The harness behind test.h, with main().
 */
#include "test.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct test *first;
static struct test **last = &first;
static bool failed;

/* see test.h */
void
test_register(struct test *t)
{
	*last = t;
	last = &t->next;
}

/* see test.h */
bool
test_failed(void)
{
	return failed;
}

/* see test.h */
void
test_fail(const char *file, int line, const char *what)
{
	failed = true;
	printf("  %s:%d: failed: %s\n", file, line, what);
}

/* see test.h */
void
test_fail_str(const char *file, int line, const char *what, struct str got,
    struct str want)
{
	test_fail(file, line, what);
	printf("    got  (%zu) \"%.*s\"\n    want (%zu) \"%.*s\"\n", got.len,
	    STR_ARG(got), want.len, STR_ARG(want));
}

/* see test.h */
void
test_fail_int(const char *file, int line, const char *what, intmax_t got,
    intmax_t want)
{
	test_fail(file, line, what);
	printf("    got  %jd\n    want %jd\n", got, want);
}

/* see test.h */
struct str
test_guarded(struct str s)
{
	static char *region;
	static size_t region_len;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t want = (s.len + page - 1) / page * page;

	if (region == NULL || region_len < want) {
		region_len = want < 64 * page ? 64 * page : want;
		region = mmap(NULL, region_len + page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (region == MAP_FAILED || mprotect(region + region_len, page,
		    PROT_NONE) != 0) {
			abort();
		}
	}
	memset(region, 0x55, region_len);
	if (s.len > 0) {
		memcpy(region + region_len - s.len, s.p, s.len);
	}
	return str_of(region + region_len - s.len, s.len);
}

#define LOG_SIZE 65536

/* Feeds s and compares result and log with the expected ones. */
static bool
same(test_feed_fn feed, void *ctx, struct str s, int want, const char *want_log,
    const char *way)
{
	static char log[LOG_SIZE];
	int got;

	log[0] = '\0';
	got = feed(ctx, test_guarded(s), false, log, sizeof(log));
	if ((got > 0) != (want > 0) || (got < 0) != (want < 0) ||
	    strcmp(log, want_log) != 0) {
		printf("    %s: result %d, want %d\n    log  %s\n    want %s\n",
		    way, got, want, log, want_log);
		return false;
	}
	return true;
}

/* see test.h */
bool
test_five_ways(test_feed_fn feed, void *ctx, struct str input, bool prefix_ok)
{
	static char want_log[LOG_SIZE];
	static char log[LOG_SIZE];
	int want;

	want_log[0] = '\0';
	want = feed(ctx, input, false, want_log, sizeof(want_log));
	if (!same(feed, ctx, input, want, want_log, "guard page")) {
		return false;
	}
	for (size_t n = 0; n < input.len; n++) {
		struct str head = test_guarded(str_sub(input, 0, n));
		int got;

		log[0] = '\0';
		got = feed(ctx, head, true, log, sizeof(log));
		if (got > 0 && !prefix_ok) {
			printf("    a prefix of %zu bytes succeeded\n", n);
			return false;
		}
		if (got < 0 && want > 0) {
			printf("    a prefix of %zu bytes failed (%d)\n", n,
			    got);
			return false;
		}
		log[0] = '\0';
		got = feed(ctx, test_guarded(str_sub(input, 0, n)), false, log,
		    sizeof(log));
		if (got > 0 && !prefix_ok) {
			printf("    truncated at %zu it succeeded\n", n);
			return false;
		}
		/* The second part arrives: same answer as in one piece. */
		if (!same(feed, ctx, input, want, want_log, "split")) {
			return false;
		}
	}
	return true;
}

/* see test.h */
int
test_fail_sweep(bool (*scenario)(struct arena *a, void *ctx), void *ctx,
    size_t arena_cap)
{
	for (size_t n = 0; n < 10000; n++) {
		struct arena a;
		bool done;

		arena_init(&a, arena_cap);
		a.fail_at = n;
		done = scenario(&a, ctx);
		arena_free(&a);
		if (done) {
			return (int)n;
		}
	}
	return -1;
}

/* see test.h */
uint64_t
test_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dU;
}

int
main(int argc, char **argv)
{
	int passed_n = 0;
	int failed_n = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (struct test *t = first; t != NULL; t = t->next) {
		if (argc > 1 && strstr(t->name, argv[1]) == NULL) {
			continue;
		}
		failed = false;
		t->run();
		if (failed) {
			printf("FAIL %s\n", t->name);
			failed_n++;
		} else {
			passed_n++;
		}
	}
	printf("%d passed, %d failed\n", passed_n, failed_n);
	return failed_n > 0 || passed_n == 0;
}
