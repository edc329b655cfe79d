/* SPDX-License-Identifier: MIT */
/* firmware/assemble.c: the only file that decides the order of what is measured and launched. */
#include "firmware/assemble.h"

#include <assert.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "core/snp/idblock.h"
#include "core/vm/vm.h"
#include "firmware/direct.h"
#include "firmware/handoff.h"
#include "firmware/hashes.h"
#include "firmware/images.h"
#include "firmware/ovmf.h"
#include "firmware/selftest.h"

/* Where a processor begins after reset. */
#define RESET_VECTOR 0xfffffff0

/* Where a PC shows the end of its firmware a second time. */
#define ISA_ALIAS_END ((uint64_t)1 << 20)
#define ISA_ALIAS_MAX ((uint64_t)128 << 10)

/* Whose launch is modelled; the tool sev-snp-measure has the same three. */
static const struct profile {
	enum vmsa_flavour flavour;
	enum page_kind memory; /* what SEC_MEM sections are */
	bool cpuid_last;       /* CPUID sections come after all others */
	uint16_t bsp_cs, ap_cs, ss, tr;
	uint32_t rdx; /* 0: the vCPU type's signature */
	const char *measure_only;
} profiles[] = {
	[PROFILE_QEMU] = { VMSA_KVM, PAGE_ZERO, false, 0x9b, 0x9b, 0x93, 0x8b, 0, NULL },
	[PROFILE_EC2] = { VMSA_EC2, PAGE_ZERO, true, 0x9a, 0x9b, 0x92, 0x83, 0x600,
	                  "measure.profile ec2 is another launcher's order of pages and "
	                  "registers" },
	[PROFILE_GCE] = { VMSA_GCE, PAGE_UNMEASURED, false, 0x9b, 0x9b, 0x93, 0x8b, 0x600,
	                  "measure.profile gce is another launcher's order of pages and "
	                  "registers" },
};
static_assert(ARRAY_SIZE(profiles) == PROFILES, "a profile without a row");

/* What the parts of assembling share. */
struct assembly {
	const struct manifest *m;
	const struct images *images;
	const struct profile *profile;
	const struct platform *on;
	struct plan *plan;
	struct plan_settings settings;
};

/*
 * A vCPU out of reset, APM volume 2, table 14-1, with the segments' accessed bits as the profile
 * has them.
 */
static struct vcpu_state state_reset(const struct profile *p, uint16_t cs_attrib, uint32_t eip,
                                     uint32_t rdx)
{
	struct segment data = { .attrib = 0x93, .limit = 0xffff };
	struct vcpu_state s = {
		.cs = { 0xf000, cs_attrib, 0xffff, eip & 0xffff0000 },
		.ds = data,
		.es = data,
		.fs = data,
		.gs = data,
		.ss = { .attrib = p->ss, .limit = 0xffff },
		.gdt = { .limit = 0xffff },
		.idt = { .limit = 0xffff },
		.ldt = { .attrib = 0x82, .limit = 0xffff },
		.tr = { .attrib = p->tr, .limit = 0xffff },
		.cr0 = 0x10,
		.rip = eip & 0xffff,
		.rflags = 2,
		.rdx = p->rdx ? p->rdx : rdx,
	};

	return s;
}

/*
 * One that begins where the first does begins as the first does: the EC2 model of sev-snp-measure
 * goes by EIP.
 */
static struct vcpu_state state_ap(const struct assembly *a, uint32_t eip)
{
	uint16_t cs = eip == RESET_VECTOR ? a->profile->bsp_cs : a->profile->ap_cs;

	return state_reset(a->profile, cs, eip, a->m->vcpu_sig);
}

/* The hole between low and high memory is for MMIO, the APICs and the firmware. */
static uint64_t ram_low(const struct assembly *a)
{
	return MIN_OF(a->m->memory, DIRECT_LOW_MAX);
}

/* The end of what is above 4 GiB; 0: nothing is. */
static uint64_t ram_high(const struct assembly *a)
{
	return a->m->memory > ram_low(a) ? DIRECT_HIGH + a->m->memory - ram_low(a) : 0;
}

static int ram_add(struct assembly *a, struct error *err)
{
	int r = plan_add_ram(a->plan, 0, ram_low(a), err);

	if (r == 0 && ram_high(a))
		r = plan_add_ram(a->plan, DIRECT_HIGH, ram_high(a) - DIRECT_HIGH, err);
	return r;
}

