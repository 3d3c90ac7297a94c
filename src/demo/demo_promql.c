/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See demo_promql.h.
 *
 * A query is a chain: one selector, and around it functions and aggregations.
 * Labels do not depend on time, so the chain is first run over the labels of
 * the series (which series become one, and what it is called), and then for
 * each time over their samples.
 */
#include "demo/demo_promql.h"

#include <string.h>

#include "base/limits.h"
#include "base/num.h"
#include "base/timefmt.h"
#include "demo/demo_regex.h"
#include "proto/url.h"

#define LABEL_N 10       /* labels of a series: six dimensions at most */
#define MATCH_N 12       /* matchers of a selector */
#define STAGE_N 8        /* functions around it: bounds the parser's depth */
#define BY_N 8           /* labels of a by clause */
#define SERIES_N 160     /* rows of series.def, and some to spare */
#define SELECT_N 20      /* match[] parameters */
#define LOOK_BACK_N 5    /* minutes */

struct label {
	struct str name, value;
};

struct labels {
	struct label l[LABEL_N];
	size_t n;
};

struct match {
	struct str name, value;
	bool negative;
	struct demo_regex *re; /* NULL: compares */
};

struct select {
	struct match m[MATCH_N];
	size_t n;
};

enum stage_kind {
	STAGE_AVG_OF, STAGE_SUM_OF, STAGE_COUNT_OF, /* histogram_... */
	STAGE_ABS, STAGE_SCALAR,
	STAGE_SUM, STAGE_AVG, STAGE_MAX, STAGE_MIN, STAGE_COUNT
};

struct stage {
	enum stage_kind kind;
	bool without;
	struct str by[BY_N];
	size_t by_n;
	/* of the evaluation */
	size_t group[SERIES_N]; /* series in -> series out */
	size_t out_n;
};

/* A query while it is read and evaluated. */
struct prom {
	struct answer *x;
	struct str text;
	size_t at;
	struct select select;
	struct stage *stages;   /* outermost first while reading */
	size_t stage_n;
	bool is_number, is_string;
	double number;
	struct str string;
	/* of the evaluation */
	struct account_series series[SERIES_N];
	struct labels *labels;  /* of the present stage's series */
	size_t series_n, out_n;
};

/* One value: a number, or a histogram by its count and sum. */
struct sample {
	bool set, histogram;
	double v;
	double n, sum;
};

static const struct { char name[20]; enum stage_kind kind; } WORDS[] = {
	{ "histogram_avg", STAGE_AVG_OF }, { "histogram_sum", STAGE_SUM_OF },
	{ "histogram_count", STAGE_COUNT_OF }, { "abs", STAGE_ABS },
	{ "scalar", STAGE_SCALAR }, { "sum", STAGE_SUM },
	{ "avg", STAGE_AVG }, { "max", STAGE_MAX }, { "min", STAGE_MIN },
	{ "count", STAGE_COUNT },
};

/* ---- reading ---- */

static void
refuse(struct prom *p, struct str what)
{
	demo_answer_errorf(p->x, S("bad_data"), "invalid parameter \"query\": "
	    "1:%u: parse error: %s", (uint64_t)p->at + 1, what);
}

static void
skip_space(struct prom *p)
{
	while (p->at < p->text.len && (p->text.p[p->at] == ' ' ||
	    p->text.p[p->at] == '\n' || p->text.p[p->at] == '\t')) {
		p->at++;
	}
}

/* The next byte that is no blank; 0 at the end. */
static char
peek(struct prom *p)
{
	skip_space(p);
	return p->at < p->text.len ? p->text.p[p->at] : 0;
}

static bool
take(struct prom *p, char c)
{
	if (peek(p) != c) {
		return false;
	}
	p->at++;
	return true;
}

static bool
expect(struct prom *p, char c)
{
	char text[] = "expected ' '";

	if (take(p, c)) {
		return true;
	}
	text[sizeof(text) - 3] = c;
	refuse(p, str_from_z(text));
	return false;
}

static struct str
read_word(struct prom *p)
{
	size_t from;

	skip_space(p);
	from = p->at;
	while (p->at < p->text.len && (str_is_alnum(p->text.p[p->at]) ||
	    p->text.p[p->at] == '_' || p->text.p[p->at] == ':')) {
		p->at++;
	}
	return str_sub(p->text, from, p->at);
}

