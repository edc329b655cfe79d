/* SPDX-License-Identifier: MIT */
/* firmware/stage0.c: page tables, parameters and first registers of stage0; its failure codes. */
#include "firmware/stage0.h"

#include <assert.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "core/vm/outcome.h"
#include "firmware/efi.h"
#include "firmware/guest.h"
#include "firmware/guest/entry.h"

#define LEAF_SIZE   (1ULL << 30)
#define LEAF_KVM    (2ULL << 20)
#define ADDRESS_END (1ULL << STAGE0_ADDRESS_BITS)
#define UNIT        ((uint64_t)STAGE0_UNIT)
#define CR4         0x620 /* PAE, and OSFXSR, OSXMMEXCPT for the SHA extensions */

/* Parts with bytes of their own are one buffer, which covers guest memory from LOW to LOW_END. */
#define LOW     STAGE0_PML4
#define LOW_END (STAGE0_ACPI + PAGE_SIZE)

static_assert(GUEST_ALIAS_SHIFT == 39, "the alias is entry 1 of the PML4");
static_assert(ADDRESS_END == GUEST_TABLE_ENTRIES * LEAF_SIZE,
              "one table of 1 GiB pages maps all of a view");
static_assert(STAGE0_PML4 + 2 * PAGE_SIZE == STAGE0_PDPT_SHARED, "the tables are adjacent");
static_assert(STAGE0_CODE + STAGE0_CODE_MAX <= STAGE0_STACK, "the code ends below the stack");
static_assert(STAGE0_STACK + PAGE_SIZE == STAGE0_STACK_TOP, "the stack is one page");
static_assert(STAGE0_TABLES_END - STAGE0_TABLES_MAX >= STAGE0_STACK_TOP,
              "a plain guest's page tables lie above the stack");
static_assert(STAGE0_UNACCEPTED >= STAGE0_STACK_TOP &&
                      STAGE0_UNACCEPTED + STAGE0_UNACCEPTED_MAX <= STAGE0_TABLES_END,
              "the table of unaccepted memory lies between the stack and 640 KiB");

/* Linux, arch/x86/include/asm/sev.h, struct cc_blob_sev_info. */
struct cc_blob {
	le32 magic;
	le16 version, reserved0;
	le64 secrets_gpa;
	le32 secrets_size, reserved1;
	le64 cpuid_gpa;
	le32 cpuid_size, reserved2;
};
static_assert(offsetof(struct cc_blob, cpuid_gpa) == 0x18, "cc_blob.cpuid_gpa");
static_assert(sizeof(struct cc_blob) == 40, "cc_blob");
#define CC_BLOB_MAGIC 0x45444d41 /* "AMDE" */

/*
 * Linux, arch/x86/include/uapi/asm/setup_data.h: struct setup_data, then struct cc_setup_data's one
 * field.
 */
struct setup_data {
	le64 next;
	le32 type, size;
	le32 cc_blob_gpa;
};
static_assert(offsetof(struct setup_data, cc_blob_gpa) == 0x10, "setup_data.data");
static_assert(sizeof(struct setup_data) == 20, "setup_data");
#define SETUP_CC_BLOB 7

/* The regions, in launch order. */
static const struct guest_part parts[] = {
	{ STAGE0_PML4, 3 * PAGE_SIZE, PAGE_DATA, "stage0 page tables" },
	{ STAGE0_PARAMS, PAGE_SIZE, PAGE_DATA, "stage0 parameters" },
	{ STAGE0_BOOT_PARAMS, PAGE_SIZE, PAGE_DATA, "boot_params" },
	{ STAGE0_CMDLINE, PAGE_SIZE, PAGE_DATA, "command line" },
	{ STAGE0_ACPI, PAGE_SIZE, PAGE_DATA, "ACPI tables" },
	{ STAGE0_CODE, 0, PAGE_DATA, "stage0 code" },
	{ STAGE0_STACK, PAGE_SIZE, PAGE_ZERO, "stage0 stack" },
	{ STAGE0_SECRETS, PAGE_SIZE, PAGE_SECRETS, "stage0 secrets" },
	{ STAGE0_CPUID, PAGE_SIZE, PAGE_CPUID, "stage0 cpuid" },
};

