/* SPDX-License-Identifier: MIT */
/* tests/fuzz/ovmf.c: libFuzzer target: any bytes are parsed or refused. */
#include "firmware/ovmf.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct ovmf o;

	if (ovmf_parse(data, size, &o, &err) < 0)
		must_explain(&err);
	return 0;
}
