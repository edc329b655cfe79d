/* SPDX-License-Identifier: MIT */
/* core/vm/record.c: system calls that record themselves, and the answers of an ideal host. */
#include "core/vm/record.h"

#include <errno.h>
#include <linux/vhost.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/vm/abi.h"
#include "core/vm/launch.h"
#include "core/vm/vm_priv.h"
#include "core/vm/vsock.h"

enum {
	DESCRIPTOR_FIRST = 1 << 20, /* no real descriptor, in case one is closed by mistake */
	NAME_SIZE = 24,
	RUN_SIZE = 3 * 4096,    /* KVM_GET_VCPU_MMAP_SIZE on x86 */
	APIC_BASE = 0xfee00800, /* after reset: enabled, at its usual place */
	APIC_BSP = 0x100,
};

/* What a number or an address stands for. */
struct record_thing {
	char name[NAME_SIZE];
	const uint8_t *at; /* of a mapping */
	unsigned vcpu;     /* of a vCPU's descriptor */
};

struct record_things {
	struct record_thing **list;
	size_t n;
};

struct record {
	struct kvm_sys sys;
	struct platform platform;  /* `on`, which also records regions and vCPUs */
	const struct platform *on; /* as it is */
	const struct plan *plan;
	const struct region *region; /* being loaded; NULL: none */
	struct record_step *steps;
	size_t n_steps;
	struct record_things descriptors, mappings;
	unsigned gmems, memories;
	bool cid_varies;
	bool done;   /* what follows is no part of the launch */
	bool failed; /* no memory */
};

/* --- what is recorded --- */

/* A step to fill in; NULL: out of memory, or the launch is over. */
static struct record_step *step_add(struct record *r, enum record_kind kind, const char *on)
{
	struct record_step *s;

	if (r->done)
		return NULL;
	if (!ARRAY_GROW(r->steps, r->n_steps)) {
		r->failed = true;
		return NULL;
	}
	s = &r->steps[r->n_steps++];
	*s = (struct record_step){ .kind = kind, .on = on };
	return s;
}

static struct record_thing *thing_add(struct record *r, struct record_things *to)
{
	struct record_thing *thing = calloc(1, sizeof(*thing));

	if (thing && ARRAY_GROW(to->list, to->n))
		return to->list[to->n++] = thing;
	free(thing);
	r->failed = true;
	return NULL;
}

static struct record_thing *descriptor_at(const struct record *r, uint64_t number)
{
	uint64_t i = number - DESCRIPTOR_FIRST;

	return i < r->descriptors.n ? r->descriptors.list[i] : NULL;
}

static const char *descriptor_name(const struct record *r, uint64_t number)
{
	const struct record_thing *d = descriptor_at(r, number);

	return d ? d->name : "unknown";
}

/* Opens a descriptor of this name, for the step that has just been added. */
static int descriptor_new(struct record *r, struct record_step *s, unsigned vcpu,
                          const char *format, ...) __attribute__((format(printf, 4, 5)));
static int descriptor_new(struct record *r, struct record_step *s, unsigned vcpu,
                          const char *format, ...)
{
	struct record_thing *d = thing_add(r, &r->descriptors);
	va_list args;

	if (!d || !s)
		return -ENOMEM;
	va_start(args, format);
	vsnprintf(d->name, sizeof(d->name), format, args);
	va_end(args);
	d->vcpu = vcpu;
	s->returns = d->name;
	return DESCRIPTOR_FIRST + (int)r->descriptors.n - 1;
}

/* What lies at an address of ours that the launch passes to KVM. */
static const char *memory_name(const struct record *r, uint64_t address)
{
	const struct plan_settings *settings = plan_settings(r->plan);
	const struct shared_blob *blobs;
	size_t n = plan_shared_blobs(r->plan, &blobs);

	for (size_t i = 0; i < n; i++)
		if (address == (uintptr_t)blobs[i].bytes)
			return blobs[i].label;
	for (size_t i = 0; i < r->mappings.n; i++)
		if (address == (uintptr_t)r->mappings.list[i]->at)
			return r->mappings.list[i]->name;
	if (address == (uintptr_t)settings->id_block)
		return "ID block";
	if (address == (uintptr_t)settings->id_auth)
		return "ID authentication";
	/* the region's bytes, or for a page that has none, those that the launch makes */
	return r->region ? r->region->label : "a variable";
}

