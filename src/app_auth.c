/* SPDX-License-Identifier: Apache-2.0 */
/* see app_auth.h */
#include "app_auth.h"

#include "auth/rate.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/meter.h"
#include "tools/tools.h"

/* ---- what a caller may do ---- */

/* By its name or that of its family. */
static bool
offers(void *ctx, const struct tool *tool)
{
	const struct auth_caller *c = &((struct visit *)ctx)->caller;

	return str_matches_any(c->tools, c->tool_n, tool->name) ||
	    str_matches_any(c->tools, c->tool_n, tools_family(tool));
}

static enum err
admit(void *ctx, const struct tool *tool, struct fail *f)
{
	struct visit *v = ctx;
	int64_t wait_ms = v->app->rate == NULL ? 0 :
	    rate_take(v->app->rate, &v->caller, v->job->peer);

	(void)tool;
	return wait_ms == 0 ? ERR_OK : fail_setf(f, ERR_AUTH_RATE, "you have "
	    "used up the calls that one caller may make in a minute here; "
	    "wait %d s before the next one", (wait_ms + 999) / 1000);
}

static enum err
find_keys(void *ctx, int64_t deadline_ms, const struct cancel *cancel,
    struct arena *a, struct creds_keys *out, struct fail *f)
{
	struct visit *v = ctx;

	return auth_keys(v->app->auth, &v->caller, deadline_ms, cancel, a, out,
	    f);
}

static void
drop_keys(void *ctx, struct str access_key_id)
{
	struct visit *v = ctx;

	auth_drop_keys(v->app->auth, access_key_id);
}

/* Puts what the caller may do before the engine and AWS. */
static void
let_in(struct visit *v)
{
	const struct auth_caller *c = &v->caller;

	v->gate = (struct mcp_gate){ .ctx = v, .admit = admit,
	    .offers = c->tools != NULL ? offers : NULL };
	v->message.gate = &v->gate;
	v->aws_caller = (struct aws_caller){ .ctx = v,
	    .profiles = c->profiles, .profile_n = c->profile_n };
	if (v->app->auth != NULL && auth_has_keys(v->app->auth, c)) {
		v->aws_caller.keys = find_keys;
		v->aws_caller.drop = c->keys == NULL ? drop_keys : NULL;
	}
	v->message.aws_caller = &v->aws_caller;
}

/* ---- refusals ---- */

/* The URL of this server without a path, as clients have it: the setting, else
 * as this request came. */
static struct str
base_url(struct visit *v)
{
	struct str parts[] = { S("http://"), v->job->http->authority };
	struct str set = v->app->public_url;

	if (set.len > 0) {
		return str_ends(set, S("/")) ? str_sub(set, 0, set.len - 1) :
		    set;
	}
	if (v->job->tls) {
		parts[0] = S("https://");
	}
	return str_join(&v->job->arena, parts, 2);
}

/* AUTH_UNAVAILABLE and all else that is not the caller's fault says when. */
static struct http1_header
retry_field(struct visit *v, int64_t retry_ms)
{
	struct buf b = buf_in(&v->job->arena, 32);

	buf_add_u64(&b, (uint64_t)(retry_ms > 0 ? (retry_ms + 999) / 1000 :
	    1));
	return (struct http1_header){ S("Retry-After"), buf_str(&b) };
}

static enum app_auth
refuse(struct visit *v, const struct auth_refusal *no)
{
	struct buf challenge = buf_in(&v->job->arena, HTTP_HEAD_MAX);
	struct http1_header field;

	if (no->verdict == AUTH_UNAVAILABLE) {
		field = retry_field(v, no->retry_ms);
	} else {
		auth_challenge(v->app->auth, no, base_url(v), &challenge);
		field = (struct http1_header){ S("WWW-Authenticate"),
		    buf_str(&challenge) };
	}
	visit_refuse(v, auth_err(no->verdict), no->why, field);
	return APP_AUTH_REFUSED;
}

/* ---- the check ---- */

static enum app_auth
judge(struct visit *v, enum auth_verdict verdict,
    const struct auth_refusal *no)
{
	struct meter *m = v->app->meter;

	if (verdict == AUTH_LATER) {
		return APP_AUTH_LATER;
	}
	if (m != NULL) {
		meter_add(&m->auth[verdict == AUTH_OK ? v->caller.kind :
		    AUTH_NOBODY][verdict]);
	}
	if (verdict != AUTH_OK) {
		return refuse(v, no);
	}
	let_in(v);
	return APP_AUTH_OK;
}

