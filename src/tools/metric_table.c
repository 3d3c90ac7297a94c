/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look-ups in the tables that metrics/pack.c made. Rows hold numbers of words
 * and texts, and are sorted, so that a look-up is two binary searches: the
 * namespace among all, the name within it.
 */
#include "tools/metric_table.h"

#include <string.h>

struct namespace_row {
	uint16_t name, text;
	uint16_t first;        /* metric; the last row is a sentinel */
};

/* Its text has the number of the metric. */
struct metric_row {
	uint16_t name, kind;
};

/* What many metrics have in common. */
struct metric_kind {
	uint16_t unit, stats, sets;
};

struct alarm_row {
	uint32_t period_s;
	uint16_t metric, evaluation_n, datapoint_n;
	uint16_t statistic, comparison, threshold, missing, sets;
	uint16_t intent, basis; /* texts */
};

#include "gen/metric_pack.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static struct str
word(size_t i)
{
	return str_of((const char *)metric_pack_words +
	    metric_pack_words_at[i], metric_pack_words_len[i]);
}

static const struct metric_row *
row(size_t metric)
{
	MUST(metric < ROWS(metric_pack_metrics));
	return &metric_pack_metrics[metric];
}

static const struct metric_kind *
kind(size_t metric)
{
	return &metric_pack_kinds[row(metric)->kind];
}

/* Where a text begins: offsets within a group of texts fit 16 bits. */
static size_t
text_at(size_t i)
{
	return metric_pack_texts_group[i / METRIC_PACK_GROUP_N] +
	    (size_t)metric_pack_texts_at[i];
}

static inline size_t
next_code(size_t *at)
{
	size_t code = metric_pack_texts[(*at)++];

	return code < METRIC_PACK_SINGLE_N ? code : METRIC_PACK_SINGLE_N +
	    256 * (code - METRIC_PACK_SINGLE_N) + metric_pack_texts[(*at)++];
}

/* A text is a row of codes of one or two bytes, and a code is the number of a
 * string to copy (metrics/squeeze.h). Copies are of the greatest length, which
 * takes no loop; what is too much the next one overwrites. */
static void
put_text(struct buf *out, size_t i)
{
	char bytes[METRIC_TABLE_TEXT_MAX + METRIC_PACK_TOKEN_LEN_MAX];
	size_t end = text_at(i + 1);
	size_t at = text_at(i);
	size_t len = 0;

	while (at < end) {
		size_t code = next_code(&at);

		MUST(len <= METRIC_TABLE_TEXT_MAX);
		memcpy(bytes + len, metric_pack_tokens +
		    metric_pack_tokens_at[code], METRIC_PACK_TOKEN_LEN_MAX);
		len += metric_pack_token_lens[code];
	}
	buf_add(out, str_of(bytes, len));
}

/* Pairs inside a token, and those that begin or end at its edges. */
struct metric_token_pairs {
	uint64_t inside, head, tail;
};

/* see metric_table.h */
bool
metric_table_pairs_init(struct arena *a, struct metric_pairs *p)
{
	size_t n = ROWS(metric_pack_token_lens);

	p->tokens = ARENA_ARRAY(a, n, struct metric_token_pairs);
	for (size_t code = 0; p->tokens != NULL && code < n; code++) {
		const unsigned char *b = (const unsigned char *)
		    metric_pack_tokens + metric_pack_tokens_at[code];
		size_t len = metric_pack_token_lens[code];
		struct metric_token_pairs t = { .head = p->right[b[0]],
		    .tail = p->left[b[len - 1]] };

		for (size_t i = 1; i < len; i++) {
			t.inside |= p->left[b[i - 1]] & p->right[b[i]];
		}
		p->tokens[code] = t;
	}
	return p->tokens != NULL;
}

/* see metric_table.h */
uint64_t
metric_table_pairs(const struct metric_pairs *p, size_t metric)
{
	size_t end = text_at(metric + 1);
	size_t at = text_at(metric);
	uint64_t before = 0;
	uint64_t found = 0;

	MUST(metric < metric_table_n());
	while (at < end) {
		const struct metric_token_pairs *t;

		t = &p->tokens[next_code(&at)];
		found |= t->inside | (before & t->head);
		before = t->tail;
	}
	return found;
}

static struct str
text(struct arena *a, size_t i)
{
	char bytes[METRIC_TABLE_TEXT_MAX];
	struct buf b = buf_fixed(bytes, sizeof(bytes));

	put_text(&b, i);
	return str_dup(a, buf_str(&b));
}

static const struct namespace_row *
namespace_row(size_t ns)
{
	MUST(ns + 1 < ROWS(metric_pack_namespaces));
	return &metric_pack_namespaces[ns];
}

/* see metric_table.h */
size_t
metric_table_n(void)
{
	return ROWS(metric_pack_metrics);
}

/* see metric_table.h */
size_t
metric_table_namespace_n(void)
{
	return ROWS(metric_pack_namespaces) - 1;
}

