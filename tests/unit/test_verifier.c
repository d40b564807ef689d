/* The server from enrolment to result, against a software TPM; requests go straight to the route table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509v3.h>
#include <sqlite3.h>

#include "attest/commands.h"
#include "attest/result.h"
#include "attest/verifier.h"
#include "cairn/eventlog.h"
#include "cairn/launchlog.h"
#include "tests/unit/sim_fixture.h"
#include "tests/unit/tpmuse_fixture.h"

#define TOKEN "an-operator's-token"

struct world {
	char dir[64];
	struct swtpm tpm[2];
	struct sim sim;
	struct cairn_verifier *v;
	int code;	  /* of the last answer */
	json_t *body;	  /* its body */
	json_t *evidence; /* the last that was made */
};

static const struct cairn_pcr_numbers numbers = CAIRN_PCR_NUMBERS_DEFAULT;

/* ---- requests
 * ---------------------------------------------------------------------------------------------------------
 */

static void call_raw(struct world *w, const char *method, const char *path, struct cairn_span body)
{
	struct cairn_request req = {
	    .method = method, .path = path, .authorization = "Bearer " TOKEN, .peer = "test", .body = body};
	struct cairn_response resp = {.code = 500, .type = "application/json"};
	cairn_route_serve(w->v, &req, &resp);
	json_decref(w->body);
	w->body = json_loadb((const char *)resp.body.ptr, resp.body.len, 0, NULL);
	w->code = resp.code;
	cairn_buf_fini(&resp.body);
}

static void call(struct world *w, const char *method, const char *path, json_t *body)
{
	cairn_auto_buf struct cairn_buf text = {0};
	if (body)
		assert_int_equal(cairn_json_dump(&text, body), CAIRN_OK);
	call_raw(w, method, path, cairn_buf_span(&text));
	json_decref(body);
}

static const char *text_of(const struct world *w, const char *name)
{
	const char *t = json_string_value(json_object_get(w->body, name));
	return t ? t : "(none)";
}

static void expect_error(const struct world *w, int code, const char *name)
{
	const char *have = json_string_value(json_object_get(json_object_get(w->body, "error"), "code"));
	assert_string_equal(have ? have : "(none)", name);
	assert_int_equal(w->code, code);
}

static void expect_state(struct world *w, const char *state)
{
	call(w, "GET", "/v1/hosts/alpha", NULL);
	assert_int_equal(w->code, 200);
	assert_string_equal(text_of(w, "state"), state);
}

/* ---- the host's side
 * ------------------------------------------------------------------------------------------------------ */

static void identity(const struct swtpm *s, struct cairn_tpm_identity *id)
{
	struct cairn_tpm *t = tpmuse_open(s);
	assert_int_equal(cairn_tpm_identity(t, id), CAIRN_OK);
	cairn_tpm_close(t);
}

static json_t *enrolment(const struct cairn_tpm_identity *ek, const struct cairn_tpm_identity *ak,
			 const char *label)
{
	return json_pack("{s:s,s:o,s:[o],s:o}", "label", label, "ek_public",
			 cairn_json_b64(cairn_buf_span(&ek->ek_public)), "ek_certs",
			 cairn_json_b64(cairn_buf_span(&ek->ek_cert)), "ak_public",
			 cairn_json_b64(cairn_buf_span(&ak->ak_public)));
}

/* What cairnd computes from the credential. */
static void proof_of(uint8_t out[32], const struct world *w, const struct cairn_tpm_identity *id,
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
static json_t *answer(const struct world *w, const struct swtpm *s, const char *label, uint8_t wrong)
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
	return json_pack("{s:s,s:o}", "session", text_of(w, "session"), "proof",
			 cairn_json_hex(cairn_span(proof, 32)));
}

static void enrol(struct world *w, const struct swtpm *s, const char *label)
{
	struct cairn_tpm_identity id = {0};
	identity(s, &id);
	call(w, "POST", "/v1/enroll", enrolment(&id, &id, label));
	cairn_tpm_identity_fini(&id);
	assert_int_equal(w->code, 200);
	call(w, "POST", "/v1/enroll/proof", answer(w, s, label, 0));
}

