/* SPDX-License-Identifier: MIT */
/* tests/fake/command_script.c: reads the text of tests/fake/command.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/dev/acpi_pm.h"
#include "core/vm/abi.h"
#include "tests/fake/command_priv.h"

enum { WORDS = 8, PORT_SERIAL = 0x3f8, PORT_DEBUG = 0x402 };

struct word {
	char *text;  /* ended by a NUL, and may have more of them */
	size_t size; /* without the last */
};

static void bad(const struct fake_command *c, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

static void bad(const struct fake_command *c, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "snpvmm-fake: %s:%u: ", c->path, c->line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	_exit(125);
}

static void *grown(const struct fake_command *c, void *from, size_t size)
{
	void *to = realloc(from, size);

	if (!to)
		bad(c, "out of memory");
	return to;
}

static uint64_t number(const struct fake_command *c, const struct word *w)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(w->text, &end, 0);
	if (w->size == 0 || *end || errno)
		bad(c, "'%s' is not a number", w->text);
	return n;
}

static int errnum(const struct fake_command *c, const struct word *w)
{
	for (int e = 1; e < 134; e++) {
		const char *name = strerrorname_np(e);

		if (name && !strcmp(name, w->text))
			return e;
	}
	bad(c, "'%s' is not an errno", w->text);
}

/* --- the host --- */

static void read_flags(struct fake_command *c, const struct word *args)
{
	static const struct {
		const char *name;
		unsigned flag;
	} rows[] = {
		{ "partial-updates", FAKE_PARTIAL_UPDATES },
		{ "cpuid-refused-once", FAKE_CPUID_REFUSED_ONCE },
		{ "cpuid-refused-always", FAKE_CPUID_REFUSED_ALWAYS },
		{ "no-snp", FAKE_NO_SNP },
		{ "other-digest", FAKE_OTHER_DIGEST },
		{ "gmem-mmap", FAKE_GMEM_MMAP },
		{ "no-gib-pages", FAKE_NO_GIB_PAGES },
		{ "no-mp-state", FAKE_NO_MP_STATE },
		{ "req-certs", FAKE_REQ_CERTS },
	};

	for (; args->text; args++) {
		size_t i = 0;

		while (i < ARRAY_SIZE(rows) && strcmp(rows[i].name, args->text) != 0)
			i++;
		if (i == ARRAY_SIZE(rows))
			bad(c, "'%s' is not a flag", args->text);
		c->flags |= rows[i].flag;
	}
}

static void read_open_fails(struct fake_command *c, const struct word *args)
{
	c->no_path = strdup(args[0].text);
	c->no_path_errnum = errnum(c, &args[1]);
}

static const struct {
	const char *name;
	unsigned long request;
	uint32_t sev;
} ioctls[] = {
	{ "KVM_GET_API_VERSION", KVM_GET_API_VERSION, 0 },
	{ "KVM_CREATE_VM", KVM_CREATE_VM, 0 },
	{ "KVM_GET_VCPU_MMAP_SIZE", KVM_GET_VCPU_MMAP_SIZE, 0 },
	{ "KVM_GET_SUPPORTED_CPUID", KVM_GET_SUPPORTED_CPUID, 0 },
	{ "KVM_CREATE_IRQCHIP", KVM_CREATE_IRQCHIP, 0 },
	{ "KVM_CREATE_VCPU", KVM_CREATE_VCPU, 0 },
	{ "KVM_ENABLE_CAP", KVM_ENABLE_CAP, 0 },
	{ "KVM_CREATE_GUEST_MEMFD", KVM_CREATE_GUEST_MEMFD, 0 },
	{ "KVM_SET_USER_MEMORY_REGION", KVM_SET_USER_MEMORY_REGION, 0 },
	{ "KVM_SET_USER_MEMORY_REGION2", KVM_SET_USER_MEMORY_REGION2, 0 },
	{ "KVM_SET_MEMORY_ATTRIBUTES", KVM_SET_MEMORY_ATTRIBUTES, 0 },
	{ "KVM_PRE_FAULT_MEMORY", KVM_PRE_FAULT_MEMORY, 0 },
	{ "KVM_SET_CPUID2", KVM_SET_CPUID2, 0 },
	{ "KVM_SET_SREGS", KVM_SET_SREGS, 0 },
	{ "KVM_SET_REGS", KVM_SET_REGS, 0 },
	{ "KVM_SET_DEBUGREGS", KVM_SET_DEBUGREGS, 0 },
	{ "KVM_SET_XCRS", KVM_SET_XCRS, 0 },
	{ "KVM_SET_XSAVE", KVM_SET_XSAVE, 0 },
	{ "KVM_SET_MP_STATE", KVM_SET_MP_STATE, 0 },
	{ "KVM_SET_MSRS", KVM_SET_MSRS, 0 },
	{ "KVM_RUN", KVM_RUN, 0 },
	{ "SEV_INIT2", KVM_MEMORY_ENCRYPT_OP, KVM_SEV_INIT2 },
	{ "LAUNCH_START", KVM_MEMORY_ENCRYPT_OP, KVM_SEV_SNP_LAUNCH_START },
	{ "LAUNCH_UPDATE", KVM_MEMORY_ENCRYPT_OP, KVM_SEV_SNP_LAUNCH_UPDATE },
	{ "LAUNCH_FINISH", KVM_MEMORY_ENCRYPT_OP, KVM_SEV_SNP_LAUNCH_FINISH },
};

