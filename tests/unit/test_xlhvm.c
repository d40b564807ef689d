/* Configurations of hvm domains, of disks and of PCI devices: libxl's defaults, the device model's arguments, and
 * what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "xen/xlcfg.h"

#define HEAD "name=\"g\"\ntype=\"hvm\"\nmemory=256\n"
#define STUB                                                                                                 \
	HEAD "device_model_version=\"qemu-xen\"\ndevice_model_stubdomain_override=1\n"                       \
	     "stubdomain_kernel=\"/s/k\"\nstubdomain_ramdisk=\"/s/r\"\n"
#define PV "name=\"g\"\nkernel=\"/k\"\nmemory=64\n"

static struct cairn_xlcfg c;
static char said[1024], emitted[8192], args[8192];

static enum cairn_status parse(const char *text)
{
	cairn_auto_buf struct cairn_buf why = {0};
	enum cairn_status st = cairn_xlcfg_parse(&c, cairn_span_str(text), &why);
	const char *w = cairn_buf_str(&why);

	snprintf(said, sizeof(said), "%s", w ? w : "");
	return st;
}

static void accept(const char *text)
{
	cairn_auto_buf struct cairn_buf out = {0}, dm = {0};
	const struct cairn_xlpaths paths = {.file = {NULL}};

	if (parse(text) != CAIRN_OK)
		fail_msg("%s: %s", text, said);
	assert_int_equal(cairn_xlcfg_emit(&out, &c, &paths), CAIRN_OK);
	snprintf(emitted, sizeof(emitted), "%s", cairn_buf_str(&out));
	if (c.type != CAIRN_DOMAIN_HVM)
		return;
	cairn_xlcfg_dm_args(&dm, &c);
	snprintf(args, sizeof(args), "%s", cairn_buf_str(&dm));
}

static void assert_emits(const char *line)
{
	if (!strstr(emitted, line))
		fail_msg("no %s in:\n%s", line, emitted);
}

static void assert_args(const char *part)
{
	if (!strstr(args, part))
		fail_msg("no %s in:\n%s", part, args);
}

/* Everything that libxl would decide by itself is in the text. */
static void test_defaults(void **state)
{
	static const char want[] =
	    "name = \"g\"\ntype = \"hvm\"\n"
	    "on_poweroff = \"destroy\"\non_reboot = \"destroy\"\non_crash = \"destroy\"\n"
	    "memory = 256\nvcpus = 1\n"
	    "acpi = 1\nacpi_laptop_slate = 0\nacpi_s3 = 1\nacpi_s4 = 1\napic = 1\nbios = \"seabios\"\n"
	    "boot = \"cda\"\ndevice_model_version = \"qemu-xen\"\nhdtype = \"ide\"\nhpet = 1\nlocaltime = 0\n"
	    "nestedhvm = 0\nnographic = 0\nnx = 1\npae = 1\nsdl = 0\n"
	    "timer_mode = \"no_delay_for_missed_ticks\"\nusb = 0\nvga = \"cirrus\"\nvideoram = 8\n"
	    "viridian = 0\nvnc = 1\nvncdisplay = 0\nvnclisten = \"127.0.0.1\"\nvncunused = 1\n"
	    "vpt_align = 1\nxen_platform_pci = 1\n"
	    "firmware_override = \"/usr/lib/xen-4.17/boot/hvmloader\"\n"
	    "bios_path_override = \"/usr/share/seabios/bios-256k.bin\"\n"
	    "device_model_stubdomain_override = 0\n"
	    "device_model_override = \"/usr/libexec/xen-qemu-system-i386\"\n"
	    "device_model_args_hvm = [ \"-L\", \"/usr/share/qemu\", \"-L\", \"/usr/share/seabios\" ]\n"
	    "vif = [ ]\n";

	(void)state;
	accept(HEAD);
	assert_string_equal(emitted, want);
	accept(HEAD "firmware=\"uefi\"\n");
	assert_emits("bios = \"ovmf\"\n");
	assert_emits("bios_path_override = \"/usr/share/ovmf/OVMF.fd\"\n");
	accept(HEAD "firmware=\"/boot/mine\"\nvga=\"none\"\nvnc=0\n");
	assert_emits("firmware_override = \"/boot/mine\"\n");
	assert_emits("videoram = 0\n");
	assert_null(strstr(emitted, "vnclisten"));
	accept(HEAD "vga=\"stdvga\"\nviridian=[\"base\",\"!freq\"]\nusbdevice=\"tablet\"\n");
	assert_emits("videoram = 16\n");
	assert_emits("viridian = [ \"base\", \"!freq\" ]\n");
	assert_emits("usbdevice = [ \"tablet\" ]\n");
	accept(HEAD "viridian=1\n");
	assert_emits("viridian = 1\n");
}

