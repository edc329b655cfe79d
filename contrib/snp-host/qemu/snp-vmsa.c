/*
 * A software-emulated AMD SEV-SNP host, for tests: the VMSA, from which VMRUN loads
 * a guest's state and into which #VMEXIT stores it (APM, appendix B, table B-4).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/timer.h"
#include "cpu.h"
#include "exec/helper-proto.h"
#include "exec/exec-all.h"
#include "target/i386/snp-emu.h"
#include "tcg/helper-tcg.h"

/* What the save area of a VMCB doesn't have, or not for the guest. */
#define VMSA_VMPL           0x0ca
#define VMSA_EFER           0x0d0
#define VMSA_DR0            0x180
#define VMSA_G_PAT          0x268
#define VMSA_TSC_OFFSET     0x2f8
#define VMSA_SEV_FEATURES   0x3b0
#define VMSA_XCR0           0x3e8
#define VMSA_X87_DP         0x400
#define VMSA_MXCSR          0x408
#define VMSA_X87_FTW        0x40c
#define VMSA_X87_FSW        0x40e
#define VMSA_X87_FCW        0x410
#define VMSA_X87_FOP        0x412
#define VMSA_X87_RIP        0x418
#define VMSA_FPREG_X87      0x420   /* significands, then exponents */
#define VMSA_FPREG_XMM      0x470
#define VMSA_FPREG_YMM      0x570

/* SEV_FEATURES */
#define SNP_ACTIVE          (1 << 0)
#define DEBUG_SWAP          (1 << 5)
#define SECURE_TSC          (1 << 9)

#define HOST_SAVE_AREA      0x400   /* in the page of VM_HSAVE_PA */
#define FSW_TOP             0x3800
#define MXCSR_RESET         0x1f80
#define FCW_RESET           0x37f

static const struct {
    uint32_t vmsa, env;
} segments[] = {
    { 0x40, offsetof(CPUX86State, segs[R_FS]) },
    { 0x50, offsetof(CPUX86State, segs[R_GS]) },
    { 0x70, offsetof(CPUX86State, ldt) },
    { 0x90, offsetof(CPUX86State, tr) },
};

/* Registers that VMRUN and #VMEXIT swap as they are; RAX and RSP are common. */
static const struct {
    uint16_t vmsa;
    uint8_t size;
    uint32_t env;
} registers[] = {
#define R64(vmsa, field) { vmsa, 8, offsetof(CPUX86State, field) }
#define R32(vmsa, field) { vmsa, 4, offsetof(CPUX86State, field) }
    R64(0x140, xss),            R64(0x200, star),
    R64(0x208, lstar),          R64(0x210, cstar),
    R64(0x218, fmask),          R64(0x220, kernelgsbase),
    R32(0x228, sysenter_cs),    R64(0x230, sysenter_esp),
    R64(0x238, sysenter_eip),   R32(0x2e8, pkru),
    R64(0x308, regs[R_ECX]),    R64(0x310, regs[R_EDX]),
    R64(0x318, regs[R_EBX]),    R64(0x328, regs[R_EBP]),
    R64(0x330, regs[R_ESI]),    R64(0x338, regs[R_EDI]),
    R64(0x340, regs[8]),        R64(0x348, regs[9]),
    R64(0x350, regs[10]),       R64(0x358, regs[11]),
    R64(0x360, regs[12]),       R64(0x368, regs[13]),
    R64(0x370, regs[14]),       R64(0x378, regs[15]),
#undef R64
#undef R32
};

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

/* ---------- what the guest's VMSA and the host's save area have in common ---------- */

static void load_segment(const uint8_t *p, SegmentCache *sc)
{
    unsigned attributes = lduw_le_p(p + 2);

    sc->selector = lduw_le_p(p);
    sc->flags = (attributes & 0xff) << 8 | (attributes & 0xf00) << 12;
    sc->limit = ldl_le_p(p + 4);
    sc->base = ldq_le_p(p + 8);
}

static void store_segment(uint8_t *p, const SegmentCache *sc)
{
    stw_le_p(p, sc->selector);
    stw_le_p(p + 2, ((sc->flags >> 8) & 0xff) | ((sc->flags >> 12) & 0xf00));
    stl_le_p(p + 4, sc->limit);
    stq_le_p(p + 8, sc->base);
}

