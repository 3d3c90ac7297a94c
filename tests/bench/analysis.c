/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processor time that the analysis of 20,160 points takes, two weeks of
 * minutes: a line of microseconds (median of 21) and what was found, for each
 * of a daily load, white noise, noise with a step, and a period of 137 min.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tools/stats_analysis.h"

#define POINT_N 20160
#define TURN_N 21
#define PI 3.14159265358979323846

static struct stats_point points[POINT_N];

static double
noise(void)
{
	static uint64_t state = 88172645463325252U;
	double sum = -6;

	for (int i = 0; i < 12; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		sum += (double)(state >> 11) / 9007199254740992.0;
	}
	return sum;
}

static int64_t
clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int
order(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
fill(int kind)
{
	for (int i = 0; i < POINT_N; i++) {
		double t = i;

		points[i].at_ms = INT64_C(1794787200000) + i * 60000;
		points[i].value = noise() + (kind == 0 ? 5 * sin(2 * PI * t /
		    1440) : kind == 2 ? (i > 9000) * 5 : kind == 3 ?
		    5 * sin(2 * PI * t / 137) : 0);
	}
}

int
main(void)
{
	static const char *const names[] = { "daily load", "white noise",
	    "step", "period of 137 minutes" };

	for (int kind = 0; kind < 4; kind++) {
		struct stats_analysis s = { .usable = false };
		int64_t us[TURN_N];
		struct arena a;

		fill(kind);
		for (int turn = 0; turn < TURN_N; turn++) {
			int64_t start = clock_us();

			arena_init(&a, (size_t)64 << 20);
			if (!stats_analysis_run(&a, points, POINT_N, &s)) {
				return 1;
			}
			us[turn] = clock_us() - start;
			if (turn + 1 < TURN_N) {
				arena_free(&a);
			}
		}
		qsort(us, TURN_N, sizeof(us[0]), order);
		printf("%lld us, %zu KB: %s: season %.0f s, %zu changes\n",
		    (long long)us[TURN_N / 2], a.held / 1024, names[kind],
		    s.season.period_s, s.changes.n);
		arena_free(&a);
	}
	return 0;
}
