/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/stats_analysis.c: how often it is right, over series of which the
 * truth is known, beside the method of another server (other_analysis.h); and
 * the cases recorded from that server, tests/cases/stats, which hold except
 * where it is wrong.
 */
#include "test.h"

#include <math.h>

#include "other_analysis.h"
#include "proto/json.h"
#include "series_maker.h"
#include "tools/stats_analysis.h"

#define SERIES_N 600
#define NOISE_N 300

static struct series_made made;
static struct arena arena;
static struct arena cases;
static struct stats_analysis ours;

struct score {
	int n, season, trend, false_season, false_trend, noise_n;
};

static void
judge(struct score *s, int64_t season, int trend)
{
	bool season_ok = season == made.season_s;
	bool trend_ok = trend == made.trend || (made.stepped &&
	    (trend == 0 || trend == made.step));

	if (made.noise_only) {
		s->noise_n++;
		s->false_season += !season_ok;
		s->false_trend += !trend_ok;
		return;
	}
	s->n++;
	s->season += season_ok;
	s->trend += trend_ok;
}

static void
report(const char *who, const struct score *s)
{
	printf("    %s: %d series: season %.1f %%, trend %.1f %%; "
	    "%d of noise: false season %.1f %%, false trend %.1f %%\n", who,
	    s->n, 100.0 * s->season / s->n, 100.0 * s->trend / s->n,
	    s->noise_n, 100.0 * s->false_season / s->noise_n,
	    100.0 * s->false_trend / s->noise_n);
}

TEST(the_truth_is_found_in_95_of_100_series_and_noise_stays_noise)
{
	struct score us = { .n = 0 }, them = { .n = 0 };
	struct other_analysis other;

	arena_init(&arena, (size_t)64 << 20);
	for (uint64_t i = 0; i < SERIES_N + NOISE_N; i++) {
		series_maker(i, i >= SERIES_N, &made);
		arena_reset(&arena);
		CHECK(stats_analysis_run(&arena, made.points, made.n, &ours));
		judge(&us, ours.season.canonical_s, ours.trend.direction);
		other_analysis_run(ours.summary.points, ours.summary.n,
		    ours.summary.period_s, ours.summary.density, &other);
		judge(&them, other.season_s, other.trend);
	}
	report("ours", &us);
	report("other", &them);
	arena_free(&arena);
	CHECK(us.season * 100 >= us.n * 95);
	CHECK(us.trend * 100 >= us.n * 95);
	CHECK((us.false_season + us.false_trend) * 100 <= us.noise_n * 2);
	CHECK(them.season < us.season && them.trend < us.trend);
}

/* Reads a file of cases; NULL when it cannot. */
static const struct json *
read_cases(const char *path)
{
	static char text[128 * 1024];
	struct json *v = NULL;
	FILE *f = fopen(path, "r");
	size_t n = f == NULL ? 0 : fread(text, 1, sizeof(text), f);

	if (f != NULL) {
		(void)fclose(f);
	}
	arena_free(&cases);
	arena_init(&cases, (size_t)16 << 20);
	return json_parse(&cases, str_of(text, n), 0, &v, NULL) == ERR_OK ? v :
	    NULL;
}

static double
number(const struct json *v, const char *name)
{
	double d;

	return json_f64(json_get(v, str_from_z(name)), &d) ? d : (double)NAN;
}

static bool
near(double got, double want)
{
	if (got != got || want != want) {
		return got != got && want != want;
	}
	return fabs(got - want) <= 1e-9 * fabs(want) + 1e-12;
}

/* Analyses what is in `made`. */
static bool
analyse(void)
{
	arena_free(&arena);
	arena_init(&arena, (size_t)64 << 20);
	return stats_analysis_run(&arena, made.points, made.n, &ours);
}

/* Fills `made` from a case. */
static void
load(const struct json *c)
{
	const struct json *v = json_at(json_get(c, S("values")), 0);
	const struct json *t = json_at(json_get(c, S("timestamps_ms")), 0);
	const struct json *slot = json_at(json_get(c, S("slots")), 0);
	int64_t start = json_get_i64(c, S("start_ms"), 0);
	int64_t step = json_get_i64(c, S("step_ms"), 60000);
	double d;

	for (made.n = 0; v != NULL; v = v->next, made.n++) {
		struct stats_point *p = &made.points[made.n];

		p->at_ms = start + (int64_t)made.n * step;
		if (t != NULL) {
			p->at_ms = json_f64(t, &d) ? (int64_t)d : 0;
			t = t->next;
		} else if (slot != NULL) {
			p->at_ms = start + (json_f64(slot, &d) ? (int64_t)d :
			    0) * step;
			slot = slot->next;
		}
		p->value = json_f64(v, &d) ? d : (double)NAN;
	}
}

