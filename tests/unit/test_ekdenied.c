/* The denied list: its form, whom its rows speak of, and what follows for certificates and hosts; ROCA. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/core_names.h>

#include "cairn/appraise.h"
#include "ek_fixture.h"

#define ROW_END                                                                                              \
	"\"action\":\"deny\",\"made\":\"warn\",\"advisory\":[\"CVE-1\"],\"text\":\"broken\",\"source\":"     \
	"\"here\"}"
#define ROW	   "{\"id\":\"a\",\"maker\":\"IFX\",\"model\":\"SLB\",\"firmware\":[\"7.0\",\"7.61\"]," ROW_END
#define LIST(rows) "{\"format\":\"cairn-ek-denied\",\"version\":1,\"rows\":[" rows "]}"

static int teardown(void **state)
{
	(void)state;
	ek_keys_free();
	return 0;
}

static enum cairn_status parse(struct cairn_ekdenied **out, const char *text)
{
	cairn_auto_buf struct cairn_buf why = {0};
	enum cairn_status st = cairn_ekdenied_parse(out, cairn_span_str(text), &why);
	assert_int_equal(why.len > 0, st != CAIRN_OK);
	return st;
}

static void which_lists_are_read(void **state)
{
	static const struct {
		const char *text;
		enum cairn_status status;
	} rows[] = {
	    {LIST(""), CAIRN_OK},
	    {LIST(ROW), CAIRN_OK},
	    {LIST("{\"id\":\"a\",\"maker\":\"00001014\"," ROW_END), CAIRN_OK},
	    {"{\"format\":\"cairn-ek-denied\",\"version\":2,\"rows\":[]}", CAIRN_E_VERSION},
	    {"{\"format\":\"cairn\",\"version\":1,\"rows\":[]}", CAIRN_E_MALFORMED},
	    {"{\"format\":\"cairn-ek-denied\",\"version\":1,\"rows\":[],\"row\":[]}", CAIRN_E_UNSUPPORTED},
	    {"{\"format\":\"cairn-ek-denied\",\"version\":1}", CAIRN_E_MALFORMED},
	    {"[]", CAIRN_E_MALFORMED},
	    {"", CAIRN_E_MALFORMED},
	    {LIST("1"), CAIRN_E_MALFORMED},
	    {LIST(ROW "," ROW), CAIRN_E_MALFORMED}, /* one id twice */
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"firmwares\":[\"7.0\",\"7.61\"]," ROW_END),
	     CAIRN_E_UNSUPPORTED},
	    {LIST("{\"maker\":\"IFX\"," ROW_END), CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\"," ROW_END), CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"\"," ROW_END), CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"INFIN\"," ROW_END), CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"0000101g\"," ROW_END), CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"model\":1," ROW_END), CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"firmware\":[\"7.0\"]," ROW_END), CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"firmware\":[\"7.0\",\"7.1\",\"7.2\"]," ROW_END),
	     CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"firmware\":[7,8]," ROW_END), CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"firmware\":\"7.0\"," ROW_END), CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"firmware\":[\"7.1\",\"7.0\"]," ROW_END),
	     CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"firmware\":[\"\",\"7.0\"]," ROW_END), CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"firmware\":[\"7.\",\"7.0\"]," ROW_END),
	     CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"firmware\":[\"7\",\"7 \"]," ROW_END), CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"firmware\":[\"7\",\"65536\"]," ROW_END),
	     CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"firmware\":[\"7\",\"7.1.2.3.4\"]," ROW_END),
	     CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"firmware\":[\"0\",\"65536\"]," ROW_END),
	     CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"firmware\":[\"0\",\"7.1.2.3.4\"]," ROW_END),
	     CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"firmware\":[\"0\",\"7-1\"]," ROW_END),
	     CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"firmware\":[7,\"8\"]," ROW_END), CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"firmware\":[\"7\",8]," ROW_END), CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"INFIN\",\"model\":\"M\"," ROW_END), CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"model\":1,\"firmware\":[\"1\",\"2\"]," ROW_END),
	     CAIRN_E_MALFORMED},
	    {"[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]", CAIRN_E_LIMIT},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"action\":\"Deny\",\"made\":\"warn\",\"advisory\":[],"
		  "\"text\":\"\",\"source\":\"\"}"),
	     CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"action\":\"deny\",\"made\":\"\",\"advisory\":[],"
		  "\"text\":\"\",\"source\":\"\"}"),
	     CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"action\":\"deny\",\"advisory\":[],\"text\":\"\","
		  "\"source\":\"\"}"),
	     CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"action\":\"deny\",\"made\":\"warn\",\"advisory\":[1],"
		  "\"text\":\"\",\"source\":\"\"}"),
	     CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"action\":\"deny\",\"made\":\"warn\",\"text\":\"\","
		  "\"source\":\"\"}"),
	     CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"action\":\"deny\",\"made\":\"warn\",\"advisory\":[],"
		  "\"source\":\"\"}"),
	     CAIRN_E_MALFORMED},
	    {LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"action\":\"deny\",\"made\":\"warn\",\"advisory\":[],"
		  "\"text\":\"\"}"),
	     CAIRN_E_MALFORMED},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cairn_ekdenied *d = NULL;
		enum cairn_status st = parse(&d, rows[i].text);
		if (st != rows[i].status)
			fail_msg("%s: %s", rows[i].text, cairn_status_text(st));
		cairn_ekdenied_free(d);
	}
}

