/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring is claimed under the lock by setting `fetching`; only that thread
 * touches its `spare` keys, which become the keys, under the lock again, when
 * the fetch was good. `again_ms` is moved when a fetch begins and not when it
 * ends, so that callers who hang up cannot make us fetch more often. What they
 * leave undone the background does at its next turn, or they could keep new
 * keys away by being the first to ask each time.
 */
#include "auth/keyring.h"

#include "auth/key_get.h"
#include "base/limits.h"
#include "base/log.h"
#include "proto/json.h"
#include "proto/url.h"

struct ring {
	struct jwks_key *keys;
	struct jwks_key *spare;
	size_t key_n;
	char uri[OIDC_URI_MAX]; /* discovered; written by the fetching thread,
	                         * read by it alone */
	size_t uri_len;
	bool fetching;
	bool owed;         /* a caller hung up while it fetched */
	int64_t looked_ms; /* end of the last good fetch; 0: never */
	int64_t again_ms;  /* no fetch for an unknown key before */
	int64_t due_ms;    /* the background renews then */
	enum err err;      /* of the last fetch; ERR_AGAIN: none yet */
	char why[512];
	size_t why_len;
};

struct keyring {
	struct oidc_setup setup;
	struct ring *rings; /* one for each issuer */
};

/* One fetch while it runs. */
struct fetch {
	struct keyring *k;
	size_t i;
	struct ring *r;
	struct key_get get; /* with the arena and the sentence of all of it */
	size_t key_n;
	bool kept;         /* it failed, and there are keys from before */
};

static void
lock(struct keyring *k)
{
	k->setup.sys->lock(k->setup.sys->ctx, SYS_LOCK_AUTH);
}

static void
unlock(struct keyring *k)
{
	k->setup.sys->unlock(k->setup.sys->ctx, SYS_LOCK_AUTH);
}

