/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/server over loopback with an app of a few lines: the path of a request
 * says what happens to it. Ports are free ones, clients give up after five
 * seconds, and every server ends with its test.
 */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/meter.h"
#include "net/server.h"

static struct server server;
static struct server_config config;
static pthread_t thread;
static bool drained;
static atomic_bool draining;
static atomic_uint cancelled_n;
static atomic_uint finished_n;
static struct app_gauges gauges; /* as of the last GET /gauges */
static atomic_uint closed_n;   /* streams that ended */
static atomic_ullong stream;   /* the last one that began */
static atomic_bool go; /* lets calls of /wait and /keep go on */

#define BIG_LEN ((size_t)8 << 20)
static char big_body[BIG_LEN]; /* filled by defaults() */

/* A test that failed leaves its server to the next one. */
static bool running;

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

/* What is said on the stream that began last. */
static enum app_verdict
say(struct app_job *job)
{
	struct str path = job->http->path;

	job->stream = atomic_load(&stream);
	job->answer = S("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
	if (str_eq(path, S("/say/cancel"))) {
		bool found = job->cancel_call(job, job->body);

		job->stream = 0;
		reply(job, found ? S("found") : S("none"));
	} else if (str_eq(path, S("/say/big"))) {
		job->reply_body = str_dup(&job->arena, str_of(big_body,
		    BIG_LEN));
	} else if (str_eq(path, S("/say"))) {
		job->reply_head = S("data: ");
		job->reply_body = str_dup(&job->arena, job->body);
	} else {
		job->rpc_id = job->body;
		return APP_DEFER;
	}
	return APP_DONE;
}

static enum app_verdict
begin(void *app, struct app_job *job)
{
	struct str path = job->http->path;

	(void)app;
	if (str_eq(path, S("/events"))) {
		atomic_store(&stream, job->conn);
		job->reply_head = S("HTTP/1.1 200 OK\r\n"
		    "Connection: close\r\n\r\n");
		job->reply_body = S("data: hello\n\n");
		return APP_STREAM;
	}
	if (str_starts(path, S("/say"))) {
		return say(job);
	}
	if (str_eq(path, S("/gauges"))) {
		gauges = (struct app_gauges){ .accepted_n = 0 };
		server_gauges(&server, &gauges);
		reply(job, S("looked"));
		return APP_DONE;
	}
	if (str_eq(path, S("/side"))) {
		reply(job, job->side ? S("side") : S("main"));
		return APP_DONE;
	}
	if (str_eq(path, S("/again"))) {
		if (job->state == NULL) {
			job->state = job;
			return APP_DEFER;
		}
		reply(job, S("the loop's again"));
		return APP_DONE;
	}
	if (str_eq(path, S("/keep"))) {
		job->survives_close = true;
		return APP_DEFER;
	}
	if (str_eq(path, S("/wait")) || str_eq(path, S("/stream")) ||
	    str_eq(path, S("/flood"))) {
		return APP_DEFER;
	}
	if (str_eq(path, S("/big"))) {
		reply(job, str_dup(&job->arena, str_of(big_body, BIG_LEN)));
	} else if (str_eq(path, S("/peer"))) {
		reply(job, job->peer);
	} else if (str_eq(path, S("/ready"))) {
		reply(job, atomic_load(&draining) ? S("no") : S("yes"));
	} else {
		reply(job, job->body);
	}
	return APP_DONE;
}

/* Waits for `go` as a call waits for AWS: on the cancel's descriptor. */
static void
run(void *app, struct app_job *job)
{
	(void)app;
	if (str_eq(job->http->path, S("/again"))) {
		job->again = true;
		return;
	}
	if (str_eq(job->http->path, S("/flood"))) {
		/* Until the client is gone, or (never) all is taken. */
		for (int i = 0; i < 4096; i++) {
			if (!job->emit(job, str_of(big_body, APP_EMIT_MAX))) {
				break;
			}
		}
		if (sys_cancelled(&job->cancel)) {
			atomic_fetch_add(&cancelled_n, 1);
		}
		reply(job, S("flooded"));
		atomic_fetch_add(&finished_n, 1);
		return;
	}
	if (str_eq(job->http->path, S("/stream"))) {
		job->emit(job, S("HTTP/1.1 200 OK\r\nContent-Type: "
		    "text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"));
		job->emit(job, S("9\r\ndata: 1\n\n\r\n"));
	}
	if (str_eq(job->http->path, S("/say/later"))) {
		job->emit(job, S("data: soon\n\n"));
	}
	for (int i = 0; i < 1000 && !atomic_load(&go); i++) {
		struct pollfd fd = { job->cancel.wake_fd, POLLIN, 0 };

		if (poll(&fd, 1, 5) > 0 && sys_cancelled(&job->cancel)) {
			atomic_fetch_add(&cancelled_n, 1);
			break;
		}
	}
	if (job->stream != 0) {
		job->reply_head = S("data: ");
		job->reply_body = job->body;
	} else if (str_eq(job->http->path, S("/stream"))) {
		job->reply_body = S("9\r\ndata: 2\n\n\r\n0\r\n\r\n");
	} else {
		reply(job, S("waited"));
	}
	atomic_fetch_add(&finished_n, 1);
}

static void
closed(void *app, uint64_t name)
{
	(void)app;
	if (name == atomic_load(&stream)) {
		atomic_fetch_add(&closed_n, 1);
	}
}

static const struct app_calls calls = { .begin = begin, .run = run,
    .closed = closed };

static void *
serve(void *arg)
{
	(void)arg;
	drained = server_run(&server);
	return NULL;
}

/* Waits for the end of the server and closes it. */
static bool
join(void)
{
	running = false;
	pthread_join(thread, NULL);
	return server_close(&server);
}

static void
stop(void)
{
	atomic_store(&go, true);
	server_stop(&server);
	server_stop(&server);
	if (!join()) {
		test_fail(__FILE__, __LINE__, "the server closes");
	}
}

/* Settings of a test server; change them before start(). */
static void
defaults(void)
{
	if (running) {
		stop();
	}
	for (size_t i = 0; i < BIG_LEN && big_body[i] == 0; i++) {
		big_body[i] = (char)('a' + i % 19);
	}
	server_config_default(&config);
	config.port = 0;
	config.conn_max = 1000;
	config.pool.worker_n = 2;
	config.pool.queue_n = 2;
	config.pool.job_n = 64;
	config.signals = false;
	config.draining = &draining;
	atomic_store(&draining, false);
	atomic_store(&cancelled_n, 0);
	atomic_store(&finished_n, 0);
	atomic_store(&closed_n, 0);
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

static int
connect_to(uint16_t port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval five = { .tv_sec = 5 };
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &five, sizeof(five));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &five, sizeof(five));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
client(void)
{
	return connect_to(server.port);
}

static bool
put(int fd, struct str s)
{
	while (s.len > 0) {
		ssize_t n = send(fd, s.p, s.len, MSG_NOSIGNAL);

		if (n <= 0) {
			return false;
		}
		s = str_sub(s, (size_t)n, s.len);
	}
	return true;
}

/* Reads until `want` has come or the end; what came stands in `got`. */
static char got[65536];

static struct str
get_until(int fd, struct str want)
{
	size_t len = 0;

	for (;;) {
		struct str all = str_of(got, len);
		ssize_t n;

		if (want.len > 0 && str_find(all, want, 0) < len) {
			return all;
		}
		n = recv(fd, got + len, sizeof(got) - len, 0);
		if (n <= 0) {
			return all;
		}
		len += (size_t)n;
	}
}

/* Whether the server closes within five seconds; nothing more may come. */
static bool
closes(int fd)
{
	char c;

	return recv(fd, &c, 1, 0) == 0;
}

#define HOST "Host: h\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"
#define POST(body, len) "POST / HTTP/1.1\r\n" HOST "Content-Length: " len \
	"\r\n\r\n" body
#define REPLY(body, len) "HTTP/1.1 200 OK\r\nContent-Length: " len \
	"\r\n\r\n" body

/* Spins, politely, until *n is at least `want`; at most five seconds. */
static bool
reaches(atomic_uint *n, unsigned want)
{
	for (int i = 0; i < 5000 && atomic_load(n) < want; i++) {
		poll(NULL, 0, 1);
	}
	return atomic_load(n) >= want;
}

/* The connections the server thread holds, read without its leave: polled by
 * tests that then check behaviour. */
static bool
busy_reaches(unsigned want)
{
	for (int i = 0; i < 5000 && pool_busy_n(&server.pool) != want; i++) {
		poll(NULL, 0, 1);
	}
	return pool_busy_n(&server.pool) == want;
}

TEST(a_kept_connection_answers_again_and_again)
{
	int fd;

	defaults();
	CHECK(start());
	fd = client();
	for (int i = 0; i < 3; i++) {
		CHECK(put(fd, S(POST("hello", "5"))));
		CHECK_STR(get_until(fd, S("hello")), S(REPLY("hello", "5")));
	}
	CHECK(put(fd, S(GET("/peer"))));
	CHECK(str_ends(get_until(fd, S("127.0.0.1")), S("127.0.0.1")));
	CHECK(put(fd, S("GET / HTTP/1.1\r\n" HOST
	    "Connection: close\r\n\r\n")));
	CHECK(str_icontains(get_until(fd, S("\r\n\r\n")),
	    S("Connection: close")));
	CHECK(closes(fd));
	close(fd);
	stop();
	CHECK_INT(server.request_n, 5);
}

TEST(accepted_sockets_inherit_nodelay)
{
	/* The server sets it once, on the listening socket. */
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int one = 1;
	int value = 0;
	int listen_fd = socket(AF_INET, SOCK_STREAM, 0);
	int near, far;

	setsockopt(listen_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	CHECK(bind(listen_fd, (struct sockaddr *)&addr, len) == 0);
	CHECK(listen(listen_fd, 1) == 0);
	CHECK(getsockname(listen_fd, (struct sockaddr *)&addr, &len) == 0);
	near = connect_to(ntohs(addr.sin_port));
	far = accept(listen_fd, NULL, NULL);
	len = sizeof(value);
	CHECK(getsockopt(far, IPPROTO_TCP, TCP_NODELAY, &value, &len) == 0);
	CHECK_INT(value, 1);
	close(near);
	close(far);
	close(listen_fd);
}

TEST(a_waiting_call_delays_nobody)
{
	int slow, quick;

	defaults();
	CHECK(start());
	slow = client();
	quick = client();
	CHECK(put(slow, S(GET("/wait"))));
	CHECK(busy_reaches(1));
	CHECK(put(quick, S(POST("hi", "2"))));
	CHECK_STR(get_until(quick, S("hi")), S(REPLY("hi", "2")));
	CHECK_INT(atomic_load(&finished_n), 0);
	atomic_store(&go, true);
	CHECK_STR(get_until(slow, S("waited")), S(REPLY("waited", "6")));
	/* And the connection goes on. */
	CHECK(put(slow, S(POST("hi", "2"))));
	CHECK_STR(get_until(slow, S("hi")), S(REPLY("hi", "2")));
	close(slow);
	close(quick);
	stop();
}

TEST(a_full_queue_is_told_at_once)
{
	int fds[4];
	int late;
	struct str s;

	defaults();
	CHECK(start());
	for (int i = 0; i < 4; i++) {
		fds[i] = client();
		CHECK(put(fds[i], S(GET("/wait"))));
	}
	CHECK(busy_reaches(4));
	late = client();
	CHECK(put(late, S(GET("/wait"))));
	s = get_until(late, S("}}"));
	CHECK(str_starts(s, S("HTTP/1.1 503 Service Unavailable\r\n")));
	CHECK(str_icontains(s, S("Retry-After: 1\r\n")));
	/* The connection stays usable. */
	CHECK(put(late, S(POST("hi", "2"))));
	CHECK_STR(get_until(late, S("hi")), S(REPLY("hi", "2")));
	atomic_store(&go, true);
	for (int i = 0; i < 4; i++) {
		CHECK_STR(get_until(fds[i], S("waited")),
		    S(REPLY("waited", "6")));
		close(fds[i]);
	}
	close(late);
	stop();
}

TEST(a_worker_can_hand_a_request_back_to_the_loop)
{
	int fd;

	defaults();
	CHECK(start());
	fd = client();
	for (int i = 0; i < 2; i++) {
		CHECK(put(fd, S(GET("/again"))));
		CHECK(str_ends(get_until(fd, S("again")),
		    S("the loop's again")));
	}
	close(fd);
	stop();
	CHECK_INT(server.request_n, 2);
}

TEST(a_client_that_closes_cancels_its_call)
{
	int fd;

	defaults();
	CHECK(start());
	fd = client();
	CHECK(put(fd, S(GET("/wait"))));
	CHECK(busy_reaches(1));
	close(fd);
	CHECK(reaches(&cancelled_n, 1));
	/* A reset does so, too. */
	fd = client();
	CHECK(put(fd, S(GET("/wait"))));
	CHECK(busy_reaches(1));
	CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 },
	    sizeof(struct linger)) == 0);
	close(fd);
	CHECK(reaches(&cancelled_n, 2));
	stop();
}

