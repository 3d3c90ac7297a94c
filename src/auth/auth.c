/* SPDX-License-Identifier: Apache-2.0 */
/* see auth.h */
#include "auth/auth.h"

#include "auth/roster.h"
#include "base/limits.h"

struct auth {
	struct roster *tokens;  /* NULL: this way is closed */
	struct sigv4_in *sigv4; /* the same */
};

/* see auth.h */
enum err
auth_new(struct auth **out, const struct auth_setup *setup, struct arena *a,
    struct fail *f)
{
	struct sigv4_in_setup sigv4 = setup->sigv4;
	enum err err = ERR_OK;
	struct str enable = setup->enable;
	bool on = str_ieq(enable, S("true")) || str_eq(enable, S("1"));
	bool set = setup->tokens_file.len > 0 ||
	    setup->sigv4.keys_file.len > 0;
	bool off = str_ieq(enable, S("false")) || str_eq(enable, S("0"));

	*out = NULL;
	if (enable.len > 0 && !on && !off) {
		return fail_setf(f, ERR_CONFIG, "ENABLE_AUTH is '%s'; it must "
		    "be true or false", enable);
	}
	if (on && !set) {
		return fail_set(f, ERR_CONFIG, 0, S("ENABLE_AUTH is true, but "
		    "no way to authenticate is set: AUTH_TOKENS_FILE or "
		    "AUTH_SIGV4_KEYS_FILE"));
	}
	if (off || !set) {
		return ERR_OK;
	}
	*out = ARENA_NEW(a, struct auth);
	if (*out == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	if (setup->tokens_file.len > 0) {
		err = roster_new(&(*out)->tokens, ROSTER_TOKENS,
		    setup->tokens_file, setup->sys, setup->log, a, f);
	}
	if (err == ERR_OK && setup->sigv4.keys_file.len > 0) {
		sigv4.sys = setup->sys;
		sigv4.log = setup->log;
		err = sigv4_in_new(&(*out)->sigv4, &sigv4, a, f);
	}
	return err;
}

static enum auth_verdict
refuse(struct auth_refusal *no, enum auth_verdict verdict, struct str why)
{
	*no = (struct auth_refusal){ .verdict = verdict, .why = why };
	return verdict;
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
check_token(struct auth *auth, struct str token, struct arena *a,
    struct auth_caller *out, struct auth_refusal *no)
{
	struct roster_entry entry;

	if (!is_token(token)) {
		return refuse(no, AUTH_MALFORMED, S("behind Bearer there has "
		    "to be one token"));
	}
	if (!roster_find(auth->tokens, token, a, &entry)) {
		return a->failed ? refuse(no, AUTH_UNAVAILABLE, STR_NONE) :
		    refuse(no, AUTH_INVALID, S("the token is not known"));
	}
	*out = (struct auth_caller){ .kind = AUTH_TOKEN,
	    .subject = entry.label };
	return AUTH_OK;
}

/* see auth.h */
enum auth_verdict
auth_check(struct auth *auth, const struct http1_request *r,
    struct str body, struct arena *a, struct auth_caller *out,
    struct auth_refusal *no)
{
	struct str value = http1_header(r->headers, r->header_n,
	    S("Authorization"));
	struct str scheme = str_cut(&value, ' ');

	if (http1_header_n(r->headers, r->header_n, S("Authorization")) > 1) {
		return refuse(no, AUTH_MALFORMED, S("there are several "
		    "Authorization headers"));
	}
	if (auth->sigv4 != NULL && sigv4_in_is_ours(r)) {
		return sigv4_in_check(auth->sigv4, r, body, a, out, no);
	}
	/* RFC 6750 3.1: who tries another scheme learns which one it is. */
	if (auth->tokens == NULL || !str_ieq(scheme, S("Bearer"))) {
		return refuse(no, AUTH_MISSING, STR_NONE);
	}
	return check_token(auth, str_trim(value), a, out, no);
}

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
	};

	return errs[verdict];
}

/* see auth.h */
void
auth_challenge(const struct auth *auth, const struct auth_refusal *no,
    struct buf *out)
{
	static const struct str names[] = {
		[AUTH_INVALID] = STR_INIT("invalid_token"),
		[AUTH_SCOPE] = STR_INIT("insufficient_scope"),
		[AUTH_MALFORMED] = STR_INIT("invalid_request"),
		[AUTH_UNAVAILABLE] = { NULL, 0 },
	};
	struct str name = names[no->verdict];

	if (auth->tokens == NULL) {
		buf_add(out, S("AWS4-HMAC-SHA256"));
		return;
	}
	buf_add(out, S("Bearer"));
	if (name.p != NULL) {
		buf_addf(out, " error=\"%s\"", name);
	}
	if (name.p != NULL && no->why.p != NULL) {
		buf_addf(out, ", error_description=\"%s\"", no->why);
	}
}

/* see auth.h */
void
auth_refresh(struct auth *auth)
{
	if (auth->tokens != NULL) {
		roster_refresh(auth->tokens);
	}
	if (auth->sigv4 != NULL) {
		sigv4_in_refresh(auth->sigv4);
	}
}
