/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/acpi.c: libFuzzer target: the ACPI tables of any machine are sound, both in the page
 * of a direct boot and as a firmware makes them by the loader's commands, wherever it puts them. Of
 * any bytes, tables are found only inside.
 */
#include "firmware/acpi.h"

#include "config/manifest.h"
#include "firmware/ram.h"
#include "tests/fuzz/fuzz.h"

/* Memory with tables in it, from gpa on; the other range has the RSDP. */
struct placed {
	const uint8_t *at;
	uint64_t gpa;
	size_t size;
	struct range {
		size_t at, size;
	} seen[8];
	size_t n_seen;
};

static void check_sum(const uint8_t *at, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + at[i]);
	must(sum == 0);
}

/* A table that nothing overlaps. */
static const uint8_t *table(struct placed *p, uint64_t gpa, const char *signature)
{
	size_t at = (size_t)(gpa - p->gpa), size;

	must(gpa >= p->gpa && at <= p->size && p->size - at >= 36);
	size = (size_t)le_get(p->at + at + 4, 4);
	must(size >= 36 && size <= p->size - at && !memcmp(p->at + at, signature, 4));
	check_sum(p->at + at, size);
	for (size_t i = 0; i < p->n_seen; i++)
		must(at + size <= p->seen[i].at || p->seen[i].at + p->seen[i].size <= at);
	must(p->n_seen < ARRAY_SIZE(p->seen));
	p->seen[p->n_seen++] = (struct range){ at, size };
	return p->at + at;
}

/* A local APIC for each vCPU, with ids from 0 on: from 255 on they don't fit in a byte. */
static void check_madt(const uint8_t *madt, unsigned vcpus)
{
	size_t size = (size_t)le_get(madt + 4, 4), at = 44, length;
	unsigned locals = 0, io = 0;

	for (; at < size; at += length) {
		const uint8_t *entry = madt + at;

		must(size - at >= 2 && entry[1] >= 2 && entry[1] <= size - at);
		length = entry[1];
		io += entry[0] == 1;
		if (entry[0] == 0)
			must(length == 8 && locals < 255 && entry[3] == locals++ && entry[4] & 1);
		if (entry[0] == 9)
			must(length == 16 && le_get(entry + 4, 4) == locals++ && entry[8] & 1);
	}
	must(at == size && locals == vcpus && io == 1);
}

static void walk(const uint8_t *rsdp, struct placed *p, unsigned vcpus)
{
	const uint8_t *xsdt, *fadt;

	must(!memcmp(rsdp, "RSD PTR ", 8));
	check_sum(rsdp, 20);
	check_sum(rsdp, ACPI_RSDP_SIZE);
	xsdt = table(p, le_get(rsdp + 24, 8), "XSDT");
	must(le_get(xsdt + 4, 4) == 36 + 2 * 8);
	fadt = table(p, le_get(xsdt + 36, 8), "FACP");
	check_madt(table(p, le_get(xsdt + 44, 8), "APIC"), vcpus);
	must(le_get(fadt + 40, 4) == (uint32_t)le_get(fadt + 140, 8));
	table(p, le_get(fadt + 140, 8), "DSDT");
}

/* As a firmware does what etc/table-loader says. */
static void load(const struct acpi_tables *made, uint64_t tables, uint64_t rsdp, unsigned vcpus)
{
	static uint8_t script[ACPI_COMMANDS * ACPI_LOADER_ROW];
	struct acpi_tables t = *made, moved = *made;
	struct placed p = { .at = t.tables, .gpa = tables, .size = t.size };
	size_t n = acpi_loader(made, script, sizeof(script));
	struct error err = { 0 };

	must(n > 0 && n <= sizeof(script) && n % ACPI_LOADER_ROW == 0);
	for (const uint8_t *c = script; c < script + n; c += ACPI_LOADER_ROW) {
		bool of_rsdp = !strcmp((const char *)c + 4, acpi_file_name(ACPI_RSDP));
		uint8_t *file = of_rsdp ? t.rsdp : t.tables;
		size_t size = of_rsdp ? sizeof(t.rsdp) : t.size, at, length;
		uint64_t value;
		uint8_t sum = 0;

		must(of_rsdp || !strcmp((const char *)c + 4, acpi_file_name(ACPI_TABLES)));
		if (le_get(c, 4) == ACPI_ADD_POINTER) {
			must(!strcmp((const char *)c + 60, acpi_file_name(ACPI_TABLES)));
			at = (size_t)le_get(c + 116, 4);
			length = c[120];
			must(length <= 8 && at <= size && length <= size - at);
			value = le_get(file + at, length) + tables;
			must(length == 8 || value >> 8 * length == 0);
			memcpy(file + at, le64_of(value).b, length);
		} else if (le_get(c, 4) == ACPI_ADD_CHECKSUM) {
			size_t from = (size_t)le_get(c + 64, 4);

			at = (size_t)le_get(c + 60, 4);
			length = (size_t)le_get(c + 68, 4);
			must(from <= size && length <= size - from && at - from < length);
			for (size_t i = from; i < from + length; i++)
				sum = (uint8_t)(sum + file[i]);
			file[at] = (uint8_t)(file[at] - sum);
		}
	}
	walk(t.rsdp, &p, vcpus);
	must(acpi_relocate(&moved, tables, rsdp, &err) == 0);
	must(!memcmp(moved.tables, t.tables, t.size) &&
	     !memcmp(moved.rsdp, t.rsdp, sizeof(t.rsdp)));
}

/* Two bytes for the vCPUs, four for pages of memory, one for devices, four for the place. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned vcpus = (unsigned)take(&in, 2);
	uint64_t memory = take(&in, 4) * PAGE_SIZE, at;
	struct acpi_config c = { .vcpus = vcpus };
	struct acpi_table t = { 0 };
	struct acpi_tables made;
	struct error err = { 0 };
	uint8_t page[PAGE_SIZE];
	size_t end = 0;

	if (take(&in, 1) & 1)
		c.pci_window = pci_window_of(ram_low_end(memory));
	at = take(&in, 4) & ~(uint64_t)63;
	if (acpi_page(&c, at - at % PAGE_SIZE, page, &err) == 0)
		walk(page,
		     &(struct placed){ page, at - at % PAGE_SIZE, PAGE_SIZE, { { 0, 36 } }, 1 },
		     vcpus);
	else
		must_explain(&err);
	if (acpi_tables_make(&c, &made, &err) == 0 && at + made.size <= UINT32_MAX)
		load(&made, at, 0xe0000, vcpus);
	while (acpi_page_next(in.at, in.left, &t)) {
		must(t.at >= end && t.size > 0 && t.at <= in.left && t.size <= in.left - t.at);
		must(memchr(t.signature, '\0', sizeof(t.signature)));
		end = t.at + 1;
	}
	return 0;
}
