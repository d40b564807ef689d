/* What a service manifest says: its schema, and from the struct to the document and back. */
#include "keys/manifest_internal.h"

#include <string.h>

#define str    cairn_schema_text
#define number cairn_schema_number

/* ---- schema ------------------------------------------------------------------------------------------- */

static const char *const TYPES[] = {CAIRN_TYPE_PV, CAIRN_TYPE_PVH, CAIRN_TYPE_HVM, NULL};
static const char *const SERVES[] = {CAIRN_SERVES_VIF, CAIRN_SERVES_VBD, NULL};

#define VERSION CAIRN_MANIFEST_VERSIONS(2)
static const struct cairn_field NAME[] = {{.name = "", .kind = CAIRN_F_NAME}};
static const struct cairn_field SERVED[] = {{.name = "", .kind = CAIRN_F_WORD, .words = SERVES}};
static const struct cairn_field RULE[] = {
    {.name = "class", .kind = CAIRN_F_HEX, .min = 2, .max = 2, .optional = true},
    {.name = "device", .kind = CAIRN_F_HEX, .min = 2, .max = 2, .optional = true},
    {.name = "permissive", .kind = CAIRN_F_BOOL},
    {.name = "rom_sha256",
     .kind = CAIRN_F_HEX,
     .min = CAIRN_SHA256_SIZE,
     .max = CAIRN_SHA256_SIZE,
     .optional = true},
    {.name = "vendor", .kind = CAIRN_F_HEX, .min = 2, .max = 2, .optional = true},
    {0},
};
static const struct cairn_field RULES[] = {{.name = "", .kind = CAIRN_F_OBJECT, .sub = RULE}};

static const struct cairn_field CONSTRAINTS[] = {
    {.name = "backends", .kind = CAIRN_F_ARRAY, .max = CAIRN_BACKENDS_MAX, .sub = NAME, .ascending = true},
    {.name = "memory_max_mib", .kind = CAIRN_F_INT, .min = 1, .max = UINT32_MAX},
    {.name = "pci", .kind = CAIRN_F_ARRAY, .min = 1, .max = CAIRN_PCI_MAX, .sub = RULES, .optional = true},
    {.name = "serves",
     .kind = CAIRN_F_ARRAY,
     .min = 1,
     .max = CAIRN_SERVES_MAX,
     .sub = SERVED,
     .optional = true,
     .ascending = true},
    {.name = "targets",
     .kind = CAIRN_F_ARRAY,
     .min = 1,
     .max = CAIRN_BACKENDS_MAX,
     .sub = NAME,
     .optional = true,
     .ascending = true},
    {.name = "vcpus_max", .kind = CAIRN_F_INT, .min = 1, .max = 4096},
    {0},
};

static const struct cairn_field SERVICE[] = {
    CAIRN_MANIFEST_COMMON,
    VERSION,
    {.name = "cmdline", .kind = CAIRN_F_TEXT, .max = CAIRN_TEXT_MAX},
    {.name = "components", .kind = CAIRN_F_ANY},
    {.name = "constraints", .kind = CAIRN_F_OBJECT, .sub = CONSTRAINTS},
    {.name = "disks",
     .kind = CAIRN_F_ARRAY,
     .min = 1,
     .max = CAIRN_DISKS_MAX,
     .sub = cairn_setup_disk,
     .optional = true},
    {.name = "dm_args", .kind = CAIRN_F_TEXT, .min = 1, .max = CAIRN_TEXT_MAX, .optional = true},
    {.name = "inside_stubdomain", .kind = CAIRN_F_ANY, .optional = true},
    {.name = "roles", .kind = CAIRN_F_ARRAY, .max = CAIRN_ROLES_MAX, .sub = NAME, .ascending = true},
    {.name = "stubdomain_cmdline", .kind = CAIRN_F_TEXT, .min = 1, .max = CAIRN_TEXT_MAX, .optional = true},
    {.name = "type", .kind = CAIRN_F_WORD, .words = TYPES},
    {.name = "xsm", .kind = CAIRN_F_TEXT, .min = 1, .max = CAIRN_XSM_MAX, .optional = true},
    {0},
};

bool cairn_manifest_service_needs_v2(const json_t *v)
{
	static const char *const limits[] = {"pci", "serves", "targets", NULL};

	return cairn_setup_has_any(json_object_get(v, "constraints"), limits) || cairn_setup_needs_v2(v);
}

/* A rule is for a class, or for one vendor's device. */
static bool rules_ok(const json_t *rules)
{
	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *rule = json_array_get(rules, i);
		bool class = json_object_get(rule, "class") != NULL;

		if ((json_object_get(rule, "vendor") != NULL) == class ||
		    (json_object_get(rule, "device") != NULL) == class)
			return false;
	}
	return true;
}

/* By whom a disk is served is for the constraints to say. */
static bool names_backend(const json_t *disks)
{
	for (size_t i = 0; i < json_array_size(disks); i++)
		if (json_object_get(json_array_get(disks, i), "backend") != NULL)
			return true;
	return false;
}

enum cairn_status cairn_manifest_service_check(const json_t *v)
{
	enum cairn_status st = cairn_schema_check(v, SERVICE);

