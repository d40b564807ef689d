/* The facts of a log as JSON: one pass, in which each reader of facts takes what it knows. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cairn/json.h"
#include "logfacts_internal.h"

/* ---- building --------------------------------------------------------------------------------------------------- */
static const char *backed(const struct fact_event *e)
{
	if (e->how.result != CAIRN_EVENT_MATCHES)
		return "claimed";
	return e->how.unnamed ? "content" : "hashed";
}

static void head(struct ej *j, const struct fact_event *e)
{
	ej_number(j, "event", e->ev.number);
	ej_string(j, "backed", backed(e));
}

struct ej fact_set(struct ej *j, const char *member, const struct fact_event *e)
{
	struct ej one = ej_child(j, member);

	head(&one, e);
	return one;
}

struct ej fact_add(struct ej *j, const char *member, const struct fact_event *e)
{
	json_t *array = json_object_get(j->object, member);
	struct ej one;

	if (!array) {
		array = json_array();
		ej_put(j, member, array);
	}
	one = ej_element(j, array);
	head(&one, e);
	return one;
}

void fact_digests(struct ej *j, const struct cairn_event *ev)
{
	struct ej o = ej_child(j, "digests");

	for (size_t i = 0; i < ev->count; i++)
		ej_put(&o, cairn_alg_name(ev->digest[i].alg), cairn_json_hex(ev->digest[i].value));
	ej_end(j, &o);
}

void fact_copy(struct ej *j, const struct cairn_event *ev, const char *const *members)
{
	cairn_auto_json json_t *data = cairn_event_data_json(ev, NULL);

	if (!data)
		j->failed = true;
	for (; *members; members++)
		if (json_object_get(data, *members))
			ej_put(j, *members, json_incref(json_object_get(data, *members)));
}

/* ---- firmware --------------------------------------------------------------------------------------------------- */
static void no_action(struct ej *j, const struct fact_event *e)
{
	static const char *const members[] = {"vendor",
					      "manifest",
					      "platform_manufacturer",
					      "platform_model",
					      "platform_version",
					      "firmware_manufacturer",
					      "firmware_version",
					      NULL};
	cairn_auto_json json_t *data = NULL;
	struct ej one;

	data = cairn_event_data_json(&e->ev, NULL);
	if (json_object_get(data, "locality")) {
		one = fact_set(j, "startup_locality", e);
		ej_put(&one, "locality", json_incref(json_object_get(data, "locality")));
		ej_end(j, &one);
	} else if (json_object_get(data, "manifest")) {
		one = fact_add(j, "manifests", e);
		fact_copy(&one, &e->ev, members);
		ej_end(j, &one);
	}
}

static void crtm_version(struct ej *j, const struct fact_event *e)
{
	static const char *const members[] = {"text", "hex", NULL};
	struct ej one;

	if (!cairn_log_event_is_of(e->log, &e->ev, 0))
		return;
	one = fact_set(j, "crtm_version", e);
	fact_copy(&one, &e->ev, members);
	ej_end(j, &one);
}

struct ej fact_open(struct ej *j, const char *member)
{
	json_t *there = json_object_get(j->object, member);

	return there ? (struct ej){.object = there} : ej_child(j, member);
}

static void keys(struct ej *j, const struct fact_event *e)
{
	static const struct {
		const char *guid, *name;
	} names[] = {{CAIRN_GUID_GLOBAL, "PK"},		 {CAIRN_GUID_GLOBAL, "KEK"},
		     {CAIRN_GUID_IMAGE_SECURITY, "db"},	 {CAIRN_GUID_IMAGE_SECURITY, "dbx"},
		     {CAIRN_GUID_IMAGE_SECURITY, "dbt"}, {CAIRN_GUID_IMAGE_SECURITY, "dbr"}};
	static const char *const members[] = {"signatures", NULL};
	struct cairn_span lists;
	size_t count;

	if (!cairn_log_event_is_of(e->log, &e->ev, 7))
		return;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!cairn_efi_variable_content(&lists, e->ev.data, names[i].guid, names[i].name))
			continue;
		struct ej all = fact_open(j, "keys"), one = fact_set(&all, names[i].name, e);
		if (cairn_efi_signatures_check(lists, &count) == CAIRN_OK) {
			ej_number(&one, "count", count);
			fact_copy(&one, &e->ev, members);
		} else {
			ej_string(&one, "malformed", "the signature lists are not well formed");
		}
		ej_end(&all, &one);
		ej_end(j, &all);
	}
}

