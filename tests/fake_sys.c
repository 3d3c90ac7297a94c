/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scripted world; see fake_sys.h. Memory comes from malloc, because a test
 * of allocation failure must not fail here.
 */
#include "fake_sys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static void
trouble(struct fake_sys *f, const char *what, struct str detail)
{
	if (f->trouble[0] == '\0') {
		int n = detail.len > 300 ? 300 : (int)detail.len;

		(void)snprintf(f->trouble, sizeof(f->trouble), "%s: %.*s",
		    what, n, detail.p == NULL ? "" : detail.p);
	}
}

static void
advance(struct fake_sys *f, int64_t mono_ms)
{
	if (mono_ms > f->mono_ms) {
		f->now_ms += mono_ms - f->mono_ms;
		f->mono_ms = mono_ms;
	}
}

static int64_t
now_ms(void *ctx)
{
	return ((struct fake_sys *)ctx)->now_ms;
}

static int64_t
mono_ms(void *ctx)
{
	return ((struct fake_sys *)ctx)->mono_ms;
}

static enum err
random_bytes(void *ctx, void *dst, size_t len)
{
	struct fake_sys *f = ctx;
	unsigned char *p = dst;

	if (f->random_err != ERR_OK) {
		return f->random_err;
	}
	for (size_t i = 0; i < len; i++) {
		p[i] = (unsigned char)(test_random(&f->seed) >> 32);
	}
	return ERR_OK;
}

/* A wait begins: the moment at which a test wants the cancel to come. */
static bool
cancelled(struct fake_sys *f, const struct cancel *cancel)
{
	if (f->cancel_at_wait != NULL) {
		atomic_store(&f->cancel_at_wait->raised, true);
	}
	return sys_cancelled(cancel);
}

static enum err
sleep_until(void *ctx, int64_t until_ms, const struct cancel *cancel)
{
	struct fake_sys *f = ctx;

	f->sleep_n++;
	if (cancelled(f, cancel)) {
		return ERR_CANCELLED;
	}
	if (until_ms > f->mono_ms) {
		f->slept_ms += until_ms - f->mono_ms;
	}
	advance(f, until_ms);
	return ERR_OK;
}

static struct str
env(void *ctx, struct str name)
{
	struct fake_sys *f = ctx;

	for (size_t i = 0; i < f->env_n; i++) {
		if (f->env[i].set &&
		    str_eq(str_from_z(f->env[i].name), name)) {
			return str_from_z(f->env[i].value);
		}
	}
	return STR_NONE;
}

static struct fake_file *
find_file(struct fake_sys *f, struct str path)
{
	for (size_t i = 0; i < f->file_n; i++) {
		if (f->files[i].used &&
		    str_eq(str_from_z(f->files[i].path), path)) {
			return &f->files[i];
		}
	}
	return NULL;
}

static struct fake_file *
make_file(struct fake_sys *f, struct str path)
{
	struct fake_file *file = find_file(f, path);

	if (file == NULL) {
		MUST(f->file_n < FAKE_FILE_MAX);
		MUST(path.len < sizeof(file->path));
		file = &f->files[f->file_n++];
		memset(file, 0, sizeof(*file));
		memcpy(file->path, path.p, path.len);
		file->used = true;
	}
	return file;
}

static void
set_data(struct fake_file *file, struct str data)
{
	free(file->data);
	file->data = malloc(data.len + 1);
	MUST(file->data != NULL);
	if (data.len > 0) {
		memcpy(file->data, data.p, data.len);
	}
	file->data[data.len] = '\0';
	file->len = data.len;
}

static enum err
read_file(void *ctx, struct str path, struct buf *out)
{
	struct fake_sys *f = ctx;
	struct fake_file *file = find_file(f, path);

	if (file == NULL || (file->data == NULL && file->err == ERR_OK)) {
		return ERR_FILE_MISSING;
	}
	if (file->err != ERR_OK) {
		return file->err;
	}
	if (file->len > out->cap - out->len) {
		return ERR_LIMIT;
	}
	buf_add(out, str_of(file->data, file->len));
	return buf_ok(out) ? ERR_OK : ERR_NOMEM;
}

