/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running Logs Insights queries.
 *
 * One round does what is due of every run (start, look, stop), all requests of
 * a round at the same time; between rounds the call sleeps until the next is
 * due. Looks begin after 200 ms and slow down to one in two seconds: most
 * queries end within a second or two, and GetQueryResults has a quota of five
 * a second.
 */
#include "tools/query_run.h"

#include "base/limits.h"
#include "tools/show.h"

/* Between two looks, at first and at last. */
#define POLL_FIRST_MS 200
#define POLL_LAST_MS 2000
/* Left of the call's deadline for the answer itself. */
#define ANSWER_MS 1500
/* A look that began within the time may end so much after it. */
#define LOOK_MS 1000
/* For a start, which cancelling does not end: a query that was started has to
 * be known to be stopped. */
#define START_MS 20000
/* For stopping queries when the call is over. */
#define STOP_MS 5000
/* AWS's six numbers as text; more is not shown. */
#define STATISTICS_MAX ((size_t)512)
/* Looks that failed for a passing reason. */
#define MISSED_MAX 3U
/* Starts refused because too many queries run, and the first pause. */
#define REFUSED_MAX 3U
#define REFUSED_MS 1000

static const struct aws_op START = { ENDPOINT_LOGS, STR_INIT("StartQuery") };
static const struct aws_op LOOK = { ENDPOINT_LOGS,
	STR_INIT("GetQueryResults") };
static const struct aws_op STOP = { ENDPOINT_LOGS, STR_INIT("StopQuery") };

static int64_t
mono(const struct call *c)
{
	return c->sys->mono_ms(c->sys->ctx);
}

/* see query_run.h */
int64_t
query_run_until(const struct call *c, int64_t seconds)
{
	int64_t until_ms = mono(c) + seconds * 1000;
	int64_t last_ms = c->deadline_ms - ANSWER_MS;

	return until_ms < last_ms ? until_ms : last_ms;
}

static bool
is_over(const struct query_run *r)
{
	return r->state >= QUERY_RUN_COMPLETE;
}

static bool
is_running(struct str status)
{
	return str_eq(status, S("Scheduled")) || str_eq(status, S("Running"));
}

/* see query_run.h */
bool
query_run_may_pass(enum err err)
{
	return err == ERR_AWS_THROTTLED || err == ERR_AWS_SERVICE ||
	    err == ERR_CONNECT || err == ERR_CLOSED || err == ERR_DNS ||
	    err == ERR_TIMEOUT;
}

/* Readies the private part. */
static void
prepare(struct query_run *r, struct call *c, int64_t now_ms)
{
	r->c = c;
	r->due_ms = now_ms;
	r->pause_ms = POLL_FIRST_MS;
	fail_init(&r->fail, c->arena);
	arena_init(&r->arena, QUERY_RUN_ARENA_CAP);
	if (c->arena->budget != NULL) {
		arena_share(&r->arena, c->arena->budget);
	}
}

static struct str
start_body(const struct query_run *r)
{
	struct buf b = buf_in(r->c->arena, HTTP_BODY_MAX);
	struct json_writer w = json_writer(&b);

	json_begin_object(&w);
	if (json_at(r->groups, 0) != NULL) {
		json_put_value(&w, r->identifiers ? S("logGroupIdentifiers") :
		    S("logGroupNames"), r->groups);
	}
	json_put_integer(&w, S("startTime"), r->start_ms / 1000);
	json_put_integer(&w, S("endTime"), r->end_ms / 1000);
	json_put_string(&w, S("queryString"), r->text);
	if (r->language.len > 0 && !str_eq(r->language, S("CWLI"))) {
		json_put_string(&w, S("queryLanguage"), r->language);
	}
	if (r->limit > 0) {
		json_put_integer(&w, S("limit"), r->limit);
	}
	json_end_object(&w);
	return buf_ok(&b) ? buf_str(&b) : STR_NONE;
}

static struct str
id_body(struct arena *a, struct str id, struct str token)
{
	struct buf b = buf_in(a, HTTP_BODY_MAX);
	struct json_writer w = json_writer(&b);

	json_begin_object(&w);
	json_put_string(&w, S("queryId"), id);
	if (token.len > 0) {
		json_put_string(&w, S("nextToken"), token);
	}
	json_end_object(&w);
	return buf_ok(&b) ? buf_str(&b) : STR_NONE;
}

/* Ends the run with an error. Its sentence may live in an arena that is about
 * to be emptied. */
static void
give_up(struct query_run *r, enum err err, struct str text)
{
	struct str kept = text.p == NULL ? STR_NONE :
	    str_dup(r->c->arena, text);

	r->state = QUERY_RUN_FAILED;
	r->err = fail_set(&r->fail, err, 0, kept);
}

