/* SPDX-License-Identifier: MIT */
/* cmd/diff.c: says whether two launches have the same digest, and what differs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/print.h"
#include "cmd/reader.h"
#include "cmd/settings.h"
#include "cmd/show.h"
#include "config/value.h"
#include "core/attest/reference.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/cleanup.h"
#include "core/base/file.h"
#include "core/base/filekind.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/out/diff.h"
#include "core/out/saved.h"
#include "core/out/tree.h"
#include "core/snp/abi.h"
#include "core/snp/digest.h"
#include "core/snp/idblock.h"
#include "core/snp/report.h"
#include "core/vm/platforms.h"
#include "firmware/diff.h"
#include "firmware/idkeys.h"
#include "firmware/images.h"
#include "firmware/save.h"
#include "firmware/prepare.h"

#define FILE_MAX IMAGES_KERNEL_MAX  /* as large as a file of any kind */
#define TEXT_MAX ((size_t)64 << 10) /* larger files are not read as hex or base64 */

/* One side, with everything that `saved` borrows from. */
struct side {
	const char *path; /* NULL: the settings alone */
	bool with_settings;
	bool igvm; /* the file stands for a manifest that names it as boot.firmware */
	const char *kind;
	struct blob bytes, decoded; /* the file, and what it is the text of */
	struct images images;
	const struct plan *plan;
	struct saved saved;
};

struct diff_command {
	struct settings settings;
	struct side sides[2];
	unsigned n_paths;
};

