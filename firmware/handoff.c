/* SPDX-License-Identifier: MIT */
/*
 * firmware/handoff.c: the contents of fw_cfg, in the order in which its directory lists them.
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
#include "firmware/images.h"
#include "firmware/linux.h"
#include "firmware/ram.h"

/* What this file generates for fw_cfg. The plan owns it. */
struct fw_cfg_tables {
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
static_assert(sizeof(((struct fw_cfg_tables *)0)->e820) == 2 * E820_ENTRY, "e820 is packed");

static int items_add(struct plan *p, const struct fw_item *items, size_t n, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = plan_add_item(p, &items[i], err);
	return r;
}

/* Firmware looks for etc/e820 more often than for any other file, so it comes first. */
static int tables_add(struct plan *p, struct fw_cfg_tables *t, const struct manifest *m,
                      struct error *err)
{
	uint64_t high_end = ram_high_end(m->memory);
	const struct fw_item items[] = {
		{ .name = "etc/e820", .bytes = t->e820, .size = (high_end ? 2 : 1) * E820_ENTRY },
		{ .name = acpi_file_name(ACPI_TABLES),
		  .bytes = t->acpi.tables,
		  .size = t->acpi.size },
		{ .name = acpi_file_name(ACPI_RSDP),
		  .bytes = t->acpi.rsdp,
		  .size = sizeof(t->acpi.rsdp) },
		{ .name = "etc/table-loader", .bytes = t->loader, .size = sizeof(t->loader) },
		{ .key = FWCFG_BOOT_CPUS, .bytes = &t->cpus, .size = sizeof(t->cpus) },
		{ .key = FWCFG_MAX_CPUS, .bytes = &t->cpus, .size = sizeof(t->cpus) },
		{ .key = FWCFG_BOOT_MENU, .bytes = &t->menu, .size = sizeof(t->menu) },
	};

