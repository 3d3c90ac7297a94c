/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloudwatch-mcp doctor: what goes wrong in a first deployment, looked at in
 * the order in which one thing needs the other, from the environment of this
 * very process up to one harmless call for each IAM action. A check is a row
 * of the table; what depends on something that failed is skipped.
 *
 * Keys and tokens are never printed: of a token only who it is for and until
 * when, of a proxy only the host. The chain is walked once, and its keys serve
 * all that follows, because a walk can use up a refresh token.
 *
 * Of inbound authentication the settings are read as a start would read them,
 * then each issuer is asked for its keys, and the public URL for what clients
 * would get there.
 */
#include "cli/cli.h"

#include "auth/auth.h"
#include "aws/call.h"
#include "aws/fault.h"
#include "aws/operation.h"
#include "aws/provider.h"
#include "base/enc.h"
#include "base/limits.h"
#include "base/timefmt.h"
#include "proto/json.h"
#include "proto/url.h"

#define TOTAL_MS 120000
/* One request outside of the permissions. */
#define REQUEST_MS 10000
/* A certificate that ends within this time is worth a word. */
#define CERTIFICATE_SOON_MS (INT64_C(7) * 86400000)
/* From here on AWS refuses signatures. */
#define SKEW_MAX_MS 240000

/* What became of a check. */
enum state {
	PASSED,
	FAILED, /* it will not work so */
	SKIPPED /* does not apply, or could not be looked at */
};

struct doctor {
	struct aws *aws;
	const struct sys *sys;
	struct arena *a;
	struct buf *out;
	struct json_writer *w;   /* NULL: text */
	struct aws_scope s;
	struct fail f;
	struct str check;        /* name of the current one */
	struct creds_keys keys;
	struct provider_memory memory;
	int64_t date_ms;         /* AWS's clock minus ours */
	unsigned failed_n;
	const struct cli_doctor_setup *setup;
	bool profile_bad;
	bool open;               /* the scope is */
	bool keyed;              /* keys were found */
	bool dated;              /* AWS told its time */
	bool known;              /* STS accepted the keys */
};

/* ---- the report ---- */

/* One line of it, and the next step below. */
static void
say(struct doctor *d, enum state state, struct str detail, struct str next)
{
	static const struct str names[] = { STR_INIT("ok"),
	    STR_INIT("failed"), STR_INIT("skipped") };

	d->failed_n += state == FAILED;
	if (d->w == NULL) {
		buf_add(d->out, names[state]);
		buf_fill(d->out, ' ', 9 - names[state].len);
		buf_addf(d->out, "%s: %s\n", d->check, detail);
		if (next.len > 0) {
			buf_addf(d->out, "         -> %s\n", next);
		}
		return;
	}
	json_begin_object(d->w);
	json_put_string(d->w, S("check"), d->check);
	json_put_string(d->w, S("status"), names[state]);
	json_put_string(d->w, S("detail"), detail);
	json_put_string_or_null(d->w, S("next"), next);
	json_end_object(d->w);
}

/* A text by buf_addf()'s rules, in the arena. */
static struct str
text(struct doctor *d, const char *fmt, ...)
{
	struct buf b = buf_in(d->a, FAIL_TEXT_MAX);
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	return buf_str(&b);
}

static struct str
env(const struct doctor *d, struct str name)
{
	return d->sys->env(d->sys->ctx, name);
}

/* ---- files ---- */

static void
check_home(struct doctor *d)
{
	struct str home = env(d, S("HOME"));

	if (home.len > 0) {
		say(d, PASSED, text(d, "HOME=%s", home), STR_NONE);
	} else if (env(d, S("AWS_CONFIG_FILE")).len > 0) {
		say(d, SKIPPED, S("HOME is unset, AWS_CONFIG_FILE is used"),
		    STR_NONE);
	} else {
		say(d, SKIPPED, S("HOME is unset, so there is no ~/.aws"),
		    S("set HOME to the folder above .aws, or AWS_CONFIG_FILE "
		    "and AWS_SHARED_CREDENTIALS_FILE"));
	}
}

/* Where such a file lies when it is not where this process looks: images set
 * HOME, and `user:` of a manifest unsets it again. Absent: nowhere. */
