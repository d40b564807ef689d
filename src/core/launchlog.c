/* Lines of the launch log: building, reading, replaying. The text is hostile; nothing in it is believed that
 * the digests of the records do not say as well. */
#include "cairn/launchlog.h"

#include <string.h>

#include "core/schema.h"

#define LINE_MAX_BARE (CAIRN_LOG_LINE_MAX - 1) /* without the newline */

void cairn_log_entry_fini(struct cairn_log_entry *e)
{
	cairn_json_release(&e->object);
	cairn_json_release(&e->line);
	memset(e, 0, sizeof(*e));
}

/* ---- building
 * ---------------------------------------------------------------------------------------------------- */

/* A sorted copy. Usage: unknown, doubled, none or too many, or without SHA-256. */
static enum cairn_status sort_banks(enum cairn_alg *out, const enum cairn_alg *algs, size_t count)
{
	static const enum cairn_alg known[] = {CAIRN_ALG_SHA1, CAIRN_ALG_SHA256, CAIRN_ALG_SHA384,
					       CAIRN_ALG_SHA512};
	size_t found = 0;
	bool sha256 = false;

	for (size_t k = 0; k < sizeof(known) / sizeof(*known); k++) {
		size_t times = 0;

		for (size_t i = 0; i < count; i++)
			times += algs[i] == known[k];
		if (times == 1)
			out[found++] = known[k];
		sha256 = sha256 || (times == 1 && known[k] == CAIRN_ALG_SHA256);
	}
	return sha256 && found == count ? CAIRN_OK : CAIRN_E_USAGE;
}

static enum cairn_status add_digest(json_t *array, enum cairn_alg alg, struct cairn_span record)
{
	struct cairn_digest d;
	enum cairn_status st = cairn_hash(&d, alg, record);
	json_t *v;

	if (st != CAIRN_OK)
		return st;
	v = json_pack("{s:o, s:s}", "digest", cairn_json_hex(cairn_digest_span(&d)), "hashAlg",
		      cairn_alg_name(alg));
	return json_array_append_new(array, v) == 0 ? CAIRN_OK : CAIRN_E_NOMEM;
}

static enum cairn_status write_line(struct cairn_buf *out, const json_t *v)
{
	cairn_auto_buf struct cairn_buf line = {0};
	enum cairn_status st = cairn_json_dump(&line, v);

	if (st == CAIRN_OK && line.len > LINE_MAX_BARE)
		st = CAIRN_E_LIMIT;
	if (st != CAIRN_OK)
		return st;
	cairn_buf_add(out, cairn_buf_span(&line));
	cairn_buf_add_u8(out, '\n');
	return cairn_buf_status(out);
}

enum cairn_status cairn_log_line_build(struct cairn_buf *out, uint64_t recnum,
				       const struct cairn_pcr_numbers *pcrs, struct cairn_span record,
				       const enum cairn_alg *algs, size_t alg_count)
{
	cairn_auto_json json_t *object = NULL;
	cairn_auto_json json_t *digests = json_array();
	cairn_auto_json json_t *line = NULL;
	enum cairn_alg bank[CAIRN_BANK_MAX];
	enum cairn_record_type type = CAIRN_RECORD_HOST;
	enum cairn_status st = sort_banks(bank, algs, alg_count);

	if (st == CAIRN_OK)
		st = cairn_record_parse(&object, &type, record);
	for (size_t i = 0; st == CAIRN_OK && i < alg_count; i++)
		st = add_digest(digests, bank[i], record);
	if (st != CAIRN_OK)
		return st;
	line = json_pack("{s:{s:s%, s:s}, s:s, s:O, s:o, s:o}", "content", "record", (const char *)record.ptr,
			 record.len, "type", cairn_record_type_name(type), "content_type", "cairn", "digests",
			 digests, "pcr", cairn_schema_number(cairn_record_pcr(type, pcrs)), "recnum",
			 cairn_schema_number(recnum));
	return write_line(out, line);
}

/* What a host forgets: nothing that its state depends on, and nothing that condemns it. */
static bool may_drop(enum cairn_record_type type)
{
	return type == CAIRN_RECORD_LAUNCH || type == CAIRN_RECORD_EXIT || type == CAIRN_RECORD_REFUSAL;
}

