/* SPDX-License-Identifier: MIT */
/* core/sandbox/filter.c: makes the BPF program, and handles what it refuses (SIGSYS). */
#include "core/sandbox/filter.h"

#include <errno.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"

/* A program's instructions: at its begin and end, and at most for a row. */
enum { FRAME = 16, PER_ROW = 6 };

static enum sandbox_mode filter_mode;
static struct calls *refused;
static void (*filter_say)(const struct call *c);

const char *sandbox_mode_name(enum sandbox_mode mode)
{
	static const char *const names[] = { "on", "log", "off" };

	return (unsigned)mode < ARRAY_SIZE(names) ? names[mode] : "off";
}

/* --- what is refused --- */

/* The system call's instruction ends at call_made, from where a filter lets everything pass. */
long call_make(long number, const greg_t *args);
extern const char call_made[];
__asm__(".text\n"
        ".globl call_make, call_made\n"
        ".hidden call_make, call_made\n"
        ".type call_make, @function\n"
        "call_make:\n"
        "	push %rbx\n"
        "	mov %rdi, %rax\n"
        "	mov %rsi, %rbx\n"
        "	mov (%rbx), %rdi\n"
        "	mov 8(%rbx), %rsi\n"
        "	mov 16(%rbx), %rdx\n"
        "	mov 24(%rbx), %r10\n"
        "	mov 32(%rbx), %r8\n"
        "	mov 40(%rbx), %r9\n"
        "	syscall\n"
        "call_made:\n"
        "	pop %rbx\n"
        "	ret\n"
        ".size call_make, . - call_make\n");

/* False: it is there already. */
static bool call_add(const struct call *c)
{
	uint32_t n = __atomic_load_n(&refused->n, __ATOMIC_SEQ_CST);

	for (uint32_t i = 0; i < MIN(n, (uint32_t)ARRAY_SIZE(refused->list)); i++)
		if (refused->list[i].number == c->number && refused->list[i].request == c->request)
			return false;
	n = __atomic_fetch_add(&refused->n, 1, __ATOMIC_SEQ_CST);
	if (n < ARRAY_SIZE(refused->list))
		refused->list[n] = *c;
	return n < ARRAY_SIZE(refused->list);
}

/* Async-signal-safe. */
static void on_refused(int signal_number, siginfo_t *info, void *context)
{
	static const long unmakeable[] = { SYS_clone, SYS_clone3, SYS_fork, SYS_vfork };
	ucontext_t *at = context;
	greg_t *regs = at->uc_mcontext.gregs;
	const struct call call = { (uint32_t)info->si_syscall,
		                   info->si_syscall == SYS_ioctl ? (uint32_t)regs[REG_RSI] : 0 };
	const greg_t args[] = { regs[REG_RDI], regs[REG_RSI], regs[REG_RDX],
		                regs[REG_R10], regs[REG_R8],  regs[REG_R9] };
	bool ends = filter_mode != SANDBOX_LOG;
	int saved = errno;

	(void)signal_number;
	if (call_add(&call) && filter_say)
		filter_say(&call);
	for (size_t i = 0; i < ARRAY_SIZE(unmakeable); i++)
		ends |= info->si_syscall == unmakeable[i];
	if (ends)
		_exit(1);
	regs[REG_RAX] = call_make(info->si_syscall, args);
	errno = saved;
}

int filter_begin(enum sandbox_mode mode, struct calls *to, void (*say)(const struct call *c),
                 struct error *err)
{
	struct sigaction on = { .sa_sigaction = on_refused, .sa_flags = SA_SIGINFO | SA_NODEFER };

	filter_mode = mode;
	refused = to;
	filter_say = say;
	sigfillset(&on.sa_mask);
	sigdelset(&on.sa_mask, SIGSYS);
	return sigaction(SIGSYS, &on, NULL) < 0
	               ? error_sys(err, ERROR_INTERNAL, errno, "SIGSYS has no handler")
	               : 0;
}

/* --- the program --- */

struct program {
	struct sock_filter *list;
	size_t n;
};

static void put(struct program *p, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	p->list[p->n++] = (struct sock_filter){ code, jt, jf, k };
}

#define LOAD  (BPF_LD | BPF_W | BPF_ABS)
#define EQUAL (BPF_JMP | BPF_JEQ | BPF_K)
#define BITS  (BPF_JMP | BPF_JSET | BPF_K)

