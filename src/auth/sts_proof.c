/* SPDX-License-Identifier: Apache-2.0 */
/* see sts_proof.h */
#include "auth/sts_proof.h"

#include "base/buf.h"
#include "base/enc.h"
#include "base/limits.h"
#include "proto/json.h"

#define ACTION "GetCallerIdentity"
#define API "2011-06-15"
#define FORM_TYPE S("application/x-www-form-urlencoded")

/* One token while it is read. */
struct reading {
	const struct sts_proof_policy *policy;
	struct arena *a;
	struct str token;
	struct sts_proof *out;
	struct auth_refusal *no;
};

/* Parameters of a presigned URL, in their only spelling. */
static const struct str parameters[] = {
	STR_INIT("Action"), STR_INIT("Version"), STR_INIT("X-Amz-Algorithm"),
	STR_INIT("X-Amz-Credential"), STR_INIT("X-Amz-Date"),
	STR_INIT("X-Amz-Expires"), STR_INIT("X-Amz-Security-Token"),
	STR_INIT("X-Amz-Signature"), STR_INIT("X-Amz-SignedHeaders"),
};

#define PARAMETER_N (sizeof(parameters) / sizeof(parameters[0]))

/* Headers whose value may be the token's, where it is signed. */
static const struct str free_headers[] = {
	STR_INIT("amz-sdk-invocation-id"), STR_INIT("amz-sdk-request"),
	STR_INIT("content-type"), STR_INIT("user-agent"),
	STR_INIT("x-amz-content-sha256"), STR_INIT("x-amz-date"),
	STR_INIT("x-amz-security-token"), STR_INIT("x-amz-user-agent"),
};

#define FREE_HEADER_N (sizeof(free_headers) / sizeof(free_headers[0]))

/* The two orders in which the form may come; both are 43 bytes long. */
static const struct str forms[] = {
	STR_INIT("Action=" ACTION "&Version=" API),
	STR_INIT("Version=" API "&Action=" ACTION),
};

#define FORM_LEN S("43")

/* A refusal, unless it is memory that was missing. */
static enum auth_verdict
refuse(const struct reading *c, enum auth_verdict verdict, struct str why)
{
	*c->no = (struct auth_refusal){ .verdict = c->a->failed ?
		AUTH_UNAVAILABLE : verdict, .why = c->a->failed ?
		S("out of memory") : why };
	return c->no->verdict;
}

static enum auth_verdict
invalid(const struct reading *c, struct str why)
{
	return refuse(c, AUTH_INVALID, why);
}

static enum auth_verdict
malformed(const struct reading *c, struct str why)
{
	return refuse(c, AUTH_MALFORMED, why);
}

/* see sts_proof.h */
bool
sts_proof_visible(struct str s, char least)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < least || s.p[i] > '~') {
			return false;
		}
	}
	return true;
}

/* ---- the token ---- */

/* Appends a header to send: of ours three, User-Agent, Content-Type and
 * Authorization, and the free ones. */
static void
send_header(struct reading *c, struct str name, struct str value)
{
	struct sts_proof *p = c->out;

	MUST(p->header_n < STS_IN_HEADER_MAX_N);
	p->headers[p->header_n++] = (struct transport_header){ name, value };
}

/* Reads the URL of a token and takes from it which of STS's hosts is meant. */
static enum auth_verdict
read_url(struct reading *c, struct str text)
{
	const struct sts_proof_policy *s = c->policy;
	const struct url *own = c->policy->endpoint;
	struct buf host = buf_in(c->a, URL_HOST_MAX + 8); /* and a port */
	struct url *u = &c->out->url;
	bool fits;

	if (url_parse(text, u, NULL) != ERR_OK || u->userinfo.p != NULL) {
		return malformed(c, S("the token holds no URL"));
	}
	if (own != NULL) {
		fits = u->tls == own->tls && u->port == own->port &&
		    str_eq(u->host, own->host);
	} else {
		fits = u->tls && !u->port_given &&
		    s->is_sts(s->region, u->host);
	}
	if (!fits) {
		return invalid(c, S("the token is not signed for an https "
		    "address of STS that is accepted here"));
	}
	if (!str_eq(u->path, own != NULL ? own->path : S("/"))) {
		return invalid(c, S("the token's URL has another path than "
		    "STS"));
	}
	url_add_host(&host, u);
	send_header(c, S("host"), buf_str(&host));
	send_header(c, S("accept"), S("application/json"));
	send_header(c, S(STS_PROOF_HEADER), s->server_id);
	return buf_ok(&host) ? AUTH_OK : malformed(c, S("the token's host is "
	    "too long"));
}

