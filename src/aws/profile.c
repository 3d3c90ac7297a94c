/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and merging the two files. Look-ups walk the entries: a profile has
 * ten keys and is looked at once an hour, so an index would only cost memory.
 */
#include "aws/profile.h"

#include "aws/accounts.h"
#include "base/limits.h"

static bool
is_name_byte(char c)
{
	return str_is_alnum(c) || c == '_';
}

/* A variable that is set and not empty, else absent. */
static struct str
variable(const struct sys *sys, struct str name)
{
	struct str v = sys->env(sys->ctx, name);

	return v.len == 0 ? STR_NONE : v;
}

/* Appends the variable that `s` begins with ("$NAME", "${NAME}"); returns how
 * many bytes of s that was, 0 when it is none or unset. */
static size_t
expand_variable(const struct sys *sys, struct buf *b, struct str s)
{
	bool braced = s.len > 1 && s.p[1] == '{';
	size_t from = braced ? 2 : 1;
	size_t end = from;
	struct str value;

	while (end < s.len && is_name_byte(s.p[end])) {
		end++;
	}
	if (end == from || (braced && (end == s.len || s.p[end] != '}'))) {
		return 0;
	}
	value = sys->env(sys->ctx, str_sub(s, from, end));
	if (value.p == NULL) {
		return 0;
	}
	buf_add(b, value);
	return end + (braced ? 1 : 0);
}

/* see profile.h */
struct str
profile_expand(const struct sys *sys, struct arena *a, struct str path)
{
	struct buf b = buf_in(a, PROFILE_PATH_MAX);
	size_t at = 0;

	if (str_eq(path, S("~")) || str_starts(path, S("~/"))) {
		struct str home = variable(sys, S("HOME"));

		if (home.p == NULL) {
			return STR_NONE;
		}
		/* HOME=/ must not give //.aws: some see another root there. */
		while (str_ends(home, S("/"))) {
			home.len--;
		}
		buf_add(&b, home);
		at = 1;
	}
	while (at < path.len) {
		size_t n = path.p[at] != '$' ? 0 :
		    expand_variable(sys, &b, str_sub(path, at, path.len));

		if (n == 0) {
			buf_add_byte(&b, path.p[at]);
			n = 1;
		}
		at += n;
	}
	if (!buf_ok(&b)) {
		a->failed = true;
		return STR_NONE;
	}
	return buf_str(&b);
}

/* Turns what reading gave into a sentence without the path. */
static enum err
note(struct profile_file *file, enum err err, struct fail *f)
{
	file->err = err;
	switch (err) {
	case ERR_OK:
	case ERR_FILE_MISSING:
		break;
	case ERR_SYNTAX:
	case ERR_UTF8:
		file->problem = fail_text(f);
		break;
	case ERR_LIMIT:
		file->problem = S("the file is too large");
		break;
	case ERR_FILE_DENIED:
		file->problem = S("this user may not read it");
		break;
	case ERR_NOMEM:
		return err;
	default:
		file->problem = S("reading it failed");
		break;
	}
	return ERR_OK;
}

/* What the environment says about all accounts. */
static enum err
parse_accounts(const struct sys *sys, struct arena *a, struct str text,
    struct ini *out, struct fail *f)
{
	struct accounts_defaults d = {
		.role = variable(sys, S("CLOUDWATCH_MCP_ACCOUNTS_ROLE")),
		.token_file = variable(sys, S("AWS_WEB_IDENTITY_TOKEN_FILE")),
		.region = variable(sys, S("AWS_REGION")),
	};

	if (d.region.p == NULL) {
		d.region = variable(sys, S("AWS_DEFAULT_REGION"));
	}
	return accounts_parse(a, text, &d, out, f);
}

/* fallback absent: the file is the list of accounts, which has no place of its
 * own. */
static enum err
load_file(const struct sys *sys, struct arena *a, struct str fallback,
    struct profile_file *file)
{
	struct buf b = buf_in(a, INI_FILE_MAX);
	struct fail f;
	enum err err;

	fail_init(&f, a);
	file->setting = variable(sys, file->variable);
	file->path = profile_expand(sys, a, file->setting.p != NULL ?
	    file->setting : fallback);
	if (file->path.p == NULL) {
		return note(file, a->failed ? ERR_NOMEM : ERR_FILE_MISSING, &f);
	}
	err = sys->read_file(sys->ctx, file->path, &b);
	if (err == ERR_LIMIT && a->failed) {
		err = ERR_NOMEM;
	}
	if (err == ERR_OK) {
		err = fallback.p != NULL ?
		    ini_parse(a, buf_str(&b), &file->ini, &f) :
		    parse_accounts(sys, a, buf_str(&b), &file->ini, &f);
	}
	if (err != ERR_OK) {
		/* Half a file is worse than none: another identity may come
		 * out of it. */
		file->ini = (struct ini){ 0 };
	}
	return note(file, err, &f);
}

