/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of YAML that people write configuration in, read into the tree of
 * proto/json, so that a document in either form has one reader.
 *
 *	---                      # comment
 *	region: eu-west-1
 *	profiles:
 *	  prod:
 *	    account_id: "012345678901"
 *	accounts:
 *	- name: prod
 *	  text: 'it''s ours'
 *
 * Read are block mappings, block sequences, one level of both on a line
 * ("- key: value"), plain, single- and double-quoted scalars on one line,
 * comments, blank lines, one "---" in front, LF or CRLF, a byte order mark.
 * Escapes in double quotes are those of JSON.
 *
 * Every scalar is a string, also 012345678901 and true: who reads the tree
 * knows what it wants. An empty value, ~ and null are JSON's null. Containers
 * are never empty, and their `text` is absent.
 *
 * Everything else is refused by line number, and never guessed at: anchors,
 * aliases, tags, flow style ({} and []), block scalars (| and >), scalars over
 * several lines, directives, further documents, complex keys, tabs in the
 * indentation, repeated keys.
 *
 * YAML 1.2.2, chapters 6 to 8.
 */
#ifndef PROTO_YAML_H
#define PROTO_YAML_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "proto/json.h"

/* Reads a whole document of at most YAML_FILE_MAX bytes, YAML_NODE_MAX values
 * and YAML_DEPTH_MAX levels; an empty one is null. Strings are slices of the
 * input, which has to outlive the tree, or lie in the arena. ERR_LIMIT,
 * ERR_UTF8, ERR_SYNTAX (f->pos is the LINE NUMBER, f->what a sentence that
 * starts with it), ERR_NOMEM. */
enum err yaml_parse(struct arena *a, struct str in, struct json **out,
    struct fail *f) MUST_USE;

#endif
