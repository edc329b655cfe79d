/* SPDX-License-Identifier: MIT */
/*
 * tests/tool/flip.c: flip MANIFEST kernel|initrd [PLATFORM]: launches like `snpvmm run`, but flips
 * a bit of that file after measuring and before launching. Status 0: the guest refused to start.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/manifest.h"
#include "core/base/error.h"
#include "core/vm/devices.h"
#include "core/vm/launch.h"
#include "core/vm/platforms.h"
#include "core/vm/run.h"
#include "core/vm/stats.h"
#include "core/vm/sys.h"
#include "core/vm/vm.h"
#include "firmware/assemble.h"
#include "firmware/handoff.h"
#include "firmware/images.h"
#include "firmware/stage0.h"

/* The file is a shared blob or an item of fw_cfg, so its pages are neither copied nor measured. */
static void flip(struct images *images, const char *name)
{
	struct blob *victim = strcmp(name, "kernel") ? &images->initrd : &images->kernel;

	victim->data[victim->size / 2] ^= 0x10;
}

static int flip_run(const struct manifest *m, const struct plan *p, struct outcome *o,
                    struct error *err)
{
	const struct vm_devices devices = { .streams[STREAM_SERIAL].fd = STDOUT_FILENO,
		                            .exit_port_given = m->exit_port_given,
		                            .exit_port = m->exit_port };
	const struct run_limits limits = { .timeout_ms = m->timeout_ms, .input_fd = -1 };
	struct vm *vm = NULL;
	int r;

	r = vm_launch(&kvm_sys_host, manifest_platform(m), p, &devices, &vm, err);
	if (r == 0)
		r = vm_run(vm, &limits, o, err);
	if (r == 0)
		handoff_explain(m, devices_last_read(vm), vm_quiet_ms(vm), o);
	vm_free(vm);
	return r;
}

int main(int argc, char **argv)
{
	const struct manifest_setting set = { .key = "platform",
		                              .value = argc > 3 ? argv[3] : "snp" };
	const struct manifest_choice choice = { .set = &set, .n_set = 1, .run = 0 };
	auto_manifest struct manifest m = { 0 };
	auto_images struct images images = { 0 };
	auto_plan const struct plan *plan = NULL;
	struct outcome o = { 0 };
	struct error err = { 0 };

	if (argc < 3)
		return 2;
	if (manifest_load(argv[1], &choice, &m, &err) < 0 || images_load(&m, &images, &err) < 0 ||
	    assemble(&m, &images, manifest_platform(&m), &plan, &err) < 0) {
		fprintf(stderr, "flip: %s\n", err.text);
		return 2;
	}
	flip(&images, argv[2]);
	if (flip_run(&m, plan, &o, &err) < 0) {
		fprintf(stderr, "flip: %s\n", err.text);
		return 2;
	}
	stage0_explain(&o);
	printf("%s [%s]\n", o.detail, reason_name(o.kind));
	/* A firmware that refuses a file stops. */
	return o.kind == GUEST_TERMINATED || (m.firmware.path && o.kind == RUN_TIMED_OUT) ? 0 : 1;
}
