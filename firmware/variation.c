/* SPDX-License-Identifier: MIT */
/*
 * firmware/variation.c: the lists of values, and what each does to a launch. Values are what
 * kernels, launchers and shells are known to make of one and the same guest.
 */
#include "firmware/variation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/value.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/filekind.h"
#include "core/base/findings.h"
#include "core/base/sha2.h"
#include "core/plan/vcpu.h"
#include "core/snp/policy.h"
#include "core/snp/vmsa.h"
#include "firmware/ovmf.h"
#include "firmware/prepare.h"

/* --- rules without a key --- */

/* What the rows of all tables below begin with. */
struct rule {
	const char *word, *sentence;
	enum rank rank;
	bool any_boot; /* not only for a boot through a firmware */
};

#define RULE(word, rank, sentence)     .rule = { word, sentence, rank, false }
#define ANY_RULE(word, rank, sentence) .rule = { word, sentence, rank, true }

struct section_rule {
	struct rule rule;
	enum ovmf_section_type of[2]; /* the types that it is for; 0: no other */
	enum page_kind kind;          /* PAGE_KINDS: as it was */
	bool left_out, one_page;
};

static const struct section_rule section_rules[] = {
	{ RULE("svsm-caa-left-out", RANK_KNOWN,
	       "the firmware's section for an SVSM's calling area is not loaded"),
	  .of = { OVMF_SVSM_CAA }, .kind = PAGE_KINDS, .left_out = true },
	{ RULE("svsm-caa-unmeasured", RANK_POSSIBLE,
	       "the firmware's section for an SVSM's calling area is loaded as UNMEASURED, not as "
	       "ZERO"),
	  .of = { OVMF_SVSM_CAA }, .kind = PAGE_UNMEASURED },
	{ RULE("one-page", RANK_KNOWN,
	       "secrets and CPUID sections count as one page each, as sev-snp-measure has it"),
	  .of = { OVMF_SECRETS, OVMF_CPUID }, .kind = PAGE_KINDS, .one_page = true },
	{ RULE("sec-mem-unmeasured", RANK_POSSIBLE,
	       "the firmware's own memory is loaded as UNMEASURED, not as ZERO, as on GCE"),
	  .of = { OVMF_SEC_MEM }, .kind = PAGE_UNMEASURED },
};

struct cmdline_rule {
	struct rule rule;
	unsigned nuls; /* hashed after the text, where one is right */
};

static const struct cmdline_rule cmdline_rules[] = {
	{ RULE("no-nul", RANK_KNOWN, "the command line was hashed without the NUL that ends it"),
	  0 },
	{ RULE("two-nuls", RANK_POSSIBLE, "the command line was hashed with two NULs at its end"),
	  2 },
};

struct device_rule {
	struct rule rule;
};

static const struct device_rule device_rules[] = {
	{ ANY_RULE("none", RANK_KNOWN,
	           "there are no disks, no vsock, no rng and no hvc, and so no PCI") },
};

/* Zero leaves a field as it is. */
struct form_rule {
	struct rule rule;
	uint16_t bsp_cs, ap_cs, ss, tr; /* attributes */
	bool rdx_set;
	uint32_t rdx;
	uint64_t g_pat, cr0;
	bool no_mce, no_dr7;
};