static error_t diff_option(int key, char *argument, struct argp_state *state)
{
	struct diff_command *c = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (c->n_paths == 2)
			return option_refuse("diff compares two, and '%s' is a third",
			                     shown_of(argument).text);
		c->sides[c->n_paths++].path = argument;
		return 0;
	case ARGP_KEY_END:
		if (c->settings.print || c->n_paths == 2)
			return 0;
		if (c->n_paths == 1 && c->settings.count)
			return 0;
		return option_refuse(c->n_paths ? "a second file is missing"
		                                : "two files are missing");
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* --- manifests --- */

/* Measures the only run of a manifest. */
static int launch_measure(struct side *s, const struct manifest *m, struct findings *f,
                          struct error *err)
{
	auto_digest struct snp_digest digest = { .ledger_wanted = true, .pages_wanted = true };
	struct saved_values *to = &s->saved.settings;
	struct reference reference;

	if (!prepare_files(m, true, &s->images, f) || !m->whole ||
	    !prepare_plan(m, &s->images, platform_measured(manifest_platform(m)), &s->plan, f))
		return 0;
	if (snp_digest_of(s->plan, &digest, err) < 0 ||
	    save_launch(m, &s->images, s->plan, &digest, &s->saved, err) < 0)
		return error_at(err, m->file, 0, 0);
	reference = reference_of(s->plan, digest.value);
	idkeys_reference(m, &s->images.identity, &reference);
	saved_values_add(to, "measure.profile", manifest_profile_name(m->profile));
	saved_values_format(to, "vcpus", "%u", m->vcpus);
	saved_values_add(to, "vcpu_type", m->vcpu_type);
	saved_values_format(to, "vcpu_sig", "0x%" PRIx32, m->vcpu_sig);
	saved_values_format(to, "snp.guest_features", "0x%" PRIx64, m->guest_features);
	saved_add_reference(to, &reference);
	return 0;
}

static int side_manifest(struct side *s, const struct settings *settings, struct error *err)
{
	auto_findings struct findings f = { 0 };
	auto_source struct manifest_source *source = NULL;
	auto_manifest struct manifest m = { 0 };
	struct manifest_setting set[1 + SETTINGS_MAX] = { { "boot.firmware", s->path, "-f" } };
	const struct manifest_choice choice = {
		.set = s->igvm ? set : set + 1,
		.n_set = s->igvm + (s->with_settings ? settings->count : 0),
		.confine = settings->confine.path ? &settings->confine : NULL,
		.text = s->igvm ? NULL : &s->bytes,
	};
	int r = 0;

	memcpy(set + 1, settings->set, sizeof(settings->set));
	s->kind = s->igvm ? "IGVM file" : "manifest";
	source = manifest_source_new(s->igvm ? NULL : s->path, &choice);
	if (!source)
		return error_nomem(err, "a manifest");
	manifest_source_load_all(source, 0, &m, &f);
	if (manifest_refuse_matrix(&m, "diff compares", err) < 0)
		return err->code;
	r = launch_measure(s, &m, &f, err);
	if (r < 0)
		findings_add(&f, SEVERITY_ERROR, err);
	findings_sort(&f, 0);
	r = findings_first(&f, err);
	if (r == 0 && log_on(LOG_INFO)) /* without -v, warnings are left to `check` */
		findings_print(&f, 0);
	return r;
}

/* --- other kinds --- */

static void side_digest(struct side *s, const uint8_t digest[static SNP_DIGEST_SIZE])
{
	s->kind = "digest";
	s->saved.measured = true;
	memcpy(s->saved.measurement, digest, SNP_DIGEST_SIZE);
}

static void side_report(struct side *s, const struct snp_report *r)
{
	struct saved_values *to = &s->saved.settings;
	struct reference reference = { .policy = le64_get(r->policy),
		                       .policy_known = true,
		                       .host_data_known = true,
		                       .id_block = true,
		                       .id_key_known = true,
		                       .author_key_known = true,
		                       .svn = le32_get(r->guest_svn) };
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{ "report version", le32_get(r->version) },
		{ "vmpl", le32_get(r->vmpl) },
		{ "platform_info", le64_get(r->platform_info) },
		{ "current_tcb", le64_get(r->current_tcb) },
		{ "reported_tcb", le64_get(r->reported_tcb) },
		{ "committed_tcb", le64_get(r->committed_tcb) },
		{ "launch_tcb", le64_get(r->launch_tcb) },
	};

	side_digest(s, r->measurement);
	s->kind = "report";
	memcpy(reference.host_data, r->host_data, sizeof(r->host_data));
	memcpy(reference.family_id, r->family_id, sizeof(r->family_id));
	memcpy(reference.image_id, r->image_id, sizeof(r->image_id));
	memcpy(reference.id_key_digest, r->id_key_digest, sizeof(r->id_key_digest));
	memcpy(reference.author_key_digest, r->author_key_digest, sizeof(r->author_key_digest));
	saved_add_reference(to, &reference);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		saved_values_format(to, numbers[i].name, "0x%" PRIx64, numbers[i].value);
	saved_values_hex(to, "report_data", r->report_data, sizeof(r->report_data));
	saved_values_hex(to, "chip_id", r->chip_id, sizeof(r->chip_id));
}

static void side_id_block(struct side *s, const uint8_t *block)
{
	struct reference reference = { .host_data_known = false };

	side_digest(s, block);
	s->kind = "ID block";
	reference_add_id_block(&reference, block, NULL, NULL);
	saved_add_reference(&s->saved.settings, &reference);
}

/* Whether the bytes are a report, an ID block or, if `decoded` from hex or base64, a digest. */
static bool side_evidence(struct side *s, const uint8_t *bytes, size_t size, bool decoded)
{
	const struct snp_id_block *block = snp_id_block_find(bytes, size);
	struct snp_report_file file;

	if (snp_report_open(bytes, size, &file) && snp_report_version_known(file.report))
		side_report(s, file.report);
	else if (block)
		side_id_block(s, (const uint8_t *)block);
	else if (decoded && size == SNP_DIGEST_SIZE)
		side_digest(s, bytes);
	else
		return false;
	return true;
}

/* JSON of a launch: an object with a schema, or a list, which no manifest is. */
static bool is_saved(const struct blob *b)
{
	size_t at = 0;

	while (at < b->size && memchr(" \t\r\n", b->data[at], 4))
		at++;
	return at < b->size && (b->data[at] == '[' ||
	                        (b->data[at] == '{' && memmem(b->data, b->size, "\"schema\"", 8)));
}

