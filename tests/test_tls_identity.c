/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates with their keys in every form of text that openssl writes, and
 * in forms that it does not.
 */
#include "net/tls_identity.h"

#include "base/buf.h"
#include "base/enc.h"
#include "proto/pem.h"
#include "test.h"
#include "tls_certs.h"

static struct tls_identity id;
static struct arena arena;
static char sentence[512];

static enum err
read_both(struct str chain, struct str key)
{
	struct fail f;
	enum err err;

	arena_free(&id.arena);
	arena_init(&id.arena, TLS_IDENTITY_CAP);
	fail_init(&f, &arena);
	err = tls_identity_read(&id, chain, S("/c.pem"), key, S("/k.pem"), &f);
	snprintf(sentence, sizeof(sentence), "%.*s", STR_ARG(fail_text(&f)));
	return err;
}

static enum err
read_z(const char *chain, const char *key)
{
	arena_free(&arena);
	arena_init(&arena, (size_t)1 << 20);
	return read_both(str_from_z(chain), str_from_z(key));
}

static bool
says(const char *text)
{
	if (strstr(sentence, text) == NULL) {
		printf("sentence: %s\n", sentence);
		return false;
	}
	return true;
}

/* The DER of a PEM text's first object. */
static struct str
der_of(const char *text)
{
	struct str rest = str_from_z(text);
	struct buf b = buf_in(&arena, (size_t)64 * 1024);
	struct pem o;

	MUST(pem_next(&rest, &o) == ERR_OK && pem_decode(&o, &b));
	return buf_str(&b);
}

static struct str
pem_of(const char *label, struct str der)
{
	struct buf b = buf_in(&arena, (size_t)64 * 1024);

	buf_addf(&b, "-----BEGIN %s-----\n", str_from_z(label));
	enc_base64(&b, der);
	buf_addf(&b, "\n-----END %s-----\n", str_from_z(label));
	MUST(buf_ok(&b));
	return buf_str(&b);
}

/* The octets within a PKCS #8 structure: head bytes in front of them. */
static struct str
inner(const char *key, size_t head)
{
	struct str der = der_of(key);

	return str_sub(der, head, der.len);
}

