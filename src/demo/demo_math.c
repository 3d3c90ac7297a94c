/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metric math and Metrics Insights of the demo account: two small recursive
 * descent evaluators that compute while they read. Depth is bounded by
 * DEPTH_MAX, so hostile nesting ends in a refusal.
 */
#include "demo/demo_math.h"

#include "base/num.h"

/* Parentheses and calls within each other: people write three. */
#define DEPTH_MAX 16
/* Arguments of a call, keys of a GROUP BY, conditions of a WHERE. */
#define LIST_MAX_N 10

struct math {
	struct answer *x;
	const struct demo_grid *g;
	const struct demo_named *named;
	size_t named_n;
	struct str text;
	size_t at;
	unsigned depth;
	bool failed;
};

static double
missing(void)
{
	return __builtin_nan("");
}

static bool
is_missing(double v)
{
	return v != v;
}

static struct demo_value
refuse(struct math *m, struct str what)
{
	struct demo_value none = { .scalar = true };

	if (!m->failed) {
		demo_answer_errorf(m->x, S("ValidationException"),
		    "Error in expression '%s': %s at position %u",
		    str_sub(m->text, 0, 200), what, (uint64_t)m->at);
	}
	m->failed = true;
	return none;
}

/* A line without datapoints; v is NULL when memory ran out. */
static struct demo_line
new_line(struct answer *x, const struct demo_grid *g, struct str label)
{
	struct demo_line l = { .label = label };

	l.v = ARENA_ARRAY(x->arena, g->n, double);
	for (size_t i = 0; l.v != NULL && i < g->n; i++) {
		l.v[i] = missing();
	}
	return l;
}

/* see demo_math.h */
bool
demo_math_metric(struct answer *x, const struct demo_grid *g,
    const struct account_series *s, struct str stat, struct demo_line *out)
{
	*out = new_line(x, g, s->metric);
	out->plain = true;
	out->series = *s;
	out->stat = stat;
	for (size_t i = 0; out->v != NULL && i < g->n; i++) {
		struct account_point p = account_window(&x->account, s,
		    g->start_min + (int64_t)i * g->minutes, g->minutes);

		if (p.n > 0 && !account_stat(s, &p, stat, &out->v[i])) {
			return false;
		}
	}
	return out->v != NULL;
}

static void
skip_blanks(struct math *m)
{
	while (m->at < m->text.len && (unsigned char)m->text.p[m->at] <= ' ') {
		m->at++;
	}
}

/* Takes c when it comes next. */
static bool
take(struct math *m, char c)
{
	skip_blanks(m);
	if (m->at < m->text.len && m->text.p[m->at] == c) {
		m->at++;
		return true;
	}
	return false;
}

static bool
word_byte(char c)
{
	return str_is_alnum(c) || c == '_';
}

/* A run of letters, digits and '_'; empty when something else comes. */
static struct str
take_word(struct math *m)
{
	size_t from;

	skip_blanks(m);
	from = m->at;
	while (m->at < m->text.len && word_byte(m->text.p[m->at])) {
		m->at++;
	}
	return str_sub(m->text, from, m->at);
}

static double
combine(char op, double a, double b)
{
	if (is_missing(a) || is_missing(b)) {
		return missing();
	}
	switch (op) {
	case '+':
		return a + b;
	case '-':
		return a - b;
	case '*':
		return a * b;
	case '/':
		return b > 0 || b < 0 ? a / b : missing();
	case '<':
		return a < b;
	case '>':
		return a > b;
	case 'l':
		return a <= b;
	case 'g':
		return a >= b;
	case '=':
		return !(a < b) && !(a > b);
	default:
		return a < b || a > b;
	}
}

/* a op b, element by element; a number or a single line goes with each line
 * of the other side. */
