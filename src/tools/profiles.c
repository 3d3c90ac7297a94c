/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_profiles: the profiles of the AWS files and the list of accounts, where
 * their credentials come from, and whether they work. Only what is no secret is
 * shown: names, ARNs, account ids, regions, descriptions.
 *
 * A description is the key `description`, or the comment behind the section's
 * name. Text that looks like a key in either is not shown.
 *
 * With check, sts:GetCallerIdentity tells for each profile who it is: by GET
 * with JSON, so that the requests of several profiles run at the same time.
 * Their credentials are looked up one after the other before.
 */
#include "tools/tools.h"

#include "base/limits.h"
#include "proto/ini.h"
#include "tools/ask.h"

/* A profile on its way into the answer. */
struct entry {
	struct aws_scope scope; /* of the check */
	struct fail fail;
	struct str name;
	const struct json *who; /* GetCallerIdentityResult; NULL: not asked, or
	                         * err */
	enum err err;
	bool checked;
};

/* A word so long and of such bytes may be a key or a token. */
static bool
looks_secret(struct str s)
{
	size_t run = 0;

	for (size_t i = 0; i < s.len; i++) {
		bool key = str_is_alnum(s.p[i]) || s.p[i] == '/' ||
		    s.p[i] == '+' || s.p[i] == '=' || s.p[i] == '_';

		run = key ? run + 1 : 0;
		if (run >= 20) {
			return true;
		}
	}
	return false;
}

static struct str
description(const struct profile_set *set, struct str name)
{
	struct str text = profile_get(set, name, S("description"));

	if (text.p == NULL) {
		text = profile_comment(set, name);
	}
	return text.len == 0 || text.len > 300 || looks_secret(text) ?
	    STR_NONE : text;
}

/* What its credentials are, in the order of the chain. */
static struct str
source(const struct profile_set *set, struct str name)
{
	static const struct { struct str key, kind; } rows[] = {
		{ STR_INIT("role_arn"), STR_INIT("assume_role") },
		{ STR_INIT("sso_account_id"), STR_INIT("sso") },
		{ STR_INIT("sso_role_name"), STR_INIT("sso") },
		{ STR_INIT("aws_access_key_id"), STR_INIT("static_keys") },
		{ STR_INIT("login_session"), STR_INIT("login") },
		{ STR_INIT("credential_process"),
		    STR_INIT("credential_process") },
	};

	if (profile_is_account(set, name)) {
		return S("accounts_file");
	}
	if (profile_get(set, name, S("web_identity_token_file")).p != NULL) {
		return S("web_identity");
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (profile_get(set, name, rows[i].key).p != NULL) {
			return rows[i].kind;
		}
	}
	return S("environment_or_machine");
}

static struct str
account_of(const struct profile_set *set, struct str name)
{
	static const struct str keys[] = { STR_INIT("role_arn"),
	    STR_INIT("sso_account_id"), STR_INIT("aws_account_id"),
	    STR_INIT("login_session") };
	struct str v = STR_NONE;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && v.p == NULL;
	    i++) {
		v = profile_get(set, name, keys[i]);
		if (v.p != NULL && str_starts(v, S("arn:"))) {
			v = sts_arn_account(v);
		}
	}
	return v;
}

static void
put_entry(struct json_writer *out, const struct profile_set *set,
    const struct entry *e, struct str by_default)
{
	struct str account = json_get_str(e->who, S("Account"),
	    account_of(set, e->name));
	struct str via = profile_get(set, e->name, S("source_profile"));
	struct str problem;

	json_begin_object(out);
	json_put_string(out, S("profile_name"), e->name);
	if (str_eq(e->name, by_default)) {
		json_put_boolean(out, S("is_default"), true);
	}
	json_put_string_or_null(out, S("account_id"), account);
	json_put_string_or_null(out, S("region"), profile_get(set, e->name,
	    S("region")));
	json_put_string_or_null(out, S("description"), description(set,
	    e->name));
	json_put_string(out, S("source"), source(set, e->name));
	if (via.p != NULL) {
		json_put_string(out, S("source_profile"), via);
	}
	if (profile_get(set, e->name, S("role_arn")).p != NULL) {
		json_put_string(out, S("role_arn"), profile_get(set, e->name,
		    S("role_arn")));
	}
	problem = profile_get(set, e->name, S("problem"));
	if (!e->checked && profile_is_account(set, e->name) &&
	    problem.p != NULL) {
		json_put_string(out, S("problem"), problem);
	}
	if (e->checked) {
		json_put_boolean(out, S("works"), e->err == ERR_OK);
		if (e->err == ERR_OK) {
			json_put_string_or_null(out, S("arn"),
			    json_get_str(e->who, S("Arn"), STR_NONE));
		} else {
			json_put_string(out, S("problem"),
			    fail_text(&e->fail));
		}
	}
	json_end_object(out);
}

