/* EK certificates: what one must and must not say, check by check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "data_fixture.h"
#include "ek_fixture.h"
#include "keys/ek.h"

static X509 *maker;

static int setup(void **state)
{
	maker = ek_make(&(struct ek_spec){EK_CA});
	*state = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	X509_free(maker);
	ek_keys_free();
	return 0;
}

struct row {
	const char *what;
	struct ek_spec spec;
	const char *reasons, *warnings;
};

static void judge_rows(const struct row *row, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cairn_auto_ek_verdict struct cairn_ek_verdict v = {0};
		X509 *const anchors[] = {maker, NULL};
		X509 *cert = ek_make(&row[i].spec);
		ek_judge(&v, cert, anchors, NULL, NULL);
		ek_expect(row[i].what, &v.reasons, row[i].reasons);
		ek_expect(row[i].what, &v.warnings, row[i].warnings);
		X509_free(cert);
	}
}
#define JUDGE(rows) judge_rows(rows, sizeof(rows) / sizeof((rows)[0]))

#define BARE .by = EK_MAKER, .maker = "id:53544D20", .model = "X", .version = "id:004A0020"

static void what_it_says(void **state)
{
	static const struct row rows[] = {
	    {"good", {EK_GOOD}, "", ""},
	    {"no constraints, usage or purpose, but a maker", {BARE, .key = EK_RSA2048}, "", ""},
	    {"a purpose, but no maker",
	     {.by = EK_MAKER, .key = EK_RSA2048, .purpose = "2.23.133.8.1"},
	     "",
	     CAIRN_EK_NO_ATTRIBUTES},
	    {"neither purpose nor maker",
	     {.by = EK_MAKER, .key = EK_RSA2048, .usage = "keyEncipherment"},
	     CAIRN_EK_NOT_AN_EK,
	     CAIRN_EK_NO_ATTRIBUTES},
	    {"a purpose among others",
	     {BARE, .key = EK_RSA2048, .purpose = "serverAuth,2.23.133.8.1"},
	     "",
	     ""},
	    {"a purpose before others",
	     {BARE, .key = EK_RSA2048, .purpose = "2.23.133.8.1,serverAuth"},
	     "",
	     ""},
	    {"for servers", {BARE, .key = EK_RSA2048, .purpose = "serverAuth"}, CAIRN_EK_PURPOSE, ""},
	    {"of an AIK", {BARE, .key = EK_RSA2048, .purpose = "2.23.133.8.3"}, CAIRN_EK_PURPOSE, ""},
	    {"for anything",
	     {BARE, .key = EK_RSA2048, .purpose = "anyExtendedKeyUsage"},
	     CAIRN_EK_PURPOSE,
	     ""},
	    {"RSA that signs",
	     {BARE, .key = EK_RSA2048, .usage = "digitalSignature"},
	     CAIRN_EK_KEY_USAGE,
	     ""},
	    {"RSA that agrees", {BARE, .key = EK_RSA2048, .usage = "keyAgreement"}, CAIRN_EK_KEY_USAGE, ""},
	    {"ECC that enciphers",
	     {BARE, .key = EK_P256, .usage = "keyEncipherment"},
	     CAIRN_EK_KEY_USAGE,
	     ""},
	    {"more than one usage",
	     {BARE, .key = EK_RSA2048, .usage = "keyEncipherment,digitalSignature"},
	     "",
	     ""},
	    {"a CA", {BARE, .key = EK_RSA2048, .constraints = "CA:TRUE"}, CAIRN_EK_IS_CA, ""},
	    {"a CA that may not sign",
	     {BARE, .key = EK_RSA2048, .constraints = "CA:TRUE", .usage = "keyEncipherment"},
	     CAIRN_EK_IS_CA,
	     ""},
	    {"a root of version 1 that signed itself",
	     {.key = EK_MAKER, .by = EK_MAKER, .subject = "maker", .version1 = 1},
	     CAIRN_EK_IS_CA " " CAIRN_EK_NOT_AN_EK " " CAIRN_EK_CHAIN,
	     CAIRN_EK_NO_ATTRIBUTES},
	    {"a CA by its usage",
	     {BARE, .key = EK_RSA2048, .usage = "keyCertSign,keyEncipherment"},
	     CAIRN_EK_IS_CA " " CAIRN_EK_KEY_USAGE,
	     ""},
	    {"one that may sign, and is no CA",
	     {BARE, .key = EK_RSA2048, .constraints = "CA:FALSE", .usage = "keyCertSign,keyEncipherment"},
	     CAIRN_EK_KEY_USAGE,
	     ""},
	    {"constraints twice",
	     {BARE, .key = EK_RSA2048, .constraints = "CA:FALSE", .twice = "CA:FALSE"},
	     CAIRN_EK_MALFORMED " " CAIRN_EK_KEY_USAGE " " CAIRN_EK_CHAIN,
	     ""},
	    {"critical extension", {EK_GOOD, .critical = "1.3.6.1.4.1.99999.1"}, CAIRN_EK_CRITICAL, ""},
	    {"unknown extension", {EK_GOOD, .plain = "1.3.6.1.4.1.99999.1"}, "", ""},
	    {"critical policies", {EK_GOOD, .critical = "2.5.29.32"}, "", ""},
	    {"critical policy constraints, which are not followed",
	     {EK_GOOD, .critical = "2.5.29.36"},
	     CAIRN_EK_CRITICAL,
	     ""},
	    {"critical purpose", {BARE, .key = EK_RSA2048, .purpose = "critical,2.23.133.8.1"}, "", ""},
	    {"unreadable purpose",
	     {BARE, .key = EK_RSA2048, .plain = "2.5.29.37"},
	     CAIRN_EK_MALFORMED " " CAIRN_EK_MALFORMED " " CAIRN_EK_KEY_USAGE " " CAIRN_EK_CHAIN,
	     ""},
	    {"critical specification", {EK_GOOD, .specification = true}, "", ""},
	    {"two makers", {EK_GOOD, .maker2 = "id:49465800"}, CAIRN_EK_AMBIGUOUS, ""},
	    {"one maker twice", {EK_GOOD, .maker2 = "id:53544D20"}, "", ""},
	};
	(void)state;
	JUDGE(rows);
}

static void keys(void **state)
{
	static const struct row rows[] = {
	    {"RSA-3072", {BARE, .key = EK_RSA3072, .usage = "keyEncipherment"}, "", ""},
	    {"P-256", {BARE, .key = EK_P256, .usage = "keyAgreement"}, "", ""},
	    {"P-384", {BARE, .key = EK_P384, .usage = "keyAgreement"}, "", ""},
	    {"RSA-1024", {BARE, .key = EK_RSA1024}, CAIRN_EK_KEY, ""},
	    {"RSA-4096", {BARE, .key = EK_RSA4096}, CAIRN_EK_KEY, ""},
	    {"P-521", {BARE, .key = EK_P521}, CAIRN_EK_KEY, ""},
	    {"P-192", {BARE, .key = EK_P192}, CAIRN_EK_KEY, ""},
	    {"Ed25519", {BARE, .key = EK_ED25519}, CAIRN_EK_KEY, ""},
	    {"RSA with exponent 3", {BARE, .key = EK_RSA_E3}, CAIRN_EK_KEY, ""},
	    {"ROCA", {BARE, .key = EK_ROCA}, CAIRN_EK_ROCA, ""},
	};
	(void)state;
	JUDGE(rows);
}

static void times(void **state)
{
	static const struct row rows[] = {
	    {"expired", {EK_GOOD, .ends = "20210101000000Z"}, "", CAIRN_EK_EXPIRED},
	    {"not yet valid", {EK_GOOD, .starts = "20490101000000Z"}, "", CAIRN_EK_NOT_YET_VALID},
	    {"for ever", {EK_GOOD, .ends = "99991231235959Z"}, "", ""},
	};
	(void)state;
	JUDGE(rows);
}

/* Times that are none are no times that have not come. */
static void malformed_times(void **state)
{
	X509 *const anchors[] = {maker, NULL};
	(void)state;
	for (int end = 0; end < 2; end++) {
		cairn_auto_ek_verdict struct cairn_ek_verdict v = {0};
		X509 *cert = ek_make(&(struct ek_spec){EK_GOOD});
		ASN1_STRING_set(end ? X509_getm_notAfter(cert) : X509_getm_notBefore(cert), "2020130100000Z",
				-1);
		assert_true(X509_sign(cert, ek_key(EK_MAKER), EVP_sha256()) > 0);
		ek_judge(&v, cert, anchors, NULL, NULL);
		ek_expect("malformed time", &v.reasons, CAIRN_EK_VALIDITY);
		X509_free(cert);
	}
}

