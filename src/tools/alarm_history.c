/* SPDX-License-Identifier: Apache-2.0 */
/*
 * get_alarm_history: what happened to one alarm, which time ranges deserve a
 * look, and for a composite alarm the alarms that its rule names.
 *
 * DescribeAlarmHistory leaves composite alarms out unless AlarmTypes names
 * them, so it always does here. History outlives its alarm (30 days): a deleted
 * alarm still answers, and says so.
 *
 * Rule grammar, as far as names are concerned (CloudWatch User Guide, composite
 * alarms): STATE(name), STATE("name"), AT_LEAST(n, STATE, (name, name)); a name
 * may be an alarm ARN.
 */
#include "tools/tools.h"

#include <string.h>

#include "base/timefmt.h"
#include "tools/alarm_row.h"
#include "tools/ask.h"
#include "tools/rule.h"
#include "tools/show.h"

/* The service's page size limit. */
#define PAGE_MAX 100
/* Pages of one call: max_items fit into ten, and a page may be empty. */
#define PAGE_MAX_N 50
/* Bytes of a failure that are repeated beside what came before it. */
#define LOST_MAX ((size_t)200)
/* Transitions closer than this form one flapping episode. */
#define FLAP_GAP_MS ((int64_t)3600 * 1000)
/* One message: that nothing happened, or that there is more. */
#define MESSAGE_MAX 512
/* Used where the alarm itself is gone or evaluates no single metric. */
#define PERIOD_DEFAULT_S 300

struct history {
	struct ask q;
	struct str name;
	int64_t start_ms, end_ms;
	size_t max;
	const struct json **items; /* newest first, as AWS sent them */
	size_t n;
	bool more;
	struct str lost;           /* why the rest is missing; absent: it is
	                            * not */
	const struct json *alarm;  /* NULL: there is none any more */
	struct str type;           /* AWS's name of its type; absent: gone */
};

/* The lists of a DescribeAlarms answer and their types. */
static const struct str lists[][2] = {
	{ STR_INIT("MetricAlarms"), STR_INIT("MetricAlarm") },
	{ STR_INIT("CompositeAlarms"), STR_INIT("CompositeAlarm") },
	{ STR_INIT("LogAlarms"), STR_INIT("LogAlarm") },
};

#define LIST_N (sizeof(lists) / sizeof(lists[0]))

static const struct str usual_types =
    STR_INIT("[\"MetricAlarm\",\"CompositeAlarm\"]");
static const struct str log_types = STR_INIT("[\"LogAlarm\"]");

/* Asks for one page; *page is NULL when it failed and others came before. */
static enum err
fetch_page(struct history *h, struct str token, const struct json **page)
{
	struct call *c = h->q.c;
	struct json_writer *body = ask_body(&h->q);
	size_t left = h->max - h->n;
	enum err err;

	json_put_string(body, S("AlarmName"), h->name);
	json_put_raw(body, S("AlarmTypes"), str_eq(h->type, S("LogAlarm")) ?
	    log_types : usual_types);
	json_put_string(body, S("HistoryItemType"),
	    tool_arg_str(c, S("history_item_type")));
	json_put_integer(body, S("StartDate"), h->start_ms / 1000);
	json_put_integer(body, S("EndDate"), h->end_ms / 1000);
	json_put_string(body, S("ScanBy"), S("TimestampDescending"));
	json_put_integer(body, S("MaxRecords"),
	    left < PAGE_MAX ? (int64_t)left + 1 : PAGE_MAX);
	if (token.p != NULL) {
		json_put_string(body, S("NextToken"), token);
	}
	err = ask_send(&h->q, ENDPOINT_CLOUDWATCH, S("DescribeAlarmHistory"),
	    page);
	if (err != ERR_OK && h->n > 0) {
		h->lost = fail_text(c->fail);
		fail_clear(c->fail);
		*page = NULL;
		return ERR_OK;
	}
	return err;
}

/* Reads pages until max items are there or AWS has no more. A token that comes
 * again leads nowhere and ends the reading. */
