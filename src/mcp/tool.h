/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tool as data, and a call of one.
 *
 * One row of the tool table (tools/tools.c) yields the entry in tools/list,
 * the validation of arguments, the help text, the README's reference and the
 * command line. Handlers get arguments that are already checked against the
 * row, and write their result as one JSON object.
 */
#ifndef MCP_TOOL_H
#define MCP_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/sys.h"
#include "proto/json.h"
#include "proto/trace.h"

struct aws;
struct call;

enum param_type {
	PARAM_STRING,
	PARAM_INTEGER,
	PARAM_NUMBER,
	PARAM_BOOLEAN,
	PARAM_TIME,    /* string: ISO 8601, epoch seconds, "now", "-3h" */
	PARAM_STRINGS, /* array of strings; a lone string is accepted as one */
	PARAM_OBJECTS, /* array of objects described by `fields` */
	PARAM_OBJECT   /* object described by `fields` */
};

/* One argument. Explicit null is the same as absent for every parameter. */
struct param {
	struct str name;
	enum param_type type : 8;
	bool required;
	uint16_t choice_n, field_n; /* of choices or fields below */
	int64_t min, max;   /* integer value, string bytes or array length;
	                     * both 0: unbounded */
	const char *fallback; /* default as JSON text; NULL: none */
	union {
		const struct str *choices; /* closed set; none: any string */
		const struct param *fields; /* of PARAM_OBJECT(S) */
	};
	struct str text;    /* for the model: meaning, unit, format */
	const char *header; /* x-mcp-header name; NULL: none */
};

enum tool_flag {
	TOOL_LOCAL = 1,      /* answers without waiting for AWS: loop thread */
	TOOL_READ_ONLY = 2,
	TOOL_IDEMPOTENT = 4,
	TOOL_SLOW = 8,       /* may take over a second: progress is reported */
	TOOL_RAW_RESULT = 16, /* handler writes the CallToolResult itself
	                      * (content array and so on): fixtures, images */
	TOOL_OPT_IN = 32     /* only offered where a setting asks for it */
};

/* Levels of a message to the client, the least important first (RFC 5424). */
enum tool_level {
	TOOL_DEBUG,
	TOOL_INFO,
	TOOL_NOTICE,
	TOOL_WARNING,
	TOOL_ERROR,
	TOOL_CRITICAL,
	TOOL_ALERT,
	TOOL_EMERGENCY,
	TOOL_LEVEL_N
};

struct tool {
	struct str name, title, description;
	const struct param *params;
	size_t param_n;
	unsigned flags;
	struct str output_schema; /* JSON text, an object schema with the
	                           * top-level members; absent: none */
	struct str input_schema;  /* JSON text that replaces the generated
	                           * schema (fixtures); absent: generated */
	struct str needs;         /* capability that the client must declare in
	                           * the modern era; absent: none */
	/* Writes one JSON object to c->out. An error return makes the result
	 * isError with the sentence in c->fail; ERR_RPC_PARAMS alone refuses
	 * the request with a JSON-RPC error. */
	enum err (*run)(struct call *c);
};

/* Everything a handler can reach. */
struct call {
	const struct tool *tool;
	const struct sys *sys;
	struct aws *aws;          /* NULL for engines without AWS (fixtures) */
	const struct aws_caller *aws_caller; /* on whose behalf; NULL: ours */
	struct arena *arena;
	const struct json *args;  /* object; validated; nulls removed, defaults
	                           * not filled in (use tool_arg_*) */
	struct json_writer *out;
	struct fail *fail;
	int64_t deadline_ms;      /* absolute, monotonic */
	const struct cancel *cancel;
	uint64_t number;          /* of the request in the log; 0: none */
	const struct trace *trace; /* of the request; may be NULL */
	/* Reports progress to a client that asked for it; cheap and harmless
	 * otherwise. total <= 0: unknown. Strictly increasing `done`. */
	void (*progress)(struct call *c, double done, double total,
	    struct str message);
	void *progress_ctx;
	/* Sends a message to the client where the server declares logging and
	 * the level the client asked for lets it through; else harmless. */
	void (*log)(struct call *c, enum tool_level level, struct str text);
	const struct json *params; /* of the request, as they came */
	struct str result_type;    /* modern era; absent: "complete" */
	unsigned aws_calls;       /* counted by aws/call, for the log */
	const struct tool *const *tools; /* those the server offers */
	size_t tool_n;
	struct str region;        /* effective one, set by the tool, for the
	                           * log; absent: none */
	struct str account;       /* the account it asked, the same */
};

/* Typed access to validated arguments; the parameter's default when absent.
 * The parameter must exist in c->tool (MUST). */
struct str tool_arg_str(const struct call *c, struct str name);
int64_t tool_arg_i64(const struct call *c, struct str name);
double tool_arg_f64(const struct call *c, struct str name);
bool tool_arg_bool(const struct call *c, struct str name);
/* The array or object as given; NULL when absent. */
const struct json *tool_arg(const struct call *c, struct str name);

/* The table's row of that name, or NULL. */
const struct tool *tool_find(const struct tool *const *tools, size_t n,
    struct str name);
/* The known name nearest to `name` within a third of its length, for "did you
 * mean"; absent when none is near. */
struct str tool_nearest(const struct tool *const *tools, size_t n,
    struct str name);

#endif