/* As libxl 4.17 builds them: libxl_dm.c, libxl__build_device_model_args_new. */
static void test_args(void **state)
{
	static const char want[] =
	    "{device-model} -xen-domid {domid} -no-shutdown "
	    "-chardev socket,id=libxl-cmd,path=/var/run/xen/qmp-libxl-{domid},server=on,wait=off "
	    "-mon chardev=libxl-cmd,mode=control "
	    "-chardev socket,id=libxenstat-cmd,path=/var/run/xen/qmp-libxenstat-{domid},server=on,wait=off "
	    "-mon chardev=libxenstat-cmd,mode=control -nodefaults -no-user-config -name g "
	    "-vnc 127.0.0.1:0,to=99 -display none -device cirrus-vga,vgamem_mb=8 -boot order=cda -net none "
	    "-machine xenfv,suppress-vmdesc=on -L /usr/share/qemu -L /usr/share/seabios -m 248";

	(void)state;
	accept(HEAD);
	assert_string_equal(args, want);
	accept(HEAD
	       "kernel=\"/k\"\nramdisk=\"/r\"\ncmdline=\"a b\"\nvcpus=2\nmaxvcpus=4\nserial=\"pty\"\nvnc=0\n"
	       "nographic=1\nacpi=0\nusb=1\nusbdevice=[\"tablet\",\"mouse\"]\nxen_platform_pci=0\n"
	       "keymap=\"en-us\"\nvif=['mac=00:16:3E:00:00:0A','type=vif']\n");
	assert_args(
	    "-vnc none -display none -k en-us -kernel {kernel} -initrd {ramdisk} -append \"a b\" "
	    "-serial pty -nographic -device cirrus-vga,vgamem_mb=8 -boot order=cda -usb -usbdevice tablet "
	    "-usbdevice mouse -no-acpi -smp 2,maxcpus=4 "
	    "-device rtl8139,id=nic0,netdev=net0,mac=00:16:3e:00:00:0a "
	    "-netdev type=tap,id=net0,ifname=vif{domid}.0-emu,br=xenbr0,script=no,downscript=no "
	    "-machine pc,accel=xen,suppress-vmdesc=on ");
	assert_null(strstr(args, "net1"));
}

static void test_disk_args(void **state)
{
	(void)state;
	accept(HEAD
	       "disk=['/d/a,raw,xvda,w','/d/b,raw,sdb,r','format=raw,vdev=hdc,devtype=cdrom,target=/d/c,d',"
	       "'/dev/x,raw,xvdf,r','/v,raw,hdd,rw,backend=store']\n");
	assert_args("-device lsi53c895a ");
	assert_args(" -drive file={xvda},if=ide,index=0,media=disk,format=raw,cache=writeback "
		    "-drive file={sdb},id=scsi0-hd1,format=raw,if=none,readonly=on,cache=writeback "
		    "-device scsi-hd,drive=scsi0-hd1,scsi-id=1 "
		    "-drive if=none,readonly=on,id=ide-5632,file={hdc},format=raw "
		    "-device ide-cd,id=ide-5632,drive=ide-5632,bus=ide.1,unit=0");
	assert_null(strstr(args, "xvdf"));
	assert_null(strstr(args, "hdd"));
	assert_emits("disk = [ \"format=raw,vdev=xvda,access=rw,devtype=disk,target=/d/a\", "
		     "\"format=raw,vdev=sdb,access=ro,devtype=disk,target=/d/b\", "
		     "\"format=raw,vdev=hdc,access=ro,devtype=cdrom,target=/d/c,d\", "
		     "\"format=raw,vdev=xvdf,access=ro,devtype=disk,target=/dev/x\", "
		     "\"format=raw,vdev=hdd,access=rw,devtype=disk,backend=0,target=/v\" ]\n");
	assert_string_equal(c.disk[4].backend, "store");
	accept(HEAD "hdtype=\"ahci\"\ndisk=['/d/a,raw,hda,w','/d/b,raw,xvde,w','/d/c,raw,xvdq,w']\n");
	assert_args(
	    "-device ahci,id=ahci0 -drive file={hda},if=none,id=ahcidisk-0,format=raw,cache=writeback "
	    "-device ide-hd,bus=ahci0.0,unit=0,drive=ahcidisk-0 "
	    "-drive file={xvde},if=none,id=ahcidisk-4,format=raw,cache=writeback "
	    "-device ide-hd,bus=ahci0.4,unit=0,drive=ahcidisk-4");
}

