/* Which platform manifest a host is judged by, and what is told where it fits none. */
#include "tests/unit/verdict_fixture.h"

static long long release_of(const struct cairn_verdict *v, const char *sub)
{
	const json_t *m = json_object_get(json_object_get(v->submods, sub), "cairn.manifest");
	return (long long)json_integer_value(json_object_get(m, "release"));
}

/* The release of the one that was taken, whatever order they come in. */
static void expect_release(struct sim *s, const struct cairn_manifest *a, const struct cairn_manifest *b,
			   long long want)
{
	const struct cairn_manifest *both[][2] = {{a, b}, {b, a}};
	for (size_t i = 0; i < 2; i++) {
		cairn_auto_verdict struct cairn_verdict v = {0};
		assert_int_equal(verdict_appraise(&v, s, both[i], 2), CAIRN_OK);
		assert_int_equal(release_of(&v, "boot"), want);
	}
}

static void the_best_manifest(void **state)
{
	struct sim *s = *state;
	const struct cairn_manifest *good = &s->loaded[0];
	struct cairn_manifest other = *good;
	struct cairn_manifest_event events[64];
	cairn_auto_json json_t *record = json_deep_copy(good->host_record);
	assert_true(good->event_count < 64);
	memcpy(events, good->event, good->event_count * sizeof *events);
	other.release = good->release - 1;
	expect_release(s, good, &other, (long long)good->release);
	other.release = good->release + 1;
	expect_release(s, good, &other, (long long)other.release);
	other.not_after = SIM_NOW - 1; /* newer, and expired */
	expect_release(s, good, &other, (long long)good->release);
	other.not_after = good->not_after;
	other.host_record = record; /* newer, and of another host record */
	json_object_set_new(json_object_get(record, "xen"), "cmdline", json_string("other"));
	expect_release(s, good, &other, (long long)good->release);
	other.host_record = good->host_record;
	other.event = events; /* newer, and of another boot */
	events[good->event_count - 1].sha256.bytes[0] ^= 1;
	expect_release(s, good, &other, (long long)good->release);
	for (size_t i = 0; i + 1 < good->event_count; i++) { /* of another boot in any of the PCRs */
		memcpy(events, good->event, good->event_count * sizeof *events);
		events[i].sha256.bytes[0] ^= 1;
		expect_release(s, good, &other, (long long)good->release);
	}
	/* The boot counts before the host record, and that before the validity. */
	struct cairn_manifest booted = *good;
	booted.host_record = record;
	booted.release = good->release - 1;
	expect_release(s, &booted, &other, (long long)booted.release);
	struct cairn_manifest expired = *good;
	expired.not_after = SIM_NOW - 1;
	expect_release(s, &booted, &expired, (long long)expired.release);
	memcpy(events, good->event, good->event_count * sizeof *events);
	events[good->event_count - 1].sha256.bytes[0] ^= 1;
	struct cairn_manifest worse = other;
	struct cairn_manifest_event fewer[64];
	memcpy(fewer, events, good->event_count * sizeof *events);
	worse.event = fewer;
	worse.release++; /* newer still, and matches less far */
	for (size_t i = 0; i < good->event_count; i++)
		fewer[i].sha256.bytes[0] ^= i + 1 < good->event_count ? 1 : 0;
	expect_release(s, &other, &worse, (long long)other.release);
}

/* Of two that are alike in all that is ranked, the first stays. */
static void equal_manifests(void **state)
{
	struct sim *s = *state;
	struct cairn_manifest twin = s->loaded[0];
	const struct cairn_manifest *list[] = {&s->loaded[0], &twin};
	cairn_auto_verdict struct cairn_verdict v = {0};
	twin.name = "twin";
	assert_int_equal(verdict_appraise(&v, s, list, 2), CAIRN_OK);
	const json_t *m = json_object_get(json_object_get(v.submods, "boot"), "cairn.manifest");
	assert_string_equal(json_string_value(json_object_get(m, "name")), "platform");
}

static void no_platform_manifest(void **state)
{
	struct sim *s = *state;
	const struct cairn_manifest *service[] = {&s->loaded[1]};
	cairn_auto_verdict struct cairn_verdict v = {0};
	assert_int_equal(verdict_appraise(&v, s, service, 1), CAIRN_OK);
	assert_int_equal(v.state, CAIRN_STATE_CONTRAINDICATED);
	assert_true(verdict_says(&v, "boot", CAIRN_R_NO_MANIFEST, "platform"));
	assert_int_equal(verdict_appraise(&v, s, NULL, 0), CAIRN_OK);
	assert_int_equal(v.state, CAIRN_STATE_CONTRAINDICATED);
}

/* The log has more than the manifest; and of several differences in one PCR the first is told. */
static void events_that_are_too_many(void **state)
{
	struct sim *s = *state;
	struct cairn_manifest shorter = s->loaded[0];
	const struct cairn_manifest *list[] = {&shorter};
	struct cairn_manifest_event events[64];
	cairn_auto_verdict struct cairn_verdict v = {0};
	shorter.event = events;
	memcpy(events, s->loaded[0].event, shorter.event_count * sizeof *events);
	shorter.event_count--;
	assert_int_equal(verdict_appraise(&v, s, list, 1), CAIRN_OK);
	assert_int_equal(v.state, CAIRN_STATE_CONTRAINDICATED);
	assert_true(verdict_says(&v, "boot", CAIRN_R_BOOT_MISMATCH, "unexpected"));
	sim_swap_file(s, "/xen");
	sim_swap_file(s, "/vmlinuz");
	cairn_verdict_fini(&v);
	verdict_expect(s, &v, CAIRN_STATE_CONTRAINDICATED);
	assert_true(verdict_says(&v, "xen", CAIRN_R_BOOT_MISMATCH, "xen"));
	assert_false(verdict_says(&v, "dom0", CAIRN_R_BOOT_MISMATCH, "dom0-kernel"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    VERDICT_TEST(the_best_manifest),
	    VERDICT_TEST(equal_manifests),
	    VERDICT_TEST(no_platform_manifest),
	    VERDICT_TEST(events_that_are_too_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
