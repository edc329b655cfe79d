/* SPDX-License-Identifier: MIT */
/*
 * tests/vm/record_test.c: a recorded launch is the launch: call by call and byte by byte what a
 * launch on the fake passes to KVM.
 */
#include "core/vm/record.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/vm/abi.h"
#include "core/vm/sys.h"
#include "tests/fake/fixture.h"

/* --- a launch on the fake, seen from between it and the launch code --- */

enum { SEEN_STEPS = 4096, SEEN_BYTES = 512, SEEN_STRUCTS = 2 };

struct seen_step {
	enum record_kind kind;
	unsigned long request; /* of an ioctl */
	uint64_t number;
	uint32_t command;
	struct {
		uint8_t bytes[SEEN_BYTES]; /* addresses and descriptors as in the record */
		size_t size;
	} structs[SEEN_STRUCTS];
};

struct seen {
	struct kvm_sys sys;
	const struct kvm_sys *to;
	struct seen_step *steps;
	size_t n;
};

static struct seen_step *seen_add(struct seen *s, enum record_kind kind)
{
	cr_assert_lt(s->n, SEEN_STEPS);
	s->steps[s->n] = (struct seen_step){ .kind = kind };
	return &s->steps[s->n++];
}

/* Where addresses and descriptors are: said here again, so that the tables are tested, too. */
static const struct {
	unsigned long request; /* or a command's id */
	size_t offset, size;
} masks[] = {
	{ KVM_SET_USER_MEMORY_REGION, 24, 8 },  { KVM_SET_USER_MEMORY_REGION2, 24, 8 },
	{ KVM_SET_USER_MEMORY_REGION2, 40, 4 }, { KVM_MEMORY_ENCRYPT_OP, 8, 8 },
	{ KVM_MEMORY_ENCRYPT_OP, 20, 4 },       { KVM_GET_DEVICE_ATTR, 16, 8 },
	{ KVM_SEV_SNP_LAUNCH_UPDATE, 8, 8 },    { KVM_SEV_SNP_LAUNCH_FINISH, 0, 8 },
	{ KVM_SEV_SNP_LAUNCH_FINISH, 8, 8 },
};

static const struct {
	uint32_t id;
	size_t size;
} commands[] = {
	{ KVM_SEV_INIT2, 48 },
	{ KVM_SEV_SNP_LAUNCH_START, 64 },
	{ KVM_SEV_SNP_LAUNCH_UPDATE, 64 },
	{ KVM_SEV_SNP_LAUNCH_FINISH, 88 },
};

static void struct_keep(struct seen_step *step, size_t i, unsigned long request, const void *from,
                        size_t size)
{
	uint8_t *bytes = step->structs[i].bytes;

	cr_assert_leq(size, SEEN_BYTES);
	memcpy(bytes, from, size);
	step->structs[i].size = size;
	for (size_t j = 0; j < ARRAY_SIZE(masks); j++) {
		static const uint8_t zeros[8];

		if (masks[j].request == request &&
		    memcmp(bytes + masks[j].offset, zeros, masks[j].size) != 0)
			memset(bytes + masks[j].offset, 0xff, masks[j].size);
	}
}

static int seen_open(void *self, const char *path, int flags)
{
	struct seen *s = self;

	seen_add(s, RECORD_OPEN);
	return s->to->open(s->to->self, path, flags);
}

static int seen_ioctl(void *self, int fd, unsigned long request, void *arg)
{
	struct seen *s = self;
	struct seen_step *step = seen_add(s, RECORD_IOCTL);
	const struct kvm_sev_cmd *cmd = arg;

	step->request = request;
	if (_IOC_SIZE(request) == 0)
		step->number = (uintptr_t)arg;
	else if (request == KVM_SET_MSRS)
		struct_keep(step, 0, request, arg, 8 + 16 * ((struct kvm_msrs *)arg)->nmsrs);
	else if (request != KVM_GET_SREGS && request != KVM_SET_CPUID2)
		struct_keep(step, 0, request, arg,
		            request == KVM_MEMORY_ENCRYPT_OP ? 24 : _IOC_SIZE(request));
	for (size_t i = 0; request == KVM_MEMORY_ENCRYPT_OP && i < ARRAY_SIZE(commands); i++)
		if (commands[i].id == cmd->id)
			struct_keep(step, 1, cmd->id, (void *)(uintptr_t)cmd->data,
			            commands[i].size);
	return s->to->ioctl(s->to->self, fd, request, arg);
}

static void *seen_map(void *self, size_t size, int prot, int flags, int fd, int *error)
{
	struct seen *s = self;

	seen_add(s, RECORD_MAP)->number = fd < 0 ? size : 0;
	return s->to->map(s->to->self, size, prot, flags, fd, error);
}

