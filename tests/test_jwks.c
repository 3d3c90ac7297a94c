/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key sets. See proto/jwks.h.
 */
#include "proto/jwks.h"

#include "jwt_vectors.h"
#include "test.h"

#define X32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define EC "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 \
	"\",\"y\":\"" X32 "\""

static struct jwks_key keys[JWKS_KEY_MAX_N];

/* Usable keys of a set; on error minus the code. */
static int
count(const char *text)
{
	struct arena a;
	size_t n;
	enum err err;

	arena_init(&a, (size_t)4 * 1024 * 1024);
	err = jwks_parse(&a, str_from_z(text), keys, JWKS_KEY_MAX_N, &n,
	    NULL);
	arena_free(&a);
	return err == ERR_OK ? (int)n : -(int)err;
}

static int
one(const char *members)
{
	char text[4096];

	snprintf(text, sizeof(text), "{\"keys\":[{%s}]}", members);
	return count(text);
}

/* An RSA key whose modulus has `len` base64url characters. */
static int
rsa(size_t len, char first, char last, const char *e)
{
	char n[1024];
	char text[2048];

	memset(n, 'A', len);
	n[0] = first;
	n[len - 1] = last;
	n[len] = '\0';
	snprintf(text, sizeof(text), "\"kty\":\"RSA\",\"n\":\"%s\",\"e\":"
	    "\"%s\"", n, e);
	return one(text);
}

TEST(a_set_of_openssl_is_read_whole)
{
	CHECK_INT(count(JWT_KEYS), 5);
	CHECK_STR(jwks_kid(&keys[0]), S("rsa"));
	CHECK_INT(keys[0].type, JWKS_RSA);
	CHECK_INT(keys[0].n_len, 256);
	CHECK_INT(keys[0].e_len, 3);
	CHECK_INT(keys[1].n_len, 257);
	CHECK_INT(keys[2].n_len, 512);
	CHECK_INT(keys[3].type, JWKS_P256);
	CHECK_INT(keys[3].n_len, 65);
	CHECK_INT(keys[3].n[0], 4);
	CHECK_INT(keys[3].alg_len, 5);
	CHECK_INT(keys[4].n_len, 97);
}

TEST(keys_for_other_uses_are_passed_over)
{
	CHECK_INT(one(EC), 1);
	CHECK_INT(one(EC ",\"use\":\"sig\""), 1);
	CHECK_INT(one(EC ",\"use\":\"enc\""), 0);
	CHECK_INT(one(EC ",\"key_ops\":[\"verify\"]"), 1);
	CHECK_INT(one(EC ",\"key_ops\":[\"sign\"]"), 0);
	CHECK_INT(one(EC ",\"kid\":1"), 0);
	CHECK_INT(one("\"kty\":\"oct\",\"k\":\"AAAA\""), 0);
	CHECK_INT(one("\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X32
	    "\""), 0);
	CHECK_INT(one("\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" X32
	    "\",\"y\":\"" X32 "\""), 0);
	CHECK_INT(one("\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X32 "\""),
	    0);
	CHECK_INT(count("{\"keys\":[1,null,\"a\",[],{}]}"), 0);
}

TEST(rsa_keys_have_2048_to_4096_bits_and_an_odd_exponent)
{
	/* 344 characters are 258 bytes; the first zero byte is dropped. */
	CHECK_INT(rsa(344, '_', 'B', "AQAB"), 1);
	CHECK_INT(rsa(344, 'A', 'B', "AQAB"), 0);
	CHECK_INT(rsa(344, '_', 'A', "AQAB"), 0);
	CHECK_INT(rsa(344, '_', 'B', "AQ"), 0);
	CHECK_INT(rsa(344, '_', 'B', "Aw"), 1);
	CHECK_INT(rsa(344, '_', 'B', "Ag"), 0);
	CHECK_INT(rsa(344, '_', 'B', ""), 0);
	CHECK_INT(rsa(684, '_', 'B', "AQAB"), 0);
	CHECK_INT(rsa(340, '_', 'B', "AQAB"), 0);
}

TEST(what_is_no_set_is_an_error)
{
	CHECK_INT(count("{\"keys\":[]}"), 0);
	CHECK_INT(count("{}"), -ERR_TYPE);
	CHECK_INT(count("[]"), -ERR_TYPE);
	CHECK_INT(count("<html>"), -ERR_SYNTAX);
	CHECK_INT(count("{\"keys\":[],\"keys\":[]}"), -ERR_DUPLICATE);
}
