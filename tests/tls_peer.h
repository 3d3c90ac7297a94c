/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TLS server in the same process: BearSSL's server engine between the client
 * under test and a scripted peer.
 *
 *	struct tls_peer *t = tls_peer_new(&f, "good.test", 443,
 *	    &tls_certs_good_ec);
 *	fake_peer_request(t->inner);
 *	fake_peer_reply(t->inner, "HTTP/1.1 200 OK\r\n...");
 *	... dial good.test:443 ...
 *	tls_peer_free(t);
 *
 * The plain text goes to t->inner, a peer of fake_sys.h that is not dialed
 * itself; faults of the wire are set on t->outer (read_max, again, ...), those
 * of TLS on the fields below. FAKE_CLOSE of the inner peer is a proper
 * close_notify unless `abrupt` is set.
 */
#ifndef TESTS_TLS_PEER_H
#define TESTS_TLS_PEER_H

#include <bearssl.h>

#include "fake_sys.h"
#include "tls_certs.h"

#define TLS_PEER_CHAIN_MAX 4

/* Sessions that several peers of one server remember. */
struct tls_peer_cache {
	br_ssl_session_cache_lru lru;
	unsigned char store[4096];
};

struct tls_peer {
	struct fake_peer *outer; /* what is dialed */
	struct fake_peer *inner; /* plays the plain text */
	struct stream stream;    /* outer->live */
	struct stream plain;     /* of inner */
	bool abrupt;             /* ends without close_notify */
	size_t cut_at;           /* the stream ends after so many bytes sent */
	size_t flip_at;          /* this byte sent is altered */
	size_t sent_len;         /* bytes sent to the client */
	bool plain_ended;        /* the inner peer closed */
	bool resumed;            /* the last handshake continued a session */
	br_ssl_server_context server;
	br_x509_certificate chain[TLS_PEER_CHAIN_MAX];
	size_t chain_n;
	br_skey_decoder_context key;
	unsigned char buffer[BR_SSL_BUFSIZE_BIDI];
};

/* Makes a server for the next dial of host:port. */
struct tls_peer *tls_peer_new(struct fake_sys *f, const char *host,
    uint16_t port, const struct tls_certs *certs);
/* Lets it resume sessions of other peers with the same cache. */
void tls_peer_set_cache(struct tls_peer *t, struct tls_peer_cache *c);
/* An empty cache. */
void tls_peer_cache_init(struct tls_peer_cache *c);
/* A server that only knows TLS versions up to this (BR_TLS10, ...). */
void tls_peer_set_version(struct tls_peer *t, unsigned version);
void tls_peer_free(struct tls_peer *t);

#endif
