/* From an EK certificate to an anchor. Issuers are looked for from the anchors down, by name and signature, so that
 * a stray certificate with the right name misleads nobody and no loop can be walked. The path that is found is
 * OpenSSL's to judge, and then these checks'. */
#include "keys/ek.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#define NONE		(-1)
#define BITS_MIN	112	   /* of security: RSA-2048, P-224 */
#define SHA1_MADE_UNTIL 1451606400 /* 2016-01-01: from then on no CA was to sign with SHA-1 */

struct path {
	X509 *cert[CAIRN_EK_CHAIN_MAX]; /* borrowed; the EK certificate first, the anchor last */
	size_t len;			/* 0: none */
};

struct search {
	const struct cairn_ek_question *q;
	int level[CAIRN_EK_HELPERS_MAX];	 /* steps from an anchor; 0: not reached */
	X509 *issuer[CAIRN_EK_HELPERS_MAX];	 /* of those reached */
	int issuer_helper[CAIRN_EK_HELPERS_MAX]; /* its index among the helpers, or NONE: an anchor */
};

/* ---- the path
 * ----------------------------------------------------------------------------------------------------------- */

static bool named_by(X509 *cert, X509 *issuer)
{
	return X509_NAME_cmp(X509_get_issuer_name(cert), X509_get_subject_name(issuer)) == 0;
}

static bool signed_by(X509 *cert, X509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer); /* by NULL nothing is signed */
	bool good = named_by(cert, issuer) && X509_verify(cert, key) == 1;
	ERR_clear_error();
	return good;
}

static X509 *signer_of(const STACK_OF(X509) * list, X509 *cert)
{
	for (int i = 0; i < sk_X509_num(list); i++)
		if (signed_by(cert, sk_X509_value(list, i)))
			return sk_X509_value(list, i);
	return NULL;
}

/* The helper of that level that signed the certificate. */
static int signer_at(const struct search *s, X509 *cert, int level)
{
	for (int i = 0; i < sk_X509_num(s->q->helpers); i++)
		if (s->level[i] == level && signed_by(cert, sk_X509_value(s->q->helpers, i)))
			return i;
	return NONE;
}

/* Finds the helpers that anchors vouch for, those that these vouch for, and so on. */
static void reach(struct search *s)
{
	const STACK_OF(X509) *helpers = s->q->helpers;
	for (int level = 1; level < CAIRN_EK_CHAIN_MAX - 1; level++) {
		for (int i = 0; i < sk_X509_num(helpers); i++) {
			X509 *cert = sk_X509_value(helpers, i);
			if (s->level[i])
				continue;
			int by = level > 1 ? signer_at(s, cert, level - 1) : NONE;
			X509 *issuer = level > 1 ? (by == NONE ? NULL : sk_X509_value(helpers, by))
						 : signer_of(s->q->anchors, cert);
			if (!issuer)
				continue;
			s->level[i] = level;
			s->issuer[i] = issuer;
			s->issuer_helper[i] = by;
		}
	}
}

static bool is_anchor(const struct cairn_ek_question *q, X509 *cert)
{
	for (int i = 0; i < sk_X509_num(q->anchors); i++)
		if (X509_cmp(cert, sk_X509_value(q->anchors, i)) == 0)
			return true;
	return false;
}

static void find_path(struct path *p, const struct cairn_ek_question *q)
{
	struct search s = {.q = q};
	X509 *anchor = signer_of(q->anchors, q->cert);
	int helper = NONE;
	p->cert[0] = q->cert;
	if (is_anchor(q, q->cert)) {
		p->len = 1;
		return;
	}
	if (!anchor)
		reach(&s);
	for (int level = 1; !anchor && helper == NONE && level < CAIRN_EK_CHAIN_MAX - 1; level++)
		helper = signer_at(&s, q->cert, level);
	if (!anchor && helper == NONE)
		return;
	size_t n = 1;
	for (; helper != NONE; helper = s.issuer_helper[helper]) {
		p->cert[n++] = sk_X509_value(q->helpers, helper);
		anchor = s.issuer[helper];
	}
	p->cert[n++] = anchor;
	p->len = n;
}

/* ---- why there is none
 * ---------------------------------------------------------------------------------------------- */

static void add_chain_reason(struct cairn_ek_verdict *v, const char *code, X509 *cert, const char *text)
{
	char name[256];
	cairn_x509_name_text(name, sizeof name, X509_get_issuer_name(cert));
	cairn_reasons_addf(&v->reasons, code, "chain", "", name, "", "%s: %s", text, name);
}

