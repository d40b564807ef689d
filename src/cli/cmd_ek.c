/* cairn ek: judges EK certificates offline, by the maker's certificates in a directory. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cairn/ekcert.h"
#include "cli.h"

#define ROOTS_INSTALLED CAIRN_DATADIR "/cairn/ek-roots"

struct file { /* a certificate comes from one */
	const char *path;
	int first, end; /* its certificates in the stack */
	enum cairn_status status;
	size_t padding;
	struct cairn_buf why;
};

struct work {
	const char *denied_path, *firmware_text;
	struct cairn_cli_list roots;
	bool json;
	struct cairn_ekdenied *denied;
	uint64_t firmware;
	STACK_OF(X509) * anchors;
	STACK_OF(X509) * certs;
	struct file *file;
	int files;
	bool any_rejected, any_undecided, any_judged;
	json_t *all;
};

/* ---- input
 * -------------------------------------------------------------------------------------------------------------- */

static enum cairn_status read_firmware(struct work *w)
{
	uint8_t b[8];
	if (!w->firmware_text)
		return CAIRN_OK;
	if (cairn_hex_decode_into(b, sizeof b, w->firmware_text))
		return CAIRN_E_USAGE;
	for (size_t i = 0; i < sizeof b; i++)
		w->firmware = w->firmware << 8 | b[i];
	return CAIRN_OK;
}

static int read_lists(struct work *w)
{
	cairn_auto_buf struct cairn_buf why = {0};
	if (read_firmware(w))
		return cairn_cli_complain(
		    CAIRN_EXIT_USAGE, "--firmware: 16 lower-case hex digits, as firmwareVersion of a quote");
	enum cairn_status st = cairn_ekdenied_load(&w->denied, w->denied_path, &why);
	for (size_t i = 0; !st && i < w->roots.count; i++)
		st = cairn_ekroots_load(w->anchors, w->roots.item[i], &why);
	if (!st && w->roots.count == 0)
		st = cairn_ekroots_load(w->anchors, ROOTS_INSTALLED, &why);
	if (st) {
		cairn_cli_explain(st, "--roots", &why);
		return CAIRN_EXIT_UNDECIDED;
	}
	if (sk_X509_num(w->anchors) == 0)
		return cairn_cli_complain(CAIRN_EXIT_UNDECIDED, "there is no certificate in the roots");
	return CAIRN_EXIT_GOOD;
}

static void read_file(struct work *w, struct file *f, const char *path)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	f->path = path;
	f->first = f->end = sk_X509_num(w->certs);
	f->status = cairn_file_read(&bytes, path, CAIRN_CERTS_SIZE_MAX);
	if (f->status) {
		cairn_cli_fail(f->status, NULL, "%s", path);
		w->any_undecided = true;
		return;
	}
	f->status = cairn_certs_read(w->certs, &f->padding, cairn_buf_span(&bytes), &f->why);
	f->end = sk_X509_num(w->certs);
}

/* ---- output
 * ------------------------------------------------------------------------------------------------------------- */

static void put_fact(const char *name, const char *value, const char *more)
{
	if (value[0])
		printf("  %-13s %s%s%s\n", name, value, more[0] ? " " : "", more);
}

static void put_facts(const struct cairn_ek_facts *f)
{
	char line[96] = "", maker[64] = "";
	if (f->has_maker)
		snprintf(maker, sizeof maker, "%s", f->maker_name[0] ? f->maker_name : "(not registered)");
	put_fact("manufacturer", f->maker_id, maker);
	put_fact("model", f->model, "");
	if (f->has_firmware)
		cairn_firmware_text(line, f->firmware);
	put_fact("version", f->version, f->has_firmware ? line : "");
	snprintf(line, sizeof line, "%s level %ld revision %ld", f->spec_family, f->spec_level,
		 f->spec_revision);
	put_fact("specification", f->spec_family[0] ? line : "", "");
	put_fact("key", f->key, "");
	put_fact("subject", f->subject, "");
	put_fact("issuer", f->issuer, "");
	put_fact("serial", f->serial, "");
	snprintf(line, sizeof line, "%s to %s", f->not_before, f->not_after);
	put_fact("valid", line, "");
	put_fact("signature", f->signature, "");
}

static void put_reasons(const char *label, const struct cairn_reasons *r)
{
	for (size_t i = 0; i < r->count; i++) {
		printf("  %-13s %s: ", label, r->item[i].code);
		cairn_cli_put(r->item[i].text);
		if (strcmp(r->item[i].code, CAIRN_EK_DENIED) == 0 ||
		    strcmp(r->item[i].code, CAIRN_EK_FLAGGED) == 0)
			printf(" (%s%s%s)", r->item[i].expected, r->item[i].found[0] ? ", firmware " : "",
			       r->item[i].found);
		putchar('\n');
	}
}

static void put_verdict(const struct file *f, const struct cairn_ek_verdict *v)
{
	cairn_cli_put(f->path);
	printf(": %s\n", v->accepted ? "accepted" : "rejected");
	put_reasons("reason", &v->reasons);
	put_reasons("warning", &v->warnings);
	put_facts(&v->facts);
	for (size_t i = 1; i < v->chain_len; i++)
		put_fact(v->chain[i].anchor ? "anchor" : "intermediate", v->chain[i].subject, "");
	if (f->padding)
		printf("  %-13s %zu bytes\n", "padding", f->padding);
}

static bool collect(struct work *w, const struct file *f, json_t *verdict)
{
	return verdict && json_object_set_new(verdict, "file", json_string(f->path)) == 0 &&
	       json_object_set_new(verdict, "padding", json_integer((json_int_t)f->padding)) == 0 &&
	       json_array_append_new(w->all, verdict) == 0;
}

