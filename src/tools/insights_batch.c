/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execute_cwl_insights_batch: one Logs Insights query over many log groups,
 * several regions and accounts, and the rows of all in one list.
 *
 * Groups are asked in chunks of 50, the service's limit, several at a time. A
 * chunk is cut into two halves of its time, which share no second, when its
 * query took too long, or when it filled the service's 10,000 rows and more of
 * them would fit the answer; both only where every event is a row of its own
 * (query_fields.h), because halves of a count are not the count. What decides
 * is how many rows came out, not how many records matched.
 *
 * Rows are merged by the field that the query sorts by, else by @timestamp,
 * newest first, and `limit` holds for all together. Of each chunk no more rows
 * are kept than the answer could show. One failing region or chunk costs its
 * rows and is named; when all fail the call does.
 */
#include "tools/tools.h"

#include "base/limits.h"
#include "base/num.h"
#include "base/timefmt.h"
#include "tools/ask.h"
#include "tools/fan.h"
#include "tools/query_fields.h"
#include "tools/query_run.h"
#include "tools/rows.h"

/* Groups of one StartQuery. */
#define CHUNK_GROUP_N 50
/* Rows that a query without a limit ends at. */
#define SERVICE_ROW_N 10000
/* Halvings of one chunk's time. */
#define SPLIT_DEPTH_MAX 4
#define WARNING_MAX_N 20
/* No row is shorter: {"_region":"us-east-1","_logGroups":"g"}. */
#define ROW_LEN_MIN 40
/* Rows of all answers that are held at a time. */
#define HELD_ROW_N 20000

/* What run->ctx points to. */
struct chunk {
	struct str region;
	struct str label;   /* _logGroups of its rows */
	struct str first;   /* its first group, for warnings */
	struct fan_target *target; /* of several accounts; else NULL */
	unsigned depth;
	bool retried;
};

struct row {
	struct str text;    /* the object as JSON */
	struct str key;     /* what the order goes by; absent: nothing */
	double number;      /* the key as a number */
	bool is_number;
};

struct batch {
	struct call *c;
	struct fan fan;     /* of several accounts or all regions */
	bool many;          /* there is one */
	struct query_fields shape;
	struct rows rows;
	struct arena arena; /* of the rows: the answer needs the call's own */
	struct buf scratch; /* one row */
	struct row *kept;
	size_t kept_n, kept_cap, kept_len;
	bool dropped;       /* rows that were not kept */
	double bytes;
	int64_t limit;
	struct str account;
	uint64_t total_n, good_n, failed_n, retried_n, split_n;
	struct str warnings[WARNING_MAX_N];
	size_t warning_n;
	struct fail first;  /* why the first chunk failed */
};

static void
warn(struct batch *b, struct str text)
{
	if (b->warning_n < WARNING_MAX_N) {
		b->warnings[b->warning_n++] = text;
	}
}

/* ---- rows ---- */

/* The order of two rows: < 0 when a is first. */
static int
compare(const struct batch *b, const struct row *x, const struct row *y)
{
	int order;

	if (x->key.p == NULL || y->key.p == NULL) {
		/* Rows without the field are last. */
		return (x->key.p == NULL) - (y->key.p == NULL);
	}
	order = x->is_number && y->is_number ? (x->number > y->number) -
	    (x->number < y->number) : str_cmp(x->key, y->key);
	return b->shape.descending ? -order : order;
}

/* Merges sorted runs of `width` rows into runs of twice that, stably. */
static void
merge_pass(const struct batch *b, const struct row *from, struct row *to,
    size_t width)
{
	for (size_t low = 0; low < b->kept_n; low += 2 * width) {
		size_t mid = low + width < b->kept_n ? low + width : b->kept_n;
		size_t high = mid + width < b->kept_n ? mid + width :
		    b->kept_n;
		size_t i = low, k = mid;

		for (size_t n = low; n < high; n++) {
			bool left = k == high || (i < mid &&
			    compare(b, &from[i], &from[k]) <= 0);

			to[n] = left ? from[i++] : from[k++];
		}
	}
}

