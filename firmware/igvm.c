/* SPDX-License-Identifier: MIT */
/*
 * firmware/igvm.c: fixed header, variable headers, and the data that they point at. Their form is
 * that of Microsoft's igvm_defs crate.
 */
#include "firmware/igvm.h"

#include <assert.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/snp/abi.h"
#include "core/snp/idblock.h"

#define MAGIC       "IGVM"
#define FIXED_V1    24
#define FIXED_V2    32 /* with architecture and page size */
#define CHECKSUM_AT 20
#define VARIABLE    8 /* type and length before each body, which is padded to 8 bytes, too */
#define GPA_LIMIT   ((uint64_t)1 << 52) /* the widest physical address of the architecture */
#define ARCH_X64    0
#define FIX_FILE    "copy the file again, or build it again"

static_assert(offsetof(struct igvm_id_block, digest) == 8, "LD");
static_assert(offsetof(struct igvm_id_block, version) == 0x58, "version");
static_assert(offsetof(struct igvm_id_block, id_r) == 0x68, "ID signature");
static_assert(offsetof(struct igvm_id_block, id_key) == 0xf8, "ID key");
static_assert(offsetof(struct igvm_id_block, author_r) == 0x190, "author signature");
static_assert(sizeof(struct igvm_id_block) == 696, "SNP_ID_BLOCK");

/*
 * What a header's body consists of, a letter a field:
 *   m  u32 compatibility mask       g  u64 address, whole pages     v  u64 address, anything
 *   p  u64 policy                   b  u32 bytes, whole pages       B  u64 bytes, whole pages
 *   n  u32 bytes, any number        f  u32 flags                    k  u16 kind
 *   c  u16 number of a vCPU         a  u32 index of a parameter area
 *   o  u32 offset in the file       O  u32 offset in the parameter area
 *   t  u8 highest VTL (ignored)     y  u8 type of platform          w  u16 version of platform
 *   2, 4  reserved bytes, zero      *  anything else, to the end
 */
static const struct header_row {
	uint32_t type;
	const char *name;
	uint32_t size; /* 0: any */
	const char *fields;
	size_t data; /* bytes at the file offset; 0: as many as the header says */
} header_rows[] = {
	{ IGVM_SUPPORTED_PLATFORM, "supported platform", 16, "mtywv", 0 },
	{ IGVM_GUEST_POLICY, "guest policy", 16, "pm4", 0 },
	{ IGVM_RELOCATABLE_REGION, "relocatable region", 0, "m*", 0 },
	{ IGVM_PAGE_TABLE_RELOCATION, "page table relocation", 0, "m*", 0 },
	{ IGVM_CORIM_DOCUMENT, "CoRIM document", 16, "mno4", 0 },
	{ IGVM_CORIM_SIGNATURE, "CoRIM signature", 16, "mno4", 0 },
	{ IGVM_PARAMETER_AREA, "parameter area", 16, "Bao", 0 },
	{ IGVM_PAGE_DATA, "page data", 24, "gmofk2", PAGE_SIZE },
	{ IGVM_PARAMETER_INSERT, "parameter insert", 16, "gma", 0 },
	{ IGVM_VP_CONTEXT, "VP context", 20, "gmoc2", PAGE_SIZE },
	{ IGVM_REQUIRED_MEMORY, "required memory", 24, "gmbf4", 0 },
	{ IGVM_VP_COUNT, "VP count", 8, "aO", 0 },
	{ IGVM_SRAT, "SRAT", 8, "aO", 0 },
	{ IGVM_MADT, "MADT", 8, "aO", 0 },
	{ IGVM_MMIO_RANGES, "MMIO ranges", 8, "aO", 0 },
	{ IGVM_SNP_ID_BLOCK, "SNP ID block", sizeof(struct igvm_id_block), "m*", 0 },
	{ IGVM_MEMORY_MAP, "memory map", 8, "aO", 0 },
	{ IGVM_ERROR_RANGE, "error range", 16, "gmb", 0 },
	{ IGVM_COMMAND_LINE, "command line", 8, "aO", 0 },
	{ IGVM_SLIT, "SLIT", 8, "aO", 0 },
	{ IGVM_PPTT, "PPTT", 8, "aO", 0 },
	{ IGVM_VBS_MEASUREMENT, "VBS measurement", 0, "m*", 0 },
	{ IGVM_DEVICE_TREE, "device tree", 8, "aO", 0 },
	{ IGVM_ENVIRONMENT_INFO, "environment info", 8, "aO", 0 },
};

