/* SPDX-License-Identifier: MIT */
/*
 * config/manifest.c: reads what is given for each key, fills in the rest, and holds the whole
 * together.
 */
#include "config/manifest.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/load_priv.h"
#include "config/value.h"
#include "core/base/array.h"
#include "core/base/confine.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/filekind.h"
#include "core/base/findings.h"
#include "core/base/sha2.h"
#include "core/base/text.h"
#include "core/vm/platforms.h"

/* So much is read of a file that is too large for a manifest, to say what it is. */
#define OTHER_FILE_MAX ((size_t)512 << 20)

static int read_default(struct load *l, const struct key *k)
{
	auto_yaml struct yaml_tree *v = NULL;
	int r = setting_parse(k->name, k->default_value, &v, l->err);

	return r < 0 ? r : read_value(l, k, v);
}

static int refuse_missing(struct load *l, const struct key *k)
{
	error_set(l->err, ERROR_MISSING_KEY, "'%s' is missing", k->name);
	error_fix(l->err, "write '%s: %" PRIu64 "'", k->name, k->min);
	return error_at(l->err, l->path, l->root->line, l->root->column);
}

static int read_one(struct load *l, enum key_id id)
{
	const struct key *k = &keys[id];
	const struct yaml_tree *v = l->slots[id].value;

	if (v) {
		load_turn_to(l, k);
		l->m->locations[id] = location_of(l, v);
		return read_value(l, k, v);
	}
	if (k->required && key_sure(l, id))
		return refuse_missing(l, k);
	return k->default_value ? read_default(l, k) : 0;
}

static int read_all(struct load *l)
{
	int r = 0;

	for (size_t i = 0; i < KEYS && r == 0; i++) {
		size_t before = l->findings->errors;

		r = load_keep(l, read_one(l, (enum key_id)i));
		l->slots[i].unsure |= l->findings->errors > before;
	}
	return r;
}

static bool given(const struct load *l, enum key_id id)
{
	return l->slots[id].value != NULL;
}

/* It is sure that nothing is. */
static bool absent(const struct load *l, enum key_id id)
{
	return !given(l, id) && key_sure(l, id);
}

/* The recorded failure lies in what was given for a key. */
static int at_slot(struct load *l, enum key_id id)
{
	load_turn_to(l, &keys[id]);
	return at_value(l, l->slots[id].value);
}

static int refuse_no_boot(struct load *l)
{
	const struct yaml_tree *boot = l->root->first;

	if (l->no_file) {
		error_set(l->err, ERROR_MISSING_KEY,
		          "nothing to boot: neither a kernel nor a firmware is given");
		error_fix(l->err, "give -k KERNEL, or -f FIRMWARE, or both");
		return error_at(l->err, l->path, 0, 0);
	}
	while (boot && strcmp(boot->key, "boot") != 0)
		boot = boot->next;
	error_set(l->err, ERROR_MISSING_KEY,
	          "nothing to boot: neither 'boot.firmware' nor 'boot.kernel' is given");
	error_fix(l->err,
	          "write 'boot: { firmware: OVMF.fd }' or 'boot: { kernel: bzImage }', or give "
	          "both");
	return boot ? error_at(l->err, l->path, boot->key_line, boot->key_column)
	            : error_at(l->err, l->path, l->root->line, l->root->column);
}

static int check_kernel_for(struct load *l, enum key_id id, const char *what)
{
	if (!given(l, id) || !absent(l, KEY_BOOT_KERNEL))
		return 0;
	error_set(l->err, ERROR_CONFLICT, "'%s' without 'boot.kernel'", keys[id].name);
	error_fix(l->err, "give the kernel that %s is for%s, or remove it", what,
	          l->slots[id].option ? " (-k)" : "");
	return at_slot(l, id);
}

static int check_initrd(struct load *l)
{
	return check_kernel_for(l, KEY_BOOT_INITRD, "the initrd");
}

/* An empty one is none. What a firmware boots from elsewhere has a command line of its own. */
static int check_cmdline(struct load *l)
{
	if (!l->m->cmdline || !l->m->cmdline[0])
		return 0;
	return check_kernel_for(l, KEY_BOOT_CMDLINE, "the command line");
}

