/* What an EK certificate says of its TPM, as facts. Sources: TCG EK Credential Profile 2.5, 3.1.2 (attributes of
 * the subject alternative name) and 3.1.3 (TPM specification). */
#include "keys/ek.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#define OID_MANUFACTURER  "2.23.133.2.1"
#define OID_MODEL	  "2.23.133.2.2"
#define OID_VERSION	  "2.23.133.2.3"
#define OID_SPECIFICATION "2.23.133.2.16"

/* ---- text
 * ----------------------------------------------------------------------------------------------------------- */

/* What was written to the BIO, cut to size; frees the BIO. Escapes were made when it was written. */
static void take_text(char *out, size_t size, BIO *bio)
{
	int n = bio ? BIO_read(bio, out, (int)size - 1) : 0;
	out[n > 0 ? n : 0] = 0;
	BIO_free(bio);
}

void cairn_x509_name_text(char *out, size_t size, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	if (bio)
		X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253);
	take_text(out, size, bio);
}

/* False where it could not be written. */
static bool string_text(char *out, size_t size, const ASN1_STRING *s)
{
	static const unsigned long flags =
	    ASN1_STRFLGS_ESC_CTRL | ASN1_STRFLGS_ESC_MSB | ASN1_STRFLGS_UTF8_CONVERT;
	BIO *bio = BIO_new(BIO_s_mem());
	bool good = bio && ASN1_STRING_print_ex(bio, s, flags) >= 0;
	take_text(out, size, bio);
	return good;
}

static void time_text(char out[32], const ASN1_TIME *t)
{
	struct tm tm = {0};
	if (ASN1_TIME_to_tm(t, &tm) != 1 || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = 0;
}

void cairn_firmware_text(char out[32], uint64_t firmware)
{
	snprintf(out, 32, "%u.%u.%u.%u", (unsigned)(firmware >> 48 & 0xffff),
		 (unsigned)(firmware >> 32 & 0xffff), (unsigned)(firmware >> 16 & 0xffff),
		 (unsigned)(firmware & 0xffff));
}

/* ---- TPM attributes
 * ------------------------------------------------------------------------------------------------- */

static void take_attribute(struct cairn_ek_subject *s, const X509_NAME_ENTRY *entry)
{
	struct cairn_ek_facts *f = s->facts;
	const struct {
		const char *oid;
		char *to;
		size_t size;
	} fields[] = {{OID_MANUFACTURER, f->maker_id, sizeof f->maker_id},
		      {OID_MODEL, f->model, sizeof f->model},
		      {OID_VERSION, f->version, sizeof f->version}};
	char oid[64] = "", value[80] = "";
	OBJ_obj2txt(oid, sizeof oid, X509_NAME_ENTRY_get_object(entry), 1);
	if (!string_text(value, sizeof value, X509_NAME_ENTRY_get_data(entry)))
		s->failed = true;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if (strcmp(fields[i].oid, oid) != 0)
			continue;
		value[fields[i].size - 1] = 0; /* no field is larger than value */
		if (fields[i].to[0] && strcmp(fields[i].to, value) != 0)
			s->ambiguous = true;
		memcpy(fields[i].to, value, strlen(value) + 1);
	}
}

static void take_name(struct cairn_ek_subject *s, const X509_NAME *name)
{
	for (int i = 0; i < X509_NAME_entry_count(name); i++)
		take_attribute(s, X509_NAME_get_entry(name, i));
}

/* An extension that is there and cannot be read is not one that is missing. */
static void *take_extension(struct cairn_ek_subject *s, int nid)
{
	int found = 0;
	void *ext = X509_get_ext_d2i(s->cert, nid, &found, NULL);
	if (!ext && found != -1)
		s->failed = true;
	ERR_clear_error();
	return ext;
}

static void take_attributes(struct cairn_ek_subject *s)
{
	GENERAL_NAMES *names = take_extension(s, NID_subject_alt_name);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);
		if (n->type == GEN_DIRNAME)
			take_name(s, n->d.directoryName);
	}
	GENERAL_NAMES_free(names);
	take_name(s, X509_get_subject_name(s->cert)); /* where TPM 1.2 makers put some */
}

