/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines in, lines out.
 *
 * One loop around poll(): read what is there, hand out every whole line, write
 * what is ready.
 *
 * poll() and not epoll, because standard input may be a regular file.
 */
#include "net/stdio.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/limits.h"
#include "net/conn.h"
#include "net/loop.h"
#include "net/outbox.h"

struct front {
	struct stdio_config config;
	struct app_calls calls;
	struct pool pool;
	int wake_fd;          /* eventfd: news of the pool */
	int signal_fd;        /* -1: not asked for */
	struct arena arena;   /* of `line` */
	struct buf line;      /* bytes read and not yet handed out */
	size_t line_at;       /* of them, used up */
	size_t line_seen;     /* of them, looked at for a newline */
	bool skipping;        /* inside a line that is too long */
	bool in_closed;       /* end of input, or asked to stop */
	bool broken;          /* nobody reads the output */
	unsigned signal_n;
	int64_t now_ms;
	int64_t end_ms;       /* drain until then, once in_closed */
	struct outbox outbox; /* calls, and what is to be written */
	struct str out;       /* bytes of it that are leaving */
};

/* see stdio.h */
void
stdio_config_default(struct stdio_config *config)
{
	*config = (struct stdio_config){
		.in_fd = STDIN_FILENO,
		.out_fd = STDOUT_FILENO,
		.pool = pool_config_default,
		.call_ms = SERVER_CALL_MS,
		.drain_ms = STDIO_DRAIN_MS,
		.signals = true,
		.line_max = HTTP_BODY_MAX,
	};
}

/* app_job.cancel_call: see app.h */
static bool
cancel_call(struct app_job *app, struct str rpc_id)
{
	struct pool *p = ((struct pool_job *)app)->pool;
	struct front *s = p->wake_ctx;

	return outbox_cancel(&s->outbox, p, rpc_id);
}

/* ---- input ---- */

static void
reply_error(struct front *s, struct pool_job *job, enum err e,
    struct str sentence)
{
	struct buf b = buf_in(&job->app.arena, HTTP_HEAD_MAX);

	conn_error_body(&b, e, sentence, job->app.rpc_id);
	buf_add_byte(&b, '\n');
	if (!buf_ok(&b)) {
		pool_put(&s->pool, job);
		return;
	}
	job->app.reply_body = buf_str(&b);
	outbox_add_ready(&s->outbox, job);
}

/* There is room for one more message. */
static bool
may_take(const struct front *s)
{
	return s->outbox.ready_n < STDIO_READY_MAX_N &&
	    s->pool.held_n < s->config.pool.job_n;
}

/* One message; may_take() holds. */
static void
handle_line(struct front *s, struct str line)
{
	struct pool_job *job;
	struct app_job *app;

	if (str_trim_ws(line).len == 0) {
		return;
	}
	job = pool_take(&s->pool);
	MUST(job != NULL);
	app = &job->app;
	app->front = APP_STDIO;
	app->cancel_call = cancel_call;
	app->start_ms = s->now_ms;
	app->deadline_ms = s->now_ms + s->config.call_ms;
	app->body = str_dup(&app->arena, str_trim_ws(line));
	if (app->body.p == NULL) {
		reply_error(s, job, ERR_NOMEM, err_text(ERR_NOMEM));
		return;
	}
	if (s->calls.begin(s->calls.app, app) == APP_DEFER) {
		/* Before the submit: the job may be back before we look. */
		outbox_add_flight(&s->outbox, job);
		if (pool_over_budget(&s->pool) ||
		    !pool_submit(&s->pool, job)) {
			outbox_remove_flight(&s->outbox, job);
			reply_error(s, job, ERR_BUSY, err_text(ERR_BUSY));
		}
	} else if (app->reply_body.len > 0) {
		outbox_add_ready(&s->outbox, job);
	} else {
		pool_put(&s->pool, job);
	}
}

