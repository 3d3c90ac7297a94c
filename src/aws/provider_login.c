/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `aws login`: keys that the AWS CLI got through a browser and keeps in
 * ~/.aws/login/cache/<SHA-256 of login_session>.json (the folder can be moved
 * by AWS_LOGIN_CACHE_DIRECTORY). They count for 15 minutes; with less than 5
 * left they are renewed at the sign-in service of the profile's region, for at
 * most 12 hours after the login.
 *
 * The request proves that it comes from where the login happened by a DPoP
 * header (RFC 9449 4.2): a JWT signed with the P-256 key in the file.
 *
 * AWS SDKs and Tools Reference Guide, "Login credentials provider".
 */
#include "aws/provider.h"

#include "aws/dpop.h"
#include "base/timefmt.h"

struct login {
	struct provider_run *r;
	struct str trouble; /* why renewing failed; absent: not tried */
};

static enum err
log_in(struct login *l, enum err code, struct str path, struct str what)
{
	return fail_setf(l->r->f, code, "profile '%s' uses `aws login`, and %s "
	    "(%s)%s%s; run `aws login --profile %s` where there is a browser, "
	    "and let this process read that file", l->r->profile, what, path,
	    l->trouble.p == NULL ? S("") : S("; renewing them failed: "),
	    l->trouble, l->r->profile);
}

/* Takes the keys of {accessKeyId, ...}. false: something is missing. */
static bool
read_keys(const struct json *v, struct creds_keys *out)
{
	*out = (struct creds_keys){
		.access_key_id = json_get_str(v, S("accessKeyId"), STR_NONE),
		.secret = json_get_str(v, S("secretAccessKey"), STR_NONE),
		.token = json_get_str(v, S("sessionToken"), STR_NONE),
		.account_id = json_get_str(v, S("accountId"), STR_NONE),
	};
	return out->access_key_id.len > 0 && out->secret.len > 0;
}

/* Where the tokens come from. */
static enum err
find_endpoint(struct login *l, struct endpoint *e)
{
	struct provider_run *r = l->r;
	struct str region = STR_NONE;
	enum err err = endpoint_region(r->sys, &r->files, r->profile,
	    STR_NONE, r->region.len > 0 ? r->region :
	    profile_get(&r->files, r->profile, S("region")), STR_NONE, &region,
	    r->f);

	return err != ERR_OK ? err : endpoint_resolve(r->sys, &r->files,
	    r->profile, ENDPOINT_SIGNIN, region, r->a, e, r->f);
}

/* Asks for new keys; *answer is NULL, and l->trouble says why, when there are
 * none. */
static enum err
ask_keys(struct login *l, const struct json *doc, struct json **answer)
{
	struct provider_run *r = l->r;
	struct buf url = buf_in(r->a, HTTP_TARGET_MAX);
	struct buf proof = buf_in(r->a, DPOP_MAX);
	struct buf b = buf_in(r->a, PROVIDER_NOTE_MAX);
	struct json_writer w = json_writer(&b);
	struct endpoint e;
	struct exchange x = { 0 };
	struct provider_request q = {
		.endpoint = &e, .method = S("POST"), .path = S("/v1/token"),
		.once = true,
	};
	enum err err = find_endpoint(l, &e);

	*answer = NULL;
	if (err != ERR_OK) {
		return err;
	}
	endpoint_add_url(&url, &e);
	buf_add(&url, q.path);
	err = dpop_proof(r->sys, json_get_str(doc, S("dpopKey"), STR_NONE),
	    q.method, buf_str(&url), &proof);
	if (err != ERR_OK) {
		l->trouble = S("dpopKey in the file is no P-256 key");
		return r->a->failed ? ERR_NOMEM : ERR_OK;
	}
	json_begin_object(&w);
	json_put_string(&w, S("clientId"),
	    json_get_str(doc, S("clientId"), STR_NONE));
	json_put_string(&w, S("grantType"), S("refresh_token"));
	json_put_string(&w, S("refreshToken"),
	    json_get_str(doc, S("refreshToken"), STR_NONE));
	json_end_object(&w);
	q.body = buf_str(&b);
	q.header = (struct transport_header){ S("DPoP"), buf_str(&proof) };
	err = buf_ok(&b) ? provider_ask(r, &q, &x) : ERR_NOMEM;
	if (err != ERR_OK) {
		return err;
	}
	/* The answer may hold keys: only its error is told. */
	if (x.err != ERR_OK) {
		l->trouble = provider_trouble(r, &x);
	} else if (json_parse(r->a, x.response_body, 0, answer, NULL) !=
	    ERR_OK) {
		l->trouble = S("the answer is not JSON");
		*answer = NULL;
	} else if (x.status != 200) {
		l->trouble = json_get_str(*answer, S("message"),
		    json_get_str(*answer, S("error"), S("it was refused")));
		*answer = NULL;
	}
	return r->a->failed ? ERR_NOMEM : ERR_OK;
}

