/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log groups, streams and events of the demo account on the wire. Queries are
 * in demo_query.c.
 */
#include "demo/demo_logs.h"

#include "demo/demo_pattern.h"
#include "demo/journal.h"

/* Minutes one FilterLogEvents call looks at, and bytes of one page. */
#define SCAN_MINUTES 2880
#define PAGE_LEN_MAX ((size_t)1000000)
#define EVENT_MAX_N 10000
/* Memory for one message read as JSON: lines are below 1 KiB. */
#define SCRATCH_CAP ((size_t)256 * 1024)

/* ---- groups and streams ---- */

static void
put_group(struct answer *x, const struct journal_group *g)
{
	struct buf arn = buf_in(x->arena, 1024);

	demo_answer_arn(x, &arn, S("logs"), S("log-group:"), g->name);
	json_begin_object(x->out);
	json_put_string(x->out, S("logGroupName"), g->name);
	json_put_integer(x->out, S("creationTime"), g->created_ms);
	if (g->retention_days > 0) {
		json_put_integer(x->out, S("retentionInDays"),
		    g->retention_days);
	}
	json_put_integer(x->out, S("metricFilterCount"), g->filter_n);
	json_put_string(x->out, S("logGroupArn"), buf_str(&arn));
	buf_add(&arn, S(":*"));
	json_put_string(x->out, S("arn"), buf_str(&arn));
	if (g->stored_len >= 0) {
		json_put_integer(x->out, S("storedBytes"), g->stored_len);
	}
	if (g->key.len > 0) {
		demo_answer_put_arn(x, S("kmsKeyId"), S("kms"), S(""), g->key);
	}
	json_put_string(x->out, S("logGroupClass"), g->infrequent ?
	    S("INFREQUENT_ACCESS") : S("STANDARD"));
	json_end_object(x->out);
}

/* see demo_logs.h */
struct str
demo_logs_group_name(struct str identifier)
{
	size_t at = str_find(identifier, S(":log-group:"), 0);

	if (at == identifier.len) {
		return identifier;
	}
	identifier = str_sub(identifier, at + 11, identifier.len);
	return str_ends(identifier, S(":*")) ?
	    str_sub(identifier, 0, identifier.len - 2) : identifier;
}

static bool
identified(const struct json *list, struct str name)
{
	for (const struct json *v = list == NULL ? NULL : list->child;
	    v != NULL; v = v->next) {
		if (str_eq(demo_logs_group_name(json_str(v)), name)) {
			return true;
		}
	}
	return list == NULL || list->n == 0;
}

/* see demo_logs.h */
void
demo_logs_groups(struct answer *x)
{
	struct str prefix = json_get_str(x->in, S("logGroupNamePrefix"),
	    STR_NONE);
	struct str pattern = json_get_str(x->in, S("logGroupNamePattern"),
	    STR_NONE);
	struct str class = demo_answer_choice(x, S("logGroupClass"),
	    S("STANDARD, INFREQUENT_ACCESS, DELIVERY"));
	size_t max = (size_t)demo_answer_i64(x, S("limit"), 1, 50, 50);
	size_t i = demo_answer_page(x, S("nextToken"),
	    S("InvalidParameterException"));
	const struct json *list = json_get_set(x->in,
	    S("logGroupIdentifiers"));
	struct journal_group g;
	size_t n = 0;

	if (prefix.p != NULL && pattern.p != NULL) {
		demo_answer_error(x, S("InvalidParameterException"),
		    S("LogGroup name prefix and LogGroup name pattern are "
		    "mutually exclusive parameters."));
	}
	if (demo_answer_failed(x)) {
		return;
	}
	json_begin_object(x->out);
	json_key(x->out, S("logGroups"));
	json_begin_array(x->out);
	for (; journal_group(&x->account, i, &g); i++) {
		if ((prefix.p != NULL && !str_starts(g.name, prefix)) ||
		    (pattern.p != NULL && !str_icontains(g.name, pattern)) ||
		    (class.p != NULL && !str_eq(class, g.infrequent ?
		    S("INFREQUENT_ACCESS") : S("STANDARD"))) ||
		    !identified(list, g.name)) {
			continue;
		}
		if (n++ == max) {
			break;
		}
		put_group(x, &g);
	}
	json_end_array(x->out);
	if (n > max) {
		demo_answer_put_page(x, S("nextToken"), i);
	}
	json_end_object(x->out);
}

