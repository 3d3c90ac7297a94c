/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outside world as a table of functions.
 *
 * Everything effectful below main.c arrives through `struct sys`: clocks,
 * entropy, waiting, environment, files, processes, sockets, locks, the log.
 * There are two implementations: net/sys_linux.c, and tests/fake_sys.c with a
 * manual clock, a seeded generator, files in memory and scripted peers. Code
 * that has only a struct sys can be run, fuzzed and timed without a machine.
 *
 * All waiting takes an absolute deadline on the monotonic clock, never a
 * duration, so a retried wait cannot stretch it. All functions may be called
 * from any thread.
 */
#ifndef BASE_SYS_H
#define BASE_SYS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Raised by the owner of a request to make its worker stop waiting. A zeroed
 * struct is "not cancelled" and cannot wake a wait early; one that was armed by
 * the pool has a descriptor that does. */
struct cancel {
	atomic_bool raised;
	int wake_fd; /* 0: none; else readable once raised (net/ only) */
};

/* What a wait is for, and what it found. */
enum sys_event {
	SYS_READ = 1,
	SYS_WRITE = 2
};

/* A non-blocking byte stream. All three return at once.
 * read, write: > 0 bytes moved; 0 end of stream (read only); -ERR_AGAIN when it
 * would block; else minus an enum err, after which only close is allowed. */
struct stream {
	void *ctx;
	long (*read)(void *ctx, char *dst, size_t len);
	long (*write)(void *ctx, const char *src, size_t len);
	void (*close)(void *ctx);
};

/* One entry of sys.wait: the stream's ctx, wanted and found events. */
struct sys_wait {
	struct stream *stream;
	unsigned want; /* SYS_READ | SYS_WRITE */
	unsigned got;  /* set by the call; an error shows as what was wanted */
};

/* A lock the program needs; each is one named mutex of the implementation. */
enum sys_lock {
	SYS_LOCK_CREDENTIALS, /* aws/creds: the cache of all profiles */
	SYS_LOCK_AWS,         /* aws/call: retry tokens, clock offset */
	SYS_LOCK_AUTH,        /* auth: key and replay caches */
	SYS_LOCK_CLIENT,      /* net/client: idle connections, TLS sessions */
	SYS_LOCK_TLS,         /* net/tls_keeper: the key in force */
	SYS_LOCK_DEMO,        /* demo/: faults, counters, running queries */
	SYS_LOCK_N
};

/* Whose a file is, and who we are. */
struct sys_owner {
	int64_t uid, gid;         /* of the file */
	unsigned mode;            /* permission bits: 0600 */
	int64_t own_uid, own_gid; /* of this process */
};

struct sys {
	void *ctx;
	/* Wall clock, milliseconds since 1970 UTC. For signatures, expiry. */
	int64_t (*now_ms)(void *ctx);
	/* Monotonic clock in milliseconds. For deadlines and durations. */
	int64_t (*mono_ms)(void *ctx);
	/* Fills dst from the kernel's generator. ERR_IO is fatal at start. */
	enum err (*random)(void *ctx, void *dst, size_t len);
	/* Sleeps until the monotonic time or the cancel (may be NULL):
	 * ERR_OK when the time came, ERR_CANCELLED. */
	enum err (*sleep_until)(void *ctx, int64_t mono_ms,
	    const struct cancel *cancel);
	/* Value of an environment variable; absent when unset. The slice lives
	 * as long as the process. An empty value is returned as empty. */
	struct str (*env)(void *ctx, struct str name);
	/* Appends the whole file to out, whose cap is the size limit.
	 * ERR_FILE_MISSING, ERR_FILE_DENIED, ERR_FILE_FOLDER, ERR_LIMIT,
	 * ERR_NOMEM, ERR_IO. */
	enum err (*read_file)(void *ctx, struct str path, struct buf *out);
	/* Whose a file is, also where it cannot be read. ERR_FILE_MISSING,
	 * ERR_FILE_DENIED, ERR_IO. */
	enum err (*owner)(void *ctx, struct str path, struct sys_owner *out);
	/* Replaces a file atomically with mode 0600 (temporary file, rename).
	 * ERR_FILE_DENIED on a read-only file system. */
	enum err (*write_file)(void *ctx, struct str path, struct str data);
	/* Runs a program without a shell: argv[0] is the path, or a name that
	 * is looked for in PATH, standard input
	 * is /dev/null, standard output goes to out, standard error to errout.
	 * *status is the exit code (128 + signal when killed). At the deadline
	 * the program is killed: ERR_TIMEOUT. */
	enum err (*run)(void *ctx, const struct str *argv, size_t argv_n,
	    int64_t deadline_ms, struct buf *out, struct buf *errout,
	    int *status);
	/* Starts a TCP connection to host (name or literal address), trying
	 * IPv6 and IPv4 addresses, and returns at once, so that one thread can
	 * make several: until the connection stands, read and write of *out
	 * answer -ERR_AGAIN (wait for SYS_WRITE). When it cannot be made, or
	 * not by the deadline, they answer -ERR_DNS, -ERR_CONNECT or
	 * -ERR_TIMEOUT and put the detail in f, which therefore has to live
	 * until the first byte moved or the close. Fails by itself only when
	 * nothing could be started: ERR_BUSY, ERR_CONNECT; *out is then not
	 * set. */
	enum err (*dial)(void *ctx, struct str host, uint16_t port,
	    int64_t deadline_ms, struct stream *out, struct fail *f);
	/* Waits until one of n streams has a wanted event, the deadline, or the
	 * cancel: ERR_OK (some got != 0), ERR_TIMEOUT, ERR_CANCELLED. */
	enum err (*wait)(void *ctx, struct sys_wait *w, size_t n,
	    int64_t deadline_ms, const struct cancel *cancel);
	void (*lock)(void *ctx, enum sys_lock which);
	void (*unlock)(void *ctx, enum sys_lock which);
	/* Writes one whole line (without newline) to the log. */
	void (*log)(void *ctx, struct str line);
};

/* cancel may be NULL. */
static inline bool
sys_cancelled(const struct cancel *cancel)
{
	return cancel != NULL && atomic_load_explicit(
	    (atomic_bool *)(uintptr_t)&cancel->raised, memory_order_acquire);
}

#endif