TEST(a_client_that_closes_with_its_request_is_noticed)
{
	int fd;

	defaults();
	CHECK(start());
	/* The answer comes, then the close, and not after the idle time. */
	fd = client();
	CHECK(put(fd, S(POST("hi", "2"))));
	CHECK(shutdown(fd, SHUT_WR) == 0);
	CHECK_STR(get_until(fd, S("hi")), S(REPLY("hi", "2")));
	CHECK(closes(fd));
	close(fd);
	/* A call that starts after the close is cancelled as well. */
	for (unsigned i = 1; i <= 20; i++) {
		fd = client();
		CHECK(put(fd, S(GET("/wait"))));
		close(fd);
		CHECK(reaches(&cancelled_n, i));
		CHECK(busy_reaches(0));
	}
	stop();
}

TEST(a_stream_that_nobody_reads_ends_and_is_cancelled)
{
	int fd;

	defaults();
	config.limits.write_ms = 50;
	CHECK(start());
	fd = client();
	CHECK(put(fd, S(GET("/flood"))));
	CHECK(reaches(&finished_n, 1));
	CHECK_INT(atomic_load(&cancelled_n), 1);
	close(fd);
	stop();
}

TEST(a_call_that_survives_its_client_answers_nobody_else)
{
	int fd;

	defaults();
	config.conn_max = 1;
	CHECK(start());
	fd = client();
	CHECK(put(fd, S(GET("/keep"))));
	CHECK(busy_reaches(1));
	CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 },
	    sizeof(struct linger)) == 0);
	close(fd);
	/* The same slot, used again, must not see the late reply. */
	poll(NULL, 0, 20);
	fd = client();
	CHECK(put(fd, S(POST("mine", "4"))));
	CHECK_STR(get_until(fd, S("mine")), S(REPLY("mine", "4")));
	CHECK_INT(atomic_load(&cancelled_n), 0);
	atomic_store(&go, true);
	CHECK(reaches(&finished_n, 1));
	CHECK(put(fd, S(POST("mine", "4"))));
	CHECK_STR(get_until(fd, S("mine")), S(REPLY("mine", "4")));
	close(fd);
	stop();
}

