/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inbound authentication: may this request be answered, who sent it, and what
 * may they do.
 *
 * The ways that are open are chosen by settings; without any, all callers are
 * nobody and everything is answered. What a request presents decides which of
 * them is tried, in this order:
 *
 *	Authorization: AWS4-HMAC-SHA256   a signature with a key of ours
 *	X-AWS-Credentials                 credentials of the caller's own
 *	a token, by its form              k8s-aws-v1. and aws-sigv4-v1. (STS),
 *	                                  JWT of an issuer, credentials,
 *	                                  static token
 *	headers of a trusted gateway
 *
 * A token stands behind "Bearer" in Authorization, or in the header of the
 * setting AUTH_TOKEN_HEADER, which is looked at first: some gateways keep
 * Authorization to themselves.
 *
 * auth_check() never waits and may run on the loop's thread: it knows tokens
 * that were verified lately, and says AUTH_LATER where something would have to
 * be fetched, or a signature of an issuer verified; auth_wait() does that on a
 * worker. Nothing that was presented is ever logged or sent back.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/caller.h"
#include "auth/issuers.h"
#include "auth/oidc.h"
#include "auth/proxy_in.h"
#include "auth/sigv4_in.h"
#include "auth/sts_in.h"
#include "auth/user_role.h"
#include "aws/transport.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "proto/http1.h"

struct auth;

/* The settings, as they were given; absent: not given. All of it outlives the
 * result. */
struct auth_setup {
	const struct sys *sys; /* the machine's, with its files */
	const struct transport *transport; /* to issuers */
	const struct log *log; /* may be NULL */
	struct str enable;     /* "false": off whatever else is set; "true":
	                        * something else has to be set */
	struct issuers_setup issuers;
	struct str token_header; /* AUTH_TOKEN_HEADER */
	struct str tokens_file; /* ROSTER_TOKENS */
	struct sigv4_in_setup sigv4; /* its sys and log are set here */
	struct user_role_setup role; /* the same; its transport leads to STS;
	                        * role_arn absent: callers read with the
	                        * server's keys unless their group has a role */
	struct sts_in_setup sts; /* its sys and log are set here; roles absent:
	                        * this way is closed */
	struct proxy_in_setup proxy; /* what is not a setting is set here */
	bool credentials;      /* callers may bring their own */
};

/* One request, as far as authentication looks at it. */
struct auth_request {
	const struct http1_request *http;
	struct str body;       /* whole */
	struct str peer;       /* address of the client, as text */
	bool tls;              /* encrypted up to this process */
};

/* Reads the settings and their files. *out is NULL when authentication is
 * off. ERR_CONFIG with a sentence in f (also where settings contradict each
 * other), ERR_NOMEM. */
enum err auth_new(struct auth **out, const struct auth_setup *setup,
    struct arena *a, struct fail *f) MUST_USE;

/* Wipes what is remembered of tokens, and callers' keys; auth may be NULL. No
 * other thread may be inside this folder. */
void auth_free(struct auth *auth);

/* Whether the request may be answered. AUTH_OK fills *out, slices in `a`;
 * AUTH_LATER: ask auth_wait(); else *no is filled. */
enum auth_verdict auth_check(struct auth *auth, const struct auth_request *r,
    struct arena *a, struct auth_caller *out, struct auth_refusal *no);
/* The same, and waits; never AUTH_LATER. */
enum auth_verdict auth_wait(struct auth *auth, const struct auth_request *r,
    const struct oidc_want *want, struct arena *a, struct auth_caller *out,
    struct auth_refusal *no);

/* The caller reads AWS with keys of its own, which auth_keys() finds. */
bool auth_has_keys(const struct auth *auth, const struct auth_caller *caller);
/* Those keys, copied into `a`; errors as user_role_keys(). Never the
 * server's. */
enum err auth_keys(struct auth *auth, const struct auth_caller *caller,
    int64_t deadline_ms, const struct cancel *cancel, struct arena *a,
    struct creds_keys *out, struct fail *f) MUST_USE;
/* AWS called them expired. */
void auth_drop_keys(struct auth *auth, struct str access_key_id);

/* The code whose HTTP status a refusal has. */
enum err auth_err(enum auth_verdict verdict);
/* Appends the value of WWW-Authenticate for a refusal (RFC 6750 3, RFC 9728
 * 5.1). `base` is the URL of this server without a path, as clients have it. */
void auth_challenge(const struct auth *auth, const struct auth_refusal *no,
    struct str base, struct buf *out);
/* Writes the protected resource metadata (RFC 9728 3.2) of base + "/mcp";
 * false: tokens of issuers are not taken here, so there is none. */
bool auth_metadata(const struct auth *auth, struct str base,
    struct buf *out);

/* The background thread's work: reads changed files, renews issuers' keys.
 * Returns the monotonic time of the next call, at most AUTH_REFRESH_MS away.
 * cancel (may be NULL) ends it early. */
int64_t auth_refresh(struct auth *auth, const struct cancel *cancel);

#endif
