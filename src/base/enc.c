/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encodings and digests. The base64 decoder looks characters up by comparing,
 * not in a table, so tokens and keys leave no trace in the cache.
 */
#include "base/enc.h"

#include <bearssl_hmac.h>
#include <string.h>

/* see enc.h */
void
enc_sha256_init(struct enc_sha256 *h)
{
	br_sha256_init(&h->state);
}

/* see enc.h */
void
enc_sha256_add(struct enc_sha256 *h, struct str s)
{
	if (s.len > 0) {
		br_sha256_update(&h->state, s.p, s.len);
	}
}

/* see enc.h */
void
enc_sha256_out(const struct enc_sha256 *h, uint8_t out[static ENC_SHA256_LEN])
{
	br_sha256_out(&h->state, out);
}

/* see enc.h */
void
enc_sha256(struct str s, uint8_t out[static ENC_SHA256_LEN])
{
	struct enc_sha256 h;

	enc_sha256_init(&h);
	enc_sha256_add(&h, s);
	enc_sha256_out(&h, out);
}

/* see enc.h */
void
enc_hmac_sha256(struct str key, struct str msg,
    uint8_t out[static ENC_SHA256_LEN])
{
	br_hmac_key_context kc;
	br_hmac_context hc;

	br_hmac_key_init(&kc, &br_sha256_vtable, key.p, key.len);
	br_hmac_init(&hc, &kc, 0);
	if (msg.len > 0) {
		br_hmac_update(&hc, msg.p, msg.len);
	}
	br_hmac_out(&hc, out);
	enc_wipe(&kc, sizeof(kc));
	enc_wipe(&hc, sizeof(hc));
}

/* see enc.h */
void
enc_sha1(struct str s, uint8_t out[static ENC_SHA1_LEN])
{
	br_sha1_context c;

	br_sha1_init(&c);
	if (s.len > 0) {
		br_sha1_update(&c, s.p, s.len);
	}
	br_sha1_out(&c, out);
}

/* see enc.h */
void
enc_wipe(void *p, size_t len)
{
	volatile unsigned char *at = p;

	for (size_t i = 0; i < len; i++) {
		at[i] = 0;
	}
}

/* see enc.h */
void
enc_hex(struct buf *out, struct str s)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < s.len; i++) {
		unsigned byte = (unsigned char)s.p[i];

		buf_add_byte(out, digits[byte >> 4]);
		buf_add_byte(out, digits[byte & 15]);
	}
}

/* Value of a hex digit, or -1. */
static int
hex_value(char c)
{
	if (str_is_digit(c)) {
		return c - '0';
	}
	c = str_lower_byte(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* see enc.h */
bool
enc_hex_decode(struct buf *out, struct str s)
{
	if (s.len % 2 != 0) {
		return false;
	}
	for (size_t i = 0; i < s.len; i += 2) {
		int high = hex_value(s.p[i]);
		int low = hex_value(s.p[i + 1]);

		if (high < 0 || low < 0) {
			return false;
		}
		buf_add_byte(out, (char)(high * 16 + low));
	}
	return buf_ok(out);
}

/* The character for a 6-bit value; the last two differ per alphabet. */
static char
base64_char(unsigned v, bool url)
{
	static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789";

	if (v < 62) {
		return common[v];
	}
	return url ? "-_"[v - 62] : "+/"[v - 62];
}

/* The 6-bit value of a character, or -1. */
static int
base64_value(char c, bool url)
{
	if (c >= 'A' && c <= 'Z') {
		return c - 'A';
	}
	if (c >= 'a' && c <= 'z') {
		return c - 'a' + 26;
	}
	if (c >= '0' && c <= '9') {
		return c - '0' + 52;
	}
	if (c == (url ? '-' : '+')) {
		return 62;
	}
	return c == (url ? '_' : '/') ? 63 : -1;
}

static void
encode(struct buf *out, struct str s, bool url)
{
	for (size_t i = 0; i < s.len; i += 3) {
		size_t n = s.len - i < 3 ? s.len - i : 3;
		unsigned v = 0;

		for (size_t k = 0; k < 3; k++) {
			v = v << 8 | (k < n ? (unsigned char)s.p[i + k] : 0U);
		}
		for (size_t k = 0; k < 4; k++) {
			if (k <= n) {
				buf_add_byte(out, base64_char(
				    v >> (18 - 6 * k) & 63, url));
			} else if (!url) {
				buf_add_byte(out, '=');
			}
		}
	}
}

/* Decodes text without padding. */
static bool
decode(struct buf *out, struct str s, bool url)
{
	unsigned v = 0;
	unsigned bits = 0; /* valid low bits of v */

	if (s.len % 4 == 1) {
		return false;
	}
	for (size_t i = 0; i < s.len; i++) {
		int c = base64_value(s.p[i], url);

		if (c < 0) {
			return false;
		}
		v = (v << 6 | (unsigned)c) & 0xfff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_add_byte(out, (char)(v >> bits & 0xff));
		}
	}
	/* RFC 4648 3.5: left-over bits that are not zero name no byte. */
	return (v & ((1U << bits) - 1)) == 0 && buf_ok(out);
}

/* see enc.h */
void
enc_base64(struct buf *out, struct str s)
{
	encode(out, s, false);
}

/* see enc.h */
void
enc_base64url(struct buf *out, struct str s)
{
	encode(out, s, true);
}

/* Without the '=' that text of whole quartets may end with. */
static struct str
unpadded(struct str s)
{
	size_t pad = 0;

	while (s.len % 4 == 0 && pad < 2 && pad < s.len &&
	    s.p[s.len - 1 - pad] == '=') {
		pad++;
	}
	return str_sub(s, 0, s.len - pad);
}

/* see enc.h */
bool
enc_base64_decode(struct buf *out, struct str s)
{
	return s.len % 4 == 0 && decode(out, unpadded(s), false);
}

/* see enc.h */
bool
enc_base64url_decode(struct buf *out, struct str s)
{
	return decode(out, s, true);
}

/* see enc.h */
bool
enc_base64_either_decode(struct buf *out, struct str s)
{
	bool url = str_find_byte(s, '-', 0) < s.len ||
	    str_find_byte(s, '_', 0) < s.len;

	return decode(out, unpadded(s), url);
}
