/* SPDX-License-Identifier: MIT */
/* guest/sys.h: what snpvmm-guest uses instead of a C library, so that it runs in any initramfs. */
#ifndef GUEST_SYS_H
#define GUEST_SYS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STDOUT = 1, STDERR = 2 };

int main(int argc, char **argv); /* called by _start in sys.c; returns the exit status */

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

int sys_open(const char *path, int flags); /* -errno on failure */
void sys_close(int fd);
/* Reads at most `cap` bytes of a file; returns their number or -errno. */
long sys_read(const char *path, void *to, size_t cap);
int sys_write(int fd, const void *data, size_t size); /* writes all of it; 0 or -errno */
bool sys_exists(const char *path);
bool sys_is_terminal(int fd);

size_t text_size(const char *text);
bool text_same(const char *a, const char *b);

/* Writes texts to standard error, up to a NULL. */
void say(const char *text, ...);
const char *errno_text(long errnum); /* for a negative or positive errno */
const char *number_text(uint64_t value, unsigned base, char to[24]); /* with 0x in base 16 */

#endif
