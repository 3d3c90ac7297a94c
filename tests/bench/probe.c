/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The measurements of `make bench` that a script is too slow for; see bench.py.
 *
 *	probe start PORT PROGRAM [ARGUMENT...]
 *		microseconds from the start of PROGRAM to its first reply to a
 *		ping on the loopback PORT; then ends it
 *	probe handshakes full|resumed SECONDS HOST PORT CA_FILE
 *		handshakes a second over net/tls, each on a connection of its
 *		own with one GET, as `openssl s_time -www` counts them; then
 *		the microseconds of processor time each took here
 *	probe exchanges N HOST PORT CA_FILE < REQUEST
 *		median microseconds of N exchanges of net/client on a kept
 *		connection. REQUEST: "POST TARGET", header lines, an empty
 *		line, the body
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "net/client.h"
#include "net/sys_linux.h"
#include "net/tls.h"

extern char **environ;

#define ARENA_LEN ((size_t)64 << 20)
#define TRY_US 20 /* between attempts to connect */
#define START_US 5000000
#define DEADLINE_MS 5000
#define MEASURES_MAX 10000

static struct arena lasting, passing;
static const struct sys *sys;

static int64_t
clock_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t
deadline(void)
{
	return sys->mono_ms(sys->ctx) + DEADLINE_MS;
}

static int
complain(const char *what, const struct fail *f)
{
	struct str text = f != NULL ? fail_text(f) : STR_NONE;

	fprintf(stderr, "probe: %s %.*s\n", what, STR_ARG(text));
	return 1;
}

/* ---- start ---- */

/* One ping; false: nobody listens yet, or no answer came. */
static bool
ping(uint16_t port)
{
	static const char request[] = "POST /mcp HTTP/1.1\r\n"
	    "Host: 127.0.0.1\r\nContent-Type: application/json\r\n"
	    "Accept: application/json, text/event-stream\r\n"
	    "Content-Length: 40\r\n\r\n"
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char reply[4096];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = false;

	if (fd < 0) {
		return false;
	}
	if (connect(fd, (const void *)&to, sizeof(to)) == 0 &&
	    write(fd, request, sizeof(request) - 1) > 0) {
		ssize_t n = read(fd, reply, sizeof(reply));

		ok = n > 12 && memcmp(reply, "HTTP/1.1 200", 12) == 0;
	}
	close(fd);
	return ok;
}

static int
measure_start(uint16_t port, char **argv)
{
	int64_t from = clock_us(CLOCK_MONOTONIC);
	int64_t took = 0;
	bool ok = false;
	pid_t pid;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) != 0) {
		return complain("cannot start", NULL);
	}
	while (!ok && took < START_US) {
		ok = ping(port);
		took = clock_us(CLOCK_MONOTONIC) - from;
		if (!ok) {
			usleep(TRY_US);
		}
	}
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	if (!ok) {
		return complain("no reply", NULL);
	}
	printf("%lld\n", (long long)took);
	return 0;
}

/* ---- handshakes ---- */

/* Waits for what the handshake needs; false at the deadline. */
static bool
await(struct stream *s, const struct tls *t)
{
	struct sys_wait w = { .stream = s, .want = tls_want(t) };

	return sys->wait(sys->ctx, &w, 1, deadline(), NULL) == ERR_OK;
}

/* One connection: handshake, a GET, the first bytes of its reply. */
static enum err
visit(const struct anchors *anchors, struct str host, uint16_t port,
    struct tls_session *session, bool *resumed, struct fail *f)
{
	static const char get[] = "GET / HTTP/1.0\r\n\r\n";
	static struct tls t;
	struct stream s;
	char reply[4096];
	long n;
	enum err err = sys->dial(sys->ctx, host, port, deadline(), &s, f);

	if (err != ERR_OK) {
		return err;
	}
	err = tls_start(&t, anchors, sys, host, session, f);
	n = err == ERR_OK ? -ERR_AGAIN : -(long)err;
	while (n == -ERR_AGAIN) {
		n = tls_write(&t, &s, get, sizeof(get) - 1);
		if (n == -ERR_AGAIN && !await(&s, &t)) {
			n = -ERR_TIMEOUT;
		}
	}
	if (n > 0) {
		do {
			n = tls_read(&t, &s, reply, sizeof(reply));
		} while (n == -ERR_AGAIN && await(&s, &t));
	}
	*resumed = t.resumed;
	if (n > 0) {
		tls_session_get(&t, session);
	}
	s.close(s.ctx);
	return n > 0 ? ERR_OK : (enum err)-n;
}

