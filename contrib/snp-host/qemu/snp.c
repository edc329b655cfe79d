/*
 * A software-emulated AMD SEV-SNP host, for tests: the RMP, its instructions, the VMSA.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/bitops.h"
#include "qemu/units.h"
#include "qemu/timer.h"
#include "cpu.h"
#include "exec/helper-proto.h"
#include "exec/exec-all.h"
#include "exec/cpu_ldst.h"
#include "exec/address-spaces.h"
#include "exec/cputlb.h"
#include "hw/boards.h"
#include "target/i386/snp-emu.h"
#include "tcg/helper-tcg.h"

SnpHost snp_host = { .scramble = true };

void snp_host_init(MachineState *ms, uint64_t below_4g, uint64_t above_4g)
{
    uint64_t top = above_4g ? (1ULL << 32) + above_4g : below_4g;

    qemu_mutex_init(&snp_host.lock);
    snp_host.ram = memory_region_get_ram_ptr(ms->ram);
    snp_host.below_4g = below_4g;
    snp_host.above_4g = above_4g;
    snp_host.nr_pages = top >> 12;
    snp_host.rmp_base = 512 * MiB;
    snp_host.rmp_end = snp_host.rmp_base +
        ROUND_UP(RMP_BOOKKEEPING + snp_host.nr_pages * 16, 2 * MiB) - 1;
    snp_host.rmp = (uint64_t *)(snp_host.ram + snp_host.rmp_base + RMP_BOOKKEEPING);
    snp_host.enabled = true;
}

/*
 * Nothing is encrypted here, but the contents of a page do change when its
 * owner does: guest-owned memory holds the guest's view, and the conversion
 * XORs the page with a stream derived from its address.  Firmware that
 * "encrypts" a page in place (LAUNCH_UPDATE) applies the stream once more.
 */
void snp_scramble_buf(hwaddr spa, void *page)
{
    uint64_t x = spa * 0x9e3779b97f4a7c15ULL + 0x5345562d534e50ULL, *p = page;
    int i;

    if (!snp_host.scramble) {
        return;
    }
    for (i = 0; i < 512; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        p[i] ^= x;
    }
}

void snp_scramble_page(hwaddr spa)
{
    uint64_t buf[512];
    void *p = snp_ram(spa);

    if (!snp_host.scramble || !p) {
        return;
    }
    memcpy(buf, p, 4096);
    snp_scramble_buf(spa, buf);
    /* through the memory API, so that translated code is invalidated */
    cpu_physical_memory_write(spa, buf, 4096);
}

bool snp_vmsa_in_use(hwaddr vmsa_pa)
{
    CPUState *cs;

    CPU_FOREACH(cs) {
        CPUX86State *env = cs->env_ptr;

        if (env->snp.es && env->snp.vmsa_pa == vmsa_pa) {
            return true;
        }
    }
    return false;
}

void snp_flush_all(void)
{
    CPUState *cs;

    CPU_FOREACH(cs) {
        tlb_flush(cs);
    }
}

static uint64_t rmp_hi_full(void)
{
    return 0x1f;        /* VMPL0: all; VMPL1..3: none */
}

