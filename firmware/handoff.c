/* SPDX-License-Identifier: MIT */
/*
 * firmware/handoff.c: the contents of fw_cfg, in the order in which its directory shall list them.
 */
#include "firmware/handoff.h"

#include <assert.h>
#include <string.h>

#include "config/manifest.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/filekind.h"
#include "core/dev/fwcfg.h"
#include "core/plan/plan.h"
#include "core/vm/outcome.h"
#include "firmware/acpi.h"
#include "firmware/direct.h"
#include "firmware/images.h"
#include "firmware/linux.h"

/* Everything of ours that fw_cfg shows, in one piece that the plan owns. */
struct shelf {
	struct {
		le64 base, length;
		le32 type;
	} e820[2];
	struct acpi_tables acpi;
	uint8_t loader[ACPI_COMMANDS * ACPI_LOADER_ROW];
	le16 cpus, menu;
	le32 setup_size, kernel_size, initrd_size, cmdline_size;
	char cmdline[64 * 1024];
};

enum { E820_ENTRY = 20, E820_RAM = 1 };

static int item(struct plan *p, uint16_t key, const void *bytes, size_t size, struct error *err)
{
	return plan_add_item(p, &(struct fw_item){ .key = key, .bytes = bytes, .size = size }, err);
}

static int file(struct plan *p, const char *name, const void *bytes, size_t size, struct error *err)
{
	return plan_add_item(p, &(struct fw_item){ .name = name, .bytes = bytes, .size = size },
	                     err);
}

static int shelf_new(struct plan *p, struct shelf **ret, struct error *err)
{
	auto_blob struct blob b = BLOB_NONE;
	int r = blob_zero(sizeof(**ret), &b, err);

	if (r < 0)
		return r;
	*ret = (struct shelf *)b.data;
	return plan_adopt(p, blob_steal(&b), err);
}

/*
 * Packed entries of {base, length, type}; firmware looks for this file more often than for any
 * other.
 */
static int memory_add(struct plan *p, struct shelf *s, uint64_t low_end, uint64_t high_end,
                      struct error *err)
{
	s->e820[0].length = le64_of(low_end);
	s->e820[0].type = le32_of(E820_RAM);
	s->e820[1].base = le64_of(DIRECT_HIGH);
	s->e820[1].length = le64_of(high_end ? high_end - DIRECT_HIGH : 0);
	s->e820[1].type = le32_of(E820_RAM);
	return file(p, "etc/e820", s->e820, high_end ? 2 * E820_ENTRY : E820_ENTRY, err);
}
static_assert(sizeof(((struct shelf *)0)->e820) == 2 * E820_ENTRY, "e820 entries are packed");

static int acpi_add(struct plan *p, struct shelf *s, unsigned vcpus, struct error *err)
{
	int r = acpi_tables_make(&(struct acpi_config){ .vcpus = vcpus }, &s->acpi, err);

	if (r < 0)
		return r;
	acpi_loader(&s->acpi, s->loader, sizeof(s->loader));
	r = file(p, acpi_file_name(ACPI_TABLES), s->acpi.tables, s->acpi.size, err);
	if (r == 0)
		r = file(p, acpi_file_name(ACPI_RSDP), s->acpi.rsdp, sizeof(s->acpi.rsdp), err);
	return r == 0 ? file(p, "etc/table-loader", s->loader, sizeof(s->loader), err) : r;
}

static int numbers_add(struct plan *p, struct shelf *s, unsigned vcpus, struct error *err)
{
	int r;

	s->cpus = le16_of((uint16_t)vcpus);
	r = item(p, FWCFG_BOOT_CPUS, &s->cpus, sizeof(s->cpus), err);
	if (r == 0)
		r = item(p, FWCFG_MAX_CPUS, &s->cpus, sizeof(s->cpus), err);
	return r == 0 ? item(p, FWCFG_BOOT_MENU, &s->menu, sizeof(s->menu), err) : r;
}

