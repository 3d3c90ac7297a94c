/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A check goes from cheap to dear: what the token says about itself first, its
 * signature last, so that neither a fetch nor a public-key operation is spent
 * on a token that could not be accepted anyway. What a good token lacks
 * (scopes, groups) is looked at behind the signature: only its holder hears of
 * it.
 *
 * A slot of the cache holds the token and behind it the names of its claims,
 * each with its length in two bytes: subject, e-mail, groups, scopes.
 */
#include "auth/oidc.h"

#include "auth/jws.h"
#include "auth/keyring.h"
#include "base/enc.h"
#include "base/limits.h"
#include "proto/json.h"
#include "proto/jwt.h"

struct slot {
	int64_t ends_ms;    /* wall clock; 0: empty */
	int64_t expires_ms; /* of the token */
	size_t issuer;      /* number of it */
	size_t token_len;
	size_t len;         /* bytes of text in use */
	size_t group_n;
	size_t scope_n;
	char text[OIDC_TOKEN_TEXT_MAX];
};

struct oidc {
	struct oidc_setup setup;
	struct keyring *keys;
	struct slot *slots; /* OIDC_TOKEN_SET_N sets of OIDC_TOKEN_WAY_N */
};

/* One check while it runs. */
struct check {
	struct oidc *o;
	struct arena *a;
	struct jwt jwt;
	const struct jws_alg *alg;
	size_t i;                    /* number of the issuer */
	const struct oidc_issuer *issuer;
	struct auth_caller *out;
	struct auth_refusal *no;
};

static void
lock(struct oidc *o)
{
	o->setup.sys->lock(o->setup.sys->ctx, SYS_LOCK_AUTH);
}

static void
unlock(struct oidc *o)
{
	o->setup.sys->unlock(o->setup.sys->ctx, SYS_LOCK_AUTH);
}

/* see oidc.h */
enum err
oidc_new(struct arena *a, const struct oidc_setup *setup, struct oidc **out,
    struct fail *f)
{
	struct oidc *o = ARENA_NEW(a, struct oidc);
	enum err err;

	if (o == NULL) {
		return ERR_NOMEM;
	}
	o->setup = *setup;
	err = keyring_new(a, setup, &o->keys, f);
	if (err != ERR_OK) {
		return err;
	}
	o->slots = ARENA_ARRAY(a, OIDC_TOKEN_SET_N * OIDC_TOKEN_WAY_N,
	    struct slot);
	*out = o;
	return o->slots == NULL ? ERR_NOMEM : ERR_OK;
}

static void
wipe(struct slot *s)
{
	enc_wipe(s->text, s->len);
	s->ends_ms = 0;
	s->len = 0;
}

/* see oidc.h */
void
oidc_free(struct oidc *o)
{
	for (size_t i = 0; i < OIDC_TOKEN_SET_N * OIDC_TOKEN_WAY_N; i++) {
		wipe(&o->slots[i]);
	}
}

static enum auth_verdict
refuse(struct auth_refusal *no, enum auth_verdict verdict, struct str why)
{
	*no = (struct auth_refusal){ .verdict = verdict, .why = why };
	return verdict;
}

/* ---- tokens verified lately ---- */

/* The set a token belongs to, from the end of its signature, which is as good
 * as random. Only where to look: what is found is compared as a whole. */
static struct slot *
set_of(struct oidc *o, struct str token)
{
	size_t n = 0;

	for (size_t i = token.len < 8 ? 0 : token.len - 8; i < token.len; i++) {
		n = n * 31 + (unsigned char)token.p[i];
	}
	return &o->slots[n % OIDC_TOKEN_SET_N * OIDC_TOKEN_WAY_N];
}

static struct str
slot_token(const struct slot *s)
{
	return str_of(s->text, s->token_len);
}