enum cairn_status cairn_log_line_drop(struct cairn_buf *out, const struct cairn_log_entry *e)
{
	if (!may_drop(e->type))
		return CAIRN_E_USAGE;
	cairn_auto_json json_t *line = json_deep_copy(e->line);

	json_object_del(json_object_get(line, "content"), "record");
	return write_line(out, line);
}

/* ---- one line
 * ---------------------------------------------------------------------------------------------------- */

static const char *const BANKS[] = {"sha1", "sha256", "sha384", "sha512", NULL};
static const char *const OURS[] = {"cairn", NULL};

static const struct cairn_field DIGEST[] = {
    {.name = "digest", .kind = CAIRN_F_HEX, .max = CAIRN_DIGEST_MAX},
    {.name = "hashAlg", .kind = CAIRN_F_WORD, .words = BANKS},
    {0},
};
static const struct cairn_field DIGESTS[] = {{.name = "", .kind = CAIRN_F_OBJECT, .sub = DIGEST}};
static const struct cairn_field CONTENT[] = {
    {.name = "record", .kind = CAIRN_F_TEXT, .max = CAIRN_RECORD_MAX, .optional = true},
    {.name = "type", .kind = CAIRN_F_NAME},
    {0},
};
static const struct cairn_field LINE[] = {
    {.name = "content", .kind = CAIRN_F_OBJECT, .sub = CONTENT},
    {.name = "content_type", .kind = CAIRN_F_WORD, .words = OURS},
    {.name = "digests", .kind = CAIRN_F_ARRAY, .max = CAIRN_BANK_MAX, .sub = DIGESTS},
    {.name = "pcr", .kind = CAIRN_F_INT, .max = CAIRN_PCR_COUNT - 1},
    {.name = "recnum", .kind = CAIRN_F_INT, .max = INT64_MAX},
    {0},
};

/* The digest that the line claims, which must be the one of the record where that is there. */
static enum cairn_status check_digest(struct cairn_digest *out, const json_t *claim,
				      const struct cairn_log_entry *e)
{
	struct cairn_digest said = {0};
	enum cairn_alg alg = cairn_alg_by_name(cairn_schema_str(claim, "hashAlg"));
	enum cairn_status st = cairn_digest_parse(&said, alg, cairn_schema_str(claim, "digest"));

	if (st == CAIRN_OK && e->dropped)
		*out = said;
	else if (st == CAIRN_OK)
		st = cairn_hash(out, alg, e->record);
	return st == CAIRN_OK && !cairn_digest_equal(&said, out) ? CAIRN_E_MISMATCH : st;
}

static enum cairn_status check_digests(struct cairn_log_entry *e, const json_t *claims)
{
	enum cairn_alg before = CAIRN_ALG_NONE;
	bool sha256 = false;

	for (size_t i = 0; i < json_array_size(claims); i++) {
		struct cairn_digest *d = &e->digest[e->digest_count++];
		enum cairn_status st = check_digest(d, json_array_get(claims, i), e);

		if (st != CAIRN_OK)
			return st;
		if (d->alg <= before)
			return CAIRN_E_MALFORMED;
		before = d->alg;
		sha256 = sha256 || d->alg == CAIRN_ALG_SHA256;
	}
	return sha256 ? CAIRN_OK : CAIRN_E_MALFORMED;
}

/* The record; or, where it was dropped, what the line says that it was. */
static enum cairn_status read_content(struct cairn_log_entry *e, const json_t *content)
{
	const char *type = cairn_schema_str(content, "type");
	enum cairn_status st;

	e->dropped = json_object_get(content, "record") == NULL;
	if (e->dropped) {
		st = cairn_record_type_by_name(&e->type, type);
		return st == CAIRN_OK && !may_drop(e->type) ? CAIRN_E_MALFORMED : st;
	}
	e->record = cairn_span_str(cairn_schema_str(content, "record"));
	st = cairn_record_parse(&e->object, &e->type, e->record);
	return st == CAIRN_OK && strcmp(type, cairn_record_type_name(e->type)) != 0 ? CAIRN_E_MISMATCH : st;
}

