/* The hosts table. The binding of an EK, an AK and a label is one row, made by one INSERT: two claims cannot
 * both win. */
#include <string.h>

#include "attest/log.h"
#include "attest/store/sqlite.h"

void cairn_host_row_fini(struct cairn_host_row *h)
{
	cairn_buf_fini(&h->verdict);
}

enum cairn_state cairn_host_state(const struct cairn_host_row *h, uint64_t now_ms)
{
	switch (h->state) {
	case CAIRN_STATE_REVOKED:
	case CAIRN_STATE_CLEARED:
	case CAIRN_STATE_PENDING:
	case CAIRN_STATE_STALE:
		return h->state;
	default:
		return now_ms < h->stale_ms ? h->state : CAIRN_STATE_STALE;
	}
}

enum cairn_status cairn_store_host_add(struct cairn_store *s, const struct cairn_host_row *h)
{
	sqlite3_stmt *q = cairn_sql(s, SQL_HOST_ADD);
	cairn_sql_blob(q, 1, cairn_span(h->id, sizeof h->id));
	cairn_sql_text(q, 2, h->label);
	cairn_sql_blob(q, 3, cairn_span(h->ek_cert, sizeof h->ek_cert));
	cairn_sql_blob(q, 4, cairn_span(h->ak_public, h->ak_public_len));
	cairn_sql_blob(q, 5, cairn_span(h->ak_name, sizeof h->ak_name));
	cairn_sql_text(q, 6, cairn_state_name(h->state));
	cairn_sql_u64(q, 7, h->reset_count);
	cairn_sql_u64(q, 8, h->restart_count);
	cairn_sql_u64(q, 9, h->clock);
	cairn_sql_u64(q, 10, h->nonce_issued_ms);
	cairn_sql_u64(q, 11, h->enrolled_ms);
	cairn_sql_u64(q, 12, h->seen_ms);
	cairn_sql_u64(q, 13, h->stale_ms);
	cairn_sql_blob(q, 14, cairn_buf_span(&h->verdict));
	cairn_sql_text(q, 15, h->tpm);
	return cairn_sql_run(s, q);
}

static enum cairn_status load_ak(struct cairn_host_row *h, sqlite3_stmt *q)
{
	struct cairn_span ak = cairn_sql_get_blob(q, 3);
	if (ak.len == 0 || ak.len > sizeof h->ak_public)
		return CAIRN_E_MALFORMED;
	memcpy(h->ak_public, ak.ptr, ak.len);
	h->ak_public_len = ak.len;
	return cairn_sql_get_bytes(h->ak_name, sizeof h->ak_name, q, 4);
}

static enum cairn_status load(struct cairn_host_row *h, sqlite3_stmt *q)
{
	memset(h, 0, sizeof *h);
	const char *label = cairn_sql_get_text(q, 1), *tpm = cairn_sql_get_text(q, 14);
	h->state = cairn_state_by_name(cairn_sql_get_text(q, 5));
	if (strlen(label) > CAIRN_LABEL_MAX || h->state == CAIRN_STATE_UNKNOWN)
		return CAIRN_E_MALFORMED;
	if (strlen(tpm) > CAIRN_TPM_TEXT_MAX)
		return CAIRN_E_MALFORMED;
	memcpy(h->label, label, strlen(label) + 1);
	memcpy(h->tpm, tpm, strlen(tpm) + 1);
	enum cairn_status st = cairn_sql_get_bytes(h->id, sizeof h->id, q, 0);
	if (!st)
		st = cairn_sql_get_bytes(h->ek_cert, sizeof h->ek_cert, q, 2);
	if (!st)
		st = load_ak(h, q);
	h->reset_count = (uint32_t)cairn_sql_get_u64(q, 6);
	h->restart_count = (uint32_t)cairn_sql_get_u64(q, 7);
	h->clock = cairn_sql_get_u64(q, 8);
	h->nonce_issued_ms = cairn_sql_get_u64(q, 9);
	h->enrolled_ms = cairn_sql_get_u64(q, 10);
	h->seen_ms = cairn_sql_get_u64(q, 11);
	h->stale_ms = cairn_sql_get_u64(q, 12);
	if (!st) {
		cairn_buf_add(&h->verdict, cairn_sql_get_blob(q, 13));
		st = cairn_buf_status(&h->verdict);
	}
	return st;
}

