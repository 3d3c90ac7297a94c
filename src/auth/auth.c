/* SPDX-License-Identifier: Apache-2.0 */
/* see auth.h */
#include "auth/auth.h"

#include "auth/brought.h"
#include "auth/roster.h"
#include "base/limits.h"
#include "proto/json.h"

struct auth {
	struct auth_setup setup;
	struct oidc *oidc;      /* NULL: this way is closed; so below */
	struct roster *tokens;
	struct sigv4_in *sigv4;
	struct sts_in *sts;
	struct proxy_in *proxy;
	struct user_role *role;
	const struct oidc_issuer *issuers;
	size_t issuer_n;
};

/* One check while it runs. */
struct check {
	struct auth *auth;
	const struct auth_request *r;
	const struct oidc_want *want; /* NULL: it must not wait */
	struct arena *a;
	struct auth_caller *out;
	struct auth_refusal *no;
};

/* ---- settings ---- */

/* Opens what the settings ask for. */
static enum err
open_ways(struct auth *auth, struct arena *a, struct fail *f)
{
	const struct auth_setup *s = &auth->setup;
	struct oidc_setup oidc = { .sys = s->sys, .transport = s->transport,
	    .log = s->log, .issuers = auth->issuers,
	    .issuer_n = auth->issuer_n };
	struct sigv4_in_setup sigv4 = s->sigv4;
	struct sts_in_setup sts = s->sts;
	struct proxy_in_setup proxy = s->proxy;
	enum err err = ERR_OK;

	if (auth->issuer_n > 0) {
		err = oidc_new(a, &oidc, &auth->oidc, f);
	}
	if (err == ERR_OK && s->tokens_file.len > 0) {
		err = roster_new(&auth->tokens, ROSTER_TOKENS, s->tokens_file,
		    s->sys, s->log, a, f);
	}
	if (err == ERR_OK && sigv4.keys_file.len > 0) {
		sigv4.sys = s->sys;
		sigv4.log = s->log;
		err = sigv4_in_new(&auth->sigv4, &sigv4, a, f);
	}
	if (err == ERR_OK && (sts.roles.len > 0 || sts.server_id.len > 0)) {
		sts.sys = s->sys;
		sts.log = s->log;
		err = sts_in_new(&sts, a, &auth->sts, f);
	}
	if (err == ERR_OK) {
		proxy.alb.sys = s->sys;
		proxy.alb.transport = s->transport;
		proxy.alb.log = s->log;
		err = proxy_in_new(&auth->proxy, &proxy, a, f);
	}
	return err == ERR_OK ? ERR_OK : fail_set(f, err, 0, STR_NONE);
}

/* Some group has a role of its own. */
static bool
has_roles(const struct auth *auth)
{
	for (size_t i = 0; i < auth->issuer_n; i++) {
		for (size_t j = 0; j < auth->issuers[i].grant_n; j++) {
			if (auth->issuers[i].grants[j].role_arn.len > 0) {
				return true;
			}
		}
	}
	return false;
}

static enum err
open_role(struct auth *auth, struct arena *a, struct fail *f)
{
	struct user_role_setup role = auth->setup.role;

	if (role.role_arn.len == 0 && !has_roles(auth)) {
		return ERR_OK;
	}
	if (auth->oidc == NULL) {
		return fail_set(f, ERR_CONFIG, 0, S("AWS_CLOUDWATCH_ROLE_ARN "
		    "is set, but no issuer whose tokens could be exchanged "
		    "for the role: set AUTH_ISSUER and AUTH_AUDIENCE"));
	}
	role.sys = auth->setup.sys;
	role.log = auth->setup.log;
	auth->role = user_role_new(&role, a);
	return auth->role != NULL ? ERR_OK :
	    fail_set(f, ERR_NOMEM, 0, STR_NONE);
}

