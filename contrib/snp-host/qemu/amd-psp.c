/*
 * AMD Platform Security Processor (SEV-SNP firmware), emulated for tests.
 *
 * It follows the SEV-SNP Firmware ABI Specification: which commands there are, in which
 * order their arguments are checked, and with which status they fail.  Keys and
 * signatures are real, but made anew at each start; no memory is encrypted.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qemu/units.h"
#include "qemu/timer.h"
#include "qemu/error-report.h"
#include "qapi/error.h"
#include "hw/pci/pci.h"
#include "hw/pci/msi.h"
#include "hw/qdev-properties.h"
#include "exec/address-spaces.h"
#include "hw/core/cpu.h"
#include "cpu.h"
#include "target/i386/snp-emu.h"
#include <gcrypt.h>

#define TYPE_AMD_PSP "amd-psp"
OBJECT_DECLARE_SIMPLE_TYPE(AmdPsp, AMD_PSP)

#define PSP_BAR_SIZE    0x20000
/* register offsets that the ccp driver uses for 1022:14CA */
#define R_CMDRESP       0x10980
#define R_CMDBUF_LO     0x109e0
#define R_CMDBUF_HI     0x109e4
#define R_BLINFO        0x109ec
#define R_FEATURE       0x109fc
#define R_INTEN         0x10690
#define R_INTSTS        0x10694
#define CMDRESP_RESP    (1u << 31)
#define CMDRESP_IOC     1u

enum {
    CMD_INIT = 1, CMD_SHUTDOWN, CMD_FACTORY_RESET, CMD_PLATFORM_STATUS, CMD_PEK_GEN,
    CMD_PEK_CSR, CMD_PEK_CERT_IMPORT, CMD_PDH_CERT_EXPORT, CMD_PDH_GEN, CMD_DF_FLUSH,
    CMD_DOWNLOAD_FIRMWARE, CMD_GET_ID, CMD_INIT_EX, CMD_NOP,
    CMD_SNP_INIT = 0x81, CMD_SNP_SHUTDOWN, CMD_SNP_PLATFORM_STATUS, CMD_SNP_DF_FLUSH,
    CMD_SNP_INIT_EX, CMD_SNP_SHUTDOWN_EX,
    CMD_SNP_DECOMMISSION = 0x90, CMD_SNP_ACTIVATE, CMD_SNP_GUEST_STATUS, CMD_SNP_GCTX_CREATE,
    CMD_SNP_GUEST_REQUEST, CMD_SNP_ACTIVATE_EX,
    CMD_SNP_LAUNCH_START = 0xa0, CMD_SNP_LAUNCH_UPDATE, CMD_SNP_LAUNCH_FINISH,
    CMD_SNP_DBG_DECRYPT = 0xb0, CMD_SNP_DBG_ENCRYPT,
    CMD_SNP_PAGE_RECLAIM = 0xc7, CMD_SNP_PAGE_UNSMASH, CMD_SNP_CONFIG,
    CMD_SNP_DOWNLOAD_FIRMWARE_EX, CMD_SNP_COMMIT, CMD_SNP_VLEK_LOAD = 0xcd, CMD_SNP_FEATURE_INFO,
};

enum {
    RET_SUCCESS = 0, RET_INVALID_PLATFORM_STATE, RET_INVALID_GUEST_STATE, RET_INVALID_CONFIG,
    RET_INVALID_LEN, RET_ALREADY_OWNED, RET_INVALID_CERTIFICATE, RET_POLICY_FAILURE, RET_INACTIVE,
    RET_INVALID_ADDRESS, RET_BAD_SIGNATURE, RET_BAD_MEASUREMENT, RET_ASID_OWNED,
    RET_INVALID_ASID, RET_WBINVD_REQUIRED, RET_DFFLUSH_REQUIRED, RET_INVALID_GUEST,
    RET_INVALID_COMMAND, RET_ACTIVE, RET_HWERROR_PLATFORM, RET_HWERROR_UNSAFE,
    RET_UNSUPPORTED, RET_INVALID_PARAM, RET_RESOURCE_LIMIT, RET_SECURE_DATA_INVALID,
    RET_INVALID_PAGE_SIZE, RET_INVALID_PAGE_STATE, RET_INVALID_MDATA_ENTRY,
    RET_INVALID_PAGE_OWNER, RET_AEAD_OFLOW, RET_RMP_INIT_REQUIRED = 0x20, RET_INVALID_KEY = 0x27,
};

enum { PT_NORMAL = 1, PT_VMSA, PT_ZERO, PT_UNMEASURED, PT_SECRETS, PT_CPUID };

/* page states, from the RMP */
typedef enum {
    PS_INVALID, PS_HYPERVISOR, PS_HV_FIXED, PS_FIRMWARE, PS_RECLAIM, PS_CONTEXT, PS_METADATA,
    PS_PRE_GUEST, PS_PRE_SWAP, PS_GUEST_INVALID, PS_GUEST_VALID,
} PageState;

#define POLICY_SMT          (1ULL << 16)
#define POLICY_RSVD_ONE     (1ULL << 17)
#define POLICY_MIGRATE_MA   (1ULL << 18)
#define POLICY_DEBUG        (1ULL << 19)
#define POLICY_SINGLE       (1ULL << 20)
#define POLICY_CXL          (1ULL << 21)
#define POLICY_XTS          (1ULL << 22)
#define POLICY_RAPL_DIS     (1ULL << 23)
#define POLICY_CT_HIDING    (1ULL << 24)
#define POLICY_NO_SWAP      (1ULL << 25)
#define POLICY_KNOWN        0x1fffffULL     /* ABI 1.55: bits 20:0 */

/* SNP_FEATURE_INFO, CPUID 80000024h ECX */
#define FI_X86_SHUTDOWN     (1u << 1)
#define FI_RAPL_DIS         (1u << 2)
#define FI_CT_HIDING        (1u << 3)
#define FI_XTS              (1u << 4)
#define FI_CXL              (1u << 5)

enum { GS_INIT, GS_LAUNCH, GS_RUNNING };

typedef struct Gctx {
    uint64_t paddr;
    int state;
    uint32_t asid;
    bool imi_en, id_block_en, author_key_en, vcek_dis;
    uint64_t policy;
    uint8_t ld[48], imd[48];
    uint8_t vmpck[4][32];
    uint64_t msg_count[4];
    uint8_t vmrk[32], report_id[32], report_id_ma[32];
    uint8_t host_data[32], gosvw[16];
    uint8_t id_block[0x60], id_key_digest[48], author_key_digest[48];
    uint32_t tsc_khz;
    uint64_t launch_tcb;
    int nr_updates;
} Gctx;

struct AmdPsp {
    PCIDevice parent_obj;
    MemoryRegion bar;

    uint32_t cmdresp, lo, hi, inten, intsts;
    bool ioc;
    QEMUTimer *timer;

    /* properties */
    uint8_t api_major, api_minor, build;
    uint32_t smt;
    uint32_t fail_cmd, fail_code, fail_skip, fail_count;    /* fault injection */
    uint32_t latency_us;
    uint32_t features;  /* SNP_FEATURE_INFO's ECX; 0: this firmware has no such command */
    bool trace;
    char *key_out;

    /* platform */
    int sev_state;      /* 0 UNINIT 1 INIT 2 WORKING */
    uint32_t sev_flags;
    int snp_state;      /* 0 UNINIT 1 INIT */
    bool rapl_dis;
    uint32_t ct_max_asid;   /* ciphertext hiding: SNP guests have ASIDs up to this; 0: it is off */
    bool rmp_init;
    GHashTable *guests; /* gctx paddr -> Gctx */
    uint8_t asid_dirty[SNP_MAX_ASID + 1];
    uint64_t tcb, reported_tcb;
    bool mask_chip_id, mask_chip_key;
    gcry_sexp_t vcek;
    uint8_t vcek_q[96];
};

/* ---------- memory, hashes and page states ---------- */

static void psp_read(uint64_t pa, void *buf, size_t len)
{
    cpu_physical_memory_read(pa & ~SNP_CBIT_MASK, buf, len);
}

static void psp_write(uint64_t pa, const void *buf, size_t len)
{
    cpu_physical_memory_write(pa & ~SNP_CBIT_MASK, buf, len);
}

static void sha384(const void *p, size_t n, uint8_t *out)
{
    gcry_md_hash_buffer(GCRY_MD_SHA384, out, p, n);
}

static void trng(void *p, size_t n)
{
    gcry_create_nonce(p, n);
}

static PageState page_state(uint64_t pa, uint64_t **ent)
{
    uint64_t *e = snp_rmp(pa & ~SNP_CBIT_MASK), lo, *base;

    *ent = e;
    if (!e) {
        return PS_INVALID;
    }
    lo = qatomic_read(e);
    base = snp_rmp(pa & ~SNP_CBIT_MASK & ~(uint64_t)(2 * MiB - 1));
    if (base && (*base & RMP_2M) && (*base & RMP_ASSIGNED)) {
        lo |= RMP_2M;
    }
    if (!(lo & RMP_ASSIGNED)) {
        return lo & RMP_IMMUTABLE ? PS_HV_FIXED : PS_HYPERVISOR;
    }
    if (!RMP_ASID(lo)) {
        if (!(lo & RMP_IMMUTABLE)) {
            return PS_RECLAIM;
        }
        return lo & RMP_VMSA ? PS_CONTEXT : RMP_GPA(lo) ? PS_METADATA : PS_FIRMWARE;
    }
    if (lo & RMP_IMMUTABLE) {
        return lo & RMP_VALIDATED ? PS_PRE_SWAP : PS_PRE_GUEST;
    }
    return lo & RMP_VALIDATED ? PS_GUEST_VALID : PS_GUEST_INVALID;
}

