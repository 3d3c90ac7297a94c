/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The credential chain: an ordered table of places where keys may lie, and
 * one walk through it. aws/creds is the only caller; it adds the cache.
 *
 * A provider that finds nothing says so in one clause of run->looked and the
 * walk goes on. One that is configured but broken is an error, and ends it:
 * going on would give the request another identity than the one asked for.
 *
 *	 1 environment        AWS_ACCESS_KEY_ID ... (not with a named profile)
 *	 2 profile files      are they readable, is the profile there
 *	 3 role profile       role_arn with source_profile or credential_source
 *	 4 web identity       IRSA and other OIDC tokens, environment or profile
 *	 5 SSO                refused: this version does not read the SSO cache
 *	 6 credentials file   static keys
 *	 7 login              refused, as SSO
 *	 8 credential_process refused: an image from scratch has no programs
 *	 9 config file        static keys
 *	10 container          ECS, EKS Pod Identity
 *	11 instance           EC2 metadata, IMDSv2
 */
#ifndef AWS_PROVIDER_H
#define AWS_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/keys.h"
#include "aws/profile.h"
#include "aws/transport.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"

/* One walk. The caller fills the first part. */
struct provider_run {
	const struct sys *sys;
	const struct transport *transport;
	const struct log *log;       /* may be NULL */
	struct str profile;          /* never empty */
	bool named;                  /* by the caller or a flag: environment
	                              * keys do not count */
	struct str region;           /* for STS; absent: as configured */
	int64_t deadline_ms;
	const struct cancel *cancel; /* may be NULL */
	struct arena *a;             /* for everything, result included */
	struct fail *f;
	/* state */
	struct profile_set files;
	struct buf looked;           /* clauses, separated by "; " */
};

/* Finds keys. Errors as in creds_get(). */
enum err provider_find(struct provider_run *r, struct creds_keys *out)
    MUST_USE;

/* The region of the EC2 instance this runs on, from its metadata service;
 * absent where there is none, where it does not answer by r->deadline_ms, or
 * where AWS_EC2_METADATA_DISABLED is true. r as for provider_find(), with files
 * loaded. ERR_CONFIG for a setting of the service that makes no sense,
 * ERR_CANCELLED, ERR_NOMEM. */
enum err provider_region(struct provider_run *r, struct str *out) MUST_USE;

/* ---- for the files of the chain only ---- */

/* A place: ERR_OK with *found set, or false after a clause in r->looked. */
typedef enum err (*provider_fn)(struct provider_run *r,
    struct creds_keys *out, bool *found);

/* Adds a clause, by buf_addf()'s rules. */
void provider_looked(struct provider_run *r, const char *fmt, ...);
/* A variable that is set and not empty, else absent. */
struct str provider_env(const struct provider_run *r, struct str name);
/* Keys are visible ASCII of a believable length; anything else is a copying
 * mistake that would break the request. `where` is for the sentence. */
enum err provider_check(struct provider_run *r, const struct creds_keys *k,
    struct str where) MUST_USE;

/* The places a source_profile may draw from: what one profile says, without
 * environment, container and instance. */
enum err provider_base(struct provider_run *r, struct creds_keys *out,
    bool *found) MUST_USE;
/* Writes "<prefix>: <inner sentence>" into r->f, unless inner has none. */
enum err provider_wrap(struct provider_run *r, enum err err,
    const struct fail *inner, struct str prefix);

/* provider.c */
enum err provider_environment(struct provider_run *r, struct creds_keys *out,
    bool *found);
/* provider_profile.c */
enum err provider_role(struct provider_run *r, struct creds_keys *out,
    bool *found);
enum err provider_web_identity(struct provider_run *r, struct creds_keys *out,
    bool *found);
enum err provider_sso(struct provider_run *r, struct creds_keys *out,
    bool *found);
enum err provider_credentials_file(struct provider_run *r,
    struct creds_keys *out, bool *found);
enum err provider_login(struct provider_run *r, struct creds_keys *out,
    bool *found);
enum err provider_process(struct provider_run *r, struct creds_keys *out,
    bool *found);
enum err provider_config_file(struct provider_run *r, struct creds_keys *out,
    bool *found);
/* provider_remote.c */
enum err provider_container(struct provider_run *r, struct creds_keys *out,
    bool *found);
enum err provider_instance(struct provider_run *r, struct creds_keys *out,
    bool *found);

#endif
