/* cairn predict, cairn approve: the PCR values that a platform manifest foretells, and the signed permission
 * for secrets to open on them. */
#include <getopt.h>
#include <stdio.h>

#include "cairn/approval.h"
#include "sign.h"

static bool load_platform(struct cairn_manifest *m, struct cairn_pcrs *pcrs, int *code, const char *path,
			  const char *authorities)
{
	if (!cairn_cli_manifest_load(m, code, path, authorities))
		return false;
	if (m->kind != CAIRN_MANIFEST_PLATFORM) {
		*code = cairn_cli_complain(CAIRN_EXIT_USAGE, "%s: not a platform manifest", path);
		return false;
	}
	enum cairn_status s = cairn_manifest_predict(pcrs, m);
	if (s)
		*code = cairn_cli_fail(s, NULL, "%s", path);
	return s == CAIRN_OK;
}

static json_t *bank_json(const struct cairn_bank *b)
{
	json_t *o = json_object();
	for (unsigned i = 0; o && i < CAIRN_PCR_COUNT; i++) {
		char number[8];
		snprintf(number, sizeof(number), "%u", i);
		if ((b->extended >> i & 1) &&
		    json_object_set_new(o, number, cairn_json_hex(cairn_digest_span(&b->pcr[i])))) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

static int print_json(const struct cairn_manifest *m, const struct cairn_pcrs *pcrs, bool verified)
{
	cairn_auto_json json_t *v = json_pack("{s:s, s:I, s:b, s:{}}", "name", m->name, "release",
					      (json_int_t)m->release, "verified", (int)verified, "pcrs");
	json_t *banks = json_object_get(v, "pcrs");
	for (size_t i = 0; banks && i < pcrs->count; i++) {
		const struct cairn_bank *b = &pcrs->bank[i];
		if (json_object_set_new(banks, cairn_alg_name(b->alg), bank_json(b)) != 0)
			banks = NULL;
	}
	return banks ? cairn_cli_put_json(v) : cairn_cli_fail(CAIRN_E_NOMEM, NULL, "the values");
}

static void print_bank(const struct cairn_bank *b)
{
	for (unsigned i = 0; i < CAIRN_PCR_COUNT; i++)
		if (b->extended >> i & 1)
			printf("%s %u %s\n", cairn_alg_name(b->alg), i, cairn_digest_hex(&b->pcr[i]).text);
}

int cairn_cmd_predict(int argc, char **argv)
{
	const char *path = NULL, *authorities = NULL, *bank = NULL;
	bool json = false;
	const struct cairn_cli_opt opts[] = {
	    {.name = "manifest",
	     .arg = "FILE",
	     .value = &path,
	     .required = true,
	     .help = "platform manifest"},
	    {.name = "authorities",
	     .arg = "FILE",
	     .value = &authorities,
	     .help = "JWK set of which a key must have signed it [not verified]"},
	    {.name = "bank", .arg = "NAME", .value = &bank, .help = "sha256 or sha384 [sha256]"},
	    CAIRN_CLI_OPT_JSON(json),
	};
	const struct cairn_cli_synopsis syn = {"cairn predict",
					       "",
					       "Prints the PCR values of a good boot of this platform: a "
					       "line `BANK PCR VALUE` each. JSON has both banks.",
					       opts,
					       4,
					       0,
					       0};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	cairn_auto_manifest struct cairn_manifest m = {0};
	struct cairn_pcrs pcrs;
	if (!load_platform(&m, &pcrs, &code, path, authorities))
		return code;
	if (json)
		return print_json(&m, &pcrs, authorities != NULL);
	const struct cairn_bank *b = cairn_pcrs_bank_const(&pcrs, cairn_alg_by_name(bank ? bank : "sha256"));
	if (!b)
		return cairn_cli_complain(CAIRN_EXIT_USAGE, "no bank %s: sha256 or sha384", bank);
	print_bank(b);
	return CAIRN_EXIT_GOOD;
}

struct approve_options {
	const char *manifest, *authorities, *class, *key, *output;
};

static int make_approval(const struct approve_options *o, const struct cairn_bank *values, uint64_t release)
{
	cairn_auto_key struct cairn_key *key = NULL;
	cairn_auto_approval struct cairn_approval a = {0};
	cairn_auto_buf struct cairn_buf why = {0}, text = {0};
	enum cairn_status s = cairn_key_load_private(&key, o->key, &why);
	if (s && why.len > 0)
		return cairn_cli_complain(cairn_status_exit(s), "%s", cairn_buf_str(&why));
	if (s)
		return cairn_cli_fail(s, NULL, "%s", o->key);
	s = cairn_approval_make(&a, o->class, release, values, values->extended, key, &why);
	if (s == CAIRN_E_USAGE)
		return cairn_cli_complain(CAIRN_EXIT_USAGE, "%s: approvals are signed by a release key",
					  o->key);
	if (s && why.len > 0)
		return cairn_cli_complain(cairn_status_exit(s), "%s: %s", o->manifest, cairn_buf_str(&why));
	if (!s)
		s = cairn_approval_dump(&text, &a);
	cairn_buf_add_str(&text, "\n");
	if (s)
		return cairn_cli_fail(s, NULL, "approval for class %s", o->class);
	return cairn_cli_write(o->output, cairn_buf_span(&text), 0644);
}

int cairn_cmd_approve(int argc, char **argv)
{
	struct approve_options o = {0};
	const struct cairn_cli_opt opts[] = {
	    {.name = "manifest",
	     .arg = "FILE",
	     .value = &o.manifest,
	     .required = true,
	     .help = "platform manifest"},
	    {.name = "authorities",
	     .arg = "FILE",
	     .value = &o.authorities,
	     .help = "JWK set of which a key must have signed it [not verified]"},
	    {.name = "class",
	     .arg = "NAME",
	     .value = &o.class,
	     .required = true,
	     .help = "class of hosts and secrets"},
	    {.name = "key", .arg = "FILE", .value = &o.key, .required = true, .help = "private release key"},
	    {.name = "output",
	     .letter = 'o',
	     .arg = "FILE",
	     .value = &o.output,
	     .help = "where the approval goes [standard output]"},
	};
	const struct cairn_cli_synopsis syn = {"cairn approve",
					       "",
					       "Signs that secrets of a class may open on hosts that booted "
					       "this platform: on its predicted values of\n"
					       "PCR 4, 8, 9 and 11.",
					       opts,
					       5,
					       0,
					       0};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	cairn_auto_manifest struct cairn_manifest m = {0};
	struct cairn_pcrs pcrs;
	if (!load_platform(&m, &pcrs, &code, o.manifest, o.authorities))
		return code;
	const struct cairn_bank *values = cairn_pcrs_bank_const(&pcrs, CAIRN_ALG_SHA256);
	return values ? make_approval(&o, values, m.release)
		      : cairn_cli_fail(CAIRN_E_INTERNAL, NULL, "%s", o.manifest);
}
