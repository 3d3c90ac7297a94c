/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signature Version 4. Signer and verifier share one function that builds the
 * canonical request, so they cannot drift apart; the published vectors and
 * botocore hold it to the real grammar (tests/test_sigv4.c, tests/interop).
 *
 * Secrets: the derived key lives on the stack and is wiped on every way out;
 * canonical requests hold session tokens and reach logs only through
 * sigv4_redact().
 */
#include "proto/sigv4.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/timefmt.h"
#include "proto/url.h"

#define ALGORITHM S("AWS4-HMAC-SHA256")
#define TERMINATOR S("aws4_request")
#define UNSIGNED S("UNSIGNED-PAYLOAD")

/* ---- keys ---- */

/* see sigv4.h */
enum err
sigv4_derive(struct sigv4_cache *cache, struct str secret, struct str date,
    struct str region, struct str service, uint8_t out[static SIGV4_KEY_LEN])
{
	char first[4 + SIGV4_SECRET_MAX];
	uint8_t id[ENC_SHA256_LEN];
	struct buf b = buf_fixed(first, sizeof(first));
	struct enc_sha256 h;

	buf_add(&b, S("AWS4"));
	buf_add(&b, secret);
	if (!buf_ok(&b)) {
		return ERR_LIMIT;
	}
	/* '/' cannot be part of a scope element, NUL not of a secret. */
	enc_sha256_init(&h);
	enc_sha256_add(&h, secret);
	enc_sha256_add(&h, S("\0"));
	enc_sha256_add(&h, date);
	enc_sha256_add(&h, S("/"));
	enc_sha256_add(&h, region);
	enc_sha256_add(&h, S("/"));
	enc_sha256_add(&h, service);
	enc_sha256_out(&h, id);
	enc_wipe(&h, sizeof(h));
	for (unsigned i = 0; cache != NULL && i < SIGV4_CACHE_N; i++) {
		if (cache->slots[i].set && str_eq_secret(enc_bytes(id,
		    sizeof(id)), enc_bytes(cache->slots[i].id, sizeof(id)))) {
			memcpy(out, cache->slots[i].key, SIGV4_KEY_LEN);
			enc_wipe(first, sizeof(first));
			return ERR_OK;
		}
	}
	enc_hmac_sha256(buf_str(&b), date, out);
	enc_hmac_sha256(enc_bytes(out, SIGV4_KEY_LEN), region, out);
	enc_hmac_sha256(enc_bytes(out, SIGV4_KEY_LEN), service, out);
	enc_hmac_sha256(enc_bytes(out, SIGV4_KEY_LEN), TERMINATOR, out);
	enc_wipe(first, sizeof(first));
	if (cache != NULL) {
		unsigned slot = cache->next++ % SIGV4_CACHE_N;

		memcpy(cache->slots[slot].id, id, sizeof(id));
		memcpy(cache->slots[slot].key, out, SIGV4_KEY_LEN);
		cache->slots[slot].set = true;
	}
	return ERR_OK;
}

/* ---- canonical request ---- */

/* Sorts by name, then value; n is at most SIGV4_QUERY_MAX_N. */
static void
sort_pairs(struct url_pair *pairs, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct url_pair p = pairs[i];
		size_t k = i;

		while (k > 0) {
			int c = str_cmp(pairs[k - 1].name, p.name);

			if (c < 0 || (c == 0 && str_cmp(pairs[k - 1].value,
			    p.value) <= 0)) {
				break;
			}
			pairs[k] = pairs[k - 1];
			k--;
		}
		pairs[k] = p;
	}
}

/* The encoded form of s, in the arena. */
static struct str
encoded(struct arena *a, struct str s)
{
	struct buf b = buf_in(a, s.len * 3 + 1);

	url_encode(&b, s);
	return buf_ok(&b) ? buf_str(&b) : STR_NONE;
}

/* Appends the canonical query, leaving out X-Amz-Signature. */
static enum err
add_query(struct arena *a, struct buf *out, struct str query)
{
	struct url_pair *pairs;
	size_t n;
	bool first = true;
	enum err err = url_query_parse(a, query, false, SIGV4_QUERY_MAX_N,
	    &pairs, &n);

	if (err != ERR_OK) {
		return err;
	}
	for (size_t i = 0; i < n; i++) {
		pairs[i].name = encoded(a, pairs[i].name);
		pairs[i].value = encoded(a, pairs[i].value);
		if (pairs[i].name.p == NULL || pairs[i].value.p == NULL) {
			return ERR_NOMEM;
		}
	}
	sort_pairs(pairs, n);
	for (size_t i = 0; i < n; i++) {
		if (str_eq(pairs[i].name, S("X-Amz-Signature"))) {
			continue;
		}
		if (!first) {
			buf_add_byte(out, '&');
		}
		first = false;
		buf_add(out, pairs[i].name);
		buf_add_byte(out, '=');
		buf_add(out, pairs[i].value);
	}
	return ERR_OK;
}