/* What ENABLE_AUTH says: *off, or that something has to be set. */
static enum err
read_enable(const struct auth_setup *setup, bool set, bool *off,
    struct fail *f)
{
	struct str enable = setup->enable;
	bool on = str_ieq(enable, S("true")) || str_eq(enable, S("1"));

	*off = str_ieq(enable, S("false")) || str_eq(enable, S("0"));
	if (enable.len > 0 && !on && !*off) {
		return fail_setf(f, ERR_CONFIG, "ENABLE_AUTH is '%s'; it must "
		    "be true or false", enable);
	}
	if (on && !set) {
		return fail_set(f, ERR_CONFIG, 0, S("ENABLE_AUTH is true, but "
		    "no way to authenticate is set: AUTH_ISSUER, "
		    "AUTH_TOKENS_FILE, AUTH_SIGV4_KEYS_FILE or another "
		    "AUTH_ setting"));
	}
	if (*off && setup->role.role_arn.len > 0) {
		return fail_set(f, ERR_CONFIG, 0, S("ENABLE_AUTH is false and "
		    "AWS_CLOUDWATCH_ROLE_ARN is set: without a caller's token "
		    "there is nothing to exchange for the role; unset one"));
	}
	return ERR_OK;
}

/* see auth.h */
enum err
auth_new(struct auth **out, const struct auth_setup *setup, struct arena *a,
    struct fail *f)
{
	struct auth *auth = ARENA_NEW(a, struct auth);
	struct oidc_issuer *issuers;
	bool set, off;
	enum err err;

