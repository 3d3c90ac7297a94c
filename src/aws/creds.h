/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS credentials: found, cached, and renewed ahead of their expiry.
 *
 * For each profile asked for, creds_get() walks the chain of aws/provider.h
 * and keeps what it found. Keys that expire are renewed by one background
 * thread (creds_refresh_due): from 15 minutes before their end it tries, from
 * 10 minutes on its failures are errors in the log; of shorter lives the last
 * quarter and sixth. Keys without expiry are looked up again after a minute,
 * so that a rotated file is noticed.
 *
 * One thread renews an entry at a time. Others go on with the old keys while
 * those are valid, and wait only when there are none. The lock
 * SYS_LOCK_CREDENTIALS guards the table and is held for copying only, never
 * while something is read, sent or waited for. Memory of old keys is wiped.
 *
 * Which profile: one named by the caller, else --profile, else AWS_PROFILE,
 * else "default". The first two put environment keys out of the game; the
 * last two leave them in front, as the AWS CLI does. Naming "default" where no
 * such profile exists is the same as naming none: models like to do so.
 */
#ifndef AWS_CREDS_H
#define AWS_CREDS_H

#include <stdint.h>

#include "aws/keys.h"
#include "aws/transport.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"

struct creds;
struct meter;

/* What creds_new() needs; slices outlive the result. */
struct creds_setup {
	const struct sys *sys;
	const struct transport *transport;
	const struct log *log; /* may be NULL */
	struct meter *meter;   /* counts look-ups; may be NULL */
	struct str profile;    /* --profile; absent: none */
	struct str region;     /* --region, for STS; absent: as configured */
	size_t fail_at;        /* tests: allocation of a look-up that fails,
	                        * counted from 1; 0: none */
};

/* Until when, and who may stop it. */
struct creds_want {
	int64_t deadline_ms;         /* absolute, monotonic */
	const struct cancel *cancel; /* may be NULL */
};

/* An empty cache in the arena, for at most CREDS_PROFILE_MAX profiles. NULL:
 * out of memory. Looks nothing up. */
struct creds *creds_new(struct arena *a, const struct creds_setup *setup)
    MUST_USE;
/* Wipes all keys and gives the memory of the entries back. No other thread may
 * be inside a function of this file. */
void creds_free(struct creds *c);

/* Keys for a profile (absent or empty: the default one), copied into the
 * arena. ERR_CREDENTIALS: nothing anywhere; the sentence lists each place and
 * what it held. ERR_PROFILE: the profile is missing or cannot work. Else the
 * error of the provider that is configured but broken (the chain stops there),
 * ERR_BUSY (more profiles in use than fit), ERR_TIMEOUT, ERR_CANCELLED,
 * ERR_NOMEM. */
enum err creds_get(struct creds *c, struct str profile,
    const struct creds_want *want, struct arena *a, struct creds_keys *out,
    struct fail *f) MUST_USE;

/* AWS called these keys expired or unknown: the next creds_get() looks them up
 * again. Does nothing when the profile has other keys by now. */
void creds_invalidate(struct creds *c, struct str profile,
    struct str access_key_id);

/* Whether keys of the default profile are at hand, from the cache, at once.
 * ERR_OK, or the last look-up's error with its sentence copied into the arena;
 * ERR_AGAIN before the first one. */
enum err creds_ready(struct creds *c, struct arena *a, struct fail *f)
    MUST_USE;

/* When the keys of the default profile end, wall clock; 0: never, or there are
 * none. At once. */
int64_t creds_expiry(struct creds *c);

/* The background thread's work: renews what is due, looks up the default
 * profile when it is not at hand, forgets profiles that nobody used for an
 * hour. Returns the monotonic time of the next call. Blocks for as long as the
 * look-ups take; cancel (may be NULL) ends it early. */
int64_t creds_refresh_due(struct creds *c, const struct cancel *cancel);

#endif
