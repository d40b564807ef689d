/* IMA measurement lists of Linux: binary and ASCII, and their replay.
 *
 * Sources: Linux 6.12, security/integrity/ima/ima_fs.c (the lists), ima_template.c (names of templates, restoring
 * a list), ima_template_lib.c (fields), ima_crypto.c (what a template digest is taken over), ima_queue.c (what is
 * extended); Documentation/security/IMA-templates.rst; crypto/hash_info.c (names of algorithms).
 *
 * Numbers are little-endian, as on x86 and ARM, and with the kernel's option ima_canonical_fmt everywhere; lists
 * in big-endian form are refused. The digest of an entry is in the algorithm of its file: SHA-1 in
 * binary_runtime_measurements, another one in binary_runtime_measurements_sha256 and the like (Linux 6.10 and
 * later); which one is found out from the first entry.
 *
 * What a digest covers is the data of the entry, thus every field with its length. NOT covered: the template's
 * name, and the PCR (which only replay binds). An entry of all-zero digest is a violation: the kernel could
 * not vouch for the file, extended all ones instead, and nothing covers its data. A list proves nothing until its
 * replay was compared with PCRs that a TPM gave.
 */
#ifndef CAIRN_IMA_H
#define CAIRN_IMA_H

#include <jansson.h>

#include "cairn/eventlog.h"

#define CAIRN_IMA_SIZE_MAX   ((size_t)64 << 20) /* bytes of a list */
#define CAIRN_IMA_NAME_MAX   255		/* bytes of a template's name; of a name in template "ima" */
#define CAIRN_IMA_FIELD_MAX  15			/* IMA_TEMPLATE_NUM_FIELDS_MAX */
#define CAIRN_IMA_BANK_COUNT 4

enum cairn_ima_form {
	CAIRN_IMA_BINARY,
	CAIRN_IMA_ASCII,
};

/* What a field holds. Binary form, and ASCII form. */
enum cairn_ima_syntax {
	CAIRN_IMA_DIGEST,      /* SHA-1 or MD5; hex */
	CAIRN_IMA_DIGEST_NG,   /* "sha256:" NUL digest; "sha256:" hex */
	CAIRN_IMA_DIGEST_NGV2, /* "ima:sha256:" or "verity:sha256:", NUL digest; the same with hex */
	CAIRN_IMA_NAME,	       /* text and its only NUL; text */
	CAIRN_IMA_BYTES,       /* anything; hex */
	CAIRN_IMA_LENGTHS,     /* u32 ...; hex */
	CAIRN_IMA_U32,	       /* a number; decimal */
	CAIRN_IMA_U16,
};

struct cairn_ima_field {
	const char *id; /* "d-ng" */
	enum cairn_ima_syntax syntax;
	bool optional;		 /* may be empty, whatever its syntax */
	struct cairn_span value; /* of the list, in the list's form */
};

/* The digest of a file. */
struct cairn_ima_digest {
	const char *type; /* "ima", "verity"; NULL where the field does not say */
	const char *alg;  /* the kernel's name: "sha256", "rmd160"; NULL where the field does not say */
	size_t size;	  /* 0: none */
	uint8_t bytes[CAIRN_DIGEST_MAX];
};

struct cairn_ima_entry {
	unsigned number; /* the first is 1 */
	size_t offset;	 /* of the entry in the list, in bytes */
	enum cairn_ima_form form;
	uint32_t pcr;		    /* below CAIRN_PCR_COUNT */
	struct cairn_digest digest; /* of the template data */
	bool violation;
	struct cairn_span name;	      /* of the template: "ima-ng", "d-ng|sig" */
	bool known;		      /* its fields are known and were read */
	bool old;		      /* template "ima" in its own layout: no lengths but that of the name */
	struct cairn_span data;	      /* of the template, as in the list */
	struct cairn_ima_digest file; /* of the first field of a digest */
	struct cairn_span path;	      /* the first field that is a name, without its NUL */
	size_t count;		      /* of fields */
	struct cairn_ima_field field[CAIRN_IMA_FIELD_MAX]; /* last: only what counts of it is written */
};

/* A list whose first entry was read. It borrows the bytes and owns nothing. */
struct cairn_ima {
	struct cairn_span bytes;
	enum cairn_ima_form form;
	enum cairn_alg alg; /* of the entries' digests */
};

/* Whether the bytes begin as an IMA list does (and as no other log does): for finding the kind of a file. */
bool cairn_ima_is(struct cairn_span bytes);
/* The errors of cairn_ima_next for the first entry (an empty list is CAIRN_E_TRUNCATED); CAIRN_E_LIMIT. */
enum cairn_status cairn_ima_open(struct cairn_ima *out, struct cairn_span bytes) CAIRN_MUST_CHECK;