static int seen_unmap(void *self, void *at, size_t size)
{
	struct seen *s = self;

	return s->to->unmap(s->to->self, at, size);
}

static int seen_huge(void *self, void *at, size_t size)
{
	struct seen *s = self;

	seen_add(s, RECORD_HUGE)->number = size;
	return s->to->huge(s->to->self, at, size);
}

static int seen_cloexec(void *self, int fd)
{
	struct seen *s = self;

	seen_add(s, RECORD_CLOEXEC);
	return s->to->cloexec(s->to->self, fd);
}

static int seen_close(void *self, int fd)
{
	struct seen *s = self;

	return s->to->close(s->to->self, fd);
}

/* Launches the plan on the fake. The caller frees ret->steps. */
static void see(const struct platform *on, const struct plan *p, const struct vm_devices *d,
                struct seen *ret)
{
	auto_fake struct fake_kvm *f = fake_kvm_new(FAKE_REQ_CERTS);
	struct error err = { 0 };
	struct vm *vm = NULL;
	size_t n;

	*ret = (struct seen){ .sys = { .open = seen_open,
		                       .ioctl = seen_ioctl,
		                       .map = seen_map,
		                       .unmap = seen_unmap,
		                       .huge = seen_huge,
		                       .cloexec = seen_cloexec,
		                       .close = seen_close },
		              .to = fake_kvm_sys(f),
		              .steps = calloc(SEEN_STEPS, sizeof(*ret->steps)) };
	cr_assert_not_null(ret->steps);
	ret->sys.self = ret;
	cr_assert_eq(vm_launch(&ret->sys, on, p, d, &vm, &err), 0, "%s", err.text);
	n = ret->n;
	vm_free(vm);
	ret->n = n;
}

/* --- the two compared --- */

static void check_argument(const struct seen_step *seen, const struct record_step *step, size_t i,
                           const char *what)
{
	const struct record_argument *a = &step->arguments[i];

	cr_assert_not_null(a->kind, "%s", what);
	if (a->varies && step->request == KVM_SET_CPUID2)
		return;
	cr_assert_null(a->varies, "%s", what);
	cr_assert_eq(a->size, seen->structs[i].size, "%s, struct %zu: %zu bytes, not %zu", what, i,
	             a->size, seen->structs[i].size);
	cr_assert_arr_eq(a->bytes, seen->structs[i].bytes, a->size, "%s, struct %zu", what, i);
}

static void check_step(const struct seen_step *seen, const struct record_step *step, size_t i)
{
	char what[64];
	size_t n = 0;

	snprintf(what, sizeof(what), "step %zu, %s", i, step->ioctl ? step->ioctl->name : "-");
	cr_assert_eq(step->kind, seen->kind, "%s", what);
	if (step->kind == RECORD_MAP || step->kind == RECORD_HUGE)
		cr_assert_eq(step->size, seen->number, "%s", what);
	if (step->kind != RECORD_IOCTL)
		return;
	cr_assert_eq(step->request, seen->request, "%s, not 0x%lx", what, seen->request);
	cr_assert_not_null(step->ioctl, "0x%lx has no row", step->request);
	if (step->n_arguments == 0)
		cr_assert_eq(step->number, seen->number, "%s", what);
	while (n < SEEN_STRUCTS && seen->structs[n].size > 0)
		n++;
	for (size_t j = 0; j < MIN(step->n_arguments, (size_t)SEEN_STRUCTS); j++)
		check_argument(seen, step, j, what);
	cr_assert(step->n_arguments >= n, "%s: %zu structs, not %zu", what, step->n_arguments, n);
}

/* Records the launch, and compares it with one on the fake. The caller frees *ret. */
static void check_record(const struct platform *on, const struct plan *p,
                         const struct vm_devices *d, struct record **ret)
{
	const struct record_step *steps;
	struct error err = { 0 };
	struct seen seen;
	size_t n, at = 0;

	see(on, p, d, &seen);
	cr_assert_eq(record_launch(on, p, d, ret, &err), 0, "%s", err.text);
	n = record_steps(*ret, &steps);
	for (size_t i = 0; i < n; i++) {
		if (steps[i].kind == RECORD_REGION || steps[i].kind == RECORD_VCPU)
			continue;
		cr_assert_lt(at, seen.n, "the record goes on after the launch");
		check_step(&seen.steps[at], &steps[i], at);
		at++;
	}
	cr_assert_eq(at, seen.n, "%zu calls were recorded, and %zu made", at, seen.n);
	free(seen.steps);
}

