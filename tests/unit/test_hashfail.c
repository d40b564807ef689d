/* OpenSSL failing, at each call in turn: no value comes of it, and no success. The functions are those that libcairn
 * calls; these stand before OpenSSL's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "cairn/cel.h"
#include "cairn/ima.h"
#include "tests/unit/data_fixture.h"
#include "tests/unit/evlog_fixture.h"

static int fuse = -1; /* the call that fails, 1 being the next; 0: it has; negative: none */

static bool blows(void)
{
	return fuse > 0 && --fuse == 0;
}

/* The next definition of a function, without a cast that the compiler warns of. */
#define REAL(fn, name)                                                                                       \
	do {                                                                                                 \
		void *p_ = dlsym(RTLD_NEXT, name);                                                           \
		memcpy(&(fn), &p_, sizeof(fn));                                                              \
	} while (0)

void *CRYPTO_zalloc(size_t n, const char *file, int line)
{
	void *(*real)(size_t, const char *, int);

	REAL(real, "CRYPTO_zalloc");
	return blows() ? NULL : real(n, file, line);
}

EVP_MD_CTX *EVP_MD_CTX_new(void)
{
	EVP_MD_CTX *(*real)(void);

	REAL(real, "EVP_MD_CTX_new");
	return blows() ? NULL : real();
}

int EVP_DigestInit_ex2(EVP_MD_CTX *ctx, const EVP_MD *type, const OSSL_PARAM params[])
{
	int (*real)(EVP_MD_CTX *, const EVP_MD *, const OSSL_PARAM *);

	REAL(real, "EVP_DigestInit_ex2");
	return blows() ? 0 : real(ctx, type, params);
}

int EVP_DigestUpdate(EVP_MD_CTX *ctx, const void *data, size_t n)
{
	int (*real)(EVP_MD_CTX *, const void *, size_t);

	REAL(real, "EVP_DigestUpdate");
	return blows() ? 0 : real(ctx, data, n);
}

int EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *out, unsigned *n)
{
	int (*real)(EVP_MD_CTX *, unsigned char *, unsigned *);

	REAL(real, "EVP_DigestFinal_ex");
	return blows() ? 0 : real(ctx, out, n);
}

static const struct cairn_digest ONES = {CAIRN_ALG_SHA256, {1, 1, 1, 1}};

static enum cairn_status hash2(struct cairn_digest *out)
{
	return cairn_hash2(out, CAIRN_ALG_SHA256, cairn_span_str("a"), cairn_span_str("b"));
}

static enum cairn_status hasher(struct cairn_digest *out)
{
	struct cairn_hasher *h = NULL;
	enum cairn_status s = cairn_hasher_new(&h, CAIRN_ALG_SHA256);

	if (s == CAIRN_OK)
		s = cairn_hasher_add(h, cairn_span_str("ab"));
	if (s == CAIRN_OK)
		s = cairn_hasher_take(h, out);
	cairn_hasher_free(h);
	return s;
}

static enum cairn_status hasher_extend(struct cairn_digest *out)
{
	struct cairn_hasher *h = NULL;
	struct cairn_digest d = {.alg = CAIRN_ALG_SHA256};
	enum cairn_status s = cairn_hasher_new(&h, CAIRN_ALG_SHA256);

	if (s == CAIRN_OK)
		s = cairn_hasher_extend(h, &d, cairn_digest_span(&ONES));
	cairn_hasher_free(h);
	if (s == CAIRN_OK)
		*out = d;
	else
		assert_true(cairn_span_all(cairn_digest_span(&d), 0));
	return s;
}

static enum cairn_status pcr(struct cairn_digest *out)
{
	static const enum cairn_alg alg = CAIRN_ALG_SHA256;
	struct cairn_pcrs p;
	enum cairn_status s = cairn_pcrs_init(&p, &alg, 1);

