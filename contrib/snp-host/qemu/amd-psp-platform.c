/*
 * The emulated PSP's platform: initialization, status, configuration.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "hw/core/cpu.h"
#include "cpu.h"
#include "amd-psp.h"

/* ---------- commands of SEV ---------- */

#define INIT_SEV_ES         (1u << 0)
#define CONFIG_ES           (1u << 8)       /* PLATFORM_STATUS */
#define NV_LENGTH           (32 * KiB)

static int init(AmdPsp *s, uint32_t flags, uint64_t tmr_paddr, uint32_t tmr_length)
{
    /* the trusted memory region, in which firmware keeps states of vCPUs */
    uint64_t need = s->snp_state == PSTATE_INIT ? 2 * MiB : 1 * MiB;
    RmpEntry *e;

    tmr_paddr &= ~SNP_CBIT_MASK;
    if (flags & INIT_SEV_ES) {
        if (tmr_paddr & (need - 1)) {
            return RET_INVALID_ADDRESS;
        }
        if (!tmr_paddr || tmr_length < need) {
            return RET_INVALID_LENGTH;
        }
        if (s->snp_state == PSTATE_INIT &&
            psp_page_state(tmr_paddr, &e) != PAGE_FIRMWARE) {
            return RET_INVALID_PAGE_STATE;
        }
    }
    s->sev_config = flags & INIT_SEV_ES ? CONFIG_ES : 0;
    s->sev_state = PSTATE_INIT;
    return RET_SUCCESS;
}

int psp_init(AmdPsp *s, void *buffer)
{
    const struct QEMU_PACKED {
        uint32_t flags, reserved;
        uint64_t tmr_paddr;
        uint32_t tmr_length;
    } *i = buffer;

    if (s->sev_state != PSTATE_UNINIT) {
        return RET_INVALID_PLATFORM_STATE;
    }
    return init(s, i->flags, i->tmr_paddr, i->tmr_length);
}

int psp_init_ex(AmdPsp *s, void *buffer)
{
    const struct QEMU_PACKED {
        uint32_t length, flags;
        uint64_t tmr_paddr;
        uint32_t tmr_length, reserved;
        uint64_t nv_paddr;
        uint32_t nv_length;
    } *i = buffer;

    if (s->sev_state != PSTATE_UNINIT) {
        return RET_INVALID_PLATFORM_STATE;
    }
    if (i->length != sizeof(*i) || i->nv_length < NV_LENGTH || !i->nv_paddr) {
        return RET_INVALID_PARAM;
    }
    return init(s, i->flags, i->tmr_paddr, i->tmr_length);
}

int psp_shutdown(AmdPsp *s, void *buffer)
{
    s->sev_state = PSTATE_UNINIT;
    s->sev_config = 0;
    return RET_SUCCESS;
}

int psp_factory_reset(AmdPsp *s, void *buffer)
{
    return s->sev_state == PSTATE_UNINIT ? RET_SUCCESS :
                                           RET_INVALID_PLATFORM_STATE;
}

int psp_platform_status(AmdPsp *s, void *buffer)
{
    struct QEMU_PACKED {
        uint8_t api_major, api_minor, state;
        uint32_t config;
        uint8_t build;
        uint32_t guest_count;
    } *status = buffer;

    status->api_major = s->api_major;
    status->api_minor = s->api_minor;
    status->state = s->sev_state;
    status->config = s->sev_config;
    status->build = s->build;
    status->guest_count = 0;        /* of SEV and SEV-ES, which aren't emulated */
    return RET_SUCCESS;
}

/* PEK_GEN and PDH_GEN: nobody can ask for these keys. */
int psp_key_gen(AmdPsp *s, void *buffer)
{
    return s->sev_state == PSTATE_INIT ? RET_SUCCESS : RET_INVALID_PLATFORM_STATE;
}

int psp_df_flush(AmdPsp *s, void *buffer)
{
    if (s->sev_state == PSTATE_UNINIT) {
        return RET_INVALID_PLATFORM_STATE;
    }
    memset(s->asid_dirty, 0, sizeof(s->asid_dirty));
    return RET_SUCCESS;
}

/* The same in reports. */
void psp_chip_id(uint8_t id[CHIP_ID_SIZE])
{
    for (int i = 0; i < CHIP_ID_SIZE; i++) {
        id[i] = 0xe0 ^ i;
    }
}

int psp_get_id(AmdPsp *s, void *buffer)
{
    struct QEMU_PACKED {
        uint64_t id_paddr;
        uint32_t id_length;
    } *get = buffer;
    uint32_t given = get->id_length;
    uint8_t id[CHIP_ID_SIZE];

    get->id_length = CHIP_ID_SIZE;  /* what it should be, if it is too short */
    if (!get->id_paddr || given < CHIP_ID_SIZE) {
        return RET_INVALID_LENGTH;
    }
    psp_chip_id(id);
    return psp_write(s, get->id_paddr, id, sizeof(id));
}

int psp_nop(AmdPsp *s, void *buffer)
{
    return RET_SUCCESS;
}