static int rmpupdate(hwaddr spa, uint64_t gpa, bool assigned, bool size2m,
                     bool immutable, uint32_t asid)
{
    uint64_t *e, *base, lo, old;
    int i, n = size2m ? 512 : 1, ret = SNP_OK;
    bool flush = false;

    if (size2m && (spa & (2 * MiB - 1))) {
        return SNP_FAIL_INPUT;
    }
    if (!assigned && (immutable || asid)) {
        return SNP_FAIL_INPUT;
    }
    if ((gpa & 0xfff) || (size2m && (gpa & (2 * MiB - 1)) && asid) || (gpa >> 51) ||
        asid > SNP_MAX_ASID) {
        return SNP_FAIL_INPUT;
    }
    e = snp_rmp(spa);
    if (!e || !snp_rmp(spa + (hwaddr)(n - 1) * 4096)) {
        return SNP_FAIL_INPUT;
    }
    base = snp_rmp(spa & ~(hwaddr)(2 * MiB - 1));

    qemu_mutex_lock(&snp_host.lock);
    old = e[0];
    if (!size2m && (base[0] & RMP_2M) && (base[0] & RMP_ASSIGNED)) {
        ret = SNP_FAIL_OVERLAP;
        goto out;
    }
    if (size2m && !(old & RMP_2M)) {
        for (i = 0; i < 512; i++) {
            if (e[i * 2] & RMP_ASSIGNED) {
                ret = SNP_FAIL_OVERLAP;
                goto out;
            }
        }
    }
    if (old & RMP_IMMUTABLE) {
        ret = SNP_FAIL_PERMISSION;
        goto out;
    }
    if ((old & RMP_VMSA) && RMP_ASID(old) && snp_vmsa_in_use(spa)) {
        ret = SNP_FAIL_INUSE;
        goto out;
    }
    for (i = 0; i < n; i++) {
        bool keep;

        old = e[i * 2];
        lo = 0;
        if (assigned) {
            lo = RMP_ASSIGNED | (size2m ? RMP_2M : 0) | (immutable ? RMP_IMMUTABLE : 0) |
                 ((gpa + (asid ? (uint64_t)i * 4096 : 0)) & RMP_GPA_MASK) |
                 ((uint64_t)asid << RMP_ASID_SHIFT);
        }
        keep = assigned && !((old ^ lo) & (RMP_ASSIGNED | RMP_2M | RMP_GPA_MASK | RMP_ASID_MASK));
        if (keep) {
            lo |= old & (RMP_VALIDATED | RMP_VMSA);
        } else {
            uint32_t oa = old & RMP_ASSIGNED ? RMP_ASID(old) : 0;

            if (oa != asid) {
                if (oa) {
                    snp_scramble_page(spa + (hwaddr)i * 4096);
                }
                if (asid) {
                    snp_scramble_page(spa + (hwaddr)i * 4096);
                }
            }
            flush = true;
            e[i * 2 + 1] = assigned ? rmp_hi_full() : 0;
        }
        qatomic_set(&e[i * 2], lo);
    }
out:
    qemu_mutex_unlock(&snp_host.lock);
    if (flush) {
        snp_flush_all();
    }
    return ret;
}

static int psmash(hwaddr spa)
{
    uint64_t *e = snp_rmp(spa);
    int i, ret = SNP_OK;

    if ((spa & (2 * MiB - 1)) || !e || !snp_rmp(spa + 2 * MiB - 4096)) {
        return SNP_FAIL_INPUT;
    }
    qemu_mutex_lock(&snp_host.lock);
    if (!(e[0] & RMP_ASSIGNED) || !(e[0] & RMP_2M) || !RMP_ASID(e[0])) {
        ret = SNP_FAIL_INPUT;
    } else if (e[0] & RMP_IMMUTABLE) {
        ret = SNP_FAIL_PERMISSION;
    } else {
        for (i = 0; i < 512; i++) {
            qatomic_set(&e[i * 2], e[i * 2] & ~RMP_2M);
        }
    }
    qemu_mutex_unlock(&snp_host.lock);
    snp_flush_all();
    return ret;
}

static G_NORETURN void snp_npf(CPUX86State *env, hwaddr gpa, uint64_t err, uintptr_t ra)
{
    x86_stq_phys(env_cpu(env), env->vm_vmcb + offsetof(struct vmcb, control.exit_info_2), gpa);
    cpu_vmexit(env, SVM_EXIT_NPF, err | SVM_NPTEXIT_GPA, ra);
}

/*
 * Common part of PVALIDATE and RMPADJUST: translate, check ownership.
 * Returns the entry, or NULL with *ret set.
 */
