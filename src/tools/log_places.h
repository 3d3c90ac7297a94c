/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the logs of what a metric measures usually lie: from namespace and
 * dimensions to names of log groups.
 *
 * Services that name their groups themselves have rows in a table (their own
 * developer guides say how). Beyond that, people name groups after what writes
 * into them, so a dimension's value that is one segment of a group's name is a
 * hint as well. Both are guesses until DescribeLogGroups confirms them: what
 * comes out of here is a request for it and a test for its answers.
 */
#ifndef TOOLS_LOG_PLACES_H
#define TOOLS_LOG_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "proto/json.h"

enum log_place_kind {
	LOG_PLACE_EXACT,  /* the group has this name */
	LOG_PLACE_PREFIX, /* its name begins so */
	LOG_PLACE_SEGMENT /* a part of its name between '/' is this */
};

struct log_place {
	enum log_place_kind kind;
	struct str text;
	struct str dimension; /* that it comes from */
};

/* Writes at most max places, the surest first and each once, and returns how
 * many. dimensions: an array of AWS's {Name, Value}, or NULL. A place with
 * a dimension that is not there is left out. */
size_t log_places(struct arena *a, struct str namespace,
    const struct json *dimensions, struct log_place *out, size_t max);
/* Whether a log group's name is such a place. */
bool log_places_match(const struct log_place *place, struct str name) MUST_USE;

#endif
