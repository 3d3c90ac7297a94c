/* SPDX-License-Identifier: Apache-2.0 */
/* see issuers.h */
#include "auth/issuers.h"

#include "base/limits.h"
#include "proto/json.h"

/* What is being read. */
struct reading {
	const struct issuers_setup *setup;
	struct arena *a;
	struct oidc_issuer *issuers; /* OIDC_ISSUER_MAX_N */
	size_t n;
	struct fail *f;
};

/* A member of the file and where its value goes. */
struct member {
	struct str name;
	const struct str **list; /* a list of texts, with... */
	size_t *n;               /* ...its length */
	struct str *text;        /* or one text */
	const struct json **json; /* or whatever it is */
};

/* see issuers.h */
size_t
issuers_split(struct str text, struct arena *a, const struct str **out)
{
	struct str rest = text;
	struct str *list;
	size_t n = 1;

	for (size_t i = 0; i < text.len; i++) {
		n += text.p[i] == ',' ? 1 : 0;
	}
	list = ARENA_ARRAY(a, n, struct str);
	*out = list;
	n = 0;
	while (list != NULL && rest.p != NULL) {
		struct str one = str_trim_ws(str_cut(&rest, ','));

		if (one.len > 0) {
			list[n++] = one;
		}
	}
	return n;
}

static enum err
add(struct reading *r, const struct oidc_issuer *issuer)
{
	for (size_t i = 0; i < r->n; i++) {
		if (str_eq(r->issuers[i].issuer, issuer->issuer)) {
			return fail_setf(r->f, ERR_CONFIG, "the issuer %s is "
			    "set twice", issuer->issuer);
		}
	}
	if (r->n == OIDC_ISSUER_MAX_N) {
		return fail_setf(r->f, ERR_CONFIG, "more than %u issuers are "
		    "set", (uint64_t)OIDC_ISSUER_MAX_N);
	}
	r->issuers[r->n++] = *issuer;
	return ERR_OK;
}

/* One issuer of a pair of variables. */
static enum err
from_settings(struct reading *r, struct str issuer, struct str audience,
    struct str issuer_name, struct str audience_name, bool general)
{
	const struct issuers_setup *s = r->setup;
	struct oidc_issuer is = { .issuer = issuer };
	bool rest = general && (s->jwks_uri.len > 0 || s->scopes.len > 0 ||
	    s->groups.len > 0);

	if (issuer.len == 0 && audience.len == 0 && !rest) {
		return ERR_OK;
	}
	if (issuer.len == 0 || audience.len == 0) {
		return fail_setf(r->f, ERR_CONFIG, "%s is not set: a token "
		    "is checked against both %s and %s", issuer.len == 0 ?
		    issuer_name : audience_name, issuer_name, audience_name);
	}
	is.audience_n = issuers_split(audience, r->a, &is.audiences);
	if (general) {
		is.jwks_uri = s->jwks_uri.len > 0 ? s->jwks_uri : STR_NONE;
		is.scope_n = issuers_split(s->scopes, r->a, &is.scopes);
		is.group_n = issuers_split(s->groups, r->a, &is.groups);
	}
	if (r->a->failed) {
		return fail_set(r->f, ERR_NOMEM, 0, STR_NONE);
	}
	if (general && ((s->scopes.len > 0 && is.scope_n == 0) ||
	    (s->groups.len > 0 && is.group_n == 0))) {
		return fail_set(r->f, ERR_CONFIG, 0, S("AUTH_SCOPES or "
		    "AUTH_GROUPS is set and names nothing, so that everybody "
		    "could call: unset it, or name what is needed"));
	}
	return add(r, &is);
}

/* A text, or an array of texts; one that is written down and empty would mean
 * the contrary: everything. */
static enum err
read_list(struct reading *r, const struct json *v, const struct member *m)
{
	struct str *list = ARENA_ARRAY(r->a, v->n + 1, struct str);
	const struct json *one = json_is(v, JSON_ARRAY) ? v->child : v;

	if (list == NULL) {
		return fail_set(r->f, ERR_NOMEM, 0, STR_NONE);
	}
	*m->list = list;
	do {
		if (json_str(one).len == 0) {
			return fail_setf(r->f, ERR_CONFIG, "%s: \"%s\" has to "
			    "be a list of texts", r->setup->file, m->name);
		}
		list[(*m->n)++] = one->text;
		one = json_is(v, JSON_ARRAY) ? one->next : NULL;
	} while (one != NULL);
	return ERR_OK;
}

/* Reads an object; `what` names it for the sentence. */
static enum err
read_object(struct reading *r, const struct json *object, struct str what,
    const struct member *members, size_t member_n)
{
	if (!json_is(object, JSON_OBJECT)) {
		return fail_setf(r->f, ERR_CONFIG, "%s: %s has to be an "
		    "object", r->setup->file, what);
	}
	for (const struct json *v = object->child; v != NULL; v = v->next) {
		const struct member *m = members;
		enum err err = ERR_OK;

		while (m < members + member_n && !str_eq(m->name, v->key)) {
			m++;
		}
		if (m == members + member_n) {
			return fail_setf(r->f, ERR_CONFIG, "%s: \"%s\" is no "
			    "member of %s", r->setup->file, v->key, what);
		}
		if (m->json != NULL) {
			*m->json = v;
		} else if (m->list != NULL) {
			err = read_list(r, v, m);
		} else if (json_str(v).len == 0) {
			err = fail_setf(r->f, ERR_CONFIG, "%s: \"%s\" has to "
			    "be a text", r->setup->file, m->name);
		} else {
			*m->text = v->text;
		}
		if (err != ERR_OK) {
			return err;
		}
	}
	return ERR_OK;
}

