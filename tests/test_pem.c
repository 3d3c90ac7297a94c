/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/pem.h"

#include "base/enc.h"
#include "test.h"

#define HI "-----BEGIN X-----\naGk=\n-----END X-----\n"

static char bytes[256];

/* Decodes the first object. */
static bool
first(const char *text, struct str *out)
{
	struct str rest = test_guarded(str_from_z(text));
	struct buf b = buf_fixed(bytes, sizeof(bytes));
	struct pem o;
	bool ok = pem_next(&rest, &o) == ERR_OK && pem_decode(&o, &b);

	*out = buf_str(&b);
	return ok;
}

TEST(an_object_is_read_however_its_lines_are_cut)
{
	static const char *const texts[] = { HI,
		"-----BEGIN X-----\r\naGk=\r\n-----END X-----\r\n",
		"text\n\n-----BEGIN X-----\na\nGk\n=\n\n-----END X-----",
		"  -----BEGIN X-----  \n\taG k=\n -----END X-----" };
	struct str s;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CHECK(first(texts[i], &s));
		CHECK_STR(s, S("hi"));
	}
}

TEST(objects_come_one_after_the_other)
{
	struct str rest = S("a\n" HI "b\n-----BEGIN Y Z-----\n"
	    "-----END Y Z-----\n" HI);
	struct pem o;

	CHECK_INT(pem_next(&rest, &o), ERR_OK);
	CHECK_STR(o.label, S("X"));
	CHECK_STR(o.body, S("aGk=\n"));
	CHECK_INT(pem_next(&rest, &o), ERR_OK);
	CHECK_STR(o.label, S("Y Z"));
	CHECK_STR(o.body, S(""));
	CHECK_INT(pem_next(&rest, &o), ERR_OK);
	CHECK_INT(pem_next(&rest, &o), ERR_MISSING);
	rest = STR_NONE;
	CHECK_INT(pem_next(&rest, &o), ERR_MISSING);
}

TEST(an_object_without_its_own_end_is_an_error)
{
	static const char *const texts[] = { "-----BEGIN X-----",
		"-----BEGIN X-----\naGk=\n",
		"-----BEGIN X-----\naGk=\n-----END Y-----\n" HI,
		"-----BEGIN X-----\naGk=\n-----END X----\n",
		"-----BEGIN X-----\n" HI };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct str rest = test_guarded(str_from_z(texts[i]));
		struct pem o;

		CHECK_INT(pem_next(&rest, &o), ERR_SYNTAX);
		CHECK_STR(o.label, S("X"));
		CHECK_INT(pem_next(&rest, &o), ERR_MISSING);
	}
}

TEST(what_is_not_base64_is_refused)
{
	static const char *const lines[] = { "aGk", "aGk=a", "aGk=\naGk=",
		"a-k=", "Proc-Type: 4,ENCRYPTED\naGk=", "=", "aGl=" };
	char text[128];
	struct str s;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "-----BEGIN X-----\n%s\n"
		    "-----END X-----\n", lines[i]);
		CHECK(!first(text, &s));
	}
}

/* Lengths around the pieces that are decoded at a time, and padding there. */
TEST(long_objects_are_read_in_pieces)
{
	static char in[1200], text[1700], out[1200];

	for (size_t n = 180; n < 400; n++) {
		struct buf t = buf_fixed(text, sizeof(text));
		struct buf b = buf_fixed(out, sizeof(out));
		struct str rest;
		struct pem o;

		for (size_t i = 0; i < n; i++) {
			in[i] = (char)(i * 7);
		}
		buf_add(&t, S("-----BEGIN X-----\n"));
		enc_base64(&t, str_of(in, n));
		buf_add(&t, S("\n-----END X-----\n"));
		rest = buf_str(&t);
		CHECK_INT(pem_next(&rest, &o), ERR_OK);
		CHECK(pem_decode(&o, &b));
		CHECK_STR(buf_str(&b), str_of(in, n));
		b = buf_fixed(out, n - 1);
		CHECK(!pem_decode(&o, &b));
		/* more behind the padding */
		if (n % 3 != 0) {
			o.body = str_of(o.body.p, o.body.len + 8);
			b = buf_fixed(out, sizeof(out));
			memcpy(text + t.len - 17, "AAAA\nAAAA\n", 10);
			CHECK(!pem_decode(&o, &b));
		}
	}
}

static int
feed(void *ctx, struct str text, bool more, char *log, size_t log_size)
{
	struct buf b = buf_fixed(bytes, sizeof(bytes));
	struct pem o;
	enum err err = pem_next(&text, &o);

	(void)ctx;
	if (err == ERR_OK && !pem_decode(&o, &b)) {
		err = ERR_TYPE;
	}
	snprintf(log, log_size, "%d %.*s %.*s", (int)err, STR_ARG(o.label),
	    STR_ARG(buf_str(&b)));
	return err == ERR_OK ? 1 : more ? 0 : -1;
}

TEST(five_ways_to_read_an_object)
{
	CHECK(test_five_ways(feed, NULL, S("-----BEGIN A B-----\naGkh\naGkh"
	    "\n-----END A B-----"), false));
}
