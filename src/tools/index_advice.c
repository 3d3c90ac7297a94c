/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recommend_indexes_loggroup and recommend_indexes_account: which field
 * indexes would make the queries of the last 30 days cheaper. What is counted
 * and how it is weighed is field_usage.h's business.
 *
 * For one group more is found out: which fields have an index, which exist,
 * how many values they have, how much the group stores. A field counts as not
 * found only when neither the service's sample of fields, nor its indexes, nor
 * a query over up to a day has it: a field of rare events is not in the newest
 * row. That query costs money; it is kept to INDEX_ADVICE_LOOK_BYTES of what
 * the group stores, and the answer says what it scanned.
 *
 * Each of these questions may fail, for example because the keys may not ask
 * it: then a warning says what is not known.
 */
#include "tools/tools.h"

#include "base/limits.h"
#include "base/num.h"
#include "tools/ask.h"
#include "tools/field_usage.h"
#include "tools/query_run.h"
#include "tools/rows.h"

#define RANGE_DAYS 30
#define DAY_MS INT64_C(86400000)
#define HOUR_MS INT64_C(3600000)
#define PAGE_N 1000
#define WARNING_MAX_N 8
/* Fields whose values are counted; fields of one stats command. */
#define COUNTED_N 10
#define COLUMN_N 20
/* Queries that look for fields. */
#define LOOK_MAX_N 3
#define LOOK_MAX_S 30
/* Groups of one DescribeIndexPolicies. */
#define POLICY_GROUP_N 50

struct group {
	struct str name;
	struct str identifier; /* as given, without ":*" */
	struct field_usage_set set;
	double best;           /* score of the best advice; below 0: none */
};

struct advice {
	struct call *c;
	struct ask q;
	struct rows rows;
	struct arena pages;    /* one large answer at a time */
	struct group *groups;
	size_t n, cap;
	bool groups_full;
	uint64_t read_n;       /* past queries looked at */
	bool capped;           /* there were more */
	double bytes;
	struct str warnings[WARNING_MAX_N];
	size_t warning_n;
	double stored;         /* bytes of the one group; below 0: unknown */
	int64_t created_ms, retention_days;
};

static void
warn(struct advice *x, struct str what, struct str why)
{
	struct buf b = buf_in(x->c->arena, 1024);

	buf_addf(&b, "%s%s", what, str_sub(why, 0, 500));
	if (x->warning_n < WARNING_MAX_N) {
		x->warnings[x->warning_n++] = buf_str(&b);
	}
}

/* A question that need not be answered: only cancelling and memory end the
 * call. */
static enum err
optional(struct advice *x, enum err err, struct str what)
{
	if (err == ERR_OK || err == ERR_CANCELLED || err == ERR_NOMEM) {
		return err;
	}
	warn(x, what, fail_text(x->c->fail));
	fail_clear(x->c->fail);
	return ERR_OK;
}

/* ---- past queries ---- */

/* The group of that name, made where it is new; NULL: no room. */
static struct group *
group_of(struct advice *x, struct str name)
{
	for (size_t i = 0; i < x->n; i++) {
		if (str_eq(x->groups[i].name, name)) {
			return &x->groups[i];
		}
	}
	if (x->n == x->cap) {
		x->groups_full = true;
		return NULL;
	}
	x->groups[x->n] = (struct group){
		.name = str_dup(x->c->arena, name) };
	x->groups[x->n].identifier = x->groups[x->n].name;
	return &x->groups[x->n++];
}

static enum err
count_query(struct advice *x, const struct json *query, struct group *only)
{
	struct str text = json_get_str(query, S("queryString"), STR_NONE);
	struct str name = json_get_str(query, S("logGroupName"), STR_NONE);
	int64_t at_ms = json_get_i64(query, S("createTime"), -1);
	struct group *g = only;

	if (text.len == 0 || at_ms < x->q.now_ms - RANGE_DAYS * DAY_MS ||
	    (g == NULL && name.len == 0)) {
		return ERR_OK;
	}
	g = g == NULL ? group_of(x, name) : g;
	return g == NULL ? ERR_OK : field_usage_add(&g->set, x->c->arena, text,
	    json_get_str(query, S("queryLanguage"), STR_NONE), at_ms);
}

