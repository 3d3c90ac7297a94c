/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values and states of the demo account, computed from its tables. The tables
 * are plain text, packed in the program; a row is cut into its fields when it
 * is asked for.
 */
#include "demo/account.h"

#include "base/inflate.h"
#include "base/num.h"
#include "gen/demo_pack.h"

/* Load by hour of day (UTC), -1 quiet to 1 busy. */
static const signed char HOURS[24] = {
	-75, -85, -90, -90, -85, -70, -40, 0, 30, 50, 55, 60,
	65, 55, 50, 50, 55, 65, 80, 95, 100, 70, 20, -40,
};

#define REHEARSAL_START (-4340)
#define REHEARSAL_MINUTES 30
/* What sets in later than this was not part of the rehearsal. */
#define REHEARSAL_DELAY_MAX 4
/* Noise delays no alarm for longer; alarms.def is written that way. */
#define CROSSING_MAX_MIN 20

/* see account.h */
uint64_t
account_hash(uint64_t seed, uint64_t n)
{
	uint64_t x = seed + n * UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* see account.h */
uint64_t
account_hash_str(struct str s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < s.len; i++) {
		h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
	}
	return account_hash(h, s.len);
}

/* see account.h */
const struct account_tables *
account_tables_make(struct arena *a)
{
	struct account_tables *t = ARENA_NEW(a, struct account_tables);
	char *text = arena_alloc(a, DEMO_LEN, 1);
	struct str rest = str_of(text, DEMO_LEN);

	if (t == NULL || text == NULL) {
		return NULL;
	}
	MUST(inflate_block((unsigned char *)text, DEMO_LEN, demo_packed,
	    sizeof(demo_packed)));
	for (size_t i = 0; i < ACCOUNT_TABLE_N; i++) {
		t->text[i] = str_cut(&rest, '\0');
	}
	return t;
}

/* see account.h */
struct account
account_at(const struct account_tables *tables, int64_t born_ms, int64_t now_ms)
{
	int64_t born = born_ms / ACCOUNT_MINUTE_MS;
	int64_t age = now_ms / ACCOUNT_MINUTE_MS - born;
	struct account a = { .tables = tables, .now_ms = now_ms };

	a.onset_min = (born - 37 - 13) / 60 * 60 + 13;
	if (age > 0) {
		a.onset_min += age / 720 * 720;
	}
	return a;
}

/* see account.h */
bool
account_row(struct str table, size_t i, struct str *row)
{
	while (table.p != NULL && table.len > 0) {
		*row = str_cut(&table, '\n');
		if (i-- == 0) {
			return true;
		}
	}
	return false;
}

/* A number of one of our own tables; 0 for an empty field. */
static double
number(struct str s)
{
	double v = 0;

	if (s.len > 0) {
		MUST(num_parse(s, &v));
	}
	return v;
}

static int64_t
integer(struct str s)
{
	return (int64_t)number(s);
}

/* Reads the effect column: see series.def. */
static void
parse_effect(struct str e, struct account_series *out)
{
	struct str when = str_sub(e, 1, e.len);
	size_t at = str_find_byte(e, '*', 0);

	at = at < e.len ? at : str_find_byte(e, '=', 0);
	out->effect = e.p[0];
	out->op = at < e.len ? e.p[at] : '\0';
	out->delay = out->ramp = 0;
	out->to = 0;
	if (out->effect == 'd') {
		out->to = number(when);
	}
	if (at < e.len) {
		out->to = number(str_sub(e, at + 1, e.len));
		when = str_sub(e, 1, at);
		out->delay = integer(str_cut(&when, ','));
		out->ramp = integer(when);
	}
}

/* see account.h */
bool
account_series(const struct account_tables *t, size_t i,
    struct account_series *out)
{
	struct str row;

	if (!account_row(t->text[ACCOUNT_SERIES], i, &row)) {
		return false;
	}
	out->id = str_cut(&row, '|');
	out->namespace = str_cut(&row, '|');
	out->metric = str_cut(&row, '|');
	out->unit = str_cut(&row, '|');
	out->dims = str_cut(&row, '|');
	out->kind = str_cut(&row, '|').p[0];
	out->base = number(str_cut(&row, '|'));
	out->swing = number(str_cut(&row, '|'));
	out->noise = number(str_cut(&row, '|'));
	parse_effect(row, out);
	out->hash = account_hash_str(out->id);
	return true;
}

