/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 messages (RFC 9112 on top of RFC 9110), both directions, without
 * any input or output: bytes in, slices out; and a writer over struct buf.
 *
 * The parsers look at the bytes received so far and either need more, or have
 * a whole head, or refuse. They keep no state: the same bytes give the same
 * answer, and a refusal of the first n bytes is also the refusal of more. All
 * slices point into the caller's bytes, which have to outlive them.
 *
 * Strict on purpose: two readers that disagree about where a message ends are
 * how requests are smuggled, and nothing that signs its requests needs
 * leniency. Refused: bare LF or CR, obs-fold, blanks around a field name,
 * control bytes, repeated Content-Length (also with equal values) or
 * Transfer-Encoding, both of them together, any transfer coding but `chunked`,
 * a missing or repeated Host, bytes in the target that RFC 3986 does not allow.
 *
 * Not here: trailers are checked and dropped, Upgrade is ignored, CONNECT is
 * refused by the request parser (and is spoken as a client, to proxies).
 */
#ifndef PROTO_HTTP1_H
#define PROTO_HTTP1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "proto/http1_chunked.h"

/* One field line: name as sent (compare with str_ieq), value without the
 * blanks around it (RFC 9112 5.1). */
struct http1_header {
	struct str name;
	struct str value;
};

/* How the end of a body is found (RFC 9112 6.3). */
enum http1_body {
	HTTP1_BODY_NONE,    /* there is none */
	HTTP1_BODY_LENGTH,  /* exactly body_len bytes; 0 is possible */
	HTTP1_BODY_CHUNKED, /* http1_chunked.h tells */
	HTTP1_BODY_CLOSE    /* until the peer closes (responses only) */
};

struct http1_request {
	struct str method;      /* a token, case-sensitive, as sent */
	struct str target;      /* as sent, for logs */
	struct str path;        /* encoded, "/..." or "*" (OPTIONS only); for an
	                         * absolute-form target its path. May be a
	                         * constant "/" outside the input */
	struct str query;       /* encoded, without '?'; absent when there was
	                         * no '?' */
	struct str authority;   /* host[:port]: of an absolute-form target, else
	                         * of Host; absent on HTTP/1.0 without Host */
	unsigned minor;         /* HTTP/1.<minor>: 0 or 1 */
	enum http1_body body;   /* NONE, LENGTH or CHUNKED */
	uint64_t body_len;      /* with LENGTH */
	bool keep_alive;        /* the client may send another request */
	bool expect_continue;   /* waits for 100 Continue (RFC 9110 10.1.1) */
	size_t header_n;
	struct http1_header headers[HTTP_HEADER_MAX_N];
};

struct http1_response {
	unsigned minor;
	int status;             /* 100..599 */
	struct str reason;      /* may be empty */
	enum http1_body body;
	uint64_t body_len;      /* with LENGTH */
	bool keep_alive;        /* the connection may be used again after it */
	size_t header_n;
	struct http1_header headers[HTTP_HEADER_MAX_N];
};

/* Parses a request head. Returns the bytes of the head (> 0, what follows is
 * body), 0 when more bytes are needed, or minus an enum err with the offset and
 * a sentence in f (may be NULL). At most the first HTTP_HEAD_MAX bytes are
 * looked at; one empty line before the request line is skipped (RFC 9112 2.2).
 * *out is whole only when the result is > 0.
 *
 * ERR_HTTP_SYNTAX, ERR_HTTP_FRAMING (400), ERR_HTTP_HEAD_LIMIT (431),
 * ERR_HTTP_TARGET_LIMIT (414), ERR_HTTP_VERSION (505), ERR_HTTP_CODING (501),
 * ERR_HTTP_METHOD (CONNECT). After an error the connection has to be closed.
 * The body length is not limited here: compare body_len with HTTP_BODY_MAX. */
long http1_request_parse(struct str bytes, struct http1_request *out,
    struct fail *f) MUST_USE;

/* Parses a response head to a request made with `method` (it decides, with the
 * status, whether a body follows: RFC 9112 6.3). Same results. An interim
 * response (status < 200) has no body: the caller skips it and parses the next
 * head behind it. After a 2xx answer to CONNECT the tunnel begins. */
