/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went wrong with a call to AWS: is it worth repeating, and what does a
 * person have to know. Pure functions over the answer; the retry loop is in
 * call.c.
 *
 * The sentences name operation and region, what happened, and the next step.
 * They avoid the words by which MCP clients decide that a connection needs a
 * new login or has to be given up ("401", "unauthorized", "429", "rate limit"):
 * AWS's own message is quoted only when it has none of them.
 */
#ifndef AWS_FAULT_H
#define AWS_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/endpoint.h"
#include "base/err.h"
#include "base/str.h"

enum fault_kind {
	FAULT_NONE,      /* an answer with status 2xx */
	FAULT_FINAL,     /* repeating gives the same */
	FAULT_TRANSIENT, /* connection or service trouble: repeat */
	FAULT_TIMEOUT,   /* the same, dearer */
	FAULT_THROTTLE,  /* repeat more slowly */
	FAULT_CLOCK,     /* our clock is off: correct it, repeat */
	FAULT_KEYS       /* keys expired or unknown: find others, repeat */
};

/* All there is to know about one failed attempt. Slices may be absent. */
struct fault {
	enum endpoint_service service;
	struct str operation;   /* "StartQuery" */
	struct str region;
	struct str host;
	bool configured;        /* the host comes from a URL setting */
	struct str source;      /* where the keys came from */
	enum err err;           /* of the transport; ERR_OK: an answer came */
	struct str err_text;    /* its sentence */
	int status;
	struct str code;        /* AWS's error code, without namespace */
	struct str message;
	uint64_t body_len;
	int64_t skew_ms;        /* AWS's clock minus the one we signed with */
	unsigned attempt_n;     /* requests sent */
	int64_t took_ms;        /* for all of them */
};

/* The code in "namespace#Code:url" (__type, x-amzn-errortype) or "Code;Sender"
 * (x-amzn-query-error). */
struct str fault_code(struct str text);
/* AWS's message up to "The Canonical String": behind it AWS repeats the whole
 * request, x-amz-security-token included, after a wrong signature. */
struct str fault_message(struct str message);
/* AWS's words when they may be repeated, at most FAULT_QUOTE_MAX bytes; absent
 * when they may not. */
struct str fault_quote(struct str s);
/* What kind of failure it is. */
enum fault_kind fault_classify(const struct fault *x);
/* Writes the sentence and returns its code. */
enum err fault_describe(const struct fault *x, struct fail *f);
/* "cloudwatch:DescribeAlarms", appended: the IAM action of an operation. */
void fault_action(struct buf *b, enum endpoint_service service,
    struct str operation);

#endif
