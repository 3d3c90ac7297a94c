/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists that keep an answer within max_bytes.
 *
 * Level 0 is the answer itself, each open list is one more. The limit of a
 * level never lies above that of the level around it, so a row that fits an
 * inner list leaves room for what closes the rows around.
 */
#include "tools/rows.h"

/* see rows.h */
void
rows_init(struct rows *r, struct call *c)
{
	int64_t max_bytes = tool_arg(c, S("max_bytes")) == NULL ?
	    ROWS_BYTES_DEFAULT : tool_arg_i64(c, S("max_bytes"));

	*r = (struct rows){ .out = c->out, .max_bytes = (uint64_t)max_bytes };
	r->level[0].limit = (size_t)max_bytes - ROWS_CLOSING;
	rows_mark(r);
}

/* see rows.h */
void
rows_reserve(struct rows *r, size_t len)
{
	size_t *limit = &r->level[r->depth].limit;

	*limit -= len < *limit ? len : *limit;
}

/* see rows.h */
void
rows_mark(struct rows *r)
{
	r->level[r->depth].mark = json_mark(r->out);
}

/* see rows.h */
size_t
rows_room(const struct rows *r)
{
	size_t limit = r->level[r->depth].limit;

	return r->out->b->len < limit ? limit - r->out->b->len : 0;
}

/* see rows.h */
void
rows_begin_share(struct rows *r, struct str key, size_t mine, size_t all)
{
	size_t limit;

	MUST(r->depth < ROWS_DEPTH_MAX && mine > 0 && mine <= all);
	json_key(r->out, key);
	json_begin_array(r->out);
	limit = r->out->b->len + (size_t)((uint64_t)rows_room(r) * mine / all);
	r->depth++;
	r->level[r->depth] = (struct rows_level){ .limit = limit };
	if (r->depth > 1) {
		/* The row around this list has an end, too. */
		rows_reserve(r, ROWS_CLOSING_INNER);
	}
	r->n = 0;
	rows_mark(r);
}

/* see rows.h */
void
rows_begin(struct rows *r, struct str key)
{
	rows_begin_share(r, key, 1, 1);
}

/* see rows.h */
bool
rows_fit(struct rows *r)
{
	struct rows_level *level = &r->level[r->depth];

	if (r->out->b->len > level->limit || !buf_ok(r->out->b)) {
		json_rollback(r->out, &level->mark);
		r->cut = true;
		return false;
	}
	rows_mark(r);
	r->n = ++level->n;
	return true;
}

/* see rows.h */
void
rows_end(struct rows *r)
{
	MUST(r->depth > 0);
	json_end_array(r->out);
	r->n = r->level[r->depth--].n;
	if (r->depth == 0) {
		/* What closes the answer may follow at once. */
		rows_mark(r);
	}
}

/* see rows.h */
void
rows_say(const struct rows *r, bool more, struct str hint, struct buf *text)
{
	if (!r->cut && !more) {
		return;
	}
	if (text->len > 0) {
		buf_add_byte(text, ' ');
	}
	if (r->cut) {
		buf_addf(text, "There is more: the answer was cut at max_bytes "
		    "(%u). Raise max_bytes, or ask for less at a time. %s",
		    r->max_bytes, hint);
	} else {
		buf_addf(text, "There is more than is shown. %s", hint);
	}
}

/* see rows.h */
void
rows_close(struct rows *r, bool more, struct str hint, struct str otherwise)
{
	char room[ROWS_CLOSING / 2];
	struct buf text = buf_fixed(room, sizeof(room));

	rows_say(r, more, hint, &text);
	json_put_boolean(r->out, S("has_more_results"), r->cut || more);
	json_put_string_or_null(r->out, S("message"),
	    text.len > 0 ? buf_str(&text) : otherwise);
}
