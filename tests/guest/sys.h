/* SPDX-License-Identifier: MIT */
/* tests/guest/sys.h: what the guest's helpers have instead of a C library: a few KiB less of initrd each. */
#ifndef TESTS_GUEST_SYS_H
#define TESTS_GUEST_SYS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int main(int argc, char **argv); /* called by sys.c's _start; what it returns is the exit status */

/* A system call of up to three arguments, by its x86-64 number; -errno on failure. */
static inline long sys_call(long number, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall"
	                 : "=a"(ret)
	                 : "a"(number), "D"(a), "S"(b), "d"(c)
	                 : "rcx", "r11", "memory");
	return ret;
}

bool write_all(int fd, const void *data, size_t size);
void put(int fd, const char *text);
void put_hex(int fd, const uint8_t *bytes, size_t size);
void put_number(int fd, const char *before, uint64_t value); /* in hex, after "BEFORE 0x" */

/* Decimal, or hex after 0x; the whole text, and at most `max`. False otherwise. */
bool number_parse(const char *text, uint64_t max, uint64_t *ret);

#endif
