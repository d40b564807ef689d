/* Which domain has a name, by cairnd's word: it writes /tool/cairn/DOMID/name for each that it has launched and that runs,
 * and nobody but dom0 can write there. What domains call themselves, and toolstacks, is not asked. */
#ifndef CAIRN_VCHAN_DOMAIN_H
#define CAIRN_VCHAN_DOMAIN_H

#include <stdint.h>

#define CAIRN_VCHAN_NOBODY UINT32_MAX

/* What is asked of xenstore: names of children (a block that the caller frees; NULL: none, or no such node), and values
 * (the same, NUL-terminated). libxenstore's, or a test's. */
struct cairn_vchan_store {
	char **(*list)(void *self, const char *path, unsigned *count);
	char *(*read)(void *self, const char *path);
	void *self;
};

/* The highest domid that cairnd has launched under this name; CAIRN_VCHAN_NOBODY. */
uint32_t cairn_vchan_find(const struct cairn_vchan_store *store, const char *name);

#endif
