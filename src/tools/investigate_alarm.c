/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The alarm under investigation, its history, and the alarms beside it.
 */
#include "tools/investigate.h"

#include "tools/rule.h"
#include "tools/show.h"

#define PAGE_MAX 100
#define HOUR_MS (INT64_C(3600) * 1000)
/* How far back history is read; AWS keeps 30 days. */
#define HISTORY_MS (14 * 24 * HOUR_MS)
/* Alarms that changed within this belong together. */
#define TOGETHER_MS (HOUR_MS / 2)
/* Metrics of other alarms that are looked at. */
#define SUSPECT_MAX_N 4
/* Levels of composite alarms that are followed. */
#define DEPTH_MAX 3

static const struct { char list[16], kind; } lists[] = {
	{ "MetricAlarms", 'm' }, { "CompositeAlarms", 'c' },
	{ "LogAlarms", 'l' },
};
#define LIST_N (sizeof(lists) / sizeof(lists[0]))

/* When the state was entered; 0: AWS does not say. */
static int64_t
since(const struct json *alarm)
{
	int64_t ms;

	if (show_read_seconds(json_get(alarm, S("StateTransitionedTimestamp")),
	    &ms) || show_read_seconds(json_get(alarm,
	    S("StateUpdatedTimestamp")), &ms)) {
		return ms;
	}
	return 0;
}

/* Log alarms are new, and not every partition knows the word: they are asked
 * for by themselves. */
static void
put_types(struct json_writer *body, char kind)
{
	json_put_raw(body, S("AlarmTypes"), kind == 'l' ?
	    S("[\"LogAlarm\"]") : S("[\"MetricAlarm\",\"CompositeAlarm\"]"));
	json_put_integer(body, S("MaxRecords"), PAGE_MAX);
}

static enum err
describe(struct investigate *v, const struct str *names, size_t n, char kind,
    const struct json **reply)
{
	struct json_writer *body = ask_body(&v->q);

	json_key(body, S("AlarmNames"));
	json_begin_array(body);
	for (size_t i = 0; i < n && i < PAGE_MAX; i++) {
		json_string(body, names[i]);
	}
	json_end_array(body);
	put_types(body, kind);
	return ask_send(&v->q, ENDPOINT_CLOUDWATCH, S("DescribeAlarms"),
	    reply);
}

/* see investigate.h */
enum err
investigate_find(struct investigate *v)
{
	const struct json *reply;
	enum err err = describe(v, &v->name, 1, 'm', &reply);

	for (size_t i = 0; i < LIST_N && v->alarm == NULL; i++) {
		if (err == ERR_OK && lists[i].kind == 'l') {
			err = describe(v, &v->name, 1, 'l', &reply);
			/* Not known here: there is no such alarm. */
			if (err == ERR_AWS_REQUEST) {
				fail_clear(v->c->fail);
				break;
			}
		}
		if (err != ERR_OK) {
			return err;
		}
		v->alarm = json_at(json_get(reply, str_from_z(lists[i].list)),
		    0);
		v->kind = lists[i].kind;
	}
	if (v->alarm == NULL) {
		return fail_setf(v->c->fail, ERR_AWS_MISSING, "there is no "
		    "alarm '%s' in region %s; describe_alarms lists the names",
		    v->name, v->q.scope.region);
	}
	v->state = json_get_str(v->alarm, S("StateValue"), S("unknown"));
	if (str_eq(v->state, S("ALARM"))) {
		v->changed_ms = since(v->alarm);
	}
	return ERR_OK;
}

/* ---- history ---- */

/* A state change as HistoryData, JSON in a string, tells it. */
static void
add_change(struct investigate *v, const struct json *item)
{
	struct investigate_change *h = &v->history[v->history_n];
	struct str text = json_get_str(item, S("HistoryData"), STR_NONE);
	struct json *data = NULL;

	if (text.p == NULL || json_parse(v->c->arena, text, 0, &data, NULL) !=
	    ERR_OK || !show_read_seconds(json_get(item, S("Timestamp")),
	    &h->at_ms)) {
		return;
	}
	h->from = json_str(json_path(data, S("oldState.stateValue")));
	h->to = json_str(json_path(data, S("newState.stateValue")));
	if (h->to.p != NULL) {
		v->history_n++;
	}
}

