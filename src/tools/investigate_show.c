/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer: what was found in sentences first, then how far each part got
 * and what to ask next, then what the sentences rest on. Lists get shares of
 * the room that is left, so that none takes all of it.
 */
#include "tools/investigate.h"

#include "base/num.h"
#include "base/timefmt.h"
#include "tools/log_row.h"
#include "tools/metric_query.h"
#include "tools/show.h"
#include "tools/spark.h"
#include "tools/stats.h"

#define HOUR_MS (INT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)
/* One sentence, and texts of others in it. */
#define SENTENCE_MAX 1600
#define QUOTE_MAX 400
/* So many changes to ALARM within a day are flapping. */
#define FLAPPING_N 3
/* Error patterns in the summary. */
#define SUMMED_N 3
/* Changes of state that are listed. */
#define RECENT_N 10
/* A pattern or message in the lists. */
#define MESSAGE_MAX 1500

static const struct str part_names[INVESTIGATE_PART_N] = {
	STR_INIT("history"), STR_INIT("alarms"), STR_INIT("metrics"),
	STR_INIT("log_groups"), STR_INIT("errors"), STR_INIT("changes"),
};

struct view {
	struct investigate *v;
	struct rows rows;
	struct json_writer *out;
	const struct investigate_target *first; /* that turned; or NULL */
	const struct json *errors, *changes;    /* rows of the queries */
};

/* ---- words ---- */

static void
add_number(struct buf *b, double value)
{
	char text[NUM_TEXT_MAX];
	/* Four digits are enough to read. */
	double scale = 1, v = value < 0 ? -value : value;

	while (v > 0 && v * scale < 1000 && scale < 1e12) {
		scale *= 10;
	}
	if (v < 1e12) {
		double whole = (double)(int64_t)(v * scale + 0.5);

		value = (value < 0 ? -whole : whole) / scale;
	}
	buf_add(b, str_of(text, num_format(value, text)));
}

static void
add_minutes(struct buf *b, int64_t ms)
{
	int64_t min = ms / 60000;

	if (min >= 120) {
		buf_addf(b, "%d h", min / 60);
	} else {
		buf_addf(b, "%d min", min);
	}
}

/* metric of its dimensions. */
static void
add_metric(struct buf *b, const struct investigate_target *t)
{
	const struct json *d = json_at(t->dimensions, 0);

	if (t->expression.p != NULL) {
		buf_addf(b, "%s over ", str_sub(t->expression, 0, 200));
	}
	buf_addf(b, "%s (%s", t->metric, t->namespace);
	for (; d != NULL; d = d->next) {
		buf_addf(b, ", %s %s", json_get_str(d, S("Name"), S("?")),
		    json_get_str(d, S("Value"), S("?")));
	}
	buf_add_byte(b, ')');
}

static void
say(struct view *w, struct buf *b)
{
	if (b->len > 0) {
		json_string(w->out, buf_str(b));
		(void)rows_fit(&w->rows);
	}
	buf_clear(b);
}

static size_t
alarms_within(const struct investigate *v, int64_t ms)
{
	int64_t from = ask_now_ms(&v->q) - ms;
	size_t n = 0;

	for (size_t i = 0; i < v->history_n; i++) {
		n += v->history[i].at_ms >= from &&
		    str_eq(v->history[i].to, S("ALARM"));
	}
	return n;
}

static void
say_state(struct view *w, struct buf *b)
{
	struct investigate *v = w->v;
	size_t day = alarms_within(v, DAY_MS);

	buf_addf(b, "%s is %s; ", v->name, v->state);
	if (v->changed_ms == ask_now_ms(&v->q)) {
		buf_add(b, S("no change to ALARM is known, so the present is "
		    "looked at"));
	} else {
		buf_add(b, S("it changed to ALARM at "));
		timefmt_iso(b, v->changed_ms);
	}
	buf_addf(b, ". %s", str_sub(json_get_str(v->alarm, S("StateReason"),
	    S("")), 0, QUOTE_MAX));
	say(w, b);
	if (day >= FLAPPING_N) {
		buf_addf(b, "It flaps: %u changes to ALARM in 24 h.",
		    (uint64_t)day);
		say(w, b);
	}
}

