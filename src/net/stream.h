/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP connections as struct stream, and waiting for several of them.
 *
 * A dial goes through: look the name up (net/resolve.h; literals skip it), try
 * the addresses, IPv6 and IPv4 in turn, a new attempt every STREAM_ATTEMPT_MS
 * or as soon as one fails (RFC 8305), and keep the first that stands. None of
 * that waits; it moves on whenever the stream is read, written or waited for.
 *
 * Errors of an open connection: ERR_CLOSED when the peer reset it, ERR_TIMEOUT
 * when the network gave up, else ERR_IO. TCP_NODELAY is set: what is written
 * is a whole message.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/arena.h"
#include "base/err.h"
#include "base/sys.h"
#include "net/resolve.h"

struct stream_pool;

/* Makes room for streams in an arena that lives as long as the process (lookups
 * that were given up may still run); they are taken from it as needed, at most
 * SYS_STREAM_MAX, and used again. */
enum err stream_pool_new(struct stream_pool **out, struct arena *a)
    MUST_USE;
/* Bytes one stream takes from the arena. */
size_t stream_size(void);
/* see sys.dial */
enum err stream_dial(struct stream_pool *p, struct str host, uint16_t port,
    int64_t deadline_ms, struct stream *out, struct fail *f) MUST_USE;
/* see sys.wait; n may be 0 to wait for time or cancel only. Up to
 * EXCHANGE_MANY_MAX streams of stream_dial(). */
enum err stream_wait(struct sys_wait *w, size_t n, int64_t deadline_ms,
    const struct cancel *cancel) MUST_USE;
/* The monotonic clock in milliseconds. */
int64_t stream_mono_ms(void);

#endif
