/* SPDX-License-Identifier: MIT */
/* tests/guest/sys.c: the start of a static program, output, and numbers. */
#include "tests/guest/sys.h"

#include <asm/unistd.h>

/* The kernel leaves argc at the stack's top and argv behind it (x86-64 psABI, "Initial Stack"). */
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

static const char digits[] = "0123456789abcdef";

bool write_all(int fd, const void *data, size_t size)
{
	const uint8_t *at = data;

	while (size > 0) {
		long n = sys_call(__NR_write, fd, (long)at, (long)size);

		if (n <= 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

void put(int fd, const char *text)
{
	size_t size = 0;

	while (text[size])
		size++;
	write_all(fd, text, size);
}

void put_hex(int fd, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		const char pair[2] = { digits[bytes[i] >> 4], digits[bytes[i] & 15] };

		write_all(fd, pair, sizeof(pair));
	}
}

void put_number(int fd, const char *before, uint64_t value)
{
	char text[17];
	char *at = text + sizeof(text) - 1;

	*at = 0;
	do {
		*--at = digits[value & 15];
		value >>= 4;
	} while (value);
	put(fd, before);
	put(fd, " 0x");
	put(fd, at);
}

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

bool number_parse(const char *text, uint64_t max, uint64_t *ret)
{
	unsigned base = text[0] == '0' && text[1] == 'x' ? 16 : 10;
	const char *at = base == 16 ? text + 2 : text;
	uint64_t value = 0;

	if (!*at)
		return false;
	for (; *at; at++) {
		unsigned digit = digit_of(*at);

		if (digit >= base || value > (max - digit) / base)
			return false;
		value = value * base + digit;
	}
	*ret = value;
	return true;
}
