/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The retry loop, for one call or several at once.
 *
 * Each job is a flight: it is due at some monotonic time, is sent together
 * with all others that are due, and is judged when it comes back: landed, or
 * due again later. The loop sleeps until the next one is due. So one thread
 * drives up to EXCHANGE_MANY_MAX calls, and aws_call() is the case of one.
 */
#include "aws/call.h"

#include <string.h>

#include "aws/fault.h"
#include "aws/operation.h"
#include "aws/provider.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/must.h"
#include "base/timefmt.h"
#include "proto/xml.h"

/* One job on its way. */
struct flight {
	struct aws_job *job;
	struct endpoint endpoint;
	struct creds_keys keys;
	bool keyed;              /* keys are there */
	bool keys_renewed;       /* the one repair was used */
	bool clock_fixed;        /* the other one too */
	bool landed;
	bool turn;               /* the next attempt has its turn */
	struct str path;         /* encoded, of endpoint and operation */
	struct str invocation_id;
	struct exchange *x;      /* of the current attempt */
	int64_t from_ms;         /* when the job began */
	int64_t due_ms;          /* next attempt, monotonic */
	int64_t signed_ms;       /* clock offset used for the signature */
	int64_t retry_n;         /* retries that were paid for */
	int64_t paid;            /* tokens of the last one */
	size_t operation;        /* its place in the list */
	struct str span;         /* of the current attempt; absent: none */
};

/* ---- process-wide state ---- */

/* see call.h */
enum err
aws_init(struct aws *aws, struct fail *f)
{
	const struct sys *sys = aws->sys;
	struct str max = sys->env(sys->ctx, S("AWS_MAX_ATTEMPTS"));
	struct str mode = sys->env(sys->ctx, S("AWS_RETRY_MODE"));
	uint64_t n = 0;

	if (max.len > 0 && (!str_u64(max, UINT64_MAX, &n) || n == 0)) {
		return fail_setf(f, ERR_CONFIG, "AWS_MAX_ATTEMPTS is \"%s\"; "
		    "it has to be a number from 1 on", max);
	}
	if (mode.len > 0 && !str_ieq(mode, S("standard")) &&
	    !str_ieq(mode, S("legacy")) && !str_ieq(mode, S("adaptive"))) {
		return fail_setf(f, ERR_CONFIG, "AWS_RETRY_MODE is \"%s\"; it "
		    "has to be standard, legacy or adaptive (all three mean "
		    "standard here)", mode);
	}
	aws->attempt_max = (int64_t)(n > AWS_ATTEMPT_MAX ? AWS_ATTEMPT_MAX : n);
	aws->tokens = AWS_TOKEN_MAX;
	return endpoint_check(sys, aws->region, f);
}

static void
lock(const struct aws *aws)
{
	aws->sys->lock(aws->sys->ctx, SYS_LOCK_AWS);
}

static void
unlock(const struct aws *aws)
{
	aws->sys->unlock(aws->sys->ctx, SYS_LOCK_AWS);
}

static int64_t
mono(const struct aws *aws)
{
	return aws->sys->mono_ms(aws->sys->ctx);
}

/* Draws tokens; false: the bucket is too empty, do not retry. */
static bool
draw_tokens(struct aws *aws, int64_t n)
{
	bool ok;

	lock(aws);
	ok = aws->tokens >= n;
	aws->tokens -= ok ? n : 0;
	unlock(aws);
	return ok;
}

/* A success pays back what its retry cost, or one. */
static void
return_tokens(struct aws *aws, int64_t n)
{
	lock(aws);
	aws->tokens += n > 0 ? n : 1;
	if (aws->tokens > AWS_TOKEN_MAX) {
		aws->tokens = AWS_TOKEN_MAX;
	}
	unlock(aws);
}

static int64_t
clock_offset(struct aws *aws)
{
	int64_t offset;

	lock(aws);
	offset = aws->clock_offset_ms;
	unlock(aws);
	return offset;
}

/* ---- scopes ---- */

/* see call.h */
void
aws_scope_init(struct aws_scope *s, struct aws *aws, struct arena *a,
    struct fail *f, int64_t deadline_ms, const struct cancel *cancel,
    unsigned *call_n)
{
	*s = (struct aws_scope){ .aws = aws, .arena = a, .fail = f,
	    .deadline_ms = deadline_ms, .cancel = cancel, .call_n = call_n };
}

/* Whether something besides the machine itself says a region. */
static bool
region_said(const struct aws_scope *s, struct str arg)
{
	const struct sys *sys = s->aws->sys;

	return arg.len > 0 || s->aws->region.len > 0 ||
	    sys->env(sys->ctx, S("AWS_DEFAULT_REGION")).len > 0 ||
	    profile_get(&s->files, s->profile, S("region")).len > 0;
}

/* Reads what is known of the instance's region. false: it is to be asked. */
static bool
recall_instance(struct aws_scope *s, struct str *out)
{
	struct aws *aws = s->aws;
	bool known;

	lock(aws);
	known = aws->instance_again_ms > mono(aws);
	*out = known && aws->instance_region_len > 0 ? str_dup(s->arena,
	    str_of(aws->instance_region, aws->instance_region_len)) : STR_NONE;
	unlock(aws);
	return known;
}

/* The region of the instance this runs on, asked once; absent: none. A machine
 * that is no instance costs its first call up to a second, when nothing names a
 * region. A silent service is asked again later, as it may come up after us.
 * Calls that come while the first one asks do so too. */
static enum err
instance_region(struct aws_scope *s, struct str *out)
{
	struct aws *aws = s->aws;
	int64_t end = mono(aws) + IMDS_TIMEOUT_MS;
	struct fail f;
	struct provider_run r = {
		.sys = aws->sys, .transport = aws->transport,
		.log = aws->log, .profile = s->profile,
		.deadline_ms = end < s->deadline_ms ? end : s->deadline_ms,
		.cancel = s->cancel, .a = s->arena, .f = &f,
		.files = s->files,
	};
	enum err err;

	if (recall_instance(s, out)) {
		return ERR_OK;
	}
	fail_init(&f, s->arena);
	r.looked = buf_in(s->arena, FAIL_TEXT_MAX);
	err = provider_region(&r, out);
	if (err == ERR_CONFIG) {
		return fail_set(s->fail, err, 0, fail_text(&f));
	}
	if (err != ERR_OK) {
		return fail_set(s->fail, err, 0, STR_NONE);
	}
	lock(aws);
	aws->instance_region_len = out->len;
	if (out->len > 0) {
		memcpy(aws->instance_region, out->p, out->len);
	}
	aws->instance_again_ms = out->len > 0 ? INT64_MAX :
	    mono(aws) + AWS_INSTANCE_AGAIN_MS;
	unlock(aws);
	return ERR_OK;
}

