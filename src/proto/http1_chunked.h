/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chunked transfer coding, received (RFC 9112 7.1). To write it see
 * http1_chunk() in http1.h.
 *
 *	chunked-body = *chunk last-chunk trailer-section CRLF
 *	chunk        = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
 *	last-chunk   = 1*("0") [ chunk-ext ] CRLF
 *	chunk-ext    = *( BWS ";" BWS name [ BWS "=" BWS value ] )
 *
 * Extensions are skipped (7.1.1), trailers are checked like header fields and
 * dropped (7.1.2). As strict as the head parser, for the same reason: CRLF
 * only, digits only, no blanks but before an extension. Bounded in every
 * direction: size digits, line length, trailers, padding, decoded length.
 */
#ifndef PROTO_HTTP1_CHUNKED_H
#define PROTO_HTTP1_CHUNKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Decoder state, set up by http1_chunked_init(). Callers read `done` and
 * body_len, nothing else. */
struct http1_chunked {
	uint64_t body_max;  /* most decoded bytes */
	uint64_t body_len;  /* decoded so far */
	uint64_t left;      /* of the current chunk; while its size is read,
	                     * the size */
	uint64_t overhead;  /* bytes that were not data */
	unsigned line_len;  /* of the chunk-size line or the trailers */
	unsigned char state;
	enum err err;       /* what ended it, or ERR_OK */
	bool done;          /* the last chunk and its trailers were read */
};

/* Starts decoding a body of at most body_max bytes. */
void http1_chunked_init(struct http1_chunked *c, uint64_t body_max);

/* Decodes without copying: consumes a part of `in`, sets *data to the piece of
 * body in it (may be empty), and returns the bytes consumed (> 0), 0 when `in`
 * is empty or the body is done, or minus an enum err. Call it in a loop; what
 * is left when c->done is set belongs to the next message.
 * ERR_HTTP_FRAMING, ERR_HTTP_BODY_LIMIT. An error is final. */
long http1_chunked_next(struct http1_chunked *c, struct str in,
    struct str *data, struct fail *f) MUST_USE;

/* The same, appending the body to `out` until `in` is used up or the body is
 * done. Returns bytes consumed (0 is possible), or minus an enum err; when
 * `out` has no room ERR_HTTP_BODY_LIMIT, or ERR_NOMEM if its arena is full. */
long http1_chunked_feed(struct http1_chunked *c, struct str in,
    struct buf *out, struct fail *f) MUST_USE;

#endif