static struct demo_value
operate(struct math *m, char op, const struct demo_value *a,
    const struct demo_value *b)
{
	struct demo_value r = { .scalar = a->scalar && b->scalar };

	if (r.scalar) {
		r.number = combine(op, a->number, b->number);
		return r;
	}
	if (!a->scalar && !b->scalar && a->n != b->n && a->n != 1 &&
	    b->n != 1) {
		return refuse(m, S("arrays of different lengths"));
	}
	r.n = a->scalar ? b->n : b->scalar || a->n > b->n ? a->n : b->n;
	r.lines = ARENA_ARRAY(m->x->arena, r.n, struct demo_line);
	for (size_t k = 0; r.lines != NULL && k < r.n; k++) {
		const struct demo_line *p = a->scalar ? NULL :
		    &a->lines[a->n == 1 ? 0 : k];
		const struct demo_line *q = b->scalar ? NULL :
		    &b->lines[b->n == 1 ? 0 : k];

		r.lines[k] = new_line(m->x, m->g, p != NULL && a->n > 1 ?
		    p->label : q != NULL && b->n > 1 ? q->label : STR_NONE);
		for (size_t i = 0; r.lines[k].v != NULL && i < m->g->n; i++) {
			r.lines[k].v[i] = combine(op,
			    p == NULL ? a->number : p->v[i],
			    q == NULL ? b->number : q->v[i]);
		}
	}
	m->failed = m->failed || m->x->arena->failed;
	return r;
}

/* Sum, mean, least or greatest of what is not missing, fed one by one. */
struct fold {
	double sum, min, max, n;
};

static void
fold_add(struct fold *f, double v)
{
	if (is_missing(v)) {
		return;
	}
	f->min = f->n <= 0 || v < f->min ? v : f->min;
	f->max = f->n <= 0 || v > f->max ? v : f->max;
	f->sum += v;
	f->n += 1;
}

static double
fold_out(const struct fold *f, struct str name)
{
	if (f->n <= 0) {
		return missing();
	}
	return str_ieq(name, S("SUM")) ? f->sum :
	    str_ieq(name, S("AVG")) ? f->sum / f->n :
	    str_ieq(name, S("MIN")) ? f->min : f->max;
}

/* SUM and its kin: of one line over time, a number; of several, a line. */
static struct demo_value
aggregate(struct math *m, struct str name, const struct demo_value *args,
    size_t n)
{
	struct demo_value r = { .scalar = true };
	struct fold f = { 0 };

	if (n == 1 && !args[0].scalar && args[0].n == 1) {
		for (size_t i = 0; i < m->g->n; i++) {
			fold_add(&f, args[0].lines[0].v[i]);
		}
		r.number = fold_out(&f, name);
		return r;
	}
	r.scalar = false;
	r.n = 1;
	r.lines = ARENA_NEW(m->x->arena, struct demo_line);
	if (r.lines == NULL) {
		return refuse(m, S("out of memory"));
	}
	r.lines[0] = new_line(m->x, m->g, STR_NONE);
	for (size_t i = 0; r.lines[0].v != NULL && i < m->g->n; i++) {
		f = (struct fold){ 0 };
		for (size_t k = 0; k < n; k++) {
			for (size_t j = 0; j < args[k].n; j++) {
				fold_add(&f, args[k].lines[j].v[i]);
			}
			if (args[k].scalar) {
				fold_add(&f, args[k].number);
			}
		}
		r.lines[0].v[i] = fold_out(&f, name);
	}
	m->failed = m->failed || m->x->arena->failed;
	return r;
}

/* ANOMALY_DETECTION_BAND(m, k): what the metric would be without noise and
 * story, k standard deviations below and above. */
static struct demo_value
band(struct math *m, const struct demo_value *args, size_t n)
{
	double k = n > 1 && args[1].scalar ? args[1].number : 2;
	struct demo_value r = { .n = 2 };
	struct account_series quiet;
	struct demo_line mid;

	if (n == 0 || args[0].scalar || args[0].n != 1 ||
	    !args[0].lines[0].plain) {
		return refuse(m, S("a band needs one metric"));
	}
	quiet = args[0].lines[0].series;
	quiet.effect = '-';
	quiet.noise = 0;
	r.lines = ARENA_ARRAY(m->x->arena, 2, struct demo_line);
	if (r.lines == NULL || !demo_math_metric(m->x, m->g, &quiet,
	    args[0].lines[0].stat, &mid)) {
		return refuse(m, S("out of memory"));
	}
	k *= args[0].lines[0].series.noise * 0.5 + 0.01;
	for (size_t j = 0; j < 2; j++) {
		r.lines[j] = new_line(m->x, m->g, j == 0 ? S("expected low") :
		    S("expected high"));
		for (size_t i = 0; r.lines[j].v != NULL && i < m->g->n; i++) {
			r.lines[j].v[i] = mid.v[i] * (j == 0 ? 1 - k : 1 + k);
		}
	}
	m->failed = m->failed || m->x->arena->failed;
	return r;
}

