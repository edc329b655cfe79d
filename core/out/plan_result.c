/* SPDX-License-Identifier: MIT */
/* core/out/plan_result.c: prints the steps of a recorded launch, or builds a tree of them. */
#include "core/out/plan_result.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/out/result.h"
#include "core/out/tree.h"
#include "core/plan/region.h"
#include "core/snp/digest.h"
#include "core/vm/record.h"

/* How far the ledger has been read: its next line and its next page. */
struct plan_walk {
	const struct plan_result *result;
	size_t line, page;
};

/*
 * The ledger's line for a region or a vCPU, which the ledger has in the same order, and its pages
 * if those are to be shown. NULL: a vCPU of a platform that doesn't measure, which has no VMSA.
 */
static const struct snp_ledger_line *walk_to(struct plan_walk *w, const struct record_step *s,
                                             const struct snp_ledger_page **ret_pages,
                                             size_t *ret_n)
{
	const struct snp_digest *d = w->result->digest;
	const struct snp_ledger_line *l = &d->ledger[w->line++];
	bool shown = w->result->measured || s->kind == RECORD_REGION;

	*ret_n = d->pages_wanted && shown ? l->size / PAGE_SIZE : 0;
	*ret_pages = d->page_list + w->page;
	w->page += *ret_n;
	return shown ? l : NULL;
}

/* --- text --- */

static void print_number(FILE *to, const struct abi_name *names, uint64_t value, bool hex)
{
	const char *name = abi_name(names, value);

	if (name)
		fputs(name, to);
	else
		fprintf(to, hex && value > 9 ? "0x%" PRIx64 : "%" PRIu64, value);
}

/* Leaves out fields that are zero, except the first of an `entry`, which identifies it. */
static void print_struct(FILE *to, const struct abi_struct *kind, const uint8_t *bytes,
                         const char *const *holds, bool entry)
{
	const char *before = "";

	fputc('{', to);
	for (const struct abi_field *f = kind->fields; f->name; f++) {
		bool masked = f->form == ABI_MEMORY || f->form == ABI_DESCRIPTOR;
		const char *held = masked ? *holds++ : NULL;

		if (bytes_zero(bytes + f->offset, f->size) && !(entry && f == kind->fields))
			continue;
		fprintf(to, "%s%s=", before, f->name);
		before = ", ";
		if (masked)
			fprintf(to, "<%s>", held);
		else if (f->form == ABI_STRUCT)
			print_struct(to, f->inner, bytes + f->offset, NULL, false);
		else if (f->form != ABI_BYTES)
			print_number(to, f->names, abi_number(f, bytes), f->form == ABI_HEX);
		for (size_t i = 0; f->form == ABI_BYTES && i < f->size; i++)
			fprintf(to, "%02x", bytes[f->offset + i]);
	}
	fputc('}', to);
}

static void print_ioctl(FILE *to, const struct record_step *s)
{
	const struct record_argument *a = s->arguments;

	fprintf(to, "  ioctl(%s, ", s->on);
	if (s->ioctl)
		fputs(s->ioctl->name, to);
	else
		fprintf(to, "0x%lx", s->request);
	if (s->command) { /* what it passes says more than the struct around it */
		fprintf(to, ", %s", s->command->name);
		a = s->n_arguments > 1 ? a + 1 : NULL;
	} else if (s->n_arguments == 0) {
		a = NULL;
		if (s->ioctl && s->ioctl->names) {
			fputs(", ", to);
			print_number(to, s->ioctl->names, s->number, false);
		}
	}
	if (a) {
		fputs(", ", to);
		print_struct(to, a->kind, a->bytes, a->holds, false);
		for (size_t at = a->kind->size; at < a->size; at += a->kind->entry->size) {
			fputs(", ", to);
			print_struct(to, a->kind->entry, a->bytes + at, NULL, true);
		}
	}
	fputc(')', to);
}

