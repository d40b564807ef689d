/* What the files of `cairn quote verify` share: the evidence as it was read, and the report that is printed. */
#ifndef CAIRN_CLI_QUOTES_H
#define CAIRN_CLI_QUOTES_H

#include "cairn/anylog.h"
#include "cairn/quotefile.h"
#include "cli.h"

/* Everything that was found, as JSON, and what follows from it. Once rejected stays rejected. */
struct cairn_cli_finding {
	json_t *checks;	   /* [{"check", "result", "detail"}...] */
	json_t *uncovered; /* [{"of", "pcrs"}...]: what somebody gave, but the TPM did not sign */
	bool rejected, undecided;
};

/* Adds a check; a bad one counts by its status: what is malformed, differs or is refused rejects, what cannot be judged
 * leaves undecided. detail may be "". */
void cairn_cli_finding_add(struct cairn_cli_finding *f, const char *check, enum cairn_quote_result result,
			   enum cairn_status why, const char *detail);

/* What the quote is held against beside itself. */
struct cairn_cli_quote {
	struct cairn_ak ak, parent; /* of the parent only the name; without one it is empty */
	const char *ak_form, *quote_form, *signature_form;
	struct cairn_span attest;      /* TPMS_ATTEST */
	struct cairn_buf signature;    /* TPMT_SIGNATURE */
	struct cairn_buf nonce;	       /* empty: none was given */
	struct cairn_selection wanted; /* count 0: none was given */
	bool allow_sha1;
	const char *pcrs_path; /* NULL: none were given */
	const struct cairn_cli_list *logs;
};

/* Which qualified name the AK should have, and in words whose. name.len 0: none that could be compared; words tell why.
 * A parent that was given has to be it. */
struct cairn_cli_signer {
	struct cairn_qualified_name name;
	const char *words;
};
struct cairn_cli_signer cairn_cli_quote_signer(const struct cairn_cli_quote *q,
					       const struct cairn_quote_facts *facts);
/* The name of any TPMT_PUBLIC or TPM2B_PUBLIC. False: it is none. */
bool cairn_cli_quote_parent(struct cairn_ak *out, struct cairn_span file);

/* The rows of the core's report, with the words for them. signer says which qualified name it is, or why none could be
 * compared. */
void cairn_cli_quote_rows(struct cairn_cli_finding *f, const struct cairn_quote_report *r,
			  const struct cairn_cli_quote *q, const char *signer);

/* The checks of --pcrs: reads the values and compares them. *values is what the file holds, with nothing in it where
 * there is no file. Exit code; not 0: nothing to report, it was printed why. */
int cairn_cli_quote_pcrs(struct cairn_cli_finding *f, struct cairn_pcrs *values,
			 const struct cairn_quote_facts *facts, const struct cairn_cli_quote *q);
/* The checks of --log: replays the logs, one after the other, and compares with values, or with the quoted digest where
 * there are none. Exit code as above. */
int cairn_cli_quote_logs(struct cairn_cli_finding *f, const struct cairn_pcrs *values,
			 const struct cairn_quote_facts *facts, const struct cairn_cli_quote *q);

#endif