static int check_boot(struct load *l)
{
	bool firmware = given(l, KEY_BOOT_FIRMWARE), kernel = given(l, KEY_BOOT_KERNEL);

	l->m->direct = kernel && absent(l, KEY_BOOT_FIRMWARE);
	if (absent(l, KEY_BOOT_FIRMWARE) && absent(l, KEY_BOOT_KERNEL)) /* else that is said */
		return given(l, KEY_BOOT_INITRD) || given(l, KEY_BOOT_CMDLINE) ? 0
		                                                               : refuse_no_boot(l);
	if (!given(l, KEY_BOOT_KERNEL_HASHES))
		l->m->kernel_hashes = firmware && kernel;
	if (!l->m->kernel_hashes || (!absent(l, KEY_BOOT_FIRMWARE) && !absent(l, KEY_BOOT_KERNEL)))
		return 0;
	error_set(l->err, ERROR_CONFLICT, "'boot.kernel_hashes' without a %s",
	          firmware ? "kernel" : "firmware");
	error_why(l->err,
	          "the hashes stand in a page of the firmware, which holds the kernel against "
	          "them");
	error_fix(l->err, "give 'boot.%s', or leave the key out", firmware ? "kernel" : "firmware");
	return at_slot(l, KEY_BOOT_KERNEL_HASHES);
}

static int check_id_block(struct load *l)
{
	bool block = given(l, KEY_SNP_ID_BLOCK), auth = given(l, KEY_SNP_ID_AUTH);

	if (!key_sure(l, KEY_SNP_ID_BLOCK) || !key_sure(l, KEY_SNP_ID_AUTH))
		return 0;
	l->m->id_block_given = block && auth;
	load_turn_to(l, &keys[KEY_SNP_ID_BLOCK]);
	if (block)
		l->m->id_block_at = location_of(l, l->slots[KEY_SNP_ID_BLOCK].value);
	if (block == auth)
		return 0;
	error_set(l->err, ERROR_BAD_ID_BLOCK, "'%s' without '%s'",
	          block ? "snp.id_block" : "snp.id_auth", block ? "snp.id_auth" : "snp.id_block");
	error_why(l->err, "the firmware takes an ID block only with the signature in its ID "
	                  "authentication");
	error_fix(l->err, "give both or neither");
	return at_slot(l, block ? KEY_SNP_ID_BLOCK : KEY_SNP_ID_AUTH);
}

static int check_ovmf_hash(struct load *l)
{
	l->m->ovmf_hash_given = given(l, KEY_MEASURE_OVMF_HASH);
	if (!l->m->ovmf_hash_given || !absent(l, KEY_BOOT_FIRMWARE))
		return 0;
	error_set(l->err, ERROR_CONFLICT, "'measure.ovmf_hash' without 'boot.firmware'");
	error_why(l->err,
	          "the firmware's pages are taken from the hash, but its metadata and reset "
	          "vector are not in it");
	error_fix(l->err, "give 'boot.firmware' too");
	return at_slot(l, KEY_MEASURE_OVMF_HASH);
}

static int check_exit_port(struct load *l)
{
	if (!l->m->exit_expected || !given(l, KEY_EXIT_PORT) || !key_sure(l, KEY_EXIT_PORT) ||
	    l->m->exit_port_given)
		return 0;
	error_set(l->err, ERROR_CONFLICT, "'expect.exit' is %" PRIu64 ", but 'exit_port' is false",
	          l->m->exit_code);
	error_why(l->err,
	          "without an exit port a guest cannot give a status, so no run could pass");
	error_fix(l->err, "give 'exit_port' a port, or leave 'expect.exit' out");
	return at_slot(l, KEY_EXPECT_EXIT);
}

static int check_exit(struct load *l)
{
	if (!l->m->exit_none || l->m->console.count > 0 || !key_sure(l, KEY_EXPECT_CONSOLE))
		return 0;
	error_set(l->err, ERROR_CONFLICT, "'expect.exit' is none, but 'expect.console' is %s",
	          given(l, KEY_EXPECT_CONSOLE) ? "empty" : "not given");
	error_why(l->err, "a guest that need not end passes once the console has shown what was "
	                  "expected");
	error_fix(l->err, "say in 'expect.console' what the guest writes, or leave the key out");
	return at_slot(l, KEY_EXPECT_EXIT);
}

