/* The bounds in the schemas of records and manifests: one less than the least is malformed, one more than the most is over a limit. */
#include "core/record_schema.h"
#include "kinds.h"

static const uint8_t boot_id[32] = {1, 2, 3};

/* Where a member stands, by the names on the way to it. */
struct place {
	const char *way[3];
};

static json_t *holder(json_t *record, const struct place *p, const char **member)
{
	size_t i = 0;
	for (; i < 2 && p->way[i + 1]; i++) {
		record = json_object_get(record, p->way[i]);
		if (json_is_array(record))
			record = json_array_get(record, 0);
	}
	assert_true(json_is_object(record));
	*member = p->way[i];
	return record;
}

static json_t *text_of(size_t len)
{
	char *text = malloc(len + 1);
	assert_non_null(text);
	memset(text, 'a', len);
	text[len] = '\0';
	json_t *v = json_stringn(text, len);
	free(text);
	return v;
}

static json_t *array_of(size_t count)
{
	json_t *v = json_array();
	for (size_t i = 0; i < count; i++)
		assert_int_equal(json_array_append_new(v, json_string("a")), 0);
	return v;
}

static json_t *map_of(size_t count)
{
	json_t *v = json_object();
	char key[24];
	for (size_t i = 0; i < count; i++) {
		snprintf(key, sizeof key, "k%zu", i);
		assert_int_equal(json_object_set_new(v, key, json_string("a")), 0);
	}
	return v;
}

