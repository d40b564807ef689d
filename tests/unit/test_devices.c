/* What dom0 says of devices: tables of dm-verity, PCI devices in a sysfs of the test's own. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xen/hv.h"

#define ROOT		   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TABLE(sizes, rest) "1 253:0 253:1 " sizes " 1 " rest
#define GOOD		   TABLE("4096 4096 256", "sha256 " ROOT " -")

/* 256 blocks of 4096 bytes are 2048 sectors. */
static void test_verity(void **state)
{
	static const char *const good[] = {GOOD, GOOD " 1 restart_on_corruption",
					   GOOD " 2 ignore_zero_blocks panic_on_corruption"};
	struct cairn_hv_disk d;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		memset(&d, 0, sizeof(d));
		assert_int_equal(cairn_verity_parse(&d, "verity", 2048, good[i]), CAIRN_OK);
		assert_true(d.block && d.verity);
		assert_int_equal(d.size, 1 << 20);
		assert_string_equal(cairn_digest_hex(&d.root).text, ROOT);
	}
	assert_int_equal(cairn_verity_parse(&d, "linear", 2048, "253:0 0"), CAIRN_E_NOTFOUND);
}

/* Everything by which a table could have the right root hash and yet give other bytes. */
static void test_verity_refused(void **state)
{
	static const struct {
		const char *params;
		enum cairn_status st;
	} bad[] = {
	    {GOOD " 1 ignore_corruption", CAIRN_E_UNSUPPORTED},
	    {GOOD " 1 check_at_most_once", CAIRN_E_UNSUPPORTED},
	    {GOOD " 2 ignore_zero_blocks", CAIRN_E_UNSUPPORTED},
	    {GOOD " 0 ignore_zero_blocks", CAIRN_E_UNSUPPORTED},
	    {GOOD " x", CAIRN_E_UNSUPPORTED},
	    {TABLE("4096 4096 255", "sha256 " ROOT " -"), CAIRN_E_UNSUPPORTED},
	    {TABLE("4096 4096 256", "sm3 " ROOT " -"), CAIRN_E_UNSUPPORTED},
	    {TABLE("4096 4096 256", "sha256 0123 -"), CAIRN_E_MALFORMED},
	    {TABLE("0 4096 256", "sha256 " ROOT " -"), CAIRN_E_MALFORMED},
	    {TABLE("4096 4096 0", "sha256 " ROOT " -"), CAIRN_E_MALFORMED},
	    {TABLE("4096 4096 -1", "sha256 " ROOT " -"), CAIRN_E_MALFORMED},
	    {TABLE("4096 4096 18446744073709551615", "sha256 " ROOT " -"), CAIRN_E_MALFORMED},
	    {TABLE("4096 4096 99999999999999999999", "sha256 " ROOT " -"), CAIRN_E_MALFORMED},
	    {"0 253:0 253:1 4096 4096 256 1 sha256 " ROOT " -", CAIRN_E_MALFORMED},
	    {"1 253:0 253:1 4096 4096 256 1 sha256 " ROOT, CAIRN_E_MALFORMED},
	    {"", CAIRN_E_MALFORMED},
	    {GOOD " 30 a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a", CAIRN_E_MALFORMED},
	};
	struct cairn_hv_disk d = {.size = 7};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		enum cairn_status st = cairn_verity_parse(&d, "verity", 2048, bad[i].params);

		if (st != bad[i].st)
			fail_msg("%s: %s", bad[i].params, cairn_status_name(st));
	}
	assert_int_equal(d.size, 7);
	assert_int_equal(cairn_verity_parse(&d, "verity", 2056, GOOD), CAIRN_E_UNSUPPORTED);
	assert_int_equal(cairn_verity_parse(&d, "verity", UINT64_MAX, GOOD), CAIRN_E_UNSUPPORTED);
}

static enum cairn_status no_mapper(void *context, struct cairn_hv_disk *out, dev_t dev)
{
	(void)context;
	(void)out;
	(void)dev;
	return CAIRN_E_NOTFOUND;
}

