/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding metrics in the table when the exact name is not known: by words,
 * by a name in the wrong case, by a name with a slip in it.
 *
 * A word of a query fits a metric through its name (CPUUtilization has the
 * words "cpu" and "utilization"), its namespace or its description, in this
 * order of weight, ASCII case folded, and through the beginning or the inside
 * of a name's word with less weight. A word that fits no metric at all is
 * taken for a slip and replaced by the nearest word of a name (edit distance,
 * at most a third of its length), and the result says so. Metrics that fit
 * every word come alone; where there is none, those that fit the most words.
 */
#ifndef TOOLS_METRIC_SEARCH_H
#define TOOLS_METRIC_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "tools/metric_table.h"

struct metric_hit {
	uint32_t metric;
	uint32_t score; /* greater is better; comparable within a search */
};

struct metric_search {
	struct metric_hit *hits; /* best first, then in the table's order */
	size_t n;
	struct str words[METRIC_SEARCH_WORD_MAX_N]; /* as searched for */
	struct str slips[METRIC_SEARCH_WORD_MAX_N]; /* what stood there in the
	                      * query; absent where nothing was replaced */
	size_t word_n;        /* 0: a query without words fits everything */
	bool partial;         /* no metric fits every word */
};

/* Searches one namespace, or all (METRIC_TABLE_NONE). The result lives in the
 * arena and may hold slices of the query. ERR_NOMEM. */
enum err metric_search(struct arena *a, struct str query, size_t ns,
    struct metric_search *out) MUST_USE;

/* The namespace that is meant: exactly, else ASCII case folded, else with the
 * "AWS/" left out. METRIC_TABLE_NONE: none. */
size_t metric_search_namespace(struct str given);
/* The metric of a namespace that is meant: exactly, else the only one whose
 * name is the given one with ASCII case folded. METRIC_TABLE_NONE: none. */
size_t metric_search_folded(size_t ns, struct str name);

/* Fills `out` with the namespaces nearest to a name, nearest first, at most
 * max (1 to METRIC_SEARCH_NEAR_MAX_N); returns how many. */
size_t metric_search_near_namespaces(struct str given, size_t *out,
    size_t max);
/* The same for metrics, of one namespace or of all (METRIC_TABLE_NONE): a name
 * equal but for case is nearest, one that holds the other is near. */
size_t metric_search_near(size_t ns, struct str name, size_t *out,
    size_t max);

#endif