	*out = NULL;
	if (auth == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	auth->setup = *setup;
	err = issuers_read(&setup->issuers, setup->sys, a, &issuers,
	    &auth->issuer_n, f);
	if (err != ERR_OK) {
		return fail_set(f, err, 0, STR_NONE);
	}
	auth->issuers = issuers;
	set = auth->issuer_n > 0 || setup->tokens_file.len > 0 ||
	    setup->sigv4.keys_file.len > 0 || setup->credentials ||
	    setup->sts.roles.len > 0 || setup->sts.server_id.len > 0 ||
	    setup->proxy.networks.len > 0 || setup->proxy.alb.arns.len > 0;
	err = read_enable(setup, set, &off, f);
	if (err != ERR_OK || off) {
		return err;
	}
	err = open_ways(auth, a, f);
	if (err == ERR_OK) {
		err = open_role(auth, a, f);
	}
	if (err == ERR_OK && (set || auth->proxy != NULL)) {
		*out = auth;
	}
	return err;
}

/* see auth.h */
void
auth_free(struct auth *auth)
{
	if (auth == NULL) {
		return;
	}
	if (auth->oidc != NULL) {
		oidc_free(auth->oidc);
	}
	if (auth->sts != NULL) {
		sts_in_free(auth->sts);
	}
	if (auth->proxy != NULL) {
		proxy_in_free(auth->proxy);
	}
	if (auth->role != NULL) {
		user_role_free(auth->role);
	}
}

/* ---- what a caller may do ---- */

static enum auth_verdict
refuse(struct auth_refusal *no, enum auth_verdict verdict, struct str why)
{
	*no = (struct auth_refusal){ .verdict = verdict, .why = why };
	return verdict;
}

/* The limits of a line of a roster. */
static enum auth_verdict
limit_by_line(struct check *c, const struct roster_entry *entry)
{
	struct auth_caller *out = c->out;

	if (entry->tools.len > 0) {
		out->tool_n = issuers_split(entry->tools, c->a, &out->tools);
	}
	if (entry->profiles.len > 0) {
		out->profile_n = issuers_split(entry->profiles, c->a,
		    &out->profiles);
	}
	return !c->a->failed ? AUTH_OK :
	    refuse(c->no, AUTH_UNAVAILABLE, S("out of memory"));
}

static bool
is_for(const struct oidc_grant *g, const struct auth_caller *who)
{
	if (g->group.p == NULL) {
		return true;
	}
	for (size_t i = 0; i < who->group_n; i++) {
		if (str_matches(g->group, who->groups[i])) {
			return true;
		}
	}
	return false;
}

/* Appends what one more rule allows; a rule that names nothing allows all. */
static void
join(const struct str **list, size_t *n, bool *all, const struct str *more,
    size_t more_n, struct arena *a)
{
	struct str *both;

	if (*all || more_n == 0) {
		*all = true;
		*list = NULL;
		*n = 0;
		return;
	}
	both = ARENA_ARRAY(a, *n + more_n, struct str);
	for (size_t i = 0; both != NULL && i < *n + more_n; i++) {
		both[i] = i < *n ? (*list)[i] : more[i - *n];
	}
	*list = both;
	*n += more_n;
}

/* The rules of the caller's issuer that are for it, together; the first role
 * among them counts. */
static enum auth_verdict
limit_by_group(struct check *c)
{
	struct auth_caller *out = c->out;
	const struct oidc_issuer *is = c->auth->issuers;
	bool tools = false, profiles = false, any = false;

	while (!str_eq(is->issuer, out->issuer)) {
		is++;
	}
	for (size_t i = 0; i < is->grant_n && !c->a->failed; i++) {
		const struct oidc_grant *g = &is->grants[i];

		if (!is_for(g, out)) {
			continue;
		}
		any = true;
		join(&out->tools, &out->tool_n, &tools, g->tools, g->tool_n,
		    c->a);
		join(&out->profiles, &out->profile_n, &profiles, g->profiles,
		    g->profile_n, c->a);
		if (out->role_arn.p == NULL) {
			out->role_arn = g->role_arn;
		}
	}
	if (c->a->failed) {
		return refuse(c->no, AUTH_UNAVAILABLE, S("out of memory"));
	}
	return any || is->grant_n == 0 ? AUTH_OK : refuse(c->no, AUTH_SCOPE,
	    S("the caller is in none of the groups that may call"));
}

/* ---- the ways ---- */

static bool
takes_tokens(const struct auth *auth)
{
	return auth->oidc != NULL || auth->tokens != NULL ||
	    auth->sts != NULL || auth->setup.credentials;
}

static enum auth_verdict
by_issuer(struct check *c, struct str token)
{
	enum auth_verdict v = AUTH_OK;

	if (!oidc_recall(c->auth->oidc, token, c->a, c->out)) {
		if (c->want == NULL) {
			return AUTH_LATER;
		}
		v = oidc_check(c->auth->oidc, token, c->want, c->a, c->out,
		    c->no);
	}
	return v == AUTH_OK ? limit_by_group(c) : v;
}

static enum auth_verdict
by_sts(struct check *c, struct str token)
{
	struct sts_in_want want;

	if (sts_in_recall(c->auth->sts, token, c->a, c->out)) {
		return AUTH_OK;
	}
	if (c->want == NULL) {
		return AUTH_LATER;
	}
	want = (struct sts_in_want){ c->want->deadline_ms, c->want->cancel };
	return sts_in_check(c->auth->sts, token, &want, c->a, c->out, c->no);
}

static enum auth_verdict
by_roster(struct check *c, struct str token)
{
	struct roster_entry entry;

	if (!roster_find(c->auth->tokens, token, c->a, &entry)) {
		return c->a->failed ? refuse(c->no, AUTH_UNAVAILABLE,
		    S("out of memory")) : refuse(c->no, AUTH_INVALID,
		    S("the token is not known"));
	}
	*c->out = (struct auth_caller){ .kind = AUTH_TOKEN,
	    .subject = entry.label };
	return limit_by_line(c, &entry);
}

static enum auth_verdict
by_signature(struct check *c)
{
	struct roster_entry entry;
	enum auth_verdict v = sigv4_in_check(c->auth->sigv4, c->r->http,
	    c->r->body, c->a, &entry, c->no);

	if (v != AUTH_OK) {
		return v;
	}
	*c->out = (struct auth_caller){ .kind = AUTH_SIGV4,
	    .subject = entry.label };
	return limit_by_line(c, &entry);
}

/* Credentials of the caller's own; token: absent where they are in their
 * header. */
static enum auth_verdict
by_credentials(struct check *c, struct str token)
{
	const struct sys *sys = c->auth->setup.sys;
	struct brought_way way = { .tls = c->r->tls, .peer = c->r->peer,
	    .now_ms = sys->now_ms(sys->ctx) };
	struct creds_keys *keys = ARENA_NEW(c->a, struct creds_keys);
	enum auth_verdict v;

	if (keys == NULL) {
		return refuse(c->no, AUTH_UNAVAILABLE, S("out of memory"));
	}
	v = brought_check(c->r->http, token, &way, c->a, c->out, keys, c->no);
	c->out->keys = v == AUTH_OK ? keys : NULL;
	return v;
}

/* Somebody in front has named a caller. */
static enum auth_verdict
by_gateway(struct check *c)
{
	struct proxy_in *p = c->auth->proxy;
	enum auth_verdict v;

	if (proxy_in_recall(p, c->r->http, c->r->peer, c->a, &v, c->out,
	    c->no)) {
		return v;
	}
	return c->want == NULL ? AUTH_LATER : proxy_in_check(p, c->r->http,
	    c->r->peer, c->want, c->a, c->out, c->no);
}

/* The b64token of RFC 6750 2.1, strict enough to be sure that it is one. */
static bool
is_token(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == ',' ||
		    s.p[i] == '"') {
			return false;
		}
	}
	return s.len > 0 && s.len <= AUTH_TOKEN_MAX;
}