static void extend_boot(struct world *w, struct cairn_tpm *t)
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
static void extend_launches(struct world *w, struct cairn_tpm *t, size_t from)
{
	struct cairn_log_reader r;
	cairn_log_reader_init(&r, cairn_buf_span(&w->sim.launch_log), &numbers);
	for (;;) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};
		size_t at = r.off;
		if (cairn_log_next(&r, &e) != CAIRN_OK)
			return;
		if (at >= from)
			assert_int_equal(cairn_tpm_pcr_extend(t, e.pcr, e.digest, e.digest_count), CAIRN_OK);
	}
}

static void boot(struct world *w)
{
	struct cairn_tpm *t = tpmuse_open(&w->tpm[0]);
	extend_boot(w, t);
	extend_launches(w, t, 0);
	cairn_tpm_close(t);
}

static const char *challenge(struct world *w)
{
	struct cairn_tpm_identity id = {0};
	identity(&w->tpm[0], &id);
	call(w, "POST", "/v1/challenge",
	     json_pack("{s:o}", "host_id", cairn_json_hex(cairn_digest_span(&id.host_id))));
	cairn_tpm_identity_fini(&id);
	return text_of(w, "nonce");
}

static json_t *document(const struct world *w, const struct cairn_quote_binding *b,
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
static json_t *evidence(struct world *w, const struct swtpm *s, const char *nonce, uint32_t selection)
{
	cairn_auto_buf struct cairn_buf quote = {0};
	cairn_auto_buf struct cairn_buf signature = {0};
	struct cairn_tpm_identity id = {0};
	struct cairn_digest extra;
	identity(&w->tpm[0], &id);
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
static void attest(struct world *w)
{
	json_decref(w->evidence);
	w->evidence = evidence(w, &w->tpm[0], challenge(w), CAIRN_APPRAISAL_PCRS);
	call(w, "POST", "/v1/evidence", json_incref(w->evidence));
}

/* ---- set-up
 * ---------------------------------------------------------------------------------------------------------------
 */

static void put_file(const struct world *w, const char *name, struct cairn_span content)
{
	char path[160];
	snprintf(path, sizeof path, "%s/server/%s", w->dir, name);
	assert_int_equal(cairn_file_write(path, content, 0644), CAIRN_OK);
}

static void trust_tpms(const struct world *w)
{
	static const char *const names[] = {"issuercert.pem", "swtpm-localca-rootca-cert.pem"};
	for (int i = 0; i < 4; i++) {
		char from[160], to[64];
		cairn_auto_buf struct cairn_buf b = {0};
		snprintf(from, sizeof from, "%s/ca/%s", w->tpm[i / 2].dir, names[i % 2]);
		snprintf(to, sizeof to, "ek-roots/%d.pem", i);
		if (cairn_file_read(&b, from, 65536) == CAIRN_OK)
			put_file(w, to, cairn_buf_span(&b));
	}
}

static void open_server(struct world *w)
{
	char path[160];
	cairn_auto_buf struct cairn_buf why = {0};
	snprintf(path, sizeof path, "%s/server/verifier.conf", w->dir);
	if (cairn_verifier_new(&w->v, path, &why))
		fail_msg("%s", cairn_buf_str(&why));
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
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
	put_file(w, "authorities.jwks", cairn_buf_span(&text));
	trust_tpms(w);
	open_server(w);
	assert_int_equal(cairn_hash(&d, CAIRN_ALG_SHA256, cairn_span_str(TOKEN)), CAIRN_OK);
	assert_int_equal(cairn_store_token_add(w->v->store, d.bytes, CAIRN_ROLE_OPERATOR, "ops"), CAIRN_OK);
	call_raw(w, "POST", "/v1/manifests", cairn_buf_span(&w->sim.platform));
	assert_int_equal(w->code, 200);
	call_raw(w, "POST", "/v1/manifests", cairn_buf_span(&w->sim.service));
	assert_int_equal(w->code, 200);
	boot(w);
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char command[128];
	cairn_verifier_free(w->v);
	json_decref(w->body);
	json_decref(w->evidence);
	sim_fini(&w->sim);
	swtpm_stop(&w->tpm[0]);
	swtpm_stop(&w->tpm[1]);
	snprintf(command, sizeof command, "rm -r %s", w->dir);
	int rc = system(command);
	free(w);
	return rc;
}

/* ---- enrolment
 * --------------------------------------------------------------------------------------------------------------
 */

static void enrols(void **state)
{
	struct world *w = *state;
	enrol(w, &w->tpm[0], "alpha");
	assert_int_equal(w->code, 200);
	assert_string_equal(text_of(w, "state"), "pending");
	enrol(w, &w->tpm[0], "alpha"); /* again, with the same keys */
	assert_int_equal(w->code, 200);
	expect_state(w, "pending");
}

static void enrolment_refusals(void **state)
{
	struct world *w = *state;
	struct cairn_tpm_identity a = {0}, b = {0};
	identity(&w->tpm[0], &a);
	identity(&w->tpm[1], &b);
	call(w, "POST", "/v1/enroll", enrolment(&b, &b, "alpha"));
	expect_error(w, 409, "label-taken");
	call(w, "POST", "/v1/enroll", enrolment(&a, &a, "beta"));
	expect_error(w, 409, "other-label");
	call(w, "POST", "/v1/enroll", enrolment(&a, &b, "alpha"));
	expect_error(w, 403, "other-ak");
	call(w, "POST", "/v1/enroll", enrolment(&a, &a, "no spaces"));
	expect_error(w, 400, "label");
	call(w, "POST", "/v1/enroll",
	     enrolment(&a, &a, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
	expect_error(w, 400, "label");
	struct cairn_buf cert = a.ek_cert;
	a.ek_cert = b.ek_cert;
	call(w, "POST", "/v1/enroll", enrolment(&a, &a, "alpha"));
	expect_error(w, 403, "ek-untrusted");
	a.ek_cert = cert;
	a.ak_public.ptr[9] ^= 0x01; /* an attribute */
	call(w, "POST", "/v1/enroll", enrolment(&a, &a, "alpha"));
	expect_error(w, 403, "key-template");
	a.ak_public.ptr[9] ^= 0x01;
	cairn_tpm_identity_fini(&a);
	cairn_tpm_identity_fini(&b);
}

/* ---- EK certificates of a CA of our own ---- */

static X509 *issue(EVP_PKEY *subject, const char *uses, X509 *issuer, EVP_PKEY *key)
{
	X509 *c = X509_new();
	X509V3_CTX ctx;
	X509_set_version(c, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(c), issuer ? 2 : 1);
	X509_gmtime_adj(X509_getm_notBefore(c), -60);
	X509_gmtime_adj(X509_getm_notAfter(c), 3600);
	X509_set_pubkey(c, subject);
	const char *name = issuer ? "EK" : "CA";
	X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC, (const unsigned char *)name,
				   -1, -1, 0);
	X509_set_issuer_name(c, X509_get_subject_name(issuer ? issuer : c));
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer ? issuer : c, c, NULL, NULL, 0);
	const struct {
		int nid;
		const char *value;
	} ext[] = {{NID_basic_constraints, issuer ? "CA:FALSE" : "critical,CA:TRUE"},
		   {NID_ext_key_usage, uses}};
	for (size_t i = 0; i < 2; i++) {
		X509_EXTENSION *e =
		    ext[i].value ? X509V3_EXT_conf_nid(NULL, &ctx, ext[i].nid, ext[i].value) : NULL;
		if (e)
			X509_add_ext(c, e, -1);
		X509_EXTENSION_free(e);
	}
	assert_true(X509_sign(c, key, EVP_sha256()) > 0);
	return c;
}

/* Enrols with a certificate of the TPM's EK for these uses; padded as in an NV index. */
static void enrol_with(struct world *w, const char *uses, X509 *ca, EVP_PKEY *key)
{
	struct cairn_tpm_identity id = {0};
	identity(&w->tpm[1], &id);
	const unsigned char *p = id.ek_cert.ptr;
	X509 *real = d2i_X509(NULL, &p, (long)id.ek_cert.len);
	X509 *made = issue(X509_get0_pubkey(real), uses, ca, key);
	unsigned char *der = NULL;
	int len = i2d_X509(made, &der);
	id.ek_cert.len = 0;
	cairn_buf_add(&id.ek_cert, cairn_span(der, (size_t)len));
	for (int i = 0; i < 64; i++)
		cairn_buf_add_u8(&id.ek_cert, 0xff);
	call(w, "POST", "/v1/enroll", enrolment(&id, &id, "beta"));
	OPENSSL_free(der);
	X509_free(real);
	X509_free(made);
	cairn_tpm_identity_fini(&id);
}

static void certificates_of_other_makers_and_uses(void **state)
{
	struct world *w = *state;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *ca = issue(key, NULL, NULL, key);
	enrol_with(w, "2.23.133.8.1", ca, key);
	expect_error(w, 403, "ek-untrusted"); /* by nobody's root */
	X509_STORE_add_cert(w->v->ek_roots, ca);
	enrol_with(w, "2.23.133.8.1", ca, key);
	assert_int_equal(w->code, 200);
	enrol_with(w, NULL, ca, key);
	assert_int_equal(w->code, 200);
	enrol_with(w, "serverAuth", ca, key);
	expect_error(w, 403, "ek-untrusted");
	X509_free(ca);
	EVP_PKEY_free(key);
}

/* The EK of one TPM with the AK of another: neither TPM can open the credential. */
static void keys_of_two_tpms(void **state)
{
	struct world *w = *state;
	struct cairn_tpm_identity a = {0}, b = {0};
	cairn_auto_buf struct cairn_buf blob = {0};
	cairn_auto_buf struct cairn_buf secret = {0};
	cairn_auto_secret struct cairn_buf credential = {0};
	identity(&w->tpm[0], &a);
	identity(&w->tpm[1], &b);
	call(w, "POST", "/v1/enroll", enrolment(&b, &a, "mixed"));
	assert_int_equal(w->code, 200);
	assert_int_equal(cairn_json_get_b64(&blob, w->body, "credential"), CAIRN_OK);
	assert_int_equal(cairn_json_get_b64(&secret, w->body, "secret"), CAIRN_OK);
	for (int i = 0; i < 2; i++) {
		struct cairn_tpm *t = tpmuse_open(&w->tpm[i]);
		assert_int_not_equal(
		    cairn_tpm_activate(t, cairn_buf_span(&blob), cairn_buf_span(&secret), &credential),
		    CAIRN_OK);
		cairn_tpm_close(t);
	}
	cairn_tpm_identity_fini(&a);
	cairn_tpm_identity_fini(&b);
}

static void a_challenge_is_one_try(void **state)
{
	struct world *w = *state;
	struct cairn_tpm_identity id = {0};
	identity(&w->tpm[1], &id);
	call(w, "POST", "/v1/enroll", enrolment(&id, &id, "beta"));
	cairn_tpm_identity_fini(&id);
	json_t *right = answer(w, &w->tpm[1], "beta", 0), *wrong = json_deep_copy(right);
	json_object_set_new(wrong, "proof",
			    json_string("0000000000000000000000000000000000000000000000000000000000000000"));
	call(w, "POST", "/v1/enroll/proof", wrong);
	expect_error(w, 403, "wrong-proof");
	call(w, "POST", "/v1/enroll/proof", right);
	expect_error(w, 403, "no-session");
	call(w, "GET", "/v1/hosts/beta", NULL);
	assert_int_equal(w->code, 404);
}

static void admission_by_list(void **state)
{
	struct world *w = *state;
	char line[160];
	struct cairn_tpm_identity id = {0};
	identity(&w->tpm[1], &id);
	put_file(w, "list", cairn_span_str("# nobody\n"));
	snprintf(w->v->set.admission_list, sizeof w->v->set.admission_list, "%s/server/list", w->dir);
	call(w, "POST", "/v1/enroll", enrolment(&id, &id, "beta"));
	expect_error(w, 403, "not-admitted");
	snprintf(line, sizeof line, "%s # beta\n", cairn_digest_hex(&id.host_id).text);
	put_file(w, "list", cairn_span_str(line));
	call(w, "POST", "/v1/enroll", enrolment(&id, &id, "beta"));
	assert_int_equal(w->code, 200);
	w->v->set.admission_list[0] = 0;
	cairn_tpm_identity_fini(&id);
}

/* ---- evidence
 * ------------------------------------------------------------------------------------------------------------------
 */

static void attests(void **state)
{
	struct world *w = *state;
	attest(w);
	assert_int_equal(w->code, 200);
	assert_string_equal(text_of(w, "state"), "trusted");
	json_t *next = json_incref(json_object_get(w->body, "next_nonce"));
	expect_state(w, "trusted");
	json_decref(w->evidence);
	w->evidence = evidence(w, &w->tpm[0], json_string_value(next), CAIRN_APPRAISAL_PCRS);
	json_decref(next);
	call(w, "POST", "/v1/evidence", json_incref(w->evidence));
	assert_int_equal(w->code, 200);
}

static void signed_result(void **state)
{
	struct world *w = *state;
	cairn_auto_jwks struct cairn_jwks *keys = NULL;
	cairn_auto_buf struct cairn_buf claims = {0};
	cairn_auto_json json_t *ear = NULL;
	call(w, "GET", "/v1/jwks", NULL);
	assert_int_equal(cairn_jwks_from_json(&keys, w->body), CAIRN_OK);
	call(w, "GET", "/v1/hosts/alpha/ear", NULL);
	assert_int_equal(
	    cairn_jws_verify(&claims, NULL, cairn_span_str(text_of(w, "ear")), CAIRN_EAR_TYP, keys),
	    CAIRN_OK);
	assert_int_equal(cairn_json_parse(&ear, cairn_buf_span(&claims)), CAIRN_OK);
	assert_string_equal(json_string_value(json_object_get(ear, "cairn.state")), "trusted");
	assert_string_equal(json_string_value(json_object_get(ear, "eat_profile")), CAIRN_EAR_PROFILE);
	assert_string_equal(json_string_value(json_object_get(ear, "eat_nonce")),
			    json_string_value(json_object_get(w->evidence, "nonce")));
	const json_t *xen = json_object_get(json_object_get(ear, "submods"), "xen");
	assert_string_equal(json_string_value(json_object_get(xen, "ear.status")), "affirming");
	assert_true(json_integer_value(json_object_get(ear, "exp")) >
		    json_integer_value(json_object_get(ear, "iat")));
}

static void replays_are_refused(void **state)
{
	struct world *w = *state;
	call(w, "POST", "/v1/evidence", json_incref(w->evidence));
	expect_error(w, 409, "stale-nonce");
	expect_state(w, "trusted");
}

/* Each byte of quote and signature, each in turn. */
static void changed_evidence_is_refused(void **state)
{
	static const char *const members[] = {"quote", "signature"};
	struct world *w = *state;
	cairn_auto_json json_t *good = evidence(w, &w->tpm[0], challenge(w), CAIRN_APPRAISAL_PCRS);
	for (size_t i = 0; i < 2; i++) {
		cairn_auto_buf struct cairn_buf b = {0};
		assert_int_equal(cairn_json_get_b64(&b, good, members[i]), CAIRN_OK);
		for (size_t at = 0; at < b.len; at++) {
			json_t *bad = json_copy(good);
			b.ptr[at] ^= 0x10;
			json_object_set_new(bad, members[i], cairn_json_b64(cairn_buf_span(&b)));
			b.ptr[at] ^= 0x10;
			call(w, "POST", "/v1/evidence", bad);
			assert_int_equal(w->code, 403);
		}
	}
	expect_state(w, "trusted");
	call(w, "POST", "/v1/evidence", json_incref(good));
	assert_int_equal(w->code, 200);
}

static void post_with(struct world *w, const json_t *good, const char *name, json_t *value)
{
	json_t *bad = json_copy((json_t *)(uintptr_t)good);
	json_object_set_new(bad, name, value);
	call(w, "POST", "/v1/evidence", bad);
}

static void spliced_evidence_is_refused(void **state)
{
	struct world *w = *state;
	cairn_auto_json json_t *good = evidence(w, &w->tpm[0], challenge(w), CAIRN_APPRAISAL_PCRS);
	cairn_auto_json json_t *nonce = json_string(challenge(w));
	post_with(w, good, "nonce", json_incref(nonce));
	expect_error(w, 403, "bad-quote");
	post_with(w, good, "nonce", json_string("x"));
	expect_error(w, 403, "bad-nonce");
	cairn_auto_buf struct cairn_buf other = {0};
	struct cairn_nonce n = {.issued_ms = cairn_now_ms() + 1, .expires_ms = UINT64_MAX};
	assert_int_equal(cairn_nonce_make(&other, w->v->nonce_key, &n), CAIRN_OK);
	call(w, "POST", "/v1/evidence", evidence(w, &w->tpm[0], cairn_buf_str(&other), CAIRN_APPRAISAL_PCRS));
	expect_error(w, 403, "bad-nonce"); /* of this server, for another host */
	post_with(w, good, "verifier_kid", json_string("x"));
	expect_error(w, 403, "other-verifier");
	post_with(w, good, "boot_log", json_string(""));
	expect_error(w, 403, "bad-quote");
	post_with(w, good, "launch_log", json_string(""));
	expect_error(w, 403, "bad-quote");
	post_with(w, good, "boot_id",
		  json_string("00000000000000000000000000000000000000000000000000000000000000ff"));
	expect_error(w, 403, "bad-quote");
	post_with(w, good, "host_id",
		  json_string("00000000000000000000000000000000000000000000000000000000000000ff"));
	expect_error(w, 404, "unknown-host");
	post_with(w, good, "version", json_integer(2));
	expect_error(w, 400, "newer-version");
	post_with(w, good, "extra", json_true());
	expect_error(w, 400, "malformed");
	expect_state(w, "trusted");
}

static void other_quotes_are_refused(void **state)
{
	struct world *w = *state;
	call(w, "POST", "/v1/evidence", evidence(w, &w->tpm[1], challenge(w), CAIRN_APPRAISAL_PCRS));
	assert_int_equal(w->code, 403); /* another TPM */
	call(w, "POST", "/v1/evidence",
	     evidence(w, &w->tpm[0], challenge(w), CAIRN_APPRAISAL_PCRS & ~0x1000u));
	expect_error(w, 403, "bad-quote");
	call(w, "POST", "/v1/evidence", evidence(w, &w->tpm[0], challenge(w), 0x10000u));
	expect_error(w, 403, "bad-quote");
	expect_state(w, "trusted");
}

static void logs_must_replay(void **state)
{
	struct world *w = *state;
	size_t len = w->sim.launch_log.len;
	struct cairn_launch l = sim_launch(&w->sim);
	sim_record_launch(&w->sim, &l); /* logged, never extended */
	attest(w);
	expect_error(w, 403, "logs-diverged");
	expect_state(w, "trusted");
	struct cairn_tpm *t = tpmuse_open(&w->tpm[0]);
	extend_launches(w, t, len);
	cairn_tpm_close(t);
	attest(w);
	assert_int_equal(w->code, 200);
	call(w, "GET", "/v1/hosts/alpha", NULL);
	const json_t *d = json_object_get(json_object_get(w->body, "submods"), "domain:netdrv");
	assert_string_equal(json_string_value(json_object_get(d, "ear.status")), "affirming");
}

static void a_bad_launch_is_told(void **state)
{
	struct world *w = *state;
	size_t len = w->sim.launch_log.len;
	struct cairn_launch l = sim_launch(&w->sim);
	l.ramdisk.sha256.bytes[0] ^= 1;
	sim_record_launch(&w->sim, &l);
	struct cairn_tpm *t = tpmuse_open(&w->tpm[0]);
	extend_launches(w, t, len);
	cairn_tpm_close(t);
	attest(w);
	assert_int_equal(w->code, 200);
	assert_string_equal(text_of(w, "state"), "contraindicated");
	expect_state(w, "contraindicated");
	const json_t *r = NULL;
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(w->body, "reasons"), i,
			   item) if (strcmp(json_string_value(json_object_get(item, "submod")),
					    "domain:netdrv") == 0) r = item;
	assert_string_equal(json_string_value(json_object_get(r, "component")), "ramdisk");
}

static void a_reboot_starts_anew(void **state)
{
	struct world *w = *state;
	assert_int_equal(swtpm_reboot(&w->tpm[0]), 0);
	w->sim.boot_id[0] ^= 1;
	sim_restart(&w->sim);
	boot(w);
	attest(w);
	assert_int_equal(w->code, 200);
	expect_state(w, "trusted");
}

static void silence_is_stale(void **state)
{
	struct world *w = *state;
	uint64_t was = w->v->set.stale_after_s;
	w->v->set.stale_after_s = 1;
	attest(w);
	w->v->set.stale_after_s = was;
	expect_state(w, "trusted");
	sleep(2);
	expect_state(w, "stale"); /* by the deadline: no timer runs here */
	const json_t *subs = json_object_get(w->body, "submods");
	assert_null(json_object_get(subs, "xen"));
	call(w, "GET", "/v1/hosts", NULL);
	const json_t *h = json_array_get(json_object_get(w->body, "hosts"), 0);
	assert_string_equal(json_string_value(json_object_get(h, "state")), "stale");
	attest(w);
	expect_state(w, "trusted");
}

/* Evidence for a nonce that is older than the deadline is accepted, and stale at once: nobody is told
 * otherwise. */
static void late_evidence_is_stale(void **state)
{
	struct world *w = *state;
	uint64_t was = w->v->set.stale_after_s;
	cairn_auto_json json_t *late = evidence(w, &w->tpm[0], challenge(w), CAIRN_APPRAISAL_PCRS);
	w->v->set.stale_after_s = 1;
	sleep(2);
	call(w, "POST", "/v1/evidence", json_incref(late));
	assert_int_equal(w->code, 200);
	assert_string_equal(text_of(w, "state"), "stale");
	expect_state(w, "stale");
	w->v->set.stale_after_s = was;
	attest(w);
	expect_state(w, "trusted");
}

static void survives_a_restart(void **state)
{
	struct world *w = *state;
	cairn_verifier_free(w->v);
	open_server(w);
	assert_int_equal(w->v->manifest_count, 2);
	expect_state(w, "trusted");
	call(w, "POST", "/v1/evidence", json_incref(w->evidence));
	expect_error(w, 409, "stale-nonce");
}

static int audited(const struct world *w, const char *where)
{
	char path[160], query[256];
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;
	snprintf(path, sizeof path, "%s/server/verifier.db", w->dir);
	snprintf(query, sizeof query, "SELECT count(*) FROM audit WHERE %s", where);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, query, -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	int n = sqlite3_column_int(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
	return n;
}

static void a_cleared_tpm(void **state)
{
	struct world *w = *state;
	cairn_auto_row struct cairn_host_row h = {0};
	attest(w);
	assert_int_equal(cairn_store_host_find(&h, w->v->store, "alpha"), CAIRN_OK);
	h.clock += 1000000;
	h.nonce_issued_ms++;
	assert_int_equal(cairn_store_host_accept(w->v->store, &h), CAIRN_OK);
	usleep(5000);
	attest(w);
	expect_error(w, 409, "clock-order");
	expect_state(w, "trusted");
	h.reset_count += 1000;
	h.nonce_issued_ms++;
	assert_int_equal(cairn_store_host_accept(w->v->store, &h), CAIRN_OK);
	usleep(5000);
	w->v->bucket_ms = cairn_now_ms() + 100000; /* refusals are only counted */
	attest(w);
	expect_error(w, 403, "host-cleared");
	expect_state(w, "cleared");
	assert_int_equal(audited(w, "event='state' AND text LIKE '%-> cleared'"), 1);
	challenge(w);
	expect_error(w, 403, "host-barred");
	struct cairn_tpm_identity id = {0};
	identity(&w->tpm[0], &id);
	call(w, "POST", "/v1/enroll", enrolment(&id, &id, "alpha"));
	expect_error(w, 403, "host-barred");
	cairn_tpm_identity_fini(&id);
	call(w, "POST", "/v1/hosts/alpha/forget", NULL);
	assert_int_equal(w->code, 200);
	enrol(w, &w->tpm[0], "alpha");
	call(w, "POST", "/v1/evidence", json_incref(w->evidence)); /* its nonce is of the earlier enrolment */
	expect_error(w, 409, "stale-nonce");
	expect_state(w, "pending");
	attest(w);
	expect_state(w, "trusted");
}

static void a_revoked_host(void **state)
{
	struct world *w = *state;
	cairn_auto_json json_t *before = evidence(w, &w->tpm[0], challenge(w), CAIRN_APPRAISAL_PCRS);
	call(w, "POST", "/v1/hosts/alpha/revoke", NULL);
	assert_int_equal(w->code, 200);
	call(w, "POST", "/v1/evidence", json_incref(before));
	expect_error(w, 403, "host-barred");
	expect_state(w, "revoked");
	const json_t *subs = json_object_get(w->body, "submods");
	assert_string_equal(json_string_value(json_object_get(json_object_get(subs, "host"), "ear.status")),
			    "contraindicated");
}

static void manifests_need_a_known_signer(void **state)
{
	struct world *w = *state;
	struct sim other;
	sim_init(&other);
	call_raw(w, "POST", "/v1/manifests", cairn_buf_span(&other.service));
	expect_error(w, 403, "untrusted-signer");
	other.service.ptr[other.service.len / 2] ^= 1;
	call_raw(w, "POST", "/v1/manifests", cairn_buf_span(&other.service));
	assert_true(w->code == 400 || w->code == 403);
	w->sim.service.ptr[w->sim.service.len - 3] ^= 1;
	call_raw(w, "POST", "/v1/manifests", cairn_buf_span(&w->sim.service));
	assert_true(w->code == 400 || w->code == 403);
	w->sim.service.ptr[w->sim.service.len - 3] ^= 1;
	assert_int_equal(w->v->manifest_count, 2);
	sim_fini(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    /* in this order: each goes on where the one before it stopped */
	    cmocka_unit_test(enrols),
	    cmocka_unit_test(enrolment_refusals),
	    cmocka_unit_test(certificates_of_other_makers_and_uses),
	    cmocka_unit_test(keys_of_two_tpms),
	    cmocka_unit_test(a_challenge_is_one_try),
	    cmocka_unit_test(admission_by_list),
	    cmocka_unit_test(attests),
	    cmocka_unit_test(signed_result),
	    cmocka_unit_test(replays_are_refused),
	    cmocka_unit_test(changed_evidence_is_refused),
	    cmocka_unit_test(spliced_evidence_is_refused),
	    cmocka_unit_test(other_quotes_are_refused),
	    cmocka_unit_test(logs_must_replay),
	    cmocka_unit_test(a_bad_launch_is_told),
	    cmocka_unit_test(a_reboot_starts_anew),
	    cmocka_unit_test(silence_is_stale),
	    cmocka_unit_test(late_evidence_is_stale),
	    cmocka_unit_test(survives_a_restart),
	    cmocka_unit_test(a_cleared_tpm),
	    cmocka_unit_test(a_revoked_host),
	    cmocka_unit_test(manifests_need_a_known_signer),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
