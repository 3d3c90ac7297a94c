/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What queries use, and what an index would be worth.
 */
#include "tools/field_usage.h"

#include "tools/query_fields.h"

/* Slots of the first table of query texts; it doubles when half full. */
#define SEEN_FIRST_N 64
#define FIELDS_FIRST_N 16
#define DAY_MS 86400000.0

/* see field_usage.h */
const struct field_usage_weights field_usage_full = {
	.frequency = 0.30, .equality = 0.25, .recency = 0.15, .volume = 0.15,
	.cardinality = 0.15
};
const struct field_usage_weights field_usage_light = {
	.frequency = 0.40, .equality = 0.35, .recency = 0.25
};

/* see field_usage.h */
uint64_t
field_usage_hash(struct str text)
{
	/* FNV-1a, 64 bits. */
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < text.len; i++) {
		h = (h ^ (unsigned char)text.p[i]) * UINT64_C(1099511628211);
	}
	return h | 1;
}

/* see field_usage.h */
bool
field_usage_excluded(struct str name)
{
	/* Fields with an index by default, and of every event of the usual
	 * sources. Those with "@" in front are no index's business. */
	static const char *const NAMES[] = { "action",
		"attributes.session.id", "awsRegion", "errorCode",
		"eventCategory", "eventName", "eventSource", "eventType",
		"flowDirection", "httpRequest.country", "logStatus",
		"managementEvent", "query_type", "rcode", "readOnly",
		"requestId", "severityText", "traceId", "transport", "type",
		"userAgent" };

	if (str_starts(name, S("@"))) {
		return true;
	}
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		if (str_eq(name, str_from_z(NAMES[i]))) {
			return true;
		}
	}
	return false;
}

/* see field_usage.h */
struct str
field_usage_group(struct str identifier)
{
	struct str mark = S(":log-group:");
	size_t at = str_find(identifier, mark, 0);
	struct str name;

	if (!str_starts(identifier, S("arn:")) || at == identifier.len) {
		return identifier;
	}
	name = str_sub(identifier, at + mark.len, identifier.len);
	if (str_find(name, mark, 0) < name.len) {
		return identifier;
	}
	while (name.len > 0 && (name.p[name.len - 1] == '*' ||
	    name.p[name.len - 1] == ':')) {
		name.len--;
	}
	return name;
}

/* Puts the hash into the table; false: it was there. */
static bool
put_seen(uint64_t *seen, size_t cap, uint64_t hash)
{
	size_t i = (size_t)hash & (cap - 1);

	while (seen[i] != 0) {
		if (seen[i] == hash) {
			return false;
		}
		i = (i + 1) & (cap - 1);
	}
	seen[i] = hash;
	return true;
}

static enum err
count_text(struct field_usage_set *s, struct arena *a, struct str text)
{
	if (s->unique_n * 2 >= s->seen_cap) {
		size_t cap = s->seen_cap > 0 ? s->seen_cap * 2 : SEEN_FIRST_N;
		uint64_t *seen = ARENA_ARRAY(a, cap, uint64_t);

		if (seen == NULL) {
			return ERR_NOMEM;
		}
		for (size_t i = 0; i < s->seen_cap; i++) {
			if (s->seen[i] != 0) {
				(void)put_seen(seen, cap, s->seen[i]);
			}
		}
		s->seen = seen;
		s->seen_cap = cap;
	}
	s->unique_n += put_seen(s->seen, s->seen_cap, field_usage_hash(text));
	return ERR_OK;
}

/* see field_usage.h */
struct field_usage *
field_usage_find(struct field_usage_set *s, struct str name)
{
	uint64_t hash = field_usage_hash(name);

	for (size_t i = 0; i < s->n; i++) {
		if (s->fields[i].hash == hash &&
		    str_eq(s->fields[i].name, name)) {
			return &s->fields[i];
		}
	}
	return NULL;
}

/* The field, made where it is new. NULL: no room, which is not an error, or
 * no memory. */
