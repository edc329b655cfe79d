/*
 * The emulated PSP's answers to messages of guests: SNP_GUEST_REQUEST.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "amd-psp.h"

enum {
    MSG_CPUID_REQ = 1, MSG_KEY_REQ = 3, MSG_REPORT_REQ = 5,
    MSG_TSC_INFO_REQ = 17, MSG_TYPES,
};

#define AES_256_GCM     1
#define HDR_VERSION     1
#define MSG_VERSION     1

/* in a page of its own, the whole page long */
typedef struct QEMU_PACKED Message {
    uint8_t authtag[32];
    uint64_t msg_seqno;
    uint8_t reserved1[8];
    uint8_t algo, hdr_version;      /* from here on it is authenticated */
    uint16_t hdr_size;
    uint8_t msg_type, msg_version;
    uint16_t msg_size;
    uint32_t reserved2;
    uint8_t msg_vmpck, reserved3[35];
    uint8_t payload[PAGE_4K - 0x60];
} Message;
QEMU_BUILD_BUG_ON(offsetof(Message, algo) != 0x30);
QEMU_BUILD_BUG_ON(sizeof(Message) != PAGE_4K);

#define HDR_SIZE    offsetof(Message, payload)

/* a decrypted request */
typedef struct Request {
    GuestContext *guest;
    const void *payload;        /* as large as a message's can be, zero at its end */
    int size, vmpck;
} Request;

static GcmBox message_box(const GuestContext *g, const Message *m)
{
    return (GcmBox) {
        .key = g->vmpck[m->msg_vmpck],
        .seqno = m->msg_seqno,
        .aad = &m->algo,
        .aad_size = HDR_SIZE - offsetof(Message, algo),
    };
}

/* ---------- MSG_CPUID_REQ ---------- */

typedef struct CpuidRsp {
    uint32_t status, count;
    uint64_t reserved;
    CpuidFunction function[CPUID_COUNT_MAX];
} CpuidRsp;

/* As large as the request, which has the table that is checked. */
static int answer_cpuid(AmdPsp *s, const Request *q, void *payload)
{
    const CpuidTable *t = q->payload;
    CpuidRsp *rsp = payload;
    uint32_t checked = 0;

    if (!psp_cpuid_table_valid(t, q->size)) {
        rsp->status = RET_INVALID_PARAM;
        return q->size;
    }
    memcpy(rsp->function, t->function, t->count * sizeof(CpuidFunction));
    rsp->status = psp_cpuid_check(s, rsp->function, t->count, &checked) ?
                  RET_SUCCESS : RET_INVALID_PARAM;
    rsp->count = checked;
    return q->size;
}

/* ---------- MSG_KEY_REQ ---------- */

typedef struct QEMU_PACKED KeyReq {
    uint32_t root_key_select, reserved;
    uint64_t guest_field_select;
    uint32_t vmpl, guest_svn;
    uint64_t tcb_version;
} KeyReq;

typedef struct QEMU_PACKED KeyRsp {
    uint32_t status;
    uint8_t reserved[28], derived_key[32];
} KeyRsp;

#define ROOT_VMRK           (1u << 0)   /* else the VCEK, or what KEY_SEL says */
#define KEY_SEL(select)     ((select) >> 1)
#define FIELD_GUEST_POLICY  (1u << 0)
#define FIELD_IMAGE_ID      (1u << 1)
#define FIELD_FAMILY_ID     (1u << 2)
#define FIELD_MEASUREMENT   (1u << 3)
#define FIELD_GUEST_SVN     (1u << 4)
#define FIELD_TCB_VERSION   (1u << 5)
#define FIELDS              0x3fULL

static int check_key_request(AmdPsp *s, const Request *q)
{
    const KeyReq *k = q->payload;

    if (q->size < sizeof(*k) || (k->root_key_select & ~7u) || k->reserved ||
        k->vmpl < q->vmpck || k->vmpl >= VMPCK_COUNT ||
        (k->guest_field_select & ~FIELDS) ||
        ((k->guest_field_select & FIELD_GUEST_SVN) &&
         k->guest_svn > q->guest->id_block.guest_svn)) {
        return RET_INVALID_PARAM;
    }
    if (!(k->root_key_select & ROOT_VMRK) &&
        (s->mask_chip_key || KEY_SEL(k->root_key_select) >= 2)) {
        return RET_INVALID_KEY;
    }
    return RET_SUCCESS;
}

