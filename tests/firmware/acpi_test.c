/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/acpi_test.c: reads the tables as a kernel does, executes the loader's commands by
 * an independent implementation, and has iasl read the tables.
 */
#include "firmware/acpi.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "tests/make/le.h"
#include "tests/make/vectors.h"

#define PAGE_GPA 0xa000

static unsigned sum(const uint8_t *at, size_t size)
{
	unsigned s = 0;

	for (size_t i = 0; i < size; i++)
		s += at[i];
	return s & 0xff;
}

static void page_of(const struct acpi_config *c, uint64_t gpa, uint8_t page[PAGE_SIZE])
{
	struct error err = { 0 };

	memset(page, 0xa5, PAGE_SIZE);
	cr_assert_eq(acpi_page(c, gpa, page, &err), 0, "%s", err.text);
}

static void page_make(unsigned vcpus, uint64_t gpa, uint8_t page[PAGE_SIZE])
{
	page_of(&(struct acpi_config){ .vcpus = vcpus }, gpa, page);
}

/* A table of the page at gpa; checks signature and checksum. */
static const uint8_t *table(const uint8_t *page, uint64_t gpa, uint64_t at, const char *signature)
{
	const uint8_t *t = page + (at - gpa);

	cr_assert(at >= gpa + ACPI_TABLES_AT && at + 36 <= gpa + PAGE_SIZE, "%s at 0x%llx",
	          signature, (unsigned long long)at);
	cr_assert_eq(memcmp(t, signature, 4), 0, "%s at 0x%llx", signature, (unsigned long long)at);
	cr_assert(le_get(t + 4, 4) >= 36 && at + le_get(t + 4, 4) <= gpa + PAGE_SIZE);
	cr_assert_eq(sum(t, le_get(t + 4, 4)), 0, "checksum of %s", signature);
	cr_assert_eq(memcmp(t + 10, "SNPVMM", 6), 0);
	cr_assert_eq(at % 8, 0);
	return t;
}

struct walked {
	const uint8_t *xsdt, *fadt, *madt, *dsdt;
};

/* Follows the pointers from the RSDP on, as an operating system does. */
static struct walked walk(const uint8_t *page, uint64_t gpa)
{
	struct walked w;

	cr_assert_eq(memcmp(page, "RSD PTR ", 8), 0);
	cr_assert_eq(sum(page, 20), 0);
	cr_assert_eq(sum(page, 36), 0);
	cr_assert_eq(page[15], 2);
	cr_assert_eq(le_get(page + 16, 4), 0, "there is no RSDT");
	cr_assert_eq(le_get(page + 20, 4), 36);
	w.xsdt = table(page, gpa, le_get(page + 24, 8), "XSDT");
	cr_assert_eq(le_get(w.xsdt + 4, 4), 36 + 2 * 8);
	w.fadt = table(page, gpa, le_get(w.xsdt + 36, 8), "FACP");
	w.madt = table(page, gpa, le_get(w.xsdt + 44, 8), "APIC");
	cr_assert_eq(le_get(w.fadt + 40, 4), le_get(w.fadt + 140, 8), "DSDT and X_DSDT");
	w.dsdt = table(page, gpa, le_get(w.fadt + 140, 8), "DSDT");
	return w;
}

Test(acpi, has_every_table_where_pointers_say_with_sound_checksums)
{
	static const unsigned vcpus[] = { 1, 2, 4, 255 };
	static const uint64_t at[] = { 0, 0xa000, 0x7ffff000, 0xfffff000 };
	uint8_t page[PAGE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(vcpus) * ARRAY_SIZE(at); i++) {
		uint64_t gpa = at[i / ARRAY_SIZE(vcpus)];

		page_make(vcpus[i % ARRAY_SIZE(vcpus)], gpa, page);
		walk(page, gpa);
	}
}

