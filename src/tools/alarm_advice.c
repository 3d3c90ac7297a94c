/* SPDX-License-Identifier: Apache-2.0 */
/*
 * get_recommended_metric_alarms: alarms worth having for one metric.
 *
 * First the alarms of the metric table whose dimensions are all among those
 * given (by value where the table fixes one); they are for the metric that was
 * asked for, so they carry its dimensions. A threshold that the table does not
 * give is derived from the metric's last 14 days (backtest.h) or, without
 * `derive`, left open: it is never a number that nobody chose.
 *
 * When nothing matches, or the statistic asked for is not among what does, one
 * alarm comes from the history alone: on an anomaly band where the series is
 * seasonal, else static. Every alarm that has a limit is tested on the same 14
 * days. History that cannot be read costs what depends on it, not the rest.
 */
#include "tools/tools.h"

#include "base/num.h"
#include "tools/alarm_template.h"
#include "tools/ask.h"
#include "tools/backtest.h"
#include "tools/metric_query.h"
#include "tools/metric_table.h"
#include "tools/series.h"
#include "tools/show.h"

#define DAY_MS (INT64_C(86400) * 1000)
#define HISTORY_DAYS 14
/* The table has at most four for a metric; one more comes from history. */
#define ADVICE_MAX_N 8
/* Period of what is derived from history, unless the metric is sparser. */
#define PERIOD_S 300
/* Fewest datapoints that say what is usual: those of two weeks, one a day. */
#define POINT_MIN_N 12
/* A band is widened until it would have fired at most every other day... */
#define BAND_FIRED_MAX_N 7
/* ...or is so many standard deviations wide. */
#define BAND_FIRST 2
#define BAND_LAST 6
/* Part of the variance that a pattern explains where a band is worth it. */
#define SEASON_MIN 0.5
/* One sentence of ours about one alarm. */
#define TEXT_MAX 1200

/* One recommendation in the making. */
struct advice {
	bool bundled;          /* from the metric table */
	struct str statistic, comparison, missing_data;
	struct str intent, basis;
	int64_t period_s, evaluation_n, datapoint_n;
	struct str threshold;  /* JSON number; absent: not known */
	struct str sensitivity; /* JSON number; absent: no band */
	bool derived;          /* the threshold comes from history */
	struct buf why;        /* justification of threshold or band */
	struct str note;       /* what to know besides; may be absent */
	struct series_data series;
	bool tested;
	struct backtest_grid grid;
	struct backtest test;
};

struct job {
	struct ask q;
	struct call *c;
	struct series_query metric;
	size_t row;            /* of the metric table */
	int64_t start_ms, end_ms;
	struct advice advice[ADVICE_MAX_N];
	size_t n;
	struct buf message;
};

static struct str
unit_of(const struct job *j)
{
	struct str unit = j->row == METRIC_TABLE_NONE ? STR_NONE :
	    metric_table_unit(j->row);

	return str_eq(unit, S("None")) ? STR_NONE : unit;
}

/* The value given for a dimension; absent when it was not. */
static struct str
given(const struct job *j, struct str name)
{
	const struct json *d = json_at(j->metric.dimensions, 0);

	while (d != NULL && !str_eq(json_get_str(d, S("name"), S("")), name)) {
		d = d->next;
	}
	return json_get_str(d, S("value"), STR_NONE);
}

static bool
matches(const struct job *j, struct str set)
{
	struct str name, value;

	while (metric_table_next_dimension(&set, &name, &value)) {
		struct str have = given(j, name);

		if (have.p == NULL || (value.p != NULL &&
		    !str_eq(have, value))) {
			return false;
		}
	}
	return true;
}

static struct advice *
add(struct job *j)
{
	struct advice *a = &j->advice[j->n++];

	*a = (struct advice){ .why = buf_in(j->c->arena, TEXT_MAX) };
	return a;
}

