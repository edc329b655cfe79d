/*
 * The emulated PSP's guests: from SNP_GCTX_CREATE to SNP_DECOMMISSION.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "amd-psp.h"

/* The guest whose context is in that page; without one, *ret says why. */
GuestContext *psp_guest(AmdPsp *s, uint64_t gctx_paddr, int *ret)
{
    uint64_t paddr = gctx_paddr & ~SNP_CBIT_MASK;
    GuestContext *g = NULL;
    PageState state;
    RmpEntry *e;

    if (paddr & PAGE_MASK) {
        *ret = RET_INVALID_PARAM;
        return NULL;
    }
    if (s->snp_state != PSTATE_INIT) {
        *ret = RET_INVALID_PLATFORM_STATE;
        return NULL;
    }
    state = psp_page_state(paddr, &e);
    if (state == PAGE_CONTEXT) {
        g = g_hash_table_lookup(s->guests, &paddr);
    }
    *ret = g ? RET_SUCCESS :
           state == PAGE_INVALID ? RET_INVALID_ADDRESS : RET_INVALID_GUEST;
    return g;
}

int snp_gctx_create(AmdPsp *s, void *buffer)
{
    uint64_t paddr = *(uint64_t *)buffer & ~SNP_CBIT_MASK;
    PageState state;
    GuestContext *g;
    RmpEntry *e;

    if (paddr & PAGE_MASK) {
        return RET_INVALID_PARAM;
    }
    if (s->snp_state != PSTATE_INIT) {
        return RET_INVALID_PLATFORM_STATE;
    }
    state = psp_page_state(paddr, &e);
    if (state != PAGE_FIRMWARE) {
        return state == PAGE_INVALID ? RET_INVALID_ADDRESS :
                                       RET_INVALID_PAGE_STATE;
    }
    if (e->lo & RMP_2M) {
        return RET_INVALID_PAGE_SIZE;
    }
    g = g_new0(GuestContext, 1);
    g->paddr = paddr;
    g->launch_tcb = s->tcb;
    g_hash_table_replace(s->guests, &g->paddr, g);
    psp_rmp_write(e, e->lo | RMP_VMSA);     /* Firmware -> Context */
    return RET_SUCCESS;
}

/* ---------- SNP_LAUNCH_START ---------- */

typedef struct QEMU_PACKED LaunchStart {
    uint64_t gctx_paddr, policy, ma_gctx_paddr;
    uint32_t flags;
    uint32_t desired_tsc_khz;
    uint8_t gosvw[16];
} LaunchStart;
QEMU_BUILD_BUG_ON(sizeof(LaunchStart) != 48);

#define START_MA_EN     (1u << 0)
#define START_IMI_EN    (1u << 1)

/* the bits of a policy that this firmware has a meaning for */
static uint64_t policy_known(const AmdPsp *s)
{
    static const struct { uint32_t feature; uint64_t policy; } features[] = {
        { FEATURE_CXL, POLICY_CXL_ALLOW },
        { FEATURE_AES_256_XTS, POLICY_MEM_AES_256_XTS },
        { FEATURE_RAPL_DIS, POLICY_RAPL_DIS },
        { FEATURE_CIPHERTEXT_HIDING, POLICY_CIPHERTEXT_HIDING_DRAM },
    };
    uint64_t known = POLICY_ABI_1_55;

    for (int i = 0; i < ARRAY_SIZE(features); i++) {
        if (s->features & features[i].feature) {
            known |= features[i].policy;
        }
    }
    if (s->features && s->api_minor >= 58) {
        known |= POLICY_PAGE_SWAP_DISABLE;
    }
    return known;
}

/* `ma` is the migration agent that the guest is to have, or NULL. */
static bool policy_holds(const AmdPsp *s, uint64_t policy,
                         const GuestContext *ma)
{
    uint32_t major = POLICY_ABI_MAJOR(policy), minor = POLICY_ABI_MINOR(policy);

    if (!(policy & POLICY_RESERVED_ONE) || (policy & ~policy_known(s)) ||
        major > s->api_major ||
        (major == s->api_major && minor > s->api_minor)) {
        return false;
    }
    if (ma && (!(policy & POLICY_MIGRATE_MA) ||
               ((policy & POLICY_SINGLE_SOCKET) &&
                !(ma->policy & POLICY_SINGLE_SOCKET)))) {
        return false;
    }
    /* this platform's memory is said to be encrypted with AES-128 */
    return !(policy & POLICY_MEM_AES_256_XTS) &&
           (!s->smt || (policy & POLICY_SMT)) &&
           (s->rapl_dis || !(policy & POLICY_RAPL_DIS)) &&
           (s->max_snp_asid || !(policy & POLICY_CIPHERTEXT_HIDING_DRAM));
}

