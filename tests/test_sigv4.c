/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures: the published vectors, sign -> verify, and a verifier that must
 * notice every changed byte. tests/interop/botocore_sigv4.py compares many
 * more requests with botocore.
 */
#include "test.h"

#include "base/limits.h"
#include "base/timefmt.h"
#include "proto/sigv4.h"

#define SECRET S("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
#define NOW_MS INT64_C(1440938160000) /* 20150830T123600Z */

static const struct sigv4_scope scope = { NOW_MS, STR_INIT("us-east-1"),
    STR_INIT("service") };

static struct sigv4_keys
keys(void)
{
	return (struct sigv4_keys){ .access_key = S("AKIDEXAMPLE"),
	    .secret = SECRET };
}

/* One published vector: the headers besides Host and X-Amz-Date. */
struct vector {
	struct str method, path, query, body;
	struct http1_header extra[4];
	size_t extra_n;
	struct str signature;
};

TEST(published_vectors_of_the_aws_test_suite)
{
	static const struct vector rows[] = {
		/* get-vanilla */
		{ STR_INIT("GET"), STR_INIT("/"), STR_INIT(""), STR_INIT(""),
		    { { STR_INIT(""), STR_INIT("") } }, 0,
		    STR_INIT("5fa00fa31553b73ebf1942676e86291e"
		    "8372ff2a2260956d9b8aae1d763fbf31") },
		/* get-vanilla-query-order-key-case */
		{ STR_INIT("GET"), STR_INIT("/"),
		    STR_INIT("Param2=value2&Param1=value1"), STR_INIT(""),
		    { { STR_INIT(""), STR_INIT("") } }, 0,
		    STR_INIT("b97d918cfa904a5beff61c982a1b6f45"
		    "8b799221646efd99d3219ec94cdf2500") },
		/* post-vanilla */
		{ STR_INIT("POST"), STR_INIT("/"), STR_INIT(""), STR_INIT(""),
		    { { STR_INIT(""), STR_INIT("") } }, 0,
		    STR_INIT("5da7c1a2acd57cee7505fc6676e4e544"
		    "621c30862966e37dddb68e92efbe5d6b") },
		/* post-x-www-form-urlencoded */
		{ STR_INIT("POST"), STR_INIT("/"), STR_INIT(""),
		    STR_INIT("Param1=value1"),
		    { { STR_INIT("Content-Type"),
		    STR_INIT("application/x-www-form-urlencoded") } }, 1,
		    STR_INIT("ff11897932ad3f4e8b18135d722051e5"
		    "ac45fc38421b1da7b9d196a0fe09473a") },
		/* get-header-value-trim */
		{ STR_INIT("GET"), STR_INIT("/"), STR_INIT(""), STR_INIT(""),
		    { { STR_INIT("My-Header1"), STR_INIT(" value1") },
		    { STR_INIT("My-Header2"), STR_INIT(" \"a   b   c\"") } }, 2,
		    STR_INIT("acc3ed3afb60bb290fc8d2dd0098b991"
		    "1fcaa05412b367055dee359757a9c736") },
		/* get-header-key-duplicate */
		{ STR_INIT("GET"), STR_INIT("/"), STR_INIT(""), STR_INIT(""),
		    { { STR_INIT("My-Header1"), STR_INIT("value2") },
		    { STR_INIT("My-Header1"), STR_INIT("value2") },
		    { STR_INIT("My-Header1"), STR_INIT("value1") } }, 3,
		    STR_INIT("c9d5ea9f3f72853aea855b47ea873832"
		    "890dbdd183b4468f858259531a5138ea") },
		/* normalize-path: get-relative-relative and get-slashes give
		 * the signature of get-vanilla */
		{ STR_INIT("GET"), STR_INIT("/example1/example2/../.."),
		    STR_INIT(""), STR_INIT(""),
		    { { STR_INIT(""), STR_INIT("") } }, 0,
		    STR_INIT("5fa00fa31553b73ebf1942676e86291e"
		    "8372ff2a2260956d9b8aae1d763fbf31") }
	};
	struct arena a;

	arena_init(&a, JOB_ARENA_CAP);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http1_header h[5] = { { S("Host"),
		    S("example.amazonaws.com") } };
		struct sigv4_request r = { .method = rows[i].method,
		    .path = rows[i].path, .query = rows[i].query,
		    .headers = h, .header_n = rows[i].extra_n + 1,
		    .body = rows[i].body };
		struct sigv4_keys k = keys();
		struct sigv4_signed out;

		for (size_t n = 0; n < rows[i].extra_n; n++) {
			h[n + 1] = rows[i].extra[n];
		}
		CHECK_INT(sigv4_sign(&a, &r, &k, &scope, &out, NULL), ERR_OK);
		CHECK(str_ends(out.add[0].value, rows[i].signature));
	}
	arena_free(&a);
}

