/* Shared by the builders and the readers of records. */
#ifndef CAIRN_CORE_RECORD_SCHEMA_H
#define CAIRN_CORE_RECORD_SCHEMA_H

#include "core/schema.h"

#include "cairn/record.h"

#define CAIRN_RECORD_FORMAT "cairn-record"

/* A parsed record against the schema of its type. The errors of cairn_record_parse. */
enum cairn_status cairn_record_check(enum cairn_record_type *type, const json_t *v) CAIRN_MUST_CHECK;

#endif