/* see account.h */
bool
account_series_find(const struct account_tables *t, struct str id,
    struct account_series *out)
{
	for (size_t i = 0; account_series(t, i, out); i++) {
		if (str_eq(out->id, id)) {
			return true;
		}
	}
	return false;
}

/* see account.h */
bool
account_alarm(const struct account_tables *t, size_t i,
    struct account_alarm *out)
{
	struct str row, threshold, window;

	if (!account_row(t->text[ACCOUNT_ALARMS], i, &row)) {
		return false;
	}
	out->name = str_cut(&row, '|');
	out->type = str_cut(&row, '|').p[0];
	out->target = str_cut(&row, '|');
	out->stat = str_cut(&row, '|');
	out->op = str_cut(&row, '|');
	threshold = str_cut(&row, '|');
	out->has_threshold = threshold.len > 0;
	out->threshold = number(threshold);
	out->period = integer(str_cut(&row, '|'));
	window = str_cut(&row, '|');
	out->need = integer(str_cut(&window, '/'));
	out->of = integer(window);
	out->missing = str_cut(&row, '|');
	out->history = str_trim(str_cut(&row, '|'));
	out->changed_days = integer(str_cut(&row, '|'));
	out->topic = str_cut(&row, '|');
	out->text = row;
	return true;
}

/* see account.h */
bool
account_alarm_find(const struct account_tables *t, struct str name,
    struct account_alarm *out)
{
	for (size_t i = 0; account_alarm(t, i, out); i++) {
		if (str_eq(out->name, name)) {
			return true;
		}
	}
	return false;
}

/* see account.h */
bool
account_dimension(struct str *rest, struct str *name, struct str *value)
{
	if (rest->p == NULL || rest->len == 0) {
		return false;
	}
	*value = str_cut(rest, ';');
	*name = str_cut(value, '=');
	return true;
}

/* see account.h */
struct str
account_dimension_value(struct str dims, struct str name)
{
	struct str n, v;

	while (account_dimension(&dims, &n, &v)) {
		if (str_eq(n, name)) {
			return v;
		}
	}
	return STR_NONE;
}

/* Division and remainder that round down, also below zero. */
static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t
floor_mod(int64_t a, int64_t b)
{
	return a - floor_div(a, b) * b;
}

/* see account.h */
double
account_load(int64_t minute)
{
	int64_t of_day = floor_mod(minute, 1440);
	int64_t day = floor_mod(floor_div(minute, 1440) + 4, 7);
	size_t hour = (size_t)(of_day / 60);
	double part = (double)(of_day % 60) / 60;
	double v = HOURS[hour] + (HOURS[(hour + 1) % 24] - HOURS[hour]) * part;

	return v / 100 - (day == 0 || day == 6 ? 0.35 : 0);
}

/* Noise of a minute: triangular in -1..1. */
static double
noise(uint64_t seed, int64_t minute)
{
	uint64_t h = account_hash(seed, (uint64_t)minute);
	double a = (double)(h & 0xffff) / 65535;
	double b = (double)((h >> 16) & 0xffff) / 65535;

	return a + b - 1;
}

/* How far an effect that sets in at `delay` and needs `ramp` minutes has come,
 * 0..1; *rehearsal tells that it is the milder one of three days before. */
static double
progress(int64_t t, int64_t delay, int64_t ramp, bool *rehearsal)
{
	*rehearsal = false;
	if (t < 0) {
		t -= REHEARSAL_START;
		if (t < 0 || t >= REHEARSAL_MINUTES ||
		    delay > REHEARSAL_DELAY_MAX) {
			return 0;
		}
		*rehearsal = true;
	}
	if (t < delay) {
		return 0;
	}
	return t >= delay + ramp ? 1 : (double)(t - delay) / (double)ramp;
}

/* Moves v towards the incident's value. */
static double
incident(const struct account_series *s, double v, int64_t t, double u)
{
	bool rehearsal;
	double r = progress(t, s->delay, s->ramp, &rehearsal);

	if (r <= 0) {
		return v;
	}
	if (s->op == '*') {
		return v * (1 + (s->to - 1) * r * (rehearsal ? 0.45 : 1));
	}
	r *= rehearsal ? 0.9 : 1;
	return v + (s->to * (1 + s->noise * s->noise / 2 * u) - v) * r;
}

