/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alarms of the demo account on the wire: rows of alarms.def turned into the
 * members that DescribeAlarms and DescribeAlarmHistory have. Reasons are
 * written from the same values that GetMetricData answers.
 */
#include "demo/demo_alarms.h"

#include "base/num.h"
#include "base/timefmt.h"

/* Changes of state looked at per alarm: the pod's memory alarm makes about
 * 190 in 35 hours. */
#define CHANGE_MAX_N 256
/* Items of one history answer before paging: all alarms of 30 days. */
#define ITEM_MAX_N 1024
#define HISTORY_MS (INT64_C(30) * 1440 * ACCOUNT_MINUTE_MS)
#define REASON_CAP ((size_t)2048)

enum item_kind { ITEM_STATE, ITEM_CONFIGURATION, ITEM_ACTION };

/* One line of an alarm's history before it is written. */
struct item {
	int64_t at_ms;
	enum item_kind kind;
	size_t alarm;                 /* row of alarms.def */
	struct account_change change; /* ITEM_STATE, ITEM_ACTION */
};

static void
add_double(struct buf *b, double v)
{
	char text[NUM_TEXT_MAX];
	struct str s = str_of(text, num_format(v, text));

	buf_add(b, s);
	if (str_find_byte(s, '.', 0) == s.len) {
		buf_add(b, S(".0"));
	}
}

/* 2026-01-31T23:59:59.123+0000, the form inside history data. */
static void
add_iso(struct buf *b, int64_t ms)
{
	timefmt_iso(b, ms / 1000 * 1000);
	buf_cut(b, b->len > 0 ? b->len - 1 : 0);
	buf_add_byte(b, '.');
	buf_add_padded(b, (uint64_t)(ms % 1000), 3);
	buf_add(b, S("+0000"));
}

/* 31/01/26 23:59:00, the form inside reasons. */
static void
add_short_date(struct buf *b, int64_t ms)
{
	struct timefmt_civil c = timefmt_to_civil(ms);

	buf_add_padded(b, (uint64_t)c.day, 2);
	buf_add_byte(b, '/');
	buf_add_padded(b, (uint64_t)c.month, 2);
	buf_add_byte(b, '/');
	buf_add_padded(b, (uint64_t)(c.year % 100), 2);
	buf_add_byte(b, ' ');
	buf_add_padded(b, (uint64_t)c.hour, 2);
	buf_add_byte(b, ':');
	buf_add_padded(b, (uint64_t)c.minute, 2);
	buf_add(b, S(":00"));
}

static struct str
operator_name(struct str op)
{
	static const struct { char op[4]; char name[44]; } NAMES[] = {
		{ ">", "GreaterThanThreshold" },
		{ ">=", "GreaterThanOrEqualToThreshold" },
		{ "<", "LessThanThreshold" },
		{ "<=", "LessThanOrEqualToThreshold" },
		{ "b>", "GreaterThanUpperThreshold" },
		{ "b<", "LessThanLowerThreshold" },
		{ "b<>", "LessThanLowerOrGreaterThanUpperThreshold" },
	};

	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		if (str_eq(op, str_from_z(NAMES[i].op))) {
			return str_from_z(NAMES[i].name);
		}
	}
	return STR_NONE;
}

/* "greater than the threshold" and so on, for reasons. */
static struct str
operator_words(struct str op)
{
	return str_eq(op, S(">")) ? S("greater than") :
	    str_eq(op, S(">=")) ? S("greater than or equal to") :
	    str_eq(op, S("<")) ? S("less than") : S("less than or equal to");
}

/* The datapoints an alarm of one metric looked at when it changed at at_ms,
 * oldest first, as many as there were. */
static size_t
datapoints(const struct answer *x, const struct account_alarm *al,
    int64_t at_ms, double *values, int64_t *at, size_t max)
{
	struct account then = x->account;
	int64_t minutes = al->period / 60;
	int64_t end = at_ms / ACCOUNT_MINUTE_MS / minutes * minutes;
	struct account_series s;
	size_t n = 0;

	if (al->type != 'm' || !account_series_find(x->account.tables,
	    al->target, &s)) {
		return 0;
	}
	then.now_ms = at_ms;
	for (size_t i = (size_t)al->of; i > 0 && n < max; i--) {
		int64_t start = end - (int64_t)i * minutes;
		struct account_point p = account_window(&then, &s, start,
		    minutes);

		if (p.n > 0 && account_stat(&s, &p, al->stat, &values[n])) {
			at[n++] = start * ACCOUNT_MINUTE_MS;
		}
	}
	return n;
}