static enum cairn_status read_line(struct cairn_log_entry *e, struct cairn_span line)
{
	enum cairn_status st = line.len <= LINE_MAX_BARE ? CAIRN_OK : CAIRN_E_LIMIT;

	if (st == CAIRN_OK)
		st = cairn_json_parse_canonical(&e->line, line);
	if (st == CAIRN_OK)
		st = cairn_schema_check(e->line, LINE);
	if (st != CAIRN_OK)
		return st;
	e->recnum = cairn_schema_int(e->line, "recnum");
	e->pcr = (unsigned)cairn_schema_int(e->line, "pcr");
	st = read_content(e, json_object_get(e->line, "content"));
	if (st == CAIRN_OK)
		st = check_digests(e, json_object_get(e->line, "digests"));
	return st;
}

enum cairn_status cairn_log_line_parse(struct cairn_log_entry *out, struct cairn_span line,
				       const struct cairn_pcr_numbers *pcrs)
{
	struct cairn_log_entry e = {0};
	enum cairn_status st = read_line(&e, line);

	if (st == CAIRN_OK && e.pcr != cairn_record_pcr(e.type, pcrs))
		st = CAIRN_E_MISMATCH;
	if (st == CAIRN_OK)
		*out = e;
	else
		cairn_log_entry_fini(&e);
	return st;
}

/* ---- the log
 * ----------------------------------------------------------------------------------------------------- */

void cairn_log_reader_init(struct cairn_log_reader *r, struct cairn_span text,
			   const struct cairn_pcr_numbers *pcrs)
{
	memset(r, 0, sizeof(*r));
	r->text = text;
	r->pcrs = *pcrs;
}

/* The host record has said which banks and PCRs this host uses; its own line must use them. No line is without digests,
 * and so none is of a host with other PCRs. */
static void begin(struct cairn_log_reader *r, const struct cairn_log_entry *e)
{
	cairn_auto_host struct cairn_host h = {0};
	bool ours = cairn_host_from_json(&h, e->object) == CAIRN_OK && h.pcrs.host == r->pcrs.host &&
		    h.pcrs.launch == r->pcrs.launch && h.pcrs.phase == r->pcrs.phase;

	r->bank_count = ours ? h.bank_count : 0;
	memcpy(r->bank, h.bank, sizeof(r->bank));
}

static bool same_banks(const struct cairn_log_reader *r, const struct cairn_log_entry *e)
{
	bool same = r->bank_count == e->digest_count;

	for (size_t i = 0; same && i < e->digest_count; i++)
		same = r->bank[i] == e->digest[i].alg;
	return same;
}

static enum cairn_status check_place(struct cairn_log_reader *r, const struct cairn_log_entry *e)
{
	if (e->recnum != r->recnum || (e->type == CAIRN_RECORD_HOST) != (r->recnum == 0) ||
	    (e->type == CAIRN_RECORD_BOOT) != (r->recnum == 1))
		return CAIRN_E_MISMATCH;
	if (r->recnum == 0)
		begin(r, e);
	return same_banks(r, e) ? CAIRN_OK : CAIRN_E_MISMATCH;
}

enum cairn_status cairn_log_next(struct cairn_log_reader *r, struct cairn_log_entry *out)
{
	struct cairn_span rest = {0};
	struct cairn_log_entry e = {0};
	const uint8_t *end;
	enum cairn_status st;

	if (r->text.len > CAIRN_LOG_MAX)
		return CAIRN_E_LIMIT;
	if (r->off == r->text.len) /* an empty log may have no bytes to point at */
		return CAIRN_E_NOTFOUND;
	rest = cairn_span(r->text.ptr + r->off, r->text.len - r->off);
	end = memchr(rest.ptr, '\n', rest.len);
	if (end == NULL)
		return CAIRN_E_TRUNCATED;
	rest.len = (size_t)(end - rest.ptr);
	st = cairn_log_line_parse(&e, rest, &r->pcrs);
	if (st == CAIRN_OK)
		st = check_place(r, &e);
	if (st == CAIRN_OK && e.dropped && !r->may_lack)
		st = CAIRN_E_DROPPED;
	if (st != CAIRN_OK) {
		cairn_log_entry_fini(&e);
		return st;
	}
	r->off += rest.len + 1;
	r->recnum++;
	*out = e;
	return CAIRN_OK;
}

