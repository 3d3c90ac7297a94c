/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluation of a Logs Insights query in two phases. While events stream in,
 * the commands up to the first that needs to see them all (stats, sort, limit,
 * pattern) run on each event by itself; that one collects groups or rows. When
 * the events end, the remaining commands work on the table that came of it.
 *
 * A row is an array of values, one per name of the query. Values of an event
 * are looked up when they are first asked for; texts point into the event or
 * into q->scratch, which is reset for every event, and are copied when a row
 * or group is kept.
 */
#include "demo/demo_insights.h"

#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "base/timefmt.h"
#include "demo/account.h"
#include "demo/demo_grammar.h"
#include "proto/json.h"

/* Work that regular expressions may do in one query. */
#define STEP_MAX UINT64_C(400000000)
#define SCRATCH_CAP ((size_t)1024 * 1024)
#define SAMPLE_MAX_N 256
#define DISTINCT_MAX_N 4096
#define BUCKET_N 1024
/* Rows kept before a sort drops the hopeless half. */
#define KEEP_MAX_N (2 * DEMO_INSIGHTS_ROW_MAX_N)

enum value_type { VALUE_UNSET, VALUE_NONE, VALUE_TEXT, VALUE_NUMBER,
	VALUE_TIME };

struct value {
	enum value_type type;
	double n;        /* NUMBER; TIME: milliseconds since 1970 */
	struct str s;    /* TEXT */
};

/* What an aggregate needs to remember. */
struct slot {
	double n, sum, squares;
	struct value min, max;
	struct value first, last;      /* earliest and latest */
	double first_ms, last_ms;
	double *samples;               /* pct, median: every step-th value */
	size_t sample_n, sample_cap, sample_step, sample_skip;
	uint64_t *seen;                /* count_distinct: hashes, open table */
	size_t seen_n, seen_cap;
};

struct group {
	struct group *next;  /* of its bucket */
	struct value *keys;
	struct slot *slots;
	uint64_t hash;
	double n;            /* pattern: how many */
};

struct groups {
	struct group **buckets;
	struct group **all;
	size_t n;
};

struct insights {
	struct arena *a;
	struct arena scratch;
	struct arena *tmp;   /* scratch, later a */
	struct grammar g;
	size_t stream_n;     /* commands that run on each event */
	uint64_t steps;
	bool failed;
	uint64_t matched_n;

	const struct insights_event *event; /* NULL: a row of the table */
	const struct json *doc;             /* the event's message, or NULL */
	struct value *row;                  /* present row */
	struct value cells[GRAMMAR_NAME_MAX_N];

	struct value **rows;
	size_t row_n;
	struct groups groups;
	uint64_t *dedup;     /* hashes already seen, open table */
	size_t dedup_n, dedup_cap;
	bool grouped;        /* rows are no longer events */
};

static const struct value NONE = { .type = VALUE_NONE };

static struct value
text_value(struct str s)
{
	return (struct value){ VALUE_TEXT, 0, s };
}

static struct value
number_value(double n)
{
	return (struct value){ VALUE_NUMBER, n, STR_NONE };
}

/* ---- values ---- */

static bool
as_number(const struct value *v, double *n)
{
	if (v->type == VALUE_NUMBER || v->type == VALUE_TIME) {
		*n = v->n;
		return true;
	}
	return v->type == VALUE_TEXT && num_parse(v->s, n);
}

/* 2026-01-31 23:59:59.123 */
static void
add_time(struct buf *b, double ms)
{
	int64_t t = ms < 0 ? 0 : ms > (double)TIMEFMT_MAX_MS ?
	    TIMEFMT_MAX_MS : (int64_t)ms;
	size_t from = b->len;

	timefmt_iso(b, t / 1000 * 1000);
	if (buf_ok(b)) {
		b->p[from + 10] = ' ';
		b->p[b->len - 1] = '.';
	}
	buf_add_padded(b, (uint64_t)(t % 1000), 3);
}

static struct str
as_text(struct insights *q, const struct value *v)
{
	char text[NUM_TEXT_MAX];
	struct buf b = buf_in(q->tmp, 64);
	double n = v->n;

	if (v->type == VALUE_TEXT) {
		return v->s;
	}
	if (v->type == VALUE_TIME) {
		add_time(&b, n);
	} else if (v->type == VALUE_NUMBER) {
		/* The service shows four decimals. */
		if (n > -1e11 && n < 1e11) {
			n = (double)(int64_t)(n * 10000 + (n < 0 ? -0.5 :
			    0.5)) / 10000;
		}
		buf_add(&b, str_of(text, num_format(n, text)));
	} else {
		return S("");
	}
	return buf_str(&b);
}

static bool
truthy(const struct value *v)
{
	if (v->type == VALUE_TEXT) {
		return v->s.len > 0 && !str_eq(v->s, S("0")) &&
		    !str_eq(v->s, S("false"));
	}
	return (v->type == VALUE_NUMBER || v->type == VALUE_TIME) &&
	    (v->n > 0 || v->n < 0);
}

/* Order of two values: numbers by size, else texts; what is missing last. */
static int
compare(struct insights *q, const struct value *a, const struct value *b)
{
	double x, y;

	if (a->type <= VALUE_NONE || b->type <= VALUE_NONE) {
		return (a->type <= VALUE_NONE) - (b->type <= VALUE_NONE);
	}
	if (as_number(a, &x) && as_number(b, &y)) {
		return (x > y) - (x < y);
	}
	return str_cmp(as_text(q, a), as_text(q, b));
}

