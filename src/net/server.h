/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP front: listens, moves bytes between sockets and net/conn, calls the
 * app, and gives what waits to the pool.
 *
 * One thread. A small request on a kept connection costs one epoll_wait (shared
 * with what else is ready), one recv and one sendmsg. Descriptors are watched
 * edge-triggered once and never modified. Connections are slots of a slab,
 * named by (slot, generation), so that a reply that comes too late finds
 * nobody. Input buffers are lent only while bytes of a request lie in them: an
 * idle connection costs its slot of about 500 bytes and the kernel's socket.
 *
 * An event stream that lasts (app.h, APP_STREAM) is a connection without a job;
 * what others say on it waits in an outbox. The stream ends when its client
 * closes either side, or takes nothing for too long.
 *
 * With config.tls all connections but the second listener's are TLS
 * (net/tls_server.h), each with a place of 28 KB in a slab of its own.
 * Handshakes run on the loop's thread, at 1 to 3 ms each, and have
 * limits.handshake_ms. A client on this machine that begins without TLS is
 * served all the same (health checks); from elsewhere it is told to use https.
 *
 * Drain: the first SIGTERM or server_stop() sets *draining (readiness answers
 * 503 from then on), replies say "Connection: close", and after grace_ms the
 * listening sockets and idle connections close, and lasting streams once their
 * calls are answered; server_run() returns when the last request is answered or
 * at drain_ms. A second signal ends it at once.
 */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "net/conn.h"
#include "net/loop.h"
#include "net/pool.h"
#include "net/tls_keeper.h"
#include "net/tls_server.h"

struct server_config {
	struct str host;   /* address or name to listen on; "" or "*": all */
	uint16_t port;     /* 0: a free one */
	struct str side_host; /* of a second listener, whose jobs have `side` */
	int side_port;     /* -1: there is none; 0: a free one */
	struct meter *meter; /* counts refusals; may be NULL */
	unsigned conn_max; /* connections; lowered to the descriptor limit */
	struct pool_config pool;
	struct conn_limits limits;
	int64_t grace_ms;  /* after SIGTERM, still accepting */
	int64_t drain_ms;  /* after SIGTERM, at most */
	bool signals;      /* react to SIGTERM and SIGINT */
	atomic_bool *draining; /* set when draining begins; may be NULL */
	struct tls_keeper *tls; /* speak TLS with this; NULL: plain HTTP */
};

struct server_slot;
struct server_stream;
struct server_tls;

struct server {
	struct server_config config;
	struct app_calls calls;
	struct loop loop;
	struct pool pool;
	int listen_fds[SERVER_LISTEN_MAX_N];
	bool listen_side[SERVER_LISTEN_MAX_N]; /* it is the second listener's */
	unsigned listen_n;
	bool listening;      /* the listening sockets are watched */
	int spare_fd;        /* given up to refuse a connection when no
	                      * descriptor is left */
	uint16_t port, side_port; /* those in use */
	uint64_t accepted_n, refused_n; /* connections */
	struct server_slot *slots; /* slab of config.conn_max */
	uint32_t slot_used_n; /* of the slab, ever */
	uint32_t slot_free;  /* first free slot + 1; 0: none */
	uint32_t open_n;     /* connections */
	struct server_stream *streams; /* slab of SERVER_STREAM_MAX_N */
	uint32_t stream_used_n; /* of the slab, ever */
	uint32_t stream_free; /* first free one + 1; 0: none */
	uint32_t stream_n;   /* open */
	size_t page_len;     /* of the system's memory */
	char *buffers;       /* slab of conn_max input buffers */
	uint32_t buffer_used_n; /* of the slab, ever */
	struct server_tls *tls; /* slab of conn_max; NULL: plain HTTP */
	struct tls_server_cache *sessions; /* of all of them */
	unsigned sessions_of; /* number of the identity they began with */
	uint32_t *buffer_free;  /* stack of the numbers of free ones */
	uint32_t buffer_free_n;
	uint32_t turn_first; /* slots + 1 that have more to do: a list */
	struct pool_job *spare; /* lent to the next head */
	atomic_uint stop_n;  /* calls of server_stop() */
	unsigned stop_seen_n; /* of them and of signals, acted upon */
	bool draining;
	int64_t stop_ms;     /* when draining began */
	uint64_t request_n;  /* complete requests, for tests and the log */
	char small[SERVER_SEND_COPY_MAX]; /* a small reply, put together */
};

/* Fills the defaults of limits.h; host and port are 127.0.0.1:3334. */
void server_config_default(struct server_config *config);
/* Opens the loop, the listening sockets and the pool. Connections queue in the
 * kernel from now on. ERR_CONFIG, ERR_DNS, ERR_CONNECT (address in use),
 * ERR_IO, ERR_NOMEM with a sentence in f. On an error nothing is left open. */
enum err server_open(struct server *s, const struct server_config *config,
    struct app_calls calls, struct fail *f) MUST_USE;
/* Serves until drained. true: everything in flight was answered. */
bool server_run(struct server *s);
/* Begins to drain; from any thread. A second call ends at once. */
void server_stop(struct server *s);
/* Ends the pool and closes everything. false: a worker is stuck (pool_stop());
 * *s has to stay until the process ends. */
bool server_close(struct server *s);
/* What the server knows of itself: connections, streams, queue, workers and
 * budget. Loop thread. */
void server_gauges(struct server *s, struct app_gauges *out);
/* The most memory the server's own structures, input buffers and jobs can hold
 * with these settings, bytes: what is printed at start. */
uint64_t server_memory_max(const struct server_config *config);

#endif
