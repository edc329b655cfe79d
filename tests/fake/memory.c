/* SPDX-License-Identifier: MIT */
/* tests/fake/memory.c: slots, guest_memfd, private and shared pages, as KVM has them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fake/state.h"

bool fake_readable(const void *at, uint64_t size)
{
	uintptr_t first = (uintptr_t)at & ~(uintptr_t)(PAGE_SIZE - 1), end = (uintptr_t)at + size;
	unsigned char resident;

	if (!at || end < (uintptr_t)at)
		return false;
	for (uintptr_t page = first; page < end; page += PAGE_SIZE)
		if (mincore((void *)page, PAGE_SIZE, &resident) < 0)
			return false; /* ENOMEM: nothing is mapped there */
	return true;
}

struct fake_slot *fake_slot_of(struct fake_kvm *f, gpa_t gpa)
{
	for (size_t i = 0; i < FAKE_SLOTS; i++) {
		struct fake_slot *s = &f->vm.slots[i];

		if (s->used && gpa >= s->gpa && gpa - s->gpa < s->size)
			return s;
	}
	return NULL;
}

bool fake_guest_side(struct fake_kvm *f, const void *at, uint64_t size)
{
	for (size_t i = 0; i < FAKE_SLOTS; i++) {
		const struct fake_slot *s = &f->vm.slots[i];

		if (s->used && (uintptr_t)at < (uintptr_t)s->at + s->size &&
		    (uintptr_t)s->at < (uintptr_t)at + size)
			return true;
	}
	return false;
}

void fake_slot_drop(struct fake_slot *s)
{
	free(s->private);
	free(s->loaded);
	*s = (struct fake_slot){ 0 };
}

static int gmem_create(struct fake_kvm *f, const struct kvm_create_guest_memfd *c)
{
	uint64_t allowed = 0;
	struct fake_fd *fd;
	int number;

	if (f->flags & FAKE_GMEM_MMAP)
		allowed = GUEST_MEMFD_FLAG_MMAP;
	if (f->flags & FAKE_GMEM_MMAP && f->vm.type == KVM_X86_DEFAULT_VM)
		allowed |= GUEST_MEMFD_FLAG_INIT_SHARED;
	if (c->flags & ~allowed || c->size == 0 || c->size % PAGE_SIZE || (int64_t)c->size < 0)
		return fake_complain(f, EINVAL, "guest_memfd of 0x%llx bytes, flags 0x%llx",
		                     (unsigned long long)c->size, (unsigned long long)c->flags);
	number = fake_fd_new(f, FD_GMEM);
	fd = fake_fd(f, number);
	if (!fd)
		return number;
	fd->size = c->size;
	fd->flags = c->flags;
	fd->bytes = fake_pages(c->size);
	return number;
}

static bool slot_overlaps(const struct fake_kvm *f, const struct kvm_userspace_memory_region2 *r)
{
	for (size_t i = 0; i < FAKE_SLOTS; i++) {
		const struct fake_slot *s = &f->vm.slots[i];

		if (s->used && r->guest_phys_addr < s->gpa + s->size &&
		    s->gpa < r->guest_phys_addr + r->memory_size)
			return true;
	}
	return false;
}

/* Binds a region to its guest_memfd. 0 or a negative errno. */
static int gmem_bind(struct fake_kvm *f, const struct kvm_userspace_memory_region2 *r)
{
	struct fake_fd *fd = fake_fd(f, (int)r->guest_memfd);

	if (f->vm.type == KVM_X86_DEFAULT_VM && !(f->flags & FAKE_GMEM_MMAP))
		return fake_complain(f, EINVAL, "guest_memfd in a slot of a plain VM");
	if (!fd || fd->kind != FD_GMEM)
		return fake_complain(f, EBADF, "slot %u: descriptor %u is no guest_memfd", r->slot,
		                     r->guest_memfd);
	if (!fd->cloexec)
		fake_complain(f, 0, "slot %u: its guest_memfd would be inherited by children",
		              r->slot);
	if (r->guest_memfd_offset % PAGE_SIZE || r->guest_memfd_offset > fd->size ||
	    r->memory_size > fd->size - r->guest_memfd_offset || fd->bound)
		return fake_complain(f, EINVAL, "slot %u: not a free range of its guest_memfd",
		                     r->slot);
	fd->bound = true;
	return 0;
}

