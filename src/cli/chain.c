/* The chain of a host, from cairnd's answer: both logs replayed and compared with the PCRs that the TPM gave, and the
 * tree of what measured what. The comparison is what counts; the tree describes logs that were compared. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "logs.h"

#define BOOT_PCRS 0x3ffu /* 0-9: firmware and GRUB */

struct sources {
	struct cairn_buf boot_bytes;
	struct cairn_eventlog boot;
	struct cairn_replay boot_replay;
	bool has_boot;
	struct cairn_span launch;
	struct cairn_log_summary launch_replay;
	bool has_launch;
};

json_t *cairn_cli_node(const char *name, const char *digest, const char *detail_fmt, ...)
{
	char detail[4096];
	va_list ap;
	va_start(ap, detail_fmt);
	vsnprintf(detail, sizeof(detail), detail_fmt, ap);
	va_end(ap);
	json_t *text = json_string(detail);
	if (!text)
		text = json_string("(not UTF-8)");
	return json_pack("{s:s, s:s, s:o, s:[]}", "name", name, "digest", digest, "detail", text, "children");
}

json_t *cairn_cli_node_add(json_t *node, json_t *child)
{
	return json_array_append_new(json_object_get(node, "children"), child) == 0 ? child : NULL;
}

void cairn_cli_problem(json_t *chain, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* A problem always makes the chain bad, even one that cannot be said. */
	json_object_set_new(chain, "equal", json_false());
	json_array_append_new(json_object_get(chain, "problems"), json_string(text));
}

/* ---- reading the logs ------------------------------------------------------------------------------------------------ */
static void read_boot(struct sources *src, json_t *chain, const json_t *answer)
{
	enum cairn_status s = cairn_json_get_b64(&src->boot_bytes, answer, "boot_log");
	if (!s && src->boot_bytes.len == 0)
		s = CAIRN_E_NOTFOUND;
	if (!s)
		s = cairn_eventlog_open(&src->boot, cairn_buf_span(&src->boot_bytes));
	if (!s && src->boot.cc)
		s = CAIRN_E_UNSUPPORTED; /* registers of a virtual machine, not PCRs */
	if (!s)
		s = cairn_eventlog_replay(&src->boot_replay, &src->boot);
	src->has_boot = s == CAIRN_OK;
	if (s)
		cairn_cli_problem(chain, "the firmware's log cannot be used: %s", cairn_status_text(s));
}

static void read_launch(struct sources *src, json_t *chain, const json_t *answer)
{
	const struct cairn_pcr_numbers pcrs = CAIRN_PCR_NUMBERS_DEFAULT;
	const char *text;
	enum cairn_status s = cairn_json_get_str(&text, answer, "launch_log");
	if (!s) {
		src->launch = cairn_span_str(text);
		s = cairn_log_replay(&src->launch_replay, src->launch, &pcrs);
	}
	src->has_launch = s == CAIRN_OK;
	if (s)
		cairn_cli_problem(chain, "the launch log cannot be used: %s", cairn_status_text(s));
}

/* ---- comparing --------------------------------------------------------------------------------------------------------- */
static void compare(json_t *chain, const char *log, enum cairn_alg alg, unsigned pcr, const char *tpm,
		    const struct cairn_pcrs *replay, bool vouched)
{
	const struct cairn_bank *b = vouched ? cairn_pcrs_bank_const(replay, alg) : NULL;
	struct cairn_hex hex = {.text = ""};
	if (b)
		hex = cairn_digest_hex(&b->pcr[pcr]);
	bool equal = tpm && b && strcmp(hex.text, tpm) == 0;
	if (!equal)
		cairn_cli_problem(chain, "PCR %u (%s): the TPM has %s, the %s log replays to %s", pcr,
				  cairn_alg_name(alg), tpm ? tpm : "no value", log, b ? hex.text : "nothing");
	json_array_append_new(json_object_get(chain, "pcrs"),
			      json_pack("{s:s, s:i, s:s, s:s, s:s, s:b}", "bank", cairn_alg_name(alg), "pcr",
					(int)pcr, "log", log, "tpm", tpm ? tpm : "", "replay", hex.text,
					"equal", equal));
}

static void compare_bank(json_t *chain, const struct sources *src, enum cairn_alg alg, const json_t *values)
{
	uint32_t incomplete = 0;
	for (size_t b = 0; src->has_boot && b < src->boot_replay.pcrs.count; b++) {
		if (src->boot_replay.pcrs.bank[b].alg == alg)
			incomplete = src->boot_replay.incomplete[b];
	}
	for (unsigned pcr = 0; pcr <= 13; pcr++) {
		char index[4];
		snprintf(index, sizeof(index), "%u", pcr);
		const char *tpm = json_string_value(json_object_get(values, index));
		if (BOOT_PCRS & (1u << pcr))
			compare(chain, "firmware's", alg, pcr, tpm, &src->boot_replay.pcrs,
				src->has_boot && !(incomplete & (1u << pcr)));
		else if (pcr >= 11)
			compare(chain, "launch", alg, pcr, tpm, &src->launch_replay.replay, src->has_launch);
	}
}

static void compare_all(json_t *chain, const struct sources *src, const json_t *answer)
{
	const json_t *banks = json_object_get(answer, "pcrs");
	static const enum cairn_alg known[] = {CAIRN_ALG_SHA1, CAIRN_ALG_SHA256, CAIRN_ALG_SHA384,
					       CAIRN_ALG_SHA512};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const json_t *values = json_object_get(banks, cairn_alg_name(known[i]));
		if (json_object_size(values) > 0 || known[i] == CAIRN_ALG_SHA256)
			compare_bank(chain, src, known[i], values);
	}
}

/* ---- all of it ----------------------------------------------------------------------------------------------------------- */
/* Record 0, or NULL. A new reference. */
static json_t *host_record(const struct sources *src)
{
	struct cairn_log_reader r;
	const struct cairn_pcr_numbers pcrs = CAIRN_PCR_NUMBERS_DEFAULT;
	cairn_auto_log_entry struct cairn_log_entry e = {0};
	if (!src->has_launch)
		return NULL;
	cairn_log_reader_init(&r, src->launch, &pcrs);
	return cairn_log_next(&r, &e) == CAIRN_OK ? json_incref(e.object) : NULL;
}

enum cairn_status cairn_cli_chain(json_t **out, const json_t *answer)
{
	cairn_auto_json json_t *root = cairn_cli_node("host", "", "%s", "");
	cairn_auto_json json_t *chain =
	    json_pack("{s:b, s:[], s:[], s:O}", "equal", 1, "pcrs", "problems", "tree", root);
	struct sources src = {0};
	if (!chain)
		return CAIRN_E_NOMEM;
	read_boot(&src, chain, answer);
	read_launch(&src, chain, answer);
	compare_all(chain, &src, answer);
	cairn_auto_json json_t *host = host_record(&src);
	json_t *dom0 = cairn_cli_chain_boot(root, chain, src.has_boot ? &src.boot : NULL, host);
	if (dom0 && src.has_launch)
		cairn_cli_chain_launches(dom0, chain, src.launch, json_object_get(answer, "domains"));
	cairn_buf_fini(&src.boot_bytes);
	if (!dom0)
		return CAIRN_E_NOMEM;
	*out = json_incref(chain);
	return CAIRN_OK;
}
