/* SPDX-License-Identifier: Apache-2.0 */
/* see claims.h */
#include "auth/claims.h"

#include "base/limits.h"

/* A list of names while it is gathered. */
struct names {
	struct str *p;
	size_t n;
};

static void
add_name(struct names *out, struct str s)
{
	if (s.len > 0 && s.len <= UINT16_MAX && out->n < OIDC_NAME_MAX_N) {
		out->p[out->n++] = s;
	}
}

/* Adds a claim that is text, or an array of it; with `split`, text is a list
 * separated by spaces (RFC 8693 4.2). What is cut off can only be missing. */
static void
add_names(struct names *out, const struct json *v, bool split)
{
	struct str rest = json_str(v);

	while (split && rest.p != NULL) {
		add_name(out, str_cut(&rest, ' '));
	}
	if (!split) {
		add_name(out, rest);
	}
	for (v = json_is(v, JSON_ARRAY) ? v->child : NULL; v != NULL;
	    v = v->next) {
		add_name(out, json_str(v));
	}
}

/* see claims.h */
bool
claims_gather(struct arena *a, const struct json *claims,
    struct auth_caller *out)
{
	struct names g = { ARENA_ARRAY(a, OIDC_NAME_MAX_N, struct str), 0 };
	struct names s = { ARENA_ARRAY(a, OIDC_NAME_MAX_N, struct str), 0 };
	const struct json *vouched = json_get_set(claims, S("email_verified"));

	if (g.p == NULL || s.p == NULL) {
		return false;
	}
	add_names(&g, json_get(claims, S("groups")), false);
	add_names(&g, json_get(claims, S("cognito:groups")), false);
	add_names(&g, json_get(claims, S("roles")), false);
	add_names(&s, json_get(claims, S("scope")), true);
	add_names(&s, json_get(claims, S("scp")), true);
	out->groups = g.p;
	out->group_n = g.n;
	out->scopes = s.p;
	out->scope_n = s.n;
	/* Cognito says it as text. */
	if (vouched == NULL || json_get_bool(claims, S("email_verified"),
	    str_eq(json_str(vouched), S("true")))) {
		out->email = json_get_str(claims, S("email"), STR_NONE);
	}
	return true;
}

/* see claims.h */
bool
claims_moment(const struct json *v, int64_t *ms)
{
	double s;

	if (!json_f64(v, &s) || !(s >= 0 && s <= 253402300799.0)) {
		return false;
	}
	*ms = (int64_t)(s * 1000);
	return true;
}