static void
add_metric_reason(const struct answer *x, struct buf *b,
    const struct account_alarm *al, const struct account_change *c)
{
	bool alarm = c->to == ACCOUNT_ALARM;
	size_t of = (size_t)(al->of > 0 ? al->of : 1);
	size_t need = (size_t)(al->need > 0 ? al->need : 1);
	double values[8];
	int64_t at[8];
	size_t n = datapoints(x, al, c->at_ms, values, at, 8);
	size_t from = alarm || n == 0 ? 0 : n - 1;

	buf_addf(b, "Threshold Crossed: %u out of the last %u datapoints",
	    (uint64_t)(alarm ? need : of - need + 1), (uint64_t)of);
	for (size_t i = from; i < n; i++) {
		buf_add(b, i == from ? S(" [") : S(", "));
		add_double(b, values[i]);
		buf_add(b, S(" ("));
		add_short_date(b, at[i]);
		buf_add_byte(b, ')');
	}
	buf_addf(b, n > 0 ? "] %s%s" : " %s%s",
	    need > 1 ? S("were ") : S("was "), alarm ? S("") : S("not "));
	if (al->has_threshold) {
		buf_add(b, operator_words(al->op));
		buf_add(b, S(" the threshold ("));
		add_double(b, al->threshold);
		buf_add_byte(b, ')');
	} else {
		buf_add(b, alarm ? S("outside the band") : S("out of range"));
	}
	buf_addf(b, " (minimum %u datapoint%s for %s transition).",
	    (uint64_t)(alarm ? need : of - need + 1),
	    (alarm ? need : of - need + 1) > 1 ? S("s") : S(""),
	    alarm ? S("OK -> ALARM") : S("ALARM -> OK"));
}

