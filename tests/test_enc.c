/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known answers of FIPS 180-2, RFC 4231 and RFC 4648, and round trips.
 */
#include "test.h"

#include "base/enc.h"

static char memory[4096];

static struct str
hex_of(const uint8_t *p, size_t len)
{
	struct buf b = buf_fixed(memory, sizeof(memory));

	enc_hex(&b, enc_bytes(p, len));
	return buf_str(&b);
}

TEST(sha256_gives_the_published_digests)
{
	uint8_t d[ENC_SHA256_LEN];

	enc_sha256(S(""), d);
	CHECK_STR(hex_of(d, sizeof(d)), S("e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855"));
	enc_sha256(S("abc"), d);
	CHECK_STR(hex_of(d, sizeof(d)), S("ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad"));
}

TEST(sha256_does_not_care_how_its_input_is_cut)
{
	struct str s = S("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnop"
	    "nopqabcdbcdecdefdefgefghfghighijhijk");
	uint8_t whole[ENC_SHA256_LEN];
	uint8_t parts[ENC_SHA256_LEN];

	enc_sha256(s, whole);
	for (size_t i = 0; i <= s.len; i++) {
		struct enc_sha256 h;

		enc_sha256_init(&h);
		enc_sha256_add(&h, str_sub(s, 0, i));
		enc_sha256_out(&h, parts); /* asking early changes nothing */
		enc_sha256_add(&h, str_sub(s, i, s.len));
		enc_sha256_out(&h, parts);
		CHECK(memcmp(whole, parts, sizeof(whole)) == 0);
	}
}

TEST(hmac_gives_the_digests_of_rfc_4231)
{
	uint8_t d[ENC_SHA256_LEN];
	char key[131];

	enc_hmac_sha256(S("Jefe"), S("what do ya want for nothing?"), d);
	CHECK_STR(hex_of(d, sizeof(d)), S("5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843"));
	memset(key, 0xaa, sizeof(key));
	enc_hmac_sha256(str_of(key, sizeof(key)),
	    S("Test Using Larger Than Block-Size Key - Hash Key First"), d);
	CHECK_STR(hex_of(d, sizeof(d)), S("60e431591ee0b67f0d8a26aacbf5b77f"
	    "8e0bc6213728c5140546040f0ee37f54"));
}

TEST(hmac_may_write_over_its_own_key)
{
	uint8_t want[ENC_SHA256_LEN];
	uint8_t d[ENC_SHA256_LEN] = { 1, 2, 3 };

	enc_hmac_sha256(enc_bytes(d, sizeof(d)), S("x"), want);
	enc_hmac_sha256(enc_bytes(d, sizeof(d)), S("x"), d);
	CHECK(memcmp(want, d, sizeof(d)) == 0);
}

TEST(sha1_gives_the_published_digest)
{
	uint8_t d[ENC_SHA1_LEN];

	enc_sha1(S("abc"), d);
	CHECK_STR(hex_of(d, sizeof(d)),
	    S("a9993e364706816aba3e25717850c26c9cd0d89d"));
	enc_sha1(S(""), d);
	CHECK_STR(hex_of(d, sizeof(d)),
	    S("da39a3ee5e6b4b0d3255bfef95601890afd80709"));
}

TEST(hex_reads_back_and_refuses_the_rest)
{
	char m[8];
	struct buf b = buf_fixed(m, sizeof(m));

	CHECK(enc_hex_decode(&b, S("00ffAb")));
	CHECK_STR(buf_str(&b), S("\x00\xff\xab"));
	CHECK(!enc_hex_decode(&b, S("0")));
	CHECK(!enc_hex_decode(&b, S("0g")));
	CHECK(!enc_hex_decode(&b, S(" 0")));
	buf_clear(&b);
	CHECK(!enc_hex_decode(&b, S("000000000000000000")));
}

