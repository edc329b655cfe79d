/* SPDX-License-Identifier: MIT */
/* firmware/save.c: walks a plan and the ledger of its digest side by side. */
#include "firmware/save.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/kind.h"
#include "config/manifest.h"
#include "config/write.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/sha2.h"
#include "core/out/saved.h"
#include "core/plan/plan.h"
#include "core/snp/digest.h"
#include "core/snp/vmsa.h"
#include "firmware/fields.h"
#include "firmware/images.h"
#include "firmware/ovmf.h"

struct saving {
	const struct snp_digest *digest;
	const struct plan_settings *settings;
	struct saved *saved;
	size_t page;                   /* in the ledger's list: the next one */
	const struct vcpu_state *last; /* whose fields were saved last */
};

/*
 * Adds the next line of the ledger, with its pages if there are several, and their contents count.
 */
static int line_add(struct saving *c, struct saved_region **ret, struct error *err)
{
	const struct snp_ledger_line *l = &c->digest->ledger[c->saved->n_regions];
	const struct snp_ledger_page *pages = &c->digest->page_list[c->page];
	size_t n = l->size / PAGE_SIZE;
	struct saved_region *to = saved_region_add(c->saved);

	if (!to)
		return error_nomem(err, "a launch");
	*ret = to;
	to->gpa = l->gpa;
	to->size = l->size;
	snprintf(to->type, sizeof(to->type), "%s", l->type);
	snprintf(to->label, sizeof(to->label), "%s", l->label);
	to->has_after = true;
	memcpy(to->digest_after, l->digest_after, sizeof(to->digest_after));
	to->has_content = l->has_content;
	memcpy(to->sha384, l->sha384, sizeof(to->sha384));
	c->page += n;
	if (n == 1 || bytes_zero(pages->contents, sizeof(pages->contents)))
		return 0;
	to->pages = calloc(n, sizeof(*to->pages));
	if (!to->pages)
		return error_nomem(err, "a launch");
	for (size_t i = 0; i < n; i++)
		memcpy(to->pages[i], pages[i].contents, sizeof(pages[i].contents));
	return 0;
}

static int region_add(void *self, const struct region *r, struct error *err)
{
	struct saving *c = self;
	struct saved_region *to;
	int e = line_add(c, &to, err);

	if (e < 0)
		return e;
	to->bytes = r->bytes;
	fields_of_region(r, &to->fields);
	return to->fields.failed ? error_nomem(err, "a launch") : 0;
}

/* vCPUs with the same VMSA follow each other, so the first of them has the fields for all. */
static int vcpu_add(void *self, unsigned index, const struct vcpu_state *s, struct error *err)
{
	struct saving *c = self;
	struct saved_region *to;
	struct snp_vmsa vmsa;
	int e = line_add(c, &to, err);

	(void)index;
	if (e < 0 || c->last == s)
		return e;
	c->last = s;
	snp_vmsa_of(s, c->settings->sev_features, c->settings->flavour, &vmsa);
	fields_of_vmsa(&vmsa, &to->fields);
	return to->fields.failed ? error_nomem(err, "a launch") : 0;
}

/* Not those that only decide how a run goes and is judged, nor those that name files. */
static bool key_is_saved(enum key_id id)
{
	static const enum key_id others[] = { KEY_VERSION,     KEY_NAME,      KEY_SNP_ID_BLOCK,
		                              KEY_SNP_ID_AUTH, KEY_LOG_LIMIT, KEY_TIMEOUT,
		                              KEY_SILENCE,     KEY_MATRIX };
	const struct key_group *group = key_group_of(keys[id].name);

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i] == id)
			return false;
	for (const struct saved_name *n = saved_names; n->json; n++)
		if (strcmp(n->key, keys[id].name) == 0)
			return false;
	return (!keys[id].kind->path_in || keys[id].kind == &kind_bytes) &&
	       !(group && strcmp(group->name, "expect") == 0);
}

