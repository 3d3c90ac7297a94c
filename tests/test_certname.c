/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in certificates: real ones under the five-ways rule and hand-made DER
 * for what no honest CA signs.
 */
#include "net/certname.h"

#include "base/timefmt.h"

#include <bearssl.h>
#include <stdlib.h>

#include "tls_certs.h"
#include "test.h"

/* The first certificate of a PEM text as DER. */
static char der[8192];

static void
collect(void *ctx, const void *p, size_t len)
{
	size_t *n = ctx;

	if (*n + len <= sizeof(der)) {
		memcpy(der + *n, p, len);
		*n += len;
	}
}

static struct str
first_der(const char *pem)
{
	br_pem_decoder_context decoder;
	size_t left = strlen(pem);
	size_t n = 0;
	int event = 0;

	br_pem_decoder_init(&decoder);
	while (left > 0 && event != BR_PEM_END_OBJ) {
		size_t used = br_pem_decoder_push(&decoder, pem, left);

		pem += used;
		left -= used;
		event = br_pem_decoder_event(&decoder);
		if (event == BR_PEM_BEGIN_OBJ) {
			br_pem_decoder_setdest(&decoder, collect, &n);
		}
	}
	return str_of(der, n);
}

static struct certname
read_all(struct str bytes, const char *host, size_t step)
{
	struct certname c;

	certname_init(&c, str_from_z(host));
	while (bytes.len > 0) {
		size_t n = step < bytes.len ? step : bytes.len;

		certname_feed(&c, (const unsigned char *)bytes.p, n);
		bytes = str_sub(bytes, n, bytes.len);
	}
	return c;
}

TEST(names_are_found_however_the_bytes_come)
{
	struct str cert = first_der(tls_certs_good_ec.chain);

	CHECK(cert.len > 200);
	for (size_t step = 1; step <= cert.len; step++) {
		struct certname c = read_all(test_guarded(cert), "good.test",
		    step);

		CHECK(c.matched && c.has_names && !c.broken);
		CHECK_STR(certname_seen(&c), S("good.test, *.wild.test, "
		    "10.0.0.1, IPv6-address"));
		c = read_all(cert, "10.0.0.1", step);
		CHECK(c.matched);
		c = read_all(cert, "bad.test", step);
		CHECK(!c.matched && c.has_names && !c.broken);
	}
}

TEST(certificate_without_alternative_names_has_none)
{
	struct certname c;

	c = read_all(first_der(tls_certs_cn_only.chain), "good.test", 7);
	CHECK(!c.matched && !c.has_names && !c.broken);
	CHECK_INT(certname_seen(&c).len, 0);
	c = read_all(first_der(tls_certs_email.chain), "good.test", 7);
	CHECK(!c.matched && !c.has_names && !c.broken);
}

/* Hand-made certificates: a header, then what is given. Lengths < 128. */
static struct str
wrap(char *to, unsigned char tag, struct str content)
{
	MUST(content.len < 128);
	memmove(to + 2, content.p, content.len);
	to[0] = (char)tag;
	to[1] = (char)content.len;
	return str_of(to, content.len + 2);
}

/* A certificate with one subjectAltName of this GeneralNames content. */
static struct str
with_names(struct str names)
{
	static char b[200];
	char san[160];
	size_t n;

	struct str s = wrap(san, 0x30, names);

	s = wrap(san, 0x04, s);
	memmove(san + 5, s.p, s.len);
	memcpy(san, "\x06\x03\x55\x1d\x11", 5);
	n = s.len + 5;
	s = wrap(b, 0x30, str_of(san, n));   /* extension */
	s = wrap(b, 0x30, s);                /* extensions */
	s = wrap(b, 0xa3, s);
	s = wrap(b, 0x30, s);                /* tbs */
	return wrap(b, 0x30, s);             /* certificate */
}

static bool
fits(struct str names, const char *host)
{
	return read_all(with_names(names), host, 3).matched;
}

TEST(wildcards_stand_for_one_label_of_a_real_domain)
{
	CHECK(fits(S("\x82\x08*.a.test"), "x.a.test"));
	CHECK(!fits(S("\x82\x08*.a.test"), "a.test"));
	CHECK(!fits(S("\x82\x08*.a.test"), ".a.test"));
	CHECK(!fits(S("\x82\x08*.a.test"), "x.y.a.test"));
	CHECK(!fits(S("\x82\x06*.test"), "a.test"));
	CHECK(!fits(S("\x82\x01*"), "a"));
	CHECK(!fits(S("\x82\x02*."), "a."));
	CHECK(!fits(S("\x82\x08x*.a.tes"), "xy.a.tes"));
	CHECK(!fits(S("\x82\x09" "a.*.testx"), "a.b.testx"));
}

TEST(bytes_behind_a_nul_do_not_disappear)
{
	CHECK(fits(S("\x82\x08good.com"), "good.com"));
	CHECK(!fits(S("\x82\x0fgood.com\0.evil.x"), "good.com"));
}

