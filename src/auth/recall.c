/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot holds the token and behind it the names of its claims, each with its
 * length in two bytes: subject, e-mail, groups, scopes.
 */
#include "auth/recall.h"

#include "base/buf.h"
#include "base/enc.h"
#include "base/limits.h"

struct slot {
	int64_t ends_ms;    /* wall clock; 0: empty */
	int64_t expires_ms; /* of the token */
	enum auth_kind kind;
	struct str issuer;
	size_t token_len;
	size_t len;         /* bytes of text in use */
	size_t group_n;
	size_t scope_n;
	char text[OIDC_TOKEN_TEXT_MAX];
};

struct recall {
	const struct sys *sys;
	size_t set_n;
	int64_t hold_ms;
	struct slot *slots; /* set_n sets of OIDC_TOKEN_WAY_N */
};

static void
lock(const struct recall *r)
{
	r->sys->lock(r->sys->ctx, SYS_LOCK_AUTH);
}

static void
unlock(const struct recall *r)
{
	r->sys->unlock(r->sys->ctx, SYS_LOCK_AUTH);
}

/* see recall.h */
struct recall *
recall_new(struct arena *a, const struct sys *sys, size_t set_n,
    int64_t hold_ms)
{
	struct recall *r = ARENA_NEW(a, struct recall);

	if (r == NULL) {
		return NULL;
	}
	r->sys = sys;
	r->set_n = set_n;
	r->hold_ms = hold_ms;
	r->slots = ARENA_ARRAY(a, set_n * OIDC_TOKEN_WAY_N, struct slot);
	return r->slots == NULL ? NULL : r;
}

static void
wipe(struct slot *s)
{
	enc_wipe(s->text, s->len);
	s->ends_ms = 0;
	s->len = 0;
}

/* see recall.h */
void
recall_free(struct recall *r)
{
	for (size_t i = 0; i < r->set_n * OIDC_TOKEN_WAY_N; i++) {
		wipe(&r->slots[i]);
	}
}

/* The set a token belongs to, from the end of its signature, which is as good
 * as random. Only where to look: what is found is compared as a whole. */
static struct slot *
set_of(struct recall *r, struct str token)
{
	size_t n = 0;

	for (size_t i = token.len < 8 ? 0 : token.len - 8; i < token.len; i++) {
		n = n * 31 + (unsigned char)token.p[i];
	}
	return &r->slots[n % r->set_n * OIDC_TOKEN_WAY_N];
}

/* Cuts a name with its length off the packed claims. */
static struct str
unpack(const char **at)
{
	size_t len = (size_t)(unsigned char)(*at)[0] << 8 |
	    (unsigned char)(*at)[1];
	struct str s = len > 0 ? str_of(*at + 2, len) : STR_NONE;

	*at += 2 + len;
	return s;
}

/* Copies a slot's claims; under the lock. */
static bool
copy(const struct slot *s, struct str token, struct arena *a,
    struct auth_caller *out)
{
	size_t n = s->group_n + s->scope_n;
	struct str *names = ARENA_ARRAY(a, n, struct str);
	struct str text = str_dup(a, str_sub(str_of(s->text, s->len),
	    s->token_len, s->len));
	const char *at = text.p;

	if (names == NULL || at == NULL) {
		return false;
	}
	*out = (struct auth_caller){
		.kind = s->kind, .token = token, .issuer = s->issuer,
		.expires_ms = s->expires_ms,
		.groups = names, .group_n = s->group_n,
		.scopes = names + s->group_n, .scope_n = s->scope_n,
	};
	out->subject = unpack(&at);
	out->email = unpack(&at);
	for (size_t i = 0; i < n; i++) {
		names[i] = unpack(&at);
	}
	return true;
}

/* see recall.h */
bool
recall_find(struct recall *r, struct str token, struct arena *a,
    struct auth_caller *out)
{
	int64_t now = r->sys->now_ms(r->sys->ctx);
	struct slot *set = set_of(r, token);
	bool found = false;

	lock(r);
	for (size_t i = 0; i < OIDC_TOKEN_WAY_N && !found; i++) {
		if (set[i].ends_ms > now && str_eq_secret(
		    str_of(set[i].text, set[i].token_len), token)) {
			found = copy(&set[i], token, a, out);
			break;
		}
	}
	unlock(r);
	return found;
}

static void
pack(struct buf *b, struct str s)
{
	buf_add_byte(b, (char)(s.len >> 8));
	buf_add_byte(b, (char)s.len);
	buf_add(b, s);
}

/* see recall.h: it comes where the oldest or an ended one was */
void
recall_put(struct recall *r, struct str token, const struct auth_caller *who)
{
	int64_t now = r->sys->now_ms(r->sys->ctx);
	struct slot *set = set_of(r, token);
	struct slot *s = set;
	struct buf b;

	lock(r);
	for (size_t i = 1; i < OIDC_TOKEN_WAY_N; i++) {
		s = s->ends_ms <= set[i].ends_ms ? s : &set[i];
	}
	wipe(s);
	b = buf_fixed(s->text, sizeof(s->text));
	buf_add(&b, token);
	pack(&b, who->subject);
	pack(&b, who->email);
	for (size_t i = 0; i < who->group_n; i++) {
		pack(&b, who->groups[i]);
	}
	for (size_t i = 0; i < who->scope_n; i++) {
		pack(&b, who->scopes[i]);
	}
	s->len = b.len;
	s->token_len = token.len;
	s->kind = who->kind;
	s->issuer = who->issuer;
	s->group_n = who->group_n;
	s->scope_n = who->scope_n;
	s->expires_ms = who->expires_ms;
	s->ends_ms = now + r->hold_ms < who->expires_ms ? now + r->hold_ms :
	    who->expires_ms;
	if (!buf_ok(&b)) {
		wipe(s);
	}
	unlock(r);
}
