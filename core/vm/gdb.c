/* SPDX-License-Identifier: MIT */
/*
 * core/vm/gdb.c: packets in and out, and the table of commands. A command that isn't in it gets an
 * empty reply, which means "not supported".
 */
#include "core/vm/gdb.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"

enum {
	SIGNAL_INT = 2,
	SIGNAL_TRAP = 5,
	SIGNAL_ABRT = 6
}; /* GDB's own numbers, whatever the host's */
enum { INTERRUPT = 0x03, ESCAPE = '}', ESCAPE_XOR = 0x20 };

/* --- replies --- */

static void __attribute__((format(printf, 2, 3))) reply_add(struct gdb *g, const char *format, ...)
{
	size_t room = sizeof(g->reply) - g->n_reply;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(g->reply + g->n_reply, room, format, args);
	va_end(args);
	g->n_reply += n > 0 ? MIN((size_t)n, room - 1) : 0;
}

static void reply_hex(struct gdb *g, const uint8_t *bytes, size_t size)
{
	size = MIN(size, (sizeof(g->reply) - 1 - g->n_reply) / 2);
	hex_of(bytes, size, g->reply + g->n_reply);
	g->n_reply += 2 * size;
}

/* An errno has the same number in GDB's protocol, where Linux's are meant. */
static void reply_result(struct gdb *g, int result)
{
	if (result < 0)
		reply_add(g, "E%02x", (unsigned)-result & 0xff);
	else
		reply_add(g, "OK");
}

static void reply_send(struct gdb *g)
{
	uint8_t sum = 0;
	char end[4];

	for (size_t i = 0; i < g->n_reply; i++)
		sum = (uint8_t)(sum + (uint8_t)g->reply[i]);
	snprintf(end, sizeof(end), "#%02x", sum);
	buffer_add(&g->out, "$", 1);
	buffer_add(&g->out, g->reply, g->n_reply);
	buffer_add(&g->out, end, 3);
}

/*
 * GDB ignores a stop at a breakpoint that it doesn't know. If CS has a base, as in real mode, it
 * looks for the breakpoint at RIP and finds none, so it gets only a trap.
 */
static void reply_stop(struct gdb *g)
{
	static const char *const names[] = { [GDB_POINT_SOFTWARE] = "swbreak",
		                             [GDB_POINT_HARDWARE] = "hwbreak",
		                             [GDB_POINT_WRITE] = "watch",
		                             [GDB_POINT_READ] = "rwatch",
		                             [GDB_POINT_ACCESS] = "awatch" };
	const struct gdb_stop *s = &g->stop;
	struct guest_regs r;

	reply_add(g, "T%02xthread:%x;", s->kind == GDB_STOP_INTERRUPTED ? SIGNAL_INT : SIGNAL_TRAP,
	          s->thread + 1);
	if (s->kind != GDB_STOP_POINT)
		return;
	if (s->point >= GDB_POINT_WRITE)
		reply_add(g, "%s:%llx;", names[s->point], (unsigned long long)s->address);
	else if ((s->point == GDB_POINT_SOFTWARE ? g->wants_swbreak : g->wants_hwbreak) &&
	         g->target->regs_get(g->target->self, s->thread, &r) >= 0 &&
	         r.regs.rip == s->address)
		reply_add(g, "%s:;", names[s->point]);
}

/* --- arguments --- */

/* A number in hex, at least one digit of it, and past the character `after`, unless that is 0. */
static bool hex_take(const char **at, char after, uint64_t *ret)
{
	uint64_t value = 0;
	const char *p = *at;

	for (; hex_digit(*p) >= 0; p++) {
		if (value >> 60)
			return false;
		value = value << 4 | (unsigned)hex_digit(*p);
	}
	if (p == *at || (after && *p != after))
		return false;
	*at = p + (after != 0);
	*ret = value;
	return true;
}

/* The number of a thread: -1 is all of them, and 0 any, for which the first is taken. */
static bool thread_take(const struct gdb *g, const char **at, unsigned *ret, bool *ret_all)
{
	uint64_t n;

	*ret_all = !strncmp(*at, "-1", 2);
	*ret = 0;
	if (*ret_all) {
		*at += 2;
		return true;
	}
	if (!hex_take(at, 0, &n) || n > g->target->threads)
		return false;
	*ret = n ? (unsigned)n - 1 : g->stop.thread;
	return true;
}