TEST(a_stream_has_heartbeats_between_its_events)
{
	int fd;
	struct str s;

	defaults();
	config.limits.heartbeat_ms = 20;
	CHECK(start());
	fd = client();
	CHECK(put(fd, S(GET("/stream"))));
	s = get_until(fd, S("3\r\n:\n\n\r\n3\r\n:\n\n\r\n"));
	CHECK(str_starts(s, S("HTTP/1.1 200 OK\r\nContent-Type: "
	    "text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "9\r\ndata: 1\n\n\r\n3\r\n:\n\n\r\n")));
	atomic_store(&go, true);
	s = get_until(fd, S("0\r\n\r\n"));
	CHECK(str_ends(s, S("9\r\ndata: 2\n\n\r\n0\r\n\r\n")));
	CHECK(put(fd, S(POST("hi", "2"))));
	CHECK_STR(get_until(fd, S("hi")), S(REPLY("hi", "2")));
	close(fd);
	stop();
}

/* ---- event streams that last ---- */

#define SAY(path, body, len) "POST /say" path " HTTP/1.1\r\n" HOST \
	"Content-Length: " len "\r\n\r\n" body
#define ACCEPTED S("202 Accepted\r\nContent-Length: 0\r\n\r\n")

/* A client with a new stream, whose first event has come. */
static int
listener(void)
{
	int fd = client();

	if (!put(fd, S(GET("/events"))) || !str_ends(get_until(fd,
	    S("hello\n\n")), S("data: hello\n\n"))) {
		test_fail(__FILE__, __LINE__, "the stream begins");
	}
	return fd;
}

TEST(a_lasting_stream_carries_what_other_connections_say)
{
	int ear, mouth;

	defaults();
	CHECK(start());
	ear = listener();
	mouth = client();
	for (int i = 0; i < 3; i++) {
		CHECK(put(mouth, S(SAY("", "ping\n\n", "6"))));
		CHECK(str_ends(get_until(mouth, S("\r\n\r\n")), ACCEPTED));
		CHECK_STR(get_until(ear, S("\n\n")), S("data: ping\n\n"));
	}
	close(ear);
	CHECK(reaches(&closed_n, 1));
	CHECK(put(mouth, S(GET("/"))));
	CHECK(str_starts(get_until(mouth, S("\r\n\r\n")),
	    S("HTTP/1.1 200 OK")));
	close(mouth);
	stop();
	CHECK_INT(server.stream_n, 0);
	CHECK_INT(server.pool.held_n, 1);
}

TEST(a_call_is_accepted_at_once_and_answered_on_the_stream)
{
	int ear, mouth;

	defaults();
	CHECK(start());
	ear = listener();
	mouth = client();
	CHECK(put(mouth, S(SAY("/later", "done\n\n", "6"))));
	CHECK(str_ends(get_until(mouth, S("\r\n\r\n")), ACCEPTED));
	/* Who asked may leave: the answer does not go there. */
	close(mouth);
	CHECK_STR(get_until(ear, S("\n\n")), S("data: soon\n\n"));
	mouth = client();
	CHECK(put(mouth, S(SAY("", "ping\n\n", "6"))));
	CHECK_STR(get_until(ear, S("\n\n")), S("data: ping\n\n"));
	atomic_store(&go, true);
	CHECK_STR(get_until(ear, S("\n\n")), S("data: done\n\n"));
	close(ear);
	close(mouth);
	stop();
	CHECK_INT(cancelled_n, 0);
}

TEST(the_end_of_a_stream_cancels_its_calls)
{
	int ear, mouth;

	defaults();
	CHECK(start());
	ear = listener();
	mouth = client();
	CHECK(put(mouth, S(SAY("/later", "1", "1") SAY("/later", "2", "1"))));
	CHECK(str_starts(get_until(ear, S("\n\n")), S("data: soon\n\n")));
	/* Half of it is enough. */
	shutdown(ear, SHUT_WR);
	CHECK(reaches(&closed_n, 1));
	CHECK(reaches(&cancelled_n, 2));
	CHECK(busy_reaches(0));
	close(ear);
	close(mouth);
	stop();
	CHECK_INT(server.pool.held_n, 1);
}

TEST(a_call_of_a_stream_can_be_cancelled_by_its_id)
{
	int ear, mouth;

	defaults();
	CHECK(start());
	ear = listener();
	mouth = client();
	CHECK(put(mouth, S(SAY("/later", "7", "1"))));
	CHECK_STR(get_until(ear, S("\n\n")), S("data: soon\n\n"));
	CHECK(str_ends(get_until(mouth, S("\r\n\r\n")), ACCEPTED));
	CHECK(put(mouth, S(SAY("/cancel", "8", "1"))));
	CHECK(str_ends(get_until(mouth, S("none")), S("none")));
	CHECK(put(mouth, S(SAY("/cancel", "7", "1"))));
	CHECK(str_ends(get_until(mouth, S("found")), S("found")));
	CHECK(reaches(&cancelled_n, 1));
	CHECK(busy_reaches(0));
	CHECK(put(mouth, S(SAY("", "ping\n\n", "6"))));
	/* Nothing of the call came in between. */
	CHECK_STR(get_until(ear, S("\n\n")), S("data: ping\n\n"));
	close(ear);
	close(mouth);
	stop();
}

TEST(a_stream_has_only_so_many_calls_and_the_server_so_many_streams)
{
	int ear, mouth, third;

	defaults();
	config.conn_max = 4;
	config.pool.queue_n = 30;
	CHECK(start());
	ear = listener();
	mouth = client();
	for (int i = 0; i < SERVER_STREAM_JOB_MAX_N; i++) {
		CHECK(put(mouth, S(SAY("/later", "1", "1"))));
		CHECK(str_ends(get_until(mouth, S("\r\n\r\n")), ACCEPTED));
	}
	CHECK(put(mouth, S(SAY("/later", "1", "1"))));
	CHECK(str_starts(get_until(mouth, S("}}")), S("HTTP/1.1 503 ")));
	close(listener());
	CHECK(reaches(&closed_n, 1));
	third = listener();
	CHECK(put(mouth, S(GET("/events"))));
	CHECK(str_starts(get_until(mouth, S("}}")), S("HTTP/1.1 503 ")));
	CHECK(reaches(&closed_n, 2));
	close(third);
	close(ear);
	close(mouth);
	stop();
	CHECK_INT(server.stream_n, 0);
}

/* ---- what is counted, and the second listener ---- */

TEST(refusals_and_gauges_are_known)
{
	static struct meter meter;
	int fd, ear;

	defaults();
	meter = (struct meter){ .lookups = { 0 } };
	config.meter = &meter;
	config.conn_max = 4;
	config.limits.head_ms = 50;
	CHECK(start());
	ear = listener();
	fd = client();
	CHECK(put(fd, S("nonsense\r\n\r\n")));
	CHECK(str_starts(get_until(fd, S("}}")), S("HTTP/1.1 400 ")));
	close(fd);
	fd = client();
	CHECK(put(fd, S("GET / HT")));
	CHECK(str_starts(get_until(fd, S("}}")), S("HTTP/1.1 408 ")));
	close(fd);
	fd = client();
	CHECK(put(fd, S(GET("/gauges"))));
	CHECK(str_ends(get_until(fd, S("looked")), S("looked")));
	close(fd);
	close(ear);
	stop();
	CHECK_INT(gauges.conn_n, 2);
	CHECK_INT(gauges.conn_max, 4);
	CHECK_INT(gauges.stream_n, 1);
	CHECK_INT(gauges.stream_max, 2);
	CHECK_INT(gauges.accepted_n, 4);
	CHECK_INT(gauges.refused_n, 0);
	CHECK_INT(gauges.worker_n, 2);
	CHECK_INT(gauges.running_n, 0);
	CHECK_INT(gauges.queue_max, 2);
	CHECK(gauges.budget_used > 0 && gauges.budget_used <
	    gauges.budget_max);
	CHECK_INT(meter_get(&meter.refusals[METER_MALFORMED]), 1);
	CHECK_INT(meter_get(&meter.refusals[METER_SLOW]), 1);
}

TEST(jobs_of_the_second_listener_are_marked)
{
	int main_fd, side_fd;

	defaults();
	config.side_host = S("127.0.0.1");
	config.side_port = 0;
	CHECK(start());
	CHECK(server.side_port != 0 && server.side_port != server.port);
	main_fd = client();
	side_fd = connect_to(server.side_port);
	CHECK(put(main_fd, S(GET("/side"))));
	CHECK(str_ends(get_until(main_fd, S("main")), S("main")));
	CHECK(put(side_fd, S(GET("/side"))));
	CHECK(str_ends(get_until(side_fd, S("side")), S("side")));
	CHECK(put(main_fd, S(GET("/side"))));
	CHECK(str_ends(get_until(main_fd, S("main")), S("main")));
	server_stop(&server);
	CHECK(closes(side_fd));
	CHECK(closes(main_fd));
	close(side_fd);
	close(main_fd);
	CHECK(join());
	CHECK(drained);
}

TEST(a_lasting_stream_has_heartbeats)
{
	int ear;

	defaults();
	config.limits.heartbeat_ms = 20;
	CHECK(start());
	ear = listener();
	CHECK(str_starts(get_until(ear, S(":\n\n:\n\n")), S(":\n\n")));
	close(ear);
	CHECK(reaches(&closed_n, 1));
	stop();
}

TEST(who_does_not_read_his_stream_loses_it)
{
	int ear, mouth;

	defaults();
	config.limits.write_ms = 100;
	CHECK(start());
	ear = listener();
	mouth = client();
	for (int i = 0; i < 2; i++) {
		CHECK(put(mouth, S(SAY("/big", "", "0"))));
		CHECK(str_ends(get_until(mouth, S("\r\n\r\n")), ACCEPTED));
	}
	CHECK(reaches(&closed_n, 1));
	close(ear);
	close(mouth);
	stop();
	CHECK_INT(server.pool.held_n, 1);
}

TEST(draining_ends_streams_when_their_calls_are_answered)
{
	int ear, busy, mouth;

	defaults();
	CHECK(start());
	ear = listener();
	busy = listener();
	mouth = client();
	CHECK(put(mouth, S(SAY("/later", "done\n\n", "6"))));
	CHECK_STR(get_until(busy, S("\n\n")), S("data: soon\n\n"));
	server_stop(&server);
	CHECK(closes(ear));
	atomic_store(&go, true);
	CHECK_STR(get_until(busy, S("\n\n")), S("data: done\n\n"));
	CHECK(closes(busy));
	close(ear);
	close(busy);
	close(mouth);
	CHECK(join());
	CHECK(drained);
}

TEST(a_thousand_pipelined_requests_get_a_thousand_answers)
{
	static char space[64 * 1000];
	struct buf b = buf_fixed(space, sizeof(space));
	size_t want = 1000 * (sizeof(REPLY("x", "1")) - 1);
	size_t have = 0;
	int fd;

	defaults();
	CHECK(start());
	for (int i = 0; i < 1000; i++) {
		buf_add(&b, S(POST("x", "1")));
	}
	CHECK(buf_ok(&b));
	fd = client();
	CHECK(put(fd, buf_str(&b)));
	while (have < want) {
		ssize_t n = recv(fd, got, sizeof(got), 0);

		CHECK(n > 0);
		have += (size_t)n;
	}
	CHECK_INT(have, want);
	close(fd);
	stop();
}

TEST(large_bodies_and_large_replies_arrive_whole)
{
	static char body[HTTP_BODY_MAX];
	size_t have = 0;
	size_t head = 0;
	int fd;

	defaults();
	CHECK(start());
	fd = client();
	memset(body, 'b', sizeof(body));
	CHECK(put(fd, S("POST / HTTP/1.1\r\n" HOST
	    "Content-Length: 1048576\r\n\r\n")));
	CHECK(put(fd, str_of(body, sizeof(body))));
	while (have < sizeof(REPLY("", "1048576")) - 1 + sizeof(body)) {
		ssize_t n = recv(fd, got, sizeof(got), 0);

		CHECK(n > 0);
		have += (size_t)n;
	}
	CHECK(put(fd, S(GET("/big"))));
	head = sizeof(REPLY("", "8388608")) - 1;
	for (have = 0; have < head + BIG_LEN; ) {
		ssize_t n = recv(fd, got, sizeof(got), 0);

		CHECK(n > 0);
		for (ssize_t i = 0; i < n; i++, have++) {
			CHECK(have < head || got[i] ==
			    (char)('a' + (have - head) % 19));
		}
	}
	close(fd);
	stop();
}

TEST(a_client_that_is_still_sending_sees_the_error)
{
	static char junk[256 * 1024];
	int fd;
	struct str s;

	defaults();
	CHECK(start());
	fd = client();
	CHECK(put(fd, S("POST / HTTP/1.1\r\n" HOST
	    "Content-Length: 99999999\r\n\r\n")));
	CHECK(put(fd, str_of(junk, sizeof(junk))));
	poll(NULL, 0, 20);
	CHECK(put(fd, str_of(junk, sizeof(junk))));
	s = get_until(fd, S(""));
	CHECK(str_starts(s, S("HTTP/1.1 413 ")));
	CHECK(str_icontains(s, S("Connection: close\r\n")));
	CHECK(str_icontains(s, S("Content-Type: application/json\r\n")));
	CHECK(str_ends(s, S("}}")));
	close(fd);
	stop();
}

TEST(slow_and_idle_clients_are_timed_out)
{
	int slow_head, slow_body, idle;

	defaults();
	config.limits.head_ms = 40;
	config.limits.body_ms = 60;
	config.limits.idle_ms = 80;
	CHECK(start());
	slow_head = client();
	slow_body = client();
	idle = client();
	CHECK(put(slow_head, S("GET / HT")));
	CHECK(put(slow_body, S("POST / HTTP/1.1\r\n" HOST
	    "Content-Length: 9\r\n\r\nabc")));
	CHECK(str_starts(get_until(slow_head, S("")), S("HTTP/1.1 408 ")));
	CHECK(str_starts(get_until(slow_body, S("")), S("HTTP/1.1 408 ")));
	CHECK(closes(idle));
	close(slow_head);
	close(slow_body);
	close(idle);
	stop();
}

TEST(a_client_that_does_not_read_is_closed)
{
	int fd;

	defaults();
	config.limits.write_ms = 50;
	CHECK(start());
	fd = client();
	CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){ 65536 },
	    sizeof(int)) == 0);
	for (int i = 0; i < 4; i++) {
		CHECK(put(fd, S(GET("/big"))));
	}
	poll(NULL, 0, 600);
	/* What the kernel had taken comes, then the end, with or without a
	 * reset; never all of it. */
	for (size_t have = 0;;) {
		ssize_t n = recv(fd, got, sizeof(got), 0);

		if (n <= 0) {
			CHECK(n == 0 || errno == ECONNRESET);
			break;
		}
		have += (size_t)n;
		CHECK(have < 4 * BIG_LEN);
	}
	close(fd);
	stop();
}