TEST(the_documented_signing_key_is_derived)
{
	static const uint8_t want[] = { 0xc4, 0xaf, 0xb1, 0xcc, 0x57, 0x71,
	    0xd8, 0x71, 0x76, 0x3a, 0x39, 0x3e, 0x44, 0xb7, 0x03, 0x57, 0x1b,
	    0x55, 0xcc, 0x28, 0x42, 0x4d, 0x1a, 0x5e, 0x86, 0xda, 0x6e, 0xd3,
	    0xc1, 0x54, 0xa4, 0xb9 };
	static struct sigv4_cache cache;
	uint8_t key[SIGV4_KEY_LEN];

	for (int i = 0; i < 40; i++) {
		char day[2] = { (char)('0' + i % 10), (char)('0' + i / 10) };

		CHECK_INT(sigv4_derive(&cache, SECRET, S("20150830"),
		    S("us-east-1"), S("iam"), key), ERR_OK);
		CHECK(memcmp(key, want, sizeof(key)) == 0);
		CHECK_INT(sigv4_derive(&cache, SECRET, str_of(day, 2),
		    S("us-east-1"), S("iam"), key), ERR_OK);
		CHECK(memcmp(key, want, sizeof(key)) != 0);
	}
	CHECK_INT(sigv4_derive(&cache, S("another"), S("20150830"),
	    S("us-east-1"), S("iam"), key), ERR_OK);
	CHECK(memcmp(key, want, sizeof(key)) != 0);
}

TEST(the_documented_list_users_request)
{
	struct http1_header h[] = {
		{ STR_INIT("Content-Type"), STR_INIT("application/"
		    "x-www-form-urlencoded; charset=utf-8") },
		{ STR_INIT("Host"), STR_INIT("iam.amazonaws.com") }
	};
	struct sigv4_request r = { .method = S("GET"), .path = S("/"),
	    .query = S("Action=ListUsers&Version=2010-05-08"), .headers = h,
	    .header_n = 2 };
	struct sigv4_scope iam = { NOW_MS, S("us-east-1"), S("iam") };
	struct sigv4_keys k = keys();
	struct sigv4_signed out;
	struct arena a;

	arena_init(&a, JOB_ARENA_CAP);
	CHECK_INT(sigv4_sign(&a, &r, &k, &iam, &out, NULL), ERR_OK);
	CHECK_STR(out.add[0].value, S("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"
	    "20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;"
	    "host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8ed"
	    "b4c82c400e06b5924a6f2b5d7"));
	CHECK_STR(out.add[1].value, S("20150830T123600Z"));
	CHECK_INT(out.add_n, 2);
	arena_free(&a);
}

/* ---- sign -> verify ---- */

/* A signed request, its parts in memory that a test may change. */
struct signed_request {
	struct arena a;
	struct http1_header h[12];
	struct sigv4_request r;
	struct sigv4_keys k;
	struct sigv4_policy policy;
};

static void
add(struct signed_request *s, struct str name, struct str value)
{
	s->h[s->r.header_n++] = (struct http1_header){ name, value };
}

/* Makes a signed JSON request with a session token. */
static void
make(struct signed_request *s, int64_t at_ms)
{
	struct sigv4_scope logs = { at_ms, S("eu-west-1"), S("logs") };
	struct sigv4_signed out;

	*s = (struct signed_request){ .k = keys(),
	    .policy = { .now_ms = NOW_MS, .skew_ms = 15 * 60 * 1000,
	    .region = S("eu-west-1"), .service = S("logs") } };
	arena_init(&s->a, JOB_ARENA_CAP);
	s->k.token = S("the/session+token==");
	s->r = (struct sigv4_request){ .method = S("POST"),
	    .path = S("/a%20b/c"), .query = S("q=1&b=%2F"), .headers = s->h,
	    .body = S("{\"limit\":1}") };
	add(s, S("Host"), S("logs.eu-west-1.amazonaws.com"));
	add(s, S("X-Amz-Target"), S("Logs_20140328.DescribeLogGroups"));
	MUST(sigv4_sign(&s->a, &s->r, &s->k, &logs, &out, NULL) == ERR_OK);
	for (size_t i = 0; i < out.add_n; i++) {
		add(s, out.add[i].name, out.add[i].value);
	}
	add(s, S("User-Agent"), S("not signed"));
}

static enum err
verify(struct signed_request *s, struct fail *f)
{
	struct sigv4_parsed p;
	enum err err = sigv4_parse(&s->a, &s->r, &p, f);

	if (err != ERR_OK) {
		return err;
	}
	return sigv4_verify(&s->a, &s->r, &p, &s->k, &s->policy, NULL, f);
}

/* The header's value, to be replaced by a test. */
static struct str *
value_of(struct signed_request *s, struct str name)
{
	for (size_t i = 0; i < s->r.header_n; i++) {
		if (str_ieq(s->h[i].name, name)) {
			return &s->h[i].value;
		}
	}
	MUST(false && "no such header");
	return NULL;
}

