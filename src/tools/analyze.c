/* SPDX-License-Identifier: Apache-2.0 */
/*
 * analyze_metric: what two weeks of a metric look like: its distribution, how
 * often it is published and where it has holes, what repeats in it, whether it
 * rises or falls, and when its level changed. The mathematics is in stats*.c;
 * here are the window, the fetch and the answer.
 *
 * Members data_points_found, seasonality_seconds (one of 900, 3600, 21600,
 * 86400, 604800, or 0), trend, statistics, data_quality and metric_info have
 * the names that other CloudWatch servers give them; they are left out when
 * there are not two usable points.
 */
#include "tools/tools.h"

#include "tools/ask.h"
#include "tools/metric_query.h"
#include "tools/rows.h"
#include "tools/series.h"
#include "tools/show.h"
#include "tools/stats_analysis.h"

#define WINDOW_MS (INT64_C(14) * 86400 * 1000)
/* 14 days of minutes. */
#define POINT_MAX 20160
/* Bytes of what comes behind the lists: tests, methods, names. */
#define TAIL_MAX ((size_t)1400)

static void
put(struct json_writer *out, struct str key, double v, int digits)
{
	json_put_double(out, key, stats_round(v, digits));
}

static void
show_statistics(struct json_writer *out, const struct stats_summary *s)
{
	static const struct str names[STATS_QUANTILE_N] = { STR_INIT("p1"),
	    STR_INIT("p5"), STR_INIT("p25"), STR_INIT("p75"), STR_INIT("p90"),
	    STR_INIT("p95"), STR_INIT("p99"), STR_INIT("p99.9") };

	json_key(out, S("statistics"));
	json_begin_object(out);
	json_put_double(out, S("min"), s->min);
	json_put_double(out, S("max"), s->max);
	put(out, S("mean"), s->mean, 9);
	put(out, S("std_deviation"), s->std_deviation, 9);
	put(out, S("coefficient_of_variation"), s->variation, 9);
	put(out, S("median"), s->median, 12);
	json_key(out, S("percentiles"));
	json_begin_object(out);
	for (size_t i = 0; i < STATS_QUANTILE_N; i++) {
		put(out, names[i], s->quantiles[i], 9);
	}
	json_end_object(out);
	json_end_object(out);
}

static void
show_quality(struct rows *rows, const struct stats_summary *s, size_t odd_n)
{
	struct json_writer *out = rows->out;

	json_key(out, S("data_quality"));
	json_begin_object(out);
	json_put_integer(out, S("total_points"), (int64_t)(s->total_n +
	    odd_n));
	put(out, S("density_ratio"), s->density, 9);
	put(out, S("publishing_period_seconds"), s->period_s, 9);
	json_put_integer(out, S("missing_points"), s->missing_n);
	json_put_integer(out, S("gap_count"), (int64_t)s->gap_n);
	rows_begin(rows, S("longest_gaps"));
	for (size_t i = 0; i < s->gap_n && i < STATS_GAP_MAX_N; i++) {
		json_begin_object(out);
		show_time(out, S("after"), s->gaps[i].from_ms);
		show_time(out, S("before"), s->gaps[i].to_ms);
		json_put_integer(out, S("missing_points"),
		    s->gaps[i].missing_n);
		json_end_object(out);
		if (!rows_fit(rows)) {
			break;
		}
	}
	rows_end(rows);
	json_end_object(out);
}

static void
show_season(struct json_writer *out, const struct stats_season *s)
{
	json_key(out, S("seasonality"));
	json_begin_object(out);
	put(out, S("period_seconds"), s->period_s, 6);
	put(out, S("strength"), s->strength, 3);
	put(out, S("p_value"), s->p_value, 3);
	json_key(out, S("contains_seconds"));
	json_begin_array(out);
	for (size_t i = 0; i < s->part_n; i++) {
		json_double(out, s->part_s[i]);
	}
	json_end_array(out);
	json_put_string(out, S("method"), stats_analysis_season_method);
	json_end_object(out);
}

static void
show_changes(struct rows *rows, const struct stats_analysis *a)
{
	struct json_writer *out = rows->out;

	rows_begin(rows, S("change_points"));
	for (size_t i = 0; i < a->changes.n; i++) {
		const struct stats_change *c = &a->changes.list[i];
		double before = stats_analysis_level(a, c->before, c->slot);
		double after = stats_analysis_level(a, c->after, c->slot);

		json_begin_object(out);
		show_time(out, S("time"), stats_analysis_time(a, c->slot));
		put(out, S("before"), before, 6);
		put(out, S("after"), after, 6);
		json_end_object(out);
		if (!rows_fit(rows)) {
			break;
		}
	}
	rows_end(rows);
	json_put_string(out, S("change_point_method"),
	    stats_analysis_change_method);
}

