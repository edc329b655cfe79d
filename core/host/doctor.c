/* SPDX-License-Identifier: MIT */
/* core/host/doctor.c: the table of checks, and running them. */
#include "core/host/doctor.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/host/looks.h"
#include "core/vm/abi.h"
#include "core/vm/platforms.h"
#include "core/vm/sys.h"
#include "core/vm/vm.h"

static const char *const states[] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_MISSING] = "missing",
	[DOCTOR_UNKNOWN] = "unknown",
	[DOCTOR_NOTE] = "note",
};
static_assert(ARRAY_SIZE(states) == DOCTOR_STATES, "a state without a name");

/*
 * Each check comes after those that it depends on, so the first missing one is to be fixed first.
 */
static const struct doctor_row rows[] = {
	{ "kvm", NULL, NULL, look_kvm, 0 },
	{ "machine", &platform_snp, NULL, look_machine, 0 },
	{ "kernel", &platform_snp, NULL, look_kernel, 0 },
	{ "cpu", &platform_snp, NULL, look_cpu, 0 },
	{ "asids", &platform_snp, "cpu", look_asids, 0 },
	{ "cpu-flag", &platform_snp, "cpu", look_cpu_flag, 0 },
	{ "gib-pages", &platform_snp, "cpu", look_gib_pages, 0 },
	{ "needs", NULL, "kvm", NULL, 0 },
	{ "vsock", NULL, NULL, look_vsock, 0 },
	{ "kvm_amd", &platform_snp, "cpu", look_module, 0 },
	{ "kvm_amd.npt", &platform_snp, "kvm_amd", look_parameter, 0 },
	{ "kvm_amd.nrips", &platform_snp, "kvm_amd", look_parameter, 0 },
	{ "kvm_amd.sev", &platform_snp, "kvm_amd", look_parameter, 0 },
	{ "kvm_amd.lbrv", &platform_snp, "kvm_amd", look_parameter, 0 },
	{ "kvm.mmio_caching", &platform_snp, "kvm_amd", look_parameter, 0 },
	{ "kvm_amd.sev_es", &platform_snp, "kvm_amd.sev", look_parameter, 0 },
	{ "kvm_amd.sev_snp", &platform_snp, "kvm_amd.sev_es", look_parameter, 0 },
	{ "sev-device", &platform_snp, "cpu", look_sev_device, 0 },
	{ "sev-firmware", &platform_snp, "sev-device", look_sev_firmware, 0 },
	{ "snp-firmware", &platform_snp, "sev-firmware", look_snp_firmware, 0 },
	{ "tcb", &platform_snp, "snp-firmware", look_tcb, 0 },
	{ "alias-check", &platform_snp, "snp-firmware", look_alias_check, 0 },
	{ "report-masks", &platform_snp, "snp-firmware", look_report_masks, 0 },
	{ "room", &platform_snp, "asids", look_free_asids, 0 },
	{ "guest-features", &platform_snp, "vm-type", look_attribute, KVM_X86_SEV_VMSA_FEATURES },
	{ "policy-bits", &platform_snp, "vm-type", look_attribute, KVM_X86_SNP_POLICY_BITS },
	{ "certificates", &platform_snp, "vm-type", look_attribute, KVM_X86_SEV_SNP_REQ_CERTS },
	{ "log-rmp", &platform_snp, "cpu", look_log, LOG_RMP },
	{ "log-iommu", &platform_snp, "cpu", look_log, LOG_IOMMU },
	{ "log-firmware", &platform_snp, "cpu", look_log, LOG_FIRMWARE },
	{ "log-kvm", &platform_snp, "cpu", look_log, LOG_KVM },
	{ "log-guests", &platform_snp, "cpu", look_log, LOG_GUESTS },
};

const char *doctor_state_name(enum doctor_state state)
{
	return states[state];
}

const char *doctor_needed_for(const struct doctor_check *c)
{
	return c->needed_for ? c->needed_for->name : "both";
}

static const struct doctor_check *check_named(const struct doctor_report *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->checks[i].name, name))
			return &r->checks[i];
	return NULL;
}

/* Adds the next check to the report; NULL: a check that it depends on is missing, so skip it. */
static struct doctor_check *check_begin(struct doctor_report *r, const char *name,
                                        const struct platform *needed_for, const char *after)
{
	const struct doctor_check *before = after ? check_named(r, after) : NULL;
	struct doctor_check *c;

	assert(r->count < DOCTOR_CHECKS);
	c = &r->checks[r->count++];
	*c = (struct doctor_check){ .name = name, .needed_for = needed_for };
	if (before)
		c->skipped_for =
			before->state == DOCTOR_MISSING ? before->name : before->skipped_for;
	if (!c->skipped_for)
		return c;
	check_say(c, DOCTOR_UNKNOWN, "not looked at, as '%s' is missing", c->skipped_for);
	return NULL;
}

/*
 * A check for each requirement of a launch. The first one is the VM type; without it, the others
 * are skipped.
 */
static void requirements_look(struct doctor *d, struct doctor_report *r, const char *after)
{
	const struct platform *on;

	for (size_t i = 0; (on = platform_at(i)); i++)
		for (const struct requirement *n = on->requirements; n->what; n++) {
			struct doctor_check *c =
				check_begin(r, n->name, on,
			                    n == on->requirements ? after : on->requirements->name);

			if (c)
				look_requirement(d, n, c);
		}
}

void doctor_look(const struct host *h, struct doctor_report *ret)
{
	struct doctor d = { .host = h, .facts = &ret->host, .kvm = -1, .sev = -1 };
	uint32_t leaf[4];

	ret->count = 0;
	host_facts_read(h, &ret->host);
	host_cpuid(h, 1, leaf);
	d.virtual_machine = leaf[2] >> 31;
	host_cpuid(h, 0x8000001f, d.sev_leaf);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct doctor_check *c;

		if (!rows[i].look) {
			requirements_look(&d, ret, rows[i].after);
			continue;
		}
		c = check_begin(ret, rows[i].name, rows[i].needed_for, rows[i].after);
		if (c)
			rows[i].look(&d, &rows[i], c);
	}
	if (d.sev >= 0)
		h->sys->close(h->sys->self, d.sev);
	if (d.kvm >= 0)
		h->sys->close(h->sys->self, d.kvm);
}

bool doctor_lacks(const struct doctor_check *c, const struct platform *on)
{
	return c->state == DOCTOR_MISSING && (!c->needed_for || c->needed_for == on);
}

bool doctor_can(const struct doctor_report *r, const struct platform *on)
{
	char ignored[1];

	return doctor_brief(r, on, NULL, ignored, sizeof(ignored)) == 0;
}

size_t doctor_brief(const struct doctor_report *r, const struct platform *on, const char *said,
                    char *text, size_t size)
{
	size_t n = 0, count = 0;

	text[0] = '\0';
	for (size_t i = 0; i < r->count; i++) {
		const struct doctor_check *c = &r->checks[i];

		if (!doctor_lacks(c, on) || (said && strstr(said, c->finding)))
			continue;
		if (n < size)
			n += (size_t)snprintf(text + n, size - n, "%s%s: %s", count ? "; " : "",
			                      c->name, c->finding);
		count++;
	}
	return count;
}
