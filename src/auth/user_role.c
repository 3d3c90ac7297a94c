/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot is claimed under the lock by `busy` and filled by the thread that
 * claimed it; the others look again every USER_ROLE_POLL_MS. A busy slot is
 * never given to anybody else.
 */
#include "auth/user_role.h"

#include <string.h>

#include "base/enc.h"
#include "base/limits.h"

struct slot {
	uint8_t id[ENC_SHA256_LEN]; /* of token and role */
	bool busy;
	enum err err;       /* of the last exchange; ERR_AGAIN: none yet */
	int64_t ends_ms;    /* wall clock: keys or refusal count until then */
	int64_t expires_ms; /* of the keys */
	int64_t used_ms;    /* monotonic */
	size_t id_len, secret_len, token_len; /* ...of the keys in text */
	size_t why_len;     /* or of the sentence */
	char text[USER_ROLE_TEXT_MAX];
};

struct user_role {
	struct user_role_setup setup;
	struct arena store; /* of the slots */
	struct slot *slots[USER_ROLE_N];
};

/* see user_role.h */
struct user_role *
user_role_new(const struct user_role_setup *setup, struct arena *a)
{
	struct user_role *u = ARENA_NEW(a, struct user_role);

	if (u != NULL) {
		u->setup = *setup;
		/* Chunks double: leave room for the last one. */
		arena_init(&u->store, 2 * USER_ROLE_N * sizeof(struct slot));
		u->store.secret = true;
	}
	return u;
}

static void
lock(struct user_role *u)
{
	u->setup.sys->lock(u->setup.sys->ctx, SYS_LOCK_AUTH);
}

static void
unlock(struct user_role *u)
{
	u->setup.sys->unlock(u->setup.sys->ctx, SYS_LOCK_AUTH);
}

static void
id_of(struct str token, struct str role, uint8_t id[static ENC_SHA256_LEN])
{
	char text[2 * ENC_SHA256_LEN];
	uint8_t digest[ENC_SHA256_LEN];

	enc_sha256(token, digest);
	memcpy(text, digest, sizeof(digest));
	enc_sha256(role, digest);
	memcpy(text + ENC_SHA256_LEN, digest, sizeof(digest));
	enc_sha256(str_of(text, sizeof(text)), id);
}

static void
wipe(struct slot *s)
{
	enc_wipe(s->text, sizeof(s->text));
	s->id_len = s->secret_len = s->token_len = s->why_len = 0;
	s->ends_ms = 0;
}

/* ---- under the lock ---- */

/* The slot of an id, else one that is free, new, or least recently used; NULL:
 * all are busy, or no memory. */
static struct slot *
find(struct user_role *u, const uint8_t id[static ENC_SHA256_LEN], bool *same)
{
	struct slot *best = NULL;

	*same = true;
	for (size_t i = 0; i < USER_ROLE_N && u->slots[i] != NULL; i++) {
		if (memcmp(u->slots[i]->id, id, ENC_SHA256_LEN) == 0) {
			return u->slots[i];
		}
	}
	*same = false;
	for (size_t i = 0; i < USER_ROLE_N; i++) {
		struct slot *s = u->slots[i];

		if (s == NULL) {
			s = ARENA_NEW(&u->store, struct slot);
			u->slots[i] = s;
			return s;
		}
		if (!s->busy && (best == NULL || s->used_ms < best->used_ms)) {
			best = s;
		}
	}
	return best;
}

static enum err
copy(const struct slot *s, struct arena *a, struct creds_keys *out)
{
	const char *p = s->text;

	*out = (struct creds_keys){
		.access_key_id = str_dup(a, str_of(p, s->id_len)),
		.secret = str_dup(a, str_of(p + s->id_len, s->secret_len)),
		.token = str_dup(a, str_of(p + s->id_len + s->secret_len,
		    s->token_len)),
		.expires_ms = s->expires_ms,
		.source = S("the caller's own role"),
	};
	return out->access_key_id.p == NULL || out->secret.p == NULL ||
	    out->token.p == NULL ? ERR_NOMEM : ERR_OK;
}

/* ---- the exchange ---- */

static enum err
exchange(struct user_role *u, const struct auth_caller *c, struct str role_arn,
    int64_t deadline_ms, const struct cancel *cancel, struct arena *a,
    struct creds_keys *out, struct fail *f)
{
	const struct user_role_setup *setup = &u->setup;
	struct sts sts = { .sys = setup->sys, .transport = setup->transport,
	    .log = setup->log, .endpoint = setup->endpoint,
	    .region = setup->region, .deadline_ms = deadline_ms,
	    .cancel = cancel };
	struct sts_role role = { .arn = role_arn, .token = c->token,
	    .session_name = str_sub(c->email.len > 0 ? c->email : c->subject,
	    0, 64), .duration_s = setup->duration_s };

	return sts_assume_role_web(&sts, &role, a, out, f);
}

