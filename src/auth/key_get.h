/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One GET of a public key or a set of them: over https (loopback excepted),
 * without redirects, bounded in size and time.
 */
#ifndef AUTH_KEY_GET_H
#define AUTH_KEY_GET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/transport.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/sys.h"
#include "proto/url.h"

struct key_get {
	/* in */
	const struct transport *transport;
	struct arena *a;     /* holds the answer */
	struct fail *f;
	size_t body_max;     /* bytes of an answer; more is an error */
	int64_t deadline_ms; /* absolute, monotonic */
	const struct cancel *cancel; /* may be NULL */
	/* out */
	int status;          /* of HTTP; 0: there was no answer */
	int64_t hold_ms;     /* how long the answer may be used, from its
	                      * max-age, OIDC_RENEW_MIN_MS to OIDC_RENEW_MS */
};

/* A URL that keys may come from. */
bool key_get_is_safe(struct str uri, struct url *u) MUST_USE;
/* ERR_CONFIG for a URL that is not safe; ERR_CLOSED for a status other than
 * 200; ERR_NOMEM; what the transport reports. */
enum err key_get(struct key_get *g, struct str uri, struct str *body)
    MUST_USE;

#endif
