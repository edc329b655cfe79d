/* SPDX-License-Identifier: MIT */
/*
 * config/load.c: one run of a manifest: reads what is given for each key, fills in the defaults,
 * and checks keys against each other.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/source.h"
#include "config/warnings.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/vm/vm.h"

static int read_key(struct inputs *in, const struct key *k)
{
	const struct yaml_tree *v = in->of[k - keys].value;
	auto_yaml struct yaml_tree *own = NULL;
	int r;

	inputs_turn_to(in, k);
	if (v) {
		in->r.m->locations[k - keys] = reader_location(&in->r, v);
		return reader_value(&in->r, v);
	}
	if (k->required && key_sure(in, (enum key_id)(k - keys))) {
		error_set(in->r.err, ERROR_MISSING_KEY, "'%s' is missing", k->name);
		error_fix(in->r.err, "write '%s: %" PRIu64 "'", k->name, k->min);
		return error_at(in->r.err, in->path, in->root->line, in->root->column);
	}
	if (!k->default_value)
		return 0;
	r = setting_parse(k->name, k->default_value, &own, in->r.err);
	return r < 0 ? r : reader_value(&in->r, own);
}

/* --- checks of keys against each other --- */

static bool given(const struct inputs *in, enum key_id id)
{
	return in->of[id].value != NULL;
}

/* Whether it is certain that nothing is given for a key. */
static bool absent(const struct inputs *in, enum key_id id)
{
	return !given(in, id) && key_sure(in, id);
}

/* The recorded failure lies in what was given for a key. */
static int at_input(struct inputs *in, enum key_id id)
{
	inputs_turn_to(in, &keys[id]);
	return reader_at_value(&in->r, in->of[id].value);
}

static int refuse_no_boot(struct inputs *in)
{
	const struct yaml_tree *boot = in->root->first;

	if (in->no_file) {
		error_set(in->r.err, ERROR_MISSING_KEY,
		          "nothing to boot: neither a kernel nor a firmware is given");
		error_fix(in->r.err, "give -k KERNEL, or -f FIRMWARE, or both");
		return error_at(in->r.err, in->path, 0, 0);
	}
	while (boot && strcmp(boot->key, "boot") != 0)
		boot = boot->next;
	error_set(in->r.err, ERROR_MISSING_KEY,
	          "nothing to boot: neither 'boot.firmware' nor 'boot.kernel' is given");
	error_fix(in->r.err,
	          "write 'boot: { firmware: OVMF.fd }' or 'boot: { kernel: bzImage }', or give "
	          "both");
	return boot ? error_at(in->r.err, in->path, boot->key_line, boot->key_column)
	            : error_at(in->r.err, in->path, in->root->line, in->root->column);
}

static int check_kernel_for(struct inputs *in, enum key_id id, const char *what)
{
	if (!given(in, id) || !absent(in, KEY_BOOT_KERNEL))
		return 0;
	error_set(in->r.err, ERROR_CONFLICT, "'%s' without 'boot.kernel'", keys[id].name);
	error_fix(in->r.err, "give the kernel that %s is for%s, or remove it", what,
	          in->of[id].option ? " (-k)" : "");
	return at_input(in, id);
}

static int check_initrd(struct inputs *in)
{
	return check_kernel_for(in, KEY_BOOT_INITRD, "the initrd");
}

/*
 * Only an empty command line is valid without a kernel; but a firmware may be an IGVM file that
 * takes one, which its content tells.
 */
static int check_cmdline(struct inputs *in)
{
	if (!in->r.m->cmdline || !in->r.m->cmdline[0] || in->r.m->firmware.path)
		return 0;
	return check_kernel_for(in, KEY_BOOT_CMDLINE, "the command line");
}

