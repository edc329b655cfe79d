/* SPDX-License-Identifier: MIT */
/* core/dev/fwcfg.c: selector, data port and DMA of fw_cfg (QEMU docs/specs/fw_cfg). */
#include "core/dev/fwcfg.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/plan/plan.h"

/* From FWCFG_PORT on. The selector is little-endian, the DMA address big-endian. */
enum { REG_SELECTOR, REG_DATA, REG_DMA_HIGH = 4, REG_DMA_LOW = 8, FWCFG_PORTS = 12 };

/* The bit of a key that once meant writing; QEMU has ignored it since 2.4. */
#define KEY_WRITE 0x4000

#define PIECE ((uint64_t)1 << 20) /* of a transfer, between two checks of give_up */

#define ID_PORT 0x01
#define ID_DMA  0x02

/* What the DMA register reads as. */
static const uint8_t dma_signature[] = { 'Q', 'E', 'M', 'U', ' ', 'C', 'F', 'G' };
static_assert(sizeof(dma_signature) == FWCFG_PORTS - REG_DMA_HIGH, "the DMA register");

/* Bits of a DMA transfer's control word; its upper half can have a key. */
enum { DMA_ERROR = 0x01, DMA_READ = 0x02, DMA_SKIP = 0x04, DMA_SELECT = 0x08, DMA_WRITE = 0x10 };

/* FWCfgDmaAccess, in guest memory, big-endian. */
struct dma_access {
	uint8_t control[4], length[4], address[8];
};
static_assert(sizeof(struct dma_access) == 16, "FWCfgDmaAccess");
static_assert(offsetof(struct dma_access, address) == 8, "FWCfgDmaAccess.address");

static_assert(offsetof(struct fwcfg_entry, name) == 8, "FWCfgFile.name");
static_assert(sizeof(struct fwcfg_entry) == 64, "FWCfgFile");
static_assert(offsetof(struct fwcfg_directory, entries) == 4, "FWCfgFiles");

static uint64_t be_get(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

static void be_put(uint8_t *bytes, size_t size, uint64_t value)
{
	for (size_t i = size; i > 0; i--, value >>= 8)
		bytes[i - 1] = (uint8_t)value;
}

static struct fwcfg_item *item_find(struct fwcfg *f, uint16_t key)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->items[i].key == key)
			return &f->items[i];
	return NULL;
}

static void fwcfg_select(struct fwcfg *f, uint16_t key)
{
	f->selected = item_find(f, key & (uint16_t)~KEY_WRITE);
	f->offset = 0;
}

/* How many bytes of the selected item have not been read. */
static uint32_t fwcfg_left(const struct fwcfg *f)
{
	return f->selected ? f->selected->size - f->offset : 0;
}

static uint8_t *guest_at(struct fwcfg *f, uint64_t gpa, uint64_t size)
{
	uint64_t last;

	if (__builtin_add_overflow(gpa, size - 1, &last))
		return NULL;
	return f->at(f->self, gpa, size);
}

/*
 * Copies `size` bytes to the guest, zeros if from is NULL (a guest may ask for 4 GiB of them).
 * False: part of the memory can't be reached, or the run is over. Memory that is contiguous for the
 * guest may be in two slots, so such a piece is copied page by page, up to the first page that
 * can't be reached: the guest's memory bounds the work, however long the transfer.
 */
static bool guest_put(struct fwcfg *f, uint64_t gpa, const uint8_t *from, uint64_t size)
{
	for (uint64_t done = 0, n; done < size; done += n) {
		uint8_t *to;

		if (f->give_up && atomic_load(f->give_up))
			return false;
		n = MIN(size - done, PIECE);
		to = guest_at(f, gpa + done, n);
		if (!to) {
			n = MIN(n, PAGE_SIZE - (gpa + done) % PAGE_SIZE);
			to = guest_at(f, gpa + done, n);
		}
		if (!to)
			return false;
		if (from)
			memcpy(to, from + done, n);
		else
			memset(to, 0, n);
		f->stats.dma_bytes += n;
	}
	return true;
}