static enum err
read_history(struct investigate *v)
{
	int64_t now_ms = ask_now_ms(&v->q);
	struct str token = STR_NONE;

	while (v->history_n < INVESTIGATE_HISTORY_MAX_N &&
	    investigate_time(v, INVESTIGATE_HISTORY)) {
		struct json_writer *body = ask_body(&v->q);
		const struct json *page, *item;
		struct str next;
		enum err err;

		json_put_string(body, S("AlarmName"), v->name);
		put_types(body, v->kind);
		json_put_string(body, S("HistoryItemType"), S("StateUpdate"));
		json_put_integer(body, S("StartDate"),
		    (now_ms - HISTORY_MS) / 1000);
		json_put_integer(body, S("EndDate"), now_ms / 1000);
		json_put_string(body, S("ScanBy"), S("TimestampDescending"));
		if (token.p != NULL) {
			json_put_string(body, S("NextToken"), token);
		}
		err = ask_send(&v->q, ENDPOINT_CLOUDWATCH,
		    S("DescribeAlarmHistory"), &page);
		if (err != ERR_OK) {
			return err;
		}
		item = json_at(json_get(page, S("AlarmHistoryItems")), 0);
		for (; item != NULL && v->history_n <
		    INVESTIGATE_HISTORY_MAX_N; item = item->next) {
			add_change(v, item);
		}
		next = json_get_str(page, S("NextToken"), STR_NONE);
		if (item == NULL && next.len == 0) {
			return ERR_OK;
		}
		if (str_eq(next, token)) {
			break;
		}
		token = next;
	}
	investigate_cut(v, INVESTIGATE_HISTORY,
	    S("older changes of state are not read"));
	return ERR_OK;
}

/* see investigate.h */
enum err
investigate_history(struct investigate *v)
{
	enum err err = investigate_settle(v, INVESTIGATE_HISTORY,
	    read_history(v));

	for (size_t i = 0; i < v->history_n && v->changed_ms == 0; i++) {
		if (str_eq(v->history[i].to, S("ALARM"))) {
			v->changed_ms = v->history[i].at_ms;
		}
	}
	if (v->changed_ms == 0 || v->changed_ms > ask_now_ms(&v->q)) {
		v->changed_ms = ask_now_ms(&v->q);
	}
	return err;
}

/* ---- metrics of alarms ---- */

/* Of an alarm on metric math or an anomaly band: the queries as they are, and
 * which of them is compared. */
static void
take_queries(struct investigate_target *t, const struct json *queries)
{
	struct str band = json_get_str(t->alarm, S("ThresholdMetricId"),
	    S(""));
	const struct json *q = json_at(queries, 0);

	t->query.own = queries;
	for (; q != NULL; q = q->next) {
		const struct json *stat = json_get_set(q, S("MetricStat"));
		const struct json *metric = json_get(stat, S("Metric"));
		struct str id = json_get_str(q, S("Id"), S(""));
		int64_t period = json_get_i64(stat, S("Period"),
		    json_get_i64(q, S("Period"), 0));

		if (period > t->query.period_s && period <= 86400) {
			t->query.period_s = period;
		}
		if (metric != NULL && t->metric.p == NULL) {
			t->namespace = json_get_str(metric, S("Namespace"),
			    STR_NONE);
			t->metric = json_get_str(metric, S("MetricName"),
			    STR_NONE);
			t->dimensions = json_get(metric, S("Dimensions"));
			t->query.statistic = json_get_str(stat, S("Stat"),
			    STR_NONE);
		}
		if (!str_eq(id, band) && json_get_bool(q, S("ReturnData"),
		    true)) {
			t->query.own_id = id;
			t->expression = json_get_str(q, S("Expression"),
			    STR_NONE);
		}
	}
}

