/* SPDX-License-Identifier: MIT */
/* tests/fuzz/ovmf.c: libFuzzer target: any bytes are parsed or refused. */
#include "core/base/error.h"
#include "firmware/ovmf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct ovmf o;

	if (ovmf_parse(data, size, &o, &err) < 0 && (err.kind == ERROR_NONE || !err.text[0]))
		__builtin_trap();
	return 0;
}
