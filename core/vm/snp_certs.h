/* SPDX-License-Identifier: MIT */
/*
 * core/vm/snp_certs.h: gives the certificate table of snp.certs to a guest that requests it with
 * its report (KVM_EXIT_SNP_REQ_CERTS).
 */
#ifndef CORE_VM_SNP_CERTS_H
#define CORE_VM_SNP_CERTS_H

struct error;              /* core/base/error.h */
struct exit_snp_req_certs; /* core/vm/abi.h */
struct kvm_sys;            /* core/vm/sys.h */
struct vcpu;               /* core/vm/vm_priv.h */
struct vm;                 /* core/vm/vm_priv.h */

/* Checks that this host's KVM can ask for certificates. 0, or ERROR_HOST_UNSUPPORTED. */
int snp_certs_probe(const struct kvm_sys *sys, int kvm, struct error *err);

/*
 * Answers one request: writes the table to the pages that the guest named, and sets call->ret.
 * Reads the file again each time, since a tool of the host may have replaced it, and keeps it
 * locked until the firmware has the request: snp_certs_sent().
 */
void snp_certs_answer(struct vm *vm, struct vcpu *v, struct exit_snp_req_certs *call);

/*
 * To be called after each KVM_RUN: if it completed a request that snp_certs_answer() answered, or
 * failed, unlocks the file.
 */
void snp_certs_sent(struct vcpu *v);

#endif
