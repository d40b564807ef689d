/* The fingerprint of CVE-2017-15361. The library's primes are p = k*M + (65537^a mod M), M a product of small
 * primes; so a modulus p*q is a power of 65537 modulo every one of them. M has at least the primes to 167. */
#include "cairn/ekcert.h"

#define GENERATOR  65537u
#define PRIME_LAST 167u

static bool is_prime(unsigned n)
{
	for (unsigned d = 2; d * d <= n; d++)
		if (n % d == 0)
			return false;
	return true;
}

static bool is_power(unsigned rest, unsigned prime)
{
	unsigned power = 1;
	do {
		if (power == rest)
			return true;
		power = power * (GENERATOR % prime) % prime;
	} while (power != 1);
	return false;
}

bool cairn_roca(const BIGNUM *modulus)
{
	for (unsigned p = 3; p <= PRIME_LAST; p++) {
		if (!is_prime(p))
			continue;
		BN_ULONG rest = BN_mod_word(modulus, p);
		if (rest < p && !is_power((unsigned)rest, p)) /* else OpenSSL failed, and it proves nothing */
			return false;
	}
	return true;
}
