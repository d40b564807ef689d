/* Maintenance: root's way to start what no manifest allows. It is on record, in PCR 11, for the rest of the boot: no
 * secret opens any more, and no verifier calls the host good. */
#include "agent/agent.h"

#include <string.h>

const char *cairn_agent_mode(const struct cairn_agent *a, bool service)
{
	static const char enforce[] = "enforce";
	const char *mode = service ? a->conf->mode_service : a->conf->mode_guest;

	return a->state == CAIRN_AGENT_MAINTENANCE && strcmp(mode, enforce) == 0 ? "audit" : mode;
}

static enum cairn_status refuse(struct cairn_call *c)
{
	const struct cairn_agent *a = c->a;

	if (a->state == CAIRN_AGENT_MAINTENANCE) {
		cairn_buf_add_fmt(&c->why, "this host is in maintenance already: %s", a->trouble);
		return CAIRN_E_EXISTS;
	}
	cairn_buf_add_fmt(&c->why, "this host is %s, which maintenance does not mend: %s",
			  cairn_agent_state_name(a->state), a->trouble);
	return CAIRN_E_DENIED;
}

/* Once the record is in the log the host is in maintenance, even where its extend is still to be made: that is
 * made before anything else is recorded, and until then this state keeps the secrets shut. */
enum cairn_status cairn_op_maintenance(struct cairn_call *c)
{
	const char *reason = "";
	uint64_t recnum = CAIRN_NO_RECORD;
	cairn_auto_buf struct cairn_buf record = {0};
	enum cairn_status st = cairn_json_get_str(&reason, c->request, "reason");

	if (st == CAIRN_OK && c->a->state != CAIRN_AGENT_OK)
		return refuse(c);
	if (st == CAIRN_OK && cairn_record_maintenance(&record, reason) != CAIRN_OK) {
		cairn_buf_add_fmt(&c->why, "a reason is needed, of one line and at most %d bytes",
				  CAIRN_REASON_TEXT_MAX);
		return CAIRN_E_USAGE;
	}
	if (st == CAIRN_OK)
		st = cairn_agent_record(c->a, cairn_buf_span(&record), &recnum);
	if (recnum != CAIRN_NO_RECORD)
		cairn_agent_worsen(c->a, CAIRN_AGENT_MAINTENANCE, reason);
	return st != CAIRN_OK ? st : cairn_call_set(c, "recnum", json_integer((json_int_t)recnum));
}