/* Appends a value trimmed and with runs of blanks as one. */
static void
add_value(struct buf *out, struct str value)
{
	struct str s = str_trim(value);
	bool blank = false;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == ' ' || s.p[i] == '\t') {
			blank = true;
			continue;
		}
		if (blank) {
			buf_add_byte(out, ' ');
			blank = false;
		}
		buf_add_byte(out, s.p[i]);
	}
}

/* Appends "name:value,value\n"; false when no such header is there. */
static bool
add_header(struct buf *out, const struct http1_header *headers, size_t n,
    struct str name)
{
	bool found = false;

	buf_add(out, name);
	buf_add_byte(out, ':');
	for (size_t i = 0; i < n; i++) {
		if (!str_ieq(headers[i].name, name)) {
			continue;
		}
		if (found) {
			buf_add_byte(out, ',');
		}
		add_value(out, headers[i].value);
		found = true;
	}
	buf_add_byte(out, '\n');
	return found;
}

/* One request on its way to a signature. */
struct work {
	struct arena *a;
	const struct sigv4_request *r;
	const struct http1_header *headers; /* r's, and on signing ours */
	size_t header_n;
	struct str query;          /* without X-Amz-Signature when signing */
	struct str signed_headers; /* "host;x-amz-date" */
	struct str payload_hash;
	struct str amz_date;
	struct str region, service;
	struct str canonical;      /* made by build() */
	struct str to_sign;
};

static void
add_scope(struct buf *b, const struct work *w)
{
	buf_add(b, str_sub(w->amz_date, 0, TIMEFMT_AMZ_DATE_LEN));
	buf_add_byte(b, '/');
	buf_add(b, w->region);
	buf_add_byte(b, '/');
	buf_add(b, w->service);
	buf_add_byte(b, '/');
	buf_add(b, TERMINATOR);
}

/* Bytes that a canonical request of w cannot exceed. */
static size_t
canonical_cap(const struct work *w)
{
	size_t cap = 1024 + w->r->method.len + w->r->path.len * 3 +
	    w->query.len * 3 + w->signed_headers.len * 2;

	for (size_t i = 0; i < w->header_n; i++) {
		cap += w->headers[i].name.len + w->headers[i].value.len + 2;
	}
	/* A header may be as long as this more than once: one name each. */
	return cap + SIGV4_QUERY_MAX_N * 2;
}

/* Makes w->canonical and w->to_sign. ERR_SIG_HEADERS: a signed header is not
 * there. */
static enum err
build(struct work *w)
{
	struct buf path = buf_in(w->a, w->r->path.len + 1);
	struct buf c = buf_in(w->a, canonical_cap(w));
	struct buf s = buf_in(w->a, 256 + w->region.len + w->service.len);
	struct str names = w->signed_headers;
	uint8_t hash[ENC_SHA256_LEN];
	enum err err;

	url_path_normalise(&path, w->r->path);
	buf_add(&c, w->r->method);
	buf_add_byte(&c, '\n');
	url_encode_path(&c, buf_str(&path));
	buf_add_byte(&c, '\n');
	err = add_query(w->a, &c, w->query);
	if (err != ERR_OK) {
		return err;
	}
	buf_add_byte(&c, '\n');
	while (names.p != NULL) {
		if (!add_header(&c, w->headers, w->header_n,
		    str_cut(&names, ';'))) {
			return ERR_SIG_HEADERS;
		}
	}
	buf_add_byte(&c, '\n');
	buf_add(&c, w->signed_headers);
	buf_add_byte(&c, '\n');
	buf_add(&c, w->payload_hash);
	enc_sha256(buf_str(&c), hash);
	buf_add(&s, ALGORITHM);
	buf_add_byte(&s, '\n');
	buf_add(&s, w->amz_date);
	buf_add_byte(&s, '\n');
	add_scope(&s, w);
	buf_add_byte(&s, '\n');
	enc_hex(&s, enc_bytes(hash, sizeof(hash)));
	if (!buf_ok(&path) || !buf_ok(&c) || !buf_ok(&s)) {
		return ERR_NOMEM;
	}
	w->canonical = buf_str(&c);
	w->to_sign = buf_str(&s);
	return ERR_OK;
}

