/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saved Logs Insights queries: which of them belong to a list of log groups.
 *
 * A saved query belongs when it names one of the groups, or when its text
 * selects groups by prefix (SOURCE logGroups(namePrefix: ['a', 'b'])) and one
 * of the prefixes fits.
 */
#ifndef TOOLS_SAVED_QUERY_H
#define TOOLS_SAVED_QUERY_H

#include <stddef.h>

#include "base/str.h"
#include "proto/json.h"

/* Prefixes of one query: the service allows five. */
#define SAVED_QUERY_PREFIX_MAX 16

struct saved_query_groups {
	struct str *names;
	size_t n;
};

/* Prefixes that the query text selects groups by, in order; slices of text. */
size_t saved_query_prefixes(struct str text, struct str *out, size_t max);

/* Writes the definition as an object when it belongs to one of the groups. */
void saved_query_show(struct json_writer *out, const struct json *definition,
    const struct saved_query_groups *groups);

#endif
