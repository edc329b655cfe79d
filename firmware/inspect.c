/* SPDX-License-Identifier: MIT */
/* firmware/inspect.c: the table of known files, and what each contains. */
#include "firmware/inspect.h"

#include <stdio.h>
#include <string.h>

#include "core/attest/given.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/filekind.h"
#include "core/base/text.h"
#include "core/out/certificates.h"
#include "core/out/tree.h"
#include "core/out/evidence.h"
#include "core/plan/region.h"
#include "core/snp/certs.h"
#include "core/snp/idblock.h"
#include "core/snp/report.h"
#include "firmware/inspect_fv.h"

#define DUMP_ROW 32                 /* bytes */
#define TEXT_MAX ((size_t)64 << 10) /* larger files are not read as hex or base64 */

struct inspect_kind {
	const char *name;
	const char *text; /* in the list of files to give; NULL: not in it */
	bool (*probe)(const uint8_t *bytes, size_t size);
	int (*read)(struct inspected *i, struct error *err); /* NULL: nothing more to check */
	void (*describe)(const struct inspected *i, struct tree *t);
	bool in_text; /* may also be given as hex or base64 */
};

static int ovmf_read(struct inspected *i, struct error *err)
{
	return ovmf_parse(i->bytes, i->size, &i->ovmf, err);
}

static void describe_table(const struct inspected *i, struct tree *t)
{
	struct ovmf_table table = ovmf_table_of(i->bytes, i->size);
	struct ovmf_entry entry;

	tree_list(t, "table");
	while (ovmf_table_next(&table, &entry)) {
		char guid[GUID_TEXT];

		tree_map(t, NULL);
		tree_text(t, "guid", guid_of(entry.guid, guid));
		tree_hex(t, "offset", entry.at);
		tree_number(t, "size", entry.size);
		tree_text(t, "name", entry.name ? entry.name : "unknown");
		tree_end(t);
	}
	tree_end(t);
}

static void describe_sections(const struct ovmf *o, struct tree *t)
{
	tree_list(t, "sections");
	for (size_t n = 0; n < o->n_sections; n++) {
		const struct ovmf_section *s = &o->sections[n];

		tree_map(t, NULL);
		tree_hex(t, "gpa", s->gpa);
		tree_hex(t, "size", s->size);
		tree_hex(t, "type", s->type);
		tree_text(t, "name", ovmf_section_name(s->type));
		tree_text(t, "page_type",
		          s->type == OVMF_KERNEL_HASHES
		                  ? "normal with kernel hashes, else zero"
		                  : region_kind(ovmf_section_kind(s->type))->name);
		tree_end(t);
	}
	tree_end(t);
}

static void ovmf_describe(const struct inspected *i, struct tree *t)
{
	const struct ovmf *o = &i->ovmf;
	const struct ovmf_section *hashes = ovmf_section_find(o, OVMF_KERNEL_HASHES);

	tree_hex(t, "gpa", o->gpa);
	tree_hex(t, "bsp_start", RESET_VECTOR);
	if (o->has_reset)
		tree_hex(t, "ap_start", o->reset_eip);
	tree_map(t, "kernel_hashes");
	/* The footer has the table's address, and the section has its page measured. */
	tree_boolean(t, "supported", o->has_hash_area && hashes);
	if (o->has_hash_area) {
		tree_hex(t, "table_gpa", o->hash_gpa);
		tree_hex(t, "table_size", o->hash_size);
	}
	if (hashes)
		tree_hex(t, "section_gpa", hashes->gpa);
	tree_end(t);
	describe_table(i, t);
	if (o->is_svsm)
		tree_text(t, "what", "an SVSM image, which runs below a firmware");
	tree_boolean(t, "sev_metadata", o->has_metadata);
	if (o->has_metadata)
		describe_sections(o, t);
	inspect_volumes(i->bytes, i->size, o->gpa, i->view, t);
}

static int igvm_read(struct inspected *i, struct error *err)
{
	return igvm_parse(i->bytes, i->size, &i->igvm, err);
}

static const char *igvm_flag_name(unsigned bit)
{
	static const char *const names[] = { "2mib", "unmeasured", "shared" };

	return bit < ARRAY_SIZE(names) ? names[bit] : NULL;
}

