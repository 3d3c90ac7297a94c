/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See other_analysis.h.
 */
#include "other_analysis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GRID_MAX_N 200000

static const int64_t periods[OTHER_PERIOD_N] = { 900, 3600, 21600, 86400,
    604800 };

static double
mean_of(const double *x, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += x[i];
	}
	return sum / (double)n;
}

static double
variance_of(const double *x, size_t n)
{
	double m = mean_of(x, n), sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += (x[i] - m) * (x[i] - m);
	}
	return sum / (double)n;
}

/* Logarithm of the gamma function: Stirling's series, where it is exact. */
static double
log_gamma(double x)
{
	double product = 1;

	while (x < 15) {
		product *= x;
		x += 1;
	}
	return (x - 0.5) * log(x) - x + 0.91893853320467274 + 1 / (12 * x) -
	    1 / (360 * x * x * x) + 1 / (1260 * x * x * x * x * x) -
	    log(product);
}

/* Regularized incomplete beta function by its continued fraction. */
static double
beta_part(double a, double b, double x)
{
	double front, f = 1, c = 1, d = 0;

	if (x <= 0 || x >= 1) {
		return x <= 0 ? 0 : 1;
	}
	if (x > (a + 1) / (a + b + 2)) {
		return 1 - beta_part(b, a, 1 - x);
	}
	front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) +
	    a * log(x) + b * log(1 - x)) / a;
	for (int i = 0; i < 500; i++) {
		double m = (double)(i - i % 2) / 2;
		double k = i == 0 ? 1 : i % 2 == 0 ?
		    m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)) :
		    -(a + m) * (a + b + m) * x /
		    ((a + 2 * m) * (a + 2 * m + 1));

		d = 1 / (1 + k * d);
		c = 1 + k / c;
		f *= c * d;
		if (i > 0 && fabs(1 - c * d) < 1e-14) {
			break;
		}
	}
	return front * (f - 1);
}

/* see other_analysis.h */
int
other_analysis_trend(const double *x, size_t n, double *p_value)
{
	double xx = 0, xy = 0, yy = 0, my, b, error, t, df = (double)n - 2;
	double span = (double)(n - 1) + 1e-10;

	*p_value = (double)NAN;
	if (n <= 2 || sqrt(variance_of(x, n)) < 1e-10) {
		return 0;
	}
	my = mean_of(x, n);
	for (size_t i = 0; i < n; i++) {
		double u = ((double)i - (double)(n - 1) / 2) / span;

		xx += u * u;
		xy += u * (x[i] - my);
		yy += (x[i] - my) * (x[i] - my);
	}
	b = xy / xx;
	error = yy - b * xy;
	if (error <= 0) {
		*p_value = 0;
		return b > 0 ? 1 : -1;
	}
	t = b / sqrt(error / df / xx);
	*p_value = beta_part(df / 2, 0.5, df / (df + t * t));
	return *p_value >= 0.05 ? 0 : b > 0 ? 1 : -1;
}

/* see other_analysis.h */
double
other_analysis_strength(const double *x, size_t n, size_t p, double *left,
    size_t *left_n)
{
	static double u[GRID_MAX_N], pattern[GRID_MAX_N], sums[GRID_MAX_N];
	size_t cycles = n / p;
	size_t whole = cycles * p;
	double vu, s;

	*left_n = 0;
	if (whole == 0) {
		return 0;
	}
	memset(pattern, 0, p * sizeof(*pattern));
	sums[0] = 0;
	for (size_t i = 0; i < whole; i++) {
		pattern[i % p] += x[i] / (double)cycles;
		sums[i + 1] = sums[i] + x[i];
	}
	for (size_t i = 0; i < whole; i++) {
		size_t from = i < p / 2 ? 0 : i - p / 2;
		size_t to = i + (p - 1) / 2 + 1;

		to = to > whole ? whole : to;
		u[i] = x[i] - (sums[to] - sums[from]) / (double)(to - from);
	}
	vu = variance_of(u, whole);
	if (vu <= 1e-10) {
		return 0;
	}
	for (size_t i = 0; i < whole; i++) {
		u[i] -= pattern[i % p];
		left[i] = x[i] - pattern[i % p];
	}
	*left_n = whole;
	s = 1 - variance_of(u, whole) / vu;
	return s > 0 ? s : 0;
}

static int
order(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Straight lines between points, clipped. Returns how many. */
static size_t
fill_grid(const struct stats_point *p, size_t n, double period_s, double *x)
{
	static double sorted[GRID_MAX_N];
	int64_t step = (int64_t)period_s * 1000;
	size_t count = 0, k = 0;
	double lo, hi;

	for (int64_t t = p[0].at_ms; t < p[n - 1].at_ms + step &&
	    count < GRID_MAX_N; t += step) {
		double part;

		while (k + 2 < n && p[k + 1].at_ms <= t) {
			k++;
		}
		part = n < 2 ? 0 : (double)(t - p[k].at_ms) /
		    (double)(p[k + 1].at_ms - p[k].at_ms);
		x[count++] = part >= 1 ? p[n - 1].value : p[k].value +
		    part * (p[k + (n > 1)].value - p[k].value);
	}
	memcpy(sorted, x, count * sizeof(*x));
	qsort(sorted, count, sizeof(*sorted), order);
	lo = stats_quantile(sorted, count, 0.001);
	hi = stats_quantile(sorted, count, 0.999);
	for (size_t i = 0; i < count; i++) {
		x[i] = x[i] < lo ? lo : x[i] > hi ? hi : x[i];
	}
	return count;
}

/* see other_analysis.h */
void
other_analysis_run(const struct stats_point *p, size_t n, double period_s,
    double density, struct other_analysis *out)
{
	static double x[GRID_MAX_N], left[GRID_MAX_N], best_left[GRID_MAX_N];
	double best = 0;
	size_t best_n = 0;

	*out = (struct other_analysis){ .p_value = (double)NAN };
	for (size_t i = 0; i < OTHER_PERIOD_N; i++) {
		out->strength[i] = (double)NAN;
	}
	if (n < 2 || !(period_s >= 1) || !(density > 0.5)) {
		return;
	}
	out->grid_n = fill_grid(p, n, period_s, x);
	for (size_t i = 0; i < OTHER_PERIOD_N; i++) {
		double d = (double)periods[i] / (double)(int64_t)period_s;
		size_t left_n = 0;

		if ((double)out->grid_n < 2 * d) {
			continue;
		}
		out->strength[i] = d < 1 ? 0 : other_analysis_strength(x,
		    out->grid_n, (size_t)d, left, &left_n);
		if (out->strength[i] > best) {
			best = out->strength[i];
			out->season_s = periods[i];
			best_n = left_n;
			memcpy(best_left, left, left_n * sizeof(*left));
		}
	}
	if (best <= 0.6) {
		out->season_s = 0;
	}
	out->trend = best > 0.6 ?
	    other_analysis_trend(best_left, best_n, &out->p_value) :
	    other_analysis_trend(x, out->grid_n, &out->p_value);
}
