/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs: splitting, hosts, percent-coding, queries, path normalisation.
 *
 * Splitting finds the borders first (RFC 3986 3: the authority ends at the
 * first '/', '?' or '#') and then checks each part against its own grammar, so
 * that no part can borrow bytes from its neighbour.
 */
#include "proto/url.h"

#include <string.h>

#include "base/limits.h"
#include "proto/chars.h"

/* Index of the first byte at or after `from` that is neither in the class nor
 * a whole %XX nor `also`; s.len when all are good. */
static size_t
bad_byte(struct str s, size_t from, unsigned class, char also)
{
	size_t i = from;

	while (i < s.len) {
		if (chars_is(s.p[i], class) || s.p[i] == also) {
			i++;
		} else if (s.p[i] == '%' && s.len - i > 2 &&
		    chars_is(s.p[i + 1], CHARS_HEX) &&
		    chars_is(s.p[i + 2], CHARS_HEX)) {
			i += 3;
		} else {
			break;
		}
	}
	return i;
}

/* ---- hosts ---- */

/* see url.h */
bool
url_ipv4(struct str s, unsigned char out[static 4])
{
	unsigned char parts[4];

	for (size_t i = 0; i < 4; i++) {
		struct str part = str_cut(&s, '.');
		uint64_t v;

		/* "010" is eight to some resolvers and ten to others. */
		if ((i < 3) != (s.p != NULL) || part.len > 3 ||
		    (part.len > 1 && part.p[0] == '0') ||
		    !str_u64(part, 255, &v)) {
			return false;
		}
		parts[i] = (unsigned char)v;
	}
	memcpy(out, parts, sizeof(parts));
	return true;
}

/* Reads up to four hex digits at s.p[*i]; false when there are none. */
static bool
ipv6_group(struct str s, size_t *i, unsigned *v)
{
	size_t from = *i;

	*v = 0;
	while (*i < s.len && *i - from < 4 && chars_is(s.p[*i], CHARS_HEX)) {
		*v = *v << 4 | chars_hex(s.p[*i]);
		(*i)++;
	}
	return *i > from;
}

/* see url.h */
bool
url_ipv6(struct str s, unsigned char out[static 16])
{
	unsigned char a[16] = { 0 };
	size_t n = 0;           /* bytes read */
	size_t gap = SIZE_MAX;  /* where "::" stood */
	size_t i = 0;

	if (str_starts(s, S("::"))) {
		gap = 0;
		i = 2;
	}
	while (i < s.len) {
		size_t from = i;
		unsigned v;

		if (n == sizeof(a) || !ipv6_group(s, &i, &v)) {
			return false;
		}
		if (i < s.len && s.p[i] == '.') {
			/* RFC 4291 2.2 form 3: the last 32 bits dotted. */
			if (n > 12 || !url_ipv4(str_sub(s, from, s.len),
			    a + n)) {
				return false;
			}
			n += 4;
			break;
		}
		a[n++] = (unsigned char)(v >> 8);
		a[n++] = (unsigned char)v;
		if (i == s.len) {
			break;
		}
		if (s.p[i] != ':' || i + 1 == s.len) {
			return false;
		}
		i++;
		if (s.p[i] == ':') {
			if (gap != SIZE_MAX) {
				return false;
			}
			gap = n;
			i++;
		}
	}
	if ((gap == SIZE_MAX) != (n == sizeof(a))) {
		return false;
	}
	if (gap != SIZE_MAX) {
		memmove(a + sizeof(a) - (n - gap), a + gap, n - gap);
		memset(a + gap, 0, sizeof(a) - n);
	}
	memcpy(out, a, sizeof(a));
	return true;
}

static void
put_ipv4(struct buf *out, const unsigned char *a)
{
	for (size_t i = 0; i < 4; i++) {
		if (i > 0) {
			buf_add_byte(out, '.');
		}
		buf_add_u64(out, a[i]);
	}
}

/* How many groups from this one on are zero. */
static size_t
zero_groups(const unsigned char *a, size_t group)
{
	size_t n = 0;

	while (group + n < 8 && a[2 * (group + n)] == 0 &&
	    a[2 * (group + n) + 1] == 0) {
		n++;
	}
	return n;
}

