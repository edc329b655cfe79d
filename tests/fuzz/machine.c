/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/machine.c: libFuzzer target: a guest that does anything with the machine as a run has
 * it, through the exits of its vCPU: all ports and addresses, the devices behind them, and under
 * SNP its pages. It ends its own run, and never by what looks like a fault of the host; devices
 * write no byte more than was asked for, and none to private memory.
 */
#include <errno.h>
#include <fcntl.h>

#include "core/base/log.h"
#include "core/dev/blk.h"
#include "core/dev/fwcfg.h"
#include "core/dev/hvc.h"
#include "core/dev/rng.h"
#include "core/dev/serial.h"
#include "core/snp/report_lines.h"
#include "core/vm/abi.h"
#include "core/vm/devices.h"
#include "core/vm/exit.h"
#include "core/vm/launch.h"
#include "core/vm/platforms.h"
#include "core/vm/vm_priv.h"
#include "core/vm/watch.h"
#include "tests/fake/kvm.h"
#include "tests/fuzz/driver.h"

#define RAM    ((uint64_t)0x40000)
#define BLOB   ((gpa_t)0x10000000)
#define WINDOW 0x80000000u
#define FLASH  0xffc84000u

enum { FIRST_SLOT = 2, SLOTS = 4, GUARD = 0xa5 };

struct machine {
	struct input in;
	struct fake_kvm *f;
	struct vm *vm;
	struct disk disk;
	struct outcome end;
	bool ended;
};

static _Alignas(4096) uint8_t blob[2 * PAGE_SIZE], flash[2 * PAGE_SIZE], page[PAGE_SIZE];

static const struct plan *plan_make(void)
{
	static const struct vcpu_state reset = {
		.cs = { 0xf000, 0x9b, 0xffff, 0xffff0000 }, .rip = 0xfff0, .rflags = 2, .cr0 = 0x10
	};
	const struct plan_settings settings = { .policy = 0x30000,
		                                .sev_features = 1,
		                                .pci_window = WINDOW };
	const struct shared_blob shared = { BLOB, sizeof(blob), blob, "blob" };
	const struct region region = { 0x1000, PAGE_SIZE, PAGE_DATA, page, "page" };
	const struct fw_item items[] = { { FWCFG_KERNEL_DATA, NULL, blob, 4097 },
		                         { 0, "etc/file", flash, 100 } };
	struct plan *p = plan_new();
	struct error err = { 0 };

	must(plan_add_ram(p, 0, RAM, &err) == 0 && plan_add(p, &region, &err) == 0);
	must(plan_add_shared(p, &shared, &err) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(items); i++)
		must(plan_add_item(p, &items[i], &err) == 0);
	must(plan_set_vcpus(p, 1, &reset, &reset, &err) == 0);
	plan_set(p, &settings);
	must(plan_seal(p, &err) == p);
	return p;
}

/* What the vCPU's exit says is served as the run does it. */
static void serve(struct machine *m, int result)
{
	struct vcpu *v = &m->vm->vcpus[0];

	m->ended = exit_serve(v, result, &m->end) == EXIT_ACTION_STOP;
}

static void do_port_at(struct machine *m, uint16_t port, bool out, size_t size, uint32_t value)
{
	struct kvm_run *run = m->vm->vcpus[0].run;
	uint8_t *data = (uint8_t *)run + PAGE_SIZE;
	uint32_t count = 1 + (!out && value % 16 == 1 ? value / 16 % 64 : 0);

	memset(data, GUARD, 512);
	memcpy(data, le32_of(value).b, size);
	run->exit_reason = KVM_EXIT_IO;
	run->io.direction = out ? KVM_EXIT_IO_OUT : KVM_EXIT_IO_IN;
	run->io.port = port;
	run->io.size = (uint8_t)size;
	run->io.count = count;
	run->io.data_offset = PAGE_SIZE;
	serve(m, 0);
	for (size_t i = out ? 4 : count * size; i < 512; i++)
		must(data[i] == GUARD);
	must(!m->ended || m->end.kind == GUEST_EXITED || m->end.kind == GUEST_RESET ||
	     m->end.kind == GUEST_POWERED_OFF);
}