/* The alarms of the table that are for these dimensions. */
static bool
match_bundled(struct job *j)
{
	size_t n = j->row == METRIC_TABLE_NONE ? 0 :
	    metric_table_alarm_n(j->row);

	for (size_t i = 0; i < n && j->n < ADVICE_MAX_N - 1; i++) {
		struct metric_alarm m;
		struct advice *a;

		if (!metric_table_alarm(j->c->arena, j->row, i, &m)) {
			return false;
		}
		if (!matches(j, m.dimensions)) {
			continue;
		}
		a = add(j);
		a->bundled = true;
		a->statistic = m.statistic;
		a->comparison = m.comparison;
		a->missing_data = m.missing_data;
		a->intent = m.intent;
		a->basis = m.basis;
		a->period_s = m.period_s;
		a->evaluation_n = m.evaluation_n;
		a->datapoint_n = m.datapoint_n;
		a->threshold = m.threshold;
		buf_add(&a->why, m.basis);
	}
	return true;
}

/* Whether an alarm from history alone is wanted, and on which statistic. */
static bool
wants_history(const struct job *j, struct str *statistic)
{
	struct str asked = tool_arg_str(j->c, S("statistic"));

	if (asked.p == NULL) {
		struct str usual = j->row == METRIC_TABLE_NONE ? STR_NONE :
		    metric_table_statistic(j->row);

		*statistic = usual.len > 0 ? usual : S("Average");
		return j->n == 0;
	}
	*statistic = metric_query_statistic(asked);
	for (size_t i = 0; i < j->n; i++) {
		if (str_ieq(j->advice[i].statistic, *statistic)) {
			return false;
		}
	}
	return true;
}

/* Low values are the bad ones of such metrics. */
static bool
is_low_bad(struct str name)
{
	static const struct str words[] = { STR_INIT("Free"),
		STR_INIT("Healthy"), STR_INIT("Available"),
		STR_INIT("Remaining"), STR_INIT("Balance"),
		STR_INIT("Success"), STR_INIT("HitRate"),
		STR_INIT("HitRatio"), STR_INIT("Running") };

	if (str_icontains(name, S("unhealthy")) ||
	    str_icontains(name, S("unavailable"))) {
		return false;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_find(name, words[i], 0) < name.len) {
			return true;
		}
	}
	return false;
}

static struct backtest_rule
rule_of(const struct advice *a)
{
	return (struct backtest_rule){
		.evaluation_n = (size_t)a->evaluation_n,
		.datapoint_n = (size_t)a->datapoint_n,
		.missing = backtest_missing_of(a->missing_data),
	};
}

static struct str
number_text(struct arena *a, double v)
{
	char text[NUM_TEXT_MAX];

	return str_dup(a, str_of(text, num_format(v, text)));
}

static void
add_number(struct buf *out, double v)
{
	char text[NUM_TEXT_MAX];

	buf_add(out, str_of(text, num_format(v, text)));
}

/* A value as people read it: the fourth digit does not matter. */
static void
add_short(struct buf *out, double v)
{
	double size = v < 0 ? -v : v;
	double step = 1;

	while (size < 100 && size > 0 && step < 1e9) {
		size *= 10;
		step *= 10;
	}
	if (size > 0 && size < 1e15) {
		v = (double)(int64_t)(v * step + (v < 0 ? -0.5 : 0.5)) / step;
	}
	add_number(out, v);
}

/* A threshold from the history of the alarm's own statistic and period. */
static enum err
derive(struct job *j, struct advice *a, const struct stats_summary *s)
{
	struct backtest_rule rule = rule_of(a);
	bool percent = str_eq(unit_of(j), S("Percent"));
	bool ok = true;
	double t;

	if (s->n < POINT_MIN_N || !backtest_derive(j->c->arena, &a->grid,
	    s->points, s->n, a->comparison, &rule, percent, &t, &ok)) {
		if (a->why.len > 0) {
			buf_add(&a->why, S(". "));
		}
		buf_add(&a->why, s->n < POINT_MIN_N ?
		    S("The last 14 days hold too few datapoints to "
		    "derive it.") :
		    S("Usual values of the last 14 days reach the end of what "
		    "is possible: no threshold can be derived."));
		return ok ? ERR_OK : fail_set(j->c->fail, ERR_NOMEM, 0,
		    STR_NONE);
	}
	a->threshold = number_text(j->c->arena, t);
	a->derived = true;
	if (a->why.len > 0) {
		buf_add(&a->why, S(". "));
	}
	buf_add(&a->why, S("Derived from the last 14 days ("));
	buf_addf(&a->why, "%u datapoints, lowest ", (uint64_t)s->n);
	add_short(&a->why, s->min);
	buf_add(&a->why, S(", median "));
	add_short(&a->why, s->median);
	buf_add(&a->why, S(", highest "));
	add_short(&a->why, s->max);
	buf_add(&a->why, S("): just beyond what is usual there, by the 99 % "
	    "quantile or Tukey's outer fence of what the alarm acts on."));
	return ERR_OK;
}