/* Reads up to `max` past queries: of one group, or of all. */
static enum err
read_history(struct advice *x, struct group *only, uint64_t max)
{
	struct str token = STR_NONE;
	char text[64];

	do {
		struct json_writer *body = ask_body(&x->q);
		struct buf b = buf_fixed(text, sizeof(text));
		const struct json *page, *query;
		struct str before = token;
		enum err err;

		if (only != NULL) {
			json_put_string(body, S("logGroupName"), only->name);
		}
		json_put_string(body, S("status"), S("Complete"));
		json_put_integer(body, S("maxResults"), PAGE_N);
		if (token.p != NULL) {
			json_put_string(body, S("nextToken"), token);
		}
		err = ask_send_in(&x->q, &x->pages, ENDPOINT_LOGS,
		    S("DescribeQueries"), &page);
		if (err != ERR_OK) {
			/* What was read is worth something. */
			return x->read_n == 0 ? err : optional(x, err,
			    S("only the newest queries could be read: "));
		}
		query = json_at(json_get(page, S("queries")), 0);
		for (; query != NULL && x->read_n < max; query = query->next) {
			x->read_n++;
			err = count_query(x, query, only);
			if (err != ERR_OK) {
				return fail_set(x->c->fail, err, 0, STR_NONE);
			}
		}
		token = json_get_str(page, S("nextToken"), S(""));
		x->capped = query != NULL ||
		    (token.len > 0 && x->read_n >= max);
		if (token.len == 0 || str_eq(token, before)) {
			return ERR_OK;
		}
		token = str_dup(x->c->arena, token);
		buf_addf(&b, "%u past queries read", x->read_n);
		x->c->progress(x->c, (double)x->read_n, 0, buf_str(&b));
	} while (x->read_n < max && token.p != NULL);
	return ERR_OK;
}

/* ---- indexes that exist ---- */

static void
mark_index(struct group *g, struct str field, struct str source)
{
	struct field_usage *f = field_usage_find(&g->set, field);

	if (f != NULL) {
		f->present = true;
		if (f->indexed.p == NULL) {
			f->indexed = source;
		}
	}
}

/* The fields of a policy, a JSON text: {"Fields":["a"],"FieldsV2":{"b":{}}} */
static void
mark_policy(struct advice *x, struct group *g, struct str document,
    struct str source)
{
	const struct json *f;
	struct json *policy;
	struct fail ignored;

	fail_init(&ignored, NULL);
	if (document.p == NULL || json_parse(x->c->arena, document, 0, &policy,
	    &ignored) != ERR_OK) {
		return;
	}
	f = json_at(json_get(policy, S("Fields")), 0);
	for (; f != NULL; f = f->next) {
		mark_index(g, json_str(f), source);
	}
	f = json_get(policy, S("FieldsV2"));
	for (f = json_is(f, JSON_OBJECT) ? f->child : NULL; f != NULL;
	    f = f->next) {
		mark_index(g, f->key, source);
	}
}

static struct str
source_of(struct advice *x, const struct json *v, struct str otherwise)
{
	return str_dup(x->c->arena, json_get_str(v, S("source"), otherwise));
}

static void
put_identifiers(struct json_writer *body, const struct group *groups,
    size_t n)
{
	json_key(body, S("logGroupIdentifiers"));
	json_begin_array(body);
	for (size_t i = 0; i < n; i++) {
		json_string(body, groups[i].identifier);
	}
	json_end_array(body);
}

/* Policies of groups, up to POLICY_GROUP_N at a time. */
static enum err
read_policies(struct advice *x, size_t from)
{
	size_t n = x->n - from < POLICY_GROUP_N ? x->n - from : POLICY_GROUP_N;
	const struct json *reply, *p;
	enum err err;

	put_identifiers(ask_body(&x->q), &x->groups[from], n);
	err = ask_send_in(&x->q, &x->pages, ENDPOINT_LOGS,
	    S("DescribeIndexPolicies"), &reply);
	if (err != ERR_OK) {
		return optional(x, err, S("index policies of log groups are "
		    "not known: "));
	}
	p = json_at(json_get(reply, S("indexPolicies")), 0);
	for (; p != NULL; p = p->next) {
		struct str name = field_usage_group(json_get_str(p,
		    S("logGroupIdentifier"), S("")));

		for (size_t i = from; i < from + n; i++) {
			if (str_eq(name, x->groups[i].name) || n == 1) {
				mark_policy(x, &x->groups[i], json_get_str(p,
				    S("policyDocument"), STR_NONE),
				    source_of(x, p, S("LOG_GROUP")));
			}
		}
	}
	return ERR_OK;
}