/* The group that logGroupName or logGroupIdentifier names; false after a
 * refusal. */
static bool
request_group(struct answer *x, struct journal_group *g)
{
	struct str name = json_get_str(x->in, S("logGroupName"), STR_NONE);
	struct str id = json_get_str(x->in, S("logGroupIdentifier"), STR_NONE);

	if ((name.p == NULL) == (id.p == NULL)) {
		demo_answer_error(x, S("InvalidParameterException"),
		    S("Exactly one of logGroupName and logGroupIdentifier "
		    "must be given."));
		return false;
	}
	if (!journal_group_find(&x->account, name.p != NULL ? name :
	    demo_logs_group_name(id), g)) {
		demo_answer_error(x, S("ResourceNotFoundException"),
		    S("The specified log group does not exist."));
		return false;
	}
	return !demo_answer_failed(x);
}

static struct str
stream_name(struct answer *x, const struct journal_group *g, size_t i)
{
	struct buf b = buf_in(x->arena, 512);

	journal_stream(&b, g, i);
	return buf_str(&b);
}

/* Newest event of a stream: minutes ago, or long ago for silent groups. */
static int64_t
last_event_ms(const struct answer *x, const struct journal_group *g, size_t i)
{
	int64_t age = (int64_t)(account_hash(account_hash_str(g->name), i) %
	    240000);

	return x->account.now_ms / ACCOUNT_MINUTE_MS * ACCOUNT_MINUTE_MS - age -
	    (g->rate > 0 ? 0 : 40 * 1440 * ACCOUNT_MINUTE_MS);
}

static void
put_stream(struct answer *x, const struct journal_group *g, size_t i)
{
	int64_t last = last_event_ms(x, g, i);
	struct str name = stream_name(x, g, i);
	struct buf rest = buf_in(x->arena, 1024);

	buf_addf(&rest, "log-group:%s:log-stream:", g->name);
	json_begin_object(x->out);
	json_put_string(x->out, S("logStreamName"), name);
	json_put_integer(x->out, S("creationTime"), g->created_ms);
	json_put_integer(x->out, S("firstEventTimestamp"),
	    g->created_ms + 1000);
	json_put_integer(x->out, S("lastEventTimestamp"), last);
	json_put_integer(x->out, S("lastIngestionTime"), last + 1200);
	json_put_string(x->out, S("uploadSequenceToken"),
	    S("49039859633023"));
	demo_answer_put_arn(x, S("arn"), S("logs"), buf_str(&rest), name);
	json_put_integer(x->out, S("storedBytes"), 0);
	json_end_object(x->out);
}

/* see demo_logs.h */
void
demo_logs_streams(struct answer *x)
{
	struct str prefix = json_get_str(x->in, S("logStreamNamePrefix"),
	    STR_NONE);
	struct str order = demo_answer_choice(x, S("orderBy"),
	    S("LogStreamName, LastEventTime"));
	bool by_time = str_eq(order, S("LastEventTime"));
	bool falling = json_get_bool(x->in, S("descending"), false);
	size_t max = (size_t)demo_answer_i64(x, S("limit"), 1, 50, 50);
	size_t from = demo_answer_page(x, S("nextToken"),
	    S("InvalidParameterException"));
	size_t order_of[16], n = 0;
	struct journal_group g;

	if (by_time && prefix.p != NULL) {
		demo_answer_error(x, S("InvalidParameterException"),
		    S("Cannot order by LastEventTime with a "
		    "logStreamNamePrefix."));
	}
	if (!request_group(x, &g)) {
		return;
	}
	MUST(g.stream_n <= sizeof(order_of) / sizeof(order_of[0]));
	for (size_t i = 0; i < g.stream_n; i++) {
		struct str name = stream_name(x, &g, i);
		size_t k = n;

		if (!str_starts(name, prefix)) {
			continue;
		}
		while (k > 0 && (by_time ? last_event_ms(x, &g, i) <
		    last_event_ms(x, &g, order_of[k - 1]) : str_cmp(name,
		    stream_name(x, &g, order_of[k - 1])) < 0) != falling) {
			order_of[k] = order_of[k - 1];
			k--;
		}
		order_of[k] = i;
		n++;
	}
	json_begin_object(x->out);
	json_key(x->out, S("logStreams"));
	json_begin_array(x->out);
	for (size_t i = from; i < n && i < from + max; i++) {
		put_stream(x, &g, order_of[i]);
	}
	json_end_array(x->out);
	if (from + max < n) {
		demo_answer_put_page(x, S("nextToken"), from + max);
	}
	json_end_object(x->out);
}