/* Cuts a name with its length off the packed claims. */
static struct str
unpack(const char **at)
{
	size_t len = (size_t)(unsigned char)(*at)[0] << 8 |
	    (unsigned char)(*at)[1];
	struct str s = len > 0 ? str_of(*at + 2, len) : STR_NONE;

	*at += 2 + len;
	return s;
}

/* Copies a slot's claims; under the lock. */
static bool
recall(const struct oidc *o, const struct slot *s, struct str token,
    struct arena *a, struct auth_caller *out)
{
	size_t n = s->group_n + s->scope_n;
	struct str *names = ARENA_ARRAY(a, n, struct str);
	struct str text = str_dup(a, str_sub(str_of(s->text, s->len),
	    s->token_len, s->len));
	const char *at = text.p;

	if (names == NULL || at == NULL) {
		return false;
	}
	*out = (struct auth_caller){
		.kind = AUTH_OIDC, .token = token,
		.issuer = o->setup.issuers[s->issuer].issuer,
		.expires_ms = s->expires_ms,
		.groups = names, .group_n = s->group_n,
		.scopes = names + s->group_n, .scope_n = s->scope_n,
	};
	out->subject = unpack(&at);
	out->email = unpack(&at);
	for (size_t i = 0; i < n; i++) {
		names[i] = unpack(&at);
	}
	return true;
}

/* see oidc.h */
bool
oidc_recall(struct oidc *o, struct str token, struct arena *a,
    struct auth_caller *out)
{
	int64_t now = o->setup.sys->now_ms(o->setup.sys->ctx);
	struct slot *set = set_of(o, token);
	bool found = false;

	lock(o);
	for (size_t i = 0; i < OIDC_TOKEN_WAY_N && !found; i++) {
		if (set[i].ends_ms > now &&
		    str_eq_secret(slot_token(&set[i]), token)) {
			found = recall(o, &set[i], token, a, out);
			break;
		}
	}
	unlock(o);
	return found;
}

static void
pack(struct buf *b, struct str s)
{
	buf_add_byte(b, (char)(s.len >> 8));
	buf_add_byte(b, (char)s.len);
	buf_add(b, s);
}

/* Puts a verified token where the set's oldest or an ended one was. */
static void
remember(struct check *c, struct str token)
{
	const struct auth_caller *who = c->out;
	int64_t now = c->o->setup.sys->now_ms(c->o->setup.sys->ctx);
	struct slot *set = set_of(c->o, token);
	struct slot *s = set;
	struct buf b;

	lock(c->o);
	for (size_t i = 1; i < OIDC_TOKEN_WAY_N; i++) {
		s = s->ends_ms <= set[i].ends_ms ? s : &set[i];
	}
	wipe(s);
	b = buf_fixed(s->text, sizeof(s->text));
	buf_add(&b, token);
	pack(&b, who->subject);
	pack(&b, who->email);
	for (size_t i = 0; i < who->group_n; i++) {
		pack(&b, who->groups[i]);
	}
	for (size_t i = 0; i < who->scope_n; i++) {
		pack(&b, who->scopes[i]);
	}
	s->len = b.len;
	s->token_len = token.len;
	s->issuer = c->i;
	s->group_n = who->group_n;
	s->scope_n = who->scope_n;
	s->expires_ms = who->expires_ms;
	s->ends_ms = now + OIDC_TOKEN_HOLD_MS < who->expires_ms ?
	    now + OIDC_TOKEN_HOLD_MS : who->expires_ms;
	if (!buf_ok(&b)) {
		wipe(s);
	}
	unlock(c->o);
}

/* ---- claims ---- */

static bool
has(const struct str *list, size_t n, struct str s)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(list[i], s)) {
			return true;
		}
	}
	return false;
}

/* A list of names while it is gathered. */
struct names {
	struct str *p;
	size_t n;
};

static void
add_name(struct names *out, struct str s)
{
	if (s.len > 0 && s.len <= UINT16_MAX && out->n < OIDC_NAME_MAX_N) {
		out->p[out->n++] = s;
	}
}