/* Adds the metric of a metric alarm, unless it is there already. */
static void
add_target(struct investigate *v, const struct json *alarm, bool suspect)
{
	struct str operator = json_get_str(alarm, S("ComparisonOperator"),
	    S(""));
	struct str name = json_get_str(alarm, S("AlarmName"), S(""));
	const struct json *queries = json_get(alarm, S("Metrics"));
	struct investigate_target *t = &v->targets[v->target_n];

	for (size_t i = 0; i < v->target_n; i++) {
		if (str_eq(v->targets[i].name, name)) {
			return;
		}
	}
	if (v->target_n == INVESTIGATE_TARGET_MAX_N) {
		if (!suspect) {
			investigate_cut(v, INVESTIGATE_METRICS,
			    S("only 8 components are looked at"));
		}
		return;
	}
	*t = (struct investigate_target){ .alarm = alarm, .name = name,
	    .suspect = suspect, .since_ms = since(alarm) };
	t->promql = json_path(alarm,
	    S("EvaluationCriteria.PromQLCriteria.Query")) != NULL;
	t->evaluation_n = json_get_i64(alarm, S("EvaluationPeriods"), 1);
	if (t->evaluation_n < 1 || t->evaluation_n > 10080) {
		t->evaluation_n = 1;
	}
	t->direction = str_starts(operator, S("GreaterThan")) ? 1 :
	    str_starts(operator, S("LessThan")) ? -1 : 0;
	if (str_starts(operator, S("LessThanLowerOrGreater"))) {
		t->direction = 0;
	}
	if (json_at(queries, 0) != NULL) {
		take_queries(t, queries);
	} else {
		t->namespace = json_get_str(alarm, S("Namespace"), STR_NONE);
		t->metric = json_get_str(alarm, S("MetricName"), STR_NONE);
		t->dimensions = json_get(alarm, S("Dimensions"));
		t->query = (struct series_query){ .namespace = t->namespace,
		    .metric_name = t->metric, .dimensions = t->dimensions };
		t->query.statistic = json_get_str(alarm, S("Statistic"),
		    json_get_str(alarm, S("ExtendedStatistic"), STR_NONE));
		t->query.period_s = json_get_i64(alarm, S("Period"), 60);
	}
	if (t->query.period_s < 1 || t->query.period_s > 604800) {
		t->query.period_s = 60;
	}
	v->target_n++;
}

/* ---- components ---- */

/* Whether a component is looked at: when the composite alarm is over, which of
 * them it was is not known any more. */
static bool
concerned(const struct investigate *v, const struct json *alarm)
{
	return !str_eq(v->state, S("ALARM")) || str_eq(json_get_str(alarm,
	    S("StateValue"), S("")), S("ALARM"));
}

/* The metric alarms below a composite alarm, those in ALARM while it is. All
 * of a level are read with one call. */
static enum err
add_components(struct investigate *v)
{
	struct str names[RULE_NAME_MAX];
	size_t n = rule_names(json_get_str(v->alarm, S("AlarmRule"), S("")),
	    names, RULE_NAME_MAX);

	for (size_t depth = 0; depth < DEPTH_MAX && n > 0; depth++) {
		const struct json *reply, *alarm;
		enum err err;

		if (!investigate_time(v, INVESTIGATE_METRICS)) {
			return ERR_OK;
		}
		err = describe(v, names, n, 'm', &reply);
		if (err != ERR_OK) {
			return err;
		}
		n = 0;
		alarm = json_at(json_get(reply, S("MetricAlarms")), 0);
		for (; alarm != NULL; alarm = alarm->next) {
			if (concerned(v, alarm)) {
				add_target(v, alarm, false);
			}
		}
		alarm = json_at(json_get(reply, S("CompositeAlarms")), 0);
		for (; alarm != NULL; alarm = alarm->next) {
			if (concerned(v, alarm)) {
				n += rule_names(json_get_str(alarm,
				    S("AlarmRule"), S("")), names + n,
				    RULE_NAME_MAX - n);
			}
		}
	}
	return ERR_OK;
}

/* ---- alarms beside it ---- */

/* Whether two alarms name the same thing in a dimension. */
static bool
share_dimension(const struct json *a, const struct json *b)
{
	for (const struct json *x = json_at(a, 0); x != NULL; x = x->next) {
		struct str value = json_get_str(x, S("Value"), STR_NONE);

		for (const struct json *y = json_at(b, 0); y != NULL &&
		    value.len > 0; y = y->next) {
			if (str_eq(json_get_str(y, S("Value"), S("")),
			    value)) {
				return true;
			}
		}
	}
	return false;
}

