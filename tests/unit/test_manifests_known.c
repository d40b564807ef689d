/* Manifests that were verified once: taken from the last launch while their bytes are the same, and no longer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/agentuse_fixture.h"

static char dir[128], path[192];

static void load(struct cairn_manifest_set *out, struct cairn_manifest_set *known)
{
	cairn_auto_buf struct cairn_buf why = {0};

	snprintf(dir, sizeof(dir), "%s/data/manifests", agentuse.dir);
	assert_int_equal(cairn_manifests_load(out, known, dir, "a", agentuse.agent->authorities, &why),
			 CAIRN_OK);
}

static const char *file(const char *name)
{
	snprintf(path, sizeof(path), "%s/data/manifests/%s", agentuse.dir, name);
	return path;
}

/* Changes a byte in the middle of a file. */
static void tamper(const char *name)
{
	cairn_auto_buf struct cairn_buf b = {0};

	assert_int_equal(cairn_file_read(&b, file(name), 1 << 16), CAIRN_OK);
	b.ptr[b.len / 2] = b.ptr[b.len / 2] == 'A' ? 'B' : 'A';
	assert_int_equal(cairn_file_write(path, cairn_buf_span(&b), 0644), CAIRN_OK);
}

static void test_same_bytes(void **state)
{
	struct cairn_manifest_set one, two, three, none = {0};

	(void)state;
	fixture_manifest(&agentuse, "a-1.jws", "a", "service", agentuse.authority);
	fixture_manifest(&agentuse, "b-1.jws", "b", "service", agentuse.authority);
	load(&one, &none);
	assert_int_equal(one.count, 2);
	const json_t *a = one.item[0].doc, *b = one.item[1].doc;

	/* Under another name, and beside one that is new. */
	char old[192];

	snprintf(old, sizeof(old), "%s", file("b-1.jws"));
	assert_int_equal(rename(old, file("b-2.jws")), 0);
	fixture_manifest(&agentuse, "c-1.jws", "c", "service", agentuse.authority);
	load(&two, &one);
	assert_int_equal(two.count, 3);
	assert_ptr_equal(two.item[0].doc, a);
	assert_ptr_equal(two.item[1].doc, b);
	assert_string_equal(two.item[2].name, "c");
	cairn_manifests_fini(&one);
	/* One is changed, one is gone. */
	tamper("a-1.jws");
	unlink(file("c-1.jws"));
	load(&three, &two);
	assert_int_equal(three.count, 1);
	assert_ptr_equal(three.item[0].doc, b);
	assert_int_equal(three.bad.count, 1);
	assert_true(three.bad_name);
	assert_false(cairn_manifests_name(&three, "a"));
	cairn_manifests_fini(&two);
	cairn_manifests_fini(&three);
}

/* The same bytes twice are two manifests. */
static void test_twice(void **state)
{
	struct cairn_manifest_set one, two, none = {0};
	cairn_auto_buf struct cairn_buf b = {0};

	(void)state;
	fixture_manifest(&agentuse, "a-1.jws", "a", "service", agentuse.authority);
	assert_int_equal(cairn_file_read(&b, file("a-1.jws"), 1 << 16), CAIRN_OK);
	load(&one, &none);
	assert_int_equal(cairn_file_write(file("a-2.jws"), cairn_buf_span(&b), 0644), CAIRN_OK);
	load(&two, &one);
	assert_int_equal(two.count, 2);
	assert_string_equal(two.item[0].name, "a");
	assert_string_equal(two.item[1].name, "a");
	cairn_manifests_fini(&one);
	cairn_manifests_fini(&two);
}

/* Its signer may not sign any more: neither may what was verified. */
static void test_signer_is_gone(void **state)
{
	struct cairn_manifest_set one, two, none = {0};
	cairn_auto_buf struct cairn_buf why = {0};
	cairn_auto_jwks struct cairn_jwks *others = NULL;

	(void)state;
	fixture_manifest(&agentuse, "a-1.jws", "a", "service", agentuse.authority);
	load(&one, &none);
	assert_int_equal(one.count, 1);
	assert_int_equal(cairn_jwks_new(&others), CAIRN_OK);
	assert_int_equal(cairn_jwks_add(others, agentuse_stranger), CAIRN_OK);
	assert_int_equal(cairn_manifests_load(&two, &one, dir, "a", others, &why), CAIRN_OK);
	assert_int_equal(two.count, 0);
	assert_string_equal(two.bad.item[0].code, CAIRN_R_UNTRUSTED_SIGNER);
	cairn_manifests_fini(&one);
	cairn_manifests_fini(&two);
}

/* What a launch has verified is no longer good when its file is not. */
static void test_launches(void **state)
{
	cairn_auto_buf struct cairn_buf why = {0};
	const char *config = fixture_config(&agentuse, "a", "");

	(void)state;
	fixture_manifest(&agentuse, "a-1.jws", "a", "service", agentuse.authority);
	assert_int_equal(agentuse_launch(config), CAIRN_OK);
	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "a", &why), CAIRN_OK);
	assert_int_equal(agentuse_launch(config), CAIRN_OK);
	assert_int_equal(cairn_agent_stop_domain(agentuse.agent, "a", &why), CAIRN_OK);
	tamper("a-1.jws");
	assert_int_equal(agentuse_launch(config), CAIRN_E_DENIED);
	fixture_manifest(&agentuse, "a-1.jws", "a", "service", agentuse_stranger);
	assert_int_equal(agentuse_launch(config), CAIRN_E_DENIED);
	fixture_manifest(&agentuse, "a-1.jws", "a", "service", agentuse.authority);
	assert_int_equal(agentuse_launch(config), CAIRN_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {AGENTUSE_TEST(test_same_bytes), AGENTUSE_TEST(test_twice),
					   AGENTUSE_TEST(test_signer_is_gone), AGENTUSE_TEST(test_launches)};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
