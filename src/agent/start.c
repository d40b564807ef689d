/* From nothing, or from the log of an earlier cairnd of this boot, to an agent that may record. */
#include "agent/agent.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void cairn_agent_say(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fprintf(stderr, "cairnd: %s\n", line);
}

const char *cairn_agent_state_name(enum cairn_agent_state s)
{
	switch (s) {
	case CAIRN_AGENT_OK:
		return "ok";
	case CAIRN_AGENT_MAINTENANCE:
		return "maintenance";
	case CAIRN_AGENT_VIOLATED:
		return "violated";
	default:
		return "diverged";
	}
}

/* The worst state stays; the first trouble of it is what people are told. */
void cairn_agent_worsen(struct cairn_agent *a, enum cairn_agent_state to, const char *trouble)
{
	if (to <= a->state)
		return;
	a->state = to;
	snprintf(a->trouble, sizeof(a->trouble), "%s", trouble);
	cairn_agent_say("%s: %s", cairn_agent_state_name(to), trouble);
}

enum cairn_status cairn_agent_record(struct cairn_agent *a, struct cairn_span record, uint64_t *recnum)
{
	enum cairn_status st = cairn_agent_log_append(&a->log, record, recnum);

	if (a->log.state == CAIRN_LOG_DIVERGED)
		cairn_agent_worsen(
		    a, CAIRN_AGENT_DIVERGED,
		    "the launch log no longer replays to the TPM; nothing is launched before the next boot");
	return st;
}

enum cairn_status cairn_agent_violate(struct cairn_agent *a, const char *reason, uint64_t *recnum)
{
	cairn_auto_buf struct cairn_buf record = {0};
	enum cairn_status st = cairn_record_violation(&record, reason);

	cairn_agent_worsen(a, CAIRN_AGENT_VIOLATED, reason);
	return st == CAIRN_OK ? cairn_agent_record(a, cairn_buf_span(&record), recnum) : st;
}

bool cairn_agent_changed(struct cairn_agent *a, const char *reason)
{
	cairn_auto_buf struct cairn_buf record = {0};
	uint64_t recnum = CAIRN_NO_RECORD;
	enum cairn_status st = CAIRN_OK;

	cairn_agent_say("%s", reason);
	if (strcmp(cairn_agent_mode(a, true), "enforce") == 0)
		st = cairn_agent_violate(a, reason, &recnum);
	else if ((st = cairn_record_change(&record, reason)) == CAIRN_OK)
		st = cairn_agent_record(a, cairn_buf_span(&record), &recnum);
	return recnum != CAIRN_NO_RECORD || st == CAIRN_E_DIVERGED;
}

/* ---- what the log of an earlier start says ------------------------------------------------------------ */

static enum cairn_status seen_launch(struct cairn_agent *a, const struct cairn_log_entry *e)
{
	cairn_auto_launch struct cairn_launch l = {0};
	enum cairn_status st = cairn_launch_from_json(&l, e->object);

	if (st == CAIRN_OK)
		cairn_restart_launched(a, l.name);
	return st == CAIRN_OK ? cairn_domains_add(&a->domains, e->recnum, &l) : st;
}

static enum cairn_status seen_exit(struct cairn_agent *a, const struct cairn_log_entry *e)
{
	struct cairn_exit_record x = {0};
	enum cairn_status st = cairn_exit_from_json(&x, e->object);

	for (size_t i = 0; i < a->domains.count && st == CAIRN_OK; i++) {
		if (a->domains.item[i].recnum != x.launch)
			continue;
		a->domains.item[i].live = false;
		cairn_restart_ended(a, &a->domains.item[i], x.reason);
	}
	cairn_exit_fini(&x);
	return st;
}

static enum cairn_status seen_refusal(struct cairn_agent *a, const struct cairn_log_entry *e)
{
	cairn_auto_refusal struct cairn_refusal r = {0};
	enum cairn_status st = cairn_refusal_from_json(&r, e->object);

	if (st == CAIRN_OK)
		cairn_restart_refused(a, r.name);
	return st;
}

static enum cairn_status seen_stranger(struct cairn_agent *a, const struct cairn_log_entry *e)
{
	uint64_t domid = 0;
	const char *uuid = "";
	enum cairn_status st = cairn_json_get_u64(&domid, e->object, "domid");

	if (st == CAIRN_OK)
		st = cairn_json_get_str(&uuid, e->object, "uuid");
	return st == CAIRN_OK ? cairn_strangers_seen(a, (uint32_t)domid, uuid) : st;
}