static json_t *number(size_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *hex_of(size_t bytes)
{
	return text_of(2 * bytes);
}

struct bound {
	struct place at;
	json_t *(*make)(size_t n);
	size_t min, max; /* max 0: as large as numbers are */
};

typedef enum cairn_status reader(const json_t *document);

static enum cairn_status read_record(const json_t *document)
{
	enum cairn_record_type type;
	return cairn_record_check(&type, document);
}

static enum cairn_status read_manifest(const json_t *document)
{
	cairn_auto_manifest struct cairn_manifest m = {0};
	cairn_auto_buf struct cairn_buf b = {0};
	assert_int_equal(cairn_json_dump(&b, document), CAIRN_OK);
	return cairn_manifest_parse(&m, cairn_buf_span(&b));
}

static void assert_bounds(json_t *record, reader *read, const struct bound *b)
{
	const char *member;
	json_t *in = holder(record, &b->at, &member), *kept = json_incref(json_object_get(in, member));
	if (b->min > 0) {
		json_object_set_new(in, member, b->make(b->min - 1));
		if (read(record) != CAIRN_E_MALFORMED)
			fail_msg("%s: too little is taken", member);
	}
	if (b->max > 0) {
		json_object_set_new(in, member, b->make(b->max + 1));
		if (read(record) != CAIRN_E_LIMIT)
			fail_msg("%s: too much is taken", member);
	}
	json_object_set_new(in, member, kept);
	assert_int_equal(read(record), CAIRN_OK);
}

static void assert_all(const struct cairn_buf *bytes, reader *read, const struct bound *b, size_t count)
{
	cairn_auto_json json_t *record = NULL;
	assert_int_equal(cairn_json_parse(&record, cairn_buf_span(bytes)), CAIRN_OK);
	for (size_t i = 0; i < count; i++)
		assert_bounds(record, read, &b[i]);
}

#define ASSERT_ALL(bytes, rows) assert_all(&(bytes), read_record, rows, sizeof(rows) / sizeof *(rows))

static void host(void **state)
{
	static const struct bound rows[] = {
	    {{{"agent", "sha256"}}, hex_of, 32, 32},
	    {{{"config", "pcrs", "host"}}, number, 8, 15},
	    {{{"config", "pcrs", "launch"}}, number, 8, 15},
	    {{{"config", "pcrs", "phase"}}, number, 8, 15},
	    {{{"config", "banks"}}, array_of, 1, CAIRN_BANK_MAX},
	    {{{"config", "boot_set"}}, array_of, 1, CAIRN_BOOT_SET_MAX},
	    {{{"dom0", "cmdline"}}, text_of, 0, CAIRN_TEXT_MAX},
	    {{{"xen", "build_id"}}, hex_of, 0, 64},
	    {{{"xen", "cmdline"}}, text_of, 0, CAIRN_TEXT_MAX},
	    {{{"trust", "authorities"}}, array_of, 0, CAIRN_TRUST_MAX},
	};
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_host h = sample_host();
	(void)state;
	h.boot_count = 1;
	h.boot_set[0] = "uplink";
	assert_int_equal(cairn_record_host(&b, &h), CAIRN_OK);
	ASSERT_ALL(b, rows);
}

static void launch(void **state)
{
	static const struct bound rows[] = {
	    {{{"domain", "memory_mib"}}, number, 1, UINT32_MAX},
	    {{{"domain", "vcpus"}}, number, 1, 4096},
	    {{{"manifest", "sha256"}}, hex_of, 32, 32},
	    {{{"components", "firmware", "sha256"}}, hex_of, 32, 32},
	    {{{"components", "firmware", "sha384"}}, hex_of, 48, 48},
	    {{{"backends_used"}}, array_of, 0, CAIRN_BACKENDS_MAX},
	    {{{"cmdline"}}, text_of, 0, CAIRN_TEXT_MAX},
	    {{{"config"}}, map_of, 0, CAIRN_CONFIG_MAX},
	    {{{"disks"}}, array_of, 1, CAIRN_DISKS_MAX},
	    {{{"dm_args"}}, text_of, 1, CAIRN_TEXT_MAX},
	    {{{"pci"}}, array_of, 1, CAIRN_PCI_MAX},
	    {{{"restart"}}, number, 0, UINT32_MAX},
	    {{{"roles"}}, array_of, 0, CAIRN_ROLES_MAX},
	    {{{"serves"}}, array_of, 1, CAIRN_SERVES_MAX},
	    {{{"xsm"}}, text_of, 1, CAIRN_XSM_MAX},
	};
	static const struct bound stub[] = {{{{"stubdomain_cmdline"}}, text_of, 1, CAIRN_TEXT_MAX}};
	cairn_auto_buf struct cairn_buf a = {0}, b = {0};
	struct cairn_launch hvm = sample_hvm(), stubdomain = sample_stubdomain();
	(void)state;
	assert_int_equal(cairn_record_launch(&a, &hvm), CAIRN_OK);
	ASSERT_ALL(a, rows);
	assert_int_equal(cairn_record_launch(&b, &stubdomain), CAIRN_OK);
	ASSERT_ALL(b, stub);
}

static void small_records(void **state)
{
	static const struct bound boot[] = {{{{"boot_id"}}, hex_of, 32, 32}};
	static const struct bound refusal[] = {{{{"reasons"}}, array_of, 1, CAIRN_REASONS_MAX}};
	static const struct bound unrecorded[] = {{{{"domid"}}, number, 0, 0x7fff}};
	static const struct bound violation[] = {{{{"reason"}}, text_of, 1, CAIRN_REASON_TEXT_MAX}};
	static const struct bound foreign[] = {{{{"pcr"}}, number, 8, 15}, {{{"value"}}, hex_of, 32, 32}};
	static const struct bound phase[] = {{{{"phase"}}, hex_of, 1, 64}};
	const struct cairn_digest value = sample_digest(CAIRN_ALG_SHA256, "value");
	cairn_auto_reasons struct cairn_reasons r = {0};
	struct cairn_buf b[6] = {0};
	(void)state;
	cairn_reasons_add(&r, CAIRN_R_BUILD_FAILED, "", "", "", "", "");
	assert_int_equal(cairn_record_boot(&b[0], boot_id), CAIRN_OK);
	assert_int_equal(cairn_record_refusal(&b[1], "a", &r), CAIRN_OK);
	assert_int_equal(cairn_record_unrecorded(&b[2], 7, ""), CAIRN_OK);
	assert_int_equal(cairn_record_violation(&b[3], "why"), CAIRN_OK);
	assert_int_equal(cairn_record_foreign(&b[4], 12, &value), CAIRN_OK);
	assert_int_equal(cairn_record_phase(&b[5], "none"), CAIRN_OK);
	ASSERT_ALL(b[0], boot);
	ASSERT_ALL(b[1], refusal);
	ASSERT_ALL(b[2], unrecorded);
	ASSERT_ALL(b[3], violation);
	ASSERT_ALL(b[4], foreign);
	ASSERT_ALL(b[5], phase);
	for (size_t i = 0; i < sizeof b / sizeof *b; i++)
		cairn_buf_fini(&b[i]);
}

/* One short digest of an expected event would stand for none at all. */
static void platform(void **state)
{
	static const struct bound rows[] = {
	    {{{"events", "pcr"}}, number, 4, 9},
	    {{{"events", "sha256"}}, hex_of, 32, 32},
	    {{{"events", "sha384"}}, hex_of, 48, 48},
	    {{{"events", "text"}}, text_of, 0, CAIRN_MANIFEST_TEXT_MAX},
	    {{{"events"}}, array_of, 1, CAIRN_MANIFEST_EVENTS_MAX},
	};
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_manifest m = sample_platform();
	(void)state;
	assert_int_equal(cairn_manifest_build(&b, &m), CAIRN_OK);
	assert_all(&b, read_manifest, rows, sizeof rows / sizeof *rows);
	cairn_manifest_fini(&m);
}

/* A count that no array has is refused before anything is read. */
static void counts(void **state)
{
	const size_t many = 1u << 24;
	struct cairn_launch l[3] = {sample_hvm(), sample_hvm(), sample_hvm()};
	struct cairn_manifest m[3] = {sample_service(), sample_service(), sample_service()};
	cairn_auto_buf struct cairn_buf b = {0};
	(void)state;
	l[0].pci_count = l[1].serve_count = l[2].setup.disk_count = many;
	m[0].pci_count = m[1].serve_count = m[2].target_count = many;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(cairn_record_launch(&b, &l[i]), CAIRN_E_LIMIT);
		assert_int_equal(cairn_manifest_build(&b, &m[i]), CAIRN_E_LIMIT);
	}
	assert_int_equal(b.len, 0);
}