static void do_mmio_at(struct machine *m, uint64_t gpa, bool write, size_t size, uint64_t value)
{
	struct kvm_run *run = m->vm->vcpus[0].run;

	run->exit_reason = KVM_EXIT_MMIO;
	run->mmio.phys_addr = gpa;
	run->mmio.len = (uint32_t)size;
	run->mmio.is_write = write;
	memset(run->mmio.data, GUARD, 8);
	if (write)
		memcpy(run->mmio.data, le64_of(value).b, size);
	serve(m, 0);
	for (size_t i = size; i < 8; i++)
		must(run->mmio.data[i] == GUARD);
	must(!m->ended);
}

static void do_port(struct machine *m)
{
	static const uint16_t ports[] = { 0x3f8, 0x402, 0xcf9, 0x64, 0xb000, 0xf4,
		                          0x510, 0xcf8, 0xcfc, 0x70, 0x92,   0x61 };
	unsigned how = (unsigned)take(&m->in, 1);
	uint16_t port = ports[how % ARRAY_SIZE(ports)];

	port = (how & 0x80) ? (uint16_t)take(&m->in, 2) : (uint16_t)(port + take(&m->in, 1) % 12);
	do_port_at(m, port, how & 0x40, (size_t)1 << (how >> 4) % 3, (uint32_t)take(&m->in, 4));
}

static void do_mmio(struct machine *m)
{
	static const uint64_t bases[] = {
		WINDOW,  WINDOW + DRIVER_BAR, FLASH,         0xfee00000, BLOB,
		RAM - 4, PCI_WINDOW_END - 4,  UINT64_MAX - 3
	};
	unsigned how = (unsigned)take(&m->in, 1), more = (unsigned)take(&m->in, 1);
	uint64_t gpa = bases[how % ARRAY_SIZE(bases)] + take(&m->in, 2);

	do_mmio_at(m, gpa, how & 0x80, (size_t)1 << more % 4, take(&m->in, more & 4 ? 8 : 1));
}

/* The vCPU's own writes, which are no exits. */
static void put(struct machine *m, uint64_t gpa, uint64_t value, size_t size)
{
	uint8_t *at = memory_at(&m->vm->memory, gpa, size);

	if (at)
		memcpy(at, le64_of(value).b, size);
}

static void do_put(struct machine *m)
{
	uint64_t gpa = take(&m->in, 3) % RAM;

	put(m, gpa, take(&m->in, 8), (size_t)1 << gpa % 4);
}

/* fw_cfg's DMA: a command, of which the address is written, high half first. */
static void do_dma(struct machine *m)
{
	static const uint32_t commands[] = { 2, 4, 8, 0xa, 0x10, 0x18, 1, 6 };
	unsigned how = (unsigned)take(&m->in, 1);
	uint64_t at = 0x2000 + how * 8, to = take(&m->in, 3) % (RAM + 0x1000);
	uint32_t length = (uint32_t)take(&m->in, 2);

	put(m, at, __builtin_bswap32(commands[how % 8] | 0x110000u << (how & 8)), 4);
	put(m, at + 4, __builtin_bswap32(length), 4);
	put(m, at + 8, __builtin_bswap64(to), 8);
	do_port_at(m, 0x514, true, 4, 0);
	if (!m->ended)
		do_port_at(m, 0x518, true, 4, __builtin_bswap32((uint32_t)at));
}