static int slot_set(struct fake_kvm *f, const struct kvm_userspace_memory_region2 *r,
                    uint32_t flags)
{
	bool gmem = r->flags & KVM_MEM_GUEST_MEMFD;
	struct fake_slot *s;

	if (!gmem) /* virt/kvm/kvm_main.c, check_memory_region_flags() */
		flags |= KVM_MEM_READONLY;
	if (r->slot < FAKE_SLOTS && f->vm.slots[r->slot].used && r->memory_size == 0) {
		fake_slot_drop(&f->vm.slots[r->slot]);
		return 0;
	}
	if (r->flags & ~flags || r->slot >= FAKE_SLOTS || f->vm.slots[r->slot].used)
		return fake_complain(f, EINVAL, "slot %u, flags 0x%x", r->slot, r->flags);
	if (r->guest_phys_addr % PAGE_SIZE || r->memory_size % PAGE_SIZE || r->memory_size == 0 ||
	    r->userspace_addr % PAGE_SIZE ||
	    r->guest_phys_addr + r->memory_size < r->guest_phys_addr)
		return fake_complain(f, EINVAL, "slot %u: not whole pages", r->slot);
	if (slot_overlaps(f, r))
		return fake_complain(f, EEXIST, "slot %u overlaps another", r->slot);
	if (!fake_readable((void *)(uintptr_t)r->userspace_addr, r->memory_size))
		fake_complain(f, 0, "slot %u: its shared side isn't mapped", r->slot);
	if (gmem) {
		int e = gmem_bind(f, r);

		if (e < 0)
			return e;
	}
	s = &f->vm.slots[r->slot];
	*s = (struct fake_slot){ .used = true,
		                 .gpa = r->guest_phys_addr,
		                 .size = r->memory_size,
		                 .at = (uint8_t *)(uintptr_t)r->userspace_addr,
		                 .gmem = gmem ? (int)r->guest_memfd : -1,
		                 .gmem_offset = r->guest_memfd_offset,
		                 .private = calloc(1, r->memory_size / PAGE_SIZE),
		                 .loaded = calloc(1, r->memory_size / PAGE_SIZE) };
	return 0;
}

/* The old call's struct is the first 32 bytes of the new one's. */
static int slot_set_old(struct fake_kvm *f, const struct kvm_userspace_memory_region *old)
{
	struct kvm_userspace_memory_region2 r = { .slot = old->slot,
		                                  .flags = old->flags,
		                                  .guest_phys_addr = old->guest_phys_addr,
		                                  .memory_size = old->memory_size,
		                                  .userspace_addr = old->userspace_addr };

	return slot_set(f, &r, KVM_MEM_LOG_DIRTY_PAGES);
}

static void event_add(struct fake_kvm *f, enum fake_memory_act act, gpa_t gpa, uint64_t size)
{
	if (f->n_events < FAKE_EVENTS)
		f->events[f->n_events++] = (struct fake_memory_event){ act, gpa, size };
}

static int attributes_set(struct fake_kvm *f, const struct kvm_memory_attributes *a)
{
	bool private = a->attributes & KVM_MEMORY_ATTRIBUTE_PRIVATE;
	uint64_t allowed = f->vm.type == KVM_X86_SNP_VM ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0;

	if (a->flags || a->attributes & ~allowed || a->size == 0 || a->size % PAGE_SIZE ||
	    a->address % PAGE_SIZE || a->address + a->size < a->address)
		return fake_complain(f, EINVAL, "attributes 0x%llx of 0x%llx bytes at 0x%llx",
		                     (unsigned long long)a->attributes, (unsigned long long)a->size,
		                     (unsigned long long)a->address);
	event_add(f, private ? FAKE_MADE_PRIVATE : FAKE_MADE_SHARED, a->address, a->size);
	for (gpa_t gpa = a->address; gpa < a->address + a->size; gpa += PAGE_SIZE) {
		struct fake_slot *s = fake_slot_of(f, gpa);

		if (s)
			s->private[(gpa - s->gpa) / PAGE_SIZE] = private;
	}
	return 0;
}

int fake_memory_ioctl(struct fake_kvm *f, unsigned long request, void *arg, bool *known)
{
	*known = true;
	switch (request) {
	case KVM_CREATE_GUEST_MEMFD:
		return gmem_create(f, arg);
	case KVM_SET_USER_MEMORY_REGION2:
		return slot_set(f, arg, KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_GUEST_MEMFD);
	case KVM_SET_USER_MEMORY_REGION:
		return slot_set_old(f, arg);
	case KVM_SET_MEMORY_ATTRIBUTES:
		return attributes_set(f, arg);
	default:
		*known = false;
		return 0;
	}
}

