/* SPDX-License-Identifier: MIT */
/* core/vm/memory.c: creates slots, converts pages, and translates guest addresses. */
#include "core/vm/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/vm/abi.h"
#include "core/vm/refusal.h"
#include "core/vm/signals.h"
#include "core/vm/sys.h"

/* Flags for a guest_memfd that can be mapped and starts shared: Linux 6.18, not for SNP. */
#define MAPPABLE (GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED)

#define HUGE_PAGE ((uint64_t)2 << 20)
/* No signal interrupts KVM while it records attributes page by page, so set this much at a time. */
#define ATTRIBUTES_PART ((uint64_t)4 << 30)

static int slot_refused(const struct memslot *s, enum launch_call call, int errnum,
                        struct error *err)
{
	refusal_set(err, call, errnum);
	return error_wrap(err, "memory at 0x%llx, 0x%llx bytes", (unsigned long long)s->gpa,
	                  (unsigned long long)s->size);
}

static int gmem_open(struct memory *m, struct memslot *s, uint64_t flags, struct error *err)
{
	struct kvm_create_guest_memfd create = { .size = s->size, .flags = flags };
	int fd = m->sys->ioctl(m->sys->self, m->vm, KVM_CREATE_GUEST_MEMFD, &create);

	if (fd < 0)
		return slot_refused(s, CALL_GUEST_MEMFD, -fd, err);
	s->fd = fd;
	/* KVM opens it without O_CLOEXEC; a child that inherited it would keep the VM's ASID. */
	fd = m->sys->cloexec(m->sys->self, fd);
	return fd < 0 ? slot_refused(s, CALL_CLOEXEC, -fd, err) : 0;
}

static int slot_register(struct memory *m, const struct memslot *s, bool gmem, struct error *err)
{
	struct kvm_userspace_memory_region2 region = {
		.slot = (uint32_t)(s - m->slots),
		.flags = (gmem ? KVM_MEM_GUEST_MEMFD : 0) | (s->read_only ? KVM_MEM_READONLY : 0),
		.guest_phys_addr = s->gpa,
		.memory_size = s->size,
		.userspace_addr = (uintptr_t)s->at,
		.guest_memfd = gmem ? (uint32_t)s->fd : 0,
	};
	/* Kernels before 6.8 only have the old call, whose struct is the first 32 bytes of this. */
	unsigned long request = gmem ? KVM_SET_USER_MEMORY_REGION2 : KVM_SET_USER_MEMORY_REGION;
	int r = m->sys->ioctl(m->sys->self, m->vm, request, &region);

	if (r < 0)
		return slot_refused(s, gmem ? CALL_MEMORY_REGION2 : CALL_MEMORY_REGION, -r, err);
	return 0;
}

static int attributes_set(struct memory *m, gpa_t gpa, uint64_t size, bool to_private)
{
	struct kvm_memory_attributes a = {
		.address = gpa,
		.size = size,
		.attributes = to_private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0,
	};
	int r;

	do
		r = m->sys->ioctl(m->sys->self, m->vm, KVM_SET_MEMORY_ATTRIBUTES, &a);
	while (r == -EINTR);
	return r;
}

/*
 * Allocates a slot's memory and registers it with KVM. Private memory is in the guest_memfd; its
 * anonymous shared side costs nothing until it is touched.
 *
 * Otherwise anonymous memory is better than a guest_memfd, which only has 4 KiB pages (Linux 7.3),
 * and than a memfd, unless the administrator has changed shmem_enabled: with huge pages, Linux
 * boots in 256 MiB with some 3,200 faults instead of 27,000. So only a slot too small for a huge
 * page is mapped from a guest_memfd.
 */
static int slot_make(struct memory *m, struct memslot *s, bool mappable, struct error *err)
{
	bool mapped = mappable && s->size < HUGE_PAGE, gmem = m->private_memory || mapped;
	int r = gmem ? gmem_open(m, s, mapped ? MAPPABLE : 0, err) : 0, error = 0;

	if (!m->private_memory && !(m->backing && mapped)) /* that of the largest slot */
		m->backing = mapped ? "mapped guest_memfd" : "anonymous memory";
	if (m->private_memory)
		s->private = calloc((s->size / PAGE_SIZE + 63) / 64, sizeof(*s->private));
	if (r == 0 && m->private_memory && !s->private)
		r = error_nomem(err, "map of private pages");
	if (r == 0)
		s->at = m->sys->map(m->sys->self, s->size, PROT_READ | PROT_WRITE,
		                    MAP_NORESERVE |
		                            (mapped ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS),
		                    mapped ? s->fd : -1, &error);
	if (r == 0 && !s->at)
		r = slot_refused(s, CALL_MAP_MEMORY, -error, err);
	if (r == 0 && !gmem)
		m->sys->huge(m->sys->self, s->at, s->size); /* may fail: small pages work, too */
	if (r == 0)
		r = slot_register(m, s, gmem, err);
	return r;
}

