/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare_metric_windows: a window of a metric against the one before it, the
 * same hours yesterday, and the same hours a week ago: what changed, whether
 * noise explains it, and when it began.
 *
 * All windows come out of one request: GetMetricData costs by metric, not by
 * points, and takes a minute's data of a week at once. Only when that would be
 * more points than an answer has is each window asked for alone.
 *
 * When it began: the largest change of level in the window, in the direction
 * of the difference, seen in the two windows in a row; or, for windows that do
 * not meet, in what the later one differs by from minute to minute.
 */
#include "tools/tools.h"

#include "base/num.h"
#include "base/timefmt.h"
#include "tools/ask.h"
#include "tools/metric_query.h"
#include "tools/rows.h"
#include "tools/series.h"
#include "tools/show.h"
#include "tools/spark.h"
#include "tools/stats_analysis.h"
#include "tools/stats_ranks.h"

#define HOUR_MS (INT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)
/* Points of one window: enough for quantiles, few enough for a request. */
#define WINDOW_POINT_MAX 360
/* Most points that one answer of GetMetricData holds. */
#define ANSWER_POINT_MAX 100800
#define BASELINE_MAX_N 3
#define SPARK_WIDTH 40
/* Bytes of what comes behind the baselines: scale, method, names. */
#define TAIL_MAX ((size_t)900)

static const struct {
	struct str name, words;
	int64_t back_ms; /* 0: as long as the window */
} kinds[BASELINE_MAX_N] = {
	{ STR_INIT("previous"), STR_INIT("the window before"), 0 },
	{ STR_INIT("yesterday"), STR_INIT("the same time yesterday"), DAY_MS },
	{ STR_INIT("last_week"), STR_INIT("the same time last week"),
	    7 * DAY_MS },
};

/* One window and what it holds. */
struct window {
	struct str name, words;
	int64_t start_ms, end_ms;
	struct stats_point *points;
	size_t n;
	double *values;          /* of the points, in order of time */
	struct stats_summary s;
	double p_value;          /* that it is like the current one; NaN */
	int64_t began_ms;        /* 0: not known */
	int64_t earlier_ms;      /* of the window before: when its own level
	                          * changed; 0: it did not, or not only */
	bool cut;
};

struct compare {
	struct call *c;
	struct ask q;
	struct rows rows;
	struct series_query m;
	struct window now;
	struct window base[BASELINE_MAX_N];
	size_t base_n;
	struct spark_scale scale;
};

/* The baselines that the argument names, each once. */
static void
choose(struct compare *k)
{
	const struct json *given = tool_arg(k->c, S("baselines"));
	int64_t width = k->now.end_ms - k->now.start_ms;

	for (size_t i = 0; i < BASELINE_MAX_N; i++) {
		int64_t back = kinds[i].back_ms == 0 ? width :
		    kinds[i].back_ms;
		bool wanted = given == NULL && i != 1;

		for (const struct json *g = json_at(given, 0); g != NULL;
		    g = g->next) {
			wanted = wanted || str_eq(json_str(g), kinds[i].name);
		}
		if (wanted) {
			k->base[k->base_n++] = (struct window){
			    .name = kinds[i].name, .words = kinds[i].words,
			    .start_ms = k->now.start_ms - back,
			    .end_ms = k->now.end_ms - back };
		}
	}
}

static struct window *
window_at(struct compare *k, size_t i)
{
	return i == 0 ? &k->now : &k->base[i - 1];
}

/* Gives a window the points of `all` that lie in it. */
static bool
fill(struct compare *k, struct window *w, const struct series_data *all)
{
	size_t from = stats_find(all->points, all->n, w->start_ms);
	size_t to = stats_find(all->points, all->n, w->end_ms);

	w->points = all->points + from;
	w->n = to - from;
	w->cut = all->cut;
	w->p_value = -1;
	w->values = ARENA_ARRAY(k->c->arena, w->n, double);
	if (w->values == NULL || !stats_summarize(k->c->arena, w->points,
	    w->n, &w->s)) {
		return false;
	}
	for (size_t i = 0; i < w->n; i++) {
		w->values[i] = w->points[i].value;
	}
	return true;
}

