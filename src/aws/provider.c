/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of the chain and the walk through it, and its first two rows: the
 * environment and the question whether the profile files can be used at all.
 * A new kind of source is a new row.
 */
#include "aws/provider.h"

#include "base/limits.h"
#include "base/timefmt.h"

/* see provider.h */
void
provider_looked(struct provider_run *r, const char *fmt, ...)
{
	va_list ap;

	if (r->looked.len > 0) {
		buf_add(&r->looked, S("; "));
	}
	va_start(ap, fmt);
	buf_addv(&r->looked, fmt, ap);
	va_end(ap);
}

/* see provider.h */
struct str
provider_env(const struct provider_run *r, struct str name)
{
	struct str v = r->sys->env(r->sys->ctx, name);

	return v.len == 0 ? STR_NONE : v;
}

/* see provider.h */
enum err
provider_wrap(struct provider_run *r, enum err err, const struct fail *inner,
    struct str prefix)
{
	if (inner->code == ERR_OK) {
		return err;
	}
	return fail_setf(r->f, err, "%s: %s", prefix, fail_text(inner));
}

static bool
is_visible(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] <= ' ' || s.p[i] > '~') {
			return false;
		}
	}
	return true;
}

/* see provider.h */
enum err
provider_check(struct provider_run *r, const struct creds_keys *k,
    struct str where)
{
	const struct {
		struct str name;
		struct str value;
	} parts[] = {
		{ S("access key id"), k->access_key_id },
		{ S("secret access key"), k->secret },
		{ S("session token"), k->token },
	};
	size_t sum = where.len + k->account_id.len;

	for (size_t i = 0; i < 3; i++) {
		sum += parts[i].value.len;
		if (!is_visible(parts[i].value)) {
			return fail_setf(r->f, ERR_CREDENTIALS, "the %s from "
			    "%s holds a blank or another character that no "
			    "key has; copy it again", parts[i].name, where);
		}
	}
	if (k->access_key_id.len == 0 || k->secret.len == 0) {
		return fail_setf(r->f, ERR_CREDENTIALS,
		    "the keys from %s are empty", where);
	}
	if (k->secret.len > SIGV4_SECRET_MAX || sum > CREDS_TEXT_MAX) {
		return fail_setf(r->f, ERR_CREDENTIALS,
		    "the keys from %s are longer than any key of AWS", where);
	}
	return ERR_OK;
}

/* ---- environment ---- */

/* Why the first variable gives nothing. */
static struct str
state_of(const struct provider_run *r, struct str name)
{
	return r->sys->env(r->sys->ctx, name).p == NULL ? S("unset") :
	    S("empty");
}

/* AWS_CREDENTIAL_EXPIRATION: a process cannot get new variables, so past it
 * only a restart helps. */
static enum err
env_expiry(struct provider_run *r, struct creds_keys *out)
{
	struct str text = provider_env(r, S("AWS_CREDENTIAL_EXPIRATION"));

	if (text.p == NULL) {
		return ERR_OK;
	}
	if (!timefmt_parse_iso(text, &out->expires_ms)) {
		return fail_setf(r->f, ERR_CREDENTIALS,
		    "AWS_CREDENTIAL_EXPIRATION is no time: '%s'", text);
	}
	if (out->expires_ms <= r->sys->now_ms(r->sys->ctx)) {
		return fail_setf(r->f, ERR_AWS_EXPIRED, "the keys in the "
		    "environment expired at %s (AWS_CREDENTIAL_EXPIRATION); "
		    "start again with new ones", text);
	}
	return ERR_OK;
}

/* see provider.h */
enum err
provider_environment(struct provider_run *r, struct creds_keys *out,
    bool *found)
{
	struct str id = provider_env(r, S("AWS_ACCESS_KEY_ID"));
	struct str secret = provider_env(r, S("AWS_SECRET_ACCESS_KEY"));
	struct str token = provider_env(r, S("AWS_SECURITY_TOKEN"));

	if (r->named) {
		provider_looked(r, "environment: passed over, because profile "
		    "'%s' was named", r->profile);
		return ERR_OK;
	}
	if (id.p == NULL) {
		provider_looked(r, "environment: AWS_ACCESS_KEY_ID is %s%s",
		    state_of(r, S("AWS_ACCESS_KEY_ID")), secret.p == NULL ?
		    S("") : S(" (but AWS_SECRET_ACCESS_KEY is set)"));
		return ERR_OK;
	}
	if (secret.p == NULL) {
		return fail_setf(r->f, ERR_CREDENTIALS, "AWS_ACCESS_KEY_ID is "
		    "set but AWS_SECRET_ACCESS_KEY is %s: set both or neither",
		    state_of(r, S("AWS_SECRET_ACCESS_KEY")));
	}
	*out = (struct creds_keys){
		.access_key_id = id, .secret = secret,
		.token = token.p != NULL ? token :
		    provider_env(r, S("AWS_SESSION_TOKEN")),
		.account_id = provider_env(r, S("AWS_ACCOUNT_ID")),
		.source = S("environment"),
	};
	*found = true;
	return env_expiry(r, out);
}

/* ---- profile files ---- */

/* A file with an error in it stops the chain: with the file ignored, some
 * other identity further down could answer instead. A file that this user may
 * not even look at is like one that is not there (HOME=/root is common). */
