/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a TLS server shows and proves: a certificate chain and the private key
 * of its first certificate, from PEM text.
 *
 * Keys are RSA of 2048 to 4096 bits or EC on P-256 or P-384, as PKCS #8
 * ("PRIVATE KEY"), PKCS #1 ("RSA PRIVATE KEY") or SEC 1 ("EC PRIVATE KEY").
 * Their DER is read here, by hand and strictly: the library's decoder has a
 * known overflow (BearSSL commit b715b43) and takes more forms than anybody
 * needs. Objects of other labels are passed over, so that both may lie in one
 * file. That the key is the certificate's is shown by signing and verifying.
 *
 * The chain is not judged: whether its dates and names please the clients is
 * theirs to say.
 */
#ifndef NET_TLS_IDENTITY_H
#define NET_TLS_IDENTITY_H

#include <bearssl.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

struct tls_identity {
	struct arena arena;  /* of all that follows; SECRET */
	br_x509_certificate chain[TLS_CHAIN_MAX_N]; /* end entity first */
	size_t chain_n;
	int key_type;        /* BR_KEYTYPE_RSA or BR_KEYTYPE_EC */
	br_rsa_private_key rsa;
	br_ec_private_key ec;
	unsigned number;     /* tls_keeper's: another one, another number */
};

/* Reads both texts, which have to live as long as *id: those of id->arena,
 * which the caller has made. The names stand in sentences. ERR_CONFIG with a
 * sentence in f, which never holds a byte of the key; ERR_NOMEM. */
enum err tls_identity_read(struct tls_identity *id, struct str chain,
    struct str chain_name, struct str key, struct str key_name,
    struct fail *f) MUST_USE;

#endif