/* A hash of what AMD's function mixes, and so another key than AMD's. */
static void derive_key(const GuestContext *g, const KeyReq *k, uint8_t key[32])
{
    uint64_t select = k->guest_field_select;
    uint8_t digest[SHA384_SIZE];
    struct QEMU_PACKED {
        uint64_t root_key_select, guest_field_select, vmpl, policy;
        uint8_t image_id[16], family_id[16], measurement[SHA384_SIZE];
        uint64_t guest_svn, tcb_version;
        uint8_t host_data[32], key_digest[SHA384_SIZE], root[48];
    } mix = {
        .root_key_select = k->root_key_select,
        .guest_field_select = select,
        .vmpl = k->vmpl,
        .policy = select & FIELD_GUEST_POLICY ? g->policy : 0,
        .guest_svn = select & FIELD_GUEST_SVN ? k->guest_svn : 0,
        .tcb_version = select & FIELD_TCB_VERSION ? k->tcb_version : 0,
        .root = "emulated-chip-key",
    };

    if (select & FIELD_IMAGE_ID) {
        memcpy(mix.image_id, g->id_block.image_id, sizeof(mix.image_id));
    }
    if (select & FIELD_FAMILY_ID) {
        memcpy(mix.family_id, g->id_block.family_id, sizeof(mix.family_id));
    }
    if (select & FIELD_MEASUREMENT) {
        memcpy(mix.measurement, g->ld, sizeof(mix.measurement));
    }
    if (k->root_key_select & ROOT_VMRK) {
        memset(mix.root, 0, sizeof(mix.root));
        memcpy(mix.root, g->vmrk, sizeof(g->vmrk));
    }
    memcpy(mix.host_data, g->host_data, sizeof(mix.host_data));
    memcpy(mix.key_digest, g->author_key_en ? g->author_key_digest : g->id_key_digest,
           sizeof(mix.key_digest));
    psp_sha384(&mix, sizeof(mix), digest);
    memcpy(key, digest, 32);
}

static int answer_key(AmdPsp *s, const Request *q, void *payload)
{
    KeyRsp *rsp = payload;

    rsp->status = check_key_request(s, q);
    if (!rsp->status) {
        derive_key(q->guest, q->payload, rsp->derived_key);
    }
    return sizeof(*rsp);
}

/* ---------- MSG_REPORT_REQ ---------- */

typedef struct QEMU_PACKED ReportReq {
    uint8_t report_data[64];
    uint32_t vmpl, key_sel;
    uint8_t reserved[24];
} ReportReq;
QEMU_BUILD_BUG_ON(sizeof(ReportReq) != 0x60);

typedef struct QEMU_PACKED Firmware {
    uint8_t build, minor, major, reserved;
} Firmware;

/* ATTESTATION_REPORT */
typedef struct QEMU_PACKED Report {
    uint32_t version, guest_svn;
    uint64_t policy;
    uint8_t family_id[16], image_id[16];
    uint32_t vmpl, signature_algo;
    uint64_t current_tcb, platform_info;
    uint32_t flags, reserved1;
    uint8_t report_data[64];
    uint8_t measurement[SHA384_SIZE];
    uint8_t host_data[32];
    uint8_t id_key_digest[SHA384_SIZE], author_key_digest[SHA384_SIZE];
    uint8_t report_id[32], report_id_ma[32];
    uint64_t reported_tcb;
    uint8_t cpuid_fam_id, cpuid_mod_id, cpuid_step, reserved2[21];
    uint8_t chip_id[CHIP_ID_SIZE];
    uint64_t committed_tcb;
    Firmware current, committed;
    uint64_t launch_tcb, launch_mit_vector, current_mit_vector;
    uint8_t reserved3[0x2a0 - 0x208];
    SevSignature signature;
} Report;
QEMU_BUILD_BUG_ON(offsetof(Report, report_data) != 0x50);
QEMU_BUILD_BUG_ON(offsetof(Report, chip_id) != 0x1a0);
QEMU_BUILD_BUG_ON(offsetof(Report, launch_tcb) != 0x1f0);
QEMU_BUILD_BUG_ON(sizeof(Report) != 0x4a0);