static bool
name_byte(char c)
{
	return str_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/* The rule of a composite alarm names that alarm. */
static bool
rule_mentions(struct str rule, struct str name)
{
	size_t at = str_find(rule, name, 0);

	while (at < rule.len) {
		size_t end = at + name.len;

		if ((at == 0 || !name_byte(rule.p[at - 1])) &&
		    (end >= rule.len || !name_byte(rule.p[end]))) {
			return true;
		}
		at = str_find(rule, name, at + 1);
	}
	return false;
}

/* The child whose change of state was the last one up to at_ms. */
static void
add_composite_reason(const struct answer *x, struct buf *b,
    const struct account_alarm *al, const struct account_change *c)
{
	static const char DAYS[7][10] = { "Sunday", "Monday", "Tuesday",
		"Wednesday", "Thursday", "Friday", "Saturday" };
	static const char MONTHS[12][10] = { "January", "February", "March",
		"April", "May", "June", "July", "August", "September",
		"October", "November", "December" };
	struct account then = x->account;
	struct account_alarm child, found = *al;
	int64_t since, newest = INT64_MIN;
	enum account_state state, found_state = c->to;
	struct timefmt_civil t;

	then.now_ms = c->at_ms;
	for (size_t i = 0; account_alarm(x->account.tables, i, &child); i++) {
		if (!rule_mentions(al->target, child.name)) {
			continue;
		}
		state = account_alarm_state(&then, &child, &since);
		if (since > newest && since <= c->at_ms) {
			newest = since;
			found = child;
			found_state = state;
		}
	}
	t = timefmt_to_civil(newest < 0 ? c->at_ms : newest);
	demo_answer_arn(x, b, S("cloudwatch"), S("alarm:"), found.name);
	buf_addf(b, " transitioned to %s at %s ",
	    account_state_name(found_state), str_from_z(DAYS[t.weekday]));
	buf_add_padded(b, (uint64_t)t.day, 2);
	buf_addf(b, " %s, %u ", str_from_z(MONTHS[t.month - 1]),
	    (uint64_t)t.year);
	buf_add_padded(b, (uint64_t)t.hour, 2);
	buf_add_byte(b, ':');
	buf_add_padded(b, (uint64_t)t.minute, 2);
	buf_add_byte(b, ':');
	buf_add_padded(b, (uint64_t)t.second, 2);
	buf_add(b, S(" UTC"));
}

/* Why the alarm is in the state it changed to. */
static struct str
reason(const struct answer *x, const struct account_alarm *al,
    const struct account_change *c)
{
	struct buf b = buf_in(x->arena, REASON_CAP);

	if (c->to == ACCOUNT_INSUFFICIENT_DATA) {
		buf_add(&b, c->from == c->to ?
		    S("Unchecked: Initial alarm creation") :
		    S("Insufficient Data: 1 datapoint was unknown."));
	} else if (al->type == 'c') {
		add_composite_reason(x, &b, al, c);
	} else if (al->type == 'q') {
		buf_add(&b, c->to == ACCOUNT_ALARM ?
		    S("The query has returned a time series for 60 seconds.") :
		    S("The query returns no time series."));
	} else {
		add_metric_reason(x, &b, al, c);
	}
	return buf_str(&b);
}

/* The machine-readable half of a metric alarm's reason, itself JSON. */
static void
write_reason_data(struct answer *x, struct json_writer *w,
    const struct account_alarm *al, const struct account_change *c)
{
	struct buf b = buf_in(x->arena, 64);
	double values[8];
	int64_t at[8];
	size_t n = datapoints(x, al, c->at_ms, values, at, 8);

	json_begin_object(w);
	json_put_string(w, S("version"), S("1.0"));
	add_iso(&b, c->at_ms);
	json_put_string(w, S("queryDate"), buf_str(&b));
	if (n > 0) {
		buf_clear(&b);
		add_iso(&b, at[0]);
		json_put_string(w, S("startDate"), buf_str(&b));
	}
	if (str_starts(al->stat, S("p"))) {
		json_put_string(w, S("extendedStatistic"), al->stat);
	} else if (al->stat.len > 0) {
		json_put_string(w, S("statistic"), al->stat);
	}
	json_put_integer(w, S("period"), al->period);
	json_key(w, S("recentDatapoints"));
	json_begin_array(w);
	for (size_t i = 0; i < n; i++) {
		json_double(w, values[i]);
	}
	json_end_array(w);
	if (al->has_threshold) {
		json_put_double(w, S("threshold"), al->threshold);
	}
	json_end_object(w);
}

static struct str
reason_data(struct answer *x, const struct account_alarm *al,
    const struct account_change *c)
{
	struct buf b = buf_in(x->arena, REASON_CAP);
	struct json_writer w = json_writer(&b);

	write_reason_data(x, &w, al, c);
	return buf_str(&b);
}

/* see demo_alarms.h */
void
demo_alarms_put_dimensions(struct answer *x, struct str dims)
{
	struct str name, value;

	json_key(x->out, S("Dimensions"));
	json_begin_array(x->out);
	while (account_dimension(&dims, &name, &value)) {
		json_begin_object(x->out);
		json_put_string(x->out, S("Name"), name);
		json_put_string(x->out, S("Value"), value);
		json_end_object(x->out);
	}
	json_end_array(x->out);
}

static void
put_actions(struct answer *x, const struct account_alarm *al)
{
	static const struct { char member[24]; bool notifies; } KINDS[] = {
		{ "OKActions", false }, { "AlarmActions", true },
		{ "InsufficientDataActions", false },
	};
	struct buf b = buf_in(x->arena, 256);

	demo_answer_arn(x, &b, S("sns"), S(""), al->topic);
	json_put_boolean(x->out, S("ActionsEnabled"),
	    !str_eq(al->name, S("legacy-ftp-transfers")));
	for (size_t i = 0; i < 3; i++) {
		json_key(x->out, str_from_z(KINDS[i].member));
		json_begin_array(x->out);
		if (KINDS[i].notifies && !str_eq(al->topic, S("-"))) {
			json_string(x->out, buf_str(&b));
		}
		json_end_array(x->out);
	}
}

/* "<id>:<Stat>" of a metric math input as a MetricDataQuery. */
static void
put_input(struct answer *x, const struct account_alarm *al, struct str id,
    struct str input, bool return_data)
{
	struct account_series s;
	struct str series_id = str_cut(&input, ':');

	MUST(account_series_find(x->account.tables, series_id, &s));
	json_begin_object(x->out);
	json_put_string(x->out, S("Id"), id);
	json_key(x->out, S("MetricStat"));
	json_begin_object(x->out);
	json_key(x->out, S("Metric"));
	json_begin_object(x->out);
	json_put_string(x->out, S("Namespace"), s.namespace);
	json_put_string(x->out, S("MetricName"), s.metric);
	demo_alarms_put_dimensions(x, s.dims);
	json_end_object(x->out);
	json_put_integer(x->out, S("Period"), al->period);
	json_put_string(x->out, S("Stat"), input);
	json_end_object(x->out);
	json_put_boolean(x->out, S("ReturnData"), return_data);
	json_end_object(x->out);
}

/* Metric math and anomaly bands: member Metrics. */
static void
put_expression(struct answer *x, const struct account_alarm *al)
{
	struct str rest = al->target;
	struct str expression = str_cut(&rest, ';');
	bool band = !al->has_threshold;

	json_key(x->out, S("Metrics"));
	json_begin_array(x->out);
	while (rest.p != NULL) {
		struct str input = str_cut(&rest, ';');
		struct str id = str_cut(&input, '=');

		put_input(x, al, id, input, band);
	}
	json_begin_object(x->out);
	json_put_string(x->out, S("Id"), band ? S("ad1") : S("e1"));
	json_put_string(x->out, S("Expression"), expression);
	json_put_string(x->out, S("Label"), band ? S("expected") : al->name);
	json_put_boolean(x->out, S("ReturnData"), true);
	json_end_object(x->out);
	json_end_array(x->out);
	if (band) {
		json_put_string(x->out, S("ThresholdMetricId"), S("ad1"));
	}
}

/* Namespace, metric and dimensions of an alarm on one metric. */
static void
put_metric(struct answer *x, const struct account_alarm *al)
{
	struct account_series s = { .dims = STR_NONE };
	struct str rest = str_sub(al->target, 1, al->target.len);

	if (al->target.p[0] == '?') {
		/* A metric that nothing reports any more. */
		s.namespace = str_cut(&rest, ' ');
		s.metric = str_cut(&rest, ' ');
		s.dims = rest;
	} else {
		MUST(account_series_find(x->account.tables, al->target, &s));
	}
	json_put_string(x->out, S("Namespace"), s.namespace);
	json_put_string(x->out, S("MetricName"), s.metric);
	demo_alarms_put_dimensions(x, s.dims);
	json_put_integer(x->out, S("Period"), al->period);
	json_put_string(x->out, al->stat.p[0] == 'p' ? S("ExtendedStatistic") :
	    S("Statistic"), al->stat);
}

static void
put_promql(struct answer *x, const struct account_alarm *al)
{
	json_key(x->out, S("EvaluationCriteria"));
	json_begin_object(x->out);
	json_key(x->out, S("PromQLCriteria"));
	json_begin_object(x->out);
	json_put_string(x->out, S("Query"), al->target);
	json_put_integer(x->out, S("PendingPeriod"), 60);
	json_put_integer(x->out, S("RecoveryPeriod"), 300);
	json_end_object(x->out);
	json_end_object(x->out);
	json_put_integer(x->out, S("EvaluationInterval"), al->period);
}

static void
put_log_query(struct answer *x, const struct account_alarm *al)
{
	struct str group, query;
	size_t at = al->target.len;
	char *text;

	while (al->target.p[at - 1] != '@') {
		at--;
	}
	group = str_sub(al->target, at, al->target.len);
	query = str_dup(x->arena, str_sub(al->target, 0, at - 1));
	text = (char *)(uintptr_t)query.p;
	for (size_t i = 0; i < query.len && text != NULL; i++) {
		text[i] = text[i] == '^' ? '|' : text[i];
	}
	json_key(x->out, S("ScheduledQueryConfiguration"));
	json_begin_object(x->out);
	json_put_string(x->out, S("QueryString"), query);
	json_key(x->out, S("LogGroupIdentifiers"));
	json_begin_array(x->out);
	json_string(x->out, group);
	json_end_array(x->out);
	demo_answer_put_arn(x, S("QueryARN"), S("logs"),
	    S("scheduled-query:"), al->name);
	json_put_string(x->out, S("ScheduledQueryRoleARN"),
	    S("arn:aws:iam::" ACCOUNT_ID ":role/scheduled-queries"));
	json_key(x->out, S("ScheduleConfiguration"));
	json_begin_object(x->out);
	json_put_string(x->out, S("ScheduleExpression"), S("rate(5 minutes)"));
	json_put_integer(x->out, S("StartTimeOffset"), 300);
	json_put_integer(x->out, S("EndTimeOffset"), 0);
	json_end_object(x->out);
	json_end_object(x->out);
	json_put_integer(x->out, S("QueryResultsToEvaluate"), al->of);
	json_put_integer(x->out, S("QueryResultsToAlarm"), al->need);
}

static void
put_state(struct answer *x, const struct account_alarm *al, bool brief)
{
	struct account_change c = { 0, ACCOUNT_INSUFFICIENT_DATA,
		ACCOUNT_INSUFFICIENT_DATA };

	if (account_changes(&x->account, al, &c, 1) == 0) {
		c.at_ms = x->account.onset_min * ACCOUNT_MINUTE_MS;
	}
	json_put_string(x->out, S("StateValue"), account_state_name(c.to));
	demo_answer_put_time(x, S("StateUpdatedTimestamp"), c.at_ms);
	if (brief) {
		return;
	}
	json_put_string(x->out, S("StateReason"), reason(x, al, &c));
	if (al->type == 'm' && c.to != ACCOUNT_INSUFFICIENT_DATA) {
		json_put_string(x->out, S("StateReasonData"),
		    reason_data(x, al, &c));
	}
	demo_answer_put_time(x, S("StateTransitionedTimestamp"), c.at_ms);
}

static int64_t
changed_ms(const struct answer *x, const struct account_alarm *al)
{
	return (x->account.onset_min - al->changed_days * 1440) *
	    ACCOUNT_MINUTE_MS - (int64_t)(account_hash_str(al->name) %
	    (600 * 60000));
}

static void
put_alarm(struct answer *x, const struct account_alarm *al, bool brief)
{
	json_begin_object(x->out);
	json_put_string(x->out, S("AlarmName"), al->name);
	demo_answer_put_arn(x, S("AlarmArn"), S("cloudwatch"), S("alarm:"),
	    al->name);
	put_state(x, al, brief);
	if (brief) {
		json_end_object(x->out);
		return;
	}
	json_put_string(x->out, S("AlarmDescription"), al->text);
	demo_answer_put_time(x, S("AlarmConfigurationUpdatedTimestamp"),
	    changed_ms(x, al));
	put_actions(x, al);
	if (al->type == 'c') {
		json_put_string(x->out, S("AlarmRule"), al->target);
	} else if (al->type == 'q') {
		put_promql(x, al);
	} else {
		if (al->type == 'm') {
			put_metric(x, al);
		} else if (al->type == 'x') {
			put_expression(x, al);
		} else {
			put_log_query(x, al);
		}
		if (al->type != 'l') {
			json_put_integer(x->out, S("EvaluationPeriods"),
			    al->of);
			json_put_integer(x->out, S("DatapointsToAlarm"),
			    al->need);
		}
		if (al->has_threshold) {
			json_put_double(x->out, S("Threshold"), al->threshold);
		}
		json_put_string(x->out, S("ComparisonOperator"),
		    operator_name(al->op));
		json_put_string(x->out, S("TreatMissingData"),
		    str_eq(al->missing, S("n")) ? S("notBreaching") :
		    str_eq(al->missing, S("b")) ? S("breaching") :
		    S("missing"));
	}
	json_end_object(x->out);
}

static struct str
type_name(char type)
{
	return type == 'c' ? S("CompositeAlarm") : type == 'l' ?
	    S("LogAlarm") : S("MetricAlarm");
}

/* Whether the children or parents of an alarm are asked for. */
static bool
is_family(const struct answer *x)
{
	return json_get_set(x->in, S("ChildrenOfAlarmName")) != NULL ||
	    json_get_set(x->in, S("ParentsOfAlarmName")) != NULL;
}

/* That goes with nothing but paging. */
static void
check_family(struct answer *x)
{
	size_t n = 0;

	for (const struct json *m = x->in->child; m != NULL; m = m->next) {
		n += m->type != JSON_NULL && !str_eq(m->key, S("MaxRecords")) &&
		    !str_eq(m->key, S("NextToken"));
	}
	if (is_family(x) && n > 1) {
		demo_answer_error(x, S("ValidationException"), S("If you "
		    "specify ChildrenOfAlarmName or ParentsOfAlarmName, you "
		    "cannot specify any other parameters in the request "
		    "except for MaxRecords and NextToken"));
	}
}

/* Without AlarmTypes the service means metric alarms only. */
static bool
wanted_type(const struct answer *x, char type)
{
	const struct json *types = json_get_set(x->in, S("AlarmTypes"));

	return is_family(x) || (types == NULL || types->n == 0 ?
	    str_eq(type_name(type), S("MetricAlarm")) :
	    demo_answer_lists(types, type_name(type)));
}

static void
check_types(struct answer *x)
{
	const struct json *types = json_get_set(x->in, S("AlarmTypes"));

	for (const struct json *t = types == NULL ? NULL : types->child;
	    t != NULL; t = t->next) {
		struct str s = json_str(t);

		if (!str_eq(s, S("MetricAlarm")) && !str_eq(s, S("LogAlarm")) &&
		    !str_eq(s, S("CompositeAlarm"))) {
			demo_answer_error(x, S("ValidationException"),
			    S("1 validation error detected: Value at "
			    "'alarmTypes' failed to satisfy constraint: Member "
			    "must satisfy constraint: [Member must satisfy "
			    "enum value set: [CompositeAlarm, LogAlarm, "
			    "MetricAlarm]]"));
		}
	}
}

/* The alarm passes the filters of DescribeAlarms. */
static bool
wanted_alarm(const struct answer *x, const struct account_alarm *al)
{
	const struct json *names = json_get_set(x->in, S("AlarmNames"));
	struct str prefix = json_get_str(x->in, S("AlarmNamePrefix"), S(""));
	struct str state = json_get_str(x->in, S("StateValue"), STR_NONE);
	struct str action = json_get_str(x->in, S("ActionPrefix"), STR_NONE);
	struct str parent, child;
	struct account_alarm other;
	int64_t since;

	if (!wanted_type(x, al->type) || !str_starts(al->name, prefix) ||
	    (names != NULL && names->n > 0 &&
	    !demo_answer_lists(names, al->name))) {
		return false;
	}
	if (state.p != NULL && !str_eq(state, account_state_name(
	    account_alarm_state(&x->account, al, &since)))) {
		return false;
	}
	if (action.p != NULL) {
		struct buf b = buf_in(x->arena, 256);

		demo_answer_arn(x, &b, S("sns"), S(""), al->topic);
		if (str_eq(al->topic, S("-")) ||
		    !str_starts(buf_str(&b), action)) {
			return false;
		}
	}
	parent = json_get_str(x->in, S("ChildrenOfAlarmName"), STR_NONE);
	if (parent.p != NULL && (!account_alarm_find(x->account.tables, parent,
	    &other) ||
	    other.type != 'c' || !rule_mentions(other.target, al->name))) {
		return false;
	}
	child = json_get_str(x->in, S("ParentsOfAlarmName"), STR_NONE);
	return child.p == NULL ||
	    (al->type == 'c' && rule_mentions(al->target, child));
}

/* see demo_alarms.h */
void
demo_alarms_describe(struct answer *x)
{
	static const char LISTS[3][16] = { "MetricAlarms", "CompositeAlarms",
		"LogAlarms" };
	const struct json *names = json_get_set(x->in, S("AlarmNames"));
	size_t max = (size_t)demo_answer_i64(x, S("MaxRecords"), 1, 100, 50);
	size_t from = demo_answer_page(x, S("NextToken"),
	    S("InvalidNextToken"));
	bool brief = is_family(x);
	struct account_alarm al;
	size_t chosen[100], n = 0, next = 0;

	(void)demo_answer_choice(x, S("StateValue"),
	    S("OK, ALARM, INSUFFICIENT_DATA"));
	check_types(x);
	check_family(x);
	if (names != NULL && names->n > 0 &&
	    json_get_set(x->in, S("AlarmNamePrefix")) != NULL) {
		demo_answer_error(x, S("InvalidParameterCombinationException"),
		    S("AlarmNamePrefix and AlarmNames cannot be used "
		    "together"));
	}
	if (demo_answer_failed(x)) {
		return;
	}
	for (size_t i = from; account_alarm(x->account.tables, i, &al) &&
	    next == 0; i++) {
		if (wanted_alarm(x, &al)) {
			if (n == max) {
				next = i;
			} else {
				chosen[n++] = i;
			}
		}
	}
	json_begin_object(x->out);
	for (size_t list = 0; list < 3; list++) {
		json_key(x->out, str_from_z(LISTS[list]));
		json_begin_array(x->out);
		for (size_t i = 0; i < n; i++) {
			MUST(account_alarm(x->account.tables, chosen[i], &al));
			if (list == (al.type == 'c' ? 1U : al.type == 'l' ?
			    2U : 0U)) {
				put_alarm(x, &al, brief);
			}
		}
		json_end_array(x->out);
	}
	if (next > 0) {
		demo_answer_put_page(x, S("NextToken"), next);
	}
	json_end_object(x->out);
}

/* ---- history ---- */

/* What DescribeAlarmHistory was asked for. */
struct wanted {
	struct str kind;
	int64_t start_ms, end_ms;
	struct item *items;
	size_t n;
};

static void
add_item(struct wanted *w, struct item item, struct str kind)
{
	if (w->n == ITEM_MAX_N || item.at_ms < w->start_ms ||
	    item.at_ms > w->end_ms ||
	    (w->kind.p != NULL && !str_eq(w->kind, kind))) {
		return;
	}
	w->items[w->n++] = item;
}

static void
add_history(struct answer *x, struct wanted *w, size_t row,
    const struct account_alarm *al)
{
	struct account_change *c = ARENA_ARRAY(x->arena, CHANGE_MAX_N,
	    struct account_change);
	struct item item = { changed_ms(x, al), ITEM_CONFIGURATION, row,
		{ 0, ACCOUNT_OK, ACCOUNT_OK } };
	size_t n;

	if (c == NULL) {
		return;
	}
	add_item(w, item, S("ConfigurationUpdate"));
	n = account_changes(&x->account, al, c, CHANGE_MAX_N);
	for (size_t i = 0; i < n; i++) {
		item = (struct item){ c[i].at_ms, ITEM_STATE, row, c[i] };
		add_item(w, item, S("StateUpdate"));
		if (c[i].to == ACCOUNT_ALARM && !str_eq(al->topic, S("-"))) {
			item.kind = ITEM_ACTION;
			item.at_ms += 412;
			add_item(w, item, S("Action"));
		}
	}
}

/* By time, oldest first; few enough for insertion. */
static void
sort_items(struct item *items, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct item it = items[i];
		size_t k = i;

		while (k > 0 && items[k - 1].at_ms > it.at_ms) {
			items[k] = items[k - 1];
			k--;
		}
		items[k] = it;
	}
}

