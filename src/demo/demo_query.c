/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting, running and stopping Logs Insights queries over the journal.
 */
#include "demo/demo_query.h"

#include "demo/demo.h"
#include "demo/demo_insights.h"
#include "demo/demo_logs.h"
#include "demo/journal.h"

#define GROUP_MAX_N 50
/* Rows of one page of results. */
#define PAGE_ROW_N 10000
#define LIMIT_DEFAULT 10000
#define LIMIT_MAX 100000
/* Events one query looks at: what a second or so is enough for. */
#define SCAN_MAX_N 1000000

/* ---- starting ---- */

/* The query behind "SOURCE ... |"; the text itself when it has none. */
static struct str
without_source(struct str text)
{
	struct str t = str_trim_ws(text);
	char quote = '\0';

	if (!str_istarts(t, S("SOURCE"))) {
		return text;
	}
	for (size_t i = 0; i < t.len; i++) {
		if (quote != '\0') {
			quote = t.p[i] == quote ? '\0' : quote;
		} else if (t.p[i] == '"' || t.p[i] == '\'') {
			quote = t.p[i];
		} else if (t.p[i] == '|') {
			return str_sub(t, i + 1, t.len);
		}
	}
	return S("");
}

static void
refuse_query(struct answer *x, struct str text, struct str query,
    const struct insights_error *e)
{
	struct buf b = buf_in(x->arena, 4096);
	struct json_writer w = json_writer(&b);
	size_t base = (size_t)(query.p - text.p);

	buf_add(&b, S(",\"queryCompileError\":"));
	json_begin_object(&w);
	json_key(&w, S("location"));
	json_begin_object(&w);
	json_put_integer(&w, S("startCharOffset"), (int64_t)(base + e->from));
	json_put_integer(&w, S("endCharOffset"), (int64_t)(base + e->to));
	json_end_object(&w);
	json_put_string(&w, S("message"), e->message);
	json_end_object(&w);
	x->extra = buf_str(&b);
	demo_answer_error(x, S("MalformedQueryException"), e->message);
}

/* Adds the groups whose names begin with one of the quoted prefixes. */
static void
add_source_groups(struct answer *x, struct str text, struct str query,
    struct buf *groups)
{
	struct str source = str_sub(text, 0, (size_t)(query.p - text.p));
	struct insights_error e = { 0, source.len,
		S("only SOURCE logGroups(namePrefix: [...]) is supported") };
	struct journal_group g;
	size_t at = str_find(source, S("namePrefix"), 0), from;

	if (at >= source.len) {
		refuse_query(x, text, text, &e);
		return;
	}
	while (at < source.len) {
		char quote = source.p[at++];

		if (quote != '\'' && quote != '"') {
			continue;
		}
		from = at;
		at = str_find_byte(source, quote, from);
		for (size_t i = 0; journal_group(&x->account, i, &g); i++) {
			if (str_starts(g.name, str_sub(source, from, at))) {
				buf_addf(groups, "%s\n", g.name);
			}
		}
		at++;
	}
}

static void
add_group(struct answer *x, struct str identifier, struct buf *groups)
{
	struct str name = demo_logs_group_name(identifier);
	struct journal_group g;

	if (!journal_group_find(&x->account, name, &g)) {
		demo_answer_errorf(x, S("ResourceNotFoundException"),
		    "Log group '%s' does not exist for account ID '"
		    ACCOUNT_ID "' (Service: AWSLogs; Status Code: 400; Error "
		    "Code: ResourceNotFoundException)",
		    str_sub(name, 0, 512));
		return;
	}
	buf_addf(groups, "%s\n", name);
}

