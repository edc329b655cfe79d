/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/search_test.c: asks with the manifest of one golden case for the digest of another
 * one, and measures what is found to see that it is right.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/manifest.h"
#include "core/base/error.h"
#include "core/base/findings.h"
#include "core/out/explanation.h"
#include "core/snp/digest.h"
#include "core/vm/platforms.h"
#include "firmware/assemble.h"
#include "firmware/images.h"
#include "firmware/search.h"
#include "firmware/variation.h"
#include "tests/firmware/golden.h"

TestSuite(search, .fini = golden_teardown);

/* Only a search that goes astray takes this long. */
static const struct search_limits patient = { .budget_ms = 10000 };

enum { CASES = 64 };

/* A golden case, loaded. */
struct golden {
	const json_t *c;
	char id[16];
	char *text;
	size_t size;
	struct manifest m;
	struct images images;
	uint8_t digest[48];
};

static struct golden cases[CASES];
static size_t n_cases;

/* Loads the cases that are whole launches and whose files are there. */
static void golden_load(void)
{
	struct error err = { 0 };
	json_t *c;
	size_t i;

	all = vectors_load();
	json_array_foreach(json_object_get(all, "cases"), i, c)
	{
		struct golden *g = &cases[n_cases];
		const json_t *want = json_object_get(c, "expect");

		if (strcmp(json_string_value(json_object_get(c, "mode")), "snp") != 0 ||
		    json_object_get(want, "error") ||
		    json_is_string(json_object_get(c, "snp_ovmf_hash")))
			continue;
		*g = (struct golden){ .c = c };
		snprintf(g->id, sizeof(g->id), "%s", json_string_value(json_object_get(c, "id")));
		vectors_hex(want, "launch_digest", g->digest, sizeof(g->digest));
		g->text = golden_manifest(c, &g->size);
		cr_assert_eq(manifest_parse("case.yaml", (const uint8_t *)g->text, g->size, NULL,
		                            &g->m, &err),
		             0, "%s: %s", g->id, err.text);
		g->m.kernel_hashes |= g->m.kernel.path != NULL;
		if (images_load(&g->m, &g->images, &err) == 0) {
			cr_assert_lt(++n_cases, CASES);
		} else {
			cr_assert(strstr(err.text, "/usr/"), "%s: %s", g->id, err.text);
			fprintf(stderr, "skipped: %s (%s)\n", g->id, err.text);
			free(g->text);
			manifest_free(&g->m);
		}
	}
}

static void golden_unload(void)
{
	while (n_cases > 0) {
		struct golden *g = &cases[--n_cases];

		images_fini(&g->images);
		manifest_free(&g->m);
		free(g->text);
	}
}

static bool same(const struct golden *a, const struct golden *b, const char *key)
{
	return json_equal(json_object_get(a->c, key), json_object_get(b->c, key));
}

/* In how many settings two cases differ. */
static unsigned differences(const struct golden *a, const struct golden *b)
{
	static const char *const files[] = { "firmware", "kernel", "initrd" };
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		n += !same(a, b, files[i]);
	n += strcmp(a->m.cmdline, b->m.cmdline) != 0;
	n += a->m.vcpus != b->m.vcpus;
	n += a->m.vcpu_sig != b->m.vcpu_sig;
	n += a->m.guest_features != b->m.guest_features;
	n += a->m.profile != b->m.profile;
	return n;
}

/* Signatures, features and command lines can't be guessed, unless many have them. */
static bool guessable(const struct golden *from, const struct golden *to)
{
	static const uint32_t unknown[] = { 0xa20f12, 0xd0f73 };

	if (to->m.guest_features == 0x4029 && from->m.guest_features != 0x4029)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		if (to->m.vcpu_sig == unknown[i] && from->m.vcpu_sig != unknown[i])
			return false;
	return !to->m.kernel.path || strcmp(from->m.cmdline, to->m.cmdline) == 0 ||
	       to->m.cmdline[0] == '\0' || strcmp(to->m.cmdline, "console=ttyS0") == 0;
}

