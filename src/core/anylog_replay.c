/* From any log, or several logs of one boot, to PCR values. */
#include "cairn/anylog.h"

#include <string.h>

#include "cairn/cel.h"
#include "cairn/launchlog.h"

static uint32_t bit(unsigned pcr)
{
	return UINT32_C(1) << pcr;
}

static enum cairn_status refuse(struct cairn_buf *why, enum cairn_status s, const char *text)
{
	if (why)
		cairn_buf_add_str(why, text);
	return s;
}

/* Whether the log's registers are those of the logs before it. */
static enum cairn_status join(struct cairn_anylog_replay *st, bool cc, struct cairn_buf *why)
{
	if (st->logs > 0 && st->cc != cc)
		return refuse(
		    why, CAIRN_E_USAGE,
		    "measurement registers of a confidential VM and PCRs of a TPM are not one state");
	st->cc = cc;
	return CAIRN_OK;
}

/* The bank's number. One that no log had before is new: what other logs extended is incomplete in it. */
static size_t place(struct cairn_replay *r, enum cairn_alg alg, uint32_t touched)
{
	size_t had = r->pcrs.count, at = cairn_pcrs_place(&r->pcrs, alg);

	if (at == had)
		r->incomplete[at] = touched;
	return at;
}

/* In the banks of r that the log has not, what it extends is incomplete. */
static void miss_banks(struct cairn_replay *r, const struct cairn_pcrs *log, uint32_t mask)
{
	for (size_t b = 0; b < r->pcrs.count; b++)
		if (!cairn_pcrs_bank_const(log, r->pcrs.bank[b].alg))
			r->incomplete[b] |= mask;
}

/* ---- records that continue what is there ------------------------------------------------------------------------- */

static enum cairn_status extend(struct cairn_replay *r, uint32_t touched, unsigned pcr,
				const struct cairn_digest *d, size_t count)
{
	bool had[CAIRN_BANK_MAX] = {false};

	for (size_t i = 0; i < count; i++) {
		size_t at = place(r, d[i].alg, touched);
		enum cairn_status s = cairn_pcrs_extend(&r->pcrs, pcr, &d[i]);

		if (s != CAIRN_OK)
			return s;
		had[at] = true;
	}
	for (size_t b = 0; b < r->pcrs.count; b++)
		if (!had[b])
			r->incomplete[b] |= bit(pcr);
	return CAIRN_OK;
}

static enum cairn_status add_record(struct cairn_anylog_replay *st, unsigned pcr,
				    const struct cairn_digest *d, size_t count)
{
	enum cairn_status s = extend(&st->own, st->touched, pcr, d, count);

	if (s == CAIRN_OK && st->ima)
		s = extend(&st->padded, st->touched, pcr, d, count);
	st->touched |= bit(pcr);
	return s;
}

static enum cairn_status add_launch(struct cairn_anylog_replay *st, const struct cairn_anylog *log,
				    struct cairn_buf *why)
{
	const struct cairn_pcr_numbers pcrs = CAIRN_PCR_NUMBERS_DEFAULT;
	struct cairn_log_reader r;
	enum cairn_status s = join(st, false, why);

	if (s != CAIRN_OK)
		return s;
	cairn_log_reader_init(&r, log->bytes, &pcrs);
	r.may_lack = true; /* digests are never dropped */
	while (s == CAIRN_OK) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};

		s = cairn_log_next(&r, &e);
		if (s == CAIRN_OK)
			s = add_record(st, e.pcr, e.digest, e.digest_count);
	}
	if (s == CAIRN_E_NOTFOUND)
		return CAIRN_OK;
	if (why)
		cairn_buf_add_fmt(why, "record %llu of the launch log: %s", (unsigned long long)r.recnum,
				  cairn_status_text(s));
	return s;
}

/* ---- logs of firmware, which start from reset -------------------------------------------------------------------- */

/* The PCRs with an event, and for each bank of the log those with a digest in it. */
struct tcg_use {
	uint32_t touched, has[CAIRN_BANK_MAX];
};

static struct tcg_use use_of(const struct cairn_eventlog *log)
{
	struct tcg_use u = {0};
	struct cairn_eventlog_iter it = cairn_eventlog_iter(log);
	struct cairn_event ev;

