/* Certificates as NV memory and files hold them; and the makers' roots that are shipped. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "cairn/digest.h"
#include "data_fixture.h"
#include "ek_fixture.h"

static struct cairn_buf der; /* one certificate */

static int setup(void **state)
{
	unsigned char *bytes = NULL;
	X509 *cert = ek_make(&(struct ek_spec){EK_GOOD});
	int len = i2d_X509(cert, &bytes);
	cairn_buf_add(&der, cairn_span(bytes, (size_t)len));
	OPENSSL_free(bytes);
	X509_free(cert);
	*state = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cairn_buf_fini(&der);
	ek_keys_free();
	return 0;
}

/* How many certificates are read; on failure none is left behind, and there is a sentence. */
static void expect(enum cairn_status want, int count, size_t padding, struct cairn_span in)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	cairn_auto_buf struct cairn_buf why = {0};
	size_t have = 0;
	enum cairn_status st = cairn_certs_read(certs, &have, in, &why);
	assert_int_equal(st, want);
	assert_int_equal(sk_X509_num(certs), st ? 0 : count);
	assert_int_equal(have, st ? 0 : padding);
	assert_int_equal(why.len > 0, st != CAIRN_OK);
	sk_X509_pop_free(certs, X509_free);
}

static void add_bytes(struct cairn_buf *b, uint8_t byte, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cairn_buf_add_u8(b, byte);
}

static void der_and_padding(void **state)
{
	(void)state;
	expect(CAIRN_OK, 1, 0, cairn_buf_span(&der));
	for (unsigned fill = 0; fill < 256; fill++) {
		cairn_auto_buf struct cairn_buf b = {0};
		cairn_buf_add(&b, cairn_buf_span(&der));
		add_bytes(&b, (uint8_t)fill, 40);
		bool good = fill == 0 || fill == 0xff;
		expect(good ? CAIRN_OK : CAIRN_E_TRAILING, 1, 40, cairn_buf_span(&b));
	}
	cairn_auto_buf struct cairn_buf mixed = {0};
	cairn_buf_add(&mixed, cairn_buf_span(&der));
	add_bytes(&mixed, 0x00, 4);
	add_bytes(&mixed, 0xff, 4);
	expect(CAIRN_E_TRAILING, 0, 0, cairn_buf_span(&mixed));
}

static void cut_anywhere(void **state)
{
	(void)state;
	expect(CAIRN_E_TRUNCATED, 0, 0, cairn_span(der.ptr, 0));
	for (size_t cut = 1; cut < der.len; cut++)
		expect(CAIRN_E_MALFORMED, 0, 0, cairn_span(der.ptr, cut));
}

static void nothing_but_padding(void **state)
{
	uint8_t none[64] = {0};
	(void)state;
	expect(CAIRN_E_TRUNCATED, 0, 0, cairn_span(none, sizeof none));
	memset(none, 0xff, sizeof none);
	expect(CAIRN_E_TRUNCATED, 0, 0, cairn_span(none, sizeof none));
	memset(none, 0x41, sizeof none);
	expect(CAIRN_E_MALFORMED, 0, 0, cairn_span(none, sizeof none));
}

/* The chain of an index of the EK Credential Profile: one after the other. */
static void one_after_another(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	(void)state;
	for (int n = 1; n <= CAIRN_CERTS_MAX + 1; n++) {
		cairn_buf_add(&b, cairn_buf_span(&der));
		if (n < 4 || n >= CAIRN_CERTS_MAX)
			expect(n > CAIRN_CERTS_MAX ? CAIRN_E_LIMIT : CAIRN_OK, n, 0, cairn_buf_span(&b));
	}
	b.len = 2 * der.len;
	add_bytes(&b, 0xff, 9);
	expect(CAIRN_OK, 2, 9, cairn_buf_span(&b));
	b.len = 2 * der.len - 1;
	expect(CAIRN_E_TRAILING, 0, 0, cairn_buf_span(&b));
	b.len = 0;
	add_bytes(&b, 0x41, CAIRN_CERTS_SIZE_MAX + 1);
	expect(CAIRN_E_LIMIT, 0, 0, cairn_buf_span(&b));
}

static void stored(struct cairn_buf *out, uint8_t type, uint16_t inner)
{
	out->len = 0;
	cairn_buf_add_u16be(out, 0x1001);
	cairn_buf_add_u8(out, type);
	cairn_buf_add_u16be(out, (uint16_t)(der.len + 2));
	cairn_buf_add_u16be(out, inner);
	cairn_buf_add(out, cairn_buf_span(&der));
}