/* The keys as they stand in the file. */
static struct str
keys_json(struct provider_run *r, const struct creds_keys *k, struct str end)
{
	struct buf b = buf_in(r->a, PROVIDER_NOTE_MAX);
	struct json_writer w = json_writer(&b);

	json_begin_object(&w);
	json_put_string(&w, S("accessKeyId"), k->access_key_id);
	json_put_string(&w, S("secretAccessKey"), k->secret);
	json_put_string(&w, S("sessionToken"), k->token);
	if (k->account_id.p != NULL) {
		json_put_string(&w, S("accountId"), k->account_id);
	}
	json_put_string(&w, S("expiresAt"), end);
	json_end_object(&w);
	return buf_str(&b);
}

static enum err
renew(struct login *l, struct provider_cached *c, int64_t now,
    struct creds_keys *keys)
{
	struct provider_run *r = l->r;
	struct creds_keys got;
	struct json *answer;
	struct buf b = buf_in(r->a, 64);
	struct provider_edit edits[3] = {
		{ .key = S("accessToken"), .raw = true },
		{ .key = S("refreshToken") }, { .key = S("idToken") },
	};
	int64_t seconds;
	enum err err;

	if (json_get_str(c->doc, S("refreshToken"), STR_NONE).len == 0) {
		return ERR_OK;
	}
	if (!provider_cache_may_try(r, c)) {
		l->trouble = S("it was tried less than a minute ago");
		return ERR_OK;
	}
	err = ask_keys(l, c->doc, &answer);
	if (err != ERR_OK || answer == NULL) {
		return err;
	}
	if (!read_keys(json_get(answer, S("accessToken")), &got) ||
	    !json_i64(json_get(answer, S("expiresIn")), 1, INT64_C(1) << 32,
	    &seconds)) {
		l->trouble = S("the answer lacks keys or expiresIn");
		return ERR_OK;
	}
	got.expires_ms = now + seconds * 1000;
	if (got.account_id.p == NULL) {
		got.account_id = keys->account_id;
	}
	*keys = got;
	timefmt_iso(&b, got.expires_ms - got.expires_ms % 1000);
	edits[0].value = keys_json(r, keys, buf_str(&b));
	edits[1].value = json_get_str(answer, S("refreshToken"), STR_NONE);
	edits[2].value = json_get_str(answer, S("idToken"), STR_NONE);
	return provider_cache_save(r, c, edits, 3);
}

/* Takes the keys out of the opened file. */
static enum err
find(struct login *l, struct provider_cached *c, struct creds_keys *out)
{
	struct provider_run *r = l->r;
	int64_t now = r->sys->now_ms(r->sys->ctx);
	const struct json *v = json_get(c->doc, S("accessToken"));
	struct str end = json_get_str(v, S("expiresAt"), STR_NONE);
	enum err err = ERR_OK;

	if (!read_keys(v, out) || !timefmt_parse_iso(end, &out->expires_ms)) {
		return log_in(l, ERR_CREDENTIALS, c->path,
		    S("the file lacks keys or their end"));
	}
	if (out->expires_ms - now < LOGIN_REFRESH_MS) {
		err = renew(l, c, now, out);
	}
	if (err == ERR_OK && out->expires_ms <= now) {
		struct str parts[] = { S("its keys expired at "), end };

		err = log_in(l, ERR_AWS_EXPIRED, c->path,
		    str_join(r->a, parts, 2));
	}
	return err;
}

static enum err
open_file(struct login *l, struct str session, struct provider_cached *c)
{
	struct provider_run *r = l->r;
	struct str folder = provider_env(r, S("AWS_LOGIN_CACHE_DIRECTORY"));
	struct buf b = buf_in(r->a, PROFILE_PATH_MAX);
	uint8_t digest[ENC_SHA256_LEN];
	struct str why = STR_NONE;
	enum err err;

	enc_sha256(session, digest);
	buf_add(&b, folder.p != NULL ? folder : S("~/.aws/login/cache"));
	buf_add_byte(&b, '/');
	enc_hex(&b, enc_bytes(digest, sizeof(digest)));
	buf_add(&b, S(".json"));
	c->path = profile_expand(r->sys, r->a, buf_str(&b));
	if (c->path.p == NULL) {
		return r->a->failed ? ERR_NOMEM : log_in(l, ERR_CREDENTIALS,
		    buf_str(&b), S("HOME is unset, so its keys have no "
		    "place"));
	}
	err = provider_cache_open(r, c, &why);
	if (why.p != NULL) {
		struct str parts[] = { S("its keys cannot be read: "), why };

		return log_in(l, err, c->path, str_join(r->a, parts, 2));
	}
	return err;
}

/* see provider.h */
enum err
provider_login(struct provider_run *r, struct creds_keys *out, bool *found)
{
	struct str session = profile_get(&r->files, r->profile,
	    S("login_session"));
	struct provider_cached c = { 0 };
	struct login l = { .r = r };
	struct str parts[2] = { S("aws login, "), session };
	enum err err;

	if (session.p == NULL) {
		return ERR_OK;
	}
	err = open_file(&l, session, &c);
	if (err == ERR_OK) {
		err = find(&l, &c, out);
	}
	provider_cache_close(r, &c);
	if (err != ERR_OK) {
		return err;
	}
	out->source = str_join(r->a, parts, 2);
	*found = true;
	return ERR_OK;
}