static void load_common(CPUX86State *env, const uint8_t *s)
{
    for (int i = 0; i < ARRAY_SIZE(segments); i++) {
        load_segment(s + segments[i].vmsa, (void *)env + segments[i].env);
    }
    for (int i = 0; i < ARRAY_SIZE(registers); i++) {
        memcpy((void *)env + registers[i].env, s + registers[i].vmsa,
               registers[i].size);
    }
    for (int i = 0; (env->snp.features & DEBUG_SWAP) && i < 4; i++) {
        env->dr[i] = ldq_le_p(s + VMSA_DR0 + i * 8);
    }
    env->xcr0 = ldq_le_p(s + VMSA_XCR0) | XSTATE_FP_MASK;
    cpu_sync_bndcs_hflags(env);
    cpu_sync_avx_hflag(env);
}

static void store_common(CPUX86State *env, uint8_t *s)
{
    for (int i = 0; i < ARRAY_SIZE(segments); i++) {
        store_segment(s + segments[i].vmsa, (void *)env + segments[i].env);
    }
    for (int i = 0; i < ARRAY_SIZE(registers); i++) {
        memcpy(s + registers[i].vmsa, (void *)env + registers[i].env,
               registers[i].size);
    }
    for (int i = 0; (env->snp.features & DEBUG_SWAP) && i < 4; i++) {
        stq_le_p(s + VMSA_DR0 + i * 8, env->dr[i]);
    }
    stq_le_p(s + VMSA_XCR0, env->xcr0);
}

/* ---------- x87, SSE and AVX: the guest's alone ---------- */

static void load_fpu(CPUX86State *env, const uint8_t *s)
{
    uint16_t fsw = lduw_le_p(s + VMSA_X87_FSW);
    uint8_t ftw = lduw_le_p(s + VMSA_X87_FTW);

    env->fpstt = (fsw >> 11) & 7;
    env->fpus = fsw & ~FSW_TOP;
    cpu_set_fpuc(env, lduw_le_p(s + VMSA_X87_FCW));
    env->fpop = lduw_le_p(s + VMSA_X87_FOP);
    env->fpip = ldq_le_p(s + VMSA_X87_RIP);
    env->fpdp = ldq_le_p(s + VMSA_X87_DP);
    for (int i = 0; i < 8; i++) {
        floatx80 *st = &env->fpregs[(env->fpstt + i) & 7].d;

        env->fptags[i] = !(ftw & (1 << i));
        st->low = ldq_le_p(s + VMSA_FPREG_X87 + i * 8);
        st->high = lduw_le_p(s + VMSA_FPREG_X87 + 64 + i * 2);
    }
    cpu_set_mxcsr(env, ldl_le_p(s + VMSA_MXCSR));
    for (int i = 0; i < 16; i++) {
        memcpy(&env->xmm_regs[i].ZMM_Q(0), s + VMSA_FPREG_XMM + i * 16, 16);
        memcpy(&env->xmm_regs[i].ZMM_Q(2), s + VMSA_FPREG_YMM + i * 16, 16);
    }
}

static void store_fpu(CPUX86State *env, uint8_t *s)
{
    uint8_t ftw = 0;

    for (int i = 0; i < 8; i++) {
        const floatx80 *st = &env->fpregs[(env->fpstt + i) & 7].d;

        ftw |= (!env->fptags[i]) << i;
        stq_le_p(s + VMSA_FPREG_X87 + i * 8, st->low);
        stw_le_p(s + VMSA_FPREG_X87 + 64 + i * 2, st->high);
    }
    stw_le_p(s + VMSA_X87_FTW, ftw);
    stw_le_p(s + VMSA_X87_FSW, (env->fpus & ~FSW_TOP) | (env->fpstt & 7) << 11);
    stw_le_p(s + VMSA_X87_FCW, env->fpuc);
    stw_le_p(s + VMSA_X87_FOP, env->fpop);
    stq_le_p(s + VMSA_X87_RIP, env->fpip);
    stq_le_p(s + VMSA_X87_DP, env->fpdp);
    update_mxcsr_from_sse_status(env);
    stl_le_p(s + VMSA_MXCSR, env->mxcsr);
    for (int i = 0; i < 16; i++) {
        memcpy(s + VMSA_FPREG_XMM + i * 16, &env->xmm_regs[i].ZMM_Q(0), 16);
        memcpy(s + VMSA_FPREG_YMM + i * 16, &env->xmm_regs[i].ZMM_Q(2), 16);
    }
}

/* ---------- VMRUN and #VMEXIT ---------- */

