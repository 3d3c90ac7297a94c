/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs, hosts, percent-coding, queries and paths.
 */
#include "test.h"

#include "base/err.h"
#include "base/limits.h"
#include "proto/url.h"

/* Parses with the text flush against a guard page. */
static bool
parses(struct str text, struct url *u)
{
	return url_parse(test_guarded(text), u, NULL) == ERR_OK &&
	    url_parse(text, u, NULL) == ERR_OK;
}

/* Refused, at the expected byte. */
static bool
refused(struct str text, size_t pos)
{
	struct url u;
	struct fail f;

	fail_init(&f, NULL);
	if (url_parse(test_guarded(text), &u, &f) != ERR_SYNTAX ||
	    f.pos != pos || f.what.len == 0) {
		printf("    code %d at %zu\n", (int)f.code, f.pos);
		return false;
	}
	return true;
}

/* ---- splitting ---- */

TEST(a_whole_url_is_split)
{
	struct url u;

	CHECK(parses(S("https://me:p%40ss@Example.COM:8443/a/b%2Fc?x=1&y=?/"),
	    &u));
	CHECK(u.tls);
	CHECK_STR(u.userinfo, S("me:p%40ss"));
	CHECK_STR(u.host, S("Example.COM"));
	CHECK(!u.ipv6);
	CHECK(u.port_given);
	CHECK_INT(u.port, 8443);
	CHECK_STR(u.path, S("/a/b%2Fc"));
	CHECK_STR(u.query, S("x=1&y=?/"));
}

TEST(a_short_url_gets_its_defaults)
{
	struct url u;

	CHECK(parses(S("http://h"), &u));
	CHECK(!u.tls && !u.port_given);
	CHECK_INT(u.port, 80);
	CHECK_STR(u.path, S("/"));
	CHECK(u.query.p == NULL && u.userinfo.p == NULL);
	CHECK(parses(S("HTTPS://h?q"), &u));
	CHECK_INT(u.port, 443);
	CHECK_STR(u.path, S("/"));
	CHECK_STR(u.query, S("q"));
	CHECK(parses(S("https://h/?"), &u));
	CHECK(u.query.p != NULL && u.query.len == 0);
}

TEST(an_ipv6_host_loses_its_brackets)
{
	struct url u;

	CHECK(parses(S("http://[fd00:ec2::23]:80/v1"), &u));
	CHECK_STR(u.host, S("fd00:ec2::23"));
	CHECK(u.ipv6);
	CHECK_INT(u.port, 80);
	CHECK(parses(S("http://[::1]"), &u));
	CHECK_STR(u.host, S("::1"));
	CHECK(!u.port_given);
}

TEST(empty_user_information_is_present)
{
	struct url u;

	CHECK(parses(S("http://@proxy:3128"), &u));
	CHECK(u.userinfo.p != NULL && u.userinfo.len == 0);
	CHECK_STR(u.host, S("proxy"));
}

TEST(every_prefix_of_a_url_is_read_without_a_byte_too_many)
{
	struct str s = S("https://u:p@[::ffff:1.2.3.4]:65535/a%20b/../c?d=%e9");

	for (size_t n = 0; n <= s.len; n++) {
		struct url u;
		enum err err = url_parse(test_guarded(str_sub(s, 0, n)), &u,
		    NULL);

		CHECK(err == ERR_OK || err == ERR_SYNTAX);
	}
}

TEST(other_schemes_are_refused)
{
	CHECK(refused(S(""), 0));
	CHECK(refused(S("ftp://h/"), 0));
	CHECK(refused(S("http:/h"), 0));
	CHECK(refused(S("httpss://h"), 0));
	CHECK(refused(S(" http://h"), 0));
	CHECK(refused(S("h:80"), 0));
}