static int
measure_handshakes(bool resume, int64_t seconds, struct str host,
    uint16_t port, struct str ca_file)
{
	struct tls_session session = { .valid = false };
	struct anchors anchors;
	struct fail f;
	int64_t from, cpu, took = 0;
	int64_t n = 0;
	bool resumed;

	fail_init(&f, &lasting);
	if (anchors_load(&anchors, &lasting, sys, ca_file, S("CA_FILE"), &f) !=
	    ERR_OK || visit(&anchors, host, port, &session, &resumed, &f) !=
	    ERR_OK) {
		return complain("handshake:", &f);
	}
	from = clock_us(CLOCK_MONOTONIC);
	cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID);
	while (took < seconds * 1000000) {
		session.valid = session.valid && resume;
		if (visit(&anchors, host, port, &session, &resumed, &f) !=
		    ERR_OK || resumed != resume) {
			return complain("handshake:", &f);
		}
		n++;
		took = clock_us(CLOCK_MONOTONIC) - from;
	}
	cpu = clock_us(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("%lld %lld\n", (long long)(n * 1000000 / took),
	    (long long)(cpu / n));
	return 0;
}

/* ---- exchanges ---- */

/* Fills x from the text; false: it is no request. */
static bool
read_request(struct exchange *x, struct transport_header *headers,
    struct str text)
{
	struct str line = str_cut(&text, '\n');

	x->method = str_cut(&line, ' ');
	x->target = line;
	x->headers = headers;
	for (line = str_cut(&text, '\n'); line.len > 0;
	    line = str_cut(&text, '\n')) {
		struct transport_header *h = &headers[x->header_n];

		if (x->header_n++ == HTTP_HEADER_MAX_N) {
			return false;
		}
		h->name = str_cut(&line, ':');
		h->value = str_trim(line);
	}
	x->body = text;
	return x->target.len > 0;
}

static int
compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int
measure_exchanges(size_t n, struct str host, uint16_t port,
    struct str ca_file)
{
	static struct transport_header headers[HTTP_HEADER_MAX_N];
	static char text[65536];
	static int64_t took[MEASURES_MAX];
	static struct exchange model, x;
	struct client_config config = { .ca_file = ca_file,
		.ca_name = S("CA_FILE") };
	struct exchange *list[] = { &x };
	struct transport transport;
	struct client *client;
	struct fail f;

	fail_init(&f, &lasting);
	if (n > MEASURES_MAX || !read_request(&model, headers, str_of(text,
	    fread(text, 1, sizeof(text), stdin))) ||
	    client_new(&client, &config, sys, &lasting, &f) != ERR_OK) {
		return complain("exchange:", &f);
	}
	model.arena = &passing;
	model.tls = true;
	model.host = host;
	model.port = port;
	transport = client_transport(client);
	for (size_t i = 0; i < n; i++) {
		int64_t from = clock_us(CLOCK_MONOTONIC);

		x = model;
		x.deadline_ms = deadline();
		transport.roundtrip(transport.ctx, list, 1);
		took[i] = clock_us(CLOCK_MONOTONIC) - from;
		if (x.err != ERR_OK || x.status != 200) {
			return complain("exchange:", &x.fail);
		}
		arena_reset(&passing);
	}
	qsort(took, n, sizeof(took[0]), compare);
	printf("%lld\n", (long long)took[n / 2]);
	return 0;
}

int
main(int argc, char **argv)
{
	struct sys_linux *real;
	struct fail f;

	arena_init(&lasting, ARENA_LEN);
	arena_init(&passing, ARENA_LEN);
	fail_init(&f, &lasting);
	if (sys_linux_new(&real, &lasting, environ, &f) != ERR_OK) {
		return complain("no system:", &f);
	}
	sys = sys_linux_sys(real);
	if (argc >= 4 && strcmp(argv[1], "start") == 0) {
		return measure_start((uint16_t)strtoul(argv[2], NULL, 10),
		    argv + 3);
	}
	if (argc == 7 && strcmp(argv[1], "handshakes") == 0) {
		return measure_handshakes(strcmp(argv[2], "resumed") == 0,
		    strtol(argv[3], NULL, 10), str_from_z(argv[4]),
		    (uint16_t)strtoul(argv[5], NULL, 10), str_from_z(argv[6]));
	}
	if (argc == 6 && strcmp(argv[1], "exchanges") == 0) {
		return measure_exchanges(strtoul(argv[2], NULL, 10),
		    str_from_z(argv[3]),
		    (uint16_t)strtoul(argv[4], NULL, 10), str_from_z(argv[5]));
	}
	fprintf(stderr, "usage: see bench.py\n");
	return 2;
}