/* Collects the names of the groups; refuses none, too many or two ways. */
static struct str
request_groups(struct answer *x, struct str text, struct str query)
{
	static const char MEMBERS[3][24] = { "logGroupName", "logGroupNames",
		"logGroupIdentifiers" };
	struct buf groups = buf_in(x->arena, 16 * 1024);
	size_t ways = 0;

	if (query.p != text.p) {
		ways++;
		add_source_groups(x, text, query, &groups);
	}
	for (size_t i = 0; i < 3; i++) {
		const struct json *v = json_get_set(x->in,
		    str_from_z(MEMBERS[i]));

		if (v == NULL || (v->type == JSON_ARRAY && v->n == 0)) {
			continue;
		}
		ways++;
		if (v->type == JSON_STRING) {
			add_group(x, v->text, &groups);
		}
		if (v->type == JSON_ARRAY && v->n > GROUP_MAX_N) {
			demo_answer_error(x, S("InvalidParameterException"),
			    S("A query may name at most 50 log groups."));
		}
		for (v = v->type == JSON_ARRAY ? v->child : NULL; v != NULL &&
		    !demo_answer_failed(x); v = v->next) {
			add_group(x, json_str(v), &groups);
		}
	}
	if (ways != 1) {
		demo_answer_error(x, S("InvalidParameterException"),
		    S("Exactly one of logGroupName, logGroupNames, "
		    "logGroupIdentifiers or a SOURCE command must be given."));
	}
	return buf_str(&groups);
}

/* An id in the form of a UUID; its end is the query's number. */
static void
add_id(const struct demo *d, struct buf *b, uint64_t seq)
{
	uint64_t h = account_hash((uint64_t)d->born_ms, 99);

	for (unsigned i = 0; i < 8; i++) {
		buf_add_byte(b, "0123456789abcdef"[(h >> (i * 4)) & 15]);
	}
	buf_add(b, S("-0000-4000-8000-"));
	buf_add_padded(b, seq, 12);
}

/* Remembers the query in the slot of the oldest. Returns its number. */
static uint64_t
remember(struct answer *x, const struct demo_query *from)
{
	struct demo *d = x->demo;
	struct demo_query *slot = &d->queries[0];
	uint64_t seq;

	d->sys->lock(d->sys->ctx, SYS_LOCK_DEMO);
	for (size_t i = 1; i < DEMO_QUERY_MAX_N; i++) {
		if (d->queries[i].seq < slot->seq) {
			slot = &d->queries[i];
		}
	}
	arena_reset(&slot->arena);
	slot->text = str_dup(&slot->arena, from->text);
	slot->groups = str_dup(&slot->arena, from->groups);
	slot->start_ms = from->start_ms;
	slot->end_ms = from->end_ms;
	slot->limit = from->limit;
	slot->created_ms = x->account.now_ms;
	slot->stopped = false;
	seq = slot->text.p != NULL && slot->groups.p != NULL ?
	    ++d->query_seq : 0;
	slot->seq = seq;
	d->sys->unlock(d->sys->ctx, SYS_LOCK_DEMO);
	return seq;
}

/* see demo_query.h */
void
demo_query_start(struct answer *x)
{
	struct str text = json_get_str(x->in, S("queryString"), STR_NONE);
	struct str language = demo_answer_choice(x, S("queryLanguage"),
	    S("CWLI, SQL, PPL"));
	struct str query = without_source(text);
	struct demo_query q = { .text = text };
	struct insights_error e;
	struct insights *parsed;
	char id[48];
	struct buf b = buf_fixed(id, sizeof(id));
	uint64_t seq;

	q.start_ms = demo_answer_i64(x, S("startTime"), 0, 253402300799, -1);
	q.end_ms = demo_answer_i64(x, S("endTime"), 0, 253402300799, -1);
	q.limit = demo_answer_i64(x, S("limit"), 1, LIMIT_MAX, LIMIT_DEFAULT);
	if (text.p == NULL || q.start_ms < 0 || q.end_ms < 0) {
		demo_answer_error(x, S("InvalidParameterException"),
		    S("queryString, startTime and endTime are required."));
	} else if (q.end_ms < q.start_ms) {
		demo_answer_error(x, S("InvalidParameterException"),
		    S("End time must not be before start time."));
	} else if (language.p != NULL && !str_eq(language, S("CWLI"))) {
		demo_answer_error(x, S("InvalidParameterException"),
		    S("Only the query language CWLI is available here."));
	}
	if (demo_answer_failed(x)) {
		return;
	}
	parsed = demo_insights_parse(x->arena, query, &e);
	if (parsed == NULL) {
		if (e.message.p != NULL) {
			refuse_query(x, text, query.len > 0 ? query : text,
			    &e);
		}
		return;
	}
	demo_insights_free(parsed);
	q.groups = request_groups(x, text, query);
	if (demo_answer_failed(x)) {
		return;
	}
	/* Whole seconds, both ends included. */
	q.start_ms *= 1000;
	q.end_ms = q.end_ms * 1000 + 999;
	seq = remember(x, &q);
	if (seq == 0) {
		demo_answer_error(x, S("LimitExceededException"),
		    S("Account maximum query concurrency limit reached."));
		return;
	}
	add_id(x->demo, &b, seq);
	json_begin_object(x->out);
	json_put_string(x->out, S("queryId"), buf_str(&b));
	json_end_object(x->out);
}

