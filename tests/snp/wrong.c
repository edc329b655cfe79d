/* SPDX-License-Identifier: MIT */
/*
 * tests/snp/wrong.c: makes of snpvmm a program that launches something else than what it measured:
 * the SNP firmware has to notice. The linker replaces snp_digest_of() (--wrap). The environment's
 * WRONG says what: "digest" flips a bit of the computed digest, "image" a bit of the first page
 * after it was measured.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/snp/digest.h"

int __real_snp_digest_of(const struct plan *p, struct snp_digest *ret, struct error *err);
int __wrap_snp_digest_of(const struct plan *p, struct snp_digest *ret, struct error *err);

static int first_page(void *self, const struct region *r, struct error *err)
{
	uint8_t **page = self;

	(void)err;
	if (!*page)
		*page = (uint8_t *)r->bytes;
	return 0;
}

int __wrap_snp_digest_of(const struct plan *p, struct snp_digest *ret, struct error *err)
{
	static const struct plan_ops ops = { .region = first_page };
	const char *wrong = getenv("WRONG");
	static uint8_t *page;
	int r;

	if (page) /* as it was measured, each time that it is */
		page[0] ^= 1;
	r = __real_snp_digest_of(p, ret, err);
	if (wrong && strcmp(wrong, "digest") == 0)
		ret->value[SNP_DIGEST_SIZE - 1] ^= 1;
	if (!wrong || strcmp(wrong, "image") != 0)
		return r;
	if (!page && (plan_replay(p, &ops, &page, err) < 0 || !page ||
	              mprotect(page, 4096, PROT_READ | PROT_WRITE) < 0))
		abort();
	page[0] ^= 1;
	return r;
}
