/*
 * AMD Platform Security Processor with SEV-SNP firmware, emulated for tests:
 * what its parts share.
 *
 * Commands, fields and states have the names of the "SEV Secure Nested Paging
 * Firmware ABI Specification" (AMD, publication 56860), whose chapter 7 has the
 * messages of guests and chapter 8 the commands, each in a section of its name.
 * Fields are in host byte order, as this emulation is built for x86-64 alone.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_MISC_AMD_PSP_H
#define HW_MISC_AMD_PSP_H

#include "qemu/units.h"
#include "hw/pci/pci.h"
#include "target/i386/snp-emu.h"
#include <gcrypt.h>

#define TYPE_AMD_PSP "amd-psp"
OBJECT_DECLARE_SIMPLE_TYPE(AmdPsp, AMD_PSP)

#define PAGE_4K     4096
#define PAGE_MASK   (PAGE_4K - 1ULL)
#define LARGE_MASK  (2 * MiB - 1ULL)
#define LARGE_PAGES 512

#define ECDSA_P384_SHA384   1
#define SHA384_SIZE         48
#define VMPCK_COUNT         4
#define CHIP_ID_SIZE        64
#define TSC_FACTOR          200

/* status codes, in the order of their values */
enum {
    RET_SUCCESS, RET_INVALID_PLATFORM_STATE, RET_INVALID_GUEST_STATE,
    RET_INVALID_CONFIG, RET_INVALID_LENGTH, RET_ALREADY_OWNED,
    RET_INVALID_CERTIFICATE, RET_POLICY_FAILURE, RET_INACTIVE,
    RET_INVALID_ADDRESS, RET_BAD_SIGNATURE, RET_BAD_MEASUREMENT,
    RET_ASID_OWNED, RET_INVALID_ASID, RET_WBINVD_REQUIRED,
    RET_DF_FLUSH_REQUIRED, RET_INVALID_GUEST, RET_INVALID_COMMAND, RET_ACTIVE,
    RET_HWERROR_PLATFORM, RET_HWERROR_UNSAFE, RET_UNSUPPORTED,
    RET_INVALID_PARAM, RET_RESOURCE_LIMIT, RET_SECURE_DATA_INVALID,
    RET_INVALID_PAGE_SIZE, RET_INVALID_PAGE_STATE, RET_INVALID_MDATA_ENTRY,
    RET_INVALID_PAGE_OWNER, RET_AEAD_OFLOW,
    RET_RMP_INIT_REQUIRED = 0x20, RET_INVALID_KEY = 0x27,
};

/* SEV and SNP have a state each */
enum { PSTATE_UNINIT, PSTATE_INIT, PSTATE_WORKING };
enum { GSTATE_INIT, GSTATE_LAUNCH, GSTATE_RUNNING };

/* page states; those from PRE_GUEST on belong to a guest */
typedef enum {
    PAGE_INVALID, PAGE_HYPERVISOR, PAGE_HV_FIXED, PAGE_FIRMWARE, PAGE_RECLAIM,
    PAGE_CONTEXT, PAGE_METADATA,
    PAGE_PRE_GUEST, PAGE_PRE_SWAP, PAGE_GUEST_INVALID, PAGE_GUEST_VALID,
} PageState;

#define POLICY_ABI_MINOR(p) ((p) & 0xff)
#define POLICY_ABI_MAJOR(p) (((p) >> 8) & 0xff)
#define POLICY_SMT                      (1ULL << 16)
#define POLICY_RESERVED_ONE             (1ULL << 17)
#define POLICY_MIGRATE_MA               (1ULL << 18)
#define POLICY_DEBUG                    (1ULL << 19)
#define POLICY_SINGLE_SOCKET            (1ULL << 20)
#define POLICY_CXL_ALLOW                (1ULL << 21)
#define POLICY_MEM_AES_256_XTS          (1ULL << 22)
#define POLICY_RAPL_DIS                 (1ULL << 23)
#define POLICY_CIPHERTEXT_HIDING_DRAM   (1ULL << 24)
#define POLICY_PAGE_SWAP_DISABLE        (1ULL << 25)
#define POLICY_ABI_1_55                 0x1fffffULL

/* SNP_FEATURE_INFO, CPUID 80000024h ECX */
#define FEATURE_X86_SHUTDOWN        (1u << 1)
#define FEATURE_RAPL_DIS            (1u << 2)
#define FEATURE_CIPHERTEXT_HIDING   (1u << 3)
#define FEATURE_AES_256_XTS         (1u << 4)
#define FEATURE_CXL                 (1u << 5)

typedef struct QEMU_PACKED IdBlock {
    uint8_t ld[SHA384_SIZE];
    uint8_t family_id[16], image_id[16];
    uint32_t version, guest_svn;
    uint64_t policy;
} IdBlock;
QEMU_BUILD_BUG_ON(sizeof(IdBlock) != 0x60);

/* GCTX: a guest's context, which the firmware keeps in a Context page */
typedef struct GuestContext {
    uint64_t paddr;
    int state;
    uint32_t asid;
    bool imi_en, author_key_en, vcek_dis;
    uint64_t policy;
    uint8_t ld[SHA384_SIZE], imd[SHA384_SIZE];
    uint8_t vmpck[VMPCK_COUNT][32];
    uint64_t msg_count[VMPCK_COUNT];
    uint8_t vmrk[32], report_id[32], report_id_ma[32];
    uint8_t host_data[32], gosvw[16];
    IdBlock id_block;
    uint8_t id_key_digest[SHA384_SIZE], author_key_digest[SHA384_SIZE];
    uint64_t launch_tcb;
    int nr_updates;         /* pages, for the trace */
} GuestContext;

