/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a program whose invariant broke. The three arguments are kept in
 * volatile objects so that a core file shows them even without debug symbols.
 */
#include "base/must.h"

#include <stdlib.h>

/* see must.h */
_Noreturn void
must_fail(const char *file, int line, const char *cond)
{
	const char *volatile where = file;
	const char *volatile what = cond;
	volatile int at = line;

	(void)where;
	(void)what;
	(void)at;
	abort();
}
