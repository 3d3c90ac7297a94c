/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of a handler: what it can reach, its notes to the client, and how
 * its result becomes a CallToolResult.
 *
 * A tool's object is sent twice, as structuredContent and as one block of
 * text, because some hosts read only the one and some only the other. An error
 * is a sentence in a text block with isError and nothing else: clients check
 * structuredContent against the output schema even on errors.
 */
#ifndef MCP_CALL_H
#define MCP_CALL_H

#include "mcp/engine.h"

/* tools/call. */
enum err call_prepare(const struct mcp *mcp, struct mcp_item *item) MUST_USE;
enum err call_write(const struct mcp *mcp, struct mcp_item *item,
    struct json_writer *w) MUST_USE;

/* Fills a call for a handler of any kind: message's services, notes. */
void call_init(const struct mcp *mcp, struct call *c, struct mcp_item *item,
    struct json_writer *out);
/* Takes what the client asked to be told while the call runs from the request:
 * progress token and log level. */
void call_wishes(const struct mcp *mcp, struct mcp_item *item);
/* Accounts a finished handler in the message's log record. */
void call_account(struct mcp_item *item, const struct call *c);

#endif
