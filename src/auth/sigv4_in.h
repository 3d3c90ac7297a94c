/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that callers signed with keys of ours (AWS Signature Version 4 with
 * an Authorization header), as AWS's own MCP proxy signs them: any header may
 * be signed; host, the date and every x-amz-* have to be. The keys stand in a
 * file (ROSTER_KEYS); nobody but AWS could verify a signature made with AWS's.
 *
 * Besides a right signature over method, path, query, headers and body: the
 * scope's region and service are the configured ones, where there are such;
 * the time of signing is at most SIGV4_IN_SKEW_MS away; UNSIGNED-PAYLOAD is
 * refused, because this server speaks http; no session token; and no
 * signature is accepted twice. For that the accepted ones are remembered while
 * they could be used again, SIGV4_IN_SEEN_N at most: above some 25 signed
 * requests a second the oldest are forgotten early.
 *
 * A gateway that changes Host breaks signatures: `host` says what it was. Not
 * supported: signatures in the query, which end up in access logs.
 */
#ifndef AUTH_SIGV4_IN_H
#define AUTH_SIGV4_IN_H

#include "auth/caller.h"
#include "auth/roster.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "proto/http1.h"

struct sigv4_in;

/* All of it outlives the result. */
struct sigv4_in_setup {
	const struct sys *sys;
	const struct log *log; /* may be NULL */
	struct str keys_file;
	struct str region, service; /* of the scope; absent: any */
	struct str host;       /* what callers sign as Host; absent: as sent */
};

/* Reads the keys. Errors as roster_new(). */
enum err sigv4_in_new(struct sigv4_in **out,
    const struct sigv4_in_setup *setup, struct arena *a, struct fail *f)
    MUST_USE;
/* Reads the keys again when the file changed. One thread at a time. */
void sigv4_in_refresh(struct sigv4_in *s);

/* The request's Authorization is a signature, right or wrong. */
bool sigv4_in_is_ours(const struct http1_request *r);
/* Verifies a request and its whole body; never waits. AUTH_OK fills *out, the
 * line of the key without its secret; else *no. */
enum auth_verdict sigv4_in_check(struct sigv4_in *s,
    const struct http1_request *r, struct str body, struct arena *a,
    struct roster_entry *out, struct auth_refusal *no);

#endif
