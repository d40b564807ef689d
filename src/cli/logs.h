/* Reading logs for `cairn log` and `cairn chain`. */
#ifndef CAIRN_CLI_LOGS_H
#define CAIRN_CLI_LOGS_H

#include "cairn/anylog.h"
#include "cairn/launchlog.h"
#include "cli.h"

/* What an event is about, as text: GRUB's text, the file that firmware started, "" where there is nothing to say. */
void cairn_cli_event_text(struct cairn_buf *out, const struct cairn_event *ev);

/* {"bank":{"n":hex...}...} of the PCRs that were extended. NULL when out of memory. */
json_t *cairn_cli_pcrs_json(const struct cairn_pcrs *p);

/* ---- files that hold logs -----------------------------------------------------------------------------------------
 * Exit codes: a file that was read and is no good log is rejected (1); one that could not be read, is empty, or uses
 * what is not implemented leaves the matter open (3). */
struct cairn_cli_log {
	const char *name; /* as the user gave it */
	struct cairn_buf bytes;
	struct cairn_anylog log;
};

/* Reads the file ("-": standard input) and finds its kind. True: *out is filled, and what the user should know of
 * its tail was said. False: printed, and *exit_code is set. strict: unused space behind the log is refused. */
bool cairn_cli_log_read(struct cairn_cli_log *out, int *exit_code, const char *path, bool strict);
void cairn_cli_log_fini(struct cairn_cli_log *l);
#define cairn_auto_log __attribute__((cleanup(cairn_cli_log_fini)))

/* The exit code for a status that a reader of logs gave; and the same after "cairn: NAME: WHY" was printed. */
int cairn_cli_log_exit(enum cairn_status s);
int cairn_cli_log_refuse(enum cairn_status s, const char *name, struct cairn_buf *why);
/* {"file","kind","title","bytes","padding":{"bytes","byte"}} */
json_t *cairn_cli_log_json(const struct cairn_cli_log *l);
/* "0-7, 14" for bits 0 to 7 and 14. */
void cairn_cli_put_ranges(struct cairn_buf *out, uint32_t mask);

/* The commands of `cairn log`. */
int cairn_cmd_log_replay(int argc, char **argv);
int cairn_cmd_log_show(int argc, char **argv);
int cairn_cmd_log_diff(int argc, char **argv);

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