static void
show_analysis(struct rows *rows, const struct stats_analysis *a, size_t odd_n)
{
	static const struct str directions[] = { STR_INIT("negative"),
	    STR_INIT("none"), STR_INIT("positive") };
	struct json_writer *out = rows->out;

	json_put_integer(out, S("data_points_found"), (int64_t)a->summary.n);
	json_put_integer(out, S("seasonality_seconds"),
	    a->season.canonical_s);
	json_put_string(out, S("trend"),
	    directions[a->trend.direction + 1]);
	show_statistics(out, &a->summary);
	show_quality(rows, &a->summary, odd_n);
	show_season(out, &a->season);
	json_key(out, S("trend_test"));
	json_begin_object(out);
	put(out, S("slope_per_day"), stats_analysis_per_day(a), 6);
	put(out, S("p_value"), a->trend.p_value, 3);
	json_put_string(out, S("method"), stats_analysis_trend_method);
	json_end_object(out);
	show_changes(rows, a);
}

/* One sentence. */
static struct str
message(const struct stats_analysis *a, const struct series_data *s)
{
	if (s->n == 0) {
		return S("No metric data available for analysis in this "
		    "window. Names and dimensions must match exactly: "
		    "list_metrics shows them.");
	}
	if (!a->usable) {
		return S("Fewer than two usable points at different times: "
		    "nothing to analyze.");
	}
	if (s->cut) {
		return S("Analyzed what was read: AWS did not give all of "
		    "the window.");
	}
	return S("Metric analysis completed successfully");
}

static enum err
run(struct call *c)
{
	struct series_query m;
	struct series_data s;
	struct stats_analysis a;
	struct rows rows;
	struct ask q;
	int64_t start_ms, end_ms;
	enum err err;

	ask_begin(&q, c);
	end_ms = ask_time(&q, S("end_time"), ask_now_ms(&q));
	start_ms = ask_time(&q, S("start_time"), end_ms - WINDOW_MS);
	err = ask_check_range(&q, start_ms, end_ms);
	if (err != ERR_OK) {
		return err;
	}
	m = series_query_of(c, series_period(&q, start_ms, end_ms, POINT_MAX));
	c->progress(c, 1, 3, S("reading datapoints"));
	err = series_fetch(&q, &m, 1, start_ms, end_ms, &s);
	if (err != ERR_OK) {
		return err;
	}
	c->progress(c, 2, 3, S("analyzing"));
	if (!stats_analysis_run(c->arena, s.points, s.n, &a)) {
		return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	rows_init(&rows, c);
	rows_reserve(&rows, TAIL_MAX);
	json_begin_object(c->out);
	if (a.usable) {
		show_analysis(&rows, &a, s.odd_n);
	}
	json_key(c->out, S("metric_info"));
	json_begin_object(c->out);
	series_show_query(&rows, &m);
	json_put_integer(c->out, S("analysis_period_minutes"),
	    (end_ms - start_ms) / 60000);
	json_key(c->out, S("time_range"));
	json_begin_object(c->out);
	show_time(c->out, S("start"), start_ms);
	show_time(c->out, S("end"), end_ms);
	json_end_object(c->out);
	json_end_object(c->out);
	rows_close(&rows, s.cut, S("Shorten the window or raise the period."),
	    message(&a, &s));
	ask_origin(&q, c->out);
	json_end_object(c->out);
	return ERR_OK;
}

static const struct param params[] = {
	SERIES_PARAMS,
	{ .name = STR_INIT("start_time"), .type = PARAM_TIME,
	    .text = STR_INIT("default: end - 14d") },
	{ .name = STR_INIT("end_time"), .type = PARAM_TIME },
	SERIES_PERIOD_PARAM,
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_analyze_metric = {
	.name = STR_INIT("analyze_metric"),
	.title = STR_INIT("Metric analysis"),
	.description = STR_INIT("Two weeks of one metric: distribution, "
	    "gaps, what repeats (true period), trend with significance, when "
	    "its level changed."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT | TOOL_SLOW,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"data_points_found\":{\"type\":\"integer\"},"
	    "\"seasonality_seconds\":{\"type\":\"integer\"},"
	    "\"seasonality\":{},"
	    "\"trend\":{\"type\":\"string\"},\"trend_test\":{},"
	    "\"statistics\":{\"type\":\"object\"},"
	    "\"data_quality\":{\"type\":\"object\"},"
	    "\"change_points\":{\"type\":\"array\"},"
	    "\"change_point_method\":{},"
	    "\"metric_info\":{\"type\":\"object\"},"
	    ROWS_SCHEMA "," ASK_SCHEMA "}}"),
	.run = run,
};
