/* Pending enrolments, manifests, tokens, audit. */
#include <string.h>

#include "attest/store/sqlite.h"

/* ---- pending enrolments
 * ----------------------------------------------------------------------------------------- */

/* Runs a query for one number. CAIRN_E_LIMIT if it has reached max. */
static enum cairn_status below(struct cairn_store *s, sqlite3_stmt *q, size_t max)
{
	enum cairn_status st = cairn_sql_next(s, q);
	if (!st && cairn_sql_get_u64(q, 0) >= max)
		st = CAIRN_E_LIMIT;
	sqlite3_reset(q);
	return st;
}

static enum cairn_status session_room(struct cairn_store *s, const struct cairn_session *n, uint64_t now_ms,
				      const struct cairn_session_limits *max)
{
	sqlite3_stmt *q = cairn_sql(s, SQL_SESSION_PURGE);
	cairn_sql_u64(q, 1, now_ms);
	enum cairn_status st = cairn_sql_run(s, q);
	if (!st)
		st = below(s, cairn_sql(s, SQL_SESSION_COUNT), max->all);
	if (st)
		return st;
	q = cairn_sql(s, SQL_SESSION_COUNT_HOST);
	cairn_sql_blob(q, 1, cairn_span(n->host.id, sizeof n->host.id));
	return below(s, q, max->host);
}

static enum cairn_status session_insert(struct cairn_store *s, const struct cairn_session *n)
{
	sqlite3_stmt *q = cairn_sql(s, SQL_SESSION_ADD);
	const struct cairn_host_row *h = &n->host;
	cairn_sql_blob(q, 1, cairn_span(n->id, sizeof n->id));
	cairn_sql_blob(q, 2, cairn_span(n->proof_sha256, sizeof n->proof_sha256));
	cairn_sql_u64(q, 3, n->expires_ms);
	cairn_sql_blob(q, 4, cairn_span(h->id, sizeof h->id));
	cairn_sql_text(q, 5, h->label);
	cairn_sql_blob(q, 6, cairn_span(h->ek_cert, sizeof h->ek_cert));
	cairn_sql_blob(q, 7, cairn_span(h->ak_public, h->ak_public_len));
	cairn_sql_blob(q, 8, cairn_span(h->ak_name, sizeof h->ak_name));
	cairn_sql_text(q, 9, h->tpm);
	return cairn_sql_run(s, q);
}

enum cairn_status cairn_store_session_add(struct cairn_store *s, const struct cairn_session *n,
					  uint64_t now_ms, const struct cairn_session_limits *max)
{
	enum cairn_status st = cairn_sql_run(s, cairn_sql(s, SQL_BEGIN));
	if (st)
		return st;
	st = session_room(s, n, now_ms, max);
	if (!st)
		st = session_insert(s, n);
	if (!st)
		st = cairn_sql_run(s, cairn_sql(s, SQL_COMMIT));
	if (st && cairn_sql_run(s, cairn_sql(s, SQL_ROLLBACK)))
		return CAIRN_E_IO;
	return st;
}

static enum cairn_status session_load(struct cairn_session *n, sqlite3_stmt *q)
{
	struct cairn_host_row *h = &n->host;
	const char *label = cairn_sql_get_text(q, 3), *tpm = cairn_sql_get_text(q, 7);
	struct cairn_span ak = cairn_sql_get_blob(q, 5);
	if (strlen(label) > CAIRN_LABEL_MAX || ak.len == 0 || ak.len > sizeof h->ak_public)
		return CAIRN_E_MALFORMED;
	if (strlen(tpm) > CAIRN_TPM_TEXT_MAX)
		return CAIRN_E_MALFORMED;
	memcpy(h->label, label, strlen(label) + 1);
	memcpy(h->tpm, tpm, strlen(tpm) + 1);
	memcpy(h->ak_public, ak.ptr, ak.len);
	h->ak_public_len = ak.len;
	n->expires_ms = cairn_sql_get_u64(q, 1);
	enum cairn_status st = cairn_sql_get_bytes(n->proof_sha256, sizeof n->proof_sha256, q, 0);
	if (!st)
		st = cairn_sql_get_bytes(h->id, sizeof h->id, q, 2);
	if (!st)
		st = cairn_sql_get_bytes(h->ek_cert, sizeof h->ek_cert, q, 4);
	if (!st)
		st = cairn_sql_get_bytes(h->ak_name, sizeof h->ak_name, q, 6);
	return st;
}

enum cairn_status cairn_store_session_take(struct cairn_session *out, struct cairn_store *s,
					   const uint8_t id[CAIRN_SESSION_ID_SIZE], uint64_t now_ms)
{
	sqlite3_stmt *q = cairn_sql(s, SQL_SESSION_TAKE);
	cairn_sql_blob(q, 1, cairn_span(id, CAIRN_SESSION_ID_SIZE));
	enum cairn_status st = cairn_sql_next(s, q);
	if (st)
		return st;
	struct cairn_session n = {0};
	memcpy(n.id, id, sizeof n.id);
	st = session_load(&n, q);
	enum cairn_status end = cairn_sql_run(s, q); /* the deletion is durable before the answer is judged */
	if (st || end)
		return st ? st : end;
	if (n.expires_ms <= now_ms)
		return CAIRN_E_NOTFOUND;
	*out = n;
	return CAIRN_OK;
}

/* ---- manifests
 * -------------------------------------------------------------------------------------------------- */

