/* SPDX-License-Identifier: MIT */
/* core/attest/crypto.h: initialises libcrypto for keys and certificates. */
#ifndef CORE_ATTEST_CRYPTO_H
#define CORE_ATTEST_CRYPTO_H

/*
 * Starts libcrypto once; later calls do nothing, and libcrypto opens no file afterwards. Neither
 * OPENSSL_CONF nor a configuration file is read, so the environment cannot change a verdict.
 * Private keys lie in memory that is not dumped, and everything that libcrypto frees is wiped.
 * SHA-2 (core/base/sha2.h) needs none of this.
 */
void crypto_start(void);

#endif
