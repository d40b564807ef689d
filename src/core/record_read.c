/* From a record's object to the struct of its type. The schema is checked first, so that reading cannot fail.
 */
#include <stdio.h>
#include <string.h>

#include "core/record_schema.h"
#include "core/record_setup.h"

#define str	cairn_schema_str
#define integer cairn_schema_int

static enum cairn_status expect(const json_t *v, enum cairn_record_type want)
{
	enum cairn_record_type type;
	enum cairn_status st = cairn_record_check(&type, v);

	return st == CAIRN_OK && type != want ? CAIRN_E_MALFORMED : st;
}

/* What is unvouched has no digest. */
static struct cairn_digest read_vouched(const json_t *parent, const char *member)
{
	return cairn_schema_digest(CAIRN_ALG_SHA256, json_object_get(parent, member), "sha256");
}

static void read_config(struct cairn_host *h, const json_t *config)
{
	const json_t *modes = json_object_get(config, "modes"), *pcrs = json_object_get(config, "pcrs");
	const char *bank[CAIRN_BANK_MAX];

	h->bank_count = cairn_schema_strs(bank, CAIRN_BANK_MAX, config, "banks");
	for (size_t i = 0; i < h->bank_count; i++)
		h->bank[i] = cairn_alg_by_name(bank[i]);
	h->boot_count = cairn_schema_strs(h->boot_set, CAIRN_BOOT_SET_MAX, config, "boot_set");
	h->release_set_required = json_object_get(config, "release_set") != NULL;
	h->mode_service = str(modes, "service");
	h->mode_guest = str(modes, "guest");
	h->pcrs.host = (unsigned)integer(pcrs, "host");
	h->pcrs.launch = (unsigned)integer(pcrs, "launch");
	h->pcrs.phase = (unsigned)integer(pcrs, "phase");
}

enum cairn_status cairn_host_from_json(struct cairn_host *out, json_t *v)
{
	const json_t *dom0 = json_object_get(v, "dom0"), *xen = json_object_get(v, "xen");
	struct cairn_host h = {0};
	enum cairn_status st = expect(v, CAIRN_RECORD_HOST);

	if (st != CAIRN_OK)
		return st;
	h.agent = read_vouched(v, "agent");
	h.xen = read_vouched(xen, "image");
	h.kernel = read_vouched(dom0, "kernel");
	h.initrd = read_vouched(dom0, "initrd");
	h.build_id = str(xen, "build_id");
	h.xen_cmdline = str(xen, "cmdline");
	h.dom0_cmdline = str(dom0, "cmdline");
	read_config(&h, json_object_get(v, "config"));
	h.authority_count =
	    cairn_schema_strs(h.authority, CAIRN_TRUST_MAX, json_object_get(v, "trust"), "authorities");
	h.doc = json_incref(v);
	*out = h;
	return CAIRN_OK;
}

static void read_pairs(struct cairn_launch *l, json_t *config)
{
	const char *key;
	json_t *value;

	json_object_foreach(config, key, value) if (l->config_count < CAIRN_CONFIG_MAX)
	    l->config[l->config_count++] = (struct cairn_pair){key, json_string_value(value)};
}

static void read_backends(struct cairn_launch *l, const json_t *uses)
{
	for (size_t i = 0; i < json_array_size(uses) && i < CAIRN_BACKENDS_MAX; i++) {
		const json_t *use = json_array_get(uses, i);

		l->backend[l->backend_count++] =
		    (struct cairn_backend_use){str(use, "class"), str(use, "backend")};
	}
}

static void read_manifest_ref(struct cairn_launch *l, const json_t *m)
{
	l->has_manifest = json_is_object(m);
	l->manifest.kid = str(m, "kid");
	l->manifest.name = str(m, "name");
	l->manifest.release = integer(m, "release");
	l->manifest.sha256 = cairn_schema_digest(CAIRN_ALG_SHA256, m, "sha256");
}

enum cairn_status cairn_launch_from_json(struct cairn_launch *out, json_t *v)
{
	const json_t *domain = json_object_get(v, "domain");
	struct cairn_launch l = {0};
	const json_t *components = json_object_get(v, "components");
	enum cairn_status st = expect(v, CAIRN_RECORD_LAUNCH);

	if (st != CAIRN_OK)
		return st;
	read_manifest_ref(&l, json_object_get(v, "manifest"));
	l.name = str(domain, "name");
	l.type = str(domain, "type");
	l.uuid = str(domain, "uuid");
	l.memory_mib = integer(domain, "memory_mib");
	l.vcpus = integer(domain, "vcpus");
	l.cmdline = str(v, "cmdline");
	l.restart = integer(v, "restart");
	l.role_count = cairn_schema_strs(l.role, CAIRN_ROLES_MAX, v, "roles");
	l.kernel = cairn_schema_component(components, "kernel");
	l.ramdisk = cairn_schema_component(components, "ramdisk");
	l.has_ramdisk = json_object_get(components, "ramdisk") != NULL;
	l.setup = cairn_setup_read(v);
	cairn_record_pci_read(&l, json_object_get(v, "pci"));
	l.serve_count = cairn_schema_strs(l.serve, CAIRN_SERVES_MAX, v, "serves");
	l.target = json_string_value(json_object_get(v, "target"));
	read_pairs(&l, json_object_get(v, "config"));
	read_backends(&l, json_object_get(v, "backends_used"));
	l.doc = json_incref(v);
	*out = l;
	return CAIRN_OK;
}

enum cairn_status cairn_refusal_from_json(struct cairn_refusal *out, json_t *v)
{
	cairn_auto_reasons struct cairn_reasons reasons = {0};
	enum cairn_status st = expect(v, CAIRN_RECORD_REFUSAL);

	if (st == CAIRN_OK)
		st = cairn_reasons_from_json(&reasons, json_object_get(v, "reasons"));
	if (st != CAIRN_OK)
		return st;
	snprintf(out->name, sizeof(out->name), "%s", str(json_object_get(v, "domain"), "name"));
	out->reasons = reasons;
	cairn_reasons_init(&reasons);
	return CAIRN_OK;
}

enum cairn_status cairn_exit_from_json(struct cairn_exit_record *out, json_t *v)
{
	enum cairn_status st = expect(v, CAIRN_RECORD_EXIT);

	if (st != CAIRN_OK)
		return st;
	*out = (struct cairn_exit_record){integer(v, "launch"), str(v, "name"), str(v, "reason"),
					  json_incref(v)};
	return CAIRN_OK;
}

enum cairn_status cairn_release_set_from_json(struct cairn_release_set_ref *out, const json_t *v)
{
	enum cairn_status st = expect(v, CAIRN_RECORD_RELEASE_SET);

	if (st != CAIRN_OK)
		return st;
	*out = (struct cairn_release_set_ref){.serial = integer(v, "serial"),
					      .sha256 = cairn_schema_digest(CAIRN_ALG_SHA256, v, "sha256")};
	snprintf(out->kid, sizeof(out->kid), "%s", str(v, "kid"));
	return CAIRN_OK;
}

void cairn_host_fini(struct cairn_host *h)
{
	cairn_json_release(&h->doc);
}

void cairn_launch_fini(struct cairn_launch *l)
{
	cairn_json_release(&l->doc);
}

void cairn_refusal_fini(struct cairn_refusal *r)
{
	cairn_reasons_fini(&r->reasons);
}

void cairn_exit_fini(struct cairn_exit_record *x)
{
	cairn_json_release(&x->doc);
}