/* A string in double or single quotes, with \\, \" and \n; false: none. */
static bool
read_string(struct prom *p, struct str *out)
{
	char quote = peek(p);
	struct buf b = buf_in(p->x->arena, p->text.len);

	if (quote != '"' && quote != '\'') {
		refuse(p, S("expected a string in quotes"));
		return false;
	}
	for (p->at++; p->at < p->text.len; p->at++) {
		char c = p->text.p[p->at];

		if (c == quote) {
			p->at++;
			*out = b.len > 0 ? buf_str(&b) : S("");
			return true;
		}
		if (c == '\\' && p->at + 1 < p->text.len) {
			c = p->text.p[++p->at];
			c = c == 'n' ? '\n' : c;
		}
		buf_add_byte(&b, c);
	}
	refuse(p, S("unterminated quoted string"));
	return false;
}

static bool
is_quote(char c)
{
	return c == '"' || c == '\'';
}

/* One matcher of the braces. */
static bool
read_match(struct prom *p, struct match *m)
{
	bool regex;

	if (!is_quote(peek(p))) {
		m->name = read_word(p);
		if (m->name.len == 0) {
			refuse(p, S("expected a label"));
			return false;
		}
	} else if (!read_string(p, &m->name)) {
		return false;
	}
	m->negative = peek(p) == '!';
	regex = p->at + 1 < p->text.len && p->text.p[p->at + 1] == '~';
	if (!m->negative && peek(p) != '=') {
		/* A string alone is the name of the metric. */
		m->value = m->name;
		m->name = S("__name__");
		return true;
	}
	if (m->negative && !regex && !(p->at + 1 < p->text.len &&
	    p->text.p[p->at + 1] == '=')) {
		refuse(p, S("expected !="));
		return false;
	}
	p->at += regex || m->negative ? 2 : 1;
	if (!read_string(p, &m->value)) {
		return false;
	}
	if (regex) {
		struct buf b = buf_in(p->x->arena, m->value.len + 8);

		/* Prometheus anchors at both ends. */
		buf_addf(&b, "^(?:%s)$", m->value);
		m->re = demo_regex_compile(p->x->arena, buf_str(&b));
		if (m->re == NULL) {
			refuse(p, S("error parsing regexp"));
			return false;
		}
	}
	return true;
}

/* A selector; `name` was read already, and may be empty. */
static bool
read_select(struct prom *p, struct str name)
{
	struct select *s = &p->select;
	bool named = name.len > 0;

	if (named) {
		s->m[s->n++] = (struct match){ .name = S("__name__"),
		    .value = name };
	}
	if (take(p, '{')) {
		while (peek(p) != '}') {
			if (s->n == MATCH_N) {
				refuse(p, S("too many matchers"));
				return false;
			}
			s->m[s->n] = (struct match){ .re = NULL };
			if (!read_match(p, &s->m[s->n])) {
				return false;
			}
			s->n++;
			if (!take(p, ',')) {
				break;
			}
		}
		if (!expect(p, '}')) {
			return false;
		}
	}
	for (size_t i = 0; i < s->n; i++) {
		named |= str_eq(s->m[i].name, S("__name__")) &&
		    s->m[i].re == NULL && !s->m[i].negative;
	}
	if (!named) {
		refuse(p, S("a selector has to name its metric: "
		    "{\"CPUUtilization\"}"));
	}
	return named;
}

/* by (...) or without (...), when it stands here. */
static bool
read_by(struct prom *p, struct stage *stage)
{
	size_t from = p->at;
	struct str word = read_word(p);

	stage->without = stage->without || str_eq(word, S("without"));
	if (!str_eq(word, S("by")) && !str_eq(word, S("without"))) {
		p->at = from;
		return true;
	}
	if (!expect(p, '(')) {
		return false;
	}
	while (peek(p) != ')' && stage->by_n < BY_N) {
		struct str *label = &stage->by[stage->by_n];

		if (is_quote(peek(p))) {
			if (!read_string(p, label)) {
				return false;
			}
		} else {
			*label = read_word(p);
		}
		stage->by_n += label->len > 0;
		if (label->len == 0 || !take(p, ',')) {
			break;
		}
	}
	return expect(p, ')');
}

