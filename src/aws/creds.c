/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache around the chain. An entry is claimed under the lock, renewed
 * outside of it by the one thread that set `renewing`, and its result is
 * written under the lock again. An entry that is being renewed is never given
 * to another profile, so a pointer to it stays good in between.
 *
 * Keys lie in a slot of fixed size that is taken from the cache's own arena
 * when an entry is first used, and wiped before anything else is put there.
 * A look-up works in an arena of its own that is wiped when it ends.
 */
#include "aws/creds.h"

#include "aws/provider.h"
#include "base/enc.h"
#include "base/limits.h"
#include "base/meter.h"
#include "base/timefmt.h"

/* Parts of struct creds_keys, in the order they lie in a slot. */
enum part {
	PART_ID,
	PART_SECRET,
	PART_TOKEN,
	PART_ACCOUNT,
	PART_SOURCE,
	PART_N
};

struct slot {
	char text[CREDS_TEXT_MAX]; /* the parts, one behind the other */
	char why[FAIL_TEXT_MAX];   /* sentence of the last failure */
};

struct entry {
	bool used;             /* belongs to a profile */
	bool named;            /* asked for by name (see aws/provider.h) */
	bool renewing;         /* a thread is looking it up */
	bool valid;            /* there are keys, expired or not */
	char name[CREDS_NAME_MAX];
	size_t name_len;
	struct slot *slot;     /* stays with the entry once allocated */
	size_t len[PART_N];    /* bytes of each part; 0: absent */
	int64_t expires_ms;    /* wall; 0: never */
	int64_t life_ms;       /* from the look-up to expires_ms */
	int64_t looked_ms;     /* monotonic: end of the last good look-up */
	int64_t next_ms;       /* monotonic: no try to renew before */
	int64_t used_ms;       /* monotonic: last asked for */
	uint64_t round;        /* look-ups that ended for good or bad */
	enum err err;          /* how the last one ended */
	size_t why_len;
};

struct creds {
	struct creds_setup setup;
	struct arena store;    /* of the slots */
	struct provider_memory memory; /* of sign-ins */
	bool background;       /* creds_refresh_due() is being called */
	struct entry entries[CREDS_PROFILE_MAX];
};

/* Which profile is meant. */
struct which {
	struct str name;
	bool named;
};

static void
lock(struct creds *c)
{
	c->setup.sys->lock(c->setup.sys->ctx, SYS_LOCK_CREDENTIALS);
}

static void
unlock(struct creds *c)
{
	c->setup.sys->unlock(c->setup.sys->ctx, SYS_LOCK_CREDENTIALS);
}

static int64_t
wall(const struct creds *c)
{
	return c->setup.sys->now_ms(c->setup.sys->ctx);
}

static int64_t
mono(const struct creds *c)
{
	return c->setup.sys->mono_ms(c->setup.sys->ctx);
}

static struct which
which_profile(const struct creds *c, struct str profile)
{
	struct which w = { .name = profile, .named = true };

	if (w.name.len == 0) {
		w.name = c->setup.profile;
	}
	if (w.name.len == 0) {
		w.name = profile_from_env(c->setup.sys);
		w.named = false;
	}
	if (w.name.len == 0) {
		w.name = S("default");
	}
	return w;
}

/* ---- entries; all of these under the lock ---- */

static bool
is_entry(const struct entry *e, const struct which *w)
{
	return e->used && e->named == w->named &&
	    str_eq(str_of(e->name, e->name_len), w->name);
}

static struct entry *
find_entry(struct creds *c, const struct which *w)
{
	for (size_t i = 0; i < CREDS_PROFILE_MAX; i++) {
		if (is_entry(&c->entries[i], w)) {
			return &c->entries[i];
		}
	}
	return NULL;
}

static void
wipe_keys(struct entry *e)
{
	if (e->slot != NULL) {
		enc_wipe(e->slot->text, sizeof(e->slot->text));
	}
	for (size_t i = 0; i < PART_N; i++) {
		e->len[i] = 0;
	}
	e->valid = false;
	e->expires_ms = 0;
}

/* A free entry, else the one that was not asked for the longest. */
static struct entry *
spare_entry(struct creds *c)
{
	struct entry *best = NULL;

	for (size_t i = 0; i < CREDS_PROFILE_MAX; i++) {
		struct entry *e = &c->entries[i];

		if (!e->used) {
			return e;
		}
		if (!e->renewing &&
		    (best == NULL || e->used_ms < best->used_ms)) {
			best = e;
		}
	}
	return best;
}

