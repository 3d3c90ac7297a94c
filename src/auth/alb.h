/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an Application Load Balancer signs after it authenticated a user: the
 * header x-amzn-oidc-data, a JWT with the user's claims.
 *
 * It is a JWT with padding, signed with ES256. Its header names the load
 * balancer (`signer`: has to be exactly one of ours), the client of the user's
 * identity provider (`client`: has to be ours where one is set), its end
 * (`exp`, with OIDC_LEEWAY_MS of leeway; a second one among the claims counts
 * too) and the key (`kid`, a UUID). The claims are those of the identity
 * provider; `sub` is needed.
 *
 * The key is fetched by its id from the load balancer's region:
 *
 *	https://public-keys.auth.elb.<region>.amazonaws.com/<kid>
 *	https://s3-<region>.amazonaws.com/
 *	    aws-elb-public-keys-prod-<region>/<kid>    (GovCloud)
 *
 * A key never changes under its id, so the ALB_KEY_MAX_N used last are kept
 * without end, through outages too. Unknown ones are fetched one at a time and
 * at most every ALB_REFETCH_MS, whoever asks: ids can be made up by anybody.
 *
 * A verified token is remembered (auth/recall.h) for ALB_TOKEN_HOLD_MS.
 * SYS_LOCK_AUTH guards the keys and is held for copying only.
 *
 * Elastic Load Balancing User Guide for Application Load Balancers,
 * "User claims encoding and signature verification".
 */
#ifndef AUTH_ALB_H
#define AUTH_ALB_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/caller.h"
#include "auth/oidc.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define ALB_HEADER S("x-amzn-oidc-data")
/* A point of P-256, uncompressed. */
#define ALB_POINT_LEN 65

struct alb;

/* All of it outlives the result. */
struct alb_setup {
	const struct sys *sys;
	const struct transport *transport;
	const struct log *log; /* may be NULL */
	struct str arns;       /* comma-separated, at least one */
	struct str client_id;  /* absent: any */
	struct str keys_url;   /* where keys are, instead; absent: in AWS */
};

/* Checks the settings. Fetches nothing. ERR_CONFIG with a sentence in f,
 * ERR_NOMEM. */
enum err alb_new(struct alb **out, const struct alb_setup *setup,
    struct arena *a, struct fail *f) MUST_USE;
/* Wipes the remembered tokens. No other thread may be inside this file. */
void alb_free(struct alb *b);

/* The answer for a token that was verified lately; see oidc_recall(). */
bool alb_recall(struct alb *b, struct str token, struct arena *a,
    struct auth_caller *out) MUST_USE;
/* Verifies a token, not empty. AUTH_OK fills *out (kind AUTH_PROXY, issuer the
 * load balancer); else *no. May fetch a key, and waits for nothing else. */
enum auth_verdict alb_check(struct alb *b, struct str token,
    const struct oidc_want *want, struct arena *a, struct auth_caller *out,
    struct auth_refusal *no) MUST_USE;

/* The point of a P-256 key in PEM ("PUBLIC KEY", RFC 5480). false: it is
 * another kind of key, or damaged. */
bool alb_key_parse(struct str pem, uint8_t out[static ALB_POINT_LEN])
    MUST_USE;

#endif