/* Indexes as they are, policies aside. */
static enum err
read_indexes(struct advice *x, struct group *g)
{
	const struct json *reply, *f;
	enum err err;

	put_identifiers(ask_body(&x->q), g, 1);
	err = ask_send_in(&x->q, &x->pages, ENDPOINT_LOGS,
	    S("DescribeFieldIndexes"), &reply);
	if (err != ERR_OK) {
		return optional(x, err, S("field indexes are not known: "));
	}
	f = json_at(json_get(reply, S("fieldIndexes")), 0);
	for (; f != NULL; f = f->next) {
		struct str name = json_get_str(f, S("fieldIndexName"), S(""));
		struct field_usage *u = field_usage_find(&g->set, name);

		if (str_eq(json_get_str(f, S("category"), S("")),
		    S("INACTIVE"))) {
			/* Of a policy that was taken back. */
			if (u != NULL) {
				u->present = true;
			}
		} else {
			mark_index(g, name, source_of(x, f, S("LOG_GROUP")));
		}
	}
	return ERR_OK;
}

/* A policy of the account holds for all groups, or for those that begin with
 * one of the texts in quotes of its criteria. */
static bool
selects(struct str criteria, struct str group)
{
	struct str rest = criteria;
	bool any = false;

	while (rest.p != NULL) {
		struct str prefix;

		(void)str_cut(&rest, '"');
		if (rest.p == NULL) {
			break;
		}
		prefix = str_cut(&rest, '"');
		any = true;
		if (str_starts(group, prefix)) {
			return true;
		}
	}
	return !any;
}

static enum err
read_account_policies(struct advice *x)
{
	struct json_writer *body = ask_body(&x->q);
	const struct json *reply, *p;
	enum err err;

	json_put_string(body, S("policyType"), S("FIELD_INDEX_POLICY"));
	err = ask_send_in(&x->q, &x->pages, ENDPOINT_LOGS,
	    S("DescribeAccountPolicies"), &reply);
	if (err != ERR_OK) {
		return optional(x, err, S("index policies of the account are "
		    "not known: "));
	}
	p = json_at(json_get(reply, S("accountPolicies")), 0);
	for (; p != NULL; p = p->next) {
		struct str criteria = json_get_str(p, S("selectionCriteria"),
		    S(""));

		for (size_t i = 0; i < x->n; i++) {
			if (selects(criteria, x->groups[i].name)) {
				mark_policy(x, &x->groups[i], json_get_str(p,
				    S("policyDocument"), STR_NONE),
				    S("ACCOUNT"));
			}
		}
	}
	return ERR_OK;
}

/* ---- what the group holds ---- */

static enum err
read_volume(struct advice *x, const struct group *g)
{
	struct json_writer *body = ask_body(&x->q);
	const struct json *reply, *v;
	enum err err;

	json_put_string(body, S("logGroupNamePrefix"), g->name);
	err = ask_send_in(&x->q, &x->pages, ENDPOINT_LOGS,
	    S("DescribeLogGroups"), &reply);
	if (err != ERR_OK) {
		return optional(x, err, S("the group's size is not known: "));
	}
	v = json_at(json_get(reply, S("logGroups")), 0);
	while (v != NULL && !str_eq(json_get_str(v, S("logGroupName"), S("")),
	    g->name)) {
		v = v->next;
	}
	if (!json_f64(json_get(v, S("storedBytes")), &x->stored)) {
		warn(x, S("the group's size is not known: "), v == NULL ?
		    S("it is not in this account and region") :
		    S("AWS does not say it"));
		x->stored = -1;
	}
	x->created_ms = json_get_i64(v, S("creationTime"), x->q.now_ms);
	x->retention_days = json_get_i64(v, S("retentionInDays"), 0);
	if (v != NULL && !str_eq(json_get_str(v, S("logGroupClass"),
	    S("STANDARD")), S("STANDARD"))) {
		warn(x, S("field indexes work in the STANDARD class only; this "
		    "group is "), json_get_str(v, S("logGroupClass"), S("")));
	}
	return ERR_OK;
}

