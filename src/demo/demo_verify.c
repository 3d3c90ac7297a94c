/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signature checks of the demo endpoint, and AWS's names for what is wrong.
 */
#include "demo/demo_verify.h"

/* How far the clocks may differ: what AWS allows and says in its sentence. */
#define SKEW_MS (INT64_C(15) * 60 * 1000)

static struct sigv4_request
signed_request(const struct demo_request *r)
{
	struct str rest = r->target;
	struct sigv4_request s = { .method = r->method };

	s.path = str_cut(&rest, '?');
	s.query = rest;
	s.headers = r->headers;
	s.header_n = r->header_n;
	s.body = r->body;
	return s;
}

/* see demo_verify.h */
struct str
demo_verify_region(struct arena *a, const struct demo_request *r)
{
	struct sigv4_request s = signed_request(r);
	struct sigv4_parsed p = { .presigned = false };

	return sigv4_parse(a, &s, &p, NULL) == ERR_OK ? p.region : STR_NONE;
}

static bool
deny(struct demo_denial *d, int status, struct str code, struct str message)
{
	d->status = status;
	d->code = code;
	d->message = message;
	return false;
}

/* xx-name-1, and the longer names of other partitions. */
static bool
region_ok(struct str s)
{
	return s.len >= 9 && s.len <= 24 && str_is_alpha(s.p[0]) &&
	    str_is_alpha(s.p[1]) && str_is_digit(s.p[s.len - 1]) &&
	    s.p[s.len - 2] == '-';
}

/* AWS's name for an error of proto/sigv4. */
static bool
deny_signature(struct arena *a, const struct demo_verify *want, enum err err,
    const struct fail *f, const struct sigv4_check *check,
    struct demo_denial *d)
{
	struct buf b = buf_in(a, 64 * 1024);

	switch (err) {
	case ERR_SIG_MISSING:
		return want->query ?
		    deny(d, 403, S("MissingAuthenticationToken"),
		    S("Request is missing Authentication Token")) :
		    deny(d, 400, S("MissingAuthenticationTokenException"),
		    S("Missing Authentication Token"));
	case ERR_SIG_SYNTAX:
	case ERR_LIMIT:
		return deny(d, 400, want->query ? S("IncompleteSignature") :
		    S("IncompleteSignatureException"), fail_text(f));
	case ERR_SIG_MISMATCH:
		buf_add(&b, S("The request signature we calculated does not "
		    "match the signature you provided. Check your AWS Secret "
		    "Access Key and signing method. Consult the service "
		    "documentation for details."));
		if (check->canonical.p != NULL) {
			buf_addf(&b, "\n\nThe Canonical String for this "
			    "request should have been\n'%s'\n\nThe "
			    "String-to-Sign should have been\n'%s'\n",
			    check->canonical, check->to_sign);
		}
		return deny(d, want->query ? 403 : 400, want->query ?
		    S("SignatureDoesNotMatch") :
		    S("InvalidSignatureException"), buf_str(&b));
	case ERR_NOMEM:
		return deny(d, 503, S("ServiceUnavailable"),
		    S("Service is temporarily unavailable"));
	default:
		/* Time, scope and headers: only the sentence differs. */
		return deny(d, want->query ? 403 : 400, want->query ?
		    S("SignatureDoesNotMatch") :
		    S("InvalidSignatureException"), fail_text(f));
	}
}

/* see demo_verify.h */
bool
demo_verify(struct arena *a, const struct demo_request *r,
    const struct demo_verify *want, struct demo_caller *caller,
    struct demo_denial *denial)
{
	struct sigv4_request s = signed_request(r);
	struct sigv4_parsed p = { .presigned = false };
	struct sigv4_policy policy = { .now_ms = want->now_ms,
		.skew_ms = SKEW_MS, .region = want->region,
		.service = want->service };
	struct sigv4_check check = { .canonical = STR_NONE };
	struct sigv4_keys keys;
	struct fail f;
	enum err err;

	fail_init(&f, a);
	err = sigv4_parse(a, &s, &p, &f);
	if (err != ERR_OK) {
		return deny_signature(a, want, err, &f, &check, denial);
	}
	/* STS accepts what was presigned for it as long as other signatures,
	 * whatever X-Amz-Expires says. */
	p.expires_s = p.presigned && want->query ? SKEW_MS / 1000 :
	    p.expires_s;
	if (!region_ok(p.region)) {
		err = fail_setf(&f, ERR_SIG_SCOPE, "Credential should be "
		    "scoped to a valid region, not '%s'. ", p.region);
		return deny_signature(a, want, err, &f, &check, denial);
	}
	if (!demo_sts_caller(a, p.access_key, p.token, caller)) {
		return deny(denial, want->query ? 403 : 400, want->query ?
		    S("InvalidClientTokenId") :
		    S("UnrecognizedClientException"),
		    S("The security token included in the request is "
		    "invalid."));
	}
	keys = (struct sigv4_keys){ .access_key = p.access_key,
		.secret = caller->secret, .token = p.token };
	err = sigv4_verify(a, &s, &p, &keys, &policy, &check, &f);
	if (err != ERR_OK) {
		return deny_signature(a, want, err, &f, &check, denial);
	}
	if (p.token.len > 0 && caller->expires_ms <= want->now_ms) {
		return deny(denial, want->query ? 403 : 400, want->query ?
		    S("ExpiredToken") : S("ExpiredTokenException"),
		    S("The security token included in the request is "
		    "expired"));
	}
	return true;
}