static const struct form_rule form_rules[] = {
	{ RULE("ec2", RANK_KNOWN, "segments and RDX of the VMSAs are as on EC2"), 0x9a, 0x9b, 0x92,
	  0x83, true, 0x600 },
	{ RULE("ec2-rdx-0", RANK_POSSIBLE,
	       "segments of the VMSAs are as on EC2, and RDX is 0, as virtee/sev has it"),
	  0x9a, 0x9b, 0x92, 0x83, true, 0 },
	{ RULE("kvm-reset", RANK_KNOWN, "the launcher left the vCPUs as KVM resets them"), 0x9a,
	  0x9a, 0x92, 0x83, true, 0x600 },
	{ RULE("gce", RANK_KNOWN, "G_PAT and RDX of the VMSAs are as on GCE"), 0x9b, 0x9b, 0x93,
	  0x8b, true, 0x600, .g_pat = 0x70106 },
	{ RULE("gce-pat-4", RANK_POSSIBLE, "G_PAT of the VMSAs is 0x70406, and RDX as on GCE"),
	  0x9b, 0x9b, 0x93, 0x8b, true, 0x600, .g_pat = 0x70406 },
	{ ANY_RULE("cr0-cd-nw", RANK_KNOWN,
	           "CR0 has CD and NW set: KVM's quirk CD_NW_CLEARED is disabled"),
	  .cr0 = 0x60000000 },
	{ ANY_RULE("cr4-without-mce", RANK_KNOWN, "CR4 lacks MCE, which KVM copies from the host"),
	  .no_mce = true },
	{ ANY_RULE("dr7-0", RANK_POSSIBLE, "DR7 is 0, not 0x400"), .no_dr7 = true },
};

struct fpu_rule {
	struct rule rule;
	struct {
		uint32_t mxcsr;
		uint16_t fcw;
	} of[2]; /* vCPU 0, and all others */
};

static const struct fpu_rule fpu_rules[] = {
	{ ANY_RULE(
		"zero", RANK_LIKELY,
		"the VMSAs hold no state of the FPU: a host's kernel before 6.10, or EC2 or GCE") },
	{ ANY_RULE("set", RANK_LIKELY,
	           "the VMSAs hold the FPU's reset state, as Linux 6.11 and later put it there"),
	  { { 0x1f80, 0x37f }, { 0x1f80, 0x37f } } },
	{ ANY_RULE("set-on-vcpu-0", RANK_KNOWN,
	           "only vCPU 0's VMSA holds the FPU's reset state: QEMU 10.1 or later"),
	  { { 0x1f80, 0x37f } } },
	{ ANY_RULE("mxcsr-alone", RANK_POSSIBLE,
	           "the VMSAs hold MXCSR, but not FCW: sev-snp-measure's mode snp:svsm"),
	  { { 0x1f80, 0 }, { 0x1f80, 0 } } },
};

struct ap_rule {
	struct rule rule;
	bool as_bsp;
	uint32_t eip;
};

static const struct ap_rule ap_rules[] = {
	{ RULE("as-vcpu-0", RANK_KNOWN, "all vCPUs start as vCPU 0 does, at the reset vector"),
	  true, 0 },
	{ RULE("0x8000", RANK_POSSIBLE, "vCPUs other than 0 start at 0x8000"), false, 0x8000 },
};

/* --- lists --- */

/* Adds a value; the axis's table says what it means. */
static struct value *value_add(struct variations *v, enum axis axis, enum rank rank)
{
	struct value *added;

	if (!ARRAY_GROW(v->of[axis].list, v->of[axis].n)) {
		v->failed = true;
		return NULL;
	}
	added = &v->of[axis].list[v->of[axis].n++];
	*added = (struct value){ .rank = rank };
	return added;
}

/* Adds a number, unless it is the manifest's or in the list already. */
static void number_add(struct variations *v, enum axis axis, enum rank rank, uint64_t number,
                       uint64_t of_manifest)
{
	struct value *value;

	if (number == of_manifest)
		return;
	for (size_t i = 0; i < v->of[axis].n; i++)
		if (v->of[axis].list[i].number == number)
			return;
	value = value_add(v, axis, rank);
	if (value)
		value->number = number;
}

struct number_row {
	enum rank rank;
	uint64_t number;
};

static void numbers_add(struct variations *v, enum axis axis, const struct number_row *rows,
                        size_t n, uint64_t of_manifest)
{
	for (size_t i = 0; i < n; i++)
		number_add(v, axis, rows[i].rank, rows[i].number, of_manifest);
}

/* A file of the command line, or none of this role. */
static void files_list(struct variations *v, enum axis axis)
{
	struct value *value;

	for (const struct variation_file *f = v->files; f; f = f->next)
		if (f->axis == axis && (value = value_add(v, axis, RANK_LIKELY)))
			value->file = f;
	if (axis == AXIS_INITRD && v->base.m.initrd.path)
		value_add(v, axis, RANK_LIKELY);
}

