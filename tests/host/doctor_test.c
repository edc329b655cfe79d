/* SPDX-License-Identifier: MIT */
/*
 * tests/host/doctor_test.c: each check in each of its states, on hosts that a good one was spoiled
 * into.
 */
#include "core/host/doctor.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/vm/platforms.h"
#include "core/vm/vm.h"
#include "tests/fake/host.h"

static struct doctor_report report;

static const struct doctor_check *check(const char *name)
{
	for (size_t i = 0; i < report.count; i++)
		if (!strcmp(report.checks[i].name, name))
			return &report.checks[i];
	cr_assert_fail("there is no check '%s'", name);
	return NULL;
}

static void look(struct fake_host *f)
{
	doctor_look(&f->host, &report);
	cr_expect_eq(f->open, 0u, "%u descriptors are left", f->open);
	cr_expect_str_empty(f->complaint, "%s", f->complaint);
}

/* Printable, and none of them cut short unseen. */
static void check_texts(const struct doctor_check *c)
{
	const char *texts[] = { c->finding, c->why, c->fix };
	size_t sizes[] = { sizeof(c->finding), sizeof(c->why), sizeof(c->fix) };

	cr_expect_str_not_empty(c->finding, "%s", c->name);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		cr_expect_lt(strlen(texts[i]), sizes[i] - 1, "%s: %s", c->name, texts[i]);
		for (const char *at = texts[i]; *at; at++)
			cr_expect(*at >= ' ' && *at <= '~', "%s: %s", c->name, texts[i]);
	}
	if (c->state == DOCTOR_MISSING)
		cr_expect(c->fix[0], "%s is missing, and nothing says what to do", c->name);
	cr_expect_eq(!!c->skipped_for, !strncmp(c->finding, "not looked at", 13), "%s", c->name);
}

Test(doctor, a_good_host_launches_everything)
{
	auto_fake_host struct fake_host *f = fake_host_new();
	char brief[64];

	look(f);
	cr_expect_gt(report.count, 30u);
	for (size_t i = 0; i < report.count; i++) {
		cr_expect_eq(report.checks[i].state, DOCTOR_OK, "%s: %s", report.checks[i].name,
		             report.checks[i].finding);
		cr_expect_str_empty(report.checks[i].fix);
		check_texts(&report.checks[i]);
	}
	cr_expect(doctor_can(&report, &platform_snp));
	cr_expect(doctor_can(&report, &platform_kvm));
	cr_expect_eq(doctor_brief(&report, &platform_snp, NULL, brief, sizeof(brief)), 0u);
	cr_expect_str_empty(brief);
	cr_expect_str_eq(report.host.firmware, "1.55.21");
}

Test(doctor, what_it_finds_has_the_values)
{
	auto_fake_host struct fake_host *f = fake_host_new();
	static const struct {
		const char *name, *finding;
	} rows[] = {
		{ "kernel", "Linux 6.12.107+deb12-amd64" },
		{ "cpu", "the CPU has SEV-SNP, C-bit 51, 4 VMPLs" },
		{ "asids", "99 ASIDs for SNP guests, of 1006" },
		{ "sev-firmware", "SEV firmware 1.55.21" },
		{ "snp-firmware", "SNP firmware 1.55.21 is up, with 4 guests" },
		{ "room", "room for 7 more SNP guests" },
		{ "guest-features", "guests may have the features 0x20" },
		{ "policy-bits", "KVM and firmware accept the policy bits 0x1fbffff" },
		{ "log-kvm", "the kernel log has: kvm_amd: SEV-SNP enabled (ASIDs 1 - 99)" },
	};

	look(f);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_str_eq(check(rows[i].name)->finding, rows[i].finding);
}

/* Ways to spoil a host. */