/* Byte offset of a character in UTF-8 text. */
static size_t
offset_of(struct str text, int64_t character)
{
	size_t i = 0;

	for (; i < text.len; i++) {
		if (((unsigned char)text.p[i] & 0xC0) != 0x80 &&
		    character-- == 0) {
			break;
		}
	}
	return i;
}

/* AWS says where a query is malformed: two offsets into its text, the second
 * one inclusive. */
static void
explain(struct query_run *r, const struct aws_reply *reply,
    const struct fail *fail)
{
	const struct json *at = json_path(reply->error,
	    S("queryCompileError.location"));
	int64_t from, to, last = (int64_t)r->text.len;
	struct str piece;

	r->code = str_dup(r->c->arena, reply->code);
	if (!str_eq(reply->code, S("MalformedQueryException")) ||
	    !json_i64(json_get(at, S("startCharOffset")), 0, last, &from) ||
	    !json_i64(json_get(at, S("endCharOffset")), from, INT64_MAX,
	    &to)) {
		give_up(r, fail->code, fail_text(fail));
		return;
	}
	to = to > last ? last : to;
	piece = str_trim_ws(str_sub(r->text, offset_of(r->text, from),
	    offset_of(r->text, to + 1)));
	r->state = QUERY_RUN_FAILED;
	r->err = fail_setf(&r->fail, ERR_AWS_REQUEST, "the query is malformed "
	    "at characters %d to %d, '%s': %s", from, to, piece,
	    reply->message);
}

static void
started(struct query_runs *all, struct query_run *r, struct aws_job *job)
{
	int64_t now_ms = mono(all->c);

	/* What the first request learnt about the keys. */
	r->scope->account_id = r->looks.account_id;
	r->scope->source = r->looks.source;
	if (job->err == ERR_OK) {
		r->id = json_get_str(job->reply.json, S("queryId"), STR_NONE);
		if (r->id.len == 0) {
			give_up(r, ERR_AWS_REPLY, S("logs:StartQuery answered "
			    "without a queryId"));
			return;
		}
		r->state = QUERY_RUN_STARTED;
		r->status = S("Scheduled");
		r->due_ms = now_ms;
		r->last_ms = all->until_ms;
		if (all->each_ms > 0 && now_ms + all->each_ms < r->last_ms) {
			r->last_ms = now_ms + all->each_ms;
		}
		return;
	}
	if (str_eq(job->reply.code, S("LimitExceededException")) &&
	    r->refused_n < REFUSED_MAX) {
		int64_t due_ms = now_ms + (REFUSED_MS << r->refused_n);

		if (due_ms < all->until_ms) {
			r->refused_n++;
			r->due_ms = due_ms;
			return;
		}
	}
	explain(r, &job->reply, &job->fail);
}

/* Keeps what the last look said. */
static void
take(struct query_run *r, const struct json *reply)
{
	const struct json *statistics = json_get(reply, S("statistics"));
	double value;

	r->page = reply;
	r->page_n = 0;
	r->token = STR_NONE;
	r->status = str_dup(r->c->arena, json_get_str(reply, S("status"),
	    S("Unknown")));
	if (json_f64(json_get(statistics, S("bytesScanned")), &value) &&
	    value >= 0) {
		r->scanned_bytes = value;
	}
	if (json_f64(json_get(statistics, S("recordsMatched")), &value) &&
	    value >= 0) {
		r->matched_n = value;
	}
	if (json_is(statistics, JSON_OBJECT) && !is_running(r->status)) {
		struct buf b = buf_in(r->c->arena, STATISTICS_MAX);
		struct json_writer w = json_writer(&b);

		json_value(&w, statistics);
		r->statistics = buf_ok(&b) ? buf_str(&b) : STR_NONE;
	}
	if (str_eq(r->status, S("Complete"))) {
		r->state = QUERY_RUN_COMPLETE;
	} else if (is_running(r->status)) {
		r->state = QUERY_RUN_STARTED;
	} else {
		r->timed_out = str_eq(r->status, S("Timeout"));
		r->state = QUERY_RUN_FAILED;
		r->err = fail_setf(&r->fail, ERR_AWS_SERVICE, "the query %s "
		    "ended with status %s%s", r->id, str_sub(r->status, 0, 60),
		    r->timed_out ? S(": it took longer than the service "
		    "allows; run it over a shorter time range") :
		    str_eq(r->status, S("Cancelled")) ?
		    S(": somebody stopped it") : S("; run it again"));
	}
}