/* As Infineon writes the keys of TPM 1.2. */
static void rsaes_oaep_key(void **state)
{
	cairn_auto_ek_verdict struct cairn_ek_verdict v = {0};
	X509 *const anchors[] = {maker, NULL};
	X509 *cert = ek_make(&(struct ek_spec){EK_GOOD});
	unsigned char *der = NULL;
	int len = i2d_PublicKey(ek_key(EK_RSA2048), &der);
	ASN1_OBJECT *oaep = OBJ_nid2obj(NID_rsaesOaep);
	(void)state;
	assert_true(len > 0);
	assert_int_equal(
	    X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(cert), oaep, V_ASN1_UNDEF, NULL, der, len), 1);
	assert_true(X509_sign(cert, ek_key(EK_MAKER), EVP_sha256()) > 0);
	ek_judge(&v, cert, anchors, NULL, NULL);
	ek_expect("RSAES-OAEP", &v.reasons, "");
	assert_string_equal(v.facts.key, "RSA-2048");
	EVP_PKEY *key = NULL;
	assert_int_equal(cairn_cert_key(&key, cert), CAIRN_OK);
	assert_int_equal(EVP_PKEY_eq(key, ek_key(EK_RSA2048)), 1);
	EVP_PKEY_free(key);
	X509_free(cert);
}

