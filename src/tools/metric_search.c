/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the table for each search: every word of the query is weighed
 * against the words of each metric's name, namespace and description. A pass
 * takes some tenths of a millisecond (make bench): names and descriptions are
 * asked first which pairs of letters they hold, descriptions while they are
 * still squeezed and only where a name did not fit; most lack those of every
 * word and are not read.
 *
 * Names are taken apart where case changes: "HTTPCode_Target_5XX_Count" has
 * the words http, code, target, 5xx, count.
 */
#include "tools/metric_search.h"

#include <string.h>

/* What one word of a query is worth, by where it fits. */
enum weight {
	WEIGHT_NONE = 0,
	WEIGHT_TEXT_PREFIX = 15,
	WEIGHT_TEXT = 25,
	WEIGHT_NAMESPACE_INSIDE = 40,
	WEIGHT_INSIDE = 50,
	WEIGHT_PREFIX = 70,
	WEIGHT_NAME = 100,
	WEIGHT_NAMESPACE = 100, /* "lambda errors" are AWS/Lambda's */
	WEIGHT_WHOLE = 1000 /* the query is the name, but for separators */
};

/* The bytes of words, capitals as small letters; 0: not of a word. A table,
 * because a pass looks at every byte of every name and description. */
#define LETTER(upper, lower) [upper] = (lower), [lower] = (lower)
static const unsigned char folded[256] = {
	['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4',
	['5'] = '5', ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9',
	LETTER('A', 'a'), LETTER('B', 'b'), LETTER('C', 'c'),
	LETTER('D', 'd'), LETTER('E', 'e'), LETTER('F', 'f'),
	LETTER('G', 'g'), LETTER('H', 'h'), LETTER('I', 'i'),
	LETTER('J', 'j'), LETTER('K', 'k'), LETTER('L', 'l'),
	LETTER('M', 'm'), LETTER('N', 'n'), LETTER('O', 'o'),
	LETTER('P', 'p'), LETTER('Q', 'q'), LETTER('R', 'r'),
	LETTER('S', 's'), LETTER('T', 't'), LETTER('U', 'u'),
	LETTER('V', 'v'), LETTER('W', 'w'), LETTER('X', 'x'),
	LETTER('Y', 'y'), LETTER('Z', 'z'),
};

static inline unsigned char
fold(char c)
{
	return folded[(unsigned char)c];
}

static inline bool
is_word(char c)
{
	return fold(c) != 0;
}

static inline bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* A word begins at p[i] although a word's byte stands before it: at a capital
 * behind a small letter, and at the last capital before small letters. */
static inline bool
is_hump(struct str s, size_t i)
{
	return is_upper(s.p[i]) && (is_lower(s.p[i - 1]) ||
	    (i + 1 < s.len && is_lower(s.p[i + 1])));
}

/* Cuts the next word off; false: there is none. */
static bool
next_word(struct str *rest, struct str *word)
{
	size_t from = 0;
	size_t to;

	while (from < rest->len && !is_word(rest->p[from])) {
		from++;
	}
	to = from;
	while (to < rest->len && is_word(rest->p[to]) &&
	    (to == from || !is_hump(*rest, to))) {
		to++;
	}
	*word = (struct str){ rest->p + from, to - from };
	*rest = (struct str){ rest->p + to, rest->len - to };
	return word->len > 0;
}

/* Bytes of the word, or of its singular: "errors" means "Error" too. */
static size_t
stem_len(struct str word)
{
	return word.len - (word.len > 3 &&
	    fold(word.p[word.len - 1]) == 's' &&
	    fold(word.p[word.len - 2]) != 's');
}

/* The word's stem begins s. */
static inline bool
begins(struct str s, struct str word, size_t len)
{
	size_t i;

	if (s.len < len) {
		return false;
	}
	for (i = 0; i < len; i++) {
		if (fold(s.p[i]) != fold(word.p[i])) {
			return false;
		}
	}
	return true;
}

/* The word is somewhere in the name; it has at least one byte. */
static bool
holds(struct str name, struct str word)
{
	size_t i;

	for (i = 0; i + word.len <= name.len; i++) {
		if (fold(name.p[i]) == fold(word.p[0]) &&
		    begins((struct str){ name.p + i, name.len - i }, word,
		    word.len)) {
			return true;
		}
	}
	return false;
}

/* A query while it is matched against the table. */
struct matcher {
	const struct metric_search *s;
	struct str joined;  /* its words without what separates them */
	unsigned ns_weights[METRIC_SEARCH_WORD_MAX_N]; /* of the namespace */
	bool first[256];    /* folded bytes that its words begin with */
	struct metric_pairs pairs; /* of letters in its words */
	uint64_t wants[METRIC_SEARCH_WORD_MAX_N]; /* the pairs of each */
	uint32_t seen;      /* words that fitted some metric */
};

/* Pairs of letters of one word that a text is asked for: five for each word
 * are as many as one number has room for, and few texts hold them all. */
#define PAIR_N 5
_Static_assert(PAIR_N * METRIC_SEARCH_WORD_MAX_N <= 64, "a bit for each pair");

static size_t
pairs_of(struct str word)
{
	size_t n = stem_len(word) - 1;

	return n < PAIR_N ? n : PAIR_N;
}

/* The last pairs of each word's stem: ends differ more than beginnings. */
static bool
take_pairs(struct arena *a, struct matcher *m)
{
	size_t i, k;

	for (i = 0; i < m->s->word_n; i++) {
		struct str word = m->s->words[i];
		size_t n = pairs_of(word);
		const char *p = word.p + stem_len(word) - 1 - n;

		for (k = 0; k < n; k++) {
			uint64_t bit = UINT64_C(1) << (PAIR_N * i + k);
			unsigned char left = fold(p[k]);
			unsigned char right = fold(p[k + 1]);

			/* What separates words is alike, a pair with it no. */
			if (left == 0 || right == 0) {
				continue;
			}
			m->wants[i] |= bit;
			m->pairs.left[left] |= bit;
			m->pairs.right[right] |= bit;
			if (left >= 'a') {
				m->pairs.left[left - 'a' + 'A'] |= bit;
			}
			if (right >= 'a') {
				m->pairs.right[right - 'a' + 'A'] |= bit;
			}
		}
	}
	return metric_table_pairs_init(a, &m->pairs);
}

/* Which words may stand where these pairs do, as bits. */
static uint32_t
words_of(const struct matcher *m, uint64_t pairs)
{
	uint32_t words = 0;
	size_t i;

	for (i = 0; i < m->s->word_n; i++) {
		words |= (uint32_t)((pairs & m->wants[i]) ==
		    m->wants[i]) << i;
	}
	return words;
}

/* The words that may stand in a name. */
static uint32_t
words_in(const struct matcher *m, struct str name)
{
	const uint64_t *left = m->pairs.left;
	const uint64_t *right = m->pairs.right;
	uint64_t pairs = 0;
	size_t i;

	for (i = 1; i < name.len; i++) {
		pairs |= left[(unsigned char)name.p[i - 1]] &
		    right[(unsigned char)name.p[i]];
	}
	return words_of(m, pairs);
}

/* Raises the weight of every word of the query that fits a name: one of its
 * words, the beginning of one, or anywhere inside. */
static void
weigh_name(const struct matcher *m, struct str name, unsigned equal,
    unsigned prefix, unsigned inside, unsigned *weights)
{
	const struct metric_search *s = m->s;
	uint32_t may = words_in(m, name);
	struct str rest = name;
	struct str candidate;
	size_t i;

	while (may != 0 && next_word(&rest, &candidate)) {
		for (i = 0; i < s->word_n; i++) {
			size_t len = stem_len(s->words[i]);
			unsigned w;

			if (((may >> i) & 1) == 0 ||
			    !begins(candidate, s->words[i], len)) {
				continue;
			}
			w = stem_len(candidate) == len ? equal : prefix;
			weights[i] = w > weights[i] ? w : weights[i];
		}
	}
	for (i = 0; may != 0 && i < s->word_n; i++) {
		if (((may >> i) & 1) != 0 && weights[i] < inside &&
		    s->words[i].len > 1 && holds(name, s->words[i])) {
			weights[i] = inside;
		}
	}
}

/* Letters and digits of the two are the same, case folded. */
static bool
is_whole(struct str joined, struct str name)
{
	size_t at = 0;
	size_t i;

	for (i = 0; i < name.len; i++) {
		if (!is_word(name.p[i])) {
			continue;
		}
		if (at == joined.len ||
		    fold(joined.p[at++]) != fold(name.p[i])) {
			return false;
		}
	}
	return at == joined.len;
}

/* Weighs the words of the query that fit no name against the description, in
 * which a word is what stands between other bytes. */
static void
weigh_text(const struct matcher *m, size_t metric, uint32_t may,
    unsigned *weights)
{
	char bytes[METRIC_TABLE_TEXT_MAX];
	struct buf b = buf_fixed(bytes, sizeof(bytes));
	size_t at = 0;
	size_t from, i;

	metric_table_put_text(&b, metric);
	while (at < b.len) {
		from = at;
		while (at < b.len && is_word(b.p[at])) {
			at++;
		}
		for (i = 0; from < at && m->first[fold(b.p[from])] &&
		    i < m->s->word_n; i++) {
			struct str word = { b.p + from, at - from };
			size_t len = stem_len(m->s->words[i]);
			unsigned w;

			if (((may >> i) & 1) == 0 ||
			    !begins(word, m->s->words[i], len)) {
				continue;
			}
			w = stem_len(word) == len ? WEIGHT_TEXT :
			    WEIGHT_TEXT_PREFIX;
			weights[i] = w > weights[i] ? w : weights[i];
		}
		at++;
	}
}

/* How well the query fits a metric, and how many of its words do. */
static uint32_t
weigh(struct matcher *m, size_t metric, size_t *fitting_n)
{
	const struct metric_search *s = m->s;
	struct str name = metric_table_name(metric);
	unsigned weights[METRIC_SEARCH_WORD_MAX_N];
	struct str rest, word;
	uint32_t missing = 0; /* words that fit no name, but the text maybe */
	uint32_t score = 0;
	size_t i;

	memcpy(weights, m->ns_weights, sizeof(weights));
	weigh_name(m, name, WEIGHT_NAME, WEIGHT_PREFIX, WEIGHT_INSIDE,
	    weights);
	for (i = 0; i < s->word_n; i++) {
		missing |= (uint32_t)(weights[i] == WEIGHT_NONE) << i;
	}
	if (missing != 0) {
		missing &= words_of(m, metric_table_pairs(&m->pairs, metric));
	}
	if (missing != 0) {
		weigh_text(m, metric, missing, weights);
	}
	*fitting_n = 0;
	for (i = 0; i < s->word_n; i++) {
		score += weights[i];
		*fitting_n += weights[i] > WEIGHT_NONE;
		m->seen |= (uint32_t)(weights[i] > WEIGHT_NONE) << i;
	}
	if (score == 0) {
		return 0;
	}
	score += is_whole(m->joined, name) ? WEIGHT_WHOLE : 0;
	/* Of two names that fit as well, the one that says less besides. */
	score *= 16;
	rest = name;
	for (i = 0; i < 15 && next_word(&rest, &word); i++) {
		score--;
	}
	return score;
}

/* Sorts by score, best first, then by the table's order (Shell's method: the
 * order is total, so it needs no stability, and there are under 2,000). */
static void
sort_hits(struct metric_hit *hits, size_t n)
{
	static const uint16_t gaps[] = { 701, 301, 132, 57, 23, 10, 4, 1 };
	size_t g, i, j;

	for (g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
		size_t gap = gaps[g];

		for (i = gap; i < n; i++) {
			struct metric_hit hit = hits[i];

			for (j = i; j >= gap &&
			    (hits[j - gap].score < hit.score ||
			    (hits[j - gap].score == hit.score &&
			    hits[j - gap].metric > hit.metric)); j -= gap) {
				hits[j] = hits[j - gap];
			}
			hits[j] = hit;
		}
	}
}

/* Weighs the metrics of one namespace and keeps those that fit as many words
 * as any before. */
static void
collect_from(struct matcher *m, struct metric_search *out, size_t ns,
    size_t *most)
{
	size_t from = metric_table_namespace_first(ns);
	size_t to = from + metric_table_namespace_metric_n(ns);
	size_t i;

	memset(m->ns_weights, 0, sizeof(m->ns_weights));
	weigh_name(m, metric_table_namespace_name(ns), WEIGHT_NAMESPACE,
	    WEIGHT_NAMESPACE_INSIDE, WEIGHT_NAMESPACE_INSIDE, m->ns_weights);
	for (i = from; i < to; i++) {
		size_t fitting_n;
		uint32_t score = weigh(m, i, &fitting_n);

		if (fitting_n > *most) {
			*most = fitting_n;
			out->n = 0;
		}
		if (fitting_n == *most) {
			out->hits[out->n++] = (struct metric_hit){
				.metric = (uint32_t)i, .score = score };
		}
	}
}

/* Collects the metrics that fit the most words. */
static enum err
collect(struct arena *a, struct metric_search *out, size_t ns, uint32_t *seen)
{
	struct matcher m = { .s = out,
	    .joined = str_join(a, out->words, out->word_n) };
	size_t most = out->word_n > 0; /* at least one word has to fit */
	size_t i;

	if (m.joined.p == NULL || !take_pairs(a, &m)) {
		return ERR_NOMEM;
	}
	for (i = 0; i < out->word_n; i++) {
		m.first[fold(out->words[i].p[0])] = true;
	}
	out->n = 0;
	for (i = 0; i < metric_table_namespace_n(); i++) {
		if (ns == METRIC_TABLE_NONE || ns == i) {
			collect_from(&m, out, i, &most);
		}
	}
	out->partial = most < out->word_n;
	*seen = m.seen;
	return ERR_OK;
}

/* Which letters and digits a word has. */
static uint64_t
letters(struct str word)
{
	uint64_t set = 0;
	size_t i;

	for (i = 0; i < word.len; i++) {
		set |= UINT64_C(1) << (fold(word.p[i]) % 64);
	}
	return set;
}

/* b lacks at least n letters of a. */
static bool
lacks(uint64_t a, uint64_t b, size_t n)
{
	for (a &= ~b; a != 0 && n > 0; a &= a - 1) {
		n--;
	}
	return n == 0;
}

/* The distance of two words where it is below a limit, else the limit. An edit
 * adds or takes one letter, so most are told apart by their letters alone. */
static size_t
distance_below(struct str a, uint64_t a_letters, struct str b,
    uint64_t b_letters, size_t limit)
{
	size_t gap = a.len > b.len ? a.len - b.len : b.len - a.len;
	size_t d;

	if (gap >= limit || lacks(a_letters, b_letters, limit) ||
	    lacks(b_letters, a_letters, limit)) {
		return limit;
	}
	d = str_distance(a, b);
	return d < limit ? d : limit;
}

/* A word that fits nothing, and how near the nearest word so far is. */
struct slip {
	struct str word;
	uint64_t letters;
	size_t at, best; /* in the query; distances below this count */
};

/* Replaces words that fit nothing by the nearest word of a name, or by the
 * name itself, when one is near. */
static bool
mend(struct metric_search *out, uint32_t seen, size_t from, size_t to)
{
	struct slip slips[METRIC_SEARCH_WORD_MAX_N];
	bool mended = false;
	size_t n = 0;
	size_t i, metric;

	for (i = 0; i < out->word_n; i++) {
		struct str word = out->words[i];

		if ((seen & (UINT32_C(1) << i)) == 0 && word.len >= 3) {
			slips[n++] = (struct slip){ .word = word, .at = i,
			    .letters = letters(word),
			    .best = word.len / 3 + 1 };
		}
	}
	for (metric = from; n > 0 && metric < to; metric++) {
		struct str rest = metric_table_name(metric);
		struct str word = rest; /* the whole of it first */

		do {
			uint64_t set = letters(word);

			for (i = 0; i < n; i++) {
				struct slip *s = &slips[i];
				size_t d = distance_below(s->word, s->letters,
				    word, set, s->best);

				if (d < s->best) {
					s->best = d;
					out->words[s->at] = word;
					out->slips[s->at] = s->word;
					mended = true;
				}
			}
		} while (next_word(&rest, &word));
	}
	return mended;
}

/* Words that ask for nothing. */
static bool
is_filler(struct str word)
{
	static const struct str fillers[] = {
		STR_INIT("a"), STR_INIT("an"), STR_INIT("and"),
		STR_INIT("for"), STR_INIT("in"), STR_INIT("is"),
		STR_INIT("metric"), STR_INIT("metrics"), STR_INIT("of"),
		STR_INIT("on"), STR_INIT("or"), STR_INIT("per"),
		STR_INIT("the"), STR_INIT("to"), STR_INIT("which"),
	};
	size_t i;

	for (i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++) {
		if (str_ieq(word, fillers[i])) {
			return true;
		}
	}
	return false;
}

/* Takes the query apart; its first words count when there are too many. */
static void
take_words(struct str query, struct metric_search *out)
{
	struct str rest = query;
	struct str word;

	while (out->word_n < METRIC_SEARCH_WORD_MAX_N &&
	    next_word(&rest, &word)) {
		if (!is_filler(word)) {
			out->words[out->word_n++] = word;
		}
	}
}

/* see metric_search.h */
enum err
metric_search(struct arena *a, struct str query, size_t ns,
    struct metric_search *out)
{
	size_t from = 0;
	size_t to = metric_table_n();
	uint32_t seen;
	enum err err;

	*out = (struct metric_search){ 0 };
	if (ns != METRIC_TABLE_NONE) {
		from = metric_table_namespace_first(ns);
		to = from + metric_table_namespace_metric_n(ns);
	}
	take_words(query, out);
	out->hits = ARENA_ARRAY(a, to - from, struct metric_hit);
	if (out->hits == NULL) {
		return ERR_NOMEM;
	}
	err = collect(a, out, ns, &seen);
	if (err == ERR_OK && mend(out, seen, from, to)) {
		err = collect(a, out, ns, &seen);
	}
	sort_hits(out->hits, out->n);
	return err;
}

/* see metric_search.h */
size_t
metric_search_namespace(struct str given)
{
	size_t exact = metric_table_find_namespace(given);
	size_t short_hit = METRIC_TABLE_NONE;
	size_t i;

	if (exact != METRIC_TABLE_NONE) {
		return exact;
	}
	for (i = 0; i < metric_table_namespace_n(); i++) {
		struct str name = metric_table_namespace_name(i);

		if (str_ieq(name, given)) {
			return i;
		}
		if (str_starts(name, S("AWS/")) &&
		    str_ieq(str_sub(name, 4, name.len), given)) {
			short_hit = i;
		}
	}
	return short_hit;
}

/* see metric_search.h */
size_t
metric_search_folded(size_t ns, struct str name)
{
	size_t from = metric_table_namespace_first(ns);
	size_t to = from + metric_table_namespace_metric_n(ns);
	size_t hit = metric_table_find(metric_table_namespace_name(ns), name);
	size_t i;

	if (hit != METRIC_TABLE_NONE) {
		return hit;
	}
	for (i = from; i < to; i++) {
		if (str_ieq(metric_table_name(i), name)) {
			if (hit != METRIC_TABLE_NONE) {
				return METRIC_TABLE_NONE;
			}
			hit = i;
		}
	}
	return hit;
}

/* How far a known name is from a given one: SIZE_MAX when it is not near. One
 * that is part of the other is as near as a slip in every third byte. */
static size_t
name_gap(struct str given, struct str known)
{
	size_t limit = given.len / 3;
	size_t length_gap = given.len > known.len ? given.len - known.len :
	    known.len - given.len;
	size_t d = length_gap <= limit ? str_distance(given, known) :
	    SIZE_MAX;

	if (d <= limit) {
		return d;
	}
	if (given.len >= 3 && (str_icontains(known, given) ||
	    (known.len >= 3 && str_icontains(given, known)))) {
		return limit + 1 + length_gap;
	}
	return SIZE_MAX;
}

/* The nearest of many, kept in order while they are looked through. */
struct nearest {
	size_t gaps[METRIC_SEARCH_NEAR_MAX_N];
	size_t *out;
	size_t n, max;
};

static void
nearest_add(struct nearest *near, size_t i, size_t gap)
{
	size_t at;

	if (gap == SIZE_MAX || (near->n == near->max &&
	    gap >= near->gaps[near->n - 1])) {
		return;
	}
	at = near->n < near->max ? near->n++ : near->n - 1;
	for (; at > 0 && near->gaps[at - 1] > gap; at--) {
		near->gaps[at] = near->gaps[at - 1];
		near->out[at] = near->out[at - 1];
	}
	near->gaps[at] = gap;
	near->out[at] = i;
}

/* see metric_search.h */
size_t
metric_search_near_namespaces(struct str given, size_t *out, size_t max)
{
	struct nearest near = { .out = out, .max = max };
	size_t i;

	MUST(max > 0 && max <= METRIC_SEARCH_NEAR_MAX_N);
	for (i = 0; i < metric_table_namespace_n(); i++) {
		struct str name = metric_table_namespace_name(i);
		size_t gap = name_gap(given, name);

		if (str_starts(name, S("AWS/"))) {
			size_t bare = name_gap(given,
			    str_sub(name, 4, name.len));

			gap = bare < gap ? bare : gap;
		}
		nearest_add(&near, i, gap);
	}
	return near.n;
}

/* see metric_search.h */
size_t
metric_search_near(size_t ns, struct str name, size_t *out, size_t max)
{
	struct nearest near = { .out = out, .max = max };
	size_t from = 0;
	size_t to = metric_table_n();
	size_t i;

	MUST(max > 0 && max <= METRIC_SEARCH_NEAR_MAX_N);
	if (ns != METRIC_TABLE_NONE) {
		from = metric_table_namespace_first(ns);
		to = from + metric_table_namespace_metric_n(ns);
	}
	for (i = from; i < to; i++) {
		nearest_add(&near, i, name_gap(name, metric_table_name(i)));
	}
	return near.n;
}