/* Hexadecimal without leading zeros. */
static void
put_group(struct buf *out, const unsigned char *a)
{
	unsigned v = (unsigned)a[0] << 8 | a[1];

	for (int shift = 12; shift >= 0; shift -= 4) {
		if (v >> shift != 0 || shift == 0) {
			buf_add_byte(out, "0123456789abcdef"[v >> shift & 15]);
		}
	}
}

/* see url.h */
void
url_put_address(struct buf *out, const unsigned char *address, size_t len)
{
	size_t gap = 8, gap_n = 1; /* one group alone is written (4.2.2) */

	if (len == 4) {
		put_ipv4(out, address);
		return;
	}
	for (size_t i = 0; i < 8; i++) {
		if (zero_groups(address, i) > gap_n) {
			gap = i;
			gap_n = zero_groups(address, i);
		}
	}
	for (size_t i = 0; i < 8; i++) {
		if (i == gap) {
			buf_add(out, S("::"));
			i += gap_n - 1;
			continue;
		}
		if (i > 0 && i != gap + gap_n) {
			buf_add_byte(out, ':');
		}
		if (i == 6 && gap == 0 && gap_n == 5 && address[10] == 0xff &&
		    address[11] == 0xff) {
			put_ipv4(out, address + 12); /* an IPv4 client */
			return;
		}
		put_group(out, address + 2 * i);
	}
}

/* Whether resolvers read the label as a number: digits, or 0x and digits. */
static bool
is_number(struct str label)
{
	unsigned class = CHARS_DIGIT;
	const char *p = label.p;
	const char *end = label.p + label.len;

	if (str_istarts(label, S("0x"))) {
		class = CHARS_HEX;
		p += 2;
	}
	return chars_skip(p, end, class) == end;
}

/* see url.h */
bool
url_host_ok(struct str host)
{
	unsigned char address[16];
	struct str rest = host;
	struct str label = STR_NONE;

	if (str_find_byte(host, ':', 0) < host.len) {
		return url_ipv6(host, address);
	}
	if (str_ends(host, S("."))) {
		rest.len--;
	}
	if (rest.len == 0 || rest.len > URL_HOST_MAX) {
		return false;
	}
	while (rest.p != NULL) {
		const char *end;

		label = str_cut(&rest, '.');
		end = label.p + label.len;
		if (label.len == 0 || label.len > URL_LABEL_MAX ||
		    label.p[0] == '-' || end[-1] == '-' ||
		    chars_skip(label.p, end, CHARS_LABEL) != end) {
			return false;
		}
	}
	return !is_number(label) || url_ipv4(host, address);
}

/* see url.h */
bool
url_host_is_loopback(struct str host)
{
	static const unsigned char one[16] = { [15] = 1 };
	unsigned char a[16];

	if (url_ipv4(host, a)) {
		return a[0] == 127;
	}
	if (url_ipv6(host, a)) {
		return memcmp(a, one, sizeof(one)) == 0;
	}
	return str_ieq(host, S("localhost")) || str_ieq(host, S("localhost."));
}

/* ---- splitting ---- */

/* see url.h */
enum err
url_authority(struct str text, struct url *out)
{
	struct str port = STR_NONE;
	struct str host;
	uint64_t v = 0;

	*out = (struct url){ .tls = false };
	if (str_starts(text, S("["))) {
		size_t close = str_find_byte(text, ']', 0);

		if (close == text.len) {
			return ERR_SYNTAX;
		}
		host = str_sub(text, 1, close);
		out->ipv6 = true;
		if (close + 1 < text.len) {
			if (text.p[close + 1] != ':') {
				return ERR_SYNTAX;
			}
			port = str_sub(text, close + 2, text.len);
		}
	} else {
		port = text;
		host = str_cut(&port, ':');
	}
	/* Brackets hold an IPv6 address and nothing else (RFC 3986 3.2.2). */
	if (!url_host_ok(host) ||
	    (str_find_byte(host, ':', 0) < host.len) != out->ipv6) {
		return ERR_SYNTAX;
	}
	/* RFC 3986 3.2.3 lets the digits be absent; nobody means that. */
	if (port.p != NULL && !str_u64(port, UINT16_MAX, &v)) {
		return ERR_SYNTAX;
	}
	out->host = host;
	out->port = (uint16_t)v;
	out->port_given = port.p != NULL;
	return ERR_OK;
}