/* The value is on the grid that is being worked on. */
static bool
same_grid(const struct math *m, const struct demo_grid *g)
{
	return g->start_min == m->g->start_min && g->n == m->g->n &&
	    g->minutes == m->g->minutes;
}

/* METRICS() or METRICS("text"): the request's metrics whose id holds it. */
static struct demo_value
metrics(struct math *m)
{
	struct demo_value r = { .scalar = false };
	struct str part = S("");

	if (take(m, '"')) {
		size_t end = str_find_byte(m->text, '"', m->at);

		part = str_sub(m->text, m->at, end);
		m->at = end < m->text.len ? end + 1 : end;
	}
	if (!take(m, ')')) {
		return refuse(m, S("')' expected"));
	}
	r.lines = ARENA_ARRAY(m->x->arena, m->named_n, struct demo_line);
	for (size_t i = 0; r.lines != NULL && i < m->named_n; i++) {
		const struct demo_named *q = &m->named[i];

		if (q->metric && q->done && q->value.n == 1 &&
		    same_grid(m, &q->grid) &&
		    str_find(q->id, part, 0) + part.len <= q->id.len) {
			r.lines[r.n++] = q->value.lines[0];
		}
	}
	return r.n > 0 ? r : refuse(m, S("METRICS() found no metric"));
}

/* One value of a function that works on each line by itself. */
static double
map_point(const struct math *m, struct str name, const double *v, size_t i,
    const struct demo_value *args, size_t n)
{
	double seconds = (double)m->g->minutes * 60;

	if (str_ieq(name, S("FILL"))) {
		if (!is_missing(v[i])) {
			return v[i];
		}
		while (n < 2 && i > 0 && is_missing(v[i])) {
			i--; /* REPEAT */
		}
		return n < 2 ? v[i] : args[1].number;
	}
	if (str_ieq(name, S("RATE")) || str_ieq(name, S("DIFF"))) {
		double d = i == 0 ? missing() : combine('-', v[i], v[i - 1]);

		return str_ieq(name, S("RATE")) ? d / seconds : d;
	}
	if (is_missing(v[i]) || v[i] > 9e15 || v[i] < -9e15) {
		return v[i];
	}
	if (str_ieq(name, S("ABS"))) {
		return v[i] < 0 ? -v[i] : v[i];
	}
	double whole = (double)(int64_t)v[i];

	if (str_ieq(name, S("CEIL"))) {
		return whole < v[i] ? whole + 1 : whole;
	}
	return whole > v[i] ? whole - 1 : whole;
}

static struct demo_value
map(struct math *m, struct str name, const struct demo_value *args, size_t n)
{
	struct demo_value r = { .n = n > 0 ? args[0].n : 0 };

	if (n == 0 || args[0].scalar) {
		return refuse(m, S("a time series is needed"));
	}
	r.lines = ARENA_ARRAY(m->x->arena, r.n, struct demo_line);
	for (size_t k = 0; r.lines != NULL && k < r.n; k++) {
		r.lines[k] = new_line(m->x, m->g, args[0].lines[k].label);
		for (size_t i = 0; r.lines[k].v != NULL && i < m->g->n; i++) {
			r.lines[k].v[i] = map_point(m, name,
			    args[0].lines[k].v, i, args, n);
		}
	}
	m->failed = m->failed || m->x->arena->failed;
	return r;
}