static void rmp_set(uint64_t *e, uint64_t lo)
{
    qemu_mutex_lock(&snp_host.lock);
    qatomic_set(e, lo);
    qemu_mutex_unlock(&snp_host.lock);
}

static Gctx *find_gctx(AmdPsp *s, uint64_t pa, int *ret)
{
    uint64_t *e;
    Gctx *g;

    pa &= ~SNP_CBIT_MASK;
    if (pa & 0xfff) {
        *ret = RET_INVALID_PARAM;
        return NULL;
    }
    if (!s->snp_state) {
        *ret = RET_INVALID_PLATFORM_STATE;
        return NULL;
    }
    switch (page_state(pa, &e)) {
    case PS_INVALID:
        *ret = RET_INVALID_ADDRESS;
        return NULL;
    case PS_CONTEXT:
        break;
    default:
        *ret = RET_INVALID_GUEST;
        return NULL;
    }
    g = g_hash_table_lookup(s->guests, &pa);
    *ret = g ? RET_SUCCESS : RET_INVALID_GUEST;
    return g;
}

/* may firmware write there? (Firmware state once SNP is initialized) */
static int writable_range(AmdPsp *s, uint64_t pa, uint32_t len)
{
    uint64_t *e, a;

    if (!s->snp_state || !len) {
        return RET_SUCCESS;
    }
    pa &= ~SNP_CBIT_MASK;
    for (a = pa & ~0xfffULL; a < pa + len; a += 4096) {
        switch (page_state(a, &e)) {
        case PS_INVALID:
            return RET_INVALID_ADDRESS;
        case PS_FIRMWARE:
            break;
        default:
            return RET_INVALID_PAGE_STATE;
        }
    }
    return RET_SUCCESS;
}

/* ---------- CPUID policy ---------- */

typedef struct CpuidFn {
    uint32_t eax_in, ecx_in;
    uint64_t xcr0_in, xss_in;
    uint32_t eax, ebx, ecx, edx;
    uint64_t rsvd;
} CpuidFn;
QEMU_BUILD_BUG_ON(sizeof(CpuidFn) != 48);

enum { U, X, M, L };    /* unchecked, exact, bit mask, less than or equal */
static const struct { uint32_t fn, sub; uint8_t rule[4]; } cpuid_rules[] = {
    { 0x0, 0, { L, U, U, U } }, { 0x2, 0, { U, U, U, U } }, { 0x4, 0, { U, U, U, U } },
    { 0x5, 0, { U, U, U, U } }, { 0x6, 0, { M, X, M, X } }, { 0x7, 1, { M, X, X, X } },
    { 0xb, 0, { U, U, U, U } }, { 0xb, 1, { U, U, U, U } }, { 0xb, 2, { U, U, U, U } },
    { 0xd, 2, { X, X, X, X } }, { 0xd, 5, { X, X, M, X } }, { 0xd, 6, { X, X, M, X } },
    { 0xd, 7, { X, X, M, X } }, { 0xd, 9, { X, X, X, X } }, { 0xd, 11, { X, X, X, X } },
    { 0xd, 12, { X, X, X, X } }, { 0xf, 0, { X, U, X, U } }, { 0xf, 1, { U, U, U, U } },
    { 0x10, 0, { X, U, X, X } }, { 0x10, 1, { U, U, U, U } },
    { 0x80000000, 0, { L, U, U, U } }, { 0x80000002, 0, { U, U, U, U } },
    { 0x80000003, 0, { U, U, U, U } }, { 0x80000004, 0, { U, U, U, U } },
    { 0x80000005, 0, { U, U, U, U } }, { 0x80000006, 0, { U, U, U, U } },
    { 0x80000007, 0, { X, M, U, M } }, { 0x8000000a, 0, { U, U, X, M } },
    { 0x80000019, 0, { U, U, X, X } }, { 0x8000001a, 0, { U, X, X, X } },
    { 0x8000001b, 0, { M, X, X, X } }, { 0x8000001d, 0, { U, U, U, U } },
    { 0x8000001d, 1, { U, U, U, U } }, { 0x8000001d, 2, { U, U, U, U } },
    { 0x8000001d, 3, { U, U, U, U } }, { 0x8000001d, 4, { U, X, U, X } },
    { 0x8000001e, 0, { U, U, U, U } }, { 0x80000021, 0, { M, U, X, X } },
    { 0x80000022, 0, { M, U, U, X } }, { 0x80000023, 0, { M, U, X, X } },
    { 0x80000026, 0, { U, U, U, U } }, { 0x80000026, 1, { U, U, U, U } },
    { 0x80000026, 2, { U, U, U, U } }, { 0x80000026, 3, { U, U, U, U } },
};

/* what the emulated processor offers, plus what its PPR would list */
static void psp_host_cpuid(uint32_t fn, uint32_t sub, uint32_t v[4])
{
    CPUX86State *env = first_cpu->env_ptr;

    cpu_x86_cpuid(env, fn, sub, &v[0], &v[1], &v[2], &v[3]);
    if (fn == 1) {
        v[2] |= 1u << 21;   /* x2APIC */
        v[3] |= 1u << 28;   /* HTT */
    }
    if (fn == 0x80000001) {
        v[2] |= 1u << 22 | 1u << 1;     /* TOPOEXT, CmpLegacy */
    }
    if (fn == 0x80000007) {
        v[1] |= 0x1b;       /* MCA overflow recovery, SUCCOR, scalable MCA */
        v[3] |= 1u << 8;    /* invariant TSC */
    }
    if (fn == 0x80000021) {
        v[0] |= 0x62fcf;
    }
}

static bool check1(uint32_t *v, uint32_t host, int rule)
{
    uint32_t want = *v;

    switch (rule) {
    case X:
        want = host;
        break;
    case M:
        want = *v & host;
        break;
    case L:
        want = MIN(*v, host);
        break;
    }
    if (want == *v) {
        return true;
    }
    *v = want;
    return false;
}

static uint32_t fms_key(uint32_t eax)
{
    uint32_t fam = ((eax >> 8) & 0xf) + ((eax >> 20) & 0xff);
    uint32_t model = ((eax >> 12) & 0xf0) | ((eax >> 4) & 0xf);

    return fam << 16 | model << 8 | (eax & 0xf);
}

static bool check_fms(uint32_t *v)
{
    uint32_t h[4];
    bool ok = true;

    psp_host_cpuid(1, 0, h);
    if (fms_key(*v) > fms_key(h[0])) {
        *v = h[0];
        ok = false;
    }
    if (*v & 0xf000f000) {
        *v &= ~0xf000f000;
        ok = false;
    }
    return ok;
}

static bool check_field(uint32_t *v, uint32_t host, int shift, int bits)
{
    uint32_t m = ((1ull << bits) - 1) << shift;

    if ((*v & m) > (host & m)) {
        *v = (*v & ~m) | (host & m);
        return false;
    }
    return true;
}

static bool cpuid_check_one(CpuidFn *f)
{
    uint32_t h[4], *v[4] = { &f->eax, &f->ebx, &f->ecx, &f->edx };
    uint32_t eax = f->eax_in, sub = f->ecx_in, t, size;
    bool ok = true;
    int i, j;

    psp_host_cpuid(eax, sub, h);
    if (eax == 1 && sub == 0) {
        ok &= check_fms(&f->eax);
        if (((f->ebx >> 8) & 0xff) != 8 || (f->ebx & 0xff)) {
            f->ebx = (f->ebx & 0xffff0000) | 0x800;
            ok = false;
        }
        t = f->ecx & (1u << 27 | 1u << 31);
        f->ecx &= ~t;
        ok &= check1(&f->ecx, h[2], M);
        f->ecx |= t;
        return ok & check1(&f->edx, h[3], M);
    }
    if (eax == 7 && sub == 0) {
        ok &= check1(&f->eax, h[0], L);
        ok &= check1(&f->ebx, h[1], M);
        t = f->ecx & (1u << 4);
        f->ecx &= ~t;
        ok &= check1(&f->ecx, h[2], M);
        f->ecx |= t;
        return ok & check1(&f->edx, h[3], M);
    }
    if (eax == 0xd && sub <= 1) {
        if (sub == 0 && (f->eax & 3) != 3) {
            f->eax |= 3;
            ok = false;
        }
        ok &= check1(&f->eax, h[0], M);
        size = 0x240;
        for (i = 2; i < 63; i++) {
            uint64_t mask = f->xcr0_in | (sub ? f->xss_in : 0);
            uint32_t x[4];

            if (mask & (1ULL << i)) {
                psp_host_cpuid(0xd, i, x);
                size = sub ? size + x[0] : MAX(size, x[0] + x[1]);
            }
        }
        ok &= check1(&f->ebx, size, X);
        if (sub) {
            ok &= check1(&f->ecx, h[2], M) & check1(&f->edx, h[3], M);
        } else {
            ok &= check1(&f->edx, h[3], X);
        }
        return ok;
    }
    if (eax == 0x80000001 && sub == 0) {
        ok &= check_fms(&f->eax);
        ok &= check1(&f->ecx, h[2], M);
        return ok & check1(&f->edx, h[3], M);
    }
    if (eax == 0x80000008 && sub == 0) {
        ok &= check_field(&f->eax, 52, 0, 8) & check_field(&f->eax, 57 << 8, 8, 8);
        ok &= check_field(&f->eax, 52 << 16, 16, 8);
        if (f->eax >> 24) {
            f->eax &= 0xffffff;
            ok = false;
        }
        ok &= check1(&f->ebx, h[1], M);
        return ok & check_field(&f->edx, 0xffff, 0, 16) & check_field(&f->edx, 0xffff0000, 16, 16);
    }
    if (eax == 0x8000001f && sub == 0) {
        ok &= check1(&f->eax, h[0], M);
        if ((f->ebx & 0x3f) != SNP_CBIT_POS || (f->ebx >> 16)) {
            f->ebx = (f->ebx & 0xffc0) | SNP_CBIT_POS;
            ok = false;
        }
        return ok & check_field(&f->ebx, 4 << 12, 12, 4);
    }
    for (i = 0; i < ARRAY_SIZE(cpuid_rules); i++) {
        if (cpuid_rules[i].fn == eax && cpuid_rules[i].sub == sub) {
            for (j = 0; j < 4; j++) {
                ok &= check1(v[j], h[j], cpuid_rules[i].rule[j]);
            }
            return ok;
        }
    }
    /* an unlisted leaf must be zero */
    for (j = 0; j < 4; j++) {
        ok &= check1(v[j], 0, X);
    }
    return ok;
}