static bool
is_signed(const struct reading *c, struct str name)
{
	struct str rest = c->out->sig.signed_headers;

	while (rest.p != NULL) {
		if (str_eq(str_cut(&rest, ';'), name)) {
			return true;
		}
	}
	return false;
}

static bool
is_hex(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!str_is_digit(s.p[i]) && (s.p[i] < 'a' || s.p[i] > 'f')) {
			return false;
		}
	}
	return s.len == ENC_SHA256_HEX_LEN;
}

/* Reads the signature of r and checks what both forms have in common. */
static enum auth_verdict
read_signature(struct reading *c, const struct sigv4_request *r)
{
	int64_t now = c->policy->now_ms;
	const struct sigv4_parsed *sig = &c->out->sig;

	if (sigv4_parse(c->a, r, &c->out->sig, NULL) != ERR_OK ||
	    !is_hex(sig->signature) || !str_eq(sig->service, S("sts"))) {
		return malformed(c, S("the token holds no signature (SigV4) "
		    "for STS"));
	}
	if (!is_signed(c, S(STS_PROOF_HEADER)) || !is_signed(c, S("host"))) {
		return invalid(c, S("the token does not sign the headers host "
		    "and " STS_PROOF_HEADER));
	}
	if (sig->time_ms < now - STS_IN_AGE_MS) {
		return invalid(c, S("the token was signed more than 15 "
		    "minutes ago"));
	}
	if (sig->time_ms > now + STS_IN_SKEW_MS) {
		return invalid(c, S("the token is signed for the future: set "
		    "the clock of the machine that made it"));
	}
	return AUTH_OK;
}

/* Writes the target anew: the parameters in their order, encoded by us. */
static enum auth_verdict
write_target(struct reading *c, const struct url_pair *pairs, size_t n)
{
	struct buf query = buf_in(c->a, HTTP_TARGET_MAX);
	struct str parts[3] = { c->out->url.path, S("?"), STR_NONE };

	for (size_t i = 0; i < n; i++) {
		url_form_add(&query, pairs[i].name, pairs[i].value);
	}
	parts[2] = buf_str(&query);
	c->out->target = buf_ok(&query) ? str_join(c->a, parts, 3) : STR_NONE;
	return c->out->target.p != NULL ? AUTH_OK :
	    malformed(c, S("the token's URL is too long"));
}

static enum auth_verdict
check_parameters(struct reading *c, const struct url_pair *pairs, size_t n)
{
	unsigned seen = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < PARAMETER_N &&
		    !str_eq(pairs[i].name, parameters[k])) {
			k++;
		}
		/* CVE-2022-2385: what reads names in one case only, and what
		 * does not, see two requests in one. */
		if (k == PARAMETER_N || (seen & 1U << k) != 0) {
			return invalid(c, S("the token's URL has a parameter "
			    "that does not belong there, or twice"));
		}
		seen |= 1U << k;
	}
	return str_eq(url_query_get(pairs, n, S("Action")), S(ACTION)) &&
	    str_eq(url_query_get(pairs, n, S("Version")), S(API)) ?
	    AUTH_OK : invalid(c, S("the token is not signed for "
	    "GetCallerIdentity, version 2011-06-15"));
}