/* --- registers --- */

static int regs_get(struct gdb *g, struct guest_regs *ret)
{
	return g->target->regs_get(g->target->self, g->thread, ret);
}

static int regs_set(struct gdb *g, unsigned thread, const struct guest_regs *r)
{
	return g->target->regs_set(g->target->self, thread, r);
}

static void command_read_registers(struct gdb *g, const char *args)
{
	struct guest_regs r;
	uint8_t bytes[GDB_REG_MAX];
	int result = regs_get(g, &r);
	size_t n;

	(void)args;
	if (result < 0)
		reply_result(g, result);
	for (unsigned i = 0; result >= 0 && (n = gdb_reg_read(&r, i, bytes)) > 0; i++)
		reply_hex(g, bytes, n);
}

static void command_write_registers(struct gdb *g, const char *args)
{
	struct guest_regs r;
	uint8_t bytes[GDB_REG_MAX];
	int result = regs_get(g, &r);
	size_t n, size = strlen(args);

	for (unsigned i = 0; result >= 0 && size > 0; i++) {
		n = gdb_reg_read(&r, i, bytes);
		if (n == 0 || size < 2 * n || !hex_parse(args, 2 * n, bytes, n))
			result = -EINVAL;
		else
			result = gdb_reg_write(&r, i, bytes);
		args += 2 * n;
		size -= MIN(size, 2 * n);
	}
	reply_result(g, result < 0 ? result : regs_set(g, g->thread, &r));
}

static void command_read_register(struct gdb *g, const char *args)
{
	struct guest_regs r;
	uint8_t bytes[GDB_REG_MAX];
	uint64_t number;
	int result = regs_get(g, &r);
	size_t n = 0;

	if (result >= 0 && hex_take(&args, 0, &number) && number < gdb_regs_count())
		n = gdb_reg_read(&r, (unsigned)number, bytes);
	if (n > 0)
		reply_hex(g, bytes, n);
	else
		reply_result(g, result < 0 ? result : -EINVAL);
}

static void command_write_register(struct gdb *g, const char *args)
{
	struct guest_regs r;
	uint8_t bytes[GDB_REG_MAX];
	uint64_t number;
	int result = regs_get(g, &r);
	size_t n;

	if (result >= 0)
		result = hex_take(&args, '=', &number) && number < gdb_regs_count() ? 0 : -EINVAL;
	if (result >= 0) {
		n = gdb_reg_read(&r, (unsigned)number, bytes);
		result = hex_parse(args, strlen(args), bytes, n)
		                 ? gdb_reg_write(&r, (unsigned)number, bytes)
		                 : -EINVAL;
	}
	reply_result(g, result < 0 ? result : regs_set(g, g->thread, &r));
}

/* --- memory --- */

static void command_read_memory(struct gdb *g, const char *args)
{
	uint8_t bytes[GDB_PACKET_MAX / 2];
	uint64_t address, length;
	int n = -EINVAL;

	if (hex_take(&args, ',', &address) && hex_take(&args, 0, &length) && !*args) {
		length = MIN(length, sizeof(bytes)); /* the client asks for the rest */
		n = length ? g->target->read(g->target->self, g->thread, address, bytes, length)
		           : 0;
	}
	if (n < 0)
		reply_result(g, n);
	else
		reply_hex(g, bytes, (size_t)n);
}

/* M has hex, X has bytes. A part that was written before a failure stays. */
static void command_write_memory(struct gdb *g, const char *args)
{
	const char *end = g->in + g->n_in;
	uint8_t bytes[GDB_PACKET_MAX];
	uint64_t address, length, done = 0;
	bool hex = g->in[0] == 'M';
	int n = 1;

	if (!hex_take(&args, ',', &address) || !hex_take(&args, ':', &length) ||
	    length > sizeof(bytes) || (size_t)(end - args) != (hex ? 2 : 1) * length ||
	    (hex && !hex_parse(args, 2 * length, bytes, length))) {
		reply_result(g, -EINVAL);
		return;
	}
	if (!hex)
		memcpy(bytes, args, length);
	while (n > 0 && done < length) {
		n = g->target->write(g->target->self, g->thread, address + done, bytes + done,
		                     length - done);
		done += n > 0 ? (uint64_t)n : 0;
	}
	reply_result(g, done < length ? n : 0);
}

