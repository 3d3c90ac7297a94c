/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens as text. See proto/jwt.h.
 */
#include "proto/jwt.h"

#include "base/limits.h"
#include "jwt_vectors.h"
#include "test.h"

/* {"alg":"a"} . {} */
#define SMALL "eyJhbGciOiJhIn0.e30."

static enum err
parse_with(struct str token, unsigned flags, struct jwt *out, struct arena *a)
{
	struct fail f;

	arena_init(a, JOB_ARENA_CAP);
	fail_init(&f, a);
	return jwt_parse(a, token, flags, out, &f);
}

static enum err
parse(const char *token, unsigned flags)
{
	struct arena a;
	struct jwt j;
	enum err err = parse_with(str_from_z(token), flags, &j, &a);

	arena_free(&a);
	return err;
}

static int
feed(void *ctx, struct str bytes, bool more, char *log, size_t log_size)
{
	struct arena a;
	struct jwt j;
	enum err err = parse_with(bytes, 0, &j, &a);

	(void)ctx;
	if (err == ERR_OK) {
		snprintf(log, log_size, "%.*s %.*s %zu", STR_ARG(j.alg),
		    STR_ARG(j.claims->text), j.signature.len);
	} else {
		snprintf(log, log_size, "%d", (int)err);
	}
	arena_free(&a);
	return err == ERR_OK ? 1 : more ? 0 : -(int)err;
}

TEST(a_token_reads_the_same_five_ways)
{
	/* A prefix of the signature is a token: no way to tell. */
	CHECK(test_five_ways(feed, NULL, S(JWT_ES256_P256), true));
}

TEST(the_parts_of_a_token)
{
	struct arena a;
	struct jwt j;

	CHECK_INT(parse_with(S(JWT_RS256_RSA), 0, &j, &a), ERR_OK);
	CHECK_STR(j.alg, S("RS256"));
	CHECK_STR(j.kid, S("rsa"));
	CHECK(j.typ.p == NULL);
	CHECK_INT(j.signature.len, 256);
	CHECK_STR(json_str(json_get(j.claims, S("sub"))), S("alice"));
	CHECK_STR(j.signing_input, str_sub(S(JWT_RS256_RSA), 0,
	    j.signing_input.len));
	CHECK_INT(JWT_RS256_RSA[j.signing_input.len], '.');
	arena_free(&a);
}

TEST(a_token_has_exactly_three_parts)
{
	CHECK_INT(parse(SMALL, 0), ERR_OK);
	CHECK_INT(parse("", 0), ERR_SYNTAX);
	CHECK_INT(parse("..", 0), ERR_SYNTAX);
	CHECK_INT(parse("eyJhbGciOiJhIn0.e30", 0), ERR_SYNTAX);
	CHECK_INT(parse(SMALL ".", 0), ERR_SYNTAX);
	CHECK_INT(parse(".e30.", 0), ERR_SYNTAX);
	CHECK(jwt_is_compact(S(SMALL)));
	CHECK(!jwt_is_compact(S("a.b")));
	CHECK(!jwt_is_compact(S("a.b.c.d.e")));
	CHECK(!jwt_is_compact(S("a.b.c d")));
	CHECK(!jwt_is_compact(STR_NONE));
}

TEST(base64url_is_strict)
{
	CHECK_INT(parse(SMALL "AA", 0), ERR_OK);
	CHECK_INT(parse(SMALL "AA==", 0), ERR_SYNTAX);
	CHECK_INT(parse(SMALL "AB", 0), ERR_SYNTAX); /* stray bits */
	CHECK_INT(parse(SMALL "A", 0), ERR_SYNTAX);
	CHECK_INT(parse(SMALL "A+", 0), ERR_SYNTAX);
	CHECK_INT(parse(SMALL "AA\n", 0), ERR_SYNTAX);
	CHECK_INT(parse(" " SMALL, 0), ERR_SYNTAX);
}

TEST(padding_is_read_where_it_is_allowed)
{
	CHECK_INT(parse(SMALL "AA==", JWT_PADDED), ERR_OK);
	CHECK_INT(parse(SMALL "AAA=", JWT_PADDED), ERR_OK);
	CHECK_INT(parse(SMALL "AA", JWT_PADDED), ERR_OK);
	CHECK_INT(parse("eyJhbGciOiJhIn0=.e30=.AA==", JWT_PADDED), ERR_OK);
	CHECK_INT(parse(SMALL "AA=", JWT_PADDED), ERR_SYNTAX);
	CHECK_INT(parse(SMALL "AAAA=", JWT_PADDED), ERR_SYNTAX);
	CHECK_INT(parse(SMALL "A===", JWT_PADDED), ERR_SYNTAX);
	CHECK_INT(parse(SMALL "=", JWT_PADDED), ERR_SYNTAX);
	CHECK_INT(parse(SMALL "AA==AA==", JWT_PADDED), ERR_SYNTAX);
}

TEST(headers_of_the_wrong_shape_are_refused)
{
	/* {"alg":1} {} {"alg":""} [] {"alg":"a","kid":1} {"alg":"a","alg":"b"}
	 * {"alg":"a","typ":null} */
	CHECK_INT(parse("eyJhbGciOjF9.e30.", 0), ERR_TYPE);
	CHECK_INT(parse("e30.e30.", 0), ERR_MISSING);
	CHECK_INT(parse("eyJhbGciOiIifQ.e30.", 0), ERR_MISSING);
	CHECK_INT(parse("W10.e30.", 0), ERR_TYPE);
	CHECK_INT(parse("eyJhbGciOiJhIn0.W10.", 0), ERR_TYPE);
	CHECK_INT(parse("eyJhbGciOiJhIiwia2lkIjoxfQ.e30.", 0), ERR_TYPE);
	CHECK_INT(parse("eyJhbGciOiJhIiwiYWxnIjoiYiJ9.e30.", 0),
	    ERR_DUPLICATE);
	CHECK_INT(parse("eyJhbGciOiJhIiwidHlwIjpudWxsfQ.e30.", 0), ERR_TYPE);
}

TEST(a_token_of_16_kib_is_the_longest)
{
	static char big[JWT_TOKEN_MAX + 1];
	struct arena a;
	struct jwt j;
	size_t n = sizeof(SMALL) - 1;

	memset(big, 'A', sizeof(big));
	memcpy(big, SMALL, n);
	CHECK_INT(parse_with(str_of(big, JWT_TOKEN_MAX), 0, &j, &a), ERR_OK);
	arena_free(&a);
	CHECK_INT(parse_with(str_of(big, JWT_TOKEN_MAX + 1), 0, &j, &a),
	    ERR_LIMIT);
	arena_free(&a);
}

static bool
sweep(struct arena *a, void *ctx)
{
	struct jwt j;
	struct fail f;
	enum err err;

	(void)ctx;
	fail_init(&f, a);
	err = jwt_parse(a, S(JWT_RS256_RSA), 0, &j, &f);
	MUST(err == ERR_OK || err == ERR_NOMEM);
	return err == ERR_OK;
}

TEST(every_failing_allocation_is_out_of_memory)
{
	CHECK(test_fail_sweep(sweep, NULL, JOB_ARENA_CAP) > 0);
}
