/* A look at /tool/cairn. */
#include "vchan/domain.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT	  "/tool/cairn"
#define DOMID_MAX 32751 /* xen/include/public/xen.h: DOMID_FIRST_RESERVED is 0x7ff0 */

/* cairnd keeps other nodes there too. Zero is dom0. */
static bool domid_of(uint32_t *out, const char *node)
{
	char *end;
	unsigned long n = strtoul(node, &end, 10);

	if (*node < '1' || *node > '9' || *end != '\0' || n > DOMID_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool has_name(const struct cairn_vchan_store *store, uint32_t domid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), ROOT "/%u/name", (unsigned)domid);
	char *text = store->read(store->self, path);
	bool is = text && strcmp(text, name) == 0;

	free(text);
	return is;
}

uint32_t cairn_vchan_find(const struct cairn_vchan_store *store, const char *name)
{
	unsigned count = 0;
	char **nodes = store->list(store->self, ROOT, &count);
	uint32_t found = CAIRN_VCHAN_NOBODY;

	for (unsigned i = 0; nodes && i < count; i++) {
		uint32_t domid;

		if (domid_of(&domid, nodes[i]) && (found == CAIRN_VCHAN_NOBODY || domid > found) &&
		    has_name(store, domid, name))
			found = domid;
	}
	free(nodes);
	return found;
}
