/* SPDX-License-Identifier: Apache-2.0 */
/* see jwt_maker.h */
#include "jwt_maker.h"

#include <bearssl.h>

#include "base/buf.h"
#include "base/enc.h"
#include "base/must.h"
#include "jwt_vectors.h"

/* see jwt_maker.h */
struct str
jwt_make(struct arena *a, const char *header, const char *claims)
{
	char secret[32];
	struct buf key = buf_fixed(secret, sizeof(secret));
	struct buf t = buf_in(a, (size_t)64 * 1024);
	uint8_t hash[ENC_SHA256_LEN];
	uint8_t sig[64];
	br_ec_private_key sk = { BR_EC_secp256r1, (unsigned char *)secret,
	    32 };

	MUST(enc_hex_decode(&key, S(JWT_P256_PRIVATE)));
	enc_base64url(&t, str_from_z(header));
	buf_add_byte(&t, '.');
	enc_base64url(&t, str_from_z(claims));
	enc_sha256(buf_str(&t), hash);
	MUST(br_ecdsa_i31_sign_raw(br_ec_get_default(), &br_sha256_vtable,
	    hash, &sk, sig) == 64);
	buf_add_byte(&t, '.');
	enc_base64url(&t, enc_bytes(sig, 64));
	MUST(buf_ok(&t));
	return buf_str(&t);
}
