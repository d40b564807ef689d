/* What is out of the ordinary in a log as a whole, and the few facts that decide: one pass over its events. */
#include "logfacts_internal.h"

#include <string.h>

static const struct {
	const char *name, *text;
} anomalies[CAIRN_ANOMALY_COUNT] = {
    [CAIRN_ANOMALY_SEPARATOR_REPEATED] = {"separator-repeated",
					  "a PCR of the firmware has more than one separator"},
    [CAIRN_ANOMALY_SEPARATOR_MISSING] = {"separator-missing",
					 "a PCR of the firmware has events and no separator"},
    [CAIRN_ANOMALY_SEPARATOR_ERROR] = {"separator-error", "the firmware reports an error"},
    [CAIRN_ANOMALY_AFTER_SEPARATOR] = {"after-separator",
				       "an event comes after the separator of its PCR and belongs before it"},
    [CAIRN_ANOMALY_TYPE_UNKNOWN] = {"type-unknown", "the type of an event is not known"},
    [CAIRN_ANOMALY_DIGEST_MISSING] = {"digest-missing", "an event has no digest for one of the log's banks"},
    [CAIRN_ANOMALY_DIGEST_DIFFERS] = {"digest-differs",
				      "the type or the data of an event is not what was hashed"},
    [CAIRN_ANOMALY_DIGEST_NOT_ONE] = {"digest-not-one",
				      "a digest of an event is a plain value: 0, 1 or all ones"},
    [CAIRN_ANOMALY_SECURE_BOOT] = {"secure-boot",
				   "the variable SecureBoot was measured twice, with two values"},
};

const char *cairn_anomaly_name(enum cairn_anomaly a)
{
	return (unsigned)a < CAIRN_ANOMALY_COUNT ? anomalies[a].name : "unknown";
}

const char *cairn_anomaly_text(enum cairn_anomaly a)
{
	return (unsigned)a < CAIRN_ANOMALY_COUNT ? anomalies[a].text : "unknown";
}

/* UEFI 2.10, section 38.4.1: the register that stands for each PCR, of which there is none from 16 on. */
bool cairn_log_event_is_of(const struct cairn_eventlog *log, const struct cairn_event *ev, unsigned pcr)
{
	static const uint8_t registers[16] = {0, 1, 2, 2, 2, 2, 2, 1, 3, 3, 3, 3, 3, 3, 3, 3};

	return ev->pcr == (log->cc ? registers[pcr] : pcr);
}

struct pass {
	struct cairn_log_facts f;
	const struct cairn_eventlog *log;
	uint32_t firmware_pcrs; /* of 0 to 7, those with events */
};

#define FIRMWARE_PCRS 8

static void note(struct pass *p, enum cairn_anomaly what, const struct cairn_event *ev)
{
	p->f.anomalies[what]++;
	if (p->f.listed == CAIRN_LOG_ANOMALIES_MAX)
		return;
	p->f.anomaly[p->f.listed++] =
	    (struct cairn_log_anomaly){.what = what, .event = ev->number, .pcr = ev->pcr};
}

/* What may come behind the separator of a PCR: PFP 1.06 r52, section 3.3.4, and what firmware and boot loaders of the
 * field do. */
static bool may_follow(const struct cairn_event *ev)
{
	static const struct {
		uint32_t pcr, type;
	} allowed[] = {
	    /* Dell, Lenovo, HP and Supermicro measure the boot options when they boot them, ACPI and SMBIOS late. */
	    {1, CAIRN_EV_EFI_VARIABLE_BOOT},
	    {1, CAIRN_EV_EFI_VARIABLE_BOOT2},
	    {1, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG},
	    {1, CAIRN_EV_EFI_HANDOFF_TABLES},
	    {1, CAIRN_EV_EFI_HANDOFF_TABLES2},
	    {1, CAIRN_EV_EVENT_TAG}, /* systemd: SMBIOS */
	    {4, CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION},
	    {4, CAIRN_EV_EFI_ACTION},
	    {4, CAIRN_EV_ACTION},
	    {4, CAIRN_EV_IPL},
	    {4, CAIRN_EV_COMPACT_HASH},
	    {4, CAIRN_EV_OMIT_BOOT_DEVICE_EVENTS},
	    {5, CAIRN_EV_EFI_ACTION},
	    {5, CAIRN_EV_ACTION},
	    {5, CAIRN_EV_EFI_GPT_EVENT},
	    {5, CAIRN_EV_EFI_GPT_EVENT2},
	    {5, CAIRN_EV_IPL},
	    {5, CAIRN_EV_IPL_PARTITION_DATA},
	    {5, CAIRN_EV_EVENT_TAG}, /* systemd: loader.conf */
	    {7, CAIRN_EV_EFI_VARIABLE_AUTHORITY},
	};

	for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
		if (allowed[i].pcr == ev->pcr && allowed[i].type == ev->type)
			return true;
	return false;
}

