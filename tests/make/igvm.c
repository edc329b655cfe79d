/* SPDX-License-Identifier: MIT */
#include "tests/make/igvm.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "tests/make/image.h"
#include "tests/make/le.h"

static void abort_unless(int sound)
{
	if (!sound)
		abort();
}

void igvm_add(struct igvm_file *f, uint32_t type, const void *body, uint32_t size)
{
	static const uint8_t padding[8];
	const le32 head[2] = { le32_of(type), le32_of(size) };

	buffer_add(&f->headers, head, sizeof(head));
	buffer_add(&f->headers, body, size);
	buffer_add(&f->headers, padding, -(size_t)size % 8);
}

uint32_t igvm_add_data(struct igvm_file *f, const void *bytes, size_t size)
{
	uint32_t at = IGVM_DATA_AT + (uint32_t)f->data.size;

	buffer_add(&f->data, bytes, size);
	return at;
}

void igvm_add_platform(struct igvm_file *f, uint32_t mask, uint8_t type, uint64_t vtom)
{
	const struct {
		le32 mask;
		uint8_t vtl, type;
		le16 version;
		le64 vtom;
	} body = { le32_of(mask), 2, type, le16_of(1), le64_of(vtom) };

	igvm_add(f, IGVM_SUPPORTED_PLATFORM, &body, sizeof(body));
}

void igvm_add_policy(struct igvm_file *f, uint32_t mask, uint64_t policy)
{
	const struct {
		le64 policy;
		le32 mask, zero;
	} body = { .policy = le64_of(policy), .mask = le32_of(mask) };

	igvm_add(f, IGVM_GUEST_POLICY, &body, sizeof(body));
}

void igvm_add_area(struct igvm_file *f, uint32_t area, uint64_t bytes, uint32_t file_offset)
{
	const struct {
		le64 bytes;
		le32 area, file_offset;
	} body = { le64_of(bytes), le32_of(area), le32_of(file_offset) };

	igvm_add(f, IGVM_PARAMETER_AREA, &body, sizeof(body));
}

void igvm_add_parameter(struct igvm_file *f, uint32_t type, uint32_t area, uint32_t offset)
{
	const le32 body[2] = { le32_of(area), le32_of(offset) };

	igvm_add(f, type, body, sizeof(body));
}

void igvm_add_insert(struct igvm_file *f, uint64_t gpa, uint32_t mask, uint32_t area)
{
	const struct {
		le64 gpa;
		le32 mask, area;
	} body = { le64_of(gpa), le32_of(mask), le32_of(area) };

	igvm_add(f, IGVM_PARAMETER_INSERT, &body, sizeof(body));
}

void igvm_add_required(struct igvm_file *f, uint64_t gpa, uint32_t mask, uint32_t bytes)
{
	const struct {
		le64 gpa;
		le32 mask, bytes, flags, zero;
	} body = { .gpa = le64_of(gpa), .mask = le32_of(mask), .bytes = le32_of(bytes) };

	igvm_add(f, IGVM_REQUIRED_MEMORY, &body, sizeof(body));
}

void igvm_add_page_at(struct igvm_file *f, uint64_t gpa, uint32_t mask, uint32_t file_offset,
                      uint32_t flags, uint16_t kind)
{
	const struct {
		le64 gpa;
		le32 mask, file_offset, flags;
		le16 kind, zero;
	} body = { .gpa = le64_of(gpa),
		   .mask = le32_of(mask),
		   .file_offset = le32_of(file_offset),
		   .flags = le32_of(flags),
		   .kind = le16_of(kind) };

	igvm_add(f, IGVM_PAGE_DATA, &body, sizeof(body));
}

void igvm_add_page(struct igvm_file *f, uint64_t gpa, const uint8_t *bytes, uint32_t flags,
                   uint16_t kind)
{
	uint32_t at = bytes ? igvm_add_data(f, bytes, PAGE_SIZE) : 0;

	igvm_add_page_at(f, gpa, IGVM_SNP, at, flags, kind);
}

void igvm_add_vp(struct igvm_file *f, uint64_t gpa, uint16_t vp, const struct snp_vmsa *vmsa)
{
	const struct {
		le64 gpa;
		le32 mask, file_offset;
		le16 vp, zero;
	} body = { .gpa = le64_of(gpa),
		   .mask = le32_of(IGVM_SNP),
		   .file_offset = le32_of(igvm_add_data(f, vmsa, sizeof(*vmsa))),
		   .vp = le16_of(vp) };

	igvm_add(f, IGVM_VP_CONTEXT, &body, 20);
}

