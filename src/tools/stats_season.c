/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What repeats in a series.
 *
 * For each candidate period the series is folded: x = slope + level of each
 * cycle + pattern of the phase + rest, by alternating means (Buys Ballot's
 * table with additive cycles). The slope is the median of differences one
 * period apart (Hirsch, Slack and Smith 1982), to which the pattern is blind.
 *
 * Significance: the harmonics of the pattern are tested by F against the noise
 * expected at their own frequency, for metrics have red noise and a smooth
 * wander looks regular to a test for white noise. The noise is the largest of
 * three estimates on the rest: the spectrum of a first-order autoregression
 * (Schulz and Mudelsee 2002); the variance of means over eighths of a cycle, a
 * two-way analysis of variance; and how much the cycles differ in that very
 * harmonic. Correlation takes degrees of freedom. Either the greatest harmonic
 * (Bonferroni) or all together (Wilson and Hilferty 1931) may decide.
 *
 * Truth: every multiple of a period fits a little better than the period. So
 * explained variance is corrected for the freedom that each pattern has, the
 * shortest period that explains nine tenths of what the best one does is
 * taken, and a longer one counts only when it is significant in what the
 * shorter one leaves.
 *
 * The canonical periods are tried first. When none is there, the series' own
 * autocorrelation proposes one: the first of its equally high hills behind
 * the first valley (Vlachos, Yu and Castelli 2005), tested the same way and
 * more strictly, since it was picked from many. Of a pattern that is there,
 * its harmonics tell whether it repeats within its period.
 *
 * Holes are left out of every sum, not filled: a filled hole is a pattern.
 */
#include "tools/stats_season.h"

#include <math.h>

#include "base/limits.h"
#include "tools/stats_fft.h"

/* Least probability of a period from the list, and of one from a search. */
#define P_LISTED 1e-3
#define P_SEARCHED 1e-5
#define SEARCHED_CYCLE_N 2.9
/* A pattern that explains less is there, but of no use to anybody. */
#define STRENGTH_MIN 0.1
/* Below this a fold is not tested at all. */
#define STRENGTH_WORTH 0.02
/* What the shortest period has to explain of what the best one does. */
#define AS_MUCH 0.9
/* Of what a day leaves, a week has to explain half, and this part of all, to be
 * the truth: quieter weekends are little beside the nights, but not nothing. */
#define WEEK_OF_REST 0.5
#define WEEK_OF_ALL 0.02
/* Phases of a pattern, and of a week, each of whose days needs as many. */
#define BIN_MAX_N 36
#define WEEK_BIN_MAX_N (7 * BIN_MAX_N)
#define HARMONIC_MAX_N 24
/* Seven hours fit into a week 24 times: nobody calls that weekly. */
#define DIVIDED_MAX 12.5
/* Parts of a cycle for the variance of means. */
#define PART_N 8
#define CYCLE_MAX_N 65536
/* Harmonics at which cycles are compared one by one, and what the other
 * estimates of noise weigh beside that, in degrees of freedom. */
#define OWN_MAX_N 4
#define PRIOR_FREEDOM 4

static const int64_t canonical[] = { 900, 3600, 21600, 86400, 604800 };

#define CANONICAL_N (sizeof(canonical) / sizeof(canonical[0]))

/* Consecutive points of one phase and cycle. */
struct run {
	uint32_t from, n;    /* number of the first point, and how many */
	uint32_t bin, cycle;
	double sum;          /* of their values, less the slope */
};

/* A series folded at one period. */
struct fold {
	double period_s;
	double p;           /* in slots */
	size_t bin_n, cycle_n;
	double *pattern;    /* of bin_n phases */
	double *bin_w;      /* points of each */
	double *level, *level_w; /* of each cycle */
	struct run *runs;   /* scratch, shared by all folds */
	size_t run_n;
	double *rest;       /* of each point; scratch too */
	double explained;   /* variance of the pattern, corrected */
	double noise;       /* variance of the rest, corrected */
	double freedom;     /* of the rest */
	double power[HARMONIC_MAX_N + 1]; /* of each, above the noise */
	double p_value;
};

