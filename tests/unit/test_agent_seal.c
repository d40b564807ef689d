/* Sealing and opening through cairnd's requests: what opens, what does not, and what is left in memory. */
#include "tests/unit/agentuse_fixture.h"

#include <stdio.h>
#include <string.h>

#include "cairn/approval.h"

static const struct cairn_peer root = {.uid = 0, .root = true};

/* ---- sealing ------------------------------------------------------------------------------------------ */

static json_t *approve(const struct cairn_key *release)
{
	cairn_auto_approval struct cairn_approval made = {0};
	struct cairn_bank now;
	uint32_t mask = 1u << 4 | 1u << 8 | 1u << 9 | 1u << 11;
	json_t *v = NULL;

	assert_int_equal(cairn_tpm_pcr_read(agentuse.agent->tpm, CAIRN_ALG_SHA256, mask, &now), CAIRN_OK);
	assert_int_equal(cairn_approval_make(&made, "disk", 1, &now, mask, release, NULL), CAIRN_OK);
	assert_int_equal(cairn_approval_json(&v, &made), CAIRN_OK);
	return v;
}

static void extend_boot_pcrs(void)
{
	const struct cairn_tpm_banks *banks = cairn_tpm_banks(agentuse.agent->tpm);
	struct cairn_digest d[CAIRN_BANK_MAX];

	for (size_t i = 0; i < banks->count; i++)
		assert_int_equal(cairn_hash(&d[i], banks->alg[i], cairn_span_str("boot")), CAIRN_OK);
	assert_int_equal(cairn_tpm_pcr_extend(agentuse.agent->tpm, 4, d, banks->count), CAIRN_OK);
	assert_int_equal(cairn_tpm_pcr_extend(agentuse.agent->tpm, 8, d, banks->count), CAIRN_OK);
	assert_int_equal(cairn_tpm_pcr_extend(agentuse.agent->tpm, 9, d, banks->count), CAIRN_OK);
}

static void test_seal(void **state)
{
	cairn_auto_key struct cairn_key *release = NULL;
	json_t *jwk = NULL;

	(void)state;
	extend_boot_pcrs();
	assert_int_equal(cairn_key_generate(&release, CAIRN_SIG_ES256), CAIRN_OK);
	assert_int_equal(cairn_key_jwk(&jwk, release, false), CAIRN_OK);
	cairn_auto_json json_t *sealed =
	    agentuse_ask(&root, json_pack("{s:s,s:s,s:o,s:s}", "op", "seal", "class", "disk", "key", jwk,
					  "secret", "c2VjcmV0"));
	json_t *blob = json_object_get(sealed, "blob");

	assert_true(json_is_object(blob));
	cairn_auto_json json_t *approval = approve(release);
	cairn_auto_json json_t *opened = agentuse_ask(
	    &root, json_pack("{s:s,s:O,s:O}", "op", "unseal", "blob", blob, "approval", approval));

	assert_string_equal(agentuse_str(opened, "secret"), "c2VjcmV0");
	/* Launches do not shut it; a violation in PCR 11 does. */
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s,s:s}", "op", "launch", "config",
							     fixture_config(&agentuse, "guest1", ""))),
			       CAIRN_OK);
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s,s:O,s:O}", "op", "unseal", "blob", blob,
							     "approval", approval)),
			       CAIRN_OK);
	cairn_auto_buf struct cairn_buf record = {0};

	assert_int_equal(cairn_record_violation(&record, "a test"), CAIRN_OK);
	assert_int_equal(cairn_agent_record(agentuse.agent, cairn_buf_span(&record), NULL), CAIRN_OK);
	agentuse_assert_status(agentuse_ask(&root, json_pack("{s:s,s:O,s:O}", "op", "unseal", "blob", blob,
							     "approval", approval)),
			       CAIRN_E_TPM_POLICY);
	agentuse_assert_status(
	    agentuse_ask(&root, json_pack("{s:s,s:{},s:O}", "op", "unseal", "blob", "approval", approval)),
	    CAIRN_E_MALFORMED);
	json_object_set_new(approval, "release", json_integer(2));
	json_object_set_new(approval, "signature", json_string("AAAA"));
	cairn_auto_json json_t *bad = agentuse_ask(
	    &root, json_pack("{s:s,s:O,s:O}", "op", "unseal", "blob", blob, "approval", approval));

	assert_true(json_is_false(json_object_get(bad, "ok")));
}

