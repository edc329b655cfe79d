/* SPDX-License-Identifier: MIT */
/* core/attest/tcb.c: the table of a TCB's components. */
#include "core/attest/tcb.h"

#include <stdio.h>

static const struct {
	const char *name;
	enum vek_spl spl;
} parts[TCB_PARTS] = {
	[TCB_FMC] = { "fmc", SPL_FMC },
	[TCB_BOOT_LOADER] = { "bl", SPL_BOOT_LOADER },
	[TCB_TEE] = { "tee", SPL_TEE },
	[TCB_SNP] = { "snp", SPL_SNP },
	[TCB_MICROCODE] = { "ucode", SPL_MICROCODE },
};

const char *tcb_part_name(enum tcb_part part)
{
	return parts[part].name;
}

enum vek_spl tcb_part_spl(enum tcb_part part)
{
	return parts[part].spl;
}

uint8_t tcb_part(const struct snp_tcb *tcb, enum tcb_part part)
{
	const uint8_t values[TCB_PARTS] = { tcb->fmc, tcb->boot_loader, tcb->tee, tcb->snp,
		                            tcb->microcode };

	return values[part];
}

const char *tcb_text(const struct snp_tcb *tcb, char to[static TCB_TEXT_CAP])
{
	size_t n = 0;

	for (enum tcb_part p = tcb->has_fmc ? TCB_FMC : TCB_BOOT_LOADER; p < TCB_PARTS; p++)
		n += (size_t)snprintf(to + n, TCB_TEXT_CAP - n, "%s%s=%u", n ? "," : "",
		                      parts[p].name, tcb_part(tcb, p));
	return to;
}

struct snp_tcb tcb_of_vek(const struct vek *v, enum snp_line line)
{
	return (struct snp_tcb){ .has_fmc = line == SNP_TURIN,
		                 .fmc = v->spl[SPL_FMC],
		                 .boot_loader = v->spl[SPL_BOOT_LOADER],
		                 .tee = v->spl[SPL_TEE],
		                 .snp = v->spl[SPL_SNP],
		                 .microcode = v->spl[SPL_MICROCODE],
		                 .unknown = line == SNP_LINE_UNKNOWN };
}

enum tcb_part tcb_above(const struct snp_tcb *a, const struct snp_tcb *b)
{
	enum tcb_part p = TCB_FMC;

	while (p < TCB_PARTS && tcb_part(a, p) <= tcb_part(b, p))
		p++;
	return p;
}