static void do_begin(struct machine *m)
{
	unsigned number = (unsigned)take(&m->in, 1), slot = FIRST_SLOT + number % SLOTS;
	unsigned how = (unsigned)take(&m->in, 1);
	uint32_t bar = WINDOW + (number & 8 ? 0 : slot) * DRIVER_BAR, at = 0x80000000u | slot << 11;
	const struct driver_setup setup = { .features = (uint64_t)3 << 32 | take(&m->in, 1) << 28,
		                            .number = number % SLOTS,
		                            .queue = how % 3,
		                            .queue_size = (uint16_t)(1u << how / 4 % 8),
		                            .desc = 0x8000 + slot * 0x1000,
		                            .avail = 0x8800 + slot * 0x1000,
		                            .used = 0x8c00 + slot * 0x1000 };
	const struct {
		unsigned reg;
		uint32_t value;
	} config[] = { { PCI_BAR0, bar }, { PCI_COMMAND, 6 }, { 0x98, 0x80000000u } };
	struct driver_step steps[DRIVER_STEPS];

	for (size_t i = 0; i < ARRAY_SIZE(config) && !m->ended; i++) {
		do_port_at(m, 0xcf8, true, 4, at | config[i].reg);
		do_port_at(m, 0xcfc, true, 4, config[i].value);
	}
	driver_steps(&setup, steps);
	for (size_t i = 0; i < DRIVER_STEPS && !m->ended; i++)
		do_mmio_at(m, bar + steps[i].reg, true, steps[i].size, steps[i].value);
	put(m, setup.avail, 0, 4);
}

/* A request of up to three buffers: a header, data in either direction, a status; then a kick. */
static void do_offer(struct machine *m)
{
	unsigned slot = FIRST_SLOT + (unsigned)take(&m->in, 1) % SLOTS;
	unsigned how = (unsigned)take(&m->in, 1), n = 1 + how % 3;
	uint64_t desc = 0x8000 + slot * 0x1000;
	const uint8_t *avail = memory_at(&m->vm->memory, desc + 0x802, 2);
	uint16_t index = avail ? (uint16_t)le_get(avail, 2) : 0;

	put(m, 0x3000, how >> 2 & 15, 8);
	put(m, 0x3008, how >> 7, 8);
	for (unsigned i = 0; i < n; i++) {
		bool written = i + 1 == n ? n > 1 || !(how & 0x40) : i > 0 && how & 0x40;

		put(m, desc + 16 * i, 0x3000 + i * 0x200, 8);
		put(m, desc + 16 * i + 8, i == 0 ? 16 : i == 1 ? 512 : 1, 4);
		put(m, desc + 16 * i + 12, (i + 1 < n) | (written ? 2u : 0u), 2);
		put(m, desc + 16 * i + 14, i + 1, 2);
	}
	put(m, desc + 0x804, 0, 2);
	put(m, desc + 0x802, index + 1u, 2);
	do_mmio_at(m, WINDOW + slot * DRIVER_BAR + R_NOTIFY, true, 2, how >> 7);
}

/* The devices' threads, until they have nothing to do. */
static void do_work(struct machine *m)
{
	struct hvc *hvc = devices_find(m->vm, &hvc_device);
	struct virtio *all[] = { devices_find(m->vm, &blk_device), devices_find(m->vm, &rng_device),
		                 hvc ? &hvc->v : NULL };
	uint8_t input[16];
	size_t n = take_bytes(&m->in, input, take(&m->in, 1) % 16);

	serial_input(devices_find(m->vm, &serial_device), input, n);
	if (hvc)
		hvc_input(hvc, input, n);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		for (unsigned k = 0; k < 64 && all[i] && virtio_serve(all[i]); k++)
			;
}

/* Exits that only an SNP guest has, and some that it can't have. */
static void do_snp(struct machine *m)
{
	struct kvm_run *run = m->vm->vcpus[0].run;
	uint8_t *payload = (uint8_t *)run + offsetof(struct kvm_run, hw);
	struct exit_hypercall *call = (void *)payload;
	unsigned how = (unsigned)take(&m->in, 1);
	uint64_t gpa = take(&m->in, 1) * PAGE_SIZE, pages = 1 + how / 32;

	memset(payload, 0, 64);
	if (how % 4 == 0)
		gpa = take(&m->in, 8);
	if (how & 1) {
		run->exit_reason = KVM_EXIT_HYPERCALL;
		call->nr = KVM_HC_MAP_GPA_RANGE;
		call->args[0] = gpa;
		call->args[1] = how & 16 ? take(&m->in, 8) : pages;
		call->args[2] = how & 8 ? KVM_MAP_GPA_RANGE_ENCRYPTED : 0;
		serve(m, 0);
		must(!m->ended && (call->ret == 0 || call->ret == EINVAL || call->ret == EAGAIN));
		return;
	}
	run->exit_reason = how & 2 ? KVM_EXIT_MEMORY_FAULT : KVM_EXIT_SYSTEM_EVENT;
	memcpy(payload, le64_of(how & 8 ? KVM_MEMORY_EXIT_FLAG_PRIVATE : 0).b, 8);
	memcpy(payload + 8, le64_of(gpa).b, 8);
	if (run->exit_reason == KVM_EXIT_SYSTEM_EVENT)
		run->system_event.type = how >> 3;
	serve(m, how & 2 ? -EFAULT : 0);
	must(!m->ended || (m->end.kind >= GUEST_EXITED && m->end.kind <= MEMORY_FAULT));
}

