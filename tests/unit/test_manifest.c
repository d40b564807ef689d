/* Manifests: read as written, tampered with, signed by the wrong one; what they allow and what they predict.
 */
#include <stdio.h>

#include "manifests.h"

static struct cairn_key *authority, *release, *stranger;
static struct cairn_jwks *authorities;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(cairn_key_generate(&authority, CAIRN_SIG_EDDSA), CAIRN_OK);
	assert_int_equal(cairn_key_generate(&stranger, CAIRN_SIG_ES384), CAIRN_OK);
	assert_int_equal(cairn_key_generate(&release, CAIRN_SIG_ES256), CAIRN_OK);
	assert_int_equal(cairn_jwks_new(&authorities), CAIRN_OK);
	assert_int_equal(cairn_jwks_add(authorities, authority), CAIRN_OK);
	assert_int_equal(cairn_jwks_add(authorities, release), CAIRN_OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cairn_key_free(authority);
	cairn_key_free(release);
	cairn_key_free(stranger);
	cairn_jwks_free(authorities);
	return 0;
}

static enum cairn_status load(struct cairn_span jws)
{
	cairn_auto_manifest struct cairn_manifest m = {0};

	return cairn_manifest_load(&m, jws, authorities);
}

static void test_service_round(void **state)
{
	struct cairn_manifest m = sample_service();
	cairn_auto_manifest struct cairn_manifest back = {0};
	cairn_auto_buf struct cairn_buf jws = {0}, a = {0}, b = {0};
	struct cairn_digest d;

	(void)state;
	assert_int_equal(cairn_manifest_sign(&jws, &m, authority), CAIRN_OK);
	assert_int_equal(cairn_manifest_load(&back, cairn_buf_span(&jws), authorities), CAIRN_OK);
	assert_int_equal(back.kind, CAIRN_MANIFEST_SERVICE);
	assert_string_equal(back.kid, cairn_key_kid(authority));
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
	assert_int_equal(cairn_manifest_sign(&jws, &m, authority), CAIRN_OK);
	assert_int_equal(cairn_manifest_load(&back, cairn_buf_span(&jws), authorities), CAIRN_OK);
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
	assert_int_equal(cairn_manifest_sign(&jws, &m, authority), CAIRN_OK);
	for (size_t i = 0; i < jws.len; i++) {
		jws.ptr[i] ^= 1;
		assert_int_not_equal(load(cairn_buf_span(&jws)), CAIRN_OK);
		jws.ptr[i] ^= 1;
	}
	for (size_t n = 0; n < jws.len; n++)
		assert_int_not_equal(load(cairn_span(jws.ptr, n)), CAIRN_OK);
	assert_int_equal(load(cairn_buf_span(&jws)), CAIRN_OK);
}

static void test_signers(void **state)
{
	struct cairn_manifest m = sample_service();
	cairn_auto_buf struct cairn_buf payload = {0}, jws = {0}, es256 = {0}, typ = {0}, naked = {0};

	(void)state;
	assert_int_equal(cairn_manifest_sign(&jws, &m, stranger), CAIRN_OK);
	assert_int_equal(load(cairn_buf_span(&jws)), CAIRN_E_UNTRUSTED);
	assert_int_equal(cairn_manifest_sign(&es256, &m, release), CAIRN_E_USAGE);
	assert_int_equal(cairn_manifest_build(&payload, &m), CAIRN_OK);
	assert_int_equal(cairn_jws_sign(&es256, release, CAIRN_MANIFEST_TYP, cairn_buf_span(&payload)),
			 CAIRN_OK);
	assert_int_equal(load(cairn_buf_span(&es256)), CAIRN_E_UNTRUSTED);
	assert_int_equal(cairn_jws_sign(&typ, authority, "JWT", cairn_buf_span(&payload)), CAIRN_OK);
	assert_int_equal(load(cairn_buf_span(&typ)), CAIRN_E_MALFORMED);
	assert_int_equal(load(cairn_buf_span(&payload)), CAIRN_E_MALFORMED);
	cairn_buf_add_str(&naked, "e30.");
	cairn_b64url_encode(&naked, cairn_buf_span(&payload));
	cairn_buf_add_str(&naked, ".");
	assert_int_equal(load(cairn_buf_span(&naked)), CAIRN_E_MALFORMED);
}

