/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties: any bytes are read without harm and give the same answer from a
 * copy; what xml_add_text() writes reads back unchanged.
 */
#include "base/buf.h"
#include "proto/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
carries(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') {
			return false;
		}
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_of((const char *)data, size);
	struct xml_pick p[] = {
		{ S("a"), STR_NONE }, { S("a/b"), STR_NONE },
		{ S("ErrorResponse/Error/Code"), STR_NONE },
	};
	struct xml_pick q = { S("t"), STR_NONE };
	struct arena a;
	struct buf b;
	enum err err;

	if (size > 65536) {
		return 0;
	}
	arena_init(&a, (size_t)64 << 20);
	err = xml_pick(&a, in, p, 3, NULL);
	MUST(err != ERR_NOMEM);
	for (size_t i = 0; err == ERR_OK && i < 3; i++) {
		MUST(p[i].text.len <= size);
	}
	b = buf_in(&a, 8 * size + 16);
	buf_add(&b, S("<t>"));
	xml_add_text(&b, in);
	buf_add(&b, S("</t>"));
	MUST(buf_ok(&b));
	MUST(xml_pick(&a, buf_str(&b), &q, 1, NULL) == ERR_OK);
	MUST(!carries(in) || str_eq(q.text, in));
	arena_free(&a);
	return 0;
}
