/* Building records: each builder makes the object, and the reader's own schema says whether it may be
 * written. */
#include <string.h>

#include "core/record_schema.h"
#include "core/record_setup.h"

#define REFUSAL_MAX (16u * 1024)

#define text   cairn_schema_text
#define number cairn_schema_number

/* Takes the members over; adds what all records have. */
static json_t *record(enum cairn_record_type t, json_t *members)
{
	if (members == NULL ||
	    json_object_set_new(members, "format", json_string(CAIRN_RECORD_FORMAT)) != 0 ||
	    json_object_set_new(members, "version", json_integer(1)) != 0 ||
	    json_object_set_new(members, "type", json_string(cairn_record_type_name(t))) != 0)
		cairn_json_release(&members);
	return members;
}

static enum cairn_status emit(struct cairn_buf *out, json_t *object)
{
	cairn_auto_json json_t *v = object;
	cairn_auto_buf struct cairn_buf bytes = {0};
	enum cairn_record_type type;
	enum cairn_status st = v != NULL ? cairn_record_check(&type, v) : CAIRN_E_NOMEM;

	if (st == CAIRN_OK)
		st = cairn_json_dump(&bytes, v);
	if (st == CAIRN_OK && bytes.len > CAIRN_RECORD_MAX)
		st = CAIRN_E_LIMIT;
	if (st != CAIRN_OK)
		return st;
	cairn_buf_add(out, cairn_buf_span(&bytes));
	return cairn_buf_status(out);
}

/* ---- host
 * -------------------------------------------------------------------------------------------------------- */

static json_t *vouched(const struct cairn_digest *d)
{
	return json_pack("{s:o}", "sha256",
			 d->alg == CAIRN_ALG_NONE ? json_string(CAIRN_UNVOUCHED)
						  : cairn_json_hex(cairn_digest_span(d)));
}

static json_t *host_config(const struct cairn_host *h)
{
	const char *bank[CAIRN_BANK_MAX] = {NULL};

	for (size_t i = 0; i < h->bank_count; i++)
		bank[i] = cairn_alg_name(h->bank[i]);
	json_t *v = json_pack(
	    "{s:o, s:{s:o, s:o}, s:{s:o, s:o, s:o}}", "banks", cairn_schema_texts(bank, h->bank_count, true),
	    "modes", "guest", text(h->mode_guest), "service", text(h->mode_service), "pcrs", "host",
	    number(h->pcrs.host), "launch", number(h->pcrs.launch), "phase", number(h->pcrs.phase));
	if (h->boot_count > 0 &&
	    json_object_set_new(v, "boot_set", cairn_schema_texts(h->boot_set, h->boot_count, false)) != 0)
		cairn_json_release(&v);
	if (h->release_set_required && json_object_set_new(v, "release_set", text("required")) != 0)
		cairn_json_release(&v);
	return v;
}

enum cairn_status cairn_record_host(struct cairn_buf *out, const struct cairn_host *h)
{
	json_t *v;

	if (h->bank_count > CAIRN_BANK_MAX || h->authority_count > CAIRN_TRUST_MAX ||
	    h->boot_count > CAIRN_BOOT_SET_MAX)
		return CAIRN_E_LIMIT;
	v = json_pack("{s:o, s:o, s:{s:o, s:o, s:o}, s:{s:o}, s:{s:o, s:o, s:o}}", "agent",
		      vouched(&h->agent), "config", host_config(h), "dom0", "cmdline", text(h->dom0_cmdline),
		      "initrd", vouched(&h->initrd), "kernel", vouched(&h->kernel), "trust", "authorities",
		      cairn_schema_texts(h->authority, h->authority_count, true), "xen", "build_id",
		      text(h->build_id), "cmdline", text(h->xen_cmdline), "image", vouched(&h->xen));
	return emit(out, record(CAIRN_RECORD_HOST, v));
}

/* ---- launch
 * ------------------------------------------------------------------------------------------------------ */

