/* SPDX-License-Identifier: MIT */
/* firmware/selftest/main.c: a guest that tests its host, step by step, and reports on COM1. */
#include "firmware/selftest/ghcb.h"
#include "firmware/selftest/guest.h"

/* Registers of a 16550A (PC16550D data sheet, table II). */
#define UART_DATA      0
#define UART_LSR       5
#define UART_LSR_EMPTY 0x20
#define UART_SCRATCH   7
#define UART_PATIENCE  4096 /* polls, so that a console that is never ready can't hang us */

_Noreturn void selftest_main(const struct selftest_params *params, uint32_t rdx);

static void port_out(const struct guest *g, uint16_t port, uint8_t value)
{
	if (!g->snp)
		__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
	else if (!ghcb_out(port, value))
		ghcb_terminate(g->step);
}

static uint8_t port_in(const struct guest *g, uint16_t port)
{
	uint8_t value;

	if (!g->snp)
		__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	else if (!ghcb_in(port, &value))
		ghcb_terminate(g->step);
	return value;
}

static void put_char(const struct guest *g, char c)
{
	uint16_t com = le16_get(g->params->serial_port);

	for (unsigned i = 0; i < UART_PATIENCE; i++)
		if (port_in(g, com + UART_LSR) & UART_LSR_EMPTY)
			break;
	port_out(g, com + UART_DATA, (uint8_t)c);
}

static void put(const struct guest *g, const char *text)
{
	while (*text)
		put_char(g, *text++);
}

/* Prints "N ok: TEXT" or "N FAILED: TEXT". N has at most two digits. */
static void put_step(const struct guest *g, unsigned n, const char *verdict, const char *text)
{
	if (n >= 10)
		put_char(g, (char)('0' + n / 10));
	put_char(g, (char)('0' + n % 10));
	put(g, verdict);
	put(g, text);
	put_char(g, '\n');
}

static _Noreturn void end(const struct guest *g, uint8_t status)
{
	port_out(g, le16_get(g->params->exit_port), status);
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void steps_run(struct guest *g, const struct step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *why;

		g->step++;
		why = steps[i].run(g);
		if (why) {
			put_step(g, g->step, " FAILED: ", why);
			end(g, (uint8_t)g->step);
		}
		put_step(g, g->step, " ok: ", steps[i].what);
	}
}

bool page_holds(volatile void *page, uint64_t seed)
{
	volatile uint64_t *at = page;

	for (uint64_t i = 0; i < 512; i++)
		at[i] = ~(seed << 32 | i);
	for (uint64_t i = 0; i < 512; i++)
		if (at[i] != ~(seed << 32 | i))
			return false;
	return true;
}

static const char *registers(const struct guest *g)
{
	return g->rdx == le32_get(g->params->vcpu_sig) ? NULL : "RDX is not the vCPU's signature";
}

static const char *com1(const struct guest *g)
{
	uint16_t scratch = le16_get(g->params->serial_port) + UART_SCRATCH;

	for (unsigned value = 0x55; value <= 0xaa; value += 0x55) {
		port_out(g, scratch, (uint8_t)value);
		if (port_in(g, scratch) != value)
			return "COM1's scratch register does not hold its value";
	}
	return NULL;
}

static const char *memory(const struct guest *g)
{
	(void)g;
	for (uint64_t gpa = SELFTEST_GHCB; gpa < SELFTEST_MEMORY; gpa += 0x1000)
		if (!page_holds(private_at(gpa), gpa))
			return "read back other than written";
	return NULL;
}

/* Without encryption both addresses lead to the same memory. */
static const char *alias(const struct guest *g)
{
	volatile uint64_t *low = private_at(SELFTEST_TEST), *high = shared_at(SELFTEST_TEST);

	(void)g;
	*low = 1;
	*high = 2;
	return *low == 2 ? NULL : "the second view of memory shows another memory";
}

static const struct step plain_steps[] = {
	{ "RDX is the vCPU's signature", registers },
	{ "COM1 answers", com1 },
	{ "memory reads back as written", memory },
	{ "page tables: both views show the same memory", alias },
};

/* The console works only after the early steps, so they are reported after it does. */
static void snp_run(struct guest *g)
{
	for (; g->step < STEP_COUNT(snp_early_steps); g->step++)
		if (!snp_early_steps[g->step].run(g))
			ghcb_terminate(g->step + 1);
	put(g, "snpvmm selftest: AMD SEV-SNP\n");
	for (unsigned i = 0; i < STEP_COUNT(snp_early_steps); i++)
		put_step(g, i + 1, " ok: ", snp_early_steps[i].what);
	steps_run(g, snp_steps, STEP_COUNT(snp_steps));
}

_Noreturn void selftest_main(const struct selftest_params *params, uint32_t rdx)
{
	struct guest g = { .params = params, .rdx = rdx };

	if (le64_get(params->magic) != SELFTEST_MAGIC)
		ghcb_terminate(0);
	g.snp = le64_get(params->flags) & SELFTEST_FLAG_SNP;
	if (g.snp && registers(&g))
		ghcb_terminate(0);
	if (g.snp) {
		snp_run(&g);
	} else {
		put(&g, "snpvmm selftest: plain KVM, no protection\n");
		steps_run(&g, plain_steps, STEP_COUNT(plain_steps));
	}
	put(&g, "snpvmm selftest: passed\n");
	end(&g, 0);
}
