/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trace context: the fields traceparent and tracestate of W3C Trace Context
 * (https://www.w3.org/TR/trace-context-2/).
 *
 *	traceparent = version "-" trace-id "-" parent-id "-" flags
 *	version     = 2 lower-case hexadecimal digits, not "ff"
 *	trace-id    = 32 of them, not all zero
 *	parent-id   = 16 of them, not all zero
 *	flags       = 2 of them
 *
 * Version 00 ends there; what a later one puts behind a further "-" is left
 * out, and what is sent on is version 00. A context that is not exactly so is
 * none, as if it had not come. tracestate is other people's text: it is passed
 * on as it came when it is printable and short, and dropped otherwise, which
 * the standard allows (3.3.1.5).
 */
#ifndef PROTO_TRACE_H
#define PROTO_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "proto/http1.h"

#define TRACE_ID_LEN 32
#define TRACE_SPAN_LEN 16
#define TRACE_PARENT_LEN (3 + TRACE_ID_LEN + 1 + TRACE_SPAN_LEN + 3)

enum trace_flag {
	TRACE_SAMPLED = 1,
	TRACE_RANDOM = 2 /* the trace-id is random enough to sample by */
};

/* Slices of what was parsed. Zeroed: no trace. */
struct trace {
	struct str id;    /* trace-id; absent: there is no trace */
	struct str span;  /* parent-id: the caller's span */
	struct str state; /* tracestate; absent: none, or not passed on */
	unsigned flags;   /* enum trace_flag; others are dropped */
};

/* Reads both values (absent: not there). false: no trace, *out is zeroed. */
bool trace_parse(struct str parent, struct str state, struct trace *out)
    MUST_USE;
/* The same from the header fields of a request. Two of traceparent are none,
 * two of tracestate are not passed on. */
bool trace_from_headers(const struct http1_header *headers, size_t n,
    struct trace *out) MUST_USE;
/* Writes a traceparent of TRACE_PARENT_LEN bytes with `span` as parent-id. */
void trace_write(struct buf *b, const struct trace *t, struct str span);

#endif