	assert_int_equal(s, CAIRN_OK);
	s = cairn_pcrs_extend(&p, 3, &ONES);
	if (s == CAIRN_OK)
		*out = p.bank[0].pcr[3];
	assert_int_equal(p.bank[0].extended, s == CAIRN_OK ? 1 << 3 : 0);
	return s;
}

static enum cairn_status composite(struct cairn_digest *out)
{
	static const enum cairn_alg alg = CAIRN_ALG_SHA256;
	struct cairn_pcrs p;

	assert_int_equal(cairn_pcrs_init(&p, &alg, 1), CAIRN_OK);
	return cairn_pcrs_composite(out, &p.bank[0], 0x7, CAIRN_ALG_SHA256);
}

static struct evlog events;

static enum cairn_status replay(struct cairn_digest *out)
{
	struct cairn_eventlog log;
	struct cairn_replay r;
	enum cairn_status s;

	evlog_open(&log, &events);
	s = cairn_eventlog_replay(&r, &log);
	if (s == CAIRN_OK)
		*out = r.pcrs.bank[1].pcr[1];
	return s;
}

static struct cairn_buf ima_binary, ima_ascii, cel;

static enum cairn_status ima_replay(struct cairn_digest *out, struct cairn_span bytes)
{
	struct cairn_ima log;
	struct cairn_ima_replay r;
	enum cairn_status s = cairn_ima_open(&log, bytes);

	if (s == CAIRN_OK)
		s = cairn_ima_replay(&r, &log, NULL);
	if (s == CAIRN_OK)
		*out = r.padded.pcrs.bank[1].pcr[10];
	return s;
}

static enum cairn_status ima_binary_replay(struct cairn_digest *out)
{
	return ima_replay(out, cairn_buf_span(&ima_binary));
}

static enum cairn_status ima_ascii_replay(struct cairn_digest *out)
{
	return ima_replay(out, cairn_buf_span(&ima_ascii));
}

static enum cairn_status cel_replay(struct cairn_digest *out)
{
	cairn_auto_cel struct cairn_cel log = {0};
	struct cairn_cel_replay r;
	enum cairn_status s = cairn_cel_open(&log, cairn_buf_span(&cel));

	if (s == CAIRN_OK)
		s = cairn_cel_replay(&r, &log, NULL);
	if (s == CAIRN_OK)
		*out = r.replay.pcrs.bank[1].pcr[10];
	return s;
}

static void every_call_failing(void **state)
{
	static enum cairn_status (*const operations[])(struct cairn_digest *) = {
	    hash2,     hasher, hasher_extend, pcr, composite, replay, ima_binary_replay, ima_ascii_replay,
	    cel_replay};

	(void)state;
	data_load(&ima_binary, "fuzz-ima/all-templates-sha256.bin");
	data_load(&ima_ascii, "fuzz-ima/all-templates.txt");
	data_load(&cel, "cel/all-types.tlv");
	evlog_begin2(&events);
	evlog_text(&events, 1, CAIRN_EV_ACTION, "x");
	evlog_text(&events, 1, CAIRN_EV_ACTION, "y");
	for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
		struct cairn_digest right = ONES, d = ONES;
		int calls = 1;

		assert_int_equal(operations[i](&right), CAIRN_OK);
		for (;; calls++) {
			enum cairn_status s;
			bool blown;

			fuse = calls;
			s = operations[i](&d);
			blown = fuse == 0;
			fuse = -1;
			if (!blown)
				break;
			assert_true(s == CAIRN_E_CRYPTO || s == CAIRN_E_NOMEM);
			assert_memory_equal(&d, &ONES, sizeof d);
		}
		assert_true(calls > 4);
		assert_memory_equal(&d, &right, sizeof d);
	}
	evlog_fini(&events);
	cairn_buf_fini(&ima_binary);
	cairn_buf_fini(&ima_ascii);
	cairn_buf_fini(&cel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_call_failing)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