Test(acpi, describes_the_ports_that_the_devices_have)
{
	static const struct {
		size_t at, width;
		uint64_t value;
	} rows[] = {
		{ 4, 4, 276 },         { 8, 1, 6 },      { 36, 4, 0 },      { 45, 1, 0 },
		{ 46, 2, 9 },          { 48, 4, 0 },     { 56, 4, 0xb000 }, { 60, 4, 0 },
		{ 64, 4, 0xb004 },     { 68, 8, 0 },     { 76, 4, 0xb008 }, { 80, 8, 0 },
		{ 88, 4, 0x04000204 }, { 92, 8, 0 },     { 52, 1, 0 },      { 53, 1, 0 },
		{ 108, 1, 0 },         { 109, 2, 0x24 }, { 112, 4, 0x435 }, { 116, 4, 0x01000801 },
		{ 120, 8, 0xcf9 },     { 128, 1, 6 },    { 131, 1, 0 },     { 132, 8, 0 },
		{ 268, 8, 0 },
	};
	uint8_t page[PAGE_SIZE];
	struct walked w;

	page_make(1, PAGE_GPA, page);
	w = walk(page, PAGE_GPA);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(le_get(w.fadt + rows[i].at, rows[i].width), rows[i].value, "FADT+%zu",
		             rows[i].at);
	for (size_t i = 148; i < 268; i++)
		cr_expect_eq(w.fadt[i], 0, "FADT+%zu", i);
}

/* The window is all that differs from one PCI bus to another. */
Test(acpi, describes_a_pci_bus_only_where_there_is_one)
{
	static const uint64_t windows[] = { 0x80000000, 0xc0000000 };
	uint8_t page[PAGE_SIZE], first[88];
	struct walked w;

	page_make(1, PAGE_GPA, page);
	w = walk(page, PAGE_GPA);
	cr_assert_eq(le_get(w.dsdt + 4, 4), 107);
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		struct acpi_config c = { .vcpus = 1, .pci_window = windows[i] };
		const uint8_t *end;

		page_of(&c, PAGE_GPA, page);
		w = walk(page, PAGE_GPA);
		cr_assert_eq(le_get(w.dsdt + 4, 4), 195);
		end = w.dsdt + 195;
		cr_expect_eq(le_get(end - 18, 4), windows[i]);
		cr_expect_eq(le_get(end - 14, 4), 0xfbffffff);
		cr_expect_eq(le_get(end - 10, 4), 0);
		cr_expect_eq(le_get(end - 6, 4), 0xfc000000 - windows[i]);
		if (i > 0)
			cr_expect_arr_eq(w.dsdt + 107, first, 195 - 18 - 107);
		memcpy(first, w.dsdt + 107, sizeof(first));
	}
}

/*
 * The MADT of n vCPUs has each once, enabled, in order; then the IOAPIC, which is the last entry.
 */
static void check_madt(const uint8_t *madt, unsigned n)
{
	const uint8_t *at = madt + 44, *end = madt + le_get(madt + 4, 4);

	cr_assert_eq(madt[8], 5);
	cr_assert_eq(le_get(madt + 36, 4), 0xfee00000);
	cr_assert_eq(le_get(madt + 40, 4), 1, "an 8259 pair");
	for (unsigned id = 0; id < n; id++) {
		unsigned type = id < 255 ? 0 : 9, size = id < 255 ? 8 : 16;

		cr_assert(at + size <= end);
		cr_assert(at[0] == type && at[1] == size, "vCPU %u", id);
		cr_assert_eq(type ? le_get(at + 4, 4) : at[3], id, "APIC id of vCPU %u", id);
		cr_assert_eq(type ? le_get(at + 12, 4) : at[2], id, "uid of vCPU %u", id);
		cr_assert_eq(le_get(at + (type ? 8 : 4), 4), 1, "vCPU %u is enabled", id);
		at += size;
	}
	cr_assert_eq(end - at, 12);
	cr_assert_eq(at[0], 1);
	cr_assert_eq(at[1], 12);
	cr_assert_eq(le_get(at + 4, 4), 0xfec00000);
	cr_assert_eq(le_get(at + 8, 4), 0);
}

Test(acpi, lists_every_vcpu_and_an_ioapic)
{
	uint8_t page[PAGE_SIZE];

	for (unsigned n = 1; n <= 348; n++) {
		page_make(n, PAGE_GPA, page);
		check_madt(walk(page, PAGE_GPA).madt, n);
	}
}

