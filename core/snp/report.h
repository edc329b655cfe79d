/* SPDX-License-Identifier: MIT */
/*
 * core/snp/report.h: the attestation report: its layout, its versions, and how its fields are read.
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
	uint8_t cpuid_family, cpuid_model,
		cpuid_stepping; /* from version 3 on; combined, as CPUID means them */
	uint8_t reserved_18b[21];
	uint8_t chip_id[64];
	le64 committed_tcb;
	struct snp_report_version current, committed;
	le64 launch_tcb;
	le64 launch_mitigations,
		current_mitigations; /* LAUNCH_MIT_VECTOR, ...: from version 5 on */
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
#define SNP_REPORT_MASK_CHIP                                                                       \
	((uint32_t)1                                                                               \
	 << 1) /* MASK_CHIP_KEY: the VCEK signs nothing; a chip id that is hidden is zero */

/* The container that a report came in, and what came with it. */
struct snp_report_file {
	const struct snp_report *report;
	const char
		*container; /* "MSG_REPORT_RSP", "Azure HCL"; NULL: the report by itself. Static */
	const uint8_t *certs; /* a certificate table behind it; NULL: none */
	size_t certs_size;
};

/*
 * Finds a report by its form alone: by itself, with a certificate table behind it (what
 * go-sev-guest writes), behind the head of the firmware's response, or behind that of Azure's HCL
 * report. False: it is none. All is borrowed.
 */
bool snp_report_open(const uint8_t *bytes, size_t size, struct snp_report_file *ret);

/* Whether this is the beginning of a report whose end is missing. */
bool snp_report_is_cut(const uint8_t *bytes, size_t size);

/*
 * The report in a file: by itself, or behind the 32 bytes that the firmware puts before it
 * (MSG_REPORT_RSP: status 0, size, zeros), alone or in the 4000 bytes of linux/sev-guest.h's struct
 * snp_report_resp. Goes by the form alone; borrowed; NULL if it is none.
 */
const struct snp_report *snp_report_find(const uint8_t *bytes, size_t size);

/* The same, of a version that we know (2 to 5). *ret is borrowed, and touched only on success. */
int snp_report_read(const uint8_t *bytes, size_t size, const struct snp_report **ret,
                    struct error *err);

/* Whether it is one of 2 to 5. Others may mean other things by the same bytes. */
bool snp_report_version_known(const struct snp_report *r);
/* Which fields a version has; what is not there is zero. */
bool snp_report_has_cpuid(const struct snp_report *r);
bool snp_report_has_mitigations(const struct snp_report *r);

/* How many bytes are set that this version keeps reserved; they are signed all the same. */
size_t snp_report_reserved_set(const struct snp_report *r);

/* TCB_VERSION by component, to be compared one by one: SEV-SNP firmware ABI 2.2. */
struct snp_tcb {
	bool has_fmc; /* the layout of Turin */
	uint8_t fmc, boot_loader, tee, snp, microcode;
	bool unknown; /* no layout that we know: then nothing else is set */
};

/*
 * The processor decides the layout: family 19h is Milan and Genoa, 1Ah up to model 11h Turin.
 * Others are not known: Venice (1Ah too) has its components elsewhere. Reports of version 2 don't
 * name the processor; there a chip id of 8 bytes is Turin's, and one that is masked tells nothing.
 */
struct snp_tcb snp_report_tcb(const struct snp_report *r, le64 tcb);

/* "smt", "tsme", ... of PLATFORM_INFO; NULL for a bit without a name. */
const char *snp_report_platform_name(unsigned bit);
/* "VCEK", "VLEK", "none", or "reserved". */
const char *snp_report_signing_key(const struct snp_report *r);

#endif
