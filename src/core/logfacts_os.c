/* Facts of boot loaders and of dynamic launches: GRUB, Xen, systemd-stub, TXT, tboot, Secure Launch. */
#include <string.h>

#include "logfacts_internal.h"

/* ---- GRUB and Xen ----------------------------------------------------------------------------------------------- */
/* A command or a command line must be what was hashed; of a file the digest is of its content. */
void fact_grub(struct ej *j, const struct fact_event *e)
{
	static const char *const words[] = {
	    [CAIRN_GRUB_COMMAND] = "command",
	    [CAIRN_GRUB_KERNEL] = "kernel",
	    [CAIRN_GRUB_MODULE] = "module",
	};
	struct cairn_span text;
	enum cairn_grub_text kind = cairn_event_grub_text(&text, &e->ev);
	struct ej grub, one;

	if (kind == CAIRN_GRUB_NONE && cairn_log_event_is_of(e->log, &e->ev, 8))
		kind = cairn_grub_text_of(&text, e->ev.data);
	if (kind == CAIRN_GRUB_NONE)
		return;
	grub = fact_open(j, "grub");
	one = fact_add(&grub, kind == CAIRN_GRUB_FILE ? "files" : "commands", e);
	ej_utf8(&one, "text", cairn_span_chomp(text));
	if (kind == CAIRN_GRUB_FILE)
		fact_digests(&one, &e->ev);
	else
		ej_string(&one, "grub", words[kind]);
	ej_end(&grub, &one);
	ej_end(j, &grub);
}

static void put_file(struct ej *j, const char *member, const struct cairn_boot_file *f)
{
	struct ej one = ej_child(j, member);

	ej_utf8(&one, "path", f->path);
	ej_utf8(&one, "cmdline", f->cmdline);
	ej_string(&one, cairn_alg_name(f->digest.alg), cairn_digest_hex(&f->digest).text);
	ej_end(j, &one);
}

/* A command that loads Xen, or what was once loaded as Xen is. */
static bool has_multiboot(const struct ej *j)
{
	const json_t *commands = json_object_get(json_object_get(j->object, "grub"), "commands"), *o;
	size_t i;

	json_array_foreach(commands, i, o)
	{
		const char *text = json_string_value(json_object_get(o, "text"));

		if (strncmp(text ? text : "", "multiboot2 ", 11) == 0)
			return true;
	}
	return false;
}

void fact_xen(struct ej *j, const struct cairn_eventlog *log)
{
	struct cairn_boot_facts f;
	enum cairn_alg bank = CAIRN_ALG_NONE;

	for (size_t i = 0; i < log->banks; i++)
		if (bank == CAIRN_ALG_NONE || log->bank[i] == CAIRN_ALG_SHA256)
			bank = log->bank[i];
	if (!has_multiboot(j))
		return;
	if (cairn_boot_facts(&f, log, bank) != CAIRN_OK) {
		j->failed = true;
		return;
	}
	struct ej xen = ej_child(j, "xen");
	if (f.problem != CAIRN_BOOT_OK) {
		ej_string(&xen, "problem", cairn_boot_problem_text(f.problem));
		ej_number(&xen, "problem_event", f.problem_event);
	} else {
		put_file(&xen, "xen", &f.xen);
		put_file(&xen, "kernel", &f.kernel);
		if (f.modules > 1)
			put_file(&xen, "initrd", &f.initrd);
		ej_number(&xen, "modules", f.modules);
	}
	ej_end(j, &xen);
}

/* ---- systemd-boot, systemd-stub, Linux -------------------------------------------------------------------------- */
/* systemd 256, docs/TPM2_PCR_MEASUREMENTS.md: a section is two events of PCR 11 with its name for data; the digest of
 * the first is of the name, that of the second of the content. */
static void section(struct ej *stub, const struct fact_event *e)
{
	static const char *const text[] = {"text", NULL};
	json_t *all = json_object_get(stub->object, "sections");
	json_t *last = json_array_get(all, json_array_size(all) - 1);
	struct ej one;

	if (e->how.section) {
		one = fact_add(stub, "sections", e);
		fact_copy(&one, &e->ev, text);
	} else if (last && !json_object_get(last, "digests")) {
		one = (struct ej){.object = last};
		fact_digests(&one, &e->ev);
	} else {
		return;
	}
	ej_end(stub, &one);
}

static void command_line(struct ej *stub, const struct fact_event *e)
{
	static const char *const text[] = {"text", NULL};
	struct ej one = fact_add(stub, "command_lines", e);

	fact_copy(&one, &e->ev, text);
	ej_end(stub, &one);
}

