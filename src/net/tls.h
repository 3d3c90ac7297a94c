/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TLS 1.2 client over a struct stream: BearSSL's engine with our policy.
 *
 * Only forward-secret authenticated suites (ECDHE with AES-GCM or ChaCha20),
 * AES first where the CPU has instructions for it. The chain is validated to a
 * trust anchor, at the time the wall clock of struct sys tells; the host must
 * be in the certificate's subjectAltName (net/certname.h), a common name alone
 * is refused, and addresses are matched as addresses. The host is always
 * checked: there is no way to start without one. Entropy is drawn from struct
 * sys before every handshake.
 *
 * Nothing here waits. tls_write and tls_read move what can be moved and answer
 * -ERR_AGAIN otherwise; tls_want then says which events of the stream would
 * help. The handshake happens inside the first calls.
 *
 * A struct tls is 42 KB, owned by its caller, has no pointers to release and
 * holds keys: tls_wipe() it. BearSSL 0.6 cannot do: TLS 1.3, tickets, extended
 * master secret, revocation, name constraints (a critical one is refused),
 * extended key usage.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bearssl.h>

#include "base/err.h"
#include "base/str.h"
#include "base/sys.h"
#include "net/anchors.h"
#include "net/certname.h"

/* Small records are put together before they are written: the three of a
 * handshake flight, or those of a resumption and the request behind it. */
#define TLS_STAGE_LEN 2048

/* What is needed to continue a session later without looking at a certificate
 * again. Holds a secret. Use it for the same host and port only. */
struct tls_session {
	bool valid;
	br_ssl_session_parameters p;
};

/* The class BearSSL calls for certificates: its own engine and our names. */
struct tls_verify {
	const br_x509_class *vtable;     /* first: BearSSL casts to it */
	br_x509_minimal_context minimal;
	struct certname names;           /* of the end-entity certificate */
	unsigned cert_n;                 /* certificates ended so far */
};

struct tls {
	br_ssl_client_context client;
	struct tls_verify verify;
	const struct anchors *anchors;
	struct str host;      /* of the peer, for sentences */
	struct fail *f;       /* where the detail goes; may be NULL */
	int64_t now_ms;       /* wall clock at the start */
	bool established;     /* a handshake was completed */
	bool resumed;         /* it continued an earlier session */
	enum err err;         /* the first failure, answered from then on */
	size_t stage_from;    /* bytes of stage written already */
	size_t stage_len;
	unsigned char offered_id[32]; /* session we asked to continue */
	size_t offered_id_len;
	unsigned char stage[TLS_STAGE_LEN];
	unsigned char in[BR_SSL_BUFSIZE_INPUT];
	unsigned char out[BR_SSL_BUFSIZE_OUTPUT];
};

/* Prepares a handshake with host (a name or a literal address), which has to
 * outlive t, as anchors and f (may be NULL) have to. session may be NULL or
 * not valid. ERR_IO when there is no entropy, ERR_TLS when the host cannot be
 * one. */
enum err tls_start(struct tls *t, const struct anchors *anchors,
    const struct sys *sys, struct str host, const struct tls_session *session,
    struct fail *f) MUST_USE;
/* Encrypts up to len > 0 bytes and sends what the stream takes. Returns the
 * bytes accepted (> 0); those may still be inside t: go on with tls_read, or
 * tls_flush. -ERR_AGAIN, else minus an error as tls_read. */
long tls_write(struct tls *t, struct stream *s, const void *src, size_t len);
/* Sends what is inside t: ERR_OK when nothing is left, ERR_AGAIN, else an
 * error. */
enum err tls_flush(struct tls *t, struct stream *s);
/* Up to len > 0 decrypted bytes; 0 after the peer's close_notify; -ERR_AGAIN.
 * Errors are final, with a sentence in f: ERR_CLOSED when the stream ended
 * without close_notify (a cut answer looks like this), ERR_TLS,
 * ERR_TLS_UNTRUSTED, ERR_TLS_EXPIRED, ERR_TLS_NAME, or the stream's own. */
long tls_read(struct tls *t, struct stream *s, void *dst, size_t len);
/* Events of the stream that would let t go on: SYS_READ, SYS_WRITE or both. */
unsigned tls_want(const struct tls *t);
/* Where details go from now on: a connection outlives one exchange. */
void tls_set_fail(struct tls *t, struct str host, struct fail *f);
/* A session to keep, after a completed handshake; valid only if the server
 * gave an id. */
void tls_session_get(const struct tls *t, struct tls_session *out);
/* Gives an engine, also a server's, the suites above. */
void tls_set_suites(br_ssl_engine_context *eng);
/* Overwrites everything in t. */
void tls_wipe(struct tls *t);

#endif
