/* cairn quote verify: judges a quote from files, with no TPM, no server and no privileges. Trusts the key that it is
 * given; that the key lives in a TPM is for `cairn ek verify` and enrolment. Good is only: every check that can be made
 * holds, a nonce was compared, and nothing was given that the quote does not cover. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "quotes.h"

struct options {
	const char *ak, *parent, *quote, *signature, *nonce, *pcrs, *selection;
	struct cairn_cli_list logs;
	bool json, allow_sha1;
};

struct files {
	struct cairn_buf ak, parent, quote, signature;
};

/* ---- reading what was given
 * ------------------------------------------------------------------------------------- */

static bool one_stdin(const struct options *o)
{
	const char *const files[] = {o->ak, o->parent, o->quote, o->signature, o->pcrs};
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		n += files[i] && strcmp(files[i], "-") == 0;
	for (size_t i = 0; i < o->logs.count; i++)
		n += strcmp(o->logs.item[i], "-") == 0;
	return n <= 1;
}

static int usage(const char *text)
{
	return cairn_cli_complain(CAIRN_EXIT_USAGE, "%s", text);
}

static int read_nonce(struct cairn_buf *out, const char *hex)
{
	cairn_auto_buf struct cairn_buf low = {0};

	for (; hex && *hex; hex++)
		cairn_buf_add_u8(&low, (uint8_t)(*hex >= 'A' && *hex <= 'F' ? *hex | 0x20 : *hex));
	if (cairn_hex_decode(out, cairn_buf_span(&low)) != CAIRN_OK)
		return usage("--nonce: not pairs of hexadecimal digits");
	if (out->len < 8)
		return usage("--nonce: less than 8 bytes make nothing fresh");
	return CAIRN_EXIT_GOOD;
}

static int read_arguments(struct cairn_cli_quote *q, const struct options *o)
{
	if (!one_stdin(o))
		return usage("- is standard input, which can be read once only");
	if (o->nonce) {
		int code = read_nonce(&q->nonce, o->nonce);

		if (code)
			return code;
	}
	if (o->selection && cairn_selection_parse(&q->wanted, o->selection) != CAIRN_OK)
		return usage("--selection: not of the form sha256:0,1,2+sha384:all, with PCRs below 24");
	q->allow_sha1 = o->allow_sha1;
	q->pcrs_path = o->pcrs;
	q->logs = &o->logs;
	return CAIRN_EXIT_GOOD;
}

static int read_file(struct cairn_buf *out, const char *path)
{
	enum cairn_status s = cairn_file_read(out, path, CAIRN_QUOTEFILE_MAX);

	return s ? cairn_cli_fail(s, NULL, "%s", path) : CAIRN_EXIT_GOOD;
}

static int read_files(struct cairn_cli_quote *q, struct files *f, const struct options *o)
{
	cairn_auto_buf struct cairn_buf why = {0};
	int code = read_file(&f->ak, o->ak);

	if (!code && o->parent)
		code = read_file(&f->parent, o->parent);
	if (!code)
		code = read_file(&f->quote, o->quote);
	if (!code)
		code = read_file(&f->signature, o->signature);
	if (code)
		return code;
	enum cairn_status s = cairn_akfile_read(&q->ak, &q->ak_form, cairn_buf_span(&f->ak), &why);
	if (s)
		return cairn_cli_fail(s, cairn_buf_str(&why), "%s", o->ak);
	if (o->parent && !cairn_cli_quote_parent(&q->parent, cairn_buf_span(&f->parent)))
		return cairn_cli_fail(CAIRN_E_MALFORMED, "it has to be a TPM2B_PUBLIC or TPMT_PUBLIC", "%s",
				      o->parent);
	q->attest = cairn_attestfile_view(cairn_buf_span(&f->quote));
	q->quote_form = q->attest.len < f->quote.len ? "TPM2B_ATTEST" : "TPMS_ATTEST";
	s = cairn_sigfile_read(&q->signature, &q->signature_form, cairn_buf_span(&f->signature), &q->ak,
			       q->attest);
	return s ? cairn_cli_fail(s, "it could be two kinds of signature", "%s", o->signature)
		 : CAIRN_EXIT_GOOD;
}

/* ---- judging
 * ---------------------------------------------------------------------------------------------------- */

