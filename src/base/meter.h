/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters of what the program does, for /metrics.
 *
 * One struct of plain numbers, made in main.c and passed by pointer like the
 * log; NULL counts nothing. Any thread counts, without a lock and without an
 * order between counters: a reader sees each number as it is when it looks.
 * Numbers only grow and are never reset.
 *
 * Indexes are places in other layers' tables (routes, tools, operations), which
 * also have the names: what is behind the end of an array here is not counted,
 * and tests see to it that the tables fit.
 */
#ifndef BASE_METER_H
#define BASE_METER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define METER_ROUTE_N 32
#define METER_TOOL_N 64
#define METER_OPERATION_N 48
#define METER_AUTH_KIND_N 8
#define METER_AUTH_VERDICT_N 8
#define METER_BOUND_N 12

enum meter_method {
	METER_GET,
	METER_POST,
	METER_OTHER,
	METER_METHOD_N
};

/* 2xx (and what is below), 3xx, 4xx, 5xx. */
#define METER_CLASS_N 4

/* How a call ended. */
enum meter_outcome {
	METER_OK,
	METER_ERROR,       /* none of the others: a wrong request, mostly */
	METER_DENIED,      /* AWS or a gate of ours said no */
	METER_CREDENTIALS, /* no keys, or keys that do not count */
	METER_THROTTLED,
	METER_TIMEOUT,
	METER_UNAVAILABLE, /* name, connection, TLS, or AWS itself failed */
	METER_CANCELLED,
	METER_OUTCOME_N
};

/* Why the front answered a request itself. */
enum meter_refusal {
	METER_BUSY,        /* queue, jobs or streams are used up */
	METER_MEMORY,
	METER_SLOW,        /* head or body took too long */
	METER_LARGE,
	METER_MALFORMED,
	METER_REFUSAL_N
};

enum meter_cache {
	METER_CACHE_CREDENTIALS,
	METER_CACHE_SIGNING_KEY,
	METER_CACHE_ACCOUNT,
	METER_CACHE_CALLER, /* who calls was known without waiting */
	METER_CACHE_N
};

typedef atomic_uint_fast64_t meter_n;

/* Durations: how many are at most meter_bounds_ms[i] and above the one before;
 * the last place has the rest. */
struct meter_times {
	meter_n n[METER_BOUND_N + 1];
	meter_n sum_ms;
};

extern const uint32_t meter_bounds_ms[METER_BOUND_N];

struct meter_operation {
	meter_n outcomes[METER_OUTCOME_N];
	meter_n retries;   /* attempts behind the first */
	meter_n throttles; /* answers that said so */
	meter_n paced;     /* requests that waited for their turn */
	struct meter_times times;
};

struct meter_tool {
	meter_n outcomes[METER_OUTCOME_N];
	struct meter_times times;
};

struct meter {
	meter_n requests[METER_ROUTE_N][METER_METHOD_N][METER_CLASS_N];
	struct meter_times request_times[METER_ROUTE_N];
	meter_n refusals[METER_REFUSAL_N];
	struct meter_tool tools[METER_TOOL_N];
	struct meter_operation operations[METER_OPERATION_N];
	meter_n caches[METER_CACHE_N][2]; /* misses, hits */
	meter_n lookups[METER_OUTCOME_N]; /* of AWS credentials */
	meter_n auth[METER_AUTH_KIND_N][METER_AUTH_VERDICT_N];
};

/* One more. */
static inline void
meter_add(meter_n *n)
{
	atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

/* The number as it is now. */
static inline uint64_t
meter_get(const meter_n *n)
{
	return atomic_load_explicit((meter_n *)(uintptr_t)n,
	    memory_order_relaxed);
}

/* One more duration. */
void meter_time(struct meter_times *t, int64_t ms);
/* What a code is among the outcomes. */
enum meter_outcome meter_outcome(enum err e);
/* A finished HTTP request; route: METER_ROUTE_N or more: not counted. */
void meter_request(struct meter *m, size_t route, struct str method,
    int status, int64_t ms);
/* A request that the front refused with this code. */
void meter_refuse(struct meter *m, enum err e);
/* A cache was asked. */
void meter_cache(struct meter *m, enum meter_cache which, bool hit);

#endif
