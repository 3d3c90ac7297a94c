/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What authentication costs in processor time.
 *
 *	auth rates MS      verifications a second, each for MS milliseconds:
 *		RS256 and ES256 (a whole token: base64, JSON, signature) and
 *		SigV4 (a whole request: reading, canonical form, signature)
 *	auth recall MS     nanoseconds of a caller who is known: oidc_recall
 *		and sts_in_recall, clock and lock of the machine included
 *	auth vectors       the same signatures for OpenSSL (openssl/verify.c),
 *		a line each, fields in hexadecimal
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/jws.h"
#include "auth/oidc.h"
#include "auth/sts_in.h"
#include "aws/endpoint.h"
#include "base/buf.h"
#include "base/limits.h"
#include "jwt_vectors.h"
#include "net/sys_linux.h"
#include "proto/jwt.h"
#include "sts_maker.h"

extern char **environ;

#define TOKEN_MS INT64_C(1795176000000) /* when the tokens are good */
#define NS_S 1000000000.0

static struct arena lasting, passing;
static const struct sys *real;
static struct sys sys;
static int64_t offset_ms;
static struct jwks_key keys[8];
static size_t key_n;
static struct sigv4_request request;
static struct http1_header headers[12];
static struct sigv4_keys secret = { .access_key = STR_INIT("AKIALOCAL1"),
	.secret = STR_INIT("c2VjcmV0+of/the-caller-of-forty-letters=") };
static struct sigv4_policy policy = { .now_ms = TOKEN_MS,
	.skew_ms = 300000 };

static int64_t
clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- what is measured ---- */

static bool
verify_jwt(struct str token, struct str kid)
{
	struct jwt j;

	if (jwt_parse(&passing, token, 0, &j, NULL) != ERR_OK) {
		return false;
	}
	for (size_t i = 0; i < key_n; i++) {
		if (str_eq(jwks_kid(&keys[i]), kid)) {
			return jws_verify(jws_alg(j.alg), &keys[i],
			    j.signing_input, j.signature);
		}
	}
	return false;
}

static bool
rs256(void *ctx)
{
	(void)ctx;
	return verify_jwt(S(JWT_RS256_RSA), S("rsa"));
}

static bool
es256(void *ctx)
{
	(void)ctx;
	return verify_jwt(S(JWT_ES256_P256), S("p256"));
}

static bool
sigv4(void *ctx)
{
	struct sigv4_parsed p;

	return sigv4_parse(&passing, &request, &p, NULL) == ERR_OK &&
	    sigv4_verify(&passing, &request, &p, &secret, &policy, ctx,
	    NULL) == ERR_OK;
}

struct known {
	struct oidc *oidc;
	struct sts_in *sts;
	struct str jwt, proof;
};

static bool
by_jwt(void *ctx)
{
	struct known *k = ctx;
	struct auth_caller who;

	return oidc_recall(k->oidc, k->jwt, &passing, &who);
}

static bool
by_proof(void *ctx)
{
	struct known *k = ctx;
	struct auth_caller who;

	return sts_in_recall(k->sts, k->proof, &passing, &who);
}

/* Nanoseconds of one run, over at least ms milliseconds. */
static double
measure(bool (*run)(void *ctx), void *ctx, int64_t ms)
{
	int64_t from = clock_ns();
	int64_t n = 0, took;

	do {
		for (int i = 0; i < 64; i++) {
			if (!run(ctx)) {
				(void)fprintf(stderr, "auth: not verified\n");
				exit(1);
			}
			arena_reset(&passing);
		}
		n += 64;
		took = clock_ns() - from;
	} while (took < ms * 1000000);
	return (double)took / (double)n;
}

/* ---- set up ---- */

/* A request as AWS's MCP proxy signs it, with 400 bytes of body. */
static void
sign(void)
{
	static char body[400];
	static const struct http1_header sent[] = {
		{ STR_INIT("Accept"),
		    STR_INIT("application/json, text/event-stream") },
		{ STR_INIT("Accept-Encoding"), STR_INIT("gzip, deflate") },
		{ STR_INIT("Content-Length"), STR_INIT("400") },
		{ STR_INIT("Content-Type"), STR_INIT("application/json") },
		{ STR_INIT("Host"), STR_INIT("cloudwatch-mcp.example.com") },
		{ STR_INIT("MCP-Protocol-Version"), STR_INIT("2025-11-25") },
	};
	struct sigv4_scope scope = { TOKEN_MS, S("eu-west-1"),
		S("cloudwatch-mcp") };
	struct sigv4_signed out;

	memset(body, 'x', sizeof(body));
	memcpy(headers, sent, sizeof(sent));
	request = (struct sigv4_request){ .method = S("POST"),
	    .path = S("/mcp"), .headers = headers,
	    .header_n = sizeof(sent) / sizeof(sent[0]),
	    .body = str_of(body, sizeof(body)) };
	MUST(sigv4_sign(&lasting, &request, &secret, &scope, &out, NULL) ==
	    ERR_OK);
	for (size_t i = 0; i < out.add_n; i++) {
		headers[request.header_n++] = out.add[i];
	}
}

static int64_t
now_ms(void *ctx)
{
	return real->now_ms(ctx) + offset_ms;
}