static void print_part(FILE *to, struct plan_walk *w, const struct record_step *s)
{
	enum { SHOWN = 8 }; /* bytes of digests, so that a line fits a terminal */
	char contents[2 * SHOWN + 1], after[2 * SHOWN + 1];
	bool measured = w->result->measured;
	const struct snp_ledger_page *pages;
	size_t n;
	const struct snp_ledger_line *l = walk_to(w, s, &pages, &n);

	if (s->kind == RECORD_REGION)
		fprintf(to, "region 0x%012" PRIx64 " %8" PRIu64 " KiB  %-10s", l->gpa,
		        l->size / 1024, l->type);
	else
		fprintf(to, "vcpu %u", s->vcpu);
	if (measured)
		fprintf(to, "  %s...", hex_of(l->digest_after, SHOWN, after));
	if (s->kind == RECORD_REGION)
		fprintf(to, "  %s", l->label);
	fputc('\n', to);
	for (size_t i = 0; i < n; i++) {
		fprintf(to, "  page 0x%012" PRIx64 "  contents %s...", pages[i].gpa,
		        hex_of(pages[i].contents, SHOWN, contents));
		if (measured)
			fprintf(to, "  digest %s...", hex_of(pages[i].digest_after, SHOWN, after));
		fputc('\n', to);
	}
}

void plan_print(FILE *to, const struct plan_result *r)
{
	char hex[2 * SNP_DIGEST_SIZE + 1];
	struct plan_walk w = { .result = r };
	const struct record_step *s;
	size_t n = record_steps(r->record, &s);

	fprintf(to, "%s: %s%splatform %s, %u vcpu%s", r->manifest, r->variant ? r->variant : "",
	        r->variant ? ": " : "", r->platform, r->vcpus, r->vcpus > 1 ? "s" : "");
	if (r->measurement)
		fprintf(to, ", measurement %s", hex_of(r->measurement, SNP_DIGEST_SIZE, hex));
	fputc('\n', to);
	for (const struct record_step *end = s + n; s < end; s++) {
		switch (s->kind) {
		case RECORD_REGION:
		case RECORD_VCPU:
			print_part(to, &w, s);
			continue;
		case RECORD_OPEN:
			fprintf(to, "  open(\"%s\")", s->on);
			break;
		case RECORD_IOCTL:
			print_ioctl(to, s);
			break;
		case RECORD_MAP:
			if (s->on)
				fprintf(to, "  mmap(%s, KVM_GET_VCPU_MMAP_SIZE)", s->on);
			else
				fprintf(to, "  mmap(anonymous, 0x%" PRIx64 ")", s->size);
			break;
		case RECORD_HUGE:
			fprintf(to, "  madvise(%s, 0x%" PRIx64 ", MADV_HUGEPAGE)", s->on, s->size);
			break;
		case RECORD_CLOEXEC:
			fprintf(to, "  fcntl(%s, F_SETFD, FD_CLOEXEC)", s->on);
			break;
		}
		if (s->returns)
			fprintf(to, " = %s", s->returns);
		if (s->varies)
			fprintf(to, " # varies: %s", s->varies);
		for (size_t i = 0; i < s->n_arguments; i++)
			if (s->arguments[i].varies)
				fprintf(to, " # varies: %s", s->arguments[i].varies);
		fputc('\n', to);
	}
}

/* --- a tree --- */

/* `key` is ignored in a list. */
static void tree_fields(struct tree *t, const char *key, const struct abi_struct *kind,
                        const uint8_t *bytes, const char *const *holds)
{
	tree_map(t, key);
	for (const struct abi_field *f = kind->fields; f->name; f++) {
		bool masked = f->form == ABI_MEMORY || f->form == ABI_DESCRIPTOR;
		uint64_t value = abi_number(f, bytes);
		const char *name = masked ? *holds++ : abi_name(f->names, value);

		if (f->form == ABI_STRUCT)
			tree_fields(t, f->name, f->inner, bytes + f->offset, NULL);
		else if (f->form == ABI_BYTES)
			tree_bytes(t, f->name, bytes + f->offset, f->size);
		else if (name)
			tree_text(t, f->name, name);
		else if (f->form == ABI_HEX)
			tree_hex(t, f->name, value);
		else
			tree_number(t, f->name, value);
	}
	tree_end(t);
}

