/* SPDX-License-Identifier: MIT */
/* firmware/inspect.c: the table of files that we know, and descriptions of those that firmware/ reads. */
#include "firmware/inspect.h"

#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/filekind.h"
#include "core/out/emit.h"
#include "core/out/evidence.h"
#include "core/plan/region.h"
#include "core/snp/certs.h"
#include "core/snp/idblock.h"
#include "core/snp/report.h"

#define BSP_START  0xfffffff0 /* where processors begin: APM volume 2, 14.1.5 */
#define GUID_CHARS 36
#define DUMP_ROW   32                 /* bytes */
#define TEXT_MAX   ((size_t)64 << 10) /* of what is looked at as hex or base64 */

struct inspect_kind {
	const char *name;
	const char *text; /* in the list of what there is */
	bool (*probe)(const uint8_t *bytes, size_t size);
	int (*read)(struct inspected *i,
	            struct error *err); /* NULL: a file of that form is sound */
	void (*emit)(const struct inspected *i, const struct emitter *e);
	bool in_text; /* people pass it on as hex or base64 */
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

/* IGVM_FIXED_HEADER of version 1 and 2: magic, version, place and size of the variable headers, size of the file. */
static void igvm_emit(const struct inspected *i, const struct emitter *e)
{
	struct reader r = reader_over(i->bytes, i->size, 4, 16);
	uint32_t version = reader_le32(&r), at = reader_le32(&r), size = reader_le32(&r);
	uint32_t total = reader_le32(&r);

	e->boolean(e->self, "supported", false);
	if (r.bad)
		return;
	e->number(e->self, "version", version);
	emit_hex(e, "headers_offset", at);
	e->number(e->self, "headers_size", size);
	e->number(e->self, "total_size", total);
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

/* As every table of bytes is shown where nothing better is known. */
static void emit_dump(const struct emitter *e, const uint8_t *bytes, size_t size)
{
	e->list(e->self, "hex");
	for (size_t at = 0; at < size; at += DUMP_ROW) {
		e->map(e->self, NULL);
		emit_hex(e, "offset", at);
		e->bytes(e->self, "bytes", bytes + at, MIN_OF(size - at, (size_t)DUMP_ROW));
		e->end(e->self);
	}
	e->end(e->self);
}

static void emit_certs(const struct emitter *e, const uint8_t *bytes, size_t size)
{
	struct snp_cert certs[SNP_CERTS_MAX];
	size_t n = 0;

	snp_certs_read(bytes, size, certs, &n);
	e->list(e->self, "certificates");
	for (size_t i = 0; i < n; i++) {
		const struct file_kind *k = file_kind_of(bytes + certs[i].offset, certs[i].size);

		e->map(e->self, NULL);
		e->text(e->self, "name", certs[i].name ? certs[i].name : "unknown");
		e->bytes(e->self, "guid", certs[i].guid, 16);
		emit_hex(e, "offset", certs[i].offset);
		e->number(e->self, "size", certs[i].size);
		e->text(e->self, "form", k ? k->name : "unknown");
		e->end(e->self);
	}
	e->end(e->self);
}

static int report_read(struct inspected *i, struct error *err)
{
	if (!snp_report_open(i->bytes, i->size, &i->report) ||
	    le32_get(i->report.report->version) < 2)
		return snp_report_read(i->bytes, i->size, &i->report.report, err);
	return 0;
}

/* A version that came later may mean other things by the same bytes, so these are all that is said of it. */
static void report_emit(const struct inspected *i, const struct emitter *e)
{
	const struct snp_report *r = i->report.report;

	if (i->report.container)
		e->text(e->self, "container", i->report.container);
	if (snp_report_version_known(r)) {
		evidence_report(e, r);
	} else {
		e->number(e->self, "version", le32_get(r->version));
		e->boolean(e->self, "version_known", false);
		emit_dump(e, (const uint8_t *)r, sizeof(*r));
	}
	if (i->report.certs)
		emit_certs(e, i->report.certs, i->report.certs_size);
}

static bool certs_probe(const uint8_t *bytes, size_t size)
{
	struct snp_cert certs[SNP_CERTS_MAX];
	size_t n;

	return snp_certs_read(bytes, size, certs, &n);
}

static void certs_emit(const struct inspected *i, const struct emitter *e)
{
	emit_certs(e, i->bytes, i->size);
}

/* "oid sha256:..." and "size ..." of a Git LFS pointer: what the file would have been. */
static void lfs_emit(const struct inspected *i, const struct emitter *e)
{
	char text[1024], word[8], value[128];
	const char *line = text;

	snprintf(text, sizeof(text), "%.*s", (int)MIN_OF(i->size, sizeof(text) - 1),
	         (const char *)i->bytes);
	for (; line; line = strchr(line, '\n')) {
		line += line != text;
		if (sscanf(line, "%7s %127s", word, value) == 2 &&
		    (strcmp(word, "oid") == 0 || strcmp(word, "size") == 0))
			e->text(e->self, strcmp(word, "oid") == 0 ? "oid" : "real_size", value);
	}
}

static void uki_emit(const struct inspected *i, const struct emitter *e)
{
	static const char *const names[] = { ".linux", ".initrd", ".cmdline", ".uname", ".osrel",
		                             ".ucode", ".dtb",    ".sbat",    ".pcrsig" };
	size_t size;

	e->list(e->self, "sections");
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		const uint8_t *at = pe_section(i->bytes, i->size, names[n], &size);

		if (!at)
			continue;
		e->map(e->self, NULL);
		e->text(e->self, "name", names[n]);
		emit_hex(e, "offset", (uint64_t)(at - i->bytes));
		e->number(e->self, "size", size);
		e->end(e->self);
	}
	e->end(e->self);
}

static void other_emit(const struct inspected *i, const struct emitter *e)
{
	const struct file_kind *k = i->other;

	e->text(e->self, "description", k->text);
	if (strcmp(k->name, "git-lfs") == 0)
		lfs_emit(i, e);
	if (strcmp(k->name, "uki") == 0)
		uki_emit(i, e);
	if (k->key || k->fits & ROLE_INITRD)
		e->text(e->self, "belongs_under", k->key ? k->key : "boot.initrd");
	else if (k->fix)
		e->text(e->self, "hint", k->fix);
}

/* The first that matches: a firmware may begin with anything, so its end comes before others' beginnings. */
static const struct inspect_kind kinds[] = {
	{ "ovmf", "OVMF-style firmware images", ovmf_probe, ovmf_read, ovmf_emit, false },
	{ "igvm", NULL, igvm_probe, NULL, igvm_emit, false },
	{ "bzimage", "Linux kernels (bzImage)", linux_probe, kernel_read, kernel_emit, false },
	{ "report", "attestation reports (1184 bytes)", report_probe, report_read, report_emit,
	  true },
	{ "id_block", "ID blocks (96 bytes)", id_block_probe, NULL, id_block_emit, true },
	{ "id_auth", "ID authentications (4096 bytes)", id_auth_probe, NULL, id_auth_emit, true },
	{ "certs", NULL, certs_probe, NULL, certs_emit, true },
};

static int unknown(size_t size, struct error *err)
{
	char list[256];
	size_t n = 0;

	if (size == 0)
		return error_set(err, ERROR_UNSUPPORTED, "the file is empty");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].text)
			n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "",
			                      kinds[i].text);
	error_set(err, ERROR_UNSUPPORTED, "not a file that snpvmm knows");
	error_why(err, "neither its content nor its size of %zu bytes says what it is", size);
	return error_fix(err, "give one of these, in binary, base64 or hex: %s", list);
}

