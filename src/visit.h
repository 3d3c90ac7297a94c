/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request (or stdio line) on its way through the app, and the replies
 * that all of its parts give. app.c routes; app_*.c answer.
 */
#ifndef VISIT_H
#define VISIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app.h"
#include "auth/auth.h"
#include "aws/caller.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "mcp/mcp.h"
#include "proto/http1.h"

/* In the job's arena. */
struct visit {
	struct app *app;
	struct app_job *job;
	const struct route *route;
	struct mcp_message message;
	struct str origin;   /* allowed Origin, echoed; absent: none */
	struct auth_caller caller;
	struct mcp_gate gate; /* what that caller may do */
	struct aws_caller aws_caller; /* the same, for AWS */
	struct str tool;     /* shim: name of the tool */
	const struct json *arguments; /* shim */
	uint64_t number;     /* in the log */
	bool unknown;        /* whose it is has to be found on a worker */
	int status;          /* of the reply, once it is complete */
	bool head;           /* HEAD: no body */
	bool streaming;      /* the head of an event stream has been sent */
	struct str stream_head; /* of that; absent: there may be none */
	bool begun;          /* by us: job->begun was raised here */
};

struct route {
	struct str path;
	struct str method;   /* GET stands for HEAD too */
	bool open;           /* to everybody */
	enum app_verdict (*begin)(struct visit *v);
	void (*run)(struct visit *v);
};

#define VISIT_JSON_TYPE S("application/json")
#define VISIT_STREAM_TYPE S("text/event-stream")
#define VISIT_NO_FIELD ((struct http1_header){ STR_NONE, STR_NONE })

/* Adds the fields that every response has. */
void visit_fields(struct visit *v, struct buf *b);
/* Sets the complete reply; APP_DONE. type absent: no body. `extra` is one more
 * field, or VISIT_NO_FIELD. */
enum app_verdict visit_reply(struct visit *v, int status, struct str type,
    struct str body, struct http1_header extra);
/* The same with a body of JSON. */
enum app_verdict visit_json(struct visit *v, int status, struct str body);
/* {"error": {"code", "message"}} for everything outside the protocol, with the
 * status of the code. text absent: the code's own sentence. */
enum app_verdict visit_error(struct visit *v, enum err code, struct str text,
    struct http1_header extra);

/* The same for a request that gets no further than its head, with a line in
 * the log: people look there when nothing arrives where it should. */
enum app_verdict visit_refuse(struct visit *v, enum err code, struct str text,
    struct http1_header extra);

/* Logs the request, once its reply is complete. */
void visit_log(const struct visit *v, int status);

/* The body is application/json, with or without parameters (RFC 9110 8.3). */
bool visit_is_json(const struct http1_request *r);
/* Whether an Accept list has this media range; parameters do not matter, but
 * q=0 says no (RFC 9110 12.4.2). by_name: a star does not count. */
bool visit_accepts(const struct http1_request *r, struct str type,
    bool by_name);
/* Whether `item` is in a comma-separated list (case folded), or the list is
 * "*". */
bool visit_listed(struct str list, struct str item);

#endif