/* Gets an entry's scope ready. */
static enum err
prepare(struct ask *q, struct entry *e, int64_t deadline_ms)
{
	struct aws *aws = q->c->aws;

	fail_init(&e->fail, q->c->arena);
	e->scope = q->scope;
	e->scope.fail = &e->fail;
	e->scope.profile = e->name;
	e->scope.profile_arg = e->name;
	e->scope.account_id = STR_NONE;
	e->scope.deadline_ms = deadline_ms;
	e->checked = true;
	return endpoint_region(aws->sys, &e->scope.files, e->name,
	    tool_arg_str(q->c, S("region")), aws->region, STR_NONE,
	    &e->scope.region, &e->fail);
}

/* Checks at most PROFILES_AT_ONCE_N profiles at the same time. */
static void
check(struct ask *q, struct entry *entries, size_t n)
{
	static const struct aws_op op = { ENDPOINT_STS,
	    STR_INIT("GetCallerIdentity") };
	static const struct aws_get get = { STR_INIT("/"),
	    STR_INIT("Action=GetCallerIdentity&Version=2011-06-15") };
	struct aws_job jobs[PROFILES_AT_ONCE_N];
	struct entry *of[PROFILES_AT_ONCE_N];
	int64_t until = q->c->sys->mono_ms(q->c->sys->ctx) + PROFILES_CHECK_MS;
	size_t job_n = 0;

	until = until < q->c->deadline_ms ? until : q->c->deadline_ms;
	for (size_t i = 0; i < n; i++) {
		entries[i].err = prepare(q, &entries[i], until);
		if (entries[i].err == ERR_OK) {
			of[job_n] = &entries[i];
			jobs[job_n++] = (struct aws_job){ .op = &op,
			    .scope = &entries[i].scope, .body = S(""),
			    .get = &get };
		}
	}
	if (job_n > 0) {
		aws_call_many(jobs, job_n);
	}
	for (size_t i = 0; i < job_n; i++) {
		of[i]->err = jobs[i].err;
		of[i]->fail = jobs[i].fail;
		of[i]->who = json_path(jobs[i].reply.json,
		    S("GetCallerIdentityResponse.GetCallerIdentityResult"));
		if (of[i]->err == ERR_OK && of[i]->who == NULL) {
			of[i]->err = fail_set(&of[i]->fail, ERR_AWS_REPLY, 0,
			    S("the answer of sts:GetCallerIdentity is not one "
			    "of STS"));
		}
	}
}

/* What is wrong with the files: nothing when a profile came out of them and
 * none is broken. */
static struct str
state_of(const struct profile_set *set, struct arena *a, size_t n)
{
	struct buf b = buf_in(a, FAIL_TEXT_MAX);
	bool listed = set->accounts.setting.p != NULL;
	bool broken = set->config.problem.p != NULL ||
	    set->credentials.problem.p != NULL ||
	    (listed && set->accounts.err != ERR_OK);

	if (n > 0 && !broken) {
		return STR_NONE;
	}
	buf_add(&b, n == 0 ? S("There are no profiles that a call may name: ")
	    : S(""));
	profile_describe(set, &set->config, a, &b);
	buf_add(&b, S("; "));
	profile_describe(set, &set->credentials, a, &b);
	if (listed) {
		buf_add(&b, S("; "));
		profile_describe(set, &set->accounts, a, &b);
	}
	buf_add_byte(&b, '.');
	if (n == 0) {
		buf_add(&b, S(" Credentials come from the environment, the "
		    "container or the machine: leave profile_name out."));
	}
	return buf_str(&b);
}

