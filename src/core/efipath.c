/* EFI device paths as text. UEFI 2.10, section 10.3 (the nodes, cited at each) and section 10.6.1 (the text). */
#include "cairn/efi.h"

#include <inttypes.h>
#include <string.h>

/* Appends the text of a node's body. A failed cursor: the body is not what it should be. What a node has beyond what is
 * shown is no mistake. */
typedef void node_fn(struct cairn_buf *out, struct cairn_cur *c);

static void put_hex(struct cairn_buf *out, struct cairn_span s)
{
	for (size_t i = 0; i < s.len; i++)
		cairn_buf_add_fmt(out, "%02X", s.ptr[i]);
}

static void put_guid(struct cairn_buf *out, struct cairn_cur *c)
{
	cairn_buf_add_str(out, cairn_guid_text(cairn_cur_bytes(c, CAIRN_GUID_SIZE)).text);
}

/* ---- hardware: 10.3.2 ------------------------------------------------------------------------------------------- */
static void pci(struct cairn_buf *out, struct cairn_cur *c)
{
	unsigned function = cairn_cur_u8(c), device = cairn_cur_u8(c);

	cairn_buf_add_fmt(out, "Pci(0x%X,0x%X)", device, function);
}

static void pccard(struct cairn_buf *out, struct cairn_cur *c)
{
	cairn_buf_add_fmt(out, "PcCard(0x%X)", cairn_cur_u8(c));
}

static void memory(struct cairn_buf *out, struct cairn_cur *c)
{
	uint32_t type = cairn_cur_u32le(c);
	uint64_t start = cairn_cur_u64le(c), end = cairn_cur_u64le(c);

	cairn_buf_add_fmt(out, "MemoryMapped(0x%" PRIX32 ",0x%" PRIX64 ",0x%" PRIX64 ")", type, start, end);
}

static void vendor(struct cairn_buf *out, struct cairn_cur *c, const char *name)
{
	struct cairn_span rest;

	cairn_buf_add_fmt(out, "%s(", name);
	put_guid(out, c);
	rest = cairn_cur_rest(c);
	if (rest.len > 0)
		cairn_buf_add_str(out, ",");
	put_hex(out, rest);
	cairn_buf_add_str(out, ")");
}

static void vendor_hardware(struct cairn_buf *out, struct cairn_cur *c)
{
	vendor(out, c, "VenHw");
}

static void controller(struct cairn_buf *out, struct cairn_cur *c)
{
	cairn_buf_add_fmt(out, "Ctrl(0x%" PRIX32 ")", cairn_cur_u32le(c));
}

/* ---- ACPI: 10.3.3 ----------------------------------------------------------------------------------------------- */
#define EISA_PNP 0x41d0 /* "PNP" packed as in an EISA identifier */

static void put_eisa(struct cairn_buf *out, uint32_t id)
{
	cairn_buf_add_fmt(out, "%c%c%c%04" PRIX32, (char)('@' + (id >> 10 & 0x1f)),
			  (char)('@' + (id >> 5 & 0x1f)), (char)('@' + (id & 0x1f)), id >> 16);
}

static void acpi(struct cairn_buf *out, struct cairn_cur *c)
{
	static const struct {
		uint32_t pnp;
		const char *name;
	} names[] = {{0x0a03, "PciRoot"},  {0x0a08, "PcieRoot"}, {0x0604, "Floppy"},
		     {0x0301, "Keyboard"}, {0x0501, "Serial"},	 {0x0401, "ParallelPort"}};
	uint32_t hid = cairn_cur_u32le(c), uid = cairn_cur_u32le(c);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (hid == (names[i].pnp << 16 | EISA_PNP)) {
			cairn_buf_add_fmt(out, "%s(0x%" PRIX32 ")", names[i].name, uid);
			return;
		}
	}
	cairn_buf_add_str(out, "Acpi(");
	if ((hid & 0xffff) == EISA_PNP)
		put_eisa(out, hid);
	else
		cairn_buf_add_fmt(out, "0x%08" PRIX32, hid);
	cairn_buf_add_fmt(out, ",0x%" PRIX32 ")", uid);
}

static void acpi_adr(struct cairn_buf *out, struct cairn_cur *c)
{
	cairn_buf_add_fmt(out, "AcpiAdr(0x%" PRIX32, cairn_cur_u32le(c));
	while (cairn_cur_left(c) >= 4)
		cairn_buf_add_fmt(out, ",0x%" PRIX32, cairn_cur_u32le(c));
	cairn_buf_add_str(out, ")");
}