/* see stats_season.h */
int64_t
stats_season_canonical(double seconds)
{
	for (size_t i = 0; i < CANONICAL_N; i++) {
		if (fabs(seconds - (double)canonical[i]) <
		    (double)canonical[i] / 10) {
			return canonical[i];
		}
	}
	return 0;
}

/* How many phases the data can tell apart. */
static size_t
bins_for(const struct stats_grid *g, double p, double period_s)
{
	bool week = period_s > 6 * 86400;
	double cycles = (double)g->n / p;
	/* As many points a phase as there are whole cycles, at most three. */
	double each = cycles >= 3 ? 3 : cycles * 0.95;
	double most = (double)g->m / each;
	double bins = week ? WEEK_BIN_MAX_N : BIN_MAX_N;

	if (bins > p + 1e-6) {
		bins = p + 1e-6;
	}
	if (bins > most) {
		bins = most;
	}
	if (week && bins >= 7) {
		bins -= (double)((size_t)bins % 7);
	}
	return bins < 2 ? 2 : (size_t)bins;
}

/* Median slope per slot, of points one period apart; d is scratch. */
static double
slope_of(const struct stats_grid *g, const double *v, double p, double *d)
{
	uint32_t lag = (uint32_t)(p + 0.5);
	size_t step = 1 + g->m / 2048;
	size_t n = 0, k = 0;

	for (size_t i = 0; i < g->m; i += step) {
		while (k < g->m && g->slot[k] < g->slot[i] + lag) {
			k++;
		}
		if (k < g->m && g->slot[k] == g->slot[i] + lag) {
			d[n++] = v[k] - v[i];
		}
	}
	return n >= 8 ? stats_median(d, n) / (double)lag : 0;
}

/* The phase and cycle that a slot belongs to; each is 1 / f->p. */
static uint32_t
phase_of(const struct fold *f, uint32_t slot, double each, uint32_t *cycle)
{
	double t = (double)slot * each + 1e-9;

	*cycle = (uint32_t)t;
	return (uint32_t)((t - (double)*cycle) * (double)f->bin_n);
}

/* Takes the slope away and gathers the points by phase and cycle. A last
 * cycle that has begun only just is part of the one before. */
static void
gather(const struct stats_grid *g, const double *v, double slope,
    struct fold *f)
{
	double each = 1 / f->p;
	struct run *r = NULL;

	f->cycle_n = (size_t)((double)g->n / f->p + 0.75);
	f->run_n = 0;
	for (size_t i = 0; i < g->m; i++) {
		uint32_t c;
		uint32_t b = phase_of(f, g->slot[i], each, &c);
		double x = v[i] - slope * (double)g->slot[i];

		c = c < f->cycle_n ? c : (uint32_t)f->cycle_n - 1;
		if (r == NULL || r->bin != b || r->cycle != c) {
			r = &f->runs[f->run_n++];
			*r = (struct run){ (uint32_t)i, 0, b, c, 0 };
		}
		r->n++;
		r->sum += x;
		f->rest[i] = x;
	}
}

/* Means by phase of what the levels leave, or by cycle of what the pattern
 * leaves. */
static void
means(struct fold *f, bool by_cycle)
{
	double *mean = by_cycle ? f->level : f->pattern;
	double *w = by_cycle ? f->level_w : f->bin_w;
	size_t n = by_cycle ? f->cycle_n : f->bin_n;

	for (size_t i = 0; i < n; i++) {
		mean[i] = w[i] = 0;
	}
	for (size_t i = 0; i < f->run_n; i++) {
		const struct run *r = &f->runs[i];
		size_t at = by_cycle ? r->cycle : r->bin;
		double other = by_cycle ? f->pattern[r->bin] :
		    f->level[r->cycle];

		mean[at] += r->sum - r->n * other;
		w[at] += r->n;
	}
	for (size_t i = 0; i < n; i++) {
		mean[i] = w[i] > 0 ? mean[i] / w[i] : 0;
	}
}

