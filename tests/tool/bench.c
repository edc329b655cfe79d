/* SPDX-License-Identifier: MIT */
/*
 * tests/tool/bench.c: the measurements of tests/bench/bench.sh and their input files; prints only
 * numbers.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/sha2.h"
#include "core/plan/region.h"
#include "core/vm/watch.h"
#include "tests/make/bzimage.h"
#include "tests/make/image.h"

enum {
	RUNS_MAX = 999,
	WARM_UP = 2,
	STATUS_SKIP = 77,
	COPY_BYTES = 16384,
	BZIMAGE_ENTRY_64 = 0x200
};

/* Microseconds from the start of a program to its first byte of output, and to its end. */
struct lap {
	double first, total;
};

struct series {
	double first[RUNS_MAX], total[RUNS_MAX];
};

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_size);
	return values[n / 2];
}

static int complain(const char *what, const char *name)
{
	fprintf(stderr, "bench: %s: %s\n", name, what);
	return 1;
}

/* Its stdin is /dev/null, its stdout a pipe, its stderr ours. */
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

static int child_time(char *const argv[], int wanted, struct lap *ret)
{
	char cap[256];
	int ends[2], status = 0;
	double start;
	pid_t pid;
	ssize_t n;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return complain(strerror(errno), "pipe");
	start = now_us();
	if (child_start(argv, ends[1], &pid) != 0)
		return 1;
	close(ends[1]);
	n = read(ends[0], cap, sizeof(cap));
	ret->first = now_us() - start;
	while (n > 0)
		n = read(ends[0], cap, sizeof(cap));
	waitpid(pid, &status, 0);
	ret->total = now_us() - start;
	close(ends[0]);
	if (WIFEXITED(status) && WEXITSTATUS(status) == wanted)
		return 0;
	fprintf(stderr, "bench: %s: ended with wait status 0x%x, not exit status %d\n", argv[0],
	        (unsigned)status, wanted);
	return 1;
}

static int runs_parse(const char *text)
{
	int runs = atoi(text);

	return runs < 1 || runs > RUNS_MAX ? RUNS_MAX : runs;
}

/* Run number `at` of a series. Runs before zero only warm up. */
static int series_add(struct series *s, int at, char *const argv[], int wanted)
{
	struct lap lap = { 0 };
	int r = child_time(argv, wanted, &lap);

	if (at >= 0) {
		s->first[at] = lap.first;
		s->total[at] = lap.total;
	}
	return r;
}

/*
 * The work that no launcher can avoid: SHA-384 of each page of the firmware, SHA-256 of the initrd,
 * on one core.
 */
static double floor_time(const struct blob *firmware, const struct blob *initrd)
{
	double start = now_us();
	uint8_t digest[SHA384_SIZE];

	for (size_t at = 0; at + PAGE_SIZE <= firmware->size; at += PAGE_SIZE)
		sha384(firmware->data + at, PAGE_SIZE, digest);
	if (initrd->size > 0)
		sha256(initrd->data, initrd->size, digest);
	return now_us() - start;
}

/*
 * floor RUNS FIRMWARE INITRD|- COMMAND...: "COMMAND FLOOR" in microseconds, alternating so that
 * drift cancels.
 */
static int floor_main(int argc, char **argv)
{
	static struct series ours;
	static double floor_us[RUNS_MAX];
	auto_blob struct blob firmware = BLOB_NONE, initrd = BLOB_NONE;
	struct error err = { 0 };
	int runs = runs_parse(argv[0]), r = blob_read(argv[1], SIZE_MAX / 2, &firmware, &err);

	(void)argc;
	if (r == 0 && strcmp(argv[2], "-") != 0)
		r = blob_read(argv[2], SIZE_MAX / 2, &initrd, &err);
	if (r < 0)
		return complain(err.text, "floor");
	for (int i = -WARM_UP; i < runs; i++) {
		double us = floor_time(&firmware, &initrd);

		if (i >= 0)
			floor_us[i] = us;
		if (series_add(&ours, i, argv + 3, 0) != 0)
			return 1;
	}
	printf("%.0f %.0f\n", median(ours.total, (size_t)runs), median(floor_us, (size_t)runs));
	return 0;
}

/*
 * race RUNS STATUS-A STATUS-B A... -- B...: "A-first B-first A-total B-total" in microseconds,
 * alternating.
 */