static bool cpuid_check(AmdPsp *s, CpuidFn *f, uint32_t count, uint32_t *checked)
{
    bool ok = true;
    uint32_t i;

    *checked = 0;
    for (i = 0; i < count; i++) {
        CpuidFn old = f[i];

        if (f[i].eax_in <= 0xffff ||
            (f[i].eax_in >= 0x80000000 && f[i].eax_in <= 0x8000ffff)) {
            if (f[i].rsvd || !cpuid_check_one(&f[i])) {
                if (s->trace) {
                    error_report("psp: CPUID %#x/%#x rejected: %08x %08x %08x %08x -> "
                                 "%08x %08x %08x %08x", old.eax_in, old.ecx_in,
                                 old.eax, old.ebx, old.ecx, old.edx,
                                 f[i].eax, f[i].ebx, f[i].ecx, f[i].edx);
                }
                ok = false;
            }
            ++*checked;
        }
    }
    return ok;
}

/* ---------- ECDSA P-384 ---------- */

static void le_to_be(uint8_t *dst, const uint8_t *src, int n)
{
    int i;

    for (i = 0; i < n; i++) {
        dst[i] = src[n - 1 - i];
    }
}

/* key: 0x404-byte SEV public key; sig: 512-byte SEV signature */
static bool ecdsa_verify(const uint8_t *key, const uint8_t *sig, const void *msg, size_t len)
{
    uint8_t q[97], r[48], sv[48], d[48];
    gcry_sexp_t k = NULL, g = NULL, dt = NULL;
    bool ok = false;

    if (ldl_le_p(key) != 2) {
        return false;       /* not P-384 */
    }
    q[0] = 4;
    le_to_be(q + 1, key + 4, 48);
    le_to_be(q + 49, key + 4 + 72, 48);
    le_to_be(r, sig, 48);
    le_to_be(sv, sig + 72, 48);
    sha384(msg, len, d);
    if (!gcry_sexp_build(&k, NULL, "(public-key (ecc (curve \"NIST P-384\") (q %b)))", 97, q) &&
        !gcry_sexp_build(&g, NULL, "(sig-val (ecdsa (r %b) (s %b)))", 48, r, 48, sv) &&
        !gcry_sexp_build(&dt, NULL, "(data (flags raw) (value %b))", 48, d)) {
        ok = !gcry_pk_verify(g, dt, k);
    }
    gcry_sexp_release(k);
    gcry_sexp_release(g);
    gcry_sexp_release(dt);
    return ok;
}

static void make_vcek(AmdPsp *s)
{
    gcry_sexp_t parms, pair, q;
    size_t n;
    const char *p;

    if (gcry_sexp_build(&parms, NULL, "(genkey (ecc (curve \"NIST P-384\")))") ||
        gcry_pk_genkey(&pair, parms)) {
        error_report("psp: cannot make a signing key");
        return;
    }
    gcry_sexp_release(parms);
    s->vcek = gcry_sexp_find_token(pair, "private-key", 0);
    q = gcry_sexp_find_token(pair, "q", 0);
    p = gcry_sexp_nth_data(q, 1, &n);
    if (p && n == 97) {
        memcpy(s->vcek_q, p + 1, 96);
    }
    gcry_sexp_release(q);
    gcry_sexp_release(pair);
    if (s->key_out) {
        FILE *f = fopen(s->key_out, "w");

        if (f) {
            for (n = 0; n < 96; n++) {
                fprintf(f, "%02x", s->vcek_q[n]);
            }
            fputc('\n', f);
            fclose(f);
        }
    }
}

static void ecdsa_sign(AmdPsp *s, const void *msg, size_t len, uint8_t *sig512)
{
    uint8_t d[48];
    gcry_sexp_t dt = NULL, sig = NULL, t;
    const char *p;
    size_t n, i;
    int k;

    memset(sig512, 0, 512);
    sha384(msg, len, d);
    if (!s->vcek ||
        gcry_sexp_build(&dt, NULL, "(data (flags raw) (value %b))", 48, d) ||
        gcry_pk_sign(&sig, dt, s->vcek)) {
        error_report("psp: signing failed");
        gcry_sexp_release(dt);
        return;
    }
    for (k = 0; k < 2; k++) {
        t = gcry_sexp_find_token(sig, k ? "s" : "r", 0);
        p = gcry_sexp_nth_data(t, 1, &n);
        while (n > 48) {
            p++;
            n--;
        }
        for (i = 0; i < n; i++) {
            sig512[k * 72 + i] = p[n - 1 - i];
        }
        gcry_sexp_release(t);
    }
    gcry_sexp_release(dt);
    gcry_sexp_release(sig);
}

/* ---------- platform commands ---------- */

static int cmd_init(AmdPsp *s, uint64_t buf, bool ex)
{
    uint8_t b[40];
    uint32_t flags, tmr_len;
    uint64_t tmr, nv, *e;

    if (s->sev_state != 0) {
        return RET_INVALID_PLATFORM_STATE;
    }
    if (ex) {       /* length, flags, tmr_address, tmr_len, reserved, nv_address, nv_len */
        psp_read(buf, b, 36);
        flags = ldl_le_p(b + 4);
        tmr = ldq_le_p(b + 8);
        tmr_len = ldl_le_p(b + 16);
        nv = ldq_le_p(b + 24);
        if (ldl_le_p(b) != 36 || ldl_le_p(b + 32) < 32 * KiB || !nv) {
            return RET_INVALID_PARAM;
        }
    } else {        /* flags, reserved, tmr_address, tmr_len */
        psp_read(buf, b, 20);
        flags = ldl_le_p(b);
        tmr = ldq_le_p(b + 8);
        tmr_len = ldl_le_p(b + 16);
    }
    if (flags & 1) {
        uint64_t need = s->snp_state ? 2 * MiB : 1 * MiB;

        tmr &= ~SNP_CBIT_MASK;
        if (!tmr || (tmr & (need - 1)) || tmr_len < need) {
            return tmr & (need - 1) ? RET_INVALID_ADDRESS : RET_INVALID_LEN;
        }
        if (s->snp_state && page_state(tmr, &e) != PS_FIRMWARE) {
            return RET_INVALID_PAGE_STATE;
        }
    }
    s->sev_flags = flags & 1 ? 0x100 : 0;
    s->sev_state = 1;
    return RET_SUCCESS;
}

static int cmd_platform_status(AmdPsp *s, uint64_t buf)
{
    uint8_t b[12];
    int ret = writable_range(s, buf, sizeof(b));

    if (ret) {
        return ret;
    }
    b[0] = s->api_major;
    b[1] = s->api_minor;
    b[2] = s->sev_state;
    stl_le_p(b + 3, s->sev_flags);
    b[7] = s->build;
    stl_le_p(b + 8, 0);
    psp_write(buf, b, sizeof(b));
    return RET_SUCCESS;
}

static int cmd_get_id(AmdPsp *s, uint64_t buf)
{
    uint8_t b[12], id[64];
    uint64_t addr;
    uint32_t len;
    int i, ret;

    psp_read(buf, b, 12);
    addr = ldq_le_p(b);
    len = ldl_le_p(b + 8);
    stl_le_p(b + 8, 64);
    ret = writable_range(s, buf, 12);
    if (ret) {
        return ret;
    }
    psp_write(buf, b, 12);
    if (!addr || len < 64) {
        return RET_INVALID_LEN;
    }
    ret = writable_range(s, addr, 64);
    if (ret) {
        return ret;
    }
    for (i = 0; i < 64; i++) {
        id[i] = 0xe0 ^ i;       /* the same in reports */
    }
    psp_write(addr, id, 64);
    return RET_SUCCESS;
}