/* ---- judging
 * ------------------------------------------------------------------------------------------------------------ */

static int judge(struct work *w, const struct file *f, X509 *cert)
{
	cairn_auto_ek_verdict struct cairn_ek_verdict v = {0};
	struct cairn_ek_question q = {.cert = cert,
				      .helpers = w->certs,
				      .anchors = w->anchors,
				      .denied = w->denied,
				      .firmware = w->firmware_text ? &w->firmware : NULL,
				      .now = (uint64_t)time(NULL)};
	enum cairn_status st = cairn_ekcert_judge(&v, &q);
	if (st)
		return cairn_cli_fail(st, NULL, "%s", f->path);
	w->any_judged = true;
	w->any_rejected = w->any_rejected || !v.accepted;
	if (w->json && !collect(w, f, cairn_ek_json(&v)))
		return cairn_cli_fail(CAIRN_E_NOMEM, NULL, "JSON output");
	if (!w->json)
		put_verdict(f, &v);
	return CAIRN_EXIT_GOOD;
}

/* A file that holds no certificates is rejected: what it is was decided. */
static int put_unreadable(struct work *w, struct file *f)
{
	const char *why = f->why.len ? cairn_buf_str(&f->why) : NULL;
	if (!why)
		why = cairn_status_text(f->status);
	w->any_rejected = true;
	if (w->json && !collect(w, f,
				json_pack("{s:b,s:[{s:s,s:s}]}", "accepted", 0, "reasons", "code",
					  "no-certificate", "text", why)))
		return cairn_cli_fail(CAIRN_E_NOMEM, NULL, "JSON output");
	if (!w->json) {
		cairn_cli_put(f->path);
		printf(": rejected\n  %-13s no-certificate: %s\n", "reason", why);
	}
	return CAIRN_EXIT_GOOD;
}

/* CA certificates help; where there are no others they are what is asked about. */
static int judge_all(struct work *w, bool cas)
{
	for (int i = 0; i < w->files; i++) {
		for (int k = w->file[i].first; k < w->file[i].end; k++) {
			X509 *cert = sk_X509_value(w->certs, k);
			int code =
			    cairn_cert_is_ca(cert) == cas ? judge(w, &w->file[i], cert) : CAIRN_EXIT_GOOD;
			if (code)
				return code;
		}
	}
	return CAIRN_EXIT_GOOD;
}

static int run(struct work *w, char **paths)
{
	int code = read_lists(w);
	for (int i = 0; !code && i < w->files; i++)
		read_file(w, &w->file[i], paths[i]);
	for (int i = 0; !code && i < w->files; i++)
		if (w->file[i].status && w->file[i].status != CAIRN_E_IO &&
		    w->file[i].status != CAIRN_E_NOTFOUND)
			code = put_unreadable(w, &w->file[i]);
	if (!code)
		code = judge_all(w, false);
	if (!code && !w->any_judged)
		code = judge_all(w, true);
	if (!code && w->json)
		code = cairn_cli_put_json(w->all);
	if (!code && w->any_undecided)
		code = CAIRN_EXIT_UNDECIDED;
	return !code || code == CAIRN_EXIT_UNDECIDED ? (w->any_rejected ? CAIRN_EXIT_NOT_TRUSTED : code)
						     : code;
}

static int cmd_verify(int argc, char **argv)
{
	struct work w = {0};
	const struct cairn_cli_opt opts[] = {
	    {.name = "roots",
	     .arg = "DIR",
	     .list = &w.roots,
	     .help = "makers' certificates, each an anchor [" ROOTS_INSTALLED "]"},
	    {.name = "denied", .arg = "FILE", .value = &w.denied_path, .help = "denied list [built in]"},
	    {.name = "firmware",
	     .arg = "HEX",
	     .value = &w.firmware_text,
	     .help = "the TPM's present firmwareVersion, 16 digits, as a quote has it"},
	    CAIRN_CLI_OPT_JSON(w.json),
	};
	const struct cairn_cli_synopsis syn = {
	    "cairn ek verify",
	    "CERT...",
	    "Judges EK certificates: DER (padded as in NV memory, or in the form of a TPM 1.2) or PEM, found "
	    "by\n"
	    "content; `-` is standard input. CA certificates among them serve as intermediates. Nothing is\n"
	    "fetched. Exit codes: 0 all accepted, 1 one is rejected, 3 a file cannot be read.",
	    opts,
	    4,
	    1,
	    -1};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	w.files = argc - optind;
	w.file = calloc((size_t)w.files, sizeof *w.file);
	w.anchors = sk_X509_new_null();
	w.certs = sk_X509_new_null();
	w.all = json_array();
	code = w.file && w.anchors && w.certs && w.all ? run(&w, argv + optind)
						       : cairn_cli_fail(CAIRN_E_NOMEM, NULL, "cairn ek");
	for (int i = 0; w.file && i < w.files; i++)
		cairn_buf_fini(&w.file[i].why);
	free(w.file);
	sk_X509_pop_free(w.anchors, X509_free);
	sk_X509_pop_free(w.certs, X509_free);
	cairn_ekdenied_free(w.denied);
	json_decref(w.all);
	return code;
}

static const struct cairn_cli_command commands[] = {
    {"verify", "judge EK certificates by their makers' certificates", cmd_verify},
};

int cairn_cmd_ek(int argc, char **argv)
{
	return cairn_cli_dispatch("cairn ek", commands, sizeof(commands) / sizeof(commands[0]), argc, argv);
}
