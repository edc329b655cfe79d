/* SPDX-License-Identifier: MIT */
/* tests/vm/gdb_test.c: GDB's remote protocol, with a target of memory and registers only. */
#include "core/vm/gdb.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"

enum { THREADS = 3, MEMORY = 0x3000, BASE = 0x1000 };

/* Memory from BASE on; a log of what was asked for. */
struct guest {
	struct guest_regs regs[THREADS];
	uint8_t memory[MEMORY];
	char log[4096];
	int fails; /* a negative errno: every call */
};

static struct guest guest;

static int regs_get(void *self, unsigned thread, struct guest_regs *ret)
{
	struct guest *g = self;

	*ret = g->regs[thread];
	return g->fails;
}

static int regs_set(void *self, unsigned thread, const struct guest_regs *r)
{
	struct guest *g = self;

	g->regs[thread] = *r;
	return g->fails;
}

static int access_memory(struct guest *g, uint64_t address, size_t size)
{
	if (g->fails)
		return g->fails;
	if (address < BASE || address >= BASE + MEMORY)
		return -EFAULT;
	return (int)MIN(size, BASE + MEMORY - address);
}

static int memory_read(void *self, unsigned thread, uint64_t address, uint8_t *to, size_t size)
{
	struct guest *g = self;
	int n = access_memory(g, address, size);

	(void)thread;
	if (n > 0)
		memcpy(to, g->memory + (address - BASE), (size_t)n);
	return n;
}

static int memory_write(void *self, unsigned thread, uint64_t address, const uint8_t *from,
                        size_t size)
{
	struct guest *g = self;
	int n = access_memory(g, address, size);

	(void)thread;
	if (n > 0)
		memcpy(g->memory + (address - BASE), from, (size_t)n);
	return n;
}

static int point(void *self, unsigned thread, bool set, enum gdb_point kind, uint64_t address,
                 uint64_t length)
{
	struct guest *g = self;
	char line[80];

	snprintf(line, sizeof(line), "%s %u of %u at %llx+%llx;", set ? "set" : "clear", kind,
	         thread, (unsigned long long)address, (unsigned long long)length);
	strcat(g->log, line);
	return g->fails;
}

static int resume(void *self, const enum gdb_action actions[static GDB_THREADS_MAX])
{
	static const char *const names[] = { "hold ", "go ", "step " };
	struct guest *g = self;

	for (unsigned i = 0; g->fails == 0 && i < THREADS; i++)
		strcat(g->log, names[actions[i]]);
	return g->fails;
}

static void interrupt(void *self)
{
	struct guest *g = self;

	strcat(g->log, "interrupt ");
}

static const struct gdb_target target = { &guest,       THREADS, regs_get, regs_set, memory_read,
	                                  memory_write, point,   resume,   interrupt };

static void begin(struct gdb *g)
{
	guest = (struct guest){ 0 };
	for (size_t i = 0; i < MEMORY; i++)
		guest.memory[i] = (uint8_t)i;
	gdb_init(g, &target);
}

/* Sends bytes as they are, and returns all of the answer. */
static const char *raw(struct gdb *g, const char *bytes, size_t size)
{
	static char answer[2 * GDB_PACKET_MAX];

	g->out.size = 0;
	for (size_t at = 0; at < size;)
		at += gdb_take(g, (const uint8_t *)bytes + at, size - at);
	cr_assert(!g->out.failed && g->out.size < sizeof(answer));
	memcpy(answer, g->out.data ? (const char *)g->out.data : "", g->out.size);
	answer[g->out.size] = '\0';
	g->out.size = 0;
	return answer;
}

static size_t frame(char *to, const char *text, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + (uint8_t)text[i]);
	to[0] = '$';
	memcpy(to + 1, text, size);
	return size + 1 + (size_t)sprintf(to + 1 + size, "#%02x", sum);
}

