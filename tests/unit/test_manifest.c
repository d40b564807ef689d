/* Manifests: read as written, tampered with, signed by the wrong one; what they predict. */
#include "manifests.h"
#include "tests/unit/manifest_fixture.h"

static void test_service_round(void **state)
{
	struct cairn_manifest m = sample_service();
	cairn_auto_manifest struct cairn_manifest back = {0};
	cairn_auto_buf struct cairn_buf jws = {0}, a = {0}, b = {0};
	struct cairn_digest d;

	(void)state;
	assert_int_equal(cairn_manifest_sign(&jws, &m, manifest_keys.authority), CAIRN_OK);
	assert_int_equal(cairn_manifest_load(&back, cairn_buf_span(&jws), manifest_keys.authorities),
			 CAIRN_OK);
	assert_int_equal(back.kind, CAIRN_MANIFEST_SERVICE);
	assert_string_equal(back.kid, cairn_key_kid(manifest_keys.authority));
	assert_int_equal(cairn_hash(&d, CAIRN_ALG_SHA256, cairn_buf_span(&jws)), CAIRN_OK);
	assert_true(cairn_digest_equal(&d, &back.sha256));
	assert_int_equal(cairn_manifest_build(&a, &m), CAIRN_OK);
	assert_int_equal(cairn_manifest_build(&b, &back), CAIRN_OK);
	assert_true(cairn_span_equal(cairn_buf_span(&a), cairn_buf_span(&b)));
	assert_string_equal(back.role[0], "driver.network");
	assert_string_equal(back.backend[0], "Domain-0");
}

static void test_platform_round(void **state)
{
	cairn_auto_manifest struct cairn_manifest m = sample_platform();
	cairn_auto_manifest struct cairn_manifest back = {0};
	cairn_auto_buf struct cairn_buf jws = {0}, a = {0}, b = {0};

	(void)state;
	assert_int_equal(cairn_manifest_sign(&jws, &m, manifest_keys.authority), CAIRN_OK);
	assert_int_equal(cairn_manifest_load(&back, cairn_buf_span(&jws), manifest_keys.authorities),
			 CAIRN_OK);
	assert_int_equal(back.kind, CAIRN_MANIFEST_PLATFORM);
	assert_int_equal(back.event_count, 4);
	assert_string_equal(back.event[2].text, "/cairn/xen.gz");
	assert_int_equal(cairn_manifest_build(&a, &m), CAIRN_OK);
	assert_int_equal(cairn_manifest_build(&b, &back), CAIRN_OK);
	assert_true(cairn_span_equal(cairn_buf_span(&a), cairn_buf_span(&b)));
}

static void extend_text(struct cairn_digest *pcr, const char *text)
{
	struct cairn_digest d = sample_digest(pcr->alg, text);

	assert_int_equal(cairn_hash2(pcr, pcr->alg, cairn_digest_span(pcr), cairn_digest_span(&d)), CAIRN_OK);
}

static void test_predict(void **state)
{
	static const enum cairn_alg algs[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};
	cairn_auto_manifest struct cairn_manifest m = sample_platform();
	struct cairn_manifest service = sample_service();
	cairn_auto_buf struct cairn_buf record = {0};
	struct cairn_pcrs p = {0};

	(void)state;
	assert_int_equal(cairn_json_dump(&record, m.host_record), CAIRN_OK);
	assert_int_equal(cairn_manifest_predict(&p, &m), CAIRN_OK);
	for (size_t i = 0; i < 2; i++) {
		const struct cairn_bank *bank = cairn_pcrs_bank_const(&p, algs[i]);
		struct cairn_digest nine = {.alg = algs[i]}, eleven = {.alg = algs[i]};

		assert_non_null(bank);
		assert_int_equal(bank->extended, 1u << 4 | 1u << 8 | 1u << 9 | 1u << 11);
		extend_text(&nine, "/cairn/xen.gz");
		extend_text(&nine, "/cairn/vmlinuz");
		assert_true(cairn_digest_equal(&nine, &bank->pcr[9]));
		extend_text(&eleven, cairn_buf_str(&record));
		assert_true(cairn_digest_equal(&eleven, &bank->pcr[11]));
	}
	assert_int_equal(cairn_manifest_predict(&p, &service), CAIRN_E_USAGE);
}

