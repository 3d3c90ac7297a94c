/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains and keys of the TLS tests, PEM text made by tests/tls/gen_certs.sh.
 * Hosts: good.test, *.wild.test, 10.0.0.1 and fd00::1 unless said otherwise.
 */
#ifndef TESTS_TLS_CERTS_H
#define TESTS_TLS_CERTS_H

struct tls_certs {
	const char *chain; /* end entity first */
	const char *key;   /* of the end entity, PKCS #8 */
};

extern const struct tls_certs tls_certs_root_ec;   /* P-384 root */
extern const struct tls_certs tls_certs_root_rsa;  /* RSA root */
extern const struct tls_certs tls_certs_good_ec;   /* under root_ec, one CA
                                                    * between */
extern const struct tls_certs tls_certs_good_rsa;  /* under root_rsa */
extern const struct tls_certs tls_certs_expired;   /* ended 2021 */
extern const struct tls_certs tls_certs_future;    /* begins 2080 */
extern const struct tls_certs tls_certs_other;     /* other.test, *.good.test */
extern const struct tls_certs tls_certs_cn_only;   /* CN good.test, no SAN */
extern const struct tls_certs tls_certs_email;     /* SAN without a host */
extern const struct tls_certs tls_certs_self;      /* self-signed, no CA */
extern const struct tls_certs tls_certs_weak;      /* RSA of 1,024 bits */
extern const struct tls_certs tls_certs_under_fake; /* signed by a non-CA */

#endif
