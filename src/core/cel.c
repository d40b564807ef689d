/* Going through the records of a canonical event log: kinds, limits and record numbers. */
#define _GNU_SOURCE /* memmem */
#include "cairn/cel.h"

#include <string.h>

#include "core/cel_internal.h"

/* CEL 1.0 r0.41, section 5.1, and go-eventlog for 80. */
static const struct cairn_cel_type_row types[] = {
    {4, "cel", CAIRN_CEL_MANAGEMENT},
    {5, "pcclient_std", CAIRN_CEL_PCCLIENT},
    {7, "ima_template", CAIRN_CEL_IMA_TEMPLATE},
    {8, "ima_tlv", CAIRN_CEL_IMA_TLV},
    {9, "systemd", CAIRN_CEL_SYSTEMD},
    {80, "cos", CAIRN_CEL_COS},
    {0, "cairn", CAIRN_CEL_CAIRN},
    {0, "tss2", CAIRN_CEL_TSS2},
};

const struct cairn_cel_type_row *cairn_cel_type_by_number(uint64_t number)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (types[i].number == number && number != 0)
			return &types[i];
	return NULL;
}

const struct cairn_cel_type_row *cairn_cel_type_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	return NULL;
}

enum cairn_status cairn_cel_add_digest(struct cairn_cel_record *r, uint64_t alg, struct cairn_span value)
{
	struct cairn_digest d = {.alg = alg <= 0xffff ? (enum cairn_alg)alg : CAIRN_ALG_NONE};
	size_t size = cairn_alg_size(d.alg);

	if (size == 0) {
		r->unknown++;
		return CAIRN_OK;
	}
	if (value.len != size)
		return CAIRN_E_MALFORMED;
	for (size_t i = 0; i < r->count; i++)
		if (r->digest[i].alg == d.alg)
			return CAIRN_E_MALFORMED;
	memcpy(d.bytes, value.ptr, size);
	r->digest[r->count++] = d; /* there are as many places as algorithms with a size */
	return CAIRN_OK;
}
_Static_assert(CAIRN_BANK_MAX == 5, "as many banks as algorithms in digest.c");

/* ---- open
 * -------------------------------------------------------------------------------------------------------- */

static bool is_json(struct cairn_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (!cairn_cel_is_gap(bytes.ptr[i]))
			return bytes.ptr[i] == '{' || bytes.ptr[i] == '[';
	return false;
}

/* The record number of the first record, and what stands after it. */
static bool is_tlv(struct cairn_span bytes)
{
	struct cairn_cur c = cairn_cur(bytes);
	uint8_t type = cairn_cur_u8(&c);
	uint32_t len = cairn_cur_u32be(&c);

	if (type != 0 || len == 0 || len > 8)
		return false;
	(void)cairn_cur_bytes(&c, len);
	type = cairn_cur_u8(&c);
	return type == 1 || type == 2 || type == 108;
}

static bool contains(struct cairn_span bytes, const char *word)
{
	return memmem(bytes.ptr, bytes.len, word, strlen(word)) != NULL;
}

bool cairn_cel_is(struct cairn_span bytes)
{
	if (is_json(bytes))
		return contains(bytes, "\"digests\"") && contains(bytes, "\"hashAlg\"");
	return is_tlv(bytes);
}

enum cairn_status cairn_cel_open(struct cairn_cel *out, struct cairn_span bytes)
{
	struct cairn_cel log = {.bytes = bytes, .cur = cairn_cur(bytes)};
	enum cairn_status s = CAIRN_OK;

	*out = (struct cairn_cel){0};
	if (bytes.len == 0)
		return CAIRN_E_TRUNCATED;
	if (bytes.len > CAIRN_CEL_SIZE_MAX)
		return CAIRN_E_LIMIT;
	if (is_json(bytes)) {
		log.encoding = CAIRN_CEL_JSON;
		s = cairn_cel_load_json(&log);
	}
	if (s == CAIRN_OK)
		*out = log;
	else
		cairn_cel_fini(&log);
	return s;
}

void cairn_cel_fini(struct cairn_cel *log)
{
	cairn_json_release(&log->records);
	cairn_buf_fini(&log->data);
	*log = (struct cairn_cel){0};
}

/* ---- record numbers
 * ---------------------------------------------------------------------------------------------- */

/* How many records of its register came before. NULL: too many NV indices. */
static uint64_t *register_count(struct cairn_cel *log, const struct cairn_cel_record *r)
{
	if (r->reg != CAIRN_CEL_NV)
		return &log->next[r->reg == CAIRN_CEL_MR][r->index];
	for (size_t i = 0; i < log->nv_count; i++)
		if (log->nv[i].index == r->index)
			return &log->nv[i].next;
	if (log->nv_count == CAIRN_CEL_NV_MAX)
		return NULL;
	log->nv[log->nv_count].index = r->index;
	return &log->nv[log->nv_count++].next;
}

static void begin_numbers(struct cairn_cel *log, const struct cairn_cel_record *r)
{
	log->numbered = r->numbered;
	log->base = r->recnum > 0;
	log->by_log = true;
	log->by_register = true;
}

/* CEL 1.0 r0.41, section 4.2.2, counts within a register; go-eventlog, systemd-pcrlock and cairn count on
 * through the log. */
static enum cairn_status check_number(struct cairn_cel *log, const struct cairn_cel_record *r)
{
	uint64_t *before = register_count(log, r);

	if (before == NULL)
		return CAIRN_E_LIMIT;
	if (log->number == 0)
		begin_numbers(log, r);
	if (r->numbered != log->numbered)
		return CAIRN_E_MISMATCH;
	if (r->recnum != log->base + log->number)
		log->by_log = false;
	if (r->recnum != log->base + *before)
		log->by_register = false;
	++*before;
	return !log->numbered || log->by_log || log->by_register ? CAIRN_OK : CAIRN_E_MISMATCH;
}

/* ---- records
 * ----------------------------------------------------------------------------------------------------- */

static bool at_end(const struct cairn_cel *log)
{
	if (log->encoding == CAIRN_CEL_JSON)
		return log->number == json_array_size(log->records);
	return cairn_cur_left(&log->cur) == 0;
}

static enum cairn_status read_record(struct cairn_cel *log, struct cairn_cel_record *r)
{
	enum cairn_status s =
	    log->encoding == CAIRN_CEL_JSON ? cairn_cel_read_json(log, r) : cairn_cel_read_tlv(log, r);

	if (s != CAIRN_OK)
		return s;
	if (r->count == 0 && r->unknown == 0)
		return CAIRN_E_MALFORMED;
	if (r->reg != CAIRN_CEL_NV && r->index >= CAIRN_PCR_COUNT)
		return CAIRN_E_LIMIT;
	return check_number(log, r);
}

enum cairn_status cairn_cel_next(struct cairn_cel *log, struct cairn_cel_record *out)
{
	struct cairn_cel_record r = {.number = log->number + 1};

	if (log->status == CAIRN_OK && at_end(log))
		return CAIRN_E_NOTFOUND;
	if (log->status == CAIRN_OK && log->number == CAIRN_CEL_RECORDS_MAX)
		log->status = CAIRN_E_LIMIT;
	if (log->status == CAIRN_OK)
		log->status = read_record(log, &r);
	if (log->status != CAIRN_OK)
		return log->status;
	log->number++;
	*out = r;
	return CAIRN_OK;
}
