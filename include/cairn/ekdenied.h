/* The denied list: TPM makers, models and firmware that are known to be broken, as data.
 *
 * A file in JSON, keys/ek-denied.json, that is also built in; docs/ek-certificates.md describes it:
 *	{"format":"cairn-ek-denied","version":1,"rows":[{
 *	 "id":S,		 unique
 *	 "maker":S,		 four letters of the TCG Vendor ID Registry at most, or 8 hex digits
 *	 "model":S,		 optional: the model of the certificate begins so, whatever the case
 *	 "firmware":[S,S],	 optional: first and last version, dotted, each of 1 to 4 numbers; the last one means
 *				 all that begin so
 *	 "action":"deny"|"warn", for a TPM that has such firmware now
 *	 "made":"deny"|"warn",	 for a certificate that names such firmware where the present one is not known,
 *				 and for one whose row has no firmware
 *	 "advisory":[S...],	 CVE numbers and the like
 *	 "text":S, "source":S}...]}
 * Nothing else is permitted in it: what is misspelt must not be taken for harmless.
 */
#ifndef CAIRN_EKDENIED_H
#define CAIRN_EKDENIED_H

#include "cairn/bytes.h"

#define CAIRN_DENIED_SIZE_MAX ((size_t)1024 * 1024)
#define CAIRN_DENIED_ROWS_MAX 1024

struct cairn_ekdenied;

/* *out is freed by the caller; a sentence goes to why, which may be NULL. CAIRN_E_MALFORMED, CAIRN_E_UNSUPPORTED
 * (a member that is not known), CAIRN_E_VERSION, CAIRN_E_LIMIT, CAIRN_E_NOMEM. */
enum cairn_status cairn_ekdenied_parse(struct cairn_ekdenied **out, struct cairn_span text,
				       struct cairn_buf *why) CAIRN_MUST_CHECK;
/* From a file, or the built-in list where path is NULL. Also CAIRN_E_IO, CAIRN_E_NOTFOUND. */
enum cairn_status cairn_ekdenied_load(struct cairn_ekdenied **out, const char *path,
				      struct cairn_buf *why) CAIRN_MUST_CHECK;
void cairn_ekdenied_free(struct cairn_ekdenied *d);
size_t cairn_ekdenied_count(const struct cairn_ekdenied *d);

struct cairn_ekdenied_tpm {
	bool has_maker;
	uint32_t maker;
	const char *model;    /* "" if not known */
	const uint64_t *made; /* firmware that the certificate names, or NULL */
	const uint64_t *now;  /* firmware that a quote names, or NULL */
};
struct cairn_ekdenied_hit {
	const char *id, *advisory, *text, *source; /* borrow from the list; advisory: joined by spaces */
	bool deny;
	bool
	    present; /* the present firmware is in the row's range; else it is the certificate's, or the row has none */
};
/* The next row that speaks of this TPM; *at starts as 0. False: no more. */
bool cairn_ekdenied_next(struct cairn_ekdenied_hit *out, const struct cairn_ekdenied *d, size_t *at,
			 const struct cairn_ekdenied_tpm *tpm);

#endif