TEST(a_new_connection_takes_the_place_of_an_idle_one)
{
	int a, b, c;

	defaults();
	config.conn_max = 2;
	CHECK(start());
	a = client();
	CHECK(put(a, S(GET("/wait"))));
	CHECK(busy_reaches(1));
	b = client();
	CHECK(put(b, S(POST("hi", "2"))));
	CHECK_STR(get_until(b, S("hi")), S(REPLY("hi", "2")));
	/* b is idle: it makes room. */
	c = client();
	CHECK(put(c, S(GET("/wait"))));
	CHECK(busy_reaches(2));
	CHECK(closes(b));
	close(b);
	/* Now nobody is idle. */
	b = client();
	CHECK(str_starts(get_until(b, S("}}")), S("HTTP/1.1 503 ")));
	close(b);
	atomic_store(&go, true);
	CHECK_STR(get_until(a, S("waited")), S(REPLY("waited", "6")));
	CHECK_STR(get_until(c, S("waited")), S(REPLY("waited", "6")));
	close(a);
	close(c);
	stop();
}

TEST(above_the_budget_new_requests_get_503)
{
	int fd, big;

	defaults();
	config.pool.budget = BIG_LEN + (BIG_LEN >> 2);
	CHECK(start());
	big = client();
	CHECK(put(big, S(GET("/big"))));
	CHECK(recv(big, got, 1, 0) == 1);
	fd = client();
	CHECK(put(fd, S(POST("hi", "2"))));
	CHECK(str_starts(get_until(fd, S("}}")), S("HTTP/1.1 503 ")));
	close(fd);
	for (size_t have = 1; have < BIG_LEN; ) {
		ssize_t n = recv(big, got, sizeof(got), 0);

		CHECK(n > 0);
		have += (size_t)n;
	}
	fd = client();
	CHECK(put(fd, S(POST("hi", "2"))));
	CHECK_STR(get_until(fd, S("hi")), S(REPLY("hi", "2")));
	close(fd);
	close(big);
	stop();
}