static void a_vm(struct fake_host *f)
{
	fake_host_leaf(f, 1)[2] |= 1U << 31;
	memcpy(fake_host_leaf(f, 0x40000000),
	       (uint32_t[]){ 0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d }, 16);
}
static void no_gib_pages(struct fake_host *f)
{
	fake_host_leaf(f, 0x80000001)[3] = 0;
}
static void a_vm_without_snp(struct fake_host *f)
{
	a_vm(f);
	fake_host_cap(f, KVM_CAP_VM_TYPES, 1);
}
static void kvm_enoent(struct fake_host *f)
{
	f->kvm_errno = ENOENT;
	fake_host_remove(f, "/sys/module/kvm_amd");
}
static void kvm_in_container(struct fake_host *f)
{
	f->kvm_errno = ENOENT;
}
static void kvm_not_nested(struct fake_host *f)
{
	kvm_enoent(f);
	a_vm(f);
	fake_host_leaf(f, 0x80000001)[2] = 0;
}
static void kvm_nested_not_loaded(struct fake_host *f)
{
	kvm_enoent(f);
	a_vm(f);
}
static void kvm_eacces(struct fake_host *f)
{
	f->kvm_errno = EACCES;
}
static void kvm_eperm(struct fake_host *f)
{
	f->kvm_errno = EPERM;
}
static void kvm_version(struct fake_host *f)
{
	f->api_version = 11;
}
static void kernel_old(struct fake_host *f)
{
	fake_host_text(f, "/proc/sys/kernel/osrelease", "6.10.3\n");
	fake_host_cap(f, KVM_CAP_VM_TYPES, 0xd);
}
static void kernel_old_and_kvm_closed(struct fake_host *f)
{
	kernel_old(f);
	f->kvm_errno = EACCES;
}
static void kernel_backported(struct fake_host *f)
{
	fake_host_text(f, "/proc/sys/kernel/osrelease", "5.14.0-570.el9\n");
}
static void kernel_odd(struct fake_host *f)
{
	fake_host_text(f, "/proc/sys/kernel/osrelease", "linux\n");
}
static void kernel_absent(struct fake_host *f)
{
	fake_host_remove(f, "/proc/sys");
}
static void cpu_intel(struct fake_host *f)
{
	memcpy(fake_host_leaf(f, 0), (uint32_t[]){ 16, 0x756e6547, 0x6c65746e, 0x49656e69 }, 16);
	fake_host_leaf(f, 0x80000000)[0] = 0x80000008;
	fake_host_cap(f, KVM_CAP_VM_TYPES, 1);
}
static void cpu_rome(struct fake_host *f)
{
	fake_host_leaf(f, 0x8000001f)[0] = 0xa;
}
static void cpu_hidden(struct fake_host *f)
{
	cpu_rome(f);
	a_vm(f);
}
static void asids_none(struct fake_host *f)
{
	fake_host_leaf(f, 0x8000001f)[3] = 1;
}
static void asids_zero(struct fake_host *f)
{
	fake_host_leaf(f, 0x8000001f)[2] = 0;
}
static void asids_hidden(struct fake_host *f)
{
	fake_host_text(f, "/sys/module/kvm_amd/parameters/ciphertext_hiding_asids", "10\n");
}
static void asids_not_hidden(struct fake_host *f)
{
	fake_host_text(f, "/sys/module/kvm_amd/parameters/ciphertext_hiding_asids", "0\n");
}
static void tcb_old(struct fake_host *f)
{
	f->snp.current_tcb = le64_of(0x5418000000000004);
	f->snp.reported_tcb = le64_of(0x5316000000000003);
}
static void tcb_turin(struct fake_host *f)
{
	fake_host_leaf(f, 1)[0] = 0xb00f21;
	f->snp.current_tcb = f->snp.reported_tcb = le64_of(0x5400000003020104);
}
static void alias_unchecked(struct fake_host *f)
{
	f->snp.init = 1;
}
static void masked_id(struct fake_host *f)
{
	f->snp.flags = le32_of(1);
}
static void masked_both(struct fake_host *f)
{
	f->snp.flags = le32_of(3);
}
static void vlek_loaded(struct fake_host *f)
{
	f->snp.flags = le32_of(4);
}
static void iommu_off(struct fake_host *f)
{
	fake_host_cap(f, KVM_CAP_VM_TYPES, 0xd);
	fake_host_text(f, "/dev/kmsg", "");
	fake_host_text(f, "/proc/cmdline", "root=/dev/sda1 amd_iommu=off quiet\n");
}
static void iommu_not_off(struct fake_host *f)
{
	iommu_off(f);
	fake_host_text(f, "/proc/cmdline", "x_amd_iommu=off amd_iommu=off_x\n");
}
static void flag_gone(struct fake_host *f)
{
	fake_host_text(f, "/proc/cpuinfo",
	               "x\nflags\t\t: sev sev_es sev_snpx xsev_snp\nbugs : sev_snp\n");
}
static void flag_unknown(struct fake_host *f)
{
	fake_host_text(f, "/proc/cpuinfo", "model : sev_snp\n");
}
static void flag_huge(struct fake_host *f)
{
	static char text[100000];

	memset(text, 0xff, sizeof(text));
	memcpy(text, "\nflags", 6);
	fake_host_bytes(f, "/proc/cpuinfo", text, sizeof(text));
}
static void types_unknown(struct fake_host *f)
{
	fake_host_cap(f, KVM_CAP_VM_TYPES, 0);
}
static void types_refused(struct fake_host *f)
{
	fake_host_cap(f, KVM_CAP_VM_TYPES, -EINVAL);
}
static void types_plain(struct fake_host *f)
{
	fake_host_cap(f, KVM_CAP_VM_TYPES, 3);
}
static void types_sev(struct fake_host *f)
{
	fake_host_cap(f, KVM_CAP_VM_TYPES, 0xd);
}
static void no_slots(struct fake_host *f)
{
	fake_host_cap(f, KVM_CAP_USER_MEMORY2, 0);
}
static void no_memfd(struct fake_host *f)
{
	fake_host_cap(f, KVM_CAP_GUEST_MEMFD, 0);
}
static void no_private(struct fake_host *f)
{
	fake_host_cap(f, KVM_CAP_MEMORY_ATTRIBUTES, 0);
}
static void no_faults(struct fake_host *f)
{
	fake_host_cap(f, KVM_CAP_MEMORY_FAULT_INFO, 0);
}
static void no_states(struct fake_host *f)
{
	fake_host_cap(f, KVM_CAP_EXIT_HYPERCALL, 1);
}
static void module_absent(struct fake_host *f)
{
	fake_host_remove(f, "/sys/module/kvm_amd");
}
static void sys_absent(struct fake_host *f)
{
	fake_host_remove(f, "/sys");
}
static void npt_off(struct fake_host *f)
{
	fake_host_text(f, "/sys/module/kvm_amd/parameters/npt", "N\n");
}
static void nrips_off(struct fake_host *f)
{
	fake_host_text(f, "/sys/module/kvm_amd/parameters/nrips", "0\n");
}
static void lbrv_off(struct fake_host *f)
{
	fake_host_text(f, "/sys/module/kvm_amd/parameters/lbrv", "0\n");
}
static void lbrv_absent(struct fake_host *f)
{
	fake_host_remove(f, "/sys/module/kvm_amd/parameters/lbrv");
}
static void mmio_off(struct fake_host *f)
{
	fake_host_text(f, "/sys/module/kvm/parameters/mmio_caching", "N\n");
}
static void sev_off(struct fake_host *f)
{
	fake_host_text(f, "/sys/module/kvm_amd/parameters/sev", "N\n");
}
static void sev_es_off(struct fake_host *f)
{
	fake_host_text(f, "/sys/module/kvm_amd/parameters/sev_es", "N\n");
}
static void sev_snp_off(struct fake_host *f)
{
	fake_host_text(f, "/sys/module/kvm_amd/parameters/sev_snp", "N\n");
}
static void sev_snp_absent(struct fake_host *f)
{
	fake_host_remove(f, "/sys/module/kvm_amd/parameters/sev_snp");
}
static void sev_snp_odd(struct fake_host *f)
{
	fake_host_bytes(f, "/sys/module/kvm_amd/parameters/sev_snp", "\0\x1b[31mYYYYYYYYYYYYYYYYYY",
	                24);
}
static void sev_snp_folder(struct fake_host *f)
{
	sev_snp_absent(f);
	fake_host_text(f, "/sys/module/kvm_amd/parameters/sev_snp/x", "Y\n");
}
static void device_enoent(struct fake_host *f)
{
	f->sev_errno = ENOENT;
}
static void device_eacces(struct fake_host *f)
{
	f->sev_errno = EACCES;
}
static void device_eperm(struct fake_host *f)
{
	f->sev_errno = EPERM;
}
static void firmware_old(struct fake_host *f)
{
	f->sev.api_minor = 50;
}
static void firmware_older(struct fake_host *f)
{
	f->sev.api_major = 0;
	f->sev.api_minor = 99;
}
static void firmware_lowest(struct fake_host *f)
{
	f->sev.api_minor = 51;
}
static void firmware_next(struct fake_host *f)
{
	f->sev.api_major = 2;
	f->sev.api_minor = 0;
}
static void firmware_dead(struct fake_host *f)
{
	f->sev_status_errno = EBUSY;
	f->sev_error = 0xffffffff;
}
static void firmware_absent(struct fake_host *f)
{
	f->sev_status_errno = ENODEV;
}
static void firmware_refuses(struct fake_host *f)
{
	f->sev_status_errno = EIO;
	f->sev_error = 0x1a;
}
static void snp_uninit(struct fake_host *f)
{
	f->snp.state = 0;
}
static void snp_without_rmp(struct fake_host *f)
{
	f->snp.init = 0xfe; /* but for bit 0 */
}
static void snp_refuses(struct fake_host *f)
{
	f->snp_status_errno = EIO;
	f->sev_error = 0x01;
}
static void snp_one_guest(struct fake_host *f)
{
	f->snp.guest_count = le32_of(1);
}
static void room_full(struct fake_host *f)
{
	fake_host_text(f, "/sys/fs/cgroup/misc.current", "sev 0\nsev_es 99\n");
}
static void room_full_above(struct fake_host *f)
{
	fake_host_text(f, "/sys/fs/cgroup/a/misc.current", "sev_es 10\n");
}
static void room_full_here(struct fake_host *f)
{
	fake_host_text(f, "/sys/fs/cgroup/a/b/misc.max", "sev_es 1\n");
}
static void room_one(struct fake_host *f)
{
	fake_host_text(f, "/sys/fs/cgroup/misc.current", "sev_es 98\n");
}
static void room_unlimited_in_container(struct fake_host *f)
{
	fake_host_remove(f, "/sys/fs/cgroup");
	fake_host_text(f, "/proc/self/cgroup", "0::/\n");
	fake_host_text(f, "/sys/fs/cgroup/misc.max", "sev_es max\n");
	fake_host_text(f, "/sys/fs/cgroup/misc.current", "sev_es 3\n");
}
static void room_limited_in_container(struct fake_host *f)
{
	room_unlimited_in_container(f);
	fake_host_text(f, "/sys/fs/cgroup/misc.max", "sev_es 5\n");
}
static void room_version_1(struct fake_host *f)
{
	fake_host_remove(f, "/sys/fs/cgroup");
	fake_host_text(f, "/proc/self/cgroup", "4:memory:/x\n0::/a\n");
}
static void room_outside(struct fake_host *f)
{
	fake_host_remove(f, "/sys/fs/cgroup/misc.capacity");
	fake_host_text(f, "/proc/self/cgroup", "0::/../a\n");
	fake_host_text(f, "/sys/fs/a/misc.max", "sev_es 1\n");
	fake_host_text(f, "/sys/fs/a/misc.current", "sev_es 1\n");
}
static void room_odd(struct fake_host *f)
{
	fake_host_text(f, "/sys/fs/cgroup/misc.capacity", "sev_es 99x\nsev_es 5\n");
	fake_host_bytes(f, "/proc/self/cgroup", "0::/a\0/b", 8);
}
static void vhost_absent(struct fake_host *f)
{
	f->vhost_errno = ENOENT;
}

