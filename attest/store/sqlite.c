/* The SQLite database of the server: opening, schema, statements. */
#include "attest/store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/log.h"

static const char schema[] =
    "CREATE TABLE hosts("
    " host_id BLOB PRIMARY KEY CHECK(length(host_id)=32),"
    " label TEXT NOT NULL UNIQUE,"
    " ek_cert BLOB NOT NULL CHECK(length(ek_cert)=32),"
    " ak_public BLOB NOT NULL,"
    " ak_name BLOB NOT NULL UNIQUE CHECK(length(ak_name)=34),"
    " state TEXT NOT NULL,"
    " reset_count INTEGER NOT NULL, restart_count INTEGER NOT NULL, clock INTEGER NOT NULL,"
    " nonce_issued_ms INTEGER NOT NULL,"
    " enrolled_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, stale_ms INTEGER NOT NULL,"
    " verdict BLOB NOT NULL, tpm TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;"
    "CREATE INDEX hosts_by_deadline ON hosts(stale_ms) WHERE state IN "
    "('trusted','contraindicated','unmeasured');"
    "CREATE TABLE sessions("
    " session_id BLOB PRIMARY KEY CHECK(length(session_id)=32),"
    " proof_sha256 BLOB NOT NULL CHECK(length(proof_sha256)=32),"
    " expires_ms INTEGER NOT NULL,"
    " host_id BLOB NOT NULL CHECK(length(host_id)=32), label TEXT NOT NULL,"
    " ek_cert BLOB NOT NULL CHECK(length(ek_cert)=32),"
    " ak_public BLOB NOT NULL, ak_name BLOB NOT NULL CHECK(length(ak_name)=34),"
    " tpm TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;"
    "CREATE TABLE manifests("
    " kid TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, release INTEGER NOT NULL, jws BLOB NOT NULL,"
    " PRIMARY KEY(kid,kind,name,release)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE tokens("
    " name TEXT PRIMARY KEY, role TEXT NOT NULL, sha256 BLOB NOT NULL UNIQUE CHECK(length(sha256)=32))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE audit("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, event TEXT NOT NULL, subject TEXT NOT "
    "NULL,"
    " text TEXT NOT NULL) STRICT;"
    "CREATE TRIGGER audit_keep BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT,'audit is append-only'); END;"
    "CREATE TRIGGER audit_hold BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT,'audit is append-only'); END;";

static const char schema_logs[] =
    "CREATE TABLE logs("
    " host_id BLOB PRIMARY KEY CHECK(length(host_id)=32), boot_id BLOB NOT NULL CHECK(length(boot_id)=32),"
    " text BLOB NOT NULL) STRICT;"
    "CREATE TRIGGER logs_go AFTER DELETE ON hosts BEGIN DELETE FROM logs WHERE host_id=OLD.host_id; END;";

#define HOST_COLUMNS                                                                                         \
	"host_id,label,ek_cert,ak_public,ak_name,state,reset_count,restart_count,clock,nonce_issued_ms,"     \
	"enrolled_ms,"                                                                                       \
	"seen_ms,stale_ms,verdict,tpm"

