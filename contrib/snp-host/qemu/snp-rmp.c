/*
 * A software-emulated AMD SEV-SNP host, for tests: the reverse map table (RMP),
 * the checks of memory accesses against it (APM 15.36.10) and its instructions
 * (APM volume 3: RMPUPDATE, PSMASH, PVALIDATE, RMPADJUST).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/bitops.h"
#include "qemu/units.h"
#include "cpu.h"
#include "exec/helper-proto.h"
#include "exec/exec-all.h"
#include "exec/cpu_ldst.h"
#include "target/i386/snp-emu.h"
#include "tcg/helper-tcg.h"

#define PAGE_4K     4096ULL
#define LARGE_MASK  (2 * MiB - 1ULL)
#define LARGE_PAGES 512

/* what the instructions return in EAX */
enum {
    SNP_OK, FAIL_INPUT, FAIL_PERMISSION, FAIL_INUSE, FAIL_OVERLAP,
    FAIL_SIZEMISMATCH = 6,
};

/* ---------- memory accesses ---------- */

/* A guest's access to its own memory: it must own the page, and have validated it. */
static bool check_private(CPUX86State *env, const SnpAccess *a, const RmpEntry *e,
                          int *prot, SnpFault *fault)
{
    uint64_t lo = e ? qatomic_read(&e->lo) : 0;
    bool user = (env->hflags & HF_CPL_MASK) == 3;

    *fault = (SnpFault) {
        .error_code = PG_ERROR_P_MASK | PG_ERROR_U_MASK |
                      (a->type == MMU_DATA_STORE ? PG_ERROR_W_MASK : 0) |
                      (a->type == MMU_INST_FETCH ? PG_ERROR_I_D_MASK : 0),
        .npf = NPF_RMP | NPF_ENC,
    };
    if (!(lo & RMP_ASSIGNED) || (lo & RMP_IMMUTABLE) ||
        RMP_ASID(lo) != env->snp.asid || RMP_GPA(lo) != RMP_GPA(a->gpa) ||
        (a->npt_size >= 2 * MiB && !(lo & RMP_2M))) {
        return false;
    }
    if (!(lo & RMP_VALIDATED)) {
        *fault = (SnpFault) { .not_validated = true };
        return false;
    }
    if (env->snp.vmpl) {
        uint8_t perms = e->hi >> (env->snp.vmpl * 8);

        *prot &= (perms & 1 ? PAGE_READ : 0) | (perms & 2 ? PAGE_WRITE : 0) |
                 (perms & (user ? 4 : 8) ? PAGE_EXEC : 0);
        fault->npf |= NPF_VMPL;
        return *prot & (1 << a->type);
    }
    return true;
}

/*
 * May a page enter the TLB?  May take rights away; false is a violation.  The host,
 * guests of other kinds, and shared accesses may read, and not write, assigned pages.
 */
bool snp_rmp_check(CPUX86State *env, const SnpAccess *a, int *prot, SnpFault *fault)
{
    const RmpEntry *e = snp_rmp(a->spa);

    if (!snp_host.active) {
        return true;
    }
    if (env->snp.snp && a->priv) {
        return check_private(env, a, e, prot, fault);
    }
    if (!e || !(qatomic_read(&e->lo) & RMP_ASSIGNED)) {
        return true;
    }
    *prot &= ~PAGE_WRITE;
    *fault = (SnpFault) {
        .error_code = PG_ERROR_P_MASK | PG_ERROR_W_MASK,
        .npf = NPF_RMP,
    };
    return a->type != MMU_DATA_STORE;
}

/* ---------- RMPUPDATE and PSMASH: the host's ---------- */

/* the memory operand of RMPUPDATE */
typedef struct RmpUpdate {
    uint64_t gpa;
    bool assigned, large, immutable;
    uint32_t asid;
} RmpUpdate;

