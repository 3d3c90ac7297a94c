/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS event streams, application/vnd.amazon.eventstream ("Amazon event stream
 * encoding" of the Smithy specification): what StartLiveTail answers with.
 *
 *	message = total-len headers-len prelude-crc headers payload message-crc
 *	header  = name-len name type value
 *
 * All numbers are big-endian; the two lengths, the CRCs (CRC-32 of ISO 3309,
 * over all bytes before them) and nothing else are 4 bytes. Types: 0 true, 1
 * false, 2 byte, 3 short, 4 integer, 5 long, 6 bytes, 7 string, 8 timestamp, 9
 * UUID; bytes and strings have a length of 2 bytes in front.
 *
 * The reader is incremental and bounded, and checks both CRCs and every header
 * before a message is given out. All types are skipped over, strings alone can
 * be asked for: the events of CloudWatch Logs have no others. The writer, for
 * the demo account and tests, writes strings only. Not here: signed messages
 * (client to service).
 */
#ifndef PROTO_EVENTSTREAM_H
#define PROTO_EVENTSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* One received message; slices are valid until the next call on its reader. */
struct eventstream_message {
	struct str headers; /* well-formed, see eventstream_header() */
	struct str payload;
};

struct eventstream_reader {
	struct buf message; /* what came of the current one */
	size_t total_len;   /* its length, once the prelude is here; else 0 */
	bool delivered;     /* the last call gave a message: start afresh */
	enum err err;       /* what ended the reading */
};

/* Starts reading. The buffer grows in the arena, to EVENTSTREAM_MESSAGE_MAX at
 * most. */
void eventstream_reader_init(struct eventstream_reader *r, struct arena *a);
/* Consumes `in` up to the end of the first message that becomes complete: *got
 * then is true and *out is the message. Returns the bytes consumed (0 only when
 * `in` is empty), or minus an enum err, which is final: ERR_SYNTAX (lengths
 * that contradict each other, a wrong CRC, malformed headers; a sentence is in
 * f, which may be NULL), ERR_LIMIT, ERR_NOMEM. */
long eventstream_read(struct eventstream_reader *r, struct str in,
    struct eventstream_message *out, bool *got, struct fail *f) MUST_USE;
/* A message was begun and is not complete: the stream may not end here. */
bool eventstream_inside(const struct eventstream_reader *r) MUST_USE;
/* The string header of that name; absent when there is none or it has another
 * type. Of a repeated name the first counts. */
struct str eventstream_header(const struct eventstream_message *m,
    struct str name);

/* A header to write. */
struct eventstream_pair {
	struct str name;  /* 1 to 255 bytes */
	struct str value; /* up to 32,767 bytes */
};

/* Appends a message. b fails when a name, a value or the whole is too long. */
void eventstream_write(struct buf *b, const struct eventstream_pair *pairs,
    size_t n, struct str payload);

#endif
