/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the list of accounts to the entries of a config file. Both forms come
 * here as one tree, in which a number stands for its text: YAML has strings
 * only, and an account id in JSON may be either.
 */
#include "aws/accounts.h"

#include "aws/endpoint.h"
#include "aws/sts.h"
#include "base/limits.h"
#include "proto/yaml.h"

struct writer {
	struct arena *a;
	const struct accounts_defaults *d;
	struct str role;   /* the name of roles that are not named */
	struct str region; /* of profiles that have none; may be absent */
	struct ini *out;
	struct ini_entry **tail;
	struct str name;   /* of the profile being written */
};

/* A string or number, trimmed; absent where it is neither or empty. */
static struct str
text_of(const struct json *v, struct str key)
{
	const struct json *m = json_get_set(v, key);
	struct str s = json_is(m, JSON_STRING) || json_is(m, JSON_NUMBER) ?
	    str_trim_ws(m->text) : STR_NONE;

	return s.len > 0 ? s : STR_NONE;
}

/* Appends an entry; key absent: the profile's own line. Out of memory shows in
 * the arena. */
static void
add(struct writer *w, struct str key, struct str value)
{
	struct ini_entry *e = ARENA_NEW(w->a, struct ini_entry);

	if (e != NULL) {
		*e = (struct ini_entry){ .section = w->name, .key = key,
		    .value = value };
		*w->tail = e;
		w->tail = &e->next;
		w->out->entry_n++;
	}
}

static void
add_problem(struct writer *w, const char *fmt, ...)
{
	struct buf b = buf_in(w->a, FAIL_TEXT_MAX);
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	add(w, S("problem"), buf_str(&b));
}

static bool
is_account(struct str s)
{
	uint64_t n;

	return s.len == 12 && str_u64(s, UINT64_MAX, &n);
}

/* Writes what is wrong with a profile; false: nothing is. */
static bool
has_problem(struct writer *w, const struct json *v, struct str id,
    struct str arn, struct str region)
{
	struct str of_arn = sts_arn_account(arn);

	if (!json_is(v, JSON_OBJECT)) {
		add_problem(w, "it is no mapping with account_id in it");
	} else if (w->name.len > CREDS_NAME_MAX) {
		add_problem(w, "its name is too long");
	} else if (id.p == NULL && arn.p == NULL) {
		add_problem(w, "it has neither account_id nor role_arn");
	} else if (id.p != NULL && !is_account(id)) {
		add_problem(w, "its account_id is '%s', and an account has 12 "
		    "digits (in quotes, where the first is 0)", id);
	} else if (arn.p != NULL && (!str_starts(arn, S("arn:")) ||
	    !is_account(of_arn))) {
		add_problem(w, "its role_arn is '%s'; one looks like "
		    "arn:aws:iam::111122223333:role/NAME", arn);
	} else if (id.p != NULL && arn.p != NULL && !str_eq(id, of_arn)) {
		add_problem(w, "its role_arn is one of account %s, but its "
		    "account_id is %s", of_arn, id);
	} else if (region.p != NULL && !endpoint_region_ok(region)) {
		add_problem(w, "its region is '%s'; one looks like us-east-1 "
		    "or eu-central-1", region);
	} else {
		return false;
	}
	return true;
}

static void
add_set(struct writer *w, struct str key, struct str value)
{
	if (value.p != NULL) {
		add(w, key, value);
	}
}

static void
add_profile(struct writer *w, struct str name, const struct json *v)
{
	struct str id = text_of(v, S("account_id"));
	struct str arn = text_of(v, S("role_arn"));
	struct str region = text_of(v, S("region"));
	struct str parts[6] = { S("arn:"), STR_NONE, S(":iam::"), id,
	    S(":role/"), w->role };
	struct str session[2] = { S("cloudwatch-mcp-"), name };

	w->name = name;
	add(w, STR_NONE, STR_NONE);
	region = region.p != NULL ? region : w->region;
	if (has_problem(w, v, id, arn, region)) {
		return;
	}
	parts[1] = endpoint_partition(region.p != NULL ? region :
	    w->d->region);
	add(w, S("role_arn"), arn.p != NULL ? arn :
	    str_join(w->a, parts, 6));
	add(w, S("role_session_name"), str_join(w->a, session, 2));
	add(w, S("aws_account_id"), id.p != NULL ? id : sts_arn_account(arn));
	add_set(w, S("web_identity_token_file"), w->d->token_file);
	add_set(w, S("region"), region);
	add_set(w, S("description"), text_of(v, S("description")));
	add_set(w, S("external_id"), text_of(v, S("external_id")));
}

