/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often an alarm would have fired on a series that is there already.
 */
#include "tools/backtest.h"

#include <string.h>

#include "base/buf.h"
#include "base/num.h"

/* What CloudWatch looks at beyond EvaluationPeriods, in its own examples. */
#define RANGE_EXTRA_N 2
/* A normal distribution's standard deviation by its median distance. */
#define MAD_SCALE 1.4826
/* Parts of a season with a spread of their own: the hours of a day. */
#define PART_N 24
/* A level is that of the time six hours before and after, or of twelve
 * datapoints on each side. */
#define LEVEL_HALF_S 21600.0
#define LEVEL_HALF_MIN_N 12
/* Fewest runs of datapoints that say what is usual. */
#define RUN_MIN_N 10
/* Up to here every whole number is a double of its own. */
#define WHOLE_MAX 9007199254740992.0

/* What lies in one evaluation range. */
struct range {
	size_t real_n;      /* datapoints, at most evaluation_n newest ones */
	size_t breaching_n; /* of them */
	size_t oldest_age;  /* of the oldest breaching one; the newest slot's
	                     * age is 1 */
};

static struct range
look(const uint8_t *slots, size_t end, const struct backtest_rule *rule)
{
	size_t span = rule->evaluation_n + RANGE_EXTRA_N;
	struct range r = { .real_n = 0 };

	for (size_t age = 1; age <= span && age <= end &&
	    r.real_n < rule->evaluation_n; age++) {
		uint8_t slot = slots[end - age];

		if (slot != BACKTEST_MISSING) {
			r.real_n++;
		}
		if (slot == BACKTEST_BREACHING) {
			r.breaching_n++;
			r.oldest_age = age;
		}
	}
	return r;
}

/* The guide's "premature alarm state": nothing but breaching datapoints, the
 * oldest of them at least m periods old. */
static bool
premature(const struct range *r, size_t m)
{
	return r->real_n > 0 && r->real_n == r->breaching_n &&
	    r->oldest_age >= m;
}

/* Whether the alarm is in ALARM after the slot before `end`. */
static bool
in_alarm(const uint8_t *slots, size_t end, const struct backtest_rule *rule,
    bool before)
{
	struct range r = look(slots, end, rule);
	size_t m = rule->datapoint_n;
	size_t fill = rule->evaluation_n - r.real_n;

	if (r.breaching_n >= m) {
		return true;
	}
	if (rule->missing == BACKTEST_MISSING_BREACHING) {
		return r.breaching_n + fill >= m;
	}
	if (rule->missing == BACKTEST_MISSING_NOT_BREACHING ||
	    r.breaching_n + fill < m) {
		return false;
	}
	/* Undecided: the missing ones could make it an alarm. */
	if (rule->missing == BACKTEST_MISSING_IGNORE && (r.real_n == 0 ||
	    premature(&r, m))) {
		return before;
	}
	return rule->missing == BACKTEST_MISSING_MISSING && premature(&r, m);
}

static void
begin_episode(struct backtest *out, size_t at)
{
	if (out->episode_n == BACKTEST_EPISODE_MAX_N) {
		memmove(&out->episode[0], &out->episode[1],
		    (BACKTEST_EPISODE_MAX_N - 1) * sizeof(out->episode[0]));
		out->episode_n--;
	}
	out->episode[out->episode_n++] = (struct backtest_episode){
		.from = at, .to = at };
}

/* see backtest.h */
void
backtest_run(const uint8_t *slots, size_t n, const struct backtest_rule *rule,
    struct backtest *out)
{
	MUST(rule->datapoint_n > 0 && rule->datapoint_n <= rule->evaluation_n);
	*out = (struct backtest){ .slot_n = n };
	for (size_t i = 0; i < n; i++) {
		bool alarm = in_alarm(slots, i + 1, rule, out->firing);

		out->missing_n += slots[i] == BACKTEST_MISSING;
		out->breaching_n += slots[i] == BACKTEST_BREACHING;
		if (alarm && !out->firing) {
			out->fired_n++;
			begin_episode(out, i);
		}
		if (alarm) {
			struct backtest_episode *e =
			    &out->episode[out->episode_n - 1];

			out->alarm_n++;
			e->to = i + 1;
			if (e->to - e->from > out->longest_n) {
				out->longest_n = e->to - e->from;
			}
		}
		out->firing = alarm;
	}
}

