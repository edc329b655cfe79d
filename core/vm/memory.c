/* SPDX-License-Identifier: MIT */
/* core/vm/memory.c: makes slots, converts pages, and looks guest addresses up. */
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

/* guest_memfd that can be mapped and starts shared: plain VMs on Linux 6.18 and later. */
#define MAPPABLE (GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED)

#define HUGE_PAGE ((uint64_t)2 << 20)
/*
 * Of so much memory the kind is set at once: KVM notes it for each page, and no signal gets in
 * between.
 */
#define ATTRIBUTES_PART ((uint64_t)4 << 30)

static bool gmem_mappable(const struct memory *m)
{
	int flags = m->sys->ioctl(m->sys->self, m->vm, KVM_CHECK_EXTENSION,
	                          (void *)(uintptr_t)KVM_CAP_GUEST_MEMFD_FLAGS);

	return flags > 0 && ((unsigned)flags & MAPPABLE) == MAPPABLE;
}

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
	/*
	 * KVM opens it without O_CLOEXEC; a child that kept it would keep the VM and its ASID
	 * alive.
	 */
	fd = m->sys->cloexec(m->sys->self, fd);
	return fd < 0 ? slot_refused(s, CALL_CLOEXEC, -fd, err) : 0;
}

static int slot_map(struct memory *m, struct memslot *s, int flags, int fd, struct error *err)
{
	int error = 0;

	s->at = m->sys->map(m->sys->self, s->size, PROT_READ | PROT_WRITE, flags, fd, &error);
	return s->at ? 0 : slot_refused(s, CALL_MAP_MEMORY, -error, err);
}

static int slot_register(struct memory *m, const struct memslot *s, bool gmem, struct error *err)
{
	struct kvm_userspace_memory_region2 region = {
		.slot = (uint32_t)(s - m->slots),
		.flags = gmem ? KVM_MEM_GUEST_MEMFD : 0,
		.guest_phys_addr = s->gpa,
		.memory_size = s->size,
		.userspace_addr = (uintptr_t)s->at,
		.guest_memfd = gmem ? (uint32_t)s->fd : 0,
	};
	/*
	 * The old call reads the first 32 bytes, which are laid out alike; it serves kernels before
	 * 6.8.
	 */
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
 * Private memory in the guest_memfd; beside it an anonymous shared side that costs nothing until
 * touched.
 */
static int slot_private(struct memory *m, struct memslot *s, struct error *err)
{
	int r = gmem_open(m, s, 0, err);

	s->shared = calloc((s->size / PAGE_SIZE + 63) / 64, sizeof(*s->shared));
	if (r == 0 && !s->shared)
		r = error_nomem(err, "map of shared pages");
	if (r == 0)
		r = slot_map(m, s, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, err);
	if (r == 0)
		r = slot_register(m, s, true, err);
	if (r < 0)
		return r;
	for (uint64_t done = 0, part; r == 0 && done < s->size && !signals_pending();
	     done += part) {
		part = MIN_OF(s->size - done, ATTRIBUTES_PART);
		do /* of a launch nobody else tries it again */
			r = attributes_set(m, s->gpa + done, part, true);
		while (r == -EAGAIN);
	}
	return r < 0 ? slot_refused(s, CALL_MEMORY_ATTRIBUTES, -r, err) : 0;
}

/* Anonymous memory in huge pages, where the host has them. */
static int slot_anonymous(struct memory *m, struct memslot *s, struct error *err)
{
	int r = slot_map(m, s, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, err);

	if (r == 0)
		m->sys->huge(m->sys->self, s->at, s->size); /* small ones serve as well */
	return r == 0 ? slot_register(m, s, false, err) : r;
}

static int slot_mapped(struct memory *m, struct memslot *s, struct error *err)
{
	int r = gmem_open(m, s, MAPPABLE, err);

	if (r == 0)
		r = slot_map(m, s, MAP_SHARED | MAP_NORESERVE, s->fd, err);
	return r == 0 ? slot_register(m, s, true, err) : r;
}

/*
 * A guest_memfd has pages of 4 KiB alone (Linux 7.3), and so has a memfd unless the administrator
 * asked for others (shmem_enabled). With anonymous memory Linux takes some 3,200 faults to boot in
 * 256 MiB rather than 27,000. So a plain VM's slot is mapped from a guest_memfd only where no huge
 * page would fit into it.
 */
static int slot_make(struct memory *m, struct memslot *s, bool mappable, struct error *err)
{
	static const char *const backings[] = { "anonymous memory", "mapped guest_memfd" };
	bool mapped = mappable && s->size < HUGE_PAGE;

	if (m->private_memory)
		return slot_private(m, s, err);
	if (!m->backing || !mapped) /* of several kinds, the one with the most memory */
		m->backing = backings[mapped];
	return mapped ? slot_mapped(m, s, err) : slot_anonymous(m, s, err);
}

/* Shared memory from the start and for good: no guest_memfd, and no second copy of the bytes. */
static int slots_offered(struct memory *m, const struct plan *p, struct error *err)
{
	const struct shared_blob *offers;
	size_t count = plan_shared_blobs(p, &offers);
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct memslot *s = &m->slots[m->count++];

		*s = (struct memslot){ .gpa = offers[i].gpa,
			               .size = offers[i].size,
			               .at = offers[i].bytes,
			               .fd = -1,
			               .borrowed = true };
		r = slot_register(m, s, false, err);
	}
	return r;
}