/* ---------- SNP_INIT and SNP_INIT_EX ---------- */

typedef struct QEMU_PACKED SnpInitEx {
    uint32_t flags, reserved1;
    uint64_t list_paddr;
    uint16_t max_snp_asid;
    uint8_t reserved2[46];
} SnpInitEx;
QEMU_BUILD_BUG_ON(sizeof(SnpInitEx) != 64);

#define INIT_RMP                    (1u << 0)
#define INIT_LIST_PADDR_EN          (1u << 1)
#define INIT_RAPL_DIS               (1u << 2)
#define INIT_CIPHERTEXT_HIDING_EN   (1u << 3)

#define RANGE_COUNT_MAX ((PAGE_4K - 8) / 16)

/* ranges of pages that become HV-Fixed */
typedef struct QEMU_PACKED RangeList {
    uint32_t count, reserved;
    struct QEMU_PACKED {
        uint64_t base;
        uint32_t page_count, reserved;
    } range[RANGE_COUNT_MAX];
} RangeList;

/* MSRs must agree on all CPUs, of which none may be ready to run a guest. */
static bool cpus_ready(void)
{
    const uint64_t need = SYSCFG_SNP_EN | SYSCFG_VMPL_EN | SYSCFG_MFDM;
    CPUState *cs;

    CPU_FOREACH(cs) {
        CPUX86State *env = cs->env_ptr;

        if ((env->snp_syscfg & need) != need || env->vm_hsave) {
            return false;
        }
    }
    return true;
}

static void rmp_initialize(AmdPsp *s)
{
    memset(snp_host.rmp, 0, snp_host.nr_pages * sizeof(RmpEntry));
    for (uint64_t at = snp_host.rmp_base; at < snp_host.rmp_end; at += PAGE_4K) {
        snp_rmp(at)->lo = RMP_ASSIGNED | RMP_IMMUTABLE;     /* Firmware */
    }
    s->rmp_initialized = true;
}

static int fix_ranges(uint64_t list_paddr)
{
    RangeList list;
    RmpEntry *e;
    int ret;

    if (list_paddr & PAGE_MASK) {
        return RET_INVALID_ADDRESS;
    }
    ret = psp_read(list_paddr, &list, sizeof(list));
    if (ret) {
        return ret;
    }
    if (list.count > RANGE_COUNT_MAX) {
        return RET_INVALID_PARAM;
    }
    for (uint32_t i = 0; i < list.count; i++) {
        uint64_t at = list.range[i].base;

        for (uint32_t n = list.range[i].page_count; n--; at += PAGE_4K) {
            e = snp_rmp(at);
            if (!e) {
                break;
            }
            if (!(e->lo & RMP_ASSIGNED)) {
                e->lo = RMP_IMMUTABLE;      /* HV-Fixed */
            }
        }
    }
    return RET_SUCCESS;
}

static int init_snp(AmdPsp *s, const SnpInitEx *i)
{
    int ret;

    if (!cpus_ready()) {
        return RET_INVALID_CONFIG;
    }
    if (i->flags & INIT_RMP) {
        rmp_initialize(s);
    } else if (!s->rmp_initialized) {
        return RET_RMP_INIT_REQUIRED;
    }
    if (i->flags & INIT_LIST_PADDR_EN) {
        ret = fix_ranges(i->list_paddr);
        if (ret) {
            return ret;
        }
    }
    s->snp_state = PSTATE_INIT;
    s->rapl_dis = i->flags & INIT_RAPL_DIS;
    s->max_snp_asid = i->flags & INIT_CIPHERTEXT_HIDING_EN ? i->max_snp_asid : 0;
    snp_flush_all();
    return RET_SUCCESS;
}

int snp_init(AmdPsp *s, void *buffer)
{
    if (s->snp_state != PSTATE_UNINIT || s->sev_state != PSTATE_UNINIT) {
        return RET_INVALID_PLATFORM_STATE;
    }
    return init_snp(s, &(SnpInitEx) { .flags = INIT_RMP });
}

int snp_init_ex(AmdPsp *s, void *buffer)
{
    const SnpInitEx *i = buffer;
    uint32_t known = INIT_RMP | INIT_LIST_PADDR_EN;

    if (s->snp_state != PSTATE_UNINIT || s->sev_state != PSTATE_UNINIT) {
        return RET_INVALID_PLATFORM_STATE;
    }
    known |= s->features & FEATURE_RAPL_DIS ? INIT_RAPL_DIS : 0;
    known |= s->features & FEATURE_CIPHERTEXT_HIDING ? INIT_CIPHERTEXT_HIDING_EN : 0;
    if ((i->flags & ~known) || i->reserved1) {
        return RET_INVALID_PARAM;
    }
    if ((i->flags & INIT_CIPHERTEXT_HIDING_EN) &&
        (!i->max_snp_asid || i->max_snp_asid >= SNP_MIN_SEV_ASID)) {
        return RET_INVALID_CONFIG;
    }
    return init_snp(s, i);
}

/* ---------- other commands of SNP ---------- */

