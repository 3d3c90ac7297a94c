/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS credentials as a value: what the chain finds, STS gives out and a
 * signature needs. A type of its own, so that aws/sts.h (which inbound
 * authentication uses too) does not pull in the chain.
 */
#ifndef AWS_KEYS_H
#define AWS_KEYS_H

#include <stdint.h>

#include "base/str.h"

/* The slices belong to whoever filled it in: an arena, as a rule. They are
 * secret except for the access key id, account_id and source. */
struct creds_keys {
	struct str access_key_id;
	struct str secret;     /* secret access key */
	struct str token;      /* session token; absent: a long-term key */
	int64_t expires_ms;    /* wall clock; 0: does not expire */
	struct str account_id; /* twelve digits where known, else absent */
	struct str source;     /* for people: "web identity (role arn:...)" */
};

#endif
