/* SPDX-License-Identifier: MIT */
/*
 * firmware/direct.c: direct boot. What is measured is small: page tables, parameters, boot_params,
 * command line, ACPI tables and stage0 itself. Kernel and initrd are offered in shared memory;
 * stage0 copies them into private memory and holds the copies against hashes that its parameters
 * carry, which are measured.
 */
#include "firmware/direct.h"

#include <string.h>

#include "config/manifest.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/sha2.h"
#include "core/plan/plan.h"
#include "firmware/acpi.h"
#include "firmware/images.h"
#include "firmware/linux.h"
#include "firmware/stage0.h"

/* Offers begin at whole GiB, so that page tables of 1 GiB pages map each. */
#define OFFER_ALIGN ((uint64_t)1 << 30)

struct direct {
	const struct manifest *m;
	const struct images *images;
	struct linux_kernel kernel;
	struct linux_layout layout;
	uint64_t low_end, high_end;          /* of RAM; high_end 0: none above 4 GiB */
	uint64_t kernel_offer, initrd_offer; /* guest physical */
	uint8_t boot_params[PAGE_SIZE], cmdline[PAGE_SIZE], acpi[PAGE_SIZE];
};

static uint64_t round_up(uint64_t v, uint64_t to)
{
	return (v + to - 1) & ~(to - 1);
}

static int memory_split(struct direct *d, struct error *err)
{
	uint64_t memory = d->m->memory;

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
	d->low_end = MIN_OF(memory, DIRECT_LOW_MAX);
	d->high_end = memory > DIRECT_LOW_MAX ? DIRECT_HIGH + memory - DIRECT_LOW_MAX : 0;
	d->kernel_offer = round_up(d->high_end ? d->high_end : DIRECT_HIGH, OFFER_ALIGN);
	d->initrd_offer = d->kernel_offer + round_up(d->images->kernel.size, OFFER_ALIGN);
	return 0;
}

static int kernel_place(struct direct *d, struct error *err)
{
	const struct blob *kernel = &d->images->kernel;
	int r = linux_parse(kernel->data, kernel->size, &d->kernel, err);

	if (r == 0)
		r = linux_place(&d->kernel, d->low_end, d->images->initrd.size, &d->layout, err);
	return r < 0 ? error_wrap(err, "kernel '%s'", d->m->kernel.path) : 0;
}

/* All of the memory, and what is offered above it. */
static uint64_t reach_of(const struct direct *d)
{
	return d->initrd_offer + round_up(d->images->initrd.size, OFFER_ALIGN);
}

static int pages_make(struct direct *d, unsigned c_bit, struct error *err)
{
	struct linux_e820 e820[16];
	const struct linux_boot boot = {
		.initrd = d->layout.initrd,
		.initrd_size = d->images->initrd.size,
		.cmdline = STAGE0_CMDLINE,
		.rsdp = STAGE0_ACPI,
		.setup_data = c_bit ? STAGE0_SETUP_DATA : 0,
		.e820 = e820,
		.n_e820 = linux_e820_of(stage0_tables(c_bit, reach_of(d)), d->low_end, d->high_end,
		                        e820),
	};
	const struct acpi_config acpi = { .vcpus = d->m->vcpus };
	int r = linux_cmdline_page(d->m->cmdline, &d->kernel, d->cmdline, err);

	if (r == 0)
		r = linux_boot_params(d->images->kernel.data, d->images->kernel.size, &boot,
		                      d->boot_params, err);
	return r == 0 ? acpi_page(&acpi, STAGE0_ACPI, d->acpi, err) : r;
}

static int offer(struct plan *p, gpa_t gpa, const struct blob *b, const char *label,
                 struct error *err)
{
	/* A blob's last page is zero behind its end, so whole pages may be handed over. */
	const struct shared_blob o = {
		.gpa = gpa, .size = round_up(b->size, PAGE_SIZE), .bytes = b->data, .label = label
	};

	return b->size ? plan_add_shared(p, &o, err) : 0;
}

static void blobs_fill(const struct direct *d, struct stage0_config *c)
{
	const struct blob *kernel = &d->images->kernel, *initrd = &d->images->initrd;

	c->blobs[0] = (struct stage0_blob_spec){ .src = d->kernel_offer + d->kernel.setup_size,
		                                 .dst = d->layout.load,
		                                 .size = d->kernel.payload_size };
	c->blobs[1] = (struct stage0_blob_spec){ .src = d->initrd_offer,
		                                 .dst = d->layout.initrd,
		                                 .size = initrd->size };
	if (d->images->payload_hashed)
		memcpy(c->blobs[0].sha256, d->images->payload_sha256, sizeof(c->blobs[0].sha256));
	else
		sha256(kernel->data + d->kernel.setup_size, d->kernel.payload_size,
		       c->blobs[0].sha256);
	memcpy(c->blobs[1].sha256, d->images->initrd_sha256, sizeof(c->blobs[1].sha256));
	c->n_blobs = initrd->size ? 2 : 1;
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
	int r = memory_split(&d, err);

	if (r == 0)
		r = kernel_place(&d, err);
	if (r == 0)
		r = pages_make(&d, c_bit, err);
	if (r < 0)
		return r;
	c.entry = d.layout.entry;
	c.reach = reach_of(&d);
	c.n_ranges = stage0_ranges(d.low_end, d.high_end, c.ranges);
	blobs_fill(&d, &c);
	r = stage0_plan(p, &c, bsp, err);
	if (r == 0)
		r = offer(p, d.kernel_offer, &images->kernel, "kernel", err);
	return r == 0 ? offer(p, d.initrd_offer, &images->initrd, "initrd", err) : r;
}
