/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments against the parameter table, and the table as JSON Schema.
 *
 * Checking is strict about names and types and forgiving where models and
 * clients are known to differ without doubt about what they mean: null counts
 * as absent, 42.0 is an integer, a lone string is a list of one, a number is a
 * time in epoch seconds. Errors say which argument, what came, what is allowed
 * and, for a wrong name or choice, the nearest right one.
 */
#ifndef MCP_ARGS_H
#define MCP_ARGS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "mcp/tool.h"
#include "proto/json.h"

/* Checks `given` (an object, or NULL for none) and sets *out to an object of
 * the same form without nulls, lone strings wrapped and times as strings.
 * ERR_ARGUMENT with a sentence in f, ERR_NOMEM. */
enum err args_check(struct arena *a, const struct param *params,
    size_t param_n, const struct json *given, const struct json **out,
    struct fail *f) MUST_USE;

/* The first MCP_ECHO_MAX bytes of something that came from outside, cut at a
 * character: for sentences that repeat it. */
struct str args_short(struct str s);

/* Writes the table as a JSON Schema object. */
void args_schema(struct json_writer *w, const struct param *params,
    size_t param_n);

#endif
