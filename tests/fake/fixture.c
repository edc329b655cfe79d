/* SPDX-License-Identifier: MIT */
/* tests/fake/fixture.c: the plans, and launching them. */
#include "tests/fake/fixture.h"

#include <criterion/criterion.h>

#include "core/base/sha2.h"
#include "core/vm/launch.h"
#include "firmware/assemble.h"
#include "tests/make/bzimage.h"
#include "tests/make/image.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_LSAN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define WITH_LSAN
#endif
#ifdef WITH_LSAN
#include <sanitizer/lsan_interface.h>
#endif

const struct fixture_part fixture_ovmf[] = {
	{ FIXTURE_FW, 16, PAGE_DATA }, { 0x20000, 9, PAGE_ZERO },  { 0x2a000, 3, PAGE_ZERO },
	{ 0x2d000, 1, PAGE_SECRETS },  { 0x2e000, 1, PAGE_CPUID }, { 0x2f000, 1, PAGE_ZERO },
	{ 0x30000, 1, PAGE_DATA },     { 0x31000, 15, PAGE_ZERO }, { 0 },
};
const struct fixture_part fixture_one[] = { { FIXTURE_FW + FIXTURE_TOP - 4096, 1, PAGE_DATA },
	                                    { 0 } };
const struct fixture_part fixture_kinds[] = {
	{ 0x31000, 1, PAGE_CPUID },      { 0x0, 7, PAGE_UNMEASURED },   { 0x50000, 1, PAGE_ZERO },
	{ FIXTURE_FW, 3, PAGE_ZERO },    { 0x30000, 1, PAGE_SECRETS },  { 0x40000, 5, PAGE_DATA },
	{ 0x10000, 2, PAGE_UNMEASURED }, { FIXTURE_LOW, 1, PAGE_DATA }, { 0 },
};
const struct fixture_part fixture_nothing[] = { { 0 } };

const struct vm_devices fixture_quiet = { .exit_port_given = true, .exit_port = 0xf4 };

_Alignas(4096) uint8_t fixture_blob[FIXTURE_BLOB_SIZE];

struct vcpu_state fixture_long_mode(void)
{
	return (struct vcpu_state){
		.cs = { 0x10, 0xa9b, 0xffffffff, 0 },
		.ds = { 0x18, 0xc93, 0xffffffff, 0x1000 },
		.es = { 0x20, 0x0, 0, 0 }, /* not present: KVM calls it unusable */
		.fs = { 0x28, 0xcf3, 0xfffff, 0x123456789000 },
		.gs = { 0x30, 0xd93, 0xffffffff, 0xffff800000000000 },
		.ss = { 0x38, 0xcf3, 0xffffffff, 0 }, /* DPL 3 */
		.gdt = { 0, 0, 0x37, 0xfeed000 },
		.idt = { 0, 0, 0xfff, 0xbeef000 },
		.ldt = { 0x48, 0x82, 0x1234, 0x5678 },
		.tr = { 0x40, 0x8b, 0x67, 0xabcd000 },
		.cr0 = 0xe0010033, /* with CD and NW */
		.cr3 = 0x2000 | 1ULL << FAKE_C_BIT,
		.cr4 = 0x620,
		.efer = 0xd00,
		.rip = 0xffffffff80001000,
		.rsp = 0xffffffff80002000,
		.rflags = 0x246,
		.rdx = 0xa10f11,
		.rsi = 0x7000,
	};
}

struct fixture fixture_default(void)
{
	struct segment data = { 0, 0x93, 0xffff, 0 }, table = { 0, 0, 0xffff, 0 };
	struct vcpu_state reset = {
		.cs = { 0xf000, 0x9b, 0xffff, 0xffff0000 },
		.ds = data,
		.es = data,
		.fs = data,
		.gs = data,
		.ss = data,
		.gdt = table,
		.idt = table,
		.ldt = { 0, 0x82, 0xffff, 0 },
		.tr = { 0, 0x8b, 0xffff, 0 },
		.cr0 = 0x60000010,
		.rip = 0xfff0,
		.rflags = 2,
		.rdx = 0x800f12,
	};
	struct fixture s = { .parts = fixture_ovmf,
		             .vcpus = 1,
		             .settings = { .policy = 0x30000, .sev_features = 1 },
		             .bsp = reset,
		             .ap = reset };

	s.ap.cs.base = 0x800000;
	s.ap.rip = 0xb004;
	return s;
}

static void part_add(struct plan *p, const struct fixture_part *part, uint64_t seed)
{
	struct region r = { part->gpa, part->pages * PAGE_SIZE, part->kind, NULL, "part" };
	struct error err = { 0 };

	if (region_kind(part->kind)->carries) {
		struct blob b = BLOB_NONE;

		cr_assert_eq(blob_zero(r.size, &b, &err), 0, "%s", err.text);
		image_noise(b.data, b.size, seed);
		r.bytes = b.data;
		cr_assert_eq(plan_adopt(p, b, &err), 0, "%s", err.text);
	}
	cr_assert_eq(plan_add(p, &r, &err), 0, "%s", err.text);
}

