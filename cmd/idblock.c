/* SPDX-License-Identifier: MIT */
/*
 * cmd/idblock.c: makes ID block and ID authentication of a manifest, with its keys or with
 * signatures that were made elsewhere.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/print.h"
#include "cmd/settings.h"
#include "cmd/show.h"
#include "cmd/status.h"
#include "config/keys.h"
#include "config/paths.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/file.h"
#include "core/out/folder.h"
#include "core/out/result.h"
#include "core/out/tree.h"
#include "core/plan/plan.h"
#include "core/snp/digest.h"
#include "core/vm/platforms.h"
#include "core/vm/vm.h"
#include "firmware/idkeys.h"
#include "firmware/images.h"
#include "firmware/prepare.h"

struct idblock {
	struct settings settings;
	struct files manifests;
	const char *folder; /* NULL: not given */
	bool base64, print_tbs;
	const char *id_signature, *author_signature; /* files; NULL: the key signs */
	struct tree *tree;
};

enum { OPTION_BASE64 = 0x100, OPTION_TBS, OPTION_ID_SIGNATURE, OPTION_AUTHOR_SIGNATURE };

static const struct argp_option idblock_options[] = {
	{ "directory", 'd', "DIR", 0, "Write the files into this folder, not the current one", 0 },
	{ "base64", OPTION_BASE64, NULL, 0, "Write the files as base64, for other tools", 0 },
	{ "print-tbs", OPTION_TBS, NULL, 0,
	  "Print what has to be signed; with -d, write it into files, too", 0 },
	{ "id-signature", OPTION_ID_SIGNATURE, "FILE", 0,
	  "The ID key's signature, made elsewhere: DER, or R and S as 96 bytes", 0 },
	{ "author-signature", OPTION_AUTHOR_SIGNATURE, "FILE", 0, "The same of the author key", 0 },
	{ 0 },
};

static error_t idblock_option(int key, char *argument, struct argp_state *state)
{
	struct idblock *c = state->input;
	error_t r;

	switch (key) {
	case 'd':
		c->folder = argument;
		return 0;
	case OPTION_BASE64:
		c->base64 = true;
		return 0;
	case OPTION_TBS:
		c->print_tbs = true;
		return 0;
	case OPTION_ID_SIGNATURE:
		c->id_signature = argument;
		return 0;
	case OPTION_AUTHOR_SIGNATURE:
		c->author_signature = argument;
		return 0;
	case ARGP_KEY_END:
		if (c->print_tbs && (c->base64 || c->id_signature || c->author_signature))
			return option_refuse("--print-tbs only prints: leave out --base64 and the "
			                     "signatures");
		return 0;
	default:
		r = files_option(key, state, &c->settings, &c->manifests);
		if (r == 0 && c->manifests.count > 1)
			return option_refuse("one manifest at a time");
		return r;
	}
}

/* --- files --- */

struct content {
	const char *name;
	const uint8_t *bytes;
	size_t size;
};

/* Refuses to replace the manifest or a file that it names, whatever it is called here. */
static int check_input(const char *target, const char *input, const char *what, struct error *err)
{
	struct stat a, b;

	if (!input || stat(target, &a) < 0 || stat(input, &b) < 0 || a.st_dev != b.st_dev ||
	    a.st_ino != b.st_ino)
		return 0;
	error_set(err, ERROR_OUTPUT_CONFLICT, "'%s' would be written over %s '%s'", target, what,
	          input);
	return error_fix(err, "give another folder with -d");
}

static int check_outputs(const struct idblock *c, const struct manifest_source *source,
                         const struct content *files, size_t n, struct error *err)
{
	const char *manifest = c->manifests.paths[0];
	struct manifest_paths paths;
	char target[4096];
	int r = manifest_paths(source, &paths, err);

	for (size_t i = 0; i < n && r == 0; i++) {
		snprintf(target, sizeof(target), "%s/%s", c->folder ? c->folder : ".",
		         files[i].name);
		if (manifest != manifest_stdin)
			r = check_input(target, manifest, "the manifest", err);
		if (r == 0)
			r = check_input(target, c->id_signature, "the signature", err);
		if (r == 0)
			r = check_input(target, c->author_signature, "the signature", err);
		for (size_t j = 0; j < paths.count && r == 0; j++)
			r = check_input(target, paths.list[j].path, paths.list[j].key, err);
	}
	manifest_paths_free(&paths);
	return r;
}