static void
say_metric(struct view *w, const struct investigate_target *t, struct buf *b)
{
	if (t->after.n == 0) {
		return;
	}
	add_metric(b, t);
	if (t->before.n > 0) {
		buf_add(b, S(" went from a mean of "));
		add_number(b, t->before.mean);
		buf_add(b, S(" to "));
	} else {
		buf_add(b, S(" had no data before, then a mean of "));
	}
	add_number(b, t->after.mean);
	buf_addf(b, " (%s ", t->direction < 0 ? S("min") : S("max"));
	add_number(b, t->direction < 0 ? t->after.min : t->after.max);
	buf_add_byte(b, ')');
	for (size_t i = 0; i < INVESTIGATE_WINDOW_N - 1; i++) {
		if (t->earlier[i].n > 0) {
			buf_add(b, S("; at that time "));
			buf_add(b, i == 0 ? S("a day earlier ") :
			    S("a week earlier "));
			add_number(b, t->earlier[i].mean);
		}
	}
	if (t->began_ms > 0) {
		buf_add(b, S("; out of its usual range since "));
		timefmt_iso(b, t->began_ms);
	}
	buf_add_byte(b, '.');
	say(w, b);
}

static void
say_first(struct view *w, struct buf *b)
{
	const struct investigate_target *f = w->first;

	if (f == NULL || (!f->suspect && (w->v->kind != 'c' ||
	    w->v->target_n == 1))) {
		return;
	}
	buf_add(b, f->suspect ? S("Of the metrics in alarm the first to turn "
	    "was ") : S("Of its components the first to turn was "));
	add_metric(b, f);
	buf_add(b, S(" at "));
	timefmt_iso(b, f->began_ms);
	buf_add(b, S(", "));
	add_minutes(b, w->v->changed_ms - f->began_ms);
	buf_addf(b, " before this alarm: the likely cause or next to it "
	    "(alarm %s: %s).", f->name, str_sub(json_get_str(f->alarm,
	    S("AlarmDescription"), S("no description")), 0, QUOTE_MAX));
	say(w, b);
}

static void
say_logs(struct view *w, struct buf *b)
{
	const struct json *row = json_at(w->errors, 0);

	for (size_t i = 0; row != NULL && i < SUMMED_N; i++, row = row->next) {
		buf_addf(b, "%s (%s lines): %s", i == 0 ?
		    S("Most frequent error pattern") : S("Then"),
		    query_run_cell(row, S("@sampleCount")), log_row_cut(
		    query_run_cell(row, S("@pattern")), QUOTE_MAX));
		say(w, b);
	}
	row = json_at(w->changes, 0);
	if (row != NULL) {
		buf_addf(b, "The last change logged before (%s): %s",
		    query_run_cell(row, S("@timestamp")), log_row_cut(
		    query_run_cell(row, S("@message")), QUOTE_MAX));
		say(w, b);
	}
}

static void
show_summary(struct view *w)
{
	struct buf b = buf_in(w->v->c->arena, SENTENCE_MAX);

	rows_begin_share(&w->rows, S("summary"), 1, 3);
	say_state(w, &b);
	if (w->v->kind == 'm' && w->v->target_n > 0) {
		say_metric(w, &w->v->targets[0], &b);
	}
	say_first(w, &b);
	say_logs(w, &b);
	for (size_t i = 0; i < w->v->target_n; i++) {
		if (w->v->kind == 'c' && !w->v->targets[i].suspect) {
			say_metric(w, &w->v->targets[i], &b);
		}
	}
	rows_end(&w->rows);
}

/* ---- lists ---- */

static void
show_alarm(struct view *w)
{
	const struct json *a = w->v->alarm;
	struct json_writer *out = w->out;
	char kind = w->v->kind;

	rows_mark(&w->rows);
	json_key(out, S("alarm"));
	json_begin_object(out);
	json_put_string(out, S("alarm_name"), w->v->name);
	json_put_string(out, S("alarm_type"), kind == 'm' ? S("MetricAlarm") :
	    kind == 'c' ? S("CompositeAlarm") : S("LogAlarm"));
	json_put_string(out, S("state_value"), w->v->state);
	show_string(out, S("alarm_description"), a, S("AlarmDescription"));
	show_seconds(out, S("state_updated_timestamp"),
	    json_get(a, S("StateUpdatedTimestamp")));
	show_time(out, S("change_timestamp"), w->v->changed_ms);
	if (kind == 'c') {
		show_string(out, S("alarm_rule"), a, S("AlarmRule"));
	} else {
		show_number(out, S("threshold"), a, S("Threshold"));
		show_string(out, S("comparison_operator"), a,
		    S("ComparisonOperator"));
		show_number(out, S("evaluation_periods"), a,
		    S("EvaluationPeriods"));
		show_number(out, S("datapoints_to_alarm"), a,
		    S("DatapointsToAlarm"));
		show_string(out, S("treat_missing_data"), a,
		    S("TreatMissingData"));
	}
	json_end_object(out);
	if (!rows_fit(&w->rows)) {
		json_put_raw(out, S("alarm"), S("{}"));
	}
}