struct AmdPsp {
    PCIDevice parent_obj;
    MemoryRegion bar;

    /* registers */
    uint32_t cmdresp, cmdbuf_lo, cmdbuf_hi, int_enable, int_status;
    bool interrupt_on_completion;
    QEMUTimer *timer;       /* for latency_us */

    /* properties; the README lists them */
    uint8_t api_major, api_minor, build;
    uint32_t smt;
    uint32_t fail_cmd, fail_code, fail_skip, fail_count;
    uint32_t latency_us;
    uint32_t features;      /* 0: there is no SNP_FEATURE_INFO */
    bool trace;
    char *key_out;

    /* the platform */
    int sev_state, snp_state;
    uint32_t sev_config;
    bool rmp_initialized, rapl_dis;
    uint32_t max_snp_asid;  /* with ciphertext hiding; 0: it is off */
    uint64_t tcb, reported_tcb;
    bool mask_chip_id, mask_chip_key;
    gcry_sexp_t vcek;
    uint8_t vcek_public[96];            /* X and Y, big endian */

    GHashTable *guests;                 /* by GCTX_PADDR */
    bool asid_dirty[SNP_MIN_SEV_ASID];  /* to be flushed by SNP_DF_FLUSH */
};

/* A command's handler gets a copy of its command buffer, returns a status. */
typedef int PspHandler(AmdPsp *s, void *buffer);

/* amd-psp-platform.c */
PspHandler psp_init, psp_init_ex, psp_shutdown, psp_factory_reset;
PspHandler psp_platform_status, psp_key_gen, psp_df_flush, psp_get_id, psp_nop;
PspHandler snp_init, snp_init_ex, snp_shutdown, snp_shutdown_ex;
PspHandler snp_platform_status, snp_df_flush, snp_config, snp_commit;
PspHandler snp_feature_info;
void psp_chip_id(uint8_t id[CHIP_ID_SIZE]);
uint32_t psp_cpuid_version(void);

/* amd-psp-guest.c */
PspHandler snp_gctx_create, snp_launch_start, snp_launch_finish, snp_activate;
PspHandler snp_decommission, snp_guest_status;
GuestContext *psp_guest(AmdPsp *s, uint64_t gctx_paddr, int *ret);

/* amd-psp-page.c */
PspHandler snp_launch_update, snp_dbg_decrypt, snp_dbg_encrypt;
PspHandler snp_page_reclaim, snp_page_unsmash;
PageState psp_page_state(uint64_t paddr, RmpEntry **entry);
void psp_rmp_write(RmpEntry *e, uint64_t lo);
int psp_read(uint64_t paddr, void *buf, size_t len);
int psp_may_write(AmdPsp *s, uint64_t paddr, size_t len);
int psp_write(AmdPsp *s, uint64_t paddr, const void *buf, size_t len);
int psp_write_result(AmdPsp *s, uint64_t paddr, const void *buf, size_t len);

/* amd-psp-message.c */
PspHandler snp_guest_request;

/* amd-psp-cpuid.c */
#define CPUID_COUNT_MAX 64

typedef struct CpuidFunction {
    uint32_t eax_in, ecx_in;
    uint64_t xcr0_in, xss_in;
    uint32_t eax, ebx, ecx, edx;
    uint64_t reserved;
} CpuidFunction;
QEMU_BUILD_BUG_ON(sizeof(CpuidFunction) != 48);

/* of a CPUID page and of MSG_CPUID_REQ */
typedef struct CpuidTable {
    uint32_t count, reserved1;
    uint64_t reserved2;
    CpuidFunction function[CPUID_COUNT_MAX];
} CpuidTable;
QEMU_BUILD_BUG_ON(sizeof(CpuidTable) != 16 + CPUID_COUNT_MAX * 48);

bool psp_cpuid_table_valid(const CpuidTable *t, size_t size);
bool psp_cpuid_check(AmdPsp *s, CpuidFunction *table, uint32_t count,
                     uint32_t *checked);

/* amd-psp-crypto.c */
#define GCM_TAG_SIZE 16

typedef struct QEMU_PACKED SevSignature {
    uint8_t r[72], s[72];       /* little endian */
    uint8_t reserved[512 - 144];
} SevSignature;

typedef struct QEMU_PACKED SevPublicKey {
    uint32_t curve;             /* 2: P-384 */
    uint8_t qx[72], qy[72];     /* little endian */
    uint8_t reserved[0x404 - 148];
} SevPublicKey;

/* what messages to and from a guest are encrypted with */
typedef struct GcmBox {
    const uint8_t *key;
    uint64_t seqno;             /* the IV */
    const void *aad;
    size_t aad_size;
} GcmBox;

void psp_sha384(const void *data, size_t size, uint8_t digest[SHA384_SIZE]);
void psp_random(void *buf, size_t size);
bool psp_verify(const SevPublicKey *key, const SevSignature *sig,
                const void *data, size_t size);
void psp_sign(AmdPsp *s, const void *data, size_t size, SevSignature *sig);
bool psp_make_vcek(AmdPsp *s, Error **errp);
bool psp_gcm_encrypt(const GcmBox *box, const void *in, void *out, size_t size,
                     uint8_t tag[GCM_TAG_SIZE]);
bool psp_gcm_decrypt(const GcmBox *box, const void *in, void *out, size_t size,
                     const uint8_t tag[GCM_TAG_SIZE]);

#endif