/* Reads all windows. */
static enum err
read_all(struct compare *k)
{
	int64_t from = k->now.start_ms, to = k->now.end_ms;
	struct series_data all = { .n = 0 };
	bool together;
	enum err err = ERR_OK;

	for (size_t i = 0; i < k->base_n; i++) {
		from = k->base[i].start_ms < from ? k->base[i].start_ms : from;
	}
	together = (to - from) / 1000 / k->m.period_s <= ANSWER_POINT_MAX;
	for (size_t i = 0; i <= k->base_n && err == ERR_OK; i++) {
		struct window *w = window_at(k, i);

		if (i == 0 || !together) {
			k->c->progress(k->c, (double)i + 1,
			    (double)k->base_n + 2, S("reading datapoints"));
			err = series_fetch(&k->q, &k->m, 1, together ? from :
			    w->start_ms, together ? to : w->end_ms, &all);
		}
		if (err == ERR_OK && !fill(k, w, &all)) {
			err = fail_set(k->c->fail, ERR_NOMEM, 0, STR_NONE);
		}
	}
	return err;
}

/* The time of the largest change of level in the direction of `up`, from a
 * time on; 0: there is none. */
static bool
largest_change(struct arena *a, const struct stats_point *p, size_t n,
    bool up, int64_t from_ms, int64_t *at_ms)
{
	struct stats_analysis s = { .usable = false };
	double best = 0;

	*at_ms = 0;
	if (!stats_summarize(a, p, n, &s.summary)) {
		return false;
	}
	if (s.summary.n < 2 || !(s.summary.period_s > 0)) {
		return true;
	}
	if (!stats_grid_make(a, s.summary.points, s.summary.n,
	    s.summary.sorted, s.summary.period_s, &s.grid) ||
	    !stats_change_find(a, &s.grid, s.grid.v, 0, &s.changes)) {
		return false;
	}
	for (size_t i = 0; i < s.changes.n; i++) {
		const struct stats_change *c = &s.changes.list[i];

		int64_t at = stats_analysis_time(&s, c->slot);

		if ((c->after > c->before) == up && c->sigmas > best &&
		    at >= from_ms) {
			best = c->sigmas;
			*at_ms = at;
		}
	}
	return true;
}

/* What to look for a beginning in: the points of both windows, or how the
 * current one differs from the other at the same offset. */
static struct stats_point *
course(struct compare *k, const struct window *w, size_t *n)
{
	struct stats_point *p = ARENA_ARRAY(k->c->arena, w->n + k->now.n,
	    struct stats_point);
	size_t i = 0;

	*n = 0;
	if (p == NULL) {
		return NULL;
	}
	if (w->end_ms == k->now.start_ms) {
		for (; i < w->n; i++) {
			p[i] = w->points[i];
		}
		for (size_t j = 0; j < k->now.n; j++) {
			p[i++] = k->now.points[j];
		}
		*n = i;
		return p;
	}
	for (size_t j = 0; j < k->now.n; j++) {
		int64_t at = k->now.points[j].at_ms - k->now.start_ms +
		    w->start_ms;

		while (i < w->n && w->points[i].at_ms < at) {
			i++;
		}
		if (i < w->n && w->points[i].at_ms == at) {
			p[(*n)++] = (struct stats_point){
			    k->now.points[j].at_ms,
			    k->now.points[j].value - w->points[i].value };
		}
	}
	return p;
}

/* Noise does not explain the difference: by its ranks, or because the level
 * changed within the window, which ranks of the whole may not show. */
static bool
significant(const struct window *w)
{
	return (w->p_value >= 0 && w->p_value < STATS_RANKS_P) ||
	    w->began_ms > 0;
}