/* CAIRN_E_MALFORMED: a key is there twice. */
static enum cairn_status launch_config(json_t *config, const struct cairn_launch *l)
{
	for (size_t i = 0; i < l->config_count; i++) {
		const struct cairn_pair *p = &l->config[i];

		if (!cairn_name_ok(p->key) || json_object_get(config, p->key) != NULL)
			return CAIRN_E_MALFORMED;
		if (json_object_set_new(config, p->key, text(p->value)) != 0)
			return CAIRN_E_NOMEM;
	}
	return CAIRN_OK;
}

static json_t *launch_backends(const struct cairn_launch *l)
{
	json_t *array = json_array();

	for (size_t i = 0; array != NULL && i < l->backend_count; i++) {
		json_t *use = json_pack("{s:o, s:o}", "backend", text(l->backend[i].backend), "class",
					text(l->backend[i].class));

		if (json_array_append_new(array, use) != 0)
			cairn_json_release(&array);
	}
	return array;
}

static json_t *launch_manifest(const struct cairn_launch *l)
{
	const struct cairn_manifest_ref *m = &l->manifest;

	if (!l->has_manifest)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o}", "kid", text(m->kid), "name", text(m->name), "release",
			 number(m->release), "sha256", cairn_json_hex(cairn_digest_span(&m->sha256)));
}

/* What a launch can have from version 2 on, and the version with it. */
static enum cairn_status launch_add(json_t *v, const struct cairn_launch *l)
{
	enum cairn_status st = cairn_setup_add(v, &l->setup);
	int failed = 0;

	if (st == CAIRN_OK && l->pci_count > 0)
		failed |= json_object_set_new(v, "pci", cairn_record_pci_json(l));
	if (st == CAIRN_OK && l->serve_count > 0)
		failed |=
		    json_object_set_new(v, "serves", cairn_schema_texts(l->serve, l->serve_count, true));
	if (st == CAIRN_OK && l->target != NULL)
		failed |= json_object_set_new(v, "target", text(l->target));
	if (st == CAIRN_OK && cairn_launch_needs_v2(v))
		failed |= json_object_set_new(v, "version", json_integer(2));
	return failed ? CAIRN_E_NOMEM : st;
}

static enum cairn_status launch_ready(const struct cairn_launch *l)
{
	if (l->role_count > CAIRN_ROLES_MAX || l->config_count > CAIRN_CONFIG_MAX ||
	    l->backend_count > CAIRN_BACKENDS_MAX || l->pci_count > CAIRN_PCI_MAX ||
	    l->serve_count > CAIRN_SERVES_MAX)
		return CAIRN_E_LIMIT;
	return cairn_setup_ready(&l->setup);
}

enum cairn_status cairn_record_launch(struct cairn_buf *out, const struct cairn_launch *l)
{
	cairn_auto_json json_t *config = json_object(), *v = NULL;
	enum cairn_status st = launch_ready(l);

	if (st == CAIRN_OK)
		st = launch_config(config, l);
	if (st != CAIRN_OK)
		return st;
	v = record(
	    CAIRN_RECORD_LAUNCH,
	    json_pack("{s:o, s:o, s:o, s:O, s:{s:o, s:o, s:o, s:o, s:o}, s:o, s:o, s:o}", "backends_used",
		      launch_backends(l), "cmdline", text(l->cmdline), "components",
		      cairn_setup_components_json(&l->kernel, l->has_ramdisk ? &l->ramdisk : NULL, &l->setup),
		      "config", config, "domain", "memory_mib", number(l->memory_mib), "name", text(l->name),
		      "type", text(l->type), "uuid", text(l->uuid), "vcpus", number(l->vcpus), "manifest",
		      launch_manifest(l), "restart", number(l->restart), "roles",
		      cairn_schema_texts(l->role, l->role_count, true)));
	st = v != NULL ? launch_add(v, l) : CAIRN_E_NOMEM;
	return st == CAIRN_OK ? emit(out, json_incref(v)) : st;
}

/* ---- the others
 * -------------------------------------------------------------------------------------------------- */