/* The signature of w->to_sign as hex. */
static enum err
signature(const struct work *w, const struct sigv4_keys *keys,
    char hex[static ENC_SHA256_HEX_LEN])
{
	struct buf b = buf_fixed(hex, ENC_SHA256_HEX_LEN);
	uint8_t key[SIGV4_KEY_LEN];
	uint8_t mac[ENC_SHA256_LEN];
	enum err err = ERR_OK;

	if (keys->derived != NULL) {
		memcpy(key, keys->derived, sizeof(key));
	} else {
		err = sigv4_derive(NULL, keys->secret, str_sub(w->amz_date, 0,
		    TIMEFMT_AMZ_DATE_LEN), w->region, w->service, key);
	}
	if (err == ERR_OK) {
		enc_hmac_sha256(enc_bytes(key, sizeof(key)), w->to_sign, mac);
		enc_hex(&b, enc_bytes(mac, sizeof(mac)));
		enc_wipe(mac, sizeof(mac));
	}
	enc_wipe(key, sizeof(key));
	return err;
}

/* The hash of the body as hex in the arena, or absent. */
static struct str
hash_hex(struct arena *a, struct str body)
{
	uint8_t hash[ENC_SHA256_LEN];
	struct buf b = buf_in(a, ENC_SHA256_HEX_LEN);

	enc_sha256(body, hash);
	enc_hex(&b, enc_bytes(hash, sizeof(hash)));
	return buf_ok(&b) ? buf_str(&b) : STR_NONE;
}

/* ---- signing ---- */

/* Joins the sorted lower-case names of the headers with ';'. */
static struct str
name_list(struct arena *a, const struct http1_header *headers, size_t n)
{
	struct str *names = ARENA_ARRAY(a, n, struct str);
	struct buf b = buf_in(a, HTTP_HEAD_MAX);

	for (size_t i = 0; names != NULL && i < n; i++) {
		struct buf low = buf_in(a, headers[i].name.len);
		size_t k = i;

		for (size_t c = 0; c < headers[i].name.len; c++) {
			buf_add_byte(&low, str_lower_byte(
			    headers[i].name.p[c]));
		}
		if (!buf_ok(&low)) {
			return STR_NONE;
		}
		while (k > 0 && str_cmp(names[k - 1], buf_str(&low)) > 0) {
			names[k] = names[k - 1];
			k--;
		}
		names[k] = buf_str(&low);
	}
	for (size_t i = 0; names != NULL && i < n; i++) {
		if (i > 0 && str_eq(names[i], names[i - 1])) {
			continue;
		}
		if (i > 0) {
			buf_add_byte(&b, ';');
		}
		buf_add(&b, names[i]);
	}
	return names != NULL && buf_ok(&b) ? buf_str(&b) : STR_NONE;
}

/* Fills what header and query form have in common. */
static enum err
start(struct work *w, struct arena *a, const struct sigv4_request *r,
    const struct sigv4_scope *scope)
{
	struct buf date = buf_in(a, TIMEFMT_AMZ_LEN);

	timefmt_amz(&date, scope->time_ms);
	*w = (struct work){ .a = a, .r = r, .headers = r->headers,
	    .header_n = r->header_n, .query = r->query,
	    .amz_date = buf_str(&date), .region = scope->region,
	    .service = scope->service };
	w->payload_hash = r->unsigned_payload ? UNSIGNED :
	    hash_hex(a, r->body);
	return buf_ok(&date) && w->payload_hash.p != NULL ? ERR_OK : ERR_NOMEM;
}

/* Makes the Authorization header of a built request. */
static enum err
authorize(struct work *w, const struct sigv4_keys *keys, struct str *out)
{
	char hex[ENC_SHA256_HEX_LEN];
	struct buf b = buf_in(w->a, HTTP_HEAD_MAX);
	enum err err = signature(w, keys, hex);

	if (err != ERR_OK) {
		return err;
	}
	buf_add(&b, ALGORITHM);
	buf_add(&b, S(" Credential="));
	buf_add(&b, keys->access_key);
	buf_add_byte(&b, '/');
	add_scope(&b, w);
	buf_add(&b, S(", SignedHeaders="));
	buf_add(&b, w->signed_headers);
	buf_add(&b, S(", Signature="));
	buf_add(&b, str_of(hex, sizeof(hex)));
	*out = buf_str(&b);
	return buf_ok(&b) ? ERR_OK : ERR_NOMEM;
}

