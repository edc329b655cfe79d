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
#include "core/plan/plan.h"
#include "core/snp/digest.h"
#include "core/snp/vmsa.h"
#include "core/vm/platforms.h"
#include "firmware/assemble.h"
#include "firmware/hashes.h"
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

/* --- rules that no key stands for, made by hand --- */

/* What another host or launcher does. */
struct other_rule {
	const char *word;
	void (*vmsa)(struct snp_vmsa *v, bool ap); /* NULL: as usual */
	void (*region)(struct region *r);          /* the same; size 0: it is left out */
	int nuls;                                  /* behind the command line; -1: as usual */
};

/* A launch by such a rule. */
struct other {
	const struct other_rule *rule;
	const struct golden *g;
	struct snp_digest digest;
};

static void fpu_zero(struct snp_vmsa *v, bool ap)
{
	(void)ap;
	v->mxcsr = le32_of(0);
	v->fcw = le16_of(0);
}

static void fpu_zero_in_aps(struct snp_vmsa *v, bool ap)
{
	if (ap)
		fpu_zero(v, ap);
}

static void fcw_zero(struct snp_vmsa *v, bool ap)
{
	(void)ap;
	v->fcw = le16_of(0);
}

static void cr0_cd_nw(struct snp_vmsa *v, bool ap)
{
	(void)ap;
	v->cr0 = le64_of(0x60000010);
}

static void cr4_zero(struct snp_vmsa *v, bool ap)
{
	(void)ap;
	v->cr4 = le64_of(0);
}

static void dr7_zero(struct snp_vmsa *v, bool ap)
{
	(void)ap;
	v->dr7 = le64_of(0);
}

static void kvm_reset(struct snp_vmsa *v, bool ap)
{
	(void)ap;
	v->cs.attrib = le16_of(0x9a);
	v->ss.attrib = le16_of(0x92);
	v->tr.attrib = le16_of(0x83);
	v->rdx = le64_of(0x600);
}

static void ec2_rdx_zero(struct snp_vmsa *v, bool ap)
{
	kvm_reset(v, ap);
	v->cs.attrib = le16_of(ap ? 0x9b : 0x9a);
	v->rdx = le64_of(0);
}

static void gce_pat(struct snp_vmsa *v, bool ap)
{
	(void)ap;
	v->g_pat = le64_of(0x70406);
	v->rdx = le64_of(0x600);
}

static void ap_at_8000(struct snp_vmsa *v, bool ap)
{
	if (ap) {
		v->cs.base = le64_of(0);
		v->rip = le64_of(0x8000);
	}
}

static void ap_as_bsp(struct snp_vmsa *v, bool ap)
{
	if (ap) {
		v->cs.base = le64_of(0xffff0000);
		v->rip = le64_of(0xfff0);
	}
}

static void caa_left_out(struct region *r)
{
	if (strcmp(r->label, "svsm caa") == 0)
		r->size = 0;
}

static void caa_unmeasured(struct region *r)
{
	if (strcmp(r->label, "svsm caa") == 0)
		r->kind = PAGE_UNMEASURED;
}

static void memory_unmeasured(struct region *r)
{
	if (strcmp(r->label, "sec mem") == 0)
		r->kind = PAGE_UNMEASURED;
}

static int other_region(void *self, const struct region *r, struct error *err)
{
	static _Alignas(4096) uint8_t page[4096];
	struct other *o = self;
	struct kernel_hashes h;
	struct region own = *r;

	if (o->rule->region)
		o->rule->region(&own);
	if (o->rule->nuls >= 0 && strcmp(r->label, "kernel hashes") == 0) {
		char text[64] = { 0 };

		snprintf(text, sizeof(text), "%s", o->g->m.cmdline);
		kernel_hashes_of(&h, o->g->images.kernel_sha256, o->g->images.initrd_sha256, text);
		sha256(text, strlen(text) + (size_t)o->rule->nuls, h.cmdline);
		cr_assert_eq(kernel_hashes_page(&h, 0x810c00, 0x400, 0x810000, page, err), 0);
		own.bytes = page;
	}
	return own.size ? snp_digest_ops.region(&o->digest, &own, err) : 0;
}

static int other_vcpu(void *self, unsigned index, const struct vcpu_state *s, struct error *err)
{
	struct other *o = self;
	struct snp_vmsa v;
	uint8_t hash[48];

	(void)err;
	snp_vmsa_of(s, 1, VMSA_KVM, &v);
	if (o->rule->vmsa)
		o->rule->vmsa(&v, index > 0);
	sha384(&v, sizeof(v), hash);
	snp_digest_vmsa(&o->digest, hash);
	return 0;
}

