/* The table of what was launched in this boot. It is made from the launch log and kept in step with it. */
#include "agent/agent.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static json_t *names_json(const char *const *name, size_t count)
{
	json_t *names = json_array();

	for (size_t i = 0; names && i < count; i++) {
		if (json_array_append_new(names, json_string(name[i])) == 0)
			continue;
		json_decref(names);
		names = NULL;
	}
	return names;
}

static json_t *backends_json(const struct cairn_launch *l)
{
	const char *name[CAIRN_BACKENDS_MAX];

	for (size_t i = 0; i < l->backend_count; i++)
		name[i] = l->backend[i].backend;
	return names_json(name, l->backend_count);
}

static json_t *manifest_json(const struct cairn_launch *l)
{
	if (!l->has_manifest)
		return json_null();
	return json_pack("{s:s,s:I}", "name", l->manifest.name, "release", (json_int_t)l->manifest.release);
}

static bool is_driver(const struct cairn_launch *l)
{
	for (size_t i = 0; i < l->config_count; i++)
		if (strcmp(l->config[i].key, "driver_domain") == 0)
			return true;
	return false;
}

static bool serves(const struct cairn_launch *l, const char *class)
{
	for (size_t i = 0; i < l->serve_count; i++)
		if (strcmp(l->serve[i], class) == 0)
			return true;
	return false;
}

static size_t used(const struct cairn_launch *l, const char *class)
{
	size_t n = 0;

	for (size_t i = 0; i < l->backend_count; i++)
		n += strcmp(l->backend[i].class, class) == 0;
	return n;
}

static enum cairn_status make_room(struct cairn_agent_domains *d)
{
	if (d->count < d->cap)
		return CAIRN_OK;
	size_t cap = d->cap ? 2 * d->cap : 16;
	struct cairn_agent_domain *more = reallocarray(d->item, cap, sizeof(*more));

	if (!more)
		return CAIRN_E_NOMEM;
	d->item = more;
	d->cap = cap;
	return CAIRN_OK;
}

enum cairn_status cairn_domains_add(struct cairn_agent_domains *d, uint64_t recnum,
				    const struct cairn_launch *l)
{
	struct cairn_agent_domain n = {
	    .recnum = recnum,
	    .restart = l->restart,
	    .live = true,
	    .service = l->has_manifest || cairn_launch_claims_service(l),
	    .driver = is_driver(l),
	    .serves_vif = serves(l, CAIRN_SERVES_VIF) || (is_driver(l) && l->serve_count == 0),
	    .serves_vbd = serves(l, CAIRN_SERVES_VBD),
	    .vbds = used(l, CAIRN_SERVES_VBD),
	    .vifs = used(l, CAIRN_SERVES_VIF),
	    .pcis = l->pci_count,
	    .stub = cairn_setup_component(&l->setup, CAIRN_STUBDOMAIN_KERNEL) != NULL,
	};
	enum cairn_status st = make_room(d);

	if (st != CAIRN_OK)
		return st;
	if (strlen(l->name) >= sizeof(n.name) || strlen(l->uuid) >= sizeof(n.uuid))
		return CAIRN_E_LIMIT;
	memcpy(n.name, l->name, strlen(l->name));
	memcpy(n.uuid, l->uuid, strlen(l->uuid));
	n.roles = names_json(l->role, l->role_count);
	n.backends = backends_json(l);
	n.manifest = manifest_json(l);
	if (!n.roles || !n.backends || !n.manifest) {
		json_decref(n.roles);
		json_decref(n.backends);
		json_decref(n.manifest);
		return CAIRN_E_NOMEM;
	}
	d->item[d->count++] = n;
	return CAIRN_OK;
}

void cairn_domain_close(struct cairn_agent_domain *d)
{
	for (size_t i = 0; i < d->disk_count; i++)
		close(d->disk_fd[i]);
	d->disk_count = 0;
	free(d->devices);
	d->devices = NULL;
}

void cairn_domains_fini(struct cairn_agent_domains *d)
{
	for (size_t i = 0; i < d->count; i++) {
		cairn_domain_close(&d->item[i]);
		json_decref(d->item[i].roles);
		json_decref(d->item[i].backends);
		json_decref(d->item[i].manifest);
	}
	free(d->item);
	*d = (struct cairn_agent_domains){0};
}

struct cairn_agent_domain *cairn_domains_live(struct cairn_agent_domains *d, const char *name)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->item[i].live && strcmp(d->item[i].name, name) == 0)
			return &d->item[i];
	return NULL;
}

uint64_t cairn_domains_launches(const struct cairn_agent_domains *d, const char *name)
{
	for (size_t i = d->count; i > 0; i--)
		if (strcmp(d->item[i - 1].name, name) == 0)
			return d->item[i - 1].restart + 1;
	return 0;
}