/* IF(condition, then, otherwise) by arithmetic on each point. */
static struct demo_value
choose(struct math *m, const struct demo_value *args, size_t n)
{
	struct demo_value r = { .n = 1 };
	const struct demo_value none = { .scalar = true, .number = missing() };

	if (n < 2 || args[0].scalar || args[0].n != 1) {
		return refuse(m, S("IF needs a condition over time"));
	}
	r.lines = ARENA_NEW(m->x->arena, struct demo_line);
	if (r.lines == NULL) {
		return refuse(m, S("out of memory"));
	}
	r.lines[0] = new_line(m->x, m->g, STR_NONE);
	for (size_t i = 0; r.lines[0].v != NULL && i < m->g->n; i++) {
		double c = args[0].lines[0].v[i];
		const struct demo_value *v = is_missing(c) ? &none :
		    c > 0 || c < 0 ? &args[1] : n > 2 ? &args[2] : &none;

		r.lines[0].v[i] = v->scalar ? v->number : v->lines[0].v[i];
	}
	m->failed = m->failed || m->x->arena->failed;
	return r;
}

static struct demo_value parse_compare(struct math *m);

static struct demo_value
call(struct math *m, struct str name)
{
	struct demo_value args[LIST_MAX_N];
	struct demo_value period = { .scalar = true,
		.number = (double)m->g->minutes * 60 };
	size_t n = 0;

	if (str_ieq(name, S("METRICS"))) {
		return metrics(m);
	}
	while (!m->failed && !take(m, ')')) {
		size_t at = m->at;

		if (n == LIST_MAX_N) {
			return refuse(m, S("too many arguments"));
		}
		if (n == 1 && str_ieq(name, S("FILL")) &&
		    str_ieq(take_word(m), S("REPEAT"))) {
			continue;
		}
		m->at = at;
		args[n++] = parse_compare(m);
		if (!take(m, ',') && m->at < m->text.len &&
		    m->text.p[m->at] != ')') {
			return refuse(m, S("',' or ')' expected"));
		}
	}
	if (m->failed) {
		return period;
	}
	if (str_ieq(name, S("PERIOD"))) {
		return period;
	}
	if (n > 0 && (str_ieq(name, S("SUM")) || str_ieq(name, S("AVG")) ||
	    str_ieq(name, S("MIN")) || str_ieq(name, S("MAX")))) {
		return aggregate(m, name, args, n);
	}
	if (str_ieq(name, S("ANOMALY_DETECTION_BAND"))) {
		return band(m, args, n);
	}
	if (str_ieq(name, S("IF"))) {
		return choose(m, args, n);
	}
	if (str_ieq(name, S("ABS")) || str_ieq(name, S("CEIL")) ||
	    str_ieq(name, S("FLOOR")) || str_ieq(name, S("RATE")) ||
	    str_ieq(name, S("DIFF")) || str_ieq(name, S("FILL"))) {
		return map(m, name, args, n);
	}
	return refuse(m, S("this account does not know the function"));
}

static struct demo_value
parse_number(struct math *m)
{
	struct demo_value r = { .scalar = true };
	size_t from = m->at;

	while (m->at < m->text.len && (str_is_digit(m->text.p[m->at]) ||
	    m->text.p[m->at] == '.')) {
		m->at++;
	}
	if (!num_parse(str_sub(m->text, from, m->at), &r.number)) {
		return refuse(m, S("malformed number"));
	}
	return r;
}

static struct demo_value
parse_factor(struct math *m)
{
	struct demo_value r = { .scalar = true, .number = -1 }, inner;
	struct str word;

	if (m->failed || m->depth >= DEPTH_MAX) {
		return refuse(m, S("nested too deeply"));
	}
	m->depth++;
	if (take(m, '-')) {
		inner = parse_factor(m);
		r = m->failed ? r : operate(m, '*', &r, &inner);
	} else if (take(m, '(')) {
		r = parse_compare(m);
		if (!m->failed && !take(m, ')')) {
			r = refuse(m, S("')' expected"));
		}
	} else if (m->at < m->text.len && str_is_digit(m->text.p[m->at])) {
		r = parse_number(m);
	} else {
		word = take_word(m);
		if (word.len == 0) {
			r = refuse(m, S("a value is expected"));
		} else if (take(m, '(')) {
			r = call(m, word);
		} else {
			size_t i = 0;

			while (i < m->named_n && (!m->named[i].done ||
			    !str_eq(m->named[i].id, word))) {
				i++;
			}
			if (i < m->named_n &&
			    !same_grid(m, &m->named[i].grid)) {
				r = refuse(m, S("another period"));
			} else {
				r = i < m->named_n ? m->named[i].value :
				    refuse(m, S("unknown id"));
			}
		}
	}
	m->depth--;
	return r;
}

