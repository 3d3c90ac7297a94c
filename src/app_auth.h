/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may go on with a request, and as whom: what stands between the routes
 * and auth/. It turns what auth/ found into a gate for the engine (tools,
 * rate) and a caller for AWS (profiles, keys), and writes the audit line.
 */
#ifndef APP_AUTH_H
#define APP_AUTH_H

#include "visit.h"

enum app_auth {
	APP_AUTH_OK,      /* known: the visit may go on */
	APP_AUTH_REFUSED, /* the reply is complete */
	APP_AUTH_LATER    /* has to wait: app_auth_wait() on a worker */
};

/* Asks who sent an HTTP request, where the route is not open to everybody.
 * Loop thread; never waits. */
enum app_auth app_auth_check(struct visit *v);
/* The same on a worker; never APP_AUTH_LATER. */
enum app_auth app_auth_wait(struct visit *v);

/* The word for what a caller is known by. */
struct str app_auth_kind(enum auth_kind kind);

/* GET /.well-known/oauth-protected-resource[/mcp] (RFC 9728). */
enum app_verdict app_auth_metadata(struct visit *v);

/* One line for each call of a tool: who, what, where, with which outcome. On
 * every front, whatever the level of the log. */
void app_auth_audit(const struct visit *v);

#endif