static void
show_parts(struct view *w)
{
	static const struct str words[] = { STR_INIT("cut"),
		STR_INIT("complete"), STR_INIT("cut"), STR_INIT("failed") };

	rows_begin(&w->rows, S("parts"));
	for (size_t i = 0; i < INVESTIGATE_PART_N; i++) {
		const struct investigate_note *note = &w->v->notes[i];
		struct str reason = note->reason;

		if (note->status == INVESTIGATE_NOT_RUN) {
			reason = S("max_seconds were over");
		}
		json_begin_object(w->out);
		json_put_string(w->out, S("part"), part_names[i]);
		json_put_string(w->out, S("status"), words[note->status]);
		if (reason.p != NULL) {
			json_put_string(w->out, S("reason"),
			    log_row_cut(reason, QUOTE_MAX));
		}
		json_end_object(w->out);
		if (!rows_fit(&w->rows)) {
			break;
		}
	}
	rows_end(&w->rows);
}

static void
show_history(struct view *w)
{
	struct investigate *v = w->v;
	size_t day = alarms_within(v, DAY_MS);
	struct json_writer *out = w->out;

	rows_mark(&w->rows);
	json_key(out, S("history"));
	json_begin_object(out);
	json_put_integer(out, S("to_alarm_24h"), (int64_t)day);
	json_put_integer(out, S("to_alarm_14d"),
	    (int64_t)alarms_within(v, 14 * DAY_MS));
	json_put_boolean(out, S("flapping"), day >= FLAPPING_N);
	json_key(out, S("recent"));
	json_begin_array(out);
	for (size_t i = 0; i < v->history_n && i < RECENT_N; i++) {
		json_begin_object(out);
		show_time(out, S("timestamp"), v->history[i].at_ms);
		json_put_string_or_null(out, S("from"), v->history[i].from);
		json_put_string_or_null(out, S("to"), v->history[i].to);
		json_end_object(out);
	}
	json_end_array(out);
	json_end_object(out);
	if (!rows_fit(&w->rows)) {
		json_put_raw(out, S("history"), S("{}"));
	}
}

static void
show_level(struct json_writer *out, struct str key,
    const struct investigate_level *l)
{
	if (l->n == 0) {
		return;
	}
	json_key(out, key);
	json_begin_object(out);
	json_put_double(out, S("mean"), stats_round(l->mean, 9));
	json_put_double(out, S("min"), l->min);
	json_put_double(out, S("max"), l->max);
	json_put_integer(out, S("datapoints"), (int64_t)l->n);
	json_end_object(out);
}

/* All windows drawn with the same heights. */
static void
show_lines(struct view *w, const struct investigate_target *t)
{
	static const struct str names[INVESTIGATE_WINDOW_N] = {
		STR_INIT("sparkline"), STR_INIT("sparkline_day_earlier"),
		STR_INIT("sparkline_week_earlier"),
	};
	static const int64_t back_ms[] = { 0, DAY_MS, 7 * DAY_MS };
	struct spark_scale scale = { 0, 0 };
	bool any = false;

	for (size_t i = 0; i < INVESTIGATE_WINDOW_N; i++) {
		struct spark_scale s = spark_scale_of(t->series[i].points,
		    t->series[i].n);

		if (t->series[i].n > 0) {
			scale.min = !any || s.min < scale.min ? s.min :
			    scale.min;
			scale.max = !any || s.max > scale.max ? s.max :
			    scale.max;
			any = true;
		}
	}
	for (size_t i = 0; i < INVESTIGATE_WINDOW_N; i++) {
		char text[SPARK_LEN_MAX];
		struct buf b = buf_fixed(text, sizeof(text));

		if (t->series[i].n > 0) {
			spark_draw(&b, t->series[i].points, t->series[i].n,
			    w->v->from_ms - back_ms[i],
			    w->v->to_ms - back_ms[i],
			    t->query.period_s * 1000, 40, scale);
			json_put_string(w->out, names[i], buf_str(&b));
		}
	}
}

