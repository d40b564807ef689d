/* extraData of cairn's quotes. */
#include "cairn/quote.h"

static enum cairn_status add_hash(struct cairn_buf *b, struct cairn_span in)
{
	struct cairn_digest d;
	enum cairn_status s = cairn_hash(&d, CAIRN_ALG_SHA256, in);

	if (s == CAIRN_OK)
		cairn_buf_add(b, cairn_digest_span(&d));
	return s;
}

enum cairn_status cairn_quote_binding(struct cairn_digest *out, const struct cairn_quote_binding *b)
{
	static const char format[] = "cairn-quote-v1", purpose[] = "attest";
	cairn_auto_buf struct cairn_buf t = {0};
	enum cairn_status s;

	if (!b->verifier_kid || b->verifier_kid[0] == '\0' || b->nonce.len == 0)
		return CAIRN_E_USAGE;
	cairn_buf_add(&t, cairn_span(format, sizeof format)); /* each text with its NUL */
	cairn_buf_add(&t, cairn_span(purpose, sizeof purpose));
	cairn_buf_add_str(&t, b->verifier_kid);
	cairn_buf_add_u8(&t, 0);
	cairn_buf_add(&t, cairn_span(b->host_id, sizeof b->host_id));
	s = add_hash(&t, b->nonce);
	cairn_buf_add(&t, cairn_span(b->boot_id, sizeof b->boot_id));
	if (s == CAIRN_OK)
		s = add_hash(&t, b->boot_log);
	if (s == CAIRN_OK)
		s = add_hash(&t, b->launch_log);
	if (s == CAIRN_OK)
		s = cairn_buf_status(&t);
	return s == CAIRN_OK ? cairn_hash(out, CAIRN_ALG_SHA256, cairn_buf_span(&t)) : s;
}