/* Keeps a copy of what lies at `from`. NULL: out of memory. */
static struct record_argument *argument_add(struct record *r, struct record_step *s,
                                            const struct abi_struct *kind, const char *name,
                                            const void *from, size_t size)
{
	struct record_argument *a = &s->arguments[s->n_arguments];
	size_t masked = 0;

	*a = (struct record_argument){ .kind = kind, .name = name, .size = size };
	a->bytes = malloc(size);
	r->failed |= !a->bytes;
	if (!a->bytes)
		return NULL;
	memcpy(a->bytes, from, size);
	s->n_arguments++;
	for (const struct abi_field *f = kind ? kind->fields : NULL; f && f->name; f++) {
		uint64_t value = abi_number(f, a->bytes);

		if (f->form != ABI_MEMORY && f->form != ABI_DESCRIPTOR)
			continue;
		if (value != 0) {
			a->holds[masked] = f->form == ABI_MEMORY ? memory_name(r, value)
			                                         : descriptor_name(r, value);
			memset(a->bytes + f->offset, 0xff, f->size);
		}
		masked++;
	}
	return a;
}

/*
 * What an ioctl passes; of a command also its struct, and of LAUNCH_FINISH what that points to.
 * NULL: out of memory, or the launch is over.
 */
static struct record_step *ioctl_record(struct record *r, int fd, unsigned long request,
                                        const void *arg)
{
	const struct plan_settings *settings = plan_settings(r->plan);
	struct record_step *s = step_add(r, RECORD_IOCTL, descriptor_name(r, (unsigned)fd));
	const struct kvm_sev_cmd *cmd = request == KVM_MEMORY_ENCRYPT_OP ? arg : NULL;
	const struct abi_struct *kind;
	struct record_argument *a = NULL;

	if (!s)
		return NULL;
	s->request = request;
	s->ioctl = abi_ioctl(request);
	if (request == KVM_CHECK_EXTENSION && (uintptr_t)arg == KVM_CAP_GUEST_MEMFD_FLAGS)
		s->varies = "from Linux 6.18 on, memory of less than 2 MiB is a guest_memfd";
	else if (r->region && r->region->kind == PAGE_CPUID)
		s->varies = "the page has the host's CPUID, which its firmware may correct";
	kind = s->ioctl ? s->ioctl->argument : NULL;
	if (kind)
		a = argument_add(r, s, kind, kind->name, arg, abi_size(kind, arg));
	else if (s->ioctl && s->ioctl->names)
		s->number = (uintptr_t)arg;
	if (a && request == VHOST_VSOCK_SET_GUEST_CID && r->cid_varies)
		a->varies = "each run has its own CID";
	if (a && request == KVM_SET_CPUID2)
		a->varies = "the host's CPUID, of which only what a launch needs or sets is shown";
	s->command = a && cmd ? abi_sev_command(cmd->id) : NULL;
	kind = s->command ? s->command->argument : NULL;
	if (!kind)
		return s;
	a->holds[0] = kind->name;
	a = argument_add(r, s, kind, kind->name, (const void *)(uintptr_t)cmd->data, kind->size);
	if (!a || cmd->id != KVM_SEV_SNP_LAUNCH_FINISH)
		return s;
	if (settings->host_data_random)
		a->varies = "each run has its own host_data";
	if (!settings->id_block_given)
		return s;
	argument_add(r, s, NULL, a->holds[0], settings->id_block, sizeof(settings->id_block));
	a = argument_add(r, s, NULL, a->holds[1], settings->id_auth, sizeof(settings->id_auth));
	if (a && settings->id_block_signed)
		a->varies = "each launch has another signature";
	return s;
}

/* --- an ideal host's answers --- */

/* A call that is being answered. */
struct record_call {
	struct record *r;
	struct record_step *step; /* NULL: the launch is over */
	int fd;
	void *arg;
};

static int api_version(const struct record_call *c)
{
	(void)c;
	return KVM_API_VERSION;
}

/* What the platform requires, and nothing else. */
static int check_extension(const struct record_call *c)
{
	unsigned bits = 0;

	for (const struct requirement *n = c->r->on->requirements; n && n->what; n++)
		if ((unsigned)n->capability == (uintptr_t)c->arg)
			bits |= n->bits;
	return (int)bits;
}

static int create_vm(const struct record_call *c)
{
	return descriptor_new(c->r, c->step, 0, "vm");
}

static int vcpu_mmap_size(const struct record_call *c)
{
	(void)c;
	return RUN_SIZE;
}

