/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is this certificate for that host? Reads an end-entity certificate as its
 * bytes arrive and compares the names in its subjectAltName extension with the
 * host a connection is meant for (RFC 6125 6.4, RFC 9525 6).
 *
 * It exists because BearSSL 0.6 accepts the subject's common name where there
 * is no subjectAltName, and cannot match addresses. Both have to say yes: the
 * chain, signature, dates and key usage are BearSSL's business (net/tls.c).
 *
 * The way through the DER (RFC 5280 4.1), everything else is skipped:
 *
 *	Certificate SEQUENCE > tbsCertificate SEQUENCE > [3] > Extensions
 *	SEQUENCE > Extension SEQUENCE > OID 2.5.29.17, OCTET STRING >
 *	GeneralNames SEQUENCE > [2] dNSName, [7] iPAddress
 *
 * On the way the certificate's end is noted (validity, notAfter).
 *
 * A name matches when equal (ASCII case folded, one final dot ignored), or as
 * "*.rest" against one label and rest, where rest has a dot itself. An address
 * matches an iPAddress of the same bytes and nothing else. Fixed depth, no
 * recursion, no allocation; DER that is not well-formed matches nothing.
 */
#ifndef NET_CERTNAME_H
#define NET_CERTNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Nested values on the way to a name. */
#define CERTNAME_DEPTH_MAX 8
/* Longest dNSName looked at: a host name has at most 253 bytes. */
#define CERTNAME_NAME_MAX 255
/* Names remembered for the error sentence. */
#define CERTNAME_SEEN_MAX 192

struct certname {
	/* result */
	bool matched;          /* a name fits the host */
	bool has_names;        /* there was a dNSName or iPAddress */
	bool broken;           /* not well-formed DER */
	int64_t ends_ms;       /* wall clock: end of validity; 0: not known */
	char seen[CERTNAME_SEEN_MAX]; /* "a.example, *.b.example, ..." */
	size_t seen_len;
	/* state */
	struct str host;       /* without a final dot */
	unsigned char address[16]; /* of the host, when it is one */
	size_t address_len;    /* 0: host is a name; 4 or 16 */
	uint32_t left[CERTNAME_DEPTH_MAX]; /* bytes left in each open value */
	unsigned depth;        /* open values */
	unsigned child_n;      /* elements seen in Certificate */
	unsigned part_n;       /* SEQUENCEs seen in tbsCertificate */
	bool is_san;           /* the current extension is subjectAltName */
	uint32_t skip;         /* bytes of the current value to leave out */
	uint32_t take;         /* bytes of the current value still to keep */
	unsigned char tag;     /* of the current value */
	unsigned length_n;     /* length bytes to come */
	uint32_t length;       /* read so far */
	unsigned head_len;     /* bytes of the header read */
	unsigned char kept[CERTNAME_NAME_MAX];
	size_t kept_len;
};

/* Starts on a certificate for host, which has to outlive c. */
void certname_init(struct certname *c, struct str host);
/* The next bytes of the certificate. */
void certname_feed(struct certname *c, const unsigned char *p, size_t len);
/* Names found, for a sentence; "" when there are none. */
struct str certname_seen(const struct certname *c);

#endif