static enum auth_verdict
by_token(struct check *c, struct str token)
{
	struct auth *auth = c->auth;
	enum auth_verdict v;

	if (!is_token(token)) {
		return refuse(c->no, AUTH_MALFORMED, S("behind Bearer there "
		    "has to be one token"));
	}
	if (auth->sts != NULL && sts_in_is_ours(token)) {
		return by_sts(c, token);
	}
	if (auth->oidc != NULL && oidc_is_ours(auth->oidc, c->a, token)) {
		return by_issuer(c, token);
	}
	if (auth->setup.credentials && brought_is_token(token)) {
		return by_credentials(c, token);
	}
	if (auth->tokens != NULL) {
		v = by_roster(c, token);
		if (v != AUTH_INVALID || auth->oidc == NULL) {
			return v;
		}
	}
	/* Refused by what it says of itself, without a fetch: it tells why. */
	return auth->oidc != NULL ? oidc_check(auth->oidc, token,
	    &(struct oidc_want){ .deadline_ms = 0 }, c->a, c->out, c->no) :
	    refuse(c->no, AUTH_INVALID, S("the token is not known"));
}

/* ---- the check ---- */

/* The one value of a header; false: there are several. */
static bool
single(const struct http1_request *r, struct str name, struct str *value)
{
	*value = name.len > 0 ? http1_header(r->headers, r->header_n, name) :
	    STR_NONE;
	return name.len == 0 ||
	    http1_header_n(r->headers, r->header_n, name) <= 1;
}

/* "Bearer x" -> x; where the word is not needed, x stays x. Absent: another
 * scheme. */
static struct str
bearer(struct str value, bool word_needed)
{
	struct str rest = value;
	struct str scheme = str_cut(&rest, ' ');

	if (str_ieq(scheme, S("Bearer"))) {
		return rest.p == NULL ? S("") : str_trim(rest);
	}
	return word_needed ? STR_NONE : value;
}