static void attributes_absent(struct fake_host *f)
{
	for (size_t i = 0; i < FAKE_HOST_ATTRIBUTES; i++)
		f->attribute_errno[i] = ENXIO;
}
static void log_absent(struct fake_host *f)
{
	fake_host_remove(f, "/dev/kmsg");
}
static void log_empty(struct fake_host *f)
{
	fake_host_text(f, "/dev/kmsg", "");
}

static const struct {
	void (*spoil)(struct fake_host *f);
	const char *name;
	enum doctor_state state;
	bool launches; /* SNP guests all the same */
	const char *finding, *why, *fix;
} rows[] = {
	{ a_vm, "machine", DOCTOR_NOTE, true, "virtual machine (KVMKVMKVM", "", "" },
	{ a_vm_without_snp, "machine", DOCTOR_MISSING, false, "virtual machine", "bare metal",
	  "bare-metal host" },
	{ no_gib_pages, "gib-pages", DOCTOR_NOTE, true, "no kernel boots directly", "pdpe1gb",
	  "firmware" },
	{ kvm_enoent, "kvm", DOCTOR_MISSING, false, "/dev/kvm: No such file", "not loaded",
	  "modprobe kvm_amd" },
	{ kvm_in_container, "kvm", DOCTOR_MISSING, false, "No such file", "container", "--device" },
	{ kvm_not_nested, "kvm", DOCTOR_MISSING, false, "No such file", "doesn't nest",
	  "nested virtualisation" },
	{ kvm_nested_not_loaded, "kvm", DOCTOR_MISSING, false, "No such file", "not loaded",
	  "modprobe kvm_amd" },
	{ kvm_eacces, "kvm", DOCTOR_MISSING, false, "Permission denied", "",
	  "--device|group 'kvm'" }, /* for root, for others */
	{ kvm_eperm, "kvm", DOCTOR_MISSING, false, "not permitted", "container", "DeviceAllow" },
	{ kvm_version, "kvm", DOCTOR_MISSING, false, "API version 11, not 12", "", "" },
	{ kernel_old, "kernel", DOCTOR_MISSING, false, "6.10.3 is too old", "6.11", "6.11" },
	{ kernel_old_and_kvm_closed, "kernel", DOCTOR_NOTE, false, "too old", "6.11", "6.11" },
	{ kernel_backported, "kernel", DOCTOR_OK, true, "5.14.0-570.el9", "", "" },
	{ kernel_odd, "kernel", DOCTOR_UNKNOWN, true, "version is unknown", "", "" },
	{ kernel_absent, "kernel", DOCTOR_UNKNOWN, true, "version is unknown", "", "" },
	{ cpu_intel, "cpu", DOCTOR_MISSING, false, "(GenuineIntel)", "EPYC", "7003" },
	{ cpu_rome, "cpu", DOCTOR_MISSING, false, "(AuthenticAMD)", "Milan", "7003" },
	{ cpu_hidden, "cpu", DOCTOR_MISSING, false, "no SEV-SNP", "hides", "7003" },
	{ asids_none, "asids", DOCTOR_MISSING, false, "no ASIDs", "BIOS", "ASID space limit" },
	{ asids_zero, "asids", DOCTOR_MISSING, false, "no ASIDs", "BIOS", "ASID space limit" },
	{ asids_hidden, "asids", DOCTOR_OK, true, "10 ASIDs for SNP guests, as kvm_amd.ciphertext",
	  "", "" },
	{ asids_not_hidden, "asids", DOCTOR_OK, true, "99 ASIDs for SNP guests, of 1006", "", "" },
	{ tcb_old, "tcb", DOCTOR_NOTE, true,
	  "TCB boot loader 4, TEE 0, SNP 24, microcode 84; reported: boot loader 3, TEE 0, SNP 22",
	  "SNP_CONFIG", "reset" },
	{ tcb_turin, "tcb", DOCTOR_OK, true, "FMC 4, boot loader 1, TEE 2, SNP 3, microcode 84", "",
	  "" },
	{ alias_unchecked, "alias-check", DOCTOR_NOTE, true, "no aliases", "1.55.22", "update" },
	{ masked_id, "report-masks", DOCTOR_NOTE, true, "don't name the chip (MASK_CHIP_ID)",
	  "SNP_CONFIG", "config" },
	{ masked_both, "report-masks", DOCTOR_NOTE, true, "and aren't signed", "", "" },
	{ vlek_loaded, "report-masks", DOCTOR_OK, true, "there is a VLEK", "", "" },
	{ iommu_off, "log-iommu", DOCTOR_MISSING, false, "booted with amd_iommu=off", "behind",
	  "without amd_iommu=off" },
	{ iommu_not_off, "log-iommu", DOCTOR_UNKNOWN, false, "nothing about SNP in the IOMMU", "",
	  "" },
	{ flag_gone, "cpu-flag", DOCTOR_MISSING, false, "no flag sev_snp", "RMP", "SMEE" },
	{ flag_unknown, "cpu-flag", DOCTOR_UNKNOWN, true, "doesn't show", "", "" },
	{ flag_huge, "cpu-flag", DOCTOR_UNKNOWN, true, "doesn't show", "", "" },
	{ types_unknown, "vm-type", DOCTOR_MISSING, false, "type 4", "older than 6.8", "6.11" },
	{ types_refused, "vm-type", DOCTOR_MISSING, false, "type 4", "older than 6.8", "6.11" },
	{ types_plain, "vm-type", DOCTOR_MISSING, false, "type 4", "don't offer SNP", "BIOS" },
	{ types_sev, "vm-type", DOCTOR_MISSING, false, "type 4", "SEV works", "log-rmp" },
	{ no_slots, "memory-slots", DOCTOR_MISSING, false, "no memory slots", "6.8", "6.11" },
	{ no_memfd, "guest-memfd", DOCTOR_MISSING, false, "no guest_memfd", "built", "6.11" },
	{ no_private, "private-memory", DOCTOR_MISSING, false, "no private memory attribute", "6.8",
	  "6.11" },
	{ no_faults, "memory-faults", DOCTOR_MISSING, false, "memory faults", "6.8", "6.11" },
	{ no_states, "page-states", DOCTOR_MISSING, false, "page-state changes", "old", "6.11" },
	{ module_absent, "kvm_amd", DOCTOR_MISSING, false, "not loaded", "refused", "modprobe" },
	{ sys_absent, "kvm_amd", DOCTOR_UNKNOWN, true, "/sys", "", "" },
	{ sys_absent, "kvm_amd.npt", DOCTOR_UNKNOWN, true, "doesn't show kvm_amd.npt", "", "" },
	{ npt_off, "kvm_amd.npt", DOCTOR_MISSING, false, "npt is N", "nested paging", "npt=0" },
	{ nrips_off, "kvm_amd.nrips", DOCTOR_MISSING, false, "nrips is 0", "RIP", "nrips=0" },
	{ lbrv_off, "kvm_amd.lbrv", DOCTOR_MISSING, false, "lbrv is 0", "LBR", "lbrv=0" },
	{ lbrv_absent, "kvm_amd.lbrv", DOCTOR_UNKNOWN, true, "doesn't show", "", "" },
	{ mmio_off, "kvm.mmio_caching", DOCTOR_MISSING, false, "mmio_caching is N", "address bits",
	  "mmio_caching=0" },
	{ sev_off, "kvm_amd.sev", DOCTOR_MISSING, false, "sev is N", "sev=0", "log-firmware" },
	{ sev_es_off, "kvm_amd.sev_es", DOCTOR_MISSING, false, "sev_es is N", "sev_es=0", "asids" },
	{ sev_snp_off, "kvm_amd.sev_snp", DOCTOR_MISSING, false, "sev_snp is N", "sev_snp=0",
	  "log-rmp" },
	{ sev_snp_absent, "kvm_amd.sev_snp", DOCTOR_MISSING, false, "no parameter", "6.11",
	  "CONFIG_KVM_AMD_SEV" },
	{ sev_snp_odd, "kvm_amd.sev_snp", DOCTOR_UNKNOWN, true, "is '??[31mYYYYYYYY", "", "" },
	{ sev_snp_folder, "kvm_amd.sev_snp", DOCTOR_UNKNOWN, true, "Invalid argument", "", "" },
	{ device_enoent, "sev-device", DOCTOR_MISSING, false, "/dev/sev: No such", "ccp", "ccp" },
	{ device_eacces, "sev-device", DOCTOR_MISSING, false, "Permission denied", "",
	  "--device|udev" },
	{ device_eperm, "sev-device", DOCTOR_MISSING, false, "not permitted", "container",
	  "DeviceAllow=/dev/sev" },
	{ firmware_old, "sev-firmware", DOCTOR_MISSING, false, "1.50.21", "before 1.51", "BIOS" },
	{ firmware_older, "sev-firmware", DOCTOR_MISSING, false, "0.99.21", "before 1.51", "BIOS" },
	{ firmware_lowest, "sev-firmware", DOCTOR_NOTE, true, "1.51.21", "before 1.55", "BIOS" },
	{ firmware_next, "sev-firmware", DOCTOR_OK, true, "2.0.21", "", "" },
	{ firmware_dead, "sev-firmware", DOCTOR_MISSING, false, "busy", "stopped answering",
	  "reboot" },
	{ firmware_absent, "sev-firmware", DOCTOR_MISSING, false, "No such device",
	  "no SEV firmware", "kernel log" },
	{ firmware_refuses, "sev-firmware", DOCTOR_MISSING, false,
	  "the SEV firmware says INVALID_PAGE_STATE (0x1a)", "state", "log-firmware" },
	{ snp_uninit, "snp-firmware", DOCTOR_MISSING, false, "not initialised", "kvm_amd",
	  "modprobe kvm_amd" },
	{ snp_without_rmp, "snp-firmware", DOCTOR_MISSING, false, "it has no RMP", "kvm_amd",
	  "log-rmp" },
	{ snp_refuses, "snp-firmware", DOCTOR_MISSING, false,
	  "SNP_PLATFORM_STATUS: the SEV firmware says INVALID_PLATFORM_STATE", "SNP",
	  "log-firmware" },
	{ snp_one_guest, "snp-firmware", DOCTOR_OK, true, "with 1 guest", "", "" },
	{ room_full, "room", DOCTOR_MISSING, false, "99 of 99 are in use", "ASIDs", "BIOS" },
	{ room_full_above, "room", DOCTOR_MISSING, false, "10 of 10", "misc.max", "misc.max" },
	{ room_full_here, "room", DOCTOR_MISSING, false, "1 of 1", "misc.max", "misc.max" },
	{ room_one, "room", DOCTOR_OK, true, "room for 1 more SNP guest", "", "" },
	{ room_unlimited_in_container, "room", DOCTOR_UNKNOWN, true, "no control group", "", "" },
	{ room_limited_in_container, "room", DOCTOR_OK, true, "room for 2 more", "", "" },
	{ room_version_1, "room", DOCTOR_UNKNOWN, true, "no control group", "", "" },
	{ room_outside, "room", DOCTOR_UNKNOWN, true, "no control group", "", "" },
	{ room_odd, "room", DOCTOR_UNKNOWN, true, "no control group", "", "" },
	{ attributes_absent, "guest-features", DOCTOR_NOTE, true, "doesn't say", "", "" },
	{ attributes_absent, "policy-bits", DOCTOR_NOTE, true, "0x1bffff", "", "" },
	{ attributes_absent, "certificates", DOCTOR_NOTE, true, "7.0", "", "" },
	{ vhost_absent, "vsock", DOCTOR_NOTE, true, "/dev/vhost-vsock", "vhost_vsock",
	  "modprobe vhost_vsock" },
	{ log_absent, "log-rmp", DOCTOR_UNKNOWN, true, "can't be read: No such file", "", "" },
	{ log_absent, "log-guests", DOCTOR_UNKNOWN, true, "can't be read", "", "" },
	{ log_empty, "log-rmp", DOCTOR_UNKNOWN, true, "nothing about the RMP", "", "" },
	{ log_empty, "log-guests", DOCTOR_OK, true, "no complaint", "", "" },
};

