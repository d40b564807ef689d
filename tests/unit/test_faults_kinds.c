/* Faults while documents of version 2 are made and read: nothing of them is ever left out in silence. */
#include "faulttasks.h"
#include "kinds.h"

static struct {
	struct cairn_launch hvm, stub;
	struct cairn_manifest for_hvm, for_stub;
	struct cairn_buf hvm_record, stub_record, hvm_payload, stub_payload;
} in;

static enum cairn_status write_record(struct cairn_buf *said, const struct cairn_launch *l)
{
	cairn_auto_buf struct cairn_buf b = {0};
	enum cairn_status st = cairn_record_launch(&b, l);

	if (st == CAIRN_OK)
		say(said, cairn_buf_span(&b));
	return st;
}

static enum cairn_status read_record(struct cairn_buf *said, const struct cairn_buf *bytes)
{
	cairn_auto_json json_t *v = NULL;
	cairn_auto_launch struct cairn_launch l = {0};
	enum cairn_record_type t;
	enum cairn_status st = cairn_record_parse(&v, &t, cairn_buf_span(bytes));

	if (st == CAIRN_OK)
		st = cairn_launch_from_json(&l, v);
	return st == CAIRN_OK ? write_record(said, &l) : st;
}

static enum cairn_status write_manifest(struct cairn_buf *said, const struct cairn_manifest *m)
{
	cairn_auto_buf struct cairn_buf b = {0};
	enum cairn_status st = cairn_manifest_build(&b, m);

	if (st == CAIRN_OK)
		say(said, cairn_buf_span(&b));
	return st;
}

static enum cairn_status read_manifest(struct cairn_buf *said, const struct cairn_buf *bytes)
{
	cairn_auto_manifest struct cairn_manifest m = {0};
	enum cairn_status st = cairn_manifest_parse(&m, cairn_buf_span(bytes));

	return st == CAIRN_OK ? write_manifest(said, &m) : st;
}

#define TASK(name, call)                                                                                     \
	static enum cairn_status name(struct cairn_buf *said)                                                \
	{                                                                                                    \
		return call;                                                                                 \
	}
TASK(write_hvm, write_record(said, &in.hvm))
TASK(write_stub, write_record(said, &in.stub))
TASK(read_hvm, read_record(said, &in.hvm_record))
TASK(read_stub, read_record(said, &in.stub_record))
TASK(write_hvm_manifest, write_manifest(said, &in.for_hvm))
TASK(write_stub_manifest, write_manifest(said, &in.for_stub))
TASK(read_hvm_manifest, read_manifest(said, &in.hvm_payload))
TASK(read_stub_manifest, read_manifest(said, &in.stub_payload))

static void test_records(void **state)
{
	(void)state;
	each_fault(write_hvm, CAIRN_OK, CALM);
	each_fault(write_stub, CAIRN_OK, CALM);
	each_fault(read_hvm, CAIRN_OK, CALM);
	each_fault(read_stub, CAIRN_OK, CALM);
}

static void test_manifests(void **state)
{
	(void)state;
	each_fault(write_hvm_manifest, CAIRN_OK, CALM);
	each_fault(write_stub_manifest, CAIRN_OK, CALM);
	each_fault(read_hvm_manifest, CAIRN_OK, CALM);
	each_fault(read_stub_manifest, CAIRN_OK, CALM);
}

static int setup(void **state)
{
	(void)state;
	in.hvm = sample_hvm();
	in.stub = sample_stubdomain();
	in.for_hvm = sample_manifest_for(&in.hvm);
	in.for_hvm.pci[0].rom = in.hvm.pci[0].rom;
	in.for_stub = sample_manifest_for(&in.stub);
	assert_int_equal(cairn_record_launch(&in.hvm_record, &in.hvm), CAIRN_OK);
	assert_int_equal(cairn_record_launch(&in.stub_record, &in.stub), CAIRN_OK);
	assert_int_equal(cairn_manifest_build(&in.hvm_payload, &in.for_hvm), CAIRN_OK);
	assert_int_equal(cairn_manifest_build(&in.stub_payload, &in.for_stub), CAIRN_OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cairn_buf_fini(&in.hvm_record);
	cairn_buf_fini(&in.stub_record);
	cairn_buf_fini(&in.hvm_payload);
	cairn_buf_fini(&in.stub_payload);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_records),
	    cmocka_unit_test(test_manifests),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
