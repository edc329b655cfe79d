/* SPDX-License-Identifier: MIT */
/* guest/sys.c: the start of a program without a C library, system calls, and strings. */
#include "guest/sys.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <asm/unistd.h>
#include <stdarg.h>

/* At the start, argc is at the top of the stack, followed by argv (x86-64 psABI). */
__asm__(".globl _start\n"
        "_start:\n"
        "	xor %ebp, %ebp\n"
        "	mov (%rsp), %edi\n"
        "	lea 8(%rsp), %rsi\n"
        "	and $-16, %rsp\n"
        "	call main\n"
        "	mov %eax, %edi\n"
        "	mov $" /* __NR_exit_group */ "231, %eax\n"
        "	syscall\n");
static_assert(__NR_exit_group == 231, "_start ends by exit_group");

/* Compilers may call these even in a freestanding program. */
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);

void *memcpy(void *to, const void *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)to)[i] = (uint8_t)byte;
	return to;
}

int sys_open(const char *path, int flags)
{
	return (int)sys_call(__NR_open, (long)path, flags | O_CLOEXEC, 0600);
}

void sys_close(int fd)
{
	sys_call(__NR_close, fd, 0, 0);
}

long sys_read(const char *path, void *to, size_t cap)
{
	int fd = sys_open(path, O_RDONLY);
	size_t size = 0;
	long n = 1;

	if (fd < 0)
		return fd;
	while (size < cap && n > 0) {
		n = sys_call(__NR_read, fd, (long)to + (long)size, (long)(cap - size));
		if (n > 0)
			size += (size_t)n;
		else if (n == -EINTR)
			n = 1;
	}
	sys_close(fd);
	return n < 0 ? n : (long)size;
}

int sys_write(int fd, const void *data, size_t size)
{
	const uint8_t *at = data;

	while (size > 0) {
		long n = sys_call(__NR_write, fd, (long)at, (long)size);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

bool sys_exists(const char *path)
{
	return sys_call(__NR_access, (long)path, 0, 0) == 0;
}

bool sys_is_terminal(int fd)
{
	struct termios modes;

	return sys_call(__NR_ioctl, fd, TCGETS, (long)&modes) == 0;
}

size_t text_size(const char *text)
{
	size_t size = 0;

	while (text[size])
		size++;
	return size;
}

bool text_same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

void say(const char *text, ...)
{
	va_list more;

	va_start(more, text);
	for (; text; text = va_arg(more, const char *))
		sys_write(STDERR, text, text_size(text));
	va_end(more);
}

const char *number_text(uint64_t value, unsigned base, char to[24])
{
	char *at = to + 23;

	*at = 0;
	do {
		*--at = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (base == 16) {
		*--at = 'x';
		*--at = '0';
	}
	return at;
}

const char *errno_text(long errnum)
{
	static const struct {
		long errnum;
		const char *text;
	} rows[] = {
		{ EPERM, "Operation not permitted" },
		{ ENOENT, "No such file or directory" },
		{ EIO, "Input/output error" },
		{ ENXIO, "No such device or address" },
		{ EBADF, "Bad file descriptor" },
		{ EAGAIN, "Resource temporarily unavailable" },
		{ ENOMEM, "Cannot allocate memory" },
		{ EACCES, "Permission denied" },
		{ EBUSY, "Device or resource busy" },
		{ ENODEV, "No such device" },
		{ ENOTDIR, "Not a directory" },
		{ EISDIR, "Is a directory" },
		{ EINVAL, "Invalid argument" },
		{ ENOTTY, "Inappropriate ioctl for device" },
		{ ENOSPC, "No space left on device" },
		{ EROFS, "Read-only file system" },
		{ EPIPE, "Broken pipe" },
		{ ENOSYS, "Function not implemented" },
	};
	static char text[6 + 24] = "errno ";
	char digits[24];
	const char *number;

	errnum = errnum < 0 ? -errnum : errnum;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].errnum == errnum)
			return rows[i].text;
	number = number_text((uint64_t)errnum, 10, digits);
	memcpy(text + 6, number, text_size(number) + 1);
	return text;
}
