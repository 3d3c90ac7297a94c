/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each class, stated again in the words of its RFC, over all 256 bytes.
 */
#include "test.h"

#include "proto/chars.h"

/* Whether the class holds exactly the bytes of `want`, plus letters and digits
 * where said. */
static bool
class_is(unsigned class, const char *want, bool alnum)
{
	for (int i = 0; i < 256; i++) {
		char c = (char)i;
		bool in = (alnum && str_is_alnum(c)) ||
		    (c != '\0' && strchr(want, c) != NULL);

		if (chars_is(c, class) != in) {
			printf("    byte 0x%02x\n", (unsigned)i);
			return false;
		}
	}
	return true;
}

TEST(token_is_tchar_of_rfc_9110)
{
	CHECK(class_is(CHARS_TOKEN, "!#$%&'*+-.^_`|~", true));
}

TEST(url_is_pchar_and_slash_without_percent)
{
	CHECK(class_is(CHARS_URL, "-._~!$&'()*+,;=:@/", true));
}

TEST(unreserved_is_what_rfc_3986_says)
{
	CHECK(class_is(CHARS_UNRESERVED, "-._~", true));
}

TEST(hex_label_and_digit_are_what_they_say)
{
	CHECK(class_is(CHARS_HEX, "0123456789abcdefABCDEF", false));
	CHECK(class_is(CHARS_LABEL, "-_", true));
	CHECK(class_is(CHARS_DIGIT, "0123456789", false));
}

TEST(value_and_visible_exclude_control_bytes)
{
	for (int i = 0; i < 256; i++) {
		CHECK(chars_is((char)i, CHARS_VISIBLE) ==
		    (i > 0x20 && i < 0x7f));
		CHECK(chars_is((char)i, CHARS_VALUE) ==
		    (i == '\t' || (i >= 0x20 && i != 0x7f)));
	}
}

TEST(hex_digits_have_their_values)
{
	const char lower[] = "0123456789abcdef";
	const char upper[] = "0123456789ABCDEF";

	for (unsigned i = 0; i < 16; i++) {
		CHECK_INT(chars_hex(lower[i]), i);
		CHECK_INT(chars_hex(upper[i]), i);
	}
}

TEST(skip_stops_at_the_first_other_byte_or_the_end)
{
	struct str s = test_guarded(S("abc def"));

	CHECK(chars_skip(s.p, s.p + s.len, CHARS_TOKEN) == s.p + 3);
	CHECK(chars_skip(s.p + 4, s.p + s.len, CHARS_TOKEN) == s.p + s.len);
	CHECK(chars_skip(s.p, s.p, CHARS_TOKEN) == s.p);
}
