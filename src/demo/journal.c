/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines of the demo account, made from the rows of voices.def.
 *
 * Placeholders: %t time, %T the same as PostgreSQL writes it, %e milliseconds
 * and %E seconds since 1970, %1 %2 %3 a number of so many digits, %i private
 * and %c public address, %x trace id, %u request id, %h eight hex digits, %o
 * order, %s article, %g search words, %b card network, %w amount, %p process,
 * %y end of a pod's name, %d usual and %D hopeless duration in ms, %v version
 * of checkout, %Q size of its pool and %q connections in use, %m memory and %R
 * restarts of the pod that is killed, %% a percent sign.
 */
#include "demo/journal.h"

#include <string.h>

#include "base/buf.h"
#include "base/timefmt.h"

/* The deployment that opened larger pools, minutes after the onset. */
#define DEPLOYMENT_MIN (-6)
#define POD_MEMORY_LEN INT64_C(536870912)

static const char WORDS[8][20] = { "running shoes", "rain jacket", "tent",
	"camping stove", "backpack 40l", "headlamp", "trail map",
	"water filter" };
static const char NETWORKS[4][12] = { "visa", "mastercard", "amex", "jcb" };

static int64_t
integer(struct str s)
{
	int64_t v = 0;

	if (s.len > 0) {
		MUST(str_i64(s, INT64_MIN, INT64_MAX, &v));
	}
	return v;
}

/* see journal.h */
bool
journal_group(const struct account *a, size_t i, struct journal_group *out)
{
	struct str row, stored;

	if (!account_row(a->tables->text[ACCOUNT_GROUPS], i, &row)) {
		return false;
	}
	out->row = i;
	out->name = str_cut(&row, '|');
	out->infrequent = str_eq(str_cut(&row, '|'), S("I"));
	out->retention_days = integer(str_cut(&row, '|'));
	stored = str_cut(&row, '|');
	out->stored_len = stored.len > 0 ? integer(stored) : -1;
	out->filter_n = integer(str_cut(&row, '|'));
	out->key = str_cut(&row, '|');
	out->voice = str_cut(&row, '|');
	out->rate = (double)integer(str_cut(&row, '|')) / 100;
	out->stream_n = (size_t)integer(str_cut(&row, '|'));
	out->stream = row;
	out->created_ms = (a->onset_min - (int64_t)(account_hash_str(out->name)
	    % 500 + 40) * 1440) * ACCOUNT_MINUTE_MS;
	return true;
}

/* see journal.h */
bool
journal_group_find(const struct account *a, struct str name,
    struct journal_group *out)
{
	for (size_t i = 0; journal_group(a, i, out); i++) {
		if (str_eq(out->name, name)) {
			return true;
		}
	}
	return false;
}

static void
add_hex(struct buf *b, uint64_t h, unsigned n)
{
	while (n-- > 0) {
		buf_add_byte(b, "0123456789abcdef"[h & 15]);
		h >>= 4;
	}
}

/* see journal.h */
void
journal_stream(struct buf *b, const struct journal_group *g, size_t i)
{
	size_t at = str_find(g->stream, S("%S"), 0);

	buf_add(b, str_sub(g->stream, 0, at));
	add_hex(b, account_hash(account_hash_str(g->name), i), 12);
	buf_add(b, str_sub(g->stream, at + 2, g->stream.len));
}

/* Reads the column "when". */
static void
parse_when(struct str when, struct journal_row *row)
{
	struct str rest = str_sub(when, 1, when.len);

	row->kind = when.p[0];
	if (str_is_digit(row->kind)) {
		row->kind = '/';
		row->quiet = integer(str_cut(&when, '/'));
		row->incident = integer(when);
	} else if (row->kind == 'd') {
		row->minute = integer(str_cut(&rest, ','));
		row->second = integer(rest);
	} else {
		row->second = integer(rest);
	}
}

/* see journal.h */
struct journal_reader *
journal_open(struct arena *ar, const struct account *a,
    const struct journal_group *g)
{
	struct journal_reader *r = ARENA_NEW(ar, struct journal_reader);
	struct str row;

	if (r == NULL) {
		return NULL;
	}
	r->account = a;
	r->group = *g;
	for (size_t i = 0; account_row(a->tables->text[ACCOUNT_VOICES], i,
	    &row); i++) {
		if (!str_eq(str_cut(&row, '|'), g->voice)) {
			continue;
		}
		MUST(r->row_n < JOURNAL_ROW_MAX_N);
		parse_when(str_cut(&row, '|'), &r->rows[r->row_n]);
		r->rows[r->row_n++].text = row;
	}
	return r;
}

/* One event while its line is written. */
struct line {
	struct journal_reader *r;
	struct buf *b;
	int64_t at_ms;
	uint64_t seed;
	uint64_t draw_n; /* random numbers drawn so far */
};

static uint64_t
draw(struct line *l)
{
	return account_hash(l->seed, ++l->draw_n);
}

