/* See server_fixture.h: the world of verifier_fixture, with the TPM of somebody else. */
#include "tests/unit/server_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "attest/commands.h"
#include "tests/unit/data_fixture.h"
#include "tests/unit/verifier_fixture.h"

static struct verifier_world world;

static void trust(const char *ca, const char *name)
{
	char from[256], to[128];
	cairn_auto_buf struct cairn_buf pem = {0};
	snprintf(from, sizeof from, "%s/%s", ca, name);
	snprintf(to, sizeof to, "ek-roots/%s", name);
	assert_int_equal(cairn_file_read(&pem, from, 65536), CAIRN_OK);
	verifier_put_file(&world, to, cairn_buf_span(&pem));
}

void server_start(const char *ca, uint64_t kib)
{
	char path[96];
	struct cairn_digest d;
	snprintf(world.dir, sizeof world.dir, "/tmp/cairn-server-XXXXXX");
	assert_non_null(mkdtemp(world.dir));
	snprintf(path, sizeof path, "%s/server", world.dir);
	assert_int_equal(cairn_command_init(path, NULL, 0), 0);
	trust(ca, "issuercert.pem");
	trust(ca, "swtpm-localca-rootca-cert.pem");
	verifier_open(&world);
	world.v->set.receipt_kib = kib;
	assert_int_equal(cairn_hash(&d, CAIRN_ALG_SHA256, cairn_span_str(VERIFIER_TOKEN)), CAIRN_OK);
	assert_int_equal(cairn_store_token_add(world.v->store, d.bytes, CAIRN_ROLE_OPERATOR, "ops"),
			 CAIRN_OK);
}

void server_stop(void)
{
	cairn_verifier_free(world.v);
	json_decref(world.body);
	data_remove(world.dir);
}

json_t *server_ask(const char *method, const char *path, json_t *body)
{
	verifier_call(&world, method, path, body);
	if (world.code != 200)
		fail_msg("%s %s: %d %s", method, path, world.code, verifier_text(&world, "error"));
	return json_incref(world.body);
}
