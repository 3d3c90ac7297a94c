/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splits a credential_process. Property: words that came out, quoted again,
 * come out the same, and no command gives more bytes than it has.
 */
#include "aws/provider.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str words[SYS_RUN_ARG_MAX];
	struct str again[SYS_RUN_ARG_MAX];
	struct arena a;
	struct buf b;
	struct str why;
	size_t sum = 0;
	size_t n;
	size_t again_n;

	arena_init(&a, (size_t)4 << 20);
	b = buf_in(&a, (size_t)1 << 20);
	if (len <= INI_LINE_MAX && provider_words(&a,
	    str_of((const char *)data, len), words, &n, &why) == ERR_OK) {
		for (size_t i = 0; i < n; i++) {
			sum += words[i].len;
			buf_add_byte(&b, '"');
			for (size_t j = 0; j < words[i].len; j++) {
				char c = words[i].p[j];

				if (c == '"' || c == '\\') {
					buf_add_byte(&b, '\\');
				}
				buf_add_byte(&b, c);
			}
			buf_add(&b, S("\" "));
		}
		MUST(buf_ok(&b) && sum <= len && n > 0);
		MUST(provider_words(&a, buf_str(&b), again, &again_n, &why) ==
		    ERR_OK && again_n == n);
		for (size_t i = 0; i < n; i++) {
			MUST(str_eq(words[i], again[i]));
		}
	}
	arena_free(&a);
	return 0;
}
