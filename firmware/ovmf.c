/* SPDX-License-Identifier: MIT */
/*
 * firmware/ovmf.c: the GUIDed table ahead of the reset vector and the SEV metadata that it points
 * at. Their form is edk2's, OvmfPkg/ResetVector/Ia16/ResetVectorVtf0.asm and
 * X64/OvmfSevMetadata.asm.
 */
#include "firmware/ovmf.h"

#include <assert.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/filekind.h"

#define FOUR_GIB         ((uint64_t)1 << 32)
#define GUID_SIZE        16
#define ENTRY_HEAD       18   /* u16 length and GUID, which follow the entry's data */
#define FOOTER_GUID      0x30 /* distances from the image's end */
#define FOOTER_LENGTH    0x32
#define RESET_SIZE       0x10 /* from the reset vector to the image's end */
#define VOLUME_SIGNATURE 0x28 /* from the image's start */
#define METADATA_HEAD    16
#define METADATA_SECTION 12
#define METADATA_VERSION 1
#define SECTION_MAX      ((uint32_t)256 << 20)

struct scan {
	const uint8_t *bytes;
	size_t size;
	struct error *err;
	unsigned seen; /* bit n: the table has the entry of entry_rows[n] */
	uint32_t metadata_distance;
	struct ovmf found;
};

static const uint8_t footer_guid[GUID_SIZE] = {
	/* 96b582de-1fb2-45f7-baea-a366c55a082d */
	0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
	0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d,
};

/*
 * 69d96630-eb64-4b33-8491-13a5cf023dcf, the first program of IntelTdxX64 builds. TDX metadata is no
 * sign of such a build: OvmfPkgX64 has it too.
 */
static const uint8_t tdx_sec_guid[GUID_SIZE] = {
	0x30, 0x66, 0xd9, 0x69, 0x64, 0xeb, 0x33, 0x4b,
	0x84, 0x91, 0x13, 0xa5, 0xcf, 0x02, 0x3d, 0xcf,
};

static const char fix_image[] = "copy the image again, or rebuild it with edk2";

const char *ovmf_section_name(uint32_t type)
{
	static const char *const names[] = {
		[OVMF_SEC_MEM] = "sec mem",
		[OVMF_SECRETS] = "secrets",
		[OVMF_CPUID] = "cpuid",
		[OVMF_SVSM_CAA] = "svsm caa",
		[OVMF_KERNEL_HASHES] = "kernel hashes",
	};

	return type < ARRAY_SIZE(names) && names[type] ? names[type] : "section";
}

/* QEMU loads sections of unknown types as ZERO pages. */
enum page_kind ovmf_section_kind(uint32_t type)
{
	return type == OVMF_SECRETS ? PAGE_SECRETS : type == OVMF_CPUID ? PAGE_CPUID : PAGE_ZERO;
}

const struct ovmf_section *ovmf_section_find(const struct ovmf *o, enum ovmf_section_type type)
{
	for (size_t i = 0; i < o->n_sections; i++)
		if (o->sections[i].type == type)
			return &o->sections[i];
	return NULL;
}

/*
 * Since edk2-stable202405, edk2 has an SVSM calling area and no longer accesses the local APIC
 * through an encrypted mapping. An SNP image without the first is assumed to lack the second.
 */
const char *ovmf_snp_warning(const struct ovmf *o)
{
	if (!ovmf_section_find(o, OVMF_CPUID) || ovmf_section_find(o, OVMF_SVSM_CAA))
		return NULL;
	return "the firmware seems older than edk2-stable202405 (its metadata has no place for an "
	       "SVSM); such firmware fails under SNP when it accesses the local APIC";
}

static bool footer_present(const struct scan *s)
{
	return s->size >= FOOTER_GUID &&
	       memcmp(s->bytes + s->size - FOOTER_GUID, footer_guid, GUID_SIZE) == 0;
}