static const struct platform *const both[] = { &platform_snp, &platform_kvm };

Test(record, it_is_what_a_launch_passes_to_the_kernel)
{
	static const struct fixture_part *const shapes[] = { fixture_ovmf, fixture_one,
		                                             fixture_kinds, fixture_nothing };

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		for (unsigned vcpus = 1; vcpus <= 4; vcpus += 3)
			for (size_t j = 0; j < ARRAY_SIZE(both); j++) {
				struct fixture s = fixture_default();
				auto_record struct record *r = NULL;
				auto_plan const struct plan *p = NULL;

				s.parts = shapes[i];
				s.vcpus = vcpus;
				s.shared_blob = i % 2;
				s.settings.sev_features = 0x21;
				s.settings.prefault = s.settings.mtrrs_on = i % 2 == 0;
				s.settings.ap_creation = i == 0;
				p = fixture_plan(&s);
				check_record(both[j], p, &fixture_quiet, &r);
			}
}

Test(record, so_it_is_for_a_kernel_and_for_certificates)
{
	struct vm_devices with_certs = fixture_quiet;

	with_certs.certs.path = "/none"; /* not read before the guest asks */
	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		struct fixture_direct d = fixture_direct(both[i], 3);
		auto_record struct record *r = NULL;

		check_record(both[i], d.plan, &with_certs, &r);
		fixture_direct_fini(&d);
	}
}

/* The only step of this kind and request, from *at on, which becomes the one after it. */
static const struct record_step *step_next(const struct record *r, size_t *at,
                                           enum record_kind kind, unsigned long request)
{
	const struct record_step *steps;
	size_t n = record_steps(r, &steps);

	while (*at < n)
		if (steps[(*at)++].kind == kind && steps[*at - 1].request == request)
			return &steps[*at - 1];
	cr_assert_fail("no such step");
	return NULL;
}

Test(record, the_calls_that_load_a_region_follow_it_and_name_it)
{
	struct fixture s = fixture_default();
	auto_record struct record *r = NULL;
	auto_plan const struct plan *p = NULL;
	size_t at = 0;

	s.vcpus = 2;
	p = fixture_plan(&s);
	check_record(&platform_snp, p, &fixture_quiet, &r);
	for (size_t i = 0; fixture_ovmf[i].pages; i++) {
		const struct record_step *region = step_next(r, &at, RECORD_REGION, 0);
		const struct record_step *update = region + 1;
		bool zero = fixture_ovmf[i].kind == PAGE_ZERO;

		cr_assert_eq(region->region->gpa, fixture_ovmf[i].gpa);
		cr_assert_eq(update->command, abi_sev_command(KVM_SEV_SNP_LAUNCH_UPDATE));
		if (zero)
			cr_assert_null(update->arguments[1].holds[0]);
		else
			cr_assert_str_eq(update->arguments[1].holds[0], region->region->label);
	}
	for (unsigned i = 0; i < 2; i++) {
		const struct record_step *vcpu = step_next(r, &at, RECORD_VCPU, 0);
		char name[8];

		snprintf(name, sizeof(name), "vcpu%u", i);
		cr_assert_eq(vcpu->vcpu, i);
		cr_assert_str_eq(vcpu[1].on, name);
		cr_assert_eq(vcpu[1].ioctl, abi_ioctl(KVM_SET_CPUID2));
	}
}

Test(record, addresses_and_descriptors_have_the_names_of_what_they_are)
{
	struct fixture s = fixture_default();
	auto_record struct record *r = NULL;
	auto_plan const struct plan *p = NULL;
	const struct record_step *slot;
	size_t at = 0;

	s.shared_blob = true;
	p = fixture_plan(&s);
	check_record(&platform_snp, p, &fixture_quiet, &r);
	slot = step_next(r, &at, RECORD_IOCTL, KVM_SET_USER_MEMORY_REGION2);
	cr_assert_str_eq(slot->on, "vm");
	cr_assert_str_eq(slot->arguments[0].holds[0], "memory0");
	cr_assert_str_eq(slot->arguments[0].holds[1], "gmem0");
	slot = step_next(r, &at, RECORD_IOCTL, KVM_SET_USER_MEMORY_REGION2);
	cr_assert_str_eq(slot->arguments[0].holds[0], "memory1");
	cr_assert_str_eq(slot->arguments[0].holds[1], "gmem1");
	slot = step_next(r, &at, RECORD_IOCTL, KVM_SET_USER_MEMORY_REGION);
	cr_assert_str_eq(slot->arguments[0].holds[0], "blob");
}

