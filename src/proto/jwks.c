/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each key is decoded straight into the caller's array; one that turns out to
 * be of no use is overwritten by the next.
 */
#include "proto/jwks.h"

#include "base/buf.h"
#include "base/enc.h"
#include "proto/json.h"

/* Decodes a base64url member as a number without leading zeros; 0: absent,
 * malformed or too long. */
static size_t
number(const struct json *v, struct str key, uint8_t *dst, size_t cap)
{
	uint8_t raw[JWKS_RSA_MAX_BITS / 8 + 1];
	struct buf b = buf_fixed((char *)raw, sizeof(raw));
	size_t skip = 0;

	if (!enc_base64url_decode(&b, json_str(json_get(v, key)))) {
		return 0;
	}
	/* RFC 7518 6.3.1.1 forbids a leading zero; some send it. */
	while (skip < b.len && raw[skip] == 0) {
		skip++;
	}
	if (b.len - skip > cap) {
		return 0;
	}
	for (size_t i = skip; i < b.len; i++) {
		dst[i - skip] = raw[i];
	}
	return b.len - skip;
}

/* Bits of a number whose first byte is not zero. */
static size_t
bits(const uint8_t *p, size_t len)
{
	size_t n = len * 8;

	for (unsigned top = p[0]; top < 128; top *= 2) {
		n--;
	}
	return n;
}

static bool
take_rsa(const struct json *v, struct jwks_key *k)
{
	size_t n = number(v, S("n"), k->n, sizeof(k->n));
	size_t e = number(v, S("e"), k->e, sizeof(k->e));

	k->type = JWKS_RSA;
	k->n_len = (uint16_t)n;
	k->e_len = (uint8_t)e;
	return n > 0 && e > 0 && bits(k->n, n) >= JWKS_RSA_MIN_BITS &&
	    k->n[n - 1] % 2 == 1 && k->e[e - 1] % 2 == 1 &&
	    (e > 1 || k->e[0] >= 3);
}

/* RFC 7518 6.2.1.2: a coordinate has the full length, zeros included. */
static bool
coordinate(const struct json *v, struct str key, uint8_t *dst, size_t len)
{
	struct buf b = buf_fixed((char *)dst, len);

	return enc_base64url_decode(&b, json_str(json_get(v, key))) &&
	    b.len == len;
}

static bool
take_ec(const struct json *v, struct jwks_key *k)
{
	struct str crv = json_str(json_get(v, S("crv")));
	size_t len;

	if (str_eq(crv, S("P-256"))) {
		k->type = JWKS_P256;
		len = 32;
	} else if (str_eq(crv, S("P-384"))) {
		k->type = JWKS_P384;
		len = 48;
	} else {
		return false;
	}
	k->n[0] = 4;
	k->n_len = (uint16_t)(1 + 2 * len);
	return coordinate(v, S("x"), k->n + 1, len) &&
	    coordinate(v, S("y"), k->n + 1 + len, len);
}

/* Copies an optional text member; false: of another type or too long. */
static bool
copy(const struct json *v, struct str key, char *dst, size_t cap,
    uint8_t *len)
{
	const struct json *m = json_get_set(v, key);
	struct str s = json_str(m);

	if ((m != NULL && !json_is(m, JSON_STRING)) || s.len > cap) {
		return false;
	}
	for (size_t i = 0; i < s.len; i++) {
		dst[i] = s.p[i];
	}
	*len = (uint8_t)s.len;
	return true;
}

/* For signatures, as far as the key says what it is for. */
static bool
may_verify(const struct json *v)
{
	const struct json *ops = json_get_set(v, S("key_ops"));
	const struct json *use = json_get_set(v, S("use"));

	if (use != NULL && !str_eq(json_str(use), S("sig"))) {
		return false;
	}
	if (ops == NULL) {
		return true;
	}
	for (const struct json *op = ops->child; op != NULL; op = op->next) {
		if (str_eq(json_str(op), S("verify"))) {
			return true;
		}
	}
	return false;
}

static bool
take(const struct json *v, struct jwks_key *k)
{
	struct str kty = json_str(json_get(v, S("kty")));

	*k = (struct jwks_key){ .type = JWKS_RSA };
	if (!may_verify(v) ||
	    !copy(v, S("kid"), k->kid, sizeof(k->kid), &k->kid_len) ||
	    !copy(v, S("alg"), k->alg, sizeof(k->alg), &k->alg_len)) {
		return false;
	}
	return str_eq(kty, S("RSA")) ? take_rsa(v, k) :
	    str_eq(kty, S("EC")) && take_ec(v, k);
}

/* see jwks.h */
enum err
jwks_parse(struct arena *a, struct str text, struct jwks_key *keys,
    size_t cap, size_t *n, struct fail *f)
{
	struct json *v;
	const struct json *list;
	enum err err = json_parse(a, text, JSON_REJECT_DUPLICATES, &v, f);

	*n = 0;
	if (err != ERR_OK) {
		return err;
	}
	list = json_get(v, S("keys"));
	if (!json_is(list, JSON_ARRAY)) {
		return fail_set(f, ERR_TYPE, 0,
		    S("the key set has no array 'keys'"));
	}
	for (const struct json *k = list->child; k != NULL && *n < cap;
	    k = k->next) {
		*n += take(k, &keys[*n]) ? 1 : 0;
	}
	return ERR_OK;
}
