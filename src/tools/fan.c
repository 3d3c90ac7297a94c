/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many targets, one answer.
 */
#include "tools/fan.h"

#include "base/limits.h"
#include "base/must.h"
#include "tools/ask.h"

static int64_t
mono(const struct fan *fan)
{
	return fan->c->sys->mono_ms(fan->c->sys->ctx);
}

/* see fan.h */
bool
fan_wanted(const struct call *c)
{
	return json_at(tool_arg(c, S("profiles")), 0) != NULL ||
	    json_at(tool_arg(c, S("regions")), 0) != NULL;
}

/* ---- failures ---- */

static void
add_failure(struct fan *fan, struct str profile, struct str region,
    enum err err, struct str code, struct str text)
{
	struct fan_failure *x = ARENA_NEW(fan->c->arena, struct fan_failure);

	if (x == NULL) {
		return; /* the arena's state says it */
	}
	*x = (struct fan_failure){ .profile = profile, .region = region,
	    .code = code.len > 0 ? str_dup(fan->c->arena, code) :
	    err_name(err),
	    .text = str_dup(fan->c->arena, str_sub(text, 0, FAN_TEXT_MAX)) };
	if (fan->failure_n++ == 0) {
		fan->err = err;
	}
	*fan->tail = x;
	fan->tail = &x->next;
}

/* see fan.h */
void
fan_fail(struct fan *fan, struct fan_target *t, enum err err, struct str code,
    struct str text)
{
	if (t->failed) {
		return;
	}
	t->failed = true;
	add_failure(fan, t->scope.profile, t->scope.region, err, code, text);
}

/* see fan.h */
enum err
fan_error(const struct fan *fan)
{
	const struct fan_failure *x = fan->first;

	if (x == NULL) {
		return fail_set(fan->c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	if (fan->failure_n == 1) {
		return fail_set(fan->c->fail, fan->err, 0, x->text);
	}
	return fail_setf(fan->c->fail, fan->err, "nothing could be read from "
	    "any of the accounts and regions (%u failures). The first, %s%s%s: "
	    "%s", (uint64_t)fan->failure_n, x->profile, x->region.p != NULL ?
	    S(" in ") : S(""), x->region, x->text);
}

/* An error of one target that ends the whole call. */
static bool
is_fatal(enum err err)
{
	return err == ERR_CANCELLED || err == ERR_NOMEM;
}

/* ---- targets ---- */

/* Sorts and drops what comes twice; returns how many are left. */
static size_t
sort_once(struct str *s, size_t n)
{
	size_t kept = 0;

	str_sort(s, n);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || !str_eq(s[i], s[kept - 1])) {
			s[kept++] = s[i];
		}
	}
	return kept;
}

/* The profiles that the argument means, into names[]. */
static enum err
find_profiles(struct fan *fan, const struct aws_scope *base,
    struct str **names, size_t *n)
{
	const struct json *v = json_at(tool_arg(fan->c, S("profiles")), 0);
	struct str *all, *out;
	size_t all_n, out_n = 0, room;