static int
direction(struct str s)
{
	return str_eq(s, S("positive")) ? 1 : str_eq(s, S("negative")) ? -1 :
	    0;
}

static void
check_summary(const struct json *c)
{
	const struct json *stat = json_get(c, S("statistics"));
	const struct json *quality = json_get(c, S("quality"));
	const struct stats_summary *s = &ours.summary;

	CHECK_INT(s->n, json_get_i64(c, S("found"), 0));
	CHECK(near(s->min, number(stat, "min")));
	CHECK(near(s->max, number(stat, "max")));
	CHECK(near(s->std_deviation, number(stat, "std_deviation")));
	CHECK(near(s->variation, number(stat, "coefficient_of_variation")));
	CHECK(near(s->median, number(stat, "median")));
	CHECK_INT(s->total_n, json_get_i64(quality, S("total_points"), 0));
	CHECK(near(s->density, number(quality, "density_ratio")));
	CHECK(near(s->period_s, number(quality,
	    "publishing_period_seconds")));
}

TEST(recorded_series_have_the_recorded_statistics_and_quality)
{
	const struct json *c = json_at(read_cases(
	    "tests/cases/stats/series.json"), 0);
	int n = 0;

	CHECK(c != NULL);
	for (; c != NULL && !test_failed(); c = c->next, n++) {
		load(c);
		CHECK(analyse());
		CHECK(ours.usable == (json_get(c, S("found")) != NULL));
		if (ours.usable) {
			check_summary(c);
		}
	}
	CHECK_INT(n, 17);
}

TEST(the_other_method_is_the_one_that_was_recorded)
{
	static const char *const names[] = { "900", "3600", "21600", "86400",
	    "604800" };
	const struct json *c = json_at(read_cases(
	    "tests/cases/stats/series.json"), 0);
	struct other_analysis other;

	CHECK(c != NULL);
	for (; c != NULL; c = c->next) {
		const struct json *strength = json_get(c, S("strength"));

		load(c);
		CHECK(analyse());
		if (!ours.usable) {
			continue;
		}
		other_analysis_run(ours.summary.points, ours.summary.n,
		    ours.summary.period_s, ours.summary.density, &other);
		CHECK_INT(other.season_s, json_get_i64(c,
		    S("seasonality_seconds"), -1));
		CHECK_INT(other.trend, direction(json_get_str(c, S("trend"),
		    S(""))));
		for (size_t i = 0; strength != NULL && i < OTHER_PERIOD_N;
		    i++) {
			CHECK(near(other.strength[i], number(strength,
			    names[i])));
		}
	}
}

/* Where the recorded answer is not the truth: the period is a multiple of the
 * true one (defect 7), holes or two wild values hide it, three points cannot
 * be significant, and a step is a change of level, told as such, no trend. */
static const struct {
	const char *name;
	int64_t season_s;
	int trend;
} better[] = {
	{ "six_hour_square_2d_5min", 21600, 0 },
	{ "day_sine_14d_1h", 86400, 0 },
	{ "one_long_gap", 86400, 0 },
	{ "outliers", 86400, 0 },
	{ "zero_mean", 0, 0 },
	{ "hourly_points_14d_flat_then_step", 0, 0 },
};

TEST(defect_7_recorded_series_get_their_true_period_and_trend)
{
	const struct json *c = json_at(read_cases(
	    "tests/cases/stats/series.json"), 0);

	CHECK(c != NULL);
	for (; c != NULL; c = c->next) {
		struct str name = json_get_str(c, S("name"), S(""));
		int64_t season = json_get_i64(c, S("seasonality_seconds"), 0);
		int trend = direction(json_get_str(c, S("trend"), S("")));

		for (size_t i = 0; i < sizeof(better) / sizeof(better[0]);
		    i++) {
			if (str_eq(name, str_from_z(better[i].name))) {
				season = better[i].season_s;
				trend = better[i].trend;
			}
		}
		load(c);
		CHECK(analyse());
		if (ours.season.canonical_s != season ||
		    ours.trend.direction != trend) {
			printf("    %.*s: season %d p %g, trend %d p %g\n",
			    STR_ARG(name), (int)ours.season.canonical_s,
			    ours.season.p_value, ours.trend.direction,
			    ours.trend.p_value);
		}
		CHECK_INT(ours.season.canonical_s, season);
		CHECK_INT(ours.trend.direction, trend);
	}
}