static enum err
fetch_items(struct history *h)
{
	struct call *c = h->q.c;
	struct str token = STR_NONE;

	h->items = ARENA_ARRAY(c->arena, h->max, const struct json *);
	if (h->items == NULL) {
		return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	for (size_t turn = 0; turn < PAGE_MAX_N; turn++) {
		const struct json *page;
		struct str next;
		enum err err = fetch_page(h, token, &page);

		if (err != ERR_OK) {
			return err;
		}
		for (const struct json *i = json_at(json_get(page,
		    S("AlarmHistoryItems")), 0); i != NULL; i = i->next) {
			if (h->n == h->max) {
				h->more = true;
				break;
			}
			h->items[h->n++] = i;
		}
		next = page == NULL ? token :
		    json_get_str(page, S("NextToken"), STR_NONE);
		if (next.len > 0 && str_eq(next, token)) {
			break;
		}
		token = next;
		if (token.len == 0 || h->more || h->n == h->max) {
			break;
		}
	}
	h->more = h->more || token.len > 0 || h->lost.p != NULL;
	return ERR_OK;
}

/* DescribeAlarms for some names; *reply is AWS's answer. */
static enum err
describe(struct ask *q, const struct str *names, size_t n, struct str types,
    const struct json **reply)
{
	struct json_writer *body = ask_body(q);

	json_key(body, S("AlarmNames"));
	json_begin_array(body);
	for (size_t i = 0; i < n; i++) {
		json_string(body, names[i]);
	}
	json_end_array(body);
	json_put_raw(body, S("AlarmTypes"), types);
	json_put_integer(body, S("MaxRecords"), PAGE_MAX);
	return ask_send(q, ENDPOINT_CLOUDWATCH, S("DescribeAlarms"), reply);
}

/* The first alarm of an answer. */
static void
take_alarm(struct history *h, const struct json *reply)
{
	for (size_t i = 0; i < LIST_N && h->alarm == NULL; i++) {
		h->alarm = json_at(json_get(reply, lists[i][0]), 0);
		if (h->alarm != NULL) {
			h->type = lists[i][1];
		}
	}
}

static enum err
fetch_alarm(struct history *h)
{
	const struct json *reply;
	enum err err = describe(&h->q, &h->name, 1, usual_types, &reply);

	if (err != ERR_OK) {
		return err;
	}
	take_alarm(h, reply);
	if (h->alarm == NULL) {
		/* Log alarms are a kind that not every region knows: asked for
		 * by itself, and a refusal means that there is none. */
		err = describe(&h->q, &h->name, 1, log_types, &reply);
		if (err == ERR_OK) {
			take_alarm(h, reply);
		} else if (!h->q.c->arena->failed) {
			fail_clear(h->q.c->fail);
		}
	}
	return h->q.c->arena->failed ? err : ERR_OK;
}

/* Seconds between evaluations: an alarm on several metrics has the longest of
 * their periods. 0: it does not say. */
static int64_t
period_of(const struct json *alarm)
{
	int64_t period = json_get_i64(alarm, S("Period"), 0);
	const struct json *m = json_at(json_get(alarm, S("Metrics")), 0);

	for (; m != NULL; m = m->next) {
		int64_t p = json_get_i64(m, S("Period"), json_get_i64(
		    json_get(m, S("MetricStat")), S("Period"), 0));

		period = p > period ? p : period;
	}
	return period;
}

/* One alarm's members; `name` stands in where AWS sent none. */
static void
show_details(struct json_writer *out, const struct json *alarm,
    struct str name, struct str type)
{
	json_begin_object(out);
	json_put_string(out, S("alarm_name"),
	    json_get_str(alarm, S("AlarmName"), name));
	show_string(out, S("alarm_description"), alarm, S("AlarmDescription"));
	json_put_string(out, S("alarm_type"), alarm == NULL ? S("Unknown") :
	    type);
	json_put_string(out, S("current_state"),
	    json_get_str(alarm, S("StateValue"), S("Unknown")));
	show_string(out, S("metric_name"), alarm, S("MetricName"));
	show_string(out, S("namespace"), alarm, S("Namespace"));
	show_dimensions(out, S("dimensions"),
	    json_get(alarm, S("Dimensions")));
	show_number(out, S("threshold"), alarm, S("Threshold"));
	show_string(out, S("comparison_operator"), alarm,
	    S("ComparisonOperator"));
	show_number(out, S("evaluation_periods"), alarm,
	    S("EvaluationPeriods"));
	show_number(out, S("period"), alarm, S("Period"));
	alarm_row_statistic(out, alarm);
	alarm_row_queries(out, alarm);
	show_string(out, S("alarm_rule"), alarm, S("AlarmRule"));
	json_end_object(out);
}

/* HistoryData is JSON in a string; NULL when it cannot be read. */
static const struct json *
history_data(struct call *c, const struct json *item)
{
	struct str text = json_get_str(item, S("HistoryData"), STR_NONE);
	struct json *data;

	if (text.p == NULL ||
	    json_parse(c->arena, text, 0, &data, NULL) != ERR_OK) {
		return NULL;
	}
	return data;
}

static void
show_item(struct call *c, const struct json *item)
{
	struct json_writer *out = c->out;
	const struct json *data = NULL;

	if (str_eq(json_get_str(item, S("HistoryItemType"), S("")),
	    S("StateUpdate"))) {
		data = history_data(c, item);
	}
	json_begin_object(out);
	show_string(out, S("alarm_name"), item, S("AlarmName"));
	show_string(out, S("alarm_type"), item, S("AlarmType"));
	show_seconds(out, S("timestamp"), json_get(item, S("Timestamp")));
	show_string(out, S("history_item_type"), item, S("HistoryItemType"));
	show_string(out, S("history_summary"), item, S("HistorySummary"));
	json_put_string_or_null(out, S("old_state"),
	    json_str(json_path(data, S("oldState.stateValue"))));
	json_put_string_or_null(out, S("new_state"),
	    json_str(json_path(data, S("newState.stateValue"))));
	json_put_string_or_null(out, S("state_reason"),
	    json_str(json_path(data, S("newState.stateReason"))));
	json_end_object(out);
}

static void
show_range(struct json_writer *out, int64_t start_ms, int64_t end_ms,
    struct str reason)
{
	json_begin_object(out);
	show_time(out, S("start_time"), start_ms);
	show_time(out, S("end_time"), end_ms);
	json_put_string(out, S("reason"), reason);
	json_end_object(out);
}

/* Times of the transitions to ALARM, in the order of the items. */
static size_t
alarm_times(struct history *h, int64_t *times)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++) {
		const struct json *data = history_data(h->q.c, h->items[i]);
		struct str state =
		    json_str(json_path(data, S("newState.stateValue")));

		if (str_eq(state, S("ALARM")) && show_read_seconds(
		    json_get(h->items[i], S("Timestamp")), &times[n])) {
			n++;
		}
	}
	return n;
}

