/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A check goes: kept answer, else read the token into a request of our own
 * (nothing is sent before all of it is in order), else claim one of the
 * questions at a time, ask, read the answer, keep it.
 *
 * A slot of the cache holds the token and behind it the ARN as STS has it and,
 * where that is another one, the canonical ARN. Its times are monotonic: a
 * clock that is set back must not make answers last.
 */
#include "auth/sts_in.h"

#include <string.h>

#include "aws/sts.h"
#include "base/buf.h"
#include "base/enc.h"
#include "base/limits.h"
#include "proto/json.h"
#include "proto/sigv4.h"
#include "proto/url.h"

#define ACTION "GetCallerIdentity"
#define API "2011-06-15"
#define FORM_TYPE S("application/x-www-form-urlencoded")

struct slot {
	int64_t ends_ms;    /* monotonic; 0: empty */
	int64_t expires_ms; /* wall clock: of the signature */
	enum auth_verdict verdict;
	struct str why;     /* a constant; of other verdicts than AUTH_OK */
	size_t token_len;
	size_t session_len;
	size_t subject_len; /* 0: the same as the session */
	char text[STS_IN_TEXT_MAX];
};

struct sts_in {
	struct sts_in_setup setup;
	struct url endpoint;  /* of setup.endpoint */
	struct str *roles;
	size_t role_n;
	uint64_t seed;        /* of the hash that picks a set */
	/* Under SYS_LOCK_AUTH: */
	struct slot *slots;   /* STS_IN_SET_N sets of STS_IN_WAY_N */
	uint64_t asking[STS_IN_ASK_MAX_N]; /* hashes of tokens; 0: free */
};

/* One check while it runs. */
struct check {
	struct sts_in *in;
	struct arena *a;
	struct str token;
	uint64_t hash;
	struct url url;           /* the token's, once it is known to be STS */
	struct sigv4_parsed sig;
	struct exchange x;        /* what is sent */
	struct transport_header headers[STS_IN_HEADER_MAX_N];
	size_t header_n;
	struct sts_identity who;  /* what STS says */
	struct str subject;       /* canonical ARN */
	struct auth_caller *out;
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

static void
lock(struct sts_in *in)
{
	in->setup.sys->lock(in->setup.sys->ctx, SYS_LOCK_AUTH);
}

static void
unlock(struct sts_in *in)
{
	in->setup.sys->unlock(in->setup.sys->ctx, SYS_LOCK_AUTH);
}

static int64_t
mono(const struct sts_in *in)
{
	return in->setup.sys->mono_ms(in->setup.sys->ctx);
}

static enum auth_verdict
refuse(struct auth_refusal *no, enum auth_verdict verdict, struct str why)
{
	*no = (struct auth_refusal){ .verdict = verdict, .why = why };
	return verdict;
}

/* A refusal, unless it is memory that was missing. */
static enum auth_verdict
refuse_token(const struct check *c, enum auth_verdict verdict, struct str why)
{
	return c->a->failed ? refuse(c->no, AUTH_UNAVAILABLE,
	    S("out of memory")) : refuse(c->no, verdict, why);
}

static enum auth_verdict
invalid(const struct check *c, struct str why)
{
	return refuse_token(c, AUTH_INVALID, why);
}

static enum auth_verdict
malformed(const struct check *c, struct str why)
{
	return refuse_token(c, AUTH_MALFORMED, why);
}

static enum auth_verdict
unavailable(const struct check *c, struct str why, int64_t retry_ms)
{
	(void)refuse(c->no, AUTH_UNAVAILABLE, why);
	c->no->retry_ms = retry_ms;
	return AUTH_UNAVAILABLE;
}

/* ---- settings ---- */

static bool
is_account(struct str s)
{
	size_t i = 0;

	while (i < s.len && str_is_digit(s.p[i])) {
		i++;
	}
	return i == 12 && s.len == 12;
}

/* arn:<partition>:iam|sts::<account>:<resource>, where only the resource may
 * hold stars; or account:<id>. */
static bool
is_role(struct str s)
{
	struct str part[5];

	if (str_starts(s, S("account:"))) {
		return is_account(str_sub(s, 8, s.len));
	}
	for (size_t i = 0; i < 5; i++) {
		part[i] = str_cut(&s, ':');
	}
	return str_eq(part[0], S("arn")) && str_starts(part[1], S("aws")) &&
	    str_find_byte(part[1], '*', 0) == part[1].len &&
	    (str_eq(part[2], S("iam")) || str_eq(part[2], S("sts"))) &&
	    part[3].len == 0 && is_account(part[4]) && s.len > 0;
}

static enum err
read_roles(struct sts_in *in, struct fail *f)
{
	struct str rest = in->setup.roles;

	while (rest.p != NULL) {
		struct str one = str_trim(str_cut(&rest, ','));

		if (one.len == 0) {
			continue;
		}
		if (!is_role(one)) {
			return fail_setf(f, ERR_CONFIG, "AUTH_STS_ROLES has "
			    "'%s'; it must be account:123456789012 or an ARN "
			    "with its account, such as "
			    "arn:aws:iam::123456789012:role/Team*", one);
		}
		if (in->role_n == STS_IN_ROLE_MAX_N) {
			return fail_setf(f, ERR_CONFIG, "AUTH_STS_ROLES has "
			    "more than %u entries; give an account, or stars",
			    (uint64_t)STS_IN_ROLE_MAX_N);
		}
		in->roles[in->role_n++] = one;
	}
	return in->role_n > 0 ? ERR_OK : fail_set(f, ERR_CONFIG, 0,
	    S("AUTH_STS_ROLES names nobody"));
}

/* Visible characters: a header that every SDK signs as it is. */
static bool
is_visible(struct str s, char least)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < least || s.p[i] > '~') {
			return false;
		}
	}
	return true;
}

