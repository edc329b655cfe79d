/* SPDX-License-Identifier: MIT */
/* firmware/assemble.c: the only file that decides the order of what is measured and launched. */
#include "firmware/assemble.h"

#include <assert.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "core/snp/idblock.h"
#include "core/snp/policy.h"
#include "core/vm/vm.h"
#include "firmware/direct.h"
#include "firmware/handoff.h"
#include "firmware/hashes.h"
#include "firmware/igvm.h"
#include "firmware/igvm_plan.h"
#include "firmware/images.h"
#include "firmware/ovmf.h"
#include "firmware/ram.h"
#include "firmware/selftest.h"

/* On a PC the last 128 KiB of the firmware also appear below 1 MiB. */
#define ISA_ALIAS_END ((uint64_t)1 << 20)
#define ISA_ALIAS_MAX ((uint64_t)128 << 10)

#define OTHER_LAUNCHER(name)                                                                       \
	"measure.profile " name " is another launcher's order of pages and registers"

/* vCPUs for which an IGVM file has no registers start as in QEMU. */
#define FOR_IGVM                                                                                   \
	{                                                                                          \
		VMSA_KVM, PAGE_ZERO, false, 0x9b, 0x9b, 0x93, 0x8b, 0, NULL, true                  \
	}

/* The launcher whose digests are computed; sev-snp-measure knows the same three. */
static const struct profile {
	enum vmsa_flavour flavour;
	enum page_kind memory; /* the page kind of SEC_MEM sections */
	bool cpuid_last;       /* CPUID sections come after all others */
	uint16_t bsp_cs, ap_cs, ss, tr;
	uint32_t rdx; /* 0: the vCPU type's signature */
	const char *measure_only;
	bool igvm_only;
} profiles[] = {
	[PROFILE_QEMU] = { VMSA_KVM, PAGE_ZERO, false, 0x9b, 0x9b, 0x93, 0x8b, 0, NULL, false },
	[PROFILE_EC2] = { VMSA_EC2, PAGE_ZERO, true, 0x9a, 0x9b, 0x92, 0x83, 0x600,
	                  OTHER_LAUNCHER("ec2"), false },
	[PROFILE_GCE] = { VMSA_GCE, PAGE_UNMEASURED, false, 0x9b, 0x9b, 0x93, 0x8b, 0x600,
	                  OTHER_LAUNCHER("gce"), false },
	[PROFILE_SVSM] = { VMSA_KVM, PAGE_ZERO, false, 0x9b, 0x9b, 0x93, 0x8b, 0,
	                   "measure.profile svsm has the firmware at VMPL 2 below an SVSM, and "
	                   "KVM has no VMPLs",
	                   false },
	[PROFILE_IGVM] = FOR_IGVM,
	[PROFILE_IGVMMEASURE] = FOR_IGVM,
	[PROFILE_IGVMMEASURE_ZERO] = FOR_IGVM,
	[PROFILE_CLOUD_HYPERVISOR] = FOR_IGVM,
};
static_assert(ARRAY_SIZE(profiles) == PROFILES, "a profile without a row");

struct assembly {
	const struct manifest *m;
	const struct images *images;
	const struct profile *profile;
	const struct platform *on;
	struct plan *plan;
	struct plan_settings settings;
};

/*
 * A vCPU after reset (APM volume 2, table 14-1). The accessed bits of its segments are those that
 * the profile's launcher sets.
 */
static struct vcpu_state reset_state(const struct profile *p, uint16_t cs_attrib, uint32_t eip,
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
 * An AP that starts at the reset vector gets the BSP's state: sev-snp-measure tells the two apart
 * by EIP when it models EC2.
 */
static struct vcpu_state ap_state(const struct assembly *a, uint32_t eip)
{
	uint16_t cs = eip == RESET_VECTOR ? a->profile->bsp_cs : a->profile->ap_cs;

	return reset_state(a->profile, cs, eip, a->m->vcpu_sig);
}

/* With measure.ovmf_hash, the digest starts from a value that includes the image already. */
static int firmware_image_add(struct assembly *a, const struct ovmf *o, struct error *err)
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
		"measure.ovmf_hash stands for a firmware that may differ from this one";
	return 0;
}

