/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capped bump allocator over malloc'd chunks. A chunk is at least
 * ARENA_CHUNK_MIN bytes and doubles with the arena's size up to
 * ARENA_CHUNK_MAX, so a large answer takes few chunks and a small one takes a
 * single page or two.
 */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#define RED_ZONE 16U /* bytes left poisoned behind each allocation */
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define RED_ZONE 0U
#endif

struct arena_chunk {
	struct arena_chunk *next; /* older chunk */
	size_t size; /* bytes behind this header */
	size_t used; /* bytes of them handed out, paddings included */
};

/* The data starts 16-aligned behind the header. */
#define HEAD_LEN ((sizeof(struct arena_chunk) + 15U) & ~(size_t)15U)

static char *
chunk_data(struct arena_chunk *c)
{
	return (char *)c + HEAD_LEN;
}

/* see arena.h */
void
arena_init(struct arena *a, size_t cap)
{
	*a = (struct arena){ .cap = cap, .fail_at = SIZE_MAX,
	    .first_len = ARENA_CHUNK_MIN };
}

/* see arena.h */
void
arena_share(struct arena *a, struct arena_budget *budget)
{
	MUST(a->chunks == NULL);
	a->budget = budget;
}

/* Counts a chunk of `size` bytes; false when the budget does not allow it. */
static bool
budget_take(struct arena_budget *budget, size_t size)
{
	if (budget == NULL) {
		return true;
	}
	if (atomic_fetch_add_explicit(&budget->used, size,
	    memory_order_relaxed) + size <= budget->max) {
		return true;
	}
	(void)atomic_fetch_sub_explicit(&budget->used, size,
	    memory_order_relaxed);
	return false;
}

static void
budget_give(struct arena_budget *budget, size_t size)
{
	if (budget != NULL) {
		(void)atomic_fetch_sub_explicit(&budget->used, size,
		    memory_order_relaxed);
	}
}

/* see arena.h */
void
arena_child(struct arena *a, struct arena *parent)
{
	arena_init(a, parent->cap);
	a->parent = parent;
	a->budget = parent->budget;
	a->first_len = ARENA_WORK_MIN;
	a->secret = parent->secret;
}

/* Bytes of chunks that the arena may still take. */
static size_t
room_of(const struct arena *a)
{
	size_t room = a->cap - a->held;

	if (a->parent != NULL && a->parent->cap - a->parent->held < room) {
		room = a->parent->cap - a->parent->held;
	}
	return room;
}

static void
count_held(struct arena *a, size_t more)
{
	a->held += more;
	if (a->parent != NULL) {
		a->parent->held += more;
	}
}

/* Whether this allocation is the one that a test wants to fail. */
static bool
is_to_fail(struct arena *a)
{
	struct arena *plan = a->parent != NULL ? a->parent : a;

	return plan->alloc_n == plan->fail_at;
}

/* Adds a chunk with room for at least len bytes; false when not allowed. */
static bool
add_chunk(struct arena *a, size_t len)
{
	size_t size = a->held < a->first_len ? a->first_len : a->held;
	size_t room = room_of(a);
	struct arena_chunk *c;

	if (room < HEAD_LEN || len > room - HEAD_LEN) {
		return false;
	}
	if (size > ARENA_CHUNK_MAX) {
		size = ARENA_CHUNK_MAX;
	}
	if (size < len + HEAD_LEN) {
		size = len + HEAD_LEN;
	}
	if (size > room) {
		size = room;
	}
	if (!budget_take(a->budget, size)) {
		/* Not the comfortable size, but what is needed now? */
		size = len + HEAD_LEN;
		if (!budget_take(a->budget, size)) {
			return false;
		}
	}
	c = malloc(size);
	if (c == NULL) {
		budget_give(a->budget, size);
		return false;
	}
	c->next = a->chunks;
	c->size = size - HEAD_LEN;
	c->used = 0;
	POISON(chunk_data(c), c->size);
	a->chunks = c;
	count_held(a, size);
	return true;
}

/* Takes len aligned bytes from the newest chunk, or NULL. */
static char *
take(struct arena *a, size_t len, size_t align)
{
	struct arena_chunk *c = a->chunks;
	size_t at;
	char *p;

	if (c == NULL) {
		return NULL;
	}
	at = (c->used + align - 1) & ~(align - 1);
	if (at > c->size || len + RED_ZONE > c->size - at) {
		return NULL;
	}
	p = chunk_data(c) + at;
	c->used = at + len + RED_ZONE;
	UNPOISON(p, len);
	memset(p, 0, len);
	return p;
}

