/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files in which the AWS CLI keeps a sign-in (SSO and `aws login`), and
 * what is remembered of them here.
 *
 * A renewed token goes back into its file, so that the CLI and other processes
 * find it. Where the file system is read-only (a mounted secret) it is kept in
 * memory instead and counts as long as the file is the one that it replaced: a
 * new sign-in, or a sign-out, puts the memory aside.
 *
 * Refresh tokens may count only once, so one thread at a time works on a file;
 * the others wait for what it finds.
 */
#include "aws/provider.h"

#include "base/enc.h"
#include "base/limits.h"

static void
lock(const struct provider_run *r)
{
	r->sys->lock(r->sys->ctx, SYS_LOCK_CREDENTIALS);
}

static void
unlock(const struct provider_run *r)
{
	r->sys->unlock(r->sys->ctx, SYS_LOCK_CREDENTIALS);
}

static bool
same(const uint8_t *a, const uint8_t *b)
{
	return str_eq(enc_bytes(a, ENC_SHA256_LEN),
	    enc_bytes(b, ENC_SHA256_LEN));
}

/* The note of that name, under the lock; made where there is none. NULL: out
 * of memory, or all are in use. */
static struct provider_note *
find_note(struct provider_memory *m, const uint8_t id[static ENC_SHA256_LEN])
{
	struct provider_note *spare = NULL;

	for (size_t i = 0; i < PROVIDER_NOTE_N; i++) {
		struct provider_note *n = m->notes[i];

		if (n == NULL) {
			n = m->notes[i] = ARENA_NEW(m->a, struct provider_note);
			if (n == NULL) {
				break;
			}
			spare = n;
			break;
		}
		if (same(n->id, id)) {
			return n;
		}
		if (!n->busy &&
		    (spare == NULL || n->tried_ms < spare->tried_ms)) {
			spare = n;
		}
	}
	if (spare != NULL) {
		enc_wipe(spare, sizeof(*spare));
		for (size_t i = 0; i < ENC_SHA256_LEN; i++) {
			spare->id[i] = id[i];
		}
		spare->tried_ms = INT64_MIN;
	}
	return spare;
}

/* Waits for one's turn with the file. */
static enum err
claim(struct provider_run *r, struct provider_cached *c)
{
	uint8_t id[ENC_SHA256_LEN];

	enc_sha256(c->path, id);
	for (;;) {
		int64_t now = r->sys->mono_ms(r->sys->ctx);
		struct provider_note *n;
		bool mine;
		enum err err;

		lock(r);
		n = find_note(r->memory, id);
		mine = n == NULL || !n->busy;
		if (n != NULL) {
			n->busy = true;
		}
		unlock(r);
		if (mine) {
			c->note = n;
			return ERR_OK;
		}
		if (now >= r->deadline_ms) {
			return fail_setf(r->f, ERR_TIMEOUT, "another request "
			    "is still renewing the sign-in in %s", c->path);
		}
		err = r->sys->sleep_until(r->sys->ctx, now + CREDS_POLL_MS,
		    r->cancel);
		if (err != ERR_OK) {
			return err;
		}
	}
}

/* see provider.h */
void
provider_cache_close(struct provider_run *r, struct provider_cached *c)
{
	if (c->note != NULL) {
		lock(r);
		c->note->busy = false;
		unlock(r);
		c->note = NULL;
	}
}

/* see provider.h */
enum err
provider_cache_open(struct provider_run *r, struct provider_cached *c,
    struct str *why)
{
	struct buf b = buf_in(r->a, PROVIDER_NOTE_MAX);
	struct provider_note *n;
	enum err err = r->memory == NULL ? ERR_OK : claim(r, c);

	if (err != ERR_OK) {
		return err;
	}
	n = c->note;
	err = r->sys->read_file(r->sys->ctx, c->path, &b);
	if (r->a->failed) {
		return ERR_NOMEM;
	}
	if (err != ERR_OK) {
		*why = err_text(err);
		return ERR_CREDENTIALS;
	}
	enc_sha256(buf_str(&b), c->file);
	c->text = buf_str(&b);
	if (n != NULL && n->len > 0 && same(n->file, c->file)) {
		c->text = str_dup(r->a, str_of(n->text, n->len));
	}
	if (json_parse(r->a, c->text, 0, &c->doc, NULL) != ERR_OK ||
	    !json_is(c->doc, JSON_OBJECT)) {
		*why = S("it is not a JSON object");
		return r->a->failed ? ERR_NOMEM : ERR_CREDENTIALS;
	}
	return ERR_OK;
}

/* see provider.h */
bool
provider_cache_may_try(struct provider_run *r, struct provider_cached *c)
{
	int64_t now = r->sys->mono_ms(r->sys->ctx);

	if (c->note == NULL) {
		return true;
	}
	if (c->note->tried_ms != INT64_MIN &&
	    now - c->note->tried_ms < CREDS_RETRY_MS) {
		return false;
	}
	c->note->tried_ms = now;
	return true;
}

/* Writes one edit; the rest of the document stays. */
static void
put(struct json_writer *w, const struct provider_edit *e)
{
	if (e->raw) {
		json_put_raw(w, e->key, e->value);
	} else {
		json_put_string(w, e->key, e->value);
	}
}

/* see provider.h */
enum err
provider_cache_save(struct provider_run *r, struct provider_cached *c,
    const struct provider_edit *edits, size_t edit_n)
{
	struct buf b = buf_in(r->a, PROVIDER_NOTE_MAX);
	struct json_writer w = json_writer(&b);
	struct provider_note *n = c->note;

	json_begin_object(&w);
	for (const struct json *v = c->doc->child; v != NULL; v = v->next) {
		bool replaced = false;

		for (size_t i = 0; i < edit_n; i++) {
			replaced = replaced || (edits[i].value.p != NULL &&
			    str_eq(edits[i].key, v->key));
		}
		if (!replaced) {
			json_put_value(&w, v->key, v);
		}
	}
	for (size_t i = 0; i < edit_n; i++) {
		if (edits[i].value.p != NULL) {
			put(&w, &edits[i]);
		}
	}
	json_end_object(&w);
	if (!buf_ok(&b)) {
		return r->a->failed ? ERR_NOMEM : ERR_OK;
	}
	if (n != NULL) {
		n->len = 0;
	}
	if (r->sys->write_file(r->sys->ctx, c->path, buf_str(&b)) == ERR_OK) {
		return ERR_OK;
	}
	if (n != NULL) {
		struct buf to = buf_fixed(n->text, sizeof(n->text));

		buf_add(&to, buf_str(&b));
		n->len = to.len;
		for (size_t i = 0; i < ENC_SHA256_LEN; i++) {
			n->file[i] = c->file[i];
		}
	}
	log_say(r->log, LOG_INFO, S("credentials"), S("a renewed sign-in could "
	    "not be written back to its file; it is kept in memory"));
	return ERR_OK;
}