static enum auth_verdict
decide(struct check *c)
{
	struct auth *auth = c->auth;
	const struct http1_request *r = c->r->http;
	struct str value, own, token;
	bool one = single(r, S("Authorization"), &value);

	*c->out = (struct auth_caller){ .kind = AUTH_NOBODY };
	if (!single(r, auth->setup.token_header, &own) || !one) {
		return refuse(c->no, AUTH_MALFORMED, S("there are several "
		    "headers where one credential has to be"));
	}
	/* Gateways fill it in for every request: empty is absent. */
	own = str_trim(own);
	token = own.len > 0 ? bearer(own, false) : bearer(value, true);
	if (own.len == 0 && auth->sigv4 != NULL && sigv4_in_is_ours(r)) {
		return by_signature(c);
	}
	if (auth->setup.credentials && brought_is_ours(r, STR_NONE)) {
		return by_credentials(c, STR_NONE);
	}
	if (token.p != NULL && takes_tokens(auth)) {
		return by_token(c, token);
	}
	if (auth->proxy != NULL) {
		return by_gateway(c);
	}
	/* RFC 6750 3.1: who tries another scheme learns which one it is. */
	return refuse(c->no, AUTH_MISSING, STR_NONE);
}

/* see auth.h */
enum auth_verdict
auth_check(struct auth *auth, const struct auth_request *r, struct arena *a,
    struct auth_caller *out, struct auth_refusal *no)
{
	struct check c = { auth, r, NULL, a, out, no };

	return decide(&c);
}

/* see auth.h */
enum auth_verdict
auth_wait(struct auth *auth, const struct auth_request *r,
    const struct oidc_want *want, struct arena *a, struct auth_caller *out,
    struct auth_refusal *no)
{
	struct check c = { auth, r, want, a, out, no };

	return decide(&c);
}

/* ---- keys ---- */

/* see auth.h */
bool
auth_has_keys(const struct auth *auth, const struct auth_caller *caller)
{
	return caller->keys != NULL || (auth->role != NULL &&
	    caller->kind == AUTH_OIDC && (caller->role_arn.len > 0 ||
	    auth->setup.role.role_arn.len > 0));
}

/* see auth.h */
enum err
auth_keys(struct auth *auth, const struct auth_caller *caller,
    int64_t deadline_ms, const struct cancel *cancel, struct arena *a,
    struct creds_keys *out, struct fail *f)
{
	if (caller->keys != NULL) {
		*out = *caller->keys;
		return ERR_OK;
	}
	MUST(auth->role != NULL && caller->token.len > 0);
	return user_role_keys(auth->role, caller, deadline_ms, cancel, a, out,
	    f);
}

/* see auth.h */
void
auth_drop_keys(struct auth *auth, struct str access_key_id)
{
	if (auth->role != NULL) {
		user_role_drop(auth->role, access_key_id);
	}
}

/* ---- replies ---- */

/* see auth.h */
enum err
auth_err(enum auth_verdict verdict)
{
	static const enum err errs[] = {
		[AUTH_OK] = ERR_OK,
		[AUTH_MISSING] = ERR_AUTH_MISSING,
		[AUTH_INVALID] = ERR_AUTH_TOKEN,
		[AUTH_SCOPE] = ERR_AUTH_SCOPE,
		[AUTH_MALFORMED] = ERR_AUTH_SYNTAX,
		[AUTH_UNAVAILABLE] = ERR_AUTH_BUSY,
		[AUTH_LATER] = ERR_INTERNAL,
	};

	return errs[verdict];
}

static bool
has_scope(const struct oidc_issuer *is, struct str scope)
{
	for (size_t i = 0; i < is->scope_n; i++) {
		if (str_eq(is->scopes[i], scope)) {
			return true;
		}
	}
	return false;
}

/* All scopes that issuers ask for, each once; false: there is none. */
static bool
each_scope(const struct auth *auth,
    void (*put)(void *ctx, struct str scope, bool first), void *ctx)
{
	bool first = true;

	for (size_t i = 0; i < auth->issuer_n; i++) {
		const struct oidc_issuer *is = &auth->issuers[i];

		for (size_t j = 0; j < is->scope_n; j++) {
			bool before = false;

			for (size_t k = 0; k < i && !before; k++) {
				before = has_scope(&auth->issuers[k],
				    is->scopes[j]);
			}
			if (!before) {
				put(ctx, is->scopes[j], first);
				first = false;
			}
		}
	}
	return !first;
}

