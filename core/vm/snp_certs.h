/* SPDX-License-Identifier: MIT */
/*
 * core/vm/snp_certs.h: hands the certificate table of snp.certs to a guest that asks for it with
 * its report (KVM_EXIT_SNP_REQ_CERTS).
 */
#ifndef CORE_VM_SNP_CERTS_H
#define CORE_VM_SNP_CERTS_H

struct error;              /* core/base/error.h */
struct exit_snp_req_certs; /* core/vm/abi.h */
struct kvm_sys;            /* core/vm/sys.h */
struct vcpu;               /* core/vm/vm_priv.h */
struct vm;                 /* core/vm/vm_priv.h */

/* Has KVM ask us for certificates. Before the first vCPU; the VM is an SNP guest by now. */
int snp_certs_probe(const struct kvm_sys *sys, int kvm, struct error *err);

/*
 * Answers one request: writes the table into the pages that the guest named, and sets call->ret.
 * The file is read anew each time, as a host's tool may have put another in its place, and stays
 * locked until the firmware has the request: snp_certs_sent().
 */
void snp_certs_answer(struct vm *vm, struct vcpu *v, struct exit_snp_req_certs *call);

/*
 * KVM_RUN has returned: KVM completed what snp_certs_answer() began, or never will. Unlocks the
 * file.
 */
void snp_certs_sent(struct vcpu *v);

#endif
