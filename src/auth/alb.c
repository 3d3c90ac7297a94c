/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As in auth/oidc.c a check goes from cheap to dear, and a key is only fetched
 * for a token that is otherwise in order.
 */
#include "auth/alb.h"

#include <string.h>

#include "auth/claims.h"
#include "auth/jws.h"
#include "auth/key_get.h"
#include "auth/recall.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "proto/chars.h"
#include "proto/jwt.h"
#include "proto/pem.h"

/* A key id: a UUID (RFC 9562 4). */
#define KID_LEN ((size_t)36)

/* One load balancer. */
struct balancer {
	struct str arn;
	struct str base; /* its keys are below this URL, which ends with '/' */
};

struct key {
	struct str base;   /* absent: empty */
	char kid[KID_LEN];
	uint8_t point[ALB_POINT_LEN];
	uint64_t used;     /* number of the use: the least one gives way */
};

struct alb {
	struct alb_setup setup;
	struct balancer balancers[ALB_MAX_N];
	size_t balancer_n;
	struct recall *verified;
	/* under SYS_LOCK_AUTH */
	struct key keys[ALB_KEY_MAX_N];
	struct key missing; /* the last id that has no key, while again_ms
	                     * lies ahead */
	uint64_t use_n;
	bool fetching;
	int64_t again_ms;   /* monotonic: no fetch before */
};

/* One check while it runs. */
struct check {
	struct alb *b;
	struct arena *a;
	struct jwt jwt;
	const struct balancer *signer;
	struct auth_caller *out;
	struct auth_refusal *no;
};

static void
lock(struct alb *b)
{
	b->setup.sys->lock(b->setup.sys->ctx, SYS_LOCK_AUTH);
}

static void
unlock(struct alb *b)
{
	b->setup.sys->unlock(b->setup.sys->ctx, SYS_LOCK_AUTH);
}

static int64_t
mono(const struct alb *b)
{
	return b->setup.sys->mono_ms(b->setup.sys->ctx);
}

static enum auth_verdict
refuse(struct auth_refusal *no, enum auth_verdict verdict, struct str why)
{
	*no = (struct auth_refusal){ .verdict = verdict, .why = why };
	return verdict;
}

/* ---- settings ---- */

/* Lower-case letters, digits and '-': it goes into a host name. */
static bool
is_region(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] != '-' && !str_is_digit(s.p[i]) &&
		    !(s.p[i] >= 'a' && s.p[i] <= 'z')) {
			return false;
		}
	}
	return s.len > 0 && s.len <= 63;
}

/* arn:aws:elasticloadbalancing:region:account:loadbalancer/app/name/id. The
 * region, or absent. */
static struct str
region_of(struct str arn, struct str *partition)
{
	struct str rest = arn;
	struct str word = str_cut(&rest, ':');
	struct str service, region, account;
	uint64_t n;

	*partition = str_cut(&rest, ':');
	service = str_cut(&rest, ':');
	region = str_cut(&rest, ':');
	account = str_cut(&rest, ':');
	return str_eq(word, S("arn")) && str_starts(*partition, S("aws")) &&
	    str_eq(service, S("elasticloadbalancing")) && is_region(region) &&
	    account.len == 12 && str_u64(account, UINT64_MAX, &n) &&
	    str_starts(rest, S("loadbalancer/app/")) ? region : STR_NONE;
}

/* Where the keys of its region are. */
static struct str
base_of(const struct alb_setup *setup, struct str region,
    struct str partition, struct arena *a)
{
	struct buf b = buf_in(a, OIDC_URI_MAX);

	if (setup->keys_url.len > 0) {
		buf_add(&b, setup->keys_url);
		if (!str_ends(setup->keys_url, S("/"))) {
			buf_add_byte(&b, '/');
		}
	} else if (str_eq(partition, S("aws-us-gov"))) {
		buf_addf(&b, "https://s3-%s.amazonaws.com/"
		    "aws-elb-public-keys-prod-%s/", region, region);
	} else {
		buf_addf(&b, "https://public-keys.auth.elb.%s.amazonaws.com"
		    "%s/", region, str_eq(partition, S("aws-cn")) ? S(".cn") :
		    S(""));
	}
	return buf_ok(&b) ? buf_str(&b) : STR_NONE;
}