/* Minutes since the killed pod's deployment, within its present life of
 * ACCOUNT_OOM_BLOCK; -1 before it. */
static int64_t
pod_minute(int64_t t)
{
	return t < ACCOUNT_OOM_START ? -1 :
	    (t - ACCOUNT_OOM_START) % ACCOUNT_OOM_BLOCK;
}

/* see account.h */
double
account_incident(const struct account *a, int64_t minute, int64_t delay,
    int64_t ramp)
{
	bool rehearsal;
	double r = progress(minute - a->onset_min, delay, ramp, &rehearsal);

	return rehearsal ? 0 : r;
}

/* see account.h */
int64_t
account_pod(const struct account *a, int64_t minute)
{
	return pod_minute(minute - a->onset_min);
}

/* The story's influence on the value v of a minute that is t after the onset;
 * u is the minute's noise. A negative result: no data. */
static double
apply_effect(const struct account_series *s, double v, int64_t t, double u)
{
	int64_t pod = pod_minute(t);

	switch (s->effect) {
	case 'i':
		return incident(s, v, t, u);
	case 'd':
		return v * (1 + s->to * (double)t / 1440);
	case 'o':
		if (pod < 0) {
			return v;
		}
		pod %= ACCOUNT_OOM_CYCLE;
		return s->base + (s->to - s->base) * (double)pod /
		    (ACCOUNT_OOM_CYCLE - 1);
	case 'r':
		pod /= ACCOUNT_OOM_CYCLE;
		return pod < 0 ? 0 : (double)pod;
	case 'k':
		return pod >= 0 && pod % ACCOUNT_OOM_CYCLE ==
		    ACCOUNT_OOM_CYCLE - 1 ? 1 : 0;
	default:
		return v;
	}
}

/* The value of a minute before it is turned into statistics; negative: none. */
static double
value_at(const struct account *a, const struct account_series *s,
    int64_t minute)
{
	int64_t t = minute - a->onset_min;
	double u = noise(s->hash, minute);
	double v;

	if (s->effect == 'z') {
		return t < -4400 && floor_mod(minute, 1440) == 120 ? 1 : -1;
	}
	v = s->base * (1 + s->swing * account_load(minute)) *
	    (1 + s->noise * u);
	v = apply_effect(s, v, t, u);
	if (s->kind == 'c' || s->kind == 'n' || s->kind == 's') {
		v = (double)(int64_t)(v + 0.5);
	}
	if (s->kind == 's' && v < 1) {
		return -1;
	}
	return s->unit.p[0] == 'P' && v > 100 ? 100 : v;
}

/* see account.h */
struct account_point
account_minute(const struct account *a, const struct account_series *s,
    int64_t minute)
{
	int64_t now = a->now_ms / ACCOUNT_MINUTE_MS;
	struct account_point p = { 0 };
	double v, spread;

	if (minute >= now || minute < now - ACCOUNT_HISTORY_MIN) {
		return p;
	}
	v = value_at(a, s, minute);
	if (v < 0) {
		return p;
	}
	p.n = 1;
	p.sum = p.min = p.max = v;
	if (s->kind == 'l') {
		p.n = (double)(40 + account_hash(s->hash ^ 1,
		    (uint64_t)minute) % 40);
		p.min = v * 0.25;
		p.max = v * 8;
		p.sum = v * p.n;
	} else if (s->kind == 'g') {
		/* Five samples within a narrow band around the mean. */
		spread = v * s->noise * 0.25;
		p.n = 5;
		p.min = v - spread;
		p.max = v + spread;
		p.sum = v * 5;
	} else if ((s->kind == 'c' || s->kind == 's') && v >= 1) {
		p.n = v;
		p.min = p.max = 1;
	}
	p.mean_n = p.sum;
	return p;
}

