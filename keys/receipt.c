/* Receipts, see cairn/receipt.h. Nothing of the payload is looked at before its signature has been verified. */
#include "cairn/receipt.h"

#include <string.h>

#include "core/schema.h"

#define FORMAT "cairn-receipt"

static const char *const FORMATS[] = {FORMAT, NULL};

static const struct cairn_field RECEIPT[] = {
    {.name = "boot_id", .kind = CAIRN_F_HEX, .min = 32, .max = 32},
    {.name = "format", .kind = CAIRN_F_WORD, .words = FORMATS},
    {.name = "launch", .kind = CAIRN_F_HEX, .min = 32, .max = 32},
    {.name = "records", .kind = CAIRN_F_INT, .min = 2, .max = INT64_MAX},
    {.name = "version", .kind = CAIRN_F_INT, .max = 1},
    {0},
};

enum cairn_status cairn_receipt_sign(struct cairn_buf *out, const struct cairn_receipt *r,
				     const struct cairn_key *key)
{
	cairn_auto_buf struct cairn_buf text = {0};
	cairn_auto_json json_t *v =
	    json_pack("{s:o, s:s, s:o, s:o, s:i}", "boot_id",
		      cairn_json_hex(cairn_span(r->boot_id, sizeof(r->boot_id))), "format", FORMAT, "launch",
		      cairn_json_hex(cairn_digest_span(&r->launch)), "records",
		      cairn_schema_number(r->records), "version", 1);
	enum cairn_status st = v != NULL ? cairn_schema_check(v, RECEIPT) : CAIRN_E_NOMEM;

	if (st == CAIRN_OK)
		st = cairn_json_dump(&text, v);
	return st == CAIRN_OK ? cairn_jws_sign(out, key, CAIRN_RECEIPT_TYP, cairn_buf_span(&text)) : st;
}

enum cairn_status cairn_receipt_open(struct cairn_receipt *out, struct cairn_span jws,
				     const struct cairn_jwks *verifiers)
{
	cairn_auto_buf struct cairn_buf text = {0};
	cairn_auto_json json_t *v = NULL;
	struct cairn_receipt r = {0};
	struct cairn_digest boot_id;
	enum cairn_status st = cairn_jws_verify(&text, NULL, jws, CAIRN_RECEIPT_TYP, verifiers);

	if (st == CAIRN_OK)
		st = cairn_json_parse_canonical(&v, cairn_buf_span(&text));
	if (st == CAIRN_OK)
		st = cairn_json_format(v, FORMAT, 1);
	if (st == CAIRN_OK)
		st = cairn_schema_check(v, RECEIPT);
	if (st != CAIRN_OK)
		return st;
	/* As long as a digest, and written like one. */
	boot_id = cairn_schema_digest(CAIRN_ALG_SHA256, v, "boot_id");
	memcpy(r.boot_id, boot_id.bytes, sizeof(r.boot_id));
	r.records = cairn_schema_int(v, "records");
	r.launch = cairn_schema_digest(CAIRN_ALG_SHA256, v, "launch");
	*out = r;
	return CAIRN_OK;
}