static void
write_half(struct answer *x, struct json_writer *w, struct str key,
    const struct account_alarm *al, const struct account_change *c)
{
	json_key(w, key);
	json_begin_object(w);
	json_put_string(w, S("stateValue"), account_state_name(c->to));
	json_put_string(w, S("stateReason"), reason(x, al, c));
	if (al->type == 'm' && c->to != ACCOUNT_INSUFFICIENT_DATA) {
		json_key(w, S("stateReasonData"));
		write_reason_data(x, w, al, c);
	}
	json_end_object(w);
}

/* The HistoryData of an item: JSON inside a string. */
static struct str
history_data(struct answer *x, const struct account_alarm *al,
    const struct item *it)
{
	struct buf b = buf_in(x->arena, 4 * REASON_CAP);
	struct buf arn = buf_in(x->arena, 256);
	struct json_writer w = json_writer(&b);
	struct account_change before = it->change;

	json_begin_object(&w);
	json_put_string(&w, S("version"), S("1.0"));
	if (it->kind == ITEM_STATE) {
		before.to = before.from;
		before.at_ms -= ACCOUNT_MINUTE_MS;
		write_half(x, &w, S("oldState"), al, &before);
		write_half(x, &w, S("newState"), al, &it->change);
	} else if (it->kind == ITEM_ACTION) {
		demo_answer_arn(x, &arn, S("sns"), S(""), al->topic);
		json_put_string(&w, S("actionState"), S("Succeeded"));
		json_put_integer(&w, S("stateUpdateTimestamp"),
		    it->change.at_ms);
		json_put_string(&w, S("notificationResource"), buf_str(&arn));
	} else {
		json_put_string(&w, S("type"), S("Update"));
		json_key(&w, S("updatedAlarm"));
		json_begin_object(&w);
		json_put_string(&w, S("alarmName"), al->name);
		json_put_string(&w, S("alarmDescription"), al->text);
		if (al->has_threshold) {
			json_put_double(&w, S("threshold"), al->threshold);
		}
		json_end_object(&w);
	}
	json_end_object(&w);
	return buf_str(&b);
}

