/* SPDX-License-Identifier: MIT */
/*
 * core/vm/exit.c: passes an exit to a bus or to the platform, or ends the run
 * (Documentation/virt/kvm/api.rst, "kvm_run").
 */
#include "core/vm/exit.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "core/base/array.h"
#include "core/vm/abi.h"
#include "core/vm/vcpu.h"
#include "core/vm/vm_priv.h"

/* Serves an access to a port or to a device's address. */
static enum exit_action bus_access(struct bus *bus, uint64_t at, uint8_t *data, size_t size,
                                   bool is_write, struct outcome *ret)
{
	enum io_action asked = IO_GO_ON;
	uint64_t value;

	if (is_write)
		bus_write(bus, at, data, size, &asked);
	else
		bus_read(bus, at, data, size);
	switch (asked) {
	case IO_GO_ON:
		return EXIT_ACTION_RESUME;
	case IO_EXIT:
		value = le_get(data, size);
		outcome_set(ret, GUEST_EXITED, value, "the guest exited with status %llu",
		            (unsigned long long)value);
		break;
	case IO_RESET:
		outcome_set(ret, GUEST_RESET, 0, "the guest asked for a reset");
		break;
	case IO_POWER_OFF:
		outcome_set(ret, GUEST_POWERED_OFF, 0, "the guest powered off");
		break;
	}
	return EXIT_ACTION_STOP;
}

static enum exit_action exit_io(struct vcpu *v, struct outcome *ret)
{
	struct kvm_run *run = v->run;
	struct vm *vm = v->vm;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;
	enum exit_action action = EXIT_ACTION_RESUME;

	stats_port(&vm->stats, run->io.port);
	/* A string of fw_cfg transfers can take long, and must not delay the end of the run. */
	for (uint32_t i = 0;
	     action == EXIT_ACTION_RESUME && i < run->io.count && !atomic_load(&vm->stopping);
	     i++) {
		action = bus_access(&vm->bus[BUS_PORTS], run->io.port, data, run->io.size,
		                    run->io.direction == KVM_EXIT_IO_OUT, ret);
		data += run->io.size;
	}
	return action;
}

static enum exit_action exit_system_event(struct vcpu *v, struct outcome *ret)
{
	switch (v->run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		outcome_set(ret, GUEST_POWERED_OFF, 0, "the guest powered off");
		break;
	case KVM_SYSTEM_EVENT_RESET:
		outcome_set(ret, GUEST_RESET, 0, "the guest asked for a reset");
		break;
	case KVM_SYSTEM_EVENT_CRASH:
		outcome_set(ret, GUEST_CRASHED, 0, "the guest reported that it crashed");
		break;
	default:
		return v->vm->platform->exit(v->vm, v, ret);
	}
	return EXIT_ACTION_STOP;
}

static enum exit_action exit_internal(struct vcpu *v, struct outcome *ret)
{
	static const char *const suberrors[] = { "unknown", "an instruction that KVM can't emulate",
		                                 "two exceptions at the same time",
		                                 "an exit during the delivery of an event",
		                                 "an exit reason that KVM doesn't know" };
	uint32_t n = v->run->internal.suberror;

	outcome_set(ret, KVM_INTERNAL, n, "KVM internal error %u on vCPU %u: %s", n, v->index,
	            suberrors[n < ARRAY_SIZE(suberrors) ? n : 0]);
	vcpu_log_state(v);
	return EXIT_ACTION_STOP;
}

/*
 * The processor refuses what the launch made only at once. Later, and on other vCPUs than the
 * first, it refuses what the guest made.
 */
static enum exit_action exit_entry(struct vcpu *v, struct outcome *ret)
{
	uint64_t why = v->run->fail_entry.hardware_entry_failure_reason;
	bool has_run = v->index > 0 || stats_exits(&v->vm->stats) > 1;

	outcome_set(ret, has_run ? GUEST_REJECTED : KVM_ENTRY_FAILED, why,
	            "the processor refused to enter vCPU %u (reason 0x%llx)%s", v->index,
	            (unsigned long long)why,
	            !has_run ? ""
	            : v->vm->platform->private_memory
	                    ? ": the VMSA that the guest made for it can't run"
	                    : ": the guest's state can't run");
	return EXIT_ACTION_STOP;
}

static enum exit_action exit_reason(struct vcpu *v, struct outcome *ret)
{
	const struct platform *platform = v->vm->platform;
	struct kvm_run *run = v->run;