TEST(recorded_pieces_of_the_method_hold)
{
	const struct json *all = read_cases("tests/cases/stats/pieces.json");
	const struct json *c;
	bool snapped;
	double d;

	CHECK(all != NULL);
	c = json_at(json_get(all, S("publishing_period")), 0);
	for (; c != NULL; c = c->next) {
		const struct json *g = json_at(json_get(c,
		    S("gaps_seconds")), 0);
		struct stats_summary s;

		made.points[0] = (struct stats_point){ 0, 1 };
		for (made.n = 1; g != NULL; g = g->next, made.n++) {
			CHECK(json_f64(g, &d));
			made.points[made.n] = (struct stats_point){
			    made.points[made.n - 1].at_ms +
			    (int64_t)(d * 1000 + 0.5), (double)made.n };
		}
		arena_free(&arena);
		arena_init(&arena, (size_t)1 << 20);
		CHECK(stats_summarize(&arena, made.points, made.n, &s));
		CHECK(near(s.period_s, number(c, "period_seconds")));
		CHECK(near(s.density, number(c, "density_ratio")));
		CHECK(near(stats_period(&arena, s.points, s.n, &snapped),
		    s.period_s));
	}
	c = json_at(json_get(all, S("quantiles")), 0);
	for (; c != NULL; c = c->next) {
		load(c);
		CHECK(analyse());
		CHECK(near(ours.summary.std_deviation,
		    number(c, "std_population")));
		CHECK(near(ours.summary.median, number(c, "median")));
		CHECK(near(stats_quantile(ours.summary.sorted,
		    ours.summary.n, 0.001), number(c, "q001")));
		CHECK(near(stats_quantile(ours.summary.sorted,
		    ours.summary.n, 0.999), number(c, "q999")));
	}
	c = json_at(json_get(all, S("seasonality_from_seconds")), 0);
	for (; c != NULL; c = c->next) {
		CHECK_INT(stats_season_canonical(number(c, "seconds")),
		    json_get_i64(c, S("value"), -1));
	}
}

TEST(recorded_pieces_of_the_other_method_are_its_own)
{
	const struct json *all = read_cases("tests/cases/stats/pieces.json");
	static double x[256], left[256];
	const struct json *c;
	size_t left_n;

	CHECK(all != NULL);
	c = json_at(json_get(all, S("seasonal_strength")), 0);
	for (; c != NULL; c = c->next) {
		double s;

		load(c);
		for (size_t i = 0; i < made.n; i++) {
			x[i] = made.points[i].value;
		}
		s = other_analysis_strength(x, made.n, (size_t)json_get_i64(c,
		    S("period"), 1), left, &left_n);
		CHECK(near(s, number(c, "strength")));
	}
	c = json_at(json_get(all, S("trend")), 0);
	for (; c != NULL; c = c->next) {
		double p;
		size_t n = 0;

		load(c);
		if (number(c, "df") != number(c, "df")) {
			continue;
		}
		for (size_t i = 0; i < made.n; i++) {
			if (made.points[i].value == made.points[i].value) {
				x[n++] = made.points[i].value;
			}
		}
		if (n != made.n) {
			continue; /* regression over places, not numbers */
		}
		CHECK_INT(other_analysis_trend(x, n, &p),
		    direction(json_get_str(c, S("trend"), S(""))));
		CHECK(fabs(p - number(c, "p_value")) < 1e-9);
	}
}

TEST(what_no_metric_should_send_is_survived)
{
	static const double wild[] = { 1e308, -1e308, 1e-320, 0, -0.0, 1 };

	for (int64_t step = 1; step < INT64_C(1) << 50; step *= 7) {
		made.n = 300;
		for (size_t i = 0; i < made.n; i++) {
			made.points[i] = (struct stats_point){
			    (int64_t)((i * 7) % 300) * step,
			    i % 11 == 0 ? (double)NAN : i % 13 == 0 ?
			    (double)INFINITY : wild[(i * i) % 6] };
		}
		made.points[5].at_ms = INT64_C(253402300799999);
		CHECK(analyse());
		CHECK(stats_finite(ours.summary.mean));
		CHECK(ours.summary.n < ours.summary.total_n);
	}
	for (made.n = 0; made.n < 40; made.n++) {
		made.points[made.n] = (struct stats_point){ 5, 3 };
		CHECK(analyse());
		CHECK_INT(ours.season.canonical_s, 0);
		CHECK_INT(ours.trend.direction, 0);
	}
}

static bool
scenario(struct arena *a, void *ctx)
{
	(void)ctx;
	return stats_analysis_run(a, made.points, made.n, &ours);
}

TEST(no_memory_is_no_answer)
{
	series_maker(3, false, &made);
	CHECK(test_fail_sweep(scenario, NULL, (size_t)64 << 20) > 10);
	for (size_t i = 0; i < made.n; i++) {
		made.points[i].at_ms = -made.points[i].at_ms;
	}
	CHECK(test_fail_sweep(scenario, NULL, (size_t)64 << 20) > 10);
}