/* ---- messaging: 10.3.4 ------------------------------------------------------------------------------------------ */
static void ata(struct cairn_buf *out, struct cairn_cur *c)
{
	unsigned secondary = cairn_cur_u8(c), slave = cairn_cur_u8(c), lun = cairn_cur_u16le(c);

	cairn_buf_add_fmt(out, "Ata(%s,%s,0x%X)", secondary ? "Secondary" : "Primary",
			  slave ? "Slave" : "Master", lun);
}

static void scsi(struct cairn_buf *out, struct cairn_cur *c)
{
	unsigned target = cairn_cur_u16le(c), lun = cairn_cur_u16le(c);

	cairn_buf_add_fmt(out, "Scsi(0x%X,0x%X)", target, lun);
}

static void fibre(struct cairn_buf *out, struct cairn_cur *c)
{
	uint64_t name, lun;

	(void)cairn_cur_u32le(c);
	name = cairn_cur_u64le(c);
	lun = cairn_cur_u64le(c);
	cairn_buf_add_fmt(out, "Fibre(0x%" PRIX64 ",0x%" PRIX64 ")", name, lun);
}

static void usb(struct cairn_buf *out, struct cairn_cur *c)
{
	unsigned port = cairn_cur_u8(c), interface = cairn_cur_u8(c);

	cairn_buf_add_fmt(out, "USB(0x%X,0x%X)", port, interface);
}

static void usb_class(struct cairn_buf *out, struct cairn_cur *c)
{
	unsigned v = cairn_cur_u16le(c), p = cairn_cur_u16le(c);
	unsigned class = cairn_cur_u8(c), subclass = cairn_cur_u8(c), protocol = cairn_cur_u8(c);

	cairn_buf_add_fmt(out, "UsbClass(0x%X,0x%X,0x%X,0x%X,0x%X)", v, p, class, subclass, protocol);
}

static void usb_wwid(struct cairn_buf *out, struct cairn_cur *c)
{
	unsigned interface = cairn_cur_u16le(c), v = cairn_cur_u16le(c), p = cairn_cur_u16le(c);

	cairn_buf_add_fmt(out, "UsbWwid(0x%X,0x%X,0x%X,\"", v, p, interface);
	cairn_text_utf16(out, cairn_span_chomp16(cairn_cur_rest(c)));
	cairn_buf_add_str(out, "\")");
}

static void unit(struct cairn_buf *out, struct cairn_cur *c)
{
	cairn_buf_add_fmt(out, "Unit(0x%X)", cairn_cur_u8(c));
}

static void sata(struct cairn_buf *out, struct cairn_cur *c)
{
	unsigned port = cairn_cur_u16le(c), multiplier = cairn_cur_u16le(c), lun = cairn_cur_u16le(c);

	cairn_buf_add_fmt(out, "Sata(0x%X,0x%X,0x%X)", port, multiplier, lun);
}

static void mac(struct cairn_buf *out, struct cairn_cur *c)
{
	struct cairn_span address = cairn_cur_bytes(c, 32);
	unsigned type = cairn_cur_u8(c);

	if (type <= 1 && address.len > 6) /* Ethernet */
		address.len = 6;
	cairn_buf_add_str(out, "MAC(");
	put_hex(out, address);
	cairn_buf_add_fmt(out, ",0x%X)", type);
}

static void put_ipv4(struct cairn_buf *out, struct cairn_cur *c)
{
	unsigned a = cairn_cur_u8(c), b = cairn_cur_u8(c), d = cairn_cur_u8(c), e = cairn_cur_u8(c);

	cairn_buf_add_fmt(out, "%u.%u.%u.%u", a, b, d, e);
}

static const char *ip_protocol(unsigned p)
{
	return p == 6 ? "TCP" : p == 17 ? "UDP" : "IP";
}

static void ipv4(struct cairn_buf *out, struct cairn_cur *c)
{
	struct cairn_cur local = *c;
	bool fixed;

	(void)cairn_cur_bytes(c, 4);
	cairn_buf_add_str(out, "IPv4(");
	put_ipv4(out, c);
	(void)cairn_cur_u32le(c); /* ports */
	cairn_buf_add_fmt(out, ",%s,", ip_protocol(cairn_cur_u16le(c)));
	fixed = cairn_cur_u8(c) != 0;
	cairn_buf_add_fmt(out, "%s,", fixed ? "Static" : "DHCP");
	put_ipv4(out, &local);
	cairn_buf_add_str(out, ")");
}

static void put_ipv6(struct cairn_buf *out, struct cairn_cur *c)
{
	for (int i = 0; i < 8; i++)
		cairn_buf_add_fmt(out, "%s%04X", i ? ":" : "", cairn_cur_u16be(c));
}

