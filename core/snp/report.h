/* SPDX-License-Identifier: MIT */
/*
 * core/snp/report.h: attestation reports: their layout, and fields that depend on version or CPU.
 */
#ifndef CORE_SNP_REPORT_H
#define CORE_SNP_REPORT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/bytes.h"

struct error; /* core/base/error.h */

/* The firmware's API version; the build counts within it. */
struct snp_report_version {
	uint8_t build, minor, major, reserved;
};

/* ECDSA on P-384, SEV-SNP firmware ABI chapter 10: little-endian numbers, 48 bytes and zeros. */
struct snp_signature {
	uint8_t r[72], s[72];
	uint8_t reserved[368];
};

/* ATTESTATION_REPORT, SEV-SNP firmware ABI 7.3; bytes 0 to 0x29f are signed. */
struct snp_report {
	le32 version, guest_svn;
	le64 policy;
	uint8_t family_id[16], image_id[16];
	le32 vmpl, signature_algorithm;
	le64 current_tcb;
	le64 platform_info;
	le32 flags; /* SNP_REPORT_..., and the signing key in bits 4:2 */
	uint8_t reserved_4c[4];
	uint8_t report_data[64];
	uint8_t measurement[48]; /* the launch digest */
	uint8_t host_data[32];
	uint8_t id_key_digest[48], author_key_digest[48];
	uint8_t report_id[32], report_id_ma[32];
	le64 reported_tcb;
	/* from version 3 on; with the extended bits, as in CPUID's family and model */
	uint8_t cpuid_family, cpuid_model, cpuid_stepping;
	uint8_t reserved_18b[21];
	uint8_t chip_id[64];
	le64 committed_tcb;
	struct snp_report_version current, committed;
	le64 launch_tcb;
	le64 launch_mitigations, current_mitigations; /* ..._MIT_VECTOR, from version 5 on */
	uint8_t reserved_208[152];
	struct snp_signature signature;
};
static_assert(offsetof(struct snp_report, guest_svn) == 0x04, "REPORT.GUEST_SVN");
static_assert(offsetof(struct snp_report, policy) == 0x08, "REPORT.POLICY");
static_assert(offsetof(struct snp_report, family_id) == 0x10, "REPORT.FAMILY_ID");
static_assert(offsetof(struct snp_report, image_id) == 0x20, "REPORT.IMAGE_ID");
static_assert(offsetof(struct snp_report, vmpl) == 0x30, "REPORT.VMPL");
static_assert(offsetof(struct snp_report, signature_algorithm) == 0x34, "REPORT.SIGNATURE_ALGO");
static_assert(offsetof(struct snp_report, current_tcb) == 0x38, "REPORT.CURRENT_TCB");
static_assert(offsetof(struct snp_report, platform_info) == 0x40, "REPORT.PLATFORM_INFO");
static_assert(offsetof(struct snp_report, flags) == 0x48, "REPORT.AUTHOR_KEY_EN");
static_assert(offsetof(struct snp_report, report_data) == 0x50, "REPORT.REPORT_DATA");
static_assert(offsetof(struct snp_report, measurement) == 0x90, "REPORT.MEASUREMENT");
static_assert(offsetof(struct snp_report, host_data) == 0xc0, "REPORT.HOST_DATA");
static_assert(offsetof(struct snp_report, id_key_digest) == 0xe0, "REPORT.ID_KEY_DIGEST");
static_assert(offsetof(struct snp_report, author_key_digest) == 0x110, "REPORT.AUTHOR_KEY_DIGEST");
static_assert(offsetof(struct snp_report, report_id) == 0x140, "REPORT.REPORT_ID");
static_assert(offsetof(struct snp_report, report_id_ma) == 0x160, "REPORT.REPORT_ID_MA");
static_assert(offsetof(struct snp_report, reported_tcb) == 0x180, "REPORT.REPORTED_TCB");
static_assert(offsetof(struct snp_report, cpuid_family) == 0x188, "REPORT.CPUID_FAM_ID");
static_assert(offsetof(struct snp_report, cpuid_model) == 0x189, "REPORT.CPUID_MOD_ID");
static_assert(offsetof(struct snp_report, cpuid_stepping) == 0x18a, "REPORT.CPUID_STEP");
static_assert(offsetof(struct snp_report, chip_id) == 0x1a0, "REPORT.CHIP_ID");
static_assert(offsetof(struct snp_report, committed_tcb) == 0x1e0, "REPORT.COMMITTED_TCB");
static_assert(offsetof(struct snp_report, current) == 0x1e8, "REPORT.CURRENT_BUILD");
static_assert(offsetof(struct snp_report, committed) == 0x1ec, "REPORT.COMMITTED_BUILD");
static_assert(offsetof(struct snp_report, launch_tcb) == 0x1f0, "REPORT.LAUNCH_TCB");
static_assert(offsetof(struct snp_report, launch_mitigations) == 0x1f8, "REPORT.LAUNCH_MIT_VECTOR");
static_assert(offsetof(struct snp_report, current_mitigations) == 0x200,
              "REPORT.CURRENT_MIT_VECTOR");
