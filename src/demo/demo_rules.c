/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contributor Insights from a table and the journal.
 */
#include "demo/demo_rules.h"

#include "demo/journal.h"

#define CONTRIBUTOR_MAX_N 64
#define KEY_MAX_N 4
#define BUCKET_MAX_N 1440

struct rule {
	struct str name, group, keys, field, value;
	int64_t days; /* 0: disabled */
};

static bool
rule(const struct answer *x, size_t i, struct rule *out)
{
	struct str rest;

	if (!account_row(x->account.tables->text[ACCOUNT_RULES], i, &rest)) {
		return false;
	}
	out->name = str_cut(&rest, '|');
	out->group = str_cut(&rest, '|');
	out->keys = str_cut(&rest, '|');
	out->field = str_cut(&rest, '|');
	out->value = out->field;
	out->field = str_cut(&out->value, '=');
	if (rest.len == 0 || !str_i64(rest, 1, 100, &out->days)) {
		out->days = 0;
	}
	return true;
}

static struct str
definition(struct answer *x, const struct rule *r)
{
	struct buf b = buf_in(x->arena, 2048);
	struct str keys = r->keys;

	buf_addf(&b, "{\"Schema\":{\"Name\":\"CloudWatchLogRule\","
	    "\"Version\":1},\"LogGroupNames\":[\"%s\"],\"LogFormat\":"
	    "\"JSON\",\"Contribution\":{\"Keys\":[", r->group);
	while (keys.p != NULL) {
		buf_addf(&b, "\"$.%s\"", str_cut(&keys, ','));
		buf_add(&b, keys.p != NULL ? S(",") : S(""));
	}
	buf_addf(&b, "],\"Filters\":[{\"Match\":\"$.%s\",\"In\":[\"%s\"]}]},"
	    "\"AggregateOn\":\"Count\"}", r->field, r->value);
	return buf_str(&b);
}

/* see demo_rules.h */
void
demo_rules_describe(struct answer *x)
{
	size_t max = (size_t)demo_answer_i64(x, S("MaxResults"), 1, 500, 500);
	size_t i = demo_answer_page(x, S("NextToken"),
	    S("InvalidNextToken"));
	struct rule r;
	size_t n = 0;

	if (demo_answer_failed(x)) {
		return;
	}
	json_begin_object(x->out);
	json_key(x->out, S("InsightRules"));
	json_begin_array(x->out);
	for (; n < max && rule(x, i, &r); i++, n++) {
		json_begin_object(x->out);
		json_put_string(x->out, S("Name"), r.name);
		json_put_string(x->out, S("State"), r.days > 0 ?
		    S("ENABLED") : S("DISABLED"));
		json_put_string(x->out, S("Schema"),
		    S("{\"Name\":\"CloudWatchLogRule\",\"Version\":1}"));
		json_put_string(x->out, S("Definition"), definition(x, &r));
		json_put_boolean(x->out, S("ManagedRule"), false);
		json_end_object(x->out);
	}
	json_end_array(x->out);
	if (rule(x, i, &r)) {
		demo_answer_put_page(x, S("NextToken"), i);
	}
	json_end_object(x->out);
}

/* The text of a top-level string member of a JSON line; absent: none. */
static struct str
member(struct str line, struct str name)
{
	for (size_t at = str_find(line, name, 0); at < line.len;
	    at = str_find(line, name, at + 1)) {
		struct str rest = str_sub(line, at + name.len, line.len);

		if (at > 0 && line.p[at - 1] == '"' &&
		    str_starts(rest, S("\":\""))) {
			rest = str_sub(rest, 3, rest.len);
			return str_cut(&rest, '"');
		}
	}
	return STR_NONE;
}

struct contributor {
	struct str keys[KEY_MAX_N];
	size_t n;
	uint32_t *buckets;
};

struct report {
	struct rule rule;
	struct contributor all[CONTRIBUTOR_MAX_N];
	size_t n, key_n, bucket_n;
	int64_t start_min, period_min;
};

