/* SPDX-License-Identifier: MIT */
/*
 * firmware/direct.c: direct boot. Little is measured: page tables, parameters, boot_params, command
 * line, ACPI tables and stage0 itself. Kernel and initrd are in shared memory; stage0 copies them
 * into private memory and compares the copies' hashes with those in its measured parameters.
 */
#include "firmware/direct.h"

#include <string.h>

#include "config/manifest.h"
#include "core/base/error.h"
#include "core/base/sha2.h"
#include "core/plan/plan.h"
#include "firmware/acpi.h"
#include "firmware/images.h"
#include "firmware/linux.h"
#include "firmware/ram.h"
#include "firmware/stage0.h"

/* The shared blobs are GiB-aligned, so that page tables of 1 GiB pages can map them. */
#define SHARED_ALIGN ((uint64_t)1 << 30)

struct direct {
	const struct manifest *m;
	const struct images *images;
	struct linux_kernel kernel;
	struct linux_layout layout;
	uint64_t low_end, high_end; /* of RAM; high_end 0: none above 4 GiB */
	/* guest physical addresses in shared memory; shared_end: above both */
	uint64_t shared_kernel, shared_initrd, shared_end;
	uint8_t boot_params[PAGE_SIZE], cmdline[PAGE_SIZE], acpi[PAGE_SIZE];
};

static uint64_t round_up(uint64_t v, uint64_t to)
{
	return (v + to - 1) & ~(to - 1);
}

/* Decides where RAM, the shared blobs, kernel and initrd are. */
static int direct_layout(struct direct *d, struct error *err)
{
	const struct blob *kernel = &d->images->kernel, *initrd = &d->images->initrd;
	uint64_t memory = d->m->memory;
	int r;

	if (memory > DIRECT_RAM_MAX) {
		error_set(err, ERROR_BAD_VALUE,
		          "direct boot of a kernel takes at most 64G of memory");
		return error_fix(err, "lower 'memory', or boot through a firmware");
	}
	if (d->m->vcpus > PLAN_RUN_VCPUS) {
		error_set(err, ERROR_BAD_VALUE, "direct boot of a kernel takes at most %d vCPUs",
		          PLAN_RUN_VCPUS);
		return error_fix(err, "lower 'vcpus', or boot through a firmware");
	}
	d->low_end = ram_low_end(memory);
	d->high_end = ram_high_end(memory);
	d->shared_kernel = round_up(d->high_end ? d->high_end : RAM_HIGH, SHARED_ALIGN);
	d->shared_initrd = d->shared_kernel + round_up(kernel->size, SHARED_ALIGN);
	d->shared_end = d->shared_initrd + round_up(initrd->size, SHARED_ALIGN);
	r = linux_parse(kernel->data, kernel->size, &d->kernel, err);
	if (r == 0)
		r = linux_layout_of(&d->kernel, d->low_end, initrd->size, &d->layout, err);
	return r < 0 ? error_wrap(err, "kernel '%s'", d->m->kernel.path) : 0;
}

/* Makes the pages that Linux reads. */
static int direct_pages(struct direct *d, unsigned c_bit, struct error *err)
{
	const struct blob *kernel = &d->images->kernel;
	struct linux_e820 e820[LINUX_E820_OURS];
	const struct linux_boot boot = {
		.initrd = d->layout.initrd,
		.initrd_size = d->images->initrd.size,
		.cmdline = STAGE0_CMDLINE,
		.rsdp = STAGE0_ACPI,
		.setup_data = c_bit ? STAGE0_SETUP_DATA : 0,
		.e820 = e820,
		.n_e820 = linux_e820_of(stage0_tables(c_bit, d->shared_end), d->low_end,
		                        d->high_end, e820),
	};
	const struct acpi_config acpi = { .vcpus = d->m->vcpus };
	int r = linux_cmdline_page(d->m->cmdline, &d->kernel, d->cmdline, err);

	if (r == 0)
		r = linux_boot_params(kernel->data, kernel->size, &boot, d->boot_params, err);
	return r == 0 ? acpi_page(&acpi, STAGE0_ACPI, d->acpi, err) : r;
}

static int shared_add(struct plan *p, gpa_t gpa, const struct blob *b, const char *label,
                      struct error *err)
{
	/* A blob's last page is zero after its end, so whole pages can be shared. */
	const struct shared_blob o = {
		.gpa = gpa, .size = round_up(b->size, PAGE_SIZE), .bytes = b->data, .label = label
	};

	return b->size ? plan_add_shared(p, &o, err) : 0;
}

int direct_plan(struct plan *p, const struct manifest *m, const struct images *images,
                unsigned c_bit, struct vcpu_state *bsp, struct error *err)
{
	struct direct d = { .m = m, .images = images };
	struct stage0_config c = { .sha_ni = c_bit != 0,
		                   .c_bit = c_bit,
		                   .exit_port = m->exit_port_given ? m->exit_port : 0,
		                   .vcpu_sig = m->vcpu_sig,
		                   .boot_params = d.boot_params,
		                   .cmdline_page = d.cmdline,
		                   .acpi_page = d.acpi };
	struct stage0_blob_spec *kernel = &c.blobs[0], *initrd = &c.blobs[1];
	int r = direct_layout(&d, err);

	if (r == 0)
		r = direct_pages(&d, c_bit, err);
	if (r < 0)
		return r;
	c.entry = d.layout.entry;
	c.mapped_end = d.shared_end;
	c.n_ranges = stage0_ranges(d.low_end, d.high_end, c.ranges);
	kernel->src = d.shared_kernel + d.kernel.setup_size;
	kernel->dst = d.layout.load;
	kernel->size = d.kernel.payload_size;
	if (images->payload_hashed)
		memcpy(kernel->sha256, images->payload_sha256, sizeof(kernel->sha256));
	else
		sha256(images->kernel.data + d.kernel.setup_size, kernel->size, kernel->sha256);
	initrd->src = d.shared_initrd;
	initrd->dst = d.layout.initrd;
	initrd->size = images->initrd.size;
	memcpy(initrd->sha256, images->initrd_sha256, sizeof(initrd->sha256));
	c.n_blobs = initrd->size ? 2 : 1;
	r = stage0_plan(p, &c, bsp, err);
	if (r == 0)
		r = shared_add(p, d.shared_kernel, &images->kernel, "kernel", err);
	return r == 0 ? shared_add(p, d.shared_initrd, &images->initrd, "initrd", err) : r;
}