/* Reads what stands around the selector, or is no selector at all. */
static bool
read_head(struct prom *p, bool *more)
{
	struct stage *stage = &p->stages[p->stage_n];
	struct str word;

	*more = false;
	if (is_quote(peek(p))) {
		p->is_string = true;
		return read_string(p, &p->string);
	}
	if (str_is_digit(peek(p)) || peek(p) == '-') {
		size_t from = p->at++;

		while (p->at < p->text.len && (str_is_alnum(p->text.p[p->at]) ||
		    p->text.p[p->at] == '.')) {
			p->at++;
		}
		p->is_number = num_parse(str_sub(p->text, from, p->at),
		    &p->number);
		if (!p->is_number) {
			refuse(p, S("bad number"));
		}
		return p->is_number;
	}
	word = read_word(p);
	for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
		if (word.len == 0 || !str_eq(word,
		    str_from_z(WORDS[i].name)) || peek(p) == '{') {
			continue;
		}
		if (p->stage_n == STAGE_N) {
			refuse(p, S("nested too deep"));
			return false;
		}
		*stage = (struct stage){ .kind = WORDS[i].kind };
		p->stage_n++;
		*more = true;
		return (stage->kind < STAGE_SUM || read_by(p, stage)) &&
		    expect(p, '(');
	}
	if (word.len > 0 && peek(p) == '(') {
		demo_answer_errorf(p->x, S("bad_data"), "invalid parameter "
		    "\"query\": 1:%u: the demo account does not know the "
		    "function %s", (uint64_t)p->at + 1, word);
		return false;
	}
	return read_select(p, word);
}

static bool
read_query(struct prom *p)
{
	bool more = true;

	while (more) {
		if (!read_head(p, &more)) {
			return false;
		}
	}
	for (size_t i = p->stage_n; i > 0; i--) {
		struct stage *stage = &p->stages[i - 1];

		if (i > 1 && stage->kind == STAGE_SCALAR) {
			refuse(p, S("expected type instant vector, got "
			    "scalar"));
			return false;
		}
		if (!expect(p, ')') || (stage->kind >= STAGE_SUM &&
		    !read_by(p, stage))) {
			return false;
		}
	}
	if (peek(p) != 0) {
		refuse(p, S("the demo account does not know what follows "
		    "here"));
		return false;
	}
	if (p->stage_n > 0 && (p->is_number || p->is_string)) {
		refuse(p, S("expected type instant vector"));
		return false;
	}
	return true;
}

/* ---- series ---- */

/* Makes place in order of the name. */
static void
add_label(struct labels *l, struct str name, struct str value)
{
	size_t i = l->n;

	if (l->n == LABEL_N) {
		return;
	}
	for (; i > 0 && str_cmp(l->l[i - 1].name, name) > 0; i--) {
		l->l[i] = l->l[i - 1];
	}
	l->l[i] = (struct label){ name, value };
	l->n++;
}

/* The labels of a row of the account. */
static void
labels_of(struct answer *x, const struct account_series *s, struct labels *l)
{
	struct buf scope = buf_in(x->arena, s->namespace.len + 32);
	struct str space = s->namespace, dims = s->dims, name, value;

	*l = (struct labels){ .n = 0 };
	(void)str_cut(&space, '/');
	space = space.p != NULL ? space : s->namespace;
	buf_add(&scope, S("cloudwatch.aws/"));
	for (size_t i = 0; i < space.len; i++) {
		buf_add_byte(&scope, str_lower_byte(space.p[i]));
	}
	add_label(l, S("__name__"), s->metric);
	add_label(l, S("@instrumentation.@name"), buf_str(&scope));
	add_label(l, S("@aws.account_id"), S(ACCOUNT_ID));
	add_label(l, S("@aws.region"), x->region);
	while (account_dimension(&dims, &name, &value)) {
		add_label(l, name, value);
	}
}

/* Value of a label; "" where there is none, as Prometheus has it. Attributes
 * of points may be named with their scope. */
static struct str
label_value(const struct labels *l, struct str name)
{
	struct str bare = str_starts(name, S("@datapoint.")) ?
	    str_sub(name, 11, name.len) : name;

	if (str_eq(bare, S("@name"))) {
		bare = S("__name__");
	}
	for (size_t i = 0; i < l->n; i++) {
		if (str_eq(l->l[i].name, bare)) {
			return l->l[i].value;
		}
	}
	return S("");
}

static bool
matches(const struct select *s, const struct labels *l)
{
	uint64_t steps = 100000;

	for (size_t i = 0; i < s->n; i++) {
		const struct match *m = &s->m[i];
		struct str value = label_value(l, m->name);
		bool same = m->re != NULL ? demo_regex_search(m->re, value,
		    &steps) : str_eq(value, m->value);

		if (same == m->negative) {
			return false;
		}
	}
	return true;
}

