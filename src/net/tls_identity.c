/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DER (X.690) as far as private keys need it: definite lengths in their
 * shortest form, up to 65,535 bytes.
 */
#include "net/tls_identity.h"

#include <string.h>

#include "base/buf.h"
#include "base/enc.h"
#include "proto/pem.h"

#define TAG_INTEGER 0x02
#define TAG_OCTETS 0x04
#define TAG_OID 0x06
#define TAG_SEQUENCE 0x30
#define TAG_PARAMETERS 0xa0 /* [0] of ECPrivateKey (RFC 5915 3) */

static const struct str oid_rsa =
    STR_INIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");
static const struct str oid_ec = STR_INIT("\x2a\x86\x48\xce\x3d\x02\x01");
static const struct str oid_p256 =
    STR_INIT("\x2a\x86\x48\xce\x3d\x03\x01\x07");
static const struct str oid_p384 = STR_INIT("\x2b\x81\x04\x00\x22");

/* ---- DER ---- */

/* Cuts an element with this tag off *in. */
static bool
take(struct str *in, unsigned char tag, struct str *out)
{
	const unsigned char *p = (const unsigned char *)in->p;
	size_t head = 2;
	size_t len;

	if (in->len < 2 || p[0] != tag) {
		return false;
	}
	len = p[1];
	if (len == 0x81 && in->len > 2) {
		head = 3;
		len = p[2];
		if (len < 0x80) {
			return false;
		}
	} else if (len == 0x82 && in->len > 3) {
		head = 4;
		len = (size_t)p[2] << 8 | p[3];
		if (len < 0x100) {
			return false;
		}
	} else if (len >= 0x80) {
		return false;
	}
	if (len > in->len - head) {
		return false;
	}
	*out = str_sub(*in, head, head + len);
	*in = str_sub(*in, head + len, in->len);
	return true;
}

/* A positive integer, without its leading zero. */
static bool
take_number(struct str *in, struct str *out)
{
	if (!take(in, TAG_INTEGER, out) || out->len == 0 ||
	    (unsigned char)out->p[0] >= 0x80) {
		return false;
	}
	if (out->p[0] == 0) {
		*out = str_sub(*out, 1, out->len);
	}
	return out->len > 0 && out->p[0] != 0;
}

/* An integer of one byte: versions. */
static bool
take_version(struct str *in, unsigned char max)
{
	struct str s;

	return take(in, TAG_INTEGER, &s) && s.len == 1 &&
	    (unsigned char)s.p[0] <= max;
}

/* ---- keys ---- */

static unsigned char *
bytes(struct str s)
{
	return (unsigned char *)(uintptr_t)s.p;
}

static bool
is_odd(struct str s)
{
	return (s.p[s.len - 1] & 1) != 0;
}

/* RSAPrivateKey (RFC 8017 A.1.2). */
static bool
read_rsa(struct tls_identity *id, struct str der)
{
	struct str seq, n, e, d, p, q, dp, dq, iq;
	unsigned bits;

	if (!take(&der, TAG_SEQUENCE, &seq) || der.len > 0 ||
	    !take_version(&seq, 0) || !take_number(&seq, &n) ||
	    !take_number(&seq, &e) || !take_number(&seq, &d) ||
	    !take_number(&seq, &p) || !take_number(&seq, &q) ||
	    !take_number(&seq, &dp) || !take_number(&seq, &dq) ||
	    !take_number(&seq, &iq) || seq.len > 0) {
		return false;
	}
	bits = (unsigned)n.len * 8;
	for (unsigned top = (unsigned char)n.p[0]; top < 0x80; top <<= 1) {
		bits--;
	}
	/* Factors of about the same size, which is what the library works
	 * with, and odd, as its arithmetic needs. */
	if (bits < JWKS_RSA_MIN_BITS || bits > JWKS_RSA_MAX_BITS ||
	    p.len * 2 > n.len + 8 || q.len * 2 > n.len + 8 ||
	    p.len + q.len < n.len || !is_odd(p) || !is_odd(q) ||
	    dp.len > p.len || dq.len > q.len || iq.len > p.len) {
		return false;
	}
	id->key_type = BR_KEYTYPE_RSA;
	id->rsa = (br_rsa_private_key){ .n_bitlen = bits,
	    .p = bytes(p), .plen = p.len, .q = bytes(q), .qlen = q.len,
	    .dp = bytes(dp), .dplen = dp.len,
	    .dq = bytes(dq), .dqlen = dq.len,
	    .iq = bytes(iq), .iqlen = iq.len };
	return true;
}

