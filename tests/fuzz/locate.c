/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/locate.c: libFuzzer target: wherever a guest stopped and whatever is in its memory
 * there, a place in a firmware is found without reading beyond it, in clean texts, or none is.
 */
#include "firmware/locate.h"

#include "core/base/bytes.h"
#include "core/base/text.h"
#include "tests/fuzz/fuzz.h"
#include "tests/make/volume.h"

#define BASE     ((uint64_t)0x100000)
#define FOUR_GIB ((uint64_t)1 << 32)

/* The input from BASE on, in whole pages. */
struct memory_part {
	uint8_t *at;
	uint64_t size;
};

static const uint8_t *look(void *self, uint64_t gpa, uint64_t size)
{
	const struct memory_part *m = self;

	must(size > 0);
	if (gpa < BASE || gpa - BASE >= m->size || size > m->size - (gpa - BASE))
		return NULL;
	return m->at + (gpa - BASE);
}

static void check_text(const char *text, size_t cap)
{
	char again[512];

	must(memchr(text, '\0', cap) && text_is_utf8(text, strlen(text)));
	must(text_clean(again, sizeof(again), text, strlen(text), false) == strlen(text));
	must(!strcmp(again, text));
}

/* Three bytes say where the guest stopped: in its memory, the image or elsewhere. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct volumes_recipe recipe = { .seed_a = 1, .seed_b = 2, .free = 64 };
	static struct buffer image;
	struct input in = { data, size };
	unsigned how = (unsigned)take(&in, 1);
	uint64_t rip = take(&in, 2);
	struct memory_part m = { .size = (in.left / PAGE_SIZE + 1) * PAGE_SIZE };
	struct locate_in where = { .look = look, .self = &m, .symbols = how & 4 ? "." : NULL };
	struct located l;
	char text[256];

	if (!image.data)
		image = volumes_make(&recipe);
	m.at = aligned_alloc(PAGE_SIZE, m.size);
	memset(m.at, 0, m.size);
	take_bytes(&in, m.at, in.left);
	where.image = image.data;
	where.size = image.size;
	rip = how % 4 == 0   ? BASE + rip
	      : how % 4 == 1 ? FOUR_GIB - 1 - rip
	      : how % 4 == 2 ? rip * PAGE_SIZE
	                     : UINT64_MAX - rip;
	if (locate(&where, rip, &l)) {
		check_text(l.volume, sizeof(l.volume));
		check_text(l.file, sizeof(l.file));
		check_text(l.symbol, sizeof(l.symbol));
		located_text(&l, text, sizeof(text));
		must(memchr(text, '\0', sizeof(text)));
	}
	free(m.at);
	return 0;
}