/* Adds a claim that is text, or an array of it; with `split`, text is a list
 * separated by spaces (RFC 8693 4.2). What is cut off can only be missing. */
static void
add_names(struct names *out, const struct json *v, bool split)
{
	struct str rest = json_str(v);

	while (split && rest.p != NULL) {
		add_name(out, str_cut(&rest, ' '));
	}
	if (!split) {
		add_name(out, rest);
	}
	for (v = json_is(v, JSON_ARRAY) ? v->child : NULL; v != NULL;
	    v = v->next) {
		add_name(out, json_str(v));
	}
}

static bool
gather(struct check *c)
{
	const struct json *claims = c->jwt.claims;
	struct names g = { ARENA_ARRAY(c->a, OIDC_NAME_MAX_N, struct str), 0 };
	struct names s = { ARENA_ARRAY(c->a, OIDC_NAME_MAX_N, struct str), 0 };
	const struct json *vouched = json_get_set(claims, S("email_verified"));

	if (g.p == NULL || s.p == NULL) {
		return false;
	}
	add_names(&g, json_get(claims, S("groups")), false);
	add_names(&g, json_get(claims, S("cognito:groups")), false);
	add_names(&g, json_get(claims, S("roles")), false);
	add_names(&s, json_get(claims, S("scope")), true);
	add_names(&s, json_get(claims, S("scp")), true);
	c->out->groups = g.p;
	c->out->group_n = g.n;
	c->out->scopes = s.p;
	c->out->scope_n = s.n;
	/* Cognito says it as text. */
	if (vouched == NULL || json_get_bool(claims, S("email_verified"),
	    str_eq(json_str(vouched), S("true")))) {
		c->out->email = json_get_str(claims, S("email"), STR_NONE);
	}
	return true;
}

/* NumericDate (RFC 7519 2), which may have a fraction, as milliseconds. */
static bool
moment(const struct json *v, int64_t *ms)
{
	double s;

	if (!json_f64(v, &s) || !(s >= 0 && s <= 253402300799.0)) {
		return false;
	}
	*ms = (int64_t)(s * 1000);
	return true;
}

static enum auth_verdict
check_times(struct check *c)
{
	const struct json *exp = json_get(c->jwt.claims, S("exp"));
	const struct json *nbf = json_get(c->jwt.claims, S("nbf"));
	const struct json *iat = json_get(c->jwt.claims, S("iat"));
	int64_t now = c->o->setup.sys->now_ms(c->o->setup.sys->ctx);
	int64_t ms;

	if (!moment(exp, &c->out->expires_ms)) {
		return refuse(c->no, AUTH_INVALID,
		    S("the token has no valid end (exp)"));
	}
	if (now >= c->out->expires_ms + OIDC_LEEWAY_MS) {
		return refuse(c->no, AUTH_INVALID, S("the token has expired"));
	}
	if (nbf != NULL && (!moment(nbf, &ms) || ms > now + OIDC_LEEWAY_MS)) {
		return refuse(c->no, AUTH_INVALID,
		    S("the token is not valid yet (nbf)"));
	}
	if (iat != NULL && (!moment(iat, &ms) || ms > now + OIDC_LEEWAY_MS)) {
		return refuse(c->no, AUTH_INVALID,
		    S("the token was issued in the future (iat)"));
	}
	return AUTH_OK;
}

/* `aud` names us; or a Cognito access token, which has none, our client. */
static bool
is_for_us(const struct check *c)
{
	const struct json *claims = c->jwt.claims;
	const struct json *aud = json_get(claims, S("aud"));
	const struct str *ours = c->issuer->audiences;
	size_t n = c->issuer->audience_n;

	if (aud == NULL) {
		return str_eq(json_get_str(claims, S("token_use"), STR_NONE),
		    S("access")) && has(ours, n, json_get_str(claims,
		    S("client_id"), STR_NONE));
	}
	if (json_is(aud, JSON_STRING)) {
		return has(ours, n, json_str(aud));
	}
	for (aud = json_is(aud, JSON_ARRAY) ? aud->child : NULL; aud != NULL;
	    aud = aud->next) {
		if (json_is(aud, JSON_STRING) && has(ours, n, json_str(aud))) {
			return true;
		}
	}
	return false;
}