/* The payload with one member changed; what is signed must still be a manifest. */
static enum cairn_status changed(struct cairn_manifest *m, const char *path, const char *member,
				 json_t *value)
{
	cairn_auto_json json_t *v = NULL;
	cairn_auto_buf struct cairn_buf a = {0}, b = {0}, jws = {0};
	json_t *parent;

	assert_int_equal(cairn_manifest_build(&a, m), CAIRN_OK);
	assert_int_equal(cairn_json_parse(&v, cairn_buf_span(&a)), CAIRN_OK);
	parent = *path == '\0' ? v : json_object_get(v, path);
	if (value != NULL)
		assert_int_equal(json_object_set_new(parent, member, value), 0);
	else
		assert_int_equal(json_object_del(parent, member), 0);
	assert_int_equal(cairn_json_dump(&b, v), CAIRN_OK);
	assert_int_equal(cairn_jws_sign(&jws, authority, CAIRN_MANIFEST_TYP, cairn_buf_span(&b)), CAIRN_OK);
	return load(cairn_buf_span(&jws));
}

static void test_schema(void **state)
{
	static const char *const members[] = {"format",	    "version",	   "kind",	"name",
					      "release",    "not_before",  "not_after", "type",
					      "components", "constraints", "roles",	"cmdline"};
	struct cairn_manifest m = sample_service();

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		assert_int_equal(changed(&m, "", members[i], NULL), CAIRN_E_MALFORMED);
		assert_int_equal(changed(&m, "", members[i], json_true()), CAIRN_E_MALFORMED);
	}
	assert_int_equal(changed(&m, "", "version", json_integer(2)), CAIRN_E_VERSION);
	assert_int_equal(changed(&m, "", "comment", json_string("x")), CAIRN_E_UNSUPPORTED);
	assert_int_equal(changed(&m, "components", "kernel", NULL), CAIRN_E_MALFORMED);
	assert_int_equal(changed(&m, "components", "ramdisk", NULL), CAIRN_OK);
	assert_int_equal(changed(&m, "components", "firmware", json_object()), CAIRN_E_UNSUPPORTED);
	assert_int_equal(changed(&m, "constraints", "vcpus_max", json_integer(0)), CAIRN_E_MALFORMED);
	assert_int_equal(changed(&m, "constraints", "pci", json_array()), CAIRN_E_UNSUPPORTED);
	assert_int_equal(changed(&m, "", "name", json_string("a/b")), CAIRN_E_MALFORMED);
	assert_int_equal(changed(&m, "", "not_before", json_integer(2001)), CAIRN_E_MALFORMED);
	assert_int_equal(changed(&m, "", "release", json_integer(-1)), CAIRN_E_MALFORMED);
	assert_int_equal(changed(&m, "", "kind", json_string("platform")), CAIRN_E_UNSUPPORTED);
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
	assert_int_equal(changed(&m, "", "host_record", NULL), CAIRN_E_MALFORMED);
	assert_int_equal(changed(&m, "", "host_record", json_object()), CAIRN_E_MALFORMED);
	assert_int_equal(changed(&m, "", "events", json_array()), CAIRN_E_MALFORMED);
	assert_int_equal(changed(&m, "host_record", "extra", json_true()), CAIRN_E_UNSUPPORTED);
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