static void
show_metric(struct view *w, const struct investigate_target *t)
{
	struct json_writer *out = w->out;
	double change = t->after.mean - t->before.mean;

	json_begin_object(out);
	json_put_string(out, S("alarm_name"), t->name);
	json_put_string(out, S("relation"), t->suspect ? S("beside") :
	    w->v->kind == 'c' ? S("component") : S("alarm"));
	json_put_string_or_null(out, S("namespace"), t->namespace);
	json_put_string_or_null(out, S("metric_name"), t->metric);
	show_dimensions(out, S("dimensions"), t->dimensions);
	if (t->expression.p != NULL) {
		json_put_string(out, S("expression"), t->expression);
	}
	json_put_string_or_null(out, S("statistic"), t->query.statistic);
	json_put_integer(out, S("period"), t->query.period_s);
	show_number(out, S("threshold"), t->alarm, S("Threshold"));
	if (t->error.p != NULL) {
		json_put_string(out, S("error"), t->error);
	}
	show_time(out, S("start_time"), w->v->from_ms);
	show_time(out, S("end_time"), w->v->to_ms);
	show_level(out, S("before"), &t->before);
	show_level(out, S("after"), &t->after);
	show_level(out, S("day_earlier"), &t->earlier[0]);
	show_level(out, S("week_earlier"), &t->earlier[1]);
	if (t->before.n > 0 && t->after.n > 0 && t->before.mean != 0) {
		json_put_double(out, S("change_percent"), (double)(int64_t)(
		    change / t->before.mean * 1000 < 1e9 &&
		    change / t->before.mean * 1000 > -1e9 ?
		    change / t->before.mean * 1000 : 1e9) / 10);
	}
	if (t->began_ms > 0) {
		show_time(out, S("began"), t->began_ms);
	}
	show_lines(w, t);
	json_end_object(out);
}

static void
show_metrics(struct view *w)
{
	rows_begin_share(&w->rows, S("metrics"), 1, 2);
	for (size_t i = 0; i < w->v->target_n; i++) {
		show_metric(w, &w->v->targets[i]);
		if (!rows_fit(&w->rows)) {
			break;
		}
	}
	rows_end(&w->rows);
}

static bool
related(const struct investigate_other *o)
{
	return o->same_dimension || o->same_namespace || o->same_time ||
	    o->component || o->parent;
}

static void
show_others(struct view *w)
{
	static const struct str words[] = { STR_INIT("component"),
		STR_INIT("parent"), STR_INIT("same dimension"),
		STR_INIT("same namespace"), STR_INIT("same time") };
	struct json_writer *out = w->out;
	int64_t rest = 0;

	rows_begin_share(&w->rows, S("alarms"), 1, 2);
	for (size_t i = 0; i < w->v->other_n; i++) {
		const struct investigate_other *o = &w->v->others[i];
		const bool is[] = { o->component, o->parent,
			o->same_dimension, o->same_namespace, o->same_time };

		if (!related(o)) {
			rest++;
			continue;
		}
		json_begin_object(out);
		json_put_string(out, S("alarm_name"), o->name);
		json_put_string(out, S("alarm_type"), o->kind == 'm' ?
		    S("MetricAlarm") : S("CompositeAlarm"));
		if (o->since_ms > 0) {
			show_time(out, S("since"), o->since_ms);
		}
		json_key(out, S("relations"));
		json_begin_array(out);
		for (size_t k = 0; k < sizeof(is) / sizeof(is[0]); k++) {
			if (is[k]) {
				json_string(out, words[k]);
			}
		}
		json_end_array(out);
		show_string(out, S("alarm_description"), o->alarm,
		    S("AlarmDescription"));
		json_end_object(out);
		if (!rows_fit(&w->rows)) {
			break;
		}
	}
	rows_end(&w->rows);
	json_put_integer(out, S("other_alarms"), rest);
}

static void
show_groups(struct view *w)
{
	struct json_writer *out = w->out;

	rows_begin(&w->rows, S("log_groups"));
	for (size_t i = 0; i < w->v->group_n; i++) {
		const struct investigate_group *g = &w->v->groups[i];

		json_begin_object(out);
		json_put_string(out, S("log_group_name"), g->name);
		json_put_string(out, S("because"), g->because);
		json_put_double(out, S("estimated_scan_bytes"),
		    (double)(int64_t)g->scan_bytes);
		if (g->infrequent || g->skipped) {
			json_put_string(out, S("not_queried"), g->infrequent ?
			    S("its class has no pattern command") :
			    S("beyond max_scan_bytes"));
		}
		json_end_object(out);
		if (!rows_fit(&w->rows)) {
			break;
		}
	}
	rows_end(&w->rows);
}