TEST(draining_finishes_what_runs_and_lets_nobody_in)
{
	int busy, idle;

	defaults();
	CHECK(start());
	busy = client();
	idle = client();
	CHECK(put(idle, S(POST("hi", "2"))));
	CHECK_STR(get_until(idle, S("hi")), S(REPLY("hi", "2")));
	CHECK(put(busy, S(GET("/wait"))));
	CHECK(busy_reaches(1));
	server_stop(&server);
	CHECK(closes(idle));
	CHECK(atomic_load(&draining));
	CHECK(client() < 0);
	CHECK_INT(atomic_load(&cancelled_n), 0);
	atomic_store(&go, true);
	CHECK(str_ends(get_until(busy, S("waited")), S("waited")));
	CHECK(closes(busy));
	close(busy);
	close(idle);
	CHECK(join());
	CHECK(drained);
}

TEST(readiness_falls_during_the_grace_while_requests_are_served)
{
	int fd, kept;

	defaults();
	config.grace_ms = 150;
	CHECK(start());
	kept = client();
	CHECK(put(kept, S(GET("/ready"))));
	CHECK_STR(get_until(kept, S("yes")), S(REPLY("yes", "3")));
	server_stop(&server);
	while (!atomic_load(&draining)) {
		poll(NULL, 0, 1);
	}
	fd = client();
	CHECK(fd >= 0);
	CHECK(put(fd, S(GET("/ready"))));
	CHECK_STR(get_until(fd, S("")), S("HTTP/1.1 200 OK\r\n"
	    "Content-Length: 2\r\nConnection: close\r\n\r\nno"));
	CHECK(closes(kept));
	close(fd);
	close(kept);
	CHECK(join());
	CHECK(drained);
}