static void header_of_tpm_12(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	(void)state;
	stored(&b, 0, 0x1002);
	expect(CAIRN_OK, 1, 0, cairn_buf_span(&b));
	for (size_t cut = 2; cut < b.len; cut++)
		expect(CAIRN_E_MALFORMED, 0, 0, cairn_span(b.ptr, cut));
	add_bytes(&b, 0xff, 30);
	expect(CAIRN_OK, 1, 30, cairn_buf_span(&b));
	cairn_buf_add_u8(&b, 0);
	expect(CAIRN_E_TRAILING, 0, 0, cairn_buf_span(&b));
	stored(&b, 1, 0x1002);
	expect(CAIRN_E_UNSUPPORTED, 0, 0, cairn_buf_span(&b));
	stored(&b, 2, 0x1002);
	expect(CAIRN_E_MALFORMED, 0, 0, cairn_buf_span(&b));
	stored(&b, 0, 0x1003);
	expect(CAIRN_E_MALFORMED, 0, 0, cairn_buf_span(&b));
	stored(&b, 0, 0x1002);
	b.ptr[7] ^= 1; /* the tag of the certificate */
	expect(CAIRN_E_MALFORMED, 0, 0, cairn_buf_span(&b));
	stored(&b, 0, 0x1002);
	b.len = 7;
	b.ptr[3] = 0;
	b.ptr[4] = 2; /* a header and no certificate */
	expect(CAIRN_E_TRUNCATED, 0, 0, cairn_buf_span(&b));
}

/* ---- PEM
 * ------------------------------------------------------------------------------------------------------------ */

static void pem_block(struct cairn_buf *out, const char *name, size_t len, bool padded)
{
	cairn_auto_buf struct cairn_buf body = {0};
	char *text = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	cairn_buf_add(&body, cairn_span(der.ptr, len));
	if (padded)
		add_bytes(&body, 0, 5);
	PEM_write_bio(bio, name, "", body.ptr, (long)body.len);
	long n = BIO_get_mem_data(bio, &text);
	cairn_buf_add(out, cairn_span(text, (size_t)n));
	BIO_free(bio);
}

static void pem(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	(void)state;
	pem_block(&b, "CERTIFICATE", der.len, false);
	expect(CAIRN_OK, 1, 0, cairn_buf_span(&b));
	cairn_buf_add_str(&b, "0 and text between\r\n");
	pem_block(&b, "PRIVATE KEY", 20, false); /* of no concern */
	pem_block(&b, "X509 CERTIFICATE", der.len, true);
	expect(CAIRN_OK, 2, 5, cairn_buf_span(&b));
	b.len -= 20;
	expect(CAIRN_E_MALFORMED, 0, 0, cairn_buf_span(&b));
	b.len = 0;
	cairn_buf_add_str(&b, "0 text that begins like DER\n");
	pem_block(&b, "CERTIFICATE", der.len, false);
	expect(CAIRN_OK, 1, 0, cairn_buf_span(&b));
	b.len = 0;
	cairn_buf_add_str(&b, "\xc3\xa9 text that is not ASCII\n");
	pem_block(&b, "CERTIFICATE", der.len, false);
	expect(CAIRN_OK, 1, 0, cairn_buf_span(&b));
	b.len = 0;
	pem_block(&b, "CERTIFICATE", der.len - 1, false);
	pem_block(&b, "CERTIFICATE", der.len, false); /* a good one does not make up for it */
	expect(CAIRN_E_MALFORMED, 0, 0, cairn_buf_span(&b));
	b.len = 0;
	pem_block(&b, "PRIVATE KEY", 20, false);
	expect(CAIRN_E_NOTFOUND, 0, 0, cairn_buf_span(&b));
	b.len = 0;
	pem_block(&b, "CERTIFICATE", der.len - 1, false);
	expect(CAIRN_E_MALFORMED, 0, 0, cairn_buf_span(&b));
}

static void recorded(void **state)
{
	static const char *const names[] = {"ek/ek-infineon-slb9665.der",
					    "ek/ek-nuvoton-root2110-badorder.der"};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		cairn_auto_buf struct cairn_buf b = {0};
		data_load(&b, names[i]);
		expect(CAIRN_OK, 1, 0, cairn_buf_span(&b));
	}
}