static int write_files(const struct idblock *c, const struct manifest_source *source,
                       const struct content *files, size_t n, struct error *err)
{
	char text[BASE64_SIZE(PLAN_ID_AUTH)];
	const char *names[] = { files[0].name, n > 1 ? files[1].name : NULL, NULL };
	struct folder folder = { .fd = -1 };
	int r = check_outputs(c, source, files, n, err);

	if (r == 0)
		r = folder_open(&folder, c->folder ? c->folder : ".", false, names, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n && r == 0; i++) {
		const void *bytes = files[i].bytes;
		size_t size = files[i].size;

		if (c->base64) {
			bytes = base64_of(files[i].bytes, size, text);
			size = strlen(text);
		}
		r = folder_put_bytes(&folder, files[i].name, bytes, size, err);
	}
	folder_close(&folder);
	return r;
}

static void tree_file(struct tree *t, const char *key, const struct idblock *c, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s%s%s", c->folder ? c->folder : "", c->folder ? "/" : "",
	         name);
	tree_text(t, key, path);
}

static int signature_read(const char *path, uint8_t to[static P384_SIGNATURE_SIZE],
                          const uint8_t **given, struct error *err)
{
	auto_blob struct blob b = BLOB_NONE;
	int r;

	if (!path)
		return 0;
	r = blob_read(path, P384_FILE_MAX, &b, err);
	if (r == 0)
		r = p384_signature_read(path, b.data, b.size, to, err);
	*given = to;
	return r;
}

/* --- the command --- */

static int idblock_tbs(struct idblock *c, const struct manifest *m, const struct identity *i,
                       const struct snp_digest *d, const struct manifest_source *source,
                       struct error *err)
{
	uint8_t block[PLAN_ID_BLOCK], key[P384_PUBLIC_SIZE];
	struct content files[] = { { "id-block.bin", block, sizeof(block) },
		                   { "id-key.bin", key, sizeof(key) } };
	size_t n = i->author_key ? 2 : 1;

	(void)m;
	identity_block(i, d->value, d->settings->policy, block);
	p384_public(i->id_key, key);
	if (c->folder && write_files(c, source, files, n, err) < 0)
		return err->code;
	tree_map(c->tree, "to_sign");
	tree_bytes(c->tree, "id_key", block, sizeof(block));
	if (i->author_key)
		tree_bytes(c->tree, "author_key", key, sizeof(key));
	tree_end(c->tree);
	return 0;
}

static int idblock_make(struct idblock *c, const struct manifest *m, const struct identity *i,
                        const struct snp_digest *d, const struct manifest_source *source,
                        struct error *err)
{
	uint8_t id[P384_SIGNATURE_SIZE], author[P384_SIGNATURE_SIZE];
	struct identity_signatures given = { NULL, NULL };
	struct idkeys_signed made;
	struct content files[] = {
		{ c->base64 ? "id-block.b64" : "id-block.bin", made.block, sizeof(made.block) },
		{ c->base64 ? "id-auth.b64" : "id-auth.bin", made.auth, sizeof(made.auth) },
	};
	int r = signature_read(c->id_signature, id, &given.id, err);

	if (r == 0)
		r = signature_read(c->author_signature, author, &given.author, err);
	if (r == 0 && given.author && !i->author_key)
		r = error_set(err, ERROR_USAGE,
		              "--author-signature, but the manifest has no "
		              "snp.identity.author_key");
	if (r == 0)
		r = idkeys_make(m, i, d->settings->policy, d->value, &given, &made, err);
	if (r == 0)
		r = write_files(c, source, files, ARRAY_SIZE(files), err);
	if (r < 0)
		return r;
	tree_file(c->tree, "id_block", c, files[0].name);
	tree_file(c->tree, "id_auth", c, files[1].name);
	return 0;
}

