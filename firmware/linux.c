/* SPDX-License-Identifier: MIT */
/*
 * firmware/linux.c: the x86 boot protocol, 64-bit entry. Offsets and meanings are those of Linux's
 * Documentation/arch/x86/boot.rst ("The Real-Mode Kernel Header") and zero-page.rst.
 */
#include "firmware/linux.h"

#include <assert.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/filekind.h"
#include "core/base/text.h"
#include "firmware/efi.h"
#include "firmware/ram.h"
#include "firmware/stage0/params.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

/* Offsets of the setup header's fields, in the file and in boot_params alike. */
#define SETUP_SECTS        0x1f1 /* the first field */
#define SYSSIZE            0x1f4
#define BOOT_FLAG          0x1fe
#define HEADER_LENGTH      0x201 /* from 0x202 on: the operand of the short jump over the header */
#define HEADER_MAGIC       0x202
#define VERSION            0x206
#define KERNEL_VERSION     0x20e
#define TYPE_OF_LOADER     0x210
#define LOADFLAGS          0x211
#define RAMDISK_IMAGE      0x218
#define RAMDISK_SIZE       0x21c
#define CMD_LINE_PTR       0x228
#define INITRD_ADDR_MAX    0x22c
#define KERNEL_ALIGNMENT   0x230
#define RELOCATABLE_KERNEL 0x234
#define MIN_ALIGNMENT      0x235
#define XLOADFLAGS         0x236
#define CMDLINE_SIZE       0x238
#define PAYLOAD_OFFSET     0x248
#define PAYLOAD_LENGTH     0x24c
#define SETUP_DATA         0x250
#define PREF_ADDRESS       0x258
#define INIT_SIZE          0x260
#define HANDOVER_OFFSET    0x264
#define HEADER_END_2_12    0x268 /* in protocol 2.12, which ends with handover_offset */
#define HEADER_END_MAX     0x290 /* edd_mbr_sig_buffer of boot_params begins here */

/* Offsets of fields that only boot_params has. */
#define ACPI_RSDP_ADDR    0x070
#define EXT_RAMDISK_IMAGE 0x0c0
#define EXT_RAMDISK_SIZE  0x0c4
#define EXT_CMD_LINE_PTR  0x0c8
#define EFI_INFO          0x1c0 /* struct efi_info: eight fields of 32 bits */
#define E820_ENTRIES      0x1e8
#define SECURE_BOOT       0x1ec
#define E820_TABLE        0x2d0
#define E820_ENTRY        20

#define VERSION_MIN      0x20c
#define LOADED_HIGH      0x01 /* loadflags: the protected-mode part goes above 1 MiB */
#define KERNEL_64        0x01 /* xloadflags: there is a 64-bit entry at LINUX_ENTRY */
#define SECURE_BOOT_OFF  2    /* enum efi_secureboot_mode: known to be disabled */
#define LOADER_UNDEFINED 0xff /* type_of_loader: a loader without a number of its own */
#define SECTOR           512
#define PARAGRAPH        16
#define SETUP_SECTS_OLD  4 /* the meaning of 0 in setup_sects */
#define INIT_SIZE_MAX    GIB
#define ALIGNMENT_MAX    GIB
#define KERNEL_FLOOR     (16 * MIB) /* stage0's pages and PC legacy areas lie below */
#define KERNEL_FLOOR_ANY MIB        /* for a kernel that isn't relocatable */

static_assert(E820_TABLE + LINUX_E820_MAX * E820_ENTRY <= PAGE_SIZE, "the map fits boot_params");

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

/* Rounds up to a multiple; false: it is not below 2^64. */
static bool round_up(uint64_t v, uint64_t to, uint64_t *ret)
{
	return !__builtin_add_overflow(v, (to - v % to) % to, ret);
}

/* The memory that kernel and initrd need. */
struct needs {
	uint64_t load, kernel_end; /* kernel_end: after init_size bytes, in whole pages */
	uint64_t initrd_pages;     /* the initrd's size in whole pages, in bytes */
	uint64_t end;              /* memory has to reach at least this far */
};

/* False: past 2^64. */
static bool needs_of(const struct linux_kernel *k, uint64_t initrd_size, struct needs *ret)
{
	uint64_t align = k->kernel_alignment > PAGE_SIZE ? k->kernel_alignment : PAGE_SIZE;
	uint64_t from = k->pref_address > KERNEL_FLOOR ? k->pref_address : KERNEL_FLOOR;
	uint64_t end;

	ret->load = k->pref_address;
	if (k->relocatable && !round_up(from, align, &ret->load))
		return false;
	if (__builtin_add_overflow(ret->load, (uint64_t)k->init_size, &end))
		return false;
	return round_up(end, PAGE_SIZE, &ret->kernel_end) &&
	       round_up(initrd_size, PAGE_SIZE, &ret->initrd_pages) &&
	       !__builtin_add_overflow(ret->kernel_end, ret->initrd_pages, &ret->end);
}