static void
center(struct fold *f, double m)
{
	double mean = 0;

	for (size_t b = 0; b < f->bin_n; b++) {
		mean += f->pattern[b] * f->bin_w[b];
	}
	for (size_t b = 0; b < f->bin_n; b++) {
		if (f->bin_w[b] > 0) {
			f->pattern[b] -= mean / m;
		}
	}
}

/* Splits v into pattern, levels and rest. */
static void
split(const struct stats_grid *g, const double *v, double slope,
    struct fold *f)
{
	double m = (double)g->m, square = 0, explained = 0;
	double used = 0;
	size_t turn_n;

	gather(g, v, slope, f);
	for (size_t b = 0; b < f->bin_n; b++) {
		f->pattern[b] = 0;
	}
	/* With full cycles the second turn changes nothing, and beside many
	 * full ones the part of one at the end does not count. */
	turn_n = g->m == g->n && f->cycle_n > 20 ? 1 : 3;
	for (size_t turn = 0; turn < turn_n; turn++) {
		means(f, true);
		means(f, false);
		center(f, m);
	}
	for (size_t i = 0; i < f->run_n; i++) {
		const struct run *r = &f->runs[i];
		double gone = f->pattern[r->bin] + f->level[r->cycle];

		for (size_t k = r->from; k < r->from + r->n; k++) {
			f->rest[k] -= gone;
			square += f->rest[k] * f->rest[k];
		}
	}
	for (size_t b = 0; b < f->bin_n; b++) {
		used += f->bin_w[b] > 0;
		explained += f->bin_w[b] * f->pattern[b] * f->pattern[b];
	}
	f->freedom = m - used;
	for (size_t c = 1; c < f->cycle_n; c++) {
		f->freedom -= f->level_w[c] > 0;
	}
	f->freedom = f->freedom < 1 ? 1 : f->freedom;
	f->noise = square / f->freedom;
	f->explained = explained / m - (used - 1) / m * f->noise;
}

/* Correlation of neighbours in the rest, corrected for its bias; 0 where
 * there are too few. */
static double
neighbours(const struct stats_grid *g, const struct fold *f)
{
	double product = 0, square = 0, n = 0, r;

	for (size_t i = 1; i < g->m; i++) {
		if (g->slot[i] == g->slot[i - 1] + 1) {
			product += f->rest[i] * f->rest[i - 1];
			square += (f->rest[i] * f->rest[i] +
			    f->rest[i - 1] * f->rest[i - 1]) / 2;
			n++;
		}
	}
	if (n < 8 || !(square > 0)) {
		return 0;
	}
	n *= f->freedom / (double)g->m;
	r = product / square;
	r += (1 + 3 * r) / (n > 4 ? n : 4);
	return r < 0 ? 0 : r > 0.98 ? 0.98 : r;
}

/* Spectrum of an autoregression of unit variance at a frequency in turns. */
static double
red(double r, double turns)
{
	double c, s;

	stats_fft_turn(turns, &c, &s);
	return (1 - r * r) / (1 + r * r - 2 * r * c);
}

/* Noise by the means of parts of cycles, and how those are correlated. */
static double
part_noise(const struct fold *f, size_t parts, double *part_r,
    double *freedom)
{
	double last = 0, product = 0, square = 0, sum = 0, w = 0, n = 0;
	size_t at = SIZE_MAX;

	for (size_t i = 0; i <= f->run_n; i++) {
		const struct run *r = &f->runs[i];
		size_t part = i == f->run_n ? 0 : (size_t)r->cycle * parts +
		    r->bin * parts / f->bin_n;

		if (w > 0 && (i == f->run_n || part != at)) {
			double mean = sum / sqrt(w);

			square += mean * mean;
			product += mean * last;
			last = mean;
			n++;
			sum = w = 0;
		}
		if (i < f->run_n) {
			at = part;
			sum += r->sum - r->n * (f->pattern[r->bin] +
			    f->level[r->cycle]);
			w += r->n;
		}
	}
	*freedom = n - (double)parts - (double)f->cycle_n + 1;
	if (*freedom < 1 || !(square > 0)) {
		*part_r = 0;
		*freedom = 1;
		return 0;
	}
	*part_r = product / square;
	*part_r += (1 + 3 * *part_r) / (double)parts;
	*part_r = *part_r < 0 ? 0 : *part_r > 0.9 ? 0.9 : *part_r;
	return square / *freedom;
}

