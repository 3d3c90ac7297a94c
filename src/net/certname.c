/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A DER walker that only knows the one way described in certname.h. At each
 * depth there is one kind of element worth opening; the rest is skipped by its
 * length. left[0] is the certificate itself, of unknown length until its own
 * header was read.
 */
#include "net/certname.h"

#include <string.h>

#include "base/buf.h"
#include "base/timefmt.h"
#include "proto/url.h"

/* Depths: what the elements at this depth are children of. */
enum {
	IN_NOTHING,     /* the certificate's own header */
	IN_CERTIFICATE,
	IN_TBS,
	IN_EXPLICIT,    /* [3] */
	IN_EXTENSIONS,
	IN_EXTENSION,
	IN_VALUE,       /* OCTET STRING of subjectAltName */
	IN_NAMES
};

#define TAG_OCTET_STRING 0x04
#define TAG_OID 0x06
#define TAG_UTC_TIME 0x17
#define TAG_TIME 0x18
#define TAG_SEQUENCE 0x30
#define TAG_EXTENSIONS 0xa3
#define TAG_DNS 0x82
#define TAG_ADDRESS 0x87

/* see certname.h */
void
certname_init(struct certname *c, struct str host)
{
	memset(c, 0, sizeof(*c));
	if (url_ipv4(host, c->address)) {
		c->address_len = 4;
	} else if (url_ipv6(host, c->address)) {
		c->address_len = 16;
	} else if (host.len > 0 && host.p[host.len - 1] == '.') {
		host.len--;
	}
	c->host = host;
	c->left[IN_NOTHING] = UINT32_MAX;
}

/* see certname.h */
struct str
certname_seen(const struct certname *c)
{
	return str_of(c->seen, c->seen_len);
}

/* Adds a name to the list for people; anything unprintable becomes '?'. */
static void
remember(struct certname *c, struct str name)
{
	struct str more = S(", ...");
	size_t room = sizeof(c->seen) - more.len - 2;

	if (c->seen_len + name.len > room) {
		if (c->seen_len > 0 && c->seen[c->seen_len - 1] != '.') {
			memcpy(c->seen + c->seen_len, more.p, more.len);
			c->seen_len += more.len;
		}
		return;
	}
	if (c->seen_len > 0) {
		c->seen[c->seen_len++] = ',';
		c->seen[c->seen_len++] = ' ';
	}
	for (size_t i = 0; i < name.len; i++) {
		char ch = name.p[i];

		c->seen[c->seen_len++] = ch > ' ' && ch <= '~' ? ch : '?';
	}
}

/* "*.rest" against one label and rest. */
static bool
wildcard_fits(struct str pattern, struct str host)
{
	struct str rest = str_sub(pattern, 1, pattern.len);
	size_t dot = str_find_byte(host, '.', 0);

	return dot > 0 && dot < host.len &&
	    str_find_byte(rest, '.', 1) < rest.len &&
	    str_ieq(rest, str_sub(host, dot, host.len));
}

static void
check_dns(struct certname *c, struct str name)
{
	c->has_names = true;
	remember(c, name);
	if (name.len > 0 && name.p[name.len - 1] == '.') {
		name.len--;
	}
	if (c->address_len > 0 || c->host.len == 0) {
		return;
	}
	if (str_ieq(name, c->host) || (str_starts(name, S("*.")) &&
	    wildcard_fits(name, c->host))) {
		c->matched = true;
	}
}

static void
check_address(struct certname *c)
{
	char text[16];
	struct buf b = buf_fixed(text, sizeof(text));

	c->has_names = true;
	for (size_t i = 0; i < 4 && c->kept_len == 4; i++) {
		buf_add(&b, i > 0 ? S(".") : S(""));
		buf_add_u64(&b, c->kept[i]);
	}
	remember(c, b.len > 0 ? buf_str(&b) : S("IPv6-address"));
	if (c->address_len > 0 && c->kept_len == c->address_len &&
	    memcmp(c->kept, c->address, c->address_len) == 0) {
		c->matched = true;
	}
}

/* Notes notAfter of a Validity: two times, each UTCTime (YYMMDDHHMMSSZ, the
 * years 1950 to 2049) or GeneralizedTime (RFC 5280 4.1.2.5). */
static void
note_end(struct certname *c)
{
	const unsigned char *p = c->kept;
	size_t at = c->kept_len < 2 ? c->kept_len : 2U + p[1];
	char text[20];
	struct buf b = buf_fixed(text, sizeof(text));
	struct str time;

	if (at + 2 > c->kept_len || at + 2 + p[at + 1] != c->kept_len) {
		return;
	}
	time = str_of((const char *)p + at + 2, p[at + 1]);
	if (p[at] == TAG_UTC_TIME) {
		buf_add(&b, time.len > 0 && time.p[0] < '5' ? S("20") :
		    S("19"));
	}
	/* 20260131T235959Z, which timefmt reads. */
	buf_add(&b, str_sub(time, 0, p[at] == TAG_TIME ? 8 : 6));
	buf_add_byte(&b, 'T');
	buf_add(&b, str_sub(time, p[at] == TAG_TIME ? 8 : 6, time.len));
	if (!buf_ok(&b) || !timefmt_parse_amz(buf_str(&b), &c->ends_ms)) {
		c->ends_ms = 0;
	}
}

