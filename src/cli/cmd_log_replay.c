/* cairn log replay: the PCR values that logs lead to, one `bank pcr hex` a line.
 *
 * A row stands for each PCR that was extended in that bank. An event without a digest of a bank extends that bank by
 * nothing, as a TPM does that is given digests of some banks; such rows are told of on standard error, for nothing
 * but the TPM itself can say whether that is what happened. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "logs.h"

struct replay_options {
	bool json, strict;
	struct cairn_cli_list banks;
};

static bool wanted(const struct replay_options *o, const char *bank)
{
	for (size_t i = 0; i < o->banks.count; i++)
		if (strcmp(o->banks.item[i], bank) == 0)
			return true;
	return o->banks.count == 0;
}

/* True if all names are of banks that there are. */
static bool good_names(const struct replay_options *o, int *exit_code)
{
	for (size_t i = 0; i < o->banks.count; i++) {
		if (cairn_alg_by_name(o->banks.item[i]) != CAIRN_ALG_NONE)
			continue;
		*exit_code = cairn_cli_complain(CAIRN_EXIT_USAGE,
						"--bank: '%s' is not sha1, sha256, sha384, sha512 or sm3_256",
						o->banks.item[i]);
		return false;
	}
	return true;
}

static int absent_bank(const struct replay_options *o, const struct cairn_anylog_replay *r)
{
	for (size_t i = 0; i < o->banks.count; i++) {
		if (!cairn_pcrs_bank_const(&r->own.pcrs, cairn_alg_by_name(o->banks.item[i])))
			return cairn_cli_complain(CAIRN_EXIT_UNDECIDED, "no log has digests of the bank %s",
						  o->banks.item[i]);
	}
	return CAIRN_EXIT_GOOD;
}

static void put_incomplete(const char *bank, uint32_t mask)
{
	cairn_auto_buf struct cairn_buf pcrs = {0};

	if (mask == 0)
		return;
	cairn_cli_put_ranges(&pcrs, mask);
	fprintf(stderr,
		"cairn: %s PCR %s: some events have no digest of this bank; they are taken as not extended "
		"there\n",
		bank, cairn_buf_str(&pcrs));
}

static void put_bank(const struct cairn_bank *b, const char *suffix, uint32_t mask)
{
	for (unsigned i = 0; i < CAIRN_PCR_COUNT; i++) {
		if (b->extended & mask & (UINT32_C(1) << i))
			printf("%s%s %u %s\n", cairn_alg_name(b->alg), suffix, i,
			       cairn_digest_hex(&b->pcr[i]).text);
	}
}

static void put_text(const struct replay_options *o, const struct cairn_anylog_replay *r)
{
	for (size_t b = 0; b < r->own.pcrs.count; b++) {
		const struct cairn_bank *bank = &r->own.pcrs.bank[b];

		if (!wanted(o, cairn_alg_name(bank->alg)))
			continue;
		put_incomplete(cairn_alg_name(bank->alg), r->own.incomplete[b] & bank->extended);
		put_bank(bank, "", UINT32_MAX);
		if (r->ima)
			put_bank(&r->padded.pcrs.bank[b], "-padded", r->ima);
	}
}

static json_t *mask_json(uint32_t mask)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < CAIRN_PCR_COUNT; i++)
		if (mask >> i & 1)
			json_array_append_new(list, json_integer((json_int_t)i));
	return list;
}

/* The banks of IMA's second form, beside the others. */
static void add_padded(json_t *pcrs, const struct cairn_anylog_replay *r)
{
	struct cairn_pcrs only = r->padded.pcrs;
	const char *name;
	json_t *bank;

	for (size_t b = 0; b < only.count; b++)
		only.bank[b].extended &= r->ima;
	cairn_auto_json json_t *padded = cairn_cli_pcrs_json(&only);
	json_object_foreach(padded, name, bank)
	{
		char key[32];

		(void)snprintf(key, sizeof key, "%s-padded", name);
		if (json_object_size(bank) > 0)
			json_object_set(pcrs, key, bank);
	}
}

static json_t *incomplete_json(const struct cairn_anylog_replay *r)
{
	json_t *v = json_object();

	for (size_t b = 0; b < r->own.pcrs.count; b++)
		if (r->own.incomplete[b])
			json_object_set_new(v, cairn_alg_name(r->own.pcrs.bank[b].alg),
					    mask_json(r->own.incomplete[b]));
	return v;
}

