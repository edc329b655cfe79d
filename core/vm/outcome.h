/* SPDX-License-Identifier: MIT */
/* core/vm/outcome.h: how a run ended. */
#ifndef CORE_VM_OUTCOME_H
#define CORE_VM_OUTCOME_H

#include <stdint.h>

#include "core/base/reason.h"

struct outcome {
	enum reason kind;
	uint64_t code;
	unsigned vcpu;    /* whose exit ended the run; 0 if none did */
	char detail[768]; /* a sentence for users */
	const char *fix;  /* what to do about it; static; or NULL */
};

/* Sets all but the fix, which becomes NULL. */
void outcome_set(struct outcome *o, enum reason kind, uint64_t code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Appends to the sentence. */
void outcome_add(struct outcome *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
