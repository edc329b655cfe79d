/* SPDX-License-Identifier: MIT */
/* config/manifest.c: collects what the file and --set give for each key, and holds the whole together. */
#include "config/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/load_priv.h"
#include "config/value.h"
#include "core/base/error.h"
#include "core/base/file.h"

static void load_cleanup(struct load *l)
{
	for (size_t i = 0; i < KEYS; i++)
		yaml_tree_free(l->slots[i].own);
}
#define auto_load __attribute__((cleanup(load_cleanup)))

/* The names of the keys that stand in a group, or at the top. */
static void level_join(const struct key_group *in, char *to, size_t room)
{
	size_t n = 0, prefix = in ? strlen(in->name) : 0;

	to[0] = '\0';
	for (size_t i = 0; i < KEYS && n < room; i++) {
		const char *name = keys[i].name;
		bool inside = in ? strncmp(name, in->name, prefix) == 0 && name[prefix] == '.'
		                 : !strchr(name, '.');

		if (inside && keys[i].kind != VALUE_LATER)
			n += (size_t)snprintf(to + n, room - n, "%s%s", n ? ", " : "",
			                      key_last(name));
	}
	for (const struct key_group *g = key_groups; !in && g->name && n < room; g++)
		n += (size_t)snprintf(to + n, room - n, ", %s", g->name);
}

static int fix_unknown(struct load *l, const char *name, const struct key_group *in)
{
	const char *meant = key_meant(name);
	char list[384];

	if (meant && strcmp(meant, name) == 0)
		return error_fix(l->err, "write '%s' inside the map '%.*s'", key_last(name),
		                 (int)(key_last(name) - name - 1), name);
	if (meant)
		return error_fix(l->err, "did you mean '%s'?", meant);
	level_join(in, list, sizeof(list));
	return error_fix(l->err, "the keys here are: %s", list);
}

static int refuse_unknown(struct load *l, const char *name, const struct key_group *in)
{
	error_set(l->err, ERROR_UNKNOWN_KEY, "unknown key '%s'", shown_of(name).text);
	return fix_unknown(l, name, in);
}

static int collect(struct load *l, const struct yaml_tree *map, const struct key_group *in);

/* One entry of the file: a key of the table, a group of keys, or a mistake. */
static int collect_entry(struct load *l, const struct yaml_tree *v, const struct key_group *in)
{
	char name[NAME_ROOM];
	int n = snprintf(name, sizeof(name), "%s%s%s", in ? in->name : "", in ? "." : "", v->key);
	bool fits = n < (int)sizeof(name) && !strchr(v->key, '.');
	const struct key *k = fits ? key_find(name) : NULL;
	const struct key_group *g = fits ? key_group_find(name) : NULL;

	if (k && k->kind != VALUE_LATER) {
		l->slots[k - keys].value = v;
		return 0;
	}
	if (g)
		return v->kind == YAML_MAP ? collect(l, v, g)
		                           : refuse_kind(l, name, v, "a map of keys");
	if (k)
		refuse_later(l, k);
	else
		refuse_unknown(l, name, in);
	return at_key(l, v);
}

static int collect(struct load *l, const struct yaml_tree *map, const struct key_group *in)
{
	int r = 0;

	for (const struct yaml_tree *c = map->first; c && r == 0; c = c->next)
		r = collect_entry(l, c, in);
	return r;
}

/* The key of which `name` would be a part: "snp.policy" for "snp.policy.debug". */
static const struct key *key_around(const char *name)
{
	for (size_t i = 0; i < KEYS; i++) {
		size_t n = strlen(keys[i].name);

		if (strncmp(keys[i].name, name, n) == 0 && name[n] == '.')
			return &keys[i];
	}
	return NULL;
}

