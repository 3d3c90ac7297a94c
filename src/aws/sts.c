/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call is: build the form, then up to STS_ATTEMPT_MAX times sign, send and
 * judge; the last judgement becomes the sentence. A call touches nothing but
 * its arena, so any number may run at the same time.
 */
#include "aws/sts.h"

#include "aws/fault.h"
#include "aws/operation.h"
#include "base/buf.h"
#include "base/enc.h"
#include "base/limits.h"
#include "base/must.h"
#include "base/timefmt.h"
#include "proto/json.h"
#include "proto/sigv4.h"
#include "proto/url.h"
#include "proto/xml.h"

/* A call while it runs. */
struct work {
	const struct sts *sts;
	const struct creds_keys *keys; /* NULL: not signed */
	struct arena *a;
	struct fail *f;
	struct str action;
	struct str subject;   /* the role's ARN, or absent */
	struct str token;     /* web identity token, or absent */
	struct url url;
	struct str host;      /* value of the Host header */
	struct buf form;
	int64_t offset_ms;    /* AWS's clock minus ours, once known */
	struct exchange x;    /* the last attempt */
	/* judgement on it */
	enum err err;
	bool retry;           /* may succeed when sent again */
	bool clock;           /* refused because of the time of signing */
	struct str code;      /* of the error answer; may be absent */
	struct str message;
};

/* What an error code means. `retry` marks those that pass by themselves. */
static const struct meaning {
	struct str code;
	enum err err;
	bool retry;
} meanings[] = {
	{ STR_INIT("AccessDenied"), ERR_AWS_ACCESS, false },
	{ STR_INIT("AccessDeniedException"), ERR_AWS_ACCESS, false },
	{ STR_INIT("ExpiredToken"), ERR_AWS_EXPIRED, false },
	{ STR_INIT("ExpiredTokenException"), ERR_AWS_EXPIRED, false },
	{ STR_INIT("IDPCommunicationError"), ERR_AWS_SERVICE, true },
	{ STR_INIT("IDPRejectedClaim"), ERR_AWS_ACCESS, false },
	{ STR_INIT("InvalidClientTokenId"), ERR_AWS_EXPIRED, false },
	{ STR_INIT("InvalidIdentityToken"), ERR_AWS_ACCESS, false },
	{ STR_INIT("RegionDisabledException"), ERR_AWS_REQUEST, false },
	{ STR_INIT("RequestExpired"), ERR_AWS_CLOCK, false },
	{ STR_INIT("RequestLimitExceeded"), ERR_AWS_THROTTLED, true },
	{ STR_INIT("RequestTimeout"), ERR_AWS_SERVICE, true },
	{ STR_INIT("RequestTimeoutException"), ERR_AWS_SERVICE, true },
	{ STR_INIT("SignatureDoesNotMatch"), ERR_AWS_EXPIRED, false },
	{ STR_INIT("Throttling"), ERR_AWS_THROTTLED, true },
	{ STR_INIT("ThrottlingException"), ERR_AWS_THROTTLED, true },
	{ STR_INIT("TooManyRequestsException"), ERR_AWS_THROTTLED, true },
};

/* ---- sending ---- */

static enum err
begin(struct work *w)
{
	struct fail f;
	struct buf host = buf_in(w->a, HTTP_TARGET_MAX);

	MUST(operation_ok(ENDPOINT_STS, w->action));
	fail_init(&f, w->a);
	if (url_parse(w->sts->endpoint, &w->url, &f) != ERR_OK) {
		return fail_setf(w->f, ERR_CONFIG,
		    "the STS endpoint '%s' is not a URL: %s",
		    w->sts->endpoint, fail_text(&f));
	}
	url_add_host(&host, &w->url);
	w->host = buf_str(&host);
	w->form = buf_in(w->a, STS_FORM_MAX);
	url_form_add(&w->form, S("Action"), w->action);
	url_form_add(&w->form, S("Version"), S("2011-06-15"));
	return buf_ok(&host) ? ERR_OK : ERR_NOMEM;
}

