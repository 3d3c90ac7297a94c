/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plain main() for fuzz targets: replays files, and the files of folders,
 * each twice, because the second pass finds state that the first one left
 * behind. So every corpus is a regression test under any compiler.
 *
 *	replay_json fuzz/corpus/json crash-file ...
 *
 * Each input is copied to the heap at its exact length, where a sanitizer sees
 * a read behind its end. Prints the number of inputs.
 */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int input_n;

static int
replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	long len;

	if (f == NULL) {
		perror(path);
		return 1;
	}
	if (fseek(f, 0, SEEK_END) != 0 || (len = ftell(f)) < 0 ||
	    fseek(f, 0, SEEK_SET) != 0) {
		perror(path);
		(void)fclose(f);
		return 1;
	}
	data = malloc((size_t)len + (len == 0));
	if (data == NULL || fread(data, 1, (size_t)len, f) != (size_t)len) {
		(void)fprintf(stderr, "%s: cannot read\n", path);
		free(data);
		(void)fclose(f);
		return 1;
	}
	(void)fclose(f);
	(void)LLVMFuzzerTestOneInput(data, (size_t)len);
	(void)LLVMFuzzerTestOneInput(data, (size_t)len);
	free(data);
	input_n++;
	return 0;
}

static int
replay_path(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	int bad = 0;

	if (dir == NULL) {
		return replay_file(path);
	}
	while ((e = readdir(dir)) != NULL) {
		char name[4096];

		if (e->d_name[0] == '.') {
			continue;
		}
		(void)snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		bad |= replay_file(name);
	}
	(void)closedir(dir);
	return bad;
}

int
main(int argc, char **argv)
{
	int bad = 0;

	for (int i = 1; i < argc; i++) {
		bad |= replay_path(argv[i]);
	}
	printf("%d inputs\n", input_n);
	return bad;
}