static void
put_item(struct answer *x, const struct item *it)
{
	struct buf b = buf_in(x->arena, 512);
	struct account_alarm al;

	MUST(account_alarm(x->account.tables, it->alarm, &al));
	json_begin_object(x->out);
	json_put_string(x->out, S("AlarmName"), al.name);
	json_put_string(x->out, S("AlarmType"), type_name(al.type));
	demo_answer_put_time(x, S("Timestamp"), it->at_ms);
	json_put_string(x->out, S("HistoryItemType"),
	    it->kind == ITEM_STATE ? S("StateUpdate") :
	    it->kind == ITEM_ACTION ? S("Action") : S("ConfigurationUpdate"));
	if (it->kind == ITEM_STATE) {
		buf_addf(&b, "Alarm updated from %s to %s",
		    account_state_name(it->change.from),
		    account_state_name(it->change.to));
	} else if (it->kind == ITEM_ACTION) {
		buf_add(&b, S("Successfully executed action "));
		demo_answer_arn(x, &b, S("sns"), S(""), al.topic);
	} else {
		buf_addf(&b, "Alarm \"%s\" updated", al.name);
	}
	json_put_string(x->out, S("HistorySummary"), buf_str(&b));
	json_put_string(x->out, S("HistoryData"), history_data(x, &al, it));
	json_end_object(x->out);
}