static void tree_ioctl(struct tree *t, const struct record_step *s)
{
	const char *name = s->ioctl ? abi_name(s->ioctl->names, s->number) : NULL;

	if (s->ioctl)
		tree_text(t, "name", s->ioctl->name);
	tree_hex(t, "request", s->request);
	if (s->command)
		tree_text(t, "command", s->command->name);
	if (s->ioctl && s->ioctl->names)
		tree_number(t, "number", s->number);
	if (name)
		tree_text(t, "number_name", name);
	if (s->n_arguments == 0)
		return;
	tree_list(t, "arguments");
	for (const struct record_argument *a = s->arguments; a < s->arguments + s->n_arguments;
	     a++) {
		const struct abi_struct *entry = a->kind ? a->kind->entry : NULL;

		tree_map(t, NULL);
		tree_text(t, a->kind ? "struct" : "bytes", a->name);
		if (a->kind)
			tree_fields(t, "fields", a->kind, a->bytes, a->holds);
		if (entry) {
			tree_list(t, "entries");
			for (size_t at = a->kind->size; at < a->size; at += entry->size)
				tree_fields(t, NULL, entry, a->bytes + at, NULL);
			tree_end(t);
		}
		if (a->varies)
			tree_text(t, "varies", a->varies);
		else
			tree_bytes(t, "raw", a->bytes, a->size);
		tree_end(t);
	}
	tree_end(t);
}

static void tree_ledger(struct tree *t, struct plan_walk *w, const struct record_step *s)
{
	bool measured = w->result->measured;
	const struct snp_ledger_page *pages;
	size_t n;
	const struct snp_ledger_line *l = walk_to(w, s, &pages, &n);

	if (!l)
		return;
	result_ledger_line(t, l, measured);
	if (n == 0)
		return;
	tree_list(t, "pages");
	for (size_t i = 0; i < n; i++) {
		tree_map(t, NULL);
		tree_hex(t, "gpa", pages[i].gpa);
		tree_bytes(t, "contents", pages[i].contents, sizeof(pages[i].contents));
		if (measured)
			tree_bytes(t, "digest_after", pages[i].digest_after,
			           sizeof(pages[i].digest_after));
		tree_end(t);
	}
	tree_end(t);
}

void result_plan(struct tree *t, const char *key, const struct plan_result *r)
{
	static const char *const kinds[] = {
		[RECORD_OPEN] = "open",    [RECORD_IOCTL] = "ioctl",     [RECORD_MAP] = "mmap",
		[RECORD_HUGE] = "madvise", [RECORD_CLOEXEC] = "cloexec", [RECORD_REGION] = "region",
		[RECORD_VCPU] = "vcpu",
	};
	struct plan_walk w = { .result = r };
	const struct record_step *s;
	size_t n = record_steps(r->record, &s);

	tree_map(t, key);
	tree_text(t, "schema", "snpvmm.plan/1");
	tree_text(t, "manifest", r->manifest);
	if (r->variant)
		tree_text(t, "variant", r->variant);
	tree_text(t, "platform", r->platform);
	tree_number(t, "vcpus", r->vcpus);
	if (r->measurement)
		tree_bytes(t, "measurement", r->measurement, SNP_DIGEST_SIZE);
	tree_list(t, "steps");
	for (const struct record_step *end = s + n; s < end; s++) {
		tree_map(t, NULL);
		tree_text(t, "step", kinds[s->kind]);
		if (s->on)
			tree_text(t, "on", s->on);
		if (s->kind == RECORD_IOCTL)
			tree_ioctl(t, s);
		if (s->kind == RECORD_VCPU)
			tree_number(t, "index", s->vcpu);
		if (s->kind == RECORD_VCPU || s->kind == RECORD_REGION)
			tree_ledger(t, &w, s);
		if (s->size > 0)
			tree_number(t, "size", s->size);
		if (s->returns)
			tree_text(t, "returns", s->returns);
		if (s->varies)
			tree_text(t, "varies", s->varies);
		tree_end(t);
	}
	tree_end(t);
	tree_end(t);
}
