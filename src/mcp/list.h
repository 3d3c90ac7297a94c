/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything about the server that does not change while it runs, rendered
 * once: the four lists for both eras, the answers to server/discover and
 * initialize. A request for one of them costs a copy.
 */
#ifndef MCP_LIST_H
#define MCP_LIST_H

#include "base/arena.h"
#include "base/err.h"
#include "mcp/engine.h"

/* Fills lists, discover, handshake and meta from mcp->config. ERR_LIMIT,
 * ERR_NOMEM. */
enum err list_render(struct mcp *mcp, struct arena *a, struct fail *f)
    MUST_USE;
/* Writes the result of tools/list as the gate has it (NULL: whole). */
void list_tools(const struct mcp *mcp, const struct mcp_gate *gate,
    bool modern, struct json_writer *w);
/* Some prompt or template completes its arguments. */
bool list_has_completions(const struct mcp_config *config);

#endif