/* The sections of the variable headers, in their order. Types between them belong to none. */
static const struct {
	uint32_t first, last;
} sections[] = { { 0x1, 0x100 }, { 0x101, 0x200 }, { 0x301, 0x400 } };

const char *igvm_platform_name(unsigned type)
{
	static const char *const names[] = {
		[IGVM_NATIVE] = "native", [IGVM_VSM] = "VSM", [IGVM_SEV_SNP] = "SEV-SNP",
		[IGVM_TDX] = "TDX",       [IGVM_SEV] = "SEV", [IGVM_SEV_ES] = "SEV-ES",
	};

	static_assert(ARRAY_SIZE(names) == IGVM_PLATFORM_TYPES, "a platform without a name");
	return type < ARRAY_SIZE(names) ? names[type] : NULL;
}

const char *igvm_page_name(unsigned kind)
{
	static const char *const names[] = {
		[IGVM_NORMAL] = "normal",
		[IGVM_SECRETS] = "secrets",
		[IGVM_CPUID] = "cpuid",
		[IGVM_CPUID_XF] = "cpuid-xf",
	};

	static_assert(ARRAY_SIZE(names) == IGVM_PAGE_KINDS, "a kind of page without a name");
	return kind < ARRAY_SIZE(names) ? names[kind] : NULL;
}

bool igvm_is_parameter(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(header_rows); i++)
		if (header_rows[i].type == type)
			return strcmp(header_rows[i].fields, "aO") == 0;
	return false;
}

bool igvm_probe(const uint8_t *bytes, size_t size)
{
	return size >= 4 && memcmp(bytes, MAGIC, 4) == 0;
}

uint32_t igvm_crc(uint32_t crc, const uint8_t *bytes, size_t size)
{
	uint32_t table[16];

	for (uint32_t i = 0; i < ARRAY_SIZE(table); i++) {
		table[i] = i;
		for (int bit = 0; bit < 4; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320 : 0);
	}
	crc = ~crc;
	for (size_t i = 0; i < size; i++) {
		crc = table[(crc ^ bytes[i]) & 15] ^ crc >> 4;
		crc = table[(crc ^ bytes[i] >> 4) & 15] ^ crc >> 4;
	}
	return ~crc;
}

/* Reads the field of a letter. Returns what is wrong with it; NULL: nothing. */
static const char *field_read(char field, struct reader *r, struct igvm_header *h, uint32_t *at)
{
	switch (field) {
	case 'm':
		h->mask = reader_le32(r);
		return h->mask ? NULL : "is for no platform: its compatibility mask is 0";
	case 'g':
		h->gpa = reader_le64(r);
		if (h->gpa % PAGE_SIZE)
			return "has an address that is not that of a 4 KiB page";
		return h->gpa < GPA_LIMIT ? NULL : "has an address above 52 bits";
	case 'v':
		h->gpa = reader_le64(r);
		return NULL;
	case 'p':
		h->policy = reader_le64(r);
		return NULL;
	case 'b':
	case 'n':
		h->bytes = reader_le32(r);
		return field == 'n' || h->bytes % PAGE_SIZE == 0
		               ? NULL
		               : "has a size that is not whole 4 KiB pages";
	case 'B':
		h->bytes = reader_le64(r);
		if (h->bytes == 0 || h->bytes % PAGE_SIZE)
			return "has a size that is not whole 4 KiB pages";
		return h->bytes < GPA_LIMIT ? NULL : "has a size above 52 bits";
	case 'f':
		h->flags = reader_le32(r);
		return NULL;
	case 'a':
		h->area = reader_le32(r);
		return NULL;
	case 'O':
		h->offset = reader_le32(r);
		return NULL;
	case 'o':
		*at = reader_le32(r);
		return NULL;
	case 'k':
	case 'c':
		*(field == 'k' ? &h->kind : &h->vp) = reader_le16(r);
		return NULL;
	case 'y':
		h->kind = *reader_take(r, 1);
		return NULL;
	case 'w':
		h->flags = reader_le16(r);
		return NULL;
	case 't':
		reader_take(r, 1);
		return NULL;
	default: /* '2' and '4' */
		return bytes_zero(reader_take(r, (size_t)(field - '0')), (size_t)(field - '0'))
		               ? NULL
		               : "has reserved bytes that are not zero";
	}
}

/* Whether the data begins after the headers and ends inside the file; 0 stands for no data. */
static const char *data_find(const struct igvm *f, const struct header_row *row, uint32_t at,
                             struct igvm_header *h)
{
	uint64_t size = row->data ? row->data : h->bytes;

