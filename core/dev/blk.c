/* SPDX-License-Identifier: MIT */
/* core/dev/blk.c: header, data and status of a request, wherever its buffers are cut. */
#include "core/dev/blk.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/dev/virtio.h"

#define F_SEG_MAX  ((uint64_t)1 << 2)
#define F_RO       ((uint64_t)1 << 5)
#define F_BLK_SIZE ((uint64_t)1 << 6)
#define F_FLUSH    ((uint64_t)1 << 9)

/* struct virtio_blk_config; fields of features that aren't offered read as zeros. */
struct config {
	le64 capacity; /* in sectors */
	le32 size_max, seg_max;
	uint8_t geometry[4];
	le32 blk_size;
	uint8_t rest[36];
};
static_assert(sizeof(struct config) == BLK_CONFIG_SIZE, "virtio_blk_config");
static_assert(offsetof(struct config, blk_size) == 20, "virtio_blk_config.blk_size");

struct blk {
	struct virtio virtio;
	struct disk *disk;
};

struct header {
	le32 type, reserved;
	le64 sector;
};
static_assert(sizeof(struct header) == 16, "virtio_blk_req");

enum request { BLK_IN = 0, BLK_OUT = 1, BLK_FLUSH = 4, BLK_GET_ID = 8 };
enum status { BLK_OK = 0, BLK_IOERR = 1, BLK_UNSUPP = 2 };

uint64_t blk_features(const struct disk *d)
{
	return F_SEG_MAX | F_BLK_SIZE | VIRTIO_F_INDIRECT_DESC |
	       (d->mode == DISK_RO ? F_RO : F_FLUSH);
}

void blk_config(const struct disk *d, uint8_t to[static BLK_CONFIG_SIZE])
{
	struct config c = { .capacity = le64_of(d->size / DISK_SECTOR),
		            .seg_max = le32_of(BLK_QUEUE - 2), /* header and status aside */
		            .blk_size = le32_of(DISK_SECTOR) };

	memcpy(to, &c, sizeof(c));
}

/* Copies bytes from buffers that the guest may write to meanwhile, or to them; spends these. */
static void buffers_copy(struct iovec **iov, void *bytes, size_t size, bool to_guest)
{
	uint8_t *at = bytes;

	for (size_t n; size > 0; size -= n, at += n) {
		struct iovec *v = *iov;

		n = MIN(size, v->iov_len);
		memcpy(to_guest ? v->iov_base : at, to_guest ? at : v->iov_base, n);
		v->iov_base = (uint8_t *)v->iov_base + n;
		v->iov_len -= n;
		*iov += v->iov_len == 0;
	}
}

/* Says once what the host has against a disk; the result says how often. */
static void failure_report(struct disk *d, int errnum, const char *what)
{
	if (d->reported || errnum == ECANCELED)
		return;
	d->reported = true;
	if (errnum == EIO)
		log_notice("%s: cannot %s '%s': an error of the host's storage, or the file has "
		           "become shorter; the guest gets an error",
		           d->name, what, d->path);
	else if (errnum == ENOSPC && d->mode == DISK_SCRATCH)
		log_notice("%s: no room for what the guest writes: %llu MiB are the limit, which "
		           "is half of what was free; the guest gets an error",
		           d->name, (unsigned long long)(d->overlay.max * OVERLAY_BLOCK >> 20));
	else
		log_notice("%s: cannot %s '%s': %s; the guest gets an error", d->name, what,
		           d->path, strerror(errnum));
}

/* Sectors are inside the disk, and the data is whole sectors. */
static bool range_ok(const struct disk *d, uint64_t sector, uint64_t bytes)
{
	uint64_t all = d->size / DISK_SECTOR;

	return bytes % DISK_SECTOR == 0 && sector <= all && bytes / DISK_SECTOR <= all - sector;
}

