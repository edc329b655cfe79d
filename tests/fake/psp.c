/* SPDX-License-Identifier: MIT */
/*
 * tests/fake/psp.c: KVM's SEV commands and the firmware behind them. The digest and the VMSA follow
 * the kernel's and the firmware's sources, by offsets, and share no code with core/snp, so that an
 * error in one isn't repeated in the other.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* other calls than core/attest makes */
#include <errno.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>
#include <string.h>

#include "core/base/sha2.h"
#include "core/snp/abi.h"
#include "tests/fake/state.h"

#define DIGEST 48

/* Page types of LAUNCH_UPDATE, linux/kvm.h; VMSA is KVM's own. */
enum {
	TYPE_NORMAL = 1,
	TYPE_VMSA = 2,
	TYPE_ZERO = 3,
	TYPE_UNMEASURED = 4,
	TYPE_SECRETS = 5,
	TYPE_CPUID = 6
};

/* Firmware statuses, linux/psp-sev.h. */
enum {
	STATUS_INVALID_GUEST_STATE = 0x02,
	STATUS_POLICY_FAILURE = 0x07,
	STATUS_BAD_SIGNATURE = 0x0a,
	STATUS_BAD_MEASUREMENT = 0x0b,
	STATUS_INVALID_PARAM = 0x16,
};

#define FEATURES_OFFERED (1ULL << 5)               /* debug swap */
#define POLICY_KNOWN     (0x3ffffULL | 3ULL << 19) /* 6.12's mask: bits 0 to 17, 19, 20 */
#define POLICY_PLATFORM  (0xfULL << 21)            /* accepted by 6.19; not met by this platform */
#define POLICY_REPORTED  (POLICY_KNOWN | POLICY_PLATFORM)
#define FIRMWARE_API     0x0137 /* 1.55 */

static void put(uint8_t *page, size_t at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		page[at + i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *page, size_t at, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i > 0; i--)
		value = value << 8 | page[at + i - 1];
	return value;
}

/*
 * One link of the chain: PAGE_INFO of 0x70 bytes, firmware ABI 8.17 table 67; VMPL permissions stay
 * 0.
 */
static void measure(struct fake_vm *vm, uint8_t type, uint64_t gpa, const uint8_t *page)
{
	uint8_t info[0x70] = { 0 };

	memcpy(info, vm->digest, DIGEST);
	if (page)
		sha384(page, PAGE_SIZE, info + 0x30);
	put(info, 0x60, sizeof(info), 2);
	info[0x62] = type;
	put(info, 0x68, gpa, 8);
	sha384(info, sizeof(info), vm->digest);
}

/* arch/x86/kvm/svm/svm.c: svm_set_segment(). */
static void vmsa_segment(uint8_t *page, size_t at, const struct kvm_segment *s)
{
	unsigned attrib = (s->type & 15U) | (s->s & 1U) << 4 | (s->dpl & 3U) << 5 |
	                  (s->present && !s->unusable ? 1U : 0) << 7 | (s->avl & 1U) << 8 |
	                  (s->l & 1U) << 9 | (s->db & 1U) << 10 | (s->g & 1U) << 11;

	put(page, at, s->selector, 2);
	put(page, at + 2, attrib, 2);
	put(page, at + 4, s->limit, 4);
	put(page, at + 8, s->base, 8);
}

static void vmsa_segments(uint8_t *page, const struct kvm_sregs *s)
{
	const struct kvm_segment *const by_offset[] = { &s->es, &s->cs, &s->ss,
		                                        &s->ds, &s->fs, &s->gs };

	for (size_t i = 0; i < 6; i++)
		vmsa_segment(page, 0x10 * i, by_offset[i]);
	vmsa_segment(page, 0x70, &s->ldt);
	vmsa_segment(page, 0x90, &s->tr);
	put(page, 0x64, s->gdt.limit, 4);
	put(page, 0x68, s->gdt.base, 8);
	put(page, 0x84, s->idt.limit, 4);
	put(page, 0x88, s->idt.base, 8);
	page[0xcb] = s->ss.dpl & 3; /* svm_set_segment(): CPL */
}

