/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties: what was read, written as JSON, is JSON of strings and nulls;
 * written as YAML, it is read as the same; and the same document with CRLF for
 * LF is the same.
 */
#include "base/buf.h"
#include "proto/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
quote(struct buf *b, struct str s)
{
	struct json_writer w = json_writer(b);

	json_string(&w, s);
}

/* Block YAML with everything in quotes; as deep as the parser lets it. */
static void
emit(struct buf *b, const struct json *v, size_t indent)
{
	for (const struct json *c = v->child; c != NULL; c = c->next) {
		for (size_t i = 0; i < indent; i++) {
			buf_add_byte(b, ' ');
		}
		if (v->type == JSON_OBJECT) {
			quote(b, c->key);
			buf_add_byte(b, ':');
		} else {
			buf_add_byte(b, '-');
		}
		if (c->type == JSON_STRING) {
			buf_add_byte(b, ' ');
			quote(b, c->text);
		}
		buf_add_byte(b, '\n');
		MUST((c->child == NULL) == (c->n == 0));
		MUST(c->type != JSON_BOOL && c->type != JSON_NUMBER);
		emit(b, c, indent + 1);
	}
}

/* Reads a text and expects the tree that `want` shows. */
static void
expect(struct arena *a, struct str text, struct str want)
{
	struct buf b = buf_in(a, want.len + 1);
	struct json_writer w = json_writer(&b);
	struct json *v;

	MUST(yaml_parse(a, text, &v, NULL) == ERR_OK);
	json_value(&w, v);
	MUST(str_eq(buf_str(&b), want));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_of((const char *)data, size);
	struct json *v;
	struct arena a;
	struct buf json, yaml, crlf;
	struct json_writer w = json_writer(&json);

	if (size > 8192 || str_find_byte(in, '\r', 0) < size) {
		return 0;
	}
	arena_init(&a, (size_t)64 << 20);
	json = buf_in(&a, (size_t)1 << 20);
	yaml = buf_in(&a, (size_t)1 << 20);
	crlf = buf_in(&a, 2 * size + 1);
	for (size_t i = 0; i < size; i++) {
		buf_add(&crlf, in.p[i] == '\n' ? S("\r\n") :
		    str_sub(in, i, i + 1));
	}
	if (yaml_parse(&a, in, &v, NULL) == ERR_OK) {
		json_value(&w, v);
		MUST(buf_ok(&json));
		if (v->child != NULL) {
			emit(&yaml, v, 0);
			expect(&a, buf_str(&yaml), buf_str(&json));
		}
		expect(&a, buf_str(&crlf), buf_str(&json));
		MUST(json_parse(&a, buf_str(&json), JSON_REJECT_DUPLICATES, &v,
		    NULL) == ERR_OK);
	}
	arena_free(&a);
	return 0;
}