/* Files are root's, for root alone, where reading is denied. */
static enum err
owner(void *ctx, struct str path, struct sys_owner *out)
{
	struct fake_file *file = find_file(ctx, path);
	bool denied = file != NULL && file->err == ERR_FILE_DENIED;

	if (file == NULL) {
		return ERR_FILE_MISSING;
	}
	*out = (struct sys_owner){ .uid = denied ? 0 : 1000,
	    .gid = denied ? 0 : 1000, .mode = denied ? 0600 : 0640,
	    .own_uid = 1000, .own_gid = 1000 };
	return ERR_OK;
}

static enum err
write_file(void *ctx, struct str path, struct str data)
{
	struct fake_sys *f = ctx;
	struct fake_file *file = find_file(f, path);

	if (file != NULL && file->write_err != ERR_OK) {
		return file->write_err;
	}
	set_data(make_file(f, path), data);
	return ERR_OK;
}

static enum err
run(void *ctx, const struct str *argv, size_t argv_n, int64_t deadline_ms,
    struct buf *out, struct buf *errout, int *status)
{
	struct fake_sys *f = ctx;

	MUST(argv_n > 0);
	for (size_t i = 0; i < f->run_n; i++) {
		struct fake_run *r = &f->runs[i];
		struct buf args = buf_fixed(r->args, sizeof(r->args) - 1);

		if (!str_eq(str_from_z(r->program), argv[0])) {
			continue;
		}
		for (size_t j = 0; j < argv_n; j++) {
			buf_add(&args, argv[j]);
			buf_add_byte(&args, '\n');
		}
		r->args[args.len] = '\0';
		r->run_n++;
		if (f->mono_ms + r->ms > deadline_ms) {
			advance(f, deadline_ms);
			return ERR_TIMEOUT;
		}
		advance(f, f->mono_ms + r->ms);
		buf_add(out, r->out);
		buf_add(errout, r->errout);
		*status = r->status;
		return buf_ok(out) && buf_ok(errout) ? ERR_OK : ERR_LIMIT;
	}
	return ERR_FILE_MISSING;
}

/* ---- peers ---- */

static void
peer_keep(struct fake_peer *p, const char *src, size_t len)
{
	p->got = realloc(p->got, p->got_len + len + 1);
	MUST(p->got != NULL);
	memcpy(p->got + p->got_len, src, len);
	p->got_len += len;
	p->got[p->got_len] = '\0';
}

/* Length of the HTTP request at the start of s, 0 when it is not whole. */
static size_t
request_len(struct str s)
{
	size_t head = str_find(s, S("\r\n\r\n"), 0);
	struct str line;
	struct str rest;
	uint64_t body = 0;

	if (head == s.len) {
		return 0;
	}
	rest = str_sub(s, 0, head);
	while (rest.p != NULL) {
		line = str_cut(&rest, '\n');
		if (str_istarts(line, S("content-length:")) &&
		    !str_u64(str_trim_ws(str_sub(line, 15, line.len)),
		        1U << 30, &body)) {
			return 0;
		}
	}
	return s.len - head - 4 < body ? 0 : head + 4 + (size_t)body;
}

/* Moves past steps that need nothing more from either side. */
static void
peer_settle(struct fake_peer *p)
{
	while (p->step < p->step_n) {
		struct fake_step *s = &p->steps[p->step];
		size_t n;

		if (s->kind == FAKE_LIVE) {
			p->live = p->behind->live;
			p->live_events = p->behind->live_events;
			p->step_n = 0;
			return;
		}

		if (s->kind == FAKE_STALL) {
			if (p->ready_at == 0) {
				p->ready_at = p->f->mono_ms + s->ms;
			}
			if (p->f->mono_ms < p->ready_at) {
				return;
			}
			p->ready_at = 0;
		} else if (s->kind == FAKE_REQUEST) {
			n = request_len(str_of(p->got + p->request_from,
			    p->got_len - p->request_from));
			if (p->got == NULL || n == 0) {
				return;
			}
			p->request_from += n;
		} else if (s->kind == FAKE_CLOSE || s->kind == FAKE_RESET ||
		    p->at < s->bytes.len) {
			return;
		} else if (s->kind == FAKE_EXPECT) {
			p->request_from = p->got_len;
		}
		p->at = 0;
		p->step++;
	}
}

static struct fake_step *
peer_step(struct fake_peer *p)
{
	peer_settle(p);
	return p->step < p->step_n ? &p->steps[p->step] : NULL;
}

static bool
peer_connected(const struct fake_peer *p)
{
	return p->f->mono_ms >= p->connected_at;
}

