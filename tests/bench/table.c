/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processor time of the metric table: looking up all its metrics by name,
 * nanoseconds each, and searches by words, microseconds each (median of 21),
 * among them words that have to be mended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tools/metric_search.h"

#define TURN_N 21
#define SWEEP_N 20

static int64_t
clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int
order(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int64_t
median(int64_t *times)
{
	qsort(times, TURN_N, sizeof(times[0]), order);
	return times[TURN_N / 2];
}

/* Every metric is found by name, and what is said of it put together. */
static bool
look_up(struct buf *text)
{
	for (size_t i = 0; i < metric_table_n(); i++) {
		size_t found = metric_table_find(metric_table_namespace_name(
		    metric_table_namespace_of(i)), metric_table_name(i));

		if (found != i) {
			return false;
		}
		text->len = 0;
		metric_table_put_text(text, found);
	}
	return true;
}

int
main(void)
{
	static const char *const queries[] = { "cpu", "queue age",
	    "lambda errors", "load balancer 5xx target", "thorttle",
	    "depht of teh qeue", "zzgarbage qqnonsense", "latency of the "
	    "slowest requests that a database answers in a minute",
	    "memroy utilisaton of conatiners that are runing in a clutser of "
	    "pods and nodes with persistant volumnes" };
	char bytes[METRIC_TABLE_TEXT_MAX];
	struct buf text = buf_fixed(bytes, sizeof(bytes));
	int64_t ns[TURN_N];

	for (int turn = 0; turn < TURN_N; turn++) {
		int64_t start = clock_ns();

		for (int i = 0; i < SWEEP_N; i++) {
			if (!look_up(&text)) {
				return 1;
			}
		}
		ns[turn] = (clock_ns() - start) /
		    (int64_t)(SWEEP_N * metric_table_n());
	}
	printf("%lld ns: one of %zu metrics by name, its text included\n",
	    (long long)median(ns), metric_table_n());
	for (size_t q = 0; q < sizeof(queries) / sizeof(queries[0]); q++) {
		struct metric_search s = { .n = 0 };

		for (int turn = 0; turn < TURN_N; turn++) {
			struct arena a;
			int64_t start = clock_ns();

			arena_init(&a, (size_t)1 << 20);
			if (metric_search(&a, str_from_z(queries[q]),
			    METRIC_TABLE_NONE, &s) != ERR_OK) {
				return 1;
			}
			arena_free(&a);
			ns[turn] = clock_ns() - start;
		}
		printf("%lld us: search for \"%s\", %zu found\n",
		    (long long)(median(ns) / 1000), queries[q], s.n);
	}
	return 0;
}