struct snp_vmsa igvm_vmsa(void)
{
	const struct snp_segment flat = { .selector = le16_of(0x10),
		                          .attrib = le16_of(0xc93),
		                          .limit = le32_of(0xffffffff) };
	struct snp_vmsa v = {
		.es = flat, .cs = flat, .ss = flat, .ds = flat, .fs = flat, .gs = flat
	};

	v.cs.selector = le16_of(8);
	v.cs.attrib = le16_of(0xc9b);
	v.efer = le64_of(0x1000);
	v.cr4 = le64_of(0x40);
	v.cr0 = le64_of(0x31);
	v.dr7 = le64_of(0x400);
	v.dr6 = le64_of(0xffff0ff0);
	v.rflags = le64_of(2);
	v.rip = le64_of(0x800000);
	v.rsp = le64_of(0x801000);
	v.g_pat = le64_of(0x0007040600070406);
	v.sev_features = le64_of(1);
	v.xcr0 = le64_of(1);
	v.mxcsr = le32_of(0x1f80);
	v.fcw = le16_of(0x37f);
	return v;
}

struct igvm_file igvm_file_default(void)
{
	struct snp_vmsa vmsa = igvm_vmsa();
	struct igvm_file f = { 0 };
	uint8_t page[PAGE_SIZE];

	igvm_add_platform(&f, IGVM_SNP, IGVM_SEV_SNP, 0);
	igvm_add_policy(&f, IGVM_SNP, 0x30000);
	igvm_add_required(&f, 0x800000, IGVM_SNP, 0x10000);
	igvm_add_area(&f, 0, PAGE_SIZE, 0);
	igvm_add_parameter(&f, IGVM_VP_COUNT, 0, 0);
	igvm_add_parameter(&f, IGVM_MEMORY_MAP, 0, 0x100);
	igvm_add_insert(&f, 0x803000, IGVM_SNP, 0);
	for (uint64_t i = 0; i < 2; i++) {
		image_noise(page, sizeof(page), i);
		igvm_add_page(&f, 0x800000 + i * PAGE_SIZE, page, 0, IGVM_NORMAL);
	}
	igvm_add_page(&f, 0x802000, NULL, 0, IGVM_NORMAL);
	igvm_add_page(&f, 0x804000, NULL, 0, IGVM_SECRETS);
	igvm_add_page(&f, 0x805000, NULL, 0, IGVM_CPUID);
	igvm_add_vp(&f, SNP_VMSA_GPA, 0, &vmsa);
	return f;
}

void igvm_seal(struct blob *file)
{
	uint32_t fixed = le_get(file->data + 4, 4) == 2 ? 32 : 24, crc;

	le_put(file->data + 20, 0, 4);
	crc = igvm_crc(0, file->data, fixed);
	crc = igvm_crc(crc, file->data + le_get(file->data + 8, 4), le_get(file->data + 12, 4));
	le_put(file->data + 20, crc, 4);
}

struct blob igvm_make(struct igvm_file *f)
{
	uint32_t version = f->version ? f->version : 1, fixed = version == 2 ? 32 : 24;
	struct blob b = BLOB_NONE;
	struct error err;

	abort_unless(!f->headers.failed && !f->data.failed &&
	             f->headers.size <= IGVM_DATA_AT - fixed);
	abort_unless(blob_zero(IGVM_DATA_AT + f->data.size, &b, &err) == 0);
	memcpy(b.data, "IGVM", 4);
	le_put(b.data + 4, version, 4);
	le_put(b.data + 8, fixed, 4);
	le_put(b.data + 12, f->headers.size, 4);
	le_put(b.data + 16, b.size, 4);
	if (version == 2) {
		le_put(b.data + 24, f->arch, 4);
		le_put(b.data + 28, f->page_size ? f->page_size : PAGE_SIZE, 4);
	}
	if (f->headers.size)
		memcpy(b.data + fixed, f->headers.data, f->headers.size);
	if (f->data.size)
		memcpy(b.data + IGVM_DATA_AT, f->data.data, f->data.size);
	igvm_seal(&b);
	b.data[20] ^= (uint8_t)f->wrong_checksum;
	buffer_fini(&f->headers);
	buffer_fini(&f->data);
	return b;
}