static int judge(struct cairn_cli_finding *f, struct cairn_quote_report *r, const struct cairn_cli_quote *q)
{
	struct cairn_quote_expected e = {.ak = &q->ak,
					 .extra_data = cairn_buf_span(&q->nonce),
					 .selection = q->wanted,
					 .allow_sha1 = q->allow_sha1};
	struct cairn_cli_signer signer = {.words = ""};
	struct cairn_pcrs values = {0};
	enum cairn_status s = cairn_quote_examine(r, &e, q->attest, cairn_buf_span(&q->signature));

	if (!s && r->read) {
		signer = cairn_cli_quote_signer(q, &r->facts);
		e.qualified_signer = cairn_span(signer.name.bytes, signer.name.len);
		s = cairn_quote_examine(r, &e, q->attest, cairn_buf_span(&q->signature));
	}
	if (s)
		return cairn_cli_fail(s, NULL, "the AK");
	cairn_cli_quote_rows(f, r, q, signer.words);
	if (!r->read)
		return CAIRN_EXIT_GOOD;
	int code = q->pcrs_path ? cairn_cli_quote_pcrs(f, &values, &r->facts, q) : CAIRN_EXIT_GOOD;
	if (!code && q->logs->count > 0)
		code = cairn_cli_quote_logs(f, &values, &r->facts, q);
	return code;
}

static bool good(const struct cairn_quote_report *r, const char *field)
{
	return cairn_quote_report_row(r, field) == CAIRN_QUOTE_GOOD;
}

/* The only place that accepts. */
static int verdict(struct cairn_cli_finding *f, const struct cairn_quote_report *r,
		   const struct cairn_cli_quote *q)
{
	if (json_array_size(f->uncovered) > 0 && q->wanted.count == 0)
		f->undecided = true;
	if (f->rejected)
		return CAIRN_EXIT_NOT_TRUSTED;
	if (f->undecided)
		return CAIRN_EXIT_UNDECIDED;
	return good(r, "signature") && good(r, "extraData") ? CAIRN_EXIT_GOOD : CAIRN_EXIT_UNDECIDED;
}

/* ---- printing
 * --------------------------------------------------------------------------------------------------- */

static json_t *selection_json(const struct cairn_selection *sel)
{
	json_t *all = json_object();

	for (size_t i = 0; i < sel->count; i++) {
		json_t *bank = json_array();

		for (int n = 0; n < CAIRN_PCR_COUNT; n++)
			if (sel->bank[i].pcrs >> n & 1)
				json_array_append_new(bank, json_integer(n));
		json_object_set_new(all, cairn_alg_name(sel->bank[i].alg), bank);
	}
	return all;
}

static json_t *facts_json(const struct cairn_quote_facts *q)
{
	const struct cairn_tpm_clock *c = &q->clock;
	cairn_auto_buf struct cairn_buf sel = {0};
	char version[17];

	cairn_selection_text(&sel, &q->selection);
	snprintf(version, sizeof(version), "%016llx", (unsigned long long)q->firmware_version);
	return json_pack(
	    "{s:{s:I, s:I, s:I, s:b}, s:s, s:o, s:s, s:o, s:o, s:o}", "clock", "ms", (json_int_t)c->clock,
	    "reset_count", (json_int_t)c->reset_count, "restart_count", (json_int_t)c->restart_count, "safe",
	    c->safe, "firmware_version", version, "selection", selection_json(&q->selection),
	    "selection_text", cairn_buf_str(&sel), "pcr_digest", cairn_json_hex(q->pcr_digest), "extra_data",
	    cairn_json_hex(q->extra_data), "qualified_signer", cairn_json_hex(q->qualified_signer));
}

static json_t *report_json(const struct cairn_cli_finding *f, const struct cairn_quote_report *r,
			   const struct cairn_cli_quote *q, int code)
{
	static const char *const verdicts[] = {"accepted", "rejected", "", "undecided"};
	json_t *facts = r->read ? facts_json(&r->facts) : json_null();

	return json_pack("{s:s, s:O, s:O, s:o, s:{s:s, s:s, s:s}, s:o}", "verdict", verdicts[code], "checks",
			 f->checks, "not_covered", f->uncovered, "quote", facts, "forms", "ak", q->ak_form,
			 "quote", q->quote_form, "signature", q->signature_form, "ak_name",
			 cairn_json_hex(cairn_span(q->ak.name, q->ak.name_len)));
}

static void put_facts(const json_t *quote)
{
	const json_t *clock = json_object_get(quote, "clock");

	if (!json_is_object(quote))
		return;
	printf("clock: %lld ms, resetCount %lld, restartCount %lld, %s\n",
	       (long long)json_integer_value(json_object_get(clock, "ms")),
	       (long long)json_integer_value(json_object_get(clock, "reset_count")),
	       (long long)json_integer_value(json_object_get(clock, "restart_count")),
	       json_is_true(json_object_get(clock, "safe"))
		   ? "safe"
		   : "not safe: a later one may have been given out");
	printf("firmware version: 0x%s\n", cairn_cli_str(quote, "firmware_version"));
	printf("quoted: %s\n", cairn_cli_str(quote, "selection_text"));
	printf("PCR digest: %s\n", cairn_cli_str(quote, "pcr_digest"));
}

