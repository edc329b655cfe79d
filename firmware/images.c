/* SPDX-License-Identifier: MIT */
/* firmware/images.c: reads firmware, kernel, initrd and certificates. */
#include "firmware/images.h"

#include <stdbool.h>
#include <string.h>

#include "config/manifest.h"
#include "config/value.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/filekind.h"
#include "core/base/findings.h"
#include "core/base/sha2.h"
#include "core/snp/certs.h"
#include "firmware/idkeys.h"
#include "firmware/igvm.h"
#include "firmware/linux.h"
#include "firmware/ovmf.h"

#define IMAGES_IGVM_MAX ((size_t)512 << 20) /* no real IGVM file is larger */
#define INITRD_MAX      ((size_t)4 << 30)   /* no real initrd is larger */

/* Hashes the file if `sha256_of_it` is given or the manifest pins the file. */
static int image_load(const struct manifest *m, const struct manifest_file *f, size_t max,
                      struct blob *ret, uint8_t *sha256_of_it, struct error *err)
{
	uint8_t own[SHA256_SIZE], *digest = sha256_of_it ? sha256_of_it : own;
	int r = blob_read_in(m->confine, f->path, max, ret,
	                     sha256_of_it || f->pinned ? digest : NULL, err);

	return r == 0 && f->pinned ? file_pin_check(f->path, f->sha256, digest, err) : r;
}

/*
 * Checks only that an initrd is not a file of another kind: on such a file Linux would just log
 * "junk", and panic without a root.
 */
static void initrd_check(const struct manifest *m, const struct manifest_file *file,
                         const struct blob *b, struct findings *f)
{
	struct error err = { 0 };

	if (b->size == 0)
		error_set(&err, ERROR_NONE,
		          m->n_initrd_more
		                  ? "boot.initrd: '%s' is empty"
		                  : "boot.initrd: '%s' is empty, so the guest gets no initrd",
		          file->path);
	else if (file_kind_refuse(b->data, b->size, ROLE_INITRD, ERROR_BAD_VALUE, &err) < 0)
		error_wrap(&err, "boot.initrd: '%s'", file->path);
	else
		return;
	manifest_at_location(m, &file->at, &err);
	findings_add(f, b->size ? SEVERITY_ERROR : SEVERITY_WARNING, &err);
}

struct image_row {
	const char *key;
	const struct manifest_file *file;
	size_t max;
	bool hash; /* its hash is needed */
	struct blob *blob;
	uint8_t *sha256;
	bool *read, *hashed;
	bool *payload_hashed; /* kernel only; else NULL */
};

static void image_forget(const struct image_row *row)
{
	blob_fini(row->blob);
	*row->read = *row->hashed = false;
	if (row->payload_hashed)
		*row->payload_hashed = false;
}

/* An IGVM file may be larger than a raw image. `r` and *err: the result of reading it as one. */
static int large_firmware_load(const struct manifest *m, const struct image_row *row, int r,
                               struct error *err)
{
	struct error unwanted;

	if (image_load(m, row->file, IMAGES_IGVM_MAX, row->blob, row->hash ? row->sha256 : NULL,
	               &unwanted) < 0)
		return r;
	if (igvm_probe(row->blob->data, row->blob->size)) {
		*err = (struct error){ 0 };
		return 0;
	}
	blob_fini(row->blob);
	return r;
}

static int image_read(const struct manifest *m, const struct image_row *row, struct error *err)
{
	bool enough = *row->read && (*row->hashed || (!row->hash && !row->file->pinned));
	int r;

	if (enough && file_is_still(m->confine, row->file->path, &row->blob->read_from))
		return *row->hashed && row->file->pinned
		               ? file_pin_check(row->file->path, row->file->sha256, row->sha256,
		                                err)
		               : 0;
	image_forget(row);
	r = image_load(m, row->file, row->max, row->blob, row->hash ? row->sha256 : NULL, err);
	if (r < 0 && err->kind == ERROR_FILE_TOO_LARGE && row->file == &m->firmware)
		r = large_firmware_load(m, row, r, err);
	*row->read = r == 0;
	*row->hashed = r == 0 && row->hash;
	return r;
}

static size_t padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

/* Concatenates archives. Linux looks for the next one at a multiple of 4 bytes. */
static int parts_join(const struct blob *parts, size_t n, struct blob *ret, struct error *err)
{
	size_t at = 0, total = 0;
	int r;

	for (size_t i = 0; i < n; i++)
		total = padded(total) + parts[i].size;
	if (total > INITRD_MAX)
		return error_set(err, ERROR_FILE_TOO_LARGE,
		                 "together the files have %zu bytes; at most %zu are accepted",
		                 total, INITRD_MAX);
	r = blob_zero(total, ret, err);
	for (size_t i = 0; i < n && r == 0; i++) {
		at = padded(at);
		if (parts[i].size)
			memcpy(ret->data + at, parts[i].data, parts[i].size);
		at += parts[i].size;
	}
	return r;
}

static void image_refuse(const struct manifest *m, const char *key, const struct location *at,
                         struct error *err, struct findings *f)
{
	file_fix(location_is_option(at) ? "" : m->file, err);
	error_wrap(err, "%s", key);
	manifest_at_location(m, at, err);
	findings_add(f, SEVERITY_ERROR, err);
}

