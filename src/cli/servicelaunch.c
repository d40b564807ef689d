/* A manifest from a launch on record: what was launched once, where it was let run and looked at, is signed as it was. */
#include "servicespec.h"

#include <string.h>

#include "cairn/launchlog.h"

static enum cairn_status last_launch(struct cairn_launch *out, struct cairn_span log, const char *name)
{
	static const struct cairn_pcr_numbers pcrs = CAIRN_PCR_NUMBERS_DEFAULT;
	cairn_auto_launch struct cairn_launch found = {0};
	struct cairn_log_reader r;
	enum cairn_status s = CAIRN_OK;
	cairn_log_reader_init(&r, log, &pcrs);
	r.may_lack = true;
	while (!s) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};
		cairn_auto_launch struct cairn_launch l = {0};
		s = cairn_log_next(&r, &e);
		if (!s && e.type == CAIRN_RECORD_LAUNCH && !e.dropped)
			s = cairn_launch_from_json(&l, e.object);
		if (s || !l.doc || strcmp(l.name, name) != 0)
			continue;
		cairn_launch_fini(&found);
		found = l;
		l.doc = NULL;
	}
	if (s != CAIRN_E_NOTFOUND || !found.doc)
		return s;
	*out = found;
	found.doc = NULL;
	return CAIRN_OK;
}

static void take_names(struct cairn_manifest *m, const struct cairn_launch *l)
{
	for (size_t i = 0; i < l->role_count; i++)
		m->role[m->role_count++] = l->role[i];
	for (size_t i = 0; i < l->backend_count; i++)
		(void)cairn_cli_add_name(m->backend, &m->backend_count, CAIRN_BACKENDS_MAX,
					 l->backend[i].backend);
	for (size_t i = 0; i < l->serve_count; i++)
		m->serve[m->serve_count++] = l->serve[i];
	if (l->target)
		m->target[m->target_count++] = l->target;
}

static void take(struct cairn_manifest *m, const struct cairn_launch *l)
{
	m->type = l->type;
	m->cmdline = l->cmdline;
	m->kernel = l->kernel;
	m->ramdisk = l->ramdisk;
	m->has_ramdisk = l->has_ramdisk;
	m->memory_max_mib = l->memory_mib;
	m->vcpus_max = l->vcpus;
	m->setup = l->setup;
	for (size_t i = 0; i < m->setup.disk_count; i++)
		m->setup.disk[i].backend = NULL; /* is among those that it may use */
	for (size_t i = 0; i < l->pci_count; i++)
		m->pci[m->pci_count++] = (struct cairn_pci_rule){.vendor = l->pci[i].vendor,
								 .device = l->pci[i].device,
								 .permissive = l->pci[i].permissive,
								 .rom = l->pci[i].rom};
	take_names(m, l);
}

int cairn_cli_service_launched(struct cairn_manifest *m, struct cairn_launch *keep, const char *path)
{
	cairn_auto_buf struct cairn_buf log = {0};
	enum cairn_status s = cairn_file_read(&log, path, CAIRN_LOG_MAX);
	if (s)
		return cairn_cli_fail(s, NULL, "%s", path);
	s = last_launch(keep, cairn_buf_span(&log), m->name);
	if (s == CAIRN_E_NOTFOUND)
		return cairn_cli_complain(cairn_status_exit(s),
					  "%s: no launch of a domain named %s is on record", path, m->name);
	if (s)
		return cairn_cli_fail(s, NULL, "%s", path);
	take(m, keep);
	return CAIRN_EXIT_GOOD;
}