static int check_boot(struct inputs *in)
{
	bool firmware = given(in, KEY_BOOT_FIRMWARE), kernel = given(in, KEY_BOOT_KERNEL);

	in->r.m->direct = kernel && absent(in, KEY_BOOT_FIRMWARE);
	/* an initrd or a command line without a kernel has an error of its own */
	if (absent(in, KEY_BOOT_FIRMWARE) && absent(in, KEY_BOOT_KERNEL))
		return given(in, KEY_BOOT_INITRD) || given(in, KEY_BOOT_CMDLINE)
		               ? 0
		               : refuse_no_boot(in);
	if (!given(in, KEY_BOOT_KERNEL_HASHES))
		in->r.m->kernel_hashes = firmware && kernel;
	if (!in->r.m->kernel_hashes ||
	    (!absent(in, KEY_BOOT_FIRMWARE) && !absent(in, KEY_BOOT_KERNEL)))
		return 0;
	error_set(in->r.err, ERROR_CONFLICT, "'boot.kernel_hashes' without a %s",
	          firmware ? "kernel" : "firmware");
	error_why(in->r.err,
	          "the hashes are in a page of the firmware, which compares the kernel with "
	          "them");
	error_fix(in->r.err, "give 'boot.%s', or leave the key out",
	          firmware ? "kernel" : "firmware");
	return at_input(in, KEY_BOOT_KERNEL_HASHES);
}

/* A firmware accepts memory as it likes. */
static int check_accept(struct inputs *in)
{
	if (!given(in, KEY_BOOT_ACCEPT) || absent(in, KEY_BOOT_FIRMWARE))
		return 0;
	error_set(in->r.err, ERROR_CONFLICT, "'boot.accept' with a firmware");
	error_why(in->r.err, "it is for a kernel that boots without a firmware");
	error_fix(in->r.err, "leave out one of the two");
	return at_input(in, KEY_BOOT_ACCEPT);
}

static int check_id_block(struct inputs *in)
{
	bool block = given(in, KEY_SNP_ID_BLOCK), auth = given(in, KEY_SNP_ID_AUTH);

	if (!key_sure(in, KEY_SNP_ID_BLOCK) || !key_sure(in, KEY_SNP_ID_AUTH))
		return 0;
	in->r.m->id_block_given = block && auth;
	inputs_turn_to(in, &keys[KEY_SNP_ID_BLOCK]);
	if (block)
		in->r.m->id_block_at = reader_location(&in->r, in->of[KEY_SNP_ID_BLOCK].value);
	if (block == auth)
		return 0;
	error_set(in->r.err, ERROR_BAD_ID_BLOCK, "'%s' without '%s'",
	          block ? "snp.id_block" : "snp.id_auth", block ? "snp.id_auth" : "snp.id_block");
	error_why(in->r.err, "the firmware takes an ID block only with the signature in its ID "
	                     "authentication");
	error_fix(in->r.err, "give both or neither");
	return at_input(in, block ? KEY_SNP_ID_BLOCK : KEY_SNP_ID_AUTH);
}

/* The keys that make an ID block, and those that are one. */
static int check_identity(struct inputs *in)
{
	static const enum key_id parts[] = {
		KEY_SNP_IDENTITY_ID_KEY,   KEY_SNP_IDENTITY_AUTHOR_KEY, KEY_SNP_IDENTITY_FAMILY_ID,
		KEY_SNP_IDENTITY_IMAGE_ID, KEY_SNP_IDENTITY_SVN,
	};
	bool block = given(in, KEY_SNP_ID_BLOCK);

	in->r.m->identity_given = given(in, KEY_SNP_IDENTITY_ID_KEY);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!given(in, parts[i]))
			continue;
		if (block || given(in, KEY_SNP_ID_AUTH)) {
			error_set(in->r.err, ERROR_CONFLICT, "'%s' and '%s'", keys[parts[i]].name,
			          block ? "snp.id_block" : "snp.id_auth");
			error_why(in->r.err, "snp.identity makes the ID block, the other one is "
			                     "it");
			error_fix(in->r.err, "give one or the other");
			return at_input(in, parts[i]);
		}
		if (absent(in, KEY_SNP_IDENTITY_ID_KEY)) {
			error_set(in->r.err, ERROR_MISSING_KEY,
			          "'%s' without 'snp.identity.id_key'", keys[parts[i]].name);
			error_why(in->r.err, "it is part of an ID block, which the ID key signs");
			error_fix(in->r.err, "give a key, or write id_key: " KEY_EPHEMERAL);
			return at_input(in, parts[i]);
		}
	}
	return 0;
}

