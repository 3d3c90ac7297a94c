/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs as this program meets them (RFC 3986): endpoints and proxies from
 * settings, issuers and webhooks from configuration, Host and Origin headers;
 * percent-coding and queries as AWS signs them; host names and addresses.
 *
 *	http-URL = ( "http" / "https" ) "://" [ userinfo "@" ] host [ ":" port ]
 *	           [ "/" path ] [ "?" query ]
 *
 * Strict: what RFC 3986 does not allow in a component is an error, never
 * repaired. Two readers that disagree about the host of a URL are how requests
 * are sent where nobody meant them to go. Host names that a resolver would take
 * for a number ("127.1", "0x7f000001") are refused for the same reason.
 *
 * Not supported: other schemes, relative references, fragments, IPv6 zone ids,
 * IPvFuture, internationalised names (give the xn-- form).
 */
#ifndef PROTO_URL_H
#define PROTO_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* A URL in parts: slices of its text, except for the constant "/". */
struct url {
	bool tls;            /* https */
	struct str userinfo; /* still encoded; absent when there is no '@' */
	struct str host;     /* name or address, IPv6 without brackets */
	bool ipv6;           /* host is an IPv6 address: needs brackets */
	bool port_given;
	uint16_t port;       /* given or the scheme's: 80, 443 */
	struct str path;     /* encoded, begins with '/'; "/" when empty */
	struct str query;    /* encoded, without '?'; absent when none */
};

/* Splits an absolute URL. ERR_SYNTAX with the byte offset and a sentence in f
 * (may be NULL). *out is whole only on ERR_OK. */
enum err url_parse(struct str text, struct url *out, struct fail *f) MUST_USE;

/* Splits "host", "host:port", "[ipv6]" or "[ipv6]:port" (a Host header, an
 * entry of NO_PROXY): fills host, ipv6, port_given and port (0 when not given),
 * nothing else is kept. ERR_SYNTAX. */
enum err url_authority(struct str text, struct url *out) MUST_USE;

/* Appends "host", or "host:port" when the port is not the scheme's: the value
 * of a Host header (RFC 9110 7.2). */
void url_add_host(struct buf *b, const struct url *u);

/* ---- hosts ---- */

/* A host name (labels of letters, digits, '-' and '_', at most 63 bytes each
 * and 253 in all, an optional final dot), or an IPv4 or IPv6 literal without
 * its brackets. */
bool url_host_ok(struct str host) MUST_USE;
/* "localhost", 127.0.0.0/8 or ::1. Looks at the text only: a name that
 * resolves to a loopback address is not one. */
bool url_host_is_loopback(struct str host) MUST_USE;
/* Dotted decimal, four parts, no leading zeros. *out is untouched on false. */
bool url_ipv4(struct str s, unsigned char out[static 4]) MUST_USE;
/* RFC 4291 2.2 text, all three forms, no zone id. *out untouched on false. */
bool url_ipv6(struct str s, unsigned char out[static 16]) MUST_USE;
/* Writes an address as text (RFC 5952): 4 bytes of IPv4 or 16 of IPv6. */
void url_put_address(struct buf *out, const unsigned char *address,
    size_t len);

/* ---- percent-coding ---- */

/* Appends s with every byte but RFC 3986's unreserved (A-Z a-z 0-9 - . _ ~) as
 * %XX in upper case: what SigV4 calls UriEncode. */
void url_encode(struct buf *b, struct str s);
/* The same, keeping '/': for whole paths. */
void url_encode_path(struct buf *b, struct str s);
/* Decodes %XX; with plus_is_space '+' too (forms). When nothing is encoded
 * *out is s itself, else it is in the arena. The result may contain any byte,
 * NUL included. ERR_SYNTAX for a '%' without two hex digits, ERR_NOMEM. */
enum err url_decode(struct arena *a, struct str s, bool plus_is_space,
    struct str *out) MUST_USE;

/* ---- queries and forms ---- */

struct url_pair {
	struct str name;
	struct str value; /* absent (p == NULL) when there was no '=' */
};

/* Cuts the next "name=value" off *rest, both still encoded; empty pieces
 * ("a&&b") are skipped. false at the end. Start with *rest = the query. */
bool url_query_next(struct str *rest, struct url_pair *out) MUST_USE;
/* Splits and decodes a whole query or form body into an array in the arena;
 * absent values become empty. More than pair_max pairs: ERR_LIMIT; else as
 * url_decode(). */
enum err url_query_parse(struct arena *a, struct str query, bool plus_is_space,
    size_t pair_max, struct url_pair **pairs, size_t *pair_n) MUST_USE;
/* Value of the first pair called `name` (case-sensitive), or absent. */
struct str url_query_get(const struct url_pair *pairs, size_t pair_n,
    struct str name);
/* Appends "name=value", encoded by url_encode(), with '&' before it unless b is
 * empty: a form body (STS) or a query in a buffer of its own. */
void url_form_add(struct buf *b, struct str name, struct str value);

/* ---- paths ---- */

/* Appends the path with "." and ".." resolved (RFC 3986 5.2.4) and repeated
 * slashes made one, as SigV4 wants it for every service but S3. Works on the
 * encoded path; ".." above the root is dropped; an empty path becomes "/". */
void url_path_normalise(struct buf *b, struct str path);

#endif
