/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials of the caller's own: every rule of auth/brought.h, with a case
 * that keeps it and one that does not.
 */
#include "auth/brought.h"

#include "base/buf.h"
#include "base/enc.h"
#include "base/limits.h"
#include "test.h"

#define NOW INT64_C(1795176000000)
#define KEY "\"accessKeyId\":\"ASIAIOSFODNN7EXAMPLE\""
#define SECRET "\"secretAccessKey\":\"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE\""
#define TOKEN "\"sessionToken\":\"IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCX=\""
#define END "\"expiresAt\":1795179600000"
#define ACCOUNT "\"accountId\":\"123456789012\""
#define GOOD "{" KEY "," SECRET "," TOKEN "," END "," ACCOUNT "}"

static struct arena arena;
static struct http1_request request;
static struct auth_caller who;
static struct creds_keys keys;
static struct auth_refusal no;

static void
start(void)
{
	arena_free(&arena);
	arena_init(&arena, JOB_ARENA_CAP);
	request = (struct http1_request){ .header_n = 0 };
}

static void
field(struct str name, struct str value)
{
	request.headers[request.header_n++] =
	    (struct http1_header){ name, value };
}

static struct str
coded(const char *json)
{
	struct buf b = buf_in(&arena, (size_t)64 * 1024);

	enc_base64(&b, str_from_z(json));
	MUST(buf_ok(&b));
	return buf_str(&b);
}

static enum auth_verdict
check_from(struct str token, bool tls, struct str peer)
{
	struct brought_way way = { .tls = tls, .peer = peer, .now_ms = NOW };

	return brought_check(&request, token, &way, &arena, &who, &keys, &no);
}

static enum auth_verdict
check(const char *json)
{
	return check_from(coded(json), true, S("203.0.113.7"));
}

static bool
why_has(const char *text)
{
	if (!str_icontains(no.why, str_from_z(text))) {
		printf("why: %.*s\n", STR_ARG(no.why));
		return false;
	}
	return true;
}

/* Nothing was handed out. */
static bool
is_bare(void)
{
	return who.kind == AUTH_NOBODY && who.subject.p == NULL &&
	    keys.access_key_id.p == NULL && keys.secret.p == NULL &&
	    keys.token.p == NULL && keys.expires_ms == 0;
}

TEST(credentials_in_the_header_or_as_the_token_are_read)
{
	for (int header = 0; header < 2; header++) {
		start();
		if (header == 1) {
			field(S("x-aws-credentials"), coded(GOOD));
		}
		CHECK(brought_is_ours(&request, header == 1 ? STR_NONE :
		    coded(GOOD)));
		CHECK_INT(check_from(header == 1 ? S("other") : coded(GOOD),
		    true, S("203.0.113.7")), AUTH_OK);
		CHECK_INT(who.kind, AUTH_CREDENTIALS);
		CHECK_STR(who.subject, S("123456789012/...MPLE"));
		CHECK_INT(who.expires_ms, NOW + 3600000);
		CHECK(who.token.p == NULL);
		CHECK_STR(keys.access_key_id, S("ASIAIOSFODNN7EXAMPLE"));
		CHECK_STR(keys.secret,
		    S("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE"));
		CHECK_STR(keys.token,
		    S("IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCX="));
		CHECK_STR(keys.account_id, S("123456789012"));
		CHECK_INT(keys.expires_ms, NOW + 3600000);
		CHECK_INT(no.verdict, AUTH_OK);
	}
}

TEST(the_arena_is_wiped_with_the_request)
{
	start();
	CHECK(!arena.secret);
	CHECK_INT(check(GOOD), AUTH_OK);
	CHECK(arena.secret);
	start();
	CHECK_INT(check("{}"), AUTH_MALFORMED);
	CHECK(arena.secret);
}

