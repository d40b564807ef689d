/* The members that launch records and service manifests share from version 2 on: their schema, and from the
 * struct to the document and back. */
#include "core/record_setup.h"

#include <string.h>

#define text   cairn_schema_text
#define number cairn_schema_number
#define str    cairn_schema_str

static const char *const PURPOSES[] = {
    CAIRN_FIRMWARE, CAIRN_BIOS, CAIRN_DEVICE_MODEL, CAIRN_STUBDOMAIN_KERNEL, CAIRN_STUBDOMAIN_RAMDISK, NULL};

/* ---- schema ------------------------------------------------------------------------------------------- */

static const struct cairn_field COMPONENTS[] = {
    {.name = "kernel", .kind = CAIRN_F_COMPONENT, .optional = true},
    {.name = "ramdisk", .kind = CAIRN_F_COMPONENT, .optional = true},
    {.name = CAIRN_FIRMWARE, .kind = CAIRN_F_COMPONENT, .optional = true},
    {.name = CAIRN_BIOS, .kind = CAIRN_F_COMPONENT, .optional = true},
    {.name = CAIRN_DEVICE_MODEL, .kind = CAIRN_F_COMPONENT, .optional = true},
    {.name = CAIRN_STUBDOMAIN_KERNEL, .kind = CAIRN_F_COMPONENT, .optional = true},
    {.name = CAIRN_STUBDOMAIN_RAMDISK, .kind = CAIRN_F_COMPONENT, .optional = true},
    {0},
};
static const struct cairn_field INSIDE[] = {
    {.name = "kernel", .kind = CAIRN_F_TEXT, .min = 1, .max = CAIRN_TEXT_MAX},
    {.name = "ramdisk", .kind = CAIRN_F_TEXT, .min = 1, .max = CAIRN_TEXT_MAX, .optional = true},
    {0},
};

static const char *const DISK_KINDS[] = {CAIRN_DISK_VERITY, CAIRN_DISK_IMAGE, CAIRN_DISK_UNMEASURED, NULL};
static const struct cairn_field DISK[] = {
    {.name = "backend", .kind = CAIRN_F_NAME, .optional = true},
    {.name = "kind", .kind = CAIRN_F_WORD, .words = DISK_KINDS},
    {.name = "readwrite", .kind = CAIRN_F_BOOL},
    {.name = "sha256", .kind = CAIRN_F_HEX, .min = 32, .max = 32, .optional = true},
    {.name = "size", .kind = CAIRN_F_INT, .min = 1, .max = INT64_MAX, .optional = true},
    {.name = "vdev", .kind = CAIRN_F_NAME},
    {0},
};
const struct cairn_field cairn_setup_disk[] = {{.name = "", .kind = CAIRN_F_OBJECT, .sub = DISK}};

bool cairn_setup_has_any(const json_t *object, const char *const *members)
{
	for (; *members != NULL; members++)
		if (json_object_get(object, *members) != NULL)
			return true;
	return false;
}

bool cairn_setup_needs_v2(const json_t *doc)
{
	static const char *const members[] = {"disks", "dm_args", "xsm", NULL};

	return cairn_setup_has_any(doc, members) ||
	       cairn_setup_has_any(json_object_get(doc, "components"), PURPOSES);
}

enum cairn_status cairn_setup_version(const json_t *doc, bool needs_v2)
{
	bool second = cairn_schema_int(doc, "version") == 2;

	if (needs_v2 == second)
		return CAIRN_OK;
	return second ? CAIRN_E_VERSION : CAIRN_E_UNSUPPORTED;
}

/* ---- what a table cannot say -------------------------------------------------------------------------- */

static bool has(const json_t *object, const char *member)
{
	return json_object_get(object, member) != NULL;
}

/* What can be written, or was not measured, has no digest; all else has one. */
static bool disk_ok(const json_t *disk)
{
	bool measured = strcmp(str(disk, "kind"), CAIRN_DISK_UNMEASURED) != 0;

	if (has(disk, "sha256") != measured || has(disk, "size") != measured)
		return false;
	return !measured || !json_is_true(json_object_get(disk, "readwrite"));
}

