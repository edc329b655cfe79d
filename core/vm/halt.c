/* SPDX-License-Identifier: MIT */
/*
 * core/vm/halt.c: each vCPU's own thread asks KVM for the vCPU's state; in another thread the ioctl
 * would block until KVM_RUN returns.
 */
#include "core/vm/halt.h"

#include "core/base/array.h"
#include "core/base/clock.h"
#include "core/vm/abi.h"
#include "core/vm/vcpu.h"
#include "core/vm/vm_priv.h"

/*
 * The vCPUs are asked once the guest has had no exits for QUIET_MS. If one of them is running, the
 * time doubles, up to QUIET_MAX_MS, so that a guest that computes or idles is rarely disturbed; any
 * exit resets it to QUIET_MS.
 */
enum { QUIET_MS = 200, QUIET_MAX_MS = 5000, ANSWER_MS = 50, AGAIN_MS = 100, LOOKS = 2 };

/* No answer (the thread is inside a device, or late) counts as running. */
enum { ANSWER_NONE, ANSWER_RUNNING, ANSWER_HALTED };

void halt_init(struct halt *h, struct vm *vm)
{
	*h = (struct halt){ .vm = vm, .at_ms = clock_ms() + QUIET_MS, .pause_ms = QUIET_MS };
}

/*
 * Whether only another vCPU can wake this one. A timer may wake a vCPU that is halted with
 * interrupts on; one that is halted with interrupts off, or waits for INIT, for SIPI or for AP
 * creation, needs another vCPU. KVM knows the interrupt flag of protected guests too, from the VMCB
 * (arch/x86/kvm/svm/svm.c, svm_get_if_flag()).
 */
static bool vcpu_halted(const struct vcpu *v)
{
	struct kvm_mp_state state;

	if (vm_ioctl(v->vm, v->fd, KVM_GET_MP_STATE, &state) < 0)
		return false;
	switch (state.mp_state) {
	case KVM_MP_STATE_HALTED:
		return !v->run->if_flag;
	case KVM_MP_STATE_RUNNABLE:
	case KVM_MP_STATE_SIPI_RECEIVED:
		return false;
	default:
		return true;
	}
}

bool halt_answer(struct vcpu *v)
{
	if (!atomic_exchange(&v->halt_asked, false))
		return false;
	atomic_store(&v->halt_answer, vcpu_halted(v) ? ANSWER_HALTED : ANSWER_RUNNING);
	return true;
}

static void halt_later(struct halt *h, unsigned pause_ms)
{
	h->pause_ms = MIN(pause_ms, (unsigned)QUIET_MAX_MS);
	h->at_ms = clock_ms() + h->pause_ms;
	h->found = 0;
	h->asked = false;
}

bool halt_look(struct halt *h)
{
	struct vcpu *end = h->vm->vcpus + h->vm->n_vcpus;
	uint64_t exits;

	if (clock_ms() < h->at_ms)
		return false;
	exits = stats_exits(&h->vm->stats);
	if (exits != h->exits) {
		h->exits = exits;
		halt_later(h, QUIET_MS);
		return false;
	}
	if (!h->asked) {
		for (struct vcpu *v = h->vm->vcpus; v < end; v++) {
			atomic_store(&v->halt_answer, ANSWER_NONE);
			atomic_store(&v->halt_asked, true);
			vcpu_kick(v);
		}
		h->asked = true;
		h->at_ms = clock_ms() + ANSWER_MS;
		return false;
	}
	for (struct vcpu *v = h->vm->vcpus; v < end; v++)
		if (atomic_load(&v->halt_answer) != ANSWER_HALTED) {
			halt_later(h, 2 * h->pause_ms);
			return false;
		}
	h->asked = false;
	h->at_ms = clock_ms() + AGAIN_MS;
	return ++h->found == LOOKS;
}
