/* Certificates of hosts: whatever the bytes are, by the makers' roots only what a maker signed is accepted; and by
 * authorities out of the same bytes every verdict is in itself right. seeds: tests/data/ek */
#include <stdlib.h>
#include <string.h>

#include "cairn/ekcert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The one seed whose issuer is among the makers' roots. */
#define SERIAL "4CBD0FE61EE762EDB28D50B268FC3586FF3D5E82"

static STACK_OF(X509) * roots;
static struct cairn_ekdenied *denied;

static void load(void)
{
	if (roots)
		return;
	roots = sk_X509_new_null();
	if (!roots || cairn_ekroots_load(roots, "keys/ek-roots", NULL) ||
	    cairn_ekdenied_load(&denied, NULL, NULL))
		abort();
}

static void judge(X509 *cert, STACK_OF(X509) * certs, STACK_OF(X509) * anchors, const char *serial)
{
	struct cairn_ek_verdict v = {0};
	struct cairn_ek_question q = {
	    .cert = cert, .helpers = certs, .anchors = anchors, .denied = denied, .now = 1800000000};
	if (cairn_ekcert_judge(&v, &q))
		return;
	json_t *json = cairn_ek_json(&v);
	if (!json || v.accepted != (v.reasons.count == 0) || v.chain_len > CAIRN_EK_CHAIN_MAX)
		abort();
	if (v.accepted && (v.chain_len == 0 || cairn_cert_is_ca(cert)))
		abort();
	if (v.accepted && serial && strcmp(v.facts.serial, serial) != 0)
		abort();
	json_decref(json);
	cairn_ek_verdict_fini(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	load();
	if (cairn_certs_read(certs, NULL, cairn_span(data, size), NULL) == CAIRN_OK)
		for (int i = 0; i < sk_X509_num(certs) && i < 4; i++) {
			judge(sk_X509_value(certs, i), certs, roots, SERIAL);
			judge(sk_X509_value(certs, i), certs, certs, NULL);
		}
	sk_X509_pop_free(certs, X509_free);
	return 0;
}
