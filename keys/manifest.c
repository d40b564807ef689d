/* Manifests: building, signing, reading, and the PCR values that a platform leads to. What may stand in one
 * is the tables below and in manifest_service.c, for building as for reading. */
#include "keys/manifest_internal.h"

#include <stdlib.h>
#include <string.h>

#define FORMAT "cairn-manifest"
#define str    cairn_schema_text
#define number cairn_schema_number

void cairn_manifest_fini(struct cairn_manifest *m)
{
	free(m->event);
	cairn_json_release(&m->host_record);
	cairn_json_release(&m->doc);
	memset(m, 0, sizeof(*m));
}

/* ---- schema
 * ------------------------------------------------------------------------------------------------------ */

const char *const cairn_manifest_kinds[] = {
    [CAIRN_MANIFEST_SERVICE] = "service", [CAIRN_MANIFEST_PLATFORM] = "platform", NULL};
static const char *const PARTS[] = {"efi-action",  "efi-separator", "efi-cairn", "efi-grub",	"grub-cmd",
				    "grub-cfg",	   "grub-file",	    "xen",	 "dom0-kernel", "dom0-initrd",
				    "xen-cmdline", "dom0-cmdline",  NULL};

#define VERSION CAIRN_MANIFEST_VERSIONS(1)
static const struct cairn_field EVENT_MEMBERS[] = {
    {.name = "component", .kind = CAIRN_F_WORD, .words = PARTS},
    {.name = "pcr", .kind = CAIRN_F_INT, .max = 9},
    {.name = "sha256", .kind = CAIRN_F_HEX, .min = CAIRN_SHA256_SIZE, .max = CAIRN_SHA256_SIZE},
    {.name = "sha384", .kind = CAIRN_F_HEX, .min = CAIRN_SHA384_SIZE, .max = CAIRN_SHA384_SIZE},
    {.name = "text", .kind = CAIRN_F_TEXT, .max = CAIRN_MANIFEST_TEXT_MAX},
    {0},
};
static const struct cairn_field EVENT[] = {{.name = "", .kind = CAIRN_F_OBJECT, .sub = EVENT_MEMBERS}};
static const struct cairn_field PLATFORM[] = {
    CAIRN_MANIFEST_COMMON,
    VERSION,
    {.name = "events", .kind = CAIRN_F_ARRAY, .max = CAIRN_MANIFEST_EVENTS_MAX, .sub = EVENT},
    {.name = "host_record", .kind = CAIRN_F_ANY},
    {0},
};

/* Only a measured boot can be expected: each PCR that carries Xen and dom0 has events, and none other. */
static enum cairn_status check_events(const json_t *events)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < json_array_size(events); i++)
		seen |= UINT64_C(1) << cairn_schema_int(json_array_get(events, i), "pcr");
	return seen == (1u << 4 | 1u << 8 | 1u << 9) ? CAIRN_OK : CAIRN_E_MALFORMED;
}

/* "unvouched" is what a host says whose boot was not measured: nobody may sign that as expected. */
static enum cairn_status check_host_record(json_t *record)
{
	cairn_auto_host struct cairn_host h = {0};
	enum cairn_status st = cairn_host_from_json(&h, record);

	if (st != CAIRN_OK)
		return st;
	if (h.xen.alg == CAIRN_ALG_NONE || h.kernel.alg == CAIRN_ALG_NONE || h.initrd.alg == CAIRN_ALG_NONE)
		return CAIRN_E_MALFORMED;
	return CAIRN_OK;
}

static enum cairn_status check(enum cairn_manifest_kind *kind, const json_t *v)
{
	const char *name = NULL;
	enum cairn_status st = cairn_json_format(v, FORMAT, 2);
	bool platform;

	if (st == CAIRN_OK)
		st = cairn_json_get_str(&name, v, "kind");
	if (st != CAIRN_OK)
		return st;
	platform = strcmp(name, cairn_manifest_kinds[CAIRN_MANIFEST_PLATFORM]) == 0;
	if (platform)
		st = cairn_json_format(v, FORMAT, 1); /* only service manifests have a version 2 */
	if (st == CAIRN_OK)
		st = platform ? cairn_schema_check(v, PLATFORM) : cairn_manifest_service_check(v);
	if (st == CAIRN_OK && cairn_schema_int(v, "not_before") > cairn_schema_int(v, "not_after"))
		st = CAIRN_E_MALFORMED;
	if (st == CAIRN_OK && platform)
		st = check_events(json_object_get(v, "events"));
	if (st == CAIRN_OK && platform)
		st = check_host_record(json_object_get(v, "host_record"));
	if (st == CAIRN_OK)
		*kind = platform ? CAIRN_MANIFEST_PLATFORM : CAIRN_MANIFEST_SERVICE;
	return st;
}

