/* cairn ear verify: judges an EAR (draft-ietf-rats-ear: an attestation result as a JWT) without asking anybody. Trusts
 * the given key set and this machine's clock. Good is only: signature, profile and expiry hold, the state is `trusted`,
 * boot, xen and dom0 are affirming, firmware at least replayed, and nothing contraindicated. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cairn/jws.h"
#include "cli.h"

#define EAR_PROFILE "tag:github.com,2023:veraison/ear"
#define EAR_TYP	    "JWT"
#define CLOCK_SKEW  300 /* seconds that the server's clock may be ahead of ours */

static int read_token(struct cairn_buf *token, const char *path)
{
	enum cairn_status s = cairn_file_read(token, path, CAIRN_JWS_MAX);
	if (s)
		return cairn_cli_fail(s, NULL, "%s", path);
	while (token->len > 0 && strchr(" \r\n", token->ptr[token->len - 1]))
		token->len--;
	return CAIRN_EXIT_GOOD;
}

/* The claims of a token whose signature verifies; exit code. */
static int open_token(json_t **claims, const char *path, const char *jwks_file)
{
	cairn_auto_buf struct cairn_buf why = {0};
	cairn_auto_buf struct cairn_buf token = {0};
	cairn_auto_buf struct cairn_buf payload = {0};
	cairn_auto_jwks struct cairn_jwks *keys = NULL;
	enum cairn_status s = cairn_jwks_load(&keys, jwks_file, &why);
	if (s) {
		const char *text = cairn_buf_str(&why);
		cairn_cli_fail(s, text && *text ? text : NULL, "%s", jwks_file);
		return CAIRN_EXIT_UNDECIDED;
	}
	int code = read_token(&token, path);
	if (code)
		return code;
	s = cairn_jws_verify(&payload, NULL, cairn_buf_span(&token), EAR_TYP, keys);
	if (s)
		return cairn_cli_fail(s, NULL, "%s", path);
	s = cairn_json_parse(claims, cairn_buf_span(&payload));
	return s ? cairn_cli_fail(s, NULL, "%s: claims", path) : CAIRN_EXIT_GOOD;
}

/* What forbids to believe the claims at all: NULL if nothing does. */
static const char *refuse_claims(const json_t *claims, const char *host)
{
	const char *profile, *sub;
	uint64_t iat, exp, now = (uint64_t)time(NULL);
	if (cairn_json_get_str(&profile, claims, "eat_profile") || strcmp(profile, EAR_PROFILE) != 0)
		return "its eat_profile is not " EAR_PROFILE;
	if (cairn_json_get_u64(&iat, claims, "iat") || cairn_json_get_u64(&exp, claims, "exp"))
		return "it has no iat or exp";
	if (exp <= now)
		return "it has expired: ask the server for a new one";
	if (iat > now + CLOCK_SKEW)
		return "it was issued in the future: one of the two clocks is wrong";
	if (cairn_json_get_str(&sub, claims, "sub"))
		return "it has no sub";
	if (host && strcmp(host, sub) != 0 && strcmp(host, cairn_cli_str(claims, "cairn.label")) != 0)
		return "it speaks of another host";
	return NULL;
}

static bool is_any(const char *word, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(word, *words) == 0)
			return true;
	}
	return false;
}

/* Boot, Xen and dom0 must be affirming. A warning is enough where the server's policy lets it be (firmware that is only
 * replayed); "none" is what a guest gets, which no manifest speaks for. */
static bool parts_good(const json_t *submods)
{
	static const char *const affirming[] = {"affirming", NULL};
	static const char *const tolerated[] = {"affirming", "warning", NULL};
	static const char *const guest[] = {"affirming", "warning", "none", NULL};
	static const struct {
		const char *name;
		const char *const *allowed;
	} required[] = {
	    {"firmware", tolerated}, {"boot", affirming}, {"xen", affirming}, {"dom0", affirming}};

	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
		const json_t *m = json_object_get(submods, required[i].name);
		if (!json_is_object(m) || !is_any(cairn_cli_str(m, "ear.status"), required[i].allowed))
			return false;
	}
	const char *name;
	json_t *m;
	json_object_foreach((json_t *)(uintptr_t)submods, name, m)
	{
		if (!is_any(cairn_cli_str(m, "ear.status"), guest))
			return false;
	}
	return true;
}

static int report(const json_t *claims, const char *refusal, bool json)
{
	const json_t *submods = json_object_get(claims, "submods");
	const char *state = cairn_cli_str(claims, "cairn.state");
	bool good = !refusal && strcmp(state, "trusted") == 0 && parts_good(submods);
	int rc = CAIRN_EXIT_GOOD;
	if (json) {
		cairn_auto_json json_t *out = json_pack("{s:b, s:s, s:O}", "trusted", good, "refusal",
							refusal ? refusal : "", "claims", claims);
		rc = cairn_cli_put_json(out);
	} else {
		cairn_cli_put_verdict(cairn_cli_str(claims, "cairn.label"), state, submods);
	}
	if (refusal)
		cairn_cli_complain(0, "the token is refused: %s", refusal);
	if (rc)
		return rc;
	return good ? CAIRN_EXIT_GOOD : CAIRN_EXIT_NOT_TRUSTED;
}

static int verify(int argc, char **argv)
{
	const char *jwks = NULL, *host = NULL;
	bool json = false;
	const struct cairn_cli_opt opts[] = {
	    {.name = "jwks",
	     .arg = "FILE",
	     .value = &jwks,
	     .required = true,
	     .help = "the server's public keys, from `cairn jwks`"},
	    {.name = "host",
	     .arg = "HOST",
	     .value = &host,
	     .help = "label or id of which the token must speak"},
	    CAIRN_CLI_OPT_JSON(json),
	};
	const struct cairn_cli_synopsis syn = {
	    "cairn ear verify",
	    "TOKEN",
	    "Verifies the signature and the expiry of a token offline and prints its verdict as a tree. "
	    "TOKEN is\n"
	    "a file; - is standard input. Exit 0 only if the host is trusted, boot, Xen and dom0 are "
	    "affirming, and no part is contraindicated.",
	    opts,
	    3,
	    1,
	    1};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	cairn_auto_json json_t *claims = NULL;
	code = open_token(&claims, argv[optind], jwks);
	return code ? code : report(claims, refuse_claims(claims, host), json);
}

static const struct cairn_cli_command commands[] = {
    {"verify", "judge a token offline", verify},
};

int cairn_cmd_ear(int argc, char **argv)
{
	return cairn_cli_dispatch("cairn ear", commands, sizeof(commands) / sizeof(commands[0]), argc, argv);
}