/* The presigned form, behind its prefix. */
static enum auth_verdict
read_presigned(struct reading *c, struct str text)
{
	struct buf url = buf_in(c->a, text.len);
	struct sigv4_request r = { .method = S("GET") };
	struct url_pair *pairs = NULL;
	size_t n = 0;
	enum auth_verdict v;

	if (c->token.len > STS_IN_URL_MAX) {
		return malformed(c, S("the token is longer than 4 KiB"));
	}
	if (!enc_base64url_decode(&url, text)) {
		return malformed(c, S("the token is not base64url without "
		    "padding"));
	}
	v = read_url(c, buf_str(&url));
	if (v != AUTH_OK) {
		return v;
	}
	if (url_query_parse(c->a, c->out->url.query, false, 2 * PARAMETER_N,
	    &pairs, &n) != ERR_OK) {
		return malformed(c, S("the query of the token's URL cannot be "
		    "read"));
	}
	v = check_parameters(c, pairs, n);
	r.path = c->out->url.path;
	r.query = c->out->url.query;
	v = v != AUTH_OK ? v : read_signature(c, &r);
	if (v != AUTH_OK) {
		return v;
	}
	if (!str_eq(c->out->sig.signed_headers, S("host;" STS_PROOF_HEADER))) {
		return invalid(c, S("the token signs other headers than host "
		    "and " STS_PROOF_HEADER));
	}
	if (c->out->sig.expires_s > STS_IN_EXPIRES_MAX_S) {
		return invalid(c, S("the token's X-Amz-Expires is above 900"));
	}
	c->out->method = S("GET");
	return write_target(c, pairs, n);
}

/* ---- the signed request ---- */

/* The base64 of a member, decoded; absent: not that. */
static struct str
member(const struct reading *c, const struct json *v, struct str name)
{
	struct str text = json_str(json_get(v, name));
	struct buf b = buf_in(c->a, text.len);

	return text.len > 0 && enc_base64_decode(&b, text) ? buf_str(&b) :
	    STR_NONE;
}

/* One header of the token: {name: value} or {name: [value]}. */
static bool
read_header(struct sigv4_request *r, struct http1_header *list,
    const struct json *v)
{
	struct str value = json_str(json_is(v, JSON_ARRAY) && v->n == 1 ?
	    v->child : v);

	for (size_t i = 0; i < v->key.len; i++) {
		if (!str_is_alnum(v->key.p[i]) && v->key.p[i] != '-') {
			return false;
		}
	}
	if (v->key.len == 0 || value.p == NULL ||
	    !sts_proof_visible(value, ' ') ||
	    r->header_n == STS_IN_HEADER_MAX_N ||
	    http1_header_n(list, r->header_n, v->key) > 0) {
		return false;
	}
	list[r->header_n++] = (struct http1_header){ v->key,
	    str_trim(value) };
	return true;
}

static enum auth_verdict
read_headers(struct reading *c, const struct json *request,
    struct sigv4_request *r, struct http1_header *list)
{
	const struct json *v = json_get(request, S("iam_request_headers"));
	struct json *inner = NULL;

	r->headers = list;
	if (!json_is(v, JSON_OBJECT)) {
		/* read_header() sees names that come twice, in any case. */
		if (json_parse(c->a, member(c, request,
		    S("iam_request_headers")), 0, &inner, NULL) != ERR_OK ||
		    !json_is(inner, JSON_OBJECT)) {
			return malformed(c, S("the token's headers are not "
			    "base64 of a JSON object"));
		}
		v = inner;
	}
	for (v = v->child; v != NULL; v = v->next) {
		if (!read_header(r, list, v)) {
			return malformed(c, S("the token has a header that "
			    "cannot be, or twice, or too many"));
		}
	}
	return AUTH_OK;
}

/* The value of ours that a signed header has to have; absent: none. */
static struct str
own_value(const struct reading *c, struct str name)
{
	const struct { struct str name, value; } own[] = {
		{ S("host"), c->out->headers[0].value },
		{ S(STS_PROOF_HEADER), c->policy->server_id },
		{ S("accept"), S("application/json") },
		{ S("content-length"), FORM_LEN },
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (str_eq(own[i].name, name)) {
			return own[i].value;
		}
	}
	return STR_NONE;
}

/* Takes one header that is signed: it has our value, or is one that may have
 * any and is sent on. */
static enum auth_verdict
take_signed(struct reading *c, const struct sigv4_request *r, struct str name)
{
	struct str own = own_value(c, name);
	struct str value = http1_header(r->headers, r->header_n, name);
	size_t i = 0;

	/* Ours is sent; botocore signs Host without writing it down. */
	if (own.p != NULL) {
		return value.p == NULL || str_eq(own, value) ? AUTH_OK :
		    invalid(c, S("the token signs another host, server id, "
		    "length or Accept than is sent"));
	}
	while (i < FREE_HEADER_N && !str_eq(free_headers[i], name)) {
		i++;
	}
	if (i == FREE_HEADER_N || value.p == NULL || (str_eq(name,
	    S("content-type")) && !str_istarts(value, FORM_TYPE))) {
		return invalid(c, S("the token signs a header that it lacks, "
		    "or that is not one of a request to STS"));
	}
	send_header(c, name, value);
	return AUTH_OK;
}