/* see account.h */
struct account_point
account_window(const struct account *a, const struct account_series *s,
    int64_t minute, int64_t minutes)
{
	struct account_point all = { 0 };

	for (int64_t m = minute; m < minute + minutes; m++) {
		struct account_point p = account_minute(a, s, m);

		if (p.n <= 0) {
			continue;
		}
		all.min = all.n <= 0 || p.min < all.min ? p.min : all.min;
		all.max = all.n <= 0 || p.max > all.max ? p.max : all.max;
		all.n += p.n;
		all.sum += p.sum;
		all.mean_n += p.mean_n;
	}
	return all;
}

/* The quantile of a long-tailed duration, as a factor of its mean. */
static double
tail_factor(double q)
{
	static const struct { double q, factor; } KNOTS[] = {
		{ 0, 0.25 }, { 10, 0.45 }, { 50, 0.85 }, { 75, 1.15 },
		{ 90, 1.7 }, { 95, 2.3 }, { 99, 3.8 }, { 99.9, 6 }, { 100, 8 },
	};
	size_t i = 1;

	while (i + 1 < sizeof(KNOTS) / sizeof(KNOTS[0]) && q > KNOTS[i].q) {
		i++;
	}
	return KNOTS[i - 1].factor + (KNOTS[i].factor - KNOTS[i - 1].factor) *
	    (q - KNOTS[i - 1].q) / (KNOTS[i].q - KNOTS[i - 1].q);
}

static double
quantile(const struct account_series *s, const struct account_point *p,
    double q)
{
	if (s->kind == 'l') {
		return p->mean_n / p->n * tail_factor(q);
	}
	return p->min + (p->max - p->min) * q / 100;
}

/* see account.h */
bool
account_stat(const struct account_series *s, const struct account_point *p,
    struct str stat, double *out)
{
	double n = p->n > 0 ? p->n : 1, q;

	if (str_eq(stat, S("Average")) || str_eq(stat, S("IQM"))) {
		*out = p->sum / n;
	} else if (str_eq(stat, S("Sum"))) {
		*out = p->sum;
	} else if (str_eq(stat, S("Minimum"))) {
		*out = p->min;
	} else if (str_eq(stat, S("Maximum"))) {
		*out = p->max;
	} else if (str_eq(stat, S("SampleCount"))) {
		*out = p->n;
	} else if (stat.len >= 2 && stat.p[0] == 'p' &&
	    num_parse(str_sub(stat, 1, stat.len), &q) && q >= 0 && q <= 100) {
		*out = quantile(s, p, q);
	} else if (str_istarts(stat, S("tm")) || str_istarts(stat, S("wm"))) {
		*out = p->sum / n;
	} else if (str_istarts(stat, S("ts"))) {
		*out = p->sum;
	} else if (str_istarts(stat, S("tc")) || str_istarts(stat, S("pr"))) {
		*out = p->n;
	} else {
		return false;
	}
	return true;
}

/* see account.h */
struct str
account_state_name(enum account_state s)
{
	return s == ACCOUNT_OK ? S("OK") : s == ACCOUNT_ALARM ? S("ALARM") :
	    S("INSUFFICIENT_DATA");
}

/* Where changes are collected: a ring of the newest ones. */
struct changes {
	struct account_change *out;
	size_t max, n;
	enum account_state state;
	int64_t now_ms;
};

static void
add_change(struct changes *c, int64_t at_ms, enum account_state to)
{
	struct account_change ch = { at_ms, c->state, to };

	if (at_ms > c->now_ms) {
		return;
	}
	c->state = to;
	c->out[c->n % c->max] = ch;
	c->n++;
}

/* "<on>,<off>": in alarm between these minutes of each of the pod's cycles. */
static void
add_cycles(struct changes *c, int64_t onset_min, struct str phases)
{
	int64_t on = integer(str_cut(&phases, ','));
	int64_t off = integer(phases);
	int64_t until = c->now_ms / ACCOUNT_MINUTE_MS - onset_min;
	int64_t life, t;

	for (life = ACCOUNT_OOM_START; life <= until;
	    life += ACCOUNT_OOM_BLOCK) {
		for (t = life; t + on < life + ACCOUNT_OOM_BLOCK;
		    t += ACCOUNT_OOM_CYCLE) {
			add_change(c, (onset_min + t + on) * ACCOUNT_MINUTE_MS,
			    ACCOUNT_ALARM);
			add_change(c, (onset_min + t + off) * ACCOUNT_MINUTE_MS,
			    ACCOUNT_OK);
		}
	}
}