static bool kernel_is_verified(const struct assembly *a)
{
	return a->m->kernel.path && a->m->kernel_hashes;
}

static int no_hash_page(const struct assembly *a, struct error *err)
{
	error_set(err, ERROR_NO_HASH_PAGE,
	          "firmware '%s' has no page for the kernel's hashes, so it can't verify a kernel",
	          a->m->firmware.path);
	error_why(err, "the image lacks a KERNEL_HASHES section (type 0x10), or the address of the "
	               "hash table in it");
	return error_fix(err, "use an AmdSev build of OVMF, edk2-stable202408 or later; "
	                      "or 'kernel_hashes: false', which leaves the kernel unmeasured");
}

/*
 * A section of the SEV metadata. The page of kernel hashes is a data page if a kernel is to be
 * verified, and a zero page if not. Where a profile's SEC_MEM pages are loaded unmeasured, they
 * are loaded with zeros.
 */
static int section_add(struct assembly *a, const struct ovmf *o, const struct ovmf_section *s,
                       struct error *err)
{
	bool hashed = s->type == OVMF_KERNEL_HASHES && kernel_is_verified(a);
	auto_blob struct blob bytes = BLOB_NONE;
	struct region region = { .gpa = s->gpa,
		                 .size = s->size,
		                 .kind = ovmf_section_kind(s->type),
		                 .label = ovmf_section_name(s->type) };
	struct kernel_hashes hashes;
	int r = 0;

	if (s->type == OVMF_SEC_MEM)
		region.kind = a->profile->memory;
	if (hashed)
		region.kind = PAGE_DATA;
	if (region_kind(region.kind)->carries)
		r = blob_zero(s->size, &bytes, err);
	if (r == 0 && hashed) {
		if (!o->has_hash_area)
			return no_hash_page(a, err);
		kernel_hashes_of(&hashes, a->images->kernel_sha256, a->images->initrd_sha256,
		                 a->m->cmdline);
		r = kernel_hashes_page(&hashes, o->hash_gpa, o->hash_size, s->gpa, bytes.data, err);
	}
	region.bytes = bytes.data;
	if (r == 0 && bytes.data)
		r = plan_adopt(a->plan, blob_steal(&bytes), err);
	return r == 0 ? plan_add(a->plan, &region, err) : r;
}

/*
 * A firmware that lacks what SNP needs runs on platform kvm alone, unmeasured, so nothing can be
 * expected of its measurement.
 *
 * A PC shows the last 128 KiB of its firmware below 1 MiB as well, where a BIOS goes on after it
 * has jumped out of its reset vector. Here they are RAM from the start, as they are after the
 * copying ("shadowing") that a BIOS does first.
 */
static int unmeasured_firmware_add(struct assembly *a, const struct ovmf *o, const char *lack,
                                   struct error *err)
{
	uint64_t size = MIN(o->size, ISA_ALIAS_MAX);
	const struct region alias = { .gpa = ISA_ALIAS_END - size,
		                      .size = size,
		                      .kind = PAGE_DATA,
		                      .bytes = a->images->firmware.data + (o->size - size),
		                      .label = "firmware below 1 MiB" };

	a->settings.no_measurement = lack;
	if (a->m->n_pins == 0)
		return a->on->measured ? 0 : plan_add(a->plan, &alias, err);
	error_set(err, ERROR_CONFLICT,
	          "'expect.measurement' is given, but there is no measurement: %s", lack);
	error_fix(err, "leave out expect.measurement, or use a firmware with SEV support");
	return manifest_at_location(a->m, &a->m->pins_at, err);
}

static bool section_is_late(const struct assembly *a, const struct ovmf_section *s)
{
	return a->profile->cpuid_last && s->type == OVMF_CPUID;
}

/*
 * Boot through a firmware. Order of the regions: the image, then the sections of its SEV metadata
 * as the image lists them, then the CPUID section if the profile has it last.
 */
