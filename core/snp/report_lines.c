/* SPDX-License-Identifier: MIT */
/*
 * core/snp/report_lines.c: finds the mark in each line, and puts blocks together. The guest may
 * print anything: nothing grows, and what it says of sizes is only compared.
 */
#include "core/snp/report_lines.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"

enum { LINE_BYTES = 42, LINE_CAP = 80 };

/* Its first character comes only once in it, so finding it needs no look back. */
static const char mark[] = "snpvmm-report: ";

struct report_lines {
	pthread_mutex_t lock;
	size_t matched; /* characters of the mark that the last bytes are */
	bool marked;    /* the mark came: `line` is what stands behind it */
	char line[LINE_CAP];
	size_t held;

	bool open;   /* a block has begun */
	size_t size; /* its size and CRC, as it says itself */
	uint32_t crc;
	size_t next;       /* the number of the line that comes next */
	const char *fault; /* of the last block that didn't come whole */
	uint8_t bytes[REPORT_LINES_MAX];

	uint8_t whole[REPORT_LINES_MAX];
	atomic_size_t whole_size; /* 0: no block came whole */
};

struct report_lines *report_lines_new(void)
{
	struct report_lines *l = calloc(1, sizeof(*l));

	if (l)
		pthread_mutex_init(&l->lock, NULL);
	return l;
}

void report_lines_free(struct report_lines *l)
{
	if (!l)
		return;
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* The CRC of zlib and gzip. */
static uint32_t crc32_of(const uint8_t *bytes, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* "begin 1184 bytes, crc32 0x0a1b2c3d", or "end" with the same. False: it is no such line. */
static bool end_parse(const char *line, const char *word, size_t *ret_size, uint32_t *ret_crc)
{
	size_t n = strlen(word), size = 0;
	char want[LINE_CAP];
	uint8_t crc[4];

	if (strncmp(line, word, n) != 0 || line[n] != ' ')
		return false;
	for (const char *c = line + n + 1; *c >= '0' && *c <= '9' && size <= REPORT_LINES_MAX; c++)
		size = 10 * size + (size_t)(*c - '0');
	n = (size_t)snprintf(want, sizeof(want), "%s %zu bytes, crc32 0x", word, size);
	if (size == 0 || size > REPORT_LINES_MAX || strncmp(line, want, n) != 0 ||
	    strnlen(line + n, 8) != 8 || !hex_parse(line + n, 8, crc, 4))
		return false;
	*ret_size = size;
	*ret_crc = (uint32_t)crc[0] << 24 | (uint32_t)crc[1] << 16 | (uint32_t)crc[2] << 8 | crc[3];
	return true;
}

static void block_break(struct report_lines *l, const char *fault)
{
	l->fault = fault;
	l->open = false;
}

static void block_end(struct report_lines *l, size_t size, uint32_t crc)
{
	uint32_t sum;

	if (!l->open)
		return; /* what was wrong with the block is known, or its begin never came */
	sum = crc32_of(l->bytes, l->size);
	if (l->next * LINE_BYTES < l->size) {
		block_break(l, "lacks lines");
	} else if (size != l->size || crc != l->crc) {
		block_break(l, "ends as another one than it begins");
	} else if (crc != sum) {
		block_break(l, "has another checksum than it says");
	} else {
		memcpy(l->whole, l->bytes, size);
		l->whole_size = size;
		l->open = false;
	}
}

/* "07 " and the base64 of a line's bytes; what follows is another program's. */
static void block_data(struct report_lines *l)
{
	size_t at = l->next * LINE_BYTES, n = at < l->size ? MIN(l->size - at, LINE_BYTES) : 0;
	size_t length = (n + 2) / 3 * 4;
	char number[8];

	if (!l->open)
		return;
	snprintf(number, sizeof(number), "%02u ", (unsigned)(l->next % 1000));
	if (n == 0 || strncmp(l->line, number, 3) != 0)
		block_break(l, "lacks lines, or has some twice");
	else if (strlen(l->line + 3) < length ||
	         base64_parse(l->line + 3, length, l->bytes + at, n) != (long)n)
		block_break(l, "has a damaged line");
	else
		l->next++;
}

/* What stood behind the mark in a line. */
static void line_end(struct report_lines *l)
{
	uint32_t crc;
	size_t size;

	if (!l->marked)
		return;
	l->marked = false;
	l->line[l->held] = '\0';
	if (end_parse(l->line, "begin", &size, &crc)) {
		l->fault = "was cut: its end never came";
		l->open = true;
		l->size = size;
		l->crc = crc;
		l->next = 0;
	} else if (end_parse(l->line, "end", &size, &crc)) {
		if (!l->fault)
			l->fault = "lacks its beginning";
		block_end(l, size, crc);
	} else {
		if (!l->fault)
			l->fault = "lacks its beginning";
		block_data(l);
	}
}

void report_lines_put(void *lines, const uint8_t *data, size_t size)
{
	struct report_lines *l = lines;

	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < size; i++) {
		char c = (char)data[i];

		if (c == '\n' || c == '\r') {
			line_end(l);
			l->matched = 0;
			continue;
		}
		if (l->marked && l->held < LINE_CAP - 1)
			l->line[l->held++] = c;
		l->matched = c == mark[l->matched] ? l->matched + 1 : c == mark[0];
		if (!mark[l->matched]) { /* the last one in a line counts */
			l->marked = true;
			l->held = l->matched = 0;
		}
	}
	pthread_mutex_unlock(&l->lock);
}

bool report_lines_whole(const struct report_lines *l)
{
	return l->whole_size > 0;
}

size_t report_lines_take(struct report_lines *l, uint8_t to[static REPORT_LINES_MAX],
                         const char **ret_fault)
{
	size_t size;

	pthread_mutex_lock(&l->lock);
	line_end(l);
	size = l->whole_size;
	memcpy(to, l->whole, size);
	*ret_fault = l->fault;
	pthread_mutex_unlock(&l->lock);
	return size;
}