/* ---- running ---- */

/* What one run has seen. */
struct scan {
	uint64_t record_n, byte_n, group_n;
};

/* The newest event at or before each reader's position; NULL: none left. */
static struct journal_reader *
newest(struct journal_reader **readers, const size_t *left, size_t n)
{
	struct journal_reader *best = NULL;
	int64_t best_ms = INT64_MIN;

	for (size_t i = 0; i < n; i++) {
		if (left[i] > 0 &&
		    readers[i]->events[left[i] - 1].at_ms > best_ms) {
			best = readers[i];
			best_ms = best->events[left[i] - 1].at_ms;
		}
	}
	return best;
}

static bool
feed(const struct demo_query *q, struct insights *in,
    const struct journal_reader *r, const struct journal_event *je,
    struct scan *s)
{
	char ptr[48], group[160], stream[192];
	struct buf p = buf_fixed(ptr, sizeof(ptr));
	struct buf g = buf_fixed(group, sizeof(group));
	struct buf st = buf_fixed(stream, sizeof(stream));
	struct insights_event e = { .at_ms = je->at_ms,
		.ingested_ms = je->at_ms + 1200, .message = je->message };

	if (je->at_ms < q->start_ms || je->at_ms > q->end_ms) {
		return true;
	}
	s->record_n++;
	s->byte_n += je->message.len;
	demo_logs_add_ptr(&p, r, je);
	buf_addf(&g, ACCOUNT_ID ":%s", r->group.name);
	journal_stream(&st, &r->group, je->stream);
	e.ptr = buf_str(&p);
	e.group = buf_str(&g);
	e.stream = buf_str(&st);
	return demo_insights_feed(in, &e) && s->record_n < SCAN_MAX_N;
}

/* Feeds the events of all groups, newest first. */
static void
scan(struct answer *x, const struct account *a, const struct demo_query *q,
    struct insights *in, struct scan *s)
{
	struct journal_reader *readers[GROUP_MAX_N], *r;
	struct str rest = q->groups;
	size_t left[GROUP_MAX_N], n = 0;
	int64_t oldest = a->now_ms / ACCOUNT_MINUTE_MS - ACCOUNT_HISTORY_MIN;
	int64_t first = q->start_ms / ACCOUNT_MINUTE_MS;
	int64_t last = (q->end_ms > a->now_ms ? a->now_ms : q->end_ms) /
	    ACCOUNT_MINUTE_MS;
	struct journal_group g;
	bool more = true;

	first = first < oldest ? oldest : first;
	while (rest.len > 0 && n < GROUP_MAX_N) {
		if (journal_group_find(a, str_cut(&rest, '\n'), &g)) {
			readers[n] = journal_open(x->arena, a, &g);
			if (readers[n] == NULL) {
				return;
			}
			n++;
		}
	}
	s->group_n = n;
	for (int64_t m = last; m >= first && more; m--) {
		for (size_t i = 0; i < n; i++) {
			journal_minute(readers[i], m);
			left[i] = readers[i]->event_n;
		}
		while (more && (r = newest(readers, left, n)) != NULL) {
			size_t i = 0;

			while (readers[i] != r) {
				i++;
			}
			left[i]--;
			more = feed(q, in, r, &r->events[left[i]], s);
		}
	}
}

static void
put_statistics(struct answer *x, const struct scan *s, uint64_t matched_n)
{
	json_key(x->out, S("statistics"));
	json_begin_object(x->out);
	json_put_double(x->out, S("recordsMatched"), (double)matched_n);
	json_put_double(x->out, S("recordsScanned"), (double)s->record_n);
	json_put_double(x->out, S("estimatedRecordsSkipped"), 0);
	json_put_double(x->out, S("bytesScanned"), (double)s->byte_n);
	json_put_double(x->out, S("estimatedBytesSkipped"), 0);
	json_put_double(x->out, S("logGroupsScanned"), (double)s->group_n);
	json_end_object(x->out);
}

