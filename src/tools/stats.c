/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Series of measurements as numbers.
 *
 * Values are summed in units of the greatest magnitude, so that neither sums
 * nor squares overflow. Doubles are sorted as the integers that their bits
 * make (Herf 2001), eleven bits at a time; medians of scratch data are found
 * by selection (Hoare 1961) with the middle of three as pivot.
 *
 * The tail of the normal distribution is the rational Chebyshev fit of
 * Numerical Recipes 6.2 (relative error below 1.2e-7), good to 1e-300.
 */
#include "tools/stats.h"

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"

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

/* Bits of a double as an integer of the same order. */
static uint64_t
key_of(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static void
insertion_sort(double *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		double x = v[i];
		size_t k = i;

		for (; k > 0 && v[k - 1] > x; k--) {
			v[k] = v[k - 1];
		}
		v[k] = x;
	}
}

/* see stats.h */
bool
stats_sort_values(struct arena *a, double *v, size_t n)
{
	enum { BITS = 11, SIZE = 1 << BITS };
	double *from = v, *to;
	uint32_t *count;

	if (n < 64) {
		insertion_sort(v, n);
		return true;
	}
	to = ARENA_ARRAY(a, n, double);
	count = ARENA_ARRAY(a, SIZE, uint32_t);
	if (to == NULL || count == NULL) {
		return false;
	}
	for (unsigned shift = 0; shift < 64; shift += BITS) {
		double *swap = from;
		uint32_t sum = 0;

		memset(count, 0, SIZE * sizeof(*count));
		for (size_t i = 0; i < n; i++) {
			count[key_of(from[i]) >> shift & (SIZE - 1)]++;
		}
		if (count[key_of(from[0]) >> shift & (SIZE - 1)] == n) {
			continue; /* all the same here */
		}
		for (size_t i = 0; i < SIZE; i++) {
			uint32_t here = count[i];

			count[i] = sum;
			sum += here;
		}
		for (size_t i = 0; i < n; i++) {
			to[count[key_of(from[i]) >> shift & (SIZE - 1)]++] =
			    from[i];
		}
		from = to;
		to = swap;
	}
	if (from != v) {
		memcpy(v, from, n * sizeof(*v));
	}
	return true;
}

/* see stats.h */
double
stats_quantile(const double *sorted, size_t n, double q)
{
	double at = q * (double)(n - 1);
	size_t i = (size_t)at;
	double part = at - (double)i;

	if (i + 1 >= n) {
		return sorted[n - 1];
	}
	return part > 0 ? sorted[i] * (1 - part) + sorted[i + 1] * part :
	    sorted[i];
}

/* see stats.h */
size_t
stats_lower(const double *sorted, size_t n, double v, bool or_same)
{
	size_t lo = 0;

	while (lo < n) {
		size_t mid = lo + (n - lo) / 2;

		if (sorted[mid] < v || (or_same && sorted[mid] == v)) {
			lo = mid + 1;
		} else {
			n = mid;
		}
	}
	return lo;
}

/* see stats.h */
double
stats_median(double *v, size_t n)
{
	size_t lo = 0, hi = n - 1, want = (n - 1) / 2;

	while (lo < hi) {
		double a = v[lo], b = v[lo + (hi - lo) / 2], c = v[hi];
		double pivot = a < b ? (b < c ? b : a < c ? c : a) :
		    (a < c ? a : b < c ? c : b);
		size_t i = lo, k = hi;

		for (;; i++, k--) {
			double swap;

			while (v[i] < pivot) {
				i++;
			}
			while (v[k] > pivot) {
				k--;
			}
			if (i >= k) {
				break;
			}
			swap = v[i];
			v[i] = v[k];
			v[k] = swap;
		}
		if (want <= k) {
			hi = k;
		} else {
			lo = k + 1;
		}
	}
	return v[want];
}

/* ln 2, of which the first part times an exponent is exact. */
#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW 1.90821492927058770002e-10
/* Of a double: 1.0, and the bits behind the exponent. */
#define ONE UINT64_C(0x3ff0000000000000)
#define FRACTION (((uint64_t)1 << 52) - 1)

/* see stats.h */
double
stats_log(double x)
{
	uint64_t bits;
	double part, s, sum = 0;
	int exponent;

	memcpy(&bits, &x, sizeof(bits));
	exponent = (int)(bits >> 52) - 1023;
	bits = (bits & FRACTION) | ONE;
	memcpy(&part, &bits, sizeof(part));
	if (part > 1.4142135623730951) {
		part /= 2;
		exponent++;
	}
	/* ln p = 2 artanh s; s is 0.172 at most, so 11 terms are enough. */
	s = (part - 1) / (part + 1);
	for (int n = 21; n > 1; n -= 2) {
		sum = (sum + 1.0 / n) * s * s;
	}
	return exponent * LN2_HIGH + (2 * s + (2 * s * sum +
	    exponent * LN2_LOW));
}