TEST(a_drain_has_an_end_and_a_second_call_is_at_once)
{
	int fd;

	defaults();
	config.drain_ms = 50;
	CHECK(start());
	fd = client();
	CHECK(put(fd, S(GET("/wait"))));
	CHECK(busy_reaches(1));
	server_stop(&server);
	CHECK(join());
	CHECK(!drained);
	CHECK_INT(atomic_load(&cancelled_n), 1);
	close(fd);
	defaults();
	CHECK(start());
	fd = client();
	CHECK(put(fd, S(GET("/wait"))));
	CHECK(busy_reaches(1));
	server_stop(&server);
	server_stop(&server);
	CHECK(join());
	CHECK(!drained);
	close(fd);
}

/* A server process of its own, which ends with exit code 0 once drained. */
static pid_t
fork_server(uint16_t *port)
{
	int pipe_fds[2];
	pid_t pid;

	if (pipe(pipe_fds) != 0) {
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		struct fail f;
		ssize_t n;

		fail_init(&f, NULL);
		alarm(20);
		if (server_open(&server, &config, calls, &f) != ERR_OK) {
			_exit(3);
		}
		n = write(pipe_fds[1], &server.port, sizeof(server.port));
		_exit(n > 0 && server_run(&server) ? 0 : 1);
	}
	close(pipe_fds[1]);
	if (read(pipe_fds[0], port, sizeof(*port)) != sizeof(*port)) {
		pid = -1;
	}
	close(pipe_fds[0]);
	return pid;
}