/* The digits after "id:", of which there must be one of so many. */
static bool hex_id(uint64_t *out, const char *text, size_t *digits)
{
	if (strncmp(text, "id:", 3) != 0)
		return false;
	*digits = strlen(text + 3);
	if (strspn(text + 3, "0123456789abcdefABCDEF") != *digits)
		return false;
	*out = strtoull(text + 3, NULL, 16);
	return true;
}

static void understand_maker(struct cairn_ek_facts *f)
{
	uint64_t id = 0;
	size_t digits = 0;
	f->has_maker = hex_id(&id, f->maker_id, &digits) && digits == 8;
	f->maker = f->has_maker ? (uint32_t)id : 0;
	if (!f->has_maker)
		return;
	cairn_maker_id(f->maker_id, f->maker);
	snprintf(f->maker_name, sizeof f->maker_name, "%s", cairn_maker_name(f->maker));
}

/* Makers write a version as its two bytes (Infineon), its two words (STMicroelectronics, TPM 2.0) or all of
 * firmwareVersion. */
static void understand_version(struct cairn_ek_facts *f)
{
	uint64_t id = 0;
	size_t digits = 0;
	if (!hex_id(&id, f->version, &digits))
		return;
	f->has_firmware = true;
	if (digits == 4)
		f->firmware = (id >> 8) << 48 | (id & 0xff) << 32;
	else if (digits == 8)
		f->firmware = id << 32;
	else if (digits == 16)
		f->firmware = id;
	else
		f->has_firmware = false;
}

/* ---- TPM specification
 * ---------------------------------------------------------------------------------------------- */

static ASN1_SEQUENCE_ANY *sequence(const unsigned char *p, int len)
{
	ASN1_SEQUENCE_ANY *list = d2i_ASN1_SEQUENCE_ANY(NULL, &p, len);
	ERR_clear_error();
	return list;
}

static long integer(const ASN1_TYPE *t)
{
	return t->type == V_ASN1_INTEGER ? ASN1_INTEGER_get(t->value.integer) : -1;
}

static void take_specification(struct cairn_ek_facts *f, const ASN1_TYPE *value)
{
	if (!value || value->type != V_ASN1_SEQUENCE)
		return;
	const ASN1_STRING *der = value->value.sequence;
	ASN1_SEQUENCE_ANY *spec = sequence(ASN1_STRING_get0_data(der), ASN1_STRING_length(der));
	if (sk_ASN1_TYPE_num(spec) == 3) {
		const ASN1_TYPE *family = sk_ASN1_TYPE_value(spec, 0);
		if (family->type == V_ASN1_UTF8STRING)
			string_text(f->spec_family, sizeof f->spec_family, family->value.utf8string);
		f->spec_level = integer(sk_ASN1_TYPE_value(spec, 1));
		f->spec_revision = integer(sk_ASN1_TYPE_value(spec, 2));
	}
	sk_ASN1_TYPE_pop_free(spec, ASN1_TYPE_free);
}

static void take_directory_attribute(struct cairn_ek_facts *f, const ASN1_TYPE *t)
{
	if (t->type != V_ASN1_SEQUENCE)
		return;
	const unsigned char *p = ASN1_STRING_get0_data(t->value.sequence);
	X509_ATTRIBUTE *a = d2i_X509_ATTRIBUTE(NULL, &p, ASN1_STRING_length(t->value.sequence));
	char oid[64] = "";
	if (a)
		OBJ_obj2txt(oid, sizeof oid, X509_ATTRIBUTE_get0_object(a), 1);
	if (strcmp(oid, OID_SPECIFICATION) == 0)
		take_specification(f, X509_ATTRIBUTE_get0_type(a, 0));
	X509_ATTRIBUTE_free(a);
	ERR_clear_error();
}

static void take_directory_attributes(struct cairn_ek_facts *f, X509 *cert)
{
	int at = X509_get_ext_by_NID(cert, NID_subject_directory_attributes, -1);
	if (at < 0)
		return;
	const ASN1_OCTET_STRING *der = X509_EXTENSION_get_data(X509_get_ext(cert, at));
	ASN1_SEQUENCE_ANY *list = sequence(ASN1_STRING_get0_data(der), ASN1_STRING_length(der));
	for (int i = 0; i < sk_ASN1_TYPE_num(list); i++)
		take_directory_attribute(f, sk_ASN1_TYPE_value(list, i));
	sk_ASN1_TYPE_pop_free(list, ASN1_TYPE_free);
}