bool ovmf_probe(const uint8_t *bytes, size_t size)
{
	const struct scan s = { .bytes = bytes, .size = size };
	/* EFI_FIRMWARE_VOLUME_HEADER.Signature, UEFI Platform Initialization volume 3, 3.2.1. */
	struct reader r = reader_over(bytes, size, VOLUME_SIGNATURE, 4);
	const uint8_t *signature = reader_take(&r, 4);

	return footer_present(&s) || (signature && memcmp(signature, "_FVH", 4) == 0);
}

/* Refuses what is known to be another file, and sizes that can't end at 4 GiB. */
static int image_check(const struct scan *s)
{
	const struct file_kind *k = footer_present(s) ? NULL : file_kind_of(s->bytes, s->size);
	int r;

	if (k && strcmp(k->name, "igvm") == 0) {
		error_set(s->err, ERROR_BAD_FIRMWARE,
		          "not an OVMF-style image: it is an IGVM file");
		return error_fix(s->err, "give the raw image (.fd) of the same firmware");
	}
	r = k ? file_kind_refuse(s->bytes, s->size, ROLE_FIRMWARE, ERROR_BAD_FIRMWARE, s->err) : 0;
	if (r < 0)
		return r;
	if (s->size > OVMF_MAX_SIZE) {
		error_set(s->err, ERROR_BAD_FIRMWARE,
		          "a firmware image of %zu bytes is too large: at most 16 MiB", s->size);
		error_why(s->err,
		          "the image ends at 4 GiB, and the local APIC's page at 0xfee00000 "
		          "has to stay free below it");
		return error_fix(s->err, "use a smaller build; edk2's have 2 or 4 MiB");
	}
	if (s->size < PAGE_SIZE || s->size % PAGE_SIZE) {
		error_set(s->err, ERROR_BAD_FIRMWARE,
		          "a firmware image of %zu bytes is not whole 4 KiB pages", s->size);
		error_why(s->err,
		          "the reset vector in its last 16 bytes must end at 4 GiB, and its "
		          "first byte must begin a page");
		return error_fix(s->err, "the file may be cut short: %s", fix_image);
	}
	return 0;
}

static int reset_entry(struct scan *s, struct reader *r)
{
	s->found.reset_eip = reader_le32(r);
	s->found.has_reset = true;
	return 0;
}

static int hash_area_entry(struct scan *s, struct reader *r)
{
	uint32_t gpa = reader_le32(r);
	uint32_t size = reader_le32(r);

	if (gpa == 0)
		return 0;
	if (gpa % PAGE_SIZE + size > PAGE_SIZE) {
		error_set(s->err, ERROR_BAD_FIRMWARE,
		          "the kernel hash area at 0x%x (0x%x bytes) does not lie within one page",
		          gpa, size);
		error_why(s->err, "the table of hashes is measured as one page");
		return error_fix(s->err, "%s", fix_image);
	}
	s->found.has_hash_area = true;
	s->found.hash_gpa = gpa;
	s->found.hash_size = size;
	return 0;
}

static int metadata_entry(struct scan *s, struct reader *r)
{
	s->metadata_distance = reader_le32(r);
	s->found.has_metadata = true;
	return 0;
}

static int svsm_entry(struct scan *s, struct reader *r)
{
	s->found.is_svsm = true;
	s->found.svsm_entry = reader_le32(r);
	return 0;
}