static enum err
check_setup(struct sts_in *in, struct fail *f)
{
	const struct sts_in_setup *s = &in->setup;

	if (s->server_id.len == 0 || !is_visible(s->server_id, '!')) {
		return fail_set(f, ERR_CONFIG, 0, S("AUTH_STS_ROLES is set, "
		    "so AUTH_STS_SERVER_ID must be, too: a name for this "
		    "deployment, without blanks, that callers sign as "
		    STS_IN_HEADER));
	}
	if (s->endpoint.len > 0 && (url_parse(s->endpoint, &in->endpoint,
	    NULL) != ERR_OK || in->endpoint.userinfo.p != NULL ||
	    in->endpoint.query.p != NULL || (!in->endpoint.tls &&
	    !url_host_is_loopback(in->endpoint.host)))) {
		return fail_setf(f, ERR_CONFIG, "'%s' cannot be the STS that "
		    "callers' tokens are verified with: it has to be an https "
		    "URL", s->endpoint);
	}
	return read_roles(in, f);
}

/* see sts_in.h */
enum err
sts_in_new(const struct sts_in_setup *setup, struct arena *a,
    struct sts_in **out, struct fail *f)
{
	struct sts_in *in = ARENA_NEW(a, struct sts_in);

	if (in == NULL) {
		return ERR_NOMEM;
	}
	in->setup = *setup;
	in->roles = ARENA_ARRAY(a, STS_IN_ROLE_MAX_N, struct str);
	in->slots = ARENA_ARRAY(a, STS_IN_SET_N * STS_IN_WAY_N, struct slot);
	*out = in;
	if (in->roles == NULL || in->slots == NULL) {
		return ERR_NOMEM;
	}
	/* Without one, who knows the hash can have others' answers forgotten:
	 * that costs questions and opens nothing. */
	(void)!setup->sys->random(setup->sys->ctx, &in->seed,
	    sizeof(in->seed));
	return check_setup(in, f);
}

static void
wipe(struct slot *s)
{
	enc_wipe(s->text, s->token_len + s->session_len + s->subject_len);
	s->ends_ms = 0;
	s->token_len = 0;
	s->session_len = 0;
	s->subject_len = 0;
}

/* see sts_in.h */
void
sts_in_free(struct sts_in *in)
{
	for (size_t i = 0; i < STS_IN_SET_N * STS_IN_WAY_N; i++) {
		wipe(&in->slots[i]);
	}
}

