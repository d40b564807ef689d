/* What changes the host under cairnd's feet without any domain: code that is put into the running hypervisor, and images
 * that would run in its place. None of it goes through cairnd, and PCR 11 says what was measured, so each is a
 * violation where services are enforced. */
#include "agent/agent.h"

#include <string.h>

static const char *const REASONS[CAIRN_HV_CHANGES] = {
    [CAIRN_HV_LIVEPATCH] = "a live patch was loaded into the hypervisor",
    [CAIRN_HV_KEXEC] = "a kexec image was loaded: the host could go on with another kernel, unmeasured",
    [CAIRN_HV_KEXEC_CRASH] = "a kexec image for crashes was loaded: a crash would start it, unmeasured",
};

void cairn_changes_seen(struct cairn_agent *a, const char *reason)
{
	for (unsigned i = 0; i < CAIRN_HV_CHANGES; i++)
		if (strcmp(REASONS[i], reason) == 0)
			a->changes |= 1u << i;
}

/* True where it need not be said again. */
static bool report(struct cairn_agent *a, const char *reason)
{
	uint64_t recnum = CAIRN_NO_RECORD;

	cairn_agent_say("%s", reason);
	if (strcmp(cairn_agent_mode(a, true), "enforce") != 0)
		return true;
	enum cairn_status st = cairn_agent_violate(a, reason, &recnum);

	return recnum != CAIRN_NO_RECORD || st == CAIRN_E_DIVERGED;
}

void cairn_changes_look(struct cairn_agent *a)
{
	unsigned now = a->hv.ops->changes(a->hv.self);

	for (unsigned i = 0; i < CAIRN_HV_CHANGES; i++)
		if (now & ~a->changes & 1u << i && report(a, REASONS[i]))
			a->changes |= 1u << i;
	a->changes &= now; /* taken away and loaded again, it is another one */
}
