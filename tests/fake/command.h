/* SPDX-License-Identifier: MIT */
/*
 * tests/fake/command.h: the script that describes snpvmm-fake's host and what its guest does.
 */
#ifndef TESTS_FAKE_COMMAND_H
#define TESTS_FAKE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/fake/kvm.h"

/*
 * One directive a line; '#' begins a comment, blanks separate words, "..." is one word with C's
 * escapes. Numbers are as in C. The host:
 *
 *   flags FLAG...           no-snp, partial-updates, cpuid-refused-once, ...: enum fake_flag
 *   open-fails PATH ERRNO   EACCES, ENOENT, ...
 *   fail-ioctl NAME ERRNO [STATUS]
 *                           the first call of KVM_CREATE_VM, LAUNCH_START, ...: an SEV status, too
 *   recovers N              after N failures, in all runs and tries of the command, no call fails
 *
 * and its guest:
 *
 *   vcpu N                  the following lines are for this vCPU; at first 0
 *   repeat N                repeat the next line N times
 *   print "TEXT"            to COM1
 *   debug "TEXT"            to the debug port
 *   flood BYTES [PERIOD]    BYTES bytes to COM1; every PERIOD-th is a newline, without it none
 *   out PORT SIZE VALUE
 *   rip ADDRESS             of the instructions that follow
 *   sleep MS                or until it is kicked
 *   stuck MS                even if it is kicked
 *   halt                    in HLT with interrupts off, for ever
 *   wait                    in HLT with interrupts on, until it is kicked
 *   power-off   reset   crash   shutdown   terminate SET CODE   memory-fault ADDRESS private|shared
 *   request-certs ADDRESS PAGES   internal N   entry-failed REASON   errno NAME   unknown-exit N
 */
struct fake_command; /* opaque */

/*
 * Reads the file. NULL: a host whose guest only waits. A mistake in it ends the process with status
 * 125.
 */
struct fake_command *fake_command_read(const char *path);

/* Resets everything to its state after reading. */
void fake_command_restart(struct fake_command *c);

unsigned fake_command_flags(const struct fake_command *c);
/* NULL: every path can be opened. */
const char *fake_command_no_path(const struct fake_command *c, int *ret_errnum);
/*
 * Whether this call has to fail: a negative errno, or 0. `sev` is of a KVM_MEMORY_ENCRYPT_OP, else
 * NULL.
 */
struct kvm_sev_cmd;
int fake_command_fails(struct fake_command *c, unsigned long request, struct kvm_sev_cmd *sev);

/*
 * The next exits of a vCPU, at most `cap`; returns how many, 0 at the end of the script. Sleeps
 * where the script does, but returns -EINTR if *kick is set meanwhile.
 */
int fake_command_exits(struct fake_command *c, unsigned vcpu, const uint8_t *kick,
                       struct fake_exit *to, size_t cap);

#endif
