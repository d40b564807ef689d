/* The firmware's part of a verdict. Its log has replayed; without reference values that is all that is known
 * of PCRs 0-7, but for one thing: the firmware closes each of them before it hands over to what it boots, and
 * a log in which one stayed open could have been continued by anything. */
#include <stdio.h>
#include <string.h>

#include "appraise_part.h"
#include "cairn/eventtypes.h"

#define FIRMWARE_PCRS 8u

/* PFP 1.05 r23, section 10.4.1, table 27: four bytes, 00000000 or FFFFFFFF; 00000001 says that the firmware
 * failed, and may have been hashed where the data says something else. */
static enum cairn_status closes(bool *good, const struct cairn_event *ev)
{
	struct cairn_event_checked how;
	enum cairn_status st = cairn_event_check_how(&how, ev);
	if (st)
		return st;
	*good = how.result == CAIRN_EVENT_MATCHES && !how.error &&
		(cairn_span_all(ev->data, 0x00) || cairn_span_all(ev->data, 0xff));
	return CAIRN_OK;
}

static void open_pcr(struct cairn_part *p, unsigned pcr, const char *text)
{
	char name[8];
	snprintf(name, sizeof name, "pcr%u", pcr);
	cairn_part_fail(p, CAIRN_R_SEPARATOR, name, "", "", text);
}

static enum cairn_status separators(struct cairn_part *p, const struct cairn_eventlog *log)
{
	struct cairn_eventlog_iter it = cairn_eventlog_iter(log);
	struct cairn_event ev;
	uint32_t closed = 0, failed = 0; /* by PCR; of those behind the firmware's nothing is asked */
	while (cairn_eventlog_next(&it, &ev)) {
		bool good = false;
		if (ev.type != CAIRN_EV_SEPARATOR)
			continue;
		enum cairn_status st = closes(&good, &ev);
		if (st)
			return st;
		*(good ? &closed : &failed) |= UINT32_C(1) << ev.pcr;
	}
	for (unsigned i = 0; i < FIRMWARE_PCRS; i++) {
		if (failed >> i & 1)
			open_pcr(p, i, "its separator says that the firmware failed, or is none");
		else if (!(closed >> i & 1))
			open_pcr(p, i, "the firmware never closed it: the log has no separator of it");
	}
	return CAIRN_OK;
}

enum cairn_status cairn_appraise_firmware(struct cairn_parts *p, const struct cairn_eventlog *log)
{
	if (!log) {
		cairn_part_unmeasured(&p->firmware, CAIRN_R_NO_BOOT_LOG, "boot-log",
				      "the evidence has no boot log");
		cairn_part_unmeasured(&p->boot, CAIRN_R_NO_BOOT_LOG, "boot-log",
				      "the evidence has no boot log");
		return CAIRN_OK;
	}
	p->firmware.tier = CAIRN_TIER_WARNING;
	cairn_reasons_add(
	    &p->firmware.reasons, CAIRN_R_NO_REFERENCE, "firmware", "", "", "",
	    "the firmware's log replays to the TPM; there are no reference values to compare it with");
	return separators(&p->firmware, log);
}
