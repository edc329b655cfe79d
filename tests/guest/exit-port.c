/* SPDX-License-Identifier: MIT */
/* tests/guest/exit-port.c: exit-port PORT VALUE: writes to an I/O port, after all output has left the machine. */
#include <asm/ioctls.h>
#include <asm/unistd.h>

#include "tests/guest/sys.h"

#define STDOUT 1
#define STDERR 2

/* A byte where it fits, else a dword. */
static void port_out(uint16_t port, uint32_t value)
{
	if (value <= UINT8_MAX)
		__asm__ volatile("outb %b0, %w1" : : "a"(value), "Nd"(port));
	else
		__asm__ volatile("outl %0, %w1" : : "a"(value), "Nd"(port));
}

int main(int argc, char **argv)
{
	uint64_t port, value;

	if (argc != 3 || !number_parse(argv[1], UINT16_MAX - 3, &port) ||
	    !number_parse(argv[2], UINT32_MAX, &value)) {
		put(STDERR, "usage: exit-port PORT VALUE (below 0x10000 and 0x100000000)\n");
		return 2;
	}
	/* tcdrain(): the host may stop at the write, with lines still on their way to the UART. */
	sys_call(__NR_ioctl, STDOUT, TCSBRK, 1);
	/*
	 * ioperm(), never iopl(): under SNP an OUT raises #VC, whose handler asks only the task's I/O
	 * bitmap (Linux arch/x86/coco/sev/core.c, vc_ioio_check()). iopl(3) makes no bitmap, so the OUT
	 * would end in #GP.
	 */
	if (sys_call(__NR_ioperm, (long)port, 4, 1) < 0) {
		put(STDERR, "exit-port: the kernel does not give us the port (are we root?)\n");
		return 1;
	}
	port_out((uint16_t)port, (uint32_t)value);
	put(STDERR, "exit-port: nothing answers at this port\n");
	return 1;
}