static void authority(struct ej *j, const struct fact_event *e)
{
	static const char *const members[] = {"guid",	    "guid_name", "name",   "owner",
					      "owner_name", "subject",	 "sha256", "text",
					      "boolean",    "hex",	 NULL};
	struct ej one;

	if (!cairn_log_event_is_of(e->log, &e->ev, 7))
		return;
	one = fact_add(j, "authorities", e);
	fact_copy(&one, &e->ev, members);
	ej_end(j, &one);
}

/* ---- images ----------------------------------------------------------------------------------------------------- */
static void image(struct ej *j, const struct fact_event *e)
{
	static const struct {
		uint32_t type;
		unsigned pcr;
		const char *member;
	} kinds[] = {
	    /* PFP 1.06 r52, sections 3.3.4.3 (PCR 2) and 3.3.4.5 (PCR 4). */
	    {CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION, 4, "images"},
	    {CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION, 2, "option_roms"},
	    {CAIRN_EV_EFI_BOOT_SERVICES_DRIVER, 2, "option_roms"},
	    {CAIRN_EV_EFI_RUNTIME_SERVICES_DRIVER, 2, "option_roms"},
	    {CAIRN_EV_EFI_BOOT_SERVICES_DRIVER, 4, "images"},
	};
	static const char *const members[] = {"path", "malformed", NULL};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (kinds[i].type != e->ev.type || !cairn_log_event_is_of(e->log, &e->ev, kinds[i].pcr))
			continue;
		struct ej one = fact_add(j, kinds[i].member, e);
		fact_copy(&one, &e->ev, members);
		fact_digests(&one, &e->ev);
		ej_end(j, &one);
		return;
	}
}

/* Option ROMs of a BIOS: TCG PC Client Implementation for Conventional BIOS 1.21, section 11.3.3. */
static void bios_option_rom(struct ej *j, const struct fact_event *e)
{
	static const char *const members[] = {"kind", "text", "hex", "base", "size", NULL};
	struct ej one;

	if (e->log->cc || e->ev.pcr != 2)
		return;
	one = fact_add(j, "option_roms", e);
	fact_copy(&one, &e->ev, members);
	fact_digests(&one, &e->ev);
	ej_end(j, &one);
}

/* ---- boot options ----------------------------------------------------------------------------------------------- */
static void boot_variable(struct ej *j, const struct fact_event *e, const struct cairn_efi_variable *v)
{
	struct ej one;

	if (cairn_efi_variable_is(v, CAIRN_GUID_GLOBAL, "BootOrder")) {
		one = fact_set(j, "boot_order", e);
	} else if (cairn_efi_is_boot_option(v)) {
		one = fact_add(j, "boot_options", e);
		ej_utf16(&one, "name", v->name);
	} else {
		return;
	}
	cairn_efi_variable_fill(&one, v);
	ej_end(j, &one);
}

static void boot_options(struct ej *j, const struct fact_event *e)
{
	struct cairn_cur c = cairn_cur(e->ev.data);
	struct cairn_efi_variable v;

	if (!cairn_log_event_is_of(e->log, &e->ev, 1))
		return;
	while (cairn_cur_left(&c) > 0 && cairn_efi_variable_next(&v, &c) == CAIRN_OK)
		boot_variable(j, e, &v);
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	while (n > 0 && m > 0 && tolower((unsigned char)s[n - 1]) == tolower((unsigned char)end[m - 1])) {
		n--;
		m--;
	}
	return m == 0 && *end;
}

/* The option that was booted is the one whose path the first image's path ends with: firmware writes the full path for
 * the option's short one. Both are claims. */
