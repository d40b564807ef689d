/* Device paths as text: a node of each kind, nodes that are not what they should be, and paths without an end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cairn/efi.h"

#define GUID	  "\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c"
#define N64(c)	  c "\0\0\0\0\0\0\0"
#define N32(c)	  c "\0\0\0"
#define GUID_TEXT "8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* Of each the body; cut by a byte it is Path(type,subtype,hex). */
static const struct node {
	uint8_t type, subtype;
	bool open; /* its end is text or hex of any length */
	const char *body;
	size_t len;
	const char *text;
} nodes[] = {
#define NODE(type, subtype, body, text)                                                                      \
	{                                                                                                    \
		type, subtype, false, body, sizeof(body) - 1, text                                           \
	}
#define OPEN(type, subtype, body, text)                                                                      \
	{                                                                                                    \
		type, subtype, true, body, sizeof(body) - 1, text                                            \
	}
    NODE(1, 1, "\2\x1d", "Pci(0x1D,0x2)"),
    NODE(1, 2, "\3", "PcCard(0x3)"),
    NODE(1, 3, N32("\x0b") N64("\1") N64("\2"), "MemoryMapped(0xB,0x1,0x2)"),
    OPEN(1, 4, GUID "\xab", "VenHw(" GUID_TEXT ",AB)"),
    OPEN(1, 4, GUID, "VenHw(" GUID_TEXT ")"),
    NODE(1, 5, N32("\5"), "Ctrl(0x5)"),
    NODE(2, 1, "\xd0\x41\x03\x0a" N32("\0"), "PciRoot(0x0)"),
    NODE(2, 1, "\xd0\x41\x08\x0a" N32("\1"), "PcieRoot(0x1)"),
    NODE(2, 1, "\xd0\x41\x04\x06" N32("\0"), "Floppy(0x0)"),
    NODE(2, 1, "\xd0\x41\x01\x03" N32("\0"), "Keyboard(0x0)"),
    NODE(2, 1, "\xd0\x41\x01\x05" N32("\0"), "Serial(0x0)"),
    NODE(2, 1, "\xd0\x41\x01\x04" N32("\0"), "ParallelPort(0x0)"),
    NODE(2, 1, "\xd0\x41\x0f\x0c" N32("\2"), "Acpi(PNP0C0F,0x2)"),
    NODE(2, 1, "\1\2\3\4" N32("\2"), "Acpi(0x04030201,0x2)"),
    OPEN(2, 3, N32("\1") N32("\2"), "AcpiAdr(0x1,0x2)"),
    NODE(3, 1, "\1\0\2\0", "Ata(Secondary,Master,0x2)"),
    NODE(3, 1, "\0\1\2\0", "Ata(Primary,Slave,0x2)"),
    NODE(3, 2, "\1\0\2\0", "Scsi(0x1,0x2)"),
    NODE(3, 3, N32("\0") N64("\1") N64("\2"), "Fibre(0x1,0x2)"),
    NODE(3, 5, "\3\1", "USB(0x3,0x1)"),
    OPEN(3, 10, GUID "\1\2", "VenMsg(" GUID_TEXT ",0102)"),
    NODE(3, 11,
	 "\1\2\3\4\5\6"
	 "01234567890123456789012345"
	 "\1",
	 "MAC(010203040506,0x1)"),
    NODE(3, 11,
	 "ABCDEFGHABCDEFGHABCDEFGHABCDEFGH"
	 "\2",
	 "MAC(4142434445464748414243444546474841424344454647484142434445464748,0x2)"),
    NODE(3, 12,
	 "\x0a\0\0\1\x0a\0\0\2"
	 "\0\0\0\0"
	 "\6\0"
	 "\1",
	 "IPv4(10.0.0.2,TCP,Static,10.0.0.1)"),
    NODE(3, 12,
	 "\x0a\0\0\1\x0a\0\0\2"
	 "\0\0\0\0"
	 "\x11\0"
	 "\0",
	 "IPv4(10.0.0.2,UDP,DHCP,10.0.0.1)"),
    NODE(3, 13,
	 "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
	 "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\2"
	 "\0\0\0\0"
	 "\0\0"
	 "\1",
	 "IPv6(FE80:0000:0000:0000:0000:0000:0000:0002,IP,StatelessAutoConfigure,"
	 "FE80:0000:0000:0000:0000:0000:0000:0001)"),
    NODE(3, 15, "\1\0\2\0\3\4\5", "UsbClass(0x1,0x2,0x3,0x4,0x5)"),
    OPEN(3, 16, "\1\0\2\0\3\0S\0N\0", "UsbWwid(0x2,0x3,0x1,\"SN\")"),
    NODE(3, 17, "\7", "Unit(0x7)"),
    NODE(3, 18, "\1\0\xff\xff\0\0", "Sata(0x1,0xFFFF,0x0)"),
    NODE(3, 20, "\x2a\0", "Vlan(42)"),
    NODE(3, 23, N32("\1") "\1\2\3\4\5\6\7\x08", "NVMe(0x1,08-07-06-05-04-03-02-01)"),
    OPEN(3, 24, "https://x/\n", "Uri(https://x/\\u000a)"),
    NODE(3, 25, "\1\2", "UFS(0x1,0x2)"),
    NODE(3, 26, "\1", "SD(0x1)"),
    NODE(3, 29, "\1", "eMMC(0x1)"),
    NODE(4, 1, N32("\1") N64("\x10") N64("\x20") GUID "\2\2", "HD(1,GPT," GUID_TEXT ",0x10,0x20)"),
    NODE(4, 1, N32("\1") N64("\x10") N64("\x20") GUID "\1\1", "HD(1,MBR,0x8BE4DF61,0x10,0x20)"),
    NODE(4, 1, N32("\1") N64("\x10") N64("\x20") GUID "\0\0", "HD(1,0,0,0x10,0x20)"),
    NODE(4, 2, N32("\1") N64("\2") N64("\3"), "CDROM(0x1,0x2,0x3)"),
    OPEN(4, 3, GUID, "VenMedia(" GUID_TEXT ")"),
    OPEN(4, 4, "\\\0E\0F\0I\0\\\0a\0.\0e\0f\0i\0\0\0", "\\EFI\\a.efi"),
    NODE(4, 5, GUID, "Media(" GUID_TEXT ")"),
    NODE(4, 6, GUID, "FvFile(" GUID_TEXT ")"),
    NODE(4, 7, GUID, "Fv(" GUID_TEXT ")"),
    NODE(4, 8, N32("\0") N64("\1") N64("\2"), "Offset(0x1,0x2)"),
    NODE(4, 9, N64("\1") N64("\2") "more than is shown", "RamDisk(0x1,0x2)"),
    OPEN(5, 1,
	 "\2\0\1\0"
	 "Disk\0",
	 "BBS(HD,Disk,0x1)"),
    OPEN(5, 1, "\1\0\0\0", "BBS(Floppy,,0x0)"),
    OPEN(5, 1, "\3\0\0\0", "BBS(CDROM,,0x0)"),
    OPEN(5, 1, "\4\0\0\0", "BBS(PCMCIA,,0x0)"),
    OPEN(5, 1, "\5\0\0\0", "BBS(USB,,0x0)"),
    OPEN(5, 1, "\6\0\0\0", "BBS(Network,,0x0)"),
    OPEN(5, 1, "\0\0\0\0", "BBS(0x0,,0x0)"),
    OPEN(5, 1, "\7\0\0\0", "BBS(0x7,,0x0)"),
    OPEN(5, 1, "\xff\xff\1\0", "BBS(0xFFFF,,0x1)"),
    OPEN(6, 1, "\xab", "Path(6,1,AB)"),
    OPEN(3, 99, "", "Path(3,99,)"),
};

