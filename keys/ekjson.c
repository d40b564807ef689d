/* An EK verdict as JSON. Every string in it is printable ASCII. */
#include "keys/ek.h"

static json_t *maker_json(const struct cairn_ek_facts *f)
{
	return f->has_maker ? json_pack("{s:s,s:I,s:s}", "id", f->maker_id, "number", (json_int_t)f->maker,
					"name", f->maker_name)
			    : json_null();
}

static json_t *specification_json(const struct cairn_ek_facts *f)
{
	return f->spec_family[0]
		   ? json_pack("{s:s,s:I,s:I}", "family", f->spec_family, "level", (json_int_t)f->spec_level,
			       "revision", (json_int_t)f->spec_revision)
		   : json_null();
}

static json_t *facts_json(const struct cairn_ek_facts *f)
{
	char firmware[32];
	cairn_firmware_text(firmware, f->firmware);
	return json_pack("{s:o,s:o,s:s,s:s,s:o,s:o,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "sha256",
			 cairn_json_hex(cairn_span(f->sha256, sizeof f->sha256)), "manufacturer",
			 maker_json(f), "model", f->model, "version", f->version, "firmware",
			 f->has_firmware ? json_string(firmware) : json_null(), "specification",
			 specification_json(f), "subject", f->subject, "issuer", f->issuer, "serial",
			 f->serial, "not_before", f->not_before, "not_after", f->not_after, "key", f->key,
			 "signature", f->signature, "issuer_url", f->issuer_url);
}

static json_t *chain_json(const struct cairn_ek_verdict *v)
{
	json_t *list = json_array();
	for (size_t i = 0; i < v->chain_len; i++) {
		const struct cairn_ek_link *l = &v->chain[i];
		json_t *one = json_pack("{s:s,s:o,s:b}", "subject", l->subject, "sha256",
					cairn_json_hex(cairn_span(l->sha256, sizeof l->sha256)), "anchor",
					(int)l->anchor);
		if (json_array_append_new(list, one)) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *cairn_ek_json(const struct cairn_ek_verdict *v)
{
	return json_pack("{s:b,s:o,s:o,s:o,s:o}", "accepted", (int)v->accepted, "certificate",
			 facts_json(&v->facts), "chain", chain_json(v), "reasons",
			 cairn_reasons_json(&v->reasons), "warnings", cairn_reasons_json(&v->warnings));
}