static void limits(void **state)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct cairn_ekdenied *d = NULL;
	(void)state;
	cairn_buf_add_str(&b, "{\"format\":\"cairn-ek-denied\",\"version\":1,\"rows\":[");
	for (int i = 0; i <= CAIRN_DENIED_ROWS_MAX; i++)
		cairn_buf_add_str(&b, i ? ",1" : "1");
	cairn_buf_add_str(&b, "]}");
	assert_int_equal(cairn_ekdenied_parse(&d, cairn_buf_span(&b), NULL), CAIRN_E_LIMIT);
	b.len = 0;
	cairn_buf_add_str(&b, LIST("{\"id\":\"a\",\"maker\":\"IFX\",\"action\":\"deny\",\"made\":\"warn\","
				   "\"text\":\"\",\"source\":\"\",\"advisory\":[\""));
	b.len -= 2;
	for (int i = 0; i < 128; i++)
		cairn_buf_add_str(&b, "C");
	cairn_buf_add_str(&b, "\"]}]}");
	assert_int_equal(cairn_ekdenied_parse(&d, cairn_buf_span(&b), NULL), CAIRN_E_LIMIT);
	b.len = 0;
	cairn_buf_add_str(&b, LIST(""));
	while (b.len <= CAIRN_DENIED_SIZE_MAX)
		cairn_buf_add_str(&b, "                                                                ");
	assert_int_equal(cairn_ekdenied_parse(&d, cairn_buf_span(&b), NULL), CAIRN_E_LIMIT);
	char path[] = "/tmp/cairn-denied-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "{}", 2), 2);
	close(fd);
	b.len = 0;
	assert_int_equal(cairn_ekdenied_load(&d, path, &b), CAIRN_E_MALFORMED);
	assert_non_null(strstr(cairn_buf_str(&b), path));
	assert_null(d);
	unlink(path);
	assert_int_equal(cairn_ekdenied_load(&d, path, &b), CAIRN_E_NOTFOUND);
	assert_null(d);
}

#define V(a, b, c, d) ((uint64_t)(a) << 48 | (uint64_t)(b) << 32 | (uint64_t)(c) << 16 | (uint64_t)(d))
#define IFX	      0x49465800

static void whom_a_row_speaks_of(void **state)
{
	static const struct {
		bool has_maker;
		uint32_t maker;
		const char *model;
		uint64_t made, now; /* 0: not known */
		int hit;	    /* 0 none, 1 of what it was made with, 2 of what it has now */
	} rows[] = {
	    {true, IFX, "SLB 9670", V(7, 61, 0, 0), 0, 1},
	    {true, IFX, "slb9670", V(7, 0, 0, 0), 0, 1},
	    {true, 0x49465820, "SLB", V(7, 30, 0, 0), 0, 1}, /* "IFX " */
	    {true, IFX, "SLB", 0, V(7, 61, 65535, 65535), 2},
	    {true, IFX, "SLB", V(7, 61, 0, 0), V(7, 62, 0, 0), 0}, /* updated */
	    {true, IFX, "SLB", V(7, 62, 0, 0), V(7, 61, 0, 0), 2},
	    {true, IFX, "SLB", V(6, 65535, 0, 0), 0, 0},
	    {true, IFX, "SLB", V(7, 62, 0, 0), 0, 0},
	    {true, IFX, "SLB", 0, 0, 0},
	    {true, IFX, "SL", V(7, 61, 0, 0), 0, 0},
	    {true, 0x53544d20, "SLB", V(7, 61, 0, 0), 0, 0},
	    {true, 0x49465858, "SLB", V(7, 61, 0, 0), 0, 0}, /* "IFXX" */
	    {false, IFX, "SLB", V(7, 61, 0, 0), V(7, 61, 0, 0), 0},
	};
	struct cairn_ekdenied *d = NULL;
	(void)state;
	assert_int_equal(parse(&d, LIST(ROW)), CAIRN_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cairn_ekdenied_tpm tpm = {.has_maker = rows[i].has_maker,
						 .maker = rows[i].maker,
						 .model = rows[i].model,
						 .made = rows[i].made ? &rows[i].made : NULL,
						 .now = rows[i].now ? &rows[i].now : NULL};
		struct cairn_ekdenied_hit hit = {0};
		size_t at = 0;
		bool found = cairn_ekdenied_next(&hit, d, &at, &tpm);
		if (found != (rows[i].hit != 0))
			fail_msg("row %zu", i);
		assert_true(!found || (hit.present == (rows[i].hit == 2) && hit.deny == (rows[i].hit == 2)));
		assert_true(!found || strcmp(hit.advisory, "CVE-1") == 0);
		assert_false(found && cairn_ekdenied_next(&hit, d, &at, &tpm)); /* once */
	}
	cairn_ekdenied_free(d);
}