static void test_limits(void **state)
{
	struct cairn_manifest service = sample_service(), m = {.kind = CAIRN_MANIFEST_PLATFORM};
	struct cairn_manifest_event e = sample_event(4, "efi-cairn", "x");
	cairn_auto_buf struct cairn_buf out = {0}, large = {0};
	cairn_auto_manifest struct cairn_manifest back = {0};
	struct cairn_pcrs p;

	(void)state;
	for (size_t i = 0; i <= CAIRN_MANIFEST_EVENTS_MAX; i++)
		assert_int_equal(cairn_manifest_add_event(&m, &e),
				 i < CAIRN_MANIFEST_EVENTS_MAX ? CAIRN_OK : CAIRN_E_LIMIT);
	assert_int_equal(cairn_manifest_predict(&p, &m), CAIRN_E_USAGE); /* without a host record */
	m.event[0].pcr = CAIRN_PCR_COUNT;
	m.host_record = json_object();
	assert_int_equal(cairn_manifest_predict(&p, &m), CAIRN_E_LIMIT);
	m.event[0].pcr = 4;
	assert_int_equal(cairn_manifest_predict(&p, &m), CAIRN_E_MALFORMED);
	cairn_manifest_fini(&m);
	service.type = CAIRN_TYPE_PV;
	assert_int_equal(cairn_manifest_build(&out, &service), CAIRN_OK);
	service.role_count = 1000000;
	assert_int_equal(cairn_manifest_build(&out, &service), CAIRN_E_LIMIT);
	service.role_count = 0;
	service.backend_count = 1000000;
	assert_int_equal(cairn_manifest_build(&out, &service), CAIRN_E_LIMIT);
	for (size_t i = 0; i <= CAIRN_JWS_MAX; i++)
		cairn_buf_add_u8(&large, ' ');
	assert_int_equal(cairn_manifest_parse(&back, cairn_buf_span(&large)), CAIRN_E_LIMIT);
	assert_int_equal(cairn_manifest_parse(&back, cairn_span_str("[[[[[[[[[[[[[[[[[[")), CAIRN_E_LIMIT);
}

static json_t *names(size_t count)
{
	json_t *v = json_array();

	for (size_t i = 0; i < count; i++) {
		char name[24];

		(void)snprintf(name, sizeof(name), "n%04zu", i);
		json_array_append_new(v, json_string(name));
	}
	return v;
}

static json_t *text_of(size_t len)
{
	char text[9000];

	memset(text, 'x', sizeof(text));
	return json_stringn(text, len);
}

/* Each limit of a service manifest, on both of its sides. */
static void test_service_limits(void **state)
{
	static const struct {
		const char *path, *member;
		json_int_t good, bad;
		enum cairn_status want;
	} rows[] = {
	    {"constraints", "memory_max_mib", 1, 0, CAIRN_E_MALFORMED},
	    {"constraints", "memory_max_mib", UINT32_MAX, (json_int_t)UINT32_MAX + 1, CAIRN_E_LIMIT},
	    {"constraints", "vcpus_max", 1, 0, CAIRN_E_MALFORMED},
	    {"constraints", "vcpus_max", 4096, 4097, CAIRN_E_LIMIT},
	    {"", "not_before", 0, -1, CAIRN_E_MALFORMED},
	};
	struct cairn_manifest m = sample_service();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(changed(&m, rows[i].path, rows[i].member, json_integer(rows[i].good)),
				 CAIRN_OK);
		assert_int_equal(changed(&m, rows[i].path, rows[i].member, json_integer(rows[i].bad)),
				 rows[i].want);
	}
	assert_int_equal(changed(&m, "constraints", "backends", names(CAIRN_BACKENDS_MAX)), CAIRN_OK);
	assert_int_equal(changed(&m, "constraints", "backends", names(CAIRN_BACKENDS_MAX + 1)),
			 CAIRN_E_LIMIT);
	assert_int_equal(changed(&m, "constraints", "backends", json_pack("[s, s]", "b", "a")),
			 CAIRN_E_MALFORMED);
	assert_int_equal(changed(&m, "", "roles", names(CAIRN_ROLES_MAX)), CAIRN_OK);
	assert_int_equal(changed(&m, "", "roles", names(CAIRN_ROLES_MAX + 1)), CAIRN_E_LIMIT);
	assert_int_equal(changed(&m, "", "roles", json_pack("[s, s]", "b", "a")), CAIRN_E_MALFORMED);
	assert_int_equal(changed(&m, "", "cmdline", text_of(CAIRN_TEXT_MAX)), CAIRN_OK);
	assert_int_equal(changed(&m, "", "cmdline", text_of(CAIRN_TEXT_MAX + 1)), CAIRN_E_LIMIT);
}