/* The service's own sample of the newest events. */
static enum err
read_fields(struct advice *x, struct group *g)
{
	struct json_writer *body = ask_body(&x->q);
	const struct json *reply, *v;
	enum err err;

	json_put_string(body, S("logGroupIdentifier"), g->identifier);
	err = ask_send_in(&x->q, &x->pages, ENDPOINT_LOGS,
	    S("GetLogGroupFields"), &reply);
	if (err != ERR_OK) {
		return optional(x, err,
		    S("the group's fields are not known: "));
	}
	v = json_at(json_get(reply, S("logGroupFields")), 0);
	for (; v != NULL; v = v->next) {
		struct field_usage *f = field_usage_find(&g->set,
		    json_get_str(v, S("name"), S("")));

		if (f != NULL) {
			f->present = true;
		}
	}
	return ERR_OK;
}

/* One query that looks for fields, and which. */
struct look {
	struct field_usage *fields[COLUMN_N];
	bool distinct[COLUMN_N];
	size_t n;
	struct buf text;
};

static void
look_for(struct advice *x, struct look *looks, size_t *look_n,
    struct field_usage *f, bool distinct)
{
	struct look *l = *look_n > 0 ? &looks[*look_n - 1] : NULL;

	if (l == NULL || l->n == COLUMN_N) {
		if (*look_n == LOOK_MAX_N) {
			/* Not looked for: taken as there. */
			f->present = true;
			return;
		}
		l = &looks[(*look_n)++];
		l->text = buf_in(x->c->arena, 10000);
	}
	buf_addf(&l->text, "%s %s(`%s`) as n%u", l->n == 0 ? S("stats") :
	    S(","), distinct ? S("count_distinct") : S("count"), f->name,
	    (uint64_t)l->n);
	l->distinct[l->n] = distinct;
	l->fields[l->n++] = f;
}

/* Takes the counts from the row of a look. */
static void
take_counts(struct look *l, const struct json *row)
{
	char name[8];

	for (size_t i = 0; i < l->n; i++) {
		struct buf b = buf_fixed(name, sizeof(name));
		double count = 0;

		buf_addf(&b, "n%u", (uint64_t)i);
		(void)!num_parse(query_run_cell(row, buf_str(&b)), &count);
		count = count > 0 ? count : 0;
		l->fields[i]->missing = count < 1 && !l->fields[i]->present;
		l->fields[i]->present = l->fields[i]->present || count >= 1;
		if (l->distinct[i]) {
			l->fields[i]->cardinality = count < 1000 ?
			    count / 1000 : 1;
		}
	}
}

/* How far back a look may go, by what the group stores an hour. */
static int64_t
look_hours(const struct advice *x)
{
	int64_t hours = (x->q.now_ms - x->created_ms) / HOUR_MS;
	double most;

	if (x->retention_days > 0 && hours > x->retention_days * 24) {
		hours = x->retention_days * 24;
	}
	hours = hours < 1 ? 1 : hours;
	most = x->stored > 0 ? INDEX_ADVICE_LOOK_BYTES /
	    (x->stored / (double)hours) : 24;
	return most < 1 ? 1 : most < 24 ? (int64_t)most : 24;
}

