/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often the fields of a log group are used by queries, and what an index
 * on each would be worth. Pure counting and arithmetic.
 *
 * For each query the most telling use of a field counts once. The worth is a
 * weighted sum of parts between 0 and 1:
 *
 *	frequency    uses / uses of the most used field
 *	equality     uses as an equality filter / uses
 *	recency      exp(-0.693 d / 7), d: days since the last use; half in a
 *	             week
 *	volume       how much the group stores (field_usage_volume())
 *	cardinality  distinct values / 1,000, at most 1; where known
 *
 * Fields that the service indexes by itself, and those of every event, are
 * never advised (field_usage_excluded()).
 */
#ifndef TOOLS_FIELD_USAGE_H
#define TOOLS_FIELD_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* Different fields of one group that are counted. */
#define FIELD_USAGE_MAX_N 400

struct field_usage {
	struct str name;
	uint64_t hash;
	uint64_t total_n, equality_n, other_n, display_n; /* queries */
	int64_t latest_ms;
	struct str indexed;   /* where its index comes from; absent: none */
	bool present;         /* seen in the group's events */
	bool missing;         /* looked for and not found */
	double cardinality;   /* 0..1; below 0: unknown */
	double score;         /* 0..1, four digits */
	double frequency, equality, recency, volume; /* parts of it */
};

/* Fields of one group. Zeroed: empty. */
struct field_usage_set {
	struct field_usage *fields; /* in order of appearance, until ranked */
	size_t n, cap;
	uint64_t *seen;       /* hashes of query texts: an open table */
	size_t seen_cap;
	uint64_t query_n, unique_n;
	bool full;            /* fields were left out */
};

struct field_usage_weights {
	double frequency, equality, recency, volume, cardinality;
};

/* Of one group, where everything is known, and of many groups at once. */
extern const struct field_usage_weights field_usage_full;
extern const struct field_usage_weights field_usage_light;

/* Counts one query. ERR_NOMEM. */
enum err field_usage_add(struct field_usage_set *s, struct arena *a,
    struct str query, struct str language, int64_t at_ms) MUST_USE;
/* The field of that name; NULL. */
struct field_usage *field_usage_find(struct field_usage_set *s,
    struct str name);
/* Fills in scores as of now and sorts by them, equal ones in their order. */
void field_usage_rank(struct field_usage_set *s,
    const struct field_usage_weights *w, int64_t now_ms, double volume);

/* 0 for an empty group, 0.2 from any byte on, 0.4 from 1 GB, 0.6 from 10 GB,
 * 0.8 from 100 GB, 1 from 1 TB on. */
double field_usage_volume(double stored_bytes);
/* exp(-0.693 days / 7); 1 for the future. */
double field_usage_recency(double days);
/* No advice is given about it. */
bool field_usage_excluded(struct str name);
/* The name in a log group's name or ARN; what is neither comes back as it
 * is. */
struct str field_usage_group(struct str identifier);
/* A hash of the text. */
uint64_t field_usage_hash(struct str text);

#endif
