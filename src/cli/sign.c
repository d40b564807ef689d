/* Signing manifests and reading them. The clock of the signer is the only one that a manifest's dates come
 * from. */
#include <string.h>
#include <time.h>

#include "sign.h"

#define DAY	     86400
#define CLOCK_SLACK  300 /* seconds by which the server's clock may be behind the signer's */
#define DAYS_DEFAULT 365
#define DAYS_MAX     36500

/* Sets name, release and the validity window. */
static bool set_head(struct cairn_manifest *m, int *exit_code, const struct cairn_cli_signing *s)
{
	unsigned long release, days = DAYS_DEFAULT;
	*exit_code = CAIRN_EXIT_USAGE;
	if (!cairn_cli_number(&release, "release", s->release, 0xffffffff))
		return false;
	if (s->days && !cairn_cli_number(&days, "valid-days", s->days, DAYS_MAX))
		return false;
	uint64_t now = (uint64_t)time(NULL);
	m->name = s->name;
	m->release = release;
	m->not_before = now - CLOCK_SLACK;
	m->not_after = now + days * DAY;
	return true;
}

static int finish(const struct cairn_manifest *m, const struct cairn_cli_signing *s)
{
	cairn_auto_key struct cairn_key *key = NULL;
	cairn_auto_buf struct cairn_buf why = {0}, jws = {0};
	enum cairn_status st = cairn_key_load_private(&key, s->key, &why);
	if (st)
		return cairn_cli_explain(st, s->key, &why);
	st = cairn_manifest_sign(&jws, m, key);
	if (st == CAIRN_E_USAGE)
		return cairn_cli_complain(CAIRN_EXIT_USAGE, "%s: manifests are signed by an authority's key",
					  s->key);
	if (st)
		return cairn_cli_fail(
		    st, "names are letters, digits, '_', '.', '-'; text has no control characters",
		    "manifest %s", m->name);
	return cairn_cli_write(s->output, cairn_buf_span(&jws), 0644);
}

int cairn_cli_sign(enum cairn_manifest_kind kind, const struct cairn_cli_signing *s, cairn_cli_fill *fill,
		   void *ctx)
{
	cairn_auto_manifest struct cairn_manifest m = {.kind = kind};
	int code;
	if (!set_head(&m, &code, s))
		return code;
	code = fill(&m, ctx);
	return code == CAIRN_EXIT_GOOD ? finish(&m, s) : code;
}

/* header "." payload "." signature: the middle part, decoded. */
static enum cairn_status load_unverified(struct cairn_manifest *m, const char *path, struct cairn_span jws)
{
	cairn_auto_buf struct cairn_buf payload = {0};
	enum cairn_status s = cairn_jws_unverified(&payload, jws);
	if (!s)
		s = cairn_manifest_parse(m, cairn_buf_span(&payload));
	if (!s)
		cairn_cli_complain(0, "%s: signature not verified: no --authorities", path);
	return s;
}

bool cairn_cli_manifest_load(struct cairn_manifest *m, int *exit_code, const char *path,
			     const char *authorities)
{
	cairn_auto_jwks struct cairn_jwks *set = NULL;
	cairn_auto_buf struct cairn_buf why = {0}, jws = {0};
	enum cairn_status s = cairn_file_read(&jws, path, CAIRN_JWS_MAX);
	if (!s && authorities) {
		s = cairn_jwks_load(&set, authorities, &why);
		if (s) {
			*exit_code = cairn_cli_explain(s, authorities, &why);
			return false;
		}
		s = cairn_manifest_load(m, cairn_buf_span(&jws), set);
	} else if (!s) {
		s = load_unverified(m, path, cairn_buf_span(&jws));
	}
	if (s)
		*exit_code = cairn_cli_fail(s, NULL, "%s", path);
	return s == CAIRN_OK;
}
