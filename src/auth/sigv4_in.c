/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of accepted signatures is a table of small sets: a digest picks
 * the set, and in a full set the signature that ends first gives way.
 */
#include "auth/sigv4_in.h"

#include <string.h>

#include "base/enc.h"
#include "base/limits.h"
#include "proto/sigv4.h"

#define WAY_N 8
#define SET_N (SIGV4_IN_SEEN_N / WAY_N)

struct seen {
	uint64_t id;    /* of the signature's digest */
	int64_t end_ms; /* wall clock: then it is too old anyway */
};

struct sigv4_in {
	struct sigv4_in_setup setup;
	struct roster *keys;
	struct seen seen[SET_N][WAY_N]; /* under SYS_LOCK_AUTH */
};

/* see sigv4_in.h */
enum err
sigv4_in_new(struct sigv4_in **out, const struct sigv4_in_setup *setup,
    struct arena *a, struct fail *f)
{
	struct sigv4_in *s = ARENA_NEW(a, struct sigv4_in);

	if (s == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	s->setup = *setup;
	*out = s;
	return roster_new(&s->keys, ROSTER_KEYS, setup->keys_file, setup->sys,
	    setup->log, a, f);
}

/* see sigv4_in.h */
void
sigv4_in_refresh(struct sigv4_in *s)
{
	roster_refresh(s->keys);
}

/* see sigv4_in.h */
bool
sigv4_in_is_ours(const struct http1_request *r)
{
	return str_starts(http1_header(r->headers, r->header_n,
	    S("Authorization")), S("AWS4-HMAC-SHA256"));
}

/* Remembers an accepted signature; false: it was accepted before. */
static bool
is_first(struct sigv4_in *s, const struct sigv4_parsed *p, int64_t now_ms)
{
	const struct sys *sys = s->setup.sys;
	uint8_t digest[ENC_SHA256_LEN];
	struct seen *set, *victim;
	uint64_t id;
	bool first = true;

	enc_sha256(p->signature, digest);
	memcpy(&id, digest, sizeof(id));
	set = s->seen[id % SET_N];
	victim = &set[0];
	sys->lock(sys->ctx, SYS_LOCK_AUTH);
	for (size_t i = 0; i < WAY_N; i++) {
		if (set[i].id == id && set[i].end_ms >= now_ms) {
			first = false;
		}
		if (set[i].end_ms < victim->end_ms) {
			victim = &set[i];
		}
	}
	if (first) {
		*victim = (struct seen){ id, p->time_ms + SIGV4_IN_SKEW_MS };
	}
	sys->unlock(sys->ctx, SYS_LOCK_AUTH);
	return first;
}

/* The headers with the Host that was signed; NULL: no memory. */
static struct http1_header *
original_headers(const struct sigv4_in *s, const struct http1_request *r,
    struct arena *a)
{
	struct http1_header *h = ARENA_ARRAY(a, r->header_n,
	    struct http1_header);

	for (size_t i = 0; h != NULL && i < r->header_n; i++) {
		h[i] = r->headers[i];
		if (s->setup.host.len > 0 && str_ieq(h[i].name, S("Host"))) {
			h[i].value = s->setup.host;
		}
	}
	return h;
}

/* The whole check. */
static enum err
verify(struct sigv4_in *s, const struct sigv4_request *r, struct arena *a,
    struct roster_entry *entry)
{
	const struct sys *sys = s->setup.sys;
	struct sigv4_policy policy = {
		.now_ms = sys->now_ms(sys->ctx),
		.skew_ms = SIGV4_IN_SKEW_MS,
		.region = s->setup.region,
		.service = s->setup.service,
	};
	struct sigv4_parsed p;
	struct sigv4_keys keys;
	enum err err = sigv4_parse(a, r, &p, NULL);

	if (err != ERR_OK) {
		return err;
	}
	if (p.presigned || p.token.p != NULL ||
	    !roster_find(s->keys, p.access_key, a, entry)) {
		return a->failed ? ERR_NOMEM : ERR_SIG_KEY;
	}
	keys = (struct sigv4_keys){ .access_key = p.access_key,
	    .secret = entry->secret };
	err = sigv4_verify(a, r, &p, &keys, &policy, NULL, NULL);
	enc_wipe((void *)(uintptr_t)entry->secret.p, entry->secret.len);
	if (err == ERR_OK && !is_first(s, &p, policy.now_ms)) {
		err = ERR_SIG_REPLAY;
	}
	return err;
}

/* see sigv4_in.h */
enum auth_verdict
sigv4_in_check(struct sigv4_in *s, const struct http1_request *r,
    struct str body, struct arena *a, struct roster_entry *out,
    struct auth_refusal *no)
{
	struct sigv4_request signed_part = { .method = r->method,
	    .path = r->path, .query = r->query,
	    .headers = original_headers(s, r, a), .header_n = r->header_n,
	    .body = body };
	enum err err = signed_part.headers == NULL ? ERR_NOMEM :
	    verify(s, &signed_part, a, out);

	if (err == ERR_OK) {
		out->secret = STR_NONE; /* it is wiped */
		return AUTH_OK;
	}
	*no = (struct auth_refusal){ .why = err_text(err) };
	no->verdict = err == ERR_NOMEM ? AUTH_UNAVAILABLE :
	    err == ERR_SIG_SYNTAX || err == ERR_LIMIT || err == ERR_SYNTAX ?
	    AUTH_MALFORMED : AUTH_INVALID;
	return no->verdict;
}
