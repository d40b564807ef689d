/* Attestation keys, the binding of a quote, and both against a TPM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "src/tpm/tpm.h"
#include "tests/unit/quote_fixture.h"
#include "tests/unit/swtpm_fixture.h"

static enum cairn_status parse_with(const struct software_ak *s, uint32_t attributes)
{
	cairn_auto_buf struct cairn_buf area = {0};
	struct cairn_ak ak;

	software_area(&area, s->key, attributes, s->scheme, s->hash);
	return cairn_ak_parse(&ak, cairn_buf_span(&area));
}

static void attributes(void **state)
{
	/* stClear, userWithAuth, adminWithPolicy and noDA are the owner's business; each other bit is not. */
	static const uint32_t free_bits = 1 << 2 | 1 << 6 | 1 << 7 | 1 << 10;
	struct software_ak s;

	(void)state;
	software_ak_init(&s, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	for (unsigned bit = 0; bit < 32; bit++) {
		bool is_free = free_bits >> bit & 1;

		assert_int_equal(parse_with(&s, AK_ATTRIBUTES ^ UINT32_C(1) << bit),
				 is_free ? CAIRN_OK : CAIRN_E_DENIED);
	}
	software_ak_fini(&s);
}

static void areas_are_exact(void **state)
{
	static const char *const kinds[] = {"P-256", "RSA"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct software_ak s;
		struct cairn_ak ak;

		software_ak_init(&s, kinds[i], i == 0 ? AK_ECDSA : AK_RSASSA, CAIRN_ALG_SHA256);
		for (size_t n = 0; n < s.area.len; n++) {
			assert_int_not_equal(cairn_ak_parse(&ak, cairn_span(s.area.ptr, n)), CAIRN_OK);
			s.area.ptr[n] ^= 0x81;
			if (cairn_ak_parse(&ak, cairn_buf_span(&s.area)) == CAIRN_OK) {
				/* Only the key itself may differ, and then the name does. */
				assert_true(n >= s.area.len - (i == 0 ? 66 : 256));
				assert_memory_not_equal(ak.name, s.ak.name, ak.name_len);
			}
			s.area.ptr[n] ^= 0x81;
		}
		cairn_buf_add_u8(&s.area, 0);
		assert_int_equal(cairn_ak_parse(&ak, cairn_buf_span(&s.area)), CAIRN_E_TRAILING);
		software_ak_fini(&s);
	}
}

static void algorithms(void **state)
{
	static const struct {
		size_t at; /* of the low byte */
		uint8_t value;
		enum cairn_status status;
	} edits[] = {
	    {1, 0x08, CAIRN_E_UNSUPPORTED},  /* keyedHash */
	    {3, 0x04, CAIRN_E_UNSUPPORTED},  /* nameAlg SHA-1 */
	    {11, 0x06, CAIRN_E_DENIED},	     /* symmetric: a storage key */
	    {13, 0x10, CAIRN_E_UNSUPPORTED}, /* scheme NULL */
	    {13, 0x14, CAIRN_E_UNSUPPORTED}, /* RSASSA with ECC */
	    {13, 0x1a, CAIRN_E_UNSUPPORTED}, /* ECDAA */
	    {15, 0x04, CAIRN_E_UNSUPPORTED}, /* SHA-1 */
	    {17, 0x10, CAIRN_E_UNSUPPORTED}, /* BN_P256 */
	    {19, 0x08, CAIRN_E_UNSUPPORTED}, /* kdf */
	    {21, 0x21, CAIRN_E_MALFORMED},   /* x of 33 bytes */
	    {21, 0x00, CAIRN_E_MALFORMED},
	};
	struct software_ak s;
	struct cairn_ak ak;

	(void)state;
	software_ak_init(&s, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
		uint8_t old = s.area.ptr[edits[i].at];

		s.area.ptr[edits[i].at] = edits[i].value;
		assert_int_equal(cairn_ak_parse(&ak, cairn_buf_span(&s.area)), edits[i].status);
		s.area.ptr[edits[i].at] = old;
	}
	software_ak_fini(&s);
}

static enum cairn_status parse_rsa(const uint8_t *modulus, size_t len)
{
	cairn_auto_buf struct cairn_buf area = {0};
	struct cairn_ak ak;

	software_area_rsa(&area, cairn_span(modulus, len), AK_ATTRIBUTES, AK_RSASSA, CAIRN_ALG_SHA256);
	return cairn_ak_parse(&ak, cairn_buf_span(&area));
}

static void moduli(void **state)
{
	uint8_t n[1024] = {0x80};

	(void)state;
	for (size_t len = 128; len <= 1024; len += 128) {
		bool known = len == 256 || len == 384 || len == 512;

		n[len - 1] = 1;
		assert_int_equal(parse_rsa(n, len), known ? CAIRN_OK : CAIRN_E_UNSUPPORTED);
		n[len - 1] = 2; /* even */
		assert_int_equal(parse_rsa(n, len), known ? CAIRN_E_MALFORMED : CAIRN_E_UNSUPPORTED);
		n[len - 1] = 0;
	}
	n[0] = 0x7f;
	n[255] = 1;
	assert_int_equal(parse_rsa(n, 256), CAIRN_E_MALFORMED);
}