/* ---- events ---- */

static bool
stream_wanted(const struct answer *x, struct str name)
{
	const struct json *names = json_get_set(x->in, S("logStreamNames"));
	struct str prefix = json_get_str(x->in, S("logStreamNamePrefix"),
	    S(""));

	return str_starts(name, prefix) && (names == NULL || names->n == 0 ||
	    demo_answer_lists(names, name));
}

static void
put_event(struct answer *x, const struct journal_reader *r,
    const struct journal_event *e, const struct str *streams)
{
	char id[64];
	struct buf b = buf_fixed(id, sizeof(id));

	json_begin_object(x->out);
	if (streams != NULL) {
		json_put_string(x->out, S("logStreamName"),
		    streams[e->stream]);
	}
	json_put_integer(x->out, S("timestamp"), e->at_ms);
	json_put_string(x->out, S("message"), e->message);
	json_put_integer(x->out, S("ingestionTime"), e->at_ms + 1200);
	if (streams != NULL) {
		buf_add_padded(&b, (uint64_t)e->at_ms, 20);
		buf_add_padded(&b, r->group.row, 4);
		buf_add_padded(&b, e->number, 8);
		json_put_string(x->out, S("eventId"), buf_str(&b));
	}
	json_end_object(x->out);
}

/* Start and end of the window in milliseconds, both inclusive. */
static void
event_window(struct answer *x, int64_t *start_ms, int64_t *end_ms)
{
	int64_t oldest = x->account.now_ms - ACCOUNT_HISTORY_MIN *
	    ACCOUNT_MINUTE_MS;

	*start_ms = demo_answer_i64(x, S("startTime"), 0, INT64_MAX, oldest);
	*start_ms = *start_ms < oldest ? oldest : *start_ms;
	*end_ms = demo_answer_i64(x, S("endTime"), 0, INT64_MAX,
	    x->account.now_ms);
	*end_ms = *end_ms > x->account.now_ms ? x->account.now_ms : *end_ms;
}

/* One FilterLogEvents on its way through the minutes of a group. */
struct scan {
	struct journal_reader *r;
	struct str streams[16];
	struct demo_pattern pattern;
	struct arena scratch;    /* for events that are JSON */
	int64_t start_ms, end_ms;
	bool backward;           /* newest first */
	size_t n, max;           /* events written, and at most */
	size_t from_len;         /* of the answer, before the first event */
};

/* Writes the wanted events of the reader's minute from number *i on, counted
 * from its far end when reading backward. false: the page is full, and *i is
 * the first event that is not in it. */
static bool
put_minute(struct answer *x, struct scan *s, size_t *i)
{
	for (; *i < s->r->event_n; (*i)++) {
		const struct journal_event *e = &s->r->events[s->backward ?
		    s->r->event_n - 1 - *i : *i];

		if (s->n == s->max ||
		    x->out->b->len - s->from_len > PAGE_LEN_MAX) {
			return false;
		}
		if (e->at_ms >= s->start_ms && e->at_ms <= s->end_ms &&
		    stream_wanted(x, s->streams[e->stream]) &&
		    demo_pattern_match(&s->pattern, e->message, &s->scratch)) {
			put_event(x, s->r, e, s->streams);
			s->n++;
		}
	}
	return true;
}