Test(acpi, refuses_vcpus_that_it_has_no_room_for)
{
	static const unsigned bad[] = { 0, 349, 350, 609, 0x10000000, 0xfffffffe, 0xffffffff };
	struct error err = { 0 };
	uint8_t page[PAGE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct acpi_config c = { .vcpus = bad[i] };

		memset(page, 0xa5, sizeof(page));
		cr_expect_eq(acpi_page(&c, PAGE_GPA, page, &err), -EINVAL, "%u vcpus", bad[i]);
		cr_expect(strstr(err.text, "vcpus"), "%s", err.text);
		cr_expect_eq(page[0], 0xa5);
	}
}

Test(acpi, fills_a_blob_up_to_its_end_and_no_further)
{
	struct acpi_config c = { .vcpus = 608 };
	struct acpi_tables t;
	struct error err = { 0 };

	cr_assert_eq(acpi_tables_make(&c, &t, &err), 0, "%s", err.text);
	cr_expect_leq(t.size, sizeof(t.tables));
	c.vcpus++;
	cr_expect_eq(acpi_tables_make(&c, &t, &err), -EINVAL);
}

Test(acpi, refuses_a_place_that_32_bits_cannot_name)
{
	static const uint64_t bad[] = { 0xa001, 0xa800, 0x100000000, 0xfffffffffffff000 };
	struct acpi_config c = { .vcpus = 1 };
	struct error err = { 0 };
	uint8_t page[PAGE_SIZE] = { 0xa5 };
	struct acpi_tables t;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_expect_eq(acpi_page(&c, bad[i], page, &err), -EINVAL);
	cr_expect_eq(page[0], 0xa5);
	cr_assert_eq(acpi_tables_make(&c, &t, &err), 0, "%s", err.text);
	cr_expect_eq(acpi_relocate(&t, 0xffffff00, 0, &err), -EINVAL);
	cr_expect_eq(acpi_relocate(&t, UINT64_MAX, 0, &err), -EINVAL);
	cr_expect_eq(acpi_relocate(&t, 0, 0xfffffff0, &err), -EINVAL);
	cr_expect_eq(acpi_relocate(&t, 0, UINT64_MAX, &err), -EINVAL);
}

Test(acpi, leaves_the_rest_of_the_page_zero)
{
	uint8_t page[PAGE_SIZE];
	struct walked w;

	page_make(3, PAGE_GPA, page);
	w = walk(page, PAGE_GPA);
	for (const uint8_t *at = w.xsdt + 52; at < page + PAGE_SIZE; at++)
		cr_assert_eq(*at, 0);
	for (size_t i = 36; i < ACPI_TABLES_AT; i++)
		cr_assert_eq(page[i], 0);
}

Test(acpi, keeps_offsets_and_no_checksums_in_what_firmware_gets)
{
	struct acpi_config c = { .vcpus = 2 };
	struct error err = { 0 };
	struct acpi_tables t;

	cr_assert_eq(acpi_tables_make(&c, &t, &err), 0, "%s", err.text);
	cr_expect_eq(memcmp(t.tables + t.dsdt, "DSDT", 4), 0);
	cr_expect_eq(memcmp(t.tables + t.fadt, "FACP", 4), 0);
	cr_expect_eq(memcmp(t.tables + t.madt, "APIC", 4), 0);
	cr_expect_eq(memcmp(t.tables + t.xsdt, "XSDT", 4), 0);
	cr_expect_eq(le_get(t.tables + t.fadt + 40, 4), t.dsdt);
	cr_expect_eq(le_get(t.tables + t.fadt + 140, 8), t.dsdt);
	cr_expect_eq(le_get(t.tables + t.xsdt + 36, 8), t.fadt);
	cr_expect_eq(le_get(t.tables + t.xsdt + 44, 8), t.madt);
	cr_expect_eq(le_get(t.rsdp + 24, 8), t.xsdt);
	cr_expect(!t.tables[t.dsdt + 9] && !t.tables[t.fadt + 9] && !t.tables[t.madt + 9] &&
	          !t.tables[t.xsdt + 9] && !t.rsdp[8] && !t.rsdp[32]);
}