static void mark_started(struct ej *j)
{
	const json_t *images = json_object_get(j->object, "images");
	const char *started = json_string_value(json_object_get(json_array_get(images, 0), "path"));
	json_t *options = json_object_get(j->object, "boot_options"), *o;
	size_t i;

	json_array_foreach(options, i, o)
	{
		struct ej one = {.object = o};
		const json_t *option = json_object_get(o, "option");
		const char *path = json_string_value(json_object_get(option, "path"));
		const char *data = json_string_value(json_object_get(option, "optional_hex"));
		bool is = started && path && ends_with(started, path);

		ej_put(&one, "started", json_boolean(is));
		ej_put(&one, "hands_over", json_boolean(is && data && *data));
		ej_end(j, &one);
	}
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */
/* Whose events each reader is given. */
static const struct {
	uint32_t type;
	fact_fn *read;
} readers[] = {
    {CAIRN_EV_NO_ACTION, no_action},
    {CAIRN_EV_S_CRTM_VERSION, crtm_version},
    {CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, keys},
    {CAIRN_EV_EFI_VARIABLE_AUTHORITY, authority},
    {CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION, image},
    {CAIRN_EV_EFI_BOOT_SERVICES_DRIVER, image},
    {CAIRN_EV_EFI_RUNTIME_SERVICES_DRIVER, image},
    {CAIRN_EV_ACTION, bios_option_rom},
    {CAIRN_EV_EVENT_TAG, bios_option_rom},
    {CAIRN_EV_POST_CODE, bios_option_rom},
    {CAIRN_EV_EFI_VARIABLE_BOOT, boot_options},
    {CAIRN_EV_EFI_VARIABLE_BOOT2, boot_options},
    {CAIRN_EV_IPL, fact_grub},
    {CAIRN_EV_IPL, fact_stub},
    {CAIRN_EV_EVENT_TAG, fact_addon},
};

static void read_event(struct ej *j, const struct fact_event *e)
{
	for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
		if (readers[i].type == e->ev.type)
			readers[i].read(j, e);
	fact_drtm(j, e);
}

static void put_secure_boot(struct ej *j, const struct cairn_log_facts *f)
{
	static const char *const states[] = {"unknown", "off", "on"};
	struct ej one = ej_child(j, "secure_boot");

	ej_string(&one, "state", states[f->secure_boot]);
	if (f->secure_boot_event) {
		ej_number(&one, "event", f->secure_boot_event);
		ej_string(&one, "backed", "hashed");
	}
	ej_end(j, &one);
}

static void put_anomalies(struct ej *j, const struct cairn_log_facts *f)
{
	json_t *all = json_array();
	size_t total = 0;

	ej_put(j, "anomalies", all);
	for (size_t i = 0; !j->failed && i < f->listed; i++) {
		struct ej one = ej_element(j, all);

		ej_string(&one, "what", cairn_anomaly_name(f->anomaly[i].what));
		ej_string(&one, "text", cairn_anomaly_text(f->anomaly[i].what));
		ej_number(&one, "event", f->anomaly[i].event);
		ej_number(&one, "pcr", f->anomaly[i].pcr);
		ej_end(j, &one);
	}
	for (size_t i = 0; i < CAIRN_ANOMALY_COUNT; i++)
		total += f->anomalies[i];
	ej_number(j, "anomalies_total", total);
}

json_t *cairn_log_facts_json(const struct cairn_eventlog *log)
{
	struct ej j = {.object = json_object()};
	struct cairn_log_facts f;

	if (cairn_log_facts_each(&f, log, read_event, &j) != CAIRN_OK) {
		json_decref(j.object);
		return NULL;
	}
	ej_number(&j, "events", log->count);
	ej_number(&j, "matches", f.matches);
	ej_number(&j, "bare", f.bare);
	ej_number(&j, "differs", f.differs);
	put_secure_boot(&j, &f);
	mark_started(&j);
	fact_xen(&j, log);
	put_anomalies(&j, &f);
	if (!j.failed)
		return j.object;
	json_decref(j.object);
	return NULL;
}
