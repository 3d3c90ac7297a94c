/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles: ~/.aws/config and ~/.aws/credentials as one table.
 *
 * AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name other files; "~" at
 * their beginning and $NAME or ${NAME} anywhere are expanded. In the config
 * file a profile is [profile x] or [default] ([profile default] beats
 * [default]); in the credentials file every section is one. For a key in both
 * files the credentials file wins. [sso-session x] and [services x] are read
 * through profile_section(). Other sections are ignored.
 *
 * CLOUDWATCH_MCP_ACCOUNTS_FILE (AWS_ACCOUNT_ROLES_FILE) names a list of
 * accounts (aws/accounts.h). A profile in it is taken from it alone, whatever
 * the two files say of that name.
 *
 * Nothing is kept: profile_load() reads the files into the caller's arena, so
 * a changed file is seen by the next load. A file that is not there is no
 * error, one that cannot be read or understood is remembered with its reason
 * and speaks up where somebody needs it.
 *
 * AWS SDKs and Tools Reference Guide, "Shared config and credentials files".
 */
#ifndef AWS_PROFILE_H
#define AWS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/sys.h"
#include "proto/ini.h"

/* One of the files, as this process sees it. */
struct profile_file {
	struct str path;     /* absent: it lies below HOME, which is unset */
	struct str variable; /* name of the variable that moves it */
	struct str setting;  /* that variable's value; absent: unset */
	enum err err;        /* ERR_OK; ERR_FILE_MISSING; ERR_FILE_DENIED;
	                      * ERR_IO; ERR_LIMIT, ERR_SYNTAX: its contents */
	struct str problem;  /* for people; absent when read or missing */
	struct ini ini;      /* empty unless ERR_OK */
};

struct profile_set {
	struct str home;     /* HOME; absent: unset or empty */
	struct profile_file config;
	struct profile_file credentials;
	struct profile_file accounts; /* path absent: none is set */
	bool named_default;  /* the config file has [profile default] */
};

/* Reads the files. Only ERR_NOMEM is an error; what is wrong with a file
 * stands in the set. Slices live in the arena. */
enum err profile_load(const struct sys *sys, struct arena *a,
    struct profile_set *out) MUST_USE;

/* The value of a key of a profile, absent when it has none. Keys are written
 * in lower case. An empty value counts as absent. */
struct str profile_get(const struct profile_set *set, struct str profile,
    struct str key);
/* The same from one file only: [profile x] of the config file, the credentials
 * file, or the list of accounts. */
struct str profile_get_from(const struct profile_set *set,
    const struct profile_file *file, struct str profile, struct str key);
/* The profile is one of the list of accounts. */
bool profile_is_account(const struct profile_set *set, struct str profile);
/* The profile has a section in one of the files, even an empty one. */
bool profile_exists(const struct profile_set *set, struct str profile);
/* The comment behind the profile's section, that of the config file first:
 * "[profile x] # production". Absent: none. */
struct str profile_comment(const struct profile_set *set, struct str profile);
/* A key of [kind name] in the config file, as in [sso-session x]; `sub` is the
 * nested key of [services x] (absent: not nested). Absent when not there. */
struct str profile_section(const struct profile_set *set, struct str kind,
    struct str name, struct str key, struct str sub);
/* All profile names, sorted, each once. ERR_NOMEM. */
enum err profile_list(const struct profile_set *set, struct arena *a,
    struct str **names, size_t *name_n) MUST_USE;

/* The profile of the environment: AWS_PROFILE, else AWS_DEFAULT_PROFILE, else
 * absent. Empty values count as unset. */
struct str profile_from_env(const struct sys *sys);
/* Expands a leading "~" and variables. Unset variables stay as written. With
 * HOME unset a leading "~" gives the absent slice, as does a full arena
 * (a->failed tells). */
struct str profile_expand(const struct sys *sys, struct arena *a,
    struct str path);
/* Records that there is no such profile: which files were read, from where
 * their paths come, what is in them. Returns ERR_PROFILE. */
enum err profile_unknown(const struct profile_set *set, struct arena *a,
    struct str profile, struct fail *f);
/* Appends names, separated by commas; behind PROFILE_NAMED_MAX of them only
 * how many more there are. */
void profile_add_names(struct buf *b, const struct str *names, size_t n);
/* Appends one clause on a file's state: "/x/config holds 3 profiles",
 * "/x/config does not exist (HOME=/x, AWS_CONFIG_FILE unset)", ... */
void profile_describe(const struct profile_set *set,
    const struct profile_file *file, struct arena *a, struct buf *b);

#endif