static enum cairn_status seen(void *self, const struct cairn_log_entry *e)
{
	struct cairn_agent *a = self;
	const char *text = "";
	enum cairn_status st = CAIRN_OK;

	switch (e->type) {
	case CAIRN_RECORD_HOST:
		cairn_buf_add(&a->host_record, e->record);
		return cairn_buf_status(&a->host_record);
	case CAIRN_RECORD_PHASE:
		st = cairn_json_get_str(&text, e->object, "phase");
		snprintf(a->phase, sizeof(a->phase), "%s", text);
		return st;
	case CAIRN_RECORD_LAUNCH:
		return seen_launch(a, e);
	case CAIRN_RECORD_EXIT:
		return seen_exit(a, e);
	case CAIRN_RECORD_REFUSAL:
		return seen_refusal(a, e);
	case CAIRN_RECORD_UNRECORDED:
		return seen_stranger(a, e);
	case CAIRN_RECORD_VIOLATION:
		cairn_agent_worsen(a, CAIRN_AGENT_VIOLATED,
				   "an earlier start of cairnd recorded a violation in this boot");
		st = cairn_json_get_str(&text, e->object, "reason");
		cairn_changes_seen(a, text);
		return st;
	case CAIRN_RECORD_CHANGE:
		st = cairn_json_get_str(&text, e->object, "reason");
		cairn_changes_seen(a, text);
		return st;
	case CAIRN_RECORD_MAINTENANCE:
		st = cairn_json_get_str(&text, e->object, "reason");
		cairn_agent_worsen(a, CAIRN_AGENT_MAINTENANCE, text);
		return st;
	case CAIRN_RECORD_RELEASE_SET:
		return cairn_release_set_from_json(&a->release.logged, e->object);
	default:
		return CAIRN_OK;
	}
}

/* ---- first records ------------------------------------------------------------------------------------ */

static enum cairn_status record_boot(struct cairn_agent *a)
{
	uint8_t id[32];
	cairn_auto_buf struct cairn_buf record = {0};

	if (getrandom(id, sizeof(id), 0) != (ssize_t)sizeof(id))
		return CAIRN_E_IO;
	enum cairn_status st = cairn_record_boot(&record, id);

	return st == CAIRN_OK ? cairn_agent_record(a, cairn_buf_span(&record), NULL) : st;
}

static enum cairn_status first_records(struct cairn_agent *a, struct cairn_span host)
{
	enum cairn_status st = cairn_agent_record(a, host, NULL);

	cairn_buf_add(&a->host_record, host);
	return st == CAIRN_OK ? record_boot(a) : st;
}

static enum cairn_status record_foreign(struct cairn_agent *a, const struct cairn_bank *found)
{
	const unsigned pcrs[] = {a->conf->pcrs.host, a->conf->pcrs.launch, a->conf->pcrs.phase};

	for (size_t i = 0; i < 3; i++) {
		cairn_auto_buf struct cairn_buf record = {0};
		const struct cairn_digest *v = &found->pcr[pcrs[i]];

		if (cairn_span_all(cairn_digest_span(v), 0))
			continue;
		enum cairn_status st = cairn_record_foreign(&record, pcrs[i], v);

		if (st == CAIRN_OK)
			st = cairn_agent_record(a, cairn_buf_span(&record), NULL);
		if (st != CAIRN_OK)
			return st;
	}
	return CAIRN_OK;
}

/* Somebody extended our PCRs, or the log of this boot is gone: say what was found, then take no more records.
 */
static enum cairn_status start_foreign(struct cairn_agent *a, struct cairn_span host)
{
	static const char reason[] =
	    "the host, launch or phase PCR was extended before cairnd started, or the launch "
	    "log of this boot was removed";
	struct cairn_bank found;
	const struct cairn_pcr_numbers *p = &a->conf->pcrs;
	enum cairn_status st = cairn_tpm_pcr_read(a->tpm, CAIRN_ALG_SHA256,
						  1u << p->host | 1u << p->launch | 1u << p->phase, &found);

	if (st == CAIRN_OK)
		st = first_records(a, host);
	if (st == CAIRN_OK)
		st = record_foreign(a, &found);
	if (st == CAIRN_OK)
		st = cairn_agent_violate(a, reason, NULL);
	a->log.state = CAIRN_LOG_DIVERGED;
	cairn_agent_worsen(a, CAIRN_AGENT_DIVERGED, reason);
	return st;
}

static enum cairn_status start_diverged(struct cairn_agent *a)
{
	static const char reason[] =
	    "the launch log does not replay to the TPM; reboot the host, and find out who "
	    "changed it";

