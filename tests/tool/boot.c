/* SPDX-License-Identifier: MIT */
/*
 * tests/tool/boot.c: the time, or the number of exits, until a guest prints a line on its console;
 * prints only numbers.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "config/manifest.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/dev/serial.h"
#include "core/vm/abi.h"
#include "core/vm/launch.h"
#include "core/vm/platforms.h"
#include "core/vm/run.h"
#include "core/vm/sys.h"
#include "core/vm/vm_priv.h"
#include "firmware/assemble.h"
#include "firmware/images.h"

enum { LINE_MAX_BYTES = 512, CAUSES_MAX = 64, PATIENCE_MS = 180000 };

/* The last bytes of a console and a NUL, to find text that comes in parts. */
struct tail {
	char text[LINE_MAX_BYTES + 1];
	size_t n;
};

static void tail_add(struct tail *t, char c)
{
	if (t->n == LINE_MAX_BYTES) {
		t->n = LINE_MAX_BYTES / 2;
		memmove(t->text, t->text + LINE_MAX_BYTES - t->n, t->n);
	}
	t->text[t->n++] = c ? c : ' ';
	t->text[t->n] = '\0';
}

static bool tail_has(const struct tail *t, const char *wanted)
{
	return strstr(t->text, wanted) != NULL;
}

static int complain(const char *what, const char *name)
{
	fprintf(stderr, "boot: %s: %s\n", name, what);
	return 1;
}

/* Exits of one kind: KVM's reason, and for accesses their address and direction. */
struct cause {
	uint32_t reason;
	uint64_t at;
	bool write;
	unsigned long count;
};

/* The ioctl wrapper's record of this process's guest. Only the thread of its vCPU uses it. */
static struct census {
	struct vm *vm;
	const char *wanted;
	struct tail console;
	struct cause causes[CAUSES_MAX]; /* the last one counts what exceeds the table */
	size_t n_causes;
	unsigned long exits;
} census;

static struct cause cause_of(const struct kvm_run *run, int result)
{
	struct cause c = { .reason = result < 0 ? UINT32_MAX : run->exit_reason };

	if (c.reason == KVM_EXIT_IO) {
		c.at = run->io.port;
		c.write = run->io.direction == KVM_EXIT_IO_OUT;
	} else if (c.reason == KVM_EXIT_MMIO) {
		c.at = run->mmio.phys_addr;
		c.write = run->mmio.is_write;
	}
	return c;
}

static void cause_count(const struct cause *c)
{
	size_t i = 0;

	while (i < census.n_causes &&
	       (census.causes[i].reason != c->reason || census.causes[i].at != c->at ||
	        census.causes[i].write != c->write))
		i++;
	if (i == census.n_causes) {
		i = MIN(i, (size_t)CAUSES_MAX - 1);
		census.n_causes = i + 1;
		census.causes[i] = *c;
	}
	census.causes[i].count++;
}

static int by_count(const void *a, const void *b)
{
	const struct cause *x = a, *y = b;

	return x->count < y->count ? 1 : x->count > y->count ? -1 : 0;
}

/* The guest has printed the line: prints the counts and exits; nothing needs cleaning up. */
static void census_end(void)
{
	printf("%lu\n", census.exits);
	qsort(census.causes, census.n_causes, sizeof(census.causes[0]), by_count);
	for (size_t i = 0; i < census.n_causes; i++) {
		const struct cause *c = &census.causes[i];

		printf("%lu %s 0x%llx %s\n", c->count,
		       c->reason == KVM_EXIT_IO     ? "port"
		       : c->reason == KVM_EXIT_MMIO ? "mmio"
		       : c->reason == UINT32_MAX    ? "interrupted"
		                                    : "reason",
		       (unsigned long long)(c->at ? c->at : c->reason),
		       c->write ? "write" : "read");
	}
	fflush(stdout);
	_exit(0);
}

/*
 * Counts before the run loop handles the exit, so the count doesn't depend on who reads the
 * console.
 */
static int census_ioctl(void *self, int fd, unsigned long request, void *arg)
{
	int r = kvm_sys_host.ioctl(self, fd, request, arg);
	const struct kvm_run *run;
	struct cause c;

	if (request != KVM_RUN)
		return r;
	run = census.vm->vcpus[0].run;
	c = cause_of(run, r);
	census.exits++;
	cause_count(&c);
	if (c.reason != KVM_EXIT_IO || c.at != SERIAL_COM1 || !c.write)
		return r;
	for (uint32_t i = 0; i < run->io.count; i++)
		tail_add(&census.console,
		         ((const char *)run)[run->io.data_offset + i * run->io.size]);
	if (tail_has(&census.console, census.wanted))
		census_end();
	return r;
}