static void describe_platforms(const struct igvm *f, struct tree *t)
{
	tree_list(t, "platforms");
	for (size_t n = 0; n < f->n_platforms; n++) {
		const struct igvm_platform *p = &f->platforms[n];
		const char *name = igvm_platform_name(p->type);

		tree_map(t, NULL);
		tree_text(t, "name", name ? name : "unknown");
		tree_number(t, "type", p->type);
		tree_number(t, "version", p->version);
		tree_hex(t, "mask", p->mask);
		tree_hex(t, "vtom", p->vtom);
		tree_end(t);
	}
	tree_end(t);
}

/* The fields that the header's type has. `pages`: of a run of page data. */
static void describe_header(const struct igvm_header *h, uint64_t pages, uint64_t policy,
                            struct tree *t)
{
	const char *kind = igvm_page_name(h->kind);
	uint8_t block[PLAN_ID_BLOCK], auth[PLAN_ID_AUTH];

	tree_map(t, NULL);
	tree_text(t, "name", h->name ? h->name : "unknown");
	tree_hex(t, "type", h->type);
	if (h->mask != UINT32_MAX)
		tree_hex(t, "mask", h->mask);
	if (h->type == IGVM_PAGE_DATA || h->type == IGVM_PARAMETER_INSERT ||
	    h->type == IGVM_VP_CONTEXT || h->type == IGVM_REQUIRED_MEMORY ||
	    h->type == IGVM_ERROR_RANGE)
		tree_hex(t, "gpa", h->gpa);
	if (h->bytes)
		tree_hex(t, "size", h->bytes);
	if (h->type == IGVM_PAGE_DATA) {
		tree_number(t, "pages", pages);
		tree_text(t, "kind", kind ? kind : "unknown");
		if (h->flags)
			tree_bits(t, "flags", h->flags, igvm_flag_name);
		tree_boolean(t, "data", h->data);
	} else if (h->type == IGVM_VP_CONTEXT) {
		tree_number(t, "vp", h->vp);
	} else if (h->type == IGVM_GUEST_POLICY) {
		evidence_policy(t, h->policy);
	} else if (h->type == IGVM_PARAMETER_AREA || h->type == IGVM_PARAMETER_INSERT ||
	           igvm_is_parameter(h->type)) {
		tree_number(t, "area", h->area);
		if (igvm_is_parameter(h->type))
			tree_hex(t, "offset", h->offset);
	} else if (h->type == IGVM_SNP_ID_BLOCK) {
		igvm_id_block_read(h, policy, block, auth);
		evidence_id_block(t, (const void *)block);
		evidence_id_auth(t, (const void *)auth);
	}
	tree_end(t);
}

/* Pages that continue one another are one entry, with their number. */
static void igvm_describe(const struct inspected *i, struct tree *t)
{
	const struct igvm *f = &i->igvm;
	struct igvm_cursor c = igvm_headers(f);
	struct igvm_header h, run = { 0 };
	uint64_t pages = 0, policy = 0; /* the policy stands before the ID block that needs it */
	bool snp = false;

	for (size_t n = 0; n < f->n_platforms; n++)
		snp |= f->platforms[n].type == IGVM_SEV_SNP;
	tree_boolean(t, "supported", snp);
	tree_number(t, "version", f->version);
	tree_hex(t, "headers_offset", f->headers_at);
	tree_number(t, "headers_size", f->headers_size);
	tree_number(t, "headers", f->n_headers);
	tree_number(t, "total_size", f->total_size);
	describe_platforms(f, t);
	tree_list(t, "directives");
	while (igvm_next(&c, &h)) {
		if (pages && h.type == IGVM_PAGE_DATA && h.gpa == run.gpa + pages * PAGE_SIZE &&
		    h.mask == run.mask && h.flags == run.flags && h.kind == run.kind &&
		    !h.data == !run.data) {
			pages++;
			continue;
		}
		if (pages)
			describe_header(&run, pages, policy, t);
		if (h.type == IGVM_GUEST_POLICY)
			policy = h.policy;
		pages = h.type == IGVM_PAGE_DATA;
		run = h;
		if (!pages && h.type != IGVM_SUPPORTED_PLATFORM)
			describe_header(&h, 0, policy, t);
	}
	if (pages)
		describe_header(&run, pages, policy, t);
	tree_end(t);
}

static int kernel_read(struct inspected *i, struct error *err)
{
	return linux_parse(i->bytes, i->size, &i->kernel, err);
}