TEST(what_was_signed_verifies)
{
	struct signed_request s;
	struct sigv4_parsed p;

	make(&s, NOW_MS);
	CHECK_INT(verify(&s, NULL), ERR_OK);
	CHECK_INT(sigv4_parse(&s.a, &s.r, &p, NULL), ERR_OK);
	CHECK(!p.presigned);
	CHECK_STR(p.access_key, S("AKIDEXAMPLE"));
	CHECK_STR(p.region, S("eu-west-1"));
	CHECK_STR(p.service, S("logs"));
	CHECK_STR(p.token, S("the/session+token=="));
	CHECK_STR(p.signed_headers,
	    S("host;x-amz-date;x-amz-security-token;x-amz-target"));
	CHECK_INT(p.time_ms, NOW_MS);
	arena_free(&s.a);
}

TEST(the_unsigned_header_may_change)
{
	struct signed_request s;

	make(&s, NOW_MS);
	*value_of(&s, S("User-Agent")) = S("something else");
	CHECK_INT(verify(&s, NULL), ERR_OK);
	arena_free(&s.a);
}

/* Flips each bit pattern of `part` and expects a refusal each time. */
static bool
every_flip_fails(struct signed_request *s, struct str *part)
{
	struct str good = *part;
	char copy[512];

	MUST(good.len <= sizeof(copy));
	for (size_t i = 0; i < good.len; i++) {
		memcpy(copy, good.p, good.len);
		copy[i] = (char)(copy[i] ^ 1);
		*part = str_of(copy, good.len);
		if (verify(s, NULL) == ERR_OK) {
			printf("    byte %zu of \"%.*s\"\n", i, STR_ARG(good));
			return false;
		}
	}
	*part = good;
	return verify(s, NULL) == ERR_OK;
}

TEST(every_flipped_byte_is_noticed)
{
	struct signed_request s;

	make(&s, NOW_MS);
	CHECK(every_flip_fails(&s, &s.r.method));
	CHECK(every_flip_fails(&s, &s.r.path));
	CHECK(every_flip_fails(&s, &s.r.query));
	CHECK(every_flip_fails(&s, &s.r.body));
	for (size_t i = 0; i + 1 < s.r.header_n; i++) {
		CHECK(every_flip_fails(&s, &s.h[i].value));
	}
	arena_free(&s.a);
}

TEST(another_secret_is_a_mismatch)
{
	struct signed_request s;
	struct fail f;

	make(&s, NOW_MS);
	s.k.secret = S("wrong");
	fail_init(&f, &s.a);
	CHECK_INT(verify(&s, &f), ERR_SIG_MISMATCH);
	CHECK(str_starts(f.what, S("The request signature we calculated")));
	arena_free(&s.a);
}

TEST(parameters_may_come_in_any_order)
{
	static const struct str orders[] = { STR_INIT("a=1&a=2&b=%2F"),
	    STR_INIT("a=2&a=1&b=%2f"), STR_INIT("b=/&a=2&a=1"),
	    STR_INIT("a=1&&b=%2F&a=2"), STR_INIT("%61=2&a=1&b=%2F") };
	struct http1_header h[] = { { S("Host"), S("h") } };
	struct sigv4_request r = { .method = S("GET"), .path = S("/"),
	    .headers = h, .header_n = 1 };
	struct sigv4_keys k = keys();
	struct str first = STR_NONE;
	struct arena a;

	arena_init(&a, JOB_ARENA_CAP);
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct sigv4_signed out;

		r.query = orders[i];
		CHECK_INT(sigv4_sign(&a, &r, &k, &scope, &out, NULL), ERR_OK);
		first = i == 0 ? out.canonical : first;
		CHECK_STR(out.canonical, first);
	}
	CHECK(str_starts(first, S("GET\n/\na=1&a=2&b=%2F\nhost:h\n")));
	arena_free(&a);
}

TEST(keys_of_another_id_are_refused)
{
	struct signed_request s;

	make(&s, NOW_MS);
	s.k.access_key = S("AKIDOTHER");
	CHECK_INT(verify(&s, NULL), ERR_SIG_KEY);
	arena_free(&s.a);
}

TEST(the_scope_must_be_ours)
{
	struct signed_request s;
	struct fail f;

	make(&s, NOW_MS);
	fail_init(&f, &s.a);
	s.policy.region = S("us-east-1");
	CHECK_INT(verify(&s, &f), ERR_SIG_SCOPE);
	CHECK_STR(f.what, S("Credential should be scoped to a valid region, "
	    "not 'eu-west-1'. "));
	s.policy.region = STR_NONE;
	s.policy.service = S("monitoring");
	fail_clear(&f);
	CHECK_INT(verify(&s, &f), ERR_SIG_SCOPE);
	CHECK_STR(f.what, S("Credential should be scoped to correct service: "
	    "'monitoring'. "));
	s.policy.service = STR_NONE;
	CHECK_INT(verify(&s, NULL), ERR_OK);
	arena_free(&s.a);
}