static void put(struct cairn_buf *b, uint8_t type, uint8_t subtype, const char *body, size_t len)
{
	cairn_buf_add_u8(b, type);
	cairn_buf_add_u8(b, subtype);
	cairn_buf_add_u8(b, (uint8_t)(len + 4));
	cairn_buf_add_u8(b, (uint8_t)((len + 4) >> 8));
	cairn_buf_add(b, cairn_span(body, len));
}

static void assert_path(const struct cairn_buf *path, const char *want)
{
	cairn_auto_buf struct cairn_buf text = {0};

	assert_int_equal(cairn_device_path_text(&text, cairn_buf_span(path)), CAIRN_OK);
	assert_string_equal(cairn_buf_str(&text), want);
}

static void each_node(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
		cairn_auto_buf struct cairn_buf b = {0};

		put(&b, nodes[i].type, nodes[i].subtype, nodes[i].body, nodes[i].len);
		assert_path(&b, nodes[i].text);
	}
}

static void each_node_too_short(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
		for (size_t n = 0; !nodes[i].open && n < nodes[i].len; n++) {
			cairn_auto_buf struct cairn_buf b = {0}, text = {0};

			if (nodes[i].type == 4 && nodes[i].subtype == 9 && n >= 16)
				break;
			put(&b, nodes[i].type, nodes[i].subtype, nodes[i].body, n);
			assert_int_equal(cairn_device_path_text(&text, cairn_buf_span(&b)), CAIRN_OK);
			if (memcmp(cairn_buf_str(&text), "Path(", 5) != 0)
				fail_msg("%zu bytes: %s", n, cairn_buf_str(&text));
		}
	}
}