/* Z sets, z clears; an unknown kind gets the empty reply. */
static void command_point(struct gdb *g, const char *args)
{
	uint64_t kind, address, length;

	if (!hex_take(&args, ',', &kind) || !hex_take(&args, ',', &address) ||
	    !hex_take(&args, 0, &length) || (*args && *args != ';'))
		reply_result(g, -EINVAL);
	else if (kind <= GDB_POINT_ACCESS)
		reply_result(g, g->target->point(g->target->self, g->thread, g->in[0] == 'Z',
		                                 (enum gdb_point)kind, address, length));
}

/* --- running --- */

static void guest_resume(struct gdb *g, const enum gdb_action actions[static GDB_THREADS_MAX])
{
	int result = g->target->resume(g->target->self, actions);

	g->running = result >= 0;
	if (result < 0)
		reply_result(g, result);
}

/* c, s and, with a signal that a virtual machine has no use for, C and S. */
static void command_go(struct gdb *g, const char *args)
{
	bool signal = g->in[0] == 'C' || g->in[0] == 'S', step = g->in[0] == 's' || g->in[0] == 'S';
	enum gdb_action actions[GDB_THREADS_MAX] = { GDB_HOLD };
	struct guest_regs r;
	uint64_t value, address;
	int result = 0;

	if (signal && (!hex_take(&args, 0, &value) || (*args && *args++ != ';')))
		result = -EINVAL;
	if (result == 0 && *args) {
		result = hex_take(&args, 0, &address) && !*args ? 0 : -EINVAL;
		if (result == 0)
			result = g->target->regs_get(g->target->self, g->step_thread, &r);
		if (result >= 0) {
			r.regs.rip = address;
			result = regs_set(g, g->step_thread, &r);
		}
	}
	if (result < 0) {
		reply_result(g, result);
		return;
	}
	for (unsigned i = 0; !step && i < g->target->threads; i++)
		actions[i] = GDB_CONTINUE;
	if (step)
		actions[g->step_thread] = GDB_STEP;
	guest_resume(g, actions);
}

/* ";action[:thread]" again and again; for each thread, the leftmost action that names it counts. */
static void command_resume(struct gdb *g, const char *args)
{
	enum gdb_action actions[GDB_THREADS_MAX] = { GDB_HOLD };
	bool named[GDB_THREADS_MAX] = { false }, any = false, good = *args == ';';

	while (good && *args == ';') {
		char what = args[1];
		bool all = true, step = what == 's' || what == 'S';
		unsigned thread = 0;
		uint64_t ignored;

		good = what && strchr("cCsS", what);
		args += good ? 2 : 1;
		if (good && (what == 'C' || what == 'S'))
			good = hex_take(&args, 0, &ignored);
		if (good && *args == ':') {
			args++;
			good = thread_take(g, &args, &thread, &all);
		}
		for (unsigned i = 0; good && i < g->target->threads; i++) {
			if (named[i] || (!all && i != thread))
				continue;
			named[i] = any = true;
			actions[i] = step ? GDB_STEP : GDB_CONTINUE;
		}
	}
	if (good && any && !*args)
		guest_resume(g, actions);
	else
		reply_result(g, -EINVAL);
}

static void command_why_stopped(struct gdb *g, const char *args)
{
	(void)args;
	reply_stop(g);
}

static void command_detach(struct gdb *g, const char *args)
{
	(void)args;
	g->end = GDB_DETACHED;
	reply_result(g, 0);
}

/* k, which gets no reply, and vKill. */
static void command_kill(struct gdb *g, const char *args)
{
	(void)args;
	g->end = GDB_KILLED;
	if (g->in[0] == 'v')
		reply_result(g, 0);
}

/* --- threads --- */

static void command_select_thread(struct gdb *g, const char *args)
{
	const char *at = args + 1;
	unsigned thread;
	bool all;

	if ((*args != 'g' && *args != 'c') || !thread_take(g, &at, &thread, &all) || *at) {
		reply_result(g, -EINVAL);
		return;
	}
	thread = all ? g->stop.thread : thread;
	*(*args == 'g' ? &g->thread : &g->step_thread) = thread;
	reply_result(g, 0);
}