static void kernel_describe(const struct inspected *i, struct tree *t)
{
	const struct linux_kernel *k = &i->kernel;
	char protocol[16];

	snprintf(protocol, sizeof(protocol), "%u.%02u", k->version >> 8, k->version & 0xffu);
	tree_text(t, "protocol", protocol);
	tree_text(t, "release", k->release);
	tree_text(t, "version", k->kernel_version);
	tree_number(t, "setup_size", k->setup_size);
	tree_number(t, "payload_size", k->payload_size);
	tree_bits(t, "loadflags", k->loadflags, linux_loadflag_name);
	tree_bits(t, "xloadflags", k->xloadflags, linux_xloadflag_name);
	tree_boolean(t, "relocatable", k->relocatable);
	tree_boolean(t, "accepts_memory", linux_accepts_memory(i->bytes, i->size));
	tree_hex(t, "pref_address", k->pref_address);
	tree_hex(t, "init_size", k->init_size);
	tree_hex(t, "kernel_alignment", k->kernel_alignment);
	tree_hex(t, "min_alignment", k->min_alignment < 64 ? (uint64_t)1 << k->min_alignment : 0);
	tree_number(t, "cmdline_size", k->cmdline_size);
	tree_hex(t, "initrd_addr_max", k->initrd_addr_max);
	tree_hex(t, "handover_offset", k->handover_offset);
}

static bool id_block_probe(const uint8_t *bytes, size_t size)
{
	return snp_id_block_find(bytes, size);
}

static void id_block_describe(const struct inspected *i, struct tree *t)
{
	evidence_id_block(t, snp_id_block_find(i->bytes, i->size));
}

static bool id_auth_probe(const uint8_t *bytes, size_t size)
{
	return snp_id_auth_find(bytes, size);
}

static void id_auth_describe(const struct inspected *i, struct tree *t)
{
	evidence_id_auth(t, snp_id_auth_find(i->bytes, i->size));
}

static bool report_probe(const uint8_t *bytes, size_t size)
{
	return snp_report_find(bytes, size);
}

static void describe_certs(struct tree *t, const uint8_t *bytes, size_t size)
{
	struct snp_cert certs[SNP_CERTS_MAX];
	size_t n = 0;

	snp_certs_read(bytes, size, certs, &n);
	tree_list(t, "certificates");
	for (size_t i = 0; i < n; i++) {
		const struct file_kind *k = file_kind_of(bytes + certs[i].offset, certs[i].size);
		auto_given struct given g = { 0 };
		struct error unwanted;
		const char *subject = "unknown";

		if (k && (strcmp(k->name, "pem") == 0 || strcmp(k->name, "der") == 0) &&
		    given_add(&g, bytes + certs[i].offset, certs[i].size, &unwanted) == 0)
			subject = g.n_certs ? g.certs[0].subject : g.crls[0].issuer;
		tree_map(t, NULL);
		tree_text(t, "name", certs[i].name ? certs[i].name : "unknown");
		tree_bytes(t, "guid", certs[i].guid, 16);
		tree_hex(t, "offset", certs[i].offset);
		tree_number(t, "size", certs[i].size);
		tree_text(t, "form", k ? k->name : "unknown");
		tree_text(t, "subject", subject);
		tree_end(t);
	}
	tree_end(t);
}

static int report_read(struct inspected *i, struct error *err)
{
	if (!snp_report_open(i->bytes, i->size, &i->report) ||
	    le32_get(i->report.report->version) < 2)
		return snp_report_read(i->bytes, i->size, &i->report.report, err);
	return 0;
}

/* A report of an unknown version is only dumped: its fields may mean something else. */
static void report_describe(const struct inspected *i, struct tree *t)
{
	const struct snp_report *r = i->report.report;
	const uint8_t *bytes = (const uint8_t *)r;

	if (i->report.container)
		tree_text(t, "container", i->report.container);
	if (snp_report_version_known(r)) {
		evidence_report(t, r);
	} else {
		tree_number(t, "version", le32_get(r->version));
		tree_boolean(t, "version_known", false);
		tree_list(t, "hex");
		for (size_t at = 0; at < sizeof(*r); at += DUMP_ROW) {
			tree_map(t, NULL);
			tree_hex(t, "offset", at);
			tree_bytes(t, "bytes", bytes + at, MIN(sizeof(*r) - at, (size_t)DUMP_ROW));
			tree_end(t);
		}
		tree_end(t);
	}
	if (i->report.certs)
		describe_certs(t, i->report.certs, i->report.certs_size);
}