static enum err
judge(struct compare *k)
{
	struct arena *a = k->c->arena;

	for (size_t i = 0; i < k->base_n; i++) {
		struct window *w = &k->base[i];
		struct stats_point *p;
		size_t n;

		if (!stats_ranks_test(a, w->values, w->n, k->now.values,
		    k->now.n, &w->p_value)) {
			return fail_set(k->c->fail, ERR_NOMEM, 0, STR_NONE);
		}
		p = course(k, w, &n);
		if (p == NULL || !largest_change(a, p, n, k->now.s.mean >
		    w->s.mean, k->now.start_ms, &w->began_ms)) {
			return fail_set(k->c->fail, ERR_NOMEM, 0, STR_NONE);
		}
		/* An incident older than the window fills it and the end of
		 * the one before, which ranks cannot tell from noise. */
		if (w->end_ms == k->now.start_ms && w->began_ms == 0 &&
		    !largest_change(a, p, n, k->now.s.mean > w->s.mean,
		    w->start_ms, &w->earlier_ms)) {
			return fail_set(k->c->fail, ERR_NOMEM, 0, STR_NONE);
		}
	}
	return ERR_OK;
}

/* A quantile of a summary that has it. */
static double
quantile(const struct window *w, double q)
{
	return stats_quantile(w->s.sorted, w->s.n, q);
}

static const struct {
	struct str name;
	double q; /* < 0: the mean */
} measures[] = {
	{ STR_INIT("mean"), -1 }, { STR_INIT("median"), 0.5 },
	{ STR_INIT("p90"), 0.9 }, { STR_INIT("p99"), 0.99 },
	{ STR_INIT("min"), 0 }, { STR_INIT("max"), 1 },
};

#define MEASURE_N (sizeof(measures) / sizeof(measures[0]))
/* Of these the change is told. */
#define CHANGE_N 4

static double
measure(const struct window *w, size_t i)
{
	return stats_round(measures[i].q < 0 ? w->s.mean :
	    quantile(w, measures[i].q), 6);
}

static double
percent(double from, double to)
{
	double size = from < 0 ? -from : from;

	/* Through zero there is no percentage. */
	return stats_round((to - from) / size * 100, 4);
}

static void
show_window(struct compare *k, const struct window *w)
{
	struct json_writer *out = k->c->out;
	char text[SPARK_LEN_MAX];
	struct buf line = buf_fixed(text, sizeof(text));

	show_time(out, S("start"), w->start_ms);
	show_time(out, S("end"), w->end_ms);
	json_put_integer(out, S("data_points"), (int64_t)w->n);
	spark_draw(&line, w->points, w->n, w->start_ms, w->end_ms,
	    k->m.period_s * 1000, SPARK_WIDTH, k->scale);
	json_put_string(out, S("sparkline"), buf_str(&line));
	for (size_t i = 0; i < MEASURE_N; i++) {
		json_key(out, measures[i].name);
		if (w->s.n > 0) {
			json_double(out, measure(w, i));
		} else {
			json_null(out);
		}
	}
}

static void
show_baseline(struct compare *k, const struct window *w)
{
	struct json_writer *out = k->c->out;

	json_begin_object(out);
	json_put_string(out, S("baseline"), w->name);
	show_window(k, w);
	json_key(out, S("change"));
	json_begin_object(out);
	for (size_t i = 0; i < CHANGE_N && w->s.n > 0 && k->now.s.n > 0;
	    i++) {
		double from = measure(w, i), to = measure(&k->now, i);

		json_key(out, measures[i].name);
		json_begin_object(out);
		json_put_double(out, S("absolute"), stats_round(to - from, 6));
		json_put_double(out, S("percent"), percent(from, to));
		json_end_object(out);
	}
	json_end_object(out);
	json_put_boolean(out, S("significant"), significant(w));
	json_put_double(out, S("p_value"), stats_round(w->p_value, 3));
	if (w->began_ms > 0) {
		show_time(out, S("began"), w->began_ms);
	} else {
		json_put_string_or_null(out, S("began"), STR_NONE);
	}
	json_end_object(out);
}