static void unreadable_key(void **state)
{
	cairn_auto_ek_verdict struct cairn_ek_verdict v = {0};
	X509 *const anchors[] = {maker, NULL};
	X509 *cert = ek_make(&(struct ek_spec){EK_GOOD});
	unsigned char *junk = OPENSSL_zalloc(8);
	(void)state;
	X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(cert), OBJ_nid2obj(NID_rsaesOaep), V_ASN1_UNDEF, NULL,
			       junk, 8);
	assert_true(X509_sign(cert, ek_key(EK_MAKER), EVP_sha256()) > 0);
	ek_judge(&v, cert, anchors, NULL, NULL);
	ek_expect("no key", &v.reasons, CAIRN_EK_KEY_USAGE " " CAIRN_EK_KEY);
	EVP_PKEY *key = NULL;
	assert_int_equal(cairn_cert_key(&key, cert), CAIRN_E_UNSUPPORTED);
	assert_null(key);
	X509_free(cert);
}

static void facts(void **state)
{
	static const struct {
		const char *maker, *version;
		bool one_rdn, has_maker, has_firmware;
		uint64_t firmware;
		const char *id, *name;
	} rows[] = {
	    {"id:53544D20", "id:00490004", false, true, true, 0x0049000400000000, "STM",
	     "STMicroelectronics"},
	    {"id:49465800", "id:053E", true, true, true, 0x0005003e00000000, "IFX", "Infineon"},
	    {"id:494e5443", "id:000B000800320D47", true, true, true, 0x000b000800320d47, "INTC", "Intel"},
	    {"id:00001014", "id:123", false, true, false, 0, "00001014", ""},
	    {"id:494E544", "053E", false, false, false, 0, "id:494E544", ""},
	    {"id:49465800", "xx:053E", false, true, false, 0, "IFX", "Infineon"},
	    {"id:49465800", "id:000B000800320D470", false, true, false, 0, "IFX", "Infineon"},
	    {"IFX", "id:", false, false, false, 0, "IFX", ""},
	    {"id:4E54430G", "id:053X", false, false, false, 0, "id:4E54430G", ""},
	};
	X509 *const anchors[] = {maker, NULL};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cairn_auto_ek_verdict struct cairn_ek_verdict v = {0};
		const struct ek_spec s = {.key = EK_RSA2048,
					  .by = EK_MAKER,
					  .purpose = "2.23.133.8.1",
					  .maker = rows[i].maker,
					  .model = "M",
					  .version = rows[i].version,
					  .one_rdn = rows[i].one_rdn,
					  .specification = true,
					  .url = "http://maker.example/ca.crt"};
		X509 *cert = ek_make(&s);
		ek_judge(&v, cert, anchors, NULL, NULL);
		assert_int_equal(v.facts.has_maker, rows[i].has_maker);
		assert_string_equal(v.facts.maker_id, rows[i].id);
		assert_string_equal(v.facts.maker_name, rows[i].name);
		assert_string_equal(v.facts.model, "M");
		assert_string_equal(v.facts.version, rows[i].version);
		assert_int_equal(v.facts.has_firmware, rows[i].has_firmware);
		assert_true(!v.facts.has_firmware || v.facts.firmware == rows[i].firmware);
		assert_string_equal(v.facts.spec_family, "2.0");
		assert_int_equal(v.facts.spec_level, 0);
		assert_int_equal(v.facts.spec_revision, 138);
		assert_string_equal(v.facts.issuer_url, "http://maker.example/ca.crt");
		X509_free(cert);
	}
}