/* r8 to r15 follow each other in kvm_regs as in the VMSA. */
static void vmsa_registers(uint8_t *page, const struct kvm_regs *r)
{
	const __u64 *upper = &r->r8;

	put(page, 0x170, r->rflags, 8);
	put(page, 0x178, r->rip, 8);
	put(page, 0x1d8, r->rsp, 8);
	put(page, 0x1f8, r->rax, 8);
	put(page, 0x308, r->rcx, 8);
	put(page, 0x310, r->rdx, 8);
	put(page, 0x318, r->rbx, 8);
	put(page, 0x328, r->rbp, 8);
	put(page, 0x330, r->rsi, 8);
	put(page, 0x338, r->rdi, 8);
	for (size_t i = 0; i < 8; i++)
		put(page, 0x340 + 8 * i, upper[i], 8);
}

/* arch/x86/kvm/svm/sev.c: sev_es_sync_vmsa(), over what svm_set_efer(), _cr0() and _cr4() made. */
static void vmsa_build(const struct fake_vm *vm, struct fake_vcpu *v)
{
	const struct kvm_sregs *s = &v->sregs;

	memset(v->vmsa, 0, sizeof(v->vmsa));
	vmsa_segments(v->vmsa, s);
	vmsa_registers(v->vmsa, &v->regs);
	put(v->vmsa, 0xd0, s->efer | 0x1000, 8); /* SVME */
	put(v->vmsa, 0x148, s->cr4 | 0x40, 8);   /* the host's MCE */
	put(v->vmsa, 0x150, s->cr3, 8);
	put(v->vmsa, 0x158, s->cr0 & ~0x60000000ULL, 8); /* CD and NW, by quirk */
	put(v->vmsa, 0x160, v->debug_registers.dr7, 8);
	put(v->vmsa, 0x168, v->debug_registers.dr6, 8);
	put(v->vmsa, 0x268, v->pat, 8);
	put(v->vmsa, 0x3b0, vm->features | 1, 8);
	put(v->vmsa, 0x3e8, v->xcr0, 8);
	put(v->vmsa, 0x408, v->mxcsr, 4);
	put(v->vmsa, 0x410, v->fcw, 2);
}

static int init2(struct fake_kvm *f, const struct kvm_sev_init *init)
{
	struct fake_vm *vm = &f->vm;

	if (vm->type != KVM_X86_SNP_VM || vm->initialised)
		return fake_complain(f, vm->initialised ? EPERM : EINVAL, "SEV_INIT2 of this VM");
	if (vm->n_vcpus > 0)
		return fake_complain(f, EINVAL, "SEV_INIT2 after a vCPU");
	if (init->flags || init->ghcb_version > 2)
		return fake_complain(f, EINVAL, "SEV_INIT2: flags or GHCB version");
	if (init->vmsa_features & 1)
		return fake_complain(f, EINVAL, "SEV_INIT2 with SNP_ACTIVE, which is KVM's to set");
	if (init->vmsa_features & ~FEATURES_OFFERED)
		return -EINVAL; /* the manifest's choice; no rule is broken */
	vm->features = init->vmsa_features;
	vm->initialised = true;
	return 0;
}

/* arch/x86/kvm/svm/sev.c: snp_launch_start(). */
static bool policy_taken(const struct fake_kvm *f, uint64_t policy)
{
	if (f->flags & FAKE_POLICY_REPORTED)
		return !(policy & ~POLICY_REPORTED) && policy >> 17 & 1;
	return !(policy & ~POLICY_KNOWN) && policy >> 17 & 1 && policy >> 16 & 1 &&
	       !(policy >> 20 & 1);
}

int fake_sev_attribute(const struct fake_kvm *f, const struct kvm_device_attr *a)
{
	bool known = a->attr == KVM_X86_SEV_VMSA_FEATURES ||
	             (a->attr == KVM_X86_SNP_POLICY_BITS && f->flags & FAKE_POLICY_REPORTED) ||
	             (a->attr == KVM_X86_SEV_SNP_REQ_CERTS && f->flags & FAKE_REQ_CERTS);

	if (a->group != KVM_X86_GRP_SEV || !known)
		return -ENXIO;
	*(uint64_t *)(uintptr_t)a->addr = a->attr == KVM_X86_SEV_VMSA_FEATURES ? FEATURES_OFFERED
	                                  : a->attr == KVM_X86_SNP_POLICY_BITS ? POLICY_REPORTED
	                                                                       : 1;
	return 0;
}

