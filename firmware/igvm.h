/* SPDX-License-Identifier: MIT */
/*
 * firmware/igvm.h: reads IGVM files (Independent Guest Virtual Machine), versions 1 and 2: the
 * pages, registers and parameters of a guest, for one or more platforms. Knows nothing of launches.
 */
#ifndef FIRMWARE_IGVM_H
#define FIRMWARE_IGVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/bytes.h"
#include "core/plan/plan.h"

struct error; /* core/base/error.h */

#define IGVM_PLATFORMS_MAX 32 /* one for each bit of a compatibility mask */
#define IGVM_HEADERS_MAX   ((unsigned)1 << 18)

/* Types of variable headers, as the format's specification numbers and names them. */
enum igvm_type {
	IGVM_SUPPORTED_PLATFORM = 0x1,
	IGVM_GUEST_POLICY = 0x101,
	IGVM_RELOCATABLE_REGION = 0x102,
	IGVM_PAGE_TABLE_RELOCATION = 0x103,
	IGVM_CORIM_DOCUMENT = 0x104,
	IGVM_CORIM_SIGNATURE = 0x105,
	IGVM_PARAMETER_AREA = 0x301,
	IGVM_PAGE_DATA = 0x302,
	IGVM_PARAMETER_INSERT = 0x303,
	IGVM_VP_CONTEXT = 0x304,
	IGVM_REQUIRED_MEMORY = 0x305,
	IGVM_VP_COUNT = 0x307,
	IGVM_SRAT = 0x308,
	IGVM_MADT = 0x309,
	IGVM_MMIO_RANGES = 0x30a,
	IGVM_SNP_ID_BLOCK = 0x30b,
	IGVM_MEMORY_MAP = 0x30c,
	IGVM_ERROR_RANGE = 0x30d,
	IGVM_COMMAND_LINE = 0x30e,
	IGVM_SLIT = 0x30f,
	IGVM_PPTT = 0x310,
	IGVM_VBS_MEASUREMENT = 0x311,
	IGVM_DEVICE_TREE = 0x312,
	IGVM_ENVIRONMENT_INFO = 0x313,
};

#define IGVM_OPTIONAL ((uint32_t)1 << 31) /* in a type: skip the header if it is unknown */

enum igvm_platform_type {
	IGVM_NATIVE,
	IGVM_VSM,
	IGVM_SEV_SNP,
	IGVM_TDX,
	IGVM_SEV,
	IGVM_SEV_ES,
	IGVM_PLATFORM_TYPES
};

/* Of PAGE_DATA. */
enum igvm_page_kind { IGVM_NORMAL, IGVM_SECRETS, IGVM_CPUID, IGVM_CPUID_XF, IGVM_PAGE_KINDS };
#define IGVM_PAGE_2MIB       (1U << 0)
#define IGVM_PAGE_UNMEASURED (1U << 1)
#define IGVM_PAGE_SHARED     (1U << 2)

/* One variable header. Fields that its type lacks are 0. */
struct igvm_header {
	uint32_t type;
	const char *name; /* "page data"; static; NULL: unknown, and optional */
	unsigned number;  /* among all variable headers, from 0 */
	uint32_t mask;    /* bits of the platforms that it is for; all, if the type has no mask */
	uint64_t gpa;     /* for a supported platform the shared GPA boundary (vTOM) */
	uint64_t bytes;
	uint64_t policy;
	uint32_t flags;  /* for a supported platform its version */
	uint32_t area;   /* the parameter area's index */
	uint32_t offset; /* of a parameter in its area */
	uint16_t kind;   /* enum igvm_page_kind; or enum igvm_platform_type */
	uint16_t vp;
	const uint8_t *body; /* all its bytes, `size` of them */
	uint32_t size;
	/*
	 * Its bytes in the file: a page of PAGE_DATA, the VMSA of VP_CONTEXT, the document of a
	 * CORIM, `bytes` of PARAMETER_AREA. NULL: none, so zeros.
	 */
	const uint8_t *data;
};

struct igvm_platform {
	uint32_t mask; /* one bit */
	uint16_t type; /* enum igvm_platform_type, or an unknown number */
	uint32_t version;
	uint64_t vtom;
};

struct igvm {
	const uint8_t *bytes; /* borrowed */
	uint32_t version;
	uint32_t headers_at, headers_size, total_size;
	unsigned n_headers;
	struct igvm_platform platforms[IGVM_PLATFORMS_MAX];
	size_t n_platforms;
};

bool igvm_probe(const uint8_t *bytes, size_t size);

/*
 * Checks the whole file, each header by itself: sizes, reserved bytes, masks, aligned addresses
 * below 2^52, and data that is inside the file. Nothing is allocated; *ret borrows the bytes.
 * Errors don't name the file. *ret is written only on success.
 */
int igvm_parse(const uint8_t *bytes, size_t size, struct igvm *ret, struct error *err);

/* Iterates over the variable headers of a file that igvm_parse() accepted. */
struct igvm_cursor {
	const struct igvm *file;
	struct reader at;
	unsigned number;
};

struct igvm_cursor igvm_headers(const struct igvm *f);
bool igvm_next(struct igvm_cursor *c, struct igvm_header *ret);

/* Whether headers of the type tell a loader what to write into a parameter area, and where. */
bool igvm_is_parameter(uint32_t type);
/* "SEV-SNP"; NULL: unknown. Static. */
const char *igvm_platform_name(unsigned type);
/* "normal", "secrets", ...; NULL: unknown. Static. */
const char *igvm_page_name(unsigned kind);

/* CRC-32 (IEEE 802.3) of the bytes, continued from `crc`: 0 at first. */
uint32_t igvm_crc(uint32_t crc, const uint8_t *bytes, size_t size);

/* The body of SNP_ID_BLOCK. */
struct igvm_key {
	le32 curve, reserved;
	uint8_t x[72], y[72];
};

struct igvm_id_block {
	le32 mask;
	uint8_t author_key_enabled, reserved[3];
	uint8_t digest[48], family_id[16], image_id[16];
	le32 version, svn, id_algorithm, author_algorithm;
	uint8_t id_r[72], id_s[72];
	struct igvm_key id_key;
	uint8_t author_r[72], author_s[72];
	struct igvm_key author_key;
};

/*
 * The ID block and its authentication, as the SEV firmware takes them. The file keeps the policy in
 * a header of its own. Returns whether there is an author key.
 */
bool igvm_id_block_read(const struct igvm_header *h, uint64_t policy,
                        uint8_t block[static PLAN_ID_BLOCK], uint8_t auth[static PLAN_ID_AUTH]);

#endif
