/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls behind struct sys. Each function here is small: the parts with
 * states (dialing, waiting) are in net/stream.c and net/resolve.c.
 */
#include "net/sys_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "net/stream.h"

/* How often a program is looked after where the kernel has no pidfd. */
#define RUN_LOOK_MS 10

struct sys_linux {
	struct sys sys;
	struct stream_pool *streams;
	char *const *environ;
	pthread_mutex_t locks[SYS_LOCK_N];
	pthread_mutex_t log_lock;
	pthread_mutex_t file_lock; /* of the counter below */
	unsigned file_n;           /* temporary files made, for their names */
};

/* ---- time, entropy, environment, log ---- */

static int64_t
now_ms(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t
mono_ms(void *ctx)
{
	(void)ctx;
	return stream_mono_ms();
}

static enum err
random_bytes(void *ctx, void *dst, size_t len)
{
	char *p = dst;

	(void)ctx;
	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return ERR_IO;
		}
		p += n;
		len -= (size_t)n;
	}
	return ERR_OK;
}

static enum err
sleep_until(void *ctx, int64_t until_ms, const struct cancel *cancel)
{
	enum err err = stream_wait(NULL, 0, until_ms, cancel);

	(void)ctx;
	return err == ERR_TIMEOUT ? ERR_OK : err;
}

static struct str
env(void *ctx, struct str name)
{
	const struct sys_linux *s = ctx;

	for (char *const *e = s->environ; e != NULL && *e != NULL; e++) {
		if (strncmp(*e, name.p, name.len) == 0 &&
		    (*e)[name.len] == '=') {
			return str_from_z(*e + name.len + 1);
		}
	}
	return STR_NONE;
}

static void
log_line(void *ctx, struct str line)
{
	struct sys_linux *s = ctx;
	int saved = errno;
	char end = '\n';
	struct iovec parts[2] = {
		{ (char *)(uintptr_t)line.p, line.len },
		{ &end, 1 },
	};

	(void)pthread_mutex_lock(&s->log_lock);
	/* Best effort: there is nowhere to complain to. */
	if (writev(STDERR_FILENO, parts, 2) < 0) {
		errno = saved;
	}
	(void)pthread_mutex_unlock(&s->log_lock);
	errno = saved;
}

static void
lock(void *ctx, enum sys_lock which)
{
	struct sys_linux *s = ctx;

	MUST(pthread_mutex_lock(&s->locks[which]) == 0);
}

static void
unlock(void *ctx, enum sys_lock which)
{
	struct sys_linux *s = ctx;

	MUST(pthread_mutex_unlock(&s->locks[which]) == 0);
}

/* ---- files ---- */

/* A path for the libc. false: empty, too long or with a NUL in it. */
static bool
path_z(char z[static PATH_MAX], struct str path)
{
	if (path.len == 0 || path.len >= PATH_MAX ||
	    memchr(path.p, '\0', path.len) != NULL) {
		return false;
	}
	memcpy(z, path.p, path.len);
	z[path.len] = '\0';
	return true;
}

static enum err
file_error(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		return ERR_FILE_MISSING;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_FILE_DENIED;
	case EISDIR:
		return ERR_FILE_FOLDER;
	default:
		return ERR_IO;
	}
}

/* Reads what is there: > 0, 0 at the end, < 0 with errno. Waits a little for
 * pipes (a shell's process substitution). */
static ssize_t
read_some(int fd, char *dst, size_t len)
{
	struct pollfd p = { fd, POLLIN, 0 };

	for (;;) {
		ssize_t n = read(fd, dst, len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0 && errno == EAGAIN &&
		    poll(&p, 1, SYS_FILE_WAIT_MS) > 0) {
			continue;
		}
		return n;
	}
}

/* Appends all of fd to out; the first piece is as large as the file claims. */
static enum err
read_all(int fd, size_t size, struct buf *out)
{
	size_t step = size < 4096 ? 4096 : size + 1;

	for (;;) {
		size_t room = out->cap - out->len;
		char extra;
		char *p;
		ssize_t n;

		if (room == 0) {
			n = read_some(fd, &extra, 1);
			return n == 0 ? ERR_OK : n < 0 ? file_error(errno) :
			    ERR_LIMIT;
		}
		step = step < room ? step : room;
		p = buf_reserve(out, step);
		if (p == NULL) {
			return ERR_NOMEM;
		}
		n = read_some(fd, p, step);
		buf_cut(out, out->len - step + (n > 0 ? (size_t)n : 0));
		if (n <= 0) {
			return n == 0 ? ERR_OK : file_error(errno);
		}
	}
}

static enum err
read_file(void *ctx, struct str path, struct buf *out)
{
	char z[PATH_MAX];
	struct stat st;
	enum err err;
	int fd;

	(void)ctx;
	if (!path_z(z, path)) {
		return ERR_FILE_MISSING;
	}
	/* Non-blocking, so that a FIFO nobody writes to does not hold us. */
	fd = open(z, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		return file_error(errno);
	}
	if (fstat(fd, &st) != 0) {
		err = ERR_IO;
	} else if (S_ISDIR(st.st_mode)) {
		err = ERR_FILE_FOLDER;
	} else {
		err = read_all(fd, st.st_size > 0 &&
		    st.st_size < 1 << 20 ? (size_t)st.st_size : 0, out);
	}
	(void)close(fd);
	return err;
}

