/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STS of the demo account; see demo_sts.h for the temporary keys. Only the
 * three operations that a credential chain needs.
 */
#include "demo/demo_sts.h"

#include "aws/sts.h"
#include "base/timefmt.h"
#include "demo/account.h"
#include "demo/demo.h"
#include "proto/url.h"

#define TOKEN_PREFIX "demo-session."
#define TEMPORARY_PREFIX "ASIADEMO"
#define SESSION_S_DEFAULT 3600
#define SESSION_S_MIN 900
#define SESSION_S_MAX 43200
#define FORM_MAX_N 32

/* Appends n upper-case hexadecimal digits of h. */
static void
add_hex(struct buf *b, uint64_t h, unsigned n)
{
	while (n-- > 0) {
		buf_add_byte(b, "0123456789ABCDEF"[(h >> (n * 4)) & 15]);
	}
}

static void
add_escaped(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (c == '<' || c == '>' || c == '&' || c == '"') {
			buf_add(b, c == '<' ? S("&lt;") : c == '>' ?
			    S("&gt;") : c == '&' ? S("&amp;") : S("&quot;"));
		} else {
			buf_add_byte(b, (unsigned char)c < ' ' ? '?' : c);
		}
	}
}

static void
add_element(struct buf *b, struct str name, struct str value)
{
	buf_addf(b, "<%s>", name);
	add_escaped(b, value);
	buf_addf(b, "</%s>", name);
}

/* The secret that belongs to a temporary key. */
static struct str
temporary_secret(struct arena *a, struct str key)
{
	struct buf b = buf_in(a, 64);

	buf_add(&b, S("demo/temporary/"));
	add_hex(&b, account_hash(account_hash_str(key), 1), 16);
	add_hex(&b, account_hash(account_hash_str(key), 2), 9);
	return buf_str(&b);
}

/* see demo_sts.h */
bool
demo_sts_caller(struct arena *a, struct str access_key, struct str token,
    struct demo_caller *out)
{
	struct str rest = str_sub(token, sizeof(TOKEN_PREFIX) - 1, token.len);

	*out = (struct demo_caller){ .access_key = access_key };
	if (token.len == 0) {
		out->denied = str_eq(access_key, S(DEMO_DENIED_ACCESS_KEY));
		out->secret = out->denied ? S(DEMO_DENIED_SECRET_KEY) :
		    S(DEMO_SECRET_KEY);
		return out->denied || str_eq(access_key, S(DEMO_ACCESS_KEY));
	}
	if (!str_starts(access_key, S(TEMPORARY_PREFIX)) ||
	    !str_starts(token, S(TOKEN_PREFIX)) ||
	    !str_eq(str_cut(&rest, '.'), access_key) || rest.p == NULL ||
	    !str_i64(str_cut(&rest, '.'), 0, INT64_MAX, &out->expires_ms) ||
	    rest.p == NULL) {
		return false;
	}
	out->account = str_cut(&rest, '.');
	if (rest.p == NULL) {
		return false;
	}
	out->role = str_cut(&rest, '.');
	out->session = rest;
	out->secret = temporary_secret(a, access_key);
	return rest.p != NULL;
}

static struct str
account_of(const struct demo_caller *c)
{
	return c->account.len > 0 ? c->account : S(ACCOUNT_ID);
}

/* see demo_sts.h */
void
demo_sts_arn(struct buf *b, const struct demo_caller *c)
{
	if (c->role.p != NULL) {
		buf_addf(b, "arn:aws:sts::%s:assumed-role/%s/%s",
		    account_of(c), c->role, c->session);
	} else {
		buf_addf(b, "arn:aws:iam::" ACCOUNT_ID ":user/%s",
		    c->denied ? S("demo-denied") : S("demo-reader"));
	}
}

static void
add_user_id(struct buf *b, const struct demo_caller *c)
{
	buf_add(b, c->role.p != NULL ? S("AROADEMO") : S("AIDADEMO"));
	add_hex(b, account_hash_str(c->role.p != NULL ? c->role :
	    c->access_key), 12);
	if (c->role.p != NULL) {
		buf_add_byte(b, ':');
		buf_add(b, c->session);
	}
}

