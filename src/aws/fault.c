/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codes -> kinds, and kinds -> sentences.
 */
#include "aws/fault.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/must.h"

/* Meaning of an error code. */
struct meaning {
	struct str code;
	enum fault_kind kind;
	enum err err;
};

/* Codes that are understood; others go by their HTTP status. Sources: the
 * throttle and transient lists of the SDKs' retry modes, CommonErrors of
 * CloudWatch and Logs. */
static const struct meaning meanings[] = {
#define THROTTLE(c) { STR_INIT(c), FAULT_THROTTLE, ERR_AWS_THROTTLED }
	THROTTLE("Throttling"), THROTTLE("ThrottlingException"),
	THROTTLE("ThrottledException"), THROTTLE("RequestThrottledException"),
	THROTTLE("RequestThrottled"), THROTTLE("TooManyRequestsException"),
	THROTTLE("ProvisionedThroughputExceededException"),
	THROTTLE("TransactionInProgressException"),
	THROTTLE("RequestLimitExceeded"), THROTTLE("BandwidthLimitExceeded"),
	THROTTLE("LimitExceededException"), THROTTLE("SlowDown"),
	THROTTLE("EC2ThrottledException"),
#undef THROTTLE
	{ STR_INIT("RequestTimeout"), FAULT_TRANSIENT, ERR_AWS_SERVICE },
	{ STR_INIT("RequestTimeoutException"), FAULT_TRANSIENT,
	    ERR_AWS_SERVICE },
	{ STR_INIT("PriorRequestNotComplete"), FAULT_TRANSIENT,
	    ERR_AWS_SERVICE },
	{ STR_INIT("RequestExpired"), FAULT_CLOCK, ERR_AWS_CLOCK },
	{ STR_INIT("RequestInTheFuture"), FAULT_CLOCK, ERR_AWS_CLOCK },
	{ STR_INIT("RequestTimeTooSkewed"), FAULT_CLOCK, ERR_AWS_CLOCK },
	{ STR_INIT("AuthFailure"), FAULT_CLOCK, ERR_AWS_EXPIRED },
	{ STR_INIT("InvalidSignatureException"), FAULT_CLOCK,
	    ERR_AWS_EXPIRED },
	{ STR_INIT("SignatureDoesNotMatch"), FAULT_CLOCK, ERR_AWS_EXPIRED },
	{ STR_INIT("ExpiredToken"), FAULT_KEYS, ERR_AWS_EXPIRED },
	{ STR_INIT("ExpiredTokenException"), FAULT_KEYS, ERR_AWS_EXPIRED },
	{ STR_INIT("TokenRefreshRequired"), FAULT_KEYS, ERR_AWS_EXPIRED },
	{ STR_INIT("UnrecognizedClientException"), FAULT_KEYS,
	    ERR_AWS_EXPIRED },
	{ STR_INIT("InvalidClientTokenId"), FAULT_KEYS, ERR_AWS_EXPIRED },
	{ STR_INIT("IncompleteSignature"), FAULT_FINAL, ERR_AWS_EXPIRED },
	{ STR_INIT("IncompleteSignatureException"), FAULT_FINAL,
	    ERR_AWS_EXPIRED },
	{ STR_INIT("MissingAuthenticationToken"), FAULT_FINAL,
	    ERR_AWS_EXPIRED },
	{ STR_INIT("MissingAuthenticationTokenException"), FAULT_FINAL,
	    ERR_AWS_EXPIRED },
	{ STR_INIT("AccessDenied"), FAULT_FINAL, ERR_AWS_ACCESS },
	{ STR_INIT("AccessDeniedException"), FAULT_FINAL, ERR_AWS_ACCESS },
	{ STR_INIT("NotAuthorized"), FAULT_FINAL, ERR_AWS_ACCESS },
	{ STR_INIT("UnauthorizedOperation"), FAULT_FINAL, ERR_AWS_ACCESS },
	{ STR_INIT("ResourceNotFound"), FAULT_FINAL, ERR_AWS_MISSING },
	{ STR_INIT("DashboardNotFoundError"), FAULT_FINAL, ERR_AWS_MISSING },
	{ STR_INIT("ResourceNotFoundException"), FAULT_FINAL,
	    ERR_AWS_MISSING }
};

static const struct meaning *
meaning_of(struct str code)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (str_eq(meanings[i].code, code)) {
			return &meanings[i];
		}
	}
	return NULL;
}

