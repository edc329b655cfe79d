/* SPDX-License-Identifier: MIT */
/* core/vm/platforms.c: the table of platforms, and the check of their requirements. */
#include "core/vm/platforms.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/vm/abi.h"
#include "core/vm/refusal.h"
#include "core/vm/sys.h"
#include "core/vm/vm.h"

static const struct platform *const platforms[] = { &platform_kvm, &platform_snp };

const struct platform *platform_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(platforms); i++)
		if (!strcmp(platforms[i]->name, name))
			return platforms[i];
	return NULL;
}

const struct platform *platform_measured(const struct platform *on)
{
	return on->measured ? on : &platform_snp;
}

const struct platform *platform_at(size_t i)
{
	return i < ARRAY_SIZE(platforms) ? platforms[i] : NULL;
}

unsigned platform_capability(const struct kvm_sys *sys, int kvm, int capability)
{
	int r = sys->ioctl(sys->self, kvm, KVM_CHECK_EXTENSION, (void *)(uintptr_t)capability);

	return r < 0 ? 0 : (unsigned)r;
}

bool platform_meets(const struct kvm_sys *sys, int kvm, const struct requirement *n)
{
	return (platform_capability(sys, kvm, n->capability) & n->bits) == n->bits;
}

int kvm_device_open(const struct kvm_sys *sys, struct error *err)
{
	int kvm = sys->open(sys->self, "/dev/kvm", O_RDWR | O_CLOEXEC), r;

	if (kvm < 0)
		return refusal_set(err, CALL_OPEN_KVM, -kvm);
	r = sys->ioctl(sys->self, kvm, KVM_GET_API_VERSION, NULL);
	if (r == KVM_API_VERSION)
		return kvm;
	sys->close(sys->self, kvm);
	if (r < 0)
		return refusal_set(err, CALL_API_VERSION, -r);
	error_set(err, ERROR_HOST_UNSUPPORTED, "/dev/kvm has API version %d, not %d", r,
	          KVM_API_VERSION);
	return error_fix(err,
	                 "see what /dev/kvm is: KVM's API has had this version since Linux 2.6.22");
}

int platform_host_open(const struct kvm_sys *sys, const struct platform *on, struct error *err)
{
	int kvm = kvm_device_open(sys, err);

	if (kvm < 0)
		return kvm;
	for (const struct requirement *n = on->requirements; n && n->what; n++) {
		if (platform_meets(sys, kvm, n))
			continue;
		sys->close(sys->self, kvm);
		error_set(err, ERROR_HOST_UNSUPPORTED, "this host cannot launch platform '%s': %s",
		          on->name, n->what);
		error_why(err, "%s", n->why);
		return error_fix(err, "%s", n->fix);
	}
	return kvm;
}
