/* What is common to `cairn log` and `cairn chain`: naming events, PCR values as JSON. */
#include <stdio.h>

#include "logs.h"

/* The file of an EFI image: the device path's file path nodes (UEFI 2.10, sections 10.3.1 and 10.3.5.4) behind
 * UEFI_IMAGE_LOAD_EVENT's four numbers (PFP 1.05 r23, section 10.2.3). Nothing of it is hashed. */
static void image_path(struct cairn_buf *out, struct cairn_span data)
{
	struct cairn_cur c = cairn_cur(data);
	for (int i = 0; i < 3; i++)
		(void)cairn_cur_u64le(&c);
	struct cairn_cur path = cairn_cur_sub(&c, cairn_cur_u64le(&c));
	while (cairn_cur_ok(&path) && cairn_cur_left(&path) > 0) {
		uint8_t type = cairn_cur_u8(&path), subtype = cairn_cur_u8(&path);
		uint16_t len = cairn_cur_u16le(&path);
		struct cairn_cur body = cairn_cur_sub(&path, len >= 4 ? len - 4u : UINT64_MAX);
		if (type != 4 || subtype != 4)
			continue;
		while (cairn_cur_left(&body) >= 2) {
			uint16_t ch = cairn_cur_u16le(&body);
			if (ch != 0)
				cairn_buf_add_u8(out, ch >= 0x20 && ch < 0x7f ? (uint8_t)ch : '?');
		}
	}
}

void cairn_cli_event_text(struct cairn_buf *out, const struct cairn_event *ev)
{
	struct cairn_span text;
	if (cairn_event_grub_text(&text, ev) != CAIRN_GRUB_NONE) {
		cairn_buf_add(out, text);
	} else if (ev->type == CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION ||
		   ev->type == CAIRN_EV_EFI_BOOT_SERVICES_DRIVER) {
		image_path(out, ev->data);
	} else if (ev->type == CAIRN_EV_EFI_ACTION || ev->type == CAIRN_EV_ACTION) {
		cairn_buf_add(out, ev->data);
	}
}

json_t *cairn_cli_pcrs_json(const struct cairn_pcrs *p)
{
	json_t *all = json_object();
	for (size_t b = 0; b < p->count; b++) {
		json_t *bank = json_object();
		for (unsigned i = 0; i < CAIRN_PCR_COUNT; i++) {
			char index[4];
			snprintf(index, sizeof(index), "%u", i);
			if (p->bank[b].extended & (1u << i))
				json_object_set_new(bank, index,
						    json_string(cairn_digest_hex(&p->bank[b].pcr[i]).text));
		}
		json_object_set_new(all, cairn_alg_name(p->bank[b].alg), bank);
	}
	return all;
}