Test(record, an_id_block_is_recorded_and_varies_only_if_the_launch_signs_it)
{
	for (int signs = 0; signs <= 1; signs++) {
		struct fixture s = fixture_default();
		auto_record struct record *r = NULL;
		auto_plan const struct plan *p = NULL;
		const struct record_step *finish;
		size_t at = 0;
		uint8_t block[PLAN_ID_BLOCK], auth[PLAN_ID_AUTH];
		struct error err = { 0 };

		memset(block, 1, sizeof(block));
		memset(auth, 2, sizeof(auth));
		memcpy(s.settings.id_block, block, sizeof(block));
		memcpy(s.settings.id_auth, auth, sizeof(auth));
		s.settings.id_block_given = !signs;
		p = fixture_plan(&s);
		if (signs)
			plan_set_id_block(p, block, auth, false);
		cr_assert_eq(record_launch(&platform_snp, p, &fixture_quiet, &r, &err), 0);
		do
			finish = step_next(r, &at, RECORD_IOCTL, KVM_MEMORY_ENCRYPT_OP);
		while (finish->command->request != KVM_SEV_SNP_LAUNCH_FINISH);
		cr_assert_eq(finish->n_arguments, 4);
		cr_assert_eq(finish->arguments[2].size, sizeof(block));
		cr_assert_arr_eq(finish->arguments[2].bytes, block, sizeof(block));
		cr_assert_null(finish->arguments[2].varies);
		cr_assert_arr_eq(finish->arguments[3].bytes, auth, sizeof(auth));
		cr_assert_eq(finish->arguments[3].varies != NULL, signs);
	}
}

Test(record, a_plan_that_cannot_be_launched_is_refused)
{
	struct fixture s = fixture_default();
	auto_record struct record *r = NULL;
	auto_plan const struct plan *p = NULL;
	struct error err = { 0 };

	s.settings.measure_only = "others launch it";
	p = fixture_plan(&s);
	cr_assert_lt(record_launch(&platform_snp, p, &fixture_quiet, &r, &err), 0);
	cr_assert_null(r);
	cr_assert_eq(err.kind, ERROR_UNSUPPORTED);
}

Test(record, it_leaks_nothing)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);

	for (int i = 0; i < 2; i++) {
		auto_record struct record *r = NULL;
		struct error err = { 0 };

		cr_assert_eq(record_launch(&platform_snp, p, &fixture_quiet, &r, &err), 0);
	}
	fixture_no_leaks();
}

/* --- the tables --- */

static void check_struct(const struct abi_struct *s)
{
	size_t end = 0, masked = 0;

	for (const struct abi_field *f = s->fields; f->name; f++) {
		bool number = f->form != ABI_BYTES && f->form != ABI_STRUCT;

		cr_assert_geq(f->offset, end, "%s.%s overlaps the field before", s->name, f->name);
		end = f->offset + f->size;
		cr_assert_leq(end, s->size, "%s.%s", s->name, f->name);
		cr_assert(!number || f->size <= 8, "%s.%s", s->name, f->name);
		masked += f->form == ABI_MEMORY || f->form == ABI_DESCRIPTOR;
		cr_assert_eq(f->form == ABI_STRUCT, f->inner != NULL, "%s.%s", s->name, f->name);
		if (f->inner) {
			cr_assert_eq(f->inner->size, f->size, "%s.%s", s->name, f->name);
			check_struct(f->inner);
		}
	}
	cr_assert_leq(masked, ABI_MASKED_MAX, "%s", s->name);
	if (s->entry)
		check_struct(s->entry);
}

Test(record, the_tables_fit_the_kernels_numbers)
{
	size_t structs = 0;

	for (unsigned nr = 0; nr < 256; nr++)
		for (unsigned size = 0; size < 1024; size++)
			for (unsigned dir = _IOC_NONE; dir <= (_IOC_READ | _IOC_WRITE); dir++) {
				const struct abi_ioctl *i = abi_ioctl(_IOC(dir, KVMIO, nr, size));

				if (!i)
					continue;
				cr_assert_eq(i->argument && i->names, false, "%s", i->name);
				if (!i->argument)
					continue;
				structs++;
				/* a misdeclared request: the kernel has it with an int's size */
				if (i->request != KVM_MEMORY_ENCRYPT_OP)
					cr_assert_eq(i->argument->size, size, "%s", i->name);
				check_struct(i->argument);
			}
	cr_assert_gt(structs, 10);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct abi_ioctl *c = abi_sev_command(commands[i].id);

		cr_assert_eq(c->argument->size, commands[i].size, "%s", c->name);
		check_struct(c->argument);
	}
	cr_assert_null(abi_ioctl(0));
	cr_assert_null(abi_sev_command(0));
}
