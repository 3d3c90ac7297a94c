/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IAM Identity Center: `aws sso login` leaves a token in a file, and the token
 * gives keys of a role.
 *
 *	[profile x]                     [sso-session corp]
 *	sso_session = corp              sso_region = eu-west-1
 *	sso_account_id = 123456789012   sso_start_url = https://...
 *	sso_role_name = ReadOnly
 *
 * or, the older form, all four sso_* keys in the profile. The file is
 * ~/.aws/sso/cache/<SHA-1 of the session's name or start URL>.json. With a
 * session, a token with less than 15 minutes left is renewed (OAuth 2.0
 * refresh_token grant, RFC 6749 6) as long as the client's registration
 * stands; if that fails the old one is used to its end. Signing in itself needs
 * a browser and is not done here: the sentence says what to run.
 *
 * AWS SDKs and Tools Reference Guide, "IAM Identity Center credential
 * provider".
 */
#include "aws/provider.h"

#include "base/timefmt.h"
#include "proto/url.h"

struct sso {
	struct provider_run *r;
	struct str session;   /* absent: the older form */
	struct str start_url;
	struct str region;
	struct str account;
	struct str role;
	struct str token;     /* a secret */
	struct str trouble;   /* why renewing failed; absent: not tried */
};

/* ---- one call of a service without a signature ---- */

/* Waits a little longer each time. false: there is no time for it. */
static bool
pause_before(struct provider_run *r, unsigned attempt, enum err *err)
{
	int64_t until = r->sys->mono_ms(r->sys->ctx) +
	    STS_BACKOFF_MS * (INT64_C(1) << attempt);

	if (until >= r->deadline_ms) {
		return false;
	}
	*err = r->sys->sleep_until(r->sys->ctx, until, r->cancel);
	return *err == ERR_OK;
}

/* see provider.h */
enum err
provider_ask(struct provider_run *r, const struct provider_request *q,
    struct exchange *x)
{
	const struct endpoint *e = q->endpoint;
	struct transport_header headers[5] = {
		{ S("Host"), e->host_header },
		{ S("User-Agent"), S("cloudwatch-mcp") },
		{ S("Accept"), S("application/json") },
	};
	size_t header_n = 3;
	struct str parts[2] = { e->path.len > 1 ? e->path : S(""), q->path };
	struct str target = str_join(r->a, parts, 2);
	unsigned attempt_n = q->once ? 1 : STS_ATTEMPT_MAX;
	enum err err = ERR_OK;

	if (q->header.name.p != NULL) {
		headers[header_n++] = q->header;
	}
	if (q->body.p != NULL) {
		headers[header_n++] = (struct transport_header){
			S("Content-Type"), S("application/json")
		};
	}
	for (unsigned i = 0; i < attempt_n; i++) {
		int64_t end = r->sys->mono_ms(r->sys->ctx) + STS_ATTEMPT_MS;

		*x = (struct exchange){
			.arena = r->a, .tls = e->tls, .host = e->host,
			.port = e->port, .method = q->method, .target = target,
			.headers = headers, .header_n = header_n,
			.body = q->body, .body_max = METADATA_ANSWER_MAX,
			.deadline_ms = end < r->deadline_ms ? end :
			    r->deadline_ms,
			.cancel = r->cancel,
		};
		fail_init(&x->fail, r->a);
		if (r->a->failed) {
			return ERR_NOMEM;
		}
		r->transport->roundtrip(r->transport->ctx, &x, 1);
		x->headers = NULL;
		if (r->a->failed || x->err == ERR_CANCELLED) {
			return r->a->failed ? ERR_NOMEM : ERR_CANCELLED;
		}
		if ((x->err == ERR_OK && x->status < 500 &&
		    x->status != 429) || i + 1 == attempt_n ||
		    !pause_before(r, i, &err)) {
			return err;
		}
	}
	return ERR_OK;
}

/* ---- settings ---- */

/* A key that may stand in the session or in the profile, not differently in
 * both. */
static enum err
session_key(struct sso *s, struct str key, struct str *out)
{
	struct provider_run *r = s->r;
	struct str own = profile_get(&r->files, r->profile, key);
	struct str of = s->session.p == NULL ? STR_NONE :
	    profile_section(&r->files, S("sso-session"), s->session, key,
	    STR_NONE);

	*out = of.len > 0 ? of : own;
	if (of.len > 0 && own.p != NULL && !str_eq(of, own)) {
		return fail_setf(r->f, ERR_PROFILE, "profile '%s' and its "
		    "[sso-session %s] have different values for %s; keep the "
		    "one in the session", r->profile, s->session, key);
	}
	return ERR_OK;
}

