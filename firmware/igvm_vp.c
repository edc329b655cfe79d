/* SPDX-License-Identifier: MIT */
/* firmware/igvm_vp.c: a VMSA of a file against the one that KVM would build. */
#include "firmware/igvm_vp.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/error.h"
#include "core/plan/page_field.h"
#include "core/plan/vcpu.h"
#include "core/snp/abi.h"
#include "core/snp/policy.h"
#include "core/snp/vmsa.h"
#include "core/snp/vmsa_fields.h"
#include "firmware/igvm.h"

uint64_t igvm_vp_features(const struct igvm_header *h)
{
	return le64_get(((const struct snp_vmsa *)(const void *)h->data)->sev_features);
}

/* Refuses a field that KVM builds otherwise. */
static int field_refused(const struct igvm_header *h, const char *name, unsigned at, uint64_t value,
                         uint64_t kvm, struct error *err)
{
	error_set(err, ERROR_UNSUPPORTED,
	          "the registers of vCPU %u have %s 0x%" PRIx64 " (VMSA offset 0x%x), and KVM has "
	          "0x%" PRIx64 " there",
	          h->vp, name, value, at, kvm);
	error_why(err, "KVM builds the VMSA from the registers that it lets a VMM set, so such "
	               "a VMSA can't be launched");
	return error_fix(err, "build the file for KVM; 'measure.profile: igvm' measures it as "
	                      "it is");
}

/* Refuses the first field in which the file's page differs from the one that KVM would build. */
static int page_compare(const struct igvm_header *h, const struct snp_vmsa *kvm, struct error *err)
{
	const uint8_t *have = h->data, *would = (const uint8_t *)kvm;

	for (const struct page_field *f = vmsa_fields; f->name; f++)
		if (memcmp(have + f->at, would + f->at, f->size) != 0)
			return field_refused(h, f->name, f->at, page_field_get(have, f),
			                     page_field_get(would, f), err);
	for (unsigned i = 0; i < sizeof(*kvm); i++)
		if (have[i] != would[i])
			return field_refused(h, "a reserved byte", i, have[i], would[i], err);
	return 0;
}

/* Whether each of the eight memory types exists (APM volume 2, 7.8.1). */
static bool pat_valid(uint64_t pat)
{
	for (unsigned i = 0; i < 64; i += 8)
		if (!((0xf3u >> (pat >> i & 7)) & 1) || (pat >> i & 0xf8))
			return false;
	return true;
}

int igvm_vp_state(const struct igvm_header *h, struct vcpu_state *ret, struct error *err)
{
	const struct snp_vmsa *page = (const void *)h->data;
	const char *name = NULL;
	struct snp_vmsa kvm;
	uint64_t value = 0;
	int r;

	snp_vcpu_of(page, ret);
	snp_vmsa_of(ret, le64_get(page->sev_features) | SNP_FEATURE_ACTIVE, VMSA_KVM, &kvm);
	r = page_compare(h, &kvm, err);
	if (r < 0)
		return r;
	/* KVM would accept these, or refuse them without a reason */
	if (ret->more.dr7 & ~(uint64_t)VCPU_RESET_DR7)
		name = "dr7", value = ret->more.dr7;
	else if (ret->more.dr6 >> 32)
		name = "dr6", value = ret->more.dr6;
	else if (!(ret->more.xcr0 & 1))
		name = "xcr0", value = ret->more.xcr0;
	else if (!pat_valid(ret->more.g_pat))
		name = "g_pat", value = ret->more.g_pat;
	else if (ret->more.mxcsr >> 16)
		name = "mxcsr", value = ret->more.mxcsr;
	if (!name)
		return 0;
	error_set(err, ERROR_UNSUPPORTED, "the registers of vCPU %u have %s 0x%" PRIx64, h->vp,
	          name, value);
	error_why(err, "KVM doesn't start a guest with this value");
	return error_fix(err, "build the file with another value");
}