static int settings_add(const struct manifest *m, const struct images *images,
                        struct saved_values *to, struct error *err)
{
	const struct {
		enum key_id id;
		bool known;
		const uint8_t *sha256;
	} files[] = {
		{ KEY_BOOT_FIRMWARE, m->firmware.path && images->firmware_hashed,
		  images->firmware_sha256 },
		{ KEY_BOOT_KERNEL, m->kernel.path && images->kernel_hashed, images->kernel_sha256 },
		{ KEY_BOOT_INITRD, m->initrd.path && images->initrd_hashed, images->initrd_sha256 },
		{ KEY_SNP_CERTS, m->certs.path && images->certs_hashed, images->certs_sha256 },
		{ KEY_MEASURE_SVSM, m->svsm.path && images->svsm_hashed, images->svsm_sha256 },
	};

	if (m->host_data_random) /* else it is known, and saved with the other fields of a report */
		saved_values_add(to, keys[KEY_SNP_HOST_DATA].name, HOST_DATA_RANDOM);
	if (m->builtin)
		saved_values_format(to, keys[KEY_BOOT_FIRMWARE].name, FIRMWARE_BUILTIN "%s",
		                    m->builtin);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (files[i].known)
			saved_values_hex(to, keys[files[i].id].name, files[i].sha256, 32);
	if (m->n_disks) /* what is on them is not known before the guest runs */
		saved_values_format(to, keys[KEY_DISKS].name, "%zu", m->n_disks);
	for (size_t i = 0; i < KEYS; i++) {
		auto_free char *text = NULL;

		if (i == KEY_BOOT_CMDLINE && m->kernel.path)
			saved_values_add(to, keys[i].name, m->cmdline);
		else if (key_is_saved((enum key_id)i) &&
		         manifest_value(m, (enum key_id)i, &text, err) < 0)
			return err->code;
		if (text)
			saved_values_add(to, keys[i].name, text);
	}
	return to->failed ? error_nomem(err, "a launch") : 0;
}

int save_launch(const struct manifest *m, const struct images *images, const struct plan *p,
                const struct snp_digest *d, struct saved *ret, struct error *err)
{
	static const struct plan_ops ops = { .region = region_add, .vcpu = vcpu_add };
	auto_saved struct saved r = { .measured = true, .has_regions = true };
	struct saving c = { .digest = d, .settings = plan_settings(p), .saved = &r };

	memcpy(r.measurement, d->value, sizeof(r.measurement));
	if (plan_replay(p, &ops, &c, err) < 0 || settings_add(m, images, &r.settings, err) < 0)
		return err->code;
	*ret = r;
	r = (struct saved){ 0 };
	return 0;
}

int save_image(const char *path, const uint8_t *image, size_t size, struct saved *ret,
               struct error *err)
{
	auto_saved struct saved r = { .has_regions = true };
	struct region region = { .kind = PAGE_DATA, .bytes = image, .label = "firmware" };
	struct saved_region *to = saved_region_add(&r);
	const char *lack;
	struct ovmf o;

	if (ovmf_parse_for_launch(path, image, size, false, &o, &lack, err) < 0)
		return err->code;
	region.gpa = o.gpa;
	region.size = o.size;
	if (to)
		to->pages = calloc(size / PAGE_SIZE, sizeof(*to->pages));
	if (!to || !to->pages)
		return error_nomem(err, "an image");
	to->gpa = o.gpa;
	to->size = o.size;
	to->bytes = image;
	to->has_content = true;
	snprintf(to->type, sizeof(to->type), "%s", region_kind(region.kind)->name);
	snprintf(to->label, sizeof(to->label), "%s", region.label);
	sha384(image, size, to->sha384);
	for (size_t i = 0; i < size / PAGE_SIZE; i++)
		sha384(image + i * PAGE_SIZE, PAGE_SIZE, to->pages[i]);
	fields_of_region(&region, &to->fields);
	if (to->fields.failed)
		return error_nomem(err, "an image");
	*ret = r;
	r = (struct saved){ 0 };
	return 0;
}