	while (cairn_eventlog_next(&it, &ev)) {
		if (!cairn_event_extends(&ev))
			continue;
		u.touched |= bit(ev.pcr);
		for (size_t b = 0; b < log->banks; b++)
			if (cairn_event_digest_of(&ev, log->bank[b]))
				u.has[b] |= bit(ev.pcr);
	}
	return u;
}

/* What the log says nothing of stays as it is. */
static void take_bank(struct cairn_replay *to, const struct cairn_replay *r, size_t b,
		      const struct tcg_use *u, uint32_t touched)
{
	const struct cairn_bank *from = &r->pcrs.bank[b];
	struct cairn_pcrs reset = {0};
	size_t at = place(to, from->alg, touched), as_new = cairn_pcrs_place(&reset, from->alg);

	to->incomplete[at] |= r->incomplete[b];
	if (r->unhashed & bit((unsigned)b)) {
		to->unhashed |= bit((unsigned)at);
		return;
	}
	for (unsigned n = 0; n < CAIRN_PCR_COUNT; n++)
		if (!cairn_digest_equal(&from->pcr[n], &reset.bank[as_new].pcr[n]))
			to->pcrs.bank[at].pcr[n] = from->pcr[n];
	to->pcrs.bank[at].extended |= u->has[b];
}

static void take_tcg(struct cairn_replay *to, const struct cairn_replay *r, const struct tcg_use *u,
		     uint32_t touched)
{
	for (size_t b = 0; b < r->pcrs.count; b++)
		take_bank(to, r, b, u, touched);
	miss_banks(to, &r->pcrs, u->touched);
	to->drtm = to->drtm || r->drtm;
	to->startup_locality |= r->startup_locality; /* of at most one log: it goes with events of PCR 0 */
}

static enum cairn_status add_tcg(struct cairn_anylog_replay *st, const struct cairn_anylog *log,
				 struct cairn_buf *why)
{
	struct cairn_replay r;
	struct tcg_use u = use_of(&log->tcg);
	enum cairn_status s = join(st, log->tcg.cc, why);

	if (s != CAIRN_OK)
		return s;
	if (u.touched & st->touched)
		return refuse(
		    why, CAIRN_E_USAGE,
		    "a log of firmware starts from reset, but an earlier log has extended one of its PCRs; "
		    "give the firmware's log first");
	s = cairn_eventlog_replay(&r, &log->tcg);
	if (s != CAIRN_OK)
		return refuse(
		    why, s,
		    s == CAIRN_E_MALFORMED
			? "a StartupLocality event is doubled, out of place, or of no locality that can "
			  "start a TPM"
			: cairn_status_text(s));
	take_tcg(&st->own, &r, &u, st->touched);
	if (st->ima)
		take_tcg(&st->padded, &r, &u, st->touched);
	st->touched |= u.touched;
	return CAIRN_OK;
}

/* ---- lists whose readers continue what is there ------------------------------------------------------------------- */

static uint32_t list_mask(const struct cairn_replay *r)
{
	uint32_t mask = 0;

	for (size_t b = 0; b < r->pcrs.count; b++)
		mask |= r->pcrs.bank[b].extended | r->incomplete[b];
	return mask;
}

static void take_list(struct cairn_replay *to, const struct cairn_replay *r, uint32_t mask, uint32_t touched)
{
	for (size_t b = 0; b < r->pcrs.count; b++) {
		const struct cairn_bank *from = &r->pcrs.bank[b];
		size_t at = place(to, from->alg, touched);

		for (unsigned n = 0; n < CAIRN_PCR_COUNT; n++)
			if (mask & bit(n))
				to->pcrs.bank[at].pcr[n] = from->pcr[n];
		to->pcrs.bank[at].extended |= from->extended;
		to->incomplete[at] |= r->incomplete[b];
		if (r->unhashed & bit((unsigned)b))
			to->unhashed |= bit((unsigned)at);
	}
	miss_banks(to, &r->pcrs, mask);
}

static enum cairn_status say_ima(struct cairn_buf *why, enum cairn_status s, const struct cairn_ima_replay *r)
{
	if (why)
		cairn_buf_add_fmt(why, "entry %u of the list, at offset %zu: %s", r->entries + 1, r->end,
				  cairn_status_text(s));
	return s;
}

/* On any error but CAIRN_E_TRUNCATED what this makes of st is thrown away. */
static enum cairn_status add_ima(struct cairn_anylog_replay *st, const struct cairn_anylog *log,
				 struct cairn_buf *why)
{
	struct cairn_ima_replay own = {0}, padded;
	enum cairn_status s = join(st, false, why), t = CAIRN_OK;
	uint32_t mask;