static void ipv6(struct cairn_buf *out, struct cairn_cur *c)
{
	struct cairn_cur local = *c;
	unsigned origin;

	(void)cairn_cur_bytes(c, 16);
	cairn_buf_add_str(out, "IPv6(");
	put_ipv6(out, c);
	(void)cairn_cur_u32le(c); /* ports */
	cairn_buf_add_fmt(out, ",%s,", ip_protocol(cairn_cur_u16le(c)));
	origin = cairn_cur_u8(c);
	cairn_buf_add_fmt(out, "%s,",
			  origin == 0	? "Static"
			  : origin == 1 ? "StatelessAutoConfigure"
					: "StatefulAutoConfigure");
	put_ipv6(out, &local);
	cairn_buf_add_str(out, ")");
}

static void vlan(struct cairn_buf *out, struct cairn_cur *c)
{
	cairn_buf_add_fmt(out, "Vlan(%u)", cairn_cur_u16le(c));
}

static void nvme(struct cairn_buf *out, struct cairn_cur *c)
{
	uint32_t namespace = cairn_cur_u32le(c);
	struct cairn_span eui = cairn_cur_bytes(c, 8);

	cairn_buf_add_fmt(out, "NVMe(0x%" PRIX32, namespace);
	for (size_t i = 0; i < eui.len; i++)
		cairn_buf_add_fmt(out, "%c%02X", i ? '-' : ',', eui.ptr[eui.len - 1 - i]);
	cairn_buf_add_str(out, ")");
}

static void uri(struct cairn_buf *out, struct cairn_cur *c)
{
	cairn_buf_add_str(out, "Uri(");
	cairn_text_utf8(out, cairn_span_chomp(cairn_cur_rest(c)));
	cairn_buf_add_str(out, ")");
}

static void ufs(struct cairn_buf *out, struct cairn_cur *c)
{
	unsigned target = cairn_cur_u8(c), lun = cairn_cur_u8(c);

	cairn_buf_add_fmt(out, "UFS(0x%X,0x%X)", target, lun);
}

static void sd(struct cairn_buf *out, struct cairn_cur *c)
{
	cairn_buf_add_fmt(out, "SD(0x%X)", cairn_cur_u8(c));
}

static void emmc(struct cairn_buf *out, struct cairn_cur *c)
{
	cairn_buf_add_fmt(out, "eMMC(0x%X)", cairn_cur_u8(c));
}

static void vendor_messaging(struct cairn_buf *out, struct cairn_cur *c)
{
	vendor(out, c, "VenMsg");
}

/* ---- media: 10.3.5 ---------------------------------------------------------------------------------------------- */
static void hard_drive(struct cairn_buf *out, struct cairn_cur *c)
{
	uint32_t number = cairn_cur_u32le(c);
	uint64_t start = cairn_cur_u64le(c), size = cairn_cur_u64le(c);
	struct cairn_span id = cairn_cur_bytes(c, CAIRN_GUID_SIZE);
	struct cairn_cur mbr = cairn_cur(id);
	unsigned type;

	(void)cairn_cur_u8(c); /* of the partition table */
	type = cairn_cur_u8(c);
	cairn_buf_add_fmt(out, "HD(%" PRIu32 ",", number);
	if (type == 2)
		cairn_buf_add_fmt(out, "GPT,%s", cairn_guid_text(id).text);
	else if (type == 1)
		cairn_buf_add_fmt(out, "MBR,0x%08" PRIX32, cairn_cur_u32le(&mbr));
	else
		cairn_buf_add_fmt(out, "%u,0", type);
	cairn_buf_add_fmt(out, ",0x%" PRIX64 ",0x%" PRIX64 ")", start, size);
}

static void cdrom(struct cairn_buf *out, struct cairn_cur *c)
{
	uint32_t entry = cairn_cur_u32le(c);
	uint64_t start = cairn_cur_u64le(c), size = cairn_cur_u64le(c);

	cairn_buf_add_fmt(out, "CDROM(0x%" PRIX32 ",0x%" PRIX64 ",0x%" PRIX64 ")", entry, start, size);
}

static void vendor_media(struct cairn_buf *out, struct cairn_cur *c)
{
	vendor(out, c, "VenMedia");
}

static void file(struct cairn_buf *out, struct cairn_cur *c)
{
	cairn_text_utf16(out, cairn_span_chomp16(cairn_cur_rest(c)));
}

static void media(struct cairn_buf *out, struct cairn_cur *c)
{
	cairn_buf_add_str(out, "Media(");
	put_guid(out, c);
	cairn_buf_add_str(out, ")");
}

static void fv_file(struct cairn_buf *out, struct cairn_cur *c)
{
	cairn_buf_add_str(out, "FvFile(");
	put_guid(out, c);
	cairn_buf_add_str(out, ")");
}

