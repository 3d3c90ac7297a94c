/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists within max_bytes: rows are taken back whole, at every size the answer
 * is valid JSON, and room is left for what closes it.
 */
#include "test.h"

#include "proto/json.h"
#include "tools/rows.h"

static const struct param params[] = { ROWS_PARAM };
static const struct tool tool = {
	.name = STR_INIT("t"), .params = params, .param_n = 1,
};

static struct arena arena;
static struct buf out;
static struct json_writer writer;
static struct fail failure;
static struct call c;

static void
begin(const char *args)
{
	struct json *json;

	arena_free(&arena);
	arena_init(&arena, (size_t)32 << 20);
	fail_init(&failure, &arena);
	out = buf_in(&arena, MCP_RESULT_MAX);
	writer = json_writer(&out);
	MUST(json_parse(&arena, str_from_z(args), 0, &json, &failure) ==
	    ERR_OK);
	c = (struct call){ .tool = &tool, .arena = &arena, .args = json,
	    .out = &writer, .fail = &failure };
}

static const struct json *
parsed(void)
{
	struct json *json;

	return buf_ok(&out) && json_parse(&arena, buf_str(&out), 0, &json,
	    &failure) == ERR_OK ? json : NULL;
}

/* An answer with n rows of about len bytes; returns how many were kept. */
static size_t
answer(size_t n, size_t len)
{
	char *text = arena_alloc(&arena, len, 1);
	struct rows rows;

	memset(text, 'x', len);
	rows_init(&rows, &c);
	json_begin_object(&writer);
	rows_begin(&rows, S("list"));
	for (size_t i = 0; i < n; i++) {
		json_begin_object(&writer);
		json_put_integer(&writer, S("i"), (int64_t)i);
		json_put_string(&writer, S("text"), str_of(text, len));
		json_end_object(&writer);
		if (!rows_fit(&rows)) {
			break;
		}
	}
	rows_end(&rows);
	rows_close(&rows, false, S("Ask for less."), S("all"));
	json_end_object(&writer);
	return rows.n;
}

TEST(a_list_that_fits_is_whole_and_says_nothing_of_a_cut)
{
	begin("{}");
	CHECK_INT(answer(10, 100), 10);
	CHECK_INT(json_get(parsed(), S("list"))->n, 10);
	CHECK(!json_get_bool(parsed(), S("has_more_results"), true));
	CHECK_STR(json_get_str(parsed(), S("message"), S("")), S("all"));
}

TEST(a_list_is_cut_between_rows_at_every_row_length)
{
	for (size_t len = 1; len < 5000; len += len / 8 + 1) {
		size_t n;

		begin("{\"max_bytes\":4000}");
		n = answer(5000, len);
		CHECK(out.len <= 4000);
		CHECK(parsed() != NULL);
		CHECK_INT(json_get(parsed(), S("list"))->n, n);
		CHECK(json_get_bool(parsed(), S("has_more_results"), false));
		CHECK(str_starts(json_get_str(parsed(), S("message"), S("")),
		    S("There is more: the answer was cut at max_bytes "
		    "(4000).")));
		/* No smaller than it has to be. */
		CHECK(out.len + len + 40 > 4000 - ROWS_CLOSING);
	}
}

TEST(the_default_is_60000_bytes)
{
	begin("{}");
	CHECK(answer(2000, 1000) > 50);
	CHECK(out.len <= 60000);
}

TEST(a_row_larger_than_a_result_may_be_is_taken_back)
{
	begin("{\"max_bytes\":4000000}");
	CHECK_INT(answer(2, MCP_RESULT_MAX + 1), 0);
	CHECK(parsed() != NULL);
	CHECK_INT(json_get(parsed(), S("list"))->n, 0);
	CHECK(json_get_bool(parsed(), S("has_more_results"), false));
}

TEST(out_of_memory_is_not_taken_back)
{
	begin("{}");
	arena.failed = true;
	out.failed = true;
	(void)answer(1, 10);
	CHECK(!buf_ok(&out));
}

TEST(lists_inside_rows_are_cut_with_room_for_what_closes_them)
{
	for (size_t max = 4000; max < 6000; max += 37) {
		char args[64];
		struct rows rows;
		const struct json *list;
		size_t n = 0;

		(void)snprintf(args, sizeof(args), "{\"max_bytes\":%zu}", max);
		begin(args);
		rows_init(&rows, &c);
		json_begin_object(&writer);
		rows_begin(&rows, S("outer"));
		for (size_t i = 0; i < 3; i++) {
			json_begin_object(&writer);
			rows_begin_share(&rows, S("inner"), 1, 3 - i);
			for (size_t k = 0; k < 500; k++) {
				json_integer(&writer, 1000);
				if (!rows_fit(&rows)) {
					break;
				}
			}
			rows_end(&rows);
			json_put_string(&writer, S("end"), S("of the row"));
			json_end_object(&writer);
			if (!rows_fit(&rows)) {
				break;
			}
		}
		rows_end(&rows);
		CHECK_INT(rows.n, 3);
		rows_close(&rows, false, S("Hint."), STR_NONE);
		json_end_object(&writer);
		CHECK(out.len <= max);
		list = json_get(parsed(), S("outer"));
		CHECK_INT(list->n, 3);
		for (size_t i = 0; i < 3; i++) {
			n = json_get(json_at(list, i), S("inner"))->n;
			/* Each has its share. */
			CHECK(n > 120 && n < 500);
		}
	}
}

TEST(a_member_that_does_not_fit_is_removed_and_the_rest_stays)
{
	static char large[8000];
	struct rows rows;

	memset(large, 'y', sizeof(large));
	begin("{\"max_bytes\":4000}");
	rows_init(&rows, &c);
	json_begin_object(&writer);
	json_put_string(&writer, S("a"), S("b"));
	rows_mark(&rows);
	json_put_string(&writer, S("large"), str_of(large, sizeof(large)));
	CHECK(!rows_fit(&rows));
	json_put_string(&writer, S("small"), S("c"));
	CHECK(rows_fit(&rows));
	rows_close(&rows, false, S("Hint."), STR_NONE);
	json_end_object(&writer);
	CHECK(json_get(parsed(), S("large")) == NULL);
	CHECK_STR(json_get_str(parsed(), S("small"), S("")), S("c"));
	CHECK(json_get_bool(parsed(), S("has_more_results"), false));
}