/* see fault.h */
struct str
fault_code(struct str text)
{
	size_t hash = str_find_byte(text, '#', 0);
	struct str rest = hash < text.len ? str_sub(text, hash + 1, text.len) :
	    text;

	rest = str_cut(&rest, ';');
	rest = str_trim(str_cut(&rest, ':'));
	return rest.len > 0 ? rest : STR_NONE;
}

/* see fault.h */
struct str
fault_message(struct str message)
{
	size_t at = str_find(message, S("The Canonical String"), 0);

	if (at == message.len) {
		return message;
	}
	/* An empty line stands before it. */
	while (at > 0 && (message.p[at - 1] == '\n' ||
	    message.p[at - 1] == ' ')) {
		at--;
	}
	return str_sub(message, 0, at);
}

/* What the transport's error means. */
static enum fault_kind
classify_transport(enum err err)
{
	switch (err) {
	case ERR_TIMEOUT:
		return FAULT_TIMEOUT;
	case ERR_DNS:
	case ERR_CONNECT:
	case ERR_CLOSED:
	case ERR_IO:
	case ERR_TLS:
		return FAULT_TRANSIENT;
	default:
		return FAULT_FINAL;
	}
}

/* see fault.h */
enum fault_kind
fault_classify(const struct fault *x)
{
	const struct meaning *m = meaning_of(x->code);

	if (x->err != ERR_OK) {
		return classify_transport(x->err);
	}
	if (x->status >= 200 && x->status < 300) {
		return FAULT_NONE;
	}
	if (m != NULL && m->kind == FAULT_CLOCK) {
		bool off = x->skew_ms >= AWS_SKEW_MS ||
		    x->skew_ms <= -AWS_SKEW_MS;

		return off ? FAULT_CLOCK : FAULT_FINAL;
	}
	if (m != NULL) {
		return m->kind;
	}
	if (x->status == 429) {
		return FAULT_THROTTLE;
	}
	return x->status == 500 || x->status == 502 || x->status == 503 ||
	    x->status == 504 ? FAULT_TRANSIENT : FAULT_FINAL;
}

/* see fault.h */
void
fault_action(struct buf *b, enum endpoint_service service,
    struct str operation)
{
	buf_add(b, service == ENDPOINT_CLOUDWATCH ? S("cloudwatch:") :
	    service == ENDPOINT_LOGS || service == ENDPOINT_LOGS_STREAM ?
	    S("logs:") : S("sts:"));
	buf_add(b, operation);
}

/* The IAM action that an operation needs. The Prometheus-compatible ones have
 * none of their own (CloudWatch User Guide, "IAM permissions for PromQL"). */
static void
add_permission(struct buf *b, const struct fault *x)
{
	if (str_eq(x->operation, S("QueryMetrics"))) {
		buf_add(b, S("cloudwatch:GetMetricData"));
	} else if (str_eq(x->operation, S("GetSeries")) ||
	    str_eq(x->operation, S("GetLabels"))) {
		buf_add(b, S("cloudwatch:ListMetrics"));
	} else {
		fault_action(b, x->service, x->operation);
	}
}

/* A number that clients look for stands alone at s[at]. */
static bool
stands_alone(struct str s, size_t at, size_t len)
{
	return (at == 0 || !str_is_alnum(s.p[at - 1])) &&
	    (at + len == s.len || !str_is_alnum(s.p[at + len]));
}

/* see fault.h */
struct str
fault_quote(struct str s)
{
	static const struct str words[] = { STR_INIT("unauthorized"),
	    STR_INIT("rate limit"), STR_INIT("too many requests"),
	    STR_INIT("invalid_token"), STR_INIT("authentication required") };
	static const struct str numbers[] = { STR_INIT("401"),
	    STR_INIT("429") };
	size_t len = s.len;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_icontains(s, words[i])) {
			return STR_NONE;
		}
	}
	for (size_t i = 0; i < 2; i++) {
		for (size_t at = str_find(s, numbers[i], 0); at < s.len;
		    at = str_find(s, numbers[i], at + 1)) {
			if (stands_alone(s, at, numbers[i].len)) {
				return STR_NONE;
			}
		}
	}
	if (len > FAULT_QUOTE_MAX) {
		len = FAULT_QUOTE_MAX;
		/* Do not cut a UTF-8 sequence in two. */
		while (len > 0 && ((unsigned char)s.p[len] & 0xc0) == 0x80) {
			len--;
		}
	}
	return s.len == 0 ? STR_NONE : str_sub(s, 0, len);
}

