/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which protocol era a message belongs to, and what its headers must say.
 *
 * The body decides first: params._meta with a protocol version makes a request
 * modern, `initialize` and everything else makes it legacy. On HTTP the
 * headers of a modern request repeat parts of the body, so that a proxy can
 * route without parsing; they must agree with it exactly, be there once, and
 * are checked in a fixed order, because clients decide by the error code what
 * to try next. On stdio there are no headers.
 *
 * Header values may be wrapped as =?base64?...?= for text that a header cannot
 * hold; text with only one of the two marks is literal.
 */
#ifndef MCP_ERA_H
#define MCP_ERA_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "mcp/mcp.h"
#include "proto/jsonrpc.h"

#define ERA_MODERN "2026-07-28"
/* The newest version of the handshake era: what we offer when a client asks
 * for one that we do not know. */
#define ERA_LEGACY_LATEST "2025-11-25"
/* The one version with batches. */
#define ERA_BATCHES "2025-03-26"

/* Names of the members of params._meta. */
#define ERA_META "io.modelcontextprotocol/"

struct era {
	bool modern;
	struct str version;      /* modern: what the body claims */
	const struct json *meta; /* params._meta when it is an object */
};

/* A version of the handshake era. */
bool era_is_legacy_version(struct str version);
/* The message claims to be modern: its _meta names a protocol version. */
bool era_is_claimed(const struct jsonrpc *rpc);

/* Ladder steps 6, 7 up to the method, and the version check of 9, for a
 * request or notification. Sets *out as far as it is known, also on error.
 * ERR_MCP_META, ERR_MCP_HEADER, ERR_MCP_VERSION, ERR_RPC_INVALID. */
enum err era_check(const struct mcp_message *m, const struct jsonrpc *rpc,
    struct era *out, struct fail *f) MUST_USE;

/* A legacy batch may be taken: the version header is absent or 2025-03-26.
 * ERR_RPC_INVALID. */
enum err era_check_batch(const struct mcp_message *m, struct fail *f) MUST_USE;

/* The Mcp-Param-* headers of a modern call over HTTP: one for each argument
 * that is given and whose parameter names a header. ERR_MCP_HEADER. */
enum err era_check_params(const struct mcp_message *m,
    const struct tool *tool, const struct json *arguments,
    struct fail *f) MUST_USE;

/* The level of that name; false: there is none. */
bool era_level(struct str name, enum tool_level *out) MUST_USE;
struct str era_level_name(enum tool_level level);

#endif