/* see backtest.h */
enum backtest_missing
backtest_missing_of(struct str name)
{
	return str_eq(name, S("ignore")) ? BACKTEST_MISSING_IGNORE :
	    str_eq(name, S("breaching")) ? BACKTEST_MISSING_BREACHING :
	    str_eq(name, S("notBreaching")) ? BACKTEST_MISSING_NOT_BREACHING :
	    BACKTEST_MISSING_MISSING;
}

/* see backtest.h */
struct backtest_grid
backtest_grid_of(const struct stats_point *p, size_t n, int64_t period_ms,
    int64_t end_ms)
{
	struct backtest_grid g = { .period_ms = period_ms };
	int64_t last;

	if (n == 0 || period_ms <= 0 || p[0].at_ms >= end_ms) {
		return g;
	}
	g.start_ms = p[0].at_ms - p[0].at_ms % period_ms;
	last = (p[n - 1].at_ms - g.start_ms) / period_ms;
	g.n = (size_t)((end_ms - g.start_ms) / period_ms);
	/* The period that end_ms is in counts only if it has a datapoint. */
	if ((size_t)last + 1 > g.n || g.n - (size_t)last - 1 <= 3) {
		g.n = (size_t)last + 1;
	}
	return g;
}

/* The slot of a time; g->n when it is none of the grid's. */
static size_t
slot_of(const struct backtest_grid *g, int64_t at_ms)
{
	int64_t i = (at_ms - g->start_ms) / g->period_ms;

	return at_ms < g->start_ms || (size_t)i >= g->n ? g->n : (size_t)i;
}

static bool
breaches(double value, struct str comparison, double threshold)
{
	bool equal = str_find(comparison, S("OrEqual"), 0) < comparison.len;

	if (str_starts(comparison, S("Greater"))) {
		return value > threshold || (equal && value >= threshold);
	}
	return value < threshold || (equal && value <= threshold);
}

/* see backtest.h */
uint8_t *
backtest_static(struct arena *a, const struct backtest_grid *g,
    const struct stats_point *p, size_t n, struct str comparison,
    double threshold)
{
	uint8_t *slots = ARENA_ARRAY(a, g->n + 1, uint8_t);

	for (size_t i = 0; slots != NULL && i < n; i++) {
		if (stats_finite(p[i].value)) {
			slots[slot_of(g, p[i].at_ms)] = breaches(p[i].value,
			    comparison, threshold) ? BACKTEST_BREACHING :
			    BACKTEST_WITHIN;
		}
	}
	return slots;
}

/* The pattern's value at each point, 0 without one, in the metric's terms. */
static void
put_pattern(const struct stats_analysis *s, double *middle)
{
	const struct stats_grid *g = &s->grid;
	size_t at = 0;

	for (size_t i = 0; i < s->summary.n; i++) {
		int64_t slot = (s->summary.points[i].at_ms - g->start_ms) /
		    g->step_ms;

		while (at + 1 < g->m && (int64_t)g->slot[at + 1] <= slot) {
			at++;
		}
		middle[i] = s->season.pattern == NULL ? 0 :
		    s->season.pattern[at] * g->scale;
	}
}

/* Adds the running median of what the pattern leaves: it keeps the edges of
 * steps, such as that from a working day to a weekend. */
static void
add_levels(const struct stats_analysis *s, double *middle, double *left,
    double *window)
{
	const struct stats_point *p = s->summary.points;
	size_t n = s->summary.n;
	size_t half = (size_t)(LEVEL_HALF_S / s->summary.period_s);

	half = half < LEVEL_HALF_MIN_N ? LEVEL_HALF_MIN_N : half;
	for (size_t i = 0; i < n; i++) {
		left[i] = p[i].value - middle[i];
	}
	for (size_t i = 0; i < n; i++) {
		size_t begin = i > half ? i - half : 0;
		size_t end = n - i > half ? i + half + 1 : n;

		memcpy(window, left + begin, (end - begin) * sizeof(*window));
		middle[i] += stats_median(window, end - begin);
	}
}