static int check_ovmf_hash(struct inputs *in)
{
	in->r.m->ovmf_hash_given = given(in, KEY_MEASURE_OVMF_HASH);
	if (!in->r.m->ovmf_hash_given || !absent(in, KEY_BOOT_FIRMWARE))
		return 0;
	error_set(in->r.err, ERROR_CONFLICT, "'measure.ovmf_hash' without 'boot.firmware'");
	error_why(in->r.err,
	          "the firmware's pages are taken from the hash, but its metadata and reset "
	          "vector are not in it");
	error_fix(in->r.err, "give 'boot.firmware' too");
	return at_input(in, KEY_MEASURE_OVMF_HASH);
}

static int check_exit_port(struct inputs *in)
{
	if (!in->r.m->exit_expected || !given(in, KEY_EXIT_PORT) || !key_sure(in, KEY_EXIT_PORT) ||
	    in->r.m->exit_port_given)
		return 0;
	error_set(in->r.err, ERROR_CONFLICT,
	          "'expect.exit' is %" PRIu64 ", but 'exit_port' is false", in->r.m->exit_code);
	error_why(in->r.err,
	          "without an exit port a guest cannot give a status, so no run could pass");
	error_fix(in->r.err, "give 'exit_port' a port, or leave 'expect.exit' out");
	return at_input(in, KEY_EXPECT_EXIT);
}

static int check_exit(struct inputs *in)
{
	if (!in->r.m->exit_none || in->r.m->console.count > 0 || in->r.m->report ||
	    !key_sure(in, KEY_EXPECT_CONSOLE) || !key_sure(in, KEY_EXPECT_REPORT))
		return 0;
	error_set(in->r.err, ERROR_CONFLICT, "'expect.exit' is none, but 'expect.console' is %s",
	          given(in, KEY_EXPECT_CONSOLE) ? "empty" : "not given");
	error_why(in->r.err,
	          "such a guest may keep running: it passes once the console has shown what was "
	          "expected");
	error_fix(in->r.err, "say in 'expect.console' what the guest writes, or leave the key out");
	return at_input(in, KEY_EXPECT_EXIT);
}

static int check_vars(struct inputs *in)
{
	const struct manifest *m = in->r.m;
	enum key_id id = given(in, KEY_BOOT_VARS_PATH) ? KEY_BOOT_VARS_PATH : KEY_BOOT_VARS_KEEP;

	if (!given(in, id))
		return 0;
	if (absent(in, KEY_BOOT_VARS_PATH)) {
		error_set(in->r.err, ERROR_MISSING_KEY,
		          "'boot.vars.keep' without 'boot.vars.path'");
		error_fix(in->r.err, "give path, too: a copy of the OVMF_VARS of this firmware");
		return at_input(in, id);
	}
	if (absent(in, KEY_BOOT_FIRMWARE) || m->builtin) {
		error_set(in->r.err, ERROR_CONFLICT, "'%s' without a firmware", keys[id].name);
		error_why(in->r.err, "only a firmware has variables");
		error_fix(in->r.err, "give its OVMF_CODE as 'boot.firmware', or leave vars out");
		return at_input(in, id);
	}
	if (manifest_platform(m)->measured && key_sure(in, KEY_PLATFORM)) {
		error_set(in->r.err, ERROR_CONFLICT, "'%s' with platform %s", keys[id].name,
		          manifest_platform(m)->name);
		error_why(in->r.err,
		          "variables that the host can change would be trusted but not measured; "
		          "OVMF keeps them in encrypted memory there, and looks for no flash");
		error_fix(in->r.err, "leave vars out, or use platform kvm");
		return at_input(in, id);
	}
	if (!m->vars_keep.back || m->runs < 2)
		return 0;
	error_set(in->r.err, ERROR_CONFLICT,
	          "'boot.vars.keep' is true, and there are %u runs with the same file", m->runs);
	error_why(in->r.err, "each would write over the variables of the one before");
	error_fix(in->r.err, "give keep a path: each run then has a file of its own");
	return at_input(in, KEY_BOOT_VARS_KEEP);
}

