/* cairn seal, unseal: secrets that only the approved platform opens. Secrets live in wiped buffers, go to cairnd over
 * its socket, and reach a file only with mode 0600. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cairn/approval.h"
#include "cairn/jwk.h"
#include "cli.h"

#define SECRET_MAX 128 /* bytes: what a TPM seals (MAX_SYM_DATA, TPM 2.0 Library r1.59, part 2, table 164) */
#define BLOB_MAX   (64u * 1024) /* bytes of JSON */

static int secret_request(json_t **out, const char *class, const char *key_file, const char *in)
{
	cairn_auto_secret struct cairn_buf secret = {0};
	cairn_auto_buf struct cairn_buf why = {0};
	cairn_auto_key struct cairn_key *key = NULL;
	cairn_auto_json json_t *jwk = NULL;
	enum cairn_status s = cairn_key_load_public(&key, key_file, &why);
	if (s) {
		const char *text = cairn_buf_str(&why);
		return cairn_cli_fail(s, text && *text ? text : NULL, "%s", key_file);
	}
	s = cairn_key_jwk(&jwk, key, false);
	if (s)
		return cairn_cli_fail(s, NULL, "%s", key_file);
	s = cairn_file_read(&secret, in, SECRET_MAX);
	if (s)
		return cairn_cli_fail(s, "a secret has 1 to 128 bytes: seal a key, not the data", "%s", in);
	if (secret.len == 0)
		return cairn_cli_complain(CAIRN_EXIT_USAGE, "%s: the secret is empty", in);
	*out = json_pack("{s:s, s:s, s:O, s:o}", "op", "seal", "class", class, "key", jwk, "secret",
			 cairn_json_b64(cairn_buf_span(&secret)));
	return CAIRN_EXIT_GOOD;
}

int cairn_cmd_seal(int argc, char **argv)
{
	const char *class = NULL, *key = NULL, *in = NULL, *out = NULL, *socket = NULL;
	const struct cairn_cli_opt opts[] = {
	    {.name = "class",
	     .arg = "CLASS",
	     .value = &class,
	     .required = true,
	     .help = "host class, the same as in the approvals"},
	    {.name = "key", .arg = "FILE", .value = &key, .required = true, .help = "public release key"},
	    {.name = "in",
	     .arg = "FILE",
	     .value = &in,
	     .required = true,
	     .help = "the secret; - is standard input"},
	    {.name = "output",
	     .letter = 'o',
	     .arg = "FILE",
	     .value = &out,
	     .help = "the sealed blob [standard output]"},
	    CAIRN_CLI_OPT_SOCKET(socket),
	};
	const struct cairn_cli_synopsis syn = {
	    "cairn seal",
	    "",
	    "Seals a secret of at most 128 bytes to this host's TPM. It opens where an approval of the "
	    "release\n"
	    "key for the same class matches the PCRs. The blob is not secret.",
	    opts,
	    5,
	    0,
	    0};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	json_t *request = NULL;
	code = secret_request(&request, class, key, in);
	if (code)
		return code;
	cairn_auto_json json_t *answer = NULL;
	if (!cairn_cli_agent(&answer, &code, socket, request, 60000, false))
		return code;
	cairn_auto_buf struct cairn_buf blob = {0};
	enum cairn_status s = cairn_json_dump(&blob, json_object_get(answer, "blob"));
	if (s)
		return cairn_cli_fail(s, NULL, "cairnd's answer");
	return cairn_cli_write(out, cairn_buf_span(&blob), 0644);
}

static int read_json(json_t **out, const char *path)
{
	cairn_auto_buf struct cairn_buf text = {0};
	enum cairn_status s = cairn_file_read(&text, path, BLOB_MAX);
	if (!s)
		s = cairn_json_parse(out, cairn_buf_span(&text));
	return s ? cairn_cli_fail(s, NULL, "%s", path) : CAIRN_EXIT_GOOD;
}

int cairn_cmd_unseal(int argc, char **argv)
{
	const char *blob_file = NULL, *approval_file = NULL, *out = NULL, *socket = NULL;
	const struct cairn_cli_opt opts[] = {
	    {.name = "blob",
	     .arg = "FILE",
	     .value = &blob_file,
	     .required = true,
	     .help = "what `cairn seal` made"},
	    {.name = "approval",
	     .arg = "FILE",
	     .value = &approval_file,
	     .required = true,
	     .help = "what `cairn approve` made for this release"},
	    {.name = "output",
	     .letter = 'o',
	     .arg = "FILE",
	     .value = &out,
	     .help = "the secret, mode 0600 [standard output]"},
	    CAIRN_CLI_OPT_SOCKET(socket),
	};
	const struct cairn_cli_synopsis syn = {
	    "cairn unseal",
	    "",
	    "Opens a sealed secret. Exit 1: the TPM refuses, since this boot is not the approved one.",
	    opts,
	    4,
	    0,
	    0};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	cairn_auto_json json_t *blob = NULL;
	cairn_auto_json json_t *approval = NULL;
	if ((code = read_json(&blob, blob_file)) != 0 || (code = read_json(&approval, approval_file)) != 0)
		return code;
	cairn_auto_json json_t *answer = NULL;
	json_t *request = json_pack("{s:s, s:O, s:O}", "op", "unseal", "blob", blob, "approval", approval);
	if (!cairn_cli_agent(&answer, &code, socket, request, 60000, false))
		return code;
	cairn_auto_secret struct cairn_buf secret = {0};
	enum cairn_status s = cairn_json_get_b64(&secret, answer, "secret");
	if (s)
		return cairn_cli_fail(s, NULL, "cairnd's answer");
	return cairn_cli_write(out, cairn_buf_span(&secret), 0600);
}
