/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiled-in trust anchors: the table fits the blob, every name is DER,
 * the program unpacks what the table says, and one root is what its certificate
 * says.
 */
#include "net/roots.c"

#include "net/anchors.h"
#include "test.h"

/* Amazon Root CA 3 (a P-256 key), as published by Amazon Trust Services. */
static const char amazon_root_ca_3[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBtjCCAVugAwIBAgITBmyf1XSXNmY/Owua2eiedgPySjAKBggqhkjOPQQDAjA5\n"
    "MQswCQYDVQQGEwJVUzEPMA0GA1UEChMGQW1hem9uMRkwFwYDVQQDExBBbWF6b24g\n"
    "Um9vdCBDQSAzMB4XDTE1MDUyNjAwMDAwMFoXDTQwMDUyNjAwMDAwMFowOTELMAkG\n"
    "A1UEBhMCVVMxDzANBgNVBAoTBkFtYXpvbjEZMBcGA1UEAxMQQW1hem9uIFJvb3Qg\n"
    "Q0EgMzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCmXp8ZBf8ANm+gBG1bG8lKl\n"
    "ui2yEujSLtf6ycXYqm0fc4E7O5hrOXwzpcVOho6AF2hiRVd9RFgdszflZwjrZt6j\n"
    "QjBAMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgGGMB0GA1UdDgQWBBSr\n"
    "ttvXBp43rDCGB5Fwx5zEGbF4wDAKBggqhkjOPQQDAgNJADBGAiEA4IWSoxe3jfkr\n"
    "BqWTrBqYaGFy+uGh0PsceGCmQ5nFuMQCIQCcAu/xlJyzlvnrxir4tiz+OpAUFteM\n"
    "YyRIHN8wfdVoOw==\n"
    "-----END CERTIFICATE-----\n";

TEST(rows_cover_the_blob_without_gaps)
{
	size_t at = 0;

	CHECK(roots_n > 100);
	for (size_t i = 0; i < roots_n; i++) {
		const struct roots_row *r = &roots_rows[i];

		CHECK_INT(r->at, at);
		CHECK(r->name_len > 10);
		CHECK((r->curve == 0) == (r->exponent_len > 0));
		at += (size_t)r->name_len + r->key_len + r->exponent_len;
		CHECK(at <= roots_len);
	}
	CHECK_INT(at, roots_len);
}

TEST(names_and_keys_have_the_right_shape)
{
	for (size_t i = 0; i < roots_n; i++) {
		const struct roots_row *r = &roots_rows[i];
		const unsigned char *name = roots_blob + r->at;
		const unsigned char *key = name + r->name_len;
		size_t len = name[1];

		/* A SEQUENCE as long as the row says. */
		CHECK_INT(name[0], 0x30);
		len = len < 0x80 ? len + 2 : len == 0x81 ? name[2] + 3U :
		    ((size_t)name[2] << 8) + name[3] + 4;
		CHECK_INT(len, r->name_len);
		switch (r->curve) {
		case 0:
			CHECK(r->key_len >= 256 && r->key_len <= 512);
			CHECK(key[0] != 0 && (key[r->key_len - 1] & 1) == 1);
			break;
		case BR_EC_secp256r1:
			CHECK(r->key_len == 65 && key[0] == 4);
			break;
		case BR_EC_secp384r1:
			CHECK(r->key_len == 97 && key[0] == 4);
			break;
		default:
			CHECK(r->curve == 0);
		}
	}
}

TEST(what_is_unpacked_is_the_table)
{
	struct arena a;
	struct anchors all;

	arena_init(&a, 4 << 20);
	CHECK_INT(anchors_builtin(&all, &a), ERR_OK);
	CHECK_INT(all.n, roots_n);
	for (size_t i = 0; i < roots_n; i++) {
		const br_x509_trust_anchor *t = &all.list[i];
		const struct roots_row *r = &roots_rows[i];
		const char *name = (const char *)roots_blob + r->at;
		const char *key = name + r->name_len;
		bool rsa = r->curve == 0;

		CHECK_STR(str_of((const char *)t->dn.data, t->dn.len),
		    str_of(name, r->name_len));
		CHECK_INT(t->pkey.key_type,
		    rsa ? BR_KEYTYPE_RSA : BR_KEYTYPE_EC);
		if (rsa) {
			CHECK(t->pkey.key.rsa.nlen == r->key_len &&
			    memcmp(t->pkey.key.rsa.n, key, r->key_len) == 0);
			CHECK(t->pkey.key.rsa.elen == r->exponent_len &&
			    memcmp(t->pkey.key.rsa.e, key + r->key_len,
			    r->exponent_len) == 0);
		} else {
			CHECK_INT(t->pkey.key.ec.curve, r->curve);
			CHECK(t->pkey.key.ec.qlen == r->key_len &&
			    memcmp(t->pkey.key.ec.q, key, r->key_len) == 0);
		}
	}
	arena_free(&a);
}

TEST(a_known_root_is_there_bit_by_bit)
{
	struct arena a;
	struct anchors all;
	struct anchors one;
	const br_x509_trust_anchor *want;
	bool found = false;

	arena_init(&a, 4 << 20);
	CHECK_INT(anchors_builtin(&all, &a), ERR_OK);
	CHECK_INT(all.n, roots_n);
	CHECK_INT(anchors_pem(&one, &a, str_from_z(amazon_root_ca_3),
	    S("f"), S("s"), NULL), ERR_OK);
	want = &one.list[0];
	for (size_t i = 0; i < all.n; i++) {
		const br_x509_trust_anchor *t = &all.list[i];

		if (t->dn.len != want->dn.len ||
		    memcmp(t->dn.data, want->dn.data, t->dn.len) != 0) {
			continue;
		}
		found = true;
		CHECK_INT(t->flags, want->flags);
		CHECK_INT(t->pkey.key_type, want->pkey.key_type);
		CHECK_INT(t->pkey.key.ec.curve, want->pkey.key.ec.curve);
		CHECK_INT(t->pkey.key.ec.qlen, want->pkey.key.ec.qlen);
		CHECK(memcmp(t->pkey.key.ec.q, want->pkey.key.ec.q,
		    t->pkey.key.ec.qlen) == 0);
	}
	CHECK(found);
	arena_free(&a);
}

TEST(full_arena_is_an_orderly_error)
{
	struct anchors out;
	struct arena a;

	arena_init(&a, 64);
	CHECK_INT(anchors_builtin(&out, &a), ERR_NOMEM);
	arena_free(&a);
}
