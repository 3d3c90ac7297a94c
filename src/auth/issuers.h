/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trusted issuers, from settings: one of each pair of variables, and any
 * number from a JSON file.
 *
 *	{ "issuers": [ {
 *		"issuer": "https://login.example.com/",
 *		"audiences": [ "cloudwatch" ],
 *		"jwks_uri": "https://...",       by discovery where absent
 *		"scopes": [ "metrics.read" ],    all are needed
 *		"groups": [ "sre", "dev" ],      one is needed
 *		"allow": [ {
 *			"group": "sre",          pattern; absent: everybody
 *			"tools": [ "alarms" ],   families, names; absent: all
 *			"profiles": [ "dev-*" ], absent: all
 *			"role_arn": "arn:..."    for calls of this group
 *		} ]
 *	} ] }
 *
 * An issuer with `allow` lets those in that one of its rules is for, with what
 * their rules allow together. A list may also be one string. Members of other
 * names are refused: a misspelt limit would be none.
 */
#ifndef AUTH_ISSUERS_H
#define AUTH_ISSUERS_H

#include <stddef.h>

#include "auth/oidc.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/sys.h"

/* The settings as they were given; absent: not given. */
struct issuers_setup {
	struct str center_issuer, center_client_id; /* AWS_IDENTITY_CENTER_* */
	struct str issuer, audience, jwks_uri, scopes, groups; /* AUTH_* */
	struct str file;       /* AUTH_ISSUERS_FILE */
};

/* A comma-separated list as slices of `text`, without blanks and empty ones.
 * *out is NULL only without memory. */
size_t issuers_split(struct str text, struct arena *a, const struct str **out);

/* The issuers, in the arena; *n is 0 where no setting names one. Two issuers
 * of one name are refused. ERR_CONFIG with a sentence, ERR_NOMEM. */
enum err issuers_read(const struct issuers_setup *setup,
    const struct sys *sys, struct arena *a, struct oidc_issuer **out,
    size_t *n, struct fail *f) MUST_USE;

#endif