static void read_fail_ioctl(struct fake_command *c, const struct word *args)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(ioctls) && strcmp(ioctls[i].name, args[0].text) != 0)
		i++;
	if (i == ARRAY_SIZE(ioctls) || c->n_faults == COMMAND_FAULTS)
		bad(c, "'%s' is not an ioctl that can fail, or one too many", args[0].text);
	c->faults[c->n_faults++] =
		(struct fault){ .request = ioctls[i].request,
		                .sev = ioctls[i].sev,
		                .errnum = errnum(c, &args[1]),
		                .status = args[2].text ? (uint32_t)number(c, &args[2]) : 0 };
}

/* --- its guest --- */

static void read_recovers(struct fake_command *c, const struct word *args)
{
	c->recovers_after = (unsigned)number(c, &args[0]);
}

static void read_vcpu(struct fake_command *c, const struct word *args)
{
	uint64_t n = number(c, &args[0]);

	if (n >= COMMAND_VCPUS)
		bad(c, "no vCPU %s", args[0].text);
	c->vcpu = (unsigned)n;
}

static void read_repeat(struct fake_command *c, const struct word *args)
{
	c->times = number(c, &args[0]);
}

static void step_add(struct fake_command *c, const struct step *s)
{
	c->steps = grown(c, c->steps, (c->n_steps + 1) * sizeof(*c->steps));
	c->steps[c->n_steps] = *s;
	c->steps[c->n_steps].vcpu = c->vcpu;
	c->steps[c->n_steps++].times = c->times;
	c->times = 1;
}

static void exit_add(struct fake_command *c, struct fake_exit e)
{
	e.rip = c->rip;
	step_add(c, &(struct step){ .kind = STEP_EXIT, .exit = e });
}

static void text_add(struct fake_command *c, uint16_t port, const struct word *w)
{
	struct step s = { .kind = STEP_BYTES, .port = port, .size = w->size };

	s.text = grown(c, NULL, w->size + 1);
	memcpy(s.text, w->text, w->size);
	step_add(c, &s);
}

static void read_print(struct fake_command *c, const struct word *args)
{
	text_add(c, PORT_SERIAL, &args[0]);
}

static void read_debug(struct fake_command *c, const struct word *args)
{
	text_add(c, PORT_DEBUG, &args[0]);
}

static void read_flood(struct fake_command *c, const struct word *args)
{
	step_add(c, &(struct step){ .kind = STEP_BYTES,
	                            .port = PORT_SERIAL,
	                            .size = number(c, &args[0]),
	                            .period = args[1].text ? number(c, &args[1]) : 0 });
}