/*
 * What a firmware does with etc/table-loader, written from its description: it finds files by name,
 * each has to be allocated once before it is used, and no command may exceed a file.
 */
struct stranger {
	struct strange_file {
		const char *name;
		uint8_t *bytes;
		size_t size;
		uint64_t wanted,
			base; /* the address that the test wants, and the one that it got */
		bool placed;
	} files[2];
};

static struct strange_file *strange_file(struct stranger *s, const uint8_t *name)
{
	cr_assert_not_null(memchr(name, 0, 56), "a name without an end");
	for (size_t i = 0; i < ARRAY_SIZE(s->files); i++) {
		if (strcmp(s->files[i].name, (const char *)name) == 0)
			return &s->files[i];
	}
	cr_assert_fail("no file '%s'", (const char *)name);
	return NULL;
}

static void strange_allocate(struct stranger *s, const uint8_t *row)
{
	struct strange_file *f = strange_file(s, row + 4);
	uint64_t alignment = le_get(row + 60, 4);

	cr_assert(!f->placed, "%s twice", f->name);
	cr_assert(alignment && alignment <= 4096 && !(alignment & (alignment - 1)));
	cr_assert_eq(f->wanted % alignment, 0);
	cr_assert(row[64] == 1 || row[64] == 2, "zone %u", row[64]);
	f->base = f->wanted;
	f->placed = true;
}

static void strange_pointer(struct stranger *s, const uint8_t *row)
{
	struct strange_file *in = strange_file(s, row + 4), *to = strange_file(s, row + 60);
	size_t at = le_get(row + 116, 4), size = row[120];
	uint64_t v;

	cr_assert(in->placed && to->placed);
	cr_assert(size == 1 || size == 2 || size == 4 || size == 8);
	cr_assert(at <= in->size && size <= in->size - at, "%s+%zu", in->name, at);
	v = le_get(in->bytes + at, size);
	cr_assert_lt(v, to->size, "leads out of %s", to->name);
	v += to->base;
	cr_assert(size == 8 || v >> (8 * size) == 0);
	for (size_t i = 0; i < size; i++)
		in->bytes[at + i] = (uint8_t)(v >> (8 * i));
}

static void strange_checksum(struct stranger *s, const uint8_t *row)
{
	struct strange_file *f = strange_file(s, row + 4);
	size_t at = le_get(row + 60, 4), start = le_get(row + 64, 4), length = le_get(row + 68, 4);

	cr_assert(f->placed && at < f->size && start <= f->size && length <= f->size - start);
	cr_assert(at >= start && at - start < length);
	f->bytes[at] = 0;
	f->bytes[at] = (uint8_t)(0x100 - sum(f->bytes + start, length));
}

static void strange_run(struct stranger *s, const uint8_t *script, size_t size)
{
	cr_assert_eq(size % 128, 0);
	for (size_t i = 0; i < size; i += 128) {
		switch (le_get(script + i, 4)) {
		case 1:
			strange_allocate(s, script + i);
			break;
		case 2:
			strange_pointer(s, script + i);
			break;
		case 3:
			strange_checksum(s, script + i);
			break;
		default:
			cr_assert_fail("command %u", (unsigned)le_get(script + i, 4));
		}
	}
}

Test(acpi, gives_by_the_loaders_script_the_same_page)
{
	static const unsigned vcpus[] = { 1, 2, 7, 255, 300 };

	for (size_t i = 0; i < ARRAY_SIZE(vcpus); i++) {
		struct acpi_config c = { .vcpus = vcpus[i] };
		uint8_t page[PAGE_SIZE], theirs[PAGE_SIZE] = { 0 }, script[13 * 128];
		struct error err = { 0 };
		struct acpi_tables t;
		struct stranger s;

		page_make(vcpus[i], 0xc0de000, page);
		cr_assert_eq(acpi_tables_make(&c, &t, &err), 0, "%s", err.text);
		memset(script, 0xa5, sizeof(script));
		cr_assert_eq(acpi_loader(&t, script, sizeof(script)), sizeof(script));
		s = (struct stranger){ {
			{ "etc/acpi/tables", t.tables, t.size, 0xc0de040, 0, false },
			{ "etc/acpi/rsdp", t.rsdp, sizeof(t.rsdp), 0xc0de000, 0, false },
		} };
		strange_run(&s, script, sizeof(script));
		memcpy(theirs, t.rsdp, sizeof(t.rsdp));
		memcpy(theirs + 64, t.tables, t.size);
		cr_assert_arr_eq(page, theirs, sizeof(page));
	}
}

