/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small XML that STS answers: elements with text, nothing else of
 * interest.
 *
 * xml_pick() reads a whole document once, checks that tags nest and close, and
 * hands out the text of the elements asked for. Character data is decoded:
 * the five named entities, decimal and hexadecimal references, CDATA.
 * Attributes (xmlns) are checked for their quotes and skipped; comments and
 * processing instructions are skipped. DOCTYPE is refused: it is where
 * entities are defined, and no AWS answer has one.
 *
 * Not supported, on purpose: namespaces (a prefix is part of the name),
 * mixed content (an element with child elements has no text), encodings other
 * than UTF-8, line-end normalisation. Text is not checked to be UTF-8; NUL and
 * other control characters that XML forbids are errors.
 *
 * Depth is bounded by XML_DEPTH_MAX; the parser does not recurse.
 */
#ifndef PROTO_XML_H
#define PROTO_XML_H

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* One element to look for. */
struct xml_pick {
	struct str path; /* names from the root, "ErrorResponse/Error/Code" */
	struct str text; /* out: text of the first such element; empty when it
	                  * has none; absent when there is no such element */
};

/* Reads `in` and fills picks[i].text. Text without references is a slice of
 * the input, other text lives in the arena. ERR_SYNTAX (f->pos: byte offset),
 * ERR_DEPTH, ERR_NOMEM; the picks are then worthless. */
enum err xml_pick(struct arena *a, struct str in, struct xml_pick *picks,
    size_t pick_n, struct fail *f) MUST_USE;

/* Appends text as character data: &, <, >, quotes and CR as references. Control
 * characters that XML cannot carry become U+FFFD. */
void xml_add_text(struct buf *b, struct str s);

#endif