const struct plan *fixture_plan(const struct fixture *s)
{
	struct shared_blob blob = { FIXTURE_BLOB, FIXTURE_BLOB_SIZE, fixture_blob, "blob" };
	struct plan *p = plan_new();
	const struct plan *sealed;
	struct error err = { 0 };

	cr_assert_not_null(p);
	cr_assert_eq(plan_add_ram(p, 0, FIXTURE_LOW, &err), 0, "%s", err.text);
	cr_assert_eq(plan_add_ram(p, FIXTURE_LOW, FIXTURE_NEXT, &err), 0, "%s", err.text);
	cr_assert_eq(plan_add_ram(p, FIXTURE_FW, FIXTURE_TOP, &err), 0, "%s", err.text);
	if (s->lazy) {
		cr_assert_eq(plan_add_ram(p, FIXTURE_HIGH, FIXTURE_LAZY, &err), 0, "%s", err.text);
		cr_assert_eq(plan_add_lazy(p, FIXTURE_HIGH + PAGE_SIZE,
		                           FIXTURE_LAZY - 2 * PAGE_SIZE, &err),
		             0, "%s", err.text);
	}
	for (size_t i = 0; s->parts[i].pages > 0; i++)
		part_add(p, &s->parts[i], i + 1);
	if (s->shared_blob)
		cr_assert_eq(plan_add_shared(p, &blob, &err), 0, "%s", err.text);
	cr_assert_eq(plan_set_vcpus(p, s->vcpus, &s->bsp, &s->ap, &err), 0, "%s", err.text);
	plan_set(p, &s->settings);
	sealed = plan_seal(p, &err);
	cr_assert_not_null(sealed, "%s", err.text);
	return sealed;
}

struct fixture_direct fixture_direct(const struct platform *on, unsigned vcpus)
{
	struct bzimage_spec spec = bzimage_default();
	struct manifest m = { .file = (char *)"m.yaml",
		              .kernel.path = (char *)"bzImage",
		              .initrd.path = (char *)"initrd",
		              .cmdline = (char *)"console=ttyS0",
		              .vcpus = vcpus,
		              .vcpu_sig = 0xa10f11,
		              .memory = FIXTURE_DIRECT_MEMORY,
		              .policy = 0x30000,
		              .guest_features = 1,
		              .exit_port_given = true,
		              .exit_port = 0xf4 };
	struct fixture_direct d = { 0 };
	struct error err = { 0 };

	/* Otherwise it would not go below 16 MiB, and the fake checks each page of memory. */
	spec.fixed = true;
	spec.pref_address = 0x100000;
	spec.init_size = 0x10000;
	d.images.kernel = bzimage_make(&spec);
	cr_assert_eq(blob_zero(PAGE_SIZE + 77, &d.images.initrd, &err), 0, "%s", err.text);
	image_noise(d.images.initrd.data, d.images.initrd.size, 5);
	sha256(d.images.initrd.data, d.images.initrd.size, d.images.initrd_sha256);
	cr_assert_eq(assemble(&m, &d.images, on, &d.plan, &err), 0, "%s", err.text);
	return d;
}

void fixture_direct_fini(struct fixture_direct *d)
{
	plan_free(d->plan);
	images_fini(&d->images);
	*d = (struct fixture_direct){ 0 };
}

struct vm *fixture_launch(struct fake_kvm *f, const struct platform *on, const struct plan *p,
                          const struct vm_devices *d)
{
	struct error err = { 0 };
	struct vm *vm = NULL;
	int r = vm_launch(fake_kvm_sys(f), on, p, d, &vm, &err);

	cr_assert_eq(r, 0, "%s (%s); %s", err.text, err.why, fake_kvm_complaint(f));
	cr_assert_str_empty(fake_kvm_complaint(f), "%s", fake_kvm_complaint(f));
	return vm;
}

struct outcome fixture_run(struct vm *vm)
{
	struct run_limits limits = { .timeout_ms = 30000, .input_fd = -1 };
	struct outcome o = { 0 };
	struct error err = { 0 };

	cr_assert_eq(vm_run(vm, &limits, &o, &err), 0, "%s", err.text);
	return o;
}

void fixture_no_leaks(void)
{
#ifdef WITH_LSAN
	cr_assert_eq(__lsan_do_recoverable_leak_check(), 0, "memory was lost");
#endif
}

void fixture_end(struct fake_kvm *f, struct vm *vm)
{
	vm_free(vm);
	cr_assert_str_empty(fake_kvm_complaint(f), "%s", fake_kvm_complaint(f));
	cr_assert_eq(fake_kvm_leaks(f), 0u, "%u descriptors or mappings left", fake_kvm_leaks(f));
	fixture_no_leaks();
}
