/* SPDX-License-Identifier: MIT */
/*
 * core/out/corim.h: reference values as a CoRIM (draft-ietf-rats-corim) for AMD SEV-SNP, and as a
 * signed one. The same values give the same bytes.
 */
#ifndef CORE_OUT_CORIM_H
#define CORE_OUT_CORIM_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/bytes.h"
#include "core/attest/reference.h"

struct error; /* core/base/error.h */
struct p384;  /* core/attest/p384.h */

enum corim_form {
	/* AMD's profile (draft-deeglaze-amd-sev-snp-corim-profile), as of 2025-06 */
	CORIM_AMD,
	/*
	 * For Veraison's verifier, whose profile is of 2024. It compares every value, some in its
	 * own encodings, so only the measurement is included.
	 */
	CORIM_VERAISON,
};

/* Whose key signs the reports; bits. The draft has an environment for each. */
#define CORIM_VCEK 1U
#define CORIM_VLEK 2U

struct corim {
	enum corim_form form;
	unsigned keys;  /* CORIM_VCEK, CORIM_VLEK or both; Veraison only knows CORIM_VCEK */
	const char *id; /* UTF-8 */
	/* The tag's identifier: a text, or 16 bytes; if both are NULL, derived from the values. */
	const char *tag_text;
	const uint8_t *tag_bytes;
	const struct reference *values;
	size_t n_values;
};

/* Appends the document to *to, without duplicate triples. */
int corim_encode(const struct corim *c, struct buffer *to, struct error *err);

/* Appends it signed (COSE_Sign1, ES384); `signer` is UTF-8. ERROR_BAD_KEY: a public key. */
int corim_sign(const struct buffer *document, const struct p384 *key, const char *signer,
               struct buffer *to, struct error *err);

#endif