	if (st != CAIRN_OK)
		return st;
	if (!rules_ok(json_object_get(json_object_get(v, "constraints"), "pci")))
		return CAIRN_E_MALFORMED;
	if (names_backend(json_object_get(v, "disks")))
		return CAIRN_E_UNSUPPORTED;
	st = cairn_setup_check(v, cairn_schema_str(v, "type"));
	return st == CAIRN_OK ? cairn_setup_version(v, cairn_manifest_service_needs_v2(v)) : st;
}

/* ---- building ----------------------------------------------------------------------------------------- */

enum cairn_status cairn_manifest_service_ready(const struct cairn_manifest *m)
{
	if (m->role_count > CAIRN_ROLES_MAX || m->backend_count > CAIRN_BACKENDS_MAX ||
	    m->pci_count > CAIRN_PCI_MAX || m->serve_count > CAIRN_SERVES_MAX ||
	    m->target_count > CAIRN_BACKENDS_MAX)
		return CAIRN_E_LIMIT;
	return cairn_setup_ready(&m->setup);
}

static json_t *rule_json(const struct cairn_pci_rule *r)
{
	json_t *v =
	    r->by_class
		? json_pack("{s:o, s:b}", "class", cairn_pci_hex(r->class, 2), "permissive", r->permissive)
		: json_pack("{s:o, s:b, s:o}", "device", cairn_pci_hex(r->device, 2), "permissive",
			    r->permissive, "vendor", cairn_pci_hex(r->vendor, 2));

	if (v != NULL && r->rom.alg != CAIRN_ALG_NONE &&
	    json_object_set_new(v, "rom_sha256", cairn_json_hex(cairn_digest_span(&r->rom))) != 0)
		cairn_json_release(&v);
	return v;
}

static json_t *rules_json(const struct cairn_manifest *m)
{
	json_t *array = json_array();

	for (size_t i = 0; array != NULL && i < m->pci_count; i++)
		if (json_array_append_new(array, rule_json(&m->pci[i])) != 0)
			cairn_json_release(&array);
	return array;
}

static json_t *constraints_json(const struct cairn_manifest *m)
{
	json_t *v =
	    json_pack("{s:o, s:o, s:o}", "backends", cairn_schema_texts(m->backend, m->backend_count, true),
		      "memory_max_mib", number(m->memory_max_mib), "vcpus_max", number(m->vcpus_max));
	int failed = v == NULL;

	if (m->pci_count > 0)
		failed |= json_object_set_new(v, "pci", rules_json(m));
	if (m->serve_count > 0)
		failed |=
		    json_object_set_new(v, "serves", cairn_schema_texts(m->serve, m->serve_count, true));
	if (m->target_count > 0)
		failed |=
		    json_object_set_new(v, "targets", cairn_schema_texts(m->target, m->target_count, true));
	if (failed)
		cairn_json_release(&v);
	return v;
}

json_t *cairn_manifest_service_members(const struct cairn_manifest *m)
{
	json_t *v =
	    json_pack("{s:o, s:o, s:o, s:o, s:o}", "cmdline", str(m->cmdline), "components",
		      cairn_setup_components_json(&m->kernel, m->has_ramdisk ? &m->ramdisk : NULL, &m->setup),
		      "constraints", constraints_json(m), "roles",
		      cairn_schema_texts(m->role, m->role_count, true), "type", str(m->type));

	if (v != NULL && cairn_setup_add(v, &m->setup) != CAIRN_OK)
		cairn_json_release(&v);
	return v;
}

/* ---- reading ------------------------------------------------------------------------------------------ */

static void read_rules(struct cairn_manifest *m, const json_t *rules)
{
	for (size_t i = 0; i < json_array_size(rules) && i < CAIRN_PCI_MAX; i++) {
		const json_t *rule = json_array_get(rules, i);

		m->pci[m->pci_count++] = (struct cairn_pci_rule){
		    .by_class = json_object_get(rule, "class") != NULL,
		    .class = (uint16_t)cairn_pci_number(rule, "class"),
		    .vendor = (uint16_t)cairn_pci_number(rule, "vendor"),
		    .device = (uint16_t)cairn_pci_number(rule, "device"),
		    .permissive = json_is_true(json_object_get(rule, "permissive")),
		    .rom = cairn_schema_digest(CAIRN_ALG_SHA256, rule, "rom_sha256"),
		};
	}
}

void cairn_manifest_service_read(struct cairn_manifest *m, const json_t *v)
{
	const json_t *limits = json_object_get(v, "constraints"), *parts = json_object_get(v, "components");

	m->kernel = cairn_schema_component(parts, "kernel");
	m->ramdisk = cairn_schema_component(parts, "ramdisk");
	m->has_ramdisk = json_object_get(parts, "ramdisk") != NULL;
	m->setup = cairn_setup_read(v);
	m->type = cairn_schema_str(v, "type");
	m->cmdline = cairn_schema_str(v, "cmdline");
	m->role_count = cairn_schema_strs(m->role, CAIRN_ROLES_MAX, v, "roles");
	m->backend_count = cairn_schema_strs(m->backend, CAIRN_BACKENDS_MAX, limits, "backends");
	m->serve_count = cairn_schema_strs(m->serve, CAIRN_SERVES_MAX, limits, "serves");
	m->target_count = cairn_schema_strs(m->target, CAIRN_BACKENDS_MAX, limits, "targets");
	m->memory_max_mib = cairn_schema_int(limits, "memory_max_mib");
	m->vcpus_max = cairn_schema_int(limits, "vcpus_max");
	read_rules(m, json_object_get(limits, "pci"));
}