/* see metric_table.h */
size_t
metric_table_find_namespace(struct str namespace)
{
	size_t from = 0;
	size_t to = metric_table_namespace_n();

	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int cmp = str_cmp(namespace, metric_table_namespace_name(mid));

		if (cmp == 0) {
			return mid;
		}
		if (cmp < 0) {
			to = mid;
		} else {
			from = mid + 1;
		}
	}
	return METRIC_TABLE_NONE;
}

/* see metric_table.h */
size_t
metric_table_find(struct str namespace, struct str name)
{
	size_t ns = metric_table_find_namespace(namespace);
	size_t from, to;

	if (ns == METRIC_TABLE_NONE) {
		return METRIC_TABLE_NONE;
	}
	from = namespace_row(ns)[0].first;
	to = namespace_row(ns)[1].first;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int cmp = str_cmp(name, metric_table_name(mid));

		if (cmp == 0) {
			return mid;
		}
		if (cmp < 0) {
			to = mid;
		} else {
			from = mid + 1;
		}
	}
	return METRIC_TABLE_NONE;
}

/* see metric_table.h */
struct str
metric_table_namespace_name(size_t ns)
{
	return word(namespace_row(ns)->name);
}

/* see metric_table.h */
size_t
metric_table_namespace_first(size_t ns)
{
	return namespace_row(ns)->first;
}

/* see metric_table.h */
size_t
metric_table_namespace_metric_n(size_t ns)
{
	const struct namespace_row *r = namespace_row(ns);

	return (size_t)r[1].first - r[0].first;
}

/* see metric_table.h */
struct str
metric_table_namespace_text(struct arena *a, size_t ns)
{
	return text(a, namespace_row(ns)->text);
}

/* see metric_table.h */
size_t
metric_table_namespace_of(size_t metric)
{
	size_t from = 0;
	size_t to = metric_table_namespace_n();

	MUST(metric < metric_table_n());
	while (to - from > 1) {
		size_t mid = from + (to - from) / 2;

		if (metric < metric_pack_namespaces[mid].first) {
			to = mid;
		} else {
			from = mid;
		}
	}
	return from;
}

/* see metric_table.h */
struct str
metric_table_name(size_t metric)
{
	return word(row(metric)->name);
}

/* see metric_table.h */
struct str
metric_table_unit(size_t metric)
{
	struct str unit = word(kind(metric)->unit);

	return unit.len > 0 ? unit : STR_NONE;
}

/* see metric_table.h */
struct str
metric_table_statistics(size_t metric)
{
	return word(kind(metric)->stats);
}

/* see metric_table.h */
struct str
metric_table_statistic(size_t metric)
{
	struct str rest = metric_table_statistics(metric);
	struct str first = str_cut(&rest, ',');

	if (str_eq(first, S("p*"))) {
		return S("p90");
	}
	return first.len > 0 ? first : STR_NONE;
}

/* see metric_table.h */
struct str
metric_table_text(struct arena *a, size_t metric)
{
	MUST(metric < metric_table_n());
	return text(a, metric);
}

/* see metric_table.h */
void
metric_table_put_text(struct buf *out, size_t metric)
{
	MUST(metric < metric_table_n());
	put_text(out, metric);
}

/* see metric_table.h */
struct str
metric_table_sets(size_t metric)
{
	return word(kind(metric)->sets);
}

/* see metric_table.h */
bool
metric_table_next_set(struct str *sets, struct str *set)
{
	if (sets->len == 0) {
		return false;
	}
	*set = str_cut(sets, ';');
	if (str_eq(*set, S("(none)"))) {
		*set = S("");
	}
	return true;
}

/* see metric_table.h */
bool
metric_table_next_dimension(struct str *set, struct str *name,
    struct str *value)
{
	struct str rest;

	if (set->len == 0) {
		return false;
	}
	rest = str_cut(set, '+');
	*name = str_cut(&rest, '=');
	*value = rest;
	return true;
}

/* The first alarm of a metric, or of the next one that has any. */
static size_t
first_alarm(size_t metric)
{
	size_t from = 0;
	size_t to = ROWS(metric_pack_alarms);

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (metric_pack_alarms[mid].metric < metric) {
			from = mid + 1;
		} else {
			to = mid;
		}
	}
	return from;
}

/* see metric_table.h */
size_t
metric_table_alarm_n(size_t metric)
{
	MUST(metric < metric_table_n());
	return first_alarm(metric + 1) - first_alarm(metric);
}

/* see metric_table.h */
bool
metric_table_alarm(struct arena *a, size_t metric, size_t i,
    struct metric_alarm *out)
{
	const struct alarm_row *r = &metric_pack_alarms[first_alarm(metric)];
	struct str threshold;

	MUST(i < metric_table_alarm_n(metric));
	r += i;
	threshold = word(r->threshold);
	*out = (struct metric_alarm){
		.statistic = word(r->statistic),
		.period_s = r->period_s,
		.evaluation_n = r->evaluation_n,
		.datapoint_n = r->datapoint_n,
		.comparison = word(r->comparison),
		.threshold = threshold.len > 0 ? threshold : STR_NONE,
		.missing_data = word(r->missing),
		.dimensions = word(r->sets),
		.intent = text(a, r->intent),
		.basis = text(a, r->basis),
	};
	return out->intent.p != NULL && out->basis.p != NULL;
}