static void issuer_missing(struct cairn_ek_verdict *v, X509 *cert)
{
	char name[256], url[256];
	cairn_x509_name_text(name, sizeof name, X509_get_issuer_name(cert));
	cairn_cert_issuer_url(url, sizeof url, cert);
	cairn_reasons_addf(
	    &v->reasons, CAIRN_EK_ISSUER, "chain", "", name, url,
	    "the issuer's certificate is missing: %s%s%s; add it to the roots, or give it as a "
	    "further certificate",
	    name, url[0] ? ", said to be at " : "", url);
}

static bool has_name(const STACK_OF(X509) * list, X509 *cert)
{
	for (int i = 0; i < sk_X509_num(list); i++)
		if (named_by(cert, sk_X509_value(list, i)))
			return true;
	return false;
}

static void explain(struct cairn_ek_verdict *v, const struct cairn_ek_question *q)
{
	X509 *cert = q->cert;
	for (int i = 0; i < CAIRN_EK_CHAIN_MAX; i++) {
		X509 *issuer = signer_of(q->helpers, cert);
		if (signer_of(q->anchors, cert)) /* which is too far away, or the path would be there */
			break;
		if (signed_by(cert, cert)) {
			add_chain_reason(v, CAIRN_EK_UNTRUSTED, cert,
					 "it ends in a certificate that signed itself and is no anchor");
			return;
		}
		if (!issuer && (has_name(q->helpers, cert) || has_name(q->anchors, cert))) {
			add_chain_reason(v, CAIRN_EK_SIGNATURE, cert,
					 "the signature is not of the issuer that it names");
			return;
		}
		if (!issuer) {
			issuer_missing(v, cert);
			return;
		}
		cert = issuer;
	}
	add_chain_reason(v, CAIRN_EK_CHAIN, cert, "the chain is too long, or goes in a circle");
}

/* ---- checks of the path
 * --------------------------------------------------------------------------------------------- */

struct link {
	X509 *cert;
	X509 *issuer; /* NULL for the anchor */
	bool first;
};

static bool issuer_not_ca(const struct link *l)
{
	int ca = X509_check_ca(l->cert);
	return ca != 1 && !(ca == 3 && !l->issuer); /* 3: a root of version 1, which has no extensions */
}

static bool issuer_weak(const struct link *l)
{
	return EVP_PKEY_get_security_bits(X509_get0_pubkey(l->cert)) < BITS_MIN; /* a signature was by it */
}

static bool issuer_malformed(const struct link *l)
{
	return cairn_cert_malformed(l->cert);
}

static bool issuer_critical(const struct link *l)
{
	return cairn_cert_critical_unknown(l->cert);
}

static int signature_digest(X509 *cert)
{
	int md = NID_undef;
	return X509_get_signature_info(cert, &md, NULL, NULL, NULL) == 1 ? md : NID_undef;
}

static bool made_before_2016(X509 *cert)
{
	time_t t = SHA1_MADE_UNTIL;
	return X509_cmp_time(X509_get0_notBefore(cert), &t) < 0;
}

static bool signature_weak(const struct link *l)
{
	switch (l->issuer ? signature_digest(l->cert) : NID_sha256) {
	case NID_sha256:
	case NID_sha384:
	case NID_sha512:
		return false;
	case NID_sha1:
		return !made_before_2016(l->issuer);
	default:
		return true;
	}
}

static bool validity_malformed(const struct link *l)
{
	time_t t = 0;
	return X509_cmp_time(X509_get0_notBefore(l->cert), &t) == 0 ||
	       X509_cmp_time(X509_get0_notAfter(l->cert), &t) == 0;
}

static const struct {
	const char *code;
	bool issuers_only;
	bool (*bad)(const struct link *l);
	const char *text;
} checks[] = {
    {CAIRN_EK_MALFORMED, true, issuer_malformed, "an extension is unreadable, or is there twice"},
    {CAIRN_EK_ISSUER_NOT_CA, true, issuer_not_ca,
     "it issued a certificate, and is no CA, or may not sign certificates"},
    {CAIRN_EK_ISSUER_KEY, true, issuer_weak, "its key is weaker than RSA-2048 or P-224"},
    {CAIRN_EK_CRITICAL, true, issuer_critical, "a critical extension is not one that is understood"},
    {CAIRN_EK_WEAK_SIGNATURE, false, signature_weak,
     "its signature is with a broken digest: no SHA-2; or SHA-1 of a CA that was made in 2016 or later"},
    {CAIRN_EK_VALIDITY, false, validity_malformed, "its times of validity are unreadable"},
};

