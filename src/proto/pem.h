/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Textual encodings of keys and certificates (RFC 7468).
 *
 *	object = "-----BEGIN " label "-----" LF
 *	         *( base64 LF ) "-----END " label "-----" LF
 *
 * Lines may end with CR LF and have blanks around them; what stands between
 * two objects is for people. Objects do not nest.
 */
#ifndef PROTO_PEM_H
#define PROTO_PEM_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Slices of the text. */
struct pem {
	struct str label; /* "CERTIFICATE", "PUBLIC KEY" */
	struct str body;  /* the lines between, still encoded */
};

/* Cuts the next object off *rest. ERR_MISSING: there is no other; ERR_SYNTAX:
 * it has no end of its own (out->label is set, *rest is absent). */
enum err pem_next(struct str *rest, struct pem *out) MUST_USE;
/* Appends the bytes of an object. false: its lines are not base64 (those of an
 * encrypted key begin with header fields), or der is full. */
bool pem_decode(const struct pem *o, struct buf *der) MUST_USE;

#endif