/* What is sent, without what is secret; the token of AssumeRoleWithWebIdentity
 * stands in the body, which no canonical request shows. */
static void
log_sent(struct work *w, struct str canonical)
{
	const struct log *log = w->sts->log;
	struct log_event e;
	struct buf b;

	if (!log_enabled(log, LOG_DEBUG)) {
		return;
	}
	b = buf_in(w->a, canonical.len + 64);
	sigv4_redact(&b, canonical);
	if (log_begin(&e, log, LOG_DEBUG, S("aws_request"))) {
		log_request_id(&e, w->sts->number);
		log_str(&e, S("operation"), w->action);
		log_str(&e, S("region"), w->sts->region);
		log_str(&e, S("canonical"), canonical.p == NULL ? STR_NONE :
		    buf_str(&b));
		log_end(&e);
	}
}

static void
log_answer(struct work *w, int64_t sent_ms)
{
	const struct sys *sys = w->sts->sys;
	struct log_event e;

	if (!log_begin(&e, w->sts->log, LOG_DEBUG, S("aws_reply"))) {
		return;
	}
	log_request_id(&e, w->sts->number);
	log_str(&e, S("operation"), w->action);
	log_str(&e, S("region"), w->sts->region);
	log_int(&e, S("status"), w->x.status);
	if (w->x.err != ERR_OK) {
		log_str(&e, S("error"), err_name(w->x.err));
	}
	log_int(&e, S("bytes"), (int64_t)w->x.response_body.len);
	log_int(&e, S("duration_ms"), sys->mono_ms(sys->ctx) - sent_ms);
	log_str(&e, S("aws_request_id"), transport_response_header(&w->x,
	    S("x-amzn-RequestId")));
	log_end(&e);
}

/* Adds the headers that sign the request; *n grows. */
static enum err
sign(struct work *w, struct http1_header *headers, size_t *n)
{
	struct sigv4_request r = {
		.method = S("POST"), .path = w->url.path,
		.query = w->url.query, .headers = headers, .header_n = *n,
		.body = buf_str(&w->form),
	};
	struct sigv4_keys keys = {
		.access_key = w->keys->access_key_id,
		.secret = w->keys->secret, .token = w->keys->token,
	};
	struct sigv4_scope scope = {
		.time_ms = w->sts->sys->now_ms(w->sts->sys->ctx) +
		    w->offset_ms,
		.region = w->sts->region, .service = S("sts"),
	};
	struct sigv4_signed out;
	enum err err = sigv4_sign(w->a, &r, &keys, &scope, &out, w->f);

	if (err != ERR_OK) {
		return err;
	}
	for (size_t i = 0; i < out.add_n; i++) {
		headers[(*n)++] = out.add[i];
	}
	log_sent(w, out.canonical);
	return ERR_OK;
}

/* One attempt; what the transport reports stands in w->x. */
static enum err
send_once(struct work *w)
{
	const struct sys *sys = w->sts->sys;
	struct http1_header headers[8] = {
		{ S("Host"), w->host },
		{ S("Content-Type"),
		    S("application/x-www-form-urlencoded; charset=utf-8") },
		{ S("Accept"), S("text/xml") },
		{ S("User-Agent"), S("cloudwatch-mcp") },
	};
	struct transport_header sent[8];
	struct str parts[3] = { w->url.path, S("?"), w->url.query };
	struct exchange *x = &w->x;
	size_t n = 4;
	int64_t now = sys->mono_ms(sys->ctx), end = now + STS_ATTEMPT_MS;
	enum err err = ERR_OK;

	if (w->keys == NULL) {
		log_sent(w, STR_NONE);
	} else {
		err = sign(w, headers, &n);
	}

	if (err != ERR_OK) {
		return err;
	}
	for (size_t i = 0; i < n; i++) {
		sent[i] = (struct transport_header){
			headers[i].name, headers[i].value
		};
	}
	*x = (struct exchange){
		.arena = w->a, .tls = w->url.tls, .host = w->url.host,
		.port = w->url.port, .method = S("POST"),
		.target = w->url.query.p == NULL ? w->url.path :
		    str_join(w->a, parts, 3),
		.headers = sent, .header_n = n, .body = buf_str(&w->form),
		.body_max = STS_ANSWER_MAX,
		.deadline_ms = end < w->sts->deadline_ms ? end :
		    w->sts->deadline_ms,
		.cancel = w->sts->cancel,
	};
	if (x->target.p == NULL) {
		return ERR_NOMEM;
	}
	fail_init(&x->fail, w->a);
	w->sts->transport->roundtrip(w->sts->transport->ctx, &x, 1);
	log_answer(w, now);
	/* The array dies with this function. */
	x->headers = NULL;
	return ERR_OK;
}

