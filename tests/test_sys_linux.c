/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real world, as far as loopback and a temporary folder go: net/sys_linux,
 * net/stream and net/resolve together.
 */
#include "net/sys_linux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/stream.h"
#include "test.h"

extern char **environ;

static struct arena arena;
static struct arena scratch;
static const struct sys *sys;
static struct fail failure;

static bool
begin(void)
{
	static struct sys_linux *s;

	if (sys == NULL) {
		arena_init(&arena, 4 << 20);
		fail_init(&failure, NULL);
		if (sys_linux_new(&s, &arena, environ, &failure) != ERR_OK) {
			return false;
		}
		sys = sys_linux_sys(s);
	}
	arena_free(&scratch);
	arena_init(&scratch, 4 << 20);
	fail_init(&failure, &scratch);
	return true;
}

/* A listening socket on 127.0.0.1 or ::1 and its port; -1: no such family. */
static int
listener(int family, uint16_t *port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
	    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr *any = family == AF_INET ? (struct sockaddr *)&v4 :
	    (struct sockaddr *)&v6;
	socklen_t len = family == AF_INET ? sizeof(v4) : sizeof(v6);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, any, len) != 0 || listen(fd, 8) != 0 ||
	    getsockname(fd, any, &len) != 0) {
		if (fd >= 0) {
			close(fd);
		}
		return -1;
	}
	*port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
	return fd;
}

/* Waits until the stream is writable and writes: ERR_OK or why not. */
static enum err
finish_dial(struct stream *s, int64_t ms)
{
	int64_t deadline = sys->mono_ms(sys->ctx) + ms;

	for (;;) {
		struct sys_wait w = { s, SYS_WRITE, 0 };
		long n = s->write(s->ctx, "x", 1);
		enum err err;

		if (n != -ERR_AGAIN) {
			return n == 1 ? ERR_OK : (enum err)-n;
		}
		err = sys->wait(sys->ctx, &w, 1, deadline, NULL);
		if (err != ERR_OK) {
			return err;
		}
	}
}

static enum err
dial_to(struct str host, uint16_t port, struct stream *s)
{
	enum err err = sys->dial(sys->ctx, host, port,
	    sys->mono_ms(sys->ctx) + 5000, s, &failure);

	return err != ERR_OK ? err : finish_dial(s, 6000);
}

TEST(clocks_run_and_entropy_differs)
{
	char a[32] = { 0 };
	char b[32] = { 0 };
	int64_t t;

	CHECK(begin());
	CHECK(sys->now_ms(sys->ctx) > INT64_C(1700000000000));
	t = sys->mono_ms(sys->ctx);
	CHECK_INT(sys->sleep_until(sys->ctx, t + 15, NULL), ERR_OK);
	CHECK(sys->mono_ms(sys->ctx) >= t + 15);
	CHECK_INT(sys->random(sys->ctx, a, sizeof(a)), ERR_OK);
	CHECK_INT(sys->random(sys->ctx, b, sizeof(b)), ERR_OK);
	CHECK(memcmp(a, b, sizeof(a)) != 0);
}

TEST(environment_is_read_by_exact_name)
{
	char *const vars[] = { (char *)"AB=1", (char *)"A=x=y", (char *)"E=",
	    NULL };
	struct sys_linux *s;
	const struct sys *t;
	struct arena a;

	arena_init(&a, 1 << 20);
	CHECK_INT(sys_linux_new(&s, &a, vars, NULL), ERR_OK);
	t = sys_linux_sys(s);
	CHECK_STR(t->env(t->ctx, S("A")), S("x=y"));
	CHECK_STR(t->env(t->ctx, S("AB")), S("1"));
	CHECK(t->env(t->ctx, S("B")).p == NULL);
	CHECK(t->env(t->ctx, S("E")).p != NULL &&
	    t->env(t->ctx, S("E")).len == 0);
	arena_free(&a);
}