void fact_addon(struct ej *j, const struct fact_event *e)
{
	static const char *const members[] = {"name", "text", NULL};
	struct ej stub, one;

	if (!cairn_event_tag_name(&e->ev))
		return;
	stub = fact_open(j, "stub");
	one = fact_add(&stub, "addons", e);
	fact_copy(&one, &e->ev, members);
	fact_digests(&one, &e->ev);
	ej_end(&stub, &one);
	ej_end(j, &stub);
}

static bool is_utf16(struct cairn_span s)
{
	return s.len > 1 && s.ptr[1] == 0;
}

void fact_stub(struct ej *j, const struct fact_event *e)
{
	/* PCR 8 up to systemd 250 */
	bool line = (e->ev.pcr == 12 || e->ev.pcr == 8) && e->how.result == CAIRN_EVENT_MATCHES;
	struct ej stub;

	if (!is_utf16(e->ev.data) || (e->ev.pcr != 11 && !line))
		return;
	stub = fact_open(j, "stub");
	if (line)
		command_line(&stub, e);
	else
		section(&stub, e);
	ej_end(j, &stub);
}

/* ---- dynamic launch --------------------------------------------------------------------------------------------- */
static const struct {
	uint32_t type;
	const char *name;
} txt[] = {
    {CAIRN_EVTYPE_HASH_START, "sinit"},
    {CAIRN_EVTYPE_BIOSAC_REG_DATA, "bios_acm"},
    {CAIRN_EVTYPE_CPU_SCRTM_STAT, "cpu_scrtm"},
    {CAIRN_EVTYPE_LCP_CONTROL_HASH, "lcp_control"},
    {CAIRN_EVTYPE_ELEMENTS_HASH, "lcp_elements"},
    {CAIRN_EVTYPE_STM_HASH, "stm"},
    {CAIRN_EVTYPE_OSSINITDATA_CAP_HASH, "os_capabilities"},
    {CAIRN_EVTYPE_SINIT_PUBKEY_HASH, "sinit_pubkey"},
    {CAIRN_EVTYPE_LCP_HASH, "lcp"},
    {CAIRN_EVTYPE_LCP_DETAILS_HASH, "lcp_details"},
    {CAIRN_EVTYPE_LCP_AUTHORITIES_HASH, "lcp_authorities"},
    {CAIRN_EVTYPE_NV_INFO_HASH, "nv_info"},
    {CAIRN_EVTYPE_MLE_HASH, "mle"},
    {CAIRN_EVTYPE_COMBINED_HASH, "combined"},
};

static void txt_event(struct ej *drtm, const struct fact_event *e, const char *name)
{
	static const char *const members[] = {"sinit_hash", "senter_flags", "bios_acm_id", "registers",
					      "value",	    "hex",	    NULL};
	struct ej one = fact_add(drtm, name, e);

	ej_number(&one, "pcr", e->ev.pcr);
	fact_copy(&one, &e->ev, members);
	fact_digests(&one, &e->ev);
	ej_end(drtm, &one);
}

/* tboot 1.11, docs/policy_v2.txt: the first event of a PCR is its policy, the others are the modules that the policy
 * puts there. The log does not name them. */
static void tboot_event(struct ej *drtm, const struct fact_event *e)
{
	const json_t *all = json_object_get(drtm->object, "tboot"), *o;
	const char *role = "policy";
	struct ej one;
	size_t i;

	json_array_foreach(all, i, o)
	{
		if (json_integer_value(json_object_get(o, "pcr")) == (json_int_t)e->ev.pcr)
			role = "module";
	}
	one = fact_add(drtm, "tboot", e);
	ej_number(&one, "pcr", e->ev.pcr);
	ej_string(&one, "role", role);
	fact_digests(&one, &e->ev);
	ej_end(drtm, &one);
}

static void slaunch_event(struct ej *drtm, const struct fact_event *e)
{
	static const char *const text[] = {"text", NULL};
	struct ej one = fact_add(drtm, "slaunch", e);

	ej_number(&one, "pcr", e->ev.pcr);
	fact_copy(&one, &e->ev, text);
	fact_digests(&one, &e->ev);
	ej_end(drtm, &one);
}

void fact_drtm(struct ej *j, const struct fact_event *e)
{
	struct ej drtm;

	if (!cairn_event_extends(&e->ev) || e->ev.pcr < 17 || e->ev.pcr > 22)
		return;
	drtm = fact_open(j, "drtm");
	for (size_t i = 0; i < sizeof txt / sizeof txt[0]; i++)
		if (txt[i].type == e->ev.type)
			txt_event(&drtm, e, txt[i].name);
	if (e->ev.type == CAIRN_EVTYPE_HASH_START)
		ej_string(&drtm, "kind", "txt");
	if (e->ev.type == CAIRN_EVTYPE_TBOOT)
		tboot_event(&drtm, e);
	if (e->ev.type == CAIRN_EVTYPE_SLAUNCH)
		slaunch_event(&drtm, e);
	ej_end(j, &drtm);
}
