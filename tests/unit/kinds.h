/* Sample launches of the kinds that only version 2 of a record can describe, and the manifests that allow them. */
#ifndef TESTS_UNIT_KINDS_H
#define TESTS_UNIT_KINDS_H

#include "manifests.h"

static inline struct cairn_image sample_image(const char *purpose, const char *file)
{
	return (struct cairn_image){purpose, sample_component(purpose), file};
}

/* An hvm domain with QEMU in dom0 and a kernel of its own, a verity disk, one that is hashed and a writable one; it
 * serves disks, from a controller that it was given, and is the device model of another. */
static inline struct cairn_launch sample_hvm(void)
{
	struct cairn_launch l = sample_launch();

	l.type = CAIRN_TYPE_HVM;
	l.setup = (struct cairn_setup){
	    .component_count = 3,
	    .component = {sample_image(CAIRN_FIRMWARE, "/usr/lib/xen/boot/hvmloader"),
			  sample_image(CAIRN_BIOS, "/usr/share/seabios/bios-256k.bin"),
			  sample_image(CAIRN_DEVICE_MODEL, "/usr/libexec/xen-qemu-system-i386")},
	    .disk_count = 3,
	    .disk = {{"xvda", "Domain-0", CAIRN_DISK_VERITY, false, sample_digest(CAIRN_ALG_SHA256, "root"),
		      4096, "/dev/mapper/root"},
		     {"hdb", "Domain-0", CAIRN_DISK_IMAGE, false, sample_digest(CAIRN_ALG_SHA256, "image"),
		      512, "/srv/image"},
		     {.vdev = "xvdc", .backend = "uplink", .kind = CAIRN_DISK_UNMEASURED, .readwrite = true}},
	    .dm_args = "-nographic \"a b\"",
	    .xsm = "system_u:system_r:domU_t",
	};
	l.backend_count = 3;
	l.backend[1] = (struct cairn_backend_use){CAIRN_SERVES_VBD, "Domain-0"};
	l.backend[2] = (struct cairn_backend_use){CAIRN_SERVES_VBD, "uplink"};
	l.pci_count = 1;
	l.pci[0] = (struct cairn_pci_device){
	    "0000:03:00.0", 0x8086, 0x1533, 0x103c, 0x0003,
	    0x010802,	    3,	    true,   false,  sample_digest(CAIRN_ALG_SHA256, "rom")};
	l.serve_count = 2;
	l.serve[0] = CAIRN_SERVES_VIF;
	l.serve[1] = CAIRN_SERVES_VBD;
	l.target = "guest";
	return l;
}

/* An hvm domain whose device model is a stub domain, with a kernel that lies inside of that. */
static inline struct cairn_launch sample_stubdomain(void)
{
	struct cairn_launch l = sample_launch();

	l.type = CAIRN_TYPE_HVM;
	l.kernel = (struct cairn_component){0};
	l.has_ramdisk = false;
	l.setup = (struct cairn_setup){
	    .component_count = 3,
	    .component = {sample_image(CAIRN_STUBDOMAIN_RAMDISK, "/srv/stub.img"),
			  sample_image(CAIRN_STUBDOMAIN_KERNEL, "/srv/stub"),
			  sample_image(CAIRN_FIRMWARE, "/usr/lib/xen/boot/hvmloader")},
	    .stubdomain_cmdline = "console=hvc0",
	    .inside_kernel = "/vmlinuz",
	    .inside_ramdisk = "/initrd",
	};
	return l;
}

/* The service manifest that allows exactly this launch. */
static inline struct cairn_manifest sample_manifest_for(const struct cairn_launch *l)
{
	struct cairn_manifest m = sample_service();

	m.type = l->type;
	m.kernel = l->kernel;
	m.ramdisk = l->ramdisk;
	m.has_ramdisk = l->has_ramdisk;
	m.setup = l->setup;
	for (size_t i = 0; i < m.setup.disk_count; i++)
		m.setup.disk[i].backend = NULL;
	for (size_t i = 0; i < l->pci_count; i++, m.pci_count++)
		m.pci[i] = (struct cairn_pci_rule){.vendor = l->pci[i].vendor,
						   .device = l->pci[i].device,
						   .permissive = l->pci[i].permissive};
	m.serve_count = l->serve_count;
	memcpy(m.serve, l->serve, sizeof(m.serve));
	m.target_count = l->target != NULL;
	m.target[0] = l->target;
	return m;
}

#endif
