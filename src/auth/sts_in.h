/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callers who prove with AWS credentials who they are, and need no other
 * secret: they sign a GetCallerIdentity request, which nobody but AWS can
 * verify, and hand it over as their bearer token. We send it to STS, which
 * says who signed it. auth/sts_proof.h has the two forms of the token and the
 * rules it has to keep before anything is sent. Redirects are not followed.
 *
 * STS tells an ARN. A session's (arn:aws:sts::A:assumed-role/R/S) stands for
 * its role (arn:aws:iam::A:role/R; STS leaves the role's path out): the caller
 * may come in when either matches one of the patterns, or its account is in
 * them as account:A. Every pattern names its account, because roles of any
 * name can be made in accounts of anybody.
 *
 * Answers of STS are kept for STS_IN_HOLD_MS and not beyond the end that the
 * signature states, refusals for STS_IN_DENIED_MS, failures for
 * STS_IN_DOWN_MS; so a credential taken back counts that long. A token that is
 * presented again is compared as a whole in constant time, which costs a tenth
 * of its digest. While one thread asks about a token, others with the same one
 * wait for its answer: a client begins with several requests at a time, and
 * would get as many calls of STS throttled. At most STS_IN_ASK_MAX_N tokens
 * are asked about at a time, so that strangers can neither hold all workers
 * nor make us flood STS. Kept tokens are wiped when they are replaced.
 *
 * SYS_LOCK_AUTH guards everything and is held for copying and comparing only.
 */
#ifndef AUTH_STS_IN_H
#define AUTH_STS_IN_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/caller.h"
#include "aws/transport.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"

struct sts_in;

/* All of it outlives the result. */
struct sts_in_setup {
	const struct sys *sys;
	const struct transport *transport;
	const struct log *log; /* may be NULL */
	struct str roles;      /* patterns (str_matches()), comma-separated:
	                        * ARNs with their account, account:<id> */
	struct str server_id;  /* value of STS_PROOF_HEADER; visible ASCII */
	struct str region;     /* whose partition tokens may be signed for... */
	bool (*is_sts)(struct str region, struct str host); /* ...as this says
	                        * (endpoint_is_sts) */
	struct str endpoint;   /* URL of a configured STS, in place of these
	                        * two; http on loopback only. Absent: none */
};

/* Until when a check may wait for STS, and who may stop it. */
struct sts_in_want {
	int64_t deadline_ms;         /* absolute, monotonic */
	const struct cancel *cancel; /* may be NULL */
};

/* Checks the settings and allocates in the arena, which lives as long as the
 * result. Sends nothing. ERR_CONFIG with a sentence in f, ERR_NOMEM. */
enum err sts_in_new(const struct sts_in_setup *setup, struct arena *a,
    struct sts_in **out, struct fail *f) MUST_USE;
/* Wipes the kept tokens. No other thread may be inside this file. */
void sts_in_free(struct sts_in *in);

/* The token has one of the two prefixes: no other verifier is meant. */
bool sts_in_is_ours(struct str token);

/* The answer for a token that STS accepted lately, without waiting or
 * parsing: for the loop's thread. false: ask sts_in_check(), or `a` is full.
 * out is filled only on true. */
bool sts_in_recall(struct sts_in *in, struct str token, struct arena *a,
    struct auth_caller *out) MUST_USE;

/* Verifies a token (without "Bearer "). AUTH_OK fills *out: subject is the
 * ARN of the role or user, session the ARN as STS has it, expires_ms the end
 * of the signature; slices in `a`. Else *no is filled. May ask STS, and waits
 * for nothing else. */
enum auth_verdict sts_in_check(struct sts_in *in, struct str token,
    const struct sts_in_want *want, struct arena *a, struct auth_caller *out,
    struct auth_refusal *no) MUST_USE;

#endif