static enum err
sort_rows(struct batch *b)
{
	struct row *spare;

	if (b->shape.sort.p == NULL || b->kept_n < 2) {
		return ERR_OK;
	}
	spare = ARENA_ARRAY(&b->arena, b->kept_n, struct row);
	if (spare == NULL) {
		return fail_set(b->c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	for (size_t width = 1; width < b->kept_n; width *= 2) {
		struct row *was = b->kept;

		merge_pass(b, was, spare, width);
		b->kept = spare;
		spare = was;
	}
	return ERR_OK;
}

static bool
make_room(struct batch *b)
{
	size_t cap = b->kept_cap > 0 ? b->kept_cap * 2 : 64;
	struct row *more;

	if (b->kept_n < b->kept_cap) {
		return true;
	}
	more = ARENA_ARRAY(&b->arena, cap, struct row);
	if (more == NULL) {
		return false;
	}
	for (size_t i = 0; i < b->kept_n; i++) {
		more[i] = b->kept[i];
	}
	b->kept = more;
	b->kept_cap = cap;
	return true;
}

/* Keeps one row; false: there is no room for it. */
static bool
keep(struct batch *b, const struct query_run *r, const struct json *cells)
{
	struct buf *scratch = &b->scratch;
	const struct chunk *chunk = r->ctx;
	struct json_writer w = json_writer(scratch);
	struct str account = b->account.len > 0 || chunk->target == NULL ?
	    b->account : chunk->target->account;
	struct str key = query_run_cell(cells, b->shape.sort);
	struct row row = { .key = STR_NONE };

	buf_clear(scratch);
	json_begin_object(&w);
	query_run_put_cells(&w, cells);
	json_put_string(&w, S("_region"), chunk->region);
	if (chunk->target != NULL) {
		json_put_string(&w, S("_profile"),
		    chunk->target->scope.profile);
	}
	if (account.len > 0) {
		json_put_string(&w, S("_account"), account);
	}
	json_put_string(&w, S("_logGroups"), chunk->label);
	json_end_object(&w);
	if (!buf_ok(scratch) || !make_room(b) ||
	    b->kept_len + scratch->len > INSIGHTS_BATCH_KEEP_MAX) {
		b->dropped = true;
		return false;
	}
	row.text = str_dup(&b->arena, buf_str(scratch));
	if (key.p != NULL) {
		row.key = str_dup(&b->arena, key);
		row.is_number = num_parse(key, &row.number);
	}
	if (b->arena.failed) {
		b->dropped = true;
		return false;
	}
	b->kept[b->kept_n++] = row;
	b->kept_len += scratch->len;
	return true;
}

/* Keeps a page of rows; false: the answer could show no more of this run. */
static bool
keep_page(struct batch *b, const struct query_run *r, const struct json *page,
    size_t *len)
{
	const struct json *row = json_at(page, 0);

	for (; row != NULL; row = row->next) {
		if (*len > b->rows.max_bytes || !keep(b, r, row)) {
			return false;
		}
		*len += b->scratch.len;
	}
	return true;
}

/* Bytes that a page's rows take in the answer, roughly. */
static size_t
rough_len(const struct json *page)
{
	size_t len = 0;

	for (const struct json *row = json_at(page, 0); row != NULL;
	    row = row->next) {
		len += ROW_LEN_MIN;
		for (const struct json *cell = json_at(row, 0); cell != NULL;
		    cell = cell->next) {
			len += json_get_str(cell, S("field"), S("")).len + 6 +
			    json_get_str(cell, S("value"), S("")).len;
		}
	}
	return len;
}

/* ---- chunks ---- */

static void
complain(struct batch *b, const struct query_run *r, struct str what)
{
	const struct chunk *chunk = r->ctx;
	struct buf text = buf_in(b->c->arena, 2048);
	bool many = !str_eq(chunk->first, chunk->label);

	if (chunk->target != NULL) {
		buf_addf(&text, "%s, ", chunk->target->scope.profile);
	}
	buf_addf(&text, "%s, %s%s", chunk->region, chunk->first,
	    many ? S(" and others (") : S(""));
	if (many) {
		buf_addf(&text, "%s)", chunk->label);
	}
	buf_addf(&text, ", ");
	timefmt_iso(&text, r->start_ms);
	buf_add(&text, S(" to "));
	timefmt_iso(&text, r->end_ms);
	buf_addf(&text, ": %s", str_sub(what, 0, 600));
	warn(b, buf_str(&text));
}

/* Adds a run over part of another one's time. */
static bool
add_part(struct query_runs *all, const struct query_run *r, int64_t start_ms,
    int64_t end_ms, const struct chunk *like)
{
	struct chunk *chunk = ARENA_NEW(all->c->arena, struct chunk);

	if (all->n == all->cap || chunk == NULL) {
		return false;
	}
	*chunk = *like;
	all->runs[all->n++] = (struct query_run){ .scope = r->scope,
		.text = r->text, .language = r->language, .groups = r->groups,
		.identifiers = r->identifiers, .limit = r->limit,
		.start_ms = start_ms, .end_ms = end_ms, .ctx = chunk };
	return true;
}

/* Runs the two halves of the run's time instead of it. */
static bool
split(struct query_runs *all, struct query_run *r)
{
	struct batch *b = all->ctx;
	const struct chunk *chunk = r->ctx;
	struct chunk half = *chunk;
	int64_t start_s = r->start_ms / 1000, end_s = r->end_ms / 1000;
	int64_t mid_s = start_s + (end_s - start_s) / 2;

	half.depth++;
	half.retried = false;
	/* Both ends of a query's time are included: no second twice. */
	if (!b->shape.rows_only || chunk->depth >= SPLIT_DEPTH_MAX ||
	    mid_s >= end_s || all->n + 2 > all->cap || !add_part(all, r,
	    (mid_s + 1) * 1000, r->end_ms, &half) || !add_part(all, r,
	    r->start_ms, mid_s * 1000, &half)) {
		return false;
	}
	b->split_n++;
	return true;
}

static void
completed(struct query_runs *all, struct query_run *r)
{
	struct batch *b = all->ctx;
	const struct chunk *chunk = r->ctx;
	const struct json *page;
	size_t len = 0;
	enum err err = query_run_page(r, &page);

	/* As many rows as can be, and room for more: there may be more. */
	if (err == ERR_OK && b->limit == 0 && json_is(page, JSON_ARRAY) &&
	    page->n >= SERVICE_ROW_N && rough_len(page) < b->rows.max_bytes) {
		if (split(all, r)) {
			return;
		}
		complain(b, r, S("the query ended at the service's 10,000 "
		    "rows; there may be more"));
		b->dropped = true;
	}
	while (err == ERR_OK && page != NULL) {
		if (!keep_page(b, r, page, &len)) {
			b->dropped = true;
			break;
		}
		err = query_run_page(r, &page);
	}
	if (err != ERR_OK) {
		complain(b, r, fail_text(&r->fail));
	}
	b->good_n++;
	if (chunk->target != NULL) {
		chunk->target->good = true;
	}
}

/* Trouble that may be gone by now. */
static bool
is_passing(const struct query_run *r)
{
	return query_run_may_pass(r->err) && !str_eq(r->status, S("Failed")) &&
	    !str_eq(r->status, S("Cancelled"));
}

static void
ended(struct query_runs *all, struct query_run *r)
{
	struct batch *b = all->ctx;
	struct chunk *chunk = r->ctx;
	bool late = r->state == QUERY_RUN_LATE || r->timed_out;
	int64_t now_ms = all->c->sys->mono_ms(all->c->sys->ctx);
	bool time = now_ms < all->until_ms;

	b->bytes += r->scanned_bytes;
	if (r->state == QUERY_RUN_COMPLETE) {
		completed(all, r);
		return;
	}
	if (late && time && split(all, r)) {
		return;
	}
	if (!late && time && !chunk->retried && is_passing(r)) {
		struct chunk again = *chunk;

		again.retried = true;
		if (add_part(all, r, r->start_ms, r->end_ms, &again)) {
			b->retried_n++;
			return;
		}
	}
	if (r->state == QUERY_RUN_LATE) {
		r->err = fail_set(&r->fail, ERR_TIMEOUT, 0, S("the query took "
		    "longer than max_timeout and was stopped; use a shorter "
		    "time range"));
	}
	b->failed_n++;
	if (b->first.code == ERR_OK) {
		b->first = r->fail;
	}
	complain(b, r, fail_text(&r->fail));
	if (chunk->target != NULL) {
		fan_fail(&b->fan, chunk->target, r->err, r->code,
		    fail_text(&r->fail));
	}
}

/* ---- what to ask ---- */

/* The region in a log group's ARN; absent: a plain name. */
static struct str
arn_region(struct str group)
{
	struct str rest = group;

	if (!str_starts(group, S("arn:"))) {
		return STR_NONE;
	}
	(void)str_cut(&rest, ':');
	(void)str_cut(&rest, ':');
	(void)str_cut(&rest, ':');
	return str_cut(&rest, ':');
}

static bool
seen_before(const struct json *list, const struct json *v)
{
	for (const struct json *e = json_at(list, 0); e != v; e = e->next) {
		if (str_eq(json_str(e), json_str(v))) {
			return true;
		}
	}
	return false;
}

/* Makes one array node of the next up to 50 groups that belong to the region;
 * *at moves behind them. NULL: none are left, or no memory. */
static struct json *
next_groups(struct batch *b, const struct json *list, struct str region,
    const struct json **at, bool *arns)
{
	struct json *array = ARENA_NEW(b->c->arena, struct json);
	struct json **tail;

	if (array == NULL) {
		return NULL;
	}
	*array = (struct json){ .type = JSON_ARRAY };
	tail = &array->child;
	*arns = false;
	for (; *at != NULL && array->n < CHUNK_GROUP_N; *at = (*at)->next) {
		struct str group = json_str(*at);
		struct str there = arn_region(group);
		struct json *v;

		if (seen_before(list, *at) ||
		    (there.p != NULL && !str_eq(there, region))) {
			continue;
		}
		v = ARENA_NEW(b->c->arena, struct json);
		if (v == NULL) {
			return NULL;
		}
		if (there.p != NULL && str_ends(group, S(":*"))) {
			group.len -= 2;
		}
		*v = (struct json){ .type = JSON_STRING, .text = group };
		*tail = v;
		tail = &v->next;
		array->n++;
		*arns = *arns || there.p != NULL;
	}
	return array->n > 0 ? array : NULL;
}

/* Adds the chunks of one region, of one account of several where target is not
 * NULL. */
static enum err
add_region(struct query_runs *all, struct aws_scope *scope,
    struct fan_target *target, const struct query_run *like)
{
	struct batch *b = all->ctx;
	const struct json *list = tool_arg(b->c, S("log_group_names"));
	const struct json *at = json_at(list, 0);
	struct json *groups;
	bool arns;

	while ((groups = next_groups(b, list, scope->region, &at,
	    &arns)) != NULL) {
		struct chunk chunk = { .region = scope->region,
			.target = target };
		struct buf label = buf_in(b->c->arena, 64);
		struct query_run r = *like;

		chunk.first = json_str(groups->child);
		buf_addf(&label, "%u log groups", (uint64_t)groups->n);
		chunk.label = groups->n == 1 ? chunk.first : buf_str(&label);
		r.scope = scope;
		r.groups = groups;
		r.identifiers = arns;
		if (!add_part(all, &r, like->start_ms, like->end_ms, &chunk)) {
			return fail_set(b->c->fail, b->c->arena->failed ?
			    ERR_NOMEM : ERR_ARGUMENT, 0, S("too many log "
			    "groups and regions for one call"));
		}
		b->total_n++;
	}
	return b->c->arena->failed ? fail_set(b->c->fail, ERR_NOMEM, 0,
	    STR_NONE) : ERR_OK;
}

static void
warn_none(struct batch *b, struct str region)
{
	struct buf text = buf_in(b->c->arena, 256);

	buf_addf(&text, "%s: none of the ARNs is of this region", region);
	warn(b, buf_str(&text));
}

/* The same for several accounts, or all regions. */
static enum err
plan_many(struct query_runs *all, const struct query_run *like)
{
	struct batch *b = all->ctx;
	enum err err = fan_open(&b->fan, b->c);

	for (size_t i = 0; err == ERR_OK && i < b->fan.n; i++) {
		struct fan_target *t = &b->fan.targets[i];
		uint64_t before_n = b->total_n;

		err = add_region(all, &t->scope, t, like);
		if (err == ERR_OK && b->total_n == before_n) {
			warn_none(b, t->scope.region);
		}
	}
	return err;
}

/* Opens the regions and adds their chunks; *region_n of them could be. */
static enum err
plan(struct query_runs *all, const struct ask *q, const struct query_run *like,
    size_t *region_n)
{
	struct batch *b = all->ctx;
	struct call *c = b->c;
	const struct json *regions = tool_arg(c, S("regions"));
	const struct json *v = json_at(regions, 0);
	struct json one = { .type = JSON_STRING, .text = q->scope.region };
	enum err err = ERR_OK;

	for (v = v == NULL ? &one : v; v != NULL && err == ERR_OK;
	    v = v->next) {
		struct aws_scope *scope;
		uint64_t before_n = b->total_n;

		if (v != &one && seen_before(regions, v)) {
			continue;
		}
		(*region_n)++;
		scope = ARENA_NEW(c->arena, struct aws_scope);
		if (scope == NULL) {
			return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
		}
		err = aws_scope_region(&q->scope, json_str(v), scope);
		if (err == ERR_REGION) {
			struct str text = str_dup(c->arena, fail_text(c->fail));

			/* The others may be good. */
			warn(b, text);
			if (b->first.code == ERR_OK) {
				(void)fail_set(&b->first, err, 0, text);
			}
			b->failed_n++;
			b->total_n++;
			fail_clear(c->fail);
			err = ERR_OK;
			continue;
		}
		if (err == ERR_OK) {
			err = add_region(all, scope, NULL, like);
		}
		if (err == ERR_OK && b->total_n == before_n) {
			warn_none(b, json_str(v));
		}
	}
	return err;
}

/* ---- the answer ---- */

static void
put_summary(struct batch *b, size_t group_n, size_t region_n, size_t row_n)
{
	struct json_writer *out = b->c->out;
	const struct {
		struct str name;
		uint64_t n;
	} NUMBERS[] = {
		{ S("total_log_groups"), group_n },
		{ S("total_regions"), region_n },
		{ S("total_chunks"), b->total_n },
		{ S("successful_chunks"), b->good_n },
		{ S("retried_chunks"), b->retried_n },
		{ S("re_chunked"), b->split_n },
		{ S("failed_chunks"), b->failed_n },
		{ S("total_records_returned"), row_n },
	};

	json_key(out, S("summary"));
	json_begin_object(out);
	for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++) {
		json_put_integer(out, NUMBERS[i].name, (int64_t)NUMBERS[i].n);
	}
	/* Results follow, and may have most of the room. */
	rows_begin_share(&b->rows, S("warnings"), 1, 3);
	for (size_t i = 0; i < b->warning_n; i++) {
		json_string(out, b->warnings[i]);
		if (!rows_fit(&b->rows)) {
			break;
		}
	}
	rows_end(&b->rows);
	json_end_object(out);
	/* What was left out of the warnings is no row. */
	b->rows.cut = false;
	rows_mark(&b->rows);
}

/* The regions asked, and whose account it is. */
static void
put_origin(struct batch *b, struct ask *q, const struct query_runs *all)
{
	struct buf names = buf_in(b->c->arena, 4096);
	const struct aws_scope *before = NULL;

	for (size_t i = 0; i < all->n; i++) {
		const struct chunk *chunk = all->runs[i].ctx;

		/* Halves and second tries stand behind the first ones. */
		if (chunk->depth > 0 || chunk->retried) {
			break;
		}
		if (all->runs[i].scope != before) {
			before = all->runs[i].scope;
			buf_addf(&names, "%s%s", names.len > 0 ? S(", ") :
			    S(""), before->region);
		}
	}
	json_put_string(b->c->out, S("region"), buf_str(&names));
	json_put_string_or_null(b->c->out, S("account_id"),
	    aws_account_id(all->runs[0].scope));
	json_put_string_or_null(b->c->out, S("profile_name"),
	    q->scope.profile);
}

static enum err
show(struct batch *b, struct ask *q, const struct query_runs *all,
    size_t region_n)
{
	struct call *c = b->c;
	const struct json *groups = tool_arg(c, S("log_group_names"));
	size_t n = b->kept_n, group_n = 0;
	bool limited;

	for (const struct json *v = json_at(groups, 0); v != NULL;
	    v = v->next) {
		group_n += !seen_before(groups, v);
	}
	limited = b->limit > 0 && n > (uint64_t)b->limit;
	n = limited ? (size_t)b->limit : n;
	json_begin_object(c->out);
	if (b->many) {
		fan_put_failures(&b->fan, &b->rows);
	}
	put_summary(b, group_n, region_n, n);
	query_run_put_cost(c->out, b->bytes);
	rows_begin(&b->rows, S("results"));
	for (size_t i = 0; i < n; i++) {
		json_raw(c->out, b->kept[i].text);
		if (!rows_fit(&b->rows)) {
			break;
		}
	}
	rows_end(&b->rows);
	rows_close(&b->rows, b->dropped || limited, limited ?
	    S("Raise limit.") : S("Use limit, stats or a shorter time range."),
	    b->failed_n > 0 || b->fan.failure_n > 0 ?
	    S("A part failed: see summary.warnings.") :
	    n == 0 ? S("No record matched in any of the log groups.") :
	    STR_NONE);
	if (!b->many) {
		put_origin(b, q, all);
	}
	json_end_object(c->out);
	return ERR_OK;
}

static enum err
check(struct batch *b, struct query_run *like)
{
	struct call *c = b->c;
	struct str text = like->text;

	query_fields_parse(text, like->language, &b->shape);
	if (b->shape.language == QUERY_FIELDS_SQL ||
	    str_istarts(str_trim_ws(text), S("SOURCE"))) {
		return fail_set(c->fail, ERR_ARGUMENT, 0, S("a query that "
		    "names its log groups by itself (SOURCE, SQL) is for "
		    "execute_log_insights_query"));
	}
	if (b->limit == 0 && !b->shape.aggregates) {
		b->limit = (int64_t)b->shape.limit;
	}
	if (b->shape.sort.p == NULL && !b->shape.aggregates) {
		/* The service's own order. */
		b->shape.sort = S("@timestamp");
		b->shape.descending = true;
	}
	if (b->shape.aggregates && b->total_n > 1) {
		warn(b, S("Each region, and each 50 log groups of one, gave "
		    "statistics of its own: rows of the same group are to be "
		    "added up."));
	}
	return ERR_OK;
}

/* Rows that are worth asking for: more could not be shown. */
static int64_t
row_limit(const struct batch *b)
{
	int64_t most = (int64_t)b->rows.max_bytes / ROW_LEN_MIN + 1;

	most = most < SERVICE_ROW_N ? most : SERVICE_ROW_N;
	return b->limit > 0 && b->limit < most ? b->limit : most;
}

/* Accounts are named, or regions by "*". */
static bool
is_many(const struct call *c)
{
	const struct json *v = json_at(tool_arg(c, S("regions")), 0);

	while (v != NULL && !str_eq(json_str(v), S("*"))) {
		v = v->next;
	}
	return v != NULL || json_at(tool_arg(c, S("profiles")), 0) != NULL;
}

/* Nothing came back: why. */
static enum err
failed(struct batch *b)
{
	if (b->many && b->fan.failure_n > 0) {
		return fan_error(&b->fan);
	}
	return b->first.code == ERR_OK ? fail_set(b->c->fail, ERR_ARGUMENT, 0,
	    S("none of the log groups is in one of the regions")) :
	    fail_set(b->c->fail, b->first.code, 0, fail_text(&b->first));
}

static enum err
run(struct call *c)
{
	struct batch b = { .c = c, .many = is_many(c) };
	struct query_run like = { .limit = 0 };
	struct query_runs all = { .c = c, .stop_late = true, .ended = ended,
	    .ctx = &b };
	size_t region_n = 0;
	struct ask q;
	enum err err;

	if (b.many) {
		q = (struct ask){ .c = c,
		    .now_ms = c->sys->now_ms(c->sys->ctx) };
	} else {
		ask_begin(&q, c);
	}
	rows_init(&b.rows, c);
	fail_init(&b.first, c->arena);
	b.account = tool_arg_str(c, S("account_label"));
	b.limit = tool_arg(c, S("limit")) == NULL ? 0 :
	    tool_arg_i64(c, S("limit"));
	like.text = tool_arg_str(c, S("query_string"));
	like.start_ms = ask_time(&q, S("start_time"), q.now_ms);
	like.end_ms = ask_time(&q, S("end_time"), q.now_ms);
	like.limit = row_limit(&b);
	all.looks_at_once = (size_t)(HELD_ROW_N / like.limit);
	arena_init(&b.arena, INSIGHTS_BATCH_ARENA_CAP);
	if (c->arena->budget != NULL) {
		arena_share(&b.arena, c->arena->budget);
	}
	b.scratch = buf_in(&b.arena, b.rows.max_bytes);
	all.cap = INSIGHTS_BATCH_RUN_MAX_N;
	all.runs = ARENA_ARRAY(c->arena, all.cap, struct query_run);
	all.each_ms = tool_arg_i64(c, S("max_timeout")) * 1000;
	all.until_ms = query_run_until(c, SERVER_CALL_MS / 1000);
	if (all.runs == NULL) {
		return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	err = q.err != ERR_OK ? q.err :
	    ask_check_range(&q, like.start_ms, like.end_ms);
	if (err == ERR_OK) {
		err = b.many ? plan_many(&all, &like) :
		    plan(&all, &q, &like, &region_n);
	}
	if (err == ERR_OK) {
		err = check(&b, &like);
	}
	if (err == ERR_OK) {
		err = query_runs(&all);
	}
	if (err == ERR_OK && b.good_n == 0) {
		err = failed(&b);
	}
	if (err == ERR_OK) {
		err = sort_rows(&b);
	}
	if (err == ERR_OK) {
		err = show(&b, &q, &all, b.many ? b.fan.n : region_n);
	}
	fan_free(&b.fan);
	arena_free(&b.arena);
	return err;
}

static const struct param params[] = {
	{ .name = STR_INIT("log_group_names"), .type = PARAM_STRINGS,
	    .required = true, .min = 1, .max = 1000,
	    .text = STR_INIT("names, or ARNs for their own region") },
	FAN_PARAMS,
	{ .name = STR_INIT("start_time"), .type = PARAM_TIME,
	    .required = true },
	{ .name = STR_INIT("end_time"), .type = PARAM_TIME,
	    .required = true },
	{ .name = STR_INIT("query_string"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 10000,
	    .text = STR_INIT("Logs Insights QL") },
	{ .name = STR_INIT("limit"), .type = PARAM_INTEGER, .min = 1,
	    .max = 10000, .text = STR_INIT("rows in all") },
	{ .name = STR_INIT("max_timeout"), .type = PARAM_INTEGER, .min = 1,
	    .max = 900, .fallback = "120",
	    .text = STR_INIT("seconds a query") },
	{ .name = STR_INIT("account_label"), .type = PARAM_STRING, .max = 128,
	    .text = STR_INIT("put into each row") },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_execute_cwl_insights_batch = {
	.name = STR_INIT("execute_cwl_insights_batch"),
	.title = STR_INIT("Logs Insights over many groups"),
	.description = STR_INIT("One Logs Insights query over many log groups, "
	    "regions and accounts, rows merged. Costs money per byte scanned; "
	    "one failing part leaves the rest."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_SLOW,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"summary\":{\"type\":\"object\"},"
	    "\"results\":{\"type\":\"array\"}," FAN_SCHEMA ","
	    QUERY_RUN_COST_SCHEMA
	    ROWS_SCHEMA "," ASK_SCHEMA "}}"),
	.run = run,
};
