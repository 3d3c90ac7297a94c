/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A series laid on a regular grid.
 *
 * Clipping is at the 2nd and 98th percentile and as far again beyond each as
 * it is from the median: about four standard deviations of a normal sample,
 * and generous to a peak that comes back every cycle, while a spike stays from
 * deciding what the whole series looks like.
 */
#include "tools/stats_grid.h"

#include <math.h>

#include "base/limits.h"

/* Center, scale and limits in units of the greatest magnitude. */
struct measure {
	double unit, center, scale, lo, hi;
};

static struct measure
measure(const double *sorted, size_t n)
{
	struct measure m = { .unit = fabs(sorted[0]) };
	double lo, hi;

	if (fabs(sorted[n - 1]) > m.unit) {
		m.unit = fabs(sorted[n - 1]);
	}
	if (m.unit < 1e-300) {
		return m;
	}
	m.center = stats_quantile(sorted, n, 0.5) / m.unit;
	lo = m.center - stats_quantile(sorted, n, 0.02) / m.unit;
	hi = stats_quantile(sorted, n, 0.98) / m.unit - m.center;
	/* What differs by rounding only is the same. */
	if (lo + hi < 1e-13) {
		lo = hi = 0;
	}
	m.lo = m.center - 2 * lo;
	m.hi = m.center + 2 * hi;
	m.scale = (lo + hi) / 4;
	return m;
}

/* see stats_grid.h */
bool
stats_grid_make(struct arena *a, const struct stats_point *p, size_t n,
    const double *sorted, double period_s, struct stats_grid *out)
{
	struct measure m = measure(sorted, n);
	double step = period_s * 1000;
	double span = (double)(p[n - 1].at_ms - p[0].at_ms);
	double together = 0;

	if (step < 1) {
		step = 1;
	}
	while (span / step >= STATS_GRID_MAX_N) {
		step *= 2;
	}
	*out = (struct stats_grid){ .start_ms = p[0].at_ms,
	    .step_ms = (int64_t)(step + 0.5), .center = m.center * m.unit,
	    .scale = m.scale * m.unit };
	out->slot = ARENA_ARRAY(a, n, uint32_t);
	out->v = ARENA_ARRAY(a, n, double);
	if (out->slot == NULL || out->v == NULL) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		double u = m.unit < 1e-300 ? 0 : p[i].value / m.unit;
		uint32_t slot = (uint32_t)((p[i].at_ms - p[0].at_ms +
		    out->step_ms / 2) / out->step_ms);

		u = u < m.lo ? m.lo : u > m.hi ? m.hi : u;
		u = m.scale > 0 ? (u - m.center) / m.scale : 0;
		if (out->m > 0 && out->slot[out->m - 1] == slot) {
			together++;
			out->v[out->m - 1] += (u - out->v[out->m - 1]) /
			    together;
			continue;
		}
		together = 1;
		out->slot[out->m] = slot;
		out->v[out->m++] = u;
	}
	out->n = (size_t)out->slot[out->m - 1] + 1;
	return true;
}

/* see stats_grid.h */
size_t
stats_grid_blocks(const struct stats_grid *g, const double *v,
    size_t block_max, double *mean, double *weight, uint32_t *at,
    size_t *block_len)
{
	size_t len = (g->n + block_max - 1) / block_max;
	size_t n = 0;

	for (size_t i = 0; i < g->m;) {
		size_t block = g->slot[i] / len;
		double sum = 0;
		size_t from = i;

		for (; i < g->m && g->slot[i] / len == block; i++) {
			sum += v[i];
		}
		at[n] = (uint32_t)(block * len);
		weight[n] = (double)(i - from);
		mean[n++] = sum / (double)(i - from);
	}
	*block_len = len;
	return n;
}