enum cairn_status cairn_record_boot(struct cairn_buf *out, const uint8_t boot_id[32])
{
	return emit(out, record(CAIRN_RECORD_BOOT,
				json_pack("{s:o}", "boot_id", cairn_json_hex(cairn_span(boot_id, 32)))));
}

enum cairn_status cairn_record_phase(struct cairn_buf *out, const char *phase)
{
	return emit(out, record(CAIRN_RECORD_PHASE, json_pack("{s:o}", "phase", text(phase))));
}

/* Takes reasons from the end until the record is small enough. */
static enum cairn_status fit(json_t *reasons, const json_t *object)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	enum cairn_status st = cairn_json_dump(&bytes, object);

	while (st == CAIRN_OK && bytes.len > REFUSAL_MAX && json_array_size(reasons) > 1) {
		json_array_remove(reasons, json_array_size(reasons) - 1);
		bytes.len = 0;
		st = cairn_json_dump(&bytes, object);
	}
	return st;
}

enum cairn_status cairn_record_refusal(struct cairn_buf *out, const char *name, const struct cairn_reasons *r)
{
	cairn_auto_json json_t *reasons = cairn_reasons_json(r);
	json_t *v = record(CAIRN_RECORD_REFUSAL,
			   json_pack("{s:{s:o}, s:O}", "domain", "name",
				     text(cairn_name_ok(name) ? name : ""), "reasons", reasons));
	enum cairn_status st = fit(reasons, v);

	if (st != CAIRN_OK) {
		json_decref(v);
		return st;
	}
	return emit(out, v);
}

enum cairn_status cairn_record_exit(struct cairn_buf *out, const struct cairn_exit_record *x)
{
	return emit(out,
		    record(CAIRN_RECORD_EXIT, json_pack("{s:o, s:o, s:o}", "launch", number(x->launch),
							"name", text(x->name), "reason", text(x->reason))));
}

enum cairn_status cairn_record_unrecorded(struct cairn_buf *out, uint64_t domid, const char *uuid)
{
	return emit(out, record(CAIRN_RECORD_UNRECORDED,
				json_pack("{s:o, s:o}", "domid", number(domid), "uuid", text(uuid))));
}

static enum cairn_status emit_spoilt(struct cairn_buf *out, enum cairn_record_type type, const char *reason)
{
	char clean[CAIRN_REASON_TEXT_MAX + 1];
	size_t n = 0;

	for (; reason != NULL && reason[n] != '\0' && n < CAIRN_REASON_TEXT_MAX; n++)
		clean[n] = reason[n] >= 0x20 && reason[n] < 0x7f ? reason[n] : '?';
	clean[n] = '\0';
	return emit(out, record(type, json_pack("{s:o}", "reason", text(n > 0 ? clean : "unspecified"))));
}

enum cairn_status cairn_record_violation(struct cairn_buf *out, const char *reason)
{
	return emit_spoilt(out, CAIRN_RECORD_VIOLATION, reason);
}

enum cairn_status cairn_record_change(struct cairn_buf *out, const char *reason)
{
	return emit_spoilt(out, CAIRN_RECORD_CHANGE, reason);
}

enum cairn_status cairn_record_maintenance(struct cairn_buf *out, const char *reason)
{
	return emit(out, record(CAIRN_RECORD_MAINTENANCE, json_pack("{s:o}", "reason", text(reason))));
}

enum cairn_status cairn_record_release_set(struct cairn_buf *out, const struct cairn_release_set_ref *r)
{
	return emit(out, record(CAIRN_RECORD_RELEASE_SET,
				json_pack("{s:o, s:o, s:o}", "kid", text(r->kid), "serial", number(r->serial),
					  "sha256", cairn_json_hex(cairn_digest_span(&r->sha256)))));
}

enum cairn_status cairn_record_foreign(struct cairn_buf *out, unsigned pcr, const struct cairn_digest *value)
{
	return emit(out, record(CAIRN_RECORD_FOREIGN, json_pack("{s:o, s:o}", "pcr", number(pcr), "value",
								cairn_json_hex(cairn_digest_span(value)))));
}
