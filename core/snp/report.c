/* SPDX-License-Identifier: MIT */
/* core/snp/report.c: finds attestation reports, and reads fields that depend on version or CPU. */
#include "core/snp/report.h"

#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/snp/certs.h"
#include "core/snp/policy.h"

enum {
	VERSION_MIN = 2,
	VERSION_MAX = 5,
	VERSION_CPUID = 3,
	VERSION_MITIGATIONS = 5,
	FAMILY_MILAN = 0x19, /* and Genoa */
	FAMILY_TURIN = 0x1a,
	MODEL_TURIN_LAST = 0x11,
	CHIP_ID_TURIN = 8, /* bytes in use */
	RESPONSE_HEAD = 32,
	RESPONSE_CAP = 4000, /* linux/sev-guest.h: struct snp_report_resp */
	EMPTY_TABLE = 24,    /* only the entry of zeros that ends it */
};

/*
 * Whether a report is followed by zeros that are an empty table, or a page with one. A response
 * whose status is not 0 isn't taken for that, nor are files of zeros and ID authentications.
 */
static bool has_empty_table(const uint8_t *bytes, size_t size)
{
	const size_t whole = sizeof(struct snp_report);

	return size >= whole + EMPTY_TABLE && size != RESPONSE_HEAD + whole &&
	       size != RESPONSE_CAP && snp_report_version_known((const void *)bytes) &&
	       bytes_zero(bytes + whole, size - whole);
}

bool snp_report_open(const uint8_t *bytes, size_t size, struct snp_report_file *ret)
{
	const size_t whole = sizeof(struct snp_report);
	struct snp_report_file f = { 0 };
	struct snp_cert certs[SNP_CERTS_MAX];
	struct reader r = reader_over(bytes, size, 0, size);
	uint32_t status = reader_le32(&r), report_size = reader_le32(&r);
	size_t at = 0, n;

	if ((size == RESPONSE_HEAD + whole || size == RESPONSE_CAP) && status == 0 &&
	    report_size == whole && bytes_zero(bytes + 8, RESPONSE_HEAD - 8)) {
		f.container = "MSG_REPORT_RSP";
		at = RESPONSE_HEAD;
	} else if (size >= RESPONSE_HEAD + whole && memcmp(bytes, "HCLA", 4) == 0) {
		/* Azure's paravisor: "HCLA", version, size, type, status, zeros up to byte 32. */
		f.container = "Azure HCL";
		at = RESPONSE_HEAD;
	} else if (size > whole && snp_certs_read(bytes + whole, size - whole, certs, &n)) {
		f.certs = bytes + whole;
		f.certs_size = size - whole;
	} else if (size != whole && !has_empty_table(bytes, size)) {
		return false;
	}
	f.report = (const void *)(bytes + at);
	/* Versions are small numbers; other files of this size begin with something else. */
	if (le32_get(f.report->version) > 0xff)
		return false;
	*ret = f;
	return true;
}

bool snp_report_is_cut(const uint8_t *bytes, size_t size)
{
	const struct snp_report *r = (const void *)bytes;

	/* Every policy has bit 17, and algorithms are 1 or, if the report isn't signed, 0. */
	return size >= offsetof(struct snp_report, current_tcb) && size < sizeof(*r) &&
	       snp_report_version_known(r) && le64_get(r->policy) & SNP_POLICY_RESERVED_ONE &&
	       le64_get(r->policy) < (uint64_t)1 << 32 && le32_get(r->signature_algorithm) <= 1;
}

const struct snp_report *snp_report_find(const uint8_t *bytes, size_t size)
{
	struct snp_report_file f;

	return snp_report_open(bytes, size, &f) ? f.report : NULL;
}

bool snp_report_version_known(const struct snp_report *r)
{
	return le32_get(r->version) >= VERSION_MIN && le32_get(r->version) <= VERSION_MAX;
}

int snp_report_read(const uint8_t *bytes, size_t size, const struct snp_report **ret,
                    struct error *err)
{
	const struct snp_report *r = snp_report_find(bytes, size);
	uint32_t version;

	if (!r) {
		error_set(err, ERROR_BAD_VALUE, "not an attestation report");
		error_why(err,
		          "a report has %zu bytes and begins with its version, or follows the 32 "
		          "bytes of the firmware's response header",
		          sizeof(*r));
		return error_fix(err, "give the report in binary, as the guest got it");
	}
	version = le32_get(r->version);
	if (version < VERSION_MIN || version > VERSION_MAX) {
		error_set(err, ERROR_UNSUPPORTED,
		          "the attestation report has version %u; versions %d to %d are known",
		          version, VERSION_MIN, VERSION_MAX);
		return error_why(err, "in another version the same bytes may mean other things");
	}
	*ret = r;
	return 0;
}

bool snp_report_has_cpuid(const struct snp_report *r)
{
	return le32_get(r->version) >= VERSION_CPUID;
}

