/* Entries of IMA lists made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "tests/unit/ima_fixture.h"

static void put_u32(struct cairn_buf *b, size_t v)
{
	for (int i = 0; i < 4; i++)
		cairn_buf_add_u8(b, (uint8_t)(v >> (8 * i)));
}

static void put_text(struct cairn_buf *b, struct ima_text t)
{
	put_u32(b, t.len);
	cairn_buf_add(b, cairn_span(t.bytes, t.len));
}

/* An entry with the right digest (or all zero) over the fields. */
void ima_put_entry(struct cairn_buf *b, const char *name, const struct ima_text *fields, bool violation)
{
	cairn_auto_buf struct cairn_buf data = {0};
	struct cairn_digest d = {.alg = CAIRN_ALG_SHA1};

	for (; fields->bytes != NULL; fields++)
		put_text(&data, *fields);
	if (!violation)
		assert_int_equal(cairn_hash(&d, CAIRN_ALG_SHA1, cairn_buf_span(&data)), CAIRN_OK);
	put_u32(b, 10);
	cairn_buf_add(b, cairn_digest_span(&d));
	put_u32(b, strlen(name));
	cairn_buf_add_str(b, name);
	put_u32(b, data.len);
	cairn_buf_add(b, cairn_buf_span(&data));
	assert_int_equal(cairn_buf_status(b), CAIRN_OK);
}

/* Template "ima": 20 bytes, then length and name; hashed with the name filled up to 256 bytes. */
void ima_put_old(struct cairn_buf *b, const char *name, size_t len)
{
	uint8_t hashed[20 + 256] = A20;
	struct cairn_digest d;

	memcpy(hashed + 20, name, len < 256 ? len : 256);
	assert_int_equal(cairn_hash(&d, CAIRN_ALG_SHA1, cairn_span(hashed, sizeof hashed)), CAIRN_OK);
	put_u32(b, 10);
	cairn_buf_add(b, cairn_digest_span(&d));
	put_text(b, (struct ima_text)T("ima"));
	cairn_buf_add(b, cairn_span(A20, 20));
	put_text(b, (struct ima_text){name, len});
}

/* Reads the one entry of a list; the whole list must be that entry. */
enum cairn_status ima_read_one(struct cairn_ima_entry *e, struct cairn_span bytes)
{
	struct cairn_ima log;
	struct cairn_ima_iter it;
	enum cairn_status s = cairn_ima_open(&log, bytes);

	if (s != CAIRN_OK)
		return s;
	it = cairn_ima_iter(&log);
	assert_int_equal(cairn_ima_next(&it, e), CAIRN_OK);
	assert_int_equal(cairn_ima_next(&it, e), CAIRN_E_NOTFOUND);
	return CAIRN_OK;
}

