/* The verdict on an EK certificate: what it must and must not say (one row a check), its key, the denied list; the
 * chain is in ekchain.c. */
#include "keys/ek.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#define EK_PURPOSE "2.23.133.8.1" /* tcg-kp-EKCertificate: EK Credential Profile 2.5, 3.2.16 */

void cairn_ek_verdict_fini(struct cairn_ek_verdict *v)
{
	cairn_reasons_fini(&v->reasons);
	cairn_reasons_fini(&v->warnings);
	*v = (struct cairn_ek_verdict){0};
}

bool cairn_cert_is_ca(X509 *cert)
{
	if (X509_get_extension_flags(cert) & EXFLAG_CA) /* it says so, whatever its key usage is */
		return true;
	return X509_check_ca(cert) != 0; /* by key usage alone, or as a root of version 1 */
}

/* ---- checks of the certificate: true is bad
 * ------------------------------------------------------------------------- */

bool cairn_cert_malformed(X509 *cert)
{
	bool bad = X509_check_purpose(cert, -1, -1) != 1; /* of no purpose: are its extensions readable? */
	ERR_clear_error();
	return bad;
}

/* Those that OpenSSL judges, and what TPM makers mark as critical though it only informs. */
bool cairn_cert_critical_unknown(X509 *cert)
{
	static const int known[] = {NID_basic_constraints,
				    NID_key_usage,
				    NID_ext_key_usage,
				    NID_subject_alt_name,
				    NID_name_constraints,
				    NID_certificate_policies,
				    NID_subject_directory_attributes};
	for (int i = 0; i < X509_get_ext_count(cert); i++) {
		X509_EXTENSION *e = X509_get_ext(cert, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));
		bool found = false;
		for (size_t k = 0; k < sizeof known / sizeof *known; k++)
			found = found || known[k] == nid;
		if (X509_EXTENSION_get_critical(e) && !found)
			return true;
	}
	return false;
}

static bool malformed(const struct cairn_ek_subject *s)
{
	return cairn_cert_malformed(s->cert);
}

static bool unreadable(const struct cairn_ek_subject *s)
{
	return s->failed;
}

static bool is_ca(const struct cairn_ek_subject *s)
{
	return cairn_cert_is_ca(s->cert);
}

static bool is_rsa(const struct cairn_ek_subject *s)
{
	return strncmp(s->facts->key, "RSA-", 4) == 0; /* then it was readable */
}

/* All bits are set where the certificate does not say. */
static bool usage_wrong(const struct cairn_ek_subject *s)
{
	uint32_t need = is_rsa(s) ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT;
	return !(X509_get_key_usage(s->cert) & need);
}

static bool may_sign(const struct cairn_ek_subject *s)
{
	bool said = X509_get_extension_flags(s->cert) & EXFLAG_KUSAGE;
	return said && (X509_get_key_usage(s->cert) & KU_KEY_CERT_SIGN);
}

static bool purpose_wrong(const struct cairn_ek_subject *s)
{
	bool found = !s->purposes;
	for (int i = 0; i < sk_ASN1_OBJECT_num(s->purposes); i++) {
		char oid[64] = "";
		OBJ_obj2txt(oid, sizeof oid, sk_ASN1_OBJECT_value(s->purposes, i), 1);
		found = found || strcmp(oid, EK_PURPOSE) == 0;
	}
	return !found;
}

/* Else whoever holds some other certificate of the maker has a TPM of software. */
static bool says_nothing(const struct cairn_ek_subject *s)
{
	return !s->purposes && !s->facts->has_maker;
}

static bool is_ambiguous(const struct cairn_ek_subject *s)
{
	return s->ambiguous;
}

static bool critical_unknown(const struct cairn_ek_subject *s)
{
	return cairn_cert_critical_unknown(s->cert);
}

/* The templates of the EK Credential Profile 2.5, B.3 and B.4, that are in use: L-1, L-2, H-1, H-2, H-3, H-6. */
static bool key_unsupported(const struct cairn_ek_subject *s)
{
	static const char *const kinds[] = {"RSA-2048", "RSA-3072", "P-256", "P-384"};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(s->facts->key, kinds[i]) == 0)
			return false;
	return true;
}

/* What cannot be looked at is not a good one. */
static bool exponent_unusual(const struct cairn_ek_subject *s)
{
	BIGNUM *e = NULL;
	bool bad = is_rsa(s) &&
		   (EVP_PKEY_get_bn_param(s->key, OSSL_PKEY_PARAM_RSA_E, &e) != 1 || !BN_is_word(e, RSA_F4));
	BN_free(e);
	return bad;
}

