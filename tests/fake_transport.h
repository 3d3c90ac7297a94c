/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transport that answers from a script and writes down what it was asked.
 *
 *	fake_transport_init(&t, &world);
 *	fake_transport_reply(&t, "PUT http://169.254.169.254/", 200, "token");
 *	struct fake_reply *r = fake_transport_reply(&t, "sts.", 503, "");
 *	r->ms = 700;
 *	... run the code under test with &t.transport ...
 *	CHECK(fake_transport_ok(&t));
 *
 * A request is "METHOD scheme://host[:port]target" and takes the first unused
 * reply whose text occurs in it. Where none fits, the exchange fails with
 * ERR_CONNECT and fake_transport_ok() is false, unless t.quiet is set.
 * Answers take r->ms on both clocks of the world; when that passes the
 * deadline the exchange ends there with ERR_TIMEOUT.
 */
#ifndef TESTS_FAKE_TRANSPORT_H
#define TESTS_FAKE_TRANSPORT_H

#include "aws/transport.h"
#include "fake_sys.h"

#define FAKE_REPLY_MAX 64

struct fake_reply {
	const char *match;   /* occurs in the request line; "" fits all */
	int status;
	const char *body;
	const char *header;  /* one more header: its name, or NULL */
	const char *value;
	enum err err;        /* the exchange fails with this instead */
	bool sent;           /* of a failed one: the request may have arrived */
	int64_t ms;          /* time it takes */
	struct str bytes;    /* body in place of `body`, NULs and all; given
	                      * to the exchange's sink where it has one... */
	size_t piece_len;    /* ...so many bytes at a time; 0: all at once... */
	int64_t piece_ms;    /* ...with this before each piece but the first */
	bool endless;        /* nothing follows, until the deadline */
	enum err after;      /* the exchange fails with this after the body */
	bool forever;        /* may be used again and again */
	unsigned used_n;     /* times it was used */
	/* Called before answering, where a test has to act in between. */
	void (*hook)(void *ctx);
	void *hook_ctx;
};

struct fake_transport {
	struct transport transport; /* give &t.transport to the code */
	struct fake_sys *world;
	struct fake_reply replies[FAKE_REPLY_MAX];
	size_t reply_n;
	bool quiet;          /* requests without a reply are expected */
	unsigned request_n;  /* requests so far */
	unsigned lost_n;     /* of them without a reply */
	bool direct;         /* the last request forbade a proxy */
	char log[65536];     /* all requests: line, headers, blank line, body,
	                      * and a line of dashes */
	size_t log_len;
};

void fake_transport_init(struct fake_transport *t, struct fake_sys *world);
/* Adds a reply at the end of the script. Texts are not copied. */
struct fake_reply *fake_transport_reply(struct fake_transport *t,
    const char *match, int status, const char *body);
/* Adds a failure. */
struct fake_reply *fake_transport_fail(struct fake_transport *t,
    const char *match, enum err err);
/* Every request had a reply and every reply (but `forever` ones) its request.
 * Prints what is missing. */
bool fake_transport_ok(const struct fake_transport *t);
/* What was asked so far. */
struct str fake_transport_log(const struct fake_transport *t);
/* It occurs in what was asked. */
bool fake_transport_saw(const struct fake_transport *t, const char *text);

#endif