/* ---- directories of roots
 * ------------------------------------------------------------------------------------------- */

struct dir {
	char path[32];
};

static void put(const struct dir *d, const char *name, struct cairn_span bytes)
{
	char path[96];
	snprintf(path, sizeof path, "%s/%s", d->path, name);
	assert_int_equal(cairn_file_write(path, bytes, 0600), CAIRN_OK);
}

static enum cairn_status load(const char *path, int *count, struct cairn_buf *why)
{
	STACK_OF(X509) *roots = sk_X509_new_null();
	enum cairn_status st = cairn_ekroots_load(roots, path, why);
	*count = sk_X509_num(roots);
	sk_X509_pop_free(roots, X509_free);
	return st;
}

/* Files that must be certificates, and are none. */
static void bad_files(const struct dir *d)
{
	static const char *const names[] = {"maker/bad.pem", "maker/bad.crt", "maker/bad.cer", "bad.der"};
	cairn_auto_buf struct cairn_buf large = {0};
	char path[96];
	int count = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cairn_auto_buf struct cairn_buf why = {0};
		put(d, names[i], cairn_span_str("no certificate\n"));
		assert_int_equal(load(d->path, &count, &why), CAIRN_E_MALFORMED);
		assert_non_null(strstr(cairn_buf_str(&why), names[i]));
		snprintf(path, sizeof path, "%s/%s", d->path, names[i]);
		assert_int_equal(load(path, &count, &why), CAIRN_E_MALFORMED);
		assert_int_equal(unlink(path), 0);
	}
	add_bytes(&large, 'x', CAIRN_CERTS_SIZE_MAX + 1);
	put(d, "large", cairn_buf_span(&large)); /* of no concern */
	assert_int_equal(load(d->path, &count, NULL), CAIRN_OK);
	assert_int_equal(count, 4);
	put(d, "large.pem", cairn_buf_span(&large));
	cairn_auto_buf struct cairn_buf why = {0};
	assert_int_equal(load(d->path, &count, &why), CAIRN_E_LIMIT);
	snprintf(path, sizeof path, "%s/large.pem", d->path);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof path, "%s/link", d->path);
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(load(d->path, &count, &why), CAIRN_E_IO);
	assert_int_equal(unlink(path), 0);
}

static void which_files_are_roots(void **state)
{
	struct dir d = {"/tmp/cairn-roots-XXXXXX"};
	cairn_auto_buf struct cairn_buf why = {0};
	cairn_auto_buf struct cairn_buf key = {0};
	char path[96];
	int count = 0;
	(void)state;
	assert_non_null(mkdtemp(d.path));
	assert_int_equal(load(d.path, &count, &why), CAIRN_OK);
	assert_int_equal(count, 0);
	put(&d, "a.pem", cairn_buf_span(&der));
	put(&d, "b.der", cairn_buf_span(&der));
	put(&d, "no-suffix", cairn_buf_span(&der));
	put(&d, "notes.md", cairn_buf_span(&der));
	put(&d, ".hidden.pem", cairn_buf_span(&der));
	put(&d, "notes.txt", cairn_span_str("no certificate\n"));
	pem_block(&key, "PRIVATE KEY", 20, false);
	put(&d, "key.pem", cairn_buf_span(&key));
	snprintf(path, sizeof path, "%s/maker", d.path);
	assert_int_equal(mkdir(path, 0700), 0);
	put(&d, "maker/c.crt", cairn_buf_span(&der));
	snprintf(path, sizeof path, "%s/maker/deeper", d.path);
	assert_int_equal(mkdir(path, 0700), 0);
	put(&d, "maker/deeper/d.cer", cairn_buf_span(&der));
	assert_int_equal(load(d.path, &count, &why), CAIRN_OK);
	assert_int_equal(count, 4);
	bad_files(&d);
	snprintf(path, sizeof path, "%s/b.der", d.path);
	assert_int_equal(load(path, &count, &why), CAIRN_OK); /* one file */
	assert_int_equal(count, 1);
	why.len = 0;
	snprintf(path, sizeof path, "%s/none", d.path);
	assert_int_equal(load(path, &count, &why), CAIRN_E_IO);
	assert_true(why.len > 0);
	data_remove(d.path);
}

/* ---- the roots that are shipped
 * ------------------------------------------------------------------------------------- */

