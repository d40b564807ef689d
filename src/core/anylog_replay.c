/* From any log, or several logs of one boot, to PCR values. */
#include "cairn/anylog.h"

#include <string.h>

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

/* The bank's number. One that no log had before is new: what other logs extended is incomplete in it. */
static enum cairn_status need_bank(size_t *at, struct cairn_anylog_replay *st, enum cairn_alg alg)
{
	struct cairn_pcrs one;
	enum cairn_status s;

	for (*at = 0; *at < st->pcrs.count; (*at)++)
		if (st->pcrs.bank[*at].alg == alg)
			return CAIRN_OK;
	if (st->pcrs.count == CAIRN_BANK_MAX)
		return CAIRN_E_LIMIT;
	s = cairn_pcrs_init(&one, &alg, 1);
	if (s != CAIRN_OK)
		return s;
	st->pcrs.bank[st->pcrs.count++] = one.bank[0];
	st->incomplete[*at] = st->touched;
	return CAIRN_OK;
}

/* ---- records that continue what is there ------------------------------------------------------------------------- */

static enum cairn_status extend(struct cairn_anylog_replay *st, unsigned pcr, const struct cairn_digest *d,
				size_t count)
{
	bool had[CAIRN_BANK_MAX] = {false};

	for (size_t i = 0; i < count; i++) {
		size_t at;
		enum cairn_status s = need_bank(&at, st, d[i].alg);

		if (s == CAIRN_OK)
			s = cairn_pcrs_extend(&st->pcrs, pcr, &d[i]);
		if (s != CAIRN_OK)
			return s;
		had[at] = true;
	}
	st->touched |= bit(pcr);
	for (size_t b = 0; b < st->pcrs.count; b++)
		if (!had[b])
			st->incomplete[b] |= bit(pcr);
	return CAIRN_OK;
}

static enum cairn_status add_launch(struct cairn_anylog_replay *st, const struct cairn_anylog *log,
				    struct cairn_buf *why)
{
	const struct cairn_pcr_numbers pcrs = CAIRN_PCR_NUMBERS_DEFAULT;
	struct cairn_log_reader r;
	enum cairn_status s = CAIRN_OK;

	cairn_log_reader_init(&r, log->bytes, &pcrs);
	while (s == CAIRN_OK) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};

		s = cairn_log_next(&r, &e);
		if (s == CAIRN_OK)
			s = extend(st, e.pcr, e.digest, e.digest_count);
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
		if (ev.type == CAIRN_EV_NO_ACTION || ev.pcr >= CAIRN_PCR_COUNT)
			continue;
		u.touched |= bit(ev.pcr);
		for (size_t b = 0; b < log->banks; b++)
			if (cairn_event_digest_of(&ev, log->bank[b]))
				u.has[b] |= bit(ev.pcr);
	}
	return u;
}

/* What the log says nothing of stays as it is. */
static enum cairn_status take_bank(struct cairn_anylog_replay *st, const struct cairn_replay *r, size_t b,
				   const struct tcg_use *u)
{
	const struct cairn_bank *from = &r->pcrs.bank[b];
	struct cairn_pcrs reset;
	size_t at;
	enum cairn_status s = need_bank(&at, st, from->alg);

	if (s == CAIRN_OK)
		s = cairn_pcrs_init(&reset, &from->alg, 1);
	if (s != CAIRN_OK)
		return s;
	for (unsigned n = 0; n < CAIRN_PCR_COUNT; n++)
		if (!cairn_digest_equal(&from->pcr[n], &reset.bank[0].pcr[n]))
			st->pcrs.bank[at].pcr[n] = from->pcr[n];
	st->pcrs.bank[at].extended |= u->has[b];
	st->incomplete[at] |= u->touched & r->incomplete[b];
	return CAIRN_OK;
}

static bool log_has_bank(const struct cairn_eventlog *log, enum cairn_alg alg)
{
	for (size_t b = 0; b < log->banks; b++)
		if (log->bank[b] == alg)
			return true;
	return false;
}

static enum cairn_status take_tcg(struct cairn_anylog_replay *st, const struct cairn_eventlog *log,
				  const struct cairn_replay *r, const struct tcg_use *u)
{
	for (size_t b = 0; b < log->banks; b++) {
		enum cairn_status s = take_bank(st, r, b, u);

		if (s != CAIRN_OK)
			return s;
	}
	for (size_t b = 0; b < st->pcrs.count; b++)
		if (!log_has_bank(log, st->pcrs.bank[b].alg))
			st->incomplete[b] |= u->touched;
	st->touched |= u->touched;
	st->drtm = st->drtm || r->drtm;
	if (r->startup_locality)
		st->startup_locality = r->startup_locality;
	return CAIRN_OK;
}

static enum cairn_status add_tcg(struct cairn_anylog_replay *st, const struct cairn_anylog *log,
				 struct cairn_buf *why)
{
	struct cairn_replay r;
	struct tcg_use u = use_of(&log->tcg);
	enum cairn_status s;

	if (u.touched & st->touched)
		return refuse(
		    why, CAIRN_E_USAGE,
		    "a log of firmware starts from reset, but an earlier log has extended one of its PCRs; "
		    "give the firmware's log first");
	s = cairn_eventlog_replay(&r, &log->tcg);
	if (s != CAIRN_OK)
		return refuse(why, s, cairn_status_text(s));
	return take_tcg(st, &log->tcg, &r, &u);
}

/* ---- any ---------------------------------------------------------------------------------------------------------- */

static enum cairn_status (*const adders[CAIRN_ANYLOG_KINDS])(struct cairn_anylog_replay *,
							     const struct cairn_anylog *,
							     struct cairn_buf *) = {
    [CAIRN_ANYLOG_TCG] = add_tcg,
    [CAIRN_ANYLOG_SHA1] = add_tcg,
    [CAIRN_ANYLOG_CCEL] = add_tcg,
    [CAIRN_ANYLOG_LAUNCH] = add_launch,
};

enum cairn_status cairn_anylog_replay_add(struct cairn_anylog_replay *state, const struct cairn_anylog *log,
					  struct cairn_buf *why)
{
	struct cairn_anylog_replay st = *state;
	bool cc = log->kind == CAIRN_ANYLOG_CCEL;
	enum cairn_status s;

	if (st.logs > 0 && st.cc != cc)
		return refuse(
		    why, CAIRN_E_USAGE,
		    "measurement registers of a confidential VM and PCRs of a TPM are not one state");
	st.cc = cc;
	st.logs++;
	s = adders[log->kind](&st, log, why);
	if (s == CAIRN_OK)
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

/* A bank that no log has is one in which nothing was extended as far as the logs know. */
uint32_t cairn_anylog_differs(const struct cairn_anylog_replay *state, const struct cairn_bank *actual,
			      uint32_t mask)
{
	struct cairn_replay r = {.pcrs = state->pcrs};

	if (state->cc)
		return mask;
	memcpy(r.incomplete, state->incomplete, sizeof r.incomplete);
	return cairn_replay_differs(&r, actual, mask);
}
