/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a profile can say: static keys, a role to assume with the keys of
 * another profile or place, a web identity token.
 *
 * Roles form a chain: the profile asked for is the outermost role, each
 * source_profile lies one further in, and the innermost one has keys. The
 * chain is followed to its end first (which finds loops before anything is
 * sent), then the roles are assumed from the inside out.
 */
#include "aws/provider.h"

#include "aws/endpoint.h"
#include "aws/sts.h"
#include "base/limits.h"

/* One role of a chain. */
struct step {
	struct str profile;
	struct sts_role role;
	struct step *outer; /* the role this one leads to; NULL: the first */
};

/* ---- static keys ---- */

/* The keys of a profile in one file (NULL: both, merged). */
static enum err
static_keys(struct provider_run *r, const struct profile_file *file,
    struct str profile, struct creds_keys *out, bool *found)
{
	static const struct str names[] = {
		STR_INIT("aws_access_key_id"),
		STR_INIT("aws_secret_access_key"),
		STR_INIT("aws_security_token"), STR_INIT("aws_session_token"),
		STR_INIT("aws_account_id"),
	};
	struct str v[5];
	struct buf b = buf_in(r->a, 2 * PROFILE_PATH_MAX);

	for (size_t i = 0; i < 5; i++) {
		v[i] = file == NULL ? profile_get(&r->files, profile, names[i])
		    : profile_get_from(&r->files, file, profile, names[i]);
	}
	if (v[0].p == NULL) {
		return ERR_OK;
	}
	buf_addf(&b, "profile '%s'", profile);
	if (file != NULL) {
		buf_addf(&b, " in %s", file->path);
	}
	if (v[1].p == NULL) {
		return fail_setf(r->f, ERR_PROFILE, "%s has aws_access_key_id "
		    "but no aws_secret_access_key", buf_str(&b));
	}
	*out = (struct creds_keys){
		.access_key_id = v[0], .secret = v[1],
		.token = v[2].p != NULL ? v[2] : v[3], .account_id = v[4],
		.source = buf_str(&b),
	};
	*found = true;
	return ERR_OK;
}

/* see provider.h */
enum err
provider_credentials_file(struct provider_run *r, struct creds_keys *out,
    bool *found)
{
	return static_keys(r, &r->files.credentials, r->profile, out, found);
}

/* see provider.h */
enum err
provider_config_file(struct provider_run *r, struct creds_keys *out,
    bool *found)
{
	enum err err = static_keys(r, &r->files.config, r->profile, out,
	    found);

	if (err == ERR_OK && !*found &&
	    profile_exists(&r->files, r->profile)) {
		provider_looked(r, "profile '%s' has no aws_access_key_id, "
		    "role_arn or web_identity_token_file%s", r->profile,
		    profile_get(&r->files, r->profile, S("sso_session")).p ==
		    NULL ? S("") : S(" (for sso_session it also needs "
		    "sso_account_id and sso_role_name: `aws configure sso` "
		    "writes them)"));
	}
	return err;
}

/* ---- STS ---- */

/* The region of the settings, else the one that this machine is in, asked for
 * once in a life. */
static enum err
default_region(struct provider_run *r, struct str profile, struct str *out)
{
	struct str setting = r->region.len > 0 ? r->region :
	    provider_env(r, S("AWS_REGION"));
	struct provider_memory *m = r->memory;
	struct str region = STR_NONE;
	bool ask = m != NULL && setting.len == 0 &&
	    provider_env(r, S("AWS_DEFAULT_REGION")).p == NULL;

	if (ask) {
		r->sys->lock(r->sys->ctx, SYS_LOCK_CREDENTIALS);
		ask = !m->asked;
		region = str_dup(r->a, str_of(m->region, m->region_len));
		r->sys->unlock(r->sys->ctx, SYS_LOCK_CREDENTIALS);
	}
	if (ask) {
		enum err err = provider_region(r, &region);

		if (err != ERR_OK) {
			return err;
		}
		r->sys->lock(r->sys->ctx, SYS_LOCK_CREDENTIALS);
		m->asked = true;
		m->region_len = region.len;
		for (size_t i = 0; i < region.len; i++) {
			m->region[i] = region.p[i];
		}
		r->sys->unlock(r->sys->ctx, SYS_LOCK_CREDENTIALS);
	}
	return endpoint_region(r->sys, &r->files, profile, STR_NONE, setting,
	    region, out, r->f);
}

/* Where STS is for a profile. The profile's own region comes first: it is in
 * the partition of its role, which a global AWS_REGION need not be. */