/* The profile's entry, made when there is none. */
static enum err
claim(struct creds *c, const struct which *w, struct entry **out,
    struct fail *f)
{
	struct entry *e = find_entry(c, w);
	struct slot *slot;

	if (e == NULL) {
		e = spare_entry(c);
		if (e == NULL) {
			fail_set(f, ERR_BUSY, 0, S("too many AWS profiles are "
			    "being looked up at the same time"));
			return ERR_BUSY;
		}
		slot = e->slot != NULL ? e->slot :
		    ARENA_NEW(&c->store, struct slot);
		if (slot == NULL) {
			return ERR_NOMEM;
		}
		wipe_keys(e);
		*e = (struct entry){
			.used = true, .named = w->named, .slot = slot,
			.name_len = w->name.len, .round = e->round,
		};
		for (size_t i = 0; i < w->name.len; i++) {
			e->name[i] = w->name.p[i];
		}
	}
	*out = e;
	return ERR_OK;
}

/* Good for a request that is sent now. */
static bool
is_usable(const struct creds *c, const struct entry *e)
{
	return e->valid && (e->expires_ms == 0 ||
	    e->expires_ms - wall(c) > CREDS_MARGIN_MS);
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When renewing begins, and when it becomes urgent: 15 and 10 minutes before
 * the end, of an hour a quarter and a sixth. Keys that live for 15 minutes
 * would otherwise be due as soon as they are there. */
static int64_t
advisory_ms(const struct entry *e)
{
	return least(CREDS_ADVISORY_MS, e->life_ms / 4);
}

static int64_t
mandatory_ms(const struct entry *e)
{
	return least(CREDS_MANDATORY_MS, e->life_ms / 6);
}

/* A reader that could go on with these keys renews them on its way: static
 * ones to see a changed file, others when there is no background thread. */
static bool
is_due_inline(const struct creds *c, const struct entry *e)
{
	if (e->renewing || mono(c) < e->next_ms) {
		return false;
	}
	if (e->expires_ms == 0) {
		return mono(c) - e->looked_ms >= CREDS_STATIC_HOLD_MS;
	}
	return !c->background && e->expires_ms - wall(c) <= mandatory_ms(e);
}

static enum err
copy_keys(const struct entry *e, struct arena *a, struct creds_keys *out)
{
	struct str s[PART_N];
	size_t at = 0;

	for (size_t i = 0; i < PART_N; i++) {
		s[i] = STR_NONE;
		if (e->len[i] > 0) {
			s[i] = str_dup(a, str_of(e->slot->text + at,
			    e->len[i]));
			if (s[i].p == NULL) {
				return ERR_NOMEM;
			}
		}
		at += e->len[i];
	}
	*out = (struct creds_keys){
		.access_key_id = s[PART_ID], .secret = s[PART_SECRET],
		.token = s[PART_TOKEN], .account_id = s[PART_ACCOUNT],
		.source = s[PART_SOURCE], .expires_ms = e->expires_ms,
	};
	return ERR_OK;
}

static enum err
copy_failure(const struct entry *e, struct arena *a, struct fail *f)
{
	struct str why = str_dup(a, str_of(e->slot->why, e->why_len));

	return fail_set(f, e->err, 0, why.len > 0 ? why : STR_NONE);
}

/* Writes new keys; provider_check() has seen that they fit. */
static void
store_keys(struct creds *c, struct entry *e, const struct creds_keys *k)
{
	struct str parts[PART_N] = {
		k->access_key_id, k->secret, k->token, k->account_id,
		k->source,
	};
	struct buf b;

	/* Keys that come a second time have not become young again. */
	if (!e->valid || e->expires_ms != k->expires_ms) {
		e->life_ms = k->expires_ms - wall(c);
	}
	wipe_keys(e);
	b = buf_fixed(e->slot->text, sizeof(e->slot->text));
	for (size_t i = 0; i < PART_N; i++) {
		buf_add(&b, parts[i]);
		e->len[i] = parts[i].len;
	}
	MUST(buf_ok(&b));
	e->valid = true;
	e->expires_ms = k->expires_ms;
	e->looked_ms = mono(c);
	/* Services hand out the same keys for a while: do not ask on and on. */
	e->next_ms = e->looked_ms + CREDS_RETRY_MS;
	e->err = ERR_OK;
	e->why_len = 0;
	e->round++;
}

/* Keeps the sentence. Keys that do not expire are dropped: the files are their
 * only truth, and they say something else now. */
static void
store_failure(struct creds *c, struct entry *e, enum err err, struct str why)
{
	struct buf b = buf_fixed(e->slot->why, sizeof(e->slot->why));

	if (e->valid && e->expires_ms == 0) {
		wipe_keys(e);
	}
	buf_add(&b, str_sub(why, 0, sizeof(e->slot->why)));
	e->why_len = b.len;
	e->err = err;
	e->next_ms = mono(c) + (is_usable(c, e) ? CREDS_RETRY_MS :
	    CREDS_RETRY_SOON_MS);
	e->round++;
}

/* ---- looking up ---- */

static void
log_found(const struct creds *c, const struct which *w,
    const struct creds_keys *k)
{
	struct log_event ev;
	char text[32];
	struct buf b = buf_fixed(text, sizeof(text));

	if (!log_begin(&ev, c->setup.log, LOG_INFO, S("credentials"))) {
		return;
	}
	log_str(&ev, S("profile"), w->name);
	log_str(&ev, S("source"), k->source);
	log_str(&ev, S("access_key_id"), k->access_key_id);
	if (k->expires_ms != 0) {
		timefmt_iso(&b, k->expires_ms);
		log_str(&ev, S("expires"), buf_str(&b));
	}
	log_end(&ev);
}

static void
log_failed(const struct creds *c, enum log_level level, const struct which *w,
    struct str why)
{
	struct log_event ev;

	if (log_begin(&ev, c->setup.log, level, S("credentials"))) {
		log_str(&ev, S("profile"), w->name);
		log_str(&ev, S("message"), why);
		log_end(&ev);
	}
}

/* The caller's own end is no fact about the profile. */
static bool
is_callers_end(const struct creds *c, const struct creds_want *want,
    enum err err)
{
	return err == ERR_CANCELLED || sys_cancelled(want->cancel) ||
	    mono(c) >= want->deadline_ms;
}

/* Writes the end of a look-up into its entry. What is to be logged about a
 * failure is told by *level; false: nothing. */
static bool
settle(struct creds *c, struct entry *e, enum err err,
    const struct creds_keys *k, struct str why, bool ended,
    enum log_level *level)
{
	bool news = false;

	lock(c);
	e->renewing = false;
	if (err == ERR_OK) {
		news = !e->valid || !str_eq(k->access_key_id,
		    str_of(e->slot->text, e->len[PART_ID]));
		store_keys(c, e, k);
		*level = LOG_INFO;
	} else if (!ended) {
		/* Repeated failures without keys reach the callers anyway. */
		news = e->valid || e->err == ERR_OK;
		*level = e->valid && e->expires_ms - wall(c) >
		    mandatory_ms(e) ? LOG_WARNING : LOG_ERROR;
		store_failure(c, e, err, why);
	}
	unlock(c);
	return news;
}

/* What a caller hears whose own time or patience ended: nothing is wrong with
 * the profile as far as anybody knows. */
static enum err
callers_end(const struct creds_want *want, enum err err, struct str why,
    struct fail *f)
{
	if (err == ERR_CANCELLED || sys_cancelled(want->cancel)) {
		return fail_set(f, ERR_CANCELLED, 0, STR_NONE);
	}
	return fail_setf(f, ERR_TIMEOUT, "the time allowed ran out while AWS "
	    "credentials were being looked up (%s)", why);
}

/* Looks an entry up that this thread has marked as being renewed. *ended: the
 * caller's own time was over, which is then in f; else it is in the entry. */
static enum err
renew(struct creds *c, struct entry *e, const struct creds_want *want,
    bool *ended, struct fail *f_out)
{
	struct arena a;
	struct fail f;
	struct creds_keys keys;
	struct provider_run r = {
		.sys = c->setup.sys, .transport = c->setup.transport,
		.log = c->setup.log, .region = c->setup.region,
		.own = c->setup.profile,
		.memory = &c->memory,
		/* A look-up of its own has an end, even when nobody waits. */
		.deadline_ms = least(want->deadline_ms,
		    mono(c) + CREDS_REFRESH_MS),
		.cancel = want->cancel,
		.a = &a, .f = &f,
		/* Only the thread that renews may change these. */
		.profile = str_of(e->name, e->name_len), .named = e->named,
	};
	struct which w = { .name = r.profile, .named = e->named };
	enum log_level level = LOG_INFO;
	struct str why;
	enum err err;

	arena_init(&a, CREDS_LOOKUP_CAP);
	a.secret = true;
	a.fail_at = c->setup.fail_at == 0 ? SIZE_MAX : c->setup.fail_at - 1;
	fail_init(&f, &a);
	err = provider_find(&r, &keys);
	if (c->setup.meter != NULL) {
		meter_add(&c->setup.meter->lookups[meter_outcome(err)]);
	}
	why = f.code == ERR_OK ? err_text(err) : fail_text(&f);
	*ended = err != ERR_OK && is_callers_end(c, want, err);
	if (settle(c, e, err, &keys, why, *ended, &level)) {
		if (err == ERR_OK) {
			log_found(c, &w, &keys);
		} else {
			log_failed(c, level, &w, why);
		}
	}
	if (*ended) {
		err = callers_end(want, err, why, f_out);
	}
	arena_free(&a);
	return err;
}

/* What one look at the table leads to. */
enum step {
	STEP_DONE,  /* result or failure was copied */
	STEP_WAIT,  /* another thread is at it */
	STEP_RENEW  /* this thread is to look it up */
};

/* One reader's progress. */
struct reader {
	struct creds *c;
	struct which w;
	struct entry *e;
	bool waited;   /* a look-up was awaited since `seen` */
	uint64_t seen; /* round when it began */
	bool fresh;    /* this reader just renewed: take what there is */
};

/* Looks at the entry, under the lock. */
static enum step
look(struct reader *rd, struct arena *a, struct creds_keys *out,
    struct fail *f, enum err *err)
{
	struct creds *c = rd->c;
	bool usable;

	*err = claim(c, &rd->w, &rd->e, f);
	if (*err != ERR_OK) {
		return STEP_DONE;
	}
	MUST(rd->e != NULL);
	rd->e->used_ms = mono(c);
	usable = is_usable(c, rd->e) || (rd->fresh && rd->e->valid);
	if (usable && (rd->fresh || !is_due_inline(c, rd->e))) {
		*err = copy_keys(rd->e, a, out);
		return STEP_DONE;
	}
	if (rd->waited && rd->e->round != rd->seen &&
	    rd->e->err != ERR_OK) {
		*err = copy_failure(rd->e, a, f);
		return STEP_DONE;
	}
	rd->waited = true;
	rd->seen = rd->e->round;
	if (rd->e->renewing) {
		return STEP_WAIT;
	}
	rd->e->renewing = true;
	return STEP_RENEW;
}

/* Waits a moment for the thread that looks up. */
static enum err
wait_a_bit(struct creds *c, const struct creds_want *want, struct fail *f)
{
	int64_t now = mono(c);

	if (now >= want->deadline_ms) {
		return fail_set(f, ERR_TIMEOUT, 0, S("the time allowed ran "
		    "out while AWS credentials were being looked up"));
	}
	return c->setup.sys->sleep_until(c->setup.sys->ctx,
	    least(now + CREDS_POLL_MS, want->deadline_ms), want->cancel);
}

/* ---- exported ---- */

/* see creds.h */
struct creds *
creds_new(struct arena *a, const struct creds_setup *setup)
{
	struct creds *c = ARENA_NEW(a, struct creds);

	if (c == NULL) {
		return NULL;
	}
	c->setup = *setup;
	c->memory.a = &c->store;
	/* Chunks double: leave room for the last one. */
	arena_init(&c->store, 2 * CREDS_PROFILE_MAX *
	    (sizeof(struct slot) + 64) + 2 * PROVIDER_NOTE_N *
	    (sizeof(struct provider_note) + 64));
	c->store.secret = true;
	return c;
}

/* see creds.h */
void
creds_free(struct creds *c)
{
	for (size_t i = 0; i < CREDS_PROFILE_MAX; i++) {
		wipe_keys(&c->entries[i]);
		c->entries[i] = (struct entry){ 0 };
	}
	c->memory = (struct provider_memory){ .a = &c->store };
	arena_free(&c->store);
}

/* see creds.h */
enum err
creds_get(struct creds *c, struct str profile, const struct creds_want *want,
    struct arena *a, struct creds_keys *out, struct fail *f)
{
	struct reader rd = { .c = c, .w = which_profile(c, profile) };

	if (rd.w.name.len > CREDS_NAME_MAX) {
		return fail_set(f, ERR_PROFILE, 0,
		    S("a profile name has at most 256 bytes"));
	}
	for (bool first = true;; first = false) {
		enum err err;
		enum step step;
		bool ended;

		lock(c);
		step = look(&rd, a, out, f, &err);
		unlock(c);
		if (first) {
			meter_cache(c->setup.meter, METER_CACHE_CREDENTIALS,
			    step == STEP_DONE);
		}
		if (step == STEP_DONE) {
			return err;
		}
		if (step == STEP_WAIT) {
			rd.fresh = false;
			err = wait_a_bit(c, want, f);
			if (err != ERR_OK) {
				return err;
			}
			continue;
		}
		err = renew(c, rd.e, want, &ended, f);
		rd.fresh = err == ERR_OK;
		if (ended) {
			return err;
		}
	}
}

/* see creds.h */
void
creds_invalidate(struct creds *c, struct str profile, struct str access_key_id)
{
	struct which w = which_profile(c, profile);
	struct entry *e;

	lock(c);
	e = find_entry(c, &w);
	if (e != NULL && e->valid && str_eq(access_key_id,
	    str_of(e->slot->text, e->len[PART_ID]))) {
		wipe_keys(e);
		e->next_ms = 0;
	}
	unlock(c);
}

/* see creds.h */
int64_t
creds_expiry(struct creds *c)
{
	struct which w = which_profile(c, STR_NONE);
	const struct entry *e;
	int64_t ms;

	lock(c);
	e = find_entry(c, &w);
	ms = e != NULL && e->valid ? e->expires_ms : 0;
	unlock(c);
	return ms;
}

/* see creds.h */
enum err
creds_ready(struct creds *c, struct arena *a, struct fail *f)
{
	struct which w = which_profile(c, STR_NONE);
	const struct entry *e;
	enum err err;

	lock(c);
	e = find_entry(c, &w);
	if (e != NULL && is_usable(c, e)) {
		err = ERR_OK;
	} else if (e != NULL && e->err != ERR_OK) {
		err = copy_failure(e, a, f);
	} else {
		err = fail_set(f, ERR_AGAIN, 0,
		    S("AWS credentials have not been looked up yet"));
	}
	unlock(c);
	return err;
}

/* Whether the background thread has to renew this entry now, under the lock.
 * When it is due later, *next is brought forward to then. */
static bool
is_due(const struct creds *c, const struct entry *e, bool is_default,
    int64_t *next)
{
	int64_t now = mono(c);
	int64_t at = now;

	if (!e->used || e->renewing || (!e->valid && !is_default) ||
	    (e->valid && e->expires_ms == 0)) {
		return false;
	}
	if (e->valid) {
		at += e->expires_ms - wall(c) - advisory_ms(e);
	}
	at = at < e->next_ms ? e->next_ms : at;
	*next = least(*next, at > now ? at : now + CREDS_RETRY_SOON_MS);
	return at <= now;
}

/* see creds.h */
int64_t
creds_refresh_due(struct creds *c, const struct cancel *cancel)
{
	struct which w = which_profile(c, STR_NONE);
	struct entry *def = NULL;
	int64_t next = mono(c) + CREDS_RETRY_MS;

	lock(c);
	c->background = true;
	if (w.name.len <= CREDS_NAME_MAX &&
	    claim(c, &w, &def, NULL) != ERR_OK) {
		def = NULL;
	}
	if (def != NULL) {
		def->used_ms = mono(c);
	}
	unlock(c);
	for (size_t i = 0; i < CREDS_PROFILE_MAX; i++) {
		struct entry *e = &c->entries[i];
		struct creds_want want = {
			.deadline_ms = INT64_MAX, .cancel = cancel,
		};
		bool due;
		bool ended;

		lock(c);
		if (e->used && e != def && !e->renewing &&
		    mono(c) - e->used_ms > CREDS_IDLE_MS) {
			wipe_keys(e);
			e->used = false;
		}
		due = is_due(c, e, e == def, &next);
		e->renewing = e->renewing || due;
		unlock(c);
		if (due) {
			enum err err = renew(c, e, &want, &ended, NULL);

			if (err != ERR_OK && sys_cancelled(cancel)) {
				break;
			}
			/* Other errors stand in the entry and the log. */
			lock(c);
			(void)is_due(c, e, e == def, &next);
			unlock(c);
		}
	}
	return next;
}
