/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values over time for GetMetricData: vectors on the grid of a request, metric
 * math and Metrics Insights over them.
 *
 *	expression = sum [ ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) sum ]
 *	sum        = term *( ( "+" | "-" ) term )
 *	term       = factor *( ( "*" | "/" ) factor )
 *	factor     = [ "-" ] ( number | id | name "(" arguments ")" |
 *	             "(" expression ")" )
 *	insights   = "SELECT" stat "(" metric ")"
 *	             "FROM" ( ns | "SCHEMA(" ns *( "," key ) ")" )
 *	             [ "WHERE" key ( "=" | "!=" ) value *( "AND" ... ) ]
 *	             [ "GROUP" "BY" key *( "," key ) ]
 *	             [ "ORDER" "BY" stat "()" [ "ASC" | "DESC" ] ]
 *	             [ "LIMIT" number ]
 *
 * A missing datapoint is NaN, so arithmetic carries it along by itself. Texts
 * are hostile: nesting is bounded, every list has a limit.
 */
#ifndef DEMO_DEMO_MATH_H
#define DEMO_DEMO_MATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "demo/demo_answer.h"

/* Results of one query: Metrics Insights groups at most. */
#define DEMO_MATH_SERIES_MAX_N 128

/* The buckets of a request: n of `minutes` minutes each. */
struct demo_grid {
	int64_t start_min; /* minutes since 1970 */
	int64_t minutes;
	size_t n;
};

/* One line on the grid. */
struct demo_line {
	double *v;        /* grid->n values; NaN: no datapoint */
	struct str label;
	bool plain;       /* series and stat are set: one metric, no maths */
	struct account_series series;
	struct str stat;
};

/* One or several lines, or a number. */
struct demo_value {
	bool scalar;
	double number;
	struct demo_line *lines;
	size_t n;
};

/* A query of the request whose value others may refer to. */
struct demo_named {
	struct str id;
	struct demo_value value;
	struct demo_grid grid; /* what the value lies on */
	bool done;
	bool metric; /* a MetricStat: what METRICS() means */
};

/* The value of a metric on the grid; lines without data when there is no such
 * metric. false: no memory. */
bool demo_math_metric(struct answer *x, const struct demo_grid *g,
    const struct account_series *s, struct str stat, struct demo_line *out)
    MUST_USE;
/* Evaluates metric math over the named values that are done. Refuses the
 * request (demo_answer_error) and returns false when it cannot. */
bool demo_math_expression(struct answer *x, const struct demo_grid *g,
    const struct demo_named *named, size_t named_n, struct str text,
    struct demo_value *out) MUST_USE;
/* Evaluates a Metrics Insights query. As demo_math_expression(). */
bool demo_math_insights(struct answer *x, const struct demo_grid *g,
    struct str text, struct demo_value *out) MUST_USE;
/* The text begins with SELECT. */
bool demo_math_is_insights(struct str text) MUST_USE;

#endif