static int64_t
mono(const struct keyring *k)
{
	return k->setup.sys->mono_ms(k->setup.sys->ctx);
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* see keyring.h */
enum err
keyring_new(struct arena *a, const struct oidc_setup *setup,
    struct keyring **out, struct fail *f)
{
	struct keyring *k = ARENA_NEW(a, struct keyring);
	struct url u;

	if (setup->issuer_n == 0 || setup->issuer_n > OIDC_ISSUER_MAX_N) {
		return fail_setf(f, ERR_CONFIG, "there have to be 1 to %u "
		    "token issuers", (uint64_t)OIDC_ISSUER_MAX_N);
	}
	if (k == NULL) {
		return ERR_NOMEM;
	}
	k->setup = *setup;
	k->rings = ARENA_ARRAY(a, setup->issuer_n, struct ring);
	for (size_t i = 0; i < setup->issuer_n; i++) {
		const struct oidc_issuer *is = &setup->issuers[i];
		struct str uri = is->jwks_uri.len > 0 ? is->jwks_uri :
		    is->issuer;

		if (is->issuer.len == 0 || !key_get_is_safe(uri, &u)) {
			return fail_setf(f, ERR_CONFIG, "'%s' cannot be a "
			    "source of signing keys: it has to be an https "
			    "URL", uri);
		}
		if (k->rings == NULL) {
			return ERR_NOMEM;
		}
		k->rings[i].err = ERR_AGAIN;
		k->rings[i].keys = ARENA_ARRAY(a, JWKS_KEY_MAX_N,
		    struct jwks_key);
		k->rings[i].spare = ARENA_ARRAY(a, JWKS_KEY_MAX_N,
		    struct jwks_key);
	}
	*out = k;
	return a->failed ? ERR_NOMEM : ERR_OK;
}

/* ---- fetching ---- */

/* Learns where the issuer's keys are (OpenID Connect Discovery 1.0, 4). */
static enum err
discover(struct fetch *w)
{
	struct str issuer = w->k->setup.issuers[w->i].issuer;
	struct str base = str_ends(issuer, S("/")) ?
	    str_sub(issuer, 0, issuer.len - 1) : issuer;
	struct str parts[2] = { base, S("/.well-known/openid-configuration") };
	struct str uri = str_join(w->get.a, parts, 2);
	struct str body = STR_NONE;
	struct json *v;
	struct url u;
	struct buf b;
	enum err err = uri.p == NULL ? ERR_NOMEM :
	    key_get(&w->get, uri, &body);

	if (err != ERR_OK) {
		return err;
	}
	err = json_parse(w->get.a, body, JSON_REJECT_DUPLICATES, &v, NULL);
	if (err != ERR_OK) {
		return fail_setf(w->get.f, err, "%s is not JSON", uri);
	}
	/* 4.3: exactly the same, or another issuer's keys would be taken. */
	if (!str_eq(json_str(json_get(v, S("issuer"))), issuer)) {
		return fail_setf(w->get.f, ERR_CONFIG, "%s is the document of "
		    "another issuer: its 'issuer' is not exactly %s", uri,
		    issuer);
	}
	uri = json_str(json_get(v, S("jwks_uri")));
	if (!key_get_is_safe(uri, &u)) {
		return fail_setf(w->get.f, ERR_CONFIG, "the jwks_uri of "
		    "issuer %s is not an https URL", issuer);
	}
	b = buf_fixed(w->r->uri, sizeof(w->r->uri));
	buf_add(&b, uri);
	w->r->uri_len = b.len;
	return ERR_OK;
}

static enum err
fetch_keys(struct fetch *w)
{
	struct str uri = w->k->setup.issuers[w->i].jwks_uri;
	struct str body = STR_NONE;
	struct fail f;
	enum err err = ERR_OK;

	if (uri.len == 0) {
		err = discover(w);
		/* An address known from before outlives an outage of that. */
		if (err != ERR_OK && w->r->uri_len == 0) {
			return err;
		}
		fail_clear(w->get.f);
		uri = str_of(w->r->uri, w->r->uri_len);
	}
	err = key_get(&w->get, uri, &body);
	if (err != ERR_OK) {
		return err;
	}
	fail_init(&f, w->get.a);
	err = jwks_parse(w->get.a, body, w->r->spare, JWKS_KEY_MAX_N, &w->key_n,
	    &f);
	if (err != ERR_OK) {
		return fail_setf(w->get.f, err, "%s is not a key set: %s", uri,
		    fail_text(&f));
	}
	return w->key_n > 0 ? ERR_OK : fail_setf(w->get.f, ERR_MISSING,
	    "%s holds no key that can verify tokens", uri);
}

static void
log_fetch(struct fetch *w, enum err err)
{
	struct log_event e;

	if (log_begin(&e, w->k->setup.log, err == ERR_OK ? LOG_INFO :
	    LOG_WARNING, S("issuer_keys"))) {
		log_str(&e, S("issuer"), w->k->setup.issuers[w->i].issuer);
		if (err == ERR_OK) {
			log_int(&e, S("keys"), (int64_t)w->key_n);
		} else {
			log_str(&e, S("message"), fail_text(w->get.f));
			log_bool(&e, S("kept"), w->kept);
		}
		log_end(&e);
	}
}

/* Writes the end of a fetch into its ring. true: it is news. */
static bool
settle(struct fetch *w, enum err err)
{
	struct ring *r = w->r;
	struct buf b = buf_fixed(r->why, sizeof(r->why));
	struct jwks_key *old = r->keys;
	bool news = r->err != err || (err == ERR_OK && r->key_n != w->key_n);

	r->err = err;
	r->why_len = 0;
	if (err != ERR_OK) {
		buf_add(&b, str_sub(fail_text(w->get.f), 0, sizeof(r->why)));
		r->why_len = b.len;
		r->due_ms = mono(w->k) + OIDC_RENEW_MIN_MS;
		w->kept = r->key_n > 0;
		return news;
	}
	r->keys = r->spare;
	r->spare = old;
	r->key_n = w->key_n;
	r->looked_ms = mono(w->k);
	r->due_ms = r->looked_ms + w->get.hold_ms;
	return news;
}

/* Marks the ring as being fetched; under the lock. */
static void
claim(struct keyring *k, struct ring *r)
{
	r->fetching = true;
	r->again_ms = mono(k) + OIDC_REFETCH_MS;
}

/* Fetches a claimed ring. The caller's own end is no fact about the issuer:
 * it is returned and leaves no mark. */
static enum err
fetch(struct keyring *k, size_t i, const struct oidc_want *want)
{
	struct arena a;
	struct fail f;
	struct fetch w = {
		.k = k, .i = i, .r = &k->rings[i], .get = {
			.transport = k->setup.transport, .a = &a, .f = &f,
			.body_max = OIDC_ANSWER_MAX,
			.deadline_ms = least(want->deadline_ms,
			    mono(k) + OIDC_FETCH_MS),
			.cancel = want->cancel,
		},
	};
	enum err err;
	bool ended;
	bool news = false;

	arena_init(&a, OIDC_FETCH_CAP);
	fail_init(&f, &a);
	err = fetch_keys(&w);
	ended = err != ERR_OK && (sys_cancelled(want->cancel) ||
	    mono(k) >= want->deadline_ms);
	lock(k);
	if (!ended) {
		news = settle(&w, err);
	}
	w.r->owed = ended;
	w.r->fetching = false;
	unlock(k);
	if (news) {
		log_fetch(&w, err);
	}
	arena_free(&a);
	return !ended ? ERR_OK : sys_cancelled(want->cancel) ?
	    ERR_CANCELLED : ERR_TIMEOUT;
}

/* ---- using ---- */

/* Copies the key; under the lock. Without a key id there has to be exactly
 * one candidate. */
static bool
pick(const struct ring *r, const struct jws_alg *alg, struct str kid,
    struct jwks_key *out)
{
	const struct jwks_key *found = NULL;

	for (size_t i = 0; i < r->key_n; i++) {
		const struct jwks_key *key = &r->keys[i];

		if (!jws_fits(alg, key) ||
		    (kid.p != NULL && !str_eq(jwks_kid(key), kid))) {
			continue;
		}
		if (found != NULL && kid.p == NULL) {
			return false;
		}
		found = found == NULL ? key : found;
	}
	if (found != NULL) {
		*out = *found;
	}
	return found != NULL;
}

/* see keyring.h */
enum err
keyring_find(struct keyring *k, size_t i, const struct jws_alg *alg,
    struct str kid, const struct oidc_want *want, struct jwks_key *out)
{
	const struct sys *sys = k->setup.sys;
	struct ring *r = &k->rings[i];
	enum err err = ERR_OK;

	for (;;) {
		bool found;
		bool busy;

		lock(k);
		found = pick(r, alg, kid, out);
		busy = r->fetching;
		if (!found && !busy && mono(k) < r->again_ms) {
			err = r->err == ERR_OK ? ERR_MISSING : r->err;
		} else if (!found && !busy) {
			claim(k, r);
		}
		unlock(k);
		if (found || err != ERR_OK) {
			return found ? ERR_OK : err;
		}
		if (!busy) {
			err = fetch(k, i, want);
		} else if (mono(k) >= want->deadline_ms) {
			err = ERR_TIMEOUT;
		} else {
			err = sys->sleep_until(sys->ctx, least(mono(k) +
			    OIDC_POLL_MS, want->deadline_ms), want->cancel);
		}
		if (err != ERR_OK) {
			return err;
		}
	}
}

/* see oidc.h */
int64_t
keyring_refresh_due(struct keyring *k, const struct cancel *cancel)
{
	int64_t next = mono(k) + OIDC_RENEW_MS;

	for (size_t i = 0; i < k->setup.issuer_n; i++) {
		struct ring *r = &k->rings[i];
		struct oidc_want want = {
			.deadline_ms = INT64_MAX, .cancel = cancel
		};
		bool due;

		lock(k);
		due = !r->fetching && (r->owed || (mono(k) >= r->due_ms &&
		    mono(k) >= r->again_ms));
		if (due) {
			claim(k, r);
		}
		unlock(k);
		if (due && fetch(k, i, &want) != ERR_OK) {
			break; /* cancelled */
		}
		lock(k);
		next = least(next, r->due_ms > r->again_ms ? r->due_ms :
		    r->again_ms);
		unlock(k);
	}
	return next;
}

/* see oidc.h */
void
keyring_state(struct keyring *k, size_t i, struct arena *a,
    struct oidc_state *out)
{
	const struct ring *r = &k->rings[i];

	lock(k);
	*out = (struct oidc_state){ .key_n = r->key_n,
	    .looked_ms = r->looked_ms, .err = r->err };
	if (r->why_len > 0) {
		out->why = str_dup(a, str_of(r->why, r->why_len));
	}
	unlock(k);
}
