/* Reading an IMA list, without its digests: bytes a second; and replaying it, against the bare extends. */
#include <string.h>

#include "cairn/ima.h"
#include "tests/bench/bench.h"

#define FLOOR 500e6 /* bytes a second */

struct input {
	struct cairn_buf list;
	struct cairn_ima log;
	unsigned entries;
};

static void load(struct input *in)
{
	bench_must(cairn_file_read(&in->list, "tests/data/ima/ima-charra-binary.bin", 1 << 20));
	bench_must(cairn_ima_open(&in->log, cairn_buf_span(&in->list)));
}

static void parse(void *arg)
{
	struct input *in = arg;
	struct cairn_ima_iter it = cairn_ima_iter(&in->log);
	struct cairn_ima_entry e;
	enum cairn_status s;

	do
		s = cairn_ima_next(&it, &e);
	while (s == CAIRN_OK);
	in->entries = it.number;
	bench_must(s == CAIRN_E_NOTFOUND ? CAIRN_OK : s);
}

static void replay(void *arg)
{
	const struct input *in = arg;
	struct cairn_ima_replay r;

	bench_must(cairn_ima_replay(&r, &in->log, NULL));
}

int main(void)
{
	struct input in = {0};
	double t[2];
	double rate;

	load(&in);
	bench_pair(t, parse, replay, &in, 20);
	rate = (double)in.list.len * 20 / t[0];
	bench_print("IMA list: parsing", rate / 1e6, "MB/s", ">= 500", rate >= FLOOR);
	bench_print("IMA list: replay of an entry in four banks, as two kernels",
		    t[1] / 20 / in.entries * 1e6, "us", "-", 1);
	cairn_buf_fini(&in.list);
	return 0;
}