/* ---- judging ---- */

static bool
is_transient(enum err err)
{
	return err == ERR_DNS || err == ERR_CONNECT || err == ERR_CLOSED ||
	    err == ERR_TIMEOUT || err == ERR_IO || err == ERR_TLS;
}

/* AWS's clock minus ours by the Date of the answer; 0 without one. */
static int64_t
date_offset(const struct work *w)
{
	const struct sys *sys = w->sts->sys;
	int64_t theirs;

	if (!timefmt_parse_http(transport_response_header(&w->x, S("Date")),
	    &theirs)) {
		return 0;
	}
	return theirs - sys->now_ms(sys->ctx);
}

/* Reads the error answer into code and message. */
static enum err
read_error(struct work *w)
{
	struct xml_pick p[] = {
		{ S("ErrorResponse/Error/Code"), STR_NONE },
		{ S("ErrorResponse/Error/Message"), STR_NONE },
	};

	/* Not XML: a proxy or load balancer speaks; the status has to do. */
	if (xml_pick(w->a, w->x.response_body, p, 2, NULL) == ERR_NOMEM) {
		return ERR_NOMEM;
	}
	w->code = p[0].text;
	w->message = fault_message(p[1].text);
	return ERR_OK;
}

/* Decides what an answer of another status than 200 means. */
static void
weigh(struct work *w)
{
	int status = w->x.status;

	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (str_eq(w->code, meanings[i].code)) {
			w->err = meanings[i].err;
			w->retry = meanings[i].retry;
		}
	}
	if (w->err == ERR_OK) {
		w->retry = status == 429 || status >= 500;
		w->err = status == 429 ? ERR_AWS_THROTTLED :
		    status >= 500 ? ERR_AWS_SERVICE : ERR_AWS_REQUEST;
	}
	if (str_eq(w->code, S("SignatureDoesNotMatch")) &&
	    (str_starts(w->message, S("Signature expired")) ||
	    str_starts(w->message, S("Signature not yet current")))) {
		w->err = ERR_AWS_CLOCK;
	}
	w->clock = w->err == ERR_AWS_CLOCK;
}

static enum err
judge(struct work *w)
{
	enum err err;

	w->err = w->x.err;
	w->retry = is_transient(w->x.err);
	w->clock = false;
	w->code = STR_NONE;
	w->message = STR_NONE;
	if (w->x.err != ERR_OK || w->x.status == 200) {
		return ERR_OK;
	}
	err = read_error(w);
	if (err == ERR_OK) {
		weigh(w);
	}
	return err;
}

/* ---- sentences ---- */

/* The claims of a token that trust policies speak of. They are no secret: what
 * proves anything is the signature, which is not shown. */
static void
add_claims(struct work *w, struct buf *b)
{
	struct str rest = w->token;
	struct str head = str_cut(&rest, '.');
	struct buf text = buf_in(w->a, STS_TOKEN_MAX);
	struct json *claims = NULL;
	const struct json *aud;

	(void)head;
	if (rest.p == NULL || !enc_base64url_decode(&text,
	    str_cut(&rest, '.')) || json_parse(w->a, buf_str(&text), 0,
	    &claims, NULL) != ERR_OK) {
		buf_add(b, S(" (the token is not a readable JWT)"));
		return;
	}
	aud = json_get(claims, S("aud"));
	aud = json_is(aud, JSON_ARRAY) ? json_at(aud, 0) : aud;
	buf_addf(b, " (this token says: iss %s, sub %s, aud %s)",
	    json_get_str(claims, S("iss"), S("-")),
	    json_get_str(claims, S("sub"), S("-")),
	    json_is(aud, JSON_STRING) ? json_str(aud) : S("-"));
}