int snp_launch_start(AmdPsp *s, void *buffer)
{
    const LaunchStart *l = buffer;
    GuestContext *g, *ma = NULL;
    int ret;

    if (l->flags & ~(START_MA_EN | START_IMI_EN)) {
        return RET_INVALID_PARAM;
    }
    g = psp_guest(s, l->gctx_paddr, &ret);
    if (!g) {
        return ret;
    }
    if (g->state != GSTATE_INIT) {
        return RET_INVALID_GUEST_STATE;
    }
    if (l->flags & START_MA_EN) {
        ma = psp_guest(s, l->ma_gctx_paddr, &ret);
        if (!ma) {
            return ret;
        }
    }
    if (!policy_holds(s, l->policy, ma)) {
        return RET_POLICY_FAILURE;
    }
    g->policy = l->policy;
    g->imi_en = l->flags & START_IMI_EN;
    memcpy(g->gosvw, l->gosvw, sizeof(g->gosvw));
    psp_random(g->vmpck, sizeof(g->vmpck));
    psp_random(g->vmrk, sizeof(g->vmrk));
    psp_random(g->report_id, sizeof(g->report_id));
    memset(g->report_id_ma, 0xff, sizeof(g->report_id_ma));
    if (ma) {
        memcpy(g->report_id_ma, ma->report_id, sizeof(g->report_id_ma));
    }
    g->state = GSTATE_LAUNCH;
    return RET_SUCCESS;
}

/* ---------- SNP_LAUNCH_FINISH ---------- */

typedef struct QEMU_PACKED LaunchFinish {
    uint64_t gctx_paddr, id_block_paddr, id_auth_paddr;
    uint8_t flags, reserved[7];
    uint8_t host_data[32];
} LaunchFinish;
QEMU_BUILD_BUG_ON(sizeof(LaunchFinish) != 64);

#define FINISH_ID_BLOCK_EN  (1u << 0)
#define FINISH_AUTH_KEY_EN  (1u << 1)
#define FINISH_VCEK_DIS     (1u << 2)

/* ID authentication information structure */
typedef struct QEMU_PACKED IdAuth {
    uint32_t id_key_algo, auth_key_algo;
    uint8_t reserved1[0x40 - 0x08];
    SevSignature id_block_sig;
    SevPublicKey id_key;
    uint8_t reserved2[0x680 - 0x644];
    SevSignature id_key_sig;
    SevPublicKey author_key;
    uint8_t reserved3[PAGE_4K - 0xc84];
} IdAuth;
QEMU_BUILD_BUG_ON(offsetof(IdAuth, id_key) != 0x240);
QEMU_BUILD_BUG_ON(offsetof(IdAuth, author_key) != 0x880);
QEMU_BUILD_BUG_ON(sizeof(IdAuth) != PAGE_4K);

/* Does the ID block speak of this guest, and did its owner sign it? */
static int check_id_block(const GuestContext *g, const IdBlock *block,
                          const IdAuth *auth, bool author)
{
    if (memcmp(block->ld, g->ld, sizeof(g->ld))) {
        return RET_BAD_MEASUREMENT;
    }
    if (block->policy != g->policy) {
        return RET_POLICY_FAILURE;
    }
    if (auth->id_key_algo != ECDSA_P384_SHA384 ||
        (author && auth->auth_key_algo != ECDSA_P384_SHA384)) {
        return RET_INVALID_PARAM;
    }
    if (!psp_verify(&auth->id_key, &auth->id_block_sig, block, sizeof(*block))) {
        return RET_BAD_SIGNATURE;
    }
    if (author && !psp_verify(&auth->author_key, &auth->id_key_sig,
                              &auth->id_key, sizeof(auth->id_key))) {
        return RET_BAD_SIGNATURE;
    }
    return RET_SUCCESS;
}

static int take_id_block(GuestContext *g, const LaunchFinish *l)
{
    bool author = l->flags & FINISH_AUTH_KEY_EN;
    IdBlock block;
    IdAuth auth;
    int ret;

    ret = psp_read(l->id_block_paddr, &block, sizeof(block));
    if (!ret) {
        ret = psp_read(l->id_auth_paddr, &auth, sizeof(auth));
    }
    if (!ret) {
        ret = check_id_block(g, &block, &auth, author);
    }
    if (ret) {
        return ret;
    }
    g->id_block = block;
    psp_sha384(&auth.id_key, sizeof(auth.id_key), g->id_key_digest);
    if (author) {
        psp_sha384(&auth.author_key, sizeof(auth.author_key),
                   g->author_key_digest);
    }
    return RET_SUCCESS;
}

