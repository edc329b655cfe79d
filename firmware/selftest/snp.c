/* SPDX-License-Identifier: MIT */
/* firmware/selftest/snp.c: the steps of the selftest as an SEV-SNP guest. */
#include "firmware/selftest/ghcb.h"
#include "firmware/selftest/guest.h"

#define MSR_SEV_STATUS  0xc0010131
#define SEV_STATUS_NEED 0x7 /* SEV, SEV-ES, SEV-SNP (APM volume 2, 15.34.10) */

#define LEAF_SEV_SNP  (1U << 4) /* EAX */
#define LEAF_SEV_CBIT 0x3fU     /* EBX */

/* SEV-SNP firmware ABI 8.17.2.5: the secrets page; only the fields that we use. */
struct secrets_page {
	uint32_t version;
	uint8_t other[0x1c];
	uint64_t vmpck0[4];
};
_Static_assert(offsetof(struct secrets_page, vmpck0) == 0x20, "secrets page VMPCK0");

/* If a page was validated already, the host has replaced another page by it. */
static const char *page_accept(volatile void *page)
{
	bool changed;

	if (pvalidate(page, false, true, &changed) != 0)
		return "PVALIDATE refused the page";
	return changed ? NULL : "the page was validated already";
}

static bool protocol(const struct guest *g)
{
	uint64_t info = ghcb_msr(GHCB_MSR_INFO_REQ);

	return (info & 0xfff) == GHCB_MSR_INFO && info >> 48 >= 2 && (info >> 32 & 0xffff) <= 2 &&
	       (info >> 24 & 0xff) == le32_get(g->params->c_bit);
}

static bool features(const struct guest *g)
{
	uint64_t answer = ghcb_msr(GHCB_MSR_FEAT_REQ);

	(void)g;
	return (answer & 0xfff) == GHCB_MSR_FEAT && answer >> 12 & 1;
}

/* It needs no PVALIDATE first, as the page was never validated. */
static bool ghcb_share(const struct guest *g)
{
	uint64_t answer = ghcb_msr(GHCB_MSR_PSC_REQ | SELFTEST_GHCB | GHCB_PSC_SHARED << 52);

	(void)g;
	if ((answer & 0xfff) != GHCB_MSR_PSC || answer >> 32 != 0)
		return false;
	ghcb_clear();
	return true;
}

static bool ghcb_register(const struct guest *g)
{
	(void)g;
	if (ghcb_msr(GHCB_MSR_REG_REQ | SELFTEST_GHCB) != (GHCB_MSR_REG | SELFTEST_GHCB))
		return false;
	ghcb_use();
	return true;
}

static const char *sev_status(const struct guest *g)
{
	(void)g;
	return (msr_read(MSR_SEV_STATUS) & SEV_STATUS_NEED) == SEV_STATUS_NEED
	               ? NULL
	               : "SEV_STATUS lacks one of SEV, SEV-ES, SEV-SNP";
}

static const char *cpuid_page(const struct guest *g)
{
	const volatile struct cpuid_page *p = private_at(SELFTEST_CPUID);
	uint32_t count = p->count;

	if (count == 0 || count > CPUID_MAX)
		return "CPUID page without 1 to 64 entries";
	for (uint32_t i = 0; i < count; i++) {
		const volatile struct cpuid_entry *e = &p->entries[i];

		if (e->eax_in != CPUID_LEAF_SEV)
			continue;
		if (!(e->eax & LEAF_SEV_SNP))
			return "CPUID page without SEV-SNP";
		return (e->ebx & LEAF_SEV_CBIT) == le32_get(g->params->c_bit)
		               ? NULL
		               : "CPUID page with another C-bit";
	}
	return "CPUID page without leaf 0x8000001f";
}

static const char *secrets_page(const struct guest *g)
{
	const volatile struct secrets_page *s = private_at(SELFTEST_SECRETS);
	uint64_t any = 0;

	(void)g;
	if (s->version < 2)
		return "secrets page of a version below 2";
	for (unsigned i = 0; i < 4; i++)
		any |= s->vmpck0[i];
	return any ? NULL : "secrets page without VMPCK0";
}

static const char *page_private(const struct guest *g)
{
	volatile void *page = private_at(SELFTEST_TEST);
	const char *why = page_accept(page);

	(void)g;
	if (why)
		return why;
	return page_holds(page, 1) ? NULL : "read back other than written";
}

static const char *page_share(const struct guest *g)
{
	bool changed;

	(void)g;
	if (pvalidate(private_at(SELFTEST_TEST), false, false, &changed) != 0 || !changed)
		return "PVALIDATE did not rescind the page";
	if (!ghcb_psc(SELFTEST_TEST, GHCB_PSC_SHARED))
		return "page state change to shared refused";
	return page_holds(shared_at(SELFTEST_TEST), 2) ? NULL : "read back other than written";
}

static const char *page_unshare(const struct guest *g)
{
	volatile void *page = private_at(SELFTEST_TEST);
	const char *why;
	bool changed;

	(void)g;
	if (!ghcb_psc(SELFTEST_TEST, GHCB_PSC_PRIVATE))
		return "page state change to private refused";
	why = page_accept(page);
	if (why)
		return why;
	if (!page_holds(page, 3))
		return "read back other than written";
	if (pvalidate(page, false, true, &changed) != 0 || changed)
		return "a second PVALIDATE claimed a change";
	return NULL;
}

const struct early_step snp_early_steps[4] = {
	{ "GHCB protocol 2, C-bit as in the page tables", protocol },
	{ "the hypervisor knows SEV-SNP", features },
	{ "GHCB page made shared, by the MSR protocol", ghcb_share },
	{ "GHCB page registered", ghcb_register },
};

const struct step snp_steps[6] = {
	{ "SEV_STATUS: SEV, SEV-ES and SEV-SNP are active", sev_status },
	{ "CPUID page: SEV-SNP and the C-bit", cpuid_page },
	{ "secrets page: a key for talking to the firmware", secrets_page },
	{ "a page validated, written and read", page_private },
	{ "the page made shared, by the page state change list", page_share },
	{ "the page made private again; validating it twice is noticed", page_unshare },
};