static struct str
elsewhere(struct doctor *d, const struct profile_file *file, struct str *home)
{
	static const struct str homes[] = { STR_INIT("/home/app"),
	    STR_INIT("/root"), STR_INIT("/home/nonroot"), STR_INIT("") };
	struct str name = file == &d->s.files.config ? S("config") :
	    S("credentials");

	for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++) {
		struct str path = text(d, "%s/.aws/%s", homes[i], name);
		char one;
		struct buf b = buf_fixed(&one, 1);
		enum err err = d->sys->read_file(d->sys->ctx, path, &b);

		if (err == ERR_OK || err == ERR_LIMIT) {
			*home = homes[i].len > 0 ? homes[i] : S("/");
			return path;
		}
	}
	return STR_NONE;
}

/* Whose a file is, as far as that can be told: " (owner 0:0, mode 0600; this
 * process is 1000:1000)". */
static void
add_owner(struct doctor *d, struct str path, struct buf *b)
{
	struct sys_owner o;

	if (path.p == NULL || d->sys->owner(d->sys->ctx, path, &o) != ERR_OK) {
		return;
	}
	buf_addf(b, " (owner %d:%d, mode 0", o.uid, o.gid);
	for (unsigned shift = 9; shift > 0; shift -= 3) {
		buf_add_byte(b, (char)('0' + ((o.mode >> (shift - 3)) & 7)));
	}
	buf_addf(b, "; this process is %d:%d)", o.own_uid, o.own_gid);
}

static void
check_file(struct doctor *d, const struct profile_file *file)
{
	struct buf b = buf_in(d->a, FAIL_TEXT_MAX);
	struct str home, path;

	profile_describe(&d->s.files, file, d->a, &b);
	add_owner(d, file->path, &b);
	if (file->err == ERR_OK) {
		say(d, PASSED, buf_str(&b), STR_NONE);
	} else if (file->err == ERR_FILE_DENIED) {
		say(d, FAILED, buf_str(&b), S("make it readable for the user "
		    "this runs as (in Kubernetes: fsGroup, defaultMode)"));
	} else if (file->path.p != NULL && file->err != ERR_FILE_MISSING) {
		say(d, FAILED, buf_str(&b), S("correct or remove the file"));
	} else if (file->setting.len > 0) {
		say(d, FAILED, buf_str(&b), text(d, "mount the file there or "
		    "unset %s; a volume of an optional secret that is absent "
		    "is empty: does the secret exist in this namespace?",
		    file->variable));
	} else if ((path = elsewhere(d, file, &home)).p != NULL) {
		say(d, FAILED, text(d, "%s; but there is %s", buf_str(&b),
		    path), text(d, "set HOME=%s or %s=%s", home,
		    file->variable, path));
	} else {
		say(d, SKIPPED, buf_str(&b), STR_NONE);
	}
}

/* The list of accounts, where one is set, and what is wrong in it. */
static void
check_accounts(struct doctor *d)
{
	const struct profile_file *file = &d->s.files.accounts;

	if (file->setting.p == NULL) {
		return;
	}
	check_file(d, file);
	for (const struct ini_entry *e = file->ini.first; e != NULL;
	    e = e->next) {
		if (str_eq(e->key, S("problem"))) {
			say(d, FAILED, text(d, "profile '%s': %s", e->section,
			    e->value), S("correct it; the others are not "
			    "disturbed"));
		}
	}
}

static void
check_files(struct doctor *d)
{
	if (profile_load(d->sys, d->a, &d->s.files) == ERR_OK) {
		check_file(d, &d->s.files.config);
		check_file(d, &d->s.files.credentials);
		check_accounts(d);
	}
}

/* The profile of calls that name none, and who says so. */
static struct str
profile_of(struct doctor *d, struct str *from)
{
	struct str name = d->aws->profile;

	*from = S("--profile");
	if (name.len == 0) {
		name = profile_from_env(d->sys);
		*from = env(d, S("AWS_PROFILE")).len > 0 ? S("AWS_PROFILE") :
		    S("AWS_DEFAULT_PROFILE");
	}
	if (name.len == 0) {
		*from = STR_NONE;
		return S("default");
	}
	return name;
}

