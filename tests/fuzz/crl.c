/* SPDX-License-Identifier: MIT */
/* tests/fuzz/crl.c: libFuzzer target: any revocation list is read or refused by name. */
#include "core/attest/x509.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct cert cert;
	struct crl crl;

	if (crl_read(data, size, &crl, &err) == 0) {
		crl_fini(&crl);
		return 0;
	}
	must(err.kind == ERROR_BAD_CERTIFICATE && err.text[0]);
	if (cert_read(data, size, &cert, &err) == 0) {
		cert_issued_by(&cert, &cert);
		cert_fini(&cert);
	}
	return 0;
}
