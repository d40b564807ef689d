/* The Authenticode hash of a PE32+ image: what UEFI firmware extends into PCR 4 for an EFI program.
 *
 * Sources: Microsoft, "Windows Authenticode Portable Executable Signature Format" 1.0 (2008), "Calculating the PE
 * Image Hash"; TCG PC Client Platform Firmware Profile 1.05 rev 23, clause 3.3.4.5 (PCR 4 holds that hash). Like the
 * firmware, bytes after the last section are hashed from the offset that equals the number of bytes hashed so far.
 */
#ifndef CAIRN_AUTHENTICODE_H
#define CAIRN_AUTHENTICODE_H

#include "cairn/digest.h"

/* The image as it is stored, with its signature if it has one (signing pads: hash the signed file). The signature
 * itself is not checked. CAIRN_E_MALFORMED, CAIRN_E_TRUNCATED: not a PE image, or one whose headers, sections and
 * certificate table overlap or lie outside. CAIRN_E_UNSUPPORTED: a 32-bit image. CAIRN_E_CRYPTO, CAIRN_E_NOMEM. */
enum cairn_status cairn_authenticode_hash(struct cairn_digest *out, enum cairn_alg alg,
					  struct cairn_span image) CAIRN_MUST_CHECK;

#endif