static uint64_t *guest_page(CPUX86State *env, uint64_t gva, bool size2m, hwaddr *spa,
                            int *ret, uintptr_t ra)
{
    SnpTranslation t;
    uint64_t *e, lo;
    bool rmp2m;

    if (size2m && (gva & (2 * MiB - 1))) {
        qemu_log_mask(LOG_GUEST_ERROR, "snp: 2M PVALIDATE/RMPADJUST of %#" PRIx64 "\n", gva);
        *ret = SNP_FAIL_INPUT;
        return NULL;
    }
    x86_snp_translate(env, gva, &t, ra);
    if (!t.priv) {
        /* a shared mapping cannot name a private page */
        raise_exception_err_ra(env, EXCP0D_GPF, 0, ra);
    }
    e = snp_rmp(t.spa);
    if (!e) {
        snp_npf(env, t.gpa, NPF_RMP | NPF_ENC | PG_ERROR_P_MASK | PG_ERROR_U_MASK, ra);
    }
    lo = qatomic_read(e);
    rmp2m = lo & RMP_2M;
    if (!(lo & RMP_ASSIGNED) || RMP_ASID(lo) != env->snp.asid ||
        (lo & RMP_IMMUTABLE) || RMP_GPA(lo) != (t.gpa & RMP_GPA_MASK)) {
        snp_npf(env, t.gpa, NPF_RMP | NPF_ENC | PG_ERROR_P_MASK | PG_ERROR_U_MASK, ra);
    }
    if (size2m && (t.s1_size < 2 * MiB || !rmp2m || t.s2_size < 2 * MiB)) {
        *ret = SNP_FAIL_SIZEMISMATCH;
        return NULL;
    }
    if (!size2m && rmp2m) {
        /* the hypervisor must PSMASH */
        snp_npf(env, t.gpa, NPF_RMP | NPF_ENC | NPF_SIZEM | PG_ERROR_P_MASK | PG_ERROR_U_MASK, ra);
    }
    *spa = t.spa & ~0xfffULL;
    return e;
}

static void pvalidate(CPUX86State *env, uintptr_t ra, int *ret, bool *cf)
{
    uint64_t gva = env->regs[R_EAX] & ~0xfffULL;
    uint32_t ecx = env->regs[R_ECX], edx = env->regs[R_EDX];
    bool size2m = ecx & 1, val = edx & 1, flush = false;
    hwaddr spa;
    uint64_t *e;
    int i;

    *cf = false;
    /* only bit 0 of ECX and EDX counts (Linux passes bools: the rest is undefined) */
    if (env->snp.vmpl) {
        *ret = SNP_FAIL_PERMISSION;
        return;
    }
    e = guest_page(env, gva, size2m, &spa, ret, ra);
    if (size2m || !e) {
        qemu_log_mask(LOG_UNIMP, "snp: pvalidate(%d) %#" PRIx64 " %s -> %s\n", val, gva,
                      size2m ? "2M" : "4K", e ? "ok" : "failed");
    }
    if (!e) {
        return;
    }
    qemu_mutex_lock(&snp_host.lock);
    *cf = !!(e[0] & RMP_VALIDATED) == val;
    if (!*cf) {
        for (i = 0; i < (size2m ? 512 : 1); i++) {
            qatomic_set(&e[i * 2], val ? e[i * 2] | RMP_VALIDATED : e[i * 2] & ~RMP_VALIDATED);
            /* validation resets the permissions of the lower VMPLs */
            e[i * 2 + 1] = rmp_hi_full();
        }
        flush = !val;
    }
    qemu_mutex_unlock(&snp_host.lock);
    if (flush) {
        snp_flush_all();
    }
    *ret = SNP_OK;
}

