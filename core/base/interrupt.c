/* SPDX-License-Identifier: MIT */
/* core/base/interrupt.c: the number of the signal, set by a handler. */
#include "core/base/interrupt.h"

#include <errno.h>
#include <signal.h>

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