static int race_main(int argc, char **argv)
{
	static struct series a, b;
	int runs = runs_parse(argv[0]), second = 3;

	while (second < argc && strcmp(argv[second], "--") != 0)
		second++;
	if (second + 1 >= argc)
		return complain("no second command", "race");
	argv[second++] = NULL;
	for (int i = -WARM_UP; i < runs; i++)
		if (series_add(&a, i, argv + 3, atoi(argv[1])) != 0 ||
		    series_add(&b, i, argv + second, atoi(argv[2])) != 0)
			return 1;
	printf("%.0f %.0f %.0f %.0f\n", median(a.first, (size_t)runs),
	       median(b.first, (size_t)runs), median(a.total, (size_t)runs),
	       median(b.total, (size_t)runs));
	return 0;
}

static long status_kib(pid_t pid, const char *field)
{
	char path[64], line[256];
	size_t n = strlen(field);
	long kib = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	while (f && kib < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, field, n))
			kib = atol(line + n);
	if (f)
		fclose(f);
	return kib;
}

static pid_t traced_start(char *const argv[])
{
	pid_t pid = fork();
	int null;

	if (pid != 0)
		return pid;
	null = open("/dev/null", O_RDWR);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(STATUS_SKIP);
	execvp(argv[0], argv);
	_exit(127);
}

/*
 * peak COMMAND...: the peak resident memory in KiB of it and of the processes that it forks, added
 * up. ru_maxrss would include this process's memory (exec_mmap() in fs/exec.c), so this is VmHWM,
 * read just before a process exits, while it still has its memory (ptrace(2), PTRACE_EVENT_EXIT).
 * Guest memory counts once it is touched, as it is mapped shared.
 */
static int peak_main(int argc, char **argv)
{
	const long options = PTRACE_O_TRACEEXIT | PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL;
	pid_t first = traced_start(argv), pid;
	long kib = 0;
	int status, result = -1;

	(void)argc;
	if (first < 0 || waitpid(first, &status, 0) < 0)
		return complain(strerror(errno), argv[0]);
	if (!WIFSTOPPED(status))
		return WIFEXITED(status) && WEXITSTATUS(status) == STATUS_SKIP ? STATUS_SKIP : 1;
	ptrace(PTRACE_SETOPTIONS, first, NULL, (void *)options);
	ptrace(PTRACE_CONT, first, NULL, NULL);
	while ((pid = waitpid(-1, &status, 0)) > 0) {
		/* an event of ours, or the stop with which a new process begins */
		bool ours = WIFSTOPPED(status) && (status >> 16 || WSTOPSIG(status) == SIGSTOP);

		if (pid == first && !WIFSTOPPED(status))
			result = status;
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8))
			kib += status_kib(pid, "VmHWM:");
		if (WIFSTOPPED(status))
			ptrace(PTRACE_CONT, pid, NULL, (void *)(ours ? 0L : WSTOPSIG(status)));
	}
	if (kib <= 0 || !WIFEXITED(result) || WEXITSTATUS(result) != 0)
		return complain("failed while it was watched", argv[0]);
	printf("%ld\n", kib);
	return 0;
}

static int file_write(const char *path, const struct blob *b)
{
	FILE *f = fopen(path, "wb");
	bool bad = !f || fwrite(b->data, 1, b->size, f) != b->size;

	if ((f && fclose(f) != 0) || bad)
		return complain("cannot write", path);
	return 0;
}

/* A newline, so that consoles flush, for COM1; then the end by the exit port. */
static const uint8_t code_16[] = {
	0xba, 0xf8, 0x03, /* mov dx, 0x3f8 */
	0xb0, 0x0a,       /* mov al, 10 */
	0xee,             /* out dx, al */
	0xb0, 0x00,       /* mov al, 0 */
	0xe6, 0xf4,       /* out 0xf4, al: snpvmm's exit port, QEMU's isa-debug-exit */
	0xf4,             /* hlt */
};
static const uint8_t code_64[] = { 0x66, 0xba, 0xf8, 0x03, 0xb0, 0x0a,
	                           0xee, 0xb0, 0x00, 0xe6, 0xf4, 0xf4 };

/*
 * image FILE KIB: a firmware with a page for kernel hashes. Its only code is at the reset vector.
 */
static int image_main(int argc, char **argv)
{
	struct image_spec spec = image_default();
	auto_blob struct blob image = BLOB_NONE;

	(void)argc;
	spec.size = strtoull(argv[1], NULL, 0) << 10;
	image = image_make(&spec);
	memcpy(image.data + image.size - 16, code_16, sizeof(code_16));
	return file_write(argv[0], &image);
}