/* A specification that is none is not told, and hurts nobody. */
static void other_specifications(void **state)
{
#define OID "\x06\x05\x67\x81\x05\x02\x10"
	static const struct {
		const char *directory, *family;
		long level, revision;
	} rows[] = {
	    {"\x04\x30\x02\x05\x00", "", -1, -1},				  /* no attribute */
	    {"\x0d\x30\x0b\x30\x09" OID "\x31\x00", "", -1, -1},		  /* no value */
	    {"\x10\x30\x0e\x30\x0c" OID "\x31\x03\x01\x01\xff", "", -1, -1},	  /* a number */
	    {"\x12\x30\x10\x30\x0e" OID "\x31\x05\x30\x03\x0c\x01x", "", -1, -1}, /* too short */
	    {"\x18\x30\x16\x30\x14" OID "\x31\x0b\x30\x09\x0c\x01x\x0c\x01y\x02\x01\x07", "x", -1, 7},
	    {"\x18\x30\x16\x30\x14" OID "\x31\x0b\x30\x09\x0c\x01z\x01\x01\xff\x02\x01\x07", "z", -1, 7},
	    {"\x18\x30\x16\x30\x14" OID "\x31\x0b\x30\x09\x02\x01\x01\x02\x01\x02\x02\x01\x03", "", 2, 3},
	    {"\x18\x30\x16\x30\x14\x06\x05\x67\x81\x05\x02\x11\x31\x0b\x30\x09\x0c\x01x\x02\x01\x02\x02\x01"
	     "\x03",
	     "", -1, -1},
	};
	X509 *const anchors[] = {maker, NULL};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cairn_auto_ek_verdict struct cairn_ek_verdict v = {0};
		X509 *cert = ek_make(&(struct ek_spec){EK_GOOD, .directory = rows[i].directory});
		ek_judge(&v, cert, anchors, NULL, NULL);
		assert_true(v.accepted);
		assert_string_equal(v.facts.spec_family, rows[i].family);
		assert_int_equal(v.facts.spec_level, rows[i].level);
		assert_int_equal(v.facts.spec_revision, rows[i].revision);
		X509_free(cert);
	}
}