/* Finds the series of the selector. */
static bool
find_series(struct prom *p)
{
	p->labels = ARENA_ARRAY(p->x->arena, SERIES_N, struct labels);
	if (p->labels == NULL) {
		return false;
	}
	for (size_t i = 0; p->series_n < SERIES_N &&
	    account_series(p->x->account.tables, i,
	    &p->series[p->series_n]); i++) {
		struct labels *l = &p->labels[p->series_n];

		labels_of(p->x, &p->series[p->series_n], l);
		p->series_n += matches(&p->select, l);
	}
	p->out_n = p->series_n;
	return true;
}

/* ---- evaluation ---- */

static bool
listed(const struct stage *stage, struct str name)
{
	for (size_t i = 0; i < stage->by_n; i++) {
		if (str_eq(stage->by[i], name)) {
			return true;
		}
	}
	return false;
}

static bool
same_labels(const struct labels *a, const struct labels *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++) {
		same = str_eq(a->l[i].name, b->l[i].name) &&
		    str_eq(a->l[i].value, b->l[i].value);
	}
	return same;
}

/* Runs a stage over the labels. */
static bool
name_stage(struct prom *p, struct stage *stage)
{
	struct labels *out = ARENA_ARRAY(p->x->arena, SERIES_N,
	    struct labels);

	if (out == NULL) {
		return false;
	}
	for (size_t i = 0; i < p->out_n; i++) {
		const struct labels *in = &p->labels[i];
		struct labels *l = &out[stage->out_n];
		size_t k = 0;

		*l = (struct labels){ .n = 0 };
		for (size_t j = 0; j < in->n; j++) {
			bool keep = stage->kind < STAGE_SUM ||
			    listed(stage, in->l[j].name) != stage->without;

			if (keep && !str_eq(in->l[j].name, S("__name__"))) {
				add_label(l, in->l[j].name, in->l[j].value);
			}
		}
		while (stage->kind >= STAGE_SUM && k < stage->out_n &&
		    !same_labels(&out[k], l)) {
			k++;
		}
		k = stage->kind < STAGE_SUM ? stage->out_n : k;
		stage->group[i] = k;
		stage->out_n += k == stage->out_n;
	}
	p->labels = out;
	p->out_n = stage->out_n;
	return true;
}

/* A function of one sample. */
static struct sample
apply(enum stage_kind kind, struct sample s)
{
	struct sample out = { .set = s.set };

	if (kind == STAGE_ABS) {
		out.set = s.set && !s.histogram;
		out.v = s.v < 0 ? -s.v : s.v;
		return out;
	}
	out.set = s.set && s.histogram && s.n > 0;
	if (out.set) {
		out.v = kind == STAGE_SUM_OF ? s.sum : kind == STAGE_COUNT_OF ?
		    s.n : s.sum / s.n;
	}
	return out;
}

/* Adds a sample to that of its group. */
static void
fold(enum stage_kind kind, struct sample *to, size_t *n, struct sample s)
{
	if (!s.set || (s.histogram && (kind == STAGE_MAX ||
	    kind == STAGE_MIN))) {
		return;
	}
	*n += 1;
	if (!to->set) {
		*to = s;
		return;
	}
	if (kind == STAGE_MAX || kind == STAGE_MIN) {
		to->v = (s.v > to->v) == (kind == STAGE_MAX) ? s.v : to->v;
		return;
	}
	to->v += s.v;
	to->n += s.n;
	to->sum += s.sum;
}

static void
run_stage(const struct stage *stage, struct sample *samples, size_t in_n)
{
	struct sample out[SERIES_N] = { 0 };
	size_t n[SERIES_N] = { 0 };

	for (size_t i = 0; i < in_n; i++) {
		size_t k = stage->group[i];

		if (stage->kind < STAGE_SUM) {
			out[k] = apply(stage->kind, samples[i]);
		} else {
			fold(stage->kind, &out[k], &n[k], samples[i]);
		}
	}
	for (size_t k = 0; k < stage->out_n; k++) {
		if (stage->kind == STAGE_AVG && n[k] > 0) {
			out[k].v /= (double)n[k];
			out[k].n /= (double)n[k];
			out[k].sum /= (double)n[k];
		}
		if (stage->kind == STAGE_COUNT) {
			out[k] = (struct sample){ .set = n[k] > 0,
			    .v = (double)n[k] };
		}
	}
	memcpy(samples, out, sizeof(out));
}