Test(acpi, writes_the_loaders_script_whole_or_not_at_all)
{
	struct acpi_config c = { .vcpus = 1 };
	uint8_t script[13 * 128 + 1];
	struct error err = { 0 };
	struct acpi_tables t;

	cr_assert_eq(acpi_tables_make(&c, &t, &err), 0, "%s", err.text);
	memset(script, 0xa5, sizeof(script));
	cr_expect_eq(acpi_loader(&t, NULL, 0), 13 * 128);
	cr_expect_eq(acpi_loader(&t, script, 13 * 128 - 1), 13 * 128);
	cr_expect_eq(script[0], 0xa5);
	cr_expect_eq(acpi_loader(&t, script, sizeof(script)), 13 * 128);
	cr_expect_eq(script[0], 1);
	cr_expect_eq(script[13 * 128], 0xa5);
	for (size_t i = 65; i < 128; i++) /* not used by ALLOCATE */
		cr_expect_eq(script[i], 0);
}

Test(acpi, names_the_files_as_firmware_looks_for_them)
{
	cr_expect_str_eq(acpi_file_name(ACPI_TABLES), "etc/acpi/tables");
	cr_expect_str_eq(acpi_file_name(ACPI_RSDP), "etc/acpi/rsdp");
}

/* A folder for iasl, and iasl's output. */
struct bench {
	char folder[32];
	char said[20000];
};

static void bench_open(struct bench *b)
{
	if (system("iasl -v >/dev/null 2>&1") != 0)
		SKIP_ALOUD("iasl (acpica-tools) is not installed");
	strcpy(b->folder, "/tmp/acpi-test-XXXXXX");
	cr_assert_not_null(mkdtemp(b->folder));
}

static void bench_close(struct bench *b)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", b->folder);
	cr_assert_eq(system(command), 0);
}

static void bench_write(const struct bench *b, const char *name, const void *data, size_t size)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", b->folder, name);
	f = fopen(path, "w");
	cr_assert_not_null(f);
	cr_assert_eq(fwrite(data, 1, size, f), size);
	cr_assert_eq(fclose(f), 0);
}

static size_t bench_read(const struct bench *b, const char *name, void *to, size_t cap)
{
	char path[64];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", b->folder, name);
	f = fopen(path, "r");
	cr_assert_not_null(f, "iasl left no %s", name);
	n = fread(to, 1, cap, f);
	fclose(f);
	return n;
}

/* iasl must succeed, without errors, warnings or remarks. */
static void bench_iasl(struct bench *b, const char *arguments)
{
	char command[128];
	size_t n;
	FILE *p;

	snprintf(command, sizeof(command), "cd %s && iasl %s 2>&1", b->folder, arguments);
	p = popen(command, "r");
	cr_assert_not_null(p);
	n = fread(b->said, 1, sizeof(b->said) - 1, p);
	b->said[n] = '\0';
	cr_assert_eq(pclose(p), 0, "%s", b->said);
	cr_assert(!strstr(b->said, "rror:") && !strstr(b->said, "arning") &&
	                  !strstr(b->said, "ncorrect") && !strstr(b->said, "nvalid"),
	          "%s", b->said);
}

/* Looks for some words in iasl's disassembly of a table. */
static void check_reading(struct bench *b, const char *name, const uint8_t *data, size_t size,
                          const char *const words[4])
{
	static char text[1 << 18]; /* 300 vCPUs are 120 KiB */
	char file[32], arguments[64];
	size_t n;

	snprintf(file, sizeof(file), "%s.aml", name);
	bench_write(b, file, data, size);
	snprintf(arguments, sizeof(arguments), "-d %s", file);
	bench_iasl(b, arguments);
	snprintf(file, sizeof(file), "%s.dsl", name);
	n = bench_read(b, file, text, sizeof(text) - 1);
	text[n] = '\0';
	cr_expect(!strstr(text, "ncorrect") && !strstr(text, "nvalid"), "%s", text);
	for (size_t i = 0; i < 4 && words[i]; i++)
		cr_expect(strstr(text, words[i]), "no '%s' in %s", words[i], text);
}

