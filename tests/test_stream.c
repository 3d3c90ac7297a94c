/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for several connections; dialing and bytes are in test_sys_linux.c.
 */
#include "net/stream.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

static struct arena arena;
static struct stream_pool *pool;

/* One pool for all tests: its resolver's threads may outlive a test. */
static bool
begin(void)
{
	if (pool != NULL) {
		return true;
	}
	arena_init(&arena, 1 << 20);
	return stream_pool_new(&pool, &arena) == ERR_OK;
}

static int
listener(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&a, len) != 0 || listen(fd, 64) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) != 0) {
		return -1;
	}
	*port = ntohs(a.sin_port);
	return fd;
}

TEST(sixteen_dials_and_their_bytes_are_waited_for_together)
{
	struct stream s[EXCHANGE_MANY_MAX];
	struct sys_wait w[EXCHANGE_MANY_MAX];
	int64_t deadline = stream_mono_ms() + 5000;
	size_t written = 0;
	uint16_t port;
	char b[4];
	int fd;

	CHECK(begin());
	fd = listener(&port);
	CHECK(fd >= 0);
	for (size_t i = 0; i < EXCHANGE_MANY_MAX; i++) {
		CHECK_INT(stream_dial(pool, i % 2 ? S("localhost") :
		    S("127.0.0.1"), port, deadline, &s[i], NULL), ERR_OK);
		w[i] = (struct sys_wait){ &s[i], SYS_WRITE, 0 };
	}
	for (size_t turn = 0; written < EXCHANGE_MANY_MAX; turn++) {
		CHECK(turn < 100);
		CHECK_INT(stream_wait(w, EXCHANGE_MANY_MAX, deadline, NULL),
		    ERR_OK);
		for (size_t i = 0; i < EXCHANGE_MANY_MAX; i++) {
			if (w[i].got != 0 && w[i].want == SYS_WRITE &&
			    s[i].write(s[i].ctx, "hi", 2) == 2) {
				w[i].want = SYS_READ;
				written++;
			}
		}
	}
	/* Nothing to read: only the time ends this. */
	CHECK_INT(stream_wait(w, EXCHANGE_MANY_MAX, stream_mono_ms() + 20,
	    NULL), ERR_TIMEOUT);
	/* One peer hangs up: exactly one stream is ready. */
	close(accept(fd, NULL, NULL));
	CHECK_INT(stream_wait(w, EXCHANGE_MANY_MAX, deadline, NULL), ERR_OK);
	for (size_t i = 0, ready = 0; i < EXCHANGE_MANY_MAX; i++) {
		ready += w[i].got != 0;
		CHECK(ready <= 1);
		if (w[i].got != 0) {
			long n = s[i].read(s[i].ctx, b, sizeof(b));

			CHECK(n == 0 || n == -ERR_CLOSED);
		}
	}
	for (size_t i = 0; i < EXCHANGE_MANY_MAX; i++) {
		s[i].close(s[i].ctx);
	}
	close(fd);
}

TEST(write_to_a_reset_connection_is_closed_and_no_signal)
{
	struct linger reset = { 1, 0 };
	struct sys_wait w;
	struct stream s;
	uint16_t port;
	long n = 0;
	int peer;
	int fd;

	CHECK(begin());
	fd = listener(&port);
	CHECK_INT(stream_dial(pool, S("127.0.0.1"), port,
	    stream_mono_ms() + 5000, &s, NULL), ERR_OK);
	w = (struct sys_wait){ &s, SYS_WRITE, 0 };
	CHECK_INT(stream_wait(&w, 1, stream_mono_ms() + 5000, NULL), ERR_OK);
	peer = accept(fd, NULL, NULL);
	CHECK(setsockopt(peer, SOL_SOCKET, SO_LINGER, &reset,
	    sizeof(reset)) == 0);
	close(peer);
	for (int i = 0; i < 100 && n >= 0; i++) {
		n = s.write(s.ctx, "x", 1);
	}
	CHECK_INT(-n, ERR_CLOSED);
	s.close(s.ctx);
	close(fd);
}
