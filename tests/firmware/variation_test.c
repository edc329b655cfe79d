/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/variation_test.c: whatever key of the manifest is measured, `diff` says so, and
 * `explain --want` finds its value.
 */
#include "firmware/variation.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "config/kind.h"
#include "config/write.h"
#include "core/out/explanation.h"
#include "core/out/saved.h"
#include "core/snp/digest.h"
#include "firmware/diff.h"
#include "firmware/save.h"
#include "firmware/search.h"
#include "tests/firmware/assemble_priv.h"

/* Through a firmware, directly, and below an SVSM. */
static const char *const bases[] = {
	"version: 1\nboot: {firmware: fw.fd, kernel: bzImage}\n"
	"snp: {identity: {id_key: ephemeral}}\n",
	"version: 1\nboot: {kernel: bzImage, initrd: initrd}\n",
	"version: 1\nboot: {firmware: fw.fd}\n"
	"measure: {profile: svsm, svsm: svsm.bin, vars_size: 64K}\n",
};

#define DIGEST                                                                                     \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"         \
	"0123456789abcdef"

/* A value of each key that no base has. Files are what is in them: their keys have none. */
static const char *const others[KEYS] = {
	[KEY_NAME] = "other",
	[KEY_PLATFORM] = "kvm",
	[KEY_BOOT_CMDLINE] = "",
	[KEY_BOOT_KERNEL_HASHES] = "false",
	[KEY_BOOT_ACCEPT] = "eager",
	[KEY_VCPUS] = "3",
	[KEY_VCPU_TYPE] = "EPYC-Genoa",
	[KEY_MEMORY] = "640M",
	[KEY_SNP_POLICY] = "0xb0000",
	[KEY_SNP_GUEST_FEATURES] = "0x21",
	[KEY_SNP_HOST_DATA] = "random",
	[KEY_SNP_GOSVW] = "hex:01000000000000000000000000000000",
	[KEY_SNP_IDENTITY_FAMILY_ID] = "hex:01000000000000000000000000000000",
	[KEY_SNP_IDENTITY_IMAGE_ID] = "hex:01000000000000000000000000000000",
	[KEY_SNP_IDENTITY_SVN] = "1",
	[KEY_MEASURE_PROFILE] = "ec2",
	[KEY_MEASURE_OVMF_HASH] = DIGEST,
	[KEY_MEASURE_VARS_SIZE] = "128K",
	[KEY_SERIAL] = "none",
	[KEY_DEBUG_PORT] = "stderr",
	[KEY_EXIT_PORT] = "0x501",
	[KEY_LOG_LIMIT] = "1M",
	[KEY_DISKS] = "disk.img",
	[KEY_VSOCK] = "auto",
	[KEY_RNG] = "true",
	[KEY_HVC] = "true",
	[KEY_EXPECT_MEASUREMENT] = DIGEST,
	[KEY_EXPECT_CONSOLE] = "[other]",
	[KEY_EXPECT_NEVER] = "[other]",
	[KEY_EXPECT_EXIT] = "1",
	[KEY_EXPECT_REPORT] = "true",
	[KEY_TIMEOUT] = "1s",
	[KEY_SILENCE] = "1s",
};

/* They can't differ alone, if at all. */
static const enum key_id without_other[] = { KEY_VERSION, KEY_BOOT_VARS_KEEP, KEY_SNP_ID_BLOCK,
	                                     KEY_SNP_ID_AUTH, KEY_MATRIX };

/* They only decide how a run goes and is judged, or where its output goes. */
static const enum key_id not_compared[] = {
	KEY_NAME,
	KEY_SERIAL,
	KEY_DEBUG_PORT,
	KEY_LOG_LIMIT,
	KEY_EXPECT_MEASUREMENT,
	KEY_EXPECT_CONSOLE,
	KEY_EXPECT_NEVER,
	KEY_EXPECT_EXIT,
	KEY_EXPECT_REPORT,
	KEY_TIMEOUT,
	KEY_SILENCE,
};

/* Nobody can guess these. */
static const enum key_id not_searched[] = { KEY_MEASURE_OVMF_HASH, KEY_MEASURE_VARS_SIZE };

static bool has_key(const enum key_id *list, size_t n, enum key_id id)
{
	while (n > 0 && list[n - 1] != id)
		n--;
	return n > 0;
}

/* A launch of a base, with what `diff` knows of it. */
struct side {
	struct fixture f;
	struct saved saved;
	struct diff_side of;
};

