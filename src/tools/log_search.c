/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search_log_events: events of several log groups that match a filter pattern,
 * newest first, with the lines around them where asked.
 *
 * FilterLogEvents is asked for each group, several groups at a time, from the
 * newest event backwards (startFromHead: false, which AWS takes for windows
 * that begin in 2024 or later). Pages may be empty and still have a token
 * behind them; a token that stays the same ends the group. Of all events the
 * newest max_events are kept, and a group is left as soon as nothing older can
 * be among them. Where AWS answers oldest first all the same, the group is
 * read on to its end, so that what is shown still is the newest.
 *
 * Bounded by PAGE_MAX_N pages a group and by max_timeout; each group says
 * whether it was searched to the end of the window. A group that fails is named
 * with its reason beside what the others gave.
 */
#include "tools/tools.h"

#include "base/timefmt.h"
#include "tools/ask.h"
#include "tools/log_row.h"
#include "tools/query_run.h"
#include "tools/show.h"

/* Groups of one call; the same bound as that of an Insights query. */
#define GROUP_MAX_N 50
/* FilterLogEvents in flight: half of its quota for one second. */
#define AT_ONCE_N 4
/* Pages of one group: an empty one is what AWS searched in a second or so. */
#define PAGE_MAX_N 40
/* Hits that get their neighbours, two requests each. */
#define CONTEXT_HIT_MAX_N 20
/* More lines asked for than shown: events of the hit's own millisecond. */
#define CONTEXT_SPARE_N 10
/* One line of context; the hit itself may be longer. */
#define CONTEXT_LINE_MAX 500
/* 2024-01-01: from there on AWS gives the newest first. */
#define BACKWARD_FROM_MS INT64_C(1704067200000)

struct group {
	struct str name;      /* as AWS takes it: name or ARN */
	struct str token;     /* of the next page; absent: the first */
	unsigned page_n;
	size_t seen_n;        /* matching events that AWS gave */
	int64_t oldest_ms;    /* of them */
	bool ascending;       /* AWS answers oldest first */
	bool done;
	bool complete;        /* the whole window was searched */
	struct str error;     /* absent: none */
	enum err err;
};

struct hit {
	int64_t at_ms;
	size_t group;
	struct str stream;
	struct str message;   /* what is shown of it */
	size_t message_len;   /* of the whole */
	const struct json *before, *after; /* arrays of events, or NULL */
	struct str error;     /* why there is no context; absent: none */
};

struct search {
	struct call *c;
	struct ask q;
	struct rows rows;
	int64_t start_ms, end_ms, until_ms;
	size_t message_max;
	struct group groups[GROUP_MAX_N];
	size_t group_n;
	bool more_groups;
	struct hit *hits;     /* newest first */
	size_t hit_n, max;
	bool left;            /* matching events are not among the hits */
};

/* ---- which groups ---- */

static bool
add_group(struct search *s, struct str name, struct str class)
{
	struct group *g = &s->groups[s->group_n];

	for (size_t i = 0; i < s->group_n; i++) {
		if (str_eq(log_row_group_name(s->groups[i].name),
		    log_row_group_name(name)) && (str_eq(s->groups[i].name,
		    name) || !str_starts(name, S("arn:")))) {
			return true;
		}
	}
	if (s->group_n == GROUP_MAX_N) {
		s->more_groups = true;
		return false;
	}
	*g = (struct group){ .name = name, .oldest_ms = INT64_MAX };
	if (class.len > 0 && !str_eq(class, S("STANDARD"))) {
		g->done = true;
		g->err = ERR_AWS_REQUEST;
		g->error = S("FilterLogEvents does not read groups of this "
		    "class; use execute_log_insights_query");
	}
	s->group_n++;
	return true;
}

/* Adds the groups that DescribeLogGroups finds. */
static enum err
find_groups(struct search *s, struct str member, struct str value)
{
	struct str token = STR_NONE, before;

	do {
		struct json_writer *body = ask_body(&s->q);
		const struct json *page, *g;
		enum err err;

		before = token;
		json_put_string(body, member, value);
		json_put_integer(body, S("limit"), 50);
		if (token.p != NULL) {
			json_put_string(body, S("nextToken"), token);
		}
		err = ask_send(&s->q, ENDPOINT_LOGS, S("DescribeLogGroups"),
		    &page);
		if (err != ERR_OK) {
			return err;
		}
		g = json_at(json_get(page, S("logGroups")), 0);
		for (; g != NULL; g = g->next) {
			struct str name = json_get_str(g, S("logGroupName"),
			    STR_NONE);

			if (name.len > 0 && !add_group(s, name, json_get_str(g,
			    S("logGroupClass"), STR_NONE))) {
				return ERR_OK;
			}
		}
		token = json_get_str(page, S("nextToken"), STR_NONE);
	} while (token.len > 0 && !str_eq(token, before));
	return ERR_OK;
}

