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
 *	 5 SSO                IAM Identity Center, from the AWS CLI's cache
 *	 6 credentials file   static keys
 *	 7 login              `aws login`, from the AWS CLI's cache
 *	 8 credential_process a program that prints keys
 *	 9 config file        static keys
 *	10 container          ECS, EKS Pod Identity
 *	11 instance           EC2 metadata, IMDSv2
 */
#ifndef AWS_PROVIDER_H
#define AWS_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/endpoint.h"
#include "aws/keys.h"
#include "aws/profile.h"
#include "aws/transport.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/enc.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "proto/json.h"

/* What is remembered of one sign-in file (provider_cache.c). Only the thread
 * that set `busy` touches the rest. */
struct provider_note {
	uint8_t id[ENC_SHA256_LEN];   /* digest of its path */
	uint8_t file[ENC_SHA256_LEN]; /* of the contents that `text` replaces */
	bool busy;
	int64_t tried_ms;             /* monotonic: last renewal; INT64_MIN */
	size_t len;                   /* of text; 0: nothing but the file */
	char text[PROVIDER_NOTE_MAX];
};

/* What one walk leaves for the next: tokens that could not be written back,
 * and the region of this machine. Zeroed but for the arena;
 * SYS_LOCK_CREDENTIALS guards it. */
struct provider_memory {
	struct arena *a; /* for notes, wiped when freed; used under the lock */
	struct provider_note *notes[PROVIDER_NOTE_N];
	bool asked;      /* the instance was asked for its region... */
	char region[AWS_REGION_MAX]; /* ...which is this */
	size_t region_len;
};

/* One walk. The caller fills the first part. */
struct provider_run {
	const struct sys *sys;
	const struct transport *transport;
	const struct log *log;       /* may be NULL */
	struct str profile;          /* never empty */
	bool named;                  /* by the caller or a flag: environment
	                              * keys do not count */
	struct str own;              /* --profile; absent: none */
	struct str region;           /* for STS; absent: as configured */
	int64_t deadline_ms;
	const struct cancel *cancel; /* may be NULL */
	struct provider_memory *memory; /* may be NULL: nothing is kept */
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

/* One call of a service that is not signed. */
struct provider_request {
	const struct endpoint *endpoint;
	struct str method;
	struct str path;         /* behind the endpoint's own: "/token?a=b" */
	struct transport_header header; /* one of its own; name absent: none */
	struct str body;         /* JSON; absent: none */
	bool once;               /* not to be repeated: it uses up a token */
};
/* Sends it, several times where that may help. ERR_OK: *x has an answer of
 * whatever status, or the transport's error; else the run itself is over. */
enum err provider_ask(struct provider_run *r, const struct provider_request *q,
    struct exchange *x) MUST_USE;
/* What is wrong with an answer, in a few words. */
struct str provider_trouble(struct provider_run *r, const struct exchange *x);

/* A sign-in file of the AWS CLI. The caller sets path and zeroes the rest. */
struct provider_cached {
	struct str path;
	struct str text;         /* its contents, or what replaces them */
	struct json *doc;        /* an object */
	uint8_t file[ENC_SHA256_LEN];
	struct provider_note *note;
};
/* One member to be replaced; value absent: as it is. */
struct provider_edit {
	struct str key;
	struct str value;
	bool raw;                /* JSON text, not a string */
};
/* Waits for the turn and reads. ERR_CREDENTIALS: no such file or no JSON
 * object, *why says which; ERR_TIMEOUT, ERR_CANCELLED, ERR_NOMEM. To be closed
 * in every case. */
enum err provider_cache_open(struct provider_run *r, struct provider_cached *c,
    struct str *why) MUST_USE;
/* A renewal may be tried now (once a minute), and counts as tried. */
bool provider_cache_may_try(struct provider_run *r, struct provider_cached *c)
    MUST_USE;
/* Writes the file with these members replaced, or keeps the result in memory
 * where it cannot be written. ERR_NOMEM. */
enum err provider_cache_save(struct provider_run *r, struct provider_cached *c,
    const struct provider_edit *edits, size_t edit_n) MUST_USE;
void provider_cache_close(struct provider_run *r, struct provider_cached *c);

/* The keys this server has of its own, as if there were no list of accounts:
 * what takes the roles of that list where there is no web identity token. */
enum err provider_own(struct provider_run *r, struct creds_keys *out)
    MUST_USE;

/* Splits a credential_process by a shell's quoting rules. ERR_SYNTAX,
 * ERR_LIMIT: *why is a clause on it; ERR_NOMEM. */
enum err provider_words(struct arena *a, struct str command,
    struct str words[static SYS_RUN_ARG_MAX], size_t *word_n, struct str *why)
    MUST_USE;

/* provider.c */
enum err provider_environment(struct provider_run *r, struct creds_keys *out,
    bool *found);
/* provider_profile.c */
enum err provider_role(struct provider_run *r, struct creds_keys *out,
    bool *found);
enum err provider_web_identity(struct provider_run *r, struct creds_keys *out,
    bool *found);
enum err provider_credentials_file(struct provider_run *r,
    struct creds_keys *out, bool *found);
enum err provider_config_file(struct provider_run *r, struct creds_keys *out,
    bool *found);
/* provider_sso.c */
enum err provider_sso(struct provider_run *r, struct creds_keys *out,
    bool *found);
/* provider_login.c */
enum err provider_login(struct provider_run *r, struct creds_keys *out,
    bool *found);
/* provider_process.c */
enum err provider_process(struct provider_run *r, struct creds_keys *out,
    bool *found);
/* provider_remote.c */
enum err provider_container(struct provider_run *r, struct creds_keys *out,
    bool *found);
enum err provider_instance(struct provider_run *r, struct creds_keys *out,
    bool *found);

#endif
