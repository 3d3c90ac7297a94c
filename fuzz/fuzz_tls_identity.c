/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private keys and certificates from text. What is accepted has a chain within
 * its bound and a key of a size that the library works with, which proves
 * itself against a certificate; the text of the certificate is good, so that
 * the key's is looked at.
 */
#include "base/must.h"
#include "net/tls_identity.h"
#include "proto/pem.h"
#include "tls_certs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check(struct str chain, struct str key)
{
	struct tls_identity id;
	struct fail f;

	arena_init(&id.arena, TLS_IDENTITY_CAP);
	fail_init(&f, NULL);
	if (tls_identity_read(&id, chain, S("c"), key, S("k"), &f) ==
	    ERR_OK) {
		MUST(id.chain_n > 0 && id.chain_n <= TLS_CHAIN_MAX_N);
		MUST(id.key_type == BR_KEYTYPE_EC ? id.ec.xlen <= 48 :
		    id.rsa.n_bitlen <= JWKS_RSA_MAX_BITS);
	}
	MUST(id.arena.secret);
	arena_free(&id.arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str in = str_of((const char *)data, len);
	struct str rest = in;
	struct pem o;
	size_t n = 0;

	while (pem_next(&rest, &o) == ERR_OK) {
		n++;
	}
	MUST(n <= len / 30 + 1);
	check(str_from_z(tls_certs_good_ec.chain), in);
	check(in, in);
	return 0;
}