TEST(pkcs8_keys_of_every_kind_are_read)
{
	static const struct {
		const struct tls_certs *certs;
		int type;
		size_t chain_n;
	} cases[] = {
		{ &tls_certs_good_ec, BR_KEYTYPE_EC, 2 },
		{ &tls_certs_good_rsa, BR_KEYTYPE_RSA, 1 },
		{ &tls_certs_root_ec, BR_KEYTYPE_EC, 1 },
		{ &tls_certs_expired, BR_KEYTYPE_EC, 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_INT(read_z(cases[i].certs->chain, cases[i].certs->key),
		    ERR_OK);
		CHECK_INT(id.key_type, cases[i].type);
		CHECK(id.chain_n >= cases[i].chain_n);
		CHECK(id.arena.secret);
	}
	CHECK_INT(id.ec.curve, BR_EC_secp256r1);
}

/* RFC 5915 3 with the curve inside, as "EC PRIVATE KEY" has it. */
static struct str
sec1(const char *key, const char *oid, size_t oid_len)
{
	struct str raw = inner(key, 29);
	struct buf b = buf_in(&arena, 512);

	MUST(raw.p[0] == 0x30 && raw.p[2] == 2 && raw.p[5] == 4);
	buf_add_byte(&b, 0x30);
	buf_add_byte(&b, (char)(3 + 2 + 32 + 4 + oid_len));
	buf_add(&b, str_sub(raw, 2, 2 + 3 + 2 + 32));
	buf_add_byte(&b, (char)0xa0);
	buf_add_byte(&b, (char)(oid_len + 2));
	buf_add_byte(&b, 6);
	buf_add_byte(&b, (char)oid_len);
	buf_add(&b, str_of(oid, oid_len));
	return buf_str(&b);
}

TEST(older_forms_are_read_too)
{
	static const char p256[] = "\x2a\x86\x48\xce\x3d\x03\x01\x07";
	static const char p384[] = "\x2b\x81\x04\x00\x22";
	struct str chain = str_from_z(tls_certs_good_ec.chain);
	struct str der;

	arena_free(&arena);
	arena_init(&arena, (size_t)1 << 20);
	CHECK_INT(read_both(str_from_z(tls_certs_good_rsa.chain),
	    pem_of("RSA PRIVATE KEY", inner(tls_certs_good_rsa.key, 26))),
	    ERR_OK);
	CHECK_INT(id.rsa.n_bitlen, 2048);
	der = sec1(tls_certs_good_ec.key, p256, 8);
	CHECK_INT(read_both(chain, pem_of("EC PRIVATE KEY", der)), ERR_OK);
	/* without the curve, with another, with more behind */
	CHECK_INT(read_both(chain, pem_of("EC PRIVATE KEY",
	    inner(tls_certs_good_ec.key, 29))), ERR_CONFIG);
	CHECK_INT(read_both(chain, pem_of("EC PRIVATE KEY",
	    sec1(tls_certs_good_ec.key, p384, 5))), ERR_CONFIG);
	CHECK_INT(read_both(chain, pem_of("EC PRIVATE KEY",
	    str_join(&arena, (struct str[]){ der, S("x") }, 2))), ERR_CONFIG);
	/* one form under the label of another */
	CHECK_INT(read_both(chain, pem_of("RSA PRIVATE KEY", der)),
	    ERR_CONFIG);
	CHECK_INT(read_both(chain, pem_of("PRIVATE KEY", der)), ERR_CONFIG);
}

TEST(both_may_lie_in_one_file_among_other_objects)
{
	char text[16384];

	snprintf(text, sizeof(text), "Bag Attributes\n-----BEGIN EC PARAMETERS"
	    "-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n%s%s",
	    tls_certs_good_ec.key, tls_certs_good_ec.chain);
	CHECK_INT(read_z(text, text), ERR_OK);
	CHECK(id.chain_n >= 2);
}

TEST(the_key_has_to_be_the_first_certificates)
{
	CHECK_INT(read_z(tls_certs_good_ec.chain, tls_certs_other.key),
	    ERR_CONFIG);
	CHECK(says("the key in /k.pem is not that of the first certificate "
	    "in /c.pem"));
	CHECK_INT(read_z(tls_certs_good_ec.chain, tls_certs_good_rsa.key),
	    ERR_CONFIG);
	CHECK(says("is not that of"));
	CHECK_INT(read_z(tls_certs_good_rsa.chain, tls_certs_root_rsa.key),
	    ERR_CONFIG);
	CHECK(says("is not that of"));
	CHECK_INT(read_z(tls_certs_good_rsa.chain, tls_certs_good_ec.key),
	    ERR_CONFIG);
	CHECK(says("is not that of"));
	CHECK_INT(read_z(tls_certs_root_ec.chain, tls_certs_good_ec.key),
	    ERR_CONFIG);
	CHECK(says("is not that of"));
}

TEST(what_cannot_be_used_says_why)
{
	char text[32768] = "";
	size_t at = 0;

	CHECK_INT(read_z("", tls_certs_good_ec.key), ERR_CONFIG);
	CHECK(says("no certificate in /c.pem"));
	CHECK_INT(read_z(tls_certs_good_ec.key, tls_certs_good_ec.key),
	    ERR_CONFIG);
	CHECK(says("no certificate in /c.pem"));
	CHECK_INT(read_z(tls_certs_good_ec.chain, tls_certs_good_ec.chain),
	    ERR_CONFIG);
	CHECK(says("no private key in /k.pem"));
	CHECK_INT(read_z(tls_certs_good_ec.chain, "-----BEGIN ENCRYPTED "
	    "PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"),
	    ERR_CONFIG);
	CHECK(says("encrypted"));
	CHECK_INT(read_z(tls_certs_good_ec.chain, "-----BEGIN RSA PRIVATE "
	    "KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE "
	    "KEY-----\n"), ERR_CONFIG);
	CHECK(says("encrypted"));
	CHECK_INT(read_z(tls_certs_weak.chain, tls_certs_weak.key),
	    ERR_CONFIG);
	CHECK(says("the key in /k.pem is damaged or of another kind"));
	CHECK_INT(read_z("-----BEGIN CERTIFICATE-----\nMIIB\n", ""),
	    ERR_CONFIG);
	CHECK(says("certificate number 1 in /c.pem is damaged"));
	CHECK_INT(read_z("-----BEGIN CERTIFICATE-----\nMIIB\n-----END "
	    "CERTIFICATE-----\n", tls_certs_good_ec.key), ERR_CONFIG);
	CHECK(says("the first certificate in /c.pem is damaged"));
	for (size_t i = 0; i <= TLS_CHAIN_MAX_N; i++) {
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s",
		    tls_certs_self.chain);
	}
	CHECK_INT(read_z(text, tls_certs_self.key), ERR_CONFIG);
	CHECK(says("more than 10"));
}