/*
 * Only the CPUID that a launch requires or makes itself: the list of leaves, 1 GiB pages and the
 * C-bit. So the record shows what the launch adds to a host's CPUID.
 */
static int supported_cpuid(const struct record_call *c)
{
	const struct kvm_cpuid_entry2 entries[] = {
		{ .function = 0, .eax = 0xb },
		{ .function = 1 },
		{ .function = 0x80000001, .edx = 1U << 26 },
		{ .function = 0x80000008 },
		{ .function = 0x8000001e },
		{ .function = 0x8000001f, .ebx = c->r->on->c_bit },
	};
	struct kvm_cpuid2 *to = c->arg;

	if (to->nent < ARRAY_SIZE(entries))
		return -E2BIG;
	to->nent = ARRAY_SIZE(entries);
	memcpy(to->entries, entries, sizeof(entries));
	return 0;
}

/* KVM can ask for certificates. */
static int get_device_attr(const struct record_call *c)
{
	const struct kvm_device_attr *a = c->arg;

	*(uint64_t *)(uintptr_t)a->addr = 1;
	return 0;
}

static int create_gmem(const struct record_call *c)
{
	return descriptor_new(c->r, c->step, 0, "gmem%u", c->r->gmems++);
}

static int create_vcpu(const struct record_call *c)
{
	unsigned id = (unsigned)(uintptr_t)c->arg;

	return descriptor_new(c->r, c->step, id, "vcpu%u", id);
}

/* Registers that a launch doesn't set, as KVM resets them. */
static int get_sregs(const struct record_call *c)
{
	const struct record_thing *d = descriptor_at(c->r, (unsigned)c->fd);
	struct kvm_sregs *to = c->arg;

	*to = (struct kvm_sregs){ .apic_base = APIC_BASE | (d && d->vcpu ? 0 : APIC_BSP) };
	return 0;
}

static int set_msrs(const struct record_call *c)
{
	return (int)((const struct kvm_msrs *)c->arg)->nmsrs;
}

static int sev_command(const struct record_call *c)
{
	const struct kvm_sev_cmd *cmd = c->arg;
	struct kvm_sev_snp_launch_update *u = (void *)(uintptr_t)cmd->data;

	if (cmd->id == KVM_SEV_SNP_LAUNCH_UPDATE) {
		u->gfn_start += u->len / PAGE_SIZE;
		u->len = 0;
	}
	return 0;
}

static int pre_fault(const struct record_call *c)
{
	struct kvm_pre_fault_memory *f = c->arg;

	f->gpa += f->size;
	f->size = 0;
	return 0;
}

/* Everything else succeeds with 0. */
static const struct {
	unsigned long request;
	int (*answer)(const struct record_call *c);
} answers[] = {
	{ KVM_GET_API_VERSION, api_version },
	{ KVM_CHECK_EXTENSION, check_extension },
	{ KVM_CREATE_VM, create_vm },
	{ KVM_GET_VCPU_MMAP_SIZE, vcpu_mmap_size },
	{ KVM_GET_SUPPORTED_CPUID, supported_cpuid },
	{ KVM_GET_DEVICE_ATTR, get_device_attr },
	{ KVM_CREATE_GUEST_MEMFD, create_gmem },
	{ KVM_CREATE_VCPU, create_vcpu },
	{ KVM_GET_SREGS, get_sregs },
	{ KVM_SET_MSRS, set_msrs },
	{ KVM_MEMORY_ENCRYPT_OP, sev_command },
	{ KVM_PRE_FAULT_MEMORY, pre_fault },
};

static int record_ioctl(void *self, int fd, unsigned long request, void *arg)
{
	struct record *r = self;
	const struct record_call c = { r, ioctl_record(r, fd, request, arg), fd, arg };

	if (r->failed)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if (answers[i].request == request)
			return answers[i].answer(&c);
	return 0;
}

static int record_open(void *self, const char *path, int flags)
{
	const char *name = strrchr(path, '/');
	struct record *r = self;

	(void)flags;
	return descriptor_new(r, step_add(r, RECORD_OPEN, path), 0, "%s", name ? name + 1 : path);
}