static void profile_list(struct variations *v, enum axis axis)
{
	for (unsigned i = 0; i < PROFILES; i++)
		number_add(v, axis, i == PROFILE_QEMU ? RANK_LIKELY : RANK_KNOWN, i,
		           v->base.m.profile);
}

static void kernel_hashes_list(struct variations *v, enum axis axis)
{
	const struct manifest *m = &v->base.m;
	const struct images *i = &v->base.images;

	if (v->through_firmware && m->kernel.path && i->kernel_hashed &&
	    i->initrd_read == i->initrd_hashed)
		number_add(v, axis, RANK_LIKELY, !m->kernel_hashes, m->kernel_hashes);
}

/* What `auto` may come to with another kernel or other memory. */
static void accept_list(struct variations *v, enum axis axis)
{
	static const struct number_row rows[] = { { RANK_KNOWN, ACCEPT_AUTO },
		                                  { RANK_KNOWN, ACCEPT_EAGER },
		                                  { RANK_KNOWN, ACCEPT_LAZY } };

	if (v->base.m.direct)
		numbers_add(v, axis, rows, ARRAY_SIZE(rows), v->base.m.accept);
}

/* Adds `size` bytes and an end to the list of command lines. */
static void cmdline_add(struct variations *v, enum rank rank, const char *text, size_t size,
                        const char *end)
{
	auto_free char *made = NULL;
	struct value *value;

	if (asprintf(&made, "%.*s%s", (int)size, text, end) < 0) {
		made = NULL;
		v->failed = true;
	}
	if (!made || strcmp(made, v->base.m.cmdline) == 0)
		return;
	for (size_t i = 0; i < v->of[AXIS_CMDLINE].n; i++)
		if (strcmp(v->of[AXIS_CMDLINE].list[i].text, made) == 0)
			return;
	value = value_add(v, AXIS_CMDLINE, rank);
	if (value) {
		value->text = made;
		made = NULL;
	}
}

/* What shells, editors and launchers add to a command line or take away. */
/* Without a kernel no command line is measured. */
static bool kernel_possible(const struct variations *v)
{
	bool possible = v->base.m.kernel.path;

	for (const struct variation_file *f = v->files; f; f = f->next)
		possible |= f->axis == AXIS_KERNEL;
	return possible;
}

static void cmdline_list(struct variations *v, enum axis axis)
{
	static const char blanks[] = " \t\r\n";
	static const struct {
		enum rank rank;
		const char *text; /* NULL: the manifest's */
		const char *end;
	} rows[] = {
		{ RANK_LIKELY, "", "" },
		{ RANK_LIKELY, NULL, "\n" },
		{ RANK_LIKELY, "console=ttyS0 panic=-1", "" },
		{ RANK_LIKELY, "console=ttyS0", "" },
		{ RANK_KNOWN, NULL, " " },
		{ RANK_KNOWN, NULL, "\r\n" },
		{ RANK_KNOWN, NULL, " initrd=initrd" },
	};
	const char *given = v->base.m.cmdline;
	size_t size, lead;

	(void)axis;
	if (!given || !kernel_possible(v))
		return;
	size = strlen(given);
	lead = strspn(given, blanks);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cmdline_add(v, rows[i].rank, rows[i].text ? rows[i].text : given,
		            rows[i].text ? strlen(rows[i].text) : size, rows[i].end);
	cmdline_add(v, RANK_KNOWN, given + lead, size - lead, "");
	while (size > 0 && strchr(blanks, given[size - 1]))
		size--;
	cmdline_add(v, RANK_KNOWN, given, size, "");
	if (lead < size)
		cmdline_add(v, RANK_KNOWN, given + lead, size - lead, "");
}

#define MIB ((uint64_t)1 << 20)