static enum err
owner(void *ctx, struct str path, struct sys_owner *out)
{
	char z[PATH_MAX];
	struct stat st;

	(void)ctx;
	if (!path_z(z, path)) {
		return ERR_FILE_MISSING;
	}
	if (stat(z, &st) != 0) {
		return file_error(errno);
	}
	*out = (struct sys_owner){ .uid = st.st_uid, .gid = st.st_gid,
	    .mode = st.st_mode & 07777U, .own_uid = geteuid(),
	    .own_gid = getegid() };
	return ERR_OK;
}

static enum err
write_all(int fd, struct str data)
{
	while (data.len > 0) {
		ssize_t n = write(fd, data.p, data.len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return ERR_IO;
		}
		data = str_sub(data, (size_t)n, data.len);
	}
	return fsync(fd) == 0 ? ERR_OK : ERR_IO;
}

static enum err
write_file(void *ctx, struct str path, struct str data)
{
	struct sys_linux *s = ctx;
	char z[PATH_MAX];
	char temporary[PATH_MAX + 32];
	struct buf name = buf_fixed(temporary, sizeof(temporary) - 1);
	enum err err;
	int fd;

	if (!path_z(z, path)) {
		return ERR_FILE_MISSING;
	}
	(void)pthread_mutex_lock(&s->file_lock);
	buf_addf(&name, "%s.%u.%u", path, (uint64_t)getpid(),
	    (uint64_t)s->file_n++);
	(void)pthread_mutex_unlock(&s->file_lock);
	MUST(buf_ok(&name));
	temporary[name.len] = '\0';
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOCTTY, 0600);
	if (fd < 0) {
		return file_error(errno);
	}
	err = write_all(fd, data);
	if (close(fd) != 0 && err == ERR_OK) {
		err = ERR_IO;
	}
	if (err == ERR_OK && rename(temporary, z) != 0) {
		err = file_error(errno);
	}
	if (err != ERR_OK) {
		(void)unlink(temporary);
	}
	return err;
}

/* ---- programs ---- */

/* A running program and the ends of its pipes. */
struct child {
	pid_t pid;
	int pidfd;   /* -1: the kernel has none */
	int pipes[2]; /* reading ends of its output and error; -1: ended */
	bool ended;
	int status;  /* as waitpid() gives it */
};

/* Copies the words as C strings into one block of the arena. */
static char **
words(struct arena *a, const struct str *argv, size_t argv_n)
{
	char **out;

	if (argv_n == 0 || argv_n > SYS_RUN_ARG_MAX) {
		return NULL;
	}
	out = ARENA_ARRAY(a, argv_n + 1, char *);
	for (size_t i = 0; out != NULL && i < argv_n; i++) {
		out[i] = str_z(a, argv[i]);
		if (out[i] == NULL) {
			return NULL;
		}
	}
	return out;
}

/* What the program starts with: own group, no signal blocked or ignored,
 * nothing on standard input, the pipes on its outputs. */
static int
spawn(struct child *c, char **argv, char *const *envp, int out, int errout)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	sigset_t all;
	int error;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attr);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP |
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	(void)posix_spawnattr_setpgroup(&attr, 0);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setsigdefault(&attr, &all);
	error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
	    "/dev/null", O_RDONLY, 0);
	error = error != 0 ? error : posix_spawn_file_actions_adddup2(&actions,
	    out, STDOUT_FILENO);
	error = error != 0 ? error : posix_spawn_file_actions_adddup2(&actions,
	    errout, STDERR_FILENO);
	error = error != 0 ? error : posix_spawnp(&c->pid, argv[0], &actions,
	    &attr, argv, envp);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* Starts the program; its pipes' reading ends do not block. */
static enum err
start(struct child *c, char **argv, char *const *envp)
{
	int out[2];
	int errout[2];
	int error;

	if (pipe2(out, O_CLOEXEC) != 0) {
		return ERR_IO;
	}
	if (pipe2(errout, O_CLOEXEC) != 0) {
		(void)close(out[0]);
		(void)close(out[1]);
		return ERR_IO;
	}
	error = spawn(c, argv, envp, out[1], errout[1]);
	(void)close(out[1]);
	(void)close(errout[1]);
	if (error != 0) {
		(void)close(out[0]);
		(void)close(errout[0]);
		return file_error(error);
	}
	c->pipes[0] = out[0];
	c->pipes[1] = errout[0];
	(void)fcntl(out[0], F_SETFL, O_NONBLOCK);
	(void)fcntl(errout[0], F_SETFL, O_NONBLOCK);
	c->pidfd = -1;
#ifdef SYS_pidfd_open
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
#endif
	return ERR_OK;
}