/* see sigv4.h */
enum err
sigv4_sign(struct arena *a, const struct sigv4_request *r,
    const struct sigv4_keys *keys, const struct sigv4_scope *scope,
    struct sigv4_signed *out, struct fail *f)
{
	struct http1_header *all;
	struct work w;
	enum err err;

	if (r->header_n > HTTP_HEADER_MAX_N - 4) {
		return fail_set(f, ERR_LIMIT, 0, S("too many headers to sign"));
	}
	err = start(&w, a, r, scope);
	all = ARENA_ARRAY(a, r->header_n + 3, struct http1_header);
	if (err != ERR_OK || all == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	out->add_n = 1; /* the first is Authorization */
	out->add[out->add_n++] = (struct http1_header){ S("X-Amz-Date"),
	    w.amz_date };
	if (keys->token.p != NULL) {
		out->add[out->add_n++] = (struct http1_header){
		    S("X-Amz-Security-Token"), keys->token };
	}
	if (r->unsigned_payload) {
		out->add[out->add_n++] = (struct http1_header){
		    S("x-amz-content-sha256"), UNSIGNED };
	}
	for (size_t i = 0; i < r->header_n; i++) {
		all[i] = r->headers[i];
	}
	for (size_t i = 1; i < out->add_n; i++) {
		all[r->header_n + i - 1] = out->add[i];
	}
	w.headers = all;
	w.header_n = r->header_n + out->add_n - 1;
	w.signed_headers = name_list(a, w.headers, w.header_n);
	if (w.signed_headers.p == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	out->add[0].name = S("Authorization");
	err = build(&w);
	if (err == ERR_OK) {
		err = authorize(&w, keys, &out->add[0].value);
	}
	out->canonical = w.canonical;
	return err == ERR_OK ? ERR_OK : fail_set(f, err, 0, STR_NONE);
}

/* see sigv4.h */
enum err
sigv4_presign(struct arena *a, const struct sigv4_request *r,
    const struct sigv4_keys *keys, const struct sigv4_scope *scope,
    int64_t expires_s, struct str *query, struct fail *f)
{
	struct buf b = buf_in(a, HTTP_TARGET_MAX + keys->token.len * 3);
	struct buf credential = buf_in(a, HTTP_TARGET_MAX);
	struct buf expires = buf_in(a, 8);
	char hex[ENC_SHA256_HEX_LEN];
	struct work w;
	enum err err = start(&w, a, r, scope);

	if (expires_s < 1 || expires_s > SIGV4_EXPIRES_MAX_S) {
		return fail_set(f, ERR_LIMIT, 0,
		    S("a presigned request lives 1 to 604800 seconds"));
	}
	w.signed_headers = name_list(a, r->headers, r->header_n);
	if (err != ERR_OK || w.signed_headers.p == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	buf_add(&credential, keys->access_key);
	buf_add_byte(&credential, '/');
	add_scope(&credential, &w);
	buf_add_i64(&expires, expires_s);
	buf_add(&b, r->query);
	url_form_add(&b, S("X-Amz-Algorithm"), ALGORITHM);
	url_form_add(&b, S("X-Amz-Credential"), buf_str(&credential));
	url_form_add(&b, S("X-Amz-Date"), w.amz_date);
	url_form_add(&b, S("X-Amz-Expires"), buf_str(&expires));
	if (keys->token.p != NULL) {
		url_form_add(&b, S("X-Amz-Security-Token"), keys->token);
	}
	url_form_add(&b, S("X-Amz-SignedHeaders"), w.signed_headers);
	if (!buf_ok(&b) || !buf_ok(&credential) || !buf_ok(&expires)) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	w.query = buf_str(&b);
	err = build(&w);
	if (err == ERR_OK) {
		err = signature(&w, keys, hex);
	}
	if (err != ERR_OK) {
		return fail_set(f, err, 0, STR_NONE);
	}
	url_form_add(&b, S("X-Amz-Signature"), str_of(hex, sizeof(hex)));
	*query = buf_str(&b);
	return buf_ok(&b) ? ERR_OK : fail_set(f, ERR_NOMEM, 0, STR_NONE);
}

/* ---- reading a signed request ---- */

/* The only header of that name. *n tells how many there are. */
static struct str
one_header(const struct sigv4_request *r, struct str name, size_t *n)
{
	*n = http1_header_n(r->headers, r->header_n, name);
	return http1_header(r->headers, r->header_n, name);
}

/* "keyid/date/region/service/aws4_request" */
static enum err
read_credential(struct str credential, struct sigv4_parsed *out,
    struct fail *f)
{
	struct str rest = credential;
	struct str part[5];
	size_t n = 0;

	while (rest.p != NULL && n < 5) {
		part[n++] = str_cut(&rest, '/');
	}
	if (n != 5 || rest.p != NULL || part[0].len == 0) {
		return fail_setf(f, ERR_SIG_SYNTAX, "Credential must have "
		    "exactly 5 slash-delimited elements, e.g. keyid/date/"
		    "region/service/term, got '%s'", credential);
	}
	out->access_key = part[0];
	out->date = part[1];
	out->region = part[2];
	out->service = part[3];
	if (!str_eq(part[4], TERMINATOR)) {
		return fail_setf(f, ERR_SIG_SCOPE, "Credential should be "
		    "scoped with a valid terminator: 'aws4_request', not "
		    "'%s'.", part[4]);
	}
	return ERR_OK;
}

/* The time of signing: X-Amz-Date, else Date in either of its forms. */
static enum err
read_date(struct arena *a, const struct sigv4_request *r,
    struct sigv4_parsed *out, struct fail *f)
{
	struct buf b = buf_in(a, TIMEFMT_AMZ_LEN);
	size_t n;
	struct str text = one_header(r, S("x-amz-date"), &n);

	if (n == 0) {
		text = one_header(r, S("date"), &n);
	}
	if (n != 1) {
		return fail_set(f, ERR_SIG_SYNTAX, 0, n == 0 ?
		    S("Authorization header requires existence of either a "
		    "'X-Amz-Date' or a 'Date' header.") :
		    S("The request has more than one date header."));
	}
	if (!timefmt_parse_amz(text, &out->time_ms) &&
	    !timefmt_parse_http(text, &out->time_ms)) {
		return fail_setf(f, ERR_SIG_SYNTAX, "Date must be in ISO-8601 "
		    "'basic format'. Got '%s'. See http://en.wikipedia.org/"
		    "wiki/ISO_8601", text);
	}
	timefmt_amz(&b, out->time_ms);
	out->amz_date = buf_str(&b);
	return buf_ok(&b) ? ERR_OK : fail_set(f, ERR_NOMEM, 0, STR_NONE);
}

/* Collects the three parameters of an Authorization header. */
static enum err
read_authorization(struct str value, struct str part[static 3],
    struct fail *f)
{
	static const struct str names[] = { STR_INIT("Credential"),
	    STR_INIT("SignedHeaders"), STR_INIT("Signature") };
	struct str rest = value;

	if (!str_eq(str_cut(&rest, ' '), ALGORITHM)) {
		return fail_set(f, ERR_SIG_SYNTAX, 0,
		    S("Unsupported AWS 'algorithm': the Authorization header "
		    "must begin with 'AWS4-HMAC-SHA256 '."));
	}
	while (rest.p != NULL) {
		struct str pair = str_trim(str_cut(&rest, ','));
		struct str text = pair;
		struct str name = str_cut(&pair, '=');
		size_t i = 0;

		while (i < 3 && !str_eq(name, names[i])) {
			i++;
		}
		if (pair.p == NULL || i == 3 || part[i].p != NULL) {
			return fail_setf(f, ERR_SIG_SYNTAX, "'%s' not a valid "
			    "key=value pair in Authorization header", text);
		}
		part[i] = pair;
	}
	if (part[0].len == 0 || part[1].len == 0 || part[2].len == 0) {
		return fail_setf(f, ERR_SIG_SYNTAX, "%s%s%s", part[0].len ?
		    S("") : S("Authorization header requires 'Credential' "
		    "parameter. "), part[2].len ? S("") :
		    S("Authorization header requires 'Signature' parameter. "),
		    part[1].len ? S("") : S("Authorization header requires "
		    "'SignedHeaders' parameter. "));
	}
	return ERR_OK;
}

/* Lower case, strictly ascending. */
static bool
signed_headers_ok(struct str list)
{
	struct str rest = list;
	struct str before = STR_NONE;

	while (rest.p != NULL) {
		struct str name = str_cut(&rest, ';');

		if (name.len == 0 ||
		    (before.p != NULL && str_cmp(before, name) >= 0)) {
			return false;
		}
		for (size_t i = 0; i < name.len; i++) {
			if (str_lower_byte(name.p[i]) != name.p[i]) {
				return false;
			}
		}
		before = name;
	}
	return true;
}

/* The header form. */
static enum err
parse_header_form(struct arena *a, const struct sigv4_request *r,
    struct str authorization, struct sigv4_parsed *out, struct fail *f)
{
	struct str part[3] = { STR_NONE, STR_NONE, STR_NONE };
	size_t token_n;
	enum err err = read_authorization(authorization, part, f);

	if (err == ERR_OK) {
		err = read_credential(part[0], out, f);
	}
	if (err == ERR_OK) {
		err = read_date(a, r, out, f);
	}
	if (err != ERR_OK) {
		return err;
	}
	out->signed_headers = part[1];
	out->signature = part[2];
	out->token = one_header(r, S("x-amz-security-token"), &token_n);
	if (token_n > 1) {
		return fail_set(f, ERR_SIG_SYNTAX, 0, S("The request has more "
		    "than one X-Amz-Security-Token header."));
	}
	return ERR_OK;
}

/* The query form; n parameters, decoded. */
static enum err
parse_query_form(const struct url_pair *pairs, size_t n,
    struct sigv4_parsed *out, struct fail *f)
{
	static const struct str names[] = { STR_INIT("X-Amz-Algorithm"),
	    STR_INIT("X-Amz-Credential"), STR_INIT("X-Amz-Date"),
	    STR_INIT("X-Amz-Expires"), STR_INIT("X-Amz-SignedHeaders"),
	    STR_INIT("X-Amz-Signature"), STR_INIT("X-Amz-Security-Token") };
	struct str value[7] = { STR_NONE };
	uint64_t expires_s;
	enum err err;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < 7; k++) {
			if (!str_ieq(pairs[i].name, names[k])) {
				continue;
			}
			if (value[k].p != NULL ||
			    !str_eq(pairs[i].name, names[k])) {
				return fail_setf(f, ERR_SIG_SYNTAX, "Query "
				    "parameter '%s' must occur once.",
				    names[k]);
			}
			value[k] = pairs[i].value;
		}
	}
	for (size_t k = 0; k < 6; k++) {
		if (value[k].len == 0) {
			return fail_setf(f, ERR_SIG_SYNTAX, "AWS query-string "
			    "parameters must include '%s'. Re-examine the "
			    "query-string parameters.", names[k]);
		}
	}
	if (!str_eq(value[0], ALGORITHM)) {
		return fail_setf(f, ERR_SIG_SYNTAX,
		    "Unsupported AWS 'algorithm': '%s'", value[0]);
	}
	if (!str_u64(value[3], SIGV4_EXPIRES_MAX_S, &expires_s) ||
	    expires_s == 0) {
		return fail_set(f, ERR_SIG_SYNTAX, 0, S("X-Amz-Expires must be "
		    "between 1 and 604800 seconds."));
	}
	if (!timefmt_parse_amz(value[2], &out->time_ms)) {
		return fail_setf(f, ERR_SIG_SYNTAX, "X-Amz-Date must be in "
		    "ISO-8601 'basic format'. Got '%s'.", value[2]);
	}
	err = read_credential(value[1], out, f);
	out->presigned = true;
	out->amz_date = value[2];
	out->expires_s = (int64_t)expires_s;
	out->signed_headers = value[4];
	out->signature = value[5];
	out->token = value[6];
	return err;
}

/* see sigv4.h */
enum err
sigv4_parse(struct arena *a, const struct sigv4_request *r,
    struct sigv4_parsed *out, struct fail *f)
{
	struct url_pair *pairs;
	size_t pair_n;
	size_t header_n;
	struct str header = one_header(r, S("authorization"), &header_n);
	enum err err = url_query_parse(a, r->query, false, SIGV4_QUERY_MAX_N,
	    &pairs, &pair_n);
	bool in_query;