static struct demo_value
parse_chain(struct math *m, char op1, char op2,
    struct demo_value (*next)(struct math *m))
{
	struct demo_value a = next(m), b;

	while (!m->failed) {
		char op = take(m, op1) ? op1 : take(m, op2) ? op2 : '\0';

		if (op == '\0') {
			break;
		}
		b = next(m);
		if (!m->failed) {
			a = operate(m, op, &a, &b);
		}
	}
	return a;
}

static struct demo_value
parse_term(struct math *m)
{
	return parse_chain(m, '*', '/', parse_factor);
}

static struct demo_value
parse_compare(struct math *m)
{
	struct demo_value a = parse_chain(m, '+', '-', parse_term), b;
	char op;

	if (m->failed) {
		return a;
	}
	if (take(m, '<')) {
		op = take(m, '=') ? 'l' : '<';
	} else if (take(m, '>')) {
		op = take(m, '=') ? 'g' : '>';
	} else if (take(m, '=')) {
		op = '=';
		(void)take(m, '=');
	} else if (take(m, '!')) {
		op = '!';
		(void)take(m, '=');
	} else {
		return a;
	}
	b = parse_chain(m, '+', '-', parse_term);
	return m->failed ? a : operate(m, op, &a, &b);
}

/* see demo_math.h */
bool
demo_math_expression(struct answer *x, const struct demo_grid *g,
    const struct demo_named *named, size_t named_n, struct str text,
    struct demo_value *out)
{
	struct math m = { x, g, named, named_n, text, 0, 0, false };

	*out = parse_compare(&m);
	skip_blanks(&m);
	if (!m.failed && m.at < text.len) {
		(void)refuse(&m, S("unexpected text"));
	}
	if (!m.failed && out->scalar) {
		/* A number is a line at the newest bucket's height. */
		struct demo_line *l = ARENA_NEW(x->arena, struct demo_line);

		if (l == NULL) {
			return false;
		}
		*l = new_line(x, g, STR_NONE);
		for (size_t i = 0; l->v != NULL && i < g->n; i++) {
			l->v[i] = out->number;
		}
		out->lines = l;
		out->n = 1;
	}
	return !m.failed && !x->arena->failed;
}

/* ---- Metrics Insights ---- */

/* A condition: key = value, or its negation. */
struct condition {
	struct str key, value;
	bool equal;
};

struct select {
	struct str stat, metric, namespace;
	struct str keys[LIST_MAX_N];   /* SCHEMA's dimensions */
	size_t key_n;
	bool schema;
	struct condition where[LIST_MAX_N];
	size_t where_n;
	struct str by[LIST_MAX_N];
	size_t by_n;
	bool ordered, descending;
	struct str order_stat;
	uint64_t limit;
};

/* A bare word with the bytes of namespaces, or text in either quote. */
static struct str
take_name(struct math *m)
{
	size_t from;
	char c;

	skip_blanks(m);
	c = m->at < m->text.len ? m->text.p[m->at] : '\0';
	if (c == '"' || c == '\'') {
		from = m->at + 1;
		m->at = str_find_byte(m->text, c, from);
		if (m->at >= m->text.len) {
			(void)refuse(m, S("unterminated quote"));
			return S("");
		}
		m->at++;
		return str_sub(m->text, from, m->at - 1);
	}
	from = m->at;
	while (m->at < m->text.len && (word_byte(m->text.p[m->at]) ||
	    str_find_byte(S("/.-:"), m->text.p[m->at], 0) < 4)) {
		m->at++;
	}
	if (from == m->at) {
		(void)refuse(m, S("a name is expected"));
	}
	return str_sub(m->text, from, m->at);
}

/* Takes the keyword when it comes next. */
static bool
take_keyword(struct math *m, struct str word)
{
	size_t at = m->at;

	if (str_ieq(take_word(m), word)) {
		return true;
	}
	m->at = at;
	return false;
}

static void
expect(struct math *m, bool ok, struct str what)
{
	if (!ok) {
		(void)refuse(m, what);
	}
}