	t->e820[0].length = le64_of(ram_low_end(m->memory));
	t->e820[0].type = le32_of(E820_RAM);
	t->e820[1].base = le64_of(RAM_HIGH);
	t->e820[1].length = le64_of(high_end ? high_end - RAM_HIGH : 0);
	t->e820[1].type = le32_of(E820_RAM);
	t->cpus = le16_of((uint16_t)m->vcpus);
	acpi_loader(&t->acpi, t->loader, sizeof(t->loader));
	return items_add(p, items, ARRAY_SIZE(items), err);
}

/* Each part has an item for its size, and one for its data unless it is empty. */
static int kernel_add(struct plan *p, struct fw_cfg_tables *t, const char *cmdline,
                      const struct images *images, uint32_t setup, struct error *err)
{
	const struct blob *k = &images->kernel, *i = &images->initrd;
	const struct {
		uint16_t size_key, data_key;
		le32 *size;
		const void *data;
		size_t bytes;
	} rows[] = {
		{ FWCFG_SETUP_SIZE, FWCFG_SETUP_DATA, &t->setup_size, k->data, setup },
		{ FWCFG_KERNEL_SIZE, FWCFG_KERNEL_DATA, &t->kernel_size, k->data + setup,
		  k->size - setup },
		{ FWCFG_INITRD_SIZE, FWCFG_INITRD_DATA, &t->initrd_size, i->data, i->size },
		{ FWCFG_CMDLINE_SIZE, FWCFG_CMDLINE_DATA, &t->cmdline_size, t->cmdline,
		  strlen(cmdline) + 1 },
	};
	int r = 0;

	memcpy(t->cmdline, cmdline, strlen(cmdline) + 1);
	for (size_t n = 0; r == 0 && n < ARRAY_SIZE(rows); n++) {
		const struct fw_item items[] = {
			{ .key = rows[n].size_key, .bytes = rows[n].size, .size = sizeof(le32) },
			{ .key = rows[n].data_key, .bytes = rows[n].data, .size = rows[n].bytes },
		};

		*rows[n].size = le32_of((uint32_t)rows[n].bytes);
		r = items_add(p, items, rows[n].bytes ? 2 : 1, err);
	}
	return r;
}

/*
 * How many bytes of the kernel's file are its setup part. QEMU (hw/i386/x86-common.c,
 * x86_load_linux()) cuts any file as if it were a bzImage, and firmware joins the parts again, so
 * EFI programs arrive whole, too. 0: no firmware could boot the file, and *ret_unfit says why.
 */
static uint32_t setup_part(const struct images *images, const char **ret_unfit)
{
	enum { SETUP_SECTS = 0x1f1, SECTOR = 512, OLDEST_SETUP_SECTS = 4 };
	const struct blob *image = &images->kernel;
	const struct file_kind *kind = file_kind_of(image->data, image->size);
	struct linux_kernel kernel;
	struct error unfit = { 0 };
	uint32_t size;

	*ret_unfit = "boot.kernel is not a bzImage or an EFI program that a firmware could boot";
	if (images->initrd.size > UINT32_MAX)
		return 0;
	if (linux_parse(image->data, image->size, &kernel, &unfit) == 0)
		return kernel.setup_size;
	if (!kind || (strcmp(kind->name, "uki") != 0 && strcmp(kind->name, "pe") != 0) ||
	    image->size <= SETUP_SECTS)
		return 0;
	size = image->data[SETUP_SECTS] ? image->data[SETUP_SECTS] : OLDEST_SETUP_SECTS;
	size = (size + 1) * SECTOR;
	if (images->initrd.size == 0 && size <= image->size)
		return size;
	*ret_unfit = images->initrd.size
	                     ? "boot.kernel is an EFI program, which QEMU starts without an initrd"
	                     : "boot.kernel is an EFI program that is too short for QEMU";
	return 0;
}

/*
 * A kernel that no firmware could boot from fw_cfg is left out, and the plan is for measuring only.
 * A file that can't be a kernel is refused.
 */
int handoff_add(struct plan *p, const struct manifest *m, const struct images *images,
                const char **ret_unfit, struct error *err)
{
	const struct blob *image = &images->kernel;
	auto_blob struct blob b = BLOB_NONE;
	const struct file_kind *kind;
	struct fw_cfg_tables *t;
	uint32_t setup;
	int r = blob_zero(sizeof(*t), &b, err);

	*ret_unfit = NULL;
	if (r < 0)
		return r;
	t = (struct fw_cfg_tables *)b.data;
	r = plan_adopt(p, blob_steal(&b), err);
	if (r == 0)
		r = acpi_tables_make(
			&(struct acpi_config){ .vcpus = m->vcpus, .pci_window = ram_pci_window(m) },
			&t->acpi, err);
	if (r == 0)
		r = tables_add(p, t, m, err);
	if (r < 0 || !m->kernel.path)
		return r;
	setup = setup_part(images, ret_unfit);
	if (setup) {
		*ret_unfit = NULL;
		return kernel_add(p, t, m->cmdline, images, setup, err);
	}
	kind = file_kind_of(image->data, image->size);
	if (kind && (strcmp(kind->name, "uki") == 0 || strcmp(kind->name, "pe") == 0))
		return 0;
	if (file_kind_refuse(image->data, image->size, ROLE_KERNEL, ERROR_BAD_VALUE, err) == 0)
		return 0;
	error_wrap(err, "kernel '%s'", m->kernel.path);
	return manifest_at_location(m, &m->kernel.at, err);
}

/* What a firmware verifies, each as soon as it has read it. In edk2's order. */
static const struct {
	uint16_t key;
	const char *name;
} verified[] = {
	{ FWCFG_KERNEL_DATA, "kernel" },
	{ FWCFG_INITRD_DATA, "initrd" },
	{ FWCFG_CMDLINE_DATA, "command line" },
};

/* Longer than any firmware computes without an exit, even the hash of a large initrd. */
enum { STOPPED_MS = 5000 };

/*
 * Since edk2-stable202408, firmware calls CpuDeadLoop() if the hash of a file differs
 * (QemuKernelLoaderFsDxe, VerifyBlob()).
 */
void handoff_explain(const struct manifest *m, int last_read, uint64_t quiet_ms, struct outcome *o)
{
	bool limit = o->kind == RUN_TIMED_OUT || o->kind == RUN_SILENT;
	const char *name = NULL;

	if (!(limit && quiet_ms >= STOPPED_MS) && o->kind != GUEST_HALTED)
		return;
	if (!m->firmware.path || !m->kernel_hashes)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(verified); i++)
		if (verified[i].key == last_read)
			name = verified[i].name;
	if (name)
		outcome_add(o,
		            "; the firmware stopped after reading the %s, which it does if that is "
		            "not the %s that was measured",
		            name, name);
}