int snp_shutdown(AmdPsp *s, void *buffer)
{
    if (s->snp_state == PSTATE_UNINIT) {
        return RET_SUCCESS;
    }
    if (s->sev_state != PSTATE_UNINIT || g_hash_table_size(s->guests)) {
        return RET_INVALID_PLATFORM_STATE;
    }
    for (uint64_t i = 0; i < snp_host.nr_pages; i++) {
        RmpEntry *e = &snp_host.rmp[i];

        if ((e->lo & (RMP_ASSIGNED | RMP_IMMUTABLE)) == RMP_IMMUTABLE) {
            e->lo = 0;      /* HV-Fixed -> Hypervisor */
        }
    }
    s->snp_state = PSTATE_UNINIT;
    s->rapl_dis = false;
    s->max_snp_asid = 0;
    return RET_SUCCESS;
}

int snp_shutdown_ex(AmdPsp *s, void *buffer)
{
    const struct QEMU_PACKED { uint32_t length, flags; } *q = buffer;
    const uint32_t x86_snp_shutdown = 1u << 1;
    bool was_up = s->snp_state == PSTATE_INIT;
    int ret = snp_shutdown(s, NULL);

    /* the x86 side gives up the RMP: SNP_INIT_EX has to make a new one */
    if (!ret && was_up && (s->features & FEATURE_X86_SHUTDOWN) &&
        (q->flags & x86_snp_shutdown)) {
        s->rmp_initialized = false;
    }
    return ret;
}

int snp_platform_status(AmdPsp *s, void *buffer)
{
    struct QEMU_PACKED {
        uint8_t api_major, api_minor, state, is_rmp_initialized;
        uint32_t build_id, flags, guest_count;
        uint64_t current_tcb, reported_tcb;
    } status = {
        .api_major = s->api_major,
        .api_minor = s->api_minor,
        .state = s->snp_state,
        .is_rmp_initialized = s->rmp_initialized,
        .build_id = s->build,
        .flags = s->mask_chip_id | s->mask_chip_key << 1 |
                 !!s->features << 3 /* FEATURE_INFO */ | s->rapl_dis << 4 |
                 !!(s->features & FEATURE_CIPHERTEXT_HIDING) << 5 |
                 !!s->max_snp_asid << 6 /* it is on */,
        .guest_count = g_hash_table_size(s->guests),
        .current_tcb = s->tcb,
        .reported_tcb = s->reported_tcb,
    };

    return psp_write_result(s, *(uint64_t *)buffer, &status, sizeof(status));
}

int snp_df_flush(AmdPsp *s, void *buffer)
{
    if (s->snp_state != PSTATE_INIT) {
        return RET_INVALID_PLATFORM_STATE;
    }
    memset(s->asid_dirty, 0, sizeof(s->asid_dirty));
    return RET_SUCCESS;
}

/* Is no component of the TCB version newer than what runs? */
static bool tcb_reached(uint64_t tcb, uint64_t current)
{
    for (int shift = 0; shift < 64; shift += 8) {
        if (((tcb >> shift) & 0xff) > ((current >> shift) & 0xff)) {
            return false;
        }
    }
    return true;
}

int snp_config(AmdPsp *s, void *buffer)
{
    const struct QEMU_PACKED {
        uint64_t reported_tcb;
        uint32_t flags;
        uint8_t reserved[52];
    } *c = buffer;
    const uint32_t mask_chip_id = 1u << 0, mask_chip_key = 1u << 1;

    if ((c->flags & ~(mask_chip_id | mask_chip_key)) ||
        !buffer_is_zero(c->reserved, sizeof(c->reserved)) ||
        !tcb_reached(c->reported_tcb, s->tcb)) {
        return RET_INVALID_PARAM;
    }
    s->reported_tcb = c->reported_tcb ? c->reported_tcb : s->tcb;
    s->mask_chip_id = c->flags & mask_chip_id;
    s->mask_chip_key = c->flags & mask_chip_key;
    return RET_SUCCESS;
}

int snp_commit(AmdPsp *s, void *buffer)
{
    const uint32_t *length = buffer;

    return *length == sizeof(*length) ? RET_SUCCESS : RET_INVALID_PARAM;
}

int snp_feature_info(AmdPsp *s, void *buffer)
{
    const struct QEMU_PACKED {
        uint32_t length, ecx_in;
        uint64_t feature_info_paddr;
    } *q = buffer;
    struct QEMU_PACKED { uint32_t eax, ebx, ecx, edx; } info = { 0 };

    if (!s->features) {
        return RET_INVALID_COMMAND;
    }
    if (q->length != sizeof(*q) || q->ecx_in > 1 || (q->feature_info_paddr & 7)) {
        return RET_INVALID_PARAM;
    }
    if (!q->ecx_in) {
        info.eax = 1;       /* the last subfunction */
        info.ecx = s->features;
    }
    return psp_write_result(s, q->feature_info_paddr, &info, sizeof(info));
}

/* Family, model and stepping as CPUID has them. */
uint32_t psp_cpuid_version(void)
{
    CPUX86State *env = first_cpu->env_ptr;

    return env->cpuid_version;
}