TEST(time_has_a_window_with_exact_edges)
{
	static const struct { int64_t off_s; enum err want; } rows[] = {
		{ 0, ERR_OK }, { -900, ERR_OK }, { 900, ERR_OK },
		{ -901, ERR_SIG_TIME }, { 901, ERR_SIG_TIME }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct signed_request s;

		make(&s, NOW_MS + rows[i].off_s * 1000);
		CHECK_INT(verify(&s, NULL), rows[i].want);
		arena_free(&s.a);
	}
}

TEST(an_expired_signature_gets_the_sentence_of_aws)
{
	struct signed_request s;
	struct fail f;

	make(&s, NOW_MS - 24 * 60 * 1000);
	fail_init(&f, &s.a);
	CHECK_INT(verify(&s, &f), ERR_SIG_TIME);
	CHECK_STR(f.what, S("Signature expired: 20150830T121200Z is now "
	    "earlier than 20150830T122100Z (20150830T123600Z - 15 min.)"));
	arena_free(&s.a);
	make(&s, NOW_MS + 24 * 60 * 1000);
	fail_init(&f, &s.a);
	CHECK_INT(verify(&s, &f), ERR_SIG_TIME);
	CHECK_STR(f.what, S("Signature not yet current: 20150830T130000Z is "
	    "still later than 20150830T125100Z (20150830T123600Z + 15 min.)"));
	arena_free(&s.a);
}

/* Verifies with another Authorization header. */
static enum err
with_authorization(const char *text, struct fail *f)
{
	struct signed_request s;
	enum err err;

	make(&s, NOW_MS);
	*value_of(&s, S("Authorization")) = str_from_z(text);
	err = verify(&s, f);
	arena_free(&s.a);
	return err;
}

#define ID "Credential=AKIDEXAMPLE/"
#define CRED "Credential=AKIDEXAMPLE/20150830/eu-west-1/logs/aws4_request"
#define HEADERS "SignedHeaders=host;x-amz-date;x-amz-security-token;" \
	"x-amz-target"
#define SIG "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae" \
	"1d763fbf31"

TEST(broken_authorization_headers_are_told_apart)
{
	static const struct { const char *text; enum err want; } rows[] = {
		{ "", ERR_SIG_SYNTAX },
		{ "Bearer abc", ERR_SIG_SYNTAX },
		{ "AWS4-HMAC-SHA256", ERR_SIG_SYNTAX },
		{ "AWS4-HMAC-SHA512 " CRED ", " HEADERS ", " SIG,
		    ERR_SIG_SYNTAX },
		{ "AWS4-HMAC-SHA256 " CRED ", " HEADERS, ERR_SIG_SYNTAX },
		{ "AWS4-HMAC-SHA256 " CRED ", " SIG, ERR_SIG_SYNTAX },
		{ "AWS4-HMAC-SHA256 " HEADERS ", " SIG, ERR_SIG_SYNTAX },
		{ "AWS4-HMAC-SHA256 " CRED ", " CRED ", " HEADERS ", " SIG,
		    ERR_SIG_SYNTAX },
		{ "AWS4-HMAC-SHA256 " CRED ", x=1, " HEADERS ", " SIG,
		    ERR_SIG_SYNTAX },
		{ "AWS4-HMAC-SHA256 " ID "20150830/eu-west-1/logs, "
		    HEADERS ", " SIG, ERR_SIG_SYNTAX },
		{ "AWS4-HMAC-SHA256 " ID "20150830/eu-west-1/logs/"
		    "aws4_request/x, " HEADERS ", " SIG, ERR_SIG_SYNTAX },
		{ "AWS4-HMAC-SHA256 " ID "20150830/eu-west-1/logs/"
		    "aws5_request, " HEADERS ", " SIG, ERR_SIG_SCOPE },
		{ "AWS4-HMAC-SHA256 " ID "20150831/eu-west-1/logs/"
		    "aws4_request, " HEADERS ", " SIG, ERR_SIG_SCOPE },
		{ "AWS4-HMAC-SHA256 " CRED ", SignedHeaders=host;host;x-amz-"
		    "date;x-amz-security-token;x-amz-target, " SIG,
		    ERR_SIG_HEADERS },
		{ "AWS4-HMAC-SHA256 " CRED ", SignedHeaders=x-amz-date;host, "
		    SIG, ERR_SIG_HEADERS },
		{ "AWS4-HMAC-SHA256 " CRED ", SignedHeaders=Host;x-amz-date, "
		    SIG, ERR_SIG_HEADERS },
		{ "AWS4-HMAC-SHA256 " CRED ", SignedHeaders=host;;x-amz-date, "
		    SIG, ERR_SIG_HEADERS },
		{ "AWS4-HMAC-SHA256 " CRED ", SignedHeaders=x-amz-date;x-amz-"
		    "security-token;x-amz-target, " SIG, ERR_SIG_HEADERS },
		{ "AWS4-HMAC-SHA256 " CRED ", SignedHeaders=host;x-amz-"
		    "security-token;x-amz-target, " SIG, ERR_SIG_HEADERS },
		{ "AWS4-HMAC-SHA256 " CRED ", SignedHeaders=host;x-amz-date, "
		    SIG, ERR_SIG_HEADERS },
		{ "AWS4-HMAC-SHA256 " CRED ", SignedHeaders=absent;host;x-amz-"
		    "date;x-amz-security-token;x-amz-target, " SIG,
		    ERR_SIG_HEADERS },
		{ "AWS4-HMAC-SHA256 " CRED "," HEADERS "," SIG,
		    ERR_SIG_MISMATCH },
		{ "AWS4-HMAC-SHA256 " CRED ", " HEADERS ", Signature=5fa0",
		    ERR_SIG_MISMATCH }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum err got = with_authorization(rows[i].text, NULL);

		if (got != rows[i].want) {
			printf("    %s\n", rows[i].text);
		}
		CHECK_INT(got, rows[i].want);
	}
}

