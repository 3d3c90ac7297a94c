/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate and key that a TLS server uses now, and their files.
 *
 * tls_keeper_refresh() reads the files again; a changed pair that is in order
 * takes over for connections that come from then on, one that is not is said
 * in the log once and leaves the old pair in force (a renewal replaces two
 * files, one after the other). A replaced key is wiped when the last handshake
 * that uses it has ended.
 *
 * tls_keeper_refresh() is called by one thread, take and put by another;
 * SYS_LOCK_TLS guards what they share and is held for moments.
 */
#ifndef NET_TLS_KEEPER_H
#define NET_TLS_KEEPER_H

#include "base/enc.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "net/tls_identity.h"

struct tls_keeper {
	const struct sys *sys;
	const struct log *log;   /* may be NULL */
	struct str chain_file, key_file;
	struct tls_identity ids[TLS_IDENTITY_MAX_N];
	unsigned used_n[TLS_IDENTITY_MAX_N]; /* handshakes that use it */
	size_t current;          /* of ids */
	unsigned read_n;         /* pairs that were in order */
	uint8_t seen[ENC_SHA256_LEN]; /* what was read last, good or bad */
};

/* Reads the files, whose names outlive k. ERR_CONFIG with a sentence in f,
 * ERR_NOMEM. */
enum err tls_keeper_open(struct tls_keeper *k, const struct sys *sys,
    const struct log *log, struct str chain_file, struct str key_file,
    struct fail *f) MUST_USE;
/* Wipes all. No other thread may be inside. */
void tls_keeper_close(struct tls_keeper *k);
/* Takes changed files over. */
void tls_keeper_refresh(struct tls_keeper *k);

/* The pair in force, to be given back when its handshake has ended. */
const struct tls_identity *tls_keeper_take(struct tls_keeper *k);
void tls_keeper_put(struct tls_keeper *k, const struct tls_identity *id);

#endif