static void rmpadjust(CPUX86State *env, uintptr_t ra, int *ret)
{
    uint64_t gva = env->regs[R_EAX] & ~0xfffULL, attr = env->regs[R_EDX];
    uint32_t ecx = env->regs[R_ECX];
    bool size2m = ecx & 1, vmsa = attr & (1 << 16);
    int target = attr & 0xff, i;
    uint64_t perms = (attr >> 8) & 0x1f;
    hwaddr spa;
    uint64_t *e;

    if (target > 3 || (attr >> 17) || (size2m && vmsa)) {
        *ret = SNP_FAIL_INPUT;
        return;
    }
    if (target <= env->snp.vmpl) {
        *ret = SNP_FAIL_PERMISSION;
        return;
    }
    e = guest_page(env, gva, size2m, &spa, ret, ra);
    if (!e) {
        return;
    }
    if (!(e[0] & RMP_VALIDATED)) {
        env->cr[2] = gva;
        raise_exception_err_ra(env, EXCP1D_VC, SVM_EXIT_NOT_VALIDATED, ra);
    }
    qemu_mutex_lock(&snp_host.lock);
    if (env->snp.vmpl && (perms & ~(e[1] >> (env->snp.vmpl * 8)))) {
        *ret = SNP_FAIL_PERMISSION;
    } else if ((e[0] & RMP_VMSA) && !vmsa && snp_vmsa_in_use(spa)) {
        *ret = SNP_FAIL_INUSE;
    } else {
        for (i = 0; i < (size2m ? 512 : 1); i++) {
            e[i * 2 + 1] = deposit64(e[i * 2 + 1], target * 8, 8, perms);
            if (env->snp.vmpl == 0) {
                qatomic_set(&e[i * 2], vmsa ? e[i * 2] | RMP_VMSA : e[i * 2] & ~RMP_VMSA);
            }
        }
        *ret = SNP_OK;
    }
    qemu_mutex_unlock(&snp_host.lock);
    snp_flush_all();
}

/*
 * what: bits 1:0 of the modrm byte (FD..FF), 0x10 for an F3 prefix (else F2),
 * 0x20 in 64-bit code, 0x40 for 64-bit addresses
 */
void helper_snp_insn(CPUX86State *env, uint32_t what)
{
    uintptr_t ra = GETPC();
    bool guest = env->hflags & HF_GUEST_MASK, cf;
    uint32_t flags;
    int ret = 0;

    flags = cpu_cc_compute_all(env, CC_OP);
    cf = flags & CC_C;

    if (!snp_host.enabled || !(what & 0x20)) {
        raise_exception_ra(env, EXCP06_ILLOP, ra);
    }
    switch (what & 0x13) {
    case 0x02:      /* RMPUPDATE */
        if (guest || !(env->snp_syscfg & SYSCFG_SNP_EN)) {
            raise_exception_ra(env, EXCP06_ILLOP, ra);
        }
        if (env->hflags & HF_CPL_MASK) {
            raise_exception_err_ra(env, EXCP0D_GPF, 0, ra);
        } else {
            uint64_t p = env->regs[R_ECX];
            uint64_t gpa = cpu_ldq_data_ra(env, p, ra);
            uint64_t w = cpu_ldq_data_ra(env, p + 8, ra);

            ret = rmpupdate(env->regs[R_EAX] & ~0xfffULL & ~SNP_CBIT_MASK, gpa,
                            w & 1, (w >> 8) & 1, (w >> 16) & 1, w >> 32);
        }
        break;
    case 0x13:      /* PSMASH */
        if (guest || !(env->snp_syscfg & SYSCFG_SNP_EN)) {
            raise_exception_ra(env, EXCP06_ILLOP, ra);
        }
        if (env->hflags & HF_CPL_MASK) {
            raise_exception_err_ra(env, EXCP0D_GPF, 0, ra);
        }
        ret = psmash(env->regs[R_EAX] & ~0xfffULL & ~SNP_CBIT_MASK);
        break;
    case 0x03:      /* PVALIDATE */
        if (!env->snp.snp) {
            raise_exception_ra(env, EXCP06_ILLOP, ra);
        }
        if (env->hflags & HF_CPL_MASK) {
            raise_exception_err_ra(env, EXCP0D_GPF, 0, ra);
        }
        pvalidate(env, ra, &ret, &cf);
        break;
    case 0x12:      /* RMPADJUST */
        if (!env->snp.snp) {
            raise_exception_ra(env, EXCP06_ILLOP, ra);
        }
        if (env->hflags & HF_CPL_MASK) {
            raise_exception_err_ra(env, EXCP0D_GPF, 0, ra);
        }
        rmpadjust(env, ra, &ret);
        break;
    default:        /* RMPQUERY is not advertised */
        raise_exception_ra(env, EXCP06_ILLOP, ra);
    }
    env->regs[R_EAX] = (uint32_t)ret;
    flags &= ~(CC_O | CC_S | CC_Z | CC_A | CC_P | CC_C);
    flags |= (ret == 0 ? CC_Z : 0) | (cf ? CC_C : 0) | (ctpop8(ret) & 1 ? 0 : CC_P);
    CC_SRC = flags;
    CC_OP = CC_OP_EFLAGS;
}