static void
show_errors(struct view *w)
{
	const struct json *row = json_at(w->errors, 0);
	struct json_writer *out = w->out;

	rows_begin_share(&w->rows, S("errors"), 2, 3);
	for (; row != NULL; row = row->next) {
		json_begin_object(out);
		json_put_string_or_null(out, S("lines"),
		    query_run_cell(row, S("@sampleCount")));
		json_put_string_or_null(out, S("pattern"), log_row_cut(
		    query_run_cell(row, S("@pattern")), MESSAGE_MAX));
		json_end_object(out);
		if (!rows_fit(&w->rows)) {
			break;
		}
	}
	rows_end(&w->rows);
	rows_begin(&w->rows, S("changes"));
	row = json_at(w->changes, 0);
	for (; row != NULL; row = row->next) {
		struct str group = query_run_cell(row, S("@log"));

		/* "account:group" */
		if (str_find_byte(group, ':', 0) < group.len) {
			(void)str_cut(&group, ':');
		}
		json_begin_object(out);
		json_put_string_or_null(out, S("timestamp"),
		    query_run_cell(row, S("@timestamp")));
		json_put_string_or_null(out, S("log_group_name"), group);
		json_put_string_or_null(out, S("message"), log_row_cut(
		    query_run_cell(row, S("@message")), MESSAGE_MAX));
		json_end_object(out);
		if (!rows_fit(&w->rows)) {
			break;
		}
	}
	rows_end(&w->rows);
}

/* ---- what to ask next ---- */

static void
begin_step(struct view *w, struct str tool, struct str why)
{
	json_begin_object(w->out);
	json_put_string(w->out, S("tool"), tool);
	json_put_string(w->out, S("why"), why);
	json_key(w->out, S("arguments"));
	json_begin_object(w->out);
	if (tool_arg_str(w->v->c, S("profile_name")).p != NULL) {
		json_put_string(w->out, S("profile_name"),
		    tool_arg_str(w->v->c, S("profile_name")));
	}
	json_put_string(w->out, S("region"), w->v->q.scope.region);
}

static void
end_step(struct view *w)
{
	json_end_object(w->out);
	json_end_object(w->out);
	(void)rows_fit(&w->rows);
}

static void
step_alarm(struct view *w)
{
	if (w->first != NULL && !str_eq(w->first->name, w->v->name)) {
		begin_step(w, S("investigate_alarm"),
		    S("the metric that turned first"));
		json_put_string(w->out, S("alarm_name"), w->first->name);
		end_step(w);
	}
	if (w->v->kind == 'c') {
		begin_step(w, S("describe_alarms"),
		    S("all components, those that are OK too"));
		json_put_string(w->out, S("children_of"), w->v->name);
		end_step(w);
	}
}

static void
step_query(struct view *w)
{
	struct json_writer *out = w->out;
	bool any = false;

	for (size_t i = 0; i < w->v->group_n; i++) {
		any = any || (!w->v->groups[i].skipped &&
		    !w->v->groups[i].infrequent);
	}
	if (!any) {
		begin_step(w, S("describe_log_groups"),
		    S("no log group is known to belong: look by name"));
		json_put_string(out, S("log_group_name_pattern"),
		    str_sub(w->v->name, 0, str_find_byte(w->v->name, '-', 0)));
		end_step(w);
		return;
	}
	begin_step(w, S("execute_log_insights_query"),
	    S("whole lines around the change"));
	json_key(out, S("log_group_names"));
	json_begin_array(out);
	for (size_t i = 0; i < w->v->group_n; i++) {
		/* A query takes groups of one class only. */
		if (!w->v->groups[i].skipped && !w->v->groups[i].infrequent) {
			json_string(out, w->v->groups[i].name);
		}
	}
	json_end_array(out);
	show_time(out, S("start_time"), w->v->log_middle_ms);
	show_time(out, S("end_time"), w->v->log_to_ms);
	json_put_string(out, S("query_string"), S("fields @timestamp, @log, "
	    "@message | filter @message like /(?i)(error|exception|fatal)/ "
	    "| sort @timestamp asc | limit 20"));
	end_step(w);
}

