/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prompts: texts with arguments that a person picks in the host, and the
 * completion of arguments for prompts and resource templates.
 */
#ifndef MCP_PROMPT_H
#define MCP_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "mcp/tool.h"

/* The text that is to be completed, and what was found so far. */
struct completion {
	struct call *call;    /* sys, aws, arena, deadline and so on */
	struct str argument;  /* name of the argument or variable */
	struct str value;     /* what was typed so far */
	const struct json *context; /* other arguments by name; may be NULL */
	struct str values[MCP_COMPLETION_MAX_N];
	size_t n;
	size_t total;         /* candidates that matched, kept or not */
};

struct prompt {
	struct str name, title, description;
	const struct param *args; /* name, title (none), text, required; only
	                           * PARAM_STRING */
	size_t arg_n;
	bool local;               /* does not wait: loop thread */
	bool raw;                 /* `get` writes one object, the members of the
	                           * whole result (fixtures) */
	/* Writes the message objects to c->out (an array is open); c->args
	 * holds the arguments as strings. prompt_text() writes the usual one.
	 */
	enum err (*get)(struct call *c);
	/* Adds candidates for an argument; NULL: none. Waits only where `local`
	 * is false. */
	enum err (*complete)(struct completion *c);
};

/* The row of that name, or NULL. */
const struct prompt *prompt_find(const struct prompt *prompts, size_t n,
    struct str name);
/* The known name nearest to `name`, absent when none is near. */
struct str prompt_nearest(const struct prompt *prompts, size_t n,
    struct str name);
/* Writes {"role":ROLE,"content":{"type":"text","text":TEXT}}. */
void prompt_text(struct json_writer *w, struct str role, struct str text);
/* Offers a candidate: kept when it begins with what was typed, ASCII case
 * folded, and there is room. */
void prompt_complete(struct completion *c, struct str candidate);

#endif