static void add_alternative(struct variations *v, enum axis axis, const struct golden *from,
                            const struct golden *to, const char *key)
{
	auto_findings struct findings f = { 0 };
	const char *name = json_string_value(json_object_get(to->c, key));
	char absolute[PATH_MAX];

	if (name && !same(from, to, key))
		cr_assert(variations_add_file(v, axis, golden_path(name, absolute), &f), "%s: %s",
		          to->id, f.count ? f.list[0].error.text : "");
}

/* Measures the manifest with the changes of an explanation. */
static void check_reproduced(const struct golden *from, const struct golden *to,
                             const struct explanation *x)
{
	struct manifest_setting set[EXPLAINED_CHANGES];
	struct manifest_choice choice = { .set = set };
	auto_manifest struct manifest m = { 0 };
	auto_images struct images images = { 0 };
	auto_plan const struct plan *plan = NULL;
	auto_digest struct snp_digest digest = { 0 };
	struct error err = { 0 };

	for (size_t i = 0; i < x->n; i++) {
		const struct explained_change *c = &x->changes[i];

		cr_expect(c->key, "%s from %s: %s", to->id, from->id, c->name);
		if (c->left_out || !c->key) /* no --set says so */
			return;
		set[choice.n_set++] = (struct manifest_setting){ c->key, c->wanted, NULL };
	}
	cr_assert_eq(manifest_parse("case.yaml", (const uint8_t *)from->text, from->size, &choice,
	                            &m, &err),
	             0, "%s from %s: %s", to->id, from->id, err.text);
	cr_assert_eq(images_load(&m, &images, &err), 0, "%s", err.text);
	cr_assert_eq(assemble(&m, &images, &platform_snp, &plan, &err), 0, "%s", err.text);
	cr_assert_eq(snp_digest_of(plan, &digest, &err), 0, "%s", err.text);
	cr_expect_arr_eq(digest.value, to->digest, 48, "%s from %s", to->id, from->id);
}

static void check_pair(const struct golden *from, const struct golden *to, unsigned differ)
{
	auto_explanations struct explanations e = { 0 };
	struct images images = from->images;
	struct variations v;
	struct error err = { 0 };

	variations_begin(&from->m, &images, &v);
	add_alternative(&v, AXIS_FIRMWARE, from, to, "firmware");
	add_alternative(&v, AXIS_KERNEL, from, to, "kernel");
	add_alternative(&v, AXIS_INITRD, from, to, "initrd");
	cr_assert_eq(variations_list(&v, &err), 0);
	cr_assert_eq(search(&v, to->digest, &patient, &e, &err), 0, "%s", err.text);
	cr_expect(e.found, "%s from %s: not found", to->id, from->id);
	cr_expect(!e.reversed && !e.place[0] && (!e.found || e.n > 0));
	for (size_t i = 0; i < e.n; i++) {
		/* with a kernel come its hashes: one setting, if it is left out; two, if it comes */
		cr_expect_leq(e.list[i].n, differ, "%s from %s: %zu changes, not %u", to->id,
		              from->id, e.list[i].n, differ);
		check_reproduced(from, to, &e.list[i]);
	}
	if (getenv("SEARCH_TIMES")) /* tests/bench/bench.sh */
		printf("%llu us, %s from %s\n", (unsigned long long)e.us, to->id, from->id);
	variations_fini(&v);
}

Test(search, finds_the_settings_of_other_golden_cases)
{
	enum { MOST = 3 };
	unsigned every = getenv("SEARCH_TIMES") ? 1 : 3, pairs = 0;

	golden_load();
	for (size_t i = 0; i < n_cases; i++)
		for (size_t j = 0; j < n_cases; j++) {
			unsigned differ = differences(&cases[i], &cases[j]);

			if (differ > MOST || !guessable(&cases[i], &cases[j]) ||
			    (i + j) % every != 0)
				continue;
			check_pair(&cases[i], &cases[j], differ);
			pairs++;
		}
	cr_expect_geq(pairs, 60);
	golden_unload();
}