static enum err
open_sts(struct provider_run *r, struct str profile, struct sts *sts)
{
	struct str region = profile_get(&r->files, profile, S("region"));
	struct endpoint e;
	struct buf b = buf_in(r->a, HTTP_TARGET_MAX);
	enum err err = ERR_OK;

	if (region.p == NULL) {
		err = default_region(r, profile, &region);
	}
	if (err == ERR_OK) {
		err = endpoint_resolve(r->sys, &r->files, profile,
		    ENDPOINT_STS, region, r->a, &e, r->f);
	}
	if (err != ERR_OK) {
		return err;
	}
	endpoint_add_url(&b, &e);
	*sts = (struct sts){
		.sys = r->sys, .transport = r->transport, .log = r->log,
		.endpoint = buf_str(&b), .region = e.signing_region,
		.deadline_ms = r->deadline_ms, .cancel = r->cancel,
	};
	return buf_ok(&b) ? ERR_OK : ERR_NOMEM;
}

/* "profile 'x'", as a prefix of sentences. */
static struct str
profile_label(struct provider_run *r, struct str profile)
{
	struct str parts[] = { S("profile '"), profile, S("'") };

	return str_join(r->a, parts, 3);
}

/* ---- web identity ---- */

/* The token, read anew each time: kubelet replaces the file at 80 % of its
 * life. */
static enum err
read_token(struct provider_run *r, struct str file, struct str *token)
{
	struct str path = profile_expand(r->sys, r->a, file);
	struct buf b = buf_in(r->a, STS_TOKEN_MAX + 2);
	struct str why = S("reading it failed");
	enum err err;

	if (path.p == NULL) {
		return r->a->failed ? ERR_NOMEM : fail_setf(r->f,
		    ERR_CREDENTIALS, "the web identity token %s has no place, "
		    "because HOME is unset", file);
	}
	err = r->sys->read_file(r->sys->ctx, path, &b);
	*token = str_trim_ws(buf_str(&b));
	if (err == ERR_OK && token->len >= 4 && token->len <= STS_TOKEN_MAX) {
		return ERR_OK;
	}
	if (r->a->failed) {
		return ERR_NOMEM;
	}
	if (err == ERR_OK || err == ERR_LIMIT) {
		why = S("what it holds is no token (4 to 20000 characters)");
	} else if (err == ERR_FILE_MISSING) {
		why = S("it does not exist; is the service account's token "
		    "volume mounted?");
	} else if (err == ERR_FILE_DENIED) {
		why = S("this user may not read it; set fsGroup in the pod's "
		    "securityContext");
	}
	return fail_setf(r->f, ERR_CREDENTIALS,
	    "the web identity token file %s cannot be used: %s", path, why);
}

/* A variable, unless a profile was named, else the profile's key. */
static struct str
web_setting(struct provider_run *r, struct str variable, struct str key)
{
	struct str v = r->named || profile_is_account(&r->files, r->profile) ?
	    STR_NONE : provider_env(r, variable);

	return v.p != NULL ? v : profile_get(&r->files, r->profile, key);
}

/* see provider.h */
enum err
provider_web_identity(struct provider_run *r, struct creds_keys *out,
    bool *found)
{
	struct str file = web_setting(r, S("AWS_WEB_IDENTITY_TOKEN_FILE"),
	    S("web_identity_token_file"));
	struct sts_role role = {
		.arn = web_setting(r, S("AWS_ROLE_ARN"), S("role_arn")),
		.session_name = web_setting(r, S("AWS_ROLE_SESSION_NAME"),
		    S("role_session_name")),
	};
	struct str parts[] = { S("web identity, role "), role.arn };
	struct sts sts;
	struct fail inner;
	enum err err;

	if (file.p == NULL) {
		if (!r->named) {
			provider_looked(r, "web identity: "
			    "AWS_WEB_IDENTITY_TOKEN_FILE is unset");
		}
		return ERR_OK;
	}
	if (role.arn.p == NULL) {
		return fail_setf(r->f, ERR_CREDENTIALS, "there is a web "
		    "identity token file (%s) but no role for it: set "
		    "AWS_ROLE_ARN, or role_arn in profile '%s'", file,
		    r->profile);
	}
	err = read_token(r, file, &role.token);
	if (err == ERR_OK) {
		err = open_sts(r, r->profile, &sts);
	}
	if (err != ERR_OK) {
		return err;
	}
	fail_init(&inner, r->a);
	err = sts_assume_role_web(&sts, &role, r->a, out, &inner);
	if (err != ERR_OK) {
		parts[0] = S("web identity token ");
		parts[1] = file;
		return provider_wrap(r, err, &inner, str_join(r->a, parts, 2));
	}
	out->source = str_join(r->a, parts, 2);
	*found = true;
	return ERR_OK;
}