/* Whether a failure says something about the token, not about the moment. */
static bool
is_refusal(enum err err)
{
	return err == ERR_AWS_ACCESS || err == ERR_AWS_EXPIRED ||
	    err == ERR_AWS_REQUEST;
}

/* Writes the end of an exchange into its slot. */
static void
settle(struct user_role *u, struct slot *s, const struct auth_caller *c,
    enum err err, const struct creds_keys *k, struct str why)
{
	int64_t now = u->setup.sys->now_ms(u->setup.sys->ctx);
	struct buf b;

	lock(u);
	wipe(s);
	b = buf_fixed(s->text, sizeof(s->text));
	if (err == ERR_OK) {
		buf_add(&b, k->access_key_id);
		buf_add(&b, k->secret);
		buf_add(&b, k->token);
		s->id_len = k->access_key_id.len;
		s->secret_len = k->secret.len;
		s->token_len = k->token.len;
		s->expires_ms = k->expires_ms;
		s->ends_ms = k->expires_ms - USER_ROLE_MARGIN_MS;
		if (c->expires_ms != 0 && c->expires_ms < s->ends_ms) {
			s->ends_ms = c->expires_ms;
		}
	} else if (is_refusal(err)) {
		buf_add(&b, str_sub(why, 0, FAIL_TEXT_MAX));
		s->why_len = b.len;
		s->ends_ms = now + USER_ROLE_AGAIN_MS;
	}
	if (!buf_ok(&b)) {
		wipe(s); /* this caller's are exchanged each time */
	}
	s->err = err;
	s->busy = false;
	unlock(u);
}

/* What a slot says, or that this thread is to find out. true: it is said. */
static bool
known(struct user_role *u, struct slot *s, struct arena *a,
    struct creds_keys *out, enum err *err, struct fail *f)
{
	const struct sys *sys = u->setup.sys;

	s->used_ms = sys->mono_ms(sys->ctx);
	if (s->ends_ms <= sys->now_ms(sys->ctx)) {
		return false;
	}
	if (s->err != ERR_OK) {
		*err = fail_set(f, s->err, 0, str_dup(a, str_of(s->text,
		    s->why_len)));
	} else {
		*err = copy(s, a, out);
	}
	return true;
}

/* see user_role.h */
enum err
user_role_keys(struct user_role *u, const struct auth_caller *caller,
    int64_t deadline_ms, const struct cancel *cancel, struct arena *a,
    struct creds_keys *out, struct fail *f)
{
	const struct sys *sys = u->setup.sys;
	struct str role = caller->role_arn.len > 0 ? caller->role_arn :
	    u->setup.role_arn;
	uint8_t id[ENC_SHA256_LEN];
	struct slot *s;
	bool same, said, mine;
	enum err err = ERR_OK;

	id_of(caller->token, role, id);
	for (;;) {
		lock(u);
		s = find(u, id, &same);
		said = s != NULL && same && known(u, s, a, out, &err, f);
		mine = s != NULL && !said && !s->busy;
		if (mine) {
			if (!same) {
				wipe(s);
			}
			memcpy(s->id, id, sizeof(id));
			s->busy = true;
			s->used_ms = sys->mono_ms(sys->ctx);
		}
		unlock(u);
		if (said) {
			return err;
		}
		if (s == NULL) {
			return fail_set(f, ERR_BUSY, 0, S("more callers at a "
			    "time exchange their tokens than can be held; "
			    "ask again in a moment"));
		}
		if (mine) {
			break;
		}
		if (sys->mono_ms(sys->ctx) >= deadline_ms) {
			return fail_set(f, ERR_TIMEOUT, 0, STR_NONE);
		}
		err = sys->sleep_until(sys->ctx, sys->mono_ms(sys->ctx) +
		    USER_ROLE_POLL_MS, cancel);
		if (err != ERR_OK) {
			return fail_set(f, err, 0, STR_NONE);
		}
	}
	err = exchange(u, caller, role, deadline_ms, cancel, a, out, f);
	settle(u, s, caller, err, out, err == ERR_OK ? STR_NONE :
	    fail_text(f));
	out->source = S("the caller's own role");
	return err;
}

/* see user_role.h */
void
user_role_free(struct user_role *u)
{
	for (size_t i = 0; i < USER_ROLE_N && u->slots[i] != NULL; i++) {
		wipe(u->slots[i]);
	}
	arena_free(&u->store);
}

/* see user_role.h */
void
user_role_drop(struct user_role *u, struct str access_key_id)
{
	lock(u);
	for (size_t i = 0; i < USER_ROLE_N && u->slots[i] != NULL; i++) {
		struct slot *s = u->slots[i];

		if (!s->busy && s->err == ERR_OK && s->id_len > 0 &&
		    str_eq(str_of(s->text, s->id_len), access_key_id)) {
			wipe(s);
		}
	}
	unlock(u);
}