	switch (run->exit_reason) {
	case KVM_EXIT_UNKNOWN:
	case KVM_EXIT_INTR:
	case KVM_EXIT_IRQ_WINDOW_OPEN:
		return EXIT_ACTION_RESUME;
	case KVM_EXIT_IO:
		return exit_io(v, ret);
	case KVM_EXIT_MMIO:
		return bus_access(&v->vm->bus[BUS_MMIO], run->mmio.phys_addr, run->mmio.data,
		                  MIN((size_t)run->mmio.len, sizeof(run->mmio.data)),
		                  run->mmio.is_write, ret);
	case KVM_EXIT_SYSTEM_EVENT:
		return exit_system_event(v, ret);
	case KVM_EXIT_INTERNAL_ERROR:
		return exit_internal(v, ret);
	case KVM_EXIT_SHUTDOWN:
		outcome_set(ret, GUEST_SHUTDOWN, 0, "vCPU %u shut down: a triple fault%s", v->index,
		            platform->private_memory ? ", or a VMSA that can't run" : "");
		vcpu_log_state(v);
		return EXIT_ACTION_STOP;
	case KVM_EXIT_FAIL_ENTRY:
		return exit_entry(v, ret);
	default:
		return platform->exit(v->vm, v, ret);
	}
}

/*
 * What a guest can cause is the guest's, or it could have its job tried again; so is what we don't
 * know, since the host had everything when the guest was launched.
 */
static const struct {
	int errnum;
	enum reason kind;
	const char *text;
} run_errors[] = {
	{ EINVAL, GUEST_REJECTED,
	  "the guest sent an event that KVM rejects, created a VMSA that can't run or (up to "
	  "Linux 6.18) used a GHCB that it hasn't registered; a guest kernel without SNP "
	  "support does this as soon as it starts" },
	{ EIO, GUEST_REJECTED,
	  "the guest sent a request to the SEV firmware from where it has no memory, or an SMI "
	  "(up to Linux 6.12), or KVM has killed the VM; the kernel log says why" },
	{ EBADF, ERROR_KVM, "/dev/sev was closed, or its descriptor reused" },
	{ ENOMEM, ERROR_KVM, "the host has no memory for the guest" },
	{ EFAULT, ERROR_KVM, "the guest's memory can't be reached" },
	{ EBUSY, ERROR_KVM, "the SEV firmware doesn't answer the guest's request" },
	{ ETIMEDOUT, ERROR_KVM, "the SEV firmware doesn't answer the guest's request" },
	{ ENODEV, ERROR_KVM, "the SEV firmware is no longer there for the guest's request" },
};

/*
 * KVM_RUN sets the exit reason only for these failures; for others it is that of an earlier exit.
 */
static bool reason_fresh(const struct vcpu *v, int result)
{
	return (result == -EFAULT || result == -EHWPOISON) &&
	       v->run->exit_reason == KVM_EXIT_MEMORY_FAULT;
}

static enum exit_kind exit_kind(const struct vcpu *v, int result)
{
	static const struct {
		uint32_t reason;
		enum exit_kind kind;
	} rows[] = { { KVM_EXIT_IO, EXIT_PORT },
		     { KVM_EXIT_MMIO, EXIT_MMIO },
		     { KVM_EXIT_HYPERCALL, EXIT_PAGE_STATE },
		     { KVM_EXIT_MEMORY_FAULT, EXIT_MEMORY_FAULT },
		     { KVM_EXIT_SNP_REQ_CERTS, EXIT_CERTS },
		     { KVM_EXIT_INTR, EXIT_KICK } };

	if (result == -EINTR)
		return EXIT_KICK;
	for (size_t i = 0; i < ARRAY_SIZE(rows) && (result >= 0 || reason_fresh(v, result)); i++)
		if (rows[i].reason == v->run->exit_reason)
			return rows[i].kind;
	return EXIT_OTHER;
}

enum exit_action exit_serve(struct vcpu *v, int result, struct outcome *ret)
{
	const char *text = "unexpected";
	enum reason kind = GUEST_REJECTED;

	stats_exit(&v->vm->stats, exit_kind(v, result));
	if (result == -EINTR)
		return EXIT_ACTION_RESUME;
	if (result == -EAGAIN) {
		/* A vCPU that waits for INIT was woken; don't spin if the guest keeps waking it. */
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		return EXIT_ACTION_RESUME;
	}
	if (reason_fresh(v, result))
		return v->vm->platform->exit(v->vm, v, ret);
	if (result >= 0)
		return exit_reason(v, ret);
	for (size_t i = 0; i < ARRAY_SIZE(run_errors); i++)
		if (run_errors[i].errnum == -result) {
			kind = run_errors[i].kind;
			text = run_errors[i].text;
		}
	outcome_set(ret, kind, (uint64_t)-result, "KVM_RUN of vCPU %u: %s: %s", v->index,
	            strerror(-result), text);
	return EXIT_ACTION_STOP;
}