/* Every byte of the DER altered: refused, or harmless, as it signs right. */
static void
flip_all(const struct tls_certs *certs, size_t step)
{
	struct str chain = str_from_z(certs->chain);
	size_t refused_n = 0;
	size_t n;

	arena_free(&arena);
	arena_init(&arena, (size_t)1 << 20);
	n = der_of(certs->key).len;
	for (size_t i = 0; i < n; i += step) {
		struct str der;
		enum err err;

		arena_reset(&arena);
		der = der_of(certs->key);
		((char *)(uintptr_t)der.p)[i] ^= (char)(1 << i % 8);
		err = read_both(chain, test_guarded(pem_of("PRIVATE KEY",
		    der)));
		CHECK(err == ERR_OK || err == ERR_CONFIG);
		refused_n += err == ERR_CONFIG ? 1 : 0;
	}
	/* Moduli, d and the public point are not looked at: about a half. */
	CHECK(refused_n * step * 10 > n * 4);
}

TEST(a_damaged_key_is_refused_or_still_right)
{
	flip_all(&tls_certs_good_ec, 1);
	flip_all(&tls_certs_good_rsa, 23);
}

TEST(every_truncation_of_a_key_is_refused)
{
	struct str chain = str_from_z(tls_certs_good_rsa.chain);
	struct str der;

	arena_free(&arena);
	arena_init(&arena, (size_t)1 << 20);
	der = str_dup(&id.arena, S(""));
	for (size_t i = 0; i < 1200; i += 7) {
		arena_reset(&arena);
		der = der_of(tls_certs_good_rsa.key);
		if (i >= der.len) {
			break;
		}
		CHECK_INT(read_both(chain, pem_of("PRIVATE KEY", str_sub(der,
		    0, i))), ERR_CONFIG);
	}
}

static int
feed(void *ctx, struct str text, bool more, char *log, size_t log_size)
{
	enum err err = read_both(*(struct str *)ctx, text);

	snprintf(log, log_size, "%d %s", (int)err, sentence);
	return err == ERR_OK ? 1 : more ? 0 : -1;
}

TEST(five_ways_to_read_a_key)
{
	struct str chain = str_from_z(tls_certs_good_ec.chain);
	struct str key = str_trim_ws(str_from_z(tls_certs_good_ec.key));

	arena_free(&arena);
	arena_init(&arena, (size_t)8 << 20);
	CHECK(test_five_ways(feed, &chain, key, false));
}

static bool
scenario(struct arena *a, void *ctx)
{
	struct fail f;
	enum err err;

	(void)ctx;
	fail_init(&f, NULL);
	id.arena = *a;
	err = tls_identity_read(&id, str_from_z(tls_certs_good_ec.chain),
	    S("c"), str_from_z(tls_certs_good_ec.key), S("k"), &f);
	*a = id.arena;
	MUST(err == ERR_OK || err == ERR_NOMEM);
	return err == ERR_OK;
}

TEST(without_memory_it_says_so)
{
	arena_free(&id.arena);
	CHECK(test_fail_sweep(scenario, NULL, TLS_IDENTITY_CAP) > 2);
	arena_init(&id.arena, TLS_IDENTITY_CAP);
}