static void
count(struct answer *x, struct report *r, struct str line, size_t bucket)
{
	struct str keys[KEY_MAX_N], names = r->rule.keys;
	size_t i, k;

	if (!str_eq(member(line, r->rule.field), r->rule.value)) {
		return;
	}
	for (k = 0; k < r->key_n; k++) {
		keys[k] = member(line, str_cut(&names, ','));
		if (keys[k].p == NULL) {
			return;
		}
	}
	for (i = 0; i < r->n; i++) {
		for (k = 0; k < r->key_n &&
		    str_eq(r->all[i].keys[k], keys[k]);) {
			k++;
		}
		if (k == r->key_n) {
			break;
		}
	}
	if (i == CONTRIBUTOR_MAX_N) {
		return;
	}
	if (i == r->n) {
		r->all[i].buckets = ARENA_ARRAY(x->arena, r->bucket_n,
		    uint32_t);
		if (r->all[i].buckets == NULL) {
			return;
		}
		for (k = 0; k < r->key_n; k++) {
			r->all[i].keys[k] = str_dup(x->arena, keys[k]);
		}
		r->n++;
	}
	r->all[i].n++;
	r->all[i].buckets[bucket]++;
}

static void
collect(struct answer *x, struct report *r)
{
	int64_t from = r->start_min;
	int64_t end = from + (int64_t)r->bucket_n * r->period_min;
	int64_t made = x->account.onset_min - r->rule.days * 1440;
	struct journal_reader *j;
	struct journal_group g;

	if (r->rule.days == 0 || !journal_group_find(&x->account,
	    r->rule.group, &g)) {
		return;
	}
	j = journal_open(x->arena, &x->account, &g);
	for (int64_t m = from < made ? made : from; j != NULL && m < end;
	    m++) {
		journal_minute(j, m);
		for (size_t i = 0; i < j->event_n; i++) {
			count(x, r, j->events[i].message,
			    (size_t)((m - from) / r->period_min));
		}
	}
	/* Insertion sort of at most 64: the greatest first. */
	for (size_t i = 1; i < r->n; i++) {
		struct contributor c = r->all[i];
		size_t k = i;

		for (; k > 0 && r->all[k - 1].n < c.n; k--) {
			r->all[k] = r->all[k - 1];
		}
		r->all[k] = c;
	}
}

static void
put_contributor(struct answer *x, const struct report *r, size_t i)
{
	json_begin_object(x->out);
	json_key(x->out, S("Keys"));
	json_begin_array(x->out);
	for (size_t k = 0; k < r->key_n; k++) {
		json_string(x->out, r->all[i].keys[k]);
	}
	json_end_array(x->out);
	json_put_integer(x->out, S("ApproximateAggregateValue"),
	    (int64_t)r->all[i].n);
	json_key(x->out, S("Datapoints"));
	json_begin_array(x->out);
	for (size_t b = 0; b < r->bucket_n; b++) {
		if (r->all[i].buckets[b] > 0) {
			json_begin_object(x->out);
			demo_answer_put_time(x, S("Timestamp"),
			    (r->start_min + (int64_t)b * r->period_min) *
			    ACCOUNT_MINUTE_MS);
			json_put_integer(x->out, S("ApproximateValue"),
			    r->all[i].buckets[b]);
			json_end_object(x->out);
		}
	}
	json_end_array(x->out);
	json_end_object(x->out);
}

static void
put_datapoints(struct answer *x, const struct report *r)
{
	const struct json *wanted = json_get_set(x->in, S("Metrics"));

	json_key(x->out, S("MetricDatapoints"));
	json_begin_array(x->out);
	for (size_t b = 0; wanted != NULL && b < r->bucket_n; b++) {
		int64_t sum = 0, max = 0, unique = 0;

		for (size_t i = 0; i < r->n; i++) {
			int64_t v = r->all[i].buckets[b];

			sum += v;
			unique += v > 0;
			max = v > max ? v : max;
		}
		json_begin_object(x->out);
		demo_answer_put_time(x, S("Timestamp"), (r->start_min +
		    (int64_t)b * r->period_min) * ACCOUNT_MINUTE_MS);
		if (demo_answer_lists(wanted, S("UniqueContributors"))) {
			json_put_integer(x->out, S("UniqueContributors"),
			    unique);
		}
		if (demo_answer_lists(wanted, S("MaxContributorValue"))) {
			json_put_integer(x->out, S("MaxContributorValue"),
			    max);
		}
		if (demo_answer_lists(wanted, S("Sum"))) {
			json_put_integer(x->out, S("Sum"), sum);
		}
		if (demo_answer_lists(wanted, S("SampleCount"))) {
			json_put_integer(x->out, S("SampleCount"), sum);
		}
		json_end_object(x->out);
	}
	json_end_array(x->out);
}