/* noise FILE KIB: incompressible bytes. */
static int noise_main(int argc, char **argv)
{
	auto_blob struct blob noise = BLOB_NONE;
	struct error err = { 0 };

	(void)argc;
	if (blob_zero(strtoull(argv[1], NULL, 0) << 10, &noise, &err) < 0)
		return complain(err.text, "noise");
	image_noise(noise.data, noise.size, 1);
	return file_write(argv[0], &noise);
}

static const char *const console_expected[] = { "^reached the end", "login:" };
static const char *const console_never[] = { "Kernel panic", "BUG:|Oops:" };

/* A console's bytes in pieces of the size of a serial port's FIFO. */
static double console_time(const char *line, size_t size, size_t lines)
{
	const struct watch_rules rules = { console_expected, ARRAY_SIZE(console_expected),
		                           console_never, ARRAY_SIZE(console_never) };
	struct error err = { 0 };
	struct watch *w = watch_new(&rules, &err);
	double start = now_us();

	for (size_t i = 0; w && i < lines; i++)
		for (size_t at = 0; at < size; at += 16)
			watch_put(w, (const uint8_t *)line + at, MIN(size - at, (size_t)16));
	watch_free(w);
	return now_us() - start;
}

/* console RUNS LINES: nanoseconds per byte for this many lines of a kernel's log. */
static int console_main(int argc, char **argv)
{
	static const char line[] =
		"[    1.234567] pci 0000:00:1f.2: reg 0x24: [mem 0xfebf1000-0xfebf1fff]\n";
	static double us[RUNS_MAX];
	size_t size = sizeof(line) - 1, lines = strtoull(argv[1], NULL, 0);
	int runs = runs_parse(argv[0]);

	(void)argc;
	for (int i = 0; i < runs; i++)
		us[i] = console_time(line, size, lines);
	printf("%.0f\n", median(us, (size_t)runs) * 1e3 / (double)(size * lines));
	return 0;
}

/* kernel FILE: a bzImage whose first instructions are code_64. */
static int kernel_main(int argc, char **argv)
{
	struct bzimage_spec spec = bzimage_default();
	auto_blob struct blob kernel = bzimage_make(&spec);

	(void)argc;
	memcpy(kernel.data + kernel.size - spec.payload_size + BZIMAGE_ENTRY_64, code_64,
	       sizeof(code_64));
	return file_write(argv[0], &kernel);
}

/*
 * copy FILE: microseconds to copy its bytes into fresh memory and to hash the copy, piece by piece,
 * while they are in the cache.
 */
static int copy_main(int argc, char **argv)
{
	auto_blob struct blob from = BLOB_NONE;
	uint8_t digest[SHA256_SIZE];
	struct sha256_state state;
	struct error err = { 0 };
	double start;
	uint8_t *to;

	(void)argc;
	if (blob_read(argv[0], SIZE_MAX / 2, &from, &err) < 0)
		return complain(err.text, "copy");
	start = now_us();
	to = mmap(NULL, from.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (to == MAP_FAILED)
		return complain(strerror(errno), "copy");
	madvise(to, from.size, MADV_HUGEPAGE); /* as guest memory */
	sha256_begin(&state);
	for (size_t at = 0, n; at < from.size; at += n) {
		n = MIN(from.size - at, (size_t)COPY_BYTES);
		memcpy(to + at, from.data + at, n);
		sha256_more(&state, to + at, n);
	}
	sha256_end(&state, digest);
	printf("%.0f\n", now_us() - start);
	return 0;
}

static const struct verb {
	const char *name, *args;
	int n_args; /* at least */
	int (*main)(int argc, char **argv);
} verbs[] = {
	{ "floor", "RUNS FIRMWARE INITRD|- COMMAND...", 4, floor_main },
	{ "race", "RUNS STATUS-A STATUS-B A... -- B...", 6, race_main },
	{ "peak", "COMMAND...", 1, peak_main },
	{ "image", "FILE KIB", 2, image_main },
	{ "noise", "FILE KIB", 2, noise_main },
	{ "kernel", "FILE", 1, kernel_main },
	{ "copy", "FILE", 1, copy_main },
	{ "console", "RUNS LINES", 2, console_main },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(argv[1], verbs[i].name) && argc - 2 >= verbs[i].n_args)
			return verbs[i].main(argc - 2, argv + 2);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(stderr, "usage: bench %s %s\n", verbs[i].name, verbs[i].args);
	return 2;
}
