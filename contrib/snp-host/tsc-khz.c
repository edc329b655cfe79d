/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contrib/snp-host/tsc-khz.c: prints the frequency of this machine's TSC, which is the emulated
 * one, too. The emulated host may measure it badly on a busy machine, where it gets little of a
 * CPU: if the TSC seems slow, its clock is fast, and limits pass early. (300 s once passed in 87 s;
 * this is the likely cause.)
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

struct moment {
	uint64_t tsc, ns, width;
};

/* The TSC and the clock at the same time: of many tries the one that was quickest. */
static struct moment now(void)
{
	struct moment best = { .width = UINT64_MAX };

	for (int i = 0; i < 100; i++) {
		uint64_t before = __builtin_ia32_rdtsc(), after;
		struct timespec t;

		clock_gettime(CLOCK_MONOTONIC_RAW, &t);
		after = __builtin_ia32_rdtsc();
		if (after - before < best.width)
			best = (struct moment){ before + (after - before) / 2,
				                (uint64_t)t.tv_sec * 1000000000 +
				                        (uint64_t)t.tv_nsec,
				                after - before };
	}
	return best;
}

int main(void)
{
	struct moment begin = now(), end;

	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	end = now();
	printf("%.0f\n", (double)(end.tsc - begin.tsc) * 1e6 / (double)(end.ns - begin.ns));
	return 0;
}
