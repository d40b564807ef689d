/* Sample manifests for units. */
#ifndef TESTS_UNIT_MANIFESTS_H
#define TESTS_UNIT_MANIFESTS_H

#include "records.h"

#include "cairn/manifest.h"

/* The service manifest that allows sample_launch(). */
static inline struct cairn_manifest sample_service(void)
{
	return (struct cairn_manifest){
	    .kind = CAIRN_MANIFEST_SERVICE,
	    .name = "netdrv",
	    .release = 3,
	    .not_before = 1000,
	    .not_after = 2000,
	    .type = CAIRN_TYPE_PVH,
	    .cmdline = "console=hvc0 root=/dev/ram0",
	    .kernel = sample_component("kernel"),
	    .ramdisk = sample_component("ramdisk"),
	    .has_ramdisk = true,
	    .role_count = 2,
	    .role = {"service", "driver.network"},
	    .memory_max_mib = 128,
	    .vcpus_max = 1,
	    .backend_count = 2,
	    .backend = {"uplink", "Domain-0"},
	};
}

static inline struct cairn_manifest_event sample_event(unsigned pcr, const char *component, const char *text)
{
	return (struct cairn_manifest_event){pcr, component, sample_digest(CAIRN_ALG_SHA256, text),
					     sample_digest(CAIRN_ALG_SHA384, text), text};
}

/* End it with cairn_manifest_fini. */
static inline struct cairn_manifest sample_platform(void)
{
	static const struct {
		unsigned pcr;
		const char *component, *text;
	} events[] = {{4, "efi-cairn", "bootx64.efi"},
		      {8, "grub-cmd", "grub_cmd: boot"},
		      {9, "xen", "/cairn/xen.gz"},
		      {9, "dom0-kernel", "/cairn/vmlinuz"}};
	struct cairn_manifest m = {
	    .kind = CAIRN_MANIFEST_PLATFORM,
	    .name = "platform",
	    .release = 7,
	    .not_after = 2000,
	};
	cairn_auto_buf struct cairn_buf record = {0};
	struct cairn_host h = sample_host();

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		struct cairn_manifest_event e =
		    sample_event(events[i].pcr, events[i].component, events[i].text);

		assert_int_equal(cairn_manifest_add_event(&m, &e), CAIRN_OK);
	}
	h.initrd = sample_digest(CAIRN_ALG_SHA256, "initrd");
	assert_int_equal(cairn_record_host(&record, &h), CAIRN_OK);
	assert_int_equal(cairn_manifest_set_host_record(&m, cairn_buf_span(&record)), CAIRN_OK);
	return m;
}

#endif