static const char *const sql[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_HOST_ADD] = "INSERT INTO hosts(" HOST_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [SQL_HOST_GET] = "SELECT " HOST_COLUMNS " FROM hosts WHERE host_id=?",
    [SQL_HOST_BY_LABEL] = "SELECT " HOST_COLUMNS " FROM hosts WHERE label=?",
    [SQL_HOST_EACH] = "SELECT " HOST_COLUMNS " FROM hosts ORDER BY label",
    [SQL_HOST_ACCEPT] = "UPDATE hosts SET state=?2, reset_count=?3, restart_count=?4, clock=?5,"
			" nonce_issued_ms=?6, seen_ms=?7, stale_ms=?8, verdict=?9"
			" WHERE host_id=?1 AND nonce_issued_ms<?6 AND state NOT IN ('revoked','cleared')",
    [SQL_HOST_STATE] = "UPDATE hosts SET state=?2 WHERE host_id=?1",
    [SQL_HOST_DELETE] = "DELETE FROM hosts WHERE host_id=?1",
    [SQL_HOST_SWEEP] = "UPDATE hosts SET state='stale' WHERE stale_ms<=?1"
		       " AND state IN ('trusted','contraindicated','unmeasured')",
    [SQL_SESSION_PURGE] = "DELETE FROM sessions WHERE expires_ms<=?1",
    [SQL_SESSION_COUNT] = "SELECT count(*) FROM sessions",
    [SQL_SESSION_COUNT_HOST] = "SELECT count(*) FROM sessions WHERE host_id=?",
    [SQL_SESSION_ADD] =
	"INSERT INTO sessions(session_id,proof_sha256,expires_ms,host_id,label,ek_cert,ak_public,"
	"ak_name,tpm) VALUES(?,?,?,?,?,?,?,?,?)",
    [SQL_SESSION_TAKE] = "DELETE FROM sessions WHERE session_id=? RETURNING proof_sha256,expires_ms,host_id,"
			 "label,ek_cert,ak_public,ak_name,tpm",
    [SQL_MANIFEST_GET] = "SELECT jws FROM manifests WHERE kid=? AND kind=? AND name=? AND release=?",
    [SQL_MANIFEST_COUNT] = "SELECT count(*) FROM manifests",
    [SQL_MANIFEST_ADD] = "INSERT INTO manifests(kid,kind,name,release,jws) VALUES(?,?,?,?,?)",
    [SQL_MANIFEST_EACH] = "SELECT kid,kind,name,release,jws FROM manifests ORDER BY kind,name,release,kid",
    [SQL_TOKEN_ADD] = "INSERT INTO tokens(name,role,sha256) VALUES(?,?,?)",
    [SQL_TOKEN_EACH] = "SELECT role,sha256 FROM tokens",
    [SQL_LOG_GET] = "SELECT text FROM logs WHERE host_id=? AND boot_id=?",
    [SQL_LOG_SIZE] = "SELECT length(text) FROM logs WHERE host_id=? AND boot_id=?",
    [SQL_LOG_PUT] = "INSERT INTO logs(host_id,boot_id,text) VALUES(?,?,?)"
		    " ON CONFLICT(host_id) DO UPDATE SET boot_id=excluded.boot_id, text=excluded.text",
    [SQL_AUDIT_ADD] = "INSERT INTO audit(at_ms,event,subject,text) VALUES(?,?,?,?)",
};

/* ---- statements
 * ------------------------------------------------------------------------------------------------- */

static enum cairn_status sql_status(struct cairn_store *s, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return CAIRN_OK;
	case SQLITE_CONSTRAINT:
		return CAIRN_E_EXISTS;
	case SQLITE_FULL:
		cairn_log("the database has no space left: %s", sqlite3_errmsg(s->db));
		return CAIRN_E_NOSPACE;
	case SQLITE_NOMEM:
		return CAIRN_E_NOMEM;
	default:
		cairn_log("the database failed: %s", sqlite3_errmsg(s->db));
		return CAIRN_E_IO;
	}
}

sqlite3_stmt *cairn_sql(struct cairn_store *s, enum cairn_sql q)
{
	sqlite3_reset(s->stmt[q]);
	sqlite3_clear_bindings(s->stmt[q]);
	return s->stmt[q];
}

enum cairn_status cairn_sql_run(struct cairn_store *s, sqlite3_stmt *q)
{
	enum cairn_status st = sql_status(s, sqlite3_step(q));
	sqlite3_reset(q); /* a statement that stays open would hold its transaction */
	return st;
}

enum cairn_status cairn_sql_next(struct cairn_store *s, sqlite3_stmt *q)
{
	int rc = sqlite3_step(q);
	enum cairn_status st = sql_status(s, rc);
	if (rc == SQLITE_ROW)
		return CAIRN_OK;
	sqlite3_reset(q);
	return st ? st : CAIRN_E_NOTFOUND;
}

/* Values live until the statement has run. A NULL pointer would bind NULL, which no column takes. */
void cairn_sql_blob(sqlite3_stmt *q, int at, struct cairn_span v)
{
	sqlite3_bind_blob64(q, at, v.len ? (const void *)v.ptr : "", v.len, SQLITE_STATIC);
}

void cairn_sql_text(sqlite3_stmt *q, int at, const char *v)
{
	sqlite3_bind_text(q, at, v, -1, SQLITE_STATIC);
}

void cairn_sql_u64(sqlite3_stmt *q, int at, uint64_t v)
{
	sqlite3_bind_int64(q, at, (sqlite3_int64)v); /* the bits come back as they went */
}

struct cairn_span cairn_sql_get_blob(sqlite3_stmt *q, int at)
{
	const void *p = sqlite3_column_blob(q, at);
	return cairn_span(p, p ? (size_t)sqlite3_column_bytes(q, at) : 0);
}

enum cairn_status cairn_sql_get_bytes(uint8_t *out, size_t len, sqlite3_stmt *q, int at)
{
	struct cairn_span b = cairn_sql_get_blob(q, at);
	if (b.len != len)
		return CAIRN_E_MALFORMED;
	memcpy(out, b.ptr, len);
	return CAIRN_OK;
}

