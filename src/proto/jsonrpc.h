/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON-RPC 2.0 messages as MCP uses them.
 *
 * A message is a request (method and id), a notification (method, no id), a
 * response (result or error, no method) or a batch (an array). MCP narrows
 * JSON-RPC: an id is a string or an integer, never null; params, where
 * present, is an object. An explicit "params": null counts as absent, because
 * some client libraries write it.
 *
 * An id is kept as the JSON text it came as, so that 0, "1" and integers
 * beyond 64 bits are echoed with the same type and digits. It never holds a
 * raw control character and may be written with json_raw().
 */
#ifndef PROTO_JSONRPC_H
#define PROTO_JSONRPC_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "proto/json.h"

enum jsonrpc_kind {
	JSONRPC_INVALID,
	JSONRPC_REQUEST,
	JSONRPC_NOTIFICATION,
	JSONRPC_RESPONSE,
	JSONRPC_BATCH
};

struct jsonrpc {
	enum jsonrpc_kind kind;
	struct str id;             /* JSON text; absent: none, or unreadable */
	struct str method;         /* decoded; request and notification */
	const struct json *params; /* object; NULL: absent */
	const struct json *tree;   /* the whole message; batch: the array */
};

/* Parses `in` (repeated member names are an error) and classifies it. Errors:
 * those of json_parse(), and ERR_RPC_INVALID with the position of the member
 * that is wrong in f->pos; out->id is set whenever an id could be read, and
 * out->kind is then JSONRPC_INVALID. An empty array is ERR_RPC_INVALID. The
 * slices point into `in` and the arena. */
enum err jsonrpc_read(struct arena *a, struct str in, struct jsonrpc *out,
    struct fail *f) MUST_USE;

/* Classifies a tree that was parsed from `in`: one element of a batch. A batch
 * within a batch is ERR_RPC_INVALID. */
enum err jsonrpc_classify(struct str in, const struct json *v,
    struct jsonrpc *out, struct fail *f) MUST_USE;

/* An id of a type that may be echoed: string or integer. */
bool jsonrpc_id_ok(const struct json *v);

/*
 * Writers. Each begin leaves the writer where the caller puts exactly one
 * value (result, params) or further members of the error object (data); the
 * matching end closes what was opened.
 */

/* {"jsonrpc":"2.0","id":ID,"result": */
void jsonrpc_begin_result(struct json_writer *w, struct str id);
/* {"jsonrpc":"2.0","method":METHOD,"params": */
void jsonrpc_begin_notification(struct json_writer *w, struct str method);
/* Closes a result or a notification. */
void jsonrpc_end(struct json_writer *w);

/* {"jsonrpc":"2.0","id":ID,"error":{"code":CODE,"message":MESSAGE
 * The id is left out when absent: the schema of MCP has no null id. */
void jsonrpc_begin_error(struct json_writer *w, struct str id, int code,
    struct str message);
void jsonrpc_end_error(struct json_writer *w);

#endif
