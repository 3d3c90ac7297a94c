/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of callers and their secrets: static bearer tokens, signing keys.
 *
 *	file   = *( line LF )
 *	line   = "" / "#" comment
 *	       / label ":" secret [ limits ]                (tokens)
 *	       / label ":" access-key ":" secret [ limits ] (keys)
 *	limits = ":" tools [ ":" profiles ]
 *	label  = 1*64( ALPHA / DIGIT / "-" / "_" / "." / "@" )
 *
 * tools and profiles are patterns, separated by commas, to which the caller is
 * limited ("ci:secret:alarms,get_metric_data:dev-*"); left out or empty: all.
 *
 * Blanks around a line do not count, nor does a CR at its end. A label may
 * stand on several lines, so that the old and the new secret of a caller both
 * work while it changes; a secret or an access key may not. A line with more
 * fields is refused rather than half understood.
 *
 * The file is read again by roster_refresh(), so secrets change without a
 * restart; the new content is taken whole or not at all, and as long as it has
 * a mistake the old one counts. An empty file is content: nobody may call.
 *
 * Finding costs the same for every line, hit or miss: what is presented and
 * what the file has are compared as SHA-256 digests, all of them. The text of
 * a replaced file is wiped. SYS_LOCK_AUTH guards the change and is held for
 * looking and copying only.
 */
#ifndef AUTH_ROSTER_H
#define AUTH_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"

struct roster;

enum roster_kind {
	ROSTER_TOKENS, /* found by the secret */
	ROSTER_KEYS    /* found by the access key */
};

/* What was found, copied into the arena of who asked. */
struct roster_entry {
	struct str label;
	struct str secret; /* ROSTER_KEYS only; SECRET, wipe after use */
	struct str tools, profiles; /* comma-separated; empty: all */
};

/* Reads the file for the first time; `a` lives as long as the result.
 * ERR_CONFIG with a sentence that names file and line, and nothing that stands
 * there; ERR_NOMEM. log may be NULL. */
enum err roster_new(struct roster **out, enum roster_kind kind,
    struct str path, const struct sys *sys, const struct log *log,
    struct arena *a, struct fail *f) MUST_USE;

/* Reads the file again and takes it over if it changed and is in order. What
 * is wrong with it is logged once for each change. One thread at a time. */
void roster_refresh(struct roster *r);

/* Finds a token, or the entry of an access key. false: there is none, or `a`
 * is full. Any thread. */
bool roster_find(struct roster *r, struct str what, struct arena *a,
    struct roster_entry *out) MUST_USE;

#endif
