/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/server over loopback where it speaks TLS: the app answers with what it
 * was sent, or with many bytes. The client is net/tls.h over a socket.
 */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/server.h"
#include "net/tls.h"
#include "tls_certs.h"

#define BIG_LEN ((size_t)12 << 20)
#define NOW_MS INT64_C(1795176000000) /* the certificates' world */

static struct server server;
static struct server_config config;
static struct tls_keeper keeper;
static pthread_t thread;
static bool running;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const struct tls_certs *files;
static char big[BIG_LEN];
static atomic_bool was_tls;
static atomic_uint cancelled_n;
static atomic_bool go;

/* ---- the world ---- */

static int64_t
now(void *ctx)
{
	(void)ctx;
	return NOW_MS;
}

static enum err
draw(void *ctx, void *dst, size_t len)
{
	(void)ctx;
	return getrandom(dst, len, 0) == (ssize_t)len ? ERR_OK : ERR_IO;
}

static enum err
read_file(void *ctx, struct str path, struct buf *out)
{
	(void)ctx;
	buf_add(out, str_from_z(str_eq(path, S("/c")) ? files->chain :
	    files->key));
	return buf_ok(out) ? ERR_OK : ERR_NOMEM;
}

static void
take(void *ctx, enum sys_lock which)
{
	(void)ctx;
	(void)which;
	pthread_mutex_lock(&mutex);
}

static void
give(void *ctx, enum sys_lock which)
{
	(void)ctx;
	(void)which;
	pthread_mutex_unlock(&mutex);
}

static const struct sys machine = { .now_ms = now, .random = draw,
    .read_file = read_file, .lock = take, .unlock = give };

/* ---- the app ---- */

static void
reply(struct app_job *job, struct str body)
{
	struct buf b = buf_in(&job->arena, 4096);

	http1_status_line(&b, 200);
	http1_field_u64(&b, S("Content-Length"), body.len);
	if (!job->keep_alive) {
		http1_field(&b, S("Connection"), S("close"));
	}
	http1_head_end(&b);
	job->reply_head = buf_str(&b);
	job->reply_body = body;
}

static enum app_verdict
begin(void *app, struct app_job *job)
{
	(void)app;
	atomic_store(&was_tls, job->tls);
	if (str_eq(job->http->path, S("/wait"))) {
		return APP_DEFER;
	}
	reply(job, str_eq(job->http->path, S("/big")) ? str_of(big, BIG_LEN) :
	    job->body);
	return APP_DONE;
}

static void
run(void *app, struct app_job *job)
{
	(void)app;
	for (int i = 0; i < 1000 && !atomic_load(&go); i++) {
		struct pollfd fd = { job->cancel.wake_fd, POLLIN, 0 };

		if (poll(&fd, 1, 5) > 0 && sys_cancelled(&job->cancel)) {
			atomic_fetch_add(&cancelled_n, 1);
			break;
		}
	}
	reply(job, S("waited"));
}

static const struct app_calls calls = { .begin = begin, .run = run };

static void *
serve(void *arg)
{
	(void)arg;
	(void)server_run(&server);
	return NULL;
}

static void
stop(void)
{
	atomic_store(&go, true);
	server_stop(&server);
	server_stop(&server);
	pthread_join(thread, NULL);
	running = false;
	if (!server_close(&server)) {
		test_fail(__FILE__, __LINE__, "the server closes");
	}
	for (size_t i = 0; i < TLS_IDENTITY_MAX_N; i++) {
		if (keeper.used_n[i] != 0) {
			test_fail(__FILE__, __LINE__, "a key is still used");
		}
	}
}

static void
defaults(void)
{
	struct fail f;

	if (running) {
		stop();
	}
	for (size_t i = 0; i < BIG_LEN; i++) {
		big[i] = (char)('a' + i % 19);
	}
	files = &tls_certs_good_ec;
	tls_keeper_close(&keeper);
	fail_init(&f, NULL);
	MUST(tls_keeper_open(&keeper, &machine, NULL, S("/c"), S("/k"), &f) ==
	    ERR_OK);
	server_config_default(&config);
	config.port = 0;
	config.conn_max = 300;
	config.pool.worker_n = 2;
	config.pool.queue_n = 2;
	config.pool.job_n = 64;
	config.signals = false;
	config.tls = &keeper;
	atomic_store(&cancelled_n, 0);
	atomic_store(&go, false);
}

