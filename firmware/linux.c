/* SPDX-License-Identifier: MIT */
/*
 * firmware/linux.c: reads and checks the setup header of a bzImage, by Linux's
 * Documentation/arch/x86/boot.rst ("The Real-Mode Kernel Header").
 */
#include "firmware/linux.h"

#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/filekind.h"
#include "core/base/text.h"
#include "firmware/linux_priv.h"
#include "firmware/ram.h"

#define KIB ((uint64_t)1 << 10)
#define GIB ((uint64_t)1 << 30)

#define VERSION_MIN     0x20c
#define LOADED_HIGH     0x01 /* loadflags: the protected-mode part goes above 1 MiB */
#define KERNEL_64       0x01 /* xloadflags: there is a 64-bit entry at LINUX_ENTRY */
#define SECTOR          512
#define PARAGRAPH       16
#define SETUP_SECTS_OLD 4 /* the meaning of 0 in setup_sects */
#define INIT_SIZE_MAX   GIB
#define ALIGNMENT_MAX   GIB

struct scan {
	const uint8_t *bytes;
	size_t size;
	struct error *err;
	struct linux_kernel k;
};

static const char fix_image[] = "copy the kernel again, or rebuild it";
static const char fix_bzimage[] =
	"give the bzImage that a kernel build leaves in arch/x86/boot (vmlinuz in packages)";

/* The little-endian integer at an offset; 0 if the file is too short for it. */
static uint64_t field(const struct scan *s, size_t at, size_t width)
{
	struct reader r = reader_over(s->bytes, s->size, at, width);
	const uint8_t *b = reader_take(&r, width);

	return b ? le_get(b, width) : 0;
}

static bool has_magic(const struct scan *s, size_t at, const char *magic)
{
	struct reader r = reader_over(s->bytes, s->size, at, strlen(magic));
	const uint8_t *b = reader_take(&r, strlen(magic));

	return b && memcmp(b, magic, strlen(magic)) == 0;
}

/*
 * boot.rst: kernel_version + 0x200 is the offset of a string inside the setup part, such as
 * "6.12.9-amd64 (builder@host) #1 SMP ...". Its first word is the release, as uname -r prints it.
 */
static void kernel_version_read(struct scan *s)
{
	uint64_t at = field(s, KERNEL_VERSION, 2) + 0x200, end;
	char *version = s->k.kernel_version;
	size_t n = 0;

	if (at == 0x200)
		return;
	for (; n < sizeof(s->k.kernel_version) - 1 && at + n < s->k.setup_size; n++) {
		char c = (char)field(s, at + n, 1);

		if (!text_is_ascii((uint8_t)c))
			break;
		version[n] = c;
	}
	n = strcspn(version, " ");
	end = at + n;
	if (n < sizeof(s->k.release) && end < s->k.setup_size && end < s->size &&
	    (field(s, end, 1) == ' ' || field(s, end, 1) == '\0'))
		memcpy(s->k.release, version, n);
}

static int check_magic(const struct scan *s)
{
	int r;

	if (s->size == 0) {
		error_set(s->err, ERROR_BAD_VALUE, "the kernel file is empty");
		return error_fix(s->err, "%s", fix_bzimage);
	}
	if (!has_magic(s, HEADER_MAGIC, "HdrS")) {
		r = file_kind_refuse(s->bytes, s->size, ROLE_KERNEL, ERROR_BAD_VALUE, s->err);
		if (r < 0)
			return r;
		error_set(s->err, ERROR_BAD_VALUE,
		          "not a bzImage: no 'HdrS' at 0x202 in this file of %zu bytes", s->size);
		error_why(s->err, "that is where a Linux kernel for x86 says how to start it");
		return error_fix(s->err, "%s", fix_bzimage);
	}
	if (has_magic(s, BOOT_FLAG, "\x55\xaa"))
		return 0;
	error_set(s->err, ERROR_BAD_VALUE,
	          "not a bzImage: 0x%04x instead of 0xaa55 at 0x1fe, though 'HdrS' is at 0x202",
	          (unsigned)field(s, BOOT_FLAG, 2));
	return error_fix(s->err, "%s", fix_image);
}

/* Missing fields are read as 0, so without this check the first of them would be blamed. */
static int check_header_present(const struct scan *s)
{
	if (s->size >= HEADER_END_2_12)
		return 0;
	error_set(s->err, ERROR_BAD_VALUE,
	          "the kernel is cut short: its setup header ends at 0x%x, and the file has %zu "
	          "bytes",
	          HEADER_END_2_12, s->size);
	return error_fix(s->err, "%s", fix_image);
}