static void makers(void **state)
{
	static const char *const rows[][2] = {{"AMD", "AMD"},
					      {"ANT", "Ant Group"},
					      {"ATML", "Atmel"},
					      {"BRCM", "Broadcom"},
					      {"CSCO", "Cisco"},
					      {"FLYS", "FlySlice Technologies"},
					      {"GOOG", "Google"},
					      {"HISI", "Huawei"},
					      {"HPE", "HPE"},
					      {"HPI", "HPI"},
					      {"IBM", "IBM"},
					      {"IFX", "Infineon"},
					      {"INTC", "Intel"},
					      {"LEN", "Lenovo"},
					      {"MSFT", "Microsoft"},
					      {"NSG", "NSING"},
					      {"NSM", "National Semiconductor"},
					      {"NTC", "Nuvoton Technology"},
					      {"NTZ", "Nationz"},
					      {"QCOM", "Qualcomm"},
					      {"ROCC", "Rockchip"},
					      {"SEAL", "Wisekey"},
					      {"SECE", "SecEdge"},
					      {"SMSC", "SMSC"},
					      {"SMSN", "Samsung"},
					      {"SNS", "Sinosun"},
					      {"STM", "STMicroelectronics"},
					      {"TXN", "Texas Instruments"},
					      {"WEC", "Winbond"},
					      {"AB", ""}};
	static const struct {
		uint32_t maker;
		const char *id;
	} others[] = {{0x41004200, "41004200"}, {0x41420a00, "41420A00"}, {0x410a4200, "410A4200"},
		      {0, "00000000"},		{0x414d4420, "AMD"},	  {0x20202020, "20202020"}};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t m = 0;
		char id[16];
		for (size_t k = 0; k < 4; k++)
			m = m << 8 | (k < strlen(rows[i][0]) ? (uint8_t)rows[i][0][k] : 0u);
		assert_string_equal(cairn_maker_name(m), rows[i][1]);
		cairn_maker_id(id, m);
		assert_string_equal(id, rows[i][0]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		char id[16];
		cairn_maker_id(id, others[i].maker);
		assert_string_equal(id, others[i].id);
	}
}

/* What a certificate says is printed: it is one line of ASCII. */
static void facts_are_printable(void **state)
{
	cairn_auto_ek_verdict struct cairn_ek_verdict v = {0};
	X509 *const anchors[] = {maker, NULL};
	X509 *cert = ek_make(&(struct ek_spec){EK_GOOD, .subject = "a\nb\x1b[31m\xc3\xa9"});
	(void)state;
	ek_judge(&v, cert, anchors, NULL, NULL);
	for (const char *p = v.facts.subject; *p; p++)
		assert_in_range(*p, 0x20, 0x7e);
	json_t *json = cairn_ek_json(&v);
	assert_non_null(json);
	json_decref(json);
	X509_free(cert);
}

/* A real one, of STMicroelectronics, padded with FF; its issuer is among the shipped roots. */
static void recorded_certificates(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	cairn_auto_buf struct cairn_buf why = {0};
	STACK_OF(X509) *roots = sk_X509_new_null(), *certs = sk_X509_new_null();
	struct cairn_ek_verdict v = {0};
	size_t padding = 0;
	(void)state;
	data_load(&b, "ek/ek-st33-ffpadded.der");
	assert_int_equal(cairn_ekroots_load(roots, "keys/ek-roots", &why), CAIRN_OK);
	assert_int_equal(cairn_certs_read(certs, &padding, cairn_buf_span(&b), NULL), CAIRN_OK);
	assert_int_equal(padding, 431);
	struct cairn_ek_question q = {.cert = sk_X509_value(certs, 0), .anchors = roots, .now = 1800000000};
	assert_int_equal(cairn_ekcert_judge(&v, &q), CAIRN_OK);
	assert_true(v.accepted);
	ek_expect("ST33", &v.warnings, "");
	assert_string_equal(v.facts.model, "ST33HTPHAHB4");
	assert_string_equal(v.facts.maker_name, "STMicroelectronics");
	assert_int_equal(v.facts.spec_revision, 116);
	assert_int_equal(v.chain_len, 2);
	assert_string_equal(v.chain[1].subject,
			    "CN=STM TPM EK Intermediate CA 05,O=STMicroelectronics NV,C=CH");
	cairn_ek_verdict_fini(&v);
	q.now = 1900000000; /* 2030: it expired in 2028 */
	assert_int_equal(cairn_ekcert_judge(&v, &q), CAIRN_OK);
	assert_true(v.accepted);
	ek_expect("ST33 later", &v.warnings, CAIRN_EK_EXPIRED);
	cairn_ek_verdict_fini(&v);
	sk_X509_pop_free(roots, X509_free);
	sk_X509_pop_free(certs, X509_free);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_it_says),
	    cmocka_unit_test(keys),
	    cmocka_unit_test(times),
	    cmocka_unit_test(malformed_times),
	    cmocka_unit_test(rsaes_oaep_key),
	    cmocka_unit_test(unreadable_key),
	    cmocka_unit_test(facts),
	    cmocka_unit_test(other_specifications),
	    cmocka_unit_test(makers),
	    cmocka_unit_test(facts_are_printable),
	    cmocka_unit_test(recorded_certificates),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