/* see call.h */
bool
aws_profile_allowed(const struct aws_scope *s, struct str name)
{
	struct str rest = s->aws->profiles;
	bool allowed = rest.p == NULL;

	if (s->caller != NULL && s->caller->keys != NULL) {
		return false; /* its calls run with those, without a name */
	}
	while (!allowed && rest.p != NULL) {
		allowed = str_matches(str_trim(str_cut(&rest, ',')), name);
	}
	return allowed && (s->caller == NULL || s->caller->profiles == NULL ||
	    str_matches_any(s->caller->profiles, s->caller->profile_n, name));
}

/* The profile of calls that name none. */
static struct str
own_profile(const struct aws *aws)
{
	struct str own = aws->profile.len > 0 ? aws->profile :
	    profile_from_env(aws->sys);

	return own.len > 0 ? own : S("default");
}

/* Whether the call may use the profile of that name, or of calls that name none
 * (absent). A name that means the same as none passes the server's list: the
 * one of --profile, or "default" where there is no such profile. A caller who
 * is limited does not get at the rest by leaving the name out. */
static bool
may_use(const struct aws_scope *s, struct str name)
{
	struct str own = own_profile(s->aws);
	bool exists = name.p != NULL && profile_exists(&s->files, name);

	if (s->caller != NULL && s->caller->keys != NULL) {
		return name.p == NULL || str_eq(name, own);
	}
	if (s->caller != NULL && s->caller->profiles != NULL &&
	    !str_matches_any(s->caller->profiles, s->caller->profile_n,
	    name.p == NULL ? own : name)) {
		return false;
	}
	return name.p == NULL || s->aws->profiles.p == NULL ||
	    (exists && aws_profile_allowed(s, name)) || (str_eq(name, own) &&
	    (!exists || s->aws->profile.len > 0));
}

/* Refuses a name that is not there, or that the call may not use; where there
 * is a list of those it may, the sentence tells of no others. */
static enum err
check_profile(struct aws_scope *s)
{
	struct str name = s->profile_arg;
	struct str *names;
	struct buf b = buf_in(s->arena, FAIL_TEXT_MAX);
	bool limited = s->caller != NULL && s->caller->profiles != NULL;
	size_t n, kept = 0;

	if (may_use(s, name)) {
		/* Keys of a profile that is gone may still be at hand. For a
		 * name of its list a limited caller hears of its list only. */
		bool gone = name.p != NULL && !str_eq(name, S("default")) &&
		    s->aws->keys == NULL && (s->caller == NULL ||
		    s->caller->keys == NULL) &&
		    !profile_exists(&s->files, name);

		if (!gone || !limited) {
			return gone ? profile_unknown(&s->files, s->arena,
			    name, s->fail) : ERR_OK;
		}
	}
	if (s->caller != NULL && s->caller->keys != NULL) {
		return fail_setf(s->fail, ERR_PROFILE, "profile '%s' cannot "
		    "be named: your calls run with your own AWS identity; "
		    "leave profile_name out", name);
	}
	if (profile_list(&s->files, s->arena, &names, &n) != ERR_OK) {
		return fail_set(s->fail, ERR_NOMEM, 0, STR_NONE);
	}
	for (size_t i = 0; i < n; i++) {
		if (aws_profile_allowed(s, names[i])) {
			names[kept++] = names[i];
		}
	}
	if (name.p != NULL) {
		buf_addf(&b, "profile '%s' is not one that may be named here "
		    "(%s); ", name, limited ? S("by you") :
		    S("CLOUDWATCH_MCP_PROFILES"));
	} else {
		buf_add(&b, S("you may not read with the profile of calls that "
		    "name none; "));
	}
	buf_add(&b, kept > 0 ? S("those that may: ") : limited ?
	    S("there is none that you may name") :
	    S("none may be: leave profile_name out"));
	profile_add_names(&b, names, kept);
	return fail_set(s->fail, ERR_PROFILE, 0, buf_str(&b));
}

/* see call.h */
enum err
aws_scope_load(struct aws_scope *s)
{
	enum err err = profile_load(s->aws->sys, s->arena, &s->files);

	return err == ERR_OK ? err : fail_set(s->fail, err, 0, STR_NONE);
}

/* see call.h */
enum err
aws_scope_open(struct aws_scope *s, struct str profile_arg,
    struct str region_arg)
{
	enum err err = aws_scope_load(s);

	return err == ERR_OK ? aws_scope_choose(s, profile_arg, region_arg) :
	    err;
}

/* see call.h */
enum err
aws_scope_choose(struct aws_scope *s, struct str profile_arg,
    struct str region_arg)
{
	struct aws *aws = s->aws;
	struct str instance = STR_NONE;
	struct str text;
	uint64_t n;
	enum err err;

	s->account_id = s->source = STR_NONE;
	s->profile_arg = profile_arg.len > 0 ? profile_arg : STR_NONE;
	err = check_profile(s);
	if (err != ERR_OK) {
		return err;
	}
	s->profile = s->profile_arg.p != NULL ? s->profile_arg :
	    own_profile(aws);
	text = profile_get(&s->files, s->profile, S("max_attempts"));
	s->attempt_max = AWS_ATTEMPT_N;
	if (aws->attempt_max > 0) {
		s->attempt_max = aws->attempt_max;
	} else if (str_u64(text, AWS_ATTEMPT_MAX, &n) && n > 0) {
		s->attempt_max = (int64_t)n;
	}
	if (!region_said(s, region_arg)) {
		err = instance_region(s, &instance);
		if (err != ERR_OK) {
			return err;
		}
	}
	return endpoint_region(aws->sys, &s->files, s->profile, region_arg,
	    aws->region, instance, &s->region, s->fail);
}