static void read_out(struct fake_command *c, const struct word *args)
{
	uint64_t port = number(c, &args[0]), size = number(c, &args[1]);

	if (port > UINT16_MAX || (size != 1 && size != 2 && size != 4))
		bad(c, "no such port, or not 1, 2 or 4 bytes");
	exit_add(c, fake_out((uint16_t)port, (unsigned)size, (uint32_t)number(c, &args[2])));
}

static void read_sleep(struct fake_command *c, const struct word *args)
{
	step_add(c, &(struct step){ .kind = STEP_SLEEP, .ms = number(c, &args[0]) });
}

static void read_stuck(struct fake_command *c, const struct word *args)
{
	step_add(c, &(struct step){ .kind = STEP_SLEEP, .ms = number(c, &args[0]), .stuck = true });
}

static void read_rip(struct fake_command *c, const struct word *args)
{
	c->rip = number(c, &args[0]);
}

static void read_wait(struct fake_command *c, const struct word *args)
{
	(void)args;
	exit_add(c, fake_wait());
}

static void read_halt(struct fake_command *c, const struct word *args)
{
	(void)args;
	exit_add(c, fake_halt());
}

static void read_power_off(struct fake_command *c, const struct word *args)
{
	(void)args;
	exit_add(c, fake_out(ACPI_PM_PORT + 4, 2, 0x2000)); /* PM1a control: SLP_EN */
}

static void read_reset(struct fake_command *c, const struct word *args)
{
	(void)args;
	exit_add(c, fake_out(0xcf9, 1, 6));
}

static void read_crash(struct fake_command *c, const struct word *args)
{
	(void)args;
	exit_add(c, fake_system_event(KVM_SYSTEM_EVENT_CRASH, 0));
}

static void read_shutdown(struct fake_command *c, const struct word *args)
{
	(void)args;
	exit_add(c, fake_reason(KVM_EXIT_SHUTDOWN, 0));
}

/*
 * The GHCB MSR protocol's request (GHCB specification 2.3.1): 0x100, the set in bits 15:12, the
 * code above.
 */
static void read_terminate(struct fake_command *c, const struct word *args)
{
	exit_add(c, fake_system_event(KVM_SYSTEM_EVENT_SEV_TERM,
	                              0x100 | (number(c, &args[0]) & 0xf) << 12 |
	                                      (number(c, &args[1]) & 0xff) << 16));
}

static void read_memory_fault(struct fake_command *c, const struct word *args)
{
	bool private = !strcmp(args[1].text, "private");

	if (!private && strcmp(args[1].text, "shared") != 0)
		bad(c, "an access is private or shared, not '%s'", args[1].text);
	exit_add(c, fake_memory_fault(number(c, &args[0]), private));
}

static void read_request_certs(struct fake_command *c, const struct word *args)
{
	exit_add(c, fake_req_certs(number(c, &args[0]), number(c, &args[1])));
}

static void read_internal(struct fake_command *c, const struct word *args)
{
	exit_add(c, fake_reason(KVM_EXIT_INTERNAL_ERROR, number(c, &args[0])));
}

static void read_entry_failed(struct fake_command *c, const struct word *args)
{
	exit_add(c, fake_reason(KVM_EXIT_FAIL_ENTRY, number(c, &args[0])));
}

static void read_errno(struct fake_command *c, const struct word *args)
{
	exit_add(c, fake_errno(errnum(c, &args[0])));
}

static void read_unknown_exit(struct fake_command *c, const struct word *args)
{
	exit_add(c, fake_reason((uint32_t)number(c, &args[0]), 0));
}