/* A list has its names inside, and may lack one. */
static void
add_list(struct writer *w, const struct json *list)
{
	size_t i = 0;

	for (const struct json *v = list->child; v != NULL; v = v->next) {
		struct str name = text_of(v, S("profile"));

		i++;
		if (name.p != NULL) {
			add_profile(w, name, v);
		} else {
			struct buf b = buf_in(w->a, 64);

			buf_addf(&b, "target_accounts[%u]", (uint64_t)i);
			w->name = buf_str(&b);
			add(w, STR_NONE, STR_NONE);
			add_problem(w, "entry %u of target_accounts has no "
			    "profile, which is its name", (uint64_t)i);
		}
	}
}

/* Which of two roles a name stands for must not depend on their order. */
static enum err
check_names(struct writer *w, struct fail *f)
{
	struct str *names = ARENA_ARRAY(w->a, w->out->entry_n + 1,
	    struct str);
	size_t n = 0;

	for (const struct ini_entry *e = w->out->first; names != NULL &&
	    e != NULL; e = e->next) {
		if (e->key.p == NULL) {
			names[n++] = e->section;
		}
	}
	if (names == NULL || w->a->failed) {
		return ERR_NOMEM;
	}
	str_sort(names, n);
	for (size_t i = 1; i < n; i++) {
		if (str_eq(names[i - 1], names[i])) {
			return fail_setf(f, ERR_SYNTAX, "it has the profile "
			    "'%s' twice", names[i]);
		}
	}
	return ERR_OK;
}

static enum err
read_tree(struct arena *a, struct str text, const struct json **out,
    struct fail *f)
{
	struct str body = str_trim_ws(text);
	struct json *v = NULL;
	struct fail why;
	enum err err;

	if (body.len == 0 || body.p[0] != '{') {
		err = yaml_parse(a, text, &v, f);
	} else if (text.len > YAML_FILE_MAX) {
		err = ERR_LIMIT;
	} else {
		fail_init(&why, NULL);
		err = json_parse(a, text, JSON_REJECT_DUPLICATES, &v, &why);
		if (err != ERR_OK && err != ERR_NOMEM) {
			err = fail_setf(f, ERR_SYNTAX, "it is not JSON: %s at "
			    "byte %u", fail_text(&why), (uint64_t)why.pos);
		}
	}
	*out = v;
	return err;
}

/* see accounts.h */
enum err
accounts_parse(struct arena *a, struct str text,
    const struct accounts_defaults *d, struct ini *out, struct fail *f)
{
	struct writer w = { .a = a, .d = d, .out = out, .tail = &out->first };
	const struct json *doc, *profiles, *targets;
	enum err err = read_tree(a, text, &doc, f);

	*out = (struct ini){ 0 };
	if (err != ERR_OK) {
		return err;
	}
	profiles = json_get_set(doc, S("profiles"));
	targets = json_get_set(doc, S("target_accounts"));
	if ((profiles == NULL && targets == NULL) ||
	    (profiles != NULL && !json_is(profiles, JSON_OBJECT)) ||
	    (targets != NULL && !json_is(targets, JSON_ARRAY))) {
		return fail_set(f, ERR_SYNTAX, 0, S("it needs \"profiles:\" "
		    "with a mapping of names, or \"target_accounts:\" with a "
		    "list"));
	}
	w.region = text_of(doc, S("region"));
	w.role = d->role.p != NULL ? d->role :
	    text_of(json_get(doc, S("iam")), S("role_name"));
	if (w.role.p == NULL) {
		w.role = S("EKSMultiAccountMCPRole");
	}
	for (const struct json *v = profiles == NULL ? NULL : profiles->child;
	    v != NULL; v = v->next) {
		add_profile(&w, v->key, v);
	}
	if (targets != NULL) {
		add_list(&w, targets);
	}
	return check_names(&w, f);
}