/* As dm-ioctl writes it: a head, then targets, each with its parameters behind it. */
static struct dm_ioctl *reply(const char *type, const char *params)
{
	static union {
		struct dm_ioctl io;
		char bytes[CAIRN_VERITY_REPLY];
	} r;
	struct dm_target_spec t = {.length = 2048};

	memset(&r, 0, sizeof(r));
	snprintf(t.target_type, sizeof(t.target_type), "%s", type);
	r.io.data_start = sizeof(r.io);
	r.io.target_count = 1;
	memcpy(r.bytes + sizeof(r.io), &t, sizeof(t));
	snprintf(r.bytes + sizeof(r.io) + sizeof(t), 512, "%s", params);
	r.io.data_size = (uint32_t)(sizeof(r.io) + sizeof(t) + strlen(params) + 1);
	return &r.io;
}

static void test_reply(void **state)
{
	struct cairn_hv_disk d = {0};
	struct dm_ioctl *io = reply("verity", GOOD);

	(void)state;
	assert_int_equal(cairn_verity_reply(&d, io), CAIRN_OK);
	assert_true(d.verity);
	assert_int_equal(cairn_verity_reply(&d, reply("linear", "253:0 0")), CAIRN_E_NOTFOUND);
	assert_int_equal(cairn_verity_reply(&d, reply("verity", GOOD " 1 ignore_corruption")),
			 CAIRN_E_UNSUPPORTED);
	io = reply("verity", GOOD);
	io->target_count = 2; /* the rest of the device is something else */
	assert_int_equal(cairn_verity_reply(&d, io), CAIRN_E_NOTFOUND);
	io = reply("verity", GOOD);
	io->flags = DM_BUFFER_FULL_FLAG;
	assert_int_equal(cairn_verity_reply(&d, io), CAIRN_E_LIMIT);
	io = reply("verity", GOOD);
	io->data_size = sizeof(*io) + sizeof(struct dm_target_spec);
	assert_int_equal(cairn_verity_reply(&d, io), CAIRN_E_LIMIT);
	io->data_size = CAIRN_VERITY_REPLY + 1;
	assert_int_equal(cairn_verity_reply(&d, io), CAIRN_E_LIMIT);
}

/* Where the machine lets no loop device be made, none is handed out. */
static void test_loop(void **state)
{
	const int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	int image = memfd_create("image", MFD_CLOEXEC | MFD_ALLOW_SEALING), fd = -1;
	char bytes[4096], back[sizeof(bytes)];
	struct cairn_hv_disk d = {0};

	(void)state;
	if (access("/dev/loop-control", R_OK | W_OK) != 0) {
		assert_int_equal(cairn_disk_loop(&fd, image), CAIRN_E_IO);
		assert_int_equal(fd, -1);
		close(image);
		return;
	}
	memset(bytes, 7, sizeof(bytes));
	assert_int_equal(write(image, bytes, sizeof(bytes)), sizeof(bytes));
	assert_int_equal(fcntl(image, F_ADD_SEALS, seals), 0);
	assert_int_equal(cairn_disk_loop(&fd, image), CAIRN_OK);
	close(image);
	assert_int_equal(cairn_disk_probe(&d, fd, no_mapper, NULL), CAIRN_OK);
	assert_true(d.block);
	assert_false(d.verity);
	assert_int_equal(read(fd, back, sizeof(back)), sizeof(back));
	assert_memory_equal(back, bytes, sizeof(back));
	close(fd);
	assert_int_equal(cairn_disk_loop(&fd, -1), CAIRN_E_IO);
}

static void test_probe(void **state)
{
	struct cairn_hv_disk d = {.block = true};
	int fd = open("/proc/self/exe", O_RDONLY);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(cairn_disk_probe(&d, fd, no_mapper, NULL), CAIRN_OK);
	assert_false(d.block);
	close(fd);
	assert_int_equal(cairn_disk_probe(&d, fd, no_mapper, NULL), CAIRN_E_IO);
}

