/* SPDX-License-Identifier: MIT */
/*
 * core/attest/p384.h: ECDSA on P-384 with SHA-384, the one algorithm of ID blocks and attestation
 * reports; keys and signatures in the form that the SEV-SNP firmware has them (ABI, chapter 10).
 */
#ifndef CORE_ATTEST_P384_H
#define CORE_ATTEST_P384_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;       /* core/base/error.h */
struct evp_pkey_st; /* openssl/evp.h */
struct p384;        /* opaque: a public key, or a public and a private one */

#define P384_PUBLIC_SIZE    0x404 /* curve 2, X and Y little-endian in 72 bytes each, zeros */
#define P384_SIGNATURE_SIZE 512   /* R and S little-endian in 72 bytes each, zeros */
#define P384_FILE_MAX       ((size_t)64 << 10)

/*
 * Reads a key on the named curve P-384: PEM or DER, SEC1 or PKCS#8, or a public key
 * (SubjectPublicKeyInfo). Checks that the private and public parts match. Refuses encrypted keys
 * instead of asking for a password. `name` identifies the bytes in *err (ERROR_BAD_KEY). The caller
 * wipes `bytes` and frees *ret.
 */
int p384_read(const char *name, const void *bytes, size_t size, struct p384 **ret,
              struct error *err);
int p384_generate(struct p384 **ret, struct error *err);
void p384_free(struct p384 *key); /* NULL is fine */

static inline void p384_cleanup(struct p384 **key)
{
	p384_free(*key);
}
#define auto_p384 __attribute__((cleanup(p384_cleanup)))

bool p384_can_sign(const struct p384 *key);
void p384_public(const struct p384 *key, uint8_t to[static P384_PUBLIC_SIZE]);
/* The same for a key of libcrypto's; false: it isn't on the named curve P-384. */
bool p384_public_of(const struct evp_pkey_st *key, uint8_t to[static P384_PUBLIC_SIZE]);

/* ERROR_BAD_KEY if `key` is a public key. */
int p384_sign(const struct p384 *key, const void *data, size_t size,
              uint8_t to[static P384_SIGNATURE_SIZE], struct error *err);

/*
 * Reads a signature that another tool made: 96 bytes, R and S big-endian, or DER. Doesn't verify
 * it. `name` identifies the bytes in *err.
 */
int p384_signature_read(const char *name, const void *bytes, size_t size,
                        uint8_t to[static P384_SIGNATURE_SIZE], struct error *err);

/*
 * Whether the signature is valid, as the firmware decides it: false also for another curve, a point
 * off the curve, and an R or S that is zero or too large. Ignores the bytes after the numbers.
 */
bool p384_verify(const uint8_t key[static P384_PUBLIC_SIZE], const void *data, size_t size,
                 const uint8_t signature[static P384_SIGNATURE_SIZE]);

#endif