static int ovmf_assemble(struct assembly *a, struct error *err)
{
	const struct manifest *m = a->m;
	const struct blob *image = &a->images->firmware;
	struct vcpu_state bsp, ap;
	const char *lack = NULL;
	const char *unfit = NULL;
	struct ovmf o;
	int r = ovmf_parse_for_launch(m->firmware.path, image->data, image->size,
	                              manifest_platform(m)->measured, &o, &lack, err);

	if (r == 0)
		r = firmware_image_add(a, &o, err);
	if (r == 0 && lack) {
		o.n_sections = 0;
		r = unmeasured_firmware_add(a, &o, lack, err);
	} else if (r == 0) {
		a->settings.snp_warning = ovmf_snp_warning(&o);
		if (kernel_is_verified(a) && !ovmf_section_find(&o, OVMF_KERNEL_HASHES))
			r = no_hash_page(a, err);
	}
	for (size_t i = 0; r == 0 && i < o.n_sections; i++)
		if (!section_is_late(a, &o.sections[i]))
			r = section_add(a, &o, &o.sections[i], err);
	for (size_t i = 0; r == 0 && i < o.n_sections; i++)
		if (section_is_late(a, &o.sections[i]))
			r = section_add(a, &o, &o.sections[i], err);
	/* None of this is measured, so a plan that can't run needs none of it. */
	if (r == 0 && m->vcpus <= PLAN_RUN_VCPUS)
		r = handoff_add(a->plan, m, a->images, &unfit, err);
	if (r < 0)
		return r;
	if (unfit && !a->settings.measure_only)
		a->settings.measure_only = unfit;
	bsp = reset_state(a->profile, a->profile->bsp_cs, RESET_VECTOR, m->vcpu_sig);
	ap = ap_state(a, o.reset_eip);
	return plan_set_vcpus(a->plan, m->vcpus, &bsp, &ap, err);
}

static int igvm_conflict(const struct assembly *a, struct error *err)
{
	if (!igvm_profile(a->m->profile)) {
		error_set(err, ERROR_CONFLICT, "measure.profile %s doesn't load IGVM files",
		          manifest_profile_name(a->m->profile));
		error_fix(err, "leave it out, or give one of those for IGVM files: "
		               "snpvmm.yaml(5)");
		return manifest_at(a->m, KEY_MEASURE_PROFILE, err);
	}
	if (a->m->ovmf_hash_given) {
		error_set(err, ERROR_CONFLICT,
		          "an IGVM file has no OVMF pages for measure.ovmf_hash to stand for");
		return error_fix(err, "leave out measure.ovmf_hash");
	}
	if (!kernel_is_verified(a))
		return 0;
	error_set(err, ERROR_CONFLICT,
	          "an IGVM file has its page of kernel hashes, or none, and no other is added");
	error_fix(err, "write 'kernel_hashes: false': then the firmware in the file gets the "
	               "kernel, and verifies it if the file has its hashes");
	return manifest_at_location(a->m, &a->m->kernel.at, err);
}

/* An IGVM file. Order of the regions: igvm_plan.c. */
static int igvm_assemble(struct assembly *a, struct error *err)
{
	const struct manifest *m = a->m;
	struct vcpu_state reset = ap_state(a, RESET_VECTOR);
	const char *unfit = NULL;
	int r = igvm_conflict(a, err);

	if (r == 0)
		r = igvm_plan(a->plan, m, &a->images->firmware, &reset, &a->settings, err);
	if (r < 0)
		return error_wrap(err, "firmware '%s'", m->firmware.path);
	if (m->vcpus <= PLAN_RUN_VCPUS)
		r = handoff_add(a->plan, m, a->images, &unfit, err);
	if (unfit && !a->settings.measure_only)
		a->settings.measure_only = unfit;
	return r;
}

/* Every vCPU starts in flat 32-bit mode, for the SVSM. MXCSR without FCW is as in the model. */
static struct vcpu_state svsm_state(const struct assembly *a, uint32_t eip)
{
	const struct segment data = { 0x10, 0xc93, 0xffffffff, 0 };
	struct vcpu_state s = reset_state(a->profile, 0, eip, a->m->vcpu_sig);

