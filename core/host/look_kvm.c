/* SPDX-License-Identifier: MIT */
/* core/host/look_kvm.c: checks of KVM: its device, capabilities and module parameters. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/host/looks.h"
#include "core/vm/abi.h"
#include "core/vm/platforms.h"
#include "core/vm/sys.h"
#include "core/vm/vm.h"
#include "core/vm/vsock.h"

/* Adds why there is no /dev/kvm, if the host shows it. */
static void kvm_explain(const struct doctor *d, int errnum, struct doctor_check *c)
{
	uint32_t vmx[4], svm[4];

	host_cpuid(d->host, 1, vmx);
	host_cpuid(d->host, 0x80000001, svm);
	if (errnum == EPERM)
		check_advise(c, "the device rules of a container or a service forbid it",
		             "pass /dev/kvm in (--device /dev/kvm, DeviceAllow=/dev/kvm rw)");
	if (errnum != ENOENT && errnum != ENXIO && errnum != ENODEV)
		return;
	if (host_has(d->host, "/sys/module/kvm_amd") || host_has(d->host, "/sys/module/kvm_intel"))
		check_advise(c,
		             "KVM is loaded, so this is a container without the device, or udev "
		             "doesn't run",
		             "pass /dev/kvm into the container (--device /dev/kvm)");
	else if (d->virtual_machine && !(vmx[2] >> 5 & 1) && !(svm[2] >> 2 & 1))
		check_advise(c, "this is a virtual machine, and its hypervisor doesn't nest others",
		             "enable nested virtualisation for this machine, or use another");
}

void look_kvm(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	const struct kvm_sys *sys = d->host->sys;
	struct error err = { 0 };
	unsigned types;

	(void)row;
	d->kvm = kvm_device_open(sys, &err);
	if (d->kvm < 0) {
		check_say(c, DOCTOR_MISSING, "%s", err.text);
		check_advise(c, err.why, err.fix);
		kvm_explain(d, -d->kvm, c);
		return;
	}
	check_say(c, DOCTOR_OK, "/dev/kvm opens, API version %d", KVM_API_VERSION);
	types = platform_capability(sys, d->kvm, KVM_CAP_VM_TYPES);
	d->snp_offered = types >> KVM_X86_SNP_VM & 1;
}

/* Only guests with a vsock need it. */
void look_vsock(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	const struct kvm_sys *sys = d->host->sys;
	struct error err = { 0 };
	int fd = vsock_device_open(sys, &err);

	(void)row;
	if (fd >= 0) {
		sys->close(sys->self, fd);
		check_say(c, DOCTOR_OK, "/dev/vhost-vsock opens: guests can have a vsock");
		return;
	}
	check_say(c, DOCTOR_NOTE, "%s: guests can't have a vsock", err.text);
	check_advise(c, err.why, err.fix);
}

/*
 * pdpe1gb, APM volume 3, E.4.3: KVM offers it to guests if the host has it. Under SNP, the page
 * tables for a directly booted kernel use 1 GiB pages, which all CPUs with SNP have; on platform
 * kvm they don't.
 */
void look_gib_pages(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	uint32_t reg[4];

	(void)row;
	host_cpuid(d->host, 0x80000001, reg);
	if (reg[3] >> 26 & 1) {
		check_say(c, DOCTOR_OK, "guests can have 1 GiB pages");
		return;
	}
	check_say(c, DOCTOR_NOTE,
	          "guests can't have 1 GiB pages: under SNP no kernel boots directly");
	check_advise(c,
	             "under SNP, the page tables for such a boot use them (pdpe1gb); on platform "
	             "kvm they don't",
	             "under SNP, boot kernels through a firmware, or use another host");
}

#define SEV_TYPES (1U << KVM_X86_SEV_VM | 1U << KVM_X86_SEV_ES_VM)

void look_requirement(struct doctor *d, const struct requirement *n, struct doctor_check *c)
{
	const struct kvm_sys *sys = d->host->sys;
	unsigned types;

	if (platform_meets(sys, d->kvm, n)) {
		check_say(c, DOCTOR_OK, "%s", n->has);
		return;
	}
	check_say(c, DOCTOR_MISSING, "%s", n->what);
	check_advise(c, n->why, n->fix);
	if (n->capability != KVM_CAP_VM_TYPES)
		return;
	types = platform_capability(sys, d->kvm, n->capability);
	if (types == 0)
		check_advise(c, "KVM doesn't report VM types, so the kernel is older than 6.8",
		             "boot Linux 6.11 or later");
	else if (types & SEV_TYPES)
		check_advise(c,
		             "SEV works on this host, but SEV-SNP doesn't, because of the BIOS's "
		             "SNP settings, the IOMMU, the SEV firmware, a kernel before 6.11 or "
		             "kvm_amd.sev_snp=0",
		             "see the other checks, especially 'log-rmp' to 'log-kvm'");
}