static void open_machine(struct machine *m, const struct plan *p, unsigned how)
{
	static int null = -1;
	const struct platform *on = how & 1 ? &platform_snp : &platform_kvm;
	struct vm_devices d = { .exit_port_given = how & 2,
		                .exit_port = 0xf4,
		                .disks = &m->disk,
		                .n_disks = 1,
		                .rng = true,
		                .hvc = how & 4,
		                .vsock_cid = how & 8 ? 5 : 0 };
	static const char *const never[] = { "panic", "^x+y" };
	const struct watch_rules rules = { never, 1, never, ARRAY_SIZE(never) };
	struct error err = { 0 };

	if (null < 0)
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	d.streams[STREAM_SERIAL].fd = d.streams[STREAM_DEBUG].fd = null;
	d.watch = watch_new(&rules, &err);
	d.report = report_lines_new();
	if (!on->private_memory)
		d.flash = (struct flash_content){ flash, FLASH, sizeof(flash) };
	m->disk = (struct disk){
		.name = "disk0", .serial = "s", .path = "image", .size = DRIVER_IMAGE
	};
	m->disk.fd = driver_image();
	must(disk_begin(&m->disk, &err) == 0);
	m->f = fake_kvm_new(0);
	if (vm_launch(fake_kvm_sys(m->f), on, p, &d, &m->vm, &err) < 0)
		fprintf(stderr, "%s; %s\n", err.text, fake_kvm_complaint(m->f));
	must(m->vm);
}

/* What a device wrote to shared memory is gone once it is private, and none writes there. */
static void check_private(struct machine *m)
{
	for (size_t i = 0; i < m->vm->memory.count; i++) {
		const struct memslot *s = &m->vm->memory.slots[i];

		for (uint64_t n = 0; s->private && n < s->size / PAGE_SIZE; n++)
			must(!(s->private[n / 64] >> n % 64 & 1) ||
			     bytes_zero(s->at + n * PAGE_SIZE, PAGE_SIZE));
	}
}

static void close_machine(struct machine *m)
{
	struct watch *w = m->vm->watch;
	struct report_lines *l = m->vm->report;

	check_private(m);
	vm_free(m->vm);
	must(!fake_kvm_complaint(m->f)[0] && fake_kvm_leaks(m->f) == 0);
	fake_kvm_free(m->f);
	watch_free(w);
	report_lines_free(l);
	driver_image_check(m->disk.fd);
	m->disk.fd = -1; /* the image is used again */
	disk_close(&m->disk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const actions[])(struct machine * m) = { do_port,  do_mmio,  do_put,
		                                               do_dma,   do_begin, do_offer,
		                                               do_offer, do_work,  do_snp };
	static const struct plan *p;
	struct machine m = { .in = { data, size } };

	log_set_level(LOG_QUIET);
	if (!p)
		p = plan_make();
	open_machine(&m, p, (unsigned)take(&m.in, 1));
	while (m.in.left > 0 && !m.ended) {
		size_t which = take(&m.in, 1) % ARRAY_SIZE(actions);

		if (actions[which] != do_snp || m.vm->memory.private_memory)
			actions[which](&m);
	}
	close_machine(&m);
	return 0;
}
