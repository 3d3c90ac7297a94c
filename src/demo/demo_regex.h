/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions for Logs Insights, matched without backtracking: the
 * pattern becomes a small program, and all its threads advance together, so
 * the cost is at most program length times text length.
 *
 *	alternative = sequence *( "|" sequence )
 *	sequence    = *( atom [ times [ "?" ] ] )
 *	times       = "*" | "+" | "?" | "{" m [ "," [ n ] ] "}"
 *	atom        = literal | "." | class | "^" | "$" | escape |
 *	              "(" [ "?:" ] alternative ")"
 *	class       = "[" [ "^" ] 1*( byte | byte "-" byte | escape ) "]"
 *	escape      = "\" ( d | D | w | W | s | S | b | n | t | byte )
 *
 * "(?i)" in front ignores ASCII case; (?<name>...) is a plain group. Bytes,
 * not characters: "." takes one byte of a longer UTF-8 sequence. Not
 * supported: back references, look-around, possessive quantifiers.
 */
#ifndef DEMO_DEMO_REGEX_H
#define DEMO_DEMO_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* Instructions of one program: {m,n} repeats its part up to this. */
#define DEMO_REGEX_MAX_N 512
#define DEMO_REGEX_CLASS_MAX_N 16

struct demo_regex;

/* Compiles a pattern, which has to outlive the result, into the arena. NULL:
 * empty, malformed, too long or no memory. */
struct demo_regex *demo_regex_compile(struct arena *a, struct str pattern)
    MUST_USE;
/* The pattern matches somewhere in s. *steps is lowered by the work done; when
 * it is used up the answer is false and *steps is 0. */
bool demo_regex_search(const struct demo_regex *re, struct str s,
    uint64_t *steps) MUST_USE;

#endif