static int snp_init(AmdPsp *s, uint64_t buf, bool ex)
{
    uint8_t b[64], *l = NULL;
    bool init_rmp = true, list_en = false, rapl_dis = false;
    uint64_t list = 0, a, *e;
    CPUState *cs;
    uint32_t i, n, known = 3, max_asid = 0;

    if (s->snp_state || s->sev_state) {
        return RET_INVALID_PLATFORM_STATE;
    }
    if (ex) {
        psp_read(buf, b, 64);
        init_rmp = b[0] & 1;
        list_en = b[0] & 2;
        list = ldq_le_p(b + 8);
        known |= s->features & FI_RAPL_DIS ? 1u << 2 : 0;
        known |= s->features & FI_CT_HIDING ? 1u << 3 : 0;
        if ((ldl_le_p(b) & ~known) || ldl_le_p(b + 4)) {
            return RET_INVALID_PARAM;
        }
        rapl_dis = b[0] & 4;
        max_asid = b[0] & 8 ? lduw_le_p(b + 16) : 0;
        if ((b[0] & 8) && (!max_asid || max_asid >= SNP_MIN_SEV_ASID)) {
            return RET_INVALID_CONFIG;
        }
    }
    /* the MSRs must agree on all cores, no core may be in a position to run a guest */
    CPU_FOREACH(cs) {
        CPUX86State *env = cs->env_ptr;

        if ((env->snp_syscfg & (SYSCFG_SNP_EN | SYSCFG_VMPL_EN | SYSCFG_MFDM)) !=
            (SYSCFG_SNP_EN | SYSCFG_VMPL_EN | SYSCFG_MFDM) || env->vm_hsave) {
            return RET_INVALID_CONFIG;
        }
    }
    if (!init_rmp && !s->rmp_init) {
        return RET_RMP_INIT_REQUIRED;
    }
    if (init_rmp) {
        memset(snp_host.rmp, 0, snp_host.nr_pages * 16);
        for (a = snp_host.rmp_base; a < snp_host.rmp_end; a += 4096) {
            e = snp_rmp(a);
            e[0] = RMP_ASSIGNED | RMP_IMMUTABLE;
        }
        s->rmp_init = true;
    }
    if (list_en) {
        if (list & 0xfff) {
            return RET_INVALID_ADDRESS;
        }
        l = g_malloc(4096);
        psp_read(list, l, 4096);
        n = ldl_le_p(l);
        if (n > (4096 - 8) / 16) {
            g_free(l);
            return RET_INVALID_PARAM;
        }
        for (i = 0; i < n; i++) {
            uint64_t base = ldq_le_p(l + 8 + i * 16), pages = ldl_le_p(l + 16 + i * 16);

            for (a = base; pages--; a += 4096) {
                e = snp_rmp(a);
                if (!e) {
                    break;
                }
                if (!(e[0] & RMP_ASSIGNED)) {
                    e[0] = RMP_IMMUTABLE;       /* HV-Fixed */
                }
            }
        }
        g_free(l);
    }
    s->snp_state = 1;
    s->rapl_dis = rapl_dis;
    s->ct_max_asid = max_asid;
    snp_flush_all();
    return RET_SUCCESS;
}

static int snp_shutdown(AmdPsp *s, uint64_t buf, bool ex)
{
    uint64_t i;

    if (!s->snp_state) {
        return RET_SUCCESS;
    }
    if (s->sev_state || g_hash_table_size(s->guests)) {
        return RET_INVALID_PLATFORM_STATE;
    }
    for (i = 0; i < snp_host.nr_pages; i++) {
        uint64_t *e = &snp_host.rmp[i * 2];

        if ((e[0] & (RMP_ASSIGNED | RMP_IMMUTABLE)) == RMP_IMMUTABLE) {
            e[0] = 0;
        }
    }
    s->snp_state = 0;
    s->rapl_dis = false;
    s->ct_max_asid = 0;
    if (s->features & FI_X86_SHUTDOWN) {
        uint8_t b[8];

        /* length; bit 0: IOMMU, bit 1: x86, which gives up the RMP: SNP_INIT_EX makes a new one */
        psp_read(buf, b, 8);
        s->rmp_init = ex && (b[4] & 2) ? false : s->rmp_init;
    }
    return RET_SUCCESS;
}

static int snp_platform_status(AmdPsp *s, uint64_t buf)
{
    uint8_t b[32] = { 0 }, a[8];
    uint64_t addr;
    int ret;

    psp_read(buf, a, 8);
    addr = ldq_le_p(a);
    if ((addr & 0xfff) + sizeof(b) > 4096) {
        return RET_INVALID_PARAM;
    }
    ret = writable_range(s, addr, sizeof(b));
    if (ret) {
        return ret;
    }
    b[0] = s->api_major;
    b[1] = s->api_minor;
    b[2] = s->snp_state;
    b[3] = s->rmp_init;
    stl_le_p(b + 4, s->build);
    stl_le_p(b + 8, s->mask_chip_id | s->mask_chip_key << 1 |
             (s->features ? 1u << 3 : 0) | (s->rapl_dis ? 1u << 4 : 0) |
             (s->features & FI_CT_HIDING ? 1u << 5 : 0) | (s->ct_max_asid ? 1u << 6 : 0));
    stl_le_p(b + 12, g_hash_table_size(s->guests));
    stq_le_p(b + 16, s->tcb);
    stq_le_p(b + 24, s->reported_tcb);
    psp_write(addr, b, sizeof(b));
    return RET_SUCCESS;
}

static int snp_config(AmdPsp *s, uint64_t buf)
{
    uint8_t b[64];
    uint64_t tcb;
    int i;

    psp_read(buf, b, 64);
    tcb = ldq_le_p(b);
    if (ldl_le_p(b + 8) & ~3u) {
        return RET_INVALID_PARAM;
    }
    for (i = 12; i < 64; i++) {
        if (b[i]) {
            return RET_INVALID_PARAM;
        }
    }
    for (i = 0; tcb && i < 8; i++) {
        if (((tcb >> (i * 8)) & 0xff) > ((s->tcb >> (i * 8)) & 0xff)) {
            return RET_INVALID_PARAM;
        }
    }
    s->reported_tcb = tcb ? tcb : s->tcb;
    s->mask_chip_id = b[8] & 1;
    s->mask_chip_key = b[8] & 2;
    return RET_SUCCESS;
}

/* ---------- guest commands ---------- */

static int snp_gctx_create(AmdPsp *s, uint64_t buf)
{
    uint8_t b[8];
    uint64_t pa, *e;
    Gctx *g;

    psp_read(buf, b, 8);
    pa = ldq_le_p(b) & ~SNP_CBIT_MASK;
    if (pa & 0xfff) {
        return RET_INVALID_PARAM;
    }
    if (!s->snp_state) {
        return RET_INVALID_PLATFORM_STATE;
    }
    switch (page_state(pa, &e)) {
    case PS_INVALID:
        return RET_INVALID_ADDRESS;
    case PS_FIRMWARE:
        break;
    default:
        return RET_INVALID_PAGE_STATE;
    }
    if (*e & RMP_2M) {
        return RET_INVALID_PAGE_SIZE;
    }
    g = g_new0(Gctx, 1);
    g->paddr = pa;
    g->launch_tcb = s->tcb;
    g_hash_table_replace(s->guests, &g->paddr, g);
    rmp_set(e, *e | RMP_VMSA);      /* Firmware -> Context */
    return RET_SUCCESS;
}

/* bits that this firmware has a meaning for */
static uint64_t policy_known(const AmdPsp *s)
{
    return POLICY_KNOWN | (s->features & FI_CXL ? POLICY_CXL : 0) |
           (s->features & FI_XTS ? POLICY_XTS : 0) |
           (s->features & FI_RAPL_DIS ? POLICY_RAPL_DIS : 0) |
           (s->features & FI_CT_HIDING ? POLICY_CT_HIDING : 0) |
           (s->features && s->api_minor >= 58 ? POLICY_NO_SWAP : 0);
}

static int snp_launch_start(AmdPsp *s, uint64_t buf)
{
    uint8_t b[48];
    Gctx *g, *ma = NULL;
    uint64_t policy;
    uint32_t f;
    int ret, i;

    psp_read(buf, b, sizeof(b));
    policy = ldq_le_p(b + 8);
    f = ldl_le_p(b + 24);
    if (f & ~3u) {
        return RET_INVALID_PARAM;
    }
    g = find_gctx(s, ldq_le_p(b), &ret);
    if (!g) {
        return ret;
    }
    if (g->state != GS_INIT) {
        return RET_INVALID_GUEST_STATE;
    }
    if (f & 1) {
        ma = find_gctx(s, ldq_le_p(b + 16), &ret);
        if (!ma) {
            return ret;
        }
    }
    if ((ma && !(policy & POLICY_MIGRATE_MA)) || !(policy & POLICY_RSVD_ONE) ||
        (!(policy & POLICY_SMT) && s->smt) ||
        ((policy >> 8) & 0xff) > s->api_major ||
        (((policy >> 8) & 0xff) == s->api_major && (policy & 0xff) > s->api_minor) ||
        (policy & ~policy_known(s)) ||
        (policy & POLICY_XTS) ||        /* memory is "encrypted" by AES-128 here */
        ((policy & POLICY_RAPL_DIS) && !s->rapl_dis) ||
        ((policy & POLICY_CT_HIDING) && !s->ct_max_asid) ||
        (ma && (policy & POLICY_SINGLE) && !(ma->policy & POLICY_SINGLE))) {
        return RET_POLICY_FAILURE;
    }
    g->policy = policy;
    g->imi_en = f & 2;
    g->tsc_khz = ldl_le_p(b + 28);
    memcpy(g->gosvw, b + 32, 16);
    for (i = 0; i < 4; i++) {
        trng(g->vmpck[i], 32);
    }
    trng(g->vmrk, 32);
    trng(g->report_id, 32);
    memset(g->report_id_ma, 0xff, 32);
    if (ma) {
        memcpy(g->report_id_ma, ma->report_id, 32);
    }
    g->state = GS_LAUNCH;
    return RET_SUCCESS;
}

