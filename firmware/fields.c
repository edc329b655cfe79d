/* SPDX-License-Identifier: MIT */
/* firmware/fields.c: a table of the regions that a plan has, by their labels. */
#include "firmware/fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/sha2.h"
#include "core/out/saved.h"
#include "core/plan/page_field.h"
#include "core/plan/region.h"
#include "core/snp/abi.h"
#include "core/snp/vmsa_fields.h"
#include "firmware/acpi.h"
#include "firmware/hashes.h"
#include "firmware/linux.h"
#include "firmware/ovmf.h"
#include "firmware/selftest/params.h"
#include "firmware/stage0.h"

static void numbers_add(const void *page, const struct page_field *fields, struct saved_values *to)
{
	for (const struct page_field *f = fields; f->name; f++) {
		uint64_t value = page_field_get(page, f);

		if (value)
			saved_values_format(to, f->name, "0x%" PRIx64, value);
	}
}

/* What an image says of its launch. Its other content is compared as volumes and files. */
static void firmware_add(const struct region *r, struct saved_values *to)
{
	struct error unwanted;
	struct ovmf o;

	if (ovmf_parse(r->bytes, r->size, &o, &unwanted) < 0)
		return;
	if (o.has_reset)
		saved_values_format(to, "ap_start", "0x%" PRIx32, o.reset_eip);
	if (o.has_hash_area)
		saved_values_format(to, "hash_table", "0x%" PRIx32 "+0x%" PRIx32, o.hash_gpa,
		                    o.hash_size);
	for (size_t i = 0; i < o.n_sections; i++) {
		char name[32];

		snprintf(name, sizeof(name), "section %zu", i);
		saved_values_format(to, name, "%s, 0x%" PRIx32 "+0x%" PRIx32,
		                    ovmf_section_name(o.sections[i].type), o.sections[i].gpa,
		                    o.sections[i].size);
	}
}

static void hashes_add(const struct region *r, struct saved_values *to)
{
	struct kernel_hashes h;
	size_t at;

	if (!kernel_hashes_find(r->bytes, r->size, &h, &at))
		return;
	saved_values_hex(to, "kernel", h.kernel, sizeof(h.kernel));
	saved_values_hex(to, "initrd", h.initrd, sizeof(h.initrd));
	saved_values_hex(to, "cmdline", h.cmdline, sizeof(h.cmdline));
	saved_values_format(to, "table", "0x%zx", at);
}

#define OURS    "the version of snpvmm"
#define DEVICES "whether there are disks, vsock, rng or hvc; and the version of snpvmm"

#define PARAM(name, field, key, cause)                                                             \
	{                                                                                          \
		name, offsetof(struct stage0_params, field),                                       \
			sizeof(((struct stage0_params *)0)->field), key, cause                     \
	}
static const struct page_field stage0_fields[] = {
	PARAM("magic", magic, NULL, OURS),
	PARAM("flags", flags, NULL, "under SNP, and whether the SHA extensions may be used"),
	PARAM("entry", entry, "boot.kernel", "where the kernel's header wants it to be loaded"),
	PARAM("boot_params", boot_params, NULL, OURS),
	PARAM("c_bit", c_bit, NULL, "the bit that marks encrypted pages; the same on every host"),
	PARAM("vcpu_sig", vcpu_sig, "vcpu_type", NULL),
	PARAM("exit_port", exit_port, "exit_port", NULL),
	PARAM("nr_lazy", nr_lazy, "boot.accept", "memory that the kernel accepts itself"),
	PARAM("shared_base", shared_base, "memory", "in shared memory, above all memory"),
	{ 0 },
};

