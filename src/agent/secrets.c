/* Sealing and unsealing. Whether a secret opens is the TPM's decision; here requests are only taken apart. */
#include "agent/agent.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/sealed.h"

static void free_wiped(void *p)
{
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

void cairn_agent_wipe_json(void)
{
	json_set_alloc_funcs(malloc, free_wiped);
}

enum cairn_status cairn_op_seal(struct cairn_call *c)
{
	cairn_auto_key struct cairn_key *key = NULL;
	cairn_auto_secret struct cairn_buf secret = {0};
	cairn_auto_sealed struct cairn_sealed sealed = {0};
	const char *class = NULL;
	json_t *jwk = NULL, *blob = NULL;
	enum cairn_status st = cairn_json_get_str(&class, c->request, "class");

	if (st == CAIRN_OK)
		st = cairn_json_get_obj(&jwk, c->request, "key");
	if (st == CAIRN_OK)
		st = cairn_json_get_b64(&secret, c->request, "secret");
	if (st == CAIRN_OK)
		st = cairn_key_from_jwk(&key, jwk);
	if (st == CAIRN_OK)
		st = cairn_tpm_seal(c->a->tpm, class, key, cairn_buf_span(&secret), &sealed);
	if (st == CAIRN_OK)
		st = cairn_sealed_write(&blob, &sealed);
	return st == CAIRN_OK ? cairn_call_set(c, "blob", blob) : st;
}

static enum cairn_status open_blob(struct cairn_call *c, const json_t *blob, const json_t *approval,
				   struct cairn_buf *secret)
{
	cairn_auto_sealed struct cairn_sealed sealed = {0};
	cairn_auto_approval struct cairn_approval approved = {0};
	enum cairn_status st = cairn_sealed_read(&sealed, blob);

	if (st != CAIRN_OK) {
		cairn_buf_add_fmt(&c->why, "the sealed blob: %s", cairn_status_text(st));
		return st;
	}
	st = cairn_approval_from_json(&approved, approval, &c->why);
	return st == CAIRN_OK ? cairn_tpm_unseal(c->a->tpm, &sealed, &approved, secret) : st;
}

/* Only on a host that knows what it runs: a pending extend is made first, and a diverged log opens nothing.
 */
enum cairn_status cairn_op_unseal(struct cairn_call *c)
{
	cairn_auto_secret struct cairn_buf secret = {0};
	json_t *blob = NULL, *approval = NULL;
	enum cairn_status st = cairn_json_get_obj(&blob, c->request, "blob");

	if (st == CAIRN_OK)
		st = cairn_json_get_obj(&approval, c->request, "approval");
	if (st == CAIRN_OK && c->a->state != CAIRN_AGENT_OK) {
		cairn_buf_add_fmt(&c->why, "nothing opens: this host is %s%s: %s",
				  c->a->state == CAIRN_AGENT_MAINTENANCE ? "in " : "",
				  cairn_agent_state_name(c->a->state), c->a->trouble);
		return CAIRN_E_DENIED;
	}
	if (st == CAIRN_OK)
		st = cairn_agent_log_settle(&c->a->log);
	if (st == CAIRN_OK)
		st = open_blob(c, blob, approval, &secret);
	return st == CAIRN_OK ? cairn_call_set(c, "secret", cairn_json_b64(cairn_buf_span(&secret))) : st;
}