Test(doctor, each_check_in_each_of_its_states)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_fake_host struct fake_host *f = fake_host_new();
		const struct doctor_check *c;
		char fix[64], *bar;

		rows[i].spoil(f);
		look(f);
		c = check(rows[i].name);
		cr_expect_eq(c->state, rows[i].state, "row %zu, %s: %s: %s", i, c->name,
		             doctor_state_name(c->state), c->finding);
		cr_expect_not_null(strstr(c->finding, rows[i].finding), "row %zu: %s", i,
		                   c->finding);
		cr_expect_not_null(strstr(c->why, rows[i].why), "row %zu: %s", i, c->why);
		snprintf(fix, sizeof(fix), "%s", rows[i].fix);
		bar = strchr(fix, '|');
		if (bar)
			*bar = '\0';
		cr_expect_not_null(strstr(c->fix, bar && geteuid() != 0 ? bar + 1 : fix),
		                   "row %zu: %s", i, c->fix);
		cr_expect_eq(doctor_can(&report, &platform_snp), rows[i].launches, "row %zu", i);
		cr_expect_eq(doctor_can(&report, &platform_kvm),
		             check("kvm")->state != DOCTOR_MISSING, "row %zu", i);
		for (size_t n = 0; n < report.count; n++)
			check_texts(&report.checks[n]);
	}
}