static const struct reason_row {
	unsigned code; /* of stage0/params.h */
	const char *text;
} reasons[] = {
	{ STAGE0_CODE_VALIDATED, "memory was validated before: the host maps a page twice, or "
	                         "loaded one that should be empty" },
	{ STAGE0_CODE_PVALIDATE, "PVALIDATE refused a page of the guest's memory" },
	{ STAGE0_CODE_PARAMS,
	  "its parameters or first registers are not those of the launch plan" },
	{ STAGE0_CODE_BLOB + 0, "kernel: its SHA-256 is not the measured one" },
	{ STAGE0_CODE_BLOB + 1, "initrd: its SHA-256 is not the measured one" },
	{ STAGE0_CODE_BLOB + 2, "third file: its SHA-256 is not the measured one" },
	{ STAGE0_CODE_BLOB + 3, "fourth file: its SHA-256 is not the measured one" },
};

static struct guest stage0_guest(void)
{
	return (struct guest){
		.parts = parts,
		.n_parts = ARRAY_SIZE(parts),
		.low = LOW,
		.pml4 = STAGE0_PML4,
		.params = STAGE0_PARAMS,
		.code = STAGE0_CODE,
		.stack_top = STAGE0_STACK_TOP,
		.blob = stage0_blob,
		.blob_end = stage0_blob_end,
		.cr4 = CR4,
	};
}

static bool overlap(const struct stage0_range *a, const struct stage0_range *b)
{
	return a->start < b->end && b->start < a->end;
}

static struct stage0_range part_range(const struct guest_part *part)
{
	const struct guest g = stage0_guest();

	return (struct stage0_range){ part->gpa, part->gpa + guest_part_size(&g, part) };
}

/* The number of tables of 2 MiB pages for so many bytes. */
static uint64_t tables_for(uint64_t size)
{
	return (size + LEAF_SIZE - 1) / LEAF_SIZE;
}

uint64_t stage0_tables(unsigned c_bit, const struct stage0_map *map)
{
	return c_bit ? 0
	             : (tables_for(map->low_end) + tables_for(map->shared_end - map->shared_base)) *
	                       PAGE_SIZE;
}

/* The name of a part that the range overlaps; NULL: none. */
static const char *part_overlapping(const struct stage0_range *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		struct stage0_range part = part_range(&parts[i]);

		if (overlap(r, &part))
			return parts[i].label;
	}
	return NULL;
}

static const char *const blob_names[] = { "kernel", "initrd", "third file", "fourth file" };
static_assert(ARRAY_SIZE(blob_names) == STAGE0_MAX_BLOBS, "a blob without a name");

const char *stage0_blob_name(size_t index)
{
	return blob_names[index];
}

/* False: the range isn't in the `size` bytes from `base` on. */
static bool range_of(uint64_t start, uint64_t size, uint64_t base, uint64_t within,
                     struct stage0_range *ret)
{
	*ret = (struct stage0_range){ start, start + size };
	return size <= within && start >= base && start - base <= within - size;
}

/* The place of a blob, with what is cleared after it. */
static bool blob_place(const struct stage0_blob_spec *b, struct stage0_range *ret)
{
	if (!range_of(b->dst, b->size, 0, ADDRESS_END, ret) || b->clear_end > ADDRESS_END)
		return false;
	ret->end = MAX(ret->end, b->clear_end);
	return true;
}

static const struct stage0_range unaccepted = { STAGE0_UNACCEPTED,
	                                        STAGE0_UNACCEPTED + STAGE0_UNACCEPTED_MAX };

