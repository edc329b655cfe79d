/* SPDX-License-Identifier: MIT */
/* cmd/pins.c: says what the launch digest will be, and compares it with expect.measurement. */
#include "cmd/pins.h"

#include <stdbool.h>
#include <string.h>

#include "config/manifest.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/plan/plan.h"
#include "core/snp/digest.h"
#include "core/vm/vm.h"

/* What the PSP takes in page by page, and what the guest takes in by itself. */
static void announce_sizes(const struct plan *p, const struct snp_digest *d)
{
	const struct offer *offers;
	size_t n = plan_offers(p, &offers);
	uint64_t offered = 0;

	for (size_t i = 0; i < n; i++)
		offered += offers[i].size;
	log_info("%llu KiB are measured page by page, %llu KiB are offered in shared memory",
	         (unsigned long long)(d->pages * PAGE_SIZE / 1024),
	         (unsigned long long)offered / 1024);
}

static void announce_digest(const struct manifest *m, const struct snp_digest *d)
{
	char hex[2 * SNP_DIGEST_SIZE + 1];

	log_notice("measurement %s (%u vcpu%s, %s, profile %s)",
	           hex_of(d->value, SNP_DIGEST_SIZE, hex), m->vcpus, m->vcpus == 1 ? "" : "s",
	           m->vcpu_type, manifest_profile_name(m->profile));
	if (!manifest_platform(m)->measured)
		log_notice("platform kvm: a plain VM that protects nothing; the measurement is the "
		           "one "
		           "that platform snp would have");
}

void pins_announce(const struct manifest *m, const struct plan *p, const struct snp_digest *d)
{
	announce_digest(m, d);
	announce_sizes(p, d);
}

static bool pin_applies(const struct manifest *m, const struct manifest_pin *pin)
{
	return pin->vcpus == 0 || pin->vcpus == m->vcpus;
}

static bool pin_fits(const struct manifest_pin *pin, const struct snp_digest *d)
{
	return memcmp(pin->digest, d->value, SNP_DIGEST_SIZE) == 0;
}

const struct manifest_pin *pins_find(const struct manifest *m, const struct snp_digest *d)
{
	const struct manifest_pin *first = NULL;

	for (size_t i = 0; i < m->n_pins; i++) {
		if (!pin_applies(m, &m->pins[i]))
			continue;
		if (pin_fits(&m->pins[i], d))
			return &m->pins[i];
		if (!first)
			first = &m->pins[i];
	}
	return first;
}

/* `n` pins were held against the digest, `pin` one of them. */
static int pins_differ(const struct manifest *m, const struct snp_digest *d,
                       const struct manifest_pin *pin, size_t n, struct error *err)
{
	char want[2 * SNP_DIGEST_SIZE + 1], have[2 * SNP_DIGEST_SIZE + 1];

	hex_of(d->value, SNP_DIGEST_SIZE, have);
	error_set(err, ERROR_MEASUREMENT_DIFFERS,
	          "the measurement is not the one that the manifest expects");
	if (n == 0)
		error_why(err, "expect.measurement has no digest for vcpus: %u", m->vcpus);
	else if (n == 1)
		error_why(err, "expect.measurement is %s, this manifest measures as %s",
		          hex_of(pin->digest, SNP_DIGEST_SIZE, want), have);
	else
		error_why(err,
		          "this manifest measures as %s, which is none of the %zu digests in "
		          "expect.measurement",
		          have, n);
	error_fix(err, "'snpvmm measure --pages' shows what is in it; nothing was launched");
	return manifest_at_place(m, &m->pins_at, err);
}

int pins_check(const struct manifest *m, const struct snp_digest *d, struct error *err)
{
	const struct manifest_pin *pin = pins_find(m, d);
	size_t n = 0;

	if (m->n_pins == 0 || (pin && pin_fits(pin, d)))
		return 0;
	for (size_t i = 0; i < m->n_pins; i++)
		n += pin_applies(m, &m->pins[i]);
	return pins_differ(m, d, pin, n, err);
}