bool snp_report_has_mitigations(const struct snp_report *r)
{
	return le32_get(r->version) >= VERSION_MITIGATIONS;
}

/*
 * SEV-SNP firmware ABI 7.3: bytes that must be zero, until a version gives them a meaning (0: none
 * yet).
 */
static const struct reserved_row {
	size_t at, size;
	uint32_t until;
} reserved_rows[] = {
	{ offsetof(struct snp_report, reserved_4c), 4, 0 },
	{ offsetof(struct snp_report, cpuid_family), 3, VERSION_CPUID },
	{ offsetof(struct snp_report, reserved_18b), 21, 0 },
	{ offsetof(struct snp_report, current.reserved), 1, 0 },
	{ offsetof(struct snp_report, committed.reserved), 1, 0 },
	{ offsetof(struct snp_report, launch_mitigations), 16, VERSION_MITIGATIONS },
	{ offsetof(struct snp_report, reserved_208), 152, 0 },
};

size_t snp_report_reserved_set(const struct snp_report *r)
{
	const uint8_t *bytes = (const void *)r;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(reserved_rows); i++) {
		const struct reserved_row *row = &reserved_rows[i];

		if (row->until && le32_get(r->version) >= row->until)
			continue;
		for (size_t j = 0; j < row->size; j++)
			n += bytes[row->at + j] != 0;
	}
	return n;
}

enum layout { LAYOUT_UNKNOWN, LAYOUT_MILAN, LAYOUT_TURIN };

static enum layout layout_of(const struct snp_report *r)
{
	if (snp_report_has_cpuid(r)) {
		if (r->cpuid_family == FAMILY_MILAN)
			return LAYOUT_MILAN;
		return r->cpuid_family == FAMILY_TURIN && r->cpuid_model <= MODEL_TURIN_LAST
		               ? LAYOUT_TURIN
		               : LAYOUT_UNKNOWN;
	}
	if (!bytes_zero(r->chip_id + CHIP_ID_TURIN, sizeof(r->chip_id) - CHIP_ID_TURIN))
		return LAYOUT_MILAN;
	return bytes_zero(r->chip_id, CHIP_ID_TURIN) ? LAYOUT_UNKNOWN : LAYOUT_TURIN;
}

static struct snp_tcb tcb_by_layout(enum layout layout, le64 tcb)
{
	const uint8_t *b = tcb.b;

	switch (layout) {
	case LAYOUT_MILAN:
		return (struct snp_tcb){ false, 0, b[0], b[1], b[6], b[7], false };
	case LAYOUT_TURIN:
		return (struct snp_tcb){ true, b[0], b[1], b[2], b[3], b[7], false };
	default:
		return (struct snp_tcb){ .unknown = true };
	}
}

struct snp_tcb snp_report_tcb(const struct snp_report *r, le64 tcb)
{
	return tcb_by_layout(layout_of(r), tcb);
}

static const struct line_row {
	const char *name;
	enum layout layout;
	size_t chip_id;
} line_rows[SNP_LINES] = {
	[SNP_LINE_UNKNOWN] = { "unknown", LAYOUT_UNKNOWN, 0 },
	[SNP_MILAN] = { "Milan", LAYOUT_MILAN, 64 },
	[SNP_GENOA] = { "Genoa", LAYOUT_MILAN, 64 },
	[SNP_TURIN] = { "Turin", LAYOUT_TURIN, CHIP_ID_TURIN },
};

const char *snp_line_name(enum snp_line line)
{
	return line_rows[line].name;
}

enum snp_line snp_line_of(unsigned family, unsigned model)
{
	if (family == FAMILY_MILAN && model <= 0x0f)
		return SNP_MILAN;
	if (family == FAMILY_MILAN && (model <= 0x1f || (model >= 0xa0 && model <= 0xaf)))
		return SNP_GENOA;
	return family == FAMILY_TURIN && model <= MODEL_TURIN_LAST ? SNP_TURIN : SNP_LINE_UNKNOWN;
}

struct snp_tcb snp_line_tcb(enum snp_line line, le64 tcb)
{
	return tcb_by_layout(line_rows[line].layout, tcb);
}

size_t snp_line_chip_id(enum snp_line line)
{
	return line_rows[line].chip_id;
}

const char *snp_report_platform_name(unsigned bit)
{
	static const char *const names[] = {
		[0] = "smt",
		[1] = "tsme",
		[2] = "ecc",
		[3] = "rapl_dis",
		[4] = "ciphertext_hiding",
		[5] = "alias_check_complete",
		[6] = "iommu_write_safe",
		[7] = "tio",
	};

	return bit < ARRAY_SIZE(names) ? names[bit] : NULL;
}

const char *snp_report_signing_key(const struct snp_report *r)
{
	static const char *const names[8] = { [0] = "VCEK", [1] = "VLEK", [7] = "none" };
	const char *name = names[le32_get(r->flags) >> 2 & 7];

	return name ? name : "reserved";
}