/* Takes what a pipe holds now; closes it at its end. false: out is full. */
static bool
drain(int *fd, struct buf *to)
{
	char chunk[4096];

	while (*fd >= 0) {
		ssize_t n = read(*fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0 && errno == EAGAIN) {
			return true;
		}
		if (n <= 0) {
			(void)close(*fd);
			*fd = -1;
			return true;
		}
		buf_add(to, str_of(chunk, (size_t)n));
		if (!buf_ok(to)) {
			return false;
		}
	}
	return true;
}

static void
reap(struct child *c, int flags)
{
	pid_t pid;

	do {
		pid = waitpid(c->pid, &c->status, flags);
	} while (pid < 0 && errno == EINTR);
	c->ended = pid != 0;
}

/* Until the program ends: what it prints meanwhile goes to the buffers. A
 * grandchild that keeps the pipes open is not waited for. */
static enum err
attend(struct child *c, int64_t deadline_ms, struct buf *out,
    struct buf *errout)
{
	while (!c->ended) {
		int64_t left = deadline_ms - stream_mono_ms();
		struct pollfd p[3] = {
			{ c->pipes[0], POLLIN, 0 },
			{ c->pipes[1], POLLIN, 0 },
			{ c->pidfd, POLLIN, 0 },
		};

		if (left <= 0) {
			return ERR_TIMEOUT;
		}
		if (c->pidfd < 0 && left > RUN_LOOK_MS) {
			left = RUN_LOOK_MS;
		}
		(void)poll(p, 3, left > 60000 ? 60000 : (int)left);
		if (!drain(&c->pipes[0], out) ||
		    !drain(&c->pipes[1], errout)) {
			return ERR_LIMIT;
		}
		reap(c, WNOHANG);
	}
	return drain(&c->pipes[0], out) && drain(&c->pipes[1], errout) ?
	    ERR_OK : ERR_LIMIT;
}

static enum err
run(void *ctx, const struct str *argv, size_t argv_n, int64_t deadline_ms,
    struct buf *out, struct buf *errout, int *status)
{
	struct sys_linux *s = ctx;
	struct child c = { .pid = 0 };
	struct arena a;
	char **z;
	enum err err;

	arena_init(&a, SYS_RUN_TEXT_MAX + ARENA_CHUNK_MIN);
	z = words(&a, argv, argv_n);
	err = z == NULL ? ERR_LIMIT : start(&c, z, s->environ);
	arena_free(&a);
	if (err != ERR_OK) {
		return err;
	}
	err = attend(&c, deadline_ms, out, errout);
	/* The whole group: whatever it started ends with it. */
	(void)kill(-c.pid, SIGKILL);
	if (!c.ended) {
		reap(&c, 0);
	}
	for (size_t i = 0; i < 2; i++) {
		if (c.pipes[i] >= 0) {
			(void)close(c.pipes[i]);
		}
	}
	if (c.pidfd >= 0) {
		(void)close(c.pidfd);
	}
	*status = WIFSIGNALED(c.status) ? 128 + WTERMSIG(c.status) :
	    WEXITSTATUS(c.status);
	return err;
}

/* ---- sockets ---- */

static enum err
dial(void *ctx, struct str host, uint16_t port, int64_t deadline_ms,
    struct stream *out, struct fail *f)
{
	struct sys_linux *s = ctx;

	return stream_dial(s->streams, host, port, deadline_ms, out, f);
}

static enum err
wait_streams(void *ctx, struct sys_wait *w, size_t n, int64_t deadline_ms,
    const struct cancel *cancel)
{
	(void)ctx;
	return stream_wait(w, n, deadline_ms, cancel);
}

/* ---- the table ---- */

/* see sys_linux.h */
enum err
sys_linux_new(struct sys_linux **out, struct arena *a, char *const *envp,
    struct fail *f)
{
	struct sys_linux *s = ARENA_NEW(a, struct sys_linux);
	unsigned char probe;

	if (s == NULL || stream_pool_new(&s->streams, a) != ERR_OK) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	if (random_bytes(NULL, &probe, sizeof(probe)) != ERR_OK) {
		return fail_set(f, ERR_IO, 0, S("the kernel gives no entropy "
		    "(getrandom failed); a sandbox may forbid it"));
	}
	s->environ = envp;
	for (size_t i = 0; i < SYS_LOCK_N; i++) {
		(void)pthread_mutex_init(&s->locks[i], NULL);
	}
	(void)pthread_mutex_init(&s->log_lock, NULL);
	(void)pthread_mutex_init(&s->file_lock, NULL);
	s->sys = (struct sys){
		.ctx = s,
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
	*out = s;
	return ERR_OK;
}

/* see sys_linux.h */
const struct sys *
sys_linux_sys(struct sys_linux *s)
{
	return &s->sys;
}

/* see sys_linux.h */
size_t
sys_linux_memory_max(void)
{
	return sizeof(struct sys_linux) + SYS_STREAM_MAX * stream_size() +
	    (size_t)64 * 1024; /* the resolver's table */
}