/* see demo_sts.h */
void
demo_sts_error(struct buf *body, struct str code, struct str message,
    struct str request_id)
{
	buf_add(body, S("<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/"
	    "2011-06-15/\"><Error><Type>Sender</Type>"));
	add_element(body, S("Code"), code);
	add_element(body, S("Message"), message);
	buf_add(body, S("</Error>"));
	add_element(body, S("RequestId"), request_id);
	buf_add(body, S("</ErrorResponse>"));
}

/* <XResponse><XResult> ... and their ends. */
static void
open_result(struct buf *body, struct str action)
{
	buf_addf(body, "<%sResponse xmlns=\"https://sts.amazonaws.com/doc/"
	    "2011-06-15/\"><%sResult>", action, action);
}

static void
close_result(struct buf *body, struct str action, struct str request_id)
{
	buf_addf(body, "</%sResult><ResponseMetadata>", action);
	add_element(body, S("RequestId"), request_id);
	buf_addf(body, "</ResponseMetadata></%sResponse>", action);
}

static void
caller_identity(struct arena *a, bool json, const struct demo_caller *c,
    struct str request_id, struct buf *body)
{
	struct buf arn = buf_in(a, 512), id = buf_in(a, 256);

	demo_sts_arn(&arn, c);
	add_user_id(&id, c);
	if (json) {
		/* Names of roles and sessions have no quotes: see valid(). */
		buf_addf(body, "{\"GetCallerIdentityResponse\":{"
		    "\"GetCallerIdentityResult\":{\"Account\":\"%s\","
		    "\"Arn\":\"%s\",\"UserId\":\"%s\"},"
		    "\"ResponseMetadata\":{\"RequestId\":\"%s\"}}}",
		    account_of(c), buf_str(&arn), buf_str(&id), request_id);
		return;
	}
	open_result(body, S("GetCallerIdentity"));
	add_element(body, S("Arn"), buf_str(&arn));
	add_element(body, S("UserId"), buf_str(&id));
	add_element(body, S("Account"), account_of(c));
	close_result(body, S("GetCallerIdentity"), request_id);
}

/* Letters that IAM allows in names of roles and sessions. A '.' separates the
 * parts of our tokens: only the last of them, the session, may hold some. */
static bool
valid(struct str s, bool dots)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!str_is_alnum(s.p[i]) &&
		    str_find_byte(S("_+=,@-"), s.p[i], 0) == 6 &&
		    !(dots && s.p[i] == '.')) {
			return false;
		}
	}
	return s.len >= 2 && s.len <= 64;
}

/* Writes the credentials of a new session. */
static void
add_session(struct arena *a, const struct demo_caller *c, int64_t now_ms,
    int64_t seconds, struct buf *body)
{
	struct buf key = buf_in(a, 64), token = buf_in(a, 512);
	struct buf until = buf_in(a, 64);
	int64_t expires_ms = (now_ms / 1000 + seconds) * 1000;

	buf_add(&key, S(TEMPORARY_PREFIX));
	add_hex(&key, account_hash(account_hash_str(c->role) ^
	    account_hash_str(account_of(c)) ^ account_hash_str(c->session),
	    (uint64_t)expires_ms), 12);
	buf_addf(&token, TOKEN_PREFIX "%s.%d.%s.%s.%s", buf_str(&key),
	    expires_ms, account_of(c), c->role, c->session);
	timefmt_iso(&until, expires_ms);
	buf_add(body, S("<Credentials>"));
	add_element(body, S("AccessKeyId"), buf_str(&key));
	add_element(body, S("SecretAccessKey"),
	    temporary_secret(a, buf_str(&key)));
	add_element(body, S("SessionToken"), buf_str(&token));
	add_element(body, S("Expiration"), buf_str(&until));
	buf_add(body, S("</Credentials><AssumedRoleUser>"));
	buf_clear(&key);
	add_user_id(&key, c);
	add_element(body, S("AssumedRoleId"), buf_str(&key));
	buf_clear(&token);
	demo_sts_arn(&token, c);
	add_element(body, S("Arn"), buf_str(&token));
	buf_add(body, S("</AssumedRoleUser>"));
}