const struct ima_row ima_rows[] = {
    {"ima-ng", {T("sha1:\0" A20), T("/a\0"), END}, CAIRN_OK, false, false},
    {"ima-ng", {T("sha256:\0" A32), T("\0"), END}, CAIRN_OK, false, false},
    {"ima-ng", {T("sha512:\0" A64), T("/a\0"), END}, CAIRN_OK, false, false},
    {"ima-ng", {T("sha3-256:\0" A32), T("/a\0"), END}, CAIRN_OK, false, false},
    {"ima-ng", {T("sm3-256:\0" A32), T("/a\0"), END}, CAIRN_OK, false, false},
    {"ima-ng", {T("md5:\0aaaaaaaaaaaaaaaa"), T("/a\0"), END}, CAIRN_OK, false, false},
    {"ima-ng", {T("sha257:\0" A32), T("/a\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ng", {T("sha256:" A32), T("/a\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ng", {T("sha256:x" A32), T("/a\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ng", {T("sha256\0" A32), T("/a\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ng", {T("sha256:"), T("/a\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ng", {T("sha256"), T("/a\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ng", {T("sha256:\0" A32 "a"), T("/a\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ng", {T("sha256:\0" A20), T("/a\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ng", {T("sha256:\0" Z20), T("/a\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ng", {T("sha512:\0" A64 "a"), T("/a\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ng", {T(""), T("/a\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ng", {T("sha1:\0" A20), T("/a"), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ng", {T("sha1:\0" A20), T("/a\0\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ng", {T("sha1:\0" A20), T("/\0a\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ng", {T("sha1:\0" A20), T(""), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ng", {T("sha1:\0" A20), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ng", {T("sha1:\0" A20), T("/a\0"), T(""), END}, CAIRN_E_MALFORMED, false, false},
    /* violations: the size of SHA-1 whatever the name, as of Linux 5.19 to 6.2 */
    {"ima-ng", {T("sha256:\0" Z20), T("/a\0"), END}, CAIRN_OK, true, false},
    {"ima-ng", {T("sha256:\0" Z20 "\0"), T("/a\0"), END}, CAIRN_E_MALFORMED, true, false},
    {"ima-sig", {T("sha1:\0" A20), T("/a\0"), T(""), END}, CAIRN_OK, false, false},
    {"ima-sig", {T("sha1:\0" A20), T("/a\0"), T("\3\2\4kkkk\0\1s"), END}, CAIRN_OK, false, false},
    {"ima-ngv2", {T("ima:sha1:\0" A20), T("/a\0"), END}, CAIRN_OK, false, false},
    {"ima-ngv2", {T("verity:sha256:\0" A32), T("/a\0"), END}, CAIRN_OK, false, false},
    {"ima-ngv2", {T("sha256:\0" A32), T("/a\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ngv2", {T("fsverity:sha256:\0" A32), T("/a\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-ng", {T("ima:sha256:\0" A32), T("/a\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"ima-sigv2", {T("ima:sha1:\0" A20), T("/a\0"), T("\6\3"), END}, CAIRN_OK, false, false},
    {"ima-buf", {T("sha1:\0" A20), T("kexec-cmdline\0"), T("quiet"), END}, CAIRN_OK, false, false},
    {"ima-modsig", {T("sha1:\0" A20), T("/a\0"), T(""), T(""), T(""), END}, CAIRN_OK, false, false},
    {"ima-modsig",
     {T("sha1:\0" A20), T("/a\0"), T(""), T("sha1:\0" A20), T("0"), END},
     CAIRN_OK,
     false,
     false},
    {"ima-modsig",
     {T("sha1:\0" A20), T("/a\0"), T(""), T("sha1:\0a"), T("0"), END},
     CAIRN_E_MALFORMED,
     false,
     false},
    {"evm-sig",
     {T("sha1:\0" A20), T("/a\0"), T("\5"), T("security.ima\0"), T("\1\0\0\0"), T("x"), T("\1\2\3\4"),
      T("\0\0\0\0"), T("\xa4\x81"), END},
     CAIRN_OK,
     false,
     false},
    {"evm-sig",
     {T("sha1:\0" A20), T("/a\0"), T(""), T(""), T(""), T(""), T(""), T(""), T(""), END},
     CAIRN_OK,
     false,
     false},
    {"xattrlengths", {T("\1\0\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"xattrnames", {T("security.ima"), END}, CAIRN_E_MALFORMED, false, false},
    {"iuid", {T("\1\0\0\0"), END}, CAIRN_OK, false, false},
    {"iuid", {T("\1\0\0\0\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"igid", {T("\1\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"imode", {T("\1\0\0\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"d|n", {T(A20), T("/a\0"), END}, CAIRN_OK, false, false},
    {"d|n", {T("aaaaaaaaaaaaaaaa"), T("/a\0"), END}, CAIRN_OK, false, false}, /* MD5 */
    {"d|n", {T("aaaaaaaaaaaaaaaaa"), T("/a\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"d|n", {T(""), T("/a\0"), END}, CAIRN_E_MALFORMED, false, false},
    {"d-ng|sig|n-ng", {T("sha1:\0" A20), T(""), T("/a\0"), END}, CAIRN_OK, false, false},
    /* what is not known is kept, whatever it holds */
    {"ima-cgpath", {T("anything"), END}, CAIRN_OK, false, true},
    {"d-ng|cgpath", {T("anything"), END}, CAIRN_OK, false, true},
    {"d-ng|", {T("anything"), END}, CAIRN_OK, false, true},
    {"|", {T("anything"), END}, CAIRN_OK, false, true},
    {"ima\x7f", {T("anything"), END}, CAIRN_E_MALFORMED, false, true},
    {"ima ng", {T("anything"), END}, CAIRN_E_MALFORMED, false, true},
    {"", {T("anything"), END}, CAIRN_E_MALFORMED, false, true},
    /* 15 fields are as many as there are, 16 are not known */
    {"sig|sig|sig|sig|sig|sig|sig|sig|sig|sig|sig|sig|sig|sig|sig|sig",
     {T("anything"), END},
     CAIRN_OK,
     false,
     true},
};
const size_t ima_row_count = sizeof ima_rows / sizeof ima_rows[0];

const struct ima_text ima_ng[] = {T("sha1:\0" A20), T("/a\0"), END};