/* see demo_logs.h */
void
demo_logs_filter(struct answer *x)
{
	struct scan s = { .max = (size_t)demo_answer_i64(x, S("limit"), 1,
	    EVENT_MAX_N, EVENT_MAX_N) };
	size_t token = demo_answer_page(x, S("nextToken"),
	    S("InvalidParameterException"));
	struct str text = json_get_str(x->in, S("filterPattern"), S(""));
	int64_t start, all, m;
	struct journal_group g;
	size_t i = token % 128;

	s.backward = !json_get_bool(x->in, S("startFromHead"), true);
	event_window(x, &s.start_ms, &s.end_ms);
	if (!demo_pattern_parse(x->arena, text, &s.pattern)) {
		demo_answer_error(x, S("InvalidParameterException"),
		    S("Invalid filter pattern"));
	}
	if (!request_group(x, &g)) {
		return;
	}
	if (g.infrequent) {
		demo_answer_error(x, S("InvalidParameterException"),
		    S("This operation is not supported for log groups of the "
		    "INFREQUENT_ACCESS class."));
		return;
	}
	s.r = journal_open(x->arena, &x->account, &g);
	if (s.r == NULL) {
		return;
	}
	for (size_t k = 0; k < g.stream_n; k++) {
		s.streams[k] = stream_name(x, &g, k);
	}
	arena_init(&s.scratch, SCRATCH_CAP);
	json_begin_object(x->out);
	json_key(x->out, S("events"));
	json_begin_array(x->out);
	s.from_len = x->out->b->len;
	start = s.start_ms / ACCOUNT_MINUTE_MS;
	all = s.end_ms / ACCOUNT_MINUTE_MS - start + 1;
	/* The token counts minutes from the end that is read first, and events
	 * in the minute. */
	for (m = (int64_t)(token / 128); m < all &&
	    m < (int64_t)(token / 128) + SCAN_MINUTES; m++) {
		journal_minute(s.r, s.backward ? start + all - 1 - m :
		    start + m);
		if (!put_minute(x, &s, &i)) {
			break;
		}
		i = 0;
	}
	arena_free(&s.scratch);
	json_end_array(x->out);
	json_key(x->out, S("searchedLogStreams"));
	json_begin_array(x->out);
	json_end_array(x->out);
	if (m < all) {
		demo_answer_put_page(x, S("nextToken"), (size_t)m * 128 + i);
	}
	json_end_object(x->out);
}

/* An event kept for an answer that is written from its far end. */
struct kept {
	int64_t at_ms;
	struct str message;
};

static bool
keep(struct answer *x, struct kept *k, const struct journal_event *e,
    size_t *left)
{
	k->at_ms = e->at_ms;
	k->message = str_dup(x->arena, e->message);
	*left = e->message.len + 64 < *left ? *left - e->message.len - 64 : 0;
	return *left > 0 && k->message.p != NULL;
}

/* Collects events of one stream: forwards from start_ms, or backwards from
 * end_ms. Returns how many; backwards they are newest first. */
static size_t
collect(struct answer *x, struct journal_reader *r, size_t stream,
    int64_t start_ms, int64_t end_ms, bool forward, struct kept *out,
    size_t max)
{
	int64_t first = start_ms / ACCOUNT_MINUTE_MS;
	int64_t last = end_ms / ACCOUNT_MINUTE_MS;
	size_t n = 0, left = PAGE_LEN_MAX;

	for (int64_t k = 0; k <= last - first; k++) {
		journal_minute(r, forward ? first + k : last - k);
		for (size_t i = 0; i < r->event_n; i++) {
			const struct journal_event *e = &r->events[forward ? i :
			    r->event_n - 1 - i];

			if (e->stream != stream || e->at_ms < start_ms ||
			    e->at_ms > end_ms) {
				continue;
			}
			if (n == max || !keep(x, &out[n], e, &left)) {
				return n;
			}
			n++;
		}
	}
	return n;
}

static void
put_token(struct answer *x, struct str key, char way, int64_t ms)
{
	char text[32];
	struct buf b = buf_fixed(text, sizeof(text));

	buf_add_byte(&b, way);
	buf_add_byte(&b, '/');
	buf_add_i64(&b, ms);
	json_put_string(x->out, key, buf_str(&b));
}