/* The template of an entry, parsed once for a run of entries of it. */
struct cairn_ima_template {
	struct cairn_span name;
	bool known, old;
	size_t count;
	struct cairn_ima_field field[CAIRN_IMA_FIELD_MAX]; /* without values */
};

struct cairn_ima_iter {
	struct cairn_ima log;
	struct cairn_cur
	    cur; /* .off: where the next entry starts; after an error: where the bad one starts */
	unsigned number;
	struct cairn_ima_template last;
};

struct cairn_ima_iter cairn_ima_iter(const struct cairn_ima *log);
/* The next entry. CAIRN_E_NOTFOUND: the list has ended, properly. CAIRN_E_TRUNCATED: it breaks off within an
 * entry (in ASCII: a line without newline). CAIRN_E_LIMIT: a PCR from 24 on. CAIRN_E_MALFORMED: a name
 * or field that Linux does not write. An error sticks. */
enum cairn_status cairn_ima_next(struct cairn_ima_iter *it, struct cairn_ima_entry *out) CAIRN_MUST_CHECK;

/* An entry from the name and the data of its template, as canonical event logs carry them: binary, of PCR 0, without a digest.
 * CAIRN_E_MALFORMED. */
enum cairn_status cairn_ima_entry_of(struct cairn_ima_entry *out, struct cairn_span name,
				     struct cairn_span data) CAIRN_MUST_CHECK;

/* ---- meaning
 * ------------------------------------------------------------------------------------------------- */
enum cairn_ima_check {
	CAIRN_IMA_BARE,	     /* ASCII form of a template whose fields are unknown: cannot be recomputed */
	CAIRN_IMA_MATCHES,   /* the digest is that of the data */
	CAIRN_IMA_DIFFERS,   /* the data is a lie, or the digest */
	CAIRN_IMA_VIOLATION, /* the kernel did not vouch for the file */
};

/* CAIRN_E_CRYPTO, CAIRN_E_NOMEM. */
enum cairn_status cairn_ima_check(enum cairn_ima_check *out,
				  const struct cairn_ima_entry *e) CAIRN_MUST_CHECK;
/* "matches" ... */
const char *cairn_ima_check_name(enum cairn_ima_check c);
/* The digest of the entry's data, of whatever algorithm: what a bank of alg was extended with (Linux 5.8 and
 * later), violations apart. CAIRN_E_NOTFOUND for what is bare. */
enum cairn_status cairn_ima_template_digest(struct cairn_digest *out, const struct cairn_ima_entry *e,
					    enum cairn_alg alg) CAIRN_MUST_CHECK;
/* The first entry says what the kernel found in PCRs 0 to 9 when it started. */
bool cairn_ima_is_boot_aggregate(const struct cairn_ima_entry *e);

/* ---- replay
 * ------------------------------------------------------------------------------------------------- */
struct cairn_ima_replay {
	/* SHA-1, SHA-256, SHA-384, SHA-512. PCRs start from zero, 17 to 22 too. .incomplete: PCRs
	 * with an entry that is bare, or whose recorded digest is of no use to the bank. */
	struct cairn_replay own;    /* each bank by its own template digest: Linux 5.8 and later */
	struct cairn_replay padded; /* each bank by the SHA-1 template digest and zeros: Linux before 5.8 */
	unsigned entries, violations, differing, bare;
	unsigned first_differing; /* number of the entry; 0: none */
	size_t end;		  /* offset of what follows the last whole entry */
};

/* Recorded digests are extended as they are, the others as recomputed. The banks of start begin with its values; NULL:
 * all zero. An error of cairn_ima_next is returned, and *out is written all the same: it speaks for the entries
 * before. CAIRN_E_CRYPTO, CAIRN_E_NOMEM: nothing is written. */
enum cairn_status cairn_ima_replay(struct cairn_ima_replay *out, const struct cairn_ima *log,
				   const struct cairn_pcrs *start) CAIRN_MUST_CHECK;

/* ---- JSON for people and pipes
 * ------------------------------------------------------------------------------------------------- */
#define CAIRN_IMA_JSON_HEX 4096 /* bytes of a field; "size" says how many there are */

/* {"number":1, "offset":0, "pcr":10, "template":"ima-ng", "digests":{"sha1":hex},
 *  "check":"matches"|"bare"|"differs"|"violation", "boot_aggregate":true, only where it is,
 *  "fields":[{"id":"d-ng","alg":"sha256","digest":hex}, {"id":"n-ng","text":...}, {"id":"sig","size":n,"hex":...}...],
 *  or, of unknown fields, "data":{"size":n,"hex":...}, "summary":"one line"}
 * Text is made safe (cairn_text_utf8). A new reference; NULL when out of memory or when hashing failed. */
json_t *cairn_ima_entry_json(const struct cairn_ima_entry *e);
/* Only "fields" of it, and the line appended to summary. */
json_t *cairn_ima_fields_json(const struct cairn_ima_entry *e, struct cairn_buf *summary);

#endif