/* Power of the rest at a harmonic of the pattern: how much the cycles differ
 * in it, as the mean over them. */
static double
between_cycles(const struct fold *f, size_t h)
{
	double c, s, re = 1, im = 0;
	double x = 0, y = 0, n = 0, sum = 0, cycles = 0;
	size_t at = 0;

	stats_fft_turn((double)h / (double)f->bin_n, &c, &s);
	for (size_t i = 0; i <= f->run_n; i++) {
		const struct run *r = &f->runs[i];
		bool end = i == f->run_n;
		double rest;

		if (end || (i > 0 && r->cycle != r[-1].cycle)) {
			sum += n > 0 ? (x * x + y * y) / n : 0;
			cycles += n > 0;
			x = y = n = 0;
		}
		if (end) {
			break;
		}
		/* Runs come in order of phase, holes and cycles aside. */
		while (at != r->bin) {
			double next = re * c - im * s;

			im = re * s + im * c;
			re = next;
			at = at + 1 == f->bin_n ? 0 : at + 1;
			if (at == 0) {
				re = 1;
				im = 0;
			}
		}
		rest = r->sum - r->n * (f->pattern[r->bin] +
		    f->level[r->cycle]);
		x += rest * re;
		y += rest * im;
		n += r->n;
	}
	return cycles > 1 ? sum / (cycles - 1) : 0;
}

/* Power of the pattern's harmonics, in units of variance per point. */
static size_t
harmonics(const struct stats_grid *g, struct fold *f)
{
	size_t n = f->bin_n / 2 < HARMONIC_MAX_N ? f->bin_n / 2 :
	    HARMONIC_MAX_N;

	for (size_t h = 1; h <= n; h++) {
		double c, s, re = 1, im = 0;
		double x = 0, y = 0;

		stats_fft_turn((double)h / (double)f->bin_n, &c, &s);
		for (size_t b = 0; b < f->bin_n; b++) {
			double next = re * c - im * s;

			x += f->bin_w[b] * f->pattern[b] * re;
			y += f->bin_w[b] * f->pattern[b] * im;
			im = re * s + im * c;
			re = next;
		}
		f->power[h] = (x * x + y * y) / (double)g->m;
	}
	return n;
}

/* Probability of F(2 n, v) above f (Wilson and Hilferty 1931). */
static double
tail(double f, double n, double v)
{
	double a = 1 / (9 * n), b = 2 / (9 * v);
	double root = f > 0 ? stats_exp(stats_log(f) / 3) : 0;
	double z = ((1 - b) * root - (1 - a)) / sqrt(b * root * root + a);

	return z > 0 ? stats_two_sided(z) / 2 : 1;
}

static void
test(const struct stats_grid *g, struct fold *f)
{
	size_t parts = f->bin_n < 2 * PART_N ? (f->bin_n + 1) / 2 : PART_N;
	double r = neighbours(g, f);
	double density = (double)g->m / (double)g->n;
	double part_r, freedom, sum = 0;
	double coarse = part_noise(f, parts, &part_r, &freedom);
	size_t n = harmonics(g, f);
	double floor = 1e-12; /* rounding is no pattern */
	double own_freedom = 2 * ((double)f->cycle_n - 1);

	f->p_value = 1;
	/* What is correlated knows less than its number says. */
	freedom *= (1 - part_r) / (1 + part_r);
	freedom += f->freedom / 4 * (1 - r) / (1 + r);
	freedom = freedom > 200 ? 200 : freedom < 2 ? 2 : freedom;
	for (size_t h = 1; h <= n; h++) {
		double w = (double)h / f->p;
		double fine = f->noise * (1 - density + density * red(r, w));
		double wide = coarse * (2 * h < parts ? red(part_r,
		    (double)h / (double)parts) : 1);
		double noise = (fine > wide ? fine : wide) + floor;
		double own = h <= OWN_MAX_N ? between_cycles(f, h) : 0;
		double ratio, p;

		own = (PRIOR_FREEDOM * noise + own_freedom * own) /
		    (PRIOR_FREEDOM + own_freedom);
		noise = own > noise ? own : noise;
		ratio = f->power[h] / noise;
		p = stats_exp(-freedom / 2 *
		    stats_log(1 + 2 * ratio / freedom));
		/* Half of the chance for the first, the rest for all. */
		p *= h == 1 ? 2 : 4 * (double)n;
		f->p_value = p < f->p_value ? p : f->p_value;
		sum += ratio;
		f->power[h] = ratio > 1 ? f->power[h] - noise : 0;
	}
	if (n > 0) {
		double p = 2 * tail(sum / (double)n, (double)n, freedom);

		f->p_value = p < f->p_value ? p : f->p_value;
	}
}

