/* The files in which keys, quotes, signatures and PCR values are kept by tpm2-tools and others.
 *
 * Sources: TPM 2.0 Library r1.59, part 2, clauses 10.12.8 (TPMS_ATTEST), 10.12.9 (TPM2B_ATTEST), 11.3.4
 * (TPMT_SIGNATURE), 12.2.4 and 12.2.5 (TPMT_PUBLIC, TPM2B_PUBLIC); RFC 5280 section 4.1 (SubjectPublicKeyInfo, certificates),
 * RFC 7468 (PEM), RFC 7517 and 7518 section 6 (JWK), RFC 3279 section 2.2.3 (ECDSA signatures); tpm2-tools 4.0 to 5.7,
 * tpm2_quote(1), tpm2_pcrread(1), and for the layout of `tpm2_quote -o` lib/pcr.c.
 *
 * The form is found from the content alone. Where bytes could be two forms, neither is taken. A form says nothing of
 * whether the content is any good. why, which may be NULL, gets a sentence without a full stop where the answer is
 * not CAIRN_OK.
 */
#ifndef CAIRN_QUOTEFILE_H
#define CAIRN_QUOTEFILE_H

#include "cairn/quote.h"

/* Bytes of the largest file of any of these kinds that is worth reading. */
#define CAIRN_QUOTEFILE_MAX ((size_t)256 << 10)

/* ---- keys
 * ------------------------------------------------------------------------------------------------------- */

/* TPMT_PUBLIC and TPM2B_PUBLIC (cairn_ak_read), which alone tell attributes and name; SubjectPublicKeyInfo or an X.509
 * certificate, whose chain is not looked at, in DER or as the only block of a PEM file; JWK (its "alg" fixes scheme and
 * hash). RSA of 2048, 3072 or 4096 bits with the exponent 65537; P-256, P-384. *form is static: "TPMT_PUBLIC".
 * CAIRN_E_MALFORMED: none of these; CAIRN_E_DENIED: a private key; CAIRN_E_UNSUPPORTED: another algorithm; and the
 * errors of cairn_ak_read. */
enum cairn_status cairn_akfile_read(struct cairn_ak *out, const char **form, struct cairn_span file,
				    struct cairn_buf *why) CAIRN_MUST_CHECK;

/* ---- quotes and signatures
 * -------------------------------------------------------------------------------------- */

/* TPMS_ATTEST of a file that holds it, or a TPM2B_ATTEST, whose size must be exact. A view. */
struct cairn_span cairn_attestfile_view(struct cairn_span file);

/* Appends the TPMT_SIGNATURE of a file that holds it, by itself or with a size before it, or `tpm2_quote -f plain`: the
 * bytes of an RSA signature or the DER of an ECDSA one. Those do not say their scheme and hash: the key fixes them, or
 * else the hash is that of the size of pcrDigest in attest, and the scheme the one with which the signature verifies
 * (RSASSA where none does). What is none of these is given as it is, for the check to refuse.
 * CAIRN_E_MALFORMED: it could be two of them; CAIRN_E_CRYPTO, CAIRN_E_NOMEM. *form is static. */
enum cairn_status cairn_sigfile_read(struct cairn_buf *out, const char **form, struct cairn_span file,
				     const struct cairn_ak *ak, struct cairn_span attest) CAIRN_MUST_CHECK;

/* ---- PCR values
 * ------------------------------------------------------------------------------------------------- */

struct cairn_pcrfile {
	const char *form;	/* static */
	struct cairn_pcrs pcrs; /* .extended: the PCRs that the file has a value for */
	/* Of lines whose bank is called "sha256-padded": what those PCRs hold where Linux before 5.8 extended them with
	 * SHA-1 digests and zeros, as replays of IMA lists give it beside the other. */
	struct cairn_pcrs padded;
	bool selects;			  /* the file tells what was quoted; */
	struct cairn_selection selection; /* this */
};

/* Lines `bank pcr hex` (with anything behind it on the line), as `cairn log replay` prints them; what tpm2_pcrread
 * prints; JSON {"sha256":{"0":"hex"}}; `tpm2_quote -o` of either byte order; the values of the selection and nothing
 * else. Each value once, of its bank's size, of banks that digest.h knows. selection is that of the quote, for the
 * last form only. CAIRN_E_MALFORMED: none of these, or a value is there twice; CAIRN_E_LIMIT: a PCR from 24 on;
 * CAIRN_E_UNSUPPORTED: another bank. */
enum cairn_status cairn_pcrfile_read(struct cairn_pcrfile *out, struct cairn_span file,
				     const struct cairn_selection *selection,
				     struct cairn_buf *why) CAIRN_MUST_CHECK;

#endif