/* Looks for fields that no sample has, and counts the values of the best. */
static enum err
look(struct advice *x, struct group *g)
{
	struct look looks[LOOK_MAX_N] = { { .n = 0 } };
	struct query_run runs[LOOK_MAX_N];
	struct query_runs all = { .c = x->c, .runs = runs, .stop_late = true };
	struct json group = { .type = JSON_STRING, .text = g->identifier };
	struct json list = { .type = JSON_ARRAY, .n = 1, .child = &group };
	size_t counted_n = 0, left_n = 0;
	char text[64];
	struct buf hours = buf_fixed(text, sizeof(text));
	enum err err;

	for (size_t i = 0; i < g->set.n; i++) {
		struct field_usage *f = &g->set.fields[i];

		if (f->indexed.p == NULL && counted_n < COUNTED_N) {
			counted_n++;
			look_for(x, looks, &all.n, f, true);
		} else if (f->indexed.p == NULL && !f->present) {
			look_for(x, looks, &all.n, f, false);
			left_n += f->present;
		}
	}
	for (size_t i = 0; i < all.n; i++) {
		runs[i] = (struct query_run){ .scope = &x->q.scope,
			.text = buf_str(&looks[i].text), .groups = &list,
			.identifiers = true, .end_ms = x->q.now_ms,
			.start_ms = x->q.now_ms - look_hours(x) * HOUR_MS,
			.limit = 1 };
	}
	all.until_ms = query_run_until(x->c, LOOK_MAX_S);
	err = query_runs(&all);
	buf_addf(&hours, "in the last %u hours", (uint64_t)look_hours(x));
	for (size_t i = 0; i < all.n && err == ERR_OK; i++) {
		const struct json *rows = NULL;

		x->bytes += runs[i].scanned_bytes;
		if (runs[i].state == QUERY_RUN_COMPLETE &&
		    query_run_page(&runs[i], &rows) == ERR_OK) {
			take_counts(&looks[i], json_at(rows, 0));
		} else {
			warn(x, S("the values of fields were not counted: "),
			    runs[i].state == QUERY_RUN_LATE ?
			    S("the query took too long") :
			    fail_text(&runs[i].fail));
		}
	}
	for (size_t i = 0; i < all.n; i++) {
		query_run_free(&runs[i]);
	}
	for (size_t i = 0; i < g->set.n; i++) {
		if (g->set.fields[i].missing) {
			warn(x, S("fields_not_found were looked for "),
			    str_dup(x->c->arena, buf_str(&hours)));
			break;
		}
	}
	if (left_n > 0) {
		warn(x, S("some rarely used fields were not looked for"),
		    S(""));
	}
	return err;
}

/* ---- the answer ---- */

static bool
is_advice(const struct field_usage *f)
{
	return f->indexed.p == NULL && !f->missing;
}

static const struct str equality_only = STR_INIT("An index serves equality "
    "filters only: a field with filter_equality_count 0 gains nothing until "
    "queries filter it by = or in.");

static void
put_recommendation(struct json_writer *out, const struct field_usage *f)
{
	json_begin_object(out);
	json_put_string(out, S("field_name"), f->name);
	json_put_double(out, S("score"), f->score);
	json_put_string(out, S("action"), S("CREATE_INDEX"));
	json_put_integer(out, S("query_count"), (int64_t)f->total_n);
	json_put_integer(out, S("filter_equality_count"),
	    (int64_t)f->equality_n);
	json_key(out, S("score_breakdown"));
	json_begin_object(out);
	json_put_double(out, S("frequency_score"), f->frequency);
	json_put_double(out, S("filter_equality_score"), f->equality);
	json_put_double(out, S("recency_score"), f->recency);
	json_put_double(out, S("scan_volume_score"), f->volume);
	if (f->cardinality >= 0) {
		json_put_double(out, S("cardinality_score"), f->cardinality);
	} else {
		json_put_value(out, S("cardinality_score"), NULL);
	}
	json_end_object(out);
	json_end_object(out);
}

static void
put_known(struct json_writer *out, const struct field_usage *f)
{
	json_begin_object(out);
	json_put_string(out, S("field_name"), f->name);
	json_put_integer(out, S("query_count"), (int64_t)f->total_n);
	if (f->indexed.p != NULL) {
		json_put_string(out, S("source"), f->indexed);
	}
	json_end_object(out);
}

static void
put_warnings(struct advice *x, struct rows *rows)
{
	rows_begin(rows, S("warnings"));
	for (size_t i = 0; i < x->warning_n; i++) {
		json_string(rows->out, x->warnings[i]);
		if (!rows_fit(rows)) {
			break;
		}
	}
	rows_end(rows);
}

/* The members of one group's result. */
static void
put_group(struct advice *x, const struct group *g, bool alone)
{
	static const struct str LISTS[] = { STR_INIT("recommendations"),
		STR_INIT("already_indexed"), STR_INIT("fields_not_found") };
	struct json_writer *out = x->c->out;

	json_put_string(out, S("log_group"), g->name);
	json_put_integer(out, S("queries_analyzed"), (int64_t)g->set.query_n);
	json_put_integer(out, S("unique_queries"), (int64_t)g->set.unique_n);
	json_put_integer(out, S("time_range_days"), RANGE_DAYS);
	if (alone) {
		put_warnings(x, &x->rows);
	}
	for (size_t k = 0; k < 3; k++) {
		rows_begin_share(&x->rows, LISTS[k], k == 0 ? 2 : 1,
		    k == 0 ? 3 : 3 - k);
		for (size_t i = 0; i < g->set.n; i++) {
			const struct field_usage *f = &g->set.fields[i];

			if (k != (is_advice(f) ? 0U : f->missing ? 2U : 1U)) {
				continue;
			}
			if (k == 0) {
				put_recommendation(out, f);
			} else {
				put_known(out, f);
			}
			if (!rows_fit(&x->rows)) {
				break;
			}
		}
		rows_end(&x->rows);
	}
	if (!alone) {
		rows_begin(&x->rows, S("warnings"));
		rows_end(&x->rows);
	}
}

