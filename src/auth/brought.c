/* SPDX-License-Identifier: Apache-2.0 */
/* see brought.h */
#include "auth/brought.h"

#include "base/buf.h"
#include "base/enc.h"
#include "base/limits.h"
#include "base/timefmt.h"
#include "proto/chars.h"
#include "proto/cidr.h"
#include "proto/json.h"

#define HEADER S("X-AWS-Credentials")

/* Characters decoded at a time while looking for a member name. */
#define PIECE_LEN ((size_t)64)

static enum auth_verdict
refuse(struct auth_refusal *no, enum auth_verdict verdict, struct str why)
{
	*no = (struct auth_refusal){ .verdict = verdict, .why = why };
	return verdict;
}

/* see brought.h */
bool
brought_is_token(struct str token)
{
	struct str name = S("\"accessKeyId\"");
	char bytes[PIECE_LEN / 4 * 3];
	size_t seen = 0; /* bytes of the name that stand before here */
	bool found = false;

	if (token.len > AUTH_TOKEN_MAX ||
	    str_find_byte(token, '.', 0) < token.len) {
		return false; /* too long, or a JWT */
	}
	for (size_t at = 0; at < token.len && !found; at += PIECE_LEN) {
		struct buf b = buf_fixed(bytes, sizeof(bytes));

		if (!enc_base64_either_decode(&b, str_sub(token, at,
		    at + PIECE_LEN)) || (at == 0 && b.p[0] != '{')) {
			break;
		}
		for (size_t i = 0; i < b.len && !found; i++) {
			if (b.p[i] != name.p[seen]) {
				seen = 0; /* only its first byte is a quote */
			}
			seen += b.p[i] == name.p[seen] ? 1 : 0;
			found = seen == name.len;
		}
	}
	enc_wipe(bytes, sizeof(bytes));
	return found;
}

/* see brought.h */
bool
brought_is_ours(const struct http1_request *r, struct str token)
{
	return http1_header_n(r->headers, r->header_n, HEADER) > 0 ||
	    brought_is_token(token);
}

/* A member that is text of visible characters; absent: it is not. */
static struct str
word(const struct json *v, struct str name, size_t min, size_t max)
{
	struct str s = json_get_str(v, name, STR_NONE);

	return s.len >= min && s.len <= max &&
	    chars_skip(s.p, s.p + s.len, CHARS_VISIBLE) == s.p + s.len ? s :
	    STR_NONE;
}

/* A key id: it goes into logs, so letters and digits only. */
static bool
is_key_id(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!str_is_alnum(s.p[i])) {
			return false;
		}
	}
	return s.len >= AWS_KEY_ID_MIN && s.len <= AWS_KEY_ID_MAX;
}

/* Twelve digits, or nothing at all. */
static bool
is_account(const struct json *v, struct str *out)
{
	uint64_t n;

	*out = json_str(v);
	return v == NULL || (json_is(v, JSON_STRING) && out->len == 12 &&
	    str_u64(*out, UINT64_MAX, &n));
}

static bool
moment(const struct json *v, int64_t *ms)
{
	return json_is(v, JSON_STRING) ? timefmt_parse_iso(json_str(v), ms) :
	    json_i64(v, 0, TIMEFMT_MAX_MS, ms);
}