/* ---- building
 * ---------------------------------------------------------------------------------------------------- */

enum cairn_status cairn_manifest_add_event(struct cairn_manifest *m, const struct cairn_manifest_event *e)
{
	struct cairn_manifest_event *more;

	if (m->event_count >= CAIRN_MANIFEST_EVENTS_MAX)
		return CAIRN_E_LIMIT;
	more = realloc(m->event, (m->event_count + 1) * sizeof(*more));
	if (more == NULL)
		return CAIRN_E_NOMEM;
	more[m->event_count++] = *e;
	m->event = more;
	return CAIRN_OK;
}

enum cairn_status cairn_manifest_set_host_record(struct cairn_manifest *m, struct cairn_span record)
{
	cairn_auto_json json_t *v = NULL;
	enum cairn_record_type type;
	enum cairn_status st = cairn_record_parse(&v, &type, record);

	if (st == CAIRN_OK)
		st = check_host_record(v);
	if (st != CAIRN_OK)
		return st;
	cairn_json_release(&m->host_record);
	m->host_record = json_incref(v);
	return CAIRN_OK;
}

static json_t *event_json(const struct cairn_manifest_event *e)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "component", str(e->component), "pcr", number(e->pcr),
			 "sha256", cairn_json_hex(cairn_digest_span(&e->sha256)), "sha384",
			 cairn_json_hex(cairn_digest_span(&e->sha384)), "text", str(e->text));
}

static json_t *platform_members(const struct cairn_manifest *m)
{
	json_t *events = json_array();

	for (size_t i = 0; events != NULL && i < m->event_count; i++)
		if (json_array_append_new(events, event_json(&m->event[i])) != 0)
			cairn_json_release(&events);
	return json_pack("{s:o, s:o}", "events", events, "host_record",
			 m->host_record != NULL ? json_incref(m->host_record) : json_null());
}

static json_t *manifest_json(const struct cairn_manifest *m)
{
	bool platform = m->kind == CAIRN_MANIFEST_PLATFORM;
	json_t *v = platform ? platform_members(m) : cairn_manifest_service_members(m);
	unsigned version = !platform && cairn_manifest_service_needs_v2(v) ? 2 : 1;

	if (v == NULL || json_object_set_new(v, "format", str(FORMAT)) != 0 ||
	    json_object_set_new(v, "version", number(version)) != 0 ||
	    json_object_set_new(v, "kind", str(cairn_manifest_kinds[m->kind])) != 0 ||
	    json_object_set_new(v, "name", str(m->name)) != 0 ||
	    json_object_set_new(v, "release", number(m->release)) != 0 ||
	    json_object_set_new(v, "not_before", number(m->not_before)) != 0 ||
	    json_object_set_new(v, "not_after", number(m->not_after)) != 0)
		cairn_json_release(&v);
	return v;
}

enum cairn_status cairn_manifest_build(struct cairn_buf *out, const struct cairn_manifest *m)
{
	cairn_auto_json json_t *v = NULL;
	enum cairn_manifest_kind kind;
	enum cairn_status st = cairn_manifest_service_ready(m);

	if (st != CAIRN_OK)
		return st;
	v = manifest_json(m);
	st = v != NULL ? check(&kind, v) : CAIRN_E_NOMEM;
	return st == CAIRN_OK ? cairn_json_dump(out, v) : st;
}

enum cairn_status cairn_manifest_sign(struct cairn_buf *out, const struct cairn_manifest *m,
				      const struct cairn_key *k)
{
	cairn_auto_buf struct cairn_buf payload = {0};
	enum cairn_status st = cairn_key_alg(k) != CAIRN_SIG_ES256 ? CAIRN_OK : CAIRN_E_USAGE;

	if (st == CAIRN_OK)
		st = cairn_manifest_build(&payload, m);
	if (st == CAIRN_OK)
		st = cairn_jws_sign(out, k, CAIRN_MANIFEST_TYP, cairn_buf_span(&payload));
	return st;
}

/* ---- reading: the schema has been checked
 * ------------------------------------------------------------------------ */

static struct cairn_manifest_event read_event(const json_t *v)
{
	return (struct cairn_manifest_event){
	    .pcr = (unsigned)cairn_schema_int(v, "pcr"),
	    .component = cairn_schema_str(v, "component"),
	    .text = cairn_schema_str(v, "text"),
	    .sha256 = cairn_schema_digest(CAIRN_ALG_SHA256, v, "sha256"),
	    .sha384 = cairn_schema_digest(CAIRN_ALG_SHA384, v, "sha384"),
	};
}

static enum cairn_status read_platform(struct cairn_manifest *m, const json_t *v)
{
	const json_t *events = json_object_get(v, "events");

