/* SPDX-License-Identifier: MIT */
/* core/dev/serial.c: a 16550A whose transmitter is always empty, since bytes leave at once. */
#include "core/dev/serial.h"

#include <string.h>

#include "core/base/array.h"
#include "core/dev/sink.h"

/* Section numbers are those of National Semiconductor's PC16550D data sheet, chapter 8. */

enum {
	REG_DATA,    /* receiver buffer, transmitter holding; divisor's low byte */
	REG_IER,     /* divisor's high byte */
	REG_IIR_FCR, /* interrupt identification when read, FIFO control when written */
	REG_LCR,
	REG_MCR,
	REG_LSR,
	REG_MSR,
	REG_SCR,
	SERIAL_PORTS
};

enum { IER_DATA = 0x01, IER_THR = 0x02, IER_LINE = 0x04, IER_MODEM = 0x08, IER_BITS = 0x0f };
enum { IIR_MODEM = 0x00, IIR_NONE = 0x01, IIR_THR = 0x02, IIR_DATA = 0x04, IIR_LINE = 0x06 };
enum { FCR_ENABLE = 0x01, FCR_CLEAR_INPUT = 0x02, FCR_KEPT = 0xc9 };
enum { LCR_DLAB = 0x80 };
enum { MCR_DTR = 0x01, MCR_RTS = 0x02, MCR_OUT1 = 0x04, MCR_OUT2 = 0x08, MCR_LOOP = 0x10 };
enum { LSR_DATA = 0x01, LSR_OVERRUN = 0x02, LSR_TX_EMPTY = 0x60 };
enum { MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RING = 0x40, MSR_DCD = 0x80 };

#define MCR_BITS       0x1f
#define IIR_FIFOS      0xc0
#define DIVISOR_115200 1 /* never 0: Linux divides by what it finds (probe_baud, 8250_port.c) */

static bool line_asks(const struct serial *s)
{
	return s->overrun;
}

/*
 * One byte is enough: a trigger level above it would be made good by the character timeout (8.10).
 */
static bool data_asks(const struct serial *s)
{
	return s->fifo_held > 0;
}

static bool thr_asks(const struct serial *s)
{
	return s->thr_empty_pending;
}

static bool modem_asks(const struct serial *s)
{
	return s->msr_delta != 0;
}

/* By falling priority (8.5, table V). */
static const struct source {
	uint8_t ier, iir;
	bool (*asks)(const struct serial *s);
} sources[] = {
	{ IER_LINE, IIR_LINE, line_asks },
	{ IER_DATA, IIR_DATA, data_asks },
	{ IER_THR, IIR_THR, thr_asks },
	{ IER_MODEM, IIR_MODEM, modem_asks },
};

static uint8_t serial_source(const struct serial *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (s->ier & sources[i].ier && sources[i].asks(s))
			return sources[i].iir;
	return IIR_NONE;
}

/* OUT2 gates the interrupt on a PC's card; drivers set it, and other VMMs don't ask either. */
static void serial_signal(struct serial *s)
{
	bool level = serial_source(s) != IIR_NONE;

	if (level == s->level)
		return;
	s->level = level;
	if (s->irq)
		s->irq(s->irq_self, level);
}

/* The modem's four lines: a cable that is always ready, or in loop-back our own outputs (8.7). */
static uint8_t modem_lines(uint8_t mcr)
{
	static const struct {
		uint8_t mcr, msr;
	} wires[] = {
		{ MCR_RTS, MSR_CTS },
		{ MCR_DTR, MSR_DSR },
		{ MCR_OUT1, MSR_RING },
		{ MCR_OUT2, MSR_DCD },
	};
	uint8_t lines = 0;

	if (!(mcr & MCR_LOOP))
		return MSR_DCD | MSR_DSR | MSR_CTS;
	for (size_t i = 0; i < ARRAY_SIZE(wires); i++)
		if (mcr & wires[i].mcr)
			lines |= wires[i].msr;
	return lines;
}

static void mcr_set(struct serial *s, uint8_t value)
{
	uint8_t before = modem_lines(s->mcr), after;

	s->mcr = value & MCR_BITS;
	after = modem_lines(s->mcr);
	/* Each change counts, but of the ring indicator only its end (8.8, bit 2). */
	s->msr_delta |= (uint8_t)(((before ^ after) & ~(MSR_RING & after)) >> 4);
}

static size_t input_room(const struct serial *s)
{
	return (s->fcr & FCR_ENABLE ? SERIAL_FIFO : 1) - s->fifo_held;
}

static void input_push(struct serial *s, uint8_t byte)
{
	s->fifo[(s->fifo_at + s->fifo_held) % SERIAL_FIFO] = byte;
	s->fifo_held++;
}

static uint8_t input_pop(struct serial *s)
{
	uint8_t byte;

	if (s->fifo_held == 0)
		return 0;
	byte = s->fifo[s->fifo_at];
	s->fifo_at = (s->fifo_at + 1) % SERIAL_FIFO;
	s->fifo_held--;
	return byte;
}

/* Too many: without FIFOs the older byte is lost, with them the newer (8.3, bit 1). */
static void loop_back(struct serial *s, uint8_t byte)
{
	if (input_room(s) == 0) {
		s->overrun = true;
		if (s->fcr & FCR_ENABLE)
			return;
		input_pop(s);
	}
	input_push(s, byte);
}