static bool
session_exists(const struct sso *s)
{
	for (const struct ini_entry *e = s->r->files.config.ini.first;
	    e != NULL; e = e->next) {
		struct str name;

		if (ini_section(e->section, S("sso-session"), &name) &&
		    str_eq(name, s->session)) {
			return true;
		}
	}
	return false;
}

static enum err
settings(struct sso *s)
{
	struct provider_run *r = s->r;
	const struct {
		struct str key;
		const struct str *value;
	} needed[] = {
		{ S("sso_start_url"), &s->start_url },
		{ S("sso_region"), &s->region },
		{ S("sso_account_id"), &s->account },
		{ S("sso_role_name"), &s->role },
	};
	struct buf b = buf_in(r->a, 128);
	enum err err;

	if (s->session.p != NULL && !session_exists(s)) {
		return fail_setf(r->f, ERR_PROFILE, "profile '%s' says "
		    "sso_session = %s, but there is no [sso-session %s] in %s",
		    r->profile, s->session, s->session,
		    r->files.config.path.p == NULL ? S("~/.aws/config") :
		    r->files.config.path);
	}
	err = session_key(s, S("sso_start_url"), &s->start_url);
	if (err == ERR_OK) {
		err = session_key(s, S("sso_region"), &s->region);
	}
	if (err != ERR_OK) {
		return err;
	}
	for (size_t i = 0; i < 4; i++) {
		if (needed[i].value->len == 0) {
			buf_addf(&b, "%s%s", b.len == 0 ? S("") : S(", "),
			    needed[i].key);
		}
	}
	if (b.len > 0) {
		return fail_setf(r->f, ERR_PROFILE, "profile '%s' signs in "
		    "through IAM Identity Center but has no %s; `aws configure "
		    "sso` writes them all", r->profile, buf_str(&b));
	}
	if (!endpoint_region_ok(s->region)) {
		return fail_setf(r->f, ERR_PROFILE, "profile '%s' has "
		    "sso_region = %s, which is no region", r->profile,
		    s->region);
	}
	return ERR_OK;
}

/* ---- the token ---- */

/* The CLI wrote "...UTC" once and writes "...Z" now. */
static bool
parse_time(struct str text, int64_t *ms)
{
	if (str_ends(text, S("UTC"))) {
		text.len -= 3;
	}
	return timefmt_parse_iso(text, ms);
}

/* "run ..." with what to do; ends every sentence about a token. */
static enum err
sign_in(struct sso *s, enum err code, struct str path, struct str what)
{
	return fail_setf(s->r->f, code, "profile '%s' signs in through IAM "
	    "Identity Center, and %s (%s)%s%s; run `aws sso login --profile "
	    "%s` where there is a browser, and let this process read that "
	    "file", s->r->profile, what, path, s->trouble.p == NULL ? S("") :
	    S("; renewing it failed: "), s->trouble, s->r->profile);
}

/* Asks for a new token. s->trouble says why there is none. */
static enum err
ask_token(struct sso *s, const struct json *doc, struct json **answer)
{
	struct provider_run *r = s->r;
	struct buf b = buf_in(r->a, PROVIDER_NOTE_MAX);
	struct json_writer w = json_writer(&b);
	struct endpoint e;
	struct fail inner;
	struct exchange x = { 0 };
	struct provider_request q = {
		.endpoint = &e, .method = S("POST"), .path = S("/token"),
		.once = true,
	};
	enum err err;

	*answer = NULL;
	fail_init(&inner, r->a);
	err = endpoint_resolve(r->sys, &r->files, r->profile,
	    ENDPOINT_SSO_OIDC, s->region, r->a, &e, &inner);
	if (err != ERR_OK) {
		return provider_wrap(r, err, &inner, S("SSO"));
	}
	json_begin_object(&w);
	json_put_string(&w, S("clientId"),
	    json_get_str(doc, S("clientId"), STR_NONE));
	json_put_string(&w, S("clientSecret"),
	    json_get_str(doc, S("clientSecret"), STR_NONE));
	json_put_string(&w, S("grantType"), S("refresh_token"));
	json_put_string(&w, S("refreshToken"),
	    json_get_str(doc, S("refreshToken"), STR_NONE));
	json_end_object(&w);
	q.body = buf_str(&b);
	err = buf_ok(&b) ? provider_ask(r, &q, &x) : ERR_NOMEM;
	if (err != ERR_OK) {
		return err;
	}
	/* The answer may hold a token: only its error is told. */
	if (x.err != ERR_OK) {
		s->trouble = provider_trouble(r, &x);
	} else if (json_parse(r->a, x.response_body, 0, answer, NULL) !=
	    ERR_OK) {
		s->trouble = S("the answer is not JSON");
		*answer = NULL;
	} else if (x.status != 200) {
		s->trouble = json_get_str(*answer, S("error_description"),
		    json_get_str(*answer, S("error"), S("it was refused")));
		*answer = NULL;
	}
	return r->a->failed ? ERR_NOMEM : ERR_OK;
}