/* Entries without `read` are known by name only; a launch ignores them, as it does unknown ones. */
static const struct entry_row {
	const char *name;
	uint8_t guid[GUID_SIZE];
	size_t size; /* of the data; 0: any */
	int (*read)(struct scan *s, struct reader *r);
} entry_rows[] = {
	{ "SEV-ES reset block", /* 00f771de-1a7e-4fcb-890e-68c77e2fb44e */
	  { 0xde, 0x71, 0xf7, 0x00, 0x7e, 0x1a, 0xcb, 0x4f, 0x89, 0x0e, 0x68, 0xc7, 0x7e, 0x2f,
	    0xb4, 0x4e },
	  4,
	  reset_entry },
	{ "SEV hash table area", /* 7255371f-3a3b-4b04-927b-1da6efa8d454 */
	  { 0x1f, 0x37, 0x55, 0x72, 0x3b, 0x3a, 0x04, 0x4b, 0x92, 0x7b, 0x1d, 0xa6, 0xef, 0xa8,
	    0xd4, 0x54 },
	  8,
	  hash_area_entry },
	{ "SEV metadata", /* dc886566-984a-4798-a75e-5585a7bf67cc */
	  { 0x66, 0x65, 0x88, 0xdc, 0x4a, 0x98, 0x98, 0x47, 0xa7, 0x5e, 0x55, 0x85, 0xa7, 0xbf,
	    0x67, 0xcc },
	  4,
	  metadata_entry },
	{ "SEV secret area", /* 4c2eb361-7d9b-4cc3-8081-127c90d3d294 */
	  { 0x61, 0xb3, 0x2e, 0x4c, 0x9b, 0x7d, 0xc3, 0x4c, 0x80, 0x81, 0x12, 0x7c, 0x90, 0xd3,
	    0xd2, 0x94 },
	  0,
	  NULL },
	{ "TDX metadata", /* e47a6535-984a-4798-865e-4685a7bf8ec2 */
	  { 0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98, 0x98, 0x47, 0x86, 0x5e, 0x46, 0x85, 0xa7, 0xbf,
	    0x8e, 0xc2 },
	  0,
	  NULL },
	{ "IGVM parameters", /* 784fa70e-3176-4677-8a20-04b68699e374 */
	  { 0x0e, 0xa7, 0x4f, 0x78, 0x76, 0x31, 0x77, 0x46, 0x8a, 0x20, 0x04, 0xb6, 0x86, 0x99,
	    0xe3, 0x74 },
	  0,
	  NULL },
	{ "SVSM info", /* a789a612-0597-4c4b-a49f-cbb1fe9d1ddd */
	  { 0x12, 0xa6, 0x89, 0xa7, 0x97, 0x05, 0x4b, 0x4c, 0xa4, 0x9f, 0xcb, 0xb1, 0xfe, 0x9d,
	    0x1d, 0xdd },
	  4,
	  svsm_entry },
};
static_assert(ARRAY_SIZE(entry_rows) <= 32, "scan.seen has a bit for each");

static const struct entry_row *entry_row(const uint8_t guid[static GUID_SIZE])
{
	for (size_t i = 0; i < ARRAY_SIZE(entry_rows); i++)
		if (memcmp(guid, entry_rows[i].guid, GUID_SIZE) == 0)
			return &entry_rows[i];
	return NULL;
}

static int entry_use(struct scan *s, const struct ovmf_entry *found)
{
	const struct entry_row *e = entry_row(found->guid);
	struct reader r = reader_over(s->bytes, s->size, found->at, found->size);
	unsigned seen;

	if (!e || !e->read)
		return 0;
	seen = 1u << (e - entry_rows);
	if (s->seen & seen) {
		error_set(s->err, ERROR_BAD_FIRMWARE, "the footer table has two entries '%s'",
		          e->name);
		error_why(s->err,
		          "tools disagree on which of the two counts, so the measurement would "
		          "depend on the tool");
		return error_fix(s->err, "%s", fix_image);
	}
	if (e->size && found->size != e->size) {
		error_set(s->err, ERROR_BAD_FIRMWARE,
		          "the footer table's entry '%s' has %zu bytes of data instead of %zu",
		          e->name, found->size, e->size);
		error_why(s->err, "the entry is damaged, or of a newer form");
		return error_fix(s->err, "%s", fix_image);
	}
	s->seen |= seen;
	return e->read(s, &r);
}