/* The two status queries, which both begin with the version of the firmware's API. */
int fake_sev_issue(struct fake_kvm *f, unsigned long request, void *arg)
{
	const struct sev_issue_cmd *cmd = arg;
	uint32_t id = request == SEV_ISSUE_CMD ? cmd->cmd : 0;
	bool snp = id == SNP_PLATFORM_STATUS;
	uint8_t *status;

	if (!snp && id != SEV_PLATFORM_STATUS)
		return fake_complain(f, EINVAL, "/dev/sev: ioctl 0x%lx, command %u", request, id);
	status = (uint8_t *)(uintptr_t)cmd->data;
	memset(status, 0,
	       snp ? sizeof(struct snp_platform_status) : sizeof(struct sev_user_data_status));
	status[0] = FIRMWARE_API >> 8;
	status[1] = FIRMWARE_API & 0xff;
	status[2] = 1; /* initialised */
	if (snp)
		status[3] = 1; /* and so is the RMP */
	return 0;
}

static int start(struct fake_kvm *f, const struct kvm_sev_snp_launch_start *s,
                 struct kvm_sev_cmd *cmd)
{
	struct fake_vm *vm = &f->vm;

	if (!vm->initialised)
		return fake_complain(f, ENOTTY, "LAUNCH_START before SEV_INIT2");
	if (vm->started || s->flags)
		return fake_complain(f, EINVAL, "LAUNCH_START again, or with flags");
	if (!policy_taken(f, s->policy))
		return -EINVAL;
	if ((s->policy & 0xffff) > FIRMWARE_API || s->policy & POLICY_PLATFORM) {
		cmd->error = STATUS_POLICY_FAILURE;
		return -EIO;
	}
	vm->policy = s->policy;
	vm->sev_fd = (int)cmd->sev_fd;
	vm->started = true;
	return 0;
}

/* Whether this firmware vouches for a CPUID page; if not, corrects the first wrong leaf. */
static bool cpuid_vouch(struct fake_kvm *f, uint8_t *page)
{
	uint64_t count = get(page, 0, 4);

	if (count > 64)
		return false;
	for (uint8_t *e = page + 16; e < page + 16 + 48 * count; e += 48) {
		uint32_t leaf = (uint32_t)get(e, 0, 4), eax = (uint32_t)get(e, 24, 4),
			 ebx = (uint32_t)get(e, 28, 4);

		if (leaf == FAKE_REFUSED_LEAF && get(e, 32, 4) & FAKE_SYNTHESISED) {
			put(e, 32, get(e, 32, 4) & ~FAKE_SYNTHESISED, 4);
			return false;
		}
		if (f->flags & FAKE_CPUID_REFUSED_ONCE && leaf == FAKE_REFUSED_LEAF &&
		    eax >> FAKE_REFUSED_BIT & 1) {
			put(e, 24, eax & ~(1U << FAKE_REFUSED_BIT), 4);
			return false;
		}
		if (f->flags & FAKE_CPUID_REFUSED_ALWAYS && leaf == 7) {
			put(e, 28, ebx & (ebx - 1), 4);
			return false;
		}
	}
	return true;
}

/*
 * The firmware's part: encrypts or writes the page, and measures it. Returns a status, 0: success.
 */
static uint32_t page_load(struct fake_kvm *f, uint8_t type, gpa_t gpa, uint8_t *from, uint8_t *page)
{
	if (f->vm.finished)
		return STATUS_INVALID_GUEST_STATE;
	if (type == TYPE_CPUID && !cpuid_vouch(f, from)) {
		f->vm.refusals++;
		return STATUS_INVALID_PARAM;
	}
	if (type == TYPE_ZERO)
		memset(page, 0, PAGE_SIZE);
	else if (type == TYPE_SECRETS)
		memset(page, 0x5e, PAGE_SIZE);
	else
		memcpy(page, from, PAGE_SIZE);
	measure(&f->vm, type, gpa, type == TYPE_NORMAL ? page : NULL);
	return 0;
}

/* One page: 0, -EINVAL if no slot has it, -EIO for everything else. */
static int update_page(struct fake_kvm *f, const struct kvm_sev_snp_launch_update *u,
                       struct kvm_sev_cmd *cmd)
{
	gpa_t gpa = u->gfn_start * PAGE_SIZE;
	struct fake_slot *s = fake_slot_of(f, gpa);
	struct fake_fd *gmem = s ? fake_fd(f, s->gmem) : NULL;
	uint8_t *from = (uint8_t *)(uintptr_t)u->uaddr;
	uint64_t page = s ? (gpa - s->gpa) / PAGE_SIZE : 0;