/* Renews what can be renewed; *ms is the end of the token in s->token. */
static enum err
renew(struct sso *s, struct provider_cached *c, int64_t now, int64_t *ms)
{
	struct provider_run *r = s->r;
	struct str until = json_get_str(c->doc, S("registrationExpiresAt"),
	    STR_NONE);
	struct json *answer;
	struct buf b = buf_in(r->a, 64);
	struct provider_edit edits[3] = {
		{ .key = S("accessToken") }, { .key = S("expiresAt") },
		{ .key = S("refreshToken") },
	};
	int64_t registered;
	int64_t seconds;
	enum err err;

	if (s->session.p == NULL || json_get_str(c->doc, S("refreshToken"),
	    STR_NONE).len == 0 || json_get_str(c->doc, S("clientId"),
	    STR_NONE).len == 0 || json_get_str(c->doc, S("clientSecret"),
	    STR_NONE).len == 0) {
		return ERR_OK;
	}
	if (!parse_time(until, &registered) || registered <= now) {
		s->trouble = S("the registration of the client ended, too");
		return ERR_OK;
	}
	if (!provider_cache_may_try(r, c)) {
		s->trouble = S("it was tried less than a minute ago");
		return ERR_OK;
	}
	err = ask_token(s, c->doc, &answer);
	if (err != ERR_OK || answer == NULL) {
		return err;
	}
	edits[0].value = json_get_str(answer, S("accessToken"), STR_NONE);
	edits[2].value = json_get_str(answer, S("refreshToken"), STR_NONE);
	if (edits[0].value.len == 0 || !json_i64(json_get(answer,
	    S("expiresIn")), 1, INT64_C(1) << 32, &seconds)) {
		s->trouble = S("the answer lacks accessToken or expiresIn");
		return ERR_OK;
	}
	*ms = now + seconds * 1000;
	s->token = edits[0].value;
	/* Whole seconds: the CLI reads no others. */
	timefmt_iso(&b, *ms - *ms % 1000);
	edits[1].value = buf_str(&b);
	return provider_cache_save(r, c, edits, 3);
}

/* Takes the token out of the opened file. */
static enum err
read_token(struct sso *s, struct provider_cached *c)
{
	struct provider_run *r = s->r;
	int64_t now = r->sys->now_ms(r->sys->ctx);
	struct str end = json_get_str(c->doc, S("expiresAt"), STR_NONE);
	int64_t ms;
	enum err err = ERR_OK;

	s->token = json_get_str(c->doc, S("accessToken"), STR_NONE);
	if (s->token.len == 0 || !parse_time(end, &ms)) {
		return sign_in(s, ERR_CREDENTIALS, c->path,
		    S("its token file lacks accessToken or expiresAt"));
	}
	if (ms - now < SSO_REFRESH_MS) {
		err = renew(s, c, now, &ms);
	}
	if (err == ERR_OK && ms <= now) {
		struct str parts[] = { S("its token expired at "), end };

		err = sign_in(s, ERR_AWS_EXPIRED, c->path,
		    str_join(r->a, parts, 2));
	} else if (err == ERR_OK && s->trouble.p != NULL) {
		log_say(r->log, LOG_WARNING, S("credentials"), S("the SSO "
		    "token could not be renewed; it is used until its end"));
	}
	return err;
}

static enum err
find_token(struct sso *s, struct provider_cached *c)
{
	struct provider_run *r = s->r;
	struct buf b = buf_in(r->a, PROFILE_PATH_MAX);
	uint8_t digest[ENC_SHA1_LEN];
	struct str why = STR_NONE;
	enum err err;

	enc_sha1(s->session.p != NULL ? s->session : s->start_url, digest);
	buf_add(&b, S("~/.aws/sso/cache/"));
	enc_hex(&b, enc_bytes(digest, sizeof(digest)));
	buf_add(&b, S(".json"));
	c->path = profile_expand(r->sys, r->a, buf_str(&b));
	if (c->path.p == NULL) {
		return r->a->failed ? ERR_NOMEM : sign_in(s, ERR_CREDENTIALS,
		    buf_str(&b), S("HOME is unset, so its token has no "
		    "place"));
	}
	err = provider_cache_open(r, c, &why);
	if (why.p != NULL) {
		struct str parts[] = { S("its token cannot be read: "), why };

		return sign_in(s, err, c->path, str_join(r->a, parts, 2));
	}
	return err == ERR_OK ? read_token(s, c) : err;
}

/* ---- the keys ---- */

