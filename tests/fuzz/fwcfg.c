/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/fwcfg.c: libFuzzer target: any accesses with any guest memory; none reaches private
 * memory.
 */
#include "core/dev/fwcfg.h"
#include "tests/fuzz/fuzz.h"

#define SLOT 0x1000u

/* Two adjacent slots from address 0 on. There is no memory after them. */
struct guest {
	uint8_t *slots[2];
};

static uint8_t *guest_at(void *self, uint64_t gpa, uint64_t size)
{
	struct guest *g = self;

	must(gpa + (size - 1) >= gpa);
	if (gpa / SLOT >= 2 || size > SLOT - gpa % SLOT)
		return NULL;
	return g->slots[gpa / SLOT] + gpa % SLOT;
}

/* An access has a byte of flags (0x80: write; low bits: width), one of offset, and four of data. */
static void play(struct fwcfg *f, const uint8_t *data, size_t size)
{
	const struct device_range *at = &fwcfg_device.ranges[0];

	while (size >= 6) {
		size_t width = (size_t)1 << (data[0] & 0x7f) % 3;
		uint8_t *bytes = malloc(width);

		memcpy(bytes, data + 2, width);
		if (data[0] & 0x80)
			at->write(f, data[1] % at->len, bytes, width);
		else
			at->read(f, data[1] % at->len, bytes, width);
		free(bytes);
		data += 6;
		size -= 6;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guest g = { { malloc(SLOT), malloc(SLOT) } };
	struct error err = { 0 };
	struct fwcfg f;
	uint8_t *blob = calloc(1, 100);
	size_t half = size / 2 < SLOT ? size / 2 : SLOT;

	memset(g.slots[0], 0, SLOT);
	memset(g.slots[1], 0, SLOT);
	memcpy(g.slots[0], data, half);
	memcpy(g.slots[1] + SLOT - half, data, half);
	fwcfg_init(&f, guest_at, &g);
	must(fwcfg_add_file(&f, "etc/e820", blob, 100, &err) == 0);
	must(fwcfg_add(&f, FWCFG_KERNEL_DATA, blob, 7, &err) == 0);
	play(&f, data + half, size - half);
	must(f.stats.dma_refused <= f.stats.dma_count);
	must(!f.selected || f.offset <= f.selected->size);
	free(g.slots[0]);
	free(g.slots[1]);
	free(blob);
	return 0;
}
