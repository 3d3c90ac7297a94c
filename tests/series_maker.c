/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See series_maker.h.
 */
#include "series_maker.h"

#include <math.h>
#include <stdio.h>

#include "test.h"

#define PI 3.14159265358979323846
#define START_MS INT64_C(1794787200000) /* a Monday, 00:00 UTC */
/* Fewer points than this tell nobody anything when noise is as strong as the
 * pattern. */
#define LEFT_MIN 100

enum kind { NONE, QUARTER, HOUR, SIX, DAY, WEEK, BOTH, KIND_N };
enum shape { SINE, OFFICE, SAW, PULSE, TWO_PEAKS, SHAPE_N };

static const int64_t season_of[] = { 0, 900, 3600, 21600, 86400, 604800,
    604800 };

static uint64_t state;

static double
uniform(void)
{
	return (double)(test_random(&state) >> 11) / 9007199254740992.0;
}

static double
between(double lo, double hi)
{
	return lo + (hi - lo) * uniform();
}

static size_t
pick(size_t n)
{
	return (size_t)(test_random(&state) >> 8) % n;
}

static double
normal(void)
{
	double u = uniform() + 1e-300;

	return sqrt(-2 * log(u)) * cos(2 * PI * uniform());
}

/* A pattern of one cycle, t in 0..1. */
static double
shape_at(enum shape s, double t)
{
	switch (s) {
	case OFFICE:
		return t < 0.3 || t > 0.8 ? 0 : sin(PI * (t - 0.3) / 0.5) + 1;
	case SAW:
		return t;
	case PULSE:
		return t > 0.1 && t < 0.25;
	case TWO_PEAKS:
		return exp(-100 * (t - 0.35) * (t - 0.35)) +
		    0.6 * exp(-100 * (t - 0.75) * (t - 0.75));
	default:
		return sin(2 * PI * t);
	}
}

static double
pattern_at(enum kind k, enum shape s, double phase, double second)
{
	double day = second / 86400, week = second / 604800;
	double weekend;

	day -= floor(day);
	week -= floor(week);
	weekend = week >= 5.0 / 7 ? 1 : 0;
	switch (k) {
	case NONE:
		return 0;
	case WEEK:
		return s == SINE ? sin(2 * PI * week) :
		    s == SAW ? week : weekend;
	case BOTH:
		return shape_at(s, day) * (1 - 0.6 * weekend) - 0.4 * weekend;
	default:
		second = second / (double)season_of[k] + phase;
		return shape_at(s, second - floor(second));
	}
}

static int64_t
publishing(enum kind k)
{
	static const int64_t choice[][3] = {
		{ 60, 300, 3600 }, { 10, 60, 60 }, { 60, 60, 300 },
		{ 60, 300, 900 }, { 60, 300, 3600 }, { 60, 900, 3600 },
		{ 60, 300, 3600 },
	};

	return choice[k][pick(3)];
}

static size_t
length(enum kind k, int64_t period, double *cycles)
{
	double each = (double)season_of[k] / (double)period;
	double most = SERIES_MAKER_MAX_N - 40;

	if (k == NONE) {
		*cycles = 0;
		return (size_t)exp(between(log(120.0), log(6000.0)));
	}
	*cycles = exp(between(log(2.0), log(k >= WEEK ? 8.0 : 30.0)));
	*cycles = *cycles * each > most ? most / each : *cycles;
	*cycles = *cycles < 2 ? 2 : *cycles;
	/* A short one gets the cycles it needs for enough points. */
	if (*cycles * each < LEFT_MIN) {
		*cycles = LEFT_MIN / each;
	}
	return (size_t)(*cycles * each + 0.5);
}

struct plan {
	enum kind kind;
	enum shape shape;
	int64_t period;
	size_t n;
	double cycles, noise, red, trend, step, step_at, spikes, missing;
	double gap_at, gap, size, offset;
};

