/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The prompts that a person can pick in a host: ways of working with the
 * tools, written out for one alarm, query or namespace.
 *
 * A prompt is a list of steps. A step belongs to a tool and names it and its
 * arguments exactly; where that tool is not offered, the step is left out, and
 * a prompt whose main tool is missing is not offered itself.
 */
#ifndef TOOLS_PROMPTS_H
#define TOOLS_PROMPTS_H

#include <stddef.h>

#include "mcp/prompt.h"
#include "tools/tools.h"

extern const struct prompt prompts_table[];
extern const size_t prompts_n;

/* Those that make sense with the tools of the set, in the arena; at most
 * prompts_n of them. NULL: no memory. */
const struct prompt *prompts_select(const struct tools_set *set,
    struct arena *a, size_t *n);

/* The tool of step i of a prompt of the table, absent when the step needs
 * none; false: there are no more steps. For tests. */
bool prompts_step(const struct prompt *prompt, size_t i, struct str *tool,
    struct str *text);

#endif
