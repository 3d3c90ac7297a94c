/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam between what knows AWS and what knows sockets: HTTP requests in,
 * HTTP responses out, one or several at a time.
 *
 * Implementations: net/client.c (the real one), demo/ (the embedded account),
 * and tests with recorded answers. A transport is shared by all workers and
 * may be called from any of them; one call runs in its caller's thread and
 * returns when every exchange has ended.
 */
#ifndef AWS_TRANSPORT_H
#define AWS_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/sys.h"

struct transport_header {
	struct str name;
	struct str value;
};

/* Takes the body of a response piece by piece, instead of its being kept: for
 * streams that have no end of their own. */
struct transport_sink {
	void *ctx;
	/* Bytes of the body as they came, at least one, in the thread of the
	 * call. false: enough; the exchange ends with ERR_OK and closes its
	 * connection. */
	bool (*take)(void *ctx, struct str bytes);
	bool began;          /* set by the transport: bytes were handed over,
	                      * so the request must not be repeated */
};

/* One HTTP exchange. The caller fills the first part and owns all of it until
 * the call returns; what the transport fills points into x->arena. */
struct exchange {
	/* in */
	struct arena *arena; /* for the response; several exchanges of one call
	                      * may share it, the call runs in one thread */
	bool tls;            /* https; certificate and host name are verified */
	bool direct;         /* never through a proxy (metadata services) */
	struct str host;     /* name or literal address, without port */
	uint16_t port;
	struct str method;
	struct str target;   /* path and query, encoded, as it was signed */
	const struct transport_header *headers; /* Host included; the transport
	                      * adds Content-Length and Connection only */
	size_t header_n;
	struct str body;
	size_t body_max;     /* response bytes accepted; 0: HTTP_RESPONSE_MAX */
	struct transport_sink *sink; /* gets the body of a response with status
	                      * 2xx, of any length; NULL: it is kept */
	int64_t deadline_ms; /* absolute, monotonic */
	const struct cancel *cancel; /* may be NULL */
	/* out */
	enum err err;        /* ERR_OK: a complete response was read */
	struct fail fail;    /* detail when err != ERR_OK */
	int status;          /* HTTP status */
	struct transport_header response[HTTP_HEADER_MAX_N];
	size_t response_n;
	struct str response_body;
	bool sent;           /* the request may have reached the server */
	int64_t certificate_ends_ms; /* wall clock: end of the server's, as of
	                      * the handshake; 0: not known, or no TLS */
};

struct transport {
	void *ctx;
	/* Runs n (1..EXCHANGE_MANY_MAX) exchanges at the same time; each gets
	 * its own result in x[i]->err. Never fails as a whole. */
	void (*roundtrip)(void *ctx, struct exchange *const *x, size_t n);
};

/* Value of a response header (name case-insensitive), absent when not there. */
static inline struct str
transport_response_header(const struct exchange *x, struct str name)
{
	for (size_t i = 0; i < x->response_n; i++) {
		if (str_ieq(x->response[i].name, name)) {
			return x->response[i].value;
		}
	}
	return STR_NONE;
}

#endif