void look_module(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s", row->name);
	if (!host_has(d->host, "/sys/module"))
		check_say(c, DOCTOR_UNKNOWN, "there is no /sys/module");
	else if (host_has(d->host, path))
		check_say(c, DOCTOR_OK, "%s is loaded", row->name);
	else {
		check_say(c, DOCTOR_MISSING, "%s is not loaded", row->name);
		check_advise(c,
		             "it was never loaded, or refused: SVM is off in the BIOS, or there is "
		             "another hypervisor",
		             "modprobe kvm_amd, and read the kernel log if that fails");
	}
}

/*
 * arch/x86/kvm/svm/sev.c, sev_hardware_setup() needs them all. They show the values in effect, not
 * the requested ones.
 */
static const struct parameter {
	const char *name;
	bool needed; /* a kernel without it is too old, or was built without SEV */
	const char *why, *fix;
} parameters[] = {
	{ "kvm_amd.npt", false, "nested paging is off, and SEV needs it",
	  "load kvm_amd without npt=0" },
	{ "kvm_amd.nrips", false, "SEV needs the CPU's next-RIP support",
	  "load kvm_amd without nrips=0" },
	{ "kvm_amd.sev", true,
	  "SEV is switched off (sev=0), or kvm_amd could not set it up; if the SEV firmware "
	  "refuses SNP, SEV is off as well",
	  "load kvm_amd without sev=0; see 'log-firmware' and 'sev-firmware'" },
	{ "kvm_amd.lbrv", false, "SEV-ES and SNP need LBR virtualisation",
	  "load kvm_amd without lbrv=0" },
	{ "kvm.mmio_caching", false,
	  "SEV-ES and SNP need it; KVM switches it off if the CPU has no spare address bits",
	  "load kvm without mmio_caching=0" },
	{ "kvm_amd.sev_es", true,
	  "SEV-ES is switched off (sev_es=0), or kvm_amd could not set it up",
	  "load kvm_amd without sev_es=0; see 'asids', 'kvm_amd.lbrv' and 'kvm.mmio_caching'" },
	{ "kvm_amd.sev_snp", true,
	  "SEV-SNP is switched off (sev_snp=0), or kvm_amd could not set it up",
	  "load kvm_amd without sev_snp=0; see 'cpu-flag' and 'log-rmp' to 'log-kvm'" },
};

static const struct parameter *parameter_named(const char *name)
{
	const struct parameter *p = parameters;

	while (strcmp(p->name, name) != 0)
		p++;
	return p;
}

void look_parameter(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	const struct parameter *p = parameter_named(row->name);
	int module = (int)strcspn(p->name, ".");
	char path[128], value[16];
	int r;

	snprintf(path, sizeof(path), "/sys/module/%.*s/parameters/%s", module, p->name,
	         p->name + module + 1);
	r = host_file(d->host, path, value, sizeof(value));
	value[strcspn(value, "\n")] = '\0';
	if (r == -ENOENT && p->needed && host_has(d->host, "/sys/module/kvm_amd/parameters")) {
		check_say(c, DOCTOR_MISSING, "this kernel has no parameter %s", p->name);
		check_advise(c, "it is older than 6.11, or built without CONFIG_KVM_AMD_SEV",
		             "boot Linux 6.11 or later with CONFIG_KVM_AMD_SEV=y");
	} else if (r < 0) {
		check_say(c, DOCTOR_UNKNOWN, "the kernel doesn't show %s: %s", p->name,
		          strerror(-r));
	} else if (!strcmp(value, "Y") || !strcmp(value, "1")) {
		check_say(c, DOCTOR_OK, "%s is %s", p->name, value);
	} else if (!strcmp(value, "N") || !strcmp(value, "0")) {
		check_say(c, DOCTOR_MISSING, "%s is %s", p->name, value);
		check_advise(c, p->why, p->fix);
	} else {
		check_say(c, DOCTOR_UNKNOWN, "%s is '%s', neither yes nor no", p->name, value);
	}
}

static const struct {
	const char *known;   /* the sentence before the value */
	const char *unknown; /* the sentence if KVM doesn't report it */
} attributes[] = {
	[KVM_X86_SEV_VMSA_FEATURES] = { "guests may have the features",
	                                "KVM doesn't say which features guests may have" },
	[KVM_X86_SNP_POLICY_BITS] = { "KVM and firmware accept the policy bits",
	                              "KVM doesn't say which policy bits it accepts (Linux 6.19 "
	                              "does); Linux 6.12 accepts 0x1bffff" },
	[KVM_X86_SEV_SNP_REQ_CERTS] = { "KVM can ask for certificates:",
	                                "KVM doesn't ask for certificates, so there is no "
	                                "snp.certs "
	                                "(Linux 7.0 has it)" },
};

void look_attribute(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	const struct kvm_sys *sys = d->host->sys;
	uint64_t value = 0;
	struct kvm_device_attr attribute = { .group = KVM_X86_GRP_SEV,
		                             .attr = row->which,
		                             .addr = (uintptr_t)&value };

	if (sys->ioctl(sys->self, d->kvm, KVM_GET_DEVICE_ATTR, &attribute) < 0)
		check_say(c, DOCTOR_NOTE, "%s", attributes[row->which].unknown);
	else
		check_say(c, DOCTOR_OK, "%s 0x%" PRIx64, attributes[row->which].known, value);
}