/* After a look: what it said, and when to look again. */
static void
looked(struct query_runs *all, struct query_run *r, struct aws_job *job)
{
	int64_t now_ms = mono(all->c);

	if (job->err == ERR_CANCELLED) {
		/* Still started: to be stopped. */
		return;
	}
	if (job->err == ERR_OK) {
		take(r, job->reply.json);
	} else if (query_run_may_pass(job->err) &&
	    r->missed_n++ < MISSED_MAX) {
		/* The query runs on, whatever became of the look. */
		r->pause_ms = POLL_LAST_MS;
	} else {
		r->code = str_dup(r->c->arena, job->reply.code);
		r->state = QUERY_RUN_FAILED;
		r->err = fail_setf(&r->fail, job->err, "%s. The query %s may "
		    "still run in AWS", fail_text(&job->fail), r->id);
	}
	if (r->state != QUERY_RUN_STARTED) {
		return;
	}
	if (now_ms >= r->last_ms) {
		r->state = QUERY_RUN_LATE;
		return;
	}
	/* What it had so far is not needed. */
	r->page = NULL;
	arena_free(&r->arena);
	/* The last look is not before the time is over. */
	r->due_ms = now_ms + r->pause_ms;
	r->due_ms = r->due_ms > r->last_ms ? r->last_ms : r->due_ms;
	r->pause_ms = r->pause_ms * 2 > POLL_LAST_MS ? POLL_LAST_MS :
	    r->pause_ms * 2;
}

/* see query_run.h */
void
query_run_stop(struct query_run *r)
{
	struct aws_scope s;
	struct aws_reply reply;
	struct fail ignored;
	int64_t end_ms;

	if (r->id.len == 0 || r->c == NULL) {
		return;
	}
	end_ms = mono(r->c) + STOP_MS;
	fail_init(&ignored, NULL);
	s = *r->scope;
	s.fail = &ignored;
	/* The raised cancel would end this request too. */
	s.cancel = NULL;
	s.deadline_ms = end_ms < s.deadline_ms ? end_ms : s.deadline_ms;
	(void)!aws_call(&s, &STOP, id_body(r->c->arena, r->id, STR_NONE),
	    &reply);
}

/* see query_run.h */
void
query_run_free(struct query_run *r)
{
	r->page = NULL;
	r->token = STR_NONE;
	if (r->c != NULL) {
		arena_free(&r->arena);
	}
}

/* Nobody waits any more: stops what runs. */
static enum err
abandon(struct query_runs *all, enum err err)
{
	for (size_t i = 0; i < all->n; i++) {
		struct query_run *r = &all->runs[i];

		if (r->state == QUERY_RUN_STARTED) {
			query_run_stop(r);
			r->state = QUERY_RUN_FAILED;
			r->err = fail_set(&r->fail, err, 0, STR_NONE);
		}
		query_run_free(r);
	}
	fail_clear(all->c->fail);
	return fail_set(all->c->fail, err, 0, STR_NONE);
}

/* How many run in that scope now. */
static size_t
running_in(const struct query_runs *all, const struct aws_scope *scope)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		n += all->runs[i].scope == scope &&
		    all->runs[i].state == QUERY_RUN_STARTED;
	}
	return n;
}

/* Prepares the request that is due for the run. */
static void
fill(struct query_run *r, struct aws_job *job)
{
	int64_t late_ms = r->last_ms + LOOK_MS;

	*job = (struct aws_job){ .scope = &r->looks, .op = &START };
	r->looks = *r->scope;
	if (r->state == QUERY_RUN_WAITING) {
		late_ms = mono(r->c) + START_MS;
		r->looks.deadline_ms = late_ms < r->looks.deadline_ms ?
		    late_ms : r->looks.deadline_ms;
		r->looks.cancel = NULL;
		job->body = start_body(r);
		return;
	}
	/* The keys were found by the start, through the scope itself. */
	arena_reset(&r->arena);
	r->page = NULL;
	r->looks.arena = &r->arena;
	r->looks.deadline_ms = late_ms < r->looks.deadline_ms ? late_ms :
	    r->looks.deadline_ms;
	job->op = &LOOK;
	job->body = id_body(&r->arena, r->id, STR_NONE);
}

/* What happens to a run that ended. */
static void
finish(struct query_runs *all, struct query_run *r)
{
	if (r->state == QUERY_RUN_LATE && all->stop_late) {
		query_run_stop(r);
	}
	if (all->ended != NULL) {
		all->ended(all, r);
		query_run_free(r);
	}
}