static void memory_list(struct variations *v, enum axis axis)
{
	static const struct number_row rows[] = {
		{ RANK_LIKELY, 512 * MIB },     { RANK_LIKELY, 1024 * MIB },
		{ RANK_LIKELY, 2048 * MIB },    { RANK_LIKELY, 4096 * MIB },
		{ RANK_KNOWN, 256 * MIB },      { RANK_KNOWN, 8192 * MIB },
		{ RANK_KNOWN, 3072 * MIB },     { RANK_KNOWN, 16384 * MIB },
		{ RANK_POSSIBLE, 128 * MIB },   { RANK_POSSIBLE, 6144 * MIB },
		{ RANK_POSSIBLE, 32768 * MIB }, { RANK_POSSIBLE, 65536 * MIB },
		{ RANK_POSSIBLE, 768 * MIB },   { RANK_POSSIBLE, 1536 * MIB },
		{ RANK_POSSIBLE, 12288 * MIB }, { RANK_POSSIBLE, 24576 * MIB },
	};

	if (v->base.m.direct)
		numbers_add(v, axis, rows, ARRAY_SIZE(rows), v->base.m.memory);
}

static void exit_port_list(struct variations *v, enum axis axis)
{
	static const struct number_row rows[] = {
		{ RANK_KNOWN, 0xf4 },
		{ RANK_KNOWN, 0x501 }, /* QEMU's isa-debug-exit, where it is left to itself */
	};

	if (!v->through_firmware)
		numbers_add(v, axis, rows, ARRAY_SIZE(rows), v->base.m.exit_port);
	if (v->base.m.direct && v->base.m.exit_port_given)
		number_add(v, axis, RANK_KNOWN, 0, v->base.m.exit_port);
}

/* One device is as good as another: the digest only says whether there is one. */
static void rng_list(struct variations *v, enum axis axis)
{
	if (v->base.m.direct && !manifest_has_pci(&v->base.m))
		number_add(v, axis, RANK_KNOWN, true, false);
}

static void vcpus_list(struct variations *v, enum axis axis)
{
	for (unsigned n = 1; v->base.m.direct && n <= PLAN_RUN_VCPUS; n++)
		number_add(v, axis,
		           n <= 4 || n == 8 || n == 16     ? RANK_LIKELY
		           : n <= 16 || (n & (n - 1)) == 0 ? RANK_KNOWN
		                                           : RANK_POSSIBLE,
		           n, v->base.m.vcpus);
}

static void signature_list(struct variations *v, enum axis axis)
{
	static const struct number_row rows[] = {
		/* KVM's reset value, and none */
		{ RANK_KNOWN, 0x600 },
		{ RANK_KNOWN, 0 },
		/* of processors themselves: -cpu host */
		{ RANK_KNOWN, 0x00a00f10 },
		{ RANK_KNOWN, 0x00a00f12 },
		{ RANK_KNOWN, 0x00a10f11 },
		{ RANK_KNOWN, 0x00a10f12 },
		{ RANK_KNOWN, 0x00aa0f01 },
		{ RANK_KNOWN, 0x00aa0f02 },
		{ RANK_KNOWN, 0x00b00f21 },
		{ RANK_KNOWN, 0x00b10f10 },
	};

	for (const struct snp_vcpu_type *t = snp_vcpu_types; t->name; t++)
		number_add(v, axis, RANK_LIKELY, t->signature, v->base.m.vcpu_sig);
	numbers_add(v, axis, rows, ARRAY_SIZE(rows), v->base.m.vcpu_sig);
}

static void features_list(struct variations *v, enum axis axis)
{
	static const struct number_row rows[] = {
		{ RANK_LIKELY, 0x1 },
		{ RANK_LIKELY, 0x21 },    /* debug swap: AMD's trees 6.6 to 6.8 */
		{ RANK_LIKELY, 0x201 },   /* Secure TSC: Linux 6.18 and later */
		{ RANK_KNOWN, 0x221 },    /* both */
		{ RANK_KNOWN, 0x200001 }, /* IBPB on entry */
	};
	uint64_t given = v->base.m.guest_features, known = 0, subset;

	numbers_add(v, axis, rows, ARRAY_SIZE(rows), given);
	for (unsigned bit = 1; bit < 64; bit++)
		number_add(v, axis, RANK_POSSIBLE, given ^ (uint64_t)1 << bit, given);
	/* all sets of the bits that the APM names */
	for (const struct snp_bit *b = snp_feature_bits; b->text; b++)
		known |= (uint64_t)1 << b->bit;
	for (subset = known; subset; subset = (subset - 1) & known)
		if (subset & SNP_FEATURE_ACTIVE)
			number_add(v, axis, RANK_FAR, subset, given);
}