static void
step_metric(struct view *w)
{
	const struct investigate_target *t = w->first;
	struct json_writer *out = w->out;

	if (t == NULL && w->v->target_n > 0) {
		t = &w->v->targets[0];
	}
	if (t == NULL || t->metric.p == NULL || t->namespace.p == NULL ||
	    !metric_query_statistic_ok(t->query.statistic)) {
		return;
	}
	begin_step(w, S("get_metric_data"), S("the datapoints"));
	json_put_string(out, S("namespace"), t->namespace);
	json_put_string(out, S("metric_name"), t->metric);
	show_dimensions(out, S("dimensions"), t->dimensions);
	json_put_string(out, S("statistic"), t->query.statistic);
	show_time(out, S("start_time"), w->v->from_ms);
	show_time(out, S("end_time"), w->v->to_ms);
	end_step(w);
	begin_step(w, S("list_metrics"), S("what else is measured there"));
	json_put_string(out, S("namespace"), t->namespace);
	show_dimensions(out, S("dimensions"), t->dimensions);
	end_step(w);
}

static void
step_promql(struct view *w)
{
	const struct json *query = json_path(w->v->alarm,
	    S("EvaluationCriteria.PromQLCriteria.Query"));

	if (json_is(query, JSON_STRING)) {
		begin_step(w, S("execute_promql_range_query"),
		    S("what the alarm evaluates"));
		json_put_value(w->out, S("query"), query);
		show_time(w->out, S("start"), w->v->from_ms);
		show_time(w->out, S("end"), w->v->to_ms);
		json_put_string(w->out, S("step"), S("60"));
		end_step(w);
	}
}

static void
show_steps(struct view *w)
{
	rows_begin_share(&w->rows, S("next_steps"), 1, 3);
	step_alarm(w);
	for (size_t i = 0; i < 2; i++) {
		const struct query_run *r = &w->v->runs[i];

		if (w->v->queried && r->state == QUERY_RUN_LATE &&
		    r->id.p != NULL) {
			begin_step(w, S("get_logs_insight_query_results"),
			    S("the query that did not end in time"));
			json_put_string(w->out, S("query_id"), r->id);
			end_step(w);
		}
	}
	step_query(w);
	step_metric(w);
	step_promql(w);
	begin_step(w, S("get_alarm_history"), S("with reasons"));
	json_put_string(w->out, S("alarm_name"), w->v->name);
	json_put_string(w->out, S("start_time"), S("-14d"));
	end_step(w);
	rows_end(&w->rows);
}

/* ---- all ---- */

/* The rows of a query that ended; what cannot be read fails its part. */
static enum err
read_rows(struct investigate *v, size_t i, const struct json **rows)
{
	enum investigate_part part = i == 0 ? INVESTIGATE_ERRORS :
	    INVESTIGATE_CHANGES;
	enum err err;

	if (!v->queried || v->runs[i].state != QUERY_RUN_COMPLETE) {
		return ERR_OK;
	}
	err = query_run_page(&v->runs[i], rows);
	if (err != ERR_OK) {
		*rows = NULL;
		return investigate_settle(v, part, fail_set(v->c->fail, err,
		    0, fail_text(&v->runs[i].fail)));
	}
	return ERR_OK;
}

/* see investigate.h */
enum err
investigate_show(struct investigate *v)
{
	struct view w = { .v = v, .out = v->c->out,
	    .first = investigate_first(v) };
	enum err err = read_rows(v, 0, &w.errors);

	if (err == ERR_OK) {
		err = read_rows(v, 1, &w.changes);
	}
	if (err != ERR_OK) {
		return err;
	}
	rows_init(&w.rows, v->c);
	rows_reserve(&w.rows, 400);
	json_begin_object(w.out);
	show_alarm(&w);
	show_summary(&w);
	json_put_string_or_null(w.out, S("turned_first"), w.first == NULL ?
	    STR_NONE : w.first->name);
	show_parts(&w);
	show_steps(&w);
	show_history(&w);
	show_metrics(&w);
	show_others(&w);
	show_groups(&w);
	show_errors(&w);
	query_run_put_cost(w.out, v->queried ? v->runs[0].scanned_bytes +
	    v->runs[1].scanned_bytes : 0);
	rows_close(&w.rows, false, S("next_steps has the single questions."),
	    STR_NONE);
	ask_origin(&v->q, w.out);
	json_end_object(w.out);
	return ERR_OK;
}