static void
say_trend(struct advice *a, const struct stats_analysis *s)
{
	if (a->derived && s->trend.direction != 0) {
		buf_add(&a->why, s->trend.direction > 0 ?
		    S(" The metric rises: the threshold will age.") :
		    S(" The metric falls: the threshold will age."));
	}
}

/* Runs the alarm with its threshold over its series. */
static enum err
test_static(struct job *j, struct advice *a, const struct stats_summary *s)
{
	struct backtest_rule rule = rule_of(a);
	uint8_t *slots;
	double t;

	if (!num_parse(a->threshold, &t)) {
		return ERR_OK;
	}
	slots = backtest_static(j->c->arena, &a->grid, s->points, s->n,
	    a->comparison, t);
	if (slots == NULL) {
		return fail_set(j->c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	backtest_run(slots, a->grid.n, &rule, &a->test);
	a->tested = true;
	return ERR_OK;
}

/* ---- the alarm that history alone suggests ---- */

/* A length of time in its greatest whole unit. */
static void
add_seconds(struct buf *out, double seconds)
{
	static const struct {
		double length;
		struct str name;
	} units[] = { { 604800, STR_INIT("week") }, { 86400, STR_INIT("day") },
		{ 3600, STR_INIT("hour") }, { 60, STR_INIT("minute") },
		{ 1, STR_INIT("second") } };
	size_t i = 0;

	while (i + 1 < sizeof(units) / sizeof(units[0]) &&
	    seconds < 0.99 * units[i].length) {
		i++;
	}
	add_short(out, seconds / units[i].length);
	buf_add_byte(out, ' ');
	buf_add(out, units[i].name);
	if (seconds / units[i].length > 1.01) {
		buf_add_byte(out, 's');
	}
}

static enum err
advise_band(struct job *j, struct advice *a, const struct stats_analysis *s)
{
	struct backtest_rule rule;
	struct backtest_band band;
	int64_t width = BAND_FIRST;

	a->comparison = S("LessThanLowerOrGreaterThanUpperThreshold");
	a->evaluation_n = a->datapoint_n = 2;
	a->missing_data = S("missing");
	rule = rule_of(a);
	if (!backtest_band_of(j->c->arena, s, &band)) {
		return fail_set(j->c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	for (;; width++) {
		uint8_t *slots = backtest_outside(j->c->arena, &a->grid, s,
		    &band, (double)width, true, true);

		if (slots == NULL) {
			return fail_set(j->c->fail, ERR_NOMEM, 0, STR_NONE);
		}
		backtest_run(slots, a->grid.n, &rule, &a->test);
		if (a->test.fired_n <= BAND_FIRED_MAX_N ||
		    width == BAND_LAST) {
			break;
		}
	}
	a->tested = true;
	a->sensitivity = number_text(j->c->arena, (double)width);
	buf_add(&a->why, S("The metric repeats every "));
	add_seconds(&a->why, s->season.period_s);
	buf_add(&a->why, S(" (the pattern explains "));
	add_short(&a->why, (double)(int64_t)(100 * s->season.strength + 0.5));
	buf_add(&a->why, S(" % of its variance), so a band that follows it "
	    "fits better than one number."));
	if (width > BAND_FIRST) {
		buf_add(&a->why, S(" Narrower bands would have fired more "
		    "often than every other day."));
	}
	a->note = S("The band of this back-test is an approximation: the "
	    "seasonal pattern of these 14 days, its running level and a "
	    "robust standard deviation. CloudWatch trains a model of its own.");
	a->intent = S("Detects values that are not usual for the time.");
	return ERR_OK;
}

static enum err
advise_static(struct job *j, struct advice *a, const struct stats_analysis *s)
{
	bool low = is_low_bad(j->metric.metric_name);
	bool counts = str_eq(a->statistic, S("Sum")) ||
	    str_eq(a->statistic, S("SampleCount"));
	enum err err;

	a->comparison = low ? S("LessThanThreshold") :
	    S("GreaterThanThreshold");
	a->evaluation_n = a->datapoint_n = 3;
	/* What only appears when something happens is fine when missing. */
	a->missing_data = counts || !(s->summary.coverage > 0.9) ?
	    S("notBreaching") : S("missing");
	a->intent = low ? S("Detects values lower than the metric had in "
	    "ordinary times.") : S("Detects values higher than the metric had "
	    "in ordinary times.");
	buf_add(&a->why, s->season.pattern == NULL ?
	    S("Nothing in it repeats: one number fits") :
	    S("What repeats in it is little: one number fits"));
	err = derive(j, a, &s->summary);
	if (err != ERR_OK) {
		return err;
	}
	if (!a->derived) {
		/* Without the table's advice there is nothing left of it. */
		buf_add(&j->message, buf_str(&a->why));
		j->n--;
		return ERR_OK;
	}
	say_trend(a, s);
	return test_static(j, a, &s->summary);
}

static enum err
advise(struct job *j, struct advice *a)
{
	struct stats_analysis s;
	double published;

	if (!stats_analysis_run(j->c->arena, a->series.points, a->series.n,
	    &s)) {
		return fail_set(j->c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	published = s.summary.period_s;
	if (published > PERIOD_S && published <= 86400) {
		/* An alarm cannot look more often than there is data. */
		a->period_s = ((int64_t)published + 59) / 60 * 60;
	}
	if (s.summary.n < POINT_MIN_N || !s.usable) {
		j->n--;
		return ERR_OK;
	}
	a->grid = backtest_grid_of(s.summary.points, s.summary.n,
	    a->period_s * 1000, j->end_ms);
	if (s.season.pattern != NULL && s.season.strength >= SEASON_MIN) {
		return advise_band(j, a, &s);
	}
	return advise_static(j, a, &s);
}

/* ---- history ---- */

/* Tests what the table recommends, and derives what it leaves open. */
static enum err
examine(struct job *j, struct advice *a)
{
	struct stats_analysis analysis;
	const struct stats_summary *s = &analysis.summary;
	enum err err = ERR_OK;

	if (!stats_analysis_run(j->c->arena, a->series.points, a->series.n,
	    &analysis)) {
		return fail_set(j->c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	if (s->n == 0) {
		return ERR_OK;
	}
	a->grid = backtest_grid_of(s->points, s->n, a->period_s * 1000,
	    j->end_ms);
	if (s->period_s > (double)a->period_s && s->coverage > 0.9) {
		struct buf b = buf_in(j->c->arena, 200);

		buf_add(&b, S("The metric comes every "));
		add_seconds(&b, s->period_s);
		buf_add(&b, S(": with this shorter period most periods are "
		    "empty."));
		a->note = buf_str(&b);
	}
	if (a->threshold.p == NULL) {
		err = derive(j, a, s);
		say_trend(a, &analysis);
	}
	return err == ERR_OK && a->threshold.p != NULL ?
	    test_static(j, a, s) : err;
}

/* Reads the history of every alarm in one request and works with it. What AWS
 * refuses is told in the message when something is left to show. */
static enum err
use_history(struct job *j)
{
	struct series_query queries[ADVICE_MAX_N];
	struct series_data data[ADVICE_MAX_N];
	struct call *c = j->c;
	size_t n = j->n;
	enum err err;

	for (size_t i = 0; i < n; i++) {
		queries[i] = j->metric;
		queries[i].statistic = j->advice[i].statistic;
		queries[i].period_s = j->advice[i].period_s;
	}
	c->progress(c, 0, 2, S("reading 14 days of the metric"));
	err = series_fetch(&j->q, queries, n, j->start_ms, j->end_ms, data);
	if (err != ERR_OK) {
		if (!j->advice[0].bundled || c->arena->failed) {
			return err;
		}
		j->n -= !j->advice[n - 1].bundled;
		buf_addf(&j->message, "History could not be read, so nothing "
		    "is tested or derived: %s",
		    str_sub(fail_text(c->fail), 0, TEXT_MAX / 2));
		fail_clear(c->fail);
		return ERR_OK;
	}
	c->progress(c, 1, 2, S("testing alarms on it"));
	for (size_t i = 0; i < n && err == ERR_OK; i++) {
		struct advice *a = &j->advice[i];

		a->series = data[i];
		err = a->bundled ? examine(j, a) : advise(j, a);
		if (data[i].cut && j->message.len == 0) {
			buf_add(&j->message, S("Part of the history could not "
			    "be read."));
		}
	}
	if (err == ERR_OK && data[n - 1].n == 0) {
		buf_add(&j->message, S("The last 14 days hold no data for this "
		    "metric with exactly these dimensions; list_metrics shows "
		    "which there are."));
	}
	return err;
}

/* ---- the answer ---- */

static struct str
compared(struct str comparison)
{
	static const struct str words[][2] = {
		{ STR_INIT("GreaterThanThreshold"), STR_INIT("above") },
		{ STR_INIT("GreaterThanOrEqualToThreshold"),
		    STR_INIT("at or above") },
		{ STR_INIT("LessThanThreshold"), STR_INIT("below") },
		{ STR_INIT("LessThanOrEqualToThreshold"),
		    STR_INIT("at or below") },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_eq(comparison, words[i][0])) {
			return words[i][1];
		}
	}
	return S("outside its usual band");
}

/* "CPUUtilization (Average over 300 s) above 80 Percent in 3 of 3 periods." */
static struct str
describe(const struct job *j, const struct advice *a)
{
	struct buf b = buf_in(j->c->arena, TEXT_MAX);
	struct str unit = unit_of(j);

	buf_addf(&b, "%s (%s over %d s) %s", j->metric.metric_name,
	    a->statistic, a->period_s, compared(a->comparison));
	if (a->sensitivity.p != NULL) {
		buf_addf(&b, " (%s standard deviations)", a->sensitivity);
	} else if (a->threshold.p != NULL) {
		buf_addf(&b, unit.len > 0 ? " %s %s" : " %s", a->threshold,
		    unit);
	} else {
		buf_add(&b, S(" a threshold to be chosen"));
	}
	buf_addf(&b, " in %d of %d periods.", a->datapoint_n,
	    a->evaluation_n);
	return buf_str(&b);
}

static void
show_threshold(const struct job *j, const struct advice *a)
{
	struct json_writer *out = j->c->out;

	json_key(out, S("threshold"));
	json_begin_object(out);
	if (a->sensitivity.p != NULL) {
		json_put_raw(out, S("sensitivity"), a->sensitivity);
	} else if (a->threshold.p != NULL) {
		json_put_raw(out, S("staticValue"), a->threshold);
		json_put_string_or_null(out, S("unit"), unit_of(j));
		json_put_boolean(out, S("derived"), a->derived);
	}
	json_put_string(out, S("justification"), buf_str(&a->why));
	json_end_object(out);
}

static void
show_test(const struct job *j, const struct advice *a)
{
	struct json_writer *out = j->c->out;
	const struct backtest *t = &a->test;
	int64_t minutes = a->period_s / 60;

	json_key(out, S("back_test"));
	if (!a->tested) {
		json_null(out);
		return;
	}
	json_begin_object(out);
	show_time(out, S("from"), a->grid.start_ms);
	show_time(out, S("to"), a->grid.start_ms +
	    (int64_t)a->grid.n * a->grid.period_ms);
	json_put_integer(out, S("periods"), (int64_t)t->slot_n);
	json_put_integer(out, S("missing"), (int64_t)t->missing_n);
	json_put_integer(out, S("breaching"), (int64_t)t->breaching_n);
	json_put_integer(out, S("times_fired"), (int64_t)t->fired_n);
	json_put_integer(out, S("minutes_in_alarm"),
	    (int64_t)t->alarm_n * minutes);
	json_put_integer(out, S("longest_minutes"),
	    (int64_t)t->longest_n * minutes);
	json_put_boolean(out, S("in_alarm_at_the_end"), t->firing);
	json_key(out, S("last"));
	json_begin_array(out);
	for (size_t i = t->episode_n; i-- > 0;) {
		/* A period's datapoint is there when the period is over. */
		int64_t from = a->grid.start_ms +
		    (int64_t)(t->episode[i].from + 1) * a->grid.period_ms;

		json_begin_object(out);
		show_time(out, S("start"), from);
		json_put_integer(out, S("minutes"), minutes *
		    (int64_t)(t->episode[i].to - t->episode[i].from));
		json_end_object(out);
	}
	json_end_array(out);
	json_end_object(out);
}

static void
show_templates(const struct job *j, const struct advice *a, uint64_t number)
{
	struct json_writer *out = j->c->out;
	struct buf text = buf_in(j->c->arena, (size_t)64 * 1024);
	struct str parts[3] = { describe(j, a), S(" "), a->intent };
	struct str description = str_join(j->c->arena, parts, 3);
	struct alarm_template t = {
		.namespace = j->metric.namespace,
		.metric_name = j->metric.metric_name,
		.dimensions = j->metric.dimensions,
		.statistic = a->statistic,
		/* CloudWatch takes 1,024 characters. */
		.description = str_sub(description, 0, 1024),
		.period_s = a->period_s,
		.evaluation_n = a->evaluation_n,
		.datapoint_n = a->datapoint_n,
		.comparison = a->comparison,
		.missing_data = a->missing_data,
		.threshold = a->threshold,
		.depends = a->basis,
		.sensitivity = a->sensitivity,
		.number = number,
	};

	json_key(out, S("cloudformation_template"));
	alarm_template_cloudformation(out, &t);
	alarm_template_terraform(&text, &t);
	json_put_string(out, S("terraform"), buf_str(&text));
}

static void
show_advice(const struct job *j, const struct advice *a, uint64_t number,
    bool templates)
{
	struct json_writer *out = j->c->out;

	json_begin_object(out);
	json_put_string(out, S("alarmDescription"), describe(j, a));
	json_put_string(out, S("intent"), a->intent);
	json_put_string(out, S("source"), a->bundled ? S("bundled") :
	    S("history"));
	show_threshold(j, a);
	json_put_string(out, S("comparisonOperator"), a->comparison);
	json_put_string(out, S("statistic"), a->statistic);
	json_put_integer(out, S("period"), a->period_s);
	json_put_integer(out, S("evaluationPeriods"), a->evaluation_n);
	json_put_integer(out, S("datapointsToAlarm"), a->datapoint_n);
	json_put_string(out, S("treatMissingData"), a->missing_data);
	/* Checked on their way in, so as they came. */
	json_key(out, S("dimensions"));
	if (j->metric.dimensions == NULL) {
		json_raw(out, S("[]"));
	} else {
		json_value(out, j->metric.dimensions);
	}
	show_test(j, a);
	json_put_string_or_null(out, S("note"), a->note);
	if (templates) {
		show_templates(j, a, number);
	}
	json_end_object(out);
}

/* Why there is nothing to show, and what would help. */
static void
say_nothing(struct job *j)
{
	size_t n = j->row == METRIC_TABLE_NONE ? 0 :
	    metric_table_alarm_n(j->row);

	if (j->message.len == 0) {
		buf_add(&j->message, tool_arg_bool(j->c, S("derive")) ?
		    S("The last 14 days hold too few datapoints, or nothing "
		    "that sets an alarm apart from usual values.") :
		    S("No bundled advice fits."));
	}
	for (size_t i = 0; i < n; i++) {
		struct metric_alarm m;

		if (metric_table_alarm(j->c->arena, j->row, i, &m)) {
			buf_addf(&j->message, i == 0 ? " Bundled advice is for "
			    "dimensions %s" : "; %s", m.dimensions.len > 0 ?
			    m.dimensions : S("(none)"));
		}
	}
	if (n > 0) {
		buf_add(&j->message, S(": give their values."));
	}
}

/* Half a sentence or template is worse than none: without memory it is an
 * error. */
static enum err
show(struct job *j)
{
	struct json_writer *out = j->c->out;
	struct rows rows;

	if (j->n == 0) {
		say_nothing(j);
	}
	rows_init(&rows, j->c);
	rows_reserve(&rows, TEXT_MAX);
	json_begin_object(out);
	rows_begin(&rows, S("recommendations"));
	for (size_t i = 0; i < j->n; i++) {
		show_advice(j, &j->advice[i], i + 1, true);
		if (!rows_fit(&rows)) {
			/* The templates only put into words what it says. */
			show_advice(j, &j->advice[i], i + 1, false);
			(void)rows_fit(&rows);
			break;
		}
	}
	rows_end(&rows);
	json_put_boolean(out, S("has_more_results"), rows.cut);
	rows_say(&rows, false, STR_NONE, &j->message);
	json_put_string(out, S("message"), j->message.len > 0 ?
	    buf_str(&j->message) : S("Alarms for exactly this metric and its "
	    "dimensions; actions are yours to add."));
	if (j->c->arena->failed) {
		return fail_set(j->c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	ask_origin(&j->q, out);
	json_end_object(out);
	return ERR_OK;
}

static enum err
run(struct call *c)
{
	struct job *j = ARENA_ARRAY(c->arena, 1, struct job);
	struct str statistic;
	enum err err = ERR_OK;

	if (j == NULL) {
		return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	j->c = c;
	j->metric = series_query_of(c, PERIOD_S);
	j->message = buf_in(c->arena, 2 * TEXT_MAX);
	j->row = metric_table_find(j->metric.namespace,
	    j->metric.metric_name);
	if (j->metric.statistic.p != NULL) {
		err = series_check_statistic(c, j->metric.statistic);
	}
	if (err != ERR_OK) {
		return err;
	}
	ask_begin(&j->q, c);
	j->end_ms = ask_now_ms(&j->q);
	j->start_ms = j->end_ms - HISTORY_DAYS * DAY_MS;
	if (!match_bundled(j)) {
		return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	if (tool_arg_bool(c, S("derive"))) {
		if (wants_history(j, &statistic)) {
			struct advice *a = add(j);

			a->statistic = statistic;
			a->period_s = PERIOD_S;
		}
		err = use_history(j);
	}
	return err == ERR_OK ? show(j) : err;
}

static const struct param params[] = {
	{ .name = STR_INIT("namespace"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 255 },
	{ .name = STR_INIT("metric_name"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 255 },
	{ .name = STR_INIT("dimensions"), .type = PARAM_OBJECTS, .max = 30,
	    .fields = series_dimension, .field_n = SERIES_DIMENSION_N },
	{ .name = STR_INIT("statistic"), .type = PARAM_STRING, .min = 1,
	    .max = 64, .text = STR_INIT("default: the metric's usual one") },
	{ .name = STR_INIT("derive"), .type = PARAM_BOOLEAN,
	    .fallback = "true",
	    .text = STR_INIT("false: bundled advice only, thresholds that "
	    "depend on the workload stay open") },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_get_recommended_metric_alarms = {
	.name = STR_INIT("get_recommended_metric_alarms"),
	.title = STR_INIT("Recommended alarms"),
	.description = STR_INIT("Alarms worth having for one metric: bundled "
	    "advice, else static or anomaly-band from its last 14 days. Each "
	    "with a back-test (how often it would have fired), "
	    "CloudFormation and Terraform."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT | TOOL_SLOW,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"recommendations\":{\"type\":\"array\"},"
	    ROWS_SCHEMA "," ASK_SCHEMA "}}"),
	.run = run,
};
