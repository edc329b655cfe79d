/* SPDX-License-Identifier: MIT */
/*
 * tests/fake/command.h: the text that tells the host behind snpvmm-fake what to be and its guest
 * what to do.
 */
#ifndef TESTS_FAKE_COMMAND_H
#define TESTS_FAKE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/fake/kvm.h"

/*
 * One directive a line; '#' begins a comment, words are parted by blanks, "..." is one word with
 * C's escapes. Numbers are C's, too. The host:
 *
 *   flags FLAG...           no-snp, partial-updates, cpuid-refused-once, ...: enum fake_flag
 *   open-fails PATH ERRNO   EACCES, ENOENT, ...
 *   fail-ioctl NAME ERRNO [STATUS]
 *                           the first call of KVM_CREATE_VM, LAUNCH_START, ...: an SEV status, too
 *   recovers N              calls fail until /dev/kvm was opened more than N times; a failed
 *                           launch opens it twice, for the doctor too
 *
 * and its guest:
 *
 *   vcpu N                  what follows is of this vCPU; 0 until then
 *   repeat N                the next line N times
 *   print "TEXT"            to COM1
 *   debug "TEXT"            to the debug port
 *   flood BYTES [PERIOD]    so many to COM1, without an end of line, or each PERIOD-th is one
 *   out PORT SIZE VALUE
 *   sleep MS                unless it is kicked out meanwhile
 *   stuck MS                and nobody can kick it out
 *   halt                    in HLT with interrupts off, for ever
 *   wait                    in HLT with interrupts on, until it is kicked out; so it ends
 *   power-off   reset   crash   shutdown   terminate SET CODE   memory-fault ADDRESS private|shared
 *   internal N   entry-failed REASON   errno NAME   unknown-exit N
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
 * The next exits of a vCPU, at most `cap`. Sleeps where the script does, and gives up with -EINTR
 * when *kick is set meanwhile. 0: there are no more.
 */
int fake_command_exits(struct fake_command *c, unsigned vcpu, const uint8_t *kick,
                       struct fake_exit *to, size_t cap);

#endif