TEST(requests_without_or_with_two_signatures_are_refused)
{
	struct signed_request s;

	make(&s, NOW_MS);
	s.r.query = S("X-Amz-Signature=1");
	CHECK_INT(verify(&s, NULL), ERR_SIG_SYNTAX);
	s.r.query = S("");
	s.r.header_n = 1;
	CHECK_INT(verify(&s, NULL), ERR_SIG_MISSING);
	arena_free(&s.a);
	make(&s, NOW_MS);
	add(&s, S("authorization"), *value_of(&s, S("Authorization")));
	CHECK_INT(verify(&s, NULL), ERR_SIG_SYNTAX);
	arena_free(&s.a);
	make(&s, NOW_MS);
	add(&s, S("x-amz-date"), S("20150830T123600Z"));
	CHECK_INT(verify(&s, NULL), ERR_SIG_SYNTAX);
	arena_free(&s.a);
	make(&s, NOW_MS);
	add(&s, S("x-amz-security-token"), S("other"));
	CHECK_INT(verify(&s, NULL), ERR_SIG_SYNTAX);
	arena_free(&s.a);
	make(&s, NOW_MS);
	s.r.query = S("%zz");
	CHECK_INT(verify(&s, NULL), ERR_SIG_SYNTAX);
	arena_free(&s.a);
}

TEST(headers_slipped_in_after_signing_are_noticed)
{
	struct signed_request s;

	make(&s, NOW_MS);
	add(&s, S("X-Amz-Meta"), S("not signed"));
	CHECK_INT(verify(&s, NULL), ERR_SIG_HEADERS);
	arena_free(&s.a);
	make(&s, NOW_MS);
	add(&s, S("x-amz-target"), S("Logs_20140328.DeleteLogGroup"));
	CHECK_INT(verify(&s, NULL), ERR_SIG_MISMATCH);
	arena_free(&s.a);
}

TEST(a_policy_can_require_more_headers)
{
	static const struct str require[] = { STR_INIT("x-audience") };
	struct signed_request s;
	struct fail f;

	make(&s, NOW_MS);
	fail_init(&f, &s.a);
	s.policy.require = require;
	s.policy.require_n = 1;
	CHECK_INT(verify(&s, &f), ERR_SIG_HEADERS);
	CHECK_STR(f.what, S("'x-audience' must be a 'SignedHeader' in the AWS "
	    "Authorization."));
	arena_free(&s.a);
}

TEST(required_headers_that_are_signed_are_fine)
{
	static const struct str require[] = { STR_INIT("x-amz-target") };
	struct signed_request s;
	struct sigv4_parsed p;
	struct sigv4_check check;

	make(&s, NOW_MS);
	s.policy.require = require;
	s.policy.require_n = 1;
	CHECK_INT(sigv4_parse(&s.a, &s.r, &p, NULL), ERR_OK);
	CHECK_INT(sigv4_verify(&s.a, &s.r, &p, &s.k, &s.policy, &check, NULL),
	    ERR_OK);
	CHECK(str_starts(check.canonical, S("POST\n/a%2520b/c\nb=%2F&q=1\n"
	    "host:logs.eu-west-1.amazonaws.com\nx-amz-date:20150830T123600Z\n"
	    "x-amz-security-token:the/session+token==\nx-amz-target:"
	    "Logs_20140328.DescribeLogGroups\n\nhost;x-amz-date;")));
	CHECK(str_starts(check.to_sign, S("AWS4-HMAC-SHA256\n20150830T123600Z"
	    "\n20150830/eu-west-1/logs/aws4_request\n")));
	arena_free(&s.a);
}