/* see sts_in.h */
bool
sts_in_is_ours(struct str token)
{
	return str_starts(token, S(STS_IN_PRESIGNED)) ||
	    str_starts(token, S(STS_IN_REQUEST));
}

/* ---- answers kept ---- */

/* Picks the set, never 0. No digest: what is found is compared as a whole. */
static uint64_t
hash(const struct sts_in *in, struct str s)
{
	uint64_t h = in->seed;

	for (size_t i = 0; i < s.len; i += 8) {
		uint64_t word = 0;

		memcpy(&word, s.p + i, s.len - i < 8 ? s.len - i : 8);
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	return h | 1;
}

static struct slot *
set_of(struct sts_in *in, uint64_t h)
{
	return &in->slots[(h >> 1) % STS_IN_SET_N * STS_IN_WAY_N];
}

/* The slot of a token; NULL: nothing is known. Under the lock. */
static struct slot *
find(struct sts_in *in, uint64_t h, struct str token)
{
	struct slot *set = set_of(in, h);
	int64_t now = mono(in);

	for (size_t i = 0; i < STS_IN_WAY_N; i++) {
		if (set[i].ends_ms > now && str_eq_secret(str_of(set[i].text,
		    set[i].token_len), token)) {
			return &set[i];
		}
	}
	return NULL;
}

/* Copies who a slot stands for; under the lock. */
static bool
recall(const struct slot *s, struct arena *a, struct auth_caller *out)
{
	struct str text = str_dup(a, str_of(s->text + s->token_len,
	    s->session_len + s->subject_len));
	struct str session = str_sub(text, 0, s->session_len);

	if (text.p == NULL) {
		return false;
	}
	*out = (struct auth_caller){ .kind = AUTH_STS, .session = session,
	    .subject = s->subject_len == 0 ? session :
	    str_sub(text, s->session_len, text.len),
	    .account = sts_arn_account(session),
	    .expires_ms = s->expires_ms };
	return true;
}

/* see sts_in.h */
bool
sts_in_recall(struct sts_in *in, struct str token, struct arena *a,
    struct auth_caller *out)
{
	uint64_t h = token.len <= STS_IN_TOKEN_MAX ? hash(in, token) : 0;
	struct slot *s;
	bool found;

	if (h == 0) {
		return false;
	}
	lock(in);
	s = find(in, h, token);
	found = s != NULL && s->verdict == AUTH_OK && recall(s, a, out);
	unlock(in);
	return found;
}

/* How long the answer counts. */
static int64_t
hold_ms(const struct check *c, enum auth_verdict v)
{
	int64_t now = c->in->setup.sys->now_ms(c->in->setup.sys->ctx);
	int64_t ms = v == AUTH_UNAVAILABLE ? STS_IN_DOWN_MS :
	    v == AUTH_INVALID ? STS_IN_DENIED_MS : STS_IN_HOLD_MS;
	int64_t left = c->sig.time_ms + STS_IN_AGE_MS - now;
	int64_t said = c->sig.time_ms + c->sig.expires_s * 1000 - now;

	/* Past the end that a presigned URL states it is STS that decides,
	 * and has decided. */
	if (c->sig.expires_s > 0 && said > 0 && said < left) {
		left = said;
	}
	return ms < left ? ms : left;
}

/* Keeps an answer where the set's oldest or an ended one was. */
static void
keep(struct check *c, enum auth_verdict v)
{
	struct slot *set = set_of(c->in, c->hash);
	struct slot *s = set;
	int64_t ends_ms = mono(c->in) + hold_ms(c, v);
	struct buf b;

	lock(c->in);
	for (size_t i = 1; i < STS_IN_WAY_N; i++) {
		s = s->ends_ms <= set[i].ends_ms ? s : &set[i];
	}
	wipe(s);
	b = buf_fixed(s->text, sizeof(s->text));
	buf_add(&b, c->token);
	s->token_len = c->token.len;
	if (v == AUTH_OK) {
		buf_add(&b, c->who.arn);
		s->session_len = c->who.arn.len;
	}
	if (v == AUTH_OK && !str_eq(c->who.arn, c->subject)) {
		buf_add(&b, c->subject);
		s->subject_len = c->subject.len;
	}
	s->verdict = v;
	s->why = c->no->why;
	s->expires_ms = c->sig.time_ms + STS_IN_AGE_MS;
	s->ends_ms = ends_ms;
	MUST(buf_ok(&b));
	unlock(c->in);
}

/* ---- the token ---- */

/* Appends a header to send: of ours three, User-Agent, Content-Type and
 * Authorization, and the free ones. */
static void
send_header(struct check *c, struct str name, struct str value)
{
	MUST(c->header_n < STS_IN_HEADER_MAX_N);
	c->headers[c->header_n++] = (struct transport_header){ name, value };
}

/* Reads the URL of a token and takes from it which of STS's hosts is meant. */
static enum auth_verdict
read_url(struct check *c, struct str text)
{
	const struct sts_in_setup *s = &c->in->setup;
	const struct url *own = &c->in->endpoint;
	struct buf host = buf_in(c->a, URL_HOST_MAX + 8); /* and a port */
	struct url *u = &c->url;
	bool fits;

	if (url_parse(text, u, NULL) != ERR_OK || u->userinfo.p != NULL) {
		return malformed(c, S("the token holds no URL"));
	}
	if (s->endpoint.len > 0) {
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
	if (!str_eq(u->path, s->endpoint.len > 0 ? own->path : S("/"))) {
		return invalid(c, S("the token's URL has another path than "
		    "STS"));
	}
	url_add_host(&host, u);
	send_header(c, S("host"), buf_str(&host));
	send_header(c, S("accept"), S("application/json"));
	send_header(c, S(STS_IN_HEADER), s->server_id);
	return buf_ok(&host) ? AUTH_OK : malformed(c, S("the token's host is "
	    "too long"));
}

static bool
is_signed(const struct check *c, struct str name)
{
	struct str rest = c->sig.signed_headers;

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
read_signature(struct check *c, const struct sigv4_request *r)
{
	const struct sys *sys = c->in->setup.sys;
	int64_t now = sys->now_ms(sys->ctx);
	const struct sigv4_parsed *sig = &c->sig;

	if (sigv4_parse(c->a, r, &c->sig, NULL) != ERR_OK ||
	    !is_hex(sig->signature) || !str_eq(sig->service, S("sts"))) {
		return malformed(c, S("the token holds no signature (SigV4) "
		    "for STS"));
	}
	if (!is_signed(c, S(STS_IN_HEADER)) || !is_signed(c, S("host"))) {
		return invalid(c, S("the token does not sign the headers host "
		    "and " STS_IN_HEADER));
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
write_target(struct check *c, const struct url_pair *pairs, size_t n)
{
	struct buf query = buf_in(c->a, HTTP_TARGET_MAX);
	struct str parts[3] = { c->url.path, S("?"), STR_NONE };

	for (size_t i = 0; i < n; i++) {
		url_form_add(&query, pairs[i].name, pairs[i].value);
	}
	parts[2] = buf_str(&query);
	c->x.target = buf_ok(&query) ? str_join(c->a, parts, 3) : STR_NONE;
	return c->x.target.p != NULL ? AUTH_OK :
	    malformed(c, S("the token's URL is too long"));
}

static enum auth_verdict
check_parameters(struct check *c, const struct url_pair *pairs, size_t n)
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
read_presigned(struct check *c, struct str text)
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
	if (url_query_parse(c->a, c->url.query, false, 2 * PARAMETER_N,
	    &pairs, &n) != ERR_OK) {
		return malformed(c, S("the query of the token's URL cannot be "
		    "read"));
	}
	v = check_parameters(c, pairs, n);
	r.path = c->url.path;
	r.query = c->url.query;
	v = v != AUTH_OK ? v : read_signature(c, &r);
	if (v != AUTH_OK) {
		return v;
	}
	if (!str_eq(c->sig.signed_headers, S("host;" STS_IN_HEADER))) {
		return invalid(c, S("the token signs other headers than host "
		    "and " STS_IN_HEADER));
	}
	if (c->sig.expires_s > STS_IN_EXPIRES_MAX_S) {
		return invalid(c, S("the token's X-Amz-Expires is above 900"));
	}
	c->x.method = S("GET");
	return write_target(c, pairs, n);
}

/* ---- the signed request ---- */

/* The base64 of a member, decoded; absent: not that. */
static struct str
member(const struct check *c, const struct json *v, struct str name)
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
	if (v->key.len == 0 || value.p == NULL || !is_visible(value, ' ') ||
	    r->header_n == STS_IN_HEADER_MAX_N ||
	    http1_header_n(list, r->header_n, v->key) > 0) {
		return false;
	}
	list[r->header_n++] = (struct http1_header){ v->key,
	    str_trim(value) };
	return true;
}

static enum auth_verdict
read_headers(struct check *c, const struct json *request,
    struct sigv4_request *r, struct http1_header *list)
{
	const struct json *v = json_get(request, S("iam_request_headers"));
	struct json *inner = NULL;

	r->headers = list;
	if (!json_is(v, JSON_OBJECT)) {
		if (json_parse(c->a, member(c, request,
		    S("iam_request_headers")), JSON_REJECT_DUPLICATES, &inner,
		    NULL) != ERR_OK || !json_is(inner, JSON_OBJECT)) {
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
own_value(const struct check *c, struct str name)
{
	const struct { struct str name, value; } own[] = {
		{ S("host"), c->headers[0].value },
		{ S(STS_IN_HEADER), c->in->setup.server_id },
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
take_signed(struct check *c, const struct sigv4_request *r, struct str name)
{
	struct str own = own_value(c, name);
	struct str value = http1_header(r->headers, r->header_n, name);
	size_t i = 0;

	if (own.p != NULL) {
		return str_eq(own, value) ? AUTH_OK : invalid(c, S("the token "
		    "signs another host, server id, length or Accept than "
		    "is sent"));
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
write_headers(struct check *c, const struct sigv4_request *r)
{
	struct str rest = c->sig.signed_headers;

	if (!is_signed(c, S("x-amz-date")) || (c->sig.token.p != NULL &&
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
read_request(struct check *c, struct str text)
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
	if (c->url.query.p != NULL) {
		return invalid(c, S("the token's URL has a query"));
	}
	r.path = c->url.path;
	verdict = read_headers(c, v, &r, list);
	verdict = verdict != AUTH_OK ? verdict : read_signature(c, &r);
	verdict = verdict != AUTH_OK ? verdict : write_headers(c, &r);
	c->x.method = r.method;
	c->x.target = r.path;
	c->x.body = r.body;
	return verdict;
}

/* ---- asking STS ---- */

/* Reads who STS says it was; false: that is no answer of STS. */
static bool
read_identity(struct check *c)
{
	struct str arn, part[6];
	struct json *v = NULL;
	const struct json *r;

	if (json_parse(c->a, c->x.response_body, JSON_REJECT_DUPLICATES, &v,
	    NULL) != ERR_OK) {
		return false;
	}
	r = json_path(v, S("GetCallerIdentityResponse."
	    "GetCallerIdentityResult"));
	c->who.account = json_get_str(r, S("Account"), STR_NONE);
	c->who.arn = arn = json_get_str(r, S("Arn"), STR_NONE);
	for (size_t i = 0; i < 5; i++) {
		part[i] = str_cut(&arn, ':');
	}
	part[5] = arn;
	c->subject = c->who.arn;
	if (!str_eq(part[0], S("arn")) || !is_account(part[4]) ||
	    !str_eq(part[4], c->who.account) || part[5].len == 0 ||
	    !is_visible(c->who.arn, '!') ||
	    c->who.arn.len > (STS_IN_TEXT_MAX - STS_IN_TOKEN_MAX) / 2) {
		return false;
	}
	if (str_starts(part[5], S("assumed-role/"))) {
		struct buf b = buf_in(c->a, c->who.arn.len);

		(void)str_cut(&part[5], '/');
		buf_addf(&b, "arn:%s:iam::%s:role/%s", part[1], part[4],
		    str_cut(&part[5], '/'));
		c->subject = buf_str(&b);
	}
	return !c->a->failed;
}

static enum auth_verdict
check_rights(struct check *c)
{
	const struct sts_in *in = c->in;
	struct str parts[2] = { S("account:"), c->who.account };
	struct log_event e;
	bool in_list = str_matches_any(in->roles, in->role_n, c->subject) ||
	    str_matches_any(in->roles, in->role_n, c->who.arn) ||
	    str_matches_any(in->roles, in->role_n, str_join(c->a, parts, 2));

	if (log_begin(&e, in->setup.log, LOG_INFO, S("sts_caller"))) {
		log_str(&e, S("arn"), c->who.arn);
		log_bool(&e, S("allowed"), in_list);
		log_end(&e);
	}
	return in_list ? AUTH_OK : refuse(c->no, AUTH_SCOPE, S("the caller's "
	    "role or user is not among those that may call "
	    "(AUTH_STS_ROLES)"));
}

/* STS calls throttling a 400. */
static bool
is_throttling(const struct exchange *x)
{
	return x->status == 429 || str_find(x->response_body, S("Throttl"),
	    0) < x->response_body.len;
}

static enum auth_verdict
judge(struct check *c)
{
	const struct exchange *x = &c->x;
	struct log_event e;

	if (x->err == ERR_OK && x->status == 200 && read_identity(c)) {
		return check_rights(c);
	}
	if (x->err == ERR_OK && x->status >= 400 && x->status < 500 &&
	    x->status != 408 && !is_throttling(x)) {
		return invalid(c, S("AWS does not accept the token: it has "
		    "expired, was changed, or is signed for another server "
		    "id"));
	}
	if (log_begin(&e, c->in->setup.log, LOG_WARNING, S("sts_caller"))) {
		log_str(&e, S("host"), x->host);
		log_int(&e, S("status"), x->status);
		if (x->err != ERR_OK) {
			log_str(&e, S("message"), fail_text(&x->fail));
		}
		log_end(&e);
	}
	return unavailable(c, S("AWS cannot be asked at the moment who signed "
	    "the token"), STS_IN_DOWN_MS);
}

/* Sends the request that was read from the token. */
static enum auth_verdict
ask(struct check *c, const struct sts_in_want *want)
{
	const struct transport *t = c->in->setup.transport;
	struct exchange *x = &c->x;
	int64_t end = mono(c->in) + STS_IN_ASK_MS;

	if (!is_signed(c, S("user-agent"))) {
		send_header(c, S("user-agent"), S("cloudwatch-mcp"));
	}
	x->arena = c->a;
	x->tls = c->url.tls;
	x->host = c->url.host;
	x->port = c->url.port;
	x->headers = c->headers;
	x->header_n = c->header_n;
	x->body_max = STS_IN_ANSWER_MAX;
	x->deadline_ms = end < want->deadline_ms ? end : want->deadline_ms;
	x->cancel = want->cancel;
	fail_init(&x->fail, c->a);
	t->roundtrip(t->ctx, &x, 1);
	return judge(c);
}

/* ---- the check ---- */

/* Reads the token into c->x. AUTH_OK: it may be sent. */
static enum auth_verdict
read_token(struct check *c)
{
	struct str token = c->token;
	size_t n = sizeof(STS_IN_PRESIGNED) - 1;

	if (token.len > STS_IN_TOKEN_MAX) {
		return malformed(c, S("the token is longer than 7 KiB"));
	}
	if (str_starts(token, S(STS_IN_PRESIGNED))) {
		return read_presigned(c, str_sub(token, n, token.len));
	}
	n = sizeof(STS_IN_REQUEST) - 1;
	return str_starts(token, S(STS_IN_REQUEST)) ?
	    read_request(c, str_sub(token, n, token.len)) :
	    malformed(c, S("the token is neither a presigned nor a signed "
	    "request to STS"));
}

/* What comes of looking for an answer. */
enum found {
	FOUND_ANSWER, /* in c->out or c->no */
	FOUND_TURN,   /* a question is claimed: ask, then settle() */
	FOUND_OTHER,  /* another thread asks about this token */
	FOUND_BUSY    /* too many are asked about */
};

/* Looks for a kept answer, and with `claim` else for a turn to ask. */
static enum found
look(struct check *c, bool claim)
{
	struct sts_in *in = c->in;
	enum found found = FOUND_BUSY;
	struct slot *s;

	lock(in);
	s = find(in, c->hash, c->token);
	if (s != NULL && (s->verdict != AUTH_OK || recall(s, c->a, c->out))) {
		*c->no = (struct auth_refusal){ .verdict = s->verdict,
			.why = s->why, .retry_ms = s->verdict ==
			AUTH_UNAVAILABLE ? STS_IN_DOWN_MS : 0 };
		found = FOUND_ANSWER;
	}
	for (size_t i = 0; i < STS_IN_ASK_MAX_N && found != FOUND_ANSWER;
	    i++) {
		if (in->asking[i] == c->hash) {
			found = FOUND_OTHER;
			break;
		}
	}
	for (size_t i = 0; i < STS_IN_ASK_MAX_N && claim &&
	    found == FOUND_BUSY; i++) {
		if (in->asking[i] == 0) {
			in->asking[i] = c->hash;
			found = FOUND_TURN;
		}
	}
	unlock(in);
	return found;
}

/* Gives the turn back. */
static void
settle(struct check *c)
{
	lock(c->in);
	for (size_t i = 0; i < STS_IN_ASK_MAX_N; i++) {
		if (c->in->asking[i] == c->hash) {
			c->in->asking[i] = 0;
		}
	}
	unlock(c->in);
}

/* Asks when it is this thread's turn, or waits for the answer of another. */
static enum auth_verdict
ask_or_wait(struct check *c, const struct sts_in_want *want)
{
	const struct sys *sys = c->in->setup.sys;
	enum found found = look(c, true);
	enum auth_verdict v;

	while (found == FOUND_OTHER) {
		int64_t next = mono(c->in) + STS_IN_POLL_MS;

		if (next > want->deadline_ms || sys->sleep_until(sys->ctx,
		    next, want->cancel) != ERR_OK) {
			return unavailable(c, S("AWS has not answered in time "
			    "who signed the token"), STS_IN_BUSY_MS);
		}
		found = look(c, true);
	}
	if (found == FOUND_ANSWER) {
		return c->no->verdict;
	}
	if (found == FOUND_BUSY) {
		return unavailable(c, S("too many tokens are being verified "
		    "at the moment"), STS_IN_BUSY_MS);
	}
	v = ask(c, want);
	/* That the caller went away says nothing about the token. */
	if (c->x.err != ERR_CANCELLED && !c->a->failed) {
		keep(c, v);
	}
	settle(c);
	return v;
}

static void
tell(const struct check *c)
{
	*c->out = (struct auth_caller){ .kind = AUTH_STS,
		.subject = c->subject, .session = c->who.arn,
		.account = c->who.account,
		.expires_ms = c->sig.time_ms + STS_IN_AGE_MS };
}

/* see sts_in.h */
enum auth_verdict
sts_in_check(struct sts_in *in, struct str token,
    const struct sts_in_want *want, struct arena *a, struct auth_caller *out,
    struct auth_refusal *no)
{
	struct check c = { .in = in, .a = a, .token = token, .out = out,
		.no = no };
	enum auth_verdict v;

	*out = (struct auth_caller){ .kind = AUTH_NOBODY };
	*no = (struct auth_refusal){ .verdict = AUTH_OK };
	if (token.len == 0) {
		return refuse(no, AUTH_MISSING, STR_NONE);
	}
	if (token.len <= STS_IN_TOKEN_MAX) {
		c.hash = hash(in, token);
		if (look(&c, false) == FOUND_ANSWER) {
			return no->verdict;
		}
	}
	v = read_token(&c);
	v = v != AUTH_OK ? v : ask_or_wait(&c, want);
	if (v == AUTH_OK && out->kind == AUTH_NOBODY) {
		tell(&c);
	}
	return v;
}
