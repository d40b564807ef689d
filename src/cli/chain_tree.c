/* The branches of the chain's tree: each node is what the node above it measured. */
#include <stdio.h>
#include <string.h>

#include "cairn/bootfacts.h"
#include "chain_launch.h"

/* ---- firmware, EFI programs, Xen, dom0 --------------------------------------------------------------------------------- */
static void add_pcrs(json_t *node, const json_t *chain, int first, int last)
{
	size_t i;
	json_t *p;
	json_array_foreach(json_object_get(chain, "pcrs"), i, p)
	{
		int pcr = (int)json_integer_value(json_object_get(p, "pcr"));
		if (pcr < first || pcr > last || strcmp(cairn_cli_str(p, "bank"), "sha256") != 0)
			continue;
		char name[16];
		snprintf(name, sizeof(name), "PCR %d", pcr);
		cairn_cli_node_add(node, cairn_cli_node(name, cairn_cli_str(p, "tpm"), "%s",
							json_is_true(json_object_get(p, "equal"))
							    ? "= replay of the log"
							    : "DIFFERS from the replay of the log"));
	}
}

/* One under the other: each EFI program that was started measured the next one. The last is returned. */
static json_t *add_images(json_t *parent, const struct cairn_eventlog *log)
{
	struct cairn_eventlog_iter it = cairn_eventlog_iter(log);
	struct cairn_event ev;
	for (int images = 0; parent && images < CAIRN_BOOT_IMAGES_MAX && cairn_eventlog_next(&it, &ev);) {
		cairn_auto_buf struct cairn_buf path = {0};
		struct cairn_digest d;
		if (ev.pcr != 4 || ev.type != CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION ||
		    cairn_event_digest_get(&d, &ev, CAIRN_ALG_SHA256) != CAIRN_OK)
			continue;
		cairn_cli_event_text(&path, &ev);
		const char *text = cairn_buf_str(&path);
		parent =
		    cairn_cli_node_add(parent, cairn_cli_node("EFI program", cairn_digest_hex(&d).text, "%s",
							      text && *text ? text : "(no file name)"));
		images++;
	}
	return parent;
}

static json_t *file_node(const char *name, const struct cairn_boot_file *f)
{
	int path = f->path.len < 512 ? (int)f->path.len : 512,
	    cmd = f->cmdline.len < 2048 ? (int)f->cmdline.len : 2048;
	return cairn_cli_node(name, cairn_digest_hex(&f->digest).text, "%.*s%s%.*s", path,
			      path ? (const char *)f->path.ptr : "", cmd ? "  " : "", cmd,
			      cmd ? (const char *)f->cmdline.ptr : "");
}

/* The host record must speak of the files that the boot log vouches for. */
static void join(json_t *chain, const json_t *said, const char *what, const struct cairn_boot_file *f)
{
	const char *claimed = cairn_cli_str(said, "sha256");
	if (strcmp(claimed, cairn_digest_hex(&f->digest).text) != 0)
		cairn_cli_problem(chain, "the host record says %s %s, the boot log %s", what, claimed,
				  cairn_digest_hex(&f->digest).text);
}

static json_t *add_booted(json_t *parent, json_t *chain, const struct cairn_eventlog *log, const json_t *host)
{
	struct cairn_boot_facts facts;
	enum cairn_status s = cairn_boot_facts(&facts, log, CAIRN_ALG_SHA256);
	if (s || facts.problem != CAIRN_BOOT_OK) {
		cairn_cli_problem(chain, "the boot log does not vouch for Xen and dom0: %s",
				  s ? cairn_status_text(s) : cairn_boot_problem_text(facts.problem));
		return cairn_cli_node_add(parent, cairn_cli_node("Xen and dom0", "", "unvouched"));
	}
	const json_t *xen_said = json_object_get(host, "xen"), *dom0_said = json_object_get(host, "dom0");
	json_t *xen = cairn_cli_node_add(parent, file_node("Xen", &facts.xen));
	const char *build_id = json_string_value(json_object_get(xen_said, "build_id"));
	if (build_id)
		cairn_cli_node_add(xen, cairn_cli_node("build id", build_id, "of the running hypervisor"));
	json_t *dom0 = cairn_cli_node_add(xen, file_node("dom0 kernel", &facts.kernel));
	if (facts.modules > 1)
		cairn_cli_node_add(dom0, file_node("dom0 initrd", &facts.initrd));
	if (!host)
		return dom0;
	join(chain, json_object_get(xen_said, "image"), "Xen", &facts.xen);
	join(chain, json_object_get(dom0_said, "kernel"), "dom0 kernel", &facts.kernel);
	if (facts.modules > 1)
		join(chain, json_object_get(dom0_said, "initrd"), "dom0 initrd", &facts.initrd);
	return dom0;
}

json_t *cairn_cli_chain_boot(json_t *root, json_t *chain, const struct cairn_eventlog *log,
			     const json_t *host_record)
{
	json_t *firmware = cairn_cli_node_add(root, cairn_cli_node("firmware", "", "PCR 0-7"));
	add_pcrs(firmware, chain, 0, 7);
	json_t *last = log ? add_images(firmware, log) : firmware;
	if (last)
		add_pcrs(last, chain, 8, 9);
	json_t *dom0 = log && last ? add_booted(last, chain, log, host_record) : last;
	const char *agent = cairn_cli_str(json_object_get(host_record, "agent"), "sha256");
	json_t *cairnd =
	    cairn_cli_node_add(dom0, cairn_cli_node("cairnd", host_record ? agent : "", "host record"));
	if (cairnd)
		add_pcrs(cairnd, chain, 11, 13);
	return cairnd;
}

