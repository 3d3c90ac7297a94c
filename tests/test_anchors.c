/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust anchors from PEM files; the compiled-in ones are in test_roots.c.
 */
#include "net/anchors.h"

#include "fake_sys.h"
#include "tls_certs.h"
#include "test.h"

static struct arena arena;
static struct anchors anchors;
static struct fail why;

static enum err
parse(struct str pem)
{
	arena_free(&arena);
	arena_init(&arena, 4 << 20);
	fail_init(&why, &arena);
	return anchors_pem(&anchors, &arena, pem, S("/x.pem"),
	    S("AWS_CA_BUNDLE"), &why);
}

/* Joins texts into one. */
static struct str
join(const char *a, const char *b, const char *c)
{
	static char text[16384];
	int n = snprintf(text, sizeof(text), "%s%s%s", a, b, c);

	return str_of(text, (size_t)n);
}

TEST(certificates_of_both_kinds_are_read_between_comments)
{
	CHECK_INT(parse(join(tls_certs_root_ec.chain, "# a comment\n",
	    tls_certs_root_rsa.chain)), ERR_OK);
	CHECK_INT(anchors.n, 2);
	CHECK_INT(anchors.list[0].pkey.key_type, BR_KEYTYPE_EC);
	CHECK_INT(anchors.list[1].pkey.key_type, BR_KEYTYPE_RSA);
	CHECK_INT(anchors.list[0].flags, BR_X509_TA_CA);
	CHECK_INT(anchors.list[0].dn.data[0], 0x30);
	CHECK_STR(anchors.source, S("/x.pem"));
	/* One that is no CA is trusted as itself. */
	CHECK_INT(parse(str_from_z(tls_certs_self.chain)), ERR_OK);
	CHECK_INT(anchors.list[0].flags, 0);
	arena_free(&arena);
}

TEST(keys_in_the_file_are_passed_over)
{
	CHECK_INT(parse(join(tls_certs_root_ec.key, tls_certs_root_ec.chain,
	    "")), ERR_OK);
	CHECK_INT(anchors.n, 1);
	arena_free(&arena);
}

TEST(files_without_certificates_say_so)
{
	static const char *const texts[] = { "", "hello\n",
	    "-----BEGIN X-----\nAAAA\n-----END X-----\n" };

	for (size_t i = 0; i < 3; i++) {
		CHECK_INT(parse(str_from_z(texts[i])), ERR_CONFIG);
		CHECK(str_starts(why.what, S("AWS_CA_BUNDLE: there is no "
		    "certificate in /x.pem")));
	}
	arena_free(&arena);
}

TEST(damaged_certificates_are_named_by_number)
{
	struct str good = join(tls_certs_root_ec.chain,
	    tls_certs_root_rsa.chain, "");
	char text[16384];

	/* The base64 of the second one gets a wrong byte. */
	memcpy(text, good.p, good.len);
	text[strlen(tls_certs_root_ec.chain) + 100] = '!';
	CHECK_INT(parse(str_of(text, good.len)), ERR_CONFIG);
	CHECK(str_icontains(why.what, S("number 2 in /x.pem is damaged")));
	/* It is cut. */
	CHECK_INT(parse(str_sub(good, 0, good.len - 100)), ERR_CONFIG);
	CHECK(str_icontains(why.what, S("number 2")));
	/* It is no certificate. */
	CHECK_INT(parse(S("-----BEGIN CERTIFICATE-----\nMAA=\n"
	    "-----END CERTIFICATE-----\n")), ERR_CONFIG);
	CHECK(str_icontains(why.what, S("number 1")));
	CHECK_INT(parse(S("-----BEGIN CERTIFICATE-----\n"
	    "-----END CERTIFICATE-----\n")), ERR_CONFIG);
	arena_free(&arena);
}

TEST(file_errors_name_setting_and_file)
{
	static struct fake_sys f;

	fake_sys_init(&f);
	fake_sys_file(&f, "/ca.pem", tls_certs_root_ec.chain);
	fake_sys_file_err(&f, "/denied.pem", ERR_FILE_DENIED);
	arena_init(&arena, 8 << 20);
	fail_init(&why, &arena);
	CHECK_INT(anchors_load(&anchors, &arena, &f.sys, S("/ca.pem"),
	    S("SSL_CERT_FILE"), &why), ERR_OK);
	CHECK_INT(anchors.n, 1);
	CHECK_INT(anchors_load(&anchors, &arena, &f.sys, S("/denied.pem"),
	    S("SSL_CERT_FILE"), &why), ERR_CONFIG);
	CHECK(str_starts(why.what,
	    S("SSL_CERT_FILE: /denied.pem cannot be read: ")));
	arena_free(&arena);
	fake_sys_free(&f);
}

static bool
sweep(struct arena *a, void *ctx)
{
	enum err err;

	(void)ctx;
	err = anchors_pem(&anchors, a, join(tls_certs_root_ec.chain,
	    tls_certs_root_rsa.chain, ""), S("f"), S("s"), NULL);
	if (err != ERR_OK && err != ERR_NOMEM) {
		printf("  error %d\n", (int)err);
		return true;
	}
	return err == ERR_OK;
}

TEST(failing_allocations_are_orderly)
{
	CHECK(test_fail_sweep(sweep, NULL, 4 << 20) > 6);
	CHECK_INT(anchors.n, 2);
}