/* ---- roles ---- */

/* credential_source: a place instead of a profile. */
static enum err
named_source(struct provider_run *r, struct str profile, struct str source,
    struct creds_keys *out)
{
	static const struct {
		struct str name;
		provider_fn find;
	} sources[] = {
		{ STR_INIT("Environment"), provider_environment },
		{ STR_INIT("Ec2InstanceMetadata"), provider_instance },
		{ STR_INIT("EcsContainer"), provider_container },
	};
	struct provider_run sub = *r;
	bool found = false;

	sub.named = false;
	sub.looked = buf_in(r->a, FAIL_TEXT_MAX);
	for (size_t i = 0; i < 3; i++) {
		enum err err;

		if (!str_eq(source, sources[i].name)) {
			continue;
		}
		err = sources[i].find(&sub, out, &found);
		if (err == ERR_OK && !found) {
			return fail_setf(r->f, ERR_CREDENTIALS, "profile '%s' "
			    "takes its keys from %s, which has none: %s",
			    profile, source, buf_str(&sub.looked));
		}
		return err;
	}
	return fail_setf(r->f, ERR_PROFILE, "profile '%s' has credential_source"
	    " = %s; it can be Environment, Ec2InstanceMetadata or EcsContainer",
	    profile, source);
}

/* The keys of a profile that is a source and no role itself. */
static enum err
source_keys(struct provider_run *r, struct str profile, struct str user,
    struct creds_keys *out)
{
	struct provider_run sub = *r;
	bool found = false;
	enum err err = static_keys(r, NULL, profile, out, &found);

	if (err != ERR_OK || found) {
		return err;
	}
	/* Variables of the pod are not meant for somebody's source. */
	sub.named = true;
	sub.profile = profile;
	sub.looked = buf_in(r->a, FAIL_TEXT_MAX);
	err = provider_base(&sub, out, &found);
	if (err == ERR_OK && !found) {
		return fail_setf(r->f, ERR_PROFILE, "profile '%s' names "
		    "source_profile = %s, which has no keys: %s", user,
		    profile, buf_str(&sub.looked));
	}
	return err;
}

/* "a -> b -> a" for the sentence, from the outermost role on. */
static enum err
loop_error(struct provider_run *r, const struct step *last, struct str again)
{
	struct buf b = buf_in(r->a, FAIL_TEXT_MAX);
	size_t n = 0;
	struct str text = again;
	bool more = true;

	/* The list runs from the inside out, the sentence the other way. Once
	 * around is enough, and eight names of a long loop are. */
	for (const struct step *s = last; s != NULL && more; s = s->outer) {
		struct str parts[] = { s->profile, S(" -> "), text };

		text = str_join(r->a, parts, 3);
		more = !str_eq(s->profile, again) && ++n < 8;
	}
	buf_addf(&b, "the source_profile settings form a loop: %s; one of them "
	    "needs keys of its own", text);
	return fail_set(r->f, ERR_PROFILE, 0, buf_str(&b));
}

/* Reads the role settings of a profile into a new step. */
static enum err
read_step(struct provider_run *r, struct str profile, struct step *outer,
    struct step **out)
{
	struct step *s = ARENA_NEW(r->a, struct step);
	struct str duration = profile_get(&r->files, profile,
	    S("duration_seconds"));
	struct str mfa = profile_get(&r->files, profile, S("mfa_serial"));
	uint64_t seconds = 0;

	if (s == NULL) {
		return ERR_NOMEM;
	}
	if (mfa.p != NULL) {
		fail_setf(r->f, ERR_PROFILE, "profile '%s' wants a code from "
		    "an MFA device (mfa_serial = %s), and nobody can type one "
		    "here; use a role whose trust policy does not ask for MFA, "
		    "or pass temporary keys", profile, mfa);
		return ERR_PROFILE;
	}
	*s = (struct step){
		.profile = profile, .outer = outer,
		.role = {
			.arn = profile_get(&r->files, profile, S("role_arn")),
			.session_name = profile_get(&r->files, profile,
			    S("role_session_name")),
			.external_id = profile_get(&r->files, profile,
			    S("external_id")),
		},
	};
	/* botocore leaves out what is not a number; so do we. */
	if (duration.p != NULL && str_u64(duration, 1000000, &seconds)) {
		s->role.duration_s = (int64_t)seconds;
	}
	*out = s;
	return ERR_OK;
}