/* see call.h */
enum err
aws_scope_region(const struct aws_scope *s, struct str region,
    struct aws_scope *out)
{
	*out = *s;
	return endpoint_region(s->aws->sys, &s->files, s->profile, region,
	    STR_NONE, STR_NONE, &out->region, s->fail);
}

/* The list of accounts says another account by now than when these keys were
 * made: they would answer for the wrong one for up to an hour. */
static bool
is_moved(const struct aws_scope *s, const struct creds_keys *k)
{
	return s->profile_arg.p != NULL && k->account_id.p != NULL &&
	    profile_is_account(&s->files, s->profile) &&
	    !str_eq(k->account_id, profile_get(&s->files, s->profile,
	    S("aws_account_id")));
}

/* Finds the keys of a scope. */
static enum err
find_keys(struct aws_scope *s, struct creds_keys *out, struct fail *f)
{
	struct creds_want want = { s->deadline_ms, s->cancel };
	enum err err = ERR_OK;

	if (s->caller != NULL && s->caller->keys != NULL) {
		err = s->caller->keys(s->caller->ctx, s->deadline_ms,
		    s->cancel, s->arena, out, f);
	} else if (s->aws->keys != NULL) {
		*out = *s->aws->keys;
	} else {
		MUST(s->aws->creds != NULL);
		err = creds_get(s->aws->creds, s->profile_arg, &want,
		    s->arena, out, f);
		if (err == ERR_OK && is_moved(s, out)) {
			creds_invalidate(s->aws->creds, s->profile_arg,
			    out->access_key_id);
			err = creds_get(s->aws->creds, s->profile_arg, &want,
			    s->arena, out, f);
		}
	}
	if (err == ERR_OK) {
		s->source = out->source;
		if (out->account_id.p != NULL) {
			s->account_id = out->account_id;
		}
	}
	return err;
}

/* The counters of an operation; NULL: nobody counts. */
static struct meter_operation *
counters(const struct aws *aws, size_t operation)
{
	return aws->meter != NULL && operation < METER_OPERATION_N &&
	    operation < operation_n ? &aws->meter->operations[operation] : NULL;
}

/* A call of an operation has ended. */
static void
count_call(const struct aws *aws, size_t operation, enum err err,
    int64_t from_ms)
{
	struct meter_operation *n = counters(aws, operation);

	if (n != NULL) {
		meter_add(&n->outcomes[meter_outcome(err)]);
		meter_time(&n->times, mono(aws) - from_ms);
	}
}

/* see call.h */
enum err
aws_scope_keys(struct aws_scope *s)
{
	struct creds_keys keys;

	return find_keys(s, &keys, s->fail);
}

/* GetCallerIdentity with given keys, within s->deadline_ms. */
static enum err
ask_sts(struct aws_scope *s, const struct creds_keys *keys,
    struct sts_identity *out)
{
	struct aws *aws = s->aws;
	int64_t from_ms = mono(aws);
	struct buf url = buf_in(s->arena, HTTP_TARGET_MAX);
	struct endpoint endpoint;
	struct sts sts = { .sys = aws->sys, .transport = aws->transport,
	    .log = aws->log, .number = s->number,
	    .deadline_ms = s->deadline_ms, .cancel = s->cancel };
	enum err err = endpoint_resolve(aws->sys, &s->files, s->profile,
	    ENDPOINT_STS, s->region, s->arena, &endpoint, s->fail);

	if (err != ERR_OK) {
		return err;
	}
	endpoint_add_url(&url, &endpoint);
	if (!buf_ok(&url)) {
		return fail_set(s->fail, ERR_NOMEM, 0, STR_NONE);
	}
	sts.endpoint = buf_str(&url);
	sts.region = endpoint.signing_region;
	if (s->call_n != NULL) {
		(*s->call_n)++;
	}
	err = sts_caller_identity(&sts, keys, s->arena, out, s->fail);
	count_call(aws, operation_index(ENDPOINT_STS, S("GetCallerIdentity")),
	    err, from_ms);
	return err;
}

/* Keeps the account of an access key; an absent one is kept as unknown. */
static void
remember_account(struct aws *aws, struct str access_key_id,
    struct str account)
{
	struct aws_account *slot = NULL;
	uint8_t id[ENC_SHA256_LEN];
	bool known = account.len == sizeof(slot->digits);

	enc_sha256(access_key_id, id);
	lock(aws);
	for (size_t i = 0; i < AWS_ACCOUNT_N; i++) {
		if (memcmp(aws->accounts[i].id, id, sizeof(id)) == 0) {
			slot = &aws->accounts[i];
		}
	}
	if (slot == NULL) {
		slot = &aws->accounts[aws->account_next++ % AWS_ACCOUNT_N];
	}
	memcpy(slot->id, id, sizeof(id));
	slot->digit_n = known ? sizeof(slot->digits) : 0;
	if (known) {
		memcpy(slot->digits, account.p, sizeof(slot->digits));
	}
	slot->until_ms = mono(aws) + (known ? AWS_ACCOUNT_KEEP_MS :
	    AWS_ACCOUNT_AGAIN_MS);
	unlock(aws);
}

/* Looks an access key up; false: STS has to be asked. */
static bool
recall_account(struct aws_scope *s, struct str access_key_id,
    struct str *account)
{
	struct aws *aws = s->aws;
	uint8_t id[ENC_SHA256_LEN];
	bool found = false;
	int64_t now = mono(aws);

	*account = STR_NONE;
	enc_sha256(access_key_id, id);
	lock(aws);
	for (size_t i = 0; !found && i < AWS_ACCOUNT_N; i++) {
		const struct aws_account *slot = &aws->accounts[i];

		found = slot->until_ms > now &&
		    memcmp(slot->id, id, sizeof(id)) == 0;
		if (found && slot->digit_n > 0) {
			*account = str_dup(s->arena, str_of(slot->digits,
			    slot->digit_n));
		}
	}
	unlock(aws);
	meter_cache(aws->meter, METER_CACHE_ACCOUNT, found);
	return found;
}

