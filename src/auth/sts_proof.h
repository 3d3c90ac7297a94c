/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens that are signed requests to STS: their text, read into the request
 * that shall be sent. Pure, and the only reader of these hostile bytes.
 *
 *	token     = presigned / request
 *	presigned = "k8s-aws-v1." BASE64URL( URL )
 *		the form of EKS and aws-iam-authenticator: a presigned GET
 *	request   = "aws-sigv4-v1." BASE64URL( JSON )
 *		a signed POST, in the members that Vault's AWS logins have:
 *		"iam_http_request_method": "POST"
 *		"iam_request_url":     base64 of "https://sts.amazonaws.com/"
 *		"iam_request_body":    base64 of the form
 *			"Action=GetCallerIdentity&Version=2011-06-15"
 *		"iam_request_headers": base64 of a JSON object, or the object:
 *			{name: value} or {name: [value]}
 *		Other members say nothing. base64 has its padding here,
 *		BASE64URL none.
 *
 * Both have to sign the header x-cloudwatch-mcp-id with the server id of this
 * deployment, so that a token for another server is worth nothing here, and
 * one for here is worth nothing elsewhere.
 *
 * What is sent is written anew from what was checked, never passed on:
 * GetCallerIdentity and nothing else; over https; to a host of STS in the
 * configured partition (or the configured endpoint, which is then the only
 * one), which the token's host can only choose among; a presigned URL with the
 * nine parameters such a one has, each once; a form body of exactly the two
 * parameters; only headers that are signed, and of them only those that an AWS
 * SDK sends; our own values of the host and of the server id. The signature has
 * to be at most STS_IN_AGE_MS old, the time for which STS itself accepts it:
 * X-Amz-Expires, at most 900, says less in tokens for EKS, which are used for
 * the 15 minutes all the same.
 */
#ifndef AUTH_STS_PROOF_H
#define AUTH_STS_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/caller.h"
#include "aws/transport.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/str.h"
#include "proto/sigv4.h"
#include "proto/url.h"

/* What the two forms begin with, and the header that both have to sign. */
#define STS_PROOF_PRESIGNED "k8s-aws-v1."
#define STS_PROOF_REQUEST "aws-sigv4-v1."
#define STS_PROOF_HEADER "x-cloudwatch-mcp-id"

/* What is accepted. */
struct sts_proof_policy {
	int64_t now_ms;       /* wall clock */
	struct str server_id; /* the value of STS_PROOF_HEADER */
	const struct url *endpoint; /* the only one; NULL: by these two */
	struct str region;
	bool (*is_sts)(struct str region, struct str host);
};

/* A request to STS; slices of the policy, the token and the arena. */
struct sts_proof {
	struct url url;       /* where: tls, host, port */
	struct str method, target, body;
	struct transport_header headers[STS_IN_HEADER_MAX_N];
	size_t header_n;
	struct sigv4_parsed sig; /* what the token says about its signature,
	                       * which only STS can verify */
};

/* Has only characters from `least` to '~'. */
bool sts_proof_visible(struct str s, char least) MUST_USE;

/* Reads a token. AUTH_OK: *out may be sent. AUTH_INVALID, AUTH_MALFORMED,
 * AUTH_UNAVAILABLE (no memory) with the sentence in *no. */
enum auth_verdict sts_proof_read(const struct sts_proof_policy *policy,
    struct str token, struct arena *a, struct sts_proof *out,
    struct auth_refusal *no) MUST_USE;

#endif