/* Takes the next entry off the table. Returns what is wrong with it; NULL: nothing. */
static const char *entry_take(struct ovmf_table *t, struct ovmf_entry *ret)
{
	const struct entry_row *row;
	const uint8_t *guid;
	struct reader r;
	size_t length;

	if (t->left < ENTRY_HEAD)
		return "runs past the table";
	r = reader_over(t->bytes, t->size, t->end - ENTRY_HEAD, ENTRY_HEAD);
	length = reader_le16(&r);
	guid = reader_take(&r, GUID_SIZE);
	if (length < ENTRY_HEAD)
		return "is too short to be one";
	if (length > t->left)
		return "runs past the table";
	t->end -= length;
	t->left -= length;
	row = entry_row(guid);
	*ret = (struct ovmf_entry){ guid, row ? row->name : NULL, t->end, length - ENTRY_HEAD };
	return NULL;
}

bool ovmf_table_next(struct ovmf_table *t, struct ovmf_entry *ret)
{
	return t->left > 0 && !entry_take(t, ret);
}

/* Opens the table of an image that has a footer. Returns what is wrong with it; NULL: nothing. */
static const char *table_open(const uint8_t *bytes, size_t size, struct ovmf_table *ret,
                              size_t *length)
{
	struct reader r = reader_over(bytes, size, size - FOOTER_LENGTH, 2);

	*length = reader_le16(&r);
	*ret = (struct ovmf_table){ .bytes = bytes, .size = size, .end = size - FOOTER_LENGTH };
	if (*length < ENTRY_HEAD)
		return "is too short to be one";
	if (*length - ENTRY_HEAD > ret->end)
		return "runs past the image's start";
	ret->left = *length - ENTRY_HEAD;
	return NULL;
}

struct ovmf_table ovmf_table_of(const uint8_t *bytes, size_t size)
{
	struct ovmf_table t = { 0 };
	size_t length;

	if (size >= FOOTER_LENGTH)
		table_open(bytes, size, &t, &length);
	return t;
}