static int snp_activate(AmdPsp *s, uint64_t buf)
{
    uint8_t b[12];
    Gctx *g, *o;
    GHashTableIter it;
    gpointer v;
    uint32_t asid;
    uint64_t i;
    int ret;

    psp_read(buf, b, 12);
    asid = ldl_le_p(b + 8);
    g = find_gctx(s, ldq_le_p(b), &ret);
    if (!g) {
        return ret;
    }
    if (g->state == GS_INIT) {
        return RET_INVALID_GUEST_STATE;
    }
    if (!asid || asid >= SNP_MIN_SEV_ASID || (s->ct_max_asid && asid > s->ct_max_asid)) {
        return RET_INVALID_ASID;
    }
    for (i = 0; i < snp_host.nr_pages; i++) {
        uint64_t lo = snp_host.rmp[i * 2];

        if ((lo & RMP_ASSIGNED) && RMP_ASID(lo) == asid) {
            return RET_INVALID_CONFIG;
        }
    }
    if (g->asid) {
        return RET_ACTIVE;
    }
    g_hash_table_iter_init(&it, s->guests);
    while (g_hash_table_iter_next(&it, NULL, &v)) {
        o = v;
        if (o->asid == asid) {
            return RET_ASID_OWNED;
        }
    }
    if (s->asid_dirty[asid]) {
        return RET_DFFLUSH_REQUIRED;
    }
    g->asid = asid;
    return RET_SUCCESS;
}

static int snp_decommission(AmdPsp *s, uint64_t buf)
{
    uint8_t b[8];
    uint64_t *e;
    Gctx *g;
    int ret;

    psp_read(buf, b, 8);
    g = find_gctx(s, ldq_le_p(b), &ret);
    if (!g) {
        return ret;
    }
    if (g->asid) {
        s->asid_dirty[g->asid] = 1;
    }
    page_state(g->paddr, &e);
    rmp_set(e, *e & ~RMP_VMSA);     /* Context -> Firmware */
    g_hash_table_remove(s->guests, &g->paddr);
    return RET_SUCCESS;
}

static int snp_guest_status(AmdPsp *s, uint64_t buf)
{
    uint8_t b[16], o[32] = { 0 };
    uint64_t addr;
    Gctx *g;
    int ret;

    psp_read(buf, b, 16);
    addr = ldq_le_p(b + 8);
    g = find_gctx(s, ldq_le_p(b), &ret);
    if (!g) {
        return ret;
    }
    if ((addr & 0xfff) + 32 > 4096) {
        return RET_INVALID_PARAM;
    }
    ret = writable_range(s, addr, 32);
    if (ret) {
        return ret;
    }
    stq_le_p(o, g->policy);
    stl_le_p(o + 8, g->asid);
    o[12] = g->state;
    psp_write(addr, o, 32);
    return RET_SUCCESS;
}

static void page_info(uint8_t *out, const uint8_t *cur, const uint8_t *contents, int type,
                      bool imi, const uint8_t *perms, uint64_t gpa)
{
    memset(out, 0, 0x70);
    memcpy(out, cur, 48);
    memcpy(out + 48, contents, 48);
    stw_le_p(out + 96, 0x70);
    out[98] = type;
    out[99] = imi;
    out[100] = perms[2];    /* VMPL3 */
    out[101] = perms[1];    /* VMPL2 */
    out[102] = perms[0];    /* VMPL1 */
    stq_le_p(out + 104, gpa);
}

static int snp_launch_update(AmdPsp *s, uint64_t buf)
{
    uint8_t b[40], pi[0x70], cd[48], *page, perms[3];
    uint64_t pa, *e, gpa;
    uint32_t f;
    int type, size2m, ret, i, k, n;
    bool imi;
    Gctx *g;
    PageState st;

    psp_read(buf, b, 40);
    f = ldl_le_p(b + 8);
    pa = ldq_le_p(b + 16) & ~SNP_CBIT_MASK;
    size2m = f & 1;
    type = (f >> 1) & 7;
    imi = f & 0x10;
    perms[0] = b[25];
    perms[1] = b[26];
    perms[2] = b[27];
    if ((f >> 5) || ldl_le_p(b + 12) || b[24] || ldl_le_p(b + 28) || (pa & 0xfff)) {
        return RET_INVALID_PARAM;
    }
    g = find_gctx(s, ldq_le_p(b), &ret);
    if (!g) {
        return ret;
    }
    st = page_state(pa, &e);
    if (st == PS_INVALID) {
        return RET_INVALID_ADDRESS;
    }
    if (st != PS_PRE_GUEST) {
        return RET_INVALID_PAGE_STATE;
    }
    if (!!(*e & RMP_2M) != size2m) {
        return RET_INVALID_PAGE_SIZE;
    }
    if (size2m && (pa & (2 * MiB - 1))) {
        return RET_INVALID_ADDRESS;
    }
    if (type < PT_NORMAL || type > PT_CPUID) {
        return RET_INVALID_PARAM;
    }
    if (size2m && (type == PT_VMSA || type == PT_SECRETS || type == PT_CPUID)) {
        return RET_INVALID_PAGE_SIZE;
    }
    if (g->state != GS_LAUNCH) {
        return RET_INVALID_GUEST_STATE;
    }
    if (!g->asid) {
        return RET_INACTIVE;
    }
    if (RMP_ASID(*e) != g->asid) {
        return RET_INVALID_PAGE_OWNER;
    }
    if (g->imi_en && !imi) {
        return RET_INVALID_PARAM;
    }

    page = g_malloc(4096);
    n = size2m ? 512 : 1;
    gpa = RMP_GPA(*e);
    for (i = 0; i < n; i++, pa += 4096, gpa += 4096) {
        psp_read(pa, page, 4096);
        /* RMPUPDATE gave the page the guest's view; firmware reads what the host wrote */
        snp_scramble_buf(pa, page);
        memset(cd, 0, sizeof(cd));
        switch (type) {
        case PT_NORMAL:
            sha384(page, 4096, cd);
            break;
        case PT_VMSA: {
            uint64_t scale = ldq_le_p(page + 0x2f0), off = ldq_le_p(page + 0x2f8);

            /* GUEST_TSC_SCALE and GUEST_TSC_OFFSET are measured as zero */
            stq_le_p(page + 0x2f0, 0);
            stq_le_p(page + 0x2f8, 0);
            sha384(page, 4096, cd);
            stq_le_p(page + 0x2f0, scale);
            stq_le_p(page + 0x2f8, off);
            break;
        }
        case PT_ZERO:
            memset(page, 0, 4096);
            break;
        case PT_SECRETS: {
            CPUX86State *env = first_cpu->env_ptr;

            memset(page, 0, 4096);
            stl_le_p(page, 3);                  /* version */
            stl_le_p(page + 4, g->imi_en);
            stl_le_p(page + 8, env->cpuid_version);
            memcpy(page + 0x10, g->gosvw, 16);
            for (k = 0; k < 4; k++) {
                memcpy(page + 0x20 + k * 32, g->vmpck[k], 32);
            }
            stl_le_p(page + 0x160, 200);        /* TSC factor */
            break;
        }
        case PT_CPUID: {
            uint32_t count = ldl_le_p(page), chk;

            if (ldl_le_p(page + 4) || ldq_le_p(page + 8) || count > 64) {
                g_free(page);
                return RET_INVALID_PARAM;
            }
            if (!cpuid_check(s, (CpuidFn *)(page + 16), count, &chk)) {
                /* the corrected values go back, unencrypted */
                snp_scramble_buf(pa, page);
                psp_write(pa, page, 4096);
                g_free(page);
                return RET_INVALID_PARAM;
            }
            break;
        }
        }
        page_info(pi, g->ld, cd, type, imi, perms, gpa);
        sha384(pi, sizeof(pi), g->ld);
        if (imi) {
            page_info(pi, g->imd, cd, type, imi, perms, gpa);
            sha384(pi, sizeof(pi), g->imd);
        }
        psp_write(pa, page, 4096);
        qemu_mutex_lock(&snp_host.lock);
        e[i * 2 + 1] = 0x1f | (uint64_t)perms[0] << 8 | (uint64_t)perms[1] << 16 |
                       (uint64_t)perms[2] << 24;
        qatomic_set(&e[i * 2], (e[i * 2] & ~RMP_IMMUTABLE) | RMP_VALIDATED |
                               (type == PT_VMSA ? RMP_VMSA : 0));
        qemu_mutex_unlock(&snp_host.lock);
        g->nr_updates++;
    }
    g_free(page);
    return RET_SUCCESS;
}

