/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot of `ids` is free when it is neither the current one nor used; it is
 * wiped when it is given up by the last handshake, or else by the next refresh.
 */
#include "net/tls_keeper.h"

#include <string.h>

#include "base/buf.h"

static void
lock(struct tls_keeper *k)
{
	k->sys->lock(k->sys->ctx, SYS_LOCK_TLS);
}

static void
unlock(struct tls_keeper *k)
{
	k->sys->unlock(k->sys->ctx, SYS_LOCK_TLS);
}

static void
wipe(struct tls_identity *id)
{
	arena_free(&id->arena);
	id->chain_n = 0;
}

static enum err
read_file(struct tls_keeper *k, struct tls_identity *id, struct str file,
    struct str *out, struct fail *f)
{
	struct buf b = buf_in(&id->arena, TLS_FILE_MAX);
	enum err err = k->sys->read_file(k->sys->ctx, file, &b);

	*out = buf_str(&b);
	if (err == ERR_OK || err == ERR_NOMEM) {
		return err;
	}
	return fail_setf(f, ERR_CONFIG, "%s cannot be read: %s", file,
	    err_text(err));
}

/* What was read now, in few bytes. */
static void
fingerprint(struct str chain, struct str key,
    uint8_t out[static ENC_SHA256_LEN])
{
	uint8_t both[2 * ENC_SHA256_LEN];

	enc_sha256(chain, both);
	enc_sha256(key, both + ENC_SHA256_LEN);
	enc_sha256(enc_bytes(both, sizeof(both)), out);
}

/* Reads the files into a free slot. *same: they are what was read last, and
 * nothing was done. */
static enum err
load(struct tls_keeper *k, struct tls_identity *id, bool *same,
    struct fail *f)
{
	uint8_t print[ENC_SHA256_LEN];
	struct str chain = STR_NONE;
	struct str key = STR_NONE;
	enum err err;

	arena_init(&id->arena, TLS_IDENTITY_CAP);
	id->arena.secret = true;
	err = read_file(k, id, k->chain_file, &chain, f);
	if (err == ERR_OK) {
		err = read_file(k, id, k->key_file, &key, f);
	}
	/* Files that cannot be read are a state as well. */
	fingerprint(err == ERR_OK ? chain : S(""), key, print);
	*same = memcmp(print, k->seen, sizeof(print)) == 0;
	memcpy(k->seen, print, sizeof(print));
	if (err == ERR_OK && !*same) {
		err = tls_identity_read(id, chain, k->chain_file, key,
		    k->key_file, f);
		id->number = ++k->read_n;
	}
	return err;
}

/* see tls_keeper.h */
enum err
tls_keeper_open(struct tls_keeper *k, const struct sys *sys,
    const struct log *log, struct str chain_file, struct str key_file,
    struct fail *f)
{
	bool same;
	enum err err;

	memset(k, 0, sizeof(*k));
	k->sys = sys;
	k->log = log;
	k->chain_file = chain_file;
	k->key_file = key_file;
	err = load(k, &k->ids[0], &same, f);
	if (err != ERR_OK) {
		wipe(&k->ids[0]);
	}
	return err;
}

/* see tls_keeper.h */
void
tls_keeper_close(struct tls_keeper *k)
{
	for (size_t i = 0; i < TLS_IDENTITY_MAX_N; i++) {
		wipe(&k->ids[i]);
	}
}

/* see tls_keeper.h */
void
tls_keeper_refresh(struct tls_keeper *k)
{
	struct tls_identity *id = NULL;
	struct log_event e;
	struct arena a;
	struct fail f;
	size_t i;
	bool same = false;
	enum err err;

	lock(k);
	for (i = 0; i < TLS_IDENTITY_MAX_N && id == NULL; i++) {
		if (i != k->current && k->used_n[i] == 0) {
			id = &k->ids[i];
			wipe(id);
		}
	}
	unlock(k);
	if (id == NULL) {
		return; /* handshakes end: next time */
	}
	arena_init(&a, ROSTER_ARENA_CAP);
	fail_init(&f, &a);
	err = load(k, id, &same, &f);
	if (err == ERR_OK && !same) {
		lock(k);
		k->current = i - 1;
		unlock(k);
	} else {
		wipe(id);
	}
	if (!same && log_begin(&e, k->log, err == ERR_OK ? LOG_INFO :
	    LOG_WARNING, S("tls_certificate"))) {
		if (err != ERR_OK) {
			log_str(&e, S("message"), fail_text(&f));
		}
		log_bool(&e, S("kept"), err != ERR_OK);
		log_end(&e);
	}
	arena_free(&a);
}

/* see tls_keeper.h */
const struct tls_identity *
tls_keeper_take(struct tls_keeper *k)
{
	const struct tls_identity *id;

	lock(k);
	id = &k->ids[k->current];
	k->used_n[k->current]++;
	unlock(k);
	return id;
}

/* see tls_keeper.h */
void
tls_keeper_put(struct tls_keeper *k, const struct tls_identity *id)
{
	size_t i = (size_t)(id - k->ids);

	lock(k);
	MUST(k->used_n[i] > 0);
	if (--k->used_n[i] == 0 && i != k->current) {
		wipe(&k->ids[i]);
	}
	unlock(k);
}