static int refuse_setting(struct load *l, const char *name)
{
	const struct key *around = key_around(name);
	const struct key_group *group = key_group_find(name);
	char list[384];

	if (around && around->kind == VALUE_LATER)
		return refuse_later(l, around);
	if (group) {
		error_set(l->err, ERROR_UNKNOWN_KEY, "'%s' is a group of keys, not one",
		          group->name);
		level_join(group, list, sizeof(list));
		return error_fix(l->err, "set one with '%s.' before it: %s", group->name, list);
	}
	if (!around)
		return refuse_unknown(l, name, NULL);
	error_set(l->err, ERROR_UNKNOWN_KEY, "unknown key '%s'", shown_of(name).text);
	return error_fix(l->err, "set '%s' as a whole", around->name);
}

/* No line of a file stands for it, whatever libyaml counted. */
static void tree_displace(struct yaml_tree *t)
{
	for (; t; t = t->next) {
		t->line = t->column = t->key_line = t->key_column = 0;
		tree_displace(t->first);
	}
}

/*
 * Brackets and quotes are YAML; all else is a scalar as it stands, so that nobody has to quote a command
 * line twice: in `boot.cmdline=a: b # c` YAML would see a map and a comment.
 */
static int setting_parse(const char *label, const char *text, struct yaml_tree **ret,
                         struct error *err)
{
	int r;

	if (!text[0] || !strchr("{[\"'", text[0])) {
		r = yaml_text_check(label, (const uint8_t *)text, strlen(text), err);
		if (r == 0 && !(*ret = yaml_tree_scalar(text)))
			r = error_nomem(err, label);
	} else {
		r = yaml_tree_parse(label, (const uint8_t *)text, strlen(text), ret, err);
	}
	if (r < 0)
		err->line = err->column = 0;
	else
		tree_displace(*ret);
	return r;
}

static int collect_setting(struct load *l, const struct manifest_setting *s)
{
	const struct key *k = key_find(s->key);
	struct yaml_tree *value = NULL;
	struct slot *slot;
	int r;

	if (!k || k->kind == VALUE_LATER) {
		k ? refuse_later(l, k) : refuse_setting(l, s->key);
		return error_at(l->err, "--set", 0, 0);
	}
	snprintf(l->label, sizeof(l->label), "--set %s", k->name);
	r = setting_parse(l->label, s->value, &value, l->err);
	if (r < 0)
		return r;
	slot = &l->slots[k - keys];
	yaml_tree_free(slot->own);
	slot->value = slot->own = value;
	return 0;
}

static int read_default(struct load *l, const struct key *k)
{
	auto_yaml struct yaml_tree *v = yaml_tree_scalar(k->fallback);

	return v ? read_value(l, k, v) : error_nomem(l->err, k->name);
}

static int read_all(struct load *l)
{
	int r = 0;

	for (size_t i = 0; i < KEYS && r == 0; i++) {
		const struct key *k = &keys[i];
		const struct yaml_tree *v = l->slots[i].value;

		if (v) {
			r = read_value(l, k, v);
		} else if (k->required) {
			error_set(l->err, ERROR_MISSING_KEY, "'%s' is missing", k->name);
			error_fix(l->err, "write '%s: %" PRIu64 "'", k->name, k->min);
			r = error_at(l->err, l->path, l->root->line, l->root->column);
		} else if (k->fallback) {
			r = read_default(l, k);
		}
	}
	return r;
}

