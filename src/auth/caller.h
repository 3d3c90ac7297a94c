/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is calling, and what came of asking: the words that all ways of inbound
 * authentication share, so that what runs behind them need not know which one
 * it was.
 *
 * A verifier looks at one thing a request brought along (a token, a signature,
 * a header) and answers a verdict. AUTH_OK fills a struct auth_caller; any
 * other verdict fills a struct auth_refusal, whose sentence is a constant that
 * may be shown to anybody: it never repeats a byte of what was presented, and
 * may stand between the quotes of a WWW-Authenticate parameter as it is
 * (RFC 6750 3: no quote, no backslash, no control character).
 */
#ifndef AUTH_CALLER_H
#define AUTH_CALLER_H

#include <stddef.h>
#include <stdint.h>

#include "aws/sts.h"
#include "base/str.h"

/* By what the caller was known. */
enum auth_kind {
	AUTH_NOBODY,      /* authentication is off, or stdio */
	AUTH_OIDC,        /* a JWT of an issuer */
	AUTH_TOKEN,       /* a static bearer token */
	AUTH_SIGV4,       /* a request signed with a local key */
	AUTH_STS,         /* a presigned GetCallerIdentity: subject is an ARN */
	AUTH_PROXY,       /* a header of a trusted gateway */
	AUTH_CREDENTIALS  /* AWS credentials of the caller's own */
};

/* What a verifier found, and the status it means. */
enum auth_verdict {
	AUTH_OK,
	AUTH_MISSING,     /* 401 without `error`: nothing was presented */
	AUTH_INVALID,     /* 401 error="invalid_token" */
	AUTH_SCOPE,       /* 403 error="insufficient_scope" */
	AUTH_MALFORMED,   /* 400 error="invalid_request" */
	AUTH_UNAVAILABLE, /* 503: cannot be decided now; come again */
	AUTH_LATER        /* cannot be decided without waiting */
};

/* Slices live as long as the request's arena or the settings. */
struct auth_caller {
	enum auth_kind kind;
	struct str subject;  /* `sub`, a key's or token's label, an ARN */
	struct str issuer;   /* of a JWT; else absent */
	struct str account;  /* AUTH_STS: the caller's AWS account */
	struct str session;  /* AUTH_STS: the ARN as STS has it; the name at the
	                      * end of a session's was chosen by who began it */
	struct str email;    /* absent where nobody vouches for one */
	const struct str *groups;
	size_t group_n;
	const struct str *scopes;
	size_t scope_n;
	int64_t expires_ms;  /* wall clock; 0: does not end */
	struct str token;    /* what was presented, as a slice of the request:
	                      * SECRET, for an exchange at STS only */
	/* Tools and profiles this caller is limited to, as patterns
	 * (str_matches()) of names and of families of tools; NULL: all. */
	const struct str *tools;
	size_t tool_n;
	const struct str *profiles;
	size_t profile_n;
	struct str role_arn; /* to read AWS with; absent: as configured */
	const struct creds_keys *keys; /* AUTH_CREDENTIALS: SECRET, to read AWS
	                      * with; else NULL */
};

/* Why not. */
struct auth_refusal {
	enum auth_verdict verdict;
	struct str why;      /* one sentence; absent for AUTH_MISSING */
	const struct str *scopes; /* AUTH_SCOPE: the ones that are needed */
	size_t scope_n;      /* 0: it is a group that is missing */
	int64_t retry_ms;    /* AUTH_UNAVAILABLE: ask again after so long */
};

#endif
