/* SPDX-License-Identifier: Apache-2.0 */
/* see proxy_in.h */
#include "auth/proxy_in.h"

#include "base/limits.h"
#include "proto/chars.h"
#include "proto/cidr.h"
#include "proto/json.h"

struct proxy_in {
	struct proxy_in_setup setup;
	struct cidr networks[PROXY_NETWORK_MAX_N];
	size_t network_n;
	struct alb *alb; /* NULL: none */
};

static enum auth_verdict
refuse(struct auth_refusal *no, enum auth_verdict verdict, struct str why)
{
	*no = (struct auth_refusal){ .verdict = verdict, .why = why };
	return verdict;
}

/* ---- settings ---- */

static enum err
read_networks(struct proxy_in *p, struct fail *f)
{
	struct str rest = p->setup.networks;

	while (rest.len > 0) {
		struct str one = str_trim(str_cut(&rest, ','));

		if (p->network_n == PROXY_NETWORK_MAX_N) {
			return fail_setf(f, ERR_CONFIG, "AUTH_PROXY_NETWORKS "
			    "names more than %u networks",
			    (uint64_t)PROXY_NETWORK_MAX_N);
		}
		if (!cidr_parse(one, &p->networks[p->network_n++])) {
			return fail_setf(f, ERR_CONFIG, "AUTH_PROXY_NETWORKS: "
			    "'%s' is not a network as 10.0.0.0/8 or fd00::/8 "
			    "without bits behind the prefix", one);
		}
	}
	return ERR_OK;
}

/* A header name that may be set; absent is fine. */
static enum err
check_name(struct str name, struct str setting, struct fail *f)
{
	if (name.len > 0 && chars_skip(name.p, name.p + name.len,
	    CHARS_TOKEN) != name.p + name.len) {
		return fail_setf(f, ERR_CONFIG, "%s is '%s'; it must be the "
		    "name of a header", setting, name);
	}
	return ERR_OK;
}

static enum err
check_names(const struct proxy_in_setup *s, struct fail *f)
{
	enum err err = check_name(s->header, S("AUTH_PROXY_HEADER"), f);

	if (err == ERR_OK) {
		err = check_name(s->email_header,
		    S("AUTH_PROXY_EMAIL_HEADER"), f);
	}
	if (err == ERR_OK) {
		err = check_name(s->groups_header,
		    S("AUTH_PROXY_GROUPS_HEADER"), f);
	}
	return err;
}

/* What belongs together is given together. */
static enum err
check_setup(const struct proxy_in_setup *s, struct fail *f)
{
	if (s->header.len > 0 && s->networks.len == 0) {
		return fail_set(f, ERR_CONFIG, 0, S("AUTH_PROXY_HEADER is set "
		    "without AUTH_PROXY_NETWORKS: anybody could send that "
		    "header, so the gateway's networks have to be named"));
	}
	if (s->header.len == 0 &&
	    (s->email_header.len > 0 || s->groups_header.len > 0)) {
		return fail_set(f, ERR_CONFIG, 0, S("AUTH_PROXY_EMAIL_HEADER "
		    "and AUTH_PROXY_GROUPS_HEADER need AUTH_PROXY_HEADER, "
		    "which names the caller"));
	}
	if (s->alb.arns.len == 0 &&
	    (s->alb.client_id.len > 0 || s->alb.keys_url.len > 0)) {
		return fail_set(f, ERR_CONFIG, 0, S("AUTH_ALB_CLIENT_ID and "
		    "AUTH_ALB_KEYS_URL need AUTH_ALB_ARN"));
	}
	if (s->networks.len > 0 && s->header.len == 0 &&
	    s->alb.arns.len == 0) {
		return fail_set(f, ERR_CONFIG, 0, S("AUTH_PROXY_NETWORKS "
		    "needs AUTH_PROXY_HEADER or AUTH_ALB_ARN: who is believed "
		    "about what"));
	}
	return check_names(s, f);
}

/* see proxy_in.h */
enum err
proxy_in_new(struct proxy_in **out, const struct proxy_in_setup *setup,
    struct arena *a, struct fail *f)
{
	struct proxy_in *p;
	enum err err = check_setup(setup, f);

	*out = NULL;
	if (err != ERR_OK || (setup->header.len == 0 &&
	    setup->alb.arns.len == 0)) {
		return err;
	}
	p = ARENA_NEW(a, struct proxy_in);
	if (p == NULL) {
		return ERR_NOMEM;
	}
	p->setup = *setup;
	err = read_networks(p, f);
	if (err == ERR_OK && setup->alb.arns.len > 0) {
		err = alb_new(&p->alb, &setup->alb, a, f);
	}
	*out = p;
	return err;
}

/* see proxy_in.h */
void
proxy_in_free(struct proxy_in *p)
{
	if (p->alb != NULL) {
		alb_free(p->alb);
	}
}

/* ---- deciding ---- */