/* Is the page, or one of its 512 with a large one, in the way?  With the lock. */
static int check_overlap(hwaddr spa, const RmpEntry *e, bool large)
{
    const RmpEntry *first = snp_rmp(spa & ~LARGE_MASK);

    if (!large && (first->lo & RMP_2M) && (first->lo & RMP_ASSIGNED)) {
        return FAIL_OVERLAP;
    }
    for (int i = 0; large && !(e->lo & RMP_2M) && i < LARGE_PAGES; i++) {
        if (e[i].lo & RMP_ASSIGNED) {
            return FAIL_OVERLAP;
        }
    }
    if (e->lo & RMP_IMMUTABLE) {
        return FAIL_PERMISSION;
    }
    if ((e->lo & RMP_VMSA) && RMP_ASID(e->lo) && snp_vmsa_in_use(spa)) {
        return FAIL_INUSE;
    }
    return SNP_OK;
}

/* Page i of an update.  Returns whether anything that a TLB may hold has changed. */
static bool update_entry(hwaddr spa, RmpEntry *e, const RmpUpdate *u, int i)
{
    const uint64_t same = RMP_ASSIGNED | RMP_2M | RMP_GPA_MASK | RMP_ASID_MASK;
    uint32_t owner = e->lo & RMP_ASSIGNED ? RMP_ASID(e->lo) : 0;
    uint64_t lo = 0;

    if (u->assigned) {
        lo = RMP_ASSIGNED | (u->large ? RMP_2M : 0) |
             (u->immutable ? RMP_IMMUTABLE : 0) |
             RMP_GPA(u->gpa + (u->asid ? i * PAGE_4K : 0)) |
             (uint64_t)u->asid << RMP_ASID_SHIFT;
        if (!((e->lo ^ lo) & same)) {
            qatomic_set(&e->lo, lo | (e->lo & (RMP_VALIDATED | RMP_VMSA)));
            return false;
        }
    }
    if (owner != u->asid) {
        if (owner) {
            snp_scramble_page(spa);
        }
        if (u->asid) {
            snp_scramble_page(spa);
        }
    }
    e->hi = u->assigned ? RMP_VMPL_PERMS(0, RMP_VMPL_ALL) : 0;
    qatomic_set(&e->lo, lo);
    return true;
}

static int update(hwaddr spa, const RmpUpdate *u)
{
    RmpEntry *e = snp_rmp(spa);
    uint64_t mask = u->large ? LARGE_MASK : PAGE_4K - 1;
    int count = u->large ? LARGE_PAGES : 1, ret;
    bool flush = false;

    if ((spa & mask) || (!u->assigned && (u->immutable || u->asid)) ||
        (u->gpa & (u->asid ? mask : PAGE_4K - 1)) || u->gpa >> 51 ||
        u->asid > SNP_MAX_ASID || !e || !snp_rmp(spa + (count - 1) * PAGE_4K)) {
        return FAIL_INPUT;
    }
    qemu_mutex_lock(&snp_host.lock);
    ret = check_overlap(spa, e, u->large);
    for (int i = 0; ret == SNP_OK && i < count; i++) {
        flush |= update_entry(spa + i * PAGE_4K, &e[i], u, i);
    }
    qemu_mutex_unlock(&snp_host.lock);
    if (flush) {
        snp_flush_all();
    }
    return ret;
}

static int rmpupdate(CPUX86State *env, bool *cf, uintptr_t ra)
{
    uint64_t operand = env->regs[R_ECX];
    uint64_t gpa = cpu_ldq_data_ra(env, operand, ra);
    uint64_t more = cpu_ldq_data_ra(env, operand + 8, ra);
    const RmpUpdate u = {
        .gpa = gpa,
        .assigned = extract64(more, 0, 1),
        .large = extract64(more, 8, 1),
        .immutable = extract64(more, 16, 1),
        .asid = more >> 32,
    };

    return update(env->regs[R_EAX] & ~(PAGE_4K - 1) & ~SNP_CBIT_MASK, &u);
}

static int psmash(CPUX86State *env, bool *cf, uintptr_t ra)
{
    hwaddr spa = env->regs[R_EAX] & ~(PAGE_4K - 1) & ~SNP_CBIT_MASK;
    RmpEntry *e = snp_rmp(spa);
    int ret = SNP_OK;

    if ((spa & LARGE_MASK) || !e || !snp_rmp(spa + LARGE_MASK)) {
        return FAIL_INPUT;
    }
    qemu_mutex_lock(&snp_host.lock);
    if (!(e->lo & RMP_ASSIGNED) || !(e->lo & RMP_2M) || !RMP_ASID(e->lo)) {
        ret = FAIL_INPUT;
    } else if (e->lo & RMP_IMMUTABLE) {
        ret = FAIL_PERMISSION;
    }
    for (int i = 0; ret == SNP_OK && i < LARGE_PAGES; i++) {
        qatomic_set(&e[i].lo, e[i].lo & ~RMP_2M);
    }
    qemu_mutex_unlock(&snp_host.lock);
    snp_flush_all();
    return ret;
}

