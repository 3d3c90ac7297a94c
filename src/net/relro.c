/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Write-protection of PT_GNU_RELRO in a static-pie program: see relro.h.
 * dl_iterate_phdr() names the program itself first, with its load address.
 * ld ends the segment at a page border and begins it in the page that begins
 * the writable data, so rounding both down covers it and nothing else.
 */
#include "net/relro.h"

#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/must.h"

static int
protect(struct dl_phdr_info *info, size_t size, void *ctx)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)ctx;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
		uintptr_t to = from + info->dlpi_phdr[i].p_memsz;

		if (info->dlpi_phdr[i].p_type != PT_GNU_RELRO) {
			continue;
		}
		from &= ~(page - 1);
		to &= ~(page - 1);
		MUST(to <= from || mprotect((void *)from, to - from,
		    PROT_READ) == 0);
	}
	return 1; /* only the program itself */
}

/* see relro.h */
__attribute__((constructor)) void
relro_protect(void)
{
	(void)dl_iterate_phdr(protect, NULL);
}
