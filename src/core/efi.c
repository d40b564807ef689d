/* EFI structures of event logs: GUIDs, variables, signature lists, boot options, images, partition tables. */
#include "cairn/efi.h"

#include <stdio.h>
#include <string.h>

struct cairn_guid_text cairn_guid_text(struct cairn_span guid)
{
	static const uint8_t order[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
	struct cairn_guid_text t;
	size_t n = 0;

	for (size_t i = 0; i < sizeof order; i++) {
		uint8_t b = guid.len == CAIRN_GUID_SIZE ? guid.ptr[order[i]] : 0;

		if (i == 4 || i == 6 || i == 8 || i == 10)
			t.text[n++] = '-';
		(void)snprintf(t.text + n, sizeof t.text - n, "%02x", b);
		n += 2;
	}
	return t;
}

bool cairn_guid_is(struct cairn_span guid, const char *text)
{
	return guid.len == CAIRN_GUID_SIZE && strcmp(cairn_guid_text(guid).text, text) == 0;
}

/* UEFI 2.10 (3.3, 32.6.1, 32.4.1, 4.6), its annex on the platform initialisation, and the programs that own them. */
static const struct {
	const char *guid, *name;
} guids[] = {
    {CAIRN_GUID_GLOBAL, "EFI_GLOBAL_VARIABLE"},
    {CAIRN_GUID_IMAGE_SECURITY, "EFI_IMAGE_SECURITY_DATABASE"},
    {CAIRN_GUID_SHIM, "SHIM_LOCK"},
    {"77fa9abd-0359-4d32-bd60-28f4e78f784b", "MICROSOFT"},
    {"4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", "SYSTEMD_LOADER"},
    {"eb704011-1402-11d3-8e77-00a0c969723b", "MTC_VENDOR"},
    {"ec87d643-eba4-4bb5-a1e5-3f3e36b20da9", "AMI_SETUP"},
    {"f46ee6f4-4785-43a3-923d-7f786c3c8479", "INTEL_STARTUP_LOCALITY"},
    {"eb9d2d30-2d88-11d3-9a16-0090273fc14d", "ACPI_TABLE"},
    {"8868e871-e4f1-11d3-bc22-0080c73c8881", "ACPI_20_TABLE"},
    {"eb9d2d31-2d88-11d3-9a16-0090273fc14d", "SMBIOS_TABLE"},
    {"f2fd1544-9794-4a2c-992e-e5bbcf20e394", "SMBIOS3_TABLE"},
    {"eb9d2d2f-2d88-11d3-9a16-0090273fc14d", "MPS_TABLE"},
    {CAIRN_GUID_CERT_X509, "EFI_CERT_X509"},
    {CAIRN_GUID_CERT_SHA256, "EFI_CERT_SHA256"},
    {"c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "EFI_SYSTEM_PARTITION"},
    {"0fc63daf-8483-4772-8e79-3d69d8477de4", "LINUX_FILE_SYSTEM"},
    {"4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "LINUX_ROOT_X86_64"},
    {"21686148-6449-6e6f-744e-656564454649", "BIOS_BOOT"},
    {"e6d6d379-f507-44c2-a23c-238f2a3df928", "LINUX_LVM"},
    {"0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", "LINUX_SWAP"},
    {"e3c9e316-0b5c-4db8-817d-f92df00215ae", "MICROSOFT_RESERVED"},
    {"ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", "MICROSOFT_BASIC_DATA"},
    {"de94bba4-06d1-4d40-a16a-bfd50179d6ac", "WINDOWS_RECOVERY"},
};

const char *cairn_guid_name(struct cairn_span guid)
{
	for (size_t i = 0; i < sizeof guids / sizeof guids[0]; i++)
		if (cairn_guid_is(guid, guids[i].guid))
			return guids[i].name;
	return NULL;
}

/* ---- variables -------------------------------------------------------------------------------------------------- */
static struct cairn_efi_variable read_variable(struct cairn_cur *c)
{
	struct cairn_efi_variable v = {.guid = cairn_cur_bytes(c, CAIRN_GUID_SIZE)};
	uint64_t name = cairn_cur_u64le(c), data = cairn_cur_u64le(c);

	v.name = cairn_cur_bytes(c, name > UINT32_MAX ? UINT64_MAX : 2 * name);
	v.data = cairn_cur_bytes(c, data);
	return v;
}

enum cairn_status cairn_efi_variable_next(struct cairn_efi_variable *out, struct cairn_cur *c)
{
	struct cairn_efi_variable v = read_variable(c);

	if (cairn_cur_ok(c))
		*out = v;
	return c->status;
}

enum cairn_status cairn_efi_variable_read(struct cairn_efi_variable *out, struct cairn_span in)
{
	struct cairn_cur c = cairn_cur(in);
	struct cairn_efi_variable v = read_variable(&c);
	enum cairn_status s = cairn_cur_end(&c);

	if (s == CAIRN_OK)
		*out = v;
	return s;
}

bool cairn_efi_variable_is(const struct cairn_efi_variable *v, const char *guid, const char *name)
{
	return cairn_utf16_is(v->name, name) && cairn_guid_is(v->guid, guid);
}

bool cairn_efi_variable_content(struct cairn_span *out, struct cairn_span in, const char *guid,
				const char *name)
{
	struct cairn_cur c = cairn_cur(in);
	struct cairn_efi_variable v = read_variable(&c);

	if (cairn_cur_end(&c) != CAIRN_OK)
		return false;
	if (!cairn_efi_variable_is(&v, guid, name))
		return false;
	*out = v.data;
	return true;
}

/* ---- signature lists -------------------------------------------------------------------------------------------- */
#define LIST_HEADER 28 /* bytes of EFI_SIGNATURE_LIST before the SignatureHeader */

struct cairn_efi_signatures cairn_efi_signatures(struct cairn_span in)
{
	return (struct cairn_efi_signatures){.lists = cairn_cur(in)};
}

static void next_list(struct cairn_efi_signatures *it)
{
	struct cairn_cur *c = &it->lists;
	uint32_t list_size, header_size;

	it->type = cairn_cur_bytes(c, CAIRN_GUID_SIZE);
	list_size = cairn_cur_u32le(c);
	header_size = cairn_cur_u32le(c);
	it->size = cairn_cur_u32le(c);
	if (list_size < LIST_HEADER)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	it->list = cairn_cur_sub(c, (uint64_t)list_size - LIST_HEADER);
	(void)cairn_cur_bytes(&it->list, header_size);
	if (!cairn_cur_ok(&it->list)) /* a header that is longer than its list */
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	if (it->size <= CAIRN_GUID_SIZE)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
	else if (cairn_cur_left(&it->list) % it->size != 0)
		cairn_cur_fail(c, CAIRN_E_MALFORMED);
}

bool cairn_efi_signature_next(struct cairn_efi_signatures *it, struct cairn_efi_signature *out)
{
	while (cairn_cur_left(&it->lists) > 0 && cairn_cur_left(&it->list) == 0)
		next_list(it);
	if (!cairn_cur_ok(&it->lists) || cairn_cur_left(&it->list) == 0)
		return false;
	out->type = it->type;
	out->owner = cairn_cur_bytes(&it->list, CAIRN_GUID_SIZE);
	out->data = cairn_cur_bytes(&it->list, it->size - CAIRN_GUID_SIZE);
	return true;
}

enum cairn_status cairn_efi_signatures_check(struct cairn_span in, size_t *count)
{
	struct cairn_efi_signatures it = cairn_efi_signatures(in);
	struct cairn_efi_signature sig;
	size_t n = 0;

	while (cairn_efi_signature_next(&it, &sig))
		n++;
	if (it.lists.status == CAIRN_OK && count)
		*count = n;
	return it.lists.status;
}

const char *cairn_efi_signature_type_name(struct cairn_span type)
{
	static const struct {
		const char *guid, *name;
	} types[] = {
	    /* UEFI 2.10, section 32.4.1 */
	    {CAIRN_GUID_CERT_X509, "X.509"},
	    {CAIRN_GUID_CERT_SHA256, "SHA-256"},
	    {"826ca512-cf10-4ac9-b187-be01496631bd", "SHA-1"},
	    {"0b6e5233-a65c-44c9-9407-d9ab83bfc8bd", "SHA-224"},
	    {"ff3e5307-9fd0-48c9-85f1-8ad56c701e01", "SHA-384"},
	    {"093e0fae-a6c4-4f50-9f1b-d41e2b89c19a", "SHA-512"},
	    {"3c5766e8-269c-4e34-aa14-ed776e85b3b6", "RSA-2048"},
	    {"e2b36190-879b-4a3d-ad8d-f2e7bba32784", "RSA-2048-SHA-256"},
	    {"67f8444f-8743-48f1-a328-1eaab8736080", "RSA-2048-SHA-1"},
	    {"3bd2a492-96c0-4079-b420-fcf98ef103ed", "X.509-SHA-256"},
	    {"7076876e-80c2-4ee6-aad2-28b349a6865b", "X.509-SHA-384"},
	    {"446dbf63-2502-4cda-bcfa-2465d2b0fe9d", "X.509-SHA-512"},
	    {"4aafd29d-68df-49ee-8aa9-347d375665a7", "PKCS#7"},
	};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (cairn_guid_is(type, types[i].guid))
			return types[i].name;
	return NULL;
}

/* ---- boot options ----------------------------------------------------------------------------------------------- */
enum cairn_status cairn_efi_load_option_read(struct cairn_efi_load_option *out, struct cairn_span in)
{
	struct cairn_cur c = cairn_cur(in);
	struct cairn_efi_load_option o = {.attributes = cairn_cur_u32le(&c)};
	uint16_t path_len = cairn_cur_u16le(&c);
	struct cairn_cur text = c;
	size_t len = 0;

	while (cairn_cur_u16le(&text) != 0)
		len += 2;
	o.description = cairn_cur_bytes(&c, len);
	(void)cairn_cur_u16le(&c); /* the NUL */
	o.path = cairn_cur_bytes(&c, path_len);
	o.optional = cairn_cur_rest(&c);
	if (cairn_cur_ok(&c))
		*out = o;
	return c.status;
}

/* ---- images and blobs ------------------------------------------------------------------------------------------- */
enum cairn_status cairn_efi_image_load_read(struct cairn_efi_image_load *out, struct cairn_span in)
{
	struct cairn_cur c = cairn_cur(in);
	struct cairn_efi_image_load i = {.address = cairn_cur_u64le(&c)};

	i.size = cairn_cur_u64le(&c);
	i.link_address = cairn_cur_u64le(&c);
	i.path = cairn_cur_bytes(&c, cairn_cur_u64le(&c));
	i.trailing = cairn_cur_rest(&c);
	if (cairn_cur_ok(&c))
		*out = i;
	return c.status;
}

enum cairn_status cairn_efi_blob_read(struct cairn_efi_blob *out, struct cairn_span in, bool described)
{
	struct cairn_cur c = cairn_cur(in);
	struct cairn_efi_blob b = {0};
	enum cairn_status s;

	if (described)
		b.description = cairn_cur_bytes(&c, cairn_cur_u8(&c));
	b.base = cairn_cur_u64le(&c);
	b.size = cairn_cur_u64le(&c);
	s = cairn_cur_end(&c);
	if (s == CAIRN_OK)
		*out = b;
	return s;
}

#define TABLE_SIZE (CAIRN_GUID_SIZE + 8) /* EFI_CONFIGURATION_TABLE: UEFI 2.10, section 4.6 */

enum cairn_status cairn_efi_handoff_read(struct cairn_efi_handoff *out, struct cairn_span in, bool described)
{
	struct cairn_cur c = cairn_cur(in);
	struct cairn_efi_handoff h = {0};
	enum cairn_status s;

	if (described)
		h.description = cairn_cur_bytes(&c, cairn_cur_u8(&c));
	h.count = cairn_cur_u64le(&c);
	h.tables = cairn_cur_bytes(&c, h.count > UINT32_MAX ? UINT64_MAX : h.count * TABLE_SIZE);
	s = cairn_cur_end(&c);
	if (s == CAIRN_OK)
		*out = h;
	return s;
}

/* ---- partition tables ------------------------------------------------------------------------------------------- */
/* EFI_PARTITION_TABLE_HEADER, UEFI 2.10, section 5.3.2: offsets of what is used, and its size. */
enum { GPT_DISK = 56, GPT_ENTRY_SIZE = 84, GPT_HEADER = 92 };
#define GPT_ENTRY_MIN 128

enum cairn_status cairn_efi_gpt_read(struct cairn_efi_gpt *out, struct cairn_span in)
{
	struct cairn_cur c = cairn_cur(in);
	struct cairn_cur header = cairn_cur_sub(&c, GPT_HEADER);
	struct cairn_efi_gpt g = {0};
	enum cairn_status s;

	if (!cairn_span_equal(cairn_cur_bytes(&header, 8), cairn_span("EFI PART", 8)))
		cairn_cur_fail(&c, CAIRN_E_MALFORMED);
	(void)cairn_cur_bytes(&header, GPT_DISK - 8);
	g.disk = cairn_cur_bytes(&header, CAIRN_GUID_SIZE);
	(void)cairn_cur_bytes(&header, GPT_ENTRY_SIZE - GPT_DISK - CAIRN_GUID_SIZE);
	g.entry_size = cairn_cur_u32le(&header);
	g.count = cairn_cur_u64le(&c);
	if (g.entry_size < GPT_ENTRY_MIN)
		cairn_cur_fail(&c, CAIRN_E_MALFORMED);
	g.entries = cairn_cur_bytes(&c, g.count > UINT16_MAX ? UINT64_MAX : g.count * g.entry_size);
	s = cairn_cur_end(&c);
	if (s == CAIRN_OK)
		*out = g;
	return s;
}

/* EFI_PARTITION_ENTRY, UEFI 2.10, section 5.3.3. */
struct cairn_efi_partition cairn_efi_partition(const struct cairn_efi_gpt *gpt, uint64_t index)
{
	struct cairn_cur c = cairn_cur(gpt->entries);
	struct cairn_efi_partition p;

	(void)cairn_cur_bytes(&c, index * gpt->entry_size);
	p.type = cairn_cur_bytes(&c, CAIRN_GUID_SIZE);
	p.id = cairn_cur_bytes(&c, CAIRN_GUID_SIZE);
	p.first = cairn_cur_u64le(&c);
	p.last = cairn_cur_u64le(&c);
	(void)cairn_cur_u64le(&c); /* attributes */
	p.name = cairn_span_chomp16(cairn_cur_bytes(&c, 72));
	return p;
}
