/* Sample records for units. */
#ifndef TESTS_UNIT_RECORDS_H
#define TESTS_UNIT_RECORDS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "cairn/launchlog.h"

#define KID_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KID_B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA"

static inline struct cairn_digest sample_digest(enum cairn_alg alg, const char *of)
{
	struct cairn_digest d = {0};

	assert_int_equal(cairn_hash(&d, alg, cairn_span_str(of)), CAIRN_OK);
	return d;
}

static inline struct cairn_component sample_component(const char *of)
{
	return (struct cairn_component){sample_digest(CAIRN_ALG_SHA256, of),
					sample_digest(CAIRN_ALG_SHA384, of), strlen(of)};
}

static inline struct cairn_host sample_host(void)
{
	return (struct cairn_host){
	    .agent = sample_digest(CAIRN_ALG_SHA256, "agent"),
	    .xen = sample_digest(CAIRN_ALG_SHA256, "xen"),
	    .kernel = sample_digest(CAIRN_ALG_SHA256, "vmlinuz"),
	    .build_id = "0123456789abcdef",
	    .xen_cmdline = "console=com1",
	    .dom0_cmdline = "console=hvc0 \"quoted\" \\ end",
	    .bank_count = 2,
	    .bank = {CAIRN_ALG_SHA384, CAIRN_ALG_SHA256},
	    .mode_service = "enforce",
	    .mode_guest = "record",
	    .pcrs = CAIRN_PCR_NUMBERS_DEFAULT,
	    .authority_count = 2,
	    .authority = {KID_B, KID_A},
	};
}

static inline struct cairn_launch sample_launch(void)
{
	return (struct cairn_launch){
	    .name = "netdrv",
	    .type = CAIRN_TYPE_PVH,
	    .uuid = "00112233-4455-6677-8899-aabbccddeeff",
	    .memory_mib = 128,
	    .vcpus = 1,
	    .cmdline = "console=hvc0 root=/dev/ram0",
	    .kernel = sample_component("kernel"),
	    .ramdisk = sample_component("ramdisk"),
	    .has_ramdisk = true,
	    .kernel_file = "/var/lib/cairn/images/vmlinuz",
	    .ramdisk_file = "/var/lib/cairn/images/netdrv.img",
	    .role_count = 2,
	    .role = {"service", "driver.network"},
	    .config_count = 2,
	    .config = {{"on_crash", "restart"}, {"driver_domain", "1"}},
	    .backend_count = 1,
	    .backend = {{"vif", "uplink"}},
	    .has_manifest = true,
	    .manifest = {KID_A, "netdrv", 3, sample_digest(CAIRN_ALG_SHA256, "jws")},
	    .restart = 1,
	};
}

/* It is read back as one of this type. */
static inline void assert_record(const struct cairn_buf *b, enum cairn_record_type want, json_t **out)
{
	enum cairn_record_type type = CAIRN_RECORD_TYPES;

	assert_int_equal(cairn_record_parse(out, &type, cairn_buf_span(b)), CAIRN_OK);
	assert_int_equal(type, want);
}

#endif