static int kernel_add(struct plan *p, struct shelf *s, const struct manifest *m,
                      const struct images *images, uint32_t setup, struct error *err)
{
	const struct blob *k = &images->kernel, *i = &images->initrd;
	const struct {
		uint16_t size_key, data_key;
		le32 *size;
		const void *data;
		size_t bytes;
	} rows[] = {
		{ FWCFG_SETUP_SIZE, FWCFG_SETUP_DATA, &s->setup_size, k->data, setup },
		{ FWCFG_KERNEL_SIZE, FWCFG_KERNEL_DATA, &s->kernel_size, k->data + setup,
		  k->size - setup },
		{ FWCFG_INITRD_SIZE, FWCFG_INITRD_DATA, &s->initrd_size, i->data, i->size },
		{ FWCFG_CMDLINE_SIZE, FWCFG_CMDLINE_DATA, &s->cmdline_size, s->cmdline,
		  strlen(m->cmdline) + 1 },
	};
	int r = 0;

	memcpy(s->cmdline, m->cmdline, strlen(m->cmdline) + 1);
	for (size_t n = 0; r == 0 && n < ARRAY_SIZE(rows); n++) {
		*rows[n].size = le32_of((uint32_t)rows[n].bytes);
		r = item(p, rows[n].size_key, rows[n].size, sizeof(le32), err);
		if (r == 0 && rows[n].bytes)
			r = item(p, rows[n].data_key, rows[n].data, rows[n].bytes, err);
	}
	return r;
}

/*
 * A kernel that no firmware of ours could boot is left out, and the plan is for measuring; an EFI
 * program among them, which other VMMs hand over. What can be no kernel at all is refused.
 */
static int kernel_unfit(const struct blob *k, struct error *err)
{
	const struct file_kind *kind = file_kind_of(k->data, k->size);

	if (kind && (strcmp(kind->name, "uki") == 0 || strcmp(kind->name, "pe") == 0))
		return 0;
	return file_kind_refuse(k->data, k->size, ROLE_KERNEL, ERROR_BAD_VALUE, err);
}

int handoff_add(struct plan *p, const struct manifest *m, const struct images *images,
                uint64_t low_end, uint64_t high_end, bool *ret_kernel_unfit, struct error *err)
{
	struct linux_kernel kernel;
	struct error unfit = { 0 };
	struct shelf *s = NULL;
	int r = shelf_new(p, &s, err);

	*ret_kernel_unfit = false;
	if (r == 0)
		r = memory_add(p, s, low_end, high_end, err);
	if (r == 0)
		r = acpi_add(p, s, m->vcpus, err);
	if (r == 0)
		r = numbers_add(p, s, m->vcpus, err);
	if (r < 0 || !m->kernel.path)
		return r;
	*ret_kernel_unfit =
		linux_parse(images->kernel.data, images->kernel.size, &kernel, &unfit) < 0 ||
		images->initrd.size > UINT32_MAX;
	if (!*ret_kernel_unfit)
		return kernel_add(p, s, m, images, kernel.setup_size, err);
	r = kernel_unfit(&images->kernel, err);
	if (r == 0)
		return 0;
	error_wrap(err, "kernel '%s'", m->kernel.path);
	return manifest_at_location(m, &m->kernel.at, err);
}

/* In edk2's order; each is verified as soon as it has been read. */
static const struct {
	uint16_t key;
	const char *name;
} hashed[] = {
	{ FWCFG_KERNEL_DATA, "kernel" },
	{ FWCFG_INITRD_DATA, "initrd" },
	{ FWCFG_CMDLINE_DATA, "command line" },
};

/* Longer than any firmware computes without an exit, the hash of a large initrd included. */
enum { STOPPED_MS = 5000 };

/*
 * Since edk2-stable202408 a file with another hash ends in CpuDeadLoop() (QemuKernelLoaderFsDxe,
 * VerifyBlob()).
 */
void handoff_explain(const struct manifest *m, int last_read, uint64_t quiet_ms, struct outcome *o)
{
	bool limit = o->kind == RUN_TIMED_OUT || o->kind == RUN_SILENT;
	const char *name = NULL;

	if (!(limit && quiet_ms >= STOPPED_MS) && o->kind != GUEST_HALTED)
		return;
	if (!m->firmware.path || !m->kernel_hashes)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(hashed); i++)
		if (hashed[i].key == last_read)
			name = hashed[i].name;
	if (name)
		outcome_add(o,
		            "; the firmware stopped after reading the %s: it does so when that is "
		            "not the %s that was measured",
		            name, name);
}
