/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capped bump allocator: the only place that calls malloc().
 *
 * One arena belongs to one job (a request, a refresh, a start-up phase) and is
 * freed in one call; nothing in it is freed singly. Memory comes in chunks as
 * it is needed, up to `cap` bytes in all, so an idle arena costs its struct.
 * Every allocation is zeroed and aligned, and under AddressSanitizer is
 * followed by poisoned bytes, so that an overflow inside an arena is seen.
 *
 * When the cap or the system says no, arena_alloc() returns NULL and
 * a->failed stays true until the reset: code may make several allocations and
 * look once. Tests set fail_at to make allocation number N fail and replay a
 * scenario with N = 0, 1, 2, ... until it passes.
 *
 * Several arenas may share one budget: then all of them together never hold
 * more than its `max`, whatever their own caps add up to, and the one that asks
 * too late is the one that fails.
 *
 * Not thread-safe: an arena has exactly one owner at a time. A budget is.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"

struct arena_chunk;

struct arena_budget {
	atomic_size_t used; /* bytes of chunks held by all its arenas */
	size_t max;
};

struct arena {
	struct arena_chunk *chunks; /* newest first */
	struct arena_budget *budget; /* shared; NULL: only the cap counts */
	struct arena *parent; /* chunks count there as well; NULL: none */
	size_t cap;       /* most bytes of chunks this arena may hold */
	size_t held;      /* bytes of chunks held now */
	size_t first_len; /* bytes of the first chunk, when it is made */
	size_t used;      /* bytes handed out since the last reset */
	size_t peak;      /* greatest `used` ever seen */
	size_t alloc_n;   /* allocations since the last reset */
	size_t fail_at;   /* tests: this allocation fails; SIZE_MAX: none */
	bool failed;      /* an allocation failed since the last reset */
	bool secret;      /* wipe memory on reset and free */
};

/* Makes an empty arena that will hold at most cap bytes. Allocates nothing. */
void arena_init(struct arena *a, size_t cap);
/* Makes the arena, which must be empty, share a budget that outlives it. */
void arena_share(struct arena *a, struct arena_budget *budget);
/* Makes an empty arena for a part of the parent's work that ends sooner: it
 * shares the parent's cap, budget and planned failure. Free it before the
 * parent is reset; both have the same owner. */
void arena_child(struct arena *a, struct arena *parent);
/* `len` zeroed bytes aligned to `align` (a power of two, at most 16). NULL
 * when the arena is full; a->failed is then set. len == 0 gives a valid
 * pointer. */
void *arena_alloc(struct arena *a, size_t len, size_t align) MUST_USE;
/* n zeroed objects of `size` bytes, with overflow check. */
void *arena_array(struct arena *a, size_t n, size_t size, size_t align)
    MUST_USE;
/* Grows the newest allocation in place from old_len to new_len when it is the
 * last one of its chunk and there is room. false: the caller must copy. The
 * new bytes are zeroed. */
bool arena_extend(struct arena *a, void *p, size_t old_len, size_t new_len)
    MUST_USE;
/* The same, and where the allocation is the only one of the newest chunk, moves
 * it to a larger chunk instead, so that nothing is left behind. Returns where
 * it is now; NULL: the caller must copy. */
void *arena_regrow(struct arena *a, void *p, size_t old_len, size_t new_len)
    MUST_USE;
/* Forgets everything allocated; keeps one chunk for the next job, or makes one
 * then that holds as much as several did, so that after a few jobs of a kind
 * the next takes no memory from the system. */
void arena_reset(struct arena *a);
/* Gives all memory back. The arena may be used again. */
void arena_free(struct arena *a);

/* Typed allocation. */
#define ARENA_NEW(a, type) \
	((type *)arena_alloc((a), sizeof(type), _Alignof(type)))
#define ARENA_ARRAY(a, n, type) \
	((type *)arena_array((a), (n), sizeof(type), _Alignof(type)))

#endif