void helper_snp_vmgexit(CPUX86State *env)
{
    if (!env->snp.es) {
        helper_vmmcall(env);
        return;
    }
    cpu_vmexit_next(env, SVM_EXIT_VMGEXIT, 0, GETPC());
}

/* Does an intercept exit to the hypervisor (AE) or become a #VC (NAE)? */
bool snp_is_automatic_exit(uint32_t code, uint64_t info1)
{
    switch (code) {
    case SVM_EXIT_EXCP_BASE + 18:       /* #MC */
    case SVM_EXIT_INTR:
    case SVM_EXIT_NMI:
    case SVM_EXIT_SMI:
    case SVM_EXIT_INIT:
    case SVM_EXIT_VINTR:
    case SVM_EXIT_PAUSE:
    case SVM_EXIT_HLT:
    case SVM_EXIT_SHUTDOWN:
    case SVM_EXIT_EFER_WRITE_TRAP:
    case SVM_EXIT_CR0_WRITE_TRAP ... SVM_EXIT_CR0_WRITE_TRAP + 15:
    case SVM_EXIT_VMGEXIT:
    case (uint32_t)SVM_EXIT_ERR:
        return true;
    case SVM_EXIT_NPF:
        return !(info1 & PG_ERROR_RSVD_MASK);
    }
    return false;
}

/* ---- VMSA: what the legacy save area does not have ---- */

#define V_DR0           0x180
#define V_XSS           0x140
#define V_PKRU          0x2e8
#define V_TSC_AUX       0x2ec
#define V_RCX           0x308
#define V_FEATURES      0x3b0
#define V_XCR0          0x3e8
#define V_X87_DP        0x400
#define V_MXCSR         0x408
#define V_X87_FTW       0x40c
#define V_X87_FSW       0x40e
#define V_X87_FCW       0x410
#define V_X87_FOP       0x412
#define V_X87_RIP       0x418
#define V_X87           0x420
#define V_XMM           0x470
#define V_YMM           0x570
#define FEAT_SNP_ACTIVE (1 << 0)
#define FEAT_DEBUG_SWAP (1 << 5)
#define FEAT_SECURE_TSC (1 << 9)
#define V_TSC_SCALE     0x2f0
#define V_TSC_OFFSET    0x2f8

/* order of the GPRs from V_RCX on; RAX and RSP live in the common part */
static const int8_t vmsa_gpr[] = { R_ECX, R_EDX, R_EBX, -1, R_EBP, R_ESI, R_EDI,
                                   8, 9, 10, 11, 12, 13, 14, 15 };