TEST(a_signature_without_a_date_is_refused)
{
	struct signed_request s;
	struct fail f;

	make(&s, NOW_MS);
	fail_init(&f, &s.a);
	s.h[3].name = S("X-Other");
	CHECK_INT(verify(&s, &f), ERR_SIG_SYNTAX);
	CHECK_STR(f.what, S("Authorization header requires existence of "
	    "either a 'X-Amz-Date' or a 'Date' header."));
	arena_free(&s.a);
}

TEST(a_signer_has_limits_too)
{
	static struct http1_header many[HTTP_HEADER_MAX_N];
	static char secret[SIGV4_SECRET_MAX + 1];
	struct sigv4_request r = { .method = S("GET"), .headers = many,
	    .header_n = HTTP_HEADER_MAX_N };
	struct sigv4_keys k = keys();
	struct sigv4_signed out;
	struct str query;
	struct arena a;

	arena_init(&a, JOB_ARENA_CAP);
	for (size_t i = 0; i < HTTP_HEADER_MAX_N; i++) {
		many[i] = (struct http1_header){ S("a"), S("b") };
	}
	memset(secret, 's', sizeof(secret));
	CHECK_INT(sigv4_sign(&a, &r, &k, &scope, &out, NULL), ERR_LIMIT);
	r.header_n = 1;
	CHECK_INT(sigv4_sign(&a, &r, &k, &scope, &out, NULL), ERR_OK);
	r.query = S("%x");
	CHECK_INT(sigv4_sign(&a, &r, &k, &scope, &out, NULL), ERR_SYNTAX);
	r.query = STR_NONE;
	k.secret = str_of(secret, sizeof(secret));
	CHECK_INT(sigv4_sign(&a, &r, &k, &scope, &out, NULL), ERR_LIMIT);
	CHECK_INT(sigv4_presign(&a, &r, &k, &scope, 60, &query, NULL),
	    ERR_LIMIT);
	arena_free(&a);
}

TEST(an_unsigned_payload_needs_permission)
{
	struct sigv4_scope logs = { NOW_MS, S("eu-west-1"), S("logs") };
	struct signed_request s;
	struct sigv4_signed out;

	make(&s, NOW_MS);
	s.r.header_n = 2;
	s.r.unsigned_payload = true;
	CHECK_INT(sigv4_sign(&s.a, &s.r, &s.k, &logs, &out, NULL), ERR_OK);
	for (size_t i = 0; i < out.add_n; i++) {
		add(&s, out.add[i].name, out.add[i].value);
	}
	CHECK_INT(verify(&s, NULL), ERR_SIG_MISMATCH);
	s.policy.unsigned_payload = true;
	CHECK_INT(verify(&s, NULL), ERR_OK);
	s.r.body = S("anything");
	CHECK_INT(verify(&s, NULL), ERR_OK);
	*value_of(&s, S("x-amz-content-sha256")) = S("e3b0c44298fc1c149afbf4c"
	    "8996fb92427ae41e4649b934ca495991b7852b855");
	CHECK_INT(verify(&s, NULL), ERR_SIG_MISMATCH);
	arena_free(&s.a);
}

TEST(the_date_header_can_stand_in_for_x_amz_date)
{
	struct signed_request s;
	struct sigv4_parsed p;

	make(&s, NOW_MS);
	s.h[3].name = S("Date");
	s.h[3].value = S("Sun, 30 Aug 2015 12:36:00 GMT");
	CHECK_STR(s.h[2].name, S("Authorization"));
	CHECK_INT(sigv4_parse(&s.a, &s.r, &p, NULL), ERR_OK);
	CHECK_STR(p.amz_date, S("20150830T123600Z"));
	/* It is not among the signed headers, so it does not verify. */
	CHECK_INT(verify(&s, NULL), ERR_SIG_HEADERS);
	s.h[3].value = S("30 Aug 2015");
	CHECK_INT(verify(&s, NULL), ERR_SIG_SYNTAX);
	arena_free(&s.a);
}

/* ---- presigned ---- */

static void
presign(struct signed_request *s, int64_t expires_s)
{
	struct sigv4_scope sts = { NOW_MS, S("us-east-1"), S("sts") };

	*s = (struct signed_request){ .k = keys(),
	    .policy = { .now_ms = NOW_MS, .skew_ms = 5 * 60 * 1000,
	    .region = S("us-east-1"), .service = S("sts") } };
	arena_init(&s->a, JOB_ARENA_CAP);
	s->k.token = S("the/session+token==");
	s->r = (struct sigv4_request){ .method = S("GET"), .path = S("/"),
	    .query = S("Action=GetCallerIdentity&Version=2011-06-15"),
	    .headers = s->h };
	add(s, S("host"), S("sts.us-east-1.amazonaws.com"));
	add(s, S("x-cloudwatch-mcp-id"), S("here"));
	MUST(sigv4_presign(&s->a, &s->r, &s->k, &sts, expires_s, &s->r.query,
	    NULL) == ERR_OK);
}