static void exits(void **state)
{
	static const char *const known[] = {"destroyed", "crashed",	 "rebooted",   "shutdown",
					    "lost",	 "build-failed", "no-service", "no-device-model",
					    "suspended"};
	struct cairn_exit_record x = {.launch = 1, .name = "netdrv", .reason = "bored"};
	cairn_auto_buf struct cairn_buf b = {0};
	(void)state;
	assert_int_equal(cairn_record_exit(&b, &x), CAIRN_E_MALFORMED);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		x.reason = known[i];
		assert_int_equal(cairn_record_exit(&b, &x), CAIRN_OK);
	}
}

static void newer_records(void **state)
{
	cairn_auto_json json_t *v =
	    json_pack("{s:s,s:s,s:i}", "format", CAIRN_RECORD_FORMAT, "type", "dream", "version", 3);
	(void)state;
	assert_int_equal(read_record(v), CAIRN_E_VERSION);
}

/* The member is there with one word, or not at all. */
static void release_set_required(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_auto_json json_t *v = NULL;
	struct cairn_host h = sample_host();
	(void)state;
	h.release_set_required = true;
	assert_int_equal(cairn_record_host(&b, &h), CAIRN_OK);
	assert_int_equal(cairn_json_parse(&v, cairn_buf_span(&b)), CAIRN_OK);
	assert_int_equal(read_record(v), CAIRN_OK);
	json_object_set_new(json_object_get(v, "config"), "release_set", json_string("wanted"));
	assert_int_equal(read_record(v), CAIRN_E_MALFORMED);
	json_object_del(json_object_get(v, "config"), "release_set");
	assert_int_equal(read_record(v), CAIRN_OK);
}

static void banks_in_order(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_auto_json json_t *v = NULL;
	struct cairn_host h = sample_host();
	(void)state;
	assert_int_equal(cairn_record_host(&b, &h), CAIRN_OK);
	assert_int_equal(cairn_json_parse(&v, cairn_buf_span(&b)), CAIRN_OK);
	json_object_set_new(json_object_get(v, "config"), "banks", json_pack("[s,s]", "sha384", "sha256"));
	assert_int_equal(read_record(v), CAIRN_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(host),
	    cmocka_unit_test(launch),
	    cmocka_unit_test(small_records),
	    cmocka_unit_test(platform),
	    cmocka_unit_test(counts),
	    cmocka_unit_test(exits),
	    cmocka_unit_test(newer_records),
	    cmocka_unit_test(banks_in_order),
	    cmocka_unit_test(release_set_required),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