static enum err
add_balancer(struct alb *b, struct str arn, struct arena *a, struct fail *f)
{
	struct balancer *to = &b->balancers[b->balancer_n];
	struct str partition;
	struct str region = region_of(arn, &partition);

	if (region.p == NULL) {
		return fail_setf(f, ERR_CONFIG, "AUTH_ALB_ARN: '%s' is not "
		    "the ARN of an Application Load Balancer", arn);
	}
	if (b->balancer_n == ALB_MAX_N) {
		return fail_setf(f, ERR_CONFIG, "AUTH_ALB_ARN names more than "
		    "%u load balancers", (uint64_t)ALB_MAX_N);
	}
	to->arn = arn;
	to->base = base_of(&b->setup, region, partition, a);
	/* The same slice for the same place: keys are found by it. */
	for (size_t i = 0; i < b->balancer_n && to->base.p != NULL; i++) {
		if (str_eq(b->balancers[i].base, to->base)) {
			to->base = b->balancers[i].base;
		}
	}
	b->balancer_n++;
	return to->base.p != NULL ? ERR_OK : ERR_NOMEM;
}

/* see alb.h */
enum err
alb_new(struct alb **out, const struct alb_setup *setup, struct arena *a,
    struct fail *f)
{
	struct alb *b = ARENA_NEW(a, struct alb);
	struct str rest = setup->arns;
	struct url u;
	enum err err = ERR_OK;

	if (b == NULL) {
		return ERR_NOMEM;
	}
	b->setup = *setup;
	if (setup->keys_url.len > 0 && (!key_get_is_safe(setup->keys_url, &u) ||
	    u.query.p != NULL)) {
		return fail_setf(f, ERR_CONFIG, "AUTH_ALB_KEYS_URL is '%s'; "
		    "it must be an https URL without a query",
		    setup->keys_url);
	}
	while (rest.p != NULL && err == ERR_OK) {
		err = add_balancer(b, str_trim(str_cut(&rest, ',')), a, f);
	}
	if (err == ERR_OK) {
		b->verified = recall_new(a, setup->sys, ALB_TOKEN_SET_N,
		    ALB_TOKEN_HOLD_MS);
		err = b->verified != NULL ? ERR_OK : ERR_NOMEM;
	}
	*out = b;
	return err;
}

/* see alb.h */
void
alb_free(struct alb *b)
{
	recall_free(b->verified);
}

/* see alb.h */
bool
alb_recall(struct alb *b, struct str token, struct arena *a,
    struct auth_caller *out)
{
	bool found = recall_find(b->verified, token, a, out);

	if (found) {
		out->token = STR_NONE; /* no identity provider's: not for STS */
	}
	return found;
}

/* ---- keys ---- */

/* see alb.h */
bool
alb_key_parse(struct str text, uint8_t out[static ALB_POINT_LEN])
{
	/* SubjectPublicKeyInfo up to the point (RFC 5480 2): DER has one
	 * encoding for it. */
	static const uint8_t head[26] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07,
	    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
	    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00 };
	char der[sizeof(head) + ALB_POINT_LEN];
	struct buf b = buf_fixed(der, sizeof(der));
	struct pem o;

	if (pem_next(&text, &o) != ERR_OK ||
	    !str_eq(o.label, S("PUBLIC KEY")) || !pem_decode(&o, &b) ||
	    b.len != sizeof(der) || memcmp(der, head, sizeof(head)) != 0 ||
	    der[sizeof(head)] != 4) {
		return false;
	}
	memcpy(out, der + sizeof(head), ALB_POINT_LEN);
	return true;
}

static bool
is_kid(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s.p[i] != '-' : !chars_is(s.p[i], CHARS_HEX)) {
			return false;
		}
	}
	return s.len == KID_LEN;
}

static bool
is_key(const struct key *k, struct str base, struct str kid)
{
	return k->base.p == base.p && str_eq(str_of(k->kid, KID_LEN), kid);
}

/* Finds a key that is at hand; under the lock. */
static bool
pick(struct alb *b, struct str base, struct str kid,
    uint8_t out[static ALB_POINT_LEN])
{
	for (size_t i = 0; i < ALB_KEY_MAX_N; i++) {
		struct key *k = &b->keys[i];

		if (is_key(k, base, kid)) {
			k->used = ++b->use_n;
			memcpy(out, k->point, ALB_POINT_LEN);
			return true;
		}
	}
	return false;
}

/* Puts a key where the one lies that was not used for longest; under the
 * lock. */
static void
keep(struct alb *b, const struct key *key)
{
	struct key *k = &b->keys[0];

	for (size_t i = 1; i < ALB_KEY_MAX_N; i++) {
		k = b->keys[i].used < k->used ? &b->keys[i] : k;
	}
	*k = *key;
	k->used = ++b->use_n;
}

