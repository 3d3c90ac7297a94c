/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 of the building machine against BearSSL's. */
#include "test.h"

#include <bearssl_hash.h>

#include "page/sha256.c"

TEST(every_length_has_the_digest_that_bearssl_gives_it)
{
	unsigned char data[300];

	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] = (unsigned char)(i * 167 + 13);
	}
	for (size_t len = 0; len <= sizeof(data); len++) {
		br_sha256_context c;
		unsigned char want[SHA256_LEN];
		unsigned char got[SHA256_LEN];

		br_sha256_init(&c);
		br_sha256_update(&c, data, len);
		br_sha256_out(&c, want);
		sha256_of(got, data, len);
		CHECK(memcmp(got, want, sizeof(got)) == 0);
	}
}
