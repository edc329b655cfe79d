/* SPDX-License-Identifier: MIT */
/*
 * firmware/igvm_parameter.c: what each kind of parameter is. The functions return the bytes that
 * the value takes, and write it if there is room.
 */
#include "firmware/igvm_parameter.h"

#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "firmware/acpi.h"
#include "firmware/igvm.h"
#include "firmware/ram.h"

static size_t vp_count_fill(const struct manifest *m, uint8_t *to, size_t room)
{
	le32 count = le32_of(m->vcpus);

	if (room >= sizeof(count))
		memcpy(to, &count, sizeof(count));
	return sizeof(count);
}

/* RAM only; an entry of no pages ends the list, unless it fills the area. */
static size_t memory_map_fill(const struct manifest *m, uint8_t *to, size_t room)
{
	uint64_t high_end = ram_high_end(m->memory);
	const struct {
		le64 page, pages;
		le16 kind, flags; /* 0: RAM */
		le32 reserved;
	} map[] = {
		{ .pages = le64_of(ram_low_end(m->memory) / PAGE_SIZE) },
		{ .page = le64_of(RAM_HIGH / PAGE_SIZE),
		  .pages = le64_of(high_end ? (high_end - RAM_HIGH) / PAGE_SIZE : 0) },
	};
	size_t need = (high_end ? 2 : 1) * sizeof(*map);

	if (room >= need)
		memcpy(to, map, need);
	return need;
}

/* The hole below 4 GiB; there is no MMIO above. */
static size_t mmio_ranges_fill(const struct manifest *m, uint8_t *to, size_t room)
{
	const struct {
		le64 page, pages;
	} ranges[2] = { { le64_of(RAM_LOW_MAX / PAGE_SIZE),
		          le64_of((RAM_HIGH - RAM_LOW_MAX) / PAGE_SIZE) } };

	(void)m;
	if (room >= sizeof(ranges))
		memcpy(to, ranges, sizeof(ranges));
	return sizeof(ranges);
}

static size_t command_line_fill(const struct manifest *m, uint8_t *to, size_t room)
{
	bool given = m->kernel.path || manifest_gives(m, KEY_BOOT_CMDLINE);
	const char *text = given ? m->cmdline : "";
	size_t need = strlen(text) + 1;

	if (room >= need)
		memcpy(to, text, need);
	return need;
}

/* There is no MADT for more vCPUs than can run. */
static size_t madt_fill(const struct manifest *m, uint8_t *to, size_t room)
{
	struct acpi_tables t;
	struct error unwanted;
	struct reader length;
	size_t need;

	if (m->vcpus > PLAN_RUN_VCPUS ||
	    acpi_tables_make(&(struct acpi_config){ .vcpus = m->vcpus }, &t, &unwanted) < 0 ||
	    acpi_relocate(&t, 0, 0, &unwanted) < 0) /* for the checksum */
		return 0;
	length = reader_over(t.tables, sizeof(t.tables), t.madt + 4, 4);
	need = reader_le32(&length);
	if (room >= need)
		memcpy(to, t.tables + t.madt, need);
	return need;
}

/* Bit 0 would say that memory starts shared: it is private, and to be validated. */
static size_t environment_fill(const struct manifest *m, uint8_t *to, size_t room)
{
	(void)m;
	(void)to;
	(void)room;
	return sizeof(le32);
}

/* Tables that a guest doesn't need are left out: zeros. */
static size_t no_table_fill(const struct manifest *m, uint8_t *to, size_t room)
{
	(void)m;
	(void)to;
	(void)room;
	return 0;
}

static const struct parameter {
	uint32_t type;
	size_t (*fill)(const struct manifest *m, uint8_t *to, size_t room);
} parameters[] = {
	{ IGVM_VP_COUNT, vp_count_fill },
	{ IGVM_MEMORY_MAP, memory_map_fill },
	{ IGVM_MMIO_RANGES, mmio_ranges_fill },
	{ IGVM_COMMAND_LINE, command_line_fill },
	{ IGVM_MADT, madt_fill },
	{ IGVM_ENVIRONMENT_INFO, environment_fill },
	{ IGVM_SRAT, no_table_fill },
	{ IGVM_SLIT, no_table_fill },
	{ IGVM_PPTT, no_table_fill },
};

bool igvm_parameter_known(uint32_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++)
		if (parameters[i].type == type)
			return true;
	return false;
}

size_t igvm_parameter_fill(uint32_t type, const struct manifest *m, uint8_t *to, size_t room)
{
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++)
		if (parameters[i].type == type)
			return parameters[i].fill(m, to, room);
	return 0;
}
