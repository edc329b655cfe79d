/* SPDX-License-Identifier: MIT */
/* core/dev/serial.c: a 16550A whose transmitter is always empty: it sends bytes at once. */
#include "core/dev/serial.h"

#include "core/base/array.h"
#include "core/dev/merge.h"
#include "core/dev/sink.h"

/* Section numbers refer to National Semiconductor's PC16550D data sheet. */

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

/*
 * Without interrupts, who waits for input reads LSR again and again. Who only sends reads it once
 * or twice before each byte, as the transmitter is always empty.
 */
enum { POLLS_OF_A_READER = 16 };

/*
 * The pending interrupt with the highest priority (8.5, table V). One received byte is enough: with
 * a trigger level above it, the character timeout would raise the interrupt, too (8.10).
 */
static uint8_t serial_source(const struct serial *s)
{
	if (s->ier & IER_LINE && s->overrun)
		return IIR_LINE;
	if (s->ier & IER_DATA && s->fifo_held > 0)
		return IIR_DATA;
	if (s->ier & IER_THR && s->thr_empty_pending)
		return IIR_THR;
	if (s->ier & IER_MODEM && s->msr_delta != 0)
		return IIR_MODEM;
	return IIR_NONE;
}

/*
 * On a PC, OUT2 gates the interrupt. Drivers always set it, so this ignores it, as other VMMs do.
 */
static void serial_signal(struct serial *s)
{
	bool level = serial_source(s) != IIR_NONE;

	if (level == s->level)
		return;
	s->level = level;
	if (s->irq)
		s->irq(s->irq_self, level);
}

/* The modem's four lines: always ready, or in loop-back our own outputs (8.7). */
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

/*
 * Sends a byte. Filling the holding register clears its interrupt; it is empty again at once. The
 * line drops in between, or an edge-triggered interrupt controller would miss the new interrupt.
 */
static void thr_set(struct serial *s, uint8_t value)
{
	bool fifos = s->fcr & FCR_ENABLE, full = input_room(s) == 0;

	s->polls = 0;
	s->thr_empty_pending = false;
	serial_signal(s);
	if (s->mcr & MCR_LOOP) {
		s->overrun |= full;
		if (full && !fifos) /* loses the older byte; with FIFOs the newer (8.3, bit 1) */
			input_pop(s);
		if (!full || !fifos)
			input_push(s, value);
	} else {
		sink_put(s->out, &value, 1);
	}
	s->thr_empty_pending = true;
}

/* While DLAB is set, the first two registers are the divisor's; NULL for other registers. */
static uint8_t *divisor_at(struct serial *s, unsigned reg)
{
	if (!(s->lcr & LCR_DLAB) || reg > REG_IER)
		return NULL;
	return reg == REG_DATA ? &s->dll : &s->dlm;
}

static uint8_t reg_get(struct serial *s, unsigned reg)
{
	const uint8_t *divisor = divisor_at(s, reg);
	uint8_t value;

	if (divisor)
		return *divisor;
	switch (reg) {
	case REG_DATA:
		return input_pop(s);
	case REG_IER:
		return s->ier;
	case REG_IIR_FCR:
		value = serial_source(s);
		if (value == IIR_THR)
			s->thr_empty_pending = false;
		return s->fcr & FCR_ENABLE ? value | IIR_FIFOS : value;
	case REG_LCR:
		return s->lcr;
	case REG_MCR:
		return s->mcr;
	case REG_LSR:
		value = LSR_TX_EMPTY | (s->fifo_held > 0 ? LSR_DATA : 0);
		value |= s->overrun ? LSR_OVERRUN : 0;
		s->overrun = false;
		s->polls += s->polls < POLLS_OF_A_READER;
		return value;
	case REG_MSR:
		value = modem_lines(s->mcr) | s->msr_delta;
		s->msr_delta = 0;
		return value;
	case REG_SCR:
		return s->scr;
	default: /* an access that reaches past the device */
		return 0xff;
	}
}

/* LSR and MSR are read-only. */
static void reg_set(struct serial *s, unsigned reg, uint8_t value)
{
	uint8_t *divisor = divisor_at(s, reg), before, after;

	if (divisor) {
		*divisor = value;
		return;
	}
	switch (reg) {
	case REG_DATA:
		thr_set(s, value);
		break;
	case REG_IER:
		/* Enabling it raises the THR interrupt at once, which Linux tests (8250_port.c). */
		s->thr_empty_pending |= value & IER_THR && !(s->ier & IER_THR);
		s->ier = value & IER_BITS;
		break;
	case REG_IIR_FCR:
		/*
		 * Without the enable bit the others have no effect; changing it clears FIFOs (8.4).
		 */
		value = value & FCR_ENABLE ? value : 0;
		if (value & FCR_CLEAR_INPUT || (value ^ s->fcr) & FCR_ENABLE)
			s->fifo_held = s->polls = 0;
		s->fcr = value & FCR_KEPT;
		break;
	case REG_LCR:
		s->lcr = value;
		break;
	case REG_MCR:
		before = modem_lines(s->mcr);
		s->mcr = value & MCR_BITS;
		after = modem_lines(s->mcr);
		/* Any change counts; the ring indicator's only if it turns off (8.8). */
		s->msr_delta |= (uint8_t)(((before ^ after) & ~(MSR_RING & after)) >> 4);
		break;
	case REG_SCR:
		s->scr = value;
		break;
	default:
		break;
	}
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

bool serial_listens(const struct serial *s)
{
	return s->ier & IER_DATA || s->polls == POLLS_OF_A_READER;
}

size_t serial_input(struct serial *s, const uint8_t *data, size_t size)
{
	size_t taken = MIN(size, serial_room(s));

	for (size_t i = 0; i < taken; i++)
		input_push(s, data[i]);
	serial_signal(s);
	return taken;
}

static int serial_make(void *self, const struct device_env *env, struct error *err)
{
	(void)err;
	serial_init(self, env->merge ? &env->merge->consoles[MERGE_COM1].in : env->console,
	            env->irq, env->irq_self);
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