/* The names to show: those a call may name, or the one asked for. Whose calls
 * run with keys of their own may say "default", but does not read with it. */
static enum err
names_of(struct ask *q, struct str **names, size_t *n)
{
	struct call *c = q->c;
	bool own = c->aws_caller != NULL && c->aws_caller->keys != NULL;
	struct str one = own ? STR_NONE :
	    tool_arg_str(c, S("profile_name"));
	enum err err = profile_list(&q->scope.files, c->arena, names, n);
	size_t kept = 0;

	if (err != ERR_OK) {
		return fail_set(c->fail, err, 0, STR_NONE);
	}
	for (size_t i = 0; i < *n; i++) {
		bool shown = one.len == 0 ?
		    aws_profile_allowed(&q->scope, (*names)[i]) :
		    str_eq((*names)[i], one);

		if (shown) {
			(*names)[kept++] = (*names)[i];
		}
	}
	*n = kept;
	return kept > 0 || one.len == 0 ? ERR_OK :
	    profile_unknown(&q->scope.files, c->arena, one, c->fail);
}

/* Writes the rows, checked in groups that are shown as they come. */
static bool
put_entries(struct ask *q, struct rows *rows, const struct str *names,
    size_t n)
{
	struct call *c = q->c;
	bool checks = tool_arg_bool(c, S("check"));
	struct str by_default = c->aws->profile.len > 0 ? c->aws->profile :
	    profile_from_env(c->sys);
	bool unchecked = false;

	by_default = by_default.len > 0 ? by_default : S("default");
	for (size_t at = 0; at < n && !rows->cut; at += PROFILES_AT_ONCE_N) {
		struct entry group[PROFILES_AT_ONCE_N] = { 0 };
		size_t group_n = n - at < PROFILES_AT_ONCE_N ? n - at :
		    PROFILES_AT_ONCE_N;
		bool late = c->sys->mono_ms(c->sys->ctx) +
		    PROFILES_CHECK_MS / 4 > c->deadline_ms ||
		    at >= PROFILES_CHECK_MAX_N;

		for (size_t i = 0; i < group_n; i++) {
			group[i].name = names[at + i];
		}
		if (checks && !late) {
			c->progress(c, (double)at, (double)n,
			    S("checking profiles"));
			check(q, group, group_n);
		}
		unchecked |= checks && late;
		for (size_t i = 0; i < group_n && !rows->cut; i++) {
			put_entry(c->out, &q->scope.files, &group[i],
			    by_default);
			(void)!rows_fit(rows);
		}
	}
	return unchecked;
}

static enum err
run(struct call *c)
{
	struct str *names;
	struct str text;
	struct rows rows;
	struct ask q;
	size_t n;
	bool unchecked;
	enum err err;

	ask_begin(&q, c);
	if (q.err != ERR_OK) {
		return q.err;
	}
	err = names_of(&q, &names, &n);
	if (err != ERR_OK) {
		return err;
	}
	rows_init(&rows, c);
	json_begin_object(c->out);
	text = state_of(&q.scope.files, c->arena, n);
	if (text.p != NULL) {
		json_put_string(c->out, S("files"), str_sub(text, 0, 2000));
		rows_mark(&rows);
	}
	rows_begin(&rows, S("profiles"));
	unchecked = put_entries(&q, &rows, names, n);
	rows_end(&rows);
	rows_close(&rows, false, S("Or name one with profile_name."),
	    unchecked ? S("Not all profiles were checked: those without works "
	    "have to be asked for by profile_name.") : STR_NONE);
	json_end_object(c->out);
	return ERR_OK;
}

static const struct param params[] = {
	{ .name = STR_INIT("check"), .type = PARAM_BOOLEAN,
	    .fallback = "false",
	    .text = STR_INIT("ask STS whether each works") },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_list_profiles = {
	.name = STR_INIT("list_profiles"),
	.title = STR_INIT("List profiles"),
	.description = STR_INIT("Profiles of the AWS files that profile_name "
	    "takes, with account, region, description and where their "
	    "credentials come from."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT | TOOL_SLOW,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"files\":{\"type\":\"string\"},"
	    "\"profiles\":{\"type\":\"array\"},"
	    ROWS_SCHEMA "}}"),
	.run = run,
};