/* The issuer's keys, or STS's word. */
static void
answer(void *ctx, struct exchange *const *x, size_t n)
{
	(void)ctx;
	(void)n;
	x[0]->err = ERR_OK;
	x[0]->status = 200;
	x[0]->response_body = str_starts(x[0]->host, S("sts.")) ?
	    S("{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":{"
	    "\"Account\":\"123456789012\",\"Arn\":\"arn:aws:sts::123456789012:"
	    "assumed-role/Operators/ann@example.com\"}}}") : S(JWT_KEYS);
}

/* Lets both callers in for the first time. */
static void
meet(struct known *k)
{
	static const struct transport net = { NULL, answer };
	static const struct str audiences[] = { STR_INIT("cw") };
	static const struct oidc_issuer issuer = {
		.issuer = STR_INIT("https://id.example.com"),
		.jwks_uri = STR_INIT("https://id.example.com/keys"),
		.audiences = audiences, .audience_n = 1 };
	static struct oidc_setup oidc = { .sys = &sys, .transport = &net,
		.issuers = &issuer, .issuer_n = 1 };
	static const struct sts_in_setup sts = { .sys = &sys,
		.transport = &net, .roles = STR_INIT("account:123456789012"),
		.server_id = STR_INIT(STS_MAKER_ID),
		.region = STR_INIT("us-east-1"), .is_sts = endpoint_is_sts };
	static char session[1000];
	struct oidc_want want = { .deadline_ms = INT64_MAX };
	struct sts_in_want want2 = { .deadline_ms = INT64_MAX };
	struct sts_maker m;
	struct auth_caller who;
	struct auth_refusal no;

	memset(session, 's', sizeof(session));
	MUST(oidc_new(&lasting, &oidc, &k->oidc, NULL) == ERR_OK);
	MUST(sts_in_new(&sts, &lasting, &k->sts, NULL) == ERR_OK);
	sts_maker_init(&m, &lasting, TOKEN_MS);
	m.keys.token = str_of(session, sizeof(session));
	m.expires_s = 900;
	k->proof = sts_maker_token(&m, true);
	k->jwt = S(JWT_RS256_RSA);
	MUST(oidc_check(k->oidc, k->jwt, &want, &lasting, &who, &no) ==
	    AUTH_OK);
	MUST(sts_in_check(k->sts, k->proof, &want2, &lasting, &who, &no) ==
	    AUTH_OK);
}

/* ---- for OpenSSL ---- */

static void
put(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		printf("%02x", (unsigned char)s.p[i]);
	}
	putchar(s.len > 0 ? ' ' : '-');
}

static void
put_jwt(const char *name, struct str token, struct str kid)
{
	struct jwt j;

	MUST(jwt_parse(&lasting, token, 0, &j, NULL) == ERR_OK);
	for (size_t i = 0; i < key_n; i++) {
		const struct jwks_key *k = &keys[i];

		if (str_eq(jwks_kid(k), kid)) {
			printf("%s ", name);
			put(enc_bytes(k->n, k->n_len));
			put(k->e_len > 0 ? enc_bytes(k->e, k->e_len) :
			    S("-"));
			put(j.signing_input);
			put(j.signature);
			putchar('\n');
		}
	}
}

/* secret, the four parts of the scope, the body and both texts. */
static void
put_sigv4(void)
{
	struct sigv4_check check;
	struct sigv4_parsed p;

	MUST(sigv4(&check));
	MUST(sigv4_parse(&passing, &request, &p, NULL) == ERR_OK);
	printf("SigV4 ");
	put(secret.secret);
	put(p.date);
	put(p.region);
	put(p.service);
	put(request.body);
	put(check.canonical);
	put(check.to_sign);
	put(p.signature);
	putchar('\n');
}

int
main(int argc, char **argv)
{
	int64_t ms = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	struct sys_linux *machine;
	struct known known;
	struct fail f;

	arena_init(&lasting, PROGRAM_ARENA_CAP);
	arena_init(&passing, JOB_ARENA_CAP);
	fail_init(&f, &lasting);
	MUST(sys_linux_new(&machine, &lasting, environ, &f) == ERR_OK);
	MUST(jwks_parse(&lasting, S(JWT_KEYS), keys, 8, &key_n, NULL) ==
	    ERR_OK);
	real = sys_linux_sys(machine);
	sys = *real;
	offset_ms = TOKEN_MS - real->now_ms(real->ctx);
	sys.now_ms = now_ms;
	sign();
	if (argc == 3 && strcmp(argv[1], "rates") == 0) {
		printf("RS256 %.0f\n", NS_S / measure(rs256, NULL, ms));
		printf("ES256 %.0f\n", NS_S / measure(es256, NULL, ms));
		printf("SigV4 %.0f\n", NS_S / measure(sigv4, NULL, ms));
	} else if (argc == 3 && strcmp(argv[1], "recall") == 0) {
		meet(&known);
		printf("oidc_recall %.0f\n", measure(by_jwt, &known, ms));
		printf("sts_in_recall %.0f\n", measure(by_proof, &known, ms));
	} else if (argc == 2 && strcmp(argv[1], "vectors") == 0) {
		put_jwt("RS256", S(JWT_RS256_RSA), S("rsa"));
		put_jwt("ES256", S(JWT_ES256_P256), S("p256"));
		put_sigv4();
	} else {
		(void)fprintf(stderr, "usage: see auth.c\n");
		return 2;
	}
	return 0;
}