static int never_fits(const struct linux_kernel *k, uint64_t initrd_size, struct error *err)
{
	error_set(err, ERROR_UNSUPPORTED,
	          "the kernel (%u bytes from 0x%llx on) and the initrd (%llu bytes) do not fit any "
	          "guest's memory",
	          k->init_size, (unsigned long long)k->pref_address,
	          (unsigned long long)initrd_size);
	error_why(err, "both must lie above 1 MiB and below 3 GiB, however much memory there is");
	return error_fix(err, "use a smaller initrd, or a kernel with a lower pref_address");
}

int linux_layout_of(const struct linux_kernel *k, uint64_t low_end, uint64_t initrd_size,
                    bool initrd_directly, struct linux_layout *ret, struct error *err)
{
	uint64_t top = low_end;
	struct needs n;

	if (!needs_of(k, initrd_size, &n) || n.load < KERNEL_FLOOR_ANY)
		return never_fits(k, initrd_size, err);
	if (initrd_size && n.end - 1 > k->initrd_addr_max) {
		error_set(err, ERROR_UNSUPPORTED,
		          "the initrd (%llu bytes) does not fit between the kernel's end at 0x%llx "
		          "and 0x%llx, the highest address that this kernel accepts for one",
		          (unsigned long long)initrd_size, (unsigned long long)n.kernel_end,
		          (unsigned long long)k->initrd_addr_max);
		return error_fix(err, "use a smaller initrd");
	}
	if (n.end > low_end && n.end > RAM_LOW_MAX)
		return never_fits(k, initrd_size, err);
	if (n.end > low_end) {
		error_set(err, ERROR_MEMORY_TOO_SMALL,
		          "the kernel (%u bytes from 0x%llx on) and the initrd (%llu bytes) need "
		          "memory up to 0x%llx, and it ends at 0x%llx",
		          k->init_size, (unsigned long long)n.load, (unsigned long long)initrd_size,
		          (unsigned long long)n.end, (unsigned long long)low_end);
		error_why(err, "the kernel unpacks itself into the memory after it, so the initrd "
		               "has to lie above that");
		return error_fix(err, "set 'memory' to at least %lluM",
		                 (unsigned long long)((n.end + MIB - 1) / MIB));
	}
	if (k->initrd_addr_max < top) /* so adding 1 can't wrap */
		top = k->initrd_addr_max + 1;
	top -= top % PAGE_SIZE;
	if (initrd_directly || !initrd_size)
		top = n.end;
	*ret = (struct linux_layout){
		.load = n.load,
		.entry = n.load + LINUX_ENTRY,
		.initrd = initrd_size ? top - n.initrd_pages : 0,
		.kernel_end = n.kernel_end,
		.initrd_end = top,
	};
	return 0;
}

static void field_put(uint8_t *page, size_t at, size_t width, uint64_t v)
{
	for (size_t i = 0; i < width; i++)
		page[at + i] = (uint8_t)(v >> (8 * i));
}

/*
 * The fields that a loader sets, whatever the image has there. The rest of boot_params stays zero.
 * For three of its fields that matters to the kernel: sentinel (0x1ef), or it would clear what we
 * set; efi_info, unless it gets EFI's tables; cc_blob_address (0x13c), which the decompressor sets.
 */