static void command_thread_alive(struct gdb *g, const char *args)
{
	unsigned thread;
	bool all;

	reply_result(g, thread_take(g, &args, &thread, &all) && !*args ? 0 : -ESRCH);
}

static void command_threads(struct gdb *g, const char *args)
{
	(void)args;
	for (unsigned i = 0; i < g->target->threads; i++)
		reply_add(g, "%c%x", i ? ',' : 'm', i + 1);
}

static void command_thread_name(struct gdb *g, const char *args)
{
	char name[32];
	unsigned thread;
	bool all;

	if (!thread_take(g, &args, &thread, &all) || all || *args) {
		reply_result(g, -EINVAL);
		return;
	}
	snprintf(name, sizeof(name), "vCPU %u", thread);
	reply_hex(g, (const uint8_t *)name, strlen(name));
}

static void command_current_thread(struct gdb *g, const char *args)
{
	(void)args;
	reply_add(g, "QC%x", g->thread + 1);
}

/* --- what each side can do --- */

static void command_supported(struct gdb *g, const char *args)
{
	g->wants_swbreak = strstr(args, "swbreak+") != NULL;
	g->wants_hwbreak = strstr(args, "hwbreak+") != NULL;
	reply_add(g,
	          "PacketSize=%x;qXfer:features:read+;QStartNoAckMode+;vContSupported+;swbreak+;"
	          "hwbreak+",
	          GDB_PACKET_MAX);
}

static void command_no_ack(struct gdb *g, const char *args)
{
	(void)args;
	g->no_ack = true;
	reply_result(g, 0);
}

static void command_description(struct gdb *g, const char *args)
{
	auto_buffer struct buffer xml = { 0 };
	uint64_t from, length;

	gdb_regs_describe(&xml);
	if (!hex_take(&args, ',', &from) || !hex_take(&args, 0, &length) || *args) {
		reply_result(g, -EINVAL);
	} else if (xml.failed) {
		reply_result(g, -ENOMEM);
	} else {
		from = MIN(from, xml.size);
		length = MIN(MIN(length, xml.size - from), (uint64_t)GDB_PACKET_MAX - 1);
		reply_add(g, "%c%.*s", from + length < xml.size ? 'm' : 'l', (int)length,
		          (const char *)xml.data + from);
	}
}

/* A name that begins like another comes after it if it is shorter. */
static const struct command {
	const char *name;
	void (*run)(struct gdb *g, const char *args);
	const char *reply; /* instead of a function */
	bool whole;        /* no arguments may follow */
	bool running;      /* allowed while the guest runs */
	bool silent;       /* no reply, or not before the guest stops */
} commands[] = {
	{ .name = "?", .run = command_why_stopped, .whole = true },
	{ .name = "C", .run = command_go, .silent = true },
	{ .name = "c", .run = command_go, .silent = true },
	{ .name = "D", .run = command_detach },
	{ .name = "G", .run = command_write_registers },
	{ .name = "g", .run = command_read_registers, .whole = true },
	{ .name = "H", .run = command_select_thread },
	{ .name = "k", .run = command_kill, .running = true, .silent = true },
	{ .name = "M", .run = command_write_memory },
	{ .name = "m", .run = command_read_memory },
	{ .name = "P", .run = command_write_register },
	{ .name = "p", .run = command_read_register },
	{ .name = "QStartNoAckMode", .run = command_no_ack, .whole = true },
	/* the guest was there before the client: GDB detaches when it quits, and kills nothing */
	{ .name = "qAttached", .reply = "1" },
	{ .name = "qC", .run = command_current_thread, .whole = true },
	{ .name = "qfThreadInfo", .run = command_threads, .whole = true },
	{ .name = "qsThreadInfo", .reply = "l", .whole = true },
	{ .name = "qSupported", .run = command_supported },
	{ .name = "qThreadExtraInfo,", .run = command_thread_name },
	{ .name = "qXfer:features:read:target.xml:", .run = command_description },
	{ .name = "S", .run = command_go, .silent = true },
	{ .name = "s", .run = command_go, .silent = true },
	{ .name = "T", .run = command_thread_alive },
	{ .name = "vCont?", .reply = "vCont;c;C;s;S", .whole = true },
	{ .name = "vCont", .run = command_resume, .silent = true },
	{ .name = "vKill", .run = command_kill, .running = true },
	{ .name = "X", .run = command_write_memory },
	{ .name = "Z", .run = command_point },
	{ .name = "z", .run = command_point },
};