/* ---------- PVALIDATE and RMPADJUST: the guest's ---------- */

static G_NORETURN void nested_page_fault(CPUX86State *env, hwaddr gpa, uint64_t npf,
                                         uintptr_t ra)
{
    x86_stq_phys(env_cpu(env), env->vm_vmcb +
                 offsetof(struct vmcb, control.exit_info_2), gpa);
    cpu_vmexit(env, SVM_EXIT_NPF, npf | NPF_RMP | NPF_ENC | PG_ERROR_P_MASK |
               PG_ERROR_U_MASK | SVM_NPTEXIT_GPA, ra);
}

/* The page that both name: its entry, or NULL with *ret set. */
static RmpEntry *guest_page(CPUX86State *env, uint64_t gva, bool large, hwaddr *spa,
                            int *ret, uintptr_t ra)
{
    SnpTranslation t;
    RmpEntry *e;
    uint64_t lo;

    if (large && (gva & LARGE_MASK)) {
        qemu_log_mask(LOG_GUEST_ERROR, "snp: 2M PVALIDATE/RMPADJUST of %#" PRIx64
                      "\n", gva);
        *ret = FAIL_INPUT;
        return NULL;
    }
    x86_snp_translate(env, gva, &t, ra);
    if (!t.priv) {
        /* a shared mapping cannot name a private page */
        raise_exception_err_ra(env, EXCP0D_GPF, 0, ra);
    }
    e = snp_rmp(t.spa);
    lo = e ? qatomic_read(&e->lo) : 0;
    if (!(lo & RMP_ASSIGNED) || RMP_ASID(lo) != env->snp.asid ||
        (lo & RMP_IMMUTABLE) || RMP_GPA(lo) != RMP_GPA(t.gpa)) {
        nested_page_fault(env, t.gpa, 0, ra);
    }
    if (large && (t.s1_size < 2 * MiB || !(lo & RMP_2M) || t.s2_size < 2 * MiB)) {
        *ret = FAIL_SIZEMISMATCH;
        return NULL;
    }
    if (!large && (lo & RMP_2M)) {
        nested_page_fault(env, t.gpa, NPF_SIZEM, ra);   /* the host must PSMASH */
    }
    *spa = t.spa & ~(PAGE_4K - 1);
    return e;
}

static int pvalidate(CPUX86State *env, bool *cf, uintptr_t ra)
{
    uint64_t gva = env->regs[R_EAX] & ~(PAGE_4K - 1);
    /* only bit 0 counts (Linux passes bools: the rest is undefined) */
    bool large = env->regs[R_ECX] & 1, validate = env->regs[R_EDX] & 1;
    int ret = SNP_OK;
    hwaddr spa;
    RmpEntry *e;

    *cf = false;
    if (env->snp.vmpl) {
        return FAIL_PERMISSION;
    }
    e = guest_page(env, gva, large, &spa, &ret, ra);
    if (large || !e) {
        qemu_log_mask(LOG_UNIMP, "snp: pvalidate(%d) %#" PRIx64 " %s -> %s\n",
                      validate, gva, large ? "2M" : "4K", e ? "ok" : "failed");
    }
    if (!e) {
        return ret;
    }
    qemu_mutex_lock(&snp_host.lock);
    *cf = !!(e->lo & RMP_VALIDATED) == validate;        /* nothing changes */
    for (int i = 0; !*cf && i < (large ? LARGE_PAGES : 1); i++) {
        qatomic_set(&e[i].lo, validate ? e[i].lo | RMP_VALIDATED :
                                         e[i].lo & ~RMP_VALIDATED);
        /* the lower VMPLs lose their permissions */
        e[i].hi = RMP_VMPL_PERMS(0, RMP_VMPL_ALL);
    }
    qemu_mutex_unlock(&snp_host.lock);
    if (!*cf && !validate) {
        snp_flush_all();
    }
    return SNP_OK;
}

