/* SPDX-License-Identifier: MIT */
/*
 * tests/make/report.c: SEV-SNP firmware ABI 7.3, table ATTESTATION_REPORT, by offsets and not by
 * core/snp's struct.
 */
#include "tests/make/report.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "tests/make/le.h"

/* Values at offsets, instead of noise. until: only in versions below it; 0: in all. */
static const struct patch {
	size_t at, size;
	uint64_t value;
	uint32_t until;
} patches[] = {
	{ 0x008, 8, 0x90133, 0 },   /* policy */
	{ 0x034, 4, 1, 0 },         /* signature algorithm */
	{ 0x040, 8, 0xa5, 0 },      /* platform info */
	{ 0x048, 4, 0x7, 0 },       /* author key, masked chip key, VLEK */
	{ 0x04c, 4, 0, 0 },         /* reserved */
	{ 0x188, 1, 0x19, 0 },      /* family */
	{ 0x188, 3, 0, 3 },         /* family, model, stepping */
	{ 0x18b, 21, 0, 0 },        /* reserved */
	{ 0x1eb, 1, 0, 0 },         /* reserved */
	{ 0x1ef, 1, 0, 0 },         /* reserved */
	{ 0x1f8, 16, 0, 5 },        /* mitigation vectors */
	{ 0x208, 152, 0, 0 },       /* reserved */
	{ 0x2a0 + 144, 368, 0, 0 }, /* after the signature */
};

uint8_t report_byte(size_t n)
{
	return (uint8_t)(n * 167 + n / 256 + 1);
}

void report_make(uint32_t version, uint8_t to[static REPORT_SIZE])
{
	for (size_t i = 0; i < REPORT_SIZE; i++)
		to[i] = report_byte(i);
	le_put(to, version, 4);
	for (size_t i = 0; i < ARRAY_SIZE(patches); i++)
		if (patches[i].until == 0 || version < patches[i].until)
			le_put(to + patches[i].at, patches[i].value, patches[i].size);
}

void report_response(uint32_t version, uint8_t *to, size_t cap)
{
	if (cap < REPORT_HEAD + REPORT_SIZE)
		abort();
	memset(to, 0, cap);
	le_put(to + 4, REPORT_SIZE, 4);
	report_make(version, to + REPORT_HEAD);
}
