/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real struct sys: Linux system calls (and POSIX threads for the locks and
 * the name resolver).
 *
 * Clocks are CLOCK_REALTIME and CLOCK_MONOTONIC; entropy is getrandom(2);
 * waiting is poll(2) on the streams and the cancel's descriptor; log lines are
 * one write(2) each, so that lines of several threads do not mix. Every
 * descriptor is close-on-exec; sockets and child pipes are non-blocking.
 *
 * Programs run in their own process group with standard input from /dev/null
 * and default signal handling; at the deadline the whole group is killed.
 *
 * Connections are net/stream.h. A call may come from any thread; nothing here
 * starts a thread but the name resolver (net/resolve.h).
 */
#ifndef NET_SYS_LINUX_H
#define NET_SYS_LINUX_H

#include "base/arena.h"
#include "base/err.h"
#include "base/sys.h"

struct sys_linux;

/* Makes the real world; it lives as long as the process, in an arena that
 * nobody else uses (it takes connections from it later, up to SYS_STREAM_MAX).
 * Checks that the kernel gives entropy: ERR_IO with a sentence otherwise, which
 * has to end the start. envp as main() got it, kept. */
enum err sys_linux_new(struct sys_linux **out, struct arena *a,
    char *const *envp, struct fail *f) MUST_USE;
/* The table to pass on. */
const struct sys *sys_linux_sys(struct sys_linux *s);
/* The most memory it takes from the arena. */
size_t sys_linux_memory_max(void);

#endif