/* Splits [userinfo@]host[:port], which begins at `from` in the whole text. */
static enum err
split_authority(struct str authority, size_t from, struct url *out,
    struct fail *f)
{
	size_t at = str_find_byte(authority, '@', 0);
	struct str userinfo = STR_NONE;
	bool tls = out->tls;

	if (at < authority.len) {
		size_t bad;

		userinfo = str_sub(authority, 0, at);
		bad = bad_byte(userinfo, 0, CHARS_URL, ':');
		/* CHARS_URL has '/' and '@'; neither can be in this slice. */
		if (bad < userinfo.len) {
			return fail_set(f, ERR_SYNTAX, from + bad,
			    S("a byte in the URL's user information has to be "
			    "percent-encoded"));
		}
		authority = str_sub(authority, at + 1, authority.len);
		from += at + 1;
	}
	if (authority.len == 0) {
		return fail_set(f, ERR_SYNTAX, from, S("the URL has no host"));
	}
	if (url_authority(authority, out) != ERR_OK) {
		return fail_set(f, ERR_SYNTAX, from,
		    S("the URL's host or port is not valid"));
	}
	out->tls = tls;
	out->userinfo = userinfo;
	if (!out->port_given) {
		out->port = tls ? 443 : 80;
	}
	return ERR_OK;
}

/* see url.h */
enum err
url_parse(struct str text, struct url *out, struct fail *f)
{
	size_t from;
	size_t slash;
	size_t bad;
	enum err err;

	*out = (struct url){ .tls = str_istarts(text, S("https://")) };
	if (!out->tls && !str_istarts(text, S("http://"))) {
		return fail_set(f, ERR_SYNTAX, 0,
		    S("the URL must begin with http:// or https://"));
	}
	from = out->tls ? 8 : 7;
	slash = from;
	while (slash < text.len && text.p[slash] != '/' &&
	    text.p[slash] != '?' && text.p[slash] != '#') {
		slash++;
	}
	err = split_authority(str_sub(text, from, slash), from, out, f);
	if (err != ERR_OK) {
		return err;
	}
	bad = bad_byte(text, slash, CHARS_URL, '?');
	if (bad < text.len) {
		return fail_set(f, ERR_SYNTAX, bad, text.p[bad] == '#' ?
		    S("a URL with a fragment cannot be used here") :
		    S("a byte in the URL has to be percent-encoded"));
	}
	out->query = str_sub(text, slash, text.len);
	out->path = str_cut(&out->query, '?');
	if (out->path.len == 0) {
		out->path = S("/"); /* RFC 9110 4.2.3: the same resource */
	}
	return ERR_OK;
}

/* see url.h */
void
url_add_host(struct buf *b, const struct url *u)
{
	if (u->ipv6) {
		buf_add_byte(b, '[');
	}
	buf_add(b, u->host);
	if (u->ipv6) {
		buf_add_byte(b, ']');
	}
	if (u->port != (u->tls ? 443 : 80)) {
		buf_add_byte(b, ':');
		buf_add_u64(b, u->port);
	}
}

/* ---- percent-coding ---- */

static void
encode(struct buf *b, struct str s, char keep)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t i = 0;

	while (i < s.len) {
		size_t from = i;
		unsigned char c;
		char *at;

		while (i < s.len && (chars_is(s.p[i], CHARS_UNRESERVED) ||
		    s.p[i] == keep)) {
			i++;
		}
		buf_add(b, str_sub(s, from, i));
		if (i == s.len) {
			return;
		}
		c = (unsigned char)s.p[i++];
		at = buf_reserve(b, 3);
		if (at == NULL) {
			return;
		}
		at[0] = '%';
		at[1] = digits[c >> 4];
		at[2] = digits[c & 15];
	}
}

