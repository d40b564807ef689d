/* The checks of `cairn quote verify` in words, and those that compare the quote with PCR values and logs. */
#include <stdio.h>
#include <string.h>

#include "quotes.h"

void cairn_cli_finding_add(struct cairn_cli_finding *f, const char *check, enum cairn_quote_result result,
			   enum cairn_status why, const char *detail)
{
	static const char *const results[] = {"not checked", "ok", "failed"};

	json_array_append_new(f->checks, json_pack("{s:s, s:s, s:s}", "check", check, "result",
						   results[result], "detail", detail));
	if (result != CAIRN_QUOTE_BAD)
		return;
	switch (why) {
	case CAIRN_E_UNSUPPORTED:
	case CAIRN_E_CRYPTO:
	case CAIRN_E_NOMEM:
		f->undecided = true;
		break;
	default:
		f->rejected = true;
	}
}

/* ---- the rows of the core
 * --------------------------------------------------------------------------------------- */

static const char *scheme_name(uint16_t scheme)
{
	return scheme == 0x0014 ? "RSASSA" : scheme == 0x0016 ? "RSAPSS" : "ECDSA";
}

/* "freshness" is what extraData is for. */
static const struct {
	const char *field, *name, *unchecked;
} words[] = {
    {"attributes", "AK attributes", "the key file tells only the key: nothing shows that it is a TPM's"},
    {"qualifiedSigner", "qualified signer", ""},
    {"extraData", "freshness", "no --nonce to compare extraData with"},
    {"clockInfo", NULL, NULL},
    {"firmwareVersion", NULL, NULL},
    {"PCRs", "PCRs selected", ""},
    {"pcrSelect", "selection", "no --selection"},
    {"sigAlg", "signature scheme", ""},
    {"hash", "signature hash", ""},
    {"pcrDigest", "PCR digest size", ""},
    {"SHA-1 bank", "bank strength", ""},
    {"SHA-1", "hash strength", ""},
    {"PCR values", NULL, NULL},
};

static void detail_of(struct cairn_buf *out, const char *field, const struct cairn_quote_report *r,
		      const struct cairn_cli_quote *q, const char *signer)
{
	if (strcmp(field, "attributes") == 0) {
		const char *objection = cairn_ak_objection(&q->ak);

		cairn_buf_add_str(out, objection ? objection : "restricted, fixed to its TPM");
	} else if (strcmp(field, "qualifiedSigner") == 0) {
		cairn_buf_add_str(out, signer);
	} else if (strcmp(field, "sigAlg") == 0) {
		cairn_buf_add_str(out, scheme_name(r->facts.scheme));
	} else if (strcmp(field, "hash") == 0) {
		cairn_buf_add_str(out, cairn_alg_name(r->facts.hash));
	} else if (strcmp(field, "SHA-1") == 0 && r->facts.hash == CAIRN_ALG_SHA1) {
		cairn_buf_add_str(out, q->allow_sha1 ? "SHA-1, as allowed" : "SHA-1, without --allow-sha1");
	} else if (strcmp(field, "SHA-1 bank") == 0 &&
		   cairn_selection_mask(&r->facts.selection, CAIRN_ALG_SHA1)) {
		cairn_buf_add_str(out, q->allow_sha1 ? "SHA-1, as allowed" : "SHA-1, without --allow-sha1");
	}
}

static void add_row(struct cairn_cli_finding *f, const struct cairn_quote_report *r, size_t i,
		    const struct cairn_cli_quote *q, const char *signer)
{
	const char *field = r->row[i].field, *name = field, *unchecked = "";
	cairn_auto_buf struct cairn_buf detail = {0};

	for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
		if (strcmp(words[w].field, field) == 0) {
			name = words[w].name;
			unchecked = words[w].unchecked;
		}
	}
	if (!name)
		return;
	if (!r->read || (r->row[i].result == CAIRN_QUOTE_UNCHECKED && *unchecked))
		cairn_buf_add_str(&detail, unchecked);
	else
		detail_of(&detail, field, r, q, signer);
	if (r->row[i].result == CAIRN_QUOTE_BAD)
		cairn_buf_add_fmt(&detail, "%s%s", detail.len ? ": " : "", cairn_status_text(r->row[i].why));
	cairn_cli_finding_add(f, name, r->row[i].result, r->row[i].why, cairn_buf_str(&detail));
}

