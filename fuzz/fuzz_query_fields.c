/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of a query. Every name lies inside the query, is not empty, has no
 * "@" in front and appears once; reading the query in any of the languages
 * ends, and reading it twice gives the same.
 */
#include <string.h>

#include "base/must.h"
#include "tools/query_fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check(struct str text, const struct query_fields *q)
{
	MUST(q->n <= QUERY_FIELDS_MAX_N);
	for (size_t i = 0; i < q->n; i++) {
		struct str name = q->fields[i].name;

		MUST(name.len > 0 && name.p[0] != '@');
		MUST(name.p >= text.p &&
		    name.p + name.len <= text.p + text.len);
		for (size_t k = 0; k < i; k++) {
			MUST(!str_eq(name, q->fields[k].name));
		}
	}
	MUST(q->sort.p == NULL || (q->sort.p >= text.p &&
	    q->sort.p + q->sort.len <= text.p + text.len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const LANGUAGES[] = { "", "CWLI", "PPL", "SQL" };
	struct str text = str_of((const char *)data, len);
	struct query_fields once, twice;

	for (size_t i = 0; i < 4; i++) {
		query_fields_parse(text, str_from_z(LANGUAGES[i]), &once);
		query_fields_parse(text, str_from_z(LANGUAGES[i]), &twice);
		check(text, &once);
		MUST(once.n == twice.n && once.rows_only == twice.rows_only);
		MUST(i == 0 || once.language ==
		    (enum query_fields_language)(i - 1));
	}
	return 0;
}