static enum err
refused(struct sso *s, const struct exchange *x, struct str path)
{
	struct provider_run *r = s->r;
	struct json *v = NULL;
	struct str why = STR_NONE;

	if (x->err == ERR_OK && x->status == 401) {
		return sign_in(s, ERR_AWS_EXPIRED, path,
		    S("its token is not accepted any more"));
	}
	if (x->err == ERR_OK && json_parse(r->a, x->response_body, 0, &v,
	    NULL) == ERR_OK) {
		why = json_get_str(v, S("message"), STR_NONE);
	}
	return fail_setf(r->f, x->err != ERR_OK ? x->err : x->status == 403 ?
	    ERR_AWS_ACCESS : ERR_CREDENTIALS, "profile '%s': IAM Identity "
	    "Center gives no keys for role %s of account %s: %s", r->profile,
	    s->role, s->account, why.p != NULL ? why :
	    provider_trouble(r, x));
}

/* GetRoleCredentials. */
static enum err
role_keys(struct sso *s, struct str path, struct creds_keys *out)
{
	struct provider_run *r = s->r;
	struct buf b = buf_in(r->a, HTTP_TARGET_MAX);
	struct endpoint e;
	struct exchange x = { 0 };
	struct provider_request q = {
		.endpoint = &e, .method = S("GET"),
		.header = { S("x-amz-sso_bearer_token"), s->token },
	};
	struct json *v = NULL;
	const struct json *k;
	enum err err = endpoint_resolve(r->sys, &r->files, r->profile,
	    ENDPOINT_SSO, s->region, r->a, &e, r->f);

	if (err != ERR_OK) {
		return err;
	}
	buf_add(&b, S("/federation/credentials?role_name="));
	url_encode(&b, s->role);
	buf_add(&b, S("&account_id="));
	url_encode(&b, s->account);
	q.path = buf_str(&b);
	err = buf_ok(&b) ? provider_ask(r, &q, &x) : ERR_NOMEM;
	if (err != ERR_OK) {
		return err;
	}
	if (x.err != ERR_OK || x.status != 200) {
		return refused(s, &x, path);
	}
	k = json_parse(r->a, x.response_body, 0, &v, NULL) != ERR_OK ? NULL :
	    json_get(v, S("roleCredentials"));
	*out = (struct creds_keys){
		.access_key_id = json_get_str(k, S("accessKeyId"), STR_NONE),
		.secret = json_get_str(k, S("secretAccessKey"), STR_NONE),
		.token = json_get_str(k, S("sessionToken"), STR_NONE),
		.account_id = s->account,
	};
	if (r->a->failed) {
		return ERR_NOMEM;
	}
	if (out->access_key_id.len == 0 || out->secret.len == 0 ||
	    !json_i64(json_get(k, S("expiration")), 0, TIMEFMT_MAX_MS,
	    &out->expires_ms)) {
		return fail_setf(r->f, ERR_AWS_REPLY, "profile '%s': the "
		    "answer of IAM Identity Center holds no keys", r->profile);
	}
	return ERR_OK;
}

static enum err
find(struct sso *s, struct creds_keys *out)
{
	struct provider_cached c = { 0 };
	struct str parts[4] = { S("SSO role "), s->role, S(" of account "),
		s->account };
	enum err err = find_token(s, &c);

	provider_cache_close(s->r, &c);
	if (err == ERR_OK) {
		err = role_keys(s, c.path, out);
	}
	if (err == ERR_OK) {
		out->source = str_join(s->r->a, parts, 4);
	}
	return err;
}

/* see provider.h */
enum err
provider_sso(struct provider_run *r, struct creds_keys *out, bool *found)
{
	struct sso s = {
		.r = r,
		.session = profile_get(&r->files, r->profile,
		    S("sso_session")),
		.account = profile_get(&r->files, r->profile,
		    S("sso_account_id")),
		.role = profile_get(&r->files, r->profile,
		    S("sso_role_name")),
	};
	struct fail inner;
	struct fail *f = r->f;
	enum err err;

	if (s.account.p == NULL && s.role.p == NULL) {
		return ERR_OK;
	}
	fail_init(&inner, r->a);
	r->f = &inner;
	err = settings(&s);
	if (err == ERR_OK) {
		err = find(&s, out);
		/* Tools that copy SSO keys into the credentials file leave the
		 * sso_* keys where they are; where nobody is signed in, those
		 * copies count. */
		if ((err == ERR_CREDENTIALS || err == ERR_AWS_EXPIRED) &&
		    profile_get_from(&r->files, &r->files.credentials,
		    r->profile, S("aws_access_key_id")).p != NULL) {
			r->f = f;
			provider_looked(r, "%s", fail_text(&inner));
			return ERR_OK;
		}
	}
	r->f = f;
	if (err != ERR_OK) {
		return inner.code == ERR_OK ? err : fail_set(f, err, 0,
		    fail_text(&inner));
	}
	*found = true;
	return ERR_OK;
}
