/* Certificates out of NV memory and files. The bytes are hostile; where one certificate ends is for OpenSSL to
 * say. */
#define _GNU_SOURCE /* memmem */
#include "cairn/ekcert.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

/* TCG PC Client Specific Implementation Specification for Conventional BIOS 1.21, 7.4.4 and 7.4.5. */
#define TAG_STORED_CERT 0x1001
#define TAG_FULL_CERT	0x1002
#define STORED_FULL	0
#define STORED_PARTIAL	1

struct reader {
	STACK_OF(X509) * out;
	size_t padding;
	struct cairn_buf *why;
};

static enum cairn_status refuse(const struct reader *r, enum cairn_status st, const char *text)
{
	if (r->why)
		cairn_buf_add_str(r->why, text);
	return st;
}

static bool is_padding(struct cairn_span s)
{
	return cairn_span_all(s, 0x00) || cairn_span_all(s, 0xff);
}

static enum cairn_status push(const struct reader *r, X509 *cert)
{
	enum cairn_status st = CAIRN_OK;
	if (sk_X509_num(r->out) >= CAIRN_CERTS_MAX)
		st = refuse(r, CAIRN_E_LIMIT, "more certificates than one input may hold");
	else if (sk_X509_push(r->out, cert) <= 0)
		st = CAIRN_E_NOMEM;
	if (st)
		X509_free(cert);
	return st;
}

/* A SEQUENCE whose length is in the long form: text that begins with '0' is not taken for it. */
static bool looks_like_der(struct cairn_span in)
{
	struct cairn_cur c = cairn_cur(in);
	uint8_t tag = cairn_cur_u8(&c), length = cairn_cur_u8(&c);
	return tag == 0x30 && (length & 0x80);
}

static enum cairn_status read_der(struct reader *r, struct cairn_span in)
{
	for (size_t n = 0; in.len > 0; n++) {
		const unsigned char *p = in.ptr;
		if (n > 0 && is_padding(in)) {
			r->padding += in.len;
			break;
		}
		X509 *cert = d2i_X509(NULL, &p, (long)in.len);
		ERR_clear_error();
		if (!cert && n > 0)
			return refuse(r, CAIRN_E_TRAILING,
				      "what follows the certificate is neither padding nor a certificate");
		if (!cert)
			return refuse(r, CAIRN_E_MALFORMED, "not a whole certificate");
		enum cairn_status st = push(r, cert);
		if (st)
			return st;
		in = cairn_span(p, in.len - (size_t)(p - in.ptr));
	}
	return CAIRN_OK;
}

static enum cairn_status read_stored(struct reader *r, struct cairn_span in)
{
	struct cairn_cur c = cairn_cur(in);
	cairn_cur_u16be(&c); /* TAG_STORED_CERT */
	uint8_t type = cairn_cur_u8(&c);
	struct cairn_cur body = cairn_cur_sub(&c, cairn_cur_u16be(&c));
	struct cairn_span rest = cairn_cur_rest(&c);
	if (type == STORED_PARTIAL)
		return refuse(r, CAIRN_E_UNSUPPORTED, "a partial certificate of a TPM 1.2");
	if (type != STORED_FULL)
		return refuse(r, CAIRN_E_MALFORMED, "no type of certificate of a TPM 1.2");
	if (cairn_cur_u16be(&body) != TAG_FULL_CERT)
		return refuse(r, CAIRN_E_MALFORMED, "no whole certificate of a TPM 1.2");
	if (rest.len > 0 && !is_padding(rest))
		return refuse(r, CAIRN_E_TRAILING, "what follows the certificate is not padding");
	r->padding += rest.len;
	struct cairn_span der = cairn_cur_rest(&body);
	return der.len ? read_der(r, der) : refuse(r, CAIRN_E_TRUNCATED, "no certificate in it");
}

static bool is_certificate_block(const char *name)
{
	return strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0;
}

static enum cairn_status read_pem(struct reader *r, struct cairn_span in)
{
	BIO *bio = BIO_new_mem_buf(in.ptr, (int)in.len);
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	long len = 0;
	enum cairn_status st = bio ? CAIRN_OK : CAIRN_E_NOMEM;
	while (!st && PEM_read_bio(bio, &name, &header, &data, &len) == 1) {
		if (is_certificate_block(name))
			st = read_der(r, cairn_span(data, (size_t)len));
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(data);
	}
	if (!st && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		st = refuse(r, CAIRN_E_MALFORMED, "a damaged block of PEM");
	ERR_clear_error();
	BIO_free(bio);
	return st;
}

static enum cairn_status read_any(struct reader *r, struct cairn_span in)
{
	static const char pem[] = "-----BEGIN ";
	struct cairn_cur c = cairn_cur(in);
	if (in.len == 0)
		return refuse(r, CAIRN_E_TRUNCATED, "it is empty");
	if (in.len > CAIRN_CERTS_SIZE_MAX)
		return refuse(r, CAIRN_E_LIMIT, "it is larger than certificates are");
	if (is_padding(in))
		return refuse(r, CAIRN_E_TRUNCATED, "it holds nothing but padding");
	if (cairn_cur_u16be(&c) == TAG_STORED_CERT)
		return read_stored(r, in);
	if (!looks_like_der(in) && memmem(in.ptr, in.len, pem, sizeof(pem) - 1))
		return read_pem(r, in);
	return read_der(r, in);
}

enum cairn_status cairn_certs_read(STACK_OF(X509) * out, size_t *padding, struct cairn_span in,
				   struct cairn_buf *why)
{
	struct reader r = {.out = sk_X509_new_null(), .why = why}; /* onto NULL nothing can be pushed */
	enum cairn_status st = read_any(&r, in);
	if (!st && sk_X509_num(r.out) == 0)
		st = refuse(&r, CAIRN_E_NOTFOUND, "it holds no certificate");
	if (!st && !sk_X509_reserve(out, sk_X509_num(r.out)))
		st = CAIRN_E_NOMEM;
	while (!st && sk_X509_num(r.out) > 0)
		sk_X509_push(out, sk_X509_shift(r.out)); /* there is room */
	sk_X509_pop_free(r.out, X509_free);
	if (!st && padding)
		*padding = r.padding;
	return st;
}