/* Sends a packet; the data of the reply, "(none)" if there is none. */
static const char *ask_bytes(struct gdb *g, const char *text, size_t size)
{
	static char packet[GDB_PACKET_MAX + 64], reply[2 * GDB_PACKET_MAX],
		again[2 * GDB_PACKET_MAX];
	const char *answer;

	answer = raw(g, packet, frame(packet, text, size));
	cr_assert_eq(*answer, '+', "%s: %s", text, answer);
	if (!answer[1])
		return "(none)";
	snprintf(reply, sizeof(reply), "%s", answer + 2);
	*strchr(reply, '#') = '\0';
	again[frame(again, reply, strlen(reply))] = '\0';
	cr_assert_str_eq(answer + 1, again, "the frame of a reply");
	return reply;
}

static const char *ask(struct gdb *g, const char *text)
{
	return ask_bytes(g, text, strlen(text));
}

static const char *logged(void)
{
	static char log[sizeof(guest.log)];

	strcpy(log, guest.log);
	guest.log[0] = '\0';
	return log;
}

Test(gdb, begins_as_gdb_does)
{
	struct gdb g;

	begin(&g);
	cr_expect_str_eq(ask(&g, "qSupported:multiprocess+;swbreak+;hwbreak+;xmlRegisters=i386"),
	                 "PacketSize=4000;qXfer:features:read+;QStartNoAckMode+;vContSupported+;"
	                 "swbreak+;hwbreak+");
	cr_expect_str_eq(ask(&g, "vMustReplyEmpty"), "");
	cr_expect_str_eq(ask(&g, "Hg0"), "OK");
	cr_expect_str_eq(ask(&g, "qTStatus"), "");
	cr_expect_str_eq(ask(&g, "?"), "T05thread:1;");
	cr_expect_str_eq(ask(&g, "qfThreadInfo"), "m1,2,3");
	cr_expect_str_eq(ask(&g, "qsThreadInfo"), "l");
	cr_expect_str_eq(ask(&g, "qThreadExtraInfo,3"), "764350552032"); /* vCPU 2 */
	cr_expect_str_eq(ask(&g, "qAttached"), "1");
	cr_expect_str_eq(ask(&g, "qC"), "QC1");
	cr_expect_str_eq(ask(&g, "vCont?"), "vCont;c;C;s;S");
	cr_expect_str_eq(ask(&g, "T3"), "OK");
	cr_expect_str_eq(ask(&g, "T4"), "E03");
	cr_expect_str_eq(ask(&g, "QStartNoAckMode"), "OK");
	cr_expect_str_eq(raw(&g, "$qC#b4", 6), "$QC1#c5");
	gdb_fini(&g);
}

/* Every register that the description names, once, and in pieces of any size. */
Test(gdb, describes_its_registers)
{
	static char xml[0x10000];
	char request[80];
	struct gdb g;
	size_t n = 0, count = 0;

	begin(&g);
	for (;;) {
		const char *part;

		snprintf(request, sizeof(request), "qXfer:features:read:target.xml:%zx,1fb", n);
		part = ask(&g, request);
		cr_assert(*part == 'm' || *part == 'l', "%s", part);
		n += (size_t)sprintf(xml + n, "%s", part + 1);
		if (*part == 'l')
			break;
	}
	cr_expect_not_null(strstr(xml, "<architecture>i386:x86-64</architecture>"));
	cr_expect_null(strpbrk(xml, "#$}*"), "the protocol would escape these");
	for (const char *at = xml; (at = strstr(at, "<reg name=")); at++)
		count++;
	cr_expect_eq(count, gdb_regs_count());
	cr_expect_str_eq(ask(&g, "qXfer:features:read:target.xml:ffffff,10"), "l");
	cr_expect_str_eq(ask(&g, "qXfer:features:read:other.xml:0,10"), "");
	cr_expect_str_eq(ask(&g, "qXfer:features:read:target.xml:0"), "E16");
	gdb_fini(&g);
}