/* Makes an initrd of several files, which are read again for each run. */
static void initrd_join(const struct manifest *m, bool hashed, bool hash, struct images *ret,
                        struct findings *f)
{
	struct blob parts[MANIFEST_INITRDS] = { 0 };
	const struct manifest_file *file;
	struct error err = { 0 };
	bool failed = false;

	for (size_t i = 0; (file = manifest_initrd(m, i)); i++) {
		if (!file->path) /* its value in the manifest is wrong, which was reported */
			continue;
		if (image_load(m, file, INITRD_MAX, &parts[i], hashed ? ret->initrd_parts[i] : NULL,
		               &err) == 0) {
			initrd_check(m, file, &parts[i], f);
		} else {
			image_refuse(m, "boot.initrd", &file->at, &err, f);
			failed = true;
		}
	}
	if (!failed) {
		ret->initrd_read = parts_join(parts, m->n_initrd_more + 1, &ret->initrd, &err) == 0;
		if (!ret->initrd_read)
			image_refuse(m, "boot.initrd", &m->initrd.at, &err, f);
	}
	ret->initrd_hashed = ret->initrd_read && hash;
	if (ret->initrd_hashed)
		sha256(ret->initrd.data, ret->initrd.size, ret->initrd_sha256);
	for (size_t i = 0; i < MANIFEST_INITRDS; i++)
		blob_fini(&parts[i]);
}

/*
 * Hashing takes longer than reading, so without `hashed` only what is needed is hashed: for a
 * direct boot the initrd and a part of the kernel.
 */
void images_read(const struct manifest *m, bool hashed, struct images *ret, struct findings *f)
{
	bool direct = !m->firmware.path;
	const struct image_row rows[] = {
		{ "boot.firmware", &m->firmware, OVMF_MAX_SIZE, hashed, &ret->firmware,
		  ret->firmware_sha256, &ret->firmware_read, &ret->firmware_hashed, NULL },
		{ "boot.kernel", &m->kernel, IMAGES_KERNEL_MAX, hashed || m->kernel_hashes,
		  &ret->kernel, ret->kernel_sha256, &ret->kernel_read, &ret->kernel_hashed,
		  &ret->payload_hashed },
		{ "boot.initrd", &m->initrd, INITRD_MAX, hashed || m->kernel_hashes || direct,
		  &ret->initrd, ret->initrd_sha256, &ret->initrd_read, &ret->initrd_hashed, NULL },
		{ "measure.svsm", &m->svsm, OVMF_MAX_SIZE, hashed, &ret->svsm, ret->svsm_sha256,
		  &ret->svsm_read, &ret->svsm_hashed, NULL },
		{ "boot.vars.path", &m->vars, OVMF_MAX_SIZE, hashed, &ret->vars, ret->vars_sha256,
		  &ret->vars_read, &ret->vars_hashed, NULL },
		{ "snp.certs", &m->certs, SNP_CERTS_SIZE, hashed, &ret->certs, ret->certs_sha256,
		  &ret->certs_read, &ret->certs_hashed, NULL },
	};
	struct linux_kernel k;
	struct error err = { 0 };

	for (const struct image_row *row = rows; row < rows + ARRAY_SIZE(rows); row++) {
		if (!row->file->path) {
			image_forget(row);
			if (row->hash)
				sha256(NULL, 0, row->sha256);
		} else if (row->file == &m->initrd && m->n_initrd_more) {
			image_forget(row);
			initrd_join(m, hashed, row->hash, ret, f);
		} else if (image_read(m, row, &err) < 0) {
			image_refuse(m, row->key, &row->file->at, &err, f);
		}
	}
	/* Hashed once for all runs with this kernel. If it can't be parsed, assemble() says so. */
	if (direct && ret->kernel_read && !ret->payload_hashed &&
	    linux_parse(ret->kernel.data, ret->kernel.size, &k, &err) == 0) {
		sha256(ret->kernel.data + k.setup_size, k.payload_size, ret->payload_sha256);
		ret->kernel_accepts = linux_accepts_memory(ret->kernel.data, ret->kernel.size);
		ret->payload_hashed = true;
	}
	if (ret->initrd_read && !m->n_initrd_more)
		initrd_check(m, &m->initrd, &ret->initrd, f);
	identity_fini(&ret->identity);
	idkeys_read(m, &ret->identity, f);
}

int images_load(const struct manifest *m, struct images *ret, struct error *err)
{
	auto_findings struct findings f = { 0 };
	auto_images struct images i = { 0 };
	int r;

	images_read(m, false, &i, &f);
	r = findings_first(&f, err);
	if (r < 0)
		return r;
	*ret = i;
	i = (struct images){ 0 };
	return 0;
}

const uint8_t *images_initrd_hashes(const struct manifest *m, const struct images *i)
{
	return m->n_initrd_more ? i->initrd_parts[0] : i->initrd_sha256;
}

void images_fini(struct images *i)
{
	blob_fini(&i->firmware);
	blob_fini(&i->kernel);
	blob_fini(&i->initrd);
	blob_fini(&i->certs);
	blob_fini(&i->svsm);
	blob_fini(&i->vars);
	identity_fini(&i->identity);
	*i = (struct images){ 0 };
}