/* ---- key, signature, issuer
 * ----------------------------------------------------------------------------------------- */

enum cairn_status cairn_cert_key(EVP_PKEY **out, X509 *cert)
{
	ASN1_OBJECT *alg = NULL;
	const unsigned char *p = NULL;
	int len = 0;
	EVP_PKEY *key = NULL;
	X509_PUBKEY *spki = X509_get_X509_PUBKEY(cert);
	if (X509_PUBKEY_get0_param(&alg, &p, &len, NULL, spki) == 1 && OBJ_obj2nid(alg) == NID_rsaesOaep)
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, len); /* an RSAPublicKey: RFC 4055, 4 */
	else
		key = X509_get_pubkey(cert);
	ERR_clear_error();
	if (!key)
		return CAIRN_E_UNSUPPORTED;
	*out = key;
	return CAIRN_OK;
}

static void key_text(struct cairn_ek_facts *f, const EVP_PKEY *key)
{
	char group[64] = "";
	if (!key)
		snprintf(f->key, sizeof f->key, "unreadable");
	else if (EVP_PKEY_is_a(key, "RSA"))
		snprintf(f->key, sizeof f->key, "RSA-%d", EVP_PKEY_get_bits(key));
	else if (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) != 1)
		snprintf(f->key, sizeof f->key, "other");
	else {
		const char *nist = EC_curve_nid2nist(OBJ_sn2nid(group));
		snprintf(f->key, sizeof f->key, "%.20s", nist ? nist : group);
	}
	ERR_clear_error();
}

void cairn_cert_issuer_url(char *out, size_t size, X509 *cert)
{
	AUTHORITY_INFO_ACCESS *aia = X509_get_ext_d2i(cert, NID_info_access, NULL, NULL);
	out[0] = 0;
	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(aia) && !out[0]; i++) {
		const ACCESS_DESCRIPTION *d = sk_ACCESS_DESCRIPTION_value(aia, i);
		if (OBJ_obj2nid(d->method) == NID_ad_ca_issuers && d->location->type == GEN_URI)
			string_text(out, size, d->location->d.uniformResourceIdentifier);
	}
	AUTHORITY_INFO_ACCESS_free(aia);
	ERR_clear_error();
}

static void serial_text(char *out, size_t size, X509 *cert)
{
	BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	char *hex = n ? BN_bn2hex(n) : NULL;
	snprintf(out, size, "%s", hex ? hex : "");
	OPENSSL_free(hex);
	BN_free(n);
}

static void take_fields(struct cairn_ek_facts *f, X509 *cert)
{
	cairn_x509_name_text(f->subject, sizeof f->subject, X509_get_subject_name(cert));
	cairn_x509_name_text(f->issuer, sizeof f->issuer, X509_get_issuer_name(cert));
	serial_text(f->serial, sizeof f->serial, cert);
	time_text(f->not_before, X509_get0_notBefore(cert));
	time_text(f->not_after, X509_get0_notAfter(cert));
	const char *signature = OBJ_nid2sn(X509_get_signature_nid(cert));
	snprintf(f->signature, sizeof f->signature, "%s", signature ? signature : "");
	cairn_cert_issuer_url(f->issuer_url, sizeof f->issuer_url, cert);
}

enum cairn_status cairn_ek_subject_init(struct cairn_ek_subject *s, struct cairn_ek_facts *facts, X509 *cert)
{
	unsigned len = 0;
	*s = (struct cairn_ek_subject){.cert = cert, .facts = facts};
	facts->spec_level = facts->spec_revision = -1;
	if (X509_digest(cert, EVP_sha256(), facts->sha256, &len) != 1)
		return CAIRN_E_CRYPTO;
	if (cairn_cert_key(&s->key, cert))
		s->key = NULL;
	s->purposes = take_extension(s, NID_ext_key_usage);
	take_fields(facts, cert);
	take_attributes(s);
	understand_maker(facts);
	understand_version(facts);
	take_directory_attributes(facts, cert);
	key_text(facts, s->key);
	return CAIRN_OK;
}

void cairn_ek_subject_fini(struct cairn_ek_subject *s)
{
	EVP_PKEY_free(s->key);
	EXTENDED_KEY_USAGE_free(s->purposes);
	*s = (struct cairn_ek_subject){0};
}