static int rmpadjust(CPUX86State *env, bool *cf, uintptr_t ra)
{
    uint64_t gva = env->regs[R_EAX] & ~(PAGE_4K - 1), attr = env->regs[R_EDX];
    bool large = env->regs[R_ECX] & 1, vmsa = extract64(attr, 16, 1);
    int target = extract64(attr, 0, 8), ret = SNP_OK;
    uint64_t perms = extract64(attr, 8, 5);
    hwaddr spa;
    RmpEntry *e;

    if (target > 3 || attr >> 17 || (large && vmsa)) {
        return FAIL_INPUT;
    }
    if (target <= env->snp.vmpl) {
        return FAIL_PERMISSION;
    }
    e = guest_page(env, gva, large, &spa, &ret, ra);
    if (!e) {
        return ret;
    }
    if (!(e->lo & RMP_VALIDATED)) {
        env->cr[2] = gva;
        raise_exception_err_ra(env, EXCP1D_VC, SVM_EXIT_NOT_VALIDATED, ra);
    }
    qemu_mutex_lock(&snp_host.lock);
    if (env->snp.vmpl && (perms & ~(e->hi >> (env->snp.vmpl * 8)))) {
        ret = FAIL_PERMISSION;      /* a VMPL grants only what it has */
    } else if ((e->lo & RMP_VMSA) && !vmsa && snp_vmsa_in_use(spa)) {
        ret = FAIL_INUSE;
    }
    for (int i = 0; ret == SNP_OK && i < (large ? LARGE_PAGES : 1); i++) {
        e[i].hi = deposit64(e[i].hi, target * 8, 8, perms);
        if (env->snp.vmpl == 0) {
            qatomic_set(&e[i].lo, vmsa ? e[i].lo | RMP_VMSA : e[i].lo & ~RMP_VMSA);
        }
    }
    qemu_mutex_unlock(&snp_host.lock);
    snp_flush_all();
    return ret;
}

/* ---------- the four instructions ---------- */

/*
 * By the last byte of the opcode, FD to FF, and by the prefix, F2 or F3.  F3 .. FD
 * is RMPQUERY, which is not advertised.
 */
static const struct {
    int (*run)(CPUX86State *env, bool *cf, uintptr_t ra);
    bool host;              /* it is the host's, else an SNP guest's */
} insns[] = {
    [2] = { rmpupdate, true },
    [3] = { pvalidate },
    [SNP_INSN_F3 | 2] = { rmpadjust },
    [SNP_INSN_F3 | 3] = { psmash, true },
};

void helper_snp_insn(CPUX86State *env, uint32_t what)
{
    uintptr_t ra = GETPC();
    uint32_t which = what & ~SNP_INSN_64BIT, flags = cpu_cc_compute_all(env, CC_OP);
    bool cf = flags & CC_C, host, there;
    int ret;

    if (!snp_host.enabled || !(what & SNP_INSN_64BIT) ||
        which >= ARRAY_SIZE(insns) || !insns[which].run) {
        raise_exception_ra(env, EXCP06_ILLOP, ra);
    }
    host = !(env->hflags & HF_GUEST_MASK) && (env->snp_syscfg & SYSCFG_SNP_EN);
    there = insns[which].host ? host : env->snp.snp;
    if (!there) {
        raise_exception_ra(env, EXCP06_ILLOP, ra);
    }
    if (env->hflags & HF_CPL_MASK) {
        raise_exception_err_ra(env, EXCP0D_GPF, 0, ra);
    }
    ret = insns[which].run(env, &cf, ra);
    env->regs[R_EAX] = (uint32_t)ret;
    flags &= ~(CC_O | CC_S | CC_Z | CC_A | CC_P | CC_C);
    flags |= (ret == SNP_OK ? CC_Z : 0) | (cf ? CC_C : 0) |
             (ctpop8(ret) & 1 ? 0 : CC_P);
    CC_SRC = flags;
    CC_OP = CC_OP_EFLAGS;
}