/* see arena.h */
void *
arena_alloc(struct arena *a, size_t len, size_t align)
{
	char *p = NULL;

	MUST(align > 0 && align <= 16 && (align & (align - 1)) == 0);
	if (is_to_fail(a)) {
		a->alloc_n++;
		a->failed = true;
		if (a->parent != NULL) {
			a->parent->alloc_n++;
		}
		return NULL;
	}
	a->alloc_n++;
	if (a->parent != NULL) {
		a->parent->alloc_n++;
	}
	if (len <= a->cap) {
		p = take(a, len, align);
		if (p == NULL && add_chunk(a, len + align + RED_ZONE)) {
			p = take(a, len, align);
		}
	}
	if (p == NULL) {
		a->failed = true;
		return NULL;
	}
	a->used += len;
	if (a->used > a->peak) {
		a->peak = a->used;
	}
	return p;
}

/* see arena.h */
void *
arena_array(struct arena *a, size_t n, size_t size, size_t align)
{
	size_t len;

	if (__builtin_mul_overflow(n, size, &len)) {
		a->failed = true;
		return NULL;
	}
	return arena_alloc(a, len, align);
}

/* see arena.h */
bool
arena_extend(struct arena *a, void *p, size_t old_len, size_t new_len)
{
	struct arena_chunk *c = a->chunks;
	size_t at;

	MUST(new_len >= old_len);
	if (c == NULL || is_to_fail(a)) {
		return false;
	}
	if ((char *)p < chunk_data(c) ||
	    (char *)p + old_len + RED_ZONE != chunk_data(c) + c->used) {
		return false;
	}
	at = (size_t)((char *)p - chunk_data(c));
	if (new_len > c->size || new_len + RED_ZONE > c->size - at) {
		return false;
	}
	UNPOISON((char *)p + old_len, new_len - old_len);
	memset((char *)p + old_len, 0, new_len - old_len);
	c->used = at + new_len + RED_ZONE;
	a->used += new_len - old_len;
	if (a->used > a->peak) {
		a->peak = a->used;
	}
	return true;
}

/* see arena.h */
void *
arena_regrow(struct arena *a, void *p, size_t old_len, size_t new_len)
{
	struct arena_chunk *c = a->chunks;
	size_t more;

	if (arena_extend(a, p, old_len, new_len)) {
		return p;
	}
	/* A secret must not be left behind by the move. */
	if (c == NULL || is_to_fail(a) || a->secret ||
	    (char *)p != chunk_data(c) || c->used != old_len + RED_ZONE ||
	    new_len > a->cap || new_len + RED_ZONE < c->size) {
		return NULL;
	}
	more = new_len + RED_ZONE - c->size;
	if (more > room_of(a) || !budget_take(a->budget, more)) {
		return NULL;
	}
	UNPOISON(chunk_data(c), c->size);
	c = realloc(c, HEAD_LEN + new_len + RED_ZONE);
	if (c == NULL) {
		budget_give(a->budget, more);
		c = a->chunks;
		POISON(chunk_data(c) + old_len, c->size - old_len);
		return NULL;
	}
	a->chunks = c;
	count_held(a, more);
	c->size += more;
	c->used = c->size;
	p = chunk_data(c);
	memset((char *)p + old_len, 0, new_len - old_len);
	POISON((char *)p + new_len, c->size - new_len);
	a->used += new_len - old_len;
	if (a->used > a->peak) {
		a->peak = a->used;
	}
	return p;
}

static void
wipe(struct arena *a, struct arena_chunk *c)
{
	UNPOISON(chunk_data(c), c->size);
	if (a->secret) {
		volatile char *p = chunk_data(c);

		for (size_t i = 0; i < c->used; i++) {
			p[i] = 0;
		}
	}
}

/* Frees all chunks but `keep` of the oldest ones (0 or 1). */
static void
drop(struct arena *a, size_t keep)
{
	struct arena_chunk *c = a->chunks;

	while (c != NULL && (keep == 0 || c->next != NULL)) {
		struct arena_chunk *older = c->next;

		wipe(a, c);
		a->held -= c->size + HEAD_LEN;
		if (a->parent != NULL) {
			a->parent->held -= c->size + HEAD_LEN;
		}
		budget_give(a->budget, c->size + HEAD_LEN);
		free(c);
		c = older;
	}
	a->chunks = c;
	if (c != NULL) {
		wipe(a, c);
		c->used = 0;
		POISON(chunk_data(c), c->size);
	}
	a->used = 0;
	a->alloc_n = 0;
	a->failed = false;
}

/* see arena.h */
void
arena_reset(struct arena *a)
{
	/* What was unusually large goes back to the system. What took several
	 * chunks will again: the next time they are one, and that is kept. */
	if (a->chunks != NULL && a->chunks->next != NULL &&
	    a->held <= ARENA_KEEP_MAX) {
		a->first_len = a->held;
		drop(a, 0);
	} else {
		drop(a, a->chunks != NULL && a->held <= ARENA_KEEP_MAX);
	}
}

/* see arena.h */
void
arena_free(struct arena *a)
{
	drop(a, 0);
}