void manifest_stem(const char *path, char *to, size_t cap)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');
	int size = dot && dot != base ? (int)(dot - base) : (int)strlen(base);

	text_clean(to, cap, base, (size_t)size, false);
}

/*
 * What options boot is called like its kernel or its firmware, in full: of vmlinuz-6.12 the end
 * says most.
 */
static void name_of_boot(const struct manifest *m, char *to, size_t cap)
{
	const char *const paths[] = { m->kernel.path, m->builtin, m->firmware.path,
		                      MANIFEST_OPTIONS };
	const char *base = NULL, *slash;

	for (size_t i = 0; !base; i++)
		base = paths[i];
	slash = strrchr(base, '/');
	base = slash ? slash + 1 : base;
	text_clean(to, cap, base, strlen(base), false);
}

static int load_names(struct load *l)
{
	char stem[256];

	if (l->no_file)
		name_of_boot(l->m, stem, sizeof(stem));
	else
		manifest_stem(l->path, stem, sizeof(stem));
	l->m->file = text_clean_copy(l->path);
	if (!l->m->name)
		l->m->name = strdup(stem);
	return l->m->file && l->m->name ? 0 : error_nomem(l->err, "a manifest's name");
}

/* Only what ends reading fails; other mistakes are findings. */
static int load_run(struct load *l, unsigned run)
{
	static int (*const checks[])(struct load * l) = {
		check_boot,      check_initrd, check_cmdline,   check_id_block,
		check_ovmf_hash, check_exit,   check_exit_port,
	};
	int r = matrix_choose(l, run);

	l->matrix_wrong |= r < 0;
	r = load_keep(l, r);
	if (r == 0)
		r = read_all(l);
	if (r == 0 && l->matrix_wrong)
		r = matrix_read_values(l);
	for (size_t i = 0; i < ARRAY_SIZE(checks) && r == 0; i++)
		r = load_keep(l, checks[i](l));
	if (r == 0)
		r = load_names(l);
	if (r == 0)
		load_doubts(l);
	return r;
}

/*
 * Names what was given for the manifest, a kernel say, where what is in *err says only that it
 * can't be read as one.
 */
static int refuse_other_file(const char *path, const uint8_t *bytes, size_t size, struct error *err)
{
	struct error found;

	if (file_kind_refuse(bytes, size, ROLE_MANIFEST, err->kind, &found) == 0)
		return err->code;
	*err = found;
	error_wrap(err, "'%s'", path);
	return error_at(err, path, 0, 0);
}