/* Which part of the season a point is in. */
static size_t
part_of(const struct stats_point *p, size_t i, double period_ms)
{
	double since = (double)(p[i].at_ms - p[0].at_ms);
	size_t part;

	if (!(period_ms > 0)) {
		return 0;
	}
	since -= period_ms * (double)(int64_t)(since / period_ms);
	part = (size_t)(since / period_ms * PART_N);
	return part < PART_N ? part : PART_N - 1;
}

/* The median distance from the middle, in each part of the season. */
static void
put_spreads(const struct stats_point *p, size_t n, double period_ms,
    const double *middle, double *left, double *spread)
{
	double whole = 0;
	double of[PART_N] = { 0 };

	for (size_t part = 0; part < PART_N + 1; part++) {
		size_t len = 0;

		for (size_t i = 0; i < n; i++) {
			if (part == 0 || part_of(p, i, period_ms) + 1 == part) {
				double d = p[i].value - middle[i];

				left[len++] = d < 0 ? -d : d;
			}
		}
		if (part == 0) {
			whole = MAD_SCALE * stats_median(left, len);
		} else {
			of[part - 1] = len == 0 ? whole :
			    MAD_SCALE * stats_median(left, len);
		}
	}
	for (size_t i = 0; i < n; i++) {
		spread[i] = of[part_of(p, i, period_ms)];
		if (spread[i] < whole / 2) {
			spread[i] = whole / 2;
		}
	}
}

/* see backtest.h */
bool
backtest_band_of(struct arena *a, const struct stats_analysis *s,
    struct backtest_band *out)
{
	size_t n = s->summary.n;
	double *middle = ARENA_ARRAY(a, 4 * n + 1, double);
	const struct stats_point *p = s->summary.points;

	if (middle == NULL) {
		return false;
	}
	*out = (struct backtest_band){ .middle = middle,
	    .spread = middle + n };
	if (n > 0 && s->usable) {
		double *left = middle + 2 * n;

		put_pattern(s, middle);
		add_levels(s, middle, left, left + n);
		put_spreads(p, n, s->season.period_s * 1000, middle, left,
		    middle + n);
	}
	return true;
}

/* see backtest.h */
uint8_t *
backtest_outside(struct arena *a, const struct backtest_grid *g,
    const struct stats_analysis *s, const struct backtest_band *band,
    double width, bool above, bool below)
{
	uint8_t *slots = ARENA_ARRAY(a, g->n + 1, uint8_t);

	for (size_t i = 0; slots != NULL && i < s->summary.n; i++) {
		double d = s->summary.points[i].value - band->middle[i];
		double reach = width * band->spread[i];

		slots[slot_of(g, s->summary.points[i].at_ms)] =
		    (above && d > reach) || (below && d < -reach) ?
		    BACKTEST_BREACHING : BACKTEST_WITHIN;
	}
	return slots;
}

/* At every slot the datapoint_n-th most extreme value of the last evaluation_n
 * slots, turned so that greater is worse, or `least`. Returns how many there
 * are that come from datapoints. */
static size_t
extremes(const double *value, const bool *there, size_t n,
    const struct backtest_rule *rule, double least, double *top, double *out)
{
	size_t run_n = 0;

	for (size_t i = 0; i < n; i++) {
		size_t begin = i + 1 > rule->evaluation_n ?
		    i + 1 - rule->evaluation_n : 0;
		size_t top_n = 0;

		for (size_t k = begin; k <= i; k++) {
			size_t at = top_n;

			if (!there[k] || (top_n == rule->datapoint_n &&
			    value[k] <= top[top_n - 1])) {
				continue;
			}
			if (top_n < rule->datapoint_n) {
				top_n++;
			} else {
				at--;
			}
			for (; at > 0 && top[at - 1] < value[k]; at--) {
				top[at] = top[at - 1];
			}
			top[at] = value[k];
		}
		out[i] = top_n == rule->datapoint_n ? top[top_n - 1] : least;
		run_n += top_n == rule->datapoint_n;
	}
	return run_n;
}

static bool
all_whole(const struct stats_point *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double v = p[i].value;

		if (v < -WHOLE_MAX || v > WHOLE_MAX ||
		    v > (double)(int64_t)v || v < (double)(int64_t)v) {
			return false;
		}
	}
	return true;
}

/* The next whole number at or above v. */
static double
ceiling(double v)
{
	double down = (double)(int64_t)v;

	return down < v ? down + 1 : down;
}

