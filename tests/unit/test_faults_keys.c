/* Faults while keys are made and read, sign and verify: our own, and those of TPMs. */
#include "data_fixture.h"
#include "faulttasks.h"
#include "keyset_fixture.h"

#include "cairn/credential.h"
#include "cairn/jws.h"
#include "cairn/policy.h"

static struct {
	struct keyset set;
	struct cairn_buf jwk[3], ek, ak;
} in;

static enum cairn_status read_key(struct cairn_buf *said, size_t i)
{
	cairn_auto_json json_t *v = NULL, *again = NULL;
	cairn_auto_key struct cairn_key *k = NULL;
	enum cairn_status st = cairn_json_parse(&v, cairn_buf_span(&in.jwk[i]));
	if (!st)
		st = cairn_key_from_jwk(&k, v);
	if (!st)
		st = cairn_key_jwk(&again, k, true);
	if (!st)
		say_json(said, again);
	return st;
}

static enum cairn_status key_es256(struct cairn_buf *said)
{
	return read_key(said, 0);
}

static enum cairn_status key_es384(struct cairn_buf *said)
{
	return read_key(said, 1);
}

static enum cairn_status key_eddsa(struct cairn_buf *said)
{
	return read_key(said, 2);
}

static enum cairn_status key_set(struct cairn_buf *said)
{
	cairn_auto_json json_t *v = NULL, *again = NULL;
	cairn_auto_jwks struct cairn_jwks *keys = NULL;
	enum cairn_status st = cairn_jwks_json(&v, in.set.keys);
	if (!st)
		st = cairn_jwks_from_json(&keys, v);
	if (!st)
		st = cairn_jwks_json(&again, keys);
	if (!st)
		say_json(said, again);
	return st;
}

static enum cairn_status sign(struct cairn_buf *said, size_t i)
{
	cairn_auto_buf struct cairn_buf jws = {0}, payload = {0};
	const struct cairn_key *signer = NULL;
	enum cairn_status st = cairn_jws_sign(&jws, in.set.key[i], "t", cairn_span_str("payload"));
	if (!st)
		st = cairn_jws_verify(&payload, &signer, cairn_buf_span(&jws), "t", in.set.keys);
	say(said, cairn_span(payload.ptr, payload.len));
	return st;
}

static enum cairn_status sign_es256(struct cairn_buf *said)
{
	return sign(said, 0);
}

static enum cairn_status sign_eddsa(struct cairn_buf *said)
{
	return sign(said, 2);
}

static enum cairn_status generate(struct cairn_buf *said)
{
	struct cairn_key *k = NULL;
	enum cairn_status st = cairn_key_generate(&k, CAIRN_SIG_ES256);
	cairn_key_free(k);
	(void)said;
	return st;
}

static void test_keys(void **state)
{
	(void)state;
	each_fault(key_es256, CAIRN_OK, CALM);
	each_fault(key_es384, CAIRN_OK, CALM);
	each_fault(key_eddsa, CAIRN_OK, CALM);
	each_fault(key_set, CAIRN_OK, CALM);
	each_fault(sign_es256, CAIRN_OK, CALM);
	each_fault(sign_eddsa, CAIRN_OK, CALM);
	each_fault(generate, CAIRN_OK, STRICT);
}

static enum cairn_status tpm_keys(struct cairn_buf *said)
{
	struct cairn_ekpub ek;
	struct cairn_akpub ak;
	struct cairn_p256 point;
	struct cairn_name name;
	enum cairn_status st = cairn_ekpub_parse(&ek, cairn_buf_span(&in.ek));
	if (!st)
		st = cairn_akpub_parse(&ak, cairn_buf_span(&in.ak));
	if (!st)
		st = cairn_key_p256_point(point.xy, in.set.key[0]);
	if (!st)
		st = cairn_release_key_name(&name, &point);
	if (st)
		return st;
	say(said, cairn_digest_span(&ek.host_id));
	say(said, cairn_name_span(&ak.name));
	say(said, cairn_name_span(&name));
	return CAIRN_OK;
}

static enum cairn_status credential(struct cairn_buf *said)
{
	cairn_auto_buf struct cairn_buf id = {0}, secret = {0};
	struct cairn_ekpub ek = {0};
	struct cairn_name ak = {{0, 11}};
	bool on = faults.on;
	faults.on = false;
	assert_int_equal(cairn_ekpub_parse(&ek, cairn_buf_span(&in.ek)), CAIRN_OK);
	faults.on = on;
	(void)said;
	return cairn_credential_make(&id, &secret, &ek, &ak, cairn_span_str("0123456789abcdef"));
}

/* What is no credential is none that TPM2_MakeCredential would take. */
static void test_credential_sizes(void **state)
{
	static const uint8_t credential[CAIRN_CREDENTIAL_MAX + 1];
	cairn_auto_buf struct cairn_buf id = {0}, secret = {0};
	struct cairn_ekpub ek = {0};
	struct cairn_name ak = {{0, 11}};
	(void)state;
	assert_int_equal(cairn_ekpub_parse(&ek, cairn_buf_span(&in.ek)), CAIRN_OK);
	for (size_t len = 0; len <= sizeof credential; len++)
		assert_int_equal(cairn_credential_make(&id, &secret, &ek, &ak, cairn_span(credential, len)),
				 len == 0 || len > CAIRN_CREDENTIAL_MAX ? CAIRN_E_USAGE : CAIRN_OK);
}

static void test_tpm_keys(void **state)
{
	(void)state;
	each_fault(tpm_keys, CAIRN_OK, CALM);
	each_fault(credential, CAIRN_OK, STRICT);
}

static void dump_keys(void)
{
	for (int i = 0; i < 3; i++) {
		cairn_auto_json json_t *v = NULL;
		assert_int_equal(cairn_key_jwk(&v, in.set.key[i], true), CAIRN_OK);
		assert_int_equal(cairn_json_dump(&in.jwk[i], v), CAIRN_OK);
	}
}

static int setup(void **state)
{
	(void)state;
	faults.error = EIO;
	keyset_init(&in.set);
	dump_keys();
	data_load(&in.ek, "ekpub/ek.bin");
	data_load(&in.ak, "ekpub/ak.bin");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		cairn_buf_fini(&in.jwk[i]);
	cairn_buf_fini(&in.ek);
	cairn_buf_fini(&in.ak);
	keyset_fini(&in.set);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_credential_sizes),
	    cmocka_unit_test(test_tpm_keys),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