/* A blob is copied from outside the guest's memory to a place in it where nothing else is. */
static const char *blob_fault(const struct stage0_config *c, size_t index)
{
	const struct stage0_blob_spec *b = &c->blobs[index];
	const struct stage0_range tables = { STAGE0_TABLES_END - stage0_tables(c->c_bit, &c->map),
		                             STAGE0_TABLES_END };
	uint64_t shared = c->c_bit ? ADDRESS_END : c->map.shared_end - c->map.shared_base;
	struct stage0_range from, to, other;
	bool in_memory = !c->c_bit;

	if (!blob_place(b, &to))
		return "does not lie below 512 GiB";
	if (b->size == 0)
		return NULL;
	if (!range_of(b->src, b->size, c->map.shared_base, shared, &from) ||
	    (!c->c_bit && to.end > c->map.low_end))
		return "is not mapped by the page tables";
	if (part_overlapping(&to) || part_overlapping(&from) || overlap(&to, &tables))
		return "overlaps pages that are loaded at launch";
	for (size_t i = 0; i < c->n_ranges; i++) {
		if (overlap(&from, &c->ranges[i]))
			return "is shared inside the guest's own memory";
		in_memory |= to.start >= c->ranges[i].start && to.end <= c->ranges[i].end;
	}
	if (c->n_lazy && overlap(&to, &unaccepted))
		return "overlaps the table of unaccepted memory";
	for (size_t i = 0; i < c->n_lazy; i++)
		if (overlap(&from, &c->lazy[i]))
			return "is shared inside the guest's own memory";
	if (!in_memory || overlap(&from, &to))
		return "has no place in the guest's memory";
	for (size_t i = 0; i < c->n_blobs; i++)
		if (i != index && blob_place(&c->blobs[i], &other) && overlap(&to, &other))
			return "has the place of another file";
	return NULL;
}

/* Memory for the kernel to accept: whole units, and in nothing that stage0 uses. */
static const char *lazy_fault(const struct stage0_config *c, size_t index)
{
	const struct stage0_range *r = &c->lazy[index];

	if ((r->start | r->end) % UNIT || r->start >= r->end)
		return "not whole units of 2 MiB";
	if (index > 0 && r->start < c->lazy[index - 1].end)
		return "not ascending";
	if (sizeof(struct stage0_unaccepted) + (r->end / UNIT + 63) / 64 * 8 >
	    STAGE0_UNACCEPTED_MAX)
		return "too high for the table of unaccepted memory";
	for (size_t i = 0; i < c->n_ranges; i++)
		if (overlap(r, &c->ranges[i]))
			return "is validated by stage0";
	return part_overlapping(r) ? "is loaded at launch" : NULL;
}

/* The table of unaccepted memory is made in memory that stage0 has validated. */
static int lazy_check(const struct stage0_config *c, struct error *err)
{
	bool in_memory = false;

	for (size_t i = 0; i < c->n_ranges; i++)
		in_memory |= unaccepted.start >= c->ranges[i].start &&
		             unaccepted.end <= c->ranges[i].end;
	if (c->n_lazy > STAGE0_MAX_LAZY || (c->n_lazy > 0 && (!c->c_bit || !in_memory)))
		return error_set(err, ERROR_BAD_LAYOUT,
		                 "stage0: %zu runs of memory for the kernel to accept: at most %d, "
		                 "only under SNP, and there must be memory at 0x%x",
		                 c->n_lazy, STAGE0_MAX_LAZY, STAGE0_UNACCEPTED);
	for (size_t i = 0; i < c->n_lazy; i++) {
		const char *fault = lazy_fault(c, i);

		if (fault)
			return error_set(err, ERROR_BAD_LAYOUT,
			                 "stage0: memory 0x%llx..0x%llx for the kernel to accept: "
			                 "%s",
			                 (unsigned long long)c->lazy[i].start,
			                 (unsigned long long)c->lazy[i].end, fault);
	}
	return 0;
}

/* Checks that ranges and blobs have addresses of their own. */
static int layout_check(const struct stage0_config *c, struct error *err)
{
	for (size_t i = 0; i < c->n_ranges; i++) {
		const struct stage0_range *r = &c->ranges[i];
		const char *part = part_overlapping(r), *fault = NULL;

		if ((r->start | r->end) % PAGE_SIZE || r->start >= r->end || r->end > ADDRESS_END)
			fault = "not whole pages below 512 GiB";
		else if (i > 0 && r->start < c->ranges[i - 1].end)
			fault = "not ascending";
		else if (part)
			fault = "is loaded at launch";
		if (fault)
			return error_set(err, ERROR_BAD_LAYOUT,
			                 "stage0: memory 0x%llx..0x%llx: %s%s%s",
			                 (unsigned long long)r->start, (unsigned long long)r->end,
			                 part ? part : "", part ? " " : "", fault);
	}
	for (size_t i = 0; i < c->n_blobs; i++) {
		const struct stage0_blob_spec *b = &c->blobs[i];
		const char *fault = blob_fault(c, i);

		if (fault)
			return error_set(err, ERROR_BAD_LAYOUT,
			                 "stage0: %s, 0x%llx bytes from 0x%llx to 0x%llx: %s",
			                 blob_names[i], (unsigned long long)b->size,
			                 (unsigned long long)b->src, (unsigned long long)b->dst,
			                 fault);
	}
	return 0;
}