int inspect_read(const uint8_t *bytes, size_t size, struct inspected *ret, struct error *err)
{
	struct inspected found = { .bytes = bytes, .size = size };
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !found.kind; i++)
		if (kinds[i].probe(bytes, size))
			found.kind = &kinds[i];
	if (!found.kind) {
		found.other = file_kind_of(bytes, size);
		if (!found.other || size == 0 || strcmp(found.other->name, "text") == 0)
			return unknown(size, err);
		*ret = found;
		return 0;
	}
	r = found.kind->read ? found.kind->read(&found, err) : 0;
	if (r < 0)
		return r;
	*ret = found;
	return 0;
}

bool inspect_read_text(const uint8_t *text, size_t size, struct blob *buffer, struct inspected *ret)
{
	auto_blob struct blob b = BLOB_NONE;
	struct error unwanted;
	const char *form;
	long n;

	if (size > TEXT_MAX || blob_zero(size, &b, &unwanted) < 0)
		return false;
	n = bytes_of_text(text, size, b.data, size, &form);
	if (n <= 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].in_text && kinds[i].probe(b.data, (size_t)n)) {
			struct inspected found = { .kind = &kinds[i],
				                   .encoding = form,
				                   .bytes = b.data,
				                   .size = (size_t)n };

			if (found.kind->read && found.kind->read(&found, &unwanted) < 0)
				return false;
			*ret = found;
			*buffer = blob_steal(&b);
			return true;
		}
	return false;
}

void inspect_emit(const struct inspected *i, const struct emitter *e)
{
	e->text(e->self, "kind", i->kind ? i->kind->name : i->other->name);
	e->number(e->self, "size", i->size);
	if (i->encoding)
		e->text(e->self, "encoding", i->encoding);
	if (i->kind)
		i->kind->emit(i, e);
	else
		other_emit(i, e);
}