/* The rules of the firmware's PCRs. Registers of a confidential VM stand for several PCRs each: none of this holds. */
static void firmware_event(struct pass *p, const struct cairn_event *ev,
			   const struct cairn_event_checked *how)
{
	uint32_t bit;

	if (p->log->cc || ev->pcr >= FIRMWARE_PCRS)
		return;
	bit = UINT32_C(1) << ev->pcr;
	p->firmware_pcrs |= bit;
	if (ev->type == CAIRN_EV_SEPARATOR) {
		if (p->f.separators & bit)
			note(p, CAIRN_ANOMALY_SEPARATOR_REPEATED, ev);
		if (how->result == CAIRN_EVENT_MATCHES)
			p->f.separators |= bit;
	} else if (p->f.separators & bit && !may_follow(ev)) {
		note(p, CAIRN_ANOMALY_AFTER_SEPARATOR, ev);
	}
}

/* The values that firmware extends when it cannot measure, and those of a register that nothing was measured to. */
static bool is_plain_value(struct cairn_span digest)
{
	struct cairn_span most = cairn_span(digest.ptr, digest.len - 1);
	struct cairn_span rest = cairn_span(digest.ptr + 1, digest.len - 1);

	if (cairn_span_all(digest, 0xff))
		return true;
	if (cairn_span_all(most, 0) && digest.ptr[digest.len - 1] <= 1)
		return true;
	return cairn_span_all(rest, 0) && digest.ptr[0] == 1;
}

static void digests(struct pass *p, const struct cairn_event *ev)
{
	if (ev->count < p->log->banks)
		note(p, CAIRN_ANOMALY_DIGEST_MISSING, ev);
	for (size_t i = 0; i < ev->count; i++) {
		if (is_plain_value(ev->digest[i].value)) {
			note(p, CAIRN_ANOMALY_DIGEST_NOT_ONE, ev);
			return;
		}
	}
}

static void secure_boot(struct pass *p, const struct cairn_event *ev, const struct cairn_event_checked *how)
{
	struct cairn_span value;
	enum cairn_secure_boot state;

	if (ev->type != CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG || !cairn_log_event_is_of(p->log, ev, 7))
		return;
	if (how->result != CAIRN_EVENT_MATCHES)
		return;
	if (!cairn_efi_variable_content(&value, ev->data, CAIRN_GUID_GLOBAL, "SecureBoot"))
		return;
	state = cairn_secure_boot_of(value);
	if (p->f.secure_boot_event && state != p->f.secure_boot) {
		note(p, CAIRN_ANOMALY_SECURE_BOOT, ev);
		state = CAIRN_SECURE_BOOT_UNKNOWN;
	}
	p->f.secure_boot = state;
	p->f.secure_boot_event = ev->number;
}

/* PC Client Platform TPM Profile 1.05, section 4.6.1; measurement registers have no such numbers. */
static bool is_drtm(const struct cairn_event *ev)
{
	return ev->pcr >= 17 && ev->pcr <= 22;
}

static void look(struct pass *p, const struct cairn_event *ev, const struct cairn_event_checked *how)
{
	size_t *const counts[] = {[CAIRN_EVENT_UNCHECKED] = &p->f.bare,
				  [CAIRN_EVENT_MATCHES] = &p->f.matches,
				  [CAIRN_EVENT_DIFFERS] = &p->f.differs};

	if (!cairn_event_type_known(ev->type))
		note(p, CAIRN_ANOMALY_TYPE_UNKNOWN, ev);
	if (!cairn_event_extends(ev))
		return;
	++*counts[how->result];
	if (how->result == CAIRN_EVENT_DIFFERS)
		note(p, CAIRN_ANOMALY_DIGEST_DIFFERS, ev);
	if (how->error)
		note(p, CAIRN_ANOMALY_SEPARATOR_ERROR, ev);
	if (is_drtm(ev))
		p->f.drtm = true;
	digests(p, ev);
	firmware_event(p, ev, how);
	secure_boot(p, ev, how);
}

enum cairn_status cairn_log_facts_each(struct cairn_log_facts *out, const struct cairn_eventlog *log,
				       void (*each)(struct ej *j, const struct fact_event *e), struct ej *j)
{
	struct cairn_eventlog_iter it = cairn_eventlog_iter(log);
	struct fact_event e = {.log = log};
	struct pass p = {.log = log};

	while (cairn_eventlog_next(&it, &e.ev)) {
		enum cairn_status s = cairn_event_check_how(&e.how, &e.ev);

		if (s != CAIRN_OK)
			return s;
		look(&p, &e.ev, &e.how);
		if (each && e.how.result != CAIRN_EVENT_DIFFERS)
			each(j, &e);
	}
	for (uint32_t pcr = 0; pcr < FIRMWARE_PCRS; pcr++)
		if (p.firmware_pcrs & ~p.f.separators & UINT32_C(1) << pcr)
			note(&p, CAIRN_ANOMALY_SEPARATOR_MISSING, &(struct cairn_event){.pcr = pcr});
	*out = p.f;
	return CAIRN_OK;
}

enum cairn_status cairn_log_facts(struct cairn_log_facts *out, const struct cairn_eventlog *log)
{
	return cairn_log_facts_each(out, log, NULL, NULL);
}