TEST(both_alphabets_are_read_with_and_without_padding)
{
	/* bytes that need '+' and '/' at every place */
	static const char *const padded[] = {
		"{" KEY "," SECRET "," TOKEN "," END ",\"a\":\"~~>>??\"}",
		"{" KEY "," SECRET "," TOKEN "," END ",\"a\":\"~~>>??~\"}",
		"{" KEY "," SECRET "," TOKEN "," END ",\"a\":\"~~>>??~?\"}",
	};

	for (size_t i = 0; i < 3; i++) {
		struct buf url;
		struct str t;

		start();
		t = coded(padded[i]);
		CHECK_INT(check_from(t, true, S("")), AUTH_OK);
		while (t.p[t.len - 1] == '=') {
			t.len--;
		}
		CHECK_INT(check_from(t, true, S("")), AUTH_OK);
		url = buf_in(&arena, 4096);
		enc_base64url(&url, str_from_z(padded[i]));
		CHECK(str_find_byte(buf_str(&url), '_', 0) < url.len ||
		    str_find_byte(buf_str(&url), '-', 0) < url.len);
		CHECK_INT(check_from(buf_str(&url), true, S("")), AUTH_OK);
		while (url.len % 4 != 0) {
			buf_add_byte(&url, '=');
		}
		CHECK_INT(check_from(buf_str(&url), true, S("")), AUTH_OK);
	}
}

TEST(what_is_not_base64_of_an_object_is_malformed)
{
	static const char *const texts[] = { "{}x", "!", "e30", "bnVsbA==",
	    "W10=", "eyJh\n", "e30=e30=", "e30==", "-+-+" };
	static char big[AUTH_TOKEN_MAX / 4 * 3 + 4];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		start();
		CHECK_INT(check_from(str_from_z(texts[i]), true, S("")),
		    AUTH_MALFORMED);
		CHECK(is_bare());
	}
	/* as large as it may be, and a little larger */
	memset(big, ' ', sizeof(big) - 1);
	memcpy(big, GOOD, sizeof(GOOD) - 1);
	CHECK_INT(check(big), AUTH_MALFORMED);
	CHECK(why_has("16 KiB"));
	CHECK(!brought_is_token(coded(big)));
	big[sizeof(big) - 4] = '\0';
	CHECK_INT(check(big), AUTH_OK);
	CHECK(brought_is_token(coded(big)));
}

static const struct {
	const char *json;
	enum auth_verdict want;
	const char *why;
} rules[] = {
	{ "{" SECRET "," TOKEN "," END "}", AUTH_MALFORMED,
	    "accessKeyId" },
	{ "{" KEY "," TOKEN "," END "}", AUTH_MALFORMED,
	    "secretAccessKey" },
	{ "{" KEY "," SECRET "," END "}", AUTH_MALFORMED,
	    "sessionToken" },
	{ "{" KEY "," SECRET "," END ",\"sessionToken\":\"\"}",
	    AUTH_MALFORMED, "sessionToken" },
	{ "{" KEY "," SECRET "," END ",\"sessionToken\":null}",
	    AUTH_MALFORMED, "sessionToken" },
	{ "{" KEY "," SECRET "," END ",\"sessionToken\":\"a b\"}",
	    AUTH_MALFORMED, "sessionToken" },
	{ "{" KEY "," SECRET "," END ",\"sessionToken\":"
	    "\"a\\r\\nHost: b\"}", AUTH_MALFORMED, "sessionToken" },
	{ "{\"accessKeyId\":\"AKIAIOSFODNN7EXAMPLE\"," SECRET ","
	    TOKEN "," END "}", AUTH_MALFORMED, "ASIA" },
	{ "{\"accessKeyId\":\"asiaIOSFODNN7EXAMPLE\"," SECRET ","
	    TOKEN "," END "}", AUTH_MALFORMED, "ASIA" },
	{ "{\"accessKeyId\":\"ASIAIOSFODNN7EX\"," SECRET "," TOKEN
	    "," END "}", AUTH_MALFORMED, "accessKeyId" },
	{ "{\"accessKeyId\":\"ASIAIOSFODNN7EX-MPLE\"," SECRET ","
	    TOKEN "," END "}", AUTH_MALFORMED, "accessKeyId" },
	{ "{\"accessKeyId\":1," SECRET "," TOKEN "," END "}",
	    AUTH_MALFORMED, "accessKeyId" },
	{ "{" KEY ",\"secretAccessKey\":\"short\"," TOKEN "," END
	    "}", AUTH_MALFORMED, "secretAccessKey" },
	{ "{" KEY ",\"secretAccessKey\":\"sixteen\\u0000and more\","
	    TOKEN "," END "}", AUTH_MALFORMED, "secretAccessKey" },
	{ "{" KEY "," SECRET "," TOKEN "}", AUTH_MALFORMED,
	    "expiresAt" },
	{ "{" KEY "," SECRET "," TOKEN ",\"expiresAt\":\"soon\"}",
	    AUTH_MALFORMED, "expiresAt" },
	{ "{" KEY "," SECRET "," TOKEN ",\"expiresAt\":1e300}",
	    AUTH_MALFORMED, "expiresAt" },
	{ "{" KEY "," SECRET "," TOKEN ",\"expiresAt\":-1}",
	    AUTH_MALFORMED, "expiresAt" },
	{ "{" KEY "," SECRET "," TOKEN ",\"expiresAt\":true}",
	    AUTH_MALFORMED, "expiresAt" },
	{ "{" KEY "," SECRET "," TOKEN "," END ",\"accountId\":12}",
	    AUTH_MALFORMED, "accountId" },
	{ "{" KEY "," SECRET "," TOKEN "," END ",\"accountId\":"
	    "\"12345678901\"}", AUTH_MALFORMED, "accountId" },
	{ "{" KEY "," SECRET "," TOKEN "," END ",\"accountId\":"
	    "\"12345678901x\"}", AUTH_MALFORMED, "accountId" },
	{ "{" KEY "," KEY "," SECRET "," TOKEN "," END "}",
	    AUTH_MALFORMED, "JSON" },
	{ GOOD " x", AUTH_MALFORMED, "JSON" },
	/* the moment itself is too late */
	{ "{" KEY "," SECRET "," TOKEN ",\"expiresAt\":"
	    "1795176000000}", AUTH_INVALID, "expired" },
	/* seconds are a moment in 1970 */
	{ "{" KEY "," SECRET "," TOKEN ",\"expiresAt\":1795179600}",
	    AUTH_INVALID, "expired" },
	{ "{" KEY "," SECRET "," TOKEN ",\"expiresAt\":"
	    "\"2026-11-20T11:59:59Z\"}", AUTH_INVALID, "expired" },
	{ "{" KEY "," SECRET "," TOKEN ",\"expiresAt\":"
	    "1795176000001}", AUTH_OK, "" },
	{ "{" KEY "," SECRET "," TOKEN ",\"expiresAt\":"
	    "\"2026-11-20T13:00:00.000Z\"}", AUTH_OK, "" },
	{ "{" KEY "," SECRET "," TOKEN "," END ",\"accountId\":null,"
	    "\"more\":[{}]}", AUTH_OK, "" },
};

