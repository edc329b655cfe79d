/* SPDX-License-Identifier: MIT */
/* core/attest/crypto.c: initialises libcrypto. */
#include "core/attest/crypto.h"

#include <elf.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/attest/late.h"
#include "core/base/array.h"
#include "core/base/sanitized.h"

/* Private keys are a few hundred bytes each; two are read at most. */
enum { SECURE_HEAP = 64 << 10, SECURE_HEAP_MIN = 32 };

static void *crypto_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(size);
}

/* libcrypto's decoders free copies of a private key without wiping them. */
static void crypto_free(void *at, const char *file, int line)
{
	(void)file;
	(void)line;
	if (at)
		OPENSSL_cleanse(at, malloc_usable_size(at));
	free(at);
}

/* realloc(3) would leave the old copy behind. */
static void *crypto_realloc(void *at, size_t size, const char *file, int line)
{
	void *moved = size ? malloc(size) : NULL;

	if (moved && at)
		memcpy(moved, at, MIN(size, malloc_usable_size(at)));
	if (moved || !size)
		crypto_free(at, file, line);
	return moved;
}

/*
 * Applies the relocations of libcrypto's tables, which the dynamic loader has left undone
 * (link/late.c).
 */
static void crypto_relocate(void)
{
	static const struct late written_by_the_linker
		__attribute__((section(LATE_SECTION))) = { 0 };
	extern const char __ehdr_start[] __attribute__((visibility("hidden")));
	const struct late *late = &written_by_the_linker;
	uintptr_t program = (uintptr_t)__ehdr_start;

	__asm__("" : "+r"(late)); /* else the compiler assumes that it is all zeros */
	if (late->count == 0)
		return;

	const Elf64_Rela *r = (const Elf64_Rela *)(program + late->relocations);
	void *tables = (void *)(program + late->start);
	size_t size = late->end - late->start;

	if (mprotect(tables, size, PROT_READ | PROT_WRITE) < 0)
		abort();
	for (size_t i = 0; i < late->count; i++)
		*(uint64_t *)(program + r[i].r_offset) = program + (uint64_t)r[i].r_addend;
	if (mprotect(tables, size, PROT_READ) < 0)
		abort();
}

static void crypto_start_once(void)
{
	crypto_relocate();
	/* Fails if something else in this process has used libcrypto before, as in tests. */
	CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free);
	/*
	 * Without it keys lie on the heap: still wiped, but part of a core dump while they live.
	 * LeakSanitizer finds no pointer there, and takes what they lead to for leaks.
	 */
	if (!SANITIZED)
		CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_HEAP_MIN);
	/* No clean-up at exit: an abandoned vCPU's thread may still be running. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
	/* The first algorithm starts a provider; Ubuntu's reads whether the kernel is in FIPS mode. */
	EVP_MD_free(EVP_MD_fetch(NULL, "SHA2-384", NULL));
}

void crypto_start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, crypto_start_once);
}
