/* SPDX-License-Identifier: MIT */
/* core/base/stack.h: stacks of a known size, whatever RLIMIT_STACK is (ulimit -s). */
#ifndef CORE_BASE_STACK_H
#define CORE_BASE_STACK_H

/*
 * Calls main(argc, argv), on a stack of our own if that of the process may not grow to 1 MiB, and
 * returns what it returns. Threads that are created later have half a MiB.
 */
int stack_call(int (*main)(int argc, char **argv), int argc, char **argv);

#endif
