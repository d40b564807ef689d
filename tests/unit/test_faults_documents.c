/* Faults while signed documents are made and read: manifests, approvals, sealed secrets. */
#include "data_fixture.h"
#include "faulttasks.h"
#include "keyset_fixture.h"
#include "manifests.h"

#include "cairn/approval.h"
#include "cairn/receipt.h"
#include "cairn/sealed.h"

static struct {
	struct keyset set;
	struct cairn_buf service, platform, broken, approval, sealed;
} in;

static enum cairn_status load_manifest(struct cairn_buf *said, const struct cairn_buf *jws)
{
	cairn_auto_manifest struct cairn_manifest m = {0};
	cairn_auto_buf struct cairn_buf again = {0};
	enum cairn_status st = cairn_manifest_load(&m, cairn_buf_span(jws), in.set.keys);
	if (!st && m.kind == CAIRN_MANIFEST_PLATFORM)
		assert_true(m.event_count > 0);
	if (!st)
		st = cairn_manifest_build(&again, &m);
	if (!st)
		say(said, cairn_buf_span(&again));
	return st;
}

static enum cairn_status add_event(struct cairn_buf *said)
{
	cairn_auto_manifest struct cairn_manifest m = {0};
	const struct cairn_manifest_event e = {.pcr = 4, .component = "xen", .text = "x"};
	enum cairn_status st = cairn_manifest_add_event(&m, &e);
	assert_int_equal(m.event_count, st == CAIRN_OK);
	say(said, cairn_span_str(m.event_count == 1 ? "one" : "none"));
	return st;
}

static enum cairn_status service(struct cairn_buf *said)
{
	return load_manifest(said, &in.service);
}

static enum cairn_status platform(struct cairn_buf *said)
{
	return load_manifest(said, &in.platform);
}

static enum cairn_status broken(struct cairn_buf *said)
{
	return load_manifest(said, &in.broken);
}

static enum cairn_status predict(struct cairn_buf *said)
{
	cairn_auto_manifest struct cairn_manifest m = {0};
	struct cairn_pcrs p;
	enum cairn_status st = cairn_manifest_load(&m, cairn_buf_span(&in.platform), in.set.keys);
	if (!st)
		st = cairn_manifest_predict(&p, &m);
	if (!st)
		say(said, cairn_digest_span(&p.bank[0].pcr[11]));
	return st;
}

static enum cairn_status receipt(struct cairn_buf *said)
{
	struct cairn_receipt r = {.boot_id = {1}, .records = 2, .launch.alg = CAIRN_ALG_SHA256}, back = {0};
	cairn_auto_buf struct cairn_buf jws = {0};
	enum cairn_status st = cairn_receipt_sign(&jws, &r, in.set.key[0]);
	if (!st)
		st = cairn_receipt_open(&back, cairn_buf_span(&jws), in.set.keys);
	if (!st)
		say(said, cairn_span(back.boot_id, sizeof back.boot_id));
	return st;
}

static enum cairn_status sign_manifest(struct cairn_buf *said)
{
	cairn_auto_buf struct cairn_buf jws = {0};
	struct cairn_manifest m = {.kind = CAIRN_MANIFEST_SERVICE};
	bool on = faults.on;
	faults.on = false;
	m = sample_service();
	faults.on = on;
	enum cairn_status st = cairn_manifest_sign(&jws, &m, in.set.key[2]);
	say(said, cairn_span(jws.ptr, jws.len));
	return st;
}

static void test_manifests(void **state)
{
	(void)state;
	each_fault(service, CAIRN_OK, CALM);
	each_fault(platform, CAIRN_OK, CALM);
	each_fault(broken, CAIRN_E_SIGNATURE, CALM);
	each_fault(predict, CAIRN_OK, CALM);
	each_fault(add_event, CAIRN_OK, CALM);
	each_fault(sign_manifest, CAIRN_OK, CALM);
	each_fault(receipt, CAIRN_OK, CALM);
}

static enum cairn_status approval_json(struct cairn_buf *said)
{
	cairn_auto_approval struct cairn_approval a = {0};
	cairn_auto_json json_t *v = NULL;
	bool on = faults.on;
	faults.on = false;
	assert_int_equal(cairn_approval_parse(&a, cairn_buf_span(&in.approval), NULL), CAIRN_OK);
	faults.on = on;
	enum cairn_status st = cairn_approval_json(&v, &a);
	if (!st)
		say_json(said, v);
	return st;
}

static enum cairn_status approve(struct cairn_buf *said)
{
	cairn_auto_approval struct cairn_approval a = {0};
	cairn_auto_buf struct cairn_buf again = {0}, why = {0};
	enum cairn_status st = cairn_approval_parse(&a, cairn_buf_span(&in.approval), &why);
	if (!st)
		st = cairn_approval_dump(&again, &a);
	say(said, cairn_span(again.ptr, again.len));
	return st;
}

static enum cairn_status approve_anew(struct cairn_buf *said)
{
	cairn_auto_approval struct cairn_approval a = {0}, b = {0};
	cairn_auto_buf struct cairn_buf why = {0};
	bool on = faults.on;
	faults.on = false;
	assert_int_equal(cairn_approval_parse(&a, cairn_buf_span(&in.approval), &why), CAIRN_OK);
	faults.on = on;
	enum cairn_status st = cairn_approval_make(&b, "disk", 1, &a.values, a.mask, in.set.key[0], &why);
	if (!st)
		say(said, cairn_digest_span(&b.policy));
	return st;
}

static enum cairn_status sealed(struct cairn_buf *said)
{
	cairn_auto_sealed struct cairn_sealed s = {0};
	cairn_auto_json json_t *v = NULL, *again = NULL;
	enum cairn_status st = cairn_json_parse(&v, cairn_buf_span(&in.sealed));
	if (!st)
		st = cairn_sealed_read(&s, v);
	if (!st)
		st = cairn_sealed_write(&again, &s);
	if (!st)
		say_json(said, again);
	return st;
}

static void test_secrets(void **state)
{
	(void)state;
	each_fault(approval_json, CAIRN_OK, CALM);
	each_fault(approve, CAIRN_OK, CALM);
	each_fault(approve_anew, CAIRN_OK, STRICT);
	each_fault(sealed, CAIRN_OK, CALM);
}

static void make_manifests(void)
{
	struct cairn_manifest m = sample_service();
	cairn_auto_manifest struct cairn_manifest p = sample_platform();
	assert_int_equal(cairn_manifest_sign(&in.service, &m, in.set.key[2]), CAIRN_OK);
	assert_int_equal(cairn_manifest_sign(&in.platform, &p, in.set.key[1]), CAIRN_OK);
	assert_int_equal(cairn_manifest_sign(&in.broken, &m, in.set.key[1]), CAIRN_OK);
	uint8_t *sig = in.broken.ptr + in.broken.len - 20;
	*sig = *sig == 'A' ? 'B' : 'A';
}

static int setup(void **state)
{
	(void)state;
	faults.error = EIO;
	keyset_init(&in.set);
	make_manifests();
	data_load(&in.approval, "approval/edge.json");
	data_load(&in.sealed, "sealed/disk.json");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cairn_buf_fini(&in.service);
	cairn_buf_fini(&in.platform);
	cairn_buf_fini(&in.broken);
	cairn_buf_fini(&in.approval);
	cairn_buf_fini(&in.sealed);
	keyset_fini(&in.set);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_manifests),
	    cmocka_unit_test(test_secrets),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
