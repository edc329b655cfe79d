/* SPDX-License-Identifier: MIT */
/*
 * tests/guest/mkcpio.c: mkcpio <LIST >ARCHIVE: an initramfs of nothing but what the list says, so
 * that its digest repeats: no times, no owners, no inode numbers of this machine, and no root
 * needed. Lines:
 *
 *	dir PATH MODE
 *	file PATH MODE SOURCE
 *	link PATH TARGET
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"

#define WORDS    4
#define FILE_MAX ((size_t)64 << 20)

struct archive {
	struct buffer bytes;
	unsigned entries;
};

static void pad(struct buffer *b, size_t to)
{
	static const uint8_t zero[512];

	buffer_add(b, zero, (to - b->size % to) % to);
}

/*
 * One entry in the "newc" format (Linux
 * Documentation/driver-api/early-userspace/buffer-format.rst). A link count of 1 throughout: with 2
 * the kernel would look for the file's other names.
 */
static void entry_add(struct archive *a, const char *path, unsigned mode, const void *data,
                      size_t size)
{
	enum { INODE, MODE, UID, GID, LINKS, TIME, SIZE, PATH_SIZE = 11, CHECK, FIELDS };
	const uint32_t field[FIELDS] = { [INODE] = a->entries++,
		                         [MODE] = mode,
		                         [LINKS] = 1,
		                         [SIZE] = (uint32_t)size, /* at most FILE_MAX */
		                         [PATH_SIZE] = (uint32_t)strlen(path) + 1 };
	char digits[9];

	buffer_add(&a->bytes, "070701", 6);
	for (int i = 0; i < FIELDS; i++) {
		snprintf(digits, sizeof(digits), "%08x", field[i]);
		buffer_add(&a->bytes, digits, 8);
	}
	buffer_add(&a->bytes, path, field[PATH_SIZE]);
	pad(&a->bytes, 4);
	buffer_add(&a->bytes, data, size);
	pad(&a->bytes, 4);
}

static int mode_parse(const char *text, unsigned *ret, struct error *err)
{
	char *end;
	unsigned long mode = strtoul(text, &end, 8);

	if (end == text || *end || mode > 07777)
		return error_set(err, ERROR_BAD_VALUE, "'%s' is not a mode in octal", text);
	*ret = (unsigned)mode;
	return 0;
}

static int dir_add(struct archive *a, char **word, struct error *err)
{
	unsigned mode = 0;
	int r = mode_parse(word[2], &mode, err);

	if (r == 0)
		entry_add(a, word[1], S_IFDIR | mode, NULL, 0);
	return r;
}

static int file_add(struct archive *a, char **word, struct error *err)
{
	auto_blob struct blob data = BLOB_NONE;
	unsigned mode = 0;
	int r = mode_parse(word[2], &mode, err);

	if (r == 0)
		r = blob_read(word[3], FILE_MAX, &data, err);
	if (r == 0)
		entry_add(a, word[1], S_IFREG | mode, data.data, data.size);
	return r;
}

static int link_add(struct archive *a, char **word, struct error *err)
{
	(void)err;
	entry_add(a, word[1], S_IFLNK | 0777, word[2], strlen(word[2]));
	return 0;
}

static const struct kind {
	const char *name;
	unsigned words;
	int (*add)(struct archive *a, char **word, struct error *err);
} kinds[] = {
	{ "dir", 3, dir_add },
	{ "file", 4, file_add },
	{ "link", 3, link_add },
};

static unsigned line_split(char *line, char **word)
{
	unsigned n = 0;
	char *rest;

	for (char *w = strtok_r(line, " \n", &rest); w; w = strtok_r(NULL, " \n", &rest)) {
		if (n < WORDS)
			word[n] = w;
		n++;
	}
	return n;
}

static int line_add(struct archive *a, char *line, struct error *err)
{
	char *word[WORDS];
	unsigned n = line_split(line, word);

	for (size_t i = 0; n > 0 && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(word[0], kinds[i].name) == 0 && n == kinds[i].words)
			return kinds[i].add(a, word, err);
	return error_set(err, ERROR_SYNTAX,
	                 "no line of a list, or one with too many or too few words");
}

static int list_read(FILE *list, struct archive *a, struct error *err)
{
	auto_free char *line = NULL;
	size_t cap = 0;
	unsigned number = 0;
	int r = 0;

	while (r == 0 && getline(&line, &cap, list) > 0) {
		number++;
		r = line_add(a, line, err);
	}
	return r == 0 ? 0 : error_wrap(err, "line %u", number);
}

static int archive_write(struct archive *a, FILE *to, struct error *err)
{
	entry_add(a, "TRAILER!!!", 0, NULL, 0);
	pad(&a->bytes, 512);
	if (a->bytes.failed)
		return error_nomem(err, "the archive");
	if (fwrite(a->bytes.data, 1, a->bytes.size, to) != a->bytes.size || fflush(to) != 0)
		return error_set(err, ERROR_OUTPUT, "cannot write the archive");
	return 0;
}

int main(void)
{
	struct archive a = { 0 };
	struct error err = { 0 };
	int r = list_read(stdin, &a, &err);

	if (r == 0)
		r = archive_write(&a, stdout, &err);
	if (r < 0)
		fprintf(stderr, "mkcpio: %s\n", err.text);
	buffer_fini(&a.bytes);
	return r < 0;
}