static void
make_plan(bool noise_only, struct plan *p)
{
	p->kind = noise_only ? NONE : (enum kind)pick(KIND_N);
	p->shape = (enum shape)pick(SHAPE_N);
	p->period = publishing(p->kind);
	p->n = length(p->kind, p->period, &p->cycles);
	p->noise = p->kind == NONE ? 1 : between(0, 1);
	p->red = pick(2) ? between(0.2, p->kind == NONE ? 0.97 : 0.6) : 0;
	p->trend = noise_only || pick(5) < 2 ? 0 : between(1, 5) *
	    (pick(2) ? 1 : -1);
	p->step = p->trend != 0 || noise_only || pick(4) ? 0 :
	    between(1.5, 4) * (pick(2) ? 1 : -1);
	p->step_at = between(0.25, 0.75);
	p->spikes = !noise_only && pick(4) == 0 ? between(0.001, 0.004) : 0;
	p->missing = pick(3) ? 0 : between(0.01, 0.75);
	p->gap = pick(6) ? 0 : between(0.05, 0.2);
	p->gap_at = between(0.1, 0.7);
	p->size = pick(3) ? 1 : exp(between(log(1e-6), log(1e12)));
	p->offset = between(0, 20);
	if ((double)p->n * (1 - p->missing) * (1 - p->gap) < LEFT_MIN) {
		p->missing = 0;
		p->gap = 0;
	}
	/* One in thirty is constant. */
	if (!noise_only && pick(30) == 0) {
		p->kind = NONE;
		p->noise = p->trend = p->step = p->spikes = 0;
	}
}

static void
fill(const struct plan *p, struct series_made *out)
{
	static double base[SERIES_MAKER_MAX_N];
	double phase = uniform();
	double mean = 0, square = 0, sd, noise = normal(), total;
	int64_t shift = (int64_t)pick(604800 / 3600) * 3600;

	for (size_t i = 0; i < p->n; i++) {
		base[i] = pattern_at(p->kind, p->shape, phase,
		    (double)(shift + (int64_t)i * p->period));
		mean += base[i] / (double)p->n;
	}
	for (size_t i = 0; i < p->n; i++) {
		square += (base[i] - mean) * (base[i] - mean);
	}
	sd = p->kind == NONE ? 1 : sqrt(square / (double)p->n);
	total = sd * sqrt(1 + p->noise * p->noise);
	out->n = 0;
	for (size_t i = 0; i < p->n; i++) {
		double part = (double)i / (double)p->n;
		double x = base[i] - mean + p->offset * sd;
		bool gone = uniform() < p->missing || (part > p->gap_at &&
		    part < p->gap_at + p->gap);

		noise = p->red * noise + sqrt(1 - p->red * p->red) * normal();
		x += p->noise * sd * noise + p->trend * total * part;
		x += part >= p->step_at ? p->step * total : 0;
		x += uniform() < p->spikes ? between(10, 30) * total : 0;
		if (!gone) {
			out->points[out->n++] = (struct stats_point){
			    START_MS + (int64_t)i * p->period * 1000,
			    x * p->size };
		}
	}
}

/* see series_maker.h */
void
series_maker(uint64_t i, bool noise_only, struct series_made *out)
{
	static const char *const kinds[] = { "none", "15 min", "hour", "6 h",
	    "day", "week", "day+week" };
	static const char *const shapes[] = { "sine", "office", "saw",
	    "pulse", "two peaks" };
	struct plan p;

	state = (i + 1) * UINT64_C(0x9e3779b97f4a7c15) + noise_only;
	(void)test_random(&state);
	make_plan(noise_only, &p);
	fill(&p, out);
	out->season_s = p.kind == NONE ? 0 : season_of[p.kind];
	out->trend = p.trend > 0 ? 1 : p.trend < 0 ? -1 : 0;
	out->stepped = p.step != 0;
	out->step = p.step > 0 ? 1 : p.step < 0 ? -1 : 0;
	out->step_ms = START_MS + (int64_t)(p.step_at * (double)p.n) *
	    p.period * 1000;
	out->noise_only = noise_only;
	out->noise = p.noise;
	(void)snprintf(out->text, sizeof(out->text), "%s %s, %.1f cycles, "
	    "every %d s, %zu points, noise %.2f red %.2f, trend %.1f, step "
	    "%.1f, spikes %.3f, missing %.2f gap %.2f, size %.0e",
	    kinds[p.kind], shapes[p.shape], p.cycles, (int)p.period, out->n,
	    p.noise, p.red, p.trend, p.step, p.spikes, p.missing, p.gap,
	    p.size);
}
