/*
 * A software-emulated AMD SEV-SNP host, for tests (TCG only).
 *
 * Shared between the CPU model (RMP checks, RMPUPDATE & co, VMRUN with a VMSA),
 * the PC machine (reserving the RMP) and the PSP device.  "APM" is the AMD64
 * Architecture Programmer's Manual, volume 2 (AMD, publication 24593).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef I386_SNP_EMU_H
#define I386_SNP_EMU_H

#include "exec/hwaddr.h"
#include "qemu/thread.h"

#define SNP_CBIT_POS        51
#define SNP_CBIT_MASK       (1ULL << SNP_CBIT_POS)
#define SNP_PHYS_REDUCTION  5
#define SNP_MAX_ASID        1006
#define SNP_MIN_SEV_ASID    100     /* ASIDs 1..99: SEV-ES/SNP, 100..: SEV */

#define MSR_SNP_SYSCFG      0xc0010010
#define MSR_SNP_HWCR        0xc0010015
#define MSR_SNP_GHCB        0xc0010130
#define MSR_SNP_SEV_STATUS  0xc0010131
#define MSR_SNP_RMP_BASE    0xc0010132
#define MSR_SNP_RMP_END     0xc0010133
#define MSR_SNP_TSC_FREQ    0xc0010134
#define SYSCFG_MFDM         (1ULL << 19)
#define SYSCFG_MEM_ENCRYPT  (1ULL << 23)
#define SYSCFG_SNP_EN       (1ULL << 24)
#define SYSCFG_VMPL_EN      (1ULL << 25)

#define SVM_EXIT_EFER_WRITE_TRAP 0x8f
#define SVM_EXIT_CR0_WRITE_TRAP 0x90
#define SVM_EXIT_VMGEXIT        0x403
#define SVM_EXIT_NOT_VALIDATED  0x404
#define EXCP1D_VC               29

/* bits of EXITINFO1 of a nested page fault (APM 15.36.10) */
#define NPF_RMP     (1ULL << 31)
#define NPF_ENC     (1ULL << 34)
#define NPF_SIZEM   (1ULL << 35)
#define NPF_VMPL    (1ULL << 36)

/* An RMP entry (PPR of family 19h: Linux's host reads it); `hi` is our own. */
typedef struct RmpEntry {
    uint64_t lo;
    uint64_t hi;            /* a byte of permissions for each VMPL */
} RmpEntry;

#define RMP_ASSIGNED    (1ULL << 0)
#define RMP_2M          (1ULL << 1)
#define RMP_IMMUTABLE   (1ULL << 2)
#define RMP_GPA_SHIFT   12
#define RMP_GPA_MASK    (((1ULL << 39) - 1) << RMP_GPA_SHIFT)
#define RMP_ASID_SHIFT  51
#define RMP_ASID_MASK   (0x3ffULL << RMP_ASID_SHIFT)
#define RMP_VMSA        (1ULL << 61)
#define RMP_VALIDATED   (1ULL << 62)
#define RMP_GPA(e)      ((e) & RMP_GPA_MASK)
#define RMP_ASID(e)     (((e) & RMP_ASID_MASK) >> RMP_ASID_SHIFT)

#define RMP_VMPL_ALL    0x1f
#define RMP_VMPL_PERMS(vmpl, perms) ((uint64_t)(perms) << ((vmpl) * 8))

#define RMP_BOOKKEEPING 0x4000      /* before the first entry */

typedef struct SnpHost {
    bool enabled;           /* the machine has SNP */
    bool active;            /* SYSCFG.SNP_EN was set on some CPU */
    bool scramble;          /* page contents change across a change of owner */
    bool secure_tsc;        /* guests may have SecureTSC (CPUID 8000001Fh EAX[8]) */
    hwaddr rmp_base, rmp_end;       /* its first byte and its last one */
    RmpEntry *rmp;          /* by page */
    uint64_t nr_pages;
    uint8_t *ram;
    uint64_t below_4g, above_4g;
    QemuMutex lock;         /* RMP updates */
} SnpHost;

extern SnpHost snp_host;

static inline RmpEntry *snp_rmp(hwaddr spa)
{
    uint64_t pfn = spa >> 12;

    return snp_host.rmp && pfn < snp_host.nr_pages ? &snp_host.rmp[pfn] : NULL;
}

/* host pointer to a page of system RAM, or NULL */
static inline void *snp_ram(hwaddr pa)
{
    if (pa < snp_host.below_4g) {
        return snp_host.ram + pa;
    }
    if (pa >= (1ULL << 32) && pa - (1ULL << 32) < snp_host.above_4g) {
        return snp_host.ram + snp_host.below_4g + (pa - (1ULL << 32));
    }
    return NULL;
}

/* snp-host.c */
struct MachineState;
void snp_host_init(struct MachineState *ms, uint64_t below_4g, uint64_t above_4g);
void snp_host_properties(ObjectClass *oc);
/* change the ciphertext/plaintext relation of a page (an involution) */
void snp_scramble_page(hwaddr spa);
void snp_scramble_buf(hwaddr spa, void *page);
void snp_flush_all(void);

/* snp-vmsa.c: is this VMSA loaded on some CPU? */
bool snp_vmsa_in_use(hwaddr vmsa_pa);

#endif