/* Messages of the kernel on a host that doesn't get SNP up, and on one that does. */
static const struct {
	const char *line, *name;
	enum doctor_state state; /* where SNP doesn't work */
	const char *why, *fix;
} messages[] = {
	{ "SEV-SNP: RMP table physical range [0x1 - 0x2]", "log-rmp", DOCTOR_OK, "", "" },
	{ "SEV-SNP: Segmented RMP base table physical range [0x1 - 0x2]", "log-rmp", DOCTOR_OK, "",
	  "" },
	{ "SEV-SNP: Memory for the RMP table has not been reserved by BIOS", "log-rmp",
	  DOCTOR_MISSING, "BIOS reserves no memory", "SMEE" },
	{ "SEV-SNP: Memory reserved for the RMP table does not cover full system RAM (expected 0x2 "
	  "got 0x1)",
	  "log-rmp", DOCTOR_MISSING, "too small", "coverage" },
	{ "SEV-SNP: RMP configuration not valid: base=0x2, end=0x1", "log-rmp", DOCTOR_MISSING,
	  "incorrectly", "update the BIOS" },
	{ "AMD-Vi: IOMMU SNP support enabled.", "log-iommu", DOCTOR_OK, "", "" },
	{ "AMD-Vi: SNP: IOMMU disabled or configured in passthrough mode, SNP cannot be supported.",
	  "log-iommu", DOCTOR_MISSING, "behind the IOMMU", "iommu=pt" },
	{ "AMD-Vi: SNP: IOMMU disabled, SNP cannot be supported.", "log-iommu", DOCTOR_MISSING,
	  "behind the IOMMU", "amd_iommu=off" },
	{ "AMD-Vi: SNP: IOMMU configured in passthrough mode, SNP cannot be supported.",
	  "log-iommu", DOCTOR_MISSING, "translate", "iommu=pt" },
	{ "AMD-Vi: SNP: IOMMU is configured with V2 page table mode, SNP cannot be supported.",
	  "log-iommu", DOCTOR_MISSING, "version 1", "pgtbl_v2" },
	{ "AMD-Vi: SNP: IOMMU SNP feature not enabled, SNP cannot be supported.", "log-iommu",
	  DOCTOR_MISSING, "IOMMU", "BIOS" },
	{ "AMD-Vi: SNP: RMP initialization failed, SNP cannot be supported.", "log-iommu",
	  DOCTOR_MISSING, "an earlier line", "coverage" },
	{ "ccp 0000:02:00.5: SEV-SNP API:1.55 build:21", "log-firmware", DOCTOR_OK, "", "" },
	{ "ccp 0000:02:00.5: SEV: memory encryption not enabled by BIOS", "log-firmware",
	  DOCTOR_MISSING, "off in the BIOS", "SMEE" },
	{ "ccp 0000:02:00.5: SEV-SNP: failed to INIT rc -5, error 0x3", "log-firmware",
	  DOCTOR_MISSING, "INVALID_CONFIG", "SMT" },
	{ "ccp 0000:02:00.5: SEV-SNP: SNP_INIT_EX failed rc -5, error 0x26", "log-firmware",
	  DOCTOR_MISSING, "RMP_INITIALIZATION_FAILED", "coverage" },
	{ "ccp 0000:02:00.5: SEV: failed to INIT error 0xe, rc -5", "log-firmware", DOCTOR_MISSING,
	  "WBINVD_REQUIRED", "update" },
	{ "ccp 0000:02:00.5: SEV: INIT_EX failed 0xe, rc -5", "log-firmware", DOCTOR_MISSING,
	  "WBINVD_REQUIRED", "update" },
	{ "ccp 0000:02:00.5: SEV-SNP: failed to INIT rc -95, error 0x0", "log-firmware",
	  DOCTOR_MISSING, "could not initialise", "sev-firmware" },
	{ "ccp 0000:02:00.5: SEV-SNP: failed to INIT", "log-firmware", DOCTOR_MISSING,
	  "could not initialise", "sev-firmware" },
	{ "ccp 0000:02:00.5: sev command 0x81 timed out, disabling PSP", "log-firmware",
	  DOCTOR_MISSING, "stopped answering", "reboot" },
	{ "kvm_amd: SEV-SNP enabled (ASIDs 1 - 99)", "log-kvm", DOCTOR_OK, "", "" },
	{ "kvm_amd: SEV-SNP disabled (ASIDs 0 - 0)", "log-kvm", DOCTOR_MISSING, "without SNP",
	  "reload" },
	{ "kvm_amd: Failed to create SEV-SNP context, rc -5 fw_error 23", "log-guests", DOCTOR_NOTE,
	  "LAUNCH_START", "leftover" },
	{ "kvm_amd: kvm [7]: vcpu0, guest rIP: 0x0 vmgexit: GHCB GPA [0x1000] is not registered.",
	  "log-guests", DOCTOR_NOTE, "not registered", "knows SEV-SNP" },
	{ "kvm_amd: kvm [7]: vcpu0, guest rIP: 0x0 vmgexit: exit code 0x72 input is not valid",
	  "log-guests", DOCTOR_NOTE, "GHCB", "knows SEV-SNP" },
	{ "SEV-SNP: Leaking PFN range 0x1-0x2", "log-guests", DOCTOR_NOTE, "lost", "reboot" },
};