	m->host_record = json_incref(json_object_get(v, "host_record"));
	m->event = calloc(json_array_size(events), sizeof(*m->event));
	if (m->event == NULL)
		return CAIRN_E_NOMEM;
	for (size_t i = 0; i < json_array_size(events); i++)
		m->event[m->event_count++] = read_event(json_array_get(events, i));
	return CAIRN_OK;
}

static enum cairn_status read_members(struct cairn_manifest *m, const json_t *v)
{
	m->name = cairn_schema_str(v, "name");
	m->release = cairn_schema_int(v, "release");
	m->not_before = cairn_schema_int(v, "not_before");
	m->not_after = cairn_schema_int(v, "not_after");
	if (m->kind == CAIRN_MANIFEST_PLATFORM)
		return read_platform(m, v);
	cairn_manifest_service_read(m, v);
	return CAIRN_OK;
}

enum cairn_status cairn_manifest_parse(struct cairn_manifest *out, struct cairn_span payload)
{
	cairn_auto_manifest struct cairn_manifest m = {0};
	enum cairn_status st = payload.len <= CAIRN_JWS_MAX ? CAIRN_OK : CAIRN_E_LIMIT;

	if (st == CAIRN_OK)
		st = cairn_json_parse_canonical(&m.doc, payload);
	if (st == CAIRN_OK)
		st = check(&m.kind, m.doc);
	if (st == CAIRN_OK)
		st = read_members(&m, m.doc);
	if (st != CAIRN_OK)
		return st;
	*out = m;
	memset(&m, 0, sizeof(m));
	return CAIRN_OK;
}

enum cairn_status cairn_manifest_load(struct cairn_manifest *out, struct cairn_span jws,
				      const struct cairn_jwks *authorities)
{
	cairn_auto_buf struct cairn_buf payload = {0};
	cairn_auto_manifest struct cairn_manifest m = {0};
	const struct cairn_key *signer = NULL;
	enum cairn_status st = cairn_jws_verify(&payload, &signer, jws, CAIRN_MANIFEST_TYP, authorities);

	if (st == CAIRN_OK && cairn_key_alg(signer) == CAIRN_SIG_ES256)
		st = CAIRN_E_UNTRUSTED;
	if (st == CAIRN_OK)
		st = cairn_manifest_parse(&m, cairn_buf_span(&payload));
	if (st == CAIRN_OK)
		st = cairn_hash(&m.sha256, CAIRN_ALG_SHA256, jws);
	if (st != CAIRN_OK)
		return st;
	memcpy(m.kid, cairn_key_kid(signer), sizeof(m.kid));
	*out = m;
	memset(&m, 0, sizeof(m));
	return CAIRN_OK;
}

/* ---- what it says
 * ------------------------------------------------------------------------------------------------ */

enum cairn_validity cairn_manifest_validity(const struct cairn_manifest *m, uint64_t now)
{
	if (now < m->not_before)
		return CAIRN_NOT_YET_VALID;
	return now > m->not_after ? CAIRN_EXPIRED : CAIRN_VALID;
}

struct cairn_manifest_ref cairn_manifest_ref(const struct cairn_manifest *m)
{
	return (struct cairn_manifest_ref){m->kid, m->name, m->release, m->sha256};
}

static enum cairn_status extend_record(struct cairn_pcrs *p, json_t *record)
{
	cairn_auto_host struct cairn_host h = {0};
	cairn_auto_buf struct cairn_buf bytes = {0};
	enum cairn_status st = cairn_host_from_json(&h, record);

	if (st == CAIRN_OK)
		st = cairn_json_dump(&bytes, record);
	for (size_t b = 0; st == CAIRN_OK && b < p->count; b++) {
		struct cairn_digest d;

		st = cairn_hash(&d, p->bank[b].alg, cairn_buf_span(&bytes));
		if (st == CAIRN_OK)
			st = cairn_pcrs_extend(p, h.pcrs.host, &d);
	}
	return st;
}

enum cairn_status cairn_manifest_predict(struct cairn_pcrs *out, const struct cairn_manifest *m)
{
	static const enum cairn_alg banks[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};
	struct cairn_pcrs p;
	enum cairn_status st = m->host_record != NULL ? CAIRN_OK : CAIRN_E_USAGE; /* of a platform */

	if (st == CAIRN_OK)
		st = cairn_pcrs_init(&p, banks, 2);
	for (size_t i = 0; st == CAIRN_OK && i < m->event_count; i++) {
		st = cairn_pcrs_extend(&p, m->event[i].pcr, &m->event[i].sha256);
		if (st == CAIRN_OK)
			st = cairn_pcrs_extend(&p, m->event[i].pcr, &m->event[i].sha384);
	}
	if (st == CAIRN_OK)
		st = extend_record(&p, m->host_record);
	if (st == CAIRN_OK)
		*out = p;
	return st;
}