static int config_check(const struct stage0_config *c, struct error *err)
{
	int r = c->c_bit ? guest_c_bit_check(c->c_bit, err) : 0;

	if (r < 0)
		return r;
	if (c->n_ranges > STAGE0_MAX_RANGES || c->n_blobs > STAGE0_MAX_BLOBS)
		return error_set(
			err, ERROR_BAD_LAYOUT,
			"stage0: %zu runs of memory, %zu files: at most %d and %d are possible",
			c->n_ranges, c->n_blobs, STAGE0_MAX_RANGES, STAGE0_MAX_BLOBS);
	if (c->map.shared_base % LEAF_SIZE || c->map.shared_base > c->map.shared_end)
		return error_set(err, ERROR_BAD_LAYOUT,
		                 "stage0: shared memory from 0x%llx to 0x%llx does not begin at a "
		                 "GiB",
		                 (unsigned long long)c->map.shared_base,
		                 (unsigned long long)c->map.shared_end);
	if (!c->c_bit &&
	    (stage0_tables(0, &c->map) > STAGE0_TABLES_MAX || c->entry >= c->map.low_end))
		return error_set(err, ERROR_BAD_LAYOUT,
		                 "stage0: without SNP, page tables take 0x%llx bytes, of at most "
		                 "0x%x, and map memory up to 0x%llx; the kernel's entry is at "
		                 "0x%llx",
		                 (unsigned long long)stage0_tables(0, &c->map), STAGE0_TABLES_MAX,
		                 (unsigned long long)c->map.low_end, (unsigned long long)c->entry);
	if (c->entry >= ADDRESS_END)
		return error_set(err, ERROR_BAD_LAYOUT,
		                 "stage0: kernel entry 0x%llx is not below 512 GiB",
		                 (unsigned long long)c->entry);
	r = lazy_check(c, err);
	return r == 0 ? layout_check(c, err) : r;
}

/*
 * Entry 0 of the PML4 maps private memory from 0 on, entry 1 shared memory from shared_base on, at
 * 2^39. Shared memory never holds code. Under SNP each has a table of 1 GiB pages. Otherwise they
 * have tables of 2 MiB pages, one per GiB; these become *ret, for the caller to add to the plan.
 */
static int page_tables_make(struct plan *p, const struct stage0_config *c, uint8_t *low,
                            struct region *ret, struct error *err)
{
	uint64_t size = stage0_tables(c->c_bit, &c->map), n_low = tables_for(c->map.low_end);
	uint64_t c_mask = c->c_bit ? 1ULL << c->c_bit : 0;
	auto_blob struct blob tables = BLOB_NONE;
	uint8_t *pml4 = low + (STAGE0_PML4 - LOW), *pdpt = low + (STAGE0_PDPT - LOW);
	uint8_t *pdpt_shared = low + (STAGE0_PDPT_SHARED - LOW);
	int r;

	guest_link(pml4, 0, STAGE0_PDPT, c_mask);
	guest_link(pml4, 1, STAGE0_PDPT_SHARED, c_mask);
	if (c->c_bit) {
		guest_identity(pdpt, 0, LEAF_SIZE, c_mask);
		guest_identity(pdpt_shared, c->map.shared_base, LEAF_SIZE, GUEST_NX);
		return 0;
	}
	r = blob_zero(size, &tables, err);
	if (r < 0)
		return r;
	*ret = (struct region){ STAGE0_TABLES_END - size, size, PAGE_DATA, tables.data,
		                "stage0 page directories" };
	for (unsigned i = 0; i < size / PAGE_SIZE; i++) {
		gpa_t table = ret->gpa + i * PAGE_SIZE, from = i * LEAF_SIZE;

		if (i < n_low)
			guest_link(pdpt, i, table, 0);
		else
			guest_link(pdpt_shared, i - (unsigned)n_low, table, GUEST_NX);
		if (i >= n_low)
			from = c->map.shared_base + (i - n_low) * LEAF_SIZE;
		guest_identity(tables.data + i * PAGE_SIZE, from, LEAF_KVM, 0);
	}
	return plan_adopt(p, blob_steal(&tables), err);
}