	cairn_domains_fini(&a->domains);
	cairn_agent_worsen(a, CAIRN_AGENT_DIVERGED, reason);
	return cairn_agent_log_condemn(&a->log, reason);
}

/* The log goes on; but this cairnd, its settings and what it sees must be those of record 0. */
static enum cairn_status start_again(struct cairn_agent *a, struct cairn_span host)
{
	enum cairn_status st = a->log.records == 1 ? record_boot(a) : CAIRN_OK;

	if (st != CAIRN_OK || cairn_span_equal(host, cairn_buf_span(&a->host_record)))
		return st;
	if (a->state < CAIRN_AGENT_VIOLATED)
		st = cairn_agent_violate(
		    a, "cairnd was started again with another program, configuration or trust", NULL);
	cairn_agent_worsen(a, CAIRN_AGENT_VIOLATED,
			   "cairnd is not the one, or not as configured, that made this boot's host record");
	return st;
}

static enum cairn_status start_log(struct cairn_agent *a)
{
	cairn_auto_buf struct cairn_buf host = {0};
	enum cairn_status st = cairn_agent_host_record(a, &host);

	if (st != CAIRN_OK)
		return st;
	switch (a->log.state) {
	case CAIRN_LOG_EMPTY:
		return first_records(a, cairn_buf_span(&host));
	case CAIRN_LOG_FOREIGN:
		return start_foreign(a, cairn_buf_span(&host));
	case CAIRN_LOG_GOOD:
		return start_again(a, cairn_buf_span(&host));
	default:
		return start_diverged(a);
	}
}

/* Without any, no receipt counts and nothing is dropped. */
static enum cairn_status load_verifiers(struct cairn_agent *a, struct cairn_buf *why)
{
	enum cairn_status st = cairn_jwks_load(&a->verifiers, a->conf->verifiers, why);

	return st == CAIRN_E_NOTFOUND ? cairn_jwks_new(&a->verifiers) : st;
}

static enum cairn_status load_authorities(struct cairn_agent *a, struct cairn_buf *why)
{
	enum cairn_status st = cairn_jwks_load(&a->authorities, a->conf->authorities, why);

	if (st != CAIRN_E_NOTFOUND)
		return st;
	cairn_agent_say("no authorities in %s: no service domain can be launched", a->conf->authorities);
	return cairn_jwks_new(&a->authorities);
}

enum cairn_status cairn_agent_start(struct cairn_agent *a, const struct cairn_agent_config *conf,
				    struct cairn_tpm *tpm, const struct cairn_hv *hv, struct cairn_buf *why)
{
	cairn_auto_buf struct cairn_buf notice = {0};

	memset(a, 0, sizeof(*a));
	a->conf = conf;
	a->tpm = tpm;
	a->hv = *hv;
	a->log.fd = -1;
	hv->ops->on_wait(hv->self, cairn_agent_glance, a);
	enum cairn_status st = load_authorities(a, why);

	if (st == CAIRN_OK)
		st = load_verifiers(a, why);
	if (st != CAIRN_OK)
		return st;
	st = cairn_agent_log_open(&a->log, conf->log, tpm, &conf->pcrs, seen, a, &notice);
	if (st == CAIRN_E_EXISTS)
		cairn_buf_add_fmt(why, "another cairnd has %s open", conf->log);
	else if (st != CAIRN_OK)
		cairn_buf_add_fmt(why, "the launch log %s: %s; %s", conf->log, cairn_status_text(st),
				  cairn_tpm_error(tpm));
	if (st != CAIRN_OK)
		return st;
	cairn_strangers_recall(a);
	const char *said = cairn_buf_str(&notice);

	if (said && *said)
		cairn_agent_say("%s", said);
	st = start_log(a);
	if (st == CAIRN_OK)
		st = cairn_release_start(a);
	if (st != CAIRN_OK)
		cairn_buf_add_fmt(why, "the first records of this boot: %s; %s", cairn_status_text(st),
				  cairn_tpm_error(tpm));
	return st;
}

void cairn_agent_stop(struct cairn_agent *a)
{
	cairn_agent_log_close(&a->log);
	cairn_domains_fini(&a->domains);
	cairn_restart_fini(&a->restarts);
	cairn_release_fini(&a->release);
	cairn_manifests_fini(&a->known);
	cairn_jwks_free(a->authorities);
	cairn_jwks_free(a->verifiers);
	free(a->strangers.item);
	cairn_buf_fini(&a->host_record);
	cairn_tpm_identity_fini(&a->id);
	cairn_tpm_close(a->tpm);
	a->authorities = NULL;
	a->verifiers = NULL;
	a->strangers = (struct cairn_strangers){0};
	a->tpm = NULL;
}