void cairn_cli_quote_rows(struct cairn_cli_finding *f, const struct cairn_quote_report *r,
			  const struct cairn_cli_quote *q, const char *signer)
{
	for (size_t i = 0; i < r->count; i++)
		add_row(f, r, i, q, signer);
}

/* ---- PCR values
 * ------------------------------------------------------------------------------------------------- */

/* of: a bank, or what else it is that somebody gave. */
static void add_uncovered(struct cairn_cli_finding *f, const char *of, uint32_t pcrs)
{
	json_t *list = json_array();

	for (int n = 0; n < CAIRN_PCR_COUNT; n++)
		if (pcrs >> n & 1)
			json_array_append_new(list, json_integer(n));
	if (pcrs)
		json_array_append_new(f->uncovered, json_pack("{s:s, s:O}", "of", of, "pcrs", list));
	json_decref(list);
}

static void put_pcrs(struct cairn_buf *out, const char *before, uint32_t pcrs)
{
	for (unsigned n = 0; n < CAIRN_PCR_COUNT; n++) {
		if (!(pcrs >> n & 1))
			continue;
		cairn_buf_add_fmt(out, "%s%u", before, n);
		before = ",";
	}
}

static enum cairn_status digest_matches(const struct cairn_quote_facts *facts,
					const struct cairn_pcrs *values)
{
	struct cairn_hasher *h = NULL;
	struct cairn_digest d;
	enum cairn_status s = cairn_hasher_new(&h, facts->hash);

	if (!s)
		s = cairn_selection_digest(&d, &facts->selection, values, h);
	cairn_hasher_free(h);
	if (s)
		return s;
	return cairn_span_equal_ct(cairn_digest_span(&d), facts->pcr_digest) ? CAIRN_OK : CAIRN_E_DIVERGED;
}

/* The file's values with those of IMA's other way in their places. */
static struct cairn_pcrs with_padded(const struct cairn_pcrfile *file)
{
	struct cairn_pcrs all = file->pcrs;

	for (size_t i = 0; i < file->padded.count; i++) {
		const struct cairn_bank *from = &file->padded.bank[i];
		struct cairn_bank *to = cairn_pcrs_bank(&all, from->alg);

		for (unsigned n = 0; to && n < CAIRN_PCR_COUNT; n++)
			if (from->extended >> n & 1)
				to->pcr[n] = from->pcr[n];
	}
	return all;
}

static void compare_values(struct cairn_cli_finding *f, struct cairn_pcrfile *file,
			   const struct cairn_quote_facts *facts)
{
	struct cairn_pcrs padded = with_padded(file);
	enum cairn_status s = digest_matches(facts, &file->pcrs);
	const char *detail = file->form;

	if (s == CAIRN_E_DIVERGED && digest_matches(facts, &padded) == CAIRN_OK) {
		file->pcrs = padded;
		s = CAIRN_OK;
	}

	if (file->selects)
		cairn_cli_finding_add(f, "selection of the PCR values",
				      cairn_selection_equal(&file->selection, &facts->selection)
					  ? CAIRN_QUOTE_GOOD
					  : CAIRN_QUOTE_BAD,
				      CAIRN_E_MISMATCH, file->form);
	if (s == CAIRN_E_NOTFOUND)
		detail = "there is no value for a PCR that was quoted";
	else if (s)
		detail = "they are not those that were quoted";
	cairn_cli_finding_add(f, "PCR values", s ? CAIRN_QUOTE_BAD : CAIRN_QUOTE_GOOD, s, detail);
	for (size_t i = 0; i < file->pcrs.count; i++) {
		const struct cairn_bank *b = &file->pcrs.bank[i];

		add_uncovered(f, cairn_alg_name(b->alg),
			      b->extended & ~cairn_selection_mask(&facts->selection, b->alg));
	}
}