static void
sort_times(int64_t *times, size_t n)
{
	/* Insertion sort: the input is in reverse order at most 1,000 long,
	 * and usually has a handful of entries. */
	for (size_t i = 1; i < n; i++) {
		int64_t t = times[i];
		size_t j = i;

		for (; j > 0 && times[j - 1] > t; j--) {
			times[j] = times[j - 1];
		}
		times[j] = t;
	}
}

/* One range around each transition to ALARM, wide enough for the evaluations
 * that led to it, then one over each episode of transitions in quick
 * succession. */
static enum err
show_suggestions(struct history *h, struct rows *rows)
{
	struct json_writer *out = h->q.c->out;
	int64_t *times = ARENA_ARRAY(h->q.c->arena, h->n, int64_t);
	int64_t period = period_of(h->alarm);
	int64_t evaluations =
	    json_get_i64(h->alarm, S("EvaluationPeriods"), 1);
	int64_t before, after;
	bool fits = true;
	size_t n;

	if (times == NULL) {
		return fail_set(h->q.c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	period = period < 1 || period > 86400 ? PERIOD_DEFAULT_S : period;
	evaluations = evaluations < 1 || evaluations > 10080 ? 1 : evaluations;
	before = period * evaluations * 5 * 1000;
	after = period * 2 * 1000;
	n = alarm_times(h, times);
	rows_begin(rows, S("time_range_suggestions"));
	for (size_t i = 0; i < n && fits; i++) {
		show_range(out, times[i] - before, times[i] + after,
		    S("transition to ALARM"));
		fits = rows_fit(rows);
	}
	sort_times(times, n);
	for (size_t first = 0, last = 0; first < n && fits;
	    first = last + 1) {
		last = first;
		while (last + 1 < n &&
		    times[last + 1] - times[last] <= FLAP_GAP_MS) {
			last++;
		}
		if (last > first) {
			show_range(out, times[first] - before,
			    times[last] + after,
			    S("several transitions to ALARM within the hour"));
			fits = rows_fit(rows);
		}
	}
	rows_end(rows);
	return ERR_OK;
}

/* Nothing happened in the range; since when the alarm is as it is says where
 * to look instead. */
static void
say_nothing(struct history *h, struct buf *text)
{
	int64_t since_ms;

	buf_addf(text, "No %s between ", tool_arg_str(h->q.c,
	    S("history_item_type")));
	timefmt_iso(text, h->start_ms);
	buf_add(text, S(" and "));
	timefmt_iso(text, h->end_ms);
	if (show_read_seconds(json_get(h->alarm, S("StateUpdatedTimestamp")),
	    &since_ms)) {
		buf_addf(text, "; the state, %s, was last set at ",
		    json_get_str(h->alarm, S("StateValue"), S("unknown")));
		timefmt_iso(text, since_ms);
	}
	buf_add(text, S(". An earlier start_time shows more; AWS keeps alarm "
	    "history for 30 days."));
}

static void
message(struct history *h, const struct rows *rows)
{
	struct buf text = buf_in(h->q.c->arena, MESSAGE_MAX);

	if (h->alarm == NULL) {
		buf_add(&text, S("The alarm does not exist any more; this is "
		    "what its history still holds."));
	} else if (h->n == 0) {
		say_nothing(h, &text);
	}
	if (h->lost.p != NULL) {
		buf_addf(&text, "The rest is missing: %s",
		    str_sub(h->lost, 0, LOST_MAX));
	}
	rows_say(rows, h->more, S("The newest items are shown. Raise max_items "
	    "or narrow the time range."), &text);
	json_put_string_or_null(h->q.c->out, S("message"),
	    text.len > 0 ? buf_str(&text) : STR_NONE);
}

static enum err
show_history(struct history *h)
{
	struct json_writer *out = h->q.c->out;
	struct rows rows;
	enum err err;

	rows_init(&rows, h->q.c);
	rows_reserve(&rows, MESSAGE_MAX);
	json_begin_object(out);
	rows_mark(&rows);
	json_key(out, S("alarm_details"));
	show_details(out, h->alarm, h->name, h->type);
	if (!rows_fit(&rows)) {
		json_key(out, S("alarm_details"));
		show_details(out, NULL, h->name, h->type);
	}
	/* The suggestions say where to look: room is kept for some. */
	rows_begin_share(&rows, S("history_items"), 4, 5);
	for (size_t i = 0; i < h->n; i++) {
		show_item(h->q.c, h->items[i]);
		if (!rows_fit(&rows)) {
			break;
		}
	}
	rows_end(&rows);
	err = show_suggestions(h, &rows);
	json_put_boolean(out, S("has_more_results"), h->more || rows.cut);
	message(h, &rows);
	ask_origin(&h->q, out);
	json_end_object(out);
	return err;
}

/* The component's alarm in a DescribeAlarms answer, or NULL. */
static const struct json *
find_alarm(const struct json *reply, struct str list, struct str name)
{
	const struct json *alarm = json_at(json_get(reply, list), 0);

	while (alarm != NULL && !str_eq(json_get_str(alarm, S("AlarmName"),
	    S("")), name)) {
		alarm = alarm->next;
	}
	return alarm;
}

/* The answer for include_component_alarms: the alarms of the rule. */
static enum err
show_components(struct history *h)
{
	struct call *c = h->q.c;
	struct json_writer *out = c->out;
	struct str rule = json_get_str(h->alarm, S("AlarmRule"), S(""));
	struct str names[RULE_NAME_MAX];
	size_t n = rule_names(rule, names, RULE_NAME_MAX);
	const struct json *reply = NULL;
	struct rows rows;
	enum err err = n == 0 ? ERR_OK : describe(&h->q, names, n,
	    usual_types, &reply);

	if (err != ERR_OK) {
		return err;
	}
	rows_init(&rows, c);
	json_begin_object(out);
	json_put_string(out, S("composite_alarm_name"), h->name);
	rows_begin_share(&rows, S("component_alarms"), 1, 3);
	for (size_t i = 0; i < n; i++) {
		json_string(out, names[i]);
		if (!rows_fit(&rows)) {
			break;
		}
	}
	rows_end(&rows);
	json_put_string(out, S("alarm_rule"), rule);
	if (!rows_fit(&rows)) {
		json_put_string_or_null(out, S("alarm_rule"), STR_NONE);
	}
	rows_begin(&rows, S("component_details"));
	for (size_t i = 0; i < n; i++) {
		const struct json *metric =
		    find_alarm(reply, S("MetricAlarms"), names[i]);
		const struct json *composite =
		    find_alarm(reply, S("CompositeAlarms"), names[i]);

		show_details(out, metric != NULL ? metric : composite,
		    names[i], lists[composite != NULL][1]);
		if (!rows_fit(&rows)) {
			break;
		}
	}
	rows_end(&rows);
	rows_close(&rows, false, S("describe_alarms with children_of lists "
	    "them too."), STR_NONE);
	ask_origin(&h->q, out);
	json_end_object(out);
	return ERR_OK;
}

static enum err
run(struct call *c)
{
	struct history h = { .name = tool_arg_str(c, S("alarm_name")) };
	enum err err;

	h.max = (size_t)tool_arg_i64(c, S("max_items"));
	ask_begin(&h.q, c);
	h.end_ms = ask_time(&h.q, S("end_time"), ask_now_ms(&h.q));
	h.start_ms = ask_time(&h.q, S("start_time"),
	    h.end_ms - (int64_t)24 * 3600 * 1000);
	err = ask_check_range(&h.q, h.start_ms, h.end_ms);
	if (err == ERR_OK) {
		err = fetch_alarm(&h);
	}
	if (err == ERR_OK && str_eq(h.type, S("CompositeAlarm")) &&
	    tool_arg_bool(c, S("include_component_alarms"))) {
		return show_components(&h);
	}
	if (err == ERR_OK) {
		err = fetch_items(&h);
	}
	if (err == ERR_OK && h.alarm == NULL && h.n == 0) {
		return fail_setf(c->fail, ERR_AWS_MISSING, "there is no alarm "
		    "'%s' in region %s, and no history of one; "
		    "describe_alarms lists the names", h.name,
		    h.q.scope.region);
	}
	return err == ERR_OK ? show_history(&h) : err;
}

static const struct str item_types[] = {
	STR_INIT("StateUpdate"), STR_INIT("ConfigurationUpdate"),
	STR_INIT("Action"),
};

static const struct param params[] = {
	{ .name = STR_INIT("alarm_name"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 255 },
	{ .name = STR_INIT("start_time"), .type = PARAM_TIME,
	    .text = STR_INIT("default: end - 24h") },
	{ .name = STR_INIT("end_time"), .type = PARAM_TIME,
	    .text = STR_INIT("default: now") },
	{ .name = STR_INIT("history_item_type"), .type = PARAM_STRING,
	    .choices = item_types, .choice_n = 3,
	    .fallback = "\"StateUpdate\"" },
	{ .name = STR_INIT("max_items"), .type = PARAM_INTEGER, .min = 1,
	    .max = 1000, .fallback = "50" },
	{ .name = STR_INIT("include_component_alarms"), .type = PARAM_BOOLEAN,
	    .fallback = "false",
	    .text = STR_INIT("composite: describe its members instead") },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_get_alarm_history = {
	.name = STR_INIT("get_alarm_history"),
	.title = STR_INIT("Alarm history"),
	.description = STR_INIT("State changes of one alarm (metric or "
	    "composite), newest first, with reasons, and "
	    "time_range_suggestions worth examining."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"alarm_details\":{\"type\":\"object\"},"
	    "\"history_items\":{\"type\":\"array\"},"
	    "\"time_range_suggestions\":{\"type\":\"array\"},"
	    "\"composite_alarm_name\":{},"
	    "\"component_alarms\":{\"type\":\"array\"},"
	    "\"alarm_rule\":{},"
	    "\"component_details\":{\"type\":\"array\"},"
	    ROWS_SCHEMA "," ASK_SCHEMA "}}"),
	.run = run,
};