/* All bytes of a value we wanted are there. */
static void
value_done(struct certname *c)
{
	static const unsigned char san[] = { 0x55, 0x1d, 0x11 };

	switch (c->tag) {
	case TAG_OID:
		c->is_san = c->kept_len == sizeof(san) &&
		    memcmp(c->kept, san, sizeof(san)) == 0;
		break;
	case TAG_SEQUENCE:
		note_end(c);
		break;
	case TAG_DNS:
		check_dns(c, str_of((const char *)c->kept, c->kept_len));
		break;
	default:
		check_address(c);
	}
}

enum action {
	SKIP,
	OPEN,
	KEEP
};

/* What to do with the value whose header was just read. */
static enum action
choose(struct certname *c)
{
	switch (c->depth) {
	case IN_NOTHING:
		return c->tag == TAG_SEQUENCE ? OPEN : SKIP;
	case IN_CERTIFICATE:
		return c->child_n++ == 0 && c->tag == TAG_SEQUENCE ?
		    OPEN : SKIP;
	case IN_TBS:
		/* signature, issuer, validity */
		if (c->tag == TAG_SEQUENCE && ++c->part_n == 3) {
			return KEEP;
		}
		return c->tag == TAG_EXTENSIONS ? OPEN : SKIP;
	case IN_EXPLICIT:
		return c->tag == TAG_SEQUENCE ? OPEN : SKIP;
	case IN_EXTENSIONS:
		c->is_san = false;
		return c->tag == TAG_SEQUENCE ? OPEN : SKIP;
	case IN_EXTENSION:
		if (c->tag == TAG_OID) {
			return KEEP;
		}
		return c->tag == TAG_OCTET_STRING && c->is_san ?
		    OPEN : SKIP;
	case IN_VALUE:
		return c->tag == TAG_SEQUENCE ? OPEN : SKIP;
	default:
		return c->tag == TAG_DNS || c->tag == TAG_ADDRESS ?
		    KEEP : SKIP;
	}
}

/* A header is complete: opens, keeps or skips its value. */
static void
header_done(struct certname *c)
{
	uint32_t *left = &c->left[c->depth];

	if (c->head_len > *left || c->length > *left - c->head_len) {
		c->broken = true;
		return;
	}
	*left -= c->head_len + c->length;
	if (c->depth == IN_NOTHING) {
		*left = 0; /* nothing may follow the certificate */
	}
	c->head_len = 0;
	switch (choose(c)) {
	case OPEN:
		MUST(c->depth + 1 < CERTNAME_DEPTH_MAX);
		c->left[++c->depth] = c->length;
		break;
	case KEEP:
		if (c->length == 0 || c->length > CERTNAME_NAME_MAX) {
			c->skip = c->length;
			break;
		}
		c->take = c->length;
		c->kept_len = 0;
		break;
	case SKIP:
		c->skip = c->length;
		break;
	}
}

/* One byte of a header: tag, then length (DER: at most three length bytes
 * here, since a certificate has less than 16 MB). */
static void
header_byte(struct certname *c, unsigned char b)
{
	c->head_len++;
	if (c->head_len == 1) {
		c->tag = b;
		c->length = 0;
		c->length_n = 0;
		c->broken = (b & 0x1f) == 0x1f;
	} else if (c->head_len == 2 && b < 0x80) {
		c->length = b;
		header_done(c);
	} else if (c->head_len == 2) {
		c->length_n = b & 0x7fU;
		c->broken = c->length_n == 0 || c->length_n > 3;
	} else {
		c->length = c->length << 8 | b;
		if (--c->length_n == 0) {
			header_done(c);
		}
	}
}

/* Closes every value that is used up. */
static void
close_done(struct certname *c)
{
	while (c->depth > 0 && c->left[c->depth] == 0 && c->head_len == 0 &&
	    c->skip == 0 && c->take == 0) {
		c->depth--;
	}
}

/* see certname.h */
void
certname_feed(struct certname *c, const unsigned char *p, size_t len)
{
	while (len > 0 && !c->broken) {
		size_t n = 1;

		if (c->skip > 0) {
			n = c->skip < len ? c->skip : len;
			c->skip -= (uint32_t)n;
		} else if (c->take > 0) {
			n = c->take < len ? c->take : len;
			memcpy(c->kept + c->kept_len, p, n);
			c->kept_len += n;
			c->take -= (uint32_t)n;
			if (c->take == 0) {
				value_done(c);
			}
		} else if (c->left[c->depth] == 0) {
			c->broken = true; /* bytes behind the certificate */
			break;
		} else {
			header_byte(c, *p);
		}
		p += n;
		len -= n;
		close_done(c);
	}
	c->matched = c->matched && !c->broken;
}
