/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The README's tables are those of the program. GOLDEN_UPDATE=1 rewrites them.
 */
#include "test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "config.h"
#include "tools/tools.h"

#define PATH "README.md"

static char file[256 * 1024];

static struct str
read_all(void)
{
	FILE *f = fopen(PATH, "r");
	size_t n;

	if (f == NULL) {
		return STR_NONE;
	}
	n = fread(file, 1, sizeof(file), f);
	(void)fclose(f);
	return str_of(file, n);
}

/* Puts `table` between the two markers, or only compares. */
static bool
same_or_updated(struct str begin, struct str end, struct str table)
{
	struct str text = read_all();
	size_t from = str_find(text, begin, 0) + begin.len;
	size_t to = str_find(text, end, from);
	FILE *f;

	if (to >= text.len) {
		return false;
	}
	if (str_eq(str_sub(text, from, to), table)) {
		return true;
	}
	if (getenv("GOLDEN_UPDATE") == NULL) {
		return false;
	}
	f = fopen(PATH, "w");
	if (f == NULL) {
		return false;
	}
	(void)fprintf(f, "%.*s%.*s%.*s", (int)from, text.p, STR_ARG(table),
	    STR_ARG(str_sub(text, to, text.len)));
	return fclose(f) == 0;
}

static char table[64 * 1024];

TEST(the_settings_table_is_the_programs)
{
	struct buf b = buf_fixed(table, sizeof(table));

	buf_add_byte(&b, '\n');
	config_markdown(&b);
	CHECK(buf_ok(&b));
	CHECK(same_or_updated(S("<!-- settings -->"), S("<!-- /settings -->"),
	    buf_str(&b)));
}

TEST(the_tool_reference_is_the_programs)
{
	const struct mcp_config config = { .tools = tools_table,
	    .tool_n = tools_n };
	struct buf b = buf_fixed(table, sizeof(table));

	buf_add_byte(&b, '\n');
	cli_markdown(&config, &b);
	CHECK(buf_ok(&b));
	CHECK(same_or_updated(S("<!-- tools -->"), S("<!-- /tools -->"),
	    buf_str(&b)));
}