#define ROOTS "keys/ek-roots"

/* "| maker/name.pem | yes | subject | ... | `sha256` | ...": the row of a file in the README. */
static void check_row(const char *readme, const char *file, X509 *cert)
{
	uint8_t sha256[32];
	unsigned len = 0;
	char start[272];
	snprintf(start, sizeof start, "\n| %s | ", file);
	const char *row = strstr(readme, start);
	if (!row) {
		fail_msg("%s is not in the README", file);
		return;
	}
	cairn_auto_buf struct cairn_buf line = {0};
	cairn_buf_add(&line, cairn_span(row + 1, strcspn(row + 1, "\n")));
	assert_int_equal(X509_digest(cert, EVP_sha256(), sha256, &len), 1);
	cairn_auto_buf struct cairn_buf hex = {0};
	cairn_hex_encode(&hex, cairn_span(sha256, sizeof sha256));
	const char *text = cairn_buf_str(&line), *digest = cairn_buf_str(&hex);
	if (!text || !digest || !strstr(text, digest))
		fail_msg("%s has another digest than the README says", file);
	bool root = X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0;
	assert_non_null(strstr(text ? text : "", root ? " | yes | " : " | no | "));
	assert_true(cairn_cert_is_ca(cert));
}

static int check_maker(const char *readme, const char *maker)
{
	char path[512], file[256];
	int count = 0;
	snprintf(path, sizeof path, ROOTS "/%s", maker);
	DIR *d = opendir(path);
	assert_non_null(d);
	for (const struct dirent *e; (e = readdir(d));) {
		cairn_auto_buf struct cairn_buf bytes = {0};
		STACK_OF(X509) *certs = sk_X509_new_null();
		if (e->d_name[0] != '.') {
			snprintf(file, sizeof file, "%.60s/%.120s", maker, e->d_name);
			snprintf(path, sizeof path, ROOTS "/%s", file);
			assert_int_equal(cairn_file_read(&bytes, path, 65536), CAIRN_OK);
			assert_int_equal(cairn_certs_read(certs, NULL, cairn_buf_span(&bytes), NULL),
					 CAIRN_OK);
			assert_int_equal(sk_X509_num(certs), 1);
			check_row(readme, file, sk_X509_value(certs, 0));
			count++;
		}
		sk_X509_pop_free(certs, X509_free);
	}
	closedir(d);
	return count;
}

static void shipped_roots_are_described(void **state)
{
	cairn_auto_buf struct cairn_buf readme = {0};
	int files = 0, rows = -2; /* the head of the table */
	(void)state;
	assert_int_equal(cairn_file_read(&readme, ROOTS "/README.md", 65536), CAIRN_OK);
	const char *text = cairn_buf_str(&readme);
	for (const char *p = text; (p = strstr(p, "\n| ")); p++)
		rows++;
	rows++; /* the rule under the head begins otherwise */
	DIR *d = opendir(ROOTS);
	assert_non_null(d);
	for (const struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.' && strcmp(e->d_name, "README.md") != 0)
			files += check_maker(text, e->d_name);
	closedir(d);
	assert_int_equal(files, rows);
	assert_int_equal(files, 45);
}

/* Each is an anchor by itself, and none is refused by the checks of issuers. */
static void shipped_roots_may_issue(void **state)
{
	STACK_OF(X509) *roots = sk_X509_new_null();
	cairn_auto_buf struct cairn_buf why = {0};
	(void)state;
	assert_int_equal(cairn_ekroots_load(roots, ROOTS, &why), CAIRN_OK);
	for (int i = 0; i < sk_X509_num(roots); i++) {
		X509 *c = sk_X509_value(roots, i);
		assert_int_equal(X509_check_ca(c), 1);
		assert_true(EVP_PKEY_get_security_bits(X509_get0_pubkey(c)) >= 112);
	}
	sk_X509_pop_free(roots, X509_free);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(der_and_padding),
	    cmocka_unit_test(cut_anywhere),
	    cmocka_unit_test(nothing_but_padding),
	    cmocka_unit_test(one_after_another),
	    cmocka_unit_test(header_of_tpm_12),
	    cmocka_unit_test(pem),
	    cmocka_unit_test(recorded),
	    cmocka_unit_test(which_files_are_roots),
	    cmocka_unit_test(shipped_roots_are_described),
	    cmocka_unit_test(shipped_roots_may_issue),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