/* see demo_alarms.h */
void
demo_alarms_history(struct answer *x)
{
	struct str name = json_get_str(x->in, S("AlarmName"), STR_NONE);
	int64_t oldest = x->account.now_ms - HISTORY_MS;
	size_t max = (size_t)demo_answer_i64(x, S("MaxRecords"), 1, 100, 100);
	size_t from = demo_answer_page(x, S("NextToken"),
	    S("InvalidNextToken"));
	struct str scan = demo_answer_choice(x, S("ScanBy"),
	    S("TimestampDescending, TimestampAscending"));
	struct wanted w = { .n = 0 };
	struct account_alarm al;

	w.kind = demo_answer_choice(x, S("HistoryItemType"),
	    S("ConfigurationUpdate, StateUpdate, Action, "
	    "AlarmContributorStateUpdate, AlarmContributorAction"));
	w.start_ms = demo_answer_time(x, S("StartDate"), oldest);
	w.start_ms = w.start_ms < oldest ? oldest : w.start_ms;
	w.end_ms = demo_answer_time(x, S("EndDate"), x->account.now_ms);
	check_types(x);
	w.items = ARENA_ARRAY(x->arena, ITEM_MAX_N, struct item);
	if (demo_answer_failed(x) || w.items == NULL) {
		return;
	}
	for (size_t i = 0; account_alarm(x->account.tables, i, &al); i++) {
		if (wanted_type(x, al.type) &&
		    (name.p == NULL || str_eq(name, al.name))) {
			add_history(x, &w, i, &al);
		}
	}
	sort_items(w.items, w.n);
	json_begin_object(x->out);
	json_key(x->out, S("AlarmHistoryItems"));
	json_begin_array(x->out);
	for (size_t i = from; i < w.n && i < from + max; i++) {
		put_item(x, &w.items[str_eq(scan, S("TimestampAscending")) ? i :
		    w.n - 1 - i]);
	}
	json_end_array(x->out);
	if (from + max < w.n) {
		demo_answer_put_page(x, S("NextToken"), from + max);
	}
	json_end_object(x->out);
}