/* The object's members into *k. */
static enum auth_verdict
take(const struct json *v, int64_t now_ms, struct creds_keys *k,
    struct auth_refusal *no)
{
	*k = (struct creds_keys){
		.access_key_id = json_get_str(v, S("accessKeyId"), STR_NONE),
		.secret = word(v, S("secretAccessKey"), AWS_SECRET_MIN,
		    SIGV4_SECRET_MAX),
		.token = word(v, S("sessionToken"), 1, AUTH_TOKEN_MAX),
		.source = S("credentials of the caller"),
	};
	if (!is_key_id(k->access_key_id) || k->secret.p == NULL) {
		return refuse(no, AUTH_MALFORMED, S("the AWS credentials need "
		    "an accessKeyId and a secretAccessKey"));
	}
	if (k->token.p == NULL || !str_starts(k->access_key_id, S("ASIA"))) {
		return refuse(no, AUTH_MALFORMED, S("only temporary AWS "
		    "credentials are accepted, with a sessionToken and an "
		    "accessKeyId that begins with ASIA"));
	}
	if (!moment(json_get(v, S("expiresAt")), &k->expires_ms)) {
		return refuse(no, AUTH_MALFORMED, S("the AWS credentials need "
		    "expiresAt, in milliseconds or as ISO 8601 text"));
	}
	if (!is_account(json_get_set(v, S("accountId")), &k->account_id)) {
		return refuse(no, AUTH_MALFORMED, S("the accountId of the AWS "
		    "credentials has to be text of twelve digits"));
	}
	return now_ms < k->expires_ms ? AUTH_OK : refuse(no, AUTH_INVALID,
	    S("the AWS credentials have expired; sign in again"));
}

/* Base64 to a tree, both in the arena. */
static enum auth_verdict
decode(struct str text, struct arena *a, struct json **v,
    struct auth_refusal *no)
{
	struct buf b = buf_in(a, AUTH_TOKEN_MAX);

	a->secret = true;
	if (text.len <= AUTH_TOKEN_MAX && enc_base64_either_decode(&b, text) &&
	    json_parse(a, buf_str(&b), JSON_REJECT_DUPLICATES, v, NULL) ==
	    ERR_OK && json_is(*v, JSON_OBJECT)) {
		return AUTH_OK;
	}
	return a->failed ? refuse(no, AUTH_UNAVAILABLE, S("out of memory")) :
	    refuse(no, AUTH_MALFORMED, S("the AWS credentials have to be a "
	    "JSON object in base64, at most 16 KiB"));
}

/* "123456789012/...WXYZ": enough to tell callers apart in a log. */
static struct str
subject(const struct creds_keys *k, struct arena *a)
{
	struct str parts[3] = { k->account_id.p == NULL ? S("unknown") :
	    k->account_id, S("/..."), str_sub(k->access_key_id,
	    k->access_key_id.len - 4, k->access_key_id.len) };

	return str_join(a, parts, 3);
}

/* see brought.h */
enum auth_verdict
brought_check(const struct http1_request *r, struct str token,
    const struct brought_way *way, struct arena *a, struct auth_caller *out,
    struct creds_keys *keys, struct auth_refusal *no)
{
	struct str text = http1_header(r->headers, r->header_n, HEADER);
	struct json *v = NULL;
	enum auth_verdict verdict;

	*out = (struct auth_caller){ .kind = AUTH_NOBODY };
	*keys = (struct creds_keys){ .expires_ms = 0 };
	*no = (struct auth_refusal){ .verdict = AUTH_OK };
	if (http1_header_n(r->headers, r->header_n, HEADER) > 1) {
		return refuse(no, AUTH_MALFORMED,
		    S("there are several X-AWS-Credentials headers"));
	}
	text = text.p != NULL ? text : token;
	if (text.len == 0) {
		return refuse(no, AUTH_MISSING, STR_NONE);
	}
	if (!way->tls && !cidr_is_loopback(way->peer)) {
		return refuse(no, AUTH_INVALID, S("the AWS credentials came "
		    "over a connection that is not encrypted, where others "
		    "could read them: use https, and sign in again"));
	}
	verdict = decode(text, a, &v, no);
	verdict = verdict != AUTH_OK ? verdict : take(v, way->now_ms, keys,
	    no);
	if (verdict == AUTH_OK) {
		*out = (struct auth_caller){ .kind = AUTH_CREDENTIALS,
		    .subject = subject(keys, a),
		    .expires_ms = keys->expires_ms };
		verdict = out->subject.p != NULL ? AUTH_OK :
		    refuse(no, AUTH_UNAVAILABLE, S("out of memory"));
	}
	if (verdict != AUTH_OK) {
		*out = (struct auth_caller){ .kind = AUTH_NOBODY };
		*keys = (struct creds_keys){ .expires_ms = 0 };
	}
	return verdict;
}