/* Reads the entries from the footer towards the start. */
static int footer_read(struct scan *s)
{
	struct ovmf_table t;
	struct ovmf_entry e;
	size_t length;
	const char *fault = table_open(s->bytes, s->size, &t, &length);

	if (fault) {
		error_set(s->err, ERROR_BAD_FIRMWARE, "the footer table of %zu bytes %s", length,
		          fault);
		error_why(s->err,
		          "its length stands 50 bytes before the image's end and counts the 18 "
		          "bytes of the footer itself");
		return error_fix(s->err, "%s", fix_image);
	}
	while (t.left > 0) {
		int r;

		fault = entry_take(&t, &e);
		if (fault) {
			error_set(s->err, ERROR_BAD_FIRMWARE,
			          "the footer table's entry that ends at 0x%zx %s", t.end, fault);
			error_why(s->err,
			          "each entry is data, its own length (18 bytes and the data) and "
			          "a GUID, and entries fill the table");
			return error_fix(s->err, "%s", fix_image);
		}
		r = entry_use(s, &e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int metadata_bad(const struct scan *s)
{
	error_why(s->err,
	          "the SEV metadata lists the guest pages that a launch prepares and measures");
	return error_fix(s->err, "%s", fix_image);
}

/* Checks the descriptor's head; *r is then at the first of *n sections. */
static int metadata_head(const struct scan *s, struct reader *r, uint32_t *n)
{
	size_t distance = s->metadata_distance, at;
	uint32_t length, version;
	const uint8_t *signature;

	if (distance < METADATA_HEAD || distance > s->size)
		return error_set(
			s->err, ERROR_BAD_FIRMWARE,
			"the SEV metadata starts %zu bytes before the end, which is outside the "
			"image of %zu bytes",
			distance, s->size);
	at = s->size - distance;
	*r = reader_over(s->bytes, s->size, at, distance);
	signature = reader_take(r, 4);
	length = reader_le32(r);
	version = reader_le32(r);
	*n = reader_le32(r);
	if (memcmp(signature, "ASEV", 4) != 0)
		return error_set(s->err, ERROR_BAD_FIRMWARE,
		                 "the SEV metadata at 0x%zx does not begin with 'ASEV'", at);
	if (version != METADATA_VERSION)
		return error_set(s->err, ERROR_BAD_FIRMWARE,
		                 "the SEV metadata has version %u; only version 1 is known",
		                 version);
	if (*n > OVMF_MAX_SECTIONS)
		return error_set(s->err, ERROR_BAD_FIRMWARE,
		                 "the SEV metadata has %u sections; at most %d are accepted", *n,
		                 OVMF_MAX_SECTIONS);
	if (length != METADATA_HEAD + METADATA_SECTION * *n)
		return error_set(s->err, ERROR_BAD_FIRMWARE,
		                 "the SEV metadata gives its length as %u, but %u sections take %u",
		                 length, *n, METADATA_HEAD + METADATA_SECTION * *n);
	if (length > distance)
		return error_set(s->err, ERROR_BAD_FIRMWARE,
		                 "the SEV metadata at 0x%zx (%u bytes) runs past the image's end",
		                 at, length);
	return 0;
}

static uint64_t section_end(const struct ovmf_section *a)
{
	return (uint64_t)a->gpa + a->size;
}

/* Checks section i by itself, against the image, and against the sections before it. */
static int section_check(const struct scan *s, size_t i)
{
	const struct ovmf_section *a = &s->found.sections[i], *b = s->found.sections;
	const char *fault = NULL;

	if (a->size == 0)
		fault = "is empty";
	else if (a->gpa % PAGE_SIZE || a->size % PAGE_SIZE)
		fault = "is not whole 4 KiB pages";
	else if (section_end(a) > FOUR_GIB)
		fault = "runs past 4 GiB";
	else if (a->size > SECTION_MAX)
		fault = "is larger than 256 MiB";
	if (fault)
		return error_set(s->err, ERROR_BAD_FIRMWARE,
		                 "SEV metadata: section %zu ('%s', 0x%x+0x%x) %s", i,
		                 ovmf_section_name(a->type), a->gpa, a->size, fault);
	if (section_end(a) > s->found.gpa)
		return error_set(
			s->err, ERROR_BAD_FIRMWARE,
			"SEV metadata: section %zu ('%s', 0x%x+0x%x) overlaps the firmware image "
			"at 0x%llx+0x%zx",
			i, ovmf_section_name(a->type), a->gpa, a->size,
			(unsigned long long)s->found.gpa, s->size);
	for (size_t j = 0; j < i; j++, b++)
		if (a->gpa < section_end(b) && b->gpa < section_end(a))
			return error_set(s->err, ERROR_BAD_FIRMWARE,
			                 "SEV metadata: section %zu ('%s', 0x%x+0x%x) overlaps "
			                 "section %zu ('%s', 0x%x+0x%x)",
			                 j, ovmf_section_name(b->type), b->gpa, b->size, i,
			                 ovmf_section_name(a->type), a->gpa, a->size);
	return 0;
}

static int metadata_read(struct scan *s)
{
	struct reader r = { .bad = true };
	uint32_t n = 0;

	if (metadata_head(s, &r, &n) < 0)
		return metadata_bad(s);
	for (uint32_t i = 0; i < n; i++) {
		struct ovmf_section *a = &s->found.sections[i];

		a->gpa = reader_le32(&r);
		a->size = reader_le32(&r);
		a->type = reader_le32(&r);
		if (section_check(s, i) < 0)
			return metadata_bad(s);
	}
	s->found.n_sections = n;
	return 0;
}

int ovmf_parse(const uint8_t *bytes, size_t size, struct ovmf *ret, struct error *err)
{
	struct scan s = { .bytes = bytes, .size = size, .err = err };
	int r;

	if (size == 0) {
		error_set(err, ERROR_BAD_FIRMWARE, "the firmware image is empty");
		error_why(err, "the file has no bytes");
		return error_fix(err, "%s", fix_image);
	}
	r = image_check(&s);
	if (r < 0)
		return r;
	if (!footer_present(&s)) {
		error_set(err, ERROR_BAD_FIRMWARE,
		          "not an OVMF-style image: no table ahead of its end");
		error_why(err, "the footer GUID 96b582de-1fb2-45f7-baea-a366c55a082d is not 48 "
		               "bytes before the end, so the image names no AP start and no launch "
		               "sections");
		return error_fix(err,
		                 "use an image built from edk2's OvmfPkg (OvmfPkgX64, AmdSevX64); "
		                 "a plain VM (platform: kvm) takes a BIOS too");
	}
	s.found.size = size;
	s.found.gpa = FOUR_GIB - size;
	s.found.is_tdx = memmem(bytes, size, tdx_sec_guid, GUID_SIZE) != NULL;
	r = footer_read(&s);
	if (r == 0 && s.found.has_metadata)
		r = metadata_read(&s);
	if (r == 0)
		*ret = s.found;
	return r;
}

#define FIRMWARE "the firmware "

/* Why an SNP launch refuses an image: what is wrong with it, why that matters, what to use. */
enum lack_id { LACK_SVSM, LACK_TDX, LACK_METADATA, LACK_RESET, LACK_EIP, LACK_NOTHING };

static const struct lack {
	const char *what;
	const char *why, *fix;
} lacks[] = {
	[LACK_SVSM] = { FIRMWARE "is an SVSM image",
	                "an SVSM runs below a firmware, at VMPL0, and is launched together with "
	                "one; this version launches none",
	                "give the firmware alone, e.g. OVMF.fd" },
	[LACK_TDX] = { FIRMWARE "is built for Intel TDX",
	               "its first program (SecMain of IntelTdx) serves only TDX guests",
	               "use an OvmfPkgX64 or AmdSevX64 build: OVMF.fd or OVMF.amdsev.fd instead "
	               "of OVMF.inteltdx.fd" },
	[LACK_METADATA] = { FIRMWARE "has no SEV metadata",
	                    "the metadata lists the pages that the firmware needs before it runs",
	                    "use a build with SEV support, e.g. OVMF.fd rather than "
	                    "OVMF_CODE_4M.fd; a plain VM (platform: kvm) needs none" },
	[LACK_RESET] = { FIRMWARE "has no SEV-ES reset block",
	                 "it says where the second and further vCPUs begin",
	                 "use a build with SEV-ES support" },
	[LACK_EIP] = { FIRMWARE "has a SEV-ES reset block with address 0",
	               "it says where the second and further vCPUs begin",
	               "use a build with SEV-ES support" },
};

static enum lack_id lack_of(const struct ovmf *o)
{
	if (o->is_svsm)
		return LACK_SVSM;
	if (o->is_tdx)
		return LACK_TDX;
	if (!o->has_metadata)
		return LACK_METADATA;
	if (!o->has_reset)
		return LACK_RESET;
	return o->reset_eip ? LACK_NOTHING : LACK_EIP;
}

int ovmf_parse_for_launch(const char *path, const uint8_t *image, size_t size, bool measured,
                          struct ovmf *ret, const char **ret_lack, struct error *err)
{
	const struct scan s = { .bytes = image, .size = size, .err = err };
	/* Its last 16 bytes are what the processor executes first. */
	bool bios = size >= PAGE_SIZE && !footer_present(&s) &&
	            !bytes_zero(image + size - RESET_SIZE, RESET_SIZE);
	enum lack_id lack;
	int r;

	if (bios && !measured) {
		r = image_check(&s);
		if (r == 0)
			*ret = (struct ovmf){ .gpa = FOUR_GIB - size, .size = size };
	} else {
		r = ovmf_parse(image, size, ret, err);
	}
	if (r < 0)
		return error_wrap(err, "firmware '%s'", path);
	lack = lack_of(ret);
	if (lack != LACK_NOTHING && (measured || lack == LACK_SVSM)) {
		error_set(err, ERROR_BAD_FIRMWARE, "firmware '%s' %s", path,
		          lacks[lack].what + strlen(FIRMWARE));
		error_why(err, "%s", lacks[lack].why);
		return error_fix(err, "%s", lacks[lack].fix);
	}
	*ret_lack = lack == LACK_NOTHING ? NULL : lacks[lack].what;
	return 0;
}