static bool
start(void)
{
	struct fail f;

	fail_init(&f, NULL);
	running = server_open(&server, &config, calls, &f) == ERR_OK &&
	    pthread_create(&thread, NULL, serve, NULL) == 0;
	return running;
}

/* ---- a client ---- */

struct client {
	int fd;
	struct tls tls;
	struct stream stream;
	struct arena arena;
	struct anchors anchors;
	struct fail f;
};

static long
client_read(void *ctx, char *dst, size_t len)
{
	ssize_t n = recv(((struct client *)ctx)->fd, dst, len, 0);

	return n < 0 ? -ERR_IO : n;
}

static long
client_write(void *ctx, const char *src, size_t len)
{
	ssize_t n = send(((struct client *)ctx)->fd, src, len, MSG_NOSIGNAL);

	return n < 0 ? -ERR_IO : n;
}

static int
dial(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_port = htons(server.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval five = { .tv_sec = 5 };
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &five, sizeof(five));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &five, sizeof(five));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	MUST(connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0);
	return fd;
}

static struct client *
client(const struct tls_certs *root)
{
	struct client *c = calloc(1, sizeof(*c));

	c->fd = dial();
	c->stream = (struct stream){ c, client_read, client_write, NULL };
	arena_init(&c->arena, (size_t)4 << 20);
	fail_init(&c->f, &c->arena);
	MUST(anchors_pem(&c->anchors, &c->arena, str_from_z(root->chain),
	    S("root"), S("test"), &c->f) == ERR_OK);
	MUST(tls_start(&c->tls, &c->anchors, &machine, S("good.test"), NULL,
	    &c->f) == ERR_OK);
	return c;
}

static void
end(struct client *c)
{
	close(c->fd);
	arena_free(&c->arena);
	free(c);
}

static bool
put(struct client *c, struct str s)
{
	while (s.len > 0) {
		long n = tls_write(&c->tls, &c->stream, s.p, s.len);

		if (n <= 0) {
			return false;
		}
		s = str_sub(s, (size_t)n, s.len);
	}
	return tls_flush(&c->tls, &c->stream) == ERR_OK;
}

static char got[BIG_LEN + 4096];

/* Reads until `want` has come or the end. */
static struct str
get_until(struct client *c, struct str want)
{
	size_t len = 0;

	for (;;) {
		size_t from = len < 4096 + want.len ? 0 : len - 4096 -
		    want.len;
		long n;

		if (want.len > 0 && str_find(str_of(got, len), want, from) <
		    len) {
			return str_of(got, len);
		}
		n = tls_read(&c->tls, &c->stream, got + len,
		    sizeof(got) - len);
		if (n <= 0) {
			return str_of(got, len);
		}
		len += (size_t)n;
	}
}

/* Reads a reply with a body of so many bytes. */
static struct str
get_body(struct client *c, size_t body_len)
{
	struct str s = get_until(c, S("\r\n\r\n"));
	size_t whole = str_find(s, S("\r\n\r\n"), 0) + 4 + body_len;

	while (s.len < whole) {
		long n = tls_read(&c->tls, &c->stream, got + s.len,
		    sizeof(got) - s.len);

		if (n <= 0) {
			break;
		}
		s.len += (size_t)n;
	}
	return str_sub(s, whole - body_len, s.len);
}

#define POST(body, len) "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " len \
	"\r\n\r\n" body
#define REPLY(body, len) "HTTP/1.1 200 OK\r\nContent-Length: " len \
	"\r\n\r\n" body

TEST(a_kept_connection_answers_again_and_again)
{
	struct client *c;

	defaults();
	CHECK(start());
	c = client(&tls_certs_root_ec);
	for (int i = 0; i < 3; i++) {
		CHECK(put(c, S(POST("hello", "5"))));
		CHECK_STR(get_until(c, S("hello")), S(REPLY("hello", "5")));
		CHECK(atomic_load(&was_tls));
	}
	/* several in one record */
	CHECK(put(c, S(POST("1", "1") POST("2", "1") POST("last", "4"))));
	CHECK_STR(get_until(c, S("last")), S(REPLY("1", "1") REPLY("2", "1")
	    REPLY("last", "4")));
	CHECK(put(c, S("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
	    "\r\n")));
	CHECK(str_icontains(get_until(c, STR_NONE), S("Connection: close")));
	/* a proper close_notify ended it */
	CHECK_INT(c->tls.err, ERR_OK);
	end(c);
	stop();
	CHECK_INT(server.request_n, 7);
}

