/* Inside the reader of configurations: values through libxlutil, and what its files ask of each other. */
#ifndef CAIRN_XEN_XLREAD_H
#define CAIRN_XEN_XLREAD_H

#include <libxlutil.h>

#include "xen/xlcfg.h"

struct cairn_xlreader {
	XLU_Config *xlu;
	struct cairn_buf *why;
	enum cairn_status status; /* sticks: the first failure is the one that is told */
};

void cairn_xl_fail(struct cairn_xlreader *r, enum cairn_status st, const char *key, const char *what);
/* Printable ASCII without quotes and backslashes: what means itself in a configuration. */
bool cairn_xl_is_plain(struct cairn_span s);
/* Copies a value that is plain text and fits; fails otherwise. */
bool cairn_xl_copy(struct cairn_xlreader *r, const char *key, char *out, size_t size, const char *value);
/* NULL when absent. */
const char *cairn_xl_get(struct cairn_xlreader *r, const char *key);
/* "" when absent. */
void cairn_xl_get_text(struct cairn_xlreader *r, const char *key, char *out, size_t size);
unsigned cairn_xl_get_number(struct cairn_xlreader *r, const char *key, long min, long max, unsigned absent);
/* The number of items, 0 when absent; never more than max. */
int cairn_xl_get_list(struct cairn_xlreader *r, const char *key, XLU_ConfigList **list, int max);
/* An item of it; NULL, and a failure, where it is no string. */
const char *cairn_xl_get_item(struct cairn_xlreader *r, const char *key, const XLU_ConfigList *list, int i);

/* Letters, digits and "._-"; not all digits, since xl takes those for a domain id. */
bool cairn_xl_is_name(const char *s);
/* True if s is of these characters and of letters and digits where asked for. */
bool cairn_xl_is_of(const char *s, const char *more, bool alnum);

/* xlsetting.c: the number of a key among the settings, or SIZE_MAX; reading them; libxl's defaults. */
size_t cairn_xlsetting_find(const char *name, size_t len);
void cairn_xl_read_settings(struct cairn_xlreader *r, struct cairn_xlcfg *c);
void cairn_xl_set_defaults(struct cairn_xlreader *r, struct cairn_xlcfg *c);
void cairn_xl_put_settings(struct cairn_buf *out, const struct cairn_xlcfg *c);
/* xlhvm.c: what an hvm domain has besides, and that no other has it. */
void cairn_xl_read_hvm(struct cairn_xlreader *r, struct cairn_xlcfg *c);
/* xldevice.c */
void cairn_xl_read_vifs(struct cairn_xlreader *r, struct cairn_xlcfg *c);
void cairn_xl_read_disks(struct cairn_xlreader *r, struct cairn_xlcfg *c);
/* 0 for xvda, hda and sda; -1 for what is no whole disk. */
int cairn_xldisk_number(const char *vdev);
void cairn_xl_read_pci(struct cairn_xlreader *r, struct cairn_xlcfg *c);

#endif