static void a_key_without_a_name(void **state)
{
	struct cairn_qualified_name name;
	struct cairn_ak ak = {0};

	(void)state;
	assert_int_equal(cairn_ak_qualified_name(&name, &ak), CAIRN_E_USAGE);
	ak.name_len = 2; /* of no algorithm */
	assert_int_equal(cairn_ak_qualified_name(&name, &ak), CAIRN_E_UNSUPPORTED);
}

/* The binding's bytes, put together here once more by hand. */
static void binding(void **state)
{
	struct cairn_quote_binding b = {.verifier_kid = "kid",
					.host_id = {1},
					.nonce = cairn_span_str("nonce"),
					.boot_id = {2},
					.boot_log = cairn_span_str("boot"),
					.launch_log = cairn_span_str("launch")};
	cairn_auto_buf struct cairn_buf t = {0};
	const struct cairn_span hashed[] = {b.nonce, b.boot_log, b.launch_log};
	struct cairn_digest d[3], expected, got, other;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(cairn_hash(&d[i], CAIRN_ALG_SHA256, hashed[i]), CAIRN_OK);
	cairn_buf_add(&t, cairn_span("cairn-quote-v1\0attest\0kid\0", 26));
	cairn_buf_add(&t, cairn_span(b.host_id, 32));
	cairn_buf_add(&t, cairn_digest_span(&d[0]));
	cairn_buf_add(&t, cairn_span(b.boot_id, 32));
	cairn_buf_add(&t, cairn_digest_span(&d[1]));
	cairn_buf_add(&t, cairn_digest_span(&d[2]));
	assert_int_equal(cairn_hash(&expected, CAIRN_ALG_SHA256, cairn_buf_span(&t)), CAIRN_OK);
	assert_int_equal(cairn_quote_binding(&got, &b), CAIRN_OK);
	assert_true(cairn_digest_equal(&expected, &got));
	b.launch_log.len--;
	assert_int_equal(cairn_quote_binding(&other, &b), CAIRN_OK);
	assert_false(cairn_digest_equal(&other, &got));
	b.nonce.len = 0;
	assert_int_equal(cairn_quote_binding(&other, &b), CAIRN_E_USAGE);
	b.nonce = cairn_span_str("nonce");
	b.verifier_kid = "";
	assert_int_equal(cairn_quote_binding(&other, &b), CAIRN_E_USAGE);
	b.verifier_kid = NULL;
	assert_int_equal(cairn_quote_binding(&other, &b), CAIRN_E_USAGE);
}

/* Name, qualified name, clock and digest are what a TPM says they are, across a reboot. */
static void against_a_tpm(void **state)
{
	static const char nonce[] = "0123456789abcdef0123456789abcdef";
	struct cairn_tpm_identity id = {0};
	struct cairn_qualified_name signer;
	struct swtpm sw = {0};
	struct cairn_ak ak, same;
	struct cairn_akpub pub;
	uint32_t resets[2];

	(void)state;
	assert_int_equal(swtpm_start(&sw, "sha256,sha384"), 0);
	for (size_t boot = 0; boot < 2; boot++) {
		cairn_auto_buf struct cairn_buf attest = {0}, sig = {0};
		static const enum cairn_alg banks[] = {CAIRN_ALG_SHA256};
		struct cairn_tpm *tpm = NULL;
		struct cairn_quote *q = NULL;
		struct cairn_pcrs pcrs;

		assert_int_equal(cairn_tpm_open(&tpm, sw.tcti, NULL), CAIRN_OK);
		if (boot == 0)
			assert_int_equal(cairn_tpm_identity(tpm, &id), CAIRN_OK);
		assert_int_equal(cairn_akpub_parse(&pub, cairn_buf_span(&id.ak_public)), CAIRN_OK);
		assert_int_equal(cairn_ak_parse(&ak, cairn_span(id.ak_public.ptr + 2, id.ak_public.len - 2)),
				 CAIRN_OK);
		cairn_ak_of_akpub(&same, &pub);
		assert_memory_equal(&ak, &same, sizeof ak);
		assert_int_equal(cairn_ak_qualified_name(&signer, &ak), CAIRN_OK);
		assert_int_equal(cairn_tpm_quote(tpm, 0x3bff, cairn_span_str(nonce), &attest, &sig),
				 CAIRN_OK);
		cairn_tpm_close(tpm);
		assert_int_equal(cairn_pcrs_init(&pcrs, banks, 1), CAIRN_OK);
		pcrs.bank[0].extended = 0x3bff;
		struct cairn_quote_expected e = {.ak = &ak,
						 .qualified_signer = cairn_span(signer.bytes, signer.len),
						 .extra_data = cairn_span_str(nonce),
						 .selection = cairn_selection_of(CAIRN_ALG_SHA256, 0x3bff),
						 .pcrs = &pcrs};
		assert_int_equal(
		    cairn_quote_check(&q, &e, cairn_buf_span(&attest), cairn_buf_span(&sig), NULL), CAIRN_OK);
		resets[boot] = cairn_quote_clock(q).reset_count;
		cairn_quote_free(q);
		assert_int_equal(swtpm_reboot(&sw), 0);
	}
	assert_true(resets[1] > resets[0]);
	cairn_tpm_identity_fini(&id);
	swtpm_stop(&sw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(attributes),	    cmocka_unit_test(areas_are_exact),
	    cmocka_unit_test(algorithms),	    cmocka_unit_test(moduli),
	    cmocka_unit_test(a_key_without_a_name), cmocka_unit_test(binding),
	    cmocka_unit_test(against_a_tpm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
