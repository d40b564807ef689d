/* Talking to cairn-verifier: one call a command. */
#include <ctype.h>
#include <string.h>

#include "cli.h"
#include "relay/http.h"

#define TOKEN_MAX 4096 /* bytes of a token file */

static enum cairn_status read_token(struct cairn_buf *out, const char *path)
{
	if (!path)
		return CAIRN_OK;
	enum cairn_status s = cairn_file_read(out, path, TOKEN_MAX);
	while (!s && out->len > 0 && strchr(" \t\r\n", out->ptr[out->len - 1]))
		out->len--;
	return s;
}

static enum cairn_status call(json_t **answer, long *code, const struct cairn_cli_server *s,
			      const char *token, const char *method, const char *path, const char *type,
			      struct cairn_span body, struct cairn_buf *why)
{
	struct cairn_client *h = NULL;
	const struct cairn_client_options o = {.server = s->server, .ca_file = s->ca, .token = token};
	cairn_auto_buf struct cairn_buf got = {0};
	enum cairn_status rc = cairn_client_new(&h, &o, why);
	if (!rc)
		rc = cairn_client_call(&got, code, h, method, path, type, body, why);
	cairn_client_free(h);
	if (rc)
		return rc;
	json_t *parsed = NULL;
	rc = cairn_json_parse(&parsed, cairn_buf_span(&got));
	if (rc)
		cairn_buf_add_fmt(why, "%s: HTTP %ld, and an answer that is not JSON", s->server, *code);
	else
		*answer = parsed;
	return rc;
}

bool cairn_cli_server_call(json_t **answer, int *exit_code, const struct cairn_cli_server *s,
			   const char *method, const char *path, const char *type, struct cairn_span body)
{
	cairn_auto_buf struct cairn_buf why = {0};
	cairn_auto_secret struct cairn_buf token = {0};
	cairn_auto_json json_t *got = NULL;
	long code = 0;
	enum cairn_status rc = read_token(&token, s->token_file);
	if (rc) {
		*exit_code = cairn_cli_fail(rc, NULL, "%s", s->token_file);
		return false;
	}
	rc = call(&got, &code, s, s->token_file ? cairn_buf_str(&token) : NULL, method, path, type, body,
		  &why);
	if (!rc)
		rc = cairn_client_verdict(code, got, &why);
	if (!rc) {
		*answer = json_incref(got);
		return true;
	}
	const char *text = cairn_buf_str(&why);
	cairn_cli_complain(0, "%s", text && *text ? text : cairn_status_text(rc));
	/* That the server could not be asked, or would not tell, says nothing about the host; but what it was given and
	 * sent back was judged. */
	bool judged = rc == CAIRN_E_MALFORMED && code >= 400 && body.len > 0;
	if (rc == CAIRN_E_USAGE)
		*exit_code = CAIRN_EXIT_USAGE;
	else
		*exit_code = judged ? CAIRN_EXIT_NOT_TRUSTED : CAIRN_EXIT_UNDECIDED;
	return false;
}

void cairn_cli_put_segment(struct cairn_buf *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (isalnum(*p) || strchr("-._~", *p))
			cairn_buf_add_u8(out, *p);
		else
			cairn_buf_add_fmt(out, "%%%02X", *p);
	}
}