static void load_fsgs(CPUX86State *env, const uint8_t *s)
{
    static const struct { int seg, off; } sg[] = { { R_FS, 0x40 }, { R_GS, 0x50 } };
    int i;

    for (i = 0; i < 2; i++) {
        const uint8_t *p = s + sg[i].off;
        unsigned a = lduw_le_p(p + 2);

        cpu_x86_load_seg_cache(env, sg[i].seg, lduw_le_p(p), ldq_le_p(p + 8), ldl_le_p(p + 4),
                               ((a & 0xff) << 8) | ((a & 0xf00) << 12));
    }
#define LDSYS(sc, off) do { const uint8_t *p = s + (off); unsigned a = lduw_le_p(p + 2); \
        (sc).selector = lduw_le_p(p); (sc).limit = ldl_le_p(p + 4); (sc).base = ldq_le_p(p + 8); \
        (sc).flags = ((a & 0xff) << 8) | ((a & 0xf00) << 12); } while (0)
    LDSYS(env->ldt, 0x70);
    LDSYS(env->tr, 0x90);
    env->star = ldq_le_p(s + 0x200);
    env->lstar = ldq_le_p(s + 0x208);
    env->cstar = ldq_le_p(s + 0x210);
    env->fmask = ldq_le_p(s + 0x218);
    env->kernelgsbase = ldq_le_p(s + 0x220);
    env->sysenter_cs = ldq_le_p(s + 0x228);
    env->sysenter_esp = ldq_le_p(s + 0x230);
    env->sysenter_eip = ldq_le_p(s + 0x238);
}

static void store_seg(uint8_t *p, const SegmentCache *sc)
{
    stw_le_p(p, sc->selector);
    stw_le_p(p + 2, ((sc->flags >> 8) & 0xff) | ((sc->flags >> 12) & 0x0f00));
    stl_le_p(p + 4, sc->limit);
    stq_le_p(p + 8, sc->base);
}

static void store_fsgs(CPUX86State *env, uint8_t *s)
{
    store_seg(s + 0x40, &env->segs[R_FS]);
    store_seg(s + 0x50, &env->segs[R_GS]);
    store_seg(s + 0x70, &env->ldt);
    store_seg(s + 0x90, &env->tr);
    stq_le_p(s + 0x200, env->star);
    stq_le_p(s + 0x208, env->lstar);
    stq_le_p(s + 0x210, env->cstar);
    stq_le_p(s + 0x218, env->fmask);
    stq_le_p(s + 0x220, env->kernelgsbase);
    stq_le_p(s + 0x228, env->sysenter_cs);
    stq_le_p(s + 0x230, env->sysenter_esp);
    stq_le_p(s + 0x238, env->sysenter_eip);
}

static void load_gprs(CPUX86State *env, const uint8_t *s)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(vmsa_gpr); i++) {
        if (vmsa_gpr[i] >= 0) {
            env->regs[vmsa_gpr[i]] = ldq_le_p(s + V_RCX + i * 8);
        }
    }
}

static void set_xcr0(CPUX86State *env, uint64_t v)
{
    env->xcr0 = v;
    cpu_sync_bndcs_hflags(env);
    cpu_sync_avx_hflag(env);
}

/* Is the VMSA fit to run?  Called before any guest state is loaded. */
bool snp_vmrun_check(CPUX86State *env, uint64_t nested_ctl, uint64_t vmsa_pa, uint32_t asid)
{
    uint8_t *s = snp_ram(vmsa_pa);
    uint64_t feat, *e;

    if (!s || (vmsa_pa & 0xfff) || !(nested_ctl & SVM_NPT_ENABLED) ||
        asid >= SNP_MIN_SEV_ASID) {
        return false;
    }
    feat = ldq_le_p(s + V_FEATURES);
    if (!(ldq_le_p(s + 0xd0) & MSR_EFER_SVME)) {
        return false;
    }
    if (feat & FEAT_SNP_ACTIVE) {
        e = snp_rmp(vmsa_pa);
        if (!(env->snp_syscfg & SYSCFG_SNP_EN) || !e || !(e[0] & RMP_ASSIGNED) ||
            !(e[0] & RMP_VMSA) || !(e[0] & RMP_VALIDATED) || RMP_ASID(e[0]) != asid) {
            qemu_log_mask(LOG_GUEST_ERROR, "snp: VMRUN: VMSA %#" PRIx64 " is not a VMSA page"
                          " of ASID %u (RMP %#" PRIx64 ")\n", vmsa_pa, asid, e ? e[0] : 0);
            return false;
        }
    }
    /* reserved/unsupported features: VMRUN fails as on hardware */
    if (feat & ~(uint64_t)(FEAT_SNP_ACTIVE | FEAT_DEBUG_SWAP |
                           (snp_host.secure_tsc ? FEAT_SECURE_TSC : 0))) {
        qemu_log_mask(LOG_GUEST_ERROR, "snp: VMRUN: SEV_FEATURES %#" PRIx64 "\n", feat);
        return false;
    }
    return !snp_vmsa_in_use(vmsa_pa);
}