/* --- what a value changes --- */

static void firmware_apply(const struct value *v, struct launch *l)
{
	l->m.builtin = NULL;
	l->m.direct = false;
	l->m.kernel_hashes |= !l->m.firmware.path && l->m.kernel.path;
	l->m.firmware = (struct manifest_file){ .path = v->file->path };
	l->images.firmware = v->file->images.firmware;
	l->m.ovmf_hash_given = false;
}

static void kernel_apply(const struct value *v, struct launch *l)
{
	const struct images *i = &v->file->images;

	/* they are the default where a kernel comes */
	l->m.kernel_hashes |= !l->m.kernel.path && l->m.firmware.path;
	l->m.kernel = (struct manifest_file){ .path = v->file->path };
	l->images.kernel = i->kernel;
	l->images.kernel_read = l->images.kernel_hashed = true;
	memcpy(l->images.kernel_sha256, i->kernel_sha256, SHA256_SIZE);
	l->images.payload_hashed = i->payload_hashed;
	l->images.kernel_accepts = i->kernel_accepts;
	memcpy(l->images.payload_sha256, i->payload_sha256, SHA256_SIZE);
}

static void initrd_apply(const struct value *v, struct launch *l)
{
	l->m.initrd = (struct manifest_file){ .path = v->file ? v->file->path : NULL };
	l->m.n_initrd_more = 0;
	l->images.initrd = v->file ? v->file->images.initrd : BLOB_NONE;
	if (v->file)
		memcpy(l->images.initrd_sha256, v->file->images.initrd_sha256, SHA256_SIZE);
	else
		sha256(NULL, 0, l->images.initrd_sha256);
}

static void exit_port_apply(const struct value *v, struct launch *l)
{
	l->m.exit_port_given = v->number;
	l->m.exit_port = (uint16_t)v->number;
}

static void devices_apply(const struct value *v, struct launch *l)
{
	l->devices = v->rule;
	l->m.n_disks = 0;
	l->m.vsock_cid = 0;
	l->m.rng = l->m.hvc = false;
}

static void signature_apply(const struct value *v, struct launch *l)
{
	l->m.vcpu_sig = (uint32_t)v->number;
	l->m.vcpu_type = NULL;
}

/* --- as text --- */

static char *hex_text(uint64_t number)
{
	char *text;

	return asprintf(&text, "0x%" PRIx64, number) < 0 ? NULL : text;
}

static char *vcpus_show(const struct launch *l)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", l->m.vcpus);
	return strdup(text);
}

static char *firmware_show(const struct launch *l)
{
	char *text;

	if (l->m.firmware.path || !l->m.builtin)
		return strdup(l->m.firmware.path ? l->m.firmware.path : "none");
	return asprintf(&text, FIRMWARE_BUILTIN "%s", l->m.builtin) < 0 ? NULL : text;
}

static char *cmdline_show(const struct launch *l)
{
	return strdup(l->m.cmdline);
}

static char *rng_show(const struct launch *l)
{
	return strdup(l->m.rng ? "true" : "false");
}

static char *kernel_hashes_show(const struct launch *l)
{
	return strdup(l->m.kernel_hashes ? "true" : "false");
}

static char *accept_show(const struct launch *l)
{
	return strdup(accept_words[l->m.accept]);
}

static char *profile_show(const struct launch *l)
{
	return strdup(manifest_profile_name(l->m.profile));
}

static char *memory_show(const struct launch *l)
{
	char text[VALUE_UNIT_CAP];

	return strdup(value_size_text(l->m.memory, text));
}

static char *exit_port_show(const struct launch *l)
{
	return l->m.exit_port_given ? hex_text(l->m.exit_port) : strdup("false");
}