/* The number of a token's issuer; issuer_n: not one of ours. */
static size_t
issuer_of(const struct oidc *o, const struct jwt *jwt)
{
	const struct json *iss = json_get(jwt->claims, S("iss"));
	size_t i = 0;

	while (i < o->setup.issuer_n && !(json_is(iss, JSON_STRING) &&
	    str_eq(json_str(iss), o->setup.issuers[i].issuer))) {
		i++;
	}
	return i;
}

/* What a JWT for this use calls itself (RFC 7515 4.1.9, RFC 9068 2.1); others
 * are made for something else (RFC 8725 3.11). */
static bool
is_typ_ok(struct str typ)
{
	struct str prefix = S("application/");

	if (str_istarts(typ, prefix)) {
		typ = str_sub(typ, prefix.len, typ.len);
	}
	return typ.p == NULL || str_ieq(typ, S("JWT")) ||
	    str_ieq(typ, S("at+jwt"));
}

/* ---- the check ---- */

static enum auth_verdict
parse(struct check *c, struct str token)
{
	struct fail f;
	size_t dots = 0;
	enum err err;

	for (size_t i = 0; i < token.len; i++) {
		dots += token.p[i] == '.' ? 1 : 0;
		/* b64token of RFC 6750 2.1 */
		if (!str_is_alnum(token.p[i]) && str_find_byte(S("-._~+/="),
		    token.p[i], 0) == 7) {
			return refuse(c->no, AUTH_MALFORMED, S("the token "
			    "holds characters that no bearer token has"));
		}
	}
	if (dots != 2) {
		return refuse(c->no, AUTH_INVALID, dots == 4 ?
		    S("the token is encrypted; a signed JWT is needed") :
		    S("the token is not a JWT; ask the issuer for one with "
		    "our audience"));
	}
	fail_init(&f, NULL);
	err = jwt_parse(c->a, token, 0, &c->jwt, &f);
	if (err == ERR_OK) {
		return AUTH_OK;
	}
	return err == ERR_NOMEM ? refuse(c->no, AUTH_UNAVAILABLE,
	    S("out of memory")) : refuse(c->no, AUTH_MALFORMED,
	    err == ERR_DUPLICATE ?
	    S("the token has the same member twice") :
	    S("the token is not a well-formed JWT"));
}

/* Everything that can be told without a key. */
static enum auth_verdict
check_claims(struct check *c)
{
	enum auth_verdict v;

	c->alg = jws_alg(c->jwt.alg);
	if (c->alg == NULL) {
		return refuse(c->no, AUTH_INVALID,
		    S("the token's algorithm is not accepted"));
	}
	if (json_get(c->jwt.header, S("crit")) != NULL ||
	    !is_typ_ok(c->jwt.typ)) {
		return refuse(c->no, AUTH_INVALID,
		    S("the token is of a kind that is not accepted"));
	}
	c->i = issuer_of(c->o, &c->jwt);
	if (c->i == c->o->setup.issuer_n) {
		return refuse(c->no, AUTH_INVALID,
		    S("the token's issuer is not trusted here"));
	}
	c->issuer = &c->o->setup.issuers[c->i];
	v = check_times(c);
	if (v != AUTH_OK) {
		return v;
	}
	if (!is_for_us(c)) {
		return refuse(c->no, AUTH_INVALID,
		    S("the token is for another audience"));
	}
	c->out->kind = AUTH_OIDC;
	c->out->issuer = c->issuer->issuer;
	c->out->subject = json_get_str(c->jwt.claims, S("sub"), STR_NONE);
	return c->out->subject.len > 0 ? AUTH_OK : refuse(c->no, AUTH_INVALID,
	    S("the token names no subject (sub)"));
}

