/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the relocated constants read-only.
 *
 * The linker collects what only start-up relocation writes (tables of
 * pointers, the GOT) into the PT_GNU_RELRO segment, and expects the dynamic
 * loader to write-protect it. A static-pie program has no loader, and musl's
 * start-up code does not do it, so a constructor here does, before main().
 * Linking this object is enough.
 */
#ifndef NET_RELRO_H
#define NET_RELRO_H

/* Write-protects the program's own PT_GNU_RELRO segment; runs by itself
 * before main() and may be called again. The program is ended when the kernel
 * refuses, as a process that cannot harden itself should not hold keys. */
void relro_protect(void);

#endif