/* With a GUID that nobody knows in front, only one that is sound is known to be a table. */
static bool certs_probe(const uint8_t *bytes, size_t size)
{
	struct snp_cert certs[SNP_CERTS_MAX];
	size_t n;

	return snp_certs_begin(bytes, size) || snp_certs_read(bytes, size, certs, &n);
}

static int certs_parse(struct inspected *i, struct error *err)
{
	struct snp_cert certs[SNP_CERTS_MAX];
	size_t n;

	return snp_certs_parse(i->bytes, i->size, certs, &n, err);
}

static void certs_describe(const struct inspected *i, struct tree *t)
{
	describe_certs(t, i->bytes, i->size);
}

/* A Git LFS pointer has lines "oid sha256:..." and "size ..." about the real file. */
static void lfs_describe(const struct inspected *i, struct tree *t)
{
	char text[1024], word[8], value[128];
	char oid[TEXT_CAP(sizeof(value))] = "", size[TEXT_CAP(sizeof(value))] = "";
	const char *line = text;

	snprintf(text, sizeof(text), "%.*s", (int)MIN(i->size, sizeof(text) - 1),
	         (const char *)i->bytes);
	for (; line; line = strchr(line, '\n')) {
		line += line != text;
		if (sscanf(line, "%7s %127s", word, value) != 2)
			continue;
		if (strcmp(word, "oid") == 0)
			text_clean(oid, sizeof(oid), value, strlen(value), 0);
		else if (strcmp(word, "size") == 0)
			text_clean(size, sizeof(size), value, strlen(value), 0);
	}
	if (oid[0])
		tree_text(t, "oid", oid);
	if (size[0])
		tree_text(t, "real_size", size);
}

static void uki_describe(const struct inspected *i, struct tree *t)
{
	static const char *const names[] = { ".linux", ".initrd", ".cmdline", ".uname", ".osrel",
		                             ".ucode", ".dtb",    ".sbat",    ".pcrsig" };
	size_t size;

	tree_list(t, "sections");
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		const uint8_t *at = pe_section(i->bytes, i->size, names[n], &size);

		if (!at)
			continue;
		tree_map(t, NULL);
		tree_text(t, "name", names[n]);
		tree_hex(t, "offset", (uint64_t)(at - i->bytes));
		tree_number(t, "size", size);
		tree_end(t);
	}
	tree_end(t);
}

/* Further fields of files that can't be part of a launch. */
static const struct other_row {
	const char *name; /* of a struct file_kind */
	void (*describe)(const struct inspected *i, struct tree *t);
} other_rows[] = {
	{ "git-lfs", lfs_describe },
	{ "uki", uki_describe },
};

/* A key in PEM is none of these, nor is DER that isn't a certificate or a revocation list. */
static bool certificates_probe(const uint8_t *bytes, size_t size)
{
	static const char cert[] = "-----BEGIN CERTIFICATE-----";
	static const char crl[] = "-----BEGIN X509 CRL-----";
	const struct file_kind *k = file_kind_of(bytes, size);
	struct given g = { 0 };
	struct error unwanted;
	bool found;

	if (memmem(bytes, size, cert, sizeof(cert) - 1) ||
	    memmem(bytes, size, crl, sizeof(crl) - 1))
		return true;
	if (!k || strcmp(k->name, "der") != 0)
		return false;
	found = given_add(&g, bytes, size, &unwanted) == 0;
	given_fini(&g);
	return found;
}

static int certificates_read(struct inspected *i, struct error *err)
{
	auto_given struct given g = { 0 };

	return given_add(&g, i->bytes, i->size, err);
}

static void certificates_describe(const struct inspected *i, struct tree *t)
{
	auto_given struct given g = { 0 };
	struct error unwanted;

	given_add(&g, i->bytes, i->size, &unwanted);
	if (g.n_certs == 1 && g.n_crls == 0)
		result_cert(t, &g.certs[0]);
	else if (g.n_certs == 0 && g.n_crls == 1)
		result_crl(t, &g.crls[0]);
	else
		result_given(t, &g);
}

/*
 * The first match counts. A firmware may begin with the magic of another file, so it comes first,
 * and is recognized by its end.
 */