static void test_tampered(void **state)
{
	struct cairn_manifest m = sample_service();
	cairn_auto_buf struct cairn_buf jws = {0};

	(void)state;
	assert_int_equal(cairn_manifest_sign(&jws, &m, manifest_keys.authority), CAIRN_OK);
	for (size_t i = 0; i < jws.len; i++) {
		jws.ptr[i] ^= 1;
		assert_int_not_equal(manifest_load(cairn_buf_span(&jws)), CAIRN_OK);
		jws.ptr[i] ^= 1;
	}
	for (size_t n = 0; n < jws.len; n++)
		assert_int_not_equal(manifest_load(cairn_span(jws.ptr, n)), CAIRN_OK);
	assert_int_equal(manifest_load(cairn_buf_span(&jws)), CAIRN_OK);
}

static void test_signers(void **state)
{
	struct cairn_manifest m = sample_service();
	cairn_auto_buf struct cairn_buf payload = {0}, jws = {0}, es256 = {0}, typ = {0}, naked = {0};

	(void)state;
	assert_int_equal(cairn_manifest_sign(&jws, &m, manifest_keys.stranger), CAIRN_OK);
	assert_int_equal(manifest_load(cairn_buf_span(&jws)), CAIRN_E_UNTRUSTED);
	assert_int_equal(cairn_manifest_sign(&es256, &m, manifest_keys.release), CAIRN_E_USAGE);
	assert_int_equal(cairn_manifest_build(&payload, &m), CAIRN_OK);
	assert_int_equal(
	    cairn_jws_sign(&es256, manifest_keys.release, CAIRN_MANIFEST_TYP, cairn_buf_span(&payload)),
	    CAIRN_OK);
	assert_int_equal(manifest_load(cairn_buf_span(&es256)), CAIRN_E_UNTRUSTED);
	assert_int_equal(cairn_jws_sign(&typ, manifest_keys.authority, "JWT", cairn_buf_span(&payload)),
			 CAIRN_OK);
	assert_int_equal(manifest_load(cairn_buf_span(&typ)), CAIRN_E_MALFORMED);
	assert_int_equal(manifest_load(cairn_buf_span(&payload)), CAIRN_E_MALFORMED);
	cairn_buf_add_str(&naked, "e30.");
	cairn_b64url_encode(&naked, cairn_buf_span(&payload));
	cairn_buf_add_str(&naked, ".");
	assert_int_equal(manifest_load(cairn_buf_span(&naked)), CAIRN_E_MALFORMED);
}

static void test_schema(void **state)
{
	static const char *const members[] = {"format",	    "version",	   "kind",	"name",
					      "release",    "not_before",  "not_after", "type",
					      "components", "constraints", "roles",	"cmdline"};
	struct cairn_manifest m = sample_service();

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		assert_int_equal(manifest_changed(&m, "", members[i], NULL), CAIRN_E_MALFORMED);
		assert_int_equal(manifest_changed(&m, "", members[i], json_true()), CAIRN_E_MALFORMED);
	}
	assert_int_equal(manifest_changed(&m, "", "version", json_integer(2)), CAIRN_E_VERSION);
	assert_int_equal(manifest_changed(&m, "", "comment", json_string("x")), CAIRN_E_UNSUPPORTED);
	assert_int_equal(manifest_changed(&m, "components", "kernel", NULL), CAIRN_E_MALFORMED);
	assert_int_equal(manifest_changed(&m, "components", "ramdisk", NULL), CAIRN_OK);
	assert_int_equal(manifest_changed(&m, "components", "firmware", json_object()), CAIRN_E_MALFORMED);
	assert_int_equal(manifest_changed(&m, "", "xsm", json_string("a")), CAIRN_E_UNSUPPORTED);
	assert_int_equal(manifest_changed(&m, "constraints", "vcpus_max", json_integer(0)),
			 CAIRN_E_MALFORMED);
	assert_int_equal(manifest_changed(&m, "constraints", "pci", json_array()), CAIRN_E_MALFORMED);
	assert_int_equal(manifest_changed(&m, "", "name", json_string("a/b")), CAIRN_E_MALFORMED);
	assert_int_equal(manifest_changed(&m, "", "not_before", json_integer(2001)), CAIRN_E_MALFORMED);
	assert_int_equal(manifest_changed(&m, "", "release", json_integer(-1)), CAIRN_E_MALFORMED);
	assert_int_equal(manifest_changed(&m, "", "kind", json_string("platform")), CAIRN_E_UNSUPPORTED);
}