	if (!gmem)
		return fake_complain(f, EINVAL,
		                     "LAUNCH_UPDATE: frame 0x%llx has no private memory%s",
		                     (unsigned long long)u->gfn_start,
		                     fake_slot_of(f, u->gfn_start) ? ": it is an address" : "");
	if (!s->private[page] || s->loaded[page])
		return fake_complain(f, EIO,
		                     "LAUNCH_UPDATE: 0x%llx isn't private, or is loaded already",
		                     (unsigned long long)gpa);
	if (u->type != TYPE_ZERO && !fake_readable(from, PAGE_SIZE))
		return fake_complain(f, EIO, "LAUNCH_UPDATE: the source of 0x%llx isn't mapped",
		                     (unsigned long long)gpa);
	if (u->type != TYPE_ZERO && fake_guest_side(f, from, PAGE_SIZE))
		fake_complain(f, 0, "LAUNCH_UPDATE: the source of 0x%llx is the guest's own memory",
		              (unsigned long long)gpa);
	cmd->error =
		page_load(f, u->type, gpa, from, gmem->bytes + s->gmem_offset + page * PAGE_SIZE);
	if (cmd->error)
		return -EIO;
	s->loaded[page] = 1;
	return 0;
}

static bool update_valid(const struct kvm_sev_snp_launch_update *u)
{
	static const uint8_t types = 1 << TYPE_NORMAL | 1 << TYPE_ZERO | 1 << TYPE_UNMEASURED |
	                             1 << TYPE_SECRETS | 1 << TYPE_CPUID;

	return u->len > 0 && u->len % PAGE_SIZE == 0 && !u->flags && u->type < 8 &&
	       types >> u->type & 1 &&
	       (u->type == TYPE_ZERO || (u->uaddr && u->uaddr % PAGE_SIZE == 0));
}

/* If a later page fails, loads those before it and returns 0; the next call reports the failure. */
static int update(struct fake_kvm *f, struct kvm_sev_snp_launch_update *u, struct kvm_sev_cmd *cmd)
{
	uint64_t pages = u->len / PAGE_SIZE, done = 0;
	int e = 0;

	if (!f->vm.started || !update_valid(u))
		return fake_complain(
			f, EINVAL, "LAUNCH_UPDATE of frame 0x%llx, 0x%llx bytes, type %u",
			(unsigned long long)u->gfn_start, (unsigned long long)u->len, u->type);
	if (f->flags & FAKE_PARTIAL_UPDATES) {
		if (++f->vm.updates % 3 == 0)
			return -EAGAIN;
		pages = (pages + 1) / 2;
	}
	for (; done < pages && e == 0; done += e == 0) {
		e = update_page(f, u, cmd);
		if (e < 0)
			break;
		u->gfn_start++;
		u->uaddr += u->type == TYPE_ZERO ? 0 : PAGE_SIZE;
		u->len -= PAGE_SIZE;
	}
	return done > 0 ? 0 : e;
}

/* Firmware ABI, chapter 10: curve at 0, X at 4, Y at 0x4c; R at 0, S at 0x48; 72 bytes each. */
static bool signed_by(const uint8_t *key, const uint8_t *data, size_t size,
                      const uint8_t *signature)
{
	EC_KEY *k = EC_KEY_new_by_curve_name(NID_secp384r1);
	ECDSA_SIG *s = ECDSA_SIG_new();
	BIGNUM *x = BN_lebin2bn(key + 4, 72, NULL), *y = BN_lebin2bn(key + 0x4c, 72, NULL);
	uint8_t hash[DIGEST];
	bool good = get(key, 0, 4) == 2;

	sha384(data, size, hash);
	ECDSA_SIG_set0(s, BN_lebin2bn(signature, 72, NULL),
	               BN_lebin2bn(signature + 0x48, 72, NULL));
	good = good && EC_KEY_set_public_key_affine_coordinates(k, x, y) &&
	       ECDSA_do_verify(hash, DIGEST, s, k) == 1;
	BN_free(x);
	BN_free(y);
	ECDSA_SIG_free(s);
	EC_KEY_free(k);
	return good;
}