static struct field_usage *
obtain(struct field_usage_set *s, struct arena *a, struct str name)
{
	struct field_usage *f = field_usage_find(s, name);

	if (f != NULL) {
		return f;
	}
	if (s->n == FIELD_USAGE_MAX_N) {
		s->full = true;
		return NULL;
	}
	if (s->n == s->cap) {
		size_t cap = s->cap > 0 ? s->cap * 2 : FIELDS_FIRST_N;
		struct field_usage *more = ARENA_ARRAY(a, cap,
		    struct field_usage);

		if (more == NULL) {
			return NULL;
		}
		for (size_t i = 0; i < s->n; i++) {
			more[i] = s->fields[i];
		}
		s->fields = more;
		s->cap = cap;
	}
	f = &s->fields[s->n];
	*f = (struct field_usage){ .name = str_dup(a, name),
		.hash = field_usage_hash(name), .cardinality = -1 };
	if (f->name.p == NULL) {
		return NULL;
	}
	s->n++;
	return f;
}

/* see field_usage.h */
enum err
field_usage_add(struct field_usage_set *s, struct arena *a, struct str query,
    struct str language, int64_t at_ms)
{
	struct query_fields q;
	enum err err = count_text(s, a, query);

	if (err != ERR_OK) {
		return err;
	}
	s->query_n++;
	query_fields_parse(query, language, &q);
	for (size_t i = 0; i < q.n; i++) {
		struct field_usage *f;

		if (field_usage_excluded(q.fields[i].name)) {
			continue;
		}
		f = obtain(s, a, q.fields[i].name);
		if (f == NULL) {
			continue;
		}
		f->total_n++;
		f->equality_n += q.fields[i].usage == QUERY_FIELDS_EQUALITY;
		f->other_n += q.fields[i].usage == QUERY_FIELDS_OTHER;
		f->display_n += q.fields[i].usage == QUERY_FIELDS_DISPLAY;
		f->latest_ms = at_ms > f->latest_ms ? at_ms : f->latest_ms;
	}
	return a->failed ? ERR_NOMEM : ERR_OK;
}

/* see field_usage.h */
double
field_usage_volume(double stored_bytes)
{
	double score = stored_bytes > 0 ? 0.2 : 0;
	double step = 1e9;

	for (unsigned i = 0; i < 4 && stored_bytes >= step; i++) {
		score += 0.2;
		step *= 10;
	}
	return score;
}

/* see field_usage.h */
double
field_usage_recency(double days)
{
	double x = days > 0 ? 0.693 * days / 7 : 0;
	double sum = 1, term = 1;

	/* A year and more is zero to four digits many times over. */
	x = x < 36 ? x : 36;
	/* 1 / exp(x) by its series: all terms are positive. */
	for (unsigned i = 1; i < 150; i++) {
		term *= x / i;
		sum += term;
	}
	return 1 / sum;
}

static void
weigh(struct field_usage *f, const struct field_usage_weights *w,
    uint64_t most_n, int64_t now_ms, double volume)
{
	double days = (double)(now_ms - f->latest_ms) / DAY_MS;
	double sum;

	f->frequency = (double)f->total_n / (double)most_n;
	f->equality = (double)f->equality_n / (double)f->total_n;
	f->recency = field_usage_recency(days);
	f->volume = volume;
	sum = w->frequency * f->frequency + w->equality * f->equality +
	    w->recency * f->recency + w->volume * volume;
	if (f->cardinality >= 0) {
		sum += w->cardinality * f->cardinality;
	}
	f->score = (double)(int64_t)(sum * 10000 + 0.5) / 10000;
}

/* see field_usage.h */
void
field_usage_rank(struct field_usage_set *s,
    const struct field_usage_weights *w, int64_t now_ms, double volume)
{
	uint64_t most_n = 1;

	for (size_t i = 0; i < s->n; i++) {
		most_n = s->fields[i].total_n > most_n ? s->fields[i].total_n :
		    most_n;
	}
	for (size_t i = 0; i < s->n; i++) {
		struct field_usage f = s->fields[i];
		size_t k = i;

		weigh(&f, w, most_n, now_ms, volume);
		while (k > 0 && s->fields[k - 1].score < f.score) {
			s->fields[k] = s->fields[k - 1];
			k--;
		}
		s->fields[k] = f;
	}
}