static int census_run(const struct manifest *m, const struct plan *p, struct error *err)
{
	const struct vm_devices devices = { .exit_port_given = m->exit_port_given,
		                            .exit_port = m->exit_port };
	const struct run_limits limits = { .timeout_ms = m->timeout_ms, .input_fd = -1 };
	struct kvm_sys sys = kvm_sys_host;
	struct outcome o = { 0 };
	int r;

	if (plan_vcpus(p) != 1)
		return error_set(err, ERROR_UNSUPPORTED, "exits are counted of one vCPU only");
	sys.ioctl = census_ioctl;
	r = vm_launch(&sys, manifest_platform(m), p, &devices, &census.vm, err);
	if (r == 0)
		r = vm_run(census.vm, &limits, &o, err);
	vm_free(census.vm);
	return r < 0 ? r : error_set(err, ERROR_INTERNAL, "ended before that line: %s", o.detail);
}

/*
 * exits LINE MANIFEST PLATFORM: the number of returns of KVM_RUN until the guest had written LINE
 * to COM1; then a line "COUNT port|mmio|reason NUMBER read|write" for each cause, the most frequent
 * first.
 */
static int exits_main(int argc, char **argv)
{
	const struct manifest_setting set = { .key = "platform", .value = argv[2] };
	const struct manifest_choice choice = { .set = &set, .n_set = 1, .run = 0 };
	auto_manifest struct manifest m = { 0 };
	auto_images struct images images = { 0 };
	auto_plan const struct plan *plan = NULL;
	struct error err = { 0 };

	(void)argc;
	census.wanted = argv[0];
	if (manifest_load(argv[1], &choice, &m, &err) == 0 && images_load(&m, &images, &err) == 0 &&
	    assemble(&m, &images, manifest_platform(&m), &plan, &err) == 0)
		census_run(&m, plan, &err);
	return complain(err.text, argv[1]);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Its stdin is /dev/null, its stderr ours. */
static int child_start(char *const argv[], int output, pid_t *ret)
{
	posix_spawn_file_actions_t files;
	int r;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	r = posix_spawnp(ret, argv[0], &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	return r == 0 ? 0 : complain(strerror(r), argv[0]);
}

/* False: the output ended, or the time was up. */
static bool line_await(int fd, const char *wanted, struct tail *t)
{
	double end = now_ms() + PATIENCE_MS;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char cap[256];

	while (!tail_has(t, wanted)) {
		double left = end - now_ms();
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return false;
		n = read(fd, cap, sizeof(cap));
		if (n <= 0)
			return false;
		for (ssize_t i = 0; i < n && !tail_has(t, wanted); i++)
			tail_add(t, cap[i]);
	}
	return true;
}

/*
 * until LINE COMMAND...: microseconds from the start of COMMAND until its output had LINE. COMMAND
 * is then killed.
 */
static int until_main(int argc, char **argv)
{
	struct tail tail = { 0 };
	int ends[2], status;
	double start, end;
	bool seen;
	pid_t pid;

	(void)argc;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return complain(strerror(errno), "pipe");
	start = now_ms();
	if (child_start(argv + 1, ends[1], &pid) != 0)
		return 1;
	close(ends[1]);
	seen = line_await(ends[0], argv[0], &tail);
	end = now_ms();
	kill(pid, SIGTERM);
	close(ends[0]);
	waitpid(pid, &status, 0);
	if (seen)
		printf("%.0f\n", (end - start) * 1e3);
	else
		fprintf(stderr, "boot: %s: never printed '%s'; its last output:\n%s\n", argv[1],
		        argv[0], tail.text);
	return seen ? 0 : 1;
}

static const struct verb {
	const char *name, *args;
	int n_args; /* at least */
	int (*main)(int argc, char **argv);
} verbs[] = {
	{ "exits", "LINE MANIFEST PLATFORM", 3, exits_main },
	{ "until", "LINE COMMAND...", 2, until_main },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(argv[1], verbs[i].name) && argc - 2 >= verbs[i].n_args)
			return verbs[i].main(argc - 2, argv + 2);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(stderr, "usage: boot %s %s\n", verbs[i].name, verbs[i].args);
	return 2;
}