static char *signature_show(const struct launch *l)
{
	if (l->m.vcpu_type)
		return strdup(l->m.vcpu_type);
	for (const struct snp_vcpu_type *t = snp_vcpu_types; t->name; t++)
		if (t->signature == l->m.vcpu_sig)
			return strdup(t->name);
	return hex_text(l->m.vcpu_sig);
}

static char *features_show(const struct launch *l)
{
	return hex_text(l->features);
}

/* --- the table --- */

#define FIELD(f) offsetof(struct launch, f), sizeof(((struct launch *)0)->f)
#define RULES(r) .rules = r, .rule_size = sizeof(r[0]), .n_rules = ARRAY_SIZE(r)

static const struct axis_row {
	enum key_id key;  /* KEYS: it is a rule */
	const char *name; /* of a rule */
	size_t field,
		size; /* what a value replaces: a number, a rule's row or the path of a file */
	void (*list)(struct variations *v, enum axis axis); /* NULL: the rules */
	const void *rules;
	size_t rule_size, n_rules;
	/* NULL: the field is all */
	void (*apply)(const struct value *v, struct launch *l);
	char *(*show)(const struct launch *l); /* NULL: the rule's word, or the file's path */
} axes[] = {
	[AXIS_VCPUS] = { KEY_VCPUS, NULL, FIELD(m.vcpus), vcpus_list, .show = vcpus_show },
	[AXIS_FIRMWARE] = { KEY_BOOT_FIRMWARE, NULL, FIELD(m.firmware.path), files_list,
	                    .apply = firmware_apply, .show = firmware_show },
	[AXIS_PROFILE] = { KEY_MEASURE_PROFILE, NULL, FIELD(m.profile), profile_list,
	                   .show = profile_show },
	[AXIS_SECTIONS] = { KEYS, "sections of the firmware", FIELD(sections),
	                    RULES(section_rules) },
	[AXIS_KERNEL] = { KEY_BOOT_KERNEL, NULL, FIELD(m.kernel.path), files_list,
	                  .apply = kernel_apply },
	[AXIS_INITRD] = { KEY_BOOT_INITRD, NULL, FIELD(m.initrd.path), files_list,
	                  .apply = initrd_apply },
	[AXIS_CMDLINE] = { KEY_BOOT_CMDLINE, NULL, FIELD(m.cmdline), cmdline_list,
	                   .show = cmdline_show },
	[AXIS_CMDLINE_END] = { KEYS, "end of the command line", FIELD(cmdline_end),
	                       RULES(cmdline_rules) },
	[AXIS_KERNEL_HASHES] = { KEY_BOOT_KERNEL_HASHES, NULL, FIELD(m.kernel_hashes),
	                         kernel_hashes_list, .show = kernel_hashes_show },
	[AXIS_ACCEPT] = { KEY_BOOT_ACCEPT, NULL, FIELD(m.accept), accept_list,
	                  .show = accept_show },
	[AXIS_MEMORY] = { KEY_MEMORY, NULL, FIELD(m.memory), memory_list, .show = memory_show },
	[AXIS_EXIT_PORT] = { KEY_EXIT_PORT, NULL, FIELD(m.exit_port), exit_port_list,
	                     .apply = exit_port_apply, .show = exit_port_show },
	[AXIS_RNG] = { KEY_RNG, NULL, FIELD(m.rng), rng_list, .show = rng_show },
	[AXIS_DEVICES] = { KEYS, "devices", FIELD(devices), RULES(device_rules),
	                   .apply = devices_apply },
	[AXIS_SIGNATURE] = { KEY_VCPU_TYPE, NULL, FIELD(m.vcpu_sig), signature_list,
	                     .apply = signature_apply, .show = signature_show },
	[AXIS_FEATURES] = { KEY_SNP_GUEST_FEATURES, NULL, FIELD(features), features_list,
	                    .show = features_show },
	[AXIS_FORM] = { KEYS, "form of VMSAs", FIELD(form), RULES(form_rules) },
	[AXIS_FPU] = { KEYS, "FPU in VMSAs", FIELD(fpu), RULES(fpu_rules) },
	[AXIS_AP] = { KEYS, "start of other vCPUs", FIELD(ap), RULES(ap_rules) },
};
static_assert(ARRAY_SIZE(axes) == AXES, "an axis without a row");