int cairn_cli_quote_pcrs(struct cairn_cli_finding *f, struct cairn_pcrs *values,
			 const struct cairn_quote_facts *facts, const struct cairn_cli_quote *q)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_pcrfile file;
	enum cairn_status s = cairn_file_read(&bytes, q->pcrs_path, CAIRN_QUOTEFILE_MAX);

	if (s)
		return cairn_cli_fail(s, NULL, "%s", q->pcrs_path);
	s = cairn_pcrfile_read(&file, cairn_buf_span(&bytes), &facts->selection, &why);
	if (s) {
		cairn_cli_finding_add(f, "PCR values", CAIRN_QUOTE_BAD, s, cairn_buf_str(&why));
		return CAIRN_EXIT_GOOD;
	}
	compare_values(f, &file, facts);
	*values = file.pcrs;
	return CAIRN_EXIT_GOOD;
}

/* ---- logs
 * ------------------------------------------------------------------------------------------------------- */

/* Events of a firmware's log that say another thing than was hashed: types and texts are covered by nothing else. Of
 * lists the replay counts them. */
static enum cairn_status count_lies(unsigned *differing, const struct cairn_anylog *log)
{
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log->tcg);
	struct cairn_event ev;

	if (log->kind != CAIRN_ANYLOG_TCG && log->kind != CAIRN_ANYLOG_SHA1)
		return CAIRN_OK;
	while (cairn_eventlog_next(&it, &ev)) {
		enum cairn_event_check check = CAIRN_EVENT_UNCHECKED;
		enum cairn_status s = cairn_event_check(&check, &ev);

		if (s)
			return s;
		*differing += check == CAIRN_EVENT_DIFFERS;
	}
	return CAIRN_OK;
}

static int replay(struct cairn_cli_finding *f, struct cairn_anylog_replay *state, const char *path, bool *ok)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	cairn_auto_buf struct cairn_buf why = {0};
	cairn_auto_buf struct cairn_buf detail = {0};
	struct cairn_anylog log;
	enum cairn_status s = cairn_file_read(&bytes, path, CAIRN_ANYLOG_SIZE_MAX);

	if (s)
		return cairn_cli_fail(s, NULL, "%s", path);
	s = cairn_anylog_open(&log, cairn_buf_span(&bytes), &why);
	if (s == CAIRN_OK)
		s = cairn_anylog_replay_add(state, &log, &why);
	if (s == CAIRN_OK)
		s = count_lies(&state->differing, &log);
	if (s == CAIRN_E_USAGE)
		return cairn_cli_complain(CAIRN_EXIT_USAGE, "%s: %s", path, cairn_buf_str(&why));
	if (s == CAIRN_OK)
		return CAIRN_EXIT_GOOD;
	*ok = false;
	cairn_buf_add_fmt(&detail, "%s: %s", path, why.len ? cairn_buf_str(&why) : cairn_status_text(s));
	cairn_cli_finding_add(f, "log", CAIRN_QUOTE_BAD, s, cairn_buf_str(&detail));
	return CAIRN_EXIT_GOOD;
}

/* The PCRs of a bank for which the logs do not lead to the values. */
static uint32_t differs(const struct cairn_anylog_replay *st, const struct cairn_pcrs *values,
			enum cairn_alg alg, uint32_t pcrs)
{
	const struct cairn_bank *b = cairn_pcrs_bank_const(values, alg);

	return b ? (pcrs & ~b->extended) | cairn_anylog_differs(st, b, pcrs & b->extended) : pcrs;
}

