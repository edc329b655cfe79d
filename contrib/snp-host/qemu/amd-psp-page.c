/*
 * The emulated PSP and memory: page states, LAUNCH_UPDATE and the other commands
 * that work on pages of a guest.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "exec/cpu-common.h"
#include "amd-psp.h"

#define LEGACY_BASE     (640 * KiB)

/*
 * Commands name addresses as they like.  Only RAM is accessed, since a device
 * there may be this one: not what PCI may have from 640 KiB to 1 MiB, where RAM
 * hides.  And of RAM not the RMP, in which no command may write.
 */
static bool is_memory(uint64_t paddr)
{
    return snp_ram(paddr) && (paddr < LEGACY_BASE || paddr >= 1 * MiB) &&
           (paddr < snp_host.rmp_base || paddr > snp_host.rmp_end);
}

/* Does a large page begin there, with an RMP entry for each of its 512 pages? */
static bool is_large_page(uint64_t paddr)
{
    for (int i = 0; i < LARGE_PAGES; i++) {
        if (!is_memory(paddr + i * PAGE_4K)) {
            return false;
        }
    }
    return !(paddr & LARGE_MASK);
}

PageState psp_page_state(uint64_t paddr, RmpEntry **entry)
{
    RmpEntry *e;
    uint64_t lo;

    paddr &= ~SNP_CBIT_MASK;
    *entry = e = snp_rmp(paddr);
    if (!e || !is_memory(paddr)) {
        return PAGE_INVALID;
    }
    lo = qatomic_read(&e->lo);
    if (!(lo & RMP_ASSIGNED)) {
        return lo & RMP_IMMUTABLE ? PAGE_HV_FIXED : PAGE_HYPERVISOR;
    }
    if (!RMP_ASID(lo)) {
        return !(lo & RMP_IMMUTABLE) ? PAGE_RECLAIM :
               lo & RMP_VMSA ? PAGE_CONTEXT :
               RMP_GPA(lo) ? PAGE_METADATA : PAGE_FIRMWARE;
    }
    if (lo & RMP_IMMUTABLE) {
        return lo & RMP_VALIDATED ? PAGE_PRE_SWAP : PAGE_PRE_GUEST;
    }
    return lo & RMP_VALIDATED ? PAGE_GUEST_VALID : PAGE_GUEST_INVALID;
}

void psp_rmp_write(RmpEntry *e, uint64_t lo)
{
    qemu_mutex_lock(&snp_host.lock);
    qatomic_set(&e->lo, lo);
    qemu_mutex_unlock(&snp_host.lock);
}

int psp_read(uint64_t paddr, void *buf, size_t len)
{
    paddr &= ~SNP_CBIT_MASK;
    if (!is_memory(paddr) || !is_memory(paddr + len - 1)) {
        return RET_INVALID_ADDRESS;
    }
    cpu_physical_memory_read(paddr, buf, len);
    return RET_SUCCESS;
}

/* May the firmware write there?  With SNP, only into Firmware pages. */
int psp_may_write(AmdPsp *s, uint64_t paddr, size_t len)
{
    RmpEntry *e;

    paddr &= ~SNP_CBIT_MASK;
    for (uint64_t left = (paddr & PAGE_MASK) + len, at = paddr & ~PAGE_MASK; ;
         left -= PAGE_4K, at += PAGE_4K) {
        PageState state = psp_page_state(at, &e);

        if (state == PAGE_INVALID) {
            return RET_INVALID_ADDRESS;
        }
        if (s->snp_state == PSTATE_INIT && state != PAGE_FIRMWARE) {
            return RET_INVALID_PAGE_STATE;
        }
        if (left <= PAGE_4K) {
            return RET_SUCCESS;
        }
    }
}

int psp_write(AmdPsp *s, uint64_t paddr, const void *buf, size_t len)
{
    int ret = psp_may_write(s, paddr, len);

    if (!ret) {
        cpu_physical_memory_write(paddr & ~SNP_CBIT_MASK, buf, len);
    }
    return ret;
}