static int check_report(struct inputs *in)
{
	const struct manifest *m = in->r.m;

	if (!m->report || manifest_platform(m)->measured || !key_sure(in, KEY_PLATFORM))
		return 0;
	error_set(in->r.err, ERROR_CONFLICT, "'expect.report' with platform %s",
	          manifest_platform(m)->name);
	error_why(in->r.err, "only a guest under SEV-SNP has an attestation report");
	error_fix(in->r.err, "leave it out, or --set expect.report=false for runs without SNP");
	return at_input(in, KEY_EXPECT_REPORT);
}

static int load_names(struct inputs *in)
{
	struct manifest *m = in->r.m;
	/* without a manifest, the run is named after its kernel or firmware */
	const char *base = m->kernel.path     ? m->kernel.path
	                   : m->builtin       ? m->builtin
	                   : m->firmware.path ? m->firmware.path
	                                      : MANIFEST_OPTIONS;
	const char *slash = strrchr(base, '/');
	char name[256];

	base = slash ? slash + 1 : base;
	if (in->no_file)
		text_clean(name, sizeof(name), base, strlen(base), false);
	else
		manifest_stem(in->path, name, sizeof(name));
	m->file = text_clean_copy(in->path);
	if (!m->name)
		m->name = strdup(name);
	return m->file && m->name ? 0 : error_nomem(in->r.err, "a manifest's name");
}

/* Fails only if reading can't go on; other mistakes are findings. */
static int load_run(struct inputs *in, unsigned run)
{
	static int (*const checks[])(struct inputs * in) = {
		check_boot,     check_initrd,    check_cmdline, check_id_block,
		check_identity, check_ovmf_hash, check_exit,    check_exit_port,
		check_report,   check_accept,    check_vars,
	};
	int r = matrix_choose(in, run);

	in->matrix_wrong |= r < 0;
	r = reader_keep(&in->r, r);
	for (size_t i = 0; i < KEYS && r == 0; i++) {
		size_t before = in->r.findings->errors;

		r = reader_keep(&in->r, read_key(in, &keys[i]));
		in->of[i].unsure |= in->r.findings->errors > before;
	}
	if (r == 0 && in->matrix_wrong)
		r = matrix_read_values(in);
	for (size_t i = 0; i < ARRAY_SIZE(checks) && r == 0; i++)
		r = reader_keep(&in->r, checks[i](in));
	if (r == 0)
		r = load_names(in);
	if (r == 0)
		manifest_warn(in->r.m, in->r.findings);
	return r;
}

void manifest_source_load_all(const struct manifest_source *s, unsigned run, struct manifest *ret,
                              struct findings *f)
{
	size_t errors = f->errors, first = f->count;
	struct error err = { 0 };
	struct inputs in;

	source_begin_run(s, &in, ret, f, &err);
	*ret = (struct manifest){ .confine = s->confine };
	memcpy(ret->sha256, s->sha256, sizeof(ret->sha256));
	findings_add_all(f, &s->findings);
	if (s->root && load_run(&in, run) < 0)
		findings_add(f, SEVERITY_ERROR, &err);
	ret->whole = f->errors == errors;
	findings_sort(f, first);
}

int manifest_source_load(const struct manifest_source *s, unsigned run, struct manifest *ret,
                         struct error *err)
{
	auto_findings struct findings f = { 0 };
	auto_manifest struct manifest m = { 0 };
	int r;

	manifest_source_load_all(s, run, &m, &f);
	ret->runs = m.runs;
	r = findings_first(&f, err);
	if (r < 0)
		return r;
	*ret = m;
	m = (struct manifest){ 0 };
	return 0;
}

int manifest_load(const char *path, const struct manifest_choice *choice, struct manifest *ret,
                  struct error *err)
{
	auto_source struct manifest_source *s = manifest_source_new(path, choice);

	return s ? manifest_source_load(s, choice ? choice->run : 0, ret, err)
	         : error_nomem(err, "a manifest");
}

int manifest_parse(const char *path, const uint8_t *text, size_t size,
                   const struct manifest_choice *choice, struct manifest *ret, struct error *err)
{
	const struct blob from = { .data = (uint8_t *)text, .size = size };
	struct manifest_choice own = choice ? *choice : (struct manifest_choice){ 0 };

	own.text = &from;
	return manifest_load(path, &own, ret, err);
}