/* see stats.h */
double
stats_exp(double x)
{
	double sum = 1, power;
	uint64_t bits;
	int k;

	if (x < -700 || x > 700) {
		return x < 0 ? 0 : INFINITY;
	}
	k = (int)(x / LN2_HIGH + (x < 0 ? -0.5 : 0.5));
	x = x - k * LN2_HIGH - k * LN2_LOW;
	for (int n = 14; n > 0; n--) {
		sum = 1 + sum * x / n;
	}
	bits = (uint64_t)(k + 1023) << 52;
	memcpy(&power, &bits, sizeof(power));
	return sum * power;
}

/* see stats.h */
double
stats_two_sided(double z)
{
	static const double c[] = { -1.26551223, 1.00002368, 0.37409196,
	    0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
	    -0.82215223, 0.17087277 };
	double x = fabs(z) / sqrt(2.0);
	double t = 1 / (1 + x / 2);
	double sum = 0;

	for (size_t i = sizeof(c) / sizeof(c[0]); i-- > 0;) {
		sum = sum * t + c[i];
	}
	t *= x > 1e3 ? 0 : stats_exp(sum - x * x);
	return t > 1 ? 1 : t; /* near zero the fit is a little above */
}

/* see stats.h */
const double stats_quantiles[STATS_QUANTILE_N] = { 0.01, 0.05, 0.25, 0.75,
    0.9, 0.95, 0.99, 0.999 };

/* The period of CloudWatch nearest to p seconds when within a tenth of it,
 * else p. Of two as near the shorter one. */
static double
snap(double p, bool *snapped)
{
	static const double fixed[] = { 1, 5, 10, 30 };
	double whole = (double)(int64_t)(p / 60);
	double nearest;

	*snapped = false;
	if (!(p > 0)) {
		return 0;
	}
	whole = whole < 1 ? 1 : whole > 3600 ? 3600 : whole;
	nearest = whole * 60;
	if (whole < 3600 && fabs(nearest + 60 - p) < fabs(nearest - p)) {
		nearest += 60;
	}
	for (size_t i = sizeof(fixed) / sizeof(fixed[0]); i-- > 0;) {
		if (fabs(fixed[i] - p) <= fabs(nearest - p)) {
			nearest = fixed[i];
		}
	}
	*snapped = fabs(nearest - p) / nearest <= 0.1;
	return *snapped ? nearest : p;
}

/* The distance that more than half of the neighbours have; 0: none does (Boyer
 * and Moore 1981). Gap-free series, most of them, need no sorting then. */
static int64_t
majority(const struct stats_point *p, size_t n)
{
	int64_t candidate = 0;
	size_t votes = 0, n_same = 0;

	for (size_t i = 1; i < n; i++) {
		int64_t gap = p[i].at_ms - p[i - 1].at_ms;

		if (votes == 0) {
			candidate = gap;
		}
		votes = gap == candidate ? votes + 1 : votes - 1;
	}
	for (size_t i = 1; i < n; i++) {
		n_same += p[i].at_ms - p[i - 1].at_ms == candidate;
	}
	return n_same > (n - 1) / 2 ? candidate : 0;
}

/* see stats.h */
double
stats_period(struct arena *a, const struct stats_point *p, size_t n,
    bool *snapped)
{
	struct stats_point *gaps;
	size_t best_n = 0;
	double best = 0;
	double first = 0;

	*snapped = false;
	best = (double)majority(p, n) / 1000;
	if (best > 0) {
		return snap(best, snapped);
	}
	gaps = n < 2 ? NULL : ARENA_ARRAY(a, n - 1, struct stats_point);
	if (gaps == NULL) {
		return 0;
	}
	/* Equal gaps become neighbours, each with the place it came from. */
	for (size_t i = 0; i + 1 < n; i++) {
		gaps[i] = (struct stats_point){ p[i + 1].at_ms - p[i].at_ms,
		    (double)i };
	}
	if (!stats_sort(a, gaps, n - 1)) {
		return 0;
	}
	for (size_t i = 0, k; i < n - 1; i = k) {
		for (k = i; k < n - 1 && gaps[k].at_ms == gaps[i].at_ms;) {
			k++;
		}
		if (k - i > best_n || (k - i == best_n &&
		    gaps[i].value < first)) {
			best_n = k - i;
			first = gaps[i].value;
			best = (double)gaps[i].at_ms / 1000;
		}
	}
	return snap(best, snapped);
}

