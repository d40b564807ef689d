/* The logs table: the launch log of each host's last boot, as far as a receipt was given for it. */
#include "attest/store/sqlite.h"

static sqlite3_stmt *query(struct cairn_store *s, enum cairn_sql which, const uint8_t host_id[32],
			   const uint8_t boot_id[32])
{
	sqlite3_stmt *q = cairn_sql(s, which);
	cairn_sql_blob(q, 1, cairn_span(host_id, 32));
	cairn_sql_blob(q, 2, cairn_span(boot_id, 32));
	return q;
}

enum cairn_status cairn_store_log_get(struct cairn_buf *out, struct cairn_store *s, const uint8_t host_id[32],
				      const uint8_t boot_id[32])
{
	sqlite3_stmt *q = query(s, SQL_LOG_GET, host_id, boot_id);
	enum cairn_status st = cairn_sql_next(s, q);
	if (st)
		return st;
	cairn_buf_add(out, cairn_sql_get_blob(q, 0));
	sqlite3_reset(q);
	return cairn_buf_status(out);
}

enum cairn_status cairn_store_log_size(uint64_t *bytes, struct cairn_store *s, const uint8_t host_id[32],
				       const uint8_t boot_id[32])
{
	sqlite3_stmt *q = query(s, SQL_LOG_SIZE, host_id, boot_id);
	enum cairn_status st = cairn_sql_next(s, q);
	*bytes = st ? 0 : cairn_sql_get_u64(q, 0);
	sqlite3_reset(q);
	return st == CAIRN_E_NOTFOUND ? CAIRN_OK : st;
}

enum cairn_status cairn_store_log_put(struct cairn_store *s, const uint8_t host_id[32],
				      const uint8_t boot_id[32], struct cairn_span text)
{
	sqlite3_stmt *q = query(s, SQL_LOG_PUT, host_id, boot_id);
	cairn_sql_blob(q, 3, text);
	return cairn_sql_run(s, q);
}