/* A structure that a command returns, which must not cross a page boundary. */
int psp_write_result(AmdPsp *s, uint64_t paddr, const void *buf, size_t len)
{
    if ((paddr & PAGE_MASK) + len > PAGE_4K) {
        return RET_INVALID_PARAM;
    }
    return psp_write(s, paddr, buf, len);
}

/* ---------- SNP_LAUNCH_UPDATE ---------- */

enum {
    PAGE_TYPE_NORMAL = 1, PAGE_TYPE_VMSA, PAGE_TYPE_ZERO, PAGE_TYPE_UNMEASURED,
    PAGE_TYPE_SECRETS, PAGE_TYPE_CPUID,
};

typedef struct QEMU_PACKED LaunchUpdate {
    uint64_t gctx_paddr;
    uint32_t flags;     /* PAGE_SIZE, PAGE_TYPE in bits 3:1, IMI_PAGE */
    uint32_t reserved1;
    uint64_t page_paddr;
    uint8_t reserved2, vmpl_perms[3];   /* of VMPL1, 2 and 3 */
    uint32_t reserved3;
} LaunchUpdate;
QEMU_BUILD_BUG_ON(sizeof(LaunchUpdate) != 32);

#define UPDATE_PAGE_SIZE        (1u << 0)   /* 2 MiB */
#define UPDATE_PAGE_TYPE(flags) (((flags) >> 1) & 7)
#define UPDATE_IMI_PAGE         (1u << 4)
#define UPDATE_RESERVED         (~0u << 5)

/* one link of the chain of hashes that is the launch digest */
typedef struct QEMU_PACKED PageInfo {
    uint8_t digest_cur[SHA384_SIZE], contents[SHA384_SIZE];
    uint16_t length;
    uint8_t page_type, imi_page;
    uint8_t vmpl3_perms, vmpl2_perms, vmpl1_perms, reserved;
    uint64_t gpa;
} PageInfo;
QEMU_BUILD_BUG_ON(sizeof(PageInfo) != 0x70);

/* what LAUNCH_UPDATE puts into a page of PAGE_TYPE_SECRETS */
typedef struct QEMU_PACKED SecretsPage {
    uint32_t version, imi_en, fms, reserved1;
    uint8_t gosvw[16];
    uint8_t vmpck[VMPCK_COUNT][32];
    uint8_t guest_area[0x160 - 0xa0];
    uint32_t tsc_factor;
    uint8_t reserved2[PAGE_4K - 0x164];
} SecretsPage;
QEMU_BUILD_BUG_ON(offsetof(SecretsPage, tsc_factor) != 0x160);
QEMU_BUILD_BUG_ON(sizeof(SecretsPage) != PAGE_4K);

#define VMSA_GUEST_TSC_SCALE    0x2f0       /* GUEST_TSC_OFFSET behind it */

static void contents_digest(const uint8_t *page, uint8_t digest[SHA384_SIZE])
{
    psp_sha384(page, PAGE_4K, digest);
}

/* GUEST_TSC_SCALE and GUEST_TSC_OFFSET are measured as zero. */
static void vmsa_digest(const uint8_t *page, uint8_t digest[SHA384_SIZE])
{
    uint8_t measured[PAGE_4K];

    memcpy(measured, page, PAGE_4K);
    memset(measured + VMSA_GUEST_TSC_SCALE, 0, 16);
    psp_sha384(measured, PAGE_4K, digest);
}

static int fill_zero(AmdPsp *s, GuestContext *g, uint64_t paddr, void *page)
{
    memset(page, 0, PAGE_4K);
    return RET_SUCCESS;
}

static int fill_secrets(AmdPsp *s, GuestContext *g, uint64_t paddr, void *page)
{
    SecretsPage *secrets = page;

    *secrets = (SecretsPage) {
        .version = 3,
        .imi_en = g->imi_en,
        .fms = psp_cpuid_version(),
        .tsc_factor = TSC_FACTOR,
    };
    memcpy(secrets->gosvw, g->gosvw, sizeof(secrets->gosvw));
    memcpy(secrets->vmpck, g->vmpck, sizeof(secrets->vmpck));
    return RET_SUCCESS;
}