/* see demo_logs.h */
void
demo_logs_events(struct answer *x)
{
	struct str name = json_get_str(x->in, S("logStreamName"), S(""));
	struct str token = json_get_str(x->in, S("nextToken"), STR_NONE);
	bool forward = json_get_bool(x->in, S("startFromHead"), false);
	size_t max = (size_t)demo_answer_i64(x, S("limit"), 1, EVENT_MAX_N,
	    EVENT_MAX_N);
	int64_t start_ms, end_ms, at;
	struct journal_reader *r;
	struct journal_group g;
	struct kept *kept;
	size_t stream = 0, n;

	event_window(x, &start_ms, &end_ms);
	if (!request_group(x, &g)) {
		return;
	}
	while (stream < g.stream_n &&
	    !str_eq(stream_name(x, &g, stream), name)) {
		stream++;
	}
	if (stream == g.stream_n) {
		demo_answer_error(x, S("ResourceNotFoundException"),
		    S("The specified log stream does not exist."));
		return;
	}
	if (token.p != NULL && ((!str_starts(token, S("f/")) &&
	    !str_starts(token, S("b/"))) ||
	    !str_i64(str_sub(token, 2, token.len), 0, INT64_MAX / 2, &at))) {
		demo_answer_error(x, S("InvalidParameterException"),
		    S("The specified nextToken is invalid."));
		return;
	}
	if (token.p != NULL) {
		forward = token.p[0] == 'f';
		start_ms = forward && at > start_ms ? at : start_ms;
		end_ms = !forward && at < end_ms ? at : end_ms;
	}
	r = journal_open(x->arena, &x->account, &g);
	kept = ARENA_ARRAY(x->arena, max, struct kept);
	if (r == NULL || kept == NULL) {
		return;
	}
	n = collect(x, r, stream, start_ms, end_ms, forward, kept, max);
	json_begin_object(x->out);
	json_key(x->out, S("events"));
	json_begin_array(x->out);
	for (size_t i = 0; i < n; i++) {
		const struct kept *k = &kept[forward ? i : n - 1 - i];
		struct journal_event e = { .at_ms = k->at_ms,
			.message = k->message };

		put_event(x, r, &e, NULL);
	}
	json_end_array(x->out);
	/* Nothing more in a direction: its token stays the same. */
	put_token(x, S("nextForwardToken"), 'f', n == 0 ? (forward ? start_ms :
	    end_ms + 1) : kept[forward ? n - 1 : 0].at_ms + 1);
	put_token(x, S("nextBackwardToken"), 'b', n == 0 ? (forward ?
	    start_ms - 1 : end_ms) : kept[forward ? 0 : n - 1].at_ms - 1);
	json_end_object(x->out);
}

/* ---- one event ---- */

#define PTR_PREFIX "ClQKGdemo"
#define PTR_DIGITS 21U /* 14 of the time, 3 of the group, 4 of the event */

/* see demo_logs.h */
void
demo_logs_add_ptr(struct buf *b, const struct journal_reader *r,
    const struct journal_event *e)
{
	buf_add(b, S(PTR_PREFIX));
	buf_add_padded(b, (uint64_t)e->at_ms, 14);
	buf_add_padded(b, r->group.row, 3);
	buf_add_padded(b, e->number, 4);
}

/* Finds the event of a pointer in r->events. */
static const struct journal_event *
find_ptr(struct answer *x, struct str ptr, struct journal_reader **r)
{
	struct str digits = str_sub(ptr, sizeof(PTR_PREFIX) - 1, ptr.len);
	uint64_t at_ms, row, number;
	struct journal_group g;

	if (!str_starts(ptr, S(PTR_PREFIX)) || digits.len != PTR_DIGITS ||
	    !str_u64(str_sub(digits, 0, 14), UINT64_MAX, &at_ms) ||
	    !str_u64(str_sub(digits, 14, 17), UINT64_MAX, &row) ||
	    !str_u64(str_sub(digits, 17, 21), UINT64_MAX, &number) ||
	    !journal_group(&x->account, (size_t)row, &g)) {
		return NULL;
	}
	*r = journal_open(x->arena, &x->account, &g);
	if (*r == NULL) {
		return NULL;
	}
	journal_minute(*r, (int64_t)at_ms / ACCOUNT_MINUTE_MS);
	for (size_t i = 0; i < (*r)->event_n; i++) {
		if ((*r)->events[i].at_ms == (int64_t)at_ms &&
		    (*r)->events[i].number == number) {
			return &(*r)->events[i];
		}
	}
	return NULL;
}

