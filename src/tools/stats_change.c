/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the level of a series changed.
 *
 * Means of at most BLOCK_N stretches, lone spikes cut to what their neighbours
 * reach, are divided into segments so that squared errors plus a penalty a
 * segment are least (optimal partitioning, Jackson et al. 2005; the penalty is
 * Schwarz's, doubled, for the noise is not quite normal). The noise is its
 * long-run variance, by the median difference of neighbouring means of
 * several stretches: steps are too few to move a median, and correlation,
 * which makes a wander look like steps, is in it.
 *
 * A straight slope is no staircase: the division is made with and without the
 * slope, and the one that costs less counts. Each change is then placed to the
 * slot within its stretch.
 */
#include "tools/stats_change.h"

#include <math.h>

#define BLOCK_N 288
/* Shortest segment, in stretches. */
#define SEGMENT_MIN_N 3
/* Longest way from one level to the next, in stretches. */
#define WAY_MAX_N 4

struct work {
	size_t n;
	double mean[BLOCK_N], weight[BLOCK_N], clean[BLOCK_N];
	uint32_t at[BLOCK_N];
	double sum[BLOCK_N + 1], square[BLOCK_N + 1];
	double cost[BLOCK_N + 1];
	size_t from[BLOCK_N + 1];
	double scratch[BLOCK_N];
	double zero;              /* taken from all of clean */
	size_t cuts[BLOCK_N + 1]; /* first stretch of each change */
	size_t until[BLOCK_N + 1]; /* and of the level behind it */
	size_t cut_n;
};

/* Standard deviation by the median magnitude of n differences. */
static double
spread(double *d, size_t n)
{
	double middle;

	if (n < 3) {
		return 0;
	}
	middle = stats_median(d, n);
	for (size_t i = 0; i < n; i++) {
		d[i] = fabs(d[i] - middle);
	}
	return 1.4826 * stats_median(d, n) / sqrt(2.0);
}

/* Standard deviation of means of `size` stretches, times the root of that
 * number: the same for all sizes when the noise is white. */
static double
noise_at(struct work *w, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i + 2 * size <= w->n; i += size) {
		double d = 0;

		for (size_t k = 0; k < size; k++) {
			d += w->clean[i + size + k] - w->clean[i + k];
		}
		w->scratch[n++] = d / (double)size;
	}
	return spread(w->scratch, n) * sqrt((double)size);
}

static double
middle_of(double x, double y, double z)
{
	return x < y ? (y < z ? y : x < z ? z : x) :
	    (x < z ? x : y < z ? z : y);
}

/* Cuts lone spikes: what is far from the median of itself and its neighbours
 * is drawn to it. */
static void
clean(struct work *w, double slope)
{
	double limit;

	for (size_t i = 0; i < w->n; i++) {
		w->clean[i] = w->mean[i] - slope * w->at[i];
		w->scratch[i] = i == 0 ? 0 : w->clean[i] - w->clean[i - 1];
	}
	limit = 3 * spread(w->scratch + 1, w->n - 1);
	for (size_t i = 0; i < w->n; i++) {
		double x = w->mean[i] - slope * w->at[i];
		double l = i == 0 ? w->mean[1] - slope * w->at[1] :
		    w->mean[i - 1] - slope * w->at[i - 1];
		double r = i + 1 == w->n ? l :
		    w->mean[i + 1] - slope * w->at[i + 1];
		double m = i == 0 ? l : middle_of(l, x, r);

		w->clean[i] = x > m + limit ? m + limit :
		    x < m - limit ? m - limit : x;
	}
	/* Sums of squares are exact near zero only. */
	w->zero = w->clean[w->n / 2];
	for (size_t i = 0; i < w->n; i++) {
		w->clean[i] -= w->zero;
	}
}

/* Squared error of stretches [from, to) around their mean. */
static double
error(const struct work *w, size_t from, size_t to)
{
	double s = w->sum[to] - w->sum[from];
	double e = w->square[to] - w->square[from] - s * s /
	    (double)(to - from);

	return e > 0 ? e : 0;
}

static double
level(const struct work *w, size_t from, size_t to)
{
	return w->zero + (w->sum[to] - w->sum[from]) / (double)(to - from);
}

/* A change falls into a stretch, or takes some: a short level between two
 * others is the way from the one to the other. */
static void
merge(struct work *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->cut_n; i++) {
		size_t from = n == 0 ? 0 : w->until[n - 1];
		size_t to = i + 1 == w->cut_n ? w->n : w->cuts[i + 1];
		double before = level(w, n < 2 ? 0 : w->until[n - 2],
		    n == 0 ? w->cuts[i] : w->cuts[n - 1]);
		double between = level(w, from, w->cuts[i]);
		double after = level(w, w->cuts[i], to);

		if (n > 0 && w->cuts[i] - from <= WAY_MAX_N &&
		    (before < between) == (between < after)) {
			w->until[n - 1] = w->cuts[i];
			continue;
		}
		w->cuts[n] = w->until[n] = w->cuts[i];
		n++;
	}
	w->cut_n = n;
}