/* A copy that outlives the event. */
static struct value
keep(struct insights *q, struct value v)
{
	if (v.type == VALUE_TEXT) {
		v.s = v.s.len > 0 ? str_dup(q->a, v.s) : S("");
		q->failed = q->failed || v.s.p == NULL;
	}
	return v;
}

/* ---- fields of an event ---- */

static struct value
json_field(const struct json *doc, struct str name)
{
	const struct json *v = json_get(doc, name);

	v = v != NULL ? v : json_path(doc, name);
	return v == NULL || v->type == JSON_NULL ? NONE :
	    text_value(v->type == JSON_BOOL ? (v->boolean ? S("1") : S("0")) :
	    v->text);
}

static struct value
event_field(const struct insights *q, struct str name)
{
	const struct insights_event *e = q->event;
	struct value v = { VALUE_TIME, 0, STR_NONE };

	if (str_eq(name, S("@timestamp"))) {
		v.n = (double)e->at_ms;
		return v;
	}
	if (str_eq(name, S("@ingestionTime"))) {
		v.n = (double)e->ingested_ms;
		return v;
	}
	if (str_eq(name, S("@message"))) {
		return text_value(e->message);
	}
	if (str_eq(name, S("@logStream"))) {
		return text_value(e->stream);
	}
	if (str_eq(name, S("@log"))) {
		return text_value(e->group);
	}
	if (str_eq(name, S("@ptr"))) {
		return text_value(e->ptr);
	}
	return q->doc == NULL ? NONE : json_field(q->doc, name);
}

static struct value
lookup(struct insights *q, unsigned id)
{
	struct value *v = &q->row[id];

	if (v->type == VALUE_UNSET) {
		*v = q->event == NULL ? NONE :
		    event_field(q, q->g.names[id]);
	}
	return *v;
}

/* ---- expressions ---- */

static struct value eval(struct insights *q, const struct grammar_node *n,
    const struct slot *slots);

static struct value
arithmetic(enum grammar_kind op, const struct value *a, const struct value *b)
{
	double x, y, r;

	if (!as_number(a, &x) || !as_number(b, &y)) {
		return NONE;
	}
	switch (op) {
	case GRAMMAR_ADD:
		r = x + y;
		break;
	case GRAMMAR_SUB:
		r = x - y;
		break;
	case GRAMMAR_MUL:
		r = x * y;
		break;
	case GRAMMAR_DIV:
		if (!(y > 0 || y < 0)) {
			return NONE;
		}
		r = x / y;
		break;
	default:
		if (!(y > 0 || y < 0) || x / y > 9e15 || x / y < -9e15) {
			return NONE;
		}
		r = x - y * (double)(int64_t)(x / y);
		break;
	}
	return number_value(r);
}

/* Rounds down to a multiple of step; step > 0. */
static double
round_down(double v, double step)
{
	double whole = v / step;

	if (whole > 9e15 || whole < -9e15) {
		return v;
	}
	whole = (double)(int64_t)whole;
	return (whole > v / step ? whole - 1 : whole) * step;
}

static struct value
call_number(unsigned f, const struct value *args, size_t n)
{
	double v, step, r;

	if (!as_number(&args[0], &v)) {
		return NONE;
	}
	switch (f) {
	case GRAMMAR_F_ABS:
		return number_value(v < 0 ? -v : v);
	case GRAMMAR_F_FLOOR:
		return number_value(round_down(v, 1));
	case GRAMMAR_F_CEIL:
		return number_value(-round_down(-v, 1));
	case GRAMMAR_F_TOMILLIS:
		return number_value(v);
	case GRAMMAR_F_FROMMILLIS:
		return (struct value){ VALUE_TIME, v, STR_NONE };
	default:
		break;
	}
	if (n < 2 || !as_number(&args[1], &step) || !(step >= 1)) {
		return NONE;
	}
	r = round_down(v, step);
	r += f == GRAMMAR_F_DATECEIL && r < v ? step : 0;
	return (struct value){ VALUE_TIME, r, STR_NONE };
}