static char *hex(const uint8_t *p, int n)
{
    char *r = g_malloc(2 * n + 1);
    int i;

    for (i = 0; i < n; i++) {
        sprintf(r + 2 * i, "%02x", p[i]);
    }
    return r;
}

static int snp_launch_finish(AmdPsp *s, uint64_t buf)
{
    uint8_t b[72], idb[0x60], *auth;
    Gctx *g;
    bool idb_en, key_en;
    int ret;

    /* u64 gctx, u64 id_block, u64 id_auth, u8 flags:3, u64 rsvd:61 (packed), u8 host_data[32] */
    psp_read(buf, b, sizeof(b));
    if (b[24] & ~7) {
        return RET_INVALID_PARAM;
    }
    for (int i = 25; i < 32; i++) {
        if (b[i]) {
            return RET_INVALID_PARAM;
        }
    }
    idb_en = b[24] & 1;
    key_en = b[24] & 2;
    g = find_gctx(s, ldq_le_p(b), &ret);
    if (!g) {
        return ret;
    }
    if (g->state != GS_LAUNCH || g->imi_en) {
        return RET_INVALID_GUEST_STATE;
    }
    if (!g->asid) {
        return RET_INACTIVE;
    }
    if (s->trace) {
        char *h = hex(g->ld, 48);

        error_report("psp: launch digest %s (%d pages)", h, g->nr_updates);
        g_free(h);
    }
    if (idb_en) {
        psp_read(ldq_le_p(b + 8), idb, sizeof(idb));
        auth = g_malloc(4096);
        psp_read(ldq_le_p(b + 16), auth, 4096);
        ret = RET_SUCCESS;
        if (memcmp(idb, g->ld, 48)) {
            ret = RET_BAD_MEASUREMENT;
        } else if (ldq_le_p(idb + 0x58) != g->policy) {
            ret = RET_POLICY_FAILURE;
        } else if (ldl_le_p(auth) != 1 || (key_en && ldl_le_p(auth + 4) != 1)) {
            ret = RET_INVALID_PARAM;
        } else if (!ecdsa_verify(auth + 0x240, auth + 0x40, idb, sizeof(idb))) {
            ret = RET_BAD_SIGNATURE;
        } else {
            memcpy(g->id_block, idb, sizeof(idb));
            sha384(auth + 0x240, 0x404, g->id_key_digest);
            if (key_en) {
                if (!ecdsa_verify(auth + 0x880, auth + 0x680, auth + 0x240, 0x404)) {
                    ret = RET_BAD_SIGNATURE;
                } else {
                    sha384(auth + 0x880, 0x404, g->author_key_digest);
                }
            }
        }
        g_free(auth);
        if (ret) {
            return ret;
        }
    }
    memcpy(g->host_data, b + 32, 32);
    g->id_block_en = idb_en;
    g->author_key_en = key_en;
    g->vcek_dis = b[24] & 4;
    g->state = GS_RUNNING;
    return RET_SUCCESS;
}

static int snp_dbg(AmdPsp *s, uint64_t buf, bool enc)
{
    uint8_t b[24], *page;
    uint64_t src, dst, *e;
    PageState st;
    Gctx *g;
    int ret;

    psp_read(buf, b, 24);
    g = find_gctx(s, ldq_le_p(b), &ret);
    if (!g) {
        return ret;
    }
    src = ldq_le_p(b + 8) & ~SNP_CBIT_MASK;
    dst = ldq_le_p(b + 16) & ~SNP_CBIT_MASK;
    if ((src | dst) & 0xfff) {
        return RET_INVALID_PARAM;
    }
    if (g->state == GS_INIT) {
        return RET_INVALID_GUEST_STATE;
    }
    if (!(g->policy & POLICY_DEBUG)) {
        return RET_POLICY_FAILURE;
    }
    if (!g->asid) {
        return RET_INACTIVE;
    }
    st = page_state(enc ? dst : src, &e);
    if (st == PS_INVALID) {
        return RET_INVALID_ADDRESS;
    }
    if (enc ? st != PS_PRE_GUEST && st != PS_PRE_SWAP : st < PS_PRE_GUEST) {
        return RET_INVALID_PAGE_STATE;
    }
    if (RMP_ASID(*e) != g->asid) {
        return RET_INVALID_PAGE_OWNER;
    }
    if (!enc) {
        ret = writable_range(s, dst, 4096);
        if (ret) {
            return ret;
        }
    }
    page = g_malloc(4096);
    psp_read(src, page, 4096);
    psp_write(dst, page, 4096);
    g_free(page);
    return RET_SUCCESS;
}

static int snp_page_reclaim(AmdPsp *s, uint64_t buf)
{
    uint8_t b[8];
    uint64_t pa, *e;
    bool size2m;
    PageState st;

    psp_read(buf, b, 8);
    pa = ldq_le_p(b);
    size2m = pa & 1;
    if (pa & 0xffe) {
        return RET_INVALID_PARAM;
    }
    pa &= ~0xfffULL & ~SNP_CBIT_MASK;
    if (!s->snp_state) {
        return RET_INVALID_PLATFORM_STATE;
    }
    st = page_state(pa, &e);
    if (st == PS_INVALID) {
        return RET_INVALID_ADDRESS;
    }
    if (!!(*e & RMP_2M) != size2m) {
        return RET_INVALID_PAGE_SIZE;
    }
    if (size2m && (pa & (2 * MiB - 1))) {
        return RET_INVALID_ADDRESS;
    }
    if (!(*e & RMP_IMMUTABLE)) {
        return RET_SUCCESS;
    }
    switch (st) {
    case PS_METADATA:
    case PS_FIRMWARE:
    case PS_PRE_GUEST:
    case PS_PRE_SWAP:
        rmp_set(e, *e & ~RMP_IMMUTABLE);
        return RET_SUCCESS;
    default:
        return RET_INVALID_PAGE_STATE;
    }
}

static int snp_page_unsmash(AmdPsp *s, uint64_t buf)
{
    uint8_t b[8];
    uint64_t pa, *e, first;
    int i;

    psp_read(buf, b, 8);
    pa = ldq_le_p(b) & ~0xfffULL & ~SNP_CBIT_MASK;
    if (!s->snp_state) {
        return RET_INVALID_PLATFORM_STATE;
    }
    e = snp_rmp(pa);
    if (!e || (pa & (2 * MiB - 1))) {
        return RET_INVALID_ADDRESS;
    }
    first = e[0];
    for (i = 0; i < 512; i++) {
        uint64_t lo = e[i * 2];

        if ((lo & RMP_2M) || !(lo & RMP_ASSIGNED) || RMP_ASID(lo) != RMP_ASID(first) ||
            (lo & (RMP_VALIDATED | RMP_IMMUTABLE)) != (first & (RMP_VALIDATED | RMP_IMMUTABLE)) ||
            RMP_GPA(lo) != RMP_GPA(first) + i * 4096ULL || !(lo & RMP_IMMUTABLE)) {
            return RET_INVALID_PAGE_STATE;
        }
    }
    for (i = 0; i < 512; i++) {
        rmp_set(&e[i * 2], e[i * 2] | RMP_2M);
    }
    return RET_SUCCESS;
}

/* ---------- guest messages ---------- */

static bool gcm(bool enc, const uint8_t *key, uint64_t seq, const uint8_t *aad, size_t alen,
                const uint8_t *in, uint8_t *out, size_t len, uint8_t *tag)
{
    gcry_cipher_hd_t h;
    uint8_t iv[12] = { 0 };
    bool ok;

    stq_le_p(iv, seq);
    if (gcry_cipher_open(&h, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_GCM, 0)) {
        return false;
    }
    ok = !gcry_cipher_setkey(h, key, 32) && !gcry_cipher_setiv(h, iv, 12) &&
         !gcry_cipher_authenticate(h, aad, alen);
    if (ok && enc) {
        ok = !gcry_cipher_encrypt(h, out, len, in, len) && !gcry_cipher_gettag(h, tag, 16);
    } else if (ok) {
        ok = !gcry_cipher_decrypt(h, out, len, in, len) && !gcry_cipher_checktag(h, tag, 16);
    }
    gcry_cipher_close(h);
    return ok;
}