static void fv(struct cairn_buf *out, struct cairn_cur *c)
{
	cairn_buf_add_str(out, "Fv(");
	put_guid(out, c);
	cairn_buf_add_str(out, ")");
}

static void offset(struct cairn_buf *out, struct cairn_cur *c)
{
	uint64_t start, end;

	(void)cairn_cur_u32le(c);
	start = cairn_cur_u64le(c);
	end = cairn_cur_u64le(c);
	cairn_buf_add_fmt(out, "Offset(0x%" PRIX64 ",0x%" PRIX64 ")", start, end);
}

static void ram_disk(struct cairn_buf *out, struct cairn_cur *c)
{
	uint64_t start = cairn_cur_u64le(c), end = cairn_cur_u64le(c);

	cairn_buf_add_fmt(out, "RamDisk(0x%" PRIX64 ",0x%" PRIX64 ")", start, end);
}

/* ---- BIOS boot: 10.3.6 ------------------------------------------------------------------------------------------ */
static void bbs(struct cairn_buf *out, struct cairn_cur *c)
{
	static const char *const names[] = {"Floppy", "HD", "CDROM", "PCMCIA", "USB", "Network"};
	unsigned type = cairn_cur_u16le(c), flags = cairn_cur_u16le(c);

	if (type > 0 && type <= sizeof names / sizeof names[0])
		cairn_buf_add_fmt(out, "BBS(%s,", names[type - 1]);
	else
		cairn_buf_add_fmt(out, "BBS(0x%X,", type);
	cairn_text_utf8(out, cairn_span_chomp(cairn_cur_rest(c)));
	cairn_buf_add_fmt(out, ",0x%X)", flags);
}

/* Type and subtype: UEFI 2.10, table 10.1 and the tables of each node. */
static const struct {
	uint8_t type, subtype;
	node_fn *text;
} nodes[] = {
    {1, 1, pci},	{1, 2, pccard},	    {1, 3, memory},   {1, 4, vendor_hardware},
    {1, 5, controller}, {2, 1, acpi},	    {2, 3, acpi_adr}, {3, 1, ata},
    {3, 2, scsi},	{3, 3, fibre},	    {3, 5, usb},      {3, 10, vendor_messaging},
    {3, 11, mac},	{3, 12, ipv4},	    {3, 13, ipv6},    {3, 15, usb_class},
    {3, 16, usb_wwid},	{3, 17, unit},	    {3, 18, sata},    {3, 20, vlan},
    {3, 23, nvme},	{3, 24, uri},	    {3, 25, ufs},     {3, 26, sd},
    {3, 29, emmc},	{4, 1, hard_drive}, {4, 2, cdrom},    {4, 3, vendor_media},
    {4, 4, file},	{4, 5, media},	    {4, 6, fv_file},  {4, 7, fv},
    {4, 8, offset},	{4, 9, ram_disk},   {5, 1, bbs},
};

#define NODE_HEADER 4
#define END	    0x7f /* UEFI 2.10, section 10.3.1 */

static void put_node(struct cairn_buf *out, uint8_t type, uint8_t subtype, struct cairn_span body)
{
	size_t before = out->len;

	for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
		struct cairn_cur c = cairn_cur(body);

		if (nodes[i].type != type || nodes[i].subtype != subtype)
			continue;
		nodes[i].text(out, &c);
		if (cairn_cur_ok(&c))
			return;
		if (!out->failed)
			out->len = before;
	}
	cairn_buf_add_fmt(out, "Path(%u,%u,", type, subtype);
	put_hex(out, body);
	cairn_buf_add_str(out, ")");
}

enum cairn_status cairn_device_path_text(struct cairn_buf *out, struct cairn_span path)
{
	struct cairn_cur c = cairn_cur(path);
	bool first = true;

	for (int n = 0; cairn_cur_left(&c) > 0; n++) {
		uint8_t type = cairn_cur_u8(&c), subtype = cairn_cur_u8(&c);
		uint16_t len = cairn_cur_u16le(&c);
		struct cairn_span body;

		if (len < NODE_HEADER)
			cairn_cur_fail(&c, CAIRN_E_MALFORMED);
		if (n == CAIRN_DEVICE_PATH_NODES)
			cairn_cur_fail(&c, CAIRN_E_LIMIT);
		body = cairn_cur_bytes(&c, (uint64_t)len - NODE_HEADER);
		if (type == END) {
			/* Another path follows an end of one of several (10.3.1), or of a list of them (3.1.3). */
			if (cairn_cur_left(&c) > 0)
				cairn_buf_add_str(out, ",");
			first = true;
			continue;
		}
		if (!first)
			cairn_buf_add_str(out, "/");
		put_node(out, type, subtype, body);
		first = false;
	}
	return c.status;
}
