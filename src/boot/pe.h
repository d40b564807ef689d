/* The parts of a PE32+ image that cairn needs: where its checksum, certificate table and sections are.
 *
 * Source: Microsoft PE Format (revision of 2024), "Optional Header" and "Section Table (Section Headers)".
 */
#ifndef CAIRN_BOOT_PE_H
#define CAIRN_BOOT_PE_H

#include "cairn/bytes.h"

#define CAIRN_PE_SECTIONS_MAX 96 /* the limit of the Windows loader */

struct cairn_pe_section {
	char name[9];		/* NUL-terminated */
	uint32_t raw, raw_size; /* bytes of the file; all of them are inside it */
};

struct cairn_pe {
	struct cairn_span file;
	size_t checksum_at; /* 4 bytes */
	size_t certdir_at;  /* 8 bytes; 0 where the image has no such directory entry */
	uint32_t header_size;
	uint32_t cert_size; /* the certificate table: always the last bytes of the file; 0 for none */
	size_t count;
	struct cairn_pe_section
	    section[CAIRN_PE_SECTIONS_MAX]; /* in file order, without empty ones, never overlapping */
};

/* *out borrows file. CAIRN_E_MALFORMED, CAIRN_E_TRUNCATED: not a PE image, or one whose parts overlap or lie outside.
 * CAIRN_E_UNSUPPORTED: PE32 (32-bit). CAIRN_E_LIMIT: too many sections. */
enum cairn_status cairn_pe_parse(struct cairn_pe *out, struct cairn_span file) CAIRN_MUST_CHECK;
/* The bytes of the one section with this name. CAIRN_E_NOTFOUND; CAIRN_E_MALFORMED if there are two. */
enum cairn_status cairn_pe_section(struct cairn_span *out, const struct cairn_pe *pe,
				   const char *name) CAIRN_MUST_CHECK;

#endif