/* The sentence in the making: "logs:StartQuery in eu-west-1". */
static void
add_subject(struct buf *b, const struct fault *x)
{
	fault_action(b, x->service, x->operation);
	buf_add(b, S(" in "));
	buf_add(b, x->region);
}

static void
add_quote(struct buf *b, const struct fault *x)
{
	struct str quote = fault_quote(x->message);

	if (quote.p != NULL) {
		buf_addf(b, " AWS said: %s", quote);
	}
}

static void
add_attempts(struct buf *b, const struct fault *x)
{
	if (x->attempt_n > 1) {
		buf_addf(b, " (%u attempts in %d s)", (uint64_t)x->attempt_n,
		    (x->took_ms + 500) / 1000);
	}
}

/* What stands between two marks of AWS's message, or absent. */
static struct str
between(struct str s, struct str from, struct str to)
{
	size_t at = str_find(s, from, 0);
	size_t end;

	if (at == s.len) {
		return STR_NONE;
	}
	at += from.len;
	end = str_find(s, to, at);
	return end == s.len ? STR_NONE : str_sub(s, at, end);
}

/* "User: ARN is not authorized to perform: ACTION on resource: ..." */
static void
say_access(struct buf *b, const struct fault *x)
{
	char own[128];
	struct buf action = buf_fixed(own, sizeof(own));
	struct str who = between(x->message, S("User: "),
	    S(" is not authorized"));
	struct str what = between(x->message, S("perform: "),
	    S(" on resource"));

	add_permission(&action, x);
	if (what.len == 0 || what.len > 128 ||
	    str_find_byte(what, ':', 0) == what.len ||
	    str_find_byte(what, '"', 0) < what.len ||
	    str_find_byte(what, ' ', 0) < what.len) {
		what = buf_str(&action);
	}
	buf_addf(b, "AWS denied %s in %s", what, x->region);
	if (who.len > 0 && who.len < 2048) {
		buf_addf(b, " to %s", who);
	}
	if (str_icontains(x->message, S("explicit deny"))) {
		buf_add(b, S(". A policy denies it explicitly, so that Deny "
		    "has to go first"));
	}
	buf_addf(b, ". Add this to an IAM policy of that identity: "
	    "{\"Effect\": \"Allow\", \"Action\": \"%s\", "
	    "\"Resource\": \"*\"}.", what);
	if (str_eq(x->operation, S("QueryMetrics"))) {
		buf_add(b, S(" A PromQL query needs cloudwatch:GetMetricData "
		    "and cloudwatch:ListMetrics."));
	}
	add_quote(b, x);
}

static void
say_throttled(struct buf *b, const struct fault *x)
{
	if (str_eq(x->code, S("LimitExceededException"))) {
		add_subject(b, x);
		buf_add(b, S(" met a quota of the account"));
		add_attempts(b, x);
		buf_add(b, str_eq(x->operation, S("StartQuery")) ?
		    S(". Too many queries run at once, dashboards and "
		    "scheduled queries included: wait for some to end, or "
		    "stop them.") :
		    S(". Wait, or ask AWS to raise it."));
	} else {
		buf_add(b, S("AWS is throttling "));
		add_subject(b, x);
		add_attempts(b, x);
		buf_add(b, S(". Wait a minute, then ask for less at once."));
	}
	add_quote(b, x);
}

static void
say_keys(struct buf *b, const struct fault *x)
{
	buf_add(b, S("AWS does not accept the credentials for "));
	add_subject(b, x);
	if (x->code.len > 0) {
		buf_addf(b, " (%s)", x->code);
	}
	if (x->source.len > 0) {
		buf_addf(b, "; they came from %s", x->source);
	}
	buf_add(b, str_icontains(x->code, S("expired")) ?
	    S(". They have expired: renew them there.") :
	    S(". Check that key, secret and session token belong together."));
	add_quote(b, x);
}

static void
say_clock(struct buf *b, const struct fault *x)
{
	int64_t off_s = x->skew_ms / 1000;

	buf_addf(b, "The clock of this machine is %d s %s AWS's, so AWS "
	    "refuses ", off_s < 0 ? -off_s : off_s,
	    off_s < 0 ? S("ahead of") : S("behind"));
	add_subject(b, x);
	buf_add(b, S(". Set the clock (NTP)."));
	add_quote(b, x);
}