const char *axis_key(enum axis axis)
{
	return axes[axis].key < KEYS ? keys[axes[axis].key].name : NULL;
}

const char *axis_name(enum axis axis)
{
	return axes[axis].name ? axes[axis].name : axis_key(axis);
}

void axis_apply(enum axis axis, const struct value *value, struct launch *l)
{
	const struct axis_row *row = &axes[axis];
	const void *from = row->n_rules           ? (const void *)&value->rule
	                   : axis == AXIS_CMDLINE ? (const void *)&value->text
	                                          : &value->number;

	if (row->apply)
		row->apply(value, l);
	else
		memcpy((char *)l + row->field, from, row->size); /* little-endian */
}

/* The pointer that an axis has in a launch: to a row of its rules, or to a path. NULL: none. */
static const void *axis_pointer(const struct launch *l, enum axis axis)
{
	const void *pointer;

	memcpy(&pointer, (const char *)l + axes[axis].field, sizeof(pointer));
	return pointer;
}

char *axis_show(enum axis axis, const struct launch *l)
{
	const struct rule *rule;
	const char *path;

	if (axes[axis].show)
		return axes[axis].show(l);
	if (axes[axis].n_rules) {
		rule = axis_pointer(l, axis);
		return strdup(rule ? rule->word : "usual");
	}
	path = axis_pointer(l, axis);
	return strdup(path ? path : "none");
}

const char *axis_sentence(const struct launch *l, enum axis axis)
{
	const struct rule *rule = axes[axis].n_rules ? axis_pointer(l, axis) : NULL;

	return rule ? rule->sentence : NULL;
}

static void rules_list(struct variations *v, enum axis axis)
{
	const struct axis_row *row = &axes[axis];
	struct value *value;

	if (axis == AXIS_CMDLINE_END && !kernel_possible(v))
		return;
	if (axis == AXIS_DEVICES && !(v->base.m.direct && manifest_has_pci(&v->base.m)))
		return;
	for (size_t i = 0; i < row->n_rules; i++) {
		const struct rule *rule =
			(const void *)((const char *)row->rules + i * row->rule_size);

		if ((v->through_firmware || rule->any_boot) &&
		    (value = value_add(v, axis, rule->rank)))
			value->rule = rule;
	}
}

/* --- variations --- */

void variations_begin(const struct manifest *m, const struct images *images, struct variations *ret)
{
	*ret = (struct variations){
		.base = { .m = *m, .images = *images, .features = m->guest_features },
		.through_firmware = m->firmware.path != NULL,
	};
	if (!m->initrd.path) /* a kernel may come, and with it the hash of no initrd */
		sha256(NULL, 0, ret->base.images.initrd_sha256);
}

/* The file as the only one of a manifest, so that it is read and checked as others are. */
bool variations_add_file(struct variations *v, enum axis axis, const char *path, struct findings *f)
{
	static const struct {
		enum axis axis;
		const char *option;
		size_t at; /* in struct manifest */
	} rows[] = {
		{ AXIS_FIRMWARE, "--firmware", offsetof(struct manifest, firmware) },
		{ AXIS_KERNEL, "--kernel", offsetof(struct manifest, kernel) },
		{ AXIS_INITRD, "--initrd", offsetof(struct manifest, initrd) },
	};
	struct manifest m = { .file = v->base.m.file,
		              .direct = v->base.m.direct,
		              .platform = MANIFEST_SNP,
		              .confine = v->base.m.confine };
	struct variation_file *file = calloc(1, sizeof(*file));
	struct error err = { 0 };
	size_t errors = f->errors, row = 0;

	if (!file || !(file->path = strdup(path))) {
		free(file);
		error_nomem(&err, "an alternative");
		findings_add(f, SEVERITY_ERROR, &err);
		return false;
	}
	file->axis = axis;
	file->next = v->files;
	v->files = file;
	while (rows[row].axis != axis)
		row++;
	memcpy((char *)&m + rows[row].at,
	       &(struct manifest_file){ .path = file->path, .at.by = rows[row].option },
	       sizeof(struct manifest_file));
	if (!prepare_files(&m, true, &file->images, f))
		return false;
	/* with a firmware, any kernel can be measured that isn't known to be something else */
	if (axis == AXIS_KERNEL &&
	    file_kind_refuse(file->images.kernel.data, file->images.kernel.size, ROLE_KERNEL,
	                     ERROR_BAD_VALUE, &err) < 0) {
		error_at(&err, "--kernel", 0, 0);
		findings_add(f, SEVERITY_ERROR, &err);
	}
	return f->errors == errors;
}

