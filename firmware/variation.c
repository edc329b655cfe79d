/* SPDX-License-Identifier: MIT */
/*
 * firmware/variation.c: the axes: for each setting the values to try, what one does to a launch,
 * and how it is written. Values are what kernels, launchers and shells are known to make of one and
 * the same guest.
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

/* Without a kernel no command line is measured. */
static bool kernel_possible(const struct variations *v)
{
	bool possible = v->base.m.kernel.path;

	for (const struct variation_file *f = v->files; f; f = f->next)
		possible |= f->axis == AXIS_KERNEL;
	return possible;
}

/* What shells, editors and launchers add to a command line or take away. */
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

/* Stands for several keys, so it is a rule. */
static const struct rule device_list[] = {
	{ "none", "there are no disks, no vsock, no rng and no hvc, and so no PCI", RANK_KNOWN,
	  true },
};
static const struct rules device_rules = { device_list, sizeof(device_list[0]),
	                                   ARRAY_SIZE(device_list) };

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

static const struct axis_row {
	enum key_id key;  /* KEYS: it is a rule */
	const char *name; /* of a rule */
	size_t field,
		size; /* what a value replaces: a number, a rule's row or the path of a file */
	void (*list)(struct variations *v, enum axis axis); /* NULL: the rules */
	const struct rules *rules;
	/* NULL: the field is all */
	void (*apply)(const struct value *v, struct launch *l);
	char *(*show)(const struct launch *l); /* NULL: the rule's word, or the file's path */
} axes[] = {
	[AXIS_VCPUS] = { KEY_VCPUS, NULL, FIELD(m.vcpus), vcpus_list, .show = vcpus_show },
	[AXIS_FIRMWARE] = { KEY_BOOT_FIRMWARE, NULL, FIELD(m.firmware.path), files_list,
	                    .apply = firmware_apply, .show = firmware_show },
	[AXIS_PROFILE] = { KEY_MEASURE_PROFILE, NULL, FIELD(m.profile), profile_list,
	                   .show = profile_show },
	[AXIS_SECTIONS] = { KEYS, "sections of the firmware", FIELD(rules.sections),
	                    .rules = &section_rules },
	[AXIS_KERNEL] = { KEY_BOOT_KERNEL, NULL, FIELD(m.kernel.path), files_list,
	                  .apply = kernel_apply },
	[AXIS_INITRD] = { KEY_BOOT_INITRD, NULL, FIELD(m.initrd.path), files_list,
	                  .apply = initrd_apply },
	[AXIS_CMDLINE] = { KEY_BOOT_CMDLINE, NULL, FIELD(m.cmdline), cmdline_list,
	                   .show = cmdline_show },
	[AXIS_CMDLINE_END] = { KEYS, "end of the command line", FIELD(rules.cmdline_end),
	                       .rules = &cmdline_rules },
	[AXIS_KERNEL_HASHES] = { KEY_BOOT_KERNEL_HASHES, NULL, FIELD(m.kernel_hashes),
	                         kernel_hashes_list, .show = kernel_hashes_show },
	[AXIS_ACCEPT] = { KEY_BOOT_ACCEPT, NULL, FIELD(m.accept), accept_list,
	                  .show = accept_show },
	[AXIS_MEMORY] = { KEY_MEMORY, NULL, FIELD(m.memory), memory_list, .show = memory_show },
	[AXIS_EXIT_PORT] = { KEY_EXIT_PORT, NULL, FIELD(m.exit_port), exit_port_list,
	                     .apply = exit_port_apply, .show = exit_port_show },
	[AXIS_RNG] = { KEY_RNG, NULL, FIELD(m.rng), rng_list, .show = rng_show },
	[AXIS_DEVICES] = { KEYS, "devices", FIELD(devices), .rules = &device_rules,
	                   .apply = devices_apply },
	[AXIS_SIGNATURE] = { KEY_VCPU_TYPE, NULL, FIELD(m.vcpu_sig), signature_list,
	                     .apply = signature_apply, .show = signature_show },
	[AXIS_FEATURES] = { KEY_SNP_GUEST_FEATURES, NULL, FIELD(features), features_list,
	                    .show = features_show },
	[AXIS_FORM] = { KEYS, "form of VMSAs", FIELD(rules.form), .rules = &form_rules },
	[AXIS_FPU] = { KEYS, "FPU in VMSAs", FIELD(rules.fpu), .rules = &fpu_rules },
	[AXIS_AP] = { KEYS, "start of other vCPUs", FIELD(rules.ap), .rules = &ap_rules },
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
	const void *from = row->rules             ? (const void *)&value->rule
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
	if (axes[axis].rules) {
		rule = axis_pointer(l, axis);
		return strdup(rule ? rule->word : "usual");
	}
	path = axis_pointer(l, axis);
	return strdup(path ? path : "none");
}

const char *axis_sentence(const struct launch *l, enum axis axis)
{
	const struct rule *rule = axes[axis].rules ? axis_pointer(l, axis) : NULL;

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
	for (size_t i = 0; i < row->rules->n; i++) {
		const struct rule *rule = rule_at(row->rules, i);

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
