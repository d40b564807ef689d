/* Shared by the builders and the readers of records. */
#ifndef CAIRN_CORE_RECORD_SCHEMA_H
#define CAIRN_CORE_RECORD_SCHEMA_H

#include "core/schema.h"

#include "cairn/record.h"

#define CAIRN_RECORD_FORMAT "cairn-record"

/* Version 2 of launch records: devices that the domain is given. */
extern const struct cairn_field cairn_record_pci[];
json_t *cairn_record_pci_json(const struct cairn_launch *l);
void cairn_record_pci_read(struct cairn_launch *l, const json_t *array);
bool cairn_record_pci_ok(const json_t *array);
/* Numbers of PCI: as many bytes of hex, which a schema has checked. */
json_t *cairn_pci_hex(uint32_t n, size_t bytes);
uint32_t cairn_pci_number(const json_t *v, const char *member);

/* True if the record's object says what only version 2 can say. */
bool cairn_launch_needs_v2(const json_t *v);

/* A parsed record against the schema of its type. The errors of cairn_record_parse. */
enum cairn_status cairn_record_check(enum cairn_record_type *type, const json_t *v) CAIRN_MUST_CHECK;

#endif