/* The curve's number and bytes of a coordinate; 0: another curve. */
static int
curve_of(struct str oid, size_t *len)
{
	*len = str_eq(oid, oid_p256) ? 32 : 48;
	return str_eq(oid, oid_p256) ? BR_EC_secp256r1 :
	    str_eq(oid, oid_p384) ? BR_EC_secp384r1 : 0;
}

/* ECPrivateKey (RFC 5915 3); the curve stands in it, or (PKCS #8) outside. */
static bool
read_ec(struct tls_identity *id, struct str der, struct str curve)
{
	struct str seq, x, parameters;
	size_t len;
	int number;

	if (!take(&der, TAG_SEQUENCE, &seq) || der.len > 0 ||
	    !take_version(&seq, 1) || !take(&seq, TAG_OCTETS, &x)) {
		return false;
	}
	if (take(&seq, TAG_PARAMETERS, &parameters)) {
		struct str inner;

		if (!take(&parameters, TAG_OID, &inner) ||
		    (curve.p != NULL && !str_eq(inner, curve))) {
			return false;
		}
		curve = inner;
	}
	number = curve_of(curve, &len);
	if (number == 0 || x.len != len) {
		return false;
	}
	id->key_type = BR_KEYTYPE_EC;
	id->ec = (br_ec_private_key){ number, bytes(x), x.len };
	return true;
}

/* PrivateKeyInfo (RFC 5958 2). */
static bool
read_pkcs8(struct tls_identity *id, struct str der)
{
	struct str seq, algorithm, oid, curve, inner;

	if (!take(&der, TAG_SEQUENCE, &seq) || der.len > 0 ||
	    !take_version(&seq, 1) ||
	    !take(&seq, TAG_SEQUENCE, &algorithm) ||
	    !take(&algorithm, TAG_OID, &oid) ||
	    !take(&seq, TAG_OCTETS, &inner)) {
		return false;
	}
	if (str_eq(oid, oid_rsa)) {
		return read_rsa(id, inner);
	}
	return str_eq(oid, oid_ec) && take(&algorithm, TAG_OID, &curve) &&
	    read_ec(id, inner, curve);
}

/* Finds the key among the objects of the text. */
static enum err
read_key(struct tls_identity *id, struct str text, struct str name,
    struct fail *f)
{
	struct buf der = buf_in(&id->arena, TLS_FILE_MAX);
	struct pem o;
	bool ok = false;

	while (pem_next(&text, &o) == ERR_OK) {
		bool rsa = str_eq(o.label, S("RSA PRIVATE KEY"));
		bool ec = str_eq(o.label, S("EC PRIVATE KEY"));

		if (!str_ends(o.label, S("PRIVATE KEY"))) {
			continue;
		}
		if (str_starts(o.label, S("ENCRYPTED")) ||
		    str_find(o.body, S("ENCRYPTED"), 0) < o.body.len) {
			return fail_setf(f, ERR_CONFIG, "the key in %s is "
			    "encrypted; store it without a pass phrase and "
			    "readable for this user only", name);
		}
		if (pem_decode(&o, &der)) {
			ok = rsa ? read_rsa(id, buf_str(&der)) :
			    ec ? read_ec(id, buf_str(&der), STR_NONE) :
			    read_pkcs8(id, buf_str(&der));
		}
		if (id->arena.failed) {
			return ERR_NOMEM;
		}
		return ok ? ERR_OK : fail_setf(f, ERR_CONFIG, "the key in %s "
		    "is damaged or of another kind than RSA (2048 to 4096 "
		    "bits), P-256 and P-384", name);
	}
	return fail_setf(f, ERR_CONFIG, "there is no private key in %s; it "
	    "has to be PEM text", name);
}

