/* SPDX-License-Identifier: MIT */
/* tests/fake/host.c: a host that can launch SNP guests, until a test breaks it. */
#include "tests/fake/host.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"

enum { KVM_FD = 100, SEV_FD = 101, VHOST_FD = 102 };

static struct fake_host *the_host; /* for cpuid(), which has no argument for it */

static void fake_cpuid(uint32_t leaf, uint32_t sub, uint32_t reg[4])
{
	memset(reg, 0, 4 * sizeof(*reg));
	for (size_t i = 0; sub == 0 && i < the_host->n_leaves; i++)
		if (the_host->leaves[i].leaf == leaf)
			memcpy(reg, the_host->leaves[i].reg, 4 * sizeof(*reg));
}

uint32_t *fake_host_leaf(struct fake_host *f, uint32_t leaf)
{
	for (size_t i = 0; i < f->n_leaves; i++)
		if (f->leaves[i].leaf == leaf)
			return f->leaves[i].reg;
	assert(f->n_leaves < FAKE_HOST_LEAVES);
	f->leaves[f->n_leaves].leaf = leaf;
	return f->leaves[f->n_leaves++].reg;
}

static int complain(struct fake_host *f, const char *what, unsigned long which)
{
	if (!f->complaint[0])
		snprintf(f->complaint, sizeof(f->complaint), "%s 0x%lx", what, which);
	return -EINVAL;
}

static int fake_open(void *self, const char *path, int flags)
{
	struct fake_host *f = self;
	const struct {
		const char *path;
		int errnum, fd;
	} devices[] = { { "/dev/kvm", f->kvm_errno, KVM_FD },
		        { "/dev/sev", f->sev_errno, SEV_FD },
		        { "/dev/vhost-vsock", f->vhost_errno, VHOST_FD } };

	for (size_t i = 0; i < ARRAY_SIZE(devices) && flags & O_CLOEXEC; i++) {
		if (strcmp(path, devices[i].path) != 0)
			continue;
		if (devices[i].errnum)
			return -devices[i].errnum;
		f->open++;
		return devices[i].fd;
	}
	return complain(f, path, (unsigned long)flags);
}

static int fake_close(void *self, int fd)
{
	struct fake_host *f = self;

	if ((fd != KVM_FD && fd != SEV_FD && fd != VHOST_FD) || f->open == 0)
		return complain(f, "close", (unsigned long)fd);
	f->open--;
	return 0;
}

static int kvm_attribute(struct fake_host *f, const struct kvm_device_attr *a)
{
	if (a->group != KVM_X86_GRP_SEV || a->attr >= FAKE_HOST_ATTRIBUTES || a->flags)
		return complain(f, "attribute", (unsigned long)a->attr);
	if (f->attribute_errno[a->attr])
		return -f->attribute_errno[a->attr];
	*(uint64_t *)(uintptr_t)a->addr = f->attributes[a->attr];
	return 0;
}

static int kvm_ioctl(struct fake_host *f, unsigned long request, void *arg)
{
	if (request == KVM_GET_API_VERSION)
		return f->api_version;
	if (request == KVM_GET_DEVICE_ATTR)
		return kvm_attribute(f, arg);
	if (request != KVM_CHECK_EXTENSION)
		return complain(f, "/dev/kvm: ioctl", request);
	for (size_t i = 0; i < FAKE_HOST_CAPS; i++)
		if (f->caps[i].capability == (int)(uintptr_t)arg)
			return f->caps[i].value;
	return complain(f, "capability", (unsigned long)(uintptr_t)arg);
}

/* Like the kernel, also sets the status if it fails. */
static int sev_ioctl(struct fake_host *f, unsigned long request, struct sev_issue_cmd *cmd)
{
	uint32_t id = cmd->cmd;
	bool snp = id == SNP_PLATFORM_STATUS;
	int errnum = snp ? f->snp_status_errno : f->sev_status_errno;

	if (request != SEV_ISSUE_CMD || (!snp && id != SEV_PLATFORM_STATUS))
		return complain(f, "/dev/sev: command", id);
	f->sev_asked++;
	cmd->error = errnum ? f->sev_error : 0;
	if (errnum)
		return -errnum;
	memcpy((void *)(uintptr_t)cmd->data, snp ? (void *)&f->snp : (void *)&f->sev,
	       snp ? sizeof(f->snp) : sizeof(f->sev));
	return 0;
}

static int fake_ioctl(void *self, int fd, unsigned long request, void *arg)
{
	struct fake_host *f = self;

	if (fd == KVM_FD)
		return kvm_ioctl(f, request, arg);
	return fd == SEV_FD ? sev_ioctl(f, request, arg)
	                    : complain(f, "ioctl of descriptor", (unsigned long)fd);
}

void fake_host_cap(struct fake_host *f, int capability, int value)
{
	size_t i = 0;

	while (i < FAKE_HOST_CAPS && f->caps[i].capability != capability)
		i++;
	assert(i < FAKE_HOST_CAPS);
	f->caps[i].value = value;
}

