/* TPM makers: TCG TPM Vendor ID Registry, family 1.2 and 2.0, version 1.06, revision 0.96. An id is four bytes of
 * text, which makers fill up with NULs or with spaces. */
#include "keys/ek.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct {
	char id[5];
	const char *name;
} makers[] = {
    {"AMD", "AMD"},
    {"ANT", "Ant Group"},
    {"ATML", "Atmel"},
    {"BRCM", "Broadcom"},
    {"CSCO", "Cisco"},
    {"FLYS", "FlySlice Technologies"},
    {"GOOG", "Google"},
    {"HISI", "Huawei"},
    {"HPE", "HPE"},
    {"HPI", "HPI"},
    {"IBM", "IBM"},
    {"IFX", "Infineon"},
    {"INTC", "Intel"},
    {"LEN", "Lenovo"},
    {"MSFT", "Microsoft"},
    {"NSG", "NSING"},
    {"NSM", "National Semiconductor"},
    {"NTC", "Nuvoton Technology"},
    {"NTZ", "Nationz"},
    {"QCOM", "Qualcomm"},
    {"ROCC", "Rockchip"},
    {"SEAL", "Wisekey"},
    {"SECE", "SecEdge"},
    {"SMSC", "SMSC"},
    {"SMSN", "Samsung"},
    {"SNS", "Sinosun"},
    {"STM", "STMicroelectronics"},
    {"TXN", "Texas Instruments"},
    {"WEC", "Winbond"},
};

static uint32_t trimmed(uint32_t maker)
{
	for (unsigned i = 0; i < 32; i += 8) {
		uint32_t last = maker >> i & 0xff;
		if (last != 0 && last != ' ')
			break;
		maker &= ~((uint32_t)0xff << i);
	}
	return maker;
}

bool cairn_maker_equal(uint32_t a, uint32_t b)
{
	return trimmed(a) == trimmed(b);
}

void cairn_maker_id(char out[16], uint32_t maker)
{
	uint32_t m = trimmed(maker);
	char text[5] = {(char)(m >> 24), (char)(m >> 16 & 0xff), (char)(m >> 8 & 0xff), (char)(m & 0xff), 0};
	bool readable = text[0] != 0;
	for (size_t i = 0; i < strlen(text); i++)
		readable = readable && isgraph((unsigned char)text[i]);
	if (readable && (strlen(text) == 4 || (m << 8 * strlen(text)) == 0))
		memcpy(out, text, sizeof text);
	else
		snprintf(out, 16, "%08X", (unsigned)maker);
}

const char *cairn_maker_name(uint32_t maker)
{
	char id[16];
	cairn_maker_id(id, maker);
	for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
		if (strcmp(makers[i].id, id) == 0)
			return makers[i].name;
	return "";
}
