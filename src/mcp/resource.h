/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resources: what a client can list and read by URI.
 *
 * A resource has a fixed URI; a template has one with {variables} (RFC 6570
 * level 1), each of which matches one or more bytes up to the next '/', and is
 * percent-decoded. A URI is looked for among the fixed ones first, then among
 * the templates in their order.
 */
#ifndef MCP_RESOURCE_H
#define MCP_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "mcp/tool.h"

struct completion;

/* What a read is for. */
struct resource_match {
	struct str uri; /* as asked */
	struct str values[MCP_TEMPLATE_VAR_MAX_N]; /* of the template, in the
	                 * order in which its variables appear */
	size_t value_n;
};

/* Writes exactly one member to c->out: "text" with a string, or "blob" with
 * base64. ERR_MCP_RESOURCE: there is no such thing. c->tool is NULL. */
typedef enum err (*resource_read_fn)(struct call *c,
    const struct resource_match *match);

struct resource {
	struct str uri, name, title, description, mime_type;
	bool local; /* reading does not wait: loop thread */
	resource_read_fn read;
};

struct resource_template {
	struct str uri_template, name, title, description, mime_type;
	bool local;
	bool unlisted; /* read, but not shown: another form of one shown */
	resource_read_fn read;
	/* Adds candidates for a variable (mcp/prompt.h); NULL: none. */
	enum err (*complete)(struct completion *c);
};

/* A URI matches the template: fills *out, decoded values in the arena. */
bool resource_template_match(struct arena *a, struct str uri_template,
    struct str uri, struct resource_match *out) MUST_USE;
/* The template has a variable of that name. */
bool resource_template_has(struct str uri_template, struct str variable);

#endif