static void put_allow(struct program *p)
{
	put(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

/* Only calls of x86-64 itself: those of its other ABIs have numbers of their own. */
static void put_begin(struct program *p)
{
	const uint64_t made = (uintptr_t)call_made;

	put(p, LOAD, offsetof(struct seccomp_data, arch), 0, 0);
	put(p, EQUAL, AUDIT_ARCH_X86_64, 1, 0);
	put(p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	if (filter_mode == SANDBOX_LOG) {
		put(p, LOAD, offsetof(struct seccomp_data, instruction_pointer), 0, 0);
		put(p, EQUAL, (uint32_t)made, 0, 3);
		put(p, LOAD, offsetof(struct seccomp_data, instruction_pointer) + 4, 0, 0);
		put(p, EQUAL, (uint32_t)(made >> 32), 0, 1);
		put_allow(p);
	}
	put(p, LOAD, offsetof(struct seccomp_data, nr), 0, 0);
}

static void put_trap(struct program *p)
{
	put(p, BPF_RET | BPF_K, SECCOMP_RET_TRAP, 0, 0);
}

/* All rows of r's number, of which it is the first. What has another number goes on behind them. */
static void put_tests(struct program *p, const struct filter_row *r, const struct filter_row *end)
{
	uint32_t number = r->number;
	unsigned loaded = UINT_MAX;
	size_t over;

	put(p, EQUAL, number, 1, 0);
	over = p->n;
	put(p, BPF_JMP | BPF_JA, 0, 0, 0);
	for (; r < end; r++) {
		size_t at = offsetof(struct seccomp_data, args) + r->argument * sizeof(uint64_t);

		if (r->number != number)
			continue;
		if (r->test == FILTER_NONE)
			put(p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
		if (r->test == FILTER_ANY)
			put_allow(p);
		if (r->test != FILTER_IS && r->test != FILTER_WITHOUT)
			continue;
		if (r->argument != loaded)
			put(p, LOAD, (uint32_t)at, 0, 0);
		loaded = r->argument;
		if (r->test == FILTER_IS)
			put(p, EQUAL, r->value, 0, 1);
		else
			put(p, BITS, r->value, 1, 0);
		put_allow(p);
	}
	put_trap(p);
	p->list[over].k = (uint32_t)(p->n - over - 1);
}

static bool is_first(const struct filter_row *rows, const struct filter_row *r)
{
	while (rows < r && rows->number != r->number)
		rows++;
	return rows == r;
}

/*
 * A short program, as each start pays for its length: the kernel compiles it, and tries it for each
 * number that there is.
 */
static void put_rows(struct program *p, const struct filter_row *rows, size_t n)
{
	const struct filter_row *end = rows + n;
	uint8_t left = 0;

	for (const struct filter_row *r = rows; r < end; r++)
		if (r->test == FILTER_ANY)
			left++;
		else if (is_first(rows, r))
			put_tests(p, r, end);
	for (const struct filter_row *r = rows; r < end; r++)
		if (r->test == FILTER_ANY)
			put(p, EQUAL, r->number, left--, 0); /* to the end */
	put_trap(p);
	put_allow(p);
}

int filter_set(const struct filter_row *rows, size_t n, unsigned threads, unsigned when, bool all,
               struct error *err)
{
	/* without SPEC_ALLOW, kernels before 5.16 would slow the guest down (SSBD) */
	unsigned flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW | (all ? SECCOMP_FILTER_FLAG_TSYNC : 0);
	auto_free struct sock_filter *list = calloc(FRAME + n * PER_ROW, sizeof(*list));
	auto_free struct filter_row *kept = calloc(n, sizeof(*kept));
	struct program p = { list, 0 };
	struct sock_fprog program;
	size_t n_kept = 0;
	int errnum;
	long r;

	if (!list || !kept)
		return error_nomem(err, "a filter of system calls");
	if (n > UINT8_MAX)
		return error_sys(err, ERROR_INTERNAL, E2BIG,
		                 "a filter of system calls from %zu rows", n);
	for (size_t i = 0; i < n; i++)
		if (rows[i].threads & threads && !(rows[i].when & ~when))
			kept[n_kept++] = rows[i];
	put_begin(&p);
	put_rows(&p, kept, n_kept);
	program = (struct sock_fprog){ (unsigned short)p.n, p.list };
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	if (r == 0)
		return 0;
	errnum = r < 0 ? errno : EBUSY; /* else it is the number of a thread */
	error_sys(err, errnum == ENOMEM ? ERROR_HOST_MEMORY : ERROR_HOST_UNSUPPORTED, errnum,
	          "the sandbox: no filter of system calls can be set");
	if (errnum == ENOMEM)
		return err->code;
	return error_fix(err, "use a kernel with CONFIG_SECCOMP_FILTER, or --sandbox=off where the "
	                      "guest is trusted");
}