static void
put_rows(struct answer *x, const struct insights_table *t, size_t from)
{
	json_key(x->out, S("results"));
	json_begin_array(x->out);
	for (size_t i = from; i < t->row_n && i < from + PAGE_ROW_N; i++) {
		json_begin_array(x->out);
		for (size_t k = 0; k < t->name_n; k++) {
			if (t->rows[i][k].p == NULL) {
				continue;
			}
			json_begin_object(x->out);
			json_put_string(x->out, S("field"), t->names[k]);
			json_put_string(x->out, S("value"), t->rows[i][k]);
			json_end_object(x->out);
		}
		json_end_array(x->out);
	}
	json_end_array(x->out);
	if (from + PAGE_ROW_N < t->row_n) {
		demo_answer_put_page(x, S("nextToken"), from + PAGE_ROW_N);
	}
}

/* Copies the query of that id into the request's arena; false: unknown. */
static bool
recall(struct answer *x, struct str id, bool stop, struct demo_query *out)
{
	struct demo *d = x->demo;
	bool found = false;

	d->sys->lock(d->sys->ctx, SYS_LOCK_DEMO);
	for (size_t i = 0; i < DEMO_QUERY_MAX_N && !found; i++) {
		struct demo_query *q = &d->queries[i];
		char text[48];
		struct buf b = buf_fixed(text, sizeof(text));

		add_id(d, &b, q->seq);
		found = q->seq > 0 && str_eq(id, buf_str(&b));
		if (found) {
			*out = *q;
			out->text = str_dup(x->arena, q->text);
			out->groups = str_dup(x->arena, q->groups);
			q->stopped = q->stopped || stop;
		}
	}
	d->sys->unlock(d->sys->ctx, SYS_LOCK_DEMO);
	if (!found) {
		demo_answer_errorf(x, S("ResourceNotFoundException"),
		    "Query ID %s does not exist.", str_sub(id, 0, 64));
	}
	return found && !x->arena->failed;
}

static struct str
status(const struct answer *x, const struct demo_query *q)
{
	int64_t age = x->account.now_ms - q->created_ms;

	return q->stopped ? S("Cancelled") :
	    age < DEMO_QUERY_SCHEDULED_MS ? S("Scheduled") :
	    age < DEMO_QUERY_RUNNING_MS ? S("Running") : S("Complete");
}

/* see demo_query.h */
void
demo_query_results(struct answer *x)
{
	struct str id = json_get_str(x->in, S("queryId"), S(""));
	size_t from = demo_answer_page(x, S("nextToken"),
	    S("InvalidParameterException"));
	struct insights_table t = { .row_n = 0 };
	struct scan s = { 0, 0, 0 };
	struct insights_error e;
	struct insights *in;
	struct account then;
	struct demo_query q;
	struct str state;
	uint64_t matched_n = 0;

	if (demo_answer_failed(x) || !recall(x, id, false, &q)) {
		return;
	}
	state = status(x, &q);
	if (str_eq(state, S("Complete"))) {
		then = account_at(x->demo->tables, x->demo->born_ms,
		    q.created_ms);
		in = demo_insights_parse(x->arena, without_source(q.text),
		    &e);
		if (in == NULL) {
			return;
		}
		scan(x, &then, &q, in, &s);
		if (!demo_insights_finish(in, (size_t)q.limit, &t,
		    &matched_n)) {
			state = S("Failed");
			t.row_n = 0;
		}
		demo_insights_free(in);
	}
	json_begin_object(x->out);
	json_put_string(x->out, S("queryLanguage"), S("CWLI"));
	put_rows(x, &t, from);
	put_statistics(x, &s, matched_n);
	json_put_string(x->out, S("status"), state);
	json_end_object(x->out);
}

/* see demo_query.h */
void
demo_query_stop(struct answer *x)
{
	struct str id = json_get_str(x->in, S("queryId"), S(""));
	struct demo_query q;

	if (!recall(x, id, true, &q)) {
		return;
	}
	if (q.stopped || str_eq(status(x, &q), S("Complete"))) {
		demo_answer_error(x, S("InvalidParameterException"),
		    S("Query is not running"));
		return;
	}
	json_begin_object(x->out);
	json_put_boolean(x->out, S("success"), true);
	json_end_object(x->out);
}

/* ---- history ---- */

/* What DescribeQueries was asked for, and has written. */
struct listing {
	struct str group;    /* absent: any */
	struct str state;    /* absent: any */
	uint64_t n, max;
};