	if (at == 0)
		return h->type == IGVM_VP_CONTEXT ? "has no registers" : NULL;
	if (at < f->headers_at + f->headers_size)
		return "has data that begins before the end of the headers";
	if (at > f->total_size || size > f->total_size - at)
		return "has data that ends beyond the end of the file";
	h->data = f->bytes + at;
	return NULL;
}

/* Reads one header. Returns what is wrong with it; NULL: nothing. *ret is always written. */
static const char *header_read(const struct igvm *f, struct reader *r, struct igvm_header *ret)
{
	const struct header_row *row = NULL;
	uint32_t type = reader_le32(r), size = reader_le32(r), at = 0;
	const char *fault = NULL;
	struct reader body;

	*ret = (struct igvm_header){ .type = type & ~IGVM_OPTIONAL, .mask = UINT32_MAX };
	if (r->bad)
		return "is cut short";
	if (size > reader_left(r))
		return "runs past the end of the headers";
	ret->size = size;
	ret->body = reader_take(r, size);
	reader_take(r,
	            MIN(-(size_t)size % 8, reader_left(r))); /* the last one may lack its padding */
	for (size_t i = 0; i < ARRAY_SIZE(header_rows); i++)
		if (header_rows[i].type == ret->type)
			row = &header_rows[i];
	if (!row)
		return type & IGVM_OPTIONAL ? NULL : "has an unknown type, and is not optional";
	ret->name = row->name;
	if (row->size && size != row->size)
		return "has the wrong size";
	body = reader_over(ret->body, size, 0, size);
	for (const char *p = row->fields; *p && *p != '*' && !fault; p++)
		fault = field_read(*p, &body, ret, &at);
	return fault || !strchr(row->fields, 'o') ? fault : data_find(f, row, at, ret);
}

struct igvm_cursor igvm_headers(const struct igvm *f)
{
	return (struct igvm_cursor){ .file = f,
		                     .at = reader_over(f->bytes, f->total_size, f->headers_at,
		                                       f->headers_size) };
}

bool igvm_next(struct igvm_cursor *c, struct igvm_header *ret)
{
	if (reader_left(&c->at) == 0 || header_read(c->file, &c->at, ret))
		return false;
	ret->number = c->number++;
	return true;
}

static int bad_file(struct error *err, const char *why)
{
	error_why(err, "%s", why);
	return error_fix(err, "%s", FIX_FILE);
}

/* The fixed header, and its checksum over both kinds of headers. */
static int fixed_read(const uint8_t *bytes, size_t size, struct igvm *f, struct error *err)
{
	static const uint8_t zero[4];
	struct reader r =
		reader_over(bytes, size, 4, MIN(size, (size_t)FIXED_V2) - MIN(size, (size_t)4));
	uint32_t checksum, crc, arch, page;
	uint32_t version = reader_le32(&r), at = reader_le32(&r), n = reader_le32(&r);
	uint32_t total = reader_le32(&r), fixed = version == 1 ? FIXED_V1 : FIXED_V2;

	checksum = reader_le32(&r);
	if (r.bad || size < fixed) {
		error_set(err, ERROR_BAD_FIRMWARE, "an IGVM file of %zu bytes is cut short", size);
		return bad_file(err, "its fixed header alone has 24 bytes, or 32 in version 2");
	}
	if (version != 1 && version != 2) {
		error_set(err, ERROR_BAD_FIRMWARE, "IGVM format version %u", version);
		return bad_file(err, "versions 1 and 2 are known");
	}
	if (version == 2) {
		arch = reader_le32(&r);
		page = reader_le32(&r);
		if (arch != ARCH_X64 || page != PAGE_SIZE) {
			error_set(err, ERROR_BAD_FIRMWARE,
			          "an IGVM file for architecture %u with pages of %u bytes", arch,
			          page);
			return error_fix(err, "give one for x64 (0), whose pages have 4096 bytes");
		}
	}
	if (total > size) {
		error_set(err, ERROR_BAD_FIRMWARE,
		          "the IGVM file has %zu bytes, and its header says %u", size, total);
		return bad_file(err, "the file is cut short, or its header is damaged");
	}
	if (at < fixed || at > total || n > total - at) {
		error_set(err, ERROR_BAD_FIRMWARE,
		          "the IGVM file's headers (%u bytes at 0x%x) are not inside the file", n,
		          at);
		return bad_file(err, "the file is damaged");
	}
	crc = igvm_crc(0, bytes, CHECKSUM_AT);
	crc = igvm_crc(crc, zero, sizeof(zero));
	crc = igvm_crc(crc, bytes + CHECKSUM_AT + 4, fixed - CHECKSUM_AT - 4);
	crc = igvm_crc(crc, bytes + at, n);
	if (crc != checksum) {
		error_set(err, ERROR_BAD_FIRMWARE,
		          "the checksum of the IGVM file's headers is 0x%08x, and they say 0x%08x",
		          crc, checksum);
		return bad_file(err, "the file is damaged, or was changed without a new checksum");
	}
	*f = (struct igvm){ .bytes = bytes,
		            .version = version,
		            .headers_at = at,
		            .headers_size = n,
		            .total_size = total };
	return 0;
}

