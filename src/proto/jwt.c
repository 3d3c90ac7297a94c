/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splits first and decodes afterwards, so that no part is decoded of a text
 * that does not have three.
 */
#include "proto/jwt.h"

#include "base/buf.h"
#include "base/enc.h"
#include "base/limits.h"

static bool
is_base64url(struct str s, bool padded)
{
	size_t end = s.len;

	while (padded && end > 0 && s.len - end < 2 && s.p[end - 1] == '=') {
		end--;
	}
	for (size_t i = 0; i < end; i++) {
		if (!str_is_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_') {
			return false;
		}
	}
	return true;
}

/* Cuts the token at its dots. */
static bool
split(struct str token, bool padded, struct str part[static 3])
{
	struct str rest = token;

	for (size_t i = 0; i < 3; i++) {
		if (rest.p == NULL) {
			return false;
		}
		part[i] = str_cut(&rest, '.');
		if (!is_base64url(part[i], padded)) {
			return false;
		}
	}
	return rest.p == NULL && part[0].len > 0 && part[1].len > 0;
}

/* see jwt.h */
bool
jwt_is_compact(struct str token)
{
	struct str part[3];

	return split(token, false, part);
}

static enum err
decode(struct arena *a, struct str s, bool padded, struct str *out,
    struct fail *f)
{
	struct buf b = buf_in(a, JWT_TOKEN_MAX);
	size_t pad_max = padded && s.len % 4 == 0 ? 2 : 0;

	while (pad_max > 0 && s.len > 0 && s.p[s.len - 1] == '=') {
		s.len--;
		pad_max--;
	}
	if (!enc_base64url_decode(&b, s)) {
		return a->failed ? ERR_NOMEM : fail_set(f, ERR_SYNTAX, 0,
		    S("a part of the token is not base64url"));
	}
	*out = buf_str(&b);
	return ERR_OK;
}

/* A header member that is text where it is present. */
static enum err
text(const struct json *header, struct str key, struct str *out,
    struct fail *f)
{
	const struct json *v = json_get(header, key);

	*out = STR_NONE;
	if (v != NULL && !json_is(v, JSON_STRING)) {
		return fail_set(f, ERR_TYPE, 0,
		    S("alg, kid or typ of the token is not text"));
	}
	*out = json_str(v);
	return ERR_OK;
}

static enum err
object(struct arena *a, struct str raw, const struct json **out,
    struct fail *f)
{
	struct json *v;
	enum err err = json_parse(a, raw, JSON_REJECT_DUPLICATES, &v, f);

	if (err != ERR_OK) {
		return err;
	}
	*out = v;
	return json_is(v, JSON_OBJECT) ? ERR_OK : fail_set(f, ERR_TYPE, 0,
	    S("a part of the token is not a JSON object"));
}

/* see jwt.h */
enum err
jwt_parse(struct arena *a, struct str token, unsigned flags, struct jwt *out,
    struct fail *f)
{
	bool padded = (flags & JWT_PADDED) != 0;
	struct str part[3];
	struct str raw[3] = { STR_NONE, STR_NONE, STR_NONE };
	enum err err = ERR_OK;

	if (token.len > JWT_TOKEN_MAX) {
		return fail_set(f, ERR_LIMIT, 0, S("the token is too long"));
	}
	if (!split(token, padded, part)) {
		return fail_set(f, ERR_SYNTAX, 0,
		    S("the token is not three parts of base64url"));
	}
	*out = (struct jwt){ .signing_input = str_sub(token, 0,
	    part[0].len + 1 + part[1].len) };
	for (size_t i = 0; i < 3 && err == ERR_OK; i++) {
		err = decode(a, part[i], padded, &raw[i], f);
	}
	if (err == ERR_OK) {
		out->signature = raw[2];
		err = object(a, raw[0], &out->header, f);
	}
	if (err == ERR_OK) {
		err = object(a, raw[1], &out->claims, f);
	}
	if (err == ERR_OK) {
		err = text(out->header, S("alg"), &out->alg, f);
	}
	if (err == ERR_OK) {
		err = text(out->header, S("kid"), &out->kid, f);
	}
	if (err == ERR_OK) {
		err = text(out->header, S("typ"), &out->typ, f);
	}
	if (err == ERR_OK && out->alg.len == 0) {
		err = fail_set(f, ERR_MISSING, 0, S("the token has no alg"));
	}
	return err;
}
