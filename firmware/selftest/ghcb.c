/* SPDX-License-Identifier: MIT */
/* firmware/selftest/ghcb.c: the GHCB page, the MSR protocol, and the events that we use. */
#include "firmware/selftest/ghcb.h"

#include <stddef.h>

#include "firmware/selftest/guest.h"

#define EVENT_IOIO      0x7b
#define EVENT_PSC       0x80000010
#define IOIO_IN         0x1
#define IOIO_BYTE       0x10
#define IOIO_PORT_SHIFT 16

/* GHCB specification (AMD 56421), GHCB layout; only the fields that we use. */
struct ghcb {
	uint8_t reserved0[0x1f8];
	uint64_t rax;
	uint8_t reserved1[0x190];
	uint64_t sw_exit_code, sw_exitinfo1, sw_exitinfo2, sw_scratch;
	uint8_t reserved2[0x40];
	uint64_t valid_bitmap[2]; /* bit n: the quadword at offset 8n is valid */
	uint8_t reserved3[0x400];
	uint64_t shared_buffer[254];
	uint8_t reserved4[10];
	uint16_t protocol_version;
	uint32_t usage;
};
_Static_assert(offsetof(struct ghcb, sw_exit_code) == 0x390, "GHCB SW_EXITCODE");
_Static_assert(offsetof(struct ghcb, valid_bitmap) == 0x3f0, "GHCB VALID_BITMAP");
_Static_assert(offsetof(struct ghcb, shared_buffer) == 0x800, "GHCB shared buffer");
_Static_assert(offsetof(struct ghcb, protocol_version) == 0xffa, "GHCB version");
_Static_assert(sizeof(struct ghcb) == 0x1000, "GHCB");

/* A field's bit in its half of the bitmap: RAX is in the first half, the others in the second. */
#define VALID(field) (1ULL << (offsetof(struct ghcb, field) / 8 % 64))

static volatile struct ghcb *page(void)
{
	return shared_at(SELFTEST_GHCB);
}

uint64_t ghcb_msr(uint64_t request)
{
	msr_write(MSR_GHCB, request);
	vmgexit();
	return msr_read(MSR_GHCB);
}

_Noreturn void ghcb_terminate(unsigned code)
{
	ghcb_msr(GHCB_MSR_TERMINATE | SELFTEST_REASON_SET << 12 | (uint64_t)code << 16);
	for (;;)
		__asm__ volatile("ud2"); /* with an IDT of limit 0 this is a shutdown */
}

void ghcb_clear(void)
{
	volatile uint64_t *at = shared_at(SELFTEST_GHCB);

	for (unsigned i = 0; i < sizeof(struct ghcb) / sizeof(*at); i++)
		at[i] = 0;
}

void ghcb_use(void)
{
	msr_write(MSR_GHCB, SELFTEST_GHCB);
}

/* KVM clears the bitmap at each exit. */
static bool event(uint64_t code, uint64_t info1, uint64_t valid_rax, uint64_t valid_more)
{
	volatile struct ghcb *g = page();

	g->sw_exit_code = code;
	g->sw_exitinfo1 = info1;
	g->sw_exitinfo2 = 0;
	g->valid_bitmap[0] = valid_rax;
	g->valid_bitmap[1] =
		valid_more | VALID(sw_exit_code) | VALID(sw_exitinfo1) | VALID(sw_exitinfo2);
	g->protocol_version = 2;
	g->usage = 0;
	vmgexit();
	return (uint32_t)g->sw_exitinfo1 == 0;
}

bool ghcb_out(uint16_t port, uint8_t value)
{
	page()->rax = value;
	return event(EVENT_IOIO, (uint64_t)port << IOIO_PORT_SHIFT | IOIO_BYTE, VALID(rax), 0);
}

bool ghcb_in(uint16_t port, uint8_t *value)
{
	volatile struct ghcb *g = page();
	uint64_t info1 = (uint64_t)port << IOIO_PORT_SHIFT | IOIO_BYTE | IOIO_IN;

	g->rax = 0;
	if (!event(EVENT_IOIO, info1, VALID(rax), 0) || !(g->valid_bitmap[0] & VALID(rax)))
		return false;
	*value = (uint8_t)g->rax;
	return true;
}

/*
 * One header (first entry, last entry) and one entry. On success the hypervisor has advanced the
 * header's first entry past the last one.
 */
bool ghcb_psc(uint64_t gpa, uint64_t operation)
{
	volatile struct ghcb *g = page();

	g->shared_buffer[0] = 0;
	g->shared_buffer[1] = gpa | operation << 52;
	g->sw_scratch = SELFTEST_GHCB + offsetof(struct ghcb, shared_buffer);
	return event(EVENT_PSC, 0, 0, VALID(sw_scratch)) && g->sw_exitinfo2 == 0 &&
	       (uint16_t)g->shared_buffer[0] == 1;
}