	s.es = s.ss = s.ds = s.fs = data;
	s.cs = (struct segment){ 0x8, 0xc9b, 0xffffffff, 0 };
	s.cr0 = 0x11;
	s.rip = eip;
	s.more = (struct vcpu_more){ .set = true,
		                     .dr6 = VCPU_RESET_DR6,
		                     .dr7 = VCPU_RESET_DR7,
		                     .g_pat = VCPU_RESET_PAT,
		                     .xcr0 = VCPU_RESET_XCR0,
		                     .mxcsr = VCPU_RESET_MXCSR };
	return s;
}

/* Which keys profile svsm needs, and which mean nothing to it. */
static int svsm_conflict(const struct assembly *a, bool igvm, struct error *err)
{
	const struct manifest *m = a->m;
	bool alone = m->firmware.path && !igvm && !m->kernel.path && !m->ovmf_hash_given;

	if (alone && m->svsm.path && m->vars_size)
		return 0;
	if (!alone) {
		error_set(err, ERROR_CONFLICT,
		          "measure.profile svsm measures an OVMF image, an SVSM, and nothing else");
		error_fix(err, "give boot.firmware, and neither boot.kernel nor measure.ovmf_hash");
	} else {
		error_set(err, ERROR_MISSING_KEY, "measure.profile svsm without '%s'",
		          keys[m->svsm.path ? KEY_MEASURE_VARS_SIZE : KEY_MEASURE_SVSM].name);
		error_fix(err, "give both measure.svsm and measure.vars_size");
	}
	return manifest_at(m, KEY_MEASURE_PROFILE, err);
}

/*
 * Coconut's fork of QEMU, as sev-snp-measure models it. Order of the regions: the firmware's image,
 * the SVSM's below it and its variables, the sections of the SVSM's metadata.
 */
static int svsm_assemble(struct assembly *a, bool igvm, struct error *err)
{
	const struct manifest *m = a->m;
	const struct blob *b = &a->images->svsm;
	struct region image = {
		.size = b->size, .kind = PAGE_DATA, .bytes = b->data, .label = "svsm"
	};
	struct vcpu_state state;
	struct ovmf o, svsm;
	const char *lack;
	int r = svsm_conflict(a, igvm, err);

	if (r == 0)
		r = ovmf_parse_for_launch(m->firmware.path, a->images->firmware.data,
		                          a->images->firmware.size, true, &o, &lack, err);
	if (r < 0)
		return r;
	if (ovmf_parse(b->data, b->size, &svsm, err) < 0) {
		error_wrap(err, "measure.svsm: '%s'", m->svsm.path);
		return manifest_at(m, KEY_MEASURE_SVSM, err);
	}
	if (!svsm.has_metadata || !(svsm.is_svsm || svsm.has_reset)) {
		error_set(err, ERROR_BAD_FIRMWARE,
		          "measure.svsm: '%s' is no SVSM: it doesn't say %s", m->svsm.path,
		          svsm.has_metadata ? "where it begins" : "which pages it needs");
		error_fix(err, "give the second stage of an SVSM that was built for QEMU");
		return manifest_at(m, KEY_MEASURE_SVSM, err);
	}
	image.gpa = o.gpa - m->vars_size - b->size; /* at most 48 MiB below 4 GiB */
	state = svsm_state(a,
	                   svsm.is_svsm ? (uint32_t)image.gpa + svsm.svsm_entry : svsm.reset_eip);
	a->settings.sev_features = SNP_FEATURE_ACTIVE;
	r = firmware_image_add(a, &o, err);
	if (r == 0)
		r = plan_add_ram(a->plan, image.gpa, image.size, err);
	if (r == 0)
		r = plan_add(a->plan, &image, err);
	for (size_t i = 0; r == 0 && i < svsm.n_sections; i++)
		r = section_add(a, &svsm, &svsm.sections[i], err);
	return r == 0 ? plan_set_vcpus(a->plan, m->vcpus, &state, &state, err) : r;
}