/* If several operations are set, the first in this order counts. Nothing can be written. */
static bool dma_execute(struct fwcfg *f, uint32_t control, uint32_t length, uint64_t gpa)
{
	const uint8_t *from;
	uint64_t last;
	uint32_t held;

	if (control & DMA_SELECT)
		fwcfg_select(f, (uint16_t)(control >> 16));
	held = MIN(length, fwcfg_left(f));
	if (control & DMA_READ) { /* what is left of the item, then zeros */
		if (length > 0 && __builtin_add_overflow(gpa, (uint64_t)length - 1, &last))
			return false;
		from = held > 0 ? f->selected->bytes + f->offset : NULL;
		f->offset += held;
		return guest_put(f, gpa, from, held) &&
		       guest_put(f, gpa + held, NULL, length - held);
	}
	if (control & DMA_WRITE)
		return false;
	if (control & DMA_SKIP)
		f->offset += held;
	return true;
}

static void dma_start(struct fwcfg *f, uint64_t gpa)
{
	uint8_t *at = guest_at(f, gpa, sizeof(struct dma_access));
	struct dma_access a;
	bool ok = at != NULL;

	f->stats.dma_count++;
	if (at) {
		/* Read each byte once: another vCPU may change it between a check and the use. */
		for (size_t i = 0; i < sizeof(a); i++)
			((uint8_t *)&a)[i] = ((const volatile uint8_t *)at)[i];
		ok = dma_execute(f, (uint32_t)be_get(a.control, sizeof(a.control)),
		                 (uint32_t)be_get(a.length, sizeof(a.length)),
		                 be_get(a.address, sizeof(a.address)));
	} else {
		/* The end of memory cuts the descriptor off, but maybe not its control word. */
		at = guest_at(f, gpa, sizeof(a.control));
	}
	f->stats.dma_refused += !ok;
	if (!at)
		return;
	/* The guest polls this word, so what was copied must be visible before it. */
	atomic_thread_fence(memory_order_release);
	be_put(at, sizeof(a.control), ok ? 0 : DMA_ERROR);
}

/* The selector is write-only; ports without a register read as ones. */
static void fwcfg_read(void *self, unsigned offset, uint8_t *data, size_t size)
{
	struct fwcfg *f = self;

	memset(data, 0xff, size);
	for (size_t i = 0; offset == REG_DATA && i < size; i++) {
		f->stats.port_bytes++;
		data[i] = fwcfg_left(f) > 0 ? f->selected->bytes[f->offset++] : 0;
	}
	for (size_t i = 0; offset >= REG_DMA_HIGH && i < size && offset + i < FWCFG_PORTS; i++)
		data[i] = dma_signature[offset - REG_DMA_HIGH + i];
}

/* As in QEMU, a register accepts only writes of its own width. */
static enum io_action fwcfg_write(void *self, unsigned offset, const uint8_t *data, size_t size)
{
	struct fwcfg *f = self;

	if (offset == REG_SELECTOR && size == 2) {
		fwcfg_select(f, (uint16_t)(data[0] | data[1] << 8));
	} else if (offset == REG_DMA_HIGH && size == 4) {
		f->dma_address = be_get(data, size) << 32;
	} else if (offset == REG_DMA_LOW && size == 4) {
		uint64_t gpa = f->dma_address | be_get(data, size);

		f->dma_address = 0; /* an address below 4 GiB may follow without a high half */
		dma_start(f, gpa);
	}
	return IO_GO_ON;
}

static struct fwcfg_item *item_new(struct fwcfg *f, uint16_t key, const void *bytes, size_t size,
                                   struct error *err)
{
	struct fwcfg_item *item = &f->items[f->count];

