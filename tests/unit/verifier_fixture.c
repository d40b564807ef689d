/* A verifier and the host that attests to it; see verifier_fixture.h. */
#include "tests/unit/data_fixture.h"
#include "tests/unit/verifier_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sqlite3.h>

#include "attest/commands.h"
#include "cairn/eventlog.h"
#include "cairn/launchlog.h"
#include "tests/unit/tpmuse_fixture.h"

static const struct cairn_pcr_numbers numbers = CAIRN_PCR_NUMBERS_DEFAULT;

/* ---- requests
 * ---------------------------------------------------------------------------------------------------------
 */

void verifier_call_raw(struct verifier_world *w, const char *method, const char *path, struct cairn_span body)
{
	struct cairn_request req = {.method = method,
				    .path = path,
				    .authorization = "Bearer " VERIFIER_TOKEN,
				    .peer = "test",
				    .body = body};
	struct cairn_response resp = {.code = 500, .type = "application/json"};
	cairn_route_serve(w->v, &req, &resp);
	json_decref(w->body);
	w->body = json_loadb((const char *)resp.body.ptr, resp.body.len, 0, NULL);
	w->code = resp.code;
	cairn_buf_fini(&resp.body);
}

void verifier_call(struct verifier_world *w, const char *method, const char *path, json_t *body)
{
	cairn_auto_buf struct cairn_buf text = {0};
	if (body)
		assert_int_equal(cairn_json_dump(&text, body), CAIRN_OK);
	verifier_call_raw(w, method, path, cairn_buf_span(&text));
	json_decref(body);
}

const char *verifier_text(const struct verifier_world *w, const char *name)
{
	const char *t = json_string_value(json_object_get(w->body, name));
	return t ? t : "(none)";
}

void verifier_expect_error(const struct verifier_world *w, int code, const char *name)
{
	const char *have = json_string_value(json_object_get(json_object_get(w->body, "error"), "code"));
	assert_string_equal(have ? have : "(none)", name);
	assert_int_equal(w->code, code);
}

void verifier_expect_state(struct verifier_world *w, const char *state)
{
	verifier_call(w, "GET", "/v1/hosts/alpha", NULL);
	assert_int_equal(w->code, 200);
	assert_string_equal(verifier_text(w, "state"), state);
}

int verifier_count(const struct verifier_world *w, const char *of)
{
	char path[160], query[256];
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;
	snprintf(path, sizeof path, "%s/server/verifier.db", w->dir);
	snprintf(query, sizeof query, "SELECT count(*) FROM %s", of);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, query, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	int n = sqlite3_column_int(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
	return n;
}

/* ---- the host's side
 * ------------------------------------------------------------------------------------------------------ */

void verifier_identity(const struct swtpm *s, struct cairn_tpm_identity *id)
{
	struct cairn_tpm *t = tpmuse_open(s);
	assert_int_equal(cairn_tpm_identity(t, id), CAIRN_OK);
	cairn_tpm_close(t);
}

json_t *verifier_enrolment(const struct cairn_tpm_identity *ek, const struct cairn_tpm_identity *ak,
			   const char *label)
{
	return json_pack("{s:s,s:o,s:[o],s:o}", "label", label, "ek_public",
			 cairn_json_b64(cairn_buf_span(&ek->ek_public)), "ek_certs",
			 cairn_json_b64(cairn_buf_span(&ek->ek_cert)), "ak_public",
			 cairn_json_b64(cairn_buf_span(&ak->ak_public)));
}

/* What cairnd computes from the credential. */
static void proof_of(uint8_t out[32], const struct verifier_world *w, const struct cairn_tpm_identity *id,
		     const char *label, struct cairn_span credential)
{
	cairn_auto_buf struct cairn_buf t = {0};
	unsigned len = 32;
	cairn_buf_add(&t, cairn_span("cairn-enroll-v1", 16));
	cairn_buf_add(&t, cairn_span(cairn_verifier_kid(w->v), CAIRN_KID_LEN + 1));
	cairn_buf_add(&t, cairn_span(label, strlen(label) + 1));
	cairn_buf_add(&t, cairn_digest_span(&id->host_id));
	cairn_buf_add(&t, cairn_span(id->ak_name.bytes + 2, 32));
	assert_non_null(HMAC(EVP_sha256(), credential.ptr, (int)credential.len, t.ptr, t.len, out, &len));
}

/* Answers the challenge in w->body with the TPM; the proof is then off by `wrong`. */
json_t *verifier_answer(const struct verifier_world *w, const struct swtpm *s, const char *label,
			uint8_t wrong)
{
	cairn_auto_buf struct cairn_buf blob = {0};
	cairn_auto_buf struct cairn_buf secret = {0};
	cairn_auto_secret struct cairn_buf credential = {0};
	struct cairn_tpm_identity id = {0};
	uint8_t proof[32];
	assert_int_equal(cairn_json_get_b64(&blob, w->body, "credential"), CAIRN_OK);
	assert_int_equal(cairn_json_get_b64(&secret, w->body, "secret"), CAIRN_OK);
	struct cairn_tpm *t = tpmuse_open(s);
	assert_int_equal(cairn_tpm_identity(t, &id), CAIRN_OK);
	assert_int_equal(cairn_tpm_activate(t, cairn_buf_span(&blob), cairn_buf_span(&secret), &credential),
			 CAIRN_OK);
	cairn_tpm_close(t);
	proof_of(proof, w, &id, label, cairn_buf_span(&credential));
	proof[0] ^= wrong;
	cairn_tpm_identity_fini(&id);
	return json_pack("{s:s,s:o}", "session", verifier_text(w, "session"), "proof",
			 cairn_json_hex(cairn_span(proof, 32)));
}

void verifier_enrol(struct verifier_world *w, const struct swtpm *s, const char *label)
{
	struct cairn_tpm_identity id = {0};
	verifier_identity(s, &id);
	verifier_call(w, "POST", "/v1/enroll", verifier_enrolment(&id, &id, label));
	cairn_tpm_identity_fini(&id);
	assert_int_equal(w->code, 200);
	verifier_call(w, "POST", "/v1/enroll/proof", verifier_answer(w, s, label, 0));
}

static void extend_boot(struct verifier_world *w, struct cairn_tpm *t)
{
	struct cairn_eventlog log;
	struct cairn_event ev;
	assert_int_equal(cairn_eventlog_open(&log, cairn_buf_span(&w->sim.boot_log)), CAIRN_OK);
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev)) {
		struct cairn_digest d[2];
		if (ev.type == CAIRN_EV_NO_ACTION)
			continue;
		assert_int_equal(cairn_event_digest_get(&d[0], &ev, CAIRN_ALG_SHA256), CAIRN_OK);
		assert_int_equal(cairn_event_digest_get(&d[1], &ev, CAIRN_ALG_SHA384), CAIRN_OK);
		assert_int_equal(cairn_tpm_pcr_extend(t, ev.pcr, d, 2), CAIRN_OK);
	}
}