long http1_response_parse(struct str bytes, struct str method,
    struct http1_response *out, struct fail *f) MUST_USE;

/* Whether it is worth parsing again now that the bytes from `from` on are new:
 * they are the first, or end a line, or reach HTTP_HEAD_MAX. A reader that asks
 * before each parse does bounded work for a sender that trickles bytes. */
bool http1_head_progress(struct str bytes, size_t from) MUST_USE;

/* Points all slices of *r that lie in `from` to the same bytes of a copy that
 * begins at `to`: the head moves to another buffer without a second parse. */
void http1_request_move(struct http1_request *r, struct str from,
    const char *to);

/* Value of the first field called `name` (case-insensitive), absent when there
 * is none; an empty value is present. */
struct str http1_header(const struct http1_header *headers, size_t header_n,
    struct str name);
/* How many fields are called `name`. */
size_t http1_header_n(const struct http1_header *headers, size_t header_n,
    struct str name);
/* Whether a list-valued field (#token, RFC 9110 5.6.1), over all its lines,
 * has `token` (case-insensitive) among its comma-separated members. */
bool http1_header_has(const struct http1_header *headers, size_t header_n,
    struct str name, struct str token);

/* ---- writing ---- */

/* "HTTP/1.1 200 OK\r\n". */
void http1_status_line(struct buf *b, int status);
/* "POST /mcp HTTP/1.1\r\n". A method that is not a token or a target with
 * anything but visible ASCII makes b fail. */
void http1_request_line(struct buf *b, struct str method, struct str target);
/* "Name: value\r\n". A name that is not a token, or a value with CR, LF or
 * another control byte (only HTAB is allowed), makes b fail: no header can be
 * injected through a value. */
void http1_field(struct buf *b, struct str name, struct str value);
void http1_field_u64(struct buf *b, struct str name, uint64_t value);
/* The empty line behind the fields. */
void http1_head_end(struct buf *b);

/* One chunk; nothing at all for empty data, which would end the body. */
void http1_chunk(struct buf *b, struct str data);
/* Head of a chunk of len > 0 bytes; the data and "\r\n" have to follow. */
void http1_chunk_head(struct buf *b, uint64_t len);
/* The last chunk, without trailers. */
void http1_chunk_end(struct buf *b);

/* Reason phrase of a status (RFC 9110 15, RFC 6585); empty when unknown. */
struct str http1_status_text(int status);

/* The statuses this program sends or names: X(code, reason phrase). */
#define HTTP1_STATUS_LIST(X) \
	X(100, "Continue") \
	X(101, "Switching Protocols") \
	X(200, "OK") \
	X(201, "Created") \
	X(202, "Accepted") \
	X(204, "No Content") \
	X(206, "Partial Content") \
	X(301, "Moved Permanently") \
	X(302, "Found") \
	X(303, "See Other") \
	X(304, "Not Modified") \
	X(307, "Temporary Redirect") \
	X(308, "Permanent Redirect") \
	X(400, "Bad Request") \
	X(401, "Unauthorized") \
	X(403, "Forbidden") \
	X(404, "Not Found") \
	X(405, "Method Not Allowed") \
	X(406, "Not Acceptable") \
	X(408, "Request Timeout") \
	X(409, "Conflict") \
	X(410, "Gone") \
	X(411, "Length Required") \
	X(413, "Content Too Large") \
	X(414, "URI Too Long") \
	X(415, "Unsupported Media Type") \
	X(417, "Expectation Failed") \
	X(421, "Misdirected Request") \
	X(422, "Unprocessable Content") \
	X(429, "Too Many Requests") \
	X(431, "Request Header Fields Too Large") \
	X(499, "Client Closed Request") \
	X(500, "Internal Server Error") \
	X(501, "Not Implemented") \
	X(502, "Bad Gateway") \
	X(503, "Service Unavailable") \
	X(504, "Gateway Timeout") \
	X(505, "HTTP Version Not Supported")

#endif