static void
add_number(struct buf *b, double v)
{
	char text[NUM_TEXT_MAX];

	buf_add(b, str_of(text, num_format(stats_round(v, 4), text)));
}

/* That the change is older than the current window. */
static void
add_earlier(struct buf *b, const struct window *w)
{
	if (w->earlier_ms > 0) {
		buf_add(b, S(", but the level changed already within that "
		    "one, at "));
		timefmt_iso(b, w->earlier_ms);
		buf_add(b, S(": set start_time before it"));
	}
}

/* What the current window is against one other. */
static void
add_verdict(struct buf *b, const struct compare *k, const struct window *w)
{
	double from = w->s.mean, to = k->now.s.mean;
	double change = percent(from, to);

	if (w->s.n == 0) {
		buf_addf(b, "; there is no data for %s", w->words);
		return;
	}
	if (w->p_value != w->p_value) {
		buf_addf(b, "; too few points to judge against %s (mean ",
		    w->words);
		add_number(b, from);
		buf_add(b, S(")"));
		return;
	}
	if (!significant(w)) {
		buf_addf(b, "; no significant difference from %s (mean ",
		    w->words);
		add_number(b, from);
		buf_add(b, S(")"));
		add_earlier(b, w);
		return;
	}
	buf_add(b, to > from ? S("; up ") : to < from ? S("; down ") :
	    S("; distributed otherwise by "));
	if (stats_finite(change)) {
		add_number(b, change < 0 ? -change : change);
		buf_add(b, S(" %"));
	} else {
		add_number(b, to > from ? to - from : from - to);
	}
	buf_addf(b, " from %s (mean ", w->words);
	add_number(b, from);
	buf_add(b, S(", significant)"));
	if (w->began_ms > 0) {
		buf_add(b, S(", since "));
		timefmt_iso(b, w->began_ms);
	}
	add_earlier(b, w);
}

static void
show_verdict(struct compare *k)
{
	struct buf b = buf_in(k->c->arena, 4096);

	if (k->now.s.n == 0) {
		buf_add(&b, S("No data in this window. Names and dimensions "
		    "must match exactly: list_metrics shows them"));
	} else {
		buf_addf(&b, "%s (%s) has a mean of ", k->m.metric_name,
		    metric_query_statistic(k->m.statistic));
		add_number(&b, k->now.s.mean);
		for (size_t i = 0; i < k->base_n; i++) {
			add_verdict(&b, k, &k->base[i]);
		}
	}
	buf_add(&b, S("."));
	json_put_string(k->c->out, S("verdict"), buf_str(&b));
}

static void
show(struct compare *k)
{
	struct json_writer *out = k->c->out;
	bool cut = k->now.cut;

	rows_init(&k->rows, k->c);
	rows_reserve(&k->rows, TAIL_MAX);
	json_begin_object(out);
	show_verdict(k);
	json_key(out, S("current"));
	json_begin_object(out);
	show_window(k, &k->now);
	json_end_object(out);
	rows_begin(&k->rows, S("baselines"));
	for (size_t i = 0; i < k->base_n; i++) {
		cut = cut || k->base[i].cut;
		show_baseline(k, &k->base[i]);
		if (!rows_fit(&k->rows)) {
			break;
		}
	}
	rows_end(&k->rows);
	json_key(out, S("sparkline_scale"));
	json_begin_object(out);
	json_put_double(out, S("min"), stats_round(k->scale.min, 6));
	json_put_double(out, S("max"), stats_round(k->scale.max, 6));
	json_end_object(out);
	json_put_string(out, S("method"), stats_ranks_method);
	json_key(out, S("metric_info"));
	json_begin_object(out);
	series_show_query(&k->rows, &k->m);
	json_end_object(out);
	rows_close(&k->rows, cut, S("AWS did not give all of the windows: "
	    "shorten them or raise the period."), STR_NONE);
	ask_origin(&k->q, out);
	json_end_object(out);
}