static enum err
read_grants(struct reading *r, const struct json *list,
    struct oidc_issuer *issuer)
{
	struct oidc_grant *grants;

	if (!json_is(list, JSON_ARRAY) || list->n == 0) {
		return fail_setf(r->f, ERR_CONFIG, "%s: \"allow\" has to be a "
		    "list of rules", r->setup->file);
	}
	grants = ARENA_ARRAY(r->a, list->n, struct oidc_grant);
	if (grants == NULL) {
		return fail_set(r->f, ERR_NOMEM, 0, STR_NONE);
	}
	issuer->grants = grants;
	for (const struct json *v = list->child; v != NULL; v = v->next) {
		struct oidc_grant *g = &grants[issuer->grant_n++];
		const struct member members[] = {
			{ .name = S("group"), .text = &g->group },
			{ .name = S("tools"), .list = &g->tools,
			    .n = &g->tool_n },
			{ .name = S("profiles"), .list = &g->profiles,
			    .n = &g->profile_n },
			{ .name = S("role_arn"), .text = &g->role_arn },
		};
		enum err err = read_object(r, v, S("a rule of \"allow\""),
		    members, sizeof(members) / sizeof(members[0]));

		if (err != ERR_OK) {
			return err;
		}
	}
	return ERR_OK;
}

static enum err
read_issuer(struct reading *r, const struct json *object)
{
	struct oidc_issuer is = { .issuer = STR_NONE };
	const struct json *allow = NULL;
	const struct member members[] = {
		{ .name = S("issuer"), .text = &is.issuer },
		{ .name = S("jwks_uri"), .text = &is.jwks_uri },
		{ .name = S("audiences"), .list = &is.audiences,
		    .n = &is.audience_n },
		{ .name = S("scopes"), .list = &is.scopes, .n = &is.scope_n },
		{ .name = S("groups"), .list = &is.groups, .n = &is.group_n },
		{ .name = S("allow"), .json = &allow },
	};
	enum err err = read_object(r, object, S("an issuer"), members,
	    sizeof(members) / sizeof(members[0]));

	if (err == ERR_OK && allow != NULL) {
		err = read_grants(r, allow, &is);
	}
	if (err != ERR_OK) {
		return err;
	}
	if (is.issuer.p == NULL || is.audience_n == 0) {
		return fail_setf(r->f, ERR_CONFIG, "%s: an issuer needs "
		    "\"issuer\" and \"audiences\"", r->setup->file);
	}
	return add(r, &is);
}

static enum err
read_file(struct reading *r, const struct sys *sys)
{
	struct buf b = buf_in(r->a, ISSUERS_FILE_MAX);
	enum err err = sys->read_file(sys->ctx, r->setup->file, &b);
	static const struct json nothing = { .type = JSON_NULL };
	const struct json *list = &nothing;
	const struct member members[] = {
		{ .name = S("issuers"), .json = &list },
	};
	struct json *doc;
	struct fail why;

	if (err != ERR_OK) {
		return fail_setf(r->f, ERR_CONFIG, "%s: %s", r->setup->file,
		    err_text(err));
	}
	fail_init(&why, r->a);
	err = json_parse(r->a, buf_str(&b), JSON_REJECT_DUPLICATES, &doc,
	    &why);
	if (err != ERR_OK) {
		return fail_setf(r->f, ERR_CONFIG, "%s: byte %u: %s",
		    r->setup->file, (uint64_t)why.pos, fail_text(&why));
	}
	err = read_object(r, doc, S("the file"), members, 1);
	if (err != ERR_OK) {
		return err;
	}
	if (!json_is(list, JSON_ARRAY) || list->n == 0) {
		return fail_setf(r->f, ERR_CONFIG, "%s: it has no \"issuers\"",
		    r->setup->file);
	}
	for (list = list->child; list != NULL && err == ERR_OK;
	    list = list->next) {
		err = read_issuer(r, list);
	}
	return err;
}

/* see issuers.h */
enum err
issuers_read(const struct issuers_setup *setup, const struct sys *sys,
    struct arena *a, struct oidc_issuer **out, size_t *n, struct fail *f)
{
	struct reading r = { .setup = setup, .a = a, .f = f };
	enum err err;

	r.issuers = ARENA_ARRAY(a, OIDC_ISSUER_MAX_N, struct oidc_issuer);
	if (r.issuers == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	err = from_settings(&r, setup->center_issuer, setup->center_client_id,
	    S("AWS_IDENTITY_CENTER_ISSUER"),
	    S("AWS_IDENTITY_CENTER_CLIENT_ID"), false);
	if (err == ERR_OK) {
		err = from_settings(&r, setup->issuer, setup->audience,
		    S("AUTH_ISSUER"), S("AUTH_AUDIENCE"), true);
	}
	if (err == ERR_OK && setup->file.len > 0) {
		err = read_file(&r, sys);
	}
	*out = r.issuers;
	*n = r.n;
	return err;
}