Test(gdb, reads_and_writes_registers)
{
	char all[2 * GDB_REGS_MAX + 2] = "G";
	struct guest_regs before;
	struct gdb g;

	begin(&g);
	guest.regs[0].regs.rax = 0x1122334455667788;
	guest.regs[0].sregs.cs.selector = 0xf000;
	guest.regs[0].fpu.mxcsr = 0x1f80;
	guest.regs[1].regs.rip = 0xfff0;
	cr_expect_str_eq(ask(&g, "p0"), "8877665544332211");
	cr_expect_str_eq(ask(&g, "p12"), "00f00000"); /* cs: 32 bits */
	cr_expect_str_eq(ask(&g, "Hg2"), "OK");
	cr_expect_str_eq(ask(&g, "p10"), "f0ff000000000000");
	cr_expect_str_eq(ask(&g, "P10=0010000000000000"), "OK");
	cr_expect_eq(guest.regs[1].regs.rip, 0x1000u);
	cr_expect_str_eq(ask(&g, "P10=00"), "E16");
	cr_expect_str_eq(ask(&g, "pffff"), "E16");
	cr_expect_str_eq(ask(&g, "p"), "E16");
	cr_expect_str_eq(ask(&g, "Pffff=00"), "E16");
	cr_expect_str_eq(ask(&g, "Hg1"), "OK");
	strcat(all, ask(&g, "g"));
	cr_expect_lt(strlen(all), 2u * GDB_REGS_MAX);
	before = guest.regs[0];
	cr_expect_str_eq(ask(&g, all), "OK");
	cr_expect_arr_eq(&before, &guest.regs[0], sizeof(before));
	all[3] ^= 1;
	cr_expect_str_eq(ask(&g, all), "OK");
	cr_expect_neq(guest.regs[0].regs.rax, before.regs.rax);
	all[strlen(all) - 1] = '\0';
	cr_expect_str_eq(ask(&g, all), "E16");
	guest.fails = -EINVAL;
	cr_expect_str_eq(ask(&g, "g"), "E16");
	gdb_fini(&g);
}

/* In real mode a selector means an address; elsewhere it alone means nothing. */
Test(gdb, segments_change_in_real_mode_only)
{
	struct guest_regs r = { .sregs.ds = { .selector = 8, .base = 0x1234 } };
	uint8_t to[GDB_REG_MAX] = { 0x00, 0x20 };
	enum { DS = 20 };

	cr_expect_eq(gdb_reg_write(&r, DS, to), 0);
	cr_expect_eq(r.sregs.ds.selector, 0x2000);
	cr_expect_eq(r.sregs.ds.base, 0x20000u);
	r.sregs.cr0 = 1;
	cr_expect_eq(gdb_reg_write(&r, DS, to), 0, "it is what it was");
	to[0] = 8;
	cr_expect_eq(gdb_reg_write(&r, DS, to), -EINVAL);
	cr_expect_eq(r.sregs.ds.selector, 0x2000);
}

/* Two bits a register for GDB, one for KVM. */
Test(gdb, x87_tags)
{
	struct guest_regs r = { .fpu = { .fsw = 6 << 11, .ftwx = 0xc1 } }; /* top: 6 */
	uint8_t to[GDB_REG_MAX];
	enum { FTAG = 34 };

	r.fpu.fpr[0][7] = 0x80; /* st0 is R6: 1.0 */
	r.fpu.fpr[0][8] = 0xff;
	r.fpu.fpr[0][9] = 0x3f;
	r.fpu.fpr[2][8] = 0xff; /* st2 is R0: infinity; st1, R7, is 0 */
	r.fpu.fpr[2][9] = 0x7f;
	cr_assert_eq(gdb_reg_read(&r, FTAG, to), 4u);
	cr_expect_eq(to[0] | to[1] << 8, 0x4ffe);
	r.fpu.ftwx = 0;
	cr_expect_eq(gdb_reg_write(&r, FTAG, to), 0);
	cr_expect_eq(r.fpu.ftwx, 0xc1);
}