static const struct {
	const char *name;
	size_t min, max; /* words after it */
	void (*read)(struct fake_command *c, const struct word *args);
} directives[] = {
	{ "flags", 1, WORDS - 2, read_flags },
	{ "open-fails", 2, 2, read_open_fails },
	{ "fail-ioctl", 2, 3, read_fail_ioctl },
	{ "recovers", 1, 1, read_recovers },
	{ "vcpu", 1, 1, read_vcpu },
	{ "repeat", 1, 1, read_repeat },
	{ "print", 1, 1, read_print },
	{ "debug", 1, 1, read_debug },
	{ "flood", 1, 2, read_flood },
	{ "out", 3, 3, read_out },
	{ "rip", 1, 1, read_rip },
	{ "sleep", 1, 1, read_sleep },
	{ "stuck", 1, 1, read_stuck },
	{ "wait", 0, 0, read_wait },
	{ "halt", 0, 0, read_halt },
	{ "power-off", 0, 0, read_power_off },
	{ "reset", 0, 0, read_reset },
	{ "crash", 0, 0, read_crash },
	{ "shutdown", 0, 0, read_shutdown },
	{ "terminate", 2, 2, read_terminate },
	{ "memory-fault", 2, 2, read_memory_fault },
	{ "request-certs", 2, 2, read_request_certs },
	{ "internal", 1, 1, read_internal },
	{ "entry-failed", 1, 1, read_entry_failed },
	{ "errno", 1, 1, read_errno },
	{ "unknown-exit", 1, 1, read_unknown_exit },
};

/* --- the text --- */

/* The character that an escape after its backslash stands for; moves *at past it. */
static char escape(const struct fake_command *c, const char **at)
{
	static const char letters[] = "nrtabfve\"\\", bytes[] = "\n\r\t\a\b\f\v\033\"\\";
	const char *letter = **at ? strchr(letters, **at) : NULL;
	char digits[4] = "", *end;
	long value;

	if (letter) {
		(*at)++;
		return bytes[letter - letters];
	}
	strncpy(digits, **at == 'x' ? *at + 1 : *at, **at == 'x' ? 2 : 3);
	value = strtol(digits, &end, **at == 'x' ? 16 : 8);
	if (end == digits)
		bad(c, "no such escape: \\%c", **at);
	*at += (**at == 'x') + (end - digits);
	return (char)value;
}

/* The word at *at, decoded in place; moves *at past it. False: there are no more words. */
static bool word_next(const struct fake_command *c, char **at, struct word *ret)
{
	const char *from = *at + strspn(*at, " \t");
	bool quoted = *from == '"';
	char *to;

	from += quoted;
	*ret = (struct word){ .text = to = (char *)from };
	if (!quoted && (!*from || *from == '#'))
		return false;
	while (*from && (quoted ? *from != '"' : !strchr(" \t", *from)))
		if (quoted && *from == '\\' && from++)
			*to++ = escape(c, &from);
		else
			*to++ = *from++;
	if (quoted && !*from)
		bad(c, "a missing end quote");
	ret->size = (size_t)(to - ret->text);
	*at = (char *)from + (*from != '\0');
	*to = '\0';
	return true;
}

static void line_read(struct fake_command *c, char *line)
{
	struct word words[WORDS + 1] = { 0 };
	size_t n = 0, i = 0;

	while (n < WORDS && word_next(c, &line, &words[n]))
		n++;
	words[n] = (struct word){ 0 };
	if (n == 0)
		return;
	while (i < ARRAY_SIZE(directives) && strcmp(directives[i].name, words[0].text) != 0)
		i++;
	if (i == ARRAY_SIZE(directives))
		bad(c, "'%s' is not a directive", words[0].text);
	if (n - 1 < directives[i].min || n - 1 > directives[i].max)
		bad(c, "%s with %zu words", words[0].text, n - 1);
	directives[i].read(c, words + 1);
}

struct fake_command *fake_command_read(const char *path)
{
	struct fake_command *c = calloc(1, sizeof(*c));
	size_t cap = 0;
	char *line = NULL;
	FILE *from;

	if (!c)
		_exit(125);
	*c = (struct fake_command){ .path = path, .times = 1, .lock = PTHREAD_MUTEX_INITIALIZER };
	if (!path)
		return c;
	from = fopen(path, "re");
	if (!from)
		bad(c, "%s", strerror(errno));
	while (getline(&line, &cap, from) >= 0) {
		c->line++;
		line[strcspn(line, "\n")] = '\0';
		line_read(c, line);
	}
	free(line);
	fclose(from);
	return c;
}