/* Of a table that is refused the host gets back what would be accepted. */
static int check_cpuid(AmdPsp *s, GuestContext *g, uint64_t paddr, void *page)
{
    CpuidTable *t = page;
    uint32_t checked;

    if (!psp_cpuid_table_valid(t, PAGE_4K)) {
        return RET_INVALID_PARAM;
    }
    if (!psp_cpuid_check(s, t->function, t->count, &checked)) {
        snp_scramble_buf(paddr, page);
        cpu_physical_memory_write(paddr, page, PAGE_4K);
        return RET_INVALID_PARAM;
    }
    return RET_SUCCESS;
}

/* Without `digest` a page's contents are not measured. */
static const struct {
    bool exists, large;
    int (*fill)(AmdPsp *s, GuestContext *g, uint64_t paddr, void *page);
    void (*digest)(const uint8_t *page, uint8_t digest[SHA384_SIZE]);
} page_types[8] = {
    [PAGE_TYPE_NORMAL] = { true, true, NULL, contents_digest },
    [PAGE_TYPE_VMSA] = { true, false, NULL, vmsa_digest },
    [PAGE_TYPE_ZERO] = { true, true, fill_zero, NULL },
    [PAGE_TYPE_UNMEASURED] = { true, true, NULL, NULL },
    [PAGE_TYPE_SECRETS] = { true, false, fill_secrets, NULL },
    [PAGE_TYPE_CPUID] = { true, false, check_cpuid, NULL },
};

static void digest_extend(uint8_t digest[SHA384_SIZE], PageInfo *info)
{
    memcpy(info->digest_cur, digest, SHA384_SIZE);
    psp_sha384(info, sizeof(*info), digest);
}

static int update_page(AmdPsp *s, GuestContext *g, const LaunchUpdate *u,
                       uint64_t paddr, uint64_t gpa, RmpEntry *e)
{
    int type = UPDATE_PAGE_TYPE(u->flags), ret;
    PageInfo info = {
        .length = sizeof(info), .page_type = type, .gpa = gpa,
        .imi_page = !!(u->flags & UPDATE_IMI_PAGE),
        .vmpl1_perms = u->vmpl_perms[0], .vmpl2_perms = u->vmpl_perms[1],
        .vmpl3_perms = u->vmpl_perms[2],
    };
    uint8_t page[PAGE_4K] QEMU_ALIGNED(8);

    cpu_physical_memory_read(paddr, page, PAGE_4K);
    /* RMPUPDATE gave the page the guest's view; undo that: the host wrote it */
    snp_scramble_buf(paddr, page);
    if (page_types[type].fill) {
        ret = page_types[type].fill(s, g, paddr, page);
        if (ret) {
            return ret;
        }
    }
    if (page_types[type].digest) {
        page_types[type].digest(page, info.contents);
    }
    digest_extend(g->ld, &info);
    if (info.imi_page) {
        digest_extend(g->imd, &info);
    }
    cpu_physical_memory_write(paddr, page, PAGE_4K);
    g->nr_updates++;

    qemu_mutex_lock(&snp_host.lock);
    e->hi = RMP_VMPL_PERMS(0, RMP_VMPL_ALL) |
            RMP_VMPL_PERMS(1, u->vmpl_perms[0]) |
            RMP_VMPL_PERMS(2, u->vmpl_perms[1]) |
            RMP_VMPL_PERMS(3, u->vmpl_perms[2]);
    qatomic_set(&e->lo, (e->lo & ~RMP_IMMUTABLE) | RMP_VALIDATED |
                        (type == PAGE_TYPE_VMSA ? RMP_VMSA : 0));
    qemu_mutex_unlock(&snp_host.lock);
    return RET_SUCCESS;
}