static void
parse_from(struct math *m, struct select *s)
{
	if (!take_keyword(m, S("SCHEMA"))) {
		s->namespace = take_name(m);
		return;
	}
	s->schema = true;
	expect(m, take(m, '('), S("'(' expected"));
	s->namespace = take_name(m);
	while (!m->failed && take(m, ',')) {
		expect(m, s->key_n < LIST_MAX_N, S("too many keys"));
		if (!m->failed) {
			s->keys[s->key_n++] = take_name(m);
		}
	}
	expect(m, take(m, ')'), S("')' expected"));
}

static void
parse_where(struct math *m, struct select *s)
{
	do {
		struct condition c = { .key = take_name(m) };

		c.equal = !take(m, '!');
		expect(m, take(m, '='), S("'=' expected"));
		c.value = take_name(m);
		expect(m, s->where_n < LIST_MAX_N, S("too many conditions"));
		if (!m->failed) {
			s->where[s->where_n++] = c;
		}
	} while (!m->failed && take_keyword(m, S("AND")));
}

static void
parse_select(struct math *m, struct select *s)
{
	expect(m, take_keyword(m, S("SELECT")), S("SELECT expected"));
	s->stat = take_word(m);
	expect(m, take(m, '('), S("'(' expected"));
	s->metric = take_name(m);
	expect(m, take(m, ')'), S("')' expected"));
	expect(m, take_keyword(m, S("FROM")), S("FROM expected"));
	parse_from(m, s);
	if (take_keyword(m, S("WHERE"))) {
		parse_where(m, s);
	}
	if (take_keyword(m, S("GROUP"))) {
		expect(m, take_keyword(m, S("BY")), S("BY expected"));
		do {
			struct str key = take_name(m);

			expect(m, s->by_n < LIST_MAX_N, S("too many keys"));
			if (!m->failed) {
				s->by[s->by_n++] = key;
			}
		} while (!m->failed && take(m, ','));
	}
	if (take_keyword(m, S("ORDER"))) {
		expect(m, take_keyword(m, S("BY")), S("BY expected"));
		s->ordered = true;
		s->order_stat = take_word(m);
		expect(m, take(m, '(') && take(m, ')'), S("'()' expected"));
		s->descending = take_keyword(m, S("DESC"));
		if (!s->descending) {
			(void)take_keyword(m, S("ASC"));
		}
	}
	if (take_keyword(m, S("LIMIT"))) {
		expect(m, str_u64(take_word(m), 500, &s->limit),
		    S("LIMIT is 1 to 500"));
	}
	skip_blanks(m);
	expect(m, m->at == m->text.len, S("unexpected text"));
}

static bool
selected(const struct select *s, const struct account_series *a)
{
	struct str rest = a->dims, name, value;
	size_t n = 0;

	if (!str_eq(a->namespace, s->namespace) ||
	    !str_eq(a->metric, s->metric)) {
		return false;
	}
	while (account_dimension(&rest, &name, &value)) {
		n++;
	}
	for (size_t i = 0; i < s->key_n; i++) {
		if (account_dimension_value(a->dims, s->keys[i]).p == NULL) {
			return false;
		}
	}
	if (s->schema && s->key_n > 0 && n != s->key_n) {
		return false;
	}
	for (size_t i = 0; i < s->where_n; i++) {
		if (str_eq(account_dimension_value(a->dims, s->where[i].key),
		    s->where[i].value) != s->where[i].equal) {
			return false;
		}
	}
	for (size_t i = 0; i < s->by_n; i++) {
		if (account_dimension_value(a->dims, s->by[i]).p == NULL) {
			return false;
		}
	}
	return true;
}

/* The long name of AVG and its kin. */
static struct str
long_stat(struct str s)
{
	return str_ieq(s, S("AVG")) ? S("Average") :
	    str_ieq(s, S("SUM")) ? S("Sum") :
	    str_ieq(s, S("MIN")) ? S("Minimum") :
	    str_ieq(s, S("MAX")) ? S("Maximum") :
	    str_ieq(s, S("COUNT")) ? S("SampleCount") : STR_NONE;
}

