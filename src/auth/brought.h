/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Temporary AWS credentials that a caller brings along, with which that
 * caller's own calls run: what a browser got at sign-in, as the JSON object
 *
 *	{ "accessKeyId": "ASIA...", "secretAccessKey": "...",
 *	  "sessionToken": "...", "expiresAt": milliseconds or ISO 8601 text,
 *	  "accountId": "123456789012" }
 *
 * in base64 (either alphabet, padded or not), in the header X-AWS-Credentials
 * or as the bearer token; the header wins. accountId may be missing, all else
 * is needed, members of other names do not matter. Long-term keys have no
 * session token and begin with AKIA: they are refused.
 *
 * Nobody verifies them here; AWS does, with the first call. The account id is
 * what the caller says. They are refused where others could read them on the
 * way: the connection has to be TLS, or to come from this machine.
 *
 * Nothing is logged and nothing kept: what is decoded lies in the request's
 * arena, which is wiped with the request, and refusals never repeat it.
 */
#ifndef AUTH_BROUGHT_H
#define AUTH_BROUGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/caller.h"
#include "aws/sts.h"
#include "base/arena.h"
#include "base/str.h"
#include "proto/http1.h"

/* How the request came, and when. */
struct brought_way {
	bool tls;        /* encrypted up to this process */
	struct str peer; /* address of the client, as text */
	int64_t now_ms;  /* wall clock */
};

/* A bearer token of this form, and of no other: base64 of an object in which
 * "accessKeyId" stands. Reads no further than it has to. */
bool brought_is_token(struct str token) MUST_USE;
/* The request has the header, or this is such a token (absent: none). */
bool brought_is_ours(const struct http1_request *r, struct str token)
    MUST_USE;

/* Reads what brought_is_ours() saw; never waits. AUTH_OK fills *out (subject:
 * the account and the last four characters of the key id) and *keys, with
 * slices in `a`, which is marked as secret; else *no. AUTH_MISSING: there is
 * none. */
enum auth_verdict brought_check(const struct http1_request *r,
    struct str token, const struct brought_way *way, struct arena *a,
    struct auth_caller *out, struct creds_keys *keys,
    struct auth_refusal *no) MUST_USE;

#endif
