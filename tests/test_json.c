/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON: vectors of tests/cases/json (y_ must parse and be a fixed point, n_
 * must not), exact error positions, the five ways, the failing-allocation
 * sweep, and the writer read back by the reader.
 */
#include "proto/json.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/limits.h"
#include "test.h"

#define CASES "tests/cases/json"
#define CAP ((size_t)64 * 1024 * 1024)

/* Parses and writes the value or the error to log, as test_feed_fn. */
static int
feed(void *ctx, struct str in, bool more, char *log, size_t log_size)
{
	struct arena a;
	struct fail f;
	struct json *v;
	struct buf b = buf_fixed(log, log_size - 1);
	enum err err;

	(void)ctx;
	arena_init(&a, CAP);
	fail_init(&f, &a);
	err = json_parse(&a, in, JSON_REJECT_DUPLICATES, &v, &f);
	if (err == ERR_OK) {
		struct json_writer w = json_writer(&b);

		json_value(&w, v);
	} else if (!more) {
		buf_addf(&b, "%s at %u", err_name(err), (uint64_t)f.pos);
	}
	log[b.len] = '\0';
	arena_free(&a);
	return err == ERR_OK ? 1 : more ? 0 : -(int)err;
}

/* The outcome of parsing z: the value compact, or "ERROR at N". */
static struct str
outcome(struct str in)
{
	static char log[65536];

	(void)feed(NULL, in, false, log, sizeof(log));
	return str_from_z(log);
}

static struct str
file(const char *name, char *dst, size_t size)
{
	char path[512];
	FILE *f;
	size_t len;

	(void)snprintf(path, sizeof(path), CASES "/%s", name);
	f = fopen(path, "rb");
	if (f == NULL) {
		return STR_NONE;
	}
	len = fread(dst, 1, size, f);
	(void)fclose(f);
	return str_of(dst, len);
}

static bool
run_vector(const char *name)
{
	static char bytes[200000];
	static char log[65536];
	static char again[65536];
	struct str in = file(name, bytes, sizeof(bytes));
	bool good = name[0] == 'y';
	int got = feed(NULL, in, false, log, sizeof(log));

	if (in.p == NULL || (got > 0) != good) {
		printf("    %s: %s\n", name, log);
		return false;
	}
	if (good && (feed(NULL, str_from_z(log), false, again, sizeof(again))
	    <= 0 || strcmp(log, again) != 0)) {
		printf("    %s: not a fixed point\n", name);
		return false;
	}
	/* A number or a value with space behind it is whole before its end. */
	if (in.len < 2000 && !test_five_ways(feed, NULL, in, true)) {
		printf("    in %s\n", name);
		return false;
	}
	return true;
}

TEST(every_vector_meets_its_name)
{
	DIR *dir = opendir(CASES);
	int n = 0;

	CHECK(dir != NULL);
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		if (e->d_name[0] == 'y' || e->d_name[0] == 'n') {
			n++;
			if (!run_vector(e->d_name)) {
				test_fail(__FILE__, __LINE__, e->d_name);
			}
		}
	}
	closedir(dir);
	CHECK(n > 100);
}