TEST(missing_or_bad_hosts_are_refused)
{
	CHECK(refused(S("http://"), 7));
	CHECK(refused(S("https:///path"), 8));
	CHECK(refused(S("http://u@"), 9));
	CHECK(refused(S("http://a b/"), 7));
	CHECK(refused(S("http://a..b/"), 7));
	CHECK(refused(S("http://a%2eb/"), 7));
	CHECK(refused(S("http://a\\b/"), 7));
	CHECK(refused(S("http://u@v@h/"), 9));
	CHECK(refused(S("http://[::1/"), 7));
	CHECK(refused(S("http://[::1]x/"), 7));
	CHECK(refused(S("http://[h]/"), 7));
	CHECK(refused(S("http://[]/"), 7));
	CHECK(refused(S("http://::1/"), 7));
	CHECK(refused(S("http://[fe80::1%25eth0]/"), 7));
}

TEST(bad_ports_are_refused)
{
	CHECK(refused(S("http://h:/"), 7));
	CHECK(refused(S("http://h:65536/"), 7));
	CHECK(refused(S("http://h:-1/"), 7));
	CHECK(refused(S("http://h:80x/"), 7));
	CHECK(refused(S("http://h:8:0/"), 7));
	CHECK(refused(S("http://[::1]:/"), 7));
	CHECK(refused(S("http://[::1]80/"), 7));
}

TEST(bytes_that_need_encoding_are_refused_where_they_stand)
{
	CHECK(refused(S("http://h/a b"), 10));
	CHECK(refused(S("http://h/\xc3\xa9"), 9));
	CHECK(refused(S("http://h/a?\"b"), 11));
	CHECK(refused(S("http://h/%"), 9));
	CHECK(refused(S("http://h/%4"), 9));
	CHECK(refused(S("http://h/%4g"), 9));
	CHECK(refused(S("http://h/%g4"), 9));
	CHECK(refused(S("http://h/\0"), 9));
	CHECK(refused(S("http://h/\n"), 9));
	CHECK(refused(S("http://u^v@h/"), 8));
}

TEST(fragments_are_refused)
{
	struct url u;
	struct fail f;

	fail_init(&f, NULL);
	CHECK(url_parse(S("http://h/a#b"), &u, &f) == ERR_SYNTAX);
	CHECK_STR(fail_text(&f),
	    S("a URL with a fragment cannot be used here"));
	CHECK(refused(S("http://h/a#b"), 10));
	CHECK(refused(S("http://h#b"), 8));
}

TEST(a_host_header_is_split_like_an_authority)
{
	struct url u;

	CHECK(url_authority(S("localhost:3334"), &u) == ERR_OK);
	CHECK_STR(u.host, S("localhost"));
	CHECK_INT(u.port, 3334);
	CHECK(url_authority(S("localhost"), &u) == ERR_OK);
	CHECK(!u.port_given && !u.tls);
	CHECK_INT(u.port, 0);
	CHECK(url_authority(S("[::1]:1"), &u) == ERR_OK);
	CHECK(u.ipv6);
	CHECK_STR(u.host, S("::1"));
	CHECK(url_authority(S("u@h"), &u) == ERR_SYNTAX);
	CHECK(url_authority(S(""), &u) == ERR_SYNTAX);
	CHECK(url_authority(STR_NONE, &u) == ERR_SYNTAX);
}

TEST(the_host_is_written_with_what_it_needs)
{
	static const struct { struct str url, want; } rows[] = {
		{ STR_INIT("http://h/"), STR_INIT("h") },
		{ STR_INIT("http://h:80/"), STR_INIT("h") },
		{ STR_INIT("http://h:443/"), STR_INIT("h:443") },
		{ STR_INIT("https://h:443/"), STR_INIT("h") },
		{ STR_INIT("https://[::1]/"), STR_INIT("[::1]") },
		{ STR_INIT("https://[::1]:80/"), STR_INIT("[::1]:80") },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char memory[32];
		struct buf b = buf_fixed(memory, sizeof(memory));
		struct url u;

		CHECK(parses(rows[i].url, &u));
		url_add_host(&b, &u);
		CHECK_STR(buf_str(&b), rows[i].want);
	}
}