static enum err
begin(struct advice *x, struct call *c, size_t group_n)
{
	*x = (struct advice){ .c = c, .stored = -1, .cap = group_n };
	ask_begin(&x->q, c);
	rows_init(&x->rows, c);
	arena_init(&x->pages, QUERY_RUN_ARENA_CAP);
	if (c->arena->budget != NULL) {
		arena_share(&x->pages, c->arena->budget);
	}
	x->groups = ARENA_ARRAY(c->arena, group_n, struct group);
	return x->groups == NULL ? fail_set(c->fail, ERR_NOMEM, 0, STR_NONE) :
	    x->q.err;
}

static enum err
examine(struct advice *x, struct group *g)
{
	enum err err = read_history(x, g, INDEX_ADVICE_GROUP_QUERY_N);

	if (err == ERR_OK && g->set.n > 0) {
		err = read_policies(x, 0);
	}
	if (err == ERR_OK && g->set.n > 0) {
		err = read_indexes(x, g);
	}
	if (err == ERR_OK && g->set.n > 0) {
		err = read_fields(x, g);
	}
	if (err == ERR_OK) {
		err = read_volume(x, g);
	}
	if (err == ERR_OK && g->set.n > 0) {
		/* The best are known before their values are counted. */
		field_usage_rank(&g->set, &field_usage_full, x->q.now_ms, 0);
		err = look(x, g);
	}
	field_usage_rank(&g->set, &field_usage_full, x->q.now_ms,
	    field_usage_volume(x->stored));
	return err;
}

static enum err
loggroup_run(struct call *c)
{
	struct advice x;
	struct group *g;
	enum err err = begin(&x, c, 1);

	if (err == ERR_OK) {
		struct str given = tool_arg_str(c,
		    S("log_group_identifier"));

		g = group_of(&x, field_usage_group(given));
		g->identifier = str_ends(given, S(":*")) ?
		    str_sub(given, 0, given.len - 2) : given;
		err = examine(&x, g);
	}
	arena_free(&x.pages);
	if (err != ERR_OK) {
		return err;
	}
	if (x.capped) {
		warn(&x, S("only the newest 10,000 queries were read"), S(""));
	}
	json_begin_object(c->out);
	query_run_put_cost(c->out, x.bytes);
	put_group(&x, g, true);
	rows_close(&x.rows, false, S(""), g->set.query_n == 0 ? S("No query "
	    "of this log group was run in the last 30 days.") : equality_only);
	ask_origin(&x.q, c->out);
	json_end_object(c->out);
	return ERR_OK;
}

/* Ranks the fields of all groups, and the groups by their best. */
static void
rank_groups(struct advice *x)
{
	for (size_t i = 0; i < x->n; i++) {
		struct group g = x->groups[i];
		size_t k = i;

		field_usage_rank(&g.set, &field_usage_light, x->q.now_ms, 0);
		g.best = -1;
		for (size_t f = 0; f < g.set.n && g.best < 0; f++) {
			g.best = is_advice(&g.set.fields[f]) ?
			    g.set.fields[f].score : -1;
		}
		while (k > 0 && x->groups[k - 1].best < g.best) {
			x->groups[k] = x->groups[k - 1];
			k--;
		}
		x->groups[k] = g;
	}
}