/* see call.h */
enum err
aws_identity(struct aws_scope *s, struct sts_identity *out)
{
	struct creds_keys keys;
	enum err err = find_keys(s, &keys, s->fail);

	*out = (struct sts_identity){ 0 };
	if (err == ERR_OK) {
		err = ask_sts(s, &keys, out);
	}
	if (err == ERR_OK) {
		s->account_id = out->account;
		remember_account(s->aws, keys.access_key_id, out->account);
	}
	return err;
}

/* see call.h */
struct str
aws_account_id(struct aws_scope *s)
{
	struct aws_scope short_scope = *s;
	struct sts_identity who = { 0 };
	struct creds_keys keys;
	struct fail f;

	if (s->account_id.p != NULL) {
		return s->account_id;
	}
	fail_init(&f, s->arena);
	short_scope.fail = &f;
	if (short_scope.deadline_ms > mono(s->aws) + AWS_ACCOUNT_TIMEOUT_MS) {
		short_scope.deadline_ms = mono(s->aws) +
		    AWS_ACCOUNT_TIMEOUT_MS;
	}
	if (find_keys(&short_scope, &keys, &f) != ERR_OK) {
		return STR_NONE;
	}
	s->account_id = keys.account_id;
	if (s->account_id.p == NULL &&
	    !recall_account(s, keys.access_key_id, &s->account_id)) {
		if (ask_sts(&short_scope, &keys, &who) == ERR_OK) {
			s->account_id = who.account;
		}
		remember_account(s->aws, keys.access_key_id, s->account_id);
	}
	return s->account_id;
}

/* ---- one attempt ---- */

