/* SPDX-License-Identifier: MIT */
/*
 * tests/vm/devices_test.c: a row is all that a device needs for its ports, memory, interrupt and
 * end.
 */
#include "core/vm/devices.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/dev/acpi_pm.h"
#include "core/dev/device.h"
#include "core/dev/fwcfg.h"
#include "core/dev/serial.h"
#include "core/vm/launch.h"
#include "core/vm/vm_priv.h"
#include "tests/fake/fixture.h"

#define LATCH_PORT 0x300
#define LATCH_AT   0xfed00000

/*
 * Returns what was written to it, at two ports and eight bytes of memory; a byte above 0x7f asks
 * for a reset.
 */
struct latch {
	const struct device_env *none; /* NULL unless the state wasn't zero-initialised */
	uint8_t bytes[8];
	void (*irq)(void *self, bool level);
	void *irq_self;
};

static unsigned made, ended;
static int make_result;

static void latch_read(void *self, unsigned offset, uint8_t *data, size_t size)
{
	const struct latch *l = self;

	for (size_t i = 0; i < size; i++)
		data[i] = offset + i < sizeof(l->bytes) ? l->bytes[offset + i] : 0xff;
}

static enum io_action latch_write(void *self, unsigned offset, const uint8_t *data, size_t size)
{
	struct latch *l = self;

	for (size_t i = 0; i < size && offset + i < sizeof(l->bytes); i++)
		l->bytes[offset + i] = data[i];
	l->irq(l->irq_self, data[0] & 1);
	return data[0] > 0x7f ? IO_RESET : IO_GO_ON;
}

static int latch_init(void *self, const struct device_env *env, struct error *err)
{
	struct latch *l = self;

	cr_assert_null(l->none);
	l->irq = env->irq;
	l->irq_self = env->irq_self;
	made++;
	return make_result < 0 ? error_set(err, ERROR_HOST_MEMORY, "no latch") : 0;
}

static void latch_fini(void *self)
{
	cr_assert_not_null(self);
	ended++;
}

static const struct device latch_device = {
	.ranges = { { .name = "latch",
	              .base = LATCH_PORT,
	              .len = 2,
	              .read = latch_read,
	              .write = latch_write },
	            { .name = "latch in memory",
	              .bus = BUS_MMIO,
	              .base = LATCH_AT,
	              .len = 8,
	              .read = latch_read,
	              .write = latch_write } },
	.irq = 5,
	.size = sizeof(struct latch),
	.init = latch_init,
	.fini = latch_fini,
};

/* A port without a state: only a row. */
static const struct device port_device = {
	.ranges = { { .name = "port", .base = 0x310, .len = 1, .value = 0x42 } },
};

static const struct device *const more[] = { &latch_device, &port_device, NULL };

static struct vm *launch(struct fake_kvm *f, const struct plan *p)
{
	struct vm_devices d = fixture_quiet;

	made = ended = 0;
	make_result = 0;
	d.more = more;
	return fixture_launch(f, &platform_snp, p, &d);
}

Test(devices, one_more_is_a_row_and_answers_at_its_ports_and_in_memory)
{
	const struct fake_exit exits[] = {
		fake_out(LATCH_PORT, 1, 0x21), fake_in(LATCH_PORT, 1, 1),
		fake_mmio_read(LATCH_AT, 4),   fake_mmio_write(LATCH_AT + 4, 4, 0x44332210),
		fake_mmio_read(LATCH_AT, 8),   fake_mmio_read(LATCH_AT + 8, 4),
		fake_in(0x310, 2, 1),          fake_out(0xf4, 1, 0),
	};
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct vm *vm = launch(f, p);

	cr_assert_eq(made, 1u);
	fake_kvm_script(f, 0, exits, ARRAY_SIZE(exits));
	cr_assert_eq(fixture_run(vm).kind, GUEST_EXITED);
	cr_expect_eq(fake_kvm_answer(f, 0, 1).in[0], 0x21);
	cr_expect_eq((uint32_t)fake_kvm_answer(f, 0, 2).mmio, 0x21u);
	cr_expect_eq(fake_kvm_answer(f, 0, 4).mmio, 0x4433221000000021u);
	cr_expect_eq((uint32_t)fake_kvm_answer(f, 0, 5).mmio, 0xffffffffu, "nobody there");
	cr_expect_arr_eq(fake_kvm_answer(f, 0, 6).in, "\x42\xff", 2);
	cr_expect_eq(fake_kvm_irq_rises(f, 5), 1u, "the odd byte");
	cr_expect_eq(vm->bus[BUS_PORTS].unclaimed, 0u);
	cr_expect_eq(vm->bus[BUS_MMIO].unclaimed, 1u);
	cr_expect_eq(ended, 0u);
	fixture_end(f, vm);
	cr_expect_eq(ended, 1u);
}

Test(devices, a_write_in_memory_can_end_the_run)
{
	const struct fake_exit exits[] = { fake_mmio_write(LATCH_AT, 4, 0x80) };
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct vm *vm = launch(f, p);

	fake_kvm_script(f, 0, exits, ARRAY_SIZE(exits));
	cr_assert_eq(fixture_run(vm).kind, GUEST_RESET);
	fixture_end(f, vm);
}

/* fini is called for every device whose init succeeded, and for no other. */
Test(devices, one_that_cannot_be_made_ends_the_launch)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	static const struct device *const twice[] = { &latch_device, &latch_device, NULL };
	struct vm_devices d = fixture_quiet;
	struct error err = { 0 };
	struct vm *vm = NULL;

	d.more = twice;
	cr_assert_lt(vm_launch(fake_kvm_sys(f), &platform_snp, p, &d, &vm, &err), 0);
	cr_expect_eq(err.kind, ERROR_CONFLICT, "%s", err.text);
	cr_expect_eq(made, 2u);
	cr_expect_eq(ended, 2u);
	made = ended = 0;
	make_result = -ENOMEM;
	cr_assert_lt(vm_launch(fake_kvm_sys(f), &platform_snp, p, &d, &vm, &err), 0);
	cr_expect_eq(err.kind, ERROR_HOST_MEMORY, "%s", err.text);
	cr_expect_eq(made, 1u);
	cr_expect_eq(ended, 0u);
	cr_expect_eq(fake_kvm_leaks(f), 0u);
}

Test(devices, are_found_by_their_row_where_the_guest_has_them)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct vm *vm = launch(f, p);

	cr_expect_not_null(devices_find(vm, &serial_device));
	cr_expect_not_null(devices_find(vm, &latch_device));
	cr_expect_neq(devices_find(vm, &serial_device), devices_find(vm, &acpi_pm_device));
	cr_expect_null(devices_find(vm, &port_device), "it has no state");
	cr_expect_null(devices_find(vm, &fwcfg_device), "no firmware in this guest");
	cr_expect_eq(devices_last_read(vm), -1);
	fixture_end(f, vm);
}
