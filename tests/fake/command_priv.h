/* SPDX-License-Identifier: MIT */
/* tests/fake/command_priv.h: a script after reading, for playing. */
#ifndef TESTS_FAKE_COMMAND_PRIV_H
#define TESTS_FAKE_COMMAND_PRIV_H

#include <pthread.h>

#include "tests/fake/command.h"

enum { COMMAND_FAULTS = 8, COMMAND_VCPUS = 256 };

/*
 * What a vCPU does, `times` times: one exit, bytes to a port (each exit takes as many as it can),
 * or sleep.
 */
struct step {
	enum { STEP_EXIT, STEP_BYTES, STEP_SLEEP } kind;
	unsigned vcpu;
	uint64_t times;
	struct fake_exit exit;
	uint16_t port;
	char *text;      /* of STEP_BYTES; NULL: a flood */
	uint64_t size;   /* of STEP_BYTES */
	uint64_t period; /* of a flood: a newline after this many bytes; 0: none */
	uint64_t ms;     /* of STEP_SLEEP */
	bool stuck;      /* a kick doesn't end it */
};

struct fault {
	unsigned long request;
	uint32_t sev; /* the command of KVM_MEMORY_ENCRYPT_OP */
	int errnum;
	uint32_t status;
	bool over;
};

struct fake_command {
	const char *path;
	unsigned line; /* while it is read */
	unsigned vcpu;
	uint64_t times; /* of the next step */
	uint64_t rip;   /* of the next steps; 0: none was given */
	unsigned flags;
	const char *no_path;
	int no_path_errnum;
	pthread_mutex_t lock; /* protects the faults; steps belong to their vCPU's thread */
	struct fault faults[COMMAND_FAULTS];
	size_t n_faults;
	unsigned recovers_after; /* 0: calls fail in each launch */
	struct step *steps;
	size_t n_steps;
	struct place {
		size_t step;
		/* of the step: how many times, and how many bytes of the current time */
		uint64_t round, done;
	} places[COMMAND_VCPUS];
};

#endif
