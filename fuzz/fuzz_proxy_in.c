/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody in front of the server says: networks in settings, a load
 * balancer's public key, its padded token, headers of a gateway. A network
 * holds its own address; a key reads back from its own bytes; a token that no
 * key signed is never believed; a believed header is printable.
 */
#include <string.h>

#include "auth/proxy_in.h"
#include "base/enc.h"
#include "base/limits.h"
#include "base/must.h"
#include "proto/cidr.h"

#define ARN "arn:aws:elasticloadbalancing:eu-west-1:123456789012:" \
	"loadbalancer/app/front/50dc6c495c0c9188"
#define KEY "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check_network(struct str s)
{
	struct str rest = s;
	struct cidr c;

	if (cidr_parse(s, &c)) {
		MUST(c.bits <= 128);
		MUST(cidr_has(&c, str_cut(&rest, '/')) || c.bits < 96);
	}
	if (cidr_is_loopback(s)) {
		MUST(cidr_parse(s, &c) && c.bits == 128);
	}
}

static void
check_key(struct str s)
{
	uint8_t point[ALB_POINT_LEN], again[ALB_POINT_LEN];
	char text[512];
	struct buf b = buf_fixed(text, sizeof(text));

	if (alb_key_parse(s, point)) {
		buf_add(&b, S("-----BEGIN PUBLIC KEY-----\n" KEY));
		enc_base64(&b, enc_bytes(point + 1, ALB_POINT_LEN - 1));
		buf_add(&b, S("\n-----END PUBLIC KEY-----\n"));
		MUST(alb_key_parse(buf_str(&b), again));
		MUST(memcmp(point, again, ALB_POINT_LEN) == 0);
	}
}

static int64_t
now(void *ctx)
{
	(void)ctx;
	return 1795176000000;
}

static void
turn(void *ctx, enum sys_lock which)
{
	(void)ctx;
	(void)which;
}

/* The key server says what the fuzzer says. */
static void
answer(void *ctx, struct exchange *const *x, size_t n)
{
	(void)n;
	x[0]->err = ERR_OK;
	x[0]->status = 200;
	x[0]->response_body = *(struct str *)ctx;
}

static void
check_headers(struct str s)
{
	const struct sys sys = { .now_ms = now, .mono_ms = now, .lock = turn,
	    .unlock = turn };
	struct str answer_body = s;
	struct transport t = { &answer_body, answer };
	struct proxy_in_setup setup = { .networks = S("10.0.0.0/8"),
	    .header = S("A"), .groups_header = S("B"),
	    .alb = { .sys = &sys, .transport = &t, .arns = S(ARN) } };
	struct http1_request r = { .header_n = 2, .headers = {
	    { ALB_HEADER, s }, { S("B"), s } } };
	struct oidc_want want = { .deadline_ms = INT64_MAX };
	struct auth_caller who;
	struct auth_refusal no;
	struct proxy_in *in;
	struct arena a;

	arena_init(&a, PROGRAM_ARENA_CAP);
	MUST(proxy_in_new(&in, &setup, &a, NULL) == ERR_OK);
	/* signed by nobody, and no P-256 key is a token as well */
	MUST(proxy_in_check(in, &r, S("10.0.0.1"), &want, &a, &who, &no) !=
	    AUTH_OK || s.len == 0);
	r.headers[0].name = S("A");
	MUST(proxy_in_check(in, &r, S("11.0.0.1"), &want, &a, &who, &no) !=
	    AUTH_OK);
	if (proxy_in_check(in, &r, S("10.0.0.1"), &want, &a, &who, &no) ==
	    AUTH_OK) {
		MUST(who.subject.len > 0 && who.subject.len <=
		    PROXY_VALUE_MAX);
		for (size_t i = 0; i < s.len; i++) {
			MUST((unsigned char)s.p[i] >= ' ' && s.p[i] != 127);
		}
		MUST(who.group_n <= OIDC_NAME_MAX_N);
	}
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str s = str_of((const char *)data, len);

	check_network(s);
	check_key(s);
	check_headers(s);
	return 0;
}