/* The firmware's own pages come first. With measure.ovmf_hash the digest begins behind them. */
static int firmware_add(struct assembly *a, const struct ovmf *o, struct error *err)
{
	const struct region image = { .gpa = o->gpa,
		                      .size = o->size,
		                      .kind = PAGE_DATA,
		                      .bytes = a->images->firmware.data,
		                      .label = "firmware" };
	int r = plan_add_ram(a->plan, o->gpa, o->size, err);

	if (r < 0 || !a->m->ovmf_hash_given)
		return r < 0 ? r : plan_add(a->plan, &image, err);
	a->settings.seeded = true;
	memcpy(a->settings.seed, a->m->ovmf_hash, sizeof(a->settings.seed));
	a->settings.measure_only =
		"measure.ovmf_hash stands for a firmware that need not be this one";
	return 0;
}

static int no_hash_page(const struct assembly *a, struct error *err)
{
	error_set(err, ERROR_NO_HASH_PAGE,
	          "firmware '%s' has no page for the kernel's hashes, so it can't verify a kernel",
	          a->m->firmware.path);
	error_why(err,
	          "the image lacks a KERNEL_HASHES section (type 0x10) or its hash table's place");
	return error_fix(err, "use an AmdSev build of OVMF, edk2-stable202408 or later; "
	                      "or 'kernel_hashes: false', which leaves the kernel unmeasured");
}

/* The page of hashes: NORMAL with the table when a kernel is to be verified, else ZERO. */
static int hashes_add(struct assembly *a, const struct ovmf *o, struct region *r, struct error *err)
{
	auto_blob struct blob page = BLOB_NONE;
	struct kernel_hashes hashes;
	int e;

	r->kind = PAGE_ZERO;
	if (!a->m->kernel.path || !a->m->kernel_hashes)
		return plan_add(a->plan, r, err);
	if (!o->has_hash_area)
		return no_hash_page(a, err);
	kernel_hashes_of(&hashes, a->images->kernel_sha256, a->images->initrd_sha256,
	                 a->m->cmdline);
	e = blob_zero(PAGE_SIZE, &page, err);
	if (e == 0)
		e = kernel_hashes_page(&hashes, o->hash_gpa, o->hash_size, (uint32_t)r->gpa,
		                       page.data, err);
	if (e < 0)
		return e;
	r->kind = PAGE_DATA;
	r->bytes = page.data;
	e = plan_adopt(a->plan, blob_steal(&page), err);
	return e == 0 ? plan_add(a->plan, r, err) : e;
}

/* Pages that are loaded but not measured carry bytes: zeros, in the profile that has them. */
static int memory_add(struct assembly *a, struct region *r, struct error *err)
{
	auto_blob struct blob zeros = BLOB_NONE;
	int e = 0;

	r->kind = a->profile->memory;
	if (region_kind(r->kind)->carries)
		e = blob_zero(r->size, &zeros, err);
	r->bytes = zeros.data;
	if (e == 0 && zeros.data)
		e = plan_adopt(a->plan, blob_steal(&zeros), err);
	return e == 0 ? plan_add(a->plan, r, err) : e;
}

/* One metadata section. */
static int section_add(struct assembly *a, const struct ovmf *o, const struct ovmf_section *s,
                       struct error *err)
{
	struct region r = { .gpa = s->gpa,
		            .size = s->size,
		            .kind = ovmf_section_kind(s->type),
		            .label = ovmf_section_name(s->type) };

	if (s->type == OVMF_SEC_MEM)
		return memory_add(a, &r, err);
	if (s->type == OVMF_KERNEL_HASHES)
		return hashes_add(a, o, &r, err);
	return plan_add(a->plan, &r, err);
}

static int sections_add(struct assembly *a, const struct ovmf *o, struct error *err)
{
	bool hash_section = false;
	int r = 0;

	for (size_t i = 0; i < o->n_sections; i++)
		hash_section |= o->sections[i].type == OVMF_KERNEL_HASHES;
	if (a->m->kernel.path && a->m->kernel_hashes && !hash_section)
		return no_hash_page(a, err);
	for (int last = 0; r == 0 && last <= (a->profile->cpuid_last ? 1 : 0); last++)
		for (size_t i = 0; r == 0 && i < o->n_sections; i++) {
			bool late = a->profile->cpuid_last && o->sections[i].type == OVMF_CPUID;

			if (late == (last == 1))
				r = section_add(a, o, &o->sections[i], err);
		}
	return r;
}

