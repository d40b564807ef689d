/* A version 2 launch in the chain's tree: a line for each thing that decided what ran. */
#include "kinds.h"

#include "cli/chain_launch.h"

static const json_t *child(const json_t *node, const char *name)
{
	size_t i;
	json_t *c;

	json_array_foreach(json_object_get(node, "children"), i,
			   c) if (strcmp(cairn_cli_str(c, "name"), name) == 0) return c;
	return NULL;
}

static void says(const json_t *node, const char *name, const char *digest, const char *detail)
{
	const json_t *c = child(node, name);

	assert_non_null(c);
	assert_string_equal(cairn_cli_str(c, "digest"), digest);
	assert_string_equal(cairn_cli_str(c, "detail"), detail);
}

static json_t *tree_of(const struct cairn_launch *l)
{
	json_t *node = cairn_cli_node("domain", "", "%s", "");

	assert_non_null(node);
	cairn_cli_chain_launch(node, l);
	return node;
}

static void test_hvm(void **state)
{
	struct cairn_launch l = sample_hvm();
	cairn_auto_json json_t *node = tree_of(&l);
	const struct cairn_setup *s = &l.setup;

	(void)state;
	says(node, "kernel", cairn_digest_hex(&l.kernel.sha256).text, "6 bytes");
	says(node, "firmware", cairn_digest_hex(&s->component[0].is.sha256).text, "8 bytes");
	says(node, "device-model", cairn_digest_hex(&s->component[2].is.sha256).text, "12 bytes");
	says(node, "device model arguments", "", "-nographic \"a b\"");
	says(node, "XSM label", "", "system_u:system_r:domU_t");
	says(node, "disk xvda", cairn_digest_hex(&s->disk[0].digest).text,
	     "verity, read-only, 4096 bytes, from Domain-0");
	says(node, "disk xvdc", "", "unmeasured, writable, from uplink");
	says(node, "PCI 0000:03:00.0", cairn_digest_hex(&l.pci[0].rom).text,
	     "8086:1533, subsystem 103c:0003, class 010802, revision 03, permissive, with this option ROM");
	says(node, "serves", "", "vif");
	says(node, "device model of", "", "guest");
	assert_null(child(node, "stub domain command line"));
}

static void test_stubdomain(void **state)
{
	struct cairn_launch l = sample_stubdomain();

	l.has_manifest = false;
	l.config_count = l.role_count = 0;
	cairn_auto_json json_t *node = tree_of(&l);

	(void)state;
	assert_null(child(node, "kernel"));
	assert_null(child(node, "ramdisk"));
	says(node, "kernel inside the stub domain", "", "/vmlinuz");
	says(node, "ramdisk inside the stub domain", "", "/initrd");
	says(node, "stub domain command line", "", "console=hvc0");
	says(node, "manifest", "", "none: a guest");
}

static void test_claim(void **state)
{
	struct cairn_launch l = sample_launch();

	l.has_manifest = false;
	cairn_auto_json json_t *node = tree_of(&l);

	(void)state;
	says(node, "manifest", "", "none, and it claims what only a service may have");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hvm),
	    cmocka_unit_test(test_stubdomain),
	    cmocka_unit_test(test_claim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
