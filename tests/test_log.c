/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines: their form, their levels, and what happens to hostile or
 * oversized values.
 */
#include "test.h"

#include "base/log.h"

static char written[LOG_LINE_MAX + 1];
static size_t written_n;
static size_t written_len;

static void
sink(void *ctx, struct str line)
{
	(void)ctx;
	written_n++;
	written_len = line.len;
	memcpy(written, line.p, line.len);
}

static int64_t
now(void *ctx)
{
	(void)ctx;
	return 1700000000123;
}

static const struct sys sys = { .now_ms = now, .log = sink };
static const struct log log_info = { &sys, LOG_INFO };

static struct str
last(void)
{
	return str_of(written, written_len);
}

TEST(a_line_is_one_json_object)
{
	struct log_event e;

	CHECK(log_begin(&e, &log_info, LOG_INFO, S("tool")));
	log_str(&e, S("tool"), S("whoami"));
	log_int(&e, S("duration_ms"), -12);
	log_bool(&e, S("ok"), true);
	log_str(&e, S("absent"), STR_NONE);
	log_str(&e, S("empty"), S(""));
	log_end(&e);
	CHECK_STR(last(), S("{\"time\":\"2023-11-14T22:13:20.123Z\","
	    "\"level\":\"INFO\",\"event\":\"tool\",\"tool\":\"whoami\","
	    "\"duration_ms\":-12,\"ok\":true,\"empty\":\"\"}"));
}

TEST(levels_below_the_setting_write_nothing)
{
	struct log_event e;
	size_t before = written_n;
	struct log nowhere = { NULL, LOG_DEBUG };

	CHECK(!log_begin(&e, &log_info, LOG_DEBUG, S("x")));
	CHECK(!log_begin(&e, NULL, LOG_ERROR, S("x")));
	CHECK(!log_begin(&e, &nowhere, LOG_ERROR, S("x")));
	log_say(&log_info, LOG_DEBUG, S("x"), S("y"));
	CHECK_INT(written_n, before);
	log_say(&log_info, LOG_ERROR, S("x"), S("y"));
	CHECK_INT(written_n, before + 1);
}

TEST(level_names_are_read_in_any_case)
{
	enum log_level level;

	CHECK(log_level_parse(S("debug"), &level) && level == LOG_DEBUG);
	CHECK(log_level_parse(S("Warning"), &level) && level == LOG_WARNING);
	CHECK(log_level_parse(S("ERROR"), &level) && level == LOG_ERROR);
	CHECK(!log_level_parse(S("verbose"), &level));
	CHECK(!log_level_parse(S(""), &level));
	CHECK_STR(log_level_name(LOG_INFO), S("INFO"));
}

TEST(hostile_text_cannot_leave_its_string)
{
	log_say(&log_info, LOG_INFO, S("e"),
	    S("a\"b\\c\n\r\x01\x7f\xc3\xa4\xff"));
	CHECK(str_find(last(), S("\"message\":\"a\\\"b\\\\c\\n\\u000d\\u0001"
	    "\\u007f\\u00c3\\u00a4\\u00ff\"}"), 0) < last().len);
	for (size_t i = 0; i < last().len; i++) {
		CHECK(last().p[i] >= 0x20 && last().p[i] < 0x7f);
	}
}

TEST(long_values_are_shortened_and_full_lines_say_so)
{
	static char big[LOG_VALUE_MAX + 500];
	struct log_event e;

	memset(big, 'a', sizeof(big));
	log_say(&log_info, LOG_INFO, S("e"), str_of(big, sizeof(big)));
	CHECK(str_ends(last(), S("aaa...\"}")));
	CHECK(log_begin(&e, &log_info, LOG_INFO, S("e")));
	log_str(&e, S("one"), str_of(big, sizeof(big)));
	log_str(&e, S("two"), str_of(big, sizeof(big)));
	log_int(&e, S("n"), 7);
	log_end(&e);
	CHECK(str_find(last(), S("\"two\""), 0) == last().len);
	CHECK(str_ends(last(), S("...\",\"n\":7,\"cut\":true}")));
	CHECK(last().len <= LOG_LINE_MAX);
}

TEST(a_line_filled_to_the_last_byte_still_closes)
{
	for (size_t pad = 1800; pad < 2100; pad++) {
		static char big[2100];
		struct log_event e;

		memset(big, 'b', sizeof(big));
		CHECK(log_begin(&e, &log_info, LOG_INFO, S("e")));
		log_str(&e, S("a"), str_of(big, 1990));
		log_str(&e, S("b"), str_of(big, pad));
		for (int i = 0; i < 4; i++) {
			log_int(&e, S("c"), INT64_MIN);
			log_bool(&e, S("d"), false);
		}
		log_end(&e);
		CHECK(str_ends(last(), S("}")));
		CHECK(last().len <= LOG_LINE_MAX);
	}
}