Test(acpi, has_tables_that_iasl_reads_without_complaint)
{
	uint8_t page[PAGE_SIZE];
	struct walked w;
	struct bench b;

	bench_open(&b);
	page_make(300, PAGE_GPA, page);
	w = walk(page, PAGE_GPA);
	check_reading(&b, "dsdt", w.dsdt, le_get(w.dsdt + 4, 4),
	              (const char *const[4]){ "_S5", "Device (COM1)", "PNP0501", "0x03F8" });
	check_reading(&b, "facp", w.fadt, le_get(w.fadt + 4, 4),
	              (const char *const[4]){
			      "Hardware Reduced (V5) : 0", "Reset Register Supported (V2) : 1",
			      "PM Timer Block Address : 0000B008", "Address : 0000000000000CF9" });
	check_reading(&b, "apic", w.madt, le_get(w.madt + 4, 4),
	              (const char *const[4]){ "[Processor Local APIC]", "[Processor Local x2APIC]",
	                                      "[I/O APIC]", "Address : FEC00000" });
	check_reading(&b, "xsdt", w.xsdt, le_get(w.xsdt + 4, 4), (const char *const[4]){ "XSDT" });
	bench_close(&b);
}

/* What iasl compiles, except for the creator at offset 28 and the checksum. */
static void check_dsdt(const struct acpi_config *c, const char *pci, size_t size)
{
	static const char source[] =
		"DefinitionBlock (\"\", \"DSDT\", 2, \"SNPVMM\", \"SNPDSDT\", 1) {\n"
		" Name (\\_S5, Package (4) { 5, 5, 0, 0 })\n"
		" Scope (\\_SB) { Device (COM1) {\n"
		"  Name (_HID, EisaId (\"PNP0501\")) Name (_UID, 0)\n"
		"  Name (_CRS, ResourceTemplate () {\n"
		"   IO (Decode16, 0x03F8, 0x03F8, 1, 8)\n"
		"   Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) { 4 } }) }\n"
		"%s } }\n";
	uint8_t page[PAGE_SIZE], made[256];
	char text[2000];
	struct walked w;
	struct bench b;
	size_t n;

	bench_open(&b);
	page_of(c, PAGE_GPA, page);
	w = walk(page, PAGE_GPA);
	snprintf(text, sizeof(text), source, pci);
	bench_write(&b, "made.asl", text, strlen(text));
	bench_iasl(&b, "made.asl >said && grep -q ' 0 Errors, 0 Warnings' said");
	n = bench_read(&b, "made.aml", made, sizeof(made));
	cr_assert_eq(n, size);
	cr_assert_eq(le_get(w.dsdt + 4, 4), size);
	made[9] = w.dsdt[9];
	memcpy(made + 28, w.dsdt + 28, 8);
	cr_expect_arr_eq(made, w.dsdt, n);
	bench_close(&b);
}

Test(acpi, has_a_dsdt_that_iasl_would_have_made)
{
	check_dsdt(&(struct acpi_config){ .vcpus = 1 }, "", 107);
}

Test(acpi, has_a_dsdt_with_a_pci_bus_that_iasl_would_have_made)
{
	static const char bus[] =
		"Device (PCI0) { Name (_HID, EisaId (\"PNP0A03\"))\n"
		" Name (_CRS, ResourceTemplate () {\n"
		"  WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0, 0, 0, 1)\n"
		"  WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,\n"
		"   0, 0x0D00, 0xFFFF, 0, 0xF300)\n"
		"  DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable,\n"
		"   ReadWrite, 0, 0xC0000000, 0xFBFFFFFF, 0, 0x3C000000) }) }\n";

	check_dsdt(&(struct acpi_config){ .vcpus = 1, .pci_window = 0xc0000000 }, bus, 195);
}
