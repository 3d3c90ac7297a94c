/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relr PROGRAM: makes the relocations of a linked program shorter, in place.
 *
 * All that a static program relocates are addresses of its own parts: words to
 * which the load address is added. ld for arm64 writes 24 bytes for each of
 * them, where the newer form (DT_RELR, which ld for x86-64 knows) needs a bit:
 * a word with the address of the first, then words whose lowest bit is set and
 * whose other 63 bits say which of the following 63 words are to be relocated.
 * The sum's other half stands in the word itself. musl knows the form.
 *
 * layout.ld has put the relocations at the end of the file, so that it ends
 * earlier. Section headers, which are of no use to run a program, go as well.
 * A program without the long form only loses its section headers. Anything
 * unexpected leaves the file as it is and ends with status 1.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)64 << 20)
#define WORD 8
/* Words that one bitmap tells of. */
#define BITS 63

static unsigned char *image;
static size_t image_len;

static _Noreturn void
die(const char *what)
{
	(void)fprintf(stderr, "relr: %s\n", what);
	_Exit(1);
}

static void
load(const char *path)
{
	FILE *f = fopen(path, "rb");

	image = malloc(FILE_MAX);
	if (f == NULL || image == NULL) {
		die("cannot read the program");
	}
	image_len = fread(image, 1, FILE_MAX, f);
	if (image_len == FILE_MAX || image_len < sizeof(Elf64_Ehdr) ||
	    memcmp(image, ELFMAG "\2\1", 6) != 0) {
		die("not a 64-bit little-endian program");
	}
	(void)fclose(f);
}

static Elf64_Phdr *
segment(size_t i)
{
	Elf64_Ehdr *e = (Elf64_Ehdr *)(void *)image;

	return i < e->e_phnum ? (Elf64_Phdr *)(void *)(image + e->e_phoff +
	    i * sizeof(Elf64_Phdr)) : NULL;
}

/* The segment that loads len bytes at an address from the file. */
static Elf64_Phdr *
loaded(Elf64_Addr address, Elf64_Xword len)
{
	Elf64_Phdr *p;

	for (size_t i = 0; (p = segment(i)) != NULL; i++) {
		if (p->p_type == PT_LOAD && address >= p->p_vaddr &&
		    address + len <= p->p_vaddr + p->p_filesz &&
		    p->p_offset + p->p_filesz <= image_len) {
			return p;
		}
	}
	die("an address outside the file");
}

static unsigned char *
at(Elf64_Addr address, Elf64_Xword len)
{
	Elf64_Phdr *p = loaded(address, len);

	return image + p->p_offset + (address - p->p_vaddr);
}

static Elf64_Dyn *
entry(Elf64_Sxword tag)
{
	Elf64_Phdr *p;

	for (size_t i = 0; (p = segment(i)) != NULL; i++) {
		Elf64_Dyn *d;

		if (p->p_type != PT_DYNAMIC) {
			continue;
		}
		d = (Elf64_Dyn *)(void *)at(p->p_vaddr, p->p_filesz);
		for (; d->d_tag != DT_NULL; d++) {
			if (d->d_tag == tag) {
				return d;
			}
		}
	}
	return NULL;
}

static int
by_offset(const void *a, const void *b)
{
	Elf64_Addr x = ((const Elf64_Rela *)a)->r_offset;
	Elf64_Addr y = ((const Elf64_Rela *)b)->r_offset;

	return (x > y) - (x < y);
}

/* Writes the short form of n sorted relocations; returns its words. */
static size_t
encode(const Elf64_Rela *r, size_t n, Elf64_Xword *out)
{
	size_t word_n = 0;
	size_t i = 0;

	while (i < n) {
		Elf64_Addr base = r[i].r_offset + WORD;

		out[word_n++] = r[i++].r_offset;
		for (;; base += BITS * WORD) {
			Elf64_Xword bits = 0;

			for (; i < n && r[i].r_offset - base < BITS * WORD;
			    i++) {
				bits |= (Elf64_Xword)2 <<
				    (r[i].r_offset - base) / WORD;
			}
			if (bits == 0) {
				break;
			}
			out[word_n++] = bits | 1;
		}
	}
	return word_n;
}

/* The addends go where they belong, and the long form is replaced. */
static void
shorten(Elf64_Dyn *table, Elf64_Dyn *size)
{
	Elf64_Phdr *p = loaded(table->d_un.d_ptr, size->d_un.d_val);
	size_t n = size->d_un.d_val / sizeof(Elf64_Rela);
	size_t offset = p->p_offset + (table->d_un.d_ptr - p->p_vaddr);
	Elf64_Rela *r = malloc(size->d_un.d_val + 1);
	Elf64_Xword *out = malloc((n + 1) * 2 * WORD);
	size_t len;

	if (r == NULL || out == NULL) {
		die("no memory");
	}
	if (entry(DT_RELR) != NULL ||
	    offset + size->d_un.d_val != p->p_offset + p->p_filesz) {
		die("the relocations are not the end of the program");
	}
	memcpy(r, image + offset, size->d_un.d_val);
	qsort(r, n, sizeof(*r), by_offset);
	for (size_t i = 0; i < n; i++) {
		if ((r[i].r_info != R_AARCH64_RELATIVE &&
		    r[i].r_info != R_X86_64_RELATIVE) ||
		    r[i].r_offset % WORD != 0) {
			die("a relocation of another kind");
		}
		memcpy(at(r[i].r_offset, WORD), &r[i].r_addend, WORD);
	}
	len = encode(r, n, out) * WORD;
	memcpy(image + offset, out, len);
	p->p_filesz = p->p_memsz = offset + len - p->p_offset;
	table->d_tag = DT_RELR;
	size->d_tag = DT_RELRSZ;
	size->d_un.d_val = len;
	entry(DT_RELAENT)->d_un.d_val = WORD;
	entry(DT_RELAENT)->d_tag = DT_RELRENT;
	if (entry(DT_RELACOUNT) != NULL) {
		entry(DT_RELACOUNT)->d_un.d_val = 0;
	}
	free(r);
	free(out);
}

/* Section headers and all else that no segment loads. */
static void
cut(void)
{
	Elf64_Ehdr *e = (Elf64_Ehdr *)(void *)image;
	size_t end = 0;
	Elf64_Phdr *p;

	for (size_t i = 0; (p = segment(i)) != NULL; i++) {
		if (p->p_type == PT_LOAD && p->p_offset + p->p_filesz > end) {
			end = p->p_offset + p->p_filesz;
		}
	}
	e->e_shoff = 0;
	e->e_shnum = e->e_shstrndx = 0;
	image_len = end;
}

int
main(int argc, char **argv)
{
	Elf64_Dyn *table, *size;
	FILE *f;

	if (argc != 2) {
		die("one program has to be named");
	}
	load(argv[1]);
	table = entry(DT_RELA);
	size = entry(DT_RELASZ);
	if (table != NULL && size != NULL && size->d_un.d_val > 0) {
		shorten(table, size);
	}
	cut();
	f = fopen(argv[1], "wb"); /* the mode stays */
	if (f == NULL || fwrite(image, 1, image_len, f) != image_len ||
	    fclose(f) != 0) {
		die("cannot write the program");
	}
	return 0;
}
