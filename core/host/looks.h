/* SPDX-License-Identifier: MIT */
/* core/host/looks.h: the functions that perform the checks, and their shared state. */
#ifndef CORE_HOST_LOOKS_H
#define CORE_HOST_LOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/host/check.h"
#include "core/host/host.h"
#include "core/snp/abi.h"

struct requirement; /* core/vm/vm.h */

enum { DOCTOR_LOG_LINE = 160 };

#define BIOS_RMP "enable SMEE, SEV-SNP support and SNP memory (RMP table) coverage in the BIOS"

/* What the kernel log says about one topic. */
enum log_topic { LOG_RMP, LOG_IOMMU, LOG_FIRMWARE, LOG_KVM, LOG_GUESTS, LOG_TOPICS };
struct log_finding {
	const struct log_fragment *fragment; /* the row that matched; NULL: none */
	char line[DOCTOR_LOG_LINE];
};

struct doctor {
	const struct host *host;
	const struct host_facts *facts;
	int kvm, sev;                   /* descriptors; negative: not open */
	bool virtual_machine;           /* CPUID says that there is a hypervisor */
	bool snp_offered;               /* KVM has VMs of type 4, SNP */
	bool snp_up;                    /* the firmware has SNP initialised */
	uint32_t sev_leaf[4];           /* CPUID 0x8000001F */
	struct snp_platform_status snp; /* zero if the query failed */
	bool log_read;
	int log_result; /* of host_log() */
	struct log_finding log[LOG_TOPICS];
};

/*
 * A check; look() fills in state, finding, why and fix. A row without look() stands for all
 * requirements of the platforms.
 */
struct doctor_row {
	const char *name;
	const struct platform *needed_for; /* NULL: all of them */
	const char *after; /* the check without which this one is skipped; NULL: none */
	void (*look)(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);
	unsigned which; /* an argument for look() */
};

/* core/host/look_cpu.c: the machine. */
void look_machine(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);
void look_kernel(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);
void look_cpu(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);
void look_cpu_flag(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);
void look_asids(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);

/* core/host/look_kvm.c: KVM and its modules. */
void look_kvm(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);
void look_vsock(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);
void look_gib_pages(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);
void look_requirement(struct doctor *d, const struct requirement *n, struct doctor_check *c);
void look_module(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);
void look_parameter(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);
void look_attribute(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);

/* core/host/look_asids.c: control groups. */
void look_free_asids(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);

/* core/host/look_sev.c: the SEV firmware. */
void look_sev_device(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);
void look_sev_firmware(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);
void look_snp_firmware(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);

void look_tcb(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);
void look_alias_check(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);
void look_report_masks(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);

/* core/host/look_log.c: the kernel log. */
void look_log(struct doctor *d, const struct doctor_row *row, struct doctor_check *c);

#endif