/* That an id has no key is of no interest: anybody can make one up. */
static void
log_fetch(struct alb *b, const struct key *key, enum err err,
    const struct fail *f)
{
	enum log_level level = err == ERR_OK ? LOG_INFO :
	    err == ERR_MISSING ? LOG_DEBUG : LOG_WARNING;
	struct log_event e;

	if (log_begin(&e, b->setup.log, level, S("load_balancer_key"))) {
		log_str(&e, S("key"), str_of(key->kid, KID_LEN));
		if (err != ERR_OK) {
			log_str(&e, S("message"), fail_text(f));
		}
		log_end(&e);
	}
}

/* Fetches a key, with b->fetching held. ERR_MISSING: there is none. */
static enum err
fetch(struct alb *b, const struct oidc_want *want, struct key *key)
{
	struct arena a;
	struct fail f;
	struct key_get g = {
		.transport = b->setup.transport, .a = &a, .f = &f,
		.body_max = ALB_ANSWER_MAX,
		.deadline_ms = mono(b) + OIDC_FETCH_MS,
		.cancel = want->cancel,
	};
	struct str parts[2] = { key->base, str_of(key->kid, KID_LEN) };
	struct str uri;
	struct str body = STR_NONE;
	enum err err;

	if (want->deadline_ms < g.deadline_ms) {
		g.deadline_ms = want->deadline_ms;
	}
	arena_init(&a, ALB_FETCH_CAP);
	fail_init(&f, &a);
	uri = str_join(&a, parts, 2);
	err = uri.p == NULL ? ERR_NOMEM : key_get(&g, uri, &body);
	if (err == ERR_OK && !alb_key_parse(body, key->point)) {
		err = fail_setf(&f, ERR_SYNTAX, "%s is not a P-256 key in PEM",
		    uri);
	}
	/* S3 says 403 where nothing may be listed. */
	if (g.status == 403 || g.status == 404) {
		err = ERR_MISSING;
	}
	lock(b);
	b->fetching = false;
	if (err == ERR_OK) {
		keep(b, key);
	} else if (err == ERR_MISSING) {
		b->missing = *key;
	}
	unlock(b);
	log_fetch(b, key, err, &f);
	arena_free(&a);
	return err;
}

/* The key of that id. ERR_MISSING: there is none; else it is not known whether
 * there is: ERR_AGAIN (too many ask), ERR_TIMEOUT, ERR_CANCELLED, or what the
 * fetch said. */
static enum err
find(struct alb *b, struct str base, struct str kid,
    const struct oidc_want *want, uint8_t point[static ALB_POINT_LEN])
{
	const struct sys *sys = b->setup.sys;
	struct key key = { .base = base };
	enum err err = ERR_OK;

	memcpy(key.kid, kid.p, KID_LEN);
	for (;;) {
		bool found;
		bool busy;

		lock(b);
		found = pick(b, base, kid, point);
		busy = b->fetching;
		if (!found && !busy && mono(b) < b->again_ms) {
			err = is_key(&b->missing, base, kid) ? ERR_MISSING :
			    ERR_AGAIN;
		} else if (!found && !busy) {
			b->fetching = true;
			b->again_ms = mono(b) + ALB_REFETCH_MS;
		}
		unlock(b);
		if (found || err != ERR_OK) {
			return err;
		}
		if (!busy) {
			err = fetch(b, want, &key);
			memcpy(point, key.point, ALB_POINT_LEN);
			return err;
		}
		err = mono(b) >= want->deadline_ms ? ERR_TIMEOUT :
		    sys->sleep_until(sys->ctx, mono(b) + OIDC_POLL_MS,
		    want->cancel);
		if (err != ERR_OK) {
			return err;
		}
	}
}

/* ---- the check ---- */

static enum auth_verdict
parse(struct check *c, struct str token)
{
	enum err err = jwt_parse(c->a, token, JWT_PADDED, &c->jwt, NULL);

	if (err != ERR_OK) {
		return err == ERR_NOMEM ? refuse(c->no, AUTH_UNAVAILABLE,
		    S("out of memory")) : refuse(c->no, AUTH_MALFORMED,
		    S("what the load balancer is said to have signed is not "
		    "a well-formed JWT"));
	}
	if (!str_eq(c->jwt.alg, S("ES256")) ||
	    json_get(c->jwt.header, S("crit")) != NULL) {
		return refuse(c->no, AUTH_INVALID, S("the load balancer's "
		    "token has an algorithm that is not accepted"));
	}
	return AUTH_OK;
}