/* Keeps the banks that were asked for. */
static void filter(const struct replay_options *o, json_t *banks)
{
	const char *name;
	json_t *bank;
	void *next;

	json_object_foreach_safe(banks, next, name, bank)
	{
		char base[16] = {0};

		(void)snprintf(base, sizeof base, "%.*s", (int)strcspn(name, "-"), name);
		if (!wanted(o, base))
			json_object_del(banks, name);
	}
}

static json_t *replay_json(const struct replay_options *o, const struct cairn_anylog_replay *r, json_t *logs)
{
	json_t *pcrs = cairn_cli_pcrs_json(&r->own.pcrs), *incomplete = incomplete_json(r);

	if (r->ima)
		add_padded(pcrs, r);
	filter(o, pcrs);
	filter(o, incomplete);
	return json_pack("{s:O, s:o, s:o, s:s, s:b, s:i, s:i}", "logs", logs, "pcrs", pcrs, "incomplete",
			 incomplete, "registers", r->cc ? "mr" : "pcr", "drtm", r->own.drtm,
			 "startup_locality", (int)r->own.startup_locality, "ima_differing",
			 (int)r->differing);
}

/* Of a list that breaks off the whole entries are told: then *told stays true where the code is not 0. */
static int add_file(struct cairn_anylog_replay *r, json_t *logs, const char *path, bool strict, bool *told)
{
	cairn_auto_log struct cairn_cli_log l = {0};
	cairn_auto_buf struct cairn_buf why = {0};
	unsigned before = r->differing, count = r->logs;
	enum cairn_status s;
	int code;

	*told = false;
	if (!cairn_cli_log_read(&l, &code, path, strict))
		return code;
	json_array_append_new(logs, cairn_cli_log_json(&l));
	s = cairn_anylog_replay_add(r, &l.log, &why);
	*told = r->logs > count;
	if (r->differing > before)
		cairn_cli_complain(0, "%s: %u entries are not what their digests are of", path,
				   r->differing - before);
	return s == CAIRN_OK ? CAIRN_EXIT_GOOD : cairn_cli_log_refuse(s, path, &why);
}

/* Files after the first that fails are not read: what they continue is not known. */
static int replay_files(struct cairn_anylog_replay *r, json_t *logs, int count, char **paths, bool strict,
			bool *told)
{
	int code = CAIRN_EXIT_GOOD;

	for (int i = 0; i < count && code == CAIRN_EXIT_GOOD; i++)
		code = add_file(r, logs, paths[i], strict, told);
	return code;
}

static int put(const struct replay_options *o, const struct cairn_anylog_replay *r, json_t *logs)
{
	if (!o->json) {
		put_text(o, r);
		return CAIRN_EXIT_GOOD;
	}
	cairn_auto_json json_t *v = replay_json(o, r, logs);
	return cairn_cli_put_json(v);
}

int cairn_cmd_log_replay(int argc, char **argv)
{
	struct replay_options o = {0};
	const struct cairn_cli_opt opts[] = {
	    CAIRN_CLI_OPT_JSON(o.json),
	    {.name = "strict", .flag = &o.strict, .help = "refuse unused space behind a log"},
	    {.name = "bank", .arg = "NAME", .list = &o.banks, .help = "print this bank only"},
	};
	const struct cairn_cli_synopsis syn = {
	    "cairn log replay",
	    "FILE...",
	    "Prints `BANK PCR VALUE` for each PCR that the logs extend; compare with tpm2_pcrread. Several\n"
	    "files are logs of one boot in the order in which they continue each other: the firmware's\n"
	    "first. The kind of each is found from its content; - is standard input.",
	    opts,
	    sizeof(opts) / sizeof(opts[0]),
	    1,
	    -1};
	struct cairn_anylog_replay r = {0};
	cairn_auto_json json_t *logs = json_array();
	bool told = false;
	int code;

	if (!cairn_cli_parse(&code, &syn, argc, argv) || !good_names(&o, &code))
		return code;
	code = replay_files(&r, logs, argc - optind, argv + optind, o.strict, &told);
	if (!told)
		return code;
	if (put(&o, &r, logs) != CAIRN_EXIT_GOOD)
		return CAIRN_EXIT_UNDECIDED;
	return code == CAIRN_EXIT_GOOD ? absent_bank(&o, &r) : code;
}