/* SNP_LAUNCH_FINISH's checks in the firmware's order. */
static uint32_t id_block_check(const struct fake_vm *vm, const uint8_t *block, const uint8_t *auth,
                               bool author)
{
	if (memcmp(block, vm->digest, DIGEST) != 0)
		return STATUS_BAD_MEASUREMENT;
	if (get(block, 0x58, 8) != vm->policy)
		return STATUS_POLICY_FAILURE;
	if (get(auth, 0, 4) != 1 || (author && get(auth, 4, 4) != 1))
		return STATUS_INVALID_PARAM;
	if (!signed_by(auth + 0x240, block, 96, auth + 0x40))
		return STATUS_BAD_SIGNATURE;
	if (author && !signed_by(auth + 0x880, auth + 0x240, 0x404, auth + 0x680))
		return STATUS_BAD_SIGNATURE;
	return 0;
}

static int finish(struct fake_kvm *f, const struct kvm_sev_snp_launch_finish *fin,
                  struct kvm_sev_cmd *cmd)
{
	const uint8_t *block = (const uint8_t *)(uintptr_t)fin->id_block_uaddr;
	const uint8_t *auth = (const uint8_t *)(uintptr_t)fin->id_auth_uaddr;
	struct fake_vm *vm = &f->vm;

	if (!vm->started || fin->flags || vm->n_vcpus == 0)
		return fake_complain(
			f, EINVAL,
			"LAUNCH_FINISH before LAUNCH_START, without vCPUs or with flags");
	if (vm->vcpus[0]->sealed)
		return fake_complain(f, EINVAL, "LAUNCH_FINISH again");
	for (unsigned i = 0; i < vm->n_vcpus; i++) {
		if (vm->vcpus[i]->debug_registers.dr7 & ~0x400ULL)
			return fake_complain(f, EINVAL, "LAUNCH_FINISH with a breakpoint");
		vmsa_build(vm, vm->vcpus[i]);
		measure(vm, TYPE_VMSA, 0xfffffffff000, vm->vcpus[i]->vmsa);
		vm->vcpus[i]->sealed = true;
	}
	if (f->flags & FAKE_OTHER_DIGEST)
		measure(vm, TYPE_ZERO, 0, NULL);
	if (fin->id_block_en && (!fake_readable(block, 96) || !fake_readable(auth, 4096)))
		return fake_complain(f, EFAULT, "LAUNCH_FINISH: no ID block to read");
	if (fin->id_block_en)
		cmd->error = id_block_check(vm, block, auth, fin->auth_key_en);
	if (cmd->error)
		return -EIO;
	vm->finished = true;
	return 0;
}

int fake_sev_command(struct fake_kvm *f, struct kvm_sev_cmd *cmd)
{
	void *data = (void *)(uintptr_t)cmd->data;
	const struct fake_fd *sev = fake_fd(f, (int)cmd->sev_fd);

	if (f->vm.initialised && cmd->id < KVM_SEV_SNP_LAUNCH_START)
		return fake_complain(f, EPERM, "SEV command %u after SEV_INIT2", cmd->id);
	if (cmd->error)
		fake_complain(f, 0, "SEV command %u: `error` isn't cleared, so it can't be read",
		              cmd->id);
	if (cmd->id != KVM_SEV_INIT2 && (!sev || sev->kind != FD_SEV))
		return fake_complain(f, cmd->id == KVM_SEV_SNP_LAUNCH_START ? ENOTTY : EBADF,
		                     "SEV command %u: descriptor %d is not /dev/sev", cmd->id,
		                     (int)cmd->sev_fd);
	if (cmd->id > KVM_SEV_SNP_LAUNCH_START && (int)cmd->sev_fd != f->vm.sev_fd && f->vm.started)
		return fake_complain(f, EBADF, "SEV command %u through another /dev/sev", cmd->id);
	switch (cmd->id) {
	case KVM_SEV_INIT2:
		return init2(f, data);
	case KVM_SEV_SNP_LAUNCH_START:
		return start(f, data, cmd);
	case KVM_SEV_SNP_LAUNCH_UPDATE:
		return update(f, data, cmd);
	case KVM_SEV_SNP_LAUNCH_FINISH:
		return finish(f, data, cmd);
	case KVM_SEV_SNP_ENABLE_REQ_CERTS:
		if (!(f->flags & FAKE_REQ_CERTS) || !f->vm.initialised || f->vm.n_vcpus > 0)
			return fake_complain(f, EINVAL,
			                     "SNP_ENABLE_REQ_CERTS: before SEV_INIT2, after a "
			                     "vCPU, or on an old kernel");
		f->vm.req_certs = true;
		return 0;
	default:
		return fake_complain(f, EINVAL, "SEV command %u", cmd->id);
	}
}