/* p->again: every second call of a kind says so. */
static bool
peer_again(const struct fake_peer *p, unsigned *turn)
{
	return p->again && (*turn)++ % 2 == 0;
}

static long
peer_read(void *ctx, char *dst, size_t len)
{
	struct fake_peer *p = ctx;
	struct fake_step *s;

	MUST(p->open && len > 0);
	if (!peer_connected(p) || peer_again(p, &p->read_turn)) {
		return -ERR_AGAIN;
	}
	if (p->read_max > 0 && len > p->read_max) {
		len = p->read_max;
	}
	s = peer_step(p);
	if (p->live != NULL) {
		return p->live->read(p->live->ctx, dst, len);
	}
	if (s == NULL) {
		return -ERR_AGAIN;
	}
	switch (s->kind) {
	case FAKE_REPLY:
		len = s->bytes.len - p->at < len ? s->bytes.len - p->at : len;
		memcpy(dst, s->bytes.p + p->at, len);
		p->at += len;
		return (long)len;
	case FAKE_CLOSE:
		return 0;
	case FAKE_RESET:
		return -ERR_IO;
	default:
		return -ERR_AGAIN;
	}
}

/* Bytes against the script: false when they do not fit it. */
static bool
peer_receive(struct fake_peer *p, const char *src, size_t len)
{
	struct fake_step *s = peer_step(p);

	while (len > 0 && s != NULL && s->kind == FAKE_EXPECT) {
		size_t n = s->bytes.len - p->at < len ?
		    s->bytes.len - p->at : len;

		if (memcmp(src, s->bytes.p + p->at, n) != 0) {
			trouble(p->f, "unexpected bytes", str_of(src, n));
			return false;
		}
		p->at += n;
		peer_keep(p, src, n);
		src += n;
		len -= n;
		s = peer_step(p);
	}
	if (len > 0) {
		peer_keep(p, src, len);
		peer_settle(p);
	}
	return true;
}

static long
peer_write(void *ctx, const char *src, size_t len)
{
	struct fake_peer *p = ctx;
	struct fake_step *s;

	MUST(p->open && len > 0);
	if (!peer_connected(p)) {
		return -ERR_AGAIN;
	}
	if (p->connect_err != ERR_OK) {
		return -(long)fail_set(p->fail, p->connect_err, 0,
		    S("scripted connect failure"));
	}
	if (peer_again(p, &p->write_turn)) {
		return -ERR_AGAIN;
	}
	if (p->write_max > 0 && len > p->write_max) {
		len = p->write_max;
	}
	s = peer_step(p);
	if (p->live != NULL) {
		return p->live->write(p->live->ctx, src, len);
	}
	if ((s != NULL && s->kind == FAKE_RESET) ||
	    !peer_receive(p, src, len)) {
		p->step = 0;
		p->step_n = 1;
		p->steps[0] = (struct fake_step){ .kind = FAKE_RESET };
		return -ERR_IO;
	}
	return (long)len;
}

static void
peer_shut(void *ctx)
{
	struct fake_peer *p = ctx;

	MUST(p->open);
	p->open = false;
	if (p->live != NULL) {
		p->live->close(p->live->ctx);
	}
}

static enum err
dial(void *ctx, struct str host, uint16_t port, int64_t deadline_ms,
    struct stream *out, struct fail *fail)
{
	struct fake_sys *f = ctx;

	(void)deadline_ms;
	f->dial_n++;
	for (size_t i = 0; i < f->peer_n; i++) {
		struct fake_peer *p = &f->peers[i];
		struct str name = str_from_z(p->host);

		if (p->used || (p->port != 0 && p->port != port) ||
		    (!str_eq(name, host) && !str_eq(name, S("*")))) {
			continue;
		}
		p->used = true;
		if (p->dial_err != ERR_OK) {
			return fail_set(fail, p->dial_err, 0,
			    S("scripted dial failure"));
		}
		p->open = true;
		p->fail = fail;
		p->connected_at = f->mono_ms + p->connect_ms;
		*out = (struct stream){ p, peer_read, peer_write, peer_shut };
		return ERR_OK;
	}
	return fail_setf(fail, ERR_CONNECT, "no scripted peer for %s port %u",
	    host, (uint64_t)port);
}

