/* The host record: what this machine is, in one canonical object that is the same after every good boot of a
 * release. Digests of Xen, kernel and initrd come only from a boot log that replays to the TPM; a file that
 * is found on a disk is never hashed in their place. */
#include "agent/agent.h"

#include <stdio.h>
#include <string.h>

#include "agent/measure.h"
#include "cairn/bootfacts.h"

#define BOOT_PCRS 0x3ffu /* 0 to 9 */

static void set_status(struct cairn_agent *a, const char *text)
{
	snprintf(a->boot_log_status, sizeof(a->boot_log_status), "%s", text);
}

/* Adds "PCR 4, 9" to a text. */
static void list_pcrs(char *out, size_t size, uint32_t mask)
{
	const char *comma = "";

	for (unsigned i = 0; i < CAIRN_PCR_COUNT; i++) {
		size_t used = strlen(out);

		if (!(mask & 1u << i))
			continue;
		snprintf(out + used, size - used, "%s%u", comma, i);
		comma = ", ";
	}
}

/* CAIRN_OK with *vouched false where the log does not speak for this TPM: the reason is in the status. */
static enum cairn_status replays(struct cairn_agent *a, const struct cairn_eventlog *log, bool *vouched)
{
	struct cairn_replay replay;
	struct cairn_bank now;
	enum cairn_status st = cairn_eventlog_replay(&replay, log);

	*vouched = false;
	if (st != CAIRN_OK) {
		set_status(a, cairn_status_text(st));
		return st == CAIRN_E_NOMEM || st == CAIRN_E_CRYPTO ? st : CAIRN_OK;
	}
	st = cairn_tpm_pcr_read(a->tpm, CAIRN_ALG_SHA256, BOOT_PCRS, &now);
	if (st != CAIRN_OK)
		return st;
	uint32_t differs = cairn_replay_differs(&replay, &now, BOOT_PCRS);

	*vouched = differs == 0;
	set_status(a, *vouched ? "ok" : "does not replay to PCR ");
	if (differs)
		list_pcrs(a->boot_log_status, sizeof(a->boot_log_status), differs);
	return CAIRN_OK;
}

static enum cairn_status vouch(struct cairn_agent *a, struct cairn_host *h, struct cairn_span bytes)
{
	struct cairn_eventlog log;
	struct cairn_boot_facts facts;
	bool vouched = false;
	enum cairn_status st = cairn_eventlog_open(&log, bytes);

	if (st == CAIRN_OK && log.cc)
		st = CAIRN_E_UNSUPPORTED; /* registers of a virtual machine, not PCRs */
	if (st != CAIRN_OK) {
		set_status(a, cairn_status_text(st));
		return st == CAIRN_E_NOMEM ? st : CAIRN_OK;
	}
	st = replays(a, &log, &vouched);
	if (st == CAIRN_OK && vouched)
		st = cairn_boot_facts(&facts, &log, CAIRN_ALG_SHA256);
	if (st != CAIRN_OK || !vouched)
		return st;
	if (facts.problem != CAIRN_BOOT_OK) {
		set_status(a, cairn_boot_problem_text(facts.problem));
		return CAIRN_OK;
	}
	h->xen = facts.xen.digest;
	h->kernel = facts.kernel.digest;
	if (facts.modules > 1)
		h->initrd = facts.initrd.digest;
	return CAIRN_OK;
}

static enum cairn_status take_boot_log(struct cairn_agent *a, struct cairn_host *h)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	enum cairn_status st = cairn_file_read(&bytes, a->conf->boot_log, CAIRN_AGENT_BOOT_LOG_MAX);

	if (st == CAIRN_E_NOMEM)
		return st;
	if (st != CAIRN_OK) {
		set_status(a, "missing: this boot did not hand the firmware's event log to dom0");
		return CAIRN_OK;
	}
	return vouch(a, h, cairn_buf_span(&bytes));
}

static enum cairn_status take_agent(struct cairn_host *h)
{
	struct cairn_staged self;

	cairn_staged_init(&self);
	enum cairn_status st = cairn_stage_file(&self, "/proc/self/exe", 1u << 28);

	if (st == CAIRN_OK)
		h->agent = self.is.sha256;
	cairn_staged_fini(&self);
	return st;
}

static void take_settings(const struct cairn_agent *a, struct cairn_host *h)
{
	const struct cairn_tpm_banks *banks = cairn_tpm_banks(a->tpm);

	cairn_agent_config_to_host(h, a->conf);
	/* What the TPM has, whatever the file expects: the log is written in these. */
	if (h->bank_count != banks->count ||
	    memcmp(h->bank, banks->alg, banks->count * sizeof(h->bank[0])) != 0)
		cairn_agent_say("the TPM's active banks are not those of the configuration (banks)");
	h->bank_count = banks->count;
	memcpy(h->bank, banks->alg, banks->count * sizeof(h->bank[0]));
	h->authority_count = cairn_jwks_count(a->authorities);
	for (size_t i = 0; i < h->authority_count && i < CAIRN_TRUST_MAX; i++)
		h->authority[i] = cairn_key_kid(cairn_jwks_at(a->authorities, i));
}

enum cairn_status cairn_agent_host_record(struct cairn_agent *a, struct cairn_buf *out)
{
	struct cairn_host h = {0};
	struct cairn_hv_facts xen;
	cairn_auto_buf struct cairn_buf cmdline = {0};
	enum cairn_status st = a->hv.ops->facts(a->hv.self, &xen);

	if (st == CAIRN_OK)
		st = cairn_file_read(&cmdline, "/proc/cmdline", CAIRN_TEXT_MAX + 1);
	if (st == CAIRN_OK)
		st = take_agent(&h);
	if (st == CAIRN_OK)
		st = take_boot_log(a, &h);
	if (st != CAIRN_OK)
		return st;
	if (cmdline.len > 0 && cmdline.ptr[cmdline.len - 1] == '\n')
		cmdline.len--;
	take_settings(a, &h);
	h.build_id = xen.build_id;
	h.xen_cmdline = xen.cmdline;
	h.dom0_cmdline = cairn_buf_str(&cmdline);
	return h.dom0_cmdline ? cairn_record_host(out, &h) : CAIRN_E_NOMEM;
}