/* Chooses the headers to send. */
static enum auth_verdict
write_headers(struct reading *c, const struct sigv4_request *r)
{
	struct str rest = c->out->sig.signed_headers;

	if (!is_signed(c, S("x-amz-date")) || (c->out->sig.token.p != NULL &&
	    !is_signed(c, S("x-amz-security-token")))) {
		return invalid(c, S("the token does not sign x-amz-date or "
		    "x-amz-security-token"));
	}
	while (rest.p != NULL) {
		enum auth_verdict v = take_signed(c, r, str_cut(&rest, ';'));

		if (v != AUTH_OK) {
			return v;
		}
	}
	if (!is_signed(c, S("content-type"))) {
		send_header(c, S("content-type"), FORM_TYPE);
	}
	send_header(c, S("authorization"), http1_header(r->headers,
	    r->header_n, S("authorization")));
	return AUTH_OK;
}

/* The signed-request form, behind its prefix. */
static enum auth_verdict
read_request(struct reading *c, struct str text)
{
	struct http1_header list[STS_IN_HEADER_MAX_N];
	struct sigv4_request r = { .method = S("POST") };
	struct buf b = buf_in(c->a, text.len);
	struct json *v = NULL;
	enum auth_verdict verdict;

	if (!enc_base64url_decode(&b, text) || json_parse(c->a, buf_str(&b),
	    JSON_REJECT_DUPLICATES, &v, NULL) != ERR_OK) {
		return malformed(c, S("the token is not base64url of a JSON "
		    "object"));
	}
	r.body = member(c, v, S("iam_request_body"));
	if (!str_eq(json_str(json_get(v, S("iam_http_request_method"))),
	    r.method) || (!str_eq(r.body, forms[0]) &&
	    !str_eq(r.body, forms[1]))) {
		return invalid(c, S("the token is not a POST of the form "
		    "Action=GetCallerIdentity&Version=2011-06-15"));
	}
	verdict = read_url(c, member(c, v, S("iam_request_url")));
	if (verdict != AUTH_OK) {
		return verdict;
	}
	if (c->out->url.query.p != NULL) {
		return invalid(c, S("the token's URL has a query"));
	}
	r.path = c->out->url.path;
	verdict = read_headers(c, v, &r, list);
	verdict = verdict != AUTH_OK ? verdict : read_signature(c, &r);
	verdict = verdict != AUTH_OK ? verdict : write_headers(c, &r);
	c->out->method = r.method;
	c->out->target = r.path;
	c->out->body = r.body;
	return verdict;
}

static enum auth_verdict
read_token(struct reading *c)
{
	struct str token = c->token;
	size_t n = sizeof(STS_PROOF_PRESIGNED) - 1;

	if (token.len > STS_IN_TOKEN_MAX) {
		return malformed(c, S("the token is longer than 7 KiB"));
	}
	if (str_starts(token, S(STS_PROOF_PRESIGNED))) {
		return read_presigned(c, str_sub(token, n, token.len));
	}
	n = sizeof(STS_PROOF_REQUEST) - 1;
	return str_starts(token, S(STS_PROOF_REQUEST)) ?
	    read_request(c, str_sub(token, n, token.len)) :
	    malformed(c, S("the token is neither a presigned nor a signed "
	    "request to STS"));
}

/* see sts_proof.h */
enum auth_verdict
sts_proof_read(const struct sts_proof_policy *policy, struct str token,
    struct arena *a, struct sts_proof *out, struct auth_refusal *no)
{
	struct reading c = { .policy = policy, .a = a, .token = token,
		.out = out, .no = no };
	enum auth_verdict v;

	*out = (struct sts_proof){ .header_n = 0 };
	v = read_token(&c);
	if (v == AUTH_OK && !is_signed(&c, S("user-agent"))) {
		send_header(&c, S("user-agent"), S("cloudwatch-mcp"));
	}
	return v;
}