/* Label of a group: its values, joined by a blank. */
static struct str
group_label(struct answer *x, const struct select *s,
    const struct account_series *a)
{
	struct buf b = buf_in(x->arena, 1024);

	for (size_t i = 0; i < s->by_n; i++) {
		buf_add(&b, i == 0 ? S("") : S(" "));
		buf_add(&b, account_dimension_value(a->dims, s->by[i]));
	}
	return s->by_n == 0 ? s->metric : buf_str(&b);
}

/* Adds a series to the line of its group. How several series become one: sums
 * and counts add up, least and greatest compete, averages are averaged. */
static void
merge(const struct demo_grid *g, struct str stat, struct demo_line *into,
    const struct demo_line *l, double weight)
{
	for (size_t i = 0; i < g->n; i++) {
		double a = into->v[i], b = l->v[i];

		if (is_missing(a) || is_missing(b)) {
			into->v[i] = is_missing(a) ? b : a;
		} else if (str_ieq(stat, S("MIN"))) {
			into->v[i] = a < b ? a : b;
		} else if (str_ieq(stat, S("MAX"))) {
			into->v[i] = a > b ? a : b;
		} else if (str_ieq(stat, S("AVG"))) {
			into->v[i] = a + (b - a) / (weight + 1);
		} else {
			into->v[i] = a + b;
		}
	}
}

static double
line_rank(const struct demo_grid *g, const struct demo_line *l,
    struct str stat)
{
	struct fold f = { 0 };

	for (size_t i = 0; i < g->n; i++) {
		fold_add(&f, l->v[i]);
	}
	return f.n <= 0 ? -1 : str_ieq(stat, S("COUNT")) ? f.n :
	    fold_out(&f, stat);
}

static void
order_lines(const struct demo_grid *g, const struct select *s,
    struct demo_value *v)
{
	for (size_t i = 1; i < v->n; i++) {
		struct demo_line l = v->lines[i];
		double rank = line_rank(g, &l, s->order_stat);
		size_t k = i;

		while (k > 0) {
			double other = line_rank(g, &v->lines[k - 1],
			    s->order_stat);

			if (s->descending ? other >= rank : other <= rank) {
				break;
			}
			v->lines[k] = v->lines[k - 1];
			k--;
		}
		v->lines[k] = l;
	}
}

/* see demo_math.h */
bool
demo_math_is_insights(struct str text)
{
	struct str t = str_trim_ws(text);

	return str_istarts(t, S("SELECT")) && t.len > 6 && !word_byte(t.p[6]);
}

/* see demo_math.h */
bool
demo_math_insights(struct answer *x, const struct demo_grid *g,
    struct str text, struct demo_value *out)
{
	struct math m = { x, g, NULL, 0, text, 0, 0, false };
	struct select s = { .limit = 500 };
	double weights[DEMO_MATH_SERIES_MAX_N] = { 0 };
	struct account_series a;
	struct demo_line l;

	parse_select(&m, &s);
	expect(&m, long_stat(s.stat).p != NULL,
	    S("the function must be AVG, COUNT, MAX, MIN or SUM"));
	*out = (struct demo_value){ .scalar = false };
	out->lines = ARENA_ARRAY(x->arena, DEMO_MATH_SERIES_MAX_N,
	    struct demo_line);
	if (m.failed || out->lines == NULL) {
		return false;
	}
	for (size_t i = 0; account_series(x->account.tables, i, &a); i++) {
		size_t k = 0;

		if (!selected(&s, &a)) {
			continue;
		}
		if (!demo_math_metric(x, g, &a, long_stat(s.stat), &l)) {
			return false;
		}
		l.label = group_label(x, &s, &a);
		while (k < out->n && !str_eq(out->lines[k].label, l.label)) {
			k++;
		}
		if (k < out->n) {
			weights[k] += 1;
			merge(g, s.stat, &out->lines[k], &l, weights[k]);
		} else if (k < DEMO_MATH_SERIES_MAX_N) {
			l.plain = false;
			out->lines[out->n++] = l;
		}
	}
	if (s.ordered) {
		order_lines(g, &s, out);
	}
	out->n = out->n > s.limit ? (size_t)s.limit : out->n;
	return !x->arena->failed;
}
