/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signatures of `auth vectors` (see ../auth.c), verified by OpenSSL: what
 * our rates stand beside in `make bench`. The only program here that needs
 * libcrypto.
 *
 *	verify MS < VECTORS      verifications a second, each for MS ms
 *
 * Less work than ours: keys and texts are there as bytes, so there is no
 * base64, no JSON, and no canonical form to be made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>

#define FIELD_MAX 8
#define TEXT_MAX 65536

struct bytes {
	unsigned char *p;
	size_t len;
};

struct vector {
	char name[16];
	struct bytes field[FIELD_MAX];
	EVP_PKEY *key;
	unsigned char der[256]; /* an ECDSA signature in its DER form */
	int der_len;
};

static void
must(int ok, const char *what)
{
	if (!ok) {
		(void)fprintf(stderr, "verify: %s\n", what);
		exit(1);
	}
}

static struct bytes
from_hex(const char *hex)
{
	size_t n = strlen(hex) / 2;
	struct bytes b = { malloc(n + 1), n };

	must(b.p != NULL, "no memory");
	for (size_t i = 0; i < n; i++) {
		unsigned v = 0;

		must(sscanf(hex + 2 * i, "%2x", &v) == 1, "no hexadecimal");
		b.p[i] = (unsigned char)v;
	}
	return b;
}

/* ---- keys ---- */

static EVP_PKEY *
make_key(const char *type, OSSL_PARAM_BLD *bld)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY *key = NULL;

	must(ctx != NULL && params != NULL && EVP_PKEY_fromdata_init(ctx) == 1
	    && EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1,
	    "no key");
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	return key;
}

static EVP_PKEY *
rsa_key(const struct bytes *n, const struct bytes *e)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();

	must(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N,
	    BN_bin2bn(n->p, (int)n->len, NULL)) == 1 &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E,
	    BN_bin2bn(e->p, (int)e->len, NULL)) == 1, "no RSA key");
	return make_key("RSA", bld);
}

static EVP_PKEY *
ec_key(const struct bytes *point)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();

	must(OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
	    "prime256v1", 0) == 1 && OSSL_PARAM_BLD_push_octet_string(bld,
	    OSSL_PKEY_PARAM_PUB_KEY, point->p, point->len) == 1, "no EC key");
	return make_key("EC", bld);
}

static void
to_der(struct vector *v)
{
	const struct bytes *raw = &v->field[3];
	ECDSA_SIG *sig = ECDSA_SIG_new();
	unsigned char *p = v->der;

	must(sig != NULL && ECDSA_SIG_set0(sig, BN_bin2bn(raw->p, 32, NULL),
	    BN_bin2bn(raw->p + 32, 32, NULL)) == 1, "no signature");
	v->der_len = i2d_ECDSA_SIG(sig, &p);
	ECDSA_SIG_free(sig);
}

/* ---- one verification ---- */

static int
verify_public(const struct vector *v)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const struct bytes *sig = &v->field[3];
	int ok = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, v->key) ==
	    1 && EVP_DigestVerify(ctx, v->der_len > 0 ? v->der : sig->p,
	    v->der_len > 0 ? (size_t)v->der_len : sig->len, v->field[2].p,
	    v->field[2].len) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

static void
chain(unsigned char key[32], size_t *key_len, const void *text, size_t len)
{
	unsigned n = 0;

	must(HMAC(EVP_sha256(), key, (int)*key_len, text, len, key, &n) !=
	    NULL, "no HMAC");
	*key_len = n;
}

/* The digests of body and canonical request, and the chain of HMACs. */
static int
verify_sigv4(const struct vector *v)
{
	unsigned char key[128] = "AWS4", digest[32];
	size_t n = 4 + v->field[0].len;

	must(n <= sizeof(key), "the secret is too long");
	memcpy(key + 4, v->field[0].p, v->field[0].len);
	(void)SHA256(v->field[4].p, v->field[4].len, digest);
	(void)SHA256(v->field[5].p, v->field[5].len, digest);
	for (int i = 1; i <= 3; i++) {
		chain(key, &n, v->field[i].p, v->field[i].len);
	}
	chain(key, &n, "aws4_request", 12);
	chain(key, &n, v->field[6].p, v->field[6].len);
	for (size_t i = 0; i < 32; i++) {
		char hex[3];

		(void)snprintf(hex, sizeof(hex), "%02x", key[i]);
		if (memcmp(hex, v->field[7].p + 2 * i, 2) != 0) {
			return 0;
		}
	}
	return 1;
}

/* ---- measuring ---- */

static double
clock_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
measure(const struct vector *v, double s)
{
	int (*run)(const struct vector *) = v->key != NULL ? verify_public :
	    verify_sigv4;
	double from = clock_s(), took;
	double n = 0;

	do {
		for (int i = 0; i < 64; i++) {
			must(run(v), v->name);
		}
		n += 64;
		took = clock_s() - from;
	} while (took < s);
	printf("%s %.0f\n", v->name, n / took);
}

/* Cuts the next word off *rest; NULL at the end of the line. */
static char *
next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \n");
	char *end = word + strcspn(word, " \n");

	*rest = *end == '\0' ? end : end + 1;
	*end = '\0';
	return *word == '\0' ? NULL : word;
}

int
main(int argc, char **argv)
{
	static char line[TEXT_MAX];
	double s = argc == 2 ? strtod(argv[1], NULL) / 1000 : 0;

	must(s > 0, "usage: see verify.c");
	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct vector v = { .key = NULL };
		char *rest = line;
		char *word = next_word(&rest);
		size_t n = 0;

		must(word != NULL && strlen(word) < sizeof(v.name), "no name");
		memcpy(v.name, word, strlen(word) + 1);
		while (n < FIELD_MAX && (word = next_word(&rest)) != NULL) {
			v.field[n++] = from_hex(word);
		}
		if (strcmp(v.name, "RS256") == 0) {
			v.key = rsa_key(&v.field[0], &v.field[1]);
		} else if (strcmp(v.name, "ES256") == 0) {
			v.key = ec_key(&v.field[0]);
			to_der(&v);
		}
		measure(&v, s);
	}
	return 0;
}
