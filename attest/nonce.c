/* Nonce tokens; see nonce.h. */
#include "attest/nonce.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#define VERSION	    0x01
#define RANDOM_SIZE 16
#define MAC_SIZE    32
#define BODY_SIZE   (CAIRN_NONCE_SIZE - MAC_SIZE)

int cairn_tpm_time_compare(const struct cairn_tpm_time *a, const struct cairn_tpm_time *b)
{
	if (a->reset_count != b->reset_count)
		return a->reset_count < b->reset_count ? -1 : 1;
	if (a->restart_count != b->restart_count)
		return a->restart_count < b->restart_count ? -1 : 1;
	return a->clock < b->clock ? -1 : a->clock > b->clock;
}

static enum cairn_status mac(uint8_t out[MAC_SIZE], const uint8_t key[CAIRN_NONCE_KEY_SIZE],
			     struct cairn_span body)
{
	unsigned len = MAC_SIZE;
	if (!HMAC(EVP_sha256(), key, CAIRN_NONCE_KEY_SIZE, body.ptr, body.len, out, &len))
		return CAIRN_E_CRYPTO;
	return CAIRN_OK;
}

enum cairn_status cairn_nonce_make(struct cairn_buf *out, const uint8_t key[CAIRN_NONCE_KEY_SIZE],
				   const struct cairn_nonce *n)
{
	uint8_t random[RANDOM_SIZE], tag[MAC_SIZE];
	if (RAND_bytes(random, sizeof random) != 1)
		return CAIRN_E_CRYPTO;
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_buf_add_u8(&b, VERSION);
	cairn_buf_add(&b, cairn_span(n->host_id, sizeof n->host_id));
	cairn_buf_add_u64be(&b, n->issued_ms);
	cairn_buf_add_u64be(&b, n->expires_ms);
	cairn_buf_add_u32be(&b, n->time.reset_count);
	cairn_buf_add_u32be(&b, n->time.restart_count);
	cairn_buf_add_u64be(&b, n->time.clock);
	cairn_buf_add(&b, cairn_span(random, sizeof random));
	enum cairn_status st = cairn_buf_status(&b);
	if (!st)
		st = mac(tag, key, cairn_buf_span(&b));
	if (st)
		return st;
	cairn_buf_add(&b, cairn_span(tag, sizeof tag));
	st = cairn_buf_status(&b);
	if (st)
		return st;
	cairn_b64url_encode(out, cairn_buf_span(&b));
	return cairn_buf_status(out);
}

static enum cairn_status check_mac(const uint8_t key[CAIRN_NONCE_KEY_SIZE], struct cairn_span token)
{
	uint8_t want[MAC_SIZE];
	enum cairn_status st = mac(want, key, cairn_span(token.ptr, BODY_SIZE));
	if (st)
		return st;
	bool same =
	    cairn_span_equal_ct(cairn_span(want, MAC_SIZE), cairn_span(token.ptr + BODY_SIZE, MAC_SIZE));
	return same ? CAIRN_OK : CAIRN_E_SIGNATURE;
}

static enum cairn_status read_body(struct cairn_nonce *n, struct cairn_span token)
{
	struct cairn_cur c = cairn_cur(token);
	if (cairn_cur_u8(&c) != VERSION)
		cairn_cur_fail(&c, CAIRN_E_MALFORMED);
	struct cairn_span id = cairn_cur_bytes(&c, sizeof n->host_id);
	n->issued_ms = cairn_cur_u64be(&c);
	n->expires_ms = cairn_cur_u64be(&c);
	n->time.reset_count = cairn_cur_u32be(&c);
	n->time.restart_count = cairn_cur_u32be(&c);
	n->time.clock = cairn_cur_u64be(&c);
	cairn_cur_bytes(&c, RANDOM_SIZE + MAC_SIZE);
	enum cairn_status st = cairn_cur_end(&c);
	if (!st)
		memcpy(n->host_id, id.ptr, sizeof n->host_id);
	return st;
}

enum cairn_status cairn_nonce_open(struct cairn_nonce *out, const uint8_t key[CAIRN_NONCE_KEY_SIZE],
				   const char *token, uint64_t now_ms)
{
	cairn_auto_buf struct cairn_buf raw = {0};
	enum cairn_status st = cairn_b64url_decode(&raw, cairn_span_str(token));
	if (st)
		return st;
	if (raw.len != CAIRN_NONCE_SIZE)
		return CAIRN_E_MALFORMED;
	st = check_mac(key, cairn_buf_span(&raw));
	if (st)
		return st;
	struct cairn_nonce n = {0};
	st = read_body(&n, cairn_buf_span(&raw));
	if (st)
		return st;
	if (now_ms >= n.expires_ms)
		return CAIRN_E_STALE;
	*out = n;
	return CAIRN_OK;
}
