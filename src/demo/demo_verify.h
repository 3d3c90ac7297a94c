/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who signed a request to the demo endpoint, and what AWS answers when nobody
 * did: the same exception names, HTTP status and sentences, which differ
 * between the JSON services and the query protocol of STS.
 *
 * Over proto/sigv4.h, which does the cryptography. AWS tells a client whose
 * signature does not match what it should have signed; so does this.
 */
#ifndef DEMO_DEMO_VERIFY_H
#define DEMO_DEMO_VERIFY_H

#include "base/arena.h"
#include "base/str.h"
#include "demo/demo.h"
#include "demo/demo_sts.h"
#include "proto/sigv4.h"

/* What a request is signed for. */
struct demo_verify {
	struct str service; /* signing name: monitoring, logs, sts */
	struct str region;  /* absent: any that looks like one */
	bool query;         /* query protocol: STS */
	int64_t now_ms;
};

/* A refusal. */
struct demo_denial {
	int status;
	struct str code;    /* exception name */
	struct str message;
};

/* The region of the request's credential scope, unverified; absent when it is
 * not signed. */
struct str demo_verify_region(struct arena *a, const struct demo_request *r);
/* True: *caller signed this request. False: *denial says what to answer. */
bool demo_verify(struct arena *a, const struct demo_request *r,
    const struct demo_verify *want, struct demo_caller *caller,
    struct demo_denial *denial) MUST_USE;

#endif