/*
 * edk2 has its SVSM calling area, and no longer touches the local APIC through an encrypted
 * mapping, since edk2-stable202405. An image for SNP without the one is taken for one without the
 * other.
 */
static const char *ovmf_warning(const struct ovmf *o)
{
	unsigned have = 0;

	for (size_t i = 0; i < o->n_sections; i++)
		if (o->sections[i].type <= OVMF_SVSM_CAA)
			have |= 1U << o->sections[i].type;
	if (have & 1U << OVMF_SVSM_CAA || !(have & 1U << OVMF_CPUID))
		return NULL;
	return "the firmware seems older than edk2-stable202405 (its metadata has no place for an "
	       "SVSM), and such a one fails under SNP when it touches the local APIC";
}

/*
 * A PC shows the last 128 KiB of its firmware below 1 MiB as well, where a BIOS goes on once it has
 * jumped out of its reset vector. There it is RAM from the start, as after the copying
 * ("shadowing") that a BIOS does first.
 */
static int isa_alias_add(struct assembly *a, const struct ovmf *o, struct error *err)
{
	uint64_t size = MIN_OF(o->size, ISA_ALIAS_MAX);
	const struct region alias = { .gpa = ISA_ALIAS_END - size,
		                      .size = size,
		                      .kind = PAGE_DATA,
		                      .bytes = a->images->firmware.data + (o->size - size),
		                      .label = "firmware below 1 MiB" };

	return a->on->measured ? 0 : plan_add(a->plan, &alias, err);
}

/* A plain VM alone can run it, and then it has no measurement that could be expected. */
static int unmeasured_add(struct assembly *a, const struct ovmf *o, const char *lack,
                          struct error *err)
{
	a->settings.no_measurement = lack;
	if (a->m->n_pins == 0)
		return isa_alias_add(a, o, err);
	error_set(err, ERROR_CONFLICT,
	          "'expect.measurement' is given, but there is no measurement: %s", lack);
	error_fix(err, "leave out expect.measurement, or use a firmware with SEV support");
	return error_at(err, a->m->pins_at.line ? a->m->file : "--set expect.measurement",
	                a->m->pins_at.line, a->m->pins_at.column);
}

static int ovmf_assemble(struct assembly *a, struct error *err)
{
	const struct blob *image = &a->images->firmware;
	struct vcpu_state bsp, ap;
	const char *lack = NULL;
	bool unfit = false;
	struct ovmf o;
	int r = ovmf_parse_for_launch(a->m->firmware.path, image->data, image->size,
	                              !manifest_platform(a->m)->measured, &o, &lack, err);

	if (r < 0)
		return r;
	r = firmware_add(a, &o, err);
	if (r == 0)
		r = lack ? unmeasured_add(a, &o, lack, err) : sections_add(a, &o, err);
	if (r < 0)
		return r;
	a->settings.snp_warning = lack ? NULL : ovmf_warning(&o);
	bsp = state_reset(a->profile, a->profile->bsp_cs, RESET_VECTOR, a->m->vcpu_sig);
	ap = state_ap(a, o.reset_eip);
	if (a->m->vcpus <= PLAN_RUN_VCPUS) /* nothing of it is measured */
		r = handoff_add(a->plan, a->m, a->images, ram_low(a), ram_high(a), &unfit, err);
	if (r < 0)
		return r;
	if (unfit && !a->settings.measure_only)
		a->settings.measure_only =
			"boot.kernel is not a bzImage that a firmware could boot";
	return plan_set_vcpus(a->plan, a->m->vcpus, &bsp, &ap, err);
}

static int direct_assemble(struct assembly *a, struct error *err)
{
	struct vcpu_state bsp, ap = state_ap(a, RESET_VECTOR);
	int r = direct_plan(a->plan, a->m, a->images, a->on->c_bit, &bsp, err);

	a->settings.c_bit = a->on->c_bit;
	a->settings.gib_pages = a->on->c_bit != 0;
	a->settings.mtrrs_on = true;
	a->settings.prefault = true;    /* stage0 validates all memory before the kernel starts */
	a->settings.ap_creation = true; /* which is how Linux starts CPUs under SNP */
	return r == 0 ? plan_set_vcpus(a->plan, a->m->vcpus, &bsp, &ap, err) : r;
}

