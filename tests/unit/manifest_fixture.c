#include "tests/unit/manifest_fixture.h"

#include "manifests.h"

struct manifest_keys manifest_keys;

int manifest_setup(void **state)
{
	(void)state;
	assert_int_equal(cairn_key_generate(&manifest_keys.authority, CAIRN_SIG_EDDSA), CAIRN_OK);
	assert_int_equal(cairn_key_generate(&manifest_keys.stranger, CAIRN_SIG_ES384), CAIRN_OK);
	assert_int_equal(cairn_key_generate(&manifest_keys.release, CAIRN_SIG_ES256), CAIRN_OK);
	assert_int_equal(cairn_jwks_new(&manifest_keys.authorities), CAIRN_OK);
	assert_int_equal(cairn_jwks_add(manifest_keys.authorities, manifest_keys.authority), CAIRN_OK);
	assert_int_equal(cairn_jwks_add(manifest_keys.authorities, manifest_keys.release), CAIRN_OK);
	return 0;
}

int manifest_teardown(void **state)
{
	(void)state;
	cairn_key_free(manifest_keys.authority);
	cairn_key_free(manifest_keys.release);
	cairn_key_free(manifest_keys.stranger);
	cairn_jwks_free(manifest_keys.authorities);
	return 0;
}

enum cairn_status manifest_load(struct cairn_span jws)
{
	cairn_auto_manifest struct cairn_manifest m = {0};

	return cairn_manifest_load(&m, jws, manifest_keys.authorities);
}

enum cairn_status manifest_changed(const struct cairn_manifest *m, const char *path, const char *member,
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
	assert_int_equal(
	    cairn_jws_sign(&jws, manifest_keys.authority, CAIRN_MANIFEST_TYP, cairn_buf_span(&b)), CAIRN_OK);
	return manifest_load(cairn_buf_span(&jws));
}