/* v to three digits, upwards, exactly as those digits read. */
static double
three_digits(double v)
{
	char text[NUM_TEXT_MAX];
	struct buf b = buf_fixed(text, sizeof(text));
	double scaled = v < 0 ? -v : v;
	int64_t exponent = 0;

	if (!(scaled > 0)) {
		return 0;
	}
	for (; scaled >= 1000 && exponent < 320; exponent++) {
		scaled /= 10;
	}
	for (; scaled < 100 && exponent > -320; exponent--) {
		scaled *= 10;
	}
	/* A hair below the digit is rounding of the division. */
	buf_add_i64(&b, (int64_t)(v < 0 ? -(double)(int64_t)(scaled + 1e-9) :
	    ceiling(scaled - 1e-9)));
	buf_add_byte(&b, 'e');
	buf_add_i64(&b, exponent);
	return num_parse(buf_str(&b), &scaled) ? scaled : v;
}

/* The threshold for sorted extremes, greater being worse. */
static double
place(const double *sorted, size_t n, bool whole, bool equal)
{
	double median = stats_quantile(sorted, n, 0.5);
	double high = stats_quantile(sorted, n, 0.75);
	double fence = high + 3 * (high - stats_quantile(sorted, n, 0.25));
	double most = sorted[n - 1];
	double cap = most + (most - median) / 10;
	double t = stats_quantile(sorted, n, 0.99);

	t = fence > t ? fence : t;
	t = t > cap ? cap : t;
	if (whole && t < WHOLE_MAX / 2 && t > -WHOLE_MAX / 2) {
		/* "Over 4.2" of whole numbers is "over 4", or "5 and more". */
		t = (ceiling(t) > t ? ceiling(t) - 1 : t) + (equal ? 1 : 0);
		return t > 999 || t < -999 ? three_digits(t) : t;
	}
	if (equal && !(t > median)) {
		t += (t < 0 ? -t : t) / 10;
	}
	return three_digits(t);
}

/* Puts points on slots, turned so that greater is worse. */
static double
turn(const struct backtest_grid *g, const struct stats_point *p, size_t n,
    double sign, double *value, bool *there)
{
	double least = sign * p[0].value;

	for (size_t i = 0; i < n; i++) {
		size_t at = slot_of(g, p[i].at_ms);

		value[at] = sign * p[i].value;
		there[at] = at < g->n;
		least = value[at] < least ? value[at] : least;
	}
	return least;
}

/* Keeps a turned threshold within what is possible: true when it is. */
static bool
bound(double *t, double most, bool upper, bool percent, bool positive)
{
	if (percent && upper && *t >= 100) {
		/* Half way between the worst that was and the end. */
		*t = (most + 100) / 2;
	}
	if (positive && !upper && *t >= 0) {
		*t = three_digits(most / 2);
	}
	return stats_finite(*t) && !(percent && upper && *t >= 100) &&
	    !(positive && !upper && *t >= 0);
}

/* see backtest.h */
bool
backtest_derive(struct arena *a, const struct backtest_grid *g,
    const struct stats_point *p, size_t n, struct str comparison,
    const struct backtest_rule *rule, bool percent, double *threshold,
    bool *ok)
{
	bool upper = str_starts(comparison, S("Greater"));
	bool equal = str_find(comparison, S("OrEqual"), 0) < comparison.len;
	double sign = upper ? 1 : -1;
	double *value = ARENA_ARRAY(a, 2 * g->n + rule->datapoint_n + 1,
	    double);
	bool *there = ARENA_ARRAY(a, g->n + 1, bool);
	bool positive = true;
	double *runs, least, t;

	*ok = value != NULL && there != NULL;
	if (!*ok || n == 0 || g->n == 0) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		positive = positive && p[i].value >= 0;
	}
	runs = value + g->n + 1;
	least = turn(g, p, n, sign, value, there);
	if (extremes(value, there, g->n, rule, least, runs + g->n, runs) <
	    RUN_MIN_N) {
		return false;
	}
	*ok = stats_sort_values(a, runs, g->n);
	if (!*ok) {
		return false;
	}
	t = place(runs, g->n, all_whole(p, n), equal);
	if (!bound(&t, runs[g->n - 1], upper, percent, positive)) {
		return false;
	}
	*threshold = sign * t + 0.0;
	return true;
}
