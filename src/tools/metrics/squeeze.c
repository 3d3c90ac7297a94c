/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Training of the codes; see squeeze.h for what they are. Every round counts
 * all pairs anew, which takes a second in all and needs no clever structure.
 */
#include "tools/metrics/squeeze.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Slots for the different pairs of one round: 40,000 at most so far. */
#define PAIR_MAX ((size_t)1 << 17)

struct pair {
	uint32_t key; /* first token << 16 | second */
	uint32_t n;
};

static void *
need(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL) {
		(void)fprintf(stderr, "metrics: no memory\n");
		_Exit(1);
	}
	return p;
}

static void
load(struct squeeze *s, const char *const *texts, size_t n)
{
	size_t len = 0;
	size_t i, j;

	for (i = 0; i < n; i++) {
		len += strlen(texts[i]) + 1;
	}
	s->seq = need(len + 1, sizeof(*s->seq));
	for (i = 0; i < n; i++) {
		for (j = 0; texts[i][j] != '\0'; j++) {
			s->seq[s->len++] = (unsigned char)texts[i][j];
		}
		s->seq[s->len++] = SQUEEZE_END;
	}
	for (i = 0; i < 256; i++) {
		s->tokens[i] = need(2, 1);
		s->tokens[i][0] = (char)i;
		s->lens[i] = 1;
	}
	s->token_n = 256;
}

/* The slot of a pair. */
static struct pair *
slot_of(struct pair *pairs, uint32_t key)
{
	size_t at = (uint32_t)(key * UINT32_C(2654435761)) % PAIR_MAX;

	while (pairs[at].n > 0 && pairs[at].key != key) {
		at = (at + 1) % PAIR_MAX;
	}
	return &pairs[at];
}

/* The pair that stands there most often, the least of several; n is 0 where
 * none may be joined. */
static struct pair
most_frequent(const struct squeeze *s, struct pair *pairs)
{
	struct pair best = { 0, 0 };
	size_t i;

	memset(pairs, 0, PAIR_MAX * sizeof(*pairs));
	for (i = 0; i + 1 < s->len; i++) {
		uint16_t a = s->seq[i];
		uint16_t b = s->seq[i + 1];
		struct pair *slot;

		if (a == SQUEEZE_END || b == SQUEEZE_END ||
		    s->lens[a] + s->lens[b] > SQUEEZE_TOKEN_LEN_MAX) {
			continue;
		}
		slot = slot_of(pairs, (uint32_t)a << 16 | b);
		slot->key = (uint32_t)a << 16 | b;
		slot->n++;
		if (slot->n > best.n ||
		    (slot->n == best.n && slot->key < best.key)) {
			best = *slot;
		}
		/* Of "aaa" only one pair can be joined. */
		i += a == b && s->seq[i + 2] == a;
	}
	return best;
}

/* Puts a new token in the place of a pair. */
static void
join(struct squeeze *s, uint32_t key)
{
	size_t a = key >> 16;
	size_t b = key & 0xffff;
	char *token = need(s->lens[a] + s->lens[b] + 1, 1);
	size_t to = 0;
	size_t i;

	memcpy(token, s->tokens[a], s->lens[a]);
	memcpy(token + s->lens[a], s->tokens[b], s->lens[b]);
	for (i = 0; i < s->len; i++) {
		if (i + 1 < s->len && s->seq[i] == a &&
		    s->seq[i + 1] == b) {
			s->seq[to++] = (uint16_t)s->token_n;
			i++;
		} else {
			s->seq[to++] = s->seq[i];
		}
	}
	s->len = to;
	s->lens[s->token_n] = s->lens[a] + s->lens[b];
	s->tokens[s->token_n++] = token;
}

/* Numbers the tokens in use, the most frequent first. */
static void
number(struct squeeze *s)
{
	size_t i, j;

	for (i = 0; i < s->len; i++) {
		if (s->seq[i] != SQUEEZE_END) {
			s->uses[s->seq[i]]++;
		}
	}
	for (i = 0; i < s->token_n; i++) {
		if (s->uses[i] == 0) {
			continue;
		}
		for (j = s->code_n++; j > 0 &&
		    s->uses[s->coded[j - 1]] < s->uses[i]; j--) {
			s->coded[j] = s->coded[j - 1];
		}
		s->coded[j] = (uint16_t)i;
	}
	for (i = 0; i < s->code_n; i++) {
		s->codes[s->coded[i]] = (uint16_t)i;
	}
	while (256 - s->escape_n + 256 * s->escape_n < s->code_n) {
		s->escape_n++;
	}
}

/* The strings of all codes, the longest first, since they hold others. */
static void
fill_pool(struct squeeze *s)
{
	size_t len, i;

	s->pool = need(s->code_n, SQUEEZE_TOKEN_LEN_MAX + 1);
	for (len = SQUEEZE_TOKEN_LEN_MAX; len > 0; len--) {
		for (i = 0; i < s->code_n; i++) {
			const char *token = s->tokens[s->coded[i]];

			if (s->lens[s->coded[i]] == len &&
			    strstr(s->pool, token) == NULL) {
				memcpy(s->pool + strlen(s->pool), token, len);
			}
		}
	}
}

/* see squeeze.h */
void
squeeze_make(struct squeeze *s, const char *const *texts, size_t n)
{
	struct pair *pairs = need(PAIR_MAX, sizeof(*pairs));

	memset(s, 0, sizeof(*s));
	load(s, texts, n);
	while (s->token_n < SQUEEZE_TOKEN_MAX) {
		struct pair best = most_frequent(s, pairs);

		if (best.n < 4) {
			break;
		}
		join(s, best.key);
	}
	free(pairs);
	number(s);
	fill_pool(s);
}

/* see squeeze.h */
size_t
squeeze_at(const struct squeeze *s, size_t code)
{
	return (size_t)(strstr(s->pool, s->tokens[s->coded[code]]) - s->pool);
}