/* What is at this path instead of a manifest, and what to do about it. */
static void file_explain(const struct confine *in, const char *path, struct error *err)
{
	auto_blob struct blob whole = BLOB_NONE;
	auto_fd int folder = -1;
	struct error told = { 0 };

	if (err->kind == ERROR_FILE_TOO_LARGE) {
		error_why(err, "a manifest has at most 1 MiB");
		if (blob_read_in(in, path, OTHER_FILE_MAX, &whole, NULL, &told) == 0)
			refuse_other_file(path, whole.data, whole.size, err);
	} else if (err->kind == ERROR_FILE) {
		folder = confine_open(in, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
		if (folder >= 0) {
			error_why(err, "it is a folder");
			error_fix(err, "name the manifest itself, such as a file in that folder");
		}
		value_file_fix("", err);
	}
}

/* The text at s->load.path, which *text then owns. */
static int source_text(const struct manifest_source *s, struct blob *text, struct error *err)
{
	const char *path = s->load.path;

	if (blob_read_in(s->confine, path, YAML_MAX_SIZE, text, NULL, err) == 0)
		return 0;
	file_explain(s->confine, path, err);
	return error_at(err, path, 0, 0);
}

/* Whatever holds for all runs. Only what ends reading fails. */
static int source_read(struct manifest_source *s, const struct blob *text,
                       const struct manifest_choice *choice)
{
	struct load *l = &s->load;
	auto_yaml struct yaml_tree *root = NULL;
	int r = yaml_tree_parse_on(l->path, text->data, text->size, &root, l->findings, l->err);

	sha256(text->data, text->size, s->sha256);
	s->unclear = r < 0 || l->findings->errors > 0;
	if (r == 0 && root->kind != YAML_MAP) {
		error_set(l->err, ERROR_SYNTAX, "a manifest is a map of keys");
		error_fix(l->err, "begin with 'version: 1'");
		r = at_value(l, root);
	}
	if (r < 0)
		return refuse_other_file(l->path, text->data, text->size, l->err);
	l->root = s->root = root;
	root = NULL;
	r = collect_file(l);
	if (r == 0)
		r = collect_settings(l, choice);
	return r == 0 ? matrix_collect(l) : r;
}

struct manifest_source *manifest_source_new(const char *path, const struct manifest_choice *choice)
{
	static uint8_t bare[] = "version: 1\n";
	auto_blob struct blob text = BLOB_NONE;
	const struct blob none = { .data = bare, .size = sizeof(bare) - 1 };
	const struct blob *from = !path ? &none : choice && choice->text ? choice->text : &text;
	struct manifest_source *s = calloc(1, sizeof(*s));
	struct error err = { 0 };
	struct load *l;
	int r;

	if (!s)
		return NULL;
	l = &s->load;
	l->path = l->file = l->beside = path ? path : MANIFEST_OPTIONS;
	l->no_file = !path;
	l->findings = &s->findings;
	l->err = &err;
	s->confine = choice ? choice->confine : NULL;
	if (choice && choice->text_failed)
		r = (err = *choice->text_failed).code;
	else
		r = from == &text ? source_text(s, &text, &err) : 0;
	if (r == 0)
		r = source_read(s, from, choice);
	if (r < 0) {
		findings_add(&s->findings, SEVERITY_ERROR, &err);
		yaml_tree_free(s->root);
		s->root = NULL;
	}
	return s;
}

void manifest_source_free(struct manifest_source *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < KEYS; i++)
		yaml_tree_free(s->load.slots[i].own);
	yaml_tree_free(s->root);
	findings_fini(&s->findings);
	free(s);
}

void load_begin(struct load *l, const struct manifest_source *s, struct manifest *m,
                struct findings *f, struct error *err)
{
	*l = s->load;
	l->m = m;
	l->findings = f;
	l->err = err;
}

void manifest_source_load_all(const struct manifest_source *s, unsigned run, struct manifest *ret,
                              struct findings *f)
{
	size_t errors = f->errors, first = f->count;
	struct error err = { 0 };
	struct load l;

	load_begin(&l, s, ret, f, &err);
	*ret = (struct manifest){ .confine = s->confine };
	memcpy(ret->sha256, s->sha256, sizeof(ret->sha256));
	findings_add_all(f, &s->findings);
	if (s->root && load_run(&l, run) < 0)
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

void location_by(const char *by, char *to, size_t cap)
{
	snprintf(to, cap, "%s%s", by[0] == '-' ? "" : "--set ", by);
}

int manifest_at_location(const struct manifest *m, const struct location *at, struct error *err)
{
	char option[NAME_CAP];

	if (!at->by)
		return error_at(err, m->file, at->line, at->column);
	location_by(at->by, option, sizeof(option));
	return error_at(err, option, 0, 0);
}

static void patterns_free(struct manifest_patterns *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->list[i].text);
	free(p->list);
}

void manifest_free(struct manifest *m)
{
	free(m->file);
	free(m->name);
	free(m->builtin);
	free(m->firmware.path);
	free(m->kernel.path);
	free(m->initrd.path);
	for (size_t i = 0; i < m->n_initrd_more; i++)
		free(m->initrd_more[i].path);
	free(m->cmdline);
	free(m->vcpu_type);
	free(m->serial.path);
	free(m->debug_port.path);
	free(m->pins);
	patterns_free(&m->console);
	patterns_free(&m->never);
	free(m->variant);
	*m = (struct manifest){ 0 };
}

int manifest_at(const struct manifest *m, enum key_id id, struct error *err)
{
	return manifest_at_location(m, &m->locations[id], err);
}

const char *manifest_profile_name(enum manifest_profile profile)
{
	return profile_words[profile];
}

const struct platform *manifest_platform(const struct manifest *m)
{
	return platform_named(platform_words[m->platform]);
}