	*out = (struct sigv4_parsed){ 0 };
	if (err != ERR_OK) {
		return fail_set(f, err == ERR_NOMEM ? err : ERR_SIG_SYNTAX, 0,
		    S("The query string cannot be read."));
	}
	in_query = url_query_get(pairs, pair_n, S("X-Amz-Signature")).p != NULL;
	if (header_n + in_query == 0) {
		return fail_set(f, ERR_SIG_MISSING, 0,
		    S("Missing Authentication Token"));
	}
	if (header_n + in_query > 1) {
		return fail_set(f, ERR_SIG_SYNTAX, 0,
		    S("Only one auth mechanism allowed: one Authorization "
		    "header or the X-Amz-Signature query parameter."));
	}
	err = in_query ? parse_query_form(pairs, pair_n, out, f) :
	    parse_header_form(a, r, header, out, f);
	if (err != ERR_OK) {
		return err;
	}
	if (!signed_headers_ok(out->signed_headers)) {
		return fail_set(f, ERR_SIG_HEADERS, 0, S("SignedHeaders must "
		    "be lower case, sorted and without repetition."));
	}
	if (!str_eq(out->date, str_sub(out->amz_date, 0,
	    TIMEFMT_AMZ_DATE_LEN))) {
		return fail_setf(f, ERR_SIG_SCOPE, "Date in Credential scope "
		    "does not match YYYYMMDD from ISO-8601 version of date "
		    "from HTTP: '%s' != '%s', from '%s'.", out->date,
		    str_sub(out->amz_date, 0, TIMEFMT_AMZ_DATE_LEN),
		    out->amz_date);
	}
	return ERR_OK;
}

/* ---- verifying ---- */

static bool
is_signed(struct str list, struct str name)
{
	struct str rest = list;

	while (rest.p != NULL) {
		if (str_ieq(str_cut(&rest, ';'), name)) {
			return true;
		}
	}
	return false;
}

static enum err
must_sign(const struct sigv4_parsed *p, struct str name, struct fail *f)
{
	if (is_signed(p->signed_headers, name)) {
		return ERR_OK;
	}
	return fail_setf(f, ERR_SIG_HEADERS, "'%s' must be a 'SignedHeader' in "
	    "the AWS Authorization.", name);
}

static enum err
check_headers(const struct sigv4_request *r, const struct sigv4_parsed *p,
    const struct sigv4_policy *policy, struct fail *f)
{
	enum err err = must_sign(p, S("host"), f);
	size_t n;

	if (err == ERR_OK && !p->presigned) {
		(void)one_header(r, S("x-amz-date"), &n);
		err = must_sign(p, n > 0 ? S("x-amz-date") : S("date"), f);
	}
	for (size_t i = 0; err == ERR_OK && i < r->header_n; i++) {
		if (str_istarts(r->headers[i].name, S("x-amz-"))) {
			err = must_sign(p, r->headers[i].name, f);
		}
	}
	for (size_t i = 0; err == ERR_OK && i < policy->require_n; i++) {
		err = must_sign(p, policy->require[i], f);
	}
	return err;
}

static enum err
check_scope(const struct sigv4_parsed *p, const struct sigv4_policy *policy,
    struct fail *f)
{
	if (policy->region.p != NULL && !str_eq(policy->region, p->region)) {
		return fail_setf(f, ERR_SIG_SCOPE, "Credential should be "
		    "scoped to a valid region, not '%s'. ", p->region);
	}
	if (policy->service.p != NULL && !str_eq(policy->service, p->service)) {
		return fail_setf(f, ERR_SIG_SCOPE, "Credential should be "
		    "scoped to correct service: '%s'. ", policy->service);
	}
	return ERR_OK;
}

/* AWS's sentence for a time outside the window. */
static enum err
say_time(const struct sigv4_parsed *p, int64_t limit_ms, int64_t now_ms,
    int64_t span_ms, bool late, struct fail *f)
{
	char m[4 * TIMEFMT_AMZ_LEN];
	struct buf limit = buf_fixed(m, TIMEFMT_AMZ_LEN);
	struct buf now = buf_fixed(m + TIMEFMT_AMZ_LEN, TIMEFMT_AMZ_LEN);

	timefmt_amz(&limit, limit_ms);
	timefmt_amz(&now, now_ms);
	return fail_setf(f, ERR_SIG_TIME, "%s: %s is %s than %s (%s %s %d "
	    "%s.)", late ? S("Signature expired") :
	    S("Signature not yet current"), p->amz_date,
	    late ? S("now earlier") : S("still later"), buf_str(&limit),
	    buf_str(&now), late ? S("-") : S("+"),
	    span_ms % 60000 == 0 ? span_ms / 60000 : span_ms / 1000,
	    span_ms % 60000 == 0 ? S("min") : S("s"));
}

static enum err
check_time(const struct sigv4_parsed *p, const struct sigv4_policy *policy,
    struct fail *f)
{
	int64_t past_ms = p->presigned ? p->expires_s * 1000 : policy->skew_ms;