/* The first event of a platform manifest with one member changed. */
static enum cairn_status changed_event(const struct cairn_manifest *m, const char *member, json_t *value)
{
	cairn_auto_buf struct cairn_buf a = {0}, b = {0};
	cairn_auto_json json_t *v = NULL;
	cairn_auto_manifest struct cairn_manifest back = {0};

	assert_int_equal(cairn_manifest_build(&a, m), CAIRN_OK);
	assert_int_equal(cairn_json_parse(&v, cairn_buf_span(&a)), CAIRN_OK);
	json_object_set_new(json_array_get(json_object_get(v, "events"), 0), member, value);
	assert_int_equal(cairn_json_dump(&b, v), CAIRN_OK);
	return cairn_manifest_parse(&back, cairn_buf_span(&b));
}

static void test_platform_limits(void **state)
{
	cairn_auto_manifest struct cairn_manifest m = sample_platform();
	struct cairn_manifest_event e = m.event[0];
	cairn_auto_buf struct cairn_buf out = {0};
	json_t *many = json_array();

	(void)state;
	assert_int_equal(changed_event(&m, "text", text_of(CAIRN_MANIFEST_TEXT_MAX)), CAIRN_OK);
	assert_int_equal(changed_event(&m, "text", text_of(CAIRN_MANIFEST_TEXT_MAX + 1)), CAIRN_E_LIMIT);
	assert_int_equal(changed_event(&m, "pcr", json_integer(3)), CAIRN_E_MALFORMED);
	assert_int_equal(changed_event(&m, "pcr", json_integer(68)), CAIRN_E_LIMIT); /* 4 modulo 64 */
	assert_int_equal(changed_event(&m, "sha256", json_string("00")), CAIRN_E_MALFORMED);
	assert_int_equal(changed_event(&m, "sha256", json_string(cairn_digest_hex(&e.sha384).text)),
			 CAIRN_E_LIMIT);
	assert_int_equal(changed_event(&m, "sha384", json_string(cairn_digest_hex(&e.sha256).text)),
			 CAIRN_E_MALFORMED);
	for (size_t i = 0; i <= CAIRN_MANIFEST_EVENTS_MAX; i++)
		json_array_append_new(many, json_object());
	assert_int_equal(changed(&m, "", "events", many), CAIRN_E_LIMIT);
	e.pcr = 5;
	assert_int_equal(cairn_manifest_add_event(&m, &e), CAIRN_OK); /* to be refused with the whole */
	assert_int_equal(cairn_manifest_build(&out, &m), CAIRN_E_MALFORMED);
}