/* Direct boot. Order of the regions: that of stage0's parts, in stage0.c. */
static int direct_assemble(struct assembly *a, struct error *err)
{
	struct vcpu_state bsp, ap = ap_state(a, RESET_VECTOR);
	int r = direct_plan(a->plan, a->m, a->images, a->on->c_bit, &bsp, err);

	a->settings.c_bit = a->on->c_bit;
	a->settings.gib_pages = a->on->c_bit != 0;
	a->settings.mtrrs_on = true;
	a->settings.prefault = true;    /* of what stage0 validates before the kernel starts */
	a->settings.ap_creation = true; /* as Linux starts CPUs under SNP */
	if (r == 0 && a->on->c_bit)
		direct_accept(a->m, a->images, a->plan, &a->settings);
	return r == 0 ? plan_set_vcpus(a->plan, a->m->vcpus, &bsp, &ap, err) : r;
}

/*
 * The selftest. Order of the regions: that of its parts, in selftest.c. Keys that it can't honour
 * are refused: if they were ignored, the digest would not cover what the manifest asks for.
 */
static int builtin_assemble(struct assembly *a, struct error *err)
{
	const struct selftest_config c = { .c_bit = a->on->c_bit,
		                           .exit_port = a->m->exit_port,
		                           .vcpu_sig = a->m->vcpu_sig };
	struct vcpu_state bsp, ap = ap_state(a, RESET_VECTOR);
	int r;

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
	r = selftest_plan(a->plan, &c, &bsp, err);
	a->settings.c_bit = c.c_bit;
	return r == 0 ? plan_set_vcpus(a->plan, a->m->vcpus, &bsp, &ap, err) : r;
}

static int settings_assemble(struct assembly *a, struct error *err)
{
	const struct manifest *m = a->m;
	struct plan_settings *s = &a->settings;

	s->policy = m->policy;
	s->sev_features = m->guest_features;
	s->flavour = a->profile->flavour;
	s->measure_only = a->profile->measure_only;
	s->pci_window = ram_pci_window(m);
	if (m->vcpus > PLAN_RUN_VCPUS)
		s->measure_only = "vcpus is more than 255, which is the most that can run";
	memcpy(s->host_data, m->host_data, sizeof(s->host_data));
	s->host_data_random = m->host_data_random;
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
	const struct location *boot =
		m->builtin || m->firmware.path ? &m->firmware.at : &m->kernel.at;
	struct assembly a = {
		.m = m, .images = images, .profile = &profiles[m->profile], .on = on
	};
	const bool igvm =
		m->firmware.path && igvm_probe(images->firmware.data, images->firmware.size);
	const struct plan *sealed = NULL;
	int r;

	a.plan = plan_new();
	if (!a.plan)
		return error_nomem(err, "launch plan");
	r = settings_assemble(&a, err);
	if (r == 0)
		r = plan_add_ram(a.plan, 0, ram_low_end(m->memory), err);
	if (r == 0 && m->memory > RAM_LOW_MAX)
		r = plan_add_ram(a.plan, RAM_HIGH, m->memory - RAM_LOW_MAX, err);
	if (r < 0) {
		plan_free(a.plan);
		return r;
	}
	if (a.profile->igvm_only && !igvm) {
		error_set(err, ERROR_CONFLICT, "measure.profile %s is for IGVM files",
		          manifest_profile_name(m->profile));
		error_fix(err, "leave it out");
		r = manifest_at(m, KEY_MEASURE_PROFILE, err);
	} else if (m->profile != PROFILE_SVSM && (m->svsm.path || m->vars_size)) {
		error_set(err, ERROR_CONFLICT,
		          "measure.svsm and measure.vars_size are for "
		          "measure.profile svsm");
		error_fix(err, "write 'profile: svsm', or leave them out");
		r = manifest_at(m, m->svsm.path ? KEY_MEASURE_SVSM : KEY_MEASURE_VARS_SIZE, err);
	} else if (m->profile == PROFILE_SVSM)
		r = svsm_assemble(&a, igvm, err);
	else if (m->builtin)
		r = builtin_assemble(&a, err);
	else if (igvm)
		r = igvm_assemble(&a, err);
	else
		r = m->firmware.path ? ovmf_assemble(&a, err) : direct_assemble(&a, err);
	if (r == 0) {
		plan_set(a.plan, &a.settings);
		sealed = plan_seal(a.plan, err);
	}
	if (!sealed) {
		plan_free(a.plan);
		return manifest_at_location(m, boot, err);
	}
	*ret = sealed;
	return 0;
}
