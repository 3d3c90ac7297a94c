/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's side of one TLS 1.2 connection as a pure state machine: bytes
 * of the socket on one side, plain bytes on the other. BearSSL's engine with
 * our policy; no system call, no clock, no waiting.
 *
 * Suites are those of net/tls.h: ECDHE with AES-GCM or ChaCha20, our order.
 * Sessions are resumed by their id from a cache that all connections of a
 * server share. No client certificates, no renegotiation, no compression;
 * ALPN is answered with http/1.1. BearSSL 0.6 cannot do TLS 1.3 and tickets.
 *
 *	space, received   what came from the socket
 *	out, sent         what has to go there
 *	read              plain bytes that came
 *	write, flush      plain bytes that shall go
 *
 * A struct tls_server is 25 KB, of which an idle connection has touched a few
 * pages, and holds secrets: tls_server_wipe() it.
 */
#ifndef NET_TLS_SERVER_H
#define NET_TLS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bearssl.h>

#include "base/limits.h"
#include "base/str.h"
#include "net/tls_identity.h"

/* Bytes of entropy for one handshake. */
#define TLS_SERVER_SEED_LEN 32
/* A record around SERVER_TLS_RECORD_LEN plain bytes. */
#define TLS_SERVER_OUT_LEN (SERVER_TLS_RECORD_LEN + BR_SSL_BUFSIZE_OUTPUT - \
	16384)

enum tls_server_state {
	TLS_SERVER_HANDSHAKE,
	TLS_SERVER_OPEN,
	TLS_SERVER_CLOSED, /* the client said that it will send no more */
	TLS_SERVER_FAILED  /* what is left in out() is an alert */
};

struct tls_server {
	br_ssl_server_context server;
	const char *protocol; /* what ALPN is answered with */
	bool established;  /* the handshake was completed */
	unsigned char out[TLS_SERVER_OUT_LEN];
	unsigned char in[BR_SSL_BUFSIZE_INPUT];
};

/* A server's sessions. */
struct tls_server_cache {
	br_ssl_session_cache_lru lru;
	unsigned char store[SERVER_TLS_SESSIONS_LEN];
};

/* Empties the cache, secrets and all. */
void tls_server_cache_init(struct tls_server_cache *c);

/* Begins to wait for a client. id has to live until the handshake has ended or
 * failed, cache as long as t. */
void tls_server_start(struct tls_server *t, const struct tls_identity *id,
    struct tls_server_cache *cache,
    const unsigned char seed[static TLS_SERVER_SEED_LEN]);
enum tls_server_state tls_server_state(const struct tls_server *t);
/* BearSSL's number of what went wrong; 0: nothing. */
int tls_server_error(const struct tls_server *t);

/* Where bytes of the socket go, *len > 0 of them; NULL: not now, because plain
 * bytes have to be read or records to be sent first, or nothing will be
 * taken any more. */
unsigned char *tls_server_space(struct tls_server *t, size_t *len);
/* 0 < n <= *len bytes were put there. */
void tls_server_received(struct tls_server *t, size_t n);
/* Bytes for the socket; empty: none. They stay until they are sent. */
struct str tls_server_out(const struct tls_server *t);
void tls_server_sent(struct tls_server *t, size_t n);

/* Up to len plain bytes; 0: none for now. */
size_t tls_server_read(struct tls_server *t, char *dst, size_t len);
/* There are such. */
bool tls_server_has_plain(const struct tls_server *t);
/* Takes up to len bytes into the record that is being made; 0: none, as long
 * as out() has something. */
size_t tls_server_write(struct tls_server *t, const char *src, size_t len);
/* The record is complete: out() has it. */
void tls_server_flush(struct tls_server *t);
/* Says that nothing will follow: out() has it. Plain bytes that were not read
 * are lost. */
void tls_server_close(struct tls_server *t);
/* Overwrites what is secret. The buffers are left: hand their pages back. */
void tls_server_wipe(struct tls_server *t);

#endif
