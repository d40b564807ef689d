/* JWS, and keys as JSON: what verifies is the one encoding of what was signed. The key is that of RFC 8037,
 * A.1. seeds: tests/data/jws */
#include <stdlib.h>

#include "cairn/jws.h"
#include "cairn/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char SET[] = "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
			  "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cairn_auto_json json_t *v = NULL, *doc = NULL;
	cairn_auto_jwks struct cairn_jwks *keys = NULL;
	cairn_auto_key struct cairn_key *k = NULL;
	cairn_auto_buf struct cairn_buf payload = {0};
	const struct cairn_key *signer = NULL;
	struct cairn_span in = cairn_span(data, size);

	if (cairn_json_parse(&v, cairn_span_str(SET)) != CAIRN_OK ||
	    cairn_jwks_from_json(&keys, v) != CAIRN_OK)
		abort();
	if (cairn_jws_verify(&payload, &signer, in, "cairn-manifest+jws", keys) == CAIRN_OK ? signer == NULL
											    : payload.len > 0)
		abort();
	if (cairn_json_parse(&doc, in) == CAIRN_OK && cairn_key_from_jwk(&k, doc) == CAIRN_OK &&
	    !cairn_kid_ok(cairn_key_kid(k)))
		abort();
	return 0;
}