static void
advise_access(struct work *w, struct buf *b)
{
	if (w->token.p != NULL) {
		buf_add(b, S("; the role's trust policy must allow "
		    "sts:AssumeRoleWithWebIdentity to the token's OIDC "
		    "provider, with conditions that fit its claims"));
		add_claims(w, b);
		return;
	}
	buf_addf(b, "; the role's trust policy must allow sts:AssumeRole to "
	    "this caller (and its external id, where it wants one), and the "
	    "caller's own policy must allow sts:AssumeRole on %s",
	    w->subject.p == NULL ? S("the role") : w->subject);
}

/* What to do about it, by code. */
static void
advise(struct work *w, struct buf *b)
{
	struct str code = w->code;

	if (str_eq(code, S("InvalidIdentityToken"))) {
		buf_addf(b, "; register the token's issuer as an OIDC identity "
		    "provider in IAM of account %s, with the token's audience",
		    sts_arn_account(w->subject));
		add_claims(w, b);
	} else if (w->err == ERR_AWS_ACCESS) {
		advise_access(w, b);
	} else if (w->clock) {
		buf_addf(b, "; set this machine's clock: it differs from AWS's "
		    "by %d s", (int64_t)(date_offset(w) / 1000));
	} else if (w->err == ERR_AWS_EXPIRED && w->token.p != NULL) {
		buf_add(b, S("; whatever writes the token file has to renew "
		    "it"));
	} else if (str_istarts(code, S("ExpiredToken"))) {
		buf_add(b, S("; the keys that sign this call are expired: get "
		    "new ones"));
	} else if (str_eq(code, S("SignatureDoesNotMatch"))) {
		buf_add(b, S("; the secret access key does not belong to the "
		    "access key id"));
	} else if (str_eq(code, S("InvalidClientTokenId"))) {
		buf_add(b, S("; the access key is deleted or switched off, "
		    "belongs to another partition, or came without its "
		    "session token"));
	} else if (str_starts(code, S("RegionDisabled"))) {
		buf_addf(b, "; switch STS on for %s in the account settings of "
		    "IAM, or choose another region", w->sts->region);
	} else if (str_starts(code, S("IDP"))) {
		buf_add(b, S("; STS could not reach the token's issuer: its "
		    "discovery and key documents must be public"));
		add_claims(w, b);
	} else if (str_icontains(w->message, S("DurationSeconds"))) {
		buf_add(b, S("; lower duration_seconds, or raise the role's "
		    "maximum session duration"));
	}
}

/* Turns the last judgement into the sentence of the call. */
static enum err
explain(struct work *w)
{
	struct buf b = buf_in(w->a, FAIL_TEXT_MAX);

	buf_addf(&b, "STS call %s", w->action);
	if (w->subject.p != NULL) {
		buf_addf(&b, " for %s", w->subject);
	}
	buf_addf(&b, " at %s failed: ", w->host);
	if (w->x.err != ERR_OK) {
		buf_add(&b, fail_text(&w->x.fail));
	} else if (w->code.len > 0) {
		buf_addf(&b, "%s: %s", w->code, w->message);
	} else {
		buf_addf(&b, "HTTP status %u", (uint64_t)w->x.status);
	}
	if (w->x.err == ERR_OK) {
		/* AWS ends its sentences; ours goes on. */
		while (b.len > 0 && b.p[b.len - 1] == '.') {
			buf_cut(&b, b.len - 1);
		}
		advise(w, &b);
	}
	return fail_set(w->f, w->err, 0, b.len > 0 ? buf_str(&b) : STR_NONE);
}

/* ---- the loop ---- */