/* The profile that a section of this file describes; false when none. */
static bool
section_profile(const struct profile_set *set, const struct profile_file *file,
    struct str section, struct str *name)
{
	if (file != &set->config) {
		*name = section;
		return true;
	}
	if (str_eq(section, S("default"))) {
		*name = section;
		return !set->named_default;
	}
	return ini_section(section, S("profile"), name);
}

/* see profile.h */
enum err
profile_load(const struct sys *sys, struct arena *a, struct profile_set *out)
{
	enum err err;

	*out = (struct profile_set){
		.home = variable(sys, S("HOME")),
		.config.variable = S("AWS_CONFIG_FILE"),
		.credentials.variable = S("AWS_SHARED_CREDENTIALS_FILE"),
		.accounts.variable = S("CLOUDWATCH_MCP_ACCOUNTS_FILE"),
	};
	err = load_file(sys, a, S("~/.aws/config"), &out->config);
	if (err == ERR_OK) {
		err = load_file(sys, a, S("~/.aws/credentials"),
		    &out->credentials);
	}
	out->accounts.setting = variable(sys, out->accounts.variable);
	if (out->accounts.setting.p == NULL) {
		out->accounts.variable = S("AWS_ACCOUNT_ROLES_FILE");
		out->accounts.setting = variable(sys, out->accounts.variable);
	}
	if (err == ERR_OK && out->accounts.setting.p != NULL) {
		err = load_file(sys, a, STR_NONE, &out->accounts);
	}
	for (const struct ini_entry *e = out->config.ini.first; e != NULL;
	    e = e->next) {
		struct str name;

		if (ini_section(e->section, S("profile"), &name) &&
		    str_eq(name, S("default"))) {
			out->named_default = true;
		}
	}
	return err;
}

static bool
file_has(const struct profile_set *set, const struct profile_file *file,
    struct str profile)
{
	for (const struct ini_entry *e = file->ini.first; e != NULL;
	    e = e->next) {
		struct str name;

		if (e->key.p == NULL &&
		    section_profile(set, file, e->section, &name) &&
		    str_eq(name, profile)) {
			return true;
		}
	}
	return false;
}

/* see profile.h */
bool
profile_is_account(const struct profile_set *set, struct str profile)
{
	return file_has(set, &set->accounts, profile);
}

/* see profile.h */
struct str
profile_get_from(const struct profile_set *set,
    const struct profile_file *file, struct str profile, struct str key)
{
	struct str found = STR_NONE;

	for (const struct ini_entry *e = file->ini.first; e != NULL;
	    e = e->next) {
		struct str name;

		if (e->key.p != NULL && e->sub.p == NULL &&
		    str_eq(e->key, key) &&
		    section_profile(set, file, e->section, &name) &&
		    str_eq(name, profile)) {
			found = e->value;
		}
	}
	return found.len == 0 ? STR_NONE : found;
}

/* see profile.h */
struct str
profile_get(const struct profile_set *set, struct str profile, struct str key)
{
	struct str v;

	if (profile_is_account(set, profile)) {
		return profile_get_from(set, &set->accounts, profile, key);
	}
	v = profile_get_from(set, &set->credentials, profile, key);
	return v.p != NULL ? v :
	    profile_get_from(set, &set->config, profile, key);
}

static struct str
file_comment(const struct profile_set *set, const struct profile_file *file,
    struct str profile)
{
	for (const struct ini_entry *e = file->ini.first; e != NULL;
	    e = e->next) {
		struct str name;

		if (e->key.p == NULL && e->value.len > 0 &&
		    section_profile(set, file, e->section, &name) &&
		    str_eq(name, profile)) {
			return e->value;
		}
	}
	return STR_NONE;
}

/* see profile.h */
struct str
profile_comment(const struct profile_set *set, struct str profile)
{
	struct str v;

	if (profile_is_account(set, profile)) {
		return STR_NONE;
	}
	v = file_comment(set, &set->config, profile);
	return v.p != NULL ? v :
	    file_comment(set, &set->credentials, profile);
}

/* see profile.h */
bool
profile_exists(const struct profile_set *set, struct str profile)
{
	return profile_is_account(set, profile) ||
	    file_has(set, &set->config, profile) ||
	    file_has(set, &set->credentials, profile);
}

/* see profile.h */
struct str
profile_section(const struct profile_set *set, struct str kind,
    struct str name, struct str key, struct str sub)
{
	struct str found = STR_NONE;

	for (const struct ini_entry *e = set->config.ini.first; e != NULL;
	    e = e->next) {
		struct str n;

		if (e->key.p != NULL && (e->sub.p == NULL) == (sub.p == NULL) &&
		    str_eq(e->key, key) && str_eq(e->sub, sub) &&
		    ini_section(e->section, kind, &n) && str_eq(n, name)) {
			found = e->value;
		}
	}
	return found;
}

/* Appends the names of a file's sections. */
static size_t
collect(const struct profile_set *set, const struct profile_file *file,
    struct str *names)
{
	size_t n = 0;

	for (const struct ini_entry *e = file->ini.first; e != NULL;
	    e = e->next) {
		if (e->key.p == NULL &&
		    section_profile(set, file, e->section, &names[n])) {
			n++;
		}
	}
	return n;
}