static bool given(const struct load *l, enum key_id id)
{
	return l->slots[id].value != NULL;
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

static int check_boot(struct load *l)
{
	bool firmware = given(l, KEY_BOOT_FIRMWARE), kernel = given(l, KEY_BOOT_KERNEL);

	if (given(l, KEY_BOOT_INITRD) && !kernel) {
		error_set(l->err, ERROR_CONFLICT, "'boot.initrd' without 'boot.kernel'");
		error_fix(l->err, "give the kernel that the initrd is for, or remove it");
		return at_slot(l, KEY_BOOT_INITRD);
	}
	if (!firmware && !kernel)
		return refuse_no_boot(l);
	if (!given(l, KEY_BOOT_KERNEL_HASHES))
		l->m->kernel_hashes = firmware && kernel;
	if (!l->m->kernel_hashes || (firmware && kernel))
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

	l->m->id_block_given = block;
	if (block)
		l->m->id_block_at = place_of(l->slots[KEY_SNP_ID_BLOCK].value);
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
	if (!l->m->ovmf_hash_given || given(l, KEY_BOOT_FIRMWARE))
		return 0;
	error_set(l->err, ERROR_CONFLICT, "'measure.ovmf_hash' without 'boot.firmware'");
	error_why(l->err,
	          "the firmware's pages are taken from the hash, but its metadata and reset "
	          "vector are not in it");
	error_fix(l->err, "give 'boot.firmware' too");
	return at_slot(l, KEY_MEASURE_OVMF_HASH);
}

void manifest_stem(const char *path, char *to, size_t room)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');
	int size = dot && dot != base ? (int)(dot - base) : (int)strlen(base);

	snprintf(to, room, "%.*s", size, base);
}

static int load_names(struct load *l)
{
	char stem[256];

	manifest_stem(l->path, stem, sizeof(stem));
	l->m->file = strdup(l->path);
	if (!l->m->name)
		l->m->name = strdup(stem);
	return l->m->file && l->m->name ? 0 : error_nomem(l->err, "a manifest's name");
}

static int load_run(struct load *l, const struct manifest_setting *set, size_t n_set)
{
	int r = collect(l, l->root, NULL);

	for (size_t i = 0; i < n_set && r == 0; i++)
		r = collect_setting(l, &set[i]);
	if (r == 0)
		r = read_all(l);
	if (r == 0)
		r = check_boot(l);
	if (r == 0)
		r = check_id_block(l);
	if (r == 0)
		r = check_ovmf_hash(l);
	return r < 0 ? r : load_names(l);
}

int manifest_parse(const char *path, const uint8_t *text, size_t size,
                   const struct manifest_setting *set, size_t n_set, struct manifest *ret,
                   struct error *err)
{
	auto_manifest struct manifest m = { 0 };
	auto_yaml struct yaml_tree *root = NULL;
	auto_load struct load l = { .path = path, .file = path, .m = &m, .err = err };
	int r = yaml_tree_parse(path, text, size, &root, err);

	if (r < 0)
		return r;
	if (root->kind != YAML_MAP) {
		error_set(err, ERROR_SYNTAX, "a manifest is a map of keys");
		error_fix(err, "begin with 'version: 1'");
		return at_value(&l, root);
	}
	l.root = root;
	r = load_run(&l, set, n_set);
	if (r < 0)
		return r;
	sha256(text, size, m.sha256);
	*ret = m;
	m = (struct manifest){ 0 };
	return 0;
}

int manifest_load(const char *path, const struct manifest_setting *set, size_t n_set,
                  struct manifest *ret, struct error *err)
{
	auto_blob struct blob text = BLOB_NONE;
	int r = blob_read(path, YAML_MAX_SIZE, &text, err);

	if (r == 0)
		return manifest_parse(path, text.data, text.size, set, n_set, ret, err);
	if (err->kind == ERROR_FILE_TOO_LARGE)
		error_why(err, "a manifest has at most 1 MiB");
	return error_at(err, path, 0, 0);
}

void manifest_free(struct manifest *m)
{
	free(m->file);
	free(m->name);
	free(m->builtin);
	free(m->firmware.path);
	free(m->kernel.path);
	free(m->initrd.path);
	free(m->cmdline);
	free(m->vcpu_type);
	free(m->serial.path);
	free(m->debug_port.path);
	free(m->pins);
	*m = (struct manifest){ 0 };
}

const char *manifest_profile_name(enum manifest_profile profile)
{
	return profile_words[profile];
}

const char *manifest_platform_name(enum manifest_platform platform)
{
	return platform_words[platform];
}