static void
check_profile(struct doctor *d)
{
	struct str from, name = profile_of(d, &from);

	if (profile_exists(&d->s.files, name)) {
		say(d, PASSED, text(d, "'%s', from %s%s", name, from.p != NULL
		    ? from : S("the files; none is named"),
		    profile_is_account(&d->s.files, name) ?
		    S(", in the list of accounts") : S("")), STR_NONE);
		return;
	}
	fail_init(&d->f, d->a);
	(void)profile_unknown(&d->s.files, d->a, name, &d->f);
	if (from.p == NULL) {
		say(d, SKIPPED, fail_text(&d->f), S("set AWS_PROFILE to one of "
		    "the profiles there, unless the keys come from elsewhere"));
		return;
	}
	d->profile_bad = !str_eq(name, S("default"));
	say(d, FAILED, fail_text(&d->f), text(d, "add it to the mounted file, "
	    "or %s %s", from, d->profile_bad ? S("has to name one that is "
	    "there") : S("has to go: naming none is enough")));
}

/* ---- environment ---- */

static void
check_environment(struct doctor *d)
{
	static const struct str names[] = { STR_INIT("AWS_ACCESS_KEY_ID"),
	    STR_INIT("AWS_SECRET_ACCESS_KEY"), STR_INIT("AWS_SESSION_TOKEN"),
	    STR_INIT("AWS_ROLE_ARN"), STR_INIT("AWS_WEB_IDENTITY_TOKEN_FILE"),
	    STR_INIT("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
	    STR_INIT("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
	    STR_INIT("AWS_ENDPOINT_URL"), STR_INIT("AWS_CA_BUNDLE") };
	struct buf set = buf_in(d->a, FAIL_TEXT_MAX);
	struct buf empty = buf_in(d->a, FAIL_TEXT_MAX);
	bool half = (env(d, names[0]).len > 0) != (env(d, names[1]).len > 0);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct str v = env(d, names[i]);

		if (v.p != NULL) {
			buf_addf(v.len > 0 ? &set : &empty, " %s", names[i]);
		}
	}
	if (half || empty.len > 0) {
		say(d, half ? FAILED : SKIPPED, text(d, "set:%s; empty:%s",
		    set.len > 0 ? buf_str(&set) : S(" none"), empty.len > 0 ?
		    buf_str(&empty) : S(" none")), S("the secret these come "
		    "from is absent or has no such key; an optional one leaves "
		    "no other trace"));
	} else {
		say(d, set.len > 0 ? PASSED : SKIPPED, set.len > 0 ?
		    text(d, "set:%s", buf_str(&set)) :
		    S("no AWS variable that gives keys is set"), STR_NONE);
	}
}

/* Who says the region, from the strongest on. */
static struct str
region_from(const struct doctor *d)
{
	if (profile_is_account(&d->s.files, d->s.profile) && profile_get(
	    &d->s.files, d->s.profile, S("region")).len > 0) {
		return S("the list of accounts");
	}
	if (d->setup->region_given) {
		return S("--region");
	}
	if (d->aws->region.len > 0) {
		return env(d, S("AWS_REGION")).len > 0 ? S("AWS_REGION") :
		    S("AWS_DEFAULT_REGION");
	}
	if (profile_get(&d->s.files, d->s.profile, S("region")).len > 0) {
		return S("the profile");
	}
	return d->aws->instance_region_len > 0 ? S("the EC2 instance") :
	    STR_NONE;
}

static void
check_region(struct doctor *d)
{
	struct str from, own;

	if (d->profile_bad) {
		say(d, SKIPPED, S("needs a profile"), STR_NONE);
		return;
	}
	if (aws_scope_open(&d->s, STR_NONE, STR_NONE) != ERR_OK) {
		say(d, FAILED, fail_text(&d->f), STR_NONE);
		return;
	}
	d->open = true;
	from = region_from(d);
	own = profile_get(&d->s.files, d->s.profile, S("region"));
	if (from.p == NULL) {
		say(d, FAILED, text(d, "nothing names a region, so it is %s",
		    d->s.region), S("set AWS_REGION, or region in the "
		    "profile, to where the alarms and logs are"));
	} else if (own.len > 0 && !str_eq(own, d->s.region) &&
	    !d->setup->region_given) {
		say(d, FAILED, text(d, "%s=%s stands above the profile's "
		    "region %s", from, d->s.region, own), text(d, "remove %s "
		    "from the manifest or image, or set it to %s", from, own));
	} else {
		say(d, PASSED, text(d, "%s, from %s", d->s.region, from),
		    STR_NONE);
	}
}

/* ---- keys ---- */

/* Every provider that was passed over, then the one that has keys. */
static void
check_credentials(struct doctor *d)
{
	struct str from, rest, clause;
	struct buf until = buf_in(d->a, 64);
	struct provider_run r = {
		.sys = d->sys, .transport = d->aws->transport,
		.log = d->aws->log, .profile = profile_of(d, &from),
		.named = d->aws->profile.len > 0, .own = d->aws->profile,
		.region = d->s.region,
		.deadline_ms = d->s.deadline_ms, .memory = &d->memory,
		.a = d->a, .f = &d->f,
	};
	enum err err;
	size_t at;

	if (d->profile_bad) {
		say(d, SKIPPED, S("needs a profile"), STR_NONE);
		return;
	}
	fail_init(&d->f, d->a);
	err = provider_find(&r, &d->keys);
	for (rest = buf_str(&r.looked); rest.len > 0;
	    rest = str_sub(rest, at + 2, rest.len)) {
		at = str_find(rest, S("; "), 0);
		clause = str_sub(rest, 0, at);
		say(d, SKIPPED, clause, STR_NONE);
		if (at + 2 >= rest.len) {
			break;
		}
	}
	if (err == ERR_CREDENTIALS && r.looked.len > 0) {
		say(d, FAILED, fail_text(&d->f), S("is the secret, the "
		    "service account's role or the mount there at all?"));
	} else if (err != ERR_OK) {
		say(d, FAILED, fail_text(&d->f), STR_NONE);
	} else {
		d->keyed = true;
		d->aws->keys = &d->keys;
		if (d->keys.expires_ms != 0) {
			buf_add(&until, S(", until "));
			timefmt_iso(&until, d->keys.expires_ms);
		}
		say(d, PASSED, text(d, "keys from %s%s", d->keys.source,
		    buf_str(&until)), STR_NONE);
	}
}

/* The payload of a JWT, NULL when it is none. Nothing is verified. */
static const struct json *
payload_of(struct doctor *d, struct str token)
{
	struct buf b = buf_in(d->a, token.len);
	struct json *v = NULL;

	(void)str_cut(&token, '.');
	if (!enc_base64url_decode(&b, str_cut(&token, '.')) ||
	    json_parse(d->a, buf_str(&b), 0, &v, NULL) != ERR_OK) {
		return NULL;
	}
	return v;
}

/* The text is the audience, or one of them. */
static bool
has_audience(const struct json *v, struct str want)
{
	const struct json *aud = json_get(v, S("aud"));
	const struct json *one = json_is(aud, JSON_ARRAY) ? aud->child : aud;

	while (one != NULL && !str_eq(json_str(one), want)) {
		one = aud == one ? NULL : one->next;
	}
	return one != NULL;
}

static void
check_token(struct doctor *d, struct str path, struct str audience)
{
	struct buf b = buf_in(d->a, STS_TOKEN_MAX), until = buf_in(d->a, 64);
	enum err err = d->sys->read_file(d->sys->ctx, path, &b);
	const struct json *v;
	double exp;

	if (err != ERR_OK) {
		say(d, FAILED, text(d, "%s: %s", path, err_text(err)),
		    S("is the service account's token projected into this pod, "
		    "and readable for its user (fsGroup)?"));
		return;
	}
	v = payload_of(d, str_trim_ws(buf_str(&b)));
	if (!json_f64(json_get(v, S("exp")), &exp) || exp < 0 ||
	    exp * 1000 > (double)TIMEFMT_MAX_MS) {
		say(d, FAILED, text(d, "%s holds no JWT with an expiry", path),
		    STR_NONE);
		return;
	}
	timefmt_iso(&until, (int64_t)exp * 1000);
	if ((int64_t)exp * 1000 <= d->sys->now_ms(d->sys->ctx)) {
		say(d, FAILED, text(d, "%s expired at %s", path,
		    buf_str(&until)), S("whatever rotates it is stuck: "
		    "recreate the pod"));
	} else if (!has_audience(v, audience)) {
		say(d, FAILED, text(d, "%s is not for audience %s", path,
		    audience), text(d, "set audience: %s in the projected "
		    "token's volume", audience));
	} else {
		say(d, PASSED, text(d, "%s, for %s, until %s", path, audience,
		    buf_str(&until)), STR_NONE);
	}
}

static void
check_tokens(struct doctor *d)
{
	struct str from, profile = profile_of(d, &from), unused;
	struct str web = endpoint_setting(d->sys, &d->s.files, profile,
	    S("AWS_WEB_IDENTITY_TOKEN_FILE"), S("web_identity_token_file"),
	    &unused);
	struct str pod = env(d, S("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"));

	if (web.len > 0) {
		check_token(d, profile_expand(d->sys, d->a, web),
		    S("sts.amazonaws.com"));
	}
	if (pod.len > 0) {
		check_token(d, pod, S("pods.eks.amazonaws.com"));
	}
	if (web.len == 0 && pod.len == 0) {
		say(d, SKIPPED, S("no token file is set"), STR_NONE);
	}
}

/* ---- network ---- */

/* A GET that is not signed. */
static enum err
get(struct doctor *d, const struct url *u, struct exchange *x)
{
	struct buf host = buf_in(d->a, HTTP_TARGET_MAX);
	struct transport_header headers[1];
	struct exchange *list = x;

	url_add_host(&host, u);
	headers[0] = (struct transport_header){ S("Host"), buf_str(&host) };
	*x = (struct exchange){ .arena = d->a, .tls = u->tls, .host = u->host,
	    .port = u->port, .method = S("GET"), .target = u->path,
	    .headers = headers, .header_n = 1, .deadline_ms =
	    d->sys->mono_ms(d->sys->ctx) + REQUEST_MS };
	fail_init(&x->fail, d->a);
	d->aws->transport->roundtrip(d->aws->transport->ctx, &list, 1);
	return x->err;
}

static struct str
network_advice(enum err err)
{
	if (err == ERR_DNS) {
		return S("is the region spelled right, does this pod have DNS, "
		    "does an egress policy block port 53?");
	}
	if (err == ERR_CONNECT || err == ERR_TIMEOUT) {
		return S("allow egress to it (security group, NetworkPolicy, "
		    "VPC endpoint), or set HTTPS_PROXY");
	}
	return S("a proxy that opens TLS needs its authority in "
	    "AWS_CA_BUNDLE");
}

static void
check_proxy(struct doctor *d)
{
	static const struct str names[] = { STR_INIT("https_proxy"),
	    STR_INIT("HTTPS_PROXY") };
	struct url u;

	for (size_t i = 0; i < 2; i++) {
		struct str v = env(d, names[i]);

		if (v.len == 0) {
			continue;
		}
		if (str_find(v, S("://"), 0) == v.len) {
			v = text(d, "http://%s", v);
		}
		if (url_parse(v, &u, NULL) != ERR_OK) {
			say(d, FAILED, text(d, "%s is not a URL", names[i]),
			    S("write http://host:port"));
		} else {
			say(d, PASSED, text(d, "%s=%s:%u", names[i], u.host,
			    (uint64_t)u.port), STR_NONE);
		}
		return;
	}
	say(d, SKIPPED, S("none is set"), STR_NONE);
}

/* An endpoint answered; its certificate may end soon, as those of proxies that
 * open TLS do one day. */
static void
say_reached(struct doctor *d, const struct endpoint *e,
    const struct exchange *x)
{
	struct buf b = buf_in(d->a, FAIL_TEXT_MAX);
	int64_t left_ms = x->certificate_ends_ms -
	    d->sys->now_ms(d->sys->ctx);

	buf_addf(&b, "%s: DNS, TCP%s", e->host, e->tls ?
	    S(", TLS, the chain up to a trusted authority") : S(""));
	if (x->certificate_ends_ms != 0) {
		buf_add(&b, S(", certificate until "));
		timefmt_iso(&b, x->certificate_ends_ms);
	}
	say(d, PASSED, buf_str(&b), x->certificate_ends_ms != 0 &&
	    left_ms < CERTIFICATE_SOON_MS ? S("it ends within a week: whose "
	    "is it? A proxy that opens TLS needs a new one") : STR_NONE);
}

static void
check_network(struct doctor *d)
{
	static const enum endpoint_service services[] = { ENDPOINT_STS,
	    ENDPOINT_CLOUDWATCH, ENDPOINT_LOGS };

	for (size_t i = 0; d->open && i < 3; i++) {
		struct exchange x;
		struct endpoint e;
		struct url u = { .path = S("/") };
		int64_t date_ms;

		fail_init(&d->f, d->a);
		if (endpoint_resolve(d->sys, &d->s.files, d->s.profile,
		    services[i], d->s.region, d->a, &e, &d->f) != ERR_OK) {
			say(d, FAILED, fail_text(&d->f), STR_NONE);
			continue;
		}
		u.tls = e.tls;
		u.host = e.host;
		u.port = e.port;
		if (get(d, &u, &x) != ERR_OK) {
			say(d, FAILED, text(d, "%s: %s", e.host,
			    fail_text(&x.fail)), network_advice(x.err));
			continue;
		}
		if (timefmt_parse_http(transport_response_header(&x,
		    S("Date")), &date_ms)) {
			d->dated = true;
			d->date_ms = date_ms - d->sys->now_ms(d->sys->ctx);
		}
		say_reached(d, &e, &x);
	}
}

static void
check_clock(struct doctor *d)
{
	int64_t off_s = d->date_ms / 1000;

	if (!d->dated) {
		say(d, SKIPPED, S("AWS did not tell its time"), STR_NONE);
	} else if (d->date_ms >= SKEW_MAX_MS || d->date_ms <= -SKEW_MAX_MS) {
		say(d, FAILED, text(d, "this machine's clock is %d s %s",
		    off_s < 0 ? -off_s : off_s, off_s < 0 ? S("fast") :
		    S("slow")), S("run an NTP client on the host"));
	} else {
		say(d, PASSED, S("agrees with AWS's"), STR_NONE);
	}
}

/* ---- AWS ---- */

static void
check_identity(struct doctor *d)
{
	struct sts_identity who;

	if (!d->open || !d->keyed) {
		say(d, SKIPPED, S("needs a region and keys"), STR_NONE);
		return;
	}
	fail_init(&d->f, d->a);
	d->known = aws_identity(&d->s, &who) == ERR_OK;
	say(d, d->known ? PASSED : FAILED, d->known ? who.arn :
	    fail_text(&d->f), STR_NONE);
}

/* What came of one harmless call. An error about what it asked for is a
 * permission too: AWS looks at that first. */
static unsigned
judge(struct doctor *d, const struct aws_job *job)
{
	struct buf action = buf_in(d->a, 128);

	if (job->err == ERR_OK || job->err == ERR_AWS_REQUEST ||
	    job->err == ERR_AWS_MISSING) {
		return 1;
	}
	fault_action(&action, job->op->service, job->op->name);
	if (job->err != ERR_AWS_ACCESS) {
		say(d, SKIPPED, text(d, "%s: %s", buf_str(&action),
		    fail_text(&job->fail)), STR_NONE);
		return 0;
	}
	say(d, FAILED, text(d, "%s is denied", buf_str(&action)),
	    text(d, "{\"Effect\": \"Allow\", \"Action\": \"%s\", "
	    "\"Resource\": \"*\"}", buf_str(&action)));
	return 0;
}

static void
check_permissions(struct doctor *d)
{
	struct aws_job jobs[8];
	struct aws_op ops[8];
	unsigned ok_n = 0, all_n = 0;
	size_t at = 0;

	if (!d->known) {
		say(d, SKIPPED, S("needs an identity"), STR_NONE);
		return;
	}
	while (at < operation_n) {
		size_t n = 0;

		for (; n < 8 && at < operation_n; at++) {
			const struct operation *o = &operation_list[at];

			if (o->probe.len == 0) {
				continue;
			}
			ops[n] = (struct aws_op){ o->service, o->name };
			jobs[n] = (struct aws_job){ .scope = &d->s,
			    .op = &ops[n], .body = o->probe };
			n++;
		}
		if (n > 0) {
			aws_call_many(jobs, n);
		}
		for (size_t i = 0; i < n; i++) {
			ok_n += judge(d, &jobs[i]);
		}
		all_n += (unsigned)n;
	}
	say(d, ok_n == all_n ? PASSED : SKIPPED,
	    text(d, "%u of %u actions are allowed",
	    (uint64_t)ok_n, (uint64_t)all_n), STR_NONE);
}

/* ---- inbound ---- */

/* A JSON object from a URL; NULL after a line of the report. */
static const struct json *
fetch(struct doctor *d, struct str link)
{
	struct json *v = NULL;
	struct exchange x;
	struct url u;

	if (url_parse(link, &u, NULL) != ERR_OK) {
		say(d, FAILED, text(d, "'%s' is not a URL", link), STR_NONE);
		return NULL;
	}
	if (get(d, &u, &x) != ERR_OK) {
		say(d, FAILED, text(d, "%s: %s", link, fail_text(&x.fail)),
		    network_advice(x.err));
		return NULL;
	}
	if (x.status != 200 || json_parse(d->a, x.response_body, 0, &v,
	    NULL) != ERR_OK || !json_is(v, JSON_OBJECT)) {
		say(d, FAILED, text(d, "%s answers %d, or no JSON", link,
		    (int64_t)x.status), S("is the issuer spelled exactly as in "
		    "the tokens' iss?"));
		return NULL;
	}
	return v;
}

static void
check_issuer(struct doctor *d, const struct oidc_issuer *is)
{
	struct str keys = is->jwks_uri;
	const struct json *v;
	size_t n;

	if (keys.len == 0) {
		bool slash = str_ends(is->issuer, S("/"));

		v = fetch(d, text(d, "%s%s.well-known/openid-configuration",
		    is->issuer, slash ? S("") : S("/")));
		if (v == NULL) {
			return;
		}
		if (!str_eq(json_get_str(v, S("issuer"), S("")), is->issuer)) {
			say(d, FAILED, text(d, "%s calls itself '%s'",
			    is->issuer, json_get_str(v, S("issuer"), S(""))),
			    S("set the issuer exactly so"));
			return;
		}
		keys = json_get_str(v, S("jwks_uri"), S(""));
	}
	v = fetch(d, keys);
	if (v == NULL) {
		return;
	}
	v = json_get(v, S("keys"));
	n = json_is(v, JSON_ARRAY) ? v->n : 0;
	say(d, n > 0 ? PASSED : FAILED, text(d, "%s: %u keys at %s",
	    is->issuer, (uint64_t)n, keys), STR_NONE);
}

/* A file of callers: whose it is. What is in it, auth_new() has read. */
static void
check_callers(struct doctor *d, struct str path)
{
	struct buf b = buf_in(d->a, FAIL_TEXT_MAX);

	if (path.len > 0) {
		buf_add(&b, path);
		add_owner(d, path, &b);
		say(d, PASSED, buf_str(&b), STR_NONE);
	}
}

/* Where clients are led to, as far as it can be seen from here. */
static void
check_public_url(struct doctor *d)
{
	struct str base = d->setup->public_url;
	struct exchange x;
	struct json *v = NULL;
	struct str link, resource;
	struct url u;

	if (base.len == 0) {
		say(d, SKIPPED, S("AUTH_PUBLIC_URL is unset: clients are told "
		    "the Host that they asked"), d->setup->loopback ?
		    STR_NONE : S("set it where a proxy or ingress changes "
		    "Host or ends TLS"));
		return;
	}
	base.len -= str_ends(base, S("/")) ? 1 : 0;
	link = text(d, "%s/.well-known/oauth-protected-resource/mcp", base);
	if (url_parse(link, &u, NULL) != ERR_OK) {
		say(d, FAILED, text(d, "AUTH_PUBLIC_URL is '%s', which is no "
		    "URL", base), S("write https://host, without /mcp"));
		return;
	}
	if (get(d, &u, &x) != ERR_OK) {
		say(d, SKIPPED, text(d, "%s cannot be reached from here: %s",
		    link, fail_text(&x.fail)), S("does it answer clients?"));
		return;
	}
	(void)!json_parse(d->a, x.response_body, 0, &v, NULL);
	resource = json_get_str(v, S("resource"), S(""));
	if (x.status == 200 && str_eq(resource, text(d, "%s/mcp", base))) {
		say(d, PASSED, text(d, "%s answers as clients expect", link),
		    STR_NONE);
	} else {
		say(d, FAILED, text(d, "%s answers %d with resource '%s'",
		    link, (int64_t)x.status, resource), S("AUTH_PUBLIC_URL "
		    "has to lead to this server, and the ingress has to pass "
		    "/.well-known/ on to it"));
	}
}

static void
check_inbound(struct doctor *d)
{
	const struct auth_setup *s = d->setup->inbound;
	struct oidc_issuer *issuers;
	struct auth *auth;
	size_t n;

	if (s == NULL) {
		say(d, SKIPPED, S("the demo and standard input ask nobody"),
		    STR_NONE);
		return;
	}
	fail_init(&d->f, d->a);
	if (auth_new(&auth, s, d->a, &d->f) != ERR_OK) {
		say(d, FAILED, fail_text(&d->f),
		    S("the server does not start so"));
		return;
	}
	if (auth == NULL) {
		say(d, SKIPPED, S("everybody may call"), d->setup->loopback ?
		    STR_NONE : S("it listens beyond this machine: set "
		    "AUTH_ISSUER, AUTH_TOKENS_FILE or another AUTH_ setting"));
		return;
	}
	check_callers(d, s->issuers.file);
	check_callers(d, s->tokens_file);
	check_callers(d, s->sigv4.keys_file);
	if (issuers_read(&s->issuers, d->sys, d->a, &issuers, &n, &d->f) !=
	    ERR_OK || n == 0) {
		say(d, SKIPPED, S("no issuer of tokens is set"), STR_NONE);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		check_issuer(d, &issuers[i]);
	}
	check_public_url(d);
}

/* ---- all of it ---- */

static const struct {
	struct str name;
	void (*check)(struct doctor *d);
} checks[] = {
	{ STR_INIT("home"), check_home },
	{ STR_INIT("files"), check_files },
	{ STR_INIT("environment"), check_environment },
	{ STR_INIT("profile"), check_profile },
	{ STR_INIT("region"), check_region },
	{ STR_INIT("credentials"), check_credentials },
	{ STR_INIT("tokens"), check_tokens },
	{ STR_INIT("proxy"), check_proxy },
	{ STR_INIT("network"), check_network },
	{ STR_INIT("clock"), check_clock },
	{ STR_INIT("identity"), check_identity },
	{ STR_INIT("permissions"), check_permissions },
	{ STR_INIT("inbound"), check_inbound },
};

/* see cli.h */
int
cli_doctor(struct aws *aws, struct arena *a,
    const struct cli_doctor_setup *setup, struct buf *out)
{
	struct json_writer w = json_writer(out);
	struct doctor d = { .aws = aws, .sys = aws->sys, .a = a, .out = out,
	    .w = setup->json ? &w : NULL, .setup = setup,
	    .memory = { .a = a } };

	fail_init(&d.f, a);
	aws_scope_init(&d.s, aws, a, &d.f, aws->sys->mono_ms(aws->sys->ctx) +
	    TOTAL_MS, NULL, NULL);
	if (setup->json) {
		json_begin_object(&w);
		json_key(&w, S("checks"));
		json_begin_array(&w);
	}
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		d.check = checks[i].name;
		checks[i].check(&d);
	}
	if (setup->json) {
		json_end_array(&w);
		json_put_integer(&w, S("failed"), d.failed_n);
		json_end_object(&w);
		buf_add_byte(out, '\n');
	}
	/* The keys were those of this report. */
	aws->keys = NULL;
	return d.failed_n == 0 ? CLI_OK : CLI_FAILED;
}