static const struct inspect_kind kinds[] = {
	{ "ovmf", "OVMF-style firmware images", ovmf_probe, ovmf_read, ovmf_describe, false },
	{ "igvm", "IGVM files", igvm_probe, igvm_read, igvm_describe, false },
	{ "bzimage", "Linux kernels (bzImage)", linux_probe, kernel_read, kernel_describe, false },
	{ "report", "attestation reports (1184 bytes)", report_probe, report_read, report_describe,
	  true },
	{ "id_block", "ID blocks (96 bytes)", id_block_probe, NULL, id_block_describe, true },
	{ "id_auth", "ID authentications (4096 bytes)", id_auth_probe, NULL, id_auth_describe,
	  true },
	{ "certs", NULL, certs_probe, certs_parse, certs_describe, true },
	{ "certificates", NULL, certificates_probe, certificates_read, certificates_describe,
	  false },
};

/* How the lines of `snpvmm-guest report` begin, anywhere in the log of a boot. */
#define FRAME_BEGIN "snpvmm-report: begin "

/* Refuses a file that nothing is known about. */
static int refuse_unknown(const uint8_t *bytes, size_t size, struct error *err)
{
	char list[256];
	size_t n = 0;

	if (size == 0)
		return error_set(err, ERROR_UNSUPPORTED, "the file is empty");
	if (memmem(bytes, size, FRAME_BEGIN, strlen(FRAME_BEGIN))) {
		error_set(err, ERROR_UNSUPPORTED,
		          "the report in these lines has to be extracted first");
		error_why(err,
		          "the file has lines of 'snpvmm-guest report', as a console's log does");
		return error_fix(err, "sed -n 's/.*snpvmm-report: [0-9][0-9] //p' FILE | "
		                      "tr -d '\\r' | base64 -d >report.bin");
	}
	if (snp_report_is_cut(bytes, size)) {
		error_set(err, ERROR_UNSUPPORTED, "%zu bytes of an attestation report of %zu", size,
		          sizeof(struct snp_report));
		return error_fix(err, "copy the report again, whole");
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].text)
			n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "",
			                      kinds[i].text);
	error_set(err, ERROR_UNSUPPORTED, "unknown file type");
	error_why(err, "neither its content nor its size of %zu bytes says what it is", size);
	return error_fix(err, "give one of these, in binary, base64 or hex: %s", list);
}

int inspect_read(const uint8_t *bytes, size_t size, struct inspected *ret, struct error *err)
{
	struct inspected found = { .bytes = bytes, .size = size };
	const struct file_kind *other;
	int r = 0;

	if (size == 0) /* then `bytes` may be NULL, which memmem(3) does not take */
		return refuse_unknown(bytes, size, err);
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !found.kind; i++)
		if (kinds[i].probe(bytes, size))
			found.kind = &kinds[i];
	if (found.kind) {
		r = found.kind->read ? found.kind->read(&found, err) : 0;
	} else {
		other = file_kind_of(bytes, size);
		if (!other || strcmp(other->name, "text") == 0 ||
		    (other->vague && memmem(bytes, size, FRAME_BEGIN, strlen(FRAME_BEGIN))))
			r = refuse_unknown(bytes, size, err);
		found.other = other;
	}
	if (r == 0)
		*ret = found;
	return r;
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

void inspect_describe(const struct inspected *i, struct tree *t)
{
	const struct file_kind *k = i->other;

	tree_text(t, "kind", i->kind ? i->kind->name : k->name);
	tree_number(t, "size", i->size);
	if (i->encoding)
		tree_text(t, "encoding", i->encoding);
	if (i->kind) {
		i->kind->describe(i, t);
		return;
	}
	tree_text(t, "description", k->text);
	for (size_t n = 0; n < ARRAY_SIZE(other_rows); n++)
		if (strcmp(k->name, other_rows[n].name) == 0)
			other_rows[n].describe(i, t);
	if (k->key || k->fits & ROLE_INITRD)
		tree_text(t, "belongs_under", k->key ? k->key : "boot.initrd");
	else if (k->fix || k->use)
		tree_text(t, "hint", k->fix ? k->fix : k->use);
}

const char *inspect_kind_name(size_t i)
{
	return i < ARRAY_SIZE(kinds) ? kinds[i].name : NULL;
}
