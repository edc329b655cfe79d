/* SPDX-License-Identifier: MIT */
/*
 * tests/tool/flip.c: flip MANIFEST LABEL: launches as `snpvmm run` does, but behind the seam one bit of the offer
 * LABEL ("kernel", "initrd") changes after the measuring and before the launch. Status 0: the guest refused to start.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/manifest.h"
#include "core/base/error.h"
#include "core/vm/abi.h"
#include "core/vm/launch.h"
#include "core/vm/platforms.h"
#include "core/vm/run.h"
#include "core/vm/sys.h"
#include "core/vm/vm.h"
#include "firmware/assemble.h"
#include "firmware/images.h"
#include "firmware/stage0.h"

static const struct offer *victim;

static int flip_ioctl(void *self, int fd, unsigned long request, void *arg)
{
	const struct x_memory_region2 *r = arg;

	if (request == KVM_SET_USER_MEMORY_REGION && r->guest_phys_addr == victim->gpa)
		victim->bytes[victim->size / 2] ^= 0x10;
	return kvm_sys_host.ioctl(self, fd, request, arg);
}

static const struct offer *offer_named(const struct plan *p, const char *label)
{
	const struct offer *offers;
	size_t n = plan_offers(p, &offers);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(offers[i].label, label))
			return &offers[i];
	return NULL;
}

static int flip_run(const struct manifest *m, const struct plan *p, struct outcome *o,
                    struct error *err)
{
	const struct vm_devices devices = { STDOUT_FILENO, -1, m->exit_port_given, m->exit_port };
	const struct run_limits limits = { m->timeout_ms, -1 };
	struct kvm_sys sys = kvm_sys_host;
	struct vm *vm = NULL;
	int r;

	sys.ioctl = flip_ioctl;
	r = vm_launch(&sys, platform_named(manifest_platform_name(m->platform)), p, &devices, &vm,
	              err);
	if (r == 0)
		r = vm_run(vm, &limits, o, err);
	vm_free(vm);
	return r;
}

int main(int argc, char **argv)
{
	const struct manifest_setting set = { "platform", argc > 3 ? argv[3] : "snp" };
	auto_manifest struct manifest m = { 0 };
	auto_images struct images images = { 0 };
	auto_plan const struct plan *plan = NULL;
	struct outcome o = { 0 };
	struct error err = { 0 };

	if (argc < 3)
		return 2;
	if (manifest_load(argv[1], &set, 1, &m, &err) < 0 || images_load(&m, &images, &err) < 0 ||
	    assemble(&m, &images, m.platform, &plan, &err) < 0 ||
	    !(victim = offer_named(plan, argv[2])) || flip_run(&m, plan, &o, &err) < 0) {
		fprintf(stderr, "flip: %s\n", err.text);
		return 2;
	}
	stage0_explain(&o);
	printf("%s [%s]\n", o.detail, outcome_name(o.kind));
	return o.kind == GUEST_TERMINATED ? 0 : 1;
}
