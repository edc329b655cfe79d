/* SPDX-License-Identifier: MIT */
/* firmware/images.c: reads firmware, kernel and initrd. */
#include "firmware/images.h"

#include <stdbool.h>
#include <string.h>

#include "config/manifest.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/filekind.h"
#include "core/base/log.h"
#include "core/base/sha2.h"

/* What no real image exceeds; a firmware ends at 4 GiB and has to stay above the APIC's page. */
#define FIRMWARE_MAX ((size_t)16 << 20)
#define INITRD_MAX   ((size_t)4 << 30)

static int pin_check(const struct manifest_file *f, const uint8_t digest[static SHA256_SIZE],
                     struct error *err)
{
	char want[2 * SHA256_SIZE + 1], have[2 * SHA256_SIZE + 1];

	if (!f->pinned || !memcmp(digest, f->sha256, SHA256_SIZE))
		return 0;
	error_set(err, ERROR_FILE_PIN, "'%s' is not the file that the manifest pins", f->path);
	error_why(err, "its SHA-256 is %s, the manifest says %s", hex_of(digest, SHA256_SIZE, have),
	          hex_of(f->sha256, SHA256_SIZE, want));
	return error_fix(err, "restore the file, or change the pin if the change is meant");
}

/* The digest is made where `sha256_of_it` asks for it, or a pin does. */
static int image_load(const struct manifest *m, const struct manifest_file *f, const char *key,
                      size_t max, struct blob *ret, uint8_t *sha256_of_it, struct error *err)
{
	uint8_t own[SHA256_SIZE], *digest = sha256_of_it ? sha256_of_it : own;
	int r;

	if (sha256_of_it)
		sha256(NULL, 0, sha256_of_it);
	if (!f->path)
		return 0;
	r = blob_read_in(m->confine, f->path, max, ret, sha256_of_it || f->pinned ? digest : NULL,
	                 err);
	if (r == 0)
		r = pin_check(f, digest, err);
	if (r == 0)
		return 0;
	error_wrap(err, "%s", key);
	return error_at(err, m->file, f->at.line, f->at.column);
}

/* Of an initrd nothing is read here but what it is: Linux would only say "junk", and panic without a root. */
static int initrd_check(const struct manifest *m, const struct blob *b, struct error *err)
{
	if (m->initrd.path && b->size == 0)
		log_notice("%s: boot.initrd: '%s' is empty, so the guest gets no initrd", m->file,
		           m->initrd.path);
	if (b->size == 0 ||
	    file_kind_refuse(b->data, b->size, ROLE_INITRD, ERROR_BAD_VALUE, err) == 0)
		return 0;
	error_wrap(err, "boot.initrd: '%s'", m->initrd.path);
	return error_at(err, m->file, m->initrd.at.line, m->initrd.at.column);
}

/* Hashing takes longer than reading, so what nobody will ask for is left out unless `all` are wanted. */
static int images_read(const struct manifest *m, bool all, struct images *ret, struct error *err)
{
	auto_images struct images i = { 0 };
	bool direct =
		!m->firmware.path; /* stage0 has the initrd's, and one of a part of the kernel */
	uint8_t *firmware = all ? i.firmware_sha256 : NULL;
	uint8_t *kernel = all || m->kernel_hashes ? i.kernel_sha256 : NULL;
	uint8_t *initrd = all || m->kernel_hashes || direct ? i.initrd_sha256 : NULL;
	int r = image_load(m, &m->firmware, "boot.firmware", FIRMWARE_MAX, &i.firmware, firmware,
	                   err);

	if (r == 0)
		r = image_load(m, &m->kernel, "boot.kernel", IMAGES_KERNEL_MAX, &i.kernel, kernel,
		               err);
	if (r == 0)
		r = image_load(m, &m->initrd, "boot.initrd", INITRD_MAX, &i.initrd, initrd, err);
	if (r == 0)
		r = initrd_check(m, &i.initrd, err);
	if (r < 0)
		return r;
	*ret = i;
	i = (struct images){ 0 };
	return 0;
}

int images_load(const struct manifest *m, struct images *ret, struct error *err)
{
	return images_read(m, false, ret, err);
}

int images_load_hashed(const struct manifest *m, struct images *ret, struct error *err)
{
	return images_read(m, true, ret, err);
}

void images_fini(struct images *i)
{
	blob_fini(&i->firmware);
	blob_fini(&i->kernel);
	blob_fini(&i->initrd);
}