/* ---- hosts ---- */

TEST(host_names_follow_the_rules_of_labels)
{
	CHECK(url_host_ok(S("a")));
	CHECK(url_host_ok(S("monitoring.eu-west-1.amazonaws.com")));
	CHECK(url_host_ok(S("EXAMPLE.com.")));
	CHECK(url_host_ok(S("my_service")));
	CHECK(url_host_ok(S("1password.com")));
	CHECK(url_host_ok(S("0xyz")));
	CHECK(url_host_ok(S("xn--bcher-kva.example")));
	CHECK(!url_host_ok(S("")));
	CHECK(!url_host_ok(STR_NONE));
	CHECK(!url_host_ok(S(".")));
	CHECK(!url_host_ok(S("a..b")));
	CHECK(!url_host_ok(S(".a")));
	CHECK(!url_host_ok(S("a..")));
	CHECK(!url_host_ok(S("-a")));
	CHECK(!url_host_ok(S("a-.b")));
	CHECK(!url_host_ok(S("a b")));
	CHECK(!url_host_ok(S("a,b")));
	CHECK(!url_host_ok(S("a\0b")));
	CHECK(!url_host_ok(S("b\xc3\xbc" "cher.example")));
	CHECK(!url_host_ok(S("[::1]")));
}

TEST(host_names_have_their_longest)
{
	char name[URL_HOST_MAX + 2];

	memset(name, 'a', sizeof(name));
	CHECK(url_host_ok(str_of(name, URL_LABEL_MAX)));
	CHECK(!url_host_ok(str_of(name, URL_LABEL_MAX + 1)));
	for (size_t i = URL_LABEL_MAX; i < sizeof(name); i += 64) {
		name[i] = '.';
	}
	CHECK(url_host_ok(test_guarded(str_of(name, URL_HOST_MAX))));
	CHECK(!url_host_ok(str_of(name, URL_HOST_MAX + 1)));
	name[URL_HOST_MAX] = '.';
	CHECK(url_host_ok(str_of(name, URL_HOST_MAX + 1)));
}

TEST(names_that_a_resolver_takes_for_a_number_are_refused)
{
	CHECK(url_host_ok(S("127.0.0.1")));
	CHECK(!url_host_ok(S("127.1")));
	CHECK(!url_host_ok(S("127.0.0.1.")));
	CHECK(!url_host_ok(S("2130706433")));
	CHECK(!url_host_ok(S("0x7f000001")));
	CHECK(!url_host_ok(S("0x7f.0.0.0x1")));
	CHECK(!url_host_ok(S("example.0X")));
	CHECK(!url_host_ok(S("example.1")));
	CHECK(!url_host_ok(S("1.2.3.4.5")));
	CHECK(!url_host_ok(S("256.0.0.1")));
}

TEST(ipv4_is_strict_dotted_decimal)
{
	unsigned char a[4] = { 9, 9, 9, 9 };

	CHECK(url_ipv4(S("192.0.2.255"), a));
	CHECK(a[0] == 192 && a[1] == 0 && a[2] == 2 && a[3] == 255);
	CHECK(!url_ipv4(S("01.2.3.4"), a));
	CHECK(!url_ipv4(S("1.2.3"), a));
	CHECK(!url_ipv4(S("1.2.3.4.5"), a));
	CHECK(!url_ipv4(S("1.2.3."), a));
	CHECK(!url_ipv4(S("1..3.4"), a));
	CHECK(!url_ipv4(S("1.2.3.256"), a));
	CHECK(!url_ipv4(S("1.2.3.0000"), a));
	CHECK(!url_ipv4(S("1.2.3.x"), a));
	CHECK(!url_ipv4(S(""), a));
	CHECK(!url_ipv4(STR_NONE, a));
	CHECK(a[0] == 192);
}