/* The message comes last in a log that begins with its opposites. */
static void log_add(struct fake_host *f, const char *line)
{
	char text[2048];

	snprintf(text, sizeof(text),
	         "6,1,0,-;SEV-SNP: RMP table physical range [\n6,2,0,-;SEV-SNP: failed to INIT\n"
	         "6,3,0,-;IOMMU SNP support enabled\n6,4,0,-;SEV-SNP disabled (ASIDs\n6,5,0,-;%s\n",
	         line);
	fake_host_text(f, "/dev/kmsg", text);
}

Test(doctor, each_message_of_the_kernel_has_its_meaning)
{
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		auto_fake_host struct fake_host *f = fake_host_new();
		const struct doctor_check *c;

		log_add(f, messages[i].line);
		snp_uninit(f);
		look(f);
		c = check(messages[i].name);
		cr_expect_eq(c->state, messages[i].state, "%s: %s", messages[i].line,
		             doctor_state_name(c->state));
		cr_expect_not_null(strstr(c->finding, messages[i].line), "%s", c->finding);
		cr_expect_not_null(strstr(c->why, messages[i].why), "%s: %s", messages[i].line,
		                   c->why);
		cr_expect_not_null(strstr(c->fix, messages[i].fix), "%s: %s", messages[i].line,
		                   c->fix);
		cr_expect_eq(c->state == DOCTOR_OK, !c->fix[0], "%s", messages[i].line);
		check_texts(c);
	}
}