Test(gdb, reads_and_writes_memory)
{
	static const char binary[] = "X1000,4:\x01\0}\x03\x7f";
	struct gdb g;

	begin(&g);
	cr_expect_str_eq(ask(&g, "m1010,4"), "10111213");
	cr_expect_str_eq(ask(&g, "m1010,0"), "");
	cr_expect_str_eq(ask(&g, "mfff,4"), "E0e");
	cr_expect_str_eq(ask(&g, "m3fff,10"), "ff", "as much as there is");
	cr_expect_eq(strlen(ask(&g, "m1000,ffffffffffffffff")), (size_t)GDB_PACKET_MAX);
	cr_expect_str_eq(ask(&g, "M1010,2:ABcd"), "OK");
	cr_expect_str_eq(ask(&g, "m100f,4"), "0fabcd12");
	cr_expect_str_eq(ask(&g, "M3fff,2:abcd"), "E0e", "a part of it");
	cr_expect_str_eq(ask_bytes(&g, binary, sizeof(binary) - 1), "OK", "} escapes");
	cr_expect_str_eq(ask(&g, "m1000,4"), "0100237f");
	cr_expect_str_eq(ask(&g, "X1000,0:"), "OK", "how GDB asks whether X is known");
	for (size_t i = 0; i < 6; i++)
		cr_expect_str_eq(
			ask(&g, (const char *[]){ "m1010", "m1010,2x", "M1010,2:ab", "M1010,1:xx",
		                                  "X1010,2:a", "m10000000000000000,1" }[i]),
			"E16");
	gdb_fini(&g);
}

Test(gdb, sets_breakpoints_and_watchpoints)
{
	struct gdb g;

	begin(&g);
	cr_expect_str_eq(ask(&g, "Hg3"), "OK");
	cr_expect_str_eq(ask(&g, "Z0,fff0,1"), "OK");
	cr_expect_str_eq(ask(&g, "z0,fff0,1"), "OK");
	cr_expect_str_eq(ask(&g, "Z2,2000,8"), "OK");
	cr_expect_str_eq(logged(),
	                 "set 0 of 2 at fff0+1;clear 0 of 2 at fff0+1;set 2 of 2 at 2000+8;");
	cr_expect_str_eq(ask(&g, "Z5,2000,8"), "", "no such kind");
	cr_expect_str_eq(ask(&g, "Z1,2000"), "E16");
	guest.fails = -ENOSPC;
	cr_expect_str_eq(ask(&g, "Z1,2000,1"), "E1c");
	gdb_fini(&g);
}

