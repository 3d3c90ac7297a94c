/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two copies of the file: one counts, the other takes what is read next. Lines
 * are slices of their copy, so taking a file over is changing one index.
 */
#include "auth/roster.h"

#include <string.h>

#include "base/enc.h"
#include "base/limits.h"

struct line {
	struct str label;
	struct str secret;
	struct str tools, profiles; /* empty: not limited */
	uint8_t id[ENC_SHA256_LEN]; /* digest of what it is found by */
};

struct copy {
	struct line lines[ROSTER_LINE_MAX_N];
	size_t n;
	char text[ROSTER_FILE_MAX];
	size_t len;
};

struct roster {
	enum roster_kind kind;
	struct str path;
	const struct sys *sys;
	const struct log *log;
	struct copy copies[2];
	unsigned now;        /* the one that counts; under the lock */
	uint8_t seen[ENC_SHA256_LEN]; /* digest of the content looked at last,
	                      * or of nothing when it could not be read */
};

static bool
is_label(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!str_is_alnum(s.p[i]) && str_find_byte(S("-_.@"), s.p[i],
		    0) == 4) {
			return false;
		}
	}
	return s.len > 0 && s.len <= ROSTER_LABEL_MAX;
}

/* Visible ASCII, as a header can carry it. */
static bool
is_word(struct str s, size_t min, size_t max)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] <= ' ' || s.p[i] > '~') {
			return false;
		}
	}
	return s.len >= min && s.len <= max;
}

/* Adds one line; NULL, or what is wrong with it. */
static const char *
take_line(enum roster_kind kind, struct copy *c, struct str text)
{
	struct str label = str_trim(str_cut(&text, ':'));
	struct str key = STR_NONE;
	struct str secret, tools, profiles;
	struct line *line = &c->lines[c->n];

	if (!is_label(label)) {
		return "begins with no label of letters, digits and -_.@";
	}
	if (kind == ROSTER_KEYS) {
		key = str_trim(str_cut(&text, ':'));
		if (!is_word(key, ROSTER_KEY_MIN, ROSTER_KEY_MAX)) {
			return "has no access key of 4 to 128 characters";
		}
	}
	secret = str_trim(str_cut(&text, ':'));
	if (!is_word(secret, ROSTER_SECRET_MIN, SIGV4_SECRET_MAX)) {
		return "has no secret of 16 to 256 visible characters";
	}
	tools = str_trim(str_cut(&text, ':'));
	profiles = str_trim(str_cut(&text, ':'));
	if (text.p != NULL) {
		return "has too many fields";
	}
	if (c->n == ROSTER_LINE_MAX_N) {
		return "is one more than can be held";
	}
	line->label = label;
	line->secret = secret;
	line->tools = tools;
	line->profiles = profiles;
	enc_sha256(kind == ROSTER_KEYS ? key : secret, line->id);
	for (size_t i = 0; i < c->n; i++) {
		if (memcmp(c->lines[i].id, line->id, ENC_SHA256_LEN) == 0) {
			return "repeats what an earlier line has";
		}
	}
	c->n++;
	return NULL;
}

static enum err
parse(const struct roster *r, struct copy *c, struct fail *f)
{
	struct str rest = str_of(c->text, c->len);

	c->n = 0;
	for (uint64_t number = 1; rest.p != NULL; number++) {
		struct str text = str_trim_ws(str_cut(&rest, '\n'));
		const char *wrong = NULL;

		if (text.len > 0 && text.p[0] != '#') {
			wrong = take_line(r->kind, c, text);
		}
		if (wrong != NULL) {
			return fail_setf(f, ERR_CONFIG, "%s: line %u %s",
			    r->path, number, str_from_z(wrong));
		}
	}
	return ERR_OK;
}

static void
wipe(struct copy *c)
{
	enc_wipe(c, sizeof(*c));
}

/* Reads the file into the copy that does not count and makes it count. *same:
 * the content is what was looked at last. */
static enum err
load(struct roster *r, bool *same, struct fail *f)
{
	unsigned other = 1 - r->now;
	struct copy *c = &r->copies[other];
	struct buf b = buf_fixed(c->text, sizeof(c->text));
	uint8_t digest[ENC_SHA256_LEN];
	enum err err = r->sys->read_file(r->sys->ctx, r->path, &b);

	c->len = err == ERR_OK ? b.len : 0;
	enc_sha256(err == ERR_OK ? buf_str(&b) : err_name(err), digest);
	*same = memcmp(digest, r->seen, sizeof(digest)) == 0;
	memcpy(r->seen, digest, sizeof(digest));
	if (err != ERR_OK) {
		err = fail_setf(f, ERR_CONFIG, "%s: %s", r->path,
		    err_text(err));
	} else if (!*same) {
		err = parse(r, c, f);
	}
	if (err == ERR_OK && !*same) {
		r->sys->lock(r->sys->ctx, SYS_LOCK_AUTH);
		r->now = other;
		r->sys->unlock(r->sys->ctx, SYS_LOCK_AUTH);
		c = &r->copies[1 - other];
	}
	wipe(c);
	return err;
}

/* see roster.h */
enum err
roster_new(struct roster **out, enum roster_kind kind, struct str path,
    const struct sys *sys, const struct log *log, struct arena *a,
    struct fail *f)
{
	struct roster *r = ARENA_NEW(a, struct roster);
	bool same;

	if (r == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	r->kind = kind;
	r->path = path;
	r->sys = sys;
	r->log = log;
	*out = r;
	return load(r, &same, f);
}

/* see roster.h */
void
roster_refresh(struct roster *r)
{
	char text[FAIL_TEXT_MAX];
	struct arena a;
	struct fail f;
	struct buf b = buf_fixed(text, sizeof(text));
	bool same;
	enum err err;

	arena_init(&a, ROSTER_ARENA_CAP);
	fail_init(&f, &a);
	err = load(r, &same, &f);
	if (err != ERR_OK && !same) {
		buf_addf(&b, "%s; what it had before still counts",
		    fail_text(&f));
		log_say(r->log, LOG_WARNING, S("callers"), buf_str(&b));
	} else if (!same) {
		log_say(r->log, LOG_INFO, S("callers"), r->path);
	}
	arena_free(&a);
}

/* see roster.h */
bool
roster_find(struct roster *r, struct str what, struct arena *a,
    struct roster_entry *out)
{
	uint8_t id[ENC_SHA256_LEN];
	const struct copy *c;
	size_t at = SIZE_MAX;

	enc_sha256(what, id);
	r->sys->lock(r->sys->ctx, SYS_LOCK_AUTH);
	c = &r->copies[r->now];
	for (size_t i = 0; i < c->n; i++) {
		if (str_eq_secret(enc_bytes(id, sizeof(id)),
		    enc_bytes(c->lines[i].id, sizeof(id)))) {
			at = i;
		}
	}
	if (at != SIZE_MAX) {
		out->label = str_dup(a, c->lines[at].label);
		out->secret = r->kind == ROSTER_KEYS ?
		    str_dup(a, c->lines[at].secret) : STR_NONE;
		out->tools = str_dup(a, c->lines[at].tools);
		out->profiles = str_dup(a, c->lines[at].profiles);
	}
	r->sys->unlock(r->sys->ctx, SYS_LOCK_AUTH);
	enc_wipe(id, sizeof(id));
	return at != SIZE_MAX && out->label.p != NULL && !a->failed &&
	    (r->kind == ROSTER_TOKENS || out->secret.p != NULL);
}
