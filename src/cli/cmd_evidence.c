/* cairn evidence: one quote of this host with all that it takes to check it by hand, as files that other tools read. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cairn/quote.h"
#include "cairn/tpmkey.h"
#include "cli.h"

struct evidence {
	const char *dir, *nonce;
	json_t *identity, *evidence; /* borrowed */
};

static int put(const struct evidence *e, const char *name, struct cairn_span bytes)
{
	cairn_auto_buf struct cairn_buf path = {0};
	cairn_buf_add_fmt(&path, "%s/%s", e->dir, name);
	const char *p = cairn_buf_str(&path);
	return p ? cairn_cli_write(p, bytes, 0644) : cairn_cli_fail(CAIRN_E_NOMEM, NULL, "%s", name);
}

static int put_member(const struct evidence *e, const char *name, const char *member)
{
	cairn_auto_buf struct cairn_buf b = {0};
	enum cairn_status s = cairn_json_get_b64(&b, e->evidence, member);
	return s ? cairn_cli_fail(s, NULL, "cairnd's answer: %s", member) : put(e, name, cairn_buf_span(&b));
}

/* The AK as a SubjectPublicKeyInfo of P-256 (RFC 5480, section 2), in PEM (RFC 7468, section 13). */
static int put_ak(const struct evidence *e)
{
	static const uint8_t prefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
					 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
					 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
	cairn_auto_buf struct cairn_buf public = {0};
	cairn_auto_buf struct cairn_buf der = {0};
	cairn_auto_buf struct cairn_buf text = {0};
	cairn_auto_buf struct cairn_buf pem = {0};
	struct cairn_akpub ak;
	enum cairn_status s = cairn_json_get_b64(&public, e->identity, "ak_public");
	if (!s)
		s = cairn_akpub_parse(&ak, cairn_buf_span(&public));
	if (s)
		return cairn_cli_fail(s, NULL, "cairnd's answer: ak_public");
	cairn_buf_add(&der, cairn_span(prefix, sizeof(prefix)));
	cairn_buf_add(&der, cairn_span(ak.point.xy, sizeof(ak.point.xy)));
	cairn_b64_encode(&text, cairn_buf_span(&der));
	cairn_buf_add_str(&pem, "-----BEGIN PUBLIC KEY-----\n");
	for (size_t i = 0; i < text.len; i += 64) {
		cairn_buf_add(&pem, cairn_span(text.ptr + i, text.len - i < 64 ? text.len - i : 64));
		cairn_buf_add_str(&pem, "\n");
	}
	cairn_buf_add_str(&pem, "-----END PUBLIC KEY-----\n");
	s = cairn_buf_status(&pem);
	return s ? cairn_cli_fail(s, NULL, "ak.pem") : put(e, "ak.pem", cairn_buf_span(&pem));
}

/* What the quote's extraData must be, made from the parts and not taken from the quote. */
static int put_qualification(const struct evidence *e)
{
	cairn_auto_buf struct cairn_buf boot_log = {0};
	struct cairn_quote_binding b = {.nonce = cairn_span_str(e->nonce)};
	struct cairn_digest extra;
	const char *launch_log = NULL;
	enum cairn_status s = cairn_json_get_str(&b.verifier_kid, e->evidence, "verifier_kid");
	if (!s)
		s = cairn_json_get_hex(b.host_id, sizeof(b.host_id), e->evidence, "host_id");
	if (!s)
		s = cairn_json_get_hex(b.boot_id, sizeof(b.boot_id), e->evidence, "boot_id");
	if (!s)
		s = cairn_json_get_b64(&boot_log, e->evidence, "boot_log");
	if (!s)
		s = cairn_json_get_str(&launch_log, e->evidence, "launch_log");
	if (!s) {
		b.boot_log = cairn_buf_span(&boot_log);
		b.launch_log = cairn_span_str(launch_log);
		s = cairn_quote_binding(&extra, &b);
	}
	if (s)
		return cairn_cli_fail(s, NULL, "cairnd's answer");
	struct cairn_hex hex = cairn_digest_hex(&extra);
	int code = put(e, "qualification", cairn_span_str(hex.text));
	if (!code)
		code = put(e, "boot.log", b.boot_log);
	return code ? code : put(e, "launch.log", b.launch_log);
}

static int put_json(const struct evidence *e)
{
	cairn_auto_buf struct cairn_buf text = {0};
	enum cairn_status s = cairn_json_dump(&text, e->evidence);
	return s ? cairn_cli_fail(s, NULL, "evidence.json") : put(e, "evidence.json", cairn_buf_span(&text));
}

static int put_all(const struct evidence *e)
{
	if (mkdir(e->dir, 0755) != 0 && errno != EEXIST)
		return cairn_cli_fail(CAIRN_E_IO, NULL, "%s", e->dir);
	int code = put_json(e);
	if (!code)
		code = put_member(e, "quote", "quote");
	if (!code)
		code = put_member(e, "signature", "signature");
	if (!code)
		code = put_ak(e);
	return code ? code : put_qualification(e);
}

int cairn_cmd_evidence(int argc, char **argv)
{
	const char *dir = NULL, *nonce = NULL, *kid = NULL, *socket = NULL;
	const struct cairn_cli_opt opts[] = {
	    {.name = "output",
	     .letter = 'o',
	     .arg = "DIR",
	     .value = &dir,
	     .required = true,
	     .help = "where the files go"},
	    {.name = "nonce",
	     .arg = "TEXT",
	     .value = &nonce,
	     .help = "what the quote must be newer than [by-hand]"},
	    {.name = "verifier", .arg = "KID", .value = &kid, .help = "whom the evidence is for [by-hand]"},
	    CAIRN_CLI_OPT_SOCKET(socket),
	};
	const struct cairn_cli_synopsis syn = {"cairn evidence",
					       "",
					       "Asks cairnd for a quote and writes quote, signature, ak.pem, "
					       "qualification (hex), boot.log, launch.log and\n"
					       "evidence.json. `tpm2_checkquote -u ak.pem -m quote -s "
					       "signature -q $(cat qualification)` verifies it.",
					       opts,
					       4,
					       0,
					       0};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	nonce = nonce ? nonce : "by-hand";
	kid = kid ? kid : "by-hand";
	cairn_auto_json json_t *identity = NULL;
	cairn_auto_json json_t *answer = NULL;
	if (!cairn_cli_agent(&identity, &code, socket, json_pack("{s:s}", "op", "identity"), 60000, false) ||
	    !cairn_cli_agent(
		&answer, &code, socket,
		json_pack("{s:s, s:s, s:s}", "op", "attest", "nonce", nonce, "verifier_kid", kid), 60000,
		false))
		return code;
	struct evidence e = {dir, nonce, identity, json_object_get(answer, "evidence")};
	return put_all(&e);
}