/* The state's values for every PCR that was quoted; false where the logs do not say what one of them is. */
static bool values_of(struct cairn_pcrs *out, const struct cairn_replay *r, uint32_t touched,
		      const struct cairn_selection *sel)
{
	*out = r->pcrs;
	for (size_t i = 0; i < sel->count; i++) {
		struct cairn_bank *b = cairn_pcrs_bank(out, sel->bank[i].alg);
		struct cairn_pcrs reset;

		if (!b) {
			if (sel->bank[i].pcrs & touched || out->count == CAIRN_BANK_MAX ||
			    cairn_pcrs_init(&reset, &sel->bank[i].alg, 1) != CAIRN_OK)
				return false;
			b = &out->bank[out->count++];
			*b = reset.bank[0];
		} else if (r->incomplete[b - out->bank] & sel->bank[i].pcrs) {
			return false;
		}
		b->extended |= sel->bank[i].pcrs;
	}
	return true;
}

static bool leads_to_digest(const struct cairn_replay *r, const struct cairn_anylog_replay *st,
			    const struct cairn_quote_facts *facts)
{
	struct cairn_pcrs values;

	return values_of(&values, r, st->touched, &facts->selection) &&
	       digest_matches(facts, &values) == CAIRN_OK;
}

static void compare_digest(struct cairn_cli_finding *f, const struct cairn_anylog_replay *st,
			   const struct cairn_quote_facts *facts)
{
	bool ok =
	    leads_to_digest(&st->own, st, facts) || (st->ima && leads_to_digest(&st->padded, st, facts));

	cairn_cli_finding_add(f, "logs lead to the quote", ok ? CAIRN_QUOTE_GOOD : CAIRN_QUOTE_BAD,
			      CAIRN_E_DIVERGED,
			      ok ? "PCRs that no log extends are as after reset"
				 : "other values were quoted; with --pcrs the PCRs that differ can be named");
}

static void compare_logs(struct cairn_cli_finding *f, const struct cairn_anylog_replay *st,
			 const struct cairn_pcrs *values, const struct cairn_quote_facts *facts)
{
	cairn_auto_buf struct cairn_buf detail = {0};

	for (size_t i = 0; i < facts->selection.count; i++) {
		enum cairn_alg alg = facts->selection.bank[i].alg;
		uint32_t bad = differs(st, values, alg, facts->selection.bank[i].pcrs);
		char before[48];

		snprintf(before, sizeof(before), "%s%s:", detail.len ? " " : "not to ", cairn_alg_name(alg));
		put_pcrs(&detail, before, bad);
	}
	cairn_cli_finding_add(f, "logs lead to the quote", detail.len ? CAIRN_QUOTE_BAD : CAIRN_QUOTE_GOOD,
			      CAIRN_E_DIVERGED, cairn_buf_str(&detail));
}

int cairn_cli_quote_logs(struct cairn_cli_finding *f, const struct cairn_pcrs *values,
			 const struct cairn_quote_facts *facts, const struct cairn_cli_quote *q)
{
	struct cairn_anylog_replay st = {0};
	bool ok = true;

	for (size_t i = 0; i < q->logs->count; i++) {
		int code = replay(f, &st, q->logs->item[i], &ok);

		if (code)
			return code;
	}
	if (!ok)
		return CAIRN_EXIT_GOOD;
	if (st.cc) {
		cairn_cli_finding_add(f, "logs lead to the quote", CAIRN_QUOTE_BAD, CAIRN_E_DIVERGED,
				      "measurement registers of a confidential VM are no PCRs");
		return CAIRN_EXIT_GOOD;
	}
	if (st.differing > 0)
		cairn_cli_finding_add(f, "digests of the logs", CAIRN_QUOTE_BAD, CAIRN_E_MISMATCH,
				      "entries are not what was measured");
	if (values->count > 0)
		compare_logs(f, &st, values, facts);
	else
		compare_digest(f, &st, facts);
	add_uncovered(f, "log of PCR", st.touched & ~cairn_selection_any(&facts->selection));
	return CAIRN_EXIT_GOOD;
}