static void
refuse_long_line(struct front *s)
{
	struct pool_job *job = pool_take(&s->pool);

	if (job != NULL) {
		job->app.front = APP_STDIO;
		reply_error(s, job, ERR_LIMIT,
		    S("the line is longer than a message may be"));
	}
}

/* Hands out the whole lines that were read, while there is room. */
static void
handle_lines(struct front *s)
{
	while (s->line_at < s->line.len && may_take(s)) {
		struct str all = buf_str(&s->line);
		size_t end = str_find_byte(all, '\n', s->line_seen);
		struct str line;

		if (end == all.len && !s->in_closed) {
			s->line_seen = end;
			break;
		}
		/* At the end of input the last line needs no newline. */
		line = str_sub(all, s->line_at, end);
		s->line_at = end < all.len ? end + 1 : end;
		s->line_seen = s->line_at;
		if (s->skipping) {
			s->skipping = false;
		} else if (line.len > s->config.line_max) {
			refuse_long_line(s);
		} else {
			handle_line(s, line);
		}
	}
	if (s->line_at == s->line.len) {
		buf_clear(&s->line);
		/* What one long line needed is not kept. */
		if (s->arena.held > ARENA_KEEP_MAX) {
			arena_reset(&s->arena);
			s->line = buf_in(&s->arena, s->line.cap);
		}
		s->line_at = 0;
		s->line_seen = 0;
	} else if (s->line_seen == s->line.len &&
	    s->line.len - s->line_at > s->config.line_max) {
		if (!s->skipping) {
			refuse_long_line(s);
		}
		s->skipping = true;
		buf_clear(&s->line);
		s->line_at = 0;
		s->line_seen = 0;
	}
}

/* No more input: what is in flight may finish. */
static void
close_input(struct front *s)
{
	if (!s->in_closed) {
		s->in_closed = true;
		s->end_ms = s->now_ms + s->config.drain_ms;
	}
}

static void
read_input(struct front *s)
{
	size_t old_len;
	char *p;
	ssize_t n;

	if (s->line_at > 0) {
		memmove(s->line.p, s->line.p + s->line_at,
		    s->line.len - s->line_at);
		buf_cut(&s->line, s->line.len - s->line_at);
		s->line_seen -= s->line_at;
		s->line_at = 0;
	}
	old_len = s->line.len;
	p = buf_reserve(&s->line, STDIO_READ_STEP);
	if (p == NULL) {
		/* The cap has room for a whole line and one step, so the
		 * system is out of memory. */
		close_input(s);
		return;
	}
	buf_cut(&s->line, old_len);
	n = read(s->config.in_fd, p, STDIO_READ_STEP);
	if (n > 0) {
		s->line.len += (size_t)n;
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		close_input(s);
	}
}

/* ---- output ---- */

/* Finds the next bytes to write. false: there are none. */
static bool
next_output(struct front *s)
{
	struct str out[2];

	if (s->out.len == 0 && outbox_next(&s->outbox, &s->pool, out)) {
		s->out = out[0].len > 0 ? out[0] : out[1];
	}
	return s->out.len > 0;
}

/* The output is writable: that promises PIPE_BUF bytes. */
static void
write_output(struct front *s)
{
	size_t len = s->out.len < PIPE_BUF ? s->out.len : PIPE_BUF;
	ssize_t n = write(s->config.out_fd, s->out.p, len);

	if (n >= 0) {
		s->out = str_sub(s->out, (size_t)n, s->out.len);
	} else if (errno != EINTR && errno != EAGAIN) {
		s->broken = true;
	}
}

static void
take_news(struct front *s)
{
	struct pool_job *job;
	uint64_t count;
	ssize_t n = read(s->wake_fd, &count, sizeof(count));
	bool done;

	(void)n;
	while ((job = pool_news(&s->pool, &done)) != NULL) {
		if (done) {
			outbox_done(&s->outbox, &s->pool, job);
		}
	}
}

