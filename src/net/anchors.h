/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust anchors: whose signature makes a server's certificate good.
 *
 * Built in is Mozilla's set (roots.h, generated); a PEM file replaces it as a
 * whole, as AWS_CA_BUNDLE does in every SDK. A certificate in such a file that
 * is no CA is trusted as itself, for servers with a self-signed certificate;
 * host name and dates are checked for it as for any other.
 */
#ifndef NET_ANCHORS_H
#define NET_ANCHORS_H

#include <stddef.h>

#include <bearssl.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/sys.h"

struct anchors {
	const br_x509_trust_anchor *list;
	size_t n;
	struct str source; /* "the built-in roots" or the file's name */
};

/* Mozilla's set as BearSSL wants it: makes the array (64 bytes a root) in the
 * arena, keys and names stay in the program. ERR_NOMEM. */
enum err anchors_builtin(struct anchors *out, struct arena *a) MUST_USE;
/* All certificates of a PEM text. `file` and `setting` are for sentences.
 * ERR_CONFIG with the number of the certificate that is at fault; keys of kinds
 * that cannot sign for us are passed over. */
enum err anchors_pem(struct anchors *out, struct arena *a, struct str pem,
    struct str file, struct str setting, struct fail *f) MUST_USE;
/* Reads the file and does anchors_pem(). */
enum err anchors_load(struct anchors *out, struct arena *a,
    const struct sys *sys, struct str file, struct str setting,
    struct fail *f) MUST_USE;

#endif