/* The checks of LAUNCH_UPDATE, in the firmware's order. */
static int check_update(AmdPsp *s, const LaunchUpdate *u, uint64_t paddr,
                        GuestContext **guest, RmpEntry **entry)
{
    bool large = u->flags & UPDATE_PAGE_SIZE;
    int type = UPDATE_PAGE_TYPE(u->flags), ret;
    PageState state;
    GuestContext *g;

    if ((u->flags & UPDATE_RESERVED) || u->reserved1 || u->reserved2 ||
        u->reserved3 || (paddr & PAGE_MASK)) {
        return RET_INVALID_PARAM;
    }
    *guest = g = psp_guest(s, u->gctx_paddr, &ret);
    if (!g) {
        return ret;
    }
    state = psp_page_state(paddr, entry);
    if (state != PAGE_PRE_GUEST) {
        return state == PAGE_INVALID ? RET_INVALID_ADDRESS :
                                       RET_INVALID_PAGE_STATE;
    }
    if (!!((*entry)->lo & RMP_2M) != large) {
        return RET_INVALID_PAGE_SIZE;
    }
    if (large && !is_large_page(paddr)) {
        return RET_INVALID_ADDRESS;
    }
    if (!page_types[type].exists) {
        return RET_INVALID_PARAM;
    }
    if (large && !page_types[type].large) {
        return RET_INVALID_PAGE_SIZE;
    }
    if (g->state != GSTATE_LAUNCH) {
        return RET_INVALID_GUEST_STATE;
    }
    if (!g->asid) {
        return RET_INACTIVE;
    }
    if (RMP_ASID((*entry)->lo) != g->asid) {
        return RET_INVALID_PAGE_OWNER;
    }
    return g->imi_en && !(u->flags & UPDATE_IMI_PAGE) ? RET_INVALID_PARAM :
                                                        RET_SUCCESS;
}

int snp_launch_update(AmdPsp *s, void *buffer)
{
    const LaunchUpdate *u = buffer;
    uint64_t paddr = u->page_paddr & ~SNP_CBIT_MASK, gpa;
    int count = u->flags & UPDATE_PAGE_SIZE ? LARGE_PAGES : 1, ret;
    GuestContext *g = NULL;
    RmpEntry *e = NULL;

    ret = check_update(s, u, paddr, &g, &e);
    if (ret) {
        return ret;
    }
    gpa = RMP_GPA(e->lo);
    for (int i = 0; i < count && !ret; i++) {
        ret = update_page(s, g, u, paddr + i * PAGE_4K, gpa + i * PAGE_4K,
                          e + i);
    }
    return ret;
}

/* ---------- SNP_DBG_DECRYPT and SNP_DBG_ENCRYPT ---------- */

typedef struct QEMU_PACKED Dbg {
    uint64_t gctx_paddr, src_paddr, dst_paddr;
} Dbg;

/* The checks of both, of which one wants a guest's page as SRC, one as DST. */
static int check_dbg(AmdPsp *s, const Dbg *d, bool encrypt)
{
    PageState state;
    RmpEntry *e;
    int ret;
    GuestContext *g = psp_guest(s, d->gctx_paddr, &ret);

    if (!g) {
        return ret;
    }
    if ((d->src_paddr | d->dst_paddr) & PAGE_MASK) {
        return RET_INVALID_PARAM;
    }
    if (g->state == GSTATE_INIT) {
        return RET_INVALID_GUEST_STATE;
    }
    if (!(g->policy & POLICY_DEBUG)) {
        return RET_POLICY_FAILURE;
    }
    if (!g->asid) {
        return RET_INACTIVE;
    }
    state = psp_page_state(encrypt ? d->dst_paddr : d->src_paddr, &e);
    if (state == PAGE_INVALID) {
        return RET_INVALID_ADDRESS;
    }
    if (encrypt ? state != PAGE_PRE_GUEST && state != PAGE_PRE_SWAP :
                  state < PAGE_PRE_GUEST) {
        return RET_INVALID_PAGE_STATE;
    }
    return RMP_ASID(e->lo) != g->asid ? RET_INVALID_PAGE_OWNER : RET_SUCCESS;
}