/* A random UUID (RFC 9562 version 4) in the arena; absent: no memory. */
static struct str
new_uuid(const struct sys *sys, struct arena *a)
{
	uint8_t r[16] = { 0 };
	struct buf b = buf_in(a, 36);

	/* All zeros would do: the id is for AWS's logs only. */
	if (sys->random(sys->ctx, r, sizeof(r)) != ERR_OK) {
		memset(r, 0, sizeof(r));
	}
	r[6] = (uint8_t)((r[6] & 0x0f) | 0x40);
	r[8] = (uint8_t)((r[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(r); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10) {
			buf_add_byte(&b, '-');
		}
		enc_hex(&b, enc_bytes(r + i, 1));
	}
	return buf_ok(&b) ? buf_str(&b) : STR_NONE;
}

static void
log_request(const struct flight *fl, struct str canonical)
{
	const struct aws_scope *s = fl->job->scope;
	struct log_event e;
	struct buf b;

	if (!log_enabled(s->aws->log, LOG_DEBUG)) {
		return;
	}
	b = buf_in(s->arena, canonical.len + 64);
	sigv4_redact(&b, canonical);
	if (log_begin(&e, s->aws->log, LOG_DEBUG, S("aws_request"))) {
		log_request_id(&e, s->number);
		log_str(&e, S("operation"), fl->job->op->name);
		log_str(&e, S("region"), s->region);
		log_int(&e, S("attempt"), fl->job->reply.attempt_n);
		log_str(&e, S("canonical"), buf_str(&b));
		log_end(&e);
	}
}

static void
log_reply(const struct flight *fl, const struct fault *fault)
{
	const struct aws_scope *s = fl->job->scope;
	struct log_event e;

	if (!log_begin(&e, s->aws->log, LOG_DEBUG, S("aws_reply"))) {
		return;
	}
	log_request_id(&e, s->number);
	log_str(&e, S("operation"), fl->job->op->name);
	log_str(&e, S("region"), s->region);
	log_int(&e, S("attempt"), fault->attempt_n);
	log_int(&e, S("status"), fault->status);
	log_str(&e, S("code"), fault->code);
	if (fault->err != ERR_OK) {
		log_str(&e, S("error"), err_name(fault->err));
	}
	log_int(&e, S("bytes"), (int64_t)fault->body_len);
	log_int(&e, S("duration_ms"), fault->took_ms);
	log_str(&e, S("aws_request_id"), fl->job->reply.request_id);
	log_str(&e, S("span_id"), fl->span);
	log_end(&e);
}

static struct str
method_of(const struct aws_job *job)
{
	return job->get != NULL ? S("GET") : S("POST");
}

static struct str
query_of(const struct aws_job *job)
{
	return job->get != NULL ? job->get->query : STR_NONE;
}

/* Appends the trace context, if the request has one. */
static void
trace_headers(struct flight *fl, struct transport_header *headers, size_t *n)
{
	const struct aws_scope *s = fl->job->scope;
	const struct sys *sys = s->aws->sys;
	struct buf span = buf_in(s->arena, TRACE_SPAN_LEN);
	struct buf parent = buf_in(s->arena, TRACE_PARENT_LEN);
	uint8_t r[TRACE_SPAN_LEN / 2];

	fl->span = STR_NONE;
	if (s->trace == NULL || s->trace->id.p == NULL) {
		return;
	}
	if ((s->trace->flags & TRACE_SAMPLED) != 0 &&
	    sys->random(sys->ctx, r, sizeof(r)) == ERR_OK) {
		r[0] |= 1; /* all zeros are no span */
		enc_hex(&span, enc_bytes(r, sizeof(r)));
		fl->span = buf_str(&span);
	}
	trace_write(&parent, s->trace, fl->span.p != NULL ? fl->span :
	    s->trace->span);
	if (!buf_ok(&parent) || !buf_ok(&span)) {
		return;
	}
	headers[(*n)++] = (struct transport_header){ S("traceparent"),
	    buf_str(&parent) };
	if (s->trace->state.p != NULL) {
		headers[(*n)++] = (struct transport_header){ S("tracestate"),
		    s->trace->state };
	}
}

/* Headers that are not signed: User-Agent and the trace context. */
#define OTHER_HEADER_N 3
#define HEADER_N 6 /* the headers that own_headers() makes, at most */

/* Appends the headers of the attempt besides those of the signature. */
static enum err
own_headers(const struct flight *fl, struct http1_header h[static HEADER_N],
    size_t *n)
{
	const struct aws_job *job = fl->job;
	bool logs = job->op->service != ENDPOINT_CLOUDWATCH;
	bool get = job->get != NULL;
	struct buf target = buf_in(job->scope->arena, 128);
	struct buf request = buf_in(job->scope->arena, 64);

	buf_add(&target, logs ? S("Logs_20140328.") :
	    S("GraniteServiceVersion20100801."));
	buf_add(&target, job->op->name);
	buf_addf(&request, "attempt=%u; max=%d",
	    (uint64_t)job->reply.attempt_n, job->scope->attempt_max);
	h[(*n)++] = (struct http1_header){ S("Host"),
	    fl->endpoint.host_header };
	if (get) {
		h[(*n)++] = (struct http1_header){ S("Accept"),
		    S("application/json") };
	} else {
		h[(*n)++] = (struct http1_header){ S("Content-Type"), logs ?
		    S("application/x-amz-json-1.1") :
		    S("application/x-amz-json-1.0") };
		h[(*n)++] = (struct http1_header){ S("X-Amz-Target"),
		    buf_str(&target) };
	}
	h[(*n)++] = (struct http1_header){ S("amz-sdk-invocation-id"),
	    fl->invocation_id };
	h[(*n)++] = (struct http1_header){ S("amz-sdk-request"),
	    buf_str(&request) };
	if (!logs && !get) {
		/* Asks for the codes of the old Query API beside new ones. */
		h[(*n)++] = (struct http1_header){ S("x-amzn-query-mode"),
		    S("true") };
	}
	return buf_ok(&target) && buf_ok(&request) ? ERR_OK : ERR_NOMEM;
}

/* The signing key for the scope; wipe it after use. */
static enum err
signing_key(struct aws *aws, const struct sigv4_keys *keys,
    const struct sigv4_scope *scope, uint8_t key[static SIGV4_KEY_LEN])
{
	char text[TIMEFMT_AMZ_LEN];
	struct buf date = buf_fixed(text, sizeof(text));
	unsigned next;
	enum err err;

	timefmt_amz(&date, scope->time_ms);
	lock(aws);
	next = aws->signing_keys.next;
	err = sigv4_derive(&aws->signing_keys, keys->secret,
	    str_of(text, TIMEFMT_AMZ_DATE_LEN), scope->region, scope->service,
	    key);
	meter_cache(aws->meter, METER_CACHE_SIGNING_KEY,
	    next == aws->signing_keys.next);
	unlock(aws);
	return err;
}

/* Signs the attempt; all headers to send go to *headers. */
static enum err
sign(struct flight *fl, struct transport_header **headers, size_t *header_n)
{
	struct aws_job *job = fl->job;
	struct aws *aws = job->scope->aws;
	struct http1_header h[HEADER_N];
	struct sigv4_request r = { .method = method_of(job),
	    .path = fl->path, .query = query_of(job), .headers = h,
	    .body = job->body };
	struct sigv4_keys keys = { .access_key = fl->keys.access_key_id,
	    .secret = fl->keys.secret, .token = fl->keys.token };
	struct sigv4_scope scope = { .region = fl->endpoint.signing_region,
	    .service = fl->endpoint.signing_name };
	uint8_t key[SIGV4_KEY_LEN];
	struct sigv4_signed out;
	enum err err = own_headers(fl, h, &r.header_n);

	fl->signed_ms = clock_offset(aws);
	scope.time_ms = aws->sys->now_ms(aws->sys->ctx) + fl->signed_ms;
	if (err == ERR_OK) {
		err = signing_key(aws, &keys, &scope, key);
	}
	if (err == ERR_OK) {
		keys.derived = key;
		err = sigv4_sign(job->scope->arena, &r, &keys, &scope, &out,
		    &job->fail);
	}
	enc_wipe(key, sizeof(key));
	if (err != ERR_OK) {
		return err;
	}
	*headers = ARENA_ARRAY(job->scope->arena, r.header_n + out.add_n +
	    OTHER_HEADER_N, struct transport_header);
	if (*headers == NULL) {
		return ERR_NOMEM;
	}
	*header_n = 0;
	for (size_t i = 0; i < r.header_n; i++) {
		(*headers)[(*header_n)++] = (struct transport_header){
		    h[i].name, h[i].value };
	}
	for (size_t i = 0; i < out.add_n; i++) {
		(*headers)[(*header_n)++] = (struct transport_header){
		    out.add[i].name, out.add[i].value };
	}
	(*headers)[(*header_n)++] = (struct transport_header){
	    S("User-Agent"), aws->user_agent };
	trace_headers(fl, *headers, header_n);
	log_request(fl, out.canonical);
	return ERR_OK;
}

static void
land(struct flight *fl, enum err err)
{
	fl->job->err = err;
	fl->landed = true;
	count_call(fl->job->scope->aws, fl->operation, err, fl->from_ms);
}

/* Waits for a turn under AWS's quotas: true when it is now, else the flight is
 * due later, or landed because its deadline comes first. Quotas belong to the
 * account; where it is not known yet, the access key stands for it. */
static bool
take_turn(struct flight *fl)
{
	struct aws_scope *s = fl->job->scope;
	struct aws *aws = s->aws;
	struct str account = fl->keys.account_id;
	int64_t now = mono(aws);
	int64_t turn, due;

	if (fl->turn || aws->quota_percent == 0) {
		fl->turn = false;
		return true;
	}
	if (account.len == 0 && (!recall_account(s, fl->keys.access_key_id,
	    &account) || account.len == 0)) {
		account = fl->keys.access_key_id;
	}
	lock(aws);
	due = pace_take(&aws->pace, account, s->region, fl->job->op->name,
	    aws->quota_percent, now, s->deadline_ms, &turn);
	unlock(aws);
	if (due < 0) {
		land(fl, fail_setf(&fl->job->fail, ERR_AWS_THROTTLED, "so many "
		    "calls of %s in %s are under way that this one would have "
		    "to wait %d s to stay within AWS's quota, longer than it "
		    "may take. Ask again in a minute, or ask for less at once",
		    fl->job->op->name, s->region, (turn - now + 999) / 1000));
		return false;
	}
	fl->turn = due > now;
	if (fl->turn && counters(aws, fl->operation) != NULL) {
		meter_add(&counters(aws, fl->operation)->paced);
	}
	fl->due_ms = due;
	return !fl->turn;
}

/* Path and query as they go over the wire; absent: no memory. */
static struct str
target_of(const struct flight *fl)
{
	struct str query = query_of(fl->job);
	struct str parts[] = { fl->path, S("?"), query };

	return query.len == 0 ? fl->path :
	    str_join(fl->job->scope->arena, parts, 3);
}

/* The endpoint's path with the operation's below it; absent: no memory. */
static struct str
path_of(const struct flight *fl)
{
	const struct aws_get *get = fl->job->get;
	struct str parts[2] = { fl->endpoint.path };

	if (get == NULL) {
		return fl->endpoint.path;
	}
	parts[1] = get->path;
	return str_eq(fl->endpoint.path, S("/")) ? get->path :
	    str_join(fl->job->scope->arena, parts, 2);
}

/* Makes the exchange of the next attempt; lands the flight when it cannot, and
 * leaves it as it is when it has to wait for its turn. */
static void
prepare(struct flight *fl)
{
	struct aws_job *job = fl->job;
	struct aws_scope *s = job->scope;
	struct transport_header *headers;
	struct str target = STR_NONE;
	size_t header_n;
	int64_t now = mono(s->aws);
	enum err err = ERR_OK;

	fl->x = NULL;
	if (!fl->keyed) {
		err = find_keys(s, &fl->keys, &job->fail);
		fl->keyed = err == ERR_OK;
	}
	if (err == ERR_OK && !take_turn(fl)) {
		return;
	}
	job->reply.attempt_n++;
	if (err == ERR_OK) {
		err = sign(fl, &headers, &header_n);
	}
	if (err == ERR_OK) {
		fl->x = ARENA_NEW(s->arena, struct exchange);
		target = target_of(fl);
	}
	if (fl->x == NULL || target.p == NULL) {
		fl->x = NULL;
		err = err != ERR_OK ? err : ERR_NOMEM;
		land(fl, fail_set(&job->fail, err, 0, STR_NONE));
		return;
	}
	*fl->x = (struct exchange){ .arena = s->arena,
	    .tls = fl->endpoint.tls, .host = fl->endpoint.host,
	    .port = fl->endpoint.port, .method = method_of(job),
	    .target = target, .headers = headers,
	    .header_n = header_n, .body = job->body,
	    .sink = job->sink, .deadline_ms = now + AWS_ATTEMPT_TIMEOUT_MS,
	    .cancel = s->cancel };
	if (job->sink != NULL || fl->x->deadline_ms > s->deadline_ms) {
		fl->x->deadline_ms = s->deadline_ms;
	}
	fail_init(&fl->x->fail, s->arena);
	if (s->call_n != NULL) {
		(*s->call_n)++;
	}
}

/* ---- judging an answer ---- */

/* What STS answers in place of a JSON object, as JSON or as XML. */
static void
read_sts_error(struct flight *fl, const struct json *v)
{
	struct arena *a = fl->job->scope->arena;
	const struct json *e = json_get(v, S("Error"));
	struct xml_pick p[] = {
		{ S("ErrorResponse/Error/Code"), STR_NONE },
		{ S("ErrorResponse/Error/Message"), STR_NONE },
	};

	if (v == NULL && xml_pick(a, fl->x->response_body, p, 2, NULL) !=
	    ERR_OK) {
		return;
	}
	fl->job->reply.code = json_get_str(e, S("Code"), p[0].text);
	fl->job->reply.message = fault_message(json_get_str(e, S("Message"),
	    p[1].text));
}

/* Reads AWS's error object, if the body is one. */
static void
read_error(struct flight *fl, struct fault *fault)
{
	struct aws_reply *reply = &fl->job->reply;
	struct json *v = NULL;
	struct str type;

	if (json_parse(fl->job->scope->arena, fl->x->response_body, 0, &v,
	    NULL) != ERR_OK || !json_is(v, JSON_OBJECT)) {
		v = NULL;
	}
	type = json_get_str(v, S("__type"), transport_response_header(fl->x,
	    S("x-amzn-errortype")));
	if (type.len == 0) {
		type = transport_response_header(fl->x,
		    S("x-amzn-query-error"));
	}
	if (type.len == 0) {
		/* {"status":"error","errorType":...,"error":...} */
		type = json_get_str(v, S("errorType"), STR_NONE);
	}
	reply->error = v;
	reply->code = fault_code(type);
	reply->message = fault_message(json_get_str(v, S("message"),
	    json_get_str(v, S("Message"), json_get_str(v, S("error"),
	    STR_NONE))));
	if (reply->code.len == 0 && fl->job->op->service == ENDPOINT_STS) {
		read_sts_error(fl, v);
	}
	fault->code = reply->code;
	fault->message = reply->message;
}

/* Everything about the attempt that just came back. */
static void
read_answer(struct flight *fl, struct fault *fault)
{
	struct aws_job *job = fl->job;
	struct aws_scope *s = job->scope;
	const struct sys *sys = s->aws->sys;
	int64_t date_ms;

	job->reply.status = fl->x->err == ERR_OK ? fl->x->status : 0;
	job->reply.code = STR_NONE;
	job->reply.message = STR_NONE;
	job->reply.error = NULL;
	*fault = (struct fault){ .service = job->op->service,
	    .operation = job->op->name, .region = s->region,
	    .host = fl->endpoint.host, .configured = fl->endpoint.configured,
	    .source = fl->keys.source, .err = fl->x->err,
	    .status = job->reply.status,
	    .attempt_n = job->reply.attempt_n,
	    .took_ms = mono(s->aws) - fl->from_ms };
	if (fl->x->err != ERR_OK) {
		fl->x->fail.code = fl->x->err;
		fault->err_text = fail_text(&fl->x->fail);
		return;
	}
	fault->body_len = fl->x->response_body.len;
	job->reply.request_id = transport_response_header(fl->x,
	    S("x-amzn-requestid"));
	if (timefmt_parse_http(transport_response_header(fl->x, S("date")),
	    &date_ms)) {
		fault->skew_ms = date_ms - sys->now_ms(sys->ctx) -
		    fl->signed_ms;
	}
	if (fl->x->status < 200 || fl->x->status >= 300) {
		read_error(fl, fault);
	}
}

/* Lands with the answer as a tree. */
static void
land_reply(struct flight *fl)
{
	struct aws_job *job = fl->job;
	struct json *v = NULL;
	struct fail why;
	struct buf subject = buf_in(job->scope->arena, 128);
	enum err err;

	fail_init(&why, NULL);
	err = json_parse(job->scope->arena, fl->x->response_body, 0, &v, &why);
	if (err == ERR_OK && json_is(v, JSON_OBJECT)) {
		job->reply.json = v;
		return_tokens(job->scope->aws, fl->paid);
		land(fl, ERR_OK);
		return;
	}
	if (err == ERR_NOMEM) {
		land(fl, fail_set(&job->fail, err, 0, STR_NONE));
		return;
	}
	fault_action(&subject, job->op->service, job->op->name);
	if (err == ERR_OK) {
		(void)fail_setf(&job->fail, ERR_AWS_REPLY, "the answer of %s "
		    "in %s is not a JSON object", buf_str(&subject),
		    job->scope->region);
	} else {
		(void)fail_setf(&job->fail, ERR_AWS_REPLY, "the answer of %s "
		    "in %s (%u bytes) is not JSON: %s at byte %u",
		    buf_str(&subject), job->scope->region,
		    (uint64_t)fl->x->response_body.len, fail_text(&why),
		    (uint64_t)why.pos);
	}
	land(fl, ERR_AWS_REPLY);
}

/* What the server asks us to wait, or 0. */
static int64_t
retry_after_ms(const struct exchange *x)
{
	uint64_t v;

	if (str_u64(transport_response_header(x, S("x-amz-retry-after")),
	    UINT32_MAX, &v)) {
		return (int64_t)v;
	}
	if (str_u64(transport_response_header(x, S("retry-after")),
	    UINT32_MAX, &v)) {
		return (int64_t)v * 1000;
	}
	return 0;
}

/* Full jitter: a random part of min(2^retry_n s, 20 s); then Retry-After
 * within its bounds. */
static int64_t
backoff_ms(const struct flight *fl)
{
	const struct sys *sys = fl->job->scope->aws->sys;
	int64_t most = fl->retry_n < 5 ? INT64_C(1000) << fl->retry_n :
	    AWS_BACKOFF_MAX_MS;
	int64_t asked = fl->x->err == ERR_OK ? retry_after_ms(fl->x) : 0;
	uint32_t r = 0;
	int64_t ms;

	/* Without entropy everybody waits longest: still correct. */
	if (sys->random(sys->ctx, &r, sizeof(r)) != ERR_OK) {
		r = UINT32_MAX;
	}
	ms = (int64_t)((uint64_t)most * r >> 32);
	if (asked > ms) {
		ms = asked > ms + AWS_RETRY_AFTER_EXTRA_MS ?
		    ms + AWS_RETRY_AFTER_EXTRA_MS : asked;
	}
	return ms;
}

/* A repeat that costs attempts and tokens; false: no more of them. */
static bool
retry_later(struct flight *fl, enum fault_kind kind)
{
	struct aws_scope *s = fl->job->scope;
	int64_t price = kind == FAULT_TIMEOUT ? AWS_TOKEN_TIMEOUT :
	    AWS_TOKEN_RETRY;
	int64_t due = mono(s->aws) + backoff_ms(fl);

	if (fl->retry_n + 1 >= s->attempt_max || due >= s->deadline_ms ||
	    !draw_tokens(s->aws, price)) {
		return false;
	}
	if (counters(s->aws, fl->operation) != NULL) {
		meter_add(&counters(s->aws, fl->operation)->retries);
	}
	fl->retry_n++;
	fl->paid = price;
	fl->due_ms = due;
	return true;
}

/* The scope's keys can be looked up again. */
static bool
can_renew(const struct aws_scope *s)
{
	return s->caller != NULL && s->caller->keys != NULL ?
	    s->caller->drop != NULL : s->aws->keys == NULL;
}

static void
renew_keys(const struct aws_scope *s, struct str access_key_id)
{
	if (s->caller != NULL && s->caller->keys != NULL) {
		s->caller->drop(s->caller->ctx, access_key_id);
	} else {
		creds_invalidate(s->aws->creds, s->profile_arg, access_key_id);
	}
}

/* One of the two repairs, each once a call; false: used up. */
static bool
repair(struct flight *fl, enum fault_kind kind, const struct fault *fault)
{
	struct aws_scope *s = fl->job->scope;

	if (kind == FAULT_CLOCK && !fl->clock_fixed) {
		lock(s->aws);
		s->aws->clock_offset_ms = fl->signed_ms + fault->skew_ms;
		unlock(s->aws);
		fl->clock_fixed = true;
		return true;
	}
	if (kind == FAULT_KEYS && !fl->keys_renewed && can_renew(s)) {
		renew_keys(s, fl->keys.access_key_id);
		fl->keys_renewed = true;
		fl->keyed = false;
		return true;
	}
	return false;
}

/* Lands the flight or makes it due again. */
static void
judge(struct flight *fl)
{
	struct aws_scope *s = fl->job->scope;
	struct fault fault;
	enum fault_kind kind;

	if (fl->x->err == ERR_CANCELLED || fl->x->err == ERR_NOMEM) {
		land(fl, fail_set(&fl->job->fail, fl->x->err, 0, STR_NONE));
		return;
	}
	read_answer(fl, &fault);
	log_reply(fl, &fault);
	kind = fault_classify(&fault);
	if (kind == FAULT_THROTTLE &&
	    counters(s->aws, fl->operation) != NULL) {
		meter_add(&counters(s->aws, fl->operation)->throttles);
	}
	if (kind == FAULT_NONE && fl->job->sink != NULL) {
		return_tokens(s->aws, fl->paid);
		land(fl, ERR_OK);
		return;
	}
	if (kind == FAULT_NONE) {
		land_reply(fl);
		return;
	}
	if (fl->job->sink != NULL && fl->job->sink->began) {
		land(fl, fault_describe(&fault, &fl->job->fail));
		return;
	}
	if (repair(fl, kind, &fault)) {
		fl->due_ms = mono(s->aws);
		return;
	}
	if ((kind == FAULT_TRANSIENT || kind == FAULT_TIMEOUT ||
	    kind == FAULT_THROTTLE) && retry_later(fl, kind)) {
		return;
	}
	land(fl, fault_describe(&fault, &fl->job->fail));
}

/* ---- the loop ---- */

/* The request asks for what its operation says, and that is a read. A GET of
 * STS names its operation in the query. */
static bool
is_listed(const struct aws_job *job)
{
	static const struct str key = STR_INIT("Action=");
	struct str query;

	if (job->get != NULL && job->op->service == ENDPOINT_STS) {
		query = job->get->query;
		if (!str_starts(query, key)) {
			return false;
		}
		query = str_sub(query, key.len, query.len);
		if (!str_eq(str_cut(&query, '&'), job->op->name)) {
			return false;
		}
	}
	return operation_ok(job->op->service, job->op->name);
}

/* Gets a job ready for its first attempt. */
static void
begin(struct flight *fl, struct aws_job *job)
{
	struct aws_scope *s = job->scope;
	enum err err;

	*fl = (struct flight){ .job = job, .from_ms = mono(s->aws) };
	fl->due_ms = fl->from_ms;
	job->reply = (struct aws_reply){ 0 };
	fail_init(&job->fail, s->arena);
	fl->operation = operation_index(job->op->service, job->op->name);
	if (!is_listed(job)) {
		land(fl, fail_setf(&job->fail, ERR_INTERNAL, "'%s' is not one "
		    "of the read operations that this program may send",
		    job->op->name));
		return;
	}
	err = endpoint_resolve(s->aws->sys, &s->files, s->profile,
	    job->op->service, s->region, s->arena, &fl->endpoint, &job->fail);
	fl->invocation_id = new_uuid(s->aws->sys, s->arena);
	fl->path = err == ERR_OK ? path_of(fl) : STR_NONE;
	if (err == ERR_OK && (fl->invocation_id.p == NULL ||
	    fl->path.p == NULL)) {
		err = fail_set(&job->fail, ERR_NOMEM, 0, STR_NONE);
	}
	if (err != ERR_OK) {
		land(fl, err);
	}
}

/* Earliest due time of the flights in the air; INT64_MAX: all landed. */
static int64_t
next_due(const struct flight *flights, size_t n)
{
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < n; i++) {
		if (!flights[i].landed && flights[i].due_ms < due) {
			due = flights[i].due_ms;
		}
	}
	return due;
}

