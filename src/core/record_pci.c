/* The PCI devices of a launch record: who they say they are, and how they are given away. */
#include <string.h>

#include "core/record_schema.h"

#define BDF_LEN 12 /* 0000:03:00.0 */

static const struct cairn_field DEVICE[] = {
    {.name = "bdf", .kind = CAIRN_F_TEXT, .min = BDF_LEN, .max = BDF_LEN},
    {.name = "class", .kind = CAIRN_F_HEX, .min = 3, .max = 3},
    {.name = "device", .kind = CAIRN_F_HEX, .min = 2, .max = 2},
    {.name = "permissive", .kind = CAIRN_F_BOOL},
    {.name = "revision", .kind = CAIRN_F_HEX, .min = 1, .max = 1},
    {.name = "rom_sha256",
     .kind = CAIRN_F_HEX,
     .min = CAIRN_SHA256_SIZE,
     .max = CAIRN_SHA256_SIZE,
     .optional = true},
    {.name = "seize", .kind = CAIRN_F_BOOL},
    {.name = "subdevice", .kind = CAIRN_F_HEX, .min = 2, .max = 2},
    {.name = "subvendor", .kind = CAIRN_F_HEX, .min = 2, .max = 2},
    {.name = "vendor", .kind = CAIRN_F_HEX, .min = 2, .max = 2},
    {0},
};
const struct cairn_field cairn_record_pci[] = {{.name = "", .kind = CAIRN_F_OBJECT, .sub = DEVICE}};

/* Lower case, so that one device has one name. */
static bool bdf_ok(const char *s)
{
	static const char form[] = "xxxx:xx:xx.7";

	for (size_t i = 0; i < BDF_LEN; i++) {
		const char *allowed = form[i] == 'x'   ? "0123456789abcdef"
				      : form[i] == '7' ? "01234567"
						       : NULL;

		if (allowed != NULL ? strchr(allowed, s[i]) == NULL : s[i] != form[i])
			return false;
	}
	return true;
}

bool cairn_record_pci_ok(const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *bdf = cairn_schema_str(json_array_get(array, i), "bdf");

		if (!bdf_ok(bdf))
			return false;
		for (size_t k = 0; k < i; k++)
			if (strcmp(cairn_schema_str(json_array_get(array, k), "bdf"), bdf) == 0)
				return false;
	}
	return true;
}

json_t *cairn_pci_hex(uint32_t n, size_t bytes)
{
	const uint8_t be[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

	/* A number that is too large for its place becomes one that no schema allows. */
	if (bytes < 4 && n >> (8 * bytes) != 0)
		bytes = 4;
	return cairn_json_hex(cairn_span(be + 4 - bytes, bytes));
}

uint32_t cairn_pci_number(const json_t *v, const char *member)
{
	uint32_t n = 0;

	for (const char *s = cairn_schema_str(v, member); *s != '\0'; s++)
		n = n << 4 | (uint32_t)(*s <= '9' ? *s - '0' : *s - 'a' + 10);
	return n;
}

static json_t *device_json(const struct cairn_pci_device *d)
{
	json_t *v =
	    json_pack("{s:o, s:o, s:o, s:b, s:o, s:b, s:o, s:o, s:o}", "bdf", cairn_schema_text(d->bdf),
		      "class", cairn_pci_hex(d->class, 3), "device", cairn_pci_hex(d->device, 2),
		      "permissive", d->permissive, "revision", cairn_pci_hex(d->revision, 1), "seize",
		      d->seize, "subdevice", cairn_pci_hex(d->subdevice, 2), "subvendor",
		      cairn_pci_hex(d->subvendor, 2), "vendor", cairn_pci_hex(d->vendor, 2));

	if (v != NULL && d->rom.alg != CAIRN_ALG_NONE &&
	    json_object_set_new(v, "rom_sha256", cairn_json_hex(cairn_digest_span(&d->rom))) != 0)
		cairn_json_release(&v);
	return v;
}

json_t *cairn_record_pci_json(const struct cairn_launch *l)
{
	json_t *array = json_array();

	for (size_t i = 0; array != NULL && i < l->pci_count; i++)
		if (json_array_append_new(array, device_json(&l->pci[i])) != 0)
			cairn_json_release(&array);
	return array;
}

static struct cairn_pci_device read_device(const json_t *v)
{
	return (struct cairn_pci_device){
	    .bdf = cairn_schema_str(v, "bdf"),
	    .vendor = (uint16_t)cairn_pci_number(v, "vendor"),
	    .device = (uint16_t)cairn_pci_number(v, "device"),
	    .subvendor = (uint16_t)cairn_pci_number(v, "subvendor"),
	    .subdevice = (uint16_t)cairn_pci_number(v, "subdevice"),
	    .class = cairn_pci_number(v, "class"),
	    .revision = (uint8_t)cairn_pci_number(v, "revision"),
	    .permissive = json_is_true(json_object_get(v, "permissive")),
	    .seize = json_is_true(json_object_get(v, "seize")),
	    .rom = cairn_schema_digest(CAIRN_ALG_SHA256, v, "rom_sha256"),
	};
}

void cairn_record_pci_read(struct cairn_launch *l, const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array) && i < CAIRN_PCI_MAX; i++)
		l->pci[l->pci_count++] = read_device(json_array_get(array, i));
}
