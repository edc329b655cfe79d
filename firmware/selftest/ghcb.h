/* SPDX-License-Identifier: MIT */
/* firmware/selftest/ghcb.h: speaking to the hypervisor by the GHCB protocol, version 2. */
#ifndef FIRMWARE_SELFTEST_GHCB_H
#define FIRMWARE_SELFTEST_GHCB_H

#include <stdbool.h>
#include <stdint.h>

/*
 * MSR protocol: requests and the low twelve bits of their answers (GHCB specification, AMD 56421).
 */
#define GHCB_MSR_INFO     0x001
#define GHCB_MSR_INFO_REQ 0x002
#define GHCB_MSR_REG_REQ  0x012
#define GHCB_MSR_REG      0x013
#define GHCB_MSR_PSC_REQ  0x014
#define GHCB_MSR_PSC      0x015
#define GHCB_MSR_FEAT_REQ 0x080
#define GHCB_MSR_FEAT     0x081

/* Page state change operations, in bits 55:52 of a request. */
#define GHCB_PSC_PRIVATE 1ULL
#define GHCB_PSC_SHARED  2ULL

/* Sends a request by the MSR protocol; returns the answer. */
uint64_t ghcb_msr(uint64_t request);

/* Ends the guest with our reason set and this code. Not under SNP: ends it with a triple fault. */
_Noreturn void ghcb_terminate(unsigned code);

/* Empties the GHCB page, which is shared by now. */
void ghcb_clear(void);

/* Makes the registered GHCB page the one that the functions below use. */
void ghcb_use(void);

/* A byte to or from a port; false: the hypervisor refused. */
bool ghcb_out(uint16_t port, uint8_t value);
bool ghcb_in(uint16_t port, uint8_t *value);

/* Asks for a page state change by the list in the GHCB page. */
bool ghcb_psc(uint64_t gpa, uint64_t operation);

#endif
