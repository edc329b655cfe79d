/* SPDX-License-Identifier: MIT */
/* core/base/interrupt.c: the number of the signal, set by a handler; and a wait that it ends. */
#include "core/base/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>

#include "core/base/error.h"

static volatile sig_atomic_t noted_signal;

void interrupt_note(int signal_number)
{
	noted_signal = signal_number;
}

int interrupt_signal(void)
{
	return noted_signal;
}

int interrupt_check(struct error *err)
{
	if (!noted_signal)
		return 0;
	return error_sys(err, RUN_SIGNALLED, EINTR, "interrupted by a signal");
}

bool lock_wait(unsigned *waited_ms)
{
	enum { STEP_MS = 20, MOST_MS = 1000 };

	if (*waited_ms >= MOST_MS || interrupt_signal())
		return false;
	poll(NULL, 0, STEP_MS);
	*waited_ms += STEP_MS;
	return true;
}