/* How another alarm relates to what the investigated one measures. */
static void
relate(struct investigate *v, struct investigate_other *o)
{
	const struct json *q = json_at(json_get(o->alarm, S("Metrics")), 0);
	struct str rule = json_get_str(o->alarm, S("AlarmRule"), S(""));
	struct str names[RULE_NAME_MAX];
	const struct json *metric = o->alarm;

	while (q != NULL && json_path(q, S("MetricStat.Metric")) == NULL) {
		q = q->next;
	}
	if (q != NULL) {
		metric = json_path(q, S("MetricStat.Metric"));
	}
	for (size_t i = 0; i < v->target_n; i++) {
		const struct investigate_target *t = &v->targets[i];

		o->component = o->component || str_eq(t->name, o->name);
		o->same_dimension = o->same_dimension || share_dimension(
		    t->dimensions, json_get(metric, S("Dimensions")));
		o->same_namespace = o->same_namespace || (t->namespace.len >
		    0 && str_eq(t->namespace, json_get_str(metric,
		    S("Namespace"), S(""))));
	}
	for (size_t i = rule_names(rule, names, RULE_NAME_MAX); i > 0; i--) {
		o->parent = o->parent || str_eq(names[i - 1], v->name);
	}
	o->same_time = o->since_ms > v->changed_ms - TOGETHER_MS &&
	    o->since_ms < v->changed_ms + TOGETHER_MS;
}

static void
add_other(struct investigate *v, const struct json *alarm, char kind)
{
	struct investigate_other o = { .alarm = alarm, .kind = kind,
	    .since_ms = since(alarm),
	    .name = json_get_str(alarm, S("AlarmName"), S("")) };
	size_t i = v->other_n;

	if (str_eq(o.name, v->name) || o.name.len == 0) {
		return;
	}
	relate(v, &o);
	/* The list is short; keep it in the order of time. */
	for (; i > 0 && v->others[i - 1].since_ms > o.since_ms; i--) {
		v->others[i] = v->others[i - 1];
	}
	v->others[i] = o;
	v->other_n++;
}

static enum err
read_others(struct investigate *v)
{
	struct str token = STR_NONE;

	v->others = ARENA_ARRAY(v->c->arena, INVESTIGATE_ALARM_MAX_N,
	    struct investigate_other);
	if (v->others == NULL) {
		return fail_set(v->c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	while (investigate_time(v, INVESTIGATE_ALARMS)) {
		struct json_writer *body = ask_body(&v->q);
		const struct json *page;
		struct str next;
		bool full = false;
		enum err err;

		json_put_string(body, S("StateValue"), S("ALARM"));
		put_types(body, 'm');
		if (token.p != NULL) {
			json_put_string(body, S("NextToken"), token);
		}
		err = ask_send(&v->q, ENDPOINT_CLOUDWATCH,
		    S("DescribeAlarms"), &page);
		if (err != ERR_OK) {
			return err;
		}
		for (size_t k = 0; k < 2; k++) {
			const struct json *alarm = json_at(json_get(page,
			    str_from_z(lists[k].list)), 0);

			for (; alarm != NULL; alarm = alarm->next) {
				full = v->other_n == INVESTIGATE_ALARM_MAX_N;
				if (full) {
					break;
				}
				add_other(v, alarm, lists[k].kind);
			}
		}
		next = json_get_str(page, S("NextToken"), STR_NONE);
		if (!full && next.len == 0) {
			return ERR_OK;
		}
		if (full || str_eq(next, token)) {
			break;
		}
		token = next;
	}
	investigate_cut(v, INVESTIGATE_ALARMS,
	    S("more alarms are in ALARM state than are read"));
	return ERR_OK;
}

/* see investigate.h */
enum err
investigate_others(struct investigate *v)
{
	size_t suspect_n = 0;
	enum err err = ERR_OK;

	if (v->kind == 'm') {
		add_target(v, v->alarm, false);
	} else if (v->kind == 'c') {
		err = add_components(v);
		if (err != ERR_OK) {
			err = investigate_settle(v, INVESTIGATE_METRICS, err);
		}
	}
	if (err == ERR_OK) {
		err = investigate_settle(v, INVESTIGATE_ALARMS,
		    read_others(v));
	}
	/* Whoever went off first is the nearest to the cause. */
	for (size_t i = 0; i < v->other_n && suspect_n < SUSPECT_MAX_N; i++) {
		const struct investigate_other *o = &v->others[i];

		if (o->kind == 'm' && o->same_time && !o->component &&
		    str_eq(v->state, S("ALARM"))) {
			add_target(v, o->alarm, true);
			suspect_n++;
		}
	}
	return err;
}