void snp_vmrun_load(CPUX86State *env)
{
    uint8_t *s = snp_ram(env->snp.vmsa_pa);
    int i;

    env->snp.features = ldq_le_p(s + V_FEATURES);
    env->snp.snp = env->snp.features & FEAT_SNP_ACTIVE;
    env->snp.vmpl = s[0xca] & 3;
    if (env->snp.features & FEAT_SECURE_TSC) {
        env->tsc_offset = ldq_le_p(s + V_TSC_OFFSET);   /* the scale is 1 here */
    }
    load_fsgs(env, s);
    load_gprs(env, s);
    env->pat = ldq_le_p(s + 0x268);
    env->xss = ldq_le_p(s + V_XSS);
    env->pkru = ldl_le_p(s + V_PKRU);
    set_xcr0(env, ldq_le_p(s + V_XCR0) | 1);
    if (env->snp.features & FEAT_DEBUG_SWAP) {
        for (i = 0; i < 4; i++) {
            env->dr[i] = ldq_le_p(s + V_DR0 + i * 8);
        }
    }
    cpu_set_mxcsr(env, ldl_le_p(s + V_MXCSR));
    {
        uint16_t fsw = lduw_le_p(s + V_X87_FSW);
        uint8_t ftw = lduw_le_p(s + V_X87_FTW);

        env->fpstt = (fsw >> 11) & 7;
        env->fpus = fsw & ~0x3800;
        cpu_set_fpuc(env, lduw_le_p(s + V_X87_FCW));
        env->fpop = lduw_le_p(s + V_X87_FOP);
        env->fpip = ldq_le_p(s + V_X87_RIP);
        env->fpdp = ldq_le_p(s + V_X87_DP);
        for (i = 0; i < 8; i++) {
            env->fptags[i] = !(ftw & (1 << i));
            /* ST(i): the significands, then the exponents */
            env->fpregs[(env->fpstt + i) & 7].d.low = ldq_le_p(s + V_X87 + i * 8);
            env->fpregs[(env->fpstt + i) & 7].d.high = lduw_le_p(s + V_X87 + 64 + i * 2);
        }
    }
    for (i = 0; i < 16; i++) {
        env->xmm_regs[i].ZMM_Q(0) = ldq_le_p(s + V_XMM + i * 16);
        env->xmm_regs[i].ZMM_Q(1) = ldq_le_p(s + V_XMM + i * 16 + 8);
        env->xmm_regs[i].ZMM_Q(2) = ldq_le_p(s + V_YMM + i * 16);
        env->xmm_regs[i].ZMM_Q(3) = ldq_le_p(s + V_YMM + i * 16 + 8);
    }
    env->snp.loaded = true;
}