/* There is room to start the run. */
static bool
has_room(const struct query_runs *all, const struct query_run *r)
{
	return running_in(all, r->scope) <
	    (all->at_once > 0 ? all->at_once : QUERY_RUN_AT_ONCE_N);
}

/* A step is due: a start when there is room, or a look. */
static bool
is_due(const struct query_runs *all, const struct query_run *r, int64_t now_ms)
{
	return !is_over(r) && r->due_ms <= now_ms &&
	    (r->state == QUERY_RUN_STARTED || has_room(all, r));
}

/* Does what is due; false: nothing was. */
static bool
round_of(struct query_runs *all)
{
	struct aws_job jobs[EXCHANGE_MANY_MAX];
	size_t who[EXCHANGE_MANY_MAX], n = 0, look_n = 0;
	size_t look_max = all->looks_at_once > 0 ? all->looks_at_once :
	    EXCHANGE_MANY_MAX;
	int64_t now_ms = mono(all->c);

	for (size_t i = 0; i < all->n && n < EXCHANGE_MANY_MAX; i++) {
		struct query_run *r = &all->runs[i];

		if (r->c == NULL) {
			prepare(r, all->c, now_ms);
		}
		if (r->state == QUERY_RUN_WAITING && now_ms >= all->until_ms) {
			r->timed_out = true;
			give_up(r, ERR_TIMEOUT, S("the time was over before "
			    "the query could be started"));
			finish(all, r);
		} else if (is_due(all, r, now_ms) &&
		    (r->state == QUERY_RUN_WAITING || look_n < look_max)) {
			look_n += r->state == QUERY_RUN_STARTED;
			fill(r, &jobs[n]);
			/* Counted by running_in() from here on. */
			r->starting = r->state == QUERY_RUN_WAITING;
			r->state = QUERY_RUN_STARTED;
			who[n++] = i;
		}
	}
	if (n == 0) {
		return false;
	}
	aws_call_many(jobs, n);
	for (size_t i = 0; i < n; i++) {
		struct query_run *r = &all->runs[who[i]];

		if (r->starting) {
			r->starting = false;
			r->state = QUERY_RUN_WAITING;
			started(all, r, &jobs[i]);
		} else {
			looked(all, r, &jobs[i]);
		}
		all->cancelled = all->cancelled ||
		    jobs[i].err == ERR_CANCELLED;
		if (is_over(r) && !all->cancelled) {
			finish(all, r);
		}
	}
	return true;
}

/* The earliest time at which something is due; INT64_MAX: all ended. Where a
 * run waits for room another one runs. */
static int64_t
next_due(const struct query_runs *all)
{
	int64_t due_ms = INT64_MAX;

	for (size_t i = 0; i < all->n; i++) {
		const struct query_run *r = &all->runs[i];

		if (!is_over(r) && r->due_ms < due_ms &&
		    (r->state == QUERY_RUN_STARTED || has_room(all, r))) {
			due_ms = r->due_ms;
		}
	}
	return due_ms;
}

static void
report(struct query_runs *all)
{
	struct call *c = all->c;
	struct buf b = buf_in(c->arena, 512);
	int64_t now_ms = mono(c);
	size_t over_n = 0;
	double bytes = 0;

	for (size_t i = 0; i < all->n; i++) {
		over_n += is_over(&all->runs[i]);
		bytes += all->runs[i].scanned_bytes;
	}
	if (all->n > 1) {
		buf_addf(&b, "%u of %u queries done", (uint64_t)over_n,
		    (uint64_t)all->n);
	} else {
		buf_add(&b, S("the query is running"));
	}
	if (bytes >= 1e6 && bytes < 1e18) {
		buf_addf(&b, ", %u MB scanned", (uint64_t)(bytes / 1e6));
	}
	buf_add(&b, S("; seconds of the time given"));
	c->progress(c, (double)(now_ms - all->from_ms) / 1000,
	    (double)(all->until_ms - all->from_ms) / 1000, buf_str(&b));
}

/* Nothing is due before due_ms. */
static enum err
idle(struct query_runs *all, int64_t due_ms)
{
	const struct sys *sys = all->c->sys;
	enum err (*work)(struct query_runs *) = all->meanwhile;

	if (work != NULL) {
		all->meanwhile = NULL;
		return work(all);
	}
	report(all);
	return sys->sleep_until(sys->ctx, due_ms, all->c->cancel);
}