static void range_store(struct stage0_params_range *to, const struct stage0_range *r)
{
	*to = (struct stage0_params_range){ le64_of(r->start), le64_of(r->end) };
}

/*
 * Under SNP, Linux finds secrets and CPUID by two structures in the same page:
 * boot_params.setup_data leads to the node, and the node to the CC blob. If the kernel accepts
 * memory itself, the node's successor is that of EFI.
 */
static void params_fill(uint8_t *low, const struct stage0_config *c)
{
	struct stage0_params params = {
		.magic = le64_of(STAGE0_MAGIC),
		.flags = le64_of((c->c_bit ? STAGE0_FLAG_SNP : 0) |
		                 (c->sha_ni ? STAGE0_FLAG_SHA_NI : 0)),
		.entry = le64_of(c->entry),
		.boot_params = le64_of(STAGE0_BOOT_PARAMS),
		.c_bit = le32_of(c->c_bit),
		.vcpu_sig = le32_of(c->vcpu_sig),
		.nr_range = le32_of((uint32_t)c->n_ranges),
		.nr_blob = le32_of((uint32_t)c->n_blobs),
		.exit_port = le16_of(c->exit_port),
		.nr_lazy = (uint8_t)c->n_lazy,
		.shared_base = le64_of(c->map.shared_base),
	};
	const struct cc_blob blob = {
		.magic = le32_of(CC_BLOB_MAGIC),
		.secrets_gpa = le64_of(STAGE0_SECRETS),
		.secrets_size = le32_of(PAGE_SIZE),
		.cpuid_gpa = le64_of(STAGE0_CPUID),
		.cpuid_size = le32_of(PAGE_SIZE),
	};
	const struct setup_data node = {
		.next = le64_of(c->n_lazy ? EFI_SETUP_DATA : 0),
		.type = le32_of(SETUP_CC_BLOB),
		.size = le32_of(sizeof(node.cc_blob_gpa)),
		.cc_blob_gpa = le32_of(STAGE0_CC_BLOB),
	};

	for (size_t i = 0; i < c->n_ranges; i++)
		range_store(&params.ranges[i], &c->ranges[i]);
	for (size_t i = 0; i < c->n_lazy; i++)
		range_store(&params.lazy[i], &c->lazy[i]);
	for (size_t i = 0; i < c->n_blobs; i++) {
		params.blobs[i].src = le64_of(c->blobs[i].src);
		params.blobs[i].dst = le64_of(c->blobs[i].dst);
		params.blobs[i].size = le64_of(c->blobs[i].size);
		params.blobs[i].clear_end = le64_of(c->blobs[i].clear_end);
		memcpy(params.blobs[i].sha256, c->blobs[i].sha256, sizeof(params.blobs[i].sha256));
	}
	memcpy(low + (STAGE0_PARAMS - LOW), &params, sizeof(params));
	if (!c->c_bit)
		return;
	memcpy(low + (STAGE0_CC_BLOB - LOW), &blob, sizeof(blob));
	memcpy(low + (STAGE0_SETUP_DATA - LOW), &node, sizeof(node));
	if (c->n_lazy)
		efi_tables_put(low + (STAGE0_EFI - LOW));
}

int stage0_plan(struct plan *p, const struct stage0_config *c, struct vcpu_state *bsp,
                struct error *err)
{
	const struct guest g = stage0_guest();
	auto_blob struct blob low = BLOB_NONE;
	struct region tables = { 0 };
	int r = config_check(c, err);

	if (r == 0)
		r = blob_zero(LOW_END - LOW, &low, err);
	if (r == 0)
		r = page_tables_make(p, c, low.data, &tables, err);
	if (r < 0)
		return r;
	params_fill(low.data, c);
	memcpy(low.data + (STAGE0_BOOT_PARAMS - LOW), c->boot_params, PAGE_SIZE);
	memcpy(low.data + (STAGE0_CMDLINE - LOW), c->cmdline_page, PAGE_SIZE);
	memcpy(low.data + (STAGE0_ACPI - LOW), c->acpi_page, PAGE_SIZE);
	r = guest_add(p, &g, c->c_bit != 0, blob_steal(&low), err);
	if (r == 0 && tables.size)
		r = plan_add(p, &tables, err);
	if (r == 0)
		*bsp = guest_state(&g, c->vcpu_sig);
	return r;
}

