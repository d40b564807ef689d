/* Inside the store: the connection, its statements, and binding by position. */
#ifndef CAIRN_ATTEST_STORE_SQLITE_H
#define CAIRN_ATTEST_STORE_SQLITE_H

#include <sqlite3.h>

#include "attest/store/store.h"

enum cairn_sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_HOST_ADD,
	SQL_HOST_GET,
	SQL_HOST_BY_LABEL,
	SQL_HOST_EACH,
	SQL_HOST_ACCEPT,
	SQL_HOST_STATE,
	SQL_HOST_DELETE,
	SQL_HOST_SWEEP,
	SQL_SESSION_PURGE,
	SQL_SESSION_COUNT,
	SQL_SESSION_COUNT_HOST,
	SQL_SESSION_ADD,
	SQL_SESSION_TAKE,
	SQL_MANIFEST_GET,
	SQL_MANIFEST_COUNT,
	SQL_MANIFEST_ADD,
	SQL_MANIFEST_EACH,
	SQL_TOKEN_ADD,
	SQL_TOKEN_EACH,
	SQL_AUDIT_ADD,
	SQL_LOG_GET,
	SQL_LOG_SIZE,
	SQL_LOG_PUT,
	SQL_COUNT,
};

struct cairn_store {
	sqlite3 *db;
	sqlite3_stmt *stmt[SQL_COUNT];
};

/* The statement, reset and without bindings. */
sqlite3_stmt *cairn_sql(struct cairn_store *s, enum cairn_sql q);
/* Runs a statement that yields no rows. CAIRN_E_EXISTS for a constraint, CAIRN_E_NOSPACE, CAIRN_E_IO. */
enum cairn_status cairn_sql_run(struct cairn_store *s, sqlite3_stmt *q) CAIRN_MUST_CHECK;
/* The next row: CAIRN_OK, or CAIRN_E_NOTFOUND when there is none. */
enum cairn_status cairn_sql_next(struct cairn_store *s, sqlite3_stmt *q) CAIRN_MUST_CHECK;

void cairn_sql_blob(sqlite3_stmt *q, int at, struct cairn_span v);
void cairn_sql_text(sqlite3_stmt *q, int at, const char *v);
void cairn_sql_u64(sqlite3_stmt *q, int at, uint64_t v);
struct cairn_span cairn_sql_get_blob(sqlite3_stmt *q, int at);
/* Exactly len bytes, else CAIRN_E_MALFORMED. */
enum cairn_status cairn_sql_get_bytes(uint8_t *out, size_t len, sqlite3_stmt *q, int at) CAIRN_MUST_CHECK;
const char *cairn_sql_get_text(sqlite3_stmt *q, int at); /* never NULL */
uint64_t cairn_sql_get_u64(sqlite3_stmt *q, int at);

#endif