static struct auth_request
request_of(const struct visit *v)
{
	return (struct auth_request){ .http = v->job->http,
	    .body = v->job->body, .peer = v->job->peer, .tls = v->job->tls };
}

/* see app_auth.h */
enum app_auth
app_auth_check(struct visit *v)
{
	struct auth_request r = request_of(v);
	struct auth_refusal no;
	enum auth_verdict verdict;

	if (v->route->open) {
		return APP_AUTH_OK;
	}
	if (v->app->auth == NULL) {
		if (v->app->rate != NULL) {
			let_in(v);
		}
		return APP_AUTH_OK;
	}
	verdict = auth_check(v->app->auth, &r, &v->job->arena, &v->caller, &no);
	if (verdict == AUTH_OK || verdict == AUTH_LATER) {
		meter_cache(v->app->meter, METER_CACHE_CALLER,
		    verdict == AUTH_OK);
	}
	return judge(v, verdict, &no);
}

/* see app_auth.h */
enum app_auth
app_auth_wait(struct visit *v)
{
	const struct sys *sys = v->app->sys;
	struct auth_request r = request_of(v);
	struct oidc_want want = { .cancel = &v->job->cancel,
	    .deadline_ms = sys->mono_ms(sys->ctx) + AUTH_WAIT_MS };
	struct auth_refusal no;

	if (want.deadline_ms > v->job->deadline_ms) {
		want.deadline_ms = v->job->deadline_ms;
	}
	return judge(v, auth_wait(v->app->auth, &r, &want, &v->job->arena,
	    &v->caller, &no), &no);
}

/* see app_auth.h */
enum app_verdict
app_auth_metadata(struct visit *v)
{
	struct buf b = buf_in(&v->job->arena, HTTP_HEAD_MAX);

	/* Nothing in it is secret, and no credentials are asked for. */
	if (v->origin.p == NULL) {
		v->origin = S("*");
	}
	if (v->app->auth == NULL ||
	    !auth_metadata(v->app->auth, base_url(v), &b)) {
		return visit_error(v, ERR_HTTP_NOT_FOUND, S("this server takes "
		    "no tokens of an authorization server"), VISIT_NO_FIELD);
	}
	return buf_ok(&b) ? visit_json(v, 200, buf_str(&b)) :
	    visit_error(v, ERR_NOMEM, STR_NONE, VISIT_NO_FIELD);
}

/* ---- audit ---- */

static const struct str kinds[] = {
	[AUTH_NOBODY] = STR_INIT("nobody"),
	[AUTH_OIDC] = STR_INIT("oidc"),
	[AUTH_TOKEN] = STR_INIT("token"),
	[AUTH_SIGV4] = STR_INIT("sigv4"),
	[AUTH_STS] = STR_INIT("sts"),
	[AUTH_PROXY] = STR_INIT("proxy"),
	[AUTH_CREDENTIALS] = STR_INIT("credentials"),
};

/* see app_auth.h */
struct str
app_auth_kind(enum auth_kind kind)
{
	return kinds[kind];
}

/* see app_auth.h */
void
app_auth_audit(const struct visit *v)
{
	const struct mcp_log *l = &v->message.log;
	const struct auth_caller *c = &v->caller;
	struct log_event e;

	if (!log_begin(&e, v->app->log, LOG_AUDIT, S("audit"))) {
		return;
	}
	log_int(&e, S("request_id"), (int64_t)v->number);
	log_str(&e, S("peer"), v->job->peer);
	log_str(&e, S("kind"), kinds[c->kind]);
	log_str(&e, S("caller"), c->subject);
	log_str(&e, S("issuer"), c->issuer);
	log_str(&e, S("email"), c->email);
	log_str(&e, S("tool"), l->tool);
	log_str(&e, S("account_id"), l->account);
	log_str(&e, S("region"), l->region);
	log_str(&e, S("outcome"), l->code == ERR_OK ? S("ok") :
	    err_name(l->code));
	log_end(&e);
}
