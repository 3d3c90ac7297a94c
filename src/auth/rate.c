/* SPDX-License-Identifier: Apache-2.0 */
/* see rate.h */
#include "auth/rate.h"

#include <string.h>

#include "base/enc.h"
#include "base/limits.h"

/* One call is worth a minute's milliseconds, so that whole numbers do. */
#define CALL INT64_C(60000)

struct bucket {
	uint64_t id;     /* of the digest of who it is */
	int64_t level;   /* calls times CALL at when_ms */
	int64_t when_ms; /* monotonic; 0: nobody's */
};

struct rate {
	const struct sys *sys;
	int64_t per_minute;
	struct bucket buckets[RATE_SET_N][RATE_WAY_N];
};

/* see rate.h */
struct rate *
rate_new(const struct sys *sys, int64_t per_minute, struct arena *a)
{
	struct rate *r = ARENA_NEW(a, struct rate);

	if (r != NULL) {
		r->sys = sys;
		r->per_minute = per_minute;
	}
	return r;
}

/* Who a caller says to be that brings credentials, nobody has looked at: with
 * others each time it would never be refused, and with somebody else's name it
 * would use up that one's calls. */
static bool
is_by_address(const struct auth_caller *c)
{
	return c->kind == AUTH_NOBODY || c->kind == AUTH_CREDENTIALS;
}

static uint64_t
id_of(const struct auth_caller *c, struct str peer)
{
	struct str parts[] = { c->issuer, is_by_address(c) ? peer :
	    c->subject };
	char text[2 * ENC_SHA256_LEN + 1];
	uint8_t digest[ENC_SHA256_LEN];
	uint64_t id;

	text[0] = (char)c->kind;
	for (size_t i = 0; i < 2; i++) {
		enc_sha256(parts[i], digest);
		memcpy(text + 1 + i * ENC_SHA256_LEN, digest, sizeof(digest));
	}
	enc_sha256(str_of(text, sizeof(text)), digest);
	memcpy(&id, digest, sizeof(id));
	return id;
}

/* What a bucket holds by now. */
static int64_t
level_at(const struct rate *r, const struct bucket *b, int64_t now_ms)
{
	int64_t full = r->per_minute * CALL;
	int64_t past_ms = now_ms - b->when_ms;

	if (b->when_ms == 0 || past_ms >= CALL) {
		return full;
	}
	return b->level + past_ms * r->per_minute < full ?
	    b->level + past_ms * r->per_minute : full;
}

/* see rate.h */
int64_t
rate_take(struct rate *r, const struct auth_caller *caller, struct str peer)
{
	uint64_t id = id_of(caller, peer);
	struct bucket *set = r->buckets[id % RATE_SET_N];
	struct bucket *b = NULL;
	int64_t now_ms, level, wait_ms = 0;

	r->sys->lock(r->sys->ctx, SYS_LOCK_AUTH);
	now_ms = r->sys->mono_ms(r->sys->ctx);
	for (size_t i = 0; i < RATE_WAY_N; i++) {
		if (set[i].when_ms != 0 && set[i].id == id) {
			b = &set[i];
			break;
		}
		if (b == NULL || level_at(r, &set[i], now_ms) >
		    level_at(r, b, now_ms)) {
			b = &set[i];
		}
	}
	level = b->id == id ? level_at(r, b, now_ms) : r->per_minute * CALL;
	if (level < CALL) {
		wait_ms = (CALL - level + r->per_minute - 1) / r->per_minute;
	} else {
		level -= CALL;
	}
	*b = (struct bucket){ id, level, now_ms > 0 ? now_ms : 1 };
	r->sys->unlock(r->sys->ctx, SYS_LOCK_AUTH);
	return wait_ms;
}