static enum auth_verdict
check_signature(struct check *c, const struct oidc_want *want)
{
	struct jwks_key key;
	enum err err = keyring_find(c->o->keys, c->i, c->alg, c->jwt.kid,
	    want, &key);

	if (err == ERR_MISSING) {
		return refuse(c->no, AUTH_INVALID,
		    S("the token's key is not one of its issuer's"));
	}
	if (err != ERR_OK) {
		(void)refuse(c->no, AUTH_UNAVAILABLE, S("the issuer's keys "
		    "cannot be fetched at the moment"));
		c->no->retry_ms = OIDC_REFETCH_MS;
		return AUTH_UNAVAILABLE;
	}
	return jws_verify(c->alg, &key, c->jwt.signing_input,
	    c->jwt.signature) ? AUTH_OK : refuse(c->no, AUTH_INVALID,
	    S("the token's signature is wrong"));
}

static enum auth_verdict
check_rights(struct check *c)
{
	const struct oidc_issuer *is = c->issuer;
	bool member = is->group_n == 0;

	if (!gather(c)) {
		return refuse(c->no, AUTH_UNAVAILABLE, S("out of memory"));
	}
	for (size_t i = 0; i < is->scope_n; i++) {
		if (!has(c->out->scopes, c->out->scope_n, is->scopes[i])) {
			*c->no = (struct auth_refusal){ .verdict = AUTH_SCOPE,
				.why = S("the token lacks a scope"),
				.scopes = is->scopes, .scope_n = is->scope_n };
			return AUTH_SCOPE;
		}
	}
	for (size_t i = 0; i < is->group_n && !member; i++) {
		member = has(c->out->groups, c->out->group_n, is->groups[i]);
	}
	return member ? AUTH_OK : refuse(c->no, AUTH_SCOPE,
	    S("the caller is in none of the groups that may call"));
}

/* see oidc.h */
bool
oidc_is_ours(const struct oidc *o, struct arena *a, struct str token)
{
	struct jwt jwt;

	return token.len <= JWT_TOKEN_MAX && jwt_is_compact(token) &&
	    jwt_parse(a, token, 0, &jwt, NULL) == ERR_OK &&
	    issuer_of(o, &jwt) < o->setup.issuer_n;
}

/* see oidc.h */
enum auth_verdict
oidc_check(struct oidc *o, struct str token, const struct oidc_want *want,
    struct arena *a, struct auth_caller *out, struct auth_refusal *no)
{
	struct check c = { .o = o, .a = a, .out = out, .no = no };
	enum auth_verdict v;

	*out = (struct auth_caller){ .kind = AUTH_NOBODY };
	*no = (struct auth_refusal){ .verdict = AUTH_OK };
	if (token.len == 0) {
		return refuse(no, AUTH_MISSING, STR_NONE);
	}
	if (token.len > JWT_TOKEN_MAX) {
		return refuse(no, AUTH_MALFORMED,
		    S("the token is longer than 16 KiB"));
	}
	if (oidc_recall(o, token, a, out)) {
		return AUTH_OK;
	}
	v = parse(&c, token);
	v = v != AUTH_OK ? v : check_claims(&c);
	v = v != AUTH_OK ? v : check_signature(&c, want);
	v = v != AUTH_OK ? v : check_rights(&c);
	if (v != AUTH_OK) {
		*out = (struct auth_caller){ .kind = AUTH_NOBODY };
		return v;
	}
	out->token = token;
	remember(&c, token);
	return AUTH_OK;
}

/* see oidc.h */
int64_t
oidc_refresh_due(struct oidc *o, const struct cancel *cancel)
{
	return keyring_refresh_due(o->keys, cancel);
}

/* see oidc.h */
void
oidc_state(struct oidc *o, size_t i, struct arena *a, struct oidc_state *out)
{
	keyring_state(o->keys, i, a, out);
}