static bool roca(const struct cairn_ek_subject *s)
{
	BIGNUM *n = NULL;
	bool bad =
	    is_rsa(s) && (EVP_PKEY_get_bn_param(s->key, OSSL_PKEY_PARAM_RSA_N, &n) != 1 || cairn_roca(n));
	BN_free(n);
	return bad;
}

static const struct {
	const char *code;
	bool (*bad)(const struct cairn_ek_subject *s);
	const char *text;
} checks[] = {
    {CAIRN_EK_MALFORMED, malformed, "an extension of the certificate is unreadable, or is there twice"},
    {CAIRN_EK_MALFORMED, unreadable, "its uses or its names could not be read"},
    {CAIRN_EK_IS_CA, is_ca, "it is a CA certificate, not one of an EK: an EK signs no certificates"},
    {CAIRN_EK_KEY_USAGE, usage_wrong,
     "the key usage is not that of an EK: keyEncipherment for RSA, keyAgreement for ECC"},
    {CAIRN_EK_KEY_USAGE, may_sign, "the key usage has keyCertSign: an EK signs no certificates"},
    {CAIRN_EK_PURPOSE, purpose_wrong,
     "the extended key usage is not tcg-kp-EKCertificate (2.23.133.8.1): made for something else"},
    {CAIRN_EK_NOT_AN_EK, says_nothing,
     "nothing says that it is an EK certificate: no extended key usage, and no TPM manufacturer"},
    {CAIRN_EK_AMBIGUOUS, is_ambiguous, "it names two TPM manufacturers, models or versions"},
    {CAIRN_EK_CRITICAL, critical_unknown, "a critical extension is not one that is understood"},
    {CAIRN_EK_KEY, key_unsupported, "the key is none of RSA-2048, RSA-3072, P-256 and P-384"},
    {CAIRN_EK_KEY, exponent_unusual, "the exponent of the RSA key is not 65537"},
    {CAIRN_EK_ROCA, roca,
     "the RSA modulus has the form of CVE-2017-15361 (ROCA): the private key can be computed from it"},
};

static void check_certificate(struct cairn_ek_verdict *v, const struct cairn_ek_subject *s)
{
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		if (checks[i].bad(s))
			cairn_reasons_add(&v->reasons, checks[i].code, "certificate", "", "", v->facts.key,
					  checks[i].text);
	if (!v->facts.has_maker)
		cairn_reasons_add(&v->warnings, CAIRN_EK_NO_ATTRIBUTES, "certificate", "", "", "",
				  "it names no TPM manufacturer: the denied list cannot be applied to it");
}

/* ---- denied list
 * ---------------------------------------------------------------------------------------------------- */

static void check_denied(struct cairn_ek_verdict *v, const struct cairn_ek_question *q)
{
	const struct cairn_ek_facts *f = &v->facts;
	struct cairn_ekdenied_tpm tpm = {.has_maker = f->has_maker,
					 .maker = f->maker,
					 .model = f->model,
					 .made = f->has_firmware ? &f->firmware : NULL,
					 .now = q->firmware};
	struct cairn_ekdenied_hit hit;
	size_t at = 0;
	while (cairn_ekdenied_next(&hit, q->denied, &at, &tpm)) {
		char have[32] = "";
		if (hit.present)
			cairn_firmware_text(have, *q->firmware);
		else if (f->has_firmware)
			cairn_firmware_text(have, f->firmware);
		cairn_reasons_add(hit.deny ? &v->reasons : &v->warnings,
				  hit.deny ? CAIRN_EK_DENIED : CAIRN_EK_FLAGGED, hit.id, "", hit.advisory,
				  have, hit.text);
	}
}

/* ---- verdict
 * -------------------------------------------------------------------------------------------------------- */

enum cairn_status cairn_ekcert_judge(struct cairn_ek_verdict *out, const struct cairn_ek_question *q)
{
	struct cairn_ek_verdict v = {0};
	struct cairn_ek_subject s;
	if (sk_X509_num(q->helpers) > CAIRN_EK_HELPERS_MAX)
		return CAIRN_E_LIMIT;
	enum cairn_status st = cairn_ek_subject_init(&s, &v.facts, q->cert);
	if (!st) {
		check_certificate(&v, &s);
		check_denied(&v, q);
		st = cairn_ekchain_judge(&v, q);
	}
	cairn_ek_subject_fini(&s);
	if (st) {
		cairn_ek_verdict_fini(&v);
		return st;
	}
	v.accepted = v.reasons.count == 0; /* no anchor is one */
	*out = v;
	return CAIRN_OK;
}