/* Whether a source profile is a role as well. Keys of its own come first, or
 * it could not name itself as its source. */
static bool
is_role(const struct provider_run *r, struct str profile)
{
	return profile_get(&r->files, profile, S("role_arn")).p != NULL &&
	    profile_get(&r->files, profile,
	    S("web_identity_token_file")).p == NULL;
}

static bool
has_keys(const struct provider_run *r, struct str profile)
{
	return profile_get(&r->files, profile,
	    S("aws_access_key_id")).p != NULL;
}

/* Checks the source of the innermost step so far. *next becomes the profile to
 * go on with, or stays absent when there is a credential_source. */
static enum err
read_source(struct provider_run *r, const struct step *s, struct str *next,
    struct str *place)
{
	struct str source = profile_get(&r->files, s->profile,
	    S("source_profile"));

	*place = profile_get(&r->files, s->profile, S("credential_source"));
	*next = source;
	if (profile_is_account(&r->files, s->profile)) {
		return ERR_OK; /* provider_own() */
	}
	if (source.p != NULL && place->p != NULL) {
		return fail_setf(r->f, ERR_PROFILE, "profile '%s' has both "
		    "source_profile and credential_source; keep one",
		    s->profile);
	}
	if (source.p == NULL && place->p == NULL) {
		return fail_setf(r->f, ERR_PROFILE, "profile '%s' has role_arn "
		    "but neither source_profile, credential_source nor "
		    "web_identity_token_file to assume it with", s->profile);
	}
	if (source.p == NULL) {
		return ERR_OK;
	}
	if (!profile_exists(&r->files, source)) {
		struct fail inner;

		fail_init(&inner, r->a);
		return provider_wrap(r, profile_unknown(&r->files, r->a,
		    source, &inner), &inner, profile_label(r, s->profile));
	}
	for (const struct step *o = s; o != NULL; o = o->outer) {
		if (str_eq(o->profile, source) &&
		    !(o == s && has_keys(r, source))) {
			return loop_error(r, s, source);
		}
	}
	return ERR_OK;
}

/* Assumes the roles from the innermost step to the outermost. */
static enum err
assume(struct provider_run *r, struct step *s, struct creds_keys *keys)
{
	for (; s != NULL; s = s->outer) {
		struct creds_keys got;
		struct sts sts;
		struct fail inner;
		enum err err = open_sts(r, s->profile, &sts);

		if (err != ERR_OK) {
			return err;
		}
		fail_init(&inner, r->a);
		err = sts_assume_role(&sts, keys, &s->role, r->a, &got,
		    &inner);
		if (err != ERR_OK) {
			return provider_wrap(r, err, &inner,
			    profile_label(r, s->profile));
		}
		*keys = got;
	}
	return ERR_OK;
}

/* see provider.h */
enum err
provider_role(struct provider_run *r, struct creds_keys *out, bool *found)
{
	struct str profile = r->profile;
	struct str place = STR_NONE;
	struct step *s = NULL;
	struct creds_keys keys = { 0 };
	struct str parts[4];
	enum err err;

	if (!is_role(r, profile)) {
		return ERR_OK;
	}
	/* Ends: no profile comes twice. */
	do {
		err = read_step(r, profile, s, &s);
		if (err == ERR_OK) {
			err = read_source(r, s, &profile, &place);
		}
		if (err != ERR_OK) {
			return err;
		}
	} while (profile.p != NULL && !has_keys(r, profile) &&
	    is_role(r, profile));
	if (profile.p == NULL && place.p == NULL) {
		struct fail inner, *outer = r->f;

		fail_init(&inner, r->a);
		r->f = &inner;
		err = provider_own(r, &keys);
		r->f = outer;
		if (err != ERR_OK) {
			return provider_wrap(r, err, &inner, profile_label(r,
			    s->profile));
		}
	} else {
		err = place.p != NULL ?
		    named_source(r, s->profile, place, &keys) :
		    source_keys(r, profile, s->profile, &keys);
	}
	if (err == ERR_OK) {
		err = provider_check(r, &keys, keys.source);
	}
	if (err == ERR_OK) {
		err = assume(r, s, &keys);
	}
	if (err != ERR_OK) {
		return err;
	}
	*out = keys;
	parts[0] = S("role ");
	parts[1] = profile_get(&r->files, r->profile, S("role_arn"));
	parts[2] = S(" of profile ");
	parts[3] = r->profile;
	out->source = str_join(r->a, parts, 4);
	*found = true;
	return ERR_OK;
}
