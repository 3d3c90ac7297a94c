/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tool table: every tool the server offers, in the order clients see.
 *
 * To add a tool: write its handler and its row (a `const struct tool
 * tools_<name>`) in the file of its subject, and add its line to tools.def.
 * Validation, schema, help, README and command line follow.
 */
#ifndef TOOLS_TOOLS_H
#define TOOLS_TOOLS_H

#include "base/arena.h"
#include "base/err.h"
#include "mcp/tool.h"

/* The rows: tools_whoami and so on, each in the file of its subject. */
#define TOOL(family, name) extern const struct tool tools_##name;
#include "tools/tools.def"
#undef TOOL

/* The table and its length. Static; pointers in it are link-time constants. */
extern const struct tool *const tools_table[];
extern const size_t tools_n;

/* Text for the model on how to work with these tools; under 900 bytes. A
 * sentence names only tools that it makes no sense without. */
extern const struct str tools_instructions;

/* Some of the tools. */
struct tools_set {
	const struct tool *const *tools; /* in the table's order */
	size_t n;
	struct str instructions;
};

/* The family of a tool of the table: "alarms". */
struct str tools_family(const struct tool *tool);

/* Chooses by names of families and tools, separated by commas: those of
 * `allowed`, all where it is empty, without those of `denied`. A tool with
 * TOOL_OPT_IN is only there with `opt_in`. The set's instructions lack the
 * sentences that name a tool which is not in it. It lives in the arena.
 * ERR_CONFIG when a name is not known or nothing is left, ERR_NOMEM. */
enum err tools_select(struct str allowed, struct str denied, bool opt_in,
    struct arena *a, struct tools_set *out, struct fail *f) MUST_USE;

/* Whether a text names a tool of the table that is not among the n. */
bool tools_names_other(struct str text, const struct tool *const *tools,
    size_t n);

#endif