static enum cairn_status load_one(struct cairn_host_row *out, struct cairn_store *s, sqlite3_stmt *q)
{
	enum cairn_status st = cairn_sql_next(s, q);
	if (st)
		return st;
	struct cairn_host_row h = {0};
	st = load(&h, q);
	sqlite3_reset(q);
	if (st) {
		cairn_host_row_fini(&h);
		return st;
	}
	*out = h;
	return CAIRN_OK;
}

enum cairn_status cairn_store_host_get(struct cairn_host_row *out, struct cairn_store *s,
				       const uint8_t id[32])
{
	sqlite3_stmt *q = cairn_sql(s, SQL_HOST_GET);
	cairn_sql_blob(q, 1, cairn_span(id, 32));
	return load_one(out, s, q);
}

enum cairn_status cairn_store_host_find(struct cairn_host_row *out, struct cairn_store *s,
					const char *id_or_label)
{
	uint8_t id[32];
	if (strlen(id_or_label) == 64 && cairn_hex_decode_into(id, sizeof id, id_or_label) == CAIRN_OK)
		return cairn_store_host_get(out, s, id);
	sqlite3_stmt *q = cairn_sql(s, SQL_HOST_BY_LABEL);
	cairn_sql_text(q, 1, id_or_label);
	return load_one(out, s, q);
}

static enum cairn_status run_on_row(struct cairn_store *s, sqlite3_stmt *q, enum cairn_status none)
{
	enum cairn_status st = cairn_sql_run(s, q);
	return st ? st : sqlite3_changes(s->db) == 1 ? CAIRN_OK : none;
}

enum cairn_status cairn_store_host_accept(struct cairn_store *s, const struct cairn_host_row *h)
{
	sqlite3_stmt *q = cairn_sql(s, SQL_HOST_ACCEPT);
	cairn_sql_blob(q, 1, cairn_span(h->id, sizeof h->id));
	cairn_sql_text(q, 2, cairn_state_name(h->state));
	cairn_sql_u64(q, 3, h->reset_count);
	cairn_sql_u64(q, 4, h->restart_count);
	cairn_sql_u64(q, 5, h->clock);
	cairn_sql_u64(q, 6, h->nonce_issued_ms);
	cairn_sql_u64(q, 7, h->seen_ms);
	cairn_sql_u64(q, 8, h->stale_ms);
	cairn_sql_blob(q, 9, cairn_buf_span(&h->verdict));
	return run_on_row(s, q, CAIRN_E_STALE);
}

enum cairn_status cairn_store_host_set_state(struct cairn_store *s, const uint8_t id[32],
					     enum cairn_state state)
{
	sqlite3_stmt *q = cairn_sql(s, SQL_HOST_STATE);
	cairn_sql_blob(q, 1, cairn_span(id, 32));
	cairn_sql_text(q, 2, cairn_state_name(state));
	return run_on_row(s, q, CAIRN_E_NOTFOUND);
}

enum cairn_status cairn_store_host_delete(struct cairn_store *s, const uint8_t id[32])
{
	sqlite3_stmt *q = cairn_sql(s, SQL_HOST_DELETE);
	cairn_sql_blob(q, 1, cairn_span(id, 32));
	return run_on_row(s, q, CAIRN_E_NOTFOUND);
}

enum cairn_status cairn_store_host_sweep(struct cairn_store *s, uint64_t now_ms, size_t *changed)
{
	sqlite3_stmt *q = cairn_sql(s, SQL_HOST_SWEEP);
	cairn_sql_u64(q, 1, now_ms);
	enum cairn_status st = cairn_sql_run(s, q);
	if (!st)
		*changed = (size_t)sqlite3_changes(s->db);
	return st;
}

enum cairn_status cairn_store_host_each(struct cairn_store *s, cairn_host_visit *visit, void *ctx)
{
	sqlite3_stmt *q = cairn_sql(s, SQL_HOST_EACH);
	enum cairn_status st;
	while (!(st = cairn_sql_next(s, q))) {
		cairn_auto_row struct cairn_host_row h = {0};
		if (load(&h, q))
			cairn_log("a row of the hosts table is damaged (label %s): left out",
				  cairn_sql_get_text(q, 1));
		else
			visit(ctx, &h);
	}
	return st == CAIRN_E_NOTFOUND ? CAIRN_OK : st;
}
