/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs Insights text -> commands and expressions; see demo_insights.h for the
 * grammar. Every name is numbered once, so that a row is an array of values.
 * All nodes live in the arena; the text has to outlive them.
 */
#ifndef DEMO_DEMO_GRAMMAR_H
#define DEMO_DEMO_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "demo/demo_insights.h"
#include "demo/demo_regex.h"

#define GRAMMAR_NAME_MAX_N 64
#define GRAMMAR_COMMAND_MAX_N 24
#define GRAMMAR_ITEM_MAX_N 24
#define GRAMMAR_DEPTH_MAX 32
/* Aggregates of one stats command. */
#define GRAMMAR_AGGREGATE_MAX_N 24

enum grammar_kind {
	GRAMMAR_TEXT,      /* text */
	GRAMMAR_NUMBER,    /* number; a duration in milliseconds */
	GRAMMAR_NAME,      /* name number `id` */
	GRAMMAR_CALL,      /* function `id` over args */
	GRAMMAR_AGGREGATE, /* aggregate `id`, slot `slot`, over args */
	GRAMMAR_NEGATE, GRAMMAR_NOT, GRAMMAR_AND, GRAMMAR_OR,
	GRAMMAR_ADD, GRAMMAR_SUB, GRAMMAR_MUL, GRAMMAR_DIV, GRAMMAR_MOD,
	GRAMMAR_EQ, GRAMMAR_NE, GRAMMAR_LT, GRAMMAR_LE, GRAMMAR_GT, GRAMMAR_GE,
	GRAMMAR_LIKE,      /* args[0] contains text, or matches regex */
	GRAMMAR_IN         /* args[0] equals one of the others */
};

/* Functions and aggregates, in one list: name, least and most arguments. */
#define GRAMMAR_FUNCTIONS(F) \
	F(ABS, "abs", 1, 1) F(CEIL, "ceil", 1, 1) F(FLOOR, "floor", 1, 1) \
	F(GREATEST, "greatest", 1, 9) F(LEAST, "least", 1, 9) \
	F(STRLEN, "strlen", 1, 1) F(TOLOWER, "tolower", 1, 1) \
	F(TOUPPER, "toupper", 1, 1) F(TRIM, "trim", 1, 1) \
	F(LTRIM, "ltrim", 1, 1) F(RTRIM, "rtrim", 1, 1) \
	F(CONCAT, "concat", 1, 9) F(SUBSTR, "substr", 2, 3) \
	F(REPLACE, "replace", 3, 3) F(STRCONTAINS, "strcontains", 2, 2) \
	F(ISEMPTY, "isempty", 1, 1) F(ISBLANK, "isblank", 1, 1) \
	F(ISPRESENT, "ispresent", 1, 1) F(COALESCE, "coalesce", 1, 9) \
	F(BIN, "bin", 1, 1) F(DATEFLOOR, "datefloor", 2, 2) \
	F(DATECEIL, "dateceil", 2, 2) F(TOMILLIS, "tomillis", 1, 1) \
	F(FROMMILLIS, "frommillis", 1, 1) \
	F(COUNT, "count", 0, 1) F(SUM, "sum", 1, 1) F(AVG, "avg", 1, 1) \
	F(MIN, "min", 1, 1) F(MAX, "max", 1, 1) F(PCT, "pct", 2, 2) \
	F(MEDIAN, "median", 1, 1) F(COUNT_DISTINCT, "count_distinct", 1, 1) \
	F(EARLIEST, "earliest", 1, 1) F(LATEST, "latest", 1, 1) \
	F(STDDEV, "stddev", 1, 1)

enum grammar_function {
#define F(symbol, name, least, most) GRAMMAR_F_##symbol,
	GRAMMAR_FUNCTIONS(F)
#undef F
	GRAMMAR_F_N
};

struct grammar_node {
	enum grammar_kind kind;
	unsigned id, slot;
	double number;
	struct str text;
	struct demo_regex *regex;
	struct grammar_node **args;
	size_t arg_n;
};

struct grammar_item {
	struct grammar_node *expr;
	unsigned name;     /* alias, or the text of the expression */
	bool descending;   /* sort */
};

enum grammar_verb {
	GRAMMAR_FIELDS, GRAMMAR_DISPLAY, GRAMMAR_FILTER, GRAMMAR_PARSE,
	GRAMMAR_STATS, GRAMMAR_SORT, GRAMMAR_LIMIT, GRAMMAR_DEDUP,
	GRAMMAR_PATTERN
};

struct grammar_command {
	enum grammar_verb verb;
	struct grammar_item items[GRAMMAR_ITEM_MAX_N];
	size_t item_n;
	size_t by_n;       /* stats: the last by_n items are the groups */
	unsigned slot_n;   /* stats: aggregates in its items */
	uint64_t limit;
	struct str glob;   /* parse */
};

struct grammar {
	struct str names[GRAMMAR_NAME_MAX_N];
	size_t name_n;
	struct grammar_command commands[GRAMMAR_COMMAND_MAX_N];
	size_t command_n;
};

/* Fills g. false: *error says why, or the arena is full (message absent). */
bool demo_grammar_parse(struct arena *a, struct str text, struct grammar *g,
    struct insights_error *error) MUST_USE;
/* Number of a name, new or known; GRAMMAR_NAME_MAX_N: there are too many. */
unsigned demo_grammar_name(struct grammar *g, struct str name);

#endif