	if (p->time_ms < policy->now_ms - past_ms) {
		return say_time(p, policy->now_ms - past_ms, policy->now_ms,
		    past_ms, true, f);
	}
	if (p->time_ms > policy->now_ms + policy->skew_ms) {
		return say_time(p, policy->now_ms + policy->skew_ms,
		    policy->now_ms, policy->skew_ms, false, f);
	}
	return ERR_OK;
}

/* The payload hash that goes into the canonical request: what the sender
 * says, if that is true or permitted to be open, else the body's. */
static enum err
payload(struct work *w, const struct sigv4_policy *policy, struct fail *f)
{
	size_t n;
	struct str said = one_header(w->r, S("x-amz-content-sha256"), &n);

	w->payload_hash = hash_hex(w->a, w->r->body);
	if (w->payload_hash.p == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	if (n == 0) {
		return ERR_OK;
	}
	if (n == 1 && policy->unsigned_payload && str_eq(said, UNSIGNED)) {
		w->payload_hash = UNSIGNED;
		return ERR_OK;
	}
	if (n != 1 || !str_eq(said, w->payload_hash)) {
		return fail_set(f, ERR_SIG_MISMATCH, 0,
		    S("The provided 'x-amz-content-sha256' header does not "
		    "match what was computed."));
	}
	return ERR_OK;
}

/* see sigv4.h */
enum err
sigv4_verify(struct arena *a, const struct sigv4_request *r,
    const struct sigv4_parsed *p, const struct sigv4_keys *keys,
    const struct sigv4_policy *policy, struct sigv4_check *check,
    struct fail *f)
{
	struct work w = { .a = a, .r = r, .headers = r->headers,
	    .header_n = r->header_n, .query = r->query,
	    .signed_headers = p->signed_headers, .amz_date = p->amz_date,
	    .region = p->region, .service = p->service };
	char hex[ENC_SHA256_HEX_LEN];
	enum err err = check_scope(p, policy, f);

	/* The signature does not cover the access key id. */
	if (err == ERR_OK && !str_eq(keys->access_key, p->access_key)) {
		err = fail_set(f, ERR_SIG_KEY, 0, S("The security token "
		    "included in the request is invalid."));
	}
	if (err == ERR_OK) {
		err = check_headers(r, p, policy, f);
	}
	if (err == ERR_OK) {
		err = check_time(p, policy, f);
	}
	if (err == ERR_OK) {
		err = payload(&w, policy, f);
	}
	if (err != ERR_OK) {
		return err;
	}
	err = build(&w);
	if (err == ERR_OK) {
		err = signature(&w, keys, hex);
	}
	if (err != ERR_OK) {
		return fail_set(f, err, 0, err == ERR_SIG_HEADERS ?
		    S("SignedHeaders names a header that the request does not "
		    "have.") : STR_NONE);
	}
	if (check != NULL) {
		check->canonical = w.canonical;
		check->to_sign = w.to_sign;
	}
	if (!str_eq_secret(str_of(hex, sizeof(hex)), p->signature)) {
		err = fail_set(f, ERR_SIG_MISMATCH, 0, S("The request "
		    "signature we calculated does not match the signature you "
		    "provided. Check your AWS Secret Access Key and signing "
		    "method. Consult the service documentation for details."));
	}
	enc_wipe(hex, sizeof(hex));
	return err;
}

/* ---- logs ---- */

/* Appends a query line with the secret parameters hidden. */
static void
redact_query(struct buf *out, struct str line)
{
	struct str rest = line;
	bool first = true;

	while (rest.p != NULL) {
		struct str pair = str_cut(&rest, '&');
		struct str name = pair;

		if (!first) {
			buf_add_byte(out, '&');
		}
		first = false;
		name = str_cut(&name, '=');
		if (str_ieq(name, S("X-Amz-Security-Token")) ||
		    str_ieq(name, S("X-Amz-Signature"))) {
			buf_add(out, name);
			buf_add(out, S("=***"));
		} else {
			buf_add(out, pair);
		}
	}
}

/* see sigv4.h */
void
sigv4_redact(struct buf *out, struct str canonical)
{
	static const struct str secret[] = {
	    STR_INIT("x-amz-security-token:"), STR_INIT("authorization:"),
	    STR_INIT("proxy-authorization:"), STR_INIT("cookie:") };
	struct str rest = canonical;
	bool first = true;

	while (rest.p != NULL) {
		struct str line = str_cut(&rest, '\n');
		size_t i = 0;

		if (!first) {
			buf_add_byte(out, '\n');
		}
		first = false;
		while (i < 4 && !str_istarts(line, secret[i])) {
			i++;
		}
		if (i < 4) {
			buf_add(out, secret[i]);
			buf_add(out, S("***"));
		} else {
			redact_query(out, line);
		}
	}
}
