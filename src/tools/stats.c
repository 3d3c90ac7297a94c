/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Series of measurements as numbers.
 */
#include "tools/stats.h"

/* see stats.h */
bool
stats_finite(double v)
{
	return v - v == 0;
}

/* NaN comes behind every number, so that sorting ends with one order. */
static bool
before(const struct stats_point *x, const struct stats_point *y)
{
	if (x->at_ms != y->at_ms) {
		return x->at_ms < y->at_ms;
	}
	return x->value < y->value ||
	    (y->value != y->value && x->value == x->value);
}

/* see stats.h */
bool
stats_sort(struct arena *a, struct stats_point *p, size_t n)
{
	struct stats_point *from = p, *to;
	size_t i = 1;

	while (i < n && !before(&p[i], &p[i - 1])) {
		i++;
	}
	if (i >= n) {
		return true;
	}
	to = ARENA_ARRAY(a, n, struct stats_point);
	if (to == NULL) {
		return false;
	}
	for (size_t width = 1; width < n; width *= 2) {
		struct stats_point *swap = from;

		for (size_t at = 0; at < n; at += 2 * width) {
			size_t mid = at + width < n ? at + width : n;
			size_t end = mid + width < n ? mid + width : n;
			size_t l = at, r = mid;

			for (size_t k = at; k < end; k++) {
				bool right = l == mid || (r < end &&
				    before(&from[r], &from[l]));

				to[k] = from[right ? r++ : l++];
			}
		}
		from = to;
		to = swap;
	}
	for (i = 0; from != p && i < n; i++) {
		p[i] = from[i];
	}
	return true;
}

/* see stats.h */
size_t
stats_find(const struct stats_point *p, size_t n, int64_t at_ms)
{
	size_t lo = 0;

	while (lo < n) {
		size_t mid = lo + (n - lo) / 2;

		if (p[mid].at_ms < at_ms) {
			lo = mid + 1;
		} else {
			n = mid;
		}
	}
	return lo;
}