static void pages_mark(const struct memslot *s, uint64_t first, uint64_t pages, bool private)
{
	for (uint64_t page = first, end = first + pages, n; page < end; page += n) {
		uint64_t *word = &s->private[page / 64], bits;

		n = MIN(end - page, 64 - page % 64);
		bits = (n == 64 ? UINT64_MAX : ((uint64_t)1 << n) - 1) << (page % 64);
		*word = private ? *word | bits : *word & ~bits;
	}
}

/* Makes a slot private, as it is before the launch, except what the guest accepts lazily. */
static int slot_private(struct memory *m, const struct memslot *s, const struct plan *p,
                        struct error *err)
{
	int r = 0;

	for (uint64_t done = 0, part; r == 0 && done < s->size && !signals_pending();
	     done += part) {
		part = MIN(s->size - done, ATTRIBUTES_PART);
		if (plan_is_lazy(p, s->gpa + done, &part))
			continue;
		do /* a guest would fault again; a launch has to try again itself */
			r = attributes_set(m, s->gpa + done, part, true);
		while (r == -EAGAIN);
		pages_mark(s, done / PAGE_SIZE, part / PAGE_SIZE, true);
	}
	return r < 0 ? slot_refused(s, CALL_MEMORY_ATTRIBUTES, -r, err) : 0;
}

int memory_init(struct memory *m, const struct kvm_sys *sys, int vm, const struct plan *p,
                bool private_memory, struct error *err)
{
	const struct shared_blob *blobs;
	const struct ram *ram;
	size_t n_ram = plan_ram(p, &ram), n_blobs = plan_shared_blobs(p, &blobs);
	int flags = 0, r = 0;
	bool mappable;

	*m = (struct memory){ .sys = sys, .vm = vm, .private_memory = private_memory };
	pthread_mutex_init(&m->lock, NULL);
	m->backing = private_memory ? "private guest_memfd" : NULL;
	if (!private_memory)
		flags = sys->ioctl(sys->self, vm, KVM_CHECK_EXTENSION,
		                   (void *)(uintptr_t)KVM_CAP_GUEST_MEMFD_FLAGS);
	mappable = flags > 0 && ((unsigned)flags & MAPPABLE) == MAPPABLE;
	for (size_t i = 0; r == 0 && i < n_ram; i++) {
		struct memslot *s = &m->slots[m->count++];

		*s = (struct memslot){ .gpa = ram[i].gpa, .size = ram[i].size, .fd = -1 };
		r = slot_make(m, s, mappable, err);
		if (r == 0 && private_memory)
			r = slot_private(m, s, p, err);
	}
	/* These stay shared, so they need neither a guest_memfd nor a copy of the bytes. */
	for (size_t i = 0; r == 0 && i < n_blobs; i++) {
		struct memslot *s = &m->slots[m->count++];

		*s = (struct memslot){ .gpa = blobs[i].gpa,
			               .size = blobs[i].size,
			               .at = blobs[i].bytes,
			               .fd = -1,
			               .borrowed = true };
		r = slot_register(m, s, false, err);
	}
	return r;
}

int memory_add_read_only(struct memory *m, gpa_t gpa, const void *bytes, uint64_t size,
                         struct error *err)
{
	struct memslot *s = &m->slots[m->count++];
	int error = 0;

	*s = (struct memslot){ .gpa = gpa, .size = size, .fd = -1, .read_only = true };
	s->at = m->sys->map(m->sys->self, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
	                    -1, &error);
	if (!s->at)
		return slot_refused(s, CALL_MAP_MEMORY, -error, err);
	memcpy(s->at, bytes, size);
	return slot_register(m, s, false, err);
}

void memory_fini(struct memory *m)
{
	for (size_t i = 0; i < m->count; i++) {
		struct memslot *s = &m->slots[i];

		if (s->at && !s->borrowed)
			m->sys->unmap(m->sys->self, s->at, s->size);
		if (s->fd >= 0)
			m->sys->close(m->sys->self, s->fd);
		free(s->private);
	}
	if (m->sys)
		pthread_mutex_destroy(&m->lock);
	*m = (struct memory){ 0 };
}