TEST(a_large_reply_and_a_large_body_pass)
{
	struct client *c;

	defaults();
	CHECK(start());
	c = client(&tls_certs_root_ec);
	CHECK(put(c, S("GET /big HTTP/1.1\r\nHost: h\r\n\r\n")));
	poll(NULL, 0, 50); /* it fills the socket's buffer first */
	CHECK_STR(get_body(c, BIG_LEN), str_of(big, BIG_LEN));
	CHECK(put(c, S("POST / HTTP/1.1\r\nHost: h\r\n"
	    "Content-Length: 100000\r\n\r\n")));
	CHECK(put(c, str_of(big, 100000)));
	CHECK_STR(get_body(c, 100000), str_of(big, 100000));
	end(c);
	stop();
}

TEST(a_renewed_certificate_is_shown_to_the_next_client)
{
	struct client *old, *new;

	defaults();
	CHECK(start());
	old = client(&tls_certs_root_ec);
	CHECK(put(old, S(POST("a", "1"))));
	CHECK_STR(get_until(old, S("\na")), S(REPLY("a", "1")));
	files = &tls_certs_good_rsa;
	tls_keeper_refresh(&keeper);
	new = client(&tls_certs_root_rsa);
	CHECK(put(new, S(POST("b", "1"))));
	CHECK_STR(get_until(new, S("\nb")), S(REPLY("b", "1")));
	/* the old connection goes on */
	CHECK(put(old, S(POST("c", "1"))));
	CHECK_STR(get_until(old, S("\nc")), S(REPLY("c", "1")));
	end(old);
	end(new);
	stop();
}

/* Plain bytes over a socket until the end. */
static struct str
talk(const char *text)
{
	int fd = dial();
	size_t len = 0;
	ssize_t n;

	MUST(send(fd, text, strlen(text), MSG_NOSIGNAL) > 0);
	while ((n = recv(fd, got + len, sizeof(got) - len, 0)) > 0) {
		len += (size_t)n;
	}
	close(fd);
	return str_of(got, len);
}

TEST(on_this_machine_a_client_may_do_without)
{
	defaults();
	CHECK(start());
	CHECK(str_starts(talk("GET / HTTP/1.1\r\nHost: h\r\n"
	    "Connection: close\r\n\r\n"), S("HTTP/1.1 200")));
	CHECK(!atomic_load(&was_tls));
	stop();
}

TEST(what_is_no_handshake_gets_an_alert_and_the_end)
{
	struct str s;

	defaults();
	CHECK(start());
	s = talk("\x16\x03\x01\x01\x05hello, this is not a client hello");
	CHECK(s.len <= 7);
	stop();
}

TEST(a_slow_handshake_is_given_up)
{
	static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03";
	int fds[4];

	defaults();
	config.limits.handshake_ms = 150;
	CHECK(start());
	for (int i = 0; i < 4; i++) {
		fds[i] = dial();
	}
	/* nothing at all, one byte, half a hello, a byte now and then */
	CHECK(send(fds[1], "\x16", 1, 0) == 1);
	CHECK(send(fds[2], "\x16\x03\x01\x02\x00\x01", 6, 0) == 6);
	for (int i = 0; i < 10; i++) {
		(void)!send(fds[3], &hello[i], 1, MSG_NOSIGNAL);
		poll(NULL, 0, 30);
	}
	for (int i = 0; i < 4; i++) {
		/* the server ends it, not our own patience */
		CHECK(recv(fds[i], got, 1, 0) == 0 || errno == ECONNRESET);
		close(fds[i]);
	}
	stop();
}

TEST(after_the_handshake_the_client_may_take_its_time)
{
	struct client *c;

	defaults();
	config.limits.handshake_ms = 700;
	CHECK(start());
	c = client(&tls_certs_root_ec);
	/* a flush before anything was written only shakes hands */
	for (int i = 0; i < 50 && !c->tls.established; i++) {
		(void)!put(c, S("G"));
	}
	poll(NULL, 0, 900);
	CHECK(put(c, S("ET / HTTP/1.1\r\nHost: h\r\n\r\n")));
	CHECK(str_starts(get_until(c, S("\r\n\r\n")), S("HTTP/1.1 200")));
	end(c);
	stop();
}