/* Keeps the gap when it is among the longest. */
static void
keep_gap(struct stats_summary *s, struct stats_gap gap)
{
	size_t kept = s->gap_n < STATS_GAP_MAX_N ? s->gap_n : STATS_GAP_MAX_N;
	size_t i = kept;

	s->gap_n++;
	if (kept == STATS_GAP_MAX_N) {
		if (gap.missing_n <= s->gaps[kept - 1].missing_n) {
			return;
		}
		i = kept - 1;
	}
	for (; i > 0 && s->gaps[i - 1].missing_n < gap.missing_n; i--) {
		s->gaps[i] = s->gaps[i - 1];
	}
	s->gaps[i] = gap;
}

static void
find_gaps(struct stats_summary *s)
{
	double period_ms = s->period_s * 1000;
	double end = (double)s->points[0].at_ms + period_ms *
	    (double)(s->n - 1);
	size_t dense = 0;
	double slots;

	s->density = s->coverage = (double)NAN;
	if (!(period_ms > 0)) {
		return;
	}
	for (size_t i = 0; i < s->n; i++) {
		int64_t to = s->points[i].at_ms;
		int64_t from = i == 0 ? to : s->points[i - 1].at_ms;
		double missing = (double)(to - from) / period_ms - 0.5;

		dense += (double)to <= end;
		if (missing >= 1) {
			s->missing_n += (int64_t)missing;
			keep_gap(s, (struct stats_gap){ from, to,
			    (int64_t)missing });
		}
	}
	s->density = (double)dense / (double)s->n;
	slots = (double)s->n + (double)s->missing_n;
	s->coverage = (double)s->n / slots;
}

static void
find_moments(struct stats_summary *s)
{
	double unit = fabs(s->min) > fabs(s->max) ? fabs(s->min) :
	    fabs(s->max);
	double mean = 0, square = 0;

	if (!(unit > 0)) {
		unit = 1;
	}
	for (size_t i = 0; i < s->n; i++) {
		mean += s->sorted[i] / unit;
	}
	mean /= (double)s->n;
	for (size_t i = 0; i < s->n; i++) {
		double d = s->sorted[i] / unit - mean;

		square += d * d;
	}
	s->mean = mean * unit;
	s->std_deviation = s->min < s->max ?
	    sqrt(square / (double)s->n) * unit : 0;
	s->variation = fabs(mean) > 1e-10 ?
	    s->std_deviation / fabs(s->mean) : (double)NAN;
}

/* see stats.h */
bool
stats_summarize(struct arena *a, const struct stats_point *p, size_t n,
    struct stats_summary *out)
{
	*out = (struct stats_summary){ .total_n = n };
	out->points = ARENA_ARRAY(a, n, struct stats_point);
	out->sorted = ARENA_ARRAY(a, n, double);
	if (out->points == NULL || out->sorted == NULL) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (stats_finite(p[i].value)) {
			out->sorted[out->n] = p[i].value;
			out->points[out->n++] = p[i];
		}
	}
	if (out->n == 0) {
		return true;
	}
	if (!stats_sort(a, out->points, out->n) ||
	    !stats_sort_values(a, out->sorted, out->n)) {
		return false;
	}
	out->min = out->sorted[0];
	out->max = out->sorted[out->n - 1];
	out->median = stats_quantile(out->sorted, out->n, 0.5);
	for (size_t i = 0; i < STATS_QUANTILE_N; i++) {
		out->quantiles[i] = stats_quantile(out->sorted, out->n,
		    stats_quantiles[i]);
	}
	find_moments(out);
	out->period_s = stats_period(a, out->points, out->n,
	    &out->period_snapped);
	find_gaps(out);
	return true;
}

/* see stats.h */
double
stats_round(double v, int digits)
{
	double size = fabs(v), up = 1, down = 1, limit = 1;
	int scale = 0;

	if (!stats_finite(v) || size < 1e-290 || size > 1e290) {
		return v;
	}
	for (int i = 0; i < digits; i++) {
		limit *= 10;
	}
	while (size * up < limit / 10) {
		up *= 10;
		scale++;
	}
	while (size / down >= limit) {
		down *= 10;
	}
	size = (double)(int64_t)(size * up / down + 0.5);
	if (scale <= 22) {
		size = size / up * down;
	} else {
		/* 10^23 is not a double: its error would show as digits. */
		char text[NUM_TEXT_MAX + 8];
		struct buf b = buf_fixed(text, sizeof(text));

		buf_addf(&b, "%de-%d", (int64_t)size, (int64_t)scale);
		if (!num_parse(buf_str(&b), &size)) {
			return v;
		}
	}
	return v < 0 ? -size : size;
}