/* Does a part and returns 0 as long as there is progress. */
int fake_memory_prefault(struct fake_kvm *f, struct kvm_pre_fault_memory *p)
{
	const struct fake_slot *s = fake_slot_of(f, p->gpa);
	uint64_t part = p->size;

	if (!f->vm.finished)
		return fake_complain(f, EOPNOTSUPP, "KVM_PRE_FAULT_MEMORY before LAUNCH_FINISH");
	if (p->flags || p->size == 0 || p->size % PAGE_SIZE || p->gpa % PAGE_SIZE)
		return fake_complain(f, EINVAL, "KVM_PRE_FAULT_MEMORY of 0x%llx bytes",
		                     (unsigned long long)p->size);
	if (!s || s->gmem < 0)
		return fake_complain(f, ENOENT, "KVM_PRE_FAULT_MEMORY where no private memory is");
	f->vm.prefaults++;
	if (f->prefault_fails > 0) {
		f->prefault_fails--;
		return -f->prefault_errnum;
	}
	if (f->flags & FAKE_PARTIAL_UPDATES)
		part = (part / PAGE_SIZE + 1) / 2 * PAGE_SIZE;
	part = part < s->size - (p->gpa - s->gpa) ? part : s->size - (p->gpa - s->gpa);
	event_add(f, FAKE_PROVIDED, p->gpa, part);
	p->gpa += part;
	p->size -= part;
	f->vm.prefaulted += part;
	return 0;
}

/* Freeing the side that the pages are on loses the guest's data. */
static void side_check(struct fake_kvm *f, const struct fake_slot *s, uint64_t offset,
                       uint64_t size, bool private_side)
{
	for (uint64_t page = offset / PAGE_SIZE; page < (offset + size) / PAGE_SIZE; page++)
		if (s->private[page] == private_side)
			fake_complain(f, 0, "the %s side of 0x%llx was freed while in use",
			              private_side ? "private" : "shared",
			              (unsigned long long)(s->gpa + page * PAGE_SIZE));
}

static int punch(struct fake_kvm *f, int number, uint64_t offset, uint64_t size)
{
	const struct fake_fd *fd = fake_fd(f, number);

	if (!fd || fd->kind != FD_GMEM)
		return fake_complain(f, EBADF, "a hole in descriptor %d", number);
	if (offset % PAGE_SIZE || size % PAGE_SIZE || size == 0 || offset > fd->size ||
	    size > fd->size - offset)
		return fake_complain(f, EINVAL, "a hole of 0x%llx bytes at 0x%llx",
		                     (unsigned long long)size, (unsigned long long)offset);
	for (size_t i = 0; i < FAKE_SLOTS; i++) {
		struct fake_slot *s = &f->vm.slots[i];

		if (!s->used || s->gmem != number)
			continue;
		side_check(f, s, offset - s->gmem_offset, size, true);
		memset(s->loaded + (offset - s->gmem_offset) / PAGE_SIZE, 0, size / PAGE_SIZE);
		event_add(f, FAKE_FREED_PRIVATE, s->gpa + offset - s->gmem_offset, size);
	}
	memset(fd->bytes + offset, 0, size);
	return 0;
}

static int dontneed(struct fake_kvm *f, uint8_t *at, uint64_t size)
{
	for (size_t i = 0; i < FAKE_SLOTS; i++) {
		const struct fake_slot *s = &f->vm.slots[i];
		uint64_t offset = (uint64_t)(at - s->at);

		if (!s->used || at < s->at || offset >= s->size)
			continue;
		if (offset % PAGE_SIZE || size % PAGE_SIZE || size > s->size - offset)
			break;
		if (s->gmem >= 0) /* else it has one side, which the guest has given back */
			side_check(f, s, offset, size, false);
		event_add(f, FAKE_FREED_SHARED, s->gpa + offset, size);
		return madvise(at, size, MADV_DONTNEED) < 0 ? -errno : 0;
	}
	return fake_complain(f, EINVAL, "0x%llx bytes freed that are no slot's",
	                     (unsigned long long)size);
}

int fake_memory_discard(struct fake_kvm *f, int fd, void *at, uint64_t offset, uint64_t size)
{
	return fd >= 0 ? punch(f, fd, offset, size) : dontneed(f, at, size);
}