/* The list that is built in, on certificates. */
static void shipped_list(void **state)
{
	static const struct {
		const char *maker, *model, *version;
		uint64_t now;
		const char *reasons, *warnings;
	} rows[] = {
	    {"id:49465800", "SLB 9670", "id:073D", 0, "", CAIRN_EK_FLAGGED},
	    {"id:49465800", "SLB 9670", "id:073D", V(7, 61, 0, 0), CAIRN_EK_DENIED, ""},
	    {"id:49465800", "SLB 9670", "id:073D", V(7, 85, 0, 0), "", ""},
	    {"id:49465800", "SLB 9670", "id:073E", 0, "", ""},
	    {"id:49465800", "SLB 9660", "id:0428", V(4, 42, 0, 0), CAIRN_EK_DENIED, ""},
	    {"id:49465800", "SLB 9672", "id:0F14", V(15, 21, 0, 0), "", CAIRN_EK_FLAGGED},
	    {"id:53544D20", "ST33HTPHAHB4", "id:00490004", 0, "", CAIRN_EK_FLAGGED},
	    {"id:53544D20", "ST33HTPHAHB4", "id:00490004", V(73, 4, 0, 0), CAIRN_EK_DENIED, ""},
	    {"id:53544D20", "ST33HTPHAHB4", "id:00490004", V(73, 20, 0, 0), "", ""},
	    {"id:494E5443", "Intel", "id:00000002", V(11, 8, 50, 3399), CAIRN_EK_DENIED, ""},
	    {"id:494E5443", "Intel", "id:00000002", V(11, 8, 70, 0), "", ""},
	    {"id:494E5443", "Intel", "id:00000002", V(12, 0, 44, 65535), CAIRN_EK_DENIED, ""},
	    {"id:4E544300", "NPCT75x", "id:00070002", V(7, 2, 1, 0), CAIRN_EK_DENIED, CAIRN_EK_FLAGGED},
	    {"id:4E544300", "NPCT75x", "id:00070002", V(7, 2, 3, 1), "", CAIRN_EK_FLAGGED},
	    {"id:4E544300", "NPCT75x", "id:00070002", V(7, 2, 4, 1), "", ""},
	    {"id:4E544300", "NPCT65x", "id:00010003", V(1, 3, 2, 8), "", CAIRN_EK_FLAGGED},
	    {"id:00001014", "swtpm", "id:20191023", 0, "", CAIRN_EK_FLAGGED},
	};
	X509 *maker = ek_make(&(struct ek_spec){EK_CA});
	X509 *const anchors[] = {maker, NULL};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cairn_auto_ek_verdict struct cairn_ek_verdict v = {0};
		X509 *cert = ek_make(&(struct ek_spec){.key = EK_RSA2048,
						       .by = EK_MAKER,
						       .purpose = "2.23.133.8.1",
						       .maker = rows[i].maker,
						       .model = rows[i].model,
						       .version = rows[i].version});
		char what[64];
		snprintf(what, sizeof what, "row %zu (%s)", i, rows[i].model);
		ek_judge(&v, cert, anchors, NULL, rows[i].now ? &rows[i].now : NULL);
		ek_expect(what, &v.reasons, rows[i].reasons);
		ek_expect(what, &v.warnings, rows[i].warnings);
		X509_free(cert);
	}
	X509_free(maker);
}