/* Who signed it, and for whom. */
static enum auth_verdict
check_header(struct check *c)
{
	const struct json *h = c->jwt.header;
	struct str signer = json_get_str(h, S("signer"), STR_NONE);
	struct str client = json_get_str(h, S("client"), STR_NONE);
	const struct alb *b = c->b;

	for (size_t i = 0; i < b->balancer_n && c->signer == NULL; i++) {
		if (str_eq(b->balancers[i].arn, signer)) {
			c->signer = &b->balancers[i];
		}
	}
	if (c->signer == NULL) {
		return refuse(c->no, AUTH_INVALID, S("the token was not "
		    "signed by a load balancer that is trusted here"));
	}
	if (b->setup.client_id.len > 0 &&
	    !str_eq(client, b->setup.client_id)) {
		return refuse(c->no, AUTH_INVALID, S("the load balancer's "
		    "token is for another client"));
	}
	return is_kid(c->jwt.kid) ? AUTH_OK : refuse(c->no, AUTH_INVALID,
	    S("the load balancer's token names no key (kid)"));
}

static enum auth_verdict
check_claims(struct check *c)
{
	const struct json *exp = json_get(c->jwt.claims, S("exp"));
	int64_t now = c->b->setup.sys->now_ms(c->b->setup.sys->ctx);
	int64_t ms;

	if (!claims_moment(json_get(c->jwt.header, S("exp")),
	    &c->out->expires_ms) ||
	    (exp != NULL && !claims_moment(exp, &ms))) {
		return refuse(c->no, AUTH_INVALID, S("the load balancer's "
		    "token has no valid end (exp)"));
	}
	if (exp != NULL && ms < c->out->expires_ms) {
		c->out->expires_ms = ms;
	}
	if (now >= c->out->expires_ms + OIDC_LEEWAY_MS) {
		return refuse(c->no, AUTH_INVALID,
		    S("the load balancer's token has expired"));
	}
	c->out->kind = AUTH_PROXY;
	c->out->issuer = c->signer->arn;
	c->out->subject = json_get_str(c->jwt.claims, S("sub"), STR_NONE);
	return c->out->subject.len > 0 ? AUTH_OK : refuse(c->no, AUTH_INVALID,
	    S("the load balancer's token names no subject (sub)"));
}

static enum auth_verdict
check_signature(struct check *c, const struct oidc_want *want)
{
	struct jwks_key key = { .type = JWKS_P256, .n_len = ALB_POINT_LEN };
	enum err err = find(c->b, c->signer->base, c->jwt.kid, want, key.n);

	if (err == ERR_MISSING) {
		return refuse(c->no, AUTH_INVALID, S("the load balancer's "
		    "token is signed with a key that does not exist"));
	}
	if (err != ERR_OK) {
		(void)refuse(c->no, AUTH_UNAVAILABLE, S("the load balancer's "
		    "key cannot be fetched at the moment"));
		c->no->retry_ms = ALB_REFETCH_MS;
		return AUTH_UNAVAILABLE;
	}
	return jws_verify(jws_alg(c->jwt.alg), &key, c->jwt.signing_input,
	    c->jwt.signature) ? AUTH_OK : refuse(c->no, AUTH_INVALID,
	    S("the signature of the load balancer's token is wrong"));
}

/* see alb.h */
enum auth_verdict
alb_check(struct alb *b, struct str token, const struct oidc_want *want,
    struct arena *a, struct auth_caller *out, struct auth_refusal *no)
{
	struct check c = { .b = b, .a = a, .out = out, .no = no };
	enum auth_verdict v;

	*out = (struct auth_caller){ .kind = AUTH_NOBODY };
	*no = (struct auth_refusal){ .verdict = AUTH_OK };
	if (alb_recall(b, token, a, out)) {
		return AUTH_OK;
	}
	v = parse(&c, token);
	v = v != AUTH_OK ? v : check_header(&c);
	v = v != AUTH_OK ? v : check_claims(&c);
	v = v != AUTH_OK ? v : check_signature(&c, want);
	if (v == AUTH_OK && !claims_gather(a, c.jwt.claims, out)) {
		v = refuse(no, AUTH_UNAVAILABLE, S("out of memory"));
	}
	if (v != AUTH_OK) {
		*out = (struct auth_caller){ .kind = AUTH_NOBODY };
		return v;
	}
	recall_put(b->verified, token, out);
	return AUTH_OK;
}