/* see demo_logs.h */
void
demo_logs_record(struct answer *x)
{
	struct str ptr = json_get_str(x->in, S("logRecordPointer"), S(""));
	struct buf b = buf_in(x->arena, 512);
	const struct journal_event *e;
	struct journal_reader *r;
	struct json *v = NULL;

	e = find_ptr(x, ptr, &r);
	if (e == NULL) {
		demo_answer_error(x, S("InvalidParameterException"),
		    S("The log record pointer is invalid."));
		return;
	}
	json_begin_object(x->out);
	json_key(x->out, S("logRecord"));
	json_begin_object(x->out);
	json_put_string(x->out, S("@message"), e->message);
	buf_add_i64(&b, e->at_ms);
	json_put_string(x->out, S("@timestamp"), buf_str(&b));
	buf_clear(&b);
	buf_add_i64(&b, e->at_ms + 1200);
	json_put_string(x->out, S("@ingestionTime"), buf_str(&b));
	buf_clear(&b);
	buf_addf(&b, ACCOUNT_ID ":%s", r->group.name);
	json_put_string(x->out, S("@log"), buf_str(&b));
	json_put_string(x->out, S("@logStream"), stream_name(x, &r->group,
	    e->stream));
	json_put_string(x->out, S("@ptr"), ptr);
	if (json_parse(x->arena, e->message, 0, &v, NULL) == ERR_OK &&
	    v->type == JSON_OBJECT) {
		for (v = v->child; v != NULL; v = v->next) {
			if (v->type < JSON_ARRAY) {
				json_put_string(x->out, v->key, v->text);
			}
		}
	}
	json_end_object(x->out);
	json_end_object(x->out);
}

/* ---- saved queries ---- */

static void
put_definition(struct answer *x, struct str row)
{
	struct str name = str_cut(&row, '|');
	struct str groups = str_cut(&row, '|');
	struct buf b = buf_in(x->arena, 2048);
	char id[40];
	struct buf hex = buf_fixed(id, sizeof(id));

	for (size_t i = 0; i < row.len; i++) {
		buf_add(&b, row.p[i] == '^' ? S("|") : row.p[i] == '~' ?
		    S("\n") : str_sub(row, i, i + 1));
	}
	buf_addf(&hex, "00000000-0000-4000-8000-%u",
	    account_hash_str(name) % 900000000000 + 100000000000);
	json_begin_object(x->out);
	json_put_string(x->out, S("queryLanguage"), S("CWLI"));
	json_put_string(x->out, S("queryDefinitionId"), buf_str(&hex));
	json_put_string(x->out, S("name"), name);
	json_put_string(x->out, S("queryString"), buf_str(&b));
	json_put_integer(x->out, S("lastModified"), (x->account.onset_min -
	    (int64_t)(account_hash_str(name) % 200) * 1440) *
	    ACCOUNT_MINUTE_MS);
	json_key(x->out, S("logGroupNames"));
	json_begin_array(x->out);
	while (groups.p != NULL && groups.len > 0) {
		json_string(x->out, str_cut(&groups, ','));
	}
	json_end_array(x->out);
	json_end_object(x->out);
}

/* see demo_logs.h */
void
demo_logs_definitions(struct answer *x)
{
	struct str prefix = json_get_str(x->in,
	    S("queryDefinitionNamePrefix"), S(""));
	struct str language = demo_answer_choice(x, S("queryLanguage"),
	    S("CWLI, SQL, PPL"));
	size_t max = (size_t)demo_answer_i64(x, S("maxResults"), 1, 1000,
	    1000);
	size_t i = demo_answer_page(x, S("nextToken"),
	    S("InvalidParameterException"));
	struct str table = x->account.tables->text[ACCOUNT_DEFINITIONS], row;
	size_t n = 0;

	if (demo_answer_failed(x)) {
		return;
	}
	json_begin_object(x->out);
	json_key(x->out, S("queryDefinitions"));
	json_begin_array(x->out);
	for (; account_row(table, i, &row); i++) {
		if (!str_starts(row, prefix) || (language.p != NULL &&
		    !str_eq(language, S("CWLI")))) {
			continue;
		}
		if (n++ == max) {
			break;
		}
		put_definition(x, row);
	}
	json_end_array(x->out);
	if (n > max) {
		demo_answer_put_page(x, S("nextToken"), i);
	}
	json_end_object(x->out);
}