static void check_link(struct cairn_ek_verdict *v, const struct link *l)
{
	char name[256];
	cairn_x509_name_text(name, sizeof name, X509_get_subject_name(l->cert));
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		if (!(l->first && checks[i].issuers_only) && checks[i].bad(l))
			cairn_reasons_addf(&v->reasons, checks[i].code, l->first ? "certificate" : "issuer",
					   "", "", name, "%s%s%s", l->first ? "" : name, l->first ? "" : ": ",
					   checks[i].text);
}

/* ---- warnings
 * --------------------------------------------------------------------------------------------------------- */

static bool warns_expired(const struct link *l, time_t now)
{
	return X509_cmp_time(X509_get0_notAfter(l->cert), &now) < 0;
}

static bool warns_not_yet(const struct link *l, time_t now)
{
	return X509_cmp_time(X509_get0_notBefore(l->cert), &now) > 0;
}

static bool warns_sha1(const struct link *l, time_t now)
{
	(void)now;
	return l->issuer && signature_digest(l->cert) == NID_sha1;
}

static const struct {
	const char *code;
	bool (*warns)(const struct link *l, time_t now);
	const char *text;
} warnings[] = {
    {CAIRN_EK_EXPIRED, warns_expired, "has expired"},
    {CAIRN_EK_NOT_YET_VALID, warns_not_yet, "is not valid yet"},
    {CAIRN_EK_SHA1, warns_sha1, "is signed with SHA-1"},
};

static void warn_link(struct cairn_ek_verdict *v, const struct link *l, uint64_t now)
{
	char name[256] = "the EK certificate";
	if (!l->first)
		cairn_x509_name_text(name, sizeof name, X509_get_subject_name(l->cert));
	for (size_t i = 0; i < sizeof warnings / sizeof *warnings; i++)
		if (warnings[i].warns(l, (time_t)now))
			cairn_reasons_addf(&v->warnings, warnings[i].code,
					   l->first ? "certificate" : "issuer", "", "", "", "%s %s", name,
					   warnings[i].text);
}

/* ---- OpenSSL's judgement
 * --------------------------------------------------------------------------------------------- */

static bool prepare(X509_STORE_CTX *ctx, X509_STORE *store, STACK_OF(X509) * middle, const struct path *p)
{
	if (!store)
		return false;
	if (X509_STORE_add_cert(store, p->cert[p->len - 1]) != 1)
		return false;
	for (size_t i = 1; i + 1 < p->len; i++)
		if (sk_X509_push(middle, p->cert[i]) <= 0)
			return false;
	return X509_STORE_CTX_init(ctx, store, p->cert[0], middle) == 1;
}

/* The path and nothing else: path lengths, name constraints, key identifiers, signatures. Critical extensions
 * and times are judged above. */
static enum cairn_status verify(struct cairn_ek_verdict *v, const struct path *p)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *middle = sk_X509_new_null();
	bool ready = prepare(ctx, store, middle, p);
	if (ready) {
		X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME |
						  X509_V_FLAG_IGNORE_CRITICAL);
		if (X509_verify_cert(ctx) != 1)
			cairn_reasons_addf(&v->reasons, CAIRN_EK_CHAIN, "chain", "", "", "",
					   "the chain does not hold: %s",
					   X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	}
	sk_X509_free(middle);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
	return ready ? CAIRN_OK : CAIRN_E_CRYPTO;
}

static enum cairn_status tell_path(struct cairn_ek_verdict *v, const struct path *p)
{
	for (size_t i = 0; i < p->len; i++) {
		struct cairn_ek_link *l = &v->chain[i];
		unsigned len = 0;
		cairn_x509_name_text(l->subject, sizeof l->subject, X509_get_subject_name(p->cert[i]));
		l->anchor = i + 1 == p->len;
		if (X509_digest(p->cert[i], EVP_sha256(), l->sha256, &len) != 1)
			return CAIRN_E_CRYPTO;
	}
	v->chain_len = p->len;
	return CAIRN_OK;
}

enum cairn_status cairn_ekchain_judge(struct cairn_ek_verdict *v, const struct cairn_ek_question *q)
{
	struct path p = {0};
	find_path(&p, q);
	if (!p.len)
		explain(v, q);
	for (size_t i = 0; i < (p.len ? p.len : 1); i++) {
		struct link l = {p.cert[i], i + 1 < p.len ? p.cert[i + 1] : NULL, i == 0};
		check_link(v, &l);
		warn_link(v, &l, q->now);
	}
	enum cairn_status st = p.len ? verify(v, &p) : CAIRN_OK;
	return st ? st : tell_path(v, &p);
}