TEST(addresses_match_addresses_only)
{
	CHECK(fits(S("\x87\x04\x0a\0\0\x01"), "10.0.0.1"));
	CHECK(!fits(S("\x82\x08" "10.0.0.1"), "10.0.0.1"));
	CHECK(!fits(S("\x87\x04\x0a\0\0\x01"), "10.0.0.2"));
	CHECK(!fits(S("\x87\x08\x0a\0\0\x01\xff\xff\xff\xff"), "10.0.0.1"));
	CHECK(!fits(S("\x87\x00"), "10.0.0.1"));
	CHECK(fits(S("\x87\x10\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"),
	    "fd00::1"));
	CHECK(!fits(S("\x87\x01" "a"), "a"));
}

TEST(empty_host_and_empty_name_match_nothing)
{
	CHECK(!fits(S("\x82\x00"), ""));
	CHECK(!fits(S("\x82\x01."), ""));
	CHECK(!fits(S("\x82\x01" "."), "."));
}

TEST(names_elsewhere_do_not_count)
{
	struct str s = with_names(S("\x82\x06" "a.test"));
	char b[200];

	CHECK(read_all(s, "a.test", 1).matched);
	/* Another extension's number. */
	memcpy(b, s.p, s.len);
	b[14] = 0x12;
	CHECK(!read_all(str_of(b, s.len), "a.test", 1).matched);
}

TEST(broken_der_matches_nothing)
{
	struct str s = with_names(S("\x82\x06" "a.test"));
	char b[300];

	/* Bytes behind the certificate, and a second one. */
	memcpy(b, s.p, s.len);
	memcpy(b + s.len, s.p, s.len);
	CHECK(read_all(str_of(b, s.len), "a.test", 9).matched);
	CHECK(!read_all(str_of(b, s.len + 1), "a.test", 9).matched);
	CHECK(!read_all(str_of(b, s.len * 2), "a.test", 9).matched);
	/* Indefinite, too long and multi-byte forms. */
	CHECK(read_all(S("\x30\x80"), "a.test", 1).broken);
	CHECK(read_all(S("\x30\x84\0\0\0\x01"), "a.test", 1).broken);
	CHECK(read_all(S("\x3f\x81"), "a.test", 1).broken);
	/* A child longer than its parent. */
	CHECK(read_all(S("\x30\x03\x30\x05\x00"), "a.test", 1).broken);
	/* Every single byte altered: never a crash, and the walker stays
	 * within its depth. */
	for (size_t i = 0; i < s.len; i++) {
		for (int v = 0; v < 256; v++) {
			memcpy(b, s.p, s.len);
			b[i] = (char)v;
			(void)read_all(test_guarded(str_of(b, s.len)),
			    "a.test", 4);
		}
	}
}

TEST(truncated_certificate_matches_only_what_was_whole)
{
	struct str cert = first_der(tls_certs_good_ec.chain);
	size_t at = str_find(cert, S("good.test"), 0);

	for (size_t n = 0; n < cert.len; n++) {
		struct certname c = read_all(test_guarded(str_sub(cert, 0, n)),
		    "good.test", 5);

		CHECK(c.matched == (n >= at + 9));
	}
}

TEST(many_names_are_cut_in_the_sentence)
{
	char names[120];
	size_t n = 0;

	for (int i = 0; i < 11; i++) {
		memcpy(names + n, "\x82\x07" "abc.d\x01x", 9);
		n += 9;
	}
	struct certname c = read_all(with_names(str_of(names, n)), "x", 1);

	CHECK(c.seen_len <= CERTNAME_SEEN_MAX);
	CHECK(str_starts(certname_seen(&c), S("abc.d?x, abc.d?x")));
}

TEST(random_bytes_never_match_or_crash)
{
	uint64_t seed = 3;
	char b[300];

	for (int i = 0; i < 20000; i++) {
		size_t n = test_random(&seed) % sizeof(b);

		for (size_t j = 0; j < n; j++) {
			uint64_t r = test_random(&seed);

			b[j] = r % 3 == 0 ? 0x30 : (char)(r >> 8);
		}
		CHECK(!read_all(str_of(b, n), "good.test", 13).matched);
	}
}

TEST(the_end_of_validity_is_noted)
{
	static const unsigned char head[] = {
		0x30, 0x29, 0x30, 0x27, 0x02, 0x01, 0x01, /* serial */
		0x30, 0x00, 0x30, 0x00, /* signature, issuer */
		0x30, 0x1e,
		0x17, 0x0d, '2', '6', '0', '1', '0', '2', '0', '3', '0', '4',
		'0', '5', 'Z',
		0x17, 0x0d, '2', '7', '0', '1', '0', '2', '0', '3', '0', '4',
		'0', '5', 'Z',
	};
	unsigned char broken[sizeof(head)];
	struct certname c;
	int64_t want;

	MUST(timefmt_parse_amz(S("20270102T030405Z"), &want));
	certname_init(&c, S("x"));
	certname_feed(&c, head, sizeof(head));
	CHECK_INT(c.ends_ms, want);
	for (size_t i = 0; i < sizeof(head); i++) {
		certname_init(&c, S("x"));
		certname_feed(&c, head, i);
		CHECK_INT(c.ends_ms, 0);
		memcpy(broken, head, sizeof(head));
		broken[i] ^= 0x80;
		certname_init(&c, S("x"));
		certname_feed(&c, broken, sizeof(broken));
		CHECK(i >= 13 && i < 28 ? true : c.ends_ms == 0 || i == 4 ||
		    i == 6 || i == 7 || i == 9);
	}
}