static void test_memory(void **state)
{
	uint64_t bytes = 7;

	(void)state;
	assert_int_equal(cairn_memory_available(&bytes, "/proc/meminfo"), CAIRN_OK);
	assert_true(bytes > 1 << 20);
	assert_int_equal(cairn_memory_available(&bytes, "/proc/self/status"), CAIRN_E_MALFORMED);
	assert_int_equal(cairn_memory_available(&bytes, "/proc/none"), CAIRN_E_IO);
}

/* ---- PCI ---------------------------------------------------------------------------------------------- */

static char dir[] = "/tmp/cairn-devices.XXXXXX";
static const char *const attributes[][2] = {
    {"vendor", "0x8086\n"},	      {"device", "0x10d3\n"},  {"subsystem_vendor", "0x1af4\n"},
    {"subsystem_device", "0x1100\n"}, {"class", "0x020001\n"}, {"revision", "0x0a\n"},
};

static void put(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/0000:03:00.0/%s", dir, name);
	assert_int_equal(cairn_file_write(path, cairn_span_str(text), 0644), CAIRN_OK);
}

static int setup(void **state)
{
	char path[128];

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/0000:03:00.0", dir);
	if (mkdir(path, 0755) != 0)
		return -1;
	for (size_t i = 0; i < 6; i++)
		put(attributes[i][0], attributes[i][1]);
	return 0;
}

static int teardown(void **state)
{
	char path[128];

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "%s/0000:03:00.0/%s", dir, attributes[i][0]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/0000:03:00.0/rom", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/0000:03:00.0", dir);
	return rmdir(path) == 0 ? rmdir(dir) : -1;
}

static void test_identity(void **state)
{
	struct cairn_pci_device d = {0};
	struct cairn_digest rom;

	(void)state;
	assert_int_equal(cairn_pci_identify(&d, dir, "0000:03:00.0"), CAIRN_OK);
	assert_int_equal(d.vendor, 0x8086);
	assert_int_equal(d.device, 0x10d3);
	assert_int_equal(d.subvendor, 0x1af4);
	assert_int_equal(d.subdevice, 0x1100);
	assert_int_equal(d.class, 0x020001);
	assert_int_equal(d.revision, 0x0a);
	assert_int_equal(d.rom.alg, CAIRN_ALG_NONE);
	/* A file of the test's own keeps what was written to show it; the kernel's does not. */
	put("rom", "xROM");
	assert_int_equal(cairn_hash(&rom, CAIRN_ALG_SHA256, cairn_span_str("1ROM")), CAIRN_OK);
	assert_int_equal(cairn_pci_identify(&d, dir, "0000:03:00.0"), CAIRN_OK);
	assert_true(cairn_digest_equal(&d.rom, &rom));
	assert_int_equal(cairn_pci_identify(&d, dir, "0000:04:00.0"), CAIRN_E_NOTFOUND);
}

static void test_no_identity(void **state)
{
	static const char *const bad[] = {"8086\n", "0x8086", "0x18086\n", "0x80 86\n", "\n", "0xZ\n"};
	struct cairn_pci_device d = {.vendor = 7};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put("vendor", bad[i]);
		assert_int_equal(cairn_pci_identify(&d, dir, "0000:03:00.0"), CAIRN_E_MALFORMED);
	}
	put("vendor", "");
	assert_int_equal(cairn_pci_identify(&d, dir, "0000:03:00.0"), CAIRN_E_IO);
	put("vendor", "0x8086\n");
	snprintf(path, sizeof(path), "%s/0000:03:00.0/revision", dir);
	unlink(path);
	assert_int_equal(cairn_pci_identify(&d, dir, "0000:03:00.0"), CAIRN_E_IO);
	put("revision", "0x0a\n");
	assert_int_equal(d.vendor, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_verity),   cmocka_unit_test(test_verity_refused),
	    cmocka_unit_test(test_reply),    cmocka_unit_test(test_loop),
	    cmocka_unit_test(test_probe),    cmocka_unit_test(test_memory),
	    cmocka_unit_test(test_identity), cmocka_unit_test(test_no_identity),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
