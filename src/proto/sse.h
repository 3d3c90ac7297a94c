/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event streams: text/event-stream of the WHATWG HTML standard, section 9.2.
 *
 *	stream = [ BOM ] *event
 *	event  = *( comment / field ) end-of-line
 *	field  = name [ ":" [ SP ] value ] end-of-line
 *
 * The writer is what the server sends: events with an optional name, and
 * comments that keep an idle connection alive. It writes LF line ends and no
 * ids, because no stream here can be resumed. The reader is for clients and
 * tests: incremental, bounded, and it takes all three line ends, id and retry.
 */
#ifndef PROTO_SSE_H
#define PROTO_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Appends one event. name: absent or empty for the default ("message"); a line
 * end in it makes b fail. Each line of data (ended by LF, CR or CRLF) becomes a
 * data field, so any text survives, with its line ends turned into LF. */
void sse_event(struct buf *b, struct str name, struct str data);
/* Appends a comment line and an empty line: keeps proxies from timing out, and
 * readers skip it. A line end in text makes b fail. */
void sse_comment(struct buf *b, struct str text);

/* One received event; slices are valid until the next call on its reader. */
struct sse_event {
	struct str name; /* "message" unless an event field named it */
	struct str data; /* lines joined by LF */
	struct str id;   /* last id seen on the stream, empty when none */
};

struct sse_reader {
	struct buf line;  /* the line being received */
	struct buf data;  /* data of the event being received */
	struct buf name;
	struct buf id;
	uint64_t retry_ms; /* reconnection time the server asked for; 0: none */
	bool started;     /* the first line was seen, so no BOM can follow */
	bool after_cr;    /* an LF now belongs to the line end before it */
	bool has_data;    /* a data field was seen, even an empty one */
	bool delivered;   /* the last call gave an event: start a fresh one */
};

/* Starts reading. The buffers grow in the arena; no line is longer than
 * SSE_LINE_MAX, no event's data longer than data_max bytes. */
void sse_reader_init(struct sse_reader *r, struct arena *a, size_t data_max);
/* Consumes `in` up to the end of the first event that becomes complete: *got
 * then is true and *out is the event. Returns the bytes consumed (0 only when
 * `in` is empty), or minus an enum err (ERR_LIMIT, ERR_NOMEM), which is final.
 * An event that the stream's end cuts off is not delivered, as the standard
 * demands. */
long sse_read(struct sse_reader *r, struct str in, struct sse_event *out,
    bool *got) MUST_USE;

#endif