/* see url.h */
void
url_encode(struct buf *b, struct str s)
{
	/* '-' is unreserved: nothing more is kept. */
	encode(b, s, '-');
}

/* see url.h */
void
url_encode_path(struct buf *b, struct str s)
{
	encode(b, s, '/');
}

/* see url.h */
enum err
url_decode(struct arena *a, struct str s, bool plus_is_space, struct str *out)
{
	size_t percent = str_find_byte(s, '%', 0);
	size_t n = 0;
	char *p;

	if (percent == s.len &&
	    (!plus_is_space || str_find_byte(s, '+', 0) == s.len)) {
		*out = s;
		return ERR_OK;
	}
	p = arena_alloc(a, s.len, 1);
	if (p == NULL) {
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (c == '%') {
			if (s.len - i < 3 || !chars_is(s.p[i + 1], CHARS_HEX) ||
			    !chars_is(s.p[i + 2], CHARS_HEX)) {
				return ERR_SYNTAX;
			}
			c = (char)(chars_hex(s.p[i + 1]) << 4 |
			    chars_hex(s.p[i + 2]));
			i += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		p[n++] = c;
	}
	*out = str_of(p, n);
	return ERR_OK;
}

/* ---- queries and forms ---- */

/* see url.h */
bool
url_query_next(struct str *rest, struct url_pair *out)
{
	while (rest->p != NULL) {
		struct str piece = str_cut(rest, '&');

		if (piece.len > 0) {
			out->value = piece;
			out->name = str_cut(&out->value, '=');
			return true;
		}
	}
	return false;
}

/* see url.h */
enum err
url_query_parse(struct arena *a, struct str query, bool plus_is_space,
    size_t pair_max, struct url_pair **pairs, size_t *pair_n)
{
	struct str rest = query;
	struct url_pair raw;
	struct url_pair *all;
	size_t n = 0;

	while (url_query_next(&rest, &raw)) {
		n++;
	}
	if (n > pair_max) {
		return ERR_LIMIT;
	}
	all = ARENA_ARRAY(a, n, struct url_pair);
	if (all == NULL) {
		return ERR_NOMEM;
	}
	rest = query;
	for (size_t i = 0; url_query_next(&rest, &raw); i++) {
		enum err err = url_decode(a, raw.name, plus_is_space,
		    &all[i].name);

		if (err == ERR_OK) {
			err = url_decode(a, raw.value.p == NULL ? S("") :
			    raw.value, plus_is_space, &all[i].value);
		}
		if (err != ERR_OK) {
			return err;
		}
	}
	*pairs = all;
	*pair_n = n;
	return ERR_OK;
}

/* see url.h */
struct str
url_query_get(const struct url_pair *pairs, size_t pair_n, struct str name)
{
	for (size_t i = 0; i < pair_n; i++) {
		if (str_eq(pairs[i].name, name)) {
			return pairs[i].value;
		}
	}
	return STR_NONE;
}

/* see url.h */
void
url_form_add(struct buf *b, struct str name, struct str value)
{
	if (b->len > 0) {
		buf_add_byte(b, '&');
	}
	url_encode(b, name);
	buf_add_byte(b, '=');
	url_encode(b, value);
}

/* ---- paths ---- */

/* see url.h */
void
url_path_normalise(struct buf *b, struct str path)
{
	size_t from = b->len;
	struct str rest = path;

	while (rest.p != NULL) {
		struct str segment = str_cut(&rest, '/');

		if (segment.len == 0 || str_eq(segment, S("."))) {
			continue;
		}
		if (str_eq(segment, S(".."))) {
			size_t len = b->len;

			while (len > from && b->p[len - 1] != '/') {
				len--;
			}
			buf_cut(b, len > from ? len - 1 : from);
			continue;
		}
		buf_add_byte(b, '/');
		buf_add(b, segment);
	}
	if (b->len == from || str_ends(path, S("/"))) {
		buf_add_byte(b, '/');
	}
}