/* All series of the answer at one time. */
static void
evaluate(const struct prom *p, int64_t ms, struct sample out[SERIES_N])
{
	int64_t minute = ms / ACCOUNT_MINUTE_MS;
	size_t n = p->series_n;

	for (size_t i = 0; i < n; i++) {
		out[i] = (struct sample){ .set = false };
		for (int64_t back = 1; back <= LOOK_BACK_N && !out[i].set;
		    back++) {
			struct account_point point = account_minute(
			    &p->x->account, &p->series[i], minute - back);

			if (point.n > 0) {
				out[i] = (struct sample){ .set = true,
				    .histogram = true, .n = point.n,
				    .sum = point.sum };
			}
		}
	}
	for (size_t i = p->stage_n; i > 0; i--) {
		if (p->stages[i - 1].kind != STAGE_SCALAR) {
			run_stage(&p->stages[i - 1], out, n);
			n = p->stages[i - 1].out_n;
		}
	}
}

/* ---- writing ---- */

static void
put_number(struct json_writer *out, double v)
{
	char text[NUM_TEXT_MAX];

	json_string(out, str_of(text, num_format(v, text)));
}

/* The value of a pair. */
static void
put_sample(struct json_writer *out, const struct sample *s)
{
	if (!s->histogram) {
		put_number(out, s->v);
		return;
	}
	json_begin_object(out);
	json_key(out, S("count"));
	put_number(out, s->n);
	json_key(out, S("sum"));
	put_number(out, s->sum);
	json_end_object(out);
}

static void
begin_pair(struct json_writer *out, int64_t ms)
{
	json_begin_array(out);
	json_double(out, (double)ms / 1000);
}

static void
put_labels(struct json_writer *out, const struct labels *l)
{
	json_begin_object(out);
	for (size_t i = 0; i < l->n; i++) {
		json_put_string(out, l->l[i].name, l->l[i].value);
	}
	json_end_object(out);
}

/* All samples of an answer. */
struct grid {
	struct sample *s;  /* series_n for each step */
	size_t series_n, step_n;
	int64_t start_ms, step_ms;
	bool matrix;
};

/* The samples of series k that are numbers, or those that are histograms. */
static void
put_samples(struct json_writer *out, const struct grid *g, size_t k,
    bool histogram)
{
	bool any = false;

	for (size_t i = 0; i < g->step_n; i++) {
		const struct sample *s = &g->s[i * g->series_n + k];

		if (!s->set || s->histogram != histogram) {
			continue;
		}
		if (!any) {
			json_key(out, g->matrix ? histogram ?
			    S("histograms") : S("values") : histogram ?
			    S("histogram") : S("value"));
		}
		if (!any && g->matrix) {
			json_begin_array(out);
		}
		any = true;
		begin_pair(out, g->start_ms + (int64_t)i * g->step_ms);
		put_sample(out, s);
		json_end_array(out);
	}
	if (any && g->matrix) {
		json_end_array(out);
	}
}

static void
put_vector(struct prom *p, struct grid *g)
{
	struct json_writer *out = p->x->out;
	struct sample row[SERIES_N] = { 0 };

	g->series_n = p->out_n;
	g->s = ARENA_ARRAY(p->x->arena, g->step_n * p->out_n + 1,
	    struct sample);
	if (g->s == NULL) {
		return;
	}
	for (size_t i = 0; i < g->step_n; i++) {
		evaluate(p, g->start_ms + (int64_t)i * g->step_ms, row);
		memcpy(g->s + i * p->out_n, row, p->out_n * sizeof(row[0]));
	}
	json_put_string(out, S("resultType"), g->matrix ? S("matrix") :
	    S("vector"));
	json_key(out, S("result"));
	json_begin_array(out);
	for (size_t k = 0; k < p->out_n; k++) {
		bool any = false;

		for (size_t i = 0; i < g->step_n && !any; i++) {
			any = g->s[i * p->out_n + k].set;
		}
		if (!any) {
			continue;
		}
		json_begin_object(out);
		json_key(out, S("metric"));
		put_labels(out, &p->labels[k]);
		put_samples(out, g, k, false);
		put_samples(out, g, k, true);
		json_end_object(out);
	}
	json_end_array(out);
}