/* --- packets --- */

static void packet_run(struct gdb *g)
{
	const struct command *c = NULL;
	size_t n = 0;

	g->in[g->n_in] = '\0';
	g->n_reply = 0;
	for (size_t i = 0; !c && i < ARRAY_SIZE(commands); i++) {
		n = strlen(commands[i].name);
		if (!strncmp(g->in, commands[i].name, n) && (!commands[i].whole || !g->in[n]))
			c = &commands[i];
	}
	if (g->too_long)
		reply_result(g, -E2BIG);
	else if (g->running && !(c && c->running))
		reply_result(g, -EBUSY);
	else if (c && c->reply)
		reply_add(g, "%s", c->reply);
	else if (c)
		c->run(g, g->in + n);
	if (g->n_reply > 0 || !c || !c->silent)
		reply_send(g);
}

static void packet_end(struct gdb *g)
{
	bool good = g->sum == g->sum_given;

	g->state = GDB_IDLE;
	g->greeted |= good;
	if (!g->no_ack)
		buffer_add(&g->out, good ? "+" : "-", 1);
	if (good)
		packet_run(g);
}

static void byte_outside(struct gdb *g, uint8_t byte)
{
	if (byte == '$') {
		g->state = GDB_DATA;
		g->n_in = 0;
		g->sum = 0;
		g->escaped = g->too_long = false;
	} else if (byte == INTERRUPT && g->running) {
		g->target->interrupt(g->target->self);
	} else if (byte == '-' && !g->no_ack && g->n_reply > 0 && !g->running) {
		reply_send(g);
	}
}

/* A '$' that isn't escaped begins a new packet: the end of the one before was lost. */
static void byte_inside(struct gdb *g, uint8_t byte)
{
	if (byte == '$') {
		byte_outside(g, byte);
		return;
	}
	if (byte == '#') {
		g->state = GDB_SUM_1;
		return;
	}
	g->sum = (uint8_t)(g->sum + byte);
	if (byte == ESCAPE && !g->escaped) {
		g->escaped = true;
		return;
	}
	if (g->escaped)
		byte ^= ESCAPE_XOR;
	g->escaped = false;
	if (g->n_in < GDB_PACKET_MAX)
		g->in[g->n_in++] = (char)byte;
	else
		g->too_long = true;
}

size_t gdb_take(struct gdb *g, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		int digit = hex_digit((char)bytes[i]);

		switch (g->state) {
		case GDB_IDLE:
			byte_outside(g, bytes[i]);
			if (g->out.size > 0)
				return i + 1;
			break;
		case GDB_DATA:
			byte_inside(g, bytes[i]);
			break;
		case GDB_SUM_1:
		case GDB_SUM_2:
			if (digit >= 0 && g->state == GDB_SUM_1) {
				g->sum_given = (uint8_t)(digit << 4);
				g->state = GDB_SUM_2;
				break;
			}
			/* no hex digit: then the sum is wrong, and a packet may begin here */
			g->sum_given =
				digit < 0 ? (uint8_t)~g->sum : (uint8_t)(g->sum_given | digit);
			packet_end(g);
			if (digit < 0)
				byte_outside(g, bytes[i]);
			return i + 1;
		}
	}
	return size;
}

void gdb_init(struct gdb *g, const struct gdb_target *target)
{
	*g = (struct gdb){ .target = target };
}

void gdb_fini(struct gdb *g)
{
	buffer_fini(&g->out);
}

void gdb_stopped(struct gdb *g, const struct gdb_stop *stop)
{
	g->stop = *stop;
	g->thread = g->step_thread = stop->thread;
	if (!g->running)
		return;
	g->running = false;
	g->n_reply = 0;
	reply_stop(g);
	reply_send(g);
}

void gdb_exited(struct gdb *g, bool well, uint8_t status)
{
	if (!g->running)
		return;
	g->running = false;
	g->n_reply = 0;
	reply_add(g, "%c%02x", well ? 'W' : 'X', well ? status : SIGNAL_ABRT);
	reply_send(g);
}