static void images_make(const struct manifest *m, struct images *ret)
{
	struct image_spec image = image_default();
	struct bzimage_spec kernel = bzimage_default();
	struct error err = { 0 };

	if (m->firmware.path)
		ret->firmware = image_make(&image);
	image.seed++;
	if (m->svsm.path)
		ret->svsm = image_make(&image);
	if (m->kernel.path)
		ret->kernel = bzimage_make(&kernel);
	if (m->initrd.path)
		cr_assert_eq(blob_zero(5000, &ret->initrd, &err), 0);
	ret->kernel_accepts = true;
	ret->kernel_read = ret->kernel_hashed = m->kernel.path;
	ret->initrd_read = ret->initrd_hashed = m->initrd.path;
	sha256(ret->kernel.data, ret->kernel.size, ret->kernel_sha256);
	sha256(ret->initrd.data, ret->initrd.size, ret->initrd_sha256);
}

/* False: this base can't have this value. */
static bool side_make(struct side *s, const char *base, const struct manifest_setting *set)
{
	auto_digest struct snp_digest digest = { .ledger_wanted = true, .pages_wanted = true };
	const struct manifest_choice choice = { .set = set, .n_set = set != NULL };
	struct fixture *f = &s->f;

	if (manifest_parse("m.yaml", (const uint8_t *)base, strlen(base), &choice, &f->m, &f->err) <
	    0)
		return false;
	images_make(&f->m, &f->images);
	if (assemble(&f->m, &f->images, &platform_snp, &f->plan, &f->err) < 0)
		return false;
	cr_assert_eq(snp_digest_of(f->plan, &digest, &f->err), 0, "%s", f->err.text);
	cr_assert_eq(save_launch(&f->m, &f->images, f->plan, &digest, &s->saved, &f->err), 0);
	for (const struct saved_name *n = saved_names; n->json; n++) {
		const struct key *k = key_find(n->key);
		char *text = NULL;

		if (k && manifest_value(&f->m, (enum key_id)(k - keys), &text, &f->err) == 0 &&
		    text)
			saved_values_add(&s->saved.settings, k->name, text);
		free(text);
	}
	s->of = (struct diff_side){ "side", "manifest", &s->saved };
	return true;
}

static void side_fini(struct side *s)
{
	saved_fini(&s->saved);
	manifest_free(&s->f.m);
	fixture_fini(&s->f);
}
#define auto_side __attribute__((cleanup(side_fini)))

static bool search_finds(const struct side *from, const struct side *to)
{
	static const struct search_limits patient = { .budget_ms = 10000, .most_changes = 1 };
	auto_explanations struct explanations e = { 0 };
	struct variations v;
	struct error err = { 0 };

	variations_begin(&from->f.m, &from->f.images, &v);
	cr_assert_eq(variations_list(&v, &err), 0);
	cr_assert_eq(search(&v, to->saved.measurement, &patient, &e, &err), 0, "%s", err.text);
	variations_fini(&v);
	return e.found && e.list[0].n == 1;
}

/* What came of a key with another value, in all bases. */
struct checked {
	bool possible, told;
};

static void check_key(const char *base, enum key_id id, struct checked *ret)
{
	const struct manifest_setting set = { .key = keys[id].name, .value = others[id] };
	auto_side struct side a = { 0 }, b = { 0 };
	const struct diff_value *v = NULL;
	struct diff d;
	struct error err = { 0 };

	cr_assert(side_make(&a, base, NULL), "%s", a.f.err.text);
	if (!side_make(&b, base, &set))
		return;
	cr_assert_eq(diff_of(&a.of, &b.of, &d, &err), 0, "%s", err.text);
	for (size_t i = 0; i < d.settings.count; i++)
		if (strcmp(d.settings.list[i].name, set.key) == 0)
			v = &d.settings.list[i];
	cr_expect(d.same ? !v || !v->measured : v && v->measured, "diff: %s is%s measured\n%s",
	          set.key, d.same ? " not" : "", base);
	if (!d.same)
		cr_expect_neq(search_finds(&b, &a),
		              has_key(not_searched, ARRAY_SIZE(not_searched), id),
		              "explain --want: %s=%s\n%s", set.key, set.value, base);
	ret->possible = true;
	ret->told |= v != NULL;
	diff_fini(&d);
}

Test(variation, no_key_is_forgotten)
{
	for (enum key_id id = 0; id < KEYS; id++) {
		struct checked checked = { false,
			                   has_key(not_compared, ARRAY_SIZE(not_compared), id) };

		for (size_t i = 0; others[id] && i < ARRAY_SIZE(bases); i++)
			check_key(bases[i], id, &checked);
		if (others[id])
			cr_expect(checked.possible && checked.told, "%s=%s: %s", keys[id].name,
			          others[id],
			          checked.possible ? "diff does not tell it"
			                           : "no base can have it");
		else
			cr_expect(keys[id].kind->path_in ||
			                  has_key(without_other, ARRAY_SIZE(without_other), id),
			          "give %s another value here", keys[id].name);
	}
}
