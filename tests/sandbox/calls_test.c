/* SPDX-License-Identifier: MIT */
/* tests/sandbox/calls_test.c: the names of system calls, against the kernel's numbers. */
#include "core/sandbox/calls.h"

#include <criterion/criterion.h>
#include <sys/syscall.h>

#include "core/base/array.h"

Test(calls, have_the_kernel_s_names)
{
	const struct {
		struct call call;
		const char *name;
	} rows[] = {
		{ { SYS_read, 0 }, "read" },
		{ { SYS_socket, 0 }, "socket" },
		{ { SYS_execve, 0 }, "execve" },
		{ { SYS_openat, 0 }, "openat" },
		{ { SYS_rseq, 0 }, "rseq" },
		{ { SYS_pidfd_send_signal, 0 }, "pidfd_send_signal" },
		{ { SYS_openat2, 0 }, "openat2" },
		{ { SYS_close_range, 0 }, "close_range" },
		{ { SYS_ioctl, 0x5412 }, "ioctl 0x5412" },
		{ { 335, 0 }, "system call 335" },
		{ { 423, 0 }, "system call 423" },
		{ { 0xffffffff, 0 }, "system call 4294967295" },
	};
	char name[CALL_NAME];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_str_eq(call_name(&rows[i].call, name), rows[i].name);
}
