/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DPoP proofs. The curve and the signature are BearSSL's, as TLS uses them;
 * what is added here is the key's text form and the JWT around it.
 */
#include "aws/dpop.h"

#include <bearssl.h>

#include "base/enc.h"
#include "base/limits.h"
#include "proto/json.h"

#define COORDINATE_LEN 32U

/* Decodes the first PEM block into DER. */
static bool
pem_decode(struct str pem, struct buf *der)
{
	size_t begin = str_find(pem, S("PRIVATE KEY-----"), 0);
	struct str rest;
	struct buf text = buf_in(der->a, DPOP_KEY_MAX);

	if (begin == pem.len) {
		return false;
	}
	rest = str_sub(pem, begin + 16, pem.len);
	rest = str_sub(rest, 0, str_find(rest, S("-----END"), 0));
	for (size_t i = 0; i < rest.len; i++) {
		if (rest.p[i] != '\n' && rest.p[i] != '\r') {
			buf_add_byte(&text, rest.p[i]);
		}
	}
	return buf_ok(&text) && enc_base64_decode(der, buf_str(&text));
}

/* Finds the private number. Both forms hold the SEC 1 structure (RFC 5915 3),
 * which begins with version 1 and an octet string of the curve's length; that
 * the curve is P-256 is told by its name, which one of them has outside. */
static bool
find_key(struct str der, br_ec_private_key *key, unsigned char *x)
{
	static const struct str start = STR_INIT("\x02\x01\x01\x04\x20");
	static const struct str curve =
	    STR_INIT("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07");
	size_t at = str_find(der, start, 0) + start.len;

	if (at + COORDINATE_LEN > der.len ||
	    str_find(der, curve, 0) == der.len) {
		return false;
	}
	for (size_t i = 0; i < COORDINATE_LEN; i++) {
		x[i] = (unsigned char)der.p[at + i];
	}
	*key = (br_ec_private_key){ BR_EC_secp256r1, x, COORDINATE_LEN };
	return true;
}

/* Appends "name":"<base64url of a coordinate>" as JSON members x and y. */
static void
put_coordinate(struct json_writer *w, struct buf *scratch, struct str name,
    const unsigned char *p)
{
	buf_clear(scratch);
	enc_base64url(scratch, enc_bytes(p, COORDINATE_LEN));
	json_put_string(w, name, buf_str(scratch));
}

/* Appends the encoded header: the public key q (04 x y) stands in it. */
static void
add_header(struct buf *out, struct buf *scratch, const unsigned char *q)
{
	struct buf b = buf_in(out->a, DPOP_MAX);
	struct json_writer w = json_writer(&b);

	json_begin_object(&w);
	json_put_string(&w, S("typ"), S("dpop+jwt"));
	json_put_string(&w, S("alg"), S("ES256"));
	json_key(&w, S("jwk"));
	json_begin_object(&w);
	json_put_string(&w, S("kty"), S("EC"));
	json_put_string(&w, S("crv"), S("P-256"));
	put_coordinate(&w, scratch, S("x"), q + 1);
	put_coordinate(&w, scratch, S("y"), q + 1 + COORDINATE_LEN);
	json_end_object(&w);
	json_end_object(&w);
	enc_base64url(out, buf_str(&b));
}

static void
add_claims(struct buf *out, struct str method, struct str url,
    const uint8_t id[static 16], int64_t now_ms)
{
	struct buf b = buf_in(out->a, DPOP_MAX);
	struct buf text = buf_in(out->a, 40);
	struct json_writer w = json_writer(&b);

	enc_hex(&text, enc_bytes(id, 16));
	json_begin_object(&w);
	json_put_string(&w, S("jti"), buf_str(&text));
	json_put_string(&w, S("htm"), method);
	json_put_string(&w, S("htu"), url);
	json_put_integer(&w, S("iat"), now_ms / 1000);
	json_end_object(&w);
	enc_base64url(out, buf_str(&b));
}

/* see dpop.h */
enum err
dpop_proof(const struct sys *sys, struct str pem, struct str method,
    struct str url, struct buf *out)
{
	const br_ec_impl *ec = br_ec_get_default();
	struct buf der = buf_in(out->a, DPOP_KEY_MAX);
	struct buf scratch = buf_in(out->a, 64);
	br_ec_private_key key;
	unsigned char x[COORDINATE_LEN];
	unsigned char q[BR_EC_KBUF_PUB_MAX_SIZE];
	unsigned char signature[2 * COORDINATE_LEN];
	uint8_t digest[ENC_SHA256_LEN];
	uint8_t id[16];
	size_t from = out->len;
	enum err err = ERR_SYNTAX;

	if (pem_decode(pem, &der) && find_key(buf_str(&der), &key, x) &&
	    br_ec_compute_pub(ec, NULL, q, &key) == 1 + 2 * COORDINATE_LEN) {
		err = sys->random(sys->ctx, id, sizeof(id));
	}
	if (err == ERR_OK) {
		add_header(out, &scratch, q);
		buf_add_byte(out, '.');
		add_claims(out, method, url, id, sys->now_ms(sys->ctx));
		enc_sha256(str_sub(buf_str(out), from, out->len), digest);
		buf_add_byte(out, '.');
		if (br_ecdsa_sign_raw_get_default()(ec, &br_sha256_vtable,
		    digest, &key, signature) == sizeof(signature)) {
			enc_base64url(out, enc_bytes(signature,
			    sizeof(signature)));
		} else {
			err = ERR_SYNTAX;
		}
	}
	enc_wipe(x, sizeof(x));
	if (der.len > 0) {
		enc_wipe(der.p, der.len);
	}
	return err == ERR_OK && !buf_ok(out) ? ERR_NOMEM : err;
}