TEST(every_member_has_its_rule)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		start();
		CHECK_INT(check(rules[i].json), rules[i].want);
		CHECK((rules[i].want == AUTH_OK) != is_bare());
		CHECK(why_has(rules[i].why));
		/* what was presented never comes back */
		CHECK(!str_icontains(no.why, S("IOSFODNN7")));
	}
	CHECK_STR(who.subject, S("unknown/...MPLE"));
}

TEST(plain_http_is_for_this_machine_only)
{
	static const struct {
		const char *peer;
		bool tls;
		enum auth_verdict want;
	} cases[] = {
		{ "127.0.0.1", false, AUTH_OK },
		{ "127.9.9.9", false, AUTH_OK },
		{ "::1", false, AUTH_OK },
		{ "::ffff:127.0.0.1", false, AUTH_OK },
		{ "10.0.0.1", true, AUTH_OK },
		{ "", true, AUTH_OK },
		{ "10.0.0.1", false, AUTH_INVALID },
		{ "128.0.0.1", false, AUTH_INVALID },
		{ "::2", false, AUTH_INVALID },
		{ "::ffff:10.0.0.1", false, AUTH_INVALID },
		{ "localhost", false, AUTH_INVALID },
		{ "", false, AUTH_INVALID },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start();
		CHECK_INT(check_from(coded(GOOD), cases[i].tls,
		    str_from_z(cases[i].peer)), cases[i].want);
		CHECK((cases[i].want == AUTH_OK) != is_bare());
	}
	CHECK(why_has("not encrypted"));
	/* the way is looked at before what came along it */
	CHECK_INT(check_from(S("!"), false, S("10.0.0.1")), AUTH_INVALID);
}

TEST(without_any_nothing_was_presented)
{
	start();
	CHECK(!brought_is_ours(&request, STR_NONE));
	CHECK_INT(check_from(STR_NONE, true, S("")), AUTH_MISSING);
	CHECK(no.why.p == NULL);
	field(S("X-AWS-Credentials"), S(""));
	CHECK_INT(check_from(STR_NONE, true, S("")), AUTH_MISSING);
}