/* What the peer is ready for, and when it will be readable by itself. */
static unsigned
peer_events(struct fake_peer *p, int64_t *next_ms)
{
	struct fake_step *s;

	if (!peer_connected(p)) {
		*next_ms = p->connected_at;
		return 0;
	}
	s = peer_step(p);
	if (p->live != NULL) {
		return p->live_events == NULL ? SYS_READ | SYS_WRITE :
		    p->live_events(p->live->ctx, next_ms);
	}
	if (s != NULL && s->kind == FAKE_STALL) {
		*next_ms = p->ready_at;
	}
	if (s != NULL && (s->kind == FAKE_REPLY || s->kind == FAKE_CLOSE ||
	    s->kind == FAKE_RESET)) {
		return SYS_READ | SYS_WRITE;
	}
	return SYS_WRITE;
}

static enum err
wait_streams(void *ctx, struct sys_wait *w, size_t n, int64_t deadline_ms,
    const struct cancel *cancel)
{
	struct fake_sys *f = ctx;

	f->wait_n++;
	if (cancelled(f, cancel)) {
		return ERR_CANCELLED;
	}
	for (;;) {
		int64_t next = deadline_ms;
		bool any = false;

		for (size_t i = 0; i < n; i++) {
			int64_t at = deadline_ms;

			w[i].got = peer_events(w[i].stream->ctx, &at) &
			    w[i].want;
			any = any || w[i].got != 0;
			next = at < next ? at : next;
		}
		if (any) {
			return ERR_OK;
		}
		if (next >= deadline_ms) {
			advance(f, deadline_ms);
			return ERR_TIMEOUT;
		}
		advance(f, next);
	}
}

static void
lock(void *ctx, enum sys_lock which)
{
	struct fake_sys *f = ctx;

	if (f->held[which]) {
		trouble(f, "lock taken twice", STR_NONE);
	}
	f->held[which] = true;
}

static void
unlock(void *ctx, enum sys_lock which)
{
	struct fake_sys *f = ctx;

	if (!f->held[which]) {
		trouble(f, "lock was not held", STR_NONE);
	}
	f->held[which] = false;
}

static void
log_line(void *ctx, struct str line)
{
	struct fake_sys *f = ctx;

	if (line.len + 1 > sizeof(f->log) - f->log_len) {
		return;
	}
	memcpy(f->log + f->log_len, line.p, line.len);
	f->log_len += line.len;
	f->log[f->log_len++] = '\n';
}

/* ---- what tests call ---- */

/* see fake_sys.h */
void
fake_sys_init(struct fake_sys *f)
{
	memset(f, 0, sizeof(*f));
	f->now_ms = FAKE_NOW_MS;
	f->mono_ms = 1000000;
	f->seed = 1;
	f->sys = (struct sys){
		.ctx = f,
		.now_ms = now_ms,
		.mono_ms = mono_ms,
		.random = random_bytes,
		.sleep_until = sleep_until,
		.env = env,
		.read_file = read_file,
		.owner = owner,
		.write_file = write_file,
		.run = run,
		.dial = dial,
		.wait = wait_streams,
		.lock = lock,
		.unlock = unlock,
		.log = log_line,
	};
}

/* see fake_sys.h */
void
fake_sys_free(struct fake_sys *f)
{
	for (size_t i = 0; i < f->file_n; i++) {
		free(f->files[i].data);
		f->files[i].data = NULL;
	}
	for (size_t i = 0; i < f->peer_n; i++) {
		free(f->peers[i].got);
		f->peers[i].got = NULL;
	}
}

/* see fake_sys.h */
bool
fake_sys_ok(struct fake_sys *f)
{
	for (size_t i = 0; i < SYS_LOCK_N; i++) {
		if (f->held[i]) {
			trouble(f, "lock still held", STR_NONE);
		}
	}
	if (f->trouble[0] != '\0') {
		printf("fake_sys: %s\n", f->trouble);
		return false;
	}
	return true;
}

/* see fake_sys.h */
void
fake_sys_env(struct fake_sys *f, const char *name, const char *value)
{
	size_t i = 0;

	while (i < f->env_n && strcmp(f->env[i].name, name) != 0) {
		i++;
	}
	MUST(i < FAKE_ENV_MAX && strlen(name) < sizeof(f->env[i].name));
	if (i == f->env_n) {
		memcpy(f->env[i].name, name, strlen(name) + 1);
		f->env_n++;
	}
	f->env[i].set = value != NULL;
	if (value != NULL) {
		MUST(strlen(value) < sizeof(f->env[i].value));
		memcpy(f->env[i].value, value, strlen(value) + 1);
	}
}