static void test_stub(void **state)
{
	(void)state;
	accept(STUB
	       "stubdomain_cmdline=\"debug\"\nstubdomain_memory=192\nkernel=\"/in/k\"\nramdisk=\"/in/r\"\n"
	       "serial=\"file:/var/log/xen/g.ser\"\ndisk=['/d/a,raw,xvdc,w']\n");
	assert_true(c.stubdomain);
	assert_emits("stubdomain_memory = 192\n");
	assert_emits("kernel = \"/in/k\"\nramdisk = \"/in/r\"\n");
	assert_emits(
	    "device_model_stubdomain_override = 1\n"
	    "device_model_override = \"/usr/libexec/xen-qemu-system-i386\"\n"
	    "device_model_args_pv = [ \"-L\", \"/usr/share/qemu\", \"-L\", \"/usr/share/seabios\" ]\n"
	    "stubdomain_kernel = \"/s/k\"\n"
	    "stubdomain_ramdisk = \"/s/r\"\nstubdomain_cmdline = \"debug\"\n");
	assert_null(strstr(emitted, "device_model_args_hvm"));
	assert_string_equal(
	    args, "stubdom-dm -xen-domid {domid} -no-shutdown -nodefaults -no-user-config -name g "
		  "-display none -kernel /in/k -initrd /in/r -serial /dev/hvc3 "
		  "-device cirrus-vga,vgamem_mb=8 -boot order=cda -net none "
		  "-machine xenfv,suppress-vmdesc=on -m 248 "
		  "-drive file=/dev/xvdc,if=ide,index=2,media=disk,format=host_device,cache=writeback");
	accept(HEAD "device_model_version=\"qemu-xen\"\ndevice_model_stubdomain_override=1\n");
	assert_emits("stubdomain_kernel = \"/usr/lib/xen-4.17/boot/qemu-stubdom-linux-kernel\"\n");
	assert_emits("stubdomain_ramdisk = \"/usr/lib/xen-4.17/boot/qemu-stubdom-linux-rootfs\"\n");
	assert_emits("stubdomain_memory = 128\n");
}

/* The words that a stub domain found in xenstore on a booted host (xl and libxl 4.17.7 of Debian 12), behind its own name. */
static void test_stub_as_seen(void **state)
{
	(void)state;
	accept("name=\"stubbed\"\ntype=\"hvm\"\nmemory=32\nvcpus=1\ntsc_mode=\"native\"\n"
	       "device_model_version=\"qemu-xen\"\ndevice_model_stubdomain_override=1\n"
	       "stubdomain_kernel=\"/s/k\"\nstubdomain_ramdisk=\"/s/r\"\nstubdomain_memory=256\n"
	       "disk=[\"format=raw,vdev=sda,access=r,target=/d/a\"]\nboot=\"c\"\n"
	       "serial=\"file:/var/log/xen/stubbed.serial\"\nvga=\"none\"\nvnc=0\n");
	assert_string_equal(
	    args,
	    "stubdom-dm -xen-domid {domid} -no-shutdown -nodefaults -no-user-config -name stubbed -display "
	    "none -device lsi53c895a -serial /dev/hvc3 -boot order=c -net none -machine "
	    "xenfv,suppress-vmdesc=on -m 32 -drive "
	    "file=/dev/xvda,id=scsi0-hd0,format=host_device,if=none,readonly=on,cache=writeback -device "
	    "scsi-hd,drive=scsi0-hd0,scsi-id=0");
}

static void test_pci(void **state)
{
	(void)state;
	accept(PV "pci_permissive=1\npci=['03:00.1','0001:0A:1f.7,seize=1,permissive=0']\n");
	assert_emits("pci = [ \"0000:03:00.1,permissive=1,seize=0,msitranslate=0,power_mgmt=0\", "
		     "\"0001:0a:1f.7,permissive=0,seize=1,msitranslate=0,power_mgmt=0\" ]\n");
	accept(PV "driver_domain=1\ncairn_serves=['vbd','vif']\ncpus=\"0-1,^3\"\ncap=50\n"
		  "seclabel=\"system_u:system_r:domU_t\"\n");
	assert_true(c.serves_vbd && c.serves_vif);
	assert_emits("seclabel = \"system_u:system_r:domU_t\"\ncap = 50\ncpus = \"0-1,^3\"\n");
	assert_null(strstr(emitted, "cairn_serves"));
}

