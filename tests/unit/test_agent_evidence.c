/* cairnd's identity and evidence, checked as a verifier would. */
#include "tests/unit/agentuse_fixture.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cairn/credential.h"
#include "cairn/quote.h"

static const struct cairn_peer root = {.uid = 0, .root = true};
static const struct cairn_peer relay = {.uid = 990, .relay = true};

static json_t *identity(struct cairn_ekpub *ek, struct cairn_akpub *ak)
{
	cairn_auto_buf struct cairn_buf b = {0};
	json_t *id = agentuse_ask(&relay, json_pack("{s:s}", "op", "identity"));

	assert_int_equal(cairn_json_get_b64(&b, id, "ek_public"), CAIRN_OK);
	assert_int_equal(cairn_ekpub_parse(ek, cairn_buf_span(&b)), CAIRN_OK);
	b.len = 0;
	assert_int_equal(cairn_json_get_b64(&b, id, "ak_public"), CAIRN_OK);
	assert_int_equal(cairn_akpub_parse(ak, cairn_buf_span(&b)), CAIRN_OK);
	assert_string_equal(agentuse_str(id, "host_id"), cairn_digest_hex(&ek->host_id).text);
	assert_int_equal(json_array_size(json_object_get(id, "ek_certs")), 1);
	return id;
}

/* The verifier's side of an enrolment, by hand: the proof is an HMAC over label, key and both identities. */
static void test_activate(void **state)
{
	static const char fixed[] = "cairn-enroll-v1\0kid-1\0host one";
	struct cairn_ekpub ek;
	struct cairn_akpub ak;
	cairn_auto_json json_t *id = identity(&ek, &ak);
	cairn_auto_buf struct cairn_buf object = {0}, secret = {0}, message = {0}, mac_hex = {0};
	uint8_t mac[32];
	unsigned len = 0;

	(void)state;
	assert_int_equal(
	    cairn_credential_make(&object, &secret, &ek, &ak.name, cairn_span("0123456789abcdef", 16)),
	    CAIRN_OK);
	cairn_auto_json json_t *a =
	    agentuse_ask(&relay, json_pack("{s:s,s:o,s:o,s:s,s:s}", "op", "activate", "credential",
					   cairn_json_b64(cairn_buf_span(&object)), "secret",
					   cairn_json_b64(cairn_buf_span(&secret)), "label", "host one",
					   "verifier_kid", "kid-1"));

	cairn_buf_add(&message, cairn_span(fixed, sizeof(fixed)));
	cairn_buf_add(&message, cairn_digest_span(&ek.host_id));
	cairn_buf_add(&message, cairn_span(ak.name.bytes + 2, 32));
	assert_non_null(HMAC(EVP_sha256(), "0123456789abcdef", 16, message.ptr, message.len, mac, &len));
	cairn_hex_encode(&mac_hex, cairn_span(mac, len));
	assert_string_equal(agentuse_str(a, "proof"), cairn_buf_str(&mac_hex));
	/* For another AK it opens nothing. */
	struct cairn_name wrong = ak.name;

	wrong.bytes[9] ^= 1;
	object.len = secret.len = 0;
	assert_int_equal(
	    cairn_credential_make(&object, &secret, &ek, &wrong, cairn_span("0123456789abcdef", 16)),
	    CAIRN_OK);
	cairn_auto_json json_t *no =
	    agentuse_ask(&relay, json_pack("{s:s,s:o,s:o,s:s,s:s}", "op", "activate", "credential",
					   cairn_json_b64(cairn_buf_span(&object)), "secret",
					   cairn_json_b64(cairn_buf_span(&secret)), "label", "host one",
					   "verifier_kid", "kid-1"));

	assert_true(json_is_false(json_object_get(no, "ok")));
	assert_null(json_object_get(no, "proof"));
}