static void
find_scale(struct compare *k)
{
	bool any = false;

	for (size_t i = 0; i <= k->base_n; i++) {
		const struct window *w = window_at(k, i);
		struct spark_scale s = spark_scale_of(w->points, w->n);

		if (w->s.n == 0) {
			continue;
		}
		k->scale.min = !any || s.min < k->scale.min ? s.min :
		    k->scale.min;
		k->scale.max = !any || s.max > k->scale.max ? s.max :
		    k->scale.max;
		any = true;
	}
}

static enum err
run(struct call *c)
{
	struct compare *k = ARENA_NEW(c->arena, struct compare);
	int64_t oldest;
	enum err err;

	if (k == NULL) {
		return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	k->c = c;
	ask_begin(&k->q, c);
	k->now.end_ms = ask_time(&k->q, S("end_time"), ask_now_ms(&k->q));
	k->now.start_ms = ask_time(&k->q, S("start_time"),
	    k->now.end_ms - HOUR_MS);
	err = ask_check_range(&k->q, k->now.start_ms, k->now.end_ms);
	if (err != ERR_OK) {
		return err;
	}
	choose(k);
	oldest = k->now.start_ms;
	for (size_t i = 0; i < k->base_n; i++) {
		oldest = k->base[i].start_ms < oldest ? k->base[i].start_ms :
		    oldest;
	}
	k->m = series_query_of(c, series_period(&k->q, oldest, oldest +
	    (k->now.end_ms - k->now.start_ms), WINDOW_POINT_MAX));
	/* Windows begin where periods do, so that their points pair up. */
	for (size_t i = 0; i <= k->base_n; i++) {
		struct window *w = window_at(k, i);
		int64_t step = k->m.period_s * 1000;

		w->start_ms -= w->start_ms % step;
		w->end_ms -= w->end_ms % step;
		w->end_ms += w->end_ms > w->start_ms ? 0 : step;
	}
	err = read_all(k);
	if (err == ERR_OK) {
		c->progress(c, (double)k->base_n + 2, (double)k->base_n + 2,
		    S("comparing"));
		err = judge(k);
	}
	if (err == ERR_OK) {
		find_scale(k);
		show(k);
	}
	return err;
}

static const struct str names[] = { STR_INIT("previous"),
    STR_INIT("yesterday"), STR_INIT("last_week") };

static const struct param params[] = {
	SERIES_PARAMS,
	{ .name = STR_INIT("start_time"), .type = PARAM_TIME,
	    .text = STR_INIT("default: end - 1h") },
	{ .name = STR_INIT("end_time"), .type = PARAM_TIME },
	{ .name = STR_INIT("baselines"), .type = PARAM_STRINGS, .min = 1,
	    .max = 3, .choices = names, .choice_n = 3,
	    .text = STR_INIT("default: previous, last_week") },
	SERIES_PERIOD_PARAM,
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_compare_metric_windows = {
	.name = STR_INIT("compare_metric_windows"),
	.title = STR_INIT("Compare metric windows"),
	.description = STR_INIT("One window of a metric against the one "
	    "before, yesterday or last week: change, significance, when it "
	    "began, sparklines."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT | TOOL_SLOW,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"verdict\":{\"type\":\"string\"},"
	    "\"current\":{\"type\":\"object\"},"
	    "\"baselines\":{\"type\":\"array\"},"
	    "\"sparkline_scale\":{},\"method\":{},"
	    "\"metric_info\":{\"type\":\"object\"},"
	    ROWS_SCHEMA "," ASK_SCHEMA "}}"),
	.run = run,
};
