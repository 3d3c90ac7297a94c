/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS Signature Version 4: sign, presign, parse and verify, as values in and
 * values out. No clock, no key store: time, keys, region and service are
 * arguments.
 *
 * The grammar is that of "Create a signed AWS API request" (IAM User Guide):
 *
 *	canonical request = method LF path LF query LF
 *	                    1*( name ":" value LF ) LF
 *	                    signed-headers LF payload-hash
 *	string to sign    = "AWS4-HMAC-SHA256" LF amz-date LF scope LF
 *	                    hex(sha256(canonical request))
 *	scope             = yyyymmdd "/" region "/" service "/aws4_request"
 *
 * For every service but S3: the path is normalised and encoded once more; the
 * query is decoded, encoded and sorted by name, then value; header names are
 * lower case, values trimmed with inner blanks made one, repeated headers
 * joined with commas. A '+' in a query is itself, not a blank.
 *
 * The verifier compares in constant time and refuses what a signer never
 * makes: repeated or unsorted SignedHeaders, repeated Authorization or date
 * headers, a header form and a query form in one request. Its sentences (in
 * struct fail) are the ones AWS answers with.
 *
 * Not supported: S3's rules, chunked (STREAMING-*) payloads, SigV4A.
 */
#ifndef PROTO_SIGV4_H
#define PROTO_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/enc.h"
#include "base/err.h"
#include "base/str.h"
#include "proto/http1.h"

/* Bytes of a derived signing key. */
#define SIGV4_KEY_LEN ENC_SHA256_LEN

/* What a signature covers. */
struct sigv4_request {
	struct str method;
	struct str path;  /* encoded as on the wire, without query; "" is "/" */
	struct str query; /* encoded as on the wire, no '?'; may be absent */
	const struct http1_header *headers; /* signing: all are signed, Host
	                   * has to be among them; verifying: all that came */
	size_t header_n;
	struct str body;
	bool unsigned_payload; /* sigv4_sign: UNSIGNED-PAYLOAD instead of the
	                   * body's hash, said in x-amz-content-sha256 */
};

struct sigv4_keys {
	struct str access_key;
	struct str secret;
	struct str token;        /* session token; absent: long-term key */
	const uint8_t *derived;  /* SIGV4_KEY_LEN bytes of sigv4_derive() for
	                          * the same scope; NULL: derived here */
};

struct sigv4_scope {
	int64_t time_ms;    /* wall clock, milliseconds since 1970 */
	struct str region;
	struct str service; /* signing name: "monitoring", "logs", "sts" */
};

/* Headers to send besides the signed ones, all in the arena. */
struct sigv4_signed {
	struct http1_header add[4]; /* Authorization, X-Amz-Date, and where they
	                             * apply X-Amz-Security-Token and
	                             * x-amz-content-sha256 */
	size_t add_n;
	struct str canonical;       /* canonical request; see sigv4_redact() */
};

/* Signs with an Authorization header. The headers that *out adds are signed
 * too and must not be among r->headers. ERR_NOMEM, ERR_LIMIT (too many
 * headers or query parameters, secret too long), ERR_SYNTAX (query that does
 * not decode). */
enum err sigv4_sign(struct arena *a, const struct sigv4_request *r,
    const struct sigv4_keys *keys, const struct sigv4_scope *scope,
    struct sigv4_signed *out, struct fail *f) MUST_USE;

/* Signs with query parameters: *query becomes r->query with X-Amz-Algorithm,
 * -Credential, -Date, -Expires, -Security-Token, -SignedHeaders and -Signature
 * added. expires_s is 1..604800 (ERR_LIMIT). Errors as sigv4_sign(). */
enum err sigv4_presign(struct arena *a, const struct sigv4_request *r,
    const struct sigv4_keys *keys, const struct sigv4_scope *scope,
    int64_t expires_s, struct str *query, struct fail *f) MUST_USE;

/* ---- the other side ---- */

/* What a signed request says about its signature; slices of the request, or
 * of the arena for the query form. */
struct sigv4_parsed {
	bool presigned;          /* query form */
	struct str access_key;
	struct str date;         /* yyyymmdd of the scope */
	struct str region;
	struct str service;
	struct str signed_headers; /* "host;x-amz-date", checked to be lower
	                          * case, sorted, without repetition */
	struct str signature;    /* as it came */
	struct str token;        /* x-amz-security-token, or absent */
	struct str amz_date;     /* time of signing, amz-date form */
	int64_t time_ms;         /* the same */
	int64_t expires_s;       /* presigned: X-Amz-Expires; else 0 */
};

/* Reads the signature parts, so that the caller can look the secret up.
 * ERR_SIG_MISSING, ERR_SIG_SYNTAX, ERR_SIG_HEADERS, ERR_SIG_SCOPE (other
 * terminator, date differs from the time of signing), ERR_NOMEM. */
enum err sigv4_parse(struct arena *a, const struct sigv4_request *r,
    struct sigv4_parsed *out, struct fail *f) MUST_USE;

/* What a verifier insists on. */
struct sigv4_policy {
	int64_t now_ms;
	int64_t skew_ms;       /* header form: most distance to now, both ways;
	                        * presigned: how far in the future it may begin.
	                        * AWS: 15 minutes */
	struct str region;     /* absent: any */
	struct str service;    /* absent: any */
	const struct str *require; /* lower-case names that must be signed,
	                        * besides host, date and each x-amz-* sent */
	size_t require_n;
	bool unsigned_payload; /* UNSIGNED-PAYLOAD is accepted */
};

/* What the verifier computed, for AWS's error message and for debugging. */
struct sigv4_check {
	struct str canonical;
	struct str to_sign;
};

/* Verifies r, of which p was parsed, with the keys that the caller found for
 * p->access_key (its token is not looked at: compare p->token if there has to
 * be one). check may be NULL. ERR_OK: the owner of the secret signed exactly
 * this. ERR_SIG_SCOPE, ERR_SIG_KEY (keys of another id), ERR_SIG_HEADERS,
 * ERR_SIG_TIME, ERR_SIG_MISMATCH, ERR_SIG_SYNTAX, ERR_NOMEM, ERR_LIMIT. */
enum err sigv4_verify(struct arena *a, const struct sigv4_request *r,
    const struct sigv4_parsed *p, const struct sigv4_keys *keys,
    const struct sigv4_policy *policy, struct sigv4_check *check,
    struct fail *f) MUST_USE;

/* ---- signing keys ---- */

#define SIGV4_CACHE_N 16

/* Derived keys live a day and cost four HMACs, so they are worth keeping. The
 * owner guards it with a lock of its own; zeroed is empty. */
struct sigv4_cache {
	struct {
		uint8_t id[ENC_SHA256_LEN]; /* hash of secret and scope */
		uint8_t key[SIGV4_KEY_LEN];
		bool set;
	} slots[SIGV4_CACHE_N];
	unsigned next; /* slot to overwrite */
};

/* The signing key of a secret for one day (yyyymmdd), region and service; from
 * the cache (may be NULL) when it is there. ERR_LIMIT: the secret is longer
 * than SIGV4_SECRET_MAX. Wipe `out` after use. */
enum err sigv4_derive(struct sigv4_cache *cache, struct str secret,
    struct str date, struct str region, struct str service,
    uint8_t out[static SIGV4_KEY_LEN]) MUST_USE;

/* Appends a canonical request (or string to sign) for a log: the values of
 * security tokens, signatures and authorization become "***". */
void sigv4_redact(struct buf *out, struct str canonical);

#endif