	if (s != CAIRN_OK)
		return s;
	s = cairn_ima_replay(&own, &log->ima, &st->own.pcrs);
	mask = list_mask(&own.own);
	padded = own;
	if (st->ima)
		t = cairn_ima_replay(&padded, &log->ima, &st->padded.pcrs);
	else
		st->padded = st->own;
	if (t != CAIRN_OK && t != s)
		return refuse(why, t, cairn_status_text(t));
	take_list(&st->own, &own.own, mask, st->touched);
	take_list(&st->padded, &padded.padded, mask, st->touched);
	st->ima |= mask;
	st->touched |= mask;
	st->differing += own.differing;
	return s == CAIRN_OK ? s : say_ima(why, s, &own);
}

static enum cairn_status replay_cel(struct cairn_cel_replay *out, const struct cairn_anylog *log,
				    const struct cairn_pcrs *start, struct cairn_buf *why)
{
	cairn_auto_cel struct cairn_cel cel = {0};
	enum cairn_status s = cairn_cel_open(&cel, log->bytes);

	if (s == CAIRN_OK)
		s = cairn_cel_replay(out, &cel, start);
	if (s != CAIRN_OK && why)
		cairn_buf_add_fmt(why, "record %u: %s", cel.number + 1, cairn_status_text(s));
	return s;
}

static enum cairn_status add_cel(struct cairn_anylog_replay *st, const struct cairn_anylog *log,
				 struct cairn_buf *why)
{
	struct cairn_cel_replay own = {0}, padded = {0};
	enum cairn_status s = replay_cel(&own, log, &st->own.pcrs, why);
	uint32_t mask = list_mask(&own.replay);

	if (s == CAIRN_OK)
		s = join(st, own.mr, why);
	if (s == CAIRN_OK && st->ima) {
		s = replay_cel(&padded, log, &st->padded.pcrs, why);
		take_list(&st->padded, &padded.replay, mask, st->touched);
	}
	if (s != CAIRN_OK)
		return s;
	take_list(&st->own, &own.replay, mask, st->touched);
	st->touched |= mask;
	st->differing += own.differing;
	return CAIRN_OK;
}

/* ---- any ---------------------------------------------------------------------------------------------------------- */

static enum cairn_status (*const adders[CAIRN_ANYLOG_KINDS])(struct cairn_anylog_replay *,
							     const struct cairn_anylog *,
							     struct cairn_buf *) = {
    [CAIRN_ANYLOG_TCG] = add_tcg,	[CAIRN_ANYLOG_SHA1] = add_tcg,	  [CAIRN_ANYLOG_CCEL] = add_tcg,
    [CAIRN_ANYLOG_LAUNCH] = add_launch, [CAIRN_ANYLOG_IMA] = add_ima,	  [CAIRN_ANYLOG_IMA_ASCII] = add_ima,
    [CAIRN_ANYLOG_CEL_JSON] = add_cel,	[CAIRN_ANYLOG_CEL_TLV] = add_cel,
};

enum cairn_status cairn_anylog_replay_add(struct cairn_anylog_replay *state, const struct cairn_anylog *log,
					  struct cairn_buf *why)
{
	struct cairn_anylog_replay st = *state;
	bool ima = log->kind == CAIRN_ANYLOG_IMA || log->kind == CAIRN_ANYLOG_IMA_ASCII;
	enum cairn_status s;

	s = adders[log->kind](&st, log, why);
	st.logs++;
	if (s == CAIRN_OK || (ima && s == CAIRN_E_TRUNCATED))
		*state = st;
	return s;
}

enum cairn_status cairn_anylog_replay(struct cairn_anylog_replay *state, struct cairn_span bytes,
				      struct cairn_buf *why)
{
	struct cairn_anylog log;
	enum cairn_status s = cairn_anylog_open(&log, bytes, why);

	return s == CAIRN_OK ? cairn_anylog_replay_add(state, &log, why) : s;
}

uint32_t cairn_anylog_differs(const struct cairn_anylog_replay *state, const struct cairn_bank *actual,
			      uint32_t mask)
{
	uint32_t differs = cairn_replay_differs(&state->own, actual, mask);

	if (state->cc)
		return mask;
	if (state->ima)
		differs &= cairn_replay_differs(&state->padded, actual, mask);
	return differs;
}