/* Of two vCPUs, with a kernel, on an image with every kind of section. */
Test(search, finds_rules_of_other_hosts_and_launchers)
{
	static const struct other_rule rows[] = {
		{ "zero", fpu_zero, NULL, -1 },
		{ "set-on-vcpu-0", fpu_zero_in_aps, NULL, -1 },
		{ "mxcsr-alone", fcw_zero, NULL, -1 },
		{ "cr0-cd-nw", cr0_cd_nw, NULL, -1 },
		{ "cr4-without-mce", cr4_zero, NULL, -1 },
		{ "dr7-0", dr7_zero, NULL, -1 },
		{ "kvm-reset", kvm_reset, NULL, -1 },
		{ "ec2-rdx-0", ec2_rdx_zero, NULL, -1 },
		{ "gce-pat-4", gce_pat, NULL, -1 },
		{ "0x8000", ap_at_8000, NULL, -1 },
		{ "as-vcpu-0", ap_as_bsp, NULL, -1 },
		{ "svsm-caa-left-out", NULL, caa_left_out, -1 },
		{ "svsm-caa-unmeasured", NULL, caa_unmeasured, -1 },
		{ "sec-mem-unmeasured", NULL, memory_unmeasured, -1 },
		{ "no-nul", NULL, NULL, 0 },
		{ "two-nuls", NULL, NULL, 2 },
	};
	static const struct plan_ops ops = { NULL, other_region, other_vcpu, NULL };
	auto_plan const struct plan *plan = NULL;
	const struct golden *g = cases;
	struct variations v;
	struct error err = { 0 };

	golden_load();
	while (strcmp(g->id, "pub-012") != 0)
		g++;
	cr_assert_eq(assemble(&g->m, &g->images, &platform_snp, &plan, &err), 0, "%s", err.text);
	variations_begin(&g->m, &g->images, &v);
	cr_assert_eq(variations_list(&v, &err), 0);
	for (const struct other_rule *o = rows; o < rows + ARRAY_SIZE(rows); o++) {
		auto_explanations struct explanations e = { 0 };
		const struct explained_change *c;
		struct other other = { .rule = o, .g = g };

		cr_assert_eq(plan_replay(plan, &ops, &other, &err), 0, "%s", err.text);
		cr_assert_eq(search(&v, other.digest.value, &patient, &e, &err), 0, "%s", err.text);
		cr_expect(e.found, "%s is not found", o->word);
		if (!e.found)
			continue;
		cr_expect_eq(e.n, 1, "%s: %zu explanations", o->word, e.n);
		c = &e.list[0].changes[0];
		cr_expect_eq(e.list[0].n, 1);
		cr_expect_str_eq(c->wanted, o->word);
		cr_expect(!c->key && c->sentence);
	}
	variations_fini(&v);
	golden_unload();
}

/* Two names for the same bytes: an EC2 launch whose sections are in the usual order anyway. */
Test(search, tells_all_explanations_of_the_fewest_changes)
{
	auto_explanations struct explanations e = { 0 };
	struct variations v;
	struct golden *qemu = cases, *ec2 = cases;
	struct error err = { 0 };

	golden_load();
	while (strcmp(qemu->id, "pub-027") != 0)
		qemu++;
	while (strcmp(ec2->id, "pub-032") != 0)
		ec2++;
	variations_begin(&qemu->m, &qemu->images, &v);
	cr_assert_eq(variations_list(&v, &err), 0);
	cr_assert_eq(search(&v, ec2->digest, &patient, &e, &err), 0);
	cr_assert(e.found && e.n >= 1);
	for (size_t i = 0; i < e.n; i++)
		cr_expect_eq(e.list[i].n, e.list[0].n);
	cr_expect_str_eq(e.list[0].changes[0].name, "measure.profile");
	variations_fini(&v);
	golden_unload();
}

/* A budget ends a search, and all of a small launch's values are tried in a long one. */
Test(search, says_whether_it_tried_everything)
{
	static const struct search_limits hasty = { .budget_ms = 1 }, first = { 10000, 1 };
	static const uint8_t want[48] = { 1 };
	auto_explanations struct explanations e = { 0 }, all_of_one = { 0 };
	struct variations v;
	struct error err = { 0 };

	golden_load();
	variations_begin(&cases[0].m, &cases[0].images, &v);
	cr_assert_eq(variations_list(&v, &err), 0);
	cr_assert_eq(search(&v, want, &hasty, &e, &err), 0);
	cr_expect(!e.found && !e.complete && e.tried > 0);
	cr_assert_eq(search(&v, want, &first, &all_of_one, &err), 0);
	cr_expect(!all_of_one.found && all_of_one.complete && all_of_one.tried > e.tried);
	cr_expect_gt(all_of_one.n_varied, 5);
	variations_fini(&v);
	golden_unload();
}
