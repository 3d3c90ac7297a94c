/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether and how a host is reached through a proxy; pure. The rules are those
 * AWS SDKs share: a proxy without a scheme is http, user and password of its
 * URL become Basic credentials (RFC 7617), NO_PROXY lists what goes direct.
 *
 *	NO_PROXY = entry *( "," / blank  entry )
 *	entry    = "*" / [ "*" ] [ "." ] name [ ":" port ]
 *	         / address [ ":" port ] / address "/" bits
 *
 * A name stands for itself and all names below it. An address with bits (CIDR)
 * stands for all addresses that share them; it is compared with hosts that are
 * literal addresses only, since names are resolved by the proxy.
 *
 * Link-local addresses (169.254.0.0/16, fe80::/10) and EC2's metadata services
 * (fd00:ec2::/32) always go direct: a proxy would answer with the credentials
 * of the machine it runs on.
 */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct proxy {
	struct str host;          /* absent: there is none */
	uint16_t port;
	struct str authorization; /* "Basic ..."; absent: none */
};

/* Reads a setting's value; empty or absent gives a proxy without host.
 * ERR_CONFIG with a sentence that names the setting and never its value, which
 * may hold a password. */
enum err proxy_parse(struct proxy *out, struct str text, struct str setting,
    struct arena *a, struct fail *f) MUST_USE;
/* The host has to be asked without a proxy. */
bool proxy_direct(struct str no_proxy, struct str host, uint16_t port)
    MUST_USE;

#endif