/* ---- the loop ---- */

static void
on_signal(struct front *s)
{
	struct signalfd_siginfo info;

	if (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		s->signal_n++;
		close_input(s);
	}
}

static bool
finished(const struct front *s)
{
	if (s->broken || s->signal_n > 1) {
		return true;
	}
	if (!s->in_closed) {
		return false;
	}
	return s->now_ms >= s->end_ms || (s->line_at == s->line.len &&
	    s->outbox.flight_first == NULL && s->outbox.ready_first == NULL &&
	    s->out.len == 0);
}

static void
wait_and_serve(struct front *s)
{
	bool has_output = next_output(s);
	struct pollfd fds[4] = {
		{ .fd = s->wake_fd, .events = POLLIN },
		{ .fd = s->signal_fd, .events = POLLIN },
		/* Errors are always told: a reader that died is noticed. */
		{ .fd = s->config.out_fd, .events = has_output ? POLLOUT : 0 },
		{ .fd = s->in_closed || !may_take(s) ? -1 : s->config.in_fd,
		    .events = POLLIN },
	};
	int64_t wait_ms = s->in_closed ? s->end_ms - s->now_ms : 3600000;
	int n = poll(fds, 4, (int)(wait_ms < 0 ? 0 : wait_ms));

	s->now_ms = loop_clock_ms();
	if (n <= 0) {
		return;
	}
	if (fds[0].revents != 0) {
		take_news(s);
	}
	if (fds[1].revents != 0) {
		on_signal(s);
	}
	if (fds[2].revents & (POLLERR | POLLNVAL | POLLHUP)) {
		s->broken = true;
	} else if (fds[2].revents & POLLOUT) {
		write_output(s);
	}
	if (fds[3].revents != 0) {
		read_input(s);
	}
}

static void
wake_front(void *ctx)
{
	struct front *s = ctx;
	uint64_t one = 1;
	ssize_t n = write(s->wake_fd, &one, sizeof(one));

	(void)n;
}

static enum err
open_front(struct front *s)
{
	sigset_t set;

	s->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	s->signal_fd = -1;
	if (s->wake_fd < 0) {
		return ERR_IO;
	}
	/* A reader that died shows as EPIPE. Workers inherit the mask. */
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (s->config.signals) {
		sigemptyset(&set);
		sigaddset(&set, SIGTERM);
		sigaddset(&set, SIGINT);
		pthread_sigmask(SIG_BLOCK, &set, NULL);
		s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
		if (s->signal_fd < 0) {
			return ERR_IO;
		}
	}
	return pool_start(&s->pool, &s->config.pool, s->calls, wake_front, s);
}

static void
close_fds(struct front *s)
{
	if (s->wake_fd >= 0) {
		close(s->wake_fd);
	}
	if (s->signal_fd >= 0) {
		close(s->signal_fd);
	}
}

/* see stdio.h */
enum err
stdio_run(const struct stdio_config *config, struct app_calls calls)
{
	/* Not on the stack: a stuck worker may outlive this function. */
	struct front *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	enum err err;

	if (s == MAP_FAILED) {
		return ERR_NOMEM;
	}
	s->config = *config;
	s->calls = calls;
	err = open_front(s);
	if (err != ERR_OK) {
		close_fds(s);
		munmap(s, sizeof(*s));
		return err;
	}
	arena_init(&s->arena, 4 * (config->line_max + STDIO_READ_STEP) +
	    ARENA_CHUNK_MIN);
	s->line = buf_in(&s->arena, config->line_max + 2 * STDIO_READ_STEP);
	s->now_ms = loop_clock_ms();
	while (!finished(s)) {
		wait_and_serve(s);
		handle_lines(s);
	}
	arena_free(&s->arena);
	if (pool_stop(&s->pool)) {
		close_fds(s);
		munmap(s, sizeof(*s));
	}
	return ERR_OK;
}