const struct memslot *memory_slot(const struct memory *m, gpa_t gpa)
{
	for (size_t i = 0; i < m->count; i++)
		if (gpa >= m->slots[i].gpa && gpa - m->slots[i].gpa < m->slots[i].size)
			return &m->slots[i];
	return NULL;
}

static bool page_shared(const struct memslot *s, uint64_t page)
{
	return !(s->private[page / 64] >> (page % 64) & 1);
}

uint8_t *memory_at(struct memory *m, gpa_t gpa, uint64_t size)
{
	const struct memslot *s = memory_slot(m, gpa);
	uint64_t offset = s ? gpa - s->gpa : 0;
	bool reachable = s && size <= s->size - offset;

	if (!reachable || !s->private)
		return reachable ? s->at + offset : NULL;
	pthread_mutex_lock(&m->lock);
	for (uint64_t page = offset / PAGE_SIZE; reachable && page * PAGE_SIZE < offset + size;
	     page++)
		reachable = page_shared(s, page);
	pthread_mutex_unlock(&m->lock);
	return reachable ? s->at + offset : NULL;
}

/*
 * The slot of private memory that holds gpa; *ret_part is the number of pages in it, at most
 * ATTRIBUTES_PART. NULL: there is none.
 */
static const struct memslot *slot_convertible(const struct memory *m, gpa_t gpa, uint64_t pages,
                                              uint64_t *ret_part)
{
	const struct memslot *s = memory_slot(m, gpa);

	if (!s || !s->private)
		return NULL;
	*ret_part = MIN(pages, (s->size - (gpa - s->gpa)) / PAGE_SIZE);
	*ret_part = MIN(*ret_part, ATTRIBUTES_PART / PAGE_SIZE);
	return s;
}

/* Converts pages of one slot unless none has to change, and frees the side that becomes unused. */
static enum memory_change part_convert(struct memory *m, const struct memslot *s, gpa_t gpa,
                                       uint64_t pages, bool to_private)
{
	uint64_t offset = gpa - s->gpa, first = offset / PAGE_SIZE, differ = 0;
	int r;

	for (uint64_t page = first; page < first + pages; page++)
		differ += page_shared(s, page) == to_private;
	if (differ == 0)
		return MEMORY_AS_BEFORE;
	r = attributes_set(m, gpa, pages * PAGE_SIZE, to_private);
	if (r >= 0)
		pages_mark(s, first, pages, to_private);
	if (r >= 0) /* a hole in the guest_memfd, or the shared side's pages */
		r = m->sys->discard(m->sys->self, to_private ? -1 : s->fd, s->at + offset, offset,
		                    pages * PAGE_SIZE);
	return r == -EAGAIN ? MEMORY_LATER : r < 0 ? MEMORY_FAILED : MEMORY_CHANGED;
}

enum memory_change memory_convert(struct memory *m, gpa_t gpa, uint64_t pages, bool to_private)
{
	enum memory_change change = MEMORY_AS_BEFORE, now;
	uint64_t part;

	/* Without this limit, gpa + pages * PAGE_SIZE could overflow. */
	if (gpa % PAGE_SIZE || pages == 0 || pages > PLAN_GPA_LIMIT / PAGE_SIZE)
		return MEMORY_NOT_OURS;
	pthread_mutex_lock(&m->lock);
	for (uint64_t done = 0; done < pages; done += part)
		if (!slot_convertible(m, gpa + done * PAGE_SIZE, pages - done, &part)) {
			change = MEMORY_NOT_OURS;
			break;
		}
	for (; change < MEMORY_NOT_OURS && pages > 0; pages -= part, gpa += part * PAGE_SIZE) {
		const struct memslot *s = slot_convertible(m, gpa, pages, &part);

		now = m->give_up && atomic_load(m->give_up)
		              ? MEMORY_LATER
		              : part_convert(m, s, gpa, part, to_private);
		if (now != MEMORY_AS_BEFORE)
			change = now;
	}
	pthread_mutex_unlock(&m->lock);
	return change;
}

bool memory_blob_taken(struct memory *m, gpa_t gpa)
{
	const struct memslot *s = memory_slot(m, gpa);
	uint64_t keep;

	if (!s || !s->borrowed || gpa % PAGE_SIZE)
		return false;
	keep = gpa - s->gpa + PAGE_SIZE;
	pthread_mutex_lock(&m->lock);
	if (keep < s->size)
		m->sys->discard(m->sys->self, -1, s->at + keep, 0, s->size - keep);
	pthread_mutex_unlock(&m->lock);
	return true;
}
