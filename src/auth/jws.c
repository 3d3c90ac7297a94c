/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#1 v1.5 and ECDSA are BearSSL's. PSS (RFC 8017 9.1.2) is not in the
 * vendored release and stands here, over its public-key operation, with the
 * only parameters JWA knows: MGF1 with the same hash, a salt of its length
 * (RFC 7518 3.5).
 */
#include "auth/jws.h"

#include <bearssl.h>

#define RSA_MAX (JWKS_RSA_MAX_BITS / 8)
#define HASH_MAX 64

struct jws_alg {
	struct str name;
	const br_hash_class *hash;
	size_t hash_len;
	size_t signature_len; /* EC: r and s; 0: as long as the modulus */
	enum jwks_type type;
	bool pss;
	char oid;             /* last byte of the hash's OID */
};

static const struct jws_alg algs[] = {
	{ STR_INIT("RS256"), &br_sha256_vtable, 32, 0, JWKS_RSA, false, 1 },
	{ STR_INIT("RS384"), &br_sha384_vtable, 48, 0, JWKS_RSA, false, 2 },
	{ STR_INIT("RS512"), &br_sha512_vtable, 64, 0, JWKS_RSA, false, 3 },
	{ STR_INIT("PS256"), &br_sha256_vtable, 32, 0, JWKS_RSA, true, 1 },
	{ STR_INIT("ES256"), &br_sha256_vtable, 32, 64, JWKS_P256, false, 1 },
	{ STR_INIT("ES384"), &br_sha384_vtable, 48, 96, JWKS_P384, false, 2 },
};

/* see jws.h */
const struct jws_alg *
jws_alg(struct str name)
{
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		if (str_eq(algs[i].name, name)) {
			return &algs[i];
		}
	}
	return NULL;
}

/* see jws.h */
bool
jws_fits(const struct jws_alg *alg, const struct jwks_key *key)
{
	return key->type == alg->type && (key->alg_len == 0 ||
	    str_eq(str_of(key->alg, key->alg_len), alg->name));
}

/* The digest of up to three pieces. */
static void
digest(const br_hash_class *hash, const struct str *pieces, size_t n,
    uint8_t out[static HASH_MAX])
{
	br_hash_compat_context c;

	hash->init(&c.vtable);
	for (size_t i = 0; i < n; i++) {
		hash->update(&c.vtable, pieces[i].p, pieces[i].len);
	}
	hash->out(&c.vtable, out);
}

static struct str
bytes(const uint8_t *p, size_t len)
{
	return str_of((const char *)p, len);
}

/* XORs MGF1(seed) over p (RFC 8017 B.2.1). */
static void
mask(const struct jws_alg *alg, struct str seed, uint8_t *p, size_t len)
{
	uint8_t counter[4] = { 0, 0, 0, 0 };
	uint8_t h[HASH_MAX];
	struct str pieces[2] = { seed, bytes(counter, sizeof(counter)) };

	for (size_t i = 0; i < len; i++) {
		if (i % alg->hash_len == 0) {
			digest(alg->hash, pieces, 2, h);
			counter[3]++; /* 512 / 32 blocks: never wraps */
		}
		p[i] ^= h[i % alg->hash_len];
	}
}

/* EMSA-PSS-VERIFY over em, which has the length of the modulus; `top` is the
 * modulus's first byte. */
static bool
pss_ok(const struct jws_alg *alg, uint8_t *em, size_t em_len, uint8_t top,
    const uint8_t *hash)
{
	static const char zeros[8];
	size_t h_len = alg->hash_len;
	uint8_t keep = 0xff; /* bits of em[0] that may be set: emBits is one
	                      * less than the bits of the modulus */
	uint8_t again[HASH_MAX];
	size_t db_len;
	size_t pad;
	uint8_t bad;

	if (top == 1) {
		if (em[0] != 0) {
			return false;
		}
		em++;
		em_len--;
	} else {
		for (keep = 1; keep < top / 2; keep = (uint8_t)(keep * 2 + 1)) {
		}
	}
	MUST(em_len >= 2 * h_len + 2);
	db_len = em_len - h_len - 1;
	pad = db_len - h_len - 1;
	bad = (uint8_t)((em[em_len - 1] ^ 0xbc) | (em[0] & ~keep));
	mask(alg, bytes(em + db_len, h_len), em, db_len);
	em[0] &= keep;
	for (size_t i = 0; i < pad; i++) {
		bad |= em[i];
	}
	bad |= em[pad] ^ 1;
	digest(alg->hash, (struct str[]){ str_of(zeros, sizeof(zeros)),
	    bytes(hash, h_len), bytes(em + pad + 1, h_len) }, 3, again);
	return bad == 0 && str_eq_secret(bytes(again, h_len),
	    bytes(em + db_len, h_len));
}

static bool
rsa_ok(const struct jws_alg *alg, const struct jwks_key *key,
    const uint8_t *hash, struct str signature)
{
	unsigned char oid[10] = { 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2,
	    (unsigned char)alg->oid };
	uint8_t n[RSA_MAX];
	uint8_t e[sizeof(key->e)];
	uint8_t out[RSA_MAX];
	br_rsa_public_key pk = { .n = n, .nlen = key->n_len,
	    .e = e, .elen = key->e_len };

	/* BearSSL's struct has no const; it does not write. */
	for (size_t i = 0; i < key->n_len; i++) {
		n[i] = key->n[i];
		out[i] = (uint8_t)signature.p[i];
	}
	for (size_t i = 0; i < key->e_len; i++) {
		e[i] = key->e[i];
	}
	if (!alg->pss) {
		return br_rsa_pkcs1_vrfy_get_default()(
		    (const unsigned char *)signature.p, signature.len, oid,
		    alg->hash_len, &pk, out) == 1 &&
		    str_eq_secret(bytes(out, alg->hash_len),
		    bytes(hash, alg->hash_len));
	}
	return br_rsa_public_get_default()(out, key->n_len, &pk) == 1 &&
	    pss_ok(alg, out, key->n_len, key->n[0], hash);
}

static bool
ec_ok(const struct jws_alg *alg, const struct jwks_key *key,
    const uint8_t *hash, struct str signature)
{
	uint8_t q[2 * 48 + 1];
	br_ec_public_key pk = { .q = q, .qlen = key->n_len,
	    .curve = alg->type == JWKS_P256 ? BR_EC_secp256r1 :
	    BR_EC_secp384r1 };

	for (size_t i = 0; i < key->n_len; i++) {
		q[i] = key->n[i];
	}
	return br_ecdsa_vrfy_raw_get_default()(br_ec_get_default(), hash,
	    alg->hash_len, &pk, signature.p, signature.len) == 1;
}

/* see jws.h */
bool
jws_verify(const struct jws_alg *alg, const struct jwks_key *key,
    struct str signed_bytes, struct str signature)
{
	uint8_t hash[HASH_MAX];
	size_t want = alg->signature_len > 0 ? alg->signature_len :
	    key->n_len;

	if (!jws_fits(alg, key) || signature.len != want) {
		return false;
	}
	digest(alg->hash, &signed_bytes, 1, hash);
	return alg->type == JWKS_RSA ? rsa_ok(alg, key, hash, signature) :
	    ec_ok(alg, key, hash, signature);
}