/* Returns what is wrong with the platform; NULL: nothing. */
static const char *platform_add(struct igvm *f, const struct igvm_header *h)
{
	if (h->mask & (h->mask - 1))
		return "has more than one bit in its compatibility mask";
	for (size_t i = 0; i < f->n_platforms; i++)
		if (f->platforms[i].mask == h->mask)
			return "has the same bit as another platform";
	f->platforms[f->n_platforms++] =
		(struct igvm_platform){ h->mask, h->kind, h->flags, h->gpa };
	return NULL;
}

/* The section of a type, from 0; ARRAY_SIZE(sections): none. */
static size_t section_of(uint32_t type)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(sections) && (type < sections[i].first || type > sections[i].last))
		i++;
	return i;
}

static void key_copy(const struct igvm_key *from, uint8_t to[static SNP_ID_KEY_SIZE])
{
	memcpy(to, &from->curve, sizeof(from->curve));
	memcpy(to + 4, from->x, sizeof(from->x));
	memcpy(to + 4 + sizeof(from->x), from->y, sizeof(from->y));
}

bool igvm_id_block_read(const struct igvm_header *h, uint64_t policy,
                        uint8_t block[static PLAN_ID_BLOCK], uint8_t auth[static PLAN_ID_AUTH])
{
	const struct igvm_id_block *from = (const void *)h->body;
	struct snp_id_block *b = (void *)block;
	struct snp_id_auth *a = (void *)auth;

	memset(b, 0, sizeof(*b));
	memset(a, 0, sizeof(*a));
	memcpy(b->digest, from->digest, sizeof(b->digest));
	memcpy(b->family_id, from->family_id, sizeof(b->family_id));
	memcpy(b->image_id, from->image_id, sizeof(b->image_id));
	b->version = from->version;
	b->guest_svn = from->svn;
	b->policy = le64_of(policy);
	a->id_key_algorithm = from->id_algorithm;
	memcpy(a->id_block_signature, from->id_r, sizeof(from->id_r));
	memcpy(a->id_block_signature + 72, from->id_s, sizeof(from->id_s));
	key_copy(&from->id_key, a->id_key);
	if (!from->author_key_enabled)
		return false;
	a->author_key_algorithm = from->author_algorithm;
	memcpy(a->id_key_signature, from->author_r, sizeof(from->author_r));
	memcpy(a->id_key_signature + 72, from->author_s, sizeof(from->author_s));
	key_copy(&from->author_key, a->author_key);
	return true;
}

int igvm_parse(const uint8_t *bytes, size_t size, struct igvm *ret, struct error *err)
{
	struct igvm f = { 0 };
	struct igvm_header h = { 0 };
	struct reader r;
	const char *fault = NULL;
	size_t section = 0, next;
	int e = fixed_read(bytes, size, &f, err);

	if (e < 0)
		return e;
	r = reader_over(bytes, f.total_size, f.headers_at, f.headers_size);
	while (reader_left(&r) > 0 && !fault) {
		fault = header_read(&f, &r, &h);
		next = section_of(h.type);
		if (!fault && next < section)
			fault = "comes too late: platforms come first, then what initializes "
				"the guest, then directives";
		else if (!fault && f.n_headers == IGVM_HEADERS_MAX)
			fault = "is one too many: at most 262144 are read";
		else if (!fault && h.type == IGVM_SUPPORTED_PLATFORM)
			fault = platform_add(&f, &h);
		if (next < ARRAY_SIZE(sections))
			section = next;
		f.n_headers += !fault;
	}
	if (fault) {
		error_set(err, ERROR_BAD_FIRMWARE, "header %u of the IGVM file (%s, type 0x%x) %s",
		          f.n_headers, h.name ? h.name : "unknown", h.type, fault);
		return error_fix(err, "%s", FIX_FILE);
	}
	*ret = f;
	return 0;
}
