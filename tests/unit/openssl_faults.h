/* Memory that runs out inside OpenSSL, at one allocation of choice. */
#ifndef TESTS_UNIT_OPENSSL_FAULTS_H
#define TESTS_UNIT_OPENSSL_FAULTS_H

#include <stdbool.h>
#include <stdlib.h>

#include <openssl/crypto.h>

static bool armed;
static unsigned long at, calls; /* the one that fails; so far */

static bool fails(void)
{
	return armed && calls++ == at;
}

static void *fault_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails() ? NULL : malloc(n);
}

static void *fault_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails() ? NULL : realloc(p, n);
}

static void fault_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* Before OpenSSL allocates anything. */
static bool openssl_faults(void)
{
	return CRYPTO_set_mem_functions(fault_malloc, fault_realloc, fault_free) == 1;
}

#endif