/* A guest's page holds what the guest sees: there is nothing to de- or encrypt. */
static int dbg(AmdPsp *s, const Dbg *d, bool encrypt)
{
    uint8_t page[PAGE_4K];
    int ret = check_dbg(s, d, encrypt);

    if (!ret) {
        ret = psp_read(d->src_paddr, page, PAGE_4K);
    }
    if (!ret && !encrypt) {
        ret = psp_write(s, d->dst_paddr, page, PAGE_4K);
    } else if (!ret) {
        cpu_physical_memory_write(d->dst_paddr & ~SNP_CBIT_MASK, page, PAGE_4K);
    }
    return ret;
}

int snp_dbg_decrypt(AmdPsp *s, void *buffer)
{
    return dbg(s, buffer, false);
}

int snp_dbg_encrypt(AmdPsp *s, void *buffer)
{
    return dbg(s, buffer, true);
}

/* ---------- SNP_PAGE_RECLAIM and SNP_PAGE_UNSMASH ---------- */

int snp_page_reclaim(AmdPsp *s, void *buffer)
{
    uint64_t paddr = *(uint64_t *)buffer & ~SNP_CBIT_MASK;
    bool large = paddr & 1;     /* PAGE_SIZE */
    PageState state;
    RmpEntry *e;

    paddr &= ~1ULL;
    if (paddr & PAGE_MASK) {
        return RET_INVALID_PARAM;
    }
    if (s->snp_state != PSTATE_INIT) {
        return RET_INVALID_PLATFORM_STATE;
    }
    state = psp_page_state(paddr, &e);
    if (state == PAGE_INVALID) {
        return RET_INVALID_ADDRESS;
    }
    if (!!(e->lo & RMP_2M) != large) {
        return RET_INVALID_PAGE_SIZE;
    }
    if (large && !is_large_page(paddr)) {
        return RET_INVALID_ADDRESS;
    }
    if (!(e->lo & RMP_IMMUTABLE)) {
        return RET_SUCCESS;
    }
    if (state != PAGE_METADATA && state != PAGE_FIRMWARE &&
        state != PAGE_PRE_GUEST && state != PAGE_PRE_SWAP) {
        return RET_INVALID_PAGE_STATE;
    }
    for (int i = 0; i < (large ? LARGE_PAGES : 1); i++) {
        psp_rmp_write(&e[i], e[i].lo & ~RMP_IMMUTABLE);
    }
    return RET_SUCCESS;
}

int snp_page_unsmash(AmdPsp *s, void *buffer)
{
    const uint64_t same = RMP_VALIDATED | RMP_IMMUTABLE | RMP_ASID_MASK;
    uint64_t paddr = *(uint64_t *)buffer & ~PAGE_MASK & ~SNP_CBIT_MASK;
    RmpEntry *e;

    if (s->snp_state != PSTATE_INIT) {
        return RET_INVALID_PLATFORM_STATE;
    }
    if (!is_large_page(paddr) || psp_page_state(paddr, &e) == PAGE_INVALID) {
        return RET_INVALID_ADDRESS;
    }
    for (int i = 0; i < LARGE_PAGES; i++) {
        uint64_t lo = e[i].lo;

        if ((lo & RMP_2M) || !(lo & RMP_ASSIGNED) || !(lo & RMP_IMMUTABLE) ||
            ((lo ^ e->lo) & same) ||
            RMP_GPA(lo) != RMP_GPA(e->lo) + i * PAGE_4K) {
            return RET_INVALID_PAGE_STATE;
        }
    }
    for (int i = 0; i < LARGE_PAGES; i++) {
        psp_rmp_write(&e[i], e[i].lo | RMP_2M);
    }
    return RET_SUCCESS;
}
