/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens. An input that begins with '{' is a header, a line feed, claims, a
 * line feed and a signature, from which a token is made: mutations then reach
 * behind the base64. Other inputs are tokens.
 *
 * What parses has the form of a token, stays within its length, and reads the
 * same when padding is allowed as well. Of a made one it is known when it has
 * to parse: two JSON objects without repeated members, `alg` text that is not
 * empty, `kid` and `typ` text or not there. And no prefix of a token, nor a
 * token with a fourth part, is one.
 */
#include "base/buf.h"
#include "base/enc.h"
#include "base/limits.h"
#include "base/must.h"
#include "proto/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool
is_object(struct arena *a, struct str text, struct json **out)
{
	return json_parse(a, text, JSON_REJECT_DUPLICATES, out, NULL) ==
	    ERR_OK && json_is(*out, JSON_OBJECT);
}

static bool
is_text_or_absent(const struct json *v, struct str key)
{
	v = json_get(v, key);
	return v == NULL || json_is(v, JSON_STRING);
}

/* A token of the three parts, and whether it has to parse. */
static struct str
make(struct arena *a, struct str in, bool *good)
{
	struct str header = str_cut(&in, '\n');
	struct str claims = str_cut(&in, '\n');
	struct buf b = buf_in(a, 2 * (header.len + claims.len + in.len) + 16);
	struct json *h, *c;

	*good = is_object(a, header, &h) && is_object(a, claims, &c) &&
	    json_get_str(h, S("alg"), STR_NONE).len > 0 &&
	    is_text_or_absent(h, S("kid")) && is_text_or_absent(h, S("typ"));
	enc_base64url(&b, header);
	buf_add_byte(&b, '.');
	enc_base64url(&b, claims);
	buf_add_byte(&b, '.');
	enc_base64url(&b, in);
	MUST(buf_ok(&b));
	return buf_str(&b);
}

static void
check(struct arena *a, struct str token, const struct jwt *j)
{
	struct str parts[2] = { token, S(".e30") };
	struct jwt again;

	MUST(jwt_is_compact(token) && token.len <= JWT_TOKEN_MAX);
	MUST(j->signature.len <= token.len && j->alg.len > 0);
	MUST(j->signing_input.len < token.len);
	MUST(json_is(j->claims, JSON_OBJECT));
	MUST(jwt_parse(a, token, JWT_PADDED, &again, NULL) == ERR_OK);
	MUST(str_eq(j->signature, again.signature));
	MUST(str_eq(j->signing_input, again.signing_input));
	MUST(jwt_parse(a, j->signing_input, 0, &again, NULL) != ERR_OK);
	MUST(jwt_parse(a, str_join(a, parts, 2), 0, &again, NULL) != ERR_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str in = str_of((const char *)data, len);
	bool made = len > 0 && data[0] == '{';
	bool good = false;
	struct arena a;
	struct jwt j;

	arena_init(&a, JOB_ARENA_CAP);
	if (made) {
		in = make(&a, in, &good);
	}
	if (jwt_parse(&a, in, 0, &j, NULL) == ERR_OK) {
		MUST(!made || good);
		check(&a, in, &j);
	} else {
		MUST(!good || in.len > JWT_TOKEN_MAX);
		(void)!jwt_parse(&a, in, JWT_PADDED, &j, NULL);
	}
	arena_free(&a);
	return 0;
}
