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

#include "auth/sts_proof.h"
#include "aws/sts.h"
#include "base/buf.h"
#include "base/enc.h"
#include "base/limits.h"
#include "proto/json.h"

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
	struct sts_proof proof;   /* the request that the token is */
	struct exchange x;
	struct sts_identity who;  /* what STS says */
	struct str subject;       /* canonical ARN */
	struct auth_caller *out;
	struct auth_refusal *no;
};

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

static enum err
check_setup(struct sts_in *in, struct fail *f)
{
	const struct sts_in_setup *s = &in->setup;

	if (s->server_id.len == 0 || !sts_proof_visible(s->server_id, '!')) {
		return fail_set(f, ERR_CONFIG, 0, S("AUTH_STS_ROLES is set, "
		    "so AUTH_STS_SERVER_ID must be, too: a name for this "
		    "deployment, without blanks, that callers sign as "
		    STS_PROOF_HEADER));
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
	return str_starts(token, S(STS_PROOF_PRESIGNED)) ||
	    str_starts(token, S(STS_PROOF_REQUEST));
}

/* ---- answers kept ---- */

/* Picks the set, never 0. No digest: what is found is compared as a whole. */
static uint64_t
hash(const struct sts_in *in, struct str s)
{
	uint64_t h = in->seed ^ s.len;
	uint64_t word = 0;
	size_t i = 0;

	for (; s.len - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, s.p + i, sizeof(word));
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	for (; i < s.len; i++) {
		h = (h ^ (unsigned char)s.p[i]) * 31;
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
	const struct sigv4_parsed *sig = &c->proof.sig;
	int64_t now = c->in->setup.sys->now_ms(c->in->setup.sys->ctx);
	int64_t ms = v == AUTH_UNAVAILABLE ? STS_IN_DOWN_MS :
	    v == AUTH_INVALID ? STS_IN_DENIED_MS : STS_IN_HOLD_MS;
	int64_t left = sig->time_ms + STS_IN_AGE_MS - now;
	int64_t said = sig->time_ms + sig->expires_s * 1000 - now;

	/* Past the end that a presigned URL states it is STS that decides,
	 * and has decided. */
	if (sig->expires_s > 0 && said > 0 && said < left) {
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
	s->expires_ms = c->proof.sig.time_ms + STS_IN_AGE_MS;
	s->ends_ms = ends_ms;
	MUST(buf_ok(&b));
	unlock(c->in);
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
	    !sts_proof_visible(c->who.arn, '!') ||
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
		return refuse(c->no, AUTH_INVALID, S("AWS does not accept the "
		    "token: it has expired, was changed, or is signed for "
		    "another server id"));
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
	const struct sts_proof *p = &c->proof;
	struct exchange *x = &c->x;
	int64_t end = mono(c->in) + STS_IN_ASK_MS;

	*x = (struct exchange){
		.arena = c->a, .tls = p->url.tls, .host = p->url.host,
		.port = p->url.port, .method = p->method, .target = p->target,
		.headers = p->headers, .header_n = p->header_n,
		.body = p->body, .body_max = STS_IN_ANSWER_MAX,
		.deadline_ms = end < want->deadline_ms ? end :
		    want->deadline_ms,
		.cancel = want->cancel,
	};
	fail_init(&x->fail, c->a);
	t->roundtrip(t->ctx, &x, 1);
	return judge(c);
}

/* ---- the check ---- */

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
		.expires_ms = c->proof.sig.time_ms + STS_IN_AGE_MS };
}

/* see sts_in.h */
enum auth_verdict
sts_in_check(struct sts_in *in, struct str token,
    const struct sts_in_want *want, struct arena *a, struct auth_caller *out,
    struct auth_refusal *no)
{
	struct check c = { .in = in, .a = a, .token = token, .out = out,
		.no = no };
	struct sts_proof_policy policy = { .region = in->setup.region,
		.server_id = in->setup.server_id, .is_sts = in->setup.is_sts,
		.endpoint = in->setup.endpoint.len > 0 ? &in->endpoint :
		NULL };
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
	policy.now_ms = in->setup.sys->now_ms(in->setup.sys->ctx);
	v = sts_proof_read(&policy, token, a, &c.proof, no);
	v = v != AUTH_OK ? v : ask_or_wait(&c, want);
	if (v == AUTH_OK && out->kind == AUTH_NOBODY) {
		tell(&c);
	}
	return v;
}