static double
strength(const struct fold *f)
{
	double e = f->explained > 0 ? f->explained : 0;

	return e > 0 ? e / (e + f->noise) : 0;
}

/* Folds v at a period. false: out of memory. *ok: the period fits the data. */
static bool
fold(struct arena *a, const struct stats_grid *g, const double *v,
    double period_s, const struct fold *scratch, struct fold *f, bool *ok)
{
	double slope;

	*f = (struct fold){ .runs = scratch->runs, .rest = scratch->rest,
	    .period_s = period_s,
	    .p = period_s * 1000 / (double)g->step_ms, .p_value = 1 };
	*ok = f->p >= 2.9 && (double)g->n >= 1.98 * f->p &&
	    (double)g->n / f->p < CYCLE_MAX_N && g->m >= 12;
	if (!*ok) {
		return true;
	}
	f->bin_n = bins_for(g, f->p, period_s);
	f->cycle_n = (size_t)((double)g->n / f->p) + 2;
	f->pattern = ARENA_ARRAY(a, 2 * (f->bin_n + f->cycle_n), double);
	if (f->pattern == NULL) {
		return false;
	}
	slope = slope_of(g, v, f->p, f->rest);
	f->bin_w = f->pattern + f->bin_n;
	f->level = f->bin_w + f->bin_n;
	f->level_w = f->level + f->cycle_n;
	split(g, v, slope, f);
	if (strength(f) >= STRENGTH_WORTH) {
		test(g, f);
	}
	return true;
}

static bool
counts(const struct fold *f, double p_max)
{
	return f->p_value < p_max && strength(f) >= STRENGTH_MIN;
}

/* The value of the pattern at each point, or what v holds besides it. */
static double *
at_points(struct arena *a, const struct stats_grid *g, const double *v,
    const struct fold *f)
{
	double *out = ARENA_ARRAY(a, g->m, double);
	double each = 1 / f->p;

	for (size_t i = 0; out != NULL && i < g->m; i++) {
		uint32_t c;
		double x = f->pattern[phase_of(f, g->slot[i], each, &c)];

		out[i] = v == NULL ? x : v[i] - x;
	}
	return out;
}

/* Whether a longer period explains more than the shorter one; rest is what it
 * finds in what the shorter one leaves, NULL: not known yet. */
static bool
adds(const struct fold *shorter, const struct fold *longer,
    const struct fold *rest)
{
	bool week = shorter->period_s > 80000;

	return shorter->explained < AS_MUCH * longer->explained || (week &&
	    (rest == NULL || (strength(rest) > WEEK_OF_REST &&
	    rest->explained > WEEK_OF_ALL * shorter->explained)));
}

/* The shortest listed period that explains as much as any; its number, or
 * CANONICAL_N. */