static void trace_digest(const GuestContext *g)
{
    char hex[2 * SHA384_SIZE + 1];

    for (int i = 0; i < SHA384_SIZE; i++) {
        snprintf(hex + 2 * i, 3, "%02x", g->ld[i]);
    }
    error_report("psp: launch digest %s (%d pages)", hex, g->nr_updates);
}

int snp_launch_finish(AmdPsp *s, void *buffer)
{
    const LaunchFinish *l = buffer;
    GuestContext *g;
    int ret;

    if ((l->flags & ~(FINISH_ID_BLOCK_EN | FINISH_AUTH_KEY_EN | FINISH_VCEK_DIS)) ||
        !buffer_is_zero(l->reserved, sizeof(l->reserved))) {
        return RET_INVALID_PARAM;
    }
    g = psp_guest(s, l->gctx_paddr, &ret);
    if (!g) {
        return ret;
    }
    if (g->state != GSTATE_LAUNCH || g->imi_en) {
        return RET_INVALID_GUEST_STATE;
    }
    if (!g->asid) {
        return RET_INACTIVE;
    }
    if (s->trace) {
        trace_digest(g);
    }
    if (l->flags & FINISH_ID_BLOCK_EN) {
        ret = take_id_block(g, l);
        if (ret) {
            return ret;
        }
    }
    memcpy(g->host_data, l->host_data, sizeof(g->host_data));
    g->author_key_en = l->flags & FINISH_AUTH_KEY_EN;
    g->vcek_dis = l->flags & FINISH_VCEK_DIS;
    g->state = GSTATE_RUNNING;
    return RET_SUCCESS;
}

/* ---------- the other ones ---------- */

typedef struct QEMU_PACKED Activate {
    uint64_t gctx_paddr;
    uint32_t asid;
} Activate;

static bool asid_has_pages(uint32_t asid)
{
    for (uint64_t i = 0; i < snp_host.nr_pages; i++) {
        uint64_t lo = snp_host.rmp[i].lo;

        if ((lo & RMP_ASSIGNED) && RMP_ASID(lo) == asid) {
            return true;
        }
    }
    return false;
}

static bool asid_has_guest(AmdPsp *s, uint32_t asid)
{
    GHashTableIter it;
    gpointer g;

    g_hash_table_iter_init(&it, s->guests);
    while (g_hash_table_iter_next(&it, NULL, &g)) {
        if (((GuestContext *)g)->asid == asid) {
            return true;
        }
    }
    return false;
}

int snp_activate(AmdPsp *s, void *buffer)
{
    const Activate *a = buffer;
    GuestContext *g;
    int ret;

    g = psp_guest(s, a->gctx_paddr, &ret);
    if (!g) {
        return ret;
    }
    if (g->state == GSTATE_INIT) {
        return RET_INVALID_GUEST_STATE;
    }
    if (!a->asid || a->asid >= SNP_MIN_SEV_ASID ||
        (s->max_snp_asid && a->asid > s->max_snp_asid)) {
        return RET_INVALID_ASID;
    }
    if (asid_has_pages(a->asid)) {
        return RET_INVALID_CONFIG;
    }
    if (g->asid) {
        return RET_ACTIVE;
    }
    if (asid_has_guest(s, a->asid)) {
        return RET_ASID_OWNED;
    }
    if (s->asid_dirty[a->asid]) {
        return RET_DF_FLUSH_REQUIRED;
    }
    g->asid = a->asid;
    return RET_SUCCESS;
}

int snp_decommission(AmdPsp *s, void *buffer)
{
    RmpEntry *e;
    int ret;
    GuestContext *g = psp_guest(s, *(uint64_t *)buffer, &ret);

    if (!g) {
        return ret;
    }
    s->asid_dirty[g->asid] = g->asid;       /* 0: it was never activated */
    psp_page_state(g->paddr, &e);
    psp_rmp_write(e, e->lo & ~RMP_VMSA);    /* Context -> Firmware */
    g_hash_table_remove(s->guests, &g->paddr);
    return RET_SUCCESS;
}

int snp_guest_status(AmdPsp *s, void *buffer)
{
    const struct QEMU_PACKED { uint64_t gctx_paddr, status_paddr; } *q = buffer;
    struct QEMU_PACKED {
        uint64_t policy;
        uint32_t asid;
        uint8_t state, reserved[19];
    } status = { 0 };
    GuestContext *g;
    int ret;

    g = psp_guest(s, q->gctx_paddr, &ret);
    if (!g) {
        return ret;
    }
    status.policy = g->policy;
    status.asid = g->asid;
    status.state = g->state;
    return psp_write_result(s, q->status_paddr, &status, sizeof(status));
}