static bool
is_believed(const struct proxy_in *p, struct str peer)
{
	for (size_t i = 0; i < p->network_n; i++) {
		if (cidr_has(&p->networks[i], peer)) {
			return true;
		}
	}
	return p->network_n == 0; /* a load balancer only */
}

/* The header of that name; an empty one, and one without a name, is absent. */
static struct str
field(const struct http1_request *r, struct str name)
{
	struct str s = http1_header(r->headers, r->header_n, name);

	return name.len > 0 && s.len > 0 ? s : STR_NONE;
}

static bool
is_repeated(const struct http1_request *r, struct str name)
{
	return name.len > 0 && http1_header_n(r->headers, r->header_n,
	    name) > 1;
}

/* The header is there, once or more often. */
static bool
is_there(const struct http1_request *r, struct str name)
{
	return field(r, name).p != NULL || is_repeated(r, name);
}

/* Somebody named a caller, believed or not. */
static bool
is_named(const struct proxy_in *p, const struct http1_request *r)
{
	return (p->alb != NULL && is_there(r, ALB_HEADER)) ||
	    is_there(r, p->setup.header);
}

/* see proxy_in.h */
bool
proxy_in_is_ours(const struct proxy_in *p, const struct http1_request *r,
    struct str peer)
{
	return is_named(p, r) && is_believed(p, peer);
}

/* UTF-8 without control characters, C1 (U+0080 to U+009F) among them. */
static bool
is_printable(struct str s)
{
	size_t pos;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f || (c == 0xc2 && i + 1 < s.len &&
		    (unsigned char)s.p[i + 1] < 0xa0)) {
			return false;
		}
	}
	return s.len <= PROXY_VALUE_MAX && json_utf8_ok(s, &pos);
}

/* Splits the list of groups; false: one of them cannot be one. */
static bool
read_groups(struct str rest, struct arena *a, struct auth_caller *out)
{
	struct str *names = ARENA_ARRAY(a, OIDC_NAME_MAX_N, struct str);

	while (names != NULL && rest.p != NULL) {
		struct str one = str_trim(str_cut(&rest, ','));

		if (one.len > 0) {
			if (out->group_n == OIDC_NAME_MAX_N ||
			    !is_printable(one)) {
				return false;
			}
			names[out->group_n++] = one;
		}
	}
	out->groups = names;
	return true;
}

static enum auth_verdict
read_headers(const struct proxy_in *p, const struct http1_request *r,
    struct arena *a, struct auth_caller *out, struct auth_refusal *no)
{
	const struct proxy_in_setup *s = &p->setup;
	struct auth_caller who = { .kind = AUTH_PROXY,
	    .subject = field(r, s->header),
	    .email = field(r, s->email_header) };

	if (is_repeated(r, s->header) || is_repeated(r, s->email_header) ||
	    is_repeated(r, s->groups_header)) {
		return refuse(no, AUTH_MALFORMED, S("a header in which the "
		    "gateway names the caller came twice"));
	}
	if (!is_printable(who.subject) || !is_printable(who.email) ||
	    !read_groups(field(r, s->groups_header), a, &who)) {
		return refuse(no, AUTH_MALFORMED, S("a header in which the "
		    "gateway names the caller is too long or not text"));
	}
	if (a->failed) {
		return refuse(no, AUTH_UNAVAILABLE, S("out of memory"));
	}
	*out = who;
	return AUTH_OK;
}

/* see proxy_in.h */
bool
proxy_in_recall(struct proxy_in *p, const struct http1_request *r,
    struct str peer, struct arena *a, enum auth_verdict *verdict,
    struct auth_caller *out, struct auth_refusal *no)
{
	*out = (struct auth_caller){ .kind = AUTH_NOBODY };
	*no = (struct auth_refusal){ .verdict = AUTH_OK };
	if (!is_named(p, r)) {
		*verdict = refuse(no, AUTH_MISSING, STR_NONE);
	} else if (!is_believed(p, peer)) {
		*verdict = refuse(no, AUTH_INVALID, S("a gateway's header is "
		    "believed only from the gateway's own address"));
	} else if (p->alb != NULL && is_there(r, ALB_HEADER)) {
		*verdict = AUTH_OK;
		if (!is_repeated(r, ALB_HEADER)) {
			return alb_recall(p->alb, field(r, ALB_HEADER), a,
			    out);
		}
		*verdict = refuse(no, AUTH_MALFORMED, S("the load balancer's "
		    "header came twice"));
	} else {
		*verdict = read_headers(p, r, a, out, no);
	}
	return true;
}

/* see proxy_in.h */
enum auth_verdict
proxy_in_check(struct proxy_in *p, const struct http1_request *r,
    struct str peer, const struct oidc_want *want, struct arena *a,
    struct auth_caller *out, struct auth_refusal *no)
{
	enum auth_verdict verdict;

	if (proxy_in_recall(p, r, peer, a, &verdict, out, no)) {
		return verdict;
	}
	return alb_check(p->alb, field(r, ALB_HEADER), want, a, out, no);
}
