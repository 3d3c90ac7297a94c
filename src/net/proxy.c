/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proxy settings; see proxy.h for the rules.
 */
#include "net/proxy.h"

#include <string.h>

#include "base/enc.h"
#include "proto/url.h"

static enum err
refuse(struct str setting, const char *why, struct fail *f)
{
	return fail_setf(f, ERR_CONFIG, "%s: %s; use "
	    "http://[user:password@]host:port", setting, str_from_z(why));
}

/* "Basic " and base64 of "user:password", whose parts come percent-encoded. */
static enum err
make_authorization(struct proxy *p, struct str userinfo, struct arena *a)
{
	struct buf out = buf_in(a, userinfo.len * 2 + 64);
	struct str plain;
	enum err err = url_decode(a, userinfo, false, &plain);
	struct str parts[2] = { plain, S(":") };

	if (err != ERR_OK) {
		return err;
	}
	if (str_find_byte(plain, ':', 0) == plain.len) {
		plain = str_join(a, parts, 2);
	}
	buf_add(&out, S("Basic "));
	enc_base64(&out, plain);
	if (plain.p == NULL || !buf_ok(&out)) {
		return ERR_NOMEM;
	}
	p->authorization = buf_str(&out);
	return ERR_OK;
}

/* see proxy.h */
enum err
proxy_parse(struct proxy *out, struct str text, struct str setting,
    struct arena *a, struct fail *f)
{
	struct str parts[2] = { S("http://"), str_trim(text) };
	struct url u;
	enum err err = ERR_OK;

	*out = (struct proxy){ .host = STR_NONE };
	if (parts[1].len == 0) {
		return ERR_OK;
	}
	text = parts[1];
	if (str_find(text, S("://"), 0) == text.len) {
		text = str_join(a, parts, 2);
		if (text.p == NULL) {
			return fail_set(f, ERR_NOMEM, 0, STR_NONE);
		}
	}
	if (url_parse(text, &u, NULL) != ERR_OK) {
		return refuse(setting, "this is not the URL of a proxy", f);
	}
	if (u.tls) {
		return refuse(setting, "TLS to the proxy itself is not "
		    "supported (https through it is)", f);
	}
	out->host = u.host;
	out->port = u.port;
	if (u.userinfo.len > 0) {
		err = make_authorization(out, u.userinfo, a);
	}
	if (err == ERR_NOMEM) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	return err == ERR_OK ? ERR_OK :
	    refuse(setting, "user or password are not percent-encoded", f);
}

/* ---- NO_PROXY ---- */

/* A literal address: its bytes (4 or 16), 0 when it is a name. */
static size_t
address_of(struct str host, unsigned char out[static 16])
{
	return url_ipv4(host, out) ? 4 : url_ipv6(host, out) ? 16 : 0;
}

static bool
bits_equal(const unsigned char *a, const unsigned char *b, size_t bit_n)
{
	size_t whole = bit_n / 8;
	unsigned rest = bit_n % 8;

	return memcmp(a, b, whole) == 0 && (rest == 0 ||
	    ((a[whole] ^ b[whole]) & (0xff00U >> rest) & 0xffU) == 0);
}

/* "10.0.0.0/8" against a literal address. */
static bool
range_fits(struct str entry, struct str host)
{
	unsigned char base[16];
	unsigned char address[16];
	struct str bits = entry;
	struct str text = str_cut(&bits, '/');
	size_t len = address_of(text, base);
	uint64_t bit_n;

	return len > 0 && len == address_of(host, address) &&
	    str_u64(bits, len * 8, &bit_n) &&
	    bits_equal(base, address, (size_t)bit_n);
}

static bool
name_fits(struct str entry, struct str host)
{
	struct str tail;

	if (str_starts(entry, S("*"))) {
		entry = str_sub(entry, 1, entry.len);
	}
	if (str_starts(entry, S("."))) {
		entry = str_sub(entry, 1, entry.len);
	}
	if (entry.len == 0 || host.len < entry.len) {
		return false;
	}
	tail = str_sub(host, host.len - entry.len, host.len);
	return str_ieq(tail, entry) && (host.len == entry.len ||
	    host.p[host.len - entry.len - 1] == '.');
}

static bool
entry_fits(struct str entry, struct str host, uint16_t port)
{
	unsigned char a[16];
	unsigned char b[16];
	struct str name = entry;
	size_t colon = str_find_byte(entry, ':', 0);
	size_t len;
	struct url u;

	if (str_eq(entry, S("*")) || range_fits(entry, host)) {
		return true;
	}
	/* A bare IPv6 address has colons but no port. */
	if (address_of(entry, a) == 0 && colon < entry.len) {
		bool dots = str_starts(entry, S(".")) ||
		    str_starts(entry, S("*"));
		size_t skip = !dots ? 0 : str_starts(entry, S("*.")) ? 2 : 1;

		if (url_authority(str_sub(entry, skip, entry.len), &u) !=
		    ERR_OK || (u.port_given && u.port != port)) {
			return false;
		}
		name = u.host;
	}
	len = address_of(name, a);
	if (len > 0) {
		return len == address_of(host, b) && memcmp(a, b, len) == 0;
	}
	return address_of(host, b) == 0 && name_fits(name, host);
}

/* Addresses that mean "this machine's own neighbourhood". */
static bool
always_direct(struct str host)
{
	static const struct str ranges[] = {
		STR_INIT("169.254.0.0/16"),
		STR_INIT("fe80::/10"),
		STR_INIT("fd00:ec2::/32"),
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (range_fits(ranges[i], host)) {
			return true;
		}
	}
	return false;
}

/* see proxy.h */
bool
proxy_direct(struct str no_proxy, struct str host, uint16_t port)
{
	if (always_direct(host)) {
		return true;
	}
	if (host.len > 0 && host.p[host.len - 1] == '.') {
		host.len--;
	}
	while (no_proxy.p != NULL) {
		struct str part = str_cut(&no_proxy, ',');

		while (part.p != NULL) {
			struct str entry = str_trim(str_cut(&part, ' '));

			if (entry.len > 0 && entry_fits(entry, host, port)) {
				return true;
			}
		}
	}
	return false;
}