TEST(a_presigned_request_verifies_until_it_expires)
{
	struct signed_request s;
	struct sigv4_parsed p;

	presign(&s, 60);
	CHECK_INT(verify(&s, NULL), ERR_OK);
	CHECK_INT(sigv4_parse(&s.a, &s.r, &p, NULL), ERR_OK);
	CHECK(p.presigned);
	CHECK_INT(p.expires_s, 60);
	CHECK_STR(p.token, S("the/session+token=="));
	s.policy.now_ms = NOW_MS + 60 * 1000;
	CHECK_INT(verify(&s, NULL), ERR_OK);
	s.policy.now_ms++;
	CHECK_INT(verify(&s, NULL), ERR_SIG_TIME);
	s.policy.now_ms = NOW_MS - s.policy.skew_ms;
	CHECK_INT(verify(&s, NULL), ERR_OK);
	s.policy.now_ms--;
	CHECK_INT(verify(&s, NULL), ERR_SIG_TIME);
	arena_free(&s.a);
}

TEST(every_flipped_byte_of_a_presigned_query_is_noticed)
{
	struct signed_request s;
	char copy[2048];
	size_t len;

	presign(&s, 60);
	len = s.r.query.len;
	CHECK(len < sizeof(copy));
	for (size_t i = 0; i < len; i++) {
		struct str good = s.r.query;

		memcpy(copy, good.p, len);
		copy[i] = (char)(copy[i] ^ 2);
		s.r.query = str_of(copy, len);
		/* "%2f" for "%2F" is the same parameter, thus allowed. */
		CHECK(verify(&s, NULL) != ERR_OK);
		s.r.query = good;
	}
	CHECK(every_flip_fails(&s, &s.h[0].value));
	CHECK(every_flip_fails(&s, &s.h[1].value));
	arena_free(&s.a);
}

#define QUERY(algorithm, scope_text, date, expires, more) \
	"X-Amz-Algorithm=" algorithm "&X-Amz-Credential=AKIDEXAMPLE/" \
	scope_text "/aws4_request&X-Amz-Date=" date "&X-Amz-Expires=" expires \
	"&X-Amz-SignedHeaders=host&X-Amz-Signature=1" more
#define SHA256 "AWS4-HMAC-SHA256"
#define DATE "20150830T123600Z"

TEST(presigned_parameters_are_checked)
{
	static const struct { const char *query; enum err want; } rows[] = {
		{ "X-Amz-Signature=1", ERR_SIG_SYNTAX },
		{ QUERY(SHA256, "20150830/us-east-1/sts", DATE, "60", ""),
		    ERR_SIG_MISMATCH },
		{ QUERY(SHA256, "20150830/us-east-1/sts", DATE, "0", ""),
		    ERR_SIG_SYNTAX },
		{ QUERY(SHA256, "20150830/us-east-1/sts", DATE, "604801", ""),
		    ERR_SIG_SYNTAX },
		{ QUERY(SHA256, "20150830/us-east-1/sts", DATE, "-1", ""),
		    ERR_SIG_SYNTAX },
		{ QUERY("AWS4-HMAC-SHA1", "20150830/us-east-1/sts", DATE, "60",
		    ""), ERR_SIG_SYNTAX },
		{ QUERY(SHA256, "20150830/us-east-1/sts", "yesterday", "60",
		    ""), ERR_SIG_SYNTAX },
		{ QUERY(SHA256, "20150830/us-east-1/sts", DATE, "60",
		    "&x-amz-expires=70"), ERR_SIG_SYNTAX },
		{ QUERY(SHA256, "20150830/us-east-1/sts", DATE, "60",
		    "&X-Amz-Signature=2"), ERR_SIG_SYNTAX },
		{ QUERY(SHA256, "20150831/us-east-1/sts", DATE, "60", ""),
		    ERR_SIG_SCOPE },
		{ QUERY(SHA256, "20150830/us-east-1", DATE, "60", ""),
		    ERR_SIG_SYNTAX },
		{ QUERY(SHA256, "20150830/eu-west-1/sts", DATE, "60", ""),
		    ERR_SIG_SCOPE }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct signed_request s;

		presign(&s, 60);
		s.r.query = str_from_z(rows[i].query);
		CHECK_INT(verify(&s, NULL), rows[i].want);
		arena_free(&s.a);
	}
}

