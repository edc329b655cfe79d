/* SPDX-License-Identifier: MIT */
/* firmware/selftest/ghcb.h: requests to the hypervisor by the GHCB protocol, version 2. */
#ifndef FIRMWARE_SELFTEST_GHCB_H
#define FIRMWARE_SELFTEST_GHCB_H

#include <stdbool.h>
#include <stdint.h>

/* MSR protocol (GHCB specification, AMD 56421): requests, and bits 11:0 of their responses. */
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

/* Sends a request by the MSR protocol; returns the response. */
uint64_t ghcb_msr(uint64_t request);

/* Terminates the guest with our reason set and this code; without SNP, by a triple fault. */
_Noreturn void ghcb_terminate(unsigned code);

/* Clears the GHCB page, which has to be shared. */
void ghcb_clear(void);

/* Sets the GHCB MSR to the registered page; the functions below need it. */
void ghcb_use(void);

/* Writes or reads a byte at a port; false: the hypervisor refused. */
bool ghcb_out(uint16_t port, uint8_t value);
bool ghcb_in(uint16_t port, uint8_t *value);

/* Requests a page state change of one page; false: refused. */
bool ghcb_psc(uint64_t gpa, uint64_t operation);

#endif
