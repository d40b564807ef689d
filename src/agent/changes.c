/* What changes the host under cairnd's feet without any domain: code that is put into the running hypervisor, images
 * that would run in its place, and sleep. None of it goes through cairnd, and PCR 11 says what was measured, so each is a
 * violation where services are enforced. */
#include "agent/agent.h"

#include <string.h>

static const char *const REASONS[CAIRN_HV_CHANGES] = {
    [CAIRN_HV_LIVEPATCH] = "a live patch was loaded into the hypervisor",
    [CAIRN_HV_KEXEC] = "a kexec image was loaded: the host could go on with another kernel, unmeasured",
    [CAIRN_HV_KEXEC_CRASH] = "a kexec image for crashes was loaded: a crash would start it, unmeasured",
    [CAIRN_HV_SUSPENDED] = "the host was suspended: what came back was not measured",
};

void cairn_changes_seen(struct cairn_agent *a, const char *reason)
{
	for (unsigned i = 0; i < CAIRN_HV_CHANGES; i++)
		if (strcmp(REASONS[i], reason) == 0)
			a->changes |= 1u << i;
}

void cairn_changes_look(struct cairn_agent *a)
{
	unsigned now = a->hv.ops->changes(a->hv.self);

	for (unsigned i = 0; i < CAIRN_HV_CHANGES; i++)
		if (now & ~a->changes & 1u << i && cairn_agent_changed(a, REASONS[i]))
			a->changes |= 1u << i;
	a->changes &= now; /* taken away and loaded again, it is another one */
}