/* Reads or writes `bytes`; *ret_done: bytes that went to the guest. */
static enum status data_move(struct disk *d, bool write, struct iovec *iov, uint64_t bytes,
                             uint64_t sector, const atomic_bool *give_up, uint32_t *ret_done)
{
	int r;

	*(write ? &d->stats.writes : &d->stats.reads) += 1;
	if (!range_ok(d, sector, bytes) || (write && d->mode == DISK_RO))
		return BLK_IOERR;
	r = disk_move(d, write, iov, bytes, sector * DISK_SECTOR, give_up);
	if (r < 0) {
		failure_report(d, -r, write ? "write to" : "read");
		return BLK_IOERR;
	}
	*(write ? &d->stats.written_bytes : &d->stats.read_bytes) += bytes;
	*ret_done = write ? 0 : (uint32_t)bytes;
	return BLK_OK;
}

int blk_serve(struct disk *d, struct virtq_chain *c, const atomic_bool *give_up,
              uint32_t *ret_written, struct virtq_fault *fault)
{
	struct iovec *out = c->iov, *in = c->iov + c->n_out;
	uint64_t in_data = c->in_bytes - 1, out_data = c->out_bytes - sizeof(struct header);
	char serial[DISK_SERIAL] = { 0 };
	enum status status = BLK_UNSUPP;
	uint8_t *status_at;
	uint32_t done = 0;
	struct header h;
	int r;

	if (c->out_bytes < sizeof(h) || c->in_bytes == 0) {
		fault->rule = c->in_bytes ? "a request has no header, at descriptor"
		                          : "a request has no room for a status, at descriptor";
		fault->at = c->head;
		return -EPROTO;
	}
	status_at = (uint8_t *)in[c->n_in - 1].iov_base + in[c->n_in - 1].iov_len - 1;
	buffers_copy(&out, &h, sizeof(h), false);
	switch (le32_get(h.type)) {
	case BLK_IN:
		status = data_move(d, false, in, in_data, le64_get(h.sector), give_up, &done);
		break;
	case BLK_OUT:
		status = data_move(d, true, out, out_data, le64_get(h.sector), give_up, &done);
		break;
	case BLK_FLUSH:
		d->stats.flushes++;
		r = disk_flush(d);
		if (r < 0)
			failure_report(d, -r, "write to");
		status = r < 0 ? BLK_IOERR : BLK_OK;
		break;
	case BLK_GET_ID:
		done = (uint32_t)MIN(sizeof(serial), in_data);
		memcpy(serial, d->serial, strlen(d->serial));
		buffers_copy(&in, serial, done, true);
		status = BLK_OK;
		break;
	default:
		break;
	}
	d->stats.errors += status != BLK_OK;
	*status_at = (uint8_t)status;
	*ret_written = done + 1;
	return 0;
}

static int device_serve(void *self, unsigned queue, struct virtq_chain *c, uint32_t *ret_written,
                        struct virtq_fault *fault)
{
	struct blk *b = self;

	(void)queue;
	b->disk->stats.exits = atomic_load(&b->virtio.notified);
	return blk_serve(b->disk, c, b->virtio.env.give_up, ret_written, fault);
}

static int device_start(void *self)
{
	struct blk *b = self;

	b->disk->driver = true;
	return 0;
}

static const struct virtio_type blk_type = {
	.id = VIRTIO_BLOCK,
	.pci_class = 0x010000,
	.n_queues = 1,
	.queue_max = BLK_QUEUE,
	.config_size = BLK_CONFIG_SIZE,
	.serve = device_serve,
	.served = 1,
	.start = device_start,
};

static int device_init(void *self, const struct device_env *env, struct error *err)
{
	struct blk *b = self;

	b->disk = (struct disk *)env->settings;
	blk_config(b->disk, b->virtio.config);
	return virtio_init(&b->virtio, &blk_type, b->disk->name, blk_features(b->disk), env, err);
}

const struct device blk_device = {
	.name = "disk",
	.size = sizeof(struct blk),
	.init = device_init,
	.fini = virtio_fini,
	.work = virtio_work,
	.work_end = virtio_work_end,
};
