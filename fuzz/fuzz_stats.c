/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A series of any values at any times, eleven bytes each: three of time, eight
 * of value. Properties: the analysis ends, its numbers are in their ranges, and
 * the order of the points does not change what is found.
 */
#include <string.h>

#include "tools/stats_analysis.h"

#define POINT_MAX 4000
#define POINT_LEN 11

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct stats_point points[POINT_MAX], turned[POINT_MAX];

static void
check(const struct stats_analysis *s)
{
	MUST(s->summary.n <= s->summary.total_n);
	MUST(s->season.strength >= 0 && s->season.strength <= 1);
	MUST(s->season.p_value >= 0 && s->season.p_value <= 1);
	MUST(s->trend.p_value >= 0 && s->trend.p_value <= 1);
	MUST(s->changes.n <= STATS_CHANGE_MAX_N);
	for (size_t i = 0; i < s->changes.n; i++) {
		MUST(s->changes.list[i].slot < s->grid.n);
		MUST(i == 0 || s->changes.list[i].slot >=
		    s->changes.list[i - 1].slot);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stats_analysis s, t;
	struct arena a;
	size_t n = size / POINT_LEN;

	n = n > POINT_MAX ? POINT_MAX : n;
	for (size_t i = 0; i < n; i++, data += POINT_LEN) {
		points[i].at_ms = (data[0] | data[1] << 8) * 1000 *
		    (data[2] % 4 == 3 ? INT64_C(3600000) : 60);
		memcpy(&points[i].value, data + 3, 8);
		turned[n - 1 - i] = points[i];
	}
	arena_init(&a, (size_t)256 << 20);
	MUST(stats_analysis_run(&a, points, n, &s));
	check(&s);
	MUST(stats_analysis_run(&a, turned, n, &t));
	MUST(s.season.canonical_s == t.season.canonical_s &&
	    s.trend.direction == t.trend.direction &&
	    s.changes.n == t.changes.n && s.summary.n == t.summary.n);
	arena_free(&a);
	return 0;
}