/* Extends what the log has from byte `from` on. */
void verifier_extend_launches(struct verifier_world *w, struct cairn_tpm *t, size_t from)
{
	struct cairn_log_reader r;
	cairn_log_reader_init(&r, cairn_buf_span(&w->sim.launch_log), &numbers);
	r.may_lack = true;
	for (;;) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};
		size_t at = r.off;
		if (cairn_log_next(&r, &e) != CAIRN_OK)
			return;
		if (at >= from)
			assert_int_equal(cairn_tpm_pcr_extend(t, e.pcr, e.digest, e.digest_count), CAIRN_OK);
	}
}

void verifier_boot(struct verifier_world *w)
{
	struct cairn_tpm *t = tpmuse_open(&w->tpm[0]);
	extend_boot(w, t);
	verifier_extend_launches(w, t, 0);
	cairn_tpm_close(t);
}

const char *verifier_challenge(struct verifier_world *w)
{
	struct cairn_tpm_identity id = {0};
	verifier_identity(&w->tpm[0], &id);
	verifier_call(w, "POST", "/v1/challenge",
		      json_pack("{s:o}", "host_id", cairn_json_hex(cairn_digest_span(&id.host_id))));
	cairn_tpm_identity_fini(&id);
	return verifier_text(w, "nonce");
}

static json_t *document(const struct verifier_world *w, const struct cairn_quote_binding *b,
			const struct cairn_buf *quote, const struct cairn_buf *signature)
{
	return json_pack("{s:s,s:i,s:o,s:o,s:s,s:s,s:o,s:o,s:o,s:s%,s:s}", "format", "cairn-evidence",
			 "version", 1, "host_id", cairn_json_hex(cairn_span(b->host_id, 32)), "boot_id",
			 cairn_json_hex(cairn_span(w->sim.boot_id, 32)), "nonce", (const char *)b->nonce.ptr,
			 "verifier_kid", b->verifier_kid, "quote", cairn_json_b64(cairn_buf_span(quote)),
			 "signature", cairn_json_b64(cairn_buf_span(signature)), "boot_log",
			 cairn_json_b64(b->boot_log), "launch_log", (const char *)b->launch_log.ptr,
			 b->launch_log.len, "agent_version", "0");
}

/* Evidence by a TPM over a selection, of whatever the logs say. */
json_t *verifier_evidence(struct verifier_world *w, const struct swtpm *s, const char *nonce,
			  uint32_t selection)
{
	cairn_auto_buf struct cairn_buf quote = {0};
	cairn_auto_buf struct cairn_buf signature = {0};
	struct cairn_tpm_identity id = {0};
	struct cairn_digest extra;
	verifier_identity(&w->tpm[0], &id);
	struct cairn_quote_binding b = {.verifier_kid = cairn_verifier_kid(w->v),
					.nonce = cairn_span_str(nonce),
					.boot_log = cairn_buf_span(&w->sim.boot_log),
					.launch_log = cairn_buf_span(&w->sim.launch_log)};
	memcpy(b.host_id, id.host_id.bytes, 32);
	memcpy(b.boot_id, w->sim.boot_id, 32);
	assert_int_equal(cairn_quote_binding(&extra, &b), CAIRN_OK);
	struct cairn_tpm *t = tpmuse_open(s);
	assert_int_equal(cairn_tpm_quote(t, selection, cairn_digest_span(&extra), &quote, &signature),
			 CAIRN_OK);
	cairn_tpm_close(t);
	cairn_tpm_identity_fini(&id);
	return document(w, &b, &quote, &signature);
}

