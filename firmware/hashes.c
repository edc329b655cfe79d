/* SPDX-License-Identifier: MIT */
/*
 * firmware/hashes.c: the table of hashes that the blob verifier of AmdSev builds reads. QEMU
 * (target/i386/sev.c) and edk2 (OvmfPkg/AmdSev/BlobVerifierLibSevHashes) define its form.
 */
#include "firmware/hashes.h"

#include <assert.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/sha2.h"

struct hashes_entry {
	uint8_t guid[16];
	le16 length; /* of the whole entry */
	uint8_t sha256[SHA256_SIZE];
};

struct hashes_table {
	uint8_t guid[16];
	le16 length; /* without the padding */
	struct hashes_entry cmdline, initrd, kernel;
	uint8_t padding[8]; /* to a multiple of 16 */
};
static_assert(sizeof(struct hashes_entry) == 50, "hash entry");
static_assert(offsetof(struct hashes_table, cmdline) == 18, "hash of the command line");
static_assert(offsetof(struct hashes_table, initrd) == 68, "hash of the initrd");
static_assert(offsetof(struct hashes_table, kernel) == 118, "hash of the kernel");
static_assert(offsetof(struct hashes_table, padding) == 168, "hash table without padding");
static_assert(sizeof(struct hashes_table) == KERNEL_HASHES_TABLE, "hash table");

static const struct hashes_table table_form = {
	/* 9438d606-4f22-4cc9-b479-a793d411fd21 */
	.guid = { 0x06, 0xd6, 0x38, 0x94, 0x22, 0x4f, 0xc9, 0x4c, 0xb4, 0x79, 0xa7, 0x93, 0xd4,
	          0x11, 0xfd, 0x21 },
	.length = { { offsetof(struct hashes_table, padding) } },
	/* 97d02dd8-bd20-4c94-aa78-e7714d36ab2a */
	.cmdline.guid = { 0xd8, 0x2d, 0xd0, 0x97, 0x20, 0xbd, 0x94, 0x4c, 0xaa, 0x78, 0xe7, 0x71,
	                  0x4d, 0x36, 0xab, 0x2a },
	.cmdline.length = { { sizeof(struct hashes_entry) } },
	/* 44baf731-3a2f-4bd7-9af1-41e29169781d */
	.initrd.guid = { 0x31, 0xf7, 0xba, 0x44, 0x2f, 0x3a, 0xd7, 0x4b, 0x9a, 0xf1, 0x41, 0xe2,
	                 0x91, 0x69, 0x78, 0x1d },
	.initrd.length = { { sizeof(struct hashes_entry) } },
	/* 4de79437-abd2-427f-b835-d5b172d2045b */
	.kernel.guid = { 0x37, 0x94, 0xe7, 0x4d, 0xd2, 0xab, 0x7f, 0x42, 0xb8, 0x35, 0xd5, 0xb1,
	                 0x72, 0xd2, 0x04, 0x5b },
	.kernel.length = { { sizeof(struct hashes_entry) } },
};

void kernel_hashes_of(struct kernel_hashes *ret, const uint8_t kernel[static 32],
                      const uint8_t initrd[static 32], const char *cmdline)
{
	memcpy(ret->kernel, kernel, SHA256_SIZE);
	memcpy(ret->initrd, initrd, SHA256_SIZE);
	cmdline = cmdline ? cmdline : "";
	sha256(cmdline, strlen(cmdline) + 1, ret->cmdline);
}

static int area_check(uint32_t hash_gpa, uint32_t hash_size, uint32_t section_gpa,
                      struct error *err)
{
	uint32_t offset = hash_gpa % PAGE_SIZE;

	if (hash_gpa - offset != section_gpa) {
		error_set(err, ERROR_BAD_FIRMWARE,
		          "the firmware's kernel hash area at 0x%x lies outside its page of kernel "
		          "hashes at 0x%x",
		          hash_gpa, section_gpa);
		return error_why(err,
		                 "the guest would look for the hashes where none were measured");
	}
	if (hash_size < KERNEL_HASHES_TABLE) {
		error_set(err, ERROR_BAD_FIRMWARE,
		          "the firmware's kernel hash area at 0x%x is too small: it has %u bytes, "
		          "and the table takes %d",
		          hash_gpa, hash_size, KERNEL_HASHES_TABLE);
		return error_why(err,
		                 "the guest would see only a part of the table, or none of it");
	}
	if (hash_size > PAGE_SIZE - offset) {
		error_set(err, ERROR_BAD_FIRMWARE,
		          "the firmware's kernel hash area at 0x%x (0x%x bytes) runs past its page",
		          hash_gpa, hash_size);
		return error_why(err, "the table of hashes is measured as one page");
	}
	return 0;
}

int kernel_hashes_page(const struct kernel_hashes *h, uint32_t hash_gpa, uint32_t hash_size,
                       uint32_t section_gpa, uint8_t page[static PAGE_SIZE], struct error *err)
{
	struct hashes_table t = table_form;

	if (area_check(hash_gpa, hash_size, section_gpa, err) < 0)
		return error_fix(err, "use an AmdSev build of edk2, or set boot.kernel_hashes to "
		                      "false (-S boot.kernel_hashes=false)");
	memcpy(t.kernel.sha256, h->kernel, SHA256_SIZE);
	memcpy(t.initrd.sha256, h->initrd, SHA256_SIZE);
	memcpy(t.cmdline.sha256, h->cmdline, SHA256_SIZE);
	memset(page, 0, PAGE_SIZE);
	memcpy(page + hash_gpa % PAGE_SIZE, &t, sizeof(t));
	return 0;
}

bool kernel_hashes_find(const uint8_t *page, size_t size, struct kernel_hashes *ret, size_t *ret_at)
{
	const struct hashes_table *t = memmem(page, size, table_form.guid, sizeof(table_form.guid));

	if (!t || size - (size_t)((const uint8_t *)t - page) < sizeof(*t))
		return false;
	memcpy(ret->kernel, t->kernel.sha256, SHA256_SIZE);
	memcpy(ret->initrd, t->initrd.sha256, SHA256_SIZE);
	memcpy(ret->cmdline, t->cmdline.sha256, SHA256_SIZE);
	*ret_at = (size_t)((const uint8_t *)t - page);
	return true;
}