/* The names of one file, or of all where it is NULL. */
static enum err
list_names(const struct profile_set *set, const struct profile_file *one,
    struct arena *a, struct str **names, size_t *name_n)
{
	const struct profile_file *files[] = { one == NULL ? &set->config :
	    one, &set->credentials, &set->accounts };
	size_t file_n = one == NULL ? 3 : 1;
	size_t room = 1;
	struct str *list;
	size_t n = 0;
	size_t kept = 0;

	for (size_t i = 0; i < file_n; i++) {
		room += files[i]->ini.entry_n;
	}
	list = ARENA_ARRAY(a, room, struct str);

	*names = list;
	*name_n = 0;
	if (list == NULL) {
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < file_n; i++) {
		n += collect(set, files[i], list + n);
	}
	str_sort(list, n);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || !str_eq(list[i], list[kept - 1])) {
			list[kept++] = list[i];
		}
	}
	*name_n = kept;
	return ERR_OK;
}

/* see profile.h */
enum err
profile_list(const struct profile_set *set, struct arena *a,
    struct str **names, size_t *name_n)
{
	return list_names(set, NULL, a, names, name_n);
}

/* see profile.h */
struct str
profile_from_env(const struct sys *sys)
{
	struct str name = variable(sys, S("AWS_PROFILE"));

	return name.p != NULL ? name :
	    variable(sys, S("AWS_DEFAULT_PROFILE"));
}

/* "(HOME=/home/app, AWS_CONFIG_FILE unset)": why the path is what it is. */
static void
add_settings(const struct profile_set *set, const struct profile_file *file,
    struct buf *b)
{
	if (file->setting.p != NULL) {
		buf_addf(b, " (%s=%s)", file->variable, file->setting);
	} else if (set->home.p != NULL) {
		buf_addf(b, " (HOME=%s, %s unset)", set->home, file->variable);
	} else {
		buf_addf(b, " (HOME unset, %s unset)", file->variable);
	}
}

static struct str
file_name(const struct profile_set *set, const struct profile_file *file)
{
	if (file->path.p != NULL) {
		return file->path;
	}
	return file == &set->accounts ? file->setting :
	    file == &set->config ? S("~/.aws/config") :
	    S("~/.aws/credentials");
}

/* see profile.h */
void
profile_describe(const struct profile_set *set,
    const struct profile_file *file, struct arena *a, struct buf *b)
{
	struct str *names;
	size_t n;

	buf_add(b, file_name(set, file));
	if (file->path.p == NULL) {
		buf_add(b, S(" has no place"));
	} else if (file->err == ERR_FILE_MISSING) {
		buf_add(b, S(" does not exist"));
	} else if (file->err != ERR_OK) {
		buf_addf(b, " cannot be used: %s", file->problem);
	} else if (list_names(set, file, a, &names, &n) == ERR_OK) {
		buf_addf(b, " holds %u profile%s", (uint64_t)n,
		    n == 1 ? S("") : S("s"));
	}
	add_settings(set, file, b);
}

/* see profile.h */
void
profile_add_names(struct buf *b, const struct str *names, size_t n)
{
	for (size_t i = 0; i < n && i < PROFILE_NAMED_MAX; i++) {
		buf_addf(b, "%s%s", i == 0 ? S("") : S(", "), names[i]);
	}
	if (n > PROFILE_NAMED_MAX) {
		buf_addf(b, " and %u more", (uint64_t)(n - PROFILE_NAMED_MAX));
	}
}

/* see profile.h */
enum err
profile_unknown(const struct profile_set *set, struct arena *a,
    struct str profile, struct fail *f)
{
	const struct profile_file *files[] = {
		&set->config, &set->credentials, &set->accounts
	};
	size_t file_n = set->accounts.setting.p == NULL ? 2 : 3;
	struct buf b = buf_in(a, FAIL_TEXT_MAX);
	struct str *names;
	size_t name_n;
	size_t read_n = 0;

	buf_addf(&b, "profile '%s' is not", profile);
	for (size_t i = 0; i < file_n; i++) {
		if (files[i]->err == ERR_OK) {
			buf_addf(&b, "%s in %s", read_n++ == 0 ? S("") :
			    S(" and not"), files[i]->path);
			add_settings(set, files[i], &b);
		}
	}
	if (read_n == 0) {
		buf_add(&b, S(" there"));
	}
	for (size_t i = 0; i < file_n; i++) {
		if (files[i]->err != ERR_OK) {
			buf_add(&b, S("; "));
			profile_describe(set, files[i], a, &b);
		}
	}
	if (profile_list(set, a, &names, &name_n) == ERR_OK && name_n > 0) {
		buf_add(&b, S("; profiles there: "));
		profile_add_names(&b, names, name_n);
	} else if (read_n > 0) {
		buf_add(&b, S("; no profile is in it"));
	} else {
		buf_add(&b, S("; put the file there, or set AWS_CONFIG_FILE "
		    "to where it is"));
	}
	return fail_set(f, ERR_PROFILE, 0, b.len > 0 ? buf_str(&b) : STR_NONE);
}