TEST(presigning_refuses_impossible_lifetimes)
{
	struct signed_request s;
	struct sigv4_scope sts = { NOW_MS, S("us-east-1"), S("sts") };
	struct str query;

	presign(&s, 604800);
	CHECK_INT(sigv4_presign(&s.a, &s.r, &s.k, &sts, 0, &query, NULL),
	    ERR_LIMIT);
	CHECK_INT(sigv4_presign(&s.a, &s.r, &s.k, &sts, 604801, &query, NULL),
	    ERR_LIMIT);
	arena_free(&s.a);
}

/* ---- the rest ---- */

TEST(a_secret_over_the_limit_is_an_error)
{
	static char secret[SIGV4_SECRET_MAX + 1];
	uint8_t key[SIGV4_KEY_LEN];

	memset(secret, 's', sizeof(secret));
	CHECK_INT(sigv4_derive(NULL, str_of(secret, SIGV4_SECRET_MAX), S("1"),
	    S("2"), S("3"), key), ERR_OK);
	CHECK_INT(sigv4_derive(NULL, str_of(secret, SIGV4_SECRET_MAX + 1),
	    S("1"), S("2"), S("3"), key), ERR_LIMIT);
}

TEST(redacted_requests_hold_no_secret)
{
	char m[2048];
	struct buf b = buf_fixed(m, sizeof(m));

	sigv4_redact(&b, S("GET\n/\nAction=X&X-Amz-Security-Token=TOPSECRET&"
	    "X-Amz-Signature=TOPSECRET&z=1\nhost:h\nx-amz-date:d\n"
	    "x-amz-security-token:TOPSECRET\nauthorization:TOPSECRET\n\n"
	    "host;x-amz-date\nhash"));
	CHECK_STR(buf_str(&b), S("GET\n/\nAction=X&X-Amz-Security-Token=***&"
	    "X-Amz-Signature=***&z=1\nhost:h\nx-amz-date:d\n"
	    "x-amz-security-token:***\nauthorization:***\n\n"
	    "host;x-amz-date\nhash"));
}

static bool
sign_and_verify(struct arena *a, void *ctx)
{
	struct http1_header h[6] = { { S("Host"), S("h") } };
	struct sigv4_request r = { .method = S("POST"), .path = S("/x"),
	    .query = S("b=1&a=2"), .headers = h, .header_n = 1 };
	struct sigv4_policy policy = { .now_ms = NOW_MS };
	struct sigv4_keys k = keys();
	struct sigv4_signed out;
	struct sigv4_parsed p;
	struct str query;
	struct fail f;

	(void)ctx;
	fail_init(&f, a);
	k.token = S("token");
	if (sigv4_presign(a, &r, &k, &scope, 60, &query, &f) != ERR_OK ||
	    sigv4_sign(a, &r, &k, &scope, &out, &f) != ERR_OK) {
		return false;
	}
	for (size_t i = 0; i < out.add_n; i++) {
		h[r.header_n++] = out.add[i];
	}
	return sigv4_parse(a, &r, &p, &f) == ERR_OK &&
	    sigv4_verify(a, &r, &p, &k, &policy, NULL, &f) == ERR_OK;
}

TEST(running_out_of_memory_never_yields_a_signature)
{
	CHECK(test_fail_sweep(sign_and_verify, NULL, JOB_ARENA_CAP) > 20);
}

/* Computed with Python's hmac by the rules of the IAM User Guide. */
TEST(a_get_with_repeated_keys_is_sorted_and_its_path_encoded_twice)
{
	struct http1_header h = { S("Host"),
	    S("monitoring.eu-west-1.amazonaws.com") };
	struct sigv4_request r = { .method = S("GET"),
	    .path = S("/api/v1/label/a%2Fb@c/values"), .query =
	    S("match%5B%5D=%7B%22up%22%2Cjob%3D~%22b%7Ca%2B%22%7D&"
	    "match%5B%5D=%7B%22a%20b%22%7D&start=2026-11-20T11%3A00%3A00Z&"
	    "end=1"), .headers = &h, .header_n = 1, .body = S("") };
	struct sigv4_keys k = { .access_key = S("AKID"),
	    .secret = S("topsecret") };
	struct sigv4_scope monitoring = { INT64_C(1795176000000),
	    S("eu-west-1"), S("monitoring") };
	struct sigv4_signed out;
	struct arena a;

	arena_init(&a, JOB_ARENA_CAP);
	CHECK_INT(sigv4_sign(&a, &r, &k, &monitoring, &out, NULL), ERR_OK);
	CHECK(str_starts(out.canonical, S("GET\n"
	    "/api/v1/label/a%252Fb%40c/values\n"
	    "end=1&match%5B%5D=%7B%22a%20b%22%7D&match%5B%5D=%7B%22up%22%2C"
	    "job%3D~%22b%7Ca%2B%22%7D&start=2026-11-20T11%3A00%3A00Z\n")));
	CHECK(str_ends(out.add[0].value, S("f02140211e0fe8c03569ea4b13291ff2"
	    "86966e517acbdb77e0b02745a10778df")));
	arena_free(&a);
}
