/* SPDX-License-Identifier: MIT */
/* firmware/inspect.c: the table of files that we know, and descriptions of those that firmware/ reads. */
#include "firmware/inspect.h"

#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/out/emit.h"
#include "core/out/evidence.h"
#include "core/plan/region.h"
#include "core/snp/idblock.h"
#include "core/snp/report.h"

#define BSP_START  0xfffffff0 /* where processors begin: APM volume 2, 14.1.5 */
#define GUID_CHARS 36

struct inspect_kind {
	const char *name;
	const char *text; /* in the list of what there is */
	bool (*probe)(const uint8_t *bytes, size_t size);
	int (*read)(struct inspected *i,
	            struct error *err); /* NULL: a file of that form is sound */
	void (*emit)(const struct inspected *i, const struct emitter *e);
};

/* The text of a GUID: its first three groups are little-endian integers (RFC 9562 4, Microsoft's order). */
static const char *guid_text(const uint8_t g[static 16], char to[static GUID_CHARS + 1])
{
	snprintf(to, GUID_CHARS + 1,
	         "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", g[3], g[2],
	         g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14],
	         g[15]);
	return to;
}

static int ovmf_read(struct inspected *i, struct error *err)
{
	return ovmf_parse(i->bytes, i->size, &i->ovmf, err);
}

static void emit_table(const struct inspected *i, const struct emitter *e)
{
	struct ovmf_table t = ovmf_table_of(i->bytes, i->size);
	struct ovmf_entry entry;
	char guid[GUID_CHARS + 1];

	e->list(e->self, "table");
	while (ovmf_table_next(&t, &entry)) {
		e->map(e->self, NULL);
		e->text(e->self, "guid", guid_text(entry.guid, guid));
		emit_hex(e, "offset", entry.at);
		e->number(e->self, "size", entry.size);
		e->text(e->self, "name", entry.name ? entry.name : "unknown");
		e->end(e->self);
	}
	e->end(e->self);
}

static void emit_sections(const struct ovmf *o, const struct emitter *e)
{
	e->list(e->self, "sections");
	for (size_t n = 0; n < o->n_sections; n++) {
		const struct ovmf_section *s = &o->sections[n];

		e->map(e->self, NULL);
		emit_hex(e, "gpa", s->gpa);
		emit_hex(e, "size", s->size);
		emit_hex(e, "type", s->type);
		e->text(e->self, "name", ovmf_section_name(s->type));
		e->text(e->self, "page_type",
		        s->type == OVMF_KERNEL_HASHES
		                ? "normal with kernel hashes, else zero"
		                : region_kind(ovmf_section_kind(s->type))->name);
		e->end(e->self);
	}
	e->end(e->self);
}

/* Both are needed: the table's place by the footer, and a section that gets its page measured. */
static void emit_kernel_hashes(const struct ovmf *o, const struct emitter *e)
{
	const struct ovmf_section *page = NULL;

	for (size_t n = 0; n < o->n_sections; n++)
		if (o->sections[n].type == OVMF_KERNEL_HASHES)
			page = &o->sections[n];
	e->map(e->self, "kernel_hashes");
	e->boolean(e->self, "supported", o->has_hash_area && page);
	if (o->has_hash_area) {
		emit_hex(e, "table_gpa", o->hash_gpa);
		emit_hex(e, "table_size", o->hash_size);
	}
	if (page)
		emit_hex(e, "section_gpa", page->gpa);
	e->end(e->self);
}

static void ovmf_emit(const struct inspected *i, const struct emitter *e)
{
	const struct ovmf *o = &i->ovmf;

	emit_hex(e, "gpa", o->gpa);
	emit_hex(e, "bsp_start", BSP_START);
	if (o->has_reset)
		emit_hex(e, "ap_start", o->reset_eip);
	emit_kernel_hashes(o, e);
	emit_table(i, e);
	e->boolean(e->self, "sev_metadata", o->has_metadata);
	if (o->has_metadata)
		emit_sections(o, e);
}

static bool igvm_probe(const uint8_t *bytes, size_t size)
{
	return size >= 4 && memcmp(bytes, "IGVM", 4) == 0;
}

static int igvm_read(struct inspected *i, struct error *err)
{
	(void)i;
	error_set(err, ERROR_UNSUPPORTED, "IGVM files are not supported by this version");
	return error_fix(err, "give the raw image (.fd) of the same firmware");
}