TEST(two_headers_are_malformed)
{
	start();
	field(S("X-AWS-Credentials"), coded(GOOD));
	field(S("x-aws-credentials"), coded(GOOD));
	CHECK(brought_is_ours(&request, STR_NONE));
	CHECK_INT(check_from(STR_NONE, true, S("")), AUTH_MALFORMED);
	CHECK(why_has("several"));
	CHECK(is_bare());
}

TEST(a_token_of_this_form_is_told_from_others)
{
	/* The last one's first piece is longer than what is read of it. */
	static const char long_one[] = "eyJhY2Nlc3NLZXlJZCI6ImEgdmVyeSBsb25n"
	    "IHZhbHVlIHRoYXQgZmlsbHMgdGhlIGZpcnN0IHBpZWNlIn0.e30.AAAA";
	static const char *const others[] = { "", "e", "eyJ", "abc.def.ghi",
	    "static-token-0123456789", "k8s-aws-v1.aHR0cHM6Ly9zdHM",
	    "eyJhbGciOiJFUzI1NiJ9.e30.AAAA", "eyJhbGciOiJFUzI1NiJ9",
	    long_one };
	char spaces[256];

	start();
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		CHECK(!brought_is_token(test_guarded(str_from_z(others[i]))));
	}
	CHECK(brought_is_token(test_guarded(coded(GOOD))));
	CHECK(brought_is_token(coded("{\"accessKeyId\":1}")));
	CHECK(!brought_is_token(coded("{\"accessKeyID\":1}")));
	CHECK(!brought_is_token(coded("[\"accessKeyId\"]")));
	CHECK(!brought_is_token(coded("{\"access\":\"KeyId\"}")));
	/* wherever the name stands, also across what is decoded at a time */
	for (int i = 0; i < 160; i++) {
		snprintf(spaces, sizeof(spaces), "{%*s\"a\"\"accessKeyId\"",
		    i, "");
		CHECK(brought_is_token(coded(spaces)));
		spaces[strlen(spaces) - 1] = 'x';
		CHECK(!brought_is_token(coded(spaces)));
		arena_reset(&arena);
	}
}

static int
feed(void *ctx, struct str bytes, bool more, char *log, size_t log_size)
{
	struct brought_way way = { .tls = true, .now_ms = NOW };
	struct arena a;
	enum auth_verdict v;

	(void)ctx;
	arena_init(&a, JOB_ARENA_CAP);
	v = brought_check(&request, bytes, &way, &a, &who, &keys, &no);
	snprintf(log, log_size, "%d %.*s %.*s", (int)v, STR_ARG(who.subject),
	    STR_ARG(keys.secret));
	arena_free(&a);
	return v == AUTH_OK ? 1 : more ? 0 : -1;
}

TEST(five_ways_to_read_one_header)
{
	/* of whole groups: padding may be left out */
	static char text[sizeof(GOOD) + 2] = GOOD;

	for (size_t n = sizeof(GOOD) - 1; n % 3 != 0; n++) {
		text[n - 1] = ' ';
		text[n] = '}';
	}
	start();
	CHECK(test_five_ways(feed, NULL, coded(text), false));
}

TEST(every_altered_byte_is_noticed_or_harmless)
{
	struct str good;

	start();
	good = coded(GOOD);
	for (size_t i = 0; i < good.len; i++) {
		struct str copy = str_dup(&arena, good);

		((char *)(uintptr_t)copy.p)[i] ^= 1;
		if (check_from(copy, true, S("")) == AUTH_OK) {
			CHECK(str_starts(keys.access_key_id, S("ASIA")));
			CHECK(keys.token.len > 0 && keys.expires_ms > NOW);
		}
		arena_reset(&arena);
		good = coded(GOOD);
	}
}

static bool
scenario(struct arena *a, void *ctx)
{
	struct brought_way way = { .tls = true, .now_ms = NOW };
	struct str text = *(struct str *)ctx;
	enum auth_verdict v = brought_check(&request, text, &way, a, &who,
	    &keys, &no);

	if (v != AUTH_OK) {
		MUST(v == AUTH_UNAVAILABLE && is_bare());
	}
	return v == AUTH_OK;
}

TEST(without_memory_it_says_so)
{
	struct str text;

	start();
	text = coded(GOOD);
	CHECK(test_fail_sweep(scenario, &text, JOB_ARENA_CAP) > 2);
}
