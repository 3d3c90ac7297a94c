/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking the demo account in tests: one call, one parsed answer.
 */
#ifndef TESTS_DEMO_ASK_H
#define TESTS_DEMO_ASK_H

#include "base/arena.h"
#include "demo/demo.h"
#include "fake_sys.h"
#include "proto/json.h"

struct demo_ask {
	struct fake_sys sys;
	struct demo demo;
	struct arena arena;      /* reset by every call */
	struct demo_reply reply;
	const struct json *json; /* the body when it is JSON, else NULL */
};

void demo_ask_init(struct demo_ask *q);
void demo_ask_free(struct demo_ask *q);
/* Calls a CloudWatch or Logs operation (told apart by `logs`) unsigned. */
const struct json *demo_ask_call(struct demo_ask *q, bool logs,
    const char *operation, const char *body);
/* A header of the last reply. */
struct str demo_ask_header(const struct demo_ask *q, const char *name);
/* The member "__type" or "message" of the last reply. */
struct str demo_ask_error(const struct demo_ask *q);

#endif