static void stage0_add(const struct region *r, struct saved_values *to)
{
	const struct stage0_params *p = (const void *)r->bytes;
	char name[48];

	numbers_add(p, stage0_fields, to);
	for (size_t i = 0; i < MIN(le32_get(p->nr_range), STAGE0_MAX_RANGES); i++) {
		snprintf(name, sizeof(name), "ranges[%zu]", i);
		saved_values_format(to, name, "0x%" PRIx64 "..0x%" PRIx64,
		                    le64_get(p->ranges[i].start), le64_get(p->ranges[i].end));
	}
	for (size_t i = 0; i < MIN(p->nr_lazy, STAGE0_MAX_LAZY); i++) {
		snprintf(name, sizeof(name), "lazy[%zu]", i);
		saved_values_format(to, name, "0x%" PRIx64 "..0x%" PRIx64,
		                    le64_get(p->lazy[i].start), le64_get(p->lazy[i].end));
	}
	for (size_t i = 0; i < MIN(le32_get(p->nr_blob), STAGE0_MAX_BLOBS); i++) {
		const struct stage0_params_blob *b = &p->blobs[i];
		const struct {
			const char *name;
			le64 value;
		} numbers[] = { { "src", b->src },
			        { "dst", b->dst },
			        { "size", b->size },
			        { "clear_end", b->clear_end } };

		for (size_t n = 0; n < ARRAY_SIZE(numbers); n++) {
			snprintf(name, sizeof(name), "%s.%s", stage0_blob_name(i), numbers[n].name);
			saved_values_format(to, name, "0x%" PRIx64, le64_get(numbers[n].value));
		}
		snprintf(name, sizeof(name), "%s.sha256", stage0_blob_name(i));
		saved_values_hex(to, name, b->sha256, sizeof(b->sha256));
	}
}

#define TEST_PARAM(name, field, key)                                                               \
	{                                                                                          \
		name, offsetof(struct selftest_params, field),                                     \
			sizeof(((struct selftest_params *)0)->field), key, OURS                    \
	}
static const struct page_field selftest_fields[] = {
	TEST_PARAM("magic", magic, NULL),
	TEST_PARAM("flags", flags, NULL),
	TEST_PARAM("c_bit", c_bit, NULL),
	TEST_PARAM("vcpu_sig", vcpu_sig, "vcpu_type"),
	TEST_PARAM("exit_port", exit_port, "exit_port"),
	TEST_PARAM("serial_port", serial_port, NULL),
	{ 0 },
};

static void selftest_add(const struct region *r, struct saved_values *to)
{
	numbers_add(r->bytes, selftest_fields, to);
}

static void boot_params_add(const struct region *r, struct saved_values *to)
{
	struct linux_e820 e820[LINUX_E820_MAX];
	size_t n = linux_e820_read(r->bytes, e820);

	numbers_add(r->bytes, linux_boot_fields, to);
	for (size_t i = 0; i < n; i++) {
		char name[32];

		snprintf(name, sizeof(name), "e820[%zu]", i);
		saved_values_format(to, name, "0x%" PRIx64 "..0x%" PRIx64 " type %" PRIu32,
		                    e820[i].start, e820[i].start + e820[i].size, e820[i].type);
	}
}

static void cmdline_add(const struct region *r, struct saved_values *to)
{
	saved_values_format(to, "text", "%.*s", (int)(r->size - 1), (const char *)r->bytes);
}

/* A table is told by its length and the first digits of its hash. */
static void acpi_add(const struct region *r, struct saved_values *to)
{
	enum { SHOWN = 8 };
	struct acpi_table table = { 0 };

	while (acpi_page_next(r->bytes, r->size, &table)) {
		uint8_t hash[SHA256_SIZE];
		char hex[2 * SHOWN + 1];

		sha256(r->bytes + table.at, table.size, hash);
		saved_values_format(to, table.signature, "%zu bytes, %s...", table.size,
		                    hex_of(hash, SHOWN, hex));
	}
}