static int kernel_read(struct inspected *i, struct error *err)
{
	return linux_parse(i->bytes, i->size, &i->kernel, err);
}

static void kernel_flags(const struct linux_kernel *k, const struct emitter *e)
{
	emit_bits(e, "loadflags", k->loadflags, linux_loadflag_name);
	emit_bits(e, "xloadflags", k->xloadflags, linux_xloadflag_name);
	e->boolean(e->self, "relocatable", k->relocatable);
}

static void kernel_emit(const struct inspected *i, const struct emitter *e)
{
	const struct linux_kernel *k = &i->kernel;
	char protocol[16];

	snprintf(protocol, sizeof(protocol), "%u.%02u", k->version >> 8, k->version & 0xffu);
	e->text(e->self, "protocol", protocol);
	e->text(e->self, "release", k->release);
	e->text(e->self, "version", k->banner);
	e->number(e->self, "setup_size", k->setup_size);
	e->number(e->self, "payload_size", k->payload_size);
	kernel_flags(k, e);
	emit_hex(e, "pref_address", k->pref_address);
	emit_hex(e, "init_size", k->init_size);
	emit_hex(e, "kernel_alignment", k->alignment);
	emit_hex(e, "min_alignment", k->min_alignment < 64 ? (uint64_t)1 << k->min_alignment : 0);
	e->number(e->self, "cmdline_size", k->cmdline_max);
	emit_hex(e, "initrd_addr_max", k->initrd_max);
	emit_hex(e, "handover_offset", k->handover_offset);
}

static bool id_block_probe(const uint8_t *bytes, size_t size)
{
	return snp_id_block_find(bytes, size);
}

static void id_block_emit(const struct inspected *i, const struct emitter *e)
{
	evidence_id_block(e, snp_id_block_find(i->bytes, i->size));
}

static bool id_auth_probe(const uint8_t *bytes, size_t size)
{
	return snp_id_auth_find(bytes, size);
}

static void id_auth_emit(const struct inspected *i, const struct emitter *e)
{
	evidence_id_auth(e, snp_id_auth_find(i->bytes, i->size));
}

static bool report_probe(const uint8_t *bytes, size_t size)
{
	return snp_report_find(bytes, size);
}

static int report_read(struct inspected *i, struct error *err)
{
	return snp_report_read(i->bytes, i->size, &i->report, err);
}

static void report_emit(const struct inspected *i, const struct emitter *e)
{
	evidence_report(e, i->report);
}

/* The first that matches: a firmware may begin with anything, so its end comes before others' beginnings. */
static const struct inspect_kind kinds[] = {
	{ "ovmf", "OVMF-style firmware images", ovmf_probe, ovmf_read, ovmf_emit },
	{ "igvm", NULL, igvm_probe, igvm_read, NULL },
	{ "bzimage", "Linux kernels (bzImage)", linux_probe, kernel_read, kernel_emit },
	{ "report", "attestation reports (1184 bytes)", report_probe, report_read, report_emit },
	{ "id_block", "ID blocks (96 bytes)", id_block_probe, NULL, id_block_emit },
	{ "id_auth", "ID authentications (4096 bytes)", id_auth_probe, NULL, id_auth_emit },
};

static int unknown(size_t size, struct error *err)
{
	char list[256];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].text)
			n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "",
			                      kinds[i].text);
	error_set(err, ERROR_UNSUPPORTED, "not a file that snpvmm knows");
	error_why(err, "neither its content nor its size of %zu bytes says what it is", size);
	return error_fix(err, "give one of these, in binary: %s", list);
}

int inspect_read(const uint8_t *bytes, size_t size, struct inspected *ret, struct error *err)
{
	struct inspected found = { .bytes = bytes, .size = size };
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !found.kind; i++)
		if (kinds[i].probe(bytes, size))
			found.kind = &kinds[i];
	if (!found.kind)
		return unknown(size, err);
	r = found.kind->read ? found.kind->read(&found, err) : 0;
	if (r < 0)
		return r;
	*ret = found;
	return 0;
}

void inspect_emit(const struct inspected *i, const struct emitter *e)
{
	e->text(e->self, "kind", i->kind->name);
	e->number(e->self, "size", i->size);
	i->kind->emit(i, e);
}