/* Waits before attempt number i (from 1): full jitter, 0 to 2^i * 500 ms. */
static enum err
back_off(struct work *w, unsigned i)
{
	const struct sys *sys = w->sts->sys;
	uint16_t r = 0;
	int64_t now = sys->mono_ms(sys->ctx);
	int64_t until;

	if (sys->random(sys->ctx, &r, sizeof(r)) != ERR_OK) {
		r = UINT16_MAX;
	}
	until = now + ((STS_BACKOFF_MS << i) * r >> 16);
	if (until >= w->sts->deadline_ms) {
		return explain(w);
	}
	return sys->sleep_until(sys->ctx, until, w->sts->cancel);
}

/* Sends until an answer counts. *body is that of a 200. */
static enum err
run(struct work *w, struct str *body)
{
	unsigned attempt = 0;
	bool corrected = false;

	if (!buf_ok(&w->form)) {
		return w->a->failed ? ERR_NOMEM : fail_setf(w->f, ERR_LIMIT,
		    "the parameters of %s are too long", w->action);
	}
	for (;;) {
		enum err err = send_once(w);

		if (err == ERR_OK) {
			err = judge(w);
		}
		if (err != ERR_OK) {
			return err;
		}
		if (w->err == ERR_OK) {
			*body = w->x.response_body;
			return ERR_OK;
		}
		if (w->err == ERR_CANCELLED || w->err == ERR_NOMEM) {
			return w->err;
		}
		if (w->clock && !corrected) {
			corrected = true;
			w->offset_ms = date_offset(w);
			continue;
		}
		if (!w->retry || ++attempt == STS_ATTEMPT_MAX) {
			return explain(w);
		}
		err = back_off(w, attempt);
		if (err != ERR_OK) {
			return err;
		}
	}
}

/* Picks one member out of <Action>Response/<Action>Result. */
static struct xml_pick
member(struct work *w, struct str name)
{
	struct str parts[] = {
		w->action, S("Response/"), w->action, S("Result/"), name
	};

	return (struct xml_pick){ str_join(w->a, parts, 5), STR_NONE };
}

/* Reads the members; the first `need_n` must be there and not empty. */
static enum err
read_members(struct work *w, struct str body, struct xml_pick *p, size_t n,
    size_t need_n)
{
	struct fail f;

	fail_init(&f, w->a);
	if (w->a->failed) {
		return ERR_NOMEM;
	}
	switch (xml_pick(w->a, body, p, n, &f)) {
	case ERR_OK:
		break;
	case ERR_NOMEM:
		return ERR_NOMEM;
	default:
		return fail_setf(w->f, ERR_AWS_REPLY, "the answer of %s to %s "
		    "is not the XML of STS: %s at byte %u", w->host, w->action,
		    fail_text(&f), (uint64_t)f.pos);
	}
	for (size_t i = 0; i < need_n; i++) {
		if (p[i].text.len == 0) {
			return fail_setf(w->f, ERR_AWS_REPLY, "the answer of "
			    "%s to %s lacks %s", w->host, w->action, p[i].path);
		}
	}
	return ERR_OK;
}

/* Sends and decodes a call that gives out keys. */
static enum err
get_keys(struct work *w, struct creds_keys *out)
{
	struct str body = STR_NONE;
	struct xml_pick p[5];
	enum err err = run(w, &body);

	if (err != ERR_OK) {
		return err;
	}
	p[0] = member(w, S("Credentials/AccessKeyId"));
	p[1] = member(w, S("Credentials/SecretAccessKey"));
	p[2] = member(w, S("Credentials/SessionToken"));
	p[3] = member(w, S("Credentials/Expiration"));
	p[4] = member(w, S("AssumedRoleUser/Arn"));
	err = read_members(w, body, p, 5, 4);
	if (err != ERR_OK) {
		return err;
	}
	*out = (struct creds_keys){
		.access_key_id = p[0].text, .secret = p[1].text,
		.token = p[2].text, .account_id = sts_arn_account(p[4].text),
	};
	if (!timefmt_parse_iso(str_trim_ws(p[3].text), &out->expires_ms)) {
		return fail_setf(w->f, ERR_AWS_REPLY, "the answer of %s to %s "
		    "has an Expiration that is no time: %s", w->host,
		    w->action, p[3].text);
	}
	return ERR_OK;
}

