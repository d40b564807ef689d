/* Who is a guest: one answer for the agent, which lets it run, and for the verifier, which judges it. */
#include <string.h>

#include "cairn/record.h"

static bool is_driver_domain(const struct cairn_launch *l)
{
	for (size_t i = 0; i < l->config_count; i++)
		if (strcmp(l->config[i].key, "driver_domain") == 0)
			return strcmp(l->config[i].value, "0") != 0;
	return false;
}

bool cairn_launch_claims_service(const struct cairn_launch *l)
{
	return l->role_count > 0 || l->pci_count > 0 || l->serve_count > 0 || l->target != NULL ||
	       is_driver_domain(l);
}
