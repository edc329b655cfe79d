/* SPDX-License-Identifier: MIT */
/* core/dev/cmos.c: an index, a data port, and a clock that can be read but not set. */
#include "core/dev/cmos.h"

#include <string.h>

enum { PORT_INDEX, PORT_DATA, CMOS_PORTS };

enum {
	RTC_SECONDS = 0x00,
	RTC_MINUTES = 0x02,
	RTC_HOURS = 0x04,
	RTC_WEEKDAY = 0x06,
	RTC_DAY = 0x07,
	RTC_MONTH = 0x08,
	RTC_YEAR = 0x09,
	RTC_A = 0x0a,
	RTC_B = 0x0b,
	RTC_C = 0x0c,
	RTC_D = 0x0d,
	RTC_CENTURY = 0x32, /* as FADT.CENTURY says */
};

#define INDEX_BITS 0x7f /* bit 7 masks NMIs; there are none */
#define A_START    0x26 /* 32,768 Hz in, periodic rate 976 us: what PC firmware sets */
#define A_UIP      0x80 /* update in progress: never, since the time is copied at once */
#define B_SET      0x80
#define B_24H      0x02 /* and BCD (DM is clear): OVMF and Linux read it here */
#define D_VALID    0x80 /* VRT; without it OVMF has no time and finds no kernel */

#define YEAR_10000 253402300800

static time_t host_clock(void *self)
{
	(void)self;
	return time(NULL);
}

static uint8_t bcd_of(unsigned value)
{
	return (uint8_t)(value / 10 % 10 << 4 | value % 10);
}

static unsigned days_in_year(int year)
{
	return 365 + (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

/* UTC. gmtime_r() would read /etc/localtime for it. Outside 1970 to 9999 it is always 1970. */
static struct tm time_split(time_t now)
{
	static const uint8_t month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	unsigned second = now < 0 || now >= YEAR_10000 ? 0 : (unsigned)(now % 86400);
	unsigned day = now < 0 || now >= YEAR_10000 ? 0 : (unsigned)(now / 86400), days;
	int year = 1970, month = 0;
	struct tm t = { .tm_sec = (int)(second % 60),
		        .tm_min = (int)(second / 60 % 60),
		        .tm_hour = (int)(second / 3600),
		        .tm_wday = (int)((day + 4) % 7) }; /* 1970 began on a Thursday */

	for (; day >= (days = days_in_year(year)); year++)
		day -= days;
	for (;; month++, day -= days) {
		days = month_days[month] + (month == 1 && days_in_year(year) == 366);
		if (day < days)
			break;
	}
	t.tm_mday = (int)day + 1;
	t.tm_mon = month;
	t.tm_year = year - 1900;
	return t;
}

/*
 * Copies the time to the registers. Called when the guest begins to read the clock, with register A
 * or the seconds, so that the other registers agree even if a minute ends in between.
 */
static void clock_sample(struct cmos *c)
{
	struct tm t = time_split(c->clock(c->self));

	c->bytes[RTC_SECONDS] = bcd_of((unsigned)t.tm_sec);
	c->bytes[RTC_MINUTES] = bcd_of((unsigned)t.tm_min);
	c->bytes[RTC_HOURS] = bcd_of((unsigned)t.tm_hour);
	c->bytes[RTC_WEEKDAY] = bcd_of((unsigned)(t.tm_wday + 1));
	c->bytes[RTC_DAY] = bcd_of((unsigned)t.tm_mday);
	c->bytes[RTC_MONTH] = bcd_of((unsigned)(t.tm_mon + 1));
	c->bytes[RTC_YEAR] = bcd_of((unsigned)(t.tm_year % 100));
	c->bytes[RTC_CENTURY] = bcd_of((unsigned)(19 + t.tm_year / 100));
}

/* The clock and status registers ignore writes: OVMF only sets the time that it has just read. */
static void data_set(struct cmos *c, uint8_t value)
{
	switch (c->index) {
	case RTC_SECONDS:
	case RTC_MINUTES:
	case RTC_HOURS:
	case RTC_WEEKDAY:
	case RTC_DAY:
	case RTC_MONTH:
	case RTC_YEAR:
	case RTC_CENTURY:
	case RTC_C:
	case RTC_D:
		return;
	case RTC_A:
		value &= (uint8_t)~A_UIP;
		break;
	case RTC_B:
		value = (value & B_SET) | B_24H;
		break;
	default:
		break;
	}
	c->bytes[c->index] = value;
}

static void cmos_read(void *self, unsigned offset, uint8_t *data, size_t size)
{
	struct cmos *c = self;

	memset(data, 0xff, size);
	if (offset + size > PORT_DATA && (c->index == RTC_A || c->index == RTC_SECONDS))
		clock_sample(c);
	for (size_t i = 0; i < size && offset + i < CMOS_PORTS; i++)
		data[i] = offset + i == PORT_INDEX ? c->index : c->bytes[c->index];
}

/* A 16-bit write to the index port is an index followed by data, as on an 8-bit bus. */
static enum io_action cmos_write(void *self, unsigned offset, const uint8_t *data, size_t size)
{
	struct cmos *c = self;

	for (size_t i = 0; i < size && offset + i < CMOS_PORTS; i++)
		if (offset + i == PORT_INDEX)
			c->index = data[i] & INDEX_BITS;
		else
			data_set(c, data[i]);
	return IO_GO_ON;
}

void cmos_init(struct cmos *c, time_t (*clock)(void *self), void *self)
{
	*c = (struct cmos){
		.clock = clock ? clock : host_clock,
		.self = self,
		.bytes = { [RTC_A] = A_START, [RTC_B] = B_24H, [RTC_D] = D_VALID },
	};
	clock_sample(c);
}

static int cmos_make(void *self, const struct device_env *env, struct error *err)
{
	(void)env, (void)err;
	cmos_init(self, NULL, NULL);
	return 0;
}

const struct device cmos_device = {
	.ranges = { { .name = "CMOS",
	              .base = CMOS_PORT,
	              .len = CMOS_PORTS,
	              .read = cmos_read,
	              .write = cmos_write } },
	.size = sizeof(struct cmos),
	.init = cmos_make,
};