/* see fake_sys.h */
void
fake_sys_file(struct fake_sys *f, const char *path, const char *data)
{
	struct fake_file *file = make_file(f, str_from_z(path));

	file->err = ERR_OK;
	if (data == NULL) {
		free(file->data);
		file->data = NULL;
	} else {
		set_data(file, str_from_z(data));
	}
}

/* see fake_sys.h */
void
fake_sys_file_err(struct fake_sys *f, const char *path, enum err err)
{
	make_file(f, str_from_z(path))->err = err;
}

/* see fake_sys.h */
struct str
fake_sys_file_get(struct fake_sys *f, const char *path)
{
	struct fake_file *file = find_file(f, str_from_z(path));

	if (file == NULL || file->data == NULL) {
		return STR_NONE;
	}
	return str_of(file->data, file->len);
}

/* see fake_sys.h */
struct fake_run *
fake_sys_run(struct fake_sys *f, const char *program, const char *out,
    const char *errout, int status)
{
	struct fake_run *r;

	MUST(f->run_n < FAKE_RUN_MAX && strlen(program) < sizeof(r->program));
	r = &f->runs[f->run_n++];
	memset(r, 0, sizeof(*r));
	memcpy(r->program, program, strlen(program) + 1);
	r->out = str_from_z(out);
	r->errout = str_from_z(errout);
	r->status = status;
	return r;
}

/* see fake_sys.h */
struct str
fake_sys_log(const struct fake_sys *f)
{
	return str_of(f->log, f->log_len);
}

/* see fake_sys.h */
struct fake_peer *
fake_sys_peer(struct fake_sys *f, const char *host, uint16_t port)
{
	struct fake_peer *p;

	MUST(f->peer_n < FAKE_PEER_MAX && strlen(host) < sizeof(p->host));
	p = &f->peers[f->peer_n++];
	memset(p, 0, sizeof(*p));
	memcpy(p->host, host, strlen(host) + 1);
	p->f = f;
	p->port = port;
	return p;
}

static void
add_step(struct fake_peer *p, enum fake_step_kind kind, struct str bytes,
    int64_t ms)
{
	MUST(p->step_n < FAKE_STEP_MAX);
	p->steps[p->step_n++] = (struct fake_step){ kind, bytes, ms };
}

/* see fake_sys.h */
void
fake_peer_expect(struct fake_peer *p, const char *text)
{
	add_step(p, FAKE_EXPECT, str_from_z(text), 0);
}

/* see fake_sys.h */
void
fake_peer_request(struct fake_peer *p)
{
	add_step(p, FAKE_REQUEST, STR_NONE, 0);
}

/* see fake_sys.h */
void
fake_peer_reply(struct fake_peer *p, const char *text)
{
	add_step(p, FAKE_REPLY, str_from_z(text), 0);
}

/* see fake_sys.h */
void
fake_peer_reply_str(struct fake_peer *p, struct str bytes)
{
	add_step(p, FAKE_REPLY, bytes, 0);
}

/* see fake_sys.h */
void
fake_peer_stall(struct fake_peer *p, int64_t ms)
{
	add_step(p, FAKE_STALL, STR_NONE, ms);
}

/* see fake_sys.h */
void
fake_peer_close(struct fake_peer *p)
{
	add_step(p, FAKE_CLOSE, STR_NONE, 0);
}

/* see fake_sys.h */
void
fake_peer_reset(struct fake_peer *p)
{
	add_step(p, FAKE_RESET, STR_NONE, 0);
}

/* see fake_sys.h */
struct str
fake_peer_got(const struct fake_peer *p)
{
	return str_of(p->got == NULL ? "" : p->got, p->got_len);
}

/* see fake_sys.h */
void
fake_peer_live(struct fake_peer *p, struct fake_peer *other)
{
	p->behind = other;
	add_step(p, FAKE_LIVE, STR_NONE, 0);
}

/* see fake_sys.h */
struct stream
fake_peer_stream(struct fake_peer *p)
{
	p->used = true;
	p->open = true;
	return (struct stream){ p, peer_read, peer_write, peer_shut };
}

/* see fake_sys.h */
unsigned
fake_peer_events(struct fake_peer *p, int64_t *next_ms)
{
	return peer_events(p, next_ms);
}