typedef struct QEMU_PACKED ReportRsp {
    uint32_t status, report_size;
    uint8_t reserved[24];
    Report report;
} ReportRsp;

enum { KEY_SEL_DEFAULT, KEY_SEL_VCEK, KEY_SEL_VLEK, KEY_SEL_RESERVED };
enum { SIGNING_KEY_VCEK, SIGNING_KEY_NONE = 7 };

static int check_report_request(const Request *q)
{
    const ReportReq *r = q->payload;

    if (q->size < sizeof(*r) || r->vmpl < q->vmpck || r->vmpl >= VMPCK_COUNT ||
        r->key_sel >= KEY_SEL_RESERVED ||
        !buffer_is_zero(r->reserved, sizeof(r->reserved))) {
        return RET_INVALID_PARAM;
    }
    if (r->key_sel == KEY_SEL_VLEK ||
        (r->key_sel == KEY_SEL_VCEK && q->guest->vcek_dis)) {
        return RET_INVALID_KEY;
    }
    return RET_SUCCESS;
}

/* What the report says of the platform. */
static void report_platform(AmdPsp *s, Report *r)
{
    const Firmware firmware = { s->build, s->api_minor, s->api_major };
    uint32_t fms = psp_cpuid_version();

    /* 3, from 1.56 on, has the CPU's version, 5, from 1.58 on, mitigations */
    r->version = s->api_minor >= 58 ? 5 : s->api_minor >= 56 ? 3 : 2;
    if (r->version >= 3) {
        r->cpuid_fam_id = ((fms >> 8) & 0xf) + ((fms >> 20) & 0xff);
        r->cpuid_mod_id = ((fms >> 12) & 0xf0) | ((fms >> 4) & 0xf);
        r->cpuid_step = fms & 0xf;
    }
    r->platform_info = (s->smt != 0) | s->rapl_dis << 3 | !!s->max_snp_asid << 4;
    r->current_tcb = r->committed_tcb = s->tcb;
    r->reported_tcb = s->reported_tcb;
    r->current = r->committed = firmware;
    if (!s->mask_chip_id) {
        psp_chip_id(r->chip_id);
    }
}

/* What it says of the guest. */
static void report_guest(const GuestContext *g, Report *r)
{
    r->guest_svn = g->id_block.guest_svn;
    r->policy = g->policy;
    r->launch_tcb = g->launch_tcb;
    memcpy(r->family_id, g->id_block.family_id, sizeof(r->family_id));
    memcpy(r->image_id, g->id_block.image_id, sizeof(r->image_id));
    memcpy(r->measurement, g->ld, sizeof(r->measurement));
    memcpy(r->host_data, g->host_data, sizeof(r->host_data));
    memcpy(r->id_key_digest, g->id_key_digest, sizeof(r->id_key_digest));
    memcpy(r->author_key_digest, g->author_key_digest,
           sizeof(r->author_key_digest));
    memcpy(r->report_id, g->report_id, sizeof(r->report_id));
    memcpy(r->report_id_ma, g->report_id_ma, sizeof(r->report_id_ma));
}

static int answer_report(AmdPsp *s, const Request *q, void *payload)
{
    const ReportReq *req = q->payload;
    ReportRsp *rsp = payload;
    Report *r = &rsp->report;
    int key = s->mask_chip_key ? SIGNING_KEY_NONE : SIGNING_KEY_VCEK;

    rsp->status = check_report_request(q);
    if (rsp->status) {
        return sizeof(*rsp);
    }
    rsp->report_size = sizeof(*r);
    report_platform(s, r);
    report_guest(q->guest, r);
    r->vmpl = req->vmpl;
    r->signature_algo = ECDSA_P384_SHA384;
    r->flags = q->guest->author_key_en | s->mask_chip_key << 1 | key << 2;
    memcpy(r->report_data, req->report_data, sizeof(r->report_data));
    if (!s->mask_chip_key) {
        psp_sign(s, r, offsetof(Report, signature), &r->signature);
    }
    return sizeof(*rsp);
}

/* ---------- MSG_TSC_INFO_REQ ---------- */