int memory_init(struct memory *m, const struct kvm_sys *sys, int vm, const struct plan *p,
                bool private_memory, struct error *err)
{
	const struct ram *ram;
	size_t count = plan_ram(p, &ram);
	bool mappable;
	int r = 0;

	*m = (struct memory){ .sys = sys, .vm = vm, .private_memory = private_memory };
	pthread_mutex_init(&m->lock, NULL);
	mappable = !private_memory && gmem_mappable(m);
	m->backing = private_memory ? "private guest_memfd" : NULL;
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct memslot *s = &m->slots[m->count++];

		*s = (struct memslot){ .gpa = ram[i].gpa, .size = ram[i].size, .fd = -1 };
		r = slot_make(m, s, mappable, err);
	}
	return r == 0 ? slots_offered(m, p, err) : r;
}

void memory_fini(struct memory *m)
{
	for (size_t i = 0; i < m->count; i++) {
		struct memslot *s = &m->slots[i];

		if (s->at && !s->borrowed)
			m->sys->unmap(m->sys->self, s->at, s->size);
		if (s->fd >= 0)
			m->sys->close(m->sys->self, s->fd);
		free(s->shared);
	}
	if (m->sys)
		pthread_mutex_destroy(&m->lock);
	*m = (struct memory){ 0 };
}

static struct memslot *slot_of(struct memory *m, gpa_t gpa)
{
	for (size_t i = 0; i < m->count; i++)
		if (gpa >= m->slots[i].gpa && gpa - m->slots[i].gpa < m->slots[i].size)
			return &m->slots[i];
	return NULL;
}

static bool page_shared(const struct memslot *s, uint64_t page)
{
	return s->shared[page / 64] >> (page % 64) & 1;
}

static void page_mark(struct memslot *s, uint64_t page, bool shared)
{
	uint64_t bit = (uint64_t)1 << (page % 64);

	s->shared[page / 64] = shared ? s->shared[page / 64] | bit : s->shared[page / 64] & ~bit;
}

uint8_t *memory_at(struct memory *m, gpa_t gpa, uint64_t size)
{
	struct memslot *s = slot_of(m, gpa);
	uint64_t offset = s ? gpa - s->gpa : 0;
	bool reachable = s && size <= s->size - offset;

	if (!reachable || !s->shared)
		return reachable ? s->at + offset : NULL;
	pthread_mutex_lock(&m->lock);
	for (uint64_t page = offset / PAGE_SIZE; reachable && page * PAGE_SIZE < offset + size;
	     page++)
		reachable = page_shared(s, page);
	pthread_mutex_unlock(&m->lock);
	return reachable ? s->at + offset : NULL;
}

/*
 * The part of [gpa, gpa + pages) that lies in one slot of private memory; NULL: it starts outside.
 */
static struct memslot *convertible(struct memory *m, gpa_t gpa, uint64_t pages, uint64_t *ret_part)
{
	struct memslot *s = slot_of(m, gpa);

	if (!s || !s->shared)
		return NULL;
	*ret_part = MIN_OF(pages, (s->size - (gpa - s->gpa)) / PAGE_SIZE);
	*ret_part = MIN_OF(*ret_part, ATTRIBUTES_PART / PAGE_SIZE);
	return s;
}

static bool all_ours(struct memory *m, gpa_t gpa, uint64_t pages)
{
	uint64_t part;

	for (; pages > 0; pages -= part, gpa += part * PAGE_SIZE)
		if (!convertible(m, gpa, pages, &part))
			return false;
	return true;
}

/*
 * Gives back the side that is no longer in use: a hole in the guest_memfd, or the shared side's
 * pages.
 */
static int part_convert(struct memory *m, struct memslot *s, gpa_t gpa, uint64_t pages,
                        bool to_private)
{
	uint64_t offset = gpa - s->gpa, size = pages * PAGE_SIZE;
	int r = attributes_set(m, gpa, size, to_private);

	if (r < 0)
		return r;
	for (uint64_t i = 0; i < pages; i++)
		page_mark(s, offset / PAGE_SIZE + i, !to_private);
	return m->sys->discard(m->sys->self, to_private ? -1 : s->fd, s->at + offset, offset, size);
}

static bool part_differs(const struct memslot *s, gpa_t gpa, uint64_t pages, bool to_private)
{
	for (uint64_t i = 0; i < pages; i++)
		if (page_shared(s, (gpa - s->gpa) / PAGE_SIZE + i) == to_private)
			return true;
	return false;
}

enum memory_change memory_convert(struct memory *m, gpa_t gpa, uint64_t pages, bool to_private)
{
	enum memory_change change = MEMORY_AS_BEFORE;
	uint64_t part = 0;

	/*
	 * A page count that would wrap lies outside every slot, so nothing is multiplied before
	 * this.
	 */
	if (gpa % PAGE_SIZE || pages == 0 || pages > PLAN_GPA_LIMIT / PAGE_SIZE)
		return MEMORY_NOT_OURS;
	pthread_mutex_lock(&m->lock);
	if (!all_ours(m, gpa, pages))
		change = MEMORY_NOT_OURS;
	for (; change < MEMORY_NOT_OURS && pages > 0; pages -= part, gpa += part * PAGE_SIZE) {
		struct memslot *s = convertible(m, gpa, pages, &part);
		int r;

		if (m->give_up && atomic_load(m->give_up)) {
			change = MEMORY_LATER;
			break;
		}
		if (!part_differs(s, gpa, part, to_private))
			continue;
		r = part_convert(m, s, gpa, part, to_private);
		change = r == -EAGAIN ? MEMORY_LATER : r < 0 ? MEMORY_FAILED : MEMORY_CHANGED;
	}
	pthread_mutex_unlock(&m->lock);
	return change;
}
