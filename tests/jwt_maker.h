/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens for tests, signed with the private key of p256 (jwt_vectors.h). */
#ifndef TESTS_JWT_MAKER_H
#define TESTS_JWT_MAKER_H

#include "base/arena.h"
#include "base/str.h"

/* The JWT of a header and claims, both JSON as text; in the arena. */
struct str jwt_make(struct arena *a, const char *header, const char *claims);

#endif