/*
 * The holding register fills, which ends the interrupt, and is empty again before the guest can
 * look. The line drops in between: an interrupt controller that waits for an edge would otherwise
 * see none.
 */
static void thr_set(struct serial *s, uint8_t value)
{
	s->thr_empty_pending = false;
	serial_signal(s);
	if (s->mcr & MCR_LOOP)
		loop_back(s, value);
	else
		sink_put(s->out, &value, 1);
	s->thr_empty_pending = true;
}

/*
 * Enabling the THR interrupt raises it, the register being empty: Linux tests for that
 * (8250_port.c).
 */
static void ier_set(struct serial *s, uint8_t value)
{
	if (value & IER_THR && !(s->ier & IER_THR))
		s->thr_empty_pending = true;
	s->ier = value & IER_BITS;
}

/*
 * The other bits count only together with the enabling one, whose change empties the FIFOs (8.4).
 */
static void fcr_set(struct serial *s, uint8_t value)
{
	uint8_t kept = value & FCR_ENABLE ? value & FCR_KEPT : 0;
	bool clear = value & FCR_ENABLE && value & FCR_CLEAR_INPUT;

	if (clear || (kept ^ s->fcr) & FCR_ENABLE)
		s->fifo_held = 0;
	s->fcr = kept;
}

static uint8_t iir_get(struct serial *s)
{
	uint8_t iir = serial_source(s);

	if (iir == IIR_THR)
		s->thr_empty_pending = false;
	return s->fcr & FCR_ENABLE ? iir | IIR_FIFOS : iir;
}

static uint8_t lsr_get(struct serial *s)
{
	uint8_t lsr = LSR_TX_EMPTY;

	if (s->fifo_held > 0)
		lsr |= LSR_DATA;
	if (s->overrun)
		lsr |= LSR_OVERRUN;
	s->overrun = false;
	return lsr;
}

static uint8_t msr_get(struct serial *s)
{
	uint8_t msr = modem_lines(s->mcr) | s->msr_delta;

	s->msr_delta = 0;
	return msr;
}

/* The two registers of the divisor lie over the first two while DLAB is set; NULL elsewhere. */
static uint8_t *divisor_at(struct serial *s, unsigned reg)
{
	if (!(s->lcr & LCR_DLAB) || reg > REG_IER)
		return NULL;
	return reg == REG_DATA ? &s->dll : &s->dlm;
}

static uint8_t reg_get(struct serial *s, unsigned reg)
{
	const uint8_t *divisor = divisor_at(s, reg);

	if (divisor)
		return *divisor;
	switch (reg) {
	case REG_DATA:
		return input_pop(s);
	case REG_IER:
		return s->ier;
	case REG_IIR_FCR:
		return iir_get(s);
	case REG_LCR:
		return s->lcr;
	case REG_MCR:
		return s->mcr;
	case REG_LSR:
		return lsr_get(s);
	case REG_MSR:
		return msr_get(s);
	case REG_SCR:
		return s->scr;
	default: /* an access that reaches past the device */
		return 0xff;
	}
}

/* LSR and MSR are for reading; what lies past the last register is nobody's. */
static void reg_set(struct serial *s, unsigned reg, uint8_t value)
{
	uint8_t *divisor = divisor_at(s, reg);

	if (divisor)
		*divisor = value;
	else if (reg == REG_DATA)
		thr_set(s, value);
	else if (reg == REG_IER)
		ier_set(s, value);
	else if (reg == REG_IIR_FCR)
		fcr_set(s, value);
	else if (reg == REG_LCR)
		s->lcr = value;
	else if (reg == REG_MCR)
		mcr_set(s, value);
	else if (reg == REG_SCR)
		s->scr = value;
}

static void serial_read(void *self, unsigned offset, uint8_t *data, size_t size)
{
	struct serial *s = self;

	for (size_t i = 0; i < size; i++) {
		data[i] = reg_get(s, offset + (unsigned)i);
		serial_signal(s);
	}
}

static enum io_action serial_write(void *self, unsigned offset, const uint8_t *data, size_t size)
{
	struct serial *s = self;

	for (size_t i = 0; i < size; i++) {
		reg_set(s, offset + (unsigned)i, data[i]);
		serial_signal(s);
	}
	return IO_GO_ON;
}

void serial_init(struct serial *s, struct sink *out, void (*irq)(void *self, bool level),
                 void *irq_self)
{
	*s = (struct serial){
		.out = out,
		.irq = irq,
		.irq_self = irq_self,
		.dll = DIVISOR_115200,
	};
}

size_t serial_room(const struct serial *s)
{
	return s->mcr & MCR_LOOP ? 0 : input_room(s);
}

size_t serial_input(struct serial *s, const uint8_t *data, size_t size)
{
	size_t taken = MIN_OF(size, serial_room(s));

	for (size_t i = 0; i < taken; i++)
		input_push(s, data[i]);
	serial_signal(s);
	return taken;
}

static int serial_make(void *self, const struct device_env *env, struct error *err)
{
	(void)err;
	serial_init(self, env->console, env->irq, env->irq_self);
	return 0;
}

const struct device serial_device = {
	.ranges = { { .name = "serial port",
	              .base = SERIAL_COM1,
	              .len = SERIAL_PORTS,
	              .read = serial_read,
	              .write = serial_write } },
	.irq = SERIAL_COM1_IRQ,
	.size = sizeof(struct serial),
	.init = serial_make,
};