TEST(an_idle_connection_is_not_cut_as_a_slow_handshake)
{
	struct client *c;

	defaults();
	config.limits.handshake_ms = 700;
	config.limits.idle_ms = 2000;
	CHECK(start());
	c = client(&tls_certs_root_ec);
	/* handshake only: BearSSL's engine is driven by a read that waits */
	CHECK(setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO,
	    &(struct timeval){ .tv_usec = 900000 }, sizeof(struct timeval)) ==
	    0);
	CHECK(tls_read(&c->tls, &c->stream, got, 1) < 0);
	c->tls.err = ERR_OK; /* it was our own time limit */
	CHECK(put(c, S(POST("x", "1"))));
	CHECK_STR(get_until(c, S("\nx")), S(REPLY("x", "1")));
	/* and later by its own limit, with a goodbye */
	CHECK(setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO,
	    &(struct timeval){ .tv_sec = 5 }, sizeof(struct timeval)) == 0);
	CHECK_INT(tls_read(&c->tls, &c->stream, got, 1), 0);
	end(c);
	stop();
}

TEST(a_client_that_shuts_its_side_still_gets_its_reply)
{
	struct client *c;

	defaults();
	CHECK(start());
	c = client(&tls_certs_root_ec);
	CHECK(put(c, S(POST("half", "4"))));
	shutdown(c->fd, SHUT_WR);
	CHECK_STR(get_until(c, S("half")), S(REPLY("half", "4")));
	end(c);
	/* the same with close_notify before it */
	c = client(&tls_certs_root_ec);
	CHECK(put(c, S(POST("half", "4"))));
	br_ssl_engine_close(&c->tls.client.eng);
	(void)!tls_flush(&c->tls, &c->stream);
	shutdown(c->fd, SHUT_WR);
	poll(NULL, 0, 50);
	CHECK(recv(c->fd, got, sizeof(got), 0) > 40);
	end(c);
	stop();
}

TEST(a_client_that_goes_away_cancels_its_call)
{
	struct client *c;

	defaults();
	CHECK(start());
	c = client(&tls_certs_root_ec);
	CHECK(put(c, S("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")));
	poll(NULL, 0, 50);
	end(c);
	for (int i = 0; i < 2000 && atomic_load(&cancelled_n) == 0; i++) {
		poll(NULL, 0, 1);
	}
	CHECK_INT(atomic_load(&cancelled_n), 1);
	stop();
}

static bool
is_served(void)
{
	struct client *c = client(&tls_certs_root_ec);
	bool ok = put(c, S(POST("z", "1"))) &&
	    str_eq(get_until(c, S("\nz")), S(REPLY("z", "1")));

	end(c);
	return ok;
}

TEST(a_reply_nobody_reads_is_given_up)
{
	struct client *c;
	bool served = false;
	int small = 4096;

	defaults();
	config.conn_max = 1;
	config.limits.write_ms = 400;
	CHECK(start());
	c = client(&tls_certs_root_ec);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	CHECK(put(c, S("GET /big HTTP/1.1\r\nHost: h\r\n\r\n")));
	/* It holds the only place, and then no more. */
	CHECK(!is_served());
	for (int i = 0; i < 100 && !served; i++) {
		poll(NULL, 0, 30);
		served = is_served();
	}
	CHECK(served);
	end(c);
	stop();
}

TEST(many_clients_at_once_are_served_and_the_oldest_idle_gives_way)
{
	enum { N = 40 };
	static struct client *c[N];

	defaults();
	config.conn_max = N / 2;
	CHECK(start());
	for (int i = 0; i < N; i++) {
		c[i] = client(&tls_certs_root_ec);
		CHECK(put(c[i], S(POST("x", "1"))));
		CHECK_STR(get_until(c[i], S("\nx")), S(REPLY("x", "1")));
	}
	CHECK(put(c[N - 1], S(POST("y", "1"))));
	CHECK_STR(get_until(c[N - 1], S("\ny")), S(REPLY("y", "1")));
	for (int i = 0; i < N; i++) {
		end(c[i]);
	}
	stop();
}

TEST(the_memory_of_tls_is_counted)
{
	uint64_t plain, tls;

	defaults();
	config.tls = NULL;
	plain = server_memory_max(&config);
	config.tls = &keeper;
	tls = server_memory_max(&config);
	CHECK(tls - plain >= config.conn_max * sizeof(struct tls_server) +
	    SERVER_TLS_SESSIONS_LEN);
	config.conn_max = 100000;
	CHECK(start());
	CHECK(server.config.conn_max <= SERVER_TLS_CONN_MAX_N);
	stop();
}