/* A number, a string or scalar(): no series. */
static void
put_scalar(struct prom *p, int64_t ms)
{
	struct json_writer *out = p->x->out;
	struct sample s[SERIES_N] = { 0 };

	json_put_string(out, S("resultType"), p->is_string ? S("string") :
	    S("scalar"));
	json_key(out, S("result"));
	begin_pair(out, ms);
	if (p->is_string) {
		json_string(out, p->string);
	} else if (p->is_number) {
		put_number(out, p->number);
	} else {
		evaluate(p, ms, s);
		if (p->out_n == 1 && s[0].set && !s[0].histogram) {
			put_number(out, s[0].v);
		} else {
			json_string(out, S("NaN"));
		}
	}
	json_end_array(out);
}

/* ---- the paths ---- */

/* A time parameter; false: refused. */
static bool
read_time(struct answer *x, const struct url_pair *pairs, size_t n,
    struct str name, int64_t otherwise, int64_t *ms)
{
	struct str text = url_query_get(pairs, n, name);

	*ms = otherwise;
	if (text.len > 0 && !timefmt_parse_iso(text, ms) &&
	    !timefmt_parse_epoch(text, ms)) {
		demo_answer_errorf(x, S("bad_data"), "invalid parameter "
		    "\"%s\": cannot parse \"%s\" to a valid timestamp", name,
		    text);
	}
	return !demo_answer_failed(x);
}

/* The steps of a range; false: refused. */
static bool
read_range(struct answer *x, const struct url_pair *pairs, size_t n,
    struct grid *g)
{
	double step = 0;
	int64_t end_ms, step_n;

	if (!read_time(x, pairs, n, S("start"), x->account.now_ms,
	    &g->start_ms) ||
	    !read_time(x, pairs, n, S("end"), x->account.now_ms, &end_ms)) {
		return false;
	}
	if (!num_parse(url_query_get(pairs, n, S("step")), &step) ||
	    step < 0.001 || step > 1e9) {
		demo_answer_error(x, S("bad_data"), S("invalid parameter "
		    "\"step\": not a positive duration"));
		return false;
	}
	g->step_ms = (int64_t)(step * 1000 + 0.5);
	step_n = (end_ms - g->start_ms) / g->step_ms + 1;
	if (end_ms < g->start_ms ||
	    end_ms - g->start_ms > PROMQL_RANGE_MAX_MS ||
	    step_n > DEMO_PROMQL_STEP_MAX_N) {
		demo_answer_error(x, S("bad_data"), S("the range is empty, "
		    "longer than 7 days or has more than 11,000 steps"));
		return false;
	}
	g->step_n = (size_t)step_n;
	return true;
}

static void
run_query(struct answer *x, const struct url_pair *pairs, size_t n, bool range)
{
	struct prom *p = ARENA_NEW(x->arena, struct prom);
	struct grid g = { .step_n = 1, .matrix = range };
	bool single;

	if (p == NULL) {
		return;
	}
	*p = (struct prom){ .x = x, .text = url_query_get(pairs, n,
	    S("query")) };
	p->stages = ARENA_ARRAY(x->arena, STAGE_N + 1, struct stage);
	if (p->stages == NULL || !(range ? read_range(x, pairs, n, &g) :
	    read_time(x, pairs, n, S("time"), x->account.now_ms,
	    &g.start_ms)) || !read_query(p) || !find_series(p)) {
		return;
	}
	single = p->is_number || p->is_string || (p->stage_n > 0 &&
	    p->stages[0].kind == STAGE_SCALAR);
	if (range && single) {
		refuse(p, S("the demo account knows ranges of series only"));
		return;
	}
	for (size_t i = p->stage_n; i > 0; i--) {
		if (p->stages[i - 1].kind != STAGE_SCALAR &&
		    !name_stage(p, &p->stages[i - 1])) {
			return;
		}
	}
	json_begin_object(x->out);
	if (single) {
		put_scalar(p, g.start_ms);
	} else {
		put_vector(p, &g);
	}
	json_end_object(x->out);
}

/* The selectors of match[]; false: refused. */
static bool
read_matches(struct answer *x, const struct url_pair *pairs, size_t n,
    struct select *selects, size_t *select_n)
{
	struct prom *p = ARENA_NEW(x->arena, struct prom);