/* Puts the ring's oldest entry first by reversing its two parts. */
static void
reverse(struct account_change *p, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct account_change t = p[i];

		p[i] = p[n - 1 - i];
		p[n - 1 - i] = t;
	}
}

/* The datapoints that the alarm sees at that moment breach its threshold. */
static bool
breached(const struct account *a, const struct account_alarm *al,
    const struct account_series *s, int64_t at_ms)
{
	struct account then = *a;
	int64_t minutes = al->period / 60;
	int64_t end = at_ms / ACCOUNT_MINUTE_MS / minutes * minutes;
	int64_t n = 0;

	then.now_ms = at_ms;
	for (int64_t i = al->of; i > 0; i--) {
		struct account_point p = account_window(&then, s,
		    end - i * minutes, minutes);
		bool over = str_starts(al->op, S(">"));
		double v;

		if (p.n > 0 && account_stat(s, &p, al->stat, &v)) {
			n += v == al->threshold ? str_ends(al->op, S("=")) :
			    (v > al->threshold) == over;
		}
	}
	return n >= al->need;
}

/* When an alarm on one metric went off that did so at ms or a little later:
 * noise decides in which minute the threshold is crossed for good. */
static int64_t
crossing(const struct account *a, const struct account_alarm *al, int64_t ms)
{
	struct account_series s;

	if (al->type != 'm' ||
	    !account_series_find(a->tables, al->target, &s)) {
		return ms;
	}
	for (int64_t k = 0; k <= CROSSING_MAX_MIN; k++) {
		if (breached(a, al, &s, ms + k * ACCOUNT_MINUTE_MS)) {
			return ms + k * ACCOUNT_MINUTE_MS;
		}
	}
	return ms;
}

/* The moment that one word of a history names. */
static int64_t
change_time(const struct account *a, const struct account_alarm *al,
    struct str word)
{
	struct account_alarm child = *al;
	int64_t lag_ms = 0, ms;

	/* A composite follows its child; deeper than three they do not go. */
	for (int i = 0; i < 3 && word.p[1] == '@'; i++) {
		struct str rest;

		MUST(account_alarm_find(a->tables, str_sub(word, 2, word.len),
		    &child));
		rest = child.history;
		while (rest.p != NULL && rest.len > 0) {
			word = str_cut(&rest, ' ');
		}
		lag_ms += 1700;
	}
	/* Each alarm has its own second within the minute. */
	ms = (a->onset_min + integer(str_sub(word, 1, word.len))) *
	    ACCOUNT_MINUTE_MS + (int64_t)(account_hash_str(child.name) % 59000);
	return word.p[0] == 'A' ? crossing(a, &child, ms) + lag_ms : ms;
}

/* see account.h */
size_t
account_changes(const struct account *a, const struct account_alarm *al,
    struct account_change *out, size_t max)
{
	struct changes c = { out, max, 0, ACCOUNT_INSUFFICIENT_DATA,
	    a->now_ms };
	struct str rest = al->history;

	while (rest.p != NULL && rest.len > 0) {
		struct str word = str_cut(&rest, ' ');
		struct str at = str_sub(word, 1, word.len);

		if (word.p[0] == 'f') {
			add_cycles(&c, a->onset_min, at);
			continue;
		}
		add_change(&c, change_time(a, al, word),
		    word.p[0] == 'A' ? ACCOUNT_ALARM :
		    word.p[0] == 'O' ? ACCOUNT_OK : ACCOUNT_INSUFFICIENT_DATA);
	}
	if (c.n > max) {
		size_t first = c.n % max;

		reverse(out, first);
		reverse(out + first, max - first);
		reverse(out, max);
	}
	return c.n < max ? c.n : max;
}

/* see account.h */
enum account_state
account_alarm_state(const struct account *a, const struct account_alarm *al,
    int64_t *since_ms)
{
	struct account_change last = { 0 };

	if (account_changes(a, al, &last, 1) == 0) {
		*since_ms = a->onset_min * ACCOUNT_MINUTE_MS;
		return ACCOUNT_INSUFFICIENT_DATA;
	}
	*since_ms = last.at_ms;
	return last.to;
}
