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
	struct stage0_map map;
	struct stage0_range ranges[STAGE0_MAX_RANGES], lazy[STAGE0_MAX_LAZY];
	size_t n_ranges, n_lazy;
	uint8_t boot_params[PAGE_SIZE], cmdline[PAGE_SIZE], acpi[PAGE_SIZE];
};

static uint64_t round_up(uint64_t v, uint64_t to)
{
	return (v + to - 1) & ~(to - 1);
}

static bool kernel_accepts(const struct images *i)
{
	return i->payload_hashed ? i->kernel_accepts
	                         : linux_accepts_memory(i->kernel.data, i->kernel.size);
}

static int lazy_impossible(const struct direct *d, const char *why, struct error *err)
{
	error_set(err, ERROR_CONFLICT, "'boot.accept' is lazy, but %s", why);
	error_fix(err, "write 'accept: auto', or leave it out");
	return manifest_at(d->m, KEY_BOOT_ACCEPT, err);
}

/* Whether the kernel is to accept memory itself, unless nothing is left for it. */
static bool lazy_wanted(const struct direct *d)
{
	return d->m->accept == ACCEPT_LAZY ||
	       (d->m->accept == ACCEPT_AUTO && d->m->memory >= DIRECT_LAZY_FROM &&
	        kernel_accepts(d->images));
}

/*
 * Decides where kernel and initrd are, and which memory stage0 validates. If the kernel accepts
 * memory itself, the initrd is directly behind it, so that stage0 has one run to validate for both.
 */
static int direct_split(struct direct *d, bool snp, struct error *err)
{
	uint64_t initrd = d->images->initrd.size;
	bool lazy = snp && lazy_wanted(d);
	int r;

	if (d->m->accept == ACCEPT_LAZY && !kernel_accepts(d->images))
		return lazy_impossible(d, "this kernel can't accept memory itself", err);
	r = linux_layout_of(&d->kernel, d->low_end, initrd, lazy, &d->layout, err);
	d->n_ranges = stage0_ranges(d->low_end, d->high_end, lazy, d->ranges);
	if (r == 0 && lazy)
		d->n_lazy = stage0_split(d->ranges, &d->n_ranges, d->layout.load,
		                         d->layout.initrd_end, d->lazy);
	if (r == 0 && lazy && d->n_lazy == 0) {
		if (d->m->accept == ACCEPT_LAZY)
			return lazy_impossible(d, "kernel and initrd leave no memory for it", err);
		r = linux_layout_of(&d->kernel, d->low_end, initrd, false, &d->layout, err);
		d->n_ranges = stage0_ranges(d->low_end, d->high_end, false, d->ranges);
	}
	if (r < 0)
		return error_wrap(err, "kernel '%s'", d->m->kernel.path);
	if (!snp || d->ranges[d->n_ranges - 1].end <= (uint64_t)1 << STAGE0_ADDRESS_BITS)
		return 0;
	error_set(err, ERROR_BAD_VALUE, "stage0 can't accept memory above 512 GiB%s",
	          d->n_lazy ? ", and 'memory' is no multiple of 2M, which the kernel would accept"
	                    : "");
	return error_fix(err, d->n_lazy ? "write a multiple of 2M"
	                                : "use a kernel that accepts memory itself (Linux 6.5 or "
	                                  "later), or at most 511G of memory");
}

/* Decides where RAM, the shared blobs, kernel and initrd are. */
static int direct_layout(struct direct *d, bool snp, struct error *err)
{
	const struct blob *kernel = &d->images->kernel, *initrd = &d->images->initrd;
	uint64_t memory = d->m->memory;
	int r;

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
	d->map = (struct stage0_map){ d->low_end, d->shared_kernel, d->shared_end };
	r = linux_parse(kernel->data, kernel->size, &d->kernel, err);
	return r < 0 ? error_wrap(err, "kernel '%s'", d->m->kernel.path)
	             : direct_split(d, snp, err);
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
		.efi = d->n_lazy > 0,
		.e820 = e820,
		.n_e820 =
			linux_e820_of(stage0_tables(c_bit, &d->map), d->low_end, d->high_end, e820),
	};
	const struct acpi_config acpi = { .vcpus = d->m->vcpus,
		                          .pci_window = ram_pci_window(d->m) };
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
	/* no SHA extensions on plain KVM: where it interprets code, it may not know them */
	struct stage0_config c = { .sha_ni = c_bit != 0,
		                   .c_bit = c_bit,
		                   .exit_port = m->exit_port_given ? m->exit_port : 0,
		                   .vcpu_sig = m->vcpu_sig,
		                   .boot_params = d.boot_params,
		                   .cmdline_page = d.cmdline,
		                   .acpi_page = d.acpi };
	struct stage0_blob_spec *kernel = &c.blobs[0], *initrd = &c.blobs[1];
	int r = direct_layout(&d, c_bit != 0, err);

	if (r == 0)
		r = direct_pages(&d, c_bit, err);
	if (r < 0)
		return r;
	c.entry = d.layout.entry;
	c.map = d.map;
	memcpy(c.ranges, d.ranges, sizeof(c.ranges));
	memcpy(c.lazy, d.lazy, sizeof(c.lazy));
	c.n_ranges = d.n_ranges;
	c.n_lazy = d.n_lazy;
	kernel->src = d.shared_kernel + d.kernel.setup_size;
	kernel->dst = d.layout.load;
	kernel->size = d.kernel.payload_size;
	kernel->clear_end = d.layout.kernel_end;
	if (images->payload_hashed)
		memcpy(kernel->sha256, images->payload_sha256, sizeof(kernel->sha256));
	else
		sha256(images->kernel.data + d.kernel.setup_size, kernel->size, kernel->sha256);
	initrd->src = d.shared_initrd;
	initrd->dst = d.layout.initrd;
	initrd->size = images->initrd.size;
	initrd->clear_end = initrd->size ? d.layout.initrd_end : 0;
	memcpy(initrd->sha256, images->initrd_sha256, sizeof(initrd->sha256));
	c.n_blobs = initrd->size ? 2 : 1;
	r = stage0_plan(p, &c, bsp, err);
	for (size_t i = 0; r == 0 && i < d.n_lazy; i++)
		r = plan_add_lazy(p, d.lazy[i].start, d.lazy[i].end - d.lazy[i].start, err);
	if (r == 0)
		r = shared_add(p, d.shared_kernel, &images->kernel, "kernel", err);
	return r == 0 ? shared_add(p, d.shared_initrd, &images->initrd, "initrd", err) : r;
}

void direct_accept(const struct manifest *m, const struct images *images, const struct plan *p,
                   struct plan_settings *ret)
{
	const struct ram *lazy;

	ret->accept = plan_lazy(p, &lazy) > 0 ? "lazy" : "eager";
	if (m->accept != ACCEPT_AUTO)
		ret->accept_why = "boot.accept says so";
	else if (m->memory < DIRECT_LAZY_FROM)
		ret->accept_why = "memory is less than 2G";
	else if (!kernel_accepts(images))
		ret->accept_why = "this kernel can't accept memory itself";
	else
		ret->accept_why = plan_lazy(p, &lazy) > 0
		                          ? "this kernel accepts memory itself"
		                          : "kernel and initrd leave no memory for it";
}