	*select_n = 0;
	for (size_t i = 0; p != NULL && i < n && *select_n < SELECT_N; i++) {
		if (!str_eq(pairs[i].name, S("match[]"))) {
			continue;
		}
		*p = (struct prom){ .x = x, .text = pairs[i].value };
		if (!read_select(p, read_word(p))) {
			return false;
		}
		if (peek(p) != 0) {
			refuse(p, S("unexpected text behind the selector"));
			return false;
		}
		selects[(*select_n)++] = p->select;
	}
	return p != NULL;
}

/* Appends a string to those that are there, once. */
static void
add_once(struct str *list, size_t *n, size_t max, struct str s)
{
	for (size_t i = 0; i < *n; i++) {
		if (str_eq(list[i], s)) {
			return;
		}
	}
	if (*n < max) {
		list[(*n)++] = s;
	}
}

/* Series, labels, or the values of `label`. */
static void
run_names(struct answer *x, const struct url_pair *pairs, size_t n,
    bool series, struct str label)
{
	struct select *selects = ARENA_ARRAY(x->arena, SELECT_N,
	    struct select);
	struct str *list = ARENA_ARRAY(x->arena, SERIES_N * 2, struct str);
	struct account_series s;
	size_t select_n, list_n = 0;

	if (selects == NULL || list == NULL ||
	    !read_matches(x, pairs, n, selects, &select_n)) {
		return;
	}
	if (series && select_n == 0) {
		demo_answer_error(x, S("bad_data"),
		    S("no match[] parameter provided"));
		return;
	}
	json_begin_array(x->out);
	for (size_t i = 0; account_series(x->account.tables, i, &s); i++) {
		struct labels l;
		bool hit = select_n == 0;

		labels_of(x, &s, &l);
		for (size_t k = 0; k < select_n && !hit; k++) {
			hit = matches(&selects[k], &l);
		}
		if (hit && series) {
			put_labels(x->out, &l);
		}
		for (size_t k = 0; hit && !series && label.p == NULL &&
		    k < l.n; k++) {
			add_once(list, &list_n, SERIES_N * 2, l.l[k].name);
		}
		if (hit && label.p != NULL && label_value(&l, label).len > 0) {
			add_once(list, &list_n, SERIES_N * 2,
			    label_value(&l, label));
		}
	}
	/* Not sorted: the service promises no order. */
	for (size_t i = 0; i < list_n; i++) {
		json_string(x->out, list[i]);
	}
	json_end_array(x->out);
}

/* The encoded label of "/api/v1/label/<name>/values"; absent: another path. */
static struct str
path_label(struct str path)
{
	struct str head = S("/api/v1/label/"), tail = S("/values");
	struct str label;

	if (!str_starts(path, head) || !str_ends(path, tail) ||
	    path.len <= head.len + tail.len) {
		return STR_NONE;
	}
	label = str_sub(path, head.len, path.len - tail.len);
	return str_find_byte(label, '/', 0) < label.len ? STR_NONE : label;
}

/* see demo_promql.h */
struct str
demo_promql_operation(struct str path)
{
	if (str_eq(path, S("/api/v1/query")) ||
	    str_eq(path, S("/api/v1/query_range"))) {
		return S("QueryMetrics");
	}
	if (str_eq(path, S("/api/v1/series"))) {
		return S("GetSeries");
	}
	return str_eq(path, S("/api/v1/labels")) ||
	    path_label(path).p != NULL ? S("GetLabels") : STR_NONE;
}

/* see demo_promql.h */
void
demo_promql(struct answer *x, struct str path, struct str query)
{
	struct str label = path_label(path);
	struct url_pair *pairs;
	size_t n;

	if (url_query_parse(x->arena, query, true, 64, &pairs, &n) != ERR_OK ||
	    (label.p != NULL && url_decode(x->arena, label, false, &label) !=
	    ERR_OK)) {
		demo_answer_error(x, S("bad_data"),
		    S("the parameters do not parse"));
		return;
	}
	json_begin_object(x->out);
	json_put_string(x->out, S("status"), S("success"));
	json_key(x->out, S("data"));
	if (str_starts(path, S("/api/v1/query"))) {
		run_query(x, pairs, n, str_ends(path, S("_range")));
	} else {
		run_names(x, pairs, n, str_ends(path, S("/series")), label);
	}
	if (!demo_answer_failed(x) && !x->arena->failed) {
		json_end_object(x->out);
	}
}