/* 2026-01-31T23:59:59.123Z, or as PostgreSQL writes it. */
static void
add_time(struct line *l, bool postgres)
{
	size_t from = l->b->len;

	timefmt_iso(l->b, l->at_ms / 1000 * 1000);
	buf_cut(l->b, l->b->len > from ? l->b->len - 1 : from);
	if (postgres && buf_ok(l->b)) {
		l->b->p[from + 10] = ' ';
		return;
	}
	buf_add_byte(l->b, '.');
	buf_add_padded(l->b, (uint64_t)(l->at_ms % 1000), 3);
	buf_add_byte(l->b, 'Z');
}

static void
add_digits(struct line *l, unsigned n)
{
	uint64_t low = n == 3 ? 100 : n == 2 ? 10 : 1;

	buf_add_u64(l->b, low + draw(l) % (low * 9));
}

static void
add_uuid(struct line *l)
{
	static const unsigned char PARTS[5] = { 8, 4, 4, 4, 12 };

	for (size_t i = 0; i < 5; i++) {
		buf_add(l->b, i == 0 ? S("") : S("-"));
		add_hex(l->b, draw(l), PARTS[i]);
	}
}

static void
add_address(struct line *l, bool private)
{
	uint64_t h = draw(l);

	if (private) {
		buf_addf(l->b, "10.0.%u.%u", 10 + h % 4, 4 + (h >> 8) % 250);
	} else {
		/* RFC 5737: addresses for documentation. */
		buf_addf(l->b, "203.0.113.%u", 1 + h % 250);
	}
}

/* Facts of the story at the moment of the line. */
static void
add_fact(struct line *l, char what)
{
	const struct account *a = l->r->account;
	int64_t minute = l->at_ms / ACCOUNT_MINUTE_MS;
	int64_t pod = account_pod(a, minute);
	bool deployed = minute - a->onset_min >= DEPLOYMENT_MIN;
	bool full = account_incident(a, minute, 5, 5) > 0.5;
	int64_t memory;

	if (what == 'v') {
		buf_add(l->b, deployed ? S("2.14.0") : S("2.13.4"));
	} else if (what == 'Q') {
		buf_add_u64(l->b, deployed ? 40 : 18);
	} else if (what == 'q') {
		buf_add_u64(l->b, full ? 38 + draw(l) % 3 : 9 + draw(l) % 8);
	} else if (what == 'R') {
		buf_add_i64(l->b, pod < 0 ? 0 : pod / ACCOUNT_OOM_CYCLE);
	} else {
		memory = pod < 0 ? 0 : pod % ACCOUNT_OOM_CYCLE;
		memory = POD_MEMORY_LEN * (460 + 536 * memory /
		    (ACCOUNT_OOM_CYCLE - 1)) / 1000;
		buf_add_i64(l->b, memory - (int64_t)(draw(l) % 2000000));
	}
}

/* long: one placeholder a line */
static void
add_placeholder(struct line *l, char what)
{
	switch (what) {
	case 't':
	case 'T':
		add_time(l, what == 'T');
		break;
	case 'e':
		buf_add_i64(l->b, l->at_ms);
		break;
	case 'E':
		buf_add_i64(l->b, l->at_ms / 1000);
		break;
	case '1':
	case '2':
	case '3':
		add_digits(l, (unsigned)(what - '0'));
		break;
	case 'i':
	case 'c':
		add_address(l, what == 'i');
		break;
	case 'x':
		buf_add(l->b, S("1-"));
		add_hex(l->b, draw(l), 8);
		buf_add_byte(l->b, '-');
		add_hex(l->b, draw(l), 16);
		break;
	case 'u':
		add_uuid(l);
		break;
	case 'h':
		add_hex(l->b, draw(l), 8);
		break;
	case 'y':
		add_hex(l->b, draw(l) % 3 * 0x1f3d5, 5);
		break;
	case 'o':
		buf_addf(l->b, "ord-%u", 40000000 + draw(l) % 9999999);
		break;
	case 's':
		buf_addf(l->b, "SKU-%u", 1000 + draw(l) % 400);
		break;
	case 'g':
		buf_add(l->b, str_from_z(WORDS[draw(l) % 8]));
		break;
	case 'b':
		buf_add(l->b, str_from_z(NETWORKS[draw(l) % 4]));
		break;
	case 'w':
		buf_addf(l->b, "%u.%u", 8 + draw(l) % 190, 10 + draw(l) % 90);
		break;
	case 'p':
		buf_add_u64(l->b, 1200 + draw(l) % 28000);
		break;
	case 'd':
		/* The least of two: a long tail towards short ones. */
		buf_add_u64(l->b, 12 + draw(l) % 180 * (draw(l) % 100) / 60);
		break;
	case 'D':
		buf_add_u64(l->b, 5000 + draw(l) % 1900);
		break;
	case '%':
		buf_add_byte(l->b, '%');
		break;
	default:
		add_fact(l, what);
		break;
	}
}