/*
 * What the selftest can't be combined with; silently ignored it would be missing from the digest.
 */
static int builtin_refuse(const struct assembly *a, struct error *err)
{
	if (a->m->kernel.path) {
		error_set(err, ERROR_CONFLICT,
		          "builtin:selftest boots no kernel, but boot.kernel is given");
		return error_fix(err, "leave out one of the two");
	}
	if (a->m->ovmf_hash_given) {
		error_set(err, ERROR_CONFLICT,
		          "builtin:selftest has no OVMF pages for measure.ovmf_hash to stand for");
		return error_fix(err, "leave out measure.ovmf_hash");
	}
	if (!a->m->exit_port_given) {
		error_set(err, ERROR_CONFLICT,
		          "builtin:selftest reports through the exit port, but exit_port is false");
		return error_fix(err, "leave out exit_port, or give it a port");
	}
	if (a->m->memory < SELFTEST_MEMORY) {
		error_set(err, ERROR_MEMORY_TOO_SMALL, "builtin:selftest needs %d KiB of memory",
		          SELFTEST_MEMORY / 1024);
		return error_fix(err, "write memory: %dK or more", SELFTEST_MEMORY / 1024);
	}
	return 0;
}

static int builtin_assemble(struct assembly *a, struct error *err)
{
	const struct selftest_config c = { .c_bit = a->on->c_bit,
		                           .exit_port = a->m->exit_port,
		                           .vcpu_sig = a->m->vcpu_sig };
	struct vcpu_state bsp, ap = state_ap(a, RESET_VECTOR);
	int r = builtin_refuse(a, err);

	if (r == 0)
		r = selftest_plan(a->plan, &c, &bsp, err);
	a->settings.c_bit = c.c_bit;
	return r == 0 ? plan_set_vcpus(a->plan, a->m->vcpus, &bsp, &ap, err) : r;
}

/* What the guest begins with, where the manifest says it. */
static const struct location *boot_location(const struct manifest *m)
{
	return m->builtin || m->firmware.path ? &m->firmware.at : &m->kernel.at;
}

static int boot_assemble(struct assembly *a, struct error *err)
{
	int r;

	if (a->m->builtin)
		r = builtin_assemble(a, err);
	else
		r = a->m->firmware.path ? ovmf_assemble(a, err) : direct_assemble(a, err);
	return r < 0 ? manifest_at_location(a->m, boot_location(a->m), err) : 0;
}

static int settings_assemble(struct assembly *a, struct error *err)
{
	const struct manifest *m = a->m;
	struct plan_settings *s = &a->settings;

	s->policy = m->policy;
	s->sev_features = m->guest_features;
	s->flavour = a->profile->flavour;
	s->measure_only = a->profile->measure_only;
	if (m->vcpus > PLAN_RUN_VCPUS)
		s->measure_only = "vcpus is more than 255, and so many cannot be run";
	memcpy(s->host_data, m->host_data, sizeof(s->host_data));
	memcpy(s->gosvw, m->gosvw, sizeof(s->gosvw));
	s->id_block_given = m->id_block_given;
	memcpy(s->id_block, m->id_block, sizeof(s->id_block));
	memcpy(s->id_auth, m->id_auth, sizeof(s->id_auth));
	if (!m->id_block_given || snp_id_check(s->id_block, s->id_auth, &s->author_key, err) == 0)
		return 0;
	return manifest_at_location(m, &m->id_block_at, err);
}

int assemble(const struct manifest *m, const struct images *images, const struct platform *on,
             const struct plan **ret, struct error *err)
{
	struct assembly a = {
		.m = m, .images = images, .profile = &profiles[m->profile], .on = on
	};
	const struct plan *sealed = NULL;
	int r;

	a.plan = plan_new();
	if (!a.plan)
		return error_nomem(err, "launch plan");
	r = settings_assemble(&a, err);
	if (r == 0)
		r = ram_add(&a, err);
	if (r == 0)
		r = boot_assemble(&a, err);
	if (r == 0) {
		plan_set(a.plan, &a.settings);
		sealed = plan_seal(a.plan, err);
	}
	if (!sealed) {
		plan_free(a.plan);
		return r < 0 ? r : manifest_at_location(m, boot_location(m), err);
	}
	*ret = sealed;
	return 0;
}
