/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods of both eras as a table.
 *
 * A method exists for a request when its era has it and the configuration
 * serves it; otherwise it is "method not found", whether the protocol knows it
 * or not. Those the modern era removed (initialize, ping, logging/setLevel,
 * resources/subscribe and unsubscribe) are legacy rows only.
 */
#ifndef MCP_METHOD_H
#define MCP_METHOD_H

#include <stdbool.h>

#include "mcp/engine.h"

/* The row that serves the method in that era, or NULL. */
const struct method *method_find(const struct mcp *mcp, struct str name,
    bool modern);

#endif