/* The memory is real, but untouched until a region is copied there. */
static void *record_map(void *self, size_t size, int prot, int flags, int fd, int *error)
{
	struct record *r = self;
	const struct record_thing *of = fd < 0 ? NULL : descriptor_at(r, (unsigned)fd);
	struct record_step *s = step_add(r, RECORD_MAP, of ? of->name : NULL);
	struct record_thing *m = thing_add(r, &r->mappings);
	void *at = MAP_FAILED;

	(void)flags;
	*error = -ENOMEM;
	if (s && m)
		at = mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return NULL;
	m->at = at;
	if (of)
		snprintf(m->name, sizeof(m->name), "%.16s run", of->name);
	else
		snprintf(m->name, sizeof(m->name), "memory%u", r->memories++);
	s->returns = m->name;
	s->size = of ? 0 : size;
	*error = 0;
	return at;
}

static int record_unmap(void *self, void *at, size_t size)
{
	(void)self;
	return munmap(at, size) < 0 ? -errno : 0;
}

static int record_huge(void *self, void *at, size_t size)
{
	struct record *r = self;
	struct record_step *s = step_add(r, RECORD_HUGE, memory_name(r, (uintptr_t)at));

	if (s)
		s->size = size;
	return s ? 0 : -ENOMEM;
}

static int record_cloexec(void *self, int fd)
{
	struct record *r = self;

	return step_add(r, RECORD_CLOEXEC, descriptor_name(r, (unsigned)fd)) ? 0 : -ENOMEM;
}

static int record_discard(void *self, int fd, void *at, uint64_t offset, uint64_t size)
{
	(void)self;
	(void)fd;
	(void)at;
	(void)offset;
	(void)size;
	return 0; /* only a guest that runs has pages to free */
}

static int record_close(void *self, int fd)
{
	(void)self;
	(void)fd;
	return 0;
}

static const struct kvm_sys record_sys = {
	.open = record_open,
	.ioctl = record_ioctl,
	.map = record_map,
	.unmap = record_unmap,
	.huge = record_huge,
	.cloexec = record_cloexec,
	.discard = record_discard,
	.close = record_close,
};

/* --- the platform, which also records what of the plan it loads --- */

static struct record *record_of(const struct vm *vm)
{
	return vm->sys->self;
}

static int record_begin(void *self, const struct plan *p, struct error *err)
{
	const struct plan_ops *load = &record_of(self)->on->load;

	return load->begin ? load->begin(self, p, err) : 0;
}

static int record_region(void *self, const struct region *region, struct error *err)
{
	struct record *r = record_of(self);
	struct record_step *s = step_add(r, RECORD_REGION, NULL);
	int e;

	if (!s)
		return error_nomem(err, "a recorded launch");
	s->region = r->region = region;
	e = r->on->load.region(self, region, err);
	r->region = NULL;
	return e;
}

static int record_vcpu(void *self, unsigned index, const struct vcpu_state *state,
                       struct error *err)
{
	struct record *r = record_of(self);
	struct record_step *s = step_add(r, RECORD_VCPU, NULL);

	if (!s)
		return error_nomem(err, "a recorded launch");
	s->vcpu = index;
	return r->on->load.vcpu(self, index, state, err);
}

static int record_end(void *self, const struct plan *p, struct error *err)
{
	const struct plan_ops *load = &record_of(self)->on->load;

	return load->end ? load->end(self, p, err) : 0;
}

int record_launch(const struct platform *on, const struct plan *p, const struct vm_devices *d,
                  struct record **ret, struct error *err)
{
	struct record *r = calloc(1, sizeof(*r));
	struct vm *vm = NULL;
	int e;

	if (!r)
		return error_nomem(err, "a recorded launch");
	r->sys = record_sys;
	r->sys.self = r;
	r->on = on;
	r->platform = *on;
	r->platform.load =
		(struct plan_ops){ record_begin, record_region, record_vcpu, record_end };
	r->plan = p;
	r->cid_varies = d->vsock_cid == VSOCK_CID_AUTO;
	e = vm_launch(&r->sys, &r->platform, p, d, &vm, err);
	r->done = true;
	vm_free(vm);
	if (e < 0 && r->failed)
		e = error_nomem(err, "a recorded launch");
	if (e < 0)
		record_free(r);
	else
		*ret = r;
	return e;
}

static void things_free(struct record_things *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->list[i]);
	free(t->list);
}

void record_free(struct record *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_steps; i++)
		for (size_t j = 0; j < r->steps[i].n_arguments; j++)
			free(r->steps[i].arguments[j].bytes);
	free(r->steps);
	things_free(&r->descriptors);
	things_free(&r->mappings);
	free(r);
}

size_t record_steps(const struct record *r, const struct record_step **ret)
{
	*ret = r->steps;
	return r->n_steps;
}
