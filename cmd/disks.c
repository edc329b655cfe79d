/* SPDX-License-Identifier: MIT */
/* cmd/disks.c: opens, compares and closes the images of a manifest's disks. */
#include "cmd/disks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/manifest.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/filekind.h"
#include "core/base/findings.h"
#include "core/base/log.h"
#include "core/out/run_result.h"

/* The same image twice is fine as long as nobody writes to it. */
static int twice_check(const struct disk *list, const struct disk *d, struct error *err)
{
	for (const struct disk *o = list; o < d; o++) {
		if (o->fd < 0 || o->dev != d->dev || o->ino != d->ino ||
		    (o->mode != DISK_RW && d->mode != DISK_RW))
			continue;
		error_set(err, ERROR_CONFLICT, "%s and %s are the same image, and one is rw",
		          o->name, d->name);
		error_why(err, "the guest would write to one behind the back of the other");
		return error_fix(err, "use a copy, or 'mode: ro' or 'scratch' for both");
	}
	return 0;
}

/* Only a warning: a raw disk may begin with any bytes, as the guest decides. */
static void warn_format(const struct manifest *m, const struct disk *d, const struct location *at,
                        struct findings *f)
{
	static const char *const packed[] = {
		"qcow2", "vmdk", "vhdx", "gzip", "xz", "zstd", "bzip2"
	};
	uint8_t head[DISK_SECTOR];
	const struct file_kind *kind = NULL;
	struct error w;

	if (pread(d->fd, head, sizeof(head), 0) == (ssize_t)sizeof(head))
		kind = file_kind_of(head, sizeof(head));
	for (size_t i = 0; kind && i < ARRAY_SIZE(packed); i++) {
		if (strcmp(kind->name, packed[i]) != 0)
			continue;
		error_set(&w, ERROR_NONE, "'%s' looks like %s", d->path, kind->text);
		error_why(&w, "a disk's image is raw: the guest gets these bytes as they are");
		error_fix(&w, "unpack it, or qemu-img convert -O raw");
		manifest_at_location(m, at, &w);
		findings_add(f, SEVERITY_WARNING, &w);
	}
}

void disks_open(struct disks *d, const struct manifest *m, bool look, struct findings *f)
{
	*d = (struct disks){ .n = m->n_disks };
	for (size_t i = 0; i < d->n; i++) {
		const struct manifest_disk *from = &m->disks[i];
		struct disk *to = &d->list[i];
		struct error err = { 0 };
		int r;

		*to = (struct disk){
			.path = from->image.path, .mode = from->mode, .look = look, .fd = -1
		};
		snprintf(to->name, sizeof(to->name), "disk%zu", i);
		memcpy(to->serial, from->serial, sizeof(to->serial));
		if (!to->path) /* the manifest has a mistake */
			continue;
		r = disk_open(to, m->confine, &err);
		if (r == 0)
			r = twice_check(d->list, to, &err);
		if (r == 0)
			warn_format(m, to, &from->image.at, f);
		if (r < 0) {
			file_fix(location_is_option(&from->image.at) ? "" : m->file, &err);
			manifest_at_location(m, &from->image.at, &err);
			findings_add(f, SEVERITY_ERROR, &err);
		}
	}
}

int disks_compare(const struct disks *d, const struct manifest *m, struct error *err)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct manifest_file *from = &m->disks[i].image;
		uint8_t hash[32];

		if (!from->pinned || d->list[i].fd < 0)
			continue;
		if (disk_hash(&d->list[i], hash, err) < 0)
			return manifest_at_location(m, &from->at, err);
		if (file_pin_check(from->path, from->sha256, hash, err) < 0)
			return manifest_at_location(m, &from->at, err);
	}
	return 0;
}

int disks_begin(struct disks *d, const struct manifest *m, struct error *err)
{
	for (size_t i = 0; i < d->n; i++)
		if (disk_begin(&d->list[i], err) < 0)
			return manifest_at_location(m, &m->disks[i].image.at, err);
	return disks_compare(d, m, err);
}

void disks_close(struct disks *d)
{
	for (size_t i = 0; i < d->n; i++)
		disk_close(&d->list[i]);
	d->n = 0;
}

void disks_print(const struct disks *d)
{
	for (const struct disk *one = d->list; one < d->list + d->n; one++) {
		const struct disk_stats *s = &one->stats;

		log_at(LOG_QUIET,
		       "%s: %" PRIu64 " reads of %" PRIu64 " KiB, %" PRIu64 " writes of %" PRIu64
		       " KiB, %" PRIu64 " flushes, %" PRIu64 " errors, %" PRIu64 " exits",
		       one->name, s->reads, s->read_bytes / 1024, s->writes,
		       s->written_bytes / 1024, s->flushes, s->errors, s->exits);
	}
}

void disks_record(const struct disks *d, struct run_result *r)
{
	r->n_disks = d->n;
	for (size_t i = 0; i < d->n; i++) {
		const struct disk *from = &d->list[i];
		struct run_disk *to = &r->disks[i];

		snprintf(to->name, sizeof(to->name), "%s", from->name);
		snprintf(to->path, sizeof(to->path), "%s", from->path);
		snprintf(to->mode, sizeof(to->mode), "%s", disk_modes[from->mode]);
		memcpy(to->serial, from->serial, sizeof(to->serial));
		to->size = from->size;
		to->driver = from->driver;
		to->stats = from->stats;
		to->dirty = disk_dirty(from);
	}
}

void disks_report_unused(const struct run_result *r)
{
	for (const struct run_disk *d = r->disks; d < r->disks + r->n_disks; d++)
		if (!d->driver)
			log_at(LOG_QUIET,
			       "%s: no driver in the guest took it; Linux needs virtio_pci and "
			       "virtio_blk, perhaps from its initrd",
			       d->name);
}