TEST(ipv6_reads_all_its_forms)
{
	static const struct {
		struct str text;
		unsigned char want[16];
	} rows[] = {
		{ STR_INIT("::"), { 0 } },
		{ STR_INIT("::1"), { [15] = 1 } },
		{ STR_INIT("1::"), { [1] = 1 } },
		{ STR_INIT("1:2:3:4:5:6:7:8"), { 0, 1, 0, 2, 0, 3, 0, 4, 0, 5,
		    0, 6, 0, 7, 0, 8 } },
		{ STR_INIT("2001:DB8::ff00:42:8329"), { 0x20, 1, 0xd, 0xb8, 0,
		    0, 0, 0, 0, 0, 0xff, 0, 0, 0x42, 0x83, 0x29 } },
		{ STR_INIT("::ffff:1.2.3.4"), { [10] = 0xff, 0xff, 1, 2, 3,
		    4 } },
		{ STR_INIT("1:2:3:4:5:6:1.2.3.4"), { 0, 1, 0, 2, 0, 3, 0, 4, 0,
		    5, 0, 6, 1, 2, 3, 4 } },
		{ STR_INIT("1:2:3:4:5:6:7::"), { 0, 1, 0, 2, 0, 3, 0, 4, 0, 5,
		    0, 6, 0, 7, 0, 0 } },
		{ STR_INIT("::2:3:4:5:6:7:8"), { 0, 0, 0, 2, 0, 3, 0, 4, 0, 5,
		    0, 6, 0, 7, 0, 8 } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char a[16];

		CHECK(url_ipv6(test_guarded(rows[i].text), a));
		CHECK(memcmp(a, rows[i].want, 16) == 0);
		CHECK(url_host_ok(rows[i].text));
	}
}

TEST(ipv6_refuses_what_is_not_an_address)
{
	static const struct str rows[] = {
		STR_INIT(""), STR_INIT(":"), STR_INIT(":::"), STR_INIT("1"),
		STR_INIT("1:2:3:4:5:6:7"), STR_INIT("1:2:3:4:5:6:7:8:9"),
		STR_INIT("1:2:3:4:5:6:7:8::"), STR_INIT("1::2::3"),
		STR_INIT("::12345"), STR_INIT("1:"), STR_INIT(":1"),
		STR_INIT("1:2:3:4:5:6:7:"), STR_INIT("g::"), STR_INIT("::1 "),
		STR_INIT("::1.2.3"), STR_INIT("::1.2.3.4.5"),
		STR_INIT("::1.2.3.4:5"), STR_INIT("1:2:3:4:5:6:7:1.2.3.4"),
		STR_INIT("::abc.2.3.4"), STR_INIT("fe80::1%1"),
		STR_INIT("::1::"), STR_INIT("1:2:3:4::5:6:7:8"),
		STR_INIT("::\0" "1"), STR_INIT("1:::2"),
		STR_INIT(":1:2:3:4:5:6:7"), STR_INIT("1:2:3:4:5:6::7:8:"),
	};
	unsigned char a[16] = { 7 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (url_ipv6(test_guarded(rows[i]), a)) {
			printf("    %.*s\n", STR_ARG(rows[i]));
			CHECK(false);
		}
	}
	CHECK(a[0] == 7);
}

TEST(loopback_is_told_by_the_text)
{
	CHECK(url_host_is_loopback(S("localhost")));
	CHECK(url_host_is_loopback(S("LocalHost.")));
	CHECK(url_host_is_loopback(S("127.0.0.1")));
	CHECK(url_host_is_loopback(S("127.255.0.9")));
	CHECK(url_host_is_loopback(S("::1")));
	CHECK(url_host_is_loopback(S("0:0:0:0:0:0:0:1")));
	CHECK(!url_host_is_loopback(S("::2")));
	CHECK(!url_host_is_loopback(S("128.0.0.1")));
	CHECK(!url_host_is_loopback(S("127.1")));
	CHECK(!url_host_is_loopback(S("localhost.evil.example")));
	CHECK(!url_host_is_loopback(S("127.0.0.1.nip.example")));
	CHECK(!url_host_is_loopback(S("")));
}

/* ---- percent-coding ---- */

TEST(encoding_keeps_the_unreserved_bytes_only)
{
	char all[256];
	char memory[1024];
	struct buf b = buf_fixed(memory, sizeof(memory));

	for (int i = 0; i < 256; i++) {
		all[i] = (char)i;
	}
	url_encode(&b, str_of(all, 256));
	CHECK(buf_ok(&b));
	CHECK_INT(b.len, 66 + 190 * 3);
	CHECK(str_find(buf_str(&b), S("%2C-.%2F0123456789%3A"), 0) < b.len);
	CHECK(str_find(buf_str(&b), S("%5E_%60a"), 0) < b.len);
	CHECK(str_find(buf_str(&b), S("z%7B%7C%7D~%7F%80"), 0) < b.len);
	buf_clear(&b);
	url_encode_path(&b, S("/a b/%2F/\xc3\xa9"));
	CHECK_STR(buf_str(&b), S("/a%20b/%252F/%C3%A9"));
	buf_clear(&b);
	url_encode(&b, STR_NONE);
	CHECK_INT(b.len, 0);
}

TEST(encoding_stops_at_the_end_of_the_buffer)
{
	for (size_t n = 0; n < 9; n++) {
		char memory[9];
		struct buf b = buf_fixed(memory, n);

		url_encode(&b, S("a/b/c"));
		CHECK(!buf_ok(&b));
		CHECK(b.len <= n);
	}
}

TEST(decoding_undoes_encoding)
{
	struct arena a;
	uint64_t seed = 11;

	arena_init(&a, 1 << 20);
	for (size_t round = 0; round < 200; round++) {
		char bytes[40];
		struct buf b = buf_in(&a, 200);
		struct str back;
		size_t n = round % sizeof(bytes);

		for (size_t i = 0; i < n; i++) {
			bytes[i] = (char)test_random(&seed);
		}
		url_encode(&b, str_of(bytes, n));
		CHECK(url_decode(&a, buf_str(&b), round % 2 == 0, &back) ==
		    ERR_OK);
		CHECK_STR(back, str_of(bytes, n));
	}
	arena_free(&a);
}

TEST(decoding_knows_forms_and_refuses_half_escapes)
{
	struct arena a;
	struct str s;

	arena_init(&a, 1 << 20);
	CHECK(url_decode(&a, S("a+b%2b%00"), false, &s) == ERR_OK);
	CHECK_STR(s, S("a+b+\0"));
	CHECK(url_decode(&a, S("a+b%2B"), true, &s) == ERR_OK);
	CHECK_STR(s, S("a b+"));
	CHECK(url_decode(&a, S("a+b"), true, &s) == ERR_OK);
	CHECK_STR(s, S("a b"));
	CHECK(url_decode(&a, test_guarded(S("a%")), false, &s) == ERR_SYNTAX);
	CHECK(url_decode(&a, test_guarded(S("a%4")), false, &s) == ERR_SYNTAX);
	CHECK(url_decode(&a, S("%g0"), false, &s) == ERR_SYNTAX);
	CHECK(url_decode(&a, S("%0g"), false, &s) == ERR_SYNTAX);
	arena_free(&a);
}

TEST(decoding_plain_text_allocates_nothing)
{
	struct str plain = S("plain+text");
	struct arena a;
	struct str s;

	arena_init(&a, 0);
	CHECK(url_decode(&a, plain, false, &s) == ERR_OK);
	CHECK(s.p == plain.p && s.len == plain.len);
	CHECK(url_decode(&a, STR_NONE, true, &s) == ERR_OK);
	CHECK(s.p == NULL);
	CHECK(!a.failed);
	CHECK(url_decode(&a, plain, true, &s) == ERR_NOMEM);
	arena_free(&a);
}

/* ---- queries ---- */

TEST(a_query_is_walked_pair_by_pair)
{
	struct str rest = S("&&a=1&b=&c&=d&e=f=g&");
	struct url_pair p;

	CHECK(url_query_next(&rest, &p));
	CHECK_STR(p.name, S("a"));
	CHECK_STR(p.value, S("1"));
	CHECK(url_query_next(&rest, &p));
	CHECK_STR(p.name, S("b"));
	CHECK(p.value.p != NULL && p.value.len == 0);
	CHECK(url_query_next(&rest, &p));
	CHECK_STR(p.name, S("c"));
	CHECK(p.value.p == NULL);
	CHECK(url_query_next(&rest, &p));
	CHECK_STR(p.name, S(""));
	CHECK_STR(p.value, S("d"));
	CHECK(url_query_next(&rest, &p));
	CHECK_STR(p.value, S("f=g"));
	CHECK(!url_query_next(&rest, &p));
	rest = STR_NONE;
	CHECK(!url_query_next(&rest, &p));
}

TEST(a_query_is_decoded_whole)
{
	struct arena a;
	struct url_pair *pairs;
	size_t n;

	arena_init(&a, 1 << 16);
	CHECK(url_query_parse(&a, S("Action=Get+It&X%20Y=%26&Z&X%20Y=2"), true,
	    4, &pairs, &n) == ERR_OK);
	CHECK_INT(n, 4);
	CHECK_STR(url_query_get(pairs, n, S("Action")), S("Get It"));
	CHECK_STR(url_query_get(pairs, n, S("X Y")), S("&"));
	CHECK(url_query_get(pairs, n, S("Z")).p != NULL);
	CHECK_INT(url_query_get(pairs, n, S("Z")).len, 0);
	CHECK(url_query_get(pairs, n, S("action")).p == NULL);
	CHECK(url_query_parse(&a, S("a&b&c"), true, 2, &pairs, &n) ==
	    ERR_LIMIT);
	CHECK(url_query_parse(&a, S("a=%"), true, 2, &pairs, &n) ==
	    ERR_SYNTAX);
	CHECK(url_query_parse(&a, S("%=a"), true, 2, &pairs, &n) ==
	    ERR_SYNTAX);
	CHECK(url_query_parse(&a, STR_NONE, true, 2, &pairs, &n) == ERR_OK);
	CHECK_INT(n, 0);
	arena_free(&a);
}

static bool
query_scenario(struct arena *a, void *ctx)
{
	struct url_pair *pairs;
	size_t n;

	(void)ctx;
	return url_query_parse(a, S("%61=%62&c=d&e=%66"), false, 8, &pairs,
	    &n) == ERR_OK && n == 3;
}

TEST(query_parsing_survives_every_failed_allocation)
{
	CHECK_INT(test_fail_sweep(query_scenario, NULL, 1 << 16), 4);
}

TEST(a_form_reads_back)
{
	struct arena a;
	struct buf b;
	struct url_pair *pairs;
	size_t n;

	arena_init(&a, 1 << 16);
	b = buf_in(&a, 1024);
	url_form_add(&b, S("Action"), S("AssumeRole"));
	url_form_add(&b, S("RoleArn"), S("arn:aws:iam::1:role/a b+c"));
	url_form_add(&b, S("Empty"), S(""));
	CHECK_STR(buf_str(&b), S("Action=AssumeRole&RoleArn="
	    "arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa%20b%2Bc&Empty="));
	CHECK(url_query_parse(&a, buf_str(&b), true, 3, &pairs, &n) == ERR_OK);
	CHECK_STR(url_query_get(pairs, n, S("RoleArn")),
	    S("arn:aws:iam::1:role/a b+c"));
	arena_free(&a);
}

/* ---- paths ---- */

TEST(paths_are_normalised_as_sigv4_wants_them)
{
	static const struct { struct str in, want; } rows[] = {
		{ STR_INIT(""), STR_INIT("/") },
		{ STR_INIT("/"), STR_INIT("/") },
		{ STR_INIT("//"), STR_INIT("/") },
		{ STR_INIT("/./"), STR_INIT("/") },
		{ STR_INIT("/.."), STR_INIT("/") },
		{ STR_INIT("/a"), STR_INIT("/a") },
		{ STR_INIT("/a/"), STR_INIT("/a/") },
		{ STR_INIT("/a/."), STR_INIT("/a") },
		{ STR_INIT("/a/b/.."), STR_INIT("/a") },
		{ STR_INIT("/a/b/../"), STR_INIT("/a/") },
		{ STR_INIT("/a/.."), STR_INIT("/") },
		{ STR_INIT("/a/../"), STR_INIT("/") },
		{ STR_INIT("/example1/example2/../.."), STR_INIT("/") },
		{ STR_INIT("/../../a"), STR_INIT("/a") },
		{ STR_INIT("//example//"), STR_INIT("/example/") },
		{ STR_INIT("/./example"), STR_INIT("/example") },
		{ STR_INIT("/a/./b/../c//d"), STR_INIT("/a/c/d") },
		{ STR_INIT("/..a/.b/c../..."), STR_INIT("/..a/.b/c../...") },
		{ STR_INIT("/%2e%2e/a"), STR_INIT("/%2e%2e/a") },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char memory[64];
		struct buf b = buf_fixed(memory, sizeof(memory));

		/* What stands in the buffer already is not touched. */
		buf_add(&b, S("GET\n"));
		url_path_normalise(&b, test_guarded(rows[i].in));
		CHECK(str_starts(buf_str(&b), S("GET\n")));
		CHECK_STR(str_sub(buf_str(&b), 4, b.len), rows[i].want);
	}
}

TEST(a_path_that_does_not_fit_fails_the_buffer)
{
	for (size_t n = 0; n < 6; n++) {
		char memory[8];
		struct buf b = buf_fixed(memory, n);

		url_path_normalise(&b, S("/a/../b/c/../d/e"));
		CHECK(!buf_ok(&b));
	}
}

TEST(addresses_are_written_as_rfc_5952_has_them)
{
	static const struct str rows[] = {
		STR_INIT("::"), STR_INIT("::1"), STR_INIT("1::"),
		STR_INIT("2001:db8::1"), STR_INIT("2001:db8:0:1:1:1:1:1"),
		STR_INIT("2001:0:0:1::1"), STR_INIT("2001:db8::1:0:0:1"),
		STR_INIT("fe80::1234:5678:9abc:def0"),
		STR_INIT("::ffff:192.0.2.1"), STR_INIT("::fffe:c000:201"),
		STR_INIT("1:2:3:4:5:6:7:8"), STR_INIT("64:ff9b::c000:221"),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char a[16];
		char text[45];
		struct buf b = buf_fixed(text, sizeof(text));

		CHECK(url_ipv6(rows[i], a));
		url_put_address(&b, a, 16);
		CHECK_STR(buf_str(&b), rows[i]);
	}
}

TEST(every_address_reads_back)
{
	uint64_t state = 9;

	for (int i = 0; i < 20000; i++) {
		unsigned char a[16] = { 0 }, back[16];
		char text[45];
		struct buf b = buf_fixed(text, sizeof(text));

		for (size_t j = 0; j < 16; j++) {
			a[j] = (unsigned char)(test_random(&state) % 3 == 0 ?
			    test_random(&state) : 0);
		}
		url_put_address(&b, a, 16);
		CHECK(url_ipv6(buf_str(&b), back));
		CHECK(memcmp(a, back, 16) == 0);
		buf_clear(&b);
		url_put_address(&b, a, 4);
		CHECK(url_ipv4(buf_str(&b), back));
		CHECK(memcmp(a, back, 4) == 0);
	}
}