/* see query_run.h */
enum err
query_runs(struct query_runs *all)
{
	int64_t due_ms;

	all->from_ms = mono(all->c);
	all->cancelled = false;
	while ((due_ms = next_due(all)) != INT64_MAX) {
		enum err err = ERR_OK;

		all->cancelled = all->cancelled ||
		    sys_cancelled(all->c->cancel);
		if (!all->cancelled && !round_of(all)) {
			err = idle(all, due_ms);
		}
		if (err == ERR_OK && all->cancelled) {
			err = ERR_CANCELLED;
		}
		if (err == ERR_OK && all->c->arena->failed) {
			err = ERR_NOMEM;
		}
		if (err != ERR_OK) {
			return abandon(all, err);
		}
	}
	return ERR_OK;
}

/* see query_run.h */
enum err
query_run_look(struct call *c, struct aws_scope *scope, struct str id,
    struct query_run *run)
{
	struct aws_job job;

	run->scope = scope;
	run->id = id;
	prepare(run, c, mono(c));
	run->last_ms = c->deadline_ms;
	run->state = QUERY_RUN_STARTED;
	fill(run, &job);
	/* This may be the scope's first request: its keys are found by it. */
	job.scope = scope;
	aws_call_many(&job, 1);
	if (job.err != ERR_OK) {
		give_up(run, job.err, fail_text(&job.fail));
	} else {
		take(run, job.reply.json);
	}
	if (run->state != QUERY_RUN_FAILED) {
		return ERR_OK;
	}
	return fail_set(c->fail, run->err, 0, fail_text(&run->fail));
}

/* see query_run.h */
enum err
query_run_page(struct query_run *r, const struct json **rows)
{
	struct aws_reply reply;
	struct fail fail;
	struct str token, before;
	enum err err;

	*rows = NULL;
	if (r->page != NULL && r->page_n == 0) {
		/* The answer of the last look is the first page. */
		*rows = json_get(r->page, S("results"));
		r->page_n = 1;
		return ERR_OK;
	}
	token = json_get_str(r->page, S("nextToken"), STR_NONE);
	before = r->token;
	if (token.len == 0 || str_eq(token, before) ||
	    r->page_n >= QUERY_RUN_PAGE_MAX_N) {
		r->page = NULL;
		return ERR_OK;
	}
	/* The token outlives the page that named it. */
	r->token = str_dup(r->c->arena, token);
	if (r->token.p == NULL) {
		return fail_set(&r->fail, ERR_NOMEM, 0, STR_NONE);
	}
	arena_reset(&r->arena);
	r->page = NULL;
	fail_init(&fail, &r->arena);
	r->looks = *r->scope;
	r->looks.arena = &r->arena;
	r->looks.fail = &fail;
	err = aws_call(&r->looks, &LOOK, id_body(&r->arena, r->id, r->token),
	    &reply);
	if (err != ERR_OK) {
		return fail_set(&r->fail, err, 0, str_dup(r->c->arena,
		    fail_text(&fail)));
	}
	r->page = reply.json;
	r->page_n++;
	*rows = json_get(r->page, S("results"));
	return ERR_OK;
}

/* see query_run.h */
bool
query_run_more(const struct query_run *r)
{
	struct str token = json_get_str(r->page, S("nextToken"), STR_NONE);

	return token.len > 0 && !str_eq(token, r->token);
}

/* see query_run.h */
struct str
query_run_cell(const struct json *row, struct str field)
{
	for (const struct json *cell = json_at(row, 0); cell != NULL;
	    cell = cell->next) {
		if (str_eq(json_get_str(cell, S("field"), S("")), field)) {
			return json_get_str(cell, S("value"), STR_NONE);
		}
	}
	return STR_NONE;
}

/* see query_run.h */
void
query_run_put_cells(struct json_writer *out, const struct json *row)
{
	for (const struct json *cell = json_at(row, 0); cell != NULL;
	    cell = cell->next) {
		struct str field = json_get_str(cell, S("field"), S(""));
		const struct json *before = json_at(row, 0);

		while (before != cell && !str_eq(json_get_str(before,
		    S("field"), S("")), field)) {
			before = before->next;
		}
		if (before == cell) {
			show_string(out, field, cell, S("value"));
		}
	}
}

/* see query_run.h */
double
query_run_price(double bytes)
{
	double millionths = bytes / (1024.0 * 1024 * 1024) *
	    QUERY_RUN_USD_PER_GB * 1e6;

	/* Beyond every bill; also keeps the conversion defined. */
	if (!(millionths < 1e15)) {
		return 1e9;
	}
	return (double)(int64_t)(millionths + 0.5) / 1e6;
}

/* see query_run.h */
void
query_run_put_cost(struct json_writer *out, double bytes)
{
	json_put_double(out, S("bytes_scanned"), bytes);
	json_put_double(out, S("estimated_cost_usd"), query_run_price(bytes));
}
