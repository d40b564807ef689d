/* The judging of two logs by a manifest, without the replay that nobody could pass by chance: u32 size, boot
 * log, u32 size, launch log, payload of a manifest. seeds: tests/data/fuzz-appraise */
#include <stdlib.h>

#include "src/core/appraise_part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct cairn_appraisal *a, const struct cairn_eventlog *log)
{
	struct cairn_launch_facts f = {0};
	struct cairn_parts p = {.domains = json_object()};
	if (cairn_launch_facts_read(&f, a) == CAIRN_OK && cairn_appraise_boot(&p, a, log, f.host) == CAIRN_OK)
		(void)!cairn_appraise_launches(&p, a, &f);
	struct cairn_part *parts[] = {&p.firmware, &p.boot, &p.xen, &p.dom0};
	for (size_t i = 0; i < 4; i++) {
		json_decref(cairn_part_json(parts[i]));
		cairn_reasons_fini(&parts[i]->reasons);
	}
	json_decref(p.domains);
	cairn_launch_facts_fini(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cairn_cur c = cairn_cur(cairn_span(data, size));
	struct cairn_span boot = cairn_cur_bytes(&c, cairn_cur_u32be(&c)),
			  launch = cairn_cur_bytes(&c, cairn_cur_u32be(&c));
	struct cairn_eventlog log;
	struct cairn_manifest m = {0};
	const struct cairn_manifest *list[] = {&m};
	bool has = cairn_manifest_parse(&m, cairn_cur_rest(&c)) == CAIRN_OK;
	struct cairn_appraisal a = {
	    .launch_log = launch, .manifest = list, .manifest_count = has, .now = 1500};
	judge(&a, cairn_eventlog_open(&log, boot) == CAIRN_OK ? &log : NULL);
	cairn_manifest_fini(&m);
	return 0;
}
