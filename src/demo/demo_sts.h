/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STS of the demo account: the query protocol with XML answers, and the
 * temporary keys it gives out.
 *
 * A temporary key is never stored: its secret and token follow from the key
 * and what the token says (expiry, role, session), so that verifying one needs
 * no memory and works after a restart.
 *
 *	token = "demo-session." key "." expiry-ms "." role "." session
 *
 * Not here: policies, tags, MFA. Every role exists and lets everyone in; a web
 * identity token that is "expired" or "invalid" is refused as such.
 */
#ifndef DEMO_DEMO_STS_H
#define DEMO_DEMO_STS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

/* Who asks. */
struct demo_caller {
	struct str access_key;
	struct str secret;
	bool denied;         /* may do nothing but ask who it is */
	struct str role;     /* temporary keys: role and session, else absent */
	struct str session;
	struct str account;  /* of the role; absent: the demo account */
	int64_t expires_ms;  /* temporary keys */
};

/* Finds the keys of an access key and the session token sent with it (absent:
 * none). false: unknown, or the token is not that key's. */
bool demo_sts_caller(struct arena *a, struct str access_key, struct str token,
    struct demo_caller *out) MUST_USE;
/* Appends the caller's ARN. */
void demo_sts_arn(struct buf *b, const struct demo_caller *c);
/* Answers one STS request, whose parameters are `form` (still encoded).
 * Returns the HTTP status; the XML, or JSON where that was asked for, goes to
 * body. */
int demo_sts(struct arena *a, struct str form, bool json,
    const struct demo_caller *caller, int64_t now_ms, struct str request_id,
    struct buf *body);
/* The parameter Action of a form or query; absent when there is none. */
struct str demo_sts_action(struct arena *a, struct str form);
/* Appends an error as STS writes it. */
void demo_sts_error(struct buf *body, struct str code, struct str message,
    struct str request_id);

#endif