static bool disks_ok(const json_t *disks)
{
	for (size_t i = 0; i < json_array_size(disks); i++) {
		const json_t *disk = json_array_get(disks, i);

		if (!disk_ok(disk))
			return false;
		for (size_t k = 0; k < i; k++)
			if (strcmp(str(json_array_get(disks, k), "vdev"), str(disk, "vdev")) == 0)
				return false;
	}
	return true;
}

/* A kernel is one of the domain's own, or lies in its stub domain, or there is none, for an hvm domain. */
static bool kernel_ok(const json_t *doc, bool hvm)
{
	const json_t *components = json_object_get(doc, "components");
	bool own = has(components, "kernel"), inside = has(doc, "inside_stubdomain");

	if (inside && (own || has(components, "ramdisk")))
		return false;
	return hvm ? own || !has(components, "ramdisk") : own;
}

static bool stubdomain_ok(const json_t *doc, bool hvm)
{
	const json_t *components = json_object_get(doc, "components");

	if (has(components, CAIRN_STUBDOMAIN_KERNEL))
		return hvm;
	return !has(components, CAIRN_STUBDOMAIN_RAMDISK) && !has(doc, "stubdomain_cmdline") &&
	       !has(doc, "inside_stubdomain");
}

static bool hvm_ok(const json_t *components)
{
	return has(components, CAIRN_FIRMWARE) &&
	       (has(components, CAIRN_DEVICE_MODEL) || has(components, CAIRN_STUBDOMAIN_KERNEL));
}

enum cairn_status cairn_setup_check(const json_t *doc, const char *type)
{
	const json_t *components = json_object_get(doc, "components");
	bool hvm = strcmp(type, CAIRN_TYPE_HVM) == 0;
	enum cairn_status st = cairn_schema_check(components, COMPONENTS);

	if (st == CAIRN_OK && has(doc, "inside_stubdomain"))
		st = cairn_schema_check(json_object_get(doc, "inside_stubdomain"), INSIDE);
	if (st != CAIRN_OK)
		return st;
	if (!kernel_ok(doc, hvm) || !stubdomain_ok(doc, hvm) || !disks_ok(json_object_get(doc, "disks")))
		return CAIRN_E_MALFORMED;
	return !hvm || hvm_ok(components) ? CAIRN_OK : CAIRN_E_MALFORMED;
}

/* ---- building ----------------------------------------------------------------------------------------- */

const struct cairn_image *cairn_setup_component(const struct cairn_setup *s, const char *purpose)
{
	for (size_t i = 0; i < s->component_count; i++)
		if (strcmp(s->component[i].purpose, purpose) == 0)
			return &s->component[i];
	return NULL;
}

static bool is_purpose(const char *s)
{
	for (size_t i = 0; s != NULL && PURPOSES[i] != NULL; i++)
		if (strcmp(PURPOSES[i], s) == 0)
			return true;
	return false;
}

enum cairn_status cairn_setup_ready(const struct cairn_setup *s)
{
	if (s->component_count > CAIRN_COMPONENTS_MAX || s->disk_count > CAIRN_DISKS_MAX)
		return CAIRN_E_LIMIT;
	for (size_t i = 0; i < s->component_count; i++)
		if (!is_purpose(s->component[i].purpose))
			return CAIRN_E_MALFORMED;
	for (size_t i = 0; i < s->component_count; i++)
		if (cairn_setup_component(s, s->component[i].purpose) != &s->component[i])
			return CAIRN_E_MALFORMED;
	return CAIRN_OK;
}

json_t *cairn_setup_components_json(const struct cairn_component *kernel,
				    const struct cairn_component *ramdisk, const struct cairn_setup *s)
{
	json_t *v = json_object();
	int failed = 0;

	if (kernel->sha256.alg != CAIRN_ALG_NONE)
		failed |= json_object_set_new(v, "kernel", cairn_json_component(kernel));
	if (ramdisk != NULL)
		failed |= json_object_set_new(v, "ramdisk", cairn_json_component(ramdisk));
	for (size_t i = 0; i < s->component_count; i++)
		failed |= json_object_set_new(v, s->component[i].purpose,
					      cairn_json_component(&s->component[i].is));
	if (failed)
		cairn_json_release(&v);
	return v;
}

