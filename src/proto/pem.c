/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines are looked at one by one: a bundle of a hundred certificates is read
 * at every start.
 */
#include "proto/pem.h"

#include "base/enc.h"

/* Characters decoded at a time: whole quartets. */
#define PIECE_LEN ((size_t)256)

/* The label of a line "-----BEGIN label-----" (or END), else absent. */
static struct str
label_of(struct str line, struct str begin)
{
	struct str end = S("-----");

	if (!str_starts(line, begin) || !str_ends(line, end) ||
	    line.len < begin.len + end.len) {
		return STR_NONE;
	}
	return str_sub(line, begin.len, line.len - end.len);
}

/* see pem.h */
enum err
pem_next(struct str *rest, struct pem *out)
{
	*out = (struct pem){ .label = STR_NONE };
	while (rest->p != NULL) {
		struct str at = *rest;
		struct str line = str_trim_ws(str_cut(rest, '\n'));

		if (out->label.p == NULL) {
			out->label = label_of(line, S("-----BEGIN "));
			out->body = rest->p != NULL ? *rest : S("");
		} else if (str_starts(line, S("-----"))) {
			struct str label = label_of(line, S("-----END "));

			out->body.len = (size_t)(at.p - out->body.p);
			if (label.p != NULL && str_eq(label, out->label)) {
				return ERR_OK;
			}
			*rest = STR_NONE;
		}
	}
	return out->label.p == NULL ? ERR_MISSING : ERR_SYNTAX;
}

/* see pem.h */
bool
pem_decode(const struct pem *o, struct buf *der)
{
	char piece[PIECE_LEN];
	size_t n = 0;
	bool ended = false;
	bool ok = true;

	for (size_t i = 0; i < o->body.len && ok; i++) {
		char c = o->body.p[i];

		if (c == '\n' || c == '\r' || c == ' ' || c == '\t') {
			continue;
		}
		ok = !ended; /* nothing may follow padding */
		piece[n++] = c;
		if (n == PIECE_LEN) {
			ended = c == '=';
			ok = ok && enc_base64_decode(der, str_of(piece, n));
			n = 0;
		}
	}
	ok = ok && enc_base64_decode(der, str_of(piece, n));
	enc_wipe(piece, sizeof(piece)); /* it may have been a private key */
	return ok;
}
