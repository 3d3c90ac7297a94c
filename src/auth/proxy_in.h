/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callers that somebody in front of this server has authenticated: an API
 * gateway that names them in a header, an Application Load Balancer that signs
 * what it says (auth/alb.h).
 *
 * A header is believed only when the connection comes from one of the named
 * networks (proto/cidr.h); from elsewhere it counts as absent. The gateway has
 * to set the header on every request it lets through, or to take away what the
 * client sent. Where networks are named, the load balancer's signed header is
 * believed from there only, too; without any it is believed from everywhere,
 * because it is verified.
 *
 * A header that comes twice is refused, as is a value that is longer than
 * PROXY_VALUE_MAX or not printable UTF-8. An empty one is absent. Groups are
 * separated by commas.
 */
#ifndef AUTH_PROXY_IN_H
#define AUTH_PROXY_IN_H

#include <stdbool.h>

#include "auth/alb.h"
#include "auth/caller.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "proto/http1.h"

struct proxy_in;

/* The settings, as they were given; absent: not given. All of it outlives the
 * result. */
struct proxy_in_setup {
	struct str networks;      /* comma-separated */
	struct str header;        /* name of the one with the subject */
	struct str email_header;
	struct str groups_header;
	struct alb_setup alb;     /* its arns absent: no load balancer */
};

/* Checks the settings; *out is NULL when none is given. ERR_CONFIG with a
 * sentence in f, ERR_NOMEM. */
enum err proxy_in_new(struct proxy_in **out,
    const struct proxy_in_setup *setup, struct arena *a, struct fail *f)
    MUST_USE;
/* Wipes remembered tokens. No other thread may be inside. */
void proxy_in_free(struct proxy_in *p);

/* Somebody in front, who is believed, named a caller. peer: the address of the
 * connection's other end, as text. */
bool proxy_in_is_ours(const struct proxy_in *p, const struct http1_request *r,
    struct str peer);

/* Decides what can be decided without waiting: for the loop's thread. false:
 * a load balancer's token has to be verified; ask proxy_in_check(). true:
 * *verdict is the answer, and *out or *no is filled as there. */
bool proxy_in_recall(struct proxy_in *p, const struct http1_request *r,
    struct str peer, struct arena *a, enum auth_verdict *verdict,
    struct auth_caller *out, struct auth_refusal *no) MUST_USE;
/* Decides. AUTH_OK fills *out (kind AUTH_PROXY), slices in `a`, in the request
 * and in the settings; else *no. AUTH_MISSING: nobody named a caller; where
 * somebody did who is not believed, AUTH_INVALID. May fetch a key. */
enum auth_verdict proxy_in_check(struct proxy_in *p,
    const struct http1_request *r, struct str peer,
    const struct oidc_want *want, struct arena *a, struct auth_caller *out,
    struct auth_refusal *no) MUST_USE;

#endif
