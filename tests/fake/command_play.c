/* SPDX-License-Identifier: MIT */
/* tests/fake/command_play.c: plays a script: which calls fail, and what a vCPU does next. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "core/vm/abi.h"
#include "tests/fake/command_priv.h"

static atomic_uint *failures; /* of all processes of the command */

__attribute__((constructor)) static void failures_share(void)
{
	failures = mmap(NULL, sizeof(*failures), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	                -1, 0);
	if (failures == MAP_FAILED)
		abort();
}

void fake_command_restart(struct fake_command *c)
{
	for (size_t i = 0; i < c->n_faults; i++)
		c->faults[i].over = false;
	memset(c->places, 0, sizeof(c->places));
}

unsigned fake_command_flags(const struct fake_command *c)
{
	return c->flags;
}

const char *fake_command_no_path(const struct fake_command *c, int *ret_errnum)
{
	*ret_errnum = c->no_path_errnum;
	return c->no_path;
}

int fake_command_fails(struct fake_command *c, unsigned long request, struct kvm_sev_cmd *sev)
{
	int r = 0;

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < c->n_faults && r == 0; i++) {
		struct fault *f = &c->faults[i];

		if (f->over || f->request != request || (sev && f->sev != sev->id))
			continue;
		f->over = true;
		if (c->recovers_after && atomic_fetch_add(failures, 1) >= c->recovers_after)
			continue;
		r = -f->errnum;
		if (sev)
			sev->error = f->status;
	}
	pthread_mutex_unlock(&c->lock);
	return r;
}

static int step_sleep(const struct step *s, const uint8_t *kick)
{
	static const struct timespec slice = { .tv_nsec = 1000000 };
	struct timespec now;
	uint64_t end;

	clock_gettime(CLOCK_MONOTONIC, &now);
	end = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + s->ms;
	while ((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 < end) {
		if (!s->stuck && __atomic_load_n(kick, __ATOMIC_SEQ_CST))
			return -EINTR;
		nanosleep(&slice, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	}
	return 0;
}

/* The bytes of a step from `done` on, as many as fit into one exit. */
static struct fake_exit step_bytes(const struct step *s, uint64_t done)
{
	uint64_t left = s->size - done;
	struct fake_exit e = fake_out(s->port, 1, 0);

	e.io.count = (uint32_t)(left < FAKE_IO_BYTES ? left : FAKE_IO_BYTES);
	if (s->text)
		memcpy(e.io.data, s->text + done, e.io.count);
	for (uint32_t i = 0; !s->text && i < e.io.count; i++)
		e.io.data[i] = s->period > 0 && (done + i + 1) % s->period == 0 ? '\n' : 'x';
	return e;
}

/* One exit of the step at p, which moves on; 0: none, the step is over. */
static int step_play(const struct step *s, struct place *p, const uint8_t *kick,
                     struct fake_exit *to)
{
	int r = 0;

	if (p->round == s->times || (s->kind == STEP_BYTES && s->size == 0)) {
		*p = (struct place){ .step = p->step + 1 };
		return 0;
	}
	if (s->kind == STEP_SLEEP)
		r = step_sleep(s, kick);
	if (r < 0)
		return r;
	if (s->kind == STEP_BYTES) {
		*to = step_bytes(s, p->done);
		p->done += to->io.count;
	}
	if (s->kind == STEP_EXIT)
		*to = s->exit;
	if (s->kind != STEP_BYTES || p->done == s->size) {
		p->round++;
		p->done = 0;
	}
	return s->kind != STEP_SLEEP;
}

int fake_command_exits(struct fake_command *c, unsigned vcpu, const uint8_t *kick,
                       struct fake_exit *to, size_t cap)
{
	struct place *p = &c->places[vcpu];
	size_t n = 0;

	while (n < cap && p->step < c->n_steps) {
		const struct step *s = &c->steps[p->step];
		int r = 0;

		if (s->vcpu != vcpu)
			p->step++;
		else if (n > 0 && s->kind == STEP_SLEEP && p->round < s->times)
			break; /* sleep only after the exits before it were served */
		else
			r = step_play(s, p, kick, &to[n]);
		if (r < 0)
			return r;
		n += (size_t)r;
	}
	return (int)n;
}