static void loader_fields_put(uint8_t *page, const struct linux_boot *b)
{
	const struct {
		uint16_t at, width;
		uint64_t value;
	} rows[] = {
		/* with this, the kernel doesn't scan low memory for the RSDP */
		{ ACPI_RSDP_ADDR, 8, b->rsdp },      { TYPE_OF_LOADER, 1, LOADER_UNDEFINED },
		{ RAMDISK_IMAGE, 4, b->initrd },     { EXT_RAMDISK_IMAGE, 4, b->initrd >> 32 },
		{ RAMDISK_SIZE, 4, b->initrd_size }, { EXT_RAMDISK_SIZE, 4, b->initrd_size >> 32 },
		{ CMD_LINE_PTR, 4, b->cmdline },     { EXT_CMD_LINE_PTR, 4, b->cmdline >> 32 },
		{ SETUP_DATA, 8, b->setup_data },    { E820_ENTRIES, 1, b->n_e820 },
	};
	static const struct {
		uint16_t at;
		uint32_t value;
	} efi[] = {
		{ EFI_INFO, EFI_LOADER },
		{ EFI_INFO + 0x04, EFI_SYSTAB },
		{ EFI_INFO + 0x08, EFI_MEMMAP_ENTRY },
		{ EFI_INFO + 0x0c, 1 }, /* the version of an entry */
		{ EFI_INFO + 0x10, EFI_MEMMAP },
		{ EFI_INFO + 0x14, EFI_MEMMAP_ENTRY }, /* the map's size */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		field_put(page, rows[i].at, rows[i].width, rows[i].value);
	for (size_t i = 0; b->efi && i < ARRAY_SIZE(efi); i++)
		field_put(page, efi[i].at, 4, efi[i].value);
	if (b->efi) /* else kernels warn that they can't tell */
		field_put(page, SECURE_BOOT, 1, SECURE_BOOT_OFF);
}

int linux_boot_params(const uint8_t *image, size_t size, const struct linux_boot *b,
                      uint8_t page[static PAGE_SIZE], struct error *err)
{
	struct linux_kernel k;
	int r = linux_parse(image, size, &k, err);

	if (r < 0)
		return r;
	if (b->n_e820 > LINUX_E820_MAX)
		return error_set(err, ERROR_INTERNAL,
		                 "the memory map has %zu entries, and boot_params has room for %d",
		                 b->n_e820, LINUX_E820_MAX);
	memset(page, 0, PAGE_SIZE);
	memcpy(page + SETUP_SECTS, image + SETUP_SECTS,
	       HEADER_MAGIC + image[HEADER_LENGTH] - SETUP_SECTS);
	loader_fields_put(page, b);
	for (size_t i = 0; i < b->n_e820; i++) {
		size_t at = E820_TABLE + i * E820_ENTRY;

		field_put(page, at, 8, b->e820[i].start);
		field_put(page, at + 8, 8, b->e820[i].size);
		field_put(page, at + 16, 4, b->e820[i].type);
	}
	return 0;
}

int linux_cmdline_check(const char *cmdline, const struct linux_kernel *k, bool direct,
                        struct error *err)
{
	size_t n = strlen(cmdline), most = k->cmdline_size;
	bool ours = direct && most >= LINUX_CMDLINE_MAX;

	if (ours)
		most = LINUX_CMDLINE_MAX;
	if (n <= most)
		return 0;
	error_set(err, ERROR_BAD_VALUE, "the command line has %zu bytes, and %s takes at most %zu",
	          n, ours ? "a direct boot" : "this kernel", most);
	return error_fix(err, "shorten boot.cmdline by %zu bytes", n - most);
}

int linux_cmdline_page(const char *cmdline, const struct linux_kernel *k,
                       uint8_t page[static PAGE_SIZE], struct error *err)
{
	size_t n = cmdline ? strlen(cmdline) : 0;
	int r = linux_cmdline_check(cmdline ? cmdline : "", k, true, err);

	if (r < 0)
		return r;
	memset(page, 0, PAGE_SIZE);
	if (n)
		memcpy(page, cmdline, n);
	return 0;
}

/*
 * Linux must not reuse what it keeps reading: secrets, CPUID, boot_params, the CC blob among the
 * parameters, the command line. The ACPI tables must be of type 3: under SEV, Linux maps reserved
 * memory as shared, and would read garbage. stage0's code and stack are free once the kernel runs.
 */
static const struct linux_e820 low_rows[] = {
	{ 0, STAGE0_PML4, LINUX_RAM },
	{ STAGE0_PML4, STAGE0_ACPI - STAGE0_PML4, LINUX_RESERVED },
	{ STAGE0_ACPI, PAGE_SIZE, LINUX_ACPI },
	{ STAGE0_ACPI + PAGE_SIZE, RAM_HOLE - STAGE0_ACPI - PAGE_SIZE, LINUX_RAM },
};
static_assert(ARRAY_SIZE(low_rows) + 2 <= LINUX_E820_OURS, "and two of memory above 1 MiB");

size_t linux_e820_of(uint64_t tables, uint64_t low_end, uint64_t high_end,
                     struct linux_e820 ret[static LINUX_E820_OURS])
{
	uint64_t low = MIN(low_end, RAM_HIGH);
	size_t n = ARRAY_SIZE(low_rows);

	memcpy(ret, low_rows, sizeof(low_rows));
	ret[n - 1].size -= tables;
	if (low > RAM_HOLE_END)
		ret[n++] = (struct linux_e820){ RAM_HOLE_END, low - RAM_HOLE_END, LINUX_RAM };
	if (high_end > RAM_HIGH)
		ret[n++] = (struct linux_e820){ RAM_HIGH, high_end - RAM_HIGH, LINUX_RAM };
	return n;
}