/* The name behind the last '/' of arn:aws:iam::<account>:role/<path>/<name>;
 * empty when it is no such ARN. */
static struct str
role_name(struct str arn)
{
	size_t at = arn.len;

	if (str_find(arn, S(":role/"), 0) >= arn.len) {
		return S("");
	}
	while (at > 0 && arn.p[at - 1] != '/') {
		at--;
	}
	return str_sub(arn, at, arn.len);
}

static int
assume_role(struct arena *a, struct str action, const struct url_pair *form,
    size_t form_n, int64_t now_ms, struct str request_id, struct buf *body)
{
	bool web = str_eq(action, S("AssumeRoleWithWebIdentity"));
	struct str arn = url_query_get(form, form_n, S("RoleArn"));
	struct str session = url_query_get(form, form_n, S("RoleSessionName"));
	struct str token = url_query_get(form, form_n, S("WebIdentityToken"));
	struct str seconds = url_query_get(form, form_n, S("DurationSeconds"));
	struct str role = role_name(arn);
	struct demo_caller c = { .role = role, .session = session,
	    .account = sts_arn_account(arn) };
	int64_t s = SESSION_S_DEFAULT;
	const char *code = NULL;

	if (!valid(role, false) || !valid(session, true) ||
	    c.account.len != 12 || (seconds.p != NULL &&
	    !str_i64(seconds, SESSION_S_MIN, SESSION_S_MAX, &s)) ||
	    (web && token.len == 0)) {
		code = "ValidationError";
	} else if (web && str_eq(token, S("expired"))) {
		code = "ExpiredTokenException";
	} else if (web && str_eq(token, S("invalid"))) {
		code = "InvalidIdentityToken";
	}
	if (code != NULL) {
		demo_sts_error(body, str_from_z(code), code[0] == 'V' ?
		    S("RoleArn, RoleSessionName, DurationSeconds or "
		    "WebIdentityToken is missing or malformed") :
		    code[0] == 'E' ? S("Token expired") :
		    S("Couldn't retrieve verification key from your identity "
		    "provider"), request_id);
		return 400;
	}
	open_result(body, action);
	add_session(a, &c, now_ms, s, body);
	if (web) {
		add_element(body, S("SubjectFromWebIdentityToken"),
		    S("system:serviceaccount:demo:reader"));
		add_element(body, S("Audience"), S("sts.amazonaws.com"));
	}
	close_result(body, action, request_id);
	return 200;
}

/* see demo_sts.h */
struct str
demo_sts_action(struct arena *a, struct str form)
{
	struct url_pair *pairs;
	size_t n;

	if (url_query_parse(a, form, true, FORM_MAX_N, &pairs, &n) != ERR_OK) {
		return STR_NONE;
	}
	return url_query_get(pairs, n, S("Action"));
}

/* see demo_sts.h */
int
demo_sts(struct arena *a, struct str form, bool json,
    const struct demo_caller *caller, int64_t now_ms, struct str request_id,
    struct buf *body)
{
	struct url_pair *pairs = NULL;
	struct str action;
	size_t n = 0;

	if (url_query_parse(a, form, true, FORM_MAX_N, &pairs, &n) != ERR_OK) {
		demo_sts_error(body, S("MalformedQueryString"),
		    S("The query string is malformed"), request_id);
		return 400;
	}
	action = url_query_get(pairs, n, S("Action"));
	if (str_eq(action, S("GetCallerIdentity"))) {
		caller_identity(a, json, caller, request_id, body);
		return 200;
	}
	if (str_eq(action, S("AssumeRole")) ||
	    str_eq(action, S("AssumeRoleWithWebIdentity"))) {
		return assume_role(a, action, pairs, n, now_ms, request_id,
		    body);
	}
	demo_sts_error(body, S("InvalidAction"), S("Could not find operation "
	    "for version 2011-06-15"), request_id);
	return 400;
}
