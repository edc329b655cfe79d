/* SPDX-License-Identifier: MIT */
/* core/attest/tcb.h: the components of a TCB, one by one. */
#ifndef CORE_ATTEST_TCB_H
#define CORE_ATTEST_TCB_H

#include <stdint.h>

#include "core/attest/x509.h"
#include "core/snp/report.h"

/* In the order in which they are shown; only Turin has FMC. */
enum tcb_part { TCB_FMC, TCB_BOOT_LOADER, TCB_TEE, TCB_SNP, TCB_MICROCODE, TCB_PARTS };

const char *tcb_part_name(enum tcb_part part); /* "ucode", as in KDS's URLs */
enum vek_spl tcb_part_spl(enum tcb_part part); /* its number in a certificate */
uint8_t tcb_part(const struct snp_tcb *tcb, enum tcb_part part);

#define TCB_TEXT_CAP 64
/* "bl=4,tee=0,snp=24,ucode=219" */
const char *tcb_text(const struct snp_tcb *tcb, char to[static TCB_TEXT_CAP]);

/* The TCB in a certificate's extensions, in the layout of that line. */
struct snp_tcb tcb_of_vek(const struct vek *v, enum snp_line line);

/*
 * The first component of `a` that is above that of `b`; TCB_PARTS: none. TCBs can't be compared as
 * one number.
 */
enum tcb_part tcb_above(const struct snp_tcb *a, const struct snp_tcb *b);

#endif