/* A platform manifest of the domain's name is no manifest of the domain, and not worth naming. */
static void test_select_kind(void **state)
{
	struct cairn_launch l = sample_launch();
	cairn_auto_manifest struct cairn_manifest platform = sample_platform();
	const struct cairn_manifest *list[] = {&platform};
	cairn_auto_reasons struct cairn_reasons r = {0};

	(void)state;
	l.name = "platform";
	assert_null(cairn_manifest_select(&r, &l, list, 1));
	assert_int_equal(r.count, 1);
	assert_string_equal(r.item[0].code, CAIRN_R_NO_MANIFEST);
	assert_string_equal(r.item[0].expected, "platform");
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

/* ---- what it allows
 * ---------------------------------------------------------------------------------------------- */

static void expect_one(const struct cairn_launch *l, const char *code, const char *component,
		       const char *expected, const char *found)
{
	struct cairn_manifest m = sample_service();
	cairn_auto_reasons struct cairn_reasons r = {0};

	cairn_manifest_match(&r, l, &m);
	assert_int_equal(r.count, 1);
	assert_string_equal(r.item[0].code, code);
	assert_string_equal(r.item[0].component, component);
	assert_string_equal(r.item[0].expected, expected);
	assert_string_equal(r.item[0].found, found);
}

static void test_match(void **state)
{
	struct cairn_launch l = sample_launch();
	struct cairn_manifest m = sample_service();
	cairn_auto_reasons struct cairn_reasons r = {0};

	(void)state;
	cairn_manifest_match(&r, &l, &m);
	assert_int_equal(r.count, 0);
	l.role_count = 0;
	l.backend_count = 0;
	l.memory_mib = 64;
	cairn_manifest_match(&r, &l, &m);
	assert_int_equal(r.count, 0);
}

static void test_no_match(void **state)
{
	struct cairn_launch l;
	struct cairn_hex want = cairn_digest_hex(&(struct cairn_digest){0}), got;
	struct cairn_component evil = sample_component("evil");

	(void)state;
	l = sample_launch();
	want = cairn_digest_hex(&l.kernel.sha256);
	got = cairn_digest_hex(&evil.sha256);
	l.kernel = evil;
	expect_one(&l, CAIRN_R_DIGEST_MISMATCH, "kernel", want.text, got.text);
	l = sample_launch();
	want = cairn_digest_hex(&l.ramdisk.sha384);
	got = cairn_digest_hex(&evil.sha384);
	l.ramdisk.sha384 = evil.sha384;
	expect_one(&l, CAIRN_R_DIGEST_MISMATCH, "ramdisk", want.text, got.text);
	l = sample_launch();
	l.kernel.size++;
	expect_one(&l, CAIRN_R_DIGEST_MISMATCH, "kernel", "6 bytes", "7 bytes");
	l = sample_launch();
	want = cairn_digest_hex(&l.ramdisk.sha256);
	l.has_ramdisk = false;
	expect_one(&l, CAIRN_R_DIGEST_MISMATCH, "ramdisk", want.text, "none");
	l = sample_launch();
	l.name = "netdrv2";
	expect_one(&l, CAIRN_R_WRONG_NAME, "name", "netdrv", "netdrv2");
	l = sample_launch();
	l.type = CAIRN_TYPE_PV;
	expect_one(&l, CAIRN_R_WRONG_TYPE, "type", "pvh", "pv");
	l = sample_launch();
	l.cmdline = "console=hvc0 root=/dev/ram0 init=/bin/sh";
	expect_one(&l, CAIRN_R_CMDLINE_MISMATCH, "cmdline", "console=hvc0 root=/dev/ram0", l.cmdline);
	l = sample_launch();
	l.memory_mib = 129;
	expect_one(&l, CAIRN_R_MEMORY_EXCEEDED, "memory_mib", "at most 128", "129");
	l = sample_launch();
	l.vcpus = 2;
	expect_one(&l, CAIRN_R_VCPUS_EXCEEDED, "vcpus", "at most 1", "2");
	l = sample_launch();
	l.role[0] = "driver.block";
	expect_one(&l, CAIRN_R_ROLE_NOT_ALLOWED, "roles", "", "driver.block");
	l = sample_launch();
	l.backend[0].backend = "evil";
	expect_one(&l, CAIRN_R_BACKEND_NOT_ALLOWED, "vif", "", "evil");
}

static void test_extra_ramdisk(void **state)
{
	struct cairn_launch l = sample_launch();
	struct cairn_manifest m = sample_service();
	cairn_auto_reasons struct cairn_reasons r = {0};

	(void)state;
	m.has_ramdisk = false;
	cairn_manifest_match(&r, &l, &m);
	assert_int_equal(r.count, 1);
	assert_string_equal(r.item[0].file, l.ramdisk_file);
	assert_string_equal(r.item[0].expected, "none");
}

static void test_every_reason(void **state)
{
	struct cairn_launch l = sample_launch();
	struct cairn_manifest m = sample_service();
	cairn_auto_manifest struct cairn_manifest platform = sample_platform();
	cairn_auto_reasons struct cairn_reasons r = {0};

	(void)state;
	l.kernel = l.ramdisk = sample_component("evil");
	l.name = "x";
	l.vcpus = 9;
	cairn_manifest_match(&r, &l, &m);
	assert_int_equal(r.count, 4);
	cairn_reasons_fini(&r);
	cairn_manifest_match(&r, &l, &platform);
	assert_int_equal(r.count, 1);
}

static void test_select(void **state)
{
	struct cairn_launch l = sample_launch();
	struct cairn_manifest old = sample_service(), mid = sample_service(), new = sample_service();
	cairn_auto_manifest struct cairn_manifest platform = sample_platform();
	const struct cairn_manifest *list[] = {&platform, &old, &new, &mid};
	cairn_auto_reasons struct cairn_reasons r = {0};

	(void)state;
	old.release = 1;
	mid.release = 2;
	assert_ptr_equal(cairn_manifest_select(&r, &l, list, 4), &new);
	new.kernel = sample_component("newer");
	assert_ptr_equal(cairn_manifest_select(&r, &l, list, 4), &mid);
	assert_int_equal(r.count, 0);
	l.kernel = sample_component("evil");
	assert_null(cairn_manifest_select(&r, &l, list, 4));
	assert_int_equal(r.count, 1);
	assert_string_equal(r.item[0].expected, cairn_digest_hex(&new.kernel.sha256).text);
	assert_string_equal(r.item[0].file, l.kernel_file);
}

static void test_select_name(void **state)
{
	struct cairn_launch l = sample_launch();
	struct cairn_manifest m = sample_service();
	const struct cairn_manifest *list[] = {&m};
	cairn_auto_reasons struct cairn_reasons r = {0};

	(void)state;
	l.name = "other";
	assert_null(cairn_manifest_select(&r, &l, list, 1));
	assert_string_equal(r.item[0].code, CAIRN_R_WRONG_NAME);
	assert_string_equal(r.item[0].expected, "netdrv");
	cairn_reasons_fini(&r);
	l.vcpus = 2;
	assert_null(cairn_manifest_select(&r, &l, list, 1));
	assert_string_equal(r.item[0].code, CAIRN_R_NO_MANIFEST);
	cairn_reasons_fini(&r);
	assert_null(cairn_manifest_select(&r, &l, NULL, 0));
	assert_string_equal(r.item[0].code, CAIRN_R_NO_MANIFEST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_service_round),   cmocka_unit_test(test_platform_round),
	    cmocka_unit_test(test_predict),	    cmocka_unit_test(test_tampered),
	    cmocka_unit_test(test_signers),	    cmocka_unit_test(test_schema),
	    cmocka_unit_test(test_platform_schema), cmocka_unit_test(test_validity),
	    cmocka_unit_test(test_match),	    cmocka_unit_test(test_no_match),
	    cmocka_unit_test(test_extra_ramdisk),   cmocka_unit_test(test_every_reason),
	    cmocka_unit_test(test_select),	    cmocka_unit_test(test_unvouched),
	    cmocka_unit_test(test_limits),	    cmocka_unit_test(test_service_limits),
	    cmocka_unit_test(test_platform_limits), cmocka_unit_test(test_select_kind),
	    cmocka_unit_test(test_select_name),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