static void put_uncovered(const json_t *v)
{
	const json_t *pcrs = json_object_get(v, "pcrs");

	printf("%s ", cairn_cli_str(v, "of"));
	for (size_t i = 0; i < json_array_size(pcrs); i++)
		printf("%s%lld", i ? "," : "", (long long)json_integer_value(json_array_get(pcrs, i)));
	puts(": not covered by the quote");
}

static void put_report(const json_t *report)
{
	size_t i;
	json_t *v;

	json_array_foreach(json_object_get(report, "checks"), i, v)
	{
		const char *detail = cairn_cli_str(v, "detail");

		printf("%s: %s%s", cairn_cli_str(v, "check"), cairn_cli_str(v, "result"),
		       *detail ? " (" : "");
		cairn_cli_put(detail);
		puts(*detail ? ")" : "");
	}
	json_array_foreach(json_object_get(report, "not_covered"), i, v) put_uncovered(v);
	put_facts(json_object_get(report, "quote"));
	printf("verdict: %s\n", cairn_cli_str(report, "verdict"));
}

static int tell(struct cairn_cli_finding *f, const struct cairn_quote_report *r,
		const struct cairn_cli_quote *q, bool json)
{
	int code = verdict(f, r, q);
	cairn_auto_json json_t *report = report_json(f, r, q, code);

	if (!report)
		return cairn_cli_fail(CAIRN_E_NOMEM, NULL, "the report");
	if (json) {
		int rc = cairn_cli_put_json(report);
		return rc ? rc : code;
	}
	put_report(report);
	return code;
}

/* ---- the command
 * ------------------------------------------------------------------------------------------------ */

static int run(const struct options *o)
{
	struct cairn_cli_finding f = {.checks = json_array(), .uncovered = json_array()};
	struct cairn_cli_quote q = {0};
	struct cairn_quote_report r = {0};
	struct files files = {0};
	int code = read_arguments(&q, o);

	if (!code)
		code = read_files(&q, &files, o);
	if (!code)
		code = judge(&f, &r, &q);
	if (!code)
		code = tell(&f, &r, &q, o->json);
	cairn_buf_fini(&files.ak);
	cairn_buf_fini(&files.parent);
	cairn_buf_fini(&files.quote);
	cairn_buf_fini(&files.signature);
	cairn_buf_fini(&q.signature);
	cairn_buf_fini(&q.nonce);
	json_decref(f.checks);
	json_decref(f.uncovered);
	return code;
}

static int verify(int argc, char **argv)
{
	struct options o = {0};
	const struct cairn_cli_opt opts[] = {
	    {.name = "ak",
	     .arg = "FILE",
	     .value = &o.ak,
	     .required = true,
	     .help = "the attestation key: PEM, DER, certificate, JWK, TPM2B_PUBLIC, TPMT_PUBLIC"},
	    {.name = "parent",
	     .arg = "FILE",
	     .value = &o.parent,
	     .help = "the key that the AK was made under, often the EK: TPM2B_PUBLIC, TPMT_PUBLIC"},
	    {.name = "quote",
	     .arg = "FILE",
	     .value = &o.quote,
	     .required = true,
	     .help = "TPMS_ATTEST or TPM2B_ATTEST"},
	    {.name = "signature",
	     .arg = "FILE",
	     .value = &o.signature,
	     .required = true,
	     .help = "TPMT_SIGNATURE, or the plain bytes"},
	    {.name = "nonce", .arg = "HEX", .value = &o.nonce, .help = "what extraData has to be"},
	    {.name = "pcrs",
	     .arg = "FILE",
	     .value = &o.pcrs,
	     .help = "PCR values that the quote has to be of"},
	    {.name = "log",
	     .arg = "FILE",
	     .list = &o.logs,
	     .help =
		 "a log that has to replay to what was quoted; may be repeated, in the order of the boot"},
	    {.name = "selection",
	     .arg = "PCRS",
	     .value = &o.selection,
	     .help = "exactly what has to be quoted: sha256:0,1,2"},
	    {.name = "allow-sha1", .flag = &o.allow_sha1, .help = "take SHA-1 signatures and banks"},
	    CAIRN_CLI_OPT_JSON(o.json),
	};
	const struct cairn_cli_synopsis syn = {
	    "cairn quote verify",
	    "",
	    "Verifies a TPM quote from files alone, a line for each check. The form of each file is found\n"
	    "from its content; - is standard input. Exit 0: accepted; 1: rejected; 3: it cannot be told,\n"
	    "which without --nonce is the best that there is.",
	    opts,
	    sizeof(opts) / sizeof(opts[0]),
	    0,
	    0};
	int code;

	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	return run(&o);
}

static const struct cairn_cli_command commands[] = {
    {"verify", "judge a quote offline", verify},
};

int cairn_cmd_quote(int argc, char **argv)
{
	return cairn_cli_dispatch("cairn quote", commands, sizeof(commands) / sizeof(commands[0]), argc,
				  argv);
}
