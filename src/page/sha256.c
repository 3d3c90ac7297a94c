/* SPDX-License-Identifier: Apache-2.0 */
/*
 * see sha256.h. The constants are the first bits of the fractional parts of
 * roots of the first primes (FIPS 180-4 4.2.2, 5.3.3), computed here in whole
 * numbers rather than written down.
 */
#include "page/sha256.h"

#include <stdint.h>
#include <string.h>

#define BLOCK_LEN 64
#define ROUND_N 64
#define STATE_N 8

static uint32_t
rotate(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

/* Whether root^2 (cube: root^3) is at most prime * 2^(32 * power). The product
 * is compared in limbs of 32 bits; root < 2^40. */
static int
not_over(uint64_t root, unsigned power, uint32_t prime)
{
	uint32_t product[5] = { 1, 0, 0, 0, 0 };
	unsigned k, i;

	for (k = 0; k < power; k++) {
		uint32_t high[5] = { 0 };
		uint64_t carry = 0;

		for (i = 0; i + 1 < 5; i++) {
			high[i + 1] = product[i];
		}
		/* product * (root mod 2^32) + (product << 32) * (root >> 32) */
		for (i = 0; i < 5; i++) {
			carry += (uint64_t)product[i] * (uint32_t)root +
			    (uint64_t)high[i] * (root >> 32);
			product[i] = (uint32_t)carry;
			carry >>= 32;
		}
	}
	for (i = 4; i > power; i--) {
		if (product[i] != 0) {
			return 0;
		}
	}
	return product[power] < prime;
}

/* The first 32 bits behind the point of the prime's root. */
static uint32_t
root_bits(uint32_t prime, unsigned power)
{
	uint64_t root = 0;
	int bit;

	for (bit = 36; bit >= 0; bit--) {
		if (not_over(root | (uint64_t)1 << bit, power, prime)) {
			root |= (uint64_t)1 << bit;
		}
	}
	return (uint32_t)root;
}

static void
make_constants(uint32_t *k, uint32_t *state)
{
	uint32_t prime = 2;
	unsigned n = 0;

	while (n < ROUND_N) {
		uint32_t d;

		for (d = 2; d < prime && prime % d != 0; d++) {
		}
		if (d == prime) {
			if (n < STATE_N) {
				state[n] = root_bits(prime, 2);
			}
			k[n++] = root_bits(prime, 3);
		}
		prime++;
	}
}

static void
add_block(uint32_t *state, const uint32_t *k, const unsigned char *block)
{
	uint32_t w[ROUND_N];
	uint32_t s[STATE_N];
	unsigned t;

	for (t = 0; t < 16; t++) {
		w[t] = (uint32_t)block[4 * t] << 24 |
		    (uint32_t)block[4 * t + 1] << 16 |
		    (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
	}
	for (t = 16; t < ROUND_N; t++) {
		uint32_t a = w[t - 15];
		uint32_t b = w[t - 2];

		w[t] = w[t - 16] + w[t - 7] +
		    (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
		    (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
	memcpy(s, state, sizeof(s));
	for (t = 0; t < ROUND_N; t++) {
		uint32_t t1 = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^
		    rotate(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) +
		    k[t] + w[t];
		uint32_t t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^
		    rotate(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^
		    (s[1] & s[2]));

		memmove(s + 1, s, (STATE_N - 1) * sizeof(s[0]));
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (t = 0; t < STATE_N; t++) {
		state[t] += s[t];
	}
}

/* see sha256.h */
void
sha256_of(unsigned char out[SHA256_LEN], const void *data, size_t len)
{
	const unsigned char *p = data;
	unsigned char last[2 * BLOCK_LEN] = { 0 };
	size_t whole = len / BLOCK_LEN * BLOCK_LEN;
	size_t rest = len - whole;
	size_t last_len = rest + 9 > BLOCK_LEN ? 2 * BLOCK_LEN : BLOCK_LEN;
	uint32_t k[ROUND_N];
	uint32_t state[STATE_N];
	size_t i;

	make_constants(k, state);
	for (i = 0; i < whole; i += BLOCK_LEN) {
		add_block(state, k, p + i);
	}
	memcpy(last, p + whole, rest);
	last[rest] = 0x80;
	for (i = 0; i < 8; i++) {
		last[last_len - 1 - i] =
		    (unsigned char)((uint64_t)len * 8 >> 8 * i);
	}
	for (i = 0; i < last_len; i += BLOCK_LEN) {
		add_block(state, k, last + i);
	}
	for (i = 0; i < SHA256_LEN; i++) {
		out[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
	}
}