static void
put_scope_word(void *ctx, struct str scope, bool first)
{
	struct buf *b = ctx;

	buf_add(b, first ? S(", scope=\"") : S(" "));
	buf_add(b, scope);
}

/* see auth.h */
void
auth_challenge(const struct auth *auth, const struct auth_refusal *no,
    struct str base, struct buf *out)
{
	static const struct str names[] = {
		[AUTH_INVALID] = STR_INIT("invalid_token"),
		[AUTH_SCOPE] = STR_INIT("insufficient_scope"),
		[AUTH_MALFORMED] = STR_INIT("invalid_request"),
		[AUTH_LATER] = { NULL, 0 },
	};
	struct str name = names[no->verdict];

	buf_add(out, takes_tokens(auth) || auth->sigv4 == NULL ? S("Bearer") :
	    S("AWS4-HMAC-SHA256"));
	if (!takes_tokens(auth)) {
		return;
	}
	/* Without issuers nothing can be discovered, and a client that is told
	 * so would begin to. */
	if (auth->oidc != NULL) {
		buf_addf(out, " resource_metadata=\"%s/.well-known/"
		    "oauth-protected-resource/mcp\"", base);
		if (each_scope(auth, put_scope_word, out)) {
			buf_add(out, S("\""));
		}
	}
	if (name.p != NULL) {
		buf_addf(out, "%s error=\"%s\"", auth->oidc != NULL ?
		    S(",") : S(""), name);
	}
	if (name.p != NULL && no->why.p != NULL) {
		buf_addf(out, ", error_description=\"%s\"", no->why);
	}
}

static void
put_scope_item(void *ctx, struct str scope, bool first)
{
	struct json_writer *w = ctx;

	if (first) {
		json_key(w, S("scopes_supported"));
		json_begin_array(w);
	}
	json_string(w, scope);
}

/* see auth.h */
bool
auth_metadata(const struct auth *auth, struct str base, struct buf *out)
{
	struct json_writer w = json_writer(out);
	char text[HTTP_TARGET_MAX];
	struct buf resource = buf_fixed(text, sizeof(text));

	if (auth->oidc == NULL) {
		return false;
	}
	buf_addf(&resource, "%s/mcp", base);
	json_begin_object(&w);
	json_put_string(&w, S("resource"), buf_str(&resource));
	json_key(&w, S("authorization_servers"));
	json_begin_array(&w);
	for (size_t i = 0; i < auth->issuer_n; i++) {
		json_string(&w, auth->issuers[i].issuer);
	}
	json_end_array(&w);
	if (each_scope(auth, put_scope_item, &w)) {
		json_end_array(&w);
	}
	json_put_raw(&w, S("bearer_methods_supported"), S("[\"header\"]"));
	json_put_string(&w, S("resource_name"), S("AWS CloudWatch"));
	json_end_object(&w);
	return true;
}

/* see auth.h */
int64_t
auth_refresh(struct auth *auth, const struct cancel *cancel)
{
	const struct sys *sys = auth->setup.sys;
	int64_t next_ms = INT64_MAX;
	int64_t files_ms;

	if (auth->tokens != NULL) {
		roster_refresh(auth->tokens);
	}
	if (auth->sigv4 != NULL) {
		sigv4_in_refresh(auth->sigv4);
	}
	if (auth->oidc != NULL) {
		next_ms = oidc_refresh_due(auth->oidc, cancel);
	}
	files_ms = sys->mono_ms(sys->ctx) + AUTH_REFRESH_MS;
	return next_ms < files_ms ? next_ms : files_ms;
}
