/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outside world of a test: a struct sys without a machine behind it.
 *
 *	struct fake_sys f;
 *	fake_sys_init(&f);
 *	fake_sys_env(&f, "AWS_PROFILE", "saas");
 *	fake_sys_file(&f, "/home/app/.aws/config", "[profile saas]\n...");
 *	struct fake_peer *p = fake_sys_peer(&f, "169.254.169.254", 80);
 *	fake_peer_request(p);                    (reads one HTTP request)
 *	fake_peer_reply(p, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
 *	... run the code under test with &f.sys ...
 *	CHECK(fake_sys_ok(&f));
 *	fake_sys_free(&f);
 *
 * Time stands still except where the code waits: sleep_until and wait move
 * both clocks to the moment they waited for, so a test of a 30 s timeout takes
 * no time. Entropy is a seeded xorshift. Files and variables are tables; what
 * is not in them does not exist. Programs answer from a table too.
 *
 * Peers: each dial of host:port takes the next unused peer made for it (none:
 * ERR_CONNECT). A peer plays its steps in order; all it receives is also kept
 * in p->got. What does not fit the script is noted in f.trouble and the peer
 * resets the connection; fake_sys_ok() is false then, or when a lock is still
 * held or taken twice. A peer with p->live set is any other struct stream (the
 * TLS server of tls_peer.h).
 *
 * One thread only. Limits are small and checked with MUST.
 */
#ifndef TESTS_FAKE_SYS_H
#define TESTS_FAKE_SYS_H

#include "base/sys.h"

#define FAKE_ENV_MAX 64
#define FAKE_FILE_MAX 48
#define FAKE_RUN_MAX 8
#define FAKE_PEER_MAX 48
#define FAKE_STEP_MAX 24

/* 2026-11-20 12:00:00 UTC: where now_ms starts. */
#define FAKE_NOW_MS INT64_C(1795176000000)

enum fake_step_kind {
	FAKE_EXPECT,  /* receives exactly these bytes */
	FAKE_REQUEST, /* receives one HTTP request, body by Content-Length */
	FAKE_REPLY,   /* sends these bytes */
	FAKE_STALL,   /* sends nothing for so many milliseconds */
	FAKE_CLOSE,   /* ends its direction of the stream */
	FAKE_RESET,   /* the connection fails with ERR_IO */
	FAKE_LIVE     /* from here on the bytes go to p->behind */
};

struct fake_step {
	enum fake_step_kind kind;
	struct str bytes;
	int64_t ms;
};

struct fake_peer {
	struct fake_sys *f;
	char host[256];
	uint16_t port;
	bool used;             /* taken by a dial */
	bool open;             /* dialed and not closed yet */
	enum err dial_err;     /* the dial itself answers this */
	enum err connect_err;  /* the first write answers this, with detail */
	int64_t connect_ms;    /* the connection takes so long */
	size_t read_max;       /* bytes per read; 0: all */
	size_t write_max;      /* bytes per write; 0: all */
	bool again;            /* every second read and write says ERR_AGAIN */
	struct stream *live;   /* not NULL: bytes go here instead of a script */
	unsigned (*live_events)(void *ctx, int64_t *next_ms); /* what the live
	                        * stream is ready for, or when; NULL: all */
	struct fake_peer *behind; /* see fake_peer_live() */
	struct fake_step steps[FAKE_STEP_MAX];
	size_t step_n;
	/* state */
	size_t step;           /* current step */
	size_t at;             /* bytes of it done */
	int64_t ready_at;      /* a stall ends then; 0: not begun */
	int64_t connected_at;
	struct fail *fail;     /* of the dial */
	unsigned read_turn;    /* calls so far, for `again` */
	unsigned write_turn;
	char *got;             /* all bytes received */
	size_t got_len;
	size_t request_from;   /* where in got the current request begins */
};

struct fake_file {
	char path[512];
	char *data;
	size_t len;
	enum err err;          /* reading answers this instead */
	enum err write_err;    /* writing answers this */
	bool used;
};

struct fake_run {
	char program[512];     /* argv[0] */
	struct str out, errout;
	int status;
	int64_t ms;            /* how long it takes */
	char args[2048];       /* argv of the last run, joined by '\n' */
	unsigned run_n;        /* times it ran */
};

struct fake_sys {
	struct sys sys;        /* give &f.sys to the code under test */
	int64_t now_ms;        /* wall clock: set it freely */
	int64_t mono_ms;       /* monotonic clock, starts at 1,000,000 */
	uint64_t seed;
	enum err random_err;   /* random answers this */
	struct cancel *cancel_at_wait; /* raised by the next wait or sleep */
	struct { char name[128]; char value[4096]; bool set; }
	    env[FAKE_ENV_MAX];
	size_t env_n;
	struct fake_file files[FAKE_FILE_MAX];
	size_t file_n;
	struct fake_run runs[FAKE_RUN_MAX];
	size_t run_n;
	struct fake_peer peers[FAKE_PEER_MAX];
	size_t peer_n;
	unsigned dial_n;       /* dials so far */
	unsigned wait_n;       /* waits so far */
	unsigned sleep_n;      /* sleeps so far */
	int64_t slept_ms;      /* sum of all sleeps */
	bool held[SYS_LOCK_N];
	char log[16384];       /* lines logged, each with '\n' */
	size_t log_len;
	char trouble[1024];    /* what did not fit the script; empty: nothing */
};

void fake_sys_init(struct fake_sys *f);
void fake_sys_free(struct fake_sys *f);
/* No mismatch, no lock held. Prints f->trouble when there was one. */
bool fake_sys_ok(struct fake_sys *f);

/* Sets a variable; value NULL unsets it. */
void fake_sys_env(struct fake_sys *f, const char *name, const char *value);
/* Makes or replaces a file; data NULL removes it. */
void fake_sys_file(struct fake_sys *f, const char *path, const char *data);
/* The file exists but reading it answers `err` (ERR_FILE_DENIED, ERR_IO). */
void fake_sys_file_err(struct fake_sys *f, const char *path, enum err err);
/* What is in a file now (also after write_file); absent when there is none. */
struct str fake_sys_file_get(struct fake_sys *f, const char *path);
/* Running argv[0] == program answers this. */
struct fake_run *fake_sys_run(struct fake_sys *f, const char *program,
    const char *out, const char *errout, int status);
/* Log lines so far. */
struct str fake_sys_log(const struct fake_sys *f);

/* A peer for the next dial of host:port; port 0 fits every port, host "*"
 * every host. */
struct fake_peer *fake_sys_peer(struct fake_sys *f, const char *host,
    uint16_t port);
/* Steps, in order. Text is not copied: constants, or memory that outlives the
 * test. The _str forms take bytes with NULs. */
void fake_peer_expect(struct fake_peer *p, const char *text);
void fake_peer_request(struct fake_peer *p);
void fake_peer_reply(struct fake_peer *p, const char *text);
void fake_peer_reply_str(struct fake_peer *p, struct str bytes);
void fake_peer_stall(struct fake_peer *p, int64_t ms);
void fake_peer_close(struct fake_peer *p);
void fake_peer_reset(struct fake_peer *p);
/* Behind the steps so far, the bytes of this connection are those of another
 * peer's live stream (TLS behind a proxy's CONNECT). */
void fake_peer_live(struct fake_peer *p, struct fake_peer *other);
/* The peer as a stream of its own, without a dial, and its readiness: for what
 * stands between (tls_peer.h). */
struct stream fake_peer_stream(struct fake_peer *p);
unsigned fake_peer_events(struct fake_peer *p, int64_t *next_ms);
/* All bytes the peer received. */
struct str fake_peer_got(const struct fake_peer *p);

#endif
