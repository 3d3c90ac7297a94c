/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many short texts in few bytes: byte pair coding with two lengths of code.
 *
 * Again and again the pair of tokens that stands side by side most often
 * becomes a token of its own; bytes are the first tokens. The tokens that are
 * left in the texts at the end are numbered, the most frequent first: of the
 * 256 values of a byte all but the last `escape_n` stand for one token each,
 * and the others are the first of two bytes. A token is kept as the string it
 * stands for, so that reading a text is nothing but copying; strings that are
 * part of others share their bytes.
 *
 * (Gage, "A New Algorithm for Data Compression", 1994.) 210 KB of descriptions
 * take 79 KB, tokens included; one length of code would take 108 KB, gzip 60
 * KB and a decoder, and every text alone could not be read.
 *
 * The result depends on the texts alone. Used while the program is built.
 */
#ifndef TOOLS_METRICS_SQUEEZE_H
#define TOOLS_METRICS_SQUEEZE_H

#include <stddef.h>
#include <stdint.h>

/* Tokens tried; more save little and cost time. */
#define SQUEEZE_TOKEN_MAX 2400
/* Bytes of a token: what metric_table.c copies at once. */
#define SQUEEZE_TOKEN_LEN_MAX 16

struct squeeze {
	uint16_t *seq;        /* tokens of all texts, each text ended by
	                       * SQUEEZE_END */
	size_t len;
	char *tokens[SQUEEZE_TOKEN_MAX];
	size_t lens[SQUEEZE_TOKEN_MAX];   /* bytes of the token */
	size_t uses[SQUEEZE_TOKEN_MAX];   /* how often it stands in seq */
	uint16_t codes[SQUEEZE_TOKEN_MAX];
	uint16_t coded[SQUEEZE_TOKEN_MAX]; /* the token of each code */
	size_t token_n, code_n, escape_n;
	char *pool;           /* the strings of all codes */
};

#define SQUEEZE_END 0xffff

/* Makes tokens and codes for n texts. Ends the program without memory. */
void squeeze_make(struct squeeze *s, const char *const *texts, size_t n);
/* Where in the pool the string of a code is. */
size_t squeeze_at(const struct squeeze *s, size_t code);

#endif