/* The last sentence on a transport error: what to look at. */
static struct str
transport_hint(const struct fault *x)
{
	switch (x->err) {
	case ERR_DNS:
		return x->configured ?
		    S(" Check the host in AWS_ENDPOINT_URL.") :
		    S(" Check DNS, the name of the region, and whether this "
		    "network reaches AWS (HTTPS_PROXY, VPC endpoint).");
	case ERR_CONNECT:
	case ERR_TIMEOUT:
		return x->configured ? S(" Check AWS_ENDPOINT_URL.") :
		    S(" Check that outbound TCP 443 is open, or whether "
		    "HTTPS_PROXY or a VPC endpoint is needed.");
	case ERR_PROXY:
		return S(" Check HTTPS_PROXY, and NO_PROXY for hosts that are "
		    "reached without it.");
	case ERR_TLS_UNTRUSTED:
		return S(" If a proxy inspects TLS here, name its certificate "
		    "file in AWS_CA_BUNDLE.");
	case ERR_TLS_EXPIRED:
		return S(" Check the clock of this machine.");
	case ERR_TLS_NAME:
		return S(" Check AWS_ENDPOINT_URL, DNS and HTTPS_PROXY.");
	default:
		return S("");
	}
}

static void
say_transport(struct buf *b, const struct fault *x)
{
	struct str text = fault_quote(x->err_text);

	add_subject(b, x);
	buf_addf(b, " got no answer from %s", x->host);
	add_attempts(b, x);
	buf_addf(b, ": %s.", text.p != NULL ? text : err_text(x->err));
	buf_add(b, transport_hint(x));
}

/* The rest: failures of the service, refusals, answers of somebody else. */
static void
say_other(struct buf *b, const struct fault *x, enum err err)
{
	if (err == ERR_AWS_SERVICE) {
		buf_addf(b, "%s failed at ", endpoint_title(x->service));
		add_subject(b, x);
		if (x->code.len > 0) {
			buf_addf(b, " with %s", x->code);
		} else {
			buf_addf(b, " with HTTP %d", (int64_t)x->status);
		}
		add_attempts(b, x);
		buf_add(b, S(". Try again in a moment."));
	} else if (err == ERR_AWS_REPLY) {
		add_subject(b, x);
		buf_addf(b, " got an answer from %s that is not AWS's",
		    x->host);
		if (x->status != 401) {
			buf_addf(b, " (HTTP %d, %u bytes)",
			    (int64_t)x->status, x->body_len);
		}
		buf_add(b, S(". Is a proxy or a wrong AWS_ENDPOINT_URL in "
		    "between?"));
	} else {
		buf_add(b, S("AWS rejected "));
		add_subject(b, x);
		buf_addf(b, " with %s.", x->code);
		if (err == ERR_AWS_MISSING) {
			buf_add(b, S(" Check the name and the region; the "
			    "tools that list or describe have the names."));
		}
	}
	add_quote(b, x);
}

/* The catalogue code of a failure. */
static enum err
code_of(const struct fault *x)
{
	const struct meaning *m = meaning_of(x->code);
	enum fault_kind kind = fault_classify(x);

	if (x->err != ERR_OK) {
		return x->err;
	}
	if (kind == FAULT_CLOCK) {
		return ERR_AWS_CLOCK;
	}
	if (m != NULL) {
		/* A refusal for its time, but the clocks agree. */
		return m->err == ERR_AWS_CLOCK ? ERR_AWS_REQUEST : m->err;
	}
	if (kind == FAULT_THROTTLE) {
		return ERR_AWS_THROTTLED;
	}
	if (x->status >= 500) {
		return ERR_AWS_SERVICE;
	}
	return x->code.len > 0 ? ERR_AWS_REQUEST : ERR_AWS_REPLY;
}

/* see fault.h */
enum err
fault_describe(const struct fault *x, struct fail *f)
{
	enum err err = code_of(x);
	struct buf b;

	MUST(err != ERR_OK);
	if (f == NULL || f->a == NULL) {
		return fail_set(f, err, 0, STR_NONE);
	}
	b = buf_in(f->a, FAIL_TEXT_MAX);
	if (x->err != ERR_OK) {
		say_transport(&b, x);
	} else if (err == ERR_AWS_ACCESS) {
		say_access(&b, x);
	} else if (err == ERR_AWS_THROTTLED) {
		say_throttled(&b, x);
	} else if (err == ERR_AWS_EXPIRED) {
		say_keys(&b, x);
	} else if (err == ERR_AWS_CLOCK) {
		say_clock(&b, x);
	} else {
		say_other(&b, x, err);
	}
	return fail_set(f, err, 0, b.len > 0 ? buf_str(&b) : STR_NONE);
}