static int msg_report(AmdPsp *s, Gctx *g, int vmpck, const uint8_t *req, int len, uint8_t *rsp)
{
    uint32_t vmpl = ldl_le_p(req + 0x40), key_sel = ldl_le_p(req + 0x44), status = 0;
    uint8_t *r = rsp + 0x20;
    int i;

    for (i = 0x48; i < 0x60; i++) {
        if (req[i]) {
            status = RET_INVALID_PARAM;
        }
    }
    if (len < 0x60 || vmpl > 3 || vmpl < vmpck || (key_sel & ~3u) || key_sel == 3) {
        status = RET_INVALID_PARAM;
    } else if (key_sel == 2 || (key_sel == 1 && g->vcek_dis)) {
        status = RET_INVALID_KEY;
    }
    memset(rsp, 0, 0x4c0);
    stl_le_p(rsp, status);
    if (status) {
        return 0x4c0;
    }
    stl_le_p(rsp + 4, 0x4a0);
    /* 2: ABI 1.55; 3: 1.56, has the CPU's family, model, stepping; 5: 1.58, mitigation vectors */
    stl_le_p(r, s->api_minor >= 58 ? 5 : s->api_minor >= 56 ? 3 : 2);
    stl_le_p(r + 0x04, ldl_le_p(g->id_block + 0x54));   /* guest SVN */
    stq_le_p(r + 0x08, g->policy);
    memcpy(r + 0x10, g->id_block + 0x30, 16);       /* family id */
    memcpy(r + 0x20, g->id_block + 0x40, 16);       /* image id */
    stl_le_p(r + 0x30, vmpl);
    stl_le_p(r + 0x34, 1);                          /* ECDSA P-384 with SHA-384 */
    stq_le_p(r + 0x38, s->tcb);                     /* current TCB */
    /* platform info: SMT, RAPL off, ciphertext hiding */
    stq_le_p(r + 0x40, (s->smt ? 1 : 0) | (s->rapl_dis ? 1 << 3 : 0) |
             (s->ct_max_asid ? 1 << 4 : 0));
    stl_le_p(r + 0x48, g->author_key_en | s->mask_chip_key << 1 |
             (s->mask_chip_key ? 7 << 2 : 0));
    memcpy(r + 0x50, req, 64);                      /* report data */
    memcpy(r + 0x90, g->ld, 48);
    memcpy(r + 0xc0, g->host_data, 32);
    memcpy(r + 0xe0, g->id_key_digest, 48);
    memcpy(r + 0x110, g->author_key_digest, 48);
    memcpy(r + 0x140, g->report_id, 32);
    memcpy(r + 0x160, g->report_id_ma, 32);
    stq_le_p(r + 0x180, s->reported_tcb);
    if (s->api_minor >= 56) {
        uint32_t fms = ((CPUX86State *)first_cpu->env_ptr)->cpuid_version;

        r[0x188] = ((fms >> 8) & 0xf) + ((fms >> 20) & 0xff);
        r[0x189] = ((fms >> 12) & 0xf0) | ((fms >> 4) & 0xf);
        r[0x18a] = fms & 0xf;
    }
    if (!s->mask_chip_id) {
        for (i = 0; i < 64; i++) {
            r[0x1a0 + i] = 0xe0 ^ i;
        }
    }
    stq_le_p(r + 0x1e0, s->tcb);                    /* committed TCB */
    r[0x1e8] = r[0x1ec] = s->build;
    r[0x1e9] = r[0x1ed] = s->api_minor;
    r[0x1ea] = r[0x1ee] = s->api_major;
    stq_le_p(r + 0x1f0, g->launch_tcb);
    if (!s->mask_chip_key) {
        ecdsa_sign(s, r, 0x2a0, r + 0x2a0);
    }
    return 0x4c0;
}

static int msg_key(AmdPsp *s, Gctx *g, int vmpck, const uint8_t *req, int len, uint8_t *rsp)
{
    uint8_t mix[0x100] = { 0 }, d[48];
    uint32_t sel = ldl_le_p(req), vmpl = ldl_le_p(req + 16), svn = ldl_le_p(req + 20);
    uint64_t gfs = ldq_le_p(req + 8), tcb = ldq_le_p(req + 24);
    uint32_t status = 0;

    memset(rsp, 0, 0x40);
    if (len < 0x20 || (sel & ~7u) || ldl_le_p(req + 4) || vmpl < vmpck || vmpl > 3 ||
        (gfs & ~0x3fULL) || ((gfs & 0x10) && svn > ldl_le_p(g->id_block + 0x54))) {
        status = RET_INVALID_PARAM;
    } else if (!(sel & 1) && (s->mask_chip_key || (sel >> 1) >= 2)) {
        status = RET_INVALID_KEY;
    }
    stl_le_p(rsp, status);
    if (!status) {
        stl_le_p(mix, sel);
        stq_le_p(mix + 8, gfs);
        stl_le_p(mix + 16, vmpl);
        if (gfs & 1) {
            stq_le_p(mix + 24, g->policy);
        }
        if (gfs & 2) {
            memcpy(mix + 32, g->id_block + 0x40, 16);
        }
        if (gfs & 4) {
            memcpy(mix + 48, g->id_block + 0x30, 16);
        }
        if (gfs & 8) {
            memcpy(mix + 64, g->ld, 48);
        }
        if (gfs & 0x10) {
            stl_le_p(mix + 112, svn);
        }
        if (gfs & 0x20) {
            stq_le_p(mix + 120, tcb);
        }
        memcpy(mix + 128, g->host_data, 32);
        memcpy(mix + 160, g->author_key_en ? g->author_key_digest : g->id_key_digest, 48);
        if (sel & 1) {
            memcpy(mix + 208, g->vmrk, 32);
        } else {
            memcpy(mix + 208, "emulated-chip-key", 17);
        }
        sha384(mix, sizeof(mix), d);
        memcpy(rsp + 0x20, d, 32);
    }
    return 0x40;
}

static int snp_guest_request(AmdPsp *s, uint64_t buf)
{
    uint8_t b[24], rq[4096], rs[4096] = { 0 }, pt[4096], rp[4096] = { 0 }, *key;
    uint64_t req, res, *e, seq;
    int ret, n, size, vmpck, type, rlen = 0, rtype = 0;
    Gctx *g;

    psp_read(buf, b, 24);
    req = ldq_le_p(b + 8) & ~SNP_CBIT_MASK;
    res = ldq_le_p(b + 16) & ~SNP_CBIT_MASK;
    g = find_gctx(s, ldq_le_p(b), &ret);
    if (!g) {
        return ret;
    }
    if (page_state(req, &e) == PS_INVALID) {
        return RET_INVALID_ADDRESS;
    }
    if (page_state(res, &e) != PS_FIRMWARE) {
        return RET_INVALID_PAGE_STATE;
    }
    if (g->state != GS_RUNNING) {
        return RET_INVALID_GUEST_STATE;
    }
    if ((req | res) & 0xfff) {
        return RET_INVALID_PARAM;
    }
    psp_read(req, rq, 4096);
    n = lduw_le_p(rq + 0x32);
    size = lduw_le_p(rq + 0x36);
    type = rq[0x34];
    vmpck = rq[0x3c];
    seq = ldq_le_p(rq + 0x20);
    if (rq[0x30] != 1 || rq[0x31] != 1 || n != 0x60 || !size || (size & 15) ||
        0x60 + size > 4096 || vmpck > 3) {
        return RET_INVALID_PARAM;
    }
    key = g->vmpck[vmpck];
    if (!gcm(false, key, seq, rq + 0x30, 0x30, rq + 0x60, pt, size, rq)) {
        return RET_BAD_MEASUREMENT;
    }
    if (seq != g->msg_count[vmpck] + 1) {
        return RET_AEAD_OFLOW;
    }
    if (rq[0x35] != 1) {
        return RET_INVALID_PARAM;
    }
    switch (type) {
    case 1: {       /* CPUID_REQ */
        uint32_t count = ldl_le_p(pt), chk = 0;

        rlen = size;
        if (ldl_le_p(pt + 4) || ldq_le_p(pt + 8) || count > 64 || 16 + count * 48 > size) {
            stl_le_p(rp, RET_INVALID_PARAM);
        } else {
            memcpy(rp + 16, pt + 16, count * 48);
            stl_le_p(rp, cpuid_check(s, (CpuidFn *)(rp + 16), count, &chk) ? 0 :
                     RET_INVALID_PARAM);
            stl_le_p(rp + 4, chk);
        }
        rtype = 2;
        break;
    }
    case 3:
        rlen = msg_key(s, g, vmpck, pt, size, rp);
        rtype = 4;
        break;
    case 5:
        rlen = msg_report(s, g, vmpck, pt, size, rp);
        rtype = 6;
        break;
    case 0x11:      /* TSC_INFO_REQ */
        rlen = 0x80;
        stq_le_p(rp + 8, 1ULL << 32);
        stl_le_p(rp + 24, 200);
        rtype = 0x12;
        break;
    default:
        return RET_INVALID_PARAM;
    }
    g->msg_count[vmpck] += 2;
    stq_le_p(rs + 0x20, seq + 1);
    rs[0x30] = 1;
    rs[0x31] = 1;
    stw_le_p(rs + 0x32, 0x60);
    rs[0x34] = rtype;
    rs[0x35] = 1;
    stw_le_p(rs + 0x36, rlen);
    rs[0x3c] = vmpck;
    gcm(true, key, seq + 1, rs + 0x30, 0x30, rp, rs + 0x60, rlen, rs);
    psp_write(res, rs, 0x60 + rlen);
    return RET_SUCCESS;
}

static int snp_feature_info(AmdPsp *s, uint64_t buf)
{
    uint8_t b[16], o[16] = { 0 };
    uint64_t addr;
    int ret;

    if (!s->features) {
        return RET_INVALID_COMMAND;
    }
    /* u32 length, u32 ecx_in, u64 feature_info_paddr */
    psp_read(buf, b, 16);
    addr = ldq_le_p(b + 8) & ~SNP_CBIT_MASK;
    if (ldl_le_p(b) != 16 || ldl_le_p(b + 4) > 1 || (addr & 7) || (addr & 0xfff) + 16 > 4096) {
        return RET_INVALID_PARAM;
    }
    ret = writable_range(s, addr, 16);
    if (ret) {
        return ret;
    }
    if (!ldl_le_p(b + 4)) {
        stl_le_p(o, 1);                 /* the last subfunction */
        stl_le_p(o + 8, s->features);
    }
    psp_write(addr, o, 16);
    return RET_SUCCESS;
}

