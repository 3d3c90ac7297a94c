/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real struct transport: HTTP/1.1 over TCP or TLS 1.2, directly or through
 * a proxy, one to sixteen exchanges at a time in the caller's thread.
 *
 * Each exchange is a state machine (client.c); one loop steps all of them and
 * waits for all their streams at once, so sixteen regions cost one round trip.
 * Only struct sys is used, so the whole client runs in tests over scripted
 * peers and a TLS server in the same process.
 *
 * Connections stay open between calls, shared by all workers: at most
 * CLIENT_IDLE_HOST_MAX per peer and CLIENT_IDLE_MAX in all, for at most
 * CLIENT_IDLE_MS. A server may close an idle connection at the moment we use
 * it: a request on a reused connection that dies before the first byte of an
 * answer is sent once more on a fresh one. Such a request has never been
 * answered, but x->sent is true if it fails again, because a server may have
 * acted on it; all that this program sends may be repeated (AWS reads,
 * StartQuery with its own client token, STS).
 *
 * TLS contexts (40 KB each) live in slots that are made when needed, never
 * more than config.connection_max, and are wiped when they are given back. A
 * call that finds no free slot closes an idle connection, or waits for one.
 *
 * The body of an exchange with a sink is handed over as it comes and never
 * kept. Where it ends before its end (the sink has enough, deadline, cancel)
 * the connection is closed, which is how such streams are ended.
 *
 * Proxies, as every AWS SDK understands them: https goes through CONNECT to
 * HTTPS_PROXY, http in absolute form to HTTP_PROXY, both speak plain HTTP to
 * the proxy. User and password of the proxy's URL become Basic credentials.
 * Link-local and EC2 metadata addresses always go direct (net/proxy.h).
 *
 * Not supported: HTTP/2, compressed answers, redirects (AWS does not send any;
 * the status is returned), TLS to the proxy itself, client certificates.
 */
#ifndef NET_CLIENT_H
#define NET_CLIENT_H

#include "aws/transport.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/sys.h"

struct client;

/* All strings have to outlive the client; absent and empty mean "none". */
struct client_config {
	struct str https_proxy;   /* URL or host:port */
	struct str http_proxy;
	struct str no_proxy;
	struct str ca_file;      /* PEM file in place of the built-in roots */
	struct str ca_name;       /* what named it, for sentences */
	size_t connection_max;    /* at once; 0: CLIENT_CONNECTION_MAX */
};

/* What the client did since it was made. */
struct client_stats {
	uint64_t exchange_n;  /* exchanges, failed ones too */
	uint64_t connect_n;   /* connections dialed */
	uint64_t reuse_n;     /* exchanges on a connection that was open */
	uint64_t retry_n;     /* stale connections replaced */
	uint64_t handshake_n; /* TLS handshakes completed, resumed included */
	uint64_t resume_n;    /* of them resumed */
	uint64_t sent_len;    /* bytes of requests */
	uint64_t received_len; /* bytes of responses */
	size_t idle_n;        /* connections open and unused now */
	size_t active_n;      /* connections in use now */
};

/* Reads the settings where every AWS SDK does: HTTPS_PROXY, HTTP_PROXY,
 * NO_PROXY (the lower-case form wins) and AWS_CA_BUNDLE, else SSL_CERT_FILE.
 * connection_max stays as it is. */
void client_config_env(struct client_config *c, const struct sys *sys);

/* Makes a client in a long-lived arena that nobody else uses: it also takes its
 * connection slots from it later (client_memory_max()). Nothing is connected
 * yet. The config is copied, its strings are not. Checks the proxies' URLs and
 * reads the CA file: ERR_CONFIG with a sentence naming the setting. */
enum err client_new(struct client **out, const struct client_config *config,
    const struct sys *sys, struct arena *a, struct fail *f) MUST_USE;
/* The most memory a client with this configuration takes from its arena. */
size_t client_memory_max(const struct client_config *config);
/* The transport over it; thread-safe as transport.h asks. */
struct transport client_transport(struct client *c);
/* A snapshot of the counters. */
void client_stats(struct client *c, struct client_stats *out);
/* Closes idle connections and wipes sessions; no call may be running. */
void client_close(struct client *c);

#endif