void fake_host_bytes(struct fake_host *f, const char *path, const void *bytes, size_t size)
{
	char full[512];
	FILE *to;

	snprintf(full, sizeof(full), "%s%s", f->root, path);
	for (char *slash = full + strlen(f->root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	to = fopen(full, "we");
	if (!to || fwrite(bytes, 1, size, to) != size || fclose(to) != 0)
		abort();
}

void fake_host_text(struct fake_host *f, const char *path, const char *text)
{
	fake_host_bytes(f, path, text, strlen(text));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void fake_host_remove(struct fake_host *f, const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", f->root, path);
	if (nftw(full, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0)
		abort();
}

/* The files of a host that can launch SNP guests. */
static const struct {
	const char *path, *text;
} files[] = {
	{ "/proc/sys/kernel/osrelease", "6.12.107+deb12-amd64\n" },
	{ "/proc/cpuinfo",
	  "processor\t: 0\nvendor_id\t: AuthenticAMD\n"
	  "flags\t\t: fpu vme sme sev sev_es sev_snp debug_swap\nbugs\t\t: srso\n\n" },
	{ "/proc/self/cgroup", "0::/a/b\n" },
	{ "/sys/module/kvm_amd/parameters/npt", "Y\n" },
	{ "/sys/module/kvm_amd/parameters/nrips", "1\n" },
	{ "/sys/module/kvm_amd/parameters/lbrv", "1\n" },
	{ "/sys/module/kvm_amd/parameters/sev", "Y\n" },
	{ "/sys/module/kvm_amd/parameters/sev_es", "Y\n" },
	{ "/sys/module/kvm_amd/parameters/sev_snp", "Y\n" },
	{ "/sys/module/kvm/parameters/mmio_caching", "Y\n" },
	{ "/sys/fs/cgroup/misc.capacity", "sev 907\nsev_es 99\n" },
	{ "/sys/fs/cgroup/misc.current", "sev 0\nsev_es 4\n" },
	{ "/sys/fs/cgroup/a/misc.max", "sev max\nsev_es 10\n" },
	{ "/sys/fs/cgroup/a/misc.current", "sev 0\nsev_es 3\n" },
	{ "/sys/fs/cgroup/a/b/misc.max", "sev max\nsev_es max\n" },
	{ "/sys/fs/cgroup/a/b/misc.current", "sev 0\nsev_es 1\n" },
	{ "/dev/kmsg", "6,1,0,-;SEV-SNP: RMP table physical range [0x20000000 - 0x215fffff]\n"
	               "6,2,0,-;AMD-Vi: IOMMU SNP support enabled.\n"
	               "6,3,0,-;ccp 0000:00:02.0: SEV-SNP API:1.55 build:21\n SUBSYSTEM=pci\n"
	               "6,4,0,-;kvm_amd: SEV-SNP enabled (ASIDs 1 - 99)\n" },
};

/* An EPYC of family 19h: 99 ASIDs for SNP, the C-bit at 51. */
static void processor_make(struct fake_host *f)
{
	static const char name[48] = "  AMD EPYC 9354 32-Core Processor ";

	memcpy(fake_host_leaf(f, 0), (uint32_t[]){ 16, 0x68747541, 0x444d4163, 0x69746e65 }, 16);
	fake_host_leaf(f, 1)[0] = 0xa10f11;
	fake_host_leaf(f, 0x80000000)[0] = 0x80000028;
	fake_host_leaf(f, 0x80000001)[2] = 1 << 2;  /* SVM */
	fake_host_leaf(f, 0x80000001)[3] = 1 << 26; /* pdpe1gb */
	for (uint32_t i = 0; i < 3; i++)
		memcpy(fake_host_leaf(f, 0x80000002 + i), name + 16 * i, 16);
	memcpy(fake_host_leaf(f, 0x8000001f),
	       (uint32_t[]){ 0x1041a, 51 | 5 << 6 | 4 << 12, 1006, 100 }, 16);
}

struct fake_host *fake_host_new(void)
{
	static const int caps[FAKE_HOST_CAPS][2] = {
		{ KVM_CAP_VM_TYPES, 0x1d },       { KVM_CAP_USER_MEMORY2, 1 },
		{ KVM_CAP_GUEST_MEMFD, 1 },       { KVM_CAP_MEMORY_ATTRIBUTES, 8 },
		{ KVM_CAP_MEMORY_FAULT_INFO, 1 }, { KVM_CAP_EXIT_HYPERCALL, 1 << 12 },
	};
	struct fake_host *f = calloc(1, sizeof(*f));

	assert(f && !the_host);
	the_host = f;
	strcpy(f->root, "/tmp/fake_host.XXXXXX");
	if (!mkdtemp(f->root))
		abort();
	f->sys = (struct kvm_sys){
		.self = f, .open = fake_open, .ioctl = fake_ioctl, .close = fake_close
	};
	f->host = (struct host){ &f->sys, f->root, fake_cpuid };
	f->api_version = KVM_API_VERSION;
	for (size_t i = 0; i < FAKE_HOST_CAPS; i++) {
		f->caps[i].capability = caps[i][0];
		f->caps[i].value = caps[i][1];
	}
	f->attributes[KVM_X86_SEV_VMSA_FEATURES] = 0x20;
	f->attributes[KVM_X86_SNP_POLICY_BITS] = 0x1fbffff;
	f->attributes[KVM_X86_SEV_SNP_REQ_CERTS] = 1;
	f->sev = (struct sev_user_data_status){
		.api_major = 1, .api_minor = 55, .state = 1, .build = 21
	};
	f->snp = (struct snp_platform_status){ .api_major = 1,
		                               .api_minor = 55,
		                               .state = 1,
		                               .init = 3,
		                               .build_id = le32_of(21),
		                               .guest_count = le32_of(4) };
	processor_make(f);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		fake_host_text(f, files[i].path, files[i].text);
	return f;
}

void fake_host_free(struct fake_host *f)
{
	if (!f)
		return;
	nftw(f->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	the_host = NULL;
}
