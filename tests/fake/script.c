/* SPDX-License-Identifier: MIT */
/* tests/fake/script.c: makes exits, sets scripts and faults, and returns what happened. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "tests/fake/state.h"

struct fake_exit fake_out(uint16_t port, unsigned size, uint32_t value)
{
	struct fake_exit e = {
		.reason = KVM_EXIT_IO,
		.io = { .out = true, .size = (uint8_t)size, .port = port, .count = 1 }
	};

	memcpy(e.io.data, &value, size);
	return e;
}

struct fake_exit fake_out_string(uint16_t port, const char *text)
{
	size_t n = strlen(text);
	struct fake_exit e = {
		.reason = KVM_EXIT_IO,
		.io = { .out = true, .size = 1, .port = port, .count = (uint32_t)n }
	};

	assert(n <= FAKE_IO_BYTES);
	memcpy(e.io.data, text, n);
	return e;
}

struct fake_exit fake_in(uint16_t port, unsigned size, unsigned count)
{
	assert(size * count <= FAKE_IO_BYTES);
	return (struct fake_exit){ .reason = KVM_EXIT_IO,
		                   .io = { .size = (uint8_t)size, .port = port, .count = count } };
}

struct fake_exit fake_mmio_read(gpa_t gpa, unsigned length)
{
	return (struct fake_exit){ .reason = KVM_EXIT_MMIO, .payload = { gpa, 0, length } };
}

struct fake_exit fake_mmio_write(gpa_t gpa, unsigned length, uint64_t value)
{
	return (struct fake_exit){ .reason = KVM_EXIT_MMIO,
		                   .payload = { gpa, value, length | 1ULL << 32 } };
}

struct fake_exit fake_map_gpa(gpa_t gpa, uint64_t pages, uint64_t attributes)
{
	return (struct fake_exit){ .reason = KVM_EXIT_HYPERCALL,
		                   .payload = { KVM_HC_MAP_GPA_RANGE, gpa, pages, attributes, 0, 0,
		                                0, 0x5a5a5a5a5a5a5a5a } };
}

struct fake_exit fake_hypercall(uint64_t nr)
{
	return (struct fake_exit){ .reason = KVM_EXIT_HYPERCALL,
		                   .payload = { nr, 0, 0, 0, 0, 0, 0, 0x5a5a5a5a5a5a5a5a } };
}

struct fake_exit fake_memory_fault(gpa_t gpa, bool private)
{
	return (struct fake_exit){ .result = -EFAULT,
		                   .reason = KVM_EXIT_MEMORY_FAULT,
		                   .payload = { private ? KVM_MEMORY_EXIT_FLAG_PRIVATE : 0, gpa,
		                                PAGE_SIZE } };
}

struct fake_exit fake_req_certs(gpa_t gpa, uint64_t npages)
{
	return (struct fake_exit){ .reason = KVM_EXIT_SNP_REQ_CERTS, .payload = { gpa, npages } };
}

void fake_kvm_watch_lock(struct fake_kvm *f, const char *path)
{
	f->lock_path = path;
}

struct fake_exit fake_system_event(uint32_t type, uint64_t data)
{
	return (struct fake_exit){ .reason = KVM_EXIT_SYSTEM_EVENT,
		                   .payload = { type | 1ULL << 32, data } };
}

struct fake_exit fake_reason(uint32_t reason, uint64_t first)
{
	return (struct fake_exit){ .reason = reason, .payload = { first } };
}

struct fake_exit fake_errno(int errnum)
{
	return (struct fake_exit){ .result = -errnum };
}

struct fake_exit fake_wait(void)
{
	return (struct fake_exit){ .wait = true };
}

struct fake_exit fake_halt(void)
{
	return (struct fake_exit){ .wait = true, .halt = true };
}

struct fake_exit fake_late(struct fake_exit e)
{
	e.wait = true;
	return e;
}

struct fake_exit fake_until_irq(unsigned irq)
{
	return (struct fake_exit){ .reason = KVM_EXIT_INTR, .rise = irq };
}

void fake_kvm_script(struct fake_kvm *f, unsigned index, const struct fake_exit *exits, size_t n)
{
	assert(index < FAKE_VCPUS && n <= FAKE_SCRIPT);
	pthread_mutex_lock(&f->lock);
	memcpy(f->scripts[index], exits, n * sizeof(*exits));
	f->n_scripts[index] = n;
	if (index < f->vm.n_vcpus) {
		struct fake_vcpu *v = f->vm.vcpus[index];

		memcpy(v->script, exits, n * sizeof(*exits));
		v->n_script = n;
		v->at = 0;
		v->pending = false;
	}
	pthread_mutex_unlock(&f->lock);
}

struct fake_answer fake_kvm_answer(struct fake_kvm *f, unsigned index, size_t i)
{
	assert(index < f->vm.n_vcpus && i < FAKE_SCRIPT);
	return f->vm.vcpus[index]->answers[i];
}

void fake_kvm_await_wait(struct fake_kvm *f, unsigned index)
{
	pthread_mutex_lock(&f->lock);
	while (index >= f->vm.n_vcpus || !f->vm.vcpus[index]->waiting)
		pthread_cond_wait(&f->waits, &f->lock);
	pthread_mutex_unlock(&f->lock);
}

void fake_kvm_fail(struct fake_kvm *f, unsigned n, int errnum)
{
	f->fail_at = n;
	f->fail_errnum = errnum;
}

void fake_kvm_fail_status(struct fake_kvm *f, uint32_t status)
{
	f->fail_status = status;
}

const struct fake_call *fake_kvm_failed(const struct fake_kvm *f)
{
	return f->failed ? &f->failed_call : NULL;
}

void fake_kvm_open_fails(struct fake_kvm *f, const char *path, int errnum)
{
	f->no_path = path;
	f->no_path_errnum = errnum;
}

unsigned fake_kvm_calls(struct fake_kvm *f)
{
	return f->calls;
}

unsigned fake_kvm_calls_of(struct fake_kvm *f, enum fake_call_kind kind)
{
	return f->calls_of[kind];
}

unsigned fake_kvm_leaks(struct fake_kvm *f)
{
	unsigned n = 0;

	for (size_t i = 0; i < FAKE_FDS; i++)
		n += f->fds[i].kind != FD_FREE;
	for (size_t i = 0; i < FAKE_MAPS; i++)
		n += f->maps[i].at != NULL;
	return n;
}

const char *fake_kvm_complaint(struct fake_kvm *f)
{
	return f->complaint;
}

const uint8_t *fake_kvm_measurement(struct fake_kvm *f)
{
	return f->vm.finished ? f->vm.digest : NULL;
}

unsigned fake_kvm_refusals(struct fake_kvm *f)
{
	return f->vm.refusals;
}

uint64_t fake_kvm_vm_types(struct fake_kvm *f)
{
	return f->vm_types;
}

const uint8_t *fake_kvm_loaded(struct fake_kvm *f, gpa_t gpa)
{
	const struct fake_slot *s = fake_slot_of(f, gpa);
	const struct fake_fd *fd = s ? fake_fd(f, s->gmem) : NULL;

	if (!fd || !s->loaded[(gpa - s->gpa) / PAGE_SIZE])
		return NULL;
	return fd->bytes + s->gmem_offset + (gpa - s->gpa);
}

unsigned fake_kvm_irq_rises(struct fake_kvm *f, unsigned irq)
{
	assert(irq < FAKE_LINES);
	return f->vm.rises[irq];
}

int fake_kvm_mp_state(struct fake_kvm *f, unsigned index)
{
	return index < f->vm.n_vcpus ? f->vm.vcpus[index]->mp_state : -1;
}

uint64_t fake_kvm_mtrr_def_type(struct fake_kvm *f, unsigned index)
{
	return index < f->vm.n_vcpus ? f->vm.vcpus[index]->mtrr_def_type : 0;
}

uint64_t fake_kvm_prefaulted(struct fake_kvm *f)
{
	return f->vm.prefaulted;
}

unsigned fake_kvm_prefaults(struct fake_kvm *f)
{
	return f->vm.prefaults;
}

void fake_kvm_prefault_fails(struct fake_kvm *f, int errnum, unsigned times)
{
	f->prefault_errnum = errnum;
	f->prefault_fails = times;
}

bool fake_kvm_slot(struct fake_kvm *f, unsigned number, struct fake_slot_info *ret)
{
	const struct fake_slot *s = number < FAKE_SLOTS ? &f->vm.slots[number] : NULL;

	if (!s || !s->used)
		return false;
	*ret = (struct fake_slot_info){ s->gpa, s->size, s->at, s->gmem >= 0 };
	return true;
}

const uint8_t *fake_kvm_vmsa(struct fake_kvm *f, unsigned index)
{
	return index < f->vm.n_vcpus ? f->vm.vcpus[index]->vmsa : NULL;
}

size_t fake_kvm_memory_events(struct fake_kvm *f, const struct fake_memory_event **ret)
{
	*ret = f->events;
	return f->n_events;
}

void fake_kvm_memory_forget(struct fake_kvm *f)
{
	f->n_events = 0;
}