static int refuse_manifest(const struct manifest *m, struct error *err)
{
	if (manifest_refuse_matrix(m, "an ID block is for", err) < 0)
		return err->code;
	if (!m->identity_given) {
		error_set(err, ERROR_MISSING_KEY, "there is no 'snp.identity.id_key' to sign with");
		error_fix(err, "add it, or --set snp.identity.id_key=KEY");
	} else if (m->id_key.ephemeral) {
		error_set(err, ERROR_BAD_VALUE, "'snp.identity.id_key' is ephemeral");
		error_why(err, "such a key exists for one run, and nobody could trust its digest");
		error_fix(err, "name a key; for one run, 'snpvmm run --prove' is enough");
		return manifest_at(m, KEY_SNP_IDENTITY_ID_KEY, err);
	} else {
		return 0;
	}
	return error_at(err, m->file, 0, 0);
}

static int idblock_of(struct idblock *c, const struct manifest *m, const struct images *images,
                      const struct manifest_source *source, struct findings *f, struct error *err)
{
	auto_digest struct snp_digest digest = { 0 };
	auto_plan const struct plan *plan = NULL;
	const struct identity *i = &images->identity;
	struct reference r = { 0 }; /* of the block alone */

	if (refuse_manifest(m, err) < 0)
		return err->code;
	if (!prepare_plan(m, images, platform_measured(manifest_platform(m)), &plan, f))
		return -1; /* a finding says why */
	if (snp_digest_of(plan, &digest, err) < 0 || measurement_check(m, &digest, err) < 0)
		return error_at(err, m->file, 0, 0);
	tree_map(c->tree, NULL);
	if (!show_for_people())
		tree_text(c->tree, "schema", "snpvmm.idblock/1");
	tree_text(c->tree, "manifest", m->file);
	tree_bytes(c->tree, "measurement", digest.value, sizeof(digest.value));
	memcpy(r.measurement, digest.value, sizeof(r.measurement));
	idkeys_reference(m, i, &r);
	result_reference(c->tree, &r);
	if ((c->print_tbs ? idblock_tbs : idblock_make)(c, m, i, &digest, source, err) < 0)
		return error_at(err, m->file, 0, 0);
	tree_end(c->tree);
	return 0;
}

static int idblock_main(const struct command *self, int argc, char **argv, struct error *err)
{
	auto_tree struct tree *tree = tree_new();
	struct idblock c = { .tree = tree };
	auto_findings struct findings f = { 0 };
	auto_source struct manifest_source *source = NULL;
	auto_manifest struct manifest m = { 0 };
	auto_images struct images images = { 0 };
	struct error one = { 0 };
	int status = command_parse(self, idblock_option, argc, argv, &c, &c.settings, err);

	if (status != STATUS_OK)
		return status;
	if (c.settings.print)
		return settings_print(&c.settings, c.manifests.paths[0], err);
	source = manifest_open(c.manifests.paths[0], &c.settings, err);
	if (!source)
		return STATUS_USAGE;
	manifest_source_load_all(source, 0, &m, &f);
	if (prepare_files(&m, false, &images, &f) && m.whole &&
	    idblock_of(&c, &m, &images, source, &f, &one) < 0 && one.code)
		findings_add(&f, SEVERITY_ERROR, &one);
	findings_sort(&f, 0);
	findings_print(&f, 0);
	return f.errors ? STATUS_USAGE : show_finish(tree, false, STATUS_OK, err);
}

const struct command command_idblock = {
	.name = "idblock",
	.args = "[MANIFEST]",
	.summary = "Make and sign the ID block of a launch",
	.doc = "Make the ID block and the ID authentication for the launch of MANIFEST, as "
	       "id-block.bin and id-auth.bin, signed by the keys of snp.identity. If another tool "
	       "holds a key, name its public key there, have the tool sign what --print-tbs "
	       "prints, and give the signature.",
	.options = idblock_options,
	.result = ANY_RESULT,
	.main = idblock_main,
};