static void
add_line(struct line *l, struct str text)
{
	bool json = text.p[0] == '{';
	size_t i = 0;

	while (i < text.len) {
		size_t from = i;

		while (i < text.len && text.p[i] != '%' &&
		    (!json || text.p[i] != '\'')) {
			i++;
		}
		buf_add(l->b, str_sub(text, from, i));
		if (i < text.len && text.p[i] == '%') {
			add_placeholder(l, text.p[i + 1]);
			i += 2;
		} else if (i < text.len) {
			buf_add_byte(l->b, '"');
			i++;
		}
	}
}

/* Puts an event into the reader, in order of time. */
static void
add_event(struct journal_reader *r, const struct journal_row *row,
    int64_t at_ms, uint64_t seed)
{
	struct buf b = buf_fixed(r->text + r->text_len, JOURNAL_LINE_MAX);
	struct line l = { r, &b, at_ms, seed, 0 };
	struct journal_event e = { .at_ms = at_ms };
	size_t k = r->event_n;

	if (k == JOURNAL_MINUTE_MAX_N) {
		return;
	}
	e.stream = (size_t)(account_hash(seed, 0) % r->group.stream_n);
	e.number = (uint32_t)k;
	add_line(&l, row->text);
	e.message = buf_str(&b);
	r->text_len += e.message.len;
	while (k > 0 && r->events[k - 1].at_ms > at_ms) {
		r->events[k] = r->events[k - 1];
		k--;
	}
	r->events[k] = e;
	r->event_n++;
}

/* The row that comes up when the weights are drawn with h. */
static const struct journal_row *
pick_row(const struct journal_reader *r, double incident, double total,
    uint64_t h)
{
	double at = (double)(h >> 11) / 9007199254740992.0 * total;
	const struct journal_row *last = NULL;

	for (size_t i = 0; i < r->row_n; i++) {
		const struct journal_row *row = &r->rows[i];
		double w = (double)row->quiet + (double)(row->incident -
		    row->quiet) * incident;

		if (row->kind != '/' || w <= 0) {
			continue;
		}
		last = row;
		if (at < w) {
			break;
		}
		at -= w;
	}
	return last;
}

/* Rows with an appointment in that minute. */
static void
add_appointments(struct journal_reader *r, int64_t minute, uint64_t seed)
{
	int64_t t = minute - r->account->onset_min;
	int64_t pod = account_pod(r->account, minute);
	int64_t phase = pod < 0 ? -1 : pod % ACCOUNT_OOM_CYCLE;

	for (size_t i = 0; i < r->row_n; i++) {
		const struct journal_row *row = &r->rows[i];

		if ((row->kind == 'd' && row->minute == t) ||
		    (row->kind == 'k' && phase == ACCOUNT_OOM_CYCLE - 1) ||
		    (row->kind == 'r' && phase == 0)) {
			add_event(r, row, minute * ACCOUNT_MINUTE_MS +
			    row->second * 1000 + (int64_t)i * 7,
			    account_hash(seed, 1000 + i));
		}
	}
}

/* see journal.h */
void
journal_minute(struct journal_reader *r, int64_t minute)
{
	const struct account *a = r->account;
	int64_t now = a->now_ms / ACCOUNT_MINUTE_MS;
	int64_t keep = r->group.retention_days * 1440;
	uint64_t seed = account_hash(account_hash_str(r->group.name),
	    (uint64_t)minute);
	double incident = account_incident(a, minute, 5, 10);
	double quiet_total = 0, total = 0, want;
	size_t n;

	r->event_n = 0;
	r->text_len = 0;
	if (minute > now || minute < now - ACCOUNT_HISTORY_MIN ||
	    (keep > 0 && minute < now - keep)) {
		return;
	}
	for (size_t i = 0; i < r->row_n; i++) {
		quiet_total += (double)r->rows[i].quiet;
		total += (double)r->rows[i].quiet + (double)(
		    r->rows[i].incident - r->rows[i].quiet) * incident;
	}
	want = quiet_total <= 0 ? 0 : r->group.rate * total / quiet_total *
	    (1 + 0.5 * account_load(minute));
	n = (size_t)(want + (double)(seed & 0xffff) / 65536);
	n = n > JOURNAL_MINUTE_MAX_N - 8 ? JOURNAL_MINUTE_MAX_N - 8 : n;
	for (size_t i = 0; i < n; i++) {
		uint64_t h = account_hash(seed, i + 1);
		int64_t step = 60000 / (int64_t)n;
		const struct journal_row *row = pick_row(r, incident, total,
		    account_hash(h, 7));

		add_event(r, row, minute * ACCOUNT_MINUTE_MS + (int64_t)i *
		    step + (int64_t)(h % (uint64_t)step), h);
	}
	add_appointments(r, minute, seed);
	/* The present minute is only as old as the moment. */
	while (r->event_n > 0 &&
	    r->events[r->event_n - 1].at_ms > a->now_ms) {
		r->event_n--;
	}
}