static void check_evidence(const json_t *e, const struct cairn_akpub *akpub, const char *boot_log)
{
	struct cairn_ak ak;
	struct cairn_qualified_name signer;
	struct cairn_digest extra;
	struct cairn_quote *quote = NULL;
	const char *failed = "";
	cairn_auto_buf struct cairn_buf attest = {0}, signature = {0}, log = {0};
	struct cairn_quote_binding b = {.verifier_kid = "kid-1",
					.nonce = cairn_span_str("nonce-1"),
					.launch_log = cairn_span_str(agentuse_str(e, "launch_log"))};

	assert_int_equal(cairn_json_get_b64(&attest, e, "quote"), CAIRN_OK);
	assert_int_equal(cairn_json_get_b64(&signature, e, "signature"), CAIRN_OK);
	assert_int_equal(cairn_json_get_b64(&log, e, "boot_log"), CAIRN_OK);
	assert_true(cairn_span_equal(cairn_buf_span(&log), cairn_span_str(boot_log)));
	b.boot_log = cairn_buf_span(&log);
	assert_int_equal(cairn_json_get_hex(b.host_id, 32, e, "host_id"), CAIRN_OK);
	assert_int_equal(cairn_json_get_hex(b.boot_id, 32, e, "boot_id"), CAIRN_OK);
	assert_int_equal(cairn_quote_binding(&extra, &b), CAIRN_OK);
	cairn_ak_of_akpub(&ak, akpub);
	assert_int_equal(cairn_ak_qualified_name(&signer, &ak), CAIRN_OK);
	struct cairn_log_summary sum;

	assert_int_equal(cairn_log_replay(&sum, b.launch_log, &agentuse.conf.pcrs), CAIRN_OK);
	struct cairn_quote_expected want = {.ak = &ak,
					    .qualified_signer = cairn_span(signer.bytes, signer.len),
					    .extra_data = cairn_digest_span(&extra),
					    .selection =
						cairn_selection_of(CAIRN_ALG_SHA256, 0x3ff | 7u << 11),
					    .pcrs = &sum.replay};
	/* PCRs 0 to 9 of this TPM are zero, as in the replay. */
	cairn_pcrs_bank(&sum.replay, CAIRN_ALG_SHA256)->extended |= 0x3ff | 7u << 11;
	enum cairn_status st =
	    cairn_quote_check(&quote, &want, cairn_buf_span(&attest), cairn_buf_span(&signature), &failed);

	if (st != CAIRN_OK)
		fail_msg("%s: %s", cairn_status_name(st), failed);
	cairn_quote_free(quote);
}

static void test_attest(void **state)
{
	struct cairn_ekpub ek;
	struct cairn_akpub ak;
	cairn_auto_json json_t *id = identity(&ek, &ak);

	(void)state;
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "launch", "config",
							     fixture_config(&agentuse, "guest1", ""))),
			       CAIRN_OK);
	json_t *ask_for =
	    json_pack("{s:s,s:s,s:s}", "op", "attest", "nonce", "nonce-1", "verifier_kid", "kid-1");
	cairn_auto_json json_t *a = agentuse_ask(&relay, json_incref(ask_for));

	check_evidence(json_object_get(a, "evidence"), &ak, "");
	fixture_file(&agentuse, "boot.log", "anything");
	cairn_auto_json json_t *b = agentuse_ask(&relay, json_incref(ask_for));

	check_evidence(json_object_get(b, "evidence"), &ak, "anything");
	/* A log that somebody made unreadable is not hidden: evidence goes out without it, and cannot replay.
	 */
	assert_int_equal(pwrite(agentuse.agent->log.fd, "\xff", 1, 0), 1);
	cairn_auto_json json_t *c = agentuse_ask(&relay, ask_for);

	assert_true(json_is_true(json_object_get(c, "ok")));
	char path[160];

	snprintf(path, sizeof(path), "%s/boot.log", agentuse.dir);
	unlink(path);
}

static void test_chain(void **state)
{
	(void)state;
	cairn_auto_json json_t *a = agentuse_ask(&relay, json_pack("{s:s}", "op", "chain"));
	json_t *banks = json_object_get(a, "pcrs");

	assert_int_equal(json_object_size(banks), 2);
	assert_int_equal(json_object_size(json_object_get(banks, "sha256")), 24);
	assert_int_equal(strlen(agentuse_str(json_object_get(banks, "sha384"), "11")), 96);
	assert_non_null(strstr(agentuse_str(a, "boot_log_status"), "missing"));
	assert_non_null(strstr(agentuse_str(a, "launch_log"), "cairn-record"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    AGENTUSE_TEST(test_activate),
	    AGENTUSE_TEST(test_attest),
	    AGENTUSE_TEST(test_chain),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup_ek, agentuse_group_teardown);
}