/* Is the VMSA fit to run?  Called before any guest state is loaded. */
bool snp_vmrun_check(CPUX86State *env, uint64_t nested_ctl, uint64_t vmsa_pa,
                     uint32_t asid)
{
    const uint64_t known = SNP_ACTIVE | DEBUG_SWAP |
                           (snp_host.secure_tsc ? SECURE_TSC : 0);
    const uint64_t need = RMP_ASSIGNED | RMP_VMSA | RMP_VALIDATED;
    const uint8_t *s = snp_ram(vmsa_pa);
    const RmpEntry *e = snp_rmp(vmsa_pa);
    uint64_t features, lo = e ? e->lo : 0;

    if (!s || (vmsa_pa & 0xfff) || !(nested_ctl & SVM_NPT_ENABLED) ||
        asid >= SNP_MIN_SEV_ASID || !(ldq_le_p(s + VMSA_EFER) & MSR_EFER_SVME)) {
        return false;
    }
    features = ldq_le_p(s + VMSA_SEV_FEATURES);
    if ((features & SNP_ACTIVE) && (!(env->snp_syscfg & SYSCFG_SNP_EN) ||
                                    (lo & need) != need || RMP_ASID(lo) != asid)) {
        qemu_log_mask(LOG_GUEST_ERROR, "snp: VMRUN: VMSA %#" PRIx64 " is not a VMSA "
                      "page of ASID %u (RMP %#" PRIx64 ")\n", vmsa_pa, asid, lo);
        return false;
    }
    /* VMRUN fails with those that this CPU doesn't have, as on hardware */
    if (features & ~known) {
        qemu_log_mask(LOG_GUEST_ERROR, "snp: VMRUN: SEV_FEATURES %#" PRIx64 "\n",
                      features);
        return false;
    }
    return !snp_vmsa_in_use(vmsa_pa);
}

void snp_vmrun_load(CPUX86State *env)
{
    const uint8_t *s = snp_ram(env->snp.vmsa_pa);

    env->snp.features = ldq_le_p(s + VMSA_SEV_FEATURES);
    env->snp.snp = env->snp.features & SNP_ACTIVE;
    env->snp.vmpl = s[VMSA_VMPL] & 3;
    if (env->snp.features & SECURE_TSC) {
        env->tsc_offset = ldq_le_p(s + VMSA_TSC_OFFSET);    /* the scale is 1 here */
    }
    load_common(env, s);
    env->pat = ldq_le_p(s + VMSA_G_PAT);
    load_fpu(env, s);
    env->snp.loaded = true;
}

void snp_vmexit_store(CPUX86State *env)
{
    uint8_t *s = snp_ram(env->snp.vmsa_pa);

    store_common(env, s);
    stq_le_p(s + VMSA_G_PAT, env->pat);
    store_fpu(env, s);
}

/* Host state that #VMEXIT takes from the host save area (swap type B), resets (C). */
void snp_vmexit_host(CPUX86State *env)
{
    const uint8_t *h = snp_ram(env->vm_hsave & ~0xfffULL);

    if (!h) {
        return;
    }
    load_common(env, h + HOST_SAVE_AREA);
    for (int i = 0; i < 16; i++) {
        memset(&env->xmm_regs[i].ZMM_Q(0), 0, 32);
    }
    cpu_set_mxcsr(env, MXCSR_RESET);
    cpu_set_fpuc(env, FCW_RESET);
    env->fpus = env->fpstt = 0;
    memset(env->fptags, 1, sizeof(env->fptags));
}

void helper_snp_vmgexit(CPUX86State *env)
{
    if (!env->snp.es) {
        helper_vmmcall(env);
        return;
    }
    cpu_vmexit_next(env, SVM_EXIT_VMGEXIT, 0, GETPC());
}

/*
 * Does an intercept exit to the hypervisor (automatic exit, APM table 15-35), or does
 * it become a #VC in the guest?
 */
bool snp_is_automatic_exit(uint32_t code, uint64_t info1)
{
    switch (code) {
    case SVM_EXIT_EXCP_BASE + EXCP12_MCHK:
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
        return !(info1 & PG_ERROR_RSVD_MASK);   /* else it is MMIO */
    }
    return false;
}

/* ---------- MSRs ---------- */

/* GUEST_TSC_FREQ, in MHz: the emulated TSC is this machine's own. */
uint64_t snp_guest_tsc_freq(CPUX86State *env)
{
    static uint64_t mhz;

    if (!(env->snp.features & SECURE_TSC)) {
        return 0;
    }
    if (!mhz) {
        int64_t ticks = cpu_get_host_ticks(), ns = get_clock();

        while (get_clock() - ns < 20 * SCALE_MS) {
        }
        ticks = cpu_get_host_ticks() - ticks;
        ns = get_clock() - ns;
        mhz = (ticks * 1000 + ns / 2) / ns;
    }
    return mhz;
}

/* SEV_STATUS: SEV, SEV-ES, and the VMSA's SEV_FEATURES. */
uint64_t snp_sev_status(CPUX86State *env)
{
    if (!env->snp.sev) {
        return 0;
    }
    return env->snp.es ? 3 | env->snp.features << 2 : 1;
}
