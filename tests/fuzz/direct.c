/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/direct.c: libFuzzer target: of any bzImage with any memory, a direct boot is refused
 * or has a plan in which each page of RAM is loaded, accepted by stage0 or left to the kernel, and
 * exactly one of these; in which kernel and initrd lie in memory that stage0 accepts; and whose
 * memory map is of RAM.
 */
#include "firmware/direct.h"

#include "config/manifest.h"
#include "core/base/bytes.h"
#include "core/plan/plan.h"
#include "core/vm/platforms.h"
#include "core/vm/vm.h"
#include "firmware/assemble.h"
#include "firmware/images.h"
#include "firmware/linux.h"
#include "firmware/stage0.h"
#include "tests/fuzz/kernel.h"

enum { RANGES = 64 };

/* What is known of a plan's memory, as ranges of guest addresses. */
struct layout {
	struct stage0_range all[RANGES];
	size_t n;
	const uint8_t *params, *boot_params, *cmdline; /* their pages */
};

static void range_add(struct layout *l, uint64_t start, uint64_t end)
{
	must(l->n < RANGES && start < end && start % PAGE_SIZE == 0 && end % PAGE_SIZE == 0);
	for (size_t i = 0; i < l->n; i++)
		must(end <= l->all[i].start || l->all[i].end <= start);
	l->all[l->n++] = (struct stage0_range){ start, end };
}

static int region_look(void *self, const struct region *r, struct error *err)
{
	static const gpa_t pages[] = { STAGE0_PARAMS, STAGE0_BOOT_PARAMS, STAGE0_CMDLINE };
	struct layout *l = self;
	const uint8_t **at[] = { &l->params, &l->boot_params, &l->cmdline };

	(void)err;
	range_add(l, r->gpa, region_end(r));
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		if (r->bytes && pages[i] >= r->gpa && pages[i] < region_end(r))
			*at[i] = r->bytes + (pages[i] - r->gpa);
	return 0;
}

static bool within(const struct stage0_params_range *ranges, size_t n, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < n; i++)
		if (start >= le64_get(ranges[i].start) && end <= le64_get(ranges[i].end))
			return true;
	return false;
}

static bool within_ram(const struct ram *ram, size_t n, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < n; i++)
		if (start >= ram[i].gpa && end <= ram[i].gpa + ram[i].size)
			return true;
	return false;
}

/* Every page of RAM is in one of the ranges, since they are disjoint and as large together. */
static void check_ram(struct layout *l, const struct plan *p, const struct stage0_params *params)
{
	const struct ram *ram, *lazy;
	size_t n_ram = plan_ram(p, &ram), n_lazy = plan_lazy(p, &lazy);
	uint64_t sum = 0;

	must(le32_get(params->nr_range) <= STAGE0_MAX_RANGES && params->nr_lazy == n_lazy);
	for (size_t i = 0; i < le32_get(params->nr_range); i++)
		range_add(l, le64_get(params->ranges[i].start), le64_get(params->ranges[i].end));
	for (size_t i = 0; i < n_lazy; i++) {
		must(le64_get(params->lazy[i].start) == lazy[i].gpa &&
		     lazy[i].gpa % STAGE0_UNIT == 0);
		must(le64_get(params->lazy[i].end) == lazy[i].gpa + lazy[i].size &&
		     lazy[i].size % STAGE0_UNIT == 0);
		range_add(l, lazy[i].gpa, lazy[i].gpa + lazy[i].size);
	}
	if (n_lazy > 0) /* nobody's */
		range_add(l, RAM_HOLE, RAM_HOLE_END);
	for (size_t i = 0; i < l->n; i++) {
		must(within_ram(ram, n_ram, l->all[i].start, l->all[i].end));
		sum += l->all[i].end - l->all[i].start;
	}
	for (size_t i = 0; i < n_ram; i++)
		sum -= ram[i].size;
	must(sum == 0);
}

static void check_blobs(const struct plan *p, const struct stage0_params *params, bool snp)
{
	const struct shared_blob *shared;
	size_t n = plan_shared_blobs(p, &shared);
	uint64_t end = 0;

	must(le32_get(params->nr_blob) == n && n > 0);
	for (size_t i = 0; i < n; i++) {
		const struct stage0_params_blob *b = &params->blobs[i];
		uint64_t src = le64_get(b->src), dst = le64_get(b->dst), size = le64_get(b->size);

		must(src >= shared[i].gpa && src - shared[i].gpa <= shared[i].size);
		must(size <= shared[i].size - (src - shared[i].gpa));
		must(dst >= end && dst % PAGE_SIZE == 0);
		end = MAX(dst + size, le64_get(b->clear_end));
		must(end < (uint64_t)4 << 30);
		must(!snp || within(params->ranges, le32_get(params->nr_range), dst, end));
	}
	must(le64_get(params->entry) == le64_get(params->blobs[0].dst) + LINUX_ENTRY);
}

static void check_e820(const struct plan *p, const uint8_t *boot_params)
{
	struct linux_e820 e[LINUX_E820_MAX];
	size_t n = linux_e820_read(boot_params, e), n_ram;
	const struct ram *ram;
	uint64_t end = 0;

	n_ram = plan_ram(p, &ram);
	must(n > 0);
	for (size_t i = 0; i < n; i++) {
		must(e[i].size > 0 && e[i].start >= end && e[i].size <= UINT64_MAX - e[i].start);
		end = e[i].start + e[i].size;
		must(e[i].type != LINUX_RAM || within_ram(ram, n_ram, e[i].start, end));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct plan_ops look = { .region = region_look };
	struct input in = { data, size };
	unsigned how = (unsigned)take(&in, 1);
	const struct platform *on = how & 1 ? &platform_kvm : &platform_snp;
	struct manifest m = { .file = (char *)"m.yaml",
		              .kernel.path = (char *)"k",
		              .initrd.path = (char *)(how & 2 ? "i" : NULL),
		              .direct = true,
		              .accept = (enum manifest_accept)((how >> 2) % 3),
		              .vcpus = 1 + (unsigned)take(&in, 1) * (how & 0x10 ? 2 : 1),
		              .vcpu_sig = 0x800f12,
		              .rng = how & 0x20,
		              .exit_port_given = how & 0x40,
		              .exit_port = 0xf4,
		              .policy = 0x30000,
		              .guest_features = 1 };
	auto_images struct images images = { 0 };
	auto_plan const struct plan *p = NULL;
	struct layout l = { 0 };
	struct error err = { 0 };
	char cmdline[4200];

	m.memory = memory_take(&in);
	images.kernel = kernel_take(&in);
	if (how & 2) /* of which nothing is read */
		must(blob_zero(1 + take(&in, 4) % ((size_t)1 << 30), &images.initrd, &err) == 0);
	m.cmdline = take_text(&in, '\n', cmdline, sizeof(cmdline));
	if (assemble(&m, &images, on, &p, &err) < 0) {
		must_explain(&err);
		/* That would be stage0's word against ours. */
		must(on == &platform_kvm || err.kind != ERROR_BAD_LAYOUT);
		return 0;
	}
	must(plan_replay(p, &look, &l, &err) == 0 && l.params && l.boot_params && l.cmdline);
	must(!strcmp((const char *)l.cmdline, m.cmdline));
	check_e820(p, l.boot_params);
	check_blobs(p, (const struct stage0_params *)l.params, on == &platform_snp);
	if (on == &platform_snp)
		check_ram(&l, p, (const struct stage0_params *)l.params);
	return 0;
}