static void test_platform_schema(void **state)
{
	cairn_auto_manifest struct cairn_manifest m = sample_platform();
	cairn_auto_buf struct cairn_buf out = {0}, record = {0}, boot = {0};
	struct cairn_host h = sample_host(); /* without an initrd that is vouched for */
	static const uint8_t boot_id[32] = {0};
	static const char *const parts[] = {"efi-action",  "efi-separator", "efi-cairn",   "efi-grub",
					    "grub-cmd",	   "grub-cfg",	    "grub-file",   "xen",
					    "dom0-kernel", "dom0-initrd",   "xen-cmdline", "dom0-cmdline"};

	(void)state;
	assert_int_equal(manifest_changed(&m, "", "host_record", NULL), CAIRN_E_MALFORMED);
	assert_int_equal(manifest_changed(&m, "", "host_record", json_object()), CAIRN_E_MALFORMED);
	assert_int_equal(manifest_changed(&m, "", "events", json_array()), CAIRN_E_MALFORMED);
	assert_int_equal(manifest_changed(&m, "host_record", "extra", json_true()), CAIRN_E_UNSUPPORTED);
	assert_int_equal(cairn_record_host(&record, &h), CAIRN_OK);
	assert_int_equal(cairn_manifest_set_host_record(&m, cairn_buf_span(&record)), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_record_boot(&boot, boot_id), CAIRN_OK);
	assert_int_equal(cairn_manifest_set_host_record(&m, cairn_buf_span(&boot)), CAIRN_E_MALFORMED);
	m.event[0].pcr = 7;
	assert_int_equal(cairn_manifest_build(&out, &m), CAIRN_E_MALFORMED);
	m.event[0].pcr = 8; /* nothing is left in 4 */
	assert_int_equal(cairn_manifest_build(&out, &m), CAIRN_E_MALFORMED);
	m.event[0].pcr = 4;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		cairn_auto_buf struct cairn_buf good = {0};

		m.event[0].component = parts[i];
		assert_int_equal(cairn_manifest_build(&good, &m), CAIRN_OK);
	}
	m.event[0].component = "bios";
	assert_int_equal(cairn_manifest_build(&out, &m), CAIRN_E_MALFORMED);
	assert_int_equal(out.len, 0);
}

/* What nothing vouches for cannot be what is expected, whichever of the three it is. */
static void test_unvouched(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		cairn_auto_manifest struct cairn_manifest m = sample_platform();
		cairn_auto_buf struct cairn_buf record = {0};
		struct cairn_host h = sample_host();

		h.initrd = sample_digest(CAIRN_ALG_SHA256, "initrd");
		if (i < 3)
			*(struct cairn_digest *[]){&h.xen, &h.kernel, &h.initrd}[i] =
			    (struct cairn_digest){0};
		assert_int_equal(cairn_record_host(&record, &h), CAIRN_OK);
		assert_int_equal(cairn_manifest_set_host_record(&m, cairn_buf_span(&record)),
				 i < 3 ? CAIRN_E_MALFORMED : CAIRN_OK);
		record.len--;
		assert_int_equal(cairn_manifest_set_host_record(&m, cairn_buf_span(&record)),
				 CAIRN_E_MALFORMED);
	}
}

static void test_validity(void **state)
{
	struct cairn_manifest m = sample_service();

	(void)state;
	assert_int_equal(cairn_manifest_validity(&m, 999), CAIRN_NOT_YET_VALID);
	assert_int_equal(cairn_manifest_validity(&m, 1000), CAIRN_VALID);
	assert_int_equal(cairn_manifest_validity(&m, 2000), CAIRN_VALID);
	assert_int_equal(cairn_manifest_validity(&m, 2001), CAIRN_EXPIRED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_service_round),   cmocka_unit_test(test_platform_round),
	    cmocka_unit_test(test_predict),	    cmocka_unit_test(test_tampered),
	    cmocka_unit_test(test_signers),	    cmocka_unit_test(test_schema),
	    cmocka_unit_test(test_platform_schema), cmocka_unit_test(test_unvouched),
	    cmocka_unit_test(test_validity),
	};
	return cmocka_run_group_tests(tests, manifest_setup, manifest_teardown);
}