static struct value
call_text(struct insights *q, unsigned f, const struct value *args, size_t n)
{
	struct str s = as_text(q, &args[0]), t = n > 1 ?
	    as_text(q, &args[1]) : S("");
	struct buf b = buf_in(q->tmp, 64 * 1024);
	double from = 0, len = 1e9;

	switch (f) {
	case GRAMMAR_F_STRLEN:
		return number_value((double)s.len);
	case GRAMMAR_F_TRIM:
		return text_value(str_trim_ws(s));
	case GRAMMAR_F_LTRIM:
		t = str_trim_ws(s);
		return text_value(t.len == 0 ? t : str_of(t.p, s.len -
		    (size_t)(t.p - s.p)));
	case GRAMMAR_F_RTRIM:
		t = str_trim_ws(s);
		return text_value(t.len == 0 ? t : str_of(s.p, (size_t)(t.p -
		    s.p) + t.len));
	case GRAMMAR_F_STRCONTAINS:
		return number_value(str_find(s, t, 0) + t.len <= s.len);
	case GRAMMAR_F_SUBSTR:
		(void)as_number(&args[1], &from);
		if (n > 2) {
			(void)as_number(&args[2], &len);
		}
		from = from < 0 ? 0 : from > 1e9 ? 1e9 : from;
		len = len < 0 ? 0 : len > 1e9 ? 1e9 : len;
		return text_value(str_sub(s, (size_t)from, (size_t)from +
		    (size_t)len));
	case GRAMMAR_F_REPLACE:
		for (size_t at = 0; at <= s.len && t.len > 0;) {
			size_t hit = str_find(s, t, at);

			buf_add(&b, str_sub(s, at, hit));
			if (hit >= s.len) {
				break;
			}
			buf_add(&b, as_text(q, &args[2]));
			at = hit + t.len;
		}
		return text_value(t.len > 0 ? buf_str(&b) : s);
	case GRAMMAR_F_CONCAT:
		for (size_t i = 0; i < n; i++) {
			buf_add(&b, as_text(q, &args[i]));
		}
		return text_value(buf_str(&b));
	default:
		for (size_t i = 0; i < s.len; i++) {
			char c = str_lower_byte(s.p[i]);

			buf_add_byte(&b, f == GRAMMAR_F_TOUPPER &&
			    c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
		}
		return text_value(buf_str(&b));
	}
}

static struct value
call(struct insights *q, const struct grammar_node *node,
    const struct slot *slots)
{
	struct value args[9] = { NONE };
	size_t n = node->arg_n, best = 0;

	for (size_t i = 0; i < n; i++) {
		args[i] = eval(q, node->args[i], slots);
	}
	switch (node->id) {
	case GRAMMAR_F_ISPRESENT:
		return number_value(args[0].type > VALUE_NONE);
	case GRAMMAR_F_ISEMPTY:
		return number_value(args[0].type <= VALUE_NONE ||
		    as_text(q, &args[0]).len == 0);
	case GRAMMAR_F_ISBLANK:
		return number_value(args[0].type <= VALUE_NONE ||
		    str_trim_ws(as_text(q, &args[0])).len == 0);
	case GRAMMAR_F_COALESCE:
		while (best + 1 < n && args[best].type <= VALUE_NONE) {
			best++;
		}
		return args[best];
	case GRAMMAR_F_GREATEST:
	case GRAMMAR_F_LEAST:
		for (size_t i = 1; i < n; i++) {
			int c = compare(q, &args[i], &args[best]);

			if (node->id == GRAMMAR_F_LEAST ? c < 0 : c > 0) {
				best = i;
			}
		}
		return args[best];
	case GRAMMAR_F_BIN:
		args[1] = args[0];
		args[0] = lookup(q, 0);
		return call_number(GRAMMAR_F_DATEFLOOR, args, 2);
	case GRAMMAR_F_ABS:
	case GRAMMAR_F_CEIL:
	case GRAMMAR_F_FLOOR:
	case GRAMMAR_F_DATEFLOOR:
	case GRAMMAR_F_DATECEIL:
	case GRAMMAR_F_TOMILLIS:
	case GRAMMAR_F_FROMMILLIS:
		return call_number(node->id, args, n);
	default:
		return args[0].type <= VALUE_NONE ? NONE :
		    call_text(q, node->id, args, n);
	}
}

static bool
like(struct insights *q, const struct grammar_node *n, const struct value *v)
{
	struct str s = as_text(q, v), t = n->text;

	if (v->type <= VALUE_NONE) {
		return false;
	}
	if (n->regex != NULL) {
		bool hit = demo_regex_search(n->regex, s, &q->steps);

		q->failed = q->failed || q->steps == 0;
		return hit;
	}
	/* '%' at an end is what people bring along from SQL. */
	t = str_sub(t, str_starts(t, S("%")), t.len -
	    (t.len > 1 && str_ends(t, S("%"))));
	return str_find(s, t, 0) + t.len <= s.len;
}

static struct value aggregate_value(struct insights *q,
    const struct grammar_node *n, const struct slot *slot);

static struct value
eval_compare(struct insights *q, const struct grammar_node *n,
    const struct slot *slots)
{
	struct value a = eval(q, n->args[0], slots);
	struct value b = eval(q, n->args[1], slots);
	int c = compare(q, &a, &b);

	if (n->kind == GRAMMAR_EQ || n->kind == GRAMMAR_NE) {
		return number_value((c == 0) == (n->kind == GRAMMAR_EQ));
	}
	if (a.type <= VALUE_NONE || b.type <= VALUE_NONE) {
		return number_value(0);
	}
	return number_value(n->kind == GRAMMAR_LT ? c < 0 :
	    n->kind == GRAMMAR_LE ? c <= 0 : n->kind == GRAMMAR_GT ? c > 0 :
	    c >= 0);
}

/* The value of an expression in the present row; slots: its aggregates. */
static struct value
eval(struct insights *q, const struct grammar_node *n,
    const struct slot *slots)
{
	struct value a, b;

	switch (n->kind) {
	case GRAMMAR_TEXT:
		return text_value(n->text);
	case GRAMMAR_NUMBER:
		return number_value(n->number);
	case GRAMMAR_NAME:
		return lookup(q, n->id);
	case GRAMMAR_CALL:
		return call(q, n, slots);
	case GRAMMAR_AGGREGATE:
		return slots == NULL ? NONE :
		    aggregate_value(q, n, &slots[n->slot]);
	case GRAMMAR_NEGATE:
		a = number_value(0);
		b = eval(q, n->args[0], slots);
		return arithmetic(GRAMMAR_SUB, &a, &b);
	case GRAMMAR_NOT:
		a = eval(q, n->args[0], slots);
		return number_value(!truthy(&a));
	case GRAMMAR_AND:
	case GRAMMAR_OR:
		a = eval(q, n->args[0], slots);
		if (truthy(&a) == (n->kind == GRAMMAR_OR)) {
			return number_value(n->kind == GRAMMAR_OR);
		}
		b = eval(q, n->args[1], slots);
		return number_value(truthy(&b));
	case GRAMMAR_ADD:
	case GRAMMAR_SUB:
	case GRAMMAR_MUL:
	case GRAMMAR_DIV:
	case GRAMMAR_MOD:
		a = eval(q, n->args[0], slots);
		b = eval(q, n->args[1], slots);
		return arithmetic(n->kind, &a, &b);
	case GRAMMAR_LIKE:
		a = eval(q, n->args[0], slots);
		return number_value(like(q, n, &a));
	case GRAMMAR_IN:
		a = eval(q, n->args[0], slots);
		for (size_t i = 1; i < n->arg_n; i++) {
			b = eval(q, n->args[i], slots);
			if (a.type > VALUE_NONE && compare(q, &a, &b) == 0) {
				return number_value(1);
			}
		}
		return number_value(0);
	default:
		return eval_compare(q, n, slots);
	}
}

/* ---- sets of hashes ---- */

/* Adds h to an open table that grows in the arena; false: it was there, or
 * the set is full. */
static bool
set_add(struct insights *q, uint64_t **set, size_t *n, size_t *cap,
    size_t most, uint64_t h)
{
	h = h == 0 ? 1 : h;
	if (*n * 2 >= *cap && *cap < most * 2) {
		size_t grown = *cap == 0 ? 32 : *cap * 2;
		uint64_t *to = ARENA_ARRAY(q->a, grown, uint64_t);

		if (to == NULL) {
			q->failed = true;
			return false;
		}
		for (size_t i = 0; i < *cap; i++) {
			size_t k = (size_t)(*set)[i] % grown;

			while ((*set)[i] != 0 && to[k] != 0) {
				k = (k + 1) % grown;
			}
			to[k] = (*set)[i] != 0 ? (*set)[i] : to[k];
		}
		*set = to;
		*cap = grown;
	}
	for (size_t k = (size_t)h % *cap; *n < most; k = (k + 1) % *cap) {
		if ((*set)[k] == h) {
			return false;
		}
		if ((*set)[k] == 0) {
			(*set)[k] = h;
			(*n)++;
			return true;
		}
	}
	return false;
}

static uint64_t
hash_value(struct insights *q, uint64_t h, const struct value *v)
{
	return account_hash(h ^ (uint64_t)(v->type <= VALUE_NONE),
	    account_hash_str(as_text(q, v)));
}

/* ---- aggregates ---- */

/* Keeps a sample; when there are too many, every second one goes. */
static void
add_sample(struct insights *q, struct slot *s, double v)
{
	if (s->sample_skip++ % (s->sample_step + 1) != 0) {
		return;
	}
	if (s->sample_n == SAMPLE_MAX_N) {
		for (size_t i = 0; i < SAMPLE_MAX_N / 2; i++) {
			s->samples[i] = s->samples[2 * i];
		}
		s->sample_n /= 2;
		s->sample_step = s->sample_step * 2 + 1;
	}
	if (s->sample_n == s->sample_cap) {
		size_t cap = s->sample_cap == 0 ? 16 : s->sample_cap * 2;
		double *to = ARENA_ARRAY(q->a, cap, double);

		if (to == NULL) {
			q->failed = true;
			return;
		}
		if (s->sample_n > 0) {
			memcpy(to, s->samples, s->sample_n * sizeof(*to));
		}
		s->samples = to;
		s->sample_cap = cap;
	}
	s->samples[s->sample_n++] = v;
}

/* Feeds the present row to one aggregate. */
static void
aggregate_add(struct insights *q, const struct grammar_node *n,
    struct slot *s)
{
	struct value v = n->arg_n > 0 ? eval(q, n->args[0], NULL) :
	    number_value(1);
	struct value at = lookup(q, 0);
	double x = 0;
	bool numeric = as_number(&v, &x);

	if (v.type <= VALUE_NONE) {
		return;
	}
	if (n->id == GRAMMAR_F_EARLIEST || n->id == GRAMMAR_F_LATEST) {
		if (s->n <= 0 || at.n < s->first_ms) {
			s->first = keep(q, v);
			s->first_ms = at.n;
		}
		if (s->n <= 0 || at.n > s->last_ms) {
			s->last = keep(q, v);
			s->last_ms = at.n;
		}
	} else if (n->id == GRAMMAR_F_COUNT_DISTINCT) {
		(void)set_add(q, &s->seen, &s->seen_n, &s->seen_cap,
		    DISTINCT_MAX_N, hash_value(q, 0, &v));
	} else if (n->id == GRAMMAR_F_MIN || n->id == GRAMMAR_F_MAX) {
		if (v.type == VALUE_TEXT && numeric) {
			v = number_value(x);
		}
		if (s->n <= 0 || compare(q, &v, &s->min) < 0) {
			s->min = keep(q, v);
		}
		if (s->n <= 0 || compare(q, &v, &s->max) > 0) {
			s->max = keep(q, v);
		}
	} else if (n->id != GRAMMAR_F_COUNT) {
		if (!numeric) {
			return;
		}
		if (n->id == GRAMMAR_F_PCT || n->id == GRAMMAR_F_MEDIAN) {
			add_sample(q, s, x);
		}
		s->sum += x;
		s->squares += x * x;
	}
	s->n += 1;
}

static struct value
percentile(const struct slot *s, double p)
{
	double *v = s->samples;
	size_t n = s->sample_n, at;

	if (n == 0) {
		return NONE;
	}
	for (size_t i = 1; i < n; i++) {
		double x = v[i];
		size_t k = i;

		while (k > 0 && v[k - 1] > x) {
			v[k] = v[k - 1];
			k--;
		}
		v[k] = x;
	}
	p = p < 0 ? 0 : p > 100 ? 100 : p;
	at = (size_t)(p / 100 * (double)(n - 1) + 0.5);
	return number_value(v[at]);
}

/* Square root by Newton's method: a few digits are enough for people. */
static double
root(double v)
{
	double r = v > 1 ? v : 1;

	for (unsigned i = 0; i < 60 && v > 0; i++) {
		r = (r + v / r) / 2;
	}
	return v > 0 ? r : 0;
}

static struct value
aggregate_value(struct insights *q, const struct grammar_node *n,
    const struct slot *s)
{
	struct value p;
	double mean = s->n > 0 ? s->sum / s->n : 0;

	switch (n->id) {
	case GRAMMAR_F_COUNT:
		return number_value(s->n);
	case GRAMMAR_F_COUNT_DISTINCT:
		return number_value((double)s->seen_n);
	case GRAMMAR_F_SUM:
		return number_value(s->sum);
	case GRAMMAR_F_AVG:
		return s->n > 0 ? number_value(mean) : NONE;
	case GRAMMAR_F_MIN:
		return s->n > 0 ? s->min : NONE;
	case GRAMMAR_F_MAX:
		return s->n > 0 ? s->max : NONE;
	case GRAMMAR_F_EARLIEST:
		return s->n > 0 ? s->first : NONE;
	case GRAMMAR_F_LATEST:
		return s->n > 0 ? s->last : NONE;
	case GRAMMAR_F_STDDEV:
		return s->n > 0 ? number_value(root(s->squares / s->n -
		    mean * mean)) : NONE;
	case GRAMMAR_F_MEDIAN:
		return percentile(s, 50);
	default:
		p = eval(q, n->args[1], NULL);
		return percentile(s, p.type == VALUE_NUMBER ? p.n : 50);
	}
}

/* Feeds every aggregate below n. */
static void
feed_aggregates(struct insights *q, const struct grammar_node *n,
    struct slot *slots)
{
	if (n->kind == GRAMMAR_AGGREGATE) {
		aggregate_add(q, n, &slots[n->slot]);
		return;
	}
	for (size_t i = 0; i < n->arg_n; i++) {
		feed_aggregates(q, n->args[i], slots);
	}
}

/* ---- groups ---- */

/* The group with these keys, a new one when there is none; NULL: too many or
 * no memory. */
static struct group *
find_group(struct insights *q, struct groups *gs, const struct value *keys,
    size_t key_n, size_t slot_n)
{
	uint64_t h = key_n;
	struct group *g;

	for (size_t i = 0; i < key_n; i++) {
		h = hash_value(q, h, &keys[i]);
	}
	if (gs->buckets == NULL) {
		gs->buckets = ARENA_ARRAY(q->a, BUCKET_N, struct group *);
		gs->all = ARENA_ARRAY(q->a, DEMO_INSIGHTS_ROW_MAX_N,
		    struct group *);
		if (gs->buckets == NULL || gs->all == NULL) {
			q->failed = true;
			return NULL;
		}
	}
	for (g = gs->buckets[h % BUCKET_N]; g != NULL; g = g->next) {
		if (g->hash == h) {
			return g;
		}
	}
	if (gs->n == DEMO_INSIGHTS_ROW_MAX_N) {
		return NULL;
	}
	g = ARENA_NEW(q->a, struct group);
	if (g == NULL) {
		q->failed = true;
		return NULL;
	}
	g->hash = h;
	g->keys = ARENA_ARRAY(q->a, key_n, struct value);
	g->slots = ARENA_ARRAY(q->a, slot_n, struct slot);
	if (g->keys == NULL || g->slots == NULL) {
		q->failed = true;
		return NULL;
	}
	for (size_t i = 0; i < key_n; i++) {
		g->keys[i] = keep(q, keys[i]);
	}
	g->next = gs->buckets[h % BUCKET_N];
	gs->buckets[h % BUCKET_N] = g;
	gs->all[gs->n++] = g;
	return g;
}

static void
group_stats(struct insights *q, const struct grammar_command *c)
{
	struct value keys[GRAMMAR_ITEM_MAX_N];
	size_t first = c->item_n - c->by_n;
	struct group *g;

	for (size_t i = 0; i < c->by_n; i++) {
		keys[i] = eval(q, c->items[first + i].expr, NULL);
	}
	g = find_group(q, &q->groups, keys, c->by_n, c->slot_n);
	for (size_t i = 0; g != NULL && i < first; i++) {
		feed_aggregates(q, c->items[i].expr, g->slots);
	}
}

/* The message with everything that varies replaced: words with digits in
 * them, and numbers, by the number of the place. */
static void
add_pattern(struct buf *b, struct str s)
{
	unsigned token_n = 0;

	for (size_t i = 0; i < s.len;) {
		size_t from = i;
		bool digits = false, letters = false;

		while (i < s.len && (str_is_alnum(s.p[i]) || s.p[i] == '-' ||
		    s.p[i] == '_' || (s.p[i] == '.' && digits))) {
			digits = digits || str_is_digit(s.p[i]);
			letters = letters || str_is_alpha(s.p[i]);
			i++;
		}
		if (digits) {
			buf_add(b, letters ? S("<Token-") : S("<Number-"));
			buf_add_u64(b, ++token_n);
			buf_add_byte(b, '>');
		} else {
			i += i == from;
			buf_add(b, str_sub(s, from, i));
		}
	}
}

static void
group_pattern(struct insights *q, const struct grammar_command *c)
{
	struct value v = eval(q, c->items[0].expr, NULL), key;
	struct buf b = buf_in(q->tmp, 8192);
	struct group *g;

	add_pattern(&b, as_text(q, &v));
	key = text_value(buf_str(&b));
	g = find_group(q, &q->groups, &key, 1, 0);
	if (g != NULL) {
		g->n += 1;
	}
}

/* ---- rows ---- */

static struct value *
new_row(struct insights *q)
{
	struct value *row = ARENA_ARRAY(q->a, q->g.name_n, struct value);

	q->failed = q->failed || row == NULL;
	return row;
}

static void
store_row(struct insights *q, struct value *row)
{
	if (q->rows == NULL) {
		q->rows = ARENA_ARRAY(q->a, KEEP_MAX_N, struct value *);
	}
	if (q->rows == NULL || row == NULL || q->row_n == KEEP_MAX_N) {
		q->failed = q->failed || q->rows == NULL || row == NULL;
		return;
	}
	q->rows[q->row_n++] = row;
}

/* Turns the groups of a stats or pattern command into the table. */
static void
groups_to_rows(struct insights *q, const struct grammar_command *c)
{
	struct groups gs = q->groups;
	double total = 0;

	q->groups = (struct groups){ .n = 0 };
	q->row_n = 0;
	q->grouped = true;
	q->event = NULL;
	for (size_t i = 0; i < gs.n; i++) {
		total += gs.all[i]->n;
	}
	for (size_t i = 0; i < gs.n && !q->failed; i++) {
		struct group *g = gs.all[i];
		struct value *row = new_row(q);
		size_t first = c->item_n - c->by_n;

		if (row == NULL) {
			return;
		}
		q->row = row;
		if (c->verb == GRAMMAR_PATTERN) {
			row[c->items[1].name] = g->keys[0];
			row[c->items[2].name] = number_value(g->n / total);
			row[c->items[3].name] = number_value(g->n);
		}
		for (size_t k = 0; c->verb == GRAMMAR_STATS && k < c->by_n;
		    k++) {
			row[c->items[first + k].name] = g->keys[k];
		}
		for (size_t k = 0; c->verb == GRAMMAR_STATS && k < first;
		    k++) {
			row[c->items[k].name] = eval(q, c->items[k].expr,
			    g->slots);
		}
		store_row(q, row);
	}
}

/* a before b under a sort command: the sign of the difference. */
static int
sort_order(struct insights *q, const struct grammar_command *c,
    struct value *a, struct value *b)
{
	for (size_t i = 0; i < c->item_n; i++) {
		struct value x, y;
		int d;

		q->row = a;
		x = eval(q, c->items[i].expr, NULL);
		q->row = b;
		y = eval(q, c->items[i].expr, NULL);
		d = compare(q, &x, &y);
		if (d != 0) {
			bool missing = x.type <= VALUE_NONE ||
			    y.type <= VALUE_NONE;

			return c->items[i].descending && !missing ? -d : d;
		}
	}
	return 0;
}

/* Merge sort from the bottom up: stable, no recursion. */
static void
sort_rows(struct insights *q, const struct grammar_command *c)
{
	struct value **from = q->rows;
	struct value **to = ARENA_ARRAY(q->a, KEEP_MAX_N, struct value *);

	if (to == NULL || from == NULL) {
		q->failed = q->failed || to == NULL;
		return;
	}
	for (size_t width = 1; width < q->row_n; width *= 2) {
		struct value **swap;

		for (size_t at = 0; at < q->row_n; at += 2 * width) {
			size_t mid = at + width < q->row_n ? at + width :
			    q->row_n;
			size_t end = mid + width < q->row_n ? mid + width :
			    q->row_n;
			size_t i = at, k = mid;

			for (size_t n = at; n < end; n++) {
				bool left = i < mid && (k >= end ||
				    sort_order(q, c, from[i], from[k]) <= 0);

				to[n] = left ? from[i++] : from[k++];
			}
		}
		swap = from;
		from = to;
		to = swap;
	}
	q->rows = from;
}

/* ---- commands on one row ---- */

/* Texts between the literal parts of the pattern, for parse. */
static void
run_parse(struct insights *q, const struct grammar_command *c)
{
	struct value v = lookup(q, c->items[0].expr->id);
	struct str s = as_text(q, &v), glob = c->glob;
	struct str found[GRAMMAR_ITEM_MAX_N];
	size_t star = str_find_byte(glob, '*', 0), n = 0, at;

	at = str_find(s, str_sub(glob, 0, star), 0);
	if (at >= s.len && star > 0) {
		return;
	}
	at += star;
	while (star < glob.len && n + 1 < c->item_n) {
		size_t end = str_find_byte(glob, '*', star + 1), hit;
		struct str part = str_sub(glob, star + 1, end);

		hit = part.len == 0 ? s.len : str_find(s, part, at);
		if (hit >= s.len && part.len > 0) {
			return;
		}
		found[n++] = str_sub(s, at, hit);
		at = hit + part.len;
		star = end;
	}
	for (size_t i = 0; i < n; i++) {
		q->row[c->items[i + 1].name] = text_value(found[i]);
	}
}

/* Runs a command that looks at one row only; false: the row is dropped. */
static bool
run_on_row(struct insights *q, const struct grammar_command *c)
{
	struct value v;
	uint64_t h = 1;

	switch (c->verb) {
	case GRAMMAR_FILTER:
		v = eval(q, c->items[0].expr, NULL);
		return truthy(&v);
	case GRAMMAR_FIELDS:
	case GRAMMAR_DISPLAY:
		for (size_t i = 0; i < c->item_n; i++) {
			v = eval(q, c->items[i].expr, NULL);
			q->row[c->items[i].name] = v;
		}
		return true;
	case GRAMMAR_PARSE:
		run_parse(q, c);
		return true;
	case GRAMMAR_DEDUP:
		for (size_t i = 0; i < c->item_n; i++) {
			v = eval(q, c->items[i].expr, NULL);
			h = hash_value(q, h, &v);
		}
		return set_add(q, &q->dedup, &q->dedup_n, &q->dedup_cap,
		    DEMO_INSIGHTS_ROW_MAX_N, h);
	default:
		return true;
	}
}

static bool
needs_all(enum grammar_verb verb)
{
	return verb == GRAMMAR_STATS || verb == GRAMMAR_SORT ||
	    verb == GRAMMAR_LIMIT || verb == GRAMMAR_PATTERN;
}

/* ---- the outside ---- */

/* see demo_insights.h */
struct insights *
demo_insights_parse(struct arena *a, struct str text,
    struct insights_error *error)
{
	struct insights *q = ARENA_NEW(a, struct insights);

	if (q == NULL) {
		*error = (struct insights_error){ 0, 0, STR_NONE };
		return NULL;
	}
	if (text.len > DEMO_INSIGHTS_TEXT_MAX) {
		*error = (struct insights_error){ 0, text.len,
			S("the query is longer than 10000 characters") };
		return NULL;
	}
	if (!demo_grammar_parse(a, text, &q->g, error)) {
		return NULL;
	}
	for (size_t i = 0; i < q->g.command_n; i++) {
		struct grammar_command *c = &q->g.commands[i];

		if (c->verb != GRAMMAR_PATTERN) {
			continue;
		}
		/* What it makes: three columns behind its argument. */
		c->item_n = 4;
		c->items[1].name = demo_grammar_name(&q->g, S("@pattern"));
		c->items[2].name = demo_grammar_name(&q->g, S("@ratio"));
		c->items[3].name = demo_grammar_name(&q->g,
		    S("@sampleCount"));
		if (c->items[3].name == GRAMMAR_NAME_MAX_N) {
			*error = (struct insights_error){ 0, text.len,
				S("too many field names") };
			return NULL;
		}
	}
	while (q->stream_n < q->g.command_n &&
	    !needs_all(q->g.commands[q->stream_n].verb)) {
		q->stream_n++;
	}
	q->a = a;
	q->steps = STEP_MAX;
	arena_init(&q->scratch, SCRATCH_CAP);
	q->tmp = &q->scratch;
	return q;
}

/* see demo_insights.h */
void
demo_insights_free(struct insights *q)
{
	arena_free(&q->scratch);
}

/* Copies the present event's fields into a row of the table. */
static void
store_event(struct insights *q)
{
	struct value *row = new_row(q);

	for (unsigned i = 0; row != NULL && i < q->g.name_n; i++) {
		row[i] = keep(q, lookup(q, i));
	}
	store_row(q, row);
}

/* see demo_insights.h */
bool
demo_insights_feed(struct insights *q, const struct insights_event *e)
{
	const struct grammar_command *c = q->stream_n < q->g.command_n ?
	    &q->g.commands[q->stream_n] : NULL;
	struct json *doc = NULL;
	size_t enough = DEMO_INSIGHTS_ROW_MAX_N;

	arena_reset(&q->scratch);
	memset(q->cells, 0, sizeof(q->cells));
	q->event = e;
	q->row = q->cells;
	q->doc = NULL;
	if (e->message.len > 0 && e->message.p[0] == '{' &&
	    json_parse(&q->scratch, e->message, 0, &doc, NULL) == ERR_OK) {
		q->doc = doc;
	}
	for (size_t i = 0; i < q->stream_n; i++) {
		if (!run_on_row(q, &q->g.commands[i])) {
			return !q->failed;
		}
	}
	q->matched_n++;
	if (c != NULL && c->verb == GRAMMAR_STATS) {
		group_stats(q, c);
	} else if (c != NULL && c->verb == GRAMMAR_PATTERN) {
		group_pattern(q, c);
	} else {
		store_event(q);
		if (c != NULL && c->verb == GRAMMAR_SORT) {
			if (q->row_n == KEEP_MAX_N) {
				q->event = NULL;
				sort_rows(q, c);
				q->row_n = DEMO_INSIGHTS_ROW_MAX_N;
			}
			return !q->failed;
		}
		enough = c != NULL && c->limit < enough ? (size_t)c->limit :
		    enough;
		return !q->failed && q->row_n < enough;
	}
	return !q->failed;
}

/* Runs one of the commands behind the first phase on the whole table. */
static void
run_on_table(struct insights *q, const struct grammar_command *c)
{
	size_t n = 0;

	switch (c->verb) {
	case GRAMMAR_SORT:
		sort_rows(q, c);
		return;
	case GRAMMAR_LIMIT:
		q->row_n = c->limit < q->row_n ? (size_t)c->limit : q->row_n;
		return;
	case GRAMMAR_STATS:
	case GRAMMAR_PATTERN:
		for (size_t i = 0; i < q->row_n && !q->failed; i++) {
			q->row = q->rows[i];
			if (c->verb == GRAMMAR_STATS) {
				group_stats(q, c);
			} else {
				group_pattern(q, c);
			}
		}
		groups_to_rows(q, c);
		return;
	default:
		q->dedup = NULL;
		q->dedup_n = q->dedup_cap = 0;
		for (size_t i = 0; i < q->row_n && !q->failed; i++) {
			q->row = q->rows[i];
			if (run_on_row(q, c)) {
				q->rows[n++] = q->rows[i];
			}
		}
		q->row_n = n;
		return;
	}
}

static void
add_column(unsigned *columns, size_t *n, unsigned name)
{
	for (size_t i = 0; i < *n; i++) {
		if (columns[i] == name) {
			return;
		}
	}
	if (*n < GRAMMAR_NAME_MAX_N) {
		columns[(*n)++] = name;
	}
}

/* The columns of the answer: the last display's, else what fields and stats
 * made since the last of them. */
static size_t
choose_columns(const struct insights *q, unsigned *columns)
{
	size_t n = 0;
	bool display = false;

	for (size_t i = 0; i < q->g.command_n; i++) {
		const struct grammar_command *c = &q->g.commands[i];
		size_t first = c->item_n - c->by_n;

		if (c->verb == GRAMMAR_STATS || c->verb == GRAMMAR_PATTERN ||
		    c->verb == GRAMMAR_DISPLAY) {
			n = 0;
			display = c->verb == GRAMMAR_DISPLAY;
		} else if (c->verb != GRAMMAR_FIELDS || display) {
			continue;
		}
		for (size_t k = first; k < c->item_n; k++) {
			add_column(columns, &n, c->items[k].name);
		}
		for (size_t k = c->verb == GRAMMAR_PATTERN; k < first; k++) {
			add_column(columns, &n, c->items[k].name);
		}
	}
	if (n == 0 && !q->grouped) {
		add_column(columns, &n, 0);
		add_column(columns, &n, 1);
	}
	if (!q->grouped) {
		add_column(columns, &n, 2);
	}
	return n;
}

/* see demo_insights.h */
bool
demo_insights_finish(struct insights *q, size_t limit,
    struct insights_table *out, uint64_t *matched_n)
{
	unsigned columns[GRAMMAR_NAME_MAX_N];
	struct str *names;
	size_t n;

	*out = (struct insights_table){ .row_n = 0 };
	*matched_n = q->matched_n;
	q->tmp = q->a;
	q->event = NULL;
	if (q->stream_n < q->g.command_n) {
		const struct grammar_command *c =
		    &q->g.commands[q->stream_n];

		if (c->verb == GRAMMAR_STATS || c->verb == GRAMMAR_PATTERN) {
			groups_to_rows(q, c);
		} else {
			run_on_table(q, c);
		}
	}
	for (size_t i = q->stream_n + 1; i < q->g.command_n && !q->failed;
	    i++) {
		run_on_table(q, &q->g.commands[i]);
	}
	n = choose_columns(q, columns);
	names = ARENA_ARRAY(q->a, n, struct str);
	out->row_n = q->row_n < limit ? q->row_n : limit;
	out->rows = ARENA_ARRAY(q->a, out->row_n, struct str *);
	if (q->failed || names == NULL || out->rows == NULL) {
		return false;
	}
	for (size_t k = 0; k < n; k++) {
		names[k] = q->g.names[columns[k]];
	}
	for (size_t i = 0; i < out->row_n; i++) {
		out->rows[i] = ARENA_ARRAY(q->a, n, struct str);
		for (size_t k = 0; out->rows[i] != NULL && k < n; k++) {
			const struct value *v = &q->rows[i][columns[k]];

			out->rows[i][k] = v->type <= VALUE_NONE ? STR_NONE :
			    as_text(q, v);
		}
	}
	out->names = names;
	out->name_n = n;
	return !q->a->failed;
}