static const struct fields_row {
	const char *label;
	void (*add)(const struct region *r, struct saved_values *to); /* NULL: it has no fields */
	const struct page_field *fields;                              /* with their causes */
	const char *key, *cause;
} rows[] = {
	{ "firmware", firmware_add, NULL, "boot.firmware", NULL },
	{ "firmware below 1 MiB", NULL, NULL, "boot.firmware", NULL },
	{ "kernel hashes", hashes_add, NULL, "boot.kernel_hashes",
	  "without kernel hashes, the page is zero" },
	{ "sec mem", NULL, NULL, "boot.firmware", "its SEV metadata lists the sections" },
	{ "secrets", NULL, NULL, "boot.firmware", "its SEV metadata lists the sections" },
	{ "cpuid", NULL, NULL, "boot.firmware",
	  "its SEV metadata lists the sections; profile ec2 loads this one last" },
	{ "svsm caa", NULL, NULL, "boot.firmware", "its SEV metadata lists the sections" },
	{ "section", NULL, NULL, "boot.firmware", "its SEV metadata lists the sections" },
	{ "stage0 page tables", NULL, NULL, NULL, OURS },
	{ "stage0 parameters", stage0_add, stage0_fields, NULL, NULL },
	{ "boot_params", boot_params_add, linux_boot_fields, "boot.kernel", NULL },
	{ "command line", cmdline_add, NULL, "boot.cmdline", NULL },
	{ "ACPI tables", acpi_add, NULL, NULL, DEVICES },
	{ "stage0 code", NULL, NULL, NULL, OURS },
	{ "stage0 stack", NULL, NULL, NULL, OURS },
	{ "stage0 secrets", NULL, NULL, NULL, OURS },
	{ "stage0 cpuid", NULL, NULL, NULL, OURS },
	{ "selftest page tables", NULL, NULL, NULL, OURS },
	{ "selftest page directories", NULL, NULL, NULL, OURS },
	{ "selftest parameters", selftest_add, selftest_fields, NULL, NULL },
	{ "selftest code", NULL, NULL, NULL, OURS },
	{ "selftest stack", NULL, NULL, NULL, OURS },
	{ "selftest secrets", NULL, NULL, NULL, OURS },
	{ "selftest cpuid", NULL, NULL, NULL, OURS },
	{ "vcpu 0 (bsp)", NULL, vmsa_fields, "vcpu_type", NULL },
	{ "vcpu (ap)", NULL, vmsa_fields, "vcpus", "each vCPU is measured" },
};

/* Fields that aren't numbers in a table, by how their names begin. */
static const struct {
	const char *label, *field, *key, *cause;
} others[] = {
	{ "firmware", "ap_start", "boot.firmware", "its SEV-ES reset block" },
	{ "firmware", "hash_table", "boot.firmware", "only AmdSev builds have one" },
	{ "firmware", "section", "boot.firmware", "its SEV metadata" },
	{ "kernel hashes", "kernel", "boot.kernel", NULL },
	{ "kernel hashes", "initrd", "boot.initrd", NULL },
	{ "kernel hashes", "cmdline", "boot.cmdline",
	  "every byte counts: blanks and a newline at the end, too" },
	{ "kernel hashes", "table", "boot.firmware", NULL },
	{ "stage0 parameters", "ranges", "memory", NULL },
	{ "stage0 parameters", "lazy", "memory", "boot.accept decides, too" },
	{ "stage0 parameters", "kernel.src", "memory", "in shared memory, above all memory" },
	{ "stage0 parameters", "initrd.src", "memory", "in shared memory, above all memory" },
	{ "stage0 parameters", "initrd.dst", "memory",
	  "as high as memory and kernel allow, or behind the kernel if that accepts memory "
	  "itself" },
	{ "stage0 parameters", "kernel", "boot.kernel", NULL },
	{ "stage0 parameters", "initrd", "boot.initrd", NULL },
	{ "boot_params", "e820", "memory", NULL },
	{ "command line", "text", "boot.cmdline", NULL },
	{ "ACPI tables", "APIC", "vcpus", NULL },
};

static const struct fields_row *row_find(const char *label)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].label, label) == 0)
			return &rows[i];
	return NULL;
}

void fields_of_region(const struct region *r, struct saved_values *to)
{
	const struct fields_row *row = row_find(r->label);

	if (r->bytes && region_kind(r->kind)->snp == SNP_PAGE_VMSA)
		numbers_add(r->bytes, vmsa_fields, to);
	else if (row && row->add && r->bytes)
		row->add(r, to);
}

void fields_of_vmsa(const struct snp_vmsa *v, struct saved_values *to)
{
	numbers_add(v, vmsa_fields, to);
}

struct fields_cause fields_cause_of(const char *label, const char *field)
{
	const struct fields_row *row = row_find(label);

	/* of a region that no plan of ours has, only a VMSA's fields are known */
	for (const struct page_field *f = row ? row->fields : vmsa_fields; field && f && f->name;
	     f++)
		if (strcmp(f->name, field) == 0)
			return (struct fields_cause){ f->key, f->cause };
	if (!row)
		return (struct fields_cause){ 0 };
	for (size_t i = 0; field && i < ARRAY_SIZE(others); i++)
		if (strcmp(others[i].label, label) == 0 &&
		    strncmp(others[i].field, field, strlen(others[i].field)) == 0)
			return (struct fields_cause){ others[i].key, others[i].cause };
	return (struct fields_cause){ row->key, row->cause };
}
