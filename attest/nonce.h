/* Nonce tokens: what a challenge hands out, and evidence must be made for.
 *
 * The token authenticates itself, so that the server keeps nothing for a challenge that is never answered:
 * base64url of 0x01 | host id 32 | issued ms u64 | expires ms u64 | resetCount u32 | restartCount u32 | clock
 * u64 | random 16 | HMAC-SHA256 32 over all before it; integers big-endian. The counters are those of the
 * host's last accepted quote. It is used once: issue times of a host's accepted nonces only rise.
 */
#ifndef CAIRN_ATTEST_NONCE_H
#define CAIRN_ATTEST_NONCE_H

#include "cairn/bytes.h"

#define CAIRN_NONCE_KEY_SIZE 32
#define CAIRN_NONCE_SIZE     (1 + 32 + 8 + 8 + 4 + 4 + 8 + 16 + 32)
#define CAIRN_NONCE_TEXT     ((CAIRN_NONCE_SIZE * 4 + 2) / 3)

struct cairn_tpm_time { /* TPMS_CLOCK_INFO: TPM 2.0 Library r1.59 part 2, 10.11.1 */
	uint32_t reset_count, restart_count;
	uint64_t clock; /* ms */
};
/* <0, 0, >0 as strcmp: a before, with, after b. Clock counts only within one reset and restart. */
int cairn_tpm_time_compare(const struct cairn_tpm_time *a, const struct cairn_tpm_time *b);

struct cairn_nonce {
	uint8_t host_id[32];
	uint64_t issued_ms, expires_ms;
	struct cairn_tpm_time time;
};

/* Appends the token. CAIRN_E_CRYPTO, which includes a random generator that fails. */
enum cairn_status cairn_nonce_make(struct cairn_buf *out, const uint8_t key[CAIRN_NONCE_KEY_SIZE],
				   const struct cairn_nonce *n) CAIRN_MUST_CHECK;
/* CAIRN_E_MALFORMED; CAIRN_E_SIGNATURE: not made with this key; CAIRN_E_STALE: expired. One from the
 * future is good: this server made it, before its clock was set back. */
enum cairn_status cairn_nonce_open(struct cairn_nonce *out, const uint8_t key[CAIRN_NONCE_KEY_SIZE],
				   const char *token, uint64_t now_ms) CAIRN_MUST_CHECK;

#endif