Test(doctor, a_message_of_before_is_in_nobodys_way_where_snp_works)
{
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		auto_fake_host struct fake_host *f = fake_host_new();

		log_add(f, messages[i].line);
		look(f);
		cr_expect_eq(check(messages[i].name)->state,
		             messages[i].state == DOCTOR_OK ? DOCTOR_OK : DOCTOR_NOTE, "%s",
		             messages[i].line);
		cr_expect(doctor_can(&report, &platform_snp), "%s", messages[i].line);
	}
}

Test(doctor, a_long_line_of_the_log_is_cut)
{
	auto_fake_host struct fake_host *f = fake_host_new();
	char line[1500];

	memset(line, 'x', sizeof(line));
	memcpy(line, "SEV-SNP enabled (ASIDs ", 23);
	line[sizeof(line) - 1] = '\0';
	log_add(f, line);
	look(f);
	cr_expect_eq(check("log-kvm")->state, DOCTOR_OK);
	check_texts(check("log-kvm"));
}

/* One cause, one line that says what to do: what builds upon it isn't looked at. */
Test(doctor, what_builds_upon_something_missing_is_skipped)
{
	static const struct {
		void (*spoil)(struct fake_host *f);
		const char *name, *for_want_of;
	} skipped[] = {
		{ cpu_intel, "asids", "cpu" },
		{ cpu_intel, "room", "cpu" },
		{ cpu_intel, "kvm_amd.sev_snp", "cpu" },
		{ cpu_intel, "snp-firmware", "cpu" },
		{ cpu_intel, "log-guests", "cpu" },
		{ cpu_intel, "policy-bits", "vm-type" },
		{ types_plain, "private-memory", "vm-type" },
		{ kvm_eacces, "vm-type", "kvm" },
		{ kvm_eacces, "certificates", "kvm" },
		{ sev_off, "kvm_amd.sev_snp", "kvm_amd.sev" },
		{ device_eacces, "snp-firmware", "sev-device" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(skipped); i++) {
		auto_fake_host struct fake_host *f = fake_host_new();
		const struct doctor_check *c;

		skipped[i].spoil(f);
		look(f);
		c = check(skipped[i].name);
		cr_expect_eq(c->state, DOCTOR_UNKNOWN, "%s", c->name);
		cr_assert(c->skipped_for && !strcmp(c->skipped_for, skipped[i].for_want_of),
		          "%s: %s", c->name, c->finding);
		cr_expect_not_null(strstr(c->finding, skipped[i].for_want_of), "%s", c->finding);
		cr_expect_str_empty(c->fix);
	}
}

Test(doctor, the_firmware_is_not_asked_where_there_can_be_none)
{
	auto_fake_host struct fake_host *f = fake_host_new();

	cpu_intel(f);
	device_enoent(f);
	look(f);
	cr_expect_eq(f->sev_asked, 0u);
}

Test(doctor, the_brief_names_what_a_platform_lacks_and_keeps_to_its_room)
{
	auto_fake_host struct fake_host *f = fake_host_new();
	char text[512], small[8];

	cpu_intel(f);
	look(f);
	cr_expect_eq(doctor_brief(&report, &platform_snp, NULL, text, sizeof(text)), 2u);
	cr_expect_str_eq(text, "cpu: the CPU has no SEV-SNP (GenuineIntel); vm-type: KVM has no "
	                       "SEV-SNP VMs (type 4)");
	cr_expect_eq(doctor_brief(&report, &platform_snp, NULL, small, sizeof(small)), 2u);
	cr_expect_str_eq(small, "cpu: th");
	cr_expect_eq(doctor_brief(&report, &platform_kvm, NULL, text, sizeof(text)), 0u);
	cr_expect_str_empty(text);
	f->kvm_errno = EACCES;
	look(f);
	cr_expect_eq(doctor_brief(&report, &platform_kvm, NULL, text, sizeof(text)), 1u);
	cr_expect_str_eq(text, "kvm: cannot open /dev/kvm: Permission denied");
}

/* What a launch refuses by is among the checks, under the same words. */
static void check_need(const struct requirement *n)
{
	auto_fake_host struct fake_host *f = fake_host_new();

	look(f);
	cr_expect_str_eq(check(n->name)->finding, n->has);
	fake_host_cap(f, n->capability, 0);
	look(f);
	cr_expect_str_eq(check(n->name)->finding, n->what);
	cr_expect_eq(check(n->name)->state, DOCTOR_MISSING);
}

Test(doctor, has_every_need_of_every_platform)
{
	const struct platform *on;
	size_t found = 0;

	for (size_t i = 0; (on = platform_at(i)); i++)
		for (const struct requirement *n = on->requirements; n->what; n++, found++)
			check_need(n);
	cr_expect_geq(found, 6u);
}

Test(doctor, names_are_there_once)
{
	auto_fake_host struct fake_host *f = fake_host_new();

	look(f);
	for (size_t i = 0; i < report.count; i++)
		cr_expect_eq(check(report.checks[i].name), &report.checks[i], "%s",
		             report.checks[i].name);
	cr_expect_str_eq(doctor_needed_for(check("kvm")), "both");
	cr_expect_str_eq(doctor_needed_for(check("cpu")), "snp");
	cr_expect_str_eq(doctor_needed_for(&(struct doctor_check){ .needed_for = &platform_kvm }),
	                 "kvm");
}

/* Whatever this machine is, the checks end, and in words. */
Test(doctor, looks_at_this_host)
{
	doctor_look(&host_this, &report);
	cr_expect_gt(report.count, 30u);
	for (size_t i = 0; i < report.count; i++)
		check_texts(&report.checks[i]);
}
