/* SPDX-License-Identifier: MIT */
/* core/base/stack.c: sets the size of threads' stacks, and changes to another one if it must. */
#include "core/base/stack.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>

#include "core/base/sanitized.h"

enum { MAIN_SIZE = 1 << 20, THREAD_SIZE = 512 << 10 };

static struct {
	int (*main)(int argc, char **argv);
	int argc;
	char **argv;
	int result;
} call;

static void call_main(void)
{
	call.result = call.main(call.argc, call.argv);
}

int stack_call(int (*main)(int argc, char **argv), int argc, char **argv)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
	struct rlimit limit;
	pthread_attr_t threads;
	ucontext_t before, own;
	void *stack;

	if (pthread_attr_init(&threads) == 0) {
		pthread_attr_setstacksize(&threads, THREAD_SIZE);
		pthread_setattr_default_np(&threads);
		pthread_attr_destroy(&threads);
	}
	/* AddressSanitizer has to be told of another stack, and needs more than that anyway */
	if (SANITIZED || getrlimit(RLIMIT_STACK, &limit) < 0 || limit.rlim_cur >= MAIN_SIZE)
		return main(argc, argv);
	/* the page below it stays without access, and ends an overflow */
	stack = mmap(NULL, MAIN_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (stack == MAP_FAILED || mprotect(stack, 4096, PROT_NONE) < 0 || getcontext(&own) < 0)
		return main(argc, argv);
	call.main = main;
	call.argc = argc;
	call.argv = argv;
	own.uc_stack = (stack_t){ .ss_sp = stack, .ss_size = MAIN_SIZE };
	own.uc_link = &before;
	makecontext(&own, call_main, 0);
	return swapcontext(&before, &own) < 0 ? main(argc, argv) : call.result;
}
