/* The recorded logs that are as a machine made them, and how many of their events are the digests of their data. */
#ifndef CAIRN_TEST_GENUINE_LOGS_H
#define CAIRN_TEST_GENUINE_LOGS_H

#include "cairn/eventlog.h"
#include "tests/unit/data_fixture.h"

static const struct {
	const char *name;
	size_t matches;
} genuine_logs[] = {
    {"tcg2-amd635.bin", 67},
    {"tcg2-archlinux-workstation.bin", 20},
    {"tcg2-charra-sha256only.bin", 86},
    {"tcg2-dell-windows.bin", 34},
    {"tcg2-ff-padded-memdump.bin", 89},
    {"tcg2-gce-rhel8.bin", 75},
    {"tcg2-hcrtm-sm3.bin", 105},
    {"tcg2-hirs-tpmlog.bin", 25},
    {"tcg2-ludmilla-realpcr.bin", 95},
    {"tcg2-sdboot-fedora37.bin", 24},
    {"tcg2-sp800155-noaction.bin", 41},
    {"tcg2-startuplocality3-glinux.bin", 21},
    {"tcg2-supermicro-h12ssl.bin", 92},
    {"tcg12-debian10-sha1.bin", 22},
    {"tcg12-hirs-sha1.bin", 22},
    {"tcg12-optionrom.bin", 55},
    {"tcg12-lenovo-x1carbon3-win.bin", 31},
    {"drtm-intel-txt.bin", 13},
    {"ccel-tdx-sha384.bin", 12},
    {"xen-grub-swtpm.bin", 28},
};

static inline void genuine_open(struct cairn_eventlog *log, struct cairn_buf *bytes, const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof path, "eventlog/%s", name);
	data_load(bytes, path);
	assert_int_equal(cairn_eventlog_open(log, cairn_buf_span(bytes)), CAIRN_OK);
}

#endif