/* One good round; the evidence stays in w->evidence. */
void verifier_attest(struct verifier_world *w)
{
	json_decref(w->evidence);
	w->evidence = verifier_evidence(w, &w->tpm[0], verifier_challenge(w), CAIRN_APPRAISAL_PCRS);
	verifier_call(w, "POST", "/v1/evidence", json_incref(w->evidence));
}

/* ---- set-up
 * ---------------------------------------------------------------------------------------------------------------
 */

void verifier_put_file(const struct verifier_world *w, const char *name, struct cairn_span content)
{
	char path[160];
	snprintf(path, sizeof path, "%s/server/%s", w->dir, name);
	assert_int_equal(cairn_file_write(path, content, 0644), CAIRN_OK);
}

static void trust_tpms(const struct verifier_world *w)
{
	static const char *const names[] = {"issuercert.pem", "swtpm-localca-rootca-cert.pem"};
	for (int i = 0; i < 4; i++) {
		char from[160], to[64];
		cairn_auto_buf struct cairn_buf b = {0};
		snprintf(from, sizeof from, "%s/ca/%s", w->tpm[i / 2].dir, names[i % 2]);
		snprintf(to, sizeof to, "ek-roots/%d.pem", i);
		if (cairn_file_read(&b, from, 65536) == CAIRN_OK)
			verifier_put_file(w, to, cairn_buf_span(&b));
	}
}

void verifier_open(struct verifier_world *w)
{
	char path[160];
	cairn_auto_buf struct cairn_buf why = {0};
	snprintf(path, sizeof path, "%s/server/verifier.conf", w->dir);
	if (cairn_verifier_new(&w->v, path, &why))
		fail_msg("%s", cairn_buf_str(&why));
}

int verifier_setup(void **state)
{
	struct verifier_world *w = calloc(1, sizeof *w);
	struct cairn_digest d;
	char path[96];
	*state = w;
	snprintf(w->dir, sizeof w->dir, "/tmp/cairn-verifier-XXXXXX");
	if (!mkdtemp(w->dir) || swtpm_start(&w->tpm[0], "sha256,sha384") ||
	    swtpm_start(&w->tpm[1], "sha256,sha384"))
		return -1;
	sim_init_until(&w->sim, (uint64_t)1 << 40);
	snprintf(path, sizeof path, "%s/server", w->dir);
	if (cairn_command_init(path, NULL, 0))
		return -1;
	json_t *set = NULL;
	cairn_auto_buf struct cairn_buf text = {0};
	assert_int_equal(cairn_jwks_json(&set, w->sim.authorities), CAIRN_OK);
	assert_int_equal(cairn_json_dump(&text, set), CAIRN_OK);
	json_decref(set);
	verifier_put_file(w, "authorities.jwks", cairn_buf_span(&text));
	trust_tpms(w);
	verifier_open(w);
	assert_int_equal(cairn_hash(&d, CAIRN_ALG_SHA256, cairn_span_str(VERIFIER_TOKEN)), CAIRN_OK);
	assert_int_equal(cairn_store_token_add(w->v->store, d.bytes, CAIRN_ROLE_OPERATOR, "ops"), CAIRN_OK);
	verifier_call_raw(w, "POST", "/v1/manifests", cairn_buf_span(&w->sim.platform));
	assert_int_equal(w->code, 200);
	verifier_call_raw(w, "POST", "/v1/manifests", cairn_buf_span(&w->sim.service));
	assert_int_equal(w->code, 200);
	verifier_boot(w);
	return 0;
}

int verifier_teardown(void **state)
{
	struct verifier_world *w = *state;
	cairn_verifier_free(w->v);
	json_decref(w->body);
	json_decref(w->evidence);
	sim_fini(&w->sim);
	swtpm_stop(&w->tpm[0]);
	swtpm_stop(&w->tpm[1]);
	data_remove(w->dir);
	free(w);
	return 0;
}

int verifier_setup_enrolled(void **state)
{
	if (verifier_setup(state))
		return -1;
	struct verifier_world *w = *state;
	verifier_enrol(w, &w->tpm[0], "alpha");
	return w->code == 200 ? 0 : -1;
}

int verifier_setup_trusted(void **state)
{
	if (verifier_setup_enrolled(state))
		return -1;
	struct verifier_world *w = *state;
	verifier_attest(w);
	return w->code == 200 ? 0 : -1;
}