void snp_vmexit_store(CPUX86State *env)
{
    uint8_t *s = snp_ram(env->snp.vmsa_pa);
    int i;

    store_fsgs(env, s);
    for (i = 0; i < ARRAY_SIZE(vmsa_gpr); i++) {
        if (vmsa_gpr[i] >= 0) {
            stq_le_p(s + V_RCX + i * 8, env->regs[vmsa_gpr[i]]);
        }
    }
    stq_le_p(s + 0x268, env->pat);
    stq_le_p(s + V_XSS, env->xss);
    stl_le_p(s + V_PKRU, env->pkru);
    stq_le_p(s + V_XCR0, env->xcr0);
    if (env->snp.features & FEAT_DEBUG_SWAP) {
        for (i = 0; i < 4; i++) {
            stq_le_p(s + V_DR0 + i * 8, env->dr[i]);
        }
    }
    update_mxcsr_from_sse_status(env);
    stl_le_p(s + V_MXCSR, env->mxcsr);
    {
        uint8_t ftw = 0;

        for (i = 0; i < 8; i++) {
            ftw |= (!env->fptags[i]) << i;
            stq_le_p(s + V_X87 + i * 8, env->fpregs[(env->fpstt + i) & 7].d.low);
            stw_le_p(s + V_X87 + 64 + i * 2, env->fpregs[(env->fpstt + i) & 7].d.high);
        }
        stw_le_p(s + V_X87_FTW, ftw);
        stw_le_p(s + V_X87_FSW, (env->fpus & ~0x3800) | (env->fpstt & 7) << 11);
        stw_le_p(s + V_X87_FCW, env->fpuc);
        stw_le_p(s + V_X87_FOP, env->fpop);
        stq_le_p(s + V_X87_RIP, env->fpip);
        stq_le_p(s + V_X87_DP, env->fpdp);
    }
    for (i = 0; i < 16; i++) {
        stq_le_p(s + V_XMM + i * 16, env->xmm_regs[i].ZMM_Q(0));
        stq_le_p(s + V_XMM + i * 16 + 8, env->xmm_regs[i].ZMM_Q(1));
        stq_le_p(s + V_YMM + i * 16, env->xmm_regs[i].ZMM_Q(2));
        stq_le_p(s + V_YMM + i * 16 + 8, env->xmm_regs[i].ZMM_Q(3));
    }
}

/* Host state that #VMEXIT takes from the host save area (swap type B), resets (C). */
void snp_vmexit_host(CPUX86State *env)
{
    uint8_t *h = snp_ram(env->vm_hsave);
    int i;

    if (!h) {
        return;
    }
    h += 0x400;
    load_fsgs(env, h);
    load_gprs(env, h);
    set_xcr0(env, ldq_le_p(h + V_XCR0) | 1);
    env->xss = ldq_le_p(h + V_XSS);
    env->pkru = ldl_le_p(h + V_PKRU);
    if (env->snp.features & FEAT_DEBUG_SWAP) {
        for (i = 0; i < 4; i++) {
            env->dr[i] = ldq_le_p(h + V_DR0 + i * 8);
        }
    }
    for (i = 0; i < 16; i++) {
        env->xmm_regs[i].ZMM_Q(0) = env->xmm_regs[i].ZMM_Q(1) = 0;
        env->xmm_regs[i].ZMM_Q(2) = env->xmm_regs[i].ZMM_Q(3) = 0;
    }
    cpu_set_mxcsr(env, 0x1f80);
    cpu_set_fpuc(env, 0x37f);
    env->fpus = env->fpstt = 0;
    memset(env->fptags, 1, sizeof(env->fptags));
}

/* GUEST_TSC_FREQ, in MHz: the emulated TSC is this machine's own. */
uint64_t snp_guest_tsc_freq(CPUX86State *env)
{
    static uint64_t mhz;

    if (!(env->snp.features & FEAT_SECURE_TSC)) {
        return 0;
    }
    if (!mhz) {
        int64_t t = cpu_get_host_ticks(), ns = get_clock();

        while (get_clock() - ns < 20 * SCALE_MS) {
        }
        t = cpu_get_host_ticks() - t;
        ns = get_clock() - ns;
        mhz = (t * 1000 + ns / 2) / ns;
    }
    return mhz;
}

uint64_t snp_sev_status(CPUX86State *env)
{
    if (!env->snp.sev) {
        return 0;
    }
    return 1 | (env->snp.es ? 2 : 0) | (env->snp.es ? env->snp.features << 2 : 0);
}