static json_t *disk_json(const struct cairn_disk *d)
{
	json_t *v = json_pack("{s:o, s:b, s:o}", "kind", text(d->kind), "readwrite", d->readwrite, "vdev",
			      text(d->vdev));
	int failed = v == NULL;

	if (d->backend != NULL)
		failed |= json_object_set_new(v, "backend", text(d->backend));
	if (d->digest.alg != CAIRN_ALG_NONE)
		failed |= json_object_set_new(v, "sha256", cairn_json_hex(cairn_digest_span(&d->digest)));
	if (d->size != 0)
		failed |= json_object_set_new(v, "size", number(d->size));
	if (failed)
		cairn_json_release(&v);
	return v;
}

static json_t *disks_json(const struct cairn_setup *s)
{
	json_t *array = json_array();

	for (size_t i = 0; array != NULL && i < s->disk_count; i++)
		if (json_array_append_new(array, disk_json(&s->disk[i])) != 0)
			cairn_json_release(&array);
	return array;
}

static json_t *inside_json(const struct cairn_setup *s)
{
	json_t *v = json_object();
	int failed = 0;

	if (s->inside_kernel != NULL)
		failed |= json_object_set_new(v, "kernel", text(s->inside_kernel));
	if (s->inside_ramdisk != NULL)
		failed |= json_object_set_new(v, "ramdisk", text(s->inside_ramdisk));
	if (failed)
		cairn_json_release(&v);
	return v;
}

enum cairn_status cairn_setup_add(json_t *doc, const struct cairn_setup *s)
{
	int failed = 0;

	if (s->disk_count > 0)
		failed |= json_object_set_new(doc, "disks", disks_json(s));
	if (s->dm_args != NULL)
		failed |= json_object_set_new(doc, "dm_args", text(s->dm_args));
	if (s->inside_kernel != NULL || s->inside_ramdisk != NULL)
		failed |= json_object_set_new(doc, "inside_stubdomain", inside_json(s));
	if (s->stubdomain_cmdline != NULL)
		failed |= json_object_set_new(doc, "stubdomain_cmdline", text(s->stubdomain_cmdline));
	if (s->xsm != NULL)
		failed |= json_object_set_new(doc, "xsm", text(s->xsm));
	return failed ? CAIRN_E_NOMEM : CAIRN_OK;
}

/* ---- reading ------------------------------------------------------------------------------------------ */

static void read_components(struct cairn_setup *s, const json_t *components)
{
	for (size_t i = 0; PURPOSES[i] != NULL; i++)
		if (has(components, PURPOSES[i]))
			s->component[s->component_count++] = (struct cairn_image){
			    .purpose = PURPOSES[i], .is = cairn_schema_component(components, PURPOSES[i])};
}

static struct cairn_disk read_disk(const json_t *v)
{
	return (struct cairn_disk){
	    .vdev = str(v, "vdev"),
	    .backend = json_string_value(json_object_get(v, "backend")),
	    .kind = str(v, "kind"),
	    .readwrite = json_is_true(json_object_get(v, "readwrite")),
	    .digest = cairn_schema_digest(CAIRN_ALG_SHA256, v, "sha256"),
	    .size = cairn_schema_int(v, "size"),
	};
}

struct cairn_setup cairn_setup_read(const json_t *doc)
{
	const json_t *disks = json_object_get(doc, "disks");
	const json_t *inside = json_object_get(doc, "inside_stubdomain");
	struct cairn_setup s = {
	    .dm_args = json_string_value(json_object_get(doc, "dm_args")),
	    .stubdomain_cmdline = json_string_value(json_object_get(doc, "stubdomain_cmdline")),
	    .inside_kernel = json_string_value(json_object_get(inside, "kernel")),
	    .inside_ramdisk = json_string_value(json_object_get(inside, "ramdisk")),
	    .xsm = json_string_value(json_object_get(doc, "xsm")),
	};

	read_components(&s, json_object_get(doc, "components"));
	for (size_t i = 0; i < json_array_size(disks) && i < CAIRN_DISKS_MAX; i++)
		s.disk[s.disk_count++] = read_disk(json_array_get(disks, i));
	return s;
}
