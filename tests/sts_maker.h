/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the tokens of auth/sts_in.h, step by step, so that a test can put
 * something else in at each:
 *
 *	sts_maker_init(&m, &arena, now_ms);
 *	token = sts_maker_presigned(&m, sts_maker_url(&m));
 *	token = sts_maker_request(&m, m.method, m.url, m.body,
 *	    sts_maker_headers(&m));
 */
#ifndef TESTS_STS_MAKER_H
#define TESTS_STS_MAKER_H

#include "proto/sigv4.h"

#define STS_MAKER_ID "cw-test"
#define STS_MAKER_HEADER_MAX_N 12

struct sts_maker {
	struct arena *a;
	struct sigv4_keys keys; /* of the demo's reader */
	struct sigv4_scope scope;
	int64_t expires_s;
	struct str base;       /* "https://host" of the presigned URL */
	struct str query;      /* before it is signed */
	struct str method, url, body; /* of the signed request */
	struct http1_header headers[STS_MAKER_HEADER_MAX_N]; /* signed, both
	                        * forms: Host and the server id... */
	size_t header_n;
	size_t own_n;          /* ...and only of the request those from here */
};

/* The usual: for sts.eu-west-1.amazonaws.com, signed at that time. */
void sts_maker_init(struct sts_maker *m, struct arena *a, int64_t now_ms);
/* A presigned URL; the token of any URL. */
struct str sts_maker_url(const struct sts_maker *m);
struct str sts_maker_presigned(const struct sts_maker *m, struct str url);
/* The JSON of signed headers; the token of any of the four parts. */
struct str sts_maker_headers(const struct sts_maker *m);
struct str sts_maker_request(const struct sts_maker *m, struct str method,
    struct str url, struct str body, struct str headers);
/* Both, as a caller would make them. */
struct str sts_maker_token(const struct sts_maker *m, bool presigned);
/* s with the first `from` in it replaced, which must be there. */
struct str sts_maker_edit(const struct sts_maker *m, struct str s,
    struct str from, struct str to);

#endif
