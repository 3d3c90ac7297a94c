/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page for people at /: one HTML document that holds its style and script,
 * made from src/page when the program is built. It asks nothing but this
 * server, through /, /ready and what is below /mcp, so that it may do what its
 * reader may do.
 *
 * It is kept and sent gzip-compressed (RFC 9110 8.4.1.3). Who does not take
 * that, gets the JSON that stands at / for programs. Its policy (CSP Level 3)
 * lets the one script and the one style run that the page came with, lets them
 * talk to this server, and makes the browser refuse to turn text into markup.
 */
#ifndef APP_PAGE_H
#define APP_PAGE_H

#include <stdbool.h>

#include "visit.h"

/* Whether this GET of / asks for HTML by name, as browsers do, and takes it
 * compressed. */
bool app_page_wanted(const struct http1_request *r);
/* The page, or 304 where the caller has it already (RFC 9110 13.1.2). */
enum app_verdict app_page_begin(struct visit *v);
/* What the answer at / depends on, whichever it is. */
struct http1_header app_page_vary(void);

#endif
