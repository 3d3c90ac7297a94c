/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inbound authentication: may this request be answered, and who sent it.
 *
 * The ways that are open are chosen by settings; without any, all callers are
 * nobody and everything is answered. What a request presents decides which way
 * is tried: a bearer token is looked up among the static ones, a signature is
 * verified with the keys of callers.
 *
 * Nothing here waits: auth_check() may run on the loop's thread. Nothing that
 * was presented is ever logged or sent back.
 */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/caller.h"
#include "auth/sigv4_in.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "proto/http1.h"

struct auth;

/* The settings, as they were given; absent: not given. */
struct auth_setup {
	const struct sys *sys; /* the machine's, with its files */
	const struct log *log; /* may be NULL */
	struct str enable;     /* "false": off whatever else is set; "true":
	                        * something else has to be set */
	struct str tokens_file; /* ROSTER_TOKENS */
	struct sigv4_in_setup sigv4; /* its sys and log are set here */
};

/* Reads the settings and their files. *out is NULL when authentication is
 * off. ERR_CONFIG with a sentence in f, ERR_NOMEM. */
enum err auth_new(struct auth **out, const struct auth_setup *setup,
    struct arena *a, struct fail *f) MUST_USE;

/* Whether the request, whose whole body is `body`, may be answered. AUTH_OK
 * fills *out, slices in `a`; else *no is filled. */
enum auth_verdict auth_check(struct auth *auth, const struct http1_request *r,
    struct str body, struct arena *a, struct auth_caller *out,
    struct auth_refusal *no);

/* The code whose HTTP status a refusal has. */
enum err auth_err(enum auth_verdict verdict);
/* Appends the value of WWW-Authenticate for a refusal (RFC 6750 3). */
void auth_challenge(const struct auth *auth,
    const struct auth_refusal *no, struct buf *out);

/* The background thread's work: reads changed files. Call it every
 * AUTH_REFRESH_MS. */
void auth_refresh(struct auth *auth);

#endif