static bool
choose_listed(struct arena *a, const struct stats_grid *g, const double *v,
    const struct fold *scratch, struct fold *folds, bool *valid,
    size_t *chosen)
{
	*chosen = CANONICAL_N;
	for (size_t i = 0; i < CANONICAL_N; i++) {
		if (!fold(a, g, v, (double)canonical[i], scratch,
		    &folds[i], &valid[i])) {
			return false;
		}
	}
	for (size_t i = 0; i < CANONICAL_N; i++) {
		struct fold rest;
		double *left;
		bool ok;

		if (!valid[i]) {
			continue;
		}
		if (*chosen == CANONICAL_N) {
			*chosen = counts(&folds[i], P_LISTED) ? i :
			    CANONICAL_N;
			continue;
		}
		if (!adds(&folds[*chosen], &folds[i], NULL)) {
			continue;
		}
		left = at_points(a, g, v, &folds[*chosen]);
		if (left == NULL || !fold(a, g, left, (double)canonical[i],
		    scratch, &rest, &ok)) {
			return false;
		}
		if (ok && rest.p_value < P_LISTED && strength(&folds[i]) >=
		    STRENGTH_MIN && adds(&folds[*chosen], &folds[i], &rest)) {
			*chosen = i;
		}
	}
	return true;
}

/* Divides by how much of the harmonics' power falls on multiples: the greatest
 * divisor whose part repeats as well as the whole. */
static double
divided(const struct fold *f)
{
	size_t n = f->bin_n / 2 < HARMONIC_MAX_N ? f->bin_n / 2 :
	    HARMONIC_MAX_N;
	double all = 0;

	for (size_t h = 1; h <= n; h++) {
		all += f->power[h];
	}
	for (size_t d = n; d > 1; d--) {
		double part = 0;

		for (size_t h = d; h <= n; h += d) {
			part += f->power[h];
		}
		if (part >= 0.93 * all && f->p / (double)d >= 2.9) {
			return f->period_s / (double)d;
		}
	}
	return f->period_s;
}

/* Sums slots of v, less its straight line, into at most STATS_SPECTRUM_MAX_N,
 * with how many points there are in each as mask of 0 and 1. */
static size_t
spread(const struct stats_grid *g, const double *v, size_t group, double *x,
    double *mask)
{
	size_t n = (g->n + group - 1) / group;
	double m = (double)g->m, mt = 0, mv = 0, tt = 0, tv = 0, slope;

	for (size_t i = 0; i < g->m; i++) {
		mt += g->slot[i] / m;
		mv += v[i] / m;
	}
	for (size_t i = 0; i < g->m; i++) {
		double t = g->slot[i] - mt;

		tt += t * t;
		tv += t * (v[i] - mv);
	}
	slope = tt > 0 ? tv / tt : 0;
	for (size_t i = 0; i < g->m; i++) {
		x[g->slot[i] / group] += v[i] - mv - slope *
		    (g->slot[i] - mt);
		mask[g->slot[i] / group]++;
	}
	for (size_t i = 0; i < n; i++) {
		if (mask[i] > 0) {
			x[i] /= mask[i];
			mask[i] = 1;
		}
	}
	return n;
}

/* Whether no lag within a tenth of k has more. */
static bool
is_hill(const double *r, size_t n, size_t k)
{
	size_t reach = k / 10 + 1;

	for (size_t i = k > reach ? k - reach : 1; i <= k + reach; i++) {
		if (i < n && r[i] > r[k]) {
			return false;
		}
	}
	return true;
}

/* The lag of the first of the highest hills, sharpened by its multiples; 0:
 * none. */
static double
first_hill(const double *r, size_t n)
{
	size_t valley = 1, top, k;
	double lag;

	while (valley < n && r[valley] > 0) {
		valley++;
	}
	if (valley >= n) {
		return 0;
	}
	top = valley;
	for (k = valley; k < n; k++) {
		top = r[k] > r[top] ? k : top;
	}
	if (r[top] < STRENGTH_MIN) {
		return 0;
	}
	k = valley;
	while (k < top && (r[k] < 0.85 * r[top] || !is_hill(r, n, k))) {
		k++;
	}
	lag = (double)k;
	for (size_t times = 2; times <= 16; times++) {
		size_t from = (size_t)(lag * (double)times - lag / 8);
		size_t to = (size_t)(lag * (double)times + lag / 8 + 1);
		size_t best = from;

		if (to >= n) {
			break;
		}
		for (size_t i = from; i <= to; i++) {
			best = r[i] > r[best] ? i : best;
		}
		lag = (double)best / (double)times;
	}
	return lag;
}