/* ---- certificates ---- */

static enum err
read_chain(struct tls_identity *id, struct str text, struct str name,
    struct fail *f)
{
	struct pem o;
	enum err err;

	while ((err = pem_next(&text, &o)) == ERR_OK) {
		struct buf der = buf_in(&id->arena, TLS_FILE_MAX);

		if (!str_eq(o.label, S("CERTIFICATE"))) {
			continue;
		}
		if (id->chain_n == TLS_CHAIN_MAX_N) {
			return fail_setf(f, ERR_CONFIG, "%s has more than %u "
			    "certificates", name, (uint64_t)TLS_CHAIN_MAX_N);
		}
		if (!pem_decode(&o, &der)) {
			err = ERR_SYNTAX;
			break;
		}
		id->chain[id->chain_n++] = (br_x509_certificate){
			(unsigned char *)der.p, der.len
		};
	}
	if (id->arena.failed) {
		return ERR_NOMEM;
	}
	if (err != ERR_MISSING) {
		return fail_setf(f, ERR_CONFIG, "certificate number %u in %s "
		    "is damaged", (uint64_t)id->chain_n + 1, name);
	}
	return id->chain_n > 0 ? ERR_OK : fail_setf(f, ERR_CONFIG, "there is "
	    "no certificate in %s; it has to be PEM text with BEGIN "
	    "CERTIFICATE lines", name);
}

/* The certificate's key verifies what the private key signs. */
static bool
proves(const struct tls_identity *id, const br_x509_pkey *pk)
{
	unsigned char signature[JWKS_RSA_MAX_BITS / 8];
	unsigned char hash[ENC_SHA256_LEN] = { 1, 2, 3 };
	unsigned char again[ENC_SHA256_LEN];
	size_t len;

	if (pk->key_type != id->key_type) {
		return false;
	}
	if (id->key_type == BR_KEYTYPE_RSA) {
		len = (id->rsa.n_bitlen + 7) / 8;
		return pk->key.rsa.nlen == len &&
		    br_rsa_pkcs1_sign_get_default()(BR_HASH_OID_SHA256, hash,
		    sizeof(hash), &id->rsa, signature) == 1 &&
		    br_rsa_pkcs1_vrfy_get_default()(signature, len,
		    BR_HASH_OID_SHA256, sizeof(hash), &pk->key.rsa, again) ==
		    1 &&
		    memcmp(hash, again, sizeof(hash)) == 0;
	}
	len = br_ecdsa_sign_asn1_get_default()(br_ec_get_default(),
	    &br_sha256_vtable, hash, &id->ec, signature);
	return pk->key.ec.curve == id->ec.curve && len > 0 &&
	    br_ecdsa_vrfy_asn1_get_default()(br_ec_get_default(), hash,
	    sizeof(hash), &pk->key.ec, signature, len) == 1;
}

/* see tls_identity.h */
enum err
tls_identity_read(struct tls_identity *id, struct str chain,
    struct str chain_name, struct str key, struct str key_name,
    struct fail *f)
{
	br_x509_decoder_context decoder;
	const br_x509_pkey *pk;
	enum err err;

	id->arena.secret = true;
	id->chain_n = 0;
	err = read_chain(id, chain, chain_name, f);
	if (err != ERR_OK) {
		return err;
	}
	br_x509_decoder_init(&decoder, NULL, NULL);
	br_x509_decoder_push(&decoder, id->chain[0].data,
	    id->chain[0].data_len);
	pk = br_x509_decoder_get_pkey(&decoder);
	if (pk == NULL) {
		return fail_setf(f, ERR_CONFIG, "the first certificate in %s "
		    "is damaged or has a key of a kind that is not known "
		    "here", chain_name);
	}
	err = read_key(id, key, key_name, f);
	if (err == ERR_OK && !proves(id, pk)) {
		err = fail_setf(f, ERR_CONFIG, "the key in %s is not that of "
		    "the first certificate in %s; the server's own "
		    "certificate comes first", key_name, chain_name);
	}
	return err;
}