static void
put_query(struct answer *x, struct listing *l, struct str group,
    struct str id, struct str text, struct str state, int64_t created_ms)
{
	if ((l->group.p != NULL && !str_eq(group, l->group)) ||
	    (l->state.p != NULL && !str_eq(state, l->state))) {
		return;
	}
	l->n++;
	json_begin_object(x->out);
	json_put_string(x->out, S("queryLanguage"), S("CWLI"));
	json_put_string(x->out, S("queryId"), id);
	json_put_string(x->out, S("queryString"), text);
	json_put_string(x->out, S("status"), state);
	json_put_integer(x->out, S("createTime"), created_ms);
	json_put_string(x->out, S("logGroupName"), group);
	json_end_object(x->out);
}

/* Queries that were started here. */
static void
put_recent(struct answer *x, struct listing *l)
{
	uint64_t newest_seq;

	x->demo->sys->lock(x->demo->sys->ctx, SYS_LOCK_DEMO);
	newest_seq = x->demo->query_seq;
	x->demo->sys->unlock(x->demo->sys->ctx, SYS_LOCK_DEMO);
	for (uint64_t k = 0; k < DEMO_QUERY_MAX_N && k < newest_seq &&
	    l->n < l->max; k++) {
		struct answer quiet = *x;
		struct demo_query q;
		char id[48];
		struct buf b = buf_fixed(id, sizeof(id));

		add_id(x->demo, &b, newest_seq - k);
		if (recall(&quiet, buf_str(&b), false, &q)) {
			put_query(x, l, str_cut(&q.groups, '\n'), buf_str(&b),
			    q.text, status(x, &q), q.created_ms);
		}
	}
}

/* One row of the history: its runs from number *k on. */
static void
put_past(struct answer *x, struct listing *l, struct str row, size_t i,
    size_t *k)
{
	struct str group = str_cut(&row, '|');
	struct str times = str_cut(&row, '|');
	struct str hours = str_cut(&row, '|');
	struct buf text = buf_in(x->arena, 1024);
	uint64_t run_n = 0, apart = 0;

	(void)!str_u64(times, 1000, &run_n);
	(void)!str_u64(hours, 1000, &apart);
	for (size_t n = 0; n < row.len; n++) {
		buf_add_byte(&text, row.p[n] == '^' ? '|' : row.p[n]);
	}
	for (; *k < run_n && l->n < l->max; (*k)++) {
		char id[48];
		struct buf b = buf_fixed(id, sizeof(id));

		buf_add(&b, S("00000000-0000-4000-9000-"));
		buf_add_padded(&b, i * 1000 + *k, 12);
		put_query(x, l, group, buf_str(&b), buf_str(&text),
		    S("Complete"), (x->account.onset_min -
		    (int64_t)((*k + 1) * apart) * 60) * ACCOUNT_MINUTE_MS);
	}
	*k = *k < run_n ? *k : 0;
}

/* see demo_query.h */
void
demo_query_describe(struct answer *x)
{
	struct listing l = { .group = json_get_str(x->in, S("logGroupName"),
	    STR_NONE) };
	struct str table = x->account.tables->text[ACCOUNT_HISTORY], row;
	size_t at = demo_answer_page(x, S("nextToken"),
	    S("InvalidParameterException"));
	/* A token is one more than where it goes on. */
	size_t i = at > 0 ? (at - 1) / 1000 : 0;
	size_t k = at > 0 ? (at - 1) % 1000 : 0;

	l.state = demo_answer_choice(x, S("status"),
	    S("Scheduled, Running, Complete, Failed, Cancelled, Timeout, "
	    "Unknown"));
	l.max = (uint64_t)demo_answer_i64(x, S("maxResults"), 1, 1000, 1000);
	if (demo_answer_failed(x)) {
		return;
	}
	json_begin_object(x->out);
	json_key(x->out, S("queries"));
	json_begin_array(x->out);
	if (at == 0) {
		put_recent(x, &l);
	}
	while (l.n < l.max && account_row(table, i, &row)) {
		put_past(x, &l, row, i, &k);
		i += k == 0;
	}
	json_end_array(x->out);
	if (account_row(table, i, &row)) {
		demo_answer_put_page(x, S("nextToken"), i * 1000 + k + 1);
	}
	json_end_object(x->out);
}
