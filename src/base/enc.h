/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encodings and digests: hex, base64, SHA-256, HMAC-SHA256, and the wiping of
 * secrets. Pure functions over bytes.
 *
 * The digests are BearSSL's; this file is the only one outside net/ and auth/
 * that names them, so the rest of the program sees slices and byte arrays.
 * HMAC-SHA256 here runs in time that depends on lengths only.
 *
 * Decoders are strict, because two texts for the same bytes are two names for
 * the same thing: base64 wants its padding, base64url wants none (RFC 7515
 * 2), and the bits behind the last byte must be zero (RFC 4648 3.5). White
 * space is an error.
 */
#ifndef BASE_ENC_H
#define BASE_ENC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bearssl_hash.h>

#include "base/buf.h"
#include "base/str.h"

#define ENC_SHA256_LEN 32U
#define ENC_SHA256_HEX_LEN 64U
#define ENC_SHA1_LEN 20U

/* SHA-256 over bytes that come in pieces. */
struct enc_sha256 {
	br_sha256_context state;
};

void enc_sha256_init(struct enc_sha256 *h);
void enc_sha256_add(struct enc_sha256 *h, struct str s);
/* The digest of what was added so far; more may be added afterwards. */
void enc_sha256_out(const struct enc_sha256 *h,
    uint8_t out[static ENC_SHA256_LEN]);
/* The digest of one slice. */
void enc_sha256(struct str s, uint8_t out[static ENC_SHA256_LEN]);
/* RFC 2104 with SHA-256. `out` may be the memory that key or msg lie in. */
void enc_hmac_sha256(struct str key, struct str msg,
    uint8_t out[static ENC_SHA256_LEN]);
/* SHA-1, only for names that others fixed: the AWS CLI's SSO cache files.
 * Never for anything that must resist an attacker. */
void enc_sha1(struct str s, uint8_t out[static ENC_SHA1_LEN]);

/* Overwrites memory that held a secret, in a way that is not optimised out. */
void enc_wipe(void *p, size_t len);

/* A byte array as a slice. */
static inline struct str
enc_bytes(const uint8_t *p, size_t len)
{
	return str_of((const char *)p, len);
}

/* Appends lower-case hex digits, two a byte. */
void enc_hex(struct buf *out, struct str s);
/* Appends the bytes; upper and lower case are read. false: odd length or
 * another character (out then holds a part). */
bool enc_hex_decode(struct buf *out, struct str s) MUST_USE;

/* Appends RFC 4648 4 with padding; 5 (URL-safe) without. */
void enc_base64(struct buf *out, struct str s);
void enc_base64url(struct buf *out, struct str s);
/* Append the bytes. false: not exactly that encoding, or out is full (out
 * then holds a part). */
bool enc_base64_decode(struct buf *out, struct str s) MUST_USE;
bool enc_base64url_decode(struct buf *out, struct str s) MUST_USE;
/* The same for text from people and browsers: one of the two alphabets, with
 * its padding or without any. */
bool enc_base64_either_decode(struct buf *out, struct str s) MUST_USE;

#endif