static int check_version(const struct scan *s)
{
	if (s->k.version >= VERSION_MIN)
		return 0;
	error_set(s->err, ERROR_UNSUPPORTED,
	          "the kernel has boot protocol %u.%u, and the oldest supported one is 2.12",
	          s->k.version >> 8, s->k.version & 0xffu);
	error_why(s->err, "only 2.12 (Linux 3.8) and later say whether there is a 64-bit entry");
	return error_fix(s->err, "use a newer kernel");
}

static int check_header_length(const struct scan *s)
{
	unsigned end = HEADER_MAGIC + (unsigned)field(s, HEADER_LENGTH, 1);

	if (end >= HEADER_END_2_12 && end <= HEADER_END_MAX)
		return 0;
	error_set(s->err, ERROR_BAD_VALUE,
	          "the kernel's setup header ends at 0x%x; in protocol %u.%u it ends between "
	          "0x%x and 0x%x",
	          end, s->k.version >> 8, s->k.version & 0xffu, HEADER_END_2_12, HEADER_END_MAX);
	error_why(s->err, "its length is the byte at 0x201, counted from 0x202");
	return error_fix(s->err, "%s", fix_image);
}

/*
 * syssize is in units of 16 bytes, and the last unit may be partial (memtest86+ 6 and 7); no other
 * loader refuses that. A signature at the end of the file (sbsign) makes the file
 * longer than syssize says.
 */
static int check_file_size(const struct scan *s)
{
	uint64_t said = field(s, SYSSIZE, 4) * PARAGRAPH;

	if (s->k.setup_size >= s->size) {
		error_set(s->err, ERROR_BAD_VALUE,
		          "the kernel's setup part is %u bytes long, and the file %zu",
		          s->k.setup_size, s->size);
	} else if (said >= s->k.payload_size + PARAGRAPH) {
		error_set(s->err, ERROR_BAD_VALUE,
		          "the kernel is cut short: %llu bytes follow its setup part instead of "
		          "%llu",
		          (unsigned long long)s->k.payload_size, (unsigned long long)said);
	} else if (s->k.payload_size <= LINUX_ENTRY) {
		error_set(s->err, ERROR_BAD_VALUE,
		          "the kernel has %llu bytes after its setup part, too few for an entry "
		          "point at 0x200",
		          (unsigned long long)s->k.payload_size);
	} else {
		return 0;
	}
	return error_fix(s->err, "%s", fix_image);
}

static int check_flags(const struct scan *s)
{
	if (!(field(s, LOADFLAGS, 1) & LOADED_HIGH)) {
		error_set(
			s->err, ERROR_UNSUPPORTED,
			"the kernel is a zImage, made to be loaded below 1 MiB (loadflags 0x%02x)",
			(unsigned)field(s, LOADFLAGS, 1));
		return error_fix(s->err, "%s", fix_bzimage);
	}
	if (!(field(s, XLOADFLAGS, 2) & KERNEL_64)) {
		error_set(s->err, ERROR_UNSUPPORTED,
		          "the kernel is a 32-bit one: it has no 64-bit entry (xloadflags 0x%04x)",
		          (unsigned)field(s, XLOADFLAGS, 2));
		return error_fix(s->err, "use a kernel for x86-64");
	}
	return 0;
}

/* init_size includes the unpacked kernel, so it isn't less than the size of the packed one. */
static int check_init_size(const struct scan *s)
{
	const struct linux_kernel *k = &s->k;

	if (k->init_size >= k->payload_size && k->init_size <= INIT_SIZE_MAX)
		return 0;
	error_set(s->err, ERROR_BAD_VALUE,
	          "the kernel asks for %u bytes to unpack itself (init_size); it has to ask for at "
	          "least the %llu of the file, and at most %llu",
	          k->init_size, (unsigned long long)k->payload_size,
	          (unsigned long long)INIT_SIZE_MAX);
	return error_fix(s->err, "%s", fix_image);
}

static int check_alignment(const struct scan *s)
{
	uint32_t a = s->k.kernel_alignment;

	if (a && !(a & (a - 1)) && a <= ALIGNMENT_MAX)
		return 0;
	error_set(
		s->err, ERROR_BAD_VALUE,
		"the kernel asks for an alignment of 0x%x (kernel_alignment), which is not a power "
		"of two up to 1 GiB",
		a);
	return error_fix(s->err, "%s", fix_image);
}