static int answer_tsc_info(AmdPsp *s, const Request *q, void *payload)
{
    struct QEMU_PACKED {
        uint32_t status, reserved1;
        uint64_t guest_tsc_scale, guest_tsc_offset;
        uint32_t tsc_factor;
        uint8_t reserved2[100];
    } *rsp = payload;

    rsp->guest_tsc_scale = 1ULL << 32;      /* it is 1 */
    rsp->tsc_factor = TSC_FACTOR;
    return sizeof(*rsp);
}

/* ---------- SNP_GUEST_REQUEST ---------- */

/*
 * Each writes into a payload of zeros, returns the answer's size.  An answer's
 * type is that of the request, plus 1.
 */
static int (*const answers[MSG_TYPES])(AmdPsp *s, const Request *q,
                                       void *payload) = {
    [MSG_CPUID_REQ] = answer_cpuid,
    [MSG_KEY_REQ] = answer_key,
    [MSG_REPORT_REQ] = answer_report,
    [MSG_TSC_INFO_REQ] = answer_tsc_info,
};

static int open_request(GuestContext *g, const Message *m, uint8_t *payload)
{
    GcmBox box;

    if (m->algo != AES_256_GCM || m->hdr_version != HDR_VERSION ||
        m->hdr_size != HDR_SIZE || !m->msg_size || (m->msg_size & 15) ||
        m->msg_size > sizeof(m->payload) || m->msg_vmpck >= VMPCK_COUNT) {
        return RET_INVALID_PARAM;
    }
    box = message_box(g, m);
    if (!psp_gcm_decrypt(&box, m->payload, payload, m->msg_size, m->authtag)) {
        return RET_BAD_MEASUREMENT;
    }
    if (m->msg_seqno != g->msg_count[m->msg_vmpck] + 1) {
        return RET_AEAD_OFLOW;
    }
    if (m->msg_version != MSG_VERSION || m->msg_type >= MSG_TYPES ||
        !answers[m->msg_type]) {
        return RET_INVALID_PARAM;
    }
    return RET_SUCCESS;
}

static int answer(AmdPsp *s, GuestContext *g, const Message *req,
                  const uint8_t *payload, uint64_t response_paddr)
{
    const Request q = { g, payload, req->msg_size, req->msg_vmpck };
    uint8_t plain[sizeof(req->payload)] QEMU_ALIGNED(8) = { 0 };
    Message rsp = {
        .msg_seqno = req->msg_seqno + 1,
        .algo = AES_256_GCM,
        .hdr_version = HDR_VERSION,
        .hdr_size = HDR_SIZE,
        .msg_type = req->msg_type + 1,
        .msg_version = MSG_VERSION,
        .msg_vmpck = req->msg_vmpck,
    };
    GcmBox box = message_box(g, &rsp);

    rsp.msg_size = answers[req->msg_type](s, &q, plain);
    if (!psp_gcm_encrypt(&box, plain, rsp.payload, rsp.msg_size, rsp.authtag)) {
        return RET_HWERROR_PLATFORM;
    }
    g->msg_count[req->msg_vmpck] += 2;
    return psp_write(s, response_paddr, &rsp, HDR_SIZE + rsp.msg_size);
}

int snp_guest_request(AmdPsp *s, void *buffer)
{
    const struct QEMU_PACKED {
        uint64_t gctx_paddr, request_paddr, response_paddr;
    } *r = buffer;
    Message req;
    uint8_t payload[sizeof(req.payload)] QEMU_ALIGNED(8) = { 0 };
    GuestContext *g;
    RmpEntry *e;
    int ret;

    g = psp_guest(s, r->gctx_paddr, &ret);
    if (!g) {
        return ret;
    }
    if (psp_page_state(r->request_paddr, &e) == PAGE_INVALID) {
        return RET_INVALID_ADDRESS;
    }
    if (psp_page_state(r->response_paddr, &e) != PAGE_FIRMWARE) {
        return RET_INVALID_PAGE_STATE;
    }
    if (g->state != GSTATE_RUNNING) {
        return RET_INVALID_GUEST_STATE;
    }
    if ((r->request_paddr | r->response_paddr) & PAGE_MASK) {
        return RET_INVALID_PARAM;
    }
    ret = psp_read(r->request_paddr, &req, sizeof(req));
    if (!ret) {
        ret = open_request(g, &req, payload);
    }
    return ret ? ret : answer(s, g, &req, payload, r->response_paddr);
}
