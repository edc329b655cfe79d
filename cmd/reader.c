/* SPDX-License-Identifier: MIT */
/* cmd/reader.c: the table of system calls that reading takes, and of those that are left then. */
#include "cmd/reader.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/show.h"
#include "core/base/array.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/sanitized.h"
#include "core/out/tree.h"
#include "core/sandbox/landlock.h"
#include "core/sandbox/privileges.h"

/* Before and after the last input is in memory. */
enum { READ = 1 << 0, PARSE = 1 << 1, BOTH = READ | PARSE };
enum { CONFINED = 1 << 0 };

/* pthread_create(3)'s, which shares everything with its creator */
#define THREAD                                                                                     \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SIGHAND | CLONE_THREAD |        \
	 CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

#define CALL(name, when)                                                                           \
	{                                                                                          \
		SYS_##name, when, 0, FILTER_ANY, 0, 0                                              \
	}
#define CALL_IF(name, when, test, n, of)                                                           \
	{                                                                                          \
		SYS_##name, when, 0, test, n, of                                                   \
	}

/* clang-format off */
static const struct filter_row rows[] = {
	/* reading */
	CALL_IF(open, READ, FILTER_WITHOUT, 1, FILTER_WRITES),
	CALL_IF(openat, READ, FILTER_WITHOUT, 2, FILTER_WRITES),
	/* --confine; its flags are in memory: only Landlock keeps it from writing */
	{ SYS_openat2, READ, CONFINED, FILTER_ANY, 0, 0 },
	CALL(stat, READ), CALL(lstat, READ), CALL(newfstatat, BOTH), CALL(statx, READ),
	CALL(access, READ), CALL(faccessat, READ), CALL(faccessat2, READ),
	CALL(readlink, READ), CALL(readlinkat, READ), CALL(getcwd, READ), CALL(getdents64, READ),
	/* not F_SETOWN: it has the kernel send any signal, also to processes that aren't ours */
	CALL_IF(fcntl, READ, FILTER_IS, 1, F_GETFD), CALL_IF(fcntl, READ, FILTER_IS, 1, F_SETFD),
	CALL_IF(fcntl, READ, FILTER_IS, 1, F_GETFL),
	CALL_IF(fcntl, READ, FILTER_IS, 1, F_DUPFD_CLOEXEC), CALL(dup, READ), CALL(fadvise64, READ),
	CALL(read, BOTH), CALL(readv, BOTH), CALL(pread64, BOTH), CALL(lseek, BOTH),
	CALL(close, BOTH), CALL(fstat, BOTH),
	/* writing to what is open */
	CALL(write, BOTH), CALL(writev, BOTH), CALL(poll, BOTH), CALL(ppoll, BOTH),
	CALL_IF(ioctl, BOTH, FILTER_IS, 1, TCGETS), CALL_IF(ioctl, BOTH, FILTER_IS, 1, FILTER_TCGETS2),
	CALL_IF(ioctl, BOTH, FILTER_IS, 1, TIOCGWINSZ),
	/* signals, which end the command with a message */
	CALL(rt_sigaction, BOTH), CALL(rt_sigprocmask, BOTH), CALL(rt_sigreturn, BOTH),
	CALL(restart_syscall, BOTH),
	CALL(eventfd2, BOTH), CALL(setitimer, BOTH), CALL(getpid, BOTH), CALL(gettid, BOTH),
	/* memory */
	CALL(brk, BOTH), CALL(munmap, BOTH), CALL(mremap, BOTH), CALL(madvise, BOTH),
	CALL(mlock, BOTH), CALL(mlock2, BOTH),
	CALL_IF(mmap, BOTH, FILTER_WITHOUT, 2, PROT_EXEC),
	CALL_IF(mprotect, BOTH, FILTER_WITHOUT, 2, PROT_EXEC),
	/* threads that hash; clone3(2) has its flags in memory, where they can't be looked at */
	CALL_IF(clone, BOTH, FILTER_IS, 0, THREAD), CALL_IF(clone3, BOTH, FILTER_NONE, 0, 0),
	CALL(futex, BOTH), CALL(set_robust_list, BOTH), CALL(rseq, BOTH), CALL(sched_yield, BOTH),
	CALL(sched_getaffinity, BOTH), CALL(sched_setaffinity, BOTH), CALL(getcpu, BOTH),
	/* the rest */
	CALL(clock_gettime, BOTH), CALL(gettimeofday, BOTH), CALL(time, BOTH), CALL(getrandom, BOTH),
	CALL(sysinfo, BOTH), CALL(uname, BOTH), CALL(getrusage, BOTH),
	/* of this process: RLIMIT_CPU kills others */
	CALL_IF(prlimit64, BOTH, FILTER_IS, 0, 0),
	CALL(getuid, BOTH), CALL(geteuid, BOTH), CALL(getgid, BOTH), CALL(getegid, BOTH),
	CALL(seccomp, BOTH), CALL(exit, BOTH), CALL(exit_group, BOTH),
};
/* clang-format on */

static enum sandbox_mode mode;
static struct calls refused;
static bool begun;

bool sandbox_set(const char *word)
{
	for (mode = SANDBOX_ON; mode <= SANDBOX_OFF; mode++)
		if (!strcmp(sandbox_mode_name(mode), word))
			return true;
	return false;
}

enum sandbox_mode sandbox_wanted(void)
{
	return SANITIZED ? SANDBOX_OFF : mode;
}

/* In a signal handler: nothing is allocated. */
static void say(const struct call *c)
{
	char line[256], name[CALL_NAME];
	int n;

	call_name(c, name);
	n = snprintf(line, sizeof(line),
	             sandbox_wanted() == SANDBOX_LOG
	                     ? "snpvmm: sandbox: a system call that would be refused: %s\n"
	                     : "snpvmm: error: a system call that no reading of files makes: %s "
	                       "[sandbox]\n",
	             name);
	if (write(STDERR_FILENO, line, (size_t)n) < 0 || sandbox_wanted() == SANDBOX_ON)
		_exit(STATUS_USAGE);
}

int reader_begin(bool confined, struct error *err)
{
	struct landlock_folder all = { -1, false };
	int landlock = 0;

	if (sandbox_wanted() == SANDBOX_OFF)
		return 0;
	if (!show_for_people())
		tree_json_seed();
	privileges_none_new();
	if (mode == SANDBOX_ON) {
		all.fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		landlock = landlock_confine(&all, 1);
		fd_cleanup(&all.fd);
	}
	if (landlock < 0)
		return error_sys(err, ERROR_HOST_MEMORY, -landlock, "Landlock");
	if (filter_begin(mode, &refused, say, err) < 0)
		return err->code;
	begun = true;
	return filter_set(rows, ARRAY_SIZE(rows), BOTH, confined ? CONFINED : 0, true, err);
}

void reader_has_read(void)
{
	struct error err = { 0 };

	if (begun)
		tzset(); /* else gmtime_r(3) would read /etc/localtime later */
	if (begun && filter_set(rows, ARRAY_SIZE(rows), PARSE, 0, true, &err) < 0)
		log_info("%s", err.text);
}