/* ---- launches ------------------------------------------------------------------------------------------------------------ */
static const json_t *live_domain(const json_t *domains, uint64_t recnum)
{
	size_t i;
	json_t *d;
	json_array_foreach(domains, i, d)
	{
		if (json_integer_value(json_object_get(d, "recnum")) == (json_int_t)recnum)
			return d;
	}
	return NULL;
}

/* What goes down with it. */
static void add_dependants(json_t *node, const json_t *live)
{
	cairn_auto_buf struct cairn_buf names = {0};
	size_t i;
	json_t *name;
	json_array_foreach(json_object_get(live, "dependants"), i, name)
	    cairn_buf_add_fmt(&names, "%s%s", i ? ", " : "", json_string_value(name));
	const char *text = cairn_buf_str(&names);
	if (text && *text)
		cairn_cli_node_add(node, cairn_cli_node("dependants", "", "%s", text));
}

static void add_launch(json_t *parent, const struct cairn_log_entry *e, const json_t *domains)
{
	cairn_auto_launch struct cairn_launch l = {0};
	if (cairn_launch_from_json(&l, e->object) != CAIRN_OK)
		return; /* only out of memory: the reader has checked it */
	const json_t *live = live_domain(domains, e->recnum);
	char name[CAIRN_NAME_MAX + 16], where[64] = "", again[48] = "";
	snprintf(name, sizeof(name), "domain %s", l.name);
	if (live)
		snprintf(where, sizeof(where), ", domain %lld, %.32s",
			 (long long)json_integer_value(json_object_get(live, "domid")),
			 cairn_cli_str(live, "state"));
	if (l.restart > 0)
		snprintf(again, sizeof(again), ", restart %llu", (unsigned long long)l.restart);
	json_t *node = cairn_cli_node_add(
	    parent, cairn_cli_node(name, cairn_digest_hex(&e->digest[0]).text, "launch record %llu, %s%s%s",
				   (unsigned long long)e->recnum, l.type, again, where));
	if (!node)
		return;
	cairn_cli_chain_launch(node, &l);
	add_dependants(node, live);
}

static void add_release_set(json_t *parent, const struct cairn_log_entry *e)
{
	long long serial = (long long)json_integer_value(json_object_get(e->object, "serial"));
	char name[48];
	snprintf(name, sizeof(name), "release set %lld", serial);
	cairn_cli_node_add(parent, cairn_cli_node(name, cairn_digest_hex(&e->digest[0]).text,
						  "record %llu, signed by %s", (unsigned long long)e->recnum,
						  cairn_cli_str(e->object, "kid")));
}

/* Refusals, exits, violations, maintenance: one line each. */
static void add_other(json_t *parent, const struct cairn_log_entry *e)
{
	const json_t *reason = json_array_get(json_object_get(e->object, "reasons"), 0);
	const char *about = json_string_value(json_object_get(e->object, "name"));
	if (!about)
		about = json_string_value(json_object_get(json_object_get(e->object, "domain"), "name"));
	const char *why = reason ? json_string_value(json_object_get(reason, "text"))
				 : json_string_value(json_object_get(e->object, "reason"));
	cairn_cli_node_add(parent, cairn_cli_node(cairn_record_type_name(e->type),
						  cairn_digest_hex(&e->digest[0]).text, "record %llu%s%s%s%s",
						  (unsigned long long)e->recnum, about ? ", " : "",
						  about ? about : "", why ? ": " : "",
						  why	       ? why
						  : e->dropped ? ", dropped on a receipt"
							       : ""));
}

void cairn_cli_chain_launches(json_t *dom0, json_t *chain, struct cairn_span launch_log,
			      const json_t *domains)
{
	struct cairn_log_reader r;
	const struct cairn_pcr_numbers pcrs = CAIRN_PCR_NUMBERS_DEFAULT;
	cairn_log_reader_init(&r, launch_log, &pcrs);
	r.may_lack = true;
	for (;;) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};
		if (cairn_log_next(&r, &e) != CAIRN_OK)
			return;
		if (e.type == CAIRN_RECORD_LAUNCH && !e.dropped)
			add_launch(dom0, &e, domains);
		else if (e.type == CAIRN_RECORD_RELEASE_SET)
			add_release_set(dom0, &e);
		else if (e.type != CAIRN_RECORD_HOST && e.type != CAIRN_RECORD_BOOT)
			add_other(dom0, &e);
		if (e.type == CAIRN_RECORD_VIOLATION)
			cairn_cli_problem(
			    chain, "record %llu is a violation: nothing sealed to PCR 11 opens in this boot",
			    (unsigned long long)e.recnum);
		if (e.type == CAIRN_RECORD_CHANGE)
			cairn_cli_problem(chain,
					  "record %llu is a change of what was measured: see cairn log",
					  (unsigned long long)e.recnum);
		if (e.type == CAIRN_RECORD_MAINTENANCE)
			cairn_cli_problem(chain,
					  "record %llu is maintenance: cairnd enforces nothing, and nothing "
					  "sealed to PCR 11 opens in this boot",
					  (unsigned long long)e.recnum);
	}
}
