/* SPDX-License-Identifier: MIT */
/*
 * core/vm/halt.c: asks vCPUs in their own threads, for whoever else asks KVM waits until KVM_RUN
 * returns.
 */
#include "core/vm/halt.h"

#include <signal.h>

#include "core/base/array.h"
#include "core/base/clock.h"
#include "core/vm/abi.h"
#include "core/vm/sys.h"
#include "core/vm/vm_priv.h"

/*
 * A guest without exits for QUIET_MS is asked. Where a vCPU runs, the next time is later and later,
 * so that a guest that computes or idles is left in peace; any exit begins anew.
 */
enum { QUIET_MS = 200, QUIET_MOST_MS = 5000, ANSWER_MS = 50, AGAIN_MS = 100, LOOKS = 2 };

/* What a vCPU said; one that says nothing (a thread inside a device, or late) counts as running. */
enum { SAID_NOTHING, SAID_RUNS, SAID_RESTS };

void halt_init(struct halt *h, struct vm *vm)
{
	*h = (struct halt){ .vm = vm, .at_ms = clock_ms() + QUIET_MS, .pause_ms = QUIET_MS };
}

/*
 * Halted with interrupts on it may be woken by a timer. One that waits for INIT, for SIPI or to be
 * created is woken by another vCPU alone, as is one that is halted with interrupts off (an NMI).
 * The mask of interrupts is seen in protected guests too: KVM takes it from the VMCB
 * (arch/x86/kvm/svm/svm.c, svm_get_if_flag()).
 */
static bool vcpu_rests(const struct vcpu *v)
{
	struct kvm_mp_state state;

	if (v->vm->sys->ioctl(v->vm->sys->self, v->fd, KVM_GET_MP_STATE, &state) < 0)
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
	if (!atomic_exchange(&v->asked, false))
		return false;
	atomic_store(&v->said, vcpu_rests(v) ? SAID_RESTS : SAID_RUNS);
	return true;
}

static void ask(struct halt *h)
{
	for (unsigned i = 0; i < h->vm->n_vcpus; i++) {
		struct vcpu *v = &h->vm->vcpus[i];

		atomic_store(&v->said, SAID_NOTHING);
		atomic_store(&v->asked, true);
		pthread_kill(v->thread, SIGRTMIN);
	}
	h->asked = true;
	h->at_ms = clock_ms() + ANSWER_MS;
}

static bool all_rest(const struct halt *h)
{
	for (unsigned i = 0; i < h->vm->n_vcpus; i++)
		if (atomic_load(&h->vm->vcpus[i].said) != SAID_RESTS)
			return false;
	return true;
}

static void later(struct halt *h, unsigned pause_ms)
{
	h->pause_ms = MIN_OF(pause_ms, (unsigned)QUIET_MOST_MS);
	h->at_ms = clock_ms() + h->pause_ms;
	h->found = 0;
	h->asked = false;
}

static bool gather(struct halt *h)
{
	if (!all_rest(h)) {
		later(h, 2 * h->pause_ms);
		return false;
	}
	h->asked = false;
	h->at_ms = clock_ms() + AGAIN_MS;
	return ++h->found == LOOKS;
}

bool halt_look(struct halt *h)
{
	uint64_t exits;

	if (clock_ms() < h->at_ms)
		return false;
	exits = stats_exits(&h->vm->stats);
	if (exits != h->exits) {
		h->exits = exits;
		later(h, QUIET_MS);
		return false;
	}
	if (h->asked)
		return gather(h);
	ask(h);
	return false;
}
