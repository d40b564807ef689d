/* What becomes of a host at the server: launches, reboots, silence, a cleared TPM, revocation; and its manifests. */
#include "tests/unit/verifier_fixture.h"

#include <string.h>
#include <unistd.h>

#include "tests/unit/tpmuse_fixture.h"

static void a_bad_launch_is_told(void **state)
{
	struct verifier_world *w = *state;
	size_t len = w->sim.launch_log.len;
	struct cairn_launch l = sim_launch(&w->sim);
	l.ramdisk.sha256.bytes[0] ^= 1;
	sim_record_launch(&w->sim, &l);
	struct cairn_tpm *t = tpmuse_open(&w->tpm[0]);
	verifier_extend_launches(w, t, len);
	cairn_tpm_close(t);
	verifier_attest(w);
	assert_int_equal(w->code, 200);
	assert_string_equal(verifier_text(w, "state"), "contraindicated");
	verifier_expect_state(w, "contraindicated");
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
	struct verifier_world *w = *state;
	assert_int_equal(swtpm_reboot(&w->tpm[0]), 0);
	w->sim.boot_id[0] ^= 1;
	sim_restart(&w->sim);
	verifier_boot(w);
	verifier_attest(w);
	assert_int_equal(w->code, 200);
	verifier_expect_state(w, "trusted");
}

static void silence_is_stale(void **state)
{
	struct verifier_world *w = *state;
	uint64_t was = w->v->set.stale_after_s;
	w->v->set.stale_after_s = 1;
	verifier_attest(w);
	w->v->set.stale_after_s = was;
	verifier_expect_state(w, "trusted");
	sleep(2);
	verifier_expect_state(w, "stale"); /* by the deadline: no timer runs here */
	const json_t *subs = json_object_get(w->body, "submods");
	assert_null(json_object_get(subs, "xen"));
	verifier_call(w, "GET", "/v1/hosts", NULL);
	const json_t *h = json_array_get(json_object_get(w->body, "hosts"), 0);
	assert_string_equal(json_string_value(json_object_get(h, "state")), "stale");
	verifier_attest(w);
	verifier_expect_state(w, "trusted");
}

/* Evidence for a nonce that is older than the deadline is accepted, and stale at once: nobody is told
 * otherwise. */
static void late_evidence_is_stale(void **state)
{
	struct verifier_world *w = *state;
	uint64_t was = w->v->set.stale_after_s;
	cairn_auto_json json_t *late =
	    verifier_evidence(w, &w->tpm[0], verifier_challenge(w), CAIRN_APPRAISAL_PCRS);
	w->v->set.stale_after_s = 1;
	sleep(2);
	verifier_call(w, "POST", "/v1/evidence", json_incref(late));
	assert_int_equal(w->code, 200);
	assert_string_equal(verifier_text(w, "state"), "stale");
	verifier_expect_state(w, "stale");
	w->v->set.stale_after_s = was;
	verifier_attest(w);
	verifier_expect_state(w, "trusted");
}

static void survives_a_restart(void **state)
{
	struct verifier_world *w = *state;
	cairn_verifier_free(w->v);
	verifier_open(w);
	assert_int_equal(w->v->manifest_count, 2);
	verifier_expect_state(w, "trusted");
	verifier_call(w, "POST", "/v1/evidence", json_incref(w->evidence));
	verifier_expect_error(w, 409, "stale-nonce");
}

static void a_cleared_tpm(void **state)
{
	struct verifier_world *w = *state;
	cairn_auto_row struct cairn_host_row h = {0};
	verifier_attest(w);
	assert_int_equal(cairn_store_host_find(&h, w->v->store, "alpha"), CAIRN_OK);
	h.clock += 1000000;
	h.nonce_issued_ms++;
	assert_int_equal(cairn_store_host_accept(w->v->store, &h), CAIRN_OK);
	usleep(5000);
	verifier_attest(w);
	verifier_expect_error(w, 409, "clock-order");
	verifier_expect_state(w, "trusted");
	h.reset_count += 1000;
	h.nonce_issued_ms++;
	assert_int_equal(cairn_store_host_accept(w->v->store, &h), CAIRN_OK);
	usleep(5000);
	w->v->bucket_ms = cairn_now_ms() + 100000; /* refusals are only counted */
	verifier_attest(w);
	verifier_expect_error(w, 403, "host-cleared");
	verifier_expect_state(w, "cleared");
	assert_int_equal(verifier_count(w, "audit WHERE event='state' AND text LIKE '%-> cleared'"), 1);
	verifier_challenge(w);
	verifier_expect_error(w, 403, "host-barred");
	struct cairn_tpm_identity id = {0};
	verifier_identity(&w->tpm[0], &id);
	verifier_call(w, "POST", "/v1/enroll", verifier_enrolment(&id, &id, "alpha"));
	verifier_expect_error(w, 403, "host-barred");
	cairn_tpm_identity_fini(&id);
	verifier_call(w, "POST", "/v1/hosts/alpha/forget", NULL);
	assert_int_equal(w->code, 200);
	verifier_enrol(w, &w->tpm[0], "alpha");
	verifier_call(w, "POST", "/v1/evidence",
		      json_incref(w->evidence)); /* its nonce is of the earlier enrolment */
	verifier_expect_error(w, 409, "stale-nonce");
	verifier_expect_state(w, "pending");
	verifier_attest(w);
	verifier_expect_state(w, "trusted");
}

static void a_revoked_host(void **state)
{
	struct verifier_world *w = *state;
	cairn_auto_json json_t *before =
	    verifier_evidence(w, &w->tpm[0], verifier_challenge(w), CAIRN_APPRAISAL_PCRS);
	verifier_call(w, "POST", "/v1/hosts/alpha/revoke", NULL);
	assert_int_equal(w->code, 200);
	verifier_call(w, "POST", "/v1/evidence", json_incref(before));
	verifier_expect_error(w, 403, "host-barred");
	verifier_expect_state(w, "revoked");
	const json_t *subs = json_object_get(w->body, "submods");
	assert_string_equal(json_string_value(json_object_get(json_object_get(subs, "host"), "ear.status")),
			    "contraindicated");
}

static void manifests_need_a_known_signer(void **state)
{
	struct verifier_world *w = *state;
	struct sim other;
	sim_init(&other);
	verifier_call_raw(w, "POST", "/v1/manifests", cairn_buf_span(&other.service));
	verifier_expect_error(w, 403, "untrusted-signer");
	other.service.ptr[other.service.len / 2] ^= 1;
	verifier_call_raw(w, "POST", "/v1/manifests", cairn_buf_span(&other.service));
	assert_true(w->code == 400 || w->code == 403);
	w->sim.service.ptr[w->sim.service.len - 3] ^= 1;
	verifier_call_raw(w, "POST", "/v1/manifests", cairn_buf_span(&w->sim.service));
	assert_true(w->code == 400 || w->code == 403);
	w->sim.service.ptr[w->sim.service.len - 3] ^= 1;
	assert_int_equal(w->v->manifest_count, 2);
	sim_fini(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    /* in this order: each goes on where the one before it stopped */
	    cmocka_unit_test(a_bad_launch_is_told), cmocka_unit_test(a_reboot_starts_anew),
	    cmocka_unit_test(silence_is_stale),	    cmocka_unit_test(late_evidence_is_stale),
	    cmocka_unit_test(survives_a_restart),   cmocka_unit_test(a_cleared_tpm),
	    cmocka_unit_test(a_revoked_host),	    cmocka_unit_test(manifests_need_a_known_signer),
	};
	return cmocka_run_group_tests(tests, verifier_setup_trusted, verifier_teardown);
}