TEST(base64_gives_the_texts_of_rfc_4648)
{
	static const struct str rows[][3] = {
		{ STR_INIT(""), STR_INIT(""), STR_INIT("") },
		{ STR_INIT("f"), STR_INIT("Zg=="), STR_INIT("Zg") },
		{ STR_INIT("fo"), STR_INIT("Zm8="), STR_INIT("Zm8") },
		{ STR_INIT("foo"), STR_INIT("Zm9v"), STR_INIT("Zm9v") },
		{ STR_INIT("foob"), STR_INIT("Zm9vYg=="), STR_INIT("Zm9vYg") },
		{ STR_INIT("\xfb\xff\xfe"), STR_INIT("+//+"),
		    STR_INIT("-__-") }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char m[32];
		struct buf b = buf_fixed(m, sizeof(m));

		enc_base64(&b, rows[i][0]);
		CHECK_STR(buf_str(&b), rows[i][1]);
		buf_clear(&b);
		enc_base64url(&b, rows[i][0]);
		CHECK_STR(buf_str(&b), rows[i][2]);
		buf_clear(&b);
		CHECK(enc_base64_decode(&b, test_guarded(rows[i][1])));
		CHECK_STR(buf_str(&b), rows[i][0]);
		buf_clear(&b);
		CHECK(enc_base64url_decode(&b, test_guarded(rows[i][2])));
		CHECK_STR(buf_str(&b), rows[i][0]);
	}
}

TEST(base64_takes_one_text_for_one_value_only)
{
	static const struct str bad[] = {
		STR_INIT("Zg"), STR_INIT("Zg="), STR_INIT("Zg==="),
		STR_INIT("Zh=="), STR_INIT("Zm9="), STR_INIT("===="),
		STR_INIT("Z==="), STR_INIT("Zm9v\n"), STR_INIT(" Zm9"),
		STR_INIT("-__-"), STR_INIT("Zg==Zg=="), STR_INIT("Z=g=")
	};
	static const struct str bad_url[] = {
		STR_INIT("Z"), STR_INIT("Zg=="), STR_INIT("Zh"),
		STR_INIT("+//+"), STR_INIT("Zm9vY")
	};
	char m[32];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf b = buf_fixed(m, sizeof(m));

		CHECK(!enc_base64_decode(&b, bad[i]));
	}
	for (size_t i = 0; i < sizeof(bad_url) / sizeof(bad_url[0]); i++) {
		struct buf b = buf_fixed(m, sizeof(m));

		CHECK(!enc_base64url_decode(&b, bad_url[i]));
	}
}

TEST(base64_round_trips_every_length_and_byte)
{
	uint64_t seed = 1;

	for (size_t len = 0; len < 300; len++) {
		char in[300], text[512], back[300];
		struct buf t = buf_fixed(text, sizeof(text));
		struct buf b = buf_fixed(back, sizeof(back));

		for (size_t i = 0; i < len; i++) {
			in[i] = (char)test_random(&seed);
		}
		enc_base64(&t, str_of(in, len));
		CHECK(enc_base64_decode(&b, buf_str(&t)));
		CHECK_STR(buf_str(&b), str_of(in, len));
		buf_clear(&t);
		buf_clear(&b);
		enc_base64url(&t, str_of(in, len));
		CHECK(enc_base64url_decode(&b, buf_str(&t)));
		CHECK_STR(buf_str(&b), str_of(in, len));
	}
}

TEST(wiped_memory_is_zero)
{
	char m[7] = "secret";

	enc_wipe(m, sizeof(m));
	for (size_t i = 0; i < sizeof(m); i++) {
		CHECK_INT(m[i], 0);
	}
}

TEST(base64_of_people_has_one_alphabet_and_may_have_padding)
{
	static const struct {
		const char *text;
		const char *want; /* NULL: refused */
	} cases[] = {
		{ "", "" }, { "aGk=", "hi" }, { "aGk", "hi" },
		{ "aA==", "h" }, { "aA", "h" }, { "aGkh", "hi!" },
		{ "_-_-", "\377\357\376" }, { "/+/+", "\377\357\376" },
		{ "_+_-", NULL }, { "aA=", NULL }, { "aGk==", NULL },
		{ "a===", NULL }, { "aGl", NULL }, { "aGk=\n", NULL },
		{ "a", NULL }, { "=", NULL }, { "====", NULL },
	};
	char text[16];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = buf_fixed(text, sizeof(text));
		bool ok = enc_base64_either_decode(&b,
		    test_guarded(str_from_z(cases[i].text)));

		CHECK_INT(ok, cases[i].want != NULL);
		if (ok) {
			CHECK_STR(buf_str(&b), str_from_z(cases[i].want));
		}
	}
}
