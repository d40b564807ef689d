/* Reading firmware logs and launch logs for `cairn log` and `cairn chain`. */
#ifndef CAIRN_CLI_LOGS_H
#define CAIRN_CLI_LOGS_H

#include "cairn/eventlog.h"
#include "cairn/launchlog.h"
#include "cli.h"

/* A launch log starts with '{', which no firmware log does (its first event is of PCR 0). */
bool cairn_cli_is_launch_log(struct cairn_span log);

/* What an event is about, as text: GRUB's text, the file that firmware started, "" where there is nothing to say. */
void cairn_cli_event_text(struct cairn_buf *out, const struct cairn_event *ev);

/* {"bank":{"n":hex...}...} of the PCRs that were extended. NULL when out of memory. */
json_t *cairn_cli_pcrs_json(const struct cairn_pcrs *p);

/* ---- the chain ---------------------------------------------------------------------------------------------------
 * From cairnd's answer to "chain": {"equal":bool,"pcrs":[{"bank","pcr","log","tpm","replay","equal"}...],
 * "problems":[text...],"tree":node}, node = {"name","detail","digest","children":[node...]}. */
enum cairn_status cairn_cli_chain(json_t **out, const json_t *answer) CAIRN_MUST_CHECK;

/* Helpers of the two files that build it. A node owns its children; NULL when out of memory. */
json_t *cairn_cli_node(const char *name, const char *digest, const char *detail_fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds child (a new reference, or NULL) to node and returns it, borrowed. */
json_t *cairn_cli_node_add(json_t *node, json_t *child);
void cairn_cli_problem(json_t *chain, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* firmware -> EFI programs -> Xen -> dom0 under root; the node that launches hang from is returned, borrowed. */
json_t *cairn_cli_chain_boot(json_t *root, json_t *chain, const struct cairn_eventlog *log,
			     const json_t *host_record);
void cairn_cli_chain_launches(json_t *dom0, json_t *chain, struct cairn_span launch_log,
			      const json_t *domains);

#endif
