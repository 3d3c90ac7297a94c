/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks as people write them, and whether an address is in one.
 *
 *	network = address [ "/" bits ]      bits: 0-32 or 0-128, no leading zero
 *	address = IPv4 or IPv6 literal, as url_ipv4() and url_ipv6() read them
 *
 * A single address is a network of one. Bits behind the prefix have to be
 * zero: "10.0.0.5/8" is more likely a slip than a wish. IPv4 and its
 * IPv4-mapped form (::ffff:10.0.0.5, RFC 4291 2.5.5.2) are the same address;
 * an IPv6 network shorter than that prefix, as ::/0, holds no IPv4 address.
 */
#ifndef PROTO_CIDR_H
#define PROTO_CIDR_H

#include <stdbool.h>

#include "base/str.h"

struct cidr {
	unsigned char address[16]; /* IPv4 in its mapped form */
	unsigned bits;             /* of the 128 */
};

/* Reads one network. *out is untouched on false. */
bool cidr_parse(struct str s, struct cidr *out) MUST_USE;
/* The address, in text form, is in the network; text that is no address is in
 * none. */
bool cidr_has(const struct cidr *c, struct str address) MUST_USE;
/* 127.0.0.0/8 or ::1, in text form. */
bool cidr_is_loopback(struct str address) MUST_USE;

#endif