/* A temporary folder, removed with what the tests put in it. */
static char folder[64];

static struct str
in_folder(const char *name)
{
	static char path[256];
	struct buf b = buf_fixed(path, sizeof(path) - 1);

	buf_addf(&b, "%s/%s", str_from_z(folder), str_from_z(name));
	path[b.len] = '\0';
	return buf_str(&b);
}

static bool
make_folder(void)
{
	memcpy(folder, "/tmp/test_sys_XXXXXX", 21);
	return mkdtemp(folder) != NULL;
}

TEST(files_are_written_atomically_and_read_with_a_cap)
{
	struct buf out;
	struct stat st;

	CHECK(begin() && make_folder());
	CHECK_INT(sys->write_file(sys->ctx, in_folder("a"), S("hello")),
	    ERR_OK);
	CHECK_INT(sys->write_file(sys->ctx, in_folder("a"), S("world")),
	    ERR_OK);
	out = buf_in(&scratch, 5);
	CHECK_INT(sys->read_file(sys->ctx, in_folder("a"), &out), ERR_OK);
	CHECK_STR(buf_str(&out), S("world"));
	out = buf_in(&scratch, 4);
	CHECK_INT(sys->read_file(sys->ctx, in_folder("a"), &out), ERR_LIMIT);
	CHECK(stat(in_folder("a").p, &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	CHECK(unlink(in_folder("a").p) == 0);
	CHECK(rmdir(folder) == 0); /* no temporary file is left */
}

TEST(large_file_and_zero_size_file_are_read_whole)
{
	static char big[300000];
	struct buf out;

	CHECK(begin() && make_folder());
	memset(big, 'z', sizeof(big));
	CHECK_INT(sys->write_file(sys->ctx, in_folder("b"),
	    str_of(big, sizeof(big))), ERR_OK);
	out = buf_in(&scratch, 1 << 20);
	CHECK_INT(sys->read_file(sys->ctx, in_folder("b"), &out), ERR_OK);
	CHECK(str_eq(buf_str(&out), str_of(big, sizeof(big))));
	CHECK(unlink(in_folder("b").p) == 0 && rmdir(folder) == 0);
	/* /proc files claim to be empty. */
	out = buf_in(&scratch, 1 << 20);
	CHECK_INT(sys->read_file(sys->ctx, S("/proc/self/status"), &out),
	    ERR_OK);
	CHECK(out.len > 100);
}

TEST(missing_denied_and_folder_are_told_apart)
{
	struct buf out;

	CHECK(begin() && make_folder());
	out = buf_in(&scratch, 100);
	CHECK_INT(sys->read_file(sys->ctx, in_folder("none"), &out),
	    ERR_FILE_MISSING);
	CHECK_INT(sys->read_file(sys->ctx, str_from_z(folder), &out),
	    ERR_FILE_FOLDER);
	CHECK_INT(sys->read_file(sys->ctx, S(""), &out), ERR_FILE_MISSING);
	CHECK_INT(sys->read_file(sys->ctx, S("a\0b"), &out),
	    ERR_FILE_MISSING);
	CHECK_INT(sys->write_file(sys->ctx, in_folder("no/where"), S("x")),
	    ERR_FILE_MISSING);
	if (geteuid() != 0) {
		CHECK_INT(sys->write_file(sys->ctx, S("/proc/x"), S("x")),
		    ERR_FILE_MISSING);
	}
	CHECK(rmdir(folder) == 0);
}

TEST(fifo_without_a_writer_does_not_hold_the_reader)
{
	struct buf out;

	CHECK(begin() && make_folder());
	out = buf_in(&scratch, 100);
	CHECK(mkfifo(in_folder("f").p, 0600) == 0);
	CHECK_INT(sys->read_file(sys->ctx, in_folder("f"), &out), ERR_OK);
	CHECK_INT(out.len, 0);
	CHECK(unlink(in_folder("f").p) == 0 && rmdir(folder) == 0);
}

/* Runs `sh -c script`; output joined as "out|err|status". */
static enum err
shell(const char *script, int64_t ms, size_t cap, struct buf *told)
{
	struct str argv[] = { S("sh"), S("-c"), str_from_z(script) };
	struct buf out = buf_in(&scratch, cap);
	struct buf errout = buf_in(&scratch, cap);
	int status = -1;
	enum err err;

	*told = buf_in(&scratch, 100000);
	err = sys->run(sys->ctx, argv, 3, sys->mono_ms(sys->ctx) + ms, &out,
	    &errout, &status);
	buf_addf(told, "%s|%s|%d", buf_str(&out), buf_str(&errout),
	    (int64_t)status);
	return err;
}

TEST(programs_run_without_our_standard_input)
{
	struct buf told;

	CHECK(begin());
	CHECK_INT(shell("cat; echo out; echo err >&2; exit 3", 5000, 1000,
	    &told), ERR_OK);
	CHECK_STR(buf_str(&told), S("out\n|err\n|3"));
	CHECK_INT(shell("kill -TERM $$", 5000, 1000, &told), ERR_OK);
	CHECK_STR(buf_str(&told), S("||143"));
}

TEST(program_that_hangs_is_killed_with_its_children)
{
	struct buf told;
	int64_t t;

	CHECK(begin());
	t = sys->mono_ms(sys->ctx);
	CHECK_INT(shell("sleep 30 & sleep 30", 100, 1000, &told),
	    ERR_TIMEOUT);
	CHECK_STR(buf_str(&told), S("||137"));
	CHECK(sys->mono_ms(sys->ctx) - t < 3000);
	/* A child left behind does not keep us waiting for the pipe. */
	t = sys->mono_ms(sys->ctx);
	CHECK_INT(shell("sleep 30 & echo ok", 10000, 1000, &told), ERR_OK);
	CHECK_STR(buf_str(&told), S("ok\n||0"));
	CHECK(sys->mono_ms(sys->ctx) - t < 3000);
}

TEST(program_that_prints_too_much_is_stopped)
{
	struct buf told;

	CHECK(begin());
	CHECK_INT(shell("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxx; done",
	    10000, 5000, &told), ERR_LIMIT);
	CHECK_INT(shell("i=0; while [ $i -lt 3000 ]; do echo xxxxxxxxxxxxxxxxx;"
	    " i=$((i+1)); done", 20000, 60000, &told), ERR_OK);
}

TEST(program_that_is_not_there_is_missing)
{
	struct str none[] = { S("/no/such/program") };
	struct buf out;
	int status;

	CHECK(begin());
	out = buf_in(&scratch, 100);
	CHECK_INT(sys->run(sys->ctx, none, 1, sys->mono_ms(sys->ctx) + 1000,
	    &out, &out, &status), ERR_FILE_MISSING);
	CHECK_INT(sys->run(sys->ctx, none, 0, 0, &out, &out, &status),
	    ERR_LIMIT);
}

TEST(dial_reaches_both_families_and_bytes_pass)
{
	static const int families[] = { AF_INET, AF_INET6 };

	CHECK(begin());
	for (size_t i = 0; i < 2; i++) {
		struct sys_wait w;
		struct stream s;
		uint16_t port;
		char b[8];
		int fd = listener(families[i], &port);
		int peer;

		if (fd < 0) {
			continue;
		}
		CHECK_INT(dial_to(i == 0 ? S("127.0.0.1") : S("::1"), port,
		    &s), ERR_OK);
		peer = accept(fd, NULL, NULL);
		CHECK(peer >= 0);
		CHECK(read(peer, b, 8) == 1 && b[0] == 'x');
		CHECK_INT(-s.read(s.ctx, b, 8), ERR_AGAIN);
		w = (struct sys_wait){ &s, SYS_READ, 0 };
		CHECK_INT(sys->wait(sys->ctx, &w, 1,
		    sys->mono_ms(sys->ctx) + 20, NULL), ERR_TIMEOUT);
		CHECK(write(peer, "hello", 5) == 5);
		CHECK_INT(sys->wait(sys->ctx, &w, 1,
		    sys->mono_ms(sys->ctx) + 1000, NULL), ERR_OK);
		CHECK_INT(w.got, SYS_READ);
		CHECK_INT(s.read(s.ctx, b, 8), 5);
		close(peer);
		CHECK_INT(sys->wait(sys->ctx, &w, 1,
		    sys->mono_ms(sys->ctx) + 1000, NULL), ERR_OK);
		CHECK_INT(s.read(s.ctx, b, 8), 0);
		s.close(s.ctx);
		close(fd);
	}
}

TEST(localhost_finds_the_family_that_listens)
{
	struct stream s;
	uint16_t port;
	int fd;

	CHECK(begin());
	fd = listener(AF_INET, &port);
	CHECK(fd >= 0);
	/* Twice: the second answer comes from the cache. */
	for (int i = 0; i < 2; i++) {
		CHECK_INT(dial_to(S("localhost"), port, &s), ERR_OK);
		s.close(s.ctx);
	}
	close(fd);
}

TEST(refused_connection_names_host_port_and_reason)
{
	struct stream s;
	uint16_t port;
	int fd;

	CHECK(begin());
	fd = listener(AF_INET, &port);
	CHECK(fd >= 0);
	close(fd);
	CHECK_INT(dial_to(S("127.0.0.1"), port, &s), ERR_CONNECT);
	CHECK(str_starts(failure.what, S("no connection to 127.0.0.1 port ")));
	CHECK(str_icontains(failure.what, S("refuses")));
	CHECK_INT(-s.read(s.ctx, folder, 1), ERR_CONNECT);
	s.close(s.ctx);
}

TEST(names_that_cannot_be_are_refused_or_not_found)
{
	struct stream s;
	enum err err;

	CHECK(begin());
	CHECK_INT(sys->dial(sys->ctx, S("a b"), 80, 0, &s, &failure),
	    ERR_DNS);
	fail_clear(&failure);
	/* RFC 6761: never exists. Without a network the resolver may also
	 * run into the deadline. */
	err = sys->dial(sys->ctx, S("nothing.invalid"), 80,
	    sys->mono_ms(sys->ctx) + 800, &s, &failure);
	CHECK_INT(err, ERR_OK);
	err = finish_dial(&s, 5000);
	CHECK(err == ERR_DNS || err == ERR_TIMEOUT);
	CHECK(str_icontains(failure.what, S("nothing.invalid")));
	s.close(s.ctx);
}

TEST(connection_that_hangs_ends_at_its_deadline)
{
	struct stream s[16];
	uint16_t port;
	int fd;
	bool hung = false;

	/* A full backlog answers no further SYN. */
	CHECK(begin());
	fd = listener(AF_INET, &port);
	CHECK(fd >= 0 && listen(fd, 0) == 0);
	for (size_t i = 0; i < 4; i++) {
		CHECK_INT(sys->dial(sys->ctx, S("127.0.0.1"), port,
		    sys->mono_ms(sys->ctx) + 150, &s[i], &failure), ERR_OK);
	}
	for (size_t i = 0; i < 4; i++) {
		hung = finish_dial(&s[i], 1000) == ERR_TIMEOUT || hung;
		s[i].close(s[i].ctx);
	}
	CHECK(hung);
	CHECK(str_icontains(failure.what, S("nothing answers")));
	close(fd);
}

TEST(cancel_ends_sleep_and_wait)
{
	struct cancel c = { .wake_fd = eventfd(1, EFD_CLOEXEC) };
	int64_t t;

	CHECK(begin());
	CHECK(c.wake_fd > 0);
	t = sys->mono_ms(sys->ctx);
	/* Readable but not raised: only the time counts. */
	CHECK_INT(sys->sleep_until(sys->ctx, t + 30, &c), ERR_OK);
	CHECK(sys->mono_ms(sys->ctx) >= t + 30);
	atomic_store(&c.raised, true);
	CHECK_INT(sys->sleep_until(sys->ctx, t + 60000, &c), ERR_CANCELLED);
	CHECK(sys->mono_ms(sys->ctx) < t + 5000);
	close(c.wake_fd);
}

static void *
raise_soon(void *arg)
{
	struct cancel *c = arg;
	const uint64_t one = 1;

	(void)sys->sleep_until(sys->ctx, sys->mono_ms(sys->ctx) + 30, NULL);
	atomic_store(&c->raised, true);
	return write(c->wake_fd, &one, sizeof(one)) == sizeof(one) ? c : NULL;
}

TEST(cancel_from_another_thread_wakes_a_wait)
{
	struct cancel c = { .wake_fd = eventfd(0, EFD_CLOEXEC) };
	struct sys_wait w;
	struct stream s;
	pthread_t thread;
	uint16_t port;
	int fd;

	CHECK(begin());
	fd = listener(AF_INET, &port);
	CHECK_INT(dial_to(S("127.0.0.1"), port, &s), ERR_OK);
	w = (struct sys_wait){ &s, SYS_READ, 0 };
	CHECK(pthread_create(&thread, NULL, raise_soon, &c) == 0);
	CHECK_INT(sys->wait(sys->ctx, &w, 1, sys->mono_ms(sys->ctx) + 60000,
	    &c), ERR_CANCELLED);
	CHECK(pthread_join(thread, NULL) == 0);
	s.close(s.ctx);
	close(c.wake_fd);
	close(fd);
}

TEST(streams_are_bounded_and_used_again)
{
	struct stream s[SYS_STREAM_MAX];
	size_t held;
	size_t n = 0;
	uint16_t port;
	int fd;

	CHECK(begin());
	fd = listener(AF_INET, &port);
	CHECK(fd >= 0);
	while (n < SYS_STREAM_MAX && sys->dial(sys->ctx, S("127.0.0.1"), port,
	    INT64_MAX, &s[n], &failure) == ERR_OK) {
		n++;
	}
	CHECK_INT(n, SYS_STREAM_MAX);
	CHECK_INT(sys->dial(sys->ctx, S("127.0.0.1"), port, INT64_MAX,
	    &s[0], &failure), ERR_BUSY);
	held = arena.used;
	while (n > 0) {
		n--;
		s[n].close(s[n].ctx);
	}
	CHECK_INT(sys->dial(sys->ctx, S("127.0.0.1"), port, INT64_MAX,
	    &s[0], &failure), ERR_OK);
	s[0].close(s[0].ctx);
	CHECK_INT(arena.used, held);
	CHECK(held < sys_linux_memory_max());
	close(fd);
}

TEST(locks_exclude)
{
	CHECK(begin());
	for (int i = 0; i < SYS_LOCK_N; i++) {
		sys->lock(sys->ctx, (enum sys_lock)i);
	}
	for (int i = 0; i < SYS_LOCK_N; i++) {
		sys->unlock(sys->ctx, (enum sys_lock)i);
	}
}

TEST(log_writes_one_line_and_keeps_errno)
{
	int saved = dup(STDERR_FILENO);
	int p[2];
	char b[16];

	CHECK(begin() && saved >= 0 && pipe(p) == 0);
	CHECK(dup2(p[1], STDERR_FILENO) == STDERR_FILENO);
	errno = ERANGE;
	sys->log(sys->ctx, S("a line"));
	CHECK_INT(errno, ERANGE);
	CHECK(dup2(saved, STDERR_FILENO) == STDERR_FILENO);
	CHECK(read(p[0], b, sizeof(b)) == 7 && memcmp(b, "a line\n", 7) == 0);
	close(saved);
	close(p[0]);
	close(p[1]);
}