const char *cairn_sql_get_text(sqlite3_stmt *q, int at)
{
	const unsigned char *t = sqlite3_column_text(q, at);
	return t ? (const char *)t : "";
}

uint64_t cairn_sql_get_u64(sqlite3_stmt *q, int at)
{
	return (uint64_t)sqlite3_column_int64(q, at);
}

/* ---- opening
 * ---------------------------------------------------------------------------------------------------- */

static enum cairn_status exec(struct cairn_store *s, const char *text)
{
	return sql_status(s, sqlite3_exec(s->db, text, NULL, NULL, NULL));
}

static enum cairn_status schema_version(struct cairn_store *s, int *version)
{
	sqlite3_stmt *q = NULL;
	enum cairn_status st = sql_status(s, sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &q, NULL));
	if (!st && sqlite3_step(q) != SQLITE_ROW)
		st = CAIRN_E_IO;
	if (!st)
		*version = sqlite3_column_int(q, 0);
	sqlite3_finalize(q);
	return st;
}

static enum cairn_status schema_make(struct cairn_store *s)
{
	char version[64];
	snprintf(version, sizeof version, "PRAGMA user_version=%d", CAIRN_STORE_SCHEMA);
	enum cairn_status st = exec(s, "BEGIN IMMEDIATE");
	if (!st)
		st = exec(s, schema);
	if (!st)
		st = exec(s, schema_logs);
	if (!st)
		st = exec(s, version);
	return st ? st : exec(s, "COMMIT");
}

/* What schema 2 added: hosts that were enrolled before have no maker, and no row of the denied list is theirs. What schema 3
 * added: logs, of which there is none yet. */
static enum cairn_status schema_upgrade(struct cairn_store *s, int from)
{
	if (from == 1)
		cairn_log(
		    "the database has schema 1: hosts in it are not judged by the denied list until they are "
		    "forgotten and enrolled again");
	enum cairn_status st = exec(s, "BEGIN IMMEDIATE");
	if (!st && from == 1)
		st = exec(s, "ALTER TABLE hosts ADD COLUMN tpm TEXT NOT NULL DEFAULT '';"
			     "ALTER TABLE sessions ADD COLUMN tpm TEXT NOT NULL DEFAULT '';");
	if (!st)
		st = exec(s, schema_logs);
	if (!st)
		st = exec(s, "PRAGMA user_version=3;");
	return st ? st : exec(s, "COMMIT");
}

static enum cairn_status schema_check(struct cairn_store *s, bool create)
{
	int version = 0;
	enum cairn_status st = schema_version(s, &version);
	if (st)
		return st;
	if (version == 0 && create)
		return schema_make(s);
	if (version == 1 || version == 2)
		return schema_upgrade(s, version);
	if (version > CAIRN_STORE_SCHEMA) {
		cairn_log("the database has schema %d, this program knows %d: update cairn", version,
			  CAIRN_STORE_SCHEMA);
		return CAIRN_E_VERSION;
	}
	return version == CAIRN_STORE_SCHEMA ? CAIRN_OK : CAIRN_E_MALFORMED;
}

static enum cairn_status prepare_all(struct cairn_store *s)
{
	for (size_t i = 0; i < SQL_COUNT; i++) {
		int rc = sqlite3_prepare_v3(s->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &s->stmt[i], NULL);
		if (rc != SQLITE_OK)
			return sql_status(s, rc);
	}
	return CAIRN_OK;
}

/* SQLite makes files by the umask; this one is made before it gets there. */
static enum cairn_status make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errno == EEXIST ? CAIRN_E_EXISTS : CAIRN_E_IO;
	close(fd);
	return CAIRN_OK;
}

enum cairn_status cairn_store_open(struct cairn_store **out, const char *path, bool create)
{
	enum cairn_status st = create ? make_file(path) : CAIRN_OK;
	if (st)
		return st;
	cairn_auto_store struct cairn_store *s = calloc(1, sizeof *s);
	if (!s)
		return CAIRN_E_NOMEM;
	int rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, NULL);
	st = sql_status(s, rc);
	if (!st) {
		sqlite3_busy_timeout(s->db, 5000); /* `token add` writes while the server runs */
		st = exec(s, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF;");
	}
	if (!st)
		st = schema_check(s, create);
	if (!st)
		st = prepare_all(s);
	if (st)
		return st;
	*out = s;
	s = NULL;
	return CAIRN_OK;
}

void cairn_store_close(struct cairn_store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(s->stmt[i]);
	sqlite3_close(s->db);
	free(s);
}

void cairn_store_closep(struct cairn_store **s)
{
	cairn_store_close(*s);
	*s = NULL;
}
