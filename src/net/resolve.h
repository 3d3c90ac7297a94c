/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host names to addresses without waiting.
 *
 * getaddrinfo() waits as long as resolv.conf says, which can be far longer than
 * a call may take, and cannot be stopped. So it runs in threads of its own, at
 * most RESOLVE_THREAD_MAX, made when there is something to look up and gone
 * when there is not. Who asks gets a ticket with a descriptor to poll; who
 * gives up drops the ticket and the lookup ends by itself later.
 *
 * One lookup serves all who ask for the same name at the same time. Answers
 * are kept for RESOLVE_KEEP_MS, failures for RESOLVE_FAILED_MS. At most
 * RESOLVE_CACHE_MAX names are held or looked up at once.
 */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include <stddef.h>

#include <netinet/in.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

struct resolve;
struct resolve_ticket;

union resolve_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct resolve_result {
	union resolve_address list[RESOLVE_ADDRESS_MAX]; /* ports are 0 */
	size_t n;
	int error; /* EAI_ code when n == 0 */
};

/* Makes a resolver in an arena that lives as long as the process: there is no
 * way to stop a lookup. */
enum err resolve_new(struct resolve **out, struct arena *a) MUST_USE;
/* Asks for a name. NULL: too many lookups are under way. */
struct resolve_ticket *resolve_ask(struct resolve *r, struct str host)
    MUST_USE;
/* Readable once the answer is there; -1 when it is there already. */
int resolve_fd(const struct resolve_ticket *t);
/* ERR_AGAIN; ERR_OK with addresses; ERR_DNS with out->error. */
enum err resolve_get(struct resolve *r, struct resolve_ticket *t,
    struct resolve_result *out);
/* Gives the ticket back; once for each resolve_ask(). */
void resolve_drop(struct resolve *r, struct resolve_ticket *t);
/* What an EAI_ code means. */
struct str resolve_reason(int error);

#endif