static enum cairn_status replay_entry(struct cairn_log_summary *s, const struct cairn_log_reader *r,
				      const struct cairn_log_entry *e)
{
	enum cairn_status st = CAIRN_OK;

	s->dropped += e->dropped;
	if (e->recnum == 0)
		st = cairn_pcrs_init(&s->replay, r->bank, r->bank_count);
	else if (e->type == CAIRN_RECORD_BOOT)
		st = cairn_json_get_hex(s->boot_id, sizeof(s->boot_id), e->object, "boot_id");
	for (size_t i = 0; st == CAIRN_OK && i < e->digest_count; i++)
		st = cairn_pcrs_extend(&s->replay, e->pcr, &e->digest[i]);
	return st;
}

enum cairn_status cairn_log_replay(struct cairn_log_summary *out, struct cairn_span text,
				   const struct cairn_pcr_numbers *pcrs)
{
	struct cairn_log_summary s = {0};
	struct cairn_log_reader r;
	enum cairn_status st = CAIRN_OK;

	cairn_log_reader_init(&r, text, pcrs);
	r.may_lack = true;
	while (st == CAIRN_OK) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};

		st = cairn_log_next(&r, &e);
		if (st == CAIRN_OK)
			st = replay_entry(&s, &r, &e);
	}
	if (st != CAIRN_E_NOTFOUND && st != CAIRN_E_TRUNCATED)
		return st;
	s.records = r.recnum;
	s.torn_at = r.off;
	*out = s;
	return st == CAIRN_E_NOTFOUND ? CAIRN_OK : st;
}

/* ---- bodies that were dropped
 * ------------------------------------------------------------------------------------ */

static bool same_record(const struct cairn_log_entry *a, const struct cairn_log_entry *b)
{
	bool same = a->type == b->type && a->digest_count == b->digest_count;

	for (size_t i = 0; same && i < a->digest_count; i++)
		same = cairn_digest_equal(&a->digest[i], &b->digest[i]);
	return same;
}

/* The line of the bodies that has the number of e. */
static enum cairn_status find_body(struct cairn_span *line, struct cairn_log_reader *bodies,
				   const struct cairn_log_entry *e)
{
	for (;;) {
		cairn_auto_log_entry struct cairn_log_entry b = {0};
		size_t from = bodies->off;
		enum cairn_status st = cairn_log_next(bodies, &b);

		if (st != CAIRN_OK)
			return st == CAIRN_E_NOTFOUND ? CAIRN_E_DROPPED : st;
		if (b.recnum != e->recnum)
			continue;
		*line = cairn_span(bodies->text.ptr + from, bodies->off - from);
		return same_record(&b, e) ? CAIRN_OK : CAIRN_E_MISMATCH;
	}
}

static enum cairn_status join_next(struct cairn_buf *whole, struct cairn_log_reader *log,
				   struct cairn_log_reader *bodies)
{
	cairn_auto_log_entry struct cairn_log_entry e = {0};
	size_t from = log->off;
	enum cairn_status st = cairn_log_next(log, &e);
	struct cairn_span line = cairn_span(log->text.ptr + from, log->off - from);

	if (e.dropped)
		st = find_body(&line, bodies, &e);
	if (st != CAIRN_OK)
		return st;
	cairn_buf_add(whole, line);
	return cairn_buf_status(whole);
}

enum cairn_status cairn_log_join(struct cairn_buf *out, struct cairn_span text, struct cairn_span bodies,
				 const struct cairn_pcr_numbers *pcrs)
{
	cairn_auto_buf struct cairn_buf whole = {0};
	struct cairn_log_reader r, b;
	enum cairn_status st = CAIRN_OK;

	cairn_log_reader_init(&r, text, pcrs);
	cairn_log_reader_init(&b, bodies, pcrs);
	r.may_lack = true;
	while (st == CAIRN_OK)
		st = join_next(&whole, &r, &b);
	if (st != CAIRN_E_NOTFOUND)
		return st;
	cairn_buf_add(out, cairn_buf_span(&whole));
	return cairn_buf_status(out);
}