/* The window in whole buckets; false after a refusal. */
static bool
window(struct answer *x, struct report *r)
{
	int64_t start = demo_answer_time(x, S("StartTime"), -1);
	int64_t end = demo_answer_time(x, S("EndTime"), -1);
	int64_t period = demo_answer_i64(x, S("Period"), 1, 86400, 0);

	if (start < 0 || end < 0 || period == 0) {
		demo_answer_error(x, S("MissingRequiredParameterException"),
		    S("The parameters StartTime, EndTime and Period are "
		    "required."));
	} else if (start >= end || period % 60 != 0) {
		demo_answer_error(x, S("InvalidParameterValueException"),
		    S("StartTime must be before EndTime, and Period a "
		    "multiple of 60."));
	} else {
		r->period_min = period / 60;
		start /= ACCOUNT_MINUTE_MS;
		r->start_min = start / r->period_min * r->period_min;
		end = (end + ACCOUNT_MINUTE_MS - 1) / ACCOUNT_MINUTE_MS;
		r->bucket_n = (size_t)((end - r->start_min + r->period_min -
		    1) / r->period_min);
		if (r->bucket_n > BUCKET_MAX_N) {
			demo_answer_error(x,
			    S("InvalidParameterValueException"),
			    S("Too many datapoints: use a longer Period."));
		}
	}
	return !demo_answer_failed(x);
}

/* see demo_rules.h */
void
demo_rules_report(struct answer *x)
{
	struct str name = json_get_str(x->in, S("RuleName"), S(""));
	struct report *r = ARENA_NEW(x->arena, struct report);
	size_t max = (size_t)demo_answer_i64(x, S("MaxContributorCount"), 1,
	    100, 10);
	struct str keys;
	size_t i = 0, total = 0;

	(void)demo_answer_choice(x, S("OrderBy"), S("Sum, Maximum"));
	if (r == NULL || demo_answer_failed(x) || !window(x, r)) {
		return;
	}
	while (rule(x, i, &r->rule) && !str_eq(r->rule.name, name)) {
		i++;
	}
	if (!str_eq(r->rule.name, name)) {
		demo_answer_errorf(x, S("ResourceNotFoundException"),
		    "Rule %s does not exist", str_sub(name, 0, 128));
		return;
	}
	for (keys = r->rule.keys; keys.p != NULL; r->key_n++) {
		(void)str_cut(&keys, ',');
	}
	collect(x, r);
	json_begin_object(x->out);
	json_key(x->out, S("KeyLabels"));
	json_begin_array(x->out);
	for (keys = r->rule.keys; keys.p != NULL;) {
		struct str parts[] = { S("$."), str_cut(&keys, ',') };

		json_string(x->out, str_join(x->arena, parts, 2));
	}
	json_end_array(x->out);
	for (i = 0; i < r->n; i++) {
		total += r->all[i].n;
	}
	json_put_string(x->out, S("AggregationStatistic"), S("SUM"));
	json_put_integer(x->out, S("AggregateValue"), (int64_t)total);
	json_put_integer(x->out, S("ApproximateUniqueCount"), (int64_t)r->n);
	json_key(x->out, S("Contributors"));
	json_begin_array(x->out);
	for (i = 0; i < r->n && i < max; i++) {
		put_contributor(x, r, i);
	}
	json_end_array(x->out);
	put_datapoints(x, r);
	json_end_object(x->out);
}