/* Sends what is due and judges what comes back. */
static void
round_of(struct aws *aws, struct flight *flights, size_t n)
{
	struct exchange *sent[EXCHANGE_MANY_MAX];
	struct flight *who[EXCHANGE_MANY_MAX];
	size_t sent_n = 0;
	int64_t now = mono(aws);

	for (size_t i = 0; i < n; i++) {
		if (flights[i].landed || flights[i].due_ms > now) {
			continue;
		}
		prepare(&flights[i]);
		if (flights[i].x != NULL) {
			who[sent_n] = &flights[i];
			sent[sent_n++] = flights[i].x;
		}
	}
	if (sent_n > 0) {
		aws->transport->roundtrip(aws->transport->ctx, sent, sent_n);
	}
	for (size_t i = 0; i < sent_n; i++) {
		judge(who[i]);
	}
}

/* see call.h */
void
aws_call_many(struct aws_job *jobs, size_t n)
{
	struct aws *aws = jobs[0].scope->aws;
	const struct sys *sys = aws->sys;
	struct flight *flights;
	int64_t due;

	MUST(n >= 1 && n <= EXCHANGE_MANY_MAX);
	flights = ARENA_ARRAY(jobs[0].scope->arena, n, struct flight);
	if (flights == NULL) {
		for (size_t i = 0; i < n; i++) {
			jobs[i].reply = (struct aws_reply){ 0 };
			fail_init(&jobs[i].fail, NULL);
			jobs[i].err = fail_set(&jobs[i].fail, ERR_NOMEM, 0,
			    STR_NONE);
		}
		return;
	}
	for (size_t i = 0; i < n; i++) {
		begin(&flights[i], &jobs[i]);
	}
	while ((due = next_due(flights, n)) != INT64_MAX) {
		enum err err = due <= mono(aws) ? ERR_OK :
		    sys->sleep_until(sys->ctx, due, jobs[0].scope->cancel);

		if (err == ERR_OK) {
			round_of(aws, flights, n);
			continue;
		}
		for (size_t i = 0; i < n; i++) {
			if (!flights[i].landed) {
				land(&flights[i], fail_set(&jobs[i].fail, err,
				    0, STR_NONE));
			}
		}
	}
}

/* Runs one job and gives its failure to the scope. */
static enum err
call_one(struct aws_job *job, struct aws_reply *reply)
{
	struct fail *f = job->scope->fail;

	aws_call_many(job, 1);
	*reply = job->reply;
	if (job->err != ERR_OK && f != NULL && f->code == ERR_OK) {
		struct arena *a = f->a;

		*f = job->fail;
		f->a = a;
	}
	return job->err;
}

/* see call.h */
enum err
aws_call_stream(struct aws_scope *s, const struct aws_op *op,
    struct str body, struct transport_sink *sink, struct aws_reply *reply)
{
	struct aws_job job = { .scope = s, .op = op, .body = body,
	    .sink = sink };

	return call_one(&job, reply);
}

/* see call.h */
enum err
aws_call(struct aws_scope *s, const struct aws_op *op, struct str body,
    struct aws_reply *reply)
{
	return aws_call_stream(s, op, body, NULL, reply);
}

/* see call.h */
enum err
aws_call_get(struct aws_scope *s, const struct aws_op *op,
    const struct aws_get *get, struct aws_reply *reply)
{
	struct aws_job job = { .scope = s, .op = op, .body = S(""),
	    .get = get };

	return call_one(&job, reply);
}