static const struct {
	const char *text, *names;
	enum cairn_status st;
} bad[] = {
    {HEAD "ramdisk=\"/r\"", "kernel", CAIRN_E_MALFORMED},
    {HEAD "cmdline=\"x\"", "kernel", CAIRN_E_MALFORMED},
    {HEAD "kernel=\"/x/hvmloader\"", "hvmloader", CAIRN_E_UNSUPPORTED},
    {HEAD "bios=\"rombios\"", "bios", CAIRN_E_UNSUPPORTED},
    {HEAD "bios=\"ovmf\"\nfirmware=\"uefi\"", "firmware", CAIRN_E_UNSUPPORTED},
    {HEAD "firmware=\"u\"", "firmware", CAIRN_E_UNSUPPORTED},
    {HEAD "firmware=\"/a\"\nfirmware_override=\"/b\"", "firmware", CAIRN_E_UNSUPPORTED},
    {HEAD "firmware_override=\"b\"", "firmware_override", CAIRN_E_MALFORMED},
    {HEAD "device_model_version=\"qemu-xen-traditional\"", "device_model_version", CAIRN_E_UNSUPPORTED},
    {HEAD "device_model_stubdomain_override=1", "device_model_version", CAIRN_E_UNSUPPORTED},
    {HEAD "stubdomain_kernel=\"/s\"", "stubdomain_kernel", CAIRN_E_UNSUPPORTED},
    {HEAD "stubdomain_memory=64", "stubdomain_memory", CAIRN_E_UNSUPPORTED},
    {HEAD "vga=\"qxl\"", "vga", CAIRN_E_UNSUPPORTED},
    {HEAD "videoram=4", "videoram", CAIRN_E_MALFORMED},
    {HEAD "sdl=1", "sdl", CAIRN_E_MALFORMED},
    {HEAD "spice=1", "spice", CAIRN_E_UNSUPPORTED},
    {HEAD "vncpasswd=\"x\"", "vncpasswd", CAIRN_E_UNSUPPORTED},
    {HEAD "vnclisten=\"a.example\"", "vnclisten", CAIRN_E_UNSUPPORTED},
    {HEAD "device_model_args=[\"-x\"]", "device_model_args", CAIRN_E_UNSUPPORTED},
    {HEAD "device_model_user=\"x\"", "device_model_user", CAIRN_E_UNSUPPORTED},
    {HEAD "acpi_firmware=\"/x\"", "acpi_firmware", CAIRN_E_UNSUPPORTED},
    {HEAD "serial=\"file:/etc/passwd\"", "serial", CAIRN_E_UNSUPPORTED},
    {HEAD "serial=\"file:/var/log/xen/../x\"", "serial", CAIRN_E_UNSUPPORTED},
    {HEAD "serial=\"file:/var/log/xen/.x\"", "serial", CAIRN_E_UNSUPPORTED},
    {HEAD "serial=\"tcp::4444\"", "serial", CAIRN_E_UNSUPPORTED},
    {HEAD "usbdevice=\"host:1\"", "usbdevice", CAIRN_E_UNSUPPORTED},
    {HEAD "viridian=[\"odd\"]", "viridian", CAIRN_E_UNSUPPORTED},
    {HEAD "viridian=2", "viridian", CAIRN_E_MALFORMED},
    {HEAD "boot=\"x\"", "boot", CAIRN_E_UNSUPPORTED},
    {HEAD "acpi=2", "acpi", CAIRN_E_MALFORMED},
    {HEAD "keymap=\"../x\"", "keymap", CAIRN_E_UNSUPPORTED},
    {HEAD "vif=['model=ne2k']", "vif", CAIRN_E_UNSUPPORTED},
    {HEAD "disk=['/d,raw,xvda,r']", "disk", CAIRN_E_UNSUPPORTED},
    {HEAD "disk=['/d,raw,hdb,r']", "disk", CAIRN_E_UNSUPPORTED},
    {HEAD "hdtype=\"ahci\"\ndisk=['/d,raw,xvdf,r']", "disk", CAIRN_E_UNSUPPORTED},
    {HEAD "disk=[',,hdc,cdrom']", "disk", CAIRN_E_UNSUPPORTED},
    {PV "disk=['/d,qcow2,xvda,w']", "disk", CAIRN_E_UNSUPPORTED},
    {PV "disk=['/d,raw,xvda1,w']", "disk", CAIRN_E_UNSUPPORTED},
    {PV "disk=['/d,raw,xvdaa,w']", "disk", CAIRN_E_UNSUPPORTED},
    {PV "disk=['/d,raw,51712,w']", "disk", CAIRN_E_UNSUPPORTED},
    {PV "disk=['/d,raw,hde,w']", "disk", CAIRN_E_UNSUPPORTED},
    {PV "disk=['/d,raw,vda,w']", "disk", CAIRN_E_UNSUPPORTED},
    {PV "disk=['d,raw,xvda,w']", "disk", CAIRN_E_MALFORMED},
    {PV "disk=['/d,raw,xvda,w,script=x']", "disk", CAIRN_E_UNSUPPORTED},
    {PV "disk=['/d,raw,xvda,w,backendtype=qdisk']", "disk", CAIRN_E_UNSUPPORTED},
    {PV "disk=['/d,raw,xvda,w,direct-io-safe']", "disk", CAIRN_E_UNSUPPORTED},
    {PV "disk=['/d,raw,xvda,w,discard']", "disk", CAIRN_E_UNSUPPORTED},
    {PV "disk=['/d,raw,xvda,w,untrusted']", "disk", CAIRN_E_MALFORMED},
    {PV "disk=['/d,raw,xvda,w,colo,colo-host=a,colo-port=3']", "disk", CAIRN_E_UNSUPPORTED},
    {PV "disk=['/d,raw,xvda,w,specification=virtio']", "disk", CAIRN_E_UNSUPPORTED},
    {PV "disk=['iscsi:/d,xvda,w']", "disk", CAIRN_E_UNSUPPORTED},
    {PV "disk=['/d,raw,xvda,w,backend=3']", "disk", CAIRN_E_UNSUPPORTED},
    {PV "disk=['/d,raw,xvda,odd']", "disk", CAIRN_E_MALFORMED},
    {PV "disk=['/d,raw,xvda,w','/e,raw,xvda,w']", "disk", CAIRN_E_MALFORMED},
    {PV "disk=['']", "disk", CAIRN_E_MALFORMED},
    {PV "disk=1", "disk", CAIRN_E_MALFORMED},
    {PV "pci=['3:0.1']", "pci", CAIRN_E_MALFORMED},
    {PV "pci=['03:00.*']", "pci", CAIRN_E_MALFORMED},
    {PV "pci=['03:00']", "pci", CAIRN_E_MALFORMED},
    {PV "pci=['03:3f.0']", "pci", CAIRN_E_MALFORMED},
    {PV "pci=['03:00.9']", "pci", CAIRN_E_MALFORMED},
    {PV "pci=['03:00.0@4']", "pci", CAIRN_E_MALFORMED},
    {PV "pci=['']", "pci", CAIRN_E_MALFORMED},
    {PV "pci=['x']", "pci", CAIRN_E_MALFORMED},
    {PV "pci=['03:00.0,rdm_policy=strict']", "pci", CAIRN_E_UNSUPPORTED},
    {PV "pci=['03:00.0,name=x']", "pci", CAIRN_E_UNSUPPORTED},
    {PV "pci=['03:00.0,seize=2']", "pci", CAIRN_E_UNSUPPORTED},
    {PV "pci=['03:00.0','0000:03:00.0']", "pci", CAIRN_E_MALFORMED},
    {PV "pci=1", "pci", CAIRN_E_MALFORMED},
    {PV "pci_permissive=2", "pci_permissive", CAIRN_E_MALFORMED},
    {PV "cairn_serves=['vif']", "cairn_serves", CAIRN_E_MALFORMED},
    {PV "driver_domain=1\ncairn_serves=['usb']", "cairn_serves", CAIRN_E_UNSUPPORTED},
    {PV "driver_domain=1\ncairn_serves=['vif','vif']", "cairn_serves", CAIRN_E_UNSUPPORTED},
    {PV "seclabel=\"a b\"", "seclabel", CAIRN_E_MALFORMED},
    {PV "stubdomain_cmdline=\"x\"", "stubdomain_cmdline", CAIRN_E_UNSUPPORTED},
    {PV "stubdomain_kernel=\"/x\"", "stubdomain_kernel", CAIRN_E_UNSUPPORTED},
    {PV "device_model_stubdomain_seclabel=\"x\"", "device_model_stubdomain_seclabel", CAIRN_E_UNSUPPORTED},
    {PV "stubdomain_memory=64", "stubdomain_memory", CAIRN_E_UNSUPPORTED},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		enum cairn_status st = parse(bad[i].text);

		if (st != bad[i].st || !strstr(said, bad[i].names))
			fail_msg("%s: %s: %s", bad[i].text, cairn_status_name(st), said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),	 cmocka_unit_test(test_args),
	    cmocka_unit_test(test_disk_args),	 cmocka_unit_test(test_stub),
	    cmocka_unit_test(test_stub_as_seen), cmocka_unit_test(test_pci),
	    cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
