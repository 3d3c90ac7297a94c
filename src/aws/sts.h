/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three calls of the Security Token Service that turn one identity into
 * another or tell who one is: AssumeRole, AssumeRoleWithWebIdentity,
 * GetCallerIdentity.
 *
 * Below the credential chain, so it takes explicit keys (or none) and an
 * endpoint, and sends through a transport by itself: query protocol, version
 * 2011-06-15, XML answers. Three attempts for what is worth repeating
 * (connection, 5xx, throttling, IDPCommunicationError), one more when the
 * answer shows that this machine's clock is wrong.
 *
 * Errors are sentences with the next step in them: which statement of which
 * policy is missing, which claim of the token did not fit. The token itself
 * and the keys never appear in one.
 *
 * AWS Security Token Service API Reference.
 */
#ifndef AWS_STS_H
#define AWS_STS_H

#include <stdint.h>

#include "aws/keys.h"
#include "aws/transport.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"

/* Where and how to call. */
struct sts {
	const struct sys *sys;
	const struct transport *transport;
	const struct log *log; /* may be NULL */
	uint64_t number;       /* of the request in the log; 0: none */
	struct str endpoint; /* URL: "https://sts.eu-west-1.amazonaws.com" */
	struct str region;   /* signing region: "eu-west-1" */
	int64_t deadline_ms; /* absolute, monotonic; for all attempts */
	const struct cancel *cancel; /* may be NULL */
};

/* The role to become. */
struct sts_role {
	struct str arn;
	struct str session_name; /* absent: "cloudwatch-mcp-<epoch>"; letters
	                          * that STS refuses become '-' */
	struct str external_id;  /* absent: not sent; AssumeRole only */
	int64_t duration_s;      /* 0: not sent (one hour) */
	struct str token;        /* the web identity token (a JWT) */
};

/* Who keys belong to. */
struct sts_identity {
	struct str account; /* twelve digits */
	struct str arn;
	struct str user_id;
};

/* AssumeRole, signed with `keys`. *out lives in the arena; its source is left
 * absent. ERR_AWS_ACCESS, ERR_AWS_EXPIRED, ERR_AWS_CLOCK, ERR_AWS_THROTTLED,
 * ERR_AWS_REQUEST, ERR_AWS_SERVICE, ERR_AWS_REPLY, ERR_NOMEM, and what the
 * transport reports. */
enum err sts_assume_role(const struct sts *sts, const struct creds_keys *keys,
    const struct sts_role *role, struct arena *a, struct creds_keys *out,
    struct fail *f) MUST_USE;
/* AssumeRoleWithWebIdentity with role->token: not signed, no keys needed. */
enum err sts_assume_role_web(const struct sts *sts,
    const struct sts_role *role, struct arena *a, struct creds_keys *out,
    struct fail *f) MUST_USE;
/* GetCallerIdentity, which no policy can deny. */
enum err sts_caller_identity(const struct sts *sts,
    const struct creds_keys *keys, struct arena *a, struct sts_identity *out,
    struct fail *f) MUST_USE;

/* The account in an ARN ("arn:aws:iam::123456789012:role/x"), or absent. */
struct str sts_arn_account(struct str arn);

#endif
