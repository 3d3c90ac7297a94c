/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns page.html, page.css and page.js, given in this order, into
 * build/gen/page_pack.h: one gzip member (RFC 1952) that holds the whole page,
 * its entity tag, and the hashes by which the Content-Security-Policy knows
 * its style and its script. Runs on the machine that builds; its output depends
 * on nothing but those files and tools.def.
 *
 * Comments and indentation stay behind. So that no parser is needed to find
 * them, comments of the sources stand on lines of their own, and no text or
 * pattern runs over several lines. In page.html a line of its own, "@style" or
 * "@script", stands for the other two; "@families" in page.js becomes the
 * families of tools.def: "family tool tool;family tool".
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page/deflate.h"
#include "page/sha256.h"

#define LINE_MAX_LEN 1000
#define TAG_LEN 8 /* bytes of the digest in the entity tag */

#define TOOL(family, name) { #family, #name },
static const struct {
	const char *family, *name;
} tools[] = {
#include "tools/tools.def"
};
#undef TOOL

#define TOOL_N (sizeof(tools) / sizeof(tools[0]))

struct text {
	size_t len;
	unsigned char bytes[DEFLATE_IN_MAX];
};

static _Noreturn void
die(const char *what, const char *where)
{
	(void)fprintf(stderr, "page: %s: %s\n", where, what);
	_Exit(1);
}

static void
add(struct text *t, const char *bytes, size_t len)
{
	if (len > sizeof(t->bytes) - t->len) {
		die("too long", "the page");
	}
	memcpy(t->bytes + t->len, bytes, len);
	t->len += len;
}

static void
add_z(struct text *t, const char *z)
{
	add(t, z, strlen(z));
}

static void
add_families(struct text *t)
{
	size_t i;

	for (i = 0; i < TOOL_N; i++) {
		if (i == 0 || strcmp(tools[i - 1].family, tools[i].family)
		    != 0) {
			add_z(t, i == 0 ? "" : ";");
			add_z(t, tools[i].family);
		}
		add_z(t, " ");
		add_z(t, tools[i].name);
	}
}

/* The line without what surrounds it, or "" where it is a comment or in one. */
static char *
stripped(char *line, bool *in_comment)
{
	size_t len;

	line += strspn(line, "\t ");
	len = strlen(line);
	while (len > 0 && strchr("\t \n", line[len - 1]) != NULL) {
		line[--len] = '\0';
	}
	if (*in_comment || strncmp(line, "/*", 2) == 0 ||
	    strncmp(line, "<!--", 4) == 0) {
		*in_comment = strstr(line, "*/") == NULL &&
		    strstr(line, "-->") == NULL;
		return line + len;
	}
	return strncmp(line, "//", 2) == 0 ? line + len : line;
}

/* Reads a source. `style` and `script` are for the lines that stand for them;
 * NULL in these themselves. */
static void
read_source(struct text *t, const char *path, const struct text *style,
    const struct text *script)
{
	static const char families[] = "@families";
	char line[LINE_MAX_LEN];
	bool in_comment = false;
	FILE *f = fopen(path, "r");

	if (f == NULL) {
		die("cannot be read", path);
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		char *text = stripped(line, &in_comment);
		char *at = strstr(text, families);

		if (style != NULL && strcmp(text, "@style") == 0) {
			add_z(t, "<style>");
			add(t, (const char *)style->bytes, style->len);
			add_z(t, "</style>\n");
		} else if (script != NULL && strcmp(text, "@script") == 0) {
			add_z(t, "<script type=\"module\">");
			add(t, (const char *)script->bytes, script->len);
			add_z(t, "</script>\n");
		} else if (at != NULL) {
			add(t, text, (size_t)(at - text));
			add_families(t);
			add_z(t, at + sizeof(families) - 1);
			add_z(t, "\n");
		} else if (*text != '\0') {
			if (style == NULL && strstr(text, "</s") != NULL) {
				die("would end its own element", path);
			}
			add_z(t, text);
			add_z(t, "\n");
		}
	}
	if (in_comment || fclose(f) != 0) {
		die("ends too early", path);
	}
}

static uint32_t
crc32_of(const unsigned char *p, size_t len)
{
	uint32_t crc = UINT32_MAX;
	size_t i;

	for (i = 0; i < len; i++) {
		int bit;

		crc ^= p[i];
		for (bit = 0; bit < 8; bit++) {
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
		}
	}
	return ~crc;
}

static void
print_u32(uint32_t value)
{
	(void)printf("\t%u, %u, %u, %u,\n", (unsigned)(value & 255),
	    (unsigned)(value >> 8 & 255), (unsigned)(value >> 16 & 255),
	    (unsigned)(value >> 24));
}

/* The member: deflate, no time, no name, the system not said. */
static void
print_gzip(const struct text *page)
{
	static unsigned char packed[DEFLATE_IN_MAX];
	size_t len = deflate_block(packed, sizeof(packed), page->bytes,
	    page->len);
	size_t i;

	if (len == 0) {
		die("cannot be compressed", "the page");
	}
	(void)printf("\nstatic const unsigned char page_pack_bytes[] = {\n"
	    "\t31, 139, 8, 0, 0, 0, 0, 0, 2, 255,\n");
	for (i = 0; i < len; i++) {
		(void)printf("%s%u,%s", i % 16 == 0 ? "\t" : " ", packed[i],
		    i % 16 == 15 || i + 1 == len ? "\n" : "");
	}
	print_u32(crc32_of(page->bytes, page->len));
	print_u32((uint32_t)page->len);
	(void)printf("};\n");
}

/* A source of the policy: 'sha256-' and the digest in base64. */
static void
print_hash(const char *name, const struct text *t)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char hash[SHA256_LEN + 1] = { 0 };
	size_t i;

	sha256_of(hash, t->bytes, t->len);
	(void)printf("#define PAGE_PACK_%s \"'sha256-", name);
	for (i = 0; i < (8 * SHA256_LEN + 5) / 6; i++) {
		unsigned at = (unsigned)(6 * i);
		unsigned pair = (unsigned)hash[at / 8] << 8 |
		    (at / 8 + 1 < sizeof(hash) ? hash[at / 8 + 1] : 0u);

		(void)putchar(digits[pair >> (10 - at % 8) & 63]);
	}
	(void)printf("='\"\n");
}

static void
print_tag(const struct text *page)
{
	unsigned char hash[SHA256_LEN];
	size_t i;

	sha256_of(hash, page->bytes, page->len);
	(void)printf("#define PAGE_PACK_TAG \"\\\"");
	for (i = 0; i < TAG_LEN; i++) {
		(void)printf("%02x", hash[i]);
	}
	(void)printf("\\\"\"\n");
}

int
main(int argc, char **argv)
{
	static struct text page, style, script;

	if (argc != 4) {
		die("give page.html page.css page.js", "pack");
	}
	read_source(&style, argv[2], NULL, NULL);
	read_source(&script, argv[3], NULL, NULL);
	read_source(&page, argv[1], &style, &script);
	(void)printf("/* Generated by src/page/pack.c: do not edit. */\n");
	print_tag(&page);
	print_hash("STYLE", &style);
	print_hash("SCRIPT", &script);
	print_gzip(&page);
	return 0;
}
