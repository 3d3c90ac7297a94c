/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of accounts: one document that says which AWS accounts there are,
 * for a server that reaches all of them by a role in each.
 *
 *	region: eu-west-1                  # of profiles without one
 *	profiles:
 *	  prod:
 *	    account_id: "111122223333"
 *	    description: the shop
 *	  data:
 *	    role_arn: arn:aws:iam::444455556666:role/Reader
 *	    region: us-east-1
 *	    external_id: x                 # for AssumeRole
 *
 * The same as JSON (a document that begins with a brace), or, instead of
 * profiles or beside them, the list of the set-up script:
 *
 *	iam:
 *	  role_name: Reader
 *	target_accounts:
 *	- profile: prod
 *	  account_id: "111122223333"
 *
 * Each profile becomes the entries that a config file would have for it:
 * role_arn (built from account_id and the role's name where there is none),
 * web_identity_token_file, role_session_name, region, aws_account_id,
 * description, external_id. A profile that makes no sense has only one entry,
 * "problem" with a sentence, and leaves the others alone. Members with other
 * names are ignored.
 */
#ifndef AWS_ACCOUNTS_H
#define AWS_ACCOUNTS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "proto/ini.h"

/* What the document itself does not say. All may be absent. */
struct accounts_defaults {
	struct str role;       /* the role's name; before that of iam */
	struct str token_file; /* of the web identity that takes the roles */
	struct str region;     /* decides the partition of roles without one */
};

/* Reads a document. ERR_SYNTAX with a sentence: it is no such document, or it
 * has a name twice; ERR_UTF8, ERR_LIMIT, ERR_NOMEM. Slices of the result lie
 * in the document or in the arena. */
enum err accounts_parse(struct arena *a, struct str text,
    const struct accounts_defaults *d, struct ini *out, struct fail *f)
    MUST_USE;

#endif