	if (profile_list(&base->files, fan->c->arena, &all, &all_n) !=
	    ERR_OK) {
		return fail_set(fan->c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	room = (all_n + 1) * (size_t)tool_arg(fan->c, S("profiles"))->n;
	*names = out = ARENA_ARRAY(fan->c->arena, room, struct str);
	if (out == NULL) {
		return fail_set(fan->c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	for (; v != NULL; v = v->next) {
		struct str name = json_str(v);
		size_t before = out_n;

		if (str_find_byte(name, '*', 0) == name.len) {
			out[out_n++] = name;
			continue;
		}
		for (size_t i = 0; i < all_n; i++) {
			if (str_matches(name, all[i]) &&
			    aws_profile_allowed(base, all[i])) {
				out[out_n++] = all[i];
			}
		}
		if (out_n == before) {
			add_failure(fan, name, STR_NONE, ERR_PROFILE, STR_NONE,
			    S("no profile that may be named matches this "
			    "pattern; list_profiles shows them"));
		}
	}
	*n = sort_once(out, out_n);
	return *n <= FAN_PROFILE_MAX_N ? ERR_OK : fail_setf(fan->c->fail,
	    ERR_ARGUMENT, "profiles stands for %u profiles; one call asks %u "
	    "at most. Name fewer", (uint64_t)*n, (uint64_t)FAN_PROFILE_MAX_N);
}

/* The regions of one profile's targets. */
static size_t
find_regions(struct fan *fan, struct str own, struct str *out)
{
	const struct json *v = json_at(tool_arg(fan->c, S("regions")), 0);
	size_t n = 0;

	if (v == NULL) {
		out[n++] = own;
	}
	for (; v != NULL; v = v->next) {
		if (str_eq(json_str(v), S("*"))) {
			n += endpoint_regions(own, out + n);
		} else {
			out[n++] = json_str(v);
		}
	}
	return sort_once(out, n);
}

/* Adds the targets of one profile, whose keys are not known yet. */
static enum err
add_targets(struct fan *fan, const struct aws_scope *base, struct str name)
{
	const struct json *list = tool_arg(fan->c, S("regions"));
	size_t room = (list == NULL ? 1 : (size_t)list->n *
	    ENDPOINT_REGION_MAX_N + 1);
	struct str *regions = ARENA_ARRAY(fan->c->arena, room, struct str);
	struct aws_scope scope = *base;
	struct fail f;
	size_t n;
	enum err err;

	fail_init(&f, fan->c->arena);
	scope.fail = &f;
	err = aws_scope_choose(&scope, name, list == NULL ?
	    tool_arg_str(fan->c, S("region")) : STR_NONE);
	if (err == ERR_OK && regions == NULL) {
		err = ERR_NOMEM;
	}
	if (is_fatal(err)) {
		return fail_set(fan->c->fail, err, 0, STR_NONE);
	}
	if (err != ERR_OK) {
		add_failure(fan, name, STR_NONE, err, STR_NONE, fail_text(&f));
		return ERR_OK;
	}
	n = find_regions(fan, scope.region, regions);
	for (size_t i = 0; i < n; i++) {
		struct fan_target *t = &fan->targets[fan->n];

		if (fan->n == FAN_TARGET_MAX_N) {
			return fail_setf(fan->c->fail, ERR_ARGUMENT, "profiles "
			    "and regions together make more than %u accounts "
			    "and regions for one call; name fewer",
			    (uint64_t)FAN_TARGET_MAX_N);
		}
		fail_clear(&f);
		if (aws_scope_region(&scope, regions[i], &t->scope) !=
		    ERR_OK) {
			add_failure(fan, scope.profile, regions[i], f.code,
			    STR_NONE, fail_text(&f));
			continue;
		}
		t->scope.fail = fan->c->fail;
		t->tail = &t->first;
		fan->n++;
	}
	return ERR_OK;
}

/* Finds keys and account of the targets [from, to), which are one profile's;
 * those of a profile without keys are dropped. */
static enum err
find_keys(struct fan *fan, size_t from, size_t to, size_t *kept)
{
	struct aws_scope scope = fan->targets[from].scope;
	int64_t until_ms = mono(fan) + FAN_KEYS_MS;
	struct fail f;
	enum err err;

	fail_init(&f, fan->c->arena);
	scope.fail = &f;
	scope.deadline_ms = until_ms < fan->keys_until_ms ? until_ms :
	    fan->keys_until_ms;
	err = aws_scope_keys(&scope);
	if (is_fatal(err)) {
		return fail_set(fan->c->fail, err, 0, STR_NONE);
	}
	if (err != ERR_OK) {
		add_failure(fan, scope.profile, STR_NONE, err, STR_NONE,
		    fail_text(&f));
		return ERR_OK;
	}
	fan->profile_n++;
	(void)aws_account_id(&scope);
	for (size_t i = from; i < to; i++) {
		struct fan_target *t = &fan->targets[(*kept)++];

		*t = fan->targets[i];
		t->tail = &t->first;
		t->scope.account_id = t->account = scope.account_id;
		t->scope.source = scope.source;
		/* Stopping a query takes what is kept for the answer. */
		t->scope.deadline_ms = fan->c->deadline_ms;
	}
	return ERR_OK;
}

/* For the log: whom the call asked. */
static void
note_origin(struct fan *fan)
{
	struct buf regions = buf_in(fan->c->arena, 256);
	struct buf accounts = buf_in(fan->c->arena, 256);

	for (size_t i = 0; i < fan->n; i++) {
		const struct fan_target *t = &fan->targets[i];
		bool first = i == 0 || !str_eq(t->scope.profile,
		    fan->targets[i - 1].scope.profile);

		if (first && accounts.len + 16 < accounts.cap) {
			buf_addf(&accounts, "%s%s", i > 0 ? S(",") : S(""),
			    t->account);
		}
		if (str_find(buf_str(&regions), t->scope.region, 0) ==
		    regions.len && regions.len + 66 < regions.cap) {
			buf_addf(&regions, "%s%s", i > 0 ? S(",") : S(""),
			    t->scope.region);
		}
	}
	fan->c->region = buf_str(&regions);
	fan->c->account = buf_str(&accounts);
}

static enum err
make_targets(struct fan *fan, struct aws_scope *base)
{
	struct call *c = fan->c;
	struct str one = tool_arg_str(c, S("profile_name"));
	struct str *names = &one;
	size_t n = 1, kept = 0;
	enum err err = aws_scope_load(base);

	if (err == ERR_OK && json_at(tool_arg(c, S("profiles")), 0) != NULL) {
		err = one.len > 0 ? fail_set(c->fail, ERR_ARGUMENT, 0,
		    S("give profile_name or profiles, not both")) :
		    find_profiles(fan, base, &names, &n);
	}
	for (size_t i = 0; err == ERR_OK && i < n; i++) {
		err = add_targets(fan, base, names[i]);
	}
	for (size_t i = 0, to = 0; err == ERR_OK && i < fan->n; i = to) {
		while (to < fan->n && str_eq(fan->targets[to].scope.profile,
		    fan->targets[i].scope.profile)) {
			to++;
		}
		c->progress(c, (double)i, (double)fan->n * 2,
		    S("finding credentials"));
		err = find_keys(fan, i, to, &kept);
	}
	fan->n = err == ERR_OK ? kept : 0;
	return err;
}

/* see fan.h */
enum err
fan_open(struct fan *fan, struct call *c)
{
	struct aws_scope base;
	int64_t left_ms;
	enum err err;

	*fan = (struct fan){ .c = c, .tail = &fan->first };
	left_ms = c->deadline_ms - mono(fan);
	fan->until_ms = c->deadline_ms - (left_ms / 4 < FAN_ANSWER_MS ?
	    left_ms / 4 : FAN_ANSWER_MS);
	fan->keys_until_ms = mono(fan) + left_ms / 2;
	arena_init(&fan->kept, 2 * FAN_KEEP_MAX);
	if (c->arena->budget != NULL) {
		arena_share(&fan->kept, c->arena->budget);
	}
	fan->scratch = buf_in(&fan->kept, FAN_ROW_MAX);
	fan->targets = ARENA_ARRAY(c->arena, FAN_TARGET_MAX_N,
	    struct fan_target);
	if (fan->targets == NULL) {
		return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	ask_scope(&base, c);
	base.deadline_ms = fan->until_ms;
	err = make_targets(fan, &base);
	if (err == ERR_OK && c->arena->failed) {
		err = fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	if (err == ERR_OK && fan->n == 0) {
		err = fan_error(fan);
	}
	if (err == ERR_OK) {
		note_origin(fan);
	}
	return err;
}

/* see fan.h */
void
fan_free(struct fan *fan)
{
	arena_free(&fan->kept);
}

/* ---- rows ---- */

/* see fan.h */
void
fan_put_labels(struct json_writer *out, const struct fan_target *t)
{
	json_put_string_or_null(out, S("account_id"), t->account);
	json_put_string(out, S("region"), t->scope.region);
	json_put_string(out, S("profile_name"), t->scope.profile);
}

/* see fan.h */
struct json_writer *
fan_row(struct fan *fan, const struct fan_target *t)
{
	buf_clear(&fan->scratch);
	fan->writer = json_writer(&fan->scratch);
	json_begin_object(&fan->writer);
	fan_put_labels(&fan->writer, t);
	return &fan->writer;
}

/* see fan.h */
bool
fan_keep(struct fan *fan, const struct fan_read *how, struct fan_target *t,
    unsigned list)
{
	struct fan_row *row;

	json_end_object(&fan->writer);
	if (t->row_n == how->row_max_n || !buf_ok(&fan->scratch) ||
	    t->len + fan->scratch.len > FAN_KEEP_MAX / fan->n) {
		fan->more = true;
		t->done = true;
		return false;
	}
	row = ARENA_NEW(&fan->kept, struct fan_row);
	if (row != NULL) {
		*row = (struct fan_row){ .list = list,
		    .text = str_dup(&fan->kept, buf_str(&fan->scratch)) };
	}
	if (fan->kept.failed) {
		fan->more = true;
		t->done = true;
		return false;
	}
	*t->tail = row;
	t->tail = &row->next;
	t->row_n++;
	t->len += fan->scratch.len;
	return true;
}

/* ---- reading ---- */

/* One wave of requests. */
struct wave {
	struct arena arena;
	struct fan_target *of[EXCHANGE_MANY_MAX];
	struct aws_scope scopes[EXCHANGE_MANY_MAX];
	struct aws_job jobs[EXCHANGE_MANY_MAX];
	size_t n;
};

/* Writes the next request of a target. */
static void
add_job(struct fan *fan, const struct fan_read *how, const struct aws_op *op,
    struct wave *w, struct fan_target *t)
{
	struct buf body = buf_in(&w->arena, HTTP_BODY_MAX);
	struct json_writer out = json_writer(&body);
	struct aws_scope *scope = &w->scopes[w->n];
	int64_t until_ms = mono(fan) + FAN_PAGE_MS;

	json_begin_object(&out);
	how->put(how->ctx, &out, how->row_max_n - t->row_n);
	if (t->token.len > 0) {
		json_put_string(&out, how->token, t->token);
	}
	json_end_object(&out);
	*scope = t->scope;
	scope->arena = &w->arena;
	scope->deadline_ms = until_ms < fan->until_ms ? until_ms :
	    fan->until_ms;
	w->of[w->n] = t;
	w->jobs[w->n++] = (struct aws_job){ .op = op, .scope = scope,
	    .body = buf_str(&body) };
}

/* Takes the answer of one job. */
static enum err
take_job(struct fan *fan, const struct fan_read *how, struct aws_job *job,
    struct fan_target *t)
{
	struct str next;

	if (is_fatal(job->err)) {
		return fail_set(fan->c->fail, job->err, 0, STR_NONE);
	}
	if (job->err != ERR_OK) {
		fan_fail(fan, t, job->err, job->reply.code,
		    fail_text(&job->fail));
		t->done = true;
		return ERR_OK;
	}
	t->good = true;
	t->page_n++;
	how->take(how, fan, t, job->reply.json);
	next = json_get_str(job->reply.json, how->token, STR_NONE);
	if (next.len == 0 || str_eq(next, t->token)) {
		t->done = true;
	} else if (t->done || t->row_n == how->row_max_n ||
	    t->page_n == FAN_PAGE_MAX_N) {
		fan->more = true;
		t->done = true;
	}
	t->token = t->done ? STR_NONE : str_dup(fan->c->arena, next);
	return fan->c->arena->failed ? fail_set(fan->c->fail, ERR_NOMEM, 0,
	    STR_NONE) : ERR_OK;
}

/* Asks the next targets that are not done, from *at on and around. */
static enum err
run_wave(struct fan *fan, const struct fan_read *how, struct wave *w,
    size_t *at)
{
	const struct aws_op op = { how->service, how->operation };
	enum err err = ERR_OK;

	arena_reset(&w->arena);
	w->n = 0;
	for (size_t i = 0; i < fan->n && w->n < EXCHANGE_MANY_MAX; i++) {
		struct fan_target *t = &fan->targets[*at];

		*at = (*at + 1) % fan->n;
		if (!t->done) {
			add_job(fan, how, &op, w, t);
		}
	}
	if (w->n == 0 || w->arena.failed) {
		return w->n == 0 ? ERR_OK : fail_set(fan->c->fail, ERR_NOMEM,
		    0, STR_NONE);
	}
	aws_call_many(w->jobs, w->n);
	for (size_t i = 0; i < w->n && err == ERR_OK; i++) {
		err = take_job(fan, how, &w->jobs[i], w->of[i]);
	}
	return err;
}

/* see fan.h */
enum err
fan_read(struct fan *fan, const struct fan_read *how)
{
	struct wave *w = ARENA_NEW(fan->c->arena, struct wave);
	size_t at = 0, done_n = 0, good_n = 0;
	enum err err = ERR_OK;

	if (w == NULL) {
		return fail_set(fan->c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	arena_init(&w->arena, FAN_WAVE_CAP);
	if (fan->c->arena->budget != NULL) {
		arena_share(&w->arena, fan->c->arena->budget);
	}
	while (err == ERR_OK && done_n < fan->n) {
		err = run_wave(fan, how, w, &at);
		done_n = good_n = 0;
		for (size_t i = 0; i < fan->n; i++) {
			done_n += fan->targets[i].done;
			good_n += fan->targets[i].good;
		}
		fan->c->progress(fan->c, (double)(fan->n + done_n),
		    (double)fan->n * 2, how->progress);
	}
	arena_free(&w->arena);
	return err == ERR_OK && good_n == 0 ? fan_error(fan) : err;
}

/* ---- the answer ---- */

/* see fan.h */
void
fan_put_failures(struct fan *fan, struct rows *rows)
{
	struct json_writer *out = fan->c->out;
	size_t good_n = 0;

	rows_begin_share(rows, S("failures"), 1, 3);
	for (const struct fan_failure *x = fan->first; x != NULL;
	    x = x->next) {
		json_begin_object(out);
		json_put_string_or_null(out, S("profile_name"), x->profile);
		json_put_string_or_null(out, S("region"), x->region);
		json_put_string(out, S("code"), x->code);
		json_put_string(out, S("message"), x->text);
		json_end_object(out);
		if (!rows_fit(rows)) {
			break;
		}
	}
	rows_end(rows);
	for (size_t i = 0; i < fan->n; i++) {
		good_n += fan->targets[i].good;
	}
	json_key(out, S("targets"));
	json_begin_object(out);
	json_put_integer(out, S("profiles"), (int64_t)fan->profile_n);
	json_put_integer(out, S("asked"), (int64_t)fan->n);
	json_put_integer(out, S("answered"), (int64_t)good_n);
	json_put_integer(out, S("failures"), (int64_t)fan->failure_n);
	json_end_object(out);
	rows_mark(rows);
}

/* Marks the rows to show: one of each target at a time, until there are max_n
 * or `room` bytes of them. Returns how many there are in all. */
static size_t
choose(struct fan *fan, size_t max_n, size_t room)
{
	size_t n = 0, all = 0;
	bool full = false, any = true;

	for (size_t i = 0; i < fan->n; i++) {
		all += fan->targets[i].row_n;
		fan->targets[i].at = fan->targets[i].first;
	}
	while (any && !full) {
		any = false;
		for (size_t i = 0; i < fan->n && !full; i++) {
			struct fan_row *row = fan->targets[i].at;

			if (row == NULL) {
				continue;
			}
			full = n == max_n || row->text.len + 1 > room;
			if (!full) {
				row->shown = true;
				room -= row->text.len + 1;
				fan->targets[i].at = row->next;
				any = true;
				n++;
			}
		}
	}
	fan->more = fan->more || n < all;
	return n;
}

/* see fan.h */
enum err
fan_show(struct fan *fan, const struct str *lists, size_t list_n,
    size_t row_max_n, struct str none)
{
	struct json_writer *out = fan->c->out;
	size_t n, closing;
	struct rows rows;

	rows_init(&rows, fan->c);
	json_begin_object(out);
	fan_put_failures(fan, &rows);
	rows.cut = false;
	closing = list_n * 64;
	n = rows_room(&rows);
	n = choose(fan, row_max_n, n > closing ? n - closing : 0);
	for (unsigned k = 0; k < list_n; k++) {
		rows_begin(&rows, lists[k]);
		for (size_t i = 0; i < fan->n; i++) {
			for (struct fan_row *row = fan->targets[i].first;
			    row != NULL; row = row->next) {
				if (row->list == k && row->shown) {
					json_raw(out, row->text);
					(void)!rows_fit(&rows);
				}
			}
		}
		rows_end(&rows);
	}
	rows_close(&rows, fan->more, S("Raise max_items and max_bytes, or name "
	    "fewer profiles and regions."), fan->failure_n > 0 ?
	    S("A part failed: see failures.") : n == 0 ? none : STR_NONE);
	json_end_object(out);
	return ERR_OK;
}