static int refuse_kind(const struct blob *b, const struct file_kind *k, struct error *err)
{
	error_set(err, ERROR_UNSUPPORTED, "diff cannot compare this file: it is %s",
	          k                                    ? k->text
	          : snp_id_auth_find(b->data, b->size) ? "an ID authentication"
	                                               : "of an unknown type");
	return error_fix(err,
	                 "give a manifest, launch.json of a run, a firmware image, an "
	                 "attestation report, an ID block, or a digest%s%s",
	                 k && k->key ? "; a manifest names this file as " : "",
	                 k && k->key ? k->key : "");
}

/* Recognises the file by its content. */
static int side_recognise(struct side *s, const struct settings *settings, struct error *err)
{
	const struct file_kind *k = file_kind_of(s->bytes.data, s->bytes.size);
	const char *form;
	long n = 0;

	if (side_evidence(s, s->bytes.data, s->bytes.size, false))
		return 0;
	if (is_saved(&s->bytes)) {
		s->kind = "launch";
		return saved_read(s->path, s->bytes.data, s->bytes.size, &s->saved, err);
	}
	if (s->bytes.size > 0 && s->bytes.size <= TEXT_MAX) {
		if (blob_zero(s->bytes.size, &s->decoded, err) < 0)
			return err->code;
		n = bytes_of_text(s->bytes.data, s->bytes.size, s->decoded.data, s->bytes.size,
		                  &form);
	}
	if (n > 0 && side_evidence(s, s->decoded.data, (size_t)n, true))
		return 0;
	if (n > 0) {
		error_set(err, ERROR_BAD_VALUE, "%ld bytes in %s: a digest has %d", n, form,
		          SNP_DIGEST_SIZE);
		return error_fix(err, "give a digest of 96 hexadecimal digits, or a report");
	}
	s->igvm = k && strcmp(k->name, "igvm") == 0 && s->path != manifest_stdin;
	if (s->igvm)
		return side_manifest(s, settings, err);
	if (k && k->fits & ROLE_FIRMWARE && strcmp(k->name, "igvm") != 0) {
		s->kind = "firmware";
		return save_image(s->path, s->bytes.data, s->bytes.size, &s->saved, err);
	}
	if (k && k->fits & ROLE_MANIFEST)
		return side_manifest(s, settings, err);
	return refuse_kind(&s->bytes, k, err);
}

/*
 * Takes the argument itself as a digest, if no file has that name. False: it is none. True and
 * *err filled: it is a wrong one.
 */
static bool side_argument(struct side *s, struct error *err)
{
	size_t n = strlen(s->path);
	uint8_t digest[SNP_DIGEST_SIZE];
	struct stat st;

	if (strcmp(s->path, "-") == 0 || stat(s->path, &st) == 0)
		return false;
	if (value_digest("digest", s->path, digest, err) == 0) {
		side_digest(s, digest);
		return true;
	}
	if (strncmp(s->path, "0x", 2) != 0 &&
	    (n < 32 || strspn(s->path, "0123456789abcdefABCDEF") != n))
		*err = (struct error){ 0 }; /* a file that isn't there */
	return err->code < 0;
}

static int side_read(struct side *s, const struct settings *settings, struct error *err)
{
	const struct confine *in = settings->confine.path ? &settings->confine : NULL;
	struct stat st;
	int r;

	if (!s->path)
		return side_manifest(s, settings, err);
	if (side_argument(s, err))
		return err->code;
	if (strcmp(s->path, "-") == 0) {
		s->path = manifest_stdin;
		r = blob_read_stdin(FILE_MAX, &s->bytes, err);
	} else {
		r = blob_read_in(in, s->path, FILE_MAX, &s->bytes, NULL, err);
		if (r < 0 && stat(s->path, &st) == 0 && S_ISDIR(st.st_mode))
			error_fix(err, "for the results of a run, give launch.json in that folder");
		else if (r < 0)
			file_fix("", err);
	}
	if (r == 0)
		r = side_recognise(s, settings, err);
	if (r == 0 && s->saved.settings.failed)
		r = error_nomem(err, "a launch");
	return r < 0 ? error_at(err, s->path, 0, 0) : 0;
}