static void whole_paths(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0}, text = {0};

	(void)state;
	assert_path(&b, "");
	put(&b, 2, 1, "\xd0\x41\x03\x0a" N32("\0"), 8);
	put(&b, 1, 1, "\0\1", 2);
	put(&b, 4, 4, "\\\0a\0", 4);
	assert_path(&b, "PciRoot(0x0)/Pci(0x1,0x0)/\\a");
	put(&b, 0x7f, 0xff, "", 0);
	assert_path(&b, "PciRoot(0x0)/Pci(0x1,0x0)/\\a");
	put(&b, 1, 1, "\0\2", 2);
	put(&b, 0x7f, 0x01, "", 0);
	put(&b, 1, 1, "\0\3", 2);
	assert_path(&b, "PciRoot(0x0)/Pci(0x1,0x0)/\\a,Pci(0x2,0x0),Pci(0x3,0x0)");
	for (size_t n = 1; n < b.len; n++) {
		enum cairn_status s = cairn_device_path_text(&text, cairn_span(b.ptr, n));

		if (n != 12 && n != 18 && n != 26 && n != 30 && n != 36 && n != 40)
			assert_int_equal(s, CAIRN_E_TRUNCATED);
	}
}

static void bad_paths(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0}, text = {0};

	(void)state;
	for (char len = 0; len < 4; len++) { /* a node shorter than its header would never end */
		const char node[] = {1, 1, len, 0, 0, 0, 0, 0};

		assert_int_equal(cairn_device_path_text(&text, cairn_span(node, sizeof node)),
				 CAIRN_E_MALFORMED);
	}
	for (int i = 0; i < CAIRN_DEVICE_PATH_NODES; i++)
		put(&b, 3, 17, "\1", 1);
	assert_int_equal(cairn_device_path_text(&text, cairn_buf_span(&b)), CAIRN_OK);
	put(&b, 3, 17, "\1", 1);
	assert_int_equal(cairn_device_path_text(&text, cairn_buf_span(&b)), CAIRN_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_node),
	    cmocka_unit_test(each_node_too_short),
	    cmocka_unit_test(whole_paths),
	    cmocka_unit_test(bad_paths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