static sqlite3_stmt *manifest_sql(struct cairn_store *s, enum cairn_sql what,
				  const struct cairn_stored_manifest *m)
{
	sqlite3_stmt *q = cairn_sql(s, what);
	cairn_sql_text(q, 1, m->kid);
	cairn_sql_text(q, 2, m->kind);
	cairn_sql_text(q, 3, m->name);
	cairn_sql_u64(q, 4, m->release);
	return q;
}

/* CAIRN_OK: it is there. CAIRN_E_EXISTS: another is there in its place. CAIRN_E_NOTFOUND. */
static enum cairn_status manifest_find(struct cairn_store *s, const struct cairn_stored_manifest *m)
{
	sqlite3_stmt *q = manifest_sql(s, SQL_MANIFEST_GET, m);
	enum cairn_status st = cairn_sql_next(s, q);
	if (!st && !cairn_span_equal(cairn_sql_get_blob(q, 0), m->jws))
		st = CAIRN_E_EXISTS;
	sqlite3_reset(q);
	return st;
}

static enum cairn_status manifest_insert(struct cairn_store *s, const struct cairn_stored_manifest *m,
					 size_t max)
{
	enum cairn_status st = below(s, cairn_sql(s, SQL_MANIFEST_COUNT), max);
	if (st)
		return st;
	sqlite3_stmt *q = manifest_sql(s, SQL_MANIFEST_ADD, m);
	cairn_sql_blob(q, 5, m->jws);
	return cairn_sql_run(s, q);
}

enum cairn_status cairn_store_manifest_add(struct cairn_store *s, const struct cairn_stored_manifest *m,
					   size_t max)
{
	enum cairn_status st = cairn_sql_run(s, cairn_sql(s, SQL_BEGIN));
	if (st)
		return st;
	st = manifest_find(s, m);
	if (st == CAIRN_E_NOTFOUND)
		st = manifest_insert(s, m, max);
	if (!st)
		st = cairn_sql_run(s, cairn_sql(s, SQL_COMMIT));
	if (st && cairn_sql_run(s, cairn_sql(s, SQL_ROLLBACK)))
		return CAIRN_E_IO;
	return st;
}

enum cairn_status cairn_store_manifest_each(struct cairn_store *s, cairn_manifest_visit *visit, void *ctx)
{
	sqlite3_stmt *q = cairn_sql(s, SQL_MANIFEST_EACH);
	enum cairn_status st;
	while (!(st = cairn_sql_next(s, q))) {
		struct cairn_stored_manifest m = {
		    .kid = cairn_sql_get_text(q, 0),
		    .kind = cairn_sql_get_text(q, 1),
		    .name = cairn_sql_get_text(q, 2),
		    .release = cairn_sql_get_u64(q, 3),
		    .jws = cairn_sql_get_blob(q, 4),
		};
		st = visit(ctx, &m);
		if (st) {
			sqlite3_reset(q);
			return st;
		}
	}
	return st == CAIRN_E_NOTFOUND ? CAIRN_OK : st;
}

/* ---- tokens
 * ----------------------------------------------------------------------------------------------------- */

static const char *const role_names[] = {
    [CAIRN_ROLE_NONE] = "none",
    [CAIRN_ROLE_READER] = "reader",
    [CAIRN_ROLE_OPERATOR] = "operator",
    [CAIRN_ROLE_ADMIN] = "admin",
};

const char *cairn_role_name(enum cairn_role r)
{
	return role_names[r];
}

enum cairn_role cairn_role_by_name(const char *name)
{
	for (enum cairn_role r = CAIRN_ROLE_READER; r <= CAIRN_ROLE_ADMIN; r++)
		if (strcmp(name, role_names[r]) == 0)
			return r;
	return CAIRN_ROLE_NONE;
}

enum cairn_status cairn_store_token_add(struct cairn_store *s, const uint8_t sha256[32], enum cairn_role role,
					const char *name)
{
	sqlite3_stmt *q = cairn_sql(s, SQL_TOKEN_ADD);
	cairn_sql_text(q, 1, name);
	cairn_sql_text(q, 2, cairn_role_name(role));
	cairn_sql_blob(q, 3, cairn_span(sha256, 32));
	return cairn_sql_run(s, q);
}

enum cairn_status cairn_store_token_role(enum cairn_role *out, struct cairn_store *s,
					 const uint8_t sha256[32])
{
	sqlite3_stmt *q = cairn_sql(s, SQL_TOKEN_EACH);
	enum cairn_role found = CAIRN_ROLE_NONE;
	enum cairn_status st;
	while (!(st = cairn_sql_next(s, q)))
		if (cairn_span_equal_ct(cairn_sql_get_blob(q, 1), cairn_span(sha256, 32)))
			found = cairn_role_by_name(cairn_sql_get_text(q, 0));
	if (st != CAIRN_E_NOTFOUND)
		return st;
	if (found == CAIRN_ROLE_NONE)
		return CAIRN_E_NOTFOUND;
	*out = found;
	return CAIRN_OK;
}

/* ---- audit
 * ------------------------------------------------------------------------------------------------------ */

enum cairn_status cairn_store_audit(struct cairn_store *s, uint64_t now_ms, const char *event,
				    const char *subject, const char *text)
{
	sqlite3_stmt *q = cairn_sql(s, SQL_AUDIT_ADD);
	cairn_sql_u64(q, 1, now_ms);
	cairn_sql_text(q, 2, event);
	cairn_sql_text(q, 3, subject);
	cairn_sql_text(q, 4, text);
	return cairn_sql_run(s, q);
}