/* The same at an appraisal: the state falls, and the submod says why. */
static void appraisal(void **state)
{
	static const struct {
		uint64_t now;
		enum cairn_state before, after;
		const char *tier, *code; /* NULL: no submod */
	} rows[] = {
	    {V(7, 61, 0, 0), CAIRN_STATE_TRUSTED, CAIRN_STATE_CONTRAINDICATED, "contraindicated",
	     CAIRN_R_TPM_DENIED},
	    {V(7, 61, 0, 0), CAIRN_STATE_UNMEASURED, CAIRN_STATE_CONTRAINDICATED, "contraindicated",
	     CAIRN_R_TPM_DENIED},
	    {V(7, 62, 0, 0), CAIRN_STATE_TRUSTED, CAIRN_STATE_TRUSTED, NULL, NULL},
	    {V(15, 22, 0, 0), CAIRN_STATE_TRUSTED, CAIRN_STATE_TRUSTED, "warning", CAIRN_R_TPM_FLAGGED},
	};
	struct cairn_ekdenied *d = NULL;
	(void)state;
	assert_int_equal(cairn_ekdenied_load(&d, NULL, NULL), CAIRN_OK);
	assert_true(cairn_ekdenied_count(d) > 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cairn_auto_verdict struct cairn_verdict v = {rows[i].before, json_object()};
		struct cairn_ekdenied_tpm tpm = {
		    .has_maker = true, .maker = IFX, .model = "SLB", .now = &rows[i].now};
		assert_int_equal(cairn_appraise_tpm(&v, d, &tpm), CAIRN_OK);
		assert_int_equal(v.state, rows[i].after);
		const json_t *sub = json_object_get(v.submods, "tpm");
		assert_int_equal(sub != NULL, rows[i].tier != NULL);
		if (!sub)
			continue;
		const json_t *reason = json_array_get(json_object_get(sub, "cairn.reasons"), 0);
		assert_string_equal(json_string_value(json_object_get(sub, "ear.status")), rows[i].tier);
		assert_string_equal(json_string_value(json_object_get(reason, "code")), rows[i].code);
	}
	cairn_ekdenied_free(d);
}

/* A row that warns of the maker as such does not come up at each appraisal. */
static void software_tpm_is_told_once(void **state)
{
	cairn_auto_verdict struct cairn_verdict v = {CAIRN_STATE_TRUSTED, json_object()};
	uint64_t now = V(0x2019, 0x1023, 0x16, 0x3636);
	struct cairn_ekdenied_tpm tpm = {.has_maker = true, .maker = 0x1014, .model = "swtpm", .now = &now};
	struct cairn_ekdenied *d = NULL;
	(void)state;
	assert_int_equal(cairn_ekdenied_load(&d, NULL, NULL), CAIRN_OK);
	assert_int_equal(cairn_appraise_tpm(&v, d, &tpm), CAIRN_OK);
	assert_int_equal(v.state, CAIRN_STATE_TRUSTED);
	assert_int_equal(json_object_size(v.submods), 0);
	cairn_ekdenied_free(d);
}

static void roca(void **state)
{
	static const enum ek_key good[] = {EK_RSA1024, EK_RSA2048, EK_RSA3072, EK_RSA4096};
	BIGNUM *n = NULL;
	(void)state;
	assert_int_equal(EVP_PKEY_get_bn_param(ek_key(EK_ROCA), OSSL_PKEY_PARAM_RSA_N, &n), 1);
	assert_true(cairn_roca(n));
	for (unsigned bit = 0; bit < 2048; bit += 97) { /* a modulus beside it is not of the form */
		BIGNUM *other = BN_dup(n);
		BN_is_bit_set(other, (int)bit) ? BN_clear_bit(other, (int)bit) : BN_set_bit(other, (int)bit);
		assert_false(cairn_roca(other));
		BN_free(other);
	}
	BN_free(n);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		n = NULL;
		assert_int_equal(EVP_PKEY_get_bn_param(ek_key(good[i]), OSSL_PKEY_PARAM_RSA_N, &n), 1);
		assert_false(cairn_roca(n));
		BN_free(n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(which_lists_are_read),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(whom_a_row_speaks_of),
	    cmocka_unit_test(shipped_list),
	    cmocka_unit_test(appraisal),
	    cmocka_unit_test(software_tpm_is_told_once),
	    cmocka_unit_test(roca),
	};
	return cmocka_run_group_tests(tests, NULL, teardown);
}