/* The lowest part at or above an address; NULL: none. */
static const struct guest_part *part_from(uint64_t at)
{
	const struct guest_part *lowest = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i].gpa >= at && (!lowest || parts[i].gpa < lowest->gpa))
			lowest = &parts[i];
	return lowest;
}

static size_t range_put(struct stage0_range *ret, size_t n, uint64_t start, uint64_t end)
{
	if (start >= end)
		return n;
	assert(n < STAGE0_MAX_RANGES);
	ret[n] = (struct stage0_range){ start, end };
	return n + 1;
}

size_t stage0_ranges(uint64_t low_end, uint64_t high_end, bool efi,
                     struct stage0_range ret[static STAGE0_MAX_RANGES])
{
	const struct guest_part *part;
	uint64_t at = 0;
	size_t n = 0;

	for (; (part = part_from(at)) && part->gpa < low_end; at = part_range(part).end)
		n = range_put(ret, n, at, part->gpa);
	if (efi) {
		n = range_put(ret, n, at, MIN(low_end, RAM_HOLE));
		at = RAM_HOLE_END;
	}
	n = range_put(ret, n, at, low_end);
	return range_put(ret, n, RAM_HIGH, high_end);
}

size_t stage0_split(struct stage0_range ranges[static STAGE0_MAX_RANGES], size_t *n, uint64_t from,
                    uint64_t end, struct stage0_range ret_lazy[static STAGE0_MAX_LAZY])
{
	/* A kernel may read a little past what it has accepted, so a unit more is validated. */
	const struct stage0_range gaps[] = {
		{ UNIT, from - from % UNIT }, { (end + UNIT - 1) / UNIT * UNIT + UNIT, UINT64_MAX }
	};
	struct stage0_range left[STAGE0_MAX_RANGES];
	size_t n_lazy = 0, n_left = 0;

	for (size_t i = 0; i < *n; i++) {
		uint64_t at = ranges[i].start;

		for (size_t g = 0; g < ARRAY_SIZE(gaps); g++) {
			uint64_t start = MAX((at + UNIT - 1) / UNIT * UNIT, gaps[g].start);
			uint64_t stop = MIN(ranges[i].end - ranges[i].end % UNIT, gaps[g].end);

			if (start >= stop)
				continue;
			assert(n_lazy < STAGE0_MAX_LAZY);
			ret_lazy[n_lazy++] = (struct stage0_range){ start, stop };
			n_left = range_put(left, n_left, at, start);
			at = stop;
		}
		n_left = range_put(left, n_left, at, ranges[i].end);
	}
	memcpy(ranges, left, n_left * sizeof(left[0]));
	*n = n_left;
	return n_lazy;
}

const char *stage0_reason(unsigned code)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].code == code)
			return reasons[i].text;
	return NULL;
}

bool stage0_exit_code(uint64_t exit_port_value, unsigned *code)
{
	if ((exit_port_value & ~0xffULL) != STAGE0_EXIT_CODE)
		return false;
	*code = exit_port_value & 0xff;
	return true;
}

/*
 * GHCB specification (AMD 56421), MSR protocol, request 0x100: reason set in bits 15:12, code in
 * 23:16.
 */
bool stage0_termination_code(uint64_t ghcb_msr, unsigned *code)
{
	if ((ghcb_msr & ~0xff0000ULL) != (STAGE0_REASON_SET << 12 | 0x100))
		return false;
	*code = ghcb_msr >> 16 & 0xff;
	return true;
}

void stage0_explain(struct outcome *o)
{
	unsigned code = 0;
	bool ours = (o->kind == GUEST_TERMINATED && stage0_termination_code(o->code, &code)) ||
	            (o->kind == GUEST_EXITED && stage0_exit_code(o->code, &code));

	if (ours && stage0_reason(code))
		outcome_set(o, GUEST_TERMINATED, o->code, "stage0 refused to start the kernel: %s",
		            stage0_reason(code));
}