	if (size > UINT32_MAX) {
		error_set(err, ERROR_BAD_VALUE, "fw_cfg item 0x%x has %zu bytes", key, size);
		error_why(err, "fw_cfg counts bytes in 32 bits");
		return NULL;
	}
	if (item_find(f, key)) {
		error_set(err, ERROR_INTERNAL, "fw_cfg already has an item 0x%x", key);
		return NULL;
	}
	if (f->count == FWCFG_ITEMS) {
		error_set(err, ERROR_INTERNAL,
		          "no room for fw_cfg item 0x%x: there are at most %d items", key,
		          FWCFG_ITEMS);
		return NULL;
	}
	*item = (struct fwcfg_item){ .key = key, .bytes = bytes, .size = (uint32_t)size };
	f->count++;
	return item;
}

int fwcfg_add(struct fwcfg *f, uint16_t key, const void *bytes, size_t size, struct error *err)
{
	if (key >= FWCFG_FILES)
		return error_set(err, ERROR_INTERNAL,
		                 "the key of fw_cfg item 0x%x is one of those for files", key);
	return item_new(f, key, bytes, size, err) ? 0 : err->code;
}

int fwcfg_add_file(struct fwcfg *f, const char *name, const void *bytes, size_t size,
                   struct error *err)
{
	struct fwcfg_entry *e = &f->directory.entries[f->files];
	uint16_t key = (uint16_t)(FWCFG_FILES + f->files);
	size_t length = strlen(name);

	if (length == 0 || length > FWCFG_NAME_MAX) {
		error_set(err, ERROR_BAD_VALUE, "the fw_cfg file name '%s' has %zu characters",
		          name, length);
		return error_why(err, "a name has between 1 and %d", FWCFG_NAME_MAX);
	}
	for (size_t i = 0; i < f->files; i++)
		if (strcmp(f->directory.entries[i].name, name) == 0)
			return error_set(err, ERROR_CONFLICT, "fw_cfg already has a file '%s'",
			                 name);
	if (!item_new(f, key, bytes, size, err))
		return error_wrap(err, "file '%s'", name);
	be_put(e->size, sizeof(e->size), size);
	be_put(e->key, sizeof(e->key), key);
	memcpy(e->name, name, length + 1);
	f->files++;
	be_put(f->directory.count, sizeof(f->directory.count), f->files);
	item_find(f, FWCFG_DIRECTORY)->size += (uint32_t)sizeof(*e);
	return 0;
}

bool fwcfg_read_whole(const struct fwcfg *f, uint16_t *ret_key)
{
	if (!f->selected || f->selected->size == 0 || fwcfg_left(f) > 0)
		return false;
	*ret_key = f->selected->key;
	return true;
}

void fwcfg_init(struct fwcfg *f, uint8_t *(*at)(void *self, uint64_t gpa, uint64_t size),
                void *self)
{
	static const uint8_t interfaces[4] = { ID_PORT | ID_DMA };

	*f = (struct fwcfg){
		.at = at,
		.self = self,
		.items = { { FWCFG_SIGNATURE, (const uint8_t *)"QEMU", 4 },
		           { FWCFG_ID, interfaces, sizeof(interfaces) },
		           { FWCFG_DIRECTORY, (const uint8_t *)&f->directory,
		             sizeof(f->directory.count) } },
		.count = 3,
	};
	fwcfg_select(f, FWCFG_SIGNATURE);
}

static int fwcfg_make(void *self, const struct device_env *env, struct error *err)
{
	struct fwcfg *f = self;
	int r = 0;

	fwcfg_init(f, env->memory, env->memory_self);
	f->give_up = env->give_up;
	for (size_t i = 0; r == 0 && i < env->n_items; i++) {
		const struct fw_item *item = &env->items[i];

		r = item->name ? fwcfg_add_file(f, item->name, item->bytes, item->size, err)
		               : fwcfg_add(f, item->key, item->bytes, item->size, err);
	}
	return r;
}

const struct device fwcfg_device = {
	.ranges = { { .name = "fw_cfg",
	              .base = FWCFG_PORT,
	              .len = FWCFG_PORTS,
	              .read = fwcfg_read,
	              .write = fwcfg_write } },
	.size = sizeof(struct fwcfg),
	.init = fwcfg_make,
};