TEST(sigterm_drains_and_ends_with_success)
{
	uint16_t port = 0;
	int status = -1;
	pid_t pid;
	int fd;

	defaults();
	config.signals = true;
	pid = fork_server(&port);
	CHECK(pid > 0);
	fd = connect_to(port);
	CHECK(put(fd, S("POST / HTTP/1.1\r\n" HOST
	    "Content-Length: 2\r\n\r\nh")));
	poll(NULL, 0, 30);
	kill(pid, SIGTERM);
	poll(NULL, 0, 30);
	CHECK(put(fd, S("i")));
	CHECK(str_ends(get_until(fd, S("hi")), S("hi")));
	close(fd);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(a_second_signal_ends_it_at_once)
{
	uint16_t port = 0;
	int status = -1;
	pid_t pid;
	int fd;

	defaults();
	config.signals = true;
	pid = fork_server(&port);
	CHECK(pid > 0);
	fd = connect_to(port);
	CHECK(put(fd, S(GET("/wait"))));
	poll(NULL, 0, 30);
	kill(pid, SIGTERM);
	poll(NULL, 0, 30);
	kill(pid, SIGINT);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	close(fd);
}

TEST(what_cannot_be_listened_on_is_named)
{
	static struct server second;
	struct arena a;
	struct fail f;

	defaults();
	CHECK(start());
	arena_init(&a, 65536);
	fail_init(&f, &a);
	config.port = server.port;
	CHECK(server_open(&second, &config, calls, &f) == ERR_CONNECT);
	CHECK(str_icontains(fail_text(&f), S("is in use")));
	fail_clear(&f);
	config.port = 0;
	config.host = S("192.0.2.1");
	CHECK(server_open(&second, &config, calls, &f) == ERR_CONNECT);
	CHECK(str_icontains(fail_text(&f), S("192.0.2.1")));
	fail_clear(&f);
	config.host = S("not a host");
	CHECK(server_open(&second, &config, calls, &f) == ERR_DNS);
	fail_clear(&f);
	config.host = S("a\0b");
	CHECK(server_open(&second, &config, calls, &f) == ERR_CONFIG);
	arena_free(&a);
	stop();
}

TEST(ipv6_and_names_can_be_listened_on)
{
	static const struct str hosts[] = { STR_INIT("localhost"),
	    STR_INIT("0.0.0.0"), STR_INIT(""), STR_INIT("*") };
	int probe = socket(AF_INET6, SOCK_STREAM, 0);
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	bool has_ipv6 = bind(probe, (struct sockaddr *)&addr,
	    sizeof(addr)) == 0;

	close(probe);
	for (size_t i = 0; i < 4; i++) {
		int fd;

		defaults();
		config.host = hosts[i];
		CHECK(start());
		fd = client();
		CHECK(put(fd, S(POST("hi", "2"))));
		CHECK_STR(get_until(fd, S("hi")), S(REPLY("hi", "2")));
		close(fd);
		stop();
	}
	if (!has_ipv6) {
		return;
	}
	defaults();
	config.host = S("[::1]");
	CHECK(start());
	addr.sin6_port = htons(server.port);
	probe = socket(AF_INET6, SOCK_STREAM, 0);
	CHECK(connect(probe, (struct sockaddr *)&addr, sizeof(addr)) == 0);
	CHECK(put(probe, S(GET("/peer"))));
	CHECK(str_ends(get_until(probe, S("::1")), S("::1")));
	close(probe);
	stop();
}

TEST(a_few_hundred_connections_come_and_go)
{
	static int fds[400];

	defaults();
	CHECK(start());
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 400; i++) {
			fds[i] = client();
			CHECK(fds[i] >= 0);
		}
		for (int i = 0; i < 400; i++) {
			CHECK(put(fds[i], S(POST("hi", "2"))));
		}
		for (int i = 0; i < 400; i++) {
			CHECK_STR(get_until(fds[i], S("hi")),
			    S(REPLY("hi", "2")));
			close(fds[i]);
		}
	}
	stop();
	CHECK_INT(server.request_n, 800);
}

TEST(the_memory_ceiling_counts_every_part)
{
	uint64_t small, large;

	defaults();
	small = server_memory_max(&config);
	config.conn_max += 1000;
	large = server_memory_max(&config);
	CHECK(large - small >= 1000 * HTTP_HEAD_MAX &&
	    large - small < 1000 * (HTTP_HEAD_MAX + 1024));
	CHECK(small > config.pool.budget +
	    config.pool.worker_n * POOL_STACK_SIZE);
}
