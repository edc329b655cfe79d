/* SPDX-License-Identifier: MIT */
/* core/snp/vmsa_fields.h: the fields of a VMSA by name, and what usually decides each. */
#ifndef CORE_SNP_VMSA_FIELDS_H
#define CORE_SNP_VMSA_FIELDS_H

#include "core/plan/page_field.h"

/*
 * Those of struct snp_vmsa, in its order, with the names of APM volume 2, table B-4, in lower case:
 * "cs.base", "rip".
 */
extern const struct page_field vmsa_fields[];

#endif
