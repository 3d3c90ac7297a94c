/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The AWS operations this program may send: the whole list, and all of them
 * read. What is not here is refused before keys are looked up for it, so that
 * no tool, present or future, can change anything in an account by mistake.
 *
 * Two of them look like more than a read: StartQuery and StopQuery begin and
 * end the reading of logs and leave nothing behind. The two AssumeRole
 * operations give this process other keys.
 *
 * For each there is a call that costs nothing and whose only purpose is to see
 * whether IAM allows it (cloudwatch-mcp doctor). It names things that do not
 * exist where the operation wants a name.
 */
#ifndef AWS_OPERATION_H
#define AWS_OPERATION_H

#include <stdbool.h>
#include <stddef.h>

#include "aws/endpoint.h"
#include "base/str.h"

struct operation {
	enum endpoint_service service; /* ENDPOINT_LOGS for both its hosts */
	struct str name;  /* also the IAM action, behind the service */
	struct str probe; /* JSON body of the harmless call; absent: none,
	                   * as it needs no permission or that of another */
};

/* Sorted by service and name. */
extern const struct operation operation_list[];
extern const size_t operation_n;

/* Its place in the list; operation_n: it is not there. */
size_t operation_index(enum endpoint_service service, struct str name);
/* The operation may be sent. Names are compared as they are written. */
bool operation_ok(enum endpoint_service service, struct str name) MUST_USE;

#endif