int variations_list(struct variations *v, struct error *err)
{
	for (enum axis axis = 0; axis < AXES; axis++)
		(axes[axis].list ? axes[axis].list : rules_list)(v, axis);
	return v->failed ? error_nomem(err, "the values to try") : 0;
}

void variations_fini(struct variations *v)
{
	struct variation_file *f, *next;

	for (enum axis axis = 0; axis < AXES; axis++) {
		for (size_t i = 0; i < v->of[axis].n; i++)
			free(v->of[axis].list[i].text);
		free(v->of[axis].list);
	}
	for (f = v->files; f; f = next) {
		next = f->next;
		images_fini(&f->images);
		free(f->path);
		free(f);
	}
	*v = (struct variations){ 0 };
}

/* --- what the rules do --- */

static bool region_is(const struct region *r, enum ovmf_section_type type)
{
	return type && strcmp(r->label, ovmf_section_name(type)) == 0;
}

bool launch_region(const struct launch *l, struct region *r)
{
	const struct section_rule *rule = l->sections;

	if (!rule || !(region_is(r, rule->of[0]) || region_is(r, rule->of[1])))
		return true;
	if (rule->kind != PAGE_KINDS)
		r->kind = rule->kind;
	if (rule->one_page)
		r->size = PAGE_SIZE;
	return !rule->left_out;
}

bool launch_hash_page(const struct launch *l, const struct region *r,
                      uint8_t page[static PAGE_SIZE])
{
	uint8_t usual[SHA256_SIZE], other[SHA256_SIZE];
	struct sha256_state s;
	uint8_t *at;

	if (!l->cmdline_end || r->kind != PAGE_DATA || !region_is(r, OVMF_KERNEL_HASHES))
		return false;
	sha256(l->m.cmdline, strlen(l->m.cmdline) + 1, usual);
	sha256_begin(&s);
	sha256_more(&s, l->m.cmdline, strlen(l->m.cmdline));
	for (unsigned i = 0; i < l->cmdline_end->nuls; i++)
		sha256_more(&s, "", 1);
	sha256_end(&s, other);
	memcpy(page, r->bytes, PAGE_SIZE);
	at = memmem(page, PAGE_SIZE, usual, sizeof(usual));
	if (at)
		memcpy(at, other, sizeof(other));
	return at != NULL;
}

void launch_vcpu(const struct launch *l, bool ap, const struct vcpu_state *bsp,
                 struct vcpu_state *state, struct vmsa_rule *rule)
{
	const struct form_rule *form = l->form;
	bool as_bsp = !ap || (l->ap && l->ap->as_bsp);

	if (as_bsp) {
		*state = *bsp;
	} else if (l->ap) {
		state->cs.base = l->ap->eip & 0xffff0000;
		state->rip = l->ap->eip & 0xffff;
	}
	if (form && form->bsp_cs) {
		state->cs.attrib = as_bsp ? form->bsp_cs : form->ap_cs;
		state->ss.attrib = form->ss;
		state->tr.attrib = form->tr;
	}
	if (form && form->rdx_set)
		state->rdx = form->rdx;
	if (form) {
		rule->g_pat = form->g_pat ? form->g_pat : rule->g_pat;
		rule->cr0 |= form->cr0;
		rule->cr4 = form->no_mce ? 0 : rule->cr4;
		rule->dr7 = form->no_dr7 ? 0 : rule->dr7;
	}
	if (l->fpu) {
		rule->mxcsr = l->fpu->of[ap].mxcsr;
		rule->fcw = l->fpu->of[ap].fcw;
	}
}
