/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relocated constants are read-only. The interesting run is MODE=release
 * (`make check-binary`): elsewhere the dynamic loader protects them too.
 */
#include "net/relro.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static int target;
/* A constant that needs a relocation at start, hence lives in .data.rel.ro. */
static int *const relocated = &target;
/* Ordinary data beside it, which has to stay writable. */
static int writable = 1;

/* The signal that ends a child which writes to p, 0 when none does. */
static int
write_signal(void *p)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		(void)signal(SIGSEGV, SIG_DFL);
		*(volatile char *)p = 1;
		_exit(0);
	}
	(void)waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(writing_to_a_relocated_constant_faults)
{
	CHECK_INT(write_signal((void *)(uintptr_t)&relocated), SIGSEGV);
}

TEST(ordinary_data_stays_writable)
{
	relro_protect();
	CHECK(relocated == &target);
	CHECK_INT(write_signal(&writable), 0);
}
