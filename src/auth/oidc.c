/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A check goes from cheap to dear: what the token says about itself first, its
 * signature last, so that neither a fetch nor a public-key operation is spent
 * on a token that could not be accepted anyway. What a good token lacks
 * (scopes, groups) is looked at behind the signature: only its holder hears of
 * it.
 */
#include "auth/oidc.h"

#include "auth/claims.h"
#include "auth/jws.h"
#include "auth/keyring.h"
#include "auth/recall.h"
#include "base/limits.h"
#include "proto/json.h"
#include "proto/jwt.h"

struct oidc {
	struct oidc_setup setup;
	struct keyring *keys;
	struct recall *verified;
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
	o->verified = recall_new(a, setup->sys, OIDC_TOKEN_SET_N,
	    OIDC_TOKEN_HOLD_MS);
	*out = o;
	return o->verified == NULL ? ERR_NOMEM : ERR_OK;
}

/* see oidc.h */
void
oidc_free(struct oidc *o)
{
	recall_free(o->verified);
}

static enum auth_verdict
refuse(struct auth_refusal *no, enum auth_verdict verdict, struct str why)
{
	*no = (struct auth_refusal){ .verdict = verdict, .why = why };
	return verdict;
}

/* see oidc.h */
bool
oidc_recall(struct oidc *o, struct str token, struct arena *a,
    struct auth_caller *out)
{
	return recall_find(o->verified, token, a, out);
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

static enum auth_verdict
check_times(struct check *c)
{
	const struct json *exp = json_get(c->jwt.claims, S("exp"));
	const struct json *nbf = json_get(c->jwt.claims, S("nbf"));
	const struct json *iat = json_get(c->jwt.claims, S("iat"));
	int64_t now = c->o->setup.sys->now_ms(c->o->setup.sys->ctx);
	int64_t ms;

	if (!claims_moment(exp, &c->out->expires_ms)) {
		return refuse(c->no, AUTH_INVALID,
		    S("the token has no valid end (exp)"));
	}
	if (now >= c->out->expires_ms + OIDC_LEEWAY_MS) {
		return refuse(c->no, AUTH_INVALID, S("the token has expired"));
	}
	if (nbf != NULL && (!claims_moment(nbf, &ms) ||
	    ms > now + OIDC_LEEWAY_MS)) {
		return refuse(c->no, AUTH_INVALID,
		    S("the token is not valid yet (nbf)"));
	}
	if (iat != NULL && (!claims_moment(iat, &ms) ||
	    ms > now + OIDC_LEEWAY_MS)) {
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

	if (!claims_gather(c->a, c->jwt.claims, c->out)) {
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
	recall_put(o->verified, token, out);
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