/* Letters that RoleSessionName allows: [\w+=,.@-]{2,64}. */
static void
add_session_name(struct work *w, struct str name)
{
	const struct sys *sys = w->sts->sys;
	char text[64];
	struct buf b = buf_fixed(text, sizeof(text));

	for (size_t i = 0; i < name.len && b.len < sizeof(text); i++) {
		char c = name.p[i];
		bool ok = str_is_alnum(c) ||
		    str_find_byte(S("_+=,.@-"), c, 0) < 7;

		buf_add_byte(&b, ok ? c : '-');
	}
	if (b.len < 2) {
		buf_clear(&b);
		buf_addf(&b, "cloudwatch-mcp-%d",
		    (int64_t)(sys->now_ms(sys->ctx) / 1000));
	}
	url_form_add(&w->form, S("RoleSessionName"), buf_str(&b));
}

static void
add_role(struct work *w, const struct sts_role *role)
{
	char text[24];
	struct buf b = buf_fixed(text, sizeof(text));

	url_form_add(&w->form, S("RoleArn"), role->arn);
	add_session_name(w, role->session_name);
	if (role->duration_s > 0) {
		buf_add_i64(&b, role->duration_s);
		url_form_add(&w->form, S("DurationSeconds"), buf_str(&b));
	}
}

/* see sts.h */
enum err
sts_assume_role(const struct sts *sts, const struct creds_keys *keys,
    const struct sts_role *role, struct arena *a, struct creds_keys *out,
    struct fail *f)
{
	struct work w = {
		.sts = sts, .keys = keys, .a = a, .f = f,
		.action = S("AssumeRole"), .subject = role->arn,
	};
	enum err err = begin(&w);

	if (err != ERR_OK) {
		return err;
	}
	add_role(&w, role);
	if (role->external_id.len > 0) {
		url_form_add(&w.form, S("ExternalId"), role->external_id);
	}
	return get_keys(&w, out);
}

/* see sts.h */
enum err
sts_assume_role_web(const struct sts *sts, const struct sts_role *role,
    struct arena *a, struct creds_keys *out, struct fail *f)
{
	struct work w = {
		.sts = sts, .a = a, .f = f,
		.action = S("AssumeRoleWithWebIdentity"),
		.subject = role->arn, .token = role->token,
	};
	enum err err = begin(&w);

	if (err != ERR_OK) {
		return err;
	}
	add_role(&w, role);
	url_form_add(&w.form, S("WebIdentityToken"), role->token);
	return get_keys(&w, out);
}

/* see sts.h */
enum err
sts_caller_identity(const struct sts *sts, const struct creds_keys *keys,
    struct arena *a, struct sts_identity *out, struct fail *f)
{
	struct work w = {
		.sts = sts, .keys = keys, .a = a, .f = f,
		.action = S("GetCallerIdentity"),
	};
	struct str body = STR_NONE;
	struct xml_pick p[3];
	enum err err = begin(&w);

	if (err == ERR_OK) {
		err = run(&w, &body);
	}
	if (err != ERR_OK) {
		return err;
	}
	p[0] = member(&w, S("Account"));
	p[1] = member(&w, S("Arn"));
	p[2] = member(&w, S("UserId"));
	err = read_members(&w, body, p, 3, 2);
	if (err == ERR_OK) {
		*out = (struct sts_identity){
			p[0].text, p[1].text, p[2].text
		};
	}
	return err;
}

/* see sts.h */
struct str
sts_arn_account(struct str arn)
{
	struct str rest = arn;
	struct str part = STR_NONE;

	/* arn:partition:service:region:account:resource */
	for (int i = 0; i < 5; i++) {
		part = str_cut(&rest, ':');
		if (rest.p == NULL) {
			return STR_NONE;
		}
	}
	return part.len == 12 ? part : STR_NONE;
}
