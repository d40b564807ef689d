/* What cairnd gives up once it is ready to serve; see confine.c. */
#ifndef CAIRN_AGENT_CONFINE_H
#define CAIRN_AGENT_CONFINE_H

#include "cairn/bytes.h"

/* Whether a TPM at this TCTI is a device file; else it is reached over sockets. */
bool cairn_tcti_is_device(const char *tcti);
/* Leaves this process, and the threads that it makes from now on, with what serving takes: no other programs, no new
 * sockets (but for a TPM that is reached over one), one capability. It cannot be undone. On failure a sentence is
 * appended to why, and nothing may be served. CAIRN_E_IO, CAIRN_E_NOMEM. */
enum cairn_status cairn_confine(const char *tcti, struct cairn_buf *why) CAIRN_MUST_CHECK;

#endif