static int run_cmd(AmdPsp *s, uint32_t cmd, uint64_t buf)
{
    switch (cmd) {
    case CMD_INIT:
        return cmd_init(s, buf, false);
    case CMD_INIT_EX:
        return cmd_init(s, buf, true);
    case CMD_SHUTDOWN:
        s->sev_state = 0;
        s->sev_flags = 0;
        return RET_SUCCESS;
    case CMD_FACTORY_RESET:
        return s->sev_state ? RET_INVALID_PLATFORM_STATE : RET_SUCCESS;
    case CMD_PLATFORM_STATUS:
        return cmd_platform_status(s, buf);
    case CMD_PEK_GEN:
    case CMD_PDH_GEN:
        return s->sev_state == 1 ? RET_SUCCESS : RET_INVALID_PLATFORM_STATE;
    case CMD_DF_FLUSH:
    case CMD_SNP_DF_FLUSH:
        if (cmd == CMD_DF_FLUSH ? !s->sev_state : !s->snp_state) {
            return RET_INVALID_PLATFORM_STATE;
        }
        memset(s->asid_dirty, 0, sizeof(s->asid_dirty));
        return RET_SUCCESS;
    case CMD_GET_ID:
        return cmd_get_id(s, buf);
    case CMD_NOP:
        return RET_SUCCESS;
    case CMD_SNP_INIT:
        return snp_init(s, buf, false);
    case CMD_SNP_INIT_EX:
        return snp_init(s, buf, true);
    case CMD_SNP_SHUTDOWN:
        return snp_shutdown(s, buf, false);
    case CMD_SNP_SHUTDOWN_EX:
        return snp_shutdown(s, buf, true);
    case CMD_SNP_PLATFORM_STATUS:
        return snp_platform_status(s, buf);
    case CMD_SNP_DECOMMISSION:
        return snp_decommission(s, buf);
    case CMD_SNP_ACTIVATE:
        return snp_activate(s, buf);
    case CMD_SNP_GUEST_STATUS:
        return snp_guest_status(s, buf);
    case CMD_SNP_GCTX_CREATE:
        return snp_gctx_create(s, buf);
    case CMD_SNP_GUEST_REQUEST:
        return snp_guest_request(s, buf);
    case CMD_SNP_LAUNCH_START:
        return snp_launch_start(s, buf);
    case CMD_SNP_LAUNCH_UPDATE:
        return snp_launch_update(s, buf);
    case CMD_SNP_LAUNCH_FINISH:
        return snp_launch_finish(s, buf);
    case CMD_SNP_DBG_DECRYPT:
        return snp_dbg(s, buf, false);
    case CMD_SNP_DBG_ENCRYPT:
        return snp_dbg(s, buf, true);
    case CMD_SNP_PAGE_RECLAIM:
        return snp_page_reclaim(s, buf);
    case CMD_SNP_PAGE_UNSMASH:
        return snp_page_unsmash(s, buf);
    case CMD_SNP_CONFIG:
        return snp_config(s, buf);
    case CMD_SNP_COMMIT: {
        uint8_t b[4];

        psp_read(buf, b, 4);
        return ldl_le_p(b) == 4 ? RET_SUCCESS : RET_INVALID_PARAM;
    }
    case CMD_SNP_FEATURE_INFO:
        return snp_feature_info(s, buf);
    default:
        /* legacy SEV/SEV-ES guests, certificates, migration: not emulated */
        return RET_INVALID_COMMAND;
    }
}

/* ---------- device ---------- */

static void psp_complete(void *opaque)
{
    AmdPsp *s = opaque;

    s->cmdresp |= CMDRESP_RESP;
    if (s->ioc) {
        s->intsts |= 2;
        if ((s->inten & 2) && msi_enabled(&s->parent_obj)) {
            msi_notify(&s->parent_obj, 0);
        }
    }
}

static void psp_command(AmdPsp *s, uint32_t v)
{
    uint32_t cmd = (v >> 16) & 0x7ff;
    uint64_t buf = ((uint64_t)s->hi << 32 | s->lo) & ~SNP_CBIT_MASK;
    int ret;

    if (s->fail_cmd && s->fail_cmd == cmd && s->fail_skip) {
        s->fail_skip--;
        ret = run_cmd(s, cmd, buf);
    } else if (s->fail_cmd && s->fail_cmd == cmd && s->fail_count) {
        s->fail_count--;
        ret = s->fail_code;
    } else {
        ret = run_cmd(s, cmd, buf);
    }
    if ((s->trace && cmd != CMD_SNP_PAGE_RECLAIM) ||
        (ret && qemu_loglevel_mask(LOG_GUEST_ERROR))) {
        error_report("psp: command %#x -> %#x", cmd, ret);
    }
    /* the response's status shares bit 0 with the request's IOC */
    s->cmdresp = ret & 0xffff;
    s->ioc = v & CMDRESP_IOC;
    if (s->latency_us) {
        timer_mod(s->timer, qemu_clock_get_us(QEMU_CLOCK_REALTIME) + s->latency_us);
    } else {
        psp_complete(s);
    }
}

static uint64_t psp_mmio_read(void *opaque, hwaddr addr, unsigned size)
{
    AmdPsp *s = opaque;

    switch (addr) {
    case R_CMDRESP:
        return s->cmdresp;
    case R_CMDBUF_LO:
        return s->lo;
    case R_CMDBUF_HI:
        return s->hi;
    case R_BLINFO:
        return 0x2c0084;
    case R_FEATURE:
        return 1;       /* SEV, no TEE */
    case R_INTEN:
        return s->inten;
    case R_INTSTS:
        return s->intsts;
    }
    return 0;
}

static void psp_mmio_write(void *opaque, hwaddr addr, uint64_t val, unsigned size)
{
    AmdPsp *s = opaque;

    switch (addr) {
    case R_CMDRESP:
        psp_command(s, val);
        break;
    case R_CMDBUF_LO:
        s->lo = val;
        break;
    case R_CMDBUF_HI:
        s->hi = val;
        break;
    case R_INTEN:
        s->inten = val;
        break;
    case R_INTSTS:
        s->intsts &= ~val;
        break;
    }
}

static const MemoryRegionOps psp_ops = {
    .read = psp_mmio_read,
    .write = psp_mmio_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 4,
    .valid.max_access_size = 8,
    .impl.min_access_size = 4,
    .impl.max_access_size = 4,
};

static guint gctx_hash(gconstpointer p)
{
    return *(const uint64_t *)p >> 12;
}

static gboolean gctx_eq(gconstpointer a, gconstpointer b)
{
    return *(const uint64_t *)a == *(const uint64_t *)b;
}

static void psp_realize(PCIDevice *d, Error **errp)
{
    AmdPsp *s = AMD_PSP(d);

    if (!snp_host.enabled) {
        error_setg(errp, "amd-psp needs -machine snp-host=on");
        return;
    }
    memory_region_init_io(&s->bar, OBJECT(s), &psp_ops, s, "amd-psp", PSP_BAR_SIZE);
    pci_register_bar(d, 2, PCI_BASE_ADDRESS_SPACE_MEMORY, &s->bar);
    if (msi_init(d, 0, 1, true, false, errp)) {
        return;
    }
    s->guests = g_hash_table_new_full(gctx_hash, gctx_eq, NULL, g_free);
    s->tcb = s->reported_tcb = 0xd315000000000007ULL;   /* ucode 0xd3, snp 0x15, bl 7 */
    s->timer = timer_new_us(QEMU_CLOCK_REALTIME, psp_complete, s);
    make_vcek(s);
}

static Property psp_props[] = {
    DEFINE_PROP_UINT8("api-major", AmdPsp, api_major, 1),
    DEFINE_PROP_UINT8("api-minor", AmdPsp, api_minor, 55),
    DEFINE_PROP_UINT8("build", AmdPsp, build, 21),
    DEFINE_PROP_UINT32("smt", AmdPsp, smt, 1),
    DEFINE_PROP_UINT32("fail-cmd", AmdPsp, fail_cmd, 0),
    DEFINE_PROP_UINT32("fail-code", AmdPsp, fail_code, 0),
    DEFINE_PROP_UINT32("fail-skip", AmdPsp, fail_skip, 0),
    DEFINE_PROP_UINT32("fail-count", AmdPsp, fail_count, 1),
    DEFINE_PROP_UINT32("latency-us", AmdPsp, latency_us, 0),
    DEFINE_PROP_UINT32("features", AmdPsp, features, 0),
    DEFINE_PROP_BOOL("trace", AmdPsp, trace, false),
    DEFINE_PROP_STRING("key-out", AmdPsp, key_out),
    DEFINE_PROP_END_OF_LIST(),
};

static void psp_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    PCIDeviceClass *k = PCI_DEVICE_CLASS(oc);

    k->realize = psp_realize;
    k->vendor_id = PCI_VENDOR_ID_AMD;
    k->device_id = 0x14ca;
    k->class_id = 0x1080;
    dc->desc = "AMD PSP (SEV-SNP firmware), emulated";
    device_class_set_props(dc, psp_props);
}

static const TypeInfo psp_info = {
    .name = TYPE_AMD_PSP,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(AmdPsp),
    .class_init = psp_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_CONVENTIONAL_PCI_DEVICE },
        { },
    },
};

static void psp_register(void)
{
    type_register_static(&psp_info);
}
type_init(psp_register)