Test(gdb, resumes_and_says_why_it_stopped)
{
	struct gdb_stop watch = {
		.thread = 1, .kind = GDB_STOP_POINT, .point = GDB_POINT_WRITE, .address = 0x2000
	};
	struct gdb_stop soft = { .kind = GDB_STOP_POINT,
		                 .point = GDB_POINT_SOFTWARE,
		                 .address = 0xfffffff0 };
	struct gdb_stop asked = { .thread = 2, .kind = GDB_STOP_INTERRUPTED };
	struct gdb g;

	begin(&g);
	cr_expect_str_eq(ask(&g, "vCont;s:2;c"), "(none)");
	cr_expect_str_eq(logged(), "go step go ");
	cr_expect_str_eq(ask(&g, "g"), "E10", "the guest runs");
	gdb_stopped(&g, &watch);
	cr_expect_str_eq(raw(&g, "", 0), "");
	cr_expect_str_eq(ask(&g, "?"), "T05thread:2;watch:2000;");
	cr_expect_str_eq(ask(&g, "qC"), "QC2");
	cr_expect_str_eq(ask(&g, "s"), "(none)");
	cr_expect_str_eq(logged(), "hold step hold ");
	gdb_stopped(&g, &soft);
	cr_expect_str_eq(ask(&g, "?"), "T05thread:1;", "the client doesn't know swbreak");
	ask(&g, "qSupported:swbreak+");
	guest.regs[0].regs.rip = 0xfff0;
	cr_expect_str_eq(ask(&g, "?"), "T05thread:1;", "GDB has no breakpoint at RIP");
	guest.regs[0].regs.rip = 0xfffffff0;
	cr_expect_str_eq(ask(&g, "?"), "T05thread:1;swbreak:;");
	cr_expect_str_eq(ask(&g, "c1234"), "(none)");
	cr_expect_eq(guest.regs[0].regs.rip, 0x1234u);
	cr_expect_str_eq(logged(), "go go go ");
	cr_expect_str_eq(raw(&g, "\x03", 1), "");
	cr_expect_str_eq(logged(), "interrupt ");
	g.out.size = 0;
	gdb_stopped(&g, &asked);
	cr_assert_eq(g.out.size, 16u);
	cr_expect_arr_eq(g.out.data, "$T02thread:3;#", 14);
	raw(&g, "\x03", 1);
	cr_expect_str_eq(logged(), "", "it doesn't run");
	cr_expect_str_eq(ask(&g, "C05;99x"), "E16");
	cr_expect_str_eq(ask(&g, "vCont"), "E16");
	cr_expect_str_eq(ask(&g, "vCont;t"), "E16");
	cr_expect_str_eq(ask(&g, "vCont;s:9"), "E16");
	cr_expect_str_eq(ask(&g, "vCont;C05:-1"), "(none)");
	cr_expect_str_eq(logged(), "go go go ");
	gdb_exited(&g, true, 42);
	cr_expect_eq(memcmp(g.out.data, "$W2a#", 5), 0);
	guest.fails = -EINVAL;
	cr_expect_str_eq(ask(&g, "c"), "E16", "it can't be resumed");
	gdb_fini(&g);
}

Test(gdb, leaves)
{
	struct gdb g;

	begin(&g);
	cr_expect_str_eq(ask(&g, "D"), "OK");
	cr_expect_eq(g.end, GDB_DETACHED);
	gdb_fini(&g);
	begin(&g);
	cr_expect_str_eq(ask(&g, "k"), "(none)");
	cr_expect_eq(g.end, GDB_KILLED);
	gdb_fini(&g);
	begin(&g);
	ask(&g, "c");
	cr_expect_str_eq(ask(&g, "vKill;1"), "OK", "of a guest that runs, too");
	cr_expect_eq(g.end, GDB_KILLED);
	gdb_fini(&g);
}

Test(gdb, what_is_no_packet)
{
	static char large[GDB_PACKET_MAX + 100];
	struct gdb g;

	begin(&g);
	cr_expect_str_eq(raw(&g, "GET / HTTP/1.1\r\n\r\n", 18), "");
	cr_expect_str_eq(raw(&g, "$qC#00", 6), "-", "a bad sum");
	cr_expect_str_eq(raw(&g, "$qC#xy", 6), "-", "no sum");
	cr_expect_str_eq(raw(&g, "$qC#bz", 6), "-");
	cr_expect_str_eq(raw(&g, "$m10$qC#b4", 10), "+$QC1#c5", "the end of the first was lost");
	cr_expect_str_eq(raw(&g, "$m10#$qC#b4", 11), "-+$QC1#c5", "so was its sum");
	cr_expect_str_eq(raw(&g, "-", 1), "$QC1#c5", "again");
	cr_expect_str_eq(raw(&g, "+", 1), "");
	cr_expect_str_eq(raw(&g, "$#00", 4), "+$#00", "an empty packet");
	memset(large, 'm', sizeof(large));
	cr_expect_str_eq(ask_bytes(&g, large, GDB_PACKET_MAX + 1), "E07");
	cr_expect_str_eq(ask_bytes(&g, large, GDB_PACKET_MAX), "E16");
	cr_expect_str_eq(ask(&g, "qC"), "QC1");
	raw(&g, "$qC", 3); /* and no more: nothing happens */
	gdb_fini(&g);
}
