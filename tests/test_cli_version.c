/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program says it is made of, as a program reads it; tests/sbom.py
 * holds it against the published schemas.
 */
#include "cli/cli.h"
#include "proto/json.h"
#include "test.h"

static char text[16384];

static struct str
member(const struct json *v, struct str name)
{
	return json_get_str(v, name, STR_NONE);
}

TEST(the_bill_of_materials_names_every_part_with_its_hash)
{
	static const struct str names[] = {
		STR_INIT("cloudwatch-mcp"), STR_INIT("bearssl"),
		STR_INIT("musl"), STR_INIT("mozilla-trust-anchors"),
		STR_INIT("cloudwatch-metric-table"),
	};
	struct buf out = buf_fixed(text, sizeof(text));
	struct arena a;
	struct fail f;
	const struct json *packages;
	struct json *doc;

	arena_init(&a, 1 << 20);
	fail_init(&f, &a);
	cli_sbom(&out);
	CHECK(buf_ok(&out));
	CHECK(json_parse(&a, buf_str(&out), 0, &doc, &f) == ERR_OK);
	CHECK_STR(member(doc, S("spdxVersion")), S("SPDX-2.3"));
	packages = json_get(doc, S("packages"));
	CHECK(packages != NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct json *p = json_at(packages, i);
		const struct json *sums = json_get(p, S("checksums"));

		CHECK_STR(member(p, S("name")), names[i]);
		CHECK(member(p, S("versionInfo")).len > 0);
		CHECK(member(p, S("licenseDeclared")).len > 0);
		CHECK((sums != NULL) == (i > 0));
		CHECK(sums == NULL || member(json_at(sums, 0),
		    S("checksumValue")).len == 64);
	}
	CHECK(json_at(packages, sizeof(names) / sizeof(names[0])) == NULL);
	arena_free(&a);
}

TEST(the_same_program_prints_the_same_bytes)
{
	static char again[sizeof(text)];
	struct buf one = buf_fixed(text, sizeof(text));
	struct buf two = buf_fixed(again, sizeof(again));

	cli_sbom(&one);
	cli_sbom(&two);
	CHECK_STR(buf_str(&one), buf_str(&two));
}

TEST(the_notices_carry_what_the_licences_ask_for)
{
	struct buf out = buf_fixed(text, sizeof(text));

	cli_notices(&out);
	CHECK(buf_ok(&out));
	CHECK(str_find(buf_str(&out), S("Thomas Pornin"), 0) < out.len);
	CHECK(str_find(buf_str(&out), S("Rich Felker"), 0) < out.len);
	CHECK(str_find(buf_str(&out), S("The above copyright notice and"), 0) <
	    out.len);
	CHECK(str_find(buf_str(&out), S("Mozilla Public License"), 0) <
	    out.len);
}