static enum err
choose_groups(struct search *s)
{
	struct call *c = s->c;
	struct str prefix = tool_arg_str(c, S("log_group_name_prefix"));
	struct str pattern = tool_arg_str(c, S("log_group_name_pattern"));
	const struct json *v = json_at(tool_arg(c, S("log_group_names")), 0);
	enum err err = ERR_OK;

	if (v == NULL && prefix.len == 0 && pattern.len == 0) {
		return fail_set(c->fail, ERR_ARGUMENT, 0, S("say which log "
		    "groups: log_group_names, log_group_name_prefix or "
		    "log_group_name_pattern; describe_log_groups lists them"));
	}
	for (; v != NULL; v = v->next) {
		(void)add_group(s, json_str(v), STR_NONE);
	}
	if (prefix.len > 0) {
		err = find_groups(s, S("logGroupNamePrefix"), prefix);
	}
	if (err == ERR_OK && pattern.len > 0) {
		err = find_groups(s, S("logGroupNamePattern"), pattern);
	}
	if (err == ERR_OK && s->group_n == 0) {
		return fail_set(c->fail, ERR_AWS_MISSING, 0, S("no log group "
		    "matches in this region and account"));
	}
	return err;
}

/* ---- one page ---- */

/* Keeps an event if it is among the newest. */
static enum err
add_hit(struct search *s, size_t group, int64_t at_ms,
    const struct json *event)
{
	struct arena *a = s->c->arena;
	struct str message = json_get_str(event, S("message"), S(""));
	size_t i = s->hit_n;
	struct hit h = { .at_ms = at_ms, .group = group,
		.message_len = message.len };

	while (i > 0 && s->hits[i - 1].at_ms < at_ms) {
		i--;
	}
	s->left |= s->hit_n == s->max;
	if (i == s->max) {
		return ERR_OK;
	}
	h.message = str_dup(a, log_row_cut(message, s->message_max));
	h.stream = str_dup(a, json_get_str(event, S("logStreamName"),
	    S("")));
	if (h.message.p == NULL || h.stream.p == NULL) {
		return fail_set(s->c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	s->hit_n += s->hit_n < s->max;
	for (size_t k = s->hit_n - 1; k > i; k--) {
		s->hits[k] = s->hits[k - 1];
	}
	s->hits[i] = h;
	return ERR_OK;
}

static enum err
take_page(struct search *s, size_t group, const struct json *page)
{
	const struct json *e = json_at(json_get(page, S("events")), 0);
	struct str token = json_get_str(page, S("nextToken"), STR_NONE);
	struct group *g = &s->groups[group];
	int64_t before = INT64_MAX;

	for (; e != NULL; e = e->next) {
		int64_t at_ms;
		enum err err;

		if (!json_i64(json_get(e, S("timestamp")), 0, TIMEFMT_MAX_MS,
		    &at_ms)) {
			continue;
		}
		g->seen_n++;
		g->ascending |= at_ms > before;
		before = at_ms;
		g->oldest_ms = at_ms < g->oldest_ms ? at_ms : g->oldest_ms;
		err = add_hit(s, group, at_ms, e);
		if (err != ERR_OK) {
			return err;
		}
	}
	g->page_n++;
	g->complete = token.len == 0;
	g->done = g->complete || str_eq(token, g->token) ||
	    g->page_n == PAGE_MAX_N || (!g->ascending &&
	    s->hit_n == s->max && g->seen_n > 0 &&
	    g->oldest_ms <= s->hits[s->max - 1].at_ms);
	s->left |= !g->complete && g->done;
	g->token = str_dup(s->c->arena, token);
	return ERR_OK;
}

static struct str
page_body(struct search *s, const struct group *g)
{
	struct call *c = s->c;
	struct buf b = buf_in(c->arena, HTTP_BODY_MAX);
	struct json_writer w = json_writer(&b);
	struct str pattern = tool_arg_str(c, S("filter_pattern"));
	struct str prefix = tool_arg_str(c, S("log_stream_name_prefix"));
	const struct json *streams = tool_arg(c, S("log_stream_names"));

	json_begin_object(&w);
	log_row_put_group(&w, g->name);
	json_put_integer(&w, S("startTime"), s->start_ms);
	json_put_integer(&w, S("endTime"), s->end_ms);
	if (pattern.len > 0) {
		json_put_string(&w, S("filterPattern"), pattern);
	}
	if (json_at(streams, 0) != NULL) {
		json_put_value(&w, S("logStreamNames"), streams);
	} else if (prefix.len > 0) {
		json_put_string(&w, S("logStreamNamePrefix"), prefix);
	}
	if (s->start_ms >= BACKWARD_FROM_MS) {
		json_put_boolean(&w, S("startFromHead"), false);
	}
	json_put_integer(&w, S("limit"), (int64_t)s->max);
	if (g->token.len > 0) {
		json_put_string(&w, S("nextToken"), g->token);
	}
	json_end_object(&w);
	return buf_ok(&b) ? buf_str(&b) : STR_NONE;
}

/* ---- the search ---- */

/* Answers live in an arena that is given back after each round. */
static void
open_scratch(const struct search *s, struct arena *scratch,
    struct aws_scope *scope)
{
	arena_init(scratch, JOB_ARENA_CAP);
	if (s->c->arena->budget != NULL) {
		arena_share(scratch, s->c->arena->budget);
	}
	*scope = s->q.scope;
	scope->arena = scratch;
}

/* The groups that are read next: those with the fewest pages so far. */
static size_t
choose_round(const struct search *s, size_t list[static AT_ONCE_N])
{
	size_t n = 0;

	for (size_t i = 0; i < s->group_n; i++) {
		size_t k = n < AT_ONCE_N ? n : AT_ONCE_N - 1;

		if (s->groups[i].done || (n == AT_ONCE_N &&
		    s->groups[list[k]].page_n <= s->groups[i].page_n)) {
			continue;
		}
		while (k > 0 && s->groups[list[k - 1]].page_n >
		    s->groups[i].page_n) {
			list[k] = list[k - 1];
			k--;
		}
		list[k] = i;
		n += n < AT_ONCE_N;
	}
	return n;
}

/* Reads one page of each group of the list. */
static enum err
read_round(struct search *s, const size_t *list, size_t n)
{
	static const struct aws_op op = { ENDPOINT_LOGS,
	    STR_INIT("FilterLogEvents") };
	struct aws_job jobs[AT_ONCE_N] = { { 0 } };
	struct aws_scope scope;
	struct arena scratch;
	enum err err = ERR_OK;

	open_scratch(s, &scratch, &scope);
	scope.deadline_ms = s->until_ms;
	for (size_t i = 0; i < n; i++) {
		jobs[i] = (struct aws_job){ .scope = &scope, .op = &op,
		    .body = page_body(s, &s->groups[list[i]]) };
	}
	aws_call_many(jobs, n);
	for (size_t i = 0; i < n && err == ERR_OK; i++) {
		struct group *g = &s->groups[list[i]];

		if (jobs[i].err == ERR_OK) {
			err = take_page(s, list[i], jobs[i].reply.json);
		} else if (jobs[i].err == ERR_CANCELLED ||
		    jobs[i].err == ERR_NOMEM) {
			err = fail_set(s->c->fail, jobs[i].err, 0, STR_NONE);
		} else {
			g->done = true;
			g->err = jobs[i].err;
			g->error = str_dup(s->c->arena,
			    fail_text(&jobs[i].fail));
		}
	}
	arena_free(&scratch);
	return err;
}

static enum err
search(struct search *s)
{
	const struct sys *sys = s->c->sys;
	size_t list[AT_ONCE_N], n;
	double page_n = 0;

	while ((n = choose_round(s, list)) > 0 &&
	    sys->mono_ms(sys->ctx) < s->until_ms) {
		struct buf b = buf_in(s->c->arena, 128);
		enum err err = read_round(s, list, n);
		size_t done_n = 0;

		if (err != ERR_OK) {
			return err;
		}
		for (size_t i = 0; i < s->group_n; i++) {
			done_n += s->groups[i].done;
		}
		page_n += (double)n;
		buf_addf(&b, "%u of %u log groups searched, %u events found",
		    (uint64_t)done_n, (uint64_t)s->group_n,
		    (uint64_t)s->hit_n);
		s->c->progress(s->c, page_n, 0, buf_str(&b));
	}
	s->left |= n > 0;
	/* Nobody could be searched: that is an error, the first one. */
	for (size_t i = 0; i < s->group_n; i++) {
		if (s->groups[i].err == ERR_OK) {
			return ERR_OK;
		}
	}
	return fail_setf(s->c->fail, s->groups[0].err, "%s: %s",
	    s->groups[0].name, s->groups[0].error);
}

/* ---- context ---- */

static struct str
context_body(struct search *s, const struct hit *h, bool after, size_t lines)
{
	struct buf b = buf_in(s->c->arena, HTTP_BODY_MAX);
	struct json_writer w = json_writer(&b);

	json_begin_object(&w);
	log_row_put_group(&w, s->groups[h->group].name);
	json_put_string(&w, S("logStreamName"), h->stream);
	/* The end is not included in the window, the start is. */
	json_put_integer(&w, after ? S("startTime") : S("endTime"),
	    after ? h->at_ms : h->at_ms + 1);
	json_put_boolean(&w, S("startFromHead"), after);
	json_put_integer(&w, S("limit"), (int64_t)(lines + 1 +
	    CONTEXT_SPARE_N));
	json_end_object(&w);
	return buf_ok(&b) ? buf_str(&b) : STR_NONE;
}

/* Asks for the neighbours of up to four hits. */
static enum err
read_context(struct search *s, struct hit *hits, size_t n, size_t lines)
{
	static const struct aws_op op = { ENDPOINT_LOGS,
	    STR_INIT("GetLogEvents") };
	struct aws_job jobs[2 * AT_ONCE_N] = { { 0 } };

	for (size_t i = 0; i < 2 * n; i++) {
		jobs[i] = (struct aws_job){ .scope = &s->q.scope, .op = &op,
		    .body = context_body(s, &hits[i / 2], i % 2 == 1, lines) };
	}
	aws_call_many(jobs, 2 * n);
	for (size_t i = 0; i < 2 * n; i++) {
		struct hit *h = &hits[i / 2];
		const struct json *events = json_get(jobs[i].reply.json,
		    S("events"));

		if (jobs[i].err == ERR_CANCELLED || jobs[i].err == ERR_NOMEM) {
			return fail_set(s->c->fail, jobs[i].err, 0, STR_NONE);
		}
		if (jobs[i].err != ERR_OK) {
			h->error = fail_text(&jobs[i].fail);
		}
		*(i % 2 == 1 ? &h->after : &h->before) = events;
	}
	return ERR_OK;
}

static enum err
add_context(struct search *s, size_t lines)
{
	const struct sys *sys = s->c->sys;
	size_t most = s->hit_n < CONTEXT_HIT_MAX_N ? s->hit_n :
	    CONTEXT_HIT_MAX_N;

	for (size_t i = 0; lines > 0 && i < most &&
	    sys->mono_ms(sys->ctx) < s->until_ms; i += AT_ONCE_N) {
		size_t n = most - i < AT_ONCE_N ? most - i : AT_ONCE_N;
		enum err err = read_context(s, &s->hits[i], n, lines);

		if (err != ERR_OK) {
			return err;
		}
	}
	return ERR_OK;
}

/* The event is the hit itself. */
static bool
is_hit(const struct hit *h, const struct json *event)
{
	struct str message = json_get_str(event, S("message"), S(""));

	return json_get_i64(event, S("timestamp"), -1) == h->at_ms &&
	    message.len == h->message_len && str_starts(message, h->message);
}

/* Writes the lines before or behind the hit, in the order of time. Where the
 * hit itself is not found among them, its time divides. */
static void
show_lines(struct json_writer *out, const struct hit *h, bool after,
    size_t lines)
{
	const struct json *events = after ? h->after : h->before;
	size_t n = 0, hit = SIZE_MAX, later = SIZE_MAX, from, to;

	for (const struct json *e = json_at(events, 0); e != NULL;
	    e = e->next, n++) {
		if (is_hit(h, e) && (hit == SIZE_MAX || !after)) {
			hit = n;
		}
		if (later == SIZE_MAX && json_get_i64(e, S("timestamp"), 0) >
		    h->at_ms) {
			later = n;
		}
	}
	later = later == SIZE_MAX ? n : later;
	if (after) {
		from = hit != SIZE_MAX ? hit + 1 : later;
		to = from + lines;
	} else {
		to = hit != SIZE_MAX ? hit : later;
		from = to > lines ? to - lines : 0;
	}
	json_key(out, after ? S("after") : S("before"));
	json_begin_array(out);
	n = 0;
	for (const struct json *e = json_at(events, 0); e != NULL;
	    e = e->next, n++) {
		if (n >= from && n < to) {
			json_string(out, log_row_cut(json_get_str(e,
			    S("message"), S("")), CONTEXT_LINE_MAX));
		}
	}
	json_end_array(out);
}

/* ---- the answer ---- */

static void
show_hit(struct search *s, const struct hit *h, size_t lines)
{
	struct json_writer *out = s->c->out;

	json_begin_object(out);
	show_time(out, S("timestamp"), h->at_ms);
	json_put_string(out, S("logGroupName"),
	    log_row_group_name(s->groups[h->group].name));
	json_put_string(out, S("logStreamName"), h->stream);
	json_put_string(out, S("message"), h->message);
	if (h->message.len < h->message_len) {
		json_put_integer(out, S("message_bytes"),
		    (int64_t)h->message_len);
	}
	if (h->before != NULL) {
		show_lines(out, h, false, lines);
	}
	if (h->after != NULL) {
		show_lines(out, h, true, lines);
	}
	if (h->error.p != NULL) {
		json_put_string(out, S("context_error"), h->error);
	}
	json_end_object(out);
}

static void
show_group(struct json_writer *out, const struct group *g)
{
	json_begin_object(out);
	json_put_string(out, S("logGroupName"), log_row_group_name(g->name));
	json_put_integer(out, S("matched"), (int64_t)g->seen_n);
	json_put_boolean(out, S("complete"), g->complete);
	if (!g->complete && !g->ascending && g->seen_n > 0) {
		show_time(out, S("searched_back_to"), g->oldest_ms);
	}
	if (g->error.p != NULL) {
		json_put_string(out, S("error"), g->error);
	}
	json_end_object(out);
}

static struct str
words(struct search *s, size_t shown, size_t lines)
{
	struct buf b = buf_in(s->c->arena, ROWS_CLOSING / 2);
	size_t failed_n = 0, cut_n = 0;

	for (size_t i = 0; i < s->group_n; i++) {
		failed_n += s->groups[i].error.p != NULL;
	}
	for (size_t i = 0; i < shown; i++) {
		cut_n += s->hits[i].message.len < s->hits[i].message_len;
	}
	if (failed_n > 0) {
		buf_addf(&b, "%u of %u log groups failed; see groups. ",
		    (uint64_t)failed_n, (uint64_t)s->group_n);
	}
	if (s->more_groups) {
		buf_addf(&b, "Only the first %u matching groups were "
		    "searched. ", (uint64_t)GROUP_MAX_N);
	}
	if (cut_n > 0) {
		buf_add(&b, S(LOG_ROW_CUT_HINT " "));
	}
	if (lines > 0 && s->hit_n > CONTEXT_HIT_MAX_N) {
		buf_addf(&b, "Context is given for the newest %u events. ",
		    (uint64_t)CONTEXT_HIT_MAX_N);
	}
	if (s->left || s->rows.cut) {
		buf_add(&b, S("For older events set end_time to the last "
		    "timestamp shown, or raise max_events or max_timeout."));
	} else if (s->hit_n == 0) {
		buf_add(&b, S("No event matches in this window."));
	}
	return b.len > 0 ? str_trim(buf_str(&b)) : STR_NONE;
}

static void
show(struct search *s, size_t lines)
{
	struct call *c = s->c;
	size_t shown = 0;
	bool cut;
	struct str text;

	rows_begin_share(&s->rows, S("events"), 5, 6);
	for (; shown < s->hit_n; shown++) {
		show_hit(s, &s->hits[shown], lines);
		if (!rows_fit(&s->rows)) {
			break;
		}
	}
	rows_end(&s->rows);
	cut = s->rows.cut;
	rows_begin(&s->rows, S("groups"));
	for (size_t i = 0; i < s->group_n; i++) {
		/* Where all went well one knows what was asked. */
		show_group(c->out, &s->groups[i]);
		if (!rows_fit(&s->rows)) {
			break;
		}
	}
	rows_end(&s->rows);
	s->rows.cut |= cut;
	text = words(s, shown, lines);
	rows_close(&s->rows, s->left || s->more_groups, text, text);
	ask_origin(&s->q, c->out);
	json_end_object(c->out);
}

static enum err
run(struct call *c)
{
	struct search *s = ARENA_NEW(c->arena, struct search);
	size_t lines = (size_t)tool_arg_i64(c, S("context_lines"));
	enum err err;

	if (s == NULL) {
		return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	s->c = c;
	s->max = (size_t)tool_arg_i64(c, S("max_events"));
	s->hits = ARENA_ARRAY(c->arena, s->max, struct hit);
	if (s->hits == NULL) {
		return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	if (json_at(tool_arg(c, S("log_stream_names")), 0) != NULL &&
	    tool_arg_str(c, S("log_stream_name_prefix")).len > 0) {
		return fail_set(c->fail, ERR_ARGUMENT, 0, S("give "
		    "log_stream_names or log_stream_name_prefix, not both: "
		    "AWS takes one of them"));
	}
	ask_begin(&s->q, c);
	s->end_ms = ask_time(&s->q, S("end_time"), ask_now_ms(&s->q));
	s->start_ms = ask_time(&s->q, S("start_time"),
	    s->end_ms - INT64_C(3600000));
	s->until_ms = query_run_until(c, tool_arg_i64(c, S("max_timeout")));
	err = s->q.err != ERR_OK ? s->q.err :
	    ask_check_range(&s->q, s->start_ms, s->end_ms);
	rows_init(&s->rows, c);
	s->message_max = log_row_max(c, &s->rows);
	json_begin_object(c->out);
	if (err == ERR_OK) {
		err = choose_groups(s);
	}
	if (err == ERR_OK) {
		err = search(s);
	}
	if (err == ERR_OK) {
		err = add_context(s, lines);
	}
	if (err == ERR_OK) {
		show(s, lines);
	}
	return err;
}

static const struct param params[] = {
	{ .name = STR_INIT("log_group_names"), .type = PARAM_STRINGS,
	    .max = GROUP_MAX_N, .text = STR_INIT("names or ARNs") },
	{ .name = STR_INIT("log_group_name_prefix"), .type = PARAM_STRING,
	    .max = 512 },
	{ .name = STR_INIT("log_group_name_pattern"), .type = PARAM_STRING,
	    .max = 512, .text = STR_INIT("substring, any case") },
	{ .name = STR_INIT("filter_pattern"), .type = PARAM_STRING,
	    .max = 1024, .text = STR_INIT("terms all there: ERROR \"time "
	    "out\"; any: ?ERROR ?WARN; not: -DEBUG; JSON: { $.level = "
	    "\"ERROR\" }; %regex%") },
	{ .name = STR_INIT("start_time"), .type = PARAM_TIME,
	    .text = STR_INIT("default: an hour before end_time") },
	{ .name = STR_INIT("end_time"), .type = PARAM_TIME },
	{ .name = STR_INIT("log_stream_names"), .type = PARAM_STRINGS,
	    .max = 100 },
	{ .name = STR_INIT("log_stream_name_prefix"), .type = PARAM_STRING,
	    .max = 512 },
	{ .name = STR_INIT("max_events"), .type = PARAM_INTEGER, .min = 1,
	    .max = 1000, .fallback = "50" },
	{ .name = STR_INIT("context_lines"), .type = PARAM_INTEGER, .min = 0,
	    .max = 20, .fallback = "0",
	    .text = STR_INIT("lines of the stream before and after") },
	{ .name = STR_INIT("max_timeout"), .type = PARAM_INTEGER, .min = 1,
	    .max = 290, .fallback = "30",
	    .text = STR_INIT("seconds") },
	LOG_ROW_MESSAGE_PARAM,
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_search_log_events = {
	.name = STR_INIT("search_log_events"),
	.title = STR_INIT("Search log events"),
	.description = STR_INIT("Searches several log groups by a filter "
	    "pattern, newest events first, without the cost of a query."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT | TOOL_SLOW,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"events\":{\"type\":\"array\"},"
	    "\"groups\":{\"type\":\"array\"},"
	    ROWS_SCHEMA "," ASK_SCHEMA
	    "}}"),
	.run = run,
};