static void side_fini(struct side *s)
{
	saved_fini(&s->saved);
	plan_free(s->plan);
	images_fini(&s->images);
	blob_fini(&s->bytes);
	blob_fini(&s->decoded);
}

/* --- both --- */

/*
 * If there is only one file, options give the other side: for a manifest, the same manifest with
 * these settings; for any other file, the manifest that -k and the like stand for.
 */
static int sides_read(struct diff_command *c, struct error *err)
{
	struct side *a = &c->sides[0], *b = &c->sides[1];
	int r;

	if (c->n_paths == 2 && strcmp(a->path, "-") == 0 && strcmp(b->path, "-") == 0) {
		error_set(err, ERROR_USAGE, "standard input can only be one of the two");
		return error_fix(err, "give the other one as a file");
	}
	a->with_settings = c->n_paths == 2;
	b->with_settings = true;
	r = side_read(a, &c->settings, err);
	if (r < 0 || c->n_paths == 2)
		return r < 0 ? r : side_read(b, &c->settings, err);
	if (a->plan) {
		b->path = a->path;
		b->igvm = a->igvm;
		b->bytes = blob_steal(&a->bytes);
		return side_manifest(b, &c->settings, err);
	}
	if (c->settings.shorthand)
		return side_read(b, &c->settings, err);
	error_set(err, ERROR_USAGE, "diff: a second file is missing");
	return error_fix(err, "give a manifest, or a kernel with -k");
}

/* The name of a side, clean, for the caller to free; NULL: out of memory. */
static char *side_name(const struct diff_command *c, const struct side *s)
{
	if (!s->path)
		return strdup(MANIFEST_OPTIONS);
	if (strcmp(s->kind, "digest") == 0 && !s->bytes.data)
		return strdup("given");
	return c->n_paths == 1 && s == &c->sides[1] ? strdup("the same with these options")
	                                            : text_clean_copy(s->path);
}

static int sides_compare(struct diff_command *c, struct error *err)
{
	auto_free char *name_a = side_name(c, &c->sides[0]);
	auto_free char *name_b = side_name(c, &c->sides[1]);
	const struct diff_side a = { name_a, c->sides[0].kind, &c->sides[0].saved };
	const struct diff_side b = { name_b, c->sides[1].kind, &c->sides[1].saved };
	auto_diff struct diff d = { .note = NULL };
	auto_tree struct tree *t = tree_new();
	int status;

	if (!name_a || !name_b)
		error_nomem(err, "differences");
	if (!name_a || !name_b || diff_of(&a, &b, &d, err) < 0)
		return STATUS_USAGE;
	status = d.same ? STATUS_OK : STATUS_FAILED;
	if (!show_for_people()) {
		result_diff(t, NULL, &d);
		return show_finish(t, false, status, err);
	}
	diff_text_write(stdout, &d, log_on(LOG_INFO), color_wanted(STDOUT_FILENO));
	return status;
}

static int diff_main(const struct command *self, int argc, char **argv, struct error *err)
{
	struct diff_command c = { .n_paths = 0 };
	int status = command_parse(self, diff_option, argc, argv, &c, &c.settings, err);

	if (status != STATUS_OK)
		return status;
	if (c.settings.print)
		return settings_print(&c.settings, c.sides[0].path, err);
	status = sides_read(&c, err) == 0 ? sides_compare(&c, err) : STATUS_USAGE;
	side_fini(&c.sides[0]);
	side_fini(&c.sides[1]);
	return status;
}

const struct command command_diff = {
	.name = "diff",
	.args = "A B",
	.summary = "Say what differs between two launches",
	.doc = "Say whether two launches have the same digest, and if not, what differs first: a "
	       "file in the firmware, a hash of the kernel, a register. A and B are manifests, "
	       "launch.json of runs, firmware images, attestation reports, ID blocks, or digests, "
	       "told apart by content. Settings that differ but are not measured are listed as "
	       "well. - is standard input. A manifest alone is compared with itself under --set "
	       "and the "
	       "like.",
	.result = ANY_RESULT,
	.reads = true,
	.main = diff_main,
};