/* Proposes a period in seconds by autocorrelation; 0: none. */
static bool
propose(struct arena *a, const struct stats_grid *g, const double *v,
    double *period_s)
{
	size_t group = (g->n + STATS_SPECTRUM_MAX_N - 1) /
	    STATS_SPECTRUM_MAX_N;
	double *x = ARENA_ARRAY(a, g->n / group + 1, double);
	double *mask = ARENA_ARRAY(a, g->n / group + 1, double);
	const double *r;
	size_t n;

	*period_s = 0;
	if (x == NULL || mask == NULL) {
		return false;
	}
	n = spread(g, v, group, x, mask);
	if (n < 8) {
		return true;
	}
	r = stats_fft_autocorrelation(a, x, mask, n, n / 2 + 1,
	    8 + (double)n / 200);
	if (r == NULL) {
		return false;
	}
	*period_s = first_hill(r, n / 2 + 1) * (double)group *
	    (double)g->step_ms / 1000;
	return true;
}

/* Writes what a fold found. divisible: no shorter period was weighed against
 * it already. */
static bool
conclude(struct arena *a, const struct stats_grid *g, const struct fold *f,
    bool divisible, struct stats_season *out)
{
	out->pattern = at_points(a, g, NULL, f);
	if (out->pattern == NULL) {
		return false;
	}
	out->period_s = divisible ? divided(f) : f->period_s;
	if (f->period_s / out->period_s <= DIVIDED_MAX) {
		out->canonical_s = stats_season_canonical(f->period_s);
	}
	out->strength = strength(f);
	out->p_value = f->p_value;
	return true;
}

/* Names the shorter listed periods that are much of the chosen pattern. */
static void
name_parts(const struct fold *folds, const bool *valid, size_t chosen,
    struct stats_season *out)
{
	for (size_t i = 0; i < chosen; i++) {
		if (valid[i] && counts(&folds[i], P_LISTED) &&
		    folds[i].explained > 0.35 * folds[chosen].explained &&
		    out->part_n < STATS_SEASON_MAX_N) {
			out->part_s[out->part_n++] = (double)canonical[i];
		}
	}
}

/* see stats_season.h */
bool
stats_season_find(struct arena *a, const struct stats_grid *g,
    const double *v, bool search, struct stats_season_work *work,
    struct stats_season *out)
{
	struct fold folds[CANONICAL_N], own, scratch = { .p = 0 };
	bool valid[CANONICAL_N], ok;
	size_t chosen;
	double period_s;

	*out = (struct stats_season){ .p_value = 1 };
	if (!(g->scale > 0)) {
		return true;
	}
	if (work->runs == NULL) {
		work->runs = ARENA_ARRAY(a, g->m, struct run);
		work->rest = ARENA_ARRAY(a, g->m, double);
	}
	if (work->runs == NULL || work->rest == NULL) {
		return false;
	}
	scratch.runs = work->runs;
	scratch.rest = work->rest;
	if (!search) {
		if (!choose_listed(a, g, v, &scratch, folds, valid, &chosen)) {
			return false;
		}
		if (chosen == CANONICAL_N) {
			return true;
		}
		name_parts(folds, valid, chosen, out);
		return conclude(a, g, &folds[chosen], out->part_n == 0,
		    out);
	}
	if (!propose(a, g, v, &period_s)) {
		return false;
	}
	/* Two of anything look alike when one may choose what. */
	if (!(period_s > 0) || (double)g->n * (double)g->step_ms <
	    SEARCHED_CYCLE_N * period_s * 1000) {
		return true;
	}
	if (!fold(a, g, v, period_s, &scratch, &own, &ok)) {
		return false;
	}
	return !ok || !counts(&own, P_SEARCHED) || conclude(a, g, &own,
	    true, out);
}