/* Divides; returns the cost in units of the noise. */
static double
divide(struct work *w, double noise)
{
	double penalty = 4 * stats_log((double)w->n) * noise * noise;

	for (size_t i = 0; i < w->n; i++) {
		w->sum[i + 1] = w->sum[i] + w->clean[i];
		w->square[i + 1] = w->square[i] + w->clean[i] * w->clean[i];
	}
	for (size_t to = 1; to <= w->n; to++) {
		w->cost[to] = error(w, 0, to);
		w->from[to] = 0;
		for (size_t k = SEGMENT_MIN_N; k + SEGMENT_MIN_N <= to; k++) {
			double c = w->cost[k] + error(w, k, to) + penalty;

			if (c < w->cost[to]) {
				w->cost[to] = c;
				w->from[to] = k;
			}
		}
	}
	w->cut_n = 0;
	for (size_t at = w->n; w->from[at] > 0; at = w->from[at]) {
		w->cut_n++;
	}
	for (size_t at = w->n, i = w->cut_n; i > 0; at = w->from[at]) {
		i--;
		w->cuts[i] = w->until[i] = w->from[at];
	}
	merge(w);
	return w->cost[w->n];
}

static double
noise_of(struct work *w)
{
	double most = noise_at(w, 1);

	for (size_t parts = 40; parts >= 16; parts -= 12) {
		double wide = noise_at(w, 1 + w->n / parts);

		most = wide > most ? wide : most;
	}
	return most + 1e-6;
}

/* Moves a change to the slot that divides the points between two places
 * best. */
static uint32_t
sharpen(const struct stats_grid *g, const double *v, uint32_t lo, uint32_t hi,
    double before, double after, uint32_t otherwise)
{
	double middle = (before + after) / 2;
	double best = 0, sum = 0;
	uint32_t slot = otherwise;
	bool any = false;

	for (size_t i = 0; i < g->m && g->slot[i] < hi; i++) {
		if (g->slot[i] < lo) {
			continue;
		}
		/* Most of the points before have the one side, most of those
		 * behind the other. */
		if (!any || (after > before ? sum < best : sum > best)) {
			best = sum;
			slot = g->slot[i];
			any = true;
		}
		sum += v[i] - middle;
	}
	return slot;
}

/* Writes the changes; of too many the largest. */
static void
tell(const struct stats_grid *g, const double *v, const struct work *w,
    double noise, size_t len, struct stats_changes *out)
{
	for (size_t i = 0; i < w->cut_n; i++) {
		size_t from = i == 0 ? 0 : w->until[i - 1];
		size_t at = w->cuts[i];
		size_t behind = w->until[i];
		size_t to = i + 1 == w->cut_n ? w->n : w->cuts[i + 1];
		struct stats_change c = { .before = level(w, from, at),
		    .after = level(w, behind, to) };
		uint32_t reach = (uint32_t)len;
		size_t k = out->n;

		c.slot = sharpen(g, v, w->at[at] > reach ? w->at[at] - reach :
		    0, w->at[behind] + reach + 1, c.before, c.after,
		    w->at[at]);
		c.sigmas = fabs(c.after - c.before) / noise;
		if (out->n == STATS_CHANGE_MAX_N) {
			out->more = true;
			for (size_t j = 0; j < out->n; j++) {
				if (k == out->n || out->list[j].sigmas <
				    out->list[k].sigmas) {
					k = j;
				}
			}
			if (out->list[k].sigmas >= c.sigmas) {
				continue;
			}
			for (; k + 1 < out->n; k++) {
				out->list[k] = out->list[k + 1];
			}
			out->n--;
		}
		out->list[out->n++] = c;
	}
}

/* see stats_change.h */
bool
stats_change_find(struct arena *a, const struct stats_grid *g,
    const double *v, double slope, struct stats_changes *out)
{
	struct work *flat = ARENA_NEW(a, struct work);
	struct work *line = ARENA_NEW(a, struct work);
	double noise, flat_cost, line_cost;
	size_t len;

	*out = (struct stats_changes){ .n = 0 };
	if (flat == NULL || line == NULL) {
		return false;
	}
	flat->n = stats_grid_blocks(g, v, BLOCK_N, flat->mean, flat->weight,
	    flat->at, &len);
	if (flat->n < 2 * SEGMENT_MIN_N + 2 || !(g->scale > 0)) {
		return true;
	}
	*line = *flat;
	clean(flat, 0);
	clean(line, slope);
	noise = noise_of(line);
	flat_cost = divide(flat, noise);
	line_cost = divide(line, noise) +
	    2 * stats_log((double)flat->n) * noise * noise;
	out->sloped = slope != 0 && line_cost < flat_cost;
	tell(g, v, out->sloped ? line : flat, noise, len, out);
	return true;
}

/* see stats_change.h */
void
stats_change_level(const struct stats_grid *g, const double *v,
    const struct stats_changes *changes, double *out)
{
	double shift = 0;
	size_t k = 0;

	for (size_t i = 0; i < g->m; i++) {
		while (k < changes->n && changes->list[k].slot <= g->slot[i]) {
			shift += changes->list[k].after -
			    changes->list[k].before;
			k++;
		}
		out[i] = v[i] - shift;
	}
}
