/* SPDX-License-Identifier: MIT */
/* core/out/emit.c: what results say in the same way, whatever the format. */
#include "core/out/emit.h"

#include <inttypes.h>

void emit_hex(const struct emitter *e, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	e->text(e->self, key, text);
}

void emit_bits(const struct emitter *e, const char *key, uint64_t value,
               const char *(*name)(unsigned bit))
{
	char number[16];

	e->list(e->self, key);
	for (unsigned bit = 0; bit < 64; bit++) {
		const char *known = name(bit);

		if (!(value >> bit & 1))
			continue;
		snprintf(number, sizeof(number), "bit %u", bit);
		e->text(e->self, NULL, known ? known : number);
	}
	e->end(e->self);
}