TEST(escapes_become_utf8_at_every_boundary)
{
	CHECK_STR(outcome(S("\"\\u007f\\u0080\\u07ff\\u0800\\uffff\"")),
	    S("\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\""));
	CHECK_STR(outcome(S("\"\\ud800\\udc00\\udbff\\udfff\"")),
	    S("\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""));
	CHECK_STR(outcome(S("\"\\ud7ff\\ue000\"")),
	    S("\"\xed\x9f\xbf\xee\x80\x80\""));
}

TEST(a_proper_prefix_of_an_object_never_parses)
{
	CHECK(test_five_ways(feed, NULL, S("{\"jsonrpc\":\"2.0\",\"id\":7,"
	    "\"params\":{\"a\":[1,-2.5e3,true,false,null,\"\\u00e9\\ud83d"
	    "\\ude00\xe2\x82\xac\"]}}"), false));
	CHECK(test_five_ways(feed, NULL, S("[\"\\ud83d\\ude0\"]"), false));
}

TEST(errors_carry_the_exact_position)
{
	static const struct { struct str in, want; } rows[] = {
		{ STR_INIT(""), STR_INIT("SYNTAX at 0") },
		{ STR_INIT("  "), STR_INIT("SYNTAX at 2") },
		{ STR_INIT("[1,]"), STR_INIT("SYNTAX at 3") },
		{ STR_INIT("[1 2]"), STR_INIT("SYNTAX at 3") },
		{ STR_INIT("[1}"), STR_INIT("SYNTAX at 2") },
		{ STR_INIT("{\"a\" 1}"), STR_INIT("SYNTAX at 5") },
		{ STR_INIT("{\"a\":1,}"), STR_INIT("SYNTAX at 7") },
		{ STR_INIT("{a:1}"), STR_INIT("SYNTAX at 1") },
		{ STR_INIT("1 x"), STR_INIT("SYNTAX at 2") },
		{ STR_INIT("trux"), STR_INIT("SYNTAX at 3") },
		{ STR_INIT("[nul"), STR_INIT("SYNTAX at 4") },
		{ STR_INIT("\"abc"), STR_INIT("SYNTAX at 4") },
		{ STR_INIT("\"ab\x01\""), STR_INIT("SYNTAX at 3") },
		{ STR_INIT("\"12345678\x1f\""), STR_INIT("SYNTAX at 9") },
		{ STR_INIT("\"ab\\x\""), STR_INIT("SYNTAX at 3") },
		{ STR_INIT("\"\\u12g4\""), STR_INIT("SYNTAX at 1") },
		{ STR_INIT("\"a\\ud800\""), STR_INIT("SURROGATE at 2") },
		{ STR_INIT("\"\\ud800\\u0041\""), STR_INIT("SURROGATE at 1") },
		{ STR_INIT("\"\\udc00\""), STR_INIT("SURROGATE at 1") },
		{ STR_INIT("\"abc\xff\""), STR_INIT("UTF8 at 4") },
		{ STR_INIT("\"\xe2\x82\""), STR_INIT("UTF8 at 1") },
		{ STR_INIT("[01]"), STR_INIT("NUMBER at 2") },
		{ STR_INIT("[1.]"), STR_INIT("NUMBER at 3") },
		{ STR_INIT("-"), STR_INIT("NUMBER at 1") },
		{ STR_INIT("{\"a\":1,\"a\":2}"), STR_INIT("DUPLICATE at 7") },
		{ STR_INIT("{\"a\":1, \"\\u0061\":2}"),
		    STR_INIT("DUPLICATE at 8") },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_STR(outcome(rows[i].in), rows[i].want);
	}
}

TEST(nesting_ends_at_64_levels)
{
	char in[200];

	memset(in, '[', 65);
	CHECK_STR(outcome(str_of(in, 65)), S("DEPTH at 64"));
	memset(in + 64, ']', 64);
	CHECK_INT(outcome(str_of(in, 128)).len, 128);
}

TEST(a_large_object_reports_its_first_repeated_name)
{
	struct arena a;
	struct buf b;
	size_t pos = 0;
	struct fail f;
	struct json *v;

	arena_init(&a, CAP);
	fail_init(&f, &a);
	b = buf_in(&a, CAP);
	buf_add_byte(&b, '{');
	for (unsigned i = 0; i < 20000; i++) {
		/* 7919 and 20000 have no common factor: all different. */
		buf_addf(&b, "\"name%u\":0,", (uint64_t)(i * 7919 % 20000));
	}
	pos = b.len;
	buf_add(&b, S("\"name5\":1,\"name4\":2}"));
	CHECK(json_parse(&a, buf_str(&b), JSON_REJECT_DUPLICATES, &v, &f) ==
	    ERR_DUPLICATE);
	CHECK_INT(f.pos, pos);
	fail_clear(&f);
	CHECK(json_parse(&a, buf_str(&b), 0, &v, &f) == ERR_OK);
	CHECK_INT(v->n, 20002);
	CHECK_INT(json_get_i64(v, S("name5"), 9), 1);
	arena_free(&a);
}

TEST(too_many_values_are_refused)
{
	struct arena a;
	struct buf b;
	struct fail f;
	struct json *v;

	arena_init(&a, CAP);
	fail_init(&f, &a);
	b = buf_in(&a, CAP);
	buf_add_byte(&b, '[');
	for (unsigned i = 0; i < JSON_NODE_MAX; i++) {
		buf_add(&b, S("0,"));
	}
	buf_add(&b, S("0]"));
	CHECK(json_parse(&a, buf_str(&b), 0, &v, &f) == ERR_LIMIT);
	CHECK_INT(f.pos, 1 + 2 * (JSON_NODE_MAX - 1));
	arena_free(&a);
}

static bool
sweep(struct arena *a, void *ctx)
{
	struct str in = S("{\"a\\n\":[1,2,3],\"b\":{\"c\":\"\\u20ac\"},\"1\":1,"
	    "\"2\":2,\"3\":3,\"4\":4,\"5\":5,\"6\":6,\"7\":7,\"8\":[1,2,3,4,"
	    "5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26]}");
	struct fail f;
	struct json *v;
	struct buf b = buf_in(a, 4096);
	struct json_writer w = json_writer(&b);
	enum err err;

	(void)ctx;
	fail_init(&f, a);
	err = json_parse(a, in, JSON_REJECT_DUPLICATES, &v, &f);
	if (err != ERR_OK) {
		return false;
	}
	json_value(&w, v);
	return buf_ok(&b);
}

TEST(every_failing_allocation_is_an_orderly_error)
{
	CHECK(test_fail_sweep(sweep, NULL, CAP) > 4);
}

/* Parses z into an arena that lives until the next call. */
static const struct json *
tree(struct str in)
{
	static struct arena a;
	struct fail f;
	struct json *v = NULL;

	arena_free(&a);
	arena_init(&a, CAP);
	fail_init(&f, &a);
	return json_parse(&a, in, 0, &v, &f) == ERR_OK ? v : NULL;
}

TEST(look_ups_find_members_and_elements)
{
	const struct json *v = tree(S("{\"s\":\"x\",\"n\":null,\"i\":42.0,"
	    "\"f\":0.5,\"t\":true,\"o\":{\"p\":{\"q\":[7,8]}},\"s\":\"y\"}"));
	double d;

	CHECK(v != NULL);
	CHECK_INT(v->n, 7);
	CHECK_STR(json_get_str(v, S("s"), S("-")), S("y"));
	CHECK_STR(json_get_str(v, S("i"), S("-")), S("-"));
	CHECK(json_get(v, S("n")) != NULL);
	CHECK(json_get_set(v, S("n")) == NULL);
	CHECK(json_get_set(v, S("zz")) == NULL);
	CHECK(json_get(NULL, S("s")) == NULL);
	CHECK(json_get(json_get(v, S("s")), S("s")) == NULL);
	CHECK_INT(json_get_i64(v, S("i"), 0), 42);
	CHECK_INT(json_get_i64(v, S("f"), -1), -1);
	CHECK_INT(json_get_i64(v, S("s"), -1), -1);
	CHECK(json_get_bool(v, S("t"), false));
	CHECK(json_get_bool(v, S("s"), true));
	CHECK(json_f64(json_get(v, S("f")), &d) && d == 0.5);
	CHECK(!json_f64(json_get(v, S("t")), &d));
	CHECK_INT(json_path(v, S("o.p.q"))->n, 2);
	CHECK(json_path(v, S("o.x.q")) == NULL);
	CHECK_STR(json_at(json_path(v, S("o.p.q")), 1)->text, S("8"));
	CHECK(json_at(json_path(v, S("o.p.q")), 2) == NULL);
	CHECK(json_at(v, 0) == NULL);
	CHECK_STR(json_str(json_get(v, S("s"))), S("y"));
	CHECK(json_str(NULL).p == NULL);
	CHECK_STR(json_path(v, S("o.p"))->text, S("{\"q\":[7,8]}"));
	CHECK_INT(json_path(v, S("o.p.q"))->pos, 58);
}

TEST(raw_text_of_identifiers_is_unchanged)
{
	struct str in = S("[0, \"1\", 12345678901234567890, \"a\\u0041\\\"b\", "
	    "null, -0.0e1]");
	const struct json *v = tree(in);

	CHECK_STR(json_raw_text(in, json_at(v, 0)), S("0"));
	CHECK_STR(json_raw_text(in, json_at(v, 1)), S("\"1\""));
	CHECK_STR(json_raw_text(in, json_at(v, 2)), S("12345678901234567890"));
	CHECK_STR(json_raw_text(in, json_at(v, 3)), S("\"a\\u0041\\\"b\""));
	CHECK_STR(json_raw_text(in, json_at(v, 4)), S("null"));
	CHECK_STR(json_raw_text(in, json_at(v, 5)), S("-0.0e1"));
}

TEST(text_is_checked_to_be_utf8)
{
	size_t pos = 99;

	CHECK(json_utf8_ok(S("plain \xc3\xa9 \xf0\x9f\x98\x80"), &pos));
	CHECK(json_utf8_ok(STR_NONE, &pos));
	CHECK(!json_utf8_ok(S("ab\xc3"), &pos));
	CHECK_INT(pos, 2);
}

TEST(the_writer_places_commas_and_names)
{
	char bytes[512];
	struct buf b = buf_fixed(bytes, sizeof(bytes));
	struct json_writer w = json_writer(&b);

	json_begin_object(&w);
	json_put_string(&w, S("a"), S("x"));
	json_put_integer(&w, S("b"), INT64_MIN);
	json_put_double(&w, S("c"), 0.25);
	json_put_double(&w, S("nan"), (double)__builtin_nan(""));
	json_put_boolean(&w, S("d"), false);
	json_put_string_or_null(&w, S("e"), STR_NONE);
	json_put_raw(&w, S("f"), S("{\"k\":[]}"));
	json_put_value(&w, S("g"), NULL);
	json_put_value(&w, S("h"), tree(S(" [ 1 , { \"z\" : \"\\n\" } ] ")));
	json_key(&w, S("i"));
	json_begin_array(&w);
	json_begin_array(&w);
	json_end_array(&w);
	json_null(&w);
	json_begin_object(&w);
	json_end_object(&w);
	json_boolean(&w, true);
	json_end_array(&w);
	json_end_object(&w);
	CHECK_STR(buf_str(&b), S("{\"a\":\"x\",\"b\":-9223372036854775808,"
	    "\"c\":0.25,\"nan\":null,\"d\":false,\"e\":null,"
	    "\"f\":{\"k\":[]},\"g\":null,\"h\":[1,{\"z\":\"\\n\"}],"
	    "\"i\":[[],null,{},true]}"));
}

TEST(members_of_ready_text_join_an_open_object)
{
	char bytes[128];
	struct buf b = buf_fixed(bytes, sizeof(bytes));
	struct json_writer w = json_writer(&b);

	json_begin_object(&w);
	json_members(&w, S("{}"));
	json_members(&w, S("{\"a\":1}"));
	json_put_integer(&w, S("b"), 2);
	json_members(&w, S("{\"c\":3,\"d\":[]}"));
	json_end_object(&w);
	CHECK_STR(buf_str(&b),
	    S("{\"a\":1,\"b\":2,\"c\":3,\"d\":[]}"));
}

static struct str
written(struct str s)
{
	static char bytes[4096];
	struct buf b = buf_fixed(bytes, sizeof(bytes));
	struct json_writer w = json_writer(&b);

	json_string(&w, s);
	return buf_str(&b);
}

TEST(strings_are_escaped_and_repaired)
{
	CHECK_STR(written(STR_NONE), S("\"\""));
	CHECK_STR(written(S("a\"b\\c/d")), S("\"a\\\"b\\\\c/d\""));
	CHECK_STR(written(S("\b\f\n\r\t\x01\x1f\x7f")),
	    S("\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\""));
	CHECK_STR(written(S("\0")), S("\"\\u0000\""));
	CHECK_STR(written(S("\xc3\xa9\xf0\x9f\x98\x80")),
	    S("\"\xc3\xa9\xf0\x9f\x98\x80\""));
	CHECK_STR(written(S("a\xff" "b\xc3")),
	    S("\"a\xef\xbf\xbd" "b\xef\xbf\xbd\""));
	CHECK_STR(written(S("0123456789abcdef\n0123456")),
	    S("\"0123456789abcdef\\n0123456\""));
}

TEST(random_bytes_written_as_a_string_always_parse)
{
	uint64_t state = 3;

	for (int round = 0; round < 20000; round++) {
		char bytes[40];
		size_t n = test_random(&state) % sizeof(bytes);
		const struct json *v;
		size_t pos;

		for (size_t i = 0; i < n; i++) {
			/* Half of them plain, so that whole texts occur. */
			bytes[i] = (char)(test_random(&state) &
			    (round % 2 == 0 ? 0x7f : 0xff));
		}
		v = tree(written(str_of(bytes, n)));
		CHECK(json_is(v, JSON_STRING));
		if (json_utf8_ok(str_of(bytes, n), &pos)) {
			CHECK_STR(v->text, str_of(bytes, n));
		}
	}
}

TEST(an_embedded_tree_may_be_as_deep_as_a_document)
{
	char in[128];
	char out[256];
	struct buf b = buf_fixed(out, sizeof(out));
	struct json_writer w = json_writer(&b);

	memset(in, '[', 64);
	memset(in + 64, ']', 64);
	json_begin_object(&w);
	json_put_value(&w, S("x"), tree(str_of(in, 128)));
	json_end_object(&w);
	CHECK_INT(b.len, 134);
}

TEST(a_full_buffer_sticks)
{
	char bytes[8];
	struct buf b = buf_fixed(bytes, sizeof(bytes));
	struct json_writer w = json_writer(&b);

	json_begin_array(&w);
	json_string(&w, S("0123456789"));
	json_end_array(&w);
	CHECK(!buf_ok(&b));
}