static enum err
check_files(struct provider_run *r, struct creds_keys *out, bool *found)
{
	const struct profile_file *files[] = {
		&r->files.config, &r->files.credentials
	};
	struct str problem = profile_get_from(&r->files, &r->files.accounts,
	    r->profile, S("problem"));

	(void)out;
	(void)found;
	if (profile_is_account(&r->files, r->profile)) {
		/* Nothing else says anything about it. */
		return problem.p == NULL ? ERR_OK : fail_setf(r->f,
		    ERR_PROFILE, "profile '%s' of %s cannot be used: %s",
		    r->profile, r->files.accounts.path, problem);
	}
	for (size_t i = 0; i < 2; i++) {
		struct buf b = buf_in(r->a, FAIL_TEXT_MAX);

		profile_describe(&r->files, files[i], r->a, &b);
		if (files[i]->err != ERR_OK &&
		    files[i]->err != ERR_FILE_MISSING &&
		    files[i]->err != ERR_FILE_DENIED) {
			return fail_set(r->f, ERR_PROFILE, 0, buf_str(&b));
		}
		provider_looked(r, "%s", buf_str(&b));
	}
	if (profile_exists(&r->files, r->profile)) {
		return ERR_OK;
	}
	if (!str_eq(r->profile, S("default"))) {
		return profile_unknown(&r->files, r->a, r->profile, r->f);
	}
	provider_looked(r, "no profile 'default' in them");
	return ERR_OK;
}

/* ---- the chain ---- */

static const struct {
	struct str name;
	provider_fn find;
	bool base; /* what a source_profile may draw from */
} chain[] = {
	{ STR_INIT("environment"), provider_environment, false },
	{ STR_INIT("profile files"), check_files, false },
	{ STR_INIT("role profile"), provider_role, false },
	{ STR_INIT("web identity"), provider_web_identity, true },
	{ STR_INIT("SSO"), provider_sso, true },
	{ STR_INIT("credentials file"), provider_credentials_file, true },
	{ STR_INIT("login"), provider_login, true },
	{ STR_INIT("credential process"), provider_process, true },
	{ STR_INIT("config file"), provider_config_file, true },
	{ STR_INIT("container"), provider_container, false },
	{ STR_INIT("instance metadata"), provider_instance, false },
};

static enum err
walk(struct provider_run *r, bool base_only, struct creds_keys *out,
    bool *found)
{
	*found = false;
	for (size_t i = 0; i < sizeof(chain) / sizeof(chain[0]); i++) {
		enum err err;

		if (base_only && !chain[i].base) {
			continue;
		}
		err = chain[i].find(r, out, found);
		if (r->a->failed && err == ERR_OK) {
			err = ERR_NOMEM;
		}
		if (err == ERR_OK && *found) {
			err = provider_check(r, out, out->source.p == NULL ?
			    chain[i].name : out->source);
		}
		if (err != ERR_OK || *found) {
			return err;
		}
	}
	return ERR_OK;
}

/* see provider.h */
enum err
provider_base(struct provider_run *r, struct creds_keys *out, bool *found)
{
	return walk(r, true, out, found);
}

/* see provider.h */
enum err
provider_own(struct provider_run *r, struct creds_keys *out)
{
	struct provider_run sub = *r;
	bool found;
	enum err err;

	sub.profile = r->own.len > 0 ? r->own : profile_from_env(r->sys);
	sub.named = r->own.len > 0;
	if (sub.profile.len == 0 ||
	    profile_is_account(&r->files, sub.profile)) {
		sub.profile = S("default");
		sub.named = false;
	}
	sub.files.accounts = (struct profile_file){ .err = ERR_OK };
	sub.looked = buf_in(r->a, FAIL_TEXT_MAX);
	err = walk(&sub, false, out, &found);
	if (err == ERR_OK && !found) {
		err = fail_setf(r->f, ERR_CREDENTIALS, "there are no keys to "
		    "assume it with. Looked at: %s", buf_str(&sub.looked));
	}
	return err;
}

/* see provider.h */
enum err
provider_find(struct provider_run *r, struct creds_keys *out)
{
	bool found;
	enum err err = profile_load(r->sys, r->a, &r->files);

	MUST(r->profile.len > 0);
	*out = (struct creds_keys){ 0 };
	r->looked = buf_in(r->a, FAIL_TEXT_MAX);
	if (err != ERR_OK) {
		return err;
	}
	if (r->named && !profile_exists(&r->files, r->profile)) {
		if (!str_eq(r->profile, S("default"))) {
			return profile_unknown(&r->files, r->a, r->profile,
			    r->f);
		}
		r->named = false;
	}
	err = walk(r, false, out, &found);
	if (err != ERR_OK) {
		return err;
	}
	if (!found) {
		return fail_setf(r->f, ERR_CREDENTIALS, "no AWS credentials "
		    "for profile '%s'. Looked at: %s. Set AWS_ACCESS_KEY_ID "
		    "and AWS_SECRET_ACCESS_KEY, mount the AWS files and point "
		    "AWS_CONFIG_FILE at them, or give the pod, task or "
		    "instance a role", r->profile, buf_str(&r->looked));
	}
	if (out->expires_ms != 0 &&
	    out->expires_ms <= r->sys->now_ms(r->sys->ctx)) {
		struct buf b = buf_in(r->a, 64);

		timefmt_iso(&b, out->expires_ms);
		return fail_setf(r->f, ERR_AWS_EXPIRED, "the keys from %s "
		    "expired at %s already; whatever issues them is stuck, or "
		    "this machine's clock is wrong", out->source, buf_str(&b));
	}
	return ERR_OK;
}