static void
put_account(struct advice *x)
{
	struct json_writer *out = x->c->out;

	uint64_t query_n = 0;

	for (size_t i = 0; i < x->n; i++) {
		query_n += x->groups[i].set.query_n;
	}
	json_begin_object(out);
	json_put_integer(out, S("total_log_groups_analyzed"), (int64_t)x->n);
	json_put_integer(out, S("total_queries_analyzed"), (int64_t)query_n);
	json_put_integer(out, S("time_range_days"), RANGE_DAYS);
	put_warnings(x, &x->rows);
	rows_begin(&x->rows, S("log_group_results"));
	for (size_t i = 0; i < x->n && !x->rows.cut; i++) {
		if (x->groups[i].set.n == 0) {
			continue;
		}
		json_begin_object(out);
		put_group(x, &x->groups[i], false);
		json_end_object(out);
		if (!rows_fit(&x->rows)) {
			break;
		}
	}
	rows_end(&x->rows);
	rows_close(&x->rows, false, S("recommend_indexes_loggroup shows one "
	    "log group."), x->n == 0 ? S("No query was run in the last 30 "
	    "days.") : equality_only);
	ask_origin(&x->q, out);
	json_end_object(out);
}

static enum err
account_run(struct call *c)
{
	int64_t max = tool_arg_i64(c, S("max_queries"));
	struct advice x;
	size_t warned_n;
	enum err err = begin(&x, c, INDEX_ADVICE_GROUP_MAX_N);

	if (err == ERR_OK) {
		err = read_history(&x, NULL, max <= 0 ||
		    max > INDEX_ADVICE_QUERY_MAX_N ? INDEX_ADVICE_QUERY_MAX_N :
		    (uint64_t)max);
	}
	if (err == ERR_OK && x.n > 0) {
		err = read_account_policies(&x);
	}
	warned_n = x.warning_n;
	for (size_t i = 0; i < x.n && err == ERR_OK && x.warning_n == warned_n;
	    i += POLICY_GROUP_N) {
		err = read_policies(&x, i);
	}
	arena_free(&x.pages);
	if (err != ERR_OK) {
		return err;
	}
	if (x.capped) {
		warn(&x, S("there are more queries than max_queries; only the "
		    "newest were read"), S(""));
	}
	if (x.groups_full) {
		warn(&x, S("there are more log groups than can be told apart; "
		    "some were left out"), S(""));
	}
	rank_groups(&x);
	put_account(&x);
	return ERR_OK;
}

static const struct param loggroup_params[] = {
	{ .name = STR_INIT("log_group_identifier"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 2048,
	    .text = STR_INIT("name or ARN") },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_recommend_indexes_loggroup = {
	.name = STR_INIT("recommend_indexes_loggroup"),
	.title = STR_INIT("Field indexes for a log group"),
	.description = STR_INIT("Which field indexes would make this log "
	    "group's queries of the last 30 days scan less, by how they "
	    "filter. Runs a small query of its own."),
	.params = loggroup_params,
	.param_n = sizeof(loggroup_params) / sizeof(loggroup_params[0]),
	.flags = TOOL_READ_ONLY | TOOL_SLOW,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"recommendations\":{\"type\":\"array\"},"
	    "\"already_indexed\":{\"type\":\"array\"},"
	    "\"fields_not_found\":{\"type\":\"array\"},"
	    "\"queries_analyzed\":{\"type\":\"integer\"},"
	    "\"unique_queries\":{\"type\":\"integer\"},"
	    "\"time_range_days\":{\"type\":\"integer\"},"
	    "\"log_group\":{\"type\":\"string\"},"
	    "\"warnings\":{\"type\":\"array\"}," QUERY_RUN_COST_SCHEMA
	    ROWS_SCHEMA "," ASK_SCHEMA "}}"),
	.run = loggroup_run,
};

static const struct param account_params[] = {
	{ .name = STR_INIT("max_queries"), .type = PARAM_INTEGER,
	    .min = -1, .max = INDEX_ADVICE_QUERY_MAX_N,
	    .fallback = "5000",
	    .text = STR_INIT("past queries to read; 0: all") },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_recommend_indexes_account = {
	.name = STR_INIT("recommend_indexes_account"),
	.title = STR_INIT("Field indexes for an account"),
	.description = STR_INIT("The same for all log groups of the account "
	    "and region, from the query history alone, best first."),
	.params = account_params,
	.param_n = sizeof(account_params) / sizeof(account_params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT | TOOL_SLOW,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"log_group_results\":{\"type\":\"array\"},"
	    "\"total_log_groups_analyzed\":{\"type\":\"integer\"},"
	    "\"total_queries_analyzed\":{\"type\":\"integer\"},"
	    "\"time_range_days\":{\"type\":\"integer\"},"
	    "\"warnings\":{\"type\":\"array\"},"
	    ROWS_SCHEMA "," ASK_SCHEMA "}}"),
	.run = account_run,
};
