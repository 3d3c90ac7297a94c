/* SPDX-License-Identifier: Apache-2.0 */
/* see sts_maker.h */
#include "sts_maker.h"

#include "auth/sts_proof.h"
#include "base/buf.h"
#include "demo/demo.h"
#include "proto/json.h"

#define TEXT_MAX ((size_t)64 * 1024)

/* see sts_maker.h */
void
sts_maker_init(struct sts_maker *m, struct arena *a, int64_t now_ms)
{
	*m = (struct sts_maker){ .a = a, .expires_s = 60,
	    .keys = { S(DEMO_ACCESS_KEY), S(DEMO_SECRET_KEY), STR_NONE, NULL },
	    .scope = { now_ms, S("eu-west-1"), S("sts") },
	    .base = S("https://sts.eu-west-1.amazonaws.com"),
	    .query = S("Action=GetCallerIdentity&Version=2011-06-15"),
	    .method = S("POST"),
	    .url = S("https://sts.eu-west-1.amazonaws.com/"),
	    .body = S("Action=GetCallerIdentity&Version=2011-06-15"),
	    .headers = {
		{ S("Host"), S("sts.eu-west-1.amazonaws.com") },
		{ S(STS_PROOF_HEADER), S(STS_MAKER_ID) },
		{ S("Content-Type"),
		    S("application/x-www-form-urlencoded; charset=utf-8") } },
	    .header_n = 3, .own_n = 2 };
}

/* see sts_maker.h */
struct str
sts_maker_url(const struct sts_maker *m)
{
	struct sigv4_request r = { .method = S("GET"), .path = S("/"),
	    .query = m->query, .headers = m->headers, .header_n = m->own_n };
	struct str parts[3] = { m->base, S("/?"), STR_NONE };

	MUST(sigv4_presign(m->a, &r, &m->keys, &m->scope, m->expires_s,
	    &parts[2], NULL) == ERR_OK);
	return str_join(m->a, parts, 3);
}

/* see sts_maker.h */
struct str
sts_maker_presigned(const struct sts_maker *m, struct str url)
{
	struct buf b = buf_in(m->a, TEXT_MAX);

	buf_add(&b, S(STS_PROOF_PRESIGNED));
	enc_base64url(&b, url);
	MUST(buf_ok(&b));
	return buf_str(&b);
}

/* see sts_maker.h */
struct str
sts_maker_headers(const struct sts_maker *m)
{
	struct sigv4_request r = { .method = m->method, .path = S("/"),
	    .headers = m->headers, .header_n = m->header_n, .body = m->body };
	struct buf b = buf_in(m->a, TEXT_MAX);
	struct json_writer w = json_writer(&b);
	struct sigv4_signed out;

	MUST(sigv4_sign(m->a, &r, &m->keys, &m->scope, &out, NULL) == ERR_OK);
	json_begin_object(&w);
	for (size_t i = 0; i < m->header_n; i++) {
		json_put_string(&w, m->headers[i].name, m->headers[i].value);
	}
	for (size_t i = 0; i < out.add_n; i++) {
		json_put_string(&w, out.add[i].name, out.add[i].value);
	}
	json_end_object(&w);
	MUST(buf_ok(&b));
	return buf_str(&b);
}

static void
put_base64(struct arena *a, struct json_writer *w, struct str key,
    struct str s)
{
	struct buf b = buf_in(a, TEXT_MAX);

	enc_base64(&b, s);
	MUST(buf_ok(&b));
	json_put_string(w, key, buf_str(&b));
}

/* see sts_maker.h */
struct str
sts_maker_request(const struct sts_maker *m, struct str method,
    struct str url, struct str body, struct str headers)
{
	struct buf b = buf_in(m->a, TEXT_MAX), token = buf_in(m->a, TEXT_MAX);
	struct json_writer w = json_writer(&b);

	json_begin_object(&w);
	json_put_string(&w, S("iam_http_request_method"), method);
	put_base64(m->a, &w, S("iam_request_url"), url);
	put_base64(m->a, &w, S("iam_request_body"), body);
	put_base64(m->a, &w, S("iam_request_headers"), headers);
	json_end_object(&w);
	buf_add(&token, S(STS_PROOF_REQUEST));
	enc_base64url(&token, buf_str(&b));
	MUST(buf_ok(&b) && buf_ok(&token));
	return buf_str(&token);
}

/* see sts_maker.h */
struct str
sts_maker_token(const struct sts_maker *m, bool presigned)
{
	return presigned ? sts_maker_presigned(m, sts_maker_url(m)) :
	    sts_maker_request(m, m->method, m->url, m->body,
	    sts_maker_headers(m));
}

/* see sts_maker.h */
struct str
sts_maker_edit(const struct sts_maker *m, struct str s, struct str from,
    struct str to)
{
	size_t at = str_find(s, from, 0);
	struct str parts[3] = { str_sub(s, 0, at), to,
	    str_sub(s, at + from.len, s.len) };

	MUST(at + from.len <= s.len);
	return str_join(m->a, parts, 3);
}