static_assert(offsetof(struct snp_report, signature) == 0x2a0, "REPORT.SIGNATURE");
static_assert(sizeof(struct snp_signature) == 512, "an ECDSA signature");
static_assert(sizeof(struct snp_report) == 0x4a0, "ATTESTATION_REPORT");

#define SNP_REPORT_SIGNED offsetof(struct snp_report, signature)

/* struct snp_report.flags. */
#define SNP_REPORT_AUTHOR_KEY ((uint32_t)1 << 0) /* an author key signed the ID key */
/* MASK_CHIP_KEY: the VCEK doesn't sign. (A hidden chip id is zero.) */
#define SNP_REPORT_MASK_CHIP ((uint32_t)1 << 1)

/* A report, the container it came in, and what came with it. */
struct snp_report_file {
	const struct snp_report *report;
	const char *container; /* "MSG_REPORT_RSP", "Azure HCL"; NULL: none. Static */
	const uint8_t *certs;  /* the certificate table behind it; NULL: none */
	size_t certs_size;
};

/*
 * Recognises a report by its form: alone, followed by a certificate table (as go-sev-guest writes
 * it), which is empty if the host has none, or after the header of the firmware's response or of
 * Azure's HCL report. False: the bytes aren't a report. *ret borrows the bytes.
 */
bool snp_report_open(const uint8_t *bytes, size_t size, struct snp_report_file *ret);

/* Whether the bytes are a truncated report. */
bool snp_report_is_cut(const uint8_t *bytes, size_t size);

/*
 * As snp_report_open(), but gives only the report; NULL: the bytes aren't a report. The header of
 * the firmware's response (MSG_REPORT_RSP) has 32 bytes: status 0, size, zeros; the whole response
 * may have 4000 bytes, like struct snp_report_resp of linux/sev-guest.h.
 */
const struct snp_report *snp_report_find(const uint8_t *bytes, size_t size);

/*
 * The same, but fails unless the version is known (2 to 5). *ret borrows the bytes, and is only set
 * on success.
 */
int snp_report_read(const uint8_t *bytes, size_t size, const struct snp_report **ret,
                    struct error *err);

/* Whether the version is 2 to 5. In other versions, the same bytes may have other meanings. */
bool snp_report_version_known(const struct snp_report *r);
/* Whether the report's version has these fields; otherwise they are zero. */
bool snp_report_has_cpuid(const struct snp_report *r);
bool snp_report_has_mitigations(const struct snp_report *r);

/* The number of bytes that are set although the version reserves them. They are signed, too. */
size_t snp_report_reserved_set(const struct snp_report *r);

/* The components of TCB_VERSION, which are compared one by one: SEV-SNP firmware ABI 2.2. */
struct snp_tcb {
	bool has_fmc; /* the layout of Turin */
	uint8_t fmc, boot_loader, tee, snp, microcode;
	bool unknown; /* the layout is unknown, and nothing else is set */
};

/*
 * The layout depends on the CPU: family 19h is Milan and Genoa, 1Ah up to model 11h Turin. Others
 * are unknown: Venice, also 1Ah, has its components elsewhere. Reports of version 2 don't name the
 * CPU; if their chip id has 8 bytes, it is Turin, and if it is masked, the layout is unknown.
 */
struct snp_tcb snp_report_tcb(const struct snp_report *r, le64 tcb);

/* Processors whose certificates have the same roots; Genoa's are Bergamo's and Siena's too. */
enum snp_line { SNP_LINE_UNKNOWN, SNP_MILAN, SNP_GENOA, SNP_TURIN, SNP_LINES };
const char *snp_line_name(enum snp_line line); /* "Milan"; "unknown" */
/* The line of a processor by CPUID's combined family and model. */
enum snp_line snp_line_of(unsigned family, unsigned model);
/* The components by the layout of that line, whichever CPU the report names. */
struct snp_tcb snp_line_tcb(enum snp_line line, le64 tcb);
/* Bytes of a chip id that this line uses; the others are zero. */
size_t snp_line_chip_id(enum snp_line line);

/* "smt", "tsme", ... of PLATFORM_INFO; NULL for a bit without a name. */
const char *snp_report_platform_name(unsigned bit);
/* "VCEK", "VLEK", "none", or "reserved". */
const char *snp_report_signing_key(const struct snp_report *r);

#endif
