/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proxy settings and NO_PROXY.
 */
#include "net/proxy.h"

#include "test.h"

static struct arena arena;
static struct proxy proxy;
static struct fail why;

static enum err
parse(const char *text)
{
	arena_free(&arena);
	arena_init(&arena, 1 << 16);
	fail_init(&why, &arena);
	return proxy_parse(&proxy, str_from_z(text), S("HTTPS_PROXY"), &arena,
	    &why);
}

TEST(proxies_are_read_with_and_without_scheme)
{
	CHECK_INT(parse("http://proxy.test:3128"), ERR_OK);
	CHECK_STR(proxy.host, S("proxy.test"));
	CHECK_INT(proxy.port, 3128);
	CHECK(proxy.authorization.p == NULL);
	CHECK_INT(parse("  proxy.test:8080/ "), ERR_OK);
	CHECK_STR(proxy.host, S("proxy.test"));
	CHECK_INT(proxy.port, 8080);
	CHECK_INT(parse("10.0.0.1"), ERR_OK);
	CHECK_INT(proxy.port, 80);
	CHECK_INT(parse("http://[fd00::1]:3128"), ERR_OK);
	CHECK_STR(proxy.host, S("fd00::1"));
	arena_free(&arena);
}

TEST(empty_setting_means_no_proxy)
{
	CHECK_INT(parse(""), ERR_OK);
	CHECK(proxy.host.p == NULL);
	CHECK_INT(parse("  "), ERR_OK);
	CHECK(proxy.host.p == NULL);
	arena_free(&arena);
}

TEST(user_and_password_become_basic_credentials)
{
	CHECK_INT(parse("http://Aladdin:open%20sesame@p:1"), ERR_OK);
	/* RFC 7617 2 */
	CHECK_STR(proxy.authorization,
	    S("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
	CHECK_INT(parse("user@p:1"), ERR_OK);
	CHECK_STR(proxy.authorization, S("Basic dXNlcjo="));
	arena_free(&arena);
}

TEST(bad_proxies_name_the_setting_and_no_password)
{
	static const char *const bad[] = { "socks5://u:secret@h:1",
	    "http://u:secret@h:x", "https://u:secret@h:1", "u:secret@",
	    "http://u:secret%4@h", "http://a b" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(parse(bad[i]), ERR_CONFIG);
		CHECK(str_starts(why.what, S("HTTPS_PROXY: ")));
		CHECK(!str_icontains(why.what, S("secret")));
	}
	arena_free(&arena);
}

static bool
sweep(struct arena *a, void *ctx)
{
	struct fail f;
	enum err err;

	(void)ctx;
	fail_init(&f, NULL);
	err = proxy_parse(&proxy, S("us%41r:pw@h:1"), S("X"), a, &f);
	MUST(err == ERR_OK || err == ERR_NOMEM);
	return err == ERR_OK;
}

TEST(failing_allocations_are_orderly)
{
	CHECK(test_fail_sweep(sweep, NULL, 1 << 16) > 0);
}

TEST(no_proxy_entries_fit_what_they_say)
{
	static const struct {
		const char *list;
		const char *host;
		uint16_t port;
		bool direct;
	} rows[] = {
		{ "", "a.test", 80, false },
		{ "*", "a.test", 80, true },
		{ "a.test", "a.test", 80, true },
		{ "A.Test", "a.tEST.", 80, true },
		{ "a.test", "x.a.test", 80, true },
		{ ".a.test", "x.a.test", 80, true },
		{ ".a.test", "a.test", 80, true },
		{ "*.a.test", "x.y.a.test", 80, true },
		{ "a.test", "xa.test", 80, false },
		{ "a.test", "a.test.evil", 80, false },
		{ "b.test, a.test", "a.test", 80, true },
		{ "b.test a.test", "a.test", 80, true },
		{ ",, ,a.test,", "a.test", 80, true },
		{ "a.test:8080", "a.test", 8080, true },
		{ "a.test:8080", "a.test", 80, false },
		{ ".a.test:8080", "x.a.test", 8080, true },
		{ "*.a.test:8080", "x.a.test", 8080, true },
		{ "a.test:x", "a.test", 80, false },
		{ "10.0.0.1", "10.0.0.1", 80, true },
		{ "10.0.0.1", "10.0.0.10", 80, false },
		{ "0.0.1", "10.0.0.1", 80, false },
		{ "10.0.0.1:80", "10.0.0.1", 80, true },
		{ "10.0.0.1:81", "10.0.0.1", 80, false },
		{ "10.0.0.0/8", "10.255.0.1", 80, true },
		{ "10.0.0.0/8", "11.0.0.1", 80, false },
		{ "10.0.0.128/25", "10.0.0.127", 80, false },
		{ "10.0.0.128/25", "10.0.0.129", 80, true },
		{ "10.0.0.0/33", "10.0.0.0", 80, false },
		{ "0.0.0.0/0", "1.2.3.4", 80, true },
		{ "0.0.0.0/0", "a.test", 80, false },
		{ "0.0.0.0/0", "fd00::1", 80, false },
		{ "fd00::/8", "fd12::1", 80, true },
		{ "fd00::1", "fd00:0::1", 80, true },
		{ "[fd00::1]:80", "fd00::1", 80, true },
		{ "[fd00::1]:81", "fd00::1", 80, false },
		{ "", "169.254.169.254", 80, true },
		{ "", "169.255.0.1", 80, false },
		{ "", "fd00:ec2::23", 80, true },
		{ "", "fd00:ec3::23", 80, false },
		{ "", "fe80::1", 80, true },
		{ "", "169.254.evil.test", 80, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (proxy_direct(str_from_z(rows[i].list),
		    str_from_z(rows[i].host), rows[i].port) !=
		    rows[i].direct) {
			printf("  row: %s with %s\n", rows[i].host,
			    rows[i].list);
			test_fail(__FILE__, __LINE__, "row");
		}
	}
}

TEST(absent_list_means_nothing_is_direct)
{
	CHECK(!proxy_direct(STR_NONE, S("a.test"), 80));
}
