/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bearer tokens of OpenID providers: JWT verification (RFC 7519, RFC 8725,
 * RFC 9068) against keys that are fetched, cached and rotated.
 *
 * Accepted are RS256, RS384, RS512, PS256 (RSA keys of 2048 to 4096 bits),
 * ES256 and ES384; never "none", never an HMAC. The key is always one of the
 * configured issuer's: jku, x5u, x5c and jwk in a token are not looked at, crit
 * is refused. A token has to be named for us: `aud` holds one of the issuer's
 * audiences or, when there is no `aud` at all, it is a Cognito access token
 * (token_use "access") whose client_id is one. `exp` is required; exp, nbf and
 * iat have OIDC_LEEWAY_MS of leeway.
 *
 * Keys come from the issuer's jwks_uri, or by discovery
 * (<issuer>/.well-known/openid-configuration, whose `issuer` has to be the same
 * string), over https only, loopback hosts excepted; redirects are not
 * followed. They are renewed in the background, earlier when the answer's
 * max-age says so, kept through outages, and fetched once more for a key id
 * that is not known, at most every OIDC_REFETCH_MS for each issuer.
 *
 * A verified token is remembered for OIDC_TOKEN_HOLD_MS at most, or until it
 * ends: presented again, it is compared byte by byte in constant time with
 * what was verified, which is cheaper than its digest. A key taken back by its
 * issuer therefore counts that long. Remembered tokens are wiped.
 *
 * SYS_LOCK_AUTH guards everything and is held for copying and comparing only,
 * never while something is fetched, verified or waited for.
 */
#ifndef AUTH_OIDC_H
#define AUTH_OIDC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/caller.h"
#include "aws/transport.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"

struct oidc;

/* What members of a group may do. */
struct oidc_grant {
	struct str group;            /* pattern; absent: everybody */
	const struct str *tools;     /* patterns; none listed: all */
	size_t tool_n;
	const struct str *profiles;  /* the same */
	size_t profile_n;
	struct str role_arn;         /* to read AWS with; absent: as set */
};

/* One issuer that is trusted. */
struct oidc_issuer {
	struct str issuer;           /* exactly the `iss` of its tokens */
	struct str jwks_uri;         /* absent: by discovery */
	const struct str *audiences; /* one of them is needed; none listed: no
	                              * token of this issuer is ever accepted */
	size_t audience_n;
	const struct str *scopes;    /* all are needed (scope, scp) */
	size_t scope_n;
	const struct str *groups;    /* one of them is needed (groups,
	                              * cognito:groups, roles) */
	size_t group_n;
	const struct oidc_grant *grants; /* none: its callers may do all */
	size_t grant_n;
};

/* What oidc_new() needs; all of it outlives the result. */
struct oidc_setup {
	const struct sys *sys;
	const struct transport *transport;
	const struct log *log;       /* may be NULL */
	const struct oidc_issuer *issuers;
	size_t issuer_n;             /* 1..OIDC_ISSUER_MAX_N */
};

/* Until when a check may wait for keys, and who may stop it. */
struct oidc_want {
	int64_t deadline_ms;         /* absolute, monotonic */
	const struct cancel *cancel; /* may be NULL */
};

/* Checks the settings (URLs, counts) and allocates in the arena, which lives
 * as long as the result. Fetches nothing. ERR_CONFIG with a sentence in f,
 * ERR_NOMEM. */
enum err oidc_new(struct arena *a, const struct oidc_setup *setup,
    struct oidc **out, struct fail *f) MUST_USE;
/* Wipes the remembered tokens. No other thread may be inside this file. */
void oidc_free(struct oidc *o);

/* The token has the form of a JWT and names an issuer of ours: whether it is
 * worth oidc_check() where other ways of authentication are open too. */
bool oidc_is_ours(const struct oidc *o, struct arena *a, struct str token);

/* The answer for a token that was verified lately, without waiting, locking
 * for long or parsing: for the loop's thread. false: not known, or `a` is
 * full; ask oidc_check(). out is filled only on true. */
bool oidc_recall(struct oidc *o, struct str token, struct arena *a,
    struct auth_caller *out) MUST_USE;

/* Verifies a token (without "Bearer "); empty or absent: AUTH_MISSING. Fills
 * *out on AUTH_OK, with slices in `a`, in the settings, and out->token the
 * token itself; else *no. May fetch keys, and waits for nothing else. */
enum auth_verdict oidc_check(struct oidc *o, struct str token,
    const struct oidc_want *want, struct arena *a, struct auth_caller *out,
    struct auth_refusal *no) MUST_USE;

/* The background thread's work: fetches keys that are missing or due. Returns
 * the monotonic time of the next call. cancel (may be NULL) ends it early. */
int64_t oidc_refresh_due(struct oidc *o, const struct cancel *cancel);

/* State of one issuer's keys, for doctor and readiness. */
struct oidc_state {
	size_t key_n;      /* usable keys at hand */
	int64_t looked_ms; /* monotonic: last good fetch; 0: never */
	enum err err;      /* how the last fetch ended; ERR_AGAIN: none yet */
	struct str why;    /* its sentence, copied into the arena */
};

/* i: number of the issuer in the settings. */
void oidc_state(struct oidc *o, size_t i, struct arena *a,
    struct oidc_state *out);

#endif