/* ---- what is left of a secret -------------------------------------------------------------------------- */

#define MASK 0x5a

/* The needle is kept masked, so that it is not found in the test itself. */
static bool at(const uint8_t *p, const uint8_t *masked, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((p[i] ^ MASK) != masked[i])
			return false;
	return true;
}

static unsigned count_in_heap(const uint8_t *masked, size_t len)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	unsigned long from = 0, to = 0;
	unsigned found = 0;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, "[heap]"))
			assert_int_equal(sscanf(line, "%lx-%lx", &from, &to), 2);
	fclose(maps);
	for (unsigned long p = from; p + len <= to; p++)
		found += at((const uint8_t *)p, masked, len);
	return found;
}

static void answer(json_t *request, struct cairn_buf *out)
{
	cairn_auto_secret struct cairn_buf text = {0};

	assert_int_equal(cairn_json_dump(&text, request), CAIRN_OK);
	json_decref(request);
	assert_int_equal(cairn_agent_answer(agentuse.agent, &root, cairn_buf_span(&text), out), CAIRN_OK);
}

/* The JSON of a request or answer that held a secret is gone from memory with it. */
static void test_nothing_left(void **state)
{
	/* An allocator marks the first bytes of what is free: the end is looked for. */
	static const char secret[] = "VGhlc2UgcmVhbGx5IGFyZSBzb21lIHNlY3JldCB3b3JkcywgYW5kIHRoZSBh"
				     "bGxvY2F0b3IgbWFya3Mgb25seSB0aGUgZmlyc3Qgb2YgdGhlbQ";
	cairn_auto_key struct cairn_key *release = NULL;
	cairn_auto_secret struct cairn_buf sealed = {0}, opened = {0};
	json_t *jwk = NULL, *blob = NULL;
	uint8_t masked[26];

	(void)state;
	cairn_agent_wipe_json();
	for (size_t i = 0; i < sizeof(masked); i++)
		masked[i] = (uint8_t)secret[sizeof(secret) - 1 - sizeof(masked) + i] ^ MASK;
	extend_boot_pcrs();
	assert_int_equal(cairn_key_generate(&release, CAIRN_SIG_ES256), CAIRN_OK);
	assert_int_equal(cairn_key_jwk(&jwk, release, false), CAIRN_OK);
	answer(json_pack("{s:s,s:s,s:o,s:s}", "op", "seal", "class", "disk", "key", jwk, "secret", secret),
	       &sealed);
	assert_int_equal(count_in_heap(masked, sizeof(masked)), 0);
	assert_int_equal(cairn_json_parse(&blob, cairn_buf_span(&sealed)), CAIRN_OK);
	json_t *request = json_pack("{s:s,s:O,s:o}", "op", "unseal", "blob", json_object_get(blob, "blob"),
				    "approval", approve(release));

	json_decref(blob);
	answer(request, &opened);
	if (count_in_heap(masked, sizeof(masked)) > 0) /* 0 under ASan, whose heap is elsewhere */
		assert_int_equal(count_in_heap(masked, sizeof(masked)), 1);
	assert_non_null(strstr(cairn_buf_str(&opened), secret));
	cairn_buf_fini_wipe(&opened);
	assert_int_equal(count_in_heap(masked, sizeof(masked)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    AGENTUSE_TEST(test_seal),
	    AGENTUSE_TEST(test_nothing_left),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup_ek, agentuse_group_teardown);
}