static int check_address(const struct scan *s)
{
	const struct linux_kernel *k = &s->k;

	if (k->relocatable || (k->pref_address >= KERNEL_FLOOR_ANY &&
	                       k->pref_address < RAM_LOW_MAX && k->pref_address % (4 * KIB) == 0))
		return 0;
	error_set(s->err, ERROR_UNSUPPORTED,
	          "the kernel is not relocatable and must be loaded at 0x%llx (pref_address), "
	          "which is not possible",
	          (unsigned long long)k->pref_address);
	error_why(s->err, "kernels are loaded at whole pages from 1 MiB up to 3 GiB");
	return error_fix(s->err, "use a kernel with CONFIG_RELOCATABLE");
}

/* In this order: each relies on those before it. */
static int (*const checks[])(const struct scan *s) = {
	check_magic, check_header_present, check_version,   check_header_length, check_file_size,
	check_flags, check_init_size,      check_alignment, check_address,
};

int linux_parse(const uint8_t *bytes, size_t size, struct linux_kernel *ret, struct error *err)
{
	struct scan s = { .bytes = bytes, .size = size, .err = err };
	uint64_t sects = field(&s, SETUP_SECTS, 1);

	s.k = (struct linux_kernel){
		.setup_size = (uint32_t)((sects ? sects : SETUP_SECTS_OLD) + 1) * SECTOR,
		.pref_address = field(&s, PREF_ADDRESS, 8),
		.init_size = (uint32_t)field(&s, INIT_SIZE, 4),
		.kernel_alignment = (uint32_t)field(&s, KERNEL_ALIGNMENT, 4),
		.relocatable = field(&s, RELOCATABLE_KERNEL, 1) != 0,
		.cmdline_size = (uint32_t)field(&s, CMDLINE_SIZE, 4),
		.initrd_addr_max = field(&s, INITRD_ADDR_MAX, 4),
		.version = (uint16_t)field(&s, VERSION, 2),
		.loadflags = (uint8_t)field(&s, LOADFLAGS, 1),
		.min_alignment = (uint8_t)field(&s, MIN_ALIGNMENT, 1),
		.xloadflags = (uint16_t)field(&s, XLOADFLAGS, 2),
		.handover_offset = (uint32_t)field(&s, HANDOVER_OFFSET, 4),
	};
	if (s.k.setup_size < size)
		s.k.payload_size = size - s.k.setup_size;
	kernel_version_read(&s);
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		int r = checks[i](&s);

		if (r < 0)
			return r;
	}
	*ret = s.k;
	return 0;
}

/*
 * LINUX_EFI_UNACCEPTED_MEM_TABLE_GUID, d5d1de3c-105c-44f9-9ea9-bcef98120031. Compilers put it into
 * the file in one piece, or as immediate operands of 8 or 4 bytes, so its words are looked for.
 */
static const uint8_t unaccepted_guid[4][4] = { { 0x3c, 0xde, 0xd1, 0xd5 },
	                                       { 0x5c, 0x10, 0xf9, 0x44 },
	                                       { 0x9e, 0xa9, 0xbc, 0xef },
	                                       { 0x98, 0x12, 0x00, 0x31 } };

bool linux_accepts_memory(const uint8_t *bytes, size_t size)
{
	const struct scan s = { .bytes = bytes, .size = size };
	uint64_t sects = field(&s, SETUP_SECTS, 1);
	uint64_t at = ((sects ? sects : SETUP_SECTS_OLD) + 1) * SECTOR +
	              field(&s, PAYLOAD_OFFSET, 4) + field(&s, PAYLOAD_LENGTH, 4);

	if (field(&s, PAYLOAD_LENGTH, 4) == 0 || at >= size)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(unaccepted_guid); i++)
		if (!memmem(bytes + at, size - at, unaccepted_guid[i], sizeof(unaccepted_guid[i])))
			return false;
	return true;
}

bool linux_probe(const uint8_t *bytes, size_t size)
{
	return has_magic(&(struct scan){ .bytes = bytes, .size = size }, HEADER_MAGIC, "HdrS");
}

const char *linux_loadflag_name(unsigned bit)
{
	static const char *const names[] = {
		[0] = "LOADED_HIGH",   [1] = "KASLR_FLAG",   [5] = "QUIET_FLAG",
		[6] = "KEEP_SEGMENTS", [7] = "CAN_USE_HEAP",
	};

	return bit < ARRAY_SIZE(names) ? names[bit] : NULL;
}

const char *linux_xloadflag_name(unsigned bit)
{
	static const char *const names[] = {
		"XLF_KERNEL_64",       "XLF_CAN_BE_LOADED_ABOVE_4G",
		"XLF_EFI_HANDOVER_32", "XLF_EFI_HANDOVER_64",
		"XLF_EFI_KEXEC",       "XLF_5LEVEL",
		"XLF_5LEVEL_ENABLED",  "XLF_MEM_ENCRYPTION",
	};

	return bit < ARRAY_SIZE(names) ? names[bit] : NULL;
}
