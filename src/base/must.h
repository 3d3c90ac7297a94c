/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programmer errors.
 *
 * MUST(cond) states what the code around it relies on. It is compiled into
 * every build and ends the process when the condition is false, because going
 * on with a broken invariant in a program that signs requests is worse than
 * stopping. Input can never reach a MUST: what comes from outside is an
 * operating error and travels as `enum err` (base/err.h). The fuzzers hold us
 * to that.
 */
#ifndef BASE_MUST_H
#define BASE_MUST_H

/* Reports file, line and condition through the trap itself: the debugger and
 * the core file show them; nothing is allocated or printed. Does not return. */
_Noreturn void must_fail(const char *file, int line, const char *cond);

#define MUST(cond) \
	((cond) ? (void)0 : must_fail(__FILE__, __LINE__, #cond))

/* A place that the program's own code never gets to. */
#define MUST_NOT(what) must_fail(__FILE__, __LINE__, what)

/* The result has to be looked at. */
#define MUST_USE __attribute__((warn_unused_result))

#endif
